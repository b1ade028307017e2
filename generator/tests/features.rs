//! Where groups have features, is each type there with exactly those that need it, and is told where there can be none?
//!
//! That a crate compiles with any of them is tried by `.ci/run`: here only its files are read.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use sinew_generator::Config;
use sinew_generator::diagnostics::{Diagnostics, codes};

const CASE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases/crates/features");

/// The condition of each module, and of what re-exports it, in a file.
fn conditions(file: &str) -> BTreeMap<String, Vec<String>> {
    let text = fs::read_to_string(Path::new(CASE).join("crate/src").join(file)).unwrap();
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut condition = String::new();
    for line in text.lines() {
        let module = line.strip_prefix("pub use ").and_then(|rest| rest.strip_suffix("::*;"));
        let module = module.or_else(|| line.strip_prefix("mod ")?.strip_suffix(';'));
        if let Some(features) = line.strip_prefix("#[cfg(") {
            condition = features.split('"').skip(1).step_by(2).collect::<Vec<_>>().join(" ");
        } else if let Some(module) = module {
            found.entry(module.to_owned()).or_default().push(std::mem::take(&mut condition));
        }
    }
    found
}

#[test]
fn each_type_is_there_with_the_groups_that_need_it() {
    let expected = [
        ("owners", "owners", vec!["Owner"]),
        ("pets", "pets", vec!["PetRequest"]),
        // What a webhook brings, or all groups need, is always there.
        ("shared", "", vec!["Problem", "Sold", "Toy"]),
        ("shared_kind", "owners pets validate-operations", vec!["Kind"]),
        ("shared_pet", "owners pets", vec!["Pet", "PetToy", "Photo"]),
        ("visits_to_vets", "visits-to-vets", vec!["Booked", "Visit"]),
    ];
    let conditions = conditions("client/types.rs");
    let files: Vec<&str> = conditions.keys().map(String::as_str).collect();
    assert_eq!(files, expected.iter().map(|(file, ..)| *file).collect::<Vec<_>>());
    for (file, features, types) in expected {
        assert_eq!(conditions[file], [features, features], "{file}");
        let text = fs::read_to_string(format!("{CASE}/crate/src/client/types/{file}.rs")).unwrap();
        let names = text.lines().filter_map(|line| {
            let rest = ["pub struct ", "pub enum ", "pub type "].iter().find_map(|word| line.strip_prefix(word))?;
            rest.split([' ', '=']).next()
        });
        let mut names: Vec<&str> = names.collect();
        names.sort_unstable();
        assert_eq!(names, types, "{file}");
    }
}

#[test]
fn what_belongs_to_a_group_is_there_with_it() {
    let groups = ["owners", "pets", "reports", "validate-operations", "visits-to-vets"];
    let conditions = conditions("client/mod.rs");
    for (module, group) in ["owners", "pets", "reports", "validate", "visits_to_vets"].into_iter().zip(groups) {
        assert_eq!(conditions[module], [group, group], "{module}");
    }
    let manifest = fs::read_to_string(format!("{CASE}/crate/Cargo.toml")).unwrap();
    let defaults: Vec<&str> = manifest
        .split_once("default = [")
        .unwrap()
        .1
        .split_once(']')
        .unwrap()
        .0
        .split('"')
        .skip(1)
        .step_by(2)
        .collect();
    assert_eq!(defaults, groups);
}

/// A document with so many groups, and what is said and made of it.
fn of_groups(groups: usize, config: impl FnOnce(PathBuf) -> Config) -> (bool, usize) {
    let folder = std::env::temp_dir().join(format!("sinew-features-{}-{groups}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let mut text = "openapi: 3.1.0\ninfo: {title: Groups, version: \"1\"}\npaths:\n".to_owned();
    for group in 0..groups.max(2) {
        let tag = group.min(groups - 1);
        let _ = writeln!(
            text,
            "  /{group}: {{get: {{operationId: get_{group}, tags: [g{tag}], responses: {{\"204\": {{description: x}}}}}}}}"
        );
    }
    fs::write(folder.join("openapi.yaml"), text).unwrap();
    fs::write(folder.join("client.toml"), "[client]\ngroup-features = true\n").unwrap();
    let mut diagnostics = Diagnostics::new();
    let (files, _) = config(folder.join("openapi.yaml")).files(&mut diagnostics).unwrap();
    fs::remove_dir_all(folder).unwrap();
    let told = diagnostics.iter().any(|said| said.code == codes::NO_GROUP_FEATURES);
    (told, files.iter().map(|file| file.text.matches("cfg(feature = \"g").count()).sum())
}

#[test]
fn features_are_for_two_groups_and_for_no_more_than_a_registry_takes() {
    assert_eq!(of_groups(1, Config::new), (true, 0));
    let (told, conditions) = of_groups(2, Config::new);
    assert!(!told && conditions > 0);
    let (told, conditions) = of_groups(290, Config::new);
    assert!(!told && conditions > 0);
    assert_eq!(of_groups(291, Config::new), (true, 0));
}

#[test]
fn what_a_build_script_includes_has_no_features() {
    assert_eq!(of_groups(3, Config::build_script), (false, 0));
}
