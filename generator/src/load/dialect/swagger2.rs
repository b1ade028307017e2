//! How is Swagger 2.0 brought to the form of OpenAPI 3?
//!
//! Object by object, while the document is walked: so it holds for what other files have, too. What moves is recorded, so that
//! messages show where it was written, and references to where it was lead to where it is.

use serde_json::{Map, Value, json};

use super::super::bundle::lone_reference;
use super::super::model::{HEADER, OPERATION, PARAMETER, PATH_ITEM, RESPONSE, SECURITY_SCHEME, Shape};
use super::super::split::Splitter;
use crate::diagnostics::{Diagnostic, Pointer, codes};

/// What the document says for all of its operations.
#[derive(Debug, Clone)]
pub(in super::super) struct Defaults {
    consumes: Vec<String>,
    produces: Vec<String>,
    /// What the operation produces that is being walked.
    here: Vec<String>,
}

/// The keys of a parameter or a header that say what a schema says.
const INLINE: &[&str] = &[
    "type",
    "format",
    "items",
    "default",
    "maximum",
    "exclusiveMaximum",
    "minimum",
    "exclusiveMinimum",
    "maxLength",
    "minLength",
    "pattern",
    "maxItems",
    "minItems",
    "uniqueItems",
    "enum",
    "multipleOf",
    "x-nullable",
    "x-enumNames",
];

const METHODS: [&str; 7] = ["delete", "get", "head", "options", "patch", "post", "put"];

/// Where the parts of a Swagger document are in OpenAPI 3.
const HOMES: [(&str, &str); 4] = [
    ("definitions", "schemas"),
    ("parameters", "parameters"),
    ("responses", "responses"),
    ("securityDefinitions", "securitySchemes"),
];

/// Brings the document itself to the new form; its parts follow when they are walked.
pub(in super::super) fn document(splitter: &mut Splitter<'_>, map: &mut Map<String, Value>) {
    if !map.contains_key("swagger") {
        return;
    }
    map.remove("swagger");
    map.insert("openapi".to_owned(), json!("3.0.3"));
    let consumes = texts(map.remove("consumes"));
    let produces = texts(map.remove("produces"));
    splitter.swagger = Some(Defaults { consumes, here: produces.clone(), produces });
    servers(splitter, map);
    let root = Pointer::root();
    let mut components = Map::new();
    for (old, new) in HOMES {
        let Some(found) = map.remove(old) else { continue };
        let (old, home) = (root.join(old), root.join("components").join(new));
        splitter.diagnostics.sources.converted.record(home.clone(), old.clone());
        splitter.homes.record(old, home);
        components.insert(new.to_owned(), found);
    }
    map.insert("components".to_owned(), Value::Object(components));
}

fn servers(splitter: &mut Splitter<'_>, map: &mut Map<String, Value>) {
    let host = map.remove("host");
    let path = map.remove("basePath");
    let mut schemes = texts(map.remove("schemes"));
    schemes.retain(|scheme| scheme == "https" || scheme == "http");
    // The safe one first, whatever the order: the first server is the one that is called.
    schemes.sort_by_key(|scheme| scheme != "https");
    if schemes.is_empty() {
        schemes.push("https".to_owned());
    }
    let path = path.as_ref().and_then(Value::as_str).unwrap_or("/").to_owned();
    let path = if path.starts_with('/') { path } else { format!("/{path}") };
    let servers: Vec<Value> = match host.as_ref().and_then(Value::as_str) {
        Some(host) => schemes.iter().map(|scheme| json!({"url": format!("{scheme}://{host}{path}")})).collect(),
        None => vec![json!({"url": path})],
    };
    let root = Pointer::root();
    let key = if host.is_some() { "host" } else { "basePath" };
    splitter.diagnostics.sources.converted.record(root.join("servers"), root.join(key));
    map.insert("servers".to_owned(), Value::Array(servers));
}

