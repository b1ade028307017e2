//! Is what was written the same value as what was read?
//!
//! Numbers are compared by value. A text that is a point in time is the same as another that is the same point: the generated
//! types keep the instant, not the offset it was written with.

use serde_json::{Number, Value};

/// Where two values differ first, or `None` where they are equal. Places in `free` may be missing on the right.
pub(super) fn difference(left: &Value, right: &Value, free: &[String]) -> Option<String> {
    at(left, right, free, "")
}

fn at(left: &Value, right: &Value, free: &[String], path: &str) -> Option<String> {
    let shown = if path.is_empty() { "the value" } else { path };
    match (left, right) {
        (Value::Number(a), Value::Number(b)) if same_number(a, b) => None,
        (Value::String(a), Value::String(b)) if a == b || same_time(a, b) => None,
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            a.iter().zip(b).enumerate().find_map(|(index, (a, b))| at(a, b, free, &format!("{path}/{index}")))
        }
        (Value::Object(a), Value::Object(b)) => {
            for (key, value) in a {
                let inner = format!("{path}/{}", key.replace('~', "~0").replace('/', "~1"));
                match b.get(key) {
                    Some(other) => {
                        if let Some(found) = at(value, other, free, &inner) {
                            return Some(found);
                        }
                    }
                    None if free.contains(&inner) => {}
                    None => return Some(format!("{inner} is lost ({})", brief(value))),
                }
            }
            let new = b.keys().find(|key| !a.contains_key(*key))?;
            Some(format!("{path}/{new} came from nowhere"))
        }
        (a, b) if a == b => None,
        (a, b) => Some(format!("{shown}: {} became {}", brief(a), brief(b))),
    }
}

fn same_number(a: &Number, b: &Number) -> bool {
    match (a.as_i128(), b.as_i128()) {
        (Some(a), Some(b)) => a == b,
        _ => a.as_f64() == b.as_f64(),
    }
}

fn same_time(a: &str, b: &str) -> bool {
    let time = |text: &str| text.parse::<jiff::Timestamp>().ok();
    a.len() > 10 && time(a).is_some_and(|a| time(b) == Some(a))
}

pub(super) fn brief(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() > 60 { text.chars().take(57).chain("...".chars()).collect() } else { text }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_differs_is_named() {
        let same = |a, b| assert_eq!(difference(&a, &b, &[]), None);
        same(json!({"a": 1}), json!({"a": 1.0}));
        same(json!("2024-02-29T23:59:59.999+02:00"), json!("2024-02-29T21:59:59.999Z"));
        let differs = |a, b, why: &str| assert_eq!(difference(&a, &b, &[]).as_deref(), Some(why));
        differs(
            json!(9_007_199_254_740_993_i64),
            json!(9_007_199_254_740_992_i64),
            "the value: 9007199254740993 became 9007199254740992",
        );
        differs(json!({"a": null}), json!({}), "/a is lost (null)");
        differs(json!({}), json!({"a": null}), "/a came from nowhere");
        differs(json!({"a": [{"b": "1.0"}]}), json!({"a": [{"b": "1"}]}), "/a/0/b: \"1.0\" became \"1\"");
        assert_eq!(difference(&json!({"a/b": null}), &json!({}), &["/a~1b".to_owned()]), None);
    }
}
