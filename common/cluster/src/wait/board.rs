//! Who is awaited and how it stands with each: the state of a wait.
//!
//! Takes news of sources with the time since the wait began, gives what changed, when to look again though
//! nothing happens, and which sources are needed besides. Separate from the driver because it neither asks nor
//! sleeps: each rule of waiting can be tried on it.

mod claims;
mod refusals;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::discovery::{Found, Kinds};
use crate::identity::is_built_in;
use crate::place::Target;
use crate::readiness::pods::Stuck;
use crate::readiness::{self, Facts, Readiness};
use crate::reflector::{News, Reflector};

use super::WaitOptions;
use super::entry::{Entry, has_pods, is_claim, is_pod, tells_by_events};
use super::evidence::Question;
use super::relatives::{Place, Relatives, Role, claims_of, uid_of};
use super::served;

/// The state of a wait.
pub(super) struct Board<'a> {
    kinds: &'a Kinds,
    targets: &'a [Target],
    options: WaitOptions<'a>,
    entries: Vec<Entry>,
    sources: Vec<Heard>,
    /// The number of each source, by its collection's path.
    numbers: BTreeMap<String, usize>,
    /// The sources from this number on haven't been handed out.
    unopened: usize,
    relatives: Relatives,
    places: BTreeMap<String, Place>,
    /// Entries whose state changed and wasn't told.
    changed: BTreeSet<usize>,
    /// Whether some source may not be watched.
    is_polling: bool,
}

/// A source, and what was heard of it.
struct Heard {
    source: Reflector,
    role: Option<Role>,
    /// The entries that it tells of, by name.
    awaited: BTreeMap<String, Vec<usize>>,
    is_listed: bool,
    /// Whether nothing more will be heard of it.
    is_denied: bool,
    /// Why it can't be asked, as long as it can't.
    disturbance: Option<String>,
}

impl Heard {
    /// Whether all that it can tell of a failure has been told. Warnings are asked for once more at the end.
    fn is_known(&self) -> bool {
        self.is_listed || self.is_denied || self.role == Some(Role::Warning)
    }
}

impl<'a> Board<'a> {
    /// Nothing is known yet of any target.
    pub(super) fn new(kinds: &'a Kinds, targets: &'a [Target], options: WaitOptions<'a>) -> Self {
        let mut board = Self {
            kinds,
            targets,
            options,
            entries: targets.iter().map(|_| Entry::new(options.limits)).collect(),
            sources: Vec::new(),
            numbers: BTreeMap::new(),
            unopened: 0,
            relatives: Relatives::default(),
            places: BTreeMap::new(),
            changed: BTreeSet::new(),
            is_polling: false,
        };
        for (at, target) in targets.iter().enumerate() {
            let name = &target.object.identity.name;
            let source = Reflector {
                resource: target.resource.clone(),
                namespace: target.namespace().map(str::to_owned),
                names: Some(BTreeSet::new()),
                fields: None,
            };
            let number = board.source(source);
            let heard = &mut board.sources[number];
            heard.awaited.entry(name.clone()).or_default().push(at);
            if let Some(names) = &mut heard.source.names {
                names.insert(name.clone());
            }
        }
        board
    }

    /// The number of a source, which is added if it is new.
    fn source(&mut self, mut source: Reflector) -> usize {
        let path = source.resource.collection(source.namespace.as_deref());
        *self.numbers.entry(path).or_insert_with(|| {
            let role = Role::of(&source.resource.group, &source.resource.kind);
            if role.is_some() {
                // One watch serves both: who is awaited, and what hangs on others.
                source.names = None;
            }
            let awaited = BTreeMap::new();
            self.sources.push(Heard {
                source,
                role,
                awaited,
                is_listed: false,
                is_denied: false,
                disturbance: None,
            });
            self.sources.len() - 1
        })
    }

    /// The sources that are needed and weren't handed out before, with their numbers.
    pub(super) fn new_sources(&mut self) -> Vec<(usize, Reflector)> {
        let first = std::mem::replace(&mut self.unopened, self.sources.len());
        let new = self.sources.iter().enumerate().skip(first);
        new.map(|(number, heard)| (number, heard.source.clone())).collect()
    }

    /// Takes news of a source. Gives the words for a disturbance that wasn't known.
    pub(super) fn take(&mut self, number: usize, news: News, now: Duration) -> Option<String> {
        match news {
            News::Present(object) => self.present(number, object, now),
            News::Gone(name) => self.gone(number, name, now),
            News::Listed => {
                self.sources[number].is_listed = true;
                // That no pod uses a claim is known only when all pods are, and all classes.
                self.look_at_claims(self.sources[number].source.namespace.clone().as_deref(), now);
            }
            News::Disturbed { words, .. } => return self.disturbed(number, words, now),
            News::Unwatched(message) => return self.unwatched(message),
            News::Denied(answer) => return self.denied(number, answer.message(), now),
        }
        self.sources[number].disturbance = None;
        None
    }