impl Splitter<'_> {
    /// Brings one object of a Swagger document to the form of OpenAPI 3.
    pub(in super::super) fn lift(&mut self, shape: &'static Shape, map: &mut Map<String, Value>) {
        let Some(defaults) = self.swagger.clone() else { return };
        if std::ptr::eq(shape, &raw const PATH_ITEM) {
            self.lift_path(map);
        } else if std::ptr::eq(shape, &raw const OPERATION) {
            self.lift_operation(map, &defaults);
        } else if std::ptr::eq(shape, &raw const PARAMETER) {
            self.lift_parameter(map);
        } else if std::ptr::eq(shape, &raw const HEADER) {
            map.remove("collectionFormat");
            self.lift_schema(map);
        } else if std::ptr::eq(shape, &raw const RESPONSE) {
            self.lift_response(map, &defaults.here);
        } else if std::ptr::eq(shape, &raw const SECURITY_SCHEME) {
            lift_security(map);
        }
    }

    /// Goes back to what the document says for all operations, for parts that belong to none.
    pub(in super::super) fn outside_operations(&mut self) {
        if let Some(defaults) = &mut self.swagger {
            defaults.here = defaults.produces.clone();
        }
    }

    /// Says that what is at a place inside this object was written at another place inside it.
    fn moved_here<'a>(&mut self, now: impl IntoIterator<Item = &'a str>, before: impl IntoIterator<Item = &'a str>) {
        let here = self.diagnostics.sources.borrowed.origin(&self.here());
        let (now, before) = (here.join_all(now), here.join_all(before));
        if !now.is_within(&before) {
            self.moved.record(before.clone(), now.clone());
        }
        self.diagnostics.sources.converted.record(now, before);
    }

    /// Bodies that are said for a whole path are said for each of its operations.
    fn lift_path(&mut self, map: &mut Map<String, Value>) {
        let Some(Value::Array(shared)) = map.get_mut("parameters") else { return };
        let mut bodies = Vec::new();
        let mut others = Vec::new();
        for (index, parameter) in std::mem::take(shared).into_iter().enumerate() {
            let index = index.to_string();
            let place = self.here().join("parameters").join(&index);
            match self.body_parameter(&parameter, &place) {
                Some(_) => bodies.push((index, parameter)),
                None => {
                    if others.len().to_string() != index {
                        let now = others.len().to_string();
                        self.moved_here(["parameters", &now], ["parameters", &index]);
                    }
                    others.push(parameter);
                }
            }
        }
        *shared = others;
        for method in METHODS {
            let Some(Value::Object(operation)) = map.get_mut(method) else { continue };
            let Value::Array(own) = operation.entry("parameters").or_insert_with(|| json!([])) else { continue };
            for (index, parameter) in &bodies {
                if !own
                    .iter()
                    .any(|known| known.get("in") == parameter.get("in") && known.get("name") == parameter.get("name"))
                {
                    let position = own.len().to_string();
                    self.moved_here([method, "parameters", &position], ["parameters", index]);
                    own.push(parameter.clone());
                }
            }
        }
    }

    fn lift_operation(&mut self, map: &mut Map<String, Value>, defaults: &Defaults) {
        map.remove("schemes");
        let consumes = map.remove("consumes").map_or_else(|| defaults.consumes.clone(), |own| texts(Some(own)));
        let produces = map.remove("produces").map_or_else(|| defaults.produces.clone(), |own| texts(Some(own)));
        if let Some(defaults) = &mut self.swagger {
            defaults.here = produces;
        }
        let Some(Value::Array(parameters)) = map.get_mut("parameters") else { return };
        let mut kept = Vec::new();
        let mut fields = Vec::new();
        let mut body = None;
        for (index, parameter) in std::mem::take(parameters).into_iter().enumerate() {
            let index = index.to_string();
            let place = self.here().join("parameters").join(&index);
            match self.body_parameter(&parameter, &place) {
                Some(BodyPart { field: false, said, at }) => body = Some((index, said, at)),
                Some(BodyPart { field: true, said, .. }) => fields.push((index, said)),
                None => {
                    let now = kept.len().to_string();
                    if now != index {
                        self.moved_here(["parameters", &now], ["parameters", &index]);
                    }
                    kept.push(parameter);
                }
            }
        }
        *parameters = kept;
        let body = match body {
            Some((index, said, at)) => Some(self.body(&index, said, at.as_ref(), &consumes)),
            None if fields.is_empty() => None,
            None => Some(self.form(fields, &consumes)),
        };
        map.extend(body.map(|body| ("requestBody".to_owned(), body)));
    }

    /// A parameter that is part of the body, by itself or by what it refers to.
    fn body_parameter(&mut self, parameter: &Value, place: &Pointer) -> Option<BodyPart> {
        let (said, at) = match lone_reference(parameter) {
            Some(text) => {
                let (at, said) = self.quietly_at(&place.join("$ref"), &text)?;
                (said, Some(at))
            }
            None => (parameter.clone(), None),
        };
        let field = match said.get("in").and_then(Value::as_str) {
            Some("body") => false,
            Some("formData") => true,
            _ => return None,
        };
        let Value::Object(said) = said else { return None };
        Some(BodyPart { field, said, at })
    }

    fn body(&mut self, index: &str, mut said: Map<String, Value>, at: Option<&Pointer>, consumes: &[String]) -> Value {
        let media = preferred(consumes, false);
        self.moved_here(["requestBody"], ["parameters", index]);
        let schema = match at {
            // What several operations refer to stays one schema.
            Some(at) => json!({"$ref": at.join("schema").to_reference()}),
            None => said.remove("schema").unwrap_or(Value::Bool(true)),
        };
        let mut body = content_of(&self.here().join("requestBody"), &media, schema);
        for media in &media {
            self.moved_here(["requestBody", "content", media, "schema"], ["parameters", index, "schema"]);
        }
        body.insert("required".to_owned(), said.remove("required").unwrap_or(Value::Bool(false)));
        body.extend(said.remove("description").map(|text| ("description".to_owned(), text)));
        Value::Object(body)
    }

    fn form(&mut self, fields: Vec<(String, Map<String, Value>)>, consumes: &[String]) -> Value {
        let file = fields.iter().any(|(_, field)| field.get("type").and_then(Value::as_str) == Some("file"));
        let says = |media: &str| consumes.iter().any(|known| known.starts_with(media));
        let multipart = file || (says("multipart/") && !says("application/x-www-form-urlencoded"));
        let media = if multipart { "multipart/form-data" } else { "application/x-www-form-urlencoded" };
        let mut properties = Map::new();
        let mut required = Vec::new();
        let mut encoding = Map::new();
        for (index, mut field) in fields {
            let Some(name) = field.get("name").and_then(Value::as_str).map(str::to_owned) else { continue };
            let place = ["requestBody", "content", media, "schema", "properties", &name];
            self.moved_here(place, ["parameters", &index]);
            if field.get("required") == Some(&Value::Bool(true)) {
                required.push(Value::String(name.clone()));
            }
            let multi = field.get("collectionFormat").and_then(Value::as_str) == Some("multi");
            if field.get("type").and_then(Value::as_str) == Some("array") && !multi {
                encoding.insert(name.clone(), json!({"style": "form", "explode": false}));
            }
            let mut schema = inline(&mut field);
            schema.extend(field.remove("description").map(|text| ("description".to_owned(), text)));
            properties.insert(name, Value::Object(schema));
        }
        let needed = !required.is_empty();
        let mut content = json!({"schema": {"type": "object", "properties": properties, "required": required}});
        if !encoding.is_empty()
            && let Some(content) = content.as_object_mut()
        {
            content.insert("encoding".to_owned(), Value::Object(encoding));
        }
        self.moved_here(["requestBody"], ["parameters"]);
        json!({"content": {media: content}, "required": needed})
    }

    fn lift_parameter(&mut self, map: &mut Map<String, Value>) {
        let format = map.remove("collectionFormat");
        if map.get("type").and_then(Value::as_str) == Some("array") {
            let query = map.get("in").and_then(Value::as_str) == Some("query");
            let style = match format.as_ref().and_then(Value::as_str) {
                None | Some("csv") => query.then_some(("form", false)),
                Some("multi") => query.then_some(("form", true)),
                Some("ssv") if query => Some(("spaceDelimited", false)),
                Some("pipes") if query => Some(("pipeDelimited", false)),
                Some(other) => {
                    let what = format!("lists cannot be written as `{other}` here");
                    self.diagnostics.push(
                        Diagnostic::warning(codes::UNSUPPORTED_PARAMETER, what)
                            .at(&self.here().join("collectionFormat"), "written with commas"),
                    );
                    query.then_some(("form", false))
                }
            };
            if let Some((style, explode)) = style {
                map.insert("style".to_owned(), json!(style));
                map.insert("explode".to_owned(), json!(explode));
            }
        }
        self.lift_schema(map);
    }

    /// What a parameter or a header says of its value becomes a schema.
    fn lift_schema(&mut self, map: &mut Map<String, Value>) {
        if map.contains_key("schema") || !INLINE.iter().any(|key| map.contains_key(*key)) {
            return;
        }
        let schema = inline(map);
        self.moved_here(["schema"], []);
        map.insert("schema".to_owned(), Value::Object(schema));
    }

    fn lift_response(&mut self, map: &mut Map<String, Value>, produces: &[String]) {
        map.remove("examples");
        let Some(schema) = map.remove("schema") else { return };
        let file = schema.get("type").and_then(Value::as_str) == Some("file");
        let media = preferred(produces, file);
        for media in &media {
            self.moved_here(["content", media, "schema"], ["schema"]);
        }
        map.extend(content_of(&self.here(), &media, schema));
    }
}

