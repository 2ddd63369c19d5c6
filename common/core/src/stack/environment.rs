//! An environment with what it inherits.

use std::collections::{BTreeMap, BTreeSet};

use thiserror::Error;

use super::model::{EnvironmentBlock, LocalRegistry};
use crate::suggestion::did_you_mean;
use crate::yaml::Position;

/// An environment, its unset fields taken from the one it names in `from` (inventory F19).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Environment {
    /// Path of the kubeconfig, as it stands in the file.
    pub kubeconfig: String,
    /// The kubeconfig's context.
    pub context: String,
    /// The pull policy that templates may ask for.
    pub image_pull_policy: String,
    /// The registry beside the cluster.
    pub local_registry: LocalRegistry,
    /// Infrastructure groups that a new slot gets at once.
    pub slot_bootstrap_infra: Vec<String>,
}

/// Why an environment can't be resolved.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EnvironmentError {
    /// No environment has that name.
    #[error("environment `{name}` is not defined in services.yaml")]
    Undefined {
        /// The name.
        name: String,
        /// The names that exist.
        known: Vec<String>,
        /// The `from` that names it; nothing if it was asked for.
        position: Position,
    },
    /// An environment inherits from itself.
    #[error("environment inheritance cycle detected at `{name}`")]
    Cycle {
        /// Where the circle closes.
        name: String,
        /// The `from` that closes it.
        position: Position,
    },
}

impl EnvironmentError {
    /// The `from` that is to blame; nothing if the name came from elsewhere.
    pub fn position(&self) -> Position {
        match self {
            Self::Undefined { position, .. } | Self::Cycle { position, .. } => *position,
        }
    }

    /// What may help.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Undefined { name, known, .. } => did_you_mean(name, known.iter().map(String::as_str))
                .or_else(|| Some(format!("services.yaml has {}", known.join(", ")))),
            Self::Cycle { .. } => None,
        }
    }
}

impl Environment {
    /// Resolves `name` through `from`.
    ///
    /// # Errors
    /// It, or one that it inherits from, doesn't exist; or they inherit in a circle.
    pub fn resolve(
        blocks: &BTreeMap<String, EnvironmentBlock>,
        name: &str,
    ) -> Result<Self, EnvironmentError> {
        let chain = chain(blocks, name, &BTreeSet::new())?;
        let chain: Vec<&EnvironmentBlock> = chain.into_iter().map(|(_, block)| block).collect();
        let text = |field: fn(&EnvironmentBlock) -> &String| {
            chain.iter().map(|block| field(block)).find(|text| !text.is_empty()).cloned().unwrap_or_default()
        };
        let groups = chain.iter().map(|block| &block.slot_bootstrap_infra).find(|groups| !groups.is_empty());
        Ok(Self {
            kubeconfig: text(|block| &block.kubeconfig),
            context: text(|block| &block.context),
            image_pull_policy: text(|block| &block.image_pull_policy),
            local_registry: chain.iter().find_map(|block| block.local_registry.clone()).unwrap_or_default(),
            slot_bootstrap_infra: groups.cloned().unwrap_or_default(),
        })
    }

    /// Checks that every environment can be resolved, each `from` looked at once.
    ///
    /// # Errors
    /// The first, by name, that inherits from one that doesn't exist, or in a circle.
    pub fn check_all(blocks: &BTreeMap<String, EnvironmentBlock>) -> Result<(), EnvironmentError> {
        let mut good: BTreeSet<&str> = BTreeSet::new();
        for name in blocks.keys() {
            let chain = chain(blocks, name, &good)?;
            good.extend(chain.into_iter().map(|(name, _)| name));
        }
        Ok(())
    }
}

/// The environment `name` and those it inherits from, nearest first, up to one of those known to be `good`.
fn chain<'a>(
    blocks: &'a BTreeMap<String, EnvironmentBlock>,
    name: &'a str,
    good: &BTreeSet<&str>,
) -> Result<Vec<(&'a str, &'a EnvironmentBlock)>, EnvironmentError> {
    let mut chain = Vec::new();
    let mut visited: BTreeSet<&str> = BTreeSet::new();
    let (mut next, mut position) = (name, Position::NONE);
    while !good.contains(next) {
        if !visited.insert(next) {
            return Err(EnvironmentError::Cycle { name: next.to_owned(), position });
        }
        let block = blocks.get(next).ok_or_else(|| EnvironmentError::Undefined {
            name: next.to_owned(),
            known: blocks.keys().cloned().collect(),
            position,
        })?;
        chain.push((next, block));
        (next, position) = (block.from.trim(), block.from.position);
        if next.is_empty() {
            break;
        }
    }
    Ok(chain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stack::decode::Text;

    fn blocks(list: &[(&str, &str, &str)]) -> BTreeMap<String, EnvironmentBlock> {
        let block = |from: &str, context: &str| EnvironmentBlock {
            from: Text { value: from.to_owned(), position: Position::NONE },
            context: context.to_owned(),
            ..EnvironmentBlock::default()
        };
        list.iter().map(|(name, from, context)| ((*name).to_owned(), block(from, context))).collect()
    }

    #[test]
    fn unset_fields_come_from_the_parent() {
        let blocks = blocks(&[("staging", "", "s"), ("ai", "staging", ""), ("own", "staging", "o")]);
        assert_eq!(Environment::resolve(&blocks, "ai").map(|env| env.context), Ok("s".to_owned()));
        assert_eq!(Environment::resolve(&blocks, "own").map(|env| env.context), Ok("o".to_owned()));
    }

    #[test]
    fn circles_and_strangers_are_errors() {
        let blocks = blocks(&[("a", "b", ""), ("b", "a", ""), ("c", "gone", "")]);
        let error = Environment::resolve(&blocks, "a").map_err(|error| error.to_string());
        assert_eq!(error, Err("environment inheritance cycle detected at `a`".into()));
        let error = Environment::resolve(&blocks, "c").map_err(|error| error.to_string());
        assert_eq!(error, Err("environment `gone` is not defined in services.yaml".into()));
    }

    #[test]
    fn all_are_checked_though_each_is_looked_at_once() {
        let good = [("a", "b", ""), ("b", "c", ""), ("c", "", ""), ("d", "b", "")];
        assert_eq!(Environment::check_all(&blocks(&good)), Ok(()));
        let behind_a_good_one = [&good[..], &[("x", "y", ""), ("y", "z", ""), ("z", "x", "")]].concat();
        let error = Environment::check_all(&blocks(&behind_a_good_one)).map_err(|error| error.to_string());
        assert_eq!(error, Err("environment inheritance cycle detected at `x`".into()));
        let error = Environment::check_all(&blocks(&[("a", "", ""), ("b", "b", "")]));
        assert_eq!(
            error.map_err(|error| error.to_string()),
            Err("environment inheritance cycle detected at `b`".into())
        );
        assert!(Environment::check_all(&blocks(&[("a", "gone", "")])).is_err());
    }
}
