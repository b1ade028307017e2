//! Is each value read as the variant it is?

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Value, json};
use sinew_runtime::generated::{JsonTypes, Union, UnionArm};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Cat {
    name: String,
    meow: Option<bool>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Dog {
    name: String,
    bark: Option<u8>,
}

static ARMS: [UnionArm; 5] = [
    UnionArm::new("Cat", JsonTypes::OBJECT)
        .required(&["name"])
        .constants(&[("kind", &["cat"])])
        .properties(&["name", "kind", "meow"]),
    UnionArm::new("Dog", JsonTypes::OBJECT)
        .required(&["name"])
        .constants(&[("kind", &["dog"])])
        .properties(&["name", "kind", "bark"]),
    UnionArm::new("Integer", JsonTypes::INTEGER),
    UnionArm::new("Number", JsonTypes::NUMBER),
    UnionArm::new("Word", JsonTypes::STRING).values(&["yes", "no"]),
];

fn read(union: &Union, value: &Value) -> Result<String, String> {
    union
        .decode(value.clone(), |arm, value| match arm {
            0 => serde_json::from_value::<Cat>(value).map(|cat| format!("{cat:?}")),
            1 => serde_json::from_value::<Dog>(value).map(|dog| format!("{dog:?}")),
            2 => serde_json::from_value::<i64>(value).map(|number| format!("i{number}")),
            3 => serde_json::from_value::<f64>(value).map(|number| format!("n{number}")),
            4 => serde_json::from_value::<String>(value).map(|text| format!("w{text}")),
            _ => Ok(format!("unknown {value}")),
        })
        .map_err(|error: serde_json::Error| error.to_string())
}

#[test]
fn values_find_their_variant() {
    static OPEN: Union = Union::new(&ARMS);
    for (value, variant) in [
        (json!({"name": "x", "kind": "dog"}), "Dog { name: \"x\", bark: None }"),
        (json!({"name": "x", "bark": 1}), "Dog { name: \"x\", bark: Some(1) }"),
        (json!({"name": "x"}), "Cat { name: \"x\", meow: None }"),
        // Cat fits best and cannot be read, so Dog is tried.
        (json!({"name": "x", "meow": 7}), "Dog { name: \"x\", bark: None }"),
        (json!({"name": "x", "kind": "cow"}), "unknown {\"kind\":\"cow\",\"name\":\"x\"}"),
        (json!(7), "i7"),
        (json!(7.0), "n7"),
        (json!("yes"), "wyes"),
        (json!("maybe"), "unknown \"maybe\""),
        (json!(null), "unknown null"),
        (json!([1]), "unknown [1]"),
    ] {
        assert_eq!(read(&OPEN, &value).as_deref(), Ok(variant), "{value}");
    }
}

#[test]
fn a_closed_union_says_why_each_variant_is_not_it() {
    static CLOSED: Union = Union::new(&ARMS).closed();
    assert_eq!(read(&CLOSED, &json!(7)).as_deref(), Ok("i7"));
    assert_eq!(
        read(&CLOSED, &json!({"kind": "cat", "bark": "canary"})),
        Err(
            "the value is of no variant (Cat: `name` is missing; Dog: `kind` is not one of its values; Integer: another JSON type; \
             Number: another JSON type; Word: another JSON type)"
                .to_owned()
        )
    );
    let error = read(&CLOSED, &json!({"name": "x", "kind": "dog", "bark": "canary"})).expect_err("no number");
    assert!(error.contains("Dog: invalid type: string, expected u8") && !error.contains("canary"), "{error}");
}

#[test]
fn a_tag_decides_alone() {
    static TAGGED: Union = Union::new(&ARMS).tag("kind", &[("cat", 0), ("dog", 1)]);
    static CLOSED: Union = Union::new(&ARMS).tag("kind", &[("cat", 0), ("dog", 1)]).closed();
    let dog = json!({"name": "x", "kind": "dog", "meow": true});
    assert_eq!(read(&TAGGED, &dog).as_deref(), Ok("Dog { name: \"x\", bark: None }"));
    assert_eq!(read(&TAGGED, &json!({"kind": "cow"})).as_deref(), Ok("unknown {\"kind\":\"cow\"}"));
    assert_eq!(read(&CLOSED, &json!({"kind": "cow"})), Err("`kind` is none of `cat`, `dog`".to_owned()));
    let error = read(&TAGGED, &json!({"kind": "dog"})).expect_err("a dog without a name");
    assert!(error.starts_with("`kind` is `dog`, and missing field `name`"), "{error}");
}

#[test]
fn a_tagged_variant_is_written_with_its_tag() {
    struct Pet(Cat);
    impl Serialize for Pet {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            Union::encode_tagged(serializer, "kind", "cat", &self.0)
        }
    }
    impl<'de> Deserialize<'de> for Pet {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            static PET: Union = Union::new(&ARMS).tag("kind", &[("cat", 0)]).closed();
            PET.decode(deserializer, |_, value| serde_json::from_value(value).map(Self))
        }
    }
    let pet = Pet(Cat { name: "x".to_owned(), meow: Some(true) });
    let json = serde_json::to_string(&pet).expect("an object");
    assert_eq!(json, r#"{"kind":"cat","meow":true,"name":"x"}"#);
    assert_eq!(serde_json::from_str::<Pet>(&json).expect("a pet").0, pet.0);
}

#[test]
fn the_variant_that_knows_most_of_the_keys_is_taken() {
    static BY_KEYS: Union = Union::new(&[
        UnionArm::new("Cat", JsonTypes::OBJECT).required(&["name"]).properties(&["name"]),
        UnionArm::new("Dog", JsonTypes::OBJECT).properties(&["name", "bark"]),
    ]);
    let variant = |value: &Value| read(&BY_KEYS, value).unwrap();
    assert!(
        variant(&json!({"name": "Rex", "bark": 1})).starts_with("Dog"),
        "{}",
        variant(&json!({"name": "Rex", "bark": 1}))
    );
    // Both know everything: the one that demands more says more.
    assert!(variant(&json!({"name": "Tom"})).starts_with("Cat"));
    // What nobody knows speaks for nobody.
    assert!(variant(&json!({"name": "Tom", "new since": 1})).starts_with("Cat"));
}
