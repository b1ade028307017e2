//! How does what was answered become what is sent, where a type is two?
//!
//! Only where all that is sent was answered, or may be left out: nobody can make up a password. Whether a type does depends on what it
//! holds, which may hold it again; so each is taken to do until it turns out not to.

use std::collections::{BTreeMap, BTreeSet};

use super::names::Ident;
use super::rust::{self, RustType, TypePlan};
use crate::ir::{Api, Origin, Parent, Role, Shape, TypeId};

/// How a type is made of its answered form.
#[derive(Debug, Clone)]
pub struct SentBack {
    /// The answered form.
    pub from: RustType,
    /// Its fields, or the alternatives of a union, parallel to the plan's: what each is called there, and what is done with it. `None`
    /// for a field that was not answered and is left out.
    pub parts: Vec<Option<(Ident, Conversion)>>,
    /// What the field that keeps what no other does is called there.
    pub rest: Option<Ident>,
}

/// How a value of the answered form becomes one that is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Conversion {
    /// It is one.
    Same,
    /// It has a conversion of its own.
    Into,
    /// Each item of a list.
    Items(Box<Conversion>),
    /// Each value of a map.
    Values(Box<Conversion>),
    /// The value of an `Option` or a `Nullable`, if there is one.
    Within(Box<Conversion>),
    /// The value in a box.
    Boxed(Box<Conversion>),
}

/// Fills in how the sent forms of types are made of their answered forms.
pub(super) fn fill(api: &Api, plans: &mut [TypePlan]) {
    let named = |id: TypeId| {
        let plan = &plans[id.index()];
        let divided = matches!(api.types.get(id).shape, Shape::Record(_) | Shape::Union(_));
        divided && plan.name.is_some() && plan.own.is_none()
    };
    let mut pairs: BTreeMap<TypeId, TypeId> = api
        .types
        .iter()
        .filter_map(|(id, ty)| match &ty.origin {
            Origin::Inline { parent: Parent::Type(answered), role: Role::Request } => Some((id, *answered)),
            _ => None,
        })
        .filter(|(sent, answered)| named(*sent) && named(*answered))
        .collect();
    loop {
        let into: BTreeSet<(TypeId, TypeId)> = pairs.iter().map(|(&sent, &answered)| (answered, sent)).collect();
        let found = pairs.iter().filter_map(|(&sent, &answered)| {
            let parts = parts(api, plans, (answered, sent), &into)?;
            let rest = plans[answered.index()].rest.as_ref().map(|(ident, _)| ident.clone());
            Some((sent, SentBack { from: RustType::Named(answered), parts, rest }))
        });
        let found: Vec<(TypeId, SentBack)> = found.collect();
        if found.len() == pairs.len() {
            for (sent, how) in found {
                plans[sent.index()].sent_back = Some(how);
            }
            return;
        }
        pairs = found.iter().map(|(sent, _)| (*sent, pairs[sent])).collect();
    }
}

fn parts(
    api: &Api,
    plans: &[TypePlan],
    (answered, sent): (TypeId, TypeId),
    into: &BTreeSet<(TypeId, TypeId)>,
) -> Option<Vec<Option<(Ident, Conversion)>>> {
    let (from, to) = (&plans[answered.index()], &plans[sent.index()]);
    match (&api.types.get(answered).shape, &api.types.get(sent).shape) {
        (Shape::Record(had), Shape::Record(wanted)) => {
            if from.rest.as_ref().map(|(_, ty)| rust::bare(plans, ty, 0))
                != to.rest.as_ref().map(|(_, ty)| rust::bare(plans, ty, 0))
            {
                return None;
            }
            let fields = wanted.fields.iter().zip(&to.fields);
            let parts = fields.map(|(field, planned)| match had.fields.iter().position(|had| had.name == field.name) {
                Some(at) => {
                    let had = &from.fields[at];
                    let how = conversion(plans, &had.ty, &planned.ty, into)?;
                    Some(Some((had.ident.clone(), how)))
                }
                None => (planned.constant || !planned.is_given()).then_some(None),
            });
            parts.collect()
        }
        (Shape::Union(_), Shape::Union(_)) => {
            let (from, to) = (from.union.as_ref()?, to.union.as_ref()?);
            if from.unknown != to.unknown || from.arms.len() != to.arms.len() {
                return None;
            }
            let parts = to.arms.iter().map(|arm| {
                let had = from.arms.iter().find(|had| had.ident == arm.ident)?;
                let how = conversion(plans, &had.ty, &arm.ty, into)?;
                Some(Some((had.ident.clone(), how)))
            });
            parts.collect()
        }
        _ => None,
    }
}

fn conversion(
    plans: &[TypePlan],
    from: &RustType,
    to: &RustType,
    into: &BTreeSet<(TypeId, TypeId)>,
) -> Option<Conversion> {
    within(&rust::bare(plans, from, 0), &rust::bare(plans, to, 0), into)
}

fn within(from: &RustType, to: &RustType, into: &BTreeSet<(TypeId, TypeId)>) -> Option<Conversion> {
    if from == to {
        return Some(Conversion::Same);
    }
    let inner = |from, to| within(from, to, into).map(Box::new);
    Some(match (from, to) {
        (RustType::Named(from), RustType::Named(to)) if into.contains(&(*from, *to)) => Conversion::Into,
        (RustType::List(from), RustType::List(to)) => Conversion::Items(inner(from, to)?),
        (RustType::Map(from), RustType::Map(to)) => Conversion::Values(inner(from, to)?),
        (RustType::Option(from), RustType::Option(to)) | (RustType::Nullable(from), RustType::Nullable(to)) => {
            Conversion::Within(inner(from, to)?)
        }
        (RustType::Boxed(from), RustType::Boxed(to)) => Conversion::Boxed(inner(from, to)?),
        _ => return None,
    })
}
