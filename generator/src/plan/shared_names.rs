//! What is a type called that stands in several places?
//!
//! For what these have in common: what they begin with and what they end with. Where two types would be called the same, each is called by
//! the fewest last steps of its first place that say what no other type is called. Nobody comes first, so that one more type does
//! not take another's name.

use std::collections::{BTreeMap, BTreeSet};

use super::names::{self, Ident, Namespace};
use super::places::{self, Step};
use super::type_names::{TypeNames, unreserved};
use crate::ir::{Api, Shape, TypeId};

/// Names these types, which have no other name.
pub(super) fn name(api: &Api, methods: &[Ident], shared: &[TypeId], namespace: &mut Namespace, names: &mut TypeNames) {
    let wanted: BTreeSet<TypeId> = shared.iter().copied().collect();
    let mut others: BTreeMap<TypeId, Vec<TypeId>> = BTreeMap::new();
    for (&other, &stands) in api.types.replaced().iter().filter(|(_, stands)| wanted.contains(stands)) {
        others.entry(stands).or_default().push(other);
    }
    let mut open: Vec<Wish> = shared
        .iter()
        .map(|&id| {
            let others = others.remove(&id).unwrap_or_default();
            let place = |id: TypeId| places::of(api, names, methods, id);
            Wish::new(api, id, place(id), others.into_iter().map(place))
        })
        .collect();
    while !open.is_empty() {
        let mut wishes: BTreeMap<Ident, Vec<Wish>> = BTreeMap::new();
        for wish in open.drain(..) {
            wishes.entry(wish.name()).or_default().push(wish);
        }
        for (name, mut wishing) in wishes {
            match wishing.as_slice() {
                [only] if namespace.is_free(&name) => {
                    names.by_type.insert(only.id, namespace.take(&name));
                }
                _ => {
                    wishing.sort_by_key(|wish| &api.types.get(wish.id).pointer);
                    for wish in wishing {
                        match wish.longer() {
                            Ok(wish) => open.push(wish),
                            Err(id) => {
                                names.by_type.insert(id, namespace.take(&name));
                            }
                        }
                    }
                }
            }
        }
    }
}

/// What a type would be called.
struct Wish {
    id: TypeId,
    /// The value of a constant, which says more than where it stands.
    constant: Option<String>,
    /// What all its places have in common.
    common: Option<Vec<Step>>,
    /// The first of its places.
    first: Vec<Step>,
    /// So many last steps of that are taken.
    steps: usize,
}

impl Wish {
    fn new(api: &Api, id: TypeId, first: Vec<Step>, others: impl Iterator<Item = Vec<Step>>) -> Self {
        let (mut begin, mut end, mut shortest) = (first.len(), first.len(), first.len());
        for other in others {
            let alike = |pairs: &mut dyn Iterator<Item = (&Step, &Step)>| pairs.take_while(|(a, b)| a == b).count();
            begin = begin.min(alike(&mut first.iter().zip(&other)));
            end = end.min(alike(&mut first.iter().rev().zip(other.iter().rev())));
            shortest = shortest.min(other.len());
        }
        end = end.min(shortest - begin.min(shortest));
        let constant = match &api.types.get(id).shape {
            Shape::Enumeration(listed) if listed.is_constant() => {
                listed.labels.first().or(listed.values.first()).cloned()
            }
            _ => None,
        };
        let last = &first[first.len() - end..];
        let common: Vec<Step> = match &constant {
            Some(_) => last.last().into_iter().cloned().collect(),
            // That it is part of a request, say, is told by where it is used.
            None => first[..begin].iter().chain(last).skip_while(|step| !step.said).cloned().collect(),
        };
        let common = (!common.is_empty()).then_some(common);
        let steps = said(&first, end.max(1)).unwrap_or(first.len());
        Self { id, constant, common, first, steps }
    }

    fn name(&self) -> Ident {
        let place = match &self.common {
            Some(common) => places::words(common),
            None => places::words(&self.first[self.first.len() - self.steps..]),
        };
        let value = self.constant.iter().map(|value| if value.is_empty() { "empty" } else { value.as_str() });
        unreserved(names::camel(&value.chain([place.as_str()]).collect::<Vec<_>>().join(" ")))
    }

    /// By one step more that says something, if there is one.
    fn longer(mut self) -> Result<Self, TypeId> {
        // What they have in common may be as much as the last steps alone.
        let from = if self.common.take().is_some() { self.steps } else { self.steps + 1 };
        self.steps = said(&self.first, from).ok_or(self.id)?;
        Ok(self)
    }
}

/// So many last steps, or a few more, that begin with one that says something.
fn said(place: &[Step], steps: usize) -> Option<usize> {
    (steps..=place.len()).find(|steps| place[place.len() - steps].said)
}
