//! Which values can travel, and what does each mean?

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::limits::Bounds;
use crate::diagnostics::Pointer;

/// The place of a type in [`Types`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TypeId(u32);

impl TypeId {
    /// The position in side tables that run parallel to [`Types`].
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// The arena of all types. A type is reserved before its parts are known, so recursion is ordinary.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Types {
    all: Vec<Type>,
    /// The types in whose place an equal one stands, each with that one.
    replaced: BTreeMap<TypeId, TypeId>,
}

impl Types {
    /// None, with room for so many.
    pub fn with_capacity(count: usize) -> Self {
        Self { all: Vec::with_capacity(count), replaced: BTreeMap::new() }
    }

    /// Reserves a place for a type whose shape follows.
    pub fn reserve(&mut self, origin: Origin, pointer: Pointer) -> TypeId {
        let id = TypeId(u32::try_from(self.all.len()).unwrap_or(u32::MAX));
        let (docs, limits, xml) = (Docs::default(), Bounds::default(), Xml::default());
        self.all.push(Type { origin, pointer, docs, format: None, limits, xml, shape: Shape::Anything, elsewhere: 0 });
        id
    }

    /// The type with this id.
    pub fn get(&self, id: TypeId) -> &Type {
        &self.all[id.index()]
    }

    /// The type with this id, to be completed.
    pub fn get_mut(&mut self, id: TypeId) -> &mut Type {
        &mut self.all[id.index()]
    }

    /// All types with their ids.
    pub fn iter(&self) -> impl Iterator<Item = (TypeId, &Type)> {
        (0u32..).map(TypeId).zip(&self.all)
    }

    /// How many types there are.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Puts equal types in the place of others. Those that mention them are the caller's to change; what was said of the others is
    /// still known by their ids.
    pub fn replace(&mut self, equal: BTreeMap<TypeId, TypeId>) {
        for (&id, &stands) in &equal {
            self.get_mut(id).shape = Shape::Alias(Use { ty: stands, nullable: false });
            self.get_mut(stands).elsewhere += 1;
        }
        self.replaced.extend(equal);
    }

    /// The types in whose place an equal one stands, each with that one.
    pub fn replaced(&self) -> &BTreeMap<TypeId, TypeId> {
        &self.replaced
    }

    /// The type that stands in the place of this one, which may be itself.
    pub fn standing(&self, id: TypeId) -> TypeId {
        self.replaced.get(&id).copied().unwrap_or(id)
    }

    /// Looks through aliases: what a use comes down to, `null` gathered on the way. Cycles of aliases never leave `lower`.
    pub fn resolve(&self, mut used: Use) -> Use {
        for _ in 0..=self.all.len() {
            let Shape::Alias(target) = &self.get(used.ty).shape else { break };
            used = Use { ty: target.ty, nullable: used.nullable || target.nullable };
        }
        used
    }
}

/// A mention of a type: `null` belongs to the mention, not to the type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Use {
    /// The type.
    pub ty: TypeId,
    /// Whether `null` may stand in its place.
    pub nullable: bool,
}

/// A type, where it comes from and what is said about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Type {
    /// Where it comes from; names are made of this, later.
    pub origin: Origin,
    /// Its place in the document, for documentation and a stable order.
    pub pointer: Pointer,
    /// What is said about it.
    pub docs: Docs,
    /// The document's word for the form of its values, such as `date-time`.
    pub format: Option<String>,
    /// What bounds its values without changing what they are.
    pub limits: Bounds,
    /// How its values are written in XML.
    pub xml: Xml,
    /// What its values are.
    pub shape: Shape,
    /// In how many other places of the document it stands as well.
    pub elsewhere: usize,
}

/// What is said about the form of a value in XML.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Xml {
    /// The name of its element or attribute.
    pub name: Option<String>,
    /// The prefix of the name.
    pub prefix: Option<String>,
    /// The namespace of the name.
    pub namespace: Option<String>,
    /// Whether it is an attribute.
    pub attribute: bool,
    /// Whether it is the text of the element that it belongs to.
    pub text: bool,
    /// Whether the elements of a list stand within one of their own.
    pub wrapped: bool,
}

