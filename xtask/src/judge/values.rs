//! Which values does a schema admit? Made from the raw document, by nothing that the generator shares.
//!
//! What is made need not be right: a validator throws out what is not. So this may guess, and must only be rich: every
//! alternative, every listed value, fields there and not there, `null`, bounds, numbers that binary floating point cannot hold.

// Bounds are read as doubles, which is as well as documents state them: what does not fit is thrown out by the validator.
#![allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)]

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Number, Value, json};

use super::texts;

/// How deep a value may nest before only what is required is made; at twice this depth it is given up.
const DEEP: usize = 6;
/// How many nodes a value may have before only what is required is made.
const LARGE: usize = 600;

/// Which of the values that a schema admits is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wish {
    /// Nothing that may be left out.
    Least,
    /// Everything that may be there.
    Most,
    /// Whatever the dice say.
    Any,
}

/// Where a value can be changed in ways in which a server may change it without asking its clients.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sites {
    /// Objects that may get one more field.
    pub(crate) objects: BTreeSet<String>,
    /// Texts of a list of several.
    pub(crate) words: BTreeSet<String>,
    /// Fields that are not required.
    pub(crate) optional: BTreeSet<String>,
    /// Properties that tell the alternatives of a union apart.
    pub(crate) tags: BTreeSet<String>,
    /// Objects whose other fields have a type, so that not any field can come.
    typed: BTreeSet<String>,
}

/// A value, and where it can be changed.
#[derive(Debug, Clone)]
pub(crate) struct Made {
    pub(crate) value: Value,
    pub(crate) sites: Sites,
}

/// Makes values of the schemas of one document.
pub(crate) struct Maker<'d> {
    root: &'d Value,
    dice: Dice,
    wish: Wish,
    nodes: usize,
    sites: Sites,
}

/// Numbers that look like chance, the same ones on every machine.
#[derive(Debug, Clone)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5151_5151)
    }

    /// A number below `sides`.
    pub(crate) fn below(&mut self, sides: usize) -> usize {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % (sides.max(1) as u64)).unwrap_or(0)
    }
}

type Parts<'d> = Vec<&'d Map<String, Value>>;

impl<'d> Maker<'d> {
    pub(crate) fn new(root: &'d Value) -> Self {
        Self { root, dice: Dice::new(0), wish: Wish::Least, nodes: 0, sites: Sites::default() }
    }

    /// A value of a schema, or `None` where none was found.
    pub(crate) fn make(&mut self, schema: &'d Value, wish: Wish, seed: u64) -> Option<Made> {
        self.dice = Dice::new(seed);
        self.wish = wish;
        self.nodes = 0;
        self.sites = Sites::default();
        let value = self.all(&[schema], "", 0)?;
        let mut sites = std::mem::take(&mut self.sites);
        sites.objects.retain(|site| !sites.typed.contains(site));
        Some(Made { value, sites })
    }

    /// A value that all of these schemas admit.
    fn all(&mut self, schemas: &[&'d Value], path: &str, depth: usize) -> Option<Value> {
        self.nodes += 1;
        if depth > 2 * DEEP + 6 {
            return None;
        }
        let mut parts = Vec::new();
        for schema in schemas {
            self.gather(schema, &mut parts, path, 0)?;
        }
        let constant = parts.iter().find_map(|part| part.get("const"));
        if let Some(constant) = constant {
            return Some(constant.clone());
        }
        if let Some(listed) = self.listed(&parts, path) {
            return Some(listed);
        }
        let types = types(&parts);
        let mut order = types;
        if order.is_empty() {
            return None;
        }
        let first = self.dice.below(order.len());
        order.rotate_left(first);
        if self.lean(depth) {
            order.sort_by_key(|ty| *ty != "null");
        }
        let only_null = |order: &[&str]| order.first() == Some(&"null") && order.len() > 1;
        // `null` now and then, else nothing below would ever be seen.
        if only_null(&order) && !self.lean(depth) && self.dice.below(4) != 0 {
            order.rotate_left(1);
        }
        order.into_iter().find_map(|ty| self.of_type(ty, &parts, path, depth))
    }

    fn lean(&self, depth: usize) -> bool {
        self.wish == Wish::Least || depth > DEEP || self.nodes > LARGE
    }

    /// The keywords that hold together: references followed, `allOf` laid out, one branch of each union chosen.
    fn gather(&mut self, schema: &'d Value, parts: &mut Parts<'d>, path: &str, depth: usize) -> Option<()> {
        if depth > 40 {
            return None;
        }
        let map = match schema {
            Value::Bool(admits) => return admits.then_some(()),
            Value::Object(map) => map,
            _ => return Some(()),
        };
        if let Some(target) = map.get("$ref").and_then(Value::as_str) {
            let target = self.follow(target)?;
            self.gather(target, parts, path, depth + 1)?;
        }
        parts.push(map);
        for branch in list(map, "allOf") {
            self.gather(branch, parts, path, depth + 1)?;
        }
        for keyword in ["oneOf", "anyOf"] {
            let branches = list(map, keyword);
            if branches.is_empty() {
                continue;
            }
            if let Some(tag) = map.get("discriminator").and_then(|tag| tag.get("propertyName")).and_then(Value::as_str)
            {
                self.sites.tags.insert(format!("{path}/{}", escaped(tag)));
            }
            let first = self.dice.below(branches.len());
            // The next ones where the first cannot be followed.
            let chosen = (0..branches.len()).find_map(|at| {
                let mut more = Vec::new();
                let branch = &branches[(first + at) % branches.len()];
                self.gather(branch, &mut more, path, depth + 1).map(|()| more)
            })?;
            parts.extend(chosen);
        }
        Some(())
    }

    fn follow(&self, reference: &str) -> Option<&'d Value> {
        let pointer = reference.strip_prefix('#')?;
        self.root.pointer(&super::pointer::decoded(pointer))
    }

