//! Which files does a document consist of, and may each of them be read?
//!
//! Nothing is read from outside the folder of the document, by whatever way (`..`, an absolute path, a symbolic link), unless
//! the user allowed it; and nothing is ever fetched.

use std::collections::{BTreeMap, HashMap};
use std::path::{Component, Path, PathBuf};
use std::rc::Rc;

use serde_json::Value;

use super::{Overlay, read};
use crate::diagnostics::{Diagnostics, Source};

/// No API that people write comes near; a folder of links to each other could go on for ever.
const MOST_FILES: usize = 20_000;

/// What may be read beside the folder of the document.
#[derive(Debug, Clone, Default)]
pub struct Access {
    /// Folders that references may lead into.
    pub folders: Vec<PathBuf>,
    /// Local files that stand for addresses. An address that ends with `/` stands for all that start with it.
    pub replaced: BTreeMap<String, PathBuf>,
    /// Overlays, in the order in which they are applied.
    pub overlays: Vec<Overlay>,
}

/// Why a file is not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The document is a text at hand, which has no folder.
    NoFolder,
    /// An address for which no local file stands.
    Remote,
    /// A path that starts at the root of the file system.
    Absolute,
    /// A path that leads out of the folder, by its words or by a link.
    Outside { by_link: bool },
    /// There is none.
    Missing,
    /// Too many files.
    TooMany,
    /// It was told when it was read.
    Told,
}

/// The files of one run, by their names: paths relative to the folder of the document, or addresses.
#[derive(Debug)]
pub(super) struct Library<'a> {
    access: &'a Access,
    /// The folder of the document, as the user gave it.
    folder: Option<PathBuf>,
    /// Where files may be read, without links.
    permitted: Vec<PathBuf>,
    /// The document itself, without links.
    document: Option<PathBuf>,
    known: HashMap<String, Result<Option<String>, Refusal>>,
    trees: HashMap<String, Rc<Value>>,
    by_path: HashMap<PathBuf, String>,
    bytes: usize,
}

impl<'a> Library<'a> {
    /// The library around a document that is a file.
    pub(super) fn new(document: Option<&Path>, access: &'a Access) -> Self {
        let folder = document.map(|path| path.parent().unwrap_or(Path::new("")).to_path_buf());
        let real = |path: &Path| {
            let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
            path.canonicalize().ok()
        };
        let allowed = folder.iter().chain(&access.folders);
        Self {
            access,
            permitted: allowed.filter_map(|folder| real(folder)).collect(),
            document: document.and_then(real),
            folder,
            known: HashMap::new(),
            trees: HashMap::new(),
            by_path: HashMap::new(),
            bytes: 0,
        }
    }

    /// The name of the file that a name leads to, read; `None` is the document itself.
    ///
    /// Two names of one file (by a link) come to the same one.
    pub(super) fn open(&mut self, name: &str, diagnostics: &mut Diagnostics) -> Result<Option<String>, Refusal> {
        if let Some(known) = self.known.get(name) {
            return known.clone();
        }
        let result = self.read(name, diagnostics);
        self.known.insert(name.to_owned(), result.clone());
        result
    }

    /// The tree of a file that was opened, as it is written.
    pub(super) fn tree(&self, name: &str) -> Option<Rc<Value>> {
        self.trees.get(name).cloned()
    }

    /// How a file is shown.
    pub(super) fn shown(&self, name: &str) -> String {
        let Some(path) = self.local(name) else { return name.to_owned() };
        let mut tidy = PathBuf::new();
        for step in path.components() {
            match step {
                Component::ParentDir if matches!(tidy.components().next_back(), Some(Component::Normal(_))) => {
                    tidy.pop();
                }
                Component::CurDir => {}
                step => tidy.push(step),
            }
        }
        tidy.display().to_string()
    }

    fn local(&self, name: &str) -> Option<PathBuf> {
        if is_address(name) {
            let exact = self.access.replaced.get(name).cloned();
            let under = || {
                let prefixes = self.access.replaced.iter().rev();
                let (prefix, folder) =
                    prefixes.into_iter().find(|(key, _)| key.ends_with('/') && name.starts_with(*key))?;
                let rest = name.strip_prefix(prefix.as_str())?;
                // The rest stays inside: it was put together without `..`, and this makes sure of it.
                (!rest.split('/').any(|step| step == "..")).then(|| folder.join(rest))
            };
            return exact.or_else(under);
        }
        Some(self.folder.as_ref()?.join(name))
    }

