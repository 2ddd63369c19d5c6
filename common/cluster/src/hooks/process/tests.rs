//! What process promises, tried.

use super::*;
use std::sync::Mutex;
use std::time::Instant;

use codex_common::stack::files::read_text;
use rustix::process::{Pid, kill_process_group, test_kill_process};
use tokio::sync::oneshot::{self, error::RecvError};

/// Runs a script; gives its end and its lines.
async fn script<S>(text: &str, stop: impl Future<Output = S>) -> (End<S>, Vec<String>) {
    let said = Mutex::new(Vec::new());
    let relay = |line: &str| said.lock().unwrap().push(line.to_owned());
    let mut command = Command::new("bash");
    command.arg("-c").arg(text).stdin(Stdio::null());
    let end = run(command, &relay, stop).await.unwrap();
    (end, said.into_inner().unwrap())
}

/// Runs a script that has to stop as soon as it has said something; gives its end and its lines.
async fn stopped_when_it_speaks(text: &str) -> (End<Result<(), RecvError>>, Vec<String>) {
    let (sender, stop) = oneshot::channel::<()>();
    let said = Mutex::new((Vec::new(), Some(sender)));
    let relay = |line: &str| {
        let mut said = said.lock().unwrap();
        said.0.push(line.to_owned());
        if let Some(sender) = said.1.take() {
            let _ = sender.send(());
        }
    };
    let mut command = Command::new("bash");
    command.arg("-c").arg(text).stdin(Stdio::null());
    let end = run(command, &relay, stop).await.unwrap();
    (end, said.into_inner().unwrap().0)
}

fn never() -> impl Future<Output = ()> {
    std::future::pending()
}

/// Whether a process ends; it may take the kernel a moment.
async fn is_gone(id: &str) -> bool {
    let about = format!("/proc/{}/stat", id.trim());
    for _ in 0..500 {
        match read_text(about.as_ref(), &about, 4096) {
            Ok(text) if !text.contains(") Z ") => tokio::time::sleep(Duration::from_millis(10)).await,
            _ => return true,
        }
    }
    false
}

#[tokio::test]
async fn output_comes_line_by_line_and_codes_come_through() {
    let (end, lines) = script("echo one; echo two >&2; printf 'no end'; exit 7", never()).await;
    assert!(matches!(end, End::Exited { status, leaves_others: false } if status.code() == Some(7)));
    let mut sorted = lines;
    sorted.sort();
    assert_eq!(sorted, ["no end", "one", "two"]);
}

#[tokio::test]
async fn a_line_that_is_too_long_is_left_out_whole() {
    let longest = "printf 'word %.0s' $(seq 1 52428); printf '%s' four";
    let (_, lines) = script(longest, never()).await;
    assert_eq!(lines, ["word ".repeat(52428) + "four"]);
    assert_eq!(lines[0].len(), LONGEST_LINE);

    let left_out = "(a line of more than 256 KiB is left out)";
    let (_, lines) = script(&format!("echo before; {longest}; echo s; echo after"), never()).await;
    assert_eq!(lines, ["before", left_out, "after"]);
    let (_, lines) = script("seq -s ' ' 1 500000 | tr -d '\\n'", never()).await;
    assert_eq!(lines, [left_out]);
}

#[tokio::test]
async fn what_has_to_stop_stops_with_its_children() {
    // The grandchild ignores the polite signal.
    let (end, lines) =
        stopped_when_it_speaks("bash -c 'trap \"\" TERM; echo $$; while :; do sleep 0.1; done' & wait").await;
    assert!(matches!(end, End::Stopped(Ok(()))));
    assert!(is_gone(&lines[0]).await);
}

#[tokio::test]
async fn a_polite_signal_comes_first() {
    let before = Instant::now();
    let (_, lines) =
        stopped_when_it_speaks("trap 'echo cleaned; exit' TERM; echo begun; while :; do sleep 0.05; done")
            .await;
    // bash itself says on the other pipe what became of its `sleep`.
    assert!(lines.iter().any(|line| line == "cleaned"));
    assert!(before.elapsed() < GRACE);
}

#[tokio::test]
async fn dropping_it_kills_it() {
    let said = Mutex::new(Vec::new());
    {
        let relay = |line: &str| said.lock().unwrap().push(line.to_owned());
        let mut command = Command::new("bash");
        command.arg("-c").arg("sleep 600 & echo $!; wait").stdin(Stdio::null());
        let mut running = pin!(run(command, &relay, never()));
        while said.lock().unwrap().is_empty() {
            let _ = timeout(Duration::from_millis(10), running.as_mut()).await;
        }
    }
    let id = said.lock().unwrap()[0].clone();
    assert!(is_gone(&id).await);
}

#[tokio::test]
async fn what_a_script_leaves_behind_goes_on() {
    // It writes after the script's end, to a pipe of which nobody passes on the lines any more; had that killed
    // it, the link would not appear.
    let folder = crate::fixture::Folder::new();
    let link = folder.0.join("alive");
    let text = format!(
        "(until [[ -e {0}/over ]]; do sleep 0.05; done; echo late; ln -s x {0}/alive; sleep 600) & echo $!",
        folder.0.display()
    );
    let (end, lines) = script(&text, never()).await;
    assert!(matches!(end, End::Exited { status, leaves_others: true } if status.success()));
    assert_eq!(lines.len(), 1);
    std::os::unix::fs::symlink(&folder.0, folder.0.join("over")).unwrap();
    for _ in 0..500 {
        if link.is_symlink() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let process = Pid::from_raw(lines[0].parse().unwrap()).unwrap();
    assert!(link.is_symlink() && test_kill_process(process).is_ok());
    kill_process_group(rustix::process::getpgid(Some(process)).unwrap(), Signal::KILL).unwrap();
}
