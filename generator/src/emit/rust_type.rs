//! How is a type mentioned?

use proc_macro2::TokenStream;
use quote::quote;

use super::text;
use crate::plan::{Adapter, Plan, RustType};

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
        RustType::Secret => quote!(sinew_runtime::Secret),
        RustType::Timestamp => quote!(jiff::Timestamp),
        RustType::Date => quote!(jiff::civil::Date),
        RustType::Uuid => quote!(uuid::Uuid),
        RustType::Bytes => quote!(Vec<u8>),
        RustType::Json => quote!(serde_json::Value),
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
        RustType::Map(value) => {
            let value = inner(value);
            quote!(std::collections::BTreeMap<String, #value>)
        }
        RustType::Option(value) => {
            let value = inner(value);
            quote!(Option<#value>)
        }
        RustType::Nullable(value) => {
            let value = inner(value);
            quote!(sinew_runtime::Nullable<#value>)
        }
        RustType::Boxed(value) => {
            let value = inner(value);
            quote!(Box<#value>)
        }
    }
}

/// The module of the runtime that writes and reads such values.
pub(super) fn adapter(adapter: Adapter) -> &'static str {
    match adapter {
        Adapter::Timestamp => "timestamp",
        Adapter::NaiveUtc => "naive_utc",
        Adapter::Base64 => "base64",
        Adapter::DecimalNumber => "decimal_number",
        Adapter::DecimalText => "decimal_text",
    }
}
