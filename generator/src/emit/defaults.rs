//! How is it spelled what a value is where nothing is sent?

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::rust_type::{Within, mention};
use super::text;
use crate::plan::{DefaultPlan, DefaultValue, FieldPlan, Plan, Presence, RustType, TypePlan};

/// The constants of a struct; `fields` are the names on the wire, each with its default.
pub(super) fn constants<'d>(
    plan: &Plan,
    ident: &proc_macro2::Ident,
    within: Within,
    fields: impl Iterator<Item = (&'d str, &'d Option<DefaultPlan>)>,
) -> Option<TokenStream> {
    let mut constants = fields.filter_map(|(wire, default)| {
        let default = default.as_ref()?;
        let docs = text::doc(&format!("The document's default of {}.", text::code(wire)));
        let name = text::name(default.constant.as_ref()?);
        let ty = borrowed(plan, &default.ty, within);
        let value = literal(plan, &default.ty, &default.value, within);
        Some(quote!(#docs pub const #name: #ty = #value;))
    });
    let first = constants.next()?;
    Some(quote!(impl #ident { #first #(#constants)* }))
}

/// `Default` of a record some of whose fields must be sent, each with the document's value.
pub(super) fn implementation(planned: &TypePlan, ident: &proc_macro2::Ident) -> Option<TokenStream> {
    if !planned.valued {
        return None;
    }
    let fields = planned.fields.iter().map(|field| {
        let name = text::ident(&field.ident);
        let value = value(field);
        quote!(#name: #value)
    });
    let rest = planned.rest.iter().map(|(ident, _)| {
        let ident = text::ident(ident);
        quote!(#ident: Default::default())
    });
    Some(quote! {
        impl Default for #ident {
            /// With the document's defaults where something must be sent; everything else is absent.
            fn default() -> Self {
                Self { #(#fields,)* #(#rest,)* }
            }
        }
    })
}

fn value(field: &FieldPlan) -> TokenStream {
    let given = matches!(field.presence, Presence::Required | Presence::RequiredNullable) && !field.constant;
    let constant = field.default.as_ref().filter(|_| given).and_then(|default| {
        let name = text::name(default.constant.as_ref()?);
        Some(match (&default.ty, &default.value) {
            (RustType::List(inner), _) if **inner == RustType::String => {
                quote!(Self::#name.iter().copied().map(String::from).collect())
            }
            (RustType::List(_), _) => quote!(Self::#name.to_vec()),
            (RustType::String, _) => quote!(Self::#name.to_owned()),
            _ => quote!(Self::#name),
        })
    });
    match constant {
        Some(value) if field.presence == Presence::RequiredNullable => quote!(Some(#value)),
        Some(value) => value,
        None => quote!(Default::default()),
    }
}

/// The type of a constant.
fn borrowed(plan: &Plan, ty: &RustType, within: Within) -> TokenStream {
    match ty {
        RustType::String => quote!(&'static str),
        RustType::List(inner) => {
            let inner = borrowed(plan, inner, within);
            quote!(&'static [#inner])
        }
        other => mention(plan, other, within),
    }
}

fn literal(plan: &Plan, ty: &RustType, value: &DefaultValue, within: Within) -> TokenStream {
    match value {
        DefaultValue::Bool(truth) => quote!(#truth),
        DefaultValue::Whole(whole) => {
            let size = Literal::u128_unsuffixed(whole.unsigned_abs());
            if *whole < 0 { quote!(-#size) } else { quote!(#size) }
        }
        DefaultValue::Real(real) => {
            // As short as it can be said in the type that it has.
            #[allow(clippy::cast_possible_truncation)]
            let size = match ty {
                RustType::F32 => Literal::f32_unsuffixed((*real as f32).abs()),
                _ => Literal::f64_unsuffixed(real.abs()),
            };
            if *real < 0.0 { quote!(-#size) } else { quote!(#size) }
        }
        DefaultValue::Text(text) => {
            let text = text::literal(text);
            quote!(#text)
        }
        DefaultValue::Variant(id, position) => {
            let ty = mention(plan, &RustType::Named(*id), within);
            let variant = plan.types[id.index()].variants.get(*position).map(text::ident);
            quote!(#ty::#variant)
        }
        DefaultValue::List(items) => {
            let inner = match ty {
                RustType::List(inner) => inner,
                other => other,
            };
            let items = items.iter().map(|item| literal(plan, inner, item, within));
            quote!(&[#(#items),*])
        }
        // Has no constant.
        DefaultValue::Empty => quote!(Default::default()),
    }
}
