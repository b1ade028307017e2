//! Can a document smuggle code, attributes or files into a crate?
//!
//! Every string slot of a document is filled with each payload; what comes out is parsed again, and must hold the items that the
//! same document gives with plain words: no more, no fewer, none of another kind.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::case_sensitive_file_extension_comparisons)]

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};
use sinew_generator::Config;
use sinew_generator::diagnostics::Diagnostics;
use sinew_generator::emit::SourceFile;

const PAYLOADS: &[&str] = &[
    "\"",
    "\\\"); panic!(\"",
    "*/ fn evil() {} /*",
    "\n} fn evil() {} mod x {",
    "\r\n#![feature(evil)]\r\n",
    "]] #[path = \"/etc/passwd\"] mod x;",
    "#[doc = include_str!(\"/etc/passwd\")]",
    "`evil` ``` evil ```",
    "```rust\nevil!();\n```",
    "    indented();",
    "{} {0} %s %n ${HOME}",
    "../../../../tmp/evil",
    "..\\..\\evil",
    "/etc/passwd",
    "nul\0l",
    "\u{202e}live\u{202c}",
    "[x](javascript:evil) [Evil] <script>evil()</script>",
    "\"]\n[dependencies]\nevil = \"1\"\n",
    "'''\nevil = 1",
    "r#\"evil\"#",
    "self",
    "crate",
    "Option",
    "",
    " ",
    "日本語 ñ 😀",
    "a\u{301}",
];

/// A document in which every kind of string slot holds the word made by `word` from a plain one.
fn document(word: &dyn Fn(&str) -> String) -> Value {
    let w = |plain: &str| word(plain);
    let schema = |name: &str| json!({"$ref": format!("#/components/schemas/{}", pointer(&w(name)))});
    json!({
        "openapi": "3.1.0",
        "info": {"title": w("title"), "version": w("version"), "description": w("about")},
        "servers": [
            {"url": "http://localhost:1/v1", "description": w("server")},
            {"url": format!("http://localhost:1/{{v}}/{}", w("base")), "description": w("server"), "variables": {
                "v": {"default": w("value"), "enum": [w("value"), "b"], "description": w("variable")},
                w("variable"): {"default": w("value")},
            }},
        ],
        "tags": [{"name": w("tag"), "description": w("tagged")}],
        "paths": {
            format!("/x/{{{}}}", w("id").replace(['{', '}', '/'], "")): {
                "post": {
                    "operationId": w("operation"), "summary": w("summary"), "description": w("long"), "tags": [w("tag")],
                    "security": [{w("scheme"): []}],
                    "parameters": [
                        {"name": w("id").replace(['{', '}', '/'], ""), "in": "path", "required": true, "description": w("p"), "schema": {"type": "string"}},
                        {"name": w("query"), "in": "query", "description": w("q"), "schema": {"type": "string", "default": w("default")}},
                        {"name": w("header"), "in": "header", "schema": {"type": "string", "pattern": w("pattern")}},
                        {"name": w("fixed"), "in": "header", "required": true, "schema": {"const": w("constant")}},
                        {"name": w("cookie"), "in": "cookie", "schema": {"type": "array", "items": {"type": "string"}}}
                    ],
                    "requestBody": {"description": w("body"), "required": true, "content": {"application/json": {"schema": schema("record")}}},
                    "responses": {
                        "200": {"description": w("ok"), "content": {"application/json": {"schema": schema("union")}},
                            "headers": {w("responded"): {"description": w("rh"), "schema": {"type": "string"}}},
                            "links": {w("link"): {"operationId": w("operation"), "description": w("ld")}}},
                        "404": {"description": w("missing"), "content": {"application/json": {"schema": schema("record")}}}
                    },
                    "callbacks": {w("callback"): {w("expression"): {"post": {"description": w("cd"),
                        "requestBody": {"content": {"application/json": {"schema": schema("record")}}}, "responses": {"204": {"description": w("done")}}}}}}
                }
            },
            "/marked": {"post": {"operationId": w("marked"), "tags": [w("tag")],
                "requestBody": {"required": true, "content": {"application/xml": {"schema": {"type": "object",
                    "xml": {"name": w("element"), "prefix": w("prefix"), "namespace": w("namespace")},
                    "properties": {"a": {"type": "string", "xml": {"name": w("attribute"), "attribute": true}},
                        "b": {"type": "array", "items": {"type": "string", "xml": {"name": w("item")}}, "xml": {"wrapped": true, "name": w("wrapper")}}}}}}},
                "responses": {"200": {"description": w("ok"), "content": {"text/event-stream": {"schema": schema("record")}}}}}},
            "/upload": {"put": {"operationId": w("upload"), "tags": [w("other tag")],
                "requestBody": {"required": true, "content": {"multipart/form-data": {"schema": {"type": "object", "required": [w("file")],
                    "properties": {w("file"): {"type": "string", "format": "binary", "description": w("f")}, w("text"): {"type": "string"}}}}}},
                "responses": {"204": {"description": w("done")}}}}
        },
        "webhooks": {
            w("hook"): {"post": {"operationId": w("hooked"), "summary": w("hs"), "description": w("hd"),
                "requestBody": {"content": {"application/json": {"schema": {"type": "object", "required": [w("kind")], "properties": {w("kind"): {"const": w("first kind")}}}}}},
                "responses": {"204": {"description": w("done")}}}},
            w("other hook"): {"post": {
                "requestBody": {"content": {"application/json": {"schema": {"type": "object", "required": [w("kind")], "properties": {w("kind"): {"const": w("second kind")}}}}}},
                "responses": {"204": {"description": w("done")}}}}
        },
        "components": {
            "securitySchemes": {w("scheme"): {"type": "apiKey", "in": "query", "name": w("key")}},
            "schemas": {
                w("record"): {"type": "object", "title": w("t"), "description": w("d"), "required": [w("first")],
                    "properties": {w("first"): {"type": "string", "description": w("fd"), "default": w("dv")}, w("second"): schema("enumeration"), w("third"): {"const": w("only")}},
                    "additionalProperties": {"type": "string"}},
                w("enumeration"): {"type": "string", "enum": [w("one"), w("two")], "description": w("e")},
                w("union"): {"oneOf": [schema("record"), {"type": "integer", "title": w("number")}],
                    "discriminator": {"propertyName": w("first"), "mapping": {w("tagged"): format!("#/components/schemas/{}", pointer(&w("record")))}}}
            }
        }
    })
}

