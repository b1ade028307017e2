//! How is an item laid out, and its members?

use super::flat::{flat, tokens};
use super::tape::{Span, Tape};
use super::{INDENT, Lines, MARGIN};
use crate::emit::format::{self, WIDTH};

/// Where the item that begins there has been passed.
pub(super) fn end(tape: &Tape, at: usize, limit: usize) -> usize {
    let at = behind_attributes(tape, at);
    let word = keyword(tape, at);
    let closes_with_semicolon = matches!(tape.text(word), "use" | "static" | "type")
        || tape.text(word) == "const" && tape.text(word + 1) != "fn";
    tape.find(at..limit, |at| tape.is_mark(at, b';') || !closes_with_semicolon && tape.opens(at, b'{'))
        .map_or(limit, |at| tape.behind(at))
}

fn behind_attributes(tape: &Tape, mut at: usize) -> usize {
    while tape.is_mark(at, b'#') {
        at = tape.behind(at + 1 + usize::from(tape.is_mark(at + 1, b'!')));
    }
    at
}

/// What an item is, behind its visibility.
fn keyword(tape: &Tape, at: usize) -> usize {
    match tape.text(at) {
        "pub" if tape.opens(at + 1, b'(') => tape.behind(at + 1),
        "pub" => at + 1,
        _ => at,
    }
}

