//! Go's `text/template` for Rust.
//!
//! Templates are parsed and executed as Go 1.27 does it: the same syntax, the
//! same typed values, the same output byte for byte, the same error messages.
//!
//! ```
//! use gotemplate::{Functions, Options, Template, Value};
//!
//! let template = Template::parse(
//!     "motd",
//!     "{{range $i, $name := .names}}{{if $i}}, {{end}}{{printf \"%q\" $name}}{{end}}",
//!     &Functions::new(),
//! )?;
//! let dot = Value::map([("names", Value::list(["ada", "bob"]))]);
//! let out = template.execute(&dot, &Options::default())?;
//! assert_eq!(String::from_utf8_lossy(&out), r#""ada", "bob""#);
//! # Ok::<(), gotemplate::Error>(())
//! ```
//!
//! - [`Value`] and [`Type`] are what templates work on: Go values, each with its
//!   type. [`StructType`] declares structs.
//! - [`Functions`] holds the functions that templates may call, with their Go
//!   signatures; Go's own are always there.
//! - [`Template`] is parsed once and executed any number of times, by any number
//!   of threads.
//! - [`Options`] and [`Limits`] say what missing values do and how much an
//!   execution may use. No template can take the process down: recursion, loops
//!   and output without end are errors.
//! - [`Error`] has Go's text, and the same as facts.
//! - [`SourceMap`] leads from a place in the output back to the template.

mod builtins;
mod error;
mod escape;
mod exec;
mod fmt;
mod function;
mod methods;
mod options;
mod parse;
mod source_map;
mod strconv;
pub mod strings;
mod template;
pub mod time;
mod unicode;
mod value;

pub use error::{Error, ErrorKind, Phase};
pub use function::{Function, FunctionError, Functions, Signature};
pub use options::{Limits, Missing, Options};
pub use source_map::{Origin, SourceMap};
pub use template::{Call, Template};
pub use value::{Kind, StructType, Type, Value, ValueError};

/// Tests the examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
