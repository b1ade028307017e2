//! What can be said about one call before it is awaited?

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll, ready};
use std::time::Duration;

use http::{HeaderMap, HeaderValue};
use tokio::time::Instant;

use crate::again::Again;
use crate::client::Client;
use crate::encode;
use crate::endpoint::Endpoint;
use crate::engine;
use crate::error::Error;
use crate::operation::Operation;
use crate::paging::{PageRule, Paged};
use crate::reply::{Reply, Response};
use crate::request::{Mode, Plan};
use crate::resilience::policy::Policy;
use crate::transport::BoxFuture;

/// Reads a reply.
pub(crate) enum Read<T> {
    /// By a function that knows the reply alone, as in nearly every call. Not in a box, which would be compiled for each type.
    By(fn(Reply) -> Result<T, Error>),
    /// By what knows more than the reply.
    Knowing(Box<dyn Fn(Reply) -> Result<T, Error> + Send + Sync>),
}

impl<T> Read<T> {
    pub(crate) fn knowing(read: impl Fn(Reply) -> Result<T, Error> + Send + Sync + 'static) -> Self {
        Self::Knowing(Box::new(read))
    }

    pub(crate) fn read(&self, reply: Reply) -> Result<T, Error> {
        match self {
            Self::By(read) => read(reply),
            Self::Knowing(read) => read(reply),
        }
    }
}

/// A call that is ready to be made: await it for its value.
///
/// Nothing happens before it is awaited. Dropping the future cancels the call: the connection is given up, nothing goes
/// on in the background, and the circuit breaker takes it for neither a success nor a failure.
///
/// ```
/// # async fn example(call: sinew_runtime::Call<'_, u32>) -> Result<(), sinew_runtime::Error> {
/// use std::time::Duration;
/// let value = call.timeout(Duration::from_secs(5)).header("x-trace", "7").await?;
/// # Ok(()) }
/// ```
#[must_use = "a call does nothing until it is awaited"]
pub struct Call<'c, T, P = ()> {
    ready: Ready<'c>,
    read: Read<T>,
    /// How it goes on after what it answers: in [`Paged`](crate::Paged) calls, to the next page.
    pub(crate) further: P,
}

/// A call, but for how its reply is read.
pub(crate) struct Ready<'c> {
    pub(crate) client: &'c Client,
    pub(crate) operation: &'static Operation,
    pub(crate) plan: Result<Box<Plan>, Error>,
}

/// What was said about one call.
#[derive(Clone, Default)]
pub(crate) struct Options {
    pub(crate) timeout: Option<Duration>,
    pub(crate) attempt_timeout: Option<Duration>,
    pub(crate) policy: Option<Box<Policy>>,
    /// On the heap, so that calls of which it is not said are no larger for it.
    pub(crate) seldom: Option<Box<Seldom>>,
}

/// What is said of few calls.
#[derive(Clone, Default)]
pub(crate) struct Seldom {
    pub(crate) headers: HeaderMap,
    pub(crate) idempotency_key: Option<HeaderValue>,
    pub(crate) deadline: Option<Instant>,
    /// The one endpoint that a check is about.
    pub(crate) endpoint: Option<Arc<Endpoint>>,
}

impl Options {
    pub(crate) fn seldom(&mut self) -> &mut Seldom {
        self.seldom.get_or_insert_default()
    }

    pub(crate) fn headers(&self) -> Option<&HeaderMap> {
        Some(&self.seldom.as_ref()?.headers)
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.seldom.as_ref()?.deadline
    }

    pub(crate) fn endpoint(&self) -> Option<&Endpoint> {
        self.seldom.as_ref()?.endpoint.as_deref()
    }
}

impl<'c, T> Call<'c, T> {
    pub(crate) fn new(ready: Ready<'c>, read: Read<T>) -> Self {
        Self { ready, read, further: () }
    }

