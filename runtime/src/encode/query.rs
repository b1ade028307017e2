//! How is a query written, so that a value can never become a parameter?

use super::parameter::ParameterValue;
use super::{percent, percent_reserved, percent_text};

/// How a list or an object is spelled in a query, a path or a header (OpenAPI 3.1, 4.8.12.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Style {
    /// `form` with explode, the default: `ids=1&ids=2`, `r=1&g=2`.
    #[default]
    Form,
    /// `form` without explode: `ids=1,2`, `color=r,1,g,2`.
    Comma,
    /// `spaceDelimited`: `ids=1%202`.
    Space,
    /// `pipeDelimited`: `ids=1%7C2`.
    Pipe,
    /// `deepObject`: `filter[size]=1`, with the brackets encoded.
    Deep,
    /// `simple` with explode, in a path or a header: `r=1,g=2`.
    Exploded,
    /// `label`, in a path: `.1,2`, `.r,1,g,2`.
    Label,
    /// `label` with explode, in a path: `.1.2`, `.r=1.g=2`.
    LabelExploded,
    /// `matrix`, in a path: `;ids=1,2`, `;color=r,1,g,2`.
    Matrix,
    /// `matrix` with explode, in a path: `;ids=1;ids=2`, `;r=1;g=2`.
    MatrixExploded,
}

/// A query being written.
pub(crate) struct Query {
    pub(crate) text: String,
    /// How values are encoded.
    encode: fn(&str, &mut String),
}

impl Default for Query {
    fn default() -> Self {
        Self { text: String::new(), encode: percent }
    }
}

impl Query {
    /// Adds one parameter whose values may hold reserved characters as they are.
    pub(crate) fn add_reserved(&mut self, name: &str, style: Style, value: ParameterValue) -> Result<(), String> {
        self.encode = percent_reserved;
        let added = self.add(name, style, value);
        self.encode = percent;
        added
    }

    /// Adds one parameter.
    pub(crate) fn add(&mut self, name: &str, style: Style, value: ParameterValue) -> Result<(), String> {
        self.add_styled(name, style, value).map_err(|reason| format!("query parameter `{name}`: {reason}"))
    }

    fn add_styled(&mut self, name: &str, style: Style, value: ParameterValue) -> Result<(), String> {
        let separator = match style {
            Style::Form | Style::Exploded | Style::LabelExploded | Style::MatrixExploded => {
                return self.add_exploded(name, value);
            }
            Style::Deep => return self.add_deep(&percent_text(name), value, 0),
            Style::Comma | Style::Label | Style::Matrix => ",",
            Style::Space => "%20",
            Style::Pipe => "%7C",
        };
        let Some((texts, _)) = value.flatten()? else { return Ok(()) };
        // An empty list has no spelling of its own in any of these styles: `ids=` is a list of one empty text.
        if texts.is_empty() {
            return Ok(());
        }
        self.key(&percent_text(name));
        for (index, text) in texts.iter().enumerate() {
            if index > 0 {
                self.text.push_str(separator);
            }
            (self.encode)(text, &mut self.text);
        }
        Ok(())
    }

    fn add_exploded(&mut self, name: &str, value: ParameterValue) -> Result<(), String> {
        match value {
            ParameterValue::List(values) => {
                let key = percent_text(name);
                for value in values {
                    self.pair(&key, value)?;
                }
                Ok(())
            }
            ParameterValue::Object(fields) => {
                for (field, value) in fields {
                    let key = percent_text(&field);
                    let values = match value {
                        ParameterValue::List(values) => values,
                        value => vec![value],
                    };
                    for value in values {
                        self.pair(&key, value)?;
                    }
                }
                Ok(())
            }
            scalar => self.pair(&percent_text(name), scalar),
        }
    }

    /// `deepObject` says nothing about depth beyond one; the brackets go on as every server that reads them expects.
    fn add_deep(&mut self, key: &str, value: ParameterValue, depth: usize) -> Result<(), String> {
        if depth > 16 {
            return Err("an object nested more than 16 deep".to_owned());
        }
        match value {
            ParameterValue::Object(fields) => fields.into_iter().try_for_each(|(field, value)| {
                self.add_deep(&format!("{key}%5B{}%5D", percent_text(&field)), value, depth + 1)
            }),
            ParameterValue::List(values) => values.into_iter().try_for_each(|value| self.pair(key, value)),
            scalar => self.pair(key, scalar),
        }
    }

