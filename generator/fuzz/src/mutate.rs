//! How is a document bent so that it still is a tree, yet says something nobody expects?
//!
//! Shared by the fuzz targets and by `tests/mutations.rs`.

use serde_json::{Map, Value, json};

/// A small generator of numbers (splitmix64): the same seed gives the same document, everywhere.
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// Dice that fall as the seed says.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `bound`; 0 where that is 0.
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        // The remainder lies below `bound`, which is a `usize`.
        if bound == 0 { 0 } else { (mixed % bound as u64) as usize }
    }
}

/// Bends a document in a few places, the same way for the same dice.
pub fn mutate(document: &mut Value, dice: &mut Dice) {
    for _ in 0..=dice.below(12) {
        let all = count(document);
        let other = pick(document, dice.below(all)).clone();
        let target = dice.below(all);
        match dice.below(9) {
            0 => drop_one(document, dice),
            1 => *pick(document, target) = odd(dice),
            2 => *pick(document, target) = retyped(pick(document, target)),
            3 => *pick(document, target) = wrapped(&other, dice),
            4 => *pick(document, target) = other,
            5 => swap(document, dice),
            6 => duplicate(document, dice),
            7 => *pick(document, target) = json!({"$ref": pointer(document, dice)}),
            _ => rename(document, dice),
        }
    }
}

/// Keeps only a few paths of a document, so that a run over a large one does not take long.
pub fn prune(document: &mut Value, dice: &mut Dice, most: usize) {
    let Some(paths) = document.get_mut("paths").and_then(Value::as_object_mut) else { return };
    while paths.len() > most {
        let Some(key) = paths.keys().nth(dice.below(paths.len())).cloned() else { return };
        paths.remove(&key);
    }
}

/// How many nodes a tree has. Trees come out of parsers that bound their depth, and mutations deepen them a little.
fn count(node: &Value) -> usize {
    let mut all = 0;
    let mut open = vec![node];
    while let Some(node) = open.pop() {
        all += 1;
        match node {
            Value::Array(items) => open.extend(items),
            Value::Object(members) => open.extend(members.values()),
            _ => {}
        }
    }
    all
}

/// The node with this number, in the order of [`count`].
fn pick(node: &mut Value, number: usize) -> &mut Value {
    let mut path = Vec::new();
    let mut left = number;
    find(node, &mut left, &mut path);
    path.into_iter().rev().fold(node, |node, step| match node {
        Value::Array(items) => &mut items[step],
        Value::Object(members) => members.values_mut().nth(step).unwrap_or_else(|| unreachable!("it was just counted")),
        leaf => leaf,
    })
}

/// The steps to a node, last first.
fn find(node: &Value, left: &mut usize, path: &mut Vec<usize>) -> bool {
    if *left == 0 {
        return true;
    }
    *left -= 1;
    let children: Box<dyn Iterator<Item = &Value>> = match node {
        Value::Array(items) => Box::new(items.iter()),
        Value::Object(members) => Box::new(members.values()),
        _ => return false,
    };
    for (step, child) in children.enumerate() {
        if find(child, left, path) {
            path.push(step);
            return true;
        }
    }
    false
}

/// A node that holds others, and where there is none the root.
fn container<'a>(document: &'a mut Value, dice: &mut Dice) -> &'a mut Value {
    let all = count(document);
    for _ in 0..8 {
        let number = dice.below(all);
        if matches!(pick(document, number), Value::Array(_) | Value::Object(_)) {
            return pick(document, number);
        }
    }
    document
}

fn key(members: &Map<String, Value>, dice: &mut Dice) -> Option<String> {
    members.keys().nth(dice.below(members.len())).cloned()
}

fn drop_one(document: &mut Value, dice: &mut Dice) {
    match container(document, dice) {
        Value::Array(items) if !items.is_empty() => drop(items.remove(dice.below(items.len()))),
        Value::Object(members) => drop(key(members, dice).and_then(|key| members.remove(&key))),
        _ => {}
    }
}

