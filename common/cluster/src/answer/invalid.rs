//! What is wrong with a manifest, without the values that are wrong.
//!
//! The server repeats wrong values in its messages; for a Job that is the whole pod template with the values
//! of its variables (tried). So only a message's last clause is shown, and of values nothing.

use serde_json::Value;

use super::Answer;
use super::status::Status;

/// What is wrong in one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// The field as the server writes it; [`crate::path::locate`] finds it in a manifest. May be empty.
    pub field: String,
    /// What is wrong there, without the value.
    pub clause: String,
}

/// What a 422 means.
pub(super) fn classify(status: &Status<'_>) -> Answer {
    let Some(causes) = causes(status) else {
        return Answer::Manifest { causes: Vec::new(), message: last_clause(status.message).to_owned() };
    };
    let (fields, others): (Vec<Cause>, Vec<Cause>) =
        causes.into_iter().partition(|cause| is_immutable(&cause.clause));
    if fields.is_empty() {
        return Answer::Manifest { causes: others, message: String::new() };
    }
    Answer::Immutable { fields, others }
}

/// The causes that a status lists, if it lists any.
pub(super) fn causes(status: &Status<'_>) -> Option<Vec<Cause>> {
    let mut causes: Vec<Cause> = Vec::new();
    for cause in status.causes() {
        let cause = Cause { field: named(cause.field).to_owned(), clause: clause(cause.message) };
        // The same is said once for each label that is wrong, or for each place that checks.
        if !causes.contains(&cause) {
            causes.push(cause);
        }
    }
    (!causes.is_empty()).then_some(causes)
}

/// A field's name; none where the server has no field and prints what Go makes of that.
fn named(field: &str) -> &str {
    if matches!(field, "<nil>" | "[]") { "" } else { field }
}

/// Whether the words say that the field can't be changed in an object that exists.
fn is_immutable(clause: &str) -> bool {
    let clause = clause.to_lowercase();
    let says = |words: &str| clause.contains(words);
    says("immutable")
        || says("may not be changed")
        || says("may not change")
        || says("cannot change")
        || says("cannot be changed")
        || (says("updates to ") && says("forbidden"))
}

/// What a cause's message says, without the value: `field is immutable` of
/// `Invalid value: {"a":"b"}: field is immutable`.
///
/// A value that is JSON or a quoted text ends where it ends, so all behind it is shown. Any other value may
/// hold anything, so only what follows the last colon is, and nothing if that looks like a piece of a value.
/// Further lines are a diff of the values (tried with a claim's and a pod's) and are left out.
pub fn clause(message: &str) -> String {
    let Some((kind, rest)) = split_kind(message) else {
        return without_values(message);
    };
    if kind == "Too long" && !rest.is_empty() && !rest.starts_with(['"', '{', '[']) {
        // The server leaves the value out, since it is long, and says the limit.
        return format!("too long: {}", first_line(rest));
    }
    let says_nothing_of_the_value = matches!(kind, "Required value" | "Forbidden");
    if says_nothing_of_the_value {
        return if rest.is_empty() { kind.to_lowercase() } else { first_line(rest) };
    }
    let mut values = serde_json::Deserializer::from_str(rest).into_iter::<Value>();
    if let Some(Ok(_)) = values.next() {
        let detail = &rest[values.byte_offset()..];
        if let Some(detail) = detail.strip_prefix(": ").filter(|detail| !detail.is_empty()) {
            return first_line(detail);
        }
        if detail.is_empty() {
            return kind.to_lowercase();
        }
    }
    let has_a_detail = !matches!(kind, "Duplicate value" | "Not found");
    let last = last_clause(rest);
    let one_line = !rest.trim_end().contains('\n');
    if has_a_detail && one_line && last.len() < rest.len() && !last.contains(['{', '}']) && is_closed(last) {
        return last.to_owned();
    }
    kind.to_lowercase()
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or("").trim_end().to_owned()
}

