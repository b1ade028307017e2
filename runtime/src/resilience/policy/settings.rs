//! Which settings does a policy have, what are they called, and how are their values written?
//!
//! One table: what is read from TOML, JSON and the environment, what is written, what errors name and what
//! `POLICIES.md` lists all come from here.

use std::time::Duration;

use serde_json::Value;

use super::Policy;
use crate::resilience::backoff::{Growth, Jitter};
use crate::resilience::breaker::Counting;
use crate::resilience::classify::retry_after::decimal;

/// One setting.
pub(super) struct Setting {
    /// Its name, sections before it: `breaker.ratio.percent`.
    pub(super) path: &'static str,
    /// What it does, for the table.
    #[cfg_attr(not(test), allow(dead_code))]
    pub(super) about: &'static str,
    pub(super) show: fn(&Policy) -> Value,
    /// Writes a value into a policy, or tells what the value must be.
    pub(super) set: fn(&mut Policy, &Value) -> Result<(), &'static str>,
}

macro_rules! settings {
    ($($path:literal: $about:literal => $($place:ident).+;)*) => {
        pub(super) static SETTINGS: &[Setting] = &[$(Setting {
            path: $path,
            about: $about,
            show: |policy| Written::show(&policy.$($place).+),
            set: |policy, value| {
                policy.$($place).+ = Written::read(value)?;
                Ok(())
            },
        }),*];

        #[cfg(test)]
        pub(super) static PLACES: &[&str] = &[$(stringify!($($place).+)),*];
    };
}

settings! {
    "attempts": "attempts in all, the first included" => attempts;
    "attempt_timeout": "one attempt: connecting, sending, waiting, reading a buffered reply" => attempt_timeout;
    "patient": "cut an attempt off at that only for another that may fare better, else at `total_timeout`" => patient;
    "total_timeout": "the call as a whole, waits included" => total_timeout;
    "idle_timeout": "silence in a streamed body" => idle_timeout;
    "body_rate.least": "bytes a second that a download must bring; 0: any number" => body_rate.least;
    "body_rate.over": "on average over so much time that is spent waiting for it" => body_rate.over;
    "backoff.growth": "how waits grow: `constant`, `linear`, `exponential`" => backoff.growth;
    "backoff.base": "the wait before the first retry" => backoff.base;
    "backoff.ceiling": "the longest wait; only added jitter goes beyond it" => backoff.ceiling;
    "backoff.jitter": "how chance spreads waits: `none`, `+10%`, `full`, `equal`, `decorrelated`" => backoff.jitter;
    "retry_on.timeout": "retry when an attempt took too long" => retry_on.timeout;
    "retry_on.connection": "retry when no connection could be made, or it broke" => retry_on.connection;
    "retry_on.statuses": "statuses to retry" => retry_on.statuses;
    "retry_on.in_progress": "retry a 409 to a request with an idempotency key: its first is still being processed" => retry_on.in_progress;
    "retry_on.headers": "let `x-should-retry` and its like overrule this policy" => retry_on.headers;
    "retry_after.cap": "the longest `Retry-After` that is waited for" => retry_after.cap;
    "retry_after.shared": "other calls keep away until then too" => retry_after.shared;
    "budget.enabled": "limit retries over all calls of the client" => budget.enabled;
    "budget.percent": "retries for each hundred calls" => budget.percent;
    "budget.per_minute": "retries that each minute brings whatever the calls" => budget.per_minute;
    "budget.window": "how long what is not used lasts; `0s`: for ever" => budget.window;
    "budget.most": "retries that can be saved up" => budget.most;
    "breaker.failures": "failures in a row that open the circuit" => breaker.failures;
    "breaker.counting": "what counts as one failure: `attempts`, `calls`" => breaker.counting;
    "breaker.ratio.enabled": "a share of failures opens it too" => breaker.ratio.enabled;
    "breaker.ratio.percent": "that share, in percent" => breaker.ratio.percent;
    "breaker.ratio.least": "attempts in the window below which the share says nothing" => breaker.ratio.least;
    "breaker.ratio.window": "the window of that share" => breaker.ratio.window;
    "breaker.slow_after": "a success that took so long is a failure" => breaker.slow_after;
    "breaker.given_up": "attempts dropped by callers, with no other in between, after which each further one is a failure; 0: never" => breaker.given_up;
    "breaker.open_for": "how long nothing is sent before one probe" => breaker.open_for;
    "breaker.open_most": "each failed probe doubles that, up to this" => breaker.open_most;
    "breaker.open_jitter": "percent added to it at most, by chance" => breaker.open_jitter;
    "breaker.ramp": "after it has closed, let a growing share of the attempts through for so long, a tenth at first" => breaker.ramp;
    "outlier.enabled": "leave out for a while an endpoint that fails while others answer" => outlier.enabled;
    "outlier.failures": "failures in a row after which" => outlier.failures;
    "outlier.eject_for": "for how long, the first time; the second time in a row twice as long, …" => outlier.eject_for;
    "outlier.eject_most": "the longest time" => outlier.eject_most;
    "outlier.share": "percent of the endpoints that may be out at once; above it ejections are passed over" => outlier.share;
    "hedge.enabled": "send a second request beside a safe one that makes its caller wait" => hedge.enabled;
    "hedge.after": "after how long; `off`: learned from the operation's own times" => hedge.after;
    "hedge.percentile": "percent of the answers that have come by then, as learned" => hedge.percentile;
    "hedge.least": "never sooner than this" => hedge.least;
    "hedge.percent": "such requests for each hundred calls at most" => hedge.percent;
    "bulkhead.enabled": "limit the calls that are on their way at once" => bulkhead.enabled;
    "bulkhead.most": "that limit" => bulkhead.most;
    "bulkhead.adaptive": "find the limit by the times that calls take, up to that one" => bulkhead.adaptive;
    "bulkhead.first": "where it begins" => bulkhead.first;
    "bulkhead.least": "the lowest it gets" => bulkhead.least;
    "bulkhead.wait": "how long a call waits for its turn" => bulkhead.wait;
    "max_body": "the largest reply read into memory" => max_body;
    "max_error_body": "how much of a failed reply is kept" => max_error_body;
}

