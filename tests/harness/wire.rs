//! One connection, plain or TLS, that two threads may use at once.
//!
//! Takes a TCP stream and perhaps a TLS session; gives reads and writes that don't wait for
//! each other, and an end from any thread. Separate because rustls' own stream can't be read
//! and written at once, which a relayed exec session needs, and because a fault may have to
//! end a connection that another thread is waiting on.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, Connection, ServerConfig, ServerConnection};

/// What is read from the network at once: less than rustls is willing to buffer.
const CHUNK: usize = 4096;

/// A connection; clones are the same connection.
#[derive(Clone)]
pub(crate) struct Wire {
    tcp: Arc<TcpStream>,
    tls: Option<Arc<Mutex<Connection>>>,
    /// Held while bytes go out, so that TLS records leave in the order they were sealed in.
    sending: Arc<Mutex<()>>,
}

impl Wire {
    /// The server's end of an accepted connection, before its handshake.
    pub(crate) fn accepted(tcp: TcpStream, tls: Option<&Arc<ServerConfig>>) -> io::Result<Self> {
        let tls = match tls {
            None => None,
            Some(config) => {
                Some(Connection::from(ServerConnection::new(Arc::clone(config)).map_err(io::Error::other)?))
            }
        };
        Self::new(tcp, tls)
    }

    /// Connects to a server; with TLS its certificate must be for `name`. The handshake is done.
    pub(crate) fn connect(
        address: SocketAddr,
        name: &str,
        tls: Option<&Arc<ClientConfig>>,
    ) -> io::Result<Self> {
        let tcp = TcpStream::connect_timeout(&address, Duration::from_secs(10))?;
        let tls = match tls {
            None => None,
            Some(config) => {
                let name = ServerName::try_from(name.to_owned()).map_err(io::Error::other)?;
                let session = ClientConnection::new(Arc::clone(config), name).map_err(io::Error::other)?;
                Some(Connection::from(session))
            }
        };
        let wire = Self::new(tcp, tls)?;
        wire.handshake()?;
        Ok(wire)
    }

    /// Connects to a server with TLS through an HTTP proxy.
    #[cfg(test)]
    pub(crate) fn connect_through(
        proxy: SocketAddr,
        target: &str,
        name: &str,
        tls: &Arc<ClientConfig>,
    ) -> io::Result<Self> {
        let plain = Self::connect(proxy, "", None)?;
        plain.send(format!("CONNECT {target} HTTP/1.1\r\n\r\n").as_bytes())?;
        let (status, _) = crate::http::Messages::new(plain.clone()).answer_head()?;
        assert_eq!(status, 200);
        let name = ServerName::try_from(name.to_owned()).map_err(io::Error::other)?;
        let session = ClientConnection::new(Arc::clone(tls), name).map_err(io::Error::other)?;
        let wire = Self::new(plain.tcp.try_clone()?, Some(session.into()))?;
        wire.handshake()?;
        Ok(wire)
    }

    fn new(tcp: TcpStream, tls: Option<Connection>) -> io::Result<Self> {
        tcp.set_nodelay(true)?;
        Ok(Self {
            tcp: Arc::new(tcp),
            tls: tls.map(|session| Arc::new(Mutex::new(session))),
            sending: Arc::default(),
        })
    }

    /// Does TLS' handshake. Until then there must be one thread only, since both ends of the
    /// conversation take part in it.
    pub(crate) fn handshake(&self) -> io::Result<()> {
        let Some(tls) = &self.tls else {
            return Ok(());
        };
        loop {
            self.flush(tls)?;
            if !lock(tls).is_handshaking() {
                return Ok(());
            }
            if !self.receive(tls)? {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }

    /// Reads what is there, waiting for the first byte; 0 at the end.
    pub(crate) fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(tls) = &self.tls else {
            return (&*self.tcp).read(buffer);
        };
        loop {
            match lock(tls).reader().read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                // The other end is gone without TLS' farewell, as a killed process goes.
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(0),
                result => return result,
            }
            self.receive(tls)?;
        }
    }

    /// Gives the session what comes from the network; false at the end.
    fn receive(&self, tls: &Mutex<Connection>) -> io::Result<bool> {
        let mut sealed = [0; CHUNK];
        let count = (&*self.tcp).read(&mut sealed)?;
        let fed = feed(&mut lock(tls), &sealed[..count]);
        // Also after a failure: the other end should get TLS' alert.
        self.flush(tls)?;
        fed?;
        Ok(count > 0)
    }

    /// Sends all of it.
    pub(crate) fn send(&self, mut bytes: &[u8]) -> io::Result<()> {
        let Some(tls) = &self.tls else {
            let _sending = lock(&self.sending);
            return (&*self.tcp).write_all(bytes);
        };
        while !bytes.is_empty() {
            let taken = lock(tls).writer().write(bytes)?;
            bytes = &bytes[taken..];
            self.flush(tls)?;
        }
        Ok(())
    }

