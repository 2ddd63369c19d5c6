//! What a healthy server does: discovery, reading, writing.

use super::*;

#[test]
fn aggregated_discovery_names_every_kind() {
    let scene = Scene::new();
    let accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json";
    let core = scene.get_as("/api", accept);
    assert_eq!(core["kind"], "APIGroupDiscoveryList");
    let resources = core["items"][0]["versions"][0]["resources"].as_array().unwrap();
    let maps = resources.iter().find(|found| found["resource"] == "configmaps").unwrap();
    assert_eq!(maps["responseKind"], json!({ "group": "", "version": "v1", "kind": "ConfigMap" }));
    assert_eq!(maps["scope"], "Namespaced");
    let groups = scene.get_as("/apis", accept);
    let apps = groups["items"].as_array().unwrap().iter().find(|group| group["metadata"]["name"] == "apps");
    assert_eq!(apps.unwrap()["versions"][0]["freshness"], "Current");
}

#[test]
fn unaggregated_discovery_names_the_same_kinds() {
    let scene = Scene::new();
    scene.server.without_aggregated_discovery();
    let accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json";
    let groups = scene.get_as("/apis", accept);
    assert_eq!(groups["kind"], "APIGroupList");
    assert!(groups["groups"].as_array().unwrap().iter().any(|group| group["name"] == "apps"));
    assert_eq!(scene.get("/api").1["versions"], json!(["v1"]));
    assert_eq!(scene.get("/apis/apps").1["preferredVersion"]["groupVersion"], "apps/v1");
    let list = scene.get("/apis/apps/v1").1;
    assert_eq!(list["kind"], "APIResourceList");
    assert!(list["resources"].as_array().unwrap().iter().any(|found| found["name"] == "deployments"));
    assert_eq!(scene.get("/apis/none/v1").0, 404);
}

#[test]
fn kinds_of_a_custom_resource_definition_are_served() {
    let scene = Scene::new();
    let definition = json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": { "name": "toys.example.org" },
        "spec": {
            "group": "example.org", "scope": "Namespaced",
            "names": { "kind": "Toy", "plural": "toys" },
            "versions": [{ "name": "v1", "served": true }, { "name": "v0", "served": false }],
        },
    });
    let place = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/toys.example.org?fieldManager=t";
    let (status, created) = scene.call("PATCH", place, APPLY, definition);
    assert_eq!((status, &created["status"]["conditions"][1]["type"]), (201, &json!("Established")));
    let toy = json!({ "apiVersion": "example.org/v1", "kind": "Toy", "metadata": { "name": "bear" } });
    let place = "/apis/example.org/v1/namespaces/default/toys/bear?fieldManager=t";
    assert_eq!(scene.call("PATCH", place, APPLY, toy.clone()).0, 201);
    assert_eq!(scene.call("PATCH", &place.replace("v1/name", "v0/name"), APPLY, toy).0, 404);
    let list = scene.get("/apis/example.org/v1/toys").1;
    assert_eq!(list["items"][0]["kind"], "Toy");
}

#[test]
fn applying_creates_then_is_the_same() {
    let scene = Scene::new();
    let (status, first) = scene.apply("a", map("a", "1"));
    assert_eq!(status, 201);
    let (status, second) = scene.apply("a", map("a", "1"));
    assert_eq!((status, &second), (200, &first), "nothing changes, not even the version");
    let third = scene.apply("a", map("a", "2")).1;
    assert_ne!(third["metadata"]["resourceVersion"], first["metadata"]["resourceVersion"]);
    let entry = &third["metadata"]["managedFields"][0];
    assert_eq!((&entry["manager"], &entry["operation"]), (&json!("t"), &json!("Apply")));
    assert_eq!(entry["fieldsV1"]["f:data"], json!({ "f:a": {} }));
}

