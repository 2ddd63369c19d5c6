//! Reader and writer together: what is written is read back the same, nothing
//! panics, no depth overflows the stack, and no document grows without bounds.

mod properties;

use super::{
    Dialect, KeyOrder, MAX_DEPTH, Mapping, Node, Position, Problem, Value, read, split, write, write_json,
};

/// All documents with content, or the first error.
fn read_all(text: &str, dialect: Dialect) -> Result<Vec<Node>, super::ReadError> {
    split(text).filter_map(|section| read(&section, dialect).transpose()).collect()
}

/// The only document of a text.
fn read_one(text: &str) -> Node {
    let mut documents = read_all(text, Dialect::Go).unwrap();
    assert_eq!(documents.len(), 1, "{text:?}");
    documents.remove(0)
}

fn problem_of(text: &str) -> Problem {
    read_all(text, Dialect::Go).unwrap_err().problem
}

fn written(node: &Node) -> String {
    let mut out = String::new();
    write(node, KeyOrder::Sorted, &mut out);
    out
}

fn json(text: &str, dialect: Dialect) -> String {
    let documents = read_all(text, dialect).unwrap();
    let mut out = String::new();
    for document in &documents {
        write_json(document, KeyOrder::Kept, 0, &mut out).unwrap();
    }
    out
}

