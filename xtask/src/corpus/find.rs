//! Which files of a folder are documents of their own, and which are parts of others?

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::hash::Hasher as _;
use std::io;
use std::path::{Component, Path, PathBuf};

use serde::de::{Deserializer as _, IgnoredAny, MapAccess, Visitor};

/// A document to be generated.
#[derive(Debug, Clone)]
pub(super) struct Root {
    /// Relative to the folder, with `/`.
    pub(super) name: String,
    /// Where it lies.
    pub(super) path: PathBuf,
    /// How many files it consists of: itself, those that it refers to, and those that they refer to.
    pub(super) files: usize,
    /// Of its bytes and those of its parts.
    pub(super) hash: u64,
}

/// What a folder holds.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) roots: Vec<Root>,
    /// Files with a version key that another document refers to.
    pub(super) parts: usize,
}

/// The endings that documents bear. The content decides what is in them, not the ending.
const ENDINGS: &[&str] = &["json", "yaml", "yml"];

/// Every root under a folder, by name. A single file is a root whatever it holds.
pub(super) fn roots(folder: &Path) -> io::Result<Found> {
    let mut files = BTreeMap::new();
    if folder.is_file() {
        let path = normal(folder);
        read_with_parts(&path, &mut files);
        let parent = folder.parent().unwrap_or(Path::new("")).to_path_buf();
        return Ok(Found { roots: vec![root(&normal(&parent), &path, &files)], parts: 0 });
    }
    let mut open = vec![normal(folder)];
    while let Some(inner) = open.pop() {
        for entry in fs::read_dir(&inner)? {
            let entry = entry?;
            let (kind, path) = (entry.file_type()?, entry.path());
            let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_ascii_lowercase();
            if kind.is_dir() {
                open.push(path);
            } else if kind.is_file() && ENDINGS.contains(&ending.as_str()) {
                read(&path, &mut files);
            }
        }
    }
    // What a root refers to may lie outside the folder, or bear another ending.
    for path in files.keys().cloned().collect::<Vec<_>>() {
        read_with_parts(&path, &mut files);
    }
    let candidates: BTreeSet<&PathBuf> =
        files.iter().filter(|(_, file)| file.versioned).map(|(path, _)| path).collect();
    let mut found = Found::default();
    for path in &candidates {
        // Of two documents that refer to each other, the first by name is the root.
        let owned = candidates.iter().any(|other| {
            other != path && reaches(other, path, &files) && (other < path || !reaches(path, other, &files))
        });
        if owned {
            found.parts += 1;
        } else {
            found.roots.push(root(&normal(folder), path, &files));
        }
    }
    found.roots.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

struct File {
    versioned: bool,
    refers: BTreeSet<PathBuf>,
    hash: u64,
}

fn root(folder: &Path, path: &Path, files: &BTreeMap<PathBuf, File>) -> Root {
    let relative = path.strip_prefix(folder).unwrap_or(path);
    let name = relative.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/");
    let parts = closure(path, files);
    let mut hasher = super::hasher();
    // Settings and overlays beside the document change what comes of it.
    hasher.write_u64(fs::read(path.with_file_name("client.toml")).map_or(0, |bytes| super::hash(&bytes)));
    for file in std::iter::once(path).chain(parts.iter().map(PathBuf::as_path)) {
        hasher.write_u64(files.get(file).map_or(0, |file| file.hash));
    }
    Root { name, path: path.to_path_buf(), files: parts.len() + 1, hash: hasher.finish() }
}

fn reaches(from: &Path, to: &Path, files: &BTreeMap<PathBuf, File>) -> bool {
    files.get(from).is_some_and(|file| file.refers.contains(to)) || closure(from, files).contains(to)
}

fn closure(from: &Path, files: &BTreeMap<PathBuf, File>) -> BTreeSet<PathBuf> {
    let mut reached = BTreeSet::new();
    let mut open = vec![from];
    while let Some(path) = open.pop() {
        for part in files.get(path).into_iter().flat_map(|file| &file.refers) {
            if part != from && reached.insert(part.clone()) {
                open.push(part);
            }
        }
    }
    reached
}

fn read_with_parts(path: &Path, files: &mut BTreeMap<PathBuf, File>) {
    let mut open = vec![path.to_path_buf()];
    let mut seen = BTreeSet::new();
    while let Some(path) = open.pop() {
        if seen.insert(path.clone()) {
            read(&path, files);
            open.extend(files.get(&path).into_iter().flat_map(|file| file.refers.iter().cloned()));
        }
    }
}

/// Reads a file once. One that cannot be read is nothing's root; as a part it leaves its trace in no hash.
fn read(path: &Path, files: &mut BTreeMap<PathBuf, File>) {
    if files.contains_key(path) {
        return;
    }
    let Ok(bytes) = fs::read(path) else { return };
    // Bytes that are no UTF-8 are for the generator to complain about.
    let text = String::from_utf8_lossy(&bytes);
    let folder = path.parent().unwrap_or(Path::new(""));
    let refers = references(&text).map(|reference| normal(&folder.join(reference))).filter(|part| part != path);
    let file = File { versioned: is_versioned(&text), refers: refers.collect(), hash: super::hash(&bytes) };
    files.insert(path.to_path_buf(), file);
}

/// Whether a document bears the key that makes it one: `openapi` or `swagger`, at the top.
fn is_versioned(text: &str) -> bool {
    let text = text.trim_start_matches('\u{feff}');
    if text.trim_start().starts_with('{') {
        let mut parser = serde_json::Deserializer::from_str(text);
        let mut versioned = false;
        let whole = parser.deserialize_map(TopKeys(&mut versioned)).is_ok();
        // What breaks off or is malformed may yet have begun as a document.
        let begun = |line: &str| {
            let indent = line.len() - line.trim_start().len();
            indent <= 4 && is_version_key(line.trim_start_matches(['{', ' ', '\t']))
        };
        return versioned || !whole && text.lines().any(begun);
    }
    text.lines().any(is_version_key)
}

fn is_version_key(line: &str) -> bool {
    ["openapi", "swagger"].iter().any(|key| {
        let line = line.trim_start_matches(['"', '\'']);
        line.strip_prefix(key).is_some_and(|rest| rest.trim_start_matches(['"', '\'']).trim_start().starts_with(':'))
    })
}

struct TopKeys<'a>(&'a mut bool);

