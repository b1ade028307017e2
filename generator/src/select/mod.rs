//! Which of the document's operations does the user want?
//!
//! Asked once the document is read and before its meaning is worked out: what is not selected is never lowered, so the types that
//! only it reaches never exist, and what was said about it is taken back.

mod glob;

use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::diagnostics::{Code, Diagnostic, Diagnostics, Place, Pointer, codes};
use crate::ir::{Api, Origin};
use crate::load::{Document, Schema, nearest};
use crate::settings::{Deprecated, Pattern, Selection, Settings, Webhooks};
use crate::{lower, plan};

/// An operation, as patterns see it.
struct Subject {
    /// Its `operationId`, then what its method could be called.
    names: Vec<String>,
    method: String,
    path: String,
    tags: Vec<String>,
    deprecated: bool,
    pointer: Pointer,
    /// Whether it could be read.
    read: bool,
}

impl Subject {
    fn route(&self) -> String {
        format!("{} {}", self.method.to_uppercase(), self.path)
    }
}

/// What a list of patterns is about.
#[derive(Clone, Copy)]
enum Aspect {
    Operations,
    Tags,
    Paths,
    Methods,
}

impl Aspect {
    const ALL: [Self; 4] = [Self::Operations, Self::Tags, Self::Paths, Self::Methods];

    fn word(self) -> &'static str {
        match self {
            Self::Operations => "operations",
            Self::Tags => "tags",
            Self::Paths => "paths",
            Self::Methods => "methods",
        }
    }

    fn kept(self, selection: &Selection) -> &[Pattern] {
        match self {
            Self::Operations => &selection.operations,
            Self::Tags => &selection.tags,
            Self::Paths => &selection.paths,
            Self::Methods => &selection.methods,
        }
    }

    fn dropped(self, selection: &Selection) -> &[Pattern] {
        match self {
            Self::Operations => &selection.drop_operations,
            Self::Tags => &selection.drop_tags,
            Self::Paths => &selection.drop_paths,
            Self::Methods => &selection.drop_methods,
        }
    }

    fn fits(self, pattern: &str, subject: &Subject) -> bool {
        match self {
            Self::Operations => match pattern.split_once(' ') {
                Some((method, path)) => {
                    glob::fits(&method.to_lowercase(), &subject.method) && glob::fits_path(path.trim(), &subject.path)
                }
                None => subject.names.iter().any(|name| glob::fits(pattern, name)),
            },
            Self::Tags => subject.tags.iter().any(|tag| glob::fits(pattern, tag)),
            Self::Paths => glob::fits_path(pattern, &subject.path),
            Self::Methods => glob::fits(&pattern.to_lowercase(), &subject.method),
        }
    }

    /// What a pattern of this kind could have named.
    fn candidates(self, subject: &Subject) -> Vec<String> {
        match self {
            Self::Operations => subject.names.iter().cloned().chain([subject.route()]).collect(),
            Self::Tags => subject.tags.clone(),
            Self::Paths => vec![subject.path.clone()],
            Self::Methods => vec![subject.method.clone()],
        }
    }
}

/// Narrows a document to what `client.toml` selects and the command's flags leave of that.
///
/// Settings about what is not selected are set aside, for they are no mistake. How many operations were not selected; `None` if the
/// selection cannot be followed, which was told.
pub(crate) fn select(
    document: &mut Document,
    settings: &mut Settings,
    flags: &Selection,
    diagnostics: &mut Diagnostics,
) -> Option<usize> {
    let stated = Selection { webhooks: Webhooks::default(), ..settings.select.clone() };
    let all = stated == Selection::default() && *flags == Selection::default();
    let incoming = match settings.select.webhooks {
        Webhooks::Unsaid => all,
        said => said == Webhooks::Keep,
    };
    if !incoming {
        leave_out_incoming(document, diagnostics);
    }
    if all {
        return Some(0);
    }
    let subjects = subjects(document, settings);
    let told = diagnostics.len();
    for selection in [&stated, flags] {
        tell_unmatched(selection, &subjects, diagnostics);
    }
    let (kept, others): (Vec<&Subject>, Vec<&Subject>) =
        subjects.iter().partition(|subject| selects(&stated, subject) && selects(flags, subject));
    if diagnostics.len() > told {
        return None;
    }
    if kept.is_empty() {
        diagnostics.push(nothing(&stated, flags, &subjects));
        return None;
    }
    set_aside(settings, document, &kept, &others);
    let unselected: HashSet<&str> = others.iter().map(|subject| subject.pointer.as_str()).collect();
    document.operations.retain(|operation| !unselected.contains(operation.pointer.as_str()));
    document.incoming.retain(|request| {
        request.callback.as_ref().is_none_or(|(operation, _)| !unselected.contains(operation.as_str()))
    });
    document.unreadable -= others.iter().filter(|subject| !subject.read).count().min(document.unreadable);
    diagnostics.retain(|said| match said.primary() {
        Some(Place::Document(pointer, _)) => !within_any(pointer, &unselected),
        _ => true,
    });
    Some(others.len())
}

