//! Where types are divided into files, is each in the file of the group that it lies nearest to, and all under one path?
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use golden_divided::types::{Kind, Owner, Pet, PetToy, Photo, Portrait, Price, Problem, Share, Sold};
use serde_json::json;
use sinew_generator::Config;
use sinew_runtime::Part;

const CASE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases/crates/divided");

#[test]
fn users_write_one_path_whatever_the_file() {
    let value = json!({
        "id": 7, "kind": "cat", "toy": {"size": 2.5}, "seen": {"street": "a", "around": [{}]},
        "owner": {"name": "Ada", "pets": {"x": {"id": 8, "kind": "dog", "toy": "stick"}}, "nick": null}
    });
    let pet: Pet = serde_json::from_value(value.clone()).unwrap();
    assert_eq!(serde_json::to_value(&pet).unwrap(), value);
    assert_eq!(pet.kind, Kind::Cat);
    assert!(matches!(pet.toy, Some(PetToy::Ball(_))));
    let share = Share { with: Some(vec![Owner::new("Ada")]) };
    assert_eq!(serde_json::to_value(share).unwrap(), json!({"with": [{"name": "Ada"}]}));
    let sold = Sold { price: Some(Price { cents: Some(1) }), ..Default::default() };
    assert_eq!(serde_json::to_value(sold).unwrap(), json!({"price": {"cents": 1}}));
    assert_eq!(serde_json::to_value(Problem::default()).unwrap(), json!({}));
    // The forms are made there too, and sent from the files of operations.
    let _ = Photo { kind: Some(Kind::Dog), ..Photo::new(Part::bytes("x")) };
    let _ = Portrait::new(Part::bytes("x"));
}

/// The types that each file defines.
fn defined(folder: &Path) -> BTreeMap<String, Vec<String>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let text = fs::read_to_string(entry.path()).unwrap();
        let names = text.lines().filter_map(|line| {
            let rest = ["pub struct ", "pub enum ", "pub type "].iter().find_map(|word| line.strip_prefix(word))?;
            Some(rest.split([' ', '=']).next()?.to_owned())
        });
        let mut names: Vec<String> = names.collect();
        names.sort();
        found.insert(entry.file_name().into_string().unwrap(), names);
    }
    found
}

#[test]
fn each_type_stands_with_its_group() {
    let expected = [
        ("owners.rs", vec!["Owner", "Portrait"]),
        ("pets.rs", vec!["Ball", "Kind", "Pet", "PetToy", "Photo"]),
        ("shared.rs", vec!["Notes", "Place", "Problem"]),
        ("shared_types.rs", vec!["Share"]),
        ("webhooks.rs", vec!["Price", "Sold"]),
    ];
    let expected: BTreeMap<String, Vec<String>> = expected
        .into_iter()
        .map(|(file, names)| (file.to_owned(), names.into_iter().map(str::to_owned).collect()))
        .collect();
    assert_eq!(defined(&Path::new(CASE).join("crate/src/client/types")), expected);
}

#[test]
fn files_that_are_no_longer_due_are_told_and_removed() {
    let folder: PathBuf = std::env::temp_dir().join(format!("sinew-divided-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    fs::copy(Path::new(CASE).join("openapi.yaml"), folder.join("openapi.yaml")).unwrap();
    let settings =
        |most: &str| fs::write(folder.join("client.toml"), format!("[types]\none-file-up-to = {most}\n")).unwrap();
    let config = Config::new(folder.join("openapi.yaml")).out(folder.join("crate"));
    settings("0");
    config.generate();
    assert!(config.check().difference.unwrap().is_none());
    settings("12");
    config.generate();
    assert!(folder.join("crate/src/client/types/pets.rs").exists(), "there are thirteen");
    settings("13");
    let difference = config.check().difference.unwrap();
    assert_eq!(difference.stray.len(), 5, "{:?}", difference.lines());
    assert_eq!(difference.stray[0], "src/client/types/owners.rs");
    config.generate();
    assert!(!folder.join("crate/src/client/types").exists(), "nor is the folder left");
    assert!(config.check().difference.unwrap().is_none());
    fs::remove_dir_all(folder).unwrap();
}
