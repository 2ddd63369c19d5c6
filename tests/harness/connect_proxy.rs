//! An HTTP proxy that notes whom it was asked to CONNECT to.
//!
//! Takes nothing; gives a URL for a kubeconfig's `proxy-url` or for `HTTPS_PROXY`. Separate from
//! the fault proxy, which sees calls: this one sees only sealed bytes.

use std::io;
use std::net::ToSocketAddrs;
use std::sync::{Arc, Mutex};

use crate::http::Messages;
use crate::listener::Listener;
use crate::relay::relay;
use crate::wire::{Wire, lock};

/// The proxy; it ends with the value.
pub struct ConnectProxy {
    targets: Arc<Mutex<Vec<String>>>,
    listener: Listener,
}

impl Default for ConnectProxy {
    fn default() -> Self {
        Self::start()
    }
}

impl ConnectProxy {
    /// Starts one on loopback.
    pub fn start() -> Self {
        let targets: Arc<Mutex<Vec<String>>> = Arc::default();
        let theirs = Arc::clone(&targets);
        let listener = Listener::start(None, move |wire| {
            // An error means that one of the ends is gone.
            let _ = serve(&theirs, &wire);
        });
        Self { targets, listener }
    }

    /// `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.listener.address())
    }

    /// The targets (`host:port`) of all CONNECTs so far; of a request that is none, its line.
    pub fn targets(&self) -> Vec<String> {
        lock(&self.targets).clone()
    }
}

fn serve(targets: &Mutex<Vec<String>>, client: &Wire) -> io::Result<()> {
    let Some(request) = Messages::new(client.clone()).request()? else {
        return Ok(());
    };
    if request.method != "CONNECT" {
        lock(targets).push(format!("{} {}", request.method, request.target));
        return client.send(b"HTTP/1.1 405 Method Not Allowed\r\ncontent-length: 0\r\n\r\n");
    }
    lock(targets).push(request.target.clone());
    let mut addresses = request.target.to_socket_addrs()?;
    let address = addresses.next().ok_or(io::ErrorKind::NotFound)?;
    match Wire::connect(address, "", None) {
        Ok(server) => {
            client.send(b"HTTP/1.1 200 Connection established\r\n\r\n")?;
            relay(client, &server);
            Ok(())
        }
        Err(_) => client.send(b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n"),
    }
}
