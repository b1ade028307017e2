//! Does the runtime keep its promises, as generated code and its users see it?

// A test's panic is its verdict, in its helpers as well as in its own body; and it need not be fast.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, clippy::format_push_string)]

mod adapters;
mod adaptive;
mod anchors;
mod auth;
mod blocking;
mod bugs;
mod calls;
mod compressed;
mod discovery;
mod dropped;
mod endpoints;
mod forms;
mod gate;
mod generated;
mod health;
mod hedging;
mod macros;
mod oauth;
mod observed;
mod pace;
mod paging;
mod patience;
mod prober;
mod redaction;
mod redirects;
mod registry;
mod retry;
mod rules;
mod said;
mod settings;
mod streams;
mod support;
mod unions;
mod validate;
mod within;

/// What the wire does to each built-in transport.
#[allow(clippy::duplicate_mod)]
#[path = "."]
mod over_reqwest {
    pub(crate) const LEAN: bool = false;
    #[path = "connections.rs"]
    mod connections;
    #[path = "dns.rs"]
    mod dns;
    #[path = "faults.rs"]
    mod faults;
    #[path = "http2.rs"]
    mod http2;
    #[path = "secure.rs"]
    mod secure;
    #[path = "served.rs"]
    mod served;
    #[path = "wire.rs"]
    mod wire;
}

/// The same over the other one.
#[allow(clippy::duplicate_mod)]
#[path = "."]
mod over_hyper {
    pub(crate) const LEAN: bool = true;
    #[path = "connections.rs"]
    mod connections;
    #[path = "dns.rs"]
    mod dns;
    #[path = "faults.rs"]
    mod faults;
    #[path = "http2.rs"]
    mod http2;
    #[path = "secure.rs"]
    mod secure;
    #[path = "served.rs"]
    mod served;
    #[path = "wire.rs"]
    mod wire;
}
