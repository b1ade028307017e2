//! How is a path, a query or a form read without forgiving anything?

/// The text behind percent-encoding, or what is wrong with it. A blank must be `%20`, or `+` where that means one.
pub(crate) fn decode(encoded: &str, plus_is_blank: bool, allowed: fn(u8) -> bool) -> Result<String, String> {
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'%' => {
                let mut digit = || rest.next().and_then(|byte| char::from(byte).to_digit(16));
                match (digit(), digit()) {
                    // Two hexadecimal digits make at most 255.
                    (Some(high), Some(low)) => bytes.push(u8::try_from(high * 16 + low).unwrap_or(u8::MAX)),
                    _ => return Err(format!("`{encoded}` has a `%` without two hexadecimal digits")),
                }
            }
            b'+' if plus_is_blank => bytes.push(b' '),
            _ if allowed(byte) => bytes.push(byte),
            _ => {
                return Err(format!(
                    "`{encoded}` holds `{}`, which must be encoded",
                    char::from(byte).escape_default()
                ));
            }
        }
    }
    String::from_utf8(bytes).map_err(|_| format!("`{encoded}` is not UTF-8 when decoded"))
}

/// What may stand in one segment of a path (RFC 3986, `pchar`).
pub(crate) fn in_segment(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@".contains(&byte)
}

/// What may stand in a name or a value of a query; `&`, `=` and `+` have a meaning of their own there.
pub(crate) fn in_query(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~!$'()*,;:@/?".contains(&byte)
}

/// What may stand in a form: its own rules encode all but these.
pub(crate) fn in_form(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._*".contains(&byte)
}

/// The pairs of a query or a form, in their order.
pub(crate) fn pairs(text: &str, allowed: fn(u8) -> bool) -> Result<Vec<(String, String)>, String> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    text.split('&')
        .map(|pair| {
            let (name, value) = pair.split_once('=').ok_or_else(|| format!("`{pair}` is no `name=value`"))?;
            Ok((decode(name, true, allowed)?, decode(value, true, allowed)?))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_must_be_encoded_is_told() {
        assert_eq!(
            pairs("q=50%25%20%2B%20tax%20%232&n=1", in_query),
            Ok(vec![("q".into(), "50% + tax #2".into()), ("n".into(), "1".into())])
        );
        assert_eq!(pairs("q=a+b", in_query), Ok(vec![("q".into(), "a b".into())]));
        for wrong in ["q", "q=%", "q=%4", "q=%zz", "q=a b", "q=ü", "q=%FF", "q=a=b", "q=\"", "&", "q=1&"] {
            assert!(pairs(wrong, in_query).is_err(), "{wrong}");
        }
        assert!(decode("a/b", false, in_segment).is_err());
        assert_eq!(decode("a%2Fb", false, in_segment).as_deref(), Ok("a/b"));
    }
}
