//! What does code look like on one line?

use super::tape::{Kind, Span, Tape};

/// How wide a struct's literal may be on one line.
const LITERAL: usize = 34;

/// Words that no value ends with.
const KEYWORDS: [&str; 17] = [
    "as", "const", "dyn", "enum", "fn", "for", "impl", "in", "let", "move", "mut", "pub", "ref", "return", "static",
    "struct", "where",
];

/// Words whose blocks have lines of their own.
const BLOCKS: [&str; 7] = ["async", "else", "if", "loop", "match", "unsafe", "while"];

/// Operators of two marks that stand between two values, or before a type.
const BETWEEN: [&str; 9] = ["->", "=>", "==", "!=", "<=", ">=", "+=", "-=", "|="];

/// Writes a span on the line that `out` ends with; `None` where that is not sure to be right.
pub(super) fn flat(tape: &Tape, span: Span, out: &mut String) -> Option<()> {
    written(tape, span, out, LITERAL)
}

/// The tokens that a macro is given, whatever they mean.
pub(super) fn tokens(tape: &Tape, span: Span, out: &mut String) -> Option<()> {
    written(tape, span, out, usize::MAX)
}

fn written(tape: &Tape, span: Span, out: &mut String, widest: usize) -> Option<()> {
    let path = out.len();
    let mut flat = Flat { tape, span, out, widest, before: Before::Clings, angles: 0, closure: false, path };
    let mut at = flat.span.start;
    while at < flat.span.end {
        at = match tape.token(at)?.kind {
            Kind::Word => flat.word(at)?,
            Kind::Open => flat.group(at)?,
            Kind::Close => return None,
            Kind::Mark { .. } => flat.mark(at)?,
        };
    }
    (flat.angles == 0 && !flat.closure).then_some(())
}

/// What the next token has to know of what stands before it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    /// Nothing, or what clings to the next: an opening bracket, a path's colons, a prefix.
    Clings,
    /// A value, a type or a path ends.
    Operand,
    /// A lifetime, a keyword, a comma, an operator.
    Other,
}

struct Flat<'a> {
    tape: &'a Tape,
    span: Span,
    out: &'a mut String,
    widest: usize,
    before: Before,
    /// How many angle brackets are open.
    angles: usize,
    /// Whether the parameters of a closure are open.
    closure: bool,
    /// Where the path began that a struct's literal would follow.
    path: usize,
}

