//! Does a value have the shape that an operation wants?
//!
//! Shapes are short texts beside the routes: `name: text(1..255), owner_id: int, description?: text(..5000)|null,
//! tags?: text[], items: {product_id: int, quantity: int(1..)}[](1..)`. A `?` lets a field be left out, `|null` lets it
//! be null, bounds are of a text's or list's length or of a number, and `word(a/b)` is one of these words.
//!
//! Two kinds of mistakes: what a typed client can never send (an unknown field, a number where a text is due) is a
//! *violation*; a value out of bounds is a *mistake* of the caller, which the service answers.

use serde_json::{Map, Value, json};

/// A value out of bounds.
#[derive(Clone, Debug)]
pub(crate) struct Mistake {
    /// The way to it: `body`, `items`, 0.
    pub(crate) loc: Vec<Value>,
    /// The kind, in the framework's words.
    pub(crate) kind: &'static str,
    pub(crate) message: String,
    pub(crate) input: Value,
}

/// What came of looking at a value.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    pub(crate) mistakes: Vec<Mistake>,
    pub(crate) violations: Vec<String>,
}

/// The fields of an object.
#[derive(Debug)]
pub(crate) struct Shape(Vec<Field>);

#[derive(Debug)]
struct Field {
    name: String,
    required: bool,
    kind: Kind,
    bounds: Bounds,
    /// The bounds of the list, if it is one.
    list: Option<Bounds>,
    nullable: bool,
}

#[derive(Debug)]
enum Kind {
    Int,
    Num,
    Bool,
    Text,
    Email,
    Uuid,
    Time,
    Object,
    Any,
    File,
    Word(Vec<String>),
    Shape(Shape),
}

#[derive(Clone, Copy, Debug, Default)]
struct Bounds {
    low: Option<f64>,
    high: Option<f64>,
}

impl Bounds {
    fn hold(self, value: f64) -> bool {
        self.low.is_none_or(|low| value >= low) && self.high.is_none_or(|high| value <= high)
    }
}

impl Shape {
    /// Reads a shape. The texts are ours, so a mistake in one is told by a field that no request can have.
    pub(crate) fn parse(text: &str) -> Self {
        let mut rest = text;
        Self::fields(&mut rest).unwrap_or_else(|| {
            Self(vec![Field {
                name: format!("(unreadable shape near `{rest}`)"),
                required: true,
                kind: Kind::Any,
                bounds: Bounds::default(),
                list: None,
                nullable: false,
            }])
        })
    }

    fn fields(rest: &mut &str) -> Option<Self> {
        let mut fields = Vec::new();
        loop {
            *rest = rest.trim_start();
            if rest.is_empty() || rest.starts_with('}') {
                return Some(Self(fields));
            }
            let (name, after) = rest.split_once(':')?;
            *rest = after.trim_start();
            let required = !name.ends_with('?');
            let name = name.trim_end_matches('?').to_owned();
            let (kind, bounds) = Self::kind(rest)?;
            let list = if eat(rest, "[]") { Some(bounds_of(rest)?) } else { None };
            let nullable = eat(rest, "|null");
            fields.push(Field { name, required, kind, bounds, list, nullable });
            *rest = rest.trim_start();
            if !eat(rest, ",") && !rest.is_empty() && !rest.starts_with('}') {
                return None;
            }
        }
    }

    fn kind(rest: &mut &str) -> Option<(Kind, Bounds)> {
        if eat(rest, "{") {
            let shape = Self::fields(rest)?;
            return eat(rest, "}").then_some((Kind::Shape(shape), Bounds::default()));
        }
        let end = rest.find(|character: char| !character.is_ascii_alphabetic()).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        *rest = after;
        let kind = match word {
            "int" => Kind::Int,
            "num" => Kind::Num,
            "bool" => Kind::Bool,
            "text" => Kind::Text,
            "email" => Kind::Email,
            "uuid" => Kind::Uuid,
            "time" => Kind::Time,
            "object" => Kind::Object,
            "any" => Kind::Any,
            "file" => Kind::File,
            "word" => {
                let (words, after) = rest.strip_prefix('(')?.split_once(')')?;
                *rest = after;
                return Some((Kind::Word(words.split('/').map(str::to_owned).collect()), Bounds::default()));
            }
            _ => return None,
        };
        Some((kind, bounds_of(rest)?))
    }

    /// Looks at a JSON object.
    pub(crate) fn check_json(&self, value: &Value, loc: &[Value], findings: &mut Findings) {
        let Value::Object(object) = value else {
            findings.violations.push(format!("{} is no object: {value}", way(loc)));
            return;
        };
        self.check_object(object, loc, findings);
    }

    fn check_object(&self, object: &Map<String, Value>, loc: &[Value], findings: &mut Findings) {
        for name in object.keys().filter(|name| self.0.iter().all(|field| field.name != **name)) {
            findings.violations.push(format!("{} has an unknown field `{name}`", way(loc)));
        }
        for field in &self.0 {
            let loc: Vec<Value> = loc.iter().cloned().chain([json!(field.name)]).collect();
            match object.get(&field.name) {
                None if field.required => findings.violations.push(format!("{} is missing", way(&loc))),
                None => {}
                Some(Value::Null) if field.nullable => {}
                Some(value) => field.check(value, &loc, findings),
            }
        }
    }

