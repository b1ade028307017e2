//! What is different about a type when it is sent and when it is answered?
//!
//! A field that the service sets is not sent, and one that is only sent is not answered (OpenAPI 3.1, 4.8.24: `readOnly`,
//! `writeOnly`). A type that travels one way loses the fields of the other. One that travels both ways becomes two where they
//! differ, by a field of its own or by one of a type within; where they do not, it stays one.

use std::collections::{BTreeMap, BTreeSet};

use crate::ir::{Api, Direction, Operation, Origin, Parent, Role, Shape, TypeId, Types, Use};

/// Divides the types that differ by direction. Nobody knows which way the types of a mere vocabulary travel: they keep everything.
pub(crate) fn divide(api: &mut Api) {
    if api.is_types_only() {
        return;
    }
    let differing = differing(&api.types);
    if differing.is_empty() {
        return;
    }
    let sent = api.types.closure(api.operations.iter().flat_map(Operation::sent));
    let answered = api.types.closure(answered(api));
    let mut copies: BTreeMap<TypeId, TypeId> = BTreeMap::new();
    for &id in differing.iter().filter(|id| sent.contains(id) && answered.contains(id)) {
        let original = api.types.get(id).clone();
        let origin = Origin::Inline { parent: Parent::Type(id), role: Role::Request };
        let copy = api.types.reserve(origin.clone(), original.pointer.clone());
        *api.types.get_mut(copy) = crate::ir::Type { origin, ..original };
        copies.insert(id, copy);
    }
    for (&id, &copy) in &copies {
        keep(&mut api.types, id, Direction::Answered);
        keep(&mut api.types, copy, Direction::Sent);
        api.types.get_mut(copy).shape.replace(&copies);
    }
    for &id in differing.iter().filter(|id| !copies.contains_key(id)) {
        match (sent.contains(&id), answered.contains(&id)) {
            (true, false) => {
                keep(&mut api.types, id, Direction::Sent);
                // What it mentions may travel the other way, too.
                api.types.get_mut(id).shape.replace(&copies);
            }
            (false, true) => keep(&mut api.types, id, Direction::Answered),
            _ => {}
        }
    }
    for used in api.operations.iter_mut().flat_map(Operation::sent_mut) {
        used.ty = copies.get(&used.ty).copied().unwrap_or(used.ty);
    }
}

/// The types that are not the same in both directions, by a field of their own or of a part.
fn differing(types: &Types) -> BTreeSet<TypeId> {
    let mut users: BTreeMap<TypeId, Vec<TypeId>> = BTreeMap::new();
    let mut open = Vec::new();
    for (id, ty) in types.iter() {
        for used in ty.shape.mentions() {
            users.entry(used.ty).or_default().push(id);
        }
        if matches!(&ty.shape, Shape::Record(record) if record.fields.iter().any(|field| field.only.is_some())) {
            open.push(id);
        }
    }
    let mut differing = BTreeSet::new();
    while let Some(id) = open.pop() {
        if differing.insert(id) {
            open.extend(users.get(&id).into_iter().flatten().copied());
        }
    }
    differing
}

/// What comes from the service.
fn answered(api: &Api) -> Vec<Use> {
    let answers = api.operations.iter().flat_map(Operation::answered);
    let incoming = api.incoming.iter().map(|request| request.payload);
    answers.chain(incoming).chain(api.event.map(|event| event.used)).collect()
}

/// Takes away the fields that do not travel this way.
fn keep(types: &mut Types, id: TypeId, direction: Direction) {
    if let Shape::Record(record) = &mut types.get_mut(id).shape {
        record.fields.retain(|field| field.only.is_none_or(|only| only == direction));
    }
}
