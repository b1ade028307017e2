//! What are the headers of an answer in Rust?

use super::names::{self, Ident, Namespace};
use super::rust::{RustType, TypePlan};
use crate::ir::Operation;

/// The headers that come with the success of an operation.
#[derive(Debug, Clone)]
pub struct HeadersPlan {
    /// The struct.
    pub name: Ident,
    /// Its fields, parallel to [`Operation::headers`]; none where another operation has the same and defines it.
    pub fields: Option<Vec<HeaderField>>,
}

/// A header as a field.
#[derive(Debug, Clone)]
pub struct HeaderField {
    /// Its name.
    pub ident: Ident,
    /// The type of its value, or of each.
    pub ty: RustType,
    /// Whether it has any number of values.
    pub list: bool,
}

/// What makes two headers the same: the name on the wire, the type, and whether it is a list of such.
pub(super) type HeaderKey = (String, RustType, bool);

/// The struct of an operation's headers. Operations with the same headers share one.
pub(super) fn of_operation(
    types: &[TypePlan],
    operation: &Operation,
    method: &Ident,
    root: &mut Namespace,
    known: &mut Vec<(Ident, Vec<HeaderKey>)>,
) -> Option<HeadersPlan> {
    if operation.headers.is_empty() {
        return None;
    }
    let idents = names::siblings(operation.headers.iter().map(|header| header.name.as_str()), &["self"], names::snake);
    let fields = operation.headers.iter().zip(idents).map(|(header, ident)| {
        let plan = &types[header.used.ty.index()];
        match &plan.resolved {
            RustType::List(item) => match scalar(item, types) {
                Some(ty) => HeaderField { ident, ty, list: true },
                None => HeaderField { ident, ty: RustType::String, list: false },
            },
            _ => HeaderField { ident, ty: scalar(&plan.mention, types).unwrap_or(RustType::String), list: false },
        }
    });
    let fields: Vec<HeaderField> = fields.collect();
    let kinds = operation.headers.iter().zip(&fields);
    let key = kinds.map(|(header, field)| (header.name.clone(), field.ty.clone(), field.list)).collect();
    if let Some((name, _)) = known.iter().find(|(_, known)| *known == key) {
        return Some(HeadersPlan { name: name.clone(), fields: None });
    }
    let name = root.take(&names::camel(&format!("{} headers", method.plain())));
    known.push((name.clone(), key));
    Some(HeadersPlan { name, fields: Some(fields) })
}

/// The type itself, if a header can spell its values.
fn scalar(ty: &RustType, types: &[TypePlan]) -> Option<RustType> {
    let end = match ty {
        RustType::Named(id) => {
            let plan = &types[id.index()];
            if !plan.variants.is_empty() && plan.own.is_none() {
                return Some(ty.clone());
            }
            &plan.resolved
        }
        ty => ty,
    };
    let fits = matches!(
        end,
        RustType::Bool
            | RustType::I32
            | RustType::I64
            | RustType::U32
            | RustType::U64
            | RustType::F32
            | RustType::F64
            | RustType::String
            | RustType::Timestamp
            | RustType::Date
            | RustType::Uuid
    );
    fits.then(|| ty.clone())
}
