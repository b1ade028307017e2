//! How is a type mentioned?

use std::collections::BTreeSet;

use proc_macro2::{Spacing, TokenStream, TokenTree};
use quote::quote;

use super::text;
use crate::plan::{Adapter, Derives, Plan, RustType, TypePlan};

/// Where a mention stands, which decides how types of the crate are reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Within {
    /// In `types` itself.
    Types,
    /// In a file of operations.
    Operations,
}

/// A mention of a type.
pub(super) fn mention(plan: &Plan, ty: &RustType, within: Within) -> TokenStream {
    let inner = |ty: &RustType| mention(plan, ty, within);
    match ty {
        RustType::Unit => quote!(()),
        RustType::Bool => quote!(bool),
        RustType::I32 => quote!(i32),
        RustType::I64 => quote!(i64),
        RustType::U32 => quote!(u32),
        RustType::U64 => quote!(u64),
        RustType::F32 => quote!(f32),
        RustType::F64 => quote!(f64),
        RustType::Decimal => quote!(rust_decimal::Decimal),
        RustType::String => quote!(String),
        RustType::Secret => quote!(Secret),
        RustType::Timestamp => quote!(jiff::Timestamp),
        RustType::Date => quote!(jiff::civil::Date),
        RustType::Uuid => quote!(uuid::Uuid),
        RustType::Bytes => quote!(Vec<u8>),
        RustType::Json => quote!(serde_json::Value),
        RustType::Own(path) => text::path(path),
        RustType::Named(id) => {
            let name = plan.types[id.index()].name.as_ref().map(text::ident);
            match within {
                Within::Types => quote!(#name),
                Within::Operations => quote!(types::#name),
            }
        }
        RustType::List(item) => {
            let item = inner(item);
            quote!(Vec<#item>)
        }
        RustType::Tuple(items) => {
            let items = items.iter().map(inner);
            quote!((#(#items,)*))
        }
        RustType::Map(value) => {
            let value = inner(value);
            quote!(BTreeMap<String, #value>)
        }
        RustType::Option(value) => {
            let value = inner(value);
            quote!(Option<#value>)
        }
        RustType::Nullable(value) => {
            let value = inner(value);
            quote!(Nullable<#value>)
        }
        RustType::Boxed(value) => {
            let value = inner(value);
            quote!(Box<#value>)
        }
    }
}

/// Exactly the imports that a file of operations needs, of those that generated code spells short.
pub(super) fn imports(body: &TokenStream) -> TokenStream {
    let words = words(body);
    let pick = |names: &[&str]| -> Vec<proc_macro2::Ident> {
        names.iter().filter(|name| words.contains(**name)).map(|name| text::name(name)).collect()
    };
    let facade = pick(&[
        "DocumentedHeaders",
        "FailedReply",
        "Failure",
        "Framing",
        "HeaderReader",
        "JsonText",
        "Method",
        "Operation",
        "PageRule",
        "PageSize",
        "Reply",
        "Request",
        "ServerEvent",
        "Style",
        "Webhook",
        "json",
    ]);
    let root = pick(&["Accept", "Body", "Call", "Download", "Events", "Items", "Nullable", "Paged", "Part", "Secret"]);
    let map = words.contains("BTreeMap").then(|| {
        quote!(
            use std::collections::BTreeMap;
        )
    });
    let types = words.contains("types").then(|| {
        quote!(
            use super::types;
        )
    });
    let xml = words.contains("xml").then(|| {
        quote!(
            use super::xml;
        )
    });
    let facade = import(&quote!(sinew_runtime::generated), &facade);
    let root = import(&quote!(sinew_runtime), &root);
    quote!(#map #facade #root #types #xml)
}

/// How many methods are called in one expression.
const LONGEST_CHAIN: usize = 100;

/// Methods called one after the other. Each is an expression around all before it, and the compiler goes that deep; so from some
/// number on they are several.
pub(super) fn chain(on: &TokenStream, calls: &[TokenStream]) -> TokenStream {
    let last = calls.len() - calls.len().saturating_sub(1) / LONGEST_CHAIN * LONGEST_CHAIN;
    let (before, last) = calls.split_at(calls.len() - last);
    let mut steps = before.chunks(LONGEST_CHAIN);
    match steps.next() {
        None => quote!(#on #(#last)*),
        Some(first) => {
            let steps = steps.map(|calls| quote!(let made = made #(#calls)*;));
            quote!({ let made = #on #(#first)*; #(#steps)* made #(#last)* })
        }
    }
}

/// A borrowed value of which only its own serialisation knows how it is written.
pub(super) fn serialized(value: &TokenStream) -> TokenStream {
    quote!(&sinew_runtime::generated::Serialized(#value))
}

pub(super) fn import(from: &TokenStream, names: &[proc_macro2::Ident]) -> Option<TokenStream> {
    match names {
        [] => None,
        [only] => Some(quote!(use #from::#only;)),
        several => Some(quote!(use #from::{#(#several),*};)),
    }
}

/// The identifiers in a stream that begin a path: those behind `::` or `.` are reached by what stands before, and one in small
/// letters that nothing is reached through is a name of the document's.
fn words(tokens: &TokenStream) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    collect(tokens.clone(), &mut words);
    words
}

fn collect(tokens: TokenStream, words: &mut BTreeSet<String>) {
    let mut reached = false;
    let mut colon = false;
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Ident(_) if reached => reached = false,
            TokenTree::Ident(ident) => {
                let ident = ident.to_string();
                let path = |mark: &proc_macro2::Punct| mark.as_char() == ':' && mark.spacing() == Spacing::Joint;
                let through = matches!(tokens.peek(), Some(TokenTree::Punct(mark)) if path(mark));
                if through || !ident.starts_with(char::is_lowercase) {
                    words.insert(ident);
                }
            }
            TokenTree::Punct(mark) => {
                // `a::b` comes as a joined and a lone colon, `a: b` as a lone one.
                reached = mark.as_char() == '.' || (mark.as_char() == ':' && colon);
                colon = mark.as_char() == ':' && mark.spacing() == Spacing::Joint;
            }
            TokenTree::Group(group) => {
                collect(group.stream(), words);
                reached = false;
            }
            TokenTree::Literal(_) => reached = false,
        }
    }
}

/// The module of the runtime that writes and reads such values.
pub(super) fn adapter(adapter: Adapter) -> &'static str {
    match adapter {
        Adapter::Timestamp => "timestamp",
        Adapter::NaiveUtc => "naive_utc",
        Adapter::Base64 => "base64",
        Adapter::Base64Url => "base64url",
        Adapter::DecimalNumber => "decimal_number",
        Adapter::DecimalText => "decimal_text",
        Adapter::Present => "present",
    }
}

/// The traits that a type derives because it was asked to.
pub(super) fn asked(derives: Derives) -> TokenStream {
    let eq = derives.eq.then(|| quote!(, Eq));
    let hash = derives.hash.then(|| quote!(, Hash));
    let ord = derives.ord.then(|| quote!(, PartialOrd, Ord));
    quote!(#eq #hash #ord)
}

/// What lets a type be written as a parameter, where it is one.
pub(super) fn json_parameter(planned: &TypePlan, ident: &proc_macro2::Ident) -> Option<TokenStream> {
    planned.parameter.then(|| quote!(sinew_runtime::generated::json_parameter!(#ident);))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_of_any_length_is_made_of_short_ones_and_loses_nothing() {
        for count in [0, 1, LONGEST_CHAIN, LONGEST_CHAIN + 1, 2 * LONGEST_CHAIN, 3 * LONGEST_CHAIN + 7] {
            let calls: Vec<_> = (0..count).map(|at| quote!(.call(#at))).collect();
            let spelled = chain(&quote!(start()), &calls).to_string();
            let steps: Vec<usize> = spelled.split(';').map(|step| step.matches(". call").count()).collect();
            assert_eq!(steps.iter().sum::<usize>(), count, "{spelled}");
            // A `let` that only gives back what it bound is no step.
            assert!(steps.iter().all(|&step| step <= LONGEST_CHAIN && (step > 0 || count == 0)), "{steps:?}");
        }
    }
}
