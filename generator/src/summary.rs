//! What can the generated client do, and where it does less than the document says: which operations, and why?

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use crate::diagnostics::{Code, Diagnostic, Diagnostics, Place, Pointer, Severity, codes};
use crate::ir::{Api, TypeId};

/// How many routes a line of [`Summary::render`] names.
const SHOWN: usize = 3;

/// What the generated client can do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Operations just as the document has them.
    pub full: usize,
    /// Operations of which something was left out; [`Summary::reasons`] says what. In a crate of types only, such types.
    pub degraded: usize,
    /// Operations that are missing.
    pub skipped: usize,
    /// Operations that the user did not ask for.
    pub unselected: usize,
    /// Types with a definition.
    pub types: usize,
    /// Whether the crate has no client: the document has no operation, and its types were asked for.
    pub types_only: bool,
    /// Why operations are degraded or skipped; what is skipped comes first.
    pub reasons: Vec<Reason>,
}

/// Why some operations are not what the document says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// What became of them.
    pub effect: Effect,
    /// The kind of thing that was in the way.
    pub code: Code,
    /// What was said about it; where it was said in several ways, the code's title.
    pub message: String,
    /// The operations, as `GET /users/{id}`, sorted. In a crate of types only, the places of the types.
    pub operations: Vec<String>,
}

/// What became of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Effect {
    /// It is missing.
    Skipped,
    /// Something of it was left out.
    Degraded,
}

impl Effect {
    /// The word that output uses.
    pub fn word(self) -> &'static str {
        match self {
            Self::Skipped => "skipped",
            Self::Degraded => "degraded",
        }
    }
}

/// Warnings by which nothing is lost: the document is read as it is meant, only a name is another, or what is wrong has no part in
/// the client. An error of the same kind does count.
const HARMLESS: &[Code] = &[
    codes::DANGLING_REFERENCE,
    codes::CYCLIC_REFERENCE,
    codes::MALFORMED_REFERENCE,
    codes::UNKNOWN_KEY,
    codes::UNKNOWN_KEYWORD,
    codes::REPAIRED,
    codes::REFERENCE_PLACE,
    codes::DUPLICATE_PARAMETER,
    codes::DUPLICATE_PATH,
    codes::MALFORMED_PATH,
    codes::INVALID_NAME,
    codes::INVALID_MEDIA_TYPE,
    codes::INVALID_STATUS,
    codes::SCHEMA_OR_CONTENT,
    codes::LATER_VERSION,
    codes::REPEATED_NAME,
    codes::NOTHING_WRITTEN,
    codes::SERVER_VARIABLE,
    codes::UNFIT_STYLE,
    codes::UNKNOWN_ENCODING,
    codes::INVALID_ADDRESS,
    codes::UNFIT_VALUE,
    codes::MISSING_KEY,
    codes::ENDLESS_SCHEMA,
    codes::DUPLICATE_OPERATION_ID,
    codes::NAME_COLLISION,
    codes::INVALID_DEFAULT,
    codes::CONTRADICTORY_SCHEMA,
    codes::UNUSED_PARAMETER,
    codes::EXCLUSIVE_KEYS,
];

