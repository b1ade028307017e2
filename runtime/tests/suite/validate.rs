//! Are the bounds of a document held against values of every type?

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde_json::json;
use sinew_runtime::generated::{Found, Limit, Rule};
use sinew_runtime::{Nullable, Secret, Validate};

/// A value with the rules that are said where it is mentioned.
struct Held<T>(T, &'static [Rule]);

impl<T: Validate> serde::Serialize for Held<T> {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map([("v", &self.0)])
    }
}

impl<T: Validate> Validate for Held<T> {
    fn parts(&self, found: &mut Found) {
        found.field("v", &self.0, self.1);
    }
}

/// The paths and keywords of what is told.
fn told(value: impl Validate, rules: &'static [Rule]) -> Vec<String> {
    match Held(value, rules).validate() {
        Ok(()) => Vec::new(),
        Err(violations) => violations.iter().map(|found| format!("{} {}", found.path(), found.keyword())).collect(),
    }
}

#[test]
fn texts_are_counted_in_characters() {
    let rules = &[Rule::MinLength(2), Rule::MaxLength(3)];
    assert_eq!(told("é".to_owned(), rules), ["/v minLength"]);
    assert_eq!(told("éé".to_owned(), rules), [""; 0]);
    assert_eq!(told("🦀🦀🦀".to_owned(), rules), [""; 0]);
    assert_eq!(told("abcd".to_owned(), rules), ["/v maxLength"]);
}

#[test]
fn a_pattern_may_match_anywhere() {
    let rules = &[Rule::Pattern("b+", "b+")];
    assert_eq!(told("abc".to_owned(), rules), [""; 0]);
    assert_eq!(told("ac".to_owned(), rules), ["/v pattern"]);
    assert_eq!(told("ac".to_owned(), rules), ["/v pattern"], "from the cache");
}

#[test]
fn numbers_are_compared_as_what_they_are() {
    const RANGE: &[Rule] = &[Rule::Minimum(Limit::Whole(0)), Rule::ExclusiveMaximum(Limit::Real(0.5))];
    assert_eq!(told(-1i64, RANGE), ["/v minimum"]);
    assert_eq!(told(0u32, RANGE), [""; 0]);
    assert_eq!(told(1u64, RANGE), ["/v exclusiveMaximum"]);
    assert_eq!(told(0.5f64, RANGE), ["/v exclusiveMaximum"]);
    assert_eq!(told(0.499f32, RANGE), [""; 0]);
    assert_eq!(told(Decimal::new(5, 1), RANGE), ["/v exclusiveMaximum"]);
    let tenth = &[Rule::Maximum(Limit::Real(0.1)), Rule::ExclusiveMinimum(Limit::Whole(0))];
    assert_eq!(told(0.1f32, tenth), [""; 0], "a float is what it is written as");
    assert_eq!(told(0i32, tenth), ["/v exclusiveMinimum"]);
    let beyond = &[Rule::Maximum(Limit::Whole(9_007_199_254_740_993))];
    assert_eq!(told(9_007_199_254_740_994i64, beyond), ["/v maximum"]);
    assert_eq!(told(9_007_199_254_740_993i64, beyond), [""; 0]);
}

#[test]
fn multiples_of_decimal_fractions_are_found() {
    let rules = &[Rule::MultipleOf(Limit::Real(0.01))];
    for fine in [0.0, 0.29, 19.99, -4.35, 1e12] {
        assert_eq!(told(fine, rules), [""; 0], "{fine}");
    }
    assert_eq!(told(0.005, rules), ["/v multipleOf"]);
    assert_eq!(told(Decimal::new(1999, 2), rules), [""; 0]);
    assert_eq!(told(Decimal::new(19_999, 3), rules), ["/v multipleOf"]);
    assert_eq!(told(7i64, &[Rule::MultipleOf(Limit::Whole(5))]), ["/v multipleOf"]);
    assert_eq!(told(10i64, &[Rule::MultipleOf(Limit::Whole(5))]), [""; 0]);
    assert_eq!(told(10i64, &[Rule::MultipleOf(Limit::Whole(0))]), [""; 0], "nothing is divided by nothing");
}

#[test]
fn lists_and_their_items_have_rules_each() {
    let rules = &[
        Rule::MinItems(1),
        Rule::MaxItems(2),
        Rule::UniqueItems,
        Rule::Each(&[Rule::MaxLength(1)]),
        Rule::At(0, &[Rule::Pattern("a", "a")]),
    ];
    assert_eq!(told(Vec::<String>::new(), rules), ["/v minItems"]);
    let items = ["b", "bb", "b"].map(str::to_owned).to_vec();
    assert_eq!(told(items, rules), ["/v maxItems", "/v uniqueItems", "/v/1 maxLength", "/v/0 pattern"]);
}

#[test]
fn maps_have_keys_and_entries_and_paths_are_pointers() {
    let rules =
        &[Rule::MaxProperties(1), Rule::Keys(&[Rule::MaxLength(2)]), Rule::Each(&[Rule::Minimum(Limit::Whole(1))])];
    let map: BTreeMap<String, i64> = [("a/b".to_owned(), 1), ("~".to_owned(), 0)].into();
    assert_eq!(told(map, rules), ["/v maxProperties", "/v/a~1b maxLength", "/v/~0 minimum"]);
    let needs = &[Rule::Needs("card", &["address", "name"]), Rule::MinProperties(1)];
    assert_eq!(told(json!({"card": 1, "name": 2}), needs), ["/v dependentRequired"]);
    assert_eq!(told(json!({}), needs), ["/v minProperties"]);
}

#[test]
fn any_json_keeps_the_rules_of_its_type() {
    let rules = &[Rule::MinLength(2), Rule::Minimum(Limit::Whole(2)), Rule::MinItems(1), Rule::MinProperties(1)];
    for (value, keyword) in
        [(json!("a"), "minLength"), (json!(1), "minimum"), (json!([]), "minItems"), (json!({}), "minProperties")]
    {
        assert_eq!(told(value, rules), [format!("/v {keyword}")]);
    }
    assert_eq!(told(json!(null), rules), [""; 0]);
    assert_eq!(told(json!(1.5), rules), ["/v minimum"]);
}

#[test]
fn what_is_not_there_breaks_no_rule() {
    let rules = &[Rule::MinLength(1)];
    assert_eq!(told(None::<String>, rules), [""; 0]);
    assert_eq!(told(Nullable::<String>::Null, rules), [""; 0]);
    assert_eq!(told(Some(Box::new(String::new())), rules), ["/v minLength"]);
    assert_eq!(told(Nullable::Present(String::new()), rules), ["/v minLength"]);
}

#[test]
fn a_secret_is_held_against_its_rules_and_not_shown() {
    let held = Held(Secret::from("hunter2"), &[Rule::MinLength(8), Rule::Pattern("^x", "^x")]);
    let violations = held.validate().unwrap_err();
    assert_eq!(violations.to_string(), "`/v` must have at least 8 characters; `/v` must match `^x`");
    assert!(!format!("{violations:?}").contains("hunter2"));
}
