//! Which headers and cookies may a caller set, and with which values?

use bytes::Bytes;
use http::{HeaderName, HeaderValue};
use zeroize::Zeroizing;

use super::parameter::ParameterValue;

/// Headers that frame the message or name the hop: the transport's business, never a parameter's.
const REFUSED: &[&str] = &[
    "connection",
    "content-length",
    "host",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// A header name that a caller may set.
pub(crate) fn name(text: &str) -> Result<HeaderName, String> {
    let name = HeaderName::from_bytes(text.as_bytes())
        .map_err(|_| format!("`{}` is not a header name", text.escape_debug()))?;
    if REFUSED.contains(&name.as_str()) {
        return Err(format!("the header `{name}` belongs to the transport and cannot be set"));
    }
    Ok(name)
}

/// A header value. Only visible ASCII, blanks and tabs: what lies beyond is read differently by every server.
pub(crate) fn value(text: &str, secret: bool) -> Result<HeaderValue, String> {
    checked(text.as_bytes())?;
    let mut value = HeaderValue::from_str(text).map_err(|_| "a header value must be printable ASCII".to_owned())?;
    value.set_sensitive(secret);
    Ok(value)
}

/// A header value that nobody must see, without a copy, and wiped once its last clone is dropped.
pub(crate) fn secret(text: String) -> Result<HeaderValue, String> {
    let text = Zeroizing::new(text.into_bytes());
    checked(&text)?;
    let mut value = HeaderValue::from_maybe_shared(Bytes::from_owner(text))
        .map_err(|_| "a header value must be printable ASCII".to_owned())?;
    value.set_sensitive(true);
    Ok(value)
}

fn checked(text: &[u8]) -> Result<(), String> {
    let printable = text.iter().all(|byte| matches!(byte, b'\t' | b' '..=b'~'));
    printable.then_some(()).ok_or_else(|| "a header value must be printable ASCII".to_owned())
}

/// A header parameter: `simple` style, so a list is joined with commas, and so is an object, exploded or not.
pub(crate) fn parameter(
    parameter: &str,
    exploded: bool,
    given: ParameterValue,
) -> Result<Option<(HeaderName, HeaderValue)>, String> {
    let complain = |reason: String| format!("header parameter `{parameter}`: {reason}");
    let given = if exploded { given.paired() } else { given };
    let Some((texts, secret)) = given.flatten().map_err(complain)? else { return Ok(None) };
    let value = value(&texts.join(","), secret).map_err(complain)?;
    Ok(Some((name(parameter).map_err(complain)?, value)))
}

/// A cookie pair, refused where its text would end the value.
pub(crate) fn cookie(name: &str, given: ParameterValue) -> Result<Option<String>, String> {
    let complain = |reason: &str| format!("cookie parameter `{name}`: {reason}");
    let Some((texts, _)) = given.flatten().map_err(|reason| complain(&reason))? else { return Ok(None) };
    let text = texts.join(",");
    if HeaderName::from_bytes(name.as_bytes()).is_err() {
        return Err(complain("not a cookie name"));
    }
    if !text.bytes().all(|byte| matches!(byte, b'!'..=b'~') && !matches!(byte, b'"' | b';' | b'\\')) {
        return Err(complain("a cookie value cannot hold blanks, quotes, `;`, `\\`, or anything but ASCII"));
    }
    Ok(Some(format!("{name}={text}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn framing_headers_are_refused() {
        for refused in ["Host", "content-length", "Transfer-Encoding", "TE", "Connection", "bad name", "x:y", ""] {
            assert!(name(refused).is_err(), "{refused}");
        }
        assert!(name("X-Trace").is_ok());
    }

    #[test]
    fn values_cannot_break_out() {
        for refused in ["a\r\nb: c", "a\nb", "\u{7f}", "é"] {
            assert!(value(refused, false).is_err(), "{refused:?}");
        }
        assert!(value("a\tb c", false).is_ok());
        for refused in ["a;b=c", "a b", "a\"", "é", "a\n"] {
            assert!(cookie("sid", ParameterValue::Text(refused.to_owned())).is_err(), "{refused:?}");
        }
        assert_eq!(cookie("sid", ParameterValue::Text("a=b".to_owned())), Ok(Some("sid=a=b".to_owned())));
    }
}
