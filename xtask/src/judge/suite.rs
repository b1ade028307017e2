//! How much of the JSON-Schema-Test-Suite do the generated types hold?
//!
//! Each schema of the suite becomes a component of one document. Where it becomes a type, the instances that the suite calls
//! valid are read and written again, and must be equal. What is left out is told with the reason, before anything is tried.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::{Map, Value, json};

use super::{compare, driver, folders, values};

/// Which suite.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The folder of the suite's tests, such as `tests/draft2020-12`.
    folder: PathBuf,
    /// Show every schema and instance that is left out.
    #[arg(long)]
    all: bool,
}

/// Reads and writes the suite's instances, and tells what they lose.
pub(crate) fn run(arguments: &Arguments) -> ExitCode {
    match suite(arguments) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

/// By the name of their component.
type Groups = BTreeMap<String, Group>;
/// How many instances, by the reason.
type LeftOut = BTreeMap<&'static str, usize>;

struct Group {
    title: String,
    schema: Value,
    /// What the suite calls it, and whether it says that it is valid.
    instances: Vec<(String, Value)>,
}

fn suite(arguments: &Arguments) -> Result<ExitCode, String> {
    let (groups, mut left_out) = read(arguments)?;
    let document = document(&groups);
    let (scratch, target) = folders("json-schema-suite");
    fs::create_dir_all(&scratch).map_err(|error| error.to_string())?;
    let path = scratch.join("openapi.json");
    fs::write(&path, document.to_string()).map_err(|error| error.to_string())?;
    // Schemas of the suite admit what they do not list, and types keep that where they are asked to.
    let settings = "[types]\nkeep-unknown-fields = true\n";
    fs::write(scratch.join("client.toml"), settings).map_err(|error| error.to_string())?;
    let driver = driver::build(&path, &scratch, &target)?;

    let mut tried = Vec::new();
    let mut schemas = 0;
    for (name, group) in &groups {
        let position = driver.types.iter().position(|known| known == name);
        let Some(position) = position.filter(|_| !driver.anything.contains(name)) else {
            *left_out.entry("schemas that no type can tell from any JSON value").or_insert(0) += group.instances.len();
            if arguments.all {
                println!("    {}: no type", group.title);
            }
            continue;
        };
        schemas += 1;
        let about = values::about(&document, &group.schema);
        for (what, instance) in &group.instances {
            if what.contains("is only an annotation") {
                *left_out.entry("texts that are not of their format, which is a type here").or_insert(0) += 1;
                continue;
            }
            if about.as_ref().is_some_and(|types| !types.iter().any(|ty| values::is_of(instance, ty))) {
                *left_out
                    .entry("instances of another type than the keywords of a schema without `type` are about")
                    .or_insert(0) += 1;
                continue;
            }
            tried.push((position, format!("{}: {what}", group.title), instance));
        }
    }
    let lines: Vec<(usize, String)> = tried.iter().map(|(position, _, value)| (*position, value.to_string())).collect();
    let replies = driver.run(&lines).map_err(|error| error.to_string())?;
    let mut held = 0;
    for ((_, what, value), reply) in tried.iter().zip(replies) {
        let why = match reply {
            Ok(written) => compare::difference(value, &written, &[]),
            Err(why) => Some(why),
        };
        match why {
            None => held += 1,
            Some(why) => println!("    {what}: {why}\n        {}", compare::brief(value)),
        }
    }
    for (why, count) in &left_out {
        println!("left out: {count} valid instances: {why}");
    }
    println!(
        "{schemas} of {} schemas have a type; of their valid instances, read and written again equal:",
        groups.len()
    );
    println!("{held} of {}", tried.len());
    Ok(if held == tried.len() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The suite's schemas by the name of their component, and what cannot be part of one document.
fn read(arguments: &Arguments) -> Result<(Groups, LeftOut), String> {
    let mut groups = Groups::new();
    let mut left_out = LeftOut::new();
    let folder =
        fs::read_dir(&arguments.folder).map_err(|error| format!("`{}`: {error}", arguments.folder.display()))?;
    for path in
        folder.flatten().map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|end| end == "json"))
    {
        let text = fs::read_to_string(&path).map_err(|error| error.to_string())?;
        let stated: Value = serde_json::from_str(&text).map_err(|error| format!("`{}`: {error}", path.display()))?;
        let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        for (at, group) in stated.as_array().into_iter().flatten().enumerate() {
            let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
            let title = format!("{stem}, {}", text(group, "description"));
            let instances: Vec<(String, Value)> = group["tests"]
                .as_array()
                .into_iter()
                .flatten()
                .filter(|test| test["valid"] == true)
                .map(|test| (text(test, "description"), test["data"].clone()))
                .collect();
            let name = format!("{stem}_{at}");
            let mut schema = group["schema"].clone();
            match foreign(&schema) {
                Some(why) => {
                    *left_out.entry(why).or_insert(0) += instances.len();
                    if arguments.all {
                        println!("    {title}: {why}");
                    }
                }
                None => {
                    rebase(&mut schema, &name);
                    groups.insert(name, Group { title, schema, instances });
                }
            }
        }
    }
    Ok((groups, left_out))
}

/// Why a schema cannot stand in a document beside others.
fn foreign(schema: &Value) -> Option<&'static str> {
    match schema {
        Value::Object(map) => map.iter().find_map(|(key, value)| match (key.as_str(), value) {
            (
                "$id" | "$anchor" | "$dynamicAnchor" | "$dynamicRef" | "$vocabulary",
                Value::String(_) | Value::Object(_),
            ) => Some("schemas that are addressed by `$id`, `$anchor` or `$dynamicAnchor`"),
            ("$ref", Value::String(target)) if !target.starts_with('#') => Some("references to schemas elsewhere"),
            ("enum" | "const" | "default" | "examples", _) => None,
            (_, value) => foreign(value),
        }),
        Value::Array(items) => items.iter().find_map(foreign),
        _ => None,
    }
}

/// Makes references to the root of a schema references to its component.
fn rebase(schema: &mut Value, name: &str) {
    match schema {
        Value::Object(map) => {
            map.remove("$schema");
            for (key, value) in map.iter_mut() {
                match (key.as_str(), value) {
                    ("$ref", Value::String(target)) => {
                        if let Some(rest) = target.strip_prefix('#') {
                            *target = format!("#/components/schemas/{name}{rest}");
                        }
                    }
                    ("enum" | "const", _) => {}
                    (_, value) => rebase(value, name),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| rebase(item, name)),
        _ => {}
    }
}

/// One document of all schemas, each answered by an operation of its own.
fn document(groups: &Groups) -> Value {
    let mut paths = Map::new();
    let mut schemas = Map::new();
    for (name, group) in groups {
        let schema = json!({"$ref": format!("#/components/schemas/{name}")});
        let answer = json!({"description": "", "content": {"application/json": {"schema": schema}}});
        paths.insert(format!("/{name}"), json!({"get": {"operationId": name, "responses": {"200": answer}}}));
        schemas.insert(name.clone(), group.schema.clone());
    }
    json!({
        "openapi": "3.1.0",
        "info": {"title": "Suite", "version": "1"},
        "paths": paths,
        "components": {"schemas": schemas},
    })
}
