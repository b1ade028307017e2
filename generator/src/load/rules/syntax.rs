//! Is this text of the form that the specification wants at its place?

/// A token of HTTP (RFC 9110, 5.6.2).
pub(super) fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

/// The name of a component: `^[a-zA-Z0-9._-]+$`.
pub(super) fn is_component_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

/// A media type or a range of them, perhaps with parameters (RFC 9110, 8.3.1 and 12.5.1).
pub(super) fn is_media_type(text: &str) -> bool {
    let essence = text.split(';').next().unwrap_or_default().trim();
    essence.split_once('/').is_some_and(|(kind, subtype)| is_token(kind) && is_token(subtype))
}

/// A URL or a part of one that is relative to another (RFC 3986, 4.1), and not a stroke that stands for nothing.
pub(super) fn is_address(text: &str) -> bool {
    let allowed = |char: char| char.is_alphanumeric() || "-._~:/?#[]@!$&'()*+,;=%{}".contains(char);
    text.chars().all(allowed) && text.chars().any(char::is_alphanumeric)
}

/// `200` or `4XX`.
pub(super) fn is_status(text: &str) -> bool {
    let bytes = text.as_bytes();
    matches!(bytes, [b'1'..=b'5', rest @ ..] if rest == b"XX" || rest.len() == 2 && rest.iter().all(u8::is_ascii_digit))
}

/// A UUID as text (RFC 9562, 4).
pub(super) fn is_uuid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
        && groups.iter().all(|group| group.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// A full date, `2026-11-23` (RFC 3339, 5.6), leap years included.
pub(super) fn is_date(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, day] = parts.as_slice() else { return false };
    if (year.len(), month.len(), day.len()) != (4, 2, 2)
        || !text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-')
    {
        return false;
    }
    let (Ok(year), Ok(month), Ok(day)) = (year.parse::<u32>(), month.parse::<u32>(), day.parse::<u32>()) else {
        return false;
    };
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let longest = match month {
        2 => 28 + u32::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return false,
    };
    (1..=longest).contains(&day)
}

/// The names between braces in a path or an address; `None` where braces do not come in pairs.
pub(super) fn braces(text: &str) -> Option<Vec<&str>> {
    let mut names = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        let opened = rest.get(at..)?.strip_prefix('{')?;
        let (name, after) = opened.split_once('}')?;
        if name.contains('{') {
            return None;
        }
        names.push(name);
        rest = after;
    }
    Some(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_of_the_form_and_what_is_not() {
        fn hold(is: fn(&str) -> bool, yes: &[&str], no: &[&str]) {
            for text in yes {
                assert!(is(text), "{text}");
            }
            for text in no {
                assert!(!is(text), "{text}");
            }
        }
        hold(is_token, &["X-Trace", "a", "sid!"], &["", "a b", "a:b", "Bad=Header", "ä", "\r\n"]);
        hold(is_component_name, &["User", "a.b-c_1"], &["", "foo!bar", "a b", "List«User»"]);
        hold(
            is_media_type,
            &["application/json", "*/*", "text/*", "a/b; charset=utf-8", "application/vnd.x+json"],
            &["", ";", "json", "a/", "/b", "application/json, text/json"],
        );
        hold(is_address, &["https://a.b/c?d=e", "/token", "token", "{base}/token"], &["", "-", "a b", "\0-x"]);
        hold(is_status, &["200", "5XX", "101"], &["XX", "20", "2000", "600", "4xx", "default", "2X1", ""]);
        hold(is_date, &["2024-02-29", "2026-11-23"], &["2023-02-29", "2026-13-01", "26-1-1", "2026-11-00", "x"]);
        assert!(is_uuid("f81d4fae-7dec-11d0-a765-00a0c91e6bf6") && !is_uuid("notauuid"));
        assert_eq!(braces("/a/{b}/{c}.{d}"), Some(vec!["b", "c", "d"]));
        assert_eq!(braces("/a/{}"), Some(vec![""]));
        for odd in ["/a/{b", "/a/b}", "/{a{b}}", "/}{"] {
            assert_eq!(braces(odd), None, "{odd}");
        }
    }
}
