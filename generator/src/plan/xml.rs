//! Which values travel as XML, and what are their forms called?

use std::collections::BTreeSet;

use super::names::{self, Namespace};
use super::rust::TypePlan;
use crate::ir::{Api, Content, Payload, Shape, TypeId};

/// The forms of what travels as XML.
#[derive(Debug, Clone, Default)]
pub struct XmlPlan {
    /// The types of bodies and answers.
    pub roots: Vec<XmlRootPlan>,
    /// The records within them, each with the name of its constant.
    pub records: Vec<(TypeId, String)>,
}

/// A type that is a body or an answer as XML.
#[derive(Debug, Clone)]
pub struct XmlRootPlan {
    /// The type.
    pub ty: TypeId,
    /// The name of its constant.
    pub constant: String,
    /// The name of its element.
    pub element: String,
}

impl XmlPlan {
    /// The constant of a type that is a body or an answer.
    pub fn root(&self, ty: TypeId) -> &str {
        self.roots.iter().find(|root| root.ty == ty).map_or("", |root| root.constant.as_str())
    }

    /// The constant of a record.
    pub fn record(&self, ty: TypeId) -> Option<&str> {
        self.records.iter().find(|(known, _)| *known == ty).map(|(_, constant)| constant.as_str())
    }
}

/// Names everything that travels as XML, by the names and the places of the types.
pub(super) fn plan(api: &Api, types: &[TypePlan]) -> XmlPlan {
    let mut used = Vec::new();
    for operation in &api.operations {
        used.extend(operation.body.iter().flat_map(crate::ir::Body::ways).filter_map(|(_, payload)| match payload {
            Payload::Xml(sent) => Some(*sent),
            _ => None,
        }));
        used.extend(operation.contents().filter_map(|content| match content {
            Content::Xml(answered) => Some(answered),
            _ => None,
        }));
    }
    let order = |id: &TypeId| (types[id.index()].name.clone(), api.types.get(*id).pointer.clone());
    let mut roots: Vec<TypeId> = used.iter().map(|used| used.ty).collect::<BTreeSet<_>>().into_iter().collect();
    roots.sort_by_key(order);
    let mut records: Vec<TypeId> = api.types.closure(used).into_iter().collect();
    records.retain(|id| matches!(api.types.get(*id).shape, Shape::Record(_)));
    records.sort_by_key(order);

    let mut constants = Namespace::default();
    let mut constant = |id: TypeId, end: &str| {
        let name = types[id.index()].name.as_ref().map_or("body", |name| name.plain());
        constants.take(&names::snake(&format!("{name} {end}"))).plain().to_ascii_uppercase()
    };
    let records = records.into_iter().map(|id| (id, constant(id, "fields"))).collect();
    let roots =
        roots.into_iter().map(|ty| XmlRootPlan { ty, constant: constant(ty, "xml"), element: element(api, ty) });
    XmlPlan { roots: roots.collect(), records }
}

/// The name of a type's element where nothing stands around it: what it says, else the document's name for it.
fn element(api: &Api, ty: TypeId) -> String {
    let mut at = ty;
    for _ in 0..64 {
        if let Some(name) = &api.types.get(at).xml.name {
            return name.clone();
        }
        let Shape::Alias(target) = &api.types.get(at).shape else { break };
        at = target.ty;
    }
    api.types.component(ty).or_else(|| api.types.component(at)).unwrap_or("root").to_owned()
}
