//! How are the requests that the service makes spelled?

use proc_macro2::TokenStream;
use quote::quote;

use super::rust_type::{Within, imports, mention};
use super::{docs, text};
use crate::ir::{Api, Incoming};
use crate::plan::{IncomingPlan, Plan};

/// The file of webhooks and callbacks.
pub(super) fn module(api: &Api, plan: &Plan) -> TokenStream {
    let head = text::inner_doc(&format!(
        "What {} sends by itself: its webhooks and callbacks. A static for each reads what is delivered; \
         `receive` checks before who sent it.",
        text::first_paragraph(api.called())
    ));
    let any = plan.incoming.any.as_ref().map(|any| {
        let docs = text::doc("Any of the webhooks, told apart by what is delivered.");
        reader(plan, &docs, any, "any webhook")
    });
    let requests = api.incoming.iter().zip(&plan.incoming.requests);
    let requests = requests.map(|(request, planned)| reader(plan, &request_docs(request), planned, &request.name));
    let body = quote!(#any #(#requests)*);
    let imports = imports(&body);
    let lints = text::lints();
    quote! {
        #head
        #lints
        #imports
        #body
    }
}

fn reader(plan: &Plan, docs: &TokenStream, planned: &IncomingPlan, name: &str) -> TokenStream {
    let constant = text::name(&planned.constant);
    let ty = mention(plan, &planned.ty, Within::Operations);
    let name = text::literal(name);
    let read = super::answers::reader(plan, &planned.ty, None);
    quote! {
        #docs
        pub static #constant: Webhook<#ty> = Webhook::new(#name, #read);
    }
}

fn request_docs(request: &Incoming) -> TokenStream {
    let mut lines = Vec::new();
    if let Some(summary) = request.summary.as_deref().filter(|summary| !summary.trim().is_empty()) {
        lines.push(format!("{}.", text::first_paragraph(summary).trim_end_matches('.')));
    }
    lines.extend(docs::said(&request.docs));
    lines.push(match &request.callback {
        None => format!("Webhook {}, sent with {}.", text::code(&request.name), text::code(&request.method)),
        Some((operation, expression)) => format!(
            "Callback {} of {}, sent with {} to {}.",
            text::code(&request.name),
            text::code(operation),
            text::code(&request.method),
            text::code(expression)
        ),
    });
    text::doc(&lines.join("\n\n"))
}
