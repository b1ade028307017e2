//! Which schemas admit `null` beside other values?

use serde_json::Value;

use crate::load::{JsonType, Schema, SchemaId, SchemaTable};

/// Works it out for all schemas at once: from those that say so, backwards to whatever comes down to them. Asked one by one,
/// references that chain would be followed again from every link.
pub(super) fn of_all(table: &SchemaTable) -> Vec<bool> {
    let mut admits = vec![false; table.len()];
    let mut open = Vec::new();
    // Whatever comes down to a schema, as pairs that are sorted by that schema.
    let mut edges: Vec<(SchemaId, SchemaId)> = Vec::new();
    for (id, entry) in table.iter() {
        let Schema::Object(schema) = &entry.schema else { continue };
        let says = schema.nullable
            || schema.types.contains(&JsonType::Null)
            || schema.constant.as_ref().is_some_and(Value::is_null)
            || schema.enumeration.as_ref().is_some_and(|values| values.contains(&Value::Null));
        if says {
            open.push(id);
        }
        let target = schema.reference.as_ref().and_then(|pointer| table.at(pointer));
        let only = match schema.all_of.as_slice() {
            [only] => Some(*only),
            _ => None,
        };
        let branches = schema.one_of.iter().chain(&schema.any_of).copied();
        edges.extend(target.into_iter().chain(only).chain(branches).map(|inner| (inner, id)));
    }
    edges.sort_unstable();
    while let Some(id) = open.pop() {
        let Some(known) = admits.get_mut(id.0 as usize).filter(|known| !**known) else { continue };
        *known = true;
        let from = edges.partition_point(|(inner, _)| *inner < id);
        open.extend(edges.iter().skip(from).take_while(|(inner, _)| *inner == id).map(|(_, outer)| *outer));
    }
    admits
}