#[test]
fn a_dry_run_changes_nothing() {
    let scene = Scene::new();
    let place = format!("{MAPS}/a?fieldManager=t&dryRun=All");
    assert_eq!(scene.call("PATCH", &place, APPLY, map("a", "1")).0, 201);
    assert_eq!(scene.get(&format!("{MAPS}/a")).0, 404);
    scene.apply("a", map("a", "1"));
    let (_, shown) = scene.call("PATCH", &place, APPLY, map("a", "2"));
    assert_eq!(shown["data"]["a"], "2");
    assert_eq!(scene.call("DELETE", &format!("{MAPS}/a?dryRun=All"), "", Value::Null).0, 200);
    assert_eq!(scene.get(&format!("{MAPS}/a")).1["data"]["a"], "1");
}

#[test]
fn a_kind_is_checked_and_a_namespace_must_be_there() {
    let scene = Scene::new();
    let mut wrong = map("a", "1");
    wrong["kind"] = "Secret".into();
    assert_eq!(scene.apply("a", wrong).0, 400);
    let mut managed = map("a", "1");
    managed["metadata"]["managedFields"] = json!([]);
    assert_eq!(scene.apply("a", managed).0, 400);
    assert_eq!(scene.call("PATCH", &format!("{MAPS}/a"), APPLY, map("a", "1")).0, 422);
    let mut other = map("a", "1");
    other["metadata"]["namespace"] = "none".into();
    let place = "/api/v1/namespaces/none/configmaps/a?fieldManager=t";
    let (status, answer) = scene.call("PATCH", place, APPLY, other.clone());
    assert_eq!((status, &answer["message"]), (404, &json!("namespaces \"none\" not found")));
    scene.server.put(json!({
        "apiVersion": "v1", "kind": "Namespace",
        "metadata": { "name": "none", "deletionTimestamp": "2026-01-01T00:00:00Z" },
    }));
    let (status, answer) = scene.call("PATCH", place, APPLY, other);
    assert_eq!((status, &answer["details"]["causes"][0]["reason"]), (403, &json!("NamespaceTerminating")));
}

#[test]
fn preconditions_decide_races() {
    let scene = Scene::new();
    let first = scene.call("POST", MAPS, "application/json", map("a", "1")).1;
    assert_eq!(scene.call("POST", MAPS, "application/json", map("a", "1")).1["reason"], "AlreadyExists");
    let mut update = first.clone();
    update["data"]["a"] = "2".into();
    let place = format!("{MAPS}/a");
    assert_eq!(scene.call("PUT", &place, "application/json", update.clone()).0, 200);
    let (status, lost) = scene.call("PUT", &place, "application/json", update);
    assert_eq!((status, &lost["reason"], lost["details"].get("causes")), (409, &json!("Conflict"), None));
    let old = json!({ "preconditions": { "resourceVersion": first["metadata"]["resourceVersion"] } });
    assert_eq!(scene.call("DELETE", &place, "application/json", old).0, 409);
    let uid = json!({ "preconditions": { "uid": first["metadata"]["uid"] } });
    assert_eq!(scene.call("DELETE", &place, "application/json", uid).1["status"], "Success");
    assert_eq!(scene.call("DELETE", &place, "", Value::Null).0, 404);
}

#[test]
fn other_patches_are_done_too() {
    let scene = Scene::new();
    scene.apply("a", map("a", "1"));
    let place = format!("{MAPS}/a?fieldManager=editor");
    let merge = json!({ "data": { "a": null, "b": "2" } });
    let merged = scene.call("PATCH", &place, MERGE, merge).1;
    assert_eq!(merged["data"], json!({ "b": "2" }));
    assert_eq!(merged["metadata"]["managedFields"][1]["manager"], "editor");
    let take_over = json!([
        { "op": "replace", "path": "/metadata/managedFields", "value": [merged["metadata"]["managedFields"][0]] },
        { "op": "replace", "path": "/metadata/resourceVersion", "value": merged["metadata"]["resourceVersion"] },
    ]);
    let (status, taken) = scene.call("PATCH", &place, "application/json-patch+json", take_over.clone());
    assert_eq!((status, taken["metadata"]["managedFields"].as_array().unwrap().len()), (200, 1));
    assert_eq!(scene.call("PATCH", &place, "application/json-patch+json", take_over).0, 409);
    let strategic = "application/strategic-merge-patch+json";
    assert_eq!(scene.call("PATCH", &place, strategic, json!({})).0, 415);
}

