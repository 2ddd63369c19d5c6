//! A SOCKS 5 proxy that notes whom it was asked for.
//!
//! Takes the credentials that it wants, if any; gives an address for a kubeconfig's `proxy-url` or for `HTTPS_PROXY`.
//! Whatever name it is asked for is this machine, so that a test sees that the proxy looks names up.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use crate::listener::Listener;
use crate::relay::relay;
use crate::wire::{Wire, lock};

/// The proxy; it ends with the value.
pub struct SocksProxy {
    targets: Arc<Mutex<Vec<String>>>,
    listener: Listener,
}

impl SocksProxy {
    /// Starts one on loopback that lets anybody through, or only who has these credentials (`name:password`).
    pub fn start(credentials: Option<&str>) -> Self {
        let targets: Arc<Mutex<Vec<String>>> = Arc::default();
        let theirs = Arc::clone(&targets);
        let credentials = credentials.map(str::to_owned);
        let listener = Listener::start(None, move |wire| {
            // An error means that one of the ends is gone.
            let _ = serve(&theirs, credentials.as_deref(), &wire);
        });
        Self { targets, listener }
    }

    /// `127.0.0.1:PORT`.
    pub fn address(&self) -> String {
        self.listener.address().to_string()
    }

    /// The targets (`host:port`) of all requests so far.
    pub fn targets(&self) -> Vec<String> {
        lock(&self.targets).clone()
    }
}

fn serve(targets: &Mutex<Vec<String>>, credentials: Option<&str>, client: &Wire) -> io::Result<()> {
    let [version, count] = read(client)?;
    let methods = read_some(client, usize::from(count))?;
    let method = if credentials.is_some() { 2 } else { 0 };
    if version != 5 || !methods.contains(&method) {
        return client.send(&[5, 0xff]);
    }
    client.send(&[5, method])?;
    if let Some(wanted) = credentials {
        let [_, length] = read(client)?;
        let name = read_some(client, usize::from(length))?;
        let [length] = read(client)?;
        let password = read_some(client, usize::from(length))?;
        let shown = [name, password].map(|text| String::from_utf8_lossy(&text).into_owned()).join(":");
        let is_wanted = shown == wanted;
        client.send(&[1, u8::from(!is_wanted)])?;
        if !is_wanted {
            return Ok(());
        }
    }
    let [_, _, _, kind] = read(client)?;
    let host = match kind {
        1 => read::<4>(client)?.map(|byte| byte.to_string()).join("."),
        _ => {
            let [length] = read(client)?;
            String::from_utf8_lossy(&read_some(client, usize::from(length))?).into_owned()
        }
    };
    let port = u16::from_be_bytes(read(client)?);
    lock(targets).push(format!("{host}:{port}"));
    let Ok(server) = Wire::connect(SocketAddr::from(([127, 0, 0, 1], port)), "", None) else {
        return client.send(&[5, 5, 0, 1, 0, 0, 0, 0, 0, 0]);
    };
    client.send(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0])?;
    relay(client, &server);
    Ok(())
}

fn read<const N: usize>(wire: &Wire) -> io::Result<[u8; N]> {
    let bytes = read_some(wire, N)?;
    bytes.try_into().map_err(|_| io::ErrorKind::UnexpectedEof.into())
}

fn read_some(wire: &Wire, length: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; length];
    let mut at = 0;
    while at < length {
        match wire.read(&mut bytes[at..])? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            read => at += read,
        }
    }
    Ok(bytes)
}
