//! Which context of a kubeconfig is meant, with what the flags change in it.

use kube::config::{AuthInfo, Cluster, Context, Kubeconfig, NamedAuthInfo, NamedCluster, NamedContext};

use super::source::Found;
use super::{ConnectError, ConnectRequest, Origin, authorization, resolved};

/// One context with its cluster and user.
#[derive(Clone)]
pub(super) struct Selection {
    /// The context's name.
    pub(super) context: String,
    /// Its namespace.
    pub(super) namespace: Option<String>,
    /// Its cluster; the server is there.
    pub(super) cluster: Cluster,
    /// Its user.
    pub(super) user: AuthInfo,
    /// The name of the user's entry; empty if there is none.
    pub(super) user_name: String,
}

impl Selection {
    /// The context that is asked for, else the current one.
    pub(super) fn of(found: Found, request: &ConnectRequest<'_>) -> Result<Self, ConnectError> {
        let Found { kubeconfig, origin, .. } = found;
        let known = || kubeconfig.contexts.iter().map(|named| named.name.clone()).collect();
        let (name, chosen_by) = match chosen(request, &origin) {
            Some((name, chosen_by)) => (name.to_owned(), chosen_by),
            None => match kubeconfig.current_context.as_deref().filter(|name| !name.is_empty()) {
                Some(name) => (name.to_owned(), Origin::Default),
                None if request.server.is_some() => (String::new(), Origin::Default),
                None => return Err(ConnectError::NoContext { known: known() }),
            },
        };
        let context = kubeconfig.contexts.iter().find(|named| named.name == name);
        let context = context.map(|named| named.context.clone().unwrap_or_default());
        let Some(context) = context.or_else(|| name.is_empty().then(Context::default)) else {
            return Err(ConnectError::UnknownContext { name, origin: chosen_by, known: known() });
        };
        let cluster = kubeconfig.clusters.iter().find(|named| named.name == context.cluster);
        let cluster = cluster.and_then(|named| named.cluster.clone()).unwrap_or_default();
        // A user that isn't there is nobody, as in kubectl: some clusters ask for no credentials.
        let user = kubeconfig.auth_infos.iter().find(|named| Some(&named.name) == context.user.as_ref());
        let user = user.and_then(|named| named.auth_info.clone()).unwrap_or_default();
        let user_name = context.user.unwrap_or_default();
        let mut selection = Self { context: name, namespace: None, cluster, user, user_name };
        selection.namespace = context.namespace.filter(|namespace| !namespace.is_empty());
        selection.apply_flags(request)?;
        if selection.cluster.server.as_deref().is_none_or(str::is_empty) {
            return Err(ConnectError::NoServer { context: selection.context, cluster: context.cluster });
        }
        Ok(selection)
    }

    /// The flags win over the kubeconfig. Another server has another name in its certificate, and an authority
    /// is of no use to someone who doesn't look at certificates (both as in kubectl).
    fn apply_flags(&mut self, request: &ConnectRequest<'_>) -> Result<(), ConnectError> {
        let Self { cluster, user, .. } = self;
        if let Some(server) = request.server {
            cluster.server = Some(server.to_owned());
            cluster.tls_server_name = None;
        }
        if let Some(path) = request.certificate_authority {
            cluster.certificate_authority = Some(resolved(path, request).to_string_lossy().into_owned());
            cluster.certificate_authority_data = None;
            cluster.insecure_skip_tls_verify = None;
        }
        if request.insecure_skip_tls_verify {
            if request.certificate_authority.is_some() {
                return Err(ConnectError::Flag {
                    flag: "--insecure-skip-tls-verify",
                    value: "true".to_owned(),
                    problem: "it makes `--certificate-authority` meaningless".to_owned(),
                });
            }
            cluster.insecure_skip_tls_verify = Some(true);
            cluster.certificate_authority = None;
            cluster.certificate_authority_data = None;
        }
        if let Some(name) = request.impersonate {
            sendable("--as", name)?;
            user.impersonate = Some(name.to_owned());
            user.impersonate_groups = None;
        }
        if let [first, ..] = request.impersonate_groups {
            if user.impersonate.is_none() {
                return Err(ConnectError::Flag {
                    flag: "--as-group",
                    value: first.clone(),
                    problem: "a group needs a user: `--as NAME`".to_owned(),
                });
            }
            request.impersonate_groups.iter().try_for_each(|group| sendable("--as-group", group))?;
            user.impersonate_groups = Some(request.impersonate_groups.to_vec());
        }
        Ok(())
    }

    /// A kubeconfig with this context alone, chosen.
    pub(super) fn kubeconfig(&self) -> Kubeconfig {
        let name = || {
            if self.context.is_empty() { "cluster".to_owned() } else { self.context.clone() }
        };
        let context = Context {
            cluster: name(),
            user: Some(name()),
            namespace: self.namespace.clone(),
            ..Context::default()
        };
        let (cluster, user) = (Some(self.cluster.clone()), Some(self.user.clone()));
        Kubeconfig {
            api_version: Some("v1".to_owned()),
            kind: Some("Config".to_owned()),
            clusters: vec![NamedCluster { name: name(), cluster, ..NamedCluster::default() }],
            auth_infos: vec![NamedAuthInfo { name: name(), auth_info: user, ..NamedAuthInfo::default() }],
            contexts: vec![NamedContext { name: name(), context: Some(context), ..NamedContext::default() }],
            current_context: Some(name()),
            ..Kubeconfig::default()
        }
    }
}

/// Refuses what no header can hold.
fn sendable(flag: &'static str, value: &str) -> Result<(), ConnectError> {
    authorization::header(value).map(drop).map_err(|problem| ConnectError::Flag {
        flag,
        value: value.escape_debug().to_string(),
        problem: format!("it {problem}"),
    })
}

/// The context that someone names. The environment's doesn't count where its kubeconfig doesn't: in a pod.
fn chosen<'a>(request: &ConnectRequest<'a>, source: &Origin) -> Option<(&'a str, Origin)> {
    if let Some(name) = request.context.filter(|name| !name.is_empty()) {
        return Some((name, Origin::Flag("--context")));
    }
    if let Some(name) = request.variables.get("CODEXCTL_KUBE_CONTEXT").filter(|name| !name.is_empty()) {
        return Some((name, Origin::Variable("CODEXCTL_KUBE_CONTEXT")));
    }
    let environment = request.environment.filter(|environment| !environment.context.is_empty())?;
    let is_left_out = matches!(source, Origin::ServiceAccount | Origin::Flag("--server"));
    (!is_left_out).then(|| (environment.context, Origin::Environment(environment.name.to_owned())))
}
