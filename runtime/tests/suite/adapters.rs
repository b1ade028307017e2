//! Are the values that JSON has no type for read and written as promised?

use std::collections::BTreeMap;

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sinew_runtime::{Nullable, Secret, generated};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct All {
    #[serde(with = "sinew_runtime::generated::naive_utc")]
    at: Timestamp,
    #[serde(with = "sinew_runtime::generated::naive_utc", default, skip_serializing_if = "Option::is_none")]
    maybe: Option<Timestamp>,
    #[serde(with = "sinew_runtime::generated::naive_utc", default, skip_serializing_if = "Nullable::is_absent")]
    nullable: Nullable<Timestamp>,
    #[serde(with = "sinew_runtime::generated::timestamp")]
    strict: Vec<Option<Box<Timestamp>>>,
    #[serde(with = "sinew_runtime::generated::base64")]
    bytes: BTreeMap<String, Vec<u8>>,
    #[serde(with = "sinew_runtime::generated::decimal_number")]
    number: Decimal,
    #[serde(with = "sinew_runtime::generated::decimal_text")]
    text: Option<Decimal>,
    password: Secret,
}

#[test]
fn adapters_work_through_containers() {
    let json = json!({
        "at": "2026-11-23T08:32:58",
        "nullable": null,
        "strict": ["2026-11-23T08:32:58+01:00"],
        "bytes": {"a": "-_8", "b": "AQI="},
        "number": 12.5,
        "text": "12.50",
        "password": "p",
    });
    let all: All = serde_json::from_value(json).expect("all of it");
    assert_eq!((all.maybe, all.nullable.is_null(), &all.bytes["a"][..]), (None, true, &[0xFB, 0xFF][..]));
    assert_eq!(
        serde_json::to_value(&all).expect("an object"),
        json!({
            "at": "2026-11-23T08:32:58Z",
            "nullable": null,
            "strict": ["2026-11-23T07:32:58Z"],
            "bytes": {"a": "+/8=", "b": "AQI="},
            "number": 12.5,
            "text": "12.50",
            "password": "p",
        })
    );
}

#[test]
fn timestamps_without_an_offset() {
    for (text, written) in [
        ("2026-11-23T08:32:58", Some("2026-11-23T08:32:58Z")),
        ("2026-11-23T08:33:02.250115", Some("2026-11-23T08:33:02.250115Z")),
        ("2026-11-23 08:33:10.259462", Some("2026-11-23T08:33:10.259462Z")),
        ("2026-11-23T08:32:58+02:00", Some("2026-11-23T06:32:58Z")),
        ("2026-11-23T08:32:58Z", Some("2026-11-23T08:32:58Z")),
        ("2026-11-23", None),
        ("08:32:58", None),
        ("", None),
        ("soon", None),
        ("2026-13-23T08:32:58", None),
    ] {
        let read = generated::naive_utc::text::<Timestamp>(json!(text).to_string().as_bytes());
        assert_eq!(read.as_ref().map(ToString::to_string).ok().as_deref(), written, "{text}");
        let strict = generated::timestamp::text::<Timestamp>(json!(text).to_string().as_bytes());
        assert_eq!(strict.is_ok(), text.ends_with('Z') || text.contains('+'), "{text}");
    }
    let error = generated::timestamp::text::<Timestamp>(b"\"2026-11-23T08:32:58\"").expect_err("no offset");
    assert!(error.contains("client.toml: [types] naive-timestamps = \"utc\""), "{error}");
    assert!(generated::naive_utc::text::<Timestamp>(b"7").is_err());
}

