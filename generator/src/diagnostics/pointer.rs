//! Where in a document does something stand?

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

/// A JSON pointer (RFC 6901) into the document of a run, or into one of the other files that it refers to.
///
/// The text inside is always canonically escaped (`~` as `~0`, `/` as `~1`, nothing else), so that two pointers to the
/// same place are equal. Clones are cheap. In another file it starts with that file's name, escaped as one token, and `#`:
/// `schemas~1pet.yaml#/properties/name`. A pointer into the document is empty or starts with `/`, so the two never meet.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pointer(Arc<str>);

/// What starts a reference that was settled: its target follows, as a canonical pointer.
const SETTLED: &str = "sinew:";

impl Pointer {
    /// The pointer to the whole document.
    pub fn root() -> Self {
        Self(Arc::from(""))
    }

    /// The pointer to the whole of another file, by its name relative to the document.
    pub fn of_file(name: &str) -> Self {
        let mut text = String::with_capacity(name.len() + 8);
        push_escaped(&mut text, name);
        text.push('#');
        Self(Arc::from(text))
    }

    /// The name of the other file that this points into; `None` in the document itself.
    pub fn file(&self) -> Option<Cow<'_, str>> {
        self.parts().0.map(unescape)
    }

    /// The pointer inside its own file.
    pub fn inside_file(&self) -> &str {
        self.parts().1
    }

    fn parts(&self) -> (Option<&str>, &str) {
        if self.0.is_empty() || self.0.starts_with('/') {
            return (None, &self.0);
        }
        match self.0.split_once('#') {
            Some((file, inside)) => (Some(file), inside),
            None => (None, &self.0),
        }
    }

    /// The place in this file that has the same pointer inside it as `other` has in its own.
    pub(crate) fn beside(&self, inside: &str) -> Self {
        match self.parts().0 {
            Some(file) => Self(Arc::from(format!("{file}#{inside}"))),
            None => Self(Arc::from(inside)),
        }
    }

    /// The text of a part of a reference, percent-decoded; `None` where that is no path.
    pub(crate) fn decoded(text: &str) -> Option<String> {
        // A `#` in a file's name would end the name.
        percent_decode(text).filter(|text| !text.contains('#')).map(Cow::into_owned)
    }

    /// The pointer to which a reference leads that `load` has settled.
    pub fn from_reference(text: &str) -> Option<Self> {
        match text.strip_prefix(SETTLED) {
            Some(canonical) => Some(Self(Arc::from(canonical))),
            None => text.starts_with('#').then(|| Self::parse(text)).flatten(),
        }
    }

    /// This place as a reference that [`Pointer::from_reference`] reads, whatever file it stands in.
    pub(crate) fn to_reference(&self) -> String {
        format!("{SETTLED}{}", self.0)
    }

    /// Reads the fragment of a reference (`#/a/b%20c`, percent-decoded here) or a bare pointer (`/a/b c`, taken as it is).
    ///
    /// `None` if it is neither: an anchor (`#name`), another file (`other.yaml#/a`), or malformed escapes.
    pub fn parse(fragment: &str) -> Option<Self> {
        let text: Cow<'_, str> = match fragment.strip_prefix('#') {
            Some(rest) => percent_decode(rest)?,
            None => Cow::Borrowed(fragment),
        };
        if text.is_empty() {
            return Some(Self::root());
        }
        if !text.starts_with('/') {
            return None;
        }
        // A `~` that is followed by neither `0` nor `1` is no escape at all: the pointer is malformed.
        let well_escaped = text.split('~').skip(1).all(|part| part.starts_with(['0', '1']));
        well_escaped.then(|| Self(Arc::from(text.as_ref())))
    }

    /// A pointer whose text is canonically escaped already.
    pub(crate) fn from_canonical(text: &str) -> Self {
        Self(Arc::from(text))
    }

    /// The place of the member `token` (unescaped) of what stands here.
    pub fn join(&self, token: &str) -> Self {
        let mut text = String::with_capacity(self.0.len() + token.len() + 1);
        text.push_str(&self.0);
        text.push('/');
        push_escaped(&mut text, token);
        Self(Arc::from(text))
    }

    /// The place of several members, one in the other.
    pub fn join_all<'a>(&self, tokens: impl IntoIterator<Item = &'a str>) -> Self {
        let mut text = String::from(&*self.0);
        for token in tokens {
            text.push('/');
            push_escaped(&mut text, token);
        }
        Self(Arc::from(text))
    }

    /// The place of element `i` of the array that stands here.
    pub fn index(&self, i: usize) -> Self {
        Self(Arc::from(format!("{}/{i}", self.0)))
    }

    /// The place of what contains this; `None` at the root.
    pub fn parent(&self) -> Option<Self> {
        self.0.rsplit_once('/').map(|(parent, _)| Self(Arc::from(parent)))
    }

    /// The last token, unescaped; `None` at the root.
    pub fn last(&self) -> Option<Cow<'_, str>> {
        self.0.rsplit_once('/').map(|(_, last)| unescape(last))
    }

    /// The tokens from the root down, unescaped.
    pub fn tokens(&self) -> impl Iterator<Item = Cow<'_, str>> {
        self.0.split('/').skip(1).map(unescape)
    }

    /// Whether this is the whole of a file.
    pub fn is_whole_file(&self) -> bool {
        self.parts().1.is_empty()
    }

    /// Whether this is the whole document.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether `self` is `other` or stands inside it.
    pub fn is_within(&self, other: &Self) -> bool {
        match self.0.strip_prefix(&*other.0) {
            Some(rest) => rest.is_empty() || rest.starts_with('/'),
            None => false,
        }
    }

    /// The text of the pointer, escaped (`/paths/~1users/get`); empty for the root.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands here in the tree of its file.
    pub fn resolve<'a>(&self, tree: &'a serde_json::Value) -> Option<&'a serde_json::Value> {
        tree.pointer(self.parts().1)
    }
}

