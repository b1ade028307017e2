//! Which bytes of a file does a place mean?

use std::borrow::Cow;
use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use super::{Mark, Moves, Place, Pointer};

/// What a text is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceKind {
    /// JSON
    Json,
    /// YAML
    Yaml,
    /// TOML
    Toml,
}

/// A text that diagnostics are about.
pub struct Source {
    name: String,
    text: String,
    kind: SourceKind,
    /// How places in it are found. A function that is passed in, so that this module knows no parser.
    scan: fn(&str) -> SpanTree,
    spans: OnceCell<SpanTree>,
    /// Places that are known without a scan.
    placed: HashMap<(Pointer, Mark), Range<usize>>,
    /// The byte offset of each line's start; made on first use.
    lines: OnceCell<Vec<usize>>,
    /// How many characters begin before each block of bytes; made on first use. A minified document is one line of megabytes,
    /// and thousands of places may be asked for in it.
    characters: OnceCell<Vec<usize>>,
}

/// The bytes of which a count of characters is kept.
const BLOCK: usize = 4096;

impl Source {
    /// A text with the name that the user gave it. `scan` is called at most once, when the first place is asked for.
    pub fn new(name: impl Into<String>, text: String, kind: SourceKind, scan: fn(&str) -> SpanTree) -> Self {
        Self {
            name: name.into(),
            text,
            kind,
            scan,
            spans: OnceCell::new(),
            placed: HashMap::new(),
            lines: OnceCell::new(),
            characters: OnceCell::new(),
        }
    }

    /// A text in which nothing is looked up by pointer.
    pub fn flat(name: impl Into<String>, text: String, kind: SourceKind) -> Self {
        Self::new(name, text, kind, |_| SpanTree::default())
    }

    /// The path, as the user gave it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What it is written in.
    pub fn kind(&self) -> SourceKind {
        self.kind
    }

    /// The bytes of what a pointer names, or of the nearest thing around it that has a place.
    pub fn locate(&self, pointer: &Pointer, mark: Mark) -> Range<usize> {
        if !self.placed.is_empty()
            && let Some(range) = self.placed.get(&(pointer.clone(), mark))
        {
            return range.clone();
        }
        self.spans.get_or_init(|| (self.scan)(&self.text)).locate(&self.text, pointer, mark)
    }

    /// Says where something stands, for one who knows it.
    pub(super) fn place(&mut self, pointer: Pointer, mark: Mark, range: Range<usize>) {
        self.placed.insert((pointer, mark), range);
    }

    /// The keys of all members of the mapping at a pointer that have a name, in the order of the text.
    pub fn locate_keys(&self, mapping: &Pointer, name: &str) -> Vec<Range<usize>> {
        self.spans.get_or_init(|| (self.scan)(&self.text)).keys(&self.text, mapping, name)
    }

    /// The line and the column (in characters) of a byte, both from 1.
    pub fn line_column(&self, offset: usize) -> (usize, usize) {
        let lines = self.lines();
        let line = lines.partition_point(|&start| start <= offset).max(1);
        let start = lines.get(line - 1).copied().unwrap_or(0);
        let offset = floor(&self.text, offset);
        (line, self.characters_before(offset) - self.characters_before(start) + 1)
    }

    /// How many characters begin before a byte.
    fn characters_before(&self, offset: usize) -> usize {
        let begin = |bytes: &[u8]| bytes.iter().filter(|byte| !(0x80..0xc0).contains(*byte)).count();
        let bytes = self.text.as_bytes();
        let blocks = self.characters.get_or_init(|| {
            let counts = bytes.chunks(BLOCK).scan(0, |so_far, block| {
                *so_far += begin(block);
                Some(*so_far)
            });
            std::iter::once(0).chain(counts).collect()
        });
        let block = offset / BLOCK;
        let rest = bytes.get(block * BLOCK..offset).map_or(0, begin);
        blocks.get(block).copied().unwrap_or_default() + rest
    }

