//! Where a project runs and keeps things: environments, data directories, slot records, volumes.

use crate::stack::decode::Text;

mapping! {
    /// An environment as it stands in the file; see `stack::Environment` for what it inherits.
    EnvironmentBlock {
        /// The environment that unset fields come from.
        from: Text = "from",
        /// Path of the kubeconfig; a leading `~` is the home directory.
        kubeconfig: String = "kubeconfig",
        /// The kubeconfig's context.
        context: String = "context",
        /// The pull policy that templates may ask for.
        image_pull_policy: String = "imagePullPolicy",
        /// The registry beside the cluster.
        local_registry: Option<LocalRegistry> = "localRegistry",
        /// Infrastructure groups that a new slot gets at once.
        slot_bootstrap_infra: Vec<String> = "slotBootstrapInfra",
    }
}

mapping! {
    /// A registry beside the cluster.
    LocalRegistry {
        /// Whether there is one.
        enabled: bool = "enabled",
        /// Its name.
        name: String = "name",
        /// Its port.
        port: i64 = "port",
    }
}

mapping! {
    /// Where data directories are.
    DataPaths {
        /// What all of them lie below.
        root: String = "root",
        /// The environment's own folder.
        env_dir: String = "envDir",
        /// Directories in it.
        dirs: Vec<String> = "dirs",
        /// Or the directories themselves.
        paths: Vec<String> = "paths",
    }
}

mapping! {
    /// Where slots are recorded.
    State {
        /// `configmap`, or empty for the same.
        backend: String = "backend",
        /// The namespace of the records.
        configmap_namespace: String = "configmapNamespace",
        /// What their names begin with.
        configmap_prefix: String = "configmapPrefix",
    }
}

mapping! {
    /// Volumes of the project.
    Storage {
        /// The agents' workspaces.
        workspace: Option<Volume> = "workspace",
        /// The services' data.
        data: Option<Volume> = "data",
        /// The registry's images.
        registry: Option<Volume> = "registry",
    }
}

mapping! {
    /// What a volume asks for.
    Volume {
        /// Its size, as Kubernetes writes quantities.
        size: String = "size",
        /// Its storage class.
        storage_class: String = "storageClass",
        /// Its access modes.
        access_modes: Vec<String> = "accessModes",
    }
}