/// Where a type comes from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// The document names it.
    Component(String),
    /// It stands within something else.
    Inline {
        /// Within what.
        parent: Parent,
        /// As which part.
        role: Role,
    },
}

/// What an unnamed type stands in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Parent {
    /// Another type.
    Type(TypeId),
    /// An operation, by its position in [`super::Api::operations`].
    Operation(usize),
    /// Something else that the document names, such as a response that operations of other documents share.
    Named(String),
}

/// Which part of its parent an unnamed type is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// The value of a field.
    Field(String),
    /// The items of a list.
    Item,
    /// The values of a map.
    Value,
    /// One alternative of a union, with the word that tells it apart where there is one.
    Branch(usize, Option<String>),
    /// What an operation sends; of a type, its form that is sent.
    Request,
    /// What an operation answers with this status.
    Answer(super::Status),
    /// A parameter of an operation.
    Parameter(String),
}

/// What is said about something.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Docs {
    /// A short name.
    pub title: Option<String>,
    /// The text.
    pub description: Option<String>,
    /// Whether it should no longer be used.
    pub deprecated: bool,
    /// What holds where nothing is sent.
    pub default: Option<Value>,
    /// Bounds that the type does not carry, each a short phrase such as ``at least 1``.
    pub bounds: Vec<String>,
}

/// What the values of a type are.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Shape {
    /// Any JSON value.
    Anything,
    /// Only `null`.
    Nothing,
    /// `true` or `false`.
    Boolean,
    /// A whole number.
    Integer(IntegerKind),
    /// A number.
    Number(NumberKind),
    /// A text.
    Text(TextKind),
    /// One of several words.
    Enumeration(Enumeration),
    /// A list.
    List(Use),
    /// A list of so many items, each with a type of its own.
    Tuple(Vec<Use>),
    /// A map from words to values.
    Map(Use),
    /// An object with known fields.
    Record(Record),
    /// One of several types.
    Union(Union),
    /// Another type under a name of its own.
    Alias(Use),
}

/// The range of a whole number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum IntegerKind {
    Signed32,
    Signed64,
    Unsigned32,
    Unsigned64,
}

/// The precision of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum NumberKind {
    Single,
    Double,
    Decimal,
}

/// What a text holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TextKind {
    /// No more than text.
    Plain,
    /// A point in time (RFC 3339).
    DateTime,
    /// A day of the calendar.
    Date,
    /// A UUID.
    Uuid,
    /// Bytes as Base64 (RFC 4648, section 4).
    Base64,
    /// Bytes as Base64 for URLs and file names (RFC 4648, section 5), without padding.
    Base64Url,
    /// A decimal number as text.
    Decimal,
    /// A text that must not be shown.
    Secret,
}

/// What the values are that an [`Enumeration`] lists.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Listed {
    /// Texts.
    #[default]
    Words,
    /// Whole numbers.
    Integers,
    /// Truths, or values of several kinds.
    Values,
}

/// A closed list of words, which the other side may nevertheless extend.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Enumeration {
    /// What the values are.
    pub listed: Listed,
    /// The words, in the document's order; values that are no words as JSON has them.
    pub values: Vec<String>,
    /// What to call each of the values, where these are no words.
    pub labels: Vec<String>,
    /// Whether unlisted words are kept. A list of one word is a tag and closed.
    pub open: bool,
}

impl Enumeration {
    /// Whether there is only one word, so that nobody chooses it.
    pub fn is_constant(&self) -> bool {
        self.values.len() == 1 && !self.open
    }
}

/// An object with known fields.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Record {
    /// The fields: required ones in the order of the document's list, then the others by name.
    pub fields: Vec<Field>,
    /// The type of unlisted fields, where they are more than ignored.
    pub rest: Option<Use>,
}