/// The kind of error that a message begins with, and what follows.
fn split_kind(message: &str) -> Option<(&'static str, &str)> {
    const KINDS: [&str; 11] = [
        "Invalid value",
        "Unsupported value",
        "Duplicate value",
        "Required value",
        "Forbidden",
        "Not found",
        "Too long",
        "Too many",
        "Too few",
        "Internal error",
        "Type invalid",
    ];
    KINDS.into_iter().find_map(|kind| {
        let rest = message.strip_prefix(kind)?;
        if rest.is_empty() { Some((kind, rest)) } else { rest.strip_prefix(": ").map(|rest| (kind, rest)) }
    })
}

/// What follows the last colon; all if there is none. A list of supported values keeps its heading.
fn last_clause(text: &str) -> &str {
    let text = text.trim_end();
    let list = text.rfind(": supported values: ").map(|at| at + 2);
    let at = list.or_else(|| text.rfind(": ").map(|at| at + 2)).unwrap_or(0);
    &text[at..]
}

/// Whether quotes and brackets that open in a text close in it.
fn is_closed(text: &str) -> bool {
    let count = |c| text.matches(c).count();
    count('"') % 2 == 0 && count('(') == count(')') && count('[') == count(']')
}

/// The causes that server-side apply's own message lists: `failed to create typed patch object (…): .spec.a:
/// field not declared in schema`, or several under `errors:`, a line each.
pub(super) fn typed_patch_causes(message: &str) -> Vec<Cause> {
    let Some((head, rest)) = message.split_once("): ") else {
        return Vec::new();
    };
    if !head.starts_with("failed to create typed patch object (") {
        return Vec::new();
    }
    let lines = rest.strip_prefix("errors:").unwrap_or(rest).lines().map(str::trim);
    lines.filter_map(typed_patch_cause).collect()
}

fn typed_patch_cause(line: &str) -> Option<Cause> {
    if !line.starts_with('.') {
        return None;
    }
    let (field, rest) = line.split_once(": ")?;
    Some(Cause { field: field.to_owned(), clause: without_values(rest) })
}

