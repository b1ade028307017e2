//! Does a text match a pattern?

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use regex::Regex;

/// The patterns that were asked for, compiled once. Their texts are those of generated code, so there is an end to them.
static COMPILED: RwLock<Option<HashMap<&'static str, Option<Regex>>>> = RwLock::new(None);

/// Whether a text matches somewhere. A pattern that does not compile demands nothing; the generator lets none through.
pub(super) fn matches(pattern: &'static str, text: &str) -> bool {
    let known =
        COMPILED.read().unwrap_or_else(PoisonError::into_inner).as_ref().and_then(|all| all.get(pattern).cloned());
    let compiled = known.unwrap_or_else(|| {
        let compiled = Regex::new(pattern).ok();
        let mut all = COMPILED.write().unwrap_or_else(PoisonError::into_inner);
        all.get_or_insert_with(HashMap::new).entry(pattern).or_insert(compiled).clone()
    });
    compiled.is_none_or(|compiled| compiled.is_match(text))
}
