//! What is each type in Rust?

use std::collections::BTreeSet;

use super::boxes::Knots;
use super::defaults::{self, DefaultPlan, DefaultValue};
use super::in_place;
use super::names::{self, Ident};
use super::sent_back::{self, SentBack};
use super::substitutes::Substitutes;
use super::type_names::TypeNames;
use super::unions::{self, UnionPlan};
use crate::ir::{
    Api, Enumeration, Field, IntegerKind, NumberKind, Operation, Record, Shape, TextKind, TypeId, Types, Use,
};
use crate::settings::{Derives, NaiveTimestamps, RustPath, Settings};

/// A type as Rust has it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)] // each variant is the type of its name
pub enum RustType {
    Unit,
    Bool,
    I32,
    I64,
    U32,
    U64,
    F32,
    F64,
    Decimal,
    String,
    Secret,
    Timestamp,
    Date,
    Uuid,
    Bytes,
    Json,
    /// A type of the generated crate.
    Named(TypeId),
    List(Box<RustType>),
    Tuple(Vec<RustType>),
    Map(Box<RustType>),
    Option(Box<RustType>),
    Nullable(Box<RustType>),
    Boxed(Box<RustType>),
    /// A type of the user's own.
    Own(RustPath),
}

impl RustType {
    /// Whether the type, or one that it is composed of, passes a test.
    pub(crate) fn holds(&self, test: fn(&Self) -> bool) -> bool {
        test(self)
            || match self {
                Self::List(inner)
                | Self::Map(inner)
                | Self::Option(inner)
                | Self::Nullable(inner)
                | Self::Boxed(inner) => inner.holds(test),
                Self::Tuple(items) => items.iter().any(|item| item.holds(test)),
                _ => false,
            }
    }

    /// Names every type of the crate that this one is composed of.
    pub(crate) fn each_named(&self, found: &mut impl FnMut(TypeId)) {
        match self {
            Self::Named(id) => found(*id),
            Self::List(inner) | Self::Map(inner) | Self::Option(inner) | Self::Nullable(inner) | Self::Boxed(inner) => {
                inner.each_named(found);
            }
            Self::Tuple(items) => items.iter().for_each(|item| item.each_named(found)),
            _ => {}
        }
    }

    /// The type of a shape without parts. A shape with parts has a name or is composed; without either it is any JSON value.
    pub(crate) fn of_plain(shape: &Shape) -> Self {
        match shape {
            Shape::Nothing => Self::Unit,
            Shape::Boolean => Self::Bool,
            Shape::Integer(IntegerKind::Signed32) => Self::I32,
            Shape::Integer(IntegerKind::Signed64) => Self::I64,
            Shape::Integer(IntegerKind::Unsigned32) => Self::U32,
            Shape::Integer(IntegerKind::Unsigned64) => Self::U64,
            Shape::Number(NumberKind::Single) => Self::F32,
            Shape::Number(NumberKind::Double) => Self::F64,
            Shape::Number(NumberKind::Decimal) | Shape::Text(TextKind::Decimal) => Self::Decimal,
            Shape::Text(TextKind::Plain) => Self::String,
            Shape::Text(TextKind::Secret) => Self::Secret,
            Shape::Text(TextKind::DateTime) => Self::Timestamp,
            Shape::Text(TextKind::Date) => Self::Date,
            Shape::Text(TextKind::Uuid) => Self::Uuid,
            Shape::Text(TextKind::Base64 | TextKind::Base64Url) => Self::Bytes,
            Shape::Anything
            | Shape::Enumeration(_)
            | Shape::List(_)
            | Shape::Tuple(_)
            | Shape::Map(_)
            | Shape::Record(_)
            | Shape::Union(_)
            | Shape::Alias(_) => Self::Json,
        }
    }
}

/// How a value is written on the wire, where its own way is not the wire's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Adapter {
    /// A timestamp that must have an offset.
    Timestamp,
    /// A timestamp that is in UTC where it has no offset.
    NaiveUtc,
    /// Bytes as Base64.
    Base64,
    /// Bytes as Base64 for URLs, without padding.
    Base64Url,
    /// A decimal as a JSON number.
    DecimalNumber,
    /// A decimal as a text.
    DecimalText,
    /// A value that may be `null` and yet is there.
    Present,
}

