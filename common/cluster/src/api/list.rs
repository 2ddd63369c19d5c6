//! Lists, page by page: the one way to ask for many objects.
//!
//! Takes a collection and the size of a page, gives its pages. What may go wrong with a list is dealt with here:
//! one whose token is too old begins anew, a page that is too large is asked for in parts, one that never ends is
//! given up. What comes must be a list of that kind.

use std::borrow::Cow;
use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::time::{Instant, sleep};

use super::{Api, JSON, Read, RequestError, escaped};
use crate::answer::Transport;
use crate::discovery::Resource;
use crate::identity::is_built_in;
use crate::retry::{Retry, Tries};
use crate::transport::NoAnswer;

/// How many objects a list may have; a page that isn't the last counts as full.
const MAX_OBJECTS: usize = 500_000;

/// After how many pages a pause comes before each further one.
const PAGES_WITHOUT_PAUSE: usize = 20;

/// That pause.
const PAGE_PAUSE: Duration = Duration::from_millis(20);

/// How often a list whose token is too old begins anew.
const RESTARTS: Retry = Retry {
    retries: 5,
    backoff: Duration::from_millis(200),
    longest: Duration::from_secs(5),
    within: Duration::from_secs(300),
};

/// Lists of names and metadata, whatever the kind.
const METADATA: &str = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";

/// What is listed, and in which form it comes.
#[derive(Debug, Clone)]
pub struct ListRequest<'a> {
    path: Cow<'a, str>,
    query: Cow<'a, str>,
    accept: &'static str,
    api_version: Cow<'a, str>,
    /// The kind of the list; `None` for any.
    kind: Option<Cow<'a, str>>,
    page: usize,
}

impl<'a> ListRequest<'a> {
    /// The objects of a kind, in one namespace or everywhere, `page` at a time.
    pub fn of(resource: &'a Resource, namespace: Option<&str>, page: usize) -> Self {
        // A definition may call the list of its kind anything.
        let kind = is_built_in(&resource.group).then(|| format!("{}List", resource.kind).into());
        Self {
            path: resource.collection(namespace).into(),
            query: Cow::Borrowed(""),
            accept: JSON,
            api_version: resource.api_version().into(),
            kind,
            page,
        }
    }

    /// What lies at a path of the core group, as lists of this kind: `ConfigMapList`.
    pub fn at(path: impl Into<Cow<'a, str>>, kind: &'a str, page: usize) -> Self {
        let (query, api_version) = (Cow::Borrowed(""), Cow::Borrowed("v1"));
        Self { path: path.into(), query, accept: JSON, api_version, kind: Some(kind.into()), page }
    }

    /// The same in another representation: a media type, and the `apiVersion` and kind that it has.
    #[must_use]
    pub fn accept(mut self, accept: &'static str, api_version: &'a str, kind: &'a str) -> Self {
        (self.accept, self.api_version, self.kind) = (accept, api_version.into(), Some(kind.into()));
        self
    }

    /// The same without what isn't metadata.
    #[must_use]
    pub fn metadata(self) -> Self {
        self.accept(METADATA, "meta.k8s.io/v1", "PartialObjectMetadataList")
    }

    /// The same, of those objects only that a query selects: `labelSelector=…`, escaped.
    #[must_use]
    pub fn query(mut self, query: impl Into<Cow<'a, str>>) -> Self {
        self.query = query.into();
        self
    }

    fn url(&self, page: usize, token: &str) -> String {
        let mut url = format!("{}?", self.path);
        if !self.query.is_empty() {
            url.push_str(&self.query);
            url.push('&');
        }
        url.push_str(&format!("limit={page}"));
        if !token.is_empty() {
            url.push_str(&format!("&continue={}", escaped(token)));
        }
        url
    }

    /// Whether what came is what was asked for.
    fn check(&self, head: &ListHead) -> Result<(), NoAnswer> {
        let is_it = head.api_version == self.api_version
            && self.kind.as_ref().map_or(head.kind != "Status", |kind| *kind == head.kind);
        if is_it {
            return Ok(());
        }
        let wanted = self.kind.as_deref().unwrap_or("list");
        let ListHead { api_version, kind, .. } = head;
        let detail = format!("the response is no {wanted} of {}: {kind} of {api_version}", self.api_version);
        Err(NoAnswer::new(Transport::Foreign, detail))
    }
}

