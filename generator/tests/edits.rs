//! Does an edit of the document change no name that users wrote but what it edited? Here those names that no lock pins: methods and
//! what stands beside them, servers, constants of defaults, and types wherever their files are.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};
use sinew_generator::Config;
use sinew_generator::diagnostics::{Diagnostics, Renderer};
use syn::{ImplItem, Item, Type, Visibility};

fn document() -> Value {
    let schema = |name: &str| json!({"$ref": format!("#/components/schemas/{name}")});
    let text = json!({"schema": {"type": "string"}});
    json!({
        "openapi": "3.1.0",
        "info": {"title": "Edited", "version": "1"},
        "servers": [
            {"url": "https://{region}.example.org", "description": "Production", "variables": {
                "region": {"enum": ["eu", "us"], "default": "eu"}
            }},
            {"url": "https://test.example.org", "description": "Test"}
        ],
        "paths": {
            "/reports": {
                "get": {
                    "operationId": "listReports",
                    "tags": ["reports"],
                    "parameters": [
                        {"name": "limit", "in": "query", "schema": {"type": "integer", "default": 20}},
                        {"name": "order", "in": "query", "schema": {"type": "string"}}
                    ],
                    "responses": {"200": {
                        "description": "",
                        "headers": {"X-Total": {"schema": {"type": "integer"}}},
                        "content": {"application/json": {"schema": {"type": "array", "items": schema("Report")}}, "text/csv": text}
                    }}
                },
                "post": {
                    "operationId": "addReport",
                    "tags": ["reports"],
                    "requestBody": {"required": true, "content": {"application/json": {"schema": schema("Report")}, "text/plain": text}},
                    "responses": {
                        "201": {"description": "", "content": {"application/json": {"schema": schema("Report")}}},
                        "404": {"description": "", "content": {"application/json": {"schema": schema("Problem")}}}
                    }
                }
            },
            "/people/{id}": {"get": {
                "operationId": "getPerson",
                "tags": ["people"],
                "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "integer"}}],
                "responses": {
                    "200": {
                        "description": "",
                        "content": {"application/json": {"schema": schema("Person")}},
                        "links": {"self": {"operationId": "getPerson", "parameters": {"id": "$response.body#/id"}}}
                    },
                    "404": {"description": "", "content": {"application/json": {"schema": schema("Problem")}}}
                }
            }}
        },
        "components": {"schemas": {
            "Report": {"type": "object", "required": ["title"], "properties": {
                "title": {"type": "string"},
                "made": {"type": "string", "readOnly": true},
                "pages": {"type": "integer", "default": 1}
            }},
            "Person": {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}},
            "Problem": {"type": "object", "properties": {"detail": {"type": "string"}}}
        }}
    })
}

struct Edit {
    what: &'static str,
    apply: fn(&mut Value),
    gone: &'static [&'static str],
    new: &'static [&'static str],
}

/// What happens to documents, and the names that come and go with it.
const EDITS: &[Edit] = &[
    Edit {
        what: "one more media type of an answer, which comes before the others",
        apply: |document| {
            let content = &mut document["paths"]["/reports"]["get"]["responses"]["200"]["content"];
            content["application/pdf"] = json!({"schema": {"type": "string", "format": "binary"}});
        },
        gone: &[],
        new: &["ListReportsAs::PDF"],
    },
    Edit {
        what: "one more way to send a body",
        apply: |document| {
            document["paths"]["/reports"]["post"]["requestBody"]["content"]["application/xml"] =
                json!({"schema": {"$ref": "#/components/schemas/Report"}});
        },
        gone: &[],
        new: &["AddReportBody::Xml"],
    },
    Edit {
        what: "a server before the others",
        apply: |document| {
            let staging = json!({"url": "https://staging.example.org", "description": "Staging"});
            document["servers"].as_array_mut().unwrap().insert(0, staging);
        },
        gone: &[],
        new: &["servers::Staging"],
    },
    Edit {
        what: "one more variable of a server, and one more of its values",
        apply: |document| {
            let variables = &mut document["servers"][0]["variables"];
            variables["region"]["enum"] = json!(["ap", "eu", "us"]);
            variables["base"] = json!({"default": "v1"});
            document["servers"][0]["url"] = json!("https://{region}.example.org/{base}");
        },
        gone: &[],
        new: &["servers::Production.base", "servers::ProductionRegion::Ap"],
    },
    Edit {
        what: "another default, and one where there was none",
        apply: |document| {
            let parameters = &mut document["paths"]["/reports"]["get"]["parameters"];
            parameters[0]["schema"]["default"] = json!(50);
            parameters[1]["schema"]["default"] = json!("title");
        },
        gone: &[],
        new: &["ListReports::DEFAULT_ORDER"],
    },
    Edit {
        what: "no default any more",
        apply: |document| {
            document["components"]["schemas"]["Report"]["properties"]["pages"]
                .as_object_mut()
                .unwrap()
                .remove("default");
        },
        gone: &["types::Report::DEFAULT_PAGES", "types::ReportRequest::DEFAULT_PAGES"],
        new: &[],
    },
    Edit {
        what: "another tag, so that operations and types are in other files",
        apply: |document| document["paths"]["/people/{id}"]["get"]["tags"] = json!(["accounts"]),
        gone: &[],
        new: &[],
    },
    Edit {
        what: "another group uses a type",
        apply: |document| {
            document["components"]["schemas"]["Person"]["properties"]["latest"] =
                json!({"$ref": "#/components/schemas/Report"});
        },
        gone: &[],
        new: &["types::Person.latest"],
    },
    Edit {
        what: "one more header, failure and link",
        apply: |document| {
            document["paths"]["/reports"]["get"]["responses"]["200"]["headers"]["X-Pages"] =
                json!({"schema": {"type": "integer"}});
            let responses = &mut document["paths"]["/people/{id}"]["get"]["responses"];
            responses["200"]["links"]["again"] = responses["200"]["links"]["self"].clone();
            responses["409"] = json!({"description": ""});
        },
        gone: &[],
        // Its failures are no longer those of another operation, whose they were under this name, too.
        new: &[
            "GetPersonFailure::Conflict",
            "GetPersonFailure::NotFound",
            "ListReportsHeaders.x_pages",
            "types::Person::again",
        ],
    },
    Edit {
        what: "what is sent and what is answered no longer differ",
        apply: |document| {
            document["components"]["schemas"]["Report"]["properties"].as_object_mut().unwrap().remove("made");
        },
        gone: &[
            "types::Report.made",
            "types::ReportRequest",
            "types::ReportRequest.pages",
            "types::ReportRequest.title",
            "types::ReportRequest::DEFAULT_PAGES",
            "types::ReportRequest::new",
        ],
        new: &["types::Report::new"],
    },
];

