//! How are calls and literals laid out that are too long for their line?

use super::flat::flat;
use super::tape::Span;
use super::{INDENT, Lines};

impl Lines<'_> {
    pub(super) fn is_closure(&self, at: usize) -> bool {
        self.tape.is_mark(at + usize::from(self.tape.text(at) == "move"), b'|')
    }

    /// A closure whose body is a block, a choice or a call.
    pub(super) fn closure(&mut self, span: Span, indent: usize, tail: usize) -> Option<()> {
        let tape = self.tape;
        let open = span.start + usize::from(tape.text(span.start) == "move");
        let body = tape.find(open + 1..span.end, |at| tape.is_mark(at, b'|'))? + 1;
        flat(tape, span.start..body, &mut self.out)?;
        let block = tape.opens(body, b'{') && tape.behind(body) == span.end;
        if block && tape.find(tape.within(body), |at| tape.is_mark(at, b';')).is_some() {
            self.out.push_str(" {");
            self.fits()?;
            self.block(tape.within(body), indent)?;
            self.out.push('}');
            return Some(());
        }
        if tape.text(body) != "match" {
            return None;
        }
        self.out.push(' ');
        self.expression(body..span.end, indent, tail, false)
    }

    /// A chain of calls, one a line.
    pub(super) fn calls(
        &mut self,
        span: Span,
        dots: &[usize],
        indent: usize,
        tail: usize,
        beginning: bool,
    ) -> Option<()> {
        let tape = self.tape;
        let receiver = span.start..*dots.first()?;
        let short = beginning && receiver.len() == 1 && tape.text(receiver.start).len() <= INDENT;
        self.receiver(receiver, indent + INDENT)?;
        let alone = short && dots.len() == 1;
        for (position, dot) in dots.iter().enumerate() {
            if position > 0 || !short {
                self.out.push('\n');
                self.indent(indent + INDENT);
            }
            let end = dots.get(position + 1).copied().unwrap_or(span.end);
            let mark = self.out.len();
            let tail = if end == span.end { tail } else { 0 };
            if flat(tape, *dot..end, &mut self.out).is_some() && self.column() + tail <= self.margin() {
                continue;
            }
            self.cut(mark);
            let open = tape.find(*dot..end, |at| tape.opens(at, b'('))?;
            let indent = if alone { indent } else { indent + INDENT };
            // The types that a call names are the first to give way.
            let behind = tape.behind(open)..end;
            if let Some(angle) = tape.find(*dot..open, |at| tape.is_mark(at, b'<')) {
                flat(tape, *dot..angle, &mut self.out)?;
                self.generics(angle, open - 1, indent)?;
                let mark = self.out.len();
                if flat(tape, open..end, &mut self.out).is_some() && self.column() + tail <= self.margin() {
                    continue;
                }
                self.cut(mark);
            } else {
                flat(tape, *dot..open, &mut self.out)?;
                self.fits()?;
            }
            self.arguments(open, indent)?;
            flat(tape, behind, &mut self.out)?;
        }
        Some(())
    }

    /// What the first call of a chain is made on.
    fn receiver(&mut self, span: Span, indent: usize) -> Option<()> {
        let tape = self.tape;
        let mark = self.out.len();
        if flat(tape, span.clone(), &mut self.out).is_some() && self.column() <= self.margin() {
            return Some(());
        }
        self.cut(mark);
        let open = tape.find(span.clone(), |at| tape.opens(at, b'('))?;
        if tape.behind(open) != span.end || tape.find(span.start..open, |at| tape.is_mark(at, b'<')).is_some() {
            return None;
        }
        flat(tape, span.start..open, &mut self.out)?;
        self.arguments(open, indent)
    }

    /// The arguments of a call, one a line.
    pub(super) fn arguments(&mut self, open: usize, indent: usize) -> Option<()> {
        let tape = self.tape;
        let parts = tape.parts(tape.within(open));
        if let [only] = parts.as_slice() {
            let last = only.end.checked_sub(1)?;
            let whole = tape.behind(only.start) == only.end;
            if whole && tape.opens(only.start, b'(') {
                return None;
            }
            let literal = tape.is_word(only.start) && tape.text(last) == "}";
            if literal || self.is_closure(only.start) || whole && tape.opens(only.start, b'[') {
                self.out.push('(');
                self.expression(only.clone(), indent, 1, false)?;
                self.out.push(')');
                return Some(());
            }
        }
        self.out.push('(');
        self.fits()?;
        self.out.push('\n');
        self.listed(parts, indent)?;
        self.out.push(')');
        Some(())
    }

    /// The elements of an array, one a line.
    pub(super) fn array(&mut self, open: usize, indent: usize) -> Option<()> {
        let tape = self.tape;
        let parts = tape.parts(tape.within(open));
        self.out.push_str("[\n");
        for part in &parts {
            // An array of numbers is filled, as text is.
            let simple =
                |text: &str| text.starts_with(|c: char| c.is_ascii_digit()) || matches!(text, "true" | "false");
            if part.len() == 1 && simple(tape.text(part.start)) {
                return None;
            }
        }
        self.listed(parts, indent)?;
        self.out.push(']');
        Some(())
    }

    /// Expressions, one a line, each with a comma; the last one's is there only because of the lines.
    fn listed(&mut self, parts: Vec<Span>, indent: usize) -> Option<()> {
        let last = parts.len();
        for (position, part) in parts.into_iter().enumerate() {
            self.indent(indent + INDENT);
            self.expression(part, indent + INDENT, usize::from(position + 1 < last), false)?;
            self.out.push_str(",\n");
        }
        self.indent(indent);
        Some(())
    }

    /// The fields of a struct's literal, one a line.
    pub(super) fn literal(&mut self, open: usize, indent: usize) -> Option<()> {
        let tape = self.tape;
        self.out.push_str(" {\n");
        let parts = tape.parts(tape.within(open));
        let last = parts.len();
        for (position, part) in parts.into_iter().enumerate() {
            self.indent(indent + INDENT);
            let colon = part.start + 1;
            if tape.is_pair(part.start, *b"..") {
                flat(tape, part, &mut self.out)?;
                self.fits()?;
                self.out.push('\n');
                continue;
            }
            if tape.is_mark(colon, b':') && colon < part.end {
                self.out.push_str(tape.text(part.start));
                self.out.push_str(": ");
                self.expression(colon + 1..part.end, indent + INDENT, usize::from(position + 1 < last), false)?;
            } else {
                flat(tape, part, &mut self.out)?;
            }
            self.out.push_str(",\n");
        }
        self.indent(indent);
        self.out.push('}');
        Some(())
    }
}
