//! How does `client.toml` say how hard calls are tried?
//!
//! The names and the spelling are those of the runtime's `Policy` (`runtime/POLICIES.md`). Values go into the generated crate
//! as texts, the way environment variables say them; what they must be in relation to each other, the runtime checks.

use toml::de::{DeTable, DeValue};

use super::section::{Found, Reader, Section};
use crate::diagnostics::{Diagnostic, codes};
use crate::load::nearest;

/// Settings of a policy, in the order of the runtime's table: its names with their sections, and values as texts.
pub type PolicySettings = Vec<(&'static str, String)>;

/// What a value must look like.
#[derive(Clone, Copy)]
enum Kind {
    Number,
    Flag,
    Time,
    TimeOrOff,
    Size,
    Statuses,
    Jitter,
    Word(&'static [&'static str]),
}

/// Every setting; and `base`, which comes before all of them.
const KNOWN: &[(&str, Kind)] = &[
    ("base", Kind::Word(&["default", "standard"])),
    ("attempts", Kind::Number),
    ("attempt_timeout", Kind::Time),
    ("patient", Kind::Flag),
    ("total_timeout", Kind::Time),
    ("idle_timeout", Kind::Time),
    ("body_rate.least", Kind::Size),
    ("body_rate.over", Kind::Time),
    ("backoff.growth", Kind::Word(&["constant", "linear", "exponential"])),
    ("backoff.base", Kind::Time),
    ("backoff.ceiling", Kind::Time),
    ("backoff.jitter", Kind::Jitter),
    ("retry_on.timeout", Kind::Flag),
    ("retry_on.connection", Kind::Flag),
    ("retry_on.statuses", Kind::Statuses),
    ("retry_on.in_progress", Kind::Flag),
    ("retry_on.headers", Kind::Flag),
    ("retry_after.cap", Kind::Time),
    ("retry_after.shared", Kind::Flag),
    ("budget.enabled", Kind::Flag),
    ("budget.percent", Kind::Number),
    ("budget.per_minute", Kind::Number),
    ("budget.window", Kind::Time),
    ("budget.most", Kind::Number),
    ("breaker.failures", Kind::Number),
    ("breaker.counting", Kind::Word(&["attempts", "calls"])),
    ("breaker.ratio.enabled", Kind::Flag),
    ("breaker.ratio.percent", Kind::Number),
    ("breaker.ratio.least", Kind::Number),
    ("breaker.ratio.window", Kind::Time),
    ("breaker.slow_after", Kind::TimeOrOff),
    ("breaker.given_up", Kind::Number),
    ("breaker.open_for", Kind::Time),
    ("breaker.open_most", Kind::Time),
    ("breaker.open_jitter", Kind::Number),
    ("breaker.ramp", Kind::TimeOrOff),
    ("outlier.enabled", Kind::Flag),
    ("outlier.failures", Kind::Number),
    ("outlier.eject_for", Kind::Time),
    ("outlier.eject_most", Kind::Time),
    ("outlier.share", Kind::Number),
    ("hedge.enabled", Kind::Flag),
    ("hedge.after", Kind::TimeOrOff),
    ("hedge.percentile", Kind::Number),
    ("hedge.least", Kind::Time),
    ("hedge.percent", Kind::Number),
    ("bulkhead.enabled", Kind::Flag),
    ("bulkhead.most", Kind::Number),
    ("bulkhead.adaptive", Kind::Flag),
    ("bulkhead.first", Kind::Number),
    ("bulkhead.least", Kind::Number),
    ("bulkhead.wait", Kind::Time),
    ("max_body", Kind::Size),
    ("max_error_body", Kind::Size),
];

/// What belongs to a client as a whole, so that an operation cannot have its own.
const OF_THE_CLIENT: &[&str] = &["budget.", "breaker.", "outlier.", "bulkhead.", "hedge.percent"];

fn is_of_the_client(name: &str) -> bool {
    OF_THE_CLIENT.iter().any(|of| name == *of || of.ends_with('.') && name.starts_with(of))
}

