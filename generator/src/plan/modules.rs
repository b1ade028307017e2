//! Which groups are the operations divided into?

use std::collections::BTreeMap;

use super::method_names::settings_of;
use super::names::{self, Ident};
use crate::diagnostics::{Diagnostic, Diagnostics, codes};
use crate::ir::Api;
use crate::settings::Settings;

/// A file of operations.
#[derive(Debug, Clone)]
pub struct Module {
    /// Its name.
    pub ident: Ident,
    /// The group's name in the document.
    pub title: String,
    /// What is said about the group.
    pub description: Option<String>,
    /// Its operations, by position.
    pub operations: Vec<usize>,
}

/// The groups, by name. A setting about one that is not there is told.
pub(super) fn divide(api: &Api, settings: &Settings, diagnostics: &mut Diagnostics) -> Vec<Module> {
    let mut modules: BTreeMap<String, Module> = BTreeMap::new();
    for (position, operation) in api.operations.iter().enumerate() {
        let group = settings_of(settings, operation).and_then(|setting| setting.group.clone());
        let title = group.or_else(|| operation.group.clone()).unwrap_or_else(|| first_segment(&operation.path));
        let ident = match settings.groups.get(&title).and_then(|group| group.name.as_deref()) {
            Some(chosen) => names::chosen(chosen, names::snake),
            None => names::snake(&title),
        };
        // What stands beside the files of operations.
        let taken = ["servers", "types", "webhooks", "xml"].contains(&ident.as_str());
        let ident = if taken { names::snake(&format!("{} operations", ident.plain())) } else { ident };
        let description =
            api.groups.iter().find(|group| group.key == title).and_then(|group| group.description.clone());
        modules
            .entry(ident.plain().to_owned())
            .or_insert_with(|| Module { ident, title, description, operations: Vec::new() })
            .operations
            .push(position);
    }
    for (key, group) in &settings.groups {
        let known = api.operations.iter().any(|operation| operation.group.as_ref() == Some(key))
            || settings.operations.values().any(|operation| operation.group.as_ref() == Some(key));
        if !known {
            diagnostics.push(
                Diagnostic::error(
                    codes::SETTINGS_UNMATCHED,
                    format!("no operation of the document has the tag `{key}` first"),
                )
                .at_settings(&group.span, "named here"),
            );
        }
    }
    modules.into_values().collect()
}

/// The first segment of a path that says what it is about: `api` and `v1` stand before all of them.
fn first_segment(path: &str) -> String {
    let version = |segment: &str| {
        let number = segment.strip_prefix('v').unwrap_or_default();
        !number.is_empty() && number.chars().all(|c| c.is_ascii_digit() || c == '.')
    };
    let mut segments = path.split('/').filter(|segment| !segment.is_empty() && !segment.contains('{'));
    let first = segments.clone().next();
    segments.find(|segment| *segment != "api" && !version(segment)).or(first).unwrap_or("root").to_owned()
}
