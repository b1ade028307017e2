//! Which services are there?

// Handlers have one signature, whether or not they ever refuse.
#![allow(clippy::unnecessary_wraps)]

pub(crate) mod analytics;
pub(crate) mod design;
mod design_files;
mod design_tasks;
pub(crate) mod knowledge;
mod knowledge_search;
pub(crate) mod marketplace;
mod marketplace_orders;
pub(crate) mod project;
pub(crate) mod tokens;
pub(crate) mod user;
