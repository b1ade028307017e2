//! Which single values does a schema admit?

use std::collections::HashSet;

use serde_json::Value;

use super::merge::Merged;
use crate::ir::{Enumeration, IntegerKind, Listed, NumberKind, Shape, TextKind};
use crate::load::JsonType;

/// How many words a list may have that people are to choose from; a longer one is data, and a type of it would be megabytes.
pub(super) const MOST_WORDS: usize = 20_000;

/// The shape of the values that `const` or `enum` list, where they are of one kind.
pub(super) fn listed(merged: &Merged) -> Option<Shape> {
    let values: Vec<&Value> = match (&merged.constant, &merged.enumeration) {
        (Some(constant), _) => vec![constant],
        (None, Some(values)) => values.iter().collect(),
        (None, None) => return None,
    };
    let values: Vec<&Value> = values.into_iter().filter(|value| !value.is_null()).collect();
    if values.is_empty() {
        return Some(Shape::Nothing);
    }
    let short = values.len() <= MOST_WORDS;
    if let Some(words) = values.iter().map(|value| value.as_str()).collect::<Option<Vec<_>>>() {
        return Some(if short { Shape::Enumeration(enumeration(words)) } else { Shape::Text(TextKind::Plain) });
    }
    if values.contains(&&Value::Bool(true)) && values.contains(&&Value::Bool(false)) && values.len() == 2 {
        return Some(Shape::Boolean);
    }
    if values.iter().all(|value| value.is_i64()) {
        let listed = || Shape::Enumeration(several(Listed::Integers, &values, &merged.value_names));
        return Some(if short { listed() } else { Shape::Integer(integer(merged)) });
    }
    if values.iter().all(|value| value.is_u64() || value.is_i64()) {
        // One of them, at least, is beyond what has a sign.
        return Some(Shape::Integer(IntegerKind::Unsigned64));
    }
    if values.iter().all(|value| value.is_number()) {
        return Some(Shape::Number(number(merged)));
    }
    let scalar = |value: &&Value| value.is_string() || value.is_boolean() || value.is_number();
    if short && values.iter().all(scalar) && values.iter().all(|value| is_of(value, &merged.types)) {
        return Some(Shape::Enumeration(several(Listed::Values, &values, &merged.value_names)));
    }
    // Values of several kinds: what the types say is wider, and true.
    merged.types.is_empty().then_some(Shape::Anything)
}

/// Whether a value is of one of these types, or any type will do.
fn is_of(value: &Value, types: &[JsonType]) -> bool {
    types.is_empty()
        || types.iter().any(|ty| match ty {
            JsonType::Boolean => value.is_boolean(),
            JsonType::Integer => value.is_i64() || value.is_u64(),
            JsonType::Number => value.is_number(),
            JsonType::String => value.is_string(),
            JsonType::Null | JsonType::Array | JsonType::Object => false,
        })
}

/// A list of values that are no words, each once, in the order said. What the document calls them is only known where it has a
/// name for each.
fn several(listed: Listed, said: &[&Value], names: &[String]) -> Enumeration {
    let names = (names.len() == said.len()).then_some(names);
    let (mut values, mut labels, mut known) = (Vec::new(), Vec::new(), HashSet::new());
    for (position, value) in said.iter().enumerate() {
        let written = value.to_string();
        if !known.insert(written.clone()) {
            continue;
        }
        labels.push(match (names, value) {
            (Some(names), _) => names[position].clone(),
            (None, Value::String(word)) => word.clone(),
            (None, Value::Number(number)) => format!("value {}", number.to_string().replace('-', "minus ")),
            (None, other) => other.to_string(),
        });
        values.push(written);
    }
    Enumeration { listed, open: values.len() > 1, values, labels }
}

/// A list of words, each once, in the order said.
pub(super) fn enumeration<'w>(words: impl IntoIterator<Item = &'w str>) -> Enumeration {
    let mut known = HashSet::new();
    let values: Vec<String> = words.into_iter().filter(|word| known.insert(*word)).map(str::to_owned).collect();
    Enumeration { open: values.len() > 1, values, ..Enumeration::default() }
}

