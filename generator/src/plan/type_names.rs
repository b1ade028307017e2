//! What is each type called?
//!
//! Components keep their names; what has none is named for where it stands. Overrides come first, and nothing depends on the
//! order in which the document says things.

use std::collections::{BTreeMap, BTreeSet};

use super::names::{self, Ident, Namespace};
use super::substitutes::Substitutes;
use super::{places, shared_names};
use crate::diagnostics::{Diagnostic, Diagnostics, Pointer, codes};
use crate::ir::{Api, Origin, Shape, TypeId};
use crate::settings::Settings;

/// Names that mean something else where types are defined and used.
const RESERVED: &[&str] = &[
    "Option",
    "Vec",
    "String",
    "Box",
    "Result",
    "Self",
    "Nullable",
    "Secret",
    "Part",
    "Some",
    "None",
    "Ok",
    "Err",
    "Default",
    "From",
    "Into",
    "Clone",
    "Debug",
    "PartialEq",
    "Serialize",
    "Deserialize",
    "Iterator",
    "Send",
    "Sync",
    "Copy",
    "Eq",
    "Hash",
    "FormData",
    "BTreeMap",
];

/// The names of the types that have a definition.
pub(super) struct TypeNames {
    pub by_type: BTreeMap<TypeId, Ident>,
    /// The form structs of multipart bodies, by position of the operation.
    pub forms: BTreeMap<usize, Ident>,
}

/// Names every type that needs one.
pub(super) fn name(
    api: &Api,
    settings: &Settings,
    methods: &[Ident],
    own: &Substitutes<'_>,
    diagnostics: &mut Diagnostics,
) -> TypeNames {
    let mut namespace = Namespace::default();
    let mut names = TypeNames { by_type: BTreeMap::new(), forms: BTreeMap::new() };

    let mut components: Vec<(&String, TypeId)> = Vec::new();
    let mut inline: Vec<(&str, TypeId)> = Vec::new();
    for (id, ty) in api.types.iter() {
        match &ty.origin {
            Origin::Component(component) => components.push((component, id)),
            Origin::Inline { .. } if needs_name(&ty.shape) && own.defines(id) => inline.push((ty.pointer.as_str(), id)),
            Origin::Inline { .. } => {}
        }
    }
    components.sort();
    inline.sort();
    let taken: BTreeSet<&str> = components.iter().map(|(component, _)| component.as_str()).collect();

    for (key, setting) in &settings.schemas {
        let form = |operation: &crate::ir::Operation| {
            operation
                .body
                .as_ref()
                .and_then(crate::ir::Body::form)
                .is_some_and(|form| form.component.as_ref() == Some(key))
        };
        if !components.iter().any(|(component, _)| *component == key) && !api.operations.iter().any(form) {
            diagnostics.push(
                Diagnostic::error(codes::SETTINGS_UNMATCHED, format!("no operation reaches a schema named `{key}`"))
                    .at_settings(&setting.span, "named here")
                    .help("the key is the name of a schema under `components.schemas`"),
            );
        }
    }
    components.retain(|(_, id)| own.defines(*id));
    let override_of = |component: &str| settings.schemas.get(component).and_then(|schema| schema.name.as_deref());
    let mut keepers = BTreeMap::new();
    let (chosen, mut others): (Vec<_>, Vec<_>) =
        components.into_iter().partition(|(component, _)| override_of(component).is_some());
    for (component, id) in chosen {
        let wanted = names::chosen(override_of(component).unwrap_or_default(), names::camel);
        let place = (component.as_str(), api.types.get(id).pointer.as_str());
        names.by_type.insert(id, take(&mut namespace, &mut keepers, &wanted, place, diagnostics));
    }
    let named = others.iter().map(|(_, id)| *id).chain(inline.iter().map(|(_, id)| *id));
    let pinned = super::pins::places(api, named);
    let pinned = pinned.iter().filter_map(|(place, id)| Some((*id, settings.pinned.get(place)?)));
    let (own, others_too): (Vec<_>, Vec<_>) = pinned.partition(|(id, _)| api.types.standing(*id) == *id);
    for (id, pinned) in own.into_iter().chain(others_too) {
        let wanted = names::chosen(pinned, names::camel);
        // Two lines of one name, or a name that means something else: named anew.
        if namespace.is_free(&wanted) && unreserved(wanted.clone()) == wanted {
            // A type that has become equal to another keeps its name beside the other's, as an alias.
            let standing = api.types.standing(id);
            let named = if names.by_type.contains_key(&standing) { id } else { standing };
            keepers.insert(wanted.clone(), api.types.get(named).pointer.as_str());
            names.by_type.insert(named, namespace.take(&wanted));
        }
    }
    others.retain(|(_, id)| !names.by_type.contains_key(id));
    inline.retain(|(_, id)| !names.by_type.contains_key(id));
    // Whoever is spelled like its Rust name already has the better claim to it.
    // Of two files' schemas of one name, the one whose place sorts first, whatever was read first.
    let mut others: Vec<(bool, &String, &str, TypeId)> = others
        .into_iter()
        .map(|(component, id)| {
            (names::camel(component).as_str() != component, component, api.types.get(id).pointer.as_str(), id)
        })
        .collect();
    others.sort();
    for (_, component, _, id) in others {
        let place = (component.as_str(), api.types.get(id).pointer.as_str());
        names.by_type.insert(id, take(&mut namespace, &mut keepers, &names::camel(component), place, diagnostics));
    }
    let mut forms: BTreeMap<&str, Ident> = BTreeMap::new();
    for (position, operation) in api.operations.iter().enumerate() {
        if let Some(form) = operation.body.as_ref().and_then(crate::ir::Body::form) {
            // What is also sent or answered as a value has that name already.
            let component = form.component.as_ref();
            let component = component.filter(|name| !taken.contains(name.as_str()));
            let wanted = match component {
                Some(component) => override_of(component)
                    .map_or_else(|| names::camel(component), |chosen| names::chosen(chosen, names::camel)),
                None => {
                    let name = form.component.as_deref().unwrap_or_else(|| methods[position].plain());
                    names::camel(&format!("{name} form"))
                }
            };
            // Operations that send the same form share its struct.
            let known = forms.entry(form.pointer.as_str()).or_insert_with(|| namespace.take(&wanted));
            names.forms.insert(position, known.clone());
        }
    }
    let (alone, shared): (Vec<_>, Vec<_>) =
        inline.into_iter().map(|(_, id)| id).partition(|id| api.types.get(*id).elsewhere == 0);
    for id in alone {
        let wanted = unreserved(names::camel(&places::words(&places::of(api, &names, methods, id))));
        names.by_type.insert(id, namespace.take(&wanted));
    }
    shared_names::name(api, methods, &shared, &mut namespace, &mut names);
    names
}

