//! How is an object with known fields defined?

use proc_macro2::TokenStream;
use quote::quote;

use super::defaults;
use super::docs::said;
use super::rust_type::{Within, adapter, asked, json_parameter, mention};
use super::{sent_back, text};
use crate::ir::{Record, Shape, Type};
use crate::plan::{FieldPlan, Ident, Plan, Presence, RustType, TypePlan};

pub(super) fn record(plan: &Plan, ty: &Type, planned: &TypePlan, name: &Ident, docs: &TokenStream) -> TokenStream {
    let Shape::Record(shape) = &ty.shape else { return TokenStream::new() };
    let ident = text::ident(name);
    let asked = asked(planned.derives);
    let default = planned.defaults.then(|| quote!(, Default));
    let fields = shape.fields.iter().zip(&planned.fields).map(|(field, of_field)| {
        let mut lines = said(&field.docs);
        if lines.is_empty() {
            lines.push(format!("{}.", text::code(&field.name)));
        }
        let docs = text::doc(&lines.join("\n\n"));
        let ty = mention(plan, &of_field.ty, Within::Types);
        let serde = (!planned.in_place).then(|| serde_of(of_field, &field.name));
        let ident = text::ident(&of_field.ident);
        quote!(#docs #serde pub #ident: #ty,)
    });
    let rest = planned.rest.as_ref().map(|(ident, ty)| {
        let ident = text::ident(ident);
        let ty = mention(plan, ty, Within::Types);
        let serde = (!planned.in_place).then(|| quote!(#[serde(flatten)]));
        quote! {
            /// What no other field holds.
            #serde
            pub #ident: BTreeMap<String, #ty>,
        }
    });
    let given = planned.fields.iter().any(FieldPlan::is_given);
    let constructor = (planned.sent && given).then(|| constructor(plan, planned, &ident));
    let wire = shape.fields.iter().map(|field| field.name.as_str());
    let defaults = wire.zip(planned.fields.iter().map(|field| &field.default));
    let constants = defaults::constants(plan, &ident, Within::Types, defaults);
    let sent_back = sent_back::record(plan, planned, &ident);
    let by_value = defaults::implementation(planned, &ident);
    let parameter = json_parameter(planned, &ident);
    let derives = (!planned.in_place).then(|| quote!(, serde::Serialize, serde::Deserialize));
    let json = if planned.in_place { in_place(plan, shape, planned, &ident) } else { quote!(json::by_serde!(#ident);) };
    quote! {
        #docs
        #[derive(Debug, Clone, PartialEq #asked #default #derives)]
        pub struct #ident { #(#fields)* #rest }
        #constants
        #constructor
        #sent_back
        #by_value
        #json
        #parameter
    }
}

/// How a record is read and written: the runtime is told its fields, and nothing is there that serde would be compiled for again.
fn in_place(plan: &Plan, shape: &Record, planned: &TypePlan, ident: &proc_macro2::Ident) -> TokenStream {
    let fields = shape.fields.iter().zip(&planned.fields).map(|(field, planned)| {
        let (ident, name) = (text::ident(&planned.ident), text::literal(&field.name));
        let through = planned.adapter.map(|with| {
            let with = text::name(adapter(with));
            quote!(as #with)
        });
        let kept = (planned.presence == Presence::RequiredNullable).then(|| quote!(=> kept));
        quote!(#ident #name #through #kept)
    });
    let rest = planned.rest.as_ref().map(|(ident, _)| {
        let ident = text::ident(ident);
        let with = shape.rest.and_then(|used| plan.types[used.ty.index()].adapter);
        let through = with.map(|with| {
            let with = text::name(adapter(with));
            quote!(as #with)
        });
        quote!(, #ident #through)
    });
    quote!(json::record!(#ident { #(#fields),* } #rest);)
}

/// How serde is to read and write a field.
fn serde_of(field: &FieldPlan, wire: &str) -> TokenStream {
    let mut parts: Vec<TokenStream> = Vec::new();
    if field.ident.plain() != wire {
        let wire = text::literal(wire);
        parts.push(quote!(rename = #wire));
    }
    let skip = match field.presence {
        Presence::Required | Presence::RequiredNullable => None,
        Presence::Optional => Some("Option::is_none"),
        Presence::OptionalNullable => Some("Nullable::is_absent"),
    };
    if skip.is_some() || (field.presence == Presence::RequiredNullable && field.adapter.is_some()) {
        parts.push(quote!(default));
    }
    if let Some(skip) = skip {
        parts.push(quote!(skip_serializing_if = #skip));
    }
    if let Some(with) = field.adapter {
        let with = format!("sinew_runtime::generated::{}", adapter(with));
        parts.push(quote!(with = #with));
    }
    if parts.is_empty() { TokenStream::new() } else { quote!(#[serde(#(#parts),*)]) }
}

/// `new` takes what must be given, in the document's order.
fn constructor(plan: &Plan, planned: &TypePlan, ident: &proc_macro2::Ident) -> TokenStream {
    let mut arguments = Vec::new();
    let mut values = Vec::new();
    for field in &planned.fields {
        let name = text::ident(&field.ident);
        if field.constant {
            values.push(quote!(#name: Default::default()));
            continue;
        }
        match field.presence {
            Presence::Optional => values.push(quote!(#name: None)),
            Presence::OptionalNullable => values.push(quote!(#name: Nullable::Absent)),
            Presence::RequiredNullable => {
                let ty = mention(plan, &field.ty, Within::Types);
                arguments.push(quote!(#name: #ty));
                values.push(quote!(#name));
            }
            Presence::Required => {
                let bare = match &field.bare {
                    RustType::Boxed(inner) => inner,
                    other => other,
                };
                let ty = mention(plan, bare, Within::Types);
                let boxed = matches!(field.bare, RustType::Boxed(_));
                let converts = match bare {
                    RustType::String | RustType::Secret => true,
                    RustType::Named(id) => {
                        let target = &plan.types[id.index()];
                        target.unknown.is_some() || matches!(target.resolved, RustType::String | RustType::Secret)
                    }
                    _ => false,
                };
                if converts {
                    arguments.push(quote!(#name: impl Into<#ty>));
                    values.push(if boxed {
                        quote!(#name: Box::new(#name.into()))
                    } else {
                        quote!(#name: #name.into())
                    });
                } else {
                    arguments.push(quote!(#name: #ty));
                    values.push(if boxed { quote!(#name: Box::new(#name)) } else { quote!(#name) });
                }
            }
        }
    }
    if let Some((rest, _)) = &planned.rest {
        let rest = text::ident(rest);
        values.push(quote!(#rest: BTreeMap::new()));
    }
    quote! {
        impl #ident {
            /// With what is required; everything else is absent.
            #[inline]
            pub fn new(#(#arguments),*) -> Self {
                Self { #(#values),* }
            }
        }
    }
}
