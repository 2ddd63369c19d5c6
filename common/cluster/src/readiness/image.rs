//! Names of images, as far as two of them can be told apart.
//!
//! A runtime reports the whole name (`docker.io/library/nginx:1` for `nginx:1`), a digest, or only its own
//! identifier of the image.

/// Where a name without a registry leads.
const DEFAULT_REGISTRY: &str = "docker.io";

/// Whether two names mean one image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sameness {
    /// They do.
    Same,
    /// They don't.
    Different,
    /// The names alone don't tell.
    Unknown,
}

/// A name, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reference<'a> {
    /// Registry and path; `None` for a runtime's identifier.
    repository: Option<String>,
    tag: Option<&'a str>,
    digest: Option<&'a str>,
}

impl<'a> Reference<'a> {
    /// Takes a name apart.
    pub(super) fn of(name: &'a str) -> Self {
        let name = name.split_once("://").map_or(name, |(_, name)| name);
        let (name, digest) = name.split_once('@').map_or((name, None), |(name, digest)| (name, Some(digest)));
        // A colon before a slash is that of a port.
        let (path, tag) = match name.rsplit_once(':') {
            Some((path, tag)) if !tag.contains('/') => (path, Some(tag)),
            _ => (name, None),
        };
        if name.is_empty() || path == "sha256" || (digest.is_none() && is_identifier(name)) {
            return Self { repository: None, tag: None, digest: None };
        }
        let tag = tag.or(digest.is_none().then_some("latest"));
        Self { repository: Some(whole(path)), tag, digest }
    }

    /// Whether both mean one image.
    pub(super) fn compare(&self, other: &Self) -> Sameness {
        match (&self.repository, &other.repository, self.digest, other.digest) {
            (_, _, Some(one), Some(another)) if one == another => Sameness::Same,
            (_, _, Some(_), Some(_)) => Sameness::Different,
            (Some(one), Some(another), None, None) if one == another && self.tag == other.tag => {
                Sameness::Same
            }
            (Some(_), Some(_), None, None) => Sameness::Different,
            (Some(one), Some(another), ..) if one != another => Sameness::Different,
            _ => Sameness::Unknown,
        }
    }
}

/// The path of a repository with its registry.
fn whole(path: &str) -> String {
    let is_registry =
        |part: &str| part.contains(['.', ':']) || part == "localhost" || part.chars().any(char::is_uppercase);
    let (registry, path) = match path.split_once('/') {
        Some(("index.docker.io", path)) => (DEFAULT_REGISTRY, path),
        Some((registry, path)) if is_registry(registry) => (registry, path),
        _ => (DEFAULT_REGISTRY, path),
    };
    let library = if registry == DEFAULT_REGISTRY && !path.contains('/') { "library/" } else { "" };
    format!("{registry}/{library}{path}")
}

/// Whether a name is a hash and nothing else.
fn is_identifier(name: &str) -> bool {
    name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compared(one: &str, another: &str) -> Sameness {
        let there = Reference::of(one).compare(&Reference::of(another));
        assert_eq!(Reference::of(another).compare(&Reference::of(one)), there, "{one} {another}");
        there
    }

    #[test]
    fn one_image_has_many_spellings() {
        for (one, another) in [
            ("redis", "docker.io/library/redis:latest"),
            ("redis:8", "index.docker.io/library/redis:8"),
            ("acme/till:3", "docker.io/acme/till:3"),
            ("localhost/till:3", "localhost/till:3"),
            ("registry.local:5000/till", "registry.local:5000/till:latest"),
            ("redis:8", "docker-pullable://docker.io/library/redis:8"),
            ("redis:8@sha256:aa", "docker.io/library/redis@sha256:aa"),
            ("redis@sha256:aa", "mirror.example/redis@sha256:aa"),
        ] {
            assert_eq!(compared(one, another), Sameness::Same, "{one} {another}");
        }
    }

    #[test]
    fn tags_repositories_and_digests_differ() {
        for (one, another) in [
            ("redis:8", "docker.io/library/redis:7"),
            ("redis", "redis:8"),
            ("acme/redis:8", "redis:8"),
            ("localhost/redis:8", "redis:8"),
            ("redis@sha256:aa", "redis@sha256:bb"),
            ("redis:8@sha256:aa", "postgres:8"),
        ] {
            assert_eq!(compared(one, another), Sameness::Different, "{one} {another}");
        }
    }

    #[test]
    fn a_tag_and_a_digest_or_an_identifier_cannot_be_compared() {
        let identifier = "a".repeat(64);
        for (one, another) in [
            ("redis:8", "redis@sha256:aa"),
            ("redis:8", "sha256:aa"),
            ("redis:8", ""),
            ("redis:8", identifier.as_str()),
            ("redis@sha256:aa", "sha256:aa"),
        ] {
            assert_eq!(compared(one, another), Sameness::Unknown, "{one} {another}");
        }
    }
}
