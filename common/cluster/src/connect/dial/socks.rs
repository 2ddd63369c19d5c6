//! A way through a SOCKS proxy of version 5 (RFC 1928, and RFC 1929 for credentials).

use std::io;
use std::net::IpAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::Io;
use crate::connect::proxy::Proxy;

const VERSION: u8 = 5;
const NO_CREDENTIALS: u8 = 0;
const PASSWORD: u8 = 2;
const IPV4: u8 = 1;
const NAME: u8 = 3;
const IPV6: u8 = 4;

/// Asks the proxy for a way to a host; names are looked up by the proxy.
pub(super) async fn open(io: &mut Box<dyn Io>, host: &str, port: u16, proxy: &Proxy) -> io::Result<()> {
    dialogue(io, host, port, proxy).await.map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => io::Error::other("the SOCKS proxy closed the connection"),
        _ => error,
    })
}

async fn dialogue(io: &mut Box<dyn Io>, host: &str, port: u16, proxy: &Proxy) -> io::Result<()> {
    let methods: &[u8] = match proxy.userinfo() {
        Some(_) => &[VERSION, 2, NO_CREDENTIALS, PASSWORD],
        None => &[VERSION, 1, NO_CREDENTIALS],
    };
    io.write_all(methods).await?;
    io.flush().await?;
    let [version, method] = read(io).await?;
    if version != VERSION {
        return Err(io::Error::other("what answers as the proxy doesn't speak SOCKS 5"));
    }
    match (method, proxy.userinfo()) {
        (NO_CREDENTIALS, _) => {}
        (PASSWORD, Some(userinfo)) => {
            let mut message = vec![1];
            text(&mut message, &userinfo.name)?;
            text(&mut message, &userinfo.password)?;
            io.write_all(&message).await?;
            io.flush().await?;
            let [_, status] = read(io).await?;
            if status != 0 {
                return Err(io::Error::other("the SOCKS proxy refuses the credentials in its address"));
            }
        }
        (_, Some(_)) => return Err(io::Error::other("the SOCKS proxy takes no password")),
        (_, None) => return Err(io::Error::other("the SOCKS proxy asks for credentials")),
    }
    let mut request = vec![VERSION, 1, 0];
    match host.parse() {
        Ok(IpAddr::V4(address)) => {
            request.push(IPV4);
            request.extend(address.octets());
        }
        Ok(IpAddr::V6(address)) => {
            request.push(IPV6);
            request.extend(address.octets());
        }
        Err(_) => {
            request.push(NAME);
            text(&mut request, host)?;
        }
    }
    request.extend(port.to_be_bytes());
    io.write_all(&request).await?;
    io.flush().await?;
    let [_, reply, _, kind] = read(io).await?;
    if reply != 0 {
        return Err(io::Error::other(format!("the SOCKS proxy says: {}", words(reply))));
    }
    // The address that the proxy uses, and its port: nothing that matters here, but it has to be read.
    let length = match kind {
        IPV4 => 4,
        IPV6 => 16,
        _ => usize::from(io.read_u8().await?),
    };
    io.read_exact(&mut vec![0; length + 2]).await?;
    Ok(())
}

async fn read<const N: usize>(io: &mut Box<dyn Io>) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    io.read_exact(&mut bytes).await?;
    Ok(bytes)
}

/// A text with its length before it.
fn text(message: &mut Vec<u8>, text: &str) -> io::Result<()> {
    let length = u8::try_from(text.len())
        .map_err(|_| io::Error::other("a SOCKS proxy takes no name or password of more than 255 bytes"))?;
    message.push(length);
    message.extend(text.as_bytes());
    Ok(())
}

fn words(reply: u8) -> &'static str {
    match reply {
        2 => "connection not allowed by its rules",
        3 => "network unreachable",
        4 => "host unreachable",
        5 => "connection refused",
        6 => "TTL expired",
        7 => "command not supported",
        8 => "address type not supported",
        _ => "general failure",
    }
}
