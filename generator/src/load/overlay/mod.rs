//! What do overlays make of a document, before anyone has read it?
//!
//! The OpenAPI Overlay Specification 1.0 and 1.1: a list of actions, each of which finds parts of the document by a `JSONPath` (RFC
//! 9535) and updates them, removes them, or copies another part into them. Actions see what those before them made. An overlay is
//! the user's own, so whatever is wrong with it ends the run.

mod places;

use std::ops::Range;
use std::path::{Path, PathBuf};

use places::{Origin, Places};
use serde_json::{Map, Value};
use serde_json_path::JsonPath;

use super::split::describe;
use super::{nearest, read};
use crate::diagnostics::{Diagnostic, Diagnostics, Pointer, codes};

/// An overlay to apply.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overlay {
    /// The file.
    pub path: PathBuf,
    /// The folder that it must be in; `None` if it may be anywhere.
    pub folder: Option<PathBuf>,
    /// Where it is named in `client.toml`; `None` if it was given to the command.
    pub span: Option<Range<usize>>,
}

/// No deeper than the parsers let a document be, since later stages recurse along it.
const DEEPEST: usize = 128;
/// How many values overlays may bring in all: copies of copies would grow without measure.
const MOST_VALUES: usize = 1_000_000;
/// The parser of paths recurses along them, and needs twice the time for each filter in a filter.
const LONGEST_PATH: usize = 1_000;
const MOST_FILTERS: usize = 8;

const ROOT_KEYS: &[&str] = &["overlay", "info", "extends", "actions"];
const ACTION_KEYS: &[&str] = &["target", "description", "update", "remove", "copy"];

/// Applies overlays to the tree of a document, in order. `None` if one of them cannot be; the reason was told.
pub(super) fn apply(tree: Value, overlays: &[Overlay], diagnostics: &mut Diagnostics) -> Option<Value> {
    if overlays.is_empty() {
        return Some(tree);
    }
    let mut laid = Laid { tree, places: Places::default(), room: MOST_VALUES, wrong: false };
    for overlay in overlays {
        let Some((name, content)) = open(overlay, diagnostics) else {
            laid.wrong = true;
            continue;
        };
        laid.lay(&Pointer::of_file(&name), &content, diagnostics);
    }
    diagnostics.sources.overlaid = laid.places.into_moves();
    (!laid.wrong).then_some(laid.tree)
}

/// The name of an overlay's text among the sources, and its tree.
fn open(overlay: &Overlay, diagnostics: &mut Diagnostics) -> Option<(String, Value)> {
    let shown = overlay.path.display().to_string();
    if let Some(why) = overlay.folder.as_ref().and_then(|folder| outside(&overlay.path, folder)) {
        let error = Diagnostic::error(codes::OVERLAY_UNREADABLE, format!("the overlay `{shown}` is not read"));
        diagnostics.push(named(error, overlay, why).help(
            "overlays that `client.toml` names lie in its folder; one from elsewhere can be given to the command: --overlay",
        ));
        return None;
    }
    // No file that a document refers to has such a name.
    let name = format!("overlay:{shown}");
    let text = match read::text(&shown, &overlay.path, read::LARGEST) {
        Ok(text) => text,
        Err(unread) => {
            let read::Unread { told, shown } = *unread;
            diagnostics.push(match &overlay.span {
                Some(_) => named(Diagnostic::error(codes::OVERLAY_UNREADABLE, told.message), overlay, "named here"),
                None => told.of_file(&name),
            });
            diagnostics.sources.files.extend(shown.map(|source| (name, source)));
            return None;
        }
    };
    let source = read::source(shown, text);
    let (tree, told) = read::tree(&source);
    let broken = !told.is_empty();
    diagnostics.extend(told.into_iter().map(|diagnostic| diagnostic.of_file(&name)));
    diagnostics.sources.files.insert(name.clone(), source);
    tree.filter(|_| !broken).map(|tree| (name, tree))
}

