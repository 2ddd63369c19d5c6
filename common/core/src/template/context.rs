//! What a template sees as `.`: the context of the project, environment and slot.
//!
//! The Go types are part of the format: they show in error texts and decide what a template may do.
//! Fields are codexctl's (inventory T4) and, at the end, the ones of its next version and our own.

use std::sync::LazyLock;

use gotemplate::time::{Location, Time};
use gotemplate::{StructType, Type, Value, ValueError};

use crate::stack::Environment;
use crate::stack::model::{Codex, LocalRegistry, Storage, Volume};
use crate::stack::variables::{Map, Variables};

/// The Go types of the context.
struct Types {
    vars: Type,
    link: Type,
    timeouts: Type,
    codex: Type,
    volume: Type,
    storage: Type,
    registry: Type,
    environment: Type,
    context: Type,
}

static TYPES: LazyLock<Types> = LazyLock::new(Types::new);

impl Types {
    fn new() -> Self {
        let strings = |name: StructType, fields: &[&'static str]| {
            fields.iter().fold(name, |structure, field| structure.field(*field, Type::STRING))
        };
        let vars = Type::named("env.Vars", &Type::STRING_MAP);
        let link = strings(StructType::new("config", "Link"), &["Title", "Path"]).build();
        let timeouts =
            strings(StructType::new("config", "CodexTimeouts"), &["Exec", "Rollout", "DeployWait"]).build();
        let codex = StructType::new("config", "CodexConfig");
        let codex = strings(codex, &["ConfigTemplate", "PromptLang", "Model", "ModelReasoningEffort"])
            .field("Links", Type::slice(link.clone()))
            .field("ExtraTools", Type::STRING_SLICE);
        let codex = strings(codex, &["ProjectContext", "ServicesOverview"])
            .field("Timeouts", timeouts.clone())
            .build();
        let comment = |name: &str, number: &'static str, thread: &[&'static str]| {
            let structure =
                StructType::new("promptctx", name).field(number, Type::INT).field("ID", Type::INT);
            let structure = strings(strings(structure, &["Author", "URL", "Body"]), thread);
            Type::slice(structure.field("CreatedAt", Type::STRING).build())
        };
        let volume = strings(StructType::new("config", "VolumeConfig"), &["Size", "StorageClass"])
            .field("AccessModes", Type::STRING_SLICE)
            .build();
        let storage = ["Workspace", "Data", "Registry"]
            .into_iter()
            .fold(StructType::new("config", "StorageConfig"), |structure, field| {
                structure.field(field, Type::pointer(volume.clone()))
            })
            .build();
        let registry = StructType::new("config", "LocalRegistry")
            .field("Enabled", Type::BOOL)
            .field("Name", Type::STRING)
            .field("Port", Type::INT)
            .build();
        let environment =
            strings(StructType::new("config", "Environment"), &["Kubeconfig", "Context", "ImagePullPolicy"])
                .field("LocalRegistry", registry.clone())
                .field("SlotBootstrapInfra", Type::STRING_SLICE)
                .build();
        let context = StructType::new("config", "TemplateContext");
        let context = strings(context, &["Env", "Namespace", "Project", "ProjectRoot"])
            .field("Slot", Type::INT)
            .field("Now", Type::TIME)
            .field("UserVars", vars.clone())
            .field("EnvMap", vars.clone())
            .field("Versions", Type::STRING_MAP)
            .field("BaseDomain", Type::STRING_MAP)
            .field("Codex", codex.clone())
            .field("IssueComments", comment("IssueComment", "IssueNumber", &[]))
            .field("ReviewComments", comment("ReviewComment", "PRNumber", &["ThreadID"]))
            .field("Vars", vars.clone())
            .field("Storage", Type::pointer(storage.clone()))
            .field("Environment", environment.clone())
            .build();
        Self { vars, link, timeouts, codex, volume, storage, registry, environment, context }
    }
}

/// The parts of a context; [`Context::dot`] makes the value of them.
#[derive(Debug, Clone, Default)]
pub struct Context {
    /// The environment's name.
    pub env: String,
    /// The namespace; empty where it isn't known yet.
    pub namespace: String,
    /// The project's name.
    pub project: String,
    /// The folder of `services.yaml`, absolute.
    pub project_root: String,
    /// The slot's number, 0 without one.
    pub slot: i64,
    /// The time of the run, seconds since 1970 and nanoseconds, UTC.
    pub now: (i64, u32),
    /// `.EnvMap`, `.Vars` and `.UserVars`.
    pub variables: Variables,
    /// `.Versions`.
    pub versions: Map,
    /// `.BaseDomain`.
    pub base_domain: Map,
    /// `.Codex`; empty while `services.yaml` is rendered.
    pub codex: Codex,
    /// `.Storage`; nil while `services.yaml` is rendered.
    pub storage: Option<Storage>,
    /// `.Environment`.
    pub environment: Environment,
}

impl Context {
    /// The value of `.`; it shares nothing with other values of the same context.
    pub fn dot(&self) -> Value {
        let vars = |map: &Map| built(Value::string_map(map).convert(&TYPES.vars), &TYPES.vars);
        let variables = &self.variables;
        self.dot_with([vars(&variables.inline), vars(&variables.all), vars(&variables.given)])
    }

    /// The value of `.` with the variables of an earlier one, which are most of it.
    pub(super) fn dot_after(&self, earlier: &Value) -> Value {
        let field = |name| earlier.get(name).cloned().unwrap_or_default();
        self.dot_with([field("UserVars"), field("EnvMap"), field("Vars")])
    }

