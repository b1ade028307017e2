//! What does Rust look like whose lines fit?
//!
//! prettyplease lays out any Rust, of a tree that syn builds first; together they were over half of a run. Most of what a crate
//! holds is simpler, and is laid out here, straight from its tokens and to the letter as prettyplease would. Where that is not
//! sure, an item is left to them.

mod calls;
mod code;
mod flat;
mod items;
mod tape;
mod types;

use std::cell::Cell;

use proc_macro2::TokenStream;
use tape::{Span, Tape};

/// As wide as prettyplease lets a line be.
const MARGIN: usize = 89;

/// As much room as it leaves to a line, wherever it begins.
const ROOM: usize = 60;

/// How far a block stands in.
const INDENT: usize = 4;

/// Lines of Rust that are being written.
struct Lines<'a> {
    tape: &'a Tape,
    out: String,
    /// How much has been searched for the last line's begin, and where that is.
    searched: Cell<(usize, usize)>,
}

/// Items as text; `otherwise` lays out the source of one that is not simple.
pub(super) fn laid_out(items: TokenStream, otherwise: impl Fn(&str) -> String) -> String {
    let tape = Tape::new(items);
    let mut lines = Lines { tape: &tape, out: String::with_capacity(tape.room()), searched: Cell::default() };
    let limit = tape.all().end;
    let mut at = 0;
    while at < limit {
        let end = items::end(&tape, at, limit);
        let mark = lines.out.len();
        if lines.item(at..end, 0).is_none() {
            lines.cut(mark);
            lines.out.push_str(&otherwise(&tape.source(at..end)));
        }
        at = end;
    }
    lines.out
}

impl Lines<'_> {
    fn indent(&mut self, by: usize) {
        self.out.extend(std::iter::repeat_n(' ', by));
    }

    /// Takes back what has been written since.
    fn cut(&mut self, mark: usize) {
        if mark < self.searched.get().0 {
            self.searched.set((0, 0));
        }
        self.out.truncate(mark);
    }

    /// How long the last line is, in bytes.
    fn column(&self) -> usize {
        let text = self.out.as_bytes();
        let (searched, begin) = self.searched.get();
        let newest = text[searched..].iter().rposition(|byte| *byte == b'\n').map_or(begin, |at| searched + at + 1);
        self.searched.set((text.len(), newest));
        text.len() - newest
    }

    /// How long the last line may be: far in, it has the room of sixty all the same.
    fn margin(&self) -> usize {
        let line = &self.out[self.out.len() - self.column()..];
        MARGIN.max(line.len() - line.trim_start_matches(' ').len() + ROOM)
    }

    /// `None` where the last line is too long, although what it ends with could be on several.
    fn holds(&self, span: Span) -> Option<()> {
        (self.column() <= self.margin() || self.tape.is_bare(span)).then_some(())
    }

    /// `None` where the last line is too long.
    fn fits(&self) -> Option<()> {
        (self.column() <= self.margin()).then_some(())
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::path::Path;

    use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
    use quote::{format_ident, quote};

    use super::laid_out;
    use crate::emit::format;

    /// Every file of Rust below a folder.
    fn files(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && path.file_name().is_none_or(|name| name != "target") {
                files(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }

    /// Tokens without the commas that are there only because something has a line of its own.
    fn bare(stream: TokenStream) -> TokenStream {
        let trees: Vec<TokenTree> = stream.into_iter().collect();
        let is =
            |at: usize, mark: char| matches!(trees.get(at), Some(TokenTree::Punct(punct)) if punct.as_char() == mark);
        let commas = (0..trees.len()).filter(|at| is(*at, ',')).count();
        let mut kept = Vec::new();
        for (at, tree) in trees.iter().enumerate() {
            let last = at + 1 == trees.len();
            if is(at, ',') && (is(at + 1, '>') || last && commas > 1) {
                continue;
            }
            kept.push(match tree {
                TokenTree::Group(group) => {
                    let call = at > 0 && (matches!(trees[at - 1], TokenTree::Ident(_)) || is(at - 1, '>'));
                    let mut inner: Vec<TokenTree> = bare(group.stream()).into_iter().collect();
                    let only = inner
                        .iter()
                        .filter(|tree| matches!(tree, TokenTree::Punct(mark) if mark.as_char() == ','))
                        .count();
                    let comma = matches!(inner.last(), Some(TokenTree::Punct(mark)) if mark.as_char() == ',');
                    if comma && only == 1 && (call || group.delimiter() != Delimiter::Parenthesis) {
                        inner.pop();
                    }
                    Group::new(group.delimiter(), inner.into_iter().collect()).into()
                }
                other => other.clone(),
            });
        }
        kept.into_iter().collect()
    }

    /// prettyplease is the judge: whatever is generated looks as it would lay it out, and most of it without its help.
    ///
    /// `SINEW_LAYOUT_OF=<folder>` judges the crates below that folder instead of the golden ones.
    #[test]
    fn items_look_as_prettyplease_lays_them_out() {
        let named = std::env::var_os("SINEW_LAYOUT_OF");
        let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/crates");
        let mut found = Vec::new();
        files(named.as_deref().map_or(&golden, Path::new), &mut found);
        found.retain(|path| std::fs::read_to_string(path).unwrap().starts_with("// @generated"));
        let (all, left) = (Cell::new(0), Cell::new(0));
        let mut wrong = Vec::new();
        for path in &found {
            let text = std::fs::read_to_string(path).unwrap();
            let otherwise = |source: &str| {
                left.set(left.get() + 1);
                format::printed(source)
            };
            for item in syn::parse_file(&text).unwrap().items {
                let tokens = bare(quote!(#item));
                let printed = format::printed(&tokens.to_string());
                all.set(all.get() + 1);
                let ours = laid_out(tokens, otherwise);
                if ours != printed {
                    wrong.push(format!("{}:\n{ours}\nprettyplease:\n{printed}", path.display()));
                }
            }
        }
        println!("{} of {} items left to prettyplease", left.get(), all.get());
        assert!(
            wrong.is_empty(),
            "{} of {} items differ\n{}",
            wrong.len(),
            all.get(),
            wrong[..wrong.len().min(8)].join("\n")
        );
        assert!(left.get() * 20 < all.get(), "{} of {} items are not simple", left.get(), all.get());
    }

    /// What names of published documents' lengths make of items that are short in the golden ones.
    #[test]
    fn heads_without_room_look_as_prettyplease_lays_them_out() {
        let long = format_ident!("BinaryStreamSseResponseGeneratesWithoutSseModeIssue1710Client");
        let items = [
            quote!(const ENTRIES: &[door::Entry<super::#long>] = &[door::Entry::new("a", "GET /a", call_a, &[], &[])];),
            quote!(pub const ALL: &'static [super::types::#long] = &[super::types::#long::A];),
        ];
        for tokens in items {
            let ours = laid_out(tokens.clone(), format::printed);
            assert_eq!(ours, format::printed(&tokens.to_string()));
        }
    }
}
