//! Which file does each type stand in?
//!
//! A crate of few types has them in one file, and so has one without operations, where nothing divides them. One of many has a
//! file for each group of operations, with the types that lie nearer to that group than to any other, and one for those that lie
//! equally near to several. All of them are re-exported from `types`, so where a type stands changes no path that users write.

use std::collections::{BTreeMap, BTreeSet};

use super::calls::{CallPlan, Module};
use super::names::{self, Ident, Namespace};
use super::rust::TypePlan;
use crate::ir::{Api, TypeId, Use};
use crate::settings::Settings;

/// How many types stand in one file, unless `client.toml` says otherwise.
const ONE_FILE_UP_TO: usize = 200;

/// A file of types.
#[derive(Debug, Clone)]
pub struct TypeFile {
    /// Its name, where it is not the only one.
    pub ident: Option<Ident>,
    /// The group whose types these are; none for those of several.
    pub group: Option<String>,
    /// The types that are defined in it, by name.
    pub definitions: Vec<TypeId>,
    /// The operations whose multipart forms are defined in it, by position.
    pub forms: Vec<usize>,
}

/// Divides the types into files, in the order of their names.
pub(super) fn divide(
    api: &Api,
    settings: &Settings,
    types: &[TypePlan],
    definitions: &[TypeId],
    calls: &[CallPlan],
    modules: &[Module],
) -> Vec<TypeFile> {
    let forms = forms(calls);
    let few = definitions.len() + forms.len() <= settings.types.one_file_up_to.unwrap_or(ONE_FILE_UP_TO);
    if few || api.is_types_only() {
        let forms = forms.into_iter().map(|(position, _)| position).collect();
        return vec![TypeFile { ident: None, group: None, definitions: definitions.to_vec(), forms }];
    }
    let groups = groups(api, modules);
    let nearest = nearest(api, types, &groups);
    // A module and a type are names of one kind: a type that users call `pets` would hide behind its file.
    let mut names = Namespace::reserving(&[SHARED]);
    for name in definitions.iter().filter_map(|id| types[id.index()].name.as_ref()) {
        names.take(name);
    }
    let mut files: Vec<TypeFile> = Vec::with_capacity(groups.len() + 1);
    for group in &groups {
        let own = Some(&group.ident).filter(|ident| names.is_free(ident)).cloned();
        let ident = own.unwrap_or_else(|| names::snake(&format!("{} types", group.ident.plain())));
        files.push(TypeFile::new(names.take(&ident), Some(group.title.to_owned())));
    }
    files.push(TypeFile::new(names::snake(SHARED), None));
    for id in definitions {
        files[nearest[id.index()].group().unwrap_or(groups.len())].definitions.push(*id);
    }
    for (position, users) in forms {
        let mut users = users.iter().map(|user| groups.iter().position(|group| group.operations.contains(user)));
        let first = users.next().flatten();
        let own = first.filter(|_| users.all(|user| user == first));
        files[own.unwrap_or(groups.len())].forms.push(position);
    }
    files.retain(|file| !file.definitions.is_empty() || !file.forms.is_empty());
    files.sort_by(|a, b| a.ident.cmp(&b.ident));
    files
}

impl TypeFile {
    fn new(ident: Ident, group: Option<String>) -> Self {
        Self { ident: Some(ident), group, definitions: Vec::new(), forms: Vec::new() }
    }
}

/// The file of what several groups use.
const SHARED: &str = "shared";

/// Operations whose types stand in one file.
struct Group<'a> {
    ident: Ident,
    title: &'a str,
    operations: Vec<usize>,
    roots: Vec<Use>,
}

impl Group<'_> {
    /// Whether somebody asks for what its types are of, rather than the service sending it by itself.
    fn is_asked(&self) -> bool {
        !self.operations.is_empty()
    }
}

fn groups<'a>(api: &Api, modules: &'a [Module]) -> Vec<Group<'a>> {
    let mut groups: Vec<Group<'a>> = modules
        .iter()
        .map(|module| Group {
            ident: module.ident.clone(),
            title: &module.title,
            operations: module.operations.clone(),
            roots: module.operations.iter().flat_map(|position| api.operations[*position].mentions()).collect(),
        })
        .collect();
    if !api.incoming.is_empty() {
        let payloads = api.incoming.iter().map(|request| request.payload);
        let roots = payloads.chain(api.event.map(|event| event.used)).collect();
        // No file of operations has this name.
        let ident = names::snake("webhooks");
        groups.push(Group { ident, title: "webhooks", operations: Vec::new(), roots });
    }
    groups
}

/// The group that a type lies nearest to, as far as it is known.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Nearest {
    Unreached,
    One(usize),
    Several,
}

impl Nearest {
    fn group(self) -> Option<usize> {
        match self {
            Self::One(group) => Some(group),
            Self::Several | Self::Unreached => None,
        }
    }

    fn and(self, other: Self) -> Self {
        if self == other { self } else { Self::Several }
    }
}

/// Outwards from the operations of all groups at once, a name at a time. What two groups reach in the same step is shared, and so
/// is all that is reached from there first.
fn nearest(api: &Api, types: &[TypePlan], groups: &[Group<'_>]) -> Vec<Nearest> {
    let mut found = vec![Nearest::Unreached; api.types.len()];
    // What a service sends by itself has a say only over what no operation leads to.
    let (asked, by_itself): (Vec<_>, Vec<_>) = (0..groups.len()).partition(|group| groups[*group].is_asked());
    for starting in [asked, by_itself] {
        let mut front = BTreeMap::new();
        for position in starting {
            for used in &groups[position].roots {
                reach(api, types, &found, &mut front, *used, Nearest::One(position));
            }
        }
        while !front.is_empty() {
            for (id, near) in &front {
                found[id.index()] = *near;
            }
            let mut next = BTreeMap::new();
            for (id, near) in front {
                for used in api.types.get(id).shape.mentions() {
                    reach(api, types, &found, &mut next, used, near);
                }
            }
            front = next;
        }
    }
    found
}

/// Tells the types with a name that a mention leads to, those without looked through, that a group has come to them.
fn reach(
    api: &Api,
    types: &[TypePlan],
    found: &[Nearest],
    front: &mut BTreeMap<TypeId, Nearest>,
    used: Use,
    near: Nearest,
) {
    let mut open = vec![used.ty];
    let mut seen = BTreeSet::new();
    while let Some(id) = open.pop() {
        if found[id.index()] != Nearest::Unreached {
            continue;
        }
        if types[id.index()].name.is_some() {
            let at = front.entry(id).or_insert(near);
            *at = at.and(near);
        } else if seen.insert(id) {
            open.extend(api.types.get(id).shape.mentions().into_iter().map(|used| used.ty));
        }
    }
}

/// The first operation with each multipart form, and all that have it.
fn forms(calls: &[CallPlan]) -> Vec<(usize, Vec<usize>)> {
    let mut forms: BTreeMap<&Ident, (usize, Vec<usize>)> = BTreeMap::new();
    for (position, call) in calls.iter().enumerate() {
        let Some((name, _)) = call.body.as_ref().and_then(|body| body.form.as_ref()) else { continue };
        forms.entry(name).or_insert((position, Vec::new())).1.push(position);
    }
    forms.into_values().collect()
}
