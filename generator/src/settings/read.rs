//! Which tables and keys does `client.toml` have?

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use toml::de::{DeTable, DeValue};

use super::names::Name;
use super::section::{Reader, Section};
use super::{
    Deprecated, GroupSettings, NaiveTimestamps, OperationSettings, PageSettings, Selection, Settings, StatedPages,
    Webhooks,
};
use crate::diagnostics::{Diagnostic, Diagnostics, Source, SourceKind, codes};

/// Reads `client.toml`, if the file exists. Whatever is wrong is told; what is right is used.
pub fn load(path: &Path, diagnostics: &mut Diagnostics) -> Settings {
    let name = path.display().to_string();
    match std::fs::read_to_string(path) {
        Ok(text) => parse(&name, &text, diagnostics),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Settings::default(),
        Err(error) => {
            let message = format!("`{name}` cannot be read: {error}");
            diagnostics.push(Diagnostic::error(codes::SETTINGS_UNREADABLE, message).in_file(name));
            Settings::default()
        }
    }
}

/// A `client.toml` that was read before, for its places to be shown.
pub(crate) fn shown(path: &Path) -> Option<Source> {
    std::fs::read_to_string(path).ok().map(|text| Source::flat(path.display().to_string(), text, SourceKind::Toml))
}

/// Reads the text of a `client.toml`. Whatever is wrong is told; what is right is used.
pub fn parse(name: &str, text: &str, diagnostics: &mut Diagnostics) -> Settings {
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        let at = error.span().unwrap_or(0..0);
        diagnostics.push(
            Diagnostic::error(codes::SETTINGS_SYNTAX, "this is not valid TOML")
                .at_settings(&at, error.message().trim()),
        );
    }
    let mut reader = Reader { diagnostics, known: BTreeMap::new() };
    let settings = reader.settings(table.get_ref());
    diagnostics.sources.settings = Some(Source::flat(name, text.to_owned(), SourceKind::Toml));
    settings
}

/// The keys that were asked for while a text was read, by table.
#[cfg(test)]
pub(super) fn known(text: &str) -> BTreeMap<String, Vec<&'static str>> {
    let (table, _) = DeTable::parse_recoverable(text);
    let mut reader = Reader { diagnostics: &mut Diagnostics::new(), known: BTreeMap::new() };
    reader.settings(table.get_ref());
    reader.known
}