/// A field of a [`Record`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Field {
    /// Its name on the wire.
    pub name: String,
    /// Its type.
    pub used: Use,
    /// Whether it is always there.
    pub required: bool,
    /// What is said about it.
    pub docs: Docs,
    /// What bounds its values more than their type does.
    pub limits: Bounds,
    /// The only way that it travels, if it is one.
    pub only: Option<Direction>,
    /// How it is written in XML, where the field says other than its type.
    pub xml: Xml,
}

/// A way that values travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// To the service.
    Sent,
    /// From the service.
    Answered,
}

/// One of several types.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Union {
    /// The alternatives, in the document's order.
    pub arms: Vec<Arm>,
    /// The field whose value tells the alternative.
    pub tag: Option<Tag>,
    /// Whether what fits no alternative is kept.
    pub open: bool,
}

/// An alternative of a [`Union`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Arm {
    /// Its type.
    pub used: Use,
    /// The word that tells it apart, for naming.
    pub hint: Option<String>,
}

/// The field that tells the alternatives of a [`Union`] apart.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Tag {
    /// The field.
    pub field: String,
    /// Its values, each with the position of the alternative it means.
    pub values: Vec<(String, usize)>,
}

impl Shape {
    /// The types that this one mentions directly.
    pub fn mentions(&self) -> Vec<Use> {
        match self {
            Self::Anything
            | Self::Nothing
            | Self::Boolean
            | Self::Integer(_)
            | Self::Number(_)
            | Self::Text(_)
            | Self::Enumeration(_) => Vec::new(),
            Self::List(used) | Self::Map(used) | Self::Alias(used) => vec![*used],
            Self::Tuple(items) => items.clone(),
            Self::Record(record) => record.fields.iter().map(|field| field.used).chain(record.rest).collect(),
            Self::Union(union) => union.arms.iter().map(|arm| arm.used).collect(),
        }
    }
}

impl Shape {
    /// Mentions other types in the place of some.
    pub fn replace(&mut self, others: &BTreeMap<TypeId, TypeId>) {
        let turn = |used: &mut Use| used.ty = others.get(&used.ty).copied().unwrap_or(used.ty);
        match self {
            Self::Anything
            | Self::Nothing
            | Self::Boolean
            | Self::Integer(_)
            | Self::Number(_)
            | Self::Text(_)
            | Self::Enumeration(_) => {}
            Self::List(used) | Self::Map(used) | Self::Alias(used) => turn(used),
            Self::Tuple(items) => items.iter_mut().for_each(turn),
            Self::Record(record) => {
                record.fields.iter_mut().map(|field| &mut field.used).chain(&mut record.rest).for_each(turn);
            }
            Self::Union(union) => union.arms.iter_mut().for_each(|arm| turn(&mut arm.used)),
        }
    }
}

impl Types {
    /// The name that the document gives a type, or the type of which it is the form that is sent.
    pub fn component(&self, id: TypeId) -> Option<&str> {
        let of = |id: TypeId| match &self.get(id).origin {
            Origin::Component(name) => Ok(name.as_str()),
            Origin::Inline { parent: Parent::Type(whole), role: Role::Request } => Err(Some(*whole)),
            Origin::Inline { .. } => Err(None),
        };
        of(id).or_else(|whole| whole.ok_or(None).and_then(of)).ok()
    }

    /// Every type that these uses lead to, themselves included.
    pub fn closure(&self, roots: impl IntoIterator<Item = Use>) -> BTreeSet<TypeId> {
        let mut reached = BTreeSet::new();
        let mut open: Vec<TypeId> = roots.into_iter().map(|used| used.ty).collect();
        while let Some(id) = open.pop() {
            if reached.insert(id) {
                open.extend(self.get(id).shape.mentions().into_iter().map(|used| used.ty));
            }
        }
        reached
    }
}
