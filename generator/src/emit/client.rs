//! How are the client type and the crate's root spelled?

use proc_macro2::TokenStream;
use quote::quote;

use super::{features, text};
use crate::ir::{Api, CredentialKind};
use crate::plan::{Plan, Success};

/// `src/lib.rs`: only what an `include!`d file cannot hold stands here.
pub(super) fn crate_root(api: &Api, plan: &Plan, header: &str) -> String {
    let what = if api.is_types_only() { "The types" } else { "A client" };
    let mut docs = vec![format!("{what} of {}.", text::first_paragraph(api.called()))];
    if let Some(description) = &api.description {
        docs.push(text::markdown(description));
    }
    docs.extend(features::said(plan));
    if !api.is_types_only() {
        let package = plan.package.name.replace('-', "_");
        docs.push(format!(
            "```no_run\n# fn main() -> Result<(), sinew_runtime::Error> {{\nlet client = {package}::{}::{};\n# Ok(())\n# }}\n```",
            plan.client,
            if plan.package.base_url.is_some() { "from_env()?" } else { "new(\"https://api.example.org\")?" }
        ));
    }
    let mut root = header.to_owned();
    for line in docs.join("\n\n").lines() {
        root.push_str(if line.is_empty() { "//!" } else { "//! " });
        root.push_str(line);
        root.push('\n');
    }
    // The words are the document's. What its files may run into, each allows itself.
    if api.description.is_some() {
        root.push_str("#![allow(clippy::doc_lazy_continuation, clippy::doc_overindented_list_items)]\n");
    }
    root.push('\n');
    if !api.is_types_only() {
        root.push_str("#[cfg(feature = \"by-name\")]\n#[rustfmt::skip]\nmod by_name;\n");
    }
    root.push_str("#[rustfmt::skip]\nmod client;\n");
    if plan.validation.any {
        root.push_str("#[cfg(feature = \"validate\")]\n#[rustfmt::skip]\nmod validate;\n");
    }
    root.push_str("\npub use client::*;\n");
    root
}

