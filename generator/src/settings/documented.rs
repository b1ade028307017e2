//! Is everything that `client.toml` can say in `SETTINGS.md`, and nothing else?

use std::collections::BTreeMap;

use super::read::known;
use crate::diagnostics::{Diagnostics, Renderer};

const DOCUMENTATION: &str = include_str!("../../SETTINGS.md");

/// A file with every table, so that the reader asks for every key.
const EVERY_TABLE: &str = r#"
[operations."<operation>"]
pages = {}
[schemas."<schema>"]
dependency = {}
[schemas."<schema>".properties."<property>"]
dependency = {}
[formats."<format>"]
dependency = {}
[groups."<tag>"]
"#;

/// The tables described, each with its keys.
fn described() -> BTreeMap<String, Vec<String>> {
    let mut tables: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut table = None;
    for line in DOCUMENTATION.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            let name = heading.trim_matches('`').to_owned();
            tables.entry(name.clone()).or_default();
            table = Some(name);
        } else if let (Some(table), Some(row)) = (&table, line.strip_prefix("| `"))
            && let Some((key, _)) = row.split_once("` |")
        {
            tables.entry(table.clone()).or_default().push(key.to_owned());
        }
    }
    tables
}

#[test]
fn every_key_is_described_and_no_other() {
    let described = described();
    // A dependency has the same keys wherever it stands.
    let known: BTreeMap<String, Vec<&str>> = known(EVERY_TABLE)
        .into_iter()
        .map(|(table, keys)| {
            (if table.ends_with(".dependency]") { "dependency = { … }".to_owned() } else { table }, keys)
        })
        .collect();
    for (table, keys) in &known {
        for key in keys {
            // A key that holds a table is described under a heading of its own.
            let heading =
                if table.is_empty() { format!("[{key}") } else { format!("{}.{key}", table.trim_end_matches(']')) };
            let headed = described
                .keys()
                .any(|name| name.strip_prefix(&heading).is_some_and(|rest| rest.starts_with(['.', ']'])));
            let place = if table.is_empty() { "At the top" } else { table };
            let row = described.get(place).is_some_and(|keys| keys.iter().any(|known| known == key));
            assert!(headed || row, "`{key}` of `{table}` is not in SETTINGS.md");
        }
    }
    for (table, keys) in &described {
        let place = if table == "At the top" { "" } else { table };
        let of = known.get(place).unwrap_or_else(|| panic!("client.toml has no table `{table}`"));
        for key in keys {
            assert!(of.contains(&key.as_str()), "`{table}` has no key `{key}`");
        }
    }
}

#[test]
fn every_example_is_right() {
    let examples: Vec<&str> =
        DOCUMENTATION.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(examples.len() >= described().len());
    for example in examples {
        let mut diagnostics = Diagnostics::new();
        super::parse("client.toml", example, &mut diagnostics);
        assert!(diagnostics.is_empty(), "{example}\n{}", Renderer::plain().render(&diagnostics));
    }
}
