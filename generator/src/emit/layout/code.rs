//! How are the statements of a function laid out?

use super::flat::flat;
use super::tape::Span;
use super::{INDENT, Lines};

/// What begins an expression that has a block.
const BLOCKS: [&str; 6] = ["match", "if", "for", "while", "loop", "unsafe"];

impl Lines<'_> {
    /// The statements of a block behind its opening brace, and what stands before the closing one.
    pub(super) fn block(&mut self, span: Span, indent: usize) -> Option<()> {
        if span.is_empty() {
            return Some(());
        }
        self.out.push('\n');
        let mut at = span.start;
        while at < span.end {
            at = self.statement(at, span.end, indent + INDENT)?;
        }
        self.indent(indent);
        Some(())
    }

    fn statement(&mut self, at: usize, limit: usize, indent: usize) -> Option<usize> {
        let tape = self.tape;
        let word = tape.text(at);
        if matches!(word, "use" | "const" | "static" | "fn" | "struct" | "enum" | "impl" | "type") {
            let end = super::items::end(tape, at, limit);
            self.item(at..end, indent)?;
            return Some(end);
        }
        self.indent(indent);
        let end = if BLOCKS.contains(&word) { self.block_end(at, limit)? } else { limit };
        if end < limit && !tape.is_mark(end, b';') && (tape.is_mark(end, b'.') || tape.is_mark(end, b'?')) {
            return None;
        }
        let semicolon = if BLOCKS.contains(&word) {
            tape.is_mark(end, b';').then_some(end)
        } else {
            tape.find(at..limit, |at| tape.is_mark(at, b';'))
        };
        let body = at..semicolon.unwrap_or(end);
        let assigned = |at| tape.is_mark(at, b'=') && !tape.is_joint(at) && !tape.is_joint(at.wrapping_sub(1));
        if let Some(equals) = tape.find(body.clone(), assigned).filter(|_| !BLOCKS.contains(&word)) {
            // `let … else`.
            let otherwise = tape.find(equals..body.end, |at| tape.text(at) == "else").is_some();
            if otherwise && tape.text(equals + 1) != "if" {
                return None;
            }
            flat(tape, at..equals, &mut self.out)?;
            self.out.push_str(" = ");
            self.expression(equals + 1..body.end, indent, 1, false)?;
        } else {
            self.expression(body.clone(), indent, usize::from(semicolon.is_some()), true)?;
        }
        if semicolon.is_some() && !matches!(word, "if" | "for" | "while") {
            self.out.push(';');
        }
        self.out.push('\n');
        Some(semicolon.map_or(body.end, |at| at + 1))
    }

    /// Where an expression that has a block ends.
    fn block_end(&self, at: usize, limit: usize) -> Option<usize> {
        let tape = self.tape;
        let mut end = tape.behind(tape.find(at..limit, |at| tape.opens(at, b'{'))?);
        while tape.text(at) == "if" && end < limit && tape.text(end) == "else" {
            end = tape.behind(tape.find(end..limit, |at| tape.opens(at, b'{'))?);
        }
        Some(end)
    }

    /// An expression, on this line or on several.
    ///
    /// `tail` is how much follows before a line may break again; `beginning` says whether it begins its line.
    pub(super) fn expression(&mut self, span: Span, indent: usize, tail: usize, beginning: bool) -> Option<()> {
        let tape = self.tape;
        match tape.text(span.start) {
            "match" => return self.choice(span, indent),
            "if" => return self.condition(span, indent),
            "for" => return self.repeated(span, indent),
            word if BLOCKS.contains(&word) => return None,
            _ => {}
        }
        let mark = self.out.len();
        let fits = |lines: &Self| lines.column() + tail <= lines.margin() || tape.is_bare(span.clone());
        if flat(tape, span.clone(), &mut self.out).is_some() && fits(self) {
            return Some(());
        }
        self.cut(mark);
        self.broken(span, indent, tail, beginning)
    }

    fn broken(&mut self, span: Span, indent: usize, tail: usize, beginning: bool) -> Option<()> {
        let tape = self.tape;
        let last = span.end.checked_sub(1)?;
        if tape.is_mark(span.start, b'&') {
            self.out.push('&');
            let mutable = tape.text(span.start + 1) == "mut";
            self.out.push_str(if mutable { "mut " } else { "" });
            return self.expression(span.start + 1 + usize::from(mutable)..span.end, indent, tail, false);
        }
        if self.is_closure(span.start) {
            return self.closure(span, indent, tail);
        }
        if tape.is_mark(last, b'?') {
            self.expression(span.start..last, indent, tail + 1, beginning)?;
            self.out.push('?');
            return Some(());
        }
        if tape.opens(span.start, b'[') && tape.behind(span.start) == span.end {
            return self.array(span.start, indent);
        }
        let mut dots = Vec::new();
        let mut at = span.start;
        let mut angles = 0;
        while at < span.end {
            match tape.token(at)?.first {
                _ if tape.is_word(at) => {}
                b'(' => {}
                b'{' if tape.behind(at) == span.end => {}
                b':' if tape.is_pair(at, *b"::") => at += 1,
                b'<' if at > span.start && (tape.is_mark(at - 1, b':') || angles > 0) => angles += 1,
                b'>' if angles > 0 => angles -= 1,
                b',' | b'&' | b'\'' if angles > 0 => {}
                b'?' => {}
                b'.' if !tape.is_pair(at, *b"..") => dots.push(at),
                _ => return None,
            }
            if tape.is_word(at) && matches!(tape.text(at), "as" | "move" | "return" | "async" | "mut") {
                return None;
            }
            at = tape.behind(at);
        }
        if !dots.is_empty() {
            return self.calls(span, &dots, indent, tail, beginning);
        }
        let open = (span.start..span.end).find(|at| tape.behind(*at) == span.end && *at > span.start)?;
        if tape.find(span.start..open, |at| tape.is_mark(at, b'<')).is_some() {
            return None;
        }
        flat(tape, span.start..open, &mut self.out)?;
        if tape.opens(open, b'(') {
            self.arguments(open, indent)
        } else if tape.opens(open, b'{') {
            self.literal(open, indent)
        } else {
            None
        }
    }

    fn choice(&mut self, span: Span, indent: usize) -> Option<()> {
        let tape = self.tape;
        let brace = tape.find(span.clone(), |at| tape.opens(at, b'{'))?;
        if tape.behind(brace) != span.end {
            return None;
        }
        self.out.push_str("match ");
        flat(tape, span.start + 1..brace, &mut self.out)?;
        self.out.push_str(" {");
        self.fits()?;
        let arms = tape.within(brace);
        let mut at = arms.start;
        if arms.is_empty() {
            self.out.push('}');
            return Some(());
        }
        self.out.push('\n');
        while at < arms.end {
            at = self.arm(at, arms.end, indent + INDENT)?;
            self.out.push('\n');
        }
        self.indent(indent);
        self.out.push('}');
        Some(())
    }

    /// What an arm is for: `Path(…)` is the only pattern that is known on several lines.
    fn pattern(&mut self, span: Span, indent: usize) -> Option<()> {
        let tape = self.tape;
        let mark = self.out.len();
        flat(tape, span.clone(), &mut self.out)?;
        if self.column() + " => ".len() <= self.margin() || tape.is_bare(span.clone()) {
            return Some(());
        }
        self.cut(mark);
        let open = tape.find(span.clone(), |at| tape.opens(at, b'('))?;
        if tape.behind(open) != span.end || !tape.is_bare(span.start..open) {
            return None;
        }
        flat(tape, span.start..open, &mut self.out)?;
        self.out.push('(');
        self.out.push('\n');
        for part in tape.parts(tape.within(open)) {
            self.indent(indent + INDENT);
            flat(tape, part, &mut self.out)?;
            self.fits()?;
            self.out.push_str(",\n");
        }
        self.indent(indent);
        self.out.push(')');
        Some(())
    }

    fn arm(&mut self, at: usize, limit: usize, indent: usize) -> Option<usize> {
        let tape = self.tape;
        let arrow = tape.find(at..limit, |at| tape.is_pair(at, *b"=>"))?;
        self.indent(indent);
        self.pattern(at..arrow, indent)?;
        self.out.push_str(" =>");
        let from = arrow + 2;
        let mut body;
        let behind;
        if tape.opens(from, b'{') {
            body = tape.within(from);
            behind = tape.behind(from);
            if !self.is_expression(body.clone()) {
                self.out.push_str(" {");
                self.block(body, indent)?;
                self.out.push('}');
                return Some(behind + usize::from(tape.is_mark(behind, b',')));
            }
        } else {
            let end = if BLOCKS.contains(&tape.text(from)) {
                self.block_end(from, limit)?
            } else {
                tape.find(from..limit, |at| tape.is_mark(at, b',')).unwrap_or(limit)
            };
            if end < limit && !tape.is_mark(end, b',') && BLOCKS.contains(&tape.text(from)) && tape.is_mark(end, b'.') {
                return None;
            }
            body = from..end;
            behind = end;
        }
        let next = behind + usize::from(tape.is_mark(behind, b','));
        while tape.opens(body.start, b'{') && tape.behind(body.start) == body.end {
            body = tape.within(body.start);
        }
        if tape.opens(body.start, b'(') && body.len() == 2 {
            self.out.push_str(" {}");
            return Some(next);
        }
        let mark = self.out.len();
        if !BLOCKS.contains(&tape.text(body.start)) {
            self.out.push(' ');
            if flat(tape, body.clone(), &mut self.out).is_some() && self.column() <= self.margin() {
                self.out.push(',');
                return Some(next);
            }
        }
        self.cut(mark);
        if !tape.is_word(body.start) {
            return None;
        }
        self.out.push_str(" {\n");
        self.indent(indent + INDENT);
        self.expression(body.clone(), indent + INDENT, 0, true)?;
        self.out.push_str(if matches!(tape.text(body.start), "return" | "break" | "continue") { ";\n" } else { "\n" });
        self.indent(indent);
        self.out.push('}');
        Some(next)
    }

    /// Whether a block is a single expression, whose value it has.
    fn is_expression(&self, span: Span) -> bool {
        let tape = self.tape;
        let word = tape.text(span.start);
        !span.is_empty()
            && word != "let"
            && tape.find(span.clone(), |at| tape.is_mark(at, b';')).is_none()
            && (!BLOCKS.contains(&word) || self.block_end(span.start, span.end) == Some(span.end))
    }

    fn condition(&mut self, span: Span, indent: usize) -> Option<()> {
        let tape = self.tape;
        let mark = self.out.len();
        let mut at = span.start;
        let mut blocks = Vec::new();
        while at < span.end {
            let brace = tape.find(at..span.end, |at| tape.opens(at, b'{'))?;
            blocks.push((at..brace, tape.within(brace)));
            at = tape.behind(brace);
        }
        let single = |block: &Span| self.is_expression(block.clone()) && !BLOCKS.contains(&tape.text(block.start));
        if blocks.len() > 1 && blocks.iter().all(|(_, block)| single(block)) {
            let mut one = String::new();
            let mut simple = Some(());
            for (head, block) in &blocks {
                let word = tape.text(head.start);
                one.push_str(if one.is_empty() { "" } else { " " });
                one.push_str(word);
                let mut rest = head.start + 1;
                if word == "else" && tape.text(rest) == "if" {
                    one.push_str(" if");
                    rest += 1;
                }
                if rest < head.end {
                    one.push(' ');
                    simple = simple.and_then(|()| flat(tape, rest..head.end, &mut one));
                }
                one.push_str(" { ");
                simple = simple.and_then(|()| flat(tape, block.clone(), &mut one));
                one.push_str(" }");
            }
            if simple.is_some() && self.column() + one.len() <= self.margin() {
                self.out.push_str(&one);
                return Some(());
            }
        }
        self.cut(mark);
        for (position, (head, block)) in blocks.into_iter().enumerate() {
            self.out.push_str(if position == 0 { "" } else { " " });
            let word = tape.text(head.start);
            self.out.push_str(word);
            let mut rest = head.start + 1;
            if word == "else" && tape.text(rest) == "if" {
                self.out.push_str(" if");
                rest += 1;
            }
            if rest < head.end {
                self.out.push(' ');
                flat(tape, rest..head.end, &mut self.out)?;
            }
            self.out.push_str(" {");
            self.fits()?;
            self.block(block, indent)?;
            self.out.push('}');
        }
        Some(())
    }

    fn repeated(&mut self, span: Span, indent: usize) -> Option<()> {
        let tape = self.tape;
        let brace = tape.find(span.clone(), |at| tape.opens(at, b'{'))?;
        flat(tape, span.start..brace, &mut self.out)?;
        self.out.push_str(" {");
        self.fits()?;
        self.block(tape.within(brace), indent)?;
        self.out.push('}');
        Some(())
    }
}
