//! What is in a document, and what would be generated from it?
//!
//! A sibling of `emit` over the same `(Api, Plan)`: it decides nothing, and makes no code.

mod table;

use std::collections::BTreeMap;

use serde::Serialize;

use crate::ir::{Api, Content, CredentialKind, Operation, Origin, Payload, ServerOverride, Shape, Status};
use crate::plan::{Argument, ArgumentKind, BodyArgument, CallPlan, Plan, RustType, Success};
use crate::summary::Summary;

/// What is in a document. Its JSON is stable: keys may be added, and `format` changes where one changes its meaning or goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Inspection {
    /// The version of the shape.
    pub format: u32,
    /// The API's title.
    pub title: String,
    /// Its own version.
    pub version: String,
    /// Where it is served.
    pub base_url: Option<String>,
    /// The crate that would be generated.
    pub package: String,
    /// Its client type; none in a crate of types only.
    pub client: Option<String>,
    /// What it depends on.
    pub dependencies: Vec<String>,
    /// The ways to prove who calls.
    pub credentials: Vec<CredentialView>,
    /// The operations, by group, then name.
    pub operations: Vec<OperationView>,
    /// The types that get a definition, by name.
    pub types: Vec<TypeView>,
    /// How many operations send and answer which kind of content.
    pub media: MediaView,
    /// What became of the operations.
    pub operations_full: usize,
    /// Those of which something is left out.
    pub operations_degraded: usize,
    /// Those that are missing.
    pub operations_skipped: usize,
}

/// A way to prove who calls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CredentialView {
    /// The name that operations use.
    pub name: String,
    /// How it is sent, such as `Authorization: Bearer …`.
    pub sent_as: String,
    /// How many operations take it.
    pub operations: usize,
}

/// An operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OperationView {
    /// The HTTP method.
    pub method: String,
    /// The path template.
    pub path: String,
    /// The document's name for it.
    pub id: Option<String>,
    /// The method of the client.
    pub name: String,
    /// The file that it goes to.
    pub group: String,
    /// Its own short description.
    pub summary: Option<String>,
    /// Whether it should no longer be used.
    pub deprecated: bool,
    /// What it takes outside its body.
    pub parameters: Vec<ParameterView>,
    /// What it sends.
    pub body: Option<BodyView>,
    /// What it answers, by status.
    pub answers: Vec<AnswerView>,
    /// The media types that it asks for, where the document says more than `application/json`.
    pub accept: Option<String>,
    /// Which credentials it takes: any of these sets, each whole; an empty set means that none is needed.
    pub auth: Vec<Vec<String>>,
    /// Where it is served, if not with the others.
    pub server: Option<String>,
    /// What its call takes and gives back, as Rust.
    pub signature: String,
    /// How it goes on to further pages, if it does.
    pub pages: Option<String>,
    /// `full`, or `degraded` where something is left out.
    pub outcome: &'static str,
}

/// A parameter outside the body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ParameterView {
    /// Its name on the wire.
    pub name: String,
    /// `path`, `query`, `header` or `cookie`.
    #[serde(rename = "in")]
    pub location: String,
    /// Whether it must be given.
    pub required: bool,
    /// Its type in Rust.
    #[serde(rename = "type")]
    pub ty: String,
}

/// A body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BodyView {
    /// The media type.
    pub media_type: String,
    /// Whether it must be given.
    pub required: bool,
    /// Its type in Rust; for a form, the struct of its parts.
    #[serde(rename = "type")]
    pub ty: String,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AnswerView {
    /// `200`, `4XX` or `default`.
    pub status: String,
    /// `json`, `xml`, `text`, `bytes` or `empty`.
    pub content: &'static str,
    /// Its type in Rust.
    #[serde(rename = "type")]
    pub ty: Option<String>,
}