fn leave_out_incoming(document: &mut Document, diagnostics: &mut Diagnostics) {
    let left_out = std::mem::take(&mut document.incoming);
    let Some(first) = left_out.first() else { return };
    let (count, s) = (left_out.len(), if left_out.len() == 1 { "" } else { "s" });
    diagnostics.push(
        Diagnostic::note(
            codes::WEBHOOKS_IGNORED,
            format!("{count} request{s} of the service (webhooks, callbacks) left out"),
        )
        .at_key(&first.pointer, "the first")
        .help("to have them, in client.toml under [select]: webhooks = \"keep\""),
    );
}

/// Sets aside the settings about schemas and formats that the document has and no selected operation reaches.
pub(crate) fn forget_unreached(document: &Document, api: &Api, settings: &mut Settings) {
    let forms = api.operations.iter().filter_map(|operation| operation.body.as_ref()?.form()?.component.as_ref());
    let types = api.types.iter().filter_map(|(_, ty)| match &ty.origin {
        Origin::Component(name) => Some(name),
        Origin::Inline { .. } => None,
    });
    let reached: BTreeSet<&String> = forms.chain(types).collect();
    let formats: BTreeSet<&str> = api.types.iter().filter_map(|(_, ty)| ty.format.as_deref()).collect();
    let known = |format: &str| {
        document.schemas.iter().any(|(_, entry)| match &entry.schema {
            Schema::Object(schema) => schema.format.as_deref() == Some(format),
            Schema::Boolean(_) => false,
        })
    };
    settings.formats.retain(|format, _| formats.contains(format.as_str()) || !known(format));
    settings.schemas.retain(|name, _| reached.contains(name) || !document.schemas.is_name(name));
}

fn selects(selection: &Selection, subject: &Subject) -> bool {
    let any = |aspect: Aspect, patterns: &[Pattern]| patterns.iter().any(|one| aspect.fits(&one.text, subject));
    Aspect::ALL.iter().all(|&aspect| {
        let kept = aspect.kept(selection);
        (kept.is_empty() || any(aspect, kept)) && !any(aspect, aspect.dropped(selection))
    }) && !(subject.deprecated && selection.deprecated == Deprecated::Drop)
}

