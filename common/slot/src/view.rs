//! What a call sees: the records that count for it, and what else takes numbers.
//!
//! Takes all that was listed and whose call it is, gives a [`View`] for [`crate::allocation`]. Separate because
//! whose a record is (B2) is settled here once; what decides never sees another project's record.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;

use crate::record::{Listed, Record, RecordError};

/// The namespace of a slot, by the project's pattern; empty if it gives none.
pub type NamespaceOf<'a> = &'a (dyn Fn(u32) -> Result<String, Box<dyn Error + Send + Sync>> + Sync);

/// Whose call it is.
#[derive(Clone, Copy)]
pub struct Scope<'a> {
    /// The project.
    pub project: &'a str,
    /// The environment.
    pub env: &'a str,
    /// The namespaces of its slots.
    pub namespace_of: NamespaceOf<'a>,
}

impl fmt::Debug for Scope<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.project, self.env)
    }
}

impl Scope<'_> {
    /// Whether a listed record is this call's affair.
    ///
    /// # Errors
    /// The namespace's pattern can't be rendered.
    pub fn has(&self, listed: &Listed) -> Result<bool, ViewError> {
        let expected = || Ok(Some((self.namespace_of)(listed.slot)?).filter(|name| !name.is_empty()));
        let is_ours = listed.belonging.is_of(self.project, self.env, expected);
        is_ours.map_err(|source| ViewError::Namespace { slot: listed.slot, source })
    }
}

/// Why it isn't known what is there.
#[derive(Debug, thiserror::Error)]
pub enum ViewError {
    /// A record of this project can't be read. It may be linked to anything, so nothing is decided.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The namespace's pattern can't be rendered.
    #[error("cannot tell the namespace of slot {slot}: {source}")]
    Namespace {
        /// For which slot.
        slot: u32,
        /// Why not.
        source: Box<dyn Error + Send + Sync>,
    },
}

/// What takes a number without being a slot that this call could have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holder {
    /// A slot of ours that is being cleaned up.
    Cleaning,
    /// A slot of another environment, or of another project.
    Foreign {
        /// The project, where the record names one.
        project: Option<String>,
        /// The environment; empty if the record doesn't say.
        env: String,
    },
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cleaning => f.write_str("is being cleaned up"),
            Self::Foreign { project: Some(project), env } => {
                write!(f, "is taken by project `{project}`, environment `{env}`")
            }
            Self::Foreign { project: None, env } if env.is_empty() => {
                f.write_str("is taken by a ConfigMap that names no environment")
            }
            Self::Foreign { project: None, env } => {
                write!(f, "is taken by another project, environment `{env}`")
            }
        }
    }
}

/// What a call sees.
#[derive(Debug, Clone, Default)]
pub struct View<'a> {
    records: BTreeMap<u32, &'a Record>,
    others: BTreeMap<u32, Holder>,
}

impl<'a> View<'a> {
    /// What `scope` sees of what was listed. Only records of its project and environment count that aren't
    /// being cleaned up.
    ///
    /// # Errors
    /// A record of this project can't be read, or it can't be told whether it is one.
    pub fn of(listed: &'a [Listed], scope: &Scope<'_>) -> Result<Self, ViewError> {
        let mut view = Self::default();
        for listed in listed {
            if !scope.has(listed)? {
                let (project, env) = (listed.belonging.project.clone(), listed.belonging.env.clone());
                view.others.insert(listed.slot, Holder::Foreign { project, env });
                continue;
            }
            view.add(listed.record.as_ref().map_err(RecordError::clone)?);
        }
        Ok(view)
    }

    /// A view of records that are all of one project and environment.
    pub fn of_own(records: impl IntoIterator<Item = &'a Record>) -> Self {
        let mut view = Self::default();
        for record in records {
            view.add(record);
        }
        view
    }

    fn add(&mut self, record: &'a Record) {
        if record.cleaning {
            self.others.insert(record.slot, Holder::Cleaning);
        } else {
            self.records.insert(record.slot, record);
        }
    }

    /// The records with a claim, by number.
    pub fn claims(&self) -> impl Iterator<Item = &'a Record> + Clone {
        self.records.values().copied().filter(|record| record.claim.is_some())
    }

    /// The records without a claim, by number.
    pub fn confirmed(&self) -> impl Iterator<Item = &'a Record> + Clone {
        self.records.values().copied().filter(|record| record.claim.is_none())
    }

    /// The record of a slot that counts.
    pub fn record(&self, slot: u32) -> Option<&'a Record> {
        self.records.get(&slot).copied()
    }

    /// What else takes a number.
    pub fn holder(&self, slot: u32) -> Option<&Holder> {
        self.others.get(&slot)
    }

    /// Whether a number is taken, by whomever.
    pub fn is_taken(&self, slot: u32) -> bool {
        self.records.contains_key(&slot) || self.others.contains_key(&slot)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::StateLocation;
    use serde_json::{Value, json};

    fn listed(slot: u32, edit: impl Fn(&mut Value)) -> Listed {
        let mut data =
            json!({"slot": slot.to_string(), "env": "ai", "namespace": format!("shop-dev-{slot}")});
        edit(&mut data);
        let config_map = json!({"metadata": {"name": format!("s{slot}")}, "data": data});
        Listed::read(&config_map, &StateLocation { namespace: "x".into(), prefix: "s".into() }).unwrap()
    }

    fn view(listed: &[Listed]) -> Result<View<'_>, ViewError> {
        View::of(
            listed,
            &Scope { project: "shop", env: "ai", namespace_of: &|slot| Ok(format!("shop-dev-{slot}")) },
        )
    }

    #[test]
    fn only_records_of_the_project_and_environment_count() {
        let listed = [
            listed(1, |_| {}),
            listed(2, |data| data["project"] = "other".into()),
            listed(3, |data| data["env"] = "ai-repair".into()),
            listed(4, |data| data["namespace"] = "other-dev-4".into()),
            listed(5, |data| data["cleaning"] = "true".into()),
            listed(6, |data| *data = Value::Null),
        ];
        let view = view(&listed).unwrap();
        assert_eq!(view.confirmed().map(|record| record.slot).collect::<Vec<_>>(), [1]);
        assert!((1..=6).all(|slot| view.is_taken(slot)) && !view.is_taken(7));
        let says = |slot| view.holder(slot).unwrap().to_string();
        assert_eq!(says(2), "is taken by project `other`, environment `ai`");
        assert_eq!(says(3), "is taken by another project, environment `ai-repair`");
        assert_eq!(says(5), "is being cleaned up");
        assert_eq!(says(6), "is taken by a ConfigMap that names no environment");
    }

    #[test]
    fn damage_matters_in_our_own_records_only() {
        let damaged = |project: &str| {
            let project = project.to_owned();
            [listed(1, move |data| {
                data["project"] = project.clone().into();
                data["issue"] = "x".into();
            })]
        };
        assert!(view(&damaged("other")).is_ok());
        let error = view(&damaged("shop")).unwrap_err().to_string();
        assert_eq!(error, "ConfigMap `s1`: key `issue` is `x`, not a number");
    }

    #[test]
    fn a_pattern_that_fails_is_asked_only_where_it_matters() {
        let failing = Scope { project: "shop", env: "ai", namespace_of: &|_| Err("no such key".into()) };
        let named = [listed(1, |data| data["project"] = "shop".into())];
        assert!(View::of(&named, &failing).is_ok());
        let error = View::of(&[listed(1, |_| {})], &failing).unwrap_err().to_string();
        assert_eq!(error, "cannot tell the namespace of slot 1: no such key");
    }
}