struct BodyPart {
    /// A field of a form, not the body as a whole.
    field: bool,
    said: Map<String, Value>,
    /// Where it stands, if by reference.
    at: Option<Pointer>,
}

/// `content` with one schema under several media types: under the first as it is, under the others as a reference to it.
fn content_of(of: &Pointer, media: &[String], schema: Value) -> Map<String, Value> {
    let mut content = Map::new();
    let mut schema = Some(schema);
    let first = media.first().map(|first| of.join_all(["content", first, "schema"]));
    for media in media {
        let said = schema.take().or_else(|| Some(json!({"$ref": first.as_ref()?.to_reference()})));
        content.insert(media.clone(), json!({"schema": said}));
    }
    let mut map = Map::new();
    map.insert("content".to_owned(), Value::Object(content));
    map
}

/// The media types to speak: JSON if that is among them, unless it is a file that is meant.
fn preferred(media: &[String], file: bool) -> Vec<String> {
    let is_json = |media: &&String| media.split(';').next().is_some_and(|media| media.trim().ends_with("json"));
    let mut preferred: Vec<String> = media.iter().filter(|media| is_json(media) != file).cloned().collect();
    if preferred.is_empty() {
        preferred = match (media, file) {
            ([], false) => vec!["application/json".to_owned()],
            (_, true) => vec!["application/octet-stream".to_owned()],
            (media, false) => media.to_vec(),
        };
    }
    let mut seen = std::collections::HashSet::new();
    preferred.retain(|media| seen.insert(media.clone()));
    preferred
}

