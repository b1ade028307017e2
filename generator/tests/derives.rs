//! Do types derive what they are asked to, and can be used for it?
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;

use golden_derives::types::{At, Key, KeyLevel, Kind, ThingEither, Tree, TreeMixed};
use golden_derives::{ListNear, ListThings};
use sinew_runtime::Nullable;

fn usable<T: Eq + Hash>() {}

#[test]
fn what_is_asked_for_can_be_used() {
    let key = |kind| Key { kind, at: At::default(), level: None, nick: Nullable::Absent, parts: None };
    let (small, large) = (key(Kind::Small), key(Kind::Large));
    let sorted: BTreeSet<Key> = [large.clone(), small.clone()].into_iter().collect();
    assert_eq!(sorted.first(), Some(&small), "the order of the document's list");
    assert!(KeyLevel::Value1 < KeyLevel::Value2 && Kind::Large < Kind::from("later"));

    // The parameters of a question as the key of its answer.
    let first = ListThings { page: Some(1), kind: Some(Kind::Small) };
    let answers = HashMap::from([(first.clone(), "one")]);
    assert_eq!(answers.get(&first), Some(&"one"));
    assert_eq!(answers.get(&ListThings::default()), None);

    usable::<ThingEither>();
    usable::<TreeMixed>();
    usable::<Tree>();
}

#[test]
fn what_cannot_have_it_has_it_not() {
    let types = include_str!("cases/crates/derives/crate/src/client/types.rs");
    for (name, derived) in [
        ("struct Place", "Debug, Clone, PartialEq, Default"),
        ("struct Thing", "Debug, Clone, PartialEq"),
        ("enum ThingMeasured", "Debug, Clone, PartialEq"),
        ("struct Tree", "Debug, Clone, PartialEq, Eq, Hash, Default"),
        ("enum TreeMixed", "Debug, Clone, PartialEq, Eq, Hash"),
        ("struct Key", "Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord"),
    ] {
        assert!(types.contains(&format!("#[derive({derived})]\npub {name} {{")), "{name}");
    }
    assert_eq!(ListNear { radius: Some(0.5) }, ListNear { radius: Some(0.5) });
}
