//! What does each call give back?

use super::names::{self, Ident, Namespace};
use super::rust::{self, Adapter, RustType, TypePlan};
use super::status::status_word;
use crate::ir::{Answer, Api, Content, Operation, Status, TypeId, media_word};

/// What a call gives back.
#[derive(Debug, Clone)]
pub enum Success {
    /// Nothing.
    Empty,
    /// A value, and how it is read where its type alone does not say that.
    Json(RustType, Option<Adapter>),
    /// A value as XML, whose form is that of a type.
    Xml(RustType, TypeId),
    /// A text.
    Text,
    /// Bytes as they come.
    Bytes,
    /// One of several, by status.
    Choice(Ident, Vec<Choice>),
}

/// What a call gives back with one status of several.
#[derive(Debug, Clone)]
pub struct Choice {
    /// The status.
    pub status: Status,
    /// The variant.
    pub ident: Ident,
    /// The value: `None` where there is none, a text as [`RustType::String`].
    pub ty: Option<RustType>,
    /// How JSON is read, where its type alone does not say that.
    pub adapter: Option<Adapter>,
    /// Whether the value is a text rather than JSON.
    pub text: bool,
    /// The type whose form it has in XML, where it is that.
    pub xml: Option<TypeId>,
    /// What is said about it.
    pub description: String,
}

/// A media type that a success can also be had as.
#[derive(Debug, Clone)]
pub struct AcceptPlan {
    /// The name of the constant.
    pub constant: String,
    /// The media type, as it is asked for.
    pub media_type: String,
    /// What the call gives back then.
    pub success: Success,
}

/// What a call gives back that is answered as the document says.
pub(super) fn success(
    api: &Api,
    operation: &Operation,
    types: &[TypePlan],
    method: &Ident,
    root: &mut Namespace,
) -> Success {
    let answers = operation.successes();
    let contents: Vec<Content> = answers.iter().map(|answer| answer.content).collect();
    if contents.contains(&Content::Bytes) {
        return Success::Bytes;
    }
    let Some((first, others)) = contents.split_first() else { return Success::Empty };
    if others.iter().all(|other| other == first) {
        return of_content(api, types, *first);
    }
    let words: Vec<String> = answers.iter().map(|answer| status_word(answer.status)).collect();
    let idents = names::siblings(words.iter().map(String::as_str), &["Self"], names::camel);
    let choices = answers.iter().zip(idents).map(|(answer, ident)| choice(api, types, answer, ident)).collect();
    Success::Choice(root.take(&names::camel(&format!("{} answer", method.plain()))), choices)
}

fn of_content(api: &Api, types: &[TypePlan], content: Content) -> Success {
    match content {
        Content::Empty => Success::Empty,
        Content::Text => Success::Text,
        Content::Bytes => Success::Bytes,
        Content::Json(used) => {
            Success::Json(rust::answer(api, types, used), types[used.ty.index()].adapter_at_the_door())
        }
        Content::Xml(used) => Success::Xml(rust::answer(api, types, used), used.ty),
    }
}

/// What it gives back where another media type is asked for.
pub(super) fn alternatives(
    api: &Api,
    operation: &Operation,
    types: &[TypePlan],
    method: &Ident,
    root: &mut Namespace,
) -> Option<(Ident, Vec<AcceptPlan>)> {
    if operation.alternatives.is_empty() {
        return None;
    }
    let words: Vec<String> = operation.alternatives.iter().map(|other| media_word(&other.media_type)).collect();
    let idents = names::siblings(words.iter().map(String::as_str), &[], names::snake);
    let each = operation.alternatives.iter().zip(idents).map(|(other, ident)| AcceptPlan {
        constant: ident.plain().to_ascii_uppercase(),
        media_type: other.media_type.clone(),
        success: of_content(api, types, other.content),
    });
    Some((root.take(&names::camel(&format!("{} as", method.plain()))), each.collect()))
}

fn choice(api: &Api, types: &[TypePlan], answer: &Answer, ident: Ident) -> Choice {
    let (ty, text) = match answer.content {
        Content::Json(used) | Content::Xml(used) => (Some(rust::answer(api, types, used)), false),
        Content::Text | Content::Bytes => (Some(RustType::String), true),
        Content::Empty => (None, false),
    };
    let xml = match answer.content {
        Content::Xml(used) => Some(used.ty),
        _ => None,
    };
    let adapter = match answer.content {
        Content::Json(used) => types[used.ty.index()].adapter_at_the_door(),
        _ => None,
    };
    Choice { status: answer.status, ident, ty, adapter, text, xml, description: answer.description.clone() }
}
