//! `services.yaml`: what the project is, and what templates may know of it.
//!
//! Takes the file, variables and flags, gives a [`Project`]: the typed [`model::Stack`], the context and
//! the engine that manifests are rendered with. The order of loading is codexctl's; `rounds` has it step by step.

mod boundary;
pub mod decode;
mod environment;
pub mod files;
mod header;
mod load;
pub mod model;
mod namespace;
pub mod order;
mod rounds;
pub mod variables;

pub use boundary::{Boundary, Outside};
pub use environment::{Environment, EnvironmentError};
pub use load::{LoadRequest, Project, load};

/// Whose rules are followed where codexctl's are worth bettering.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// The suite's own: what is probably a mistake is an error.
    Plain,
    /// codexctl's, for projects that depend on them.
    Codexctl,
}
