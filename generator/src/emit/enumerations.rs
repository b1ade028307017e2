//! How is a list of words defined?

use proc_macro2::TokenStream;
use quote::quote;

use super::rust_type::asked;
use super::text;
use crate::ir::Enumeration;
use crate::plan::{Derives, Ident, TypePlan};

/// A list of words, which keeps those it does not know.
pub(super) fn open(
    planned: &TypePlan,
    listed: &Enumeration,
    name: &Ident,
    unknown: &Ident,
    docs: &TokenStream,
) -> TokenStream {
    let (ident, unknown) = (text::ident(name), text::ident(unknown));
    let variants: Vec<_> = planned.variants.iter().map(text::ident).collect();
    let values: Vec<_> = listed.values.iter().map(|value| text::literal(value)).collect();
    let value_docs = listed.values.iter().map(|value| text::doc(&format!("{}.", text::code(value))));
    let (derived, marked) = default(planned);
    let asked = beyond(planned);
    quote! {
        #docs
        #[derive(Debug, Clone, PartialEq, Eq, Hash #asked #derived)]
        pub enum #ident {
            #(#value_docs #marked #variants,)*
            /// A word that the document does not list, as it came.
            #unknown(String),
        }
        impl #ident {
            /// The word as it is written.
            #[inline]
            pub fn as_str(&self) -> &str {
                match self {
                    #(Self::#variants => #values,)*
                    Self::#unknown(word) => word,
                }
            }
        }
        impl From<&str> for #ident {
            #[inline]
            fn from(word: &str) -> Self {
                match word {
                    #(#values => Self::#variants,)*
                    unlisted => Self::#unknown(unlisted.to_owned()),
                }
            }
        }
        impl From<String> for #ident {
            #[inline]
            fn from(word: String) -> Self {
                Self::from(word.as_str())
            }
        }
        sinew_runtime::generated::string_enum!(#ident);
    }
}

/// A list of words beside which there are no others. Of one word it is a constant: nobody chooses it.
pub(super) fn closed(planned: &TypePlan, listed: &Enumeration, name: &Ident, docs: &TokenStream) -> TokenStream {
    let ident = text::ident(name);
    let variants: Vec<_> = planned.variants.iter().map(text::ident).collect();
    let values: Vec<_> = listed.values.iter().map(|value| text::literal(value)).collect();
    let value_docs = listed.values.iter().map(|value| text::doc(&format!("{}.", text::code(value))));
    let first = variants.first();
    let (derived, marked) = default(planned);
    let asked = beyond(planned);
    quote! {
        #docs
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash #asked #derived)]
        pub enum #ident {
            #(#value_docs #marked #variants,)*
        }
        impl #ident {
            /// Every word there is.
            pub const ALL: &'static [Self] = &[#(Self::#variants),*];
            /// The word as it is written.
            #[inline]
            pub const fn as_str(self) -> &'static str {
                match self {
                    #(Self::#variants => #values,)*
                }
            }
        }
        sinew_runtime::generated::closed_enum!(#ident #first);
    }
}

/// What derives `Default`, and what marks each of the variants for it.
pub(super) fn default(planned: &TypePlan) -> (Option<TokenStream>, Vec<Option<TokenStream>>) {
    let derived = planned.default_variant.map(|_| quote!(, Default));
    let marked =
        (0..planned.variants.len()).map(|at| (planned.default_variant == Some(at)).then(|| quote!(#[default])));
    (derived, marked.collect())
}

/// What an enumeration derives that it would not unasked: words and numbers have `Eq` and `Hash` in any case.
pub(super) fn beyond(planned: &TypePlan) -> TokenStream {
    asked(Derives { ord: planned.derives.ord, ..Derives::default() })
}
