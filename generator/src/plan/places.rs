//! Where does a type without a name of its own stand?

use super::names::{self, Ident};
use super::status::status_word;
use super::type_names::TypeNames;
use crate::ir::{Api, Origin, Parent, Role, TypeId};

/// Words of ours for an alternative that the document has none for.
const KINDS: &[&str] =
    &["boolean", "date", "date-time", "integer", "list", "null", "number", "object", "string", "uri", "uuid"];

/// A step on the way to a type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    pub words: String,
    /// Whether the document says these words; else they only tell which part it is.
    pub said: bool,
}

/// The way to a type: what it is part of, then which part.
pub(super) fn of(api: &Api, names: &TypeNames, methods: &[Ident], id: TypeId) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut singular_next = false;
    let mut at = id;
    // As long as there are types: origins lead up, never around.
    for _ in 0..=api.types.len() {
        match &api.types.get(at).origin {
            Origin::Component(component) => {
                // What an equal type stands in the place of has no name, but neither is it a component.
                let name = names.by_type.get(&at);
                let base = name.map_or_else(|| component.clone(), |name| name.plain().to_owned());
                steps.push(Step { words: if singular_next { item_of(&base) } else { base }, said: true });
                break;
            }
            Origin::Inline { parent, role } => {
                match role {
                    Role::Item if singular_next => steps.push(Step { words: "item".to_owned(), said: false }),
                    Role::Item => singular_next = true,
                    other => {
                        let Step { words, said } = step(api, other, parent);
                        steps.push(Step { words: if singular_next { item_of(&words) } else { words }, said });
                        singular_next = false;
                    }
                }
                match parent {
                    Parent::Type(parent) => at = *parent,
                    Parent::Operation(position) => {
                        steps.push(Step { words: methods[*position].plain().to_owned(), said: true });
                        break;
                    }
                    Parent::Named(name) => {
                        steps.push(Step { words: name.clone(), said: true });
                        break;
                    }
                }
            }
        }
    }
    steps.reverse();
    steps
}

/// The words of some steps.
pub(super) fn words(steps: &[Step]) -> String {
    steps.iter().map(|step| step.words.as_str()).collect::<Vec<_>>().join(" ")
}

/// Which part of its parent a type is, in a word or two.
fn step(api: &Api, role: &Role, parent: &Parent) -> Step {
    let ours = |word: &str| Step { words: word.to_owned(), said: false };
    match role {
        Role::Field(field) => Step { words: field.clone(), said: true },
        Role::Item => ours("item"),
        Role::Value => ours("value"),
        Role::Branch(_, Some(hint)) => Step { words: hint.clone(), said: !KINDS.contains(&hint.as_str()) },
        Role::Branch(_, None) => ours("other"),
        Role::Request => ours("request"),
        Role::Parameter(name) => Step { words: name.clone(), said: true },
        Role::Answer(status) => {
            let only = match parent {
                Parent::Operation(position) => {
                    let successes = api.operations[*position].successes();
                    matches!(successes.as_slice(), [only] if only.status == *status)
                }
                // What is named for itself has one answer.
                Parent::Named(_) => true,
                Parent::Type(_) => false,
            };
            if only { ours("response") } else { ours(&format!("{} response", status_word(*status))) }
        }
    }
}

/// One item of something with this name.
fn item_of(name: &str) -> String {
    names::singular(name).unwrap_or_else(|| format!("{name} item"))
}
