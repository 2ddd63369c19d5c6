//! The steps of an apply: which objects are sent together, and what is awaited in between.
//!
//! Takes the items' order (`codex_common::stack::order`) and the objects; gives each target its step, and for each step
//! what has to be ready before it. Where nothing is to be awaited all is one step, in waves as ever.

use std::collections::{BTreeMap, BTreeSet};

use codex_cluster::input::{Object, Origin};
use codex_cluster::place::Target;
use codex_common::diagnostic::Diagnostic;
use codex_common::stack::model::{Block, Item};
use codex_common::stack::order::{Awaited, Order};
use codex_common::stack::{Mode, Project};

use crate::gather::Gathered;
use crate::request::Request;
use crate::scene::Manifests;

/// One step.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Step {
    /// The items that are sent, as labels name them: `infra.db`.
    pub(crate) items: Vec<String>,
    /// What has to be ready before: an item, and whether only its Jobs.
    pub(crate) awaited: BTreeMap<String, Awaited>,
}

impl Step {
    /// Whether an object of an item has to be ready before this step.
    pub(crate) fn waits_for(&self, item: Option<&str>, target: &Target) -> bool {
        match item.and_then(|item| self.awaited.get(item)) {
            Some(Awaited::Everything) => true,
            Some(Awaited::Jobs) => target.object.identity.is("batch", "Job"),
            None => false,
        }
    }

    /// Whether these are several.
    pub(crate) fn is_plural(&self) -> bool {
        self.awaited.len() > 1 || self.awaited.values().any(|awaited| *awaited == Awaited::Jobs)
    }

    /// What has to be ready before, in words.
    pub(crate) fn awaited_words(&self) -> String {
        let word = |(item, awaited): (&String, &Awaited)| match awaited {
            Awaited::Everything => item.clone(),
            Awaited::Jobs => format!("the Jobs of {item}"),
        };
        self.awaited.iter().map(word).collect::<Vec<_>>().join(", ")
    }
}

/// The steps of one apply.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Steps(pub(crate) Vec<Step>);

impl Steps {
    /// The steps in words, where there are several: `infra.db; when infra.db is ready: service.web`.
    pub(crate) fn words(&self) -> Option<String> {
        let mut words = String::new();
        for step in &self.0 {
            let items = step.items.join(", ");
            if words.is_empty() {
                words = items;
            } else {
                let is_or_are = if step.is_plural() { "are" } else { "is" };
                let awaited = step.awaited_words();
                words.push_str(&format!("; then, when {awaited} {is_or_are} ready: {items}"));
            }
        }
        (self.0.len() > 1).then_some(words)
    }
}

/// Gives each target its step.
///
/// # Errors
/// The items' order isn't one; a project that was loaded has been asked already.
pub(crate) fn arrange(
    request: &Request,
    gathered: &Gathered,
    manifests: &Manifests,
    targets: &mut [Target],
) -> Result<Steps, Diagnostic> {
    let objects: Vec<&Object> = targets.iter().map(|target| &target.object).collect();
    let item_of = |origin: &Origin| manifests.item(origin);
    let Some((steps, of_objects)) = steps_of(request, gathered.project.as_ref(), &objects, item_of)? else {
        return Ok(Steps::default());
    };
    targets.iter_mut().zip(of_objects).for_each(|(target, step)| target.step = step);
    bring_forward(targets);
    Ok(steps)
}

