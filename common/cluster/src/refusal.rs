//! The words for a server's no: the one place where 401 and 403 are said.

use crate::answer::{self, Answer as Meaning, Forbidden, Request};
use crate::api::Answer;

/// Said of a 401.
pub const UNAUTHORIZED: &str = "the server doesn't accept the credentials (Unauthorized)";

/// Why the server says no, for people: what right is missing, that nobody knows who asks, or its own words.
pub fn reason(answer: &Answer) -> String {
    match answer::classify(answer.reply(), Request { group: "", version: "", kind: "" }) {
        Meaning::Forbidden(right) => forbidden(&right),
        Meaning::Unauthorized => UNAUTHORIZED.to_owned(),
        _ if answer.body["message"].is_string() => format!("{} ({})", answer.message(), answer.status),
        _ => answer.message(),
    }
}

/// A right that is missing: `forbidden: alice may not patch deployments.apps in namespace shop`.
pub fn forbidden(right: &Forbidden) -> String {
    let Forbidden { user, verb, resource, group, namespace, .. } = right;
    let group = if group.is_empty() { String::new() } else { format!(".{group}") };
    let place = match namespace {
        Some(namespace) => format!("in namespace `{namespace}`"),
        None => "in the whole cluster".to_owned(),
    };
    format!("forbidden: {user} may not {verb} {resource}{group} {place}")
}
