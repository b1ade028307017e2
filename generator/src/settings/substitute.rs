//! How is a type of the user's own given in `client.toml`, with the crate it comes from?

use std::collections::BTreeMap;

use toml::de::DeValue;

use super::names::{self, Name};
use super::rust_path::RustPath;
use super::section::{Found, Reader, Section};
use super::{DependencySettings, FormatSettings, PropertySettings, SchemaSettings, Settings, Substitute};
use crate::diagnostics::{Diagnostic, codes};

/// Crates that generated ones depend on anyway, by the names that Rust has for them.
const AT_HAND: &[&str] = &["jiff", "rust_decimal", "serde_json", "sinew_runtime", "uuid"];

impl Reader<'_> {
    /// `[formats]`: each a path, or a table with a path and its dependency.
    pub(super) fn formats(&mut self, root: &mut Section<'_>) -> BTreeMap<String, FormatSettings> {
        self.mixed_entries(root, "formats", |this, found, name, section, span| {
            let substitute = match (section, found.value) {
                (Some(section), _) => this.substitute(section),
                (None, DeValue::String(_)) => {
                    this.path(found).map(|path| Substitute { path, dependency: None, span: found.span() })
                }
                (None, _) => {
                    this.wrong(found, name, "a Rust type such as \"chrono::DateTime<chrono::Utc>\"");
                    None
                }
            };
            FormatSettings { span, substitute }
        })
    }

    /// `[schemas.<name>]`
    pub(super) fn schemas(&mut self, root: &mut Section<'_>) -> BTreeMap<String, SchemaSettings> {
        self.entries(root, "schemas", |this, section, span| {
            let name = this.name(section, "name", Name::Type);
            let keep_unknown_fields = this.flag(section, "keep-unknown-fields");
            let exhaustive = this.flag(section, "exhaustive").unwrap_or_default();
            let derive = this.derives(section);
            let substitute = this.substitute(section);
            let properties = this.entries(section, "properties", |this, section, span| PropertySettings {
                span,
                name: this.name(section, "name", Name::Function),
                required: this.flag(section, "required"),
                substitute: this.substitute(section),
            });
            this.tell_same_names(&properties);
            if let Some(substitute) = &substitute
                && (name.is_some() || !properties.is_empty())
            {
                this.diagnostics.push(
                    Diagnostic::error(codes::SETTINGS_CONFLICT, "a type of your own has its own name and fields")
                        .at_settings(&substitute.span, "this stands in the place of the schema")
                        .help("remove `name` and `properties`, or `type`"),
                );
            }
            SchemaSettings { span, name, substitute, keep_unknown_fields, exhaustive, derive, properties }
        })
    }

    fn tell_same_names(&mut self, properties: &BTreeMap<String, PropertySettings>) {
        let mut known: BTreeMap<&str, &PropertySettings> = BTreeMap::new();
        for property in properties.values() {
            let Some(name) = &property.name else { continue };
            if let Some(other) = known.insert(name, property) {
                self.diagnostics.push(
                    Diagnostic::error(codes::SETTINGS_CONFLICT, format!("two fields would both be named `{name}`"))
                        .at_settings(&property.span, "this one")
                        .at_settings(&other.span, "and this one"),
                );
            }
        }
    }

    /// The keys `type` and `dependency` of a table.
    fn substitute(&mut self, section: &mut Section<'_>) -> Option<Substitute> {
        let path = section.get("type").map(|found| (self.path(found), found));
        let dependency = self.dependency(section);
        match (path, dependency) {
            (Some((path, found)), dependency) => Some(Substitute { path: path?, dependency, span: found.span() }),
            (None, Some(dependency)) => {
                self.diagnostics.push(
                    Diagnostic::error(codes::SETTINGS_CONFLICT, "a dependency without a type that needs it")
                        .at_settings(&dependency.span, "there is no `type` beside it"),
                );
                None
            }
            (None, None) => None,
        }
    }

    fn path(&mut self, found: Found<'_>) -> Option<RustPath> {
        let DeValue::String(text) = found.value else {
            self.wrong(found, "type", "a Rust type such as \"chrono::DateTime<chrono::Utc>\"");
            return None;
        };
        match RustPath::parse(text) {
            Ok(path) => Some(path),
            Err(why) => {
                self.diagnostics.push(
                    Diagnostic::error(codes::SETTINGS_INVALID_NAME, format!("`{text}` cannot be a type"))
                        .at_settings(&found.span(), why),
                );
                None
            }
        }
    }

    fn dependency(&mut self, parent: &mut Section<'_>) -> Option<DependencySettings> {
        let found = parent.get("dependency")?;
        let DeValue::Table(table) = found.value else {
            self.wrong(found, "dependency", "a table such as { name = \"chrono\", version = \"0.4\" }");
            return None;
        };
        let mut section = parent.inside("dependency", Some(table));
        let name = self.name(&mut section, "name", Name::Dependency);
        let version = self.name(&mut section, "version", Name::Requirement);
        let path = self.text(&mut section, "path");
        let default_features = self.flag(&mut section, "default-features").unwrap_or(true);
        let features = self.texts(&mut section, "features", "[\"serde\"]");
        for feature in &features {
            if let (Err(why), Some(span)) = (names::check(Name::Feature, &feature.text), &feature.span) {
                let said = format!("`{}` cannot be a feature", feature.text);
                self.diagnostics.push(Diagnostic::error(codes::SETTINGS_INVALID_NAME, said).at_settings(span, why));
            }
        }
        let features = features.into_iter().map(|feature| feature.text).collect();
        self.finish(&section);
        let span = found.span();
        let says = |wanted: &str| table.iter().any(|(key, _)| key.get_ref() == wanted);
        let Some(name) = name else {
            if !says("name") {
                self.wrong(found, "dependency", "a table with a `name`");
            }
            return None;
        };
        if !says("version") && path.is_none() {
            self.wrong(found, "dependency", "a table with a `version` or a `path`");
            return None;
        }
        Some(DependencySettings { span, name, version, path, default_features, features })
    }

    /// Tells the types whose crates nobody declares, and the crates that are declared twice in two ways.
    pub(super) fn check_dependencies(&mut self, settings: &Settings) {
        let mut declared: BTreeMap<String, &DependencySettings> = BTreeMap::new();
        for dependency in settings.substitutes().filter_map(|substitute| substitute.dependency.as_ref()) {
            let known = declared.entry(dependency.name.replace('-', "_")).or_insert(dependency);
            let same = (&known.version, &known.path, known.default_features)
                == (&dependency.version, &dependency.path, dependency.default_features);
            if !same {
                self.diagnostics.push(
                    Diagnostic::error(
                        codes::SETTINGS_CONFLICT,
                        format!("the dependency `{}` is declared in two ways", dependency.name),
                    )
                    .at_settings(&dependency.span, "here")
                    .at_settings(&known.span, "and here"),
                );
            }
        }
        for substitute in settings.substitutes() {
            for needed in substitute.path.crates() {
                if !AT_HAND.contains(&needed) && !declared.contains_key(needed) {
                    self.diagnostics.push(
                        Diagnostic::error(
                            codes::SETTINGS_INVALID_NAME,
                            format!("the generated crate does not depend on `{needed}`"),
                        )
                        .at_settings(&substitute.span, "needed here")
                        .help(format!("add the key: dependency = {{ name = \"{needed}\", version = \"…\" }}")),
                    );
                }
            }
        }
    }
}
