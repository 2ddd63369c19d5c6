//! Which items are sent before which others, and what of them has to be ready by then.
//!
//! Takes the items of `services.yaml` with `await` and `dependsOn`, gives steps: all items of a step are sent together,
//! and before a step what its items need is awaited. Without either there is one step, as there always was. Pure; it
//! is asked when a project is loaded, so that a name that nobody has is found by every program.

use std::collections::BTreeSet;

use crate::suggestion::did_you_mean;
use crate::yaml::Position;

use super::model::{Block, Item, Stack};

/// What of an item has to be ready before another one is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Awaited {
    /// Its Jobs.
    Jobs,
    /// All that it made.
    Everything,
}

/// What an item needs: the index of another in [`Stack::items`], and what of that.
pub type Need = (usize, Awaited);

/// The order of a stack's items.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Order {
    /// The step of each item, in the order of [`Stack::items`], from 0.
    pub steps: Vec<usize>,
    /// What each item needs.
    pub needs: Vec<BTreeSet<Need>>,
}

/// Why there is no order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderError {
    /// Where in `services.yaml`.
    pub position: Position,
    /// What is wrong there.
    pub label: String,
    /// What may help.
    pub hint: Option<String>,
}

impl Order {
    /// The order that a stack says. `has_jobs` tells, by index, which infrastructure groups have Jobs that services wait
    /// for though nothing says so.
    ///
    /// # Errors
    /// A name in `dependsOn` is nobody's or two items', or they go in a circle.
    pub fn of(stack: &Stack, has_jobs: impl Fn(usize) -> bool) -> Result<Self, OrderError> {
        let items: Vec<Item<'_>> = stack.items().collect();
        let named = items.iter().enumerate().map(|(at, _)| dependencies(&items, at));
        let named: Vec<BTreeSet<usize>> = named.collect::<Result<_, _>>()?;
        let sequence = sorted(&items, &named)?;
        let mut order = Self { steps: vec![0; items.len()], needs: vec![BTreeSet::new(); items.len()] };
        // In this sequence nobody stands before what it depends on, so what is awaited by all that comes after it can't
        // make a circle.
        for (place, at) in sequence.iter().enumerate() {
            let mut needs: BTreeSet<Need> =
                named[*at].iter().map(|one| (*one, Awaited::Everything)).collect();
            for before in &sequence[..place] {
                let infrastructure = items[*before].block == Block::Infrastructure;
                let is_waited_for = items[*before].awaits == Some(true);
                let waits_for_jobs = infrastructure
                    && items[*at].block == Block::Service
                    && items[*before].awaits.is_none()
                    && has_jobs(*before);
                if is_waited_for {
                    needs.insert((*before, Awaited::Everything));
                } else if waits_for_jobs && !named[*at].contains(before) {
                    needs.insert((*before, Awaited::Jobs));
                }
            }
            order.steps[*at] = needs.iter().map(|(one, _)| order.steps[*one] + 1).max().unwrap_or(0);
            order.needs[*at] = needs;
        }
        Ok(order)
    }
}

