//! What does the header `Link` say is next (RFC 8288)?

use http::{HeaderMap, header};

/// The target of the first link whose relation types hold `next`.
pub(crate) fn next(headers: &HeaderMap) -> Option<String> {
    headers.get_all(header::LINK).iter().filter_map(|value| value.to_str().ok()).find_map(of_value)
}

fn of_value(text: &str) -> Option<String> {
    let mut rest = text;
    loop {
        let (_, after) = rest.split_once('<')?;
        let (target, after) = after.split_once('>')?;
        let (parameters, further) = split(after);
        // A link with an anchor is one of another resource than the reply.
        let next = parameters.iter().find(|(name, _)| name == "rel").is_some_and(|(_, value)| {
            value.split_ascii_whitespace().any(|relation| relation.eq_ignore_ascii_case("next"))
        });
        if next && !parameters.iter().any(|(name, _)| name == "anchor") {
            return Some(target.trim().to_owned());
        }
        rest = further;
    }
}

/// The parameters of one link, and the text behind it. Only commas outside of quotes end a link.
fn split(mut text: &str) -> (Vec<(String, String)>, &str) {
    let mut parameters = Vec::new();
    loop {
        text = text.trim_start();
        let Some(after) = text.strip_prefix(';') else {
            return (parameters, text.strip_prefix(',').unwrap_or(text));
        };
        let name_end = after.find(['=', ';', ',']).unwrap_or(after.len());
        let (name, after) = after.split_at(name_end);
        let name = name.trim().to_ascii_lowercase();
        let Some(after) = after.strip_prefix('=') else {
            text = after;
            continue;
        };
        let after = after.trim_start();
        let (value, after) = match after.strip_prefix('"') {
            Some(quoted) => unquoted(quoted),
            None => {
                let (value, after) = after.split_at(after.find([';', ',']).unwrap_or(after.len()));
                (value.trim().to_owned(), after)
            }
        };
        parameters.push((name, value));
        text = after;
    }
}

fn unquoted(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return (value, &text[at + 1..]),
            '\\' => value.extend(characters.next().map(|(_, escaped)| escaped)),
            other => value.push(other),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_link_is_found() {
        for (said, expected) in [
            (
                r#"<https://a.test/x?page=2>; rel="next", <https://a.test/x?page=9>; rel="last""#,
                Some("https://a.test/x?page=2"),
            ),
            (r#"<https://a.test/x?page=1>; rel="prev", </x?page=3>;rel=next"#, Some("/x?page=3")),
            (r#"<?page=3>; title="a, \"b\"; <c>"; REL="last Next""#, Some("?page=3")),
            (r#"<a,b;c>; rel="nextish", <d>; rel="next"; anchor="/other", <e>; rel=next"#, Some("e")),
            (r#"<a>; rel="prev"; rel="next""#, None),
            ("<a>; next; rel", None),
            ("nonsense", None),
            ("<a", None),
            (r#"<a>; rel=""#, None),
            ("", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.append(header::LINK, "<other>; rel=up".parse().expect("a value"));
            headers.append(header::LINK, said.parse().expect("a value"));
            assert_eq!(next(&headers).as_deref(), expected, "{said}");
        }
    }
}
