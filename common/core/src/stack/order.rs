//! Which items are sent before which others, and what of them has to be ready by then.
//!
//! Takes the items of `services.yaml` with `await` and `dependsOn`, gives steps: all items of a step are sent together,
//! and before a step what its items need is awaited. Without either there is one step, as there always was. Pure; it
//! is asked when a project is loaded, so that a name that nobody has is found by every program.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap, HashMap};

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

/// How often items may wait for each other altogether: as everything that a stack makes of its text, that has a bound.
const MAX_NEEDS: usize = 200_000;

/// How many items of a circle are named.
const NAMED: usize = 10;

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
        let named = dependencies(&items)?;
        let sequence = sorted(&items, &named)?;
        let mut order = Self { steps: vec![0; items.len()], needs: vec![BTreeSet::new(); items.len()] };
        // What is before an item in the sequence and is awaited: by all that come after it, and by services.
        let (mut awaited, mut with_jobs) = (Vec::new(), Vec::new());
        let mut count = 0;
        // In this sequence nobody stands before what it depends on, so what is awaited by all that comes after it can't
        // make a circle.
        for at in sequence {
            let item = &items[at];
            let all = named[at].iter().chain(&awaited).map(|one| (*one, Awaited::Everything));
            let mut needs: BTreeSet<Need> = all.collect();
            if item.block == Block::Service {
                let jobs = with_jobs.iter().filter(|one| !named[at].contains(*one));
                needs.extend(jobs.map(|one| (*one, Awaited::Jobs)));
            }
            count += needs.len();
            if count > MAX_NEEDS {
                let label = format!("up to here items wait for each other more than {MAX_NEEDS} times");
                return Err(OrderError { position: item.name.position, label, hint: None });
            }
            match item.awaits {
                Some(true) => awaited.push(at),
                None if item.block == Block::Infrastructure && has_jobs(at) => with_jobs.push(at),
                _ => {}
            }
            order.steps[at] = needs.iter().map(|(one, _)| order.steps[*one] + 1).max().unwrap_or(0);
            order.needs[at] = needs;
        }
        Ok(order)
    }
}

/// The items that each item names in `dependsOn`.
fn dependencies(items: &[Item<'_>]) -> Result<Vec<BTreeSet<usize>>, OrderError> {
    if items.iter().all(|item| item.depends_on.is_empty()) {
        return Ok(vec![BTreeSet::new(); items.len()]);
    }
    let mut by_name: HashMap<String, Vec<usize>> = HashMap::new();
    for (at, item) in items.iter().enumerate() {
        for name in BTreeSet::from([item.name.trim().to_owned(), full_name(item)]) {
            by_name.entry(name).or_default().push(at);
        }
    }
    (0..items.len()).map(|at| dependencies_of(items, at, &by_name)).collect()
}

fn dependencies_of(
    items: &[Item<'_>],
    at: usize,
    by_name: &HashMap<String, Vec<usize>>,
) -> Result<BTreeSet<usize>, OrderError> {
    let own = || full_name(&items[at]);
    let mut found = BTreeSet::new();
    for name in items[at].depends_on {
        let error = |label: String, hint: Option<String>| OrderError { position: name.position, label, hint };
        let wanted = name.trim();
        let fitting = by_name.get(wanted).map_or(&[][..], Vec::as_slice);
        let others: Vec<usize> = fitting.iter().copied().filter(|other| *other != at).collect();
        match (others.as_slice(), fitting) {
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
    let mut missing: Vec<usize> = named.iter().map(BTreeSet::len).collect();
    let mut dependents: Vec<Vec<usize>> = vec![Vec::new(); items.len()];
    for (at, named) in named.iter().enumerate() {
        named.iter().for_each(|one| dependents[*one].push(at));
    }
    let mut sequence: Vec<usize> = Vec::with_capacity(items.len());
    let mut free: BinaryHeap<Reverse<usize>> =
        (0..items.len()).filter(|at| missing[*at] == 0).map(Reverse).collect();
    while let Some(Reverse(at)) = free.pop() {
        sequence.push(at);
        for dependent in &dependents[at] {
            missing[*dependent] -= 1;
            if missing[*dependent] == 0 {
                free.push(Reverse(*dependent));
            }
        }
    }
    if sequence.len() < items.len() {
        let is_left: Vec<bool> = missing.iter().map(|missing| *missing > 0).collect();
        return Err(circle(items, named, &is_left));
    }
    Ok(sequence)
}

/// The message about a circle among items that are left.
fn circle(items: &[Item<'_>], named: &[BTreeSet<usize>], is_left: &[bool]) -> OrderError {
    // Each of them depends on one that is left, so going from one to the next comes back to where it was.
    let next = |at: usize| named[at].iter().copied().find(|one| is_left[*one]).unwrap_or(at);
    let mut at = is_left.iter().position(|is_left| *is_left).unwrap_or_default();
    for _ in is_left.iter().filter(|is_left| **is_left) {
        at = next(at);
    }
    let mut way = vec![at];
    while way.len() == 1 || way.last() != way.first() {
        way.push(next(way.last().copied().unwrap_or(at)));
    }
    let mut names: Vec<String> = way.iter().map(|at| full_name(&items[*at])).collect();
    if names.len() > NAMED {
        let end = names.len() - 1;
        names.splice(NAMED - 2..end, ["…".to_owned()]);
    }
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
    fn long_chains_take_no_time_and_waits_have_a_bound() {
        let chain = |last: &str| -> String {
            let link = |at: usize| format!("- {{name: s{at}, dependsOn: [s{}]}}\n", at + 1);
            (0..20_000).map(link).collect::<String>() + last
        };
        let began = std::time::Instant::now();
        let order = order(&format!("services:\n{}", chain("- {name: s20000}\n")), &[]);
        assert_eq!((order.steps[0], order.steps[20_000]), (20_000, 0));
        let (line, label, _) = error(&format!("services:\n{}", chain("- {name: s20000, dependsOn: [s0]}\n")));
        assert_eq!(line, 2);
        assert!(label.starts_with("goes in a circle: service.s0 -> service.s1 -> "), "{label}");
        assert!(label.ends_with("service.s7 -> … -> service.s0"), "{label}");
        let awaited: String = (0..1000).map(|at| format!("- {{name: s{at}, await: true}}\n")).collect();
        let (line, label, _) = error(&format!("services:\n{awaited}"));
        assert_eq!(
            (line, label.as_str()),
            (634, "up to here items wait for each other more than 200000 times")
        );
        assert!(began.elapsed().as_secs() < 20, "{:?}", began.elapsed());
    }

    #[test]
    fn a_circle_is_named() {
        let text = "services:\n- {name: a, dependsOn: [b]}\n- {name: b, dependsOn: [d, c]}\n- name: c\n  dependsOn: [b]\n- {name: d}\n";
        assert_eq!(error(text), (3, "goes in a circle: service.b -> service.c -> service.b".into(), None));
    }
}