/// What a type is in Rust.
#[derive(Debug, Clone)]
pub struct TypePlan {
    /// Its name, where it has a definition.
    pub name: Option<Ident>,
    /// How it is mentioned.
    pub mention: RustType,
    /// What it comes down to, aliases looked through.
    pub resolved: RustType,
    /// What its definition is another word for, where it has a name and is no type of its own.
    pub alias: Option<RustType>,
    /// The user's type that its definition is an alias of.
    pub own: Option<RustPath>,
    /// Whether its values are the user's own, or lists or maps of such: all that is known of them is that they can be serialised.
    pub opaque: bool,
    /// The fields of a record, parallel to the IR's.
    pub fields: Vec<FieldPlan>,
    /// The field that keeps what no other does, with the type of its values.
    pub rest: Option<(Ident, RustType)>,
    /// The variants of an enumeration, parallel to its values.
    pub variants: Vec<Ident>,
    /// The variant that keeps unlisted values.
    pub unknown: Option<Ident>,
    /// The alternatives of a union.
    pub union: Option<UnionPlan>,
    /// Whether an operation sends it, so that users construct it.
    pub sent: bool,
    /// Whether it occurs in a parameter.
    pub parameter: bool,
    /// Whether a value of it can be made of nothing, each of its parts being absent or empty.
    pub defaults: bool,
    /// Whether a value of it can be made of what the document says holds where nothing is sent.
    pub valued: bool,
    /// The value of an enumeration that holds where nothing is sent.
    pub default_variant: Option<usize>,
    /// What it derives beyond what all types derive.
    pub derives: Derives,
    /// How its values are read and written, lists and maps looked through, where their type alone does not say that.
    pub adapter: Option<Adapter>,
    /// Whether it is a record or a union that is read in place.
    pub in_place: bool,
    /// How it is made of its answered form, where it is the sent one and can be.
    pub sent_back: Option<SentBack>,
}

impl TypePlan {
    /// How a body or an answer of this type is read and written. Base64 stays a text there.
    pub fn adapter_at_the_door(&self) -> Option<Adapter> {
        self.adapter.filter(|adapter| !matches!(adapter, Adapter::Base64 | Adapter::Base64Url))
    }
}

/// A field of a struct.
#[derive(Debug, Clone)]
pub struct FieldPlan {
    /// Its name.
    pub ident: Ident,
    /// Its whole type.
    pub ty: RustType,
    /// Its type without the wrapper of its presence, for constructors.
    pub bare: RustType,
    /// Whether it may be missing or `null`.
    pub presence: Presence,
    /// How it is written.
    pub adapter: Option<Adapter>,
    /// Whether only one value is possible, so that nobody needs to give it.
    pub constant: bool,
    /// What holds where it is absent, or what it is where nobody gives it.
    pub default: Option<DefaultPlan>,
}

impl FieldPlan {
    /// Whether somebody has to say what it is.
    pub fn is_given(&self) -> bool {
        !self.constant && matches!(self.presence, Presence::Required | Presence::RequiredNullable)
    }

    /// Whether what the document says of its default is that nothing is in it.
    pub(super) fn is_empty_by_default(&self) -> bool {
        self.default.as_ref().is_some_and(|default| default.value == DefaultValue::Empty)
    }
}

/// Whether a field may be missing or `null`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// Always there.
    Required,
    /// Always there, perhaps as `null`.
    RequiredNullable,
    /// There or not.
    Optional,
    /// There, `null`, or not there: three different things.
    OptionalNullable,
}

