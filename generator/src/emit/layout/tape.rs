//! Which tokens stand between which?
//!
//! A tree of tokens, written out in a row: whoever lays it out looks ahead, goes back and cuts it at its commas without building
//! anything.

use std::fmt::Write as _;
use std::ops::Range;

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};

/// Positions of tokens.
pub(super) type Span = Range<usize>;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// An identifier, a keyword or a literal.
    Word,
    /// A character of an operator; the next one belongs to it if they are joint.
    Mark {
        joint: bool,
    },
    Open,
    Close,
}

#[derive(Clone, Copy)]
pub(super) struct Token {
    pub(super) kind: Kind,
    /// The first byte of its text.
    pub(super) first: u8,
    from: usize,
    to: usize,
    /// Where its group ends, for what opens one, and itself for all others.
    mate: usize,
}

pub(super) struct Tape {
    text: String,
    tokens: Vec<Token>,
}

impl Tape {
    pub(super) fn new(stream: TokenStream) -> Self {
        let mut tape = Self { text: String::with_capacity(4096), tokens: Vec::with_capacity(512) };
        tape.write(stream);
        tape
    }

    fn write(&mut self, stream: TokenStream) {
        for tree in stream {
            match tree {
                TokenTree::Group(group) => {
                    let (delimiter, inner) = (group.delimiter(), group.stream());
                    // Tokens that nobody else holds are moved, not copied.
                    drop(group);
                    let (open, close) = match delimiter {
                        Delimiter::Parenthesis => ('(', ')'),
                        Delimiter::Brace => ('{', '}'),
                        Delimiter::Bracket => ('[', ']'),
                        Delimiter::None => {
                            self.write(inner);
                            continue;
                        }
                    };
                    let at = self.tokens.len();
                    self.push(Kind::Open, |text| text.push(open));
                    self.write(inner);
                    self.tokens[at].mate = self.tokens.len();
                    self.push(Kind::Close, |text| text.push(close));
                }
                // Writing to a string does not fail.
                TokenTree::Ident(ident) => self.push(Kind::Word, |text| {
                    let _ = write!(text, "{ident}");
                }),
                TokenTree::Literal(literal) => self.push(Kind::Word, |text| {
                    let _ = write!(text, "{literal}");
                }),
                TokenTree::Punct(mark) => {
                    let joint = mark.spacing() == Spacing::Joint;
                    self.push(Kind::Mark { joint }, |text| text.push(mark.as_char()));
                }
            }
        }
    }

    fn push(&mut self, kind: Kind, write: impl FnOnce(&mut String)) {
        let from = self.text.len();
        write(&mut self.text);
        let first = self.text.as_bytes().get(from).copied().unwrap_or(0);
        let mate = self.tokens.len();
        self.tokens.push(Token { kind, first, from, to: self.text.len(), mate });
    }

    /// About as much text as the tokens make with what stands between them.
    pub(super) fn room(&self) -> usize {
        self.text.len() * 3 / 2
    }

    pub(super) fn all(&self) -> Span {
        0..self.tokens.len()
    }

    pub(super) fn token(&self, at: usize) -> Option<Token> {
        self.tokens.get(at).copied()
    }

    pub(super) fn text(&self, at: usize) -> &str {
        self.tokens.get(at).map_or("", |token| &self.text[token.from..token.to])
    }

    /// Whether a word stands there.
    pub(super) fn is_word(&self, at: usize) -> bool {
        matches!(self.token(at), Some(Token { kind: Kind::Word, .. }))
    }

    /// Whether that mark stands there, whatever comes behind it.
    pub(super) fn is_mark(&self, at: usize, mark: u8) -> bool {
        matches!(self.token(at), Some(Token { kind: Kind::Mark { .. }, first, .. }) if first == mark)
    }

    /// Whether the mark there and the next are one.
    pub(super) fn is_joint(&self, at: usize) -> bool {
        matches!(self.token(at), Some(Token { kind: Kind::Mark { joint: true }, .. }))
    }

