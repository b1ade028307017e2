//! How does a skeleton become typed, so that one bad piece costs no other?

use std::collections::BTreeMap;

use openapiv3::{Header, MediaType, Operation, Parameter, ReferenceOr, RequestBody, Response, SecurityScheme, Server};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::document::{Document, PathOperation};
use super::model::{self, Kind, Shape};
use super::schema::SchemaTable;
use super::skeleton::Skeleton;
use super::split::{describe, looks_like_operation};
use super::{follow, incoming, nearest};
use crate::diagnostics::{Diagnostic, Diagnostics, Pointer, codes};

static OPERATION_KIND: Kind = Kind::Object(&model::OPERATION);

/// How a scheme of mutual TLS is called in the skeleton.
pub(crate) const MUTUAL_TLS: &str = "mutualTLS";

pub(super) const METHODS: [&str; 9] = ["delete", "get", "head", "options", "patch", "post", "put", "query", "trace"];

/// Reads the pieces of a skeleton. What cannot be read is told and left out.
pub(super) fn parse(skeleton: Skeleton, schemas: SchemaTable, diagnostics: &mut Diagnostics) -> Document {
    let mut reader = Reader { skeleton: &skeleton, diagnostics, operations: Vec::new(), unreadable: 0 };
    let root = Pointer::root();
    let document = &skeleton.document;
    let text = |key: &str| document.get("info")?.get(key)?.as_str().map(str::to_owned);
    let title = text("title").unwrap_or_else(|| reader.missing("title", "API"));
    let version = text("version").unwrap_or_else(|| reader.missing("version", "0.0.0"));
    let description = text("description").or_else(|| text("summary"));
    let servers = reader.list(&root.join("servers"), document.get("servers"), "a server");
    let tags = reader.list(&root.join("tags"), document.get("tags"), "a tag");
    let security = document
        .get("security")
        .map(|found| reader.list(&root.join("security"), Some(found), "a security requirement"));
    let security_schemes = reader.security_schemes();
    reader.paths();
    let Reader { mut operations, unreadable, .. } = reader;
    let incoming = incoming::read(&skeleton, diagnostics);
    operations.sort_by(|a, b| (&a.path, &a.method).cmp(&(&b.path, &b.method)));
    Document {
        title,
        version,
        description,
        servers,
        security,
        tags,
        security_schemes,
        operations,
        incoming,
        unreadable,
        schemas,
        skeleton,
    }
}

struct Reader<'a> {
    skeleton: &'a Skeleton,
    diagnostics: &'a mut Diagnostics,
    operations: Vec<PathOperation>,
    unreadable: usize,
}

impl<'a> Reader<'a> {
    fn missing(&mut self, key: &str, instead: &str) -> String {
        self.diagnostics.push(
            Diagnostic::warning(codes::REPAIRED, format!("the document has no `info.{key}`"))
                .at(&Pointer::root().join("info"), format!("read as `{instead}`")),
        );
        instead.to_owned()
    }

    /// A list of pieces, each read for itself; empty if there is none.
    fn list<T: DeserializeOwned>(&mut self, at: &Pointer, found: Option<&Value>, what: &str) -> Vec<T> {
        let list = match found {
            None => return Vec::new(),
            Some(Value::Array(list)) => list,
            Some(other) => {
                let error =
                    Diagnostic::error(codes::WRONG_TYPE, format!("this must be a list, but is {}", describe(other)));
                self.diagnostics.push(error.at(at, "ignored"));
                return Vec::new();
            }
        };
        list.iter()
            .enumerate()
            .filter_map(|(index, value)| match piece::<T>(value) {
                Ok(piece) => Some(piece),
                Err(error) => {
                    self.diagnostics.push(
                        Diagnostic::error(codes::INVALID_COMPONENT, format!("{what} cannot be read"))
                            .at(&at.index(index), error)
                            .help("it is left out"),
                    );
                    None
                }
            })
            .collect()
    }

    fn security_schemes(&mut self) -> BTreeMap<String, (Pointer, SecurityScheme)> {
        let at = Pointer::root().join_all(["components", "securitySchemes"]);
        let Some(schemes) = self.skeleton.resolve(&at).and_then(Value::as_object) else { return BTreeMap::new() };
        let mut read = BTreeMap::new();
        for (name, value) in schemes {
            if name.starts_with("x-") && !value.is_object() {
                continue;
            }
            let at = at.join(name);
            // Which `openapiv3` does not know; what holds the connection is as near to a scheme of HTTP as to any.
            let mutual = (value.get("type").and_then(Value::as_str) == Some("mutualTLS")).then(|| {
                let description = value.get("description").and_then(Value::as_str);
                serde_json::json!({"type": "http", "scheme": MUTUAL_TLS, "description": description})
            });
            let error = match piece::<ReferenceOr<SecurityScheme>>(mutual.as_ref().unwrap_or(value)) {
                Ok(item) => {
                    read.extend(
                        follow::follow(self.skeleton, &at, &item, self.diagnostics).map(|found| (name.clone(), found)),
                    );
                    continue;
                }
                Err(error) => error,
            };
            self.diagnostics.push(
                Diagnostic::error(codes::INVALID_COMPONENT, format!("the security scheme `{name}` cannot be read"))
                    .at(&at, error)
                    .help("it is left out; requests that need it are sent without"),
            );
        }
        read
    }

