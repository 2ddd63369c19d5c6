//! A field that someone else owns.

use super::status::StatusCause;

/// One manager's claim on one field.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Conflict {
    /// Who owns the field.
    pub manager: String,
    /// The subresource through which it was written, for instance `scale`.
    pub subresource: Option<String>,
    /// The version in whose terms it was written; only of fields that weren't applied.
    pub using: Option<String>,
    /// The field as the server writes it; [`crate::path::locate`] finds it in a manifest.
    pub field: String,
}

impl Conflict {
    /// Reads a cause whose message is `conflict with "M" [with subresource "S"] [using V [at TIME]]`; `None` for
    /// causes of another kind. A message in words that are unknown gives a conflict with nobody in particular.
    pub(super) fn read(cause: &StatusCause<'_>) -> Option<Self> {
        if cause.reason != "FieldManagerConflict" {
            return None;
        }
        let mut conflict =
            Self { manager: String::new(), subresource: None, using: None, field: cause.field.to_owned() };
        let Some(rest) = cause.message.strip_prefix("conflict with ") else {
            return Some(conflict);
        };
        let Some((manager, mut rest)) = quoted(rest) else {
            return Some(conflict);
        };
        conflict.manager = manager;
        if let Some((subresource, after)) = rest.strip_prefix(" with subresource ").and_then(quoted) {
            conflict.subresource = Some(subresource);
            rest = after;
        }
        if let Some(using) = rest.strip_prefix(" using ") {
            conflict.using = using.split(' ').next().map(str::to_owned);
        }
        Some(conflict)
    }

    /// Whether it is the number of replicas that an autoscaler set: that is its business, and the manifest is
    /// sent again without it. `kubectl scale` has a manager of its own and is an ordinary conflict.
    pub fn is_autoscaler(&self) -> bool {
        self.field == ".spec.replicas"
            && self.manager == "kube-controller-manager"
            && self.subresource.as_deref() == Some("scale")
    }
}

/// The text in quotes at the beginning, as Go quotes it, and what follows.
pub(super) fn quoted(text: &str) -> Option<(String, &str)> {
    let inner = text.strip_prefix('"')?;
    let mut found = String::new();
    let mut characters = inner.char_indices();
    while let Some((at, c)) = characters.next() {
        match c {
            '"' => return Some((found, &inner[at + 1..])),
            '\\' => {
                let (_, c) = characters.next()?;
                // Names of managers hold neither control characters nor such outside ASCII.
                found.push(c);
            }
            c => found.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(message: &str) -> Conflict {
        Conflict::read(&StatusCause { reason: "FieldManagerConflict", message, field: ".spec.replicas" })
            .expect("it is a conflict")
    }

    #[test]
    fn all_forms_of_the_message_are_read() {
        let conflict = |manager: &str, subresource: Option<&str>, using: Option<&str>| Conflict {
            manager: manager.into(),
            subresource: subresource.map(Into::into),
            using: using.map(Into::into),
            field: ".spec.replicas".into(),
        };
        for (message, expected) in [
            ("conflict with \"helm\"", conflict("helm", None, None)),
            ("conflict with \"a \\\"b\\\"\" using v1", conflict("a \"b\"", None, Some("v1"))),
            (
                "conflict with \"kubectl\" with subresource \"scale\"",
                conflict("kubectl", Some("scale"), None),
            ),
            (
                "conflict with \"kubectl\" with subresource \"scale\" using apps/v1 at 2026-01-01T00:00:00Z",
                conflict("kubectl", Some("scale"), Some("apps/v1")),
            ),
            ("in other words", conflict("", None, None)),
            ("conflict with \"unclosed", conflict("", None, None)),
        ] {
            assert_eq!(read(message), expected, "{message}");
        }
    }

    #[test]
    fn only_the_controllers_replicas_are_an_autoscalers() {
        assert!(
            read("conflict with \"kube-controller-manager\" with subresource \"scale\" using apps/v1")
                .is_autoscaler()
        );
        assert!(!read("conflict with \"kubectl\" with subresource \"scale\" using apps/v1").is_autoscaler());
        assert!(!read("conflict with \"kube-controller-manager\" using apps/v1").is_autoscaler());
    }

    #[test]
    fn other_causes_are_none() {
        let cause = StatusCause { reason: "FieldValueInvalid", message: "conflict with \"a\"", field: "x" };
        assert_eq!(Conflict::read(&cause), None);
    }
}