fn duplicate(document: &mut Value, dice: &mut Dice) {
    match container(document, dice) {
        Value::Array(items) if !items.is_empty() => {
            let again = items[dice.below(items.len())].clone();
            items.push(again);
        }
        Value::Object(members) => {
            if let Some(from) = key(members, dice) {
                let again = members[&from].clone();
                // Another case, or another ending: names that collide only later.
                let to = if dice.below(2) == 0 { from.to_uppercase() } else { format!("{from}_") };
                members.insert(to, again);
            }
        }
        _ => {}
    }
}

fn rename(document: &mut Value, dice: &mut Dice) {
    const NAMES: &[&str] = &[
        "",
        " ",
        "self",
        "type",
        "$ref",
        "allOf",
        "oneOf",
        "properties",
        "items",
        "x-a",
        "default",
        "200",
        "get",
        "content",
        "schema",
        "enum",
        "const",
        "discriminator",
        "required",
        "additionalProperties",
        "\u{0}",
        "../..",
        "a/b~c",
        "日本",
    ];
    if let Value::Object(members) = container(document, dice)
        && let Some(from) = key(members, dice)
        && let Some(value) = members.remove(&from)
    {
        members.insert(NAMES[dice.below(NAMES.len())].to_owned(), value);
    }
}

fn swap(document: &mut Value, dice: &mut Dice) {
    let all = count(document);
    let (a, b) = (dice.below(all), dice.below(all));
    let (one, other) = (pick(document, a).clone(), pick(document, b).clone());
    *pick(document, a) = other;
    // The first may have held the second, so that there are fewer nodes now.
    let all = count(document);
    *pick(document, b.min(all - 1)) = one;
}

/// A reference to somewhere in the document, perhaps to itself, perhaps to nowhere.
fn pointer(document: &mut Value, dice: &mut Dice) -> String {
    let mut text = "#".to_owned();
    let mut node: &Value = document;
    for _ in 0..dice.below(7) {
        node = match node {
            Value::Object(members) => {
                let Some(key) = key(members, dice) else { break };
                text.push('/');
                text.push_str(&key.replace('~', "~0").replace('/', "~1"));
                &members[&key]
            }
            Value::Array(items) if !items.is_empty() => {
                let index = dice.below(items.len());
                text.push_str(&format!("/{index}"));
                &items[index]
            }
            _ => break,
        };
    }
    text
}

fn retyped(node: &Value) -> Value {
    match node {
        Value::Null => json!({}),
        Value::Bool(value) => json!(value.to_string()),
        Value::Number(number) => json!(number.to_string()),
        Value::String(text) => json!([text]),
        Value::Array(items) => items.iter().enumerate().map(|(at, item)| (at.to_string(), item.clone())).collect(),
        Value::Object(members) => members.values().cloned().collect(),
    }
}

fn wrapped(node: &Value, dice: &mut Dice) -> Value {
    match dice.below(6) {
        0 => json!([node]),
        1 => json!({"allOf": [node, {"type": "object"}]}),
        2 => json!({"oneOf": [node, {"type": "string"}, {"type": "null"}]}),
        3 => json!({"properties": {"a": node}, "required": ["a", "b"]}),
        4 => json!({"type": "array", "items": node}),
        _ => json!({"additionalProperties": node}),
    }
}

fn odd(dice: &mut Dice) -> Value {
    match dice.below(14) {
        0 => Value::Null,
        1 => json!(true),
        2 => json!(0),
        3 => json!(-1),
        4 => json!(u64::MAX),
        5 => json!(1e308),
        6 => json!(0.1),
        7 => json!(""),
        8 => json!("\u{202e}*/ \" \\ {}\n"),
        9 => json!("x".repeat(5000)),
        10 => json!([]),
        11 => json!({}),
        12 => json!([null, 1, "a", [], {}]),
        _ => json!({"type": ["string", "integer", "null", "object", "array"]}),
    }
}
