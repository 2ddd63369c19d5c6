//! What a service puts on its manifests: namespace, image, mounts; and the kinds it leaves out.
//!
//! An [`Overlay`] is worked out once for a service and then put on each document. The rules are codexctl's
//! (inventory A2–A4), tried case by case; infrastructure gets none of this.

mod image;
mod mounts;
mod namespace;

pub use namespace::is_cluster_scoped;

use crate::stack::model::Service;
use crate::stack::{Mode, Project};
use crate::template::TemplateError;
use crate::yaml::{Node, Position};

use super::document::{kind, name};

use mounts::Mount;

/// What one service puts on documents.
#[derive(Debug, Clone)]
pub struct Overlay {
    /// The namespace for documents without one; empty for none.
    namespace: String,
    /// Kinds that are left out, [folded].
    drop_kinds: Vec<String>,
    /// The Deployment that gets image and mounts.
    deployment: String,
    /// The image of its first container.
    image: Option<String>,
    /// Volumes with their mounts.
    mounts: Vec<Mount>,
    /// Whose rules are followed.
    mode: Mode,
}

/// Why a service's overlay can't be worked out.
#[derive(Debug, Clone, PartialEq)]
pub enum OverlayError {
    /// The tag's template fails.
    Tag {
        /// Where `tagTemplate` stands.
        position: Position,
        /// What is wrong with it.
        error: Box<TemplateError>,
    },
    /// A mount lacks a field or is there twice.
    Mount {
        /// Where the mount's name stands.
        position: Position,
        /// What is wrong with it.
        problem: String,
    },
}

impl Overlay {
    /// The overlay that puts nothing but the namespace on documents.
    pub fn of_namespace(project: &Project) -> Self {
        Self {
            namespace: project.context.namespace.clone(),
            drop_kinds: Vec::new(),
            deployment: String::new(),
            image: None,
            mounts: Vec::new(),
            mode: project.mode,
        }
    }

    /// The overlay of a service in the project's environment.
    ///
    /// # Errors
    /// Its tag can't be rendered; in plain mode also a mount that lacks a field or a doubled one.
    pub fn of_service(project: &Project, service: &Service) -> Result<Self, OverlayError> {
        let overlay = service.overlays.get(&project.context.env);
        let drop_kinds = overlay.map(|overlay| overlay.drop_kinds.as_slice()).unwrap_or_default();
        let drop_kinds = drop_kinds.iter().map(|kind| folded(kind.trim()));
        Ok(Self {
            drop_kinds: drop_kinds.filter(|kind| !kind.is_empty()).collect(),
            deployment: service.name.value.clone(),
            image: image::of_service(project, service)?,
            mounts: overlay
                .map_or_else(|| Ok(Vec::new()), |overlay| mounts::of_overlay(overlay, project.mode))?,
            ..Self::of_namespace(project)
        })
    }

    /// The same overlay for a Deployment of another name.
    #[must_use]
    pub fn for_deployment(self, deployment: &str) -> Self {
        Self { deployment: deployment.to_owned(), ..self }
    }

    /// The same overlay without kinds that are left out.
    #[must_use]
    pub fn keeping_kinds(self) -> Self {
        Self { drop_kinds: Vec::new(), ..self }
    }

    /// Whether a document is left out.
    pub fn drops(&self, node: &Node) -> bool {
        !self.drop_kinds.is_empty() && kind(node).is_some_and(|kind| self.drop_kinds.contains(&folded(kind)))
    }

    /// Whether a document is the Deployment that gets image and mounts.
    pub fn is_about(&self, node: &Node) -> bool {
        kind(node) == Some("Deployment") && name(node) == Some(self.deployment.as_str())
    }

    /// Puts everything on a document that isn't left out.
    pub fn put_on(&self, node: &mut Node) {
        namespace::put_on(node, &self.namespace, self.mode);
        self.put_workload_on(node);
    }

    /// Puts image and mounts on a document, if it is the service's Deployment.
    pub fn put_workload_on(&self, node: &mut Node) {
        if (self.image.is_none() && self.mounts.is_empty()) || !self.is_about(node) {
            return;
        }
        let template = node.get_mut("spec").and_then(|spec| spec.get_mut("template"));
        let Some(pod) = template.and_then(|template| template.get_mut("spec")) else {
            return;
        };
        if let Some(image) = &self.image {
            image::put_on(pod, image);
        }
        if !self.mounts.is_empty() {
            mounts::put_on(pod, &self.mounts);
        }
    }
}

/// A text in the one form of all that differ from it only by case, as Go's `strings.EqualFold` sees it: letter
/// by letter, so that the long s is an s and the Kelvin sign a k, but ß isn't ss and the dotless ı no i.
fn folded(text: &str) -> String {
    fn single(mut letters: impl Iterator<Item = char>, letter: char) -> char {
        match (letters.next(), letters.next()) {
            (Some(other), None) => other,
            _ => letter,
        }
    }
    let fold = |letter: char| match letter {
        'ı' => letter,
        _ => {
            let upper = single(letter.to_uppercase(), letter);
            single(upper.to_lowercase(), upper)
        }
    };
    text.chars().map(fold).collect()
}

/// The mappings of a list field of a pod; what is no mapping is dropped from the list. `None` if the field
/// is no list or nothing is left in it.
fn maps_of<'a>(pod: &'a mut Node, field: &str) -> Option<&'a mut Vec<Node>> {
    let items = pod.get_mut(field)?.as_sequence_mut()?;
    items.retain(|item| item.as_mapping().is_some());
    Some(&mut **items)
}

#[cfg(test)]
mod tests {
    use super::folded;

    #[test]
    fn case_is_folded_as_go_folds_it() {
        for (one, other) in [
            ("Secret", "\u{17F}ECRET"),
            ("Kind", "\u{212A}ind"),
            ("σ", "ς"),
            ("ß", "ẞ"),
            ("ǅ", "ǆ"),
            ("µ", "Μ"),
        ] {
            assert_eq!(folded(one), folded(other));
        }
        for (one, other) in [("ı", "I"), ("İ", "i"), ("ß", "ss"), ("Secret", "Secrets")] {
            assert_ne!(folded(one), folded(other));
        }
    }
}