/// The type that the keywords imply where `type` is not said.
pub(super) fn implied(merged: &Merged) -> Option<JsonType> {
    if merged.has_fields() || !merged.required.is_empty() {
        return Some(JsonType::Object);
    }
    if merged.items.is_some() || !merged.prefix_items.is_empty() {
        return Some(JsonType::Array);
    }
    match merged.format.as_deref() {
        Some("int32" | "int64") => return Some(JsonType::Integer),
        Some("float" | "double") => return Some(JsonType::Number),
        Some(
            "date-time" | "date" | "uuid" | "uri" | "email" | "byte" | "binary" | "password" | "hostname" | "ipv4"
            | "ipv6",
        ) => {
            return Some(JsonType::String);
        }
        Some(_) | None => {}
    }
    if merged.textual {
        Some(JsonType::String)
    } else if merged.numeric {
        Some(JsonType::Number)
    } else {
        None
    }
}

/// The range of whole numbers.
pub(super) fn integer(merged: &Merged) -> IntegerKind {
    match merged.format.as_deref() {
        Some("int32" | "int16" | "int8" | "uint16" | "uint8") => IntegerKind::Signed32,
        Some("uint32") => IntegerKind::Unsigned32,
        Some("uint64" | "uint") => IntegerKind::Unsigned64,
        _ if merged.beyond_signed => IntegerKind::Unsigned64,
        _ => IntegerKind::Signed64,
    }
}

/// The precision of numbers.
pub(super) fn number(merged: &Merged) -> NumberKind {
    match merged.format.as_deref() {
        Some("float") => NumberKind::Single,
        Some("decimal" | "decimal128") => NumberKind::Decimal,
        _ => NumberKind::Double,
    }
}

/// The shape of a text.
pub(super) fn text(merged: &Merged) -> Shape {
    if let Some(words) = merged.pattern.as_deref().and_then(words_of_pattern) {
        return Shape::Enumeration(enumeration(words));
    }
    let kind = match merged.format.as_deref() {
        Some("date-time") => TextKind::DateTime,
        Some("date") => TextKind::Date,
        Some("uuid") => TextKind::Uuid,
        Some("byte") => TextKind::Base64,
        Some("decimal") => TextKind::Decimal,
        Some("password") => TextKind::Secret,
        Some("base64url") => TextKind::Base64Url,
        _ if merged.content_encoding.as_deref() == Some("base64url") => TextKind::Base64Url,
        _ if merged.content_encoding.as_deref() == Some("base64") => TextKind::Base64,
        _ => TextKind::Plain,
    };
    Shape::Text(kind)
}

/// The words of a pattern that is no more than a list of them: `^(draft|review)$`.
fn words_of_pattern(pattern: &str) -> Option<Vec<&str>> {
    let inner = pattern.strip_prefix("^(")?.strip_suffix(")$")?;
    let inner = inner.strip_prefix("?:").unwrap_or(inner);
    let words: Vec<&str> = inner.split('|').collect();
    let plain =
        |word: &&str| !word.is_empty() && word.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | ' '));
    (words.len() > 1 && words.iter().all(plain)).then_some(words)
}

#[cfg(test)]
mod tests {
    use super::words_of_pattern;

    #[test]
    fn a_pattern_that_lists_words_is_an_enumeration() {
        assert_eq!(words_of_pattern("^(draft|in_progress)$"), Some(vec!["draft", "in_progress"]));
        assert_eq!(words_of_pattern("^(?:low|high)$"), Some(vec!["low", "high"]));
    }

    #[test]
    fn any_other_pattern_stays_a_bound() {
        for pattern in
            ["^(draft)$", "^[a-z]+$", "^(a|b)", "(a|b)$", "^(a.c|b)$", "^(a|)$", "^(a|b)|(c|d)$", "^password$"]
        {
            assert_eq!(words_of_pattern(pattern), None, "{pattern}");
        }
    }
}
