//! How is work that the service took on followed to its end?

use std::fmt;
use std::marker::PhantomData;
use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderName};
use tokio::time::Instant;

use crate::again::Again;
use crate::call::Call;
use crate::encode;
use crate::error::{Brief, Error, ErrorKind, Phase, Sent};
use crate::json::Decode;
use crate::reply::Reply;
use crate::resilience::backoff::{Backoff, Growth, Jitter};
use crate::resilience::classify::retry_after::retry_after;
use crate::transport::BoxFuture;
use crate::until::{PATIENCE, WAITS};

/// The headers that name a status monitor whatever the status, and are no more than that.
const OPERATION: [HeaderName; 2] =
    [HeaderName::from_static("operation-location"), HeaderName::from_static("azure-asyncoperation")];

impl<'c, T, P> Call<'c, T, P> {
    /// Makes the call, and where the service only takes the work on (`202 Accepted`), looks at the status monitor that it points
    /// to (RFC 9110, section 15.3.3) until that answers something else than 202: which is read as an `S`.
    ///
    /// The address is that in `Operation-Location`, `Azure-AsyncOperation` or `Location`, at the origin of the service and below
    /// its base path, for the credentials go along. It is asked for with GET; between two looks it waits, longer each time (half
    /// a second to ten, with jitter), or as long as the service asks with `Retry-After`. Each look is a call of its own, with its
    /// retries, its deadline and the circuit breaker. What is answered at once is read as an `S` too. A redirect to the
    /// result is followed where the client follows redirects.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use sinew_runtime::{Call, Error};
    /// # async fn example(start_export: Call<'_, ()>, start_import: Call<'_, ()>) -> Result<(), Error> {
    /// # type Report = String;
    /// # type Task = String;
    /// let report = start_export.monitor::<Report>().within(Duration::from_secs(60)).await?;
    /// // Where the monitor answers 200 all the time, its body says whether it is over.
    /// let done = start_import.monitor::<Task>().until(|task| task != "running").await?;
    /// # Ok(()) }
    /// ```
    pub fn monitor<S: Decode + Send + 'static>(self) -> Monitor<'c, S> {
        let (again, ..) = self.repeated();
        Monitor { again, header: None, is_final: None, waits: WAITS, within: PATIENCE, answer: PhantomData }
    }
}

/// Whether a value is the last one.
type IsFinal<'c, S> = Box<dyn Fn(&S) -> bool + Send + 'c>;

/// Work that is followed to its end: [`Call::monitor`]. Await it for what came of it.
#[must_use = "nothing is sent until it is awaited"]
pub struct Monitor<'c, S> {
    again: Result<Again, Error>,
    header: Option<HeaderName>,
    is_final: Option<IsFinal<'c, S>>,
    waits: (Duration, Duration),
    within: Duration,
    answer: PhantomData<fn() -> S>,
}

impl<'c, S> Monitor<'c, S> {
    /// Goes on looking until what the monitor says is final, although its status is not 202.
    pub fn until(mut self, is_final: impl Fn(&S) -> bool + Send + 'c) -> Self {
        self.is_final = Some(Box::new(is_final));
        self
    }

    /// The header in which the service names the monitor, if it is another one.
    pub fn address_in(mut self, header: &str) -> Self {
        match encode::header::name(header) {
            Ok(name) => self.header = Some(name),
            Err(problem) => self.again = self.again.and(Err(Error::build(problem))),
        }
        self
    }

    /// The first wait between two looks, and the longest. Default: half a second and ten.
    pub fn every(mut self, first: Duration, longest: Duration) -> Self {
        self.waits = (first, longest.max(first));
        self
    }

    /// How long the work is waited for in all. Default: ten minutes.
    pub fn within(mut self, patience: Duration) -> Self {
        self.within = patience;
        self
    }
}

/// Where a reply says that the monitor is.
fn address(own: Option<&HeaderName>, accepted: bool, headers: &HeaderMap) -> Option<String> {
    // With another status than 202 it is what was made, or where to go on.
    let location = accepted.then_some(&http::header::LOCATION);
    let found = own.into_iter().chain(&OPERATION).chain(location).find_map(|name| headers.get(name))?;
    found.to_str().ok().map(str::to_owned)
}

impl<'c, S: Decode + Send + 'static> IntoFuture for Monitor<'c, S> {
    type Output = Result<S, Error>;
    type IntoFuture = BoxFuture<'c, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        let Self { again, header, is_final, waits: (base, ceiling), within, .. } = self;
        Box::pin(async move {
            let mut again = again?;
            again.read_whole();
            let backoff = Backoff { growth: Growth::Exponential, base, ceiling, jitter: Jitter::Added(10) };
            let begun = Instant::now();
            let (mut looks, mut wait) = (0, Duration::ZERO);
            loop {
                let reply = again.call(wait).await?;
                let accepted = reply.status() == 202;
                // What the first answer points to is looked at; a monitor that is not done may point elsewhere.
                let address = address(header.as_ref(), accepted, reply.headers()).filter(|_| looks == 0 || accepted);
                let (asked, about) = (retry_after(&reply.headers, SystemTime::now()), reply.about.clone());
                let lost = |reason: String| about.tell(Error::decode(reason));
                match address {
                    Some(address) => again.look_at(&address).map_err(lost)?,
                    None if accepted && looks == 0 => {
                        return Err(lost(
                            "the service took the work on, and does not say where to ask for it".to_owned(),
                        ));
                    }
                    None if accepted => {}
                    None => {
                        let value = Reply::read::<S>(reply)?;
                        if is_final.as_ref().is_none_or(|is_final| is_final(&value)) {
                            return Ok(value);
                        }
                        if looks == 0 {
                            return Err(lost("the answer is not final, and does not say where to ask".to_owned()));
                        }
                    }
                }
                wait = asked.unwrap_or_else(|| backoff.delay(looks, wait, again.client.inner.random.next()));
                looks += 1;
                if begun.elapsed().saturating_add(wait) > within {
                    let detail = format!("not final within {} ({looks} looks)", Brief(within));
                    return Err(about.tell(Error::new(ErrorKind::Deadline, Phase::Decode, Sent::Received, detail)));
                }
            }
        })
    }
}

impl<S> fmt::Debug for Monitor<'_, S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Monitor").field("within", &self.within).finish_non_exhaustive()
    }
}
