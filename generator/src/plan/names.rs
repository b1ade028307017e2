//! Which Rust name does a name of the document become?
//!
//! Everything here is a pure function of the names: the order in which a document says things never matters.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;

use crate::settings::SchemaSettings;
use heck::{ToKebabCase, ToSnakeCase, ToUpperCamelCase};

/// A name that is a Rust identifier, raw (`r#type`) where it must be.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ident(String);

impl Ident {
    /// The identifier as Rust spells it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The identifier without the mark of a raw one, for composing names.
    pub fn plain(&self) -> &str {
        self.0.strip_prefix("r#").unwrap_or(&self.0)
    }
}

impl fmt::Display for Ident {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Words that can be identifiers only in their raw form, and those that cannot be at all.
const KEYWORDS: &[&str] = &[
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn", "else", "enum",
    "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro", "match", "mod", "move",
    "mut", "override", "priv", "pub", "ref", "return", "static", "struct", "trait", "true", "try", "type", "typeof",
    "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];
const NEVER: &[&str] = &["self", "super", "crate", "Self", "_", ""];

/// A type, variant or trait name.
pub(super) fn camel(text: &str) -> Ident {
    let spelled = spelled(text);
    let name = plain_words(&spelled).map_or_else(
        || spelled.to_upper_camel_case(),
        |words| words.flat_map(|word| [word[..1].to_ascii_uppercase(), word[1..].to_owned()]).collect(),
    );
    identifier(name, "Empty")
}

/// A function, field or parameter name.
pub(super) fn snake(text: &str) -> Ident {
    let spelled = spelled(text);
    let name =
        plain_words(&spelled).map_or_else(|| spelled.to_snake_case(), |words| words.collect::<Vec<_>>().join("_"));
    identifier(name, "empty")
}

/// The words of what has small letters and digits only, as most names: nobody has to look for where a word ends.
fn plain_words(spelled: &str) -> Option<impl Iterator<Item = &str>> {
    let plain = spelled.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b' ');
    plain.then(|| spelled.split(' ').filter(|word| !word.is_empty()))
}

/// A package name: lower case and hyphens.
pub(super) fn kebab(text: &str) -> String {
    let name = spelled(text).to_kebab_case();
    if name.starts_with(|c: char| c.is_ascii_lowercase()) {
        name
    } else {
        format!("api-{name}").trim_end_matches('-').to_owned()
    }
}

/// A name that the user chose: taken as it is where it is an identifier.
pub(super) fn chosen(text: &str, fallback: fn(&str) -> Ident) -> Ident {
    let mut characters = text.chars();
    let fits = characters.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && characters.all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !NEVER.contains(&text);
    if fits { identifier(text.to_owned(), "") } else { fallback(text) }
}

fn identifier(name: String, if_empty: &str) -> Ident {
    let name = if name.is_empty() { if_empty.to_owned() } else { name };
    if name.starts_with(|c: char| c.is_ascii_digit()) {
        Ident(format!("_{name}"))
    } else if NEVER.contains(&name.as_str()) {
        Ident(format!("{name}_"))
    } else if KEYWORDS.contains(&name.as_str()) {
        Ident(format!("r#{name}"))
    } else {
        Ident(name)
    }
}

/// The text with every character that cannot stand in an identifier spelled out or made a boundary.
fn spelled(text: &str) -> String {
    let words = text.chars().any(char::is_alphanumeric);
    let mut spelled = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    let mut first = true;
    while let Some(c) = characters.next() {
        match c {
            'a'..='z' | 'A'..='Z' | '0'..='9' => spelled.push(c),
            // A sign before a number is part of the number; elsewhere a hyphen only separates.
            '-' if first && characters.peek().is_some_and(char::is_ascii_digit) => spelled.push_str("minus "),
            '+' if first => spelled.push_str("plus "),
            '_' | ' ' => spelled.push(' '),
            // As close as the Latin alphabet comes: identifiers of several scripts look alike without being so.
            c if !c.is_ascii() && c.is_alphanumeric() => {
                let ascii = deunicode::deunicode_char(c).unwrap_or_default();
                spelled.extend(ascii.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { ' ' }));
            }
            c if !words => spelled.push_str(symbol(c)),
            '*' => spelled.push_str(" star "),
            _ => spelled.push(' '),
        }
        first = false;
    }
    spelled
}

fn symbol(c: char) -> &'static str {
    match c {
        '<' => " less ",
        '>' => " greater ",
        '=' => " equal ",
        '!' => " not ",
        '*' => " star ",
        '/' => " slash ",
        '.' => " dot ",
        '-' => " minus ",
        '+' => " plus ",
        '%' => " percent ",
        '&' => " and ",
        '|' => " or ",
        '#' => " hash ",
        '@' => " at ",
        '$' => " dollar ",
        '~' => " tilde ",
        '?' => " question ",
        ',' => " comma ",
        ':' => " colon ",
        _ => " sign ",
    }
}

/// One of several things under one name: `tags` become `tag`, so that a list's items are named for what each is.
pub(super) fn singular(name: &str) -> Option<String> {
    let lower = name.to_ascii_lowercase();
    let stem = |cut: usize, ending: &str| Some(format!("{}{ending}", &name[..name.len() - cut]));
    if name.len() < 4 || lower.ends_with("ss") || lower.ends_with("us") || lower.ends_with("is") {
        None
    } else if lower.ends_with("ies") {
        stem(3, "y")
    } else if ["sses", "xes", "ches", "shes"].iter().any(|ending| lower.ends_with(ending)) {
        stem(2, "")
    } else if lower.ends_with('s') {
        stem(1, "")
    } else {
        None
    }
}

