//! Which keys does each object of OpenAPI have, and what stands under them?
//!
//! One table for 3.0, 3.1 and 3.2: a key counts wherever it is written. `load::split` walks a document along it.

use crate::diagnostics::Pointer;

/// What stands at a place.
#[derive(Debug)]
pub(super) enum Kind {
    /// An object with known keys.
    Object(&'static Shape),
    /// Such an object, or a `$ref` to one.
    Reference(&'static Shape),
    /// A mapping from names that the document chooses.
    Map(&'static Kind),
    /// A list.
    List(&'static Kind),
    /// A schema.
    Schema,
    /// A text. Numbers and booleans are taken as written.
    Text,
    /// `true` or `false`.
    Flag,
    /// Anything.
    Any,
    /// Known, and read by no later stage: it is left out, after any schemas in it were found.
    Unused(&'static Kind),
}

/// An object of the specification.
#[derive(Debug)]
pub(super) struct Shape {
    /// What it is called in messages.
    pub(super) name: &'static str,
    /// Its keys.
    pub(super) keys: &'static [(&'static str, Kind)],
    /// What stands under names that the document chooses, in objects that have both.
    pub(super) others: Option<&'static Kind>,
    /// Keys without which the object means something else. A wrong value under any other key is told and left out.
    pub(super) essential: &'static [&'static str],
}

impl Shape {
    pub(super) fn key(&self, name: &str) -> Option<&'static Kind> {
        self.keys.iter().find(|(key, _)| *key == name).map(|(_, kind)| kind)
    }
}

/// Whether a place of the document is one at which this table has something that is read.
pub(super) fn knows(pointer: &Pointer) -> bool {
    let mut kind = &Kind::Object(&DOCUMENT);
    for token in pointer.tokens() {
        kind = match kind {
            Object(shape) | Reference(shape) => match shape.key(&token).or(shape.others) {
                Some(kind) => kind,
                None => return false,
            },
            Map(kind) | List(kind) => kind,
            Schema | Text | Flag | Any | Unused(_) => return false,
        };
    }
    true
}

/// Media types may be references, and are read to where they are used: `openapiv3` knows no such reference.
pub(super) fn is_media_type(shape: &'static Shape) -> bool {
    shape.name == MEDIA_TYPE.name
}

/// What a keyword of a schema holds, as far as another file may hold it instead.
pub(super) fn keyword(name: &str) -> Option<&'static Kind> {
    Some(match name {
        "properties" | "patternProperties" | "$defs" | "definitions" | "dependentSchemas" => &Map(&Schema),
        "allOf" | "anyOf" | "oneOf" | "prefixItems" => &List(&Schema),
        "title" | "description" | "format" | "pattern" | "type" => &Text,
        "enum" | "required" => &List(&Text),
        _ => return None,
    })
}

use Kind::{Any, Flag, List, Map, Object, Reference, Schema, Text, Unused};

pub(super) static DOCUMENT: Shape = Shape {
    name: "the document",
    keys: &[
        ("openapi", Text),
        ("$self", Text),
        ("info", Object(&INFO)),
        ("jsonSchemaDialect", Text),
        ("servers", List(&Object(&SERVER))),
        ("paths", Object(&PATHS)),
        ("webhooks", Map(&Reference(&PATH_ITEM))),
        ("components", Object(&COMPONENTS)),
        ("security", List(&Any)),
        ("tags", List(&Object(&TAG))),
        ("externalDocs", Unused(&Any)),
        // Not of OpenAPI 3, but documents that were converted by hand refer to them.
        ("definitions", Map(&Schema)),
        ("$defs", Map(&Schema)),
    ],
    others: None,
    essential: &["paths", "components"],
};

static INFO: Shape = Shape {
    name: "`info`",
    keys: &[
        ("title", Text),
        ("summary", Text),
        ("description", Text),
        ("termsOfService", Text),
        ("contact", Unused(&Any)),
        ("license", Unused(&Any)),
        ("version", Text),
    ],
    others: None,
    essential: &[],
};

static SERVER: Shape = Shape {
    name: "a server",
    keys: &[("url", Text), ("name", Text), ("description", Text), ("variables", Map(&Object(&SERVER_VARIABLE)))],
    others: None,
    essential: &["url", "variables"],
};

