//! Where in a document does something stand?

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

/// A JSON pointer (RFC 6901) into the document of a run.
///
/// The text inside is always canonically escaped (`~` as `~0`, `/` as `~1`, nothing else), so that two pointers to the
/// same place are equal. Clones are cheap.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pointer(Arc<str>);

impl Pointer {
    /// The pointer to the whole document.
    pub fn root() -> Self {
        Self(Arc::from(""))
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

    /// What stands here in a JSON tree.
    pub fn resolve<'a>(&self, tree: &'a serde_json::Value) -> Option<&'a serde_json::Value> {
        tree.pointer(&self.0)
    }
}

impl fmt::Debug for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

/// As the fragment of a reference: `#/paths/~1users`.
impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
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
    fn being_within_respects_tokens() {
        let parse = |text| Pointer::parse(text).unwrap();
        assert!(parse("/a/b").is_within(&parse("/a")));
        assert!(parse("/a").is_within(&parse("/a")));
        assert!(!parse("/ab").is_within(&parse("/a")));
        assert!(parse("/ab").is_within(&Pointer::root()));
    }
}
