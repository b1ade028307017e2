//! How is a path filled in, so that a value can never leave its segment?

use super::parameter::ParameterValue;
use super::query::Style;
use super::{is_unreserved, percent_text};

/// A path template being filled: `/users/{user_id}`.
pub(crate) struct PathBuilder {
    template: &'static str,
    /// The template with the values that are there. An encoded value holds no braces, so what is in braces is a name.
    path: String,
    /// The same for logs, if they must not show all of it.
    shown: Option<String>,
}

/// A filled path, and how logs show it.
#[derive(Clone)]
pub(crate) struct Path {
    pub(crate) path: String,
    shown: Option<String>,
}

impl Path {
    /// No path yet.
    pub(crate) const fn none() -> Self {
        Self { path: String::new(), shown: None }
    }

    /// The path as logs show it.
    pub(crate) fn shown(&self) -> &str {
        self.shown.as_deref().unwrap_or(&self.path)
    }
}

impl PathBuilder {
    pub(crate) fn new(template: &'static str) -> Self {
        let mut path = String::with_capacity(template.len() + 16);
        path.push_str(template);
        Self { template, path, shown: None }
    }

    /// Sets one value in a style; those of a query mean `simple` here, where a list is joined with commas. A value that the
    /// template does not ask for changes nothing.
    pub(crate) fn set(&mut self, name: &'static str, style: Style, value: ParameterValue) -> Result<(), String> {
        let complain = |reason: &str| format!("path parameter `{name}`: {reason}");
        let mut secret = false;
        let encoded = match value {
            // By far the most: nothing to take apart.
            ParameterValue::Text(text) if style == Style::Form && is_unreserved(&text) => text,
            value => write(name, style, value, &mut secret)
                .map_err(|reason| complain(&reason))?
                .ok_or_else(|| complain("a path parameter cannot be left out"))?,
        };
        self.fill(name, &encoded, secret)
    }

    fn fill(&mut self, name: &str, encoded: &str, secret: bool) -> Result<(), String> {
        if encoded.is_empty() {
            return Err(format!("path parameter `{name}`: an empty value would change which route is called"));
        }
        if secret && self.shown.is_none() {
            self.shown = Some(self.path.clone());
        }
        if let Some(shown) = &mut self.shown {
            replace(shown, name, if secret { "***" } else { encoded });
        }
        replace(&mut self.path, name, encoded);
        Ok(())
    }

    /// The whole path. Its segments are checked once they are whole, for `.{format}` with the value `.` makes a `..`
    /// that neither part is.
    pub(crate) fn finish(self) -> Result<Path, String> {
        let Self { template, path, shown } = self;
        // By far the most hold neither.
        if !path.bytes().any(|byte| matches!(byte, b'{' | b'.')) {
            return Ok(Path { path, shown });
        }
        if let Some((open, close)) = braces(&path, 0) {
            return Err(format!("path parameter `{}` was not given", &path[open + 1..close]));
        }
        // By bytes: a slash is never a part of another character.
        if let Some(at) = path.as_bytes().split(|byte| *byte == b'/').position(|part| matches!(part, b"." | b"..")) {
            let segment = template.split('/').nth(at).unwrap_or_default();
            return Err(format!("the path segment `{segment}` became `.` or `..`, which would change the route"));
        }
        Ok(Path { path, shown })
    }
}

/// Where the next name in braces stands.
fn braces(path: &str, from: usize) -> Option<(usize, usize)> {
    let rest = &path.as_bytes()[from..];
    let open = rest.iter().position(|byte| *byte == b'{')?;
    let close = rest[open..].iter().position(|byte| *byte == b'}')?;
    Some((from + open, from + open + close))
}

/// Puts a value in place of a name, wherever the template asks for it.
fn replace(path: &mut String, name: &str, value: &str) {
    let mut from = 0;
    while let Some((open, close)) = braces(path, from) {
        from = if path[open + 1..close] == *name {
            path.replace_range(open..=close, value);
            open + value.len()
        } else {
            close
        };
    }
}

