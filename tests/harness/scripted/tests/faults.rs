//! The script: which call meets what, and what else a server does wrong.

use std::process::Command;
use std::thread;

use super::*;
use crate::certificate::client_config;
use crate::connect_proxy::ConnectProxy;
use crate::folder::TemporaryFolder;

#[test]
fn a_script_counts_the_calls_that_fit() {
    let scene = Scene::new();
    scene.server.on(Calls::patch("configmaps").name("a"), 2..=3, Answer::unavailable());
    scene.server.on(Calls::with(Verb::Patch), 3.., Answer::gateway_timeout());
    let statuses = ["a", "b", "a", "a"].map(|name| scene.apply(name, map(name, "1")).0);
    // The third patch is the second of `a`: the first line wins. The fourth likewise.
    assert_eq!(statuses, [201, 201, 503, 503]);
    assert_eq!(scene.apply("a", map("a", "1")).0, 504);
    scene.server.heal();
    assert_eq!(scene.apply("a", map("a", "1")).0, 200);
    assert_eq!(scene.server.count(&Calls::patch("configmaps").name("a")), 5);
}

#[test]
fn every_answer_has_its_shape() {
    let owned = [("kubectl", ".data.a"), ("kube-controller-manager/scale", ".spec.replicas")];
    // Status, reason, causes, Retry-After.
    let cases = [
        (Answer::ownership_conflict(&owned), 409, json!("Conflict"), 2, ""),
        (Answer::lost_race(), 409, json!("Conflict"), 0, ""),
        (Answer::too_many_requests(2), 429, json!("TooManyRequests"), 0, "2"),
        (Answer::overloaded(1), 429, Value::Null, 0, "1"),
        (Answer::internal_error("x"), 500, json!("InternalError"), 1, ""),
        (Answer::webhook_unavailable("w"), 500, json!("InternalError"), 1, ""),
        (Answer::untyped_500("failed to create typed patch object"), 500, Value::Null, 0, ""),
        (Answer::bad_gateway(), 502, Value::Null, 0, ""),
        (Answer::unavailable().retry_after(3), 503, json!("ServiceUnavailable"), 0, "3"),
        (Answer::gateway_timeout(), 504, json!("Timeout"), 0, ""),
        (Answer::invalid(&[("spec.a", "Invalid value: 1: no")]), 422, json!("Invalid"), 1, ""),
        (Answer::forbidden(), 403, json!("Forbidden"), 0, ""),
        (Answer::unauthorized(), 401, json!("Unauthorized"), 0, ""),
        (Answer::gone(), 410, json!("Expired"), 0, ""),
    ];
    for (answer, status, reason, causes, retry) in cases {
        let scene = Scene::new();
        scene.server.on(Calls::all(), .., answer);
        let (found, text, retry_after) = scene.try_call("GET", &format!("{MAPS}/a"), &[], "").unwrap();
        let body: Value = serde_json::from_str(&text).unwrap_or_default();
        assert_eq!((found, &body["reason"]), (status, &reason), "{text}");
        let listed = body["details"]["causes"].as_array().map_or(0, Vec::len);
        assert_eq!((listed, retry_after.as_str()), (causes, retry), "{text}");
        assert_eq!(scene.server.calls()[0].answered, Some(status));
    }
}

#[test]
fn a_conflict_of_ownership_reads_as_the_servers() {
    let scene = Scene::new();
    let owned = [("kube-controller-manager/scale", ".spec.replicas")];
    scene.server.on(Calls::all(), .., Answer::ownership_conflict(&owned));
    let body = scene.get("/apis/apps/v1/namespaces/default/deployments/web").1;
    let expected = "Apply failed with 1 conflict: conflict with \"kube-controller-manager\" with subresource \"scale\" using apps/v1: .spec.replicas";
    assert_eq!(body["message"], expected);
    let cause = &body["details"]["causes"][0];
    assert_eq!(cause["reason"], "FieldManagerConflict");
    assert_eq!(cause["field"], ".spec.replicas");
}

#[test]
fn a_connection_ends_before_or_after_the_work() {
    for (answer, done) in [(Answer::CloseBefore, false), (Answer::CloseAfter, true)] {
        let scene = Scene::new();
        scene.server.on(Calls::create("configmaps").name("a"), .., answer);
        let json = [("content-type", "application/json")];
        let result = scene.try_call("POST", MAPS, &json, &map("a", "1").to_string());
        assert!(result.is_err(), "{result:?}");
        assert_eq!(scene.server.object(&map("a", "")).is_some(), done);
        assert_eq!(scene.server.calls().last().unwrap().answered, None);
    }
}

