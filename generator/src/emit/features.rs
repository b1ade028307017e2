//! How is it spelled that something is there only with the features of some groups?

use proc_macro2::TokenStream;
use quote::quote;

use super::text;
use crate::plan::Plan;

/// The condition of what these groups need; nothing where that is there anyway.
pub(super) fn needed_by(plan: &Plan, groups: &[usize]) -> Option<TokenStream> {
    let names = names(plan, groups);
    match names.as_slice() {
        [] => None,
        [only] => Some(quote!(#[cfg(feature = #only)])),
        several => Some(quote!(#[cfg(any(#(feature = #several),*))])),
    }
}

/// The condition of what is there only without any of these groups.
pub(super) fn without(plan: &Plan, groups: &[usize]) -> Option<TokenStream> {
    let names = names(plan, groups);
    match names.as_slice() {
        [] => None,
        [only] => Some(quote!(#[cfg(not(feature = #only))])),
        several => Some(quote!(#[cfg(not(any(#(feature = #several),*)))])),
    }
}

/// The condition of what belongs to an operation.
pub(super) fn of_operation(plan: &Plan, position: usize) -> Option<TokenStream> {
    needed_by(plan, &[group(plan, position)?])
}

/// The group of an operation, where that has a feature.
pub(super) fn group(plan: &Plan, position: usize) -> Option<usize> {
    plan.features.as_ref()?.of_operations.get(position).copied()
}

/// What the crate's documentation says of its features.
pub(super) fn said(plan: &Plan) -> Option<String> {
    let features = plan.features.as_ref()?;
    let names: Vec<String> = features.names.iter().map(|name| text::code(name)).collect();
    Some(format!(
        "Each group of operations is a feature: {}. All of them are on unless `default-features = false` is said of this crate; \
         then only those that are named are compiled, with the types that they need.",
        names.join(", ")
    ))
}

fn names(plan: &Plan, groups: &[usize]) -> Vec<proc_macro2::Literal> {
    let features =
        plan.features.iter().flat_map(|features| groups.iter().filter_map(|group| features.names.get(*group)));
    features.map(|name| text::literal(name)).collect()
}