/// Every operation of the document, also those that could not be read: nobody is told of them who does not want them.
fn subjects(document: &Document, settings: &Settings) -> Vec<Subject> {
    let base_url = lower::base_url(document);
    let names = |id: Option<&str>, method: &str, path: &str| {
        let route = format!("{} {path}", method.to_uppercase());
        let setting = id.and_then(|id| settings.operations.get(id)).or_else(|| settings.operations.get(&route));
        let chosen = setting.and_then(|setting| setting.name.clone());
        let methods = plan::possible_method_names(base_url.as_deref(), id, method, path);
        let mut names: Vec<String> = id.map(str::to_owned).into_iter().chain(chosen).collect();
        for name in methods {
            if names.iter().all(|known| known != name.plain()) {
                names.push(name.plain().to_owned());
            }
        }
        names
    };
    let mut subjects: Vec<Subject> = document
        .operations
        .iter()
        .map(|stated| Subject {
            names: names(stated.operation.operation_id.as_deref(), &stated.method, &stated.path),
            method: stated.method.clone(),
            path: stated.path.clone(),
            tags: stated.operation.tags.clone(),
            deprecated: stated.operation.deprecated,
            pointer: stated.pointer.clone(),
            read: true,
        })
        .collect();
    let read: HashSet<Pointer> = subjects.iter().map(|subject| subject.pointer.clone()).collect();
    let paths = document.skeleton.paths();
    for (path, item) in paths.into_iter().flatten() {
        for (method, operation) in item.as_object().into_iter().flatten() {
            let pointer = Pointer::root().join_all(["paths", path, method]);
            if operation.get("responses").is_none() && operation.get("operationId").is_none() || read.contains(&pointer)
            {
                continue;
            }
            let tags = operation.get("tags").and_then(serde_json::Value::as_array);
            subjects.push(Subject {
                names: names(operation.get("operationId").and_then(serde_json::Value::as_str), method, path),
                method: method.to_lowercase(),
                path: path.clone(),
                tags: tags.into_iter().flatten().filter_map(|tag| tag.as_str().map(str::to_owned)).collect(),
                deprecated: operation.get("deprecated").and_then(serde_json::Value::as_bool).unwrap_or_default(),
                pointer,
                read: false,
            });
        }
    }
    subjects
}

fn within_any(pointer: &Pointer, places: &HashSet<&str>) -> bool {
    let text = pointer.as_str();
    let ends = text.char_indices().filter(|(_, c)| *c == '/').map(|(at, _)| at).chain([text.len()]);
    ends.filter_map(|end| text.get(..end)).any(|place| places.contains(place))
}

/// Sets aside the settings about operations and groups that exist and are not selected.
fn set_aside(settings: &mut Settings, document: &Document, kept: &[&Subject], others: &[&Subject]) {
    let keys = |subjects: &[&Subject]| -> BTreeSet<String> {
        let ids: BTreeMap<&str, &str> = document
            .operations
            .iter()
            .filter_map(|stated| Some((stated.pointer.as_str(), stated.operation.operation_id.as_deref()?)))
            .collect();
        subjects
            .iter()
            .flat_map(|subject| {
                ids.get(subject.pointer.as_str()).map(|&id| id.to_owned()).into_iter().chain([subject.route()])
            })
            .collect()
    };
    let groups = |subjects: &[&Subject], keys: &BTreeSet<String>| -> BTreeSet<String> {
        let chosen = settings.operations.iter().filter(|(key, _)| keys.contains(*key));
        let chosen = chosen.filter_map(|(_, setting)| setting.group.clone());
        subjects.iter().filter_map(|subject| subject.tags.first().cloned()).chain(chosen).collect()
    };
    let (kept_keys, other_keys) = (keys(kept), keys(others));
    let (kept_groups, other_groups) = (groups(kept, &kept_keys), groups(others, &other_keys));
    settings.operations.retain(|key, _| kept_keys.contains(key) || !other_keys.contains(key));
    settings.groups.retain(|key, _| kept_groups.contains(key) || !other_groups.contains(key));
}

fn tell_unmatched(selection: &Selection, subjects: &[Subject], diagnostics: &mut Diagnostics) {
    for aspect in Aspect::ALL {
        let lists = [(aspect.kept(selection), ""), (aspect.dropped(selection), "drop-")];
        for (pattern, prefix) in lists.into_iter().flat_map(|(list, prefix)| list.iter().map(move |one| (one, prefix)))
        {
            if subjects.iter().any(|subject| aspect.fits(&pattern.text, subject)) {
                continue;
            }
            let said = match (&pattern.span, aspect) {
                (Some(_), _) => format!("no operation of the document fits `{}`", pattern.text),
                (None, _) => {
                    format!("no operation of the document fits `--{prefix}{} {}`", aspect.word(), pattern.text)
                }
            };
            let meant = did_you_mean(aspect, &pattern.text, subjects);
            let meant = meant.map(|meant| format!("did you mean `{meant}`?"));
            diagnostics.push(placed(codes::SELECTION_UNMATCHED, said, pattern, meant, help(aspect)));
        }
    }
}

