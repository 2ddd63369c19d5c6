//! The real control plane that stories run against, one for the whole test run.
//!
//! Gives a kubeconfig and the kubectl that fits. Normally that is `tests/cluster`, started when
//! the first story asks for it and stopped when the test program ends, however it does. With
//! `CODEX_TEST_KUBECONFIG` it is the cluster of that file, and stories that need our own are
//! listed as not run. Separate from [`ClusterScene`](crate::ClusterScene), of which there is
//! one per story.

use std::env;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command, Stdio};
use std::sync::OnceLock;

use crate::binary::repository;

/// Where the control plane is, and how it is reached.
pub struct ControlPlane {
    kubeconfig: PathBuf,
    kubectl: PathBuf,
    registry: PathBuf,
    is_own: bool,
    /// Ends with this process, and the cluster that was started for it ends with it.
    _user: Option<ChildStdin>,
}

impl ControlPlane {
    /// The one of this test run. The first call waits until it is up, and builds it if that has
    /// never been done: that takes about ten minutes.
    ///
    /// # Panics
    ///
    /// When it can't be built or started.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<ControlPlane> = OnceLock::new();
        SHARED.get_or_init(|| {
            if let Some(kubeconfig) = variable("CODEX_TEST_KUBECONFIG") {
                return Self::given(kubeconfig, false);
            }
            match variable("KUBECONFIG").filter(|_| variable("CODEX_TEST_CLUSTER").is_some()) {
                Some(kubeconfig) => Self::given(kubeconfig, true),
                None => Self::started(),
            }
        })
    }

    /// The shared one if it is our own; on another cluster the running story is listed as not
    /// run.
    pub fn own() -> Option<&'static Self> {
        let shared = Self::shared();
        if !shared.is_own {
            let thread = std::thread::current();
            let story = thread.name().unwrap_or("a story");
            // Past the capture of output: a story that isn't run is always said to be so.
            let _ = writeln!(std::io::stderr(), "not run: {story} needs the control plane of tests/cluster");
        }
        shared.is_own.then_some(shared)
    }

    /// The kubeconfig, with all rights.
    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// The real kubectl, of the cluster's own version if the cluster is ours.
    pub fn kubectl(&self) -> &Path {
        &self.kubectl
    }

    /// The program of a real image registry, which is built with the cluster of the tests.
    pub fn registry(&self) -> &Path {
        assert!(self.registry.is_file(), "tests/cluster/build builds the registry");
        &self.registry
    }

    /// Whether it is `tests/cluster`, where pods do as their labels say.
    pub fn is_own(&self) -> bool {
        self.is_own
    }

    fn given(kubeconfig: PathBuf, is_own: bool) -> Self {
        let kubectl = on_path("kubectl").expect("kubectl is on the PATH");
        let registry = on_path("registry").unwrap_or_default();
        Self { kubeconfig, kubectl, registry, is_own, _user: None }
    }

    #[allow(clippy::zombie_processes, reason = "it ends after us: when its standard input does")]
    fn started() -> Self {
        use std::os::unix::process::CommandExt;
        let mut user = Command::new(repository().join("tests/cluster/during"))
            .args(["sh", "-c"])
            .arg("echo \"$KUBECONFIG\"; command -v kubectl; command -v registry || echo; exec cat >/dev/null")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // Ctrl-C is for the tests: the cluster ends when they have.
            .process_group(0)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(user.stdout.take().unwrap()).lines();
        let mut path = || {
            let line = lines.next().expect("tests/cluster/up says why it failed");
            PathBuf::from(line.unwrap())
        };
        Self { kubeconfig: path(), kubectl: path(), registry: path(), is_own: true, _user: user.stdin.take() }
    }
}

fn variable(name: &str) -> Option<PathBuf> {
    env::var_os(name).filter(|value| !value.is_empty()).map(Into::into)
}

fn on_path(program: &str) -> Option<PathBuf> {
    let folders = env::var_os("PATH")?;
    env::split_paths(&folders).map(|folder| folder.join(program)).find(|path| path.is_file())
}
