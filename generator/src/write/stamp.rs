//! Is there anything to do, or is all as the last run left it?
//!
//! A stamp beside the crate's manifest holds a hash of everything that the crate came from (each file that was read, every
//! choice, the generator itself) and of every file that was written. Where all of them still match, a run would write what
//! stands there, and it need not be made to know that.

use std::fmt::Write as _;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use super::MARK;
use crate::emit::SourceFile;

/// The file of the stamp. It says nothing about the crate, so it belongs to no version control.
const NAME: &str = ".sinew-stamp";

/// What a run says of itself where nothing was to do: numbers, in the order of the caller.
type Counts = Vec<usize>;

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

/// The files that the last run read, and its counts, where a run with these choices would change nothing.
pub(crate) fn unchanged(folder: &Path, choices: u64) -> Option<(Vec<PathBuf>, Counts)> {
    let stamp = fs::read_to_string(folder.join(NAME)).ok()?;
    let mut lines = stamp.lines().skip(1);
    if lines.next()? != line("choices", choices) {
        return None;
    }
    let counts = lines.next()?.strip_prefix("counts ")?.split(' ').map(str::parse).collect::<Result<_, _>>().ok()?;
    let mut read = Vec::new();
    for line in lines {
        let (kind, rest) = line.split_once(' ')?;
        let (hash, path) = rest.split_once(' ')?;
        let path = match kind {
            "read" => {
                read.push(PathBuf::from(path));
                PathBuf::from(path)
            }
            "wrote" => folder.join(path),
            _ => return None,
        };
        if hash != of_file(&path) {
            return None;
        }
    }
    Some((read, counts))
}

/// Leaves a stamp. That it cannot be written costs time, not the crate, so nobody is told.
pub(crate) fn leave(folder: &Path, choices: u64, read: &[PathBuf], files: &[SourceFile], counts: &[usize]) {
    let counts: Vec<String> = counts.iter().map(usize::to_string).collect();
    let mut stamp =
        format!("# {MARK}: what the crate came from.\n{}\ncounts {}\n", line("choices", choices), counts.join(" "));
    for path in read {
        let Some(name) = path.to_str().filter(|name| !name.contains('\n')) else { return forget(folder) };
        let _ = writeln!(stamp, "read {} {name}", of_file(path));
    }
    for file in files {
        let _ = writeln!(stamp, "wrote {} {}", of_bytes(file.text.as_bytes()), file.path);
    }
    let _ = fs::write(folder.join(NAME), stamp);
}

/// Takes the stamp away, so that the next run does its work and says again what there is to say.
pub(crate) fn forget(folder: &Path) {
    let _ = fs::remove_file(folder.join(NAME));
}

fn line(word: &str, hash: u64) -> String {
    format!("{word} {hash:016x}")
}

/// The hash of what a file holds; of one that is not there, a word of its own.
fn of_file(path: &Path) -> String {
    fs::read(path).map_or_else(|_| "missing".to_owned(), |bytes| of_bytes(&bytes))
}

fn of_bytes(bytes: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}
