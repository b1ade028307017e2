//! Which traits does each type derive that were asked for?
//!
//! `PartialEq` is always there; `Eq`, `Hash` and `Ord` cost everybody who compiles the crate, so `client.toml` asks for them: for
//! all types, which get them where they can, or for a schema with all that it holds, which then must be able to.

use std::collections::BTreeSet;

use super::rust::{RustType, TypePlan};
use crate::diagnostics::{Diagnostic, Diagnostics, codes};
use crate::ir::{Api, Listed, Shape, TypeId, Use};
use crate::settings::{Derives, Settings};

/// Everything.
const ALL: Derives = Derives { eq: true, hash: true, ord: true };

impl Derives {
    fn and(self, other: Self) -> Self {
        Self { eq: self.eq && other.eq, hash: self.hash && other.hash, ord: self.ord && other.ord }
    }

    fn or(self, other: Self) -> Self {
        Self { eq: self.eq || other.eq, hash: self.hash || other.hash, ord: self.ord || other.ord }
    }
}

/// What a type can derive, given what each of the crate's can.
fn possible(types: &[Derives], ty: &RustType) -> Derives {
    match ty {
        RustType::Unit
        | RustType::Bool
        | RustType::I32
        | RustType::I64
        | RustType::U32
        | RustType::U64
        | RustType::Decimal
        | RustType::String
        | RustType::Timestamp
        | RustType::Date
        | RustType::Uuid
        | RustType::Bytes => ALL,
        // No order says anything about what is hidden, nor about any JSON value.
        RustType::Secret | RustType::Json => Derives { ord: false, ..ALL },
        // Nobody knows what a type of the user's own can.
        RustType::F32 | RustType::F64 | RustType::Own(_) => Derives::default(),
        RustType::Named(id) => types[id.index()],
        RustType::List(inner)
        | RustType::Map(inner)
        | RustType::Option(inner)
        | RustType::Nullable(inner)
        | RustType::Boxed(inner) => possible(types, inner),
        RustType::Tuple(items) => items.iter().fold(ALL, |all, item| all.and(possible(types, item))),
    }
}

/// What a type is made of, with a word for each part.
fn parts<'t>(shape: &'t Shape, planned: &'t TypePlan) -> Vec<(&'t str, &'t RustType)> {
    match shape {
        Shape::Record(record) => {
            let names = record.fields.iter().map(|field| field.name.as_str());
            let fields = names.zip(planned.fields.iter().map(|field| &field.ty));
            fields.chain(planned.rest.iter().map(|(ident, ty)| (ident.plain(), ty))).collect()
        }
        Shape::Union(_) => {
            let arms = planned.union.iter().flat_map(|union| &union.arms);
            let kept =
                planned.union.iter().filter_map(|union| Some((union.unknown.as_ref()?.plain(), &RustType::Json)));
            arms.map(|arm| (arm.ident.plain(), &arm.ty)).chain(kept).collect()
        }
        _ => planned.alias.iter().map(|alias| ("what it stands for", alias)).collect(),
    }
}

/// Decides what each type derives, and tells what cannot be had.
pub(super) fn fill(api: &Api, settings: &Settings, types: &mut [TypePlan], diagnostics: &mut Diagnostics) {
    let asked: Vec<_> = settings.schemas.iter().filter(|(_, schema)| schema.derive != Derives::default()).collect();
    if asked.is_empty() && settings.types.derive == Derives::default() {
        return;
    }
    // All can, until a part of theirs cannot; what holds itself can what its other parts can.
    let mut can: Vec<Derives> =
        types.iter().map(|ty| if ty.own.is_some() { Derives::default() } else { ALL }).collect();
    loop {
        let mut settled = true;
        for (id, ty) in api.types.iter() {
            let planned = &types[id.index()];
            let now = match &ty.shape {
                Shape::Enumeration(listed) if listed.listed == Listed::Values && planned.unknown.is_some() => {
                    Derives { ord: false, ..ALL }
                }
                shape => parts(shape, planned).iter().fold(ALL, |all, (_, part)| all.and(possible(&can, part))),
            };
            let now = now.and(can[id.index()]);
            settled &= now == can[id.index()];
            can[id.index()] = now;
        }
        if settled {
            break;
        }
    }
    let mut wanted = vec![settings.types.derive; types.len()];
    for (name, schema) in asked {
        let named = |id: &TypeId| api.types.component(*id) == Some(name);
        let roots: BTreeSet<TypeId> = api.types.iter().map(|(id, _)| id).filter(named).collect();
        for id in &roots {
            let missing = schema.derive.or(can[id.index()]) != can[id.index()];
            if missing {
                let parts = parts(&api.types.get(*id).shape, &types[id.index()]);
                let can_not = |part: &RustType| schema.derive.or(possible(&can, part)) != possible(&can, part);
                let culprit = parts.into_iter().find(|(_, part)| can_not(part)).map_or("its type", |(word, _)| word);
                diagnostics.push(
                    Diagnostic::error(codes::SETTINGS_CONFLICT, format!("`{name}` cannot have all that it is to derive"))
                        .at_settings(&schema.span, "asked for here")
                        .help(format!("`{culprit}` is in the way: numbers with a fraction have no `Eq`, secrets and JSON no `Ord`, and of types of your own it is not known")),
                );
            }
        }
        let roots = roots.into_iter().map(|ty| Use { ty, nullable: false });
        for id in api.types.closure(roots) {
            wanted[id.index()] = wanted[id.index()].or(schema.derive);
        }
    }
    for ((planned, can), wanted) in types.iter_mut().zip(&can).zip(wanted) {
        planned.derives = wanted.and(*can);
    }
}

/// What a struct of fields of these types derives of what all types are asked for.
pub(super) fn of_fields<'t>(
    settings: &Settings,
    types: &[TypePlan],
    mut fields: impl Iterator<Item = &'t RustType>,
) -> Derives {
    let asked = settings.types.derive;
    if asked == Derives::default() {
        return asked;
    }
    let derived: Vec<Derives> = types.iter().map(|ty| ty.derives).collect();
    fields.by_ref().fold(asked, |all, ty| all.and(possible(&derived, ty)))
}
