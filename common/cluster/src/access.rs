//! The client, and how it gets in again when its credentials are refused.
//!
//! A credential plugin's token may end without having said when: the server answers 401, the plugin is asked once
//! more, and what was refused is sent again, as kubectl does. Separate from requests because all of them share it:
//! one plugin runs for all that were refused together.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use futures::future::BoxFuture;
use kube::Client;
use tokio::sync::Mutex;

/// The status of an answer to someone whose credentials don't count.
pub(crate) const UNAUTHORIZED: u16 = 401;

/// Makes a client with new credentials; `None` if there are none. It may take as long as a person does.
pub(crate) type Renew = Box<dyn Fn() -> BoxFuture<'static, Option<Client>> + Send + Sync>;

/// The way in. Clones share it.
#[derive(Clone)]
pub struct Access {
    shared: Arc<Shared>,
}

struct Shared {
    pass: RwLock<Pass>,
    renew: Option<Renew>,
    renewing: Mutex<()>,
}

/// A client whose credentials are the server's to judge.
#[derive(Clone)]
pub(crate) struct Pass {
    pub(crate) client: Client,
    number: u32,
    is_accepted: Arc<AtomicBool>,
}

impl Access {
    /// Through a client whose credentials are all that there is.
    pub fn fixed(client: Client) -> Self {
        Self::new(client, None)
    }

    /// Through a client that can be made anew.
    pub(crate) fn renewable(client: Client, renew: Renew) -> Self {
        Self::new(client, Some(renew))
    }

    fn new(client: Client, renew: Option<Renew>) -> Self {
        let pass = RwLock::new(Pass { client, number: 0, is_accepted: Arc::default() });
        Self { shared: Arc::new(Shared { pass, renew, renewing: Mutex::new(()) }) }
    }

    /// The newest.
    pub(crate) fn pass(&self) -> Pass {
        self.shared.pass.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Another pass than the one that was refused. There is none when the credentials can't be had anew, or when
    /// new ones were refused from the first.
    pub(crate) async fn renewed(&self, refused: &Pass) -> Option<Pass> {
        let renew = self.shared.renew.as_ref()?;
        let _turn = self.shared.renewing.lock().await;
        let newest = self.pass();
        if newest.number != refused.number {
            return Some(newest);
        }
        if newest.number > 0 && !newest.is_accepted.load(Ordering::Relaxed) {
            return None;
        }
        let client = renew().await?;
        let pass = Pass { client, number: newest.number + 1, is_accepted: Arc::default() };
        *self.shared.pass.write().unwrap_or_else(PoisonError::into_inner) = pass.clone();
        Some(pass)
    }
}

impl Pass {
    /// Notes what the server thought of it.
    pub(crate) fn judged(&self, status: u16) {
        if status != UNAUTHORIZED {
            self.is_accepted.store(true, Ordering::Relaxed);
        }
    }
}