    fn listed(&mut self, parts: &Parts<'d>, path: &str) -> Option<Value> {
        let lists: Vec<&Vec<Value>> = parts.iter().filter_map(|part| part.get("enum")?.as_array()).collect();
        let (first, others) = lists.split_first()?;
        let types = types(parts);
        let fits = |value: &&Value| {
            others.iter().all(|other| other.contains(value)) && types.iter().any(|ty| is_of(value, ty))
        };
        let values: Vec<&Value> = first.iter().filter(fits).collect();
        if values.iter().filter(|value| value.is_string()).count() > 1 {
            self.sites.words.insert(path.to_owned());
        }
        values.get(self.dice.below(values.len())).map(|value| (*value).clone())
    }

    fn of_type(&mut self, ty: &str, parts: &Parts<'d>, path: &str, depth: usize) -> Option<Value> {
        match ty {
            "null" => Some(Value::Null),
            "boolean" => Some(Value::Bool(self.dice.below(2) == 0)),
            "integer" => Some(self.number(parts, true)),
            // `type: number, format: int64`: a format holds as the type does.
            "number" => Some(self.number(parts, parts.iter().any(|part| is_whole_by_format(part)))),
            "string" => texts::text(parts, &mut self.dice).map(Value::String),
            "array" => self.array(parts, path, depth),
            _ => self.object(parts, path, depth),
        }
    }

    fn number(&mut self, parts: &Parts<'d>, whole: bool) -> Value {
        let bound = |keyword: &'static str| parts.iter().filter_map(move |part| part.get(keyword)?.as_f64());
        let least = bound("minimum").chain(bound("exclusiveMinimum")).fold(f64::NEG_INFINITY, f64::max);
        let most = bound("maximum").chain(bound("exclusiveMaximum")).fold(f64::INFINITY, f64::min);
        let step = bound("multipleOf").next();
        let format = parts.iter().find_map(|part| part.get("format")?.as_str()).unwrap_or_default();
        if let Some(step) = step {
            let lowest = if least.is_finite() { (least / step).ceil() + 1.0 } else { 0.0 };
            let value = step * (lowest + self.dice.below(3) as f64);
            return if whole || value.fract() == 0.0 { json!(value as i64) } else { json!(value) };
        }
        let mut choices: Vec<Value> = Vec::new();
        if whole {
            let (small, large) = match format {
                "int8" => (-128, 127),
                "uint8" => (0, 255),
                "int16" => (-32_768, 32_767),
                "uint16" => (0, 65_535),
                "int32" => (i128::from(i32::MIN), i128::from(i32::MAX)),
                "uint32" => (0, i128::from(u32::MAX)),
                "uint64" | "uint" => (0, i128::from(u64::MAX)),
                _ => (i128::from(i64::MIN), i128::from(i64::MAX)),
            };
            for wanted in [0, 1, 7, -1, -40, 100, 9_007_199_254_740_993, small, large] {
                let fits = (small..=large).contains(&wanted);
                if fits && wanted as f64 >= least && wanted as f64 <= most {
                    choices.extend(Number::from_i128(wanted).map(Value::Number));
                }
            }
            for bound in [least, most, least + 1.0, most - 1.0] {
                // The edge of the range itself, which documents round to what a double holds, is made above.
                if bound.is_finite() && bound.abs() < 9.0e15 {
                    choices.push(json!(bound as i64));
                }
            }
        } else {
            let wide = [0.0, 1.0, -1.0, 0.1, 12.5, -273.15, 1e-9];
            let single = [0.0, 1.0, -1.0, 0.5, 12.5, -273.25];
            for &wanted in if format == "float" { &single[..] } else { &wide[..] } {
                if wanted >= least && wanted <= most {
                    choices.push(if wanted.fract() == 0.0 { json!(wanted as i64) } else { json!(wanted) });
                }
            }
            if least.is_finite() && most.is_finite() {
                choices.push(json!(f64::midpoint(least, most)));
            } else if least.is_finite() {
                choices.push(json!(least + 0.5));
            } else if most.is_finite() {
                choices.push(json!(most - 0.5));
            }
        }
        if choices.is_empty() { json!(0) } else { choices.swap_remove(self.dice.below(choices.len())) }
    }

