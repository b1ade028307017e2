//! Is every text read as `serde_json` reads it, the nasty ones too?
//!
//! Same acceptance and same value, but for what is listed here on purpose: `-0` is the integer 0, `1.0` and `1e3` are integers
//! too; a float is the nearest one
//! there is, where `serde_json` may be one off; an `f32` out of range is refused rather than infinite; and what is not UTF-8 is
//! no JSON, also where nobody reads it.

use std::collections::BTreeMap;
use std::fmt::Debug;

use proptest::prelude::*;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Decode, read};
use crate::Nullable;

macro_rules! things {
    ($module:ident $(, $derive:meta, $field:meta)?) => {
        mod $module {
            use super::*;
            #[derive(Debug, Clone, PartialEq $(, $derive)?)]
            pub(super) struct Thing {
                pub(super) id: i64,
                pub(super) name: String,
                pub(super) tags: Vec<String>,
                pub(super) size: Option<f64>,
                $(#[$field])?
                pub(super) note: Nullable<String>,
                pub(super) inner: Option<Box<Thing>>,
                pub(super) map: Option<BTreeMap<String, bool>>,
            }
        }
    };
}
things!(ours);
super::record!(Ours {
    id "id", name "name", tags "tags", size "size", note "note", inner "inner", map "map"
});
use ours::Thing as Ours;
things!(theirs, serde::Deserialize, serde(default));
use theirs::Thing as Theirs;

impl From<Theirs> for Ours {
    fn from(Theirs { id, name, tags, size, note, inner, map }: Theirs) -> Self {
        Self { id, name, tags, size, note, inner: inner.map(|inner| Box::new((*inner).into())), map }
    }
}

/// Both readings of a text, which are the same or on the list above.
fn same<T: Decode + DeserializeOwned + PartialEq + Debug>(text: &[u8], like: fn(&T, &T) -> bool) {
    compare(text, &serde_json::from_slice::<T>(text), like);
}

fn compare<T: Decode + Debug>(text: &[u8], theirs: &serde_json::Result<T>, like: fn(&T, &T) -> bool) {
    let ours = read::<T>(text);
    let shown = String::from_utf8_lossy(text);
    match (&ours, theirs) {
        (Ok(ours), Ok(theirs)) => assert!(like(ours, theirs), "{shown}: {ours:?} {theirs:?}"),
        (Err(_), Err(_)) => {}
        (Ok(_), Err(error)) if only_ours(&shown, &error.to_string()) => {}
        // What nobody reads is no text to `serde_json`, so it sees nothing wrong with it.
        (Err(_), Ok(_)) if std::str::from_utf8(text).is_err() => {}
        _ => panic!("{shown}: {ours:?} {theirs:?}"),
    }
}

/// Whether what `serde_json` says against a text is one of what it alone has against it.
fn only_ours(text: &str, why: &str) -> bool {
    // Of an integer of 128 bits it reads the digits before the point, and stumbles over what comes behind.
    let behind = text.contains(['.', 'e', 'E'])
        && ["trailing characters", "expected `,` or"].iter().any(|said| why.contains(said));
    behind || why.contains("floating point") || (text.contains("-0") && why.contains("number out of range"))
}

fn equal<T: PartialEq>(a: &T, b: &T) -> bool {
    a == b
}

/// The same, or its neighbour.
#[allow(clippy::trivially_copy_pass_by_ref, reason = "compared as all others are")]
fn near(a: &f64, b: &f64) -> bool {
    a.to_bits().abs_diff(b.to_bits()) <= 1
}

fn alike(a: &Ours, b: &Ours) -> bool {
    let bare = |thing: &Ours| Ours { size: None, inner: None, ..thing.clone() };
    let both = |a: &Option<Box<Ours>>, b: &Option<Box<Ours>>| match (a, b) {
        (Some(a), Some(b)) => alike(a, b),
        (a, b) => a.is_none() && b.is_none(),
    };
    let size = a.size.is_some() == b.size.is_some() && a.size.zip(b.size).is_none_or(|(a, b)| near(&a, &b));
    bare(a) == bare(b) && size && both(&a.inner, &b.inner)
}

fn all_types(text: &[u8]) {
    same::<i8>(text, equal);
    same::<i16>(text, equal);
    same::<i32>(text, equal);
    same::<i64>(text, equal);
    same::<i128>(text, equal);
    same::<u8>(text, equal);
    same::<u16>(text, equal);
    same::<u32>(text, equal);
    same::<u64>(text, equal);
    same::<u128>(text, equal);
    same::<Option<i64>>(text, equal);
    same::<Vec<i64>>(text, equal);
    same::<BTreeMap<String, i64>>(text, equal);
    same::<f64>(text, near);
    if let (Ok(ours), Ok(theirs)) = (read::<f32>(text), serde_json::from_slice::<f32>(text)) {
        assert!(ours.to_bits().abs_diff(theirs.to_bits()) <= 1);
    }
    same::<bool>(text, equal);
    same::<()>(text, equal);
    same::<String>(text, equal);
    same::<Vec<String>>(text, equal);
    same::<Option<Vec<Option<String>>>>(text, equal);
    same::<Value>(text, equal);
    same::<BTreeMap<String, Value>>(text, equal);
    // A struct is no list to us.
    if text.trim_ascii_start().first() != Some(&b'[') {
        compare(text, &serde_json::from_slice::<Theirs>(text).map(Ours::from), alike);
    }
}

const THING: &str = r#"{"id":-7, "unknown":{"a":[1,{"\ud800":"\udc00\u12aB"}],"b":-1.5E+7}, "name":"a\"\u00e9\ud83d\ude00\n",
    "tags":["x","y",""],"size":1.5e3,"note":null,"inner":{"name":"ä","id":1,"tags":[]},"map":{"k":true,"k":false}}"#;

