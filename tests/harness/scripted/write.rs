//! The verbs that write: create, update, patch, delete.
//!
//! Takes a call and the store; gives status and body, and leaves the store changed unless the
//! call is a dry run. Separate from the verbs that read.

use serde_json::{Value, json};

use super::call::{Call, Verb};
use super::fields::{self, Manager};
use super::read;
use super::resources::Resource;
use super::selector::Selector;
use super::status;
use super::store::{Key, Store};

/// Status and body.
pub(crate) type Reply = (u16, Value);

/// Serves a call that writes to a resource.
pub(crate) fn serve(store: &mut Store, resource: &Resource, call: &Call) -> Reply {
    let done = match call.verb {
        Verb::Create => create(store, resource, call),
        Verb::Update | Verb::Patch => change(store, resource, call),
        Verb::Delete => delete(store, call),
        _ => delete_all(store, call),
    };
    done.unwrap_or_else(refused)
}

/// A Status as a reply, with its own code.
pub(crate) fn refused(failure: Value) -> Reply {
    let code = failure["code"].as_u64();
    let code = code.and_then(|code| code.try_into().ok());
    (code.unwrap_or(500), failure)
}

fn create(store: &mut Store, resource: &Resource, call: &Call) -> Result<Reply, Value> {
    let mut object = parsed(call)?;
    let mut call = call.clone();
    call.name = match object["metadata"]["name"].as_str() {
        Some(name) => name.into(),
        None => match object["metadata"]["generateName"].as_str() {
            Some(start) => format!("{start}{:05}", store.version()),
            None => return Err(status::bad_request("name or generateName is required")),
        },
    };
    let key = key(&call);
    if store.get(&key).is_some() {
        return Err(status::already_exists(&call));
    }
    check_body(resource, &call, &object)?;
    check_namespace(store, resource, &call)?;
    fields::note_update(None, &mut object, &manager(&call, "Update"));
    Ok((201, keep(store, &key, object, &call)))
}

fn change(store: &mut Store, resource: &Resource, call: &Call) -> Result<Reply, Value> {
    let key = key(call);
    let old = store.get(&key).cloned();
    let old = match old {
        Some(old) => old,
        None if call.is_apply() && call.subresource.is_empty() => {
            return apply_new(store, resource, call, &key);
        }
        None => return Err(status::not_found(call)),
    };
    let mut new = match call.verb {
        Verb::Update => parsed(call)?,
        _ if call.is_apply() => {
            let manifest = manifest(resource, call)?;
            fields::apply(Some(&old), &manifest, &manager(call, "Apply"))
        }
        _ => patched(call, &old)?,
    };
    check_body(resource, call, &new)?;
    check_preconditions(call, &old, &new["metadata"])?;
    if call.subresource == "status" {
        let status = new["status"].clone();
        new = old;
        new["status"] = status;
    } else {
        match &old["status"] {
            Value::Null => {}
            status => new["status"] = status.clone(),
        }
        if !call.is_apply() {
            // A PUT that leaves managedFields out doesn't clear them.
            if new["metadata"]["managedFields"].is_null() {
                new["metadata"]["managedFields"] = old["metadata"]["managedFields"].clone();
            }
            fields::note_update(Some(&old), &mut new, &manager(call, "Update"));
        }
    }
    Ok((200, keep(store, &key, new, call)))
}

fn apply_new(store: &mut Store, resource: &Resource, call: &Call, key: &Key) -> Result<Reply, Value> {
    let manifest = manifest(resource, call)?;
    if !manifest["metadata"]["resourceVersion"].is_null() || !manifest["metadata"]["uid"].is_null() {
        return Err(status::lost_race(call, "the object does not exist"));
    }
    check_namespace(store, resource, call)?;
    let object = fields::apply(None, &manifest, &manager(call, "Apply"));
    Ok((201, keep(store, key, object, call)))
}

fn delete(store: &mut Store, call: &Call) -> Result<Reply, Value> {
    let key = key(call);
    let old = store.get(&key).ok_or_else(|| status::not_found(call))?.clone();
    check_preconditions(call, &old, &call.json()["preconditions"])?;
    let uid = old["metadata"]["uid"].clone();
    if call.is_dry_run() {
        return Ok((200, status::deleted(call, &uid)));
    }
    let last = store.delete(&key);
    let stays = store.get(&key).is_some();
    let body = last.filter(|_| stays);
    Ok((200, body.unwrap_or_else(|| status::deleted(call, &uid))))
}

fn delete_all(store: &mut Store, call: &Call) -> Result<Reply, Value> {
    let selector = selector(call)?;
    let chosen = store.list(&call.group, &call.resource, &call.namespace);
    let chosen = chosen.filter(|(_, object)| selector.selects(object));
    for key in chosen.map(|(key, _)| key.clone()).collect::<Vec<_>>() {
        if !call.is_dry_run() {
            store.delete(&key);
        }
    }
    Ok((200, status::deleted(call, &Value::Null)))
}

/// Stores it, unless the call is a dry run, and gives it as an answer does.
fn keep(store: &mut Store, key: &Key, object: Value, call: &Call) -> Value {
    let kept = match call.is_dry_run() {
        true => store.completed(key, object),
        false => store.write(key, object),
    };
    read::form(call).of(kept, call)
}

