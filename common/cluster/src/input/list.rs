//! Lists as documents: `kind: List`, and the typed lists that the API gives (`ConfigMapList`).

use serde_json::Value;

use crate::path::Path;

/// The objects that a document holds, each with its place in the document; nothing for an empty document.
///
/// Lists may hold lists. Recursion is bounded by the depth that the caller has checked.
pub(super) fn unroll(document: Value) -> Vec<(Value, Path)> {
    let mut found = Vec::new();
    if !document.is_null() {
        unroll_into(document, Path::default(), &mut found);
    }
    found
}

fn unroll_into(value: Value, place: Path, found: &mut Vec<(Value, Path)>) {
    let Some(item_type) = item_type(&value) else {
        found.push((value, place));
        return;
    };
    let Value::Object(mut list) = value else {
        return;
    };
    let Some(Value::Array(items)) = list.remove("items") else {
        return;
    };
    for (at, mut item) in items.into_iter().enumerate() {
        if let (Some((api_version, kind)), Some(item)) = (&item_type, item.as_object_mut()) {
            item.entry("apiVersion").or_insert_with(|| api_version.clone());
            item.entry("kind").or_insert_with(|| Value::from(kind.as_str()));
        }
        unroll_into(item, place.with("items").with(at), found);
    }
}

/// `None` for what is no list; else the apiVersion and kind of its items, where the list's type says them.
///
/// kubectl takes whatever has `items` for a list. A kind of someone's own may have them too (`AllowList`); such
/// an object has a name, a list never has.
fn item_type(value: &Value) -> Option<Option<(Value, String)>> {
    let kind = value.get("kind")?.as_str()?;
    let kind = kind.strip_suffix("List").unwrap_or(kind);
    let items = value.get("items");
    if kind.is_empty() {
        return items.is_none_or(|items| items.is_array() || items.is_null()).then_some(None);
    }
    let named = value
        .get("metadata")
        .is_some_and(|metadata| metadata.get("name").is_some() || metadata.get("generateName").is_some());
    if named || !items.is_some_and(Value::is_array) {
        return None;
    }
    Some(value.get("apiVersion").map(|version| (version.clone(), kind.to_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn places(document: Value) -> Vec<(Value, String)> {
        unroll(document).into_iter().map(|(value, path)| (value["kind"].clone(), path.to_string())).collect()
    }

    #[test]
    fn lists_in_lists_are_unrolled_in_order() {
        let pod = json!({"apiVersion": "v1", "kind": "Pod"});
        let inner = json!({"apiVersion": "v1", "kind": "List", "items": [pod, pod]});
        let outer = json!({"apiVersion": "v1", "kind": "List", "items": [pod, inner, pod]});
        assert_eq!(
            places(outer),
            [
                (json!("Pod"), "items[0]".to_owned()),
                (json!("Pod"), "items[1].items[0]".to_owned()),
                (json!("Pod"), "items[1].items[1]".to_owned()),
                (json!("Pod"), "items[2]".to_owned()),
            ]
        );
    }

    #[test]
    fn a_typed_list_says_what_its_items_are() {
        let list = json!({
            "apiVersion": "apps/v1", "kind": "DeploymentList", "metadata": {"resourceVersion": "1"},
            "items": [{"metadata": {"name": "web"}}]
        });
        let item = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}});
        assert_eq!(unroll(list)[0].0, item);
    }

    #[test]
    fn a_kind_that_ends_in_list_may_be_no_list() {
        let allow = json!({"kind": "AllowList", "metadata": {"name": "a"}, "items": []});
        assert_eq!(places(allow), [(json!("AllowList"), String::new())]);
        let hosts = json!({"kind": "HostList", "spec": {}});
        assert_eq!(places(hosts), [(json!("HostList"), String::new())]);
    }

    #[test]
    fn an_empty_list_and_an_empty_document_hold_nothing() {
        assert_eq!(unroll(Value::Null), []);
        assert_eq!(unroll(json!({"kind": "List"})), []);
        assert_eq!(unroll(json!({"kind": "List", "items": null})), []);
        assert_eq!(unroll(json!({"kind": "PodList", "items": []})), []);
    }
}
