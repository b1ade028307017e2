//! Which alternatives does a union have, and what tells them apart?

use std::collections::{BTreeSet, HashMap, HashSet};

use super::merge::{Alternatives, Merged};
use super::scalar;
use super::schema::{Lowering, Source};
use crate::diagnostics::{Diagnostic, Pointer, codes};
use crate::ir::{Arm, Listed, Origin, Parent, Role, Shape, Tag, TextKind, TypeId, Types, Union, Use};
use crate::load::{JsonType, SchemaId, SchemaObject};

/// The shape of a schema with `oneOf` or `anyOf`; `None` where these say nothing about the type.
pub(super) fn of_branches(lowering: &mut Lowering<'_>, ty: TypeId, schema: SchemaId, merged: &Merged) -> Option<Shape> {
    let (first, others) = merged.unions.split_first()?;
    if !others.is_empty() {
        let pointer = lowering.document.schemas.get(schema).pointer.clone();
        lowering.diagnostics.push(
            Diagnostic::note(codes::IGNORED_KEYWORD, "a schema with several unions at once")
                .at(&pointer, "the first decides the type, the others are not checked"),
        );
    }
    let branches: Vec<SchemaId> =
        first.branches.iter().copied().filter(|&branch| !lowering.is_null_branch(branch)).collect();
    let parts: Vec<Merged> = branches.iter().map(|&branch| lowering.merge(&[branch], true)).collect();
    if branches.is_empty() || parts.iter().all(|part| !part.has_structure()) {
        // Branches that only require fields, or only bound values, leave the type as it is.
        return None;
    }
    if let Some(words) = words(&parts) {
        return Some(Shape::Enumeration(words));
    }
    let base = merged.has_fields().then_some(schema);
    let mut arms = Vec::with_capacity(branches.len());
    lowering.room.take_parts(branches.len());
    let owners = owners(&parts);
    for (position, (&branch, part)) in branches.iter().zip(&parts).enumerate() {
        let hint = hint(lowering, branch, part).or_else(|| own_field(part, &owners)).or_else(|| type_word(part));
        let origin = Origin::Inline { parent: Parent::Type(ty), role: Role::Branch(position, hint.clone()) };
        // What stands beside a union holds for each of its branches.
        let used = match base {
            Some(base) if part.has_fields() || !part.has_structure() => {
                Use { ty: lowering.reserve(Source::Branch { base, branch }, origin), nullable: false }
            }
            _ => Use { nullable: false, ..lowering.mention(branch, origin) },
        };
        arms.push(Arm { used, hint });
    }
    let tag = tag(lowering, first, &branches);
    Some(Shape::Union(Union { arms, tag, open: true }))
}

/// The shape of a schema that lists several types.
pub(super) fn of_types(lowering: &mut Lowering<'_>, ty: TypeId, schema: SchemaId, types: &[JsonType]) -> Shape {
    let arms = types
        .iter()
        .enumerate()
        .map(|(position, &only)| {
            let hint = Some(word_of(only).to_owned());
            let origin = Origin::Inline { parent: Parent::Type(ty), role: Role::Branch(position, hint.clone()) };
            Arm { used: Use { ty: lowering.reserve(Source::OneType(schema, only), origin), nullable: false }, hint }
        })
        .collect();
    Shape::Union(Union { arms, tag: None, open: true })
}

/// Once every shape is known: alternatives that come down to the same type are one, and a union of one is that one.
pub(super) fn settle(types: &mut Types) {
    let ids: Vec<TypeId> = types.iter().map(|(id, _)| id).collect();
    for id in ids {
        let Shape::Union(union) = &types.get(id).shape else { continue };
        let mut kept: Vec<Arm> = Vec::new();
        let mut positions = Vec::new();
        let mut mixed = BTreeSet::new();
        // Where a type is kept; those without parts stand for all of their shape, and there are few shapes of that sort.
        let mut known: HashMap<TypeId, usize> = HashMap::new();
        let mut plain: Vec<(TypeId, usize)> = Vec::new();
        for arm in &union.arms {
            let resolved = types.resolve(arm.used).ty;
            let alike = |&&(other, _): &&(TypeId, usize)| types.get(other).shape == types.get(resolved).shape;
            let position = known.get(&resolved).copied().or_else(|| plain.iter().find(alike).map(|(_, at)| *at));
            match position {
                Some(position) => {
                    let format = |used: Use| types.get(types.resolve(used).ty).format.as_ref();
                    if format(kept[position].used).is_some_and(|kept| format(arm.used) != Some(kept)) {
                        mixed.insert(position);
                    }
                    positions.push(position);
                }
                None => {
                    known.insert(resolved, kept.len());
                    if is_plain(types, resolved) {
                        plain.push((resolved, kept.len()));
                    }
                    positions.push(kept.len());
                    kept.push(arm.clone());
                }
            }
        }
        let tag = union.tag.clone();
        // A value may have any of the formats, so the type has none.
        for position in mixed {
            let arm: &mut Arm = &mut kept[position];
            let like = types.get(types.resolve(arm.used).ty);
            let (shape, pointer) = (like.shape.clone(), like.pointer.clone());
            arm.used.ty = types.reserve(Origin::Inline { parent: Parent::Type(id), role: Role::Value }, pointer);
            types.get_mut(arm.used.ty).shape = shape;
        }
        let anything = kept.iter().any(|arm| types.get(types.resolve(arm.used).ty).shape == Shape::Anything);
        let tag = tag.map(|tag| Tag {
            values: tag
                .values
                .into_iter()
                .map(|(value, arm)| (value, positions.get(arm).copied().unwrap_or(arm)))
                .collect(),
            field: tag.field,
        });
        let shape = match kept.as_slice() {
            _ if anything => Shape::Anything,
            [] => Shape::Anything,
            [only] if tag.is_none() && types.resolve(only.used).ty != id => Shape::Alias(only.used),
            _ => Shape::Union(Union { arms: kept, tag, open: true }),
        };
        types.get_mut(id).shape = shape;
    }
}

