//! Does an edit of the document rename what users wrote? With `names.lock`, no name changes but those of what was edited.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};
use sinew_generator::Config;
use sinew_generator::diagnostics::{Diagnostics, Renderer};

fn document() -> Value {
    let answer = |schema: Value| json!({"description": "", "content": {"application/json": {"schema": schema}}});
    json!({
        "openapi": "3.1.0",
        "info": {"title": "Pinned", "version": "1"},
        "paths": {
            "/users": {"get": {"operationId": "listUsers", "responses": {"200": answer(json!({
                "type": "object", "properties": {"users": {"type": "array", "items": {"$ref": "#/components/schemas/user"}}}
            }))}}},
            "/pets": {"get": {"operationId": "listPets", "responses": {"200": answer(json!({"$ref": "#/components/schemas/Pet"}))}}}
        },
        "components": {"schemas": {
            "user": {"type": "object", "required": ["id"], "properties": {
                "id": {"type": "integer"},
                "address": {"type": "object", "properties": {"street": {"type": "string"}}},
                "state": {"type": "string", "enum": ["on", "off"]},
                "bill": {"type": "object", "properties": {"address": {"type": "object", "properties": {"town": {"type": "string"}}}}}
            }},
            "Pet": {"oneOf": [
                {"type": "object", "required": ["lives"], "properties": {"lives": {"type": "integer"}, "name": {"type": "string"}}},
                {"type": "object", "required": ["barks"], "properties": {"barks": {"type": "boolean"}, "name": {"type": "string"}}}
            ]}
        }}
    })
}

struct Bench(PathBuf);

impl Bench {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("sinew-pinned-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("client.toml"), "").unwrap();
        Self(folder)
    }

    fn config(&self, document: &Value) -> Config {
        let path = self.0.join("openapi.json");
        fs::write(&path, document.to_string()).unwrap();
        Config::new(path).out(self.0.join("crate")).pin_names(true)
    }

