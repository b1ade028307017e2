//! Under which name does `names.lock` know a type?
//!
//! By where it stands in the meaning of the document, not in its text: `User > address`, `GET /users > 200 > []`. So a type that
//! moves within a file is still itself, and one alternative more of a union does not shift the others.

use std::collections::{BTreeMap, BTreeSet};

use super::status::status_word;
use super::type_names::TypeNames;
use crate::ir::{Api, Origin, Parent, Role, TypeId};
use crate::settings::Settings;

/// The places of types, each with the type that was found there, of which another may stand in the place; a place that several types
/// share tells none of them.
pub(super) fn places(api: &Api, named: impl IntoIterator<Item = TypeId>) -> BTreeMap<String, TypeId> {
    let named: BTreeSet<TypeId> = named.into_iter().collect();
    let replaced = api.types.replaced().iter().filter(|(_, stands)| named.contains(stands)).map(|(at, _)| at);
    let mut found: BTreeMap<String, Option<TypeId>> = BTreeMap::new();
    for at in named.iter().chain(replaced.filter(|at| !named.contains(at))) {
        let alike = |known: TypeId| api.types.standing(known) == api.types.standing(*at);
        found
            .entry(place(api, *at))
            .and_modify(|known| *known = known.filter(|known| alike(*known)))
            .or_insert(Some(*at));
    }
    found.into_iter().filter_map(|(place, id)| Some((place, id?))).collect()
}

/// What `names.lock` should say: every name that the user did not choose in `client.toml`.
pub(super) fn pins(api: &Api, settings: &Settings, names: &TypeNames) -> BTreeMap<String, String> {
    let chosen = |id: TypeId| match &api.types.get(id).origin {
        Origin::Component(name) => settings.schemas.get(name).is_some_and(|schema| schema.name.is_some()),
        Origin::Inline { .. } => false,
    };
    let named = names.by_type.keys().copied().filter(|id| !chosen(*id));
    let name = |id: TypeId| {
        let name = names.by_type.get(&id).or_else(|| names.by_type.get(&api.types.standing(id)))?;
        Some(name.plain().to_owned())
    };
    places(api, named).into_iter().filter_map(|(place, id)| Some((place, name(id)?))).collect()
}

fn place(api: &Api, id: TypeId) -> String {
    let mut steps: Vec<String> = Vec::new();
    let mut at = id;
    // As long as there are types: origins lead up, never around.
    for _ in 0..=api.types.len() {
        match &api.types.get(at).origin {
            Origin::Component(name) => {
                steps.push(name.clone());
                break;
            }
            Origin::Inline { parent, role } => {
                steps.push(match (role, parent) {
                    // A field may be called `request`.
                    (Role::Request, Parent::Type(_)) => "(request)".to_owned(),
                    _ => step(role),
                });
                match parent {
                    Parent::Type(parent) => at = *parent,
                    Parent::Operation(position) => {
                        let operation = &api.operations[*position];
                        steps.push(format!("{} {}", operation.method.name(), operation.path));
                        break;
                    }
                    Parent::Named(name) => {
                        steps.push(name.clone());
                        break;
                    }
                }
            }
        }
    }
    steps.reverse();
    steps.join(" > ")
}

fn step(role: &Role) -> String {
    match role {
        Role::Field(name) => name.clone(),
        Role::Item => "[]".to_owned(),
        Role::Value => "{}".to_owned(),
        Role::Branch(_, Some(hint)) => format!("| {hint}"),
        Role::Branch(position, None) => format!("| {position}"),
        Role::Request => "request".to_owned(),
        Role::Answer(status) => format!("{} answer", status_word(*status)),
        Role::Parameter(name) => format!("? {name}"),
    }
}