    /// The same call, which goes on to further pages.
    #[doc(hidden)]
    pub fn paged<I>(
        self,
        rule: PageRule,
        items: fn(&mut T) -> Option<&mut Vec<I>>,
        next: fn(&T) -> Option<String>,
    ) -> Call<'c, T, Paged<T, I>> {
        let Self { ready, read, .. } = self;
        Call { ready, read, further: Paged { rule, items, next } }
    }
}

impl<'c, T, P> Call<'c, T, P> {
    /// The request, to be made as often as is wanted, and what reads its replies.
    pub(crate) fn repeated(self) -> (Result<Again, Error>, Read<T>, P) {
        let Ready { client, operation, plan } = self.ready;
        let again = plan.map(|plan| Again::new(client, operation, plan));
        (again, self.read, self.further)
    }

    /// The same request, changed and read in another way.
    pub(crate) fn reading<U>(self, read: Read<U>, change: impl FnOnce(&mut Plan) -> Result<(), String>) -> Call<'c, U> {
        let Ready { client, operation, plan } = self.ready;
        let plan = plan.and_then(|mut plan| match change(&mut plan) {
            Ok(()) => Ok(plan),
            Err(problem) => Err(Error::build(problem)),
        });
        Call::new(Ready { client, operation, plan }, read)
    }

    /// The total deadline of this call, back-off included.
    pub fn timeout(self, timeout: Duration) -> Self {
        self.say(|options| options.timeout = Some(timeout))
    }

    /// A point in time that this call does not go beyond, however long its policy would let it: that of the request, say,
    /// which is being answered with it. The earlier holds of this, of [`timeout`](Self::timeout) and of the scopes that
    /// it is made [`within`](crate::within). With less than 5 ms left nothing is sent. It holds for what the call goes on to as
    /// well: further pages, further looks at a task, a stream of events that connects again.
    ///
    /// ```
    /// # async fn example(call: sinew_runtime::Call<'_, u32>) -> Result<(), sinew_runtime::Error> {
    /// use std::time::Duration;
    /// let deadline = tokio::time::Instant::now() + Duration::from_millis(800);
    /// let value = call.deadline(deadline).await?;
    /// # Ok(()) }
    /// ```
    pub fn deadline(self, deadline: Instant) -> Self {
        self.say(|options| options.seldom().deadline = Some(deadline))
    }

    /// How long one attempt of this call may take, whether or not another one follows it ([`Policy::patient`]).
    pub fn attempt_timeout(self, timeout: Duration) -> Self {
        self.say(|options| options.attempt_timeout = Some(timeout))
    }

    /// Another policy for this call, instead of the client's and the operation's. Breaker, budget and bulkhead belong to
    /// the client, so those sections of it have no effect.
    pub fn policy(self, policy: Policy) -> Self {
        self.say(|options| options.policy = Some(Box::new(policy)))
    }

    /// Adds a header, or replaces what would have been sent under its name.
    pub fn header(self, name: &str, value: &str) -> Self {
        let parts = encode::header::name(name).and_then(|name| Ok((name, encode::header::value(value, false)?)));
        match parts {
            Ok((name, value)) => self.say(|options| {
                options.seldom().headers.append(name, value);
            }),
            Err(problem) => self.keep(problem),
        }
    }

    /// A key under which the service processes this call once, however often it is sent. The header is the one the
    /// operation declares, else `Idempotency-Key`.
    pub fn idempotency_key(self, key: impl AsRef<str>) -> Self {
        match encode::header::value(key.as_ref(), false) {
            Ok(key) => self.say(|options| options.seldom().idempotency_key = Some(key)),
            Err(problem) => self.keep(format!("idempotency key: {problem}")),
        }
    }

    /// The value together with the status and the headers it came with.
    pub fn response(self) -> CallFuture<'c, Response<T>>
    where
        T: 'static,
    {
        let Self { ready, read, .. } = self;
        let read = Read::knowing(move |reply| {
            let (status, headers) = (reply.status, reply.headers.clone());
            Ok(Response { status, headers, value: read.read(reply)? })
        });
        Call::new(ready, read).into_future()
    }

    /// Asks one endpoint and no other.
    pub(crate) fn to(self, endpoint: Arc<Endpoint>) -> Self {
        self.say(|options| options.seldom().endpoint = Some(endpoint))
    }

    fn say(mut self, what: impl FnOnce(&mut Options)) -> Self {
        if let Ok(plan) = &mut self.ready.plan {
            what(&mut plan.options);
        }
        self
    }

    fn keep(mut self, problem: String) -> Self {
        if self.ready.plan.is_ok() {
            self.ready.plan = Err(Error::build(problem));
        }
        self
    }
}