/// A value as its style spells it (RFC 6570, 3.2.2 to 3.2.7).
fn write(name: &str, style: Style, value: ParameterValue, secret: &mut bool) -> Result<Option<String>, String> {
    let (lead, separator) = match style {
        Style::Label => (".", ","),
        Style::LabelExploded => (".", "."),
        Style::Matrix | Style::MatrixExploded => (";", ";"),
        _ => ("", ","),
    };
    let exploded = matches!(style, Style::Exploded | Style::LabelExploded | Style::MatrixExploded);
    // `;name` alone is how an empty value is said.
    let named = |text: &str| match percent_text(text) {
        text if text.is_empty() => percent_text(name),
        text => format!("{}={text}", percent_text(name)),
    };
    let mut pieces = Vec::new();
    match value {
        ParameterValue::Absent => return Ok(None),
        ParameterValue::Object(fields) if exploded => {
            for (field, value) in fields {
                if let Some(text) = value.scalar(secret)? {
                    pieces.push(format!("{}={}", percent_text(&field), percent_text(&text)));
                }
            }
        }
        ParameterValue::List(values) if style == Style::MatrixExploded => {
            for value in values {
                pieces.extend(value.scalar(secret)?.map(|text| named(&text)));
            }
        }
        other => {
            let (texts, hidden) = other.flatten()?.unwrap_or_default();
            *secret |= hidden;
            let texts: Vec<String> = texts.iter().map(|text| percent_text(text)).collect();
            if matches!(style, Style::Matrix | Style::MatrixExploded) {
                let text = texts.join(",");
                let equals = if text.is_empty() { "" } else { "=" };
                pieces.push(format!("{}{equals}{text}", percent_text(name)));
            } else {
                pieces = texts;
            }
        }
    }
    // A list without values has no spelling in the styles that lead with a mark.
    if pieces.is_empty() {
        return Ok(Some(String::new()));
    }
    Ok(Some(format!("{lead}{}", pieces.join(separator))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(template: &'static str, value: &str) -> Result<String, String> {
        let mut builder = PathBuilder::new(template);
        builder.set("id", Style::Form, ParameterValue::Text(value.to_owned()))?;
        builder.finish().map(|path| path.path)
    }

    #[test]
    fn values_go_to_their_names_and_logs_see_no_secret() {
        let mut builder = PathBuilder::new("/{a}/{b}/x/{a}.{c}");
        for (name, value) in [("c", "3"), ("a", "{b}"), ("none", "4")] {
            builder.set(name, Style::Form, ParameterValue::Text(value.to_owned())).expect("a scalar");
        }
        builder.set("b", Style::Form, ParameterValue::Secret("5".to_owned())).expect("a scalar");
        let path = builder.finish().expect("whole");
        assert_eq!((path.path.as_str(), path.shown()), ("/%7Bb%7D/5/x/%7Bb%7D.3", "/%7Bb%7D/***/x/%7Bb%7D.3"));
    }

    #[test]
    fn values_stay_in_their_segment() {
        for (value, path) in [
            ("7", "/users/7/roles"),
            ("../users/1?x=1", "/users/..%2Fusers%2F1%3Fx%3D1/roles"),
            ("a b", "/users/a%20b/roles"),
            ("%2e%2e", "/users/%252e%252e/roles"),
            ("\\", "/users/%5C/roles"),
            ("x\r\n", "/users/x%0D%0A/roles"),
            ("...", "/users/.../roles"),
            ("é", "/users/%C3%A9/roles"),
            ("a;b=c", "/users/a%3Bb%3Dc/roles"),
        ] {
            assert_eq!(fill("/users/{id}/roles", value).as_deref(), Ok(path), "{value}");
        }
    }

    #[test]
    fn segments_that_change_the_route_are_refused() {
        for value in ["", ".", ".."] {
            assert!(fill("/users/{id}/roles", value).is_err(), "{value:?}");
        }
        assert!(fill("/files/.{id}", ".").is_err(), "two halves of a `..`");
        assert!(fill("/files/{id}.json", ".").is_ok());
        assert!(PathBuilder::new("/users/{id}").finish().is_err(), "a value that was never given");
    }

    #[test]
    fn lists_are_joined_with_commas() {
        let mut builder = PathBuilder::new("/users/{id}");
        let list = ["a,b", "c"].map(|text| ParameterValue::Text(text.to_owned()));
        builder.set("id", Style::Form, ParameterValue::List(list.into())).expect("a list of scalars");
        assert_eq!(builder.finish().expect("whole").path, "/users/a%2Cb,c");
    }

    #[test]
    fn styles_are_spelled_as_rfc_6570_says() {
        let text = |text: &str| ParameterValue::Text(text.to_owned());
        let list = || ParameterValue::List(vec![text("a b"), text("c;d")]);
        let object = || ParameterValue::Object(vec![("r".to_owned(), text("1")), ("g.".to_owned(), text("a=b"))]);
        for (style, value, written) in [
            (Style::Form, object(), "r,1,g.,a%3Db"),
            (Style::Exploded, object(), "r=1,g.=a%3Db"),
            (Style::Exploded, list(), "a%20b,c%3Bd"),
            (Style::Label, text("x"), ".x"),
            (Style::Label, list(), ".a%20b,c%3Bd"),
            (Style::LabelExploded, list(), ".a%20b.c%3Bd"),
            (Style::Label, object(), ".r,1,g.,a%3Db"),
            (Style::LabelExploded, object(), ".r=1.g.=a%3Db"),
            (Style::Matrix, text("x"), ";id=x"),
            (Style::Matrix, text(""), ";id"),
            (Style::Matrix, list(), ";id=a%20b,c%3Bd"),
            (Style::MatrixExploded, list(), ";id=a%20b;id=c%3Bd"),
            (Style::Matrix, object(), ";id=r,1,g.,a%3Db"),
            (Style::MatrixExploded, object(), ";r=1;g.=a%3Db"),
        ] {
            let mut builder = PathBuilder::new("/users{id}");
            builder.set("id", style, value).expect("it can be written");
            assert_eq!(builder.finish().expect("whole").path, format!("/users{written}"), "{style:?}");
        }
        assert!(PathBuilder::new("/users/{id}").set("id", Style::Label, ParameterValue::List(Vec::new())).is_err());
    }
}
