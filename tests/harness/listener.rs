//! A loopback port, a thread per connection, and an end that leaves none of them behind.
//!
//! Takes what is to be done with a connection; gives the address. Separate because the
//! scripted server, the fault proxy and the CONNECT proxy all need exactly this.

use std::collections::BTreeSet;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use crate::wire::{Wire, lock};
use rustls::ServerConfig;
use socket2::SockRef;

/// The ports to choose from: below those that kernels give to outgoing connections, so that
/// nobody gets ours by chance while it is shut.
const PORTS: std::ops::Range<u16> = 10_000..16_000;

/// The ports that are ours, open or shut.
static TAKEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());

/// What serves one connection, in a thread of its own.
type Serve = dyn Fn(Wire) + Send + Sync;

/// An open port.
struct Open {
    port: Arc<TcpListener>,
    ending: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

/// A port that can be shut and opened again; all connections end with the value.
pub(crate) struct Listener {
    address: SocketAddr,
    serve: Arc<Serve>,
    tls: Option<Arc<ServerConfig>>,
    connections: Arc<Mutex<Connections>>,
    open: Mutex<Option<Open>>,
}

#[derive(Default)]
struct Connections {
    wires: Vec<Wire>,
    threads: Vec<JoinHandle<()>>,
    ended: bool,
}

impl Listener {
    /// Opens a free port of 127.0.0.1.
    pub(crate) fn start(
        tls: Option<Arc<ServerConfig>>,
        serve: impl Fn(Wire) + Send + Sync + 'static,
    ) -> Self {
        let (address, port) = free_port();
        let listener = Self {
            address,
            serve: Arc::new(serve),
            tls,
            connections: Arc::default(),
            open: Mutex::new(None),
        };
        listener.accept(port, &mut lock(&listener.open));
        listener
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Opens the port, unless it is open.
    ///
    /// # Panics
    ///
    /// When another process took the port while it was shut.
    pub(crate) fn open(&self) {
        let mut open = lock(&self.open);
        if open.is_none() {
            self.accept(TcpListener::bind(self.address).unwrap(), &mut open);
        }
    }

    fn accept(&self, port: TcpListener, open: &mut Option<Open>) {
        let port = Arc::new(port);
        let ending = Arc::new(AtomicBool::new(false));
        let (theirs, end) = (Arc::clone(&port), Arc::clone(&ending));
        let (serve, tls) = (Arc::clone(&self.serve), self.tls.clone());
        let connections = Arc::clone(&self.connections);
        let thread = thread::spawn(move || {
            for tcp in theirs.incoming() {
                if end.load(Ordering::SeqCst) {
                    return;
                }
                let Ok(wire) = tcp.and_then(|tcp| Wire::accepted(tcp, tls.as_ref())) else {
                    continue;
                };
                handle(&connections, &serve, wire);
            }
        });
        *open = Some(Open { port, ending, thread });
    }

    /// Shuts the port: connecting is refused from now on. Connections that are there stay.
    pub(crate) fn shut(&self) {
        let Some(open) = lock(&self.open).take() else {
            return;
        };
        open.ending.store(true, Ordering::SeqCst);
        // Closing wouldn't do: a process that is being started at this moment has the socket
        // too, until it becomes another program.
        let _ = SockRef::from(&*open.port).shutdown(Shutdown::Both);
        // Where that isn't possible, the thread still waits for a connection.
        drop(TcpStream::connect(self.address));
        let _ = open.thread.join();
    }

    /// Breaks off every connection, and waits for what served them.
    pub(crate) fn cut_connections(&self) {
        let (wires, threads) = {
            let mut connections = lock(&self.connections);
            (std::mem::take(&mut connections.wires), std::mem::take(&mut connections.threads))
        };
        wires.iter().for_each(Wire::cut);
        for thread in threads {
            let _ = thread.join();
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.shut();
        lock(&self.connections).ended = true;
        self.cut_connections();
        lock(&TAKEN).remove(&self.address.port());
    }
}

fn handle(connections: &Mutex<Connections>, serve: &Arc<Serve>, wire: Wire) {
    let mut connections = lock(connections);
    if connections.ended {
        return wire.cut();
    }
    connections.threads.retain(|thread| !thread.is_finished());
    connections.wires.retain(|wire| !wire.is_unused());
    connections.wires.push(wire.clone());
    let serve = Arc::clone(serve);
    connections.threads.push(thread::spawn(move || {
        // An error means that the client doesn't trust us, or is gone.
        if wire.handshake().is_ok() {
            serve(wire.clone());
        }
        wire.close();
    }));
}

/// A port of 127.0.0.1 that nobody has, open.
fn free_port() -> (SocketAddr, TcpListener) {
    let mut taken = lock(&TAKEN);
    // Other processes begin elsewhere.
    let first = std::process::id() as usize * 101;
    for step in 0..PORTS.len() {
        let port = PORTS.start + ((first + step) % PORTS.len()) as u16;
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        if taken.contains(&port) {
            continue;
        }
        if let Ok(listener) = TcpListener::bind(address) {
            taken.insert(port);
            return (address, listener);
        }
    }
    panic!("no port of {PORTS:?} is free");
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn a_shut_port_refuses_and_opens_again() {
        let listener = Listener::start(None, |wire| drop(wire.send(b"hello")));
        for _ in 0..20 {
            let wire = Wire::connect(listener.address(), "", None).unwrap();
            assert_eq!(wire.read(&mut [0; 10]).unwrap(), 5);
            listener.shut();
            let error = TcpStream::connect(listener.address()).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
            listener.open();
        }
    }

    #[test]
    fn the_end_ends_connections_that_wait() {
        let listener = Listener::start(None, |wire| wire.wait_for_end());
        let wire = Wire::connect(listener.address(), "", None).unwrap();
        drop(listener);
        assert!(matches!(wire.read(&mut [0; 10]), Ok(0) | Err(_)));
    }
}
