//! Are lists of numbers, truths and mixed values types, as open as lists of words?
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use golden_listed::types::{
    Action, Closed, Level, Listed, ListedTruth, ListedVersion, ListedWords, Mixed, Size, Titled,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use sinew_runtime::generated::{Parameter, ParameterValue};

fn kept<T: DeserializeOwned + Serialize>(value: &Value) -> T {
    let decoded: T = serde_json::from_value(value.clone()).unwrap_or_else(|error| panic!("{value}: {error}"));
    assert_eq!(serde_json::to_value(&decoded).unwrap(), *value);
    decoded
}

#[test]
fn a_number_that_is_not_listed_is_kept() {
    assert_eq!(kept::<Level>(&json!(20)), Level::Middle);
    assert_eq!(kept::<Level>(&json!(25)), Level::Unknown(25));
    assert_eq!((Level::from(30), i64::from(Level::High), Level::Low.to_string()), (Level::High, 30, "10".to_owned()));
    assert_eq!(kept::<Size>(&json!(4)), Size::Value4);
    assert_eq!(kept::<Titled>(&json!(2)), Titled::SendAlert);
    assert!(serde_json::from_value::<Level>(json!("20")).is_err(), "a text is no number");
}

#[test]
fn values_of_several_kinds_are_told_apart() {
    for (value, expected) in [
        (json!("auto"), Mixed::Auto),
        (json!(1), Mixed::Value1),
        (json!(1.5), Mixed::Value15),
        (json!(true), Mixed::True),
        (json!("1"), Mixed::_1),
        (json!("new"), Mixed::Unknown(json!("new"))),
        (json!(2), Mixed::Unknown(json!(2))),
    ] {
        assert_eq!(kept::<Mixed>(&value), expected);
    }
}

#[test]
fn a_single_value_is_a_constant_and_exhaustive_lists_are_closed() {
    assert_eq!((ListedVersion::default().get(), ListedTruth::default().to_value()), (2, json!(true)));
    let made = Listed::new(Level::High);
    assert_eq!(serde_json::to_value(made).unwrap(), json!({"level": 30, "version": 2, "truth": true}));
    assert_eq!(Closed::ALL, [Closed::Value1, Closed::Value2]);
    let error = serde_json::from_value::<Closed>(json!(3)).unwrap_err();
    assert!(error.to_string().contains("expected `1`, `2`"), "{error}");
    assert!(serde_json::from_value::<ListedTruth>(json!(false)).is_err());
}

#[test]
fn every_value_comes_out_as_it_went_in() {
    let _: Listed = kept(&json!({
        "level": 10, "version": 2, "truth": true, "size": 7, "signed": -1, "mixed": "1", "closed": 2, "nullable": null,
        "words": null, "both": false, "fractions": 0.5, "big": 9_223_372_036_854_775_808_u64, "structured": {"a": 1},
        "action": {"type": 2, "metadata": {}}, "titled": 3, "twice": 2
    }));
    for word in ["", " ", "on", "ON", "On", "1", "+", "off"] {
        let _: ListedWords = kept(&json!(word));
    }
}

#[test]
fn alternatives_are_told_apart_by_a_number() {
    for value in [json!({"type": 1, "metadata": {"message": "no"}}), json!({"type": 1, "metadata": {}})] {
        assert!(matches!(kept::<Action>(&value), Action::Block(_)), "{value}");
    }
    assert!(matches!(kept::<Action>(&json!({"type": 2, "metadata": {}})), Action::Alert(_)));
    assert!(matches!(kept::<Action>(&json!({"type": 3, "metadata": {"new": 1}})), Action::Unknown(_)));
}

#[test]
fn as_parameters_they_are_what_is_written() {
    assert!(matches!(Level::Middle.parameter(), ParameterValue::Text(text) if text == "20"));
    assert!(matches!(Mixed::Value1.parameter(), ParameterValue::Text(text) if text == "1"));
}
