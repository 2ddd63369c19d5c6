//! The verbs that read: get and list, and the forms in which objects are given out.
//!
//! Takes a call and the store; gives status and body. Separate from the verbs that write.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::call::{Call, Verb};
use super::resources::Resource;
use super::status;
use super::store::{Key, Store};
use super::write::{Reply, key, refused, selector};

/// How a client wants its objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// Whole.
    Full,
    /// Metadata only.
    Partial,
}

/// The first form that the client accepts and the server can give.
pub(crate) fn form(call: &Call) -> Form {
    for accepted in call.header("accept").unwrap_or_default().split(',') {
        if accepted.contains("as=PartialObjectMetadata") {
            return Form::Partial;
        }
        let other_form = accepted.contains("as=") || accepted.contains("protobuf");
        if !other_form {
            break;
        }
    }
    Form::Full
}

impl Form {
    /// The object in this form, in the version that the call asks for.
    pub(crate) fn of(self, mut object: Value, call: &Call) -> Value {
        match self {
            Self::Full => {
                object["apiVersion"] = call.api_version().into();
                object
            }
            Self::Partial => json!({
                "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1",
                "metadata": object["metadata"],
            }),
        }
    }
}

/// Serves a GET or a LIST of a resource.
pub(crate) fn serve(store: &Store, resource: &Resource, call: &Call) -> Reply {
    match call.verb {
        Verb::Get => match store.get(&key(call)) {
            Some(object) => (200, form(call).of(object.clone(), call)),
            None => (404, status::not_found(call)),
        },
        _ => match list(store, resource, call) {
            Ok(list) => (200, list),
            Err(failure) => refused(failure),
        },
    }
}

fn list(store: &Store, resource: &Resource, call: &Call) -> Result<Value, Value> {
    let selector = selector(call)?;
    let limit = call.parameter("limit").and_then(|text| text.parse().ok());
    let limit = limit.filter(|limit| *limit > 0).unwrap_or(usize::MAX);
    let (version, after) = match call.parameter("continue") {
        None | Some("") => (store.version(), None),
        Some(token) => {
            let message = "continue key is not valid";
            let (version, after) = read_token(token).ok_or_else(|| status::bad_request(message))?;
            (version, Some(after))
        }
    };
    if store.is_forgotten(version) {
        let message = "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter.";
        return Err(status::expired(message));
    }
    let place = |key: &Key| (key.namespace.clone(), key.name.clone());
    let all = store.list(&call.group, &call.resource, &call.namespace);
    let left: Vec<_> = all
        .filter(|(key, _)| after.as_ref().is_none_or(|after| place(key) > *after))
        .filter(|(_, object)| selector.selects(object))
        .collect();
    let page = &left[..limit.min(left.len())];
    let form = form(call);
    let items = page.iter().map(|(_, object)| {
        let mut item = form.of((*object).clone(), call);
        // The server leaves the kind out of the items of its own kinds.
        if let (Form::Full, false, Some(item)) = (form, resource.custom, item.as_object_mut()) {
            item.remove("apiVersion");
            item.remove("kind");
        }
        item
    });
    let items: Vec<Value> = items.collect();
    let mut metadata = json!({ "resourceVersion": version.to_string() });
    if let (Some((last, _)), true) = (page.last(), page.len() < left.len()) {
        let token = json!({ "rv": version, "start": place(last) }).to_string();
        metadata["continue"] = STANDARD.encode(token).into();
        metadata["remainingItemCount"] = (left.len() - page.len()).into();
    }
    let (kind, api_version) = match form {
        Form::Full => (format!("{}List", resource.kind), call.api_version()),
        Form::Partial => ("PartialObjectMetadataList".into(), "meta.k8s.io/v1".into()),
    };
    Ok(json!({ "kind": kind, "apiVersion": api_version, "metadata": metadata, "items": items }))
}

/// The resourceVersion that a list began at, and namespace and name of the last item given.
fn read_token(token: &str) -> Option<(u64, (String, String))> {
    let token = STANDARD.decode(token).ok()?;
    let token: Value = serde_json::from_slice(&token).ok()?;
    let text = |index: usize| token["start"][index].as_str().map(str::to_owned);
    Some((token["rv"].as_u64()?, (text(0)?, text(1)?)))
}
