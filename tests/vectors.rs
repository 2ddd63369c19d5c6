//! The vectors below `corpus/yaml`: what Go's readers make of a text, and texts that a
//! writer must protect.

use std::fs;
use std::path::Path;

use codex_tests::{Outcome, Scene};
use serde_json::{Value, json};

fn lines(name: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/yaml").join(name);
    let text = fs::read_to_string(path).unwrap();
    text.lines().map(str::to_owned).collect()
}

/// A project whose only infrastructure, which render leaves alone, is one manifest.
fn infrastructure(manifest: &str) -> Scene {
    Scene::new()
        .file(
            "services.yaml",
            "project: demo\ninfrastructure:\n  - {name: it, manifests: [{path: it.yaml}]}\n",
        )
        .file("it.yaml", manifest)
}

fn json_items(outcome: &Outcome) -> Vec<Value> {
    if outcome.stdout.is_empty() {
        return Vec::new();
    }
    let list: Value = serde_json::from_str(&outcome.stdout)
        .unwrap_or_else(|error| panic!("{}", outcome.report(&error.to_string())));
    list["items"].as_array().unwrap().clone()
}

/// JSON has one kind of number: 1, 1.0 and 1e0 are the same.
fn with_equal_numbers(value: Value) -> Value {
    match value {
        Value::Number(number) => json!(number.as_f64()),
        Value::Array(items) => items.into_iter().map(with_equal_numbers).collect(),
        Value::Object(map) => {
            let entries = map.into_iter().map(|(key, value)| (key, with_equal_numbers(value)));
            Value::Object(entries.collect())
        }
        other => other,
    }
}

fn assert_reads_as(outcome: &Outcome, expected: &Value) {
    assert_eq!(outcome.exit, 0, "{}", outcome.report("must be read"));
    let items = json_items(outcome);
    let found = items.first().cloned().unwrap_or(Value::Null);
    let report = || outcome.report(&format!("expected {expected}"));
    assert_eq!(with_equal_numbers(found), with_equal_numbers(expected.clone()), "{}", report());
}

fn assert_refused(outcome: &Outcome, reason: &str) {
    assert_eq!(outcome.exit, 2, "{}", outcome.report(reason));
    assert_eq!(outcome.stdout, "", "{}", outcome.report(reason));
}

#[test]
fn manifests_are_read_as_yaml_v3_reads_them() {
    let cases = lines("cases.jsonl");
    let answers = lines("go.tsv");
    assert_eq!(cases.len(), answers.len());
    for (case, answer) in cases.iter().zip(&answers) {
        let (name, text): (String, String) = serde_json::from_str(case).unwrap();
        let columns: Vec<&str> = answer.split('\t').collect();
        let [_, go, kubectl] = columns[..] else { panic!("{answer}") };
        // Dates and null keys follow kubectl; so does what yaml.v3 has no JSON for.
        let is_date = name == "date" || name == "timestamp";
        let expected = if is_date || go.starts_with("map[") { kubectl } else { go };
        // Pasted as text, so that braces and line ends in it stay what they are.
        let outcome = infrastructure("{{ .EnvMap.TEXT }}")
            .env("TEXT", text)
            .render(&["--env", "dev", "-o", "json"])
            .unchecked();
        match serde_json::from_str(expected) {
            Ok(value) => assert_reads_as(&outcome, &value),
            Err(_) => assert_refused(&outcome, expected),
        }
    }
}

#[test]
fn manifests_made_elsewhere_are_read_as_kubectl_reads_them() {
    let mut count = 0;
    for (case, answer) in lines("cases.jsonl").iter().zip(lines("go.tsv")) {
        let (_, text): (String, String) = serde_json::from_str(case).unwrap();
        let expected = answer.split('\t').nth(2).unwrap();
        let Ok(Value::Object(mut expected)) = serde_json::from_str(expected) else {
            continue;
        };
        // A kind is needed here; it can stand before whatever begins with a plain key.
        let begins_with_key = text.starts_with(|first: char| first.is_ascii_alphabetic());
        if !begins_with_key || text.contains("---") || answer.starts_with("dup key") {
            continue;
        }
        expected.insert("kind".into(), json!("Namespace"));
        let outcome = infrastructure("")
            .stdin(format!("kind: Namespace\n{text}\n"))
            .render(&["--env", "dev", "-o", "json", "-f", "-"])
            .unchecked();
        let mut found = json_items(&outcome);
        if let Some(document) = found.first_mut().and_then(Value::as_object_mut) {
            document.remove("metadata");
        }
        let report = outcome.report(&answer);
        let found = with_equal_numbers(found[0].clone());
        assert_eq!(found, with_equal_numbers(Value::Object(expected)), "{report}");
        count += 1;
    }
    assert!(count >= 45, "only {count} cases");
}

#[test]
fn nasty_strings_survive_writing_and_reading() {
    let strings: Vec<Value> =
        lines("strs.jsonl").iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    let values: serde_json::Map<String, Value> =
        strings.iter().enumerate().map(|(number, text)| (format!("k{number}"), text.clone())).collect();
    let document = json!({"kind": "Namespace", "values": values, "list": strings});

    let scene = infrastructure("").file("in.json", document.to_string());
    let flags = ["--env", "dev", "--no-header", "-f", "in.json"];
    let yaml = scene.render(&flags).any_stdout().check().stdout;

    let as_kubectl = scene.stdin(yaml.as_str()).render(&["--env", "dev", "-o", "json", "-f", "-"]);
    let as_yaml_v3 =
        infrastructure("{{ .EnvMap.TEXT }}").env("TEXT", yaml).render(&["--env", "dev", "-o", "json"]);
    for reader in [as_kubectl, as_yaml_v3] {
        let mut found = json_items(&reader.any_stdout().check());
        let found = found[0].as_object_mut().unwrap();
        found.remove("metadata");
        assert_eq!(Value::Object(found.clone()), document);
    }
}

#[test]
fn env_files_are_read_as_godotenv_reads_them() {
    for (case, answer) in lines("dotenv-cases.jsonl").iter().zip(lines("dotenv-godotenv.txt")) {
        let text: String = serde_json::from_str(case).unwrap();
        let outcome = infrastructure("kind: Namespace\ndata: {{ toJson .EnvMap }}\n")
            .replace("services.yaml", "project: demo\n", "project: demo\nenvFiles: [.env]\n")
            .file(".env", &text)
            .render(&["--env", "dev", "-o", "json"])
            .unchecked();
        match serde_json::from_str::<Value>(&answer) {
            Ok(mut expected) => {
                let mut found = json_items(&outcome);
                let found = found[0]["data"].take();
                expected["HOME"] = found["HOME"].clone();
                assert_eq!(found, expected, "{}", outcome.report(&text));
            }
            Err(_) => assert_refused(&outcome, &answer),
        }
    }
}