/// Whether a type has no parts of its own, so that an equal shape is the same type.
fn is_plain(types: &Types, id: TypeId) -> bool {
    matches!(
        types.get(id).shape,
        Shape::Nothing | Shape::Boolean | Shape::Integer(_) | Shape::Number(_) | Shape::Text(_) | Shape::Anything
    )
}

/// The words of a union whose every branch is a word, a list of words, or any text at all.
fn words(parts: &[Merged]) -> Option<crate::ir::Enumeration> {
    if let Some(numbers) = numbers(parts) {
        return Some(numbers);
    }
    let mut words = Vec::new();
    let mut any_text = false;
    for part in parts {
        if part.has_fields() || !part.unions.is_empty() {
            return None;
        }
        match scalar::listed(part) {
            Some(Shape::Enumeration(listed)) if listed.listed == Listed::Words => words.extend(listed.values),
            Some(_) => return None,
            None if part.types == [JsonType::String] => match scalar::text(part) {
                Shape::Text(TextKind::Plain) => any_text = true,
                Shape::Enumeration(listed) => words.extend(listed.values),
                _ => return None,
            },
            None => return None,
        }
    }
    if words.is_empty() {
        return None;
    }
    let mut all = scalar::enumeration(words.iter().map(String::as_str));
    all.open |= any_text;
    Some(all)
}

/// The numbers of a union whose every branch is a number or a list of numbers; a branch of one is called as its title says.
fn numbers(parts: &[Merged]) -> Option<crate::ir::Enumeration> {
    let mut all = crate::ir::Enumeration { listed: Listed::Integers, open: true, ..crate::ir::Enumeration::default() };
    for part in parts {
        let listed = match scalar::listed(part)? {
            Shape::Enumeration(listed) if listed.listed == Listed::Integers => listed,
            _ => return None,
        };
        let title = part.docs.title.as_ref().filter(|_| listed.values.len() == 1);
        for (value, label) in listed.values.into_iter().zip(listed.labels) {
            if !all.values.contains(&value) {
                all.labels.push(title.cloned().unwrap_or(label));
                all.values.push(value);
            }
        }
    }
    (all.values.len() > 1).then_some(all)
}

/// The name that the document itself gives a branch.
fn hint(lowering: &Lowering<'_>, branch: SchemaId, part: &Merged) -> Option<String> {
    let object = lowering.object(branch)?;
    if let Some(title) = &object.title {
        return Some(title.clone());
    }
    if let Some(name) = referred_name(lowering, object).or_else(|| match object.all_of.as_slice() {
        [only] => referred_name(lowering, lowering.object(*only)?),
        _ => None,
    }) {
        return Some(name.to_owned());
    }
    let constant = part.properties.iter().find_map(|(_, property)| {
        let property = lowering.object(*property)?;
        property.constant.as_ref().and_then(serde_json::Value::as_str).or_else(|| {
            match property.enumeration.as_deref() {
                Some([only]) => only.as_str(),
                _ => None,
            }
        })
    });
    if let Some(constant) = constant {
        return Some(constant.to_owned());
    }
    if let Some(serde_json::Value::String(word)) = &part.constant {
        return Some(word.clone());
    }
    None
}

/// How many of the branches have a field of a name, where more than one of them has fields.
fn owners(parts: &[Merged]) -> HashMap<&str, usize> {
    let mut owners = HashMap::new();
    if parts.iter().filter(|part| part.has_fields()).nth(1).is_some() {
        for (name, _) in parts.iter().flat_map(|part| &part.properties) {
            *owners.entry(name.as_str()).or_default() += 1;
        }
    }
    owners
}