static SERVER_VARIABLE: Shape = Shape {
    name: "a server variable",
    keys: &[("enum", List(&Text)), ("default", Text), ("description", Text)],
    others: None,
    essential: &["default"],
};

static TAG: Shape = Shape {
    name: "a tag",
    keys: &[
        ("name", Text),
        ("summary", Text),
        ("description", Text),
        ("externalDocs", Unused(&Any)),
        ("parent", Text),
        ("kind", Text),
    ],
    others: None,
    essential: &["name"],
};

static PATHS: Shape = Shape { name: "`paths`", keys: &[], others: Some(&Reference(&PATH_ITEM)), essential: &[] };

pub(super) static PATH_ITEM: Shape = Shape {
    name: "a path",
    keys: &[
        ("$ref", Text),
        ("summary", Text),
        ("description", Text),
        ("get", Object(&OPERATION)),
        ("put", Object(&OPERATION)),
        ("post", Object(&OPERATION)),
        ("delete", Object(&OPERATION)),
        ("options", Object(&OPERATION)),
        ("head", Object(&OPERATION)),
        ("patch", Object(&OPERATION)),
        ("trace", Object(&OPERATION)),
        ("query", Object(&OPERATION)),
        ("additionalOperations", Map(&Object(&OPERATION))),
        ("servers", List(&Object(&SERVER))),
        ("parameters", List(&Reference(&PARAMETER))),
    ],
    others: None,
    essential: &[
        "$ref",
        "get",
        "put",
        "post",
        "delete",
        "options",
        "head",
        "patch",
        "trace",
        "query",
        "parameters",
        "servers",
    ],
};

pub(super) static OPERATION: Shape = Shape {
    name: "an operation",
    keys: &[
        ("tags", List(&Text)),
        ("summary", Text),
        ("description", Text),
        ("externalDocs", Unused(&Any)),
        ("operationId", Text),
        ("parameters", List(&Reference(&PARAMETER))),
        ("requestBody", Reference(&REQUEST_BODY)),
        ("responses", Object(&RESPONSES)),
        // Requests that the service makes, as webhooks are.
        ("callbacks", Map(&Reference(&CALLBACK))),
        ("deprecated", Flag),
        ("security", List(&Any)),
        ("servers", List(&Object(&SERVER))),
    ],
    others: None,
    essential: &["operationId", "parameters", "requestBody", "responses", "security", "servers"],
};

pub(super) static PARAMETER: Shape = Shape {
    name: "a parameter",
    keys: &[
        ("name", Text),
        ("in", Text),
        ("description", Text),
        ("required", Flag),
        ("deprecated", Flag),
        ("allowEmptyValue", Flag),
        ("style", Text),
        ("explode", Flag),
        ("allowReserved", Flag),
        ("schema", Schema),
        ("content", Map(&Reference(&MEDIA_TYPE))),
        ("example", Unused(&Any)),
        ("examples", Unused(&Map(&Reference(&EXAMPLE)))),
    ],
    others: None,
    essential: &["name", "in", "required", "style", "explode", "schema", "content"],
};

pub(super) static HEADER: Shape = Shape {
    name: "a header",
    keys: &[
        ("description", Text),
        ("required", Flag),
        ("deprecated", Flag),
        ("allowEmptyValue", Unused(&Any)),
        ("style", Text),
        ("explode", Flag),
        ("allowReserved", Unused(&Any)),
        ("schema", Schema),
        ("content", Map(&Reference(&MEDIA_TYPE))),
        ("example", Unused(&Any)),
        ("examples", Unused(&Map(&Reference(&EXAMPLE)))),
    ],
    others: None,
    essential: &["schema", "content"],
};

pub(super) static REQUEST_BODY: Shape = Shape {
    name: "a request body",
    keys: &[("description", Text), ("content", Map(&Reference(&MEDIA_TYPE))), ("required", Flag)],
    others: None,
    essential: &["content", "required"],
};

static RESPONSES: Shape = Shape {
    name: "`responses`",
    keys: &[("default", Reference(&RESPONSE))],
    others: Some(&Reference(&RESPONSE)),
    essential: &["default"],
};

