//! What `services.yaml` says, field by field.
//!
//! Takes YAML nodes, gives plain values. Fields and defaults follow codexctl's format (inventory F1–F36)
//! and its next version's additions (`storage`, `pvcMounts`, `slotBootstrapInfra`, MCP servers).

/// Declares a mapping of the file: a struct whose fields name the keys that they are read from.
macro_rules! mapping {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $field:ident: $type:ty = $key:literal,)* }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Default, PartialEq)]
        pub struct $name {
            $($(#[$doc])* pub $field: $type,)*
        }

        impl crate::stack::decode::Decode for $name {
            fn decode(
                node: &crate::yaml::Node,
                path: &crate::stack::decode::Path<'_>,
            ) -> Result<Self, crate::stack::decode::DecodeError> {
                let mut fields = crate::stack::decode::Fields::of(node, path)?;
                let decoded = Self { $($field: fields.take($key)?,)* };
                fields.finish()?;
                Ok(decoded)
            }
        }
    };
}

mod codex;
mod environment;
mod hooks;
mod items;
mod ready;

use std::collections::BTreeMap;

pub use codex::{Codex, ConfigBlock, Link, Mcp, McpServer, McpService, McpTool, McpValue, Timeouts};
pub use environment::{DataPaths, EnvironmentBlock, LocalRegistry, State, Storage, Volume};
pub use hooks::{HookStep, ItemHooks, StackHooks};
pub use items::{
    Block, HostMount, Image, Infrastructure, Ingress, Item, ManifestRef, Overlay, PvcMount, Service,
    ServiceImage,
};
pub use ready::ReadyRule;

mapping! {
    /// A whole project.
    Stack {
        /// The project's name; namespaces are made of it.
        project: String = "project",
        /// Env files, relative to the project's root.
        env_files: Vec<String> = "envFiles",
        /// The registry that images are pushed to.
        registry: String = "registry",
        /// Versions by component.
        versions: BTreeMap<String, String> = "versions",
        /// How many slots there may be at once; 0 is unlimited.
        max_slots: i64 = "maxSlots",
        /// The agent's settings.
        codex: Codex = "codex",
        /// Host names by environment.
        base_domain: BTreeMap<String, String> = "baseDomain",
        /// Namespaces by environment.
        namespace: Namespace = "namespace",
        /// Environments by name.
        environments: BTreeMap<String, EnvironmentBlock> = "environments",
        /// Images by name.
        images: BTreeMap<String, Image> = "images",
        /// Infrastructure groups, in the order they are applied.
        infrastructure: Vec<Infrastructure> = "infrastructure",
        /// Services, in the order they are applied, after the infrastructure.
        services: Vec<Service> = "services",
        /// Hooks around everything.
        hooks: StackHooks = "hooks",
        /// Where data directories are.
        data_paths: DataPaths = "dataPaths",
        /// Where slots are recorded.
        state: State = "state",
        /// Volumes of the project; absent in projects without them.
        storage: Option<Storage> = "storage",
        /// When objects of a kind are ready.
        ready: Vec<ReadyRule> = "ready",
    }
}

mapping! {
    /// The block `namespace`.
    Namespace {
        /// Templates of namespaces by environment.
        patterns: BTreeMap<String, String> = "patterns",
    }
}

impl Stack {
    /// Infrastructure groups, then services: the order of rendering and of applying.
    pub fn items(&self) -> impl Iterator<Item = Item<'_>> {
        let infrastructure = self.infrastructure.iter().map(Item::from);
        infrastructure.chain(self.services.iter().map(Item::from))
    }
}