#[test]
fn a_call_that_hangs_ends_with_its_client() {
    for (answer, done) in [(Answer::Hang, false), (Answer::HangAfter, true)] {
        let scene = Scene::new();
        scene.server.on(Calls::delete("configmaps"), .., answer);
        scene.server.put(map("a", "1"));
        let url = format!("{}{MAPS}/a", scene.server.url());
        let waiting = thread::spawn(move || {
            let request = ureq::delete(url).header("authorization", "Bearer token-1");
            request.call().map(|_| ())
        });
        scene.server.wait_for(1, &Calls::delete("configmaps"));
        assert_eq!(scene.server.object(&map("a", "")).is_none(), done);
        drop(scene);
        assert!(waiting.join().unwrap().is_err());
    }
}

#[test]
fn a_broken_group_breaks_nothing_else() {
    let scene = Scene::new();
    scene.server.break_group("metrics.k8s.io", "v1beta1");
    let accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
    let groups = scene.get_as("/apis", accept);
    let group = groups["items"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(group["metadata"]["name"], "metrics.k8s.io");
    assert_eq!(group["versions"][0]["freshness"], "Stale");
    assert!(scene.get("/apis").1.to_string().contains("metrics.k8s.io/v1beta1"));
    let broken = ["/apis/metrics.k8s.io/v1beta1", "/apis/metrics.k8s.io/v1beta1/pods"];
    for place in broken {
        assert_eq!(scene.get(place), (503, json!("service unavailable\n")));
    }
    assert_eq!(scene.get("/apis/apps/v1").0, 200);
}

#[test]
fn a_token_ends_and_the_plugin_gives_the_next() {
    let folder = TemporaryFolder::new();
    let scene = Scene::new();
    let path = scene.server.kubeconfig().exec_plugin().write(folder.path());
    let config: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let exec = &config["users"][0]["user"]["exec"];
    let credential = || {
        let arguments = exec["args"].as_array().unwrap().iter();
        let output = Command::new(exec["command"].as_str().unwrap())
            .args(arguments.map(|argument| argument.as_str().unwrap()))
            .env_clear()
            .output()
            .unwrap();
        let credential: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(credential["kind"], "ExecCredential");
        credential["status"]["token"].clone()
    };
    assert_eq!(credential(), "token-1");
    scene.server.expire_token_after(2);
    let statuses = [0; 3].map(|_| scene.get(MAPS).0);
    assert_eq!(statuses, [200, 200, 401]);
    assert_eq!(credential(), "token-2");
    assert_eq!(plugin_runs(folder.path()), 2);
    assert_eq!(stolen_input(folder.path()), "");
    assert!(!format!("{:?}", scene.server.calls()).contains("token-1"));
}

/// Connects as a kubeconfig says, through a proxy if it names one, and reads a list.
fn read_list(kubeconfig: &std::path::Path) -> std::io::Result<u16> {
    use base64::Engine;
    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::pem::PemObject;
    let config: Value = serde_json::from_slice(&std::fs::read(kubeconfig)?)?;
    let cluster = &config["clusters"][0]["cluster"];
    let pem = cluster["certificate-authority-data"].as_str().unwrap();
    let pem = base64::engine::general_purpose::STANDARD.decode(pem).unwrap();
    let tls = client_config(vec![CertificateDer::from_pem_slice(&pem).unwrap()], None);
    let address = cluster["server"].as_str().unwrap().trim_start_matches("https://");
    let wire = match cluster["proxy-url"].as_str() {
        None => Wire::connect(address.parse().unwrap(), "127.0.0.1", Some(&tls))?,
        Some(proxy) => {
            let proxy = proxy.trim_start_matches("http://").parse().unwrap();
            Wire::connect_through(proxy, address, "127.0.0.1", &tls)?
        }
    };
    let token = config["users"][0]["user"]["token"].as_str().unwrap();
    let request = format!("GET {MAPS} HTTP/1.1\r\nauthorization: Bearer {token}\r\n\r\n");
    wire.send(request.as_bytes())?;
    Ok(Messages::new(wire).answer()?.status)
}

#[test]
fn tls_is_of_the_kubeconfigs_authority_or_not() {
    let folder = TemporaryFolder::new();
    let server = ScriptedServer::start();
    assert_eq!(read_list(&server.kubeconfig().write(folder.path())).unwrap(), 200);
    let unknown = server.kubeconfig().unknown_authority().write(folder.path());
    let error = read_list(&unknown).unwrap_err();
    assert!(error.to_string().contains("certificate"), "{error}");
    assert_eq!(server.count(&Calls::all()), 1);
}

#[test]
fn a_proxy_notes_whom_it_connects_to() {
    let folder = TemporaryFolder::new();
    let (server, proxy) = (ScriptedServer::start(), ConnectProxy::start());
    let kubeconfig = server.kubeconfig().proxy(&proxy.url()).write(folder.path());
    assert_eq!(read_list(&kubeconfig).unwrap(), 200);
    assert_eq!(proxy.targets(), [server.url().trim_start_matches("https://")]);
}