#[test]
fn lists_are_selected_paged_and_partial() {
    let scene = Scene::new();
    for name in ["a", "b", "c", "d", "e"] {
        scene.server.put(map(name, if name == "c" { "2" } else { "1" }));
    }
    let page = scene.get("/api/v1/configmaps?labelSelector=v%3D1&limit=3").1;
    let names = |list: &Value| -> Vec<String> {
        let items = list["items"].as_array().unwrap().iter();
        items.map(|item| item["metadata"]["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(&page), ["a", "b", "d"]);
    assert_eq!(page["metadata"]["remainingItemCount"], 1);
    assert!(page["items"][0].get("kind").is_none(), "as the real server has it");
    let token = page["metadata"]["continue"].as_str().unwrap().replace('=', "%3D");
    let rest_at = format!("/api/v1/configmaps?labelSelector=v%3D1&limit=3&continue={token}");
    let rest = scene.get(&rest_at).1;
    assert_eq!(names(&rest), ["e"]);
    assert!(rest["metadata"].get("continue").is_none());
    scene.server.compact();
    assert_eq!(scene.get(&rest_at).1["reason"], "Expired");

    let accept = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
    let partial = scene.get_as(MAPS, accept);
    assert_eq!(partial["kind"], "PartialObjectMetadataList");
    assert!(partial["items"][0].get("data").is_none());
    assert_eq!(
        scene.get("/api/v1/configmaps?fieldSelector=metadata.name%3Db").1["items"].as_array().unwrap().len(),
        1
    );
}

#[test]
fn deleting_honours_finalizers_and_empties_namespaces() {
    let scene = Scene::new();
    let mut kept = map("kept", "1");
    kept["metadata"]["finalizers"] = json!(["example.org/f"]);
    scene.server.put(kept);
    let place = format!("{MAPS}/kept");
    let gone = scene.call("DELETE", &place, "", Value::Null).1;
    assert!(gone["metadata"]["deletionTimestamp"].is_string());
    scene.call("PATCH", &place, MERGE, json!({ "metadata": { "finalizers": null } }));
    assert_eq!(scene.get(&place).0, 404);

    scene.server.put(map("a", "1"));
    assert_eq!(scene.server.names("", "configmaps"), ["default/a"]);
    scene.call("DELETE", "/api/v1/namespaces/default", "", Value::Null);
    assert_eq!(scene.server.names("", "configmaps"), [""; 0]);
    assert_eq!(scene.get("/api/v1/namespaces/default").0, 404);
}

#[test]
fn rights_are_reviewed_as_they_are_enforced() {
    let scene = Scene::new();
    scene.server.deny(Calls::patch("deployments.apps").namespace("default"));
    let reviews = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
    let may = |verb: &str| {
        let review = json!({
            "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
            "spec": { "resourceAttributes": {
                "verb": verb, "group": "apps", "resource": "deployments", "namespace": "default",
            } },
        });
        scene.call("POST", reviews, "application/json", review).1["status"]["allowed"].clone()
    };
    assert_eq!((may("patch"), may("get")), (json!(false), json!(true)));
    let place = "/apis/apps/v1/namespaces/default/deployments/web?fieldManager=t";
    let (status, answer) = scene.call("PATCH", place, APPLY, json!({}));
    let message = "deployments.apps \"web\" is forbidden: User \"tester\" cannot patch resource \"deployments\" in API group \"apps\" in the namespace \"default\"";
    assert_eq!((status, &answer["message"]), (403, &json!(message)));
}
