//! How is an XML text read?

use quick_xml::Reader;
use quick_xml::escape::{resolve_predefined_entity, unescape};
use quick_xml::events::{BytesStart, Event};
use serde_json::{Map, Value};

use super::{Place, Xml, XmlField, local};

/// How deep elements may stand in each other.
const DEEPEST: usize = 128;

/// An element with what stands in it.
#[derive(Debug, Default)]
struct Element {
    name: String,
    attributes: Vec<(String, String)>,
    children: Vec<Element>,
    text: String,
}

/// Reads the value of a document's element; the complaint quotes nothing of the text.
pub(crate) fn read(shape: &Xml, text: &str) -> Result<Value, String> {
    let root = parse(text)?;
    Ok(value(shape, &root))
}

fn parse(text: &str) -> Result<Element, String> {
    let mut reader = Reader::from_str(text);
    let mut open: Vec<Element> = Vec::new();
    let mut root = None;
    loop {
        let at = reader.buffer_position();
        let complain = |what: &str| format!("{what} at byte {at}");
        match reader.read_event().map_err(|_| complain("not XML"))? {
            Event::Start(_) | Event::Empty(_) if open.is_empty() && root.is_some() => {
                return Err(complain("a second element"));
            }
            Event::Start(start) => {
                if open.len() >= DEEPEST {
                    return Err(format!("elements more than {DEEPEST} deep"));
                }
                open.push(element(&start).ok_or_else(|| complain("not an element"))?);
            }
            Event::Empty(start) => {
                let whole = element(&start).ok_or_else(|| complain("not an element"))?;
                close(whole, &mut open, &mut root);
            }
            Event::End(_) => {
                let whole = open.pop().ok_or_else(|| complain("an end without a start"))?;
                close(whole, &mut open, &mut root);
            }
            Event::Text(said) => {
                let said = said.decode().map_err(|_| complain("not UTF-8"))?;
                append(&mut open, &said).ok_or_else(|| complain("text outside the element"))?;
            }
            Event::CData(said) => {
                let said = said.decode().map_err(|_| complain("not UTF-8"))?;
                append(&mut open, &said).ok_or_else(|| complain("text outside the element"))?;
            }
            Event::GeneralRef(entity) => {
                // Entities of the document's own are not expanded: that is how a small text becomes a large one.
                let character = entity.resolve_char_ref().map_err(|_| complain("not a character"))?;
                let name = entity.decode().map_err(|_| complain("not UTF-8"))?;
                let known = character.map(String::from).or_else(|| resolve_predefined_entity(&name).map(str::to_owned));
                let known = known.ok_or_else(|| complain("an entity that XML does not know"))?;
                append(&mut open, &known).ok_or_else(|| complain("text outside the element"))?;
            }
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
            Event::Eof => break,
        }
    }
    match root {
        Some(root) if open.is_empty() => Ok(root),
        _ => Err("the text ends within an element".to_owned()),
    }
}

fn element(start: &BytesStart<'_>) -> Option<Element> {
    let name = std::str::from_utf8(start.name().into_inner()).ok()?;
    let mut attributes = Vec::new();
    for attribute in start.attributes() {
        let attribute = attribute.ok()?;
        let key = std::str::from_utf8(attribute.key.into_inner()).ok()?;
        let written = std::str::from_utf8(&attribute.value).ok()?;
        attributes.push((local(key).to_owned(), unescape(written).ok()?.into_owned()));
    }
    Some(Element { name: local(name).to_owned(), attributes, ..Element::default() })
}

fn close(whole: Element, open: &mut [Element], root: &mut Option<Element>) {
    match open.last_mut() {
        Some(parent) => parent.children.push(whole),
        None => *root = Some(whole),
    }
}

/// Adds to the text of the element that is open; blanks may stand outside.
fn append(open: &mut [Element], said: &str) -> Option<()> {
    match open.last_mut() {
        Some(element) => element.text.push_str(said),
        None if said.trim().is_empty() => {}
        None => return None,
    }
    Some(())
}

fn value(shape: &Xml, element: &Element) -> Value {
    match shape {
        Xml::Text | Xml::Number | Xml::Boolean => scalar(shape, &element.text),
        Xml::Any => anything(element),
        Xml::Map(inner) => {
            Value::Object(element.children.iter().map(|child| (child.name.clone(), value(inner, child))).collect())
        }
        Xml::List(_, item) => element.children.iter().map(|child| value(item, child)).collect(),
        Xml::Record(fields) => {
            let mut record = Map::new();
            for field in *fields {
                record.extend(self::field(field, element).map(|value| (field.key.to_owned(), value)));
            }
            Value::Object(record)
        }
    }
}

fn field(field: &XmlField, element: &Element) -> Option<Value> {
    let name = local(field.name);
    let mut children = element.children.iter().filter(|child| child.name == name);
    match (field.place, field.shape) {
        (Place::Attribute, shape) => {
            let (_, text) = element.attributes.iter().find(|(key, _)| key == name)?;
            Some(scalar(shape, text))
        }
        (Place::Text, shape) => Some(scalar(shape, &element.text)),
        (Place::Wrapped(_), item) => Some(children.next()?.children.iter().map(|child| value(item, child)).collect()),
        (Place::Element, Xml::List(_, item)) => {
            let children: Vec<&Element> = children.collect();
            match children.as_slice() {
                [] => None,
                [only] if wraps(only, item) => Some(only.children.iter().map(|child| value(item, child)).collect()),
                several => Some(several.iter().map(|child| value(item, child)).collect()),
            }
        }
        (Place::Element, shape) => Some(value(shape, children.next()?)),
    }
}

/// Whether an element holds the items of a list rather than being one: documents seldom say, so what stands in it decides.
fn wraps(element: &Element, item: &Xml) -> bool {
    match item {
        Xml::Record(fields) => {
            let known = |child: &Element| fields.iter().any(|field| local(field.name) == child.name);
            let bare = element.attributes.is_empty() && element.text.trim().is_empty();
            bare && !element.children.iter().any(known)
        }
        Xml::Text | Xml::Number | Xml::Boolean => {
            !element.children.is_empty() || (!matches!(item, Xml::Text) && element.text.trim().is_empty())
        }
        Xml::Any | Xml::Map(_) | Xml::List(..) => false,
    }
}

/// A scalar; what is not of its kind stays a text, and the type refuses it.
fn scalar(shape: &Xml, text: &str) -> Value {
    let bare = text.trim();
    match (shape, bare) {
        (Xml::Number, _) => bare.parse().map_or_else(|_| Value::String(text.to_owned()), Value::Number),
        (Xml::Boolean, "true" | "1") => Value::Bool(true),
        (Xml::Boolean, "false" | "0") => Value::Bool(false),
        _ => Value::String(text.to_owned()),
    }
}

fn anything(element: &Element) -> Value {
    if element.children.is_empty() && element.attributes.is_empty() {
        return Value::String(element.text.clone());
    }
    let mut fields: Map<String, Value> = Map::new();
    let attributes = element.attributes.iter().map(|(name, text)| (name, Value::String(text.clone())));
    let children = element.children.iter().map(|child| (&child.name, anything(child)));
    for (name, value) in attributes.chain(children) {
        match fields.get_mut(name) {
            None => drop(fields.insert(name.clone(), value)),
            Some(Value::Array(several)) => several.push(value),
            Some(one) => *one = Value::Array(vec![one.take(), value]),
        }
    }
    Value::Object(fields)
}
