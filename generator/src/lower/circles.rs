//! Which types come down to nothing but themselves, so that their names cannot be other words for them?
//!
//! Of `A: {$ref: B}, B: {$ref: A}` nothing is known, so they are any value.
//! `Tree: {type: array, items: {$ref: Tree}}` would be `type Tree = Vec<Tree>`, of which Rust asks what `Tree` is. One type of
//! each such circle becomes a union of one alternative, which is a type of its own.

use std::collections::HashSet;

use super::schema::LONGEST_CHAIN;
use crate::diagnostics::{Diagnostic, Diagnostics, codes};
use crate::ir::{Arm, Origin, Parent, Role, Shape, TypeId, Types, Union, Use};

/// `A: {$ref: B}, B: {$ref: A}` says nothing at all; so does its type. And who follows an alias shall not have far to go.
pub(super) fn settle_aliases(types: &mut Types, diagnostics: &mut Diagnostics) {
    // Where each type that was looked at ends, and how many aliases lie before it.
    let mut ends: Vec<Option<(Use, usize)>> = vec![None; types.len()];
    let ids: Vec<TypeId> = types.iter().map(|(id, _)| id).collect();
    for id in ids {
        let mut way = Vec::new();
        let mut seen = HashSet::new();
        let mut at = id;
        let (mut end, mut length) = loop {
            if let Some(known) = ends[at.index()] {
                break known;
            }
            let Shape::Alias(target) = types.get(at).shape else { break (Use { ty: at, nullable: false }, 0) };
            if !seen.insert(at) {
                let pointer = types.get(at).pointer.clone();
                diagnostics.push(
                    Diagnostic::warning(codes::DEGRADED_SCHEMA, "a schema that refers only to itself says nothing")
                        .at(&pointer, "the circle comes back to this schema")
                        .help("read as any JSON value"),
                );
                types.get_mut(at).shape = Shape::Anything;
                break (Use { ty: at, nullable: false }, 0);
            }
            way.push((at, target));
            at = target.ty;
        };
        for (at, target) in way.into_iter().rev() {
            // In a circle, the type at which it was cut is no alias any more.
            if !matches!(types.get(at).shape, Shape::Alias(_)) {
                continue;
            }
            length += 1;
            end.nullable |= target.nullable;
            if length > LONGEST_CHAIN {
                types.get_mut(at).shape = Shape::Alias(end);
            }
            ends[at.index()] = Some((end, length));
        }
    }
}

/// What the search knows of a type.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Seen {
    Not,
    /// On the way that is being walked.
    Now,
    Done,
}

/// Makes a type of its own of one type of each circle of lists and maps.
pub(super) fn settle(types: &mut Types) {
    // By place, so that the order of the document's keys decides nothing.
    let mut starts: Vec<TypeId> =
        types.iter().filter(|(id, _)| !inner(types, *id).is_empty()).map(|(id, _)| id).collect();
    starts.sort_by(|a, b| types.get(*a).pointer.cmp(&types.get(*b).pointer));
    let mut seen = vec![Seen::Not; types.len()];
    for start in starts {
        while seen[start.index()] == Seen::Not {
            if let Some(cut) = walk(types, start, &mut seen) {
                separate(types, cut);
                seen.resize(types.len(), Seen::Not);
            }
        }
    }
}

/// Walks until there is nothing left or a circle closes; then says which type of it is to be cut.
fn walk(types: &Types, start: TypeId, seen: &mut [Seen]) -> Option<TypeId> {
    let mut way: Vec<(TypeId, Vec<TypeId>)> = Vec::new();
    let mut next = Some(start);
    loop {
        if let Some(id) = next.take() {
            seen[id.index()] = Seen::Now;
            way.push((id, inner(types, id)));
        }
        let (id, left) = way.last_mut()?;
        let Some(to) = left.pop() else {
            seen[id.index()] = Seen::Done;
            way.pop();
            continue;
        };
        match seen[to.index()] {
            Seen::Not => next = Some(to),
            Seen::Done => {}
            Seen::Now => {
                let circle = way.iter().map(|(id, _)| *id).skip_while(|id| *id != to);
                let place = |id: &TypeId| {
                    let ty = types.get(*id);
                    (!matches!(ty.origin, Origin::Component(_)), ty.pointer.clone())
                };
                let cut = circle.min_by_key(place);
                // What is on the way has not been walked to its end.
                for (id, _) in &way {
                    seen[id.index()] = Seen::Not;
                }
                return cut;
            }
        }
    }
}

/// The lists and maps that a list or map is made of.
fn inner(types: &Types, id: TypeId) -> Vec<TypeId> {
    let uses = match &types.get(id).shape {
        Shape::List(used) | Shape::Map(used) | Shape::Alias(used) => vec![*used],
        Shape::Tuple(items) => items.clone(),
        _ => Vec::new(),
    };
    uses.into_iter().map(|used| used.ty).collect()
}

fn separate(types: &mut Types, id: TypeId) {
    let origin = Origin::Inline { parent: Parent::Type(id), role: Role::Value };
    let only = types.reserve(origin, types.get(id).pointer.clone());
    let hint = if matches!(types.get(id).shape, Shape::Map(_)) { "entries" } else { "items" };
    let union = Shape::Union(Union {
        arms: vec![Arm { used: Use { ty: only, nullable: false }, hint: Some(hint.to_owned()) }],
        tag: None,
        open: true,
    });
    let own = types.get_mut(id);
    let (shape, limits) = (std::mem::replace(&mut own.shape, union), std::mem::take(&mut own.limits));
    let apart = types.get_mut(only);
    (apart.shape, apart.limits) = (shape, limits);
}