    fn pair(&mut self, key: &str, value: ParameterValue) -> Result<(), String> {
        if let Some(text) = value.scalar(&mut false)? {
            self.key(key);
            (self.encode)(&text, &mut self.text);
        }
        Ok(())
    }

    fn key(&mut self, encoded: &str) {
        if !self.text.is_empty() {
            self.text.push('&');
        }
        self.text.push_str(encoded);
        self.text.push('=');
    }
}

/// The value of a parameter in a query, decoded as [`percent`] encodes.
pub(crate) fn value(query: &str, name: &str) -> Option<String> {
    url::form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// A query with one value for a parameter, in place of those that it had.
pub(crate) fn with_value(query: &str, name: &str, value: &str) -> String {
    let name = percent_text(name);
    let others = query.split('&').filter(|pair| !pair.is_empty() && pair.split('=').next() != Some(&name));
    let mut text = String::with_capacity(query.len() + name.len() + value.len() + 2);
    for pair in others {
        text.push_str(pair);
        text.push('&');
    }
    text.push_str(&name);
    text.push('=');
    percent(value, &mut text);
    text
}

/// A query as logs show it: every name, no value.
pub(crate) fn redacted(query: &str) -> String {
    let mut out = String::with_capacity(query.len());
    for (index, pair) in query.split('&').enumerate() {
        if index > 0 {
            out.push('&');
        }
        out.push_str(pair.split('=').next().unwrap_or_default());
        out.push_str("=***");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encode::parameter::Parameter;
    use std::collections::BTreeMap;

    #[test]
    fn styles_are_spelled_as_openapi_says() {
        let list: &dyn Parameter = &vec!["a b", "c&d", "e,f"];
        let map = BTreeMap::from([("min".to_owned(), 1), ("max".to_owned(), 2)]);
        let object: &dyn Parameter = &map;
        let empty: &dyn Parameter = &Vec::<i32>::new();
        let text: &dyn Parameter = &"50% + tax #2&limit=1";
        for (style, value, query) in [
            (Style::Form, text, "p=50%25%20%2B%20tax%20%232%26limit%3D1"),
            (Style::Form, list, "p=a%20b&p=c%26d&p=e%2Cf"),
            (Style::Comma, list, "p=a%20b,c%26d,e%2Cf"),
            (Style::Space, list, "p=a%20b%20c%26d%20e%2Cf"),
            (Style::Pipe, list, "p=a%20b%7Cc%26d%7Ce%2Cf"),
            (Style::Form, object, "max=2&min=1"),
            (Style::Comma, object, "p=max,2,min,1"),
            (Style::Deep, object, "p%5Bmax%5D=2&p%5Bmin%5D=1"),
            (Style::Form, empty, ""),
            (Style::Comma, empty, ""),
            (Style::Form, &None::<i32>, ""),
            (Style::Form, &true, "p=true"),
            (Style::Form, &"", "p="),
            (Style::Form, &-1.5, "p=-1.5"),
        ] {
            let mut written = Query::default();
            written.add("p", style, value.parameter()).expect("it can be written");
            assert_eq!(written.text, query, "{style:?}");
        }
        let nested: &dyn Parameter = &vec![vec![1]];
        assert!(Query::default().add("p", Style::Form, nested.parameter()).is_err());
        assert!(Query::default().add("p", Style::Form, f64::NAN.parameter()).is_err());
    }

    #[test]
    fn one_parameter_is_replaced_and_no_other() {
        assert_eq!(with_value("a=1&page=2&b=3&page=4", "page", "5&x=6"), "a=1&b=3&page=5%26x%3D6");
        assert_eq!(with_value("", "page[number]", "1"), "page%5Bnumber%5D=1");
        assert_eq!(with_value("pages=1", "page", "1"), "pages=1&page=1");
        let query = with_value("a=1", "after", "50% + ü=&");
        assert_eq!(value(&query, "after").as_deref(), Some("50% + ü=&"));
        assert_eq!(value(&query, "b"), None);
    }

    #[test]
    fn redaction_keeps_names_only() {
        assert_eq!(redacted("a=1&b=&c=x%3Dy"), "a=***&b=***&c=***");
    }
}
