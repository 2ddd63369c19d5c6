//! Watches, healthy and not.

use super::*;

const WATCH: &str = "/api/v1/configmaps?watch=true";

#[test]
fn changes_come_as_they_happen() {
    let scene = Scene::new();
    scene.server.put(map("old", "1"));
    let mut events = scene.watch(WATCH);
    assert_eq!(next(&mut events).unwrap(), "ADDED old");
    scene.server.put(map("a", "1"));
    assert_eq!(next(&mut events).unwrap(), "ADDED a");
    scene.server.put(map("a", "2"));
    scene.server.put(json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "s", "namespace": "default" },
    }));
    scene.server.remove(&map("a", ""));
    assert_eq!(next(&mut events).unwrap(), "MODIFIED a");
    assert_eq!(next(&mut events).unwrap(), "DELETED a");
}

#[test]
fn a_watch_goes_on_from_a_resource_version() {
    let scene = Scene::new();
    scene.server.put(map("a", "1"));
    let version = scene.get(MAPS).1["metadata"]["resourceVersion"].clone();
    scene.server.put(map("b", "1"));
    let target = format!("{WATCH}&resourceVersion={}", version.as_str().unwrap());
    assert_eq!(next(&mut scene.watch(&target)).unwrap(), "ADDED b");
    scene.server.compact();
    let mut events = scene.watch(&target);
    assert_eq!(next(&mut events).unwrap(), "ERROR 410");
    assert_eq!(next(&mut events), None);
}

#[test]
fn what_leaves_the_selection_is_removed_to_the_watcher() {
    let scene = Scene::new();
    let mut events = scene.watch(&format!("{WATCH}&labelSelector=v%3D1"));
    for value in ["1", "2", "1"] {
        scene.server.put(map("a", value));
    }
    for expected in ["ADDED a", "DELETED a", "ADDED a"] {
        assert_eq!(next(&mut events).unwrap(), expected);
    }
}

#[test]
fn bookmarks_come_to_those_who_ask() {
    let scene = Scene::new();
    let mut asked = scene.watch(&format!("{WATCH}&allowWatchBookmarks=true"));
    let mut other = scene.watch(WATCH);
    scene.server.bookmark();
    scene.server.put(map("a", "1"));
    assert_eq!(next(&mut asked).unwrap(), "BOOKMARK");
    assert_eq!(next(&mut asked).unwrap(), "ADDED a");
    assert_eq!(next(&mut other).unwrap(), "ADDED a");
}

#[test]
fn a_streamed_list_ends_with_a_bookmark() {
    let scene = Scene::new();
    scene.server.put(map("a", "1"));
    let target =
        format!("{WATCH}&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan");
    let mut events = scene.watch(&target);
    assert_eq!(next(&mut events).unwrap(), "ADDED a");
    assert_eq!(next(&mut events).unwrap(), "BOOKMARK");
}

#[test]
fn a_watch_ends_when_its_time_is_over() {
    let scene = Scene::new();
    assert_eq!(next(&mut scene.watch(&format!("{WATCH}&timeoutSeconds=0"))), None);
}

#[test]
fn a_watch_ends_in_order_and_the_connection_goes_on() {
    let scene = Scene::new();
    scene.server.on(Calls::watch("configmaps"), 1..=1, Answer::WatchEnds(1));
    scene.server.put(map("a", "1"));
    scene.server.put(map("b", "1"));
    let mut events = scene.watch(WATCH);
    assert_eq!(next(&mut events).unwrap(), "ADDED a");
    assert_eq!(next(&mut events), None);
    assert_eq!(scene.get(MAPS).0, 200);
}

#[test]
fn a_watch_ends_with_410() {
    let scene = Scene::new();
    scene.server.on(Calls::watch("configmaps"), .., Answer::WatchGone(1));
    let mut events = scene.watch(WATCH);
    scene.server.put(map("a", "1"));
    assert_eq!(next(&mut events).unwrap(), "ADDED a");
    assert_eq!(next(&mut events).unwrap(), "ERROR 410");
    assert_eq!(next(&mut events), None);
}

#[test]
fn a_watch_breaks() {
    let scene = Scene::new();
    scene.server.on(Calls::watch("configmaps"), .., Answer::WatchBreaks(0));
    let mut line = String::new();
    assert!(scene.watch(WATCH).read_line(&mut line).is_err(), "{line}");
}

#[test]
fn a_silent_watch_says_nothing_and_stays_open() {
    let scene = Scene::new();
    scene.server.on(Calls::watch("configmaps"), 1..=1, Answer::WatchSilent(1));
    let mut silent = scene.watch(WATCH);
    let mut healthy = scene.watch(WATCH);
    scene.server.put(map("a", "1"));
    scene.server.put(map("b", "1"));
    assert_eq!(next(&mut silent).unwrap(), "ADDED a");
    assert_eq!(next(&mut healthy).unwrap(), "ADDED a");
    assert_eq!(next(&mut healthy).unwrap(), "ADDED b");
    // It is over only with the server, and not in order.
    drop(scene);
    let mut line = String::new();
    assert!(silent.read_line(&mut line).is_err(), "{line}");
}
