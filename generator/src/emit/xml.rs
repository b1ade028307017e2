//! How are the XML forms of values spelled?

use proc_macro2::TokenStream;
use quote::quote;

use super::text;
use crate::ir::{Api, Field, Listed, Record, Shape, Use, Xml};
use crate::plan::Plan;

/// `src/client/xml.rs`: a constant for each body or answer, and for each record within.
pub(super) fn module(api: &Api, plan: &Plan) -> TokenStream {
    let lints = text::lints();
    let roots = plan.xml.roots.iter().map(|root| {
        let (constant, ty) = (text::name(&root.constant), api.types.get(root.ty));
        let shape = shape(api, plan, Use { ty: root.ty, nullable: false }, "item");
        let name = text::literal(&prefixed(&ty.xml, &root.element));
        let namespace = namespace(&ty.xml);
        quote!(pub(super) static #constant: XmlRoot = XmlRoot::new(#name, #shape) #namespace;)
    });
    let records = plan.xml.records.iter().filter_map(|(id, constant)| {
        let Shape::Record(record) = &api.types.get(*id).shape else { return None };
        let (constant, fields) = (text::name(constant), fields(api, plan, record));
        Some(quote!(static #constant: Xml = Xml::Record(&[#(#fields),*]);))
    });
    let field = plan
        .xml
        .records
        .iter()
        .any(|(id, _)| matches!(&api.types.get(*id).shape, Shape::Record(record) if !record.fields.is_empty()));
    let field = field.then(|| quote!(XmlField,));
    // Some are of groups that are not there.
    let unused = plan.features.as_ref().map(|_| quote!(#![allow(dead_code)]));
    quote! {
        #![doc = " The forms of what travels as XML."]
        #lints
        #unused
        use sinew_runtime::generated::{Xml, #field XmlRoot};
        #(#roots)*
        #(#records)*
    }
}

fn fields<'f>(api: &'f Api, plan: &'f Plan, record: &'f Record) -> impl Iterator<Item = TokenStream> + 'f {
    record.fields.iter().map(|field| {
        let said = said(api, field);
        let key = text::literal(&field.name);
        let used = api.types.resolve(field.used);
        let own = said.name.clone().unwrap_or_else(|| field.name.clone());
        let namespace = namespace(&said);
        if said.text {
            let shape = shape(api, plan, used, &own);
            return quote!(XmlField::text(#key, #shape));
        }
        let list = match &api.types.get(used.ty).shape {
            Shape::List(item) => Some(*item),
            _ => None,
        };
        match list {
            // The name of a list has an effect only on an element of its own (OpenAPI 3.1, 4.8.26.3.6).
            Some(item) if said.wrapped => {
                let named = api.types.get(item.ty).xml.name.clone().unwrap_or_else(|| own.clone());
                let (name, named, shape) =
                    (text::literal(&prefixed(&said, &own)), text::literal(&named), shape(api, plan, item, &named));
                quote!(XmlField::wrapped(#key, #name, #named, #shape) #namespace)
            }
            Some(item) => {
                let named = api.types.get(item.ty).xml.name.clone().unwrap_or_else(|| field.name.clone());
                let (name, shape) = (text::literal(&named), shape(api, plan, used, &named));
                quote!(XmlField::element(#key, #name, #shape))
            }
            None => {
                let (name, shape) = (text::literal(&prefixed(&said, &own)), shape(api, plan, used, &own));
                let place = text::name(if said.attribute { "attribute" } else { "element" });
                quote!(XmlField::#place(#key, #name, #shape) #namespace)
            }
        }
    })
}

/// What is said about a field: by itself, else by its type.
fn said(api: &Api, field: &Field) -> Xml {
    if field.xml != Xml::default() {
        return field.xml.clone();
    }
    let direct = &api.types.get(field.used.ty).xml;
    if *direct == Xml::default() { api.types.get(api.types.resolve(field.used).ty).xml.clone() } else { direct.clone() }
}

fn prefixed(said: &Xml, name: &str) -> String {
    match &said.prefix {
        Some(prefix) => format!("{prefix}:{name}"),
        None => name.to_owned(),
    }
}

fn namespace(said: &Xml) -> Option<TokenStream> {
    let namespace = text::literal(said.namespace.as_ref()?);
    let declaration = text::literal(&match &said.prefix {
        Some(prefix) => format!("xmlns:{prefix}"),
        None => "xmlns".to_owned(),
    });
    Some(quote!(.namespace(#declaration, #namespace)))
}

/// The form of a value; the items of a bare list are elements of the name `item`.
fn shape(api: &Api, plan: &Plan, used: Use, item: &str) -> TokenStream {
    let ty = api.types.resolve(used).ty;
    if let Some(constant) = plan.xml.record(ty) {
        let constant = text::name(constant);
        return quote!(&#constant);
    }
    match &api.types.get(ty).shape {
        Shape::Boolean => quote!(&Xml::Boolean),
        Shape::Integer(_) | Shape::Number(_) => quote!(&Xml::Number),
        Shape::Enumeration(listed) => match listed.listed {
            Listed::Words => quote!(&Xml::Text),
            Listed::Integers => quote!(&Xml::Number),
            Listed::Values => quote!(&Xml::Any),
        },
        Shape::Text(_) => quote!(&Xml::Text),
        Shape::List(inner) => {
            let name = api.types.get(inner.ty).xml.name.clone().unwrap_or_else(|| item.to_owned());
            let (shape, name) = (shape(api, plan, *inner, &name), text::literal(&name));
            quote!(&Xml::List(#name, #shape))
        }
        Shape::Map(value) => {
            let shape = shape(api, plan, *value, item);
            quote!(&Xml::Map(#shape))
        }
        Shape::Tuple(_) | Shape::Anything | Shape::Nothing | Shape::Union(_) | Shape::Record(_) | Shape::Alias(_) => {
            quote!(&Xml::Any)
        }
    }
}