    /// The text of a line (from 1), without its end.
    pub fn line(&self, line: usize) -> &str {
        let lines = self.lines();
        let start = line.checked_sub(1).and_then(|index| lines.get(index)).copied().unwrap_or(self.text.len());
        let end = lines.get(line).copied().unwrap_or(self.text.len());
        self.text.get(start..end).unwrap_or("").trim_end_matches(['\n', '\r'])
    }

    /// The byte at which a line (from 1) starts.
    pub fn line_start(&self, line: usize) -> usize {
        line.checked_sub(1).and_then(|index| self.lines().get(index)).copied().unwrap_or(self.text.len())
    }

    fn lines(&self) -> &[usize] {
        self.lines.get_or_init(|| {
            std::iter::once(0)
                .chain(self.text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(i, _)| i + 1))
                .collect()
        })
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source").field("name", &self.name).field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// The nearest boundary of a character at or before an offset.
pub(crate) fn floor(text: &str, offset: usize) -> usize {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1; // ends at 0, which always is a boundary
    }
    offset
}

/// The texts of a run.
#[derive(Debug, Default)]
pub struct Sources {
    /// The OpenAPI document.
    pub document: Option<Source>,
    /// The other files that it refers to, by their names relative to it.
    pub files: BTreeMap<String, Source>,
    /// `client.toml`.
    pub settings: Option<Source>,
    /// What was read where a reference stands, by the place it was read to.
    pub borrowed: Moves,
    /// What an older version of the specification has elsewhere.
    pub converted: Moves,
    /// What overlays brought or moved.
    pub overlaid: Moves,
}

impl Sources {
    /// Where something stands among the files that the document consists of, overlays applied: references start from there.
    pub fn site(&self, pointer: &Pointer) -> Pointer {
        self.converted.origin(&self.borrowed.origin(pointer))
    }

    /// Where something was written: in which file, and at which place of it.
    pub fn origin(&self, pointer: &Pointer) -> Pointer {
        self.overlaid.origin(&self.site(pointer))
    }

    /// The text and the bytes that a place means; `None` for whole files, and where no text is at hand.
    pub fn find(&self, place: &Place) -> Option<(&Source, Range<usize>)> {
        match place {
            Place::Document(pointer, mark) => {
                let origin = self.origin(pointer);
                let source = self.of(origin.file().as_deref())?;
                Some((source, source.locate(&Pointer::from_canonical(origin.inside_file()), *mark)))
            }
            Place::Input(range) => self.of(None).map(|source| (source, range.clone())),
            Place::Part(file, range) => self.of(Some(file)).map(|source| (source, range.clone())),
            Place::Settings(range) => self.settings.as_ref().map(|source| (source, range.clone())),
            Place::File(_) => None,
        }
    }

    fn of(&self, file: Option<&str>) -> Option<&Source> {
        match file {
            None => self.document.as_ref(),
            Some(file) => self.files.get(file),
        }
    }

    /// A key to sort by: the files in a fixed order, then the place in the file.
    pub(super) fn order(&self, place: Option<&Place>) -> (u8, String, usize, String) {
        let Some(place) = place else {
            return (4, String::new(), 0, String::new());
        };
        let offset = self.find(place).map_or(0, |(_, range)| range.start);
        match place {
            Place::File(name) => (0, String::new(), 0, name.clone()),
            Place::Settings(_) => (1, String::new(), offset, String::new()),
            Place::Input(_) => (2, String::new(), offset, String::new()),
            Place::Part(file, _) => (3, file.clone(), offset, String::new()),
            Place::Document(pointer, _) => match self.origin(pointer).file() {
                None => (2, String::new(), offset, pointer.as_str().to_owned()),
                Some(file) => (3, file.into_owned(), offset, pointer.as_str().to_owned()),
            },
        }
    }
}

/// Where each node of a text stands. Made by a scanner, asked by pointer.
#[derive(Debug, Default)]
pub struct SpanTree {
    nodes: Vec<SpanNode>,
    /// By the first thing inside; made on first use.
    members: RefCell<HashMap<u32, Arc<Members>>>,
}

