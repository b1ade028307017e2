//! Who spells which piece of the crate, where there are several processors?
//!
//! Laying out Rust is most of a run's work, and no piece of a file depends on another. The pieces are shared over threads and put
//! together in their order, so the bytes are the same however many there are.

use std::num::NonZero;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::{SourceFile, format};

/// What spells a piece of a file.
pub(super) type Piece<'a> = Box<dyn Fn() -> String + Send + Sync + 'a>;

/// A file that is not spelled yet.
pub(super) struct Draft<'a> {
    path: String,
    pieces: Vec<Piece<'a>>,
}

/// A parser of Rust goes as deep as what it reads, and threads have less room for that than a program has.
const STACK: usize = 16 * 1024 * 1024;

impl<'a> Draft<'a> {
    /// A file of one piece.
    pub(super) fn whole(path: impl Into<String>, piece: impl Fn() -> String + Send + Sync + 'a) -> Self {
        Self::new(path, vec![Box::new(piece)])
    }

    /// A file of several.
    pub(super) fn new(path: impl Into<String>, pieces: Vec<Piece<'a>>) -> Self {
        Self { path: path.into(), pieces }
    }
}

/// Spells all files. Each begins with the header.
pub(super) fn spell(header: &str, drafts: &[Draft<'_>]) -> Vec<SourceFile> {
    let pieces: Vec<&Piece<'_>> = drafts.iter().flat_map(|draft| &draft.pieces).collect();
    let texts: Vec<OnceLock<String>> = pieces.iter().map(|_| OnceLock::new()).collect();
    let text = |at: usize| texts[at].get_or_init(|| pieces[at]());
    let next = AtomicUsize::new(0);
    let work = || {
        while let at = next.fetch_add(1, Ordering::Relaxed)
            && at < pieces.len()
        {
            text(at);
        }
    };
    let threads = thread::available_parallelism().map_or(1, NonZero::get).min(pieces.len());
    thread::scope(|scope| {
        for _ in 0..threads {
            // Where there is no thread to be had, what is left is spelled below.
            let _ = thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work);
        }
    });
    let mut at = 0;
    let files = drafts.iter().map(|draft| {
        let whole: String = draft
            .pieces
            .iter()
            .map(|_| {
                at += 1;
                text(at - 1).as_str()
            })
            .collect();
        SourceFile { path: draft.path.clone(), text: format::laid_out(header, &whole) }
    });
    files.collect()
}
