//! How do values become parts of a request, so that no value can become more than a value?

pub(crate) mod base;
pub(crate) mod header;
pub(crate) mod parameter;
pub(crate) mod path;
pub(crate) mod query;

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

/// [`percent`] as a text of its own.
pub(crate) fn percent_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    percent(text, &mut out);
    out
}
