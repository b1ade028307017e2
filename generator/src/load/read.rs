//! How do bytes become a tree?

use std::io::{ErrorKind, Read as _};
use std::path::Path;

use serde::de::DeserializeSeed as _;
use serde_json::Value;

use super::tree::{Builder, Duplicate, Watch};
use super::{Input, addresses, positions};
use crate::diagnostics::{Diagnostic, Diagnostics, Pointer, Source, SourceKind, codes};

/// No document that people write comes near; spans count in 32 bits, so 4 GiB would be the end anyway.
pub(super) const LARGEST: usize = 256 * 1024 * 1024;

/// Reads the tree of a document and leaves its text in `diagnostics`.
pub(super) fn read(input: &Input, diagnostics: &mut Diagnostics) -> Option<Value> {
    let text = match input {
        Input::Text { name, bytes } => decode(name, bytes.clone()),
        Input::File(path) => text(&path.display().to_string(), path, LARGEST),
    };
    let name = match input {
        Input::Text { name, .. } => name.clone(),
        Input::File(path) => path.display().to_string(),
    };
    let text = match text {
        Ok(text) => text,
        Err(unread) => {
            diagnostics.push(unread.told);
            diagnostics.sources.document = unread.shown;
            return None;
        }
    };
    if text.trim().is_empty() {
        diagnostics.push(
            Diagnostic::error(codes::NOT_OPENAPI, format!("`{name}` is empty"))
                .at_input(0..0, "")
                .help("an OpenAPI document starts with the version of the specification, such as `openapi: 3.1.0`"),
        );
        diagnostics.sources.document = Some(prose(name, text));
        return None;
    }
    let source = source(name, text);
    let (tree, told) = tree(&source);
    diagnostics.extend(told);
    diagnostics.sources.document = Some(source);
    tree
}

/// The text of a file, which is shown by a name and may have so many bytes.
pub(super) fn text(name: &str, path: &Path, most: usize) -> Result<String, Box<Unread>> {
    let bytes = read_file(path, most).map_err(|why| {
        let told = Diagnostic::error(codes::UNREADABLE_FILE, format!("`{name}` cannot be read: {why}")).in_file(name);
        Box::new(Unread { told, shown: None })
    })?;
    decode(name, bytes)
}

/// Why there is no text.
#[derive(Debug)]
pub(super) struct Unread {
    pub(super) told: Diagnostic,
    /// The text that the place is in, as far as it is one.
    pub(super) shown: Option<Source>,
}

fn decode(name: &str, bytes: Vec<u8>) -> Result<String, Box<Unread>> {
    let text = String::from_utf8(bytes).map_err(|error| Box::new(not_utf8(name, &error)))?;
    // A byte order mark is no part of the document.
    Ok(match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    })
}

/// A file that was read before, for its places to be shown.
pub(crate) fn shown(path: &Path) -> Option<Source> {
    let name = path.display().to_string();
    match text(&name, path, LARGEST) {
        Ok(text) => Some(source(name, text)),
        Err(unread) => unread.shown,
    }
}

/// A text in which places can be found.
pub(super) fn source(name: String, text: String) -> Source {
    if is_json(&text) {
        Source::new(name, text, SourceKind::Json, positions::json)
    } else {
        Source::new(name, text, SourceKind::Yaml, positions::yaml)
    }
}

/// A text that is shown and never parsed.
pub(super) fn prose(name: String, text: String) -> Source {
    Source::flat(name, text, SourceKind::Yaml)
}

/// The tree of a text, and what there is to say about it.
pub(super) fn tree(source: &Source) -> (Option<Value>, Vec<Diagnostic>) {
    let json = source.kind() == SourceKind::Json;
    let watch = Watch::new(source.text(), !json);
    let tree = if json { read_json(source, &watch) } else { read_yaml(source, &watch) };
    let mut told = duplicates(source, &watch);
    let mut tree = tree.map_err(|error| told.push(*error)).ok();
    if let Some(endless) = tree.as_ref().and_then(|tree| addresses::too_long(tree, source.text().len())) {
        told.push(endless);
        tree = None;
    }
    (tree, told)
}

fn read_file(path: &Path, most: usize) -> Result<Vec<u8>, String> {
    let say = |error: std::io::Error| match error.kind() {
        ErrorKind::NotFound => "there is no such file".to_owned(),
        ErrorKind::PermissionDenied => "the system does not permit it".to_owned(),
        ErrorKind::IsADirectory => "it is a folder; give the document inside it".to_owned(),
        _ => error.to_string(),
    };
    if path.is_dir() {
        return Err("it is a folder; give the document inside it".to_owned());
    }
    let file = std::fs::File::open(path).map_err(say)?;
    let mut bytes = Vec::new();
    // Limited while reading: what the file system says about a size need not be true (`/dev/zero`).
    file.take(most as u64 + 1).read_to_end(&mut bytes).map_err(say)?;
    if bytes.len() > most {
        return Err(format!("it is larger than {} MiB, or all files together are", LARGEST / 1024 / 1024));
    }
    Ok(bytes)
}

