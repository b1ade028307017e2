//! How does a diagnostic look in a terminal?

use std::collections::HashMap;
use std::fmt::Write as _;
use std::ops::Range;

use unicode_width::UnicodeWidthChar;

use super::source::{Source, floor};
use super::{Code, Diagnostic, Diagnostics, Label, Place, Severity, Sources};

/// How many diagnostics of one shape are shown before the rest is counted.
const SHOWN_OF_A_SHAPE: usize = 5;
/// How many columns of a line are shown unless a terminal says otherwise; a minified document is one line of megabytes.
const WIDTH: usize = 110;
/// A terminal narrower than this is not catered for, and one wider than this is not filled.
const WIDTHS: std::ops::RangeInclusive<usize> = 32..=200;
/// The columns before the text of a line: its number and a rule.
const GUTTER: usize = 8;

/// How many columns of a message are shown: names in documents can be megabytes.
const LONGEST_TEXT: usize = 400;

/// Turns diagnostics into text.
#[derive(Debug, Clone, Copy)]
pub struct Renderer {
    colour: bool,
    least: Severity,
    shown_of_a_shape: usize,
    width: usize,
}

impl Renderer {
    /// Text without colours.
    pub fn plain() -> Self {
        Self { colour: false, least: Severity::Note, shown_of_a_shape: SHOWN_OF_A_SHAPE, width: WIDTH }
    }

    /// Text with colours, as ANSI escapes.
    pub fn coloured() -> Self {
        Self { colour: true, ..Self::plain() }
    }

    /// Cuts the lines of documents to what a terminal of so many columns can show.
    pub fn width(self, columns: usize) -> Self {
        Self { width: columns.saturating_sub(GUTTER).clamp(*WIDTHS.start(), *WIDTHS.end()), ..self }
    }

    /// Leaves out what is less severe.
    pub fn at_least(self, least: Severity) -> Self {
        Self { least, ..self }
    }

    /// Shows every diagnostic, however many there are of one kind.
    pub fn ungrouped(self) -> Self {
        Self { shown_of_a_shape: usize::MAX, ..self }
    }

    /// All diagnostics in the order of the files; of those with one shape only the first few, and how many more there are.
    pub fn render(&self, diagnostics: &Diagnostics) -> String {
        let sorted = diagnostics.sorted();
        let shown = || sorted.iter().copied().filter(|diagnostic| diagnostic.severity <= self.least);
        let mut totals: HashMap<(Code, String), usize> = HashMap::new();
        for diagnostic in shown() {
            *totals.entry(shape(diagnostic)).or_default() += 1;
        }
        let mut seen: HashMap<(Code, String), usize> = HashMap::new();
        let mut text = String::new();
        for diagnostic in shown() {
            let shape = shape(diagnostic);
            let total = totals.get(&shape).copied().unwrap_or_default();
            let seen = seen.entry(shape).or_default();
            *seen += 1;
            // One more is as long as the line that says so.
            let all = total <= self.shown_of_a_shape.saturating_add(1);
            if !all && *seen > self.shown_of_a_shape {
                continue;
            }
            if !text.is_empty() {
                text.push('\n');
            }
            self.write(&mut text, diagnostic, &diagnostics.sources);
            if !all && *seen == self.shown_of_a_shape {
                let more = total - self.shown_of_a_shape;
                let _ = writeln!(text, "   = and {more} more like it");
            }
        }
        text
    }

    /// One diagnostic.
    pub fn render_one(&self, diagnostic: &Diagnostic, sources: &Sources) -> String {
        let mut text = String::new();
        self.write(&mut text, diagnostic, sources);
        text
    }

    // Writing to a `String` cannot fail, so the results below are dropped.
    fn write(&self, out: &mut String, diagnostic: &Diagnostic, sources: &Sources) {
        let hue = match diagnostic.severity {
            Severity::Error => "\x1b[1;31m",
            Severity::Warning => "\x1b[1;33m",
            Severity::Note => "\x1b[1;36m",
        };
        let word = diagnostic.severity.word();
        self.paint(out, hue, &format!("{word}[{}]", diagnostic.code));
        self.paint(out, "\x1b[1m", &format!(": {}", printable(&diagnostic.message)));
        out.push('\n');

        let places: Vec<_> = diagnostic
            .labels
            .iter()
            .map(|label| {
                (label, sources.find(&label.place).map(|(source, range)| Excerpt::new(source, &range, self.width)))
            })
            .collect();
        let gutter = places
            .iter()
            .filter_map(|(_, excerpt)| excerpt.as_ref().map(|excerpt| excerpt.line.to_string().len()))
            .max()
            .unwrap_or(1)
            .max(2);
        for (index, (label, excerpt)) in places.iter().enumerate() {
            self.write_place(out, label, excerpt.as_ref(), gutter, if index == 0 { ('^', hue) } else { ('-', BLUE) });
        }
        for help in &diagnostic.helps {
            for (index, line) in help.lines().enumerate() {
                let _ = write!(out, "{:gutter$} ", "");
                self.paint(out, BLUE, if index == 0 { "=" } else { " " });
                let _ = writeln!(out, " {}", printable(line));
            }
        }
    }