/// A value as it is written in a file or a variable. A variable knows only text, so every kind reads text as well.
trait Written: Sized {
    fn show(&self) -> Value;
    fn read(value: &Value) -> Result<Self, &'static str>;
}

impl Written for u32 {
    fn show(&self) -> Value {
        (*self).into()
    }
    fn read(value: &Value) -> Result<Self, &'static str> {
        let number = match value {
            Value::String(text) => text.trim().parse().ok(),
            other => other.as_u64().and_then(|number| number.try_into().ok()),
        };
        number.ok_or("be a whole number from 0 to 4294967295")
    }
}

impl Written for bool {
    fn show(&self) -> Value {
        (*self).into()
    }
    fn read(value: &Value) -> Result<Self, &'static str> {
        match value {
            Value::Bool(it) => Ok(*it),
            Value::String(text) if text.trim() == "true" => Ok(true),
            Value::String(text) if text.trim() == "false" => Ok(false),
            _ => Err("be `true` or `false`"),
        }
    }
}

/// Bytes, with a unit if they come to whole ones.
impl Written for usize {
    fn show(&self) -> Value {
        match *self {
            bytes if bytes > 0 && bytes % (1 << 20) == 0 => format!("{}MiB", bytes >> 20).into(),
            bytes if bytes > 0 && bytes % (1 << 10) == 0 => format!("{}KiB", bytes >> 10).into(),
            bytes => bytes.into(),
        }
    }
    fn read(value: &Value) -> Result<Self, &'static str> {
        const MUST: &str = "be a number of bytes, such as 65536, `64KiB` or `32MiB`";
        let Value::String(text) = value else {
            return value.as_u64().and_then(|bytes| bytes.try_into().ok()).ok_or(MUST);
        };
        let text = text.trim();
        let (digits, unit) = [("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)]
            .into_iter()
            .find_map(|(unit, size)| Some((text.strip_suffix(unit)?.trim_end(), size)))
            .unwrap_or((text, 1));
        digits.parse::<Self>().ok().and_then(|count| count.checked_mul(unit)).ok_or(MUST)
    }
}

impl Written for Duration {
    fn show(&self) -> Value {
        let nanos = self.as_nanos();
        let (unit, size) = [("s", 1_000_000_000), ("ms", 1_000_000), ("us", 1000)]
            .into_iter()
            .find(|(_, size)| nanos % size == 0)
            .unwrap_or(("ns", 1));
        format!("{}{unit}", nanos / size).into()
    }
    fn read(value: &Value) -> Result<Self, &'static str> {
        const MUST: &str = "be a duration with its unit, such as `250ms`, `1.5s`, `2m` or `1h`";
        let text = value.as_str().ok_or(MUST)?.trim();
        let digits = text.trim_end_matches(|character: char| character.is_ascii_alphabetic());
        let unit = match text[digits.len()..].trim_start() {
            "ns" => 1,
            "us" => 1000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" | "min" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            _ => return Err(MUST),
        };
        decimal(digits.trim_end(), unit).ok_or(MUST)
    }
}

