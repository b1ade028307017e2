//! How are the types defined?

use std::collections::BTreeSet;

use proc_macro2::TokenStream;
use quote::quote;

use super::docs::said;
use super::draft::{Draft, Piece};
use super::rust_type::{Within, import, mention};
use super::{enumerations, features, format, forms, records, scalars, text, unions};
use crate::ir::{Api, Listed, Shape, Type, TypeId};
use crate::plan::{FormFieldPlan, Ident, Plan, RustType, TypeFile, TypePlan};

/// How many definitions are spelled at once.
const PIECE: usize = 64;

/// The files of the types: `src/client/types.rs`, and beside it those that it is divided into.
pub(super) fn files<'a>(api: &'a Api, plan: &'a Plan) -> Vec<Draft<'a>> {
    let title = text::first_paragraph(api.called());
    let root = "src/client/types.rs";
    if let [TypeFile { ident: None, .. }] = plan.type_files.as_slice() {
        let pieces = pieces(api, plan, &plan.type_files[0], format!("The types of {title}."));
        return vec![Draft::new(root, pieces)];
    }
    let table = move || {
        let modules: Vec<_> = plan.type_files.iter().filter_map(|file| file.ident.as_ref()).map(text::ident).collect();
        let when: Vec<_> = plan.type_files.iter().map(|file| features::needed_by(plan, &file.needed)).collect();
        let divided = match plan.features {
            Some(_) => "a file for all that the same groups of operations need",
            None => "a file for each group of operations",
        };
        let docs = text::inner_doc(&format!("The types of {title}, {divided}."));
        format::unparsed(quote!(#docs #(#when mod #modules;)* #(#when pub use #modules::*;)*))
    };
    let mut files = vec![Draft::whole(root, table)];
    for divided in &plan.type_files {
        let Some(ident) = &divided.ident else { continue };
        let docs = match &divided.group {
            Some(group) => format!("The types of {}.", text::code(group)),
            None => "The types that several groups of operations share.".to_owned(),
        };
        let path = format!("src/client/types/{}.rs", ident.plain());
        files.push(Draft::new(path, pieces(api, plan, divided, docs)));
    }
    files
}

/// A file of types: its head, and then one definition after another. Each is laid out before the next is made: tokens take a
/// hundred times the room of their text.
fn pieces<'a>(api: &'a Api, plan: &'a Plan, file: &'a TypeFile, docs: String) -> Vec<Piece<'a>> {
    let head = move || {
        let docs = text::inner_doc(&docs);
        let (imports, lints) = (imports(api, plan, file), text::lints());
        format::unparsed(quote! {
            #docs
            #lints
            #imports
        })
    };
    let mut pieces: Vec<Piece<'a>> = vec![Box::new(head)];
    pieces.extend(file.definitions.chunks(PIECE).map(|ids| -> Piece<'a> {
        let definition = |id: &TypeId| definition(api, plan, api.types.get(*id), &plan.types[id.index()]);
        Box::new(move || ids.iter().map(|id| format::unparsed(definition(id))).collect())
    }));
    pieces.push(Box::new(move || forms::forms(api, plan, file).into_iter().map(format::unparsed).collect()));
    pieces
}