impl<'de> Visitor<'de> for TopKeys<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a mapping")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            *self.0 |= key == "openapi" || key == "swagger";
            map.next_value::<IgnoredAny>()?;
        }
        Ok(())
    }
}

/// The files that a text's `$ref`s name, without their fragments. Found by sight: the text need not be well-formed.
fn references(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split("$ref").skip(1).filter_map(|after| {
        let after = after.trim_start_matches(['"', '\'']).trim_start().strip_prefix(':')?.trim_start();
        let value = match after.chars().next()? {
            quote @ ('"' | '\'') => after.get(1..)?.split(quote).next()?,
            _ => after.split(['\n', '\r', ',', '}', ' ']).next()?,
        };
        let file = value.split('#').next()?.trim();
        (!file.is_empty() && !file.contains("://") && file.len() < 1024).then(|| file.replace("%20", " "))
    })
}

/// A path without `.` and `..`, so that two ways to a file are one.
fn normal(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if out.file_name().is_some() => drop(out.pop()),
            part => out.push(part),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_at_the_top_makes_a_document() {
        for yes in [
            "openapi: 3.0.0\n",
            "# c\n\"swagger\" : '2.0'",
            "{\"info\":{},\"openapi\":\"3.1.0\"}",
            "{\n  \"openapi\": \"3.0.0\",\n  \"info\": oops",
            "{openapi: 3.1.0}",
            "\u{feff}openapi: 3.0.0",
        ] {
            assert!(is_versioned(yes), "{yes}");
        }
        for no in
            ["info:\n  openapi: 3.0.0\n", "{\"info\":{\"openapi\":\"3.1.0\"}}", "openapis: 3", "type: object", "[]"]
        {
            assert!(!is_versioned(no), "{no}");
        }
    }

    #[test]
    fn references_to_files_are_seen_however_they_are_written() {
        let text = "a: {$ref: ./x.yaml#/a}\nb:\n  $ref: 'y/z.json'\n\"$ref\": \"../w.yaml#/q\"\n$ref: '#/here'\n$ref: https://far/away.yaml";
        assert_eq!(references(text).collect::<Vec<_>>(), ["./x.yaml", "y/z.json", "../w.yaml"]);
    }

    #[test]
    fn what_a_root_refers_to_is_a_part() {
        let folder = std::env::temp_dir().join(format!("sinew-corpus-find-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder.join("parts")).unwrap();
        let write = |name: &str, text: &str| fs::write(folder.join(name), text).unwrap();
        write("a.yaml", "openapi: 3.0.0\npaths:\n  /x: {$ref: 'parts/b.yaml#/paths/~1x'}\n");
        write("parts/b.yaml", "openapi: 3.0.0\npaths: {}\n$ref: ../c.json\n");
        write("c.json", "{\"swagger\":\"2.0\"}");
        write("d.yaml", "openapi: 3.0.0\n$ref: e.yaml");
        write("e.yaml", "openapi: 3.0.0\n$ref: d.yaml");
        write("schema.yaml", "type: object");
        let found = roots(&folder).unwrap();
        assert_eq!(found.roots.iter().map(|root| root.name.as_str()).collect::<Vec<_>>(), ["a.yaml", "d.yaml"]);
        assert_eq!((found.parts, found.roots[0].files), (3, 3));
        let before = found.roots[0].hash;
        write("c.json", "{\"swagger\":\"2.0\",\"x\":1}");
        assert_ne!(roots(&folder).unwrap().roots[0].hash, before, "a root is another one when its parts are");
        fs::remove_dir_all(folder).unwrap();
    }
}
