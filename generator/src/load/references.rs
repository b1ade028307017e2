//! Where do the references between schemas lead?
//!
//! Behind this, a reference either names a schema of the table, in a chain that ends, or was told and names nothing.

use std::collections::HashSet;

use serde_json::Value;

use super::nearest;
use super::schema::{Schema, SchemaId, SchemaTable};
use super::skeleton::Skeleton;
use super::split::Splitter;
use crate::diagnostics::{Diagnostic, Pointer, codes};

/// How many references may lead through one another in one pointer: more than people write, and each makes the next one dearer.
pub(super) const HOPS: usize = 16;
/// The parsers stop at 128 levels.
const DEEPEST: usize = 160;
/// How often a reference may lead from file to file before it is given up.
const CROSSINGS: usize = 4;
/// Looking for a name that was meant costs a pass over all names; hostile documents dangle by the thousand.
const SUGGESTIONS: usize = 20;

/// Checks every reference between schemas; reads what is referred to as a schema but stands where no schema is expected.
pub(super) fn settle(skeleton: &Skeleton, splitter: &mut Splitter<'_>) {
    let mut dangling = 0;
    let mut crossings = (0, 0);
    let mut retried = HashSet::new();
    let mut index = 0;
    // The table grows while it is walked: each step adds schemas at pointers that were not in it.
    while let Some(entry) = splitter.table.entries.get(index) {
        index += 1;
        let Schema::Object(schema) = &entry.schema else { continue };
        let Some(target) = schema.reference.clone() else { continue };
        let place = entry.pointer.clone();
        if splitter.table.at(&target).is_some() || is_told(&target) {
            continue;
        }
        if splitter.hops_left > 0
            && let Some(found) = through_references(skeleton, splitter, &target)
        {
            set_reference(splitter, index - 1, found);
            continue;
        }
        let found = match target.file() {
            None => skeleton.resolve(&target).map(|value| (target.clone(), value.clone())),
            Some(_) => splitter.written_elsewhere(&target),
        };
        if let Some((place, value @ (Value::Object(_) | Value::Bool(_)))) = found {
            place.as_str().clone_into(&mut splitter.path);
            splitter.schema(value);
            if place != target {
                set_reference(splitter, index - 1, place);
            }
            continue;
        }
        // Something of an older version, which was moved after the reference to it was read.
        let moved = splitter.moved.origin(&target);
        if moved != target && retried.insert(index) {
            index -= 1;
            set_reference(splitter, index, moved);
            continue;
        }
        // The way out of another file leads on by way of the document.
        if let Some(further) = splitter.written_hop(&target).filter(|_| crossings.0 != index || crossings.1 < CROSSINGS)
        {
            crossings = (index, if crossings.0 == index { crossings.1 + 1 } else { 1 });
            index -= 1;
            set_reference(splitter, index, further);
            continue;
        }
        dangling += 1;
        // Shown as it is written, also where an older version has it elsewhere.
        let as_written = |pointer: &Pointer| splitter.diagnostics.sources.converted.origin(pointer).to_string();
        let shown = as_written(&target);
        let mut error = Diagnostic::error(codes::DANGLING_REFERENCE, format!("there is nothing at `{shown}`"));
        error = match (dangling <= SUGGESTIONS).then(|| suggestion(&splitter.table, &target)).flatten() {
            Some(meant) => error.at(&place.join("$ref"), format!("did you mean `{}`?", as_written(&meant))),
            None => error.at(&place.join("$ref"), "leads nowhere"),
        };
        splitter.diagnostics.push(error.help("what uses this schema is skipped"));
    }
    settle_mappings(skeleton, splitter);
    break_circles(splitter);
}

/// Lets what discriminators map to, where that leads through references, name the schema itself. What leads nowhere is told by
/// whoever looks for it among the branches.
fn settle_mappings(skeleton: &Skeleton, splitter: &mut Splitter<'_>) {
    for index in 0..splitter.table.len() {
        let Some(Schema::Object(schema)) = splitter.table.entries.get(index).map(|entry| &entry.schema) else {
            continue;
        };
        let Some(discriminator) = &schema.discriminator else { continue };
        let targets = discriminator.mapping.iter().filter_map(|(value, target)| {
            let target = Pointer::from_reference(target)?;
            splitter.table.at(&target).is_none().then(|| (value.clone(), target))
        });
        let targets: Vec<(String, Pointer)> = targets.collect();
        for (value, target) in targets {
            let Some(found) = through_references(skeleton, splitter, &target) else { continue };
            if let Some(Schema::Object(schema)) = splitter.table.entries.get_mut(index).map(|entry| &mut entry.schema)
                && let Some(discriminator) = &mut schema.discriminator
            {
                discriminator.mapping.insert(value, found.to_reference());
            }
        }
    }
}

/// Whether a reference was found to be bad when it was read.
fn is_told(target: &Pointer) -> bool {
    target.as_str().starts_with("/unresolved reference/")
}

