//! Which file does each type stand in?
//!
//! A crate of few types has them in one file, and so has one without operations, where nothing divides them. One of many has a
//! file for each group of operations, with the types that lie nearer to that group than to any other, and one for those that lie
//! equally near to several. All of them are re-exported from `types`, so where a type stands changes no path that users write.
//!
//! Where groups have features, all that stands in one file is needed by the same groups, so that the file is compiled or not.

use std::collections::{BTreeMap, BTreeSet};

use super::calls::CallPlan;
use super::features;
use super::modules::Module;
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
    /// The groups with whose features it is there; none for what is there anyway.
    pub needed: Vec<usize>,
}

/// Divides the types into files, in the order of their names.
pub(super) fn divide(
    api: &Api,
    settings: &Settings,
    types: &[TypePlan],
    definitions: &[TypeId],
    calls: &[CallPlan],
    modules: &[Module],
    features: bool,
) -> Vec<TypeFile> {
    let forms = forms(calls);
    if features {
        return by_features(api, types, definitions, &forms, modules);
    }
    let few = definitions.len() + forms.len() <= settings.types.one_file_up_to.unwrap_or(ONE_FILE_UP_TO);
    if few || api.is_types_only() {
        let forms = forms.into_iter().map(|(position, ..)| position).collect();
        return vec![TypeFile {
            ident: None,
            group: None,
            definitions: definitions.to_vec(),
            forms,
            needed: Vec::new(),
        }];
    }
    let groups = groups(api, modules);
    let nearest = nearest(api, types, &groups);
    let mut names = namespace(types, definitions);
    let mut files: Vec<TypeFile> = Vec::with_capacity(groups.len() + 1);
    for group in &groups {
        files.push(TypeFile::new(of_group(&mut names, &group.ident), Some(group.title.to_owned())));
    }
    files.push(TypeFile::new(names::snake(SHARED), None));
    for id in definitions {
        files[nearest[api.types.standing(*id).index()].group().unwrap_or(groups.len())].definitions.push(*id);
    }
    for (position, _, users) in forms {
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
        Self { ident: Some(ident), group, definitions: Vec::new(), forms: Vec::new(), needed: Vec::new() }
    }
}

/// A module and a type are names of one kind: a type that users call `pets` would hide behind its file.
fn namespace(types: &[TypePlan], definitions: &[TypeId]) -> Namespace {
    let mut names = Namespace::reserving(&[SHARED]);
    for name in definitions.iter().filter_map(|id| types[id.index()].name.as_ref()) {
        names.take(name);
    }
    names
}

/// The file of a group.
fn of_group(names: &mut Namespace, group: &Ident) -> Ident {
    let own = Some(group).filter(|ident| names.is_free(ident)).cloned();
    names.take(&own.unwrap_or_else(|| names::snake(&format!("{} types", group.plain()))))
}

/// What the same groups need.
#[derive(Default)]
struct Set<'a> {
    /// The name of the first of it.
    first: Option<&'a Ident>,
    definitions: Vec<TypeId>,
    forms: Vec<usize>,
}

/// A file for each set of groups that need the same types: that of one group is called as the group is, that of several by the
/// first of its types.
fn by_features(
    api: &Api,
    types: &[TypePlan],
    definitions: &[TypeId],
    forms: &[Form<'_>],
    modules: &[Module],
) -> Vec<TypeFile> {
    let needed = features::of_types(api, types, modules);
    let mut sets: BTreeMap<Vec<usize>, Set<'_>> = BTreeMap::new();
    for id in definitions {
        let set = sets.entry(needed[api.types.standing(*id).index()].clone()).or_default();
        set.first = set.first.or(types[id.index()].name.as_ref());
        set.definitions.push(*id);
    }
    for (position, name, users) in forms {
        let using = |module: &Module| users.iter().any(|user| module.operations.contains(user));
        let groups = (0..modules.len()).filter(|group| using(&modules[*group])).collect();
        let set = sets.entry(features::unless_all(groups, modules)).or_default();
        set.first = set.first.or(Some(name));
        set.forms.push(*position);
    }
    let mut names = namespace(types, definitions);
    let mut files = Vec::with_capacity(sets.len());
    // Files of groups take their names first.
    let (one, several): (Vec<_>, Vec<_>) = sets.into_iter().partition(|(groups, _)| groups.len() == 1);
    for (groups, set) in one.into_iter().chain(several) {
        let (ident, group) = match (groups.as_slice(), set.first) {
            ([group], _) => (of_group(&mut names, &modules[*group].ident), Some(modules[*group].title.clone())),
            ([_, ..], Some(first)) => (names.take(&names::snake(&format!("{SHARED} {}", first.plain()))), None),
            _ => (names::snake(SHARED), None),
        };
        let file = TypeFile::new(ident, group);
        files.push(TypeFile { definitions: set.definitions, forms: set.forms, needed: groups, ..file });
    }
    files.sort_by(|a, b| a.ident.cmp(&b.ident));
    files
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

/// The first operation with a multipart form, what the form is called, and all operations that have it.
type Form<'a> = (usize, &'a Ident, Vec<usize>);

/// The multipart forms, by name.
fn forms(calls: &[CallPlan]) -> Vec<Form<'_>> {
    let mut forms: BTreeMap<&Ident, Form<'_>> = BTreeMap::new();
    for (position, call) in calls.iter().enumerate() {
        let Some((name, _)) = call.body.as_ref().and_then(|body| body.form.as_ref()) else { continue };
        forms.entry(name).or_insert((position, name, Vec::new())).2.push(position);
    }
    forms.into_values().collect()
}
