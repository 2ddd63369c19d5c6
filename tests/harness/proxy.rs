//! A proxy before a real API server that lets one call of a command go wrong.
//!
//! Takes a kubeconfig; counts the calls that come, and gives the one with the chosen number one
//! of the faults. Separate from the scripted server: there the server is played, here
//! everything but the fault is real.
//!
//! ```no_run
//! use std::process::Command;
//! use codex_tests::{Fault, FaultProxy};
//! # let (kubeconfig, folder) = (std::path::Path::new(""), std::path::Path::new(""));
//!
//! let proxy = FaultProxy::start(kubeconfig);
//! let ours = proxy.kubeconfig(folder);
//! let command = || {
//!     let mut command = Command::new("kubectl");
//!     command.arg("--kubeconfig").arg(&ours).args(["get", "pods"]);
//!     command
//! };
//! let points = proxy.every_call(&Fault::ALL, |step| {
//!     step.run(&mut command());
//!     assert!(proxy.run(&mut command()).status.success(), "after {step}");
//! });
//! println!("{points} points tried");
//! ```
//!
//! To the client it speaks plain HTTP, one connection per call, so that a call's end is its
//! connection's end and nothing hides in a client's pool.

mod fault;
mod steps;

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::json;

pub use fault::Fault;
use fault::Plan;
pub use steps::Step;

use crate::http::{HttpRequest, HttpResponse, Messages, header};
use crate::listener::Listener;
use crate::relay::relay;
use crate::upstream::Upstream;
use crate::wire::{Wire, lock};

/// A call that went through the proxy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProxiedCall {
    /// Counted from 1 since the proxy was armed.
    pub number: usize,
    /// The HTTP method.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// What it met.
    pub fault: Option<Fault>,
}

/// The proxy; it ends with the value.
pub struct FaultProxy {
    shared: Arc<Shared>,
    listener: Arc<Listener>,
}

struct Shared {
    upstream: Upstream,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    calls: Vec<ProxiedCall>,
    /// Which calls go wrong, and how.
    plan: Plan,
    fired: bool,
    /// Kills the client.
    kill: Option<Arc<dyn Fn() + Send + Sync>>,
}

impl FaultProxy {
    /// Starts one before the server of the kubeconfig's current context.
    ///
    /// # Panics
    ///
    /// When the kubeconfig can't be used: it needs a client certificate or a token.
    pub fn start(kubeconfig: &Path) -> Self {
        let shared = Arc::new(Shared { upstream: Upstream::read(kubeconfig), state: Mutex::default() });
        let theirs = Arc::clone(&shared);
        let listener = Arc::new_cyclic(|listener: &std::sync::Weak<Listener>| {
            let listener = listener.clone();
            Listener::start(None, move |wire| {
                let shut = || {
                    if let Some(listener) = listener.upgrade() {
                        listener.shut();
                    }
                };
                // An error means that one of the ends is gone.
                let _ = theirs.serve(&wire, shut);
            })
        });
        Self { shared, listener }
    }

    /// Writes a kubeconfig that leads to the proxy, and gives its path.
    pub fn kubeconfig(&self, folder: &Path) -> PathBuf {
        let mut context = json!({ "cluster": "proxy", "user": "proxy" });
        if let Some(namespace) = &self.shared.upstream.namespace {
            context["namespace"] = namespace.as_str().into();
        }
        let server = format!("http://{}", self.listener.address());
        let config = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "proxy",
            "clusters": [{ "name": "proxy", "cluster": { "server": server } }],
            "users": [{ "name": "proxy", "user": {} }],
            "contexts": [{ "name": "proxy", "context": context }],
        });
        let path = folder.join("kubeconfig-proxy");
        // JSON is YAML too.
        fs::write(&path, format!("{config:#}\n")).unwrap();
        path
    }

    /// Counts anew; the call with that number, from 1, meets the fault.
    pub fn arm(&self, number: usize, fault: Fault) {
        self.begin(Plan::Call(number, fault));
    }

    /// Counts anew; of a hundred calls, about `percent` meet one of [`Fault::PASSING`]. Which call meets which
    /// follows from the seed.
    pub fn arm_randomly(&self, seed: u64, percent: u64) {
        self.begin(Plan::Random { seed, percent });
    }

    /// Counts anew, and lets every call through.
    pub fn disarm(&self) {
        self.begin(Plan::None);
    }

    fn begin(&self, plan: Plan) {
        // What an earlier command left open must not be counted now.
        self.listener.shut();
        self.listener.cut_connections();
        *lock(&self.shared.state) = State { plan, ..State::default() };
        if plan != Plan::Call(1, Fault::Refused) {
            self.listener.open();
        }
    }

    /// What kills the client, for commands that [`run`](Self::run) doesn't start. It must not
    /// return before the client is dead. Set it after arming.
    pub fn on_kill(&self, kill: impl Fn() + Send + Sync + 'static) {
        lock(&self.shared.state).kill = Some(Arc::new(kill));
    }

    /// The calls since the proxy was armed or disarmed. Refused ones aren't among them.
    pub fn calls(&self) -> Vec<ProxiedCall> {
        lock(&self.shared.state).calls.clone()
    }

    /// Whether the fault has been met. Of [`Fault::Refused`]: whether the port is closed, which
    /// is as soon as all calls before have come.
    pub fn fired(&self) -> bool {
        lock(&self.shared.state).has_fired()
    }

    /// Runs a command to its end, or until the planned fault kills it.
    pub fn run(&self, command: &mut Command) -> Output {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let (out, err) = (child.stdout.take(), child.stderr.take());
        let child = Arc::new(Mutex::new(child));
        let victim = Arc::clone(&child);
        self.on_kill(move || kill(&mut lock(&victim)));
        let out = thread::spawn(move || read_all(out));
        let stderr = read_all(err);
        let stdout = out.join().unwrap();
        // Its output is over: it has ended, or is about to.
        let status = lock(&child).wait().unwrap();
        Output { status, stdout, stderr }
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        // Here, and not by the listener's own end: the threads that serve calls hold it too at
        // times, and the last of them would wait for itself.
        self.listener.shut();
        self.listener.cut_connections();
    }
}

