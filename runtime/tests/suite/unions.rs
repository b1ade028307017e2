//! Is each value read as the variant it is?

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use serde_json::{Value, json};
use sinew_runtime::generated::json::{self as own, Blank, Decode, Encode, Fault, Reader, Slot, Writer};
use sinew_runtime::generated::{JsonTypes, Union, UnionArm};

#[derive(Debug, PartialEq)]
struct Cat {
    name: String,
    meow: Option<bool>,
}
own::record!(Cat { name "name", meow "meow" });

#[derive(Debug, PartialEq)]
struct Dog {
    name: String,
    bark: Option<u8>,
}
own::record!(Dog { name "name", bark "bark" });

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

/// What `UNION` makes of a value.
struct Said<const UNION: usize>(String);

static UNIONS: [Union; 5] = [
    Union::new(&ARMS),
    Union::new(&ARMS).closed(),
    Union::new(&ARMS).tag("kind", &[("cat", 0), ("dog", 1)]),
    Union::new(&ARMS).tag("kind", &[("cat", 0), ("dog", 1)]).closed(),
    Union::new(&[
        UnionArm::new("Cat", JsonTypes::OBJECT).required(&["name"]).properties(&["name"]),
        UnionArm::new("Dog", JsonTypes::OBJECT).properties(&["name", "bark"]),
    ]),
];
const OPEN: usize = 0;
const CLOSED: usize = 1;
const TAGGED: usize = 2;
const TAGGED_AND_CLOSED: usize = 3;
const BY_KEYS: usize = 4;

impl<const UNION: usize> Decode for Said<UNION> {
    fn read(from: &mut Reader<'_>) -> Result<Self, Fault> {
        let mut said = String::new();
        UNIONS[UNION].read(from, &mut |arm, from| {
            said = match arm {
                0 => format!("{:?}", from.value::<Cat>()?),
                1 => format!("{:?}", from.value::<Dog>()?),
                2 => format!("i{}", from.value::<i64>()?),
                3 => format!("n{}", from.value::<f64>()?),
                4 => format!("w{}", from.value::<String>()?),
                _ => format!("unknown {}", from.value::<Value>()?),
            };
            Ok(())
        })?;
        Ok(Self(said))
    }
}

fn read<const UNION: usize>(value: &Value) -> Result<String, String> {
    own::text::<Said<UNION>>(value.to_string().as_bytes()).map(|said| said.0)
}

#[test]
fn values_find_their_variant() {
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
        assert_eq!(read::<OPEN>(&value).as_deref(), Ok(variant), "{value}");
    }
}

#[test]
fn a_closed_union_says_why_each_variant_is_not_it() {
    assert_eq!(read::<CLOSED>(&json!(7)).as_deref(), Ok("i7"));
    assert_eq!(
        read::<CLOSED>(&json!({"kind": "cat", "bark": "canary"})),
        Err(
            "the value is of no variant (Cat: `name` is missing; Dog: `kind` is not one of its values; Integer: another JSON type; \
             Number: another JSON type; Word: another JSON type) at line 1 column 1"
                .to_owned()
        )
    );
    let error = read::<CLOSED>(&json!({"name": "x", "kind": "dog", "bark": "canary"})).expect_err("no number");
    assert!(error.contains("Dog: `bark`: invalid type: string, expected u8") && !error.contains("canary"), "{error}");
}

#[test]
fn a_tag_decides_alone() {
    let dog = json!({"name": "x", "kind": "dog", "meow": true});
    assert_eq!(read::<TAGGED>(&dog).as_deref(), Ok("Dog { name: \"x\", bark: None }"));
    assert_eq!(read::<TAGGED>(&json!({"kind": "cow"})).as_deref(), Ok("unknown {\"kind\":\"cow\"}"));
    let error = read::<TAGGED_AND_CLOSED>(&json!({"kind": "cow"})).expect_err("no cow");
    assert!(error.starts_with("`kind` is none of `cat`, `dog`"), "{error}");
    let error = read::<TAGGED>(&json!({"kind": "dog"})).expect_err("a dog without a name");
    assert!(error.starts_with("`kind` is `dog`, and missing field `name`"), "{error}");
}