/// What the definitions use. A variant may bear the name of any of these, so the plan is asked and not the tokens.
fn imports(api: &Api, plan: &Plan, file: &TypeFile) -> TokenStream {
    let mut used: Vec<&RustType> = Vec::new();
    let mut maps = false;
    let mut secrets = false;
    for id in &file.definitions {
        let planned = &plan.types[id.index()];
        used.extend(planned.fields.iter().map(|field| &field.ty));
        // What is empty by default has no constant.
        let defaults = planned.fields.iter().filter_map(|field| field.default.as_ref());
        used.extend(defaults.filter(|default| default.constant.is_some()).map(|default| &default.ty));
        used.extend(planned.union.iter().flat_map(|union| &union.arms).map(|arm| &arm.ty));
        used.extend(planned.sent_back.iter().map(|how| &how.from));
        used.extend(planned.rest.iter().map(|(_, ty)| ty));
        maps |= planned.rest.is_some();
        if planned.own.is_some() {
            continue;
        }
        match &api.types.get(*id).shape {
            Shape::List(item) => used.push(&plan.types[item.ty.index()].mention),
            Shape::Map(value) => {
                maps = true;
                used.push(&plan.types[value.ty.index()].mention);
            }
            Shape::Tuple(_) => used.extend(&planned.alias),
            Shape::Alias(target) => used.push(&plan.types[target.ty.index()].mention),
            Shape::Text(crate::ir::TextKind::Secret) => secrets = true,
            _ => {}
        }
    }
    let forms = file.forms.iter().filter_map(|position| plan.calls[*position].body.as_ref()?.form.as_ref());
    let forms: Vec<_> = forms.collect();
    let fields: Vec<&FormFieldPlan> = forms.iter().flat_map(|(_, fields)| fields).collect();
    used.extend(fields.iter().filter_map(|field| field.ty.as_ref()));
    let any = |test: fn(&RustType) -> bool| used.iter().any(|ty| ty.holds(test));
    let mut root = Vec::new();
    for (wanted, name) in [
        (any(|ty| matches!(ty, RustType::Nullable(_))), "Nullable"),
        (fields.iter().any(|field| field.ty.is_none()), "Part"),
        (secrets || any(|ty| matches!(ty, RustType::Secret)), "Secret"),
    ] {
        if wanted {
            root.push(text::name(name));
        }
    }
    let maps = (maps || any(|ty| matches!(ty, RustType::Map(_)))).then(|| {
        quote!(
            use std::collections::BTreeMap;
        )
    });
    let mut facade = Vec::new();
    if !forms.is_empty() {
        facade.push(text::name("FormData"));
    }
    let json = file.definitions.iter().any(|id| {
        let own = plan.types[id.index()].own.is_some();
        !own && matches!(api.types.get(*id).shape, Shape::Record(_) | Shape::Union(_))
    });
    if json {
        facade.push(text::name("json"));
    }
    let facade = import(&quote!(sinew_runtime::generated), &facade);
    let root = import(&quote!(sinew_runtime), &root);
    let others = others(plan, file, &used);
    quote!(#others #maps #facade #root)
}

/// The types of other files that are used in this one.
fn others(plan: &Plan, file: &TypeFile, used: &[&RustType]) -> Option<TokenStream> {
    file.ident.as_ref()?;
    let mut named = BTreeSet::new();
    for ty in used {
        ty.each_named(&mut |id| {
            named.insert(id);
        });
    }
    for id in &file.definitions {
        named.remove(id);
    }
    let mut names: Vec<&Ident> = named.into_iter().filter_map(|id| plan.types[id.index()].name.as_ref()).collect();
    names.sort();
    let names: Vec<_> = names.into_iter().map(text::ident).collect();
    import(&quote!(super), &names)
}

fn definition(api: &Api, plan: &Plan, ty: &Type, planned: &TypePlan) -> TokenStream {
    let Some(name) = &planned.name else { return TokenStream::new() };
    let docs = type_docs(ty);
    if let Some(own) = &planned.own {
        let (name, own) = (text::ident(name), text::path(own));
        return quote!(#docs pub type #name = #own;);
    }
    match &ty.shape {
        Shape::Record(_) => records::record(plan, ty, planned, name, &docs),
        Shape::Enumeration(listed) if listed.listed == Listed::Integers => {
            scalars::integers(planned, listed, name, &docs)
        }
        Shape::Enumeration(listed) if listed.listed == Listed::Values => scalars::values(planned, listed, name, &docs),
        Shape::Enumeration(listed) => match &planned.unknown {
            Some(unknown) => enumerations::open(planned, listed, name, unknown, &docs),
            None => enumerations::closed(planned, listed, name, &docs),
        },
        Shape::Union(_) => match &planned.union {
            Some(union) => unions::union(plan, planned, union, name, &docs),
            None => TokenStream::new(),
        },
        _ => {
            let name = text::ident(name);
            let target = alias_target(api, plan, ty, planned);
            quote!(#docs pub type #name = #target;)
        }
    }
}

/// What an alias stands for: the type without the name that is being defined.
fn alias_target(api: &Api, plan: &Plan, ty: &Type, planned: &TypePlan) -> TokenStream {
    let used = |used: crate::ir::Use| {
        let target = &plan.types[used.ty.index()];
        let nullable = api.types.resolve(used).nullable && !matches!(target.mention, RustType::Json | RustType::Unit);
        let bare = mention(plan, &target.mention, Within::Types);
        if nullable { quote!(Option<#bare>) } else { bare }
    };
    match &ty.shape {
        Shape::List(item) => {
            let item = used(*item);
            quote!(Vec<#item>)
        }
        Shape::Map(value) => {
            let value = used(*value);
            quote!(BTreeMap<String, #value>)
        }
        Shape::Tuple(_) => mention(plan, planned.alias.as_ref().unwrap_or(&RustType::Json), Within::Types),
        Shape::Alias(target) => mention(plan, &plan.types[target.ty.index()].mention, Within::Types),
        shape => mention(plan, &RustType::of_plain(shape), Within::Types),
    }
}

fn type_docs(ty: &Type) -> TokenStream {
    let mut lines = said(&ty.docs);
    if lines.is_empty() {
        lines.push(match &ty.shape {
            Shape::Record(_) => "An object.".to_owned(),
            Shape::Enumeration(listed) if listed.is_constant() => "A constant.".to_owned(),
            Shape::Enumeration(listed) => match listed.listed {
                Listed::Words => "One of several words.".to_owned(),
                Listed::Integers => "One of several numbers.".to_owned(),
                Listed::Values => "One of several values.".to_owned(),
            },
            Shape::Union(_) => "One of several types.".to_owned(),
            _ => "A value under a name of its own.".to_owned(),
        });
    }
    let place = text::code(&ty.pointer.to_string());
    lines.push(match ty.elsewhere {
        0 => format!("Defined at {place}."),
        1 => format!("Defined at {place} and in one other place."),
        others => format!("Defined at {place} and in {others} other places."),
    });
    text::doc(&lines.join("\n\n"))
}
