//! Do the types of the golden crates say what their documents say? Values go in and come out as they were.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use golden_enumerations::types::{Plain, Words, WordsCased, WordsConsts, WordsOrText, WordsSigns, WordsUnknown};
use golden_objects::types::{Direction, Objects, ObjectsOpen, Way};
use golden_overrides::types::{Host, HostType, Price};
use golden_records::types::{Everything, Tree, WithRest};
use golden_unions::types::{
    Cart, Expression, Fish, Holder, HolderByConst, HolderByKeys, HolderNullable, HolderScalar, HolderTimeOrText, Pet,
    Shared, Shark, Truck, Vehicle,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use sinew_runtime::Nullable;
use sinew_runtime::generated::{Parameter, ParameterValue, Serialized};

/// Decodes, encodes, and demands that nothing was lost or added.
fn kept<T: DeserializeOwned + Serialize>(value: &Value) -> T {
    let decoded: T = serde_json::from_value(value.clone()).unwrap_or_else(|error| panic!("{value}: {error}"));
    assert_eq!(serde_json::to_value(&decoded).unwrap(), *value);
    decoded
}

fn everything(more: &Value) -> Value {
    let mut value = json!({"plain": "a", "nullable": null, "kind": "everything", "tree": {"label": "root"}});
    let fields = value.as_object_mut().unwrap();
    fields.extend(more.as_object().unwrap().clone());
    value
}

#[test]
fn absent_null_and_present_are_three() {
    let absent: Everything = kept(&everything(&json!({})));
    let null: Everything = kept(&everything(&json!({"both": null})));
    let present: Everything = kept(&everything(&json!({"both": 1.5})));
    assert_eq!((absent.both, null.both, present.both), (Nullable::Absent, Nullable::Null, Nullable::Present(1.5)));
    assert_eq!(null.nullable, None);
}

#[test]
fn every_kind_of_field_comes_out_as_it_went_in() {
    let _: Everything = kept(&everything(&json!({
        "optional": 7, "secret": "s3cret", "when": "2026-11-23T08:32:58Z", "maybe_when": null,
        "whens": ["2026-11-23T08:32:58.25Z"], "day": "2026-11-23", "id": "67e55044-10b1-426f-9247-bb680e5fe0c8",
        "data": "aGVsbG8=", "price": 12.5, "amount": "0.10", "small": -3, "big": 18_446_744_073_709_551_615_u64,
        "any": {"x": [null]}, "free": {"a": 1}, "counts": {"a": 1, "b": 2}, "nested": {"a": true},
        "typed_rest": {"name": "n", "x": 1, "y": 2}, "empty": {}, "type": "t", "camelCase": "c", "@id": "i",
        "tree": {"label": "a", "left": {"label": "b"}, "children": [{"label": "c", "children": []}]},
        "merged": {"id": 1, "note": "n", "extra": "e"}, "alias": {"id": 2}, "maybe_tree": {"label": "m"},
        "names": ["x"], "scores": [1.0, null]
    })));
}

#[test]
fn what_is_required_is_an_argument_and_a_constant_is_not() {
    let made = Everything::new("a", None, Tree::new("root"));
    assert_eq!(serde_json::to_value(&made).unwrap(), everything(&json!({})));
    let rest: WithRest = kept(&json!({"name": "n", "more": 3}));
    assert_eq!(rest.additional["more"], 3);
}

#[test]
fn a_secret_is_sent_and_never_shown() {
    let made: Everything = kept(&everything(&json!({"secret": "hunter2"})));
    assert!(!format!("{made:?}").contains("hunter2"));
}

#[test]
fn a_missing_required_field_a_wrong_type_and_another_constant_are_errors() {
    for wrong in [json!({"kind": "other"}), json!({"plain": null}), json!({"plain": 1}), json!({"when": "yesterday"})] {
        assert!(serde_json::from_value::<Everything>(everything(&wrong)).is_err(), "{wrong}");
    }
    assert!(serde_json::from_value::<Everything>(json!({"plain": "a"})).is_err());
    let naive = serde_json::from_value::<Everything>(everything(&json!({"when": "2026-11-23T08:32:58"}))).unwrap_err();
    assert!(naive.to_string().contains("naive-timestamps"), "names the setting: {naive}");
}

#[test]
fn an_unlisted_word_is_kept_as_it_came() {
    let words: Words =
        kept(&json!({"plain": "blue", "cased": "aSC", "unknown": "new", "signs": "-1", "nullable": null}));
    assert_eq!(words.plain, Some(Plain::Unknown("blue".into())));
    assert_eq!(words.unknown, Some(WordsUnknown::Unlisted("new".into())), "`Unknown` is a word of this one");
    assert_eq!(words.signs, Some(WordsSigns::Minus1));
    let words: Words =
        kept(&json!({"plain": "red", "cased": "asc", "consts": "up", "or_text": "anything", "one": "only"}));
    assert_eq!(words.cased.as_ref().map(WordsCased::as_str), Some("asc"));
    assert_eq!(words.consts, Some(WordsConsts::Up));
    assert_eq!(words.or_text, Some(WordsOrText::Unknown("anything".into())));
    let _: Words = kept(&json!({"numbers": 3, "flags": false, "mixed": "two", "pattern": "review", "keyword": "self"}));
}

#[test]
fn a_tag_tells_the_alternative() {
    assert!(matches!(kept(&json!({"kind": "cat", "lives": 9})), Pet::Cat(_)));
    assert!(matches!(kept(&json!({"kind": "hound", "barks": true})), Pet::Dog(_)));
    assert!(matches!(kept(&json!({"kind": "fish", "fins": 2})), Pet::Unknown(_)));
}

#[test]
fn a_sent_alternative_carries_the_value_of_its_tag() {
    let dog = golden_unions::types::Dog { kind: "whatever".into(), barks: None };
    assert_eq!(serde_json::to_value(Pet::from(dog)).unwrap(), json!({"kind": "hound"}));
}

#[test]
fn without_a_tag_the_value_itself_tells() {
    let holder = |field: &str, value: Value| -> Holder { kept(&json!({"pet": {"kind": "cat"}, field: value})) };
    assert!(matches!(
        holder("by_const", json!({"shape": "square", "side": 2.0})).by_const,
        Some(HolderByConst::Square(_))
    ));
    assert!(matches!(
        holder("by_const", json!({"shape": "oval", "radius": 2.0})).by_const,
        Some(HolderByConst::Unknown(_))
    ));
    assert!(matches!(holder("by_keys", json!({"right": 1})).by_keys, Some(HolderByKeys::Right(_))));
    assert!(matches!(holder("scalar", json!(3)).scalar, Some(HolderScalar::Integer(3))));
    assert!(matches!(holder("scalar", json!("3")).scalar, Some(HolderScalar::String(_))));
    assert!(matches!(holder("scalar", json!(["3"])).scalar, Some(HolderScalar::List(_))));
    assert!(matches!(holder("scalar", json!({"new": 1})).scalar, Some(HolderScalar::Unknown(_))));
    assert_eq!(holder("nullable", json!(null)).nullable, Nullable::Null);
    assert!(matches!(
        holder("nullable", json!({"shape": "circle", "radius": 1.0})).nullable,
        Nullable::Present(HolderNullable::Circle(_))
    ));
    assert!(matches!(
        holder("time_or_text", json!("2026-11-23T08:32:58Z")).time_or_text,
        Some(HolderTimeOrText::DateTime(_))
    ));
    assert!(matches!(holder("time_or_text", json!("soon")).time_or_text, Some(HolderTimeOrText::String(_))));
    assert_eq!(holder("null_as_of_old", json!(null)).null_as_of_old, Nullable::Null);
    let circle = holder("null_as_of_old", json!({"shape": "circle", "radius": 2.5})).null_as_of_old;
    assert!(matches!(circle, Nullable::Present(circle) if circle.radius > 2.0));
    let _ = holder("types", json!("x"));
    let _ = holder("types", json!(null));
    let _ = holder("anything", json!({"x": 1}));
    let _ = holder("same", json!("x"));
}

#[test]
fn what_stands_beside_a_union_holds_for_each_alternative() {
    assert!(matches!(kept(&json!({"id": 1, "name": "n"})), Shared::ByName(named) if named.id == 1));
    assert!(matches!(kept(&json!({"id": 1, "number": 2})), Shared::ByNumber(_)));
}

#[test]
fn recursion_ends_where_the_value_does() {
    let nested: Expression = kept(&json!({"not": {"not": 5}}));
    let Expression::Object(outer) = nested else { panic!("an object") };
    assert!(matches!(*outer.not, Expression::Object(_)));
}

#[test]
fn types_of_the_users_own_read_and_write_themselves() {
    let host: Host = kept(&json!({
        "tree": {"left": {"left": {}}}, "Self": "x", "type": "big", "address": "::1", "aliases": {"a": "192.0.2.1"},
        "home": "https://example.org/", "seen": "2026-11-23T08:32:58", "due": null, "count": 200,
    }));
    assert_eq!((host.kind, host.address.map(|address| address.is_loopback())), (HostType::Big, Some(true)));
    assert_eq!(host.home.unwrap().host_str(), Some("example.org"));
    assert!(serde_json::from_value::<Host>(json!({"tree": {}, "Self": "x", "type": "big", "count": 256})).is_err());
    // Of two formats neither is sure, so such a text stays one.
    assert_eq!(kept::<Price>(&json!("192.0.2.1")), Price::Link("192.0.2.1".to_owned()));

    let address: std::net::Ipv4Addr = "192.0.2.1".parse().unwrap();
    let written = |value: &dyn Parameter, as_json: Value| value.parameter() == ParameterValue::from_json(as_json);
    assert!(written(&Serialized(&address), json!("192.0.2.1")));
    assert!(written(&Serialized(&[address]), json!(["192.0.2.1"])));
    assert!(written(&Serialized(&None::<std::net::Ipv4Addr>), Value::Null));
}

#[test]
fn fields_that_no_name_lists_are_kept_where_the_document_welcomes_them() {
    let objects: Objects = kept(&json!({
        "open": {"a": 1, "b": {"c": [null]}}, "free": {"b": null}, "typed": {"a": 1, "b": "c"},
        "unevaluated": {"b": "c"}, "patterned": {"x-a": 1}, "patterned_open": {"x-a": 1, "b": "c"},
        "patterned_beside": {"a": 1, "x-a": 2, "y-a": "b"}, "patterned_alike": {"x-a": {"id": 1}, "b": {"id": 2}},
        "named": {"abc": true}, "kept": {"id": 1, "new": {"since": "today"}}
    }));
    assert_eq!(objects.patterned.unwrap()["x-a"], 1_i64);
    assert_eq!(objects.open, Some(ObjectsOpen { a: Some(1), additional: [("b".into(), json!({"c": [null]}))].into() }));
    let passed_over: Objects = serde_json::from_value(json!({"unsaid": {"b": 1}, "closed": {"b": 1}})).unwrap();
    assert_eq!(serde_json::to_value(passed_over).unwrap(), json!({"unsaid": {}, "closed": {}}));
}

#[test]
fn null_is_a_value_where_anything_is() {
    let objects: Objects = kept(&json!({"anything": null, "anything_named": null, "nothing": null}));
    assert_eq!((objects.anything, objects.nothing), (Some(Value::Null), Some(())));
    assert_eq!(kept::<Objects>(&json!({})).anything, None);
}

#[test]
fn what_is_required_and_nowhere_declared_is_kept_if_it_comes() {
    let value: Everything = kept(&everything(&json!({"undeclared": {"a": null}})));
    assert_eq!(value.undeclared, Some(json!({"a": null})));
}

#[test]
fn an_only_alternative_that_a_word_tells_may_get_siblings() {
    let _: Objects = kept(&json!({"proof": {"strategy": "code"}}));
    let _: Objects = kept(&json!({"proof": {"strategy": "passkey", "key": 1}}));
}

#[test]
fn what_is_exhaustive_refuses_what_is_new() {
    assert_eq!(Direction::ALL, [Direction::Up, Direction::Down, Direction::LeftMost]);
    assert_eq!("left-most".parse(), Ok(Direction::LeftMost));
    let error = "around".parse::<Direction>().unwrap_err();
    assert_eq!(error.to_string(), "unknown variant `around`, expected `up`, `down`, `left-most`");
    let _: Way = kept(&json!({"direction": "up"}));
    let error = serde_json::from_value::<Way>(json!({"fly": true})).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the value is of no variant (Step: `direction` is missing; Stay: `seconds` is missing)"
    );
    assert!(serde_json::from_value::<Objects>(json!({"direction": "around"})).is_err());
    let _: Objects = kept(&json!({"one_word_or_text": "b"}));
}

