//! What is each type called?
//!
//! Components keep their names; what has none is named for where it stands. Overrides come first, and nothing depends on the
//! order in which the document says things.

use std::collections::{BTreeMap, BTreeSet};

use super::names::{self, Ident, Namespace};
use super::status::status_word;
use super::substitutes::Substitutes;
use crate::diagnostics::{Diagnostic, Diagnostics, Pointer, codes};
use crate::ir::{Api, Origin, Parent, Role, Shape, TypeId};
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
    for (place, id) in super::pins::places(api, named) {
        let Some(pinned) = settings.pinned.get(&place) else { continue };
        let wanted = names::chosen(pinned, names::camel);
        // Two lines of one name, or a name that means something else: named anew.
        if namespace.is_free(&wanted) && unreserved(wanted.clone()) == wanted {
            keepers.insert(wanted.clone(), api.types.get(id).pointer.as_str());
            names.by_type.insert(id, namespace.take(&wanted));
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
    for (_, id) in inline {
        let name = namespace.take(&unreserved(names::camel(&place_name(api, &names, methods, id))));
        names.by_type.insert(id, name);
    }
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
fn unreserved(wanted: Ident) -> Ident {
    if RESERVED.contains(&wanted.as_str()) { names::camel(&format!("{} type", wanted.plain())) } else { wanted }
}

/// Whether a type without a name of its own must get one.
fn needs_name(shape: &Shape) -> bool {
    matches!(shape, Shape::Enumeration(_) | Shape::Record(_) | Shape::Union(_))
}

/// The name of a type by where it stands: what it is part of, then which part.
fn place_name(api: &Api, names: &TypeNames, methods: &[Ident], id: TypeId) -> String {
    let mut steps: Vec<String> = Vec::new();
    let mut singular_next = false;
    let mut at = id;
    // As long as there are types: origins lead up, never around.
    for _ in 0..=api.types.len() {
        match &api.types.get(at).origin {
            Origin::Component(_) => {
                let base = names.by_type.get(&at).map(|name| name.plain().to_owned()).unwrap_or_default();
                steps.push(if singular_next { item_of(&base) } else { base });
                break;
            }
            Origin::Inline { parent, role } => {
                match role {
                    Role::Item if singular_next => steps.push("item".to_owned()),
                    Role::Item => singular_next = true,
                    other => {
                        let step = word_of(api, other, parent);
                        steps.push(if singular_next { item_of(&step) } else { step });
                        singular_next = false;
                    }
                }
                match parent {
                    Parent::Type(parent) => at = *parent,
                    Parent::Operation(position) => {
                        steps.push(methods[*position].plain().to_owned());
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
    steps.join(" ")
}

/// Which part of its parent a type is, in a word or two.
fn word_of(api: &Api, role: &Role, parent: &Parent) -> String {
    match role {
        Role::Field(field) => field.clone(),
        Role::Item => "item".to_owned(),
        Role::Value => "value".to_owned(),
        Role::Branch(_, Some(hint)) => hint.clone(),
        Role::Branch(_, None) => "other".to_owned(),
        Role::Request => "request".to_owned(),
        Role::Parameter(name) => name.clone(),
        Role::Answer(status) => {
            let only = match parent {
                Parent::Operation(position) => {
                    let successes = api.operations[*position].successes();
                    matches!(successes.as_slice(), [only] if only.status == *status)
                }
                // What is named for itself has one answer.
                Parent::Named(_) => true,
                Parent::Type(_) => false,
            };
            if only { "response".to_owned() } else { format!("{} response", status_word(*status)) }
        }
    }
}

/// One item of something with this name.
fn item_of(name: &str) -> String {
    names::singular(name).unwrap_or_else(|| format!("{name} item"))
}
