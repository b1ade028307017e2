//! Are lists whose items have types of their own tuples, where their length is known?
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use golden_tuples::types::{Node, Pair, Point, Tuples, TuplesEither};
use serde_json::{Value, json};
use sinew_runtime::Validate;
use sinew_runtime::generated::{Parameter, ParameterValue};

fn kept(more: &Value) -> Tuples {
    let mut value = json!({"pair": [1, "one"]});
    value.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let decoded: Tuples = serde_json::from_value(value.clone()).unwrap_or_else(|error| panic!("{value}: {error}"));
    assert_eq!(serde_json::to_value(&decoded).unwrap(), value);
    decoded
}

#[test]
fn every_tuple_comes_out_as_it_went_in() {
    let read = kept(&json!({
        "single": [true], "inner": [[2, "two"], {"x": 1.5}], "nullable": null,
        "kinds": ["2026-11-23T08:32:58Z", "aGVsbG8=", 0.1, "c", {"x": 1}],
        "many": [[3, "three"]], "mapped": {"a": [4, "four"]}, "node": {"child": ["a", {"child": ["b", {}]}]}, "either": [5, "five"],
        "open": [1, {"a": 2}], "with_rest": [1, "a", "b"], "short": [1], "long": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]
    }));
    let pair: Pair = (1, "one".to_owned());
    assert_eq!(read.pair, pair);
    assert_eq!(read.inner, Some(((2, "two".to_owned()), Point { x: 1.5 })));
    assert_eq!(read.either, Some(TuplesEither::Pair((5, "five".to_owned()))));
    kept(&json!({"nullable": ["a", null], "either": "text"}));
}

#[test]
fn a_tuple_of_another_length_is_none() {
    for wrong in [json!([1]), json!([1, "one", 2]), json!(["one", 1])] {
        assert!(serde_json::from_value::<Tuples>(json!({"pair": wrong})).is_err(), "{wrong}");
    }
}

#[test]
fn a_tuple_may_hold_the_type_that_it_belongs_to() {
    let inner = Node::default();
    let outer = Node { child: Some(Box::new(("a".to_owned(), inner))) };
    assert_eq!(serde_json::to_value(outer).unwrap(), json!({"child": ["a", {}]}));
}

#[test]
fn bounds_of_items_are_told_by_position() {
    let read =
        kept(&json!({"pair": [10, "one"], "nullable": ["", 0], "inner": [[1, "a"], {"x": -1.0}], "many": [[11, ""]]}));
    let violations = read.validate().unwrap_err();
    let mut paths: Vec<&str> = violations.iter().map(sinew_runtime::Violation::path).collect();
    paths.sort_unstable();
    assert_eq!(paths, ["/inner/1/x", "/many/0/0", "/nullable/0", "/nullable/1", "/pair/0"]);
}

#[test]
fn as_a_parameter_it_is_a_list() {
    let list = (1, "a".to_owned()).parameter();
    assert!(matches!(list, ParameterValue::List(items) if items.len() == 2));
}