/// The field that an object has and its siblings have not, the required ones first.
fn own_field(part: &Merged, owners: &HashMap<&str, usize>) -> Option<String> {
    let alone = |name: &&String| owners.get(name.as_str()) == Some(&1);
    let declared = |name: &&String| part.properties.binary_search_by(|(known, _)| known.cmp(name)).is_ok();
    let mut names = part.required.iter().filter(declared).chain(part.properties.iter().map(|(name, _)| name));
    names.find(alone).cloned()
}

/// The JSON type, or the format, of a branch that has no name.
fn type_word(part: &Merged) -> Option<String> {
    let only = match part.types.as_slice() {
        [only] => Some(*only),
        _ => scalar::implied(part),
    }?;
    if only == JsonType::String && matches!(part.format.as_deref(), Some("date-time" | "date" | "uuid" | "uri")) {
        return part.format.clone();
    }
    Some(word_of(only).to_owned())
}

/// What the schema that a reference names is called.
fn referred_name<'d>(lowering: &Lowering<'d>, object: &SchemaObject) -> Option<&'d str> {
    let target = lowering.document.schemas.at(object.reference.as_ref()?)?;
    lowering.unwrapped(target).1
}

fn word_of(ty: JsonType) -> &'static str {
    match ty {
        JsonType::Null => "null",
        JsonType::Boolean => "boolean",
        JsonType::Integer => "integer",
        JsonType::Number => "number",
        JsonType::String => "string",
        JsonType::Array => "list",
        JsonType::Object => "object",
    }
}

/// What the discriminator says, by position of the branch: values that are mapped, and names of schemas that no mapping names.
fn tag(lowering: &mut Lowering<'_>, union: &Alternatives, branches: &[SchemaId]) -> Option<Tag> {
    let discriminator = union.discriminator.as_ref()?;
    let targets: Vec<Option<SchemaId>> = branches
        .iter()
        .map(|&branch| {
            let target = lowering.object(branch)?.reference.as_ref()?;
            lowering.document.schemas.at(target)
        })
        .collect();
    // Of several branches that a value may mean, the first.
    let (mut by_target, mut by_end, mut by_word) = (HashMap::new(), HashMap::new(), HashMap::new());
    for (position, (&branch, target)) in branches.iter().zip(&targets).enumerate() {
        // A mapping may lead to the place where a branch stands.
        by_target.entry(branch).or_insert(position);
        let Some(target) = *target else { continue };
        let (end, name) = lowering.unwrapped(target);
        by_target.entry(target).or_insert(position);
        by_end.entry(end).or_insert(position);
        by_word.entry(name).or_insert(position);
    }
    let schemas = Pointer::root().join("components").join("schemas");
    let mut values: Vec<(String, usize)> = Vec::new();
    for (value, target) in &discriminator.mapping {
        // A mapping names a schema (OpenAPI 3.1, 4.8.25) or refers to it.
        let name = target.rsplit('/').next().unwrap_or(target);
        let referred = Pointer::from_reference(target).and_then(|pointer| lowering.document.schemas.at(&pointer));
        let by_name = || lowering.document.schemas.at(&schemas.join(name));
        let mapped = referred.or_else(by_name);
        let end = mapped.map(|mapped| lowering.unwrapped(mapped).0);
        let known = mapped.and_then(|mapped| by_target.get(&mapped)).or_else(|| by_end.get(&end?));
        // A name of another file says which schema is meant, if only one of the branches is called so.
        match known.or_else(|| by_word.get(&Some(name))).copied() {
            Some(position) => values.push((value.clone(), position)),
            None => {
                let place = lowering.document.schemas.get(branches[0]).pointer.parent().and_then(|at| at.parent());
                let place = place.unwrap_or_else(Pointer::root).join("discriminator").join("mapping").join(value);
                let shown = Pointer::from_reference(target).map_or_else(|| target.clone(), |target| target.to_string());
                lowering.diagnostics.push(
                    Diagnostic::warning(codes::DISCRIMINATOR, format!("`{shown}` is no branch of this union"))
                        .at(&place, "mapped here")
                        .help("a value with this tag is kept as JSON"),
                );
            }
        }
    }
    let mapped: HashSet<usize> = values.iter().map(|&(_, position)| position).collect();
    for (position, target) in targets.iter().enumerate() {
        if let (false, Some(name)) =
            (mapped.contains(&position), target.and_then(|target| lowering.unwrapped(target).1))
        {
            values.push((name.to_owned(), position));
        }
    }
    values.sort();
    Some(Tag { field: discriminator.property_name.clone(), values })
}
