//! Install manifests in the shapes of ten public projects, applied by kubectl and by ours.
//!
//! The manifests are in `public/`; each copy of one has a name of its own in place of `trial`. What comes of them
//! must be the same whoever applied them, and applying them again, or over what kubectl made, must change nothing.

mod live;
mod project;

use std::sync::Mutex;
use std::thread;

use project::{PROJECTS, Project};

/// Tells one project's story. Gives the number of its objects, and those that cost a dry run though they were
/// unchanged.
fn tell(project: &Project) -> (usize, Vec<String>) {
    let ours = project.copy();
    let outcome = ours.apply(&[]);
    for line in outcome.stdout.lines() {
        assert!(line.ends_with(" created"), "{}", outcome.report(line));
    }
    let first = ours.objects();
    let count = ours.apply_again();
    live::assert_untouched(&first, &ours.objects(), "ours | again");
    ours.assert_no_difference_for_kubectl();

    let ways: &[&[&str]] = if project.is_large { &[&["--server-side"]] } else { &[&[], &["--server-side"]] };
    for flags in ways {
        let theirs = match flags.is_empty() {
            true => project.copy(),
            false => project.copy_for_server_side(),
        };
        theirs.kubectl_apply(flags);
        let before = theirs.objects();
        live::assert_alike(&before, &first, &format!("kubectl apply {flags:?} | ours"));
        theirs.apply(&[]);
        let after = theirs.objects();
        live::assert_alike(&before, &after, &format!("kubectl apply {flags:?} | ours over it"));
        theirs.apply_again();
    }
    count
}

/// Side by side, but no more than the machine and the patience of what waits can bear.
const AT_ONCE: usize = 2;

#[test]
fn the_same_comes_of_them_and_stays() {
    let (next, counts) = (Mutex::new(PROJECTS.iter()), Mutex::new(Vec::new()));
    let work = || {
        loop {
            let Some(project) = next.lock().unwrap().next() else { return };
            println!("{}", project.name);
            let count = tell(project);
            counts.lock().unwrap().push(count);
        }
    };
    thread::scope(|scope| (0..AT_ONCE).for_each(|_| drop(scope.spawn(work))));
    let counts = counts.into_inner().unwrap();
    let all: usize = counts.iter().map(|(all, _)| all).sum();
    let asked: Vec<&String> = counts.iter().flat_map(|(_, asked)| asked).collect();
    println!("{} of {all} unchanged objects cost a dry run: {asked:#?}", asked.len());
    // No more than 3 of 100.
    assert!(
        asked.len() * 100 <= all * 3,
        "{} of {all} unchanged objects cost a dry run: {asked:#?}",
        asked.len()
    );
}
