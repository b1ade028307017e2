//! Are the styles that OpenAPI borrows from RFC 6570 spelled as its published test data says?
//!
//! The data stands outside this project; without it the test says so and ends. What OpenAPI does not borrow is counted: prefixes,
//! fragments, path segments, several variables in one expression other than a query.

use std::path::Path;

use serde_json::{Map, Value};

use super::parameter::ParameterValue;
use super::path::PathBuilder;
use super::query::{Query, Style};

/// What an expression expands to here; `None` where OpenAPI has no word for it.
fn expand(expression: &str, variables: &Map<String, Value>) -> Option<Result<String, String>> {
    let (operator, names) = match expression.chars().next()? {
        operator @ ('.' | ';' | '?' | '+') => (operator, &expression[1..]),
        operator if operator.is_alphanumeric() => (' ', expression),
        _ => return None,
    };
    if names.contains(':') || (operator != '?' && names.contains(',')) {
        return None;
    }
    let mut query = Query::default();
    for name in names.split(',') {
        let (name, exploded) = name.strip_suffix('*').map_or((name, false), |name| (name, true));
        let value = ParameterValue::from_json(variables.get(name).cloned().unwrap_or(Value::Null));
        // A template spells its names encoded already, a document plain.
        let name =
            url::form_urlencoded::parse(name.as_bytes()).next().map_or_else(String::new, |(name, _)| name.into_owned());
        let name = name.as_str();
        let added = match (operator, exploded) {
            ('?', true) => query.add(name, Style::Form, value),
            ('?', false) => query.add(name, Style::Comma, value),
            ('+', true) => return None,
            ('+', false) => query.add_reserved(name, Style::Comma, value),
            (operator, exploded) => {
                let style = match (operator, exploded) {
                    ('.', false) => Style::Label,
                    ('.', true) => Style::LabelExploded,
                    (';', false) => Style::Matrix,
                    (';', true) => Style::MatrixExploded,
                    (_, true) => Style::Exploded,
                    (_, false) => Style::Form,
                };
                let name: &'static str = Box::leak(name.to_owned().into_boxed_str());
                let mut path = PathBuilder::new(Box::leak(format!("/x{{{name}}}").into_boxed_str()));
                return Some(path.set(name, style, value).and_then(|()| Ok(path.finish()?.path[2..].to_owned())));
            }
        };
        if let Err(reason) = added {
            return Some(Err(reason));
        }
    }
    Some(Ok(match operator {
        '?' if query.text.is_empty() => String::new(),
        '?' => format!("?{}", query.text),
        _ => query.text.split_once('=').map_or("", |(_, text)| text).to_owned(),
    }))
}

#[test]
fn the_published_test_data_agrees() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/yardsticks/uritemplate-test");
    let (mut equal, mut other) = (0, 0);
    for file in ["spec-examples.json", "spec-examples-by-section.json", "extended-tests.json"] {
        let Ok(text) = std::fs::read(folder.join(file)) else {
            println!("skipped: {} is not there", folder.join(file).display());
            return;
        };
        let sections: Map<String, Value> = serde_json::from_slice(&text).expect("the test data");
        for section in sections.values() {
            let variables = section["variables"].as_object().expect("variables");
            for case in section["testcases"].as_array().expect("cases") {
                let template = case[0].as_str().expect("a template");
                let Some((before, rest)) = template.split_once('{') else { continue };
                let Some((expression, after)) = rest.split_once('}').filter(|(_, after)| !after.contains('{')) else {
                    other += 1;
                    continue;
                };
                // What stands around an expression is the address's own affair.
                if !before.is_ascii() || !after.is_ascii() {
                    other += 1;
                    continue;
                }
                let wanted: Vec<&str> = match &case[1] {
                    Value::String(only) => vec![only],
                    Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
                    _ => Vec::new(),
                };
                match expand(expression, variables) {
                    Some(Ok(text)) => {
                        let whole = format!("{before}{text}{after}");
                        let same = wanted.contains(&whole.as_str());
                        // What would end a value in a query stays encoded.
                        assert!(same || expression.starts_with('+'), "{template}: {whole} instead of {wanted:?}");
                        equal += usize::from(same);
                        other += usize::from(!same);
                    }
                    // A path without a value is another path, so it is refused; and so is what cannot be a value.
                    _ => other += 1,
                }
            }
        }
    }
    println!("{equal} expansions are those of RFC 6570, {other} are not OpenAPI's");
    assert!(equal > 80, "{equal}");
}
