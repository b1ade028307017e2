//! How is each operation called?

use std::collections::BTreeMap;

use super::answers::{self, AcceptPlan, Success};
use super::defaults::{self, Constants, DefaultPlan};
use super::derives;
use super::failures::Failures;
use super::features::GroupFeatures;
use super::headers::{self, HeadersPlan};
use super::links::LinkPlan;
use super::method_names::settings_of;
use super::names::{self, Ident, Namespace};
use super::paging::{self, PagePlan};
use super::rust::{self, RustType, TypePlan};
use crate::diagnostics::Diagnostics;
use crate::ir::{Api, FormPart, Operation, Parameter, ParameterLocation, Payload, Use};
use crate::settings::{Derives, OperationSettings, Settings};

/// How an operation is called.
#[derive(Debug, Clone)]
pub struct CallPlan {
    /// The method of the client.
    pub method: Ident,
    /// The static that describes the operation.
    pub constant: String,
    /// What the method takes, the body and the options aside.
    pub arguments: Vec<Argument>,
    /// The body it takes.
    pub body: Option<BodyArgument>,
    /// The struct of optional parameters, with its fields.
    pub options: Option<(Ident, Vec<OptionField>)>,
    /// What that struct derives beyond what all such derive.
    pub derives: Derives,
    /// What it gives back.
    pub success: Success,
    /// What its success can also be had as: the type that holds the choices, and each of them.
    pub alternatives: Option<(Ident, Vec<AcceptPlan>)>,
    /// How it is called for a stream of items.
    pub stream: Option<StreamPlan>,
    /// The headers that come with its success, if any are described.
    pub headers: Option<HeadersPlan>,
    /// The methods that its links are, parallel to [`Operation::links`]; `None` for one that is only told.
    pub links: Vec<Option<LinkPlan>>,
    /// How it is called for its pages.
    pub pages: Option<PagePlan>,
    /// Which of the failures it can end in.
    pub failure: Option<usize>,
    /// The name under which its failure is known.
    pub failure_name: Ident,
    /// How long one attempt may take, in milliseconds.
    pub timeout_ms: Option<u64>,
    /// How often it is attempted.
    pub attempts: Option<u32>,
    /// Settings of its policy, by name.
    pub policy: Vec<(&'static str, String)>,
    /// Whether it may be repeated, where the method alone does not say.
    pub idempotent: Option<bool>,
}

/// How an operation is called for a stream of items.
#[derive(Debug, Clone)]
pub struct StreamPlan {
    /// The method, where the operation has another one for what is no stream.
    pub method: Option<Ident>,
    /// What each item is; `None` for a text.
    pub item: Option<RustType>,
}

/// A positional argument.
#[derive(Debug, Clone)]
pub struct Argument {
    /// Its name.
    pub ident: Ident,
    /// How it is declared.
    pub kind: ArgumentKind,
    /// The parameter it fills, by position.
    pub parameter: usize,
}

/// How a positional argument is declared.
#[derive(Debug, Clone)]
pub enum ArgumentKind {
    /// By value.
    Value(RustType),
    /// `&str`.
    Text,
    /// `&[T]`.
    Slice(RustType),
    /// `&T`.
    Reference(RustType),
}

/// How the body is declared and sent.
#[derive(Debug, Clone)]
pub struct BodyArgument {
    /// Its name.
    pub ident: Ident,
    /// How it is declared, where it is a value; bytes and text are taken as whatever turns into them.
    pub kind: Option<ArgumentKind>,
    /// The struct of a multipart body, with its fields parallel to the form's.
    pub form: Option<(Ident, Vec<FormFieldPlan>)>,
    /// The enum of the ways to send it, where there are several; its variants parallel to the ways.
    pub choice: Option<(Ident, Vec<BodyVariant>)>,
}

/// A way to send a body of which there are several.
#[derive(Debug, Clone)]
pub struct BodyVariant {
    /// Its name.
    pub ident: Ident,
    /// How its value is declared, where it is one; a form has its struct, bytes and text are taken as they are.
    pub kind: Option<ArgumentKind>,
}

/// A field of the struct of a multipart body.
#[derive(Debug, Clone)]
pub struct FormFieldPlan {
    /// Its name.
    pub ident: Ident,
    /// The type of its value, where it is no file.
    pub ty: Option<RustType>,
}

/// A field of the struct of optional parameters.
#[derive(Debug, Clone)]
pub struct OptionField {
    /// Its name.
    pub ident: Ident,
    /// Its type, `Option` and all.
    pub ty: RustType,
    /// The parameter it fills, by position.
    pub parameter: usize,
    /// What holds where it is not sent.
    pub default: Option<DefaultPlan>,
}

/// What the files of operations import or mention.
const ROOT_RESERVED: &[&str] = &[
    "Accept",
    "Call",
    "Body",
    "Nullable",
    "Request",
    "Part",
    "Secret",
    "BTreeMap",
    "FormData",
    "Xml",
    "JsonText",
    "Download",
    "Method",
    "Operation",
    "Reply",
    "Style",
    "Events",
    "Framing",
    "Items",
    "ServerEvent",
    "PageRule",
    "DocumentedHeaders",
    "HeaderReader",
    "PageSize",
    "Paged",
    "FailedReply",
    "Failure",
    "Client",
    "Scheme",
    "Service",
    "ClientBuilder",
    "Error",
    "Health",
    "ServiceRegistry",
    "Option",
    "Vec",
    "String",
    "Result",
    "Self",
    "Some",
    "None",
    "Ok",
    "Err",
    "Default",
    "From",
    "Into",
    "Box",
    "Debug",
    "Clone",
];

/// Plans every call.
#[allow(clippy::too_many_arguments)]
pub(super) fn plan(
    api: &Api,
    settings: &Settings,
    types: &[TypePlan],
    methods: &[Ident],
    failures: &Failures,
    forms: &BTreeMap<usize, Ident>,
    features: Option<&GroupFeatures>,
    diagnostics: &mut Diagnostics,
) -> Vec<CallPlan> {
    let mut root = Namespace::reserving(ROOT_RESERVED);
    for name in &failures.names {
        root.take(name);
    }
    let mut constants = Namespace::default();
    let mut known_headers = BTreeMap::new();
    let mut all_methods = Namespace::default();
    for method in methods {
        all_methods.take(method);
    }
    let mut calls = Vec::with_capacity(api.operations.len());
    for (position, operation) in api.operations.iter().enumerate() {
        let setting = settings_of(settings, operation);
        let method = methods[position].clone();
        let constant = constants.take(&names::snake(method.plain())).plain().to_ascii_uppercase();
        let stream = operation.streamed.as_ref().map(|streamed| StreamPlan {
            method: (!streamed.alone).then(|| all_methods.take(&names::snake(&format!("{} stream", method.plain())))),
            item: streamed.item.map(|item| rust::answer(api, types, item)),
        });
        let call =
            call(api, settings, operation, setting, types, method, constant, &mut root, failures, forms, position);
        let pages = paging::of_operation(api, settings, types, operation, diagnostics);
        let known = known_headers.entry(features.map(|features| features.of_operations[position])).or_default();
        let headers = headers::of_operation(types, operation, &call.method, &mut root, known);
        calls.push(CallPlan { stream, headers, pages, ..call });
    }
    calls
}

#[allow(clippy::too_many_arguments)]
fn call(
    api: &Api,
    settings: &Settings,
    operation: &Operation,
    setting: Option<&OperationSettings>,
    types: &[TypePlan],
    method: Ident,
    constant: String,
    root: &mut Namespace,
    failures: &Failures,
    forms: &BTreeMap<usize, Ident>,
    position: usize,
) -> CallPlan {
    let open: Vec<(usize, &Parameter)> =
        operation.parameters.iter().enumerate().filter(|(_, parameter)| parameter.fixed.is_none()).collect();
    let wire = open.iter().map(|(_, parameter)| parameter.name.as_str());
    let idents = names::siblings(wire, &["body", "options", "self"], names::snake);
    let mut arguments = Vec::new();
    let mut optional = Vec::new();
    let mut constants = Constants::default();
    for ((at, parameter), ident) in open.into_iter().zip(idents) {
        let ty = rust::at_the_door(types, &types[parameter.used.ty.index()].mention);
        let is_list = matches!(types[parameter.used.ty.index()].resolved, RustType::List(_));
        if parameter.required && (parameter.location == ParameterLocation::Path || !parameter.used.nullable) {
            arguments.push(Argument { ident, kind: argument(&ty, types), parameter: at });
        } else {
            // An empty list sends nothing, so it needs no `Option` to say so.
            let ty = if is_list && matches!(ty, RustType::List(_)) { ty } else { RustType::Option(Box::new(ty)) };
            let said = defaults::said(api, parameter.docs.default.as_ref(), parameter.used);
            let default = said.and_then(|said| constants.of(api, types, &ident, &ty, &said));
            optional.push(OptionField { ident, ty, parameter: at, default });
        }
    }
    let camel = names::camel(method.plain());
    let options = (!optional.is_empty()).then(|| {
        let free = root.is_free(&camel);
        (root.take(&if free { camel.clone() } else { names::camel(&format!("{} options", method.plain())) }), optional)
    });
    let body = operation.body.as_ref().map(|body| {
        let kind = |payload: &Payload| match payload {
            Payload::Json(used) | Payload::Xml(used) | Payload::UrlEncoded(used) => Some(argument_of(*used, types)),
            Payload::Multipart(_) | Payload::Bytes | Payload::Text => None,
        };
        let choice = (!body.others.is_empty()).then(|| {
            let words: Vec<&str> = body.ways().map(way_word).collect();
            let idents = names::siblings(words, &["Self"], names::camel);
            let variants =
                body.ways().zip(idents).map(|((_, payload), ident)| BodyVariant { ident, kind: kind(payload) });
            let variants = variants.collect();
            (root.take(&names::camel(&format!("{} body", method.plain()))), variants)
        });
        let form = body.form().zip(forms.get(&position)).map(|(form, name)| {
            let wire: Vec<&str> = form.fields.iter().map(|field| field.name.as_str()).collect();
            let setting = form.component.as_ref().and_then(|name| settings.schemas.get(name));
            let idents = names::chosen_siblings(&wire, setting);
            let fields = form.fields.iter().zip(idents).map(|(field, ident)| {
                let ty = match field.part {
                    FormPart::Text(used) | FormPart::Json(used) => Some(types[used.ty.index()].mention.clone()),
                    FormPart::File | FormPart::Files => None,
                };
                FormFieldPlan { ident, ty }
            });
            (name.clone(), fields.collect())
        });
        BodyArgument { ident: names::snake("body"), kind: kind(&body.payload), form, choice }
    });
    let fields = options.iter().flat_map(|(_, fields): &(Ident, Vec<OptionField>)| fields).map(|field| &field.ty);
    CallPlan {
        derives: derives::of_fields(settings, types, fields),
        success: answers::success(api, operation, types, &method, root),
        alternatives: answers::alternatives(api, operation, types, &method, root),
        stream: None,
        pages: None,
        headers: None,
        links: Vec::new(),
        method,
        constant,
        arguments,
        body,
        options,
        failure: failures.by_operation[position],
        failure_name: failures.names[position].clone(),
        timeout_ms: setting
            .and_then(|setting| setting.timeout)
            .map(|time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX)),
        attempts: setting.and_then(|setting| setting.attempts),
        policy: setting.map(|setting| setting.policy.clone()).unwrap_or_default(),
        idempotent: setting.and_then(|setting| setting.idempotent).or(operation.idempotent),
    }
}

