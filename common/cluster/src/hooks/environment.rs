//! The variables that scripts see (B6).

use std::path::Path;

use codex_common::stack::Project;

use super::Purpose;

/// All template variables, and over them what says where the script runs. The process's own are among the
/// template variables, and are inherited besides.
///
/// `CODEX_SLOT` is `0` where there is no slot.
pub(super) fn variables(project: &Project, purpose: Purpose, kubeconfig: &Path) -> Vec<(String, String)> {
    let context = &project.context;
    let dot = context.dot();
    let mut variables: Vec<(String, String)> = dot
        .get("EnvMap")
        .into_iter()
        .flat_map(|map| map.entries())
        .filter_map(|(name, value)| Some((name.as_str()?.to_owned(), value.as_str()?.to_owned())))
        .filter(|(name, value)| is_variable(name, value))
        .collect();
    let own = [
        ("KUBECONFIG", kubeconfig.to_string_lossy().into_owned()),
        ("CODEX_ENV", context.env.clone()),
        ("CODEX_NAMESPACE", context.namespace.clone()),
        ("CODEX_SLOT", context.slot.to_string()),
        ("CODEX_PROJECT", context.project.clone()),
        ("CODEX_ACTION", purpose.word().to_owned()),
    ];
    variables.extend(own.map(|(name, value)| (name.to_owned(), value)));
    variables
}

/// Whether the system takes it: variables of templates may be called anything.
fn is_variable(name: &str, value: &str) -> bool {
    !name.is_empty() && !name.contains(['=', '\0']) && !value.contains('\0')
}
