//! How are the results of a corpus run told, to a person and to a program?

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use super::one::Generated;

/// What came of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Outcome {
    /// A crate that has every operation just as the document does.
    Ok,
    /// A crate in which operations are missing, or not whole.
    Degraded,
    /// No crate; the errors say why.
    Refused,
    /// A crate that does not compile.
    Failed,
    /// The generator crashed, or was out of time or memory.
    Panicked,
}

impl Outcome {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Degraded => "degraded",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Panicked => "panicked",
        }
    }
}

/// One document's line.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Entry {
    /// Relative to the folder.
    pub(super) document: String,
    /// How many files it consists of.
    pub(super) files: usize,
    pub(super) outcome: Outcome,
    /// The first error of what was refused, does not compile or crashed.
    pub(super) why: Option<String>,
    #[serde(flatten)]
    pub(super) generated: Generated,
    /// How long cargo took, where it was asked.
    pub(super) check_seconds: Option<f64>,
    /// Whether the result is that of an earlier run on the same bytes with the same generator.
    pub(super) resumed: bool,
}

/// A whole run.
#[derive(Debug, Serialize)]
pub(super) struct Report<'a> {
    /// The shape of this report.
    pub(super) version: u32,
    pub(super) folder: String,
    /// Whether the generator was built with optimisation; times mean little without.
    pub(super) optimised: bool,
    pub(super) compiled: bool,
    pub(super) clippy: bool,
    pub(super) totals: BTreeMap<&'static str, usize>,
    /// Refusals that name no line and column.
    pub(super) unpositioned: usize,
    pub(super) documents: &'a [Entry],
}

/// How many columns the name of a document takes at most.
const LONGEST_NAME: usize = 56;

/// The table, the reasons, the first error of each failure, and the line that scripts read.
#[allow(clippy::cast_precision_loss, reason = "counts of documents")]
pub(super) fn render(entries: &[Entry], parts: usize, optimised: bool) -> String {
    let mut text = table(entries);
    reasons(&mut text, entries);
    errors(&mut text, entries);
    let all = |field: fn(&Generated) -> usize| entries.iter().map(|entry| field(&entry.generated)).sum::<usize>();
    let _ = writeln!(
        text,
        "\n{} documents ({parts} more are parts of them): {} have types only; {} operations full, {} degraded, {} skipped; {} types, {} lines; {:.1} s{}, at most {} MB",
        entries.len(),
        entries.iter().filter(|entry| entry.generated.types_only).count(),
        all(|g| g.full),
        all(|g| g.degraded),
        all(|g| g.skipped),
        all(|g| g.types),
        all(|g| g.lines),
        entries.iter().map(|entry| entry.generated.seconds).sum::<f64>(),
        if optimised { "" } else { " (without optimisation)" },
        entries.iter().map(|entry| entry.generated.peak).max().unwrap_or_default() / 1_000_000,
    );
    let _ = writeln!(text, "refusals without a position: {}", unpositioned(entries));
    let empty = entries.iter().filter(|entry| entry.generated.holds_nothing).count();
    let written = entries.iter().filter(|entry| entry.generated.written).count();
    let share = |of: usize| written as f64 * 100.0 / of.max(1) as f64;
    let _ = writeln!(
        text,
        "generated: {:.1} % of all; {empty} hold neither operations nor types, without them {:.1} %",
        share(entries.len()),
        share(entries.len() - empty),
    );
    let silent = entries.iter().filter(|entry| entry.generated.errors + entry.generated.warnings == 0).count();
    let _ = writeln!(text, "without an error or a warning: {silent}");
    let _ = writeln!(text, "{}", last_line(entries));
    text
}

/// How many refusals do not say at which line and column of a file their reason stands.
pub(super) fn unpositioned(entries: &[Entry]) -> usize {
    entries.iter().filter(|entry| entry.outcome == Outcome::Refused && !entry.generated.positioned).count()
}

/// `ok N, degraded N, refused N, failed N, panicked N`
pub(super) fn last_line(entries: &[Entry]) -> String {
    let totals = totals(entries);
    let words =
        [Outcome::Ok, Outcome::Degraded, Outcome::Refused, Outcome::Failed, Outcome::Panicked].map(Outcome::word);
    words.map(|word| format!("{word} {}", totals.get(word).copied().unwrap_or_default())).join(", ")
}

/// How many documents came to each outcome.
pub(super) fn totals(entries: &[Entry]) -> BTreeMap<&'static str, usize> {
    let all = [Outcome::Ok, Outcome::Degraded, Outcome::Refused, Outcome::Failed, Outcome::Panicked];
    all.into_iter()
        .map(|outcome| (outcome.word(), entries.iter().filter(|entry| entry.outcome == outcome).count()))
        .collect()
}

