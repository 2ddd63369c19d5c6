//! Whose record it is (B2).
//!
//! Separate because it is asked of records that are damaged, too: one of another project is none of our
//! business, however bad its data are.

/// What says whose a record is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Belonging {
    /// The project; `None` in records that codexctl wrote.
    pub project: Option<String>,
    /// The environment; empty if the record doesn't say.
    pub env: String,
    /// The namespace; empty if the record doesn't say.
    pub namespace: String,
}

impl Belonging {
    /// Whether the record is of `env` of `project`.
    ///
    /// A record without a project is ours only if its namespace is `expected`: the one that this project's
    /// pattern gives for the slot, `None` if it gives none. It is asked for only where it matters, since a
    /// pattern has to be rendered for it.
    ///
    /// # Errors
    /// Those of `expected`.
    pub fn is_of<E>(
        &self,
        project: &str,
        env: &str,
        expected: impl FnOnce() -> Result<Option<String>, E>,
    ) -> Result<bool, E> {
        if self.env != env {
            return Ok(false);
        }
        match &self.project {
            Some(named) => Ok(named == project),
            None if self.namespace.is_empty() => Ok(false),
            None => Ok(expected()?.is_some_and(|expected| expected == self.namespace)),
        }
    }
}