impl Lines<'_> {
    /// An item and the line break behind it.
    pub(super) fn item(&mut self, span: Span, indent: usize) -> Option<()> {
        let tape = self.tape;
        let at = self.attributes(span.start, indent)?;
        let span = at..span.end;
        let word = keyword(tape, at);
        self.indent(indent);
        match tape.text(word) {
            "static" if indent == 0 && word == at => self.chain(span)?,
            "struct" | "enum" | "impl" => match tape.find(span.clone(), |at| tape.opens(at, b'{')) {
                Some(brace) => {
                    if tape.text(word) == "impl" {
                        self.implementation(at..brace, indent)?;
                    } else {
                        flat(tape, at..brace, &mut self.out)?;
                        self.out.push_str(" {");
                        self.holds(at..brace)?;
                    }
                    self.members(tape.within(brace), indent, tape.text(word))?;
                    self.out.push('}');
                }
                None => self.line(span)?,
            },
            "fn" => self.function(span, word, indent)?,
            "const" if tape.text(word + 1) == "fn" => self.function(span, word + 1, indent)?,
            "const" | "static" => self.constant(span, indent)?,
            "use" | "type" | "mod" => self.line(span)?,
            _ => self.invocation(span, indent)?,
        }
        self.out.push('\n');
        Some(())
    }

    /// What ends with a semicolon, on one line.
    fn line(&mut self, span: Span) -> Option<()> {
        let last = span.end.checked_sub(1).filter(|last| self.tape.is_mark(*last, b';'))?;
        flat(self.tape, span.start..last, &mut self.out)?;
        self.out.push(';');
        let value = self.tape.find(span.clone(), |at| self.tape.is_mark(at, b'=')).unwrap_or(span.start);
        self.holds(value + 1..last)
    }

    fn constant(&mut self, span: Span, indent: usize) -> Option<()> {
        let tape = self.tape;
        let last = span.end.checked_sub(1)?;
        let equals = tape.find(span.clone(), |at| tape.is_mark(at, b'='))?;
        let mark = self.out.len();
        flat(tape, span.start..equals, &mut self.out)?;
        self.out.push_str(" = ");
        self.expression(equals + 1..last, indent, 1, false)?;
        self.out.push(';');
        // A type that can be on several lines is, rather than that the first line is too long.
        let first = self.out[mark..].lines().next()?.len();
        (indent + first <= MARGIN || tape.is_bare(span.start..equals)).then_some(())
    }

    /// Attributes and docs, a line each; where the rest begins.
    fn attributes(&mut self, mut at: usize, indent: usize) -> Option<usize> {
        let tape = self.tape;
        while tape.is_mark(at, b'#') {
            if !tape.opens(at + 1, b'[') {
                return None;
            }
            let inner = tape.within(at + 1);
            self.indent(indent);
            if tape.text(inner.start) == "doc" && tape.is_mark(inner.start + 1, b'=') {
                self.doc(inner.start + 2)?;
            } else {
                self.out.push_str("#[");
                flat(tape, inner.clone(), &mut self.out)?;
                self.out.push(']');
                if self.column() > WIDTH {
                    return None;
                }
            }
            self.out.push('\n');
            at = inner.end + 1;
        }
        Some(at)
    }

    /// A line of docs, of the literal that holds it.
    fn doc(&mut self, at: usize) -> Option<()> {
        let literal = self.tape.text(at);
        let raw = literal.strip_prefix("r\"");
        let text = raw.or_else(|| literal.strip_prefix('"'))?.strip_suffix('"')?;
        self.out.push_str("///");
        let from = self.out.len();
        if raw.is_some() || !text.contains('\\') {
            self.out.push_str(text);
        } else {
            let mut characters = text.chars();
            while let Some(character) = characters.next() {
                self.out.push(match character {
                    '\\' => match characters.next()? {
                        escaped @ ('"' | '\'' | '\\') => escaped,
                        't' => '\t',
                        _ => return None,
                    },
                    other => other,
                });
            }
        }
        if self.out[from..].starts_with('/') {
            return None;
        }
        let text = self.out[from..].trim_end_matches(' ').len();
        self.cut(from + text);
        Some(())
    }

    /// The members of a braced item, and what stands before its closing brace.
    fn members(&mut self, span: Span, indent: usize, of: &str) -> Option<()> {
        if span.is_empty() {
            return Some(());
        }
        let tape = self.tape;
        self.out.push('\n');
        if of == "impl" {
            let mut at = span.start;
            while at < span.end {
                let end = end(tape, at, span.end);
                self.item(at..end, indent + INDENT)?;
                at = end;
            }
        } else {
            for part in tape.typed_parts(span) {
                let at = self.attributes(part.start, indent + INDENT)?;
                self.indent(indent + INDENT);
                if of == "enum" {
                    self.variant(at..part.end, indent + INDENT)?;
                } else {
                    self.typed(at..part.end, indent + INDENT, 1)?;
                }
                self.out.push_str(",\n");
            }
        }
        self.indent(indent);
        Some(())
    }

    fn function(&mut self, span: Span, word: usize, indent: usize) -> Option<()> {
        let tape = self.tape;
        let open = tape.behind_generics(word + 2);
        let brace = tape.find(open..span.end, |at| tape.opens(at, b'{'))?;
        if !tape.opens(open, b'(') || tape.find(open..brace, |at| tape.text(at) == "where").is_some() {
            return None;
        }
        flat(tape, span.start..open, &mut self.out)?;
        self.out.push('(');
        let (inner, body) = (tape.within(open), tape.within(brace));
        let mark = self.out.len();
        let mut answer = ")".to_owned();
        flat(tape, inner.end + 1..brace, &mut answer)?;
        answer.push_str(" {");
        flat(tape, inner.clone(), &mut self.out)?;
        if self.column() + answer.len() + usize::from(body.is_empty()) > self.margin() && !inner.is_empty() {
            self.cut(mark);
            self.fits()?;
            self.out.push('\n');
            let parts = tape.typed_parts(inner.clone());
            let last = parts.len();
            for (position, part) in parts.into_iter().enumerate() {
                self.indent(indent + INDENT);
                self.typed(part, indent + INDENT, usize::from(position + 1 < last))?;
                self.out.push_str(",\n");
            }
            self.indent(indent);
        }
        if self.column() + answer.len() + usize::from(body.is_empty()) <= self.margin() {
            self.out.push_str(&answer);
        } else {
            self.out.push_str(") -> ");
            self.ty(inner.end + 3..brace, indent, 2)?;
            self.out.push_str(" {");
        }
        self.block(body, indent)?;
        self.out.push('}');
        Some(())
    }

    /// A macro's invocation: `path!(…);`.
    fn invocation(&mut self, span: Span, indent: usize) -> Option<()> {
        let tape = self.tape;
        let open = tape.find(span.clone(), |at| tape.opens(at, b'('))?;
        if !tape.is_mark(open.checked_sub(1)?, b'!') || tape.behind(open) + 1 != span.end {
            return None;
        }
        let from = self.out.len();
        flat(tape, span.start..open, &mut self.out)?;
        self.out.push('(');
        if &self.out[from..] == "json::record!(" {
            tokens(tape, tape.within(open), &mut self.out)?;
            self.out.push_str(");");
            let record = self.out[from..].to_owned();
            self.cut(from);
            self.out.push_str(&format::record(record));
            return Some(());
        }
        let mark = self.out.len();
        tokens(tape, tape.within(open), &mut self.out)?;
        if self.column() + ");".len() > self.margin() {
            let given = self.out[mark..].to_owned();
            self.cut(mark);
            self.out.push('\n');
            self.indent(indent + INDENT);
            self.filled(&given, indent + INDENT)?;
            self.out.push('\n');
            self.indent(indent);
        }
        self.out.push_str(");");
        Some(())
    }

    /// Words on as many lines as they need.
    fn filled(&mut self, words: &str, indent: usize) -> Option<()> {
        if words.contains(['"', '(', '[', '{', '<']) && self.column() + words.len() > self.margin() {
            return None;
        }
        for (position, word) in words.split(' ').enumerate() {
            if position > 0 && self.column() + 1 + word.len() > self.margin() {
                self.out.push('\n');
                self.indent(indent);
            } else if position > 0 {
                self.out.push(' ');
            }
            self.out.push_str(word);
        }
        Some(())
    }

    /// A static of a chain of calls: on one line, or a call a line.
    fn chain(&mut self, span: Span) -> Option<()> {
        let tape = self.tape;
        let mark = self.out.len();
        let last = span.end.checked_sub(1)?;
        flat(tape, span.start..last, &mut self.out)?;
        if self.column() < WIDTH {
            self.out.push(';');
            return Some(());
        }
        self.cut(mark);
        let equals = tape.find(span.clone(), |at| tape.is_mark(at, b'='))?;
        let call = |from: usize| tape.find(from + 1..last, |at| tape.is_mark(at, b'.')).unwrap_or(last);
        let mut at = call(equals);
        flat(tape, span.start..at, &mut self.out)?;
        let mut indent = INDENT;
        if self.column() + usize::from(at == last) > WIDTH {
            self.cut(mark);
            flat(tape, span.start..equals, &mut self.out)?;
            self.out.push_str(" =\n");
            self.indent(indent);
            flat(tape, equals + 1..at, &mut self.out)?;
            indent += INDENT;
        }
        while at < last {
            let next = call(at);
            self.out.push('\n');
            self.indent(indent);
            flat(tape, at..next, &mut self.out)?;
            // A line is measured before it is moved in.
            if self.column() + INDENT - indent + usize::from(next == last) > WIDTH {
                return None;
            }
            at = next;
        }
        self.out.push(';');
        Some(())
    }
}