/// The items that an item names in `dependsOn`.
fn dependencies(items: &[Item<'_>], at: usize) -> Result<BTreeSet<usize>, OrderError> {
    let own = || full_name(&items[at]);
    let mut found = BTreeSet::new();
    for name in items[at].depends_on {
        let error = |label: String, hint: Option<String>| OrderError { position: name.position, label, hint };
        let wanted = name.trim();
        let is_it = |item: &Item<'_>| item.name.trim() == wanted || full_name(item) == wanted;
        let fitting: Vec<usize> = (0..items.len()).filter(|other| is_it(&items[*other])).collect();
        let others: Vec<usize> = fitting.iter().copied().filter(|other| *other != at).collect();
        match (others.as_slice(), fitting.as_slice()) {
            ([one], _) => drop(found.insert(*one)),
            ([], [_, ..]) => return Err(error(format!("`{}` depends on itself", own()), None)),
            ([], []) => {
                let known = items.iter().map(|item| item.name.trim());
                let hint = did_you_mean(wanted, known.clone())
                    .or_else(|| Some(format!("services.yaml has {}", known.collect::<Vec<_>>().join(", "))));
                return Err(error(format!("there is no group or service `{wanted}`"), hint));
            }
            _ => {
                let names: Vec<String> =
                    others.iter().map(|other| format!("`{}`", full_name(&items[*other]))).collect();
                let hint = format!("write {}", names.join(" or "));
                return Err(error(format!("`{wanted}` may be either"), Some(hint)));
            }
        }
    }
    Ok(found)
}

/// The items so that each comes after those it depends on, and else as they stand in the file.
fn sorted(items: &[Item<'_>], named: &[BTreeSet<usize>]) -> Result<Vec<usize>, OrderError> {
    let mut sequence: Vec<usize> = Vec::with_capacity(items.len());
    let mut left: Vec<usize> = (0..items.len()).collect();
    while !left.is_empty() {
        let is_free = |at: &usize| named[*at].iter().all(|one| sequence.contains(one));
        let Some(place) = left.iter().position(is_free) else {
            return Err(circle(items, named, &left));
        };
        sequence.push(left.remove(place));
    }
    Ok(sequence)
}

/// The message about a circle among items that are left.
fn circle(items: &[Item<'_>], named: &[BTreeSet<usize>], left: &[usize]) -> OrderError {
    // Each of them depends on one that is left, so going from one to the next comes back to where it was.
    let next = |at: usize| named[at].iter().copied().find(|one| left.contains(one)).unwrap_or(at);
    let mut at = left.first().copied().unwrap_or_default();
    for _ in left {
        at = next(at);
    }
    let mut way = vec![at];
    while way.len() == 1 || way.last() != way.first() {
        way.push(next(way.last().copied().unwrap_or(at)));
    }
    let names: Vec<String> = way.iter().map(|at| full_name(&items[*at])).collect();
    let wanted = items[way[1]].name.trim();
    let named = items[at].depends_on.iter().find(|name| {
        let name = name.trim();
        name == wanted || name == full_name(&items[way[1]])
    });
    OrderError {
        position: named.map_or(Position::NONE, |name| name.position),
        label: format!("goes in a circle: {}", names.join(" -> ")),
        hint: None,
    }
}

/// `infra.db` or `service.web`.
fn full_name(item: &Item<'_>) -> String {
    format!("{}.{}", item.block.word(), item.name.trim())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stack::decode::{Decode as _, Path, Strictness};
    use crate::yaml::{self, Dialect};

    fn stack(text: &str) -> Stack {
        let section = yaml::split(text).next().expect("one document");
        let node = yaml::read(&section, Dialect::Go).expect("it is YAML").expect("it isn't empty");
        Stack::decode(&node, &Path::root(Strictness::Strict)).expect("valid")
    }

    fn order(text: &str, jobs: &[usize]) -> Order {
        Order::of(&stack(text), |at| jobs.contains(&at)).expect("an order")
    }

    fn error(text: &str) -> (u32, String, Option<String>) {
        let error = Order::of(&stack(text), |_| false).expect_err("no order");
        (error.position.line, error.label, error.hint)
    }

    #[test]
    fn without_a_word_all_goes_at_once() {
        let text = "infrastructure: [{name: a}, {name: b}]\nservices: [{name: c}]\n";
        let order = order(text, &[]);
        assert_eq!(order.steps, [0, 0, 0]);
        assert!(order.needs.iter().all(BTreeSet::is_empty));
    }

    #[test]
    fn what_is_awaited_parts_what_comes_after_it_from_the_rest() {
        let text = "infrastructure: [{name: a}, {name: b, await: true}]\nservices: [{name: c}, {name: d, await: true}, {name: e}]\n";
        let order = order(text, &[0]);
        assert_eq!(order.steps, [0, 0, 1, 1, 2]);
        assert_eq!(
            order.needs[2],
            BTreeSet::from([(0, Awaited::Jobs), (1, Awaited::Everything)]),
            "the Jobs of other groups, too"
        );
        assert_eq!(order.needs[4].iter().filter(|(at, _)| *at == 3).count(), 1);
    }

    #[test]
    fn who_depends_comes_later_wherever_it_stands() {
        let text = "infrastructure: [{name: a, dependsOn: [d]}, {name: b}]\nservices: [{name: c, dependsOn: [infra.b]}, {name: d}]\n";
        let order = order(text, &[]);
        assert_eq!(order.steps, [1, 0, 1, 0]);
        assert_eq!(order.needs[0], BTreeSet::from([(3, Awaited::Everything)]));
    }

    #[test]
    fn jobs_of_infrastructure_come_before_services_unless_one_says_no() {
        let text = "infrastructure: [{name: a}, {name: b, await: false}]\nservices: [{name: c}]\n";
        assert_eq!(order(text, &[0]).steps, [0, 0, 1]);
        assert_eq!(order(text, &[0]).needs[2], BTreeSet::from([(0, Awaited::Jobs)]));
        assert_eq!(order(text, &[1]).steps, [0, 0, 0]);
        // A group that is sent after a service can't be awaited by that.
        let text = "infrastructure: [{name: smoke, dependsOn: [c]}]\nservices: [{name: c}, {name: d}]\n";
        assert_eq!(order(text, &[0]).steps, [1, 0, 2]);
    }

    #[test]
    fn what_is_awaited_but_comes_later_makes_no_circle() {
        let text =
            "infrastructure: [{name: a, await: true, dependsOn: [c]}]\nservices: [{name: c}, {name: d}]\n";
        assert_eq!(order(text, &[]).steps, [1, 0, 2]);
    }

    #[test]
    fn names_are_checked_at_their_line() {
        let text = |name: &str| {
            format!(
                "infrastructure:\n- {{name: db}}\n- {{name: web}}\nservices:\n- name: web\n  dependsOn:\n  - {name}\n- {{name: api}}\n"
            )
        };
        assert_eq!(
            error(&text("dbb")),
            (7, "there is no group or service `dbb`".into(), Some("did you mean `db`?".into()))
        );
        assert_eq!(error(&text("service.web")), (7, "`service.web` depends on itself".into(), None));
        assert_eq!(order(&text("web"), &[]).steps, [0, 0, 1, 0], "not itself, so it is the group");
        let api = text("db").replace("{name: api}", "{name: api, dependsOn: [web]}");
        assert_eq!(
            error(&api),
            (8, "`web` may be either".into(), Some("write `infra.web` or `service.web`".into()))
        );
    }

    #[test]
    fn a_circle_is_named() {
        let text = "services:\n- {name: a, dependsOn: [b]}\n- {name: b, dependsOn: [d, c]}\n- name: c\n  dependsOn: [b]\n- {name: d}\n";
        assert_eq!(error(text), (3, "goes in a circle: service.b -> service.c -> service.b".into(), None));
    }
}
