//! What `kubectl-codex-slot` does, a module for each verb.
//!
//! ```text
//! arguments ──▶ Request ──▶ verb ──▶ Scene (project, state) ──▶ Records, Cluster ──▶ Report
//! ```
//!
//! - `ensure`, `ready`, `list`, `set`, `comment`, `cleanup`, `gc`: the verbs, each with its flags;
//! - `arguments`: the choice between them, and the flags that they share;
//! - `scene`: the project as each slot sees it, where its records are, the cluster;
//! - `records`: the slots' records, with failures in words (`failure`);
//! - `data`, `workplace`, `lock`, `agent`: what belongs to a slot on this machine, and who works with it;
//! - `orphans`: slots that nobody has a record of;
//! - `report`, `age`: how a slot is written down for scripts and for people.
//!
//! Who gets which slot is decided in `codex-slot`, what is applied in `codex-deploy`.

mod age;
mod agent;
mod arguments;
mod cleanup;
mod comment;
mod data;
mod ensure;
mod failure;
mod gc;
mod list;
mod lock;
mod namespaces;
mod orphans;
mod ready;
mod records;
mod report;
mod scene;
mod set;
mod workplace;

pub use arguments::Arguments;
