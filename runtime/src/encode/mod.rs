//! How do values become parts of a request, so that no value can become more than a value?

pub(crate) mod base;
pub(crate) mod header;
pub(crate) mod parameter;
pub(crate) mod path;
pub(crate) mod query;
#[cfg(test)]
mod rfc6570;

/// Percent-encodes every byte that RFC 3986 does not call unreserved, `%` included.
///
/// Encoding all but unreserved is what makes a value inert: no delimiter of any part of a URL is left in it.
pub(crate) fn percent(text: &str, out: &mut String) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        if unreserved(byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push(char::from(HEX[usize::from(byte >> 4)]));
            out.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
}

fn unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// Whether [`percent`] would leave a text as it is.
pub(crate) fn is_unreserved(text: &str) -> bool {
    text.bytes().all(unreserved)
}

/// Percent-encodes as RFC 6570 does where reserved characters are allowed, but for those that would end a value in a query:
/// `&`, `+`, `#` and the brackets. A triplet that is encoded already stays as it is.
pub(crate) fn percent_reserved(text: &str, out: &mut String) {
    let bytes = text.as_bytes();
    for (at, character) in text.char_indices() {
        let triplet = || bytes.get(at + 1..at + 3).is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit));
        match character {
            ':' | '/' | '?' | '@' | '!' | '$' | '\'' | '(' | ')' | '*' | ',' | ';' | '=' => out.push(character),
            '%' if triplet() => out.push('%'),
            other => percent(other.encode_utf8(&mut [0; 4]), out),
        }
    }
}

/// [`percent`] as a text of its own.
pub(crate) fn percent_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    percent(text, &mut out);
    out
}
