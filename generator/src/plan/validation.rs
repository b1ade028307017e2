//! What is there to check of values, beyond what their types hold?

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Number;

use super::pattern;
use super::rust::{RustType, TypePlan};
use crate::diagnostics::{Diagnostic, Diagnostics, Pointer, codes};
use crate::ir::{Api, Limits, Pattern, Shape, TextKind, Type, TypeId, Use};

/// What is checked of the types that have a definition.
#[derive(Debug, Clone, Default)]
pub struct ValidationPlan {
    /// The types of whose values something is checked.
    pub checked: BTreeMap<TypeId, TypeRules>,
    /// Whether there are definitions at all.
    pub any: bool,
}

/// What is checked of a type.
#[derive(Debug, Clone, Default)]
pub struct TypeRules {
    /// Rules of the whole value.
    pub own: Vec<Rule>,
    /// Rules of the fields of a record or the alternatives of a union, parallel to the plan's; `None` where nothing is checked.
    pub parts: Vec<Option<Vec<Rule>>>,
    /// Rules of the fields that a record does not list.
    pub rest: Option<Vec<Rule>>,
}

impl TypeRules {
    fn lists(&self) -> impl Iterator<Item = &Rule> {
        self.own.iter().chain(self.parts.iter().flatten().flatten()).chain(self.rest.iter().flatten())
    }

    /// Whether there is any rule, so that the word occurs.
    pub fn has_rules(&self) -> bool {
        self.lists().next().is_some()
    }

    /// Whether a number bounds others.
    pub fn has_limits(&self) -> bool {
        fn bounds(rule: &Rule) -> bool {
            match rule {
                Rule::Each(rules) | Rule::At(_, rules) | Rule::Keys(rules) => rules.iter().any(bounds),
                Rule::Minimum(_)
                | Rule::Maximum(_)
                | Rule::ExclusiveMinimum(_)
                | Rule::ExclusiveMaximum(_)
                | Rule::MultipleOf(_) => true,
                _ => false,
            }
        }
        self.lists().any(bounds)
    }
}

/// A rule, as the runtime's `Rule` has it.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub enum Rule {
    MinLength(u64),
    MaxLength(u64),
    /// As Rust reads it, and as the document writes it.
    Pattern(String, String),
    Minimum(Number),
    Maximum(Number),
    ExclusiveMinimum(Number),
    ExclusiveMaximum(Number),
    MultipleOf(Number),
    MinItems(u64),
    MaxItems(u64),
    UniqueItems,
    MinProperties(u64),
    MaxProperties(u64),
    Needs(String, Vec<String>),
    Each(Vec<Rule>),
    At(usize, Vec<Rule>),
    Keys(Vec<Rule>),
}

/// How deep lists of lists are looked into.
const DEEPEST: usize = 16;

pub(super) fn plan(api: &Api, types: &[TypePlan], diagnostics: &mut Diagnostics) -> ValidationPlan {
    let patterns = patterns(api, diagnostics);
    let context = Context { api, types, patterns };
    let defined: Vec<TypeId> =
        api.types.iter().filter(|(id, ty)| is_defined(&types[id.index()], ty)).map(|(id, _)| id).collect();
    let mut rules: BTreeMap<TypeId, TypeRules> = defined.iter().map(|&id| (id, context.of_type(id))).collect();
    // A type is checked where it has rules, or where a part of it is.
    let mut users: BTreeMap<TypeId, Vec<TypeId>> = BTreeMap::new();
    for &id in &defined {
        for used in api.types.get(id).shape.mentions() {
            for part in context.definitions(used) {
                users.entry(part).or_default().push(id);
            }
        }
    }
    let said = |rules: &TypeRules| {
        !rules.own.is_empty()
            || rules.rest.is_some()
            || rules.parts.iter().any(|part| part.as_ref().is_some_and(|part| !part.is_empty()))
    };
    let mut checked: BTreeSet<TypeId> = BTreeSet::new();
    let mut open: Vec<TypeId> = rules.iter().filter(|(_, rules)| said(rules)).map(|(id, _)| *id).collect();
    while let Some(id) = open.pop() {
        if checked.insert(id) {
            open.extend(users.get(&id).into_iter().flatten().copied());
        }
    }
    rules.retain(|id, _| checked.contains(id));
    for (id, rules) in &mut rules {
        context.leave_out(*id, rules, &checked);
    }
    rules.retain(|_, rules| !rules.own.is_empty() || rules.rest.is_some() || rules.parts.iter().any(Option::is_some));
    ValidationPlan { checked: rules, any: !defined.is_empty() }
}