/// What every list says of itself.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ListHead {
    #[serde(default)]
    api_version: String,
    #[serde(default)]
    kind: String,
    /// Where the list stands.
    #[serde(default)]
    pub metadata: ListMeta,
}

/// Where a list stands.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ListMeta {
    /// The version that the list shows.
    #[serde(default)]
    pub resource_version: String,
    /// The token of the next page; empty on the last.
    #[serde(default)]
    pub r#continue: String,
}

/// A page of a list, in whatever form.
pub trait Page: DeserializeOwned {
    /// What it says of itself.
    fn head(&self) -> ListHead;
}

/// A page of objects.
#[derive(Debug, Deserialize)]
#[serde(bound = "T: DeserializeOwned", rename_all = "camelCase")]
pub struct List<T> {
    #[serde(default)]
    api_version: String,
    #[serde(default)]
    kind: String,
    /// Where the list stands.
    #[serde(default)]
    pub metadata: ListMeta,
    /// The objects; null where an aggregated API says nothing as Go does.
    pub items: Option<Vec<T>>,
}

impl<T: DeserializeOwned> Page for List<T> {
    fn head(&self) -> ListHead {
        let Self { api_version, kind, metadata, .. } = self;
        ListHead { api_version: api_version.clone(), kind: kind.clone(), metadata: metadata.clone() }
    }
}

/// A step through a list.
#[derive(Debug)]
pub enum Step<P> {
    /// A page.
    Page(P),
    /// What was read so far is too old: the list begins anew, and all pages are to be forgotten.
    Anew,
}

/// The pages of a list.
pub struct Pages<'a> {
    api: &'a Api,
    request: ListRequest<'a>,
    /// The token of the next page, empty for the first; `None` after the last.
    token: Option<String>,
    /// How many objects a page has by now.
    size: usize,
    pages: usize,
    objects: usize,
    restarts: Tries,
}

impl<'a> Pages<'a> {
    pub(super) fn new(api: &'a Api, request: ListRequest<'a>) -> Self {
        let (token, size) = (Some(String::new()), request.page);
        Self { api, request, token, size, pages: 0, objects: 0, restarts: RESTARTS.tries() }
    }

    /// The next step; `None` after the last page.
    ///
    /// # Errors
    /// The server says no, or what comes is no list of that kind, or never ends.
    pub async fn next<P: Page>(&mut self) -> Result<Option<Step<P>>, RequestError> {
        let began = Instant::now();
        while let Some(token) = &self.token {
            if self.pages >= PAGES_WITHOUT_PAUSE {
                sleep(PAGE_PAUSE).await;
            }
            let page = match self
                .api
                .read_as::<P>(&self.request.url(self.size, token), self.request.accept)
                .await
            {
                Ok(Read::Found(page)) => page,
                Ok(Read::Refused(answer)) if answer.status == 410 => {
                    let Some(pause) = self.restarts.failed(answer.retry_after) else {
                        return Err(RequestError::Refused { path: self.request.path.to_string(), answer });
                    };
                    let words = || format!("the list {} begins anew: it became too old", self.request.path);
                    self.api.notices().sleep(began, pause, words).await;
                    (self.token, self.pages, self.objects) = (Some(String::new()), 0, 0);
                    return Ok(Some(Step::Anew));
                }
                Ok(Read::Refused(answer)) => {
                    return Err(RequestError::Refused { path: self.request.path.to_string(), answer });
                }
                Err(error) if error.transport == Transport::TooLarge && self.size > 1 => {
                    self.size = (self.size / 4).max(1);
                    continue;
                }
                Err(error) => return Err(error.into()),
            };
            let head = page.head();
            self.request.check(&head)?;
            self.take(head.metadata.r#continue)?;
            return Ok(Some(Step::Page(page)));
        }
        Ok(None)
    }

    /// Notes a page and the token behind it.
    fn take(&mut self, next: String) -> Result<(), NoAnswer> {
        self.pages += 1;
        self.objects += self.size;
        let is_same = self.token.as_ref() == Some(&next);
        self.token = (!next.is_empty()).then_some(next);
        if self.token.is_some() && (is_same || self.objects >= MAX_OBJECTS) {
            let detail = format!("the list {} doesn't end: {} pages so far", self.request.path, self.pages);
            return Err(NoAnswer::new(Transport::Foreign, detail));
        }
        Ok(())
    }
}
