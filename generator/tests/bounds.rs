//! Does `validate()` of a generated crate tell what the document would not have so, and nothing else?
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use golden_bounds::types::{Card, Free, Holder, Line, Order, Unread};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use sinew_runtime::Validate;

/// What is told of a value, after a decoding that asks nothing.
fn told<T: DeserializeOwned + Validate>(value: &Value) -> Vec<String> {
    let decoded: T = serde_json::from_value(value.clone()).unwrap_or_else(|error| panic!("{value}: {error}"));
    match decoded.validate() {
        Ok(()) => Vec::new(),
        Err(violations) => violations.iter().map(|found| format!("{} {}", found.path(), found.keyword())).collect(),
    }
}

fn order(more: &Value) -> Value {
    let mut order = json!({"number": "12345", "lines": [{"quantity": 2}], "note": null});
    order.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    order
}

#[test]
fn a_value_within_its_bounds_is_told_nothing_of() {
    let whole = order(&json!({
        "lines": [{"quantity": 2, "price": 0.29, "weight": 0.1, "total": 0.07, "next": {"quantity": 98}}, {"quantity": 4}],
        "note": "short", "card": {"digits": "4111111111111111"}, "holder": "Ada", "address": {"street": "s", "city": "c"},
        "tags": ["a"], "matrix": [[0, 1], []], "either": "abc", "password": "hunter22",
        "id": "67e55044-10b1-426f-9247-bb680e5fe0c8", "data": "aGVsbG8gd29ybGQ=", "any": "ab", "mixed": 99,
        "color": "blue", "foreign": {}, "sent_on": "2026-11-23"
    }));
    assert_eq!(told::<Order>(&whole), [""; 0]);
    assert_eq!(told::<Order>(&order(&json!({}))), [""; 0]);
}

#[test]
fn every_field_is_told_by_its_path() {
    for (more, expected) in [
        (json!({"number": "1"}), vec!["/number minLength"]),
        (json!({"number": "x23456789"}), vec!["/number maxLength", "/number pattern"]),
        (json!({"lines": []}), vec!["/lines minItems"]),
        (json!({"lines": [{"quantity": 2}, {"quantity": 2}]}), vec!["/lines uniqueItems"]),
        (
            json!({"lines": [{"quantity": 3, "next": {"quantity": 0}}]}),
            vec!["/lines/0/quantity multipleOf", "/lines/0/next/quantity minimum"],
        ),
        (
            json!({"lines": [{"quantity": 100, "price": 0.001}]}),
            vec!["/lines/0/quantity exclusiveMaximum", "/lines/0/price minimum", "/lines/0/price multipleOf"],
        ),
        (json!({"lines": [{"quantity": 2, "weight": 0.0}]}), vec!["/lines/0/weight exclusiveMinimum"]),
        (json!({"note": "too long"}), vec!["/note maxLength"]),
        (json!({"holder": "A"}), vec!["/holder minLength"]),
        (json!({"holder": "Grace"}), vec!["/holder maxLength"]),
        (json!({"address": {"street": ""}}), vec!["/address minProperties", "/address/street minLength"]),
        (
            json!({"address": {"street": "s", "Country": ""}}),
            vec!["/address/Country maxLength", "/address/Country pattern", "/address/Country minLength"],
        ),
        (json!({"tags": ["a", ""]}), vec!["/tags/1 minLength"]),
        (json!({"matrix": [[0], [1, 2, -3]]}), vec!["/matrix/1 maxItems", "/matrix/1/2 minimum"]),
        (json!({"either": "abcd"}), vec!["/either maxLength"]),
        (json!({"either": [10]}), vec!["/either/0 maximum"]),
        (json!({"either": {"quantity": 1}}), vec!["/either/quantity multipleOf"]),
        (json!({"password": "short"}), vec!["/password minLength"]),
        (json!({"id": "57e55044-10b1-426f-9247-bb680e5fe0c8"}), vec!["/id pattern"]),
        (json!({"mixed": 100}), vec!["/mixed maximum"]),
        (json!({"mixed": "abc"}), vec!["/mixed maxLength"]),
        (json!({"card": {"digits": "4111111111111111"}}), vec![" dependentRequired", " dependentRequired"]),
    ] {
        assert_eq!(told::<Order>(&order(&more)), expected, "{more}");
    }
}

#[test]
fn what_parts_of_an_all_of_say_holds_together() {
    let card = json!({"digits": "1", "names": ["A"]});
    assert_eq!(told::<Card>(&card), ["/digits minLength", "/names/0 minLength"]);
    let three: Card = serde_json::from_value(json!({"digits": "123456789012", "names": []})).unwrap();
    assert_eq!(three.validate().unwrap_err().to_string(), "`/names` must have at least 1 item");
}

#[test]
fn maps_have_bounds_and_whole_values_an_empty_path() {
    let scores = json!({"scores": {"a": 11, "bb": 1, "c": 2}});
    assert_eq!(told::<Holder>(&scores), ["/scores maxProperties", "/scores/bb pattern", "/scores/a maximum"]);
    let few: Order = serde_json::from_value(json!({"number": "123", "lines": [{"quantity": 2}]})).unwrap();
    assert_eq!(few.validate().unwrap_err().to_string(), "the value must have at least 3 entries");
}

#[test]
fn a_decimal_is_held_against_what_it_is() {
    assert_eq!(told::<Line>(&json!({"quantity": 2, "total": 0.075})), ["/total multipleOf"]);
    assert_eq!(told::<Line>(&json!({"quantity": 2, "total": 99_999_999_999_999.99})), [""; 0]);
    assert_eq!(told::<Line>(&json!({"quantity": 2, "total": 100_000_000_000_000_i64})), ["/total maximum"]);
}

#[test]
fn what_cannot_be_checked_is_not() {
    assert_eq!(told::<Unread>(&json!({"password": "none", "doubled": "ab"})), [""; 0]);
    assert_eq!(told::<Unread>(&json!({"password": "no"})), ["/password minLength"]);
    assert_eq!(told::<Free>(&json!({})), [""; 0]);
}