    fn write_place(
        &self,
        out: &mut String,
        label: &Label,
        excerpt: Option<&Excerpt>,
        gutter: usize,
        mark: (char, &str),
    ) {
        let Some(excerpt) = excerpt else {
            // No text is at hand: the pointer or the name of the file has to do.
            let place = match &label.place {
                Place::File(name) => name.clone(),
                Place::Document(pointer, _) => pointer.to_string(),
                Place::Settings(_) => "client.toml".to_owned(),
                Place::Input(range) => format!("byte {}", range.start),
                Place::Part(file, range) => format!("{file}, byte {}", range.start),
            };
            let _ = write!(out, "{:gutter$} ", "");
            self.paint(out, BLUE, "┌─");
            let separator = if label.text.is_empty() { "" } else { ": " };
            let _ = writeln!(out, " {}{separator}{}", printable(&place), printable(&label.text));
            return;
        };
        let _ = write!(out, "{:gutter$} ", "");
        self.paint(out, BLUE, "┌─");
        let _ = writeln!(out, " {}:{}:{}", printable(&excerpt.name), excerpt.line, excerpt.column);
        let _ = write!(out, "{:gutter$} ", "");
        self.paint(out, BLUE, "│");
        out.push('\n');
        self.paint(out, BLUE, &format!("{:>gutter$} │", excerpt.line));
        let _ = writeln!(out, "{}{}", if excerpt.text.is_empty() { "" } else { " " }, excerpt.text);
        let _ = write!(out, "{:gutter$} ", "");
        self.paint(out, BLUE, "│");
        let _ = write!(out, " {:indent$}", "", indent = excerpt.indent);
        let mut marked = mark.0.to_string().repeat(excerpt.width);
        if !label.text.is_empty() {
            let _ = write!(marked, " {}", printable(&label.text));
        }
        self.paint(out, mark.1, &marked);
        out.push('\n');
    }

    fn paint(self, out: &mut String, hue: &str, text: &str) {
        if self.colour {
            let _ = write!(out, "{hue}{text}\x1b[0m");
        } else {
            out.push_str(text);
        }
    }
}

const BLUE: &str = "\x1b[1;34m";

/// The part of a line that is shown, and where its mark is. Columns are those of a terminal.
struct Excerpt {
    name: String,
    line: usize,
    column: usize,
    text: String,
    indent: usize,
    width: usize,
}

impl Excerpt {
    fn new(source: &Source, range: &Range<usize>, room: usize) -> Self {
        // Of a long line, what stands before the mark gets a good third, and the mark at most half.
        let (before_mark, mark_width) = (room * 4 / 11, room * 6 / 11);
        let (line, column) = source.line_column(range.start);
        let text = source.line(line);
        let start = source.line_start(line);
        // The mark ends with its line, without the blanks there.
        let from = floor(text, range.start.saturating_sub(start));
        let to = floor(text, range.end.saturating_sub(start).max(from));
        let before = text.get(..from).unwrap_or("");
        let marked = text.get(from..to).unwrap_or("").trim_end();
        let after = text.get(from + marked.len()..).unwrap_or("");

        // Of a line of megabytes, no more is measured than can be shown.
        let long = keep_start(text, room).1;
        let (before, cut_before) = if long { keep_end(before, before_mark) } else { (before, false) };
        let (marked, _) = keep_start(marked, mark_width);
        let after = if text.len() > before.len() + marked.len() && long {
            // What was cut from the mark is shown behind it, unmarked.
            text.get(from + marked.len()..).unwrap_or(after)
        } else {
            text.get(from + marked.len()..).unwrap_or("")
        };
        let rest = room.saturating_sub(columns(before) + columns(marked));
        let (after, cut_after) = if long { keep_start(after, rest) } else { (after, false) };

        let mut shown = String::new();
        if cut_before {
            shown.push('…');
        }
        push_printable(&mut shown, before);
        let indent = shown.chars().map(width).sum();
        push_printable(&mut shown, marked);
        push_printable(&mut shown, after);
        let shown_end = shown.trim_end().len();
        shown.truncate(shown_end);
        if cut_after {
            shown.push('…');
        }
        let name = source.name().to_owned();
        Self { name, line, column, text: shown, indent, width: columns(marked).max(1) }
    }
}

fn columns(text: &str) -> usize {
    text.chars().map(width).sum()
}

/// The columns that a character takes once it is printable: a tab as four blanks, what cannot be shown as one sign.
fn width(char: char) -> usize {
    if char == '\t' {
        4
    } else if is_invisible(char) {
        1
    } else {
        char.width().unwrap_or(1)
    }
}

fn keep_end(text: &str, room: usize) -> (&str, bool) {
    let mut left = room;
    for (at, char) in text.char_indices().rev() {
        match left.checked_sub(width(char)) {
            Some(rest) => left = rest,
            None => return (text.get(at + char.len_utf8()..).unwrap_or(""), true),
        }
    }
    (text, false)
}