/// Whether a type has a definition that is no alias.
pub(super) fn is_defined(planned: &TypePlan, ty: &Type) -> bool {
    planned.name.is_some()
        && planned.own.is_none()
        && matches!(ty.shape, Shape::Record(_) | Shape::Union(_) | Shape::Enumeration(_))
}

/// The patterns that can be checked, by how the document writes them. The others are told.
fn patterns(api: &Api, diagnostics: &mut Diagnostics) -> BTreeMap<String, String> {
    let mut places: BTreeMap<&str, &str> = BTreeMap::new();
    for (_, ty) in api.types.iter() {
        let fields = match &ty.shape {
            Shape::Record(record) => record.fields.as_slice(),
            _ => &[],
        };
        for limits in std::iter::once(&ty.limits).chain(fields.iter().map(|field| &field.limits)) {
            for Pattern { text, place } in
                limits.patterns.iter().chain(limits.keys.iter().flat_map(|keys| &keys.patterns))
            {
                places.entry(place).or_insert(text);
            }
        }
    }
    let mut known: BTreeMap<&str, Result<String, String>> = BTreeMap::new();
    for (place, pattern) in places {
        if let Err(why) = known.entry(pattern).or_insert_with(|| pattern::translate(pattern)) {
            diagnostics.push(
                Diagnostic::note(codes::UNKNOWN_PATTERN, format!("a pattern that is not checked: {why}"))
                    .at(&Pointer::from_canonical(place), "`validate()` leaves this out"),
            );
        }
    }
    known.into_iter().filter_map(|(pattern, read)| Some((pattern.to_owned(), read.ok()?))).collect()
}

struct Context<'a> {
    api: &'a Api,
    types: &'a [TypePlan],
    patterns: BTreeMap<String, String>,
}