    /// The names of types by where they stand, as things are.
    fn names(&self, document: &Value) -> BTreeMap<String, String> {
        let mut diagnostics = Diagnostics::new();
        let (understood, _) = self.config(document).understand(&mut diagnostics);
        understood.unwrap_or_else(|| panic!("{}", Renderer::plain().render(&diagnostics))).1.pins
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

type Edit = (&'static str, fn(&mut Value));

/// What happens to documents.
const EDITS: &[Edit] = &[
    ("a component takes the name of an inline type", |document| {
        document["components"]["schemas"]["UserAddress"] =
            json!({"type": "object", "properties": {"a": {"type": "integer"}}});
        document["components"]["schemas"]["user"]["properties"]["second"] =
            json!({"$ref": "#/components/schemas/UserAddress"});
    }),
    ("a component is spelled as another's type", |document| {
        document["components"]["schemas"]["User"] = json!({"type": "object", "properties": {"a": {"type": "integer"}}});
        document["components"]["schemas"]["user"]["properties"]["other"] = json!({"$ref": "#/components/schemas/User"});
    }),
    ("a second answer", |document| {
        document["paths"]["/users"]["get"]["responses"]["202"] = json!({"description": "", "content": {"application/json": {"schema": {
            "type": "object", "properties": {"later": {"type": "boolean"}}
        }}}});
    }),
    ("another operationId", |document| document["paths"]["/users"]["get"]["operationId"] = json!("getEveryUser")),
    ("no operationId", |document| {
        document["paths"]["/users"]["get"].as_object_mut().unwrap().remove("operationId");
    }),
    ("a component takes the name of an answer", |document| {
        document["components"]["schemas"]["ListUsersResponse"] = json!({"type": "string", "enum": ["a", "b"]});
        document["components"]["schemas"]["user"]["properties"]["how"] =
            json!({"$ref": "#/components/schemas/ListUsersResponse"});
    }),
    ("a new field", |document| {
        document["components"]["schemas"]["user"]["properties"]["home"] =
            json!({"type": "object", "properties": {"a": {"type": "string"}}});
    }),
    ("an alternative before the others", |document| {
        let first = json!({"title": "Fish", "type": "object", "required": ["fins"], "properties": {"fins": {"type": "integer"}}});
        document["components"]["schemas"]["Pet"]["oneOf"].as_array_mut().unwrap().insert(0, first);
    }),
    ("two types become equal", |document| {
        document["components"]["schemas"]["user"]["properties"]["bill"]["properties"]["address"] =
            document["components"]["schemas"]["user"]["properties"]["address"].clone();
    }),
    ("a path before the others", |document| {
        document["paths"]["/a"] = document["paths"]["/users"].clone();
        document["paths"]["/a"]["get"]["operationId"] = json!("a");
    }),
    ("other words and texts", |document| {
        document["components"]["schemas"]["user"]["properties"]["state"]["enum"] = json!(["off", "away", "on"]);
        document["components"]["schemas"]["user"]["title"] = json!("Somebody");
        document["info"]["title"] = json!("Pinned");
    }),
];

#[test]
fn an_edit_renames_nothing_that_it_did_not_edit() {
    let (free, pinned) = (Bench::new("free"), Bench::new("pinned"));
    let original = document();
    let before = free.names(&original);
    let written = pinned.config(&original).generate().difference.unwrap();
    assert!(written.lock.is_some() && pinned.0.join("names.lock").exists());
    assert!(before.len() >= 8, "{before:?}");
    let renames = |after: &BTreeMap<String, String>| {
        before.iter().filter(|(place, name)| after.get(*place).is_some_and(|after| after != *name)).count()
    };
    let mut without = 0;
    for (what, edit) in EDITS {
        let mut edited = original.clone();
        edit(&mut edited);
        without += usize::from(renames(&free.names(&edited)) > 0);
        let after = pinned.names(&edited);
        assert_eq!(renames(&after), 0, "{what}: {before:#?} {after:#?}");
        let gone: Vec<&String> = before.keys().filter(|place| !after.contains_key(*place)).collect();
        assert!(gone.is_empty(), "{what}: {gone:?} are other places now");
    }
    assert!(without >= 4, "only {without} of the edits would rename anything: the lock has nothing to do");
}

#[test]
fn what_was_equal_and_is_no_longer_shares_no_name() {
    let bench = Bench::new("split");
    let mut document = document();
    let user = "/components/schemas/user/properties";
    let address = document.pointer(&format!("{user}/address")).unwrap().clone();
    *document.pointer_mut(&format!("{user}/bill/properties/address")).unwrap() = address;
    assert!(bench.config(&document).generate().difference.is_some());
    let places = ["user > address", "user > bill > address"];
    let of = |names: &BTreeMap<String, String>| places.map(|place| names[place].clone());
    let before = of(&bench.names(&document));
    assert_eq!(before[0], before[1], "one type");
    document.pointer_mut(&format!("{user}/bill/properties/address/properties")).unwrap()["town"] =
        json!({"type": "string"});
    let after = of(&bench.names(&document));
    assert_eq!(after[0], before[0], "the one that sorts first keeps the name: {after:?}");
    assert_ne!(after[0], after[1]);
}

#[test]
fn a_check_compares_the_names_and_writes_nothing() {
    let bench = Bench::new("check");
    let config = bench.config(&document());
    assert!(config.generate().difference.is_some());
    assert!(config.check().difference.unwrap().is_none());
    let lock = bench.0.join("names.lock");
    let text = fs::read_to_string(&lock).unwrap();
    assert!(text.contains("\"user > address\" = \"UserAddress\""), "{text}");
    // A name that is changed in the lock is the type's name.
    fs::write(&lock, text.replace("\"UserAddress\"", "\"Home\"")).unwrap();
    assert_eq!(bench.names(&document())["user > address"], "Home");
    assert_eq!(
        config.check().difference.unwrap().lines(),
        ["differs  src/client/types.rs", "differs  src/validate.rs"]
    );
    // A line that is gone is made anew, and the check says so.
    fs::write(&lock, text.lines().filter(|line| !line.contains("address")).collect::<Vec<_>>().join("\n")).unwrap();
    let difference = config.check().difference.unwrap();
    assert_eq!(difference.lock.as_deref(), Some(lock.display().to_string().as_str()));
    assert_eq!(difference.lines().len(), 1, "{:?}", difference.lines());
    // What is no list of names is told, and nothing is made of it.
    fs::write(&lock, "<<<<<<< ours\n").unwrap();
    assert!(config.generate().difference.is_none());
}

/// A lock is a file like any other: whatever a line of it says, no name becomes code, and no file lands elsewhere.
#[test]
fn a_hostile_lock_is_no_way_in() {
    let bench = Bench::new("hostile");
    let config = bench.config(&document());
    assert!(config.generate().difference.is_some());
    let lock = bench.0.join("names.lock");
    let text = fs::read_to_string(&lock).unwrap();
    let items = || {
        let types = fs::read_to_string(bench.0.join("crate/src/client/types.rs")).unwrap();
        let items = syn::parse_file(&types).unwrap().items;
        let named = items.into_iter().filter_map(|item| match item {
            syn::Item::Struct(item) => Some(item.ident.to_string()),
            syn::Item::Enum(item) => Some(item.ident.to_string()),
            syn::Item::Impl(_) | syn::Item::Macro(_) | syn::Item::Type(_) | syn::Item::Use(_) => None,
            other => panic!("{}", quote::quote!(#other)),
        });
        named.collect::<Vec<_>>()
    };
    let before = items();
    for payload in [
        "X; fn evil() {}",
        "a::b",
        "../../evil",
        "",
        " ",
        "self",
        "Self",
        "r#type",
        "\u{202e}x",
        "X<T>",
        "1",
        "Pet",
        "\0",
        "String",
    ] {
        let hostile = text.replace(
            "\"UserAddress\"",
            &format!("{payload:?}").replace("\\u{202e}", "\\u202e").replace("\\0", "\\u0000"),
        );
        assert_ne!(hostile, text);
        fs::write(&lock, &hostile).unwrap();
        // Refused, or read as a name like any other.
        if config.generate().difference.is_some() {
            let after = items();
            assert_eq!(after.len(), before.len(), "{payload:?}: {after:?}");
            let plain = |name: &String| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
            assert!(after.iter().all(plain), "{payload:?}: {after:?}");
        } else {
            assert_eq!(items(), before, "{payload:?}");
        }
    }
    fs::write(&lock, text.replace("UserAddress", &"x".repeat(1_000_000))).unwrap();
    config.generate();
    fs::write(&lock, format!("[names]\n\"{}\" = \"X\"\n", "user > ".repeat(100_000))).unwrap();
    config.generate();
}