/// Decides what each type is.
pub(super) fn types(api: &Api, settings: &Settings, names: &TypeNames, own: &Substitutes<'_>) -> Vec<TypePlan> {
    let context = Context { types: &api.types, names, settings, own };
    let knots = Knots::find(&api.types);
    // Nobody knows which way the types of a mere vocabulary travel.
    let sent = api.types.closure(api.operations.iter().flat_map(Operation::sent).chain(api.vocabulary.iter().copied()));
    let parameters = api.types.closure(api.operations.iter().flat_map(Operation::written_as_parameters));
    let mut plans: Vec<TypePlan> = api
        .types
        .iter()
        .map(|(id, ty)| {
            let mut plan = TypePlan {
                name: names.by_type.get(&id).cloned(),
                mention: context.mention(id),
                resolved: context.mention(api.types.resolve(Use { ty: id, nullable: false }).ty),
                alias: names.by_type.contains_key(&id).then(|| context.alias(&ty.shape)).flatten(),
                own: own.of(id).cloned(),
                opaque: own.within(&api.types, Use { ty: id, nullable: false }),
                fields: Vec::new(),
                rest: None,
                variants: Vec::new(),
                unknown: None,
                union: None,
                sent: sent.contains(&id),
                parameter: parameters.contains(&id),
                defaults: false,
                valued: false,
                default_variant: None,
                derives: Derives::default(),
                adapter: context.adapter(Use { ty: id, nullable: false }),
                in_place: false,
                sent_back: None,
            };
            match &ty.shape {
                Shape::Record(record) => context.record(&mut plan, id, record, &knots),
                Shape::Enumeration(listed) => enumeration(&mut plan, listed),
                Shape::Union(union) => plan.union = Some(unions::plan(&context, id, union, &knots)),
                _ => {}
            }
            plan
        })
        .collect();
    defaults::fill(api, &mut plans);
    in_place::mark(api, &mut plans);
    sent_back::fill(api, &mut plans);
    plans
}

pub(super) struct Context<'a> {
    pub types: &'a Types,
    pub names: &'a TypeNames,
    pub settings: &'a Settings,
    pub own: &'a Substitutes<'a>,
}

