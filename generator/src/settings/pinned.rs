//! Which names did types have when the client was last generated?
//!
//! `names.lock` says so, beside `client.toml`: a line for each type, by where it stands. It is committed, so that an edit of the
//! document does not rename what is written already.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use crate::diagnostics::{Diagnostic, Diagnostics, codes};

/// What the file starts with.
const HEAD: &str =
    "# What types are called, by where they stand, so that an edit of the document renames nothing. Commit this file.
# A name may be changed here; a line that is removed is made anew.
";

/// Reads the file, if there is one. What cannot be read is told.
pub(crate) fn read(path: &Path, diagnostics: &mut Diagnostics) -> BTreeMap<String, String> {
    let name = || path.display().to_string();
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return BTreeMap::new(),
        Err(error) => {
            let message = format!("`{}` cannot be read: {error}", name());
            diagnostics.push(Diagnostic::error(codes::SETTINGS_UNREADABLE, message).in_file(name()));
            return BTreeMap::new();
        }
    };
    toml::from_str(&text).unwrap_or_else(|error| {
        let message = format!("`{}` is not a list of names: {}", name(), error.message());
        diagnostics.push(
            Diagnostic::error(codes::SETTINGS_SYNTAX, message)
                .in_file(name())
                .help("mend it, or remove it to have every type named anew"),
        );
        BTreeMap::new()
    })
}

/// The file's text.
pub(crate) fn text(pinned: &BTreeMap<String, String>) -> String {
    let mut text = HEAD.to_owned();
    for (place, name) in pinned {
        // TOML's basic strings are JSON's, but for one character (TOML 1.0, section String).
        let place = serde_json::Value::from(place.as_str()).to_string().replace('\u{7f}', "\\u007f");
        let _ = writeln!(text, "{place} = \"{name}\"");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let pinned: BTreeMap<String, String> = [("User > \"odd\"\u{1}\u{7f}\n", "A"), ("GET /ü > []", "B")]
            .map(|(place, name)| (place.to_owned(), name.to_owned()))
            .into();
        assert_eq!(toml::from_str::<BTreeMap<String, String>>(&text(&pinned)).unwrap(), pinned);
    }
}
