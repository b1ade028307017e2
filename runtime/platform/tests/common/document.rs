//! What does a service's document say? Read here once more, and by other means than the generator's.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use sinew_platform::Fault;

/// What every failure that is played says, so that it can be found again.
pub(crate) const SENTENCE: &str = "said on purpose";

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The names of the operations that a generated crate has, sorted.
pub(crate) fn generated_operations(service: &str) -> Vec<String> {
    let folder = workspace().join("generated").join(service).join("src/client");
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the crate was generated") {
        let text = read(&entry.expect("a readable folder").path());
        let after_names = text.split("Operation::new(").skip(1).filter_map(|rest| rest.trim_start().strip_prefix('"'));
        names.extend(after_names.filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())));
    }
    names.sort();
    names
}

/// The failures that a document promises, by operation and status, with bodies of the documented shapes.
pub(crate) struct Failures {
    promised: BTreeMap<String, BTreeMap<u16, Vec<Fault>>>,
    taken: Vec<String>,
}

impl Failures {
    pub(crate) fn of(service: &str) -> Self {
        let folder = workspace().join("specs").join(service);
        let document: Value = serde_yaml::from_str(&read(&folder.join("openapi.yaml"))).expect("YAML");
        let names = names(&read(&folder.join("client.toml")));
        let mut promised = BTreeMap::new();
        for item in document["paths"].as_object().expect("paths").values() {
            for operation in item.as_object().expect("a path").values().filter(|value| value["operationId"].is_string())
            {
                let id = operation["operationId"].as_str().expect("an id");
                let responses = operation["responses"].as_object().expect("responses");
                let failures = responses.iter().filter_map(|(status, response)| {
                    let status: u16 = status.parse().expect("a status");
                    (status >= 400).then(|| (status, faults(&document, status, response)))
                });
                promised.insert(names[id].clone(), failures.collect());
            }
        }
        Self { promised, taken: Vec::new() }
    }

    /// All operations, sorted.
    pub(crate) fn operations(&self) -> Vec<String> {
        self.promised.keys().cloned().collect()
    }

    /// The failures of one operation, which then counts as looked at.
    pub(crate) fn take(&mut self, operation: &str) -> BTreeMap<u16, Vec<Fault>> {
        self.taken.push(operation.to_owned());
        self.promised.get(operation).unwrap_or_else(|| panic!("the document has no {operation}")).clone()
    }

    /// Nothing that can fail in a documented way was left out.
    pub(crate) fn all_taken(&self) {
        let left: Vec<_> = self
            .promised
            .iter()
            .filter(|(name, failures)| !failures.is_empty() && !self.taken.contains(name))
            .collect();
        assert!(left.is_empty(), "documented failures that nobody looked at: {left:?}");
    }
}

/// The names that `client.toml` gives to operations.
fn names(settings: &str) -> BTreeMap<String, String> {
    let mut names = BTreeMap::new();
    let mut id = None;
    for line in settings.lines() {
        if let Some(section) = line.strip_prefix('[') {
            id = section.strip_prefix("operations.").map(|rest| rest.trim_end_matches(']').to_owned());
        } else if let (Some(name), Some(id)) = (line.strip_prefix("name = "), &id) {
            names.insert(id.clone(), name.trim_matches('"').to_owned());
        }
    }
    names
}

fn follow<'d>(document: &'d Value, value: &'d Value) -> (&'d Value, &'d str) {
    match value["$ref"].as_str() {
        Some(reference) => {
            let pointer = reference.trim_start_matches('#');
            (document.pointer(pointer).expect("a reference"), pointer.rsplit('/').next().unwrap_or_default())
        }
        None => (value, ""),
    }
}

fn faults(document: &Value, status: u16, response: &Value) -> Vec<Fault> {
    let content = follow(document, response).0["content"].as_object().expect("failures have a body");
    content
        .iter()
        .flat_map(|(media_type, content)| match media_type.as_str() {
            "text/plain" => vec![Fault::text(status, "text/plain; charset=utf-8", SENTENCE)],
            "application/json" => bodies(document, &content["schema"])
                .into_iter()
                .map(|body| Fault::json(status, body.to_string()))
                .collect(),
            other => panic!("no failure is known to come as {other}"),
        })
        .collect()
}

/// A body of each shape that a schema allows.
fn bodies(document: &Value, schema: &Value) -> Vec<Value> {
    let (schema, name) = follow(document, schema);
    let framework = json!({"loc": ["body", 0, "name"], "msg": SENTENCE, "type": "missing", "input": null, "ctx": {"n": 1}, "url": "https://e"});
    match name {
        "ErrorDetail" => vec![json!({"detail": SENTENCE})],
        "ValidationProblem" => {
            vec![json!({"detail": [framework]}), json!({"detail": [{"loc": [], "msg": SENTENCE, "type": "x"}]})]
        }
        // E3 and E4: the document tells which of them knows a request id.
        "ErrorReport" => {
            let with_id = schema["properties"].get("request_id").is_some();
            let item =
                if with_id { json!({"field": "body.name", "message": "m", "type": "missing"}) } else { framework };
            let whole = json!({"message": SENTENCE, "error_code": "VALIDATION_ERROR", "details": {"errors": [item]}});
            let bare = json!({"message": SENTENCE, "error_code": "DATABASE_ERROR"});
            let null = json!({"message": SENTENCE, "error_code": "INTERNAL_SERVER_ERROR", "details": null});
            [whole, bare, null]
                .into_iter()
                .map(|mut body| {
                    if with_id {
                        body["request_id"] = json!("11111111-2222-4333-8444-555555555555");
                    }
                    body
                })
                .collect()
        }
        "Readiness" => {
            let checks = json!({
                "database": {"healthy": false, "message": SENTENCE, "response_time_ms": null, "error": "refused"},
                "ai_service": {"healthy": true, "message": "ok", "error": null},
            });
            vec![
                json!({"status": "unhealthy", "service": "s", "version": "1", "timestamp": "2026-11-23T08:33:02.250115+00:00", "checks": checks}),
            ]
        }
        _ => {
            let arms = schema["anyOf"].as_array().unwrap_or_else(|| panic!("what is {name}? {schema}"));
            arms.iter().flat_map(|arm| bodies(document, arm)).collect()
        }
    }
}