#[test]
fn reads_scalars_as_go_does() {
    let cases = [
        ("yes", r#""yes""#),
        ("True", "true"),
        ("tRue", r#""tRue""#),
        ("~", "null"),
        ("0644", "420"),
        ("0o644", "420"),
        ("0o-644", "-420"),
        ("08", "8"),
        ("0x1F", "31"),
        ("-0b11", "-3"),
        ("1_000", "1000"),
        ("._5", r#""._5""#),
        ("1e3", "1000"),
        ("1.10", "1.1"),
        ("1e400", r#""1e400""#),
        ("18446744073709551615", "18446744073709551615"),
        ("18446744073709551616", "18446744073709552000"),
        ("2024-01-02", r#""2024-01-02""#),
        ("1:30", r#""1:30""#),
        ("!!str 1", r#""1""#),
        ("!!float 1", "1"),
        ("!!binary aGk=", r#""hi""#),
        ("!foo true", r#""true""#),
        (r#""\ud83d\ude00\/""#, r#""😀/""#),
    ];
    for (text, expected) in cases {
        assert_eq!(json(&format!("a: {text}"), Dialect::Go), format!(r#"{{"a":{expected}}}"#), "{text}");
    }
}

#[test]
fn reads_scalars_and_keys_as_kubectl_does() {
    let cases = [
        ("a: yes", r#"{"a":true}"#),
        ("on: 1", r#"{"true":1}"#),
        ("1.5: x", r#"{"1.5":"x"}"#),
        ("a: 1.0", r#"{"a":1}"#),
        ("a: 1\nb: 2\na: 3", r#"{"a":3,"b":2}"#),
        ("b: {q: 9, <<: {q: 1}}", r#"{"b":{"q":1}}"#),
    ];
    for (text, expected) in cases {
        assert_eq!(json(text, Dialect::Kubectl), expected, "{text}");
    }
    assert!(matches!(read_all("a: .inf", Dialect::Kubectl).unwrap_err().problem, Problem::NotJson { .. }));
}

#[test]
fn merges_as_go_does() {
    let text = "b: &b {a: 1, b: 2}\no: &o {b: 3, c: 4}\nm: {b: 9, <<: *b}\nn: {<<: [*o, *b]}\n";
    let document = read_one(text);
    assert_eq!(written(document.get("m").unwrap()), "a: 1\nb: 9\n");
    assert_eq!(written(document.get("n").unwrap()), "a: 1\nb: 3\nc: 4\n");
    assert_eq!(written(&read_one("\"<<\": {a: 1}")), "\"<<\":\n  a: 1\n");
    assert!(matches!(problem_of("<<: text"), Problem::MergeValue { .. }));
    assert!(matches!(problem_of("<<: {}\n<<: {}"), Problem::DuplicateKey { .. }));
}

#[test]
fn top_level_keys_are_their_text() {
    assert_eq!(written(&read_one("0x10: {0x10: a}\n1.50: b")), "\"0x10\":\n  16: a\n\"1.50\": b\n");
}

#[test]
fn numbers_keep_their_spelling_for_typed_loading() {
    let document = read_one("a: 1.10\nb: 0644\nc: 5\nd: True\ne: ~");
    let text = |key: &str| document.get(key).unwrap().text().map(std::borrow::Cow::into_owned);
    assert_eq!(text("a").as_deref(), Some("1.10"));
    assert_eq!(text("b").as_deref(), Some("0644"));
    assert_eq!(text("c").as_deref(), Some("5"));
    assert_eq!(text("d").as_deref(), Some("True"));
    assert_eq!(text("e"), None);
}

#[test]
fn positions_count_lines_of_the_stream_and_characters() {
    let documents = read_all("a: 1\n---\né: [ü, b]\n", Dialect::Go).unwrap();
    let (key, value) = documents[1].as_mapping().unwrap().iter().next().unwrap();
    assert_eq!(key.position, Position { line: 3, column: 1 });
    assert_eq!(value.as_sequence().unwrap()[1].position, Position { line: 3, column: 8 });
}

#[test]
fn errors_say_what_and_where() {
    let cases = [
        ("a: 1\nb: 2\na: 3", 3, 1, "mapping key `a` is already defined at line 1"),
        ("a: {b: 1", 1, 4, "the `{` opened here is never closed"),
        ("a: \"x\nb: 1", 1, 4, "the quote opened here is never closed"),
        ("a:\n\tb: 1", 2, 1, "a tab cannot indent; use spaces"),
        ("a: *nope", 1, 4, "unknown anchor `nope`: no `&nope` stands before it in this document"),
        ("a: &a [*a]", 1, 8, "the value of anchor `a` contains itself"),
        ("a: 1\n  b: 2", 2, 4, "a mapping value is not allowed here; quote the text if it contains `: `"),
        (
            "a:\n    b: 1\n  c: 2",
            3,
            3,
            "bad indentation: this line lines up with no list or mapping above it",
        ),
        ("a: @x", 1, 4, "a plain value cannot start with `@`; put it in quotes"),
        (
            "a: {{ .X }}",
            1,
            4,
            "a mapping cannot be a mapping key; put quotes around a value that starts with `{{`",
        ),
        ("~: a", 1, 1, "a mapping key must not be null"),
        ("a: !!int x", 1, 4, "`x` is not a valid !!int"),
        ("a: \u{7}", 1, 4, "control character U+0007 is not allowed"),
        ("x: &x 1\n---\na: *x", 3, 4, "unknown anchor `x`: no `&x` stands before it in this document"),
        ("- a\nb: 1", 2, 1, "expected `-`: the list above continues here"),
        ("{1: a, \"1\": b}", 1, 8, "mapping key `1` is already defined at line 1"),
    ];
    for (text, line, column, message) in cases {
        let error = read_all(text, Dialect::Go).unwrap_err();
        assert_eq!((error.position, &*error.to_string()), (Position { line, column }, message), "{text:?}");
    }
}

#[test]
fn writes_texts_as_go_does() {
    let cases = [
        ("x", "x"),
        ("", "\"\""),
        ("y", "\"y\""),
        ("1.10", "\"1.10\""),
        ("00:11:22", "\"00:11:22\""),
        ("2024-01-02T03:04:05Z", "\"2024-01-02T03:04:05Z\""),
        ("2024-02-30", "2024-02-30"),
        ("a: b", "'a: b'"),
        ("it's", "it's"),
        ("'q", "'''q'"),
        ("a\tb", "\"a\\tb\""),
        ("😀", "\"\\U0001F600\""),
        ("\u{FEFF}b", "\"\\uFEFF\\x62\""),
        ("<<", "<<"),
        ("a\nb", "|-\n  a\n  b"),
        (" a\n\nb\n\n", "|2+\n   a\n\n  b\n"),
        ("a \nb", "\"a \\nb\""),
        // yaml.v3 loses or breaks these.
        ("\na", "\"\\na\""),
        ("\ta\nb", "\"\\ta\\nb\""),
        ("a\u{2028}b", "\"a\\Lb\""),
    ];
    for (text, expected) in cases {
        let node: Node = Mapping::from_iter([("k", text)]).into();
        assert_eq!(written(&node), format!("k: {expected}\n"), "{text:?}");
    }
}

#[test]
fn writes_floats_as_go_does() {
    let cases = [
        (1.0, "1"),
        (100_000.0, "100000"),
        (1e6, "1e+06"),
        (0.0001, "0.0001"),
        (0.00001, "1e-05"),
        (1.5e300, "1.5e+300"),
        (f64::NEG_INFINITY, "-.inf"),
        (f64::NAN, ".nan"),
    ];
    for (number, expected) in cases {
        assert_eq!(written(&Node::new(number)), format!("{expected}\n"));
    }
}

#[test]
fn writes_keys_in_the_order_of_go() {
    let keys = ["b9", "a10", "_x", "B1", "1a", "a2", "a1b", "a", "é", "A"];
    let node: Node = keys.iter().map(|key| (*key, Value::Null)).collect::<Mapping>().into();
    let order: Vec<_> =
        written(&node).lines().map(|line| line.trim_end_matches(": null").to_owned()).collect();
    assert_eq!(order, ["_x", "1a", "A", "B1", "a", "a1b", "a2", "a10", "b9", "é"]);
}

#[test]
fn writes_long_and_broken_keys_with_a_question_mark() {
    let long = "k".repeat(129);
    let node = read_one(&format!("? {long}\n: {{a: 1, b: [2]}}\n? |\n  x\n  y\n: []\n"));
    assert_eq!(written(&node), format!("? {long}\n: a: 1\n  b:\n    - 2\n? |\n  x\n  y\n: []\n"));
}

#[test]
fn splits_streams() {
    let first_lines = |text| split(text).map(|section| section.first_line()).collect::<Vec<_>>();
    assert_eq!(first_lines(""), [] as [u32; 0]);
    assert_eq!(first_lines("a: 1\n---\nb: 2\n--- # c\n---x: 1\n"), [1, 2, 4]);
    assert_eq!(first_lines("a: 1\n...\n%YAML 1.1\n---\nb: 2"), [1, 3]);
    assert_eq!(first_lines("a: 1\n%YAML 1.1\n# c\n---\nb: 2"), [1, 2]);
    assert_eq!(first_lines("a: 1\r\n---\r\nb: 2\r---\rc: 3"), [1, 2, 4]);
    assert_eq!(first_lines("%a\n---\n---\n"), [1, 3]);
    let documents =
        read_all("a: 1\n...\nb: 2\n---\n\u{FEFF}c: 3\n--- text\n---\n# none\n", Dialect::Go).unwrap();
    assert_eq!(documents.len(), 4);
    assert_eq!(documents[2].get("c").and_then(Node::as_i64), Some(3));
}

/// Runs on a small stack, as a thread of a pool may have.
fn on_small_stack(work: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new().stack_size(512 * 1024).spawn(work).unwrap().join().unwrap();
}

#[test]
fn depth_needs_no_stack() {
    on_small_stack(|| {
        let deep = |depth: usize| {
            [
                "[".repeat(depth) + &"]".repeat(depth),
                "- ".repeat(depth),
                "{a: ".repeat(depth) + &"}".repeat(depth),
            ]
        };
        for text in deep(MAX_DEPTH) {
            let node = read_one(&text);
            let copy = node.clone();
            assert!(copy == node);
            let mut out = String::new();
            write_json(&node, KeyOrder::Sorted, 0, &mut out).unwrap();
            assert!(read_one(&out) == node);
            // Indentation makes 100 MB of the mapping, too much for a test.
            if node.as_sequence().is_some() {
                assert!(read_one(&written(&node)) == node);
            }
        }
        for text in deep(MAX_DEPTH + 1) {
            assert_eq!(problem_of(&text), Problem::TooDeep);
        }
        // Aliases add up.
        let half = "[".repeat(6000);
        let close = "]".repeat(6000);
        let text = format!("a: &a {half}{close}\nb: {half}*a{close}\n");
        assert_eq!(problem_of(&text), Problem::TooDeep);
    });
}

#[test]
fn aliases_cannot_multiply_without_bounds() {
    let mut bomb = "a: &a [x,x,x,x,x,x,x,x,x,x]\n".to_owned();
    for (name, inner) in ('b'..='i').zip('a'..) {
        let items = vec![format!("*{inner}"); 10].join(",");
        bomb += &format!("{name}: &{name} [{items}]\n");
    }
    assert_eq!(problem_of(&bomb), Problem::ExcessiveAliases);
    let many = "base: &b {a: 1, b: [1, 2, 3]}\nlist:\n".to_owned() + &"  - *b\n".repeat(150);
    assert_eq!(read_one(&many).get("list").unwrap().as_sequence().unwrap().len(), 150);
}