/// Every name of a crate that its users can write.
fn names(document: &Value) -> BTreeSet<String> {
    let folder: PathBuf = std::env::temp_dir().join(format!("sinew-edits-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("openapi.json"), document.to_string()).unwrap();
    // A file for each group of operations.
    fs::write(folder.join("client.toml"), "[types]\none-file-up-to = 0\n").unwrap();
    let mut diagnostics = Diagnostics::new();
    let files = Config::new(folder.join("openapi.json")).files(&mut diagnostics);
    let (files, _) = files.unwrap_or_else(|| panic!("{}", Renderer::plain().render(&diagnostics)));
    fs::remove_dir_all(&folder).unwrap();
    let mut found = BTreeSet::new();
    for file in files.iter().filter_map(|file| Some((file.path.strip_prefix("src/client/")?, &file.text))) {
        // Groups of operations, and files of types, are re-exported.
        let module = match file.0.split(['/', '.']).next() {
            Some(module @ ("types" | "servers")) => format!("{module}::"),
            _ => String::new(),
        };
        for item in syn::parse_file(file.1).unwrap().items {
            add(&module, &item, &mut found);
        }
    }
    found
}

fn add(module: &str, item: &Item, found: &mut BTreeSet<String>) {
    let public = |visibility: &Visibility| matches!(visibility, Visibility::Public(_));
    match item {
        Item::Struct(item) => {
            found.insert(format!("{module}{}", item.ident));
            let fields = item.fields.iter().filter(|field| public(&field.vis)).filter_map(|field| field.ident.as_ref());
            found.extend(fields.map(|field| format!("{module}{}.{field}", item.ident)));
        }
        Item::Enum(item) => {
            found.insert(format!("{module}{}", item.ident));
            found.extend(item.variants.iter().map(|variant| format!("{module}{}::{}", item.ident, variant.ident)));
        }
        Item::Type(item) => drop(found.insert(format!("{module}{}", item.ident))),
        Item::Impl(item) if item.trait_.is_none() => {
            let Type::Path(path) = &*item.self_ty else { panic!("an impl of no path") };
            let segments: Vec<String> =
                path.path.segments.iter().map(|part| part.ident.to_string()).filter(|part| part != "super").collect();
            let of = segments.join("::");
            for member in &item.items {
                let name = match member {
                    ImplItem::Fn(member) if public(&member.vis) => &member.sig.ident,
                    ImplItem::Const(member) if public(&member.vis) => &member.ident,
                    _ => continue,
                };
                found.insert(format!("{module}{of}::{name}"));
            }
        }
        _ => {}
    }
}

#[test]
fn an_edit_changes_only_the_names_of_what_it_edited() {
    let original = document();
    let before = names(&original);
    for name in [
        "EditedClient::list_reports",
        "ListReportsAs::CSV",
        "AddReportBody::Json",
        "servers::ProductionRegion::Eu",
        "ListReports::DEFAULT_LIMIT",
        "types::Report::DEFAULT_PAGES",
        "ListReportsHeaders.x_total",
        "types::Person::self_",
        "AddReportFailure::NotFound",
    ] {
        assert!(before.contains(name), "{name}: {before:#?}");
    }
    assert!(EDITS.len() >= 10);
    for Edit { what, apply, gone, new } in EDITS {
        let mut edited = original.clone();
        apply(&mut edited);
        assert_ne!(edited, original, "{what}");
        let after = names(&edited);
        let lost: Vec<&str> = before.difference(&after).map(String::as_str).collect();
        let won: Vec<&str> = after.difference(&before).map(String::as_str).collect();
        assert_eq!((lost.as_slice(), won.as_slice()), (*gone, *new), "{what}");
    }
}