#[test]
fn a_tagged_variant_is_written_with_its_tag() {
    #[derive(Debug, PartialEq)]
    struct Pet(Cat);
    impl Encode for Pet {
        fn write(&self, to: &mut Writer) {
            to.tagged("kind", "cat", &self.0);
        }
    }
    impl Blank for Pet {
        fn blank() -> Self {
            Self(own::blank())
        }
    }
    impl Slot for Pet {
        fn fill(&mut self, from: &mut Reader<'_>) -> Result<(), Fault> {
            static PET: Union = Union::new(&ARMS).tag("kind", &[("cat", 0)]).closed();
            PET.read(from, &mut |_, from| self.0.fill(from))
        }
    }
    own::serde!(Pet);
    let pet = Pet(Cat { name: "x".to_owned(), meow: Some(true) });
    let json = serde_json::to_string(&pet).expect("an object");
    assert_eq!(json, r#"{"kind":"cat","name":"x","meow":true}"#);
    assert_eq!(serde_json::from_str::<Pet>(&json).expect("a pet"), pet);
}

#[test]
fn the_variant_that_knows_most_of_the_keys_is_taken() {
    let variant = |value: &Value| read::<BY_KEYS>(value).unwrap();
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

#[test]
fn a_constant_is_no_reason_to_lose_what_another_variant_knows() {
    static OPTIONS: Union = Union::new(&[
        UnionArm::new("Off", JsonTypes::OBJECT)
            .required(&["disabled"])
            .constants(&[("disabled", &["true"])])
            .properties(&["disabled"]),
        UnionArm::new("On", JsonTypes::OBJECT).required(&["command"]).properties(&["command", "disabled"]),
    ]);
    struct Taken(usize);
    impl Decode for Taken {
        fn read(from: &mut Reader<'_>) -> Result<Self, Fault> {
            let mut taken = usize::MAX;
            OPTIONS.read(from, &mut |arm, from| {
                taken = arm;
                from.value::<Value>().map(drop)
            })?;
            Ok(Self(taken))
        }
    }
    for (text, arm) in [
        (r#"{"disabled": true}"#, 0),
        (r#"{"disabled": true, "command": []}"#, 1),
        (r#"{"disabled": false, "command": []}"#, 1),
        (r#"{"disabled": false}"#, usize::MAX),
    ] {
        assert_eq!(own::text::<Taken>(text.as_bytes()).expect("an open union").0, arm, "{text}");
    }
}

#[test]
fn a_fraction_is_read_to_its_last_bit() {
    // What serde_json reads by itself may be off by one bit.
    for number in [14_773_874_154.484_375_f64, 0.1 + 0.2, 5e-324, f64::MAX] {
        let text = number.to_string();
        assert_eq!(serde_json::from_str::<f64>(&text).unwrap().to_bits(), number.to_bits(), "{text}");
    }
}

/// A chain of unions in which nothing tells the variants apart before all that lies within has been read.
#[derive(Debug, PartialEq)]
enum Chain {
    Number(Box<Number>),
    Word(Box<Word>),
    Unknown(Value),
}

#[derive(Debug, PartialEq)]
struct Number {
    next: Option<Chain>,
    value: u8,
}
own::record!(Number { next "next", value "value" });

#[derive(Debug, PartialEq)]
struct Word {
    next: Option<Chain>,
    value: String,
}
own::record!(Word { next "next", value "value" });

static TRIES: AtomicUsize = AtomicUsize::new(0);

impl Blank for Chain {
    fn blank() -> Self {
        Self::Unknown(Value::Null)
    }
}
impl Slot for Chain {
    fn fill(&mut self, from: &mut Reader<'_>) -> Result<(), Fault> {
        static CHAIN: Union = Union::new(&[
            UnionArm::new("Number", JsonTypes::OBJECT).required(&["value"]).properties(&["next", "value"]),
            UnionArm::new("Word", JsonTypes::OBJECT).required(&["value"]).properties(&["next", "value"]),
        ]);
        TRIES.fetch_add(1, Relaxed);
        CHAIN.read(from, &mut |arm, from| {
            *self = match arm {
                0 => Self::Number(from.value()?),
                1 => Self::Word(from.value()?),
                _ => Self::Unknown(from.value()?),
            };
            Ok(())
        })
    }
}
impl Encode for Chain {
    fn write(&self, to: &mut Writer) {
        match self {
            Self::Number(value) => value.write(to),
            Self::Word(value) => value.write(to),
            Self::Unknown(value) => value.write(to),
        }
    }
}
own::serde!(Chain);

#[test]
fn what_was_found_out_within_is_not_found_out_again() {
    const DEPTH: usize = 18;
    for innermost in [r#""word""#, "7", "true"] {
        let mut text = format!(r#"{{"value":{innermost}}}"#);
        for _ in 0..DEPTH {
            text = format!(r#"{{"next":{text},"value":"a"}}"#);
        }
        TRIES.store(0, Relaxed);
        let read: Chain = serde_json::from_str(&text).expect("open unions");
        let tries = TRIES.load(Relaxed);
        assert!(tries <= DEPTH * DEPTH, "{tries} for {innermost}");
        assert!(matches!(read, Chain::Word(_)));
        assert_eq!(serde_json::to_string(&read).unwrap(), text);
    }
}