/// `src/client/mod.rs`: the client type. It has no inner attributes, so it can be `include!`d.
pub(super) fn module(api: &Api, plan: &Plan) -> TokenStream {
    let webhooks = (!api.incoming.is_empty()).then(|| {
        quote!(
            pub mod webhooks;
        )
    });
    if api.is_types_only() {
        return quote!(
            pub mod types;
            #webhooks
        );
    }
    let xml = (!plan.xml.roots.is_empty()).then(|| {
        quote!(
            mod xml;
        )
    });
    let servers = (!api.servers.is_empty()).then(|| {
        quote!(
            pub mod servers;
        )
    });
    let elsewhere = (!api.servers.is_empty())
        .then(|| quote!(#[doc = ""] #[doc = " The addresses to choose from are in [`servers`]."]));
    let certified = api.credentials.iter().any(|credential| credential.kind == CredentialKind::MutualTls);
    let certificate = certified.then(|| {
        quote!(#[doc = ""] #[doc = " What wants a certificate of the client takes it from `ClientBuilder::identity_pem`."])
    });
    let client = text::ident(&plan.client);
    let docs = text::doc(&format!(
        "A client of {}. Clones share connections, circuit breakers and credentials.",
        text::first_paragraph(api.called())
    ));
    let modules = plan.modules.iter().map(|module| {
        // The folder that this stands in has the same name.
        let like_the_folder = (module.ident.plain() == "client").then(|| quote!(#[allow(clippy::module_inception)]));
        let ident = text::ident(&module.ident);
        let when = module.operations.first().and_then(|&position| features::of_operation(plan, position));
        quote!(#when #like_the_folder mod #ident;)
    });
    // A file may hold nothing but methods, and what exports nothing cannot be re-exported.
    let exports = |position: &usize| {
        let call = &plan.calls[*position];
        call.options.is_some()
            || call.failure.is_some()
            || call.body.as_ref().is_some_and(|body| body.choice.is_some())
            || call.headers.as_ref().is_some_and(|headers| headers.fields.is_some())
            || call.alternatives.is_some()
            || matches!(call.success, Success::Choice(..))
    };
    let exporting = plan.modules.iter().filter(|module| module.operations.iter().any(exports));
    let exporting = exporting.map(|module| {
        let (ident, first) = (text::ident(&module.ident), module.operations.first());
        let when = first.and_then(|&position| features::of_operation(plan, position));
        quote!(#when pub use #ident::*;)
    });
    let service = service(api, plan);
    // An API without a title, and users who say so, have a client of that name.
    let (core, import) = match plan.client.plain() {
        "Client" => (text::name("Core"), quote!(Client as Core)),
        _ => (text::name("Client"), quote!(Client)),
    };
    quote! {
        #servers
        pub mod types;
        #webhooks
        #(#modules)*
        #xml
        #(#exporting)*

        use sinew_runtime::generated::{#import, Service};
        use sinew_runtime::{Call, ClientBuilder, Error, Health, ServiceRegistry};

        #service

        #docs
        #[derive(Clone, Debug)]
        pub struct #client {
            core: #core,
        }
        impl From<#core> for #client {
            fn from(core: #core) -> Self {
                Self { core }
            }
        }
        impl #client {
            /// A client at the address that the environment names, else at the document's.
            ///
            /// # Errors
            /// An address that cannot be used; the error names the variable.
            pub fn from_env() -> Result<Self, Error> {
                #core::from_env(&SERVICE).map(Self::from)
            }

            /// A client at this address, with the default policy and no credentials.
            ///
            /// # Errors
            /// An address that cannot be used.
            pub fn new(base_url: &str) -> Result<Self, Error> {
                Self::builder().base_url(base_url).build()
            }

            /// A client with credentials, a policy or a transport of its own.
            #elsewhere
            #certificate
            pub fn builder() -> ClientBuilder<Self> {
                ClientBuilder::new(&SERVICE)
            }

            /// A client at the address that a registry knows for the service.
            ///
            /// # Errors
            /// A service that the registry does not know, or an address that cannot be used.
            pub fn from_registry(registry: &ServiceRegistry) -> Result<Self, Error> {
                #core::from_registry(&SERVICE, registry).map(Self::from)
            }

            /// Whether the service is alive.
            pub fn health(&self) -> Call<'_, Health> {
                self.core.health()
            }

            /// Whether the service is ready to answer.
            pub fn ready(&self) -> Call<'_, Health> {
                self.core.ready()
            }

            /// Ends the client and its clones: calls that wait to be repeated end at once, later ones are refused.
            pub async fn close(&self) {
                self.core.close().await;
            }
        }
    }
}

fn service(api: &Api, plan: &Plan) -> TokenStream {
    let package = &plan.package;
    let name = text::literal(&package.service);
    let base = text::literal(package.base_url.as_deref().unwrap_or_default());
    let health = package.health.as_ref().map(|path| {
        let path = text::literal(path);
        quote!(.health(#path))
    });
    let ready = package.ready.as_ref().map(|path| {
        let path = text::literal(path);
        quote!(.ready(#path))
    });
    let policy = super::operations::policy(&package.policy);
    let schemes = (!api.credentials.is_empty()).then(|| {
        let schemes = api.credentials.iter().map(|credential| {
            let name = text::literal(&credential.name);
            match &credential.kind {
                CredentialKind::Bearer => quote!(Scheme::bearer(#name)),
                CredentialKind::MutualTls => quote!(Scheme::mutual_tls(#name)),
                CredentialKind::Basic => quote!(Scheme::basic(#name)),
                CredentialKind::Scheme(scheme) => {
                    let scheme = text::literal(scheme);
                    quote!(Scheme::token(#name, #scheme))
                }
                CredentialKind::ApiKeyHeader(key) => {
                    let key = text::literal(key);
                    quote!(Scheme::api_key_header(#name, #key))
                }
                CredentialKind::ApiKeyQuery(key) => {
                    let key = text::literal(key);
                    quote!(Scheme::api_key_query(#name, #key))
                }
                CredentialKind::ApiKeyCookie(key) => {
                    let key = text::literal(key);
                    quote!(Scheme::api_key_cookie(#name, #key))
                }
            }
        });
        quote!(.schemes(&[#(#schemes),*]))
    });
    let import = schemes.as_ref().map(|_| {
        quote!(
            use sinew_runtime::generated::Scheme;
        )
    });
    quote! {
        #import
        static SERVICE: Service = Service::new(#name, #base)#health #ready #policy #schemes;
    }
}
