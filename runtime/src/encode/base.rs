//! Where do calls go: which origin, and below which path?

use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::Uri;
use http::uri::{Authority, PathAndQuery, Scheme};
use url::{Position, Url};

/// The address of a service, checked once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BaseUrl {
    /// Scheme, host and port: `http://localhost:8001`.
    pub(crate) origin: Arc<str>,
    /// The base path without a slash at its end: `/api/v1`, or empty.
    pub(crate) path: Arc<str>,
    scheme: Scheme,
    authority: Authority,
}

impl BaseUrl {
    /// Reads an address. The reasons never quote it: it may hold a password.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        if text.trim() != text || text.chars().any(|character| character.is_control() || character == '\\') {
            return Err("it holds a blank, a control character or a backslash");
        }
        let url = Url::parse(text).map_err(|_| "it is not an absolute URL such as `http://localhost:8001/api/v1`")?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err("only `http` and `https` are spoken");
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("it holds a user or a password: give those as credentials instead");
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err("it holds a query or a fragment");
        }
        if url.host_str().is_none_or(str::is_empty) {
            return Err("it names no host");
        }
        if url.port() == Some(0) {
            return Err("its port is 0");
        }
        let scheme = if url.scheme() == "https" { Scheme::HTTPS } else { Scheme::HTTP };
        let authority = url[Position::BeforeHost..Position::AfterPort]
            .parse()
            .map_err(|_| "its host is not one that can be called")?;
        let path = url.path().trim_end_matches('/').into();
        Ok(Self { origin: url[..Position::BeforePath].into(), path, scheme, authority })
    }

    /// The same origin, with another base path.
    pub(crate) fn with_path(&self, path: &str) -> Self {
        Self { path: path.trim_end_matches('/').into(), ..self.clone() }
    }

    /// Whether both are at the same origin: mostly they are copies of one address.
    pub(crate) fn is_beside(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.origin, &other.origin) || self.origin == other.origin
    }

    /// Whether a path below the base is one that nobody could read as another path or origin.
    pub(crate) fn check(path: &str) -> Result<(), &'static str> {
        // The base was normalised when it was read.
        reads_as_written(path).then_some(()).ok_or("the path of the request would be read as another one")
    }

    /// The whole address of a path below the base, which was [checked](Self::check).
    pub(crate) fn join(&self, path: &str, query: &str) -> Result<Uri, &'static str> {
        let mut text = String::with_capacity(self.path.len() + path.len() + query.len() + 2);
        text.push_str(&self.path);
        if !path.starts_with('/') {
            text.push('/');
        }
        text.push_str(path);
        if !query.is_empty() {
            text.push('?');
            text.push_str(query);
        }
        let mut parts = http::uri::Parts::default();
        parts.scheme = Some(self.scheme.clone());
        parts.authority = Some(self.authority.clone());
        parts.path_and_query = Some(
            PathAndQuery::from_maybe_shared(Bytes::from(text))
                .map_err(|_| "the address of the request is not a URL, or is too long")?,
        );
        Uri::from_parts(parts).map_err(|_| "the address of the request is not a URL")
    }

    fn is_secure(&self) -> bool {
        self.origin.starts_with("https:")
    }

    /// Whether what is sent there may be read on its way by others than those who run the service: in plain, and beyond
    /// the machine, the cluster or the network that the name or the address belongs to.
    pub(crate) fn is_overheard(&self) -> bool {
        let host = self.authority.host().trim_start_matches('[').trim_end_matches(']');
        let local = match host.parse::<IpAddr>() {
            Ok(IpAddr::V4(address)) => address.is_loopback() || address.is_private() || address.is_link_local(),
            Ok(IpAddr::V6(address)) => {
                // Unique local (RFC 4193) and link-local unicast.
                let first = address.segments()[0];
                address.is_loopback() || first & 0xFE00 == 0xFC00 || first & 0xFFC0 == 0xFE80
            }
            Err(_) => !host.contains('.') || host.rsplit('.').next().is_some_and(|last| LOCAL.contains(&last)),
        };
        !(self.is_secure() || local)
    }

    /// The address as a text.
    pub(crate) fn text(&self) -> String {
        format!("{}{}", self.origin, self.path)
    }
}

/// Names below these lead nowhere on the internet: RFC 6761, RFC 6762, RFC 8375's parent, ICANN's `internal`, and what
/// Kubernetes and Consul use.
const LOCAL: [&str; 8] = ["localhost", "local", "internal", "test", "home", "lan", "svc", "consul"];

/// The addresses of a service's endpoints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bases {
    pub(crate) first: BaseUrl,
    pub(crate) others: Vec<BaseUrl>,
}

/// Why a list of addresses is none.
pub(crate) const TWICE: &str = "two endpoints have the same origin";

impl Bases {
    /// Reads addresses: one at least, each origin once, and all as secret on their way or none.
    pub(crate) fn parse<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<Self, &'static str> {
        let mut texts = texts.into_iter();
        let first = BaseUrl::parse(texts.next().ok_or("there is no address")?)?;
        let mut bases = Self { first, others: Vec::new() };
        for text in texts {
            let base = BaseUrl::parse(text)?;
            if bases.all().any(|other| other.origin == base.origin) {
                return Err(TWICE);
            }
            if base.is_secure() != bases.first.is_secure() {
                return Err("some endpoints are `http` and some `https`");
            }
            bases.others.push(base);
        }
        Ok(bases)
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &BaseUrl> {
        std::iter::once(&self.first).chain(&self.others)
    }
}

