//! How is a task looked at until it is done?

use std::fmt;
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use crate::again::Again;
use crate::call::{Call, Read};
use crate::error::{Brief, Error, ErrorKind, Phase, Sent};
use crate::resilience::backoff::{Backoff, Growth, Jitter};
use crate::resilience::classify::retry_after::retry_after;
use crate::transport::BoxFuture;

/// The first and the longest wait between two looks, unless told otherwise.
pub(crate) const WAITS: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(10));

/// How long a task is waited for, unless told otherwise.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10 * 60);

impl<'c, T, P> Call<'c, T, P> {
    /// Makes the call again and again, until what it answers is final: for work that takes longer than a call.
    ///
    /// Between two looks it waits, longer each time (half a second to ten, with jitter), or as long as the service asks with
    /// `Retry-After`. Each look is a call of its own, with its retries, its deadline and the circuit breaker; the first error
    /// of one is that of all. Only what may be repeated can be asked so.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use sinew_runtime::{Call, Error};
    /// # struct Task { state: String }
    /// # async fn example(get_task: Call<'_, Task>) -> Result<(), Error> {
    /// let done = get_task.until(|task| task.state == "done").within(Duration::from_secs(60)).await?;
    /// # Ok(()) }
    /// ```
    pub fn until(self, is_final: impl Fn(&T) -> bool + Send + 'c) -> Until<'c, T> {
        let (again, read, _) = self.repeated();
        Until { again, read, is_final: Box::new(is_final), waits: WAITS, within: PATIENCE }
    }
}

/// A task that is looked at until it is done: [`Call::until`]. Await it for the final value.
#[must_use = "nothing is looked at until it is awaited"]
pub struct Until<'c, T> {
    again: Result<Again, Error>,
    read: Read<T>,
    is_final: Box<dyn Fn(&T) -> bool + Send + 'c>,
    waits: (Duration, Duration),
    within: Duration,
}

impl<T> Until<'_, T> {
    /// The first wait between two looks, and the longest. Default: half a second and ten.
    pub fn every(mut self, first: Duration, longest: Duration) -> Self {
        self.waits = (first, longest.max(first));
        self
    }

    /// How long the task is waited for in all. Default: ten minutes.
    pub fn within(mut self, patience: Duration) -> Self {
        self.within = patience;
        self
    }
}

impl<'c, T: Send + 'c> IntoFuture for Until<'c, T> {
    type Output = Result<T, Error>;
    type IntoFuture = BoxFuture<'c, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        let Self { again, read, is_final, waits: (base, ceiling), within } = self;
        Box::pin(async move {
            let again = again?;
            if !again.is_harmless() {
                return Err(
                    again.tell(Error::build("only a call that may be repeated can be made until its answer is final"))
                );
            }
            let backoff = Backoff { growth: Growth::Exponential, base, ceiling, jitter: Jitter::Added(10) };
            let begun = Instant::now();
            let (mut looks, mut wait) = (0, Duration::ZERO);
            loop {
                let reply = again.call(wait).await?;
                let (asked, about) = (retry_after(&reply.headers, SystemTime::now()), reply.about.clone());
                let value = read.read(reply)?;
                if is_final(&value) {
                    return Ok(value);
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

impl<T> fmt::Debug for Until<'_, T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Until").field("within", &self.within).finish_non_exhaustive()
    }
}
