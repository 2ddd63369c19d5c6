//! Who a request says that it is from: the `Authorization` header, and those of impersonation.
//!
//! The rules are client-go's. A token is never part of an error, and white space around it doesn't count.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use codex_common::stack::files::read_text;
use http::{HeaderMap, HeaderName, HeaderValue};
use kube::config::AuthInfo;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use secrecy::ExposeSecret as _;

use super::address::Userinfo;

/// The largest token file, in bytes.
const MAX_TOKEN: u64 = 1 << 20;

/// How long what a token file said is taken for true: tokens of service accounts are renewed in place.
const FRESH: Duration = Duration::from_secs(60);

/// The most groups, and values of extra fields, to act as.
const MOST_IMPERSONATION: usize = 10_000;

/// The `Authorization` header.
#[derive(Debug)]
pub(super) enum Authorization {
    /// None.
    Nobody,
    /// Always the same.
    Fixed(HeaderValue),
    /// The token in a file.
    File(TokenFile),
}

impl Authorization {
    /// What the user entry says; `in_address` is who the server's address names, if the entry names nobody.
    ///
    /// # Errors
    /// What can't be used, without what stands there.
    pub(super) fn of(user: &AuthInfo, in_address: Option<&Userinfo>) -> Result<Self, String> {
        let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let secret = |text: &Option<secrecy::SecretString>| {
            text.as_ref().map(|text| text.expose_secret().to_owned()).filter(|text| !text.is_empty())
        };
        let inline = secret(&user.token);
        let inline =
            inline.as_deref().map(bearer).transpose().map_err(|problem| format!("its token {problem}"))?;
        let name = given(&user.username);
        let basic = name.map(|name| Userinfo { name, password: secret(&user.password).unwrap_or_default() });
        let file = given(&user.token_file);
        if basic.is_some() && (inline.is_some() || file.is_some()) {
            return Err("it has a token and a username; only one of them can be sent".to_owned());
        }
        if let Some(path) = file {
            return TokenFile::open(path.into(), inline).map(Self::File);
        }
        if let Some(header) = inline {
            return Ok(Self::Fixed(header));
        }
        match basic.as_ref().or(in_address) {
            Some(userinfo) => header(&userinfo.basic())
                .map(Self::Fixed)
                .map_err(|problem| format!("its password {problem}")),
            None => Ok(Self::Nobody),
        }
    }

    /// The header's value now.
    pub(super) fn header(&self) -> Option<HeaderValue> {
        match self {
            Self::Nobody => None,
            Self::Fixed(header) => Some(header.clone()),
            Self::File(file) => Some(file.header()),
        }
    }
}

/// A token file, read again once a minute. While it can't be read, what it said last counts.
#[derive(Debug)]
pub(super) struct TokenFile {
    path: PathBuf,
    last: Mutex<(HeaderValue, Instant)>,
}

impl TokenFile {
    /// Reads the file; `instead` is sent if it can't be read now.
    fn open(path: PathBuf, instead: Option<HeaderValue>) -> Result<Self, String> {
        let header = match (token_in(&path), instead) {
            (Ok(header), _) | (Err(_), Some(header)) => header,
            (Err(reason), None) => return Err(reason),
        };
        Ok(Self { path, last: Mutex::new((header, Instant::now())) })
    }

    fn header(&self) -> HeaderValue {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.1.elapsed() >= FRESH {
            if let Ok(header) = token_in(&self.path) {
                last.0 = header;
            }
            last.1 = Instant::now();
        }
        last.0.clone()
    }
}

fn token_in(path: &Path) -> Result<HeaderValue, String> {
    let name = format!("the token file {}", path.display());
    let text = read_text(path, &name, MAX_TOKEN).map_err(|error| error.to_string())?;
    if text.trim().is_empty() {
        return Err(format!("{name} is empty"));
    }
    bearer(&text).map_err(|problem| format!("the token in {} {problem}", path.display()))
}

/// A token as a header's value.
///
/// # Errors
/// What is wrong with it, to follow its name.
pub(super) fn bearer(token: &str) -> Result<HeaderValue, &'static str> {
    header(&format!("Bearer {}", token.trim()))
}

/// A text as the value of a header that logs don't show.
///
/// # Errors
/// What is wrong with it, to follow its name.
pub(super) fn header(text: &str) -> Result<HeaderValue, &'static str> {
    let mut value = HeaderValue::from_bytes(text.as_bytes()).map_err(|_| {
        if text.contains(['\n', '\r']) {
            "contains a line break, which can't be sent"
        } else {
            "contains a control character, which can't be sent"
        }
    })?;
    value.set_sensitive(true);
    Ok(value)
}

/// The headers that say whom to act as.
///
/// # Errors
/// What can't be sent.
pub(super) fn impersonation(user: &AuthInfo) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    let groups: Vec<&String> = user.impersonate_groups.iter().flatten().collect();
    let extra: BTreeMap<&String, &Vec<String>> = user.impersonate_user_extra.iter().flatten().collect();
    let uid = user.impersonate_uid.as_ref().filter(|uid| !uid.is_empty());
    let Some(name) = user.impersonate.as_ref().filter(|name| !name.is_empty()) else {
        if groups.is_empty() && extra.is_empty() && uid.is_none() {
            return Ok(headers);
        }
        return Err("it has groups, a uid or extra fields to act as, but no user: `as` is missing".to_owned());
    };
    let fields = [("impersonate-user", name)].into_iter().chain(uid.map(|uid| ("impersonate-uid", uid)));
    let groups = groups.into_iter().map(|group| ("impersonate-group", group));
    let mut fields: Vec<(String, &String)> =
        fields.chain(groups).map(|(header, value)| (header.to_owned(), value)).collect();
    for (key, values) in extra {
        let key = percent_encode(key.as_bytes(), NOT_IN_NAMES);
        fields.extend(values.iter().map(|value| (format!("impersonate-extra-{key}"), value)));
    }
    if fields.len() > MOST_IMPERSONATION {
        return Err(format!("it has more than {MOST_IMPERSONATION} groups and extra fields to act as"));
    }
    for (name, value) in fields {
        let problem = |what: &str| format!("what it acts as ({name}) {what}");
        let value = header(value).map_err(problem)?;
        let key = HeaderName::try_from(&name).map_err(|_| problem("is no name of a header"))?;
        headers.try_append(key, value).map_err(|_| problem("is too much"))?;
    }
    Ok(headers)
}

/// What stands in no header's name, and the mark of encoding itself.
const NOT_IN_NAMES: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'*')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');