/// A diagnostic at a pattern, or without a place if it was given to the command.
fn placed(code: Code, said: String, pattern: &Pattern, label: Option<String>, help: &str) -> Diagnostic {
    let error = Diagnostic::error(code, said);
    match (&pattern.span, label) {
        (Some(span), Some(label)) => error.at_settings(span, label),
        (Some(span), None) => error.at_settings(span, "nothing fits this").help(help),
        (None, Some(label)) => error.help(label),
        (None, None) => error.help(help),
    }
}

fn help(aspect: Aspect) -> &'static str {
    match aspect {
        Aspect::Operations => {
            "a pattern is about an `operationId`, the name of a method, or a route such as `GET /users/*`"
        }
        Aspect::Tags => "a pattern is about a tag as the document spells it",
        Aspect::Paths => {
            "a pattern is about a whole path without the server's: `*` is one segment of it, `**` any number"
        }
        Aspect::Methods => "methods are `get`, `put`, `post`, `delete`, `options`, `head`, `patch` and `trace`",
    }
}

fn did_you_mean(aspect: Aspect, pattern: &str, subjects: &[Subject]) -> Option<String> {
    let candidates: BTreeSet<String> = subjects.iter().flat_map(|subject| aspect.candidates(subject)).collect();
    // The same letters come first: `ListUsers` is `list_users`.
    let letters =
        |text: &str| text.chars().filter(|c| c.is_alphanumeric() || *c == '*').collect::<String>().to_lowercase();
    let wanted = letters(pattern);
    let same = candidates.iter().find(|candidate| !wanted.is_empty() && glob::fits(&wanted, &letters(candidate)));
    let near = || nearest(&pattern.replace('*', ""), candidates.iter().map(String::as_str));
    same.map(String::as_str).or_else(near).map(str::to_owned)
}

/// What a list of patterns is called, and who passes it.
type Demand<'a> = (String, Box<dyn Fn(&Subject) -> bool + 'a>);

/// Every pattern fits something, yet nothing fits them all: says what comes nearest.
fn nothing(stated: &Selection, flags: &Selection, subjects: &[Subject]) -> Diagnostic {
    let mut error = Diagnostic::error(codes::SELECTION_EMPTY, "no operation of the document is selected");
    let mut demands: Vec<Demand<'_>> = Vec::new();
    for (selection, mark) in [(stated, ""), (flags, "--")] {
        for aspect in Aspect::ALL {
            let (kept, dropped) = (aspect.kept(selection), aspect.dropped(selection));
            let fit = move |list: &[Pattern], subject: &Subject| list.iter().any(|one| aspect.fits(&one.text, subject));
            if let Some(first) = kept.first() {
                demands.push((format!("{mark}{}", aspect.word()), Box::new(move |subject| fit(kept, subject))));
                error = first.span.iter().fold(error, |error, span| error.at_settings(span, ""));
            }
            if !dropped.is_empty() {
                let name = format!("{mark}drop-{}", aspect.word());
                demands.push((name, Box::new(move |subject| !fit(dropped, subject))));
            }
        }
        if selection.deprecated == Deprecated::Drop {
            demands.push((format!("{mark}deprecated"), Box::new(|subject| !subject.deprecated)));
        }
    }
    for (name, passes) in &demands {
        let passing = subjects.iter().filter(|subject| passes(subject)).count();
        error = error.help(format!("`{name}` alone leaves {passing} of {} operations", subjects.len()));
    }
    let mut near: Vec<(Vec<&str>, &Subject)> = subjects
        .iter()
        .map(|subject| {
            let missed = demands.iter().filter(|(_, passes)| !passes(subject)).map(|(name, _)| name.as_str()).collect();
            (missed, subject)
        })
        .collect();
    near.sort_by_key(|(missed, subject)| (missed.len(), subject.path.clone(), subject.method.clone()));
    for (missed, subject) in near.iter().take(3) {
        let name = subject.names.first().cloned().unwrap_or_default();
        error = error.help(format!("near: `{name}` ({}), but for `{}`", subject.route(), missed.join("`, `")));
    }
    error
}
