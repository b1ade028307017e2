//! How is it spelled that what was answered becomes what is sent?

use proc_macro2::TokenStream;
use quote::quote;

use super::rust_type::{Within, mention};
use super::text;
use crate::plan::{Conversion, Plan, Presence, TypePlan};

/// The conversion of a record.
pub(super) fn record(plan: &Plan, planned: &TypePlan, ident: &proc_macro2::Ident) -> Option<TokenStream> {
    let how = planned.sent_back.as_ref()?;
    let fields = planned.fields.iter().zip(&how.parts).map(|(field, part)| {
        let name = text::ident(&field.ident);
        match (part, field.presence) {
            (Some((had, part)), _) => {
                let had = text::ident(had);
                let value = converted(part, &quote!(value.#had));
                quote!(#name: #value)
            }
            (None, Presence::Optional) => quote!(#name: None),
            (None, Presence::OptionalNullable) => quote!(#name: Nullable::Absent),
            (None, _) => quote!(#name: Default::default()),
        }
    });
    let rest = planned.rest.as_ref().zip(how.rest.as_ref()).map(|((rest, _), had)| {
        let (rest, had) = (text::ident(rest), text::ident(had));
        quote!(#rest: value.#had)
    });
    // Nothing that is sent may have been answered.
    let used = rest.is_some() || how.parts.iter().any(Option::is_some);
    let fields: Vec<_> = fields.chain(rest).collect();
    let value = if used { quote!(value) } else { quote!(_) };
    Some(implementation(plan, planned, ident, &value, &quote!(Self { #(#fields),* })))
}

/// The conversion of a union.
pub(super) fn union(plan: &Plan, planned: &TypePlan, ident: &proc_macro2::Ident) -> Option<TokenStream> {
    let (how, union) = planned.sent_back.as_ref().zip(planned.union.as_ref())?;
    let from = mention(plan, &how.from, Within::Types);
    let arms = union.arms.iter().zip(how.parts.iter().flatten()).map(|(arm, (had, part))| {
        let (variant, had) = (text::ident(&arm.ident), text::ident(had));
        let value = converted(part, &quote!(value));
        quote!(#from::#had(value) => Self::#variant(#value),)
    });
    let unknown = union.unknown.as_ref().map(|unknown| {
        let unknown = text::ident(unknown);
        quote!(#from::#unknown(value) => Self::#unknown(value),)
    });
    Some(implementation(plan, planned, ident, &quote!(value), &quote!(match value { #(#arms)* #unknown })))
}

fn implementation(
    plan: &Plan,
    planned: &TypePlan,
    ident: &proc_macro2::Ident,
    value: &TokenStream,
    body: &TokenStream,
) -> TokenStream {
    let from = planned.sent_back.as_ref().map(|how| mention(plan, &how.from, Within::Types));
    quote! {
        /// What was answered, to be sent back: without what only the service sets.
        impl From<#from> for #ident {
            #[inline]
            fn from(#value: #from) -> Self {
                #body
            }
        }
    }
}

fn converted(how: &Conversion, value: &TokenStream) -> TokenStream {
    let mapped = |inner: &Conversion| match inner {
        Conversion::Into => quote!(Into::into),
        inner => {
            let inner = converted(inner, &quote!(value));
            quote!(|value| #inner)
        }
    };
    match how {
        Conversion::Same => value.clone(),
        Conversion::Into => quote!(#value.into()),
        Conversion::Items(inner) => {
            let each = mapped(inner);
            quote!(#value.into_iter().map(#each).collect())
        }
        Conversion::Values(inner) => {
            let each = converted(inner, &quote!(value));
            quote!(#value.into_iter().map(|(name, value)| (name, #each)).collect())
        }
        Conversion::Within(inner) => {
            let each = mapped(inner);
            quote!(#value.map(#each))
        }
        Conversion::Boxed(inner) => {
            let inner = converted(inner, &quote!((*#value)));
            quote!(Box::new(#inner))
        }
    }
}
