//! What did the judge find?

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

/// What came of a document.
#[derive(Debug, Default, Serialize)]
pub(super) struct Document {
    #[serde(rename = "document")]
    pub(super) name: String,
    /// Why it could not be judged at all.
    pub(super) error: Option<String>,
    /// How many types values were made for.
    pub(super) types: usize,
    /// The types that were not tried, and why.
    pub(super) untried: BTreeMap<String, String>,
    /// How many values of schemas were read and written.
    pub(super) values: usize,
    /// How many values of a newer server were.
    pub(super) changed: usize,
    /// How many values were built from the Rust types alone.
    pub(super) built: usize,
    pub(super) losses: Vec<Loss>,
}

/// A value that did not come back as it went.
#[derive(Debug, Serialize)]
pub(super) struct Loss {
    #[serde(rename = "type")]
    pub(super) name: String,
    /// What was changed about a value of the schema.
    pub(super) change: Option<String>,
    pub(super) why: String,
    pub(super) value: String,
}

/// A document in a line.
pub(super) fn line(document: &Document) -> String {
    match &document.error {
        Some(error) => format!("{}: not judged: {error}", document.name),
        None => format!(
            "{}: {} types ({} untried), {} values, {} changed values, {} built values, {} lossy types",
            document.name,
            document.types,
            document.untried.len(),
            document.values,
            document.changed,
            document.built,
            lossy(document)
        ),
    }
}

fn lossy(document: &Document) -> usize {
    document.losses.iter().map(|loss| &loss.name).collect::<BTreeSet<_>>().len()
}

/// The losses, one of each kind, or all.
pub(super) fn losses(document: &Document, all: bool) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let untried = document.untried.iter().filter(|_| all).map(|(name, why)| format!("    {name} untried: {why}"));
    // The same complaint about another number or place is the same complaint.
    let kind = |why: &str| why.chars().filter(|c| !c.is_ascii_digit()).take(50).collect::<String>();
    let losses =
        document.losses.iter().filter(|loss| all || seen.insert((loss.name.clone(), kind(&loss.why)))).map(|loss| {
            let change = loss.change.as_ref().map(|change| format!(" with {change}")).unwrap_or_default();
            format!("    {}{change}: {}\n        {}", loss.name, loss.why, loss.value)
        });
    untried.chain(losses).collect()
}

/// All documents in a line.
pub(super) fn total(documents: &[Document]) -> String {
    let sum = |count: fn(&Document) -> usize| documents.iter().map(count).sum::<usize>();
    format!(
        "{} documents: {} types tried, {} untried; {} values, {} changed values, {} built values; {} lossy types",
        documents.iter().filter(|document| document.error.is_none()).count(),
        sum(|document| document.types),
        sum(|document| document.untried.len()),
        sum(|document| document.values),
        sum(|document| document.changed),
        sum(|document| document.built),
        sum(lossy),
    )
}
