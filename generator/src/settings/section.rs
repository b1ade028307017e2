//! How is a table of `client.toml` asked for its keys, so that no slip in it goes unnoticed?

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use toml::de::{DeTable, DeValue};

use super::Derives;
use super::Pattern;
use super::names::{self, Name};
use crate::diagnostics::{Diagnostic, Diagnostics, codes};
use crate::load::nearest;

/// What reads the tables, and tells what is wrong in them.
pub(super) struct Reader<'a> {
    pub(super) diagnostics: &'a mut Diagnostics,
    /// The keys of each table that was read, for whoever checks that each is documented.
    pub(super) known: BTreeMap<String, Vec<&'static str>>,
}

/// A value, and where it stands.
#[derive(Clone, Copy)]
pub(super) struct Found<'a> {
    pub(super) value: &'a DeValue<'a>,
    start: usize,
    end: usize,
}

impl<'a> Found<'a> {
    pub(super) fn new(value: &'a DeValue<'a>, span: &Range<usize>) -> Self {
        Self { value, start: span.start, end: span.end }
    }

    pub(super) fn span(self) -> Range<usize> {
        self.start..self.end
    }
}

/// A table, asked for each of its keys by name, and in the end for keys that nobody asked for.
pub(super) struct Section<'a> {
    pub(super) table: Option<&'a DeTable<'a>>,
    name: String,
    asked: Vec<&'static str>,
}

impl<'a> Section<'a> {
    pub(super) fn new(table: Option<&'a DeTable<'a>>, name: impl Into<String>) -> Self {
        Self { table, name: name.into(), asked: Vec::new() }
    }

    /// A table inside this one.
    pub(super) fn inside<'b>(&self, key: &str, table: Option<&'b DeTable<'b>>) -> Section<'b> {
        let outer = self.name.trim_end_matches(']');
        Section::new(table, if outer.is_empty() { format!("[{key}]") } else { format!("{outer}.{key}]") })
    }

    pub(super) fn get(&mut self, key: &'static str) -> Option<Found<'a>> {
        self.asked.push(key);
        self.find(key)
    }

    fn find(&self, key: &str) -> Option<Found<'a>> {
        let (_, value) = self.table?.iter().find(|(name, _)| name.get_ref().as_ref() == key)?;
        Some(Found { value: value.get_ref(), start: value.span().start, end: value.span().end })
    }
}

