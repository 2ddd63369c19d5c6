//! What is selected and why the rest isn't: `--list`.

use crate::table::draw;
use crate::yaml::{self, KeyOrder, Mapping, Node, Value};

use super::selection::{Reason, Selection};

/// A line of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// `infra` or `service`.
    pub kind: &'static str,
    /// The item's name.
    pub name: String,
    /// Whether it takes part.
    pub selected: bool,
    /// Why it doesn't.
    pub reason: Option<Reason>,
    /// Its `when` as it stands in the rendered file; empty without one.
    pub when: String,
    /// The paths of its manifests.
    pub manifests: Vec<String>,
}

impl Entry {
    fn reason_word(&self) -> Option<&'static str> {
        self.reason.map(|reason| match reason {
            Reason::Filter => "filter",
            Reason::When => "when",
        })
    }
}

/// The entries of a selection, in its order.
pub fn listing(selection: &Selection<'_>) -> Vec<Entry> {
    let entry = |selected: &super::Selected<'_>| Entry {
        kind: selected.item.block.word(),
        name: selected.item.name.value.clone(),
        selected: selected.left_out.is_none(),
        reason: selected.left_out,
        when: selected.item.when.value.clone(),
        manifests: selected.item.manifests.iter().map(|manifest| manifest.path.trim().to_owned()).collect(),
    };
    selection.items.iter().map(entry).collect()
}

/// The entries as a table for people.
pub fn table(entries: &[Entry]) -> String {
    let heading = ["KIND", "NAME", "SELECTED", "REASON", "WHEN", "MANIFESTS"].map(str::to_owned);
    let mut rows = vec![heading.to_vec()];
    for entry in entries {
        let selected = if entry.selected { "yes" } else { "no" };
        let when = entry.when.split_whitespace().collect::<Vec<_>>().join(" ");
        let cells = [
            entry.kind,
            &entry.name,
            selected,
            entry.reason_word().unwrap_or(""),
            &when,
            &entry.manifests.join(","),
        ];
        rows.push(cells.map(str::to_owned).to_vec());
    }
    draw(&rows)
}

/// The entries as a JSON array, an object each.
pub fn to_json(entries: &[Entry]) -> String {
    let text_or_null = |text: Option<&str>| text.map_or_else(|| Node::new(Value::Null), Node::from);
    let object = |entry: &Entry| {
        let manifests: Vec<Node> = entry.manifests.iter().map(|path| Node::from(path.as_str())).collect();
        Node::from(Mapping::from_iter([
            ("kind", Node::from(entry.kind)),
            ("name", Node::from(entry.name.as_str())),
            ("selected", Node::from(entry.selected)),
            ("reason", text_or_null(entry.reason_word())),
            ("when", text_or_null(Some(entry.when.as_str()).filter(|when| !when.is_empty()))),
            ("manifests", Node::from(manifests)),
        ]))
    };
    let mut lines = Vec::new();
    for entry in entries {
        let mut line = String::new();
        // Texts, lists and truth values: there is nothing in it that JSON can't hold.
        if yaml::write_json(&object(entry), KeyOrder::Kept, 0, &mut line).is_ok() {
            lines.push(line);
        }
    }
    if lines.is_empty() { "[]\n".to_owned() } else { format!("[\n{}\n]\n", lines.join(",\n")) }
}