impl Flat<'_> {
    /// The text of the token before, within the span.
    fn last(&self, at: usize) -> &str {
        if at > self.span.start { self.tape.text(at - 1) } else { "" }
    }

    /// Writes what stands apart from all but what clings to it.
    fn apart(&mut self, text: &str) {
        if self.before != Before::Clings {
            self.out.push(' ');
        }
        self.out.push_str(text);
    }

    /// Writes what clings to a value before it.
    fn attached(&mut self, text: &str) {
        if self.before == Before::Other {
            self.out.push(' ');
        }
        self.out.push_str(text);
    }

    fn between(&mut self, text: &str) {
        self.out.push(' ');
        self.out.push_str(text);
        self.before = Before::Other;
    }

    fn word(&mut self, at: usize) -> Option<usize> {
        let word = self.tape.text(at);
        if BLOCKS.contains(&word) {
            return None;
        }
        self.apart(word);
        if !(self.before == Before::Clings && self.last(at) == ":") {
            self.path = self.out.len() - word.len();
        }
        let other = self.last(at) == "'" || KEYWORDS.contains(&word) && self.last(at) != ".";
        self.before = if other { Before::Other } else { Before::Operand };
        Some(at + 1)
    }

    fn group(&mut self, at: usize) -> Option<usize> {
        let tape = self.tape;
        let inner = tape.within(at);
        if tape.opens(at, b'{') {
            // What is imported, or the fields of a struct.
            match self.before {
                Before::Clings if self.last(at) == ":" => {
                    self.out.push('{');
                    written(tape, inner.clone(), self.out, self.widest)?;
                }
                Before::Operand if self.last(at) != "!" => {
                    self.out.push_str(" {");
                    if !inner.is_empty() {
                        self.out.push(' ');
                        written(tape, inner.clone(), self.out, self.widest)?;
                        self.out.push(' ');
                    }
                    if self.out.len() - self.path > self.widest {
                        return None;
                    }
                }
                _ => return None,
            }
            self.out.push('}');
        } else {
            let (open, close) = if tape.opens(at, b'(') { ("(", ')') } else { ("[", ']') };
            if matches!(self.last(at), "fn" | "pub") {
                self.out.push_str(open);
            } else {
                self.attached(open);
            }
            written(tape, inner.clone(), self.out, self.widest)?;
            let comma = || tape.find(inner.clone(), |at| tape.is_mark(at, b',')).map(|at| at + 1);
            if close == ')' && self.before != Before::Operand && comma() == Some(inner.end) {
                self.out.push(',');
            }
            self.out.push(close);
        }
        self.before = Before::Operand;
        Some(inner.end + 1)
    }

    fn mark(&mut self, at: usize) -> Option<usize> {
        let tape = self.tape;
        let operand = self.before == Before::Operand;
        if tape.is_pair(at, *b"::") {
            self.attached("::");
            self.before = Before::Clings;
            return Some(at + 2);
        }
        if tape.is_pair(at, *b"..") {
            let closed = tape.is_mark(at + 2, b'=');
            self.attached(if closed { "..=" } else { ".." });
            self.before = Before::Clings;
            return Some(at + 2 + usize::from(closed));
        }
        if let Some(pair) = BETWEEN.into_iter().find(|pair| tape.is_pair(at, [pair.as_bytes()[0], pair.as_bytes()[1]]))
            && !(pair == ">=" && self.angles > 0)
        {
            self.between(pair);
            return Some(at + 2);
        }
        for (pair, prefix) in [("&&", Before::Clings), ("||", Before::Other)] {
            if tape.is_pair(at, [pair.as_bytes()[0]; 2]) {
                if operand {
                    self.between(pair);
                } else {
                    self.apart(pair);
                    self.before = prefix;
                }
                return Some(at + 2);
            }
        }
        let text = tape.text(at);
        match text {
            "," if at + 1 == self.span.end || self.angles > 0 && tape.is_mark(at + 1, b'>') => {}
            "," | ";" | ":" => {
                self.out.push_str(text);
                self.before = Before::Other;
            }
            "." => {
                self.out.push('.');
                self.before = Before::Clings;
            }
            "?" if operand => self.out.push('?'),
            "!" if operand && matches!(tape.token(at + 1), Some(next) if next.kind == Kind::Open) => self.out.push('!'),
            "<" if !operand || self.generic(at) => {
                if matches!(self.last(at), "impl" | "for" | "fn") {
                    self.out.push('<');
                } else {
                    self.attached("<");
                }
                self.angles += 1;
                self.before = Before::Clings;
            }
            ">" if self.angles > 0 => {
                self.out.push('>');
                self.angles -= 1;
                self.before = Before::Operand;
            }
            "|" if self.closure => {
                self.out.push('|');
                self.closure = false;
                self.before = Before::Other;
            }
            "|" if !operand => {
                self.apart("|");
                self.closure = true;
                self.before = Before::Clings;
            }
            "&" | "*" | "-" | "!" | "?" | "'" if !operand => {
                self.apart(text);
                self.before = Before::Clings;
            }
            "=" | "&" | "*" | "-" | "+" | "|" | "<" | ">" | "/" | "%" | "@" => self.between(text),
            _ => return None,
        }
        Some(at + 1)
    }

    /// Whether what opens there are the arguments or the parameters of a type: behind a type's name or a function's.
    fn generic(&self, at: usize) -> bool {
        let function = at >= self.span.start + 2 && self.tape.text(at - 2) == "fn";
        let name = self.last(at);
        function || name.strip_prefix("r#").unwrap_or(name).starts_with(|c: char| c.is_uppercase() || c == '_')
    }
}
