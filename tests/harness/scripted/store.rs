//! The objects that the scripted server keeps, and the history that watches follow.
//!
//! Takes whole objects; gives them uid, generation and resourceVersion as the API server does,
//! and remembers each change. Separate from the verbs, which decide what to store.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::resources::{self, Resource};

/// When everything was made: nothing here depends on a clock.
const CREATED: &str = "2026-01-01T00:00:00Z";

/// What identifies an object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) group: String,
    /// The resource in plural.
    pub(crate) resource: String,
    /// Empty for what has no namespace.
    pub(crate) namespace: String,
    pub(crate) name: String,
}

/// One change, or a bookmark if there is neither an old nor a new object.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    /// The resourceVersion that came of it.
    pub(crate) version: u64,
    /// What changed; a bookmark's says nothing.
    pub(crate) key: Option<Key>,
    pub(crate) old: Option<Value>,
    pub(crate) new: Option<Value>,
}

/// All objects, and all that happened to them.
pub(crate) struct Store {
    objects: BTreeMap<Key, Value>,
    events: Vec<Event>,
    version: u64,
    /// What came before this resourceVersion is forgotten.
    compacted: u64,
    built_in: Vec<Resource>,
}

impl Store {
    /// A store with the namespaces that every cluster has.
    pub(crate) fn new() -> Self {
        let mut store = Self {
            objects: BTreeMap::new(),
            events: Vec::new(),
            version: 100,
            compacted: 0,
            built_in: resources::built_in(),
        };
        for name in ["default", "kube-system"] {
            store.put(json!({
                "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name },
            }));
        }
        store
    }

    /// The newest resourceVersion.
    pub(crate) fn version(&self) -> u64 {
        self.version
    }

    /// All kinds, also those of CustomResourceDefinitions.
    pub(crate) fn resources(&self) -> Vec<Resource> {
        let custom = self.objects.iter().filter(|(key, _)| key.resource == "customresourcedefinitions");
        let custom = custom.flat_map(|(_, definition)| resources::of_definition(definition));
        self.built_in.iter().cloned().chain(custom).collect()
    }

    /// The object's key.
    ///
    /// # Panics
    ///
    /// When its kind is unknown: a test's own mistake.
    pub(crate) fn key_of(&self, object: &Value) -> Key {
        let all = self.resources();
        let fits =
            |found: &&Resource| object["apiVersion"] == *found.api_version() && object["kind"] == *found.kind;
        let found = all.iter().find(fits);
        let found = found.unwrap_or_else(|| panic!("no such kind: {object}"));
        let text = |name: &str| object["metadata"][name].as_str().unwrap_or_default().to_owned();
        Key {
            group: found.group.clone(),
            resource: found.plural.clone(),
            namespace: if found.namespaced { text("namespace") } else { String::new() },
            name: text("name"),
        }
    }

    /// The object with that key.
    pub(crate) fn get(&self, key: &Key) -> Option<&Value> {
        self.objects.get(key)
    }