    fn present(&mut self, number: usize, mut object: Value, now: Duration) {
        let Some(name) = object["metadata"]["name"].as_str().map(str::to_owned) else { return };
        // Most of an object is this, and only pods that nobody controls need it.
        if let Some(metadata) =
            object["metadata"].as_object_mut().filter(|_| !self.is_lone_pod(number, &name))
        {
            metadata.remove("managedFields");
        }
        let mut owners = Vec::new();
        if let Some(role) = self.sources[number].role {
            owners = self.relatives.put(role, (number, name.clone()), &object);
        }
        let namespace = self.sources[number].source.namespace.clone();
        let claims: Vec<String> = match self.sources[number].role {
            Some(Role::Pod) => claims_of(&object).map(str::to_owned).collect(),
            _ => Vec::new(),
        };
        if let Some(awaited) = self.sources[number].awaited.get(&name).cloned() {
            self.places.insert(uid_of(&object).to_owned(), (number, name));
            let object = Arc::new(object);
            for at in awaited {
                let entry = &mut self.entries[at];
                if !entry.is_settled() {
                    entry.object = Some(Arc::clone(&object));
                    entry.seen_at.get_or_insert(now);
                    self.look(at, now);
                }
            }
        }
        self.look_at_owners(&owners, now);
        for claim in claims {
            self.look_at_claim(namespace.as_deref(), &claim, now);
        }
    }

    /// Whether the object of a source is a pod that is awaited for itself.
    fn is_lone_pod(&self, number: usize, name: &str) -> bool {
        let heard = &self.sources[number];
        heard.role == Some(Role::Pod) && heard.awaited.contains_key(name)
    }

    fn gone(&mut self, number: usize, name: String, now: Duration) {
        let place = (number, name);
        let heard = &self.sources[number];
        let awaited = heard.awaited.get(&place.1).cloned().unwrap_or_default();
        let owners = heard.role.map_or_else(Vec::new, |role| self.relatives.remove(role, &place));
        for at in awaited {
            let entry = &self.entries[at];
            if !entry.is_settled() {
                let last_seen = entry.object.as_deref().unwrap_or(&self.targets[at].object.value);
                let readiness = readiness::judge_gone(last_seen);
                self.stands(at, readiness, now);
            }
        }
        self.look_at_owners(&owners, now);
    }

    /// Looks again at those whose time has come.
    pub(super) fn tick(&mut self, now: Duration) {
        let due: Vec<usize> =
            (0..self.entries.len()).filter(|at| self.due(*at).is_some_and(|due| due <= now)).collect();
        for at in due {
            self.look(at, now);
        }
    }

    /// When to look again though nothing happens.
    pub(super) fn next_look(&self) -> Option<Duration> {
        (0..self.entries.len()).filter_map(|at| self.due(at)).min()
    }

    fn due(&self, at: usize) -> Option<Duration> {
        let identity = &self.targets[at].object.identity;
        let mut rules = self.options.rules.iter();
        let has_own_rule = rules.any(|rule| rule.is_about(&identity.group, &identity.kind));
        // What binds a claim can't always be told.
        self.entries[at].due(is_built_in(&identity.group) && !is_claim(identity) && !has_own_rule)
    }

    fn look_at_owners(&mut self, uids: &[String], now: Duration) {
        for uid in uids {
            let Some((number, name)) = self.places.get(uid) else { continue };
            let awaited = self.sources[*number].awaited.get(name).cloned().unwrap_or_default();
            for at in awaited {
                self.look(at, now);
            }
        }
    }

    /// Judges an object anew.
    fn look(&mut self, at: usize, now: Duration) {
        let entry = &mut self.entries[at];
        if entry.is_settled() {
            return;
        }
        let Some(object) = entry.object.clone() else { return };
        entry.looked_at = now;
        let watched = now.saturating_sub(entry.seen_at.unwrap_or(now));
        let facts = Facts {
            consumer: self.consumer(at, &object),
            await_load_balancer: self.options.await_load_balancer,
            watched,
            is_served: self.entries[at].is_served || served::is_served(&object, self.kinds),
            rules: self.options.rules,
        };
        let mut readiness = readiness::judge(&object, &facts);
        if !matches!(readiness, Readiness::Ready { .. }) {
            self.need_relatives(at, matches!(readiness, Readiness::Waiting { .. }));
        }
        let identity = &self.targets[at].object.identity;
        readiness = match readiness {
            Readiness::Waiting { reason } if is_pod(identity) => {
                let warning = self.relatives.warning(&object, &[&object]);
                self.entries[at].as_pod(&object, reason, warning, now)
            }
            Readiness::Waiting { reason } if has_pods(identity) => {
                let pods = self.relatives.newest_pods(&object);
                let warning = self.relatives.warning(&object, &pods);
                self.entries[at].with_pods(&pods, reason, warning, now)
            }
            Readiness::Waiting { reason } if tells_by_events(identity) => {
                let warning = self.relatives.warning(&object, &[]);
                self.entries[at].suffering(reason, None, warning)
            }
            other => other,
        };
        self.stands(at, readiness, now);
    }