impl Reader<'_> {
    /// A policy, of a client as a whole or of one operation.
    pub(super) fn policy(&mut self, section: &mut Section<'_>, whole: bool) -> PolicySettings {
        let Some(found) = section.get("policy") else { return Vec::new() };
        let DeValue::Table(table) = found.value else {
            self.wrong(found, "policy", "a table of settings, as `runtime/POLICIES.md` lists them");
            return Vec::new();
        };
        let mut settings = Vec::new();
        self.policy_section(table, "", whole, &mut settings);
        // In the runtime's order, so that `base` comes first and the order of keys does not matter.
        settings.sort_by_key(|(name, _)| KNOWN.iter().position(|(known, _)| known == name));
        settings
    }

    fn policy_section(&mut self, table: &DeTable<'_>, above: &str, whole: bool, settings: &mut PolicySettings) {
        for (key, value) in table {
            let path = format!("{above}{}", key.get_ref());
            let below = format!("{path}.");
            if let DeValue::Table(inner) = value.get_ref()
                && KNOWN.iter().any(|(known, _)| known.starts_with(&below))
            {
                self.policy_section(inner, &below, whole, settings);
                continue;
            }
            let Some((name, kind)) = KNOWN.iter().find(|(known, _)| *known == path) else {
                let message = format!("a policy has no setting `{path}`");
                let error = Diagnostic::error(codes::SETTINGS_UNKNOWN_KEY, message);
                self.diagnostics.push(match nearest(&path, KNOWN.iter().map(|(known, _)| *known)) {
                    Some(meant) => error.at_settings(&key.span(), format!("did you mean `{meant}`?")),
                    None => error.at_settings(&key.span(), "`runtime/POLICIES.md` lists them all"),
                });
                continue;
            };
            let found = Found::new(value.get_ref(), &value.span());
            if !whole && (*name == "base" || is_of_the_client(name)) {
                self.wrong(found, name, "a setting of the whole client, under `[policy]`: all its operations share it");
                continue;
            }
            match text(value.get_ref(), *kind) {
                Ok(text) => settings.push((*name, text)),
                Err(wanted) => self.wrong(found, name, &wanted),
            }
        }
    }
}

/// A value as a variable would say it, or what it must be.
fn text(value: &DeValue<'_>, kind: Kind) -> Result<String, String> {
    let number = |value: &DeValue<'_>| match value {
        DeValue::Integer(number) => u32::from_str_radix(number.as_str(), number.radix()).ok(),
        _ => None,
    };
    let said = match value {
        DeValue::String(text) => text.trim(),
        _ => "",
    };
    let (read, wanted) = match kind {
        Kind::Number => (number(value).map(|number| number.to_string()), "a whole number".to_owned()),
        Kind::Flag => {
            let flag = if let DeValue::Boolean(flag) = value { Some(flag.to_string()) } else { None };
            (flag, "`true` or `false`".to_owned())
        }
        Kind::Time => {
            (is_measure(said, TIMES).then(|| said.to_owned()), "a time such as \"250ms\" or \"1.5s\"".to_owned())
        }
        Kind::TimeOrOff => (
            (said == "off" || is_measure(said, TIMES)).then(|| said.to_owned()),
            "\"off\", or a time such as \"250ms\"".to_owned(),
        ),
        Kind::Size => {
            let size = number(value).map(|bytes| bytes.to_string());
            let size = size.or_else(|| (!said.contains('.') && is_measure(said, SIZES)).then(|| said.to_owned()));
            (size, "a number of bytes such as 65536 or \"32MiB\"".to_owned())
        }
        Kind::Statuses => {
            let statuses: Option<Vec<_>> = match value {
                DeValue::Array(list) => list
                    .iter()
                    .map(|item| number(item.get_ref()).filter(|it| (400..=599).contains(it)).map(|it| it.to_string()))
                    .collect(),
                _ => None,
            };
            (statuses.map(|statuses| statuses.join(",")), "a list of statuses from 400 to 599".to_owned())
        }
        Kind::Jitter => {
            let added = said
                .strip_prefix('+')
                .and_then(|rest| rest.strip_suffix('%'))
                .is_some_and(|it| it.parse::<u32>().is_ok());
            let known = added || ["none", "full", "equal", "decorrelated"].contains(&said);
            (
                known.then(|| said.to_owned()),
                "\"none\", \"full\", \"equal\", \"decorrelated\" or such as \"+10%\"".to_owned(),
            )
        }
        Kind::Word(words) => {
            let quoted: Vec<_> = words.iter().map(|word| format!("\"{word}\"")).collect();
            (words.contains(&said).then(|| said.to_owned()), format!("one of {}", quoted.join(", ")))
        }
    };
    read.ok_or(wanted)
}

