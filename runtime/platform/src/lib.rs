//! What is there to call, when there is no platform?
//!
//! The six services of DesignSynapse, played on the loopback interface: [`Platform`] starts all of them, [`FakeService`]
//! one. They keep what they are given in memory and answer as the real ones do, odd habits included: timestamps without
//! an offset, explicit nulls, empty replies with a JSON content type, four shapes of errors.
//!
//! The fake is *strict*. Real services let a clumsy request pass; this one takes note of an unknown query parameter, an
//! unknown field of a body, a credential where none is wanted, a path without its slash, and panics with the whole list
//! when it is dropped, so that the test fails ([`FakeService::violations`] takes the list first, where a test is about
//! just that). What a client sends in due form but with a value out of bounds is answered as the real service would.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> std::io::Result<()> {
//! use sinew_platform::{Fault, FakeService};
//! let users = FakeService::user().await?;
//! users.next([Fault::status(503), Fault::Close]); // the next two requests
//! assert!(users.base_url().ends_with("/api/v1"));
//! # Ok(()) }
//! ```

mod answer;
mod checks;
mod fault;
mod log;
mod platform;
mod route;
mod server;
mod services;
mod shape;
mod store;
mod text;

pub use fault::Fault;
pub use log::Received;
pub use platform::Platform;
pub use server::FakeService;
pub use services::tokens::{admin_token, token};
