//! Where do calls go: which origin, and below which path?

use std::sync::Arc;

use url::{Position, Url};

/// The address of a service, checked once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BaseUrl {
    /// Scheme, host and port: `http://localhost:8001`.
    pub(crate) origin: Arc<str>,
    /// The base path without a slash at its end: `/api/v1`, or empty.
    pub(crate) path: Arc<str>,
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
        Ok(Self { origin: url[..Position::BeforePath].into(), path: url.path().trim_end_matches('/').into() })
    }

    /// The whole address of a path below the base, asserted to have kept its origin and its path byte by byte.
    pub(crate) fn join(&self, path: &str, query: &str) -> Result<String, String> {
        let mut text = String::with_capacity(self.origin.len() + self.path.len() + path.len() + query.len() + 2);
        text.push_str(&self.origin);
        text.push_str(&self.path);
        if !path.starts_with('/') {
            text.push('/');
        }
        text.push_str(path);
        let end = text.len();
        if !query.is_empty() {
            text.push('?');
            text.push_str(query);
        }
        let url = Url::parse(&text).map_err(|_| "the address of the request is not a URL".to_owned())?;
        if url[..Position::BeforePath] != *self.origin || url.path() != &text[self.origin.len()..end] {
            return Err("the path of the request would be read as another one".to_owned());
        }
        Ok(text)
    }

    fn is_secure(&self) -> bool {
        self.origin.starts_with("https:")
    }

    /// The address as a text.
    pub(crate) fn text(&self) -> String {
        format!("{}{}", self.origin, self.path)
    }
}

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
            assert_eq!(base.join("/users/", "").as_deref(), Ok(whole));
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
    fn paths_that_are_read_differently_are_refused() {
        let base = BaseUrl::parse("http://example.org/api").expect("an address");
        for path in ["/users/../admin", "/users/./x", "/a b", "/users/%2e%2e/admin", "/x\ty"] {
            assert!(base.join(path, "").is_err(), "{path}");
        }
        assert_eq!(base.join("/a%20b", "x=%26").as_deref(), Ok("http://example.org/api/a%20b?x=%26"));
    }
}
