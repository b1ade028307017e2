//! Where in a text does each value of a document stand?
//!
//! Asked only when something is told. Both scanners keep a stack of their own, so that depth costs no call stack, and
//! give up quietly where they cannot go on: a place is then that of the nearest thing around it.

use std::collections::HashMap;
use std::ops::Range;

use saphyr_parser::{Event, Parser, Span};

use crate::diagnostics::{SpanId, SpanKey, SpanTree};

/// A container whose end was not reached yet.
struct Open {
    node: SpanId,
    last_child: Option<SpanId>,
    /// The key that waits for its value; in JSON and YAML mappings alike.
    key: Option<(SpanKey, Range<usize>)>,
    mapping: bool,
}

/// The tree under construction.
#[derive(Default)]
struct Growing {
    tree: SpanTree,
    open: Vec<Open>,
}

impl Growing {
    fn add(&mut self, span: Range<usize>) -> SpanId {
        let Some(parent) = self.open.last_mut() else {
            return self.tree.add(None, None, SpanKey::Position, 0..0, span);
        };
        let (key, key_span) = parent.key.take().unwrap_or((SpanKey::Position, 0..0));
        let node = self.tree.add(Some(parent.node), parent.last_child, key, key_span, span);
        parent.last_child = Some(node);
        node
    }

    fn enter(&mut self, span: Range<usize>, mapping: bool) -> SpanId {
        let node = self.add(span);
        self.open.push(Open { node, last_child: None, key: None, mapping });
        node
    }

    fn leave(&mut self, end: usize) {
        if let Some(open) = self.open.pop() {
            self.tree.end(open.node, end);
        }
    }

    /// Whether what comes next is a key.
    fn wants_key(&self) -> bool {
        self.open.last().is_some_and(|open| open.mapping && open.key.is_none())
    }

    fn key(&mut self, key: SpanKey, span: Range<usize>) {
        if let Some(open) = self.open.last_mut() {
            open.key = Some((key, span));
        }
    }
}

/// Scans JSON. It checks nothing: the text was parsed before, or is told to be wrong by the parser.
pub(super) fn json(text: &str) -> SpanTree {
    let bytes = text.as_bytes();
    let mut growing = Growing::default();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'{' => {
                growing.enter(at..at + 1, true);
                at += 1;
            }
            b'[' => {
                growing.enter(at..at + 1, false);
                at += 1;
            }
            b'}' | b']' => {
                at += 1;
                growing.leave(at);
            }
            b'"' => {
                let end = string_end(bytes, at);
                if growing.wants_key() {
                    growing.key(SpanKey::Json, at..end);
                } else {
                    growing.add(at..end);
                }
                at = end;
            }
            b':' | b',' | b' ' | b'\t' | b'\n' | b'\r' => at += 1,
            _ => {
                let end = bytes
                    .iter()
                    .skip(at)
                    .position(|byte| matches!(byte, b',' | b'}' | b']' | b' ' | b'\t' | b'\n' | b'\r' | b':' | b'"'))
                    .map_or(bytes.len(), |length| at + length.max(1));
                growing.add(at..end);
                at = end;
            }
        }
    }
    growing.tree
}

/// The offset behind the closing quote of a string.
fn string_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    loop {
        match bytes.get(at) {
            Some(b'"') => return at + 1,
            Some(b'\\') => at += 2,
            Some(_) => at += 1,
            None => return bytes.len(),
        }
    }
}

/// Scans YAML.
pub(super) fn yaml(text: &str) -> SpanTree {
    let mut growing = Growing::default();
    let mut offsets = Offsets { text, char: 0, byte: 0 };
    let mut anchors: HashMap<usize, SpanId> = HashMap::new();
    let mut parser = Parser::new_from_str(text);
    let mut documents = 0;
    while let Some(Ok((event, span))) = parser.next_event() {
        match event {
            Event::DocumentStart(_) => {
                documents += 1;
                if documents > 1 {
                    break;
                }
            }
            Event::Scalar(value, _, anchor, _) => {
                let span = offsets.range(&span);
                if growing.wants_key() {
                    growing.key(SpanKey::Text(value.into()), span);
                } else {
                    let node = growing.add(span);
                    remember(&mut anchors, anchor, node);
                }
            }
            Event::Alias(anchor) => {
                let span = offsets.range(&span);
                let node = growing.add(span);
                if let Some(other) = anchors.get(&anchor) {
                    growing.tree.repeat(node, *other);
                }
            }
            Event::SequenceStart(anchor, _) | Event::MappingStart(anchor, _) if growing.wants_key() => {
                // A container as a key is nothing that a pointer could name; the reader refuses it anyway.
                let _ = anchor;
                break;
            }
            Event::SequenceStart(anchor, _) => {
                let node = growing.enter(offsets.range(&span), false);
                remember(&mut anchors, anchor, node);
            }
            Event::MappingStart(anchor, _) => {
                let node = growing.enter(offsets.range(&span), true);
                remember(&mut anchors, anchor, node);
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let end = offsets.range(&span).end;
                growing.leave(end);
            }
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
        }
    }
    growing.tree
}

