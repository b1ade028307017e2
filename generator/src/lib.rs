//! Which stages does a document pass on its way to a client crate?