const TIMES: &[&str] = &["ns", "us", "ms", "s", "m", "min", "h"];
const SIZES: &[&str] = &["KiB", "MiB", "GiB"];

/// Whether it is a decimal number with one of these units.
fn is_measure(text: &str, units: &[&str]) -> bool {
    let Some(end) = text.find(|character: char| character.is_ascii_alphabetic()) else { return false };
    let (digits, unit) = text.split_at(end);
    let (whole, part) = digits.trim_end().split_once('.').unwrap_or((digits.trim_end(), "0"));
    let decimal = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    units.contains(&unit) && decimal(whole) && decimal(part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::{Diagnostics, Renderer};
    use crate::settings::Settings;

    fn read(text: &str) -> (Settings, String) {
        let mut diagnostics = Diagnostics::new();
        let settings = crate::settings::parse("client.toml", text, &mut diagnostics);
        (settings, Renderer::plain().render(&diagnostics))
    }

    #[test]
    fn policies_become_texts_in_the_runtimes_order() {
        let (settings, told) = read(
            "[policy]\nattempts = 5\nbase = \"standard\"\nmax_body = \"1MiB\"\n[policy.breaker]\nopen_for = \"1.5s\"\nslow_after = \"off\"\nratio = { percent = 20 }\n\
             [policy.retry_on]\nstatuses = [429, 503]\nheaders = true\n[policy.backoff]\njitter = \"+5%\"\n[operations.a.policy]\nhedge = { enabled = true, percentile = 90 }\n",
        );
        assert_eq!(told, "");
        let expected = [
            ("base", "standard"),
            ("attempts", "5"),
            ("backoff.jitter", "+5%"),
            ("retry_on.statuses", "429,503"),
            ("retry_on.headers", "true"),
            ("breaker.ratio.percent", "20"),
            ("breaker.slow_after", "off"),
            ("breaker.open_for", "1.5s"),
            ("max_body", "1MiB"),
        ];
        assert_eq!(settings.policy, expected.map(|(name, value)| (name, value.to_owned())));
        let own = [("hedge.enabled", "true"), ("hedge.percentile", "90")];
        assert_eq!(settings.operations["a"].policy, own.map(|(name, value)| (name, value.to_owned())));
    }

    #[test]
    fn mistakes_are_told() {
        for (text, complaint) in [
            ("policy = 1", "`policy` must be a table of settings"),
            ("[policy]\natempts = 1", "did you mean `attempts`?"),
            ("[policy]\nattempts = \"many\"", "`attempts` must be a whole number"),
            ("[policy.backoff]\nbase = \"5\"", "`backoff.base` must be a time"),
            ("[policy.backoff]\nbase = \"1.s\"", "`backoff.base` must be a time"),
            ("[policy]\nbackoff = 5", "a policy has no setting `backoff`"),
            ("[policy.retry_on]\nstatuses = [200]", "`retry_on.statuses` must be a list of statuses"),
            ("[policy]\nbase = \"best\"", "one of \"default\", \"standard\""),
            ("[operations.a.policy.breaker]\nfailures = 2", "a setting of the whole client"),
            ("[operations.a.policy]\nbase = \"standard\"", "a setting of the whole client"),
            ("[operations.a.policy.hedge]\npercent = 2", "a setting of the whole client"),
        ] {
            let (_, told) = read(text);
            assert!(told.contains(complaint), "{text}\n{told}");
        }
    }

    /// The runtime's own table, which its tests write.
    #[test]
    fn the_settings_are_the_runtimes() {
        let table =
            std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../runtime/POLICIES.md")).expect("a file");
        let rows: Vec<_> = table.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
        let known: Vec<_> = KNOWN.iter().map(|(name, _)| *name).skip(1).collect();
        assert_eq!(rows, known);
    }
}
