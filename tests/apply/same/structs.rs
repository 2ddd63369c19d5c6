//! The same of kinds that keep structs within lists and maps that are owned as a whole, and of one whose definition
//! has defaults there.

use codex_tests::ClusterScene;
use serde_json::{Value, json};

use super::{Dice, maybe, try_kinds};

const KINDS: [(&str, &str); 7] = [
    ("v1", "LimitRange"),
    ("autoscaling/v2", "HorizontalPodAutoscaler"),
    ("discovery.k8s.io/v1", "EndpointSlice"),
    ("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy"),
    ("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicyBinding"),
    ("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration"),
    ("v1", "Toy"),
];

#[test]
fn what_is_taken_for_the_same_is_the_same_within_structs() {
    let scene = ClusterScene::new().with_namespace();
    let name = scene.name();
    try_kinds(&scene, &[definition(name)], &|number, dice| manifest(name, number, dice));
}

fn group(scene: &str) -> String {
    format!("{scene}.example.org")
}

fn definition(scene: &str) -> Value {
    let text = json!({ "type": "string" });
    let part = json!({
        "type": "object",
        "properties": {
            "name": text,
            "action": { "type": "string", "default": "keep" },
            "any": { "x-kubernetes-preserve-unknown-fields": true },
            "deep": {
                "type": "object", "default": {},
                "properties": { "on": { "type": "boolean", "default": true }, "size": { "type": "number" } },
            },
            "more": {
                "type": "object",
                "additionalProperties": {
                    "type": "object", "properties": { "count": { "type": "integer", "default": 1 } },
                },
            },
        },
    });
    let parts = json!({ "type": "array", "items": part });
    let mut keyed = parts.clone();
    keyed["items"]["required"] = json!(["name"]);
    keyed["x-kubernetes-list-type"] = "map".into();
    keyed["x-kubernetes-list-map-keys"] = json!(["name"]);
    let spec = json!({ "type": "object", "properties": { "parts": parts, "keyed": keyed, "level": text } });
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": { "name": format!("toys.{}", group(scene)) },
        "spec": {
            "group": group(scene), "scope": "Namespaced", "names": { "kind": "Toy", "plural": "toys" },
            "versions": [{
                "name": "v1", "served": true, "storage": true,
                "schema": { "openAPIV3Schema": { "type": "object", "properties": { "spec": spec } } },
            }],
        },
    })
}

fn manifest(scene: &str, number: usize, dice: &mut Dice) -> Value {
    let (api_version, kind) = KINDS[number % KINDS.len()];
    let mut object = json!({
        "apiVersion": api_version, "kind": kind, "metadata": { "name": format!("{scene}-object-{number}") },
    });
    if dice.chance() {
        object["metadata"]["labels"] = dice.map(&["a.example.org/x", "b"], &["1", "2", ""]);
    }
    match kind {
        "LimitRange" => object["spec"] = json!({ "limits": limits(dice) }),
        "HorizontalPodAutoscaler" => object["spec"] = autoscaler(dice),
        "EndpointSlice" => endpoints(&mut object, dice),
        "ValidatingAdmissionPolicy" => {
            let validations = json!([{ "expression": "true", "message": dice.pick(&["a", "b"]) }]);
            object["spec"] = json!({ "matchConstraints": matched(scene, dice), "validations": validations });
            let mut variables = vec![json!({ "name": "a", "expression": dice.pick(&["1", "2"]) })];
            if dice.chance() {
                variables.push(json!({ "name": "b", "expression": "variables.a" }));
            }
            maybe(dice, &mut object["spec"], "variables", &[variables.into()]);
        }
        "ValidatingAdmissionPolicyBinding" => {
            object["spec"] = json!({
                "policyName": format!("{scene}-none"), "validationActions": ["Deny"],
                "matchResources": matched(scene, dice),
            });
        }
        "ValidatingWebhookConfiguration" => object["webhooks"] = json!([webhook(scene, dice)]),
        _ => {
            object["apiVersion"] = format!("{}/v1", group(scene)).into();
            object["spec"] = json!({ "parts": [part(dice), part(dice)], "keyed": [part(dice)] });
            object["spec"]["keyed"][0]["name"] = "one".into();
        }
    }
    object
}

fn limits(dice: &mut Dice) -> Value {
    let mut container = json!({ "type": "Container" });
    let cpu = |values: [&str; 3], dice: &mut Dice| json!({ "cpu": dice.pick(&values) });
    let memory = |values: [&str; 3], dice: &mut Dice| json!({ "memory": dice.pick(&values) });
    let choices = [
        ("max", cpu(["8", "8000m", "9"], dice), memory(["8Gi", "8192Mi", "1e10"], dice)),
        ("default", cpu(["4", "4000m", "4.5"], dice), memory(["4Gi", "4096Mi", "4.0Gi"], dice)),
        ("defaultRequest", cpu(["1", "1000m", "1.5"], dice), memory(["1Gi", "1024Mi", "1.5Gi"], dice)),
        ("min", cpu(["0.5", "500m", "0"], dice), memory(["1Ki", "1024", "2Ki"], dice)),
    ];
    for (field, one, other) in choices {
        maybe(dice, &mut container, field, &[one, other, json!({})]);
    }
    let claim =
        json!({ "type": "PersistentVolumeClaim", "max": { "storage": dice.pick(&["1Ti", "1024Gi"]) } });
    let mut limits = vec![container];
    if dice.chance() {
        limits.push(claim);
    }
    limits.into()
}