/// The key of the object that a call names.
pub(crate) fn key(call: &Call) -> Key {
    let own = call.resource == "namespaces" && call.group.is_empty();
    Key {
        group: call.group.clone(),
        resource: call.resource.clone(),
        namespace: if own { String::new() } else { call.namespace.clone() },
        name: call.name.clone(),
    }
}

/// Both selectors of a call, or the server's complaint.
pub(crate) fn selector(call: &Call) -> Result<Selector, Value> {
    let text = |name: &str| call.parameter(name).unwrap_or_default();
    Selector::read(text("labelSelector"), text("fieldSelector"))
        .map_err(|message| status::bad_request(&message))
}

fn manager<'a>(call: &'a Call, operation: &'a str) -> Manager<'a> {
    let agent = call.header("user-agent").and_then(|agent| agent.split('/').next());
    Manager {
        name: call.parameter("fieldManager").or(agent).unwrap_or("unknown"),
        operation,
        api_version: call.api_version(),
    }
}

/// The body of an apply, checked as the server does.
fn manifest(resource: &Resource, call: &Call) -> Result<Value, Value> {
    let manifest = parsed(call)?;
    check_body(resource, call, &manifest)?;
    if manifest["metadata"].get("managedFields").is_some() {
        return Err(status::bad_request("metadata.managedFields must be nil"));
    }
    if call.parameter("fieldManager").is_none() {
        let message = "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required for apply patch";
        return Err(status::failure(422, "Invalid", message, Value::Null));
    }
    Ok(manifest)
}

fn patched(call: &Call, old: &Value) -> Result<Value, Value> {
    let media_type = call.header("content-type").unwrap_or_default();
    let patch = parsed(call)?;
    let mut new = old.clone();
    match media_type.split(';').next().unwrap_or_default() {
        "application/merge-patch+json" => json_patch::merge(&mut new, &patch),
        "application/json-patch+json" => {
            let patch: json_patch::Patch =
                serde_json::from_value(patch).map_err(|error| status::bad_request(&error.to_string()))?;
            json_patch::patch(&mut new, &patch)
                .map_err(|error| status::failure(422, "Invalid", &error.to_string(), Value::Null))?;
        }
        other => return Err(status::unsupported_media_type(other)),
    }
    Ok(new)
}

/// The body as JSON, or the server's complaint.
pub(crate) fn parsed(call: &Call) -> Result<Value, Value> {
    let media_type = call.header("content-type").unwrap_or_default();
    if media_type.contains("protobuf") || media_type.contains("cbor") {
        return Err(status::unsupported_media_type(media_type));
    }
    let error = |error: serde_json::Error| {
        status::bad_request(&format!("the scripted API server reads JSON only: {error}"))
    };
    serde_json::from_slice(&call.body).map_err(error)
}

fn check_body(resource: &Resource, call: &Call, object: &Value) -> Result<(), Value> {
    let (version, kind) = (resource.api_version(), &resource.kind);
    if object["apiVersion"] != *version || object["kind"] != **kind {
        let message = format!(
            "the object provided is unrecognized: expected {version}, Kind={kind}, got {}, Kind={}",
            object["apiVersion"], object["kind"]
        );
        return Err(status::bad_request(&message));
    }
    if !object["metadata"].is_object() {
        return Err(status::bad_request("metadata: Required value"));
    }
    let name = &object["metadata"]["name"];
    if !name.is_null() && *name != *call.name {
        let message =
            format!("the name of the object ({name}) does not match the name on the URL ({})", call.name);
        return Err(status::bad_request(&message));
    }
    let namespace = &object["metadata"]["namespace"];
    if resource.namespaced && !namespace.is_null() && *namespace != *call.namespace {
        let message = "the namespace of the provided object does not match the namespace sent on the request";
        return Err(status::bad_request(message));
    }
    Ok(())
}

fn check_namespace(store: &Store, resource: &Resource, call: &Call) -> Result<(), Value> {
    if !resource.namespaced {
        return Ok(());
    }
    let name = &call.namespace;
    let key = Key {
        group: String::new(),
        resource: "namespaces".into(),
        namespace: String::new(),
        name: name.clone(),
    };
    let namespace = store.get(&key).ok_or_else(|| status::no_such_namespace(name))?;
    if namespace["metadata"]["deletionTimestamp"].is_null() {
        return Ok(());
    }
    let message = format!(
        "{} \"{}\" is forbidden: unable to create new content in namespace {name} because it is being terminated",
        call.qualified_resource(),
        call.name
    );
    let mut details = status::details(call);
    details["causes"] = json!([{
        "reason": "NamespaceTerminating",
        "message": format!("namespace {name} is being terminated"),
        "field": "metadata.namespace",
    }]);
    Err(status::failure(403, "Forbidden", &message, details))
}

/// Compares uid and resourceVersion, where `wanted` names them, with the object's own.
fn check_preconditions(call: &Call, old: &Value, wanted: &Value) -> Result<(), Value> {
    let uid = &wanted["uid"];
    if !uid.is_null() && *uid != old["metadata"]["uid"] {
        let what = format!(
            "Precondition failed: UID in precondition: {uid}, UID in object meta: {}",
            old["metadata"]["uid"]
        );
        return Err(status::lost_race(call, &what));
    }
    let version = &wanted["resourceVersion"];
    if !version.is_null() && *version != "" && *version != old["metadata"]["resourceVersion"] {
        return Err(status::lost_race(call, status::MODIFIED));
    }
    Ok(())
}