impl Context<'_> {
    /// The definitions that a mention leads to, lists, tuples and maps looked through.
    fn definitions(&self, used: Use) -> Vec<TypeId> {
        let (mut found, mut open) = (Vec::new(), vec![(used.ty, 0)]);
        while let Some((at, depth)) = open.pop() {
            let ty = self.api.types.get(at);
            match &ty.shape {
                _ if is_defined(&self.types[at.index()], ty) => found.push(at),
                Shape::Alias(_) | Shape::List(_) | Shape::Map(_) | Shape::Tuple(_) if depth < DEEPEST => {
                    open.extend(ty.shape.mentions().into_iter().map(|inner| (inner.ty, depth + 1)));
                }
                _ => {}
            }
        }
        found
    }

    fn of_type(&self, id: TypeId) -> TypeRules {
        let ty = self.api.types.get(id);
        let mut own = Vec::new();
        match &ty.shape {
            Shape::Record(record) => {
                self.of_object(&ty.limits, &mut own);
                let parts = record.fields.iter().map(|field| Some(self.of_mention(field.used, &field.limits, 0)));
                let rest = record.rest.map(|rest| {
                    let each = self.of_mention(rest, &Limits::default(), 0);
                    let keys = own.extract_if(.., |rule| matches!(rule, Rule::Keys(_))).collect::<Vec<_>>();
                    let each = (!each.is_empty()).then_some(Rule::Each(each));
                    keys.into_iter().chain(each).collect::<Vec<_>>()
                });
                own.retain(|rule| !matches!(rule, Rule::Keys(_)));
                TypeRules { parts: parts.collect(), rest: rest.filter(|rest| !rest.is_empty()), own }
            }
            Shape::Union(_) => {
                self.of_any(&ty.limits, &mut own);
                let arms = self.types[id.index()].union.iter().flat_map(|union| &union.arms);
                let parts = arms.map(|arm| Some(self.of_mention(arm.used, &Limits::default(), 0))).collect();
                TypeRules { own, parts, rest: None }
            }
            _ => TypeRules::default(),
        }
    }

    /// Takes out what needs no look, or cannot be looked into.
    fn leave_out(&self, id: TypeId, rules: &mut TypeRules, checked: &BTreeSet<TypeId>) {
        let planned = &self.types[id.index()];
        let ty = self.api.types.get(id);
        let needless = |used: Use, part: &Vec<Rule>| {
            part.is_empty() && !self.definitions(used).iter().any(|part| checked.contains(part))
        };
        let foreign = |used: Use, ty: &RustType| {
            ty.holds(|ty| matches!(ty, RustType::Own(_))) || self.types[used.ty.index()].opaque
        };
        match &ty.shape {
            Shape::Record(record) => {
                for ((part, field), planned) in rules.parts.iter_mut().zip(&record.fields).zip(&planned.fields) {
                    part.take_if(|part| needless(field.used, part) || foreign(field.used, &planned.ty));
                }
                if let (None, Some(rest)) = (&rules.rest, record.rest)
                    && !needless(rest, &Vec::new())
                {
                    rules.rest = Some(Vec::new());
                }
                if let (Some(rest), Some((_, ty))) = (record.rest, &planned.rest) {
                    rules.rest.take_if(|_| foreign(rest, ty));
                }
            }
            Shape::Union(_) => {
                let arms = planned.union.iter().flat_map(|union| &union.arms);
                for (part, arm) in rules.parts.iter_mut().zip(arms) {
                    part.take_if(|part| needless(arm.used, part) || foreign(arm.used, &arm.ty));
                }
            }
            _ => {}
        }
    }

    /// The rules that a mention of a type has to keep: those of its own place, and those of a type without a definition.
    fn of_mention(&self, used: Use, limits: &Limits, depth: usize) -> Vec<Rule> {
        let ty = self.api.types.get(used.ty);
        let defined = is_defined(&self.types[used.ty.index()], ty);
        let mut all = limits.clone();
        let mut rules = Vec::new();
        if !defined {
            all.narrow(&ty.limits);
        }
        match &ty.shape {
            Shape::Alias(target) if depth < DEEPEST => return self.of_mention(*target, &all, depth + 1),
            Shape::List(inner) => {
                rules.extend(all.min_items.map(Rule::MinItems));
                rules.extend(all.max_items.map(Rule::MaxItems));
                rules.extend(all.unique_items.then_some(Rule::UniqueItems));
                self.each(*inner, depth, &mut rules);
            }
            Shape::Tuple(items) if depth < DEEPEST => {
                rules.extend(all.unique_items.then_some(Rule::UniqueItems));
                for (at, item) in items.iter().enumerate() {
                    let item = self.of_mention(*item, &Limits::default(), depth + 1);
                    rules.extend((!item.is_empty()).then_some(Rule::At(at, item)));
                }
            }
            Shape::Map(inner) => {
                self.of_object(&all, &mut rules);
                self.each(*inner, depth, &mut rules);
            }
            Shape::Record(_) => self.of_object(&all, &mut rules),
            Shape::Integer(_) | Shape::Number(_) => of_number(&all, &mut rules),
            // The text of these is made by the type.
            Shape::Text(TextKind::Base64 | TextKind::Decimal) => {}
            Shape::Text(_) => self.of_text(&all, &mut rules),
            Shape::Anything | Shape::Union(_) => self.of_any(&all, &mut rules),
            Shape::Tuple(_) | Shape::Alias(_) | Shape::Nothing | Shape::Boolean | Shape::Enumeration(_) => {}
        }
        rules
    }

    fn each(&self, inner: Use, depth: usize, rules: &mut Vec<Rule>) {
        if depth < DEEPEST {
            let each = self.of_mention(inner, &Limits::default(), depth + 1);
            rules.extend((!each.is_empty()).then_some(Rule::Each(each)));
        }
    }

    fn of_any(&self, limits: &Limits, rules: &mut Vec<Rule>) {
        self.of_text(limits, rules);
        of_number(limits, rules);
        rules.extend(limits.min_items.map(Rule::MinItems));
        rules.extend(limits.max_items.map(Rule::MaxItems));
        rules.extend(limits.unique_items.then_some(Rule::UniqueItems));
        self.of_object(limits, rules);
    }

    fn of_text(&self, limits: &Limits, rules: &mut Vec<Rule>) {
        rules.extend(limits.min_length.map(Rule::MinLength));
        rules.extend(limits.max_length.map(Rule::MaxLength));
        rules.extend(
            limits
                .patterns
                .iter()
                .filter_map(|Pattern { text, .. }| Some(Rule::Pattern(self.patterns.get(text)?.clone(), text.clone()))),
        );
    }

    fn of_object(&self, limits: &Limits, rules: &mut Vec<Rule>) {
        rules.extend(limits.min_properties.map(Rule::MinProperties));
        rules.extend(limits.max_properties.map(Rule::MaxProperties));
        rules.extend(limits.needs.iter().map(|(key, needed)| Rule::Needs(key.clone(), needed.clone())));
        if let Some(keys) = &limits.keys {
            let mut of_keys = Vec::new();
            self.of_text(keys, &mut of_keys);
            rules.extend((!of_keys.is_empty()).then_some(Rule::Keys(of_keys)));
        }
    }
}

fn of_number(limits: &Limits, rules: &mut Vec<Rule>) {
    rules.extend(limits.minimum.clone().map(Rule::Minimum));
    rules.extend(limits.exclusive_minimum.clone().map(Rule::ExclusiveMinimum));
    rules.extend(limits.maximum.clone().map(Rule::Maximum));
    rules.extend(limits.exclusive_maximum.clone().map(Rule::ExclusiveMaximum));
    rules.extend(limits.multiples.iter().cloned().map(Rule::MultipleOf));
}
