//! Where did something stand before the document was brought to one form?

use std::collections::HashMap;

use super::Pointer;

/// From places in the tree that stages work on to the places where their texts stand.
///
/// A place that is not recorded moved with the nearest place around it that is.
#[derive(Debug, Default)]
pub struct Moves(HashMap<Pointer, Pointer>);

impl Moves {
    /// Says that what stands at `now` was written at `before`.
    pub fn record(&mut self, now: Pointer, before: Pointer) {
        self.0.insert(now, before);
    }

    /// Where something was written.
    pub fn origin(&self, pointer: &Pointer) -> Pointer {
        if self.0.is_empty() {
            return pointer.clone();
        }
        let text = pointer.as_str();
        let mut end = text.len();
        loop {
            let (prefix, rest) = text.split_at_checked(end).unwrap_or((text, ""));
            if let Some(before) = self.0.get(&Pointer::from_canonical(prefix)) {
                return Pointer::from_canonical(&format!("{}{rest}", before.as_str()));
            }
            match prefix.rfind('/') {
                Some(shorter) => end = shorter,
                None => return pointer.clone(),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_moved_took_along_what_is_inside() {
        let parse = |text| Pointer::parse(text).unwrap();
        let mut moves = Moves::default();
        moves.record(parse("/components/schemas"), parse("/definitions"));
        moves.record(parse("/paths/~1a/get"), Pointer::of_file("a.yaml").join("get"));
        assert_eq!(moves.origin(&parse("/components/schemas/A/items")), parse("/definitions/A/items"));
        assert_eq!(moves.origin(&parse("/paths/~1a/get/tags")).to_string(), "a.yaml#/get/tags");
        assert_eq!(moves.origin(&parse("/paths/~1a")), parse("/paths/~1a"));
        assert_eq!(moves.origin(&Pointer::root()), Pointer::root());
    }
}