    fn paths(&mut self) {
        let at = Pointer::root().join("paths");
        let paths = match self.skeleton.document.get("paths") {
            Some(Value::Object(paths)) => paths,
            None => return,
            Some(other) => {
                let error = Diagnostic::error(
                    codes::WRONG_TYPE,
                    format!("`paths` must be a mapping, but is {}", describe(other)),
                );
                self.diagnostics.push(error.at(&at, "no operation can be read"));
                return;
            }
        };
        for (path, item) in paths {
            if !path.starts_with("x-") {
                self.path(path, &at.join(path), item);
            }
        }
    }

    fn path(&mut self, path: &str, at: &Pointer, item: &'a Value) {
        let path = if path.starts_with('/') {
            path.to_owned()
        } else {
            self.diagnostics.push(
                Diagnostic::warning(codes::REPAIRED, format!("the path `{path}` does not start with `/`"))
                    .at_key(at, format!("read as `/{path}`")),
            );
            format!("/{path}")
        };
        let Some(item) = self.path_item(at, item) else { return };
        // Shared parts may stand here, while the operations stand behind a reference, or the other way round.
        let (shared_parameters, broken) = shared_parameters(&item);
        let servers: Vec<Server> = match item.get("servers") {
            Some((at, value)) => self.list(&at, Some(value), "a server"),
            None => Vec::new(),
        };
        let fixed = METHODS.iter().filter_map(|method| item.get(method).map(|(at, value)| (*method, at, value)));
        let operations: Vec<_> = fixed.chain(item.additional()).collect();
        for (method, at, value) in operations {
            if let Some(place) = &broken {
                self.refuse(method, &path, place, "the parameters of the path cannot be read".to_owned());
                continue;
            }
            self.operation(&path, method, at, value, &shared_parameters, &servers);
        }
        self.other_methods(&path, &item);
    }

    /// A path item, and what its reference leads to.
    fn path_item(&mut self, at: &Pointer, item: &'a Value) -> Option<PathItem<'a>> {
        let Value::Object(own) = item else {
            let error =
                Diagnostic::error(codes::WRONG_TYPE, format!("a path must be a mapping, but is {}", describe(item)));
            self.diagnostics.push(error.at(at, "skipped"));
            self.unreadable += 1;
            return None;
        };
        let mut item = PathItem { layers: vec![(at.clone(), own)] };
        if let Some(reference) = own.get("$ref").and_then(Value::as_str) {
            match follow::target(self.skeleton, at, reference, self.diagnostics) {
                Some((pointer, Value::Object(map))) => item.layers.push((pointer, map)),
                // Told. How many operations would have stood there, nobody knows: at least one.
                _ => self.unreadable += 1,
            }
        }
        Some(item)
    }

    fn operation(
        &mut self,
        path: &str,
        method: &str,
        pointer: Pointer,
        value: &Value,
        shared_parameters: &[(Pointer, ReferenceOr<Parameter>)],
        path_servers: &[Server],
    ) {
        match without_callbacks(value) {
            Ok(operation) => {
                let servers =
                    [operation.servers.as_slice(), path_servers].into_iter().find(|servers| !servers.is_empty());
                self.operations.push(PathOperation {
                    path: path.to_owned(),
                    method: method.to_owned(),
                    servers: servers.map(<[Server]>::to_vec),
                    shared_parameters: shared_parameters.to_vec(),
                    pointer,
                    operation,
                });
            }
            Err(error) => {
                let (place, why) = culprit(value, &OPERATION_KIND, &pointer).unwrap_or((pointer, error));
                self.refuse(method, path, &place, why);
            }
        }
    }

    fn refuse(&mut self, method: &str, path: &str, place: &Pointer, why: String) {
        self.unreadable += 1;
        let shown = method.to_uppercase();
        self.diagnostics.push(
            Diagnostic::error(codes::INVALID_OPERATION, format!("`{shown} {path}` cannot be read"))
                .at(place, why)
                .help("the operation is skipped"),
        );
    }

    fn other_methods(&mut self, path: &str, item: &PathItem<'_>) {
        for (at, layer) in &item.layers {
            let additional = layer.get("additionalOperations").and_then(Value::as_object);
            let named = additional
                .into_iter()
                .flatten()
                .filter(|(key, _)| !is_additional(key) && !key.starts_with("x-"))
                .map(|(key, value)| (key, value, at.join("additionalOperations")));
            let direct = layer
                .iter()
                .filter(|(key, value)| {
                    !METHODS.contains(&key.as_str()) && !key.starts_with("x-") && looks_like_operation(value)
                })
                .map(|(key, value)| (key, value, at.clone()));
            for (method, _, at) in named.chain(direct) {
                self.unreadable += 1;
                let at = at.join(method);
                let error =
                    Diagnostic::error(codes::UNKNOWN_METHOD, format!("the method `{method}` of `{path}` is not known"));
                let error = match nearest(method, METHODS) {
                    Some(meant) => error.at_key(&at, format!("did you mean `{meant}`?")),
                    None => error.at_key(&at, "not supported"),
                };
                self.diagnostics.push(error.help("the operation is skipped"));
            }
        }
    }
}

/// Whether a key of `additionalOperations` is a method, and one that has no key of its own (RFC 9110, 9.1).
fn is_additional(method: &str) -> bool {
    let token = |char: char| char.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(char);
    !method.is_empty()
        && method.len() <= 64
        && method.chars().all(token)
        && !METHODS.iter().any(|known| known.eq_ignore_ascii_case(method))
}

/// A path item as it is written, and as it is written where its reference leads. What stands nearer wins.
struct PathItem<'a> {
    layers: Vec<(Pointer, &'a Map<String, Value>)>,
}

impl<'a> PathItem<'a> {
    /// Operations under methods that have no key of their own.
    fn additional(&self) -> Vec<(&'a str, Pointer, &'a Value)> {
        let Some((at, Value::Object(map))) = self.get("additionalOperations") else { return Vec::new() };
        let known = map.iter().filter(|(method, _)| is_additional(method));
        known.map(|(method, value)| (method.as_str(), at.join(method), value)).collect()
    }