/// The steps, and that of each object; `None` where all is one.
pub(crate) fn steps_of(
    request: &Request,
    project: Option<&Project>,
    objects: &[&Object],
    item_of: impl Fn(&Origin) -> Option<String>,
) -> Result<Option<(Steps, Vec<usize>)>, Diagnostic> {
    let Some(project) = project else {
        return Ok(None);
    };
    let items: Vec<String> = project.stack.items().map(|item| name(&item)).collect();
    let of_objects: Vec<Option<String>> = objects.iter().map(|object| item_of(&object.origin)).collect();
    let is_job = |object: &Object| object.identity.is("batch", "Job");
    // codexctl sends all at once.
    let awaits_jobs = request.waiting.wait && request.source.mode == Mode::Plain;
    let with_jobs: BTreeSet<&String> = objects
        .iter()
        .zip(&of_objects)
        .filter_map(|(object, item)| item.as_ref().filter(|_| awaits_jobs && is_job(object)))
        .collect();
    let order = Order::of(&project.stack, |at| with_jobs.contains(&items[at]))
        .map_err(|error| Diagnostic::input(error.label).hint(error.hint))?;
    let present: BTreeSet<&String> = of_objects.iter().flatten().collect();
    // Steps of which nothing takes part are none; what belongs to no item is sent first.
    let used: BTreeSet<usize> = (0..items.len())
        .filter(|at| present.contains(&items[*at]))
        .map(|at| order.steps[at])
        .chain(of_objects.iter().any(Option::is_none).then_some(0))
        .collect();
    let number = |step: usize| used.range(..step).count();
    if used.len() < 2 {
        return Ok(None);
    }
    let mut steps = Steps(vec![Step::default(); used.len()]);
    let mut numbers = BTreeMap::new();
    for (at, item) in items.iter().enumerate().filter(|(_, item)| present.contains(item)) {
        let step = number(order.steps[at]);
        numbers.insert(item, step);
        steps.0[step].items.push(item.clone());
        for (needed, awaited) in
            order.needs[at].iter().filter(|(needed, _)| present.contains(&items[*needed]))
        {
            let entry = steps.0[step].awaited.entry(items[*needed].clone()).or_insert(*awaited);
            *entry = (*entry).max(*awaited);
        }
    }
    // What was awaited before an earlier step is ready.
    let mut known: BTreeMap<String, Awaited> = BTreeMap::new();
    for step in &mut steps.0 {
        step.awaited.retain(|item, awaited| known.get(item).is_none_or(|known| known < awaited));
        known.extend(step.awaited.clone());
    }
    let of_objects = of_objects.iter().map(|item| item.as_ref().and_then(|item| numbers.get(item)).copied());
    let (steps, merged) = merged(steps);
    if steps.0.len() < 2 {
        return Ok(None);
    }
    Ok(Some((steps, of_objects.map(|step| merged[step.unwrap_or_default()]).collect())))
}

/// The steps without those that wait for nothing, because what they would wait for takes no part: such a step goes with
/// the one before. Gives the new number of each, too.
fn merged(steps: Steps) -> (Steps, Vec<usize>) {
    let mut merged: Vec<Step> = Vec::new();
    let mut numbers = Vec::new();
    for step in steps.0 {
        match merged.last_mut().filter(|_| step.awaited.is_empty()) {
            Some(before) => before.items.extend(step.items),
            None => merged.push(step),
        }
        numbers.push(merged.len() - 1);
    }
    (Steps(merged), numbers)
}

/// A definition goes with the first of its objects that couldn't be there without it, and a namespace with the first in
/// it.
fn bring_forward(targets: &mut [Target]) {
    let mut first: BTreeMap<(String, String), usize> = BTreeMap::new();
    let mut note = |key: (String, String), step: usize| {
        let known = first.entry(key).or_insert(step);
        *known = (*known).min(step);
    };
    for target in targets.iter() {
        if let Some(namespace) = target.namespace() {
            note((String::new(), namespace.to_owned()), target.step);
        }
        if !target.is_served {
            let Target { resource, .. } = target;
            note(("definition".to_owned(), format!("{}.{}", resource.plural, resource.group)), target.step);
        }
    }
    for target in targets {
        let identity = &target.object.identity;
        let of = match (identity.group.as_str(), identity.kind.as_str()) {
            ("", "Namespace") => "",
            ("apiextensions.k8s.io", "CustomResourceDefinition") => "definition",
            _ => continue,
        };
        if let Some(step) = first.get(&(of.to_owned(), identity.name.clone())) {
            target.step = target.step.min(*step);
        }
    }
}

/// `infra.db` or `service.web`, as objects' labels have it.
fn name(item: &Item<'_>) -> String {
    let block: Block = item.block;
    format!("{}.{}", block.word(), &**item.name)
}