/// What is in a node.
#[derive(Debug, Default)]
struct Members {
    named: HashMap<Box<str>, u32>,
    positions: Vec<u32>,
    /// YAML's `<<`.
    merges: Vec<u32>,
}

/// Offsets are 32 bits wide: files above 4 GiB are refused long before.
#[derive(Debug, Clone)]
struct SpanNode {
    key: SpanKey,
    key_span: (u32, u32),
    value_span: (u32, u32),
    /// The first thing inside, and the next thing beside.
    first: u32,
    next: u32,
    /// For an alias: the node that it repeats.
    alias: u32,
}

const NONE: u32 = u32::MAX;

impl SpanNode {
    /// The key, decoded; `None` for the root and for elements.
    fn name<'a>(&'a self, text: &'a str) -> Option<Cow<'a, str>> {
        match &self.key {
            SpanKey::Position => None,
            SpanKey::Text(key) => Some(Cow::Borrowed(key)),
            SpanKey::Json => {
                let raw = text.get(self.key_span.0 as usize..self.key_span.1 as usize)?;
                let plain = raw.strip_prefix('"')?.strip_suffix('"')?;
                if plain.contains('\\') {
                    serde_json::from_str::<String>(raw).ok().map(Cow::Owned)
                } else {
                    Some(Cow::Borrowed(plain))
                }
            }
        }
    }
}

/// How a node is called by what contains it.
#[derive(Debug, Clone)]
pub enum SpanKey {
    /// The root, or an element: by position.
    Position,
    /// The member of a YAML mapping: its key, decoded.
    Text(Box<str>),
    /// The member of a JSON object: its key is to be decoded from its span.
    Json,
}

/// The number of a node in its tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpanId(u32);

impl SpanTree {
    /// Adds a node behind `previous` (its elder sibling) in `parent`.
    pub fn add(
        &mut self,
        parent: Option<SpanId>,
        previous: Option<SpanId>,
        key: SpanKey,
        key_span: Range<usize>,
        value_span: Range<usize>,
    ) -> SpanId {
        let id = u32::try_from(self.nodes.len()).unwrap_or(NONE);
        self.nodes.push(SpanNode {
            key,
            key_span: narrow(&key_span),
            value_span: narrow(&value_span),
            first: NONE,
            next: NONE,
            alias: NONE,
        });
        if let Some(previous) = previous.and_then(|previous| self.node_mut(previous)) {
            previous.next = id;
        } else if let Some(parent) = parent.and_then(|parent| self.node_mut(parent)) {
            parent.first = id;
        }
        SpanId(id)
    }

    /// Says where a node's value ends, once that is known.
    pub fn end(&mut self, node: SpanId, end: usize) {
        if let Some(node) = self.node_mut(node) {
            node.value_span.1 = u32::try_from(end).unwrap_or(NONE);
        }
    }

    /// Says that a node repeats what stands at another.
    pub fn repeat(&mut self, node: SpanId, other: SpanId) {
        if let Some(node) = self.node_mut(node) {
            node.alias = other.0;
        }
    }

    fn node_mut(&mut self, id: SpanId) -> Option<&mut SpanNode> {
        self.nodes.get_mut(id.0 as usize)
    }

    fn keys(&self, text: &str, mapping: &Pointer, name: &str) -> Vec<Range<usize>> {
        let found = mapping
            .tokens()
            .try_fold(self.nodes.first(), |node, token| node.map(|node| self.child(text, node, &token)));
        let Some(node) = found.flatten().and_then(|node| self.through_aliases(node)) else {
            return Vec::new();
        };
        let mut keys = Vec::new();
        let mut next = node.first;
        while let Some(child) = self.nodes.get(next as usize) {
            if child.name(text).as_deref() == Some(name) {
                keys.push(child.key_span.0 as usize..child.key_span.1 as usize);
            }
            next = child.next;
        }
        keys
    }

