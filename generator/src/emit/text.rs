//! How does text of a document become part of a crate without becoming code?
//!
//! The one chokepoint: documentation, identifiers, literals and TOML strings are made here and nowhere else.

use proc_macro2::{Ident as Token, Literal, Span, TokenStream};
use quote::quote;

use crate::plan::{Ident, RustPath};

/// An identifier as a token.
pub(super) fn ident(ident: &Ident) -> Token {
    let spelled = ident.as_str();
    match spelled.strip_prefix("r#") {
        Some(plain) => Token::new_raw(plain, Span::call_site()),
        None => Token::new(spelled, Span::call_site()),
    }
}

/// A type of the user's own. It was checked when it was read, and what makes a path there has tokens here.
pub(super) fn path(path: &RustPath) -> TokenStream {
    path.as_str().parse().unwrap_or_default()
}

/// An identifier that is composed of names of ours.
pub(super) fn name(text: &str) -> Token {
    Token::new(text, Span::call_site())
}

/// A string literal.
pub(super) fn literal(text: &str) -> Literal {
    Literal::string(text)
}

/// Outer documentation, a line an attribute.
pub(super) fn doc(markdown: &str) -> TokenStream {
    let lines = markdown.lines().map(doc_line).map(|line| quote!(#[doc = #line]));
    quote!(#(#lines)*)
}

/// A raw string where it can be one: then nothing looks at each of its characters whether it has to be escaped.
fn doc_line(line: &str) -> Literal {
    let space = if line.is_empty() { "" } else { " " };
    let raw = (!line.contains(['"', '\r'])).then(|| format!("r\"{space}{line}\"").parse().ok()).flatten();
    raw.unwrap_or_else(|| Literal::string(&format!("{space}{line}")))
}

/// Inner documentation, a line an attribute.
pub(super) fn inner_doc(markdown: &str) -> TokenStream {
    let lines = markdown.lines().map(doc_line).map(|line| quote!(#![doc = #line]));
    quote!(#(#lines)*)
}

/// The lints that a document can run into with its words and its wealth, and that nobody could mend here.
pub(super) fn lints() -> TokenStream {
    quote! {
        #![allow(
            clippy::approx_constant,
            clippy::disallowed_names,
            clippy::doc_lazy_continuation,
            clippy::doc_overindented_list_items,
            clippy::enum_variant_names,
            clippy::large_enum_variant,
            clippy::match_overlapping_arm,
            clippy::pedantic,
            clippy::should_implement_trait,
            clippy::too_many_arguments,
            clippy::type_complexity,
            clippy::wrong_self_convention
        )]
    }
}

/// A text as a string of TOML, quotes included.
pub(super) fn toml_string(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// A text as inline code of Markdown.
pub(super) fn code(text: &str) -> String {
    let plain = one_line(text).replace('`', "'");
    if plain.is_empty() { "(empty)".to_owned() } else { format!("`{plain}`") }
}

/// A text of the document as Markdown that rustdoc neither runs, links nor complains about.
pub(super) fn markdown(text: &str) -> String {
    let mut safe = String::with_capacity(text.len() + 16);
    let mut fenced = false;
    let text = unbroken_links(&text.replace("\r\n", "\n").replace('\r', "\n"));
    for line in text.trim().lines() {
        let line: String = line.chars().map(|c| if c == '\t' { ' ' } else { c }).filter(|&c| is_shown(c)).collect();
        let line = line.trim_end();
        let bare = line.trim_start();
        if bare.starts_with("```") || bare.starts_with("~~~") {
            // Any other word behind the fence would make an example that is compiled, or a warning.
            safe.push_str(if fenced { "```" } else { "```text" });
            fenced = !fenced;
        } else if fenced {
            safe.push_str(line);
        } else {
            // Four blanks begin a code block, which rustdoc would compile.
            let indent = (line.len() - bare.len()).min(3);
            safe.push_str(&" ".repeat(indent));
            escape(bare, &mut safe);
        }
        safe.push('\n');
    }
    if fenced {
        safe.push_str("```\n");
    }
    safe.trim_end().to_owned()
}

/// A text on one line, without what cannot be seen.
pub(super) fn one_line(text: &str) -> String {
    let shown: String =
        text.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).filter(|&c| is_shown(c)).collect();
    shown.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// How many characters the words of a link may have.
const LONGEST_WORDS: usize = 300;

/// The text with links on one line each, since a line is what is looked at.
fn unbroken_links(text: &str) -> String {
    let mut whole = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('[') {
        let (before, link) = rest.split_at(at);
        whole.push_str(before);
        // Words of a link are few; a bound keeps a text of brackets from being read over and over.
        let window = link.char_indices().nth(LONGEST_WORDS).map_or(link, |(end, _)| &link[..end]);
        let end =
            window.find("](http").filter(|&end| !link[1..end].contains(['[', ']']) && !link[..end].contains("\n\n"));
        match end {
            Some(end) => {
                whole.push_str(&link[..end].replace('\n', " "));
                rest = &link[end..];
            }
            None => {
                whole.push('[');
                rest = &link[1..];
            }
        }
    }
    whole.push_str(rest);
    whole
}

/// Only the first paragraph of a text, on one line.
pub(super) fn first_paragraph(text: &str) -> String {
    let paragraph = text.trim().split("\n\n").next().unwrap_or_default();
    markdown(&paragraph.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// Whether a character is shown as itself: no control characters, and none that turn the direction of the text around.
fn is_shown(c: char) -> bool {
    !c.is_control()
        && !matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

fn escape(line: &str, safe: &mut String) {
    let paired = line.matches('`').count().is_multiple_of(2) && !line.contains("``");
    let mut rest = line;
    let mut first = true;
    while !rest.is_empty() {
        if let (true, Some(inner)) = (paired, rest.strip_prefix('`')) {
            let end = inner.find('`').unwrap_or(inner.len());
            safe.push('`');
            safe.push_str(&inner[..end]);
            safe.push('`');
            rest = inner.get(end + 1..).unwrap_or_default();
            first = false;
            continue;
        }
        if let Some((whole, link)) = link(rest) {
            safe.push_str(&link);
            rest = &rest[whole..];
        } else if let Some(length) = url(rest) {
            let address = &rest[..length];
            safe.push('<');
            safe.push_str(address);
            safe.push('>');
            rest = &rest[length..];
        } else {
            let Some(c) = rest.chars().next() else { break };
            match c {
                '<' => safe.push_str("&lt;"),
                '>' if !first => safe.push_str("&gt;"),
                '&' => safe.push_str("&amp;"),
                '[' | ']' | '`' | '\\' => {
                    safe.push('\\');
                    safe.push(c);
                }
                c => safe.push(c),
            }
            rest = &rest[c.len_utf8()..];
        }
        first = false;
    }
}

/// The length of the web address that a text begins with.
fn url(text: &str) -> Option<usize> {
    let scheme = ["https://", "http://"].into_iter().find(|scheme| text.starts_with(scheme))?;
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._~/?#@!$&*+;=%:,".contains(c);
    let length = text.find(|c: char| !plain(c)).unwrap_or(text.len());
    let address = text[..length].trim_end_matches(['.', ',', ';', ':', '!', '?', '*', '_']);
    (address.len() > scheme.len()).then_some(address.len())
}

/// `[words](https://…)` at the beginning of a text: its length, and the link made safe.
fn link(text: &str) -> Option<(usize, String)> {
    let inner = text.strip_prefix('[')?;
    let end = inner.find(']')?;
    let words = &inner[..end];
    let target = inner[end + 1..].strip_prefix('(')?;
    let length = url(target)?;
    let closed = target[length..].starts_with(')');
    let plain = !words.is_empty() && !words.contains(['[', '`', '<', '\\', '&', '!']);
    if !closed || !plain {
        return None;
    }
    Some((end + length + 4, format!("[{words}]({})", &target[..length])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_text_is_run_linked_or_hidden() {
        for (text, expected) in [
            ("plain", "plain"),
            ("```\nlet x = 1;\n```", "```text\nlet x = 1;\n```"),
            ("```rust\nopen", "```text\nopen\n```"),
            ("    indented()", "indented()"),
            ("a\n    indented()", "a\n   indented()"),
            ("see [Other] and <b>", "see \\[Other\\] and &lt;b&gt;"),
            ("`Vec<T>` stays", "`Vec<T>` stays"),
            ("one ` tick <x>", "one \\` tick &lt;x&gt;"),
            ("at https://example.org/x?y=1.", "at <https://example.org/x?y=1>."),
            ("[docs](https://example.org/a_b) here", "[docs](https://example.org/a_b) here"),
            ("[docs](javascript:alert)", "\\[docs\\](javascript:alert)"),
            ("a\u{202e}b\0c", "abc"),
            ("line\r\nline", "line\nline"),
            ("see [the\ndocs](https://example.org) now", "see [the docs](https://example.org) now"),
            ("*/ ]] #[x] {}", "*/ \\]\\] #\\[x\\] {}"),
        ] {
            assert_eq!(markdown(text), expected, "{text:?}");
        }
    }

    #[test]
    fn code_stays_code() {
        assert_eq!(code("a`b\nc"), "`a'b c`");
        assert_eq!(code(""), "(empty)");
    }
}
