//! Which failures does the document promise, and which operations share them?

use std::collections::BTreeMap;

use super::features::GroupFeatures;
use super::names::{self, Ident, Namespace};
use super::rust::{self, RustType, TypePlan};
use super::status::status_word;
use crate::ir::{Answer, Api, Content, Status, TypeId};

/// An enum of failures, and the operations that end in it under names of their own.
#[derive(Debug, Clone)]
pub struct FailurePlan {
    /// Its name, made of the first operation that has it.
    pub name: Ident,
    /// That operation, by position.
    pub operation: usize,
    /// Its variants, by status.
    pub variants: Vec<FailureVariant>,
}

/// A failure with one status, or a class of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailureVariant {
    /// Its name.
    pub ident: Ident,
    /// When it applies.
    pub status: StatusPattern,
    /// What comes with it.
    pub body: FailureBody,
    /// What is said about it.
    pub description: String,
}

/// When a failure applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum StatusPattern {
    /// With this status.
    Code(u16),
    /// With any status of this class.
    Class(u16),
    /// With any other status.
    Any,
}

/// What comes with a failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FailureBody {
    /// Nothing.
    Empty,
    /// A text.
    Text,
    /// A value.
    Json(RustType),
    /// A value as XML, whose form is that of a type.
    Xml(RustType, TypeId),
}

/// The failures of all operations.
pub(super) struct Failures {
    pub plans: Vec<FailurePlan>,
    /// For each operation, its failure.
    pub by_operation: Vec<Option<usize>>,
    /// For each operation, the name of its failure.
    pub names: Vec<Ident>,
}

/// Operations with equal `{status → body}` share one enum, so that code which handles one handles them all; where groups have
/// features, those of one group, since another may not be there.
pub(super) fn share(api: &Api, types: &[TypePlan], methods: &[Ident], features: Option<&GroupFeatures>) -> Failures {
    let mut namespace = Namespace::default();
    let names: Vec<Ident> =
        methods.iter().map(|method| namespace.take(&names::camel(&format!("{} failure", method.plain())))).collect();
    let mut by_name: Vec<usize> = (0..api.operations.len()).collect();
    by_name.sort_by_key(|&position| &names[position]);

    let mut plans: Vec<FailurePlan> = Vec::new();
    let mut known = BTreeMap::new();
    let mut by_operation = vec![None; api.operations.len()];
    for position in by_name {
        let failures = api.operations[position].failures();
        if failures.is_empty() {
            continue;
        }
        let key: Vec<_> = failures.iter().map(|answer| (answer.status, answer.content)).collect();
        let group = features.map(|features| features.of_operations[position]);
        let shared = *known.entry((group, key)).or_insert_with(|| {
            plans.push(FailurePlan {
                name: names[position].clone(),
                operation: position,
                variants: variants(api, types, &failures),
            });
            plans.len() - 1
        });
        by_operation[position] = Some(shared);
    }
    Failures { plans, by_operation, names }
}

fn variants(api: &Api, types: &[TypePlan], failures: &[&Answer]) -> Vec<FailureVariant> {
    let words: Vec<String> = failures
        .iter()
        .map(|answer| if answer.status == Status::Default { "other".to_owned() } else { status_word(answer.status) })
        .collect();
    let idents = names::siblings(words.iter().map(String::as_str), &["Self"], names::camel);
    let mut variants: Vec<FailureVariant> = failures
        .iter()
        .zip(idents)
        .map(|(answer, ident)| FailureVariant {
            ident,
            status: match answer.status {
                Status::Code(code) => StatusPattern::Code(code),
                Status::Class(class) => StatusPattern::Class(class),
                Status::Default => StatusPattern::Any,
            },
            body: match answer.content {
                Content::Empty => FailureBody::Empty,
                Content::Text | Content::Bytes => FailureBody::Text,
                Content::Json(used) => FailureBody::Json(rust::answer(api, types, used)),
                Content::Xml(used) => FailureBody::Xml(rust::answer(api, types, used), used.ty),
            },
            description: answer.description.clone(),
        })
        .collect();
    variants.sort_by_key(|variant| variant.status);
    variants
}
