//! A way through an HTTP proxy: `CONNECT`.

use std::io;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::Io;
use crate::connect::proxy::Proxy;

/// The longest answer's head, in bytes.
const LONGEST: usize = 16 << 10;

/// Asks the proxy for a way to `target`, a host with its port.
pub(super) async fn open(io: &mut Box<dyn Io>, target: &str, proxy: &Proxy) -> io::Result<()> {
    let mut request = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n");
    if let Some(userinfo) = proxy.userinfo() {
        request += &format!("Proxy-Authorization: {}\r\n", userinfo.basic());
    }
    request += "\r\n";
    io.write_all(request.as_bytes()).await?;
    io.flush().await?;
    let mut head = Vec::new();
    // Byte by byte: what comes behind the head isn't for us.
    while !head.ends_with(b"\r\n\r\n") && !head.ends_with(b"\n\n") {
        if head.len() == LONGEST {
            return Err(io::Error::other("the proxy's answer to CONNECT has no end"));
        }
        match io.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                return Err(io::Error::other("the proxy closed the connection on CONNECT"));
            }
            Err(error) => return Err(error),
        }
    }
    let text = String::from_utf8_lossy(&head);
    let mut words = text.split_ascii_whitespace();
    let is_http = words.next().is_some_and(|version| version.starts_with("HTTP/1."));
    match words.next().and_then(|code| code.parse::<u16>().ok()).filter(|_| is_http) {
        Some(200..=299) => Ok(()),
        Some(407) if proxy.userinfo().is_some() => {
            Err(io::Error::other("the proxy refuses the credentials in its address (407)"))
        }
        Some(407) => Err(io::Error::other("the proxy asks for credentials (407)")),
        Some(code) => Err(io::Error::other(format!("the proxy answered {code} to CONNECT {target}"))),
        None => Err(io::Error::other("what answers as the proxy doesn't speak HTTP")),
    }
}