fn keep_start(text: &str, room: usize) -> (&str, bool) {
    let mut left = room;
    for (at, char) in text.char_indices() {
        match left.checked_sub(width(char)) {
            Some(rest) => left = rest,
            None => return (text.get(..at).unwrap_or(""), true),
        }
    }
    (text, false)
}

/// Control characters drive terminals, and bidi characters show another text than the one that is there.
fn is_invisible(char: char) -> bool {
    char.is_control()
        || matches!(char, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

fn push_printable(out: &mut String, text: &str) {
    for char in text.chars() {
        match char {
            '\t' => out.push_str("    "),
            char if is_invisible(char) => out.push('\u{fffd}'),
            char => out.push(char),
        }
    }
}

/// A text without what would drive a terminal, cut where it is endless.
pub(crate) fn printable(text: &str) -> String {
    let (shown, cut) = keep_start(text, LONGEST_TEXT);
    let mut out = String::with_capacity(shown.len());
    push_printable(&mut out, shown);
    if cut {
        out.push('…');
    }
    out
}

fn shape(diagnostic: &Diagnostic) -> (Code, String) {
    (diagnostic.code, diagnostic.shape())
}

#[cfg(test)]
mod tests {
    use super::super::{SourceKind, codes};
    use super::*;

    fn diagnostics(text: &str) -> Diagnostics {
        let mut diagnostics = Diagnostics::new();
        diagnostics.sources.document = Some(Source::flat("openapi.yaml", text.to_owned(), SourceKind::Yaml));
        diagnostics
    }

    #[test]
    fn two_places_and_a_help_are_shown() {
        let mut all = diagnostics("a: 1\nb: zwölf\na: 2\n");
        all.push(
            Diagnostic::error(codes::DUPLICATE_KEY, "the key `a` occurs twice")
                .at_input(15..16, "again here")
                .at_input(0..1, "first here")
                .help("remove one of them"),
        );
        let expected = "error[SN0108]: the key `a` occurs twice
   ┌─ openapi.yaml:3:1
   │
 3 │ a: 2
   │ ^ again here
   ┌─ openapi.yaml:1:1
   │
 1 │ a: 1
   │ - first here
   = remove one of them
";
        assert_eq!(Renderer::plain().render(&all), expected);
        assert!(Renderer::coloured().render(&all).contains("\x1b[1;31merror[SN0108]\x1b[0m"));
    }

    #[test]
    fn long_lines_are_cut_around_the_mark() {
        let text = format!("{}\"needle\"{}", "x".repeat(100_000), "y".repeat(100_000));
        let mut all = diagnostics(&text);
        all.push(Diagnostic::error(codes::SYNTAX, "bad").at_input(100_000..100_008, "here"));
        let rendered = Renderer::plain().render(&all);
        assert!(rendered.contains("openapi.yaml:1:100001"), "{rendered}");
        assert!(rendered.contains("xxx\"needle\"yyy"), "{rendered}");
        assert!(rendered.lines().all(|line| line.chars().count() < 130), "{rendered}");
    }

    #[test]
    fn a_narrow_terminal_gets_narrow_lines() {
        let text = format!("{}\"needle\"{}", "x".repeat(1000), "y".repeat(1000));
        let mut all = diagnostics(&text);
        all.push(Diagnostic::error(codes::SYNTAX, "bad").at_input(1000..1008, "here"));
        for columns in [0, 40, 80, 120, 1000] {
            let rendered = Renderer::plain().width(columns).render(&all);
            assert!(rendered.contains("xxx\"needle\"yyy"), "{rendered}");
            let most = columns.clamp(48, 210);
            assert!(rendered.lines().all(|line| line.chars().count() <= most), "{columns}: {rendered}");
        }
    }

    #[test]
    fn what_would_drive_the_terminal_is_not_printed() {
        let mut all = diagnostics("a: \u{1b}[31m\u{202e}\tx\r\n");
        all.push(Diagnostic::error(codes::SYNTAX, "bad \u{1b}[0m").at_input(14..15, ""));
        let rendered = Renderer::plain().render(&all);
        assert!(!rendered.contains(['\u{1b}', '\u{202e}', '\t', '\r']), "{rendered}");
    }

    #[test]
    fn the_same_said_often_is_grouped() {
        let text = "k: v\n".repeat(42);
        let mut all = diagnostics(&text);
        for line in (0..42).rev() {
            all.push(
                Diagnostic::warning(codes::UNKNOWN_KEY, format!("unknown key `k{line}`"))
                    .at_input(line * 5..line * 5 + 1, ""),
            );
        }
        let rendered = Renderer::plain().render(&all);
        assert_eq!(rendered.matches("warning[").count(), 5);
        assert!(rendered.starts_with("warning[SN0113]: unknown key `k0`"), "{rendered}");
        assert!(rendered.trim_end().ends_with("= and 37 more like it"), "{rendered}");
        assert_eq!(Renderer::plain().ungrouped().render(&all).matches("warning[").count(), 42);
        assert_eq!(Renderer::plain().at_least(Severity::Error).render(&all), "");
    }
}
