//! Which types are the user's own, and what do they make needless?

use std::collections::{BTreeMap, BTreeSet};

use super::package::Dependency;
use crate::diagnostics::{Diagnostic, Diagnostics, codes};
use crate::ir::{Api, Operation, Shape, TypeId, Types, Use};
use crate::settings::{DependencySettings, RustPath, Settings, Substitute};

/// How deep lists, maps and aliases are looked through.
const DEEPEST: usize = 64;

/// The user's types, by what they stand in the place of.
#[derive(Debug, Default)]
pub(super) struct Substitutes<'s> {
    /// Schemas, which then have no definition.
    schemas: BTreeMap<TypeId, &'s Substitute>,
    /// Texts and numbers of a format. One that the document names keeps its name, as an alias.
    formats: BTreeMap<TypeId, &'s Substitute>,
    /// Fields.
    fields: BTreeMap<(TypeId, &'s str), &'s Substitute>,
    /// The types that operations still reach.
    reached: BTreeSet<TypeId>,
}

impl<'s> Substitutes<'s> {
    /// Finds them, and tells those that cannot stand where they should.
    pub(super) fn find(api: &Api, settings: &'s Settings, diagnostics: &mut Diagnostics) -> Self {
        let mut found = Self::default();
        for (id, ty) in api.types.iter() {
            if let Some(name) = api.types.component(id)
                && let Some(setting) = settings.schemas.get(name)
            {
                found.schemas.extend(setting.substitute.as_ref().map(|own| (id, own)));
                let fields = setting.properties.iter();
                found
                    .fields
                    .extend(fields.filter_map(|(name, one)| Some(((id, name.as_str()), one.substitute.as_ref()?))));
            }
            if let Some(setting) = ty.format.as_ref().and_then(|format| settings.formats.get(format))
                && matches!(ty.shape, Shape::Text(_) | Shape::Integer(_) | Shape::Number(_))
            {
                found.formats.extend(setting.substitute.as_ref().map(|own| (id, own)));
            }
        }
        found.reached = found.reach(api);
        tell_forms(api, settings, diagnostics);
        found
    }

    /// Every type that an operation mentions or that is asked for by itself, and what they mention in turn, the user's types apart.
    fn reach(&self, api: &Api) -> BTreeSet<TypeId> {
        let mut reached = BTreeSet::new();
        let mentioned = api.operations.iter().flat_map(Operation::mentions);
        let received = api.incoming.iter().map(|request| request.payload).chain(api.event.map(|event| event.used));
        let wanted = mentioned.chain(received).chain(api.vocabulary.iter().copied());
        let mut open: Vec<TypeId> = wanted.map(|used| used.ty).collect();
        while let Some(id) = open.pop() {
            if !reached.insert(id) || self.schemas.contains_key(&id) {
                continue;
            }
            match &api.types.get(id).shape {
                Shape::Record(record) => {
                    let own = |name: &str| self.fields.contains_key(&(id, name));
                    let fields = record.fields.iter().filter(|field| !own(&field.name)).map(|field| field.used);
                    open.extend(fields.chain(record.rest).map(|used| used.ty));
                }
                shape => open.extend(shape.mentions().into_iter().map(|used| used.ty)),
            }
        }
        reached
    }

    /// Whether an operation reaches a type that is not the user's own.
    pub(super) fn generated(&self, id: TypeId) -> bool {
        self.reached.contains(&id) && !self.schemas.contains_key(&id) && !self.formats.contains_key(&id)
    }

    /// Whether a type can have a definition.
    pub(super) fn defines(&self, id: TypeId) -> bool {
        self.reached.contains(&id) && !self.schemas.contains_key(&id)
    }

    /// The user's type in the place of this one.
    pub(super) fn of(&self, id: TypeId) -> Option<&'s RustPath> {
        self.schemas.get(&id).or_else(|| self.formats.get(&id)).map(|own| &own.path)
    }

    /// As [`Substitutes::of`], aliases looked through.
    pub(super) fn behind(&self, types: &Types, used: Use) -> Option<&'s RustPath> {
        let mut at = used.ty;
        for _ in 0..DEEPEST {
            if let Some(own) = self.of(at) {
                return Some(own);
            }
            let Shape::Alias(target) = &types.get(at).shape else { return None };
            at = target.ty;
        }
        None
    }

    /// Whether values of a type are the user's own, or lists or maps of such.
    pub(super) fn within(&self, types: &Types, used: Use) -> bool {
        let mut at = used;
        for _ in 0..DEEPEST {
            if self.of(at.ty).is_some() {
                return true;
            }
            match &types.get(at.ty).shape {
                Shape::List(inner) | Shape::Map(inner) | Shape::Alias(inner) => at = *inner,
                Shape::Tuple(items) => return items.iter().any(|item| self.of(types.resolve(*item).ty).is_some()),
                _ => return false,
            }
        }
        false
    }

    /// The user's type of a field.
    pub(super) fn of_field(&self, record: TypeId, field: &str) -> Option<&'s RustPath> {
        self.fields.get(&(record, field)).map(|own| &own.path)
    }

    /// What the user's types need, as far as they are used.
    pub(super) fn dependencies(&self, settings: &'s Settings) -> Vec<Dependency> {
        let used = |id: &TypeId| self.reached.contains(id);
        let types = self.schemas.iter().chain(&self.formats).filter(|(id, _)| used(id)).map(|(_, own)| *own);
        let fields = self.fields.iter().filter(|((id, _), _)| used(id) && self.defines(*id)).map(|(_, own)| *own);
        let crates: BTreeSet<&str> = types.chain(fields).flat_map(|own| own.path.crates()).collect();
        let declared: Vec<&DependencySettings> =
            settings.substitutes().filter_map(|own| own.dependency.as_ref()).collect();
        crates
            .into_iter()
            .filter_map(|needed| {
                let mut declared = declared.iter().filter(|one| one.name.replace('-', "_") == needed);
                let first = declared.next()?;
                let features: BTreeSet<&String> =
                    first.features.iter().chain(declared.flat_map(|other| &other.features)).collect();
                Some(Dependency {
                    name: first.name.clone(),
                    version: first.version.clone(),
                    path: first.path.clone(),
                    default_features: first.default_features,
                    features: features.into_iter().cloned().collect(),
                })
            })
            .collect()
    }

    /// Whether a used type of the user's own comes from this crate.
    pub(super) fn needs(&self, name: &str) -> bool {
        let types = self.schemas.iter().chain(&self.formats).map(|(id, own)| (*id, *own));
        let fields = self.fields.iter().map(|((id, _), own)| (*id, *own));
        types.chain(fields).any(|(id, own)| self.reached.contains(&id) && own.path.crates().any(|one| one == name))
    }
}

/// The form of a multipart body is no value that a type of another crate could be.
fn tell_forms(api: &Api, settings: &Settings, diagnostics: &mut Diagnostics) {
    let forms: BTreeSet<&String> =
        api.operations.iter().filter_map(|operation| operation.body.as_ref()?.form()?.component.as_ref()).collect();
    for (name, setting) in settings.schemas.iter().filter(|(name, _)| forms.contains(name)) {
        let of_fields = setting.properties.values().filter_map(|property| property.substitute.as_ref());
        for own in of_fields.chain(&setting.substitute) {
            diagnostics.push(
                Diagnostic::error(codes::SETTINGS_CONFLICT, format!("`{name}` is the form of a multipart body"))
                    .at_settings(&own.span, "no type can stand in the place of it or its parts"),
            );
        }
    }
}