fn not_utf8(name: &str, error: &std::string::FromUtf8Error) -> Unread {
    let offset = error.utf8_error().valid_up_to();
    let byte = error.as_bytes().get(offset).copied().unwrap_or_default();
    // Before the place, the text that is shown has the same bytes; at it, a sign of three that stands for what is none.
    let shown = String::from_utf8_lossy(error.as_bytes()).into_owned();
    let help = if error.as_bytes().starts_with(&[0xff, 0xfe]) || error.as_bytes().starts_with(&[0xfe, 0xff]) {
        "it looks like UTF-16; save it as UTF-8"
    } else {
        "save it as UTF-8, for instance with `iconv -f latin1 -t utf-8`"
    };
    let told = Diagnostic::error(
        codes::NOT_UTF8,
        format!("`{name}` is not UTF-8: byte {offset} (0x{byte:02x}) begins no character"),
    );
    Unread {
        told: told.at_input(offset..offset + '\u{fffd}'.len_utf8(), "").help(help),
        shown: Some(prose(name.to_owned(), shown)),
    }
}

/// Decided by content: neither the file's name nor trying one parser after the other would name the real error.
fn is_json(text: &str) -> bool {
    let text = text.trim_start();
    match text.strip_prefix('{') {
        Some(rest) => rest.trim_start().starts_with(['"', '}']),
        None => text.starts_with('['),
    }
}

fn read_json(source: &Source, watch: &Watch) -> Result<Value, Box<Diagnostic>> {
    let mut parser = serde_json::Deserializer::from_str(source.text());
    Builder(watch).deserialize(&mut parser).and_then(|tree| parser.end().map(|()| tree)).map_err(|error| {
        // The column counts bytes from 1, up to and including the offending one.
        let at = source.line_start(error.line()) + error.column().saturating_sub(1);
        let message = without_position(&error.to_string());
        Box::new(if message == "recursion limit exceeded" {
            too_deep(at)
        } else {
            Diagnostic::error(codes::SYNTAX, "this is not valid JSON").at_input(at..at + 1, message)
        })
    })
}

fn read_yaml(source: &Source, watch: &Watch) -> Result<Value, Box<Diagnostic>> {
    let parser = serde_yaml::Deserializer::from_str(source.text());
    Builder(watch).deserialize(parser).map_err(|error| {
        let at = error.location().map(|location| {
            let line = source.line(location.line());
            // The column counts characters.
            let column = line.char_indices().nth(location.column().saturating_sub(1)).map_or(line.len(), |(at, _)| at);
            source.line_start(location.line()) + column
        });
        let message = without_position(&error.to_string());
        let place = |diagnostic: Diagnostic, label: String| match at {
            Some(at) => diagnostic.at_input(at..at + 1, label),
            None if label.is_empty() => diagnostic.at(&Pointer::root(), ""),
            None => diagnostic.help(label),
        };
        Box::new(if watch.exhausted.get() || message.starts_with("repetition limit") {
            place(Diagnostic::error(codes::TOO_LARGE, "aliases make this document grow without measure"), String::new())
                .help("write out what the aliases (`*name`) stand for, or remove them")
        } else if message.starts_with("recursion limit") {
            too_deep(at.unwrap_or_default())
        } else if message.contains("more than one document") {
            several_documents(source)
        } else {
            place(Diagnostic::error(codes::SYNTAX, "this is not valid YAML"), message)
        })
    })
}

fn too_deep(at: usize) -> Diagnostic {
    Diagnostic::error(codes::TOO_DEEP, "the document is nested too deeply")
        .at_input(at..at + 1, "more than 128 levels here")
}

fn several_documents(source: &Source) -> Diagnostic {
    let error = Diagnostic::error(codes::SEVERAL_DOCUMENTS, "the file holds several YAML documents");
    // The first `---` may only open the one document; the next one starts another.
    let mut start = 0;
    let mut content = false;
    for line in source.text().split_inclusive('\n') {
        if content && line.starts_with("---") {
            return error.at_input(start..start + 3, "another one starts here");
        }
        content |= !line.trim().is_empty() && !line.starts_with(['#', '%']) && !line.starts_with("---");
        start += line.len();
    }
    error.at(&Pointer::root(), "")
}

/// The parsers end their messages with ` at line 3 column 7`, which is shown beside the line anyway.
fn without_position(message: &str) -> String {
    match message.rfind(" at line ") {
        Some(at) => message.get(..at).unwrap_or(message).to_owned(),
        None => message.to_owned(),
    }
}

fn duplicates(source: &Source, watch: &Watch) -> Vec<Diagnostic> {
    let tell = |duplicate: &Duplicate| {
        let mapping = Pointer::root().join_all(duplicate.path.iter().rev().map(String::as_str));
        let key = &duplicate.key;
        let error = Diagnostic::error(codes::DUPLICATE_KEY, format!("the key `{key}` occurs twice in one mapping"));
        let keys = source.locate_keys(&mapping, key);
        let error = match keys.as_slice() {
            [first, .., last] => error.at_input(last.clone(), "again here").at_input(first.clone(), "first here"),
            _ => error.at_key(&mapping.join(key), "again here"),
        };
        error.help("the last one is used; remove or rename the others")
    };
    watch.duplicates.borrow().iter().map(tell).collect()
}
