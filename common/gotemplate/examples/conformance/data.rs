//! From a case's JSON to Go values: as `any`, or as the context struct.

use std::sync::LazyLock;

use gotemplate::time::{Location, Time};
use gotemplate::{StructType, Type, Value, ValueError};
use serde_json::Value as Json;

/// The moment that the cases were made for: 2026-01-30T12:34:56Z.
pub(crate) fn now() -> Value {
    Value::from(Time::new(1_769_776_496, 0, Location::UTC))
}

/// JSON as Go's `any`: objects are maps, numbers `int` or `float64`.
pub(crate) fn any(json: &Json) -> Value {
    match json {
        Json::Null => Value::nil(),
        Json::Bool(value) => Value::from(*value),
        Json::Number(number) => match number.as_i64() {
            Some(int) => Value::from(int),
            None => Value::from(number.as_f64().unwrap_or(f64::NAN)),
        },
        Json::String(text) => Value::from(text),
        Json::Array(items) => Value::list(items.iter().map(any)).with_capacity(capacity(items.len())),
        Json::Object(entries) => Value::map(entries.iter().map(|(key, value)| (key, any(value)))),
    }
}

/// The capacity that a Go slice has after `len` items were appended one by one,
/// as Go's JSON reader does.
fn capacity(len: usize) -> usize {
    const DOUBLES_UP_TO: usize = 256;
    let mut capacity = 0;
    while capacity < len {
        capacity = match capacity {
            0 => 1,
            1..DOUBLES_UP_TO => capacity * 2,
            _ => capacity + (capacity + 3 * DOUBLES_UP_TO) / 4,
        };
    }
    capacity
}

/// What `envOr` looks into: the string entries of `EnvMap`.
pub(crate) fn environment(json: &Json) -> Value {
    let entries = json.get("EnvMap").and_then(Json::as_object);
    let entries = entries.into_iter().flatten();
    Value::string_map(entries.filter_map(|(key, value)| Some((key, value.as_str()?))))
}

/// JSON as the struct `config.TemplateContext`.
pub(crate) fn context(json: &Json) -> Result<Value, String> {
    typed(json, &CONTEXT).map_err(|error| error.to_string())
}

/// JSON as a value of type `ty`: null and missing keys are zero.
fn typed(json: &Json, ty: &Type) -> Result<Value, ValueError> {
    if *ty == Type::TIME {
        return Ok(now());
    }
    match json {
        Json::Array(items) => {
            let element = ty.element().unwrap_or(&Type::ANY);
            let items: Vec<Value> =
                items.iter().map(|item| typed(item, element)).collect::<Result<_, _>>()?;
            let room = capacity(items.len());
            Ok(Value::typed_list(ty, items)?.with_capacity(room))
        }
        Json::Object(entries) if ty.key().is_some() => {
            let element = ty.element().unwrap_or(&Type::ANY);
            let entries: Vec<(Value, Value)> = entries
                .iter()
                .map(|(key, value)| Ok((Value::from(key), typed(value, element)?)))
                .collect::<Result<_, ValueError>>()?;
            Value::typed_map(ty, entries)
        }
        Json::Object(entries) => {
            let fields: Vec<(&str, Value)> = ty
                .field_types()
                .filter_map(|(name, ty)| match (entries.get(name), *ty == Type::TIME) {
                    (_, true) => Some(Ok((name, now()))),
                    (Some(value), false) => Some(typed(value, ty).map(|value| (name, value))),
                    (None, false) => None,
                })
                .collect::<Result<_, _>>()?;
            Value::structure(ty, fields)
        }
        Json::Null => match *ty == *CONTEXT {
            true => Value::structure(ty, [("Now", now())]),
            false => Ok(Value::zero(ty)),
        },
        scalar => any(scalar).convert(ty),
    }
}

/// Adds fields of one type.
fn fields(mut declared: StructType, names: &[&'static str], ty: &Type) -> StructType {
    for name in names {
        declared = declared.field(*name, ty.clone());
    }
    declared
}

static CONTEXT: LazyLock<Type> = LazyLock::new(|| {
    let vars = Type::named("env.Vars", &Type::STRING_MAP);
    let declared = StructType::new("config", "TemplateContext");
    let declared = fields(declared, &["Env", "Namespace", "Project", "ProjectRoot"], &Type::STRING)
        .field("Slot", Type::INT)
        .field("Now", Type::TIME);
    let declared = fields(declared, &["UserVars", "EnvMap"], &vars);
    fields(declared, &["Versions", "BaseDomain"], &Type::STRING_MAP)
        .field("Codex", codex())
        .field("IssueComments", Type::slice(comment("IssueComment", "IssueNumber", &["CreatedAt"])))
        .field(
            "ReviewComments",
            Type::slice(comment("ReviewComment", "PRNumber", &["ThreadID", "CreatedAt"])),
        )
        .build()
});

fn codex() -> Type {
    let link = fields(StructType::new("config", "Link"), &["Title", "Path"], &Type::STRING).build();
    let timeouts = StructType::new("config", "CodexTimeouts");
    let timeouts = fields(timeouts, &["Exec", "Rollout", "DeployWait"], &Type::STRING).build();
    let declared = StructType::new("config", "CodexConfig");
    let names = ["ConfigTemplate", "PromptLang", "Model", "ModelReasoningEffort"];
    let declared = fields(declared, &names, &Type::STRING)
        .field("Links", Type::slice(link))
        .field("ExtraTools", Type::STRING_SLICE);
    fields(declared, &["ProjectContext", "ServicesOverview"], &Type::STRING)
        .field("Timeouts", timeouts)
        .build()
}

fn comment(name: &str, number: &'static str, last: &[&'static str]) -> Type {
    let declared = fields(StructType::new("promptctx", name), &[number, "ID"], &Type::INT);
    let declared = fields(declared, &["Author", "URL", "Body"], &Type::STRING);
    fields(declared, last, &Type::STRING).build()
}
