//! How is a union defined, encoded and decoded?

use proc_macro2::TokenStream;
use quote::quote;

use super::rust_type::{Within, adapter, asked, json_parameter, mention};
use super::{sent_back, text};
use crate::plan::{ArmPlan, Ident, JsonKind, Plan, RustType, TypePlan, UnionPlan};

/// An enum with a variant for each alternative, and one for what fits none.
pub(super) fn union(
    plan: &Plan,
    planned: &TypePlan,
    union: &UnionPlan,
    name: &Ident,
    docs: &TokenStream,
) -> TokenStream {
    let ident = text::ident(name);
    let asked = asked(planned.derives);
    let variants: Vec<_> = union.arms.iter().map(|arm| text::ident(&arm.ident)).collect();
    let types: Vec<_> = union.arms.iter().map(|arm| mention(plan, &arm.ty, Within::Types)).collect();
    let variant_docs = union.arms.iter().map(|arm| {
        text::doc(&match arm.written_tag.as_ref().zip(union.tag.as_ref()) {
            Some((value, (field, _))) => format!("Where {} is {}.", text::code(field), text::code(value)),
            None => format!("{}.", text::code(arm.ident.plain())),
        })
    });
    let encoders = union.arms.iter().map(|arm| encoder(plan, arm, union));
    let table = union.arms.iter().map(arm_entry);
    let tag = union.tag.as_ref().map(|(field, values)| {
        let field = text::literal(field);
        let values = values.iter().map(|(value, arm)| {
            let value = text::literal(value);
            let arm = proc_macro2::Literal::usize_unsuffixed(*arm);
            quote!((#value, #arm))
        });
        quote!(.tag(#field, &[#(#values),*]))
    });
    let decoders = union.arms.iter().enumerate().map(|(position, arm)| {
        let position = proc_macro2::Literal::usize_unsuffixed(position);
        let variant = text::ident(&arm.ident);
        match arm.adapter {
            Some(with) => {
                let with = text::name(adapter(with));
                quote!(#position => Self::#variant(sinew_runtime::generated::#with::read(from)?),)
            }
            None if plan.by_serde(&arm.ty) => quote!(#position => Self::#variant(from.serde()?),),
            None => quote!(#position => Self::#variant(from.value()?),),
        }
    });
    let conversions = conversions(plan, union, &types, &ident);
    let sent_back = sent_back::union(plan, planned, &ident);
    let parameter = json_parameter(planned, &ident);
    let unknown = union.unknown.as_ref().map(text::ident);
    let unknown_variant = unknown.iter().map(|unknown| {
        quote! {
            /// What fits none of them, as it came.
            #unknown(serde_json::Value),
        }
    });
    let encode_unknown = unknown.iter().map(|unknown| quote!(Self::#unknown(value) => json::Encode::write(value, to),));
    let closed = unknown.is_none().then(|| quote!(.closed()));
    let otherwise = match &unknown {
        Some(unknown) => quote!(Self::#unknown(from.value()?)),
        None => quote!(return Err(from.of_no_variant())),
    };
    let table = quote! {
        use sinew_runtime::generated::{JsonTypes, Union, UnionArm};
        static UNION: Union = Union::new(&[#(#table),*])#tag #closed;
    };
    let decoders = quote! {
        match arm {
            #(#decoders)*
            _ => #otherwise,
        }
    };
    let stands = match (&unknown, union.stands) {
        (Some(unknown), _) => Some(unknown),
        (None, Some(arm)) => variants.get(arm),
        (None, None) => None,
    };
    let decode = match stands {
        Some(stands) => quote! {
            impl json::Blank for #ident {
                #[inline]
                fn blank() -> Self {
                    Self::#stands(json::blank())
                }
            }
            impl json::Slot for #ident {
                #[inline]
                fn fill(&mut self, from: &mut json::Reader<'_>) -> Result<(), json::Fault> {
                    #table
                    UNION.read(from, &mut |arm, from| {
                        *self = #decoders;
                        Ok(())
                    })
                }
            }
        },
        None => quote! {
            impl json::Decode for #ident {
                #[inline]
                fn read(from: &mut json::Reader<'_>) -> Result<Self, json::Fault> {
                    #table
                    let mut found = None;
                    UNION.read(from, &mut |arm, from| {
                        found = Some(#decoders);
                        Ok(())
                    })?;
                    found.ok_or_else(|| from.of_no_variant())
                }
            }
            impl json::Decode for Box<#ident> {
                #[inline]
                fn read(from: &mut json::Reader<'_>) -> Result<Self, json::Fault> {
                    from.value().map(Self::new)
                }
            }
        },
    };
    quote! {
        #docs
        #[derive(Debug, Clone, PartialEq #asked)]
        pub enum #ident {
            #(#variant_docs #variants(#types),)*
            #(#unknown_variant)*
        }
        #(#conversions)*
        #sent_back
        #decode
        impl json::Encode for #ident {
            #[inline]
            fn write(&self, to: &mut json::Writer) {
                match self {
                    #(#encoders)*
                    #(#encode_unknown)*
                }
            }
        }
        json::serde!(#ident);
        #parameter
    }
}

fn encoder(plan: &Plan, arm: &ArmPlan, union: &UnionPlan) -> TokenStream {
    let variant = text::ident(&arm.ident);
    let serde = plan.by_serde(&arm.ty);
    match (&arm.written_tag, &union.tag, arm.adapter) {
        (Some(word), Some((field, _)), _) => {
            let (field, word) = (text::literal(field), text::literal(word));
            let value = if serde { quote!(&json::by_serde(value)) } else { quote!(value) };
            quote!(Self::#variant(value) => to.tagged(#field, #word, #value),)
        }
        (_, _, Some(with)) => {
            let with = text::name(adapter(with));
            quote!(Self::#variant(value) => json::Encode::write(&sinew_runtime::generated::#with::field(value), to),)
        }
        _ if serde => quote!(Self::#variant(value) => to.serde(value),),
        _ => quote!(Self::#variant(value) => json::Encode::write(value, to),),
    }
}

fn arm_entry(arm: &ArmPlan) -> TokenStream {
    let name = text::literal(arm.ident.plain());
    let mut kinds = arm.json.iter().map(|kind| match kind {
        JsonKind::Null => quote!(JsonTypes::NULL),
        JsonKind::Boolean => quote!(JsonTypes::BOOLEAN),
        JsonKind::Integer => quote!(JsonTypes::INTEGER),
        JsonKind::Number => quote!(JsonTypes::NUMBER),
        JsonKind::String => quote!(JsonTypes::STRING),
        JsonKind::Array => quote!(JsonTypes::ARRAY),
        JsonKind::Object => quote!(JsonTypes::OBJECT),
    });
    let first = kinds.next().unwrap_or_else(|| quote!(JsonTypes::NULL));
    let kinds = kinds.fold(first, |all, kind| quote!(#all.or(#kind)));
    let list = |names: &[String]| {
        let names = names.iter().map(|name| text::literal(name));
        quote!(&[#(#names),*])
    };
    let required = (!arm.required.is_empty()).then(|| {
        let names = list(&arm.required);
        quote!(.required(#names))
    });
    let properties = (!arm.properties.is_empty()).then(|| {
        let names = list(&arm.properties);
        quote!(.properties(#names))
    });
    let constants = (!arm.constants.is_empty()).then(|| {
        let constants = arm.constants.iter().map(|(field, values)| {
            let field = text::literal(field);
            let values = list(values);
            quote!((#field, #values))
        });
        quote!(.constants(&[#(#constants),*]))
    });
    let values = (!arm.values.is_empty()).then(|| {
        let values = list(&arm.values);
        quote!(.values(#values))
    });
    quote!(UnionArm::new(#name, #kinds)#required #constants #properties #values)
}

/// `From` each alternative whose type no other has.
fn conversions(plan: &Plan, union: &UnionPlan, types: &[TokenStream], ident: &proc_macro2::Ident) -> Vec<TokenStream> {
    let bare: Vec<RustType> = union.arms.iter().map(|arm| plan.bare(&arm.ty)).collect();
    let mut conversions = Vec::new();
    for (position, arm) in union.arms.iter().enumerate() {
        let once = bare.iter().filter(|other| **other == bare[position]).count() == 1;
        // A `Vec<u8>` or a JSON value could be meant in more ways than one.
        if !once || !matches!(arm.ty, RustType::Named(_) | RustType::String | RustType::I64) {
            continue;
        }
        let (variant, ty) = (text::ident(&arm.ident), &types[position]);
        conversions.push(quote! {
            impl From<#ty> for #ident {
                #[inline]
                fn from(value: #ty) -> Self {
                    Self::#variant(value)
                }
            }
        });
    }
    conversions
}
