//! Which schemas inherit from one that has a discriminator, and which word means each?
//!
//! A schema with a discriminator and no `oneOf` is a base: where it is mentioned, any schema that refers to it in an `allOf` may stand
//! (OpenAPI 3.1, 4.8.25), and one that its mapping names. So it is a union of these; its own fields are theirs by `allOf`.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::schema::{Lowering, Source};
use crate::diagnostics::{Diagnostic, Pointer, codes};
use crate::ir::{Arm, Origin, Parent, Role, Shape, Tag, TypeId, Union, Use};
use crate::load::{Discriminator, Document, Schema, SchemaId};

/// How far an inheritance is followed.
const DEEPEST: usize = 64;

/// The named schemas that refer to another in their `allOf`, by that other, in the order of their names.
#[derive(Debug, Default)]
pub(super) struct Heirs(HashMap<SchemaId, Vec<SchemaId>>);

impl Heirs {
    /// Those of a document.
    pub(super) fn of(document: &Document) -> Self {
        let mut found: HashMap<SchemaId, Vec<SchemaId>> = HashMap::new();
        for (id, _) in document.schemas.iter().filter(|(id, _)| document.schemas.name(*id).is_some()) {
            for base in parents(document, id) {
                found.entry(base).or_default().push(id);
            }
        }
        for heirs in found.values_mut() {
            heirs.sort_by_key(|&heir| (document.schemas.name(heir), document.schemas.get(heir).pointer.as_str()));
            heirs.dedup();
        }
        Self(found)
    }

    fn of_base(&self, base: SchemaId) -> &[SchemaId] {
        self.0.get(&base).map(Vec::as_slice).unwrap_or_default()
    }
}

/// The schemas that a schema refers to in its `allOf`.
fn parents(document: &Document, id: SchemaId) -> Vec<SchemaId> {
    let Schema::Object(schema) = &document.schemas.get(id).schema else { return Vec::new() };
    let referred = schema.all_of.iter().filter_map(|&branch| match &document.schemas.get(branch).schema {
        Schema::Object(branch) => document.schemas.at(branch.reference.as_ref()?),
        Schema::Boolean(_) => None,
    });
    referred.collect()
}

/// The discriminator of a base: a schema that lists no alternatives of its own.
pub(super) fn discriminator(document: &Document, id: SchemaId) -> Option<&Discriminator> {
    match &document.schemas.get(id).schema {
        Schema::Object(schema) if schema.one_of.is_empty() && schema.any_of.is_empty() => schema.discriminator.as_ref(),
        _ => None,
    }
}

/// The shape of a base; `None` where nothing inherits from the schema.
pub(super) fn of_base(lowering: &mut Lowering<'_>, ty: TypeId, base: SchemaId) -> Option<Shape> {
    let discriminator = discriminator(lowering.document, base)?.clone();
    let heirs = heirs(lowering, base, &discriminator, 0);
    if heirs.iter().all(|(heir, _)| *heir == base) {
        return None;
    }
    let mut arms = Vec::with_capacity(heirs.len());
    let mut values = Vec::new();
    for (position, (heir, words)) in heirs.into_iter().enumerate() {
        let name = lowering.document.schemas.name(heir).map(str::to_owned);
        let hint = name.or_else(|| words.first().cloned());
        let used = if heir == base {
            let origin =
                Origin::Inline { parent: Parent::Type(ty), role: Role::Branch(position, Some("base".to_owned())) };
            Use { ty: lowering.reserve(Source::Base(base), origin), nullable: false }
        } else {
            let origin = Origin::Inline { parent: Parent::Type(ty), role: Role::Branch(position, hint.clone()) };
            Use { nullable: false, ..lowering.mention(heir, origin) }
        };
        arms.push(Arm { used, hint });
        values.extend(words.into_iter().map(|word| (word, position)));
    }
    values.sort();
    Some(Shape::Union(Union { arms, tag: Some(Tag { field: discriminator.property_name, values }), open: true }))
}

