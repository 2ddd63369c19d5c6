//! What is to be applied: read, rendered and checked, before any cluster is asked.
//!
//! Takes a request, or a project that is loaded already; gives objects and the way back to their lines.
//! Separate so that whoever deploys can look at it first: a program that knows what it applied last needn't
//! ask the cluster about manifests that are still the same.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use codex_cluster::document::node_of;
use codex_cluster::identity::Identity;
use codex_cluster::input::Object;
use codex_cluster::prune::Kept;
use codex_common::cli::{Console, Host};
use codex_common::diagnostic::Diagnostic;
use codex_common::stack::Project;
use codex_common::yaml::{self, KeyOrder, Mapping, Node};
use sha2::{Digest as _, Sha256};

use crate::gather::{self, Gathered};
use crate::kept;
use crate::request::{DryRun, OutputFormat, Request};
use crate::scene::{self, Checked, Manifests};
use crate::session;

/// What is to be applied.
#[derive(Debug)]
pub struct Input {
    pub(crate) gathered: Gathered,
    pub(crate) objects: Vec<Object>,
    pub(crate) manifests: Manifests,
    /// The identities of the same manifests in another slot; `None` where that can't be known.
    pub(crate) elsewhere: Option<BTreeSet<Identity>>,
    /// What a prune leaves.
    pub(crate) kept: Kept,
}

impl Input {
    /// Reads what the request names: files, standard input, or the project's own manifests.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn read(request: &Request, host: &Host, console: &Console) -> Result<Self, Diagnostic> {
        let gathered = gather::gather(request, host, console)?;
        if request.prune && gathered.identity.is_none() {
            return Err(Diagnostic::input("`--prune` needs to know whose the manifests are")
                .hint(Some("pipe them from `kubectl codex render`, or name `--env`".to_owned())));
        }
        Self::checked(gathered, request, host, console)
    }

    /// Renders the manifests of a project that is loaded already.
    ///
    /// # Errors
    /// The first thing that is wrong with them.
    pub fn of_project(
        project: Project,
        request: &Request,
        host: &Host,
        console: &Console,
    ) -> Result<Self, Diagnostic> {
        Self::checked(gather::of_project(project, request, console)?, request, host, console)
    }

    fn checked(
        mut gathered: Gathered,
        request: &Request,
        host: &Host,
        console: &Console,
    ) -> Result<Self, Diagnostic> {
        let kept = kept::kept(request, &gathered, host, console)?;
        let Checked { objects, manifests } = scene::check(request, &mut gathered, console)?;
        scene::other_namespaces(request, &objects, console);
        session::check_hooks(request, &gathered, console)?;
        // This is for labels, which lines don't show.
        let elsewhere = match (request.dry_run, request.output) {
            (Some(DryRun::Client), None | Some(OutputFormat::Name)) => None,
            _ => scene::in_another_slot(request, &gathered, host, console)?,
        };
        Ok(Self { gathered, objects, manifests, elsewhere, kept })
    }

    /// The project, if its services.yaml is here.
    pub fn project(&self) -> Option<&Project> {
        self.gathered.project.as_ref()
    }

    /// The objects, as they were rendered: without labels, and without the environment's namespace.
    pub fn objects(&self) -> &[Object] {
        &self.objects
    }

    /// A hash of the manifests, their order, the environment's namespace and the images of services.yaml: as
    /// long as it is the same, so is what would be applied.
    ///
    /// # Errors
    /// The tag of an image can't be rendered.
    pub fn digest(&self) -> Result<String, Diagnostic> {
        let mut digest = Sha256::new();
        let mut feed = |node: &Node| {
            let mut text = String::new();
            // What JSON can't hold isn't in objects: they came from JSON or from checked YAML.
            if yaml::write_json(node, KeyOrder::Sorted, 0, &mut text).is_ok() {
                digest.update(text.as_bytes());
                digest.update(b"\n");
            }
        };
        for object in &self.objects {
            feed(&node_of(&object.value));
        }
        if let Some(project) = self.project() {
            feed(&Node::from(project.context.namespace.as_str()));
            feed(&images(project)?);
        }
        Ok(digest.finalize().iter().fold(String::new(), |mut text, byte| {
            // Writing to a String can't fail.
            let _ = write!(text, "{byte:02x}");
            text
        }))
    }
}

/// The images of services.yaml by name, as they would be pulled.
fn images(project: &Project) -> Result<Node, Diagnostic> {
    let mut images = Mapping::default();
    for (name, image) in &project.stack.images {
        let tag = if image.tag.is_empty() { &image.tag_template } else { &image.tag };
        let tag = project
            .engine
            .render_field(&format!("images.{name}.tagTemplate"), tag)
            .map_err(|error| error.diagnostic(format!("cannot render the tag of image `{name}`")))?;
        let reference =
            [&image.from, &image.local, &image.repository, &tag].map(|part| part.trim()).join(" ");
        images.insert(name.as_str(), Node::from(reference.as_str()));
    }
    Ok(Node::from(images))
}