impl Reader<'_> {
    pub(super) fn wrong(&mut self, found: Found<'_>, key: &str, wanted: &str) {
        let message = format!("`{key}` must be {wanted}");
        let label = format!("this is {}", describe(found.value));
        self.diagnostics
            .push(Diagnostic::error(codes::SETTINGS_WRONG_VALUE, message).at_settings(&found.span(), label));
    }

    pub(super) fn section<'a>(&mut self, parent: &mut Section<'a>, key: &'static str) -> Section<'a> {
        let table = match parent.get(key) {
            Some(Found { value: DeValue::Table(table), .. }) => Some(table),
            Some(other) => {
                self.wrong(other, key, "a table");
                None
            }
            None => None,
        };
        parent.inside(key, table)
    }

    /// Tables under names that the document gives.
    pub(super) fn entries<T>(
        &mut self,
        parent: &mut Section<'_>,
        key: &'static str,
        mut read: impl FnMut(&mut Self, &mut Section<'_>, Range<usize>) -> T,
    ) -> BTreeMap<String, T> {
        let entries = self.mixed_entries(parent, key, |this, found, name, section, span| match section {
            Some(section) => Some(read(this, section, span)),
            None => {
                this.wrong(found, name, "a table");
                None
            }
        });
        entries.into_iter().filter_map(|(name, entry)| Some((name, entry?))).collect()
    }

    /// As [`Reader::entries`], of tables and other values.
    pub(super) fn mixed_entries<T>(
        &mut self,
        parent: &mut Section<'_>,
        key: &'static str,
        mut read: impl FnMut(&mut Self, Found<'_>, &str, Option<&mut Section<'_>>, Range<usize>) -> T,
    ) -> BTreeMap<String, T> {
        let section = self.section(parent, key);
        let mut entries = BTreeMap::new();
        for (name, value) in section.table.into_iter().flatten() {
            let found = Found { value: value.get_ref(), start: value.span().start, end: value.span().end };
            let key = name.get_ref().as_ref();
            let entry = match found.value {
                DeValue::Table(table) => {
                    let mut inner = section.inside(&shown_key(key), Some(table));
                    let entry = read(self, found, key, Some(&mut inner), name.span());
                    self.finish(&inner);
                    entry
                }
                _ => read(self, found, key, None, name.span()),
            };
            entries.insert(key.to_owned(), entry);
        }
        entries
    }

    /// Tells the keys that nobody asked for.
    pub(super) fn finish(&mut self, section: &Section<'_>) {
        self.known.insert(section.name.clone(), section.asked.clone());
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

    pub(super) fn text(&mut self, section: &mut Section<'_>, key: &'static str) -> Option<String> {
        let found = section.get(key)?;
        if let DeValue::String(text) = found.value {
            return Some(text.as_ref().to_owned());
        }
        self.wrong(found, key, "a text");
        None
    }

    pub(super) fn name(&mut self, section: &mut Section<'_>, key: &'static str, kind: Name) -> Option<String> {
        let text = self.text(section, key)?;
        let Err(why) = names::check(kind, &text) else { return Some(text) };
        let span = section.get(key).map_or(0..0, Found::span);
        self.diagnostics.push(
            Diagnostic::error(codes::SETTINGS_INVALID_NAME, format!("`{text}` cannot be the `{key}`"))
                .at_settings(&span, why),
        );
        None
    }

    /// One of several words.
    pub(super) fn word<T: Copy + Default>(
        &mut self,
        section: &mut Section<'_>,
        key: &'static str,
        words: [(&str, T); 2],
    ) -> T {
        let Some(found) = section.get(key) else { return T::default() };
        let said = match found.value {
            DeValue::String(text) => text.as_ref(),
            _ => "",
        };
        if let Some((_, meant)) = words.iter().find(|(word, _)| *word == said) {
            return *meant;
        }
        let [(first, _), (second, _)] = words;
        self.wrong(found, key, &format!("\"{first}\" or \"{second}\""));
        T::default()
    }

    /// A list of texts, none of them empty, each with its place. A list that is there has at least one.
    pub(super) fn texts(&mut self, section: &mut Section<'_>, key: &'static str, such_as: &str) -> Vec<Pattern> {
        let Some(found) = section.get(key) else { return Vec::new() };
        let texts: Option<Vec<Pattern>> = match found.value {
            DeValue::Array(list) => list
                .iter()
                .map(|item| match item.get_ref() {
                    DeValue::String(text) if !text.trim().is_empty() => {
                        Some(Pattern { text: text.as_ref().to_owned(), span: Some(item.span()) })
                    }
                    _ => None,
                })
                .collect(),
            _ => None,
        };
        let texts = texts.filter(|texts| !texts.is_empty());
        if texts.is_none() {
            self.wrong(found, key, &format!("a list of at least one text, such as {such_as}"));
        }
        texts.unwrap_or_default()
    }

    /// Texts by keys that the user chooses.
    pub(super) fn pairs(
        &mut self,
        section: &mut Section<'_>,
        key: &'static str,
        such_as: &str,
    ) -> BTreeMap<String, String> {
        let Some(found) = section.get(key) else { return BTreeMap::new() };
        let wanted = format!("a table of texts, such as `{such_as}`");
        let DeValue::Table(table) = found.value else {
            self.wrong(found, key, &wanted);
            return BTreeMap::new();
        };
        let mut pairs = BTreeMap::new();
        for (name, value) in table {
            match value.get_ref() {
                DeValue::String(text) => {
                    pairs.insert(name.get_ref().to_string(), text.to_string());
                }
                other => {
                    let span = value.span();
                    self.wrong(Found { value: other, start: span.start, end: span.end }, key, &wanted);
                }
            }
        }
        pairs
    }

    pub(super) fn duration(&mut self, section: &mut Section<'_>, key: &'static str) -> Option<Duration> {
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

    pub(super) fn derives(&mut self, section: &mut Section<'_>) -> Derives {
        let mut derives = Derives::default();
        let Some(found) = section.get("derive") else { return derives };
        let known = match found.value {
            DeValue::Array(list) => list.iter().all(|item| match item.get_ref() {
                DeValue::String(name) => {
                    match name.as_ref() {
                        "Eq" => derives.eq = true,
                        "Hash" => derives.hash = true,
                        // An order is one of values that are equal or not.
                        "Ord" => (derives.eq, derives.ord) = (true, true),
                        _ => return false,
                    }
                    true
                }
                _ => false,
            }),
            _ => false,
        };
        if !known {
            self.wrong(found, "derive", "a list of any of \"Eq\", \"Hash\" and \"Ord\"");
        }
        derives
    }

    pub(super) fn size(&mut self, section: &mut Section<'_>, key: &'static str) -> Option<usize> {
        let found = section.get(key)?;
        let size = match found.value {
            DeValue::Integer(number) => usize::from_str_radix(number.as_str(), number.radix()).ok(),
            _ => None,
        };
        if size.is_none() {
            self.wrong(found, key, "a whole number, 0 or more");
        }
        size
    }

    pub(super) fn count(&mut self, section: &mut Section<'_>, key: &'static str) -> Option<u32> {
        let found = section.get(key)?;
        let count = match found.value {
            DeValue::Integer(number) => u32::from_str_radix(number.as_str(), number.radix()).ok(),
            _ => None,
        };
        let count = count.filter(|count| (1..=100).contains(count));
        if count.is_none() {
            self.wrong(found, key, "a whole number from 1 to 100");
        }
        count
    }

    pub(super) fn flag(&mut self, section: &mut Section<'_>, key: &'static str) -> Option<bool> {
        let found = section.get(key)?;
        if let DeValue::Boolean(flag) = found.value {
            return Some(*flag);
        }
        self.wrong(found, key, "`true` or `false`");
        None
    }

    /// Where a flag is set.
    pub(super) fn flagged(&mut self, section: &mut Section<'_>, key: &'static str) -> Option<Range<usize>> {
        self.flag(section, key).filter(|set| *set)?;
        section.find(key).map(Found::span)
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
}