    /// Notes how it stands with an object.
    fn stands(&mut self, at: usize, readiness: Readiness, now: Duration) {
        let entry = &mut self.entries[at];
        if entry.readiness == readiness {
            return;
        }
        entry.readiness = readiness;
        entry.since = now;
        self.changed.insert(at);
        let is_ready = matches!(entry.readiness, Readiness::Ready { .. });
        if is_ready {
            entry.object = None;
        }
        let identity = &self.targets[at].object.identity;
        if is_ready && has_pods(identity) {
            // The pods that a ready workload has are all that it will have: claims may be without one.
            self.look_at_claims(identity.namespace.clone().as_deref(), now);
        }
    }

    /// Asks for what an object's state hangs on, and for warnings as long as it `is_waiting`.
    fn need_relatives(&mut self, at: usize, is_waiting: bool) {
        let identity = &self.targets[at].object.identity;
        let namespace = identity.namespace.clone();
        let mut needed: Vec<(&str, &str)> = Vec::new();
        if is_claim(identity) {
            needed.extend([("v1", "Pod"), ("storage.k8s.io/v1", "StorageClass")]);
        } else if has_pods(identity) && !is_pod(identity) {
            needed.push(("v1", "Pod"));
            match identity.kind.as_str() {
                "Deployment" => needed.push(("apps/v1", "ReplicaSet")),
                "DaemonSet" => needed.push(("apps/v1", "ControllerRevision")),
                _ => {}
            }
        }
        if is_waiting && tells_by_events(identity) {
            needed.push(("v1", "Event"));
        }
        for (api_version, kind) in needed {
            let Found::Served(resource) = self.kinds.find(api_version, kind) else { continue };
            let namespace = namespace.clone().filter(|_| resource.is_namespaced);
            let fields = (kind == "Event").then_some("type=Warning");
            self.source(Reflector { resource: resource.clone(), namespace, names: None, fields });
        }
    }

    /// Whether the server has accepted a definition, and it isn't known whether it serves it.
    pub(super) fn awaits_discovery(&self) -> bool {
        self.entries.iter().any(|entry| readiness::is_unserved(&entry.readiness))
    }

    /// Looks again at what is to be served: `kinds` is what the server serves by now, `None` if it won't say.
    pub(super) fn discovered(&mut self, kinds: Option<&Kinds>, now: Duration) {
        for at in 0..self.entries.len() {
            if !readiness::is_unserved(&self.entries[at].readiness) {
                continue;
            }
            let object = self.entries[at].object.as_deref();
            let is_served = |object| kinds.is_none_or(|kinds| served::is_served(object, kinds));
            if object.is_some_and(is_served) {
                self.entries[at].is_served = true;
                self.look(at, now);
            }
        }
    }

    /// The entries whose state changed since the last call.
    pub(super) fn changes(&mut self) -> BTreeSet<usize> {
        std::mem::take(&mut self.changed)
    }

    /// How it stands with a target, and since when.
    pub(super) fn state(&self, at: usize) -> (&Readiness, Duration) {
        (&self.entries[at].readiness, self.entries[at].since)
    }

    /// The targets that are still waited for.
    pub(super) fn waiting(&self) -> impl Iterator<Item = usize> {
        (0..self.entries.len()).filter(|at| !self.entries[*at].is_settled())
    }

    /// Whether nothing more is to be learned: all are ready, or why they aren't is known.
    pub(super) fn is_done(&self) -> bool {
        self.waiting().next().is_none() && (!self.has_failed() || self.sources.iter().all(Heard::is_known))
    }

    /// Whether some target has failed.
    pub(super) fn has_failed(&self) -> bool {
        self.entries.iter().any(|entry| matches!(entry.readiness, Readiness::Failed { .. }))
    }

    /// Whether each target has been looked at, or was found gone.
    pub(super) fn is_seen(&self) -> bool {
        self.entries.iter().all(|entry| entry.is_settled() || entry.seen_at.is_some())
    }

    /// What to ask the server about a target that isn't ready; `None` if it was never seen.
    pub(super) fn question(&self, at: usize) -> Option<Question<'_>> {
        let entry = &self.entries[at];
        let object = entry.object.as_deref()?;
        let pods = if !entry.stuck_pods.is_empty() {
            entry.stuck_pods.iter().collect()
        } else if is_pod(&self.targets[at].object.identity) {
            vec![object]
        } else if has_pods(&self.targets[at].object.identity) {
            self.relatives.newest_pods(object)
        } else {
            Vec::new()
        };
        Some(Question { object, stuck: &entry.stuck, pods })
    }

    /// The pods for which waiting is in vain, each with what its events say.
    pub(super) fn stuck(&self, at: usize, events: &[Value]) -> Vec<Stuck> {
        self.entries[at].stuck_with(events)
    }
}

#[cfg(test)]
mod tests;