/// The schemas that may stand for a base, each with the words that mean it: those of the mapping by their first word, then the
/// others by name.
fn heirs(
    lowering: &mut Lowering<'_>,
    base: SchemaId,
    discriminator: &Discriminator,
    depth: usize,
) -> Vec<(SchemaId, Vec<String>)> {
    let mut found: Vec<(SchemaId, Vec<String>)> = Vec::new();
    let mut add = |heir: SchemaId, word: String| match found.iter_mut().find(|(known, _)| *known == heir) {
        Some((_, words)) => words.push(word),
        None => found.push((heir, vec![word])),
    };
    for (word, target) in &discriminator.mapping {
        match mapped(lowering.document, target) {
            Some(heir) => add(heir, word.clone()),
            None if depth == 0 => {
                let place =
                    lowering.document.schemas.get(base).pointer.join("discriminator").join("mapping").join(word);
                lowering.diagnostics.push(
                    Diagnostic::warning(codes::DISCRIMINATOR, format!("`{target}` is no schema of this document"))
                        .at(&place, "mapped here")
                        .help("a value with this tag is kept as JSON"),
                );
            }
            None => {}
        }
    }
    let document = lowering.document;
    let listed = !discriminator.mapping.is_empty();
    let mapped: HashSet<SchemaId> = found.iter().map(|(heir, _)| *heir).collect();
    let index = lowering.heirs();
    let mut seen = HashSet::from([base]);
    let mut open = vec![base];
    let mut unlisted = BTreeMap::new();
    while let Some(at) = open.pop() {
        for &heir in index.of_base(at).iter().filter(|&&heir| seen.insert(heir)) {
            let between = !index.of_base(heir).is_empty();
            if let Some(name) = document.schemas.name(heir) {
                // What stands between the base and what the mapping names need not occur by itself.
                if !(mapped.contains(&heir) || listed && between) {
                    unlisted.insert(name.to_owned(), heir);
                }
            }
            // What has alternatives of its own tells them apart by itself.
            if self::discriminator(document, heir).is_none() {
                open.push(heir);
            }
        }
    }
    found.extend(unlisted.into_iter().map(|(name, heir)| (heir, vec![name])));
    if depth < DEEPEST {
        // Words of the same property go through a base between to what inherits from it.
        let taken: HashSet<String> = found.iter().flat_map(|(_, words)| words.iter().cloned()).collect();
        for (heir, words) in &mut found {
            let between = self::discriminator(document, *heir).filter(|_| *heir != base);
            let Some(between) = between.filter(|own| own.property_name == discriminator.property_name) else {
                continue;
            };
            let further = heirs(lowering, *heir, &between.clone(), depth + 1);
            words.extend(further.into_iter().flat_map(|(_, words)| words).filter(|word| !taken.contains(word)));
            words.dedup();
        }
    }
    if found.iter().all(|(heir, _)| *heir != base) {
        let own = own_words(document, base, &discriminator.property_name);
        let known = |word: &String| found.iter().any(|(_, words)| words.contains(word));
        let own: Vec<String> = own.into_iter().filter(|word| !known(word)).collect();
        if !own.is_empty() {
            found.push((base, own));
        }
    }
    found
}

/// The words by which a base further up means this one itself.
fn own_words(document: &Document, id: SchemaId, property: &str) -> Vec<String> {
    let mut open = parents(document, id);
    let mut seen = HashSet::new();
    while let Some(at) = open.pop() {
        if !seen.insert(at) {
            continue;
        }
        if let Some(above) = discriminator(document, at).filter(|above| above.property_name == property) {
            let words = above.mapping.iter().filter(|(_, target)| mapped(document, target) == Some(id));
            let words: Vec<String> = words.map(|(word, _)| word.clone()).collect();
            if !words.is_empty() {
                return words;
            }
            return document.schemas.name(id).map(str::to_owned).into_iter().collect();
        }
        open.extend(parents(document, at));
    }
    Vec::new()
}

/// The schema that a mapping names or refers to (OpenAPI 3.1, 4.8.25).
fn mapped(document: &Document, target: &str) -> Option<SchemaId> {
    let referred = Pointer::from_reference(target).and_then(|pointer| document.schemas.at(&pointer));
    referred.or_else(|| document.schemas.at(&Pointer::root().join("components").join("schemas").join(target)))
}
