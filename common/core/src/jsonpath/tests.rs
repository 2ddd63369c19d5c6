//! Expressions that are read, and those that aren't.

use proptest::prelude::*;

use super::*;

fn steps(text: &str) -> Vec<Step> {
    JsonPath::parse(text).unwrap_or_else(|error| panic!("{text}: {error}")).steps
}

fn field(name: &str) -> Step {
    Step::Field(name.to_owned())
}

#[test]
fn braces_dollar_and_the_leading_dot_may_be_left_out() {
    let expected = [field("status"), field("phase")];
    for text in [
        "{.status.phase}",
        "{status.phase}",
        ".status.phase",
        "status.phase",
        "$.status.phase",
        " {$.status.phase} ",
    ] {
        assert_eq!(steps(text), expected, "{text}");
        assert_eq!(JsonPath::parse(text).unwrap().to_string(), "{.status.phase}", "{text}");
    }
    assert_eq!(steps("{['status'].phase}"), expected);
    assert_eq!(JsonPath::parse("['status'].phase").unwrap().to_string(), "{['status'].phase}");
}

#[test]
fn keys_may_hold_anything_if_they_are_escaped_or_quoted() {
    let labels = |name: &str| [field("metadata"), field("labels"), field(name)];
    assert_eq!(steps(r"{.metadata.labels.app\.kubernetes\.io/name}"), labels("app.kubernetes.io/name"));
    assert_eq!(steps("{.metadata.labels['app.kubernetes.io/name']}"), labels("app.kubernetes.io/name"));
    assert_eq!(steps("{.metadata.labels[\"a]b}c\"]}"), labels("a]b}c"));
    assert_eq!(steps("{.metadata.labels['it\\'s']}"), labels("it's"));
    assert_eq!(steps("{.metadata.labels.größe}"), labels("größe"));
}

#[test]
fn lists_are_walked_by_place_slice_and_wildcard() {
    assert_eq!(steps("{.nodes[0]}"), [field("nodes"), Step::Index(0)]);
    assert_eq!(steps("{.nodes.[-1]}"), [field("nodes"), Step::Index(-1)]);
    assert_eq!(steps("{.nodes[*].phase}"), [field("nodes"), Step::Wildcard, field("phase")]);
    assert_eq!(steps("{.nodes.*}"), [field("nodes"), Step::Wildcard]);
    let slice = |start, end, step| [field("nodes"), Step::Slice { start, end, step }];
    assert_eq!(steps("{.nodes[1:3]}"), slice(Some(1), Some(3), 1));
    assert_eq!(steps("{.nodes[:-1]}"), slice(None, Some(-1), 1));
    assert_eq!(steps("{.nodes[::2]}"), slice(None, None, 2));
    assert_eq!(steps("{.nodes[0,2]}"), [field("nodes"), Step::Union(vec![Step::Index(0), Step::Index(2)])]);
    assert_eq!(steps("{['a,b','c']}"), [Step::Union(vec![field("a,b"), field("c")])]);
    assert_eq!(steps("{..phase}"), [Step::Descendants, field("phase")]);
}

#[test]
fn filters_compare_one_value() {
    let of = |text: &str| match steps(text).pop() {
        Some(Step::Filter(filter)) => filter,
        other => panic!("{text}: {other:?}"),
    };
    let path = |name: &str| Operand::Path(vec![field(name)]);
    let text = |text: &str| Operand::Text(text.to_owned());
    assert_eq!(
        of("{.conditions[?(@.type==\"Ready\")]}"),
        Filter { left: path("type"), comparison: Some((Operator::Equal, text("Ready"))) }
    );
    assert_eq!(
        of("{.conditions[?(@.type != 'a==b')]}"),
        Filter { left: path("type"), comparison: Some((Operator::NotEqual, text("a==b"))) }
    );
    for (sign, operator) in
        [("<", Operator::Less), ("<=", Operator::AtMost), (">", Operator::Greater), (">=", Operator::AtLeast)]
    {
        let expected = Filter { left: path("count"), comparison: Some((operator, Operand::Number(2.5))) };
        assert_eq!(of(&format!("{{.nodes[?(@.count{sign}2.5)]}}")), expected, "{sign}");
    }
    assert_eq!(
        of("{.nodes[?(@.up==true)]}"),
        Filter { left: path("up"), comparison: Some((Operator::Equal, Operand::Bool(true))) }
    );
    assert_eq!(of("{.nodes[?(@.ready)]}"), Filter { left: path("ready"), comparison: None });
    assert_eq!(of("{.ports[?(@==80)]}").left, Operand::Path(Vec::new()));
    assert_eq!(of("{.nodes[?(@.conditions[0].type=='a')]}").left, {
        Operand::Path(vec![field("conditions"), Step::Index(0), field("type")])
    });
}

#[test]
fn steps_go_on_behind_a_filter() {
    let all = steps("{.status.conditions[?(@.type==\"Ready\")].status}");
    assert_eq!((all.len(), all.last()), (4, Some(&field("status"))));
}

#[test]
fn what_is_no_expression_says_why() {
    for (text, expected) in [
        ("", "the JSONPath is empty"),
        ("{}", "the JSONPath is empty"),
        ("{$}", "the JSONPath is empty"),
        ("{.status.phase", "`{` is never closed"),
        ("{.status[0}", "`{` is never closed"),
        (".status[0", "`[` is never closed"),
        ("{.status.}", "a key is missing behind `.`"),
        ("{.status...phase}", "a key is missing behind `.`"),
        ("{.a}{.b}", "only one expression can be compared: `{.b}` stands beside it"),
        ("{.a} ready", "only one expression can be compared: `ready` stands beside it"),
        (".a .b", "only one expression can be compared: `.b` stands beside it"),
        ("{range .items[*]}{.a}{end}", "only one expression can be compared: `{.a}{end}` stands beside it"),
        (".a)", "`)` is not expected here"),
        (".a[Ready]", "`[Ready]` is neither an index, a slice, a quoted key, `*` nor a filter `?(…)`"),
        (".a[0:1:0]", "`[0:1:0]` is neither an index, a slice, a quoted key, `*` nor a filter `?(…)`"),
        (".a[?@.b]", "`[?@.b]` is neither an index, a slice, a quoted key, `*` nor a filter `?(…)`"),
        (
            ".a[?(@.b=='c' && @.d)]",
            "`?(@.b=='c' && @.d)` is no filter: compare one value with another, or name one that must be there",
        ),
        (
            ".a[?(@.b==c)]",
            "`?(@.b==c)` is no filter: compare one value with another, or name one that must be there",
        ),
        (
            ".a[?('b')]",
            "`?('b')` is no filter: compare one value with another, or name one that must be there",
        ),
    ] {
        let error = JsonPath::parse(text).map_or_else(|error| error.to_string(), |path| format!("{path:?}"));
        assert_eq!(error, expected, "{text}");
    }
}

proptest! {
    #[test]
    fn texts_of_any_shape_are_read_or_refused(text in r#"[{}$@.\[\]?()='"\\*:,<>! a-c0-2é-]{0,24}"#) {
        if let Ok(path) = JsonPath::parse(&text) {
            prop_assert!(!path.steps().is_empty());
            // What is shown is the same expression.
            prop_assert_eq!(JsonPath::parse(&path.to_string()).map(|path| path.steps), Ok(path.steps));
        }
    }
}
