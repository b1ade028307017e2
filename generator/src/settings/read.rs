//! How is `client.toml` read, so that no slip in it goes unnoticed?

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use std::time::Duration;

use toml::de::{DeTable, DeValue};

use super::names::{self, Name};
use super::{GroupSettings, NaiveTimestamps, OperationSettings, SchemaSettings, Settings};
use crate::diagnostics::{Diagnostic, Diagnostics, Source, SourceKind, codes};
use crate::load::nearest;

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
    let mut reader = Reader { diagnostics };
    let settings = reader.settings(table.get_ref());
    diagnostics.sources.settings = Some(Source::flat(name, text.to_owned(), SourceKind::Toml));
    settings
}

struct Reader<'a> {
    diagnostics: &'a mut Diagnostics,
}

/// A value, and where it stands.
#[derive(Clone, Copy)]
struct Found<'a> {
    value: &'a DeValue<'a>,
    start: usize,
    end: usize,
}

impl Found<'_> {
    fn span(self) -> Range<usize> {
        self.start..self.end
    }
}

/// A table, asked for each of its keys by name, and in the end for keys that nobody asked for.
struct Section<'a> {
    table: Option<&'a DeTable<'a>>,
    name: String,
    asked: Vec<&'static str>,
}

impl<'a> Section<'a> {
    fn new(table: Option<&'a DeTable<'a>>, name: impl Into<String>) -> Self {
        Self { table, name: name.into(), asked: Vec::new() }
    }

    fn get(&mut self, key: &'static str) -> Option<Found<'a>> {
        self.asked.push(key);
        let (_, value) = self.table?.iter().find(|(name, _)| name.get_ref().as_ref() == key)?;
        Some(Found { value: value.get_ref(), start: value.span().start, end: value.span().end })
    }
}

impl Reader<'_> {
    fn settings(&mut self, table: &DeTable<'_>) -> Settings {
        let mut settings = Settings::default();
        let mut root = Section::new(Some(table), "");

        let mut client = self.section(&mut root, "client");
        settings.client.name = self.name(&mut client, "name", Name::Type);
        settings.client.package = self.name(&mut client, "package", Name::Package);
        settings.client.version = self.name(&mut client, "version", Name::Version);
        settings.client.description = self.text(&mut client, "description");
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

        let mut types = self.section(&mut root, "types");
        settings.types.naive_timestamps = self.naive_timestamps(&mut types);
        self.finish(&types);

        settings.operations = self.entries(&mut root, "operations", |this, section, span| OperationSettings {
            span,
            name: this.name(section, "name", Name::Function),
            group: this.name(section, "group", Name::Function),
            timeout: this.duration(section, "timeout"),
            attempts: this.attempts(section, "attempts"),
            idempotent: this.flag(section, "idempotent"),
        });
        settings.schemas = self.entries(&mut root, "schemas", |this, section, span| SchemaSettings {
            span,
            name: this.name(section, "name", Name::Type),
        });
        settings.groups = self.entries(&mut root, "groups", |this, section, span| GroupSettings {
            span,
            name: this.name(section, "name", Name::Function),
        });
        self.finish(&root);
        settings
    }

    fn wrong(&mut self, found: Found<'_>, key: &str, wanted: &str) {
        let message = format!("`{key}` must be {wanted}");
        let label = format!("this is {}", describe(found.value));
        self.diagnostics
            .push(Diagnostic::error(codes::SETTINGS_WRONG_VALUE, message).at_settings(&found.span(), label));
    }

    fn section<'a>(&mut self, parent: &mut Section<'a>, key: &'static str) -> Section<'a> {
        let table = match parent.get(key) {
            Some(Found { value: DeValue::Table(table), .. }) => Some(table),
            Some(other) => {
                self.wrong(other, key, "a table");
                None
            }
            None => None,
        };
        Section::new(table, format!("[{key}]"))
    }

