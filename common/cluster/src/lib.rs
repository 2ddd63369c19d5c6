//! Talking to a cluster: from documents to objects that are there and ready.
//!
//! ```text
//! documents ──input──▶ [Object] ──place──▶ [Target] ──plan──▶ [Planned] ──apply──▶ [Status] ──wait──▶ ready
//!                                             ▲                  ▲
//!                                        discovery             live
//! ```
//!
//! What is decided is apart from what is sent. Pure, JSON values in and facts out:
//! - [`input`]: from parsed documents to checked objects;
//! - [`identity`], [`path`]: how an object and a place in it are named;
//! - [`waves`]: what is applied before what;
//! - [`ownership`]: field ownership, when an object needs no PATCH, taking over from client-side apply;
//! - [`answer`]: what an answer of the API server means;
//! - [`labels`], [`prune`]: whose an object is, and when it may be deleted;
//! - [`readiness`]: when an object is ready, and when waiting for it is in vain;
//! - [`diff`]: two objects side by side, secrets hidden.
//!
//! Talking to the server:
//! - [`connect`]: from flags, variables and kubeconfigs to a [`connect::Cluster`];
//! - [`access`], [`api`], [`transport`], [`discovery`], [`watch`]: requests and answers as they are;
//! - [`retry`], [`notices`]: when a request is repeated, and what is said of long waits;
//! - [`object_ref`], [`refusal`]: whether what came is what was asked for, and the words for a no;
//! - [`place`], [`live`], [`plan`], [`apply`], [`sweep`], [`wait`]: the stages of an apply;
//! - [`namespace`]: whether a namespace is there, and its going;
//! - [`preflight`]: what can be checked before anything is touched;
//! - [`hooks`]: the project's own steps before and after an apply;
//! - [`interrupt`], [`listener`]: Ctrl-C on the way in, messages on the way out.
//!
//! Objects are plain [`serde_json::Value`]s: typed structs would drop the fields that they don't know.

pub mod access;
pub mod answer;
pub mod api;
pub mod apply;
pub mod connect;
pub mod diff;
pub mod discovery;
pub mod document;
#[cfg(test)]
pub(crate) mod fixture;
pub mod hooks;
pub mod identity;
pub mod input;
pub mod interrupt;
pub mod labels;
pub mod listener;
pub mod live;
pub mod namespace;
pub mod notices;
pub mod object_ref;
pub mod ownership;
pub mod path;
pub mod place;
pub mod plan;
pub mod preflight;
mod process_group;
pub mod prune;
pub mod readiness;
pub(crate) mod reflector;
pub mod refusal;
pub mod retry;
mod server_time;
pub mod sweep;
pub mod transport;
pub mod wait;
pub mod watch;
pub mod waves;

/// The field manager of everything that the suite applies; fixed for ever, since ownership hangs on it.
pub const FIELD_MANAGER: &str = "kubectl-codex";

/// The annotation in which client-side `kubectl apply` keeps what it applied last.
pub const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";