    /// Whether those two marks stand there as one.
    pub(super) fn is_pair(&self, at: usize, pair: [u8; 2]) -> bool {
        matches!(self.token(at), Some(Token { kind: Kind::Mark { joint: true }, first, .. }) if first == pair[0])
            && self.is_mark(at + 1, pair[1])
    }

    /// Whether a group begins there with that bracket.
    pub(super) fn opens(&self, at: usize, bracket: u8) -> bool {
        matches!(self.token(at), Some(Token { kind: Kind::Open, first, .. }) if first == bracket)
    }

    /// Whether no line can end within a span: it is a word, a path, or a reference to one.
    pub(super) fn is_bare(&self, mut span: Span) -> bool {
        span.all(|at| self.is_word(at) || self.is_mark(at, b':') || self.is_mark(at, b'&') || self.is_mark(at, b'\''))
    }

    /// What stands within the group that begins there.
    pub(super) fn within(&self, at: usize) -> Span {
        at + 1..self.token(at).map_or(at + 1, |token| token.mate)
    }

    /// Where the token or the group that begins there has been passed.
    pub(super) fn behind(&self, at: usize) -> usize {
        self.token(at).map_or(at, |token| token.mate) + 1
    }

    /// The first place of a span, outside its groups, that passes.
    pub(super) fn find(&self, span: Span, passes: impl Fn(usize) -> bool) -> Option<usize> {
        let mut at = span.start;
        while at < span.end {
            if passes(at) {
                return Some(at);
            }
            at = self.behind(at);
        }
        None
    }

    /// The parts of a span of expressions between its commas; those of a closure's parameters are the closure's.
    pub(super) fn parts(&self, span: Span) -> Vec<Span> {
        let mut parts = Vec::new();
        let mut from = span.start;
        while from < span.end {
            let mut value = from;
            while self.is_mark(value, b'&') || matches!(self.text(value), "mut" | "move") {
                value += 1;
            }
            let closure =
                self.is_mark(value, b'|').then(|| self.find(value + 1..span.end, |at| self.is_mark(at, b'|')));
            let value = closure.flatten().unwrap_or(from);
            let to = self.find(value..span.end, |at| self.is_mark(at, b',')).unwrap_or(span.end);
            parts.push(from..to);
            from = to + 1;
        }
        parts
    }

    /// The parts of a span of types between its commas: those between angle brackets belong to a type.
    pub(super) fn typed_parts(&self, span: Span) -> Vec<Span> {
        let mut parts = Vec::new();
        let mut angles = 0_usize;
        let mut from = span.start;
        let mut at = span.start;
        while at < span.end {
            if self.is_pair(at, *b"->") {
                at += 2;
                continue;
            }
            match self.token(at) {
                Some(Token { kind: Kind::Mark { .. }, first: b'<', .. }) => angles += 1,
                Some(Token { kind: Kind::Mark { .. }, first: b'>', .. }) => angles = angles.saturating_sub(1),
                Some(Token { kind: Kind::Mark { .. }, first: b',', .. }) if angles == 0 => {
                    parts.push(from..at);
                    from = at + 1;
                }
                _ => {}
            }
            at = self.behind(at);
        }
        if from < span.end {
            parts.push(from..span.end);
        }
        parts
    }

    /// Where the generics that may begin there have been passed.
    pub(super) fn behind_generics(&self, mut at: usize) -> usize {
        let mut angles = 0_usize;
        while at < self.tokens.len() {
            if self.is_pair(at, *b"->") {
                at += 1;
            } else if self.is_mark(at, b'<') {
                angles += 1;
            } else if self.is_mark(at, b'>') {
                angles = angles.saturating_sub(1);
            } else if angles == 0 {
                break;
            }
            at = self.behind(at);
        }
        at
    }

    /// The tokens of a span as text that has the same tokens.
    pub(super) fn source(&self, span: Span) -> String {
        let mut source = String::new();
        for at in span {
            source.push_str(self.text(at));
            if !matches!(self.token(at), Some(Token { kind: Kind::Mark { joint: true }, .. })) {
                source.push(' ');
            }
        }
        source
    }
}
