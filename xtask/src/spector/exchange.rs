//! Which exchanges does the mock server know, and which operation of which document is each?

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

/// A request that a scenario expects, and what it is answered.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Exchange {
    /// The folder of the suite, which is that of its document.
    pub(super) folder: String,
    pub(super) scenario: String,
    pub(super) index: usize,
    pub(super) method: String,
    pub(super) uri: String,
    pub(super) query: Value,
    pub(super) headers: Value,
    pub(super) body: Value,
    pub(super) status: u16,
    pub(super) answer: Value,
}

impl Exchange {
    pub(super) fn name(&self) -> String {
        format!("{}[{}]", self.scenario, self.index)
    }
}

/// A document of the suite.
#[derive(Debug)]
pub(super) struct Specification {
    pub(super) folder: String,
    pub(super) path: PathBuf,
    /// Unique among the documents, fit for a crate.
    pub(super) package: String,
    pub(super) root: Value,
}

/// The documents under a folder.
pub(super) fn specifications(folder: &Path) -> Result<Vec<Specification>, String> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(at) = open.pop() {
        let entries = std::fs::read_dir(&at).map_err(|error| format!("{}: {error}", at.display()))?;
        for path in entries.flatten().map(|entry| entry.path()) {
            if path.is_dir() {
                open.push(path);
                continue;
            }
            let text = std::fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
            let root = serde_json::from_slice(&text).map_err(|error| format!("{}: {error}", path.display()))?;
            let relative = at.strip_prefix(folder).unwrap_or(&at).display().to_string().replace('\\', "/");
            let version = path.file_stem().unwrap_or_default().to_string_lossy().replacen("openapi", "", 1);
            let package = format!("spector-{relative}{version}").to_lowercase().replace(['/', '.', '_'], "-");
            found.push(Specification { folder: relative, path, package, root });
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

/// The operation that an exchange is about.
#[derive(Debug)]
pub(super) struct Target<'s> {
    pub(super) specification: &'s Specification,
    pub(super) template: String,
    /// The base path, its variables filled in.
    pub(super) base: String,
    /// What stands at the holes of the path.
    pub(super) path: Vec<(String, String)>,
}

/// Finds the operation: same folder, method, and path template behind the base path. Of several documents, versions of one API,
/// the one whose version the request names, else the last.
pub(super) fn target<'s>(specifications: &'s [Specification], exchange: &Exchange) -> Option<Target<'s>> {
    let uri = exchange.uri.split('?').next().unwrap_or_default();
    let mut found: Vec<Target<'s>> = Vec::new();
    for specification in specifications.iter().filter(|specification| specification.folder == exchange.folder) {
        let servers = specification.root["servers"].as_array().cloned().unwrap_or_default();
        let mut bases: Vec<String> =
            servers.iter().filter_map(|server| server["url"].as_str()).map(base_path).collect();
        if bases.is_empty() {
            bases.push(String::new());
        }
        for (template, item) in specification.root["paths"].as_object().into_iter().flatten() {
            if item.get(&exchange.method).is_none() {
                continue;
            }
            for base in &bases {
                let plain = template.split('?').next().unwrap_or_default();
                let mut holes = Vec::new();
                if !fits(&format!("{base}{plain}"), uri, &mut holes) {
                    continue;
                }
                let mut filled = base.clone();
                for (name, value) in &holes {
                    filled = filled.replace(&format!("{{{name}}}"), value);
                }
                found.push(Target { specification, template: template.clone(), base: filled, path: holes });
            }
        }
    }
    // The plainest template first: `/a/b` is not an instance of `/a/{x}` where both are there.
    found.sort_by_key(|target| target.path.len());
    let fewest = found.first()?.path.len();
    found.retain(|target| target.path.len() == fewest);
    // A path such as `/v1` is of every version; what stands before it, or in the query, names one.
    let said = |target: &Target<'_>| format!("{} {:?} {}", target.base, target.path, exchange.query);
    let version = |target: &Target<'_>| {
        let stem = target.specification.path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        stem.strip_prefix("openapi.").is_some_and(|version| said(target).contains(version))
    };
    let at = found.iter().position(version).unwrap_or(found.len() - 1);
    Some(found.swap_remove(at))
}

fn base_path(url: &str) -> String {
    let rest = match url.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("", |slash| &rest[slash..]),
        None if url.starts_with('{') => url.find('}').map_or("", |end| &url[end + 1..]),
        None => url,
    };
    rest.trim_end_matches('/').to_owned()
}

/// Whether an address is an instance of a template; what stands at its holes is gathered.
fn fits(template: &str, uri: &str, holes: &mut Vec<(String, String)>) -> bool {
    let Some((literal, rest)) = template.split_once('{') else { return template == uri };
    let (Some(after), Some((name, rest))) = (uri.strip_prefix(literal), rest.split_once('}')) else { return false };
    let end = after.find('/').unwrap_or(after.len());
    for length in (0..=end).rev().filter(|&length| after.is_char_boundary(length)) {
        let known = holes.len();
        holes.push((name.to_owned(), after[..length].to_owned()));
        if fits(rest, &after[length..], holes) {
            return true;
        }
        holes.truncate(known);
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_fit_whole_addresses_and_tell_what_fills_them() {
        let mut holes = Vec::new();
        assert!(fits("/a/{b}/c{d}", "/a/x/c.y", &mut holes));
        assert_eq!(holes, [("b".to_owned(), "x".to_owned()), ("d".to_owned(), ".y".to_owned())]);
        assert!(!fits("/a/{b}", "/a/x/y", &mut Vec::new()));
        assert!(fits("/a{b}", "/a", &mut Vec::new()));
    }

    #[test]
    fn base_paths_are_what_follows_the_origin() {
        for (url, base) in
            [("http://localhost:3000", ""), ("https://h/a/b/", "/a/b"), ("{endpoint}/x/{v}", "/x/{v}"), ("/", "")]
        {
            assert_eq!(base_path(url), base);
        }
    }
}