impl Reader<'_> {
    fn settings(&mut self, table: &DeTable<'_>) -> Settings {
        let mut settings = Settings::default();
        let mut root = Section::new(Some(table), "");

        let mut client = self.section(&mut root, "client");
        settings.client.name = self.name(&mut client, "name", Name::Client);
        settings.client.package = self.name(&mut client, "package", Name::Package);
        settings.client.version = self.name(&mut client, "version", Name::Version);
        settings.client.description = self.text(&mut client, "description");
        settings.client.group_features = self.flagged(&mut client, "group-features");
        self.finish(&client);

        let mut service = self.section(&mut root, "service");
        settings.service.name = self.text(&mut service, "name");
        settings.service.base_url = self.name(&mut service, "base-url", Name::Url);
        settings.service.health = self.name(&mut service, "health", Name::Path);
        settings.service.ready = self.name(&mut service, "ready", Name::Path);
        self.finish(&service);

        let mut runtime = self.section(&mut root, "runtime");
        settings.runtime.path = self.text(&mut runtime, "path");
        settings.runtime.version = self.text(&mut runtime, "version");
        self.finish(&runtime);

        settings.policy = self.policy(&mut root, true);

        let mut types = self.section(&mut root, "types");
        settings.types.naive_timestamps = self.word(
            &mut types,
            "naive-timestamps",
            [("utc", NaiveTimestamps::Utc), ("error", NaiveTimestamps::Error)],
        );
        settings.types.keep_unknown_fields = self.flag(&mut types, "keep-unknown-fields").unwrap_or_default();
        settings.types.derive = self.derives(&mut types);
        settings.types.one_file_up_to = self.size(&mut types, "one-file-up-to");
        self.finish(&types);

        settings.overlays = self.texts(&mut root, "overlays", "[\"fix.overlay.yaml\"]");

        let mut load = self.section(&mut root, "load");
        let replaced = "{ \"https://example.org/common.yaml\" = \"common.yaml\" }";
        settings.load.replace = self.pairs(&mut load, "replace", replaced);
        let folders = self.texts(&mut load, "allow-files", "[\"../common\"]");
        settings.load.allow_files = folders.into_iter().map(|folder| folder.text).collect();
        self.finish(&load);

        let mut select = self.section(&mut root, "select");
        settings.select = self.selection(&mut select);
        self.finish(&select);

        settings.operations = self.entries(&mut root, "operations", |this, section, span| OperationSettings {
            span,
            name: this.name(section, "name", Name::Function),
            group: this.name(section, "group", Name::Function),
            timeout: this.duration(section, "timeout"),
            attempts: this.count(section, "attempts"),
            policy: this.policy(section, false),
            idempotent: this.flag(section, "idempotent"),
            pages: this.pages(section),
        });
        settings.schemas = self.schemas(&mut root);
        settings.formats = self.formats(&mut root);
        settings.groups = self.entries(&mut root, "groups", |this, section, span| GroupSettings {
            span,
            name: this.name(section, "name", Name::Function),
        });
        self.finish(&root);
        self.check_dependencies(&settings);
        settings
    }

    fn pages(&mut self, parent: &mut Section<'_>) -> Option<(PageSettings, Range<usize>)> {
        const WAYS: [&str; 5] = ["offset", "page", "cursor", "address", "link"];
        let found = parent.get("pages")?;
        let table = match found.value {
            DeValue::Boolean(false) => return Some((PageSettings::None, found.span())),
            DeValue::Table(table) => table,
            _ => {
                self.wrong(found, "pages", "`false`, or a table such as { by = \"cursor\", next = \"meta.next\" }");
                return None;
            }
        };
        let mut section = parent.inside("pages", Some(table));
        let stated = StatedPages {
            by: self.text(&mut section, "by"),
            parameter: self.text(&mut section, "parameter"),
            size: self.text(&mut section, "size"),
            items: self.text(&mut section, "items"),
            next: self.text(&mut section, "next"),
        };
        if let (Some(by), Some(found)) = (&stated.by, section.get("by"))
            && !WAYS.contains(&by.as_str())
        {
            self.wrong(found, "by", "\"offset\", \"page\", \"cursor\", \"address\" or \"link\"");
        }
        self.finish(&section);
        Some((PageSettings::Stated(stated), found.span()))
    }

    fn selection(&mut self, select: &mut Section<'_>) -> Selection {
        let operations = "[\"get_user\", \"list_*\"]";
        let methods = "[\"get\", \"post\"]";
        Selection {
            operations: self.texts(select, "operations", operations),
            tags: self.texts(select, "tags", "[\"users\"]"),
            paths: self.texts(select, "paths", "[\"/users/**\"]"),
            methods: self.texts(select, "methods", methods),
            drop_operations: self.texts(select, "drop-operations", operations),
            drop_tags: self.texts(select, "drop-tags", "[\"users\"]"),
            drop_paths: self.texts(select, "drop-paths", "[\"/users/**\"]"),
            drop_methods: self.texts(select, "drop-methods", methods),
            depth: self.count(select, "depth").and_then(|depth| usize::try_from(depth).ok()),
            deprecated: self.word(select, "deprecated", [("keep", Deprecated::Keep), ("drop", Deprecated::Drop)]),
            webhooks: self.word(select, "webhooks", [("keep", Webhooks::Keep), ("drop", Webhooks::Drop)]),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::diagnostics::Renderer;

    fn read(text: &str) -> (Settings, String) {
        let mut diagnostics = Diagnostics::new();
        let settings = parse("client.toml", text, &mut diagnostics);
        let shown = Renderer::plain().ungrouped().render(&diagnostics);
        (settings, shown)
    }

    #[test]
    fn an_empty_file_is_the_default() {
        assert_eq!(read(""), (Settings::default(), String::new()));
    }

    #[test]
    fn everything_can_be_said() {
        let text = r#"
            [client]
            name = "UserServiceClient"
            package = "user-service"
            version = "0.1.0"
            description = "…"
            [service]
            name = "user-service"
            base-url = "http://localhost:8001/api/v1"
            health = "/health"
            ready = "/ready"
            [runtime]
            path = "../../runtime"
            [types]
            naive-timestamps = "utc"
            [operations.get_user_api_v1_users__user_id__get]
            name = "get_user"
            group = "users"
            timeout = "60s"
            attempts = 1
            idempotent = true
            [operations."GET /users/{user_id}"]
            timeout = "500ms"
            [schemas.UserResponse]
            name = "User"
            [groups.users]
            name = "users"
        "#;
        let (settings, shown) = read(text);
        assert_eq!(shown, "");
        assert_eq!(settings.client.name.as_deref(), Some("UserServiceClient"));
        assert_eq!(settings.types.naive_timestamps, NaiveTimestamps::Utc);
        let operation = &settings.operations["get_user_api_v1_users__user_id__get"];
        assert_eq!(&text[operation.span.clone()], "get_user_api_v1_users__user_id__get");
        assert_eq!(operation.timeout, Some(Duration::from_secs(60)));
        assert_eq!((operation.attempts, operation.idempotent), (Some(1), Some(true)));
        assert_eq!(settings.operations["GET /users/{user_id}"].timeout, Some(Duration::from_millis(500)));
        assert_eq!(settings.schemas["UserResponse"].name.as_deref(), Some("User"));
        assert_eq!(settings.groups["users"].name.as_deref(), Some("users"));
    }

    #[test]
    fn what_is_right_is_used_beside_what_is_wrong() {
        let (settings, shown) =
            read("[client]\nname = \"fn\"\npackage = \"ok\"\nnmae = 1\n[operations.a]\nattempts = 0\n");
        assert_eq!(settings.client.package.as_deref(), Some("ok"));
        assert_eq!(settings.client.name, None);
        assert_eq!(shown.matches("error[").count(), 3, "{shown}");
    }
}