/// A message up to where it begins to print what it found: `expected string, got &value.…{Value:"…"}`.
pub(super) fn without_values(message: &str) -> String {
    let end = [", got ", " from ", ": got "].iter().filter_map(|words| message.find(words)).min();
    let shown = match end {
        Some(end) if message[end..].contains(['{', '"', '\'']) => &message[..end],
        _ => message,
    };
    shown.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn the_clause_stands_behind_the_value() {
        for (message, expected) in [
            ("Invalid value: \"a: b\": must be lower case", "must be lower case"),
            ("Invalid value: {\"a\":\"x}: y\"}: field is immutable", "field is immutable"),
            (
                "Invalid value: 70000: must be between 1 and 65535, inclusive",
                "must be between 1 and 65535, inclusive",
            ),
            ("Invalid value: \"x\": must match: a, b", "must match: a, b"),
            (
                "Unsupported value: \"Sometimes\": supported values: \"Always\", \"Never\"",
                "supported values: \"Always\", \"Never\"",
            ),
            ("Required value", "required value"),
            ("Required value: must specify a name", "must specify a name"),
            ("Duplicate value: \"hunter2\"", "duplicate value"),
            ("Duplicate value: core.EnvVar{Name:\"A\", Value:\"x: hunter2\"}", "duplicate value"),
            (
                "Invalid value: core.PodTemplateSpec{Value:\"hunter2: x\"}: field is immutable",
                "field is immutable",
            ),
            ("Invalid value: v1.Thing{Value:hunter2}", "invalid value"),
            ("Invalid value: &Thing{A:a: hunter2,}", "invalid value"),
            (
                "Forbidden: updates to statefulset spec for fields other than 'replicas' are forbidden",
                "updates to statefulset spec for fields other than 'replicas' are forbidden",
            ),
            ("Too long: may not be more than 63 bytes", "too long: may not be more than 63 bytes"),
            ("Too long: \"hunter2\"", "too long"),
            ("Too many: 17: must have at most 16 items", "must have at most 16 items"),
            (
                "Forbidden: spec is immutable after creation\n@@ -1 +1 @@\n- \"a\": \"hunter2\"\n",
                "spec is immutable after creation",
            ),
            ("Invalid value: {}: is odd\n- hunter2", "is odd"),
            ("Invalid value: &Thing{A:a\nb: hunter2}: is odd", "invalid value"),
        ] {
            assert_eq!(clause(message), expected, "{message}");
        }
    }

    fn of(causes: Value) -> Answer {
        classify(&Status::read(&json!({"reason": "Invalid", "message": "m", "details": {"causes": causes}})))
    }

    fn cause(field: &str, clause: &str) -> Cause {
        Cause { field: field.into(), clause: clause.into() }
    }

    #[test]
    fn immutable_fields_are_named() {
        let template = json!({"field": "spec.template", "message": "Invalid value: {\"env\":\"hunter2\"}: field is immutable"});
        let other = json!({"field": "spec.x", "message": "Required value"});
        let fields = vec![cause("spec.template", "field is immutable")];
        let others = vec![cause("spec.x", "required value")];
        assert_eq!(of(json!([template, other, template])), Answer::Immutable { fields, others });
        let volume = "Forbidden: spec is immutable after creation except resources.requests";
        let claim = of(json!([{"field": "spec", "message": volume}]));
        assert!(matches!(claim, Answer::Immutable { .. }));
        let set = "Forbidden: updates to statefulset spec for fields other than 'replicas' are forbidden";
        assert!(matches!(of(json!([{"field": "spec", "message": set}])), Answer::Immutable { .. }));
    }

    #[test]
    fn wrong_fields_are_named() {
        assert_eq!(
            of(json!([{"field": "spec.x", "message": "Required value"}])),
            Answer::Manifest { causes: vec![cause("spec.x", "required value")], message: String::new() }
        );
        assert_eq!(
            classify(&Status::read(
                &json!({"message": "X is invalid: spec: Invalid value: \"hunter2\": is odd"})
            )),
            Answer::Manifest { causes: vec![], message: "is odd".into() }
        );
    }

    #[test]
    fn what_is_no_field_is_not_named() {
        for field in ["<nil>", "[]"] {
            let message = "Too long: may not be more than 1048576 bytes";
            let found = of(json!([{"field": field, "message": message}]));
            let causes = vec![cause("", "too long: may not be more than 1048576 bytes")];
            assert_eq!(found, Answer::Manifest { causes, message: String::new() });
        }
    }

    #[test]
    fn a_typed_patch_lists_its_fields() {
        let head = "failed to create typed patch object (shop/web; apps/v1, Kind=Deployment): ";
        assert_eq!(
            typed_patch_causes(&format!(
                "{head}errors:\n  .spec.a: field not declared in schema\n  .data.b: expected string, got &value.valueUnstructured{{Value:\"hunter2\"}}\n"
            )),
            [cause(".spec.a", "field not declared in schema"), cause(".data.b", "expected string")]
        );
        assert_eq!(typed_patch_causes("something else (x): .a: b"), []);
    }

    proptest! {
        #[test]
        fn no_quoted_value_is_ever_shown(value in "[ -~]{0,30}", kind in "Invalid value|Duplicate value|Unsupported value|Not found") {
            let secret = format!("HUNTER{value}TWO");
            for detail in ["", ": is odd", ": supported values: \"a\""] {
                let message = format!("{kind}: {}{detail}", Value::from(secret.as_str()));
                let shown = clause(&message);
                prop_assert!(!shown.contains("HUNTER") && !shown.contains("TWO"), "{}", shown);
            }
        }
    }
}
