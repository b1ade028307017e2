//! Is there anything to do, or is all as the last run left it?
//!
//! A stamp beside the crate's manifest holds a hash of everything that the crate came from (each file that was read, every
//! choice, the generator itself) and of every file that was written. Where all of them still match, a run would write what
//! stands there, and it need not be made to know that. What the run said is kept with it, and is said again.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use serde::{Deserialize, Serialize};

use super::MARK;
use crate::diagnostics::Kept;
use crate::emit::SourceFile;
use crate::summary::Summary;

/// The file of the stamp. It says nothing about the crate, so it belongs to no version control.
const NAME: &str = ".sinew-stamp";

/// A run, as far as the next one wants to know.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Stamp {
    choices: u64,
    /// The files that were read, with their hashes; of one that was not there, none.
    read: Vec<(PathBuf, Option<u64>)>,
    /// The files of the crate, from its folder.
    wrote: Vec<(String, u64)>,
    /// What the client can do.
    pub(crate) summary: Summary,
    /// What there was to say.
    pub(crate) said: Kept,
}

/// The hash of what a run depends on besides files: the choices, and the generator that is running.
pub(crate) fn choices(all: &dyn std::fmt::Debug) -> u64 {
    let mut hasher = DefaultHasher::new();
    format!("{all:?}").hash(&mut hasher);
    env!("CARGO_PKG_VERSION").hash(&mut hasher);
    // A generator that was built anew may write something else under the same version.
    if let Ok(file) = std::env::current_exe().and_then(fs::metadata) {
        file.len().hash(&mut hasher);
        let built = file.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        built.hash(&mut hasher);
    }
    hasher.finish()
}

impl Stamp {
    /// The last run, where one with these choices would change nothing.
    pub(crate) fn of_unchanged(folder: &Path, choices: u64) -> Option<Self> {
        let text = fs::read_to_string(folder.join(NAME)).ok()?;
        let (_, stamp) = text.split_once('\n')?;
        let stamp: Self = serde_json::from_str(stamp).ok()?;
        let same = stamp.choices == choices
            && stamp.read.iter().all(|(path, hash)| *hash == of_file(path))
            && stamp.wrote.iter().all(|(path, hash)| Some(*hash) == of_file(&folder.join(path)));
        same.then_some(stamp)
    }

    /// Remembers a run whose files stand in the folder.
    pub(crate) fn new(choices: u64, read: &[PathBuf], files: &[SourceFile], summary: Summary, said: Kept) -> Self {
        let read = read.iter().map(|path| (path.clone(), of_file(path))).collect();
        let wrote = files.iter().map(|file| (file.path.clone(), of_bytes(file.text.as_bytes()))).collect();
        Self { choices, read, wrote, summary, said }
    }

    /// Leaves it for the next run. That it cannot be written costs time, not the crate, so nobody is told.
    pub(crate) fn leave(&self, folder: &Path) {
        let left = serde_json::to_string(self)
            .map_err(std::io::Error::other)
            .and_then(|stamp| fs::write(folder.join(NAME), format!("# {MARK}: what the crate came from.\n{stamp}\n")));
        if left.is_err() {
            // One of an earlier run, or half of one, is worse than none.
            let _ = fs::remove_file(folder.join(NAME));
        }
    }

    /// The files that were read.
    pub(crate) fn read(&self) -> Vec<PathBuf> {
        self.read.iter().map(|(path, _)| path.clone()).collect()
    }
}

/// The hash of what a file holds; none of one that is not there.
fn of_file(path: &Path) -> Option<u64> {
    fs::read(path).ok().map(|bytes| of_bytes(&bytes))
}

fn of_bytes(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    hasher.finish()
}
