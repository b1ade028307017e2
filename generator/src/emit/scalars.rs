//! How is a list of numbers, truths, or values of several kinds defined?

use proc_macro2::{Literal, TokenStream};
use quote::quote;
use serde_json::Value;

use super::rust_type::asked;
use super::{enumerations, text};
use crate::ir::Enumeration;
use crate::plan::{Ident, TypePlan};

/// A list of whole numbers.
pub(super) fn integers(planned: &TypePlan, listed: &Enumeration, name: &Ident, docs: &TokenStream) -> TokenStream {
    let ident = text::ident(name);
    let variants: Vec<_> = planned.variants.iter().map(text::ident).collect();
    let first = variants.first();
    let numbers: Vec<_> = listed.values.iter().map(|value| number(value)).collect();
    let beyond = enumerations::beyond(planned);
    let head = definition(planned, listed, docs, &ident, &quote!(Copy, PartialEq, Eq, Hash #beyond), &quote!(i64));
    let (unknown, closed) = match planned.unknown.as_ref().map(text::ident) {
        Some(unknown) => (Some(quote!(Self::#unknown(number) => number,)), None),
        None => (None, Some(all(&variants))),
    };
    let more = match planned.unknown.as_ref().map(text::ident) {
        Some(unknown) => quote! {
            impl From<i64> for #ident {
                #[inline]
                fn from(number: i64) -> Self {
                    match number {
                        #(#numbers => Self::#variants,)*
                        unlisted => Self::#unknown(unlisted),
                    }
                }
            }
            sinew_runtime::generated::integer_enum!(#ident);
        },
        None => quote!(sinew_runtime::generated::closed_integer_enum!(#ident #first);),
    };
    quote! {
        #head
        impl #ident {
            #closed
            /// The number as it is written.
            #[inline]
            pub const fn get(self) -> i64 {
                match self {
                    #(Self::#variants => #numbers,)*
                    #unknown
                }
            }
        }
        #more
    }
}

/// A list of values of several kinds, or a single truth.
pub(super) fn values(planned: &TypePlan, listed: &Enumeration, name: &Ident, docs: &TokenStream) -> TokenStream {
    let ident = text::ident(name);
    let variants: Vec<_> = planned.variants.iter().map(text::ident).collect();
    let first = variants.first();
    let values: Vec<_> = listed.values.iter().map(|value| value_of(value)).collect();
    let (derives, closed) = match planned.unknown {
        Some(_) => {
            let asked = asked(planned.derives);
            (quote!(PartialEq #asked), None)
        }
        None => {
            let beyond = enumerations::beyond(planned);
            (quote!(Copy, PartialEq, Eq, Hash #beyond), Some(all(&variants)))
        }
    };
    let head = definition(planned, listed, docs, &ident, &derives, &quote!(serde_json::Value));
    let (unknown, more) = match planned.unknown.as_ref().map(text::ident) {
        Some(unknown) => (
            Some(quote!(Self::#unknown(value) => value.clone(),)),
            quote! {
                impl From<serde_json::Value> for #ident {
                    #[inline]
                    fn from(value: serde_json::Value) -> Self {
                        #(if value == #values { return Self::#variants; })*
                        Self::#unknown(value)
                    }
                }
                sinew_runtime::generated::value_enum!(#ident);
            },
        ),
        None => (None, quote!(sinew_runtime::generated::closed_value_enum!(#ident #first);)),
    };
    quote! {
        #head
        impl #ident {
            #closed
            /// The value as it is written.
            #[inline]
            pub fn to_value(&self) -> serde_json::Value {
                match self {
                    #(Self::#variants => serde_json::Value::from(#values),)*
                    #unknown
                }
            }
        }
        #more
    }
}

/// The enum itself.
fn definition(
    planned: &TypePlan,
    listed: &Enumeration,
    docs: &TokenStream,
    ident: &proc_macro2::Ident,
    derives: &TokenStream,
    kept: &TokenStream,
) -> TokenStream {
    let variants = planned.variants.iter().map(text::ident);
    let value_docs = listed.values.iter().map(|value| text::doc(&format!("{}.", text::code(value))));
    let (default, marked) = enumerations::default(planned);
    let unknown = planned.unknown.as_ref().map(text::ident).map(|unknown| {
        quote! {
            /// A value that the document does not list, as it came.
            #unknown(#kept),
        }
    });
    quote! {
        #docs
        #[derive(Debug, Clone, #derives #default)]
        pub enum #ident {
            #(#value_docs #marked #variants,)*
            #unknown
        }
    }
}

fn all(variants: &[proc_macro2::Ident]) -> TokenStream {
    quote! {
        /// Every value there is.
        pub const ALL: &'static [Self] = &[#(Self::#variants),*];
    }
}

fn number(written: &str) -> TokenStream {
    let number: i64 = written.parse().unwrap_or_default();
    let size = Literal::u64_unsuffixed(number.unsigned_abs());
    if number < 0 { quote!(-#size) } else { quote!(#size) }
}

/// A listed value, as Rust has it.
fn value_of(written: &str) -> TokenStream {
    match serde_json::from_str(written) {
        Ok(Value::String(word)) => {
            let word = text::literal(&word);
            quote!(#word)
        }
        Ok(Value::Bool(truth)) => quote!(#truth),
        Ok(Value::Number(number)) if number.is_i64() => self::number(written),
        Ok(Value::Number(number)) => {
            let number = number.as_f64().unwrap_or_default();
            let size = Literal::f64_unsuffixed(number.abs());
            if number < 0.0 { quote!(-#size) } else { quote!(#size) }
        }
        // Nothing else is listed.
        _ => quote!(""),
    }
}