impl Context<'_> {
    /// What a type with a name and this shape is another word for.
    fn alias(&self, shape: &Shape) -> Option<RustType> {
        match shape {
            Shape::Record(_) | Shape::Enumeration(_) | Shape::Union(_) => None,
            Shape::List(item) => Some(RustType::List(Box::new(self.used(*item)))),
            Shape::Tuple(items) => Some(self.tuple(items)),
            Shape::Map(value) => Some(RustType::Map(Box::new(self.used(*value)))),
            Shape::Alias(target) => Some(self.mention(target.ty)),
            plain => Some(RustType::of_plain(plain)),
        }
    }

    /// How a type is mentioned, `null` aside.
    pub(super) fn mention(&self, id: TypeId) -> RustType {
        if self.names.by_type.contains_key(&id) {
            return RustType::Named(id);
        }
        if let Some(own) = self.own.of(id) {
            return RustType::Own(own.clone());
        }
        match &self.types.get(id).shape {
            Shape::List(item) => RustType::List(Box::new(self.used(*item))),
            Shape::Tuple(items) => self.tuple(items),
            Shape::Map(value) => RustType::Map(Box::new(self.used(*value))),
            Shape::Alias(target) => self.mention(target.ty),
            plain => RustType::of_plain(plain),
        }
    }

    /// A tuple. What only a field can say how it is written is left as it is on the wire.
    fn tuple(&self, items: &[Use]) -> RustType {
        let item = |used: &Use| match self.adapter(*used) {
            None | Some(Adapter::Timestamp | Adapter::NaiveUtc | Adapter::DecimalText) => self.used(*used),
            Some(_) => RustType::Json,
        };
        RustType::Tuple(items.iter().map(item).collect())
    }

    /// A mention with its `null`.
    pub(super) fn used(&self, used: Use) -> RustType {
        let ty = self.mention(used.ty);
        // Where a type admits nothing or anything, `null` is among its values already.
        match ty {
            RustType::Unit | RustType::Json => ty,
            ty if self.types.resolve(used).nullable => RustType::Option(Box::new(ty)),
            ty => ty,
        }
    }

    /// How the values within a mention are written, lists and maps looked through.
    pub(super) fn adapter(&self, used: Use) -> Option<Adapter> {
        if self.own.behind(self.types, used).is_some() {
            return None;
        }
        let mut at = self.types.resolve(used).ty;
        for _ in 0..64 {
            if self.own.of(at).is_some() {
                return None;
            }
            match &self.types.get(at).shape {
                Shape::List(inner) | Shape::Map(inner) => at = self.types.resolve(*inner).ty,
                Shape::Text(TextKind::DateTime) => {
                    return Some(match self.settings.types.naive_timestamps {
                        NaiveTimestamps::Error => Adapter::Timestamp,
                        NaiveTimestamps::Utc => Adapter::NaiveUtc,
                    });
                }
                Shape::Tuple(_) => {
                    return self.holds_naive(used, &mut BTreeSet::new()).then_some(Adapter::NaiveUtc);
                }
                Shape::Text(TextKind::Base64) => return Some(Adapter::Base64),
                Shape::Text(TextKind::Base64Url) => return Some(Adapter::Base64Url),
                Shape::Text(TextKind::Decimal) => return Some(Adapter::DecimalText),
                Shape::Number(NumberKind::Decimal) => return Some(Adapter::DecimalNumber),
                _ => return None,
            }
        }
        None
    }

    /// Whether a mention holds, lists, maps and tuples looked through, a timestamp that is in UTC where it has no offset.
    fn holds_naive(&self, used: Use, seen: &mut BTreeSet<TypeId>) -> bool {
        let id = self.types.resolve(used).ty;
        if self.settings.types.naive_timestamps != NaiveTimestamps::Utc || self.own.of(id).is_some() || !seen.insert(id)
        {
            return false;
        }
        match &self.types.get(id).shape {
            Shape::Text(TextKind::DateTime) => true,
            Shape::List(inner) | Shape::Map(inner) => self.holds_naive(*inner, seen),
            Shape::Tuple(items) => items.iter().any(|item| self.holds_naive(*item, seen)),
            _ => false,
        }
    }

    fn record(&self, plan: &mut TypePlan, id: TypeId, record: &Record, knots: &Knots) {
        let rest = record.rest.map(|_| "additional");
        let wire: Vec<&str> = record.fields.iter().map(|field| field.name.as_str()).chain(rest).collect();
        let mut idents = self.idents(id, &wire);
        plan.rest = match (record.rest, rest) {
            (Some(used), Some(_)) => idents.pop().map(|ident| (ident, self.used(used))),
            _ => None,
        };
        plan.fields =
            record.fields.iter().zip(idents).map(|(field, ident)| self.field(id, field, ident, knots)).collect();
    }

    /// The names of fields: those that the user chose first, the others around them.
    fn idents(&self, id: TypeId, wire: &[&str]) -> Vec<Ident> {
        let setting = self.types.component(id).and_then(|name| self.settings.schemas.get(name));
        names::chosen_siblings(wire, setting)
    }

    fn field(&self, id: TypeId, field: &Field, ident: Ident, knots: &Knots) -> FieldPlan {
        let own = self.own.of_field(id, &field.name);
        let mut bare = own.map_or_else(|| self.mention(field.used.ty), |own| RustType::Own(own.clone()));
        if !matches!(bare, RustType::Own(_)) && knots.boxes(self.types, id, field.used) {
            bare = RustType::Boxed(Box::new(bare));
        }
        let resolved = self.types.resolve(field.used);
        let shape = &self.types.get(resolved.ty).shape;
        // `null` is among the values of these already.
        let null_is_a_value = matches!(shape, Shape::Anything | Shape::Nothing) && !matches!(bare, RustType::Own(_));
        let nullable = resolved.nullable && !null_is_a_value;
        let presence = match (field.required, nullable) {
            (true, false) => Presence::Required,
            (true, true) => Presence::RequiredNullable,
            (false, false) => Presence::Optional,
            (false, true) => Presence::OptionalNullable,
        };
        let ty = match presence {
            Presence::Required => bare.clone(),
            Presence::RequiredNullable | Presence::Optional => RustType::Option(Box::new(bare.clone())),
            Presence::OptionalNullable => RustType::Nullable(Box::new(bare.clone())),
        };
        let own = own.or_else(|| self.own.behind(self.types, field.used));
        let constant = presence == Presence::Required
            && own.is_none()
            && matches!(shape, Shape::Enumeration(listed) if listed.is_constant());
        FieldPlan {
            ident,
            ty,
            bare,
            presence,
            adapter: match presence {
                _ if own.is_some() => None,
                Presence::Optional if null_is_a_value => Some(Adapter::Present),
                _ => self.adapter(field.used),
            },
            constant,
            default: None,
        }
    }
}

