//! Which types that the document does not name are the same?
//!
//! Documents that are made by programs write the same object out wherever it is sent: more than half of the types that Stripe's does
//! not name say nothing new. Those that say the same of their values, down to the last word about each field, become one type, which is
//! called for what its places have in common. What is said of a type as a whole is mostly about its place, which says it, too.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::ir::{Api, Docs, Operation, Origin, Parent, Role, Shape, Type, TypeId, Types};

/// Puts one type in the place of all that equal it.
pub(crate) fn share(api: &mut Api) {
    let equal = equal(&mut api.types);
    if equal.is_empty() {
        return;
    }
    let ids: Vec<TypeId> = api.types.iter().map(|(id, _)| id).collect();
    for id in ids {
        api.types.get_mut(id).shape.replace(&equal);
    }
    let elsewhere = api.incoming.iter_mut().map(|request| &mut request.payload);
    let elsewhere = elsewhere.chain(api.event.iter_mut().map(|event| &mut event.used)).chain(&mut api.vocabulary);
    for used in api.operations.iter_mut().flat_map(Operation::mentions_mut).chain(elsewhere) {
        used.ty = equal.get(&used.ty).copied().unwrap_or(used.ty);
    }
    api.types.replace(equal);
}

/// The types that equal another, each with the one of its equals whose place sorts first.
fn equal(types: &mut Types) -> BTreeMap<TypeId, TypeId> {
    let unnamed = unnamed(types);
    // Of each kind the first that was met, and what it says once its parts are settled, where that is something else.
    let mut met: HashMap<u64, Vec<(TypeId, Option<Shape>)>> = HashMap::new();
    let mut known: BTreeMap<TypeId, TypeId> = BTreeMap::new();
    for id in inside_out(types, &unnamed) {
        let ty = types.get(id);
        let settles = ty.shape.mentions().iter().any(|part| known.contains_key(&part.ty));
        let settled = settles.then(|| {
            let mut shape = ty.shape.clone();
            shape.replace(&known);
            shape
        });
        let shape = settled.as_ref().unwrap_or(&ty.shape);
        let met = met.entry(meaning(ty, shape, &called(types, id))).or_default();
        let equals = |(other, settled): &&(TypeId, Option<Shape>)| {
            settled.as_ref().unwrap_or(&types.get(*other).shape) == shape && same(types, *other, id)
        };
        match met.iter().find(equals) {
            Some(&(first, _)) => {
                known.insert(id, first);
            }
            None => met.push((id, settled)),
        }
    }
    let mut kinds: BTreeMap<TypeId, Vec<TypeId>> = BTreeMap::new();
    for (&id, &first) in known.iter().filter(|(id, _)| is_defined(&types.get(**id).shape)) {
        kinds.entry(first).or_insert_with(|| vec![first]).push(id);
    }
    let mut equal = BTreeMap::new();
    for mut kind in kinds.into_values() {
        kind.sort_by(|a, b| (&types.get(*a).pointer, a).cmp(&(&types.get(*b).pointer, b)));
        let stands = kind[0];
        for &other in &kind[1..] {
            let said = types.get(other).docs.clone();
            let docs = &mut types.get_mut(stands).docs;
            // What is said of one of its places is not said of the type.
            docs.title.take_if(|title| Some(&*title) != said.title.as_ref());
            docs.description.take_if(|text| Some(&*text) != said.description.as_ref());
            equal.insert(other, stands);
        }
    }
    equal
}

/// Whether a type is more than a list, a map or a plain value: only such are worth being one.
fn is_defined(shape: &Shape) -> bool {
    matches!(shape, Shape::Enumeration(_) | Shape::Record(_) | Shape::Union(_))
}

