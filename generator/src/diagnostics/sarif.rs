//! How do diagnostics look to a code-scanning service? As SARIF 2.1.0.

use serde_json::{Value, json};

use super::json::{At, fragment};
use super::{Code, Diagnostic, Diagnostics, Label, Place, Severity, Sources};

/// All diagnostics in the order of the files, as one SARIF log with one run.
pub fn sarif(diagnostics: &Diagnostics) -> String {
    let sorted = diagnostics.sorted();
    let mut codes: Vec<Code> = sorted.iter().map(|said| said.code).collect();
    codes.sort();
    codes.dedup();
    let rules: Vec<Value> = codes
        .iter()
        .map(|code| {
            let info = code.info();
            json!({
                "id": info.code,
                "shortDescription": {"text": info.title},
                "fullDescription": {"text": info.explanation},
                "help": {"text": format!("sinew explain {}", info.code)},
            })
        })
        .collect();
    let results: Vec<Value> = sorted.iter().map(|said| result(said, &codes, &diagnostics.sources)).collect();
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {"name": "sinew", "semanticVersion": env!("CARGO_PKG_VERSION"), "rules": rules}},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    let mut text = serde_json::to_string_pretty(&log).unwrap_or_default();
    text.push('\n');
    text
}

fn result(said: &Diagnostic, codes: &[Code], sources: &Sources) -> Value {
    let level = match said.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    let text = std::iter::once(&said.message).chain(&said.helps).map(String::as_str).collect::<Vec<_>>().join("\n");
    let mut result = json!({
        "ruleId": said.code.as_str(),
        "ruleIndex": codes.binary_search(&said.code).unwrap_or_default(),
        "level": level,
        "message": {"text": text},
    });
    let mut places = said.labels.iter().map(|label| location(label, sources));
    if let Some(primary) = places.next() {
        result["locations"] = json!([primary]);
    }
    let related: Vec<Value> = places.collect();
    if !related.is_empty() {
        result["relatedLocations"] = Value::Array(related);
    }
    result
}

fn location(label: &Label, sources: &Sources) -> Value {
    let at = At::new(&label.place, sources);
    let mut location = json!({});
    if let Some(file) = &at.file {
        let mut physical = json!({"artifactLocation": {"uri": uri(file)}});
        if let (Some(start), Some(end)) = (at.start, at.end) {
            physical["region"] =
                json!({"startLine": start.0, "startColumn": start.1, "endLine": end.0, "endColumn": end.1});
        }
        location["physicalLocation"] = physical;
    }
    if let Place::Document(pointer, _) = &label.place {
        location["logicalLocations"] = json!([{"fullyQualifiedName": fragment(pointer, sources)}]);
    }
    if !label.text.is_empty() {
        location["message"] = json!({"text": label.text});
    }
    location
}

/// A path as a URI, relative where the path is.
fn uri(path: &str) -> String {
    let path = path.replace('\\', "/");
    let mut uri = String::with_capacity(path.len());
    if path.starts_with('/') {
        uri.push_str("file://");
    } else if path.as_bytes().get(1) == Some(&b':') {
        uri.push_str("file:///");
    }
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => uri.push(char::from(byte)),
            // The drive of an absolute path on Windows; elsewhere it would be taken for a scheme.
            b':' if uri == format!("file:///{}", path.get(..1).unwrap_or_default()) => uri.push(':'),
            byte => {
                uri.push('%');
                for digit in [byte >> 4, byte & 15] {
                    uri.push(char::from_digit(u32::from(digit), 16).unwrap_or('0').to_ascii_uppercase());
                }
            }
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::super::{Source, SourceKind, codes};
    use super::*;

    #[test]
    fn paths_become_uris() {
        assert_eq!(uri("specs/a b/öpenapi.yaml"), "specs/a%20b/%C3%B6penapi.yaml");
        assert_eq!(uri("/a/b"), "file:///a/b");
        assert_eq!(uri("C:\\a\\b"), "file:///C:/a/b");
        assert_eq!(uri("a:b"), "file:///a:b");
        assert_eq!(uri("ab:c"), "ab%3Ac");
    }

    #[test]
    fn a_result_names_its_rule_and_all_places() {
        let mut all = Diagnostics::new();
        all.sources.document = Some(Source::flat("openapi.yaml", "a: 1\na: 2\n".to_owned(), SourceKind::Yaml));
        all.push(Diagnostic::warning(codes::UNKNOWN_KEY, "odd").in_file("x"));
        all.push(Diagnostic::error(codes::DUPLICATE_KEY, "twice").at_input(5..6, "again").at_input(0..1, "first"));
        let log: Value = serde_json::from_str(&sarif(&all)).unwrap();
        let run = &log["runs"][0];
        let results = run["results"].as_array().unwrap();
        assert_eq!(results.len(), 2);
        for result in results {
            let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
            assert_eq!(run["tool"]["driver"]["rules"][index]["id"], result["ruleId"]);
        }
        let twice = results.iter().find(|result| result["level"] == "error").unwrap();
        assert_eq!(twice["locations"][0]["physicalLocation"]["region"]["startLine"], 2);
        assert_eq!(twice["relatedLocations"][0]["message"]["text"], "first");
    }
}