pub(super) static RESPONSE: Shape = Shape {
    name: "a response",
    keys: &[
        ("summary", Text),
        ("description", Text),
        ("headers", Map(&Reference(&HEADER))),
        ("content", Map(&Reference(&MEDIA_TYPE))),
        ("links", Map(&Reference(&LINK))),
    ],
    others: None,
    essential: &["content"],
};

pub(super) static MEDIA_TYPE: Shape = Shape {
    name: "a media type",
    keys: &[
        ("schema", Schema),
        ("itemSchema", Schema),
        ("example", Unused(&Any)),
        ("examples", Unused(&Map(&Reference(&EXAMPLE)))),
        ("encoding", Map(&Object(&ENCODING))),
        ("prefixEncoding", Unused(&Any)),
        ("itemEncoding", Unused(&Any)),
    ],
    others: None,
    essential: &["schema", "encoding"],
};

static ENCODING: Shape = Shape {
    name: "an encoding",
    keys: &[
        ("contentType", Text),
        ("headers", Map(&Reference(&HEADER))),
        ("style", Text),
        ("explode", Flag),
        ("allowReserved", Flag),
        ("encoding", Unused(&Any)),
        ("prefixEncoding", Unused(&Any)),
        ("itemEncoding", Unused(&Any)),
    ],
    others: None,
    essential: &["contentType", "style", "explode"],
};

pub(super) static EXAMPLE: Shape = Shape {
    name: "an example",
    keys: &[
        ("summary", Text),
        ("description", Text),
        ("value", Any),
        ("dataValue", Any),
        ("serializedValue", Any),
        ("externalValue", Text),
    ],
    others: None,
    essential: &[],
};

pub(super) static LINK: Shape = Shape {
    name: "a link",
    keys: &[
        ("operationRef", Text),
        ("operationId", Text),
        ("parameters", Map(&Any)),
        ("requestBody", Any),
        ("description", Text),
        ("server", Unused(&Object(&SERVER))),
    ],
    others: None,
    essential: &[],
};

static CALLBACK: Shape = Shape { name: "a callback", keys: &[], others: Some(&Reference(&PATH_ITEM)), essential: &[] };

pub(super) static COMPONENTS: Shape = Shape {
    name: "`components`",
    keys: &[
        ("schemas", Map(&Schema)),
        ("responses", Map(&Reference(&RESPONSE))),
        ("parameters", Map(&Reference(&PARAMETER))),
        ("examples", Unused(&Map(&Reference(&EXAMPLE)))),
        ("requestBodies", Map(&Reference(&REQUEST_BODY))),
        ("headers", Map(&Reference(&HEADER))),
        ("securitySchemes", Map(&Reference(&SECURITY_SCHEME))),
        ("links", Map(&Reference(&LINK))),
        ("callbacks", Map(&Reference(&CALLBACK))),
        ("pathItems", Map(&Reference(&PATH_ITEM))),
        ("mediaTypes", Map(&Reference(&MEDIA_TYPE))),
    ],
    others: None,
    essential: &["schemas", "responses", "parameters", "requestBodies", "headers", "securitySchemes", "pathItems"],
};

pub(super) static SECURITY_SCHEME: Shape = Shape {
    name: "a security scheme",
    keys: &[
        ("type", Text),
        ("description", Text),
        ("name", Text),
        ("in", Text),
        ("scheme", Text),
        ("bearerFormat", Text),
        ("flows", Object(&FLOWS)),
        ("openIdConnectUrl", Text),
        ("oauth2MetadataUrl", Text),
        ("deprecated", Flag),
    ],
    others: None,
    essential: &["type", "name", "in", "scheme"],
};

static FLOWS: Shape = Shape {
    name: "`flows`",
    keys: &[
        ("implicit", Object(&FLOW)),
        ("password", Object(&FLOW)),
        ("clientCredentials", Object(&FLOW)),
        ("authorizationCode", Object(&FLOW)),
        ("deviceAuthorization", Object(&FLOW)),
    ],
    others: None,
    essential: &[],
};

pub(super) static FLOW: Shape = Shape {
    name: "a flow",
    keys: &[
        ("authorizationUrl", Text),
        ("deviceAuthorizationUrl", Text),
        ("tokenUrl", Text),
        ("refreshUrl", Text),
        ("scopes", Map(&Text)),
    ],
    others: None,
    essential: &[],
};
