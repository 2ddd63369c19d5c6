//! Connections: TCP, through a proxy if there is one, and TLS where the server speaks it.
//!
//! One connector for all ways, so that what holds for one of them holds for all: `TCP_NODELAY` (without it a request
//! on a resumed TLS session waits 40 ms for the server's delayed acknowledgement), the time to connect, the words of
//! errors.

mod http_proxy;
mod socks;

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::future::BoxFuture;
use http::Uri;
use hyper_util::client::legacy::connect::{Connected, Connection, HttpConnector};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::TlsConnector;
use tower::{BoxError, Service, ServiceExt as _};

use super::address::Address;
use super::proxy::{Kind, Proxy};

/// Makes connections to one server.
#[derive(Clone)]
pub(super) struct Dialer {
    route: Arc<Route>,
    tcp: HttpConnector,
}

/// Where to, and how.
pub(super) struct Route {
    /// The server.
    pub(super) server: Address,
    /// What is between.
    pub(super) proxy: Option<Proxy>,
    /// Whom to trust; the proxy too, if it speaks TLS.
    pub(super) tls: Option<Arc<ClientConfig>>,
    /// The name in the server's certificate, if it isn't the address's.
    pub(super) server_name: Option<ServerName<'static>>,
    /// How long a connection may take to come about.
    pub(super) patience: Duration,
}

impl Dialer {
    /// Connections on this route.
    pub(super) fn new(route: Route) -> Self {
        let mut tcp = HttpConnector::new();
        tcp.set_nodelay(true);
        Self { route: Arc::new(route), tcp }
    }

    async fn connect(self) -> Result<Stream, BoxError> {
        let Route { server, proxy, .. } = &*self.route;
        let is_secure = server.scheme == "https";
        let port = if is_secure { 443 } else { 80 };
        let Some(proxy) = proxy else {
            let tcp = self.tcp(&server.place(port)).await?;
            return self.to_server(tcp, is_secure, false).await;
        };
        let mut io = self.tcp(&proxy.place()).await?;
        if proxy.kind == Kind::Https {
            io = self.tls(io, name_of(proxy.host())?).await?;
        }
        let target = server.place(port);
        match proxy.kind {
            Kind::Socks => {
                socks::open(&mut io, server.bare_host(), server.port.unwrap_or(port), proxy).await?
            }
            // What isn't sealed is handed to the proxy as it is, request by request.
            Kind::Http | Kind::Https if !is_secure => return self.to_server(io, false, true).await,
            Kind::Http | Kind::Https => http_proxy::open(&mut io, &target, proxy).await?,
        }
        self.to_server(io, is_secure, false).await
    }

    async fn to_server(
        &self,
        io: Box<dyn Io>,
        is_secure: bool,
        is_proxied: bool,
    ) -> Result<Stream, BoxError> {
        let io = if is_secure {
            let name = match &self.route.server_name {
                Some(name) => name.clone(),
                None => name_of(self.route.server.bare_host())?,
            };
            self.tls(io, name).await?
        } else {
            io
        };
        Ok(Stream { io, is_proxied })
    }

    /// `place` is a host with a port.
    async fn tcp(&self, place: &str) -> Result<Box<dyn Io>, BoxError> {
        let address: Uri = format!("http://{place}").parse()?;
        Ok(Box::new(self.tcp.clone().oneshot(address).await?.into_inner()))
    }

    async fn tls(&self, io: Box<dyn Io>, name: ServerName<'static>) -> Result<Box<dyn Io>, BoxError> {
        let config = self.route.tls.clone().ok_or("there are no settings for TLS")?;
        Ok(Box::new(TlsConnector::from(config).connect(name, io).await?))
    }
}

fn name_of(host: &str) -> Result<ServerName<'static>, BoxError> {
    ServerName::try_from(host.to_owned()).map_err(|_| format!("`{host}` is no name for a certificate").into())
}

impl Service<Uri> for Dialer {
    type Response = TokioIo<Stream>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Self::Response, BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let dialer = self.clone();
        Box::pin(async move {
            let patience = dialer.route.patience;
            match tokio::time::timeout(patience, dialer.connect()).await {
                Ok(stream) => stream.map(TokioIo::new),
                Err(_) => {
                    let reason = format!("no connection within {patience:?}");
                    Err(io::Error::new(io::ErrorKind::TimedOut, reason).into())
                }
            }
        })
    }
}

/// What bytes go through.
pub(super) trait Io: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// A connection.
pub(super) struct Stream {
    io: Box<dyn Io>,
    /// Whether a proxy reads the requests, which then have to say whom they are for.
    is_proxied: bool,
}

impl Connection for Stream {
    fn connected(&self) -> Connected {
        Connected::new().proxy(self.is_proxied)
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buf)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }
}
