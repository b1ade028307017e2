//! What should be done next? Plain values that answer; the engine asks, and it alone acts.

/// The atomics, or what loom plays them with.
mod atomic {
    #[cfg(all(test, sinew_loom))]
    pub(super) use loom::sync::atomic::{AtomicU32, AtomicU64, Ordering};
    #[cfg(not(all(test, sinew_loom)))]
    pub(super) use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
}

#[cfg(all(test, sinew_loom))]
mod interleavings;

pub(crate) mod backoff;
pub(crate) mod breaker;
pub(crate) mod budget;
pub(crate) mod classify;
pub(crate) mod deadline;
pub(crate) mod decide;
pub(crate) mod gradient;
pub(crate) mod hedge;
pub(crate) mod load;
pub(crate) mod outlier;
pub(crate) mod overtaken;
pub(crate) mod pace;
pub(crate) mod policy;
pub(crate) mod pushback;
