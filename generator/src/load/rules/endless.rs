//! Which schemas are a part of themselves, so that no value is of finite size?

use super::super::schema::{JsonType, Schema, SchemaId, SchemaTable};
use crate::diagnostics::{Diagnostic, codes};

/// How a schema leads to one that each of its values has to satisfy, or to contain a value of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// By `$ref` or `allOf`: the value itself.
    Same,
    /// By a required property: a value inside it.
    Inside,
}

/// Tells each circle once, at the schema with the smallest id on it that the search meets first.
pub(super) fn check(table: &SchemaTable) -> Vec<Diagnostic> {
    #[derive(Clone, Copy, PartialEq)]
    enum State {
        New,
        Open,
        Done,
    }
    let mut told = Vec::new();
    let mut states = vec![State::New; table.len()];
    let set = |states: &mut Vec<State>, id: SchemaId, state| {
        if let Some(known) = states.get_mut(id.0 as usize) {
            *known = state;
        }
    };
    for (start, _) in table.iter() {
        if states.get(start.0 as usize) != Some(&State::New) {
            continue;
        }
        // A stack of our own: chains may be as long as the document.
        let mut stack = vec![(start, Way::Same, ways(table, start), 0_usize)];
        set(&mut states, start, State::Open);
        while let Some((id, _, ways_on, next)) = stack.last_mut() {
            let Some((target, way)) = ways_on.get(*next).copied() else {
                set(&mut states, *id, State::Done);
                stack.pop();
                continue;
            };
            *next += 1;
            match states.get(target.0 as usize) {
                Some(State::New) => {
                    set(&mut states, target, State::Open);
                    stack.push((target, way, ways(table, target), 0));
                }
                Some(State::Open) => {
                    let from = stack.iter().position(|(id, ..)| *id == target).unwrap_or_default();
                    let by_itself =
                        way == Way::Same && stack.iter().skip(from + 1).all(|(_, way, ..)| *way == Way::Same);
                    let circle: Vec<SchemaId> = stack.iter().skip(from).map(|(id, ..)| *id).collect();
                    told.push(tell(table, &circle, by_itself));
                }
                Some(State::Done) | None => {}
            }
        }
    }
    told
}

fn ways(table: &SchemaTable, id: SchemaId) -> Vec<(SchemaId, Way)> {
    let Schema::Object(schema) = &table.get(id).schema else { return Vec::new() };
    let nullable = schema.nullable || schema.types.contains(&JsonType::Null);
    let mut ways: Vec<(SchemaId, Way)> = schema.all_of.iter().map(|&part| (part, Way::Same)).collect();
    ways.extend(schema.reference.as_ref().and_then(|target| table.at(target)).map(|target| (target, Way::Same)));
    // What is `null`, or need not be an object, need not have the property.
    if schema.types == [JsonType::Object] {
        let required = schema.required.iter().filter_map(|name| schema.properties.get(name));
        ways.extend(required.map(|&property| (property, Way::Inside)));
    }
    if nullable {
        ways.clear();
    }
    ways
}

fn tell(table: &SchemaTable, circle: &[SchemaId], by_itself: bool) -> Diagnostic {
    let message = if by_itself {
        "this schema is a part of itself by `allOf`"
    } else {
        "no value of finite size satisfies this schema: it has to contain itself"
    };
    let mut warning = Diagnostic::warning(codes::ENDLESS_SCHEMA, message);
    // The first few show the circle well enough.
    for (index, id) in circle.iter().take(4).enumerate() {
        warning = warning.at(&table.get(*id).pointer, if index == 0 { "leads back to itself" } else { "on the way" });
    }
    warning
}
