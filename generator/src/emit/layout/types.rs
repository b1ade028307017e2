//! How is a type laid out that is too long for its line?

use super::flat::flat;
use super::tape::Span;
use super::{INDENT, Lines};

impl Lines<'_> {
    /// A type, on this line or with its arguments one a line; `tail` is how much follows before a line may break again.
    pub(super) fn ty(&mut self, span: Span, indent: usize, tail: usize) -> Option<()> {
        let tape = self.tape;
        let mark = self.out.len();
        flat(tape, span.clone(), &mut self.out)?;
        if self.column() + tail <= self.margin() || tape.is_bare(span.clone()) {
            return Some(());
        }
        self.cut(mark);
        let open = tape.find(span.clone(), |at| tape.is_mark(at, b'<'))?;
        let close = span.end.checked_sub(1).filter(|close| tape.behind_generics(open) == close + 1)?;
        flat(tape, span.start..open, &mut self.out)?;
        self.generics(open, close, indent)
    }

    /// The arguments of a type, one a line.
    pub(super) fn generics(&mut self, open: usize, close: usize, indent: usize) -> Option<()> {
        let tape = self.tape;
        self.out.push_str("<\n");
        let parts = tape.typed_parts(open + 1..close);
        let last = parts.len();
        for (position, part) in parts.into_iter().enumerate() {
            self.indent(indent + INDENT);
            self.ty(part, indent + INDENT, usize::from(position + 1 < last))?;
            self.out.push_str(",\n");
        }
        self.indent(indent);
        self.out.push('>');
        Some(())
    }

    /// `name: Type`, or what has no name.
    pub(super) fn typed(&mut self, span: Span, indent: usize, tail: usize) -> Option<()> {
        let tape = self.tape;
        let colon = tape.find(span.clone(), |at| tape.is_mark(at, b':') && !tape.is_joint(at));
        let ty = match colon {
            Some(colon) => {
                flat(tape, span.start..colon + 1, &mut self.out)?;
                self.out.push(' ');
                colon + 1
            }
            None => span.start,
        };
        self.ty(ty..span.end, indent, tail)
    }

    /// A variant, with the types that it holds.
    pub(super) fn variant(&mut self, span: Span, indent: usize) -> Option<()> {
        let tape = self.tape;
        let mark = self.out.len();
        flat(tape, span.clone(), &mut self.out)?;
        if self.column() < self.margin() || tape.is_bare(span.clone()) {
            return Some(());
        }
        self.cut(mark);
        let open = span.start + 1;
        if !tape.opens(open, b'(') || tape.behind(open) != span.end {
            return None;
        }
        self.out.push_str(tape.text(span.start));
        self.out.push_str("(\n");
        for part in tape.typed_parts(tape.within(open)) {
            self.indent(indent + INDENT);
            self.ty(part, indent + INDENT, 1)?;
            self.out.push_str(",\n");
        }
        self.indent(indent);
        self.out.push(')');
        Some(())
    }

    /// `impl … for …` and the brace behind it.
    pub(super) fn implementation(&mut self, span: Span, indent: usize) -> Option<()> {
        let tape = self.tape;
        let mark = self.out.len();
        flat(tape, span.clone(), &mut self.out)?;
        self.out.push_str(" {");
        if self.column() <= self.margin() || tape.is_bare(span.start + 1..span.end) {
            let whole = tape.find(span.clone(), |at| tape.text(at) == "for").is_none();
            if self.column() <= self.margin() || whole {
                return Some(());
            }
        }
        self.cut(mark);
        let owner = tape.find(span.clone(), |at| tape.text(at) == "for")?;
        let mut trait_at = span.start + 1;
        self.out.push_str("impl");
        if tape.is_mark(trait_at, b'<') {
            let behind = tape.behind_generics(trait_at);
            flat(tape, trait_at..behind, &mut self.out)?;
            trait_at = behind;
        }
        self.out.push(' ');
        self.ty(trait_at..owner, indent, 0)?;
        let mut rest = String::new();
        flat(tape, owner..span.end, &mut rest)?;
        rest.push_str(" {");
        if self.column() + 1 + rest.len() > self.margin() {
            self.out.push('\n');
            self.indent(indent);
        } else {
            self.out.push(' ');
        }
        self.out.push_str(&rest);
        self.holds(owner + 1..span.end)
    }
}
