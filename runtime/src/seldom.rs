//! Where is a future made that hardly any call needs?

use std::pin::Pin;

/// On the heap, and on its way there not on the stack of whoever awaits it, which every call would have to make room for.
#[cold]
#[inline(never)]
pub(crate) fn seldom<F: Future>(make: impl FnOnce() -> F) -> Pin<Box<F>> {
    Box::pin(make())
}
