//! What does the service send by itself?

use super::{Docs, Use};

/// A request that the service makes and that we receive.
#[derive(Debug, Clone, PartialEq)]
pub struct Incoming {
    /// What the document calls it.
    pub name: String,
    /// For a callback, the route of the operation that it belongs to, and the expression that says where it goes.
    pub callback: Option<(String, String)>,
    /// The method, as HTTP writes it.
    pub method: String,
    /// A short description.
    pub summary: Option<String>,
    /// What is said about it.
    pub docs: Docs,
    /// What it delivers, as JSON.
    pub payload: Use,
    /// Its place in the document.
    pub pointer: String,
}

/// A union of what every webhook delivers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event {
    /// The union.
    pub used: Use,
}
