//! Install manifests in the shapes of ten public projects, applied by kubectl and by ours.
//!
//! The manifests are in `public/`; each copy of one has a name of its own in place of `trial`. What comes of them
//! must be the same whoever applied them, and applying them again, or over what kubectl made, must change nothing.

mod live;
mod project;

use std::thread;

use codex_tests::Outcome;

use project::{PROJECTS, Project};

/// Of a hundred unchanged objects, how many may cost a dry run.
const MOST_ASKED: usize = 3;

fn tell(project: &Project) {
    let ours = project.copy();
    lines_end(&ours.apply(&[]), &["created"]);
    let first = ours.objects();
    lines_end(&ours.apply(&[]), &["unchanged"]);
    live::assert_untouched(&first, &ours.objects(), "ours a second time");
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
        lines_end(&theirs.apply(&[]), &["unchanged"]);
        live::assert_untouched(&after, &theirs.objects(), "ours over kubectl's a second time");
    }
}

fn lines_end(outcome: &Outcome, ends: &[&str]) {
    for line in outcome.stdout.lines() {
        let ending = line.rsplit(' ').next().unwrap();
        assert!(ends.contains(&ending), "{}", outcome.report(&format!("`{line}` isn't {ends:?}")));
    }
}

#[test]
fn certificates_with_a_conversion_webhook() {
    tell(&PROJECTS[0]);
}

#[test]
fn an_operator_with_large_definitions() {
    tell(&PROJECTS[1]);
}

#[test]
fn an_ingress_controller() {
    tell(&PROJECTS[2]);
}

#[test]
fn a_tool_that_applies_what_is_in_git() {
    tell(&PROJECTS[3]);
}

#[test]
fn metrics_with_an_aggregated_api() {
    tell(&PROJECTS[4]);
}

#[test]
fn a_database_and_its_operator() {
    tell(&PROJECTS[5]);
}

#[test]
fn a_network_on_every_node() {
    tell(&PROJECTS[6]);
}

#[test]
fn a_storage_driver_in_a_list() {
    tell(&PROJECTS[7]);
}

#[test]
fn a_policy_engine() {
    tell(&PROJECTS[8]);
}

#[test]
fn a_web_application() {
    tell(&PROJECTS[9]);
}

#[test]
fn few_unchanged_objects_are_asked_about() {
    let asked = |project: &'static Project| {
        let ours = project.copy();
        ours.apply(&[]);
        ours.asked_about()
    };
    let counts: Vec<(usize, Vec<String>)> = thread::scope(|scope| {
        let threads: Vec<_> = PROJECTS.iter().map(|project| scope.spawn(move || asked(project))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let all: usize = counts.iter().map(|(all, _)| all).sum();
    let asked: Vec<&String> = counts.iter().flat_map(|(_, asked)| asked).collect();
    println!("{} of {all} unchanged objects cost a dry run: {asked:#?}", asked.len());
    assert!(asked.len() * 100 <= all * MOST_ASKED, "{} of {all}: {asked:#?}", asked.len());
}
