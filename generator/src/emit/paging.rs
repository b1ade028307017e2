//! How are the further pages of an operation spelled?

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::rust_type::{Within, mention};
use super::text;
use crate::plan::{Holds, Ident, PagePlan, PageRule, PageSize, Plan};

/// The types of a call that goes on to further pages, and the last steps of its chain.
pub(super) fn paged(
    plan: &Plan,
    pages: &PagePlan,
    answer: &TokenStream,
    answering: &TokenStream,
) -> (TokenStream, TokenStream) {
    let item = mention(plan, &pages.item, Within::Operations);
    let rule = rule(&pages.rule);
    let items = match &pages.items {
        None => quote!(|page| Some(page)),
        Some((ident, optional)) => {
            let ident = text::ident(ident);
            if *optional { quote!(|page| page.#ident.as_mut()) } else { quote!(|page| Some(&mut page.#ident)) }
        }
    };
    let next = match &pages.last {
        Some(last) => behind_last(pages, last),
        None => next(&pages.next),
    };
    (quote!(#answer, Paged<#answer, #item>), quote!(#answering .paged(#rule, #items, #next)))
}

fn rule(rule: &PageRule) -> TokenStream {
    match rule {
        PageRule::Offset { parameter, size } => {
            let (parameter, size) = (text::literal(parameter), self::size(size));
            quote!(PageRule::Offset(#parameter, #size))
        }
        PageRule::Number { parameter, first, size } => {
            let (parameter, size) = (text::literal(parameter), self::size(size));
            let first = Literal::u64_unsuffixed(*first);
            quote!(PageRule::Number(#parameter, #first, #size))
        }
        PageRule::Cursor { parameter } => {
            let parameter = text::literal(parameter);
            quote!(PageRule::Cursor(#parameter))
        }
        PageRule::Address => quote!(PageRule::Address),
        PageRule::Link => quote!(PageRule::Link),
    }
}

fn size(size: &PageSize) -> TokenStream {
    let parameter = text::literal(size.parameter.as_deref().unwrap_or_default());
    let number = |number: Option<u64>| match number.map(Literal::u64_unsuffixed) {
        Some(number) => quote!(Some(#number)),
        None => quote!(None),
    };
    let (default, most) = (number(size.default), number(size.most));
    quote!(PageSize::new(#parameter, #default, #most))
}

/// What the last item of a page is called by, if there is more behind it.
fn behind_last(pages: &PagePlan, [more, id]: &[(Ident, Holds); 2]) -> TokenStream {
    let ident = text::ident(&more.0);
    let more = match more.1 {
        Holds::Always => quote!(page.#ident),
        Holds::Option => quote!(page.#ident.unwrap_or_default()),
        Holds::Nullable => quote!(page.#ident.value().copied().unwrap_or_default()),
    };
    let list = match &pages.items {
        None => quote!(page.last()),
        Some((ident, optional)) => {
            let ident = text::ident(ident);
            if *optional { quote!(page.#ident.as_ref()?.last()) } else { quote!(page.#ident.last()) }
        }
    };
    let ident = text::ident(&id.0);
    let id = match id.1 {
        Holds::Always => quote!(Some(item.#ident.to_string())),
        Holds::Option => quote!(item.#ident.as_ref().map(ToString::to_string)),
        Holds::Nullable => quote!(item.#ident.value().map(ToString::to_string)),
    };
    quote!(|page| {
        let item = #list.filter(|_| #more)?;
        #id
    })
}

/// What an answer says about the next page, as a text.
fn next(way: &[(Ident, Holds)]) -> TokenStream {
    if way.is_empty() {
        return quote!(|_| None);
    }
    let mut found: Option<TokenStream> = None;
    let mut place = quote!(page);
    for (at, (ident, holds)) in way.iter().enumerate() {
        let ident = text::ident(ident);
        place = quote!(#place.#ident);
        let last = at + 1 == way.len();
        let optional = match holds {
            Holds::Always if !last => continue,
            Holds::Always => None,
            Holds::Option => Some(quote!(#place.as_ref())),
            Holds::Nullable => Some(quote!(#place.value())),
        };
        found = Some(match (found, optional) {
            (None, None) => return quote!(|page| Some(#place.to_string())),
            (None, Some(optional)) => optional,
            (Some(found), None) => quote!(#found.map(|page| &#place)),
            (Some(found), Some(optional)) => quote!(#found.and_then(|page| #optional)),
        });
        place = quote!(page);
    }
    quote!(|page| #found.map(ToString::to_string))
}