    /// A member and its place.
    fn get(&self, key: &str) -> Option<(Pointer, &'a Value)> {
        self.layers.iter().find_map(|(at, map)| Some((at.join(key), map.get(key)?)))
    }
}

/// The parameters of a path; or the place of one that cannot be read.
fn shared_parameters(item: &PathItem<'_>) -> (Vec<(Pointer, ReferenceOr<Parameter>)>, Option<Pointer>) {
    let mut parameters = Vec::new();
    let Some((at, value)) = item.get("parameters") else { return (parameters, None) };
    let Some(list) = value.as_array() else { return (parameters, Some(at)) };
    for (index, value) in list.iter().enumerate() {
        let at = at.index(index);
        match piece::<ReferenceOr<Parameter>>(value) {
            Ok(parameter) => parameters.push((at, parameter)),
            Err(_) => return (parameters, Some(at)),
        }
    }
    (parameters, None)
}

/// An operation; its callbacks are read by themselves, for `openapiv3` knows no references among them.
pub(super) fn without_callbacks(value: &Value) -> Result<Operation, String> {
    match value {
        Value::Object(map) if map.contains_key("callbacks") => {
            let mut map = map.clone();
            map.remove("callbacks");
            piece(&Value::Object(map))
        }
        value => piece(value),
    }
}

fn piece<T: DeserializeOwned>(value: &Value) -> Result<T, String> {
    T::deserialize(value).map_err(|error| error.to_string())
}

/// The innermost thing that cannot be read. `openapiv3` only says that something in it cannot.
///
/// Recurses along the table of the model, so no deeper than the document.
fn culprit(value: &Value, kind: &'static Kind, at: &Pointer) -> Option<(Pointer, String)> {
    match kind {
        Kind::Reference(_) if value.get("$ref").is_some() => None,
        Kind::Object(shape) | Kind::Reference(shape) => {
            let Value::Object(map) = value else {
                return Some((at.clone(), format!("must be a mapping, but is {}", describe(value))));
            };
            map.iter()
                .filter_map(|(key, value)| Some((key, value, shape.key(key).or(shape.others)?)))
                .find_map(|(key, value, kind)| culprit(value, kind, &at.join(key)))
                .or_else(|| check(shape, value).err().map(|error| (at.clone(), error)))
        }
        Kind::Map(kind) => match value {
            Value::Object(map) => map.iter().find_map(|(key, value)| culprit(value, kind, &at.join(key))),
            other => Some((at.clone(), format!("must be a mapping, but is {}", describe(other)))),
        },
        Kind::List(kind) => match value {
            Value::Array(list) => {
                list.iter().enumerate().find_map(|(index, value)| culprit(value, kind, &at.index(index)))
            }
            other => Some((at.clone(), format!("must be a list, but is {}", describe(other)))),
        },
        Kind::Text if !value.is_string() => Some((at.clone(), format!("must be a text, but is {}", describe(value)))),
        Kind::Flag if !value.is_boolean() => {
            Some((at.clone(), format!("must be `true` or `false`, but is {}", describe(value))))
        }
        Kind::Text | Kind::Flag | Kind::Schema | Kind::Any | Kind::Unused(_) => None,
    }
}

/// Reads an object for itself, to see whether it can be.
fn check(shape: &'static Shape, value: &Value) -> Result<(), String> {
    match shape.name {
        "a parameter" => piece::<Parameter>(value).map(drop),
        "a header" => piece::<Header>(value).map(drop),
        "a request body" => piece::<RequestBody>(value).map(drop),
        "a response" => piece::<Response>(value).map(drop),
        "a media type" => piece::<MediaType>(value).map(drop),
        "a server" => piece::<Server>(value).map(drop),
        _ => Ok(()),
    }
}
