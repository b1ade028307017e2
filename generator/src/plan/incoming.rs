//! Under which names is what the service sends by itself read?

use super::names::{self, Namespace};
use super::rust::{self, RustType, TypePlan};
use crate::ir::Api;

/// How a request of the service is read.
#[derive(Debug, Clone)]
pub struct IncomingPlan {
    /// The static that reads it.
    pub constant: String,
    /// What it delivers.
    pub ty: RustType,
}

/// What is in the module of webhooks.
#[derive(Debug, Clone, Default)]
pub struct IncomingPlans {
    /// Parallel to [`Api::incoming`].
    pub requests: Vec<IncomingPlan>,
    /// The one that reads any webhook, where they can be told apart.
    pub any: Option<IncomingPlan>,
}

/// Names the readers, webhooks before callbacks.
pub(super) fn plan(api: &Api, types: &[TypePlan]) -> IncomingPlans {
    let mut constants = Namespace::default();
    let mut constant = |text: &str| constants.take(&names::snake(text)).plain().to_ascii_uppercase();
    let any = api
        .event
        .map(|event| IncomingPlan { constant: constant("any webhook"), ty: rust::answer(api, types, event.used) });
    let requests = api.incoming.iter().map(|request| IncomingPlan {
        constant: constant(&request.name),
        ty: rust::answer(api, types, request.payload),
    });
    IncomingPlans { requests: requests.collect(), any }
}
