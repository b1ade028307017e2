//! Which streams of typed items are there?

mod decoder;
mod events;
mod items;
#[cfg(test)]
mod tests;

pub use events::{EventText, Events, Reconnect, ServerEvent};
pub use items::{Framing, Items};