fn inline(map: &mut Map<String, Value>) -> Map<String, Value> {
    INLINE.iter().filter_map(|key| Some(((*key).to_owned(), map.remove(*key)?))).collect()
}

fn lift_security(map: &mut Map<String, Value>) {
    match map.get("type").and_then(Value::as_str) {
        Some("basic") => {
            map.insert("type".to_owned(), json!("http"));
            map.insert("scheme".to_owned(), json!("basic"));
        }
        Some("oauth2") if !map.contains_key("flows") => {
            let flow = map.remove("flow");
            let name = match flow.as_ref().and_then(Value::as_str) {
                Some("password") => "password",
                Some("application") => "clientCredentials",
                Some("accessCode") => "authorizationCode",
                _ => "implicit",
            };
            let keys = ["authorizationUrl", "tokenUrl", "scopes"];
            let said: Map<String, Value> =
                keys.into_iter().filter_map(|key| Some((key.to_owned(), map.remove(key)?))).collect();
            map.insert("flows".to_owned(), json!({name: said}));
        }
        _ => {}
    }
}

fn texts(value: Option<Value>) -> Vec<String> {
    let Some(Value::Array(list)) = value else { return Vec::new() };
    list.into_iter().filter_map(|value| value.as_str().map(str::to_owned)).collect()
}
