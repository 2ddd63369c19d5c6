//! One kubeconfig file: from text to kube's types.
//!
//! Read by our own YAML reader, as kubectl reads it, because the errors of a typed reader repeat the values
//! that are wrong, and those may be tokens.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use codex_common::stack::files::{MAX_FILE, read_text};
use codex_common::yaml::{Dialect, KeyOrder, Node, Value, read, split, write_json};
use kube::config::Kubeconfig;

use super::ConnectError;

/// Reads a file; paths in it become absolute, they are relative to the file's folder.
pub(super) fn file(path: &Path) -> Result<Kubeconfig, ConnectError> {
    let text = read_text(path, &path.to_string_lossy(), MAX_FILE)
        .map_err(|error| ConnectError::Unreadable { reason: error.to_string() })?;
    let mut kubeconfig = parse(&text, path)?;
    make_absolute(&mut kubeconfig, path.parent().unwrap_or(Path::new("/")));
    Ok(kubeconfig)
}

/// Reads a text; an empty one is a kubeconfig without anything in it.
fn parse(text: &str, path: &Path) -> Result<Kubeconfig, ConnectError> {
    let invalid = |line, problem| ConnectError::Invalid { path: path.to_owned(), line, problem };
    for section in split(text) {
        let node = read(&section, Dialect::Kubectl)
            .map_err(|error| invalid(error.position.line, error.to_string()))?;
        let Some(mut node) = node.filter(|node| !node.is_null()) else {
            continue;
        };
        if node.as_mapping().is_none() {
            return Err(invalid(node.position.line, "it is no mapping".to_owned()));
        }
        if let Some((line, problem)) = doubled(&node) {
            return Err(invalid(line, problem));
        }
        as_fields_are(&mut node);
        let mut json = String::new();
        write_json(&node, KeyOrder::Kept, 0, &mut json)
            .map_err(|error| invalid(error.position.line, error.to_string()))?;
        return serde_json::from_str(&json).map_err(|error| invalid(0, problem(&error)));
    }
    Ok(Kubeconfig::default())
}

/// The line of an entry whose name another one of its list has, and what is wrong. Some programs would take the first
/// and others the last, so kubectl takes none.
fn doubled(root: &Node) -> Option<(u32, String)> {
    for list in ["clusters", "users", "contexts"] {
        let Some(Value::Sequence(entries)) = root.get(list).map(|node| &node.value) else { continue };
        let mut names = HashSet::new();
        for name in entries.iter().filter_map(|entry| entry.get("name")) {
            let text = name.text().unwrap_or_default().into_owned();
            if names.contains(&text) {
                return Some((
                    name.position.line,
                    format!("two of its {list} are called `{}`", text.escape_debug()),
                ));
            }
            names.insert(text);
        }
    }
    None
}

/// Makes of each scalar what its field holds. No field of a kubeconfig that matters is a number, but names may look
/// like one (`name: 2024`); Base64 may be broken into lines, or be decoded already (`!!binary`).
fn as_fields_are(root: &mut Node) {
    let mut open = vec![("", root)];
    while let Some((field, node)) = open.pop() {
        if matches!(node.value, Value::Int(_) | Value::Uint(_) | Value::Float(_)) {
            let text = node.text().map(|text| text.into_owned()).unwrap_or_default();
            node.value = Value::String(text);
            continue;
        }
        match &mut node.value {
            Value::Sequence(items) => open.extend(items.iter_mut().map(|item| (field, item))),
            Value::Mapping(entries) => {
                open.extend(entries.iter_mut().map(|(key, value)| (key.as_str().unwrap_or_default(), value)));
            }
            Value::String(text)
                if matches!(
                    field,
                    "certificate-authority-data" | "client-certificate-data" | "client-key-data"
                ) =>
            {
                *text = if text.contains("-----BEGIN ") {
                    STANDARD.encode(&*text)
                } else {
                    text.split_ascii_whitespace().collect()
                };
            }
            _ => {}
        }
    }
}