#[test]
fn numbers() {
    let digits = "1234567890123456789012345678901234567890";
    for text in [
        "0",
        "-0",
        "-0.0",
        "0.0",
        "00",
        "01",
        "-01",
        "-",
        "+1",
        "1.",
        ".5",
        "1.e1",
        "1e",
        "1e+",
        "1E-",
        "0x10",
        "1_000",
        "NaN",
        "Infinity",
        "-Infinity",
        "1e400",
        "-1e400",
        "1e-400",
        "1e39",
        "3.4028236e38",
        "5e-324",
        "2.4703282292062327e-324",
        "1.7976931348623157e308",
        "1.7976931348623159e308",
        "9007199254740993",
        "9007199254740993.0",
        "0.1",
        "0.30000000000000004",
        "127",
        "128",
        "-128",
        "-129",
        "255",
        "256",
        "32767",
        "32768",
        "65535",
        "65536",
        "2147483647",
        "2147483648",
        "-2147483648",
        "-2147483649",
        "4294967295",
        "4294967296",
        "9223372036854775807",
        "9223372036854775808",
        "-9223372036854775808",
        "-9223372036854775809",
        "18446744073709551615",
        "18446744073709551616",
        "999999999999999999",
        "1000000000000000000",
        "170141183460469231731687303715884105727",
        "170141183460469231731687303715884105728",
        "-170141183460469231731687303715884105728",
        "340282366920938463463374607431768211455",
        "340282366920938463463374607431768211456",
        "1e0",
        "1.0",
        "1E5",
        "10e-1",
        "12345678901234567890.5",
        "1 2",
        "1,",
        "0e0",
        digits,
        &format!("0.{digits}"),
        &format!("{digits}.{digits}"),
        &format!("-{digits}e-20"),
        &format!("1e-{digits}"),
        &format!("0e{digits}"),
    ] {
        all_types(text.as_bytes());
        all_types(format!(" \n\t\r{text}\r\t\n ").as_bytes());
        all_types(format!("[{text}]").as_bytes());
        all_types(format!(r#"{{"id":1,"name":"","tags":[],"size":{text}}}"#).as_bytes());
        all_types(format!(r#"{{"id":{text},"name":"","tags":[]}}"#).as_bytes());
        all_types(format!(r#"{{"a":{text}}}"#).as_bytes());
    }
    for zero in ["-0", " -0 "] {
        assert_eq!((read::<i64>(zero.as_bytes()).ok(), read::<u8>(zero.as_bytes()).ok()), (Some(0), Some(0)));
    }
    for (written, whole) in
        [("1.0", 1), ("-7.000", -7), ("1e3", 1000), ("10e-1", 1), ("9007199254740993.0", 9_007_199_254_740_993)]
    {
        assert_eq!(read::<i64>(written.as_bytes()).ok(), Some(whole), "{written}");
    }
    for no_whole in ["1.5", "1e-3", "1e16", "1e400", "9223372036854775808.0", "0.30000000000000004"] {
        assert!(read::<i64>(no_whole.as_bytes()).is_err(), "{no_whole}");
    }
    assert!(read::<u8>(b"256.0").is_err() && read::<u8>(b"-1.0").is_err());
    assert_eq!(read::<f64>(b"9007199254740993.00000001").ok(), Some(9_007_199_254_740_994.0), "the nearest");
}

#[test]
fn texts_in_all_their_spellings() {
    let mut texts: Vec<Vec<u8>> = [
        r#""\u0000""#,
        r#""\ud83d\ude00""#,
        r#""\uD83D\uDE00""#,
        r#""\ud83d""#,
        r#""\ude00""#,
        r#""\ud83d\u0041""#,
        r#""\ud83dx""#,
        r#""\ud83d\n""#,
        r#""\ude00\ud83d""#,
        r#""\ud83d\ud83d\ude00""#,
        r#""\u12""#,
        r#""\u12g4""#,
        r#""\u+123""#,
        r#""\x41""#,
        r#""\'""#,
        r#""\"#,
        r#"""#,
        r#""\""#,
        r#""\\""#,
        r#""\/\b\f\n\r\t\"\\""#,
        "\"\t\"",
        "\"\n\"",
        "\"\u{1f}\"",
        "\"\u{7f}\"",
        "\"\u{2028}\"",
        "\"exactly8\"",
        "\"longer than eight\\n and more\"",
        "'a'",
        "\u{feff}\"a\"",
        "\"a\"\"b\"",
    ]
    .iter()
    .map(|text| text.as_bytes().to_vec())
    .collect();
    for control in 0..0x20_u8 {
        texts.push(vec![b'"', b'a', control, b'"']);
    }
    // Not UTF-8: a lone continuation, an overlong slash, half a surrogate pair, beyond the last character, cut off.
    for bytes in [&[0x80][..], &[0xc0, 0xaf], &[0xed, 0xa0, 0x80], &[0xf4, 0x90, 0x80, 0x80], &[0xe2, 0x82], &[0xff]] {
        texts.push([b"\"", bytes, b"\""].concat());
        texts.push(bytes.to_vec());
    }
    for text in &texts {
        all_types(text);
        all_types(&[b"[", &text[..], b"]"].concat());
        all_types(&[b"{", &text[..], b":1}"].concat());
        all_types(&[br#"{"id":1,"tags":[],"name":"#, &text[..], b"}"].concat());
    }
}

#[test]
fn what_nobody_reads_may_be_odd() {
    // Lone surrogates, and depths that would not be read, pass in a field that no type has, here as there.
    for unknown in [r#""\ud800""#.to_owned(), format!("{}{}", "[".repeat(500), "]".repeat(500)), "1e999".to_owned()] {
        let text = format!(r#"{{"id":1,"name":"","tags":[],"unknown":{unknown}}}"#);
        assert!(read::<Ours>(text.as_bytes()).is_ok(), "{unknown}");
        assert!(serde_json::from_str::<Theirs>(&text).is_ok(), "{unknown}");
    }
    for unknown in [
        "[1,]",
        "{\"a\"}",
        "{,}",
        "[,]",
        "{\"a\":1,}",
        "[}",
        "{]",
        "[1 2]",
        "{\"a\":1 \"b\":2}",
        "{1:2}",
        "\"\\u12\"",
        "nul",
        "[",
        "{",
    ] {
        all_types(format!(r#"{{"id":1,"name":"","tags":[],"unknown":{unknown}}}"#).as_bytes());
    }
}

#[test]
fn depth_ends_where_theirs_does() {
    for depth in [1, 100, 126, 127, 128, 129, 200] {
        all_types(format!("{}{}", "[".repeat(depth), "]".repeat(depth)).as_bytes());
        all_types(format!("{}1{}", r#"{"a":"#.repeat(depth), "}".repeat(depth)).as_bytes());
        let open = r#"{"id":1,"name":"","tags":[],"inner":"#;
        all_types(format!("{}null{}", open.repeat(depth), "}".repeat(depth)).as_bytes());
    }
}

#[test]
fn duplicates_absences_and_what_follows() {
    for text in [
        r#"{"id":1,"id":2,"name":"","tags":[]}"#,
        r#"{"id":1,"name":"","tags":[],"x":1,"x":2}"#,
        r#"{"name":"","tags":[]}"#,
        r#"{"id":null,"name":"","tags":[]}"#,
        r#"{"id":1,"name":"","tags":[],"size":null,"inner":null,"map":null,"note":"n"}"#,
        r#"{"tags":[],"\u0069d":1,"name":""}"#,
        r#"{"a":1,"a":2}"#,
        "{}",
        "[]",
        "null",
        "nullnull",
        "null null",
        "true false",
        "{}x",
        "[] ]",
        "",
        " ",
        "\0",
    ] {
        all_types(text.as_bytes());
    }
}

#[test]
fn every_beginning_and_every_slip() {
    let whole = THING.as_bytes();
    let ours = read::<Ours>(whole).expect("the text is one");
    assert_eq!((ours.name.as_str(), ours.size), ("a\"é😀\n", Some(1500.0)));
    for end in 0..=whole.len() {
        all_types(&whole[..end]);
    }
    for at in 0..whole.len() {
        for slip in *b"\"\\{}[],:0-.e \x00\x80n" {
            let mut text = whole.to_vec();
            text[at] = slip;
            all_types(&text);
        }
        let mut text = whole.to_vec();
        text.remove(at);
        all_types(&text);
        text.insert(at, whole[at]);
        text.insert(at, whole[at]);
        all_types(&text);
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 64, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..8)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn any_value_comes_through(value in any_json()) {
        let text = serde_json::to_string_pretty(&value).expect("a text");
        prop_assert_eq!(read::<Value>(text.as_bytes()).ok(), serde_json::from_str(&text).ok());
        let written = super::write(&value).expect("a text");
        prop_assert_eq!(written, serde_json::to_string(&value).expect("a text"));
    }

    #[test]
    fn any_text_of_such_characters_is_judged_alike(text in "[\\[\\]{}:,\"\\\\0-9.eE+n ul\\-tru/bfa-dD8é]{0,24}") {
        all_types(text.as_bytes());
    }
}