    fn entries<T>(
        &mut self,
        parent: &mut Section<'_>,
        key: &'static str,
        mut read: impl FnMut(&mut Self, &mut Section<'_>, Range<usize>) -> T,
    ) -> BTreeMap<String, T> {
        let section = self.section(parent, key);
        let mut entries = BTreeMap::new();
        for (name, value) in section.table.into_iter().flatten() {
            let DeValue::Table(table) = value.get_ref() else {
                let found = Found { value: value.get_ref(), start: value.span().start, end: value.span().end };
                self.wrong(found, name.get_ref(), "a table");
                continue;
            };
            let mut section = Section::new(Some(table), format!("[{key}.{}]", shown_key(name.get_ref())));
            let entry = read(self, &mut section, name.span());
            self.finish(&section);
            entries.insert(name.get_ref().as_ref().to_owned(), entry);
        }
        entries
    }

    /// Tells the keys that nobody asked for.
    fn finish(&mut self, section: &Section<'_>) {
        for (key, _) in section.table.into_iter().flatten() {
            let name = key.get_ref().as_ref();
            if section.asked.contains(&name) {
                continue;
            }
            let of = if section.name.is_empty() { "`client.toml`".to_owned() } else { format!("`{}`", section.name) };
            let error = Diagnostic::error(codes::SETTINGS_UNKNOWN_KEY, format!("{of} has no key `{name}`"));
            self.diagnostics.push(match nearest(name, section.asked.iter().copied()) {
                Some(meant) => error.at_settings(&key.span(), format!("did you mean `{meant}`?")),
                None => {
                    error.at_settings(&key.span(), "not known").help(format!("known are: {}", section.asked.join(", ")))
                }
            });
        }
    }

    fn text(&mut self, section: &mut Section<'_>, key: &'static str) -> Option<String> {
        let found = section.get(key)?;
        if let DeValue::String(text) = found.value {
            return Some(text.as_ref().to_owned());
        }
        self.wrong(found, key, "a text");
        None
    }

    fn name(&mut self, section: &mut Section<'_>, key: &'static str, kind: Name) -> Option<String> {
        let text = self.text(section, key)?;
        let Err(why) = names::check(kind, &text) else { return Some(text) };
        let span = section.get(key).map_or(0..0, Found::span);
        self.diagnostics.push(
            Diagnostic::error(codes::SETTINGS_INVALID_NAME, format!("`{text}` cannot be the `{key}`"))
                .at_settings(&span, why),
        );
        None
    }

    fn naive_timestamps(&mut self, section: &mut Section<'_>) -> NaiveTimestamps {
        let key = "naive-timestamps";
        let Some(found) = section.get(key) else { return NaiveTimestamps::default() };
        match found.value {
            DeValue::String(text) if text == "utc" => NaiveTimestamps::Utc,
            DeValue::String(text) if text == "error" => NaiveTimestamps::Error,
            _ => {
                self.wrong(found, key, "\"utc\" or \"error\"");
                NaiveTimestamps::default()
            }
        }
    }

    fn duration(&mut self, section: &mut Section<'_>, key: &'static str) -> Option<Duration> {
        let found = section.get(key)?;
        let duration = match found.value {
            DeValue::String(text) => duration(text),
            _ => None,
        };
        if duration.is_none() {
            self.wrong(found, key, "a time above zero such as \"500ms\", \"60s\" or \"2m\"");
        }
        duration
    }

    fn attempts(&mut self, section: &mut Section<'_>, key: &'static str) -> Option<u32> {
        let found = section.get(key)?;
        let attempts = match found.value {
            DeValue::Integer(number) => u32::from_str_radix(number.as_str(), number.radix()).ok(),
            _ => None,
        };
        let attempts = attempts.filter(|attempts| (1..=100).contains(attempts));
        if attempts.is_none() {
            self.wrong(found, key, "a whole number from 1 to 100");
        }
        attempts
    }

    fn flag(&mut self, section: &mut Section<'_>, key: &'static str) -> Option<bool> {
        let found = section.get(key)?;
        if let DeValue::Boolean(flag) = found.value {
            return Some(*flag);
        }
        self.wrong(found, key, "`true` or `false`");
        None
    }
}

/// A time above zero and below a day, with its unit.
fn duration(text: &str) -> Option<Duration> {
    let unit = text.find(|char: char| !char.is_ascii_digit())?;
    let (number, unit) = text.split_at_checked(unit)?;
    let number: u64 = number.parse().ok()?;
    let milliseconds = match unit.trim() {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    let duration = Duration::from_millis(number.checked_mul(milliseconds)?);
    (!duration.is_zero() && duration <= Duration::from_secs(24 * 60 * 60)).then_some(duration)
}

/// A key as it has to be written in a table header.
fn shown_key(key: &str) -> String {
    let bare = !key.is_empty() && key.chars().all(|char| char.is_ascii_alphanumeric() || matches!(char, '_' | '-'));
    if bare { key.to_owned() } else { format!("\"{key}\"") }
}

fn describe(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) if text.len() <= 40 => format!("the text `{text}`"),
        DeValue::String(_) => "a text".to_owned(),
        DeValue::Integer(number) => format!("the number `{}`", number.as_str()),
        DeValue::Float(number) => format!("the number `{}`", number.as_str()),
        DeValue::Boolean(flag) => format!("`{flag}`"),
        DeValue::Datetime(_) => "a time".to_owned(),
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
    }
}

#[cfg(test)]
mod tests {
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
    fn times_need_a_unit() {
        for (text, expected) in [
            ("60s", Some(60_000)),
            ("2m", Some(120_000)),
            ("1 h", Some(3_600_000)),
            ("0s", None),
            ("5", None),
            ("s", None),
            ("99999999999999999999s", None),
            ("-1s", None),
            ("25h", None),
            ("1é", None),
        ] {
            assert_eq!(duration(text), expected.map(Duration::from_millis), "{text}");
        }
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