#[test]
fn heirs_of_a_base_are_told_by_its_discriminator() {
    let shark = json!({"kind": "shark", "sharktype": "saw", "age": 1, "teeth": 7});
    let salmon = json!({"kind": "salmon", "age": 2, "partner": shark, "friends": [{"kind": "salmon", "age": 3}]});
    let Fish::Salmon(read) = kept(&salmon) else { panic!("a salmon") };
    let Some(Fish::Shark(Shark::SawShark(saw))) = read.partner.as_deref() else { panic!("{read:?}") };
    assert_eq!((saw.age, saw.teeth), (1, Some(7)));
    // What is of no heir is kept as it came: another word, none, and a shark of no known kind.
    for value in [json!({"kind": "eel", "age": 1}), json!({"age": 1})] {
        assert!(matches!(kept(&value), Fish::Unknown(_)), "{value}");
    }
    let nameless = json!({"kind": "shark", "sharktype": "whale", "age": 1});
    assert!(matches!(kept(&nameless), Fish::Shark(Shark::Unknown(_))));
}

#[test]
fn heirs_without_a_mapping_are_told_by_their_names() {
    let Vehicle::Cart(cart) = kept(&json!({"type": "Cart", "wheels": 2})) else { panic!("a cart") };
    assert_eq!(cart, kept::<Cart>(&json!({"type": "Cart", "wheels": 2})));
    let tanker = json!({"type": "Tanker", "load": 1.5, "litres": 2.5});
    assert!(matches!(kept(&tanker), Vehicle::Truck(Truck::Tanker(_))));
    assert!(matches!(kept(&json!({"type": "Truck", "load": 1.5})), Vehicle::Truck(Truck::Truck(_))));
}
