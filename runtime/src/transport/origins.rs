//! What is the same for every request to an origin?
//!
//! Made for the first of them and remembered: reading an address anew for each costs more than the rest of carrying it.

use std::sync::OnceLock;

use http::uri::{Authority, Scheme};
use http::{HeaderMap, HeaderValue, Uri, header};

use super::settings::{Proxies, Settings, Version};

/// How many origins are remembered: a client has few.
const MOST: usize = 32;

/// Something of each origin. Places are filled one after the other and stay as they are, so nobody waits for a lock.
pub(crate) struct Origins<T>([OnceLock<Box<Origin<T>>>; MOST]);

struct Origin<T> {
    scheme: Option<Scheme>,
    authority: Option<Authority>,
    own: T,
}

impl<T> Default for Origins<T> {
    fn default() -> Self {
        Self([const { OnceLock::new() }; MOST])
    }
}

impl<T: Clone> Origins<T> {
    /// That of the origin of an address, made now if it is not known.
    pub(crate) fn of<E>(&self, uri: &Uri, make: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        // As it is written: hosts in other letters would be remembered twice, which harms nobody.
        let wanted = uri.authority().map(Authority::as_str);
        for place in &self.0 {
            let Some(known) = place.get() else {
                let (scheme, authority, own) = (uri.scheme().cloned(), uri.authority().cloned(), make()?);
                // If somebody else was faster, this one is remembered with its next request.
                let _ = place.set(Box::new(Origin { scheme, authority, own: own.clone() }));
                return Ok(own);
            };
            if known.authority.as_ref().map(Authority::as_str) == wanted && known.scheme.as_ref() == uri.scheme() {
                return Ok(known.own.clone());
            }
        }
        make()
    }
}

/// Who writes `Host`.
///
/// hyper-util would, into every request that goes out as HTTP/1.1, from its address. In HTTP/2 there is none, and which of
/// both it will be is known beforehand only where nothing is negotiated: for plain `http` without a proxy, which is how
/// services of one house talk to each other. All else is left to hyper-util.
#[derive(Clone, Copy)]
pub(crate) struct Hosts {
    written: bool,
}

impl Hosts {
    pub(crate) fn new(settings: &Settings) -> Self {
        Self { written: matches!(settings.proxies, Proxies::None) && settings.version != Version::Http2 }
    }

    /// What `Host` says of an address, if it is to be written.
    pub(crate) fn host(self, uri: &Uri) -> Option<HeaderValue> {
        if !self.written || uri.scheme() != Some(&Scheme::HTTP) {
            return None;
        }
        // As hyper-util does: without a user, and without the port that goes without saying.
        match uri.port().filter(|port| port.as_u16() != 80) {
            Some(port) => HeaderValue::from_str(&format!("{}:{port}", uri.host()?)).ok(),
            None => HeaderValue::from_str(uri.host()?).ok(),
        }
    }
}

/// Writes `Host` last, where hyper-util would, unless somebody has written it.
pub(crate) fn write_host(headers: &mut HeaderMap, host: Option<HeaderValue>) {
    if let Some(host) = host {
        headers.entry(header::HOST).or_insert(host);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origins_of(hosts: u32) -> Origins<u32> {
        let origins = Origins::default();
        for number in 0..hosts {
            let uri: Uri = format!("http://host-{number}.test/x").parse().expect("an address");
            assert_eq!(origins.of(&uri, || Ok::<_, ()>(number)), Ok(number));
        }
        origins
    }

    #[test]
    fn what_is_remembered_is_of_that_origin_and_no_other() {
        let origins = origins_of(2);
        for (address, known) in [
            ("http://host-1.test/y?z", true),
            ("https://host-1.test/x", false),
            ("http://host-1.test:81/x", false),
            ("http://host-2.test/x", false),
        ] {
            let uri = Uri::from_static(address);
            assert_eq!(origins.of(&uri, || Err(())), if known { Ok(1) } else { Err(()) }, "{address}");
        }
    }

    #[test]
    fn it_does_not_grow_for_ever() {
        let known = origins_of(40);
        let last = |number| known.of(&format!("http://host-{number}.test/").parse().expect("an address"), || Err(()));
        assert_eq!((last(31), last(32)), (Ok(31), Err(())));
    }

    #[test]
    fn a_host_is_written_only_where_it_will_be_http_1() {
        let any = Settings::default();
        let (mut http2, mut proxied) = (Settings::default(), Settings::default());
        http2.version = Version::Http2;
        proxied.proxies = Proxies::FromEnv;
        for (settings, address, expected) in [
            (&any, "http://users.test:8001/x", Some("users.test:8001")),
            (&any, "http://users.test:80/x", Some("users.test")),
            (&any, "http://users.test/x", Some("users.test")),
            (&any, "http://[::1]:8001/x", Some("[::1]:8001")),
            (&any, "https://users.test/x", None),
            (&http2, "http://users.test/x", None),
            (&proxied, "http://users.test/x", None),
        ] {
            let host = Hosts::new(settings).host(&Uri::from_static(address));
            assert_eq!(host.as_ref().map(HeaderValue::as_bytes), expected.map(str::as_bytes), "{address}");
        }
    }
}
