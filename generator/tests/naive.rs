//! With `naive-timestamps = "utc"`, is a time without an offset one in UTC wherever it stands?
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use golden_settings::types::Report;
use serde_json::{Value, json};

fn written(value: &Value) -> Value {
    let mut whole = json!({"at": "2026-11-23T08:00:00"});
    whole.as_object_mut().unwrap().extend(value.as_object().unwrap().clone());
    let report: Report = serde_json::from_value(whole).unwrap_or_else(|error| panic!("{value}: {error}"));
    serde_json::to_value(report).unwrap()
}

#[test]
fn a_time_without_an_offset_is_read_wherever_it_stands() {
    let (naive, utc) = ("2026-11-23T08:32:58", "2026-11-23T08:32:58Z");
    let with = |time: &str| {
        [
            json!({"span": [time, null]}),
            json!({"span": [time, time]}),
            json!({"noted": [[1, [time, time]], [2, [time, null]]]}),
            json!({"by_place": {"a": [time]}}),
            json!({"either": [time, time]}),
            json!({"either": time}),
            json!({"nested": {"a": time}}),
        ]
    };
    for (read, expected) in with(naive).iter().zip(with(utc)) {
        let mut expected = expected;
        expected.as_object_mut().unwrap().insert("at".to_owned(), "2026-11-23T08:00:00Z".into());
        assert_eq!(written(read), expected);
    }
    // What has one keeps its moment.
    assert_eq!(written(&json!({"span": ["2026-11-23T10:32:58+02:00", null]}))["span"][0], utc);
    assert!(serde_json::from_value::<Report>(json!({"at": naive, "span": ["noon", null]})).is_err());
}
