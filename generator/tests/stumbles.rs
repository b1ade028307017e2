//! Do lists and maps of nothing but themselves come and go as they are?

use golden_stumbles::types::{Forest, Tree};

#[test]
fn a_list_of_itself_has_a_type() {
    let tree: Tree = serde_json::from_str("[[], [[]]]").unwrap();
    let leaf = || Tree::Items(Vec::new());
    assert_eq!(tree, Tree::Items(vec![leaf(), Tree::Items(vec![leaf()])]));
    assert_eq!(serde_json::to_string(&tree).unwrap(), "[[],[[]]]");
}

#[test]
fn a_map_of_lists_of_itself_has_a_type() {
    let forest: Forest = serde_json::from_str(r#"{"north": [{}, {"east": []}]}"#).unwrap();
    let Forest::Entries(groves) = &forest else { panic!("{forest:?}") };
    assert_eq!(groves["north"].len(), 2);
    assert_eq!(serde_json::to_string(&forest).unwrap(), r#"{"north":[{},{"east":[]}]}"#);
}

#[test]
fn what_is_none_of_it_is_kept() {
    let odd: Tree = serde_json::from_str("[[1]]").unwrap();
    assert_eq!(serde_json::to_string(&odd).unwrap(), "[[1]]");
}
