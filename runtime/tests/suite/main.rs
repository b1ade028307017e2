//! Does the runtime keep its promises, as generated code and its users see it?

mod adapters;
mod auth;
mod bugs;
mod calls;
mod forms;
mod macros;
mod redaction;
mod registry;
mod support;
mod unions;
mod wire;