/// What a way to send a body is called.
fn way_word<'b>((media_type, payload): (&'b str, &Payload)) -> &'b str {
    match payload {
        Payload::Json(_) if media_type.contains('+') => {
            let essence = media_type.split(';').next().unwrap_or(media_type);
            essence.rsplit('/').next().unwrap_or(essence)
        }
        Payload::Json(_) => "json",
        Payload::Xml(_) => "xml",
        Payload::UrlEncoded(_) => "form",
        Payload::Multipart(_) => "multipart",
        Payload::Bytes => "bytes",
        Payload::Text => "text",
    }
}

fn argument_of(used: Use, types: &[TypePlan]) -> ArgumentKind {
    let mention = &rust::at_the_door(types, &types[used.ty.index()].mention);
    if used.nullable && !matches!(mention, RustType::Json | RustType::Unit) {
        return ArgumentKind::Reference(RustType::Option(Box::new(mention.clone())));
    }
    argument(mention, types)
}

/// How a value is taken: by value where it is as small as a reference, borrowed where it is not.
pub(super) fn argument(ty: &RustType, types: &[TypePlan]) -> ArgumentKind {
    let bare = match ty {
        RustType::Named(id) => &types[id.index()].resolved,
        other => other,
    };
    match (ty, bare) {
        (_, RustType::String) => ArgumentKind::Text,
        (RustType::List(item), _) => ArgumentKind::Slice((**item).clone()),
        (
            _,
            RustType::Unit
            | RustType::Bool
            | RustType::I32
            | RustType::I64
            | RustType::U32
            | RustType::U64
            | RustType::F32
            | RustType::F64
            | RustType::Timestamp
            | RustType::Date
            | RustType::Uuid
            | RustType::Decimal,
        ) => ArgumentKind::Value(ty.clone()),
        _ => ArgumentKind::Reference(ty.clone()),
    }
}
