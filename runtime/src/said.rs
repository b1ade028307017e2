//! What does each request say about its call and its attempt, where the client was told to let it?

use http::{HeaderMap, HeaderName, HeaderValue};
use tokio::time::Instant;

use crate::builder::ClientBuilder;
use crate::client::Client;
use crate::encode;
use crate::error::Error;
use crate::random;
use crate::resilience::deadline::Deadline;

/// The headers that tell of an attempt, where there are any.
#[derive(Debug, Default)]
pub(crate) struct SaidOfAttempts {
    /// Which call it belongs to.
    call: Option<HeaderName>,
    /// Which attempt of its call it is.
    number: Option<HeaderName>,
    /// How many milliseconds the call has left.
    left: Option<HeaderName>,
}

impl SaidOfAttempts {
    /// Whether nothing is said that differs between attempts.
    pub(crate) fn is_empty(&self) -> bool {
        self.number.is_none() && self.left.is_none()
    }

    /// Whether two would go under one name.
    pub(crate) fn is_ambiguous(&self) -> bool {
        let same = |one: &Option<HeaderName>, other: &Option<HeaderName>| one.is_some() && one == other;
        same(&self.number, &self.left) || same(&self.call, &self.number) || same(&self.call, &self.left)
    }

    /// Gives a call its number, unless it or its client brings one.
    pub(crate) fn identify(&self, common: Option<&HeaderMap>, own: &mut HeaderMap) {
        let Some(name) = &self.call else { return };
        if !own.contains_key(name)
            && !common.is_some_and(|common| common.contains_key(name))
            && let Ok(value) = HeaderValue::from_str(&random::key())
        {
            own.insert(name, value);
        }
    }

    /// Writes what is said of one attempt, in place of what has its name: it is what is true of this attempt.
    pub(crate) fn write(&self, number: u32, deadline: Deadline, headers: &mut HeaderMap) {
        if let Some(name) = &self.number {
            headers.insert(name, HeaderValue::from(number));
        }
        if let Some(name) = &self.left {
            // Rounded down: nobody is promised more time than there is.
            let left = u64::try_from(deadline.remaining(Instant::now()).as_millis()).unwrap_or(u64::MAX);
            headers.insert(name, HeaderValue::from(left));
        }
    }
}

/// What each request tells the service. Other origins than the service's own are told nothing, unless
/// [`send_credentials_to`](Self::send_credentials_to) names them.
impl<C: From<Client>> ClientBuilder<C> {
    /// Sends the number of the attempt in a header of this name, `1` with the first: so a service tells calls from
    /// retries and hedges. Off by default.
    ///
    /// ```
    /// # use sinew_runtime::{ClientBuilder, generated::{Client, Service}};
    /// # static SERVICE: Service = Service::new("user-service", "http://localhost:8001");
    /// let client: Client = ClientBuilder::new(&SERVICE).attempt_header("x-retry-attempt").build()?;
    /// # Ok::<_, sinew_runtime::Error>(())
    /// ```
    pub fn attempt_header(mut self, name: &str) -> Self {
        match encode::header::name(name) {
            Ok(name) => self.said.number = Some(name),
            Err(reason) => return self.failing(Error::config(format!("attempt_header: {reason}"))),
        }
        self
    }

    /// Sends a random number in a header of this name, the same for all attempts of a call, its hedges and its redirects: so what a
    /// service logs of them can be put together. A call or a client that has a header of that name keeps it. Off by default.
    ///
    /// ```
    /// # use sinew_runtime::{ClientBuilder, generated::{Client, Service}};
    /// # static SERVICE: Service = Service::new("user-service", "http://localhost:8001");
    /// let client: Client = ClientBuilder::new(&SERVICE).request_id_header("x-request-id").build()?;
    /// # Ok::<_, sinew_runtime::Error>(())
    /// ```
    pub fn request_id_header(mut self, name: &str) -> Self {
        match encode::header::name(name) {
            Ok(name) => self.said.call = Some(name),
            Err(reason) => return self.failing(Error::config(format!("request_id_header: {reason}"))),
        }
        self
    }

    /// Sends how many milliseconds the call has left in a header of this name, as they are when the attempt is made: so a
    /// service knows when nobody waits for its answer any more, and can tell those it calls itself. Off by default.
    ///
    /// What the call has left is the least of [`Policy::total_timeout`](crate::Policy::total_timeout),
    /// [`Call::timeout`](crate::Call::timeout), [`Call::deadline`](crate::Call::deadline) and [`within`](crate::within).
    ///
    /// ```
    /// # use sinew_runtime::{ClientBuilder, generated::{Client, Service}};
    /// # static SERVICE: Service = Service::new("user-service", "http://localhost:8001");
    /// let client: Client = ClientBuilder::new(&SERVICE).deadline_header("x-request-timeout-ms").build()?;
    /// # Ok::<_, sinew_runtime::Error>(())
    /// ```
    pub fn deadline_header(mut self, name: &str) -> Self {
        match encode::header::name(name) {
            Ok(name) => self.said.left = Some(name),
            Err(reason) => return self.failing(Error::config(format!("deadline_header: {reason}"))),
        }
        self
    }
}