    fn array(&mut self, parts: &Parts<'d>, path: &str, depth: usize) -> Option<Value> {
        let first: Vec<&'d Value> = parts.iter().map(|part| list(part, "prefixItems")).max_by_key(Vec::len)?;
        let items: Vec<&'d Value> = parts.iter().filter_map(|part| part.get("items")).collect();
        let least = bound(parts, "minItems").max().unwrap_or(0);
        let most = bound(parts, "maxItems").min().unwrap_or(usize::MAX);
        let closed = items.iter().any(|items| **items == Value::Bool(false));
        let wanted = if self.lean(depth) { 0 } else { [2, 1, 0, 3][self.dice.below(4)].max(first.len()) };
        let count = wanted.clamp(least.min(64), most.max(least).min(64));
        let count = if closed { count.min(first.len()) } else { count };
        let mut values = Vec::new();
        for at in 0..count {
            let schemas: Vec<&'d Value> = match first.get(at) {
                Some(schema) => vec![*schema],
                None => items.clone(),
            };
            let path = format!("{path}/{at}");
            match self.all(&schemas, &path, depth + 1) {
                Some(value) => values.push(value),
                None if values.len() >= least => break,
                None => return None,
            }
        }
        Some(Value::Array(values))
    }

    fn object(&mut self, parts: &Parts<'d>, path: &str, depth: usize) -> Option<Value> {
        let mut properties: BTreeMap<&'d String, Vec<&'d Value>> = BTreeMap::new();
        let mut required: BTreeSet<&'d str> = BTreeSet::new();
        for part in parts {
            for (name, schema) in part.get("properties").and_then(Value::as_object).into_iter().flatten() {
                properties.entry(name).or_default().push(schema);
            }
            required.extend(list(part, "required").into_iter().filter_map(Value::as_str));
        }
        let mut fields = Map::new();
        for (name, schemas) in &properties {
            let must = required.contains(name.as_str());
            let wanted = must || (!self.lean(depth) && (self.wish == Wish::Most || self.dice.below(2) == 0));
            if !wanted {
                continue;
            }
            let inner = format!("{path}/{}", escaped(name));
            match self.all(schemas, &inner, depth + 1) {
                Some(value) => {
                    fields.insert((*name).clone(), value);
                    if !must {
                        self.sites.optional.insert(inner);
                    }
                }
                None if must => return None,
                None => {}
            }
        }
        let others: Vec<&'d Value> = parts
            .iter()
            .filter_map(|part| part.get("additionalProperties").or(part.get("unevaluatedProperties")))
            .collect();
        let open = others.iter().all(|other| **other != Value::Bool(false));
        let typed: Vec<&'d Value> = others.into_iter().filter(|other| other.is_object()).collect();
        for name in required.iter().filter(|name| !properties.contains_key(&(**name).to_owned())) {
            // Required and never declared: anything the others may be.
            fields.insert((*name).to_owned(), self.all(&typed, &format!("{path}/{}", escaped(name)), depth + 1)?);
        }
        let patterns: Vec<(&'d String, &'d Value)> =
            parts.iter().filter_map(|part| part.get("patternProperties")?.as_object()).flatten().collect();
        if !typed.is_empty() || !patterns.is_empty() || parts.iter().any(|part| part.contains_key("propertyNames")) {
            self.sites.typed.insert(path.to_owned());
        }
        self.sites.objects.insert(path.to_owned());
        let least = bound(parts, "minProperties").max().unwrap_or(0);
        let more = if typed.is_empty() || self.lean(depth) { 0 } else { 2 };
        let names = parts.iter().find_map(|part| part.get("propertyNames"));
        for at in 0..8 {
            if !open || at >= more && fields.len() >= least {
                break;
            }
            let key = match names {
                Some(names) => match self.all(&[names, &TEXT], "", depth + 1) {
                    Some(Value::String(key)) => key,
                    _ => break,
                },
                None => format!("extra_{at}"),
            };
            let inner = format!("{path}/{}", escaped(&key));
            match self.all(&typed, &inner, depth + 1) {
                Some(value) => drop(fields.insert(key, value)),
                None => break,
            }
        }
        for (pattern, schema) in patterns {
            if self.lean(depth) {
                break;
            }
            let Some(key) = texts::of_pattern(pattern, &mut self.dice) else { continue };
            let inner = format!("{path}/{}", escaped(&key));
            if let Some(value) = self.all(&[schema], &inner, depth + 1) {
                fields.insert(key, value);
            }
        }
        Some(Value::Object(fields))
    }
}