/// The names already given in one namespace.
#[derive(Debug, Default)]
pub(super) struct Namespace {
    taken: BTreeSet<String>,
    /// The number that comes next behind a name. Those below it are taken.
    next: HashMap<String, usize>,
}

impl Namespace {
    /// A namespace in which these names mean something else already.
    pub(super) fn reserving(names: &[&str]) -> Self {
        Self { taken: names.iter().map(|&name| name.to_owned()).collect(), next: HashMap::new() }
    }

    /// Whether a name is free.
    pub(super) fn is_free(&self, name: &Ident) -> bool {
        !self.taken.contains(name.plain())
    }

    /// Takes a name, with the first number behind it that makes it free if it is not.
    pub(super) fn take(&mut self, wanted: &Ident) -> Ident {
        if self.taken.insert(wanted.plain().to_owned()) {
            return wanted.clone();
        }
        let number = self.next.entry(wanted.plain().to_owned()).or_insert(2);
        loop {
            let name = format!("{}{number}", wanted.plain());
            *number += 1;
            if self.taken.insert(name.clone()) {
                return Ident(name);
            }
        }
    }
}

/// Names for siblings that share no other namespace, such as fields or variants: each close to its own, all different.
pub(super) fn siblings<'n>(
    names: impl IntoIterator<Item = &'n str>,
    reserved: &[&str],
    style: fn(&str) -> Ident,
) -> Vec<Ident> {
    let names: Vec<&str> = names.into_iter().collect();
    let mut namespace = Namespace::reserving(reserved);
    // Given out by name, not by position, so that a reordering renames nothing; who is spelled exactly so already comes first.
    let styled: Vec<Ident> = names.iter().map(|name| style(name)).collect();
    let mut order: Vec<usize> = (0..names.len()).collect();
    order.sort_by_key(|&at| (styled[at].plain() != names[at], names[at], at));
    let given: BTreeMap<usize, Ident> = order.into_iter().map(|at| (at, namespace.take(&styled[at]))).collect();
    given.into_values().collect()
}

/// Names for the fields of a schema: those that the user chose as they are, the others close to their own.
pub(super) fn chosen_siblings(wire: &[&str], setting: Option<&SchemaSettings>) -> Vec<Ident> {
    let chosen: Vec<Option<&str>> =
        wire.iter().map(|name| setting.and_then(|setting| setting.properties.get(*name)?.name.as_deref())).collect();
    let reserved: Vec<&str> = chosen.iter().copied().flatten().collect();
    let others = wire.iter().zip(&chosen).filter(|(_, chosen)| chosen.is_none()).map(|(name, _)| *name);
    let mut others = siblings(others, &reserved, snake).into_iter();
    chosen.into_iter().filter_map(|name| name.map(|name| self::chosen(name, snake)).or_else(|| others.next())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_identifiers() {
        for (text, expected) in [
            ("user", "User"),
            ("HTTPValidationError", "HttpValidationError"),
            ("in_progress", "InProgress"),
            ("+1", "Plus1"),
            ("-1", "Minus1"),
            ("", "Empty"),
            ("1024x1024", "_1024x1024"),
            ("3d_model", "_3dModel"),
            (">=", "GreaterEqual"),
            ("a*", "AStar"),
            ("self", "Self_"),
            ("é", "E"),
            ("Größe", "Grosse"),
            ("名前", "MingQian"),
            ("x\0\"]/*", "XStar"),
        ] {
            assert_eq!(camel(text).as_str(), expected, "{text}");
        }
        for (text, expected) in [
            ("type", "r#type"),
            ("gen", "r#gen"),
            ("self", "self_"),
            ("X-Request-ID", "x_request_id"),
            ("filter[name]", "filter_name"),
            ("@id", "id"),
            ("2fa", "_2fa"),
            ("", "empty"),
        ] {
            assert_eq!(snake(text).as_str(), expected, "{text}");
        }
    }

    #[test]
    fn siblings_differ_whatever_their_order() {
        let names = |names: &[&str]| {
            let given = siblings(names.iter().copied(), &[], camel);
            let mut pairs: Vec<(String, String)> =
                names.iter().map(|&name| name.to_owned()).zip(given.iter().map(Ident::to_string)).collect();
            pairs.sort();
            pairs
        };
        assert_eq!(names(&["asc", "ASC", "Asc"]), names(&["Asc", "asc", "ASC"]));
        assert_eq!(names(&["ASC", "asc"]), [("ASC".into(), "Asc".into()), ("asc".into(), "Asc2".into())]);
        assert_eq!(names(&["asc", "Asc"]), [("Asc".into(), "Asc".into()), ("asc".into(), "Asc2".into())]);
    }

    #[test]
    fn plain_words_are_named_as_heck_names_them() {
        for text in ["id", "account_link", "a1 b2", "3d_secure", "x  y_", "v2", "1", "a_1b"] {
            let spelled = spelled(text);
            assert!(plain_words(&spelled).is_some(), "{text}");
            assert_eq!(camel(text), identifier(spelled.to_upper_camel_case(), ""), "{text}");
            assert_eq!(snake(text), identifier(spelled.to_snake_case(), ""), "{text}");
        }
    }

    #[test]
    fn a_plural_has_a_singular() {
        for (many, one) in [("users", "user"), ("Categories", "Category"), ("boxes", "box")] {
            assert_eq!(singular(many).as_deref(), Some(one));
        }
        for word in ["status", "class", "analysis", "data", "bus"] {
            assert_eq!(singular(word), None, "{word}");
        }
    }

    #[test]
    fn a_package_name_starts_with_a_letter() {
        assert_eq!(kebab("User Service"), "user-service");
        assert_eq!(kebab("3scale API"), "api-3scale-api");
        assert_eq!(kebab("…"), "sign");
    }
}
