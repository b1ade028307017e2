//! Could every place in a tree be named in the memory there is?
//!
//! A place is a JSON pointer, which repeats every key on the way to it. Under a key of a megabyte, a thousand values have
//! pointers of a gigabyte.

use serde_json::Value;

use crate::diagnostics::{Diagnostic, Pointer, codes};

/// Pointers of so many bytes are always in order.
const FREE: usize = 256 * 1024 * 1024;
/// How many bytes of pointers each byte of the text may come to beyond that. Published documents come to less than ten.
const EACH: usize = 64;

/// What to say of a tree whose pointers would take too much.
pub(super) fn too_long(tree: &Value, bytes: usize) -> Option<Diagnostic> {
    let mut left = FREE.saturating_add(bytes.saturating_mul(EACH));
    let mut way = Vec::new();
    if spend(tree, 0, &mut left, &mut way) {
        return None;
    }
    let longest = way.iter().enumerate().max_by_key(|(_, key)| key.len()).map(|(at, key)| (at, key.len()));
    let (at, length) = longest.unwrap_or_default();
    let place = Pointer::root().join_all(way.iter().take(at + 1).copied());
    let message = format!("a key of {length} bytes holds so much that the places in it cannot be named");
    Some(Diagnostic::error(codes::GROWS, message).at_key(&place, "").help("shorten the key"))
}

/// Takes what the pointers of a value and of all inside it are long from what is left. Where that is too little, `way` has the
/// keys down to where it ran out.
fn spend<'a>(value: &'a Value, length: usize, left: &mut usize, way: &mut Vec<&'a str>) -> bool {
    let Some(rest) = left.checked_sub(length) else { return false };
    *left = rest;
    match value {
        Value::Array(items) => {
            items.iter().enumerate().all(|(at, item)| spend(item, length + 2 + at.max(1).ilog10() as usize, left, way))
        }
        Value::Object(members) => members.iter().all(|(key, member)| {
            way.push(key);
            let enough = spend(member, length + 1 + key.len(), left, way);
            if enough {
                way.pop();
            }
            enough
        }),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_key_that_holds_much_is_told_and_one_that_holds_little_is_not() {
        let tree = |children: usize| {
            let children: Vec<Value> = (0..children).map(Value::from).collect();
            serde_json::json!({"paths": {"/".repeat(1_000_000): {"x": children}}})
        };
        assert_eq!(too_long(&tree(100), 1_001_000), None);
        let said = too_long(&tree(1_000), 1_010_000).unwrap();
        assert!(said.message.contains("1000000 bytes"), "{}", said.message);
    }

    #[test]
    fn many_short_keys_are_no_burden() {
        let members: serde_json::Map<_, _> = (0..300_000).map(|at| (format!("key{at}"), Value::Null)).collect();
        assert_eq!(too_long(&Value::Object(members), 5_000_000), None);
    }
}
