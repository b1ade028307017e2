//! What do other versions of the specification say in a way of their own?
//!
//! One file for each version whose objects must be brought to the form of OpenAPI 3 before they are walked.

mod openapi32;
pub(super) mod swagger2;
