//! Is everything read as `serde_json` reads it, and written as `serde_json` writes it?

use std::collections::BTreeMap;

use serde_json::{Value, json as tree};

use super::{read, write};
use crate::Nullable;

#[derive(Debug, Clone, PartialEq)]
struct Thing {
    id: i64,
    name: String,
    tags: Vec<String>,
    size: Option<f64>,
    note: Nullable<String>,
    inner: Option<Box<Thing>>,
    rest: BTreeMap<String, Value>,
}

super::record!(Thing {
    id "id", name "name", tags "tags", size "size", note "note", inner "inner"
}, rest);

fn fault(text: &str) -> String {
    read::<Thing>(text.as_bytes()).expect_err(text).to_string()
}

#[test]
fn an_object_is_read_and_written_whole() {
    let text = r#"{"id":-7,"name":"a\"\u00e9\ud83d\ude00\n","tags":["x","y"],"size":1.5e3,"note":null,"inner":{"id":1,"name":"","tags":[]},"later":{"a":[1,{}]}}"#;
    let thing: Thing = read(text.as_bytes()).unwrap();
    assert_eq!(thing.name, "a\"é😀\n");
    assert_eq!((thing.size, &thing.note), (Some(1500.0), &Nullable::Null));
    assert_eq!(thing.rest["later"], tree!({"a": [1, {}]}));
    let value: Value = serde_json::from_str(text).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&write(&thing).unwrap()).unwrap(), value);
    // The same by way of serde, from a text and from a tree, to a text and to a tree.
    assert_eq!(serde_json::from_str::<Thing>(text).unwrap(), thing);
    assert_eq!(serde_json::from_value::<Thing>(value.clone()).unwrap(), thing);
    assert_eq!(serde_json::to_value(&thing).unwrap(), value);
    assert_eq!(serde_json::to_string(&thing).unwrap(), write(&thing).unwrap());
}

#[test]
fn a_fault_names_the_field_and_no_value() {
    for (text, expected) in [
        (r#"{"id":1,"name":"a"}"#, "missing field `tags` at line 1 column 20"),
        (r#"{"id":1,"id":2}"#, "duplicate field `id` at line 1 column 14"),
        ("{\"id\":1,\n\"name\":4711}", "`name`: invalid type: number, expected a string at line 2 column 8"),
        (r#"{"id":"canary"}"#, "`id`: invalid type: string, expected i64 at line 1 column 7"),
        (r#"{"id":1.5}"#, "`id`: invalid value: number, expected i64 at line 1 column 7"),
        (r#"{"tags":["a",null]}"#, "`tags[1]`: invalid type: null, expected a string at line 1 column 14"),
        (
            r#"{"inner":{"inner":{"tags":{}}}}"#,
            "`inner.inner.tags`: invalid type: object, expected a list at line 1 column 27",
        ),
        ("[]", "invalid type: list, expected an object at line 1 column 1"),
        ("", "the text ends where a value should be at line 1 column 1"),
    ] {
        assert_eq!(fault(text), expected, "{text}");
    }
}

#[test]
fn texts_are_written_as_serde_json_writes_them() {
    for text in ["", "plain", "\"\\\n\r\t\u{8}\u{c}\u{1f}\u{7f}", "äöü 😀 and more than eight bytes\u{0}", "exactly8\""]
    {
        assert_eq!(write(&text.to_owned()).unwrap(), serde_json::to_string(text).unwrap());
        assert_eq!(read::<String>(serde_json::to_string(text).unwrap().as_bytes()).unwrap(), text);
    }
    for number in [0.0, -0.0, 1.0, 1e21, 1.5e-7, f64::NAN, f64::MAX] {
        assert_eq!(write(&number).unwrap(), serde_json::to_string(&number).unwrap());
    }
}
