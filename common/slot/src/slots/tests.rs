//! The verbs against a server in memory: what they ask, and how they come through faults. Time is the test's own.

mod faults;
mod server;

use std::sync::Mutex;
use std::time::Duration;

use codex_cluster::access::Access;
use codex_cluster::api::Api;
use codex_cluster::interrupt::{Interrupt, Trigger};
use codex_cluster::listener::Listener;
use serde_json::Value;
use tokio::time::timeout;

use super::*;
use crate::allocation::{Selector, is_selected};
use crate::record::Links;
use crate::store::Written;
use server::Server;

/// A listener that remembers.
#[derive(Default)]
struct Heard(Mutex<Vec<String>>);

impl Listener for Heard {
    fn info(&self, line: &str) {
        self.0.lock().unwrap().push(line.to_owned());
    }
    fn warn(&self, _: &str) {}
    fn debug(&self, _: &str) {}
    fn relay(&self, _: &str) {}
}

/// All that a call needs.
struct Scene {
    server: Server,
    api: Api,
    location: StateLocation,
    heard: Heard,
    trigger: Trigger,
    interrupt: Interrupt,
}

const OPTIONS: EnsureOptions<'static> = EnsureOptions { max: 0, wait: Duration::ZERO, owner: "manual" };

impl Scene {
    fn new() -> Self {
        let server = Server::new();
        let api = Api::new(Access::fixed(server.client()), None);
        let location = StateLocation { namespace: "codex-system".into(), prefix: "codex-env-".into() };
        let (trigger, interrupt) = Interrupt::new();
        Self { server, api, location, heard: Heard::default(), trigger, interrupt }
    }

    fn slots(&self) -> Slots<'_> {
        self.slots_of("shop")
    }

    /// The same where nothing is tried again.
    fn without_retries(mut self) -> Self {
        self.api = self.api.once();
        self
    }

    fn slots_of<'a>(&'a self, project: &'a str) -> Slots<'a> {
        let namespace_of: crate::view::NamespaceOf<'_> = match project {
            "shop" => &|slot| Ok(format!("shop-dev-{slot}")),
            _ => &|slot| Ok(format!("other-dev-{slot}")),
        };
        Slots {
            api: &self.api,
            location: &self.location,
            scope: Scope { project, env: "ai", namespace_of },
            clock: Clock::at(1_800_000_000),
            interrupt: &self.interrupt,
            listener: &self.heard,
        }
    }

    async fn ensure(&self, selector: Selector) -> Result<Ensured, SlotError> {
        self.slots().ensure(selector, OPTIONS).await
    }

    fn key(&self, slot: u32, key: &str) -> Value {
        self.server.data(slot).unwrap()[key].clone()
    }
}

fn issue(issue: u64) -> Selector {
    Selector { links: Links { issue, pr: 0 }, slot: None }
}

fn of_seven(record: &Record) -> bool {
    is_selected(record, issue(7))
}

fn at(slot: u32, issue: u64) -> Selector {
    Selector { links: Links { issue, pr: 0 }, slot: Some(slot) }
}