    /// Types the pairs of a query or a form, and looks at them.
    pub(crate) fn check_pairs(
        &self,
        pairs: &[(String, String)],
        place: &str,
        findings: &mut Findings,
    ) -> Map<String, Value> {
        let mut object = Map::new();
        for (name, text) in pairs {
            let Some(field) = self.0.iter().find(|field| field.name == *name) else {
                findings.violations.push(format!("{place} has an unknown parameter `{name}`"));
                continue;
            };
            let Some(value) = field.kind.typed(text) else {
                findings.violations.push(format!("{place}.{name}: `{text}` is no {:?}", field.kind));
                continue;
            };
            if field.list.is_some() {
                if let Value::Array(items) = object.entry(name).or_insert_with(|| json!([])) {
                    items.push(value);
                }
            } else if object.insert(name.clone(), value).is_some() {
                findings.violations.push(format!("{place} has `{name}` twice"));
            }
        }
        self.check_object(&object, &[json!(place)], findings);
        object
    }
}

impl Kind {
    /// The value that a text stands for.
    fn typed(&self, text: &str) -> Option<Value> {
        match self {
            Self::Int => text.parse::<i64>().ok().filter(|value| value.to_string() == text).map(Value::from),
            Self::Num => text.parse::<f64>().ok().map(Value::from),
            Self::Bool => text.parse::<bool>().ok().map(Value::from),
            Self::Object | Self::Shape(_) => None,
            _ => Some(Value::from(text)),
        }
    }
}

impl Field {
    fn check(&self, value: &Value, loc: &[Value], findings: &mut Findings) {
        let Some(bounds) = self.list else {
            return self.check_one(value, loc, findings);
        };
        let Value::Array(items) = value else {
            findings.violations.push(format!("{} is no list: {value}", way(loc)));
            return;
        };
        for (index, item) in items.iter().enumerate() {
            let loc: Vec<Value> = loc.iter().cloned().chain([json!(index)]).collect();
            self.check_one(item, &loc, findings);
        }
        let kind = if bounds.low.is_some_and(|low| length(items.len()) < low) { "too_short" } else { "too_long" };
        if !bounds.hold(length(items.len())) {
            findings.mistake(loc, kind, format!("List should have {bounds:?} items"), value);
        }
    }

    fn check_one(&self, value: &Value, loc: &[Value], findings: &mut Findings) {
        let fits = match (&self.kind, value) {
            (Kind::Int, Value::Number(number)) => number.is_i64() || number.is_u64(),
            (Kind::Num, Value::Number(_))
            | (Kind::Bool, Value::Bool(_))
            | (Kind::Object, Value::Object(_))
            | (Kind::Any, _) => true,
            (Kind::Text | Kind::Email | Kind::Word(_) | Kind::File, Value::String(_)) => true,
            (Kind::Uuid, Value::String(text)) => is_uuid(text),
            (Kind::Time, Value::String(text)) => is_time(text),
            (Kind::Shape(shape), value) => return shape.check_json(value, loc, findings),
            _ => false,
        };
        if !fits {
            findings.violations.push(format!("{} is no {:?}: {value}", way(loc), self.kind));
            return;
        }
        match (&self.kind, value) {
            (Kind::Word(words), Value::String(text)) if !words.contains(text) => {
                findings.mistake(loc, "enum", format!("Input should be one of {}", words.join(", ")), value);
            }
            (Kind::Email, Value::String(text))
                if !text.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.contains('.')) =>
            {
                findings.mistake(loc, "value_error", "value is not a valid email address".to_owned(), value);
            }
            (Kind::Text | Kind::Email, Value::String(text)) if !self.bounds.hold(length(text.chars().count())) => {
                let short = self.bounds.low.is_some_and(|low| length(text.chars().count()) < low);
                let (kind, word) =
                    if short { ("string_too_short", "at least") } else { ("string_too_long", "at most") };
                findings.mistake(loc, kind, format!("String should have {word} the bound of characters"), value);
            }
            (Kind::Int | Kind::Num, Value::Number(number))
                if !self.bounds.hold(number.as_f64().unwrap_or(f64::NAN)) =>
            {
                let low = self.bounds.low.is_some_and(|low| number.as_f64().unwrap_or(f64::NAN) < low);
                let (kind, word, bound) = if low {
                    ("greater_than_equal", "greater than or equal to", self.bounds.low)
                } else {
                    ("less_than_equal", "less than or equal to", self.bounds.high)
                };
                findings.mistake(loc, kind, format!("Input should be {word} {}", bound.unwrap_or_default()), value);
            }
            _ => {}
        }
    }
}

impl Findings {
    fn mistake(&mut self, loc: &[Value], kind: &'static str, message: String, input: &Value) {
        self.mistakes.push(Mistake { loc: loc.to_vec(), kind, message, input: input.clone() });
    }
}

