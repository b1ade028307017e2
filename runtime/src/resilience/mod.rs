//! What should be done next? Plain values that answer; the engine asks, and it alone acts.

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
pub(crate) mod policy;
pub(crate) mod pushback;