impl Written for Option<Duration> {
    fn show(&self) -> Value {
        self.as_ref().map_or_else(|| "off".into(), Written::show)
    }
    fn read(value: &Value) -> Result<Self, &'static str> {
        if value.as_str().is_some_and(|text| text.trim() == "off") {
            return Ok(None);
        }
        Duration::read(value).map(Some).map_err(|_| "be `off`, or a duration with its unit, such as `250ms` or `1.5s`")
    }
}

impl Written for Vec<u16> {
    fn show(&self) -> Value {
        self.as_slice().into()
    }
    fn read(value: &Value) -> Result<Self, &'static str> {
        const MUST: &str = "be a list of statuses, such as [429, 503], in a variable `429,503`";
        match value {
            Value::Array(items) => {
                items.iter().map(|item| item.as_u64().and_then(|item| item.try_into().ok()).ok_or(MUST)).collect()
            }
            Value::String(text) if text.trim().is_empty() => Ok(Self::new()),
            Value::String(text) => text.split(',').map(|item| item.trim().parse().map_err(|_| MUST)).collect(),
            _ => Err(MUST),
        }
    }
}

impl Written for Growth {
    fn show(&self) -> Value {
        match self {
            Self::Constant => "constant",
            Self::Linear => "linear",
            Self::Exponential => "exponential",
        }
        .into()
    }
    fn read(value: &Value) -> Result<Self, &'static str> {
        match value.as_str().map(str::trim) {
            Some("constant") => Ok(Self::Constant),
            Some("linear") => Ok(Self::Linear),
            Some("exponential") => Ok(Self::Exponential),
            _ => Err("be `constant`, `linear` or `exponential`"),
        }
    }
}

impl Written for Jitter {
    fn show(&self) -> Value {
        match self {
            Self::None => "none".into(),
            Self::Added(percent) => format!("+{percent}%").into(),
            Self::Full => "full".into(),
            Self::Equal => "equal".into(),
            Self::Decorrelated => "decorrelated".into(),
        }
    }
    fn read(value: &Value) -> Result<Self, &'static str> {
        const MUST: &str = "be `none`, `full`, `equal`, `decorrelated`, or what is added at most, such as `+10%`";
        let text = value.as_str().ok_or(MUST)?.trim();
        let added = || text.strip_prefix('+')?.strip_suffix('%')?.parse().ok();
        match text {
            "none" => Ok(Self::None),
            "full" => Ok(Self::Full),
            "equal" => Ok(Self::Equal),
            "decorrelated" => Ok(Self::Decorrelated),
            _ => added().map(Self::Added).ok_or(MUST),
        }
    }
}

