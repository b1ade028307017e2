//! How is a policy read from a file or the environment, and written?

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use super::settings::{SETTINGS, Setting};
use super::{InvalidPolicy, Policy};
use crate::registry::Env;

/// Written whole, every setting of it.
impl Serialize for Policy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        tree(self).serialize(serializer)
    }
}

/// Reads the settings that are there, over [`Policy::default`] or what `base = "standard"` names, and validates the
/// whole. Errors name the field.
impl<'de> Deserialize<'de> for Policy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let settings = Map::deserialize(deserializer)?;
        read(&settings).map_err(serde::de::Error::custom)
    }
}

impl Policy {
    /// Lays the variables of a service over this policy: `USER_SERVICE_POLICY_ATTEMPTS`,
    /// `USER_SERVICE_POLICY_BREAKER_OPEN_FOR`, … for `user-service`, and `USER_SERVICE_POLICY=standard` (or `default`)
    /// to begin with that one instead of this. A client that was given no policy does this by itself.
    ///
    /// # Errors
    /// Names the variable that is wrong, and never its value.
    pub fn over_env(self, service: &str, env: &impl Env) -> Result<Self, InvalidPolicy> {
        self.over(service, env)
    }

    /// Lays settings over this policy: names and values as in the environment, and `base` before all others.
    pub(crate) fn patched(mut self, settings: &[(&'static str, &'static str)]) -> Result<Self, InvalidPolicy> {
        for (name, value) in settings {
            if *name == "base" {
                self = base(value).ok_or_else(|| invalid(*name, BASES))?;
                continue;
            }
            let setting = SETTINGS.iter().find(|setting| setting.path == *name);
            let setting = setting.ok_or_else(|| invalid(*name, "be a name that is known"))?;
            (setting.set)(&mut self, &Value::String((*value).to_owned())).map_err(|must| invalid(*name, must))?;
        }
        self.validate()?;
        Ok(self)
    }

    pub(crate) fn over(mut self, service: &str, env: &dyn Env) -> Result<Self, InvalidPolicy> {
        let prefix = format!("{}_POLICY", crate::registry::prefix(service));
        let set = |name: &str| env.var(name).filter(|value| !value.trim().is_empty());
        if let Some(name) = set(&prefix) {
            self = base(name.trim()).ok_or_else(|| invalid(prefix.clone(), BASES))?;
        }
        let mut touched = None;
        for setting in SETTINGS {
            let variable = format!("{prefix}_{}", setting.path.replace('.', "_").to_ascii_uppercase());
            if let Some(value) = set(&variable) {
                (setting.set)(&mut self, &Value::String(value)).map_err(|must| invalid(variable, must))?;
                touched = Some(());
            }
        }
        if touched.is_some() {
            self.validate().map_err(|error| {
                let field = error.field().replace('.', "_").to_ascii_uppercase();
                invalid(format!("{prefix}_{field}"), error.must)
            })?;
        }
        Ok(self)
    }
}

const BASES: &str = "be `default` or `standard`";

fn base(name: &str) -> Option<Policy> {
    match name {
        "default" => Some(Policy::default()),
        "standard" => Some(Policy::standard()),
        _ => None,
    }
}

fn invalid(field: impl Into<Cow<'static, str>>, must: impl Into<Cow<'static, str>>) -> InvalidPolicy {
    InvalidPolicy { field: field.into(), must: must.into() }
}

fn read(settings: &Map<String, Value>) -> Result<Policy, InvalidPolicy> {
    let mut policy = match settings.get("base") {
        None => Policy::default(),
        Some(name) => name.as_str().and_then(base).ok_or_else(|| invalid("base", BASES))?,
    };
    section(&mut policy, "", settings)?;
    policy.validate()?;
    Ok(policy)
}

/// Reads one section, and those below it.
fn section(policy: &mut Policy, above: &str, settings: &Map<String, Value>) -> Result<(), InvalidPolicy> {
    for (name, value) in settings {
        let path = format!("{above}{name}");
        if path == "base" {
            continue;
        }
        if let Some(setting) = SETTINGS.iter().find(|setting| setting.path == path) {
            (setting.set)(policy, value).map_err(|must| invalid(path, must))?;
            continue;
        }
        let below = format!("{path}.");
        match value {
            _ if !SETTINGS.iter().any(|setting| setting.path.starts_with(&below)) => {
                // The name may be anything, a secret that slipped included: it is shown short and escaped.
                let shown: String = path.escape_debug().take(60).collect();
                return Err(invalid(shown, format!("be a name that is known; there are {}", known(above))));
            }
            Value::Object(inner) => section(policy, &below, inner)?,
            _ => return Err(invalid(path, "be a section")),
        }
    }
    Ok(())
}

/// The names in one section.
fn known(above: &str) -> String {
    let mut names: Vec<_> = SETTINGS
        .iter()
        .filter_map(|Setting { path, .. }| path.strip_prefix(above)?.split('.').next())
        .map(|name| format!("`{name}`"))
        .collect();
    names.dedup();
    names.join(", ")
}

