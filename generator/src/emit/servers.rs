//! How are the servers to choose from spelled?

use proc_macro2::TokenStream;
use quote::quote;

use super::text;
use crate::ir::{Api, Server, ServerVariable};
use crate::plan::{Plan, ServerPlan, VariablePlan};

/// `src/client/servers.rs`: a struct for each, which is an address.
pub(super) fn module(api: &Api, plan: &Plan) -> TokenStream {
    let head = text::inner_doc(&format!(
        "Where {} is offered: what [`base_url`](sinew_runtime::ClientBuilder::base_url) takes.",
        text::first_paragraph(api.called())
    ));
    let lints = text::lints();
    let servers = api.servers.iter().zip(&plan.servers).map(|(server, planned)| self::server(server, planned));
    quote! {
        #head
        #lints
        #(#servers)*
    }
}

fn server(server: &Server, planned: &ServerPlan) -> TokenStream {
    let ident = text::ident(&planned.ident);
    let said = server.description.as_deref().map(text::markdown).filter(|said| !said.trim().is_empty());
    let docs = text::doc(&match said {
        Some(said) => format!("{said}\n\n{}", text::code(&server.url)),
        None => format!("{}.", text::code(&server.url)),
    });
    let address = address(server, planned);
    if server.variables.is_empty() {
        return quote! {
            #docs
            #[derive(Debug, Clone, Copy, PartialEq, Eq)]
            pub struct #ident;
            impl From<#ident> for String {
                fn from(_: #ident) -> Self {
                    #address
                }
            }
        };
    }
    let both = || server.variables.iter().zip(&planned.variables);
    let fields = both().map(|(variable, planned)| {
        let said = variable.description.as_deref().map(text::markdown).filter(|said| !said.trim().is_empty());
        let said = said.map(|said| format!("{said}\n\n")).unwrap_or_default();
        let docs = text::doc(&format!("{said}Default: {}.", text::code(&variable.default)));
        let ident = text::ident(&planned.ident);
        let ty = match &planned.values {
            Some((name, _)) => text::ident(name),
            None => text::name("String"),
        };
        quote!(#docs pub #ident: #ty,)
    });
    let defaults = both().map(|(variable, planned)| {
        let ident = text::ident(&planned.ident);
        let default = match &planned.values {
            Some((name, variants)) => {
                let of_default = variable.values.iter().zip(variants).find(|(value, _)| **value == variable.default);
                let (name, variant) = (text::ident(name), of_default.map(|(_, variant)| text::ident(variant)));
                quote!(#name::#variant)
            }
            None => {
                let default = text::literal(&variable.default);
                quote!(#default.to_owned())
            }
        };
        quote!(#ident: #default,)
    });
    let enums = both().filter_map(|(variable, planned)| values(variable, planned));
    quote! {
        #docs
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct #ident { #(#fields)* }
        impl Default for #ident {
            fn default() -> Self {
                Self { #(#defaults)* }
            }
        }
        impl From<#ident> for String {
            fn from(server: #ident) -> Self {
                #address
            }
        }
        #(#enums)*
    }
}

/// The expression of the address: what stands between the variables as it is.
fn address(server: &Server, planned: &ServerPlan) -> TokenStream {
    let mut parts = Vec::new();
    let mut rest = server.url.as_str();
    while !rest.is_empty() {
        let next = server.variables.iter().zip(&planned.variables).filter_map(|(variable, planned)| {
            let hole = format!("{{{}}}", variable.name);
            Some((rest.find(&hole)?, hole.len(), planned))
        });
        let Some((at, length, planned)) = next.min_by_key(|&(at, ..)| at) else { break };
        if at > 0 {
            let before = text::literal(&rest[..at]);
            parts.push(quote!(#before));
        }
        let field = text::ident(&planned.ident);
        parts.push(quote!(server.#field.as_str()));
        rest = &rest[at + length..];
    }
    if parts.is_empty() {
        let url = text::literal(rest);
        return quote!(#url.to_owned());
    }
    if !rest.is_empty() {
        let rest = text::literal(rest);
        parts.push(quote!(#rest));
    }
    quote!([#(#parts),*].concat())
}

fn values(variable: &ServerVariable, planned: &VariablePlan) -> Option<TokenStream> {
    let (name, variants) = planned.values.as_ref()?;
    let name = text::ident(name);
    let docs = text::doc(&format!("The values of {}.", text::code(&variable.name)));
    let both = || variable.values.iter().zip(variants).map(|(value, variant)| (value, text::ident(variant)));
    let declared = both().map(|(value, variant)| {
        let docs = text::doc(&format!("{}.", text::code(value)));
        quote!(#docs #variant,)
    });
    let arms = both().map(|(value, variant)| {
        let value = text::literal(value);
        quote!(Self::#variant => #value,)
    });
    Some(quote! {
        #docs
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum #name { #(#declared)* }
        impl #name {
            /// The value as it stands in the address.
            pub const fn as_str(self) -> &'static str {
                match self { #(#arms)* }
            }
        }
    })
}
