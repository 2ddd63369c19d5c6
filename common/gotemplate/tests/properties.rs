//! What holds for every text.

use gotemplate::{ErrorKind, Functions, Limits, Options, Template, Value};
use proptest::prelude::*;

const LIMITS: Limits = Limits { steps: 2_000, bytes: 4_096, memory: 16_384 };

fn dot() -> Value {
    Value::map([
        ("s", Value::from("h\u{e9}llo")),
        ("n", Value::from(7)),
        ("nil", Value::nil()),
        ("l", Value::list([Value::from(1), Value::from("a"), Value::nil()])),
        ("m", Value::string_map([("a", "1"), ("b", "")])),
    ])
}

/// Pieces that templates are made of, in any order.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "{{",
        "}}",
        "{{- ",
        " -}}",
        "if ",
        "else",
        "end",
        "range ",
        "with ",
        "define \"t\"",
        "template \"t\" ",
        "block \"b\" .",
        "break",
        "continue",
        "$x",
        ":=",
        "=",
        ",",
        "|",
        "(",
        ")",
        ".",
        ".s",
        ".n",
        ".nil",
        ".l",
        ".m.a",
        "1",
        "-2.5e3",
        "0x1p-2",
        "'a'",
        "\"q\"",
        "`r`",
        "nil",
        "true",
        "print ",
        "printf \"%6.2f %v\" ",
        "index ",
        "len ",
        "eq ",
        "and ",
        "html ",
        "slice ",
        "/*",
        "*/",
        " ",
        "\n",
        "text",
        "\u{fe}",
        "999999999999",
    ]);
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

fn run(text: &[u8]) -> Result<Vec<u8>, gotemplate::Error> {
    let options = Options { limits: LIMITS, ..Options::default() };
    Template::parse("t", text, &Functions::new())?.execute(&dot(), &options)
}

proptest! {
    #[test]
    fn any_bytes_end_in_output_or_an_error(text in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = run(&text);
    }

    #[test]
    fn any_template_keeps_the_limits(text in pieces()) {
        match run(text.as_bytes()) {
            Ok(output) => prop_assert!(output.len() <= LIMITS.bytes),
            Err(error) => {
                let span = error.span();
                prop_assert!(span.start <= span.end && span.end <= text.len());
                prop_assert!(error.to_string().starts_with("template: t"));
            }
        }
    }

    #[test]
    fn text_without_actions_comes_out_unchanged(text in "[^{]*") {
        prop_assume!(text.len() <= LIMITS.bytes);
        prop_assert_eq!(run(text.as_bytes()).expect("no action to fail"), text.into_bytes());
    }

    #[test]
    fn a_string_literal_prints_its_text(text in "[a-z \u{e0}-\u{ff}]*") {
        let template = format!("{{{{{text:?}}}}}");
        prop_assert_eq!(run(template.as_bytes()).expect("a literal"), text.into_bytes());
    }

    #[test]
    fn every_byte_of_output_has_an_origin(text in pieces()) {
        let options = Options { limits: LIMITS, ..Options::default() };
        let template = Template::parse("t", &text, &Functions::new());
        if let Ok((output, map)) = template.and_then(|template| template.execute_mapped(&dot(), &options)) {
            for (offset, byte) in output.iter().enumerate() {
                let origin = map.lookup(offset).expect("an origin");
                prop_assert!(origin.template_offset < text.len());
                if origin.exact {
                    prop_assert_eq!(text.as_bytes()[origin.template_offset], *byte);
                }
            }
        }
    }
}

#[test]
fn steps_are_counted_in_every_loop() {
    for template in ["{{range 999999999}}{{end}}", "{{range 999999}}{{range 9999}}{{end}}{{end}}"] {
        let error = run(template.as_bytes()).expect_err("too many steps");
        assert_eq!(error.kind(), &ErrorKind::StepLimit);
    }
}
