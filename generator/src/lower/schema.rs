//! Which types do the schemas of the kept operations come down to?
//!
//! A type is reserved when it is first mentioned and shaped later, from a queue: so a document may nest and recurse as it likes,
//! and nothing that no operation reaches ever exists.

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet, VecDeque};
use std::rc::Rc;

use super::inherit::{self, Heirs};
use super::merge::{Merged, merge};
use super::room::Room;
use super::untyped::Untyped;
use super::{circles, nullable, scalar, union};
use crate::diagnostics::{Diagnostic, Diagnostics, Pointer, codes};
use crate::ir::{
    Bounds, Docs, Field, Limits, NumberKind, Origin, Parent, Record, Role, Shape, TypeId, Types, Use, Xml,
};
use crate::load::{Document, JsonType, Schema, SchemaId, SchemaObject};

/// How many references and wrappers may stand before the type itself.
pub(super) const LONGEST_CHAIN: usize = 256;
/// How many lists and maps may stand within one another: a parser of Rust goes as deep on its stack.
const DEEPEST_LISTS: usize = 32;

/// How many items a tuple has at most: the standard library's traits end there.
const LONGEST_TUPLE: u64 = 12;

/// What a reserved type is to be made of.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Source {
    /// One schema.
    Schema(SchemaId),
    /// One branch of a union, with what the schema says beside the union.
    Branch { base: SchemaId, branch: SchemaId },
    /// A schema with a discriminator, itself and not what inherits from it.
    Base(SchemaId),
    /// One of the types that a schema lists.
    OneType(SchemaId, JsonType),
}

/// The growing arena of types.
pub(super) struct Lowering<'d> {
    pub document: &'d Document,
    pub diagnostics: &'d mut Diagnostics,
    pub types: Types,
    known: HashMap<Source, TypeId>,
    /// By schema.
    nullable: Vec<bool>,
    /// What was told of the schemas that say more than a type can.
    pub told: HashSet<(SchemaId, Untyped)>,
    queue: VecDeque<(TypeId, Source)>,
    heirs: Option<Rc<Heirs>>,
    /// How many named types may lie between an operation and a type; beyond, objects are any JSON value.
    limit: usize,
    /// How many do, by type.
    depths: Vec<usize>,
    /// That of the type that is being shaped.
    depth: usize,
    pub room: Room,
}

impl<'d> Lowering<'d> {
    pub(super) fn new(document: &'d Document, limit: Option<usize>, diagnostics: &'d mut Diagnostics) -> Self {
        Self {
            document,
            diagnostics,
            // Hardly ever more: a type is a schema's.
            types: Types::with_capacity(document.schemas.len()),
            known: HashMap::new(),
            nullable: nullable::of_all(&document.schemas),
            told: HashSet::new(),
            queue: VecDeque::new(),
            heirs: None,
            limit: limit.unwrap_or(usize::MAX),
            depths: Vec::new(),
            depth: 0,
            room: Room::of(document),
        }
    }

    /// The type of a schema, under the origin of this mention unless the schema has a name of its own.
    pub(super) fn mention(&mut self, schema: SchemaId, origin: Origin) -> Use {
        let nullable = self.admits_null(schema);
        let mut at = schema;
        for _ in 0..LONGEST_CHAIN {
            let known = self.known.get(&Source::Schema(at));
            if let Some(&ty) = known {
                return Use { ty, nullable };
            }
            if self.document.schemas.name(at).is_some() {
                break;
            }
            match self.wrapped(at) {
                Some(inner) => at = inner,
                None => break,
            }
        }
        let name = self.document.schemas.name(at);
        let origin = name.map_or(origin, |name| Origin::Component(name.to_owned()));
        Use { ty: self.reserve(Source::Schema(at), origin), nullable }
    }

    /// The type of one of several sources, reserved once.
    pub(super) fn reserve(&mut self, source: Source, origin: Origin) -> TypeId {
        if let Some(&ty) = self.known.get(&source) {
            return ty;
        }
        let (Source::Schema(schema)
        | Source::Branch { branch: schema, .. }
        | Source::Base(schema)
        | Source::OneType(schema, _)) = &source;
        let pointer = self.document.schemas.get(*schema).pointer.clone();
        let named = matches!(origin, Origin::Component(_));
        let ty = self.types.reserve(origin, pointer);
        self.known.insert(source.clone(), ty);
        self.depths.resize(ty.index() + 1, 0);
        self.depths[ty.index()] = self.depth + usize::from(named);
        if self.limit < usize::MAX && !named {
            // What lies as deep as this is shaped before what lies deeper, so that a type's first mention is its least deep one.
            self.queue.push_front((ty, source));
        } else {
            self.queue.push_back((ty, source));
        }
        ty
    }

