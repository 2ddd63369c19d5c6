//! A slot's whole life, with each request of it going wrong in each way.

use super::server::Fault;
use super::*;

/// Makes a call; if it fails or hangs, once more.
async fn insisted<T>(call: impl AsyncFn() -> Result<T, SlotError>) -> (T, bool) {
    match timeout(Duration::from_secs(60), call()).await {
        Ok(Ok(done)) => (done, false),
        _ => (call().await.unwrap(), true),
    }
}

/// What is done to a slot, from beginning to end; says whether a call had to be made twice.
async fn story(scene: &Scene) -> bool {
    let slots = scene.slots();
    let (given, first) = insisted(async || scene.ensure(issue(7)).await).await;
    let applied = async || slots.update(&given.record, |record| record.fresh = false).await;
    let (applied, second) = insisted(applied).await;
    let (set, third) = insisted(async || slots.set(applied.slot, Links { issue: 0, pr: 12 }).await).await;
    let cleanup = async || match slots.begin_cleanup(set.slot, &of_seven).await? {
        Some(begun) => slots.finish_cleanup(&begun, true).await,
        None => Ok(()),
    };
    let ((), fourth) = insisted(cleanup).await;
    first || second || third || fourth
}

/// At every request, every fault: the call goes on where it may, and else the next one ends as if nothing had
/// happened.
#[tokio::test(start_paused = true)]
async fn any_request_may_go_wrong() {
    let mut points = 0;
    for is_retried in [false, true] {
        for fault in [
            Fault::Answers(503),
            Fault::Answers(429),
            Fault::CutBefore,
            Fault::CutAfter,
            Fault::HangsBefore,
            Fault::HangsAfter,
        ] {
            for after in 0.. {
                let scene = if is_retried { Scene::new() } else { Scene::new().without_retries() };
                scene.server.fail(after, fault);
                let was_repeated = story(&scene).await;
                if scene.server.is_to_fail() {
                    break;
                }
                points += 1;
                let point = format!("{fault:?} after {after} requests");
                let may_go_on = is_retried && !matches!(fault, Fault::HangsBefore | Fault::HangsAfter);
                assert!(!(may_go_on && was_repeated), "{point}");
                assert_eq!(scene.server.slots(), ["codex-env-1"], "{point}");
                let data = scene.server.data(1).unwrap();
                assert_eq!((&data["issue"], &data["pr"]), (&"7".into(), &"12".into()), "{point}");
                for key in ["claim", "cleaning", "fresh"] {
                    assert_eq!(data[key], Value::Null, "{point}: {key}");
                }
            }
        }
    }
    println!("{points} points");
    assert!(points > 100, "{points}");
}