/// All settings as a tree.
fn tree(policy: &Policy) -> Map<String, Value> {
    let mut root = Map::new();
    for setting in SETTINGS {
        let mut place = &mut root;
        let mut names = setting.path.split('.').peekable();
        while let Some(name) = names.next() {
            if names.peek().is_none() {
                place.insert(name.to_owned(), (setting.show)(policy));
                break;
            }
            let inner = place.entry(name).or_insert_with(|| Value::Object(Map::new()));
            // No setting is also a section: what was inserted under a section's name is one.
            let Value::Object(inner) = inner else { break };
            place = inner;
        }
    }
    root
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fmt::Write as _;
    use std::time::Duration;

    use super::*;

    #[test]
    fn policies_come_back_as_they_were_written() {
        for policy in [Policy::default(), Policy::standard()] {
            let json = serde_json::to_string(&policy).expect("JSON");
            assert_eq!(serde_json::from_str::<Policy>(&json).expect("a policy"), policy);
            let toml = toml::to_string(&policy).expect("TOML");
            assert_eq!(toml::from_str::<Policy>(&toml).expect("a policy"), policy);
        }
    }

    #[test]
    fn a_file_says_only_what_differs() {
        let text = "base = \"standard\"\nattempts = 5\n[backoff]\nbase = \"250ms\"\njitter = \"equal\"\n[breaker.ratio]\npercent = 20\n";
        let policy: Policy = toml::from_str(text).expect("a policy");
        let mut expected = Policy::standard().with_attempts(5);
        expected.backoff.base = Duration::from_millis(250);
        expected.backoff.jitter = crate::Jitter::Equal;
        expected.breaker.ratio.percent = 20;
        assert_eq!(policy, expected);
        assert_eq!(serde_json::from_str::<Policy>("{}").expect("a policy"), Policy::default());
        assert_eq!(serde_json::from_str::<Policy>(r#"{"base": "default"}"#).expect("a policy"), Policy::default());
    }

    #[test]
    fn mistakes_are_named() {
        for (text, complaint) in [
            (r#"{"attempts": 0}"#, "policy: `attempts` must be at least 1"),
            (r#"{"attempts": "many"}"#, "policy: `attempts` must be a whole number"),
            (r#"{"attempts": 1.5}"#, "policy: `attempts` must be a whole number"),
            (r#"{"total_timeout": 5}"#, "policy: `total_timeout` must be a duration with its unit"),
            (r#"{"backoff": {"base": "9s"}}"#, "policy: `backoff.ceiling` must not be below backoff.base"),
            (
                r#"{"backoff": {"bose": "1s"}}"#,
                "policy: `backoff.bose` must be a name that is known; there are `growth`, `base`",
            ),
            (r#"{"backoff": 1}"#, "policy: `backoff` must be a section"),
            (r#"{"breaker": {"ratio": {"percent": 0}}}"#, "policy: `breaker.ratio.percent` must be between 1 and 100"),
            (r#"{"retry_on": {"statuses": [200]}}"#, "policy: `retry_on.statuses` must hold statuses from 400 to 599"),
            (r#"{"base": "best"}"#, "policy: `base` must be `default` or `standard`"),
            (
                r#"{"surprise": {}}"#,
                "policy: `surprise` must be a name that is known; there are `attempts`, `attempt_timeout`",
            ),
        ] {
            let error = serde_json::from_str::<Policy>(text).expect_err(text).to_string();
            assert!(error.starts_with(complaint), "{error}");
        }
    }

    #[test]
    fn variables_lie_over_the_policy() {
        let env = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        let set = env(&[
            ("USER_SERVICE_POLICY", "standard"),
            ("USER_SERVICE_POLICY_ATTEMPTS", "4"),
            ("USER_SERVICE_POLICY_BREAKER_OPEN_FOR", "7s"),
            ("USER_SERVICE_POLICY_RETRY_ON_STATUSES", "503"),
            ("USER_SERVICE_POLICY_IDLE_TIMEOUT", ""),
        ]);
        let policy = Policy::default().over_env("user-service", &set).expect("a policy");
        let mut expected = Policy::standard().with_attempts(4);
        expected.breaker.open_for = Duration::from_secs(7);
        expected.retry_on.statuses = vec![503];
        assert_eq!(policy, expected);
        for (name, value) in [
            ("USER_SERVICE_POLICY", "canary"),
            ("USER_SERVICE_POLICY_ATTEMPTS", "canary"),
            ("USER_SERVICE_POLICY_ATTEMPTS", "0"),
        ] {
            let error = Policy::default().over_env("user-service", &env(&[(name, value)])).expect_err(name);
            assert_eq!(error.field(), name);
            assert!(!error.to_string().contains("canary"), "{error}");
        }
    }

    /// The table of every setting, as `POLICIES.md` holds it. `SINEW_BLESS=1 cargo test -p sinew-runtime policies_md`
    /// writes it anew.
    #[test]
    fn policies_md_tells_every_default() {
        let mut text = "# Policies\n\nEvery setting, its name in TOML and JSON, and its value in `Policy::default()` (what the platform promises) and \
             `Policy::standard()` (recommended).\nWritten by the runtime's tests from the code. In the environment, `breaker.open_for` of `user-service` is \
             `USER_SERVICE_POLICY_BREAKER_OPEN_FOR`.\n\n| setting | what it does | default | standard |\n|---|---|---|---|\n"
            .to_owned();
        let (default, standard) = (Policy::default(), Policy::standard());
        for Setting { path, about, show, .. } in SETTINGS {
            let plain = |value: Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            writeln!(text, "| `{path}` | {about} | {} | {} |", plain(show(&default)), plain(show(&standard)))
                .expect("a String takes all");
        }
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/POLICIES.md");
        if std::env::var_os("SINEW_BLESS").is_some() {
            std::fs::write(file, &text).expect("a writable folder");
        }
        let written = std::fs::read_to_string(file).unwrap_or_default();
        assert!(
            written == text,
            "POLICIES.md differs from the code: SINEW_BLESS=1 cargo test -p sinew-runtime policies_md"
        );
    }
}
