//! What every program of the suite shares: from `services.yaml` and manifests to Kubernetes objects.
//!
//! ```text
//! services.yaml ──stack──▶ Project (Stack + Context)
//!                             │
//!   manifests ──template──▶ text ──yaml──▶ [Document] ──overlay──▶ [Document] ──▶ stdout
//! ```
//!
//! - [`stack`]: the file, its variables, environments and namespaces;
//! - [`template`]: Go templates with the project's context and functions;
//! - [`yaml`]: reading as Go's yaml.v3 reads, writing so that every YAML parser reads the same;
//! - [`render`]: the pipeline from items to documents;
//! - [`jsonpath`]: expressions that say when a kind is ready, as kubectl takes them;
//! - [`diagnostic`], [`secrets`], [`printable`], [`suggestion`]: what messages are made of;
//! - [`table`]: lists for people;
//! - [`cli`]: the one `main`, flags, exit codes, stderr and stdout.
//!
//! All but `cli` and `stack::files` is pure: text in, values out, no clock, no environment, no network.

pub mod cli;
pub mod diagnostic;
pub mod jsonpath;
pub mod printable;
pub mod render;
pub mod secrets;
pub mod stack;
pub mod suggestion;
pub mod table;
pub mod template;
pub mod yaml;
