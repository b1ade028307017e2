//! How are the headers of an answer spelled?

use proc_macro2::TokenStream;
use quote::quote;

use super::rust_type::{Within, mention};
use super::{docs, text};
use crate::ir::Operation;
use crate::plan::{CallPlan, Plan};

/// The struct of an operation's headers, where no other operation defines it.
pub(super) fn of_operation(plan: &Plan, operation: &Operation, call: &CallPlan) -> Option<TokenStream> {
    let headers = call.headers.as_ref()?;
    let fields = headers.fields.as_ref()?;
    let name = text::ident(&headers.name);
    let docs = text::doc(&format!(
        "The headers that {} documents. Ask a response for them: `response.documented::<{}>()`.",
        text::code(&operation.route()),
        headers.name
    ));
    let (mut declared, mut read) = (Vec::new(), Vec::new());
    for (header, field) in operation.headers.iter().zip(fields) {
        let mut said = docs::said(&header.docs);
        said.push(format!("{}.", text::code(&header.name)));
        let docs = text::doc(&said.join("\n\n"));
        let ident = text::ident(&field.ident);
        let ty = mention(plan, &field.ty, Within::Operations);
        let wire = text::literal(&header.name);
        if field.list {
            declared.push(quote!(#docs pub #ident: Vec<#ty>,));
            read.push(quote!(#ident: headers.list(#wire)?,));
        } else {
            declared.push(quote!(#docs pub #ident: Option<#ty>,));
            read.push(quote!(#ident: headers.one(#wire)?,));
        }
    }
    Some(quote! {
        #docs
        #[derive(Debug, Clone, Default, PartialEq)]
        pub struct #name { #(#declared)* }
        impl DocumentedHeaders for #name {
            #[inline]
            fn read(headers: &HeaderReader<'_>) -> Result<Self, String> {
                Ok(Self { #(#read)* })
            }
        }
    })
}
