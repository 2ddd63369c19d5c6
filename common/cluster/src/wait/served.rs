//! Whether the server serves what a definition or an APIService defines.
//!
//! A definition is established before discovery shows it, and whoever asks what there is (kubectl, controllers,
//! our next apply) finds it only then. One look at discovery tells of all definitions, so it isn't a source of
//! the board's but asked for again while any is missing.

use std::time::Duration;

use serde_json::Value;
use tokio::time::sleep;

use crate::api::Api;
use crate::discovery::{DiscoveryError, Found, Kinds};
use crate::identity::kind;

/// How long is waited before the first look; doubled each time.
pub(super) const SHORTEST_PAUSE: Duration = Duration::from_millis(100);

/// The longest that is waited before another look.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Statuses of an answer that stays the same.
const NOT_ALLOWED: [u16; 2] = [401, 403];

/// What a look at discovery came to.
pub(super) enum Lookup {
    /// This is served.
    Served(Kinds),
    /// One mustn't know.
    NotAllowed,
    /// Nothing can be said.
    Unanswered,
}

/// The pause after this one.
pub(super) fn next_pause(pause: Duration) -> Duration {
    (pause * 2).min(LONGEST_PAUSE)
}

/// Asks after a pause.
pub(super) async fn look_up(api: Api, pause: Duration) -> Lookup {
    sleep(pause).await;
    match Kinds::of_server(&api).await {
        Ok(kinds) => Lookup::Served(kinds),
        Err(DiscoveryError::Refused(answer)) if NOT_ALLOWED.contains(&answer.status) => Lookup::NotAllowed,
        Err(_) => Lookup::Unanswered,
    }
}

/// Whether all that an object defines is among the kinds; true for one that defines nothing.
pub(super) fn is_served(object: &Value, kinds: &Kinds) -> bool {
    let spec = &object["spec"];
    let group = spec["group"].as_str().unwrap_or("");
    match kind(object) {
        "CustomResourceDefinition" => {
            let defined = spec["names"]["kind"].as_str().unwrap_or("");
            let versions = spec["versions"].as_array().into_iter().flatten();
            versions.filter(|version| version["served"] == true).all(|version| {
                let version = version["name"].as_str().unwrap_or("");
                matches!(kinds.find(&format!("{group}/{version}"), defined), Found::Served(_))
            })
        }
        "APIService" if group.is_empty() => true,
        "APIService" => kinds.serves(&format!("{group}/{}", spec["version"].as_str().unwrap_or(""))),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::discovery::Resource;

    fn kinds(served: &[(&str, &str)]) -> Kinds {
        let mut kinds = Kinds::default();
        for (version, kind) in served {
            kinds.insert(Resource {
                group: "queue.example".into(),
                version: (*version).into(),
                kind: (*kind).into(),
                plural: String::new(),
                is_namespaced: true,
                is_deletable: true,
                aliases: Vec::new(),
            });
        }
        kinds
    }

    #[test]
    fn a_definition_is_served_in_all_versions_that_it_serves() {
        let definition = json!({"kind": "CustomResourceDefinition", "spec": {
            "group": "queue.example", "names": {"kind": "Topic"}, "versions": [
                {"name": "v1", "served": true}, {"name": "v2", "served": true}, {"name": "v0", "served": false}
            ]
        }});
        assert!(!is_served(&definition, &kinds(&[("v1", "Topic"), ("v2", "Other")])));
        assert!(is_served(&definition, &kinds(&[("v1", "Topic"), ("v2", "Topic")])));
    }

    #[test]
    fn an_api_service_is_served_with_its_version() {
        let service = json!({"kind": "APIService", "spec": {"group": "queue.example", "version": "v1"}});
        assert!(!is_served(&service, &kinds(&[("v2", "Topic")])));
        assert!(is_served(&service, &kinds(&[("v1", "Topic")])));
        assert!(is_served(&json!({"kind": "APIService", "spec": {"version": "v1"}}), &kinds(&[])));
        assert!(is_served(&json!({"kind": "Secret"}), &kinds(&[])));
    }

    #[test]
    fn looks_become_rarer() {
        let mut pause = SHORTEST_PAUSE;
        for _ in 0..9 {
            pause = next_pause(pause);
        }
        assert_eq!(pause, LONGEST_PAUSE);
    }
}
