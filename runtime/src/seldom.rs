//! Where is a future made that hardly any call needs?

use crate::transport::BoxFuture;

/// On the heap, and neither it nor what polls it in the code and on the stack of whoever awaits it, where every call would
/// have to make room for both.
#[cold]
#[inline(never)]
pub(crate) fn seldom<'a, F: Future + Send + 'a>(make: impl FnOnce() -> F) -> BoxFuture<'a, F::Output> {
    Box::pin(make())
}