#[test]
fn decimals_are_numbers_or_texts() {
    for (json, text) in [
        (json!(3), "3"),
        (json!(0.1), "0.1"),
        (json!("12.50"), "12.50"),
        (json!("-1e-3"), "-0.001"),
        (json!(1e3), "1000"),
    ] {
        let read: Decimal = generated::decimal_number::text(json.to_string().as_bytes()).expect("a decimal");
        assert_eq!(read, text.parse().expect("a decimal"), "{json}");
    }
    for json in [json!("x"), json!(null), json!([]), json!("")] {
        assert!(generated::decimal_text::text::<Decimal>(json.to_string().as_bytes()).is_err());
    }
    #[derive(Serialize)]
    struct Price(#[serde(with = "sinew_runtime::generated::decimal_number")] Decimal);
    for (text, json) in [("3.00", "3"), ("0.10", "0.1"), ("-2.5", "-2.5")] {
        let price = Price(text.parse().expect("a decimal"));
        assert_eq!(serde_json::to_string(&price).expect("a number"), json);
    }
}

#[test]
fn base64_is_read_leniently_and_written_strictly() {
    for text in ["+/8=", "+/8", "-_8=", "-_8", "+/\n8="] {
        assert_eq!(
            generated::base64::text::<Vec<u8>>(json!(text).to_string().as_bytes()).ok(),
            Some(vec![0xFB, 0xFF]),
            "{text}"
        );
    }
    assert!(generated::base64::text::<Vec<u8>>(b"\"a b\"").is_err());
    #[derive(Serialize, Deserialize)]
    struct Both {
        #[serde(with = "sinew_runtime::generated::base64")]
        plain: Vec<u8>,
        #[serde(with = "sinew_runtime::generated::base64url")]
        url: Vec<Vec<u8>>,
    }
    let both: Both = serde_json::from_str(r#"{"plain":"-_8","url":["+/8=","-_8"]}"#).expect("either alphabet");
    assert_eq!(serde_json::to_string(&both).expect("texts"), r#"{"plain":"+/8=","url":["-_8","-_8"]}"#);
    assert_eq!(generated::base64::text::<Option<Vec<u8>>>(b"null").ok(), Some(None));
}

#[test]
fn absent_null_and_present_are_three() {
    #[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
    struct Patch {
        #[serde(default, skip_serializing_if = "Nullable::is_absent")]
        name: Nullable<String>,
    }
    for (text, name) in [
        ("{}", Nullable::Absent),
        (r#"{"name":null}"#, Nullable::Null),
        (r#"{"name":"a"}"#, Nullable::Present("a".to_owned())),
    ] {
        let patch: Patch = serde_json::from_str(text).expect("a patch");
        assert_eq!(patch.name, name);
        assert_eq!(serde_json::to_string(&patch).expect("an object"), text);
    }
    assert_eq!(Nullable::<i32>::from(Some(1)).map(|value| value + 1).into_value(), Some(2));
    assert_eq!(Nullable::<i32>::from(None).value(), None);
}

#[test]
fn decimals_keep_every_digit_wherever_they_stand() {
    use generated::json;
    #[derive(Debug, PartialEq)]
    struct Bill {
        total: Decimal,
        parts: Vec<Decimal>,
        rest: BTreeMap<String, Decimal>,
    }
    json::record!(Bill { total "total" as decimal_number, parts "parts" as decimal_number }, rest as decimal_number);
    let text = r#"{"total":1234567890123456789.0123456789,"parts":[0.1234567890123456789012345,-7],"tax":0.30000000000000000004}"#;
    let bill: Bill = json::text(text.as_bytes()).expect("a bill");
    assert_eq!(bill.total.to_string(), "1234567890123456789.0123456789");
    assert_eq!(bill.rest["tax"].to_string(), "0.30000000000000000004");
    let list = "[12345678901234567890.12345678,0.5]";
    let read: Vec<Decimal> = generated::decimal_number::text(list.as_bytes()).expect("a list");
    assert_eq!(read[0].to_string(), "12345678901234567890.12345678");
    let naive: Vec<Timestamp> = generated::naive_utc::text(br#"["2026-11-23T08:32:58"]"#).expect("a list");
    assert_eq!(naive[0].to_string(), "2026-11-23T08:32:58Z");
    let error = json::text::<Bill>(br#"{"total":1e99,"parts":[]}"#).expect_err("too large");
    assert!(error.starts_with("`total`: not a decimal number") && !error.contains("1e99"), "{error}");
}
