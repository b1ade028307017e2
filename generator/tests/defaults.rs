//! Are the document's defaults values of Rust, and does what is left out stay left out?
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::float_cmp)]

use golden_defaults::Search;
use golden_defaults::types::{Filter, Half, Job, Kind, Level, Order, Settings, SettingsOddWord};
use serde_json::json;

#[test]
fn what_may_be_absent_is_absent_by_default() {
    assert_eq!(serde_json::to_value(Settings::default()).unwrap(), json!({}), "the service knows its defaults");
    assert_eq!(Search::default().limit, None);
}

#[test]
fn what_holds_where_nothing_is_sent_is_a_constant() {
    let query = Search { limit: Some(Search::DEFAULT_LIMIT * 2), ..Search::default() };
    assert_eq!(query.limit, Some(100));
    assert_eq!(Search::DEFAULT_ORDER, Order::Oldest, "said at the type");
    assert_eq!(Search::DEFAULT_KINDS, [Kind::Image, Kind::Text]);

    let settings = Settings::default();
    assert!(settings.truth.unwrap_or(Settings::DEFAULT_TRUTH));
    assert_eq!(settings.text.as_deref().unwrap_or(Settings::DEFAULT_TEXT), "a \"quoted\" \\ word");
    assert_eq!(Settings::DEFAULT_WHOLE, -3);
    assert_eq!(Settings::DEFAULT_WHOLE_AS_REAL, 7_i32, "7.0 is a whole number");
    assert_eq!(Settings::DEFAULT_UNSIGNED, u64::MAX);
    assert_eq!(Settings::DEFAULT_SINGLE, -0.1_f32);
    assert_eq!(Settings::DEFAULT_ODD_WORD, SettingsOddWord::C);
    assert_eq!(Settings::DEFAULT_ORDER_HERE, Order::Newest, "what the field says comes before what its type says");
    assert_eq!(Settings::DEFAULT_NUMBERS, [1, -2]);
    assert_eq!(Settings::DEFAULT_WORDS, ["a", "b"]);
    assert_eq!(Half::DEFAULT_DEFAULTED, 1);
}

#[test]
fn what_must_be_sent_is_what_the_document_says() {
    let job = Job { name: "weekly".to_owned(), ..Job::default() };
    let expected = json!({
        "attempts": 3, "kind": "no word", "name": "weekly", "level": 2, "tags": ["a"], "ratio": 0.5, "maybe": 1, "marks": {},
        "fixed": "job"
    });
    assert_eq!(serde_json::to_value(job).unwrap(), expected, "the optional `note` stays absent");
    assert_eq!(serde_json::to_value(Filter::default()).unwrap(), json!({"all": [], "any": {}}));
    assert_eq!((Order::default(), Level::default()), (Order::Oldest, Level::Value2));
}

#[test]
fn what_is_no_value_of_the_type_is_no_constant() {
    let types = include_str!("cases/crates/defaults/crate/src/client/types.rs");
    for none in ["WRONG", "TOO_BIG", "WHEN", "OBJECT", "PASSWORD", "NIL", "NONE", "UNLISTED", "FIXED", "MARKS"] {
        assert!(!types.contains(&format!("DEFAULT_{none}:")), "{none}");
    }
    assert!(!types.contains("impl Default for Half"), "somebody has to say what is `given`");
}