fn set_reference(splitter: &mut Splitter<'_>, index: usize, target: Pointer) {
    if let Some(Schema::Object(schema)) = splitter.table.entries.get_mut(index).map(|entry| &mut entry.schema) {
        schema.reference = Some(target);
    }
}

/// A pointer may lead through references: `#/components/schemas/A/properties/b`, where `A` is only a `$ref`.
fn through_references(skeleton: &Skeleton, splitter: &mut Splitter<'_>, target: &Pointer) -> Option<Pointer> {
    let mut current = target.clone();
    for _ in 0..HOPS {
        if splitter.table.at(&current).is_some() {
            return Some(current);
        }
        splitter.hops_left = splitter.hops_left.checked_sub(1)?;
        current = one_hop(skeleton, &splitter.table, &current)?;
    }
    None
}

/// Replaces the shortest part of a pointer at which a reference stands by where that leads.
pub(super) fn one_hop(skeleton: &Skeleton, table: &SchemaTable, pointer: &Pointer) -> Option<Pointer> {
    let text = pointer.as_str();
    for (at, _) in text.match_indices('/').skip(1) {
        let (prefix, rest) = text.split_at_checked(at)?;
        let prefix = Pointer::from_canonical(prefix);
        let jump = match table.at(&prefix) {
            Some(id) => match &table.get(id).schema {
                Schema::Object(schema) => schema.reference.clone(),
                Schema::Boolean(_) => None,
            },
            None => skeleton
                .resolve(&prefix)
                .and_then(|value| value.get("$ref")?.as_str())
                .and_then(Pointer::from_reference),
        };
        if let Some(jump) = jump {
            return jumped(&jump, rest);
        }
    }
    None
}

/// A pointer that goes on where a reference leads; `None` where it is deeper than any document, as circles make it.
pub(super) fn jumped(jump: &Pointer, rest: &str) -> Option<Pointer> {
    let pointer = format!("{}{rest}", jump.as_str());
    (pointer.matches('/').count() <= DEEPEST).then(|| Pointer::from_canonical(&pointer))
}

/// A name beside the missing one that is nearly the same.
fn suggestion(table: &SchemaTable, target: &Pointer) -> Option<Pointer> {
    let parent = target.parent()?;
    let wanted = target.last()?.into_owned();
    let names: Vec<_> = table
        .entries
        .iter()
        .filter_map(|entry| entry.pointer.as_str().strip_prefix(parent.as_str())?.strip_prefix('/'))
        .filter(|name| !name.contains('/'))
        .collect();
    nearest(&wanted, names).map(|name| Pointer::from_canonical(&format!("{}/{name}", parent.as_str())))
}

/// Finds schemas that are only references to each other, and lets them lead nowhere.
fn break_circles(splitter: &mut Splitter<'_>) {
    #[derive(Clone, Copy, PartialEq)]
    enum State {
        New,
        /// On the chain that started at this schema.
        On(u32),
        Settled,
    }
    let next = |table: &SchemaTable, id: SchemaId| match &table.entries.get(id.0 as usize)?.schema {
        Schema::Object(schema) => schema.reference.as_ref().and_then(|target| table.at(target)),
        Schema::Boolean(_) => None,
    };
    let mut states = vec![State::New; splitter.table.len()];
    for start in 0..u32::try_from(states.len()).unwrap_or(u32::MAX) {
        let mut chain = Vec::new();
        let mut current = Some(SchemaId(start));
        while let Some(id) = current {
            let Some(state) = states.get_mut(id.0 as usize) else { break };
            match *state {
                State::New => {
                    *state = State::On(start);
                    chain.push(id);
                    current = next(&splitter.table, id);
                }
                State::On(from) if from == start => {
                    let circle = chain.iter().position(|link| *link == id).unwrap_or_default();
                    let circle: Vec<_> = chain.iter().skip(circle).copied().collect();
                    tell_circle(splitter, &circle);
                    break;
                }
                State::On(_) | State::Settled => break,
            }
        }
        for id in chain {
            if let Some(state) = states.get_mut(id.0 as usize) {
                *state = State::Settled;
            }
        }
    }
}

fn tell_circle(splitter: &mut Splitter<'_>, circle: &[SchemaId]) {
    let mut error = Diagnostic::error(codes::CYCLIC_REFERENCE, "these references lead only to each other");
    for (index, id) in circle.iter().enumerate() {
        let Some(entry) = splitter.table.entries.get(id.0 as usize) else { continue };
        let place = entry.pointer.join("$ref");
        // The first few show the circle well enough.
        if index < 4 {
            error = error.at(&place, if index == 0 { "leads back to itself" } else { "on the way" });
        }
        let nowhere = Pointer::root().join("unresolved reference").join(place.as_str());
        set_reference(splitter, id.0 as usize, nowhere);
    }
    splitter.diagnostics.push(error.help("one of them has to say what the schema is; what uses them is skipped"));
}
