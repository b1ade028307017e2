//! How is a value written as XML?

use quick_xml::escape::escape;
use serde_json::Value;

use super::{Namespace, Place, Xml, XmlRoot};

/// The text of a value, with the declaration that every reader expects.
pub(crate) fn write(root: &XmlRoot, value: &Value) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>");
    element(root.name, root.namespace, root.shape, value, &mut out);
    out
}

fn element(name: &str, namespace: Option<Namespace>, shape: &Xml, value: &Value, out: &mut String) {
    out.push('<');
    out.push_str(name);
    if let Some((declaration, namespace)) = namespace {
        attribute(declaration, namespace, out);
    }
    if let (Xml::Record(fields), Value::Object(values)) = (shape, value) {
        for field in fields.iter().filter(|field| field.place == Place::Attribute) {
            if let Some(text) = values.get(field.key).and_then(scalar) {
                attribute(field.name, &text, out);
            }
        }
    }
    out.push('>');
    content(shape, value, out);
    end(name, out);
}

fn end(name: &str, out: &mut String) {
    out.push_str("</");
    out.push_str(name);
    out.push('>');
}

fn attribute(name: &str, text: &str, out: &mut String) {
    out.push(' ');
    out.push_str(name);
    out.push_str("=\"");
    out.push_str(&escape(text));
    out.push('"');
}

fn content(shape: &Xml, value: &Value, out: &mut String) {
    match (shape, value) {
        (Xml::Record(fields), Value::Object(values)) => {
            for field in *fields {
                let Some(value) = values.get(field.key).filter(|value| !value.is_null()) else { continue };
                match (field.place, value) {
                    (Place::Attribute, _) => {}
                    (Place::Text, _) => content(field.shape, value, out),
                    (Place::Wrapped(item), _) => {
                        out.push('<');
                        out.push_str(field.name);
                        if let Some((declaration, namespace)) = field.namespace {
                            attribute(declaration, namespace, out);
                        }
                        out.push('>');
                        let items = value.as_array().into_iter().flatten();
                        items.for_each(|value| element(item, None, field.shape, value, out));
                        end(field.name, out);
                    }
                    (Place::Element, Value::Array(items)) => {
                        let shape = if let Xml::List(_, item) = field.shape { item } else { field.shape };
                        for item in items {
                            element(field.name, field.namespace, shape, item, out);
                        }
                    }
                    (Place::Element, _) => element(field.name, field.namespace, field.shape, value, out),
                }
            }
        }
        (Xml::List(name, item), Value::Array(items)) => {
            for value in items {
                element(name, None, item, value, out);
            }
        }
        (Xml::Map(inner), Value::Object(values)) => {
            let named = values.iter().filter(|(name, _)| is_name(name));
            named.for_each(|(name, value)| element(name, None, inner, value, out));
        }
        (_, Value::Object(values)) => {
            for (name, value) in values.iter().filter(|(name, _)| is_name(name)) {
                match value {
                    Value::Array(items) => items.iter().for_each(|item| element(name, None, &Xml::Any, item, out)),
                    value => element(name, None, &Xml::Any, value, out),
                }
            }
        }
        (_, Value::Array(items)) => items.iter().for_each(|item| content(shape, item, out)),
        (_, value) => out.push_str(&escape(scalar(value).unwrap_or_default())),
    }
}

/// Whether a key of a map can be the name of an element: what cannot is left out, for it could become markup.
fn is_name(name: &str) -> bool {
    let begins = name.starts_with(|first: char| first.is_alphabetic() || first == '_');
    begins && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'))
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::Null | Value::Array(_) | Value::Object(_) => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}
