//! How is a list of words defined?

use proc_macro2::TokenStream;
use quote::quote;

use super::rust_type::json_parameter;
use super::text;
use crate::ir::Enumeration;
use crate::plan::{Ident, TypePlan};

/// A list of several words, which keeps those it does not know.
pub(super) fn enumeration(planned: &TypePlan, listed: &Enumeration, name: &Ident, docs: &TokenStream) -> TokenStream {
    let ident = text::ident(name);
    let Some(unknown) = planned.unknown.as_ref().map(text::ident) else { return TokenStream::new() };
    let variants: Vec<_> = planned.variants.iter().map(text::ident).collect();
    let values: Vec<_> = listed.values.iter().map(|value| text::literal(value)).collect();
    let value_docs = listed.values.iter().map(|value| text::doc(&format!("{}.", text::code(value))));
    quote! {
        #docs
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        pub enum #ident {
            #(#value_docs #variants,)*
            /// A word that the document does not list, as it came.
            #unknown(String),
        }
        impl #ident {
            /// The word as it is written.
            pub fn as_str(&self) -> &str {
                match self {
                    #(Self::#variants => #values,)*
                    Self::#unknown(word) => word,
                }
            }
        }
        impl From<&str> for #ident {
            fn from(word: &str) -> Self {
                match word {
                    #(#values => Self::#variants,)*
                    unlisted => Self::#unknown(unlisted.to_owned()),
                }
            }
        }
        impl From<String> for #ident {
            fn from(word: String) -> Self {
                Self::from(word.as_str())
            }
        }
        sinew_runtime::generated::string_enum!(#ident);
    }
}

/// A list of one word: nobody chooses it, and no other is accepted.
pub(super) fn constant(planned: &TypePlan, listed: &Enumeration, name: &Ident, docs: &TokenStream) -> TokenStream {
    let ident = text::ident(name);
    let (Some(variant), Some(value)) = (planned.variants.first(), listed.values.first()) else {
        return TokenStream::new();
    };
    let rename = (variant.plain() != value).then(|| {
        let value = text::literal(value);
        quote!(#[serde(rename = #value)])
    });
    let variant = text::ident(variant);
    let value_doc = text::doc(&format!("{}.", text::code(value)));
    let parameter = json_parameter(planned, &ident);
    quote! {
        #docs
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, serde::Serialize, serde::Deserialize)]
        pub enum #ident {
            #value_doc
            #rename
            #[default]
            #variant,
        }
        #parameter
    }
}