#[tokio::test(start_paused = true)]
async fn a_new_slot_is_five_requests_and_a_reuse_one() {
    let scene = Scene::new();
    let first = scene.ensure(issue(7)).await.unwrap();
    assert!(first.created && first.record.fresh);
    assert_eq!((first.record.slot, first.record.namespace.as_str()), (1, "shop-dev-1"));
    let asked =
        ["GET configmaps", "GET shop-dev-1", "WATCH configmaps", "POST configmaps", "PATCH codex-env-1"];
    assert_eq!(scene.server.asked(), asked);
    assert_eq!(scene.key(1, "claim"), Value::Null);
    let again = scene.ensure(issue(7)).await.unwrap();
    assert_eq!((again.record.clone(), again.created), (first.record, false));
    assert_eq!(scene.server.asked(), ["GET configmaps"]);
    let mut later = scene.slots();
    later.clock = Clock::at(1_800_000_060);
    let noted = later.ensure(issue(7), OPTIONS).await.unwrap();
    assert_eq!(noted.record.last_used.unwrap().to_string(), "2027-01-15T08:01:00Z");
    assert_eq!(scene.server.asked(), ["GET configmaps", "PATCH codex-env-1"]);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_answers_writes_with_nonsense_is_given_up() {
    let scene = Scene::new();
    scene.server.answer_writes_with_nonsense();
    let began = tokio::time::Instant::now();
    let error = scene.ensure(issue(7)).await.unwrap_err().to_string();
    assert!(error.contains("create configmaps/codex-env-1 in namespace codex-system"), "{error}");
    assert!(error.contains("the response is not the record that was asked for"), "{error}");
    let asked = scene.server.asked();
    let writes = asked.iter().filter(|line| line.starts_with("POST")).count();
    assert_eq!(writes, 7, "{asked:?}");
    assert!(began.elapsed() >= Duration::from_secs(6), "without pauses: {:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn who_may_not_watch_lists_once_more() {
    let scene = Scene::new();
    scene.server.forbid("watch configmaps");
    let first = scene.ensure(issue(7)).await.unwrap();
    assert!(first.created && first.record.claim.is_none());
    let asked = scene.server.asked();
    assert_eq!(asked[2..], ["WATCH configmaps", "POST configmaps", "GET configmaps", "PATCH codex-env-1"]);
}

#[tokio::test(start_paused = true)]
async fn changes_since_a_list_make_it_what_a_later_list_would_be() {
    let scene = Scene::new();
    scene.server.put(2, &[("issue", "9")]);
    scene.server.put(4, &[("issue", "1")]);
    let mut store = scene.slots().store();
    let before = store.list().await.unwrap();
    scene.server.remove(4);
    scene.server.put(2, &[("issue", "8")]);
    scene.server.put(1, &[("issue", "5")]);
    let record = scene.slots().new_record(3, None, "shop-dev-3", "manual");
    let Written::Done(written) = store.create(&record).await.unwrap() else { panic!("nobody else made it") };
    let after = store.list().await.unwrap();
    scene.server.put(7, &[("issue", "9")]);
    let changes = store.changes_since(&before).await.unwrap();
    assert_eq!(changes.up_to(&written).await.unwrap(), after);
    // A watch that ends without the record's own event tells nothing.
    let changes = store.changes_since(&before).await.unwrap();
    let never = Record { uid: "of nobody".into(), ..*written };
    assert_eq!(changes.up_to(&never).await, None);
}

#[tokio::test(start_paused = true)]
async fn a_slot_wanted_for_its_number_alone_needs_no_claim() {
    let scene = Scene::new();
    let made = scene.ensure(at(5, 0)).await.unwrap();
    assert_eq!((made.record.slot, made.created), (5, true));
    assert_eq!(scene.server.asked(), ["GET configmaps", "GET shop-dev-5", "POST configmaps"]);
    let linked = scene.ensure(at(5, 7)).await.unwrap();
    assert_eq!((linked.record.links.issue, linked.created), (7, false));
}

#[tokio::test(start_paused = true)]
async fn codexctls_record_is_reused_and_becomes_the_projects() {
    let scene = Scene::new();
    scene.server.put(3, &[("issue", "7"), ("theirs", "kept")]);
    let found = scene.ensure(issue(7)).await.unwrap();
    assert_eq!((found.record.slot, found.created, found.record.fresh), (3, false, false));
    assert_eq!((scene.key(3, "project"), scene.key(3, "theirs")), ("shop".into(), "kept".into()));
    assert_eq!(scene.key(3, "createdAt"), "2026-01-02T15:04:05Z");
}

#[tokio::test(start_paused = true)]
async fn a_namespace_that_the_pattern_no_longer_gives_is_repaired() {
    let scene = Scene::new();
    scene.server.put(3, &[("issue", "7"), ("project", "shop"), ("namespace", "shop-old-3")]);
    let found = scene.ensure(issue(7)).await.unwrap();
    assert_eq!(found.record.namespace, "shop-dev-3");
    assert_eq!(
        *scene.heard.0.lock().unwrap(),
        ["the project's pattern gives slot 3 the namespace shop-dev-3 now; it was shop-old-3"]
    );
}

#[tokio::test(start_paused = true)]
async fn projects_never_touch_each_others_slots() {
    let scene = Scene::new();
    let ours = scene.ensure(issue(7)).await.unwrap();
    let theirs = scene.slots_of("other").ensure(issue(7), OPTIONS).await.unwrap();
    assert_eq!((ours.record.slot, theirs.record.slot), (1, 2));
    let refused = scene.slots_of("other").begin_cleanup(1, &|_| true).await.unwrap_err();
    assert_eq!(refused.to_string(), "slot 1 is taken by project `shop`, environment `ai`");
    assert_eq!(scene.slots_of("other").list().await.unwrap().records, [theirs.record]);
}

#[tokio::test(start_paused = true)]
async fn the_state_namespace_is_made_when_it_is_missing() {
    let scene = Scene::new();
    scene.server.forget_namespace("codex-system");
    scene.ensure(issue(7)).await.unwrap();
    let asked = scene.server.asked();
    assert_eq!(asked[3..6], ["POST configmaps", "POST namespaces", "POST configmaps"]);
}

#[tokio::test(start_paused = true)]
async fn a_namespace_on_its_way_out_is_passed_over() {
    let scene = Scene::new();
    for slot in [1, 2, 4] {
        scene.server.namespace(&format!("shop-dev-{slot}"), "Terminating");
    }
    assert_eq!(scene.ensure(issue(7)).await.unwrap().record.slot, 3);
    let asked = scene.server.asked();
    assert_eq!(asked[..4], ["GET configmaps", "GET shop-dev-1", "GET namespaces", "GET shop-dev-3"]);
    let waiting = scene.ensure(at(4, 8)).await.unwrap_err();
    assert_eq!(waiting.to_string(), "the namespace of slot 4 is being deleted");
}

#[tokio::test(start_paused = true)]
async fn a_pattern_without_a_slot_does_not_search_for_ever() {
    let scene = Scene::new();
    scene.server.namespace("shop", "Terminating");
    let mut slots = scene.slots();
    slots.scope.namespace_of = &|_| Ok("shop".to_owned());
    let error = slots.ensure(issue(7), OPTIONS).await.unwrap_err();
    assert_eq!(error.to_string(), "the namespace of slot 2 is being deleted");
}

#[tokio::test(start_paused = true)]
async fn a_missing_right_is_named_at_once() {
    for (right, message) in [
        ("list configmaps", "cannot list configmaps in namespace codex-system: "),
        ("get namespaces", "cannot get namespaces/shop-dev-1: "),
        ("create configmaps", "cannot create configmaps/codex-env-1 in namespace codex-system: "),
        ("patch configmaps", "cannot patch configmaps/codex-env-1 in namespace codex-system: "),
    ] {
        let scene = Scene::new();
        scene.server.forbid(right);
        let error = scene.ensure(issue(7)).await.unwrap_err().to_string();
        assert!(error.starts_with(message), "{error}");
        assert!(scene.server.asked().len() <= 5);
    }
}

#[tokio::test(start_paused = true)]
async fn a_full_house_is_an_error_at_once_or_waited_for() {
    let scene = Scene::new();
    scene.server.put(1, &[("issue", "5")]);
    let options = EnsureOptions { max: 1, ..OPTIONS };
    let error = scene.slots().ensure(issue(7), options).await.unwrap_err();
    assert_eq!(error.to_string(), "no free slot: all of 1 to 1 are taken");
    assert_eq!(scene.server.asked().len(), 1);
    let slots = scene.slots();
    let patient = EnsureOptions { wait: Duration::from_secs(3600), ..options };
    let freed = async {
        tokio::time::sleep(Duration::from_secs(600)).await;
        scene.server.remove(1);
    };
    let (got, ()) = tokio::join!(slots.ensure(issue(7), patient), freed);
    assert_eq!(got.unwrap().record.slot, 1);
    assert_eq!(*scene.heard.0.lock().unwrap(), ["no free slot: all of 1 to 1 are taken; waiting"]);
    let began = tokio::time::Instant::now();
    let late = slots.ensure(issue(8), patient).await.unwrap_err();
    assert!(matches!(late, SlotError::Unavailable { .. }));
    assert!(began.elapsed() >= Duration::from_secs(3600) && began.elapsed() < Duration::from_secs(3610));
}

#[tokio::test(start_paused = true)]
async fn a_claim_that_a_dead_call_left_does_not_hide_a_slot() {
    let scene = Scene::new();
    let claim = [("claim", "{\"issue\":5,\"pr\":0}"), ("fresh", "true"), ("project", "shop")];
    scene.server.put(1, &claim);
    let options = EnsureOptions { max: 1, ..OPTIONS };
    let began = tokio::time::Instant::now();
    let got = scene.slots().ensure(issue(7), options).await.unwrap();
    assert_eq!((got.record.slot, got.created), (1, true));
    assert!(began.elapsed() >= Duration::from_secs(2));
    // Another project's claim is none of ours.
    let scene = Scene::new();
    scene.server.put(1, &[claim[0], claim[1], ("project", "other")]);
    assert!(scene.slots().ensure(issue(7), options).await.is_err());
    assert_eq!(scene.server.slots(), ["codex-env-1"]);
}

#[tokio::test(start_paused = true)]
async fn many_calls_at_once_get_one_slot_per_issue() {
    let scene = Scene::new();
    let calls = (0..40).map(|call| scene.ensure(issue(1 + call / 2)));
    let got = futures::future::join_all(calls).await;
    let slots: Vec<u32> = got.into_iter().map(|got| got.unwrap().record.slot).collect();
    assert!(slots.chunks(2).all(|twins| twins[0] == twins[1]), "{slots:?}");
    let mut numbers = slots;
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), 20);
    assert_eq!(scene.server.slots().len(), 20);
}

