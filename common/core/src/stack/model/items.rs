//! What is rendered: infrastructure groups and services, their images and overlays.

use std::collections::BTreeMap;

use crate::stack::decode::Text;

use super::ItemHooks;

mapping! {
    /// An infrastructure group: manifests that are taken as they are.
    Infrastructure {
        /// Its name.
        name: Text = "name",
        /// Whether it takes part: `false`, `0` and `no` are no.
        when: Text = "when",
        /// Its manifests.
        manifests: Vec<ManifestRef> = "manifests",
        /// Whether what comes after it waits until what it made is ready; without a word services wait for its Jobs.
        awaits: Option<bool> = "await",
        /// The items that have to be ready before it is sent.
        depends_on: Vec<Text> = "dependsOn",
        /// Its hooks.
        hooks: ItemHooks = "hooks",
    }
}

mapping! {
    /// A service: manifests that get namespace, image and overlays.
    Service {
        /// Its name, and the name of the Deployment that gets image and mounts.
        name: Text = "name",
        /// Its manifests.
        manifests: Vec<ManifestRef> = "manifests",
        /// Its image.
        image: ServiceImage = "image",
        /// Its host names; nothing reads them, templates name hosts themselves.
        ingress: Ingress = "ingress",
        /// Whether it takes part: `false`, `0` and `no` are no.
        when: Text = "when",
        /// What differs by environment.
        overlays: BTreeMap<String, Overlay> = "overlays",
        /// Whether what comes after it waits until what it made is ready.
        awaits: Option<bool> = "await",
        /// The items that have to be ready before it is sent.
        depends_on: Vec<Text> = "dependsOn",
        /// Its hooks.
        hooks: ItemHooks = "hooks",
    }
}

mapping! {
    /// A manifest file.
    ManifestRef {
        /// Its path, relative to the project's root.
        path: Text = "path",
    }
}

mapping! {
    /// The image of a service.
    ServiceImage {
        /// Registry and name.
        repository: Text = "repository",
        /// A template of the tag.
        tag_template: Text = "tagTemplate",
    }
}

mapping! {
    /// The host names of a service.
    Ingress {
        /// Host names by environment.
        hosts: BTreeMap<String, String> = "hosts",
    }
}

mapping! {
    /// What differs in one environment.
    Overlay {
        /// Folders of the node mounted into the pod.
        host_mounts: Vec<HostMount> = "hostMounts",
        /// Claims mounted into the pod.
        pvc_mounts: Vec<PvcMount> = "pvcMounts",
        /// Kinds that are left out.
        drop_kinds: Vec<String> = "dropKinds",
    }
}

mapping! {
    /// A folder, file or socket of the node mounted into the pod.
    HostMount {
        /// The volume's name.
        name: Text = "name",
        /// The path on the node.
        host_path: Text = "hostPath",
        /// The path in the container.
        mount_path: Text = "mountPath",
        /// The kind of thing at the path; empty is `Directory`.
        host_path_type: String = "hostPathType",
    }
}

mapping! {
    /// A PersistentVolumeClaim mounted into the pod.
    PvcMount {
        /// The volume's name.
        name: Text = "name",
        /// The claim's name.
        claim_name: Text = "claimName",
        /// The path in the container.
        mount_path: Text = "mountPath",
        /// The path in the volume, if not its root.
        sub_path: String = "subPath",
        /// Whether writing is refused.
        read_only: bool = "readOnly",
    }
}

mapping! {
    /// An image that is mirrored or built.
    Image {
        /// `external` or `build`.
        kind: String = "type",
        /// Where an external image comes from.
        from: String = "from",
        /// What it is called in the project's registry.
        local: String = "local",
        /// Registry and name of a built image.
        repository: String = "repository",
        /// Its tag.
        tag: String = "tag",
        /// Or a template of the tag.
        tag_template: String = "tagTemplate",
        /// The Dockerfile.
        dockerfile: String = "dockerfile",
        /// The build's folder.
        context: String = "context",
        /// Build arguments, templates too.
        build_args: BTreeMap<String, String> = "buildArgs",
        /// Further build folders.
        build_contexts: BTreeMap<String, String> = "buildContexts",
    }
}

/// Which block of the file an item stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Block {
    /// `infrastructure`.
    Infrastructure,
    /// `services`.
    Service,
}

impl Block {
    /// The word that messages, lists and labels use.
    pub fn word(self) -> &'static str {
        match self {
            Self::Infrastructure => "infra",
            Self::Service => "service",
        }
    }
}

/// What infrastructure groups and services have in common.
#[derive(Debug, Clone, Copy)]
pub struct Item<'a> {
    /// Which block it stands in.
    pub block: Block,
    /// Its name.
    pub name: &'a Text,
    /// Whether it takes part, as text.
    pub when: &'a Text,
    /// Its manifests.
    pub manifests: &'a [ManifestRef],
    /// Whether what comes after it waits until what it made is ready, if it says so.
    pub awaits: Option<bool>,
    /// The items that have to be ready before it is sent.
    pub depends_on: &'a [Text],
    /// Its hooks.
    pub hooks: &'a ItemHooks,
    /// The rest, if it is a service.
    pub service: Option<&'a Service>,
}

impl<'a> From<&'a Infrastructure> for Item<'a> {
    fn from(group: &'a Infrastructure) -> Self {
        Self {
            block: Block::Infrastructure,
            name: &group.name,
            when: &group.when,
            manifests: &group.manifests,
            awaits: group.awaits,
            depends_on: &group.depends_on,
            hooks: &group.hooks,
            service: None,
        }
    }
}

impl<'a> From<&'a Service> for Item<'a> {
    fn from(service: &'a Service) -> Self {
        Self {
            block: Block::Service,
            name: &service.name,
            when: &service.when,
            manifests: &service.manifests,
            awaits: service.awaits,
            depends_on: &service.depends_on,
            hooks: &service.hooks,
            service: Some(service),
        }
    }
}