/// A name as a JSON pointer in a fragment spells it.
fn pointer(name: &str) -> String {
    let token = name.replace('~', "~0").replace('/', "~1");
    token
        .bytes()
        .map(|b| if b.is_ascii_alphanumeric() || b == b'~' { (b as char).to_string() } else { format!("%{b:02X}") })
        .collect()
}

fn generate(document: &Value) -> Option<Vec<SourceFile>> {
    let scratch: PathBuf =
        std::env::temp_dir().join(format!("sinew-hostile-{}-{:?}", std::process::id(), std::thread::current().id()));
    fs::create_dir_all(&scratch).unwrap();
    let path = scratch.join("openapi.json");
    fs::write(&path, document.to_string()).unwrap();
    let mut diagnostics = Diagnostics::new();
    let files = Config::new(&path).files(&mut diagnostics);
    assert!(files.is_some() || diagnostics.has_errors(), "a refusal says why");
    fs::remove_dir_all(scratch).unwrap();
    files.map(|(files, _)| files)
}

/// What a file holds: the kinds of its items, how many attributes each has that are no documentation, and what impls hold.
fn outline(text: &str) -> Vec<String> {
    let file = syn::parse_file(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let plain = |attributes: &[syn::Attribute]| {
        attributes
            .iter()
            .filter(|attribute| !attribute.path().is_ident("doc") && !attribute.path().is_ident("serde"))
            .count()
    };
    let mut outline: Vec<String> = file
        .items
        .iter()
        .map(|item| match item {
            syn::Item::Use(_) => "use".to_owned(),
            syn::Item::Mod(item) => format!("mod, body {}, attributes {}", item.content.is_some(), plain(&item.attrs)),
            syn::Item::Static(item) => format!("static, attributes {}", plain(&item.attrs)),
            syn::Item::Struct(item) => format!("struct of {}, attributes {}", item.fields.len(), plain(&item.attrs)),
            syn::Item::Enum(item) => format!("enum of {}, attributes {}", item.variants.len(), plain(&item.attrs)),
            syn::Item::Impl(item) => format!("impl of {}", item.items.len()),
            syn::Item::Type(_) => "type".to_owned(),
            // The operations by their names: a table, and a function for each.
            syn::Item::Const(item) => format!("const, attributes {}", plain(&item.attrs)),
            syn::Item::Fn(item) => format!("fn of {}, attributes {}", item.block.stmts.len(), plain(&item.attrs)),
            syn::Item::Macro(item) => format!("macro {}", item.mac.path.segments.last().unwrap().ident),
            _ => panic!("an item that Sinew never writes in\n{text}"),
        })
        .collect();
    outline.push(format!("inner attributes {}", plain(&file.attrs)));
    outline.sort();
    outline
}

#[test]
fn no_text_of_a_document_becomes_code() {
    let plain = generate(&document(&|word| word.to_owned())).expect("the plain document is good");
    // Every slot at once, then each slot alone among plain words.
    let slots = [
        "title",
        "about",
        "tag",
        "operation",
        "summary",
        "long",
        "scheme",
        "id",
        "query",
        "header",
        "fixed",
        "constant",
        "cookie",
        "pattern",
        "default",
        "body",
        "ok",
        "missing",
        "upload",
        "other tag",
        "file",
        "text",
        "key",
        "record",
        "t",
        "d",
        "first",
        "fd",
        "dv",
        "second",
        "third",
        "only",
        "enumeration",
        "one",
        "two",
        "union",
        "number",
        "tagged",
        "version",
        "server",
        "responded",
        "link",
        "callback",
        "expression",
        "marked",
        "element",
        "prefix",
        "namespace",
        "attribute",
        "item",
        "wrapper",
        "hook",
        "hooked",
        "kind",
        "first kind",
    ];
    for payload in PAYLOADS {
        let everywhere = |word: &str| format!("{payload}{word}");
        let mut documents = vec![document(&everywhere)];
        for slot in slots {
            documents.push(document(&|word| if word == slot { (*payload).to_owned() } else { word.to_owned() }));
        }
        for document in documents {
            // A refusal is an answer too; a crate must be sound.
            let Some(files) = generate(&document) else { continue };
            for file in &files {
                let plain_path = file
                    .path
                    .split('/')
                    .all(|part| part != ".." && !part.is_empty() && !part.contains(['\\', '\0', ':']));
                assert!(plain_path && !file.path.starts_with('/'), "{:?}", file.path);
                if file.path.ends_with(".rs") {
                    outline(&file.text);
                }
            }
            let manifest: toml::Table =
                files.iter().find(|file| file.path == "Cargo.toml").unwrap().text.parse().unwrap();
            assert_eq!(manifest.keys().collect::<Vec<_>>(), ["dependencies", "features", "package"], "{payload:?}");
            let features: Vec<_> = manifest["features"].as_table().unwrap().keys().cloned().collect();
            assert_eq!(features, ["by-name", "validate"], "{payload:?}");
            let package: Vec<_> = manifest["package"].as_table().unwrap().keys().cloned().collect();
            assert_eq!(package, ["description", "edition", "name", "rust-version", "version"], "{payload:?}");
            let dependencies: Vec<_> = manifest["dependencies"].as_table().unwrap().keys().cloned().collect();
            assert_eq!(dependencies, ["serde_json", "sinew-runtime"], "{payload:?}");
        }
        // With one payload before every word, all stays as different as it was: the same items, attribute for attribute.
        if let Some(files) = generate(&document(&everywhere)) {
            let types = |files: &[SourceFile]| {
                outline(&files.iter().find(|file| file.path == "src/client/types.rs").unwrap().text)
            };
            assert_eq!(types(&files), types(&plain), "{payload:?}");
        }
    }
}

#[test]
fn a_text_of_a_megabyte_is_no_trouble() {
    let long = "evil \"*/ ".repeat(120_000);
    let files =
        generate(&document(&|word| if word == "about" || word == "d" { long.clone() } else { word.to_owned() }))
            .unwrap();
    assert!(files.iter().any(|file| file.text.len() > 1_000_000));
}