fn autoscaler(dice: &mut Dice) -> Value {
    let quantity = dice.pick(&["1", "1000m", "1.5", "2k"]);
    let metric = match dice.roll(3) {
        0 => json!({
            "type": "Pods",
            "pods": { "metric": { "name": "a" }, "target": { "type": "AverageValue", "averageValue": quantity } },
        }),
        1 => json!({
            "type": "External",
            "external": { "metric": { "name": "a" }, "target": { "type": "Value", "value": quantity } },
        }),
        _ => json!({
            "type": "Resource",
            "resource": { "name": "cpu", "target": { "type": "Utilization", "averageUtilization": 80 } },
        }),
    };
    let target = json!({ "apiVersion": "apps/v1", "kind": "Deployment", "name": "none" });
    let mut spec = json!({ "scaleTargetRef": target, "maxReplicas": 2 + dice.roll(2), "metrics": [metric] });
    let policy = json!({ "type": "Percent", "value": 10, "periodSeconds": 60 });
    maybe(dice, &mut spec, "behavior", &[json!({ "scaleDown": { "policies": [policy] } })]);
    spec
}

fn endpoints(object: &mut Value, dice: &mut Dice) {
    let mut endpoint = json!({ "addresses": [dice.pick(&["10.0.0.1", "10.0.0.2"])] });
    maybe(
        dice,
        &mut endpoint,
        "conditions",
        &[json!({}), json!({ "ready": true }), json!({ "ready": false })],
    );
    maybe(dice, &mut endpoint, "hostname", &[json!("one")]);
    let mut port = json!({ "port": 80 });
    maybe(dice, &mut port, "name", &[json!(""), json!("http")]);
    maybe(dice, &mut port, "protocol", &[json!("TCP"), json!("UDP")]);
    object["addressType"] = "IPv4".into();
    object["endpoints"] = json!([endpoint, { "addresses": ["10.0.0.9"] }]);
    maybe(dice, object, "ports", &[json!([port]), json!([])]);
}

fn rule(scene: &str, dice: &mut Dice) -> Value {
    let mut rule = json!({
        "apiGroups": [group(scene)], "apiVersions": ["v9"], "operations": [dice.pick(&["CREATE", "UPDATE"])],
        "resources": ["none"],
    });
    maybe(dice, &mut rule, "scope", &[json!("*"), json!("Namespaced")]);
    rule
}

/// Matches nothing that there is.
fn matched(scene: &str, dice: &mut Dice) -> Value {
    let mut matched = json!({ "resourceRules": [rule(scene, dice)] });
    let excluded = json!([rule(scene, dice)]);
    maybe(dice, &mut matched, "excludeResourceRules", &[excluded, json!([])]);
    maybe(dice, &mut matched, "matchPolicy", &[json!("Equivalent"), json!("Exact")]);
    let selector = [json!({}), json!({ "matchLabels": { "a": "b" } })];
    maybe(dice, &mut matched, "namespaceSelector", &selector);
    maybe(dice, &mut matched, "objectSelector", &selector);
    matched
}

fn webhook(scene: &str, dice: &mut Dice) -> Value {
    let mut client = json!({ "service": { "name": "none", "namespace": "default" } });
    maybe(dice, &mut client, "caBundle", &[json!("")]);
    let mut webhook = json!({
        "name": "a.example.org", "admissionReviewVersions": ["v1"], "sideEffects": "None", "clientConfig": client,
        "rules": [rule(scene, dice)],
    });
    maybe(dice, &mut webhook, "objectSelector", &[json!({}), json!({ "matchLabels": { "a": "b" } })]);
    maybe(dice, &mut webhook, "timeoutSeconds", &[json!(10), json!(5)]);
    webhook
}

fn part(dice: &mut Dice) -> Value {
    let mut part = json!({ "name": dice.pick(&["a", "b"]) });
    maybe(dice, &mut part, "action", &[json!("keep"), json!("drop")]);
    let any = [json!([1e3, 2.5, "3", 9_007_199_254_740_993_i64]), json!([1000, [1.0]]), json!({ "a": 1.0 })];
    maybe(dice, &mut part, "any", &any);
    let deep =
        [json!({}), json!({ "on": true }), json!({ "on": false, "size": 2.0 }), json!({ "size": 0.5 })];
    maybe(dice, &mut part, "deep", &deep);
    maybe(dice, &mut part, "more", &[json!({}), json!({ "a": {} }), json!({ "a": { "count": 1 }, "b": {} })]);
    part
}