fn is_whole_by_format(part: &Map<String, Value>) -> bool {
    matches!(part.get("format").and_then(Value::as_str), Some("int32" | "int64"))
}

static TEXT: std::sync::LazyLock<Value> = std::sync::LazyLock::new(|| json!({"type": "string"}));

fn bound<'p>(parts: &'p Parts<'_>, keyword: &'p str) -> impl Iterator<Item = usize> + 'p {
    parts.iter().filter_map(move |part| usize::try_from(part.get(keyword)?.as_u64()?).ok())
}

fn list<'d>(map: &'d Map<String, Value>, keyword: &str) -> Vec<&'d Value> {
    map.get(keyword).and_then(Value::as_array).into_iter().flatten().collect()
}

fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

pub(crate) fn is_of(value: &Value, ty: &str) -> bool {
    match value {
        Value::Null => ty == "null",
        Value::Bool(_) => ty == "boolean",
        Value::Number(number) => ty == "number" || ty == "integer" && !number.is_f64(),
        Value::String(_) => ty == "string",
        Value::Array(_) => ty == "array",
        Value::Object(_) => ty == "object",
    }
}

/// The JSON types that the keywords of a schema are about where it says no type; `None` where it says one.
pub(crate) fn about(root: &Value, schema: &Value) -> Option<Vec<&'static str>> {
    let mut parts = Vec::new();
    Maker::new(root).gather(schema, &mut parts, "", 0)?;
    let says = |part: &Map<String, Value>| ["type", "enum", "const"].iter().any(|key| part.contains_key(*key));
    (!parts.iter().any(|part| says(part))).then(|| types(&parts))
}

const TYPES: [&str; 7] = ["object", "string", "number", "integer", "boolean", "array", "null"];

/// The types that all parts admit; where none says one, those that the keywords are about.
fn types(parts: &Parts<'_>) -> Vec<&'static str> {
    let mut admitted: Option<Vec<&'static str>> = None;
    for part in parts {
        let said: Vec<&str> = match part.get("type") {
            Some(Value::String(one)) => vec![one.as_str()],
            Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
            _ => continue,
        };
        let admits = |ty: &str| said.contains(&ty) || ty == "integer" && said.contains(&"number");
        let known = admitted.take().unwrap_or_else(|| TYPES.to_vec());
        admitted = Some(known.into_iter().filter(|ty| admits(ty)).collect());
    }
    let about = |keywords: &[&str]| parts.iter().any(|part| keywords.iter().any(|key| part.contains_key(*key)));
    match admitted {
        Some(types) if types.contains(&"number") => types.into_iter().filter(|ty| *ty != "integer").collect(),
        Some(types) => types,
        None if about(&["properties", "additionalProperties", "required", "minProperties", "patternProperties"]) => {
            vec!["object"]
        }
        None if about(&["items", "prefixItems", "minItems", "maxItems"]) => vec!["array"],
        None if about(&["pattern", "minLength", "maxLength", "format"]) => vec!["string"],
        None if about(&["minimum", "maximum", "multipleOf", "exclusiveMinimum", "exclusiveMaximum"]) => vec!["number"],
        None => vec!["string", "integer", "object", "array", "boolean", "null"],
    }
}
