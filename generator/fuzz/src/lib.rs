//! What is done with a document, however broken, and what must hold of it?

pub mod mutate;

mod exercise;

pub use exercise::exercise;
