//! Where does an answer send the request on to, and may it go there?
//!
//! Nowhere, unless the client was told so: a redirect can lead a request with its credentials to anybody. What is
//! followed is part of one attempt, within its time.

use std::sync::Arc;

use http::{HeaderMap, Method, StatusCode, Uri, header};
use url::{Position, Url};

/// How far redirects are followed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Redirects {
    /// How many in a row.
    pub(crate) most: u32,
    /// The other origins that they may lead to.
    pub(crate) origins: Vec<Arc<str>>,
}

/// The next request of an attempt that was sent on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hop {
    pub(crate) uri: Uri,
    pub(crate) method: Method,
    /// Whether it goes with its body and the headers that describe it.
    pub(crate) with_body: bool,
    /// Whether it stays with the service: else it goes without anything that tells who the caller is.
    pub(crate) at_home: bool,
}

impl Hop {
    /// The address, with what credentials add to the query.
    pub(crate) fn address(&self, keys: &[String]) -> Result<Uri, &'static str> {
        if keys.is_empty() {
            return Ok(self.uri.clone());
        }
        let mark = if self.uri.query().is_some() { '&' } else { '?' };
        format!("{}{mark}{}", self.uri, keys.join("&")).parse().map_err(|_| "the address of the request is too long")
    }
}

impl Redirects {
    /// Where to send the request instead, if that may be followed. `home` is the origin that the attempt began with.
    pub(crate) fn next(
        &self,
        home: &str,
        (method, from): (&Method, &Uri),
        (status, headers): (StatusCode, &HeaderMap),
        replayable: bool,
    ) -> Option<Hop> {
        let (method, with_body) = match status.as_u16() {
            // RFC 9110, section 15.4. A POST that a 301 or 302 turns into a GET is no longer what was asked for.
            301 | 302 if matches!(*method, Method::GET | Method::HEAD) => (method.clone(), true),
            303 if *method == Method::HEAD => (Method::HEAD, false),
            303 => (Method::GET, false),
            307 | 308 if replayable => (method.clone(), true),
            _ => return None,
        };
        let mut locations = headers.get_all(header::LOCATION).iter();
        let (Some(location), None) = (locations.next(), locations.next()) else { return None };
        let from = Url::parse(&from.to_string()).ok()?;
        let mut url = from.join(location.to_str().ok()?).ok()?;
        let downgraded = from.scheme() == "https" && url.scheme() != "https";
        if !matches!(url.scheme(), "http" | "https") || downgraded {
            return None;
        }
        if !url.username().is_empty() || url.password().is_some() {
            return None;
        }
        url.set_fragment(None);
        let origin = &url[..Position::BeforePath];
        let at_home = origin == home;
        if !at_home && !self.origins.iter().any(|other| **other == *origin) {
            return None;
        }
        Some(Hop { uri: url.as_str().parse().ok()?, method, with_body, at_home })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(method: &Method, status: u16, location: &str) -> Option<Hop> {
        let redirects = Redirects { most: 3, origins: vec!["https://files.test".into()] };
        let from = "https://users.test/api/v1/users?page=1".parse().expect("an address");
        let mut headers = HeaderMap::new();
        headers.insert(header::LOCATION, location.parse().expect("a header value"));
        let status = StatusCode::from_u16(status).expect("a status");
        redirects.next("https://users.test", (method, &from), (status, &headers), true)
    }

    #[test]
    fn methods_are_kept_or_become_get() {
        for (method, status, expected) in [
            (Method::GET, 301, Some((Method::GET, true))),
            (Method::HEAD, 302, Some((Method::HEAD, true))),
            (Method::POST, 301, None),
            (Method::POST, 302, None),
            (Method::POST, 303, Some((Method::GET, false))),
            (Method::HEAD, 303, Some((Method::HEAD, false))),
            (Method::POST, 307, Some((Method::POST, true))),
            (Method::PUT, 308, Some((Method::PUT, true))),
            (Method::GET, 300, None),
            (Method::GET, 304, None),
            (Method::GET, 200, None),
        ] {
            let hop = next(&method, status, "/elsewhere").map(|hop| (hop.method, hop.with_body));
            assert_eq!(hop, expected, "{method} {status}");
        }
    }

    #[test]
    fn only_the_services_own_origin_and_the_listed_ones_are_gone_to() {
        for (location, expected) in [
            ("/a?b=1#c", Some(("https://users.test/a?b=1", true))),
            ("next", Some(("https://users.test/api/v1/next", true))),
            ("https://users.test:443/a", Some(("https://users.test/a", true))),
            ("//files.test/a", Some(("https://files.test/a", false))),
            ("https://files.test:444/a", None),
            ("//evil.test/a", None),
            ("\\\\evil.test/a", None),
            ("https://users.test.evil.test/", None),
            ("https://users.test@evil.test/", None),
            ("https://u:p@users.test/", None),
            ("http://users.test/a", None),
            ("http://files.test/a", None),
            ("file:///etc/passwd", None),
            ("javascript:0", None),
            ("http://", None),
        ] {
            let hop = next(&Method::GET, 307, location).map(|hop| (hop.uri.to_string(), hop.at_home));
            assert_eq!(hop, expected.map(|(uri, home)| (uri.to_owned(), home)), "{location}");
        }
    }
}