impl Summary {
    /// Counts what became of the operations, from what was said.
    ///
    /// An operation is degraded where something is told within it, about it, or about a type that it reaches.
    pub fn new(api: &Api, types: usize, unselected: usize, diagnostics: &Diagnostics) -> Self {
        if api.is_types_only() && api.skipped == 0 {
            return Self::of_types(api, types, diagnostics);
        }
        let by_pointer: BTreeMap<&str, usize> =
            api.operations.iter().enumerate().map(|(index, operation)| (operation.pointer.as_str(), index)).collect();
        let users = Users::new(api);
        let mut told: BTreeMap<(Effect, Code, String), Grouped> = BTreeMap::new();
        let mut degraded: BTreeSet<usize> = BTreeSet::new();
        for (said, subject) in diagnostics.with_subjects() {
            if said.severity > Severity::Warning || said.severity == Severity::Warning && HARMLESS.contains(&said.code)
            {
                continue;
            }
            let mut hit: BTreeSet<usize> = BTreeSet::new();
            let mut missing: Option<String> = None;
            for pointer in places(said).chain(subject) {
                match operation_of(pointer) {
                    Some((operation, route)) => match by_pointer.get(operation.as_str()) {
                        Some(index) => drop(hit.insert(*index)),
                        None => missing = Some(route),
                    },
                    // A path item as a whole: what it holds is missing, or all of it is affected.
                    None => hit.extend(within(&by_pointer, pointer)),
                }
            }
            let effect = if missing.is_some() { Effect::Skipped } else { Effect::Degraded };
            // What is said of a missing operation cannot be about another one.
            if missing.is_some() && said.severity != Severity::Error {
                continue;
            }
            let shape = if told.len() < MOST_SHAPES { said.shape() } else { String::new() };
            let group = told.entry((effect, said.code, shape)).or_default();
            group.messages.insert(said.message.clone());
            match missing {
                Some(route) => drop(group.routes.insert(route)),
                None => {
                    group.operations.extend(hit);
                    group.types.extend(places(said).flat_map(|pointer| users.at(pointer)));
                }
            }
        }
        for group in told.values_mut() {
            group.operations.extend(users.of(&group.types));
            group.routes.extend(group.operations.iter().map(|index| api.operations[*index].route()));
            degraded.extend(&group.operations);
        }
        told.retain(|_, group| !group.routes.is_empty());
        let reasons = told.into_iter().map(|((effect, code, _), group)| group.into_reason(effect, code)).collect();
        let degraded = degraded.len();
        Self {
            full: api.operations.len() - degraded,
            degraded,
            skipped: api.skipped,
            unselected,
            types,
            types_only: false,
            reasons,
        }
    }

    /// Counts what became of the types of a document without operations.
    fn of_types(api: &Api, types: usize, diagnostics: &Diagnostics) -> Self {
        let known: BTreeSet<&str> = api.types.iter().map(|(_, ty)| ty.pointer.as_str()).collect();
        let mut told: BTreeMap<(Effect, Code, String), Grouped> = BTreeMap::new();
        let mut degraded: BTreeSet<String> = BTreeSet::new();
        for said in
            diagnostics.iter().filter(|said| said.severity <= Severity::Warning && !HARMLESS.contains(&said.code))
        {
            let around = |pointer: &Pointer| {
                let mut at = Some(pointer.clone());
                while let Some(pointer) = at {
                    if known.contains(pointer.as_str()) {
                        return Some(pointer.to_string());
                    }
                    at = pointer.parent();
                }
                None
            };
            let hit: BTreeSet<String> = places(said).filter_map(around).collect();
            if !hit.is_empty() {
                let group = told.entry((Effect::Degraded, said.code, said.shape())).or_default();
                group.routes.extend(hit.iter().cloned());
                group.messages.insert(said.message.clone());
                degraded.extend(hit);
            }
        }
        let reasons = told.into_iter().map(|((effect, code, _), group)| group.into_reason(effect, code)).collect();
        Self { degraded: degraded.len(), types, types_only: types > 0, reasons, ..Self::default() }
    }

    /// Every operation of the document.
    pub fn operations(&self) -> usize {
        self.full + self.degraded + self.skipped
    }

    /// `12 operations full, 3 degraded, 1 skipped; 40 types`, or `no operation, so types only: 40 types`
    pub fn line(&self) -> String {
        let Self { full, degraded, skipped, unselected, types, .. } = self;
        if self.types_only {
            let lost = if *degraded > 0 { format!(", {degraded} degraded") } else { String::new() };
            return format!("no operation, so types only: {types} types{lost}");
        }
        let unselected = if *unselected > 0 { format!(" ({unselected} not selected)") } else { String::new() };
        format!("{full} operations full, {degraded} degraded, {skipped} skipped{unselected}; {types} types")
    }

