//! Which features does the crate have for its groups of operations, and which of them is there a type for?

use std::collections::BTreeSet;

use super::modules::Module;
use super::rust::TypePlan;
use crate::diagnostics::{Diagnostic, Diagnostics, codes};
use crate::ir::{Api, TypeId, Use};
use crate::settings::Settings;

/// The features of a crate that has one for each of its groups.
#[derive(Debug, Clone)]
pub struct GroupFeatures {
    /// The name of each, parallel to [`super::Plan::modules`].
    pub names: Vec<String>,
    /// The group of each operation, by position.
    pub of_operations: Vec<usize>,
}

/// How many groups may have features: a registry takes 300 of a crate, some of which are not for groups.
const MOST: usize = 290;

/// What a crate's own features are called.
const RESERVED: [&str; 3] = ["default", "by-name", "validate"];

/// The features of the groups, where they are asked for and there may be some.
pub(super) fn name(
    api: &Api,
    settings: &Settings,
    modules: &[Module],
    diagnostics: &mut Diagnostics,
) -> Option<GroupFeatures> {
    let asked = settings.client.group_features.as_ref()?;
    let why = match modules.len() {
        0 => "there are no operations",
        1 => "all operations are of one group",
        more if more > MOST => "a registry takes 300 features of a crate at most, and there are more groups",
        _ => {
            let mut of_operations = vec![0; api.operations.len()];
            for (group, module) in modules.iter().enumerate() {
                module.operations.iter().for_each(|&position| of_operations[position] = group);
            }
            return Some(GroupFeatures { names: names(modules), of_operations });
        }
    };
    diagnostics.push(
        Diagnostic::warning(codes::NO_GROUP_FEATURES, format!("groups get no features: {why}"))
            .at_settings(asked, "asked for here")
            .help("the crate was made without them"),
    );
    None
}

/// Each as its module is called.
fn names(modules: &[Module]) -> Vec<String> {
    let mut taken: BTreeSet<String> = RESERVED.iter().map(|&name| name.to_owned()).collect();
    let names = modules.iter().map(|module| {
        let own = match module.ident.plain().trim_matches('_') {
            "" => "group".to_owned(),
            name => name.replace('_', "-"),
        };
        let numbered = (2..).map(|number| format!("{own}-operations{number}"));
        let mut free = [own.clone(), format!("{own}-operations")].into_iter().chain(numbered);
        let name = free.find(|name| !taken.contains(name)).unwrap_or(own.clone());
        taken.insert(name.clone());
        name
    });
    names.collect()
}

/// The groups that need each type, by [`TypeId::index`]; none for what all of them need, or what is there without any.
pub(super) fn of_types(api: &Api, types: &[TypePlan], modules: &[Module]) -> Vec<Vec<usize>> {
    let mut needed = vec![Vec::new(); api.types.len()];
    for (group, module) in modules.iter().enumerate() {
        let roots = module.operations.iter().flat_map(|&position| api.operations[position].mentions());
        for id in closure(api, types, roots) {
            needed[id.index()].push(group);
        }
    }
    // What the service sends by itself is read without any group.
    let payloads = api.incoming.iter().map(|request| request.payload);
    for id in closure(api, types, payloads.chain(api.event.map(|event| event.used))) {
        needed[id.index()].clear();
    }
    needed.into_iter().map(|groups| unless_all(groups, modules)).collect()
}

/// Groups that need something; none where all of them do.
pub(super) fn unless_all(groups: Vec<usize>, modules: &[Module]) -> Vec<usize> {
    if groups.len() == modules.len() { Vec::new() } else { groups }
}

/// All that the definitions of some types mention, and theirs.
fn closure(api: &Api, types: &[TypePlan], roots: impl Iterator<Item = Use>) -> Vec<TypeId> {
    let mut seen = vec![false; api.types.len()];
    let mut open: Vec<TypeId> = roots.map(|used| used.ty).collect();
    let mut found = Vec::new();
    while let Some(id) = open.pop() {
        if std::mem::replace(&mut seen[id.index()], true) {
            continue;
        }
        found.push(id);
        open.extend(api.types.get(id).shape.mentions().into_iter().map(|used| used.ty));
        // What is sent can be made of what was answered.
        if let Some(how) = &types[id.index()].sent_back {
            how.from.each_named(&mut |answered| open.push(answered));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::names as spelled;
    use super::*;

    #[test]
    fn features_are_called_as_their_groups_unless_the_crate_has_one_of_that_name() {
        let module = |name: &str| Module {
            ident: spelled::snake(name),
            title: name.to_owned(),
            description: None,
            operations: Vec::new(),
        };
        let given = |idents: &[&str]| names(&idents.iter().map(|name| module(name)).collect::<Vec<_>>());
        assert_eq!(given(&["code scanning", "type", "2fa"]), ["code-scanning", "type", "2fa"]);
        assert_eq!(
            given(&["by name", "default", "validate", "validate operations"]),
            ["by-name-operations", "default-operations", "validate-operations", "validate-operations-operations"]
        );
        let same = [Module { ident: spelled::chosen("_a", spelled::snake), ..module("a") }, module("a")];
        assert_eq!(names(&same), ["a", "a-operations"]);
    }
}