#[tokio::test(start_paused = true)]
async fn set_relinks_and_refuses() {
    let scene = Scene::new();
    scene.ensure(issue(7)).await.unwrap();
    scene.ensure(issue(8)).await.unwrap();
    let links = |issue, pr| Links { issue, pr };
    assert_eq!(scene.slots().set(1, links(0, 12)).await.unwrap().links, links(7, 12));
    assert_eq!(scene.slots().set(1, links(9, 0)).await.unwrap().links, links(9, 12));
    let refused = scene.slots().set(2, links(9, 0)).await.unwrap_err();
    assert_eq!(refused.to_string(), "issue 9 has slot 1, not 2");
    assert_eq!(scene.slots().set(3, links(9, 0)).await.unwrap_err().to_string(), "there is no slot 3");
    assert_eq!(scene.key(2, "claim"), Value::Null);
}

#[tokio::test(start_paused = true)]
async fn a_cleanup_ends_with_the_record_or_with_its_mark() {
    let scene = Scene::new();
    let slots = scene.slots();
    scene.ensure(issue(7)).await.unwrap();
    let begun = slots.begin_cleanup(1, &of_seven).await.unwrap().unwrap();
    assert_eq!(scene.key(1, "cleaning"), "true");
    // Meanwhile the slot matches nothing.
    assert_eq!(scene.ensure(issue(7)).await.unwrap().record.slot, 2);
    slots.finish_cleanup(&begun, true).await.unwrap();
    assert_eq!((scene.key(1, "cleaning"), scene.key(1, "issue")), (Value::Null, "0".into()));
    assert_eq!(scene.key(1, "claim"), Value::Null);
    let begun = slots.begin_cleanup(2, &of_seven).await.unwrap().unwrap();
    slots.finish_cleanup(&begun, true).await.unwrap();
    assert_eq!((scene.key(2, "cleaning"), scene.key(2, "issue")), (Value::Null, "7".into()));
    let begun = slots.begin_cleanup(2, &of_seven).await.unwrap().unwrap();
    slots.finish_cleanup(&begun, false).await.unwrap();
    slots.finish_cleanup(&begun, false).await.unwrap();
    assert_eq!(scene.server.slots(), ["codex-env-1"]);
    assert_eq!(slots.begin_cleanup(2, &of_seven).await.unwrap(), None);
}

