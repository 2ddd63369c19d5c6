//! Lists as documents: `kind: List`, and the lists of one kind that the API gives (`RoleList`).

use crate::yaml::{Node, Value};

use super::document::kind;

/// Whether a document is a list of objects.
///
/// kubectl takes whatever has `items` for one. Someone's own kind may have them too (`AllowList`), but such an
/// object has a name, and a list never has.
pub(super) fn is_list(node: &Node) -> bool {
    let kind = match kind(node) {
        None | Some("") => return false,
        Some("List") => return true,
        Some(kind) => kind,
    };
    let has_name = |metadata: &Node| metadata.get("name").is_some() || metadata.get("generateName").is_some();
    let has_items = match node.get("items").map(|items| &items.value) {
        Some(Value::Sequence(_)) => true,
        Some(Value::Null) => kind.ends_with("List"),
        _ => false,
    };
    has_items && !node.get("metadata").is_some_and(has_name)
}

/// Hands on the objects that a document holds: itself, or the items of a list, which may be lists too. An item
/// that doesn't say what it is, is what its list says. A `List` whose items are no list is handed on as it is.
///
/// # Errors
/// The first error of `each`.
pub(super) fn unpack<E>(node: Node, mut each: impl FnMut(Node) -> Result<(), E>) -> Result<(), E> {
    let mut pending = vec![node];
    while let Some(mut node) = pending.pop() {
        let items = match node.get("items").map(|items| &items.value) {
            None | Some(Value::Null | Value::Sequence(_)) if is_list(&node) => {
                node.as_mapping_mut().and_then(|list| list.remove("items"))
            }
            _ => {
                each(node)?;
                continue;
            }
        };
        if let Some(Value::Sequence(items)) = items.map(|items| items.value) {
            pending.extend(items.into_iter().rev().map(|item| of_its_list(item, &node)));
        }
    }
    Ok(())
}

/// An item with the apiVersion and kind that its list says.
fn of_its_list(mut item: Node, list: &Node) -> Node {
    let item_kind = kind(list).map(|kind| kind.strip_suffix("List").unwrap_or(kind)).unwrap_or_default();
    if let Some(fields) = item.as_mapping_mut().filter(|_| !item_kind.is_empty()) {
        if !fields.contains_key("kind") {
            fields.insert_first("kind", item_kind);
        }
        let api_version = list.get("apiVersion").and_then(Node::as_str);
        if let Some(api_version) = api_version.filter(|_| !fields.contains_key("apiVersion")) {
            fields.insert_first("apiVersion", api_version);
        }
    }
    item
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::{self, Dialect, KeyOrder, Section};

    fn unpacked(text: &str) -> Vec<String> {
        let node = yaml::read(&Section::whole(text), Dialect::Kubectl).unwrap().unwrap();
        let mut found = Vec::new();
        let each = |node: Node| {
            let mut json = String::new();
            yaml::write_json(&node, KeyOrder::Kept, 0, &mut json).unwrap();
            found.push(json);
            Ok::<(), ()>(())
        };
        unpack(node, each).unwrap();
        found
    }

    #[test]
    fn items_are_what_their_list_says() {
        let role = r#"{"apiVersion":"rbac/v1","kind":"Role","metadata":{"name":"a"}}"#;
        let text = "apiVersion: rbac/v1\nkind: RoleList\nmetadata: {resourceVersion: '1'}\nitems: [{metadata: {name: a}}]";
        assert_eq!(unpacked(text), [role]);
        let other = "apiVersion: x/v1\nkind: RoleList\nitems: [{apiVersion: rbac/v1, kind: Role, metadata: {name: a}}]";
        assert_eq!(unpacked(other), [role]);
        let pods = "apiVersion: v1\nkind: Pods\nitems: [{metadata: {name: a}}]";
        assert_eq!(unpacked(pods), [r#"{"apiVersion":"v1","kind":"Pods","metadata":{"name":"a"}}"#]);
    }

    #[test]
    fn lists_hold_lists_and_keep_their_order() {
        let text = "kind: List\nitems:\n- {kind: A}\n- {kind: List, items: [{kind: B}, {kind: CList, items: [{}]}]}\n- {kind: D}\n";
        assert_eq!(
            unpacked(text),
            [r#"{"kind":"A"}"#, r#"{"kind":"B"}"#, r#"{"kind":"C"}"#, r#"{"kind":"D"}"#]
        );
    }

    #[test]
    fn what_has_a_name_is_no_list() {
        for metadata in ["name: a", "generateName: a-"] {
            let text = format!("kind: AllowList\nmetadata: {{{metadata}}}\nitems: [{{a: 1}}]");
            assert_eq!(unpacked(&text).len(), 1);
            assert!(unpacked(&text)[0].contains("AllowList"));
        }
        assert_eq!(unpacked("kind: HostList\nspec: {}"), [r#"{"kind":"HostList","spec":{}}"#]);
        assert_eq!(unpacked("items: [{kind: A}]").len(), 1, "without a kind it is nothing");
    }

    #[test]
    fn empty_lists_hold_nothing() {
        for text in ["kind: List", "kind: List\nitems: []", "kind: List\nitems:", "kind: RoleList\nitems:"] {
            assert_eq!(unpacked(text), Vec::<String>::new(), "{text}");
        }
        assert_eq!(unpacked("kind: List\nitems: {}").len(), 1);
    }
}
