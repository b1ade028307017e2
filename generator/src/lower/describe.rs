//! What is said about a schema, in words?

use super::schema::{LONGEST_CHAIN, Lowering};
use crate::ir::{Direction, Docs, Xml};
use crate::load::{SchemaId, SchemaObject};

/// The documentation of a schema, its bounds as short phrases.
pub(super) fn docs(schema: &SchemaObject) -> Docs {
    Docs {
        title: schema.title.clone(),
        description: schema.description.clone(),
        deprecated: schema.deprecated,
        default: schema.default.clone().filter(|value| !value.is_null()),
        bounds: bounds(schema),
    }
}

impl Lowering<'_> {
    /// The only way that values of a property travel: what it says itself, or one of what it is made of.
    pub(super) fn only(&self, property: SchemaId) -> Option<Direction> {
        let mut open = vec![property];
        let (mut read, mut write) = (false, false);
        for _ in 0..LONGEST_CHAIN {
            let Some(at) = open.pop() else { break };
            let Some(schema) = self.object(at) else { continue };
            read |= schema.read_only;
            write |= schema.write_only;
            open.extend(schema.reference.as_ref().and_then(|target| self.document.schemas.at(target)));
            open.extend(&schema.all_of);
        }
        match (read, write) {
            (true, false) => Some(Direction::Answered),
            (false, true) => Some(Direction::Sent),
            // Said both, it travels no way at all, and neither is believed.
            _ => None,
        }
    }
}

/// What is said about its form in XML; 3.2 says `nodeType` where earlier versions have `attribute` and `wrapped`.
pub(super) fn xml(schema: &SchemaObject) -> Xml {
    let Some(said) = schema.passive.get("xml") else { return Xml::default() };
    let text = |key: &str| said[key].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    let list = schema.items.is_some();
    let node = said["nodeType"].as_str();
    Xml {
        name: text("name"),
        prefix: text("prefix"),
        namespace: text("namespace"),
        attribute: said["attribute"] == true || node == Some("attribute"),
        text: matches!(node, Some("text" | "cdata")),
        wrapped: said["wrapped"] == true || (list && node == Some("element")),
    }
}

fn bounds(schema: &SchemaObject) -> Vec<String> {
    let said = &schema.constraints;
    let mut bounds = Vec::new();
    let mut number = |word: &str, bound: &Option<serde_json::Number>| {
        bounds.extend(bound.as_ref().map(|bound| format!("{word} {bound}")));
    };
    number("at least", &said.minimum);
    number("more than", &said.exclusive_minimum);
    number("at most", &said.maximum);
    number("less than", &said.exclusive_maximum);
    number("a multiple of", &said.multiple_of);
    for (least, most, one, many) in [
        (said.min_length, said.max_length, "character", "characters"),
        (said.min_items, said.max_items, "item", "items"),
        (said.min_properties, said.max_properties, "entry", "entries"),
    ] {
        let unit = |count: u64| if count == 1 { one } else { many };
        match (least, most) {
            (Some(least), Some(most)) if least == most => bounds.push(format!("{least} {}", unit(least))),
            (Some(0) | None, Some(most)) => bounds.push(format!("at most {most} {}", unit(most))),
            (Some(least), Some(most)) => bounds.push(format!("{least} to {most} {}", unit(most))),
            (Some(0) | None, None) => {}
            (Some(least), None) => bounds.push(format!("at least {least} {}", unit(least))),
        }
    }
    bounds.extend(said.pattern.as_ref().map(|pattern| format!("matches `{pattern}`")));
    if said.unique_items {
        bounds.push("no item twice".to_owned());
    }
    if schema.read_only {
        bounds.push("set by the service".to_owned());
    }
    if schema.write_only {
        bounds.push("sent, never answered".to_owned());
    }
    bounds
}