impl fmt::Debug for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// As a reference in the document: `#/paths/~1users`, `schemas/pet.yaml#/properties/name`.
impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (file, inside) = self.parts();
        f.write_str(&file.map(unescape).unwrap_or_default())?;
        // A whole file is named by its path alone.
        if file.is_none() || !inside.is_empty() { write!(f, "#{inside}") } else { Ok(()) }
    }
}

pub(crate) fn push_escaped(text: &mut String, token: &str) {
    if !token.contains(['~', '/']) {
        text.push_str(token);
        return;
    }
    for char in token.chars() {
        match char {
            '~' => text.push_str("~0"),
            '/' => text.push_str("~1"),
            other => text.push(other),
        }
    }
}

fn unescape(token: &str) -> Cow<'_, str> {
    if token.contains('~') {
        // `~1` first: `~01` stands for `~1`, not for `/`.
        Cow::Owned(token.replace("~1", "/").replace("~0", "~"))
    } else {
        Cow::Borrowed(token)
    }
}

/// `None` if the escapes do not give UTF-8; a `%` that starts no escape stands for itself, as people write it.
fn percent_decode(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains('%') {
        return Some(Cow::Borrowed(text));
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let escape = match tail {
            [high, low, after @ ..] if first == b'%' => {
                hex(*high).zip(hex(*low)).map(|(high, low)| (high << 4 | low, after))
            }
            _ => None,
        };
        let (byte, after) = escape.unwrap_or((first, tail));
        bytes.push(byte);
        rest = after;
    }
    String::from_utf8(bytes).ok().map(Cow::Owned)
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_escaped_and_unescaped() {
        let pointer = Pointer::root().join("paths").join("/users/{id}").join("get").join("a~b").index(3);
        assert_eq!(pointer.as_str(), "/paths/~1users~1{id}/get/a~0b/3");
        assert_eq!(pointer.tokens().collect::<Vec<_>>(), ["paths", "/users/{id}", "get", "a~b", "3"]);
        assert_eq!(pointer.last().as_deref(), Some("3"));
        assert_eq!(pointer.parent().and_then(|p| p.last().map(Cow::into_owned)).as_deref(), Some("a~b"));
        assert_eq!(Pointer::root().last(), None);
        assert_eq!(Pointer::root().parent(), None);
        assert_eq!(Pointer::root().tokens().count(), 0);
        assert_eq!(Pointer::root().join("").tokens().collect::<Vec<_>>(), [""]);
        assert_eq!(Pointer::root().join("~1").as_str(), "/~01");
        assert_eq!(Pointer::root().join("~1").last().as_deref(), Some("~1"));
    }

    #[test]
    fn fragments_are_percent_decoded_and_bare_pointers_are_not() {
        let text = |fragment| Pointer::parse(fragment).map(|p| p.as_str().to_owned());
        assert_eq!(text("#/a/b%20c").as_deref(), Some("/a/b c"));
        assert_eq!(text("/a/b%20c").as_deref(), Some("/a/b%20c"));
        assert_eq!(text("#/paths/~1users~1%7Bid%7D").as_deref(), Some("/paths/~1users~1{id}"));
        assert_eq!(text("#/a/100%").as_deref(), Some("/a/100%"));
        assert_eq!(text("#").as_deref(), Some(""));
        assert_eq!(text("#anchor"), None);
        assert_eq!(text("other.yaml#/a"), None);
        assert_eq!(text("#/a/~2"), None);
        assert_eq!(text("#/a/%ff"), None);
    }

    #[test]
    fn pointers_into_other_files_are_pointers_too() {
        let file = Pointer::of_file("schemas/pet~1.yaml");
        assert_eq!(file.as_str(), "schemas~1pet~01.yaml#");
        assert_eq!(file.file().as_deref(), Some("schemas/pet~1.yaml"));
        assert!(file.is_whole_file() && !file.is_root() && file.parent().is_none() && file.last().is_none());
        let inside = file.join("a/b").index(0);
        assert_eq!(inside.inside_file(), "/a~1b/0");
        assert_eq!(inside.tokens().collect::<Vec<_>>(), ["a/b", "0"]);
        assert_eq!(inside.to_string(), "schemas/pet~1.yaml#/a~1b/0");
        assert_eq!(file.to_string(), "schemas/pet~1.yaml");
        assert_eq!(Pointer::from_reference(&inside.to_reference()), Some(inside.clone()));
        assert!(inside.is_within(&file));
        assert_eq!(Pointer::parse("/a#b").and_then(|pointer| pointer.file().map(Cow::into_owned)), None);
        let tree = serde_json::json!({"a/b": [7]});
        assert_eq!(inside.resolve(&tree), Some(&serde_json::json!(7)));
    }

    #[test]
    fn being_within_respects_tokens() {
        let parse = |text| Pointer::parse(text).unwrap();
        assert!(parse("/a/b").is_within(&parse("/a")));
        assert!(parse("/a").is_within(&parse("/a")));
        assert!(!parse("/ab").is_within(&parse("/a")));
        assert!(parse("/ab").is_within(&Pointer::root()));
    }
}