    /// Sends the sealed records without holding the session: a peer that doesn't read would
    /// otherwise keep us from reading too, and both would wait for ever.
    fn flush(&self, tls: &Mutex<Connection>) -> io::Result<()> {
        let _sending = lock(&self.sending);
        let mut sealed = Vec::new();
        {
            let mut tls = lock(tls);
            while tls.wants_write() {
                tls.write_tls(&mut sealed)?;
            }
        }
        (&*self.tcp).write_all(&sealed)
    }

    /// Ends the connection in an orderly way; reads that wait in other threads end too.
    pub(crate) fn close(&self) {
        if let Some(tls) = &self.tls {
            lock(tls).send_close_notify();
            let _ = self.flush(tls);
        }
        let _ = self.tcp.shutdown(Shutdown::Both);
    }

    /// Breaks the connection off without any farewell.
    pub(crate) fn cut(&self) {
        let _ = self.tcp.shutdown(Shutdown::Both);
    }

    /// Whether no one else holds this connection any more.
    pub(crate) fn is_unused(&self) -> bool {
        Arc::strong_count(&self.tcp) == 1
    }

    /// Waits until the other end is gone.
    pub(crate) fn wait_for_end(&self) {
        let mut ignored = [0; 256];
        while matches!(self.read(&mut ignored), Ok(1..)) {}
    }
}

/// Gives received bytes to the session.
fn feed(tls: &mut Connection, mut sealed: &[u8]) -> io::Result<()> {
    loop {
        tls.read_tls(&mut sealed)?;
        tls.process_new_packets().map_err(io::Error::other)?;
        if sealed.is_empty() {
            return Ok(());
        }
    }
}

/// Locks, whether or not a thread died holding it: the test that killed it has failed already.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::thread;

    use super::*;
    use crate::certificate::Authority;

    /// The server's end of the next connection, with its handshake done.
    fn accept(listener: &TcpListener, authority: Option<&Authority>) -> io::Result<Wire> {
        let config = authority.map(Authority::server_config);
        let wire = Wire::accepted(listener.accept()?.0, config.as_ref())?;
        wire.handshake()?;
        Ok(wire)
    }

    fn pair(authority: Option<&Authority>) -> (Wire, Wire) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let config = authority.map(Authority::client_config);
        thread::scope(|scope| {
            let theirs = scope.spawn(|| accept(&listener, authority).unwrap());
            let ours = Wire::connect(address, "127.0.0.1", config.as_ref()).unwrap();
            (ours, theirs.join().unwrap())
        })
    }

    fn read_all(wire: &Wire) -> Vec<u8> {
        let (mut all, mut buffer) = (Vec::new(), [0; 10_000]);
        while let Ok(count @ 1..) = wire.read(&mut buffer) {
            all.extend_from_slice(&buffer[..count]);
        }
        all
    }

    #[test]
    fn both_ways_at_once_nobody_waits_for_the_other() {
        for authority in [None, Some(Authority::new())] {
            let (ours, theirs) = pair(authority.as_ref());
            let much: Vec<u8> = (0..4_000_000u32).map(|number| number as u8).collect();
            let echo = thread::spawn(move || {
                let mut buffer = [0; 10_000];
                while let Ok(count @ 1..) = theirs.read(&mut buffer) {
                    theirs.send(&buffer[..count]).unwrap();
                }
            });
            let sender = (ours.clone(), much.clone());
            let send = thread::spawn(move || sender.0.send(&sender.1).unwrap());
            let (mut back, mut buffer) = (Vec::new(), [0; 10_000]);
            while back.len() < much.len() {
                let count = ours.read(&mut buffer).unwrap();
                back.extend_from_slice(&buffer[..count]);
            }
            send.join().unwrap();
            ours.close();
            echo.join().unwrap();
            assert!(back == much);
        }
    }

    #[test]
    fn an_end_from_another_thread_ends_a_read() {
        for authority in [None, Some(Authority::new())] {
            let (ours, theirs) = pair(authority.as_ref());
            let reader = {
                let ours = ours.clone();
                thread::spawn(move || read_all(&ours))
            };
            let server = thread::spawn(move || read_all(&theirs));
            ours.send(b"hello").unwrap();
            ours.close();
            assert_eq!(reader.join().unwrap(), b"");
            assert_eq!(server.join().unwrap(), b"hello");
        }
    }

    #[test]
    fn a_certificate_of_another_authority_is_refused() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let authority = Authority::new();
        let server = thread::spawn(move || accept(&listener, Some(&authority)).err().unwrap());
        let config = Authority::new().client_config();
        let error = Wire::connect(address, "127.0.0.1", Some(&config)).err().unwrap();
        assert!(error.to_string().contains("certificate"), "{error}");
        let alert = server.join().unwrap();
        assert!(alert.to_string().contains("alert"), "{alert}");
    }
}
