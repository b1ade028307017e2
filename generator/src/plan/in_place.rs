//! Which records and unions are read in place, and which only serde can read?
//!
//! A record is read in place where something can stand in each of its fields until its value is read: not where a field holds
//! a type of the user's own, of which only serde knows how it is read, nor where a record must hold itself, so that no value of
//! it is ever whole. What stands for a union is what it keeps of no alternative, or else one of its alternatives.

use super::rust::{RustType, TypePlan};
use crate::ir::{Api, Shape, TypeId};

/// Whether only serde knows how such values are read and written.
pub(super) fn by_serde(types: &[TypePlan], ty: &RustType) -> bool {
    match ty {
        RustType::Own(_) => true,
        RustType::Named(id) => types[id.index()].opaque,
        RustType::List(inner)
        | RustType::Map(inner)
        | RustType::Option(inner)
        | RustType::Nullable(inner)
        | RustType::Boxed(inner) => by_serde(types, inner),
        RustType::Tuple(items) => items.iter().any(|item| by_serde(types, item)),
        _ => false,
    }
}

/// Marks what is read in place.
pub(super) fn mark(api: &Api, types: &mut [TypePlan]) {
    let mut open: Vec<TypeId> = api
        .types
        .iter()
        .filter(|(id, ty)| match ty.shape {
            Shape::Record(_) => {
                let planned = &types[id.index()];
                let held = planned.fields.iter().map(|field| &field.ty).chain(planned.rest.iter().map(|(_, ty)| ty));
                held.into_iter().all(|ty| !by_serde(types, ty))
            }
            Shape::Union(_) => true,
            _ => false,
        })
        .map(|(id, _)| id)
        .collect();
    // From those that hold no other outwards; what is left holds itself, or one that is read by serde.
    loop {
        let (ready, rest): (Vec<_>, Vec<_>) =
            open.into_iter().map(|id| (id, found(api, types, id))).partition(|(_, found)| found.is_some());
        if ready.is_empty() {
            break;
        }
        for (id, arm) in ready {
            let planned = &mut types[id.index()];
            planned.in_place = true;
            if let Some(union) = &mut planned.union {
                union.stands = arm.flatten();
            }
        }
        open = rest.into_iter().map(|(id, _)| id).collect();
    }
}

/// Whether something can stand in the place of a record or a union; the alternative, where it must be one.
#[allow(clippy::option_option, reason = "whether, and which")]
fn found(api: &Api, types: &[TypePlan], id: TypeId) -> Option<Option<usize>> {
    let planned = &types[id.index()];
    match &planned.union {
        Some(union) if union.unknown.is_some() => Some(None),
        Some(union) => {
            let stands = |ty: &RustType| !by_serde(types, ty) && stands(api, types, ty);
            union.arms.iter().position(|arm| stands(&arm.ty)).map(Some)
        }
        None => planned.fields.iter().all(|field| stands(api, types, &field.ty)).then_some(None),
    }
}

/// Whether something can stand in a place of this type.
fn stands(api: &Api, types: &[TypePlan], ty: &RustType) -> bool {
    match ty {
        RustType::Named(id) => named(api, types, *id),
        RustType::Boxed(inner) => stands(api, types, inner),
        RustType::Tuple(items) => items.iter().all(|item| stands(api, types, item)),
        _ => true,
    }
}

fn named(api: &Api, types: &[TypePlan], id: TypeId) -> bool {
    match (&api.types.get(id).shape, &types[id.index()].resolved) {
        (Shape::Record(_) | Shape::Union(_), _) => types[id.index()].in_place,
        (Shape::Alias(_), RustType::Named(target)) if *target != id => named(api, types, *target),
        _ => true,
    }
}