/// A type with a definition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TypeView {
    /// Its name in Rust.
    pub name: String,
    /// `struct`, `enum`, `union` or `alias`.
    pub kind: &'static str,
    /// How many fields, values or alternatives it has.
    pub parts: usize,
    /// The document's name for it; none for a type that stands within another.
    pub component: Option<String>,
    /// Where it stands.
    pub pointer: String,
    /// How many operations reach it.
    pub operations: usize,
}

/// How many operations send and answer which kind of content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MediaView {
    /// By media type.
    pub sent: BTreeMap<String, usize>,
    /// By kind of content, of the answers that mean success.
    pub answered: BTreeMap<String, usize>,
}

/// Describes what would be generated.
pub fn inspect(api: &Api, plan: &Plan, summary: &Summary) -> Inspection {
    let degraded: Vec<&String> = summary.reasons.iter().flat_map(|reason| &reason.operations).collect();
    let mut operations = Vec::with_capacity(api.operations.len());
    for module in &plan.modules {
        let mut positions = module.operations.clone();
        positions.sort_by_key(|&position| &plan.calls[position].method);
        for position in positions {
            let operation = &api.operations[position];
            let outcome = if degraded.contains(&&operation.route()) { "degraded" } else { "full" };
            operations.push(view(plan, operation, &plan.calls[position], module.ident.plain(), outcome));
        }
    }
    Inspection {
        format: 1,
        title: api.title.clone(),
        version: api.version.clone(),
        base_url: plan.package.base_url.clone(),
        package: plan.package.name.clone(),
        client: (!api.is_types_only()).then(|| plan.client.to_string()),
        dependencies: plan.package.dependencies.iter().map(|dependency| dependency.name.clone()).collect(),
        credentials: credentials(api),
        media: media(&operations, api),
        operations,
        types: types(api, plan),
        operations_full: summary.full,
        operations_degraded: summary.degraded,
        operations_skipped: summary.skipped,
    }
}

impl Inspection {
    /// As one JSON object.
    pub fn json(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }

    /// As tables for people.
    pub fn table(&self) -> String {
        table::render(self)
    }
}

fn view(plan: &Plan, operation: &Operation, call: &CallPlan, group: &str, outcome: &'static str) -> OperationView {
    let parameters = operation.parameters.iter().map(|parameter| ParameterView {
        name: parameter.name.clone(),
        location: format!("{:?}", parameter.location).to_lowercase(),
        required: parameter.required,
        ty: mention(plan, &plan.types[parameter.used.ty.index()].mention),
    });
    let body = operation.body.as_ref().map(|body| BodyView {
        media_type: body.ways().map(|(media_type, _)| media_type).collect::<Vec<_>>().join(", "),
        required: body.required,
        ty: match (&body.payload, call.body.as_ref()) {
            (_, Some(BodyArgument { choice: Some((choice, _)), .. })) => choice.to_string(),
            (Payload::Multipart(_), Some(BodyArgument { form: Some((form, _)), .. })) => form.to_string(),
            (Payload::Json(used) | Payload::Xml(used) | Payload::UrlEncoded(used), _) => {
                mention(plan, &plan.types[used.ty.index()].mention)
            }
            (Payload::Text, _) => "String".to_owned(),
            (Payload::Bytes | Payload::Multipart(_), _) => "Body".to_owned(),
        },
    });
    let answers = operation.answers.iter().map(|answer| {
        let (content, ty) = match &answer.content {
            Content::Empty => ("empty", None),
            Content::Json(used) => ("json", Some(mention(plan, &plan.types[used.ty.index()].mention))),
            Content::Xml(used) => ("xml", Some(mention(plan, &plan.types[used.ty.index()].mention))),
            Content::Text => ("text", Some("String".to_owned())),
            Content::Bytes => ("bytes", Some("Download".to_owned())),
        };
        AnswerView { status: status(answer.status), content, ty }
    });
    OperationView {
        method: operation.method.name().to_owned(),
        path: operation.path.clone(),
        id: operation.id.clone(),
        name: call.method.plain().to_owned(),
        group: group.to_owned(),
        summary: operation.summary.clone(),
        deprecated: operation.docs.deprecated,
        parameters: parameters.collect(),
        body,
        answers: answers.collect(),
        accept: operation.accept.clone(),
        auth: operation.security.clone(),
        server: operation.server.as_ref().map(|server| match server {
            ServerOverride::BasePath(path) => path.clone(),
            ServerOverride::Url(url) => url.clone(),
        }),
        signature: signature(plan, operation, call),
        pages: call.pages.as_ref().map(|pages| pages.said.clone()),
        outcome,
    }
}