impl<'c, T, P> IntoFuture for Call<'c, T, P> {
    type Output = Result<T, Error>;
    type IntoFuture = CallFuture<'c, T>;

    fn into_future(self) -> Self::IntoFuture {
        CallFuture { reply: self.ready.begin(), read: self.read }
    }
}

impl<T, P> fmt::Debug for Call<'_, T, P> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let options = self.ready.plan.as_ref().map(|plan| &plan.options);
        formatter
            .debug_struct("Call")
            .field("operation", &self.ready.operation.name)
            .field("timeout", &options.ok().and_then(|options| options.timeout))
            .field("attempt_timeout", &options.ok().and_then(|options| options.attempt_timeout))
            .finish_non_exhaustive()
    }
}

/// The future of a [`Call`].
///
/// The way from request to reply is one boxed future that knows no `T`, compiled once in this crate; only reading the
/// reply is compiled for each type.
#[must_use = "futures do nothing until they are awaited"]
pub struct CallFuture<'c, T> {
    reply: ReplyFuture<'c>,
    read: Read<T>,
}

/// The future of a reply.
struct ReplyFuture<'c> {
    reply: BoxFuture<'c, Result<Box<Reply>, Error>>,
    /// For what is read as it comes and may have to be asked for again.
    again: Option<Box<Again>>,
}

impl<'c> Ready<'c> {
    fn begin(self) -> ReplyFuture<'c> {
        let Self { client, operation, plan } = self;
        let again = plan.as_ref().ok().filter(|plan| plan.mode == Mode::Resumable);
        let again = again.map(|plan| Box::new(Again::new(client, operation, plan.clone())));
        ReplyFuture { reply: engine::execute(client, operation, plan), again }
    }
}

impl ReplyFuture<'_> {
    /// A future that is polled after it was ready panics, as futures may.
    fn poll(&mut self, context: &mut TaskContext<'_>) -> Poll<Result<Box<Reply>, Error>> {
        let mut reply = ready!(self.reply.as_mut().poll(context))?;
        reply.again = self.again.take();
        Poll::Ready(Ok(reply))
    }
}

// Nothing in it is pinned in place: the inner future is on the heap.
impl<T> Unpin for CallFuture<'_, T> {}

impl<T> Future for CallFuture<'_, T> {
    type Output = Result<T, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut TaskContext<'_>) -> Poll<Self::Output> {
        match self.reply.poll(context) {
            Poll::Ready(Ok(reply)) => Poll::Ready(self.read.read(*reply)),
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<T> fmt::Debug for CallFuture<'_, T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("CallFuture").finish_non_exhaustive()
    }
}

#[cfg(all(test, feature = "testing"))]
mod tests {
    use super::*;
    use crate::operation::{Method, Service};
    use crate::transport::scripted::Scripted;

    /// What is larger is not kept for the next call by the allocator of glibc, and half a kilobyte more was measurable.
    #[test]
    fn the_future_of_a_call_is_small() {
        static SERVICE: Service = Service::new("users", "http://users.test");
        static GET: Operation = Operation::new("get_user", Method::Get, "/users");
        let builder = crate::ClientBuilder::<Client>::new(&SERVICE).transport(Scripted::new([]));
        let client = builder.build().expect("a client");
        let future = client.request(&GET).answering(Reply::empty).into_future();
        assert!(size_of_val(&*future.reply.reply) <= 1032, "{}", size_of_val(&*future.reply.reply));
    }
}
