//! How is a call made where nothing can be awaited?

use std::io;
use std::sync::OnceLock;

use tokio::runtime::{Builder, Handle, Runtime};

use crate::call::Call;
use crate::error::Error;

/// What drives the connections of calls that are not awaited: one thread for all clients, kept for as long as the
/// process lives.
fn background() -> Result<&'static Runtime, Error> {
    static RUNTIME: OnceLock<Result<Runtime, io::ErrorKind>> = OnceLock::new();
    let made = RUNTIME.get_or_init(|| {
        let mut builder = Builder::new_multi_thread();
        builder.worker_threads(1).thread_name("sinew-blocking").enable_all().build().map_err(|error| error.kind())
    });
    made.as_ref().map_err(|kind| Error::config(format!("the thread for blocking calls could not be made: {kind}")))
}

impl<T> Call<'_, T> {
    /// Makes the call and waits for it, blocking the thread: for programs without an async runtime. All that holds for
    /// an awaited call holds for this one.
    ///
    /// A client is for one way of calling or the other: its connections live where its first call made them. What comes
    /// as a stream ([`Download`](crate::Download)) is to be read where it can be awaited.
    ///
    /// ```no_run
    /// # fn example(call: sinew_runtime::Call<'_, u32>) -> Result<(), sinew_runtime::Error> {
    /// let value = call.blocking()?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As if it were awaited; and of kind [`ErrorKind::Config`](crate::ErrorKind::Config) if the thread is one of a tokio
    /// runtime, its threads for blocking work included: it must not be blocked, and can await the call.
    pub fn blocking(self) -> Result<T, Error> {
        if Handle::try_current().is_ok() {
            return Err(Error::config("Call::blocking was asked for on a thread of an async runtime: await the call"));
        }
        background()?.block_on(self.into_future())
    }
}