    fn locate(&self, text: &str, pointer: &Pointer, mark: Mark) -> Range<usize> {
        let Some(mut found) = self.nodes.first() else {
            return 0..0;
        };
        let mut exact = true;
        for token in pointer.tokens() {
            let Some(child) = self.child(text, found, &token) else {
                exact = false;
                break;
            };
            found = child;
        }
        // What is nowhere in the text is marked at the key of what should hold it.
        let (start, end) = match mark {
            // What holds other things is marked at its key: its own first line says nothing.
            Mark::Value if exact && found.first == NONE => found.value_span,
            _ if matches!(found.key, SpanKey::Position) => found.value_span,
            _ => found.key_span,
        };
        start as usize..end as usize
    }

    /// The member or element that a token names; a YAML merge key (`<<`) is looked through last.
    fn child(&self, text: &str, of: &SpanNode, token: &str) -> Option<&SpanNode> {
        let mut merged = vec![of];
        // Each step looks at a node's members once; the bound ends merges that lead in circles.
        for _ in 0..64 {
            let node = self.through_aliases(merged.pop()?)?;
            let members = self.members(text, node);
            let found = match members.named.get(token) {
                Some(child) => Some(*child),
                None => token.parse().ok().and_then(|position: usize| members.positions.get(position)).copied(),
            };
            if let Some(child) = found.and_then(|child| self.nodes.get(child as usize)) {
                return Some(child);
            }
            for merge in members.merges.iter().filter_map(|merge| self.nodes.get(*merge as usize)) {
                self.collect_merged(merge, &mut merged);
            }
        }
        None
    }

    /// What is in a node, by name. Kept, since thousands of places may be asked for in one wide mapping.
    fn members(&self, text: &str, node: &SpanNode) -> Arc<Members> {
        if let Some(members) = self.members.borrow().get(&node.first) {
            return Arc::clone(members);
        }
        let mut members = Members::default();
        let mut next = node.first;
        while let Some(child) = self.nodes.get(next as usize) {
            match child.name(text) {
                None => members.positions.push(next),
                Some(name) => {
                    if name == "<<" {
                        members.merges.push(next);
                    }
                    // Of equal keys the last counts, as it does for the reader.
                    members.named.insert(name.into(), next);
                }
            }
            next = child.next;
        }
        let members = Arc::new(members);
        self.members.borrow_mut().insert(node.first, Arc::clone(&members));
        members
    }

    fn collect_merged<'a>(&'a self, merge: &'a SpanNode, into: &mut Vec<&'a SpanNode>) {
        let Some(target) = self.through_aliases(merge) else {
            return;
        };
        let first = self.nodes.get(target.first as usize);
        match first {
            // `<<: [*a, *b]`: each element is merged.
            Some(first) if matches!(first.key, SpanKey::Position) => {
                let mut next = target.first;
                while let Some(element) = self.nodes.get(next as usize) {
                    into.push(element);
                    next = element.next;
                }
            }
            _ => into.push(target),
        }
    }

    fn through_aliases<'a>(&'a self, mut node: &'a SpanNode) -> Option<&'a SpanNode> {
        for _ in 0..64 {
            match self.nodes.get(node.alias as usize) {
                Some(target) => node = target,
                None => return Some(node),
            }
        }
        None
    }
}

fn narrow(range: &Range<usize>) -> (u32, u32) {
    (u32::try_from(range.start).unwrap_or(NONE), u32::try_from(range.end).unwrap_or(NONE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_counted_in_characters_however_far_along_a_line() {
        let text = format!("é\n{}", "aé".repeat(BLOCK));
        let source = Source::flat("x", text.clone(), SourceKind::Yaml);
        let places = text.char_indices().map(|(at, _)| at).chain([text.len()]);
        for (count, at) in places.enumerate().filter(|(count, _)| *count >= 2) {
            assert_eq!(source.line_column(at), (2, count - 1), "byte {at}");
        }
        assert_eq!((source.line_column(0), source.line_column(2)), ((1, 1), (1, 2)));
    }

    #[test]
    fn the_end_of_a_text_of_whole_blocks_has_a_column() {
        let source = Source::flat("x", "a".repeat(2 * BLOCK), SourceKind::Yaml);
        assert_eq!(source.line_column(2 * BLOCK), (1, 2 * BLOCK + 1));
    }
}
