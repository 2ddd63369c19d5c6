//! A hermetic scene for the suite's binaries.
//!
//! Takes the files, the environment and the command line of one story, runs the real
//! binary in a folder of its own, and compares standard output, standard error and the
//! exit code together. A crate of its own, so that every story reads as a user would
//! tell it and none can forget to look at one of the three.
//!
//! Strict by default: what a story doesn't mention must be empty, and the exit code zero.
//!
//! ```no_run
//! use codex_tests::Scene;
//!
//! Scene::new()
//!     .file("services.yaml", "project: shop\n")
//!     .run("kubectl-codex-render", &["--env", "dev"])
//!     .stdout("# kubectl-codex: {\"project\":\"shop\",\"env\":\"dev\",\"slot\":0,\"namespace\":\"shop-dev\"}\n")
//!     .check();
//! ```
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "tests make files and start programs, and fail by panicking"
)]

mod binary;
mod certificate;
mod cluster_scene;
mod connect_proxy;
mod control_plane;
mod folder;
mod golden;
mod http;
mod listener;
mod outcome;
mod proxy;
mod registry;
mod relay;
mod scanner;
mod scene;
mod scripted;
mod socks_proxy;
mod terminal;
pub mod transcript;
mod upstream;
mod wire;

pub use binary::{binary, repository};
pub use cluster_scene::ClusterScene;
pub use connect_proxy::ConnectProxy;
pub use control_plane::ControlPlane;
pub use folder::{TemporaryFolder, copy_folder};
pub use golden::{GoldenCase, golden_cases};
pub use outcome::{Expectation, Outcome};
pub use proxy::{Fault, FaultProxy, ProxiedCall, Step};
pub use registry::Registry;
pub use scanner::Scanner;
pub use scene::Scene;
pub use scripted::{
    Answer, Body, Call, Calls, ScriptedKubeconfig, ScriptedServer, Verb, plugin_runs, stolen_input,
};
pub use socks_proxy::SocksProxy;
pub use terminal::Terminal;
