//! One object by its place on the server, and whether what came back is that object.

use serde_json::Value;

use crate::answer::Transport;
use crate::api::{Answer, NoAnswer};
use crate::discovery::Resource;

/// One object, there or not.
#[derive(Debug, Clone, Copy)]
pub struct ObjectRef<'a> {
    /// Its kind.
    pub resource: &'a Resource,
    /// Its namespace, if it lives in one.
    pub namespace: Option<&'a str>,
    /// Its name.
    pub name: &'a str,
}

impl ObjectRef<'_> {
    /// Its path.
    pub fn path(&self) -> String {
        self.resource.object(self.namespace, self.name)
    }

    /// The answer, if it says no or is this object.
    ///
    /// # Errors
    /// The answer says yes and is something else: a proxy's, or that of another server.
    pub fn checked(&self, answer: Answer) -> Result<Answer, NoAnswer> {
        if answer.is_success() && !self.is(&answer.body) {
            return Err(self.another(&answer));
        }
        Ok(answer)
    }

    /// The answer to a deletion, if it says no, or is this object or a Status.
    ///
    /// # Errors
    /// As [`Self::checked`].
    pub fn checked_deletion(&self, answer: Answer) -> Result<Answer, NoAnswer> {
        let is_status = answer.body["kind"] == "Status" && answer.body["status"] != "Failure";
        if is_status { Ok(answer) } else { self.checked(answer) }
    }

    /// Whether a body is this object, in whatever version.
    fn is(&self, body: &Value) -> bool {
        let api_version = body["apiVersion"].as_str().unwrap_or_default();
        let group = api_version.split_once('/').map_or("", |(group, _)| group);
        let metadata = &body["metadata"];
        let namespace = self.namespace.filter(|_| self.resource.is_namespaced);
        !api_version.is_empty()
            && group == self.resource.group
            && body["kind"] == self.resource.kind.as_str()
            && metadata["name"] == self.name
            && metadata["namespace"].as_str().filter(|namespace| !namespace.is_empty()) == namespace
    }

    fn another(&self, answer: &Answer) -> NoAnswer {
        let Answer { status, body, .. } = answer;
        let wanted = self.resource.display(self.name);
        let what = match (body["kind"].as_str(), body["metadata"]["name"].as_str()) {
            (Some(kind), Some(name)) => format!("{kind} {name}"),
            (Some(kind), None) => format!("a {kind}"),
            (None, _) => "no Kubernetes object at all".to_owned(),
        };
        let detail = format!("the response is not {wanted} but {what} (status {status})");
        NoAnswer::new(Transport::Foreign, detail)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn deployments() -> Resource {
        Resource {
            group: "apps".into(),
            version: "v1".into(),
            kind: "Deployment".into(),
            plural: "deployments".into(),
            is_namespaced: true,
            is_deletable: true,
            aliases: Vec::new(),
        }
    }

    fn web(api_version: &str, kind: &str, namespace: &str, name: &str) -> Value {
        json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": name, "namespace": namespace}})
    }

    #[test]
    fn what_comes_back_must_be_the_object() {
        let resource = deployments();
        let wanted = ObjectRef { resource: &resource, namespace: Some("shop"), name: "web" };
        let checked = |body: Value| wanted.checked(Answer::new(200, body)).map(|_| ());
        assert!(checked(web("apps/v1", "Deployment", "shop", "web")).is_ok());
        assert!(checked(web("apps/v1beta1", "Deployment", "shop", "web")).is_ok(), "in another version");
        for other in [
            web("extensions/v1", "Deployment", "shop", "web"),
            web("apps/v1", "StatefulSet", "shop", "web"),
            web("apps/v1", "Deployment", "shop", "api"),
            web("apps/v1", "Deployment", "other", "web"),
            json!({"kind": "Status", "apiVersion": "v1", "status": "Success"}),
            json!({}),
            json!(null),
        ] {
            assert_eq!(checked(other.clone()).unwrap_err().transport, Transport::Foreign, "{other}");
        }
        let error = checked(web("v1", "Secret", "shop", "token")).unwrap_err();
        assert_eq!(error.detail, "the response is not deployment.apps/web but Secret token (status 200)");
    }

    #[test]
    fn a_refusal_is_what_it_is() {
        let resource = deployments();
        let wanted = ObjectRef { resource: &resource, namespace: Some("shop"), name: "web" };
        assert_eq!(wanted.checked(Answer::new(403, json!(null))).unwrap().status, 403);
    }

    #[test]
    fn a_deletion_is_answered_by_a_status_or_the_object() {
        let resource = deployments();
        let gone = ObjectRef { resource: &resource, namespace: Some("shop"), name: "web" };
        let checked = |body: Value| gone.checked_deletion(Answer::new(200, body)).is_ok();
        assert!(checked(json!({"kind": "Status", "apiVersion": "v1", "status": "Success"})));
        assert!(checked(web("apps/v1", "Deployment", "shop", "web")));
        assert!(!checked(web("apps/v1", "Deployment", "shop", "api")));
        assert!(!checked(json!({"kind": "Status", "status": "Failure"})));
    }
}
