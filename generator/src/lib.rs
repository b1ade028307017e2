//! Which stages does a document pass on its way to a client crate?
//!
//! ```text
//! load ──Document──▶ lower ──Api──▶ plan ──Plan──▶ emit ──Vec<SourceFile>──▶ write
//! ```
//!
//! | stage | the question |
//! |---|---|
//! | [`load`] | What does the document say? |
//! | [`lower`] | What does it mean? |
//! | [`ir`] | The meaning itself, which knows neither OpenAPI nor Rust. |
//! | [`plan`] | What Rust does it become? |
//! | [`emit`] | How is that spelled? |
//! | [`mod@write`] | Where does it go? |
//!
//! [`diagnostics`] travel along; [`settings`] are the user's choices from `client.toml`, of which the selection is applied
//! between `load` and `lower`. [`Config`] runs it all, for the `sinew`
//! command, for `cargo xtask codegen` and for build scripts alike:
//!
//! ```no_run
//! // build.rs
//! sinew_generator::Config::build_script("specs/billing/openapi.yaml").generate_or_exit();
//! ```

mod config;
pub mod diagnostics;
mod directions;
pub mod driver;
pub mod emit;
pub mod inspect;
pub mod ir;
pub mod load;
pub mod lower;
mod overrides;
pub mod plan;
mod select;
pub mod settings;
mod sharing;
mod summary;
pub mod write;

pub use config::{Config, Outcome};
pub use summary::{Effect, Reason, Summary};