    fn dot_with(&self, [inline, all, given]: [Value; 3]) -> Value {
        let no_storage = || Value::zero(&Type::pointer(TYPES.storage.clone()));
        let storage = self
            .storage
            .as_ref()
            .map_or_else(no_storage, |storage| Value::pointer(built(storage_value(storage), &TYPES.storage)));
        let fields = [
            ("Env", Value::from(&self.env)),
            ("Namespace", Value::from(&self.namespace)),
            ("Project", Value::from(&self.project)),
            ("ProjectRoot", Value::from(&self.project_root)),
            ("Slot", Value::from(self.slot)),
            ("Now", Value::from(self.time())),
            ("UserVars", inline),
            ("EnvMap", all),
            ("Versions", Value::string_map(&self.versions)),
            ("BaseDomain", Value::string_map(&self.base_domain)),
            ("Codex", built(codex_value(&self.codex), &TYPES.codex)),
            ("Vars", given),
            ("Storage", storage),
            ("Environment", built(environment_value(&self.environment), &TYPES.environment)),
        ];
        built(Value::structure(&TYPES.context, fields), &TYPES.context)
    }

    /// The time of the run as templates see it.
    pub fn time(&self) -> Time {
        Time::new(self.now.0, self.now.1, Location::UTC)
    }
}

/// A value that was made of fields which the type has; the zero value would only ever show a slip in the
/// tables above, which the tests would find.
fn built(value: Result<Value, ValueError>, ty: &Type) -> Value {
    debug_assert!(value.is_ok(), "{value:?}");
    value.unwrap_or_else(|_| Value::zero(ty))
}

fn codex_value(codex: &Codex) -> Result<Value, ValueError> {
    let links = codex.links.iter().map(|link| {
        let fields = [("Title", Value::from(&link.title)), ("Path", Value::from(&link.path))];
        built(Value::structure(&TYPES.link, fields), &TYPES.link)
    });
    let timeouts = Value::structure(
        &TYPES.timeouts,
        [
            ("Exec", Value::from(&codex.timeouts.exec)),
            ("Rollout", Value::from(&codex.timeouts.rollout)),
            ("DeployWait", Value::from(&codex.timeouts.deploy_wait)),
        ],
    )?;
    Value::structure(
        &TYPES.codex,
        [
            ("ConfigTemplate", Value::from(&codex.config_template)),
            ("PromptLang", Value::from(&codex.prompt_lang)),
            ("Model", Value::from(&codex.model)),
            ("ModelReasoningEffort", Value::from(&codex.model_reasoning_effort)),
            ("Links", Value::typed_list(&Type::slice(TYPES.link.clone()), links)?),
            ("ExtraTools", Value::string_list(&codex.extra_tools)),
            ("ProjectContext", Value::from(&codex.project_context)),
            ("ServicesOverview", Value::from(&codex.services_overview)),
            ("Timeouts", timeouts),
        ],
    )
}

fn storage_value(storage: &Storage) -> Result<Value, ValueError> {
    let volume = |volume: Option<&Volume>| match volume {
        None => Ok(Value::zero(&Type::pointer(TYPES.volume.clone()))),
        Some(volume) => Value::structure(
            &TYPES.volume,
            [
                ("Size", Value::from(&volume.size)),
                ("StorageClass", Value::from(&volume.storage_class)),
                ("AccessModes", Value::string_list(&volume.access_modes)),
            ],
        )
        .map(Value::pointer),
    };
    Value::structure(
        &TYPES.storage,
        [
            ("Workspace", volume(storage.workspace.as_ref())?),
            ("Data", volume(storage.data.as_ref())?),
            ("Registry", volume(storage.registry.as_ref())?),
        ],
    )
}

fn environment_value(environment: &Environment) -> Result<Value, ValueError> {
    let LocalRegistry { enabled, name, port } = &environment.local_registry;
    let registry = Value::structure(
        &TYPES.registry,
        [("Enabled", Value::from(*enabled)), ("Name", Value::from(name)), ("Port", Value::from(*port))],
    )?;
    Value::structure(
        &TYPES.environment,
        [
            ("Kubeconfig", Value::from(&environment.kubeconfig)),
            ("Context", Value::from(&environment.context)),
            ("ImagePullPolicy", Value::from(&environment.image_pull_policy)),
            ("LocalRegistry", registry),
            ("SlotBootstrapInfra", Value::string_list(&environment.slot_bootstrap_infra)),
        ],
    )
}

/// The keys of the map that `.A.B` names in the context, for suggestions.
pub(super) fn keys_at(dot: &Value, path: &[&str]) -> Vec<String> {
    let found = path.iter().try_fold(dot, |value, name| value.get(name));
    let entries = found.into_iter().flat_map(Value::entries);
    entries.filter_map(|(key, _)| key.as_str().map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_is_there_with_its_value() {
        let data = Volume { size: "1Gi".into(), ..Volume::default() };
        let context = Context {
            slot: 3,
            namespace: "shop-dev-3".into(),
            codex: Codex { model: "m".into(), ..Codex::default() },
            storage: Some(Storage { data: Some(data), ..Storage::default() }),
            ..Context::default()
        };
        let dot = context.dot();
        let at =
            |path: &[&str]| path.iter().try_fold(&dot, |value, name| value.get(name)).and_then(Value::as_str);
        assert_eq!(at(&["Namespace"]), Some("shop-dev-3"));
        assert_eq!(at(&["Codex", "Model"]), Some("m"));
        assert_eq!(at(&["Storage", "Data", "Size"]), Some("1Gi"));
        assert_eq!(dot.get("Slot").and_then(Value::as_int), Some(3));
    }
}