    /// The reasons, a line each: what became of which operations, and why. Empty where there is nothing to tell.
    pub fn render(&self) -> String {
        let mut text = String::new();
        for reason in &self.reasons {
            let Reason { effect, code, message, operations } = reason;
            let named = operations.iter().take(SHOWN).map(|route| crate::diagnostics::printable(route));
            let mut routes = named.collect::<Vec<_>>().join(", ");
            if operations.len() > SHOWN {
                let _ = write!(routes, " and {} more", operations.len() - SHOWN);
            }
            let message = crate::diagnostics::printable(message);
            let (word, count) = (effect.word(), operations.len());
            let _ = writeln!(text, "  {word:<8} {count:>4}  {code} {message}: {routes}");
        }
        text
    }
}

/// So many forms of messages are told apart; a document that says more of them is not read by people.
const MOST_SHAPES: usize = 500;

#[derive(Default)]
struct Grouped {
    /// What it was said about: operations, and types that operations may reach.
    operations: BTreeSet<usize>,
    types: BTreeSet<TypeId>,
    routes: BTreeSet<String>,
    messages: BTreeSet<String>,
}

impl Grouped {
    fn into_reason(self, effect: Effect, code: Code) -> Reason {
        let mut messages = self.messages.into_iter();
        let message = match (messages.next(), messages.next()) {
            (Some(only), None) => only,
            _ => code.info().title.to_owned(),
        };
        Reason { effect, code, message, operations: self.routes.into_iter().collect() }
    }
}

fn places(said: &Diagnostic) -> impl Iterator<Item = &Pointer> {
    // The other places of a diagnostic say where what is contradicted stands, which is not itself at fault.
    said.labels.first().into_iter().filter_map(|label| match &label.place {
        Place::Document(pointer, _) => Some(pointer),
        Place::Input(_) | Place::Part(..) | Place::Settings(_) | Place::File(_) => None,
    })
}

/// The pointer and the route of the operation that a place stands in.
fn operation_of(pointer: &Pointer) -> Option<(Pointer, String)> {
    if pointer.file().is_some() {
        return None;
    }
    let mut tokens = pointer.tokens();
    let (root, path, method) = (tokens.next()?, tokens.next()?, tokens.next()?);
    let mut operation = Pointer::root().join_all([root.as_ref(), path.as_ref(), method.as_ref()]);
    let method = match method.as_ref() {
        "additionalOperations" => {
            let method = tokens.next()?.into_owned();
            operation = operation.join(&method);
            method
        }
        "parameters" | "servers" | "summary" | "description" | "$ref" => return None,
        method => method.to_owned(),
    };
    (root == "paths").then(|| (operation, format!("{} {path}", method.to_uppercase())))
}

/// Which operations use what stands at a place.
struct Users<'a> {
    types: HashMap<&'a str, Vec<TypeId>>,
    /// Each type with one that it is a part of, in order.
    outer: Vec<(TypeId, TypeId)>,
    /// Each type with an operation that mentions it, in order.
    operations: Vec<(TypeId, usize)>,
}

impl<'a> Users<'a> {
    fn new(api: &'a Api) -> Self {
        let mut types: HashMap<&str, Vec<TypeId>> = HashMap::new();
        let mut outer = Vec::new();
        for (id, ty) in api.types.iter() {
            types.entry(ty.pointer.as_str()).or_default().push(api.types.standing(id));
            outer.extend(ty.shape.mentions().into_iter().map(|part| (part.ty, id)));
        }
        outer.sort_unstable();
        let mut operations: Vec<(TypeId, usize)> = Vec::new();
        for (index, operation) in api.operations.iter().enumerate() {
            operations.extend(operation.mentions().into_iter().map(|used| (used.ty, index)));
        }
        operations.sort_unstable();
        Self { types, outer, operations }
    }

    /// The innermost types around a place.
    fn at(&self, pointer: &Pointer) -> Vec<TypeId> {
        let mut at = Some(pointer.clone());
        while let Some(pointer) = at {
            if let Some(types) = self.types.get(pointer.as_str()) {
                return types.clone();
            }
            at = pointer.parent();
        }
        Vec::new()
    }

