//! What does a document say that is divided into files? One tree, each file under `x-files`, references turned to there.
//!
//! Written apart from the generator's own bundling, so that one can find the other wrong.

use std::fs;
use std::path::{Component, Path, PathBuf};

use serde_json::{Map, Value};

/// A document and the files that it refers to.
pub(super) fn read(path: &Path) -> Result<Value, String> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut root = tree(path)?;
    let mut files: Map<String, Value> = Map::new();
    let mut open = Vec::new();
    turn(&mut root, Path::new(""), None, &mut open);
    while let Some(file) = open.pop() {
        if files.contains_key(&file) {
            continue;
        }
        // What is not there is for the generator to tell; nothing is found at such a reference.
        let mut inner = tree(&folder.join(&file)).unwrap_or_default();
        let beside = Path::new(&file).parent().unwrap_or(Path::new("")).to_owned();
        turn(&mut inner, &beside, Some(&file), &mut open);
        files.insert(file, inner);
    }
    if let (false, Value::Object(map)) = (files.is_empty(), &mut root) {
        map.insert("x-files".to_owned(), Value::Object(files));
    }
    Ok(root)
}

/// Where a type's schema stands in that tree, from where the generator says that it stands: `schemas~1User.yaml#/properties/a`.
pub(super) fn place(pointer: &str) -> String {
    match pointer.split_once('#') {
        Some((file, rest)) if !file.starts_with('/') => format!("/x-files/{file}{rest}"),
        _ => pointer.to_owned(),
    }
}

fn tree(path: &Path) -> Result<Value, String> {
    let bytes = fs::read(path).map_err(|error| format!("`{}`: {error}", path.display()))?;
    serde_json::from_slice(&bytes).or_else(|_| serde_yaml::from_slice(&bytes).map_err(|error| error.to_string()))
}

fn turn(value: &mut Value, folder: &Path, file: Option<&str>, open: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            for (key, inner) in map.iter_mut() {
                match inner {
                    Value::String(target) if key == "$ref" => turn_one(target, folder, file, open),
                    inner => turn(inner, folder, file, open),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|inner| turn(inner, folder, file, open)),
        _ => {}
    }
}

fn turn_one(target: &mut String, folder: &Path, file: Option<&str>, open: &mut Vec<String>) {
    let (path, pointer) = target.split_once('#').unwrap_or((target, ""));
    if path.contains("://") {
        return;
    }
    let named = match (path, file) {
        ("", None) => return,
        ("", Some(file)) => file.to_owned(),
        (path, _) => plain(&folder.join(super::pointer::decoded(path))),
    };
    let turned = format!("#/x-files/{}{pointer}", super::pointer::encoded(&named));
    open.push(named);
    *target = turned;
}

/// A path without `.` and `..`.
fn plain(path: &Path) -> String {
    let mut steps = PathBuf::new();
    for step in path.components() {
        match step {
            Component::ParentDir => drop(steps.pop()),
            Component::Normal(step) => steps.push(step),
            _ => {}
        }
    }
    steps.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::{place, plain};

    #[test]
    fn places_are_found_in_files_and_in_the_document() {
        assert_eq!(place("schemas~1User.yaml#/properties/a"), "/x-files/schemas~1User.yaml/properties/a");
        assert_eq!(place("/components/schemas/A%23"), "/components/schemas/A%23");
        assert_eq!(place("/components/schemas/A#"), "/components/schemas/A#");
        assert_eq!(plain(std::path::Path::new("a/b/../c/./d.yaml")), "a/c/d.yaml");
    }
}
