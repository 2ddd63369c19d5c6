//! Reading is tried again, and what meets all objects alike is tried once for all.

use std::time::{Duration, Instant};

use codex_tests::{Answer, Calls, ScriptedServer};

use super::super::{done_with, fails, map};
use super::{apply, scene};

#[test]
fn a_read_that_fails_once_is_asked_again() {
    for answer in [
        Answer::too_many_requests(0),
        Answer::overloaded(0),
        Answer::internal_error("etcd is away"),
        Answer::text(500, ""),
        Answer::bad_gateway(),
        Answer::unavailable(),
        Answer::CloseBefore,
        Answer::CloseAfter,
    ] {
        for calls in [
            Calls::all().path("/api"),
            Calls::all().path("/apis"),
            Calls::get("namespaces"),
            Calls::list("configmaps"),
        ] {
            let server = ScriptedServer::start();
            server.on(calls.clone(), ..=1, answer.clone());
            let scene = scene(&server).stdin(map("settings", "1"));
            done_with(apply(&scene, &[]), &["configmap/settings created"]);
            assert!(server.count(&calls) >= 2, "{calls:?} {answer:?}");
        }
    }
}

#[test]
fn a_dry_run_that_fails_once_is_asked_again() {
    let server = ScriptedServer::start();
    server.on(Calls::patch("configmaps").dry_run(true), ..=1, Answer::unavailable());
    let scene = scene(&server).stdin(map("settings", "1"));
    done_with(apply(&scene, &["--dry-run=server"]), &["configmap/settings created (server dry run)"]);
    assert_eq!(server.count(&Calls::patch("configmaps").dry_run(true)), 2);
}

#[test]
fn an_object_that_was_made_though_its_answer_was_lost_is_created() {
    let server = ScriptedServer::start();
    server.on(Calls::patch("configmaps"), ..=1, Answer::CloseAfter);
    done_with(apply(&scene(&server).stdin(map("settings", "1")), &[]), &["configmap/settings created"]);
}

#[test]
fn a_reason_that_all_objects_share_is_met_once_and_said_once() {
    let objects: String = (0..200).map(|number| map(&format!("map-{number:03}"), "1")).collect();
    for (answer, words) in [
        (Answer::CloseBefore, "cannot reach the cluster"),
        (Answer::unavailable(), "the server is not available, again and again"),
        (Answer::unauthorized(), "the server doesn't accept the credentials (Unauthorized)"),
    ] {
        let server = ScriptedServer::start();
        server.on(Calls::patch("configmaps"), .., answer);
        let begun = Instant::now();
        let run = apply(&scene(&server).stdin(objects.clone()), &["--apply-backoff", "1s"]);
        let outcome = fails(run, 1, &[words, "0 applied, ", " not tried"]);
        // Of those that were under way together, one message counts the others.
        let failed = outcome.stderr.split("0 applied, ").nth(1).unwrap().split(' ').next().unwrap();
        let failed: usize = failed.parse().unwrap();
        assert!((1..=16).contains(&failed), "{}", outcome.report("all were tried"));
        let more = format!("cannot apply configmap/map-000 and {} more", failed - 1);
        assert!(failed == 1 || outcome.stderr.contains(&more), "{}", outcome.report("not counted"));
        // 1 + 2 + 4 seconds of tries, and not thirteen times that.
        assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
        assert_eq!(outcome.stderr.matches(words).count(), 1, "{}", outcome.report("said again"));
        assert!(server.count(&Calls::patch("configmaps")) <= 64 + 16, "{}", outcome.report("all were tried"));
    }
}

#[test]
fn an_error_of_one_object_stops_no_other_of_its_wave() {
    let server = ScriptedServer::start();
    server.on(Calls::patch("configmaps").name("bad"), .., Answer::forbidden());
    let text = map("bad", "1") + &map("good", "1");
    let outcome = fails(apply(&scene(&server).stdin(text), &[]), 1, &["1 applied, 1 failed"]);
    assert!(outcome.stdout.contains("configmap/good created"), "{}", outcome.report("good was stopped"));
}