impl From<BaseUrl> for Bases {
    fn from(first: BaseUrl) -> Self {
        Self { first, others: Vec::new() }
    }
}

/// Whether every parser of URLs takes a path for what it says. The [URL standard](https://url.spec.whatwg.org) resolves
/// segments of dots, in their encoded spellings too, drops blanks and line ends, turns backslashes into slashes and
/// encodes what cannot stand in a path; RFC 3986 refuses what it encodes.
fn reads_as_written(path: &str) -> bool {
    let seen = path.bytes().fold(0, |seen, byte| seen | READ[usize::from(byte)]);
    // Segments by bytes: what is plain is ASCII.
    seen & OTHERWISE == 0 && (seen & IN_DOTS == 0 || !path.as_bytes().split(|byte| *byte == b'/').any(is_dots))
}

/// A byte that not every parser leaves as it is in a path.
const OTHERWISE: u8 = 1;
/// One that a segment of dots may begin with.
const IN_DOTS: u8 = 2;

/// How bytes are read in a path. A table, since each byte of each call's path is looked up.
static READ: [u8; 256] = {
    let mut read = [OTHERWISE; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        let plain = byte.is_ascii_alphanumeric()
            || matches!(byte, b'-' | b'_' | b'~' | b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*')
            || matches!(byte, b'+' | b',' | b';' | b'=' | b':' | b'@' | b'/');
        if plain {
            read[byte as usize] = 0;
        } else if matches!(byte, b'.' | b'%') {
            read[byte as usize] = IN_DOTS;
        }
        byte += 1;
    }
    read
};

/// `.`, `..`, and what reads like them.
fn is_dots(segment: &[u8]) -> bool {
    let mut rest = segment;
    let mut dots = 0;
    while let [b'.', next @ ..] | [b'%', b'2', b'e' | b'E', next @ ..] = rest {
        (rest, dots) = (next, dots + 1);
    }
    rest.is_empty() && (dots == 1 || dots == 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base_paths_are_kept() {
        for (base, whole) in [
            ("http://localhost:8001/api/v1", "http://localhost:8001/api/v1/users/"),
            ("http://localhost:8001/api/v1/", "http://localhost:8001/api/v1/users/"),
            ("https://example.org", "https://example.org/users/"),
            ("https://example.org:443/", "https://example.org/users/"),
            ("http://[::1]:8001", "http://[::1]:8001/users/"),
        ] {
            let base = BaseUrl::parse(base).expect("an address");
            assert_eq!(base.join("/users/", "").map(|uri| uri.to_string()).as_deref(), Ok(whole));
        }
    }

    #[test]
    fn addresses_that_hide_something_are_refused() {
        for refused in [
            "localhost:8001",
            "ftp://example.org",
            "http://user:canary@example.org",
            "http://example.org/?canary=1",
            "http://example.org/#canary",
            "http://",
            " http://example.org",
            "http://example.org\\canary",
            "http://example.org:0",
        ] {
            let reason = BaseUrl::parse(refused).expect_err(refused);
            assert!(!reason.contains("canary"));
        }
    }

    #[test]
    fn only_what_leaves_the_house_in_plain_is_overheard() {
        let overheard = |text| BaseUrl::parse(text).expect("an address").is_overheard();
        for quiet in [
            "https://example.org",
            "http://user-service:8001",
            "http://user.default.svc",
            "http://user.default.svc.cluster.local",
            "http://user.service.consul",
            "http://localhost",
            "http://127.0.0.1",
            "http://10.1.2.3:80",
            "http://169.254.1.1",
            "http://[::1]",
            "http://[fd00::1]",
            "http://[fe80::1]",
        ] {
            assert!(!overheard(quiet), "{quiet}");
        }
        for loud in ["http://example.org", "http://8.8.8.8", "http://[2606:4700::1111]", "http://local.example.org"] {
            assert!(overheard(loud), "{loud}");
        }
    }

    #[test]
    fn paths_that_are_read_differently_are_refused() {
        let base = BaseUrl::parse("http://example.org/api").expect("an address");
        for path in [
            "/users/../admin",
            "/users/./x",
            "/a b",
            "/users/%2e%2e/admin",
            "/users/.%2E",
            "/users/%2e",
            "/x\ty",
            "/x\\y",
            "/x?y",
            "/x#y",
            "/{id}",
            "/é",
        ] {
            assert!(BaseUrl::check(path).is_err(), "{path}");
        }
        let whole = base.join("/a%20b", "x=%26").map(|uri| uri.to_string());
        assert_eq!(whole.as_deref(), Ok("http://example.org/api/a%20b?x=%26"));
    }

    proptest::proptest! {
        /// What is let through, a parser of URLs leaves as it is.
        #[test]
        fn what_is_let_through_is_read_as_written(
            path in r"(/([.a%\\?# {}é'|^\[\]]|%2e|%2E|%zz|\.\.){0,4}){1,3}",
        ) {
            let base = BaseUrl::parse("http://example.org:81/api").expect("an address");
            if BaseUrl::check(&path).is_ok() {
                let uri = base.join(&path, "q=%27").expect("an address");
                let url = Url::parse(&uri.to_string()).expect("a URL");
                proptest::prop_assert_eq!(url.path(), format!("/api{path}"));
                proptest::prop_assert_eq!(&url[..Position::BeforePath], "http://example.org:81");
                proptest::prop_assert_eq!(uri.to_string(), url.to_string());
            }
        }
    }
}