impl Written for Counting {
    fn show(&self) -> Value {
        match self {
            Self::Attempts => "attempts",
            Self::Calls => "calls",
        }
        .into()
    }
    fn read(value: &Value) -> Result<Self, &'static str> {
        match value.as_str().map(str::trim) {
            Some("attempts") => Ok(Self::Attempts),
            Some("calls") => Ok(Self::Calls),
            _ => Err("be `attempts` or `calls`"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_as_they_are_written() {
        for nanos in [0, 1, 999, 1000, 250_000_000, 60_000_000_000, 5_400_000_000_000] {
            let span = Duration::from_nanos(nanos);
            assert_eq!(Duration::read(&span.show()), Ok(span));
        }
        for (text, millis) in [("250ms", 250), ("1.5s", 1500), ("2m", 120_000), ("1 h", 3_600_000), (" 3s ", 3000)] {
            assert_eq!(Duration::read(&text.into()), Ok(Duration::from_millis(millis)), "{text}");
        }
        for wrong in ["", "5", "s", "-1s", "1e3s", "1 week", "1s1s"] {
            assert!(Duration::read(&wrong.into()).is_err(), "{wrong}");
        }
        assert!(Duration::read(&5.into()).is_err(), "five of what?");
        for (nanos, text) in
            [(0, "0s"), (1, "1ns"), (1500, "1500ns"), (2000, "2us"), (250_000_000, "250ms"), (90_000_000_000, "90s")]
        {
            assert_eq!(Duration::from_nanos(nanos).show(), text);
        }
        for bytes in [0, 1, 1023, 1024, 65_536, 32 << 20, usize::MAX] {
            assert_eq!(usize::read(&Written::show(&bytes)), Ok(bytes));
        }
        for (bytes, shown) in [(0, 0.into()), (1023, 1023.into()), (1536, 1536.into())] as [(usize, Value); 3] {
            assert_eq!(bytes.show(), shown);
        }
        for (bytes, text) in
            [(1024, "1KiB"), (3 << 19, "1536KiB"), (1 << 20, "1MiB"), (3 << 30, "3072MiB")] as [(usize, &str); 4]
        {
            assert_eq!((bytes.show(), usize::read(&text.into())), (text.into(), Ok(bytes)));
        }
        assert_eq!(
            (usize::read(&"2GiB".into()), usize::read(&"7".into()), usize::read(&7.into())),
            (Ok(2 << 30), Ok(7), Ok(7))
        );
        for (text, micros) in [("7us", 7), ("2min", 120_000_000)] {
            assert_eq!(Duration::read(&text.into()), Ok(Duration::from_micros(micros)));
        }
        assert_eq!(Duration::read(&"7ns".into()), Ok(Duration::from_nanos(7)));
        for span in [None, Some(Duration::from_secs(1))] {
            assert_eq!(Option::<Duration>::read(&span.show()), Ok(span));
        }
        assert!(Option::<Duration>::read(&"on".into()).is_err());
        assert!(usize::read(&"99999999999999999GiB".into()).is_err());
        for jitter in [Jitter::None, Jitter::Added(7), Jitter::Full, Jitter::Equal, Jitter::Decorrelated] {
            assert_eq!(Jitter::read(&jitter.show()), Ok(jitter));
        }
        assert_eq!(Vec::<u16>::read(&"429, 503".into()), Ok(vec![429, 503]));
        assert_eq!(Vec::<u16>::read(&"".into()), Ok(Vec::new()));
        assert_eq!(Vec::<u16>::read(&vec![429, 503].show()), Ok(vec![429, 503]));
        for growth in [Growth::Constant, Growth::Linear, Growth::Exponential] {
            assert_eq!(Growth::read(&growth.show()), Ok(growth));
        }
        for counting in [Counting::Attempts, Counting::Calls] {
            assert_eq!(Counting::read(&counting.show()), Ok(counting));
        }
        assert!(Growth::read(&"x".into()).is_err() && Counting::read(&"x".into()).is_err());
        assert!(u32::read(&(-1).into()).is_err() && u32::read(&4_294_967_296_u64.into()).is_err());
        for (value, read) in
            [("true".into(), true), (" false ".into(), false), (true.into(), true), (false.into(), false)]
                as [(Value, bool); 4]
        {
            assert_eq!((bool::read(&value), read.show()), (Ok(read), read.into()));
        }
        assert!(bool::read(&"yes".into()).is_err());
        assert_eq!((u32::read(&7.into()), u32::read(&" 7 ".into()), 7_u32.show()), (Ok(7), Ok(7), 7.into()));
    }

    #[test]
    fn names_are_places() {
        for (setting, place) in SETTINGS.iter().zip(PLACES) {
            assert_eq!(setting.path, place.replace(' ', ""));
        }
    }
}
