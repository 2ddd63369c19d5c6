//! Why a request got no answer, from the errors of the HTTP stack.
//!
//! Takes the error that the client gives, finds in its chain the one that tells something, gives the kind on
//! which retrying depends and words for people. Separate because these chains are the HTTP stack's affair:
//! everyone else sees [`NoAnswer`]. Nothing of what was sent is in the words, so no credential is.

use std::error::Error;
use std::io;

use codex_common::diagnostic::system_reason;
use hyper_util::client::legacy::Error as ClientError;
use rustls::CertificateError;

use crate::answer::Transport;

/// A request without an answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct NoAnswer {
    /// What broke; says whether asking again may help.
    pub transport: Transport,
    /// Why, in a few words.
    pub detail: String,
}

impl NoAnswer {
    /// A request without an answer.
    pub fn new(transport: Transport, detail: impl Into<String>) -> Self {
        Self { transport, detail: detail.into() }
    }

    /// Whether asking again may help.
    pub fn may_pass(&self) -> bool {
        matches!(self.transport, Transport::Connect | Transport::Closed | Transport::TimedOut)
    }
}

impl From<&kube::Error> for NoAnswer {
    fn from(error: &kube::Error) -> Self {
        match error {
            kube::Error::HttpError(_) | kube::Error::BuildRequest(_) => {
                Self::new(Transport::Unsent, error.to_string())
            }
            _ => of_chain(error),
        }
    }
}

impl From<kube::Error> for NoAnswer {
    fn from(error: kube::Error) -> Self {
        Self::from(&error)
    }
}

/// The first error of the chain that says what happened, else the innermost one.
pub(crate) fn of_chain(error: &(dyn Error + 'static)) -> NoAnswer {
    let mut transport = Transport::Closed;
    let mut link: Option<&(dyn Error + 'static)> = Some(error);
    let mut innermost = error;
    while let Some(error) = link {
        if error.is::<http::Error>() || error.is::<http::uri::InvalidUri>() {
            return NoAnswer::new(Transport::Unsent, lower_first(&error.to_string()));
        }
        if error.downcast_ref::<ClientError>().is_some_and(ClientError::is_connect) {
            transport = Transport::Connect;
        }
        if let Some(error) = error.downcast_ref::<rustls::Error>() {
            return NoAnswer::new(Transport::Tls, tls_reason(error));
        }
        if let Some(error) = error.downcast_ref::<io::Error>() {
            // What an io::Error wraps is not its source: the source is that of what it wraps.
            let wrapped: Option<&(dyn Error + 'static)> = match error.get_ref() {
                Some(wrapped) => Some(wrapped),
                None => None,
            };
            if let Some(wrapped) = wrapped {
                innermost = wrapped;
                link = Some(wrapped);
                continue;
            }
            if error.kind() == io::ErrorKind::TimedOut {
                transport = Transport::TimedOut;
            }
            return NoAnswer::new(transport, system_reason(error));
        }
        innermost = error;
        link = error.source();
    }
    NoAnswer::new(transport, lower_first(&innermost.to_string()))
}

/// What is wrong with a TLS connection.
fn tls_reason(error: &rustls::Error) -> String {
    let certificate = match error {
        rustls::Error::InvalidCertificate(certificate) => certificate,
        rustls::Error::InvalidMessage(_) => {
            return "what answers there doesn't speak TLS".to_owned();
        }
        rustls::Error::AlertReceived(alert) => {
            return format!("the server refuses the connection ({alert:?})");
        }
        rustls::Error::FailedToGetCurrentTime => {
            return "no certificate can be checked, for this machine's clock is before 1970".to_owned();
        }
        other => return lower_first(&other.to_string()),
    };
    match certificate {
        CertificateError::UnknownIssuer => "its certificate is signed by an authority that isn't known here",
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "its certificate has expired",
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "its certificate isn't valid yet"
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "its certificate is for another name"
        }
        CertificateError::BadSignature => "its certificate isn't signed by the authority of the kubeconfig",
        _ => return lower_first(&error.to_string()),
    }
    .to_owned()
}

fn lower_first(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("outer")]
    struct Outer(#[source] io::Error);

    #[test]
    fn the_system_has_the_last_word() {
        let answer = of_chain(&Outer(io::Error::from_raw_os_error(111)));
        assert_eq!(answer, NoAnswer::new(Transport::Closed, "connection refused"));
        let answer = of_chain(&Outer(io::Error::from(io::ErrorKind::TimedOut)));
        assert_eq!(answer.transport, Transport::TimedOut);
    }

    #[test]
    fn what_an_io_error_wraps_is_looked_at() {
        let inner = rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer);
        let answer = of_chain(&Outer(io::Error::other(inner)));
        assert_eq!(answer.transport, Transport::Tls);
        assert!(answer.detail.contains("authority that isn't known"), "{answer}");
        let answer = of_chain(&Outer(io::Error::other("Words of a stranger")));
        assert_eq!(answer, NoAnswer::new(Transport::Closed, "words of a stranger"));
    }
}
