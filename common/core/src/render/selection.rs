//! Which items take part: filters first, then `when`.

use crate::diagnostic::Diagnostic;
use crate::stack::model::{Block, Item};
use crate::stack::{Mode, Project};
use crate::suggestion::did_you_mean;

/// The four lists of names, as they stand on the command line.
#[derive(Debug, Clone, Default)]
pub struct Filters {
    /// `--only-infra` and `--skip-infra`.
    infrastructure: NameFilter,
    /// `--only-services` and `--skip-services`.
    services: NameFilter,
}

#[derive(Debug, Clone, Default)]
struct NameFilter {
    only: Vec<String>,
    skip: Vec<String>,
}

impl Filters {
    /// Filters from lists of names separated by commas; an empty list is no filter.
    pub fn new(only_infra: &str, skip_infra: &str, only_services: &str, skip_services: &str) -> Self {
        Self {
            infrastructure: NameFilter { only: names(only_infra), skip: names(skip_infra) },
            services: NameFilter { only: names(only_services), skip: names(skip_services) },
        }
    }

    fn of(&self, block: Block) -> &NameFilter {
        match block {
            Block::Infrastructure => &self.infrastructure,
            Block::Service => &self.services,
        }
    }
}

impl NameFilter {
    /// Skip wins over only; names are compared without case.
    fn lets_through(&self, name: &str) -> bool {
        let name = name.trim().to_lowercase();
        (self.only.is_empty() || self.only.contains(&name)) && !self.skip.contains(&name)
    }
}

fn names(list: &str) -> Vec<String> {
    list.split(',').map(|name| name.trim().to_lowercase()).filter(|name| !name.is_empty()).collect()
}

/// Why an item does not take part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// A filter leaves it out.
    Filter,
    /// Its `when` is off.
    When,
}

/// An item and whether it takes part.
#[derive(Debug, Clone, Copy)]
pub struct Selected<'a> {
    /// The item.
    pub item: Item<'a>,
    /// Why it doesn't take part; `None` if it does.
    pub left_out: Option<Reason>,
}

/// All items of a project with the verdict on each.
#[derive(Debug)]
pub struct Selection<'a> {
    /// The items in the order of the file, infrastructure first.
    pub items: Vec<Selected<'a>>,
    /// Names in filters that no item has and that may stand there.
    pub warnings: Vec<Diagnostic>,
}

/// Tries filters and `when` of every item. What a filter leaves out is not looked at further.
///
/// # Errors
/// A `when` can't be rendered; in plain mode also an unknown name in an `--only-` filter.
pub fn select<'a>(project: &'a Project, filters: &Filters) -> Result<Selection<'a>, Diagnostic> {
    let mut warnings = Vec::new();
    for block in [Block::Infrastructure, Block::Service] {
        check_names(project, filters.of(block), block, &mut warnings)?;
    }
    let mut items = Vec::new();
    for item in project.stack.items() {
        let left_out = if !filters.of(item.block).lets_through(item.name) {
            Some(Reason::Filter)
        } else if !is_on(project, &item)? {
            Some(Reason::When)
        } else {
            None
        };
        items.push(Selected { item, left_out });
    }
    Ok(Selection { items, warnings })
}

/// Unknown names in `--only-…` are errors, in `--skip-…` warnings: prompts pass fixed lists there (B8).
fn check_names(
    project: &Project,
    filter: &NameFilter,
    block: Block,
    warnings: &mut Vec<Diagnostic>,
) -> Result<(), Diagnostic> {
    let flag = match block {
        Block::Infrastructure => "infra",
        Block::Service => "services",
    };
    let known: Vec<&str> =
        project.stack.items().filter(|item| item.block == block).map(|item| item.name.trim()).collect();
    let unknown = |name: &&String| !known.iter().any(|known| known.to_lowercase() == **name);
    let what = match block {
        Block::Infrastructure => "infrastructure group",
        Block::Service => "service",
    };
    if let (Mode::Plain, Some(name)) = (project.mode, filter.only.iter().find(unknown)) {
        let hint = did_you_mean(name, known.iter().copied())
            .or_else(|| Some(format!("services.yaml has {}", list_or_none(&known))));
        return Err(Diagnostic::input(format!("there is no {what} `{name}` (`--only-{flag}`)")).hint(hint));
    }
    let quiet = if project.mode == Mode::Plain { &[] } else { &filter.only[..] };
    for (name, kind) in
        quiet.iter().map(|name| (name, "only")).chain(filter.skip.iter().map(|name| (name, "skip")))
    {
        if unknown(&name) {
            let message = format!("there is no {what} `{name}` (`--{kind}-{flag}`)");
            warnings.push(Diagnostic::warning(message).hint(did_you_mean(name, known.iter().copied())));
        }
    }
    Ok(())
}

fn list_or_none(names: &[&str]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

/// Only `false`, `0` and `no` switch an item off (inventory T8); a text that gives nothing does not.
fn is_on(project: &Project, item: &Item<'_>) -> Result<bool, Diagnostic> {
    let name = format!("when of {} `{}`", item.block.word(), &**item.name);
    let text = project.engine.render_field(&name, item.when).map_err(|error| {
        let label = error.message.clone();
        let message = Diagnostic::input(format!("cannot evaluate {name}")).hint(error.hint);
        project.text.blame(message, item.when.position, &label)
    })?;
    Ok(!matches!(text.trim().to_lowercase().as_str(), "false" | "0" | "no"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn skip_wins_and_case_and_blanks_do_not_count() {
        let filters = Filters::new("", "", " API , wEb ,,", "web");
        let services = filters.of(Block::Service);
        assert!(services.lets_through("api"));
        assert!(!services.lets_through("Web"));
        assert!(!services.lets_through("worker"));
        assert!(filters.of(Block::Infrastructure).lets_through("anything"));
    }

    #[test]
    fn empty_lists_are_no_filters() {
        let filters = Filters::new("", " , ", ",", "");
        assert!(filters.of(Block::Infrastructure).lets_through("a"));
        assert!(filters.of(Block::Service).lets_through("a"));
    }
}
