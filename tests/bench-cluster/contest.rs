//! Who is measured, at what, and one round of it.

use std::fs;
use std::path::{Path, PathBuf};

use crate::cluster::Cluster;
use crate::measure::{Run, measure};
use crate::objects::{self, ALL_EDITED};

/// Who applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Contestant {
    /// `kubectl-codex-apply`.
    Ours,
    /// `kubectl apply`.
    ClientSide,
    /// `kubectl apply --server-side`.
    ServerSide,
    /// Bare PATCHes.
    Raw,
}

impl Contestant {
    pub(crate) const ALL: [Self; 4] = [Self::Ours, Self::ClientSide, Self::ServerSide, Self::Raw];

    /// What the table calls it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ours => "kubectl-codex-apply",
            Self::ClientSide => "kubectl apply",
            Self::ServerSide => "kubectl apply --server-side",
            Self::Raw => "raw PATCHes",
        }
    }
}

/// What is applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// To an empty namespace.
    New,
    /// The same again.
    Unchanged,
    /// The same but for [`ALL_EDITED`] objects.
    Changed,
}

impl Phase {
    pub(crate) const ALL: [Self; 3] = [Self::New, Self::Unchanged, Self::Changed];

    /// What the table calls it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Unchanged => "unchanged",
            Self::Changed => "10 changed",
        }
    }

    /// The word that kubectl and we say of an object, and of how many.
    fn words(self, objects: usize) -> (&'static str, usize) {
        match self {
            Self::New => (" created", objects),
            Self::Unchanged => (" unchanged", objects),
            Self::Changed => (" configured", ALL_EDITED),
        }
    }
}

/// One contestant's run, and the requests that the server got from it.
#[derive(Debug)]
pub(crate) struct Lap {
    pub(crate) contestant: Contestant,
    pub(crate) phase: Phase,
    pub(crate) run: Run,
    pub(crate) requests: u64,
}

/// The files that are applied and the program that is measured.
pub(crate) struct Contest<'a> {
    pub(crate) folder: &'a Path,
    pub(crate) program: &'a Path,
    pub(crate) objects: usize,
}

impl Contest<'_> {
    /// Lets one contestant go through the phases, in a namespace of its own.
    pub(crate) fn round(&self, cluster: &mut Cluster, contestant: Contestant, phases: &[Phase]) -> Vec<Lap> {
        let namespace = cluster.namespace();
        let lap = |phase: &Phase| {
            let file = self.file(contestant, *phase, &namespace);
            let command = self.command(contestant, &file, &namespace);
            cluster.settle();
            let before = cluster.requests();
            let run = measure(self.folder, cluster.kubeconfig(), &command);
            let requests = cluster.requests() - before;
            self.check(contestant, *phase, &run.output);
            Lap { contestant, phase: *phase, run, requests }
        };
        phases.iter().map(lap).collect()
    }

    /// Writes what is applied.
    fn file(&self, contestant: Contestant, phase: Phase, namespace: &str) -> PathBuf {
        let mut text = objects::stream(self.objects, phase == Phase::Changed);
        if contestant == Contestant::Raw {
            text = objects::requests(&text, namespace);
        }
        let path = self.folder.join("manifests.yaml");
        fs::write(&path, text).unwrap();
        path
    }

    fn command(&self, contestant: Contestant, file: &Path, namespace: &str) -> Vec<String> {
        let text = |path: &Path| path.to_str().unwrap().to_owned();
        let file = text(file);
        let apply = |program: &[&str]| {
            let words = program.iter().copied();
            let words = words.chain(["-n", namespace, "-f", &file]);
            words.map(str::to_owned).collect()
        };
        match contestant {
            Contestant::Ours => apply(&[&text(self.program)]),
            Contestant::ClientSide => apply(&["kubectl", "apply"]),
            Contestant::ServerSide => apply(&["kubectl", "apply", "--server-side"]),
            Contestant::Raw => {
                let this = std::env::current_exe().unwrap();
                vec![text(&this), "--raw".to_owned(), file]
            }
        }
    }

    /// Whoever does not what it is meant to do isn't measured.
    fn check(&self, contestant: Contestant, phase: Phase, output: &str) {
        assert_eq!(output.lines().count(), self.objects, "{contestant:?}:\n{output}");
        // The others have one word for whatever they did.
        if matches!(contestant, Contestant::Ours | Contestant::ClientSide) {
            let (word, wanted) = phase.words(self.objects);
            let found = output.lines().filter(|line| line.ends_with(word)).count();
            assert_eq!(found, wanted, "{contestant:?}, {phase:?}:\n{output}");
        }
    }
}