    fn read(&mut self, name: &str, diagnostics: &mut Diagnostics) -> Result<Option<String>, Refusal> {
        if name.starts_with('/') {
            return Err(Refusal::Absolute);
        }
        let replaced = is_address(name);
        if !replaced && self.folder.is_none() {
            return Err(Refusal::NoFolder);
        }
        let Some(path) = self.local(name) else {
            return Err(if name.starts_with("file:") { Refusal::Absolute } else { Refusal::Remote });
        };
        let leads_out = name.starts_with("../") || name == "..";
        // Whether there is anything outside is not even asked unless some folder is allowed.
        if leads_out && !replaced && self.access.folders.is_empty() {
            return Err(Refusal::Outside { by_link: false });
        }
        let real = path.canonicalize();
        let permitted = real.as_ref().is_ok_and(|real| self.permitted.iter().any(|folder| real.starts_with(folder)));
        if leads_out && !replaced && !permitted {
            return Err(Refusal::Outside { by_link: false });
        }
        let Ok(real) = real else { return Err(Refusal::Missing) };
        // A file that the user named needs no other permission.
        if !permitted && !replaced {
            return Err(Refusal::Outside { by_link: true });
        }
        if self.document.as_ref() == Some(&real) {
            return Ok(None);
        }
        if let Some(known) = self.by_path.get(&real) {
            return Ok(Some(known.clone()));
        }
        if self.trees.len() >= MOST_FILES {
            return Err(Refusal::TooMany);
        }
        // A pipe would be waited for.
        if !real.is_file() && !real.is_dir() {
            return Err(Refusal::Missing);
        }
        let shown = path.display().to_string();
        let text = read::text(&shown, &real, read::LARGEST.saturating_sub(self.bytes));
        let text = text.map_err(|unread| {
            diagnostics.push(unread.told.of_file(name));
            diagnostics.sources.files.extend(unread.shown.map(|source| (name.to_owned(), source)));
            Refusal::Told
        })?;
        self.bytes = self.bytes.saturating_add(text.len());
        self.by_path.insert(real, name.to_owned());
        if is_prose(name) {
            diagnostics.sources.files.insert(name.to_owned(), read::prose(shown, text.clone()));
            self.trees.insert(name.to_owned(), Rc::new(Value::String(text)));
            return Ok(Some(name.to_owned()));
        }
        let source: Source = read::source(shown, text);
        let (tree, told) = read::tree(&source);
        diagnostics.extend(told.into_iter().map(|diagnostic| diagnostic.of_file(name)));
        diagnostics.sources.files.insert(name.to_owned(), source);
        let tree = tree.ok_or(Refusal::Told)?;
        self.trees.insert(name.to_owned(), Rc::new(tree));
        Ok(Some(name.to_owned()))
    }
}

/// Whether a file is text and nothing else: what is referred to for a description.
fn is_prose(name: &str) -> bool {
    let extension = Path::new(name).extension().map(|extension| extension.to_string_lossy().to_ascii_lowercase());
    matches!(extension.as_deref(), Some("md" | "markdown" | "txt" | "html" | "htm" | "rst" | "adoc"))
}

/// Whether a name is an address and not a path.
pub(super) fn is_address(name: &str) -> bool {
    match name.split_once(':') {
        Some((scheme, _)) => {
            scheme.len() > 1
                && scheme.starts_with(|first: char| first.is_ascii_alphabetic())
                && scheme.chars().all(|char| char.is_ascii_alphanumeric() || matches!(char, '+' | '-' | '.'))
        }
        None => false,
    }
}

/// The name of what a file calls by a relative one: steps are taken from the folder of the file.
pub(super) fn relative(base: &str, name: &str) -> String {
    if is_address(name) {
        return name.to_owned();
    }
    let (origin, path) = match base.split_once("://") {
        Some((scheme, rest)) if is_address(base) => {
            let length = rest.find('/').unwrap_or(rest.len());
            base.split_at_checked(scheme.len() + 3 + length).unwrap_or((base, ""))
        }
        _ => ("", base),
    };
    let mut steps: Vec<&str> = match name.strip_prefix('/') {
        Some(_) => Vec::new(),
        None => path.trim_start_matches('/').split('/').collect(),
    };
    // The file itself is no folder to start from.
    steps.pop();
    for step in name.trim_start_matches('/').split('/') {
        match step {
            "" | "." => {}
            ".." if origin.is_empty() && steps.last().is_none_or(|last| *last == "..") => steps.push(".."),
            ".." => {
                steps.pop();
            }
            step => steps.push(step),
        }
    }
    let slash = if !origin.is_empty() || name.starts_with('/') { "/" } else { "" };
    format!("{origin}{slash}{}", steps.join("/"))
}

#[cfg(test)]
mod tests {
    use super::{is_address, relative};

    #[test]
    fn relative_names_start_at_the_file_that_says_them() {
        for (base, name, expected) in [
            ("openapi.yaml", "a.yaml", "a.yaml"),
            ("paths/users.yaml", "../schemas/user.yaml", "schemas/user.yaml"),
            ("paths/users.yaml", "./list.yaml", "paths/list.yaml"),
            ("paths/users.yaml", "../../x.yaml", "../x.yaml"),
            ("../x.yaml", "../y.yaml", "../../y.yaml"),
            ("a.yaml", "/etc/passwd", "/etc/passwd"),
            ("a.yaml", "https://example.org/x", "https://example.org/x"),
            ("https://example.org/a/b.yaml", "../../../c.yaml", "https://example.org/c.yaml"),
            ("https://example.org/a/b.yaml", "/c.yaml", "https://example.org/c.yaml"),
            ("https://example.org", "c.yaml", "https://example.org/c.yaml"),
        ] {
            assert_eq!(relative(base, name), expected, "{base} {name}");
        }
        assert!(is_address("urn:x:y") && is_address("file:///etc/passwd"));
        assert!(!is_address("c:/x") && !is_address("a/b:c") && !is_address("x.yaml"));
    }
}