/// What serde found wrong, without the value that it found.
fn problem(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = text.rsplit_once(" at line ").map_or(text.as_str(), |(text, _)| text);
    match text.rsplit_once(", expected ") {
        Some((_, expected)) => format!("something in it should be {expected}"),
        None if text.starts_with("missing field") => text.to_owned(),
        None => "it is no kubeconfig".to_owned(),
    }
}

fn make_absolute(kubeconfig: &mut Kubeconfig, folder: &Path) {
    let absolute = |path: &mut Option<String>| {
        if let Some(text) = path.as_mut().filter(|text| !text.is_empty()) {
            let joined: PathBuf = folder.join(&*text);
            *text = joined.to_string_lossy().into_owned();
        }
    };
    for cluster in kubeconfig.clusters.iter_mut().filter_map(|named| named.cluster.as_mut()) {
        absolute(&mut cluster.certificate_authority);
    }
    for user in kubeconfig.auth_infos.iter_mut().filter_map(|named| named.auth_info.as_mut()) {
        absolute(&mut user.client_certificate);
        absolute(&mut user.client_key);
        absolute(&mut user.token_file);
        // A program without a slash is looked for on the PATH.
        if let Some(exec) = &mut user.exec
            && exec.command.as_ref().is_some_and(|command| command.contains('/'))
        {
            absolute(&mut exec.command);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Result<Kubeconfig, ConnectError> {
        parse(text, Path::new("/k/config"))
    }

    #[test]
    fn kubeconfigs_are_read_as_kubectl_reads_them() {
        let text = "apiVersion: v1\nkind: Config\nclusters:\n- name: 2024\n  cluster: {server: https://a, \
                    insecure-skip-tls-verify: yes}\nusers: null\ncurrent-context: 1.10\n";
        let kubeconfig = of(text).unwrap();
        assert_eq!(kubeconfig.clusters[0].name, "2024");
        let cluster = kubeconfig.clusters[0].cluster.as_ref().unwrap();
        assert_eq!(cluster.insecure_skip_tls_verify, Some(true));
        assert!(kubeconfig.auth_infos.is_empty());
        assert!(of("").unwrap().clusters.is_empty());
        assert!(of("# nothing\n---\n").unwrap().contexts.is_empty());
    }

    #[test]
    fn no_value_is_in_an_error() {
        let text = "users:\n- name: a\n  user:\n    exec: s3cr3t-token\n";
        let error = of(text).unwrap_err().to_string();
        assert!(error.starts_with("the kubeconfig /k/config is not valid"), "{error}");
        assert!(!error.contains("s3cr3t"), "{error}");
        for text in ["users: [{name: a, user: s3cr3t}]", "- s3cr3t", "s3cr3t", "users: s3cr3t"] {
            let error = of(text).unwrap_err().to_string();
            assert!(!error.contains("s3cr3t"), "{error}");
        }
    }

    #[test]
    fn the_line_of_a_slip_is_named() {
        let error = of("a: 1\nb: [\n").unwrap_err();
        assert!(matches!(error, ConnectError::Invalid { line: 2.., .. }), "{error}");
    }

    #[test]
    fn paths_start_at_the_file() {
        let text = "clusters: [{name: a, cluster: {certificate-authority: ca.crt}}]\nusers:\n- name: a\n  user:\n    \
                    client-key: /abs/key\n    exec: {command: ./login, args: [x]}\n- {name: b, user: {exec: {command: aws}}}\n";
        let mut kubeconfig = of(text).unwrap();
        make_absolute(&mut kubeconfig, Path::new("/k"));
        let json = serde_json::to_value(&kubeconfig).unwrap();
        assert_eq!(json["clusters"][0]["cluster"]["certificate-authority"], "/k/ca.crt");
        assert_eq!(json["users"][0]["user"]["client-key"], "/abs/key");
        assert_eq!(json["users"][0]["user"]["exec"]["command"], "/k/./login");
        assert_eq!(json["users"][1]["user"]["exec"]["command"], "aws");
    }
}
