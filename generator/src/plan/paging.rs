//! Which operations answer in pages, and how does one get from page to page?
//!
//! By names that services agree upon, as the tables below have them; what they do not find, or find wrongly, `pages` of an operation
//! in `client.toml` says. A rule is taken only where everything that it needs is there with a fitting type.

use super::method_names::settings_of;
use super::names::Ident;
use super::rust::{self, RustType, TypePlan};
use crate::diagnostics::{Diagnostic, Diagnostics, codes};
use crate::ir::{Api, Content, Method, Operation, Parameter, ParameterLocation, Record, Shape, Use};
use crate::settings::{PageSettings, Settings};

/// How an operation is called for its pages.
#[derive(Debug, Clone)]
pub struct PagePlan {
    /// How the next page is asked for.
    pub rule: PageRule,
    /// The way from the answer to its items: nothing, or the field that holds them.
    pub items: Option<(Ident, bool)>,
    /// What each item is.
    pub item: RustType,
    /// What the answer says about the next page: the fields on the way there.
    pub next: Vec<(Ident, Holds)>,
    /// Where the next page begins behind the last item of this one: whether there is more, and what the item is called by.
    pub last: Option<[(Ident, Holds); 2]>,
    /// What is said about it in words.
    pub said: String,
}

/// How a field holds its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Holds {
    Always,
    Option,
    Nullable,
}

/// How a next page is asked for; the names are those on the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum PageRule {
    /// By how many items to pass over.
    Offset { parameter: String, size: PageSize },
    /// By the number of the page.
    Number { parameter: String, first: u64, size: PageSize },
    /// By what the answer says.
    Cursor { parameter: String },
    /// By an address that the answer says.
    Address,
    /// By an address in the header `Link`.
    Link,
}

/// What is known of the size of pages.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct PageSize {
    pub parameter: Option<String>,
    pub default: Option<u64>,
    pub most: Option<u64>,
}

const OFFSETS: [&str; 3] = ["offset", "skip", "startat"];
const NUMBERS: [&str; 4] = ["page", "pagenumber", "pageno", "pagenum"];
const SIZES: [&str; 11] = [
    "limit",
    "pagesize",
    "perpage",
    "size",
    "count",
    "top",
    "take",
    "maxresults",
    "maxitems",
    "resultsperpage",
    "itemsperpage",
];
const CURSORS: [&str; 10] = [
    "cursor",
    "pagetoken",
    "nexttoken",
    "nextpagetoken",
    "continuationtoken",
    "nextcursor",
    "pagecursor",
    "paginationtoken",
    "after",
    "marker",
];
/// Parameters that take the identifier of the last item that is known.
const LAST_ITEMS: [&str; 2] = ["startingafter", "after"];
const NEXT_CURSORS: [&str; 9] = [
    "nextcursor",
    "nextpagetoken",
    "nexttoken",
    "continuationtoken",
    "nextpagecursor",
    "nextcontinuationtoken",
    "endcursor",
    "nextmarker",
    "paginationtoken",
];
const NEXT_ADDRESSES: [&str; 7] =
    ["next", "nexturl", "nextlink", "nextpageurl", "nextpageuri", "nexthref", "odatanextlink"];
const HOLDERS: [&str; 9] =
    ["pagination", "paging", "meta", "metadata", "pageinfo", "page", "links", "responsemetadata", "cursors"];
const ITEMS: [&str; 12] = [
    "items", "data", "results", "records", "entries", "values", "list", "content", "objects", "rows", "hits",
    "elements",
];
const NO_ITEMS: [&str; 4] = ["errors", "warnings", "messages", "links"];