#[tokio::test(start_paused = true)]
async fn an_update_is_put_on_what_others_changed() {
    let scene = Scene::new();
    let given = scene.ensure(issue(7)).await.unwrap().record;
    scene.slots().set(1, Links { issue: 0, pr: 12 }).await.unwrap();
    let updated = scene.slots().update(&given, |record| record.fresh = false).await.unwrap();
    assert_eq!((updated.fresh, updated.links.pr), (false, 12));
    scene.server.remove(1);
    scene.ensure(issue(8)).await.unwrap();
    let gone = scene.slots().update(&given, |record| record.applied = None).await.unwrap();
    assert_eq!(gone, given);
    let change = |record: &mut Record| record.applied = Some("1f".to_owned());
    let gone = scene.slots().update(&given, change).await.unwrap_err();
    assert_eq!(gone.to_string(), "slot 1 is gone");
}

#[tokio::test(start_paused = true)]
async fn ctrl_c_ends_a_wait() {
    let scene = Scene::new();
    scene.server.put(1, &[]);
    let options = EnsureOptions { max: 1, wait: Duration::MAX, ..OPTIONS };
    let interrupted = async {
        tokio::time::sleep(Duration::from_secs(100)).await;
        scene.trigger.raise();
    };
    let slots = scene.slots();
    let (got, ()) = tokio::join!(slots.ensure(issue(7), options), interrupted);
    assert!(matches!(got, Err(SlotError::Interrupted)));
}