    /// All objects of a resource, of all namespaces if none is named, in the order of keys.
    pub(crate) fn list<'a>(
        &'a self,
        group: &'a str,
        resource: &'a str,
        namespace: &'a str,
    ) -> impl Iterator<Item = (&'a Key, &'a Value)> {
        self.objects.iter().filter(move |(key, _)| {
            key.group == group
                && key.resource == resource
                && (namespace.is_empty() || key.namespace == namespace)
        })
    }

    /// Stores an object as it is, as a controller would, whatever was there.
    pub(crate) fn put(&mut self, object: Value) -> Value {
        let key = self.key_of(&object);
        self.write(&key, object)
    }

    /// Stores the next state of an object; nothing happens if it is the present one.
    pub(crate) fn write(&mut self, key: &Key, object: Value) -> Value {
        let old = self.objects.get(key).cloned();
        let mut new = self.completed(key, object);
        if old.as_ref() == Some(&new) {
            return new;
        }
        self.version += 1;
        new["metadata"]["resourceVersion"] = self.version.to_string().into();
        let finalizers = new["metadata"]["finalizers"].as_array();
        let going = new["metadata"]["deletionTimestamp"].is_string();
        if going && finalizers.is_none_or(Vec::is_empty) && key.resource != "namespaces" {
            self.objects.remove(key);
            self.events.push(event(self.version, key, old, None, &new));
            return new;
        }
        self.objects.insert(key.clone(), new.clone());
        self.events.push(Event {
            version: self.version,
            key: Some(key.clone()),
            old,
            new: Some(new.clone()),
        });
        new
    }

    /// What an object would be stored as, but for its next resourceVersion.
    pub(crate) fn completed(&self, key: &Key, mut object: Value) -> Value {
        let old = self.objects.get(key);
        let changed = old.is_none_or(|old| old["spec"] != object["spec"]);
        let generation = old.and_then(|old| old["metadata"]["generation"].as_u64());
        let has_spec = object["spec"].is_object();
        let Some(metadata) = object["metadata"].as_object_mut() else {
            return object;
        };
        metadata.insert("name".into(), key.name.as_str().into());
        if !key.namespace.is_empty() {
            metadata.insert("namespace".into(), key.namespace.as_str().into());
        }
        let kept = ["uid", "creationTimestamp", "resourceVersion", "deletionTimestamp"];
        if let Some(old) = old {
            for name in kept {
                match &old["metadata"][name] {
                    // A test's own put may set it.
                    Value::Null if name == "deletionTimestamp" => None,
                    Value::Null => metadata.remove(name),
                    value => metadata.insert(name.into(), value.clone()),
                };
            }
        } else {
            let uid = format!("00000000-0000-4000-8000-{:012x}", self.version);
            metadata.insert("uid".into(), uid.into());
            metadata.insert("creationTimestamp".into(), CREATED.into());
            metadata.remove("resourceVersion");
        }
        if has_spec {
            let next = generation.map_or(1, |number| number + u64::from(changed));
            metadata.insert("generation".into(), next.into());
        }
        match key.resource.as_str() {
            "namespaces" if old.is_none() && object["status"].is_null() => {
                object["status"] = json!({ "phase": "Active" });
            }
            "customresourcedefinitions" if object["status"].is_null() => {
                object["status"] = established(&object);
            }
            _ => {}
        }
        object
    }

    /// Removes an object, and with a Namespace all that is in it. One with finalizers stays,
    /// marked as going, until they are gone. Gives the object as it is then.
    pub(crate) fn delete(&mut self, key: &Key) -> Option<Value> {
        let mut object = self.objects.get(key)?.clone();
        if object["metadata"]["finalizers"].as_array().is_some_and(|list| !list.is_empty()) {
            object["metadata"]["deletionTimestamp"] = CREATED.into();
            return Some(self.write(key, object));
        }
        if key.resource == "namespaces" && key.group.is_empty() {
            let inside = self.objects.keys().filter(|other| other.namespace == key.name);
            for other in inside.cloned().collect::<Vec<_>>() {
                self.delete(&other);
            }
        }
        self.objects.remove(key);
        self.version += 1;
        let last = object.clone();
        self.events.push(event(self.version, key, Some(object), None, &last));
        Some(last)
    }

    /// The changes after that resourceVersion; nothing if some of them are forgotten.
    pub(crate) fn since(&self, version: u64) -> Option<&[Event]> {
        let first = self.events.partition_point(|event| event.version <= version);
        (version >= self.compacted).then(|| &self.events[first..])
    }

    /// Tells all watches that ask for bookmarks how far they are.
    pub(crate) fn bookmark(&mut self) {
        self.version += 1;
        let version = self.version;
        self.events.push(Event { version, key: None, old: None, new: None });
    }

    /// Forgets the history: who goes on from an older resourceVersion gets 410 Gone.
    pub(crate) fn compact(&mut self) {
        self.version += 1;
        self.compacted = self.version;
    }

    /// Whether a list that was begun at that resourceVersion can't be continued any more.
    pub(crate) fn is_forgotten(&self, version: u64) -> bool {
        version < self.compacted
    }
}

/// A removal, whose object carries the resourceVersion that came of it.
fn event(version: u64, key: &Key, old: Option<Value>, new: Option<Value>, last: &Value) -> Event {
    let mut last = last.clone();
    last["metadata"]["resourceVersion"] = version.to_string().into();
    Event { version, key: Some(key.clone()), old: old.map(|_| last), new }
}

/// The status that the API server gives a definition once its names are taken.
fn established(definition: &Value) -> Value {
    let condition = |name: &str| json!({ "type": name, "status": "True", "lastTransitionTime": CREATED });
    json!({
        "acceptedNames": definition["spec"]["names"],
        "conditions": [condition("NamesAccepted"), condition("Established")],
    })
}