fn status(status: Status) -> String {
    match status {
        Status::Code(code) => code.to_string(),
        Status::Class(class) => format!("{class}XX"),
        Status::Default => "default".to_owned(),
    }
}

/// `get_user(user_id: i64) -> User`
fn signature(plan: &Plan, operation: &Operation, call: &CallPlan) -> String {
    let mut takes: Vec<String> =
        call.arguments.iter().map(|Argument { ident, kind, .. }| format!("{ident}: {}", taken(plan, kind))).collect();
    if let Some(body) = &call.body {
        let ty = match (&body.kind, &body.form, operation.body.as_ref().map(|body| &body.payload)) {
            _ if body.choice.is_some() => {
                body.choice.as_ref().map_or_else(String::new, |(choice, _)| format!("impl Into<{choice}>"))
            }
            (_, Some((form, _)), _) => format!("&{form}"),
            (Some(kind), None, _) => taken(plan, kind),
            (None, None, Some(Payload::Text)) => "impl Into<String>".to_owned(),
            (None, None, _) => "impl Into<Body>".to_owned(),
        };
        takes.push(format!("{}: {ty}", body.ident));
    }
    if let Some((options, _)) = &call.options {
        takes.push(format!("options: &{options}"));
    }
    let gives = match &call.success {
        _ if operation.streamed.as_ref().is_some_and(|streamed| streamed.alone) => {
            let item = call.stream.as_ref().and_then(|stream| stream.item.as_ref());
            let item = item.map_or_else(|| "String".to_owned(), |item| mention(plan, item));
            format!("stream of {item}")
        }
        Success::Empty => "()".to_owned(),
        Success::Json(ty, _) | Success::Xml(ty, _) => mention(plan, ty),
        Success::Text => "String".to_owned(),
        Success::Bytes => "Download".to_owned(),
        Success::Choice(name, _) => name.to_string(),
    };
    format!("{}({}) -> {gives}", call.method, takes.join(", "))
}

fn taken(plan: &Plan, kind: &ArgumentKind) -> String {
    match kind {
        ArgumentKind::Value(ty) => mention(plan, ty),
        ArgumentKind::Text => "&str".to_owned(),
        ArgumentKind::Slice(ty) => format!("&[{}]", mention(plan, ty)),
        ArgumentKind::Reference(ty) => format!("&{}", mention(plan, ty)),
    }
}