/// Anchor 0 is "no anchor".
fn remember(anchors: &mut HashMap<usize, SpanId>, anchor: usize, node: SpanId) {
    if anchor != 0 {
        anchors.insert(anchor, node);
    }
}

/// From characters, which the YAML parser counts, to bytes. It asks in nearly ascending order, so the way is short.
struct Offsets<'a> {
    text: &'a str,
    char: usize,
    byte: usize,
}

impl Offsets<'_> {
    fn range(&mut self, span: &Span) -> Range<usize> {
        let start = self.byte_of(span.start.index());
        let end = self.byte_of(span.end.index());
        start..end.max(start)
    }

    fn byte_of(&mut self, char: usize) -> usize {
        while self.char < char {
            let Some(next) = self.text.get(self.byte..).and_then(|rest| rest.chars().next()) else {
                return self.byte;
            };
            self.byte += next.len_utf8();
            self.char += 1;
        }
        while self.char > char {
            let Some(previous) = self.text.get(..self.byte).and_then(|before| before.chars().next_back()) else {
                return 0;
            };
            self.byte -= previous.len_utf8();
            self.char -= 1;
        }
        self.byte
    }
}

#[cfg(test)]
mod tests {
    use crate::diagnostics::{Mark, Pointer, Source, SourceKind, SpanTree};

    fn shown(text: &str, scan: fn(&str) -> SpanTree, pointer: &str, mark: Mark) -> String {
        let source = Source::new("x", text.to_owned(), SourceKind::Yaml, scan);
        text[source.locate(&Pointer::parse(pointer).unwrap(), mark)].to_owned()
    }

    #[test]
    fn json_values_and_keys_are_found() {
        let text = r#"{ "a\u0062": [1, {"c": "ü\"", "d": true}], "e": {"f": -1.5e3}, "": null }"#;
        let value = |pointer| shown(text, super::json, pointer, Mark::Value);
        let key = |pointer| shown(text, super::json, pointer, Mark::Key);
        assert_eq!(value("/ab/0"), "1");
        assert_eq!(value("/ab/1/c"), r#""ü\"""#);
        assert_eq!(value("/ab/1/d"), "true");
        assert_eq!(value("/e/f"), "-1.5e3");
        assert_eq!(value("/"), "null");
        assert_eq!(key("/ab"), r#""a\u0062""#);
        assert_eq!(value("/e"), r#""e""#, "a container is marked at its key");
        assert_eq!(value("/e/nowhere/at/all"), r#""e""#, "the nearest thing around");
        assert_eq!(value("/nowhere"), text.trim(), "the whole, of which the first line is shown");
    }

    #[test]
    fn yaml_values_and_keys_are_found() {
        let text =
            "# ü\nbase: &base\n  ä: 1\n  200: {x: y}\nlist:\n- *base\n- <<: *base\n  z: |\n    text\nlast: 'ö'\n";
        let value = |pointer| shown(text, super::yaml, pointer, Mark::Value);
        let key = |pointer| shown(text, super::yaml, pointer, Mark::Key);
        assert_eq!(value("/base/ä"), "1");
        assert_eq!(key("/base/200/x"), "x");
        assert_eq!(value("/list/0/ä"), "1", "through an alias");
        assert_eq!(value("/list/1/200/x"), "y", "through a merge");
        assert!(value("/list/1/z").trim().ends_with("text"));
        assert_eq!(value("/last"), "'ö'");
        assert_eq!(key("/list/1/nowhere"), value("/list/1"));
    }

    #[test]
    fn whatever_the_text_nothing_breaks() {
        for text in [
            "",
            "{",
            "]",
            "\"",
            "{\"a",
            "\\",
            "a: [",
            "? [a]: b",
            "*a",
            "a: *b",
            "&a a: *a",
            "- - -",
            "\u{0}",
            "%",
            "--- a\n--- b",
        ] {
            for scan in [super::json, super::yaml] {
                shown(text, scan, "/a/b", Mark::Value);
                shown(text, scan, "", Mark::Key);
            }
        }
        let deep = "[".repeat(100_000);
        shown(&deep, super::json, "/0/0/0", Mark::Value);
    }
}
