//! Where does each part of a document stand that overlays have changed?

use std::collections::BTreeMap;
use std::ops::Bound;

use crate::diagnostics::{Moves, Pointer};

/// From places in the changed tree to those where the text stands. What is not recorded moved with what is around it.
#[derive(Debug, Default)]
pub(super) struct Places(BTreeMap<String, Pointer>);

/// A value that comes from elsewhere, and where its parts stand.
#[derive(Debug)]
pub(super) struct Origin {
    whole: Pointer,
    /// By their way down from the whole, those parts that stand elsewhere.
    parts: BTreeMap<String, Pointer>,
}

impl Origin {
    /// A value that is written as a whole at one place.
    pub(super) fn at(whole: Pointer) -> Self {
        Self { whole, parts: BTreeMap::new() }
    }

    /// Where the part behind these steps stands.
    fn of(&self, way: &str) -> Pointer {
        nearest(&self.parts, way).unwrap_or_else(|| under(&self.whole, way))
    }
}

impl Places {
    /// What stands at `now` comes from `origin`, behind these steps.
    pub(super) fn record(&mut self, now: &str, origin: &Origin, way: &str) {
        self.forget(now);
        self.0.insert(now.to_owned(), origin.of(way));
        for (part, place) in within(&origin.parts, way) {
            self.0.insert(format!("{now}{}", part.get(way.len()..).unwrap_or_default()), place.clone());
        }
    }

    /// What stands at a place, and where its parts come from.
    pub(super) fn origin(&self, now: &str) -> Origin {
        let parts = within(&self.0, now);
        let parts = parts.map(|(key, place)| (key.get(now.len()..).unwrap_or_default().to_owned(), place.clone()));
        Origin { parts: parts.collect(), whole: self.of(now) }
    }

    fn of(&self, now: &str) -> Pointer {
        nearest(&self.0, now).unwrap_or_else(|| Pointer::from_canonical(now))
    }

    /// Nothing stands at a place any more.
    pub(super) fn forget(&mut self, now: &str) {
        self.0.remove(now);
        let inside: Vec<String> = within(&self.0, now).map(|(key, _)| key.clone()).collect();
        for key in inside {
            self.0.remove(&key);
        }
    }

    /// An element of a list is gone, and those behind it, of so many in all, move up.
    pub(super) fn close_gap(&mut self, list: &str, gone: usize, length: usize) {
        for index in gone + 1..length {
            let origin = self.origin(&format!("{list}/{index}"));
            self.record(&format!("{list}/{}", index - 1), &origin, "");
        }
        self.forget(&format!("{list}/{}", length.saturating_sub(1)));
    }

    /// The record as later stages ask it.
    pub(super) fn into_moves(self) -> Moves {
        let mut moves = Moves::default();
        for (now, before) in self.0 {
            moves.record(Pointer::from_canonical(&now), before);
        }
        moves
    }
}

/// The parts inside a place; `/` comes before every other character that could follow it in a longer name.
fn within<'a>(places: &'a BTreeMap<String, Pointer>, place: &str) -> impl Iterator<Item = (&'a String, &'a Pointer)> {
    let inside = format!("{place}/");
    let from = (Bound::Included(inside.clone()), Bound::Unbounded);
    places.range::<String, _>(from).take_while(move |(key, _)| key.starts_with(&inside))
}

/// Where something stands by the nearest place around it that is recorded.
fn nearest(places: &BTreeMap<String, Pointer>, now: &str) -> Option<Pointer> {
    let mut end = now.len();
    loop {
        let (around, way) = now.split_at_checked(end)?;
        if let Some(place) = places.get(around) {
            return Some(under(place, way));
        }
        end = around.rfind('/')?;
    }
}

fn under(place: &Pointer, way: &str) -> Pointer {
    if way.is_empty() { place.clone() } else { Pointer::from_canonical(&format!("{}{way}", place.as_str())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_moves_takes_its_places_along() {
        let overlay = |way: &str| Origin::at(Pointer::of_file("o.yaml").join(way));
        let mut places = Places::default();
        let of = |places: &Places, now: &str| places.of(now).to_string();
        places.record("/a/2/x", &overlay("x"), "");
        places.record("/a/3", &overlay("three"), "");
        places.record("/a-b", &overlay("other"), "");
        places.close_gap("/a", 1, 4);
        assert_eq!(of(&places, "/a/0"), "#/a/0");
        assert_eq!(of(&places, "/a/1/y"), "#/a/2/y");
        assert_eq!(of(&places, "/a/1/x/z"), "o.yaml#/x/z");
        assert_eq!(of(&places, "/a/2"), "o.yaml#/three");
        assert_eq!(of(&places, "/a/3"), "#/a/3");
        assert_eq!(of(&places, "/a-b/c"), "o.yaml#/other/c");
        // A copy stands where its parts stand.
        let copy = places.origin("/a");
        places.record("/b/c", &copy, "");
        assert_eq!(of(&places, "/b/c/1/x"), "o.yaml#/x");
        assert_eq!(of(&places, "/b/c/1"), "#/a/2");
        places.record("/b/c/1", &copy, "/2");
        assert_eq!(of(&places, "/b/c/1/x"), "o.yaml#/three/x");
        places.forget("/b");
        assert_eq!(of(&places, "/b/c/1/x"), "#/b/c/1/x");
    }
}