    /// A type of a known shape that no schema states.
    pub(super) fn plain(&mut self, shape: Shape, origin: Origin, pointer: &Pointer) -> Use {
        let ty = self.types.reserve(origin, pointer.clone());
        self.types.get_mut(ty).shape = shape;
        Use { ty, nullable: false }
    }

    /// Shapes every reserved type, and those that this reserves in turn.
    pub(super) fn finish(mut self) -> Types {
        while let Some((ty, source)) = self.queue.pop_front() {
            // What is left stays what it was reserved as; nothing is made of it.
            if self.room.is_used_up(&self.types.get(ty).pointer, self.diagnostics) {
                break;
            }
            self.depth = self.depths.get(ty.index()).copied().unwrap_or_default();
            let (docs, shape) = self.shape_of(ty, &source);
            if let Source::Schema(schema) = source {
                let limits = self.limits_of_wrappers(schema);
                self.types.get_mut(ty).limits.narrow(&limits);
            }
            let entry = self.types.get_mut(ty);
            entry.docs = docs;
            entry.shape = shape;
        }
        circles::settle_aliases(&mut self.types, self.diagnostics);
        union::settle(&mut self.types);
        circles::settle(&mut self.types);
        self.types
    }

    /// Which schemas inherit from which; found when first asked for, since few documents need it.
    pub(super) fn heirs(&mut self) -> Rc<Heirs> {
        Rc::clone(self.heirs.get_or_insert_with(|| Rc::new(Heirs::of(self.document))))
    }

    pub(super) fn merge(&mut self, schemas: &[SchemaId], unions: bool) -> Merged {
        merge(self.document, schemas, unions, &mut self.room, self.diagnostics)
    }

