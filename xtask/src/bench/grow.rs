//! Does an operation cost as much in a large document as in a small one?

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::process::Command;

use serde_json::{Map, Value};

use super::page::{Picture, Table, show};
use super::process::{measure, median};
use crate::svg::{Group, number};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// A document in JSON that is cut and multiplied.
    document: PathBuf,
    /// How many operations.
    #[arg(long, value_delimiter = ',', default_values_t = [100, 300, 1000, 3000])]
    sizes: Vec<u32>,
    /// How often each is run; the middle one counts.
    #[arg(long, default_value_t = 3)]
    runs: usize,
    /// Put the results into `generator/BENCHMARKS.md`.
    #[arg(long)]
    record: bool,
}

pub(super) fn run(arguments: &Arguments) -> io::Result<()> {
    let sinew = super::generate::built()?;
    let folder = super::scratch("grow")?;
    let original: Value = serde_json::from_slice(&fs::read(&arguments.document)?)?;
    let columns = vec!["operations", "CPU s", "MiB", "CPU ms an operation", "KiB an operation"];
    let mut table = Table { columns, keys: 1, rows: vec![] };
    for &size in &arguments.sizes {
        let document = folder.join(format!("{size}.json"));
        fs::write(&document, serde_json::to_vec(&grown(&original, size as usize))?)?;
        let out = folder.join("crate");
        let cost = median(arguments.runs, || {
            let _ = fs::remove_dir_all(&out);
            measure(Command::new(&sinew).arg("generate").arg(&document).arg("--out").arg(&out))
        })?;
        let each = cost.cpu * 1000.0 / f64::from(size);
        table.rows.push(vec![
            size.to_string(),
            number(cost.cpu),
            number(cost.peak),
            number(each),
            number(cost.peak * 1024.0 / f64::from(size)),
        ]);
    }
    let picture = |rows: &[Vec<String>]| Picture {
        title: "Making a crate: milliseconds of CPU for each operation",
        unit: "ms",
        series: vec!["sinew".to_owned()],
        groups: rows
            .iter()
            .map(|row| Group { label: format!("{} operations", row[0]), values: vec![row[3].parse().ok()] })
            .collect(),
    };
    show("grow", table, picture, arguments.record)
}

/// A document of so many operations: copies of the original, each with paths and components of its own, the last one cut.
fn grown(original: &Value, size: usize) -> Value {
    let mut whole = original.clone();
    let (mut paths, mut components) = (Map::new(), BTreeMap::<String, Map<String, Value>>::new());
    let mut count = 0;
    for copy in 0.. {
        let before = count;
        for (path, item) in original["paths"].as_object().into_iter().flatten() {
            let Value::Object(item) = item else { continue };
            let mut kept = Map::new();
            for (key, value) in item {
                let mut value = value.clone();
                if value.get("responses").is_some() {
                    if count == size {
                        continue;
                    }
                    count += 1;
                }
                renamed(&mut value, copy);
                kept.insert(key.clone(), value);
            }
            paths.insert(format!("/copy-{copy}{path}"), Value::Object(kept));
        }
        for (kind, all) in original["components"].as_object().into_iter().flatten() {
            for (name, value) in all.as_object().into_iter().flatten() {
                let mut value = value.clone();
                renamed(&mut value, copy);
                // Credentials are mentioned by name, not by reference.
                let name = if kind == "securitySchemes" { name.clone() } else { format!("{name}.{copy}") };
                components.entry(kind.clone()).or_default().insert(name, value);
            }
        }
        if count == size || count == before {
            break;
        }
    }
    whole["paths"] = Value::Object(paths);
    whole["components"] = components.into_iter().map(|(kind, all)| (kind, Value::Object(all))).collect();
    whole
}

/// Gives the operations of a copy names of their own, and lets its references lead to its own components.
fn renamed(value: &mut Value, copy: usize) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                match value {
                    Value::String(text) if key == "$ref" || (key == "operationId" && copy > 0) => {
                        let end = if key == "$ref" { text.match_indices('/').nth(3).map(|(at, _)| at) } else { None };
                        text.insert_str(end.unwrap_or(text.len()), &format!(".{copy}"));
                    }
                    Value::String(text) if text.starts_with("#/components/schemas/") => {
                        let _ = write!(text, ".{copy}");
                    }
                    value => renamed(value, copy),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| renamed(item, copy)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_has_operations_and_components_of_its_own() {
        let original = serde_json::json!({
            "openapi": "3.0.3",
            "paths": {"/a": {"get": {"operationId": "a", "responses": {"200": {"$ref": "#/components/responses/R"}}},
                             "put": {"operationId": "b", "responses": {}}}},
            "components": {"responses": {"R": {"description": ""}}, "securitySchemes": {"k": {"type": "http"}}},
        });
        let grown = grown(&original, 3);
        assert_eq!(grown["paths"]["/copy-1/a"]["get"]["responses"]["200"]["$ref"], "#/components/responses/R.1");
        assert_eq!(grown["paths"]["/copy-1/a"]["get"]["operationId"], "a.1");
        assert!(grown["paths"]["/copy-1/a"].get("put").is_none(), "three operations, not four");
        assert!(grown["components"]["responses"].get("R.1").is_some());
        assert!(grown["components"]["securitySchemes"].get("k").is_some());
    }
}
