//! What is said about documents that cannot be read as they are?
//!
//! Each folder of `cases/refusals` holds an `input.yaml` or `input.json`, perhaps a `client.toml`, and in `expected.txt`
//! word for word what is said. Where the document has other files beside it, it is called `openapi.yaml`. With `SINEW_BLESS=1` the goldens are written anew.

// A test may unwrap, and so may what only tests call.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use sinew_generator::diagnostics::{Diagnostics, Renderer, Severity};
use sinew_generator::load::{self, Document, Input};
use sinew_generator::settings;

#[test]
fn every_refusal_says_what_and_where() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/refusals");
    let bless = std::env::var_os("SINEW_BLESS").is_some_and(|value| value == "1");
    let mut cases: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    assert!(cases.len() >= 40, "only {} cases in {}", cases.len(), folder.display());
    let mut wrong = Vec::new();
    for case in cases {
        let actual = run(&case);
        let golden = case.join("expected.txt");
        if bless {
            fs::write(&golden, &actual).unwrap();
        } else if fs::read_to_string(&golden).unwrap_or_default() != actual {
            wrong.push(format!("--- {}\n{actual}", case.display()));
        }
    }
    assert!(wrong.is_empty(), "not as expected (SINEW_BLESS=1 accepts it):\n{}", wrong.join("\n"));
}

/// What is said about one case, and what remains of its document.
fn run(case: &Path) -> String {
    let mut diagnostics = Diagnostics::new();
    if let Ok(text) = fs::read_to_string(case.join("client.toml")) {
        settings::parse("client.toml", &text, &mut diagnostics);
    }
    let document = load::load(&input(case), &mut diagnostics);
    let remains = document.map_or_else(
        || "no document".to_owned(),
        |document| {
            follow_everything(&document, &mut diagnostics);
            let (read, unreadable) = (document.operations.len(), document.unreadable);
            format!("{read} operations read, {unreadable} not")
        },
    );
    let mut shown = Renderer::plain().render(&diagnostics).replace(&format!("{}/", case.display()), "");
    shown = shown.replace(&case.parent().unwrap().display().to_string(), "..");
    let _ = write!(shown, "\n{remains}\n");
    shown
}

fn input(case: &Path) -> Input {
    if case.join("openapi.yaml").exists() {
        return Input::file(case.join("openapi.yaml"));
    }
    let file = ["input.yaml", "input.json"].into_iter().find(|name| case.join(name).exists());
    match file {
        Some(name) => Input::text(name, fs::read(case.join(name)).unwrap()),
        None => Input::file(PathBuf::from("no/such/file.yaml")),
    }
}

/// References in the skeleton are followed by those who use them.
fn follow_everything(document: &Document, diagnostics: &mut Diagnostics) {
    for operation in &document.operations {
        let at = &operation.pointer;
        for (index, parameter) in operation.operation.parameters.iter().enumerate() {
            document.follow(&at.join("parameters").index(index), parameter, diagnostics);
        }
        for (status, response) in &operation.operation.responses.responses {
            document.follow(&at.join("responses").join(&status.to_string()), response, diagnostics);
        }
    }
}

#[test]
fn the_order_of_keys_changes_nothing() {
    let there = r#"{"openapi":"3.1.0","info":{"title":"T","version":"1"},"paths":{},"components":{"schemas":
        {"A":{"type":"object","properties":{"x":{},"y":{"items":{}}}},"B":{"oneOf":[{"type":"string"}]}}}}"#;
    let back = r#"{"components":{"schemas":{"B":{"oneOf":[{"type":"string"}]},
        "A":{"properties":{"y":{"items":{}},"x":{}},"type":"object"}}},"paths":{},"info":{"version":"1","title":"T"},"openapi":"3.1.0"}"#;
    let read = |text: &str| {
        let mut diagnostics = Diagnostics::new();
        let document = load::load(&Input::text("x", text), &mut diagnostics).unwrap();
        assert!(diagnostics.is_empty());
        format!("{:?}", document.schemas.iter().collect::<Vec<_>>())
    };
    assert_eq!(read(there), read(back));
}

#[test]
fn older_dialects_are_lifted_wherever_they_occur() {
    let text = "
openapi: 3.1.0
info: {title: T, version: 1.0}
paths: {}
components:
  schemas:
    A: {type: string, nullable: true, enum: [on, 0755, 'x'], example: a}
    B: {type: number, minimum: 1, exclusiveMinimum: true, maximum: 18446744073709551615}
    C: {type: array, items: [{type: string}], additionalItems: false}
    D: {$ref: '#/components/schemas/E/properties/f'}
    E: {$ref: '#/components/schemas/F'}
    F: {properties: {f: {type: [string, 'null']}}}
    base: &base {type: object, properties: {200: {type: string}}}
    G: {<<: *base, description: merged}
";
    let mut diagnostics = Diagnostics::new();
    let document = load::load(&Input::text("x", text), &mut diagnostics).unwrap();
    assert_eq!(Renderer::plain().at_least(Severity::Warning).render(&diagnostics), "");
    assert_eq!(document.version, "1.0");
    let shown = |name: &str| {
        let pointer = sinew_generator::diagnostics::Pointer::root().join_all(["components", "schemas", name]);
        let entry = document.schemas.get(document.schemas.at(&pointer).unwrap());
        match &entry.schema {
            load::Schema::Object(schema) => schema.clone(),
            load::Schema::Boolean(_) => panic!("{name} is boolean"),
        }
    };
    let a = shown("A");
    assert_eq!(a.types, [load::JsonType::String, load::JsonType::Null]);
    assert_eq!(serde_json::json!(a.enumeration), serde_json::json!(["on", "0755", "x", null]));
    let b = shown("B").constraints;
    assert_eq!((b.minimum, b.exclusive_minimum), (None, Some(1.into())));
    assert_eq!(b.maximum, Some(u64::MAX.into()));
    let c = shown("C");
    assert_eq!((c.prefix_items.len(), c.items.is_some()), (1, true));
    let d = shown("D").reference.unwrap();
    assert_eq!(d.as_str(), "/components/schemas/F/properties/f");
    assert_eq!(shown("G").properties.keys().collect::<Vec<_>>(), ["200"]);
    assert_eq!(shown("G").types, [load::JsonType::Object]);
}