/// Takes a name for a component (by its name and its place), and tells if another component keeps it.
fn take<'c>(
    namespace: &mut Namespace,
    keepers: &mut BTreeMap<Ident, &'c str>,
    wanted: &Ident,
    (component, place): (&str, &'c str),
    diagnostics: &mut Diagnostics,
) -> Ident {
    let wanted = &unreserved(wanted.clone());
    if namespace.is_free(wanted) {
        keepers.insert(wanted.clone(), place);
        return namespace.take(wanted);
    }
    let name = namespace.take(wanted);
    let mut said = Diagnostic::warning(codes::NAME_COLLISION, format!("two schemas would both be named `{wanted}`"))
        .at_key(&Pointer::from_canonical(place), format!("becomes `{name}`"));
    if let Some(keeper) = keepers.get(wanted) {
        said = said.at_key(&Pointer::from_canonical(keeper), format!("keeps `{wanted}`"));
    }
    diagnostics.push(said.help(format!("to choose yourself, in client.toml: [schemas.\"{component}\"] name = \"…\"")));
    name
}

/// A name that means nothing else yet.
pub(super) fn unreserved(wanted: Ident) -> Ident {
    if RESERVED.contains(&wanted.as_str()) { names::camel(&format!("{} type", wanted.plain())) } else { wanted }
}

/// Whether a type without a name of its own must get one.
fn needs_name(shape: &Shape) -> bool {
    matches!(shape, Shape::Enumeration(_) | Shape::Record(_) | Shape::Union(_))
}