    pub(super) fn object(&self, id: SchemaId) -> Option<&'d SchemaObject> {
        match &self.document.schemas.get(id).schema {
            Schema::Object(object) => Some(object),
            Schema::Boolean(_) => None,
        }
    }

    fn shape_of(&mut self, ty: TypeId, source: &Source) -> (Docs, Shape) {
        match *source {
            Source::Schema(schema) => match &self.document.schemas.get(schema).schema {
                Schema::Boolean(_) => (Docs::default(), Shape::Anything),
                Schema::Object(object) => {
                    self.types.get_mut(ty).xml = super::describe::xml(object);
                    // A named wrapper keeps its name: over a named type as an alias, over an unnamed one as that type itself.
                    let mut at = schema;
                    for _ in 0..LONGEST_CHAIN {
                        let Some(inner) = self.wrapped(at) else { break };
                        at = inner;
                        if self.document.schemas.name(at).is_some() {
                            let target =
                                self.mention(at, Origin::Inline { parent: Parent::Type(ty), role: Role::Value });
                            return (super::describe::docs(object), Shape::Alias(target));
                        }
                    }
                    if at != schema {
                        self.known.entry(Source::Schema(at)).or_insert(ty);
                    }
                    let merged = self.merge(&[at], true);
                    if self.depth > self.limit && holds_more(&merged) {
                        return (super::describe::docs(object), Shape::Anything);
                    }
                    let mut docs = super::describe::docs(object);
                    if docs.description.is_none() {
                        docs.description.clone_from(&merged.docs.description);
                    }
                    let shape = inherit::of_base(self, ty, at).unwrap_or_else(|| self.shape(ty, at, &merged));
                    (docs, shape)
                }
            },
            Source::Base(schema) => {
                let merged = self.merge(&[schema], true);
                (merged.docs.clone(), self.shape(ty, schema, &merged))
            }
            Source::Branch { base, branch } => {
                let mut merged = self.merge(&[base], false);
                let own = self.merge(&[branch], true);
                merged.lay_over(own);
                (merged.docs.clone(), self.shape(ty, branch, &merged))
            }
            Source::OneType(schema, only) => {
                let mut merged = self.merge(&[schema], true);
                merged.types = vec![only];
                // They are the union's.
                merged.limits = Limits::default();
                (Docs::default(), self.shape(ty, schema, &merged))
            }
        }
    }

    fn shape(&mut self, ty: TypeId, schema: SchemaId, merged: &Merged) -> Shape {
        self.tell_untyped(&merged.untyped);
        let entry = self.types.get_mut(ty);
        entry.format.clone_from(&merged.format);
        entry.limits = merged.limits.clone().into();
        if self.is_nested_beyond_bounds(ty) {
            let place = &self.document.schemas.get(schema).pointer;
            self.diagnostics.push(
                Diagnostic::warning(codes::DEGRADED_SCHEMA, format!("lists nest deeper than {DEEPEST_LISTS}"))
                    .at(place, "read as any JSON value"),
            );
            return Shape::Anything;
        }
        if let Some(shape) = scalar::listed(merged) {
            self.tell_long_list(schema, merged);
            return shape;
        }
        if let Some(shape) = union::of_branches(self, ty, schema, merged) {
            return shape;
        }
        let types = match merged.types.as_slice() {
            [] => scalar::implied(merged).into_iter().collect(),
            types if types.contains(&JsonType::Integer) && types.contains(&JsonType::Number) => {
                types.iter().copied().filter(|&ty| ty != JsonType::Integer).collect()
            }
            types => types.to_vec(),
        };
        match types.as_slice() {
            [] if self.says_only_null(schema) => Shape::Nothing,
            [] => Shape::Anything,
            [JsonType::Null] => Shape::Nothing,
            [JsonType::Boolean] => Shape::Boolean,
            [JsonType::Integer] => Shape::Integer(scalar::integer(merged)),
            [JsonType::Number] => match scalar::number(merged) {
                // A number without bounds on its form that is said to be whole by its format.
                NumberKind::Double if matches!(merged.format.as_deref(), Some("int32" | "int64")) => {
                    Shape::Integer(scalar::integer(merged))
                }
                kind => Shape::Number(kind),
            },
            [JsonType::String] => scalar::text(merged),
            [JsonType::Array] => {
                let shape = self.list(ty, merged);
                if !merged.prefix_items.is_empty() && !matches!(shape, Shape::Tuple(_)) {
                    self.tell_untyped(&[(schema, Untyped::Tuple)]);
                }
                shape
            }
            [JsonType::Object] => self.record(ty, schema, merged),
            several => union::of_types(self, ty, schema, several),
        }
    }

    /// Whether a type stands so deep within lists and maps without a name that its Rust type would be too deep to be read again.
    fn is_nested_beyond_bounds(&self, ty: TypeId) -> bool {
        let mut at = ty;
        for _ in 0..=DEEPEST_LISTS {
            match &self.types.get(at).origin {
                Origin::Inline { parent: Parent::Type(parent), role: Role::Item | Role::Value } => at = *parent,
                _ => return false,
            }
        }
        true
    }

    fn tell_long_list(&mut self, schema: SchemaId, merged: &Merged) {
        let many = merged.enumeration.as_ref().map_or(0, Vec::len);
        if many > scalar::MOST_WORDS {
            let place = self.document.schemas.get(schema).pointer.join("enum");
            self.diagnostics.push(
                Diagnostic::note(codes::IGNORED_KEYWORD, format!("a list of {many} values is no choice"))
                    .at_key(&place, "not checked: any value of their type is read and sent"),
            );
        }
    }

    fn list(&mut self, ty: TypeId, merged: &Merged) -> Shape {
        let origin = Origin::Inline { parent: Parent::Type(ty), role: Role::Item };
        let pointer = self.types.get(ty).pointer.clone();
        match merged.items {
            Some(items) if merged.prefix_items.is_empty() => Shape::List(self.mention(items, origin)),
            _ if self.is_tuple(merged) => {
                let items = merged.prefix_items.iter().enumerate().map(|(at, &item)| {
                    let role = Role::Branch(at, Some(format!("item {}", at + 1)));
                    self.mention(item, Origin::Inline { parent: Parent::Type(ty), role })
                });
                Shape::Tuple(items.collect())
            }
            // Positions have types of their own, and nobody knows how many there are.
            _ => Shape::List(self.plain(Shape::Anything, origin, &pointer)),
        }
    }

    /// Whether a list has exactly the items that have types of their own, and no more than Rust's tuples have traits for.
    fn is_tuple(&self, merged: &Merged) -> bool {
        let count = merged.prefix_items.len() as u64;
        let ends =
            merged.items.is_some_and(|items| matches!(self.document.schemas.get(items).schema, Schema::Boolean(false)));
        (1..=LONGEST_TUPLE).contains(&count)
            && merged.limits.min_items.is_some_and(|least| least >= count)
            && (ends || merged.limits.max_items == Some(count))
    }

    fn record(&mut self, ty: TypeId, schema: SchemaId, merged: &Merged) -> Shape {
        let origin = |role| Origin::Inline { parent: Parent::Type(ty), role };
        let anything = |this: &mut Self| {
            let pointer = this.document.schemas.get(schema).pointer.clone();
            this.plain(Shape::Anything, origin(Role::Value), &pointer)
        };
        let others = self.others(merged);
        if merged.properties.is_empty() {
            return match others {
                Others::None => Shape::Record(Record { fields: Vec::new(), rest: None }),
                Others::Typed(rest) => Shape::Map(self.mention(rest, origin(Role::Value))),
                Others::Unsaid | Others::Anything => Shape::Map(anything(self)),
            };
        }
        let mut fields = Vec::with_capacity(merged.properties.len());
        let positions: HashMap<&str, usize> =
            merged.required.iter().enumerate().map(|(position, name)| (name.as_str(), position)).collect();
        let position = |name: &String| positions.get(name.as_str()).copied();
        self.room.take_parts(merged.properties.len());
        let mut properties: Vec<&(String, SchemaId)> = merged.properties.iter().collect();
        properties.sort_by_key(|(name, _)| position(name).unwrap_or(usize::MAX));
        for (name, property) in properties {
            let used = self.mention(*property, origin(Role::Field(name.clone())));
            let docs = self.object(*property).map(super::describe::docs).unwrap_or_default();
            let xml = self.object(*property).map(super::describe::xml).unwrap_or_default();
            let limits = self.limits_of_mention(*property);
            let only = self.only(*property);
            fields.push(Field {
                name: name.clone(),
                used,
                required: position(name).is_some(),
                docs,
                limits,
                only,
                xml,
            });
        }
        // Required, and said nothing of: kept if it comes. Documents misspell such names, so nobody is held to it.
        // Said something of under a condition: kept, too, whatever the condition.
        let mut others_named: Vec<&String> = merged.required.iter().chain(&merged.conditional).collect();
        others_named.sort();
        others_named.dedup();
        let declared = |name: &String| merged.properties.binary_search_by(|(known, _)| known.cmp(name)).is_ok();
        others_named.retain(|name| !declared(name));
        self.room.take_parts(others_named.len());
        for name in others_named {
            let used = match others {
                Others::Typed(rest) => self.mention(rest, origin(Role::Field(name.clone()))),
                Others::None => continue,
                Others::Unsaid | Others::Anything => anything(self),
            };
            fields.push(Field {
                name: name.clone(),
                used,
                required: false,
                docs: Docs::default(),
                limits: Bounds::default(),
                only: None,
                xml: Xml::default(),
            });
        }
        fields.sort_by(|a, b| {
            b.required.cmp(&a.required).then_with(|| if a.required { Ordering::Equal } else { a.name.cmp(&b.name) })
        });
        let rest = match others {
            Others::None | Others::Unsaid => None,
            Others::Typed(rest) => Some(self.mention(rest, origin(Role::Value))),
            Others::Anything => Some(anything(self)),
        };
        Shape::Record(Record { fields, rest })
    }

    /// What a schema says of the fields that it does not list by name.
    fn others(&self, merged: &Merged) -> Others {
        let one = |id: SchemaId| match &self.document.schemas.get(id).schema {
            Schema::Boolean(false) => Others::None,
            Schema::Boolean(true) => Others::Anything,
            Schema::Object(schema) if says_something(schema) => Others::Typed(id),
            Schema::Object(_) => Others::Anything,
        };
        let unlisted = merged.additional_properties.map(one);
        // A field of no pattern may be anything unless the schema says otherwise; one type can only be told where all have it.
        match (merged.pattern_properties.as_slice(), unlisted) {
            ([], None) => Others::Unsaid,
            ([], Some(unlisted)) => unlisted,
            ([only], Some(Others::None)) => one(*only),
            (_, Some(Others::None) | None) => Others::Anything,
            (patterns, Some(Others::Typed(rest))) => {
                let same = patterns.iter().all(|&pattern| self.unwrapped(pattern).0 == self.unwrapped(rest).0);
                if same { Others::Typed(rest) } else { Others::Anything }
            }
            (_, Some(other)) => other,
        }
    }

    /// Whether a schema is no more than another one under a wrapper: a bare reference, an `allOf` of one, or a union with `null`.
    pub(super) fn wrapped(&self, id: SchemaId) -> Option<SchemaId> {
        let schema = self.object(id)?;
        let bare = schema.properties.is_empty()
            && schema.additional_properties.is_none()
            && schema.items.is_none()
            && schema.prefix_items.is_empty()
            && schema.enumeration.is_none()
            && schema.constant.is_none()
            && schema.required.is_empty();
        if !bare {
            return None;
        }
        let target = schema.reference.as_ref().and_then(|pointer| self.document.schemas.at(pointer));
        match (target, schema.all_of.as_slice(), schema.one_of.as_slice(), schema.any_of.as_slice()) {
            (Some(target), [], [], []) => Some(target),
            // Who has a name of their own and refers to a base inherits from it, even if they add nothing.
            (None, [only], [], []) => Some(*only).filter(|_| !self.inherits(id, *only)),
            // An alternative that is told by a word may be the first of several.
            (None, [], branches, []) | (None, [], [], branches)
                if schema.format.is_none() && schema.discriminator.is_none() =>
            {
                let mut solid = branches.iter().filter(|&&branch| !self.is_null_branch(branch));
                match (solid.next(), solid.next()) {
                    (Some(&only), None) => Some(only),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    fn inherits(&self, id: SchemaId, branch: SchemaId) -> bool {
        let base = self.object(branch).and_then(|branch| self.document.schemas.at(branch.reference.as_ref()?));
        self.document.schemas.name(id).is_some()
            && base.is_some_and(|base| inherit::discriminator(self.document, base).is_some())
    }

    /// The schema that a schema is a wrapper of, or itself, and the first name on the way.
    pub(super) fn unwrapped(&self, id: SchemaId) -> (SchemaId, Option<&'d str>) {
        let mut at = id;
        let mut name = self.document.schemas.name(at);
        for _ in 0..LONGEST_CHAIN {
            let Some(inner) = self.wrapped(at) else { break };
            at = inner;
            name = name.or_else(|| self.document.schemas.name(at));
        }
        (at, name)
    }

    /// Whether a branch of a union stands for `null`: it says so, or it says `nullable: true` and nothing else, as documents of
    /// OpenAPI 3.0 do that had no other way.
    pub(super) fn is_null_branch(&self, id: SchemaId) -> bool {
        let bare = |schema: &SchemaObject| schema.nullable && !says_something(schema) && schema.items.is_none();
        self.says_only_null(id) || self.object(id).is_some_and(bare)
    }

    /// Whether `null` is the only value that a schema admits.
    pub(super) fn says_only_null(&self, id: SchemaId) -> bool {
        self.object(id).is_some_and(|schema| {
            schema.types == [JsonType::Null]
                || schema.constant.as_ref().is_some_and(serde_json::Value::is_null)
                || schema
                    .enumeration
                    .as_ref()
                    .is_some_and(|values| !values.is_empty() && values.iter().all(serde_json::Value::is_null))
        })
    }

    /// Whether a schema admits `null` beside other values.
    pub(super) fn admits_null(&self, id: SchemaId) -> bool {
        self.nullable.get(id.0 as usize).copied().unwrap_or_default()
    }
}

/// What the fields are that a schema does not list by name.
enum Others {
    /// Nothing is said of them: they may come, and nobody waits for them.
    Unsaid,
    /// There are none.
    None,
    /// They are welcome, whatever they are.
    Anything,
    /// They have a type.
    Typed(SchemaId),
}

/// Whether a type leads to further ones.
fn holds_more(merged: &Merged) -> bool {
    !merged.properties.is_empty()
        || merged.additional_properties.is_some()
        || merged.items.is_some()
        || !merged.unions.is_empty()
}

fn says_something(schema: &SchemaObject) -> bool {
    schema.reference.is_some()
        || !schema.types.is_empty()
        || !schema.all_of.is_empty()
        || !schema.any_of.is_empty()
        || !schema.one_of.is_empty()
        || !schema.properties.is_empty()
        || schema.enumeration.is_some()
        || schema.constant.is_some()
        || schema.additional_properties.is_some()
}