fn table(entries: &[Entry]) -> String {
    let widest = entries.iter().map(|entry| entry.document.chars().count()).max().unwrap_or(0);
    let wide = widest.clamp("document".len(), LONGEST_NAME);
    let mut text = format!(
        "{:wide$}  {:7}  {:>5} {:>5} {:>5}  {:>6}  {:8}  {:>7}  {:>7}  {:>7}  why\n",
        "document", "version", "full", "degr", "skip", "types", "outcome", "time", "peak", "lines"
    );
    for entry in entries {
        let made = &entry.generated;
        let mut codes: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for reason in &made.reasons {
            codes.entry(&reason.code).or_default().extend(reason.operations.iter().map(String::as_str));
        }
        let only = made.types_only.then(|| "types only".to_owned());
        let lost = codes.iter().map(|(code, routes)| format!("{code} ×{}", routes.len()));
        let mut why: Vec<String> = only.into_iter().chain(lost).collect();
        if matches!(entry.outcome, Outcome::Refused | Outcome::Failed | Outcome::Panicked) {
            why.extend(entry.why.iter().filter_map(|why| why.lines().next()).map(|line| cut(line, 72)));
        }
        let line = format!(
            "{:wide$}  {:7}  {:>5} {:>5} {:>5}  {:>6}  {:8}  {:>5.2} s  {:>4} MB  {:>7}  {}",
            cut(&entry.document, wide),
            made.version,
            made.full,
            made.degraded,
            made.skipped,
            made.types,
            entry.outcome.word(),
            made.seconds,
            made.peak / 1_000_000,
            made.lines,
            why.join(", ")
        );
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text
}

/// The end of a long name tells more than its start.
fn cut(text: &str, wide: usize) -> String {
    let count = text.chars().count();
    if count <= wide {
        return text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    }
    let tail: String = text.chars().skip(count - (wide - 1)).collect();
    format!("…{tail}")
}

fn reasons(text: &mut String, entries: &[Entry]) {
    // By effect and kind: in how many documents, how many operations, and an example.
    let mut kinds: BTreeMap<(&str, &str), (BTreeSet<&str>, usize, String)> = BTreeMap::new();
    for entry in entries {
        for reason in &entry.generated.reasons {
            let kind = kinds.entry((&reason.effect, &reason.code)).or_default();
            kind.0.insert(&entry.document);
            kind.1 += reason.operations.len();
            if kind.2.is_empty() {
                let route = reason.operations.first().map_or("", String::as_str);
                kind.2 = format!("{} ({}: {})", cut(&reason.message, 90), entry.document, cut(route, 50));
            }
        }
    }
    if !kinds.is_empty() {
        text.push_str("\nwhat operations lost, and why:\n");
    }
    for ((effect, code), (documents, operations, example)) in kinds {
        let _ = writeln!(
            text,
            "  {code} {effect:8} {operations:>5} operations in {:>3} documents, such as: {example}",
            documents.len()
        );
    }
}

fn errors(text: &mut String, entries: &[Entry]) {
    for entry in entries {
        let told = matches!(entry.outcome, Outcome::Refused | Outcome::Failed | Outcome::Panicked);
        if let Some(why) = entry.why.as_deref().filter(|_| told) {
            let _ = writeln!(text, "\n{} {}:", entry.outcome.word(), entry.document);
            for line in why.lines() {
                let _ = writeln!(text, "  {line}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(document: &str, outcome: Outcome) -> Entry {
        let generated = Generated { full: 2, version: "3.1.0".to_owned(), ..Generated::default() };
        let why = (outcome > Outcome::Degraded).then(|| "error: first\nsecond".to_owned());
        Entry { document: document.to_owned(), files: 1, outcome, why, generated, check_seconds: None, resumed: false }
    }

    #[test]
    fn the_last_line_counts_every_outcome() {
        let entries = [entry("a", Outcome::Ok), entry("b", Outcome::Failed), entry("c", Outcome::Ok)];
        let text = render(&entries, 1, true);
        assert_eq!(text.lines().last(), Some("ok 2, degraded 0, refused 0, failed 1, panicked 0"));
        assert!(text.contains("\nfailed b:\n  error: first\n  second\n"), "{text}");
        assert!(text.contains("6 operations full"), "{text}");
        let text = render(&[entry("a", Outcome::Refused)], 0, true);
        assert!(text.contains("\nrefusals without a position: 1\n"), "{text}");
    }

    #[test]
    fn a_report_can_be_read_again() {
        let entry = entry("a", Outcome::Degraded);
        let text = serde_json::to_string(&entry).unwrap();
        let again: Entry = serde_json::from_str(&text).unwrap();
        assert_eq!((again.outcome, again.generated.full), (Outcome::Degraded, 2));
        assert!(text.contains(r#""outcome":"degraded""#));
    }
}