/// A type as Rust spells it, without the modules.
fn mention(plan: &Plan, ty: &RustType) -> String {
    let inner = |name: &str, inner: &RustType| format!("{name}<{}>", mention(plan, inner));
    match ty {
        RustType::Unit => "()".to_owned(),
        RustType::Bool => "bool".to_owned(),
        RustType::I32 => "i32".to_owned(),
        RustType::I64 => "i64".to_owned(),
        RustType::U32 => "u32".to_owned(),
        RustType::U64 => "u64".to_owned(),
        RustType::F32 => "f32".to_owned(),
        RustType::F64 => "f64".to_owned(),
        RustType::Decimal => "Decimal".to_owned(),
        RustType::String => "String".to_owned(),
        RustType::Secret => "Secret".to_owned(),
        RustType::Timestamp => "Timestamp".to_owned(),
        RustType::Date => "Date".to_owned(),
        RustType::Uuid => "Uuid".to_owned(),
        RustType::Bytes => "Vec<u8>".to_owned(),
        RustType::Json => "Value".to_owned(),
        RustType::Named(id) => {
            plan.types[id.index()].name.as_ref().map_or_else(|| "Value".to_owned(), ToString::to_string)
        }
        RustType::List(item) => inner("Vec", item),
        RustType::Tuple(items) => {
            let items: Vec<String> = items.iter().map(|item| mention(plan, item)).collect();
            format!("({})", items.join(", "))
        }
        RustType::Map(value) => format!("BTreeMap<String, {}>", mention(plan, value)),
        RustType::Option(value) => inner("Option", value),
        RustType::Nullable(value) => inner("Nullable", value),
        RustType::Boxed(value) => mention(plan, value),
        RustType::Own(path) => path.as_str().to_owned(),
    }
}

fn credentials(api: &Api) -> Vec<CredentialView> {
    let views = api.credentials.iter().map(|credential| CredentialView {
        name: credential.name.clone(),
        sent_as: match &credential.kind {
            CredentialKind::Bearer => "Authorization: Bearer …".to_owned(),
            CredentialKind::MutualTls => "a certificate of the client (mutual TLS)".to_owned(),
            CredentialKind::Basic => "Authorization: Basic …".to_owned(),
            CredentialKind::Scheme(scheme) => format!("Authorization: {scheme} …"),
            CredentialKind::ApiKeyHeader(name) => format!("{name}: …"),
            CredentialKind::ApiKeyQuery(name) => format!("?{name}=…"),
            CredentialKind::ApiKeyCookie(name) => format!("Cookie: {name}=…"),
        },
        operations: api
            .operations
            .iter()
            .filter(|operation| operation.security.iter().flatten().any(|name| *name == credential.name))
            .count(),
    });
    views.collect()
}

fn media(operations: &[OperationView], api: &Api) -> MediaView {
    let mut media = MediaView { sent: BTreeMap::new(), answered: BTreeMap::new() };
    for body in operations.iter().filter_map(|operation| operation.body.as_ref()) {
        *media.sent.entry(body.media_type.clone()).or_default() += 1;
    }
    for answer in api.operations.iter().flat_map(Operation::successes) {
        let kind = match answer.content {
            Content::Empty => "empty",
            Content::Json(_) => "json",
            Content::Xml(_) => "xml",
            Content::Text => "text",
            Content::Bytes => "bytes",
        };
        *media.answered.entry(kind.to_owned()).or_default() += 1;
    }
    media
}

fn types(api: &Api, plan: &Plan) -> Vec<TypeView> {
    let mut users = vec![0; api.types.len()];
    for operation in &api.operations {
        for id in api.types.closure(operation.mentions()) {
            users[id.index()] += 1;
        }
    }
    let views = plan.definitions.iter().map(|&id| {
        let ty = api.types.get(id);
        let (kind, parts) = match &ty.shape {
            Shape::Record(record) => ("struct", record.fields.len()),
            Shape::Enumeration(words) => ("enum", words.values.len()),
            Shape::Union(union) => ("union", union.arms.len()),
            Shape::Anything
            | Shape::Nothing
            | Shape::Boolean
            | Shape::Integer(_)
            | Shape::Number(_)
            | Shape::Text(_)
            | Shape::List(_)
            | Shape::Tuple(_)
            | Shape::Map(_)
            | Shape::Alias(_) => ("alias", 0),
        };
        TypeView {
            name: plan.types[id.index()].name.as_ref().map(ToString::to_string).unwrap_or_default(),
            kind,
            parts,
            component: match &ty.origin {
                Origin::Component(name) => Some(name.clone()),
                Origin::Inline { .. } => None,
            },
            pointer: ty.pointer.as_str().to_owned(),
            operations: users[id.index()],
        }
    });
    views.collect()
}
