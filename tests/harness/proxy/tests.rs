//! The fault proxy before a scripted server, with clients in processes of their own.

use std::process::Command;

use serde_json::Value;

use super::{Fault, FaultProxy};
use crate::folder::TemporaryFolder;
use crate::scripted::{Calls, ScriptedServer};

/// A client that reads a namespace's list, then writes an object: two calls. It ends with 2 when
/// it is refused, with 3 when there is no answer, and with 4 when the server reports an error.
const CLIENT: &str = r#"
trap '' PIPE
call() {
  { exec 3<>"/dev/tcp/${server%:*}/${server#*:}"; } 2>/dev/null || exit 2
  printf '%s %s HTTP/1.1\r\ncontent-type: application/apply-patch+yaml\r\ncontent-length: %d\r\n\r\n%s' \
    "$1" "$2" "${#3}" "$3" >&3 2>/dev/null || exit 3
  read -r -t "$patience" -u 3 _ status _ || exit 3
  cat <&3 >/dev/null
  exec 3>&-
  (( status < 400 )) || exit 4
}
server=$0 patience=$1
maps=/api/v1/namespaces/default/configmaps
call GET "$maps" ''
call PATCH "$maps/a?fieldManager=t" '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"}}'
"#;

struct Scene {
    server: ScriptedServer,
    proxy: FaultProxy,
    client: String,
}

fn scene() -> Scene {
    let folder = TemporaryFolder::new();
    let server = ScriptedServer::start();
    let kubeconfig = server.kubeconfig().namespace("shop").write(folder.path());
    let proxy = FaultProxy::start(&kubeconfig);
    let text = std::fs::read_to_string(proxy.kubeconfig(folder.path())).unwrap();
    let config: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(config["contexts"][0]["context"]["namespace"], "shop");
    let url = config["clusters"][0]["cluster"]["server"].as_str().unwrap();
    let client = url.strip_prefix("http://").unwrap().to_owned();
    Scene { server, proxy, client }
}

impl Scene {
    fn client(&self) -> Command {
        self.client_for(None)
    }

    /// A client that has little patience only where it will need it.
    fn client_for(&self, fault: Option<Fault>) -> Command {
        let patience = if fault == Some(Fault::TimeOut) { "0.2" } else { "60" };
        let mut command = Command::new("bash");
        command.args(["-c", CLIENT, &self.client, patience]);
        command
    }

    /// Runs the client with a fault: its exit code (nothing if it was killed), and whether its
    /// object is there.
    fn outcome(&self, number: usize, fault: Fault) -> (Option<i32>, bool) {
        let map = serde_json::json!({
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "a", "namespace": "default" },
        });
        self.server.remove(&map);
        self.proxy.arm(number, fault);
        let output = self.proxy.run(&mut self.client_for(Some(fault)));
        let fired = self.proxy.fired();
        self.proxy.disarm();
        assert!(fired, "{fault:?} at {number}");
        (output.status.code(), self.server.object(&map).is_some())
    }
}

#[test]
fn without_a_fault_everything_goes_through() {
    let scene = scene();
    let output = scene.proxy.run(&mut scene.client());
    assert!(output.status.success(), "{output:?}");
    let calls = scene.proxy.calls();
    let lines: Vec<&str> = calls.iter().map(|call| call.method.as_str()).collect();
    assert_eq!(lines, ["GET", "PATCH"]);
    assert_eq!(calls[1].number, 2);
    assert_eq!(scene.server.names("", "configmaps"), ["default/a"]);
}

#[test]
fn each_fault_is_what_its_name_says() {
    let scene = scene();
    let cases = [
        (1, Fault::Refused, Some(2), false),
        (2, Fault::Refused, Some(2), false),
        (1, Fault::Error, Some(4), false),
        (2, Fault::Error, Some(4), false),
        (1, Fault::TimeOut, Some(3), false),
        (2, Fault::TimeOut, Some(3), false),
        (1, Fault::KilledBefore, None, false),
        (2, Fault::KilledBefore, None, false),
        (1, Fault::KilledAfter, None, false),
        (2, Fault::KilledAfter, None, true),
    ];
    for (number, fault, code, there) in cases {
        assert_eq!(scene.outcome(number, fault), (code, there), "{fault:?} at {number}");
    }
}

#[test]
fn the_server_sees_only_calls_that_reach_it() {
    let scene = scene();
    let patches = Calls::patch("configmaps");
    for (fault, seen) in [
        (Fault::Refused, 0),
        (Fault::Error, 0),
        (Fault::TimeOut, 0),
        (Fault::KilledBefore, 0),
        (Fault::KilledAfter, 1),
    ] {
        let before = scene.server.count(&patches);
        scene.outcome(2, fault);
        assert_eq!(scene.server.count(&patches) - before, seen, "{fault:?}");
    }
}

#[test]
fn every_call_of_a_command_is_stepped_through() {
    let scene = scene();
    let mut tried = Vec::new();
    let points = scene.proxy.every_call(&Fault::ALL, |step| {
        step.run(&mut scene.client_for(Some(step.fault)));
        assert!(scene.proxy.run(&mut scene.client()).status.success(), "after {step}");
        tried.push(step.to_string());
    });
    // Two calls, and a third number that only a closed port seems to reach.
    assert_eq!(points, 5 * 2 + 1);
    assert!(tried.contains(&"KilledAfter at call 2".to_owned()), "{tried:?}");
}

#[test]
fn a_kill_can_be_a_callback() {
    let scene = scene();
    let (send, receive) = std::sync::mpsc::channel();
    scene.proxy.arm(1, Fault::KilledBefore);
    scene.proxy.on_kill(move || send.send(()).unwrap());
    let output = scene.client().output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    receive.try_recv().unwrap();
}

#[test]
fn a_watch_is_relayed_as_it_comes() {
    use std::io::Read;
    let scene = scene();
    let agent = ureq::Agent::new_with_defaults();
    let url = format!("http://{}/api/v1/configmaps?watch=true", scene.client);
    let mut body = agent.get(&url).call().unwrap().into_body().into_reader();
    let mut buffer = [0; 4096];
    for name in ["one", "two"] {
        scene.server.put(serde_json::json!({
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": { "name": name, "namespace": "default" },
        }));
        let count = body.read(&mut buffer).unwrap();
        let event: Value = serde_json::from_slice(&buffer[..count]).unwrap();
        assert_eq!(event["object"]["metadata"]["name"], name);
    }
}

#[test]
#[should_panic(expected = "exec plugins")]
fn a_kubeconfig_that_needs_a_plugin_is_refused() {
    let folder = TemporaryFolder::new();
    let server = ScriptedServer::start();
    FaultProxy::start(&server.kubeconfig().exec_plugin().write(folder.path()));
}
