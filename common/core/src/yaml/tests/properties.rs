//! What holds for any text and any node.

use proptest::prelude::*;

use super::*;

/// Texts made of what YAML is made of, so that many of them mean something.
fn nasty_text() -> impl Strategy<Value = String> {
    let pieces = [
        "a",
        "0",
        "1",
        "-",
        " ",
        "  ",
        "\n",
        "\t",
        ":",
        ": ",
        " #",
        "#",
        "'",
        "\"",
        "\\",
        "[",
        "]",
        "{",
        "}",
        ",",
        "&",
        "*",
        "!",
        "|",
        ">",
        "%",
        "@",
        "`",
        "?",
        "? ",
        "- ",
        "=",
        "~",
        ".",
        "e",
        "yes",
        "null",
        ".inf",
        "0x",
        "_",
        "2024-01-02",
        "<<",
        "---",
        "...",
        "é",
        "😀",
        "\u{2028}",
        "\u{85}",
        "\u{FEFF}",
        "\r",
        "\0",
        "\u{7F}",
        "x: y\n",
    ];
    prop_oneof![
        prop::collection::vec(prop::sample::select(pieces.to_vec()), 0..12)
            .prop_map(|pieces| pieces.concat()),
        any::<String>(),
    ]
}

fn any_node() -> impl Strategy<Value = Node> {
    let scalar = prop_oneof![
        Just(Node::new(Value::Null)),
        any::<bool>().prop_map(Node::new),
        any::<i64>().prop_map(Node::new),
        nasty_text().prop_map(Node::new),
    ];
    scalar.prop_recursive(5, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Node::new),
            prop::collection::vec((nasty_text(), inner), 0..5)
                .prop_map(|entries| Node::new(entries.into_iter().collect::<Mapping>())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn any_text_is_read_or_refused(text in nasty_text()) {
        for dialect in [Dialect::Go, Dialect::Kubectl] {
            let _ = read_all(&text, dialect);
        }
        let lines: u32 = split(&text).map(|section| section.text().len() as u32).sum();
        prop_assert_eq!(lines as usize, text.len());
    }

    #[test]
    fn what_is_written_reads_back_in_both_dialects(node in any_node()) {
        for order in [KeyOrder::Sorted, KeyOrder::Kept] {
            let mut out = String::new();
            write(&node, order, &mut out);
            for dialect in [Dialect::Go, Dialect::Kubectl] {
                let read = read_all(&out, dialect);
                let mut expected = String::new();
                let mut found = String::new();
                write_json(&node, KeyOrder::Sorted, 0, &mut expected).unwrap();
                write_json(&read.as_ref().unwrap()[0], KeyOrder::Sorted, 0, &mut found).unwrap();
                prop_assert_eq!(&found, &expected, "{}", out);
            }
        }
    }

    #[test]
    fn finite_floats_read_back(number in any::<f64>().prop_filter("finite", |number| number.is_finite())) {
        let text = written(&Node::new(number));
        prop_assert_eq!(read_one(&text).as_f64(), Some(number), "{}", text);
    }

    #[test]
    fn json_is_what_serde_json_reads(node in any_node()) {
        let mut out = String::new();
        write_json(&node, KeyOrder::Kept, 2, &mut out).unwrap();
        prop_assert!(serde_json::from_str::<serde_json::Value>(&out).is_ok(), "{}", out);
    }
}
