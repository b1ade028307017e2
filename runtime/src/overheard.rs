//! May credentials go where others can read them on their way?

use http::{HeaderMap, header};

use crate::auth;
use crate::builder::ClientBuilder;
use crate::client::{Client, Inner};
use crate::encode::base::BaseUrl;
use crate::error::Error;
use crate::operation::Service;

/// Whether headers hold a credential: by their name, or by that of a scheme of the service.
pub(crate) fn hold_credentials(service: &Service, headers: &HeaderMap) -> bool {
    headers.contains_key(header::AUTHORIZATION)
        || headers.contains_key(header::COOKIE)
        || service.schemes.iter().any(|scheme| auth::brings_own(scheme.kind, headers))
}

/// Tells of the places where a client's credentials would be overheard, or refuses the first of them.
pub(crate) fn check<'b>(
    service: &Service,
    refused: bool,
    places: impl IntoIterator<Item = &'b BaseUrl>,
) -> Result<(), Error> {
    for base in places.into_iter().filter(|base| base.is_overheard()) {
        if refused {
            return Err(refusal(&base.origin));
        }
        tracing::warn!(
            service = service.name,
            origin = &*base.origin,
            "Credentials: they go over plain HTTP to {}, to be read by anybody on the way",
            base.origin
        );
    }
    Ok(())
}

fn refusal(origin: &str) -> Error {
    Error::config(format!(
        "credentials would go over plain HTTP to {origin}, to be read by anybody on the way, and ClientBuilder::require_tls_for_credentials was asked for"
    ))
}

impl Inner {
    /// Refuses a call whose credentials would be overheard, where the client is to.
    #[cold]
    pub(crate) fn check_overheard<'h>(
        &self,
        target: &BaseUrl,
        chosen: bool,
        headers: impl IntoIterator<Item = &'h HeaderMap>,
    ) -> Result<(), Error> {
        let overheard = if target.is_beside(&self.base) { self.overheard } else { target.is_overheard() };
        if overheard && (chosen || headers.into_iter().any(|headers| hold_credentials(self.service, headers))) {
            return Err(refusal(&target.origin));
        }
        Ok(())
    }
}

impl<C: From<Client>> ClientBuilder<C> {
    /// Refuses to send credentials over plain HTTP to anywhere but the machine, the cluster or the local network, by the
    /// name or the address of the place. Without this, a client that would do so warns.
    ///
    /// [`build`](Self::build) refuses such addresses of the service, of the origins that
    /// [`send_credentials_to`](Self::send_credentials_to) names and of token endpoints, if the client has credentials, and of a proxy that is
    /// told a password; a call refuses, before
    /// anything is sent, those that it brings itself in `Authorization`, `Cookie` or the header of one of the service's schemes. What
    /// is secret in a path, a query or a body, only its sender knows.
    ///
    /// ```
    /// # use sinew_runtime::{ClientBuilder, generated::{Client, Scheme, Service}};
    /// # static SERVICE: Service = Service::new("user-service", "").schemes(&[Scheme::bearer("bearer")]);
    /// let builder = || ClientBuilder::<Client>::new(&SERVICE).bearer("token").require_tls_for_credentials();
    /// assert!(builder().base_url("http://users.example.org").build().is_err());
    /// assert!(builder().base_url("https://users.example.org").build().is_ok());
    /// assert!(builder().base_url("http://user-service:8001").build().is_ok());
    /// ```
    pub fn require_tls_for_credentials(mut self) -> Self {
        self.require_tls = true;
        self
    }
}
