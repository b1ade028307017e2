//! Are the tests there that RULES.md says hold each rule?

use std::path::{Path, PathBuf};

/// Every source below a folder.
fn sources(folder: &Path, found: &mut Vec<(PathBuf, String)>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).expect("a text");
            found.push((path, text));
        }
    }
}

/// Whether a file answers to a name: its own, or its folder's if that is all it is called.
fn is_called(path: &Path, name: &str) -> bool {
    let stem = |path: &Path| path.file_stem().is_some_and(|stem| stem == name);
    stem(path) || path.file_stem().is_some_and(|own| own == "mod" || own == "tests") && path.parent().is_some_and(stem)
}

#[test]
fn every_rule_names_tests_that_are_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    sources(&root.join("src"), &mut files);
    sources(&root.join("tests"), &mut files);
    let is_there = |name: &str| {
        let (file, test) = name.split_once("::").expect("`file::test`");
        let is_test = |text: &str| {
            let at = text.find(&format!("fn {test}("));
            at.is_some_and(|at| {
                text[..at]
                    .trim_end_matches("async ")
                    .trim_end()
                    .rsplit('\n')
                    .take(4)
                    .any(|line| line.trim().starts_with("#[t"))
            })
        };
        files.iter().any(|(path, text)| is_called(path, file) && is_test(text))
    };
    assert!(is_there("rules::every_rule_names_tests_that_are_there") && !is_there("rules::sources"));
    let rows: Vec<_> = include_str!("../../RULES.md").lines().filter(|line| line.starts_with("| ")).collect();
    let mut missing = Vec::new();
    for row in rows.iter().filter(|row| !row.starts_with("| rule ")) {
        let (_, held) = row.trim_end_matches(" |").rsplit_once(" | ").expect("two columns");
        let names: Vec<_> = held.split(", ").map(|name| name.trim_matches('`')).collect();
        missing.extend(names.into_iter().filter(|name| !name.contains("::") || !is_there(name)));
    }
    assert!(rows.len() > 50 && missing.is_empty(), "RULES.md names what is not there: {missing:?}");
}
