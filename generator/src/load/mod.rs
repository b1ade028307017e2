//! What does the document say? Reading, from the bytes of a file to the [`Document`] that later stages ask.
//!
//! read (bytes to a tree) → overlay (the user's changes) → split (schemas out of the skeleton, unknown keys told, older dialects lifted; what other files hold
//! is read when a reference leads to it) → parse (the skeleton, piece by piece). Only this stage reads files, and nothing after it knows which version of the
//! specification a document was written in.

mod addresses;
mod anchors;
mod bundle;
mod dialect;
mod document;
mod follow;
mod incoming;
mod keywords;
mod library;
mod model;
mod names;
mod normalise;
mod overlay;
mod parse;
mod positions;
mod read;
mod references;
mod rules;
mod schema;
mod skeleton;
mod split;
mod suggest;
mod tree;
mod version;

use std::path::PathBuf;

pub use document::{Document, Incoming, PathOperation};
pub use library::Access;
pub use overlay::Overlay;
pub(crate) use parse::MUTUAL_TLS;
pub(crate) use read::shown;
pub use schema::{Constraints, Discriminator, JsonType, Schema, SchemaEntry, SchemaId, SchemaObject, SchemaTable};
pub(crate) use suggest::nearest;

use crate::diagnostics::Diagnostics;

/// Where a document comes from.
#[derive(Debug, Clone)]
pub enum Input {
    /// A file, by the path that the user gave; it is shown as given.
    File(PathBuf),
    /// A text at hand, and the name it is shown under.
    Text {
        /// The name.
        name: String,
        /// The text, which need not be UTF-8 until it is read.
        bytes: Vec<u8>,
    },
}

impl Input {
    /// A file.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self::File(path.into())
    }

    /// A text at hand.
    pub fn text(name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        Self::Text { name: name.into(), bytes: bytes.into() }
    }
}

/// Reads a document, and of the files that it refers to those in its folder. `None` if there is nothing that a client could be
/// made from; the reason was told.
///
/// The texts are left in `diagnostics`, so that places can be shown.
pub fn load(input: &Input, diagnostics: &mut Diagnostics) -> Option<Document> {
    load_with(input, &Access::default(), diagnostics)
}

/// Reads a document as [`load`] does, with files from elsewhere as far as that is allowed.
pub fn load_with(input: &Input, access: &Access, diagnostics: &mut Diagnostics) -> Option<Document> {
    let tree = read::read(input, diagnostics)?;
    let tree = overlay::apply(tree, &access.overlays, diagnostics)?;
    let tree = version::check(tree, diagnostics)?;
    let path = match input {
        Input::File(path) => Some(path.as_path()),
        Input::Text { .. } => None,
    };
    let (skeleton, schemas) =
        split::split(tree, !access.overlays.is_empty(), library::Library::new(path, access), diagnostics);
    Some(parse::parse(skeleton, schemas, diagnostics))
}
