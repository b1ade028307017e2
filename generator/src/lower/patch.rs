//! What do the bodies of `application/merge-patch+json` say by leaving out and by `null`?
//!
//! In such a body a field that is absent stays as it is, and `null` takes it away (RFC 7396), whatever its schema says of `null`: so
//! what need not be there may be `null`. Objects are merged field by field, lists are replaced whole; the types of objects within
//! are patches, too, and where the same schema is also used for something else, a second type.

use std::collections::{BTreeSet, HashMap};

use crate::ir::{Operation, Origin, Parent, Payload, Role, Shape, TypeId, Types, Use};

/// Makes the types of all merge patches patches.
pub(super) fn settle(operations: &mut [Operation], elsewhere: &[Use], types: &mut Types) {
    let roots: Vec<TypeId> = operations.iter_mut().flat_map(patches).map(|used| used.ty).collect();
    if roots.is_empty() {
        return;
    }
    let (merged, replaced) = parts(types, &roots);
    let mut others: Vec<Use> = elsewhere.to_vec();
    for operation in operations.iter() {
        let ways =
            operation.body.iter().flat_map(crate::ir::Body::ways).filter(|(media_type, _)| !is_patch(media_type));
        others.extend(operation.answered());
        others.extend(operation.parameters.iter().map(|parameter| parameter.used));
        others.extend(ways.flat_map(|(_, payload)| payload.mentions()));
    }
    others.extend(replaced.into_iter().map(|ty| Use { ty, nullable: false }));
    let shared = types.closure(others);

    // First where each patch lives, then what is in it: patches may hold each other.
    let mut patched: HashMap<TypeId, TypeId> = HashMap::new();
    for &id in &merged {
        let home = if shared.contains(&id) { twin(types, id) } else { id };
        patched.insert(id, home);
    }
    let to = |used: Use| Use { ty: patched.get(&used.ty).copied().unwrap_or(used.ty), ..used };
    for (&id, &home) in &patched {
        let mut shape = types.get(id).shape.clone();
        match &mut shape {
            Shape::Record(record) => {
                for field in &mut record.fields {
                    field.used = Use { nullable: field.used.nullable || !field.required, ..to(field.used) };
                }
                record.rest = record.rest.map(|rest| Use { nullable: true, ..to(rest) });
            }
            Shape::Map(value) => *value = Use { nullable: true, ..to(*value) },
            Shape::Alias(target) => *target = to(*target),
            _ => {}
        }
        types.get_mut(home).shape = shape;
    }
    for used in operations.iter_mut().flat_map(patches) {
        *used = to(*used);
    }
}

fn is_patch(media_type: &str) -> bool {
    let essence = media_type.split(';').next().unwrap_or(media_type).trim();
    essence.eq_ignore_ascii_case("application/merge-patch+json")
}

/// What an operation sends as a patch.
fn patches(operation: &mut Operation) -> Vec<&mut Use> {
    let Some(body) = &mut operation.body else { return Vec::new() };
    let first = is_patch(&body.media_type).then_some(&mut body.payload);
    let others = body.others.iter_mut().filter(|other| is_patch(&other.media_type)).map(|other| &mut other.payload);
    let sent = first.into_iter().chain(others).filter_map(|payload| match payload {
        Payload::Json(used) => Some(used),
        _ => None,
    });
    sent.collect()
}

/// The types that are merged, in the order of their ids, and those that are replaced.
fn parts(types: &Types, roots: &[TypeId]) -> (BTreeSet<TypeId>, Vec<TypeId>) {
    let (mut merged, mut replaced) = (BTreeSet::new(), Vec::new());
    let mut open = roots.to_vec();
    while let Some(id) = open.pop() {
        match &types.get(id).shape {
            shape @ (Shape::Record(_) | Shape::Map(_) | Shape::Alias(_)) => {
                if merged.insert(id) {
                    open.extend(shape.mentions().into_iter().map(|used| used.ty));
                }
            }
            _ => replaced.push(id),
        }
    }
    (merged, replaced)
}

/// A second type like this one, named as its patch.
fn twin(types: &mut Types, id: TypeId) -> TypeId {
    let like = types.get(id).clone();
    let parent = match &like.origin {
        Origin::Component(name) => Parent::Named(name.clone()),
        Origin::Inline { .. } => Parent::Type(id),
    };
    let origin = Origin::Inline { parent, role: Role::Field("patch".to_owned()) };
    let home = types.reserve(origin.clone(), like.pointer.clone());
    *types.get_mut(home) = crate::ir::Type { origin, ..like };
    home
}
