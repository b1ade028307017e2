//! Is each path a template of its own, and each answer under a status?

use std::collections::{BTreeMap, HashSet};

use serde_json::{Map, Value};

use super::super::split::Splitter;
use super::syntax;
use crate::diagnostics::{Diagnostic, Pointer, Severity, codes};

impl Splitter<'_> {
    /// Until OpenAPI 3.0 every document has `paths`; since 3.1 it has those, components or webhooks (OpenAPI 3.1, 4.8.1).
    pub(super) fn paths_needed(&mut self, map: &Map<String, Value>) {
        let Some(version) = self.noted_for_rules.version else { return };
        let (any_of, wanted): (&[&str], _) = if version < (3, 1) {
            (&["paths"], "`paths`")
        } else {
            (&["paths", "components", "webhooks"], "any of `paths`, `components` and `webhooks`")
        };
        if any_of.iter().all(|key| !map.contains_key(*key)) {
            let key = if map.contains_key("swagger") { "swagger" } else { "openapi" };
            let warning = Diagnostic::warning(codes::MISSING_KEY, format!("the document has not {wanted}"));
            let (major, minor) = version;
            let label = format!("OpenAPI {major}.{minor} demands it");
            self.diagnostics.push(warning.at(&Pointer::root().join(key), label));
        }
    }

    pub(super) fn path_templates(&mut self, map: &Map<String, Value>) {
        let here = self.here();
        let mut known: BTreeMap<String, &String> = BTreeMap::new();
        for path in map.keys().filter(|path| !path.starts_with("x-")) {
            let at = here.join(path);
            if let Some(what) = malformed(path) {
                let said = format!("`{path}` is no template of a path");
                self.diagnostics.push(Diagnostic::warning(codes::MALFORMED_PATH, said).at_key(&at, what));
            }
            if let Some(first) = known.insert(hierarchy(path), path) {
                self.diagnostics.push(
                    Diagnostic::warning(codes::DUPLICATE_PATH, format!("`{path}` is the same path as `{first}`"))
                        .at_key(&at, "the operations of both are generated")
                        .at_key(&here.join(first), "the first"),
                );
            }
        }
    }

    /// Until 3.1 every operation had to say how it answers; who says so says something (OpenAPI 3.1, 4.8.16).
    pub(super) fn answers_needed(&mut self, map: &Map<String, Value>) {
        let here = self.here();
        let label = "any answer is taken, and its body is not read";
        match map.get("responses") {
            None => {
                let newer = self.noted_for_rules.version >= Some((3, 1));
                let severity = if newer { Severity::Note } else { Severity::Warning };
                let said = Diagnostic::new(severity, codes::REPAIRED, "an operation without `responses`");
                self.diagnostics.push(said.at_key(&here, label));
            }
            Some(Value::Object(answers)) if answers.keys().all(|key| key.starts_with("x-")) => {
                let warning = Diagnostic::warning(codes::MISSING_KEY, "an operation without any answer");
                self.diagnostics.push(warning.at_key(&here.join("responses"), label));
            }
            Some(_) => {}
        }
    }

    /// Takes out the answers that can never come: under what is no status.
    pub(super) fn statuses(&mut self, map: &mut Map<String, Value>) {
        let here = self.here();
        let odd =
            |key: &String| !(key == "default" || key.starts_with("x-") || key == "$ref" || syntax::is_status(key));
        for key in map.keys().filter(|key| odd(key)).cloned().collect::<Vec<_>>() {
            let at = here.join(&key);
            let warning = Diagnostic::warning(codes::INVALID_STATUS, format!("`{key}` is no status of an answer"));
            let meant = key.to_uppercase();
            if syntax::is_status(&meant) {
                self.diagnostics.push(warning.at_key(&at, format!("read as `{meant}`")));
                self.renamed(&here, &key, &meant);
                let value = map.remove(&key);
                map.entry(meant).or_insert(value.unwrap_or_default());
            } else if key.len() == 3 && key.bytes().all(|byte| byte.is_ascii_digit()) && !key.starts_with('0') {
                self.diagnostics.push(warning.at_key(&at, "statuses go from 100 to 599"));
            } else {
                self.diagnostics.push(warning.at_key(&at, "left out"));
                map.remove(&key);
            }
        }
    }

    /// Says that what stands under one key here was written under another.
    fn renamed(&mut self, here: &Pointer, before: &str, now: &str) {
        let place = self.diagnostics.sources.borrowed.origin(here);
        self.diagnostics.sources.converted.record(place.join(now), place.join(before));
    }
}

/// What is wrong with a path, if anything.
fn malformed(path: &str) -> Option<&'static str> {
    let Some(names) = syntax::braces(path) else { return Some("braces come in pairs, and not one in another") };
    if names.iter().any(|name| name.is_empty()) {
        return Some("between braces stands the name of a parameter");
    }
    let mut seen = HashSet::new();
    if names.iter().any(|name| !seen.insert(*name)) {
        return Some("no name comes twice: both would have the same value");
    }
    let outside = outside_braces(path);
    if outside.contains('?') {
        return Some("a path has no query: declare its keys as parameters with `in: query`");
    }
    // Several documents tell operations of one path apart by what comes behind a `#`, which is never sent.
    outside.contains('#').then_some("a path has no fragment")
}

fn outside_braces(path: &str) -> String {
    let mut depth = 0_usize;
    path.chars()
        .filter(|char| {
            match char {
                '{' => depth += 1,
                '}' => depth = depth.saturating_sub(1),
                _ => return depth == 0,
            }
            false
        })
        .collect()
}

/// A path without what does not tell it from others: the names in its braces, and how a character is written.
fn hierarchy(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    let mut inside = false;
    for char in path.chars() {
        match char {
            '{' => {
                inside = true;
                out.push_str("{}");
            }
            '}' => inside = false,
            char if !inside => out.push(char),
            _ => {}
        }
    }
    if out.contains('%') { Pointer::decoded(&out).unwrap_or(out) } else { out }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_is_told_from_what_is_none() {
        for fine in ["/", "/a/{b}", "/a/{b}.{c}", "/a/{b?}", "/a:act", "/a/{b}{c}"] {
            assert_eq!(malformed(fine), None, "{fine}");
        }
        for odd in ["/a/{b", "/a/{}", "/{a}/{a}", "/a?b=c", "/a#b"] {
            assert!(malformed(odd).is_some(), "{odd}");
        }
        assert_eq!(hierarchy("/a/{b}/%61"), hierarchy("/a/{c}/a"));
        assert_ne!(hierarchy("/a/{b}"), hierarchy("/a/b"));
        assert_ne!(hierarchy("/A"), hierarchy("/a"));
    }
}