impl State {
    /// Counts a call and says what it meets.
    fn count(&mut self, request: &HttpRequest) -> Option<Fault> {
        let number = self.calls.len() + 1;
        let fault = self.plan.fault_of(number);
        self.fired |= fault.is_some();
        self.calls.push(ProxiedCall {
            number,
            method: request.method.clone(),
            target: request.target.clone(),
            fault,
        });
        fault
    }

    fn refuses_from_now_on(&self) -> bool {
        matches!(self.plan, Plan::Call(planned, Fault::Refused) if self.calls.len() + 1 >= planned)
    }

    fn has_fired(&self) -> bool {
        self.fired || self.refuses_from_now_on()
    }
}

impl Shared {
    /// Serves the one call of a connection.
    fn serve(&self, client: &Wire, shut: impl Fn()) -> io::Result<()> {
        let Some(mut request) = Messages::new(client.clone()).request()? else {
            return Ok(());
        };
        let (fault, refuse) = {
            let mut state = lock(&self.state);
            (state.count(&request), state.refuses_from_now_on())
        };
        if refuse {
            shut();
        }
        match fault {
            Some(Fault::Refused) => client.cut(),
            Some(Fault::Error) => client.send(&refusal(500, "InternalError").bytes())?,
            Some(Fault::Busy) => client.send(&refusal(429, "TooManyRequests").bytes())?,
            Some(Fault::Unavailable) => client.send(&refusal(503, "ServiceUnavailable").bytes())?,
            Some(Fault::LostBefore) => client.cut(),
            Some(Fault::LostAfter) => {
                let server = self.forward(&mut request)?;
                wait_until_done(&server, &request)?;
                client.cut();
                server.cut();
            }
            Some(Fault::Half) => {
                let server = self.forward(&mut request)?;
                if let Some(answer) = wait_until_done(&server, &request)? {
                    let bytes = answer.bytes();
                    client.send(&bytes[..bytes.len() - answer.body.len().div_ceil(2)])?;
                }
                client.cut();
                server.cut();
            }
            Some(Fault::TimeOut) => client.wait_for_end(),
            Some(Fault::KilledBefore) => {
                self.kill();
                client.cut();
            }
            Some(Fault::KilledAfter) => {
                let server = self.forward(&mut request)?;
                wait_until_done(&server, &request)?;
                self.kill();
                client.cut();
                server.cut();
            }
            None => relay(client, &self.forward(&mut request)?),
        }
        Ok(())
    }

    /// Sends the request to the server, as the last one of a connection of its own.
    fn forward(&self, request: &mut HttpRequest) -> io::Result<Wire> {
        let upgrades = header(&request.headers, "upgrade").is_some();
        let ours = ["authorization", if upgrades { "" } else { "connection" }];
        let other = |(name, _): &(String, String)| !ours.iter().any(|own| name.eq_ignore_ascii_case(own));
        request.headers.retain(other);
        if !upgrades {
            request.headers.push(("connection".into(), "close".into()));
        }
        if let Some(value) = self.upstream.authorization() {
            request.headers.push(("authorization".into(), value));
        }
        let server = self.upstream.connect()?;
        server.send(&request.bytes())?;
        Ok(server)
    }

    fn kill(&self) {
        let kill = lock(&self.state).kill.clone();
        if let Some(kill) = kill {
            kill();
        }
    }
}

/// Waits for the server's whole answer, and gives it; of a watch, whose answer has no end, for its head.
fn wait_until_done(server: &Wire, request: &HttpRequest) -> io::Result<Option<HttpResponse>> {
    let mut messages = Messages::new(server.clone());
    let endless = ["watch=true", "watch=1", "follow=true"];
    if endless.iter().any(|part| request.target.contains(part)) {
        messages.answer_head()?;
        return Ok(None);
    }
    messages.answer().map(Some)
}

fn refusal(code: u16, reason: &str) -> HttpResponse {
    let message = format!("{reason}: the test's proxy was told to fail");
    let status = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": message, "reason": reason, "code": code,
    });
    let mut response = HttpResponse::new(code, "application/json", status.to_string());
    response.headers.push(("connection".into(), "close".into()));
    if code == 429 {
        response.headers.push(("retry-after".into(), "1".into()));
    }
    response
}

fn kill(child: &mut Child) {
    // An error means that it has ended by itself.
    let _ = child.kill();
    let _ = child.wait();
}

fn read_all(stream: Option<impl Read>) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Some(mut stream) = stream {
        stream.read_to_end(&mut bytes).unwrap();
    }
    bytes
}

#[cfg(test)]
mod tests;