/// A step of what a type is called.
#[derive(PartialEq, Eq, Hash)]
enum Called<'t> {
    /// As a field, a parameter or an alternative is.
    Word(&'t str),
    Item,
    Value,
    /// As nothing else is.
    Alone(&'t Origin),
}

/// What a type is called, up to the field or parameter that holds it. Types that differ in that are equal by chance, and one may become
/// more tomorrow. A constant is what it is wherever it stands.
fn called(types: &Types, mut id: TypeId) -> Vec<Called<'_>> {
    let constant = matches!(&types.get(id).shape, Shape::Enumeration(listed) if listed.is_constant());
    let mut steps = Vec::new();
    // As long as there are types: origins lead up, never around.
    for _ in 0..=types.len() {
        let origin = &types.get(id).origin;
        let Origin::Inline { parent, role } = origin else { break };
        let (step, ends) = match role {
            Role::Field(name) | Role::Parameter(name) => (Called::Word(name), true),
            Role::Branch(_, hint) => (Called::Word(hint.as_deref().unwrap_or_default()), constant),
            Role::Item => (Called::Item, constant),
            Role::Value => (Called::Value, constant),
            Role::Request | Role::Answer(_) => (Called::Alone(origin), true),
        };
        steps.push(step);
        match parent {
            _ if ends => break,
            Parent::Type(parent) => id = *parent,
            Parent::Operation(_) | Parent::Named(_) => {
                steps.push(Called::Alone(origin));
                break;
            }
        }
        if let whole @ Origin::Component(_) = &types.get(id).origin {
            steps.push(Called::Alone(whole));
            break;
        }
    }
    steps
}

/// The types that the document gives no name. Those that are two, one sent and one answered, are told apart by where they stand.
fn unnamed(types: &Types) -> BTreeSet<TypeId> {
    let mut unnamed: BTreeSet<TypeId> =
        types.iter().map(|(id, _)| id).filter(|id| types.component(*id).is_none()).collect();
    for (id, ty) in types.iter() {
        if let Origin::Inline { parent: Parent::Type(answered), role: Role::Request } = &ty.origin {
            unnamed.remove(&id);
            unnamed.remove(answered);
        }
    }
    unnamed
}

/// These types, each behind all of them that it mentions; without those that come back to themselves, and whatever mentions such.
fn inside_out(types: &Types, among: &BTreeSet<TypeId>) -> Vec<TypeId> {
    let mut open: BTreeMap<TypeId, usize> = BTreeMap::new();
    let mut users: BTreeMap<TypeId, Vec<TypeId>> = BTreeMap::new();
    let mut order = Vec::with_capacity(among.len());
    for &id in among {
        let parts = types.get(id).shape.mentions().into_iter().map(|used| used.ty).filter(|part| among.contains(part));
        let mut count = 0;
        for part in parts {
            users.entry(part).or_default().push(id);
            count += 1;
        }
        if count == 0 {
            order.push(id);
        } else {
            open.insert(id, count);
        }
    }
    let mut at = 0;
    while let Some(id) = order.get(at) {
        at += 1;
        for user in users.remove(id).unwrap_or_default() {
            if let Some(count) = open.get_mut(&user) {
                *count -= 1;
                if *count == 0 {
                    order.push(user);
                }
            }
        }
    }
    order
}

/// Whether two types of one shape say the same of their values, and are called the same.
fn same(types: &Types, one: TypeId, other: TypeId) -> bool {
    let (a, b) = (types.get(one), types.get(other));
    let docs = |docs: &Docs| (docs.deprecated, docs.default.clone(), docs.bounds.clone());
    let said = docs(&a.docs) == docs(&b.docs) && (is_defined(&a.shape) || a.docs == b.docs);
    said && a.format == b.format && a.limits == b.limits && a.xml == b.xml && called(types, one) == called(types, other)
}

/// A number that is the same for all types that are the same.
fn meaning(ty: &Type, shape: &Shape, called: &[Called<'_>]) -> u64 {
    let mut hasher = DefaultHasher::new();
    (&ty.format, &ty.limits, &ty.xml, shape, called).hash(&mut hasher);
    hasher.finish()
}