/// The pages of an operation, if it has any.
pub(super) fn of_operation(
    api: &Api,
    settings: &Settings,
    types: &[TypePlan],
    operation: &Operation,
    diagnostics: &mut Diagnostics,
) -> Option<PagePlan> {
    let setting = settings_of(settings, operation).and_then(|setting| setting.pages.as_ref());
    let stated = match setting {
        Some((PageSettings::None, _)) => return None,
        Some((stated, span)) => Some((stated, span)),
        None => None,
    };
    let found = Finder { api, types, operation }.find(stated.map(|(stated, _)| stated));
    if let (None, Some((_, span))) = (&found, stated) {
        diagnostics.push(
            Diagnostic::error(codes::SETTINGS_UNMATCHED, format!("`{}` has no such pages", operation.route()))
                .at_settings(span, "said here")
                .help("`items` and `next` name fields of its one JSON answer, `parameter` and `size` parameters of its query"),
        );
    }
    found
}

struct Finder<'a> {
    api: &'a Api,
    types: &'a [TypePlan],
    operation: &'a Operation,
}

impl Finder<'_> {
    fn find(&self, stated: Option<&PageSettings>) -> Option<PagePlan> {
        let operation = self.operation;
        if stated.is_none() && operation.method != Method::Get || operation.streamed.is_some() {
            return None;
        }
        let answer = match operation.successes().as_slice() {
            [only] => match only.content {
                Content::Json(used) => used,
                _ => return None,
            },
            _ => return None,
        };
        let stated = match stated {
            Some(PageSettings::Stated(stated)) => Some(stated),
            _ => None,
        };
        let (items, item) = self.items(answer, stated.and_then(|stated| stated.items.as_deref()))?;
        let next_names = stated.and_then(|stated| stated.next.as_deref());
        let parameter = |names: &[&str], whole: bool| match stated.and_then(|stated| stated.parameter.as_deref()) {
            Some(name) => self.query().find(|parameter| parameter.name == name),
            None => names.iter().find_map(|name| {
                self.query()
                    .find(|parameter| plain(&parameter.name) == *name && self.is_number(parameter.used) == whole)
            }),
        };
        let size = || self.size(stated.and_then(|stated| stated.size.as_deref()));
        let wanted = |by: &str| stated.and_then(|stated| stated.by.as_deref()).is_none_or(|said| said == by);
        let with = |rule, next: Vec<(Ident, Holds)>, said: String| {
            let items = items.as_ref().map(|(_, ident, optional)| (ident.clone(), *optional));
            Some(PagePlan { rule, items, item: item.clone(), next, last: None, said })
        };
        let within = items.as_ref().map_or_else(String::new, |(name, ..)| format!("; the items are in `{name}`"));
        if let Some(parameter) = parameter(&CURSORS, false).filter(|_| wanted("cursor")) {
            let own = plain(&parameter.name);
            let mut names: Vec<&str> = NEXT_CURSORS.to_vec();
            names.extend(["next", own.as_str()]);
            if let Some((path, next)) = self.next(answer, next_names, &names) {
                let said = format!("by `{}`, as `{path}` of the page before says{within}", parameter.name);
                return with(PageRule::Cursor { parameter: parameter.name.clone() }, next, said);
            }
        }
        if let (Some(parameter), Some((more, last)), None) = (
            parameter(&LAST_ITEMS, false).filter(|_| wanted("cursor")),
            self.last_item(answer, items.as_ref()),
            next_names,
        ) {
            let said = format!("by `{}`, the `id` of the last item, while `{more}` says so{within}", parameter.name);
            let found = with(PageRule::Cursor { parameter: parameter.name.clone() }, Vec::new(), said);
            return found.map(|found| PagePlan { last: Some(last), ..found });
        }
        if let Some((path, next)) = self.next(answer, next_names, &NEXT_ADDRESSES).filter(|_| wanted("address")) {
            let cursor = parameter(&CURSORS, false).is_some() && stated.is_none();
            if !cursor {
                return with(PageRule::Address, next, format!("at the address in `{path}`{within}"));
            }
        }
        if (operation.link_header && wanted("link"))
            || stated.is_some_and(|stated| stated.by.as_deref() == Some("link"))
        {
            return with(PageRule::Link, Vec::new(), format!("at the address in the header `Link`{within}"));
        }
        if let Some(found) = parameter(&OFFSETS, true).filter(|_| wanted("offset")) {
            let rule = PageRule::Offset { parameter: found.name.clone(), size: size() };
            return with(rule, Vec::new(), format!("by `{}`, which counts items{within}", found.name));
        }
        if let Some(found) = parameter(&NUMBERS, true).filter(|_| wanted("page")) {
            let first = found.docs.default.as_ref().and_then(serde_json::Value::as_u64);
            let first = first.or_else(|| bound(found, "at least")).filter(|first| *first <= 1).unwrap_or(1);
            let rule = PageRule::Number { parameter: found.name.clone(), first, size: size() };
            return with(rule, Vec::new(), format!("by `{}`, which counts pages{within}", found.name));
        }
        None
    }

    fn query(&self) -> impl Iterator<Item = &Parameter> {
        self.operation.parameters.iter().filter(|parameter| parameter.location == ParameterLocation::Query)
    }

    fn is_number(&self, used: Use) -> bool {
        let shape = &self.api.types.get(self.api.types.resolve(used).ty).shape;
        matches!(shape, Shape::Integer(_) | Shape::Number(_))
    }

    fn size(&self, stated: Option<&str>) -> PageSize {
        let found = match stated {
            Some(name) => self.query().find(|parameter| parameter.name == name),
            None => SIZES.iter().find_map(|name| {
                self.query().find(|parameter| plain(&parameter.name) == *name && self.is_number(parameter.used))
            }),
        };
        found.map_or_else(PageSize::default, |parameter| PageSize {
            parameter: Some(parameter.name.clone()),
            default: parameter.docs.default.as_ref().and_then(serde_json::Value::as_u64),
            most: bound(parameter, "at most"),
        })
    }

    /// The list in an answer: the answer itself, its one field that is a list, or the one by a customary name.
    #[allow(clippy::type_complexity)]
    fn items(&self, answer: Use, stated: Option<&str>) -> Option<(Option<(String, Ident, bool)>, RustType)> {
        let end = self.api.types.resolve(answer);
        if end.nullable || self.types[answer.ty.index()].opaque {
            return None;
        }
        let list = |used: Use| {
            let end = self.api.types.resolve(used).ty;
            match &self.api.types.get(end).shape {
                Shape::List(item) if !self.types[used.ty.index()].opaque => {
                    Some(rust::answer(self.api, self.types, *item))
                }
                _ => None,
            }
        };
        match (&self.api.types.get(end.ty).shape, stated) {
            (Shape::List(_), None) => Some((None, list(answer)?)),
            (Shape::Record(record), stated) => {
                let plan = &self.types[end.ty.index()];
                let lists: Vec<(String, Ident, bool, RustType)> = record
                    .fields
                    .iter()
                    .zip(&plan.fields)
                    .filter_map(|(field, planned)| {
                        let optional = matches!(planned.ty, RustType::Option(_));
                        let plain = !matches!(planned.ty, RustType::Nullable(_) | RustType::Own(_));
                        let item = list(field.used).filter(|_| plain)?;
                        Some((field.name.clone(), planned.ident.clone(), optional, item))
                    })
                    .collect();
                let last = self.operation.path.rsplit('/').find(|step| !step.is_empty() && !step.contains('{'));
                let last = plain(last.unwrap_or_default());
                let known = |name: &str| !NO_ITEMS.contains(&plain(name).as_str());
                let chosen = match (stated, lists.as_slice()) {
                    (Some(stated), lists) => lists.iter().find(|(name, ..)| name == stated),
                    (None, [only]) if known(&only.0) => Some(only),
                    (None, lists) => {
                        let by_name = |wanted: &str| lists.iter().find(|(name, ..)| plain(name) == wanted);
                        ITEMS.iter().find_map(|name| by_name(name)).or_else(|| by_name(&last))
                    }
                }?;
                let (name, ident, optional, item) = chosen.clone();
                Some((Some((name, ident, optional)), item))
            }
            _ => None,
        }
    }

    /// The way to a text or a number that says where the next page is: a field of the answer, or of a customary part of it.
    fn next(&self, answer: Use, stated: Option<&str>, names: &[&str]) -> Option<(String, Vec<(Ident, Holds)>)> {
        if let Some(stated) = stated {
            let mut used = answer;
            let mut way = Vec::new();
            for step in stated.split('.') {
                let (ident, optional, inner) = self.field(used, |name| name == step)?;
                way.push((ident, optional));
                used = inner;
            }
            return self.is_place(used).then(|| (stated.to_owned(), way));
        }
        for wanted in names {
            if let Some((name, ident, optional, used)) = self.named_field(answer, wanted)
                && self.is_place(used)
            {
                return Some((name, vec![(ident, optional)]));
            }
        }
        for holder in HOLDERS {
            let Some((outer, ident, optional, used)) = self.named_field(answer, holder) else { continue };
            for wanted in names.iter().copied().chain(["next"]) {
                if let Some((name, inner, may_miss, used)) = self.named_field(used, wanted)
                    && self.is_place(used)
                {
                    return Some((format!("{outer}.{name}"), vec![(ident, optional), (inner, may_miss)]));
                }
            }
        }
        None
    }

    /// Whether an answer says that there is more, and whether its items have identifiers.
    fn last_item(&self, answer: Use, items: Option<&(String, Ident, bool)>) -> Option<(String, [(Ident, Holds); 2])> {
        let (list, ..) = items?;
        let (name, ident, holds, used) = self.named_field(answer, "hasmore")?;
        let truth = |used: Use| self.api.types.get(self.api.types.resolve(used).ty).shape == Shape::Boolean;
        let listed = self.record(answer)?.fields.iter().find(|field| field.name == *list)?;
        let Shape::List(item) = self.api.types.get(self.api.types.resolve(listed.used).ty).shape else { return None };
        let (id, known, place) = self.field(item, |name| name == "id")?;
        (truth(used) && self.is_place(place)).then_some((name, [(ident, holds), (id, known)]))
    }

    fn named_field(&self, used: Use, wanted: &str) -> Option<(String, Ident, Holds, Use)> {
        let record = self.record(used)?;
        let name = record.fields.iter().map(|field| &field.name).find(|name| plain(name) == wanted)?;
        let (ident, optional, used) = self.field(used, |known| known == name)?;
        Some((name.clone(), ident, optional, used))
    }

    /// A field, and how it holds its value.
    fn field(&self, used: Use, is: impl Fn(&str) -> bool) -> Option<(Ident, Holds, Use)> {
        let record = self.record(used)?;
        let plan = &self.types[self.api.types.resolve(used).ty.index()];
        let (field, planned) = record.fields.iter().zip(&plan.fields).find(|(field, _)| is(&field.name))?;
        let holds = match &planned.ty {
            RustType::Nullable(_) => Holds::Nullable,
            RustType::Option(_) => Holds::Option,
            _ => Holds::Always,
        };
        Some((planned.ident.clone(), holds, field.used))
    }

    fn record(&self, used: Use) -> Option<&Record> {
        let end = self.api.types.resolve(used).ty;
        match &self.api.types.get(end).shape {
            Shape::Record(record) if !self.types[end.index()].opaque => Some(record),
            _ => None,
        }
    }

    fn is_place(&self, used: Use) -> bool {
        let end = self.api.types.resolve(used).ty;
        let plain = matches!(
            self.types[end.index()].resolved,
            RustType::String | RustType::I32 | RustType::I64 | RustType::U32 | RustType::U64
        );
        plain && !self.types[end.index()].opaque
    }
}

/// A name without what people write differently: `page[size]`, `page_size`, `pageSize` and `$pageSize` are one.
fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|character| character.to_ascii_lowercase()).collect()
}

/// A bound of a parameter, as its documentation has it.
fn bound(parameter: &Parameter, word: &str) -> Option<u64> {
    parameter.docs.bounds.iter().find_map(|bound| bound.strip_prefix(word)?.trim().parse().ok())
}