fn enumeration(plan: &mut TypePlan, listed: &Enumeration) {
    let words = if listed.labels.is_empty() { &listed.values } else { &listed.labels };
    plan.variants = names::siblings(words.iter().map(String::as_str), &["Self"], names::camel);
    plan.unknown = listed.open.then(|| keeper(&plan.variants));
}

/// The name of the variant that keeps what the document does not list.
pub(super) fn keeper(variants: &[Ident]) -> Ident {
    let taken: Vec<&str> = variants.iter().map(Ident::plain).collect();
    let name =
        ["Unknown", "Unlisted", "Other"].into_iter().find(|name| !taken.contains(name)).unwrap_or("NotInTheDocument");
    names::camel(name)
}

/// A type as a parameter, a body or an answer is declared. Base64 stays the text that it is on the wire there: only the fields of
/// an object say how they are written, and a bare list of bytes would go as numbers.
pub(super) fn at_the_door(types: &[TypePlan], ty: &RustType) -> RustType {
    door(types, ty, 0)
}

/// `depth` counts names that are other words for something, so that a circle of lists ends.
fn door(types: &[TypePlan], ty: &RustType, depth: usize) -> RustType {
    let inner = |ty: &RustType| Box::new(door(types, ty, depth));
    match ty {
        RustType::Bytes => RustType::String,
        RustType::List(item) => RustType::List(inner(item)),
        RustType::Map(value) => RustType::Map(inner(value)),
        RustType::Option(value) => RustType::Option(inner(value)),
        RustType::Named(id) if types[id.index()].own.is_none() && depth < 32 => match &types[id.index()].alias {
            Some(alias) => match door(types, alias, depth + 1) {
                plain if plain == *alias => ty.clone(),
                text => text,
            },
            None => ty.clone(),
        },
        other => other.clone(),
    }
}

/// A type with all names looked through that are other words for something: two that are equal then are one type to the
/// compiler, however they are spelled.
///
/// `depth` counts those names, so that a circle of lists ends.
pub(super) fn bare(types: &[TypePlan], ty: &RustType, depth: usize) -> RustType {
    let inner = |ty: &RustType| Box::new(bare(types, ty, depth));
    match ty {
        RustType::Named(id) if depth < 32 => {
            let named = &types[id.index()];
            match (&named.own, &named.alias) {
                (Some(own), _) => RustType::Own(own.clone()),
                (None, Some(alias)) => bare(types, alias, depth + 1),
                (None, None) => ty.clone(),
            }
        }
        RustType::List(item) => RustType::List(inner(item)),
        RustType::Map(value) => RustType::Map(inner(value)),
        RustType::Option(value) => RustType::Option(inner(value)),
        RustType::Nullable(value) => RustType::Nullable(inner(value)),
        RustType::Boxed(value) => RustType::Boxed(inner(value)),
        RustType::Tuple(items) => RustType::Tuple(items.iter().map(|item| bare(types, item, depth)).collect()),
        other => other.clone(),
    }
}

/// The type of a whole answer.
pub(super) fn answer(api: &Api, types: &[TypePlan], used: Use) -> RustType {
    let mention = at_the_door(types, &types[used.ty.index()].mention);
    let nullable = api.types.resolve(used).nullable && !matches!(mention, RustType::Json | RustType::Unit);
    if nullable { RustType::Option(Box::new(mention)) } else { mention }
}