/// Lengths in this crate are far below 2^52.
#[allow(clippy::cast_precision_loss)]
fn length(length: usize) -> f64 {
    length as f64
}

fn way(loc: &[Value]) -> String {
    loc.iter().map(|step| step.as_str().map_or_else(|| step.to_string(), str::to_owned)).collect::<Vec<_>>().join(".")
}

fn eat(rest: &mut &str, start: &str) -> bool {
    match rest.strip_prefix(start) {
        Some(after) => {
            *rest = after;
            true
        }
        None => false,
    }
}

/// `(1..255)`, `(..5000)`, `(0..)` or nothing. `None` if there is something else in the brackets.
fn bounds_of(rest: &mut &str) -> Option<Bounds> {
    if !eat(rest, "(") {
        return Some(Bounds::default());
    }
    let (range, after) = rest.split_once(')')?;
    *rest = after;
    let (low, high) = range.split_once("..")?;
    let bound = |text: &str| if text.is_empty() { Some(None) } else { text.parse().ok().map(Some) };
    Some(Bounds { low: bound(low)?, high: bound(high)? })
}

pub(crate) fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text
            .bytes()
            .enumerate()
            .all(|(at, byte)| if matches!(at, 8 | 13 | 18 | 23) { byte == b'-' } else { byte.is_ascii_hexdigit() })
}

/// RFC 3339 as a client should write it: digits in their places and an offset.
fn is_time(text: &str) -> bool {
    let pattern = b"0000-00-00T00:00:00";
    let bytes = text.as_bytes();
    if bytes.len() <= pattern.len() {
        return false;
    }
    let (head, tail) = bytes.split_at(pattern.len());
    let shaped = head
        .iter()
        .zip(pattern)
        .all(|(byte, wanted)| if *wanted == b'0' { byte.is_ascii_digit() } else { byte == wanted });
    let tail = match tail.strip_prefix(b".") {
        Some(fraction) => {
            let digits = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
            if digits == 0 {
                return false;
            }
            &fraction[digits..]
        }
        None => tail,
    };
    let offset = match tail {
        b"Z" => true,
        [b'+' | b'-', h1, h2, b':', m1, m2] => [h1, h2, m1, m2].iter().all(|byte| byte.is_ascii_digit()),
        _ => false,
    };
    shaped && offset
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(shape: &str, value: &Value) -> (usize, Vec<String>) {
        let mut findings = Findings::default();
        Shape::parse(shape).check_json(value, &[json!("body")], &mut findings);
        (findings.mistakes.len(), findings.violations)
    }

    #[test]
    fn violations_and_mistakes_are_told_apart() {
        let shape = "name: text(1..3), note?: text|null, tags?: text[](..2), items: {id: int, n: num(0..)}[](1..), kind?: word(a/b)";
        let item = json!({"id": 1, "n": 0.5});
        for (value, mistakes, violations) in [
            (json!({"name": "abc", "items": [item]}), 0, 0),
            (json!({"name": "abc", "note": null, "tags": ["x"], "items": [item], "kind": "a"}), 0, 0),
            (json!({"name": "", "items": []}), 2, 0),
            (json!({"name": "abcd", "tags": ["x", "y", "z"], "items": [item], "kind": "c"}), 3, 0),
            (json!({"name": 1, "items": [{"id": 1.5, "n": "1", "x": 1}]}), 0, 4),
            (json!({"name": null, "tags": null}), 0, 3),
            (json!([]), 0, 1),
        ] {
            let (found, told) = look(shape, &value);
            assert_eq!((found, told.len()), (mistakes, violations), "{value}: {told:?}");
        }
        assert_eq!(look("a int", &json!({})).1.len(), 1, "an unreadable shape");
    }

    #[test]
    fn times_have_an_offset() {
        for (text, good) in [
            ("2026-11-20T09:15:00Z", true),
            ("2026-11-20T09:15:00.25+01:00", true),
            ("2026-11-20T09:15:00", false),
            ("2026-11-20 09:15:00Z", false),
            ("2026-11-20T09:15:00.Z", false),
        ] {
            assert_eq!(is_time(text), good, "{text}");
        }
    }

    #[test]
    fn pairs_are_typed() {
        let shape = Shape::parse("skip?: int(0..), tags?: text[], deep?: bool");
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let mut findings = Findings::default();
        let object = shape.check_pairs(
            &[pair("skip", "4"), pair("tags", "a"), pair("tags", "b"), pair("deep", "true")],
            "query",
            &mut findings,
        );
        assert_eq!(Value::Object(object), json!({"skip": 4, "tags": ["a", "b"], "deep": true}));
        assert!(findings.violations.is_empty());
        shape.check_pairs(
            &[pair("skip", "4"), pair("skip", "5"), pair("deep", "True"), pair("x", "")],
            "query",
            &mut findings,
        );
        assert_eq!(findings.violations.len(), 3, "{:?}", findings.violations);
    }
}