    /// The operations that reach any of some types.
    ///
    /// From the types outwards: what each operation reaches is, in some documents, the square of their size.
    fn of(&self, types: &BTreeSet<TypeId>) -> BTreeSet<usize> {
        let mut seen = types.clone();
        let mut open: Vec<TypeId> = types.iter().copied().collect();
        let mut operations = BTreeSet::new();
        while let Some(ty) = open.pop() {
            operations.extend(of_key(&self.operations, ty));
            open.extend(of_key(&self.outer, ty).filter(|outer| seen.insert(*outer)));
        }
        operations
    }
}

/// The values of a key, in a list of pairs that is in order.
fn of_key<V: Copy>(pairs: &[(TypeId, V)], key: TypeId) -> impl Iterator<Item = V> + '_ {
    let from = pairs.partition_point(|(known, _)| *known < key);
    pairs[from..].iter().take_while(move |(known, _)| *known == key).map(|(_, value)| *value)
}

/// Those that stand in a path item, where that is the place.
fn within(operations: &BTreeMap<&str, usize>, pointer: &Pointer) -> Vec<usize> {
    let mut tokens = pointer.tokens();
    let (Some(root), Some(path)) = (tokens.next(), tokens.next()) else { return Vec::new() };
    if root != "paths" {
        return Vec::new();
    }
    let item = format!("{}/", Pointer::root().join_all([root.as_ref(), path.as_ref()]).as_str());
    let from = operations.range(item.as_str()..);
    from.take_while(|(pointer, _)| pointer.starts_with(&item)).map(|(_, index)| *index).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::{self, Input};
    use crate::lower;

    fn summary(document: &str) -> Summary {
        let mut diagnostics = Diagnostics::new();
        let document = load::load(&Input::text("openapi.yaml", document), &mut diagnostics).unwrap();
        let api = lower::lower(&document, &mut diagnostics);
        Summary::new(&api, 0, 0, &diagnostics)
    }

    const DOCUMENT: &str = "
openapi: 3.1.0
info: {title: T, version: '1'}
paths:
  /direct:
    get: {responses: {'200': {description: ok, content: {application/json: {schema: {$ref: '#/components/schemas/Outer'}}}}}}
  /other:
    get: {responses: {'200': {description: ok, content: {application/json: {schema: {$ref: '#/components/schemas/Fine'}}}}}}
    post: {parameters: 3, responses: {'200': {description: ok}}}
components:
  schemas:
    Outer: {type: object, properties: {inner: {$ref: '#/components/schemas/Inner'}}}
    Inner: {type: object, properties: {missing: {$ref: '#/components/schemas/Nowhere'}}}
    Fine: {type: string}
";

    #[test]
    fn an_operation_that_reaches_a_degraded_type_is_degraded() {
        let summary = summary(DOCUMENT);
        assert_eq!((summary.full, summary.degraded, summary.skipped), (1, 1, 1), "{summary:?}");
        let told: Vec<_> =
            summary.reasons.iter().map(|reason| (reason.effect, reason.code, reason.operations.join(","))).collect();
        assert_eq!(told[0].0, Effect::Skipped);
        assert_eq!(told[0].2, "POST /other");
        assert_eq!(told[1], (Effect::Degraded, codes::DANGLING_REFERENCE, "GET /direct".to_owned()));
    }

    #[test]
    fn reasons_are_grouped_and_few_operations_named() {
        let path = |n: i32| format!("  /p{n}/{{x{n}}}: {{get: {{responses: {{'200': {{description: ok}}}}}}}}");
        let paths = (0..9).map(path).collect::<Vec<_>>().join("\n");
        let summary = summary(&format!("openapi: 3.1.0\ninfo: {{title: T, version: '1'}}\npaths:\n{paths}"));
        assert_eq!((summary.full, summary.degraded), (0, 9));
        let text = summary.render();
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(text.contains("GET /p0/{x0}, GET /p1/{x1}, GET /p2/{x2} and 6 more"), "{text}");
    }

    #[test]
    fn what_costs_nothing_is_no_degradation() {
        let summary = summary(
            "openapi: 3.1.0\ninfo: {title: T, version: '1'}\npaths: {/a: {get: {responces: {}, responses: {'200': {description: ok}}}}}",
        );
        assert_eq!((summary.full, summary.degraded), (1, 0), "{summary:?}");
    }
}
