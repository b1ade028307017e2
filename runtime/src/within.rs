//! Until when may calls take that are made to answer another one?

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::time::Instant;

tokio::task_local!(static LIMIT: Instant);

/// Whether anybody has ever set one: who does not use it is not to pay for looking.
static USED: AtomicBool = AtomicBool::new(false);

/// Runs a future of whose calls none goes on beyond a point in time, whatever its policy says: for a service that answers a
/// request itself, and whose caller will wait no longer. A call that would begin with less than 5 ms left is not sent;
/// it ends, as one that runs out of the time does, with [`ErrorKind::Deadline`](crate::ErrorKind::Deadline).
///
/// What the future calls inherits it, other scopes included: the earlier one holds. What it spawns as another task does
/// not, so a scope belongs there as well. It binds calls, and not what is read after them: a
/// [`Download`](crate::Download) has ended its call with the head of the reply.
///
/// ```
/// # use std::time::Duration;
/// # async fn answer() -> Result<(), sinew_runtime::Error> { Ok(()) }
/// # async fn example() -> Result<(), sinew_runtime::Error> {
/// let left = Duration::from_millis(800); // as the request to be answered says
/// sinew_runtime::within(tokio::time::Instant::now() + left, answer()).await
/// # }
/// ```
pub async fn within<F: Future>(deadline: Instant, future: F) -> F::Output {
    let limit = earlier(Some(deadline)).unwrap_or(deadline);
    USED.store(true, Ordering::Relaxed);
    LIMIT.scope(limit, future).await
}

/// The earlier of a point in time and of the one that this task is bound by.
#[inline]
pub(crate) fn earlier(own: Option<Instant>) -> Option<Instant> {
    // Whoever is within a scope has seen it being entered.
    if USED.load(Ordering::Relaxed) { inherited(own) } else { own }
}

#[cold]
fn inherited(own: Option<Instant>) -> Option<Instant> {
    let inherited = LIMIT.try_with(|limit| *limit).ok();
    own.into_iter().chain(inherited).min()
}