/// Why a file is not in a folder, if it is there at all and is not.
fn outside(path: &Path, folder: &Path) -> Option<&'static str> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let steps_out = path.strip_prefix(folder).unwrap_or(path);
    if steps_out.is_absolute() || steps_out.components().any(|step| step == std::path::Component::ParentDir) {
        return Some("leads out of the folder of `client.toml`");
    }
    let (real, folder) = (path.canonicalize().ok()?, folder.canonicalize().ok()?);
    (!real.starts_with(folder)).then_some("a link leads out of the folder of `client.toml`")
}

fn named(error: Diagnostic, overlay: &Overlay, label: &str) -> Diagnostic {
    match &overlay.span {
        Some(span) => error.at_settings(span, label),
        None => error.in_file(overlay.path.display().to_string()),
    }
}

/// A document under the overlays so far.
struct Laid {
    tree: Value,
    places: Places,
    /// How many values may still be brought.
    room: usize,
    wrong: bool,
}

/// What an action does.
enum Act<'a> {
    Remove,
    Update(&'a Value),
    Copy(&'a str),
}

impl Laid {
    fn lay(&mut self, root: &Pointer, overlay: &Value, diagnostics: &mut Diagnostics) {
        let Some(map) = overlay.as_object() else {
            let error = format!("an overlay is a mapping, but this is {}", describe(overlay));
            return self.refuse(root, error, "", diagnostics);
        };
        tell_unknown(map, root, ROOT_KEYS, "an overlay", diagnostics);
        match map.get("overlay").map(|version| version.as_str().map_or_else(|| version.to_string(), str::to_owned)) {
            Some(version) if is_known(&version) => {}
            Some(version) => {
                let error = format!("the version `{version}` of the Overlay Specification is not known");
                self.refuse(&root.join("overlay"), error, "1.0 and 1.1 are", diagnostics);
            }
            None => self.refuse(
                root,
                "this is no overlay: the key `overlay` is missing".to_owned(),
                "starts without `overlay: 1.0.0`",
                diagnostics,
            ),
        }
        match map.get("actions") {
            Some(Value::Array(actions)) => {
                for (index, action) in actions.iter().enumerate() {
                    self.action(&root.join("actions").index(index), action, diagnostics);
                }
            }
            Some(other) => {
                let error = format!("`actions` must be a list, but is {}", describe(other));
                self.refuse(&root.join("actions"), error, "", diagnostics);
            }
            None => self.refuse(root, "the overlay has no `actions`".to_owned(), "", diagnostics),
        }
    }

    fn refuse(&mut self, at: &Pointer, message: String, label: &str, diagnostics: &mut Diagnostics) {
        self.wrong = true;
        diagnostics.push(Diagnostic::error(codes::OVERLAY_INVALID, message).at(at, label));
    }

    fn action(&mut self, at: &Pointer, action: &Value, diagnostics: &mut Diagnostics) {
        let Some(map) = action.as_object() else {
            let error = format!("an action is a mapping, but this is {}", describe(action));
            return self.refuse(at, error, "", diagnostics);
        };
        tell_unknown(map, at, ACTION_KEYS, "an action", diagnostics);
        let Some(targets) = self.find(map, at, "target", diagnostics) else { return };
        let remove = match map.get("remove") {
            Some(Value::Bool(remove)) => *remove,
            None => false,
            Some(other) => {
                let error = format!("`remove` must be `true` or `false`, but is {}", describe(other));
                return self.refuse(&at.join("remove"), error, "", diagnostics);
            }
        };
        let act = match (remove, map.get("update"), map.get("copy")) {
            (true, None, None) => Act::Remove,
            (false, Some(update), None) => Act::Update(update),
            (false, None, Some(_)) => Act::Copy("copy"),
            (false, None, None) => {
                let error = "the action does nothing: it has neither `update` nor `remove` nor `copy`";
                return self.refuse(at, error.to_owned(), "", diagnostics);
            }
            _ => {
                let error = "`update`, `remove` and `copy` exclude each other";
                return self.refuse(at, error.to_owned(), "has more than one of them", diagnostics);
            }
        };
        if targets.is_empty() {
            let shown = map.get("target").and_then(Value::as_str).unwrap_or_default();
            diagnostics.push(
                Diagnostic::warning(codes::OVERLAY_UNMATCHED, format!("nothing in the document fits `{shown}`"))
                    .at(&at.join("target"), "this action changes nothing"),
            );
            return;
        }
        match act {
            Act::Remove => self.remove(targets, at, diagnostics),
            Act::Update(update) => {
                let origin = Origin::at(at.join("update"));
                self.update(&targets, update, &origin, &at.join("update"), diagnostics);
            }
            Act::Copy(key) => {
                let Some(sources) = self.find(map, at, key, diagnostics) else { return };
                let [source] = sources.as_slice() else {
                    let error = format!("`copy` must fit one part of the document, but fits {}", sources.len());
                    return self.refuse(&at.join(key), error, "", diagnostics);
                };
                let Some(value) = self.tree.pointer(source).cloned() else { return };
                let origin = self.places.origin(source);
                self.update(&targets, &value, &origin, &at.join(key), diagnostics);
            }
        }
    }

    /// The parts of the document that a `JSONPath` fits, as pointers.
    fn find(
        &mut self,
        action: &Map<String, Value>,
        at: &Pointer,
        key: &str,
        diagnostics: &mut Diagnostics,
    ) -> Option<Vec<String>> {
        let path = match action.get(key) {
            Some(Value::String(path)) => path,
            Some(other) => {
                let error = format!("`{key}` must be a JSONPath such as `$.info`, but is {}", describe(other));
                self.refuse(&at.join(key), error, "", diagnostics);
                return None;
            }
            None => {
                self.refuse(at, format!("the action has no `{key}`"), "", diagnostics);
                return None;
            }
        };
        if path.len() > LONGEST_PATH || path.matches('?').count() > MOST_FILTERS {
            let error = format!("a path has at most {LONGEST_PATH} bytes and {MOST_FILTERS} filters");
            self.refuse(&at.join(key), error, "say it in several actions", diagnostics);
            return None;
        }
        match JsonPath::parse(path) {
            Ok(parsed) => {
                let found = parsed.query_located(&self.tree).dedup();
                Some(found.locations().map(serde_json_path::NormalizedPath::to_json_pointer).collect())
            }
            Err(error) => {
                let behind = path.chars().take(error.position()).collect::<String>();
                let label = if behind.is_empty() || behind.len() == path.len() {
                    error.message().to_owned()
                } else {
                    format!("{}, behind `{behind}`", error.message())
                };
                self.refuse(&at.join(key), format!("`{path}` is no JSONPath"), &label, diagnostics);
                None
            }
        }
    }

    fn remove(&mut self, mut targets: Vec<String>, at: &Pointer, diagnostics: &mut Diagnostics) {
        // From the end, so that what is removed moves nothing that is still to be: the last of a list, and the inner before the outer.
        let order = |target: &String| {
            let step = |step: &str| (step.parse::<usize>().unwrap_or_default(), step.to_owned());
            target.split('/').map(step).collect::<Vec<_>>()
        };
        targets.sort_by_cached_key(|target| std::cmp::Reverse(order(target)));
        for target in targets {
            let Some((parent, _)) = target.rsplit_once('/') else {
                return self.refuse(
                    &at.join("target"),
                    "the whole document cannot be removed".to_owned(),
                    "",
                    diagnostics,
                );
            };
            let Some(step) = Pointer::from_canonical(&target).last().map(std::borrow::Cow::into_owned) else {
                continue;
            };
            match self.tree.pointer_mut(parent) {
                Some(Value::Object(map)) => {
                    map.remove(&step);
                    self.places.forget(&target);
                }
                Some(Value::Array(list)) => {
                    if let Some(index) = step.parse().ok().filter(|index| *index < list.len()) {
                        self.places.close_gap(parent, index, list.len());
                        list.remove(index);
                    }
                }
                _ => {}
            }
        }
    }

    fn update(
        &mut self,
        targets: &[String],
        value: &Value,
        origin: &Origin,
        said: &Pointer,
        diagnostics: &mut Diagnostics,
    ) {
        let (values, depth) = measure(value);
        for target in targets {
            let deep = target.matches('/').count() + depth + 1 > DEEPEST;
            let Some(room) = self.room.checked_sub(values).filter(|_| !deep) else {
                self.wrong = true;
                let (code, what) = if deep {
                    (codes::TOO_DEEP, "the overlay nests the document too deeply")
                } else {
                    (codes::TOO_LARGE, "the overlay makes the document grow without measure")
                };
                diagnostics.push(Diagnostic::error(code, what).at(said, ""));
                return;
            };
            self.room = room;
            let Some(found) = self.tree.pointer_mut(target) else { continue };
            if found.is_object() && !value.is_object() {
                let error = format!("a mapping is updated by a mapping, not by {}", describe(value));
                return self.refuse(said, error, "", diagnostics);
            }
            // An entry to append: a list stands for several.
            if let (Value::Array(list), false) = (&mut *found, value.is_array()) {
                self.places.record(&format!("{target}/{}", list.len()), origin, "");
                list.push(value.clone());
                continue;
            }
            merge(found, target, value, origin, "", &mut self.places);
        }
    }
}

/// Lays a value over another: mappings key by key, lists one behind the other, all else in its place. No deeper than the overlay.
fn merge(found: &mut Value, now: &str, value: &Value, origin: &Origin, way: &str, places: &mut Places) {
    match (found, value) {
        (Value::Object(found), Value::Object(value)) => {
            for (key, value) in value {
                let step = Pointer::root().join(key);
                let (now, way) = (format!("{now}{}", step.as_str()), format!("{way}{}", step.as_str()));
                if let Some(known) = found.get_mut(key) {
                    merge(known, &now, value, origin, &way, places);
                } else {
                    found.insert(key.clone(), value.clone());
                    places.record(&now, origin, &way);
                }
            }
        }
        (Value::Array(found), Value::Array(value)) => {
            for (index, value) in value.iter().enumerate() {
                places.record(&format!("{now}/{}", found.len()), origin, &format!("{way}/{index}"));
                found.push(value.clone());
            }
        }
        (found, value) => {
            *found = value.clone();
            places.record(now, origin, way);
        }
    }
}

/// How many values a value consists of, and how deep they nest.
fn measure(value: &Value) -> (usize, usize) {
    let (mut values, mut deepest) = (0, 0);
    let mut open = vec![(value, 1)];
    while let Some((value, depth)) = open.pop() {
        values += 1;
        deepest = deepest.max(depth);
        match value {
            Value::Array(list) => open.extend(list.iter().map(|inner| (inner, depth + 1))),
            Value::Object(map) => open.extend(map.values().map(|inner| (inner, depth + 1))),
            _ => {}
        }
    }
    (values, deepest)
}

fn is_known(version: &str) -> bool {
    matches!(version.split('.').collect::<Vec<_>>().as_slice(), ["1", "0" | "1", ..])
}

fn tell_unknown(map: &Map<String, Value>, at: &Pointer, known: &[&str], what: &str, diagnostics: &mut Diagnostics) {
    for key in map.keys().filter(|key| !known.contains(&key.as_str()) && !key.starts_with("x-")) {
        let warning = Diagnostic::warning(codes::UNKNOWN_KEY, format!("{what} has no key `{key}`"));
        diagnostics.push(match nearest(key, known.iter().copied()) {
            Some(meant) => warning.at_key(&at.join(key), format!("did you mean `{meant}`?")),
            None => warning.at_key(&at.join(key), "ignored"),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::Renderer;

    fn laid(document: &str, actions: &str) -> (Value, String) {
        let mut diagnostics = Diagnostics::new();
        let tree = serde_json::from_str(document).unwrap();
        let overlay =
            serde_json::json!({"overlay": "1.1.0", "actions": serde_json::from_str::<Value>(actions).unwrap()});
        let mut laid = Laid { tree, places: Places::default(), room: 20_000, wrong: false };
        laid.lay(&Pointer::of_file("o"), &overlay, &mut diagnostics);
        (laid.tree, Renderer::plain().render(&diagnostics))
    }

    #[test]
    fn each_action_does_what_the_specification_says() {
        let cases = [
            (r#"{"a":{"x":1}}"#, r#"[{"target":"$.a","update":{"y":[2]}}]"#, r#"{"a":{"x":1,"y":[2]}}"#),
            (
                r#"{"a":{"x":{"y":[1]}}}"#,
                r#"[{"target":"$.a","update":{"x":{"y":[2]}}}]"#,
                r#"{"a":{"x":{"y":[1,2]}}}"#,
            ),
            (r#"{"a":[1]}"#, r#"[{"target":"$.a","update":{"x":2}}]"#, r#"{"a":[1,{"x":2}]}"#),
            (r#"{"a":[1]}"#, r#"[{"target":"$.a","update":[2,3]}]"#, r#"{"a":[1,2,3]}"#),
            (r#"{"a":1}"#, r#"[{"target":"$.a","update":"x"}]"#, r#"{"a":"x"}"#),
            (r#"{"a":{"t":"x"}}"#, r#"[{"target":"$.a","update":{"t":["x",null]}}]"#, r#"{"a":{"t":["x",null]}}"#),
            (r#"{"a":1,"b":2}"#, r#"[{"target":"$.a","remove":true}]"#, r#"{"b":2}"#),
            (
                r#"{"a":[0,1,2,3,4,5,6,7,8,9,10,11]}"#,
                r#"[{"target":"$.a[?@ > 1 && @ != 5]","remove":true}]"#,
                r#"{"a":[0,1,5]}"#,
            ),
            (r#"{"a":[[1,2],[1]]}"#, r#"[{"target":"$..*","remove":true}]"#, r"{}"),
            (r#"{"a/b":{"~":1}}"#, r#"[{"target":"$['a/b']['~']","update":2}]"#, r#"{"a/b":{"~":2}}"#),
            (r#"{"a":{"x":1},"b":{}}"#, r#"[{"target":"$.b","copy":"$.a"}]"#, r#"{"a":{"x":1},"b":{"x":1}}"#),
            (
                r#"{"a":{"x":1}}"#,
                r#"[{"target":"$","update":{"b":{}}},{"target":"$.b","copy":"$.a"},{"target":"$.a","remove":true}]"#,
                r#"{"b":{"x":1}}"#,
            ),
            (r#"{"a":1}"#, r#"[{"target":"$","update":{"a":null}}]"#, r#"{"a":null}"#),
        ];
        for (document, actions, expected) in cases {
            let (tree, told) = laid(document, actions);
            assert_eq!((tree, told), (serde_json::from_str(expected).unwrap(), String::new()), "{actions}");
        }
    }

    #[test]
    fn nothing_grows_or_nests_without_measure() {
        let doubling: Vec<String> = (0..60).map(|_| r#"{"target":"$.a","copy":"$.a"}"#.to_owned()).collect();
        let (_, told) = laid(r#"{"a":[1,2,3]}"#, &format!("[{}]", doubling.join(",")));
        assert!(told.contains("grow without measure"), "{told}");
        let path = format!("$.a{}", "[0]".repeat(120));
        let deep = "[".repeat(121) + "1" + &"]".repeat(121);
        let (_, told) =
            laid(&format!(r#"{{"a":{deep}}}"#), &format!(r#"[{{"target":"{path}","update":[[[[[[[[1]]]]]]]]}}]"#));
        assert!(told.contains("too deeply"), "{told}");
    }
}
