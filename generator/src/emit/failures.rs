//! How are documented failures defined?

use proc_macro2::TokenStream;
use quote::quote;

use super::rust_type::{Within, mention};
use super::text;
use crate::ir::Api;
use crate::plan::{CallPlan, FailureBody, FailurePlan, FailureVariant, Plan, StatusPattern};

/// The definition of an operation's failure, or another name for one that it shares.
pub(super) fn of_operation(api: &Api, plan: &Plan, position: usize, call: &CallPlan) -> Option<TokenStream> {
    let failure = plan.failures.get(call.failure?)?;
    if failure.operation == position {
        return Some(definition(api, plan, failure));
    }
    let (name, shared) = (text::ident(&call.failure_name), text::ident(&failure.name));
    let docs = text::doc(&format!(
        "The failures that {} documents, the same as those of {}.",
        text::code(call.method.plain()),
        text::code(plan.calls[failure.operation].method.plain()),
    ));
    Some(quote!(#docs pub type #name = super::#shared;))
}

fn definition(api: &Api, plan: &Plan, failure: &FailurePlan) -> TokenStream {
    let name = text::ident(&failure.name);
    let operation = &api.operations[failure.operation];
    let docs = text::doc(&format!(
        "The failures that {} documents. Ask an error for it: `error.failure::<{}>()`.",
        text::code(&operation.route()),
        failure.name
    ));
    let variants = failure.variants.iter().map(|variant| variant_definition(plan, variant));
    let decoding = match failure.variants.as_slice() {
        [only] if only.status == StatusPattern::Any => decoded(plan, only),
        variants => {
            let arms = variants.iter().map(|variant| {
                let (pattern, decoded) = (pattern(variant.status), decoded(plan, variant));
                quote!(#pattern => #decoded,)
            });
            let others =
                variants.iter().all(|variant| variant.status != StatusPattern::Any).then(|| quote!(_ => None,));
            quote!(match reply.status() { #(#arms)* #others })
        }
    };
    let only = match failure.variants.as_slice() {
        [only] => only.status == StatusPattern::Any && matches!(only.body, FailureBody::Empty),
        _ => false,
    };
    let reply = text::name(if only { "_reply" } else { "reply" });
    quote! {
        #docs
        #[derive(Debug, Clone, PartialEq)]
        pub enum #name { #(#variants)* }
        impl Failure for #name {
            #[inline]
            fn decode(#reply: &FailedReply) -> Option<Self> {
                #decoding
            }
        }
    }
}

fn variant_definition(plan: &Plan, variant: &FailureVariant) -> TokenStream {
    let status = match variant.status {
        StatusPattern::Code(code) => format!("`{code}`"),
        StatusPattern::Class(class) => format!("`{class}XX`"),
        StatusPattern::Any => "Any other status".to_owned(),
    };
    let said = text::first_paragraph(&variant.description);
    let docs = text::doc(&if said.is_empty() { format!("{status}.") } else { format!("{status}: {said}") });
    let ident = text::ident(&variant.ident);
    match &variant.body {
        FailureBody::Empty => quote!(#docs #ident,),
        FailureBody::Text => quote!(#docs #ident(String),),
        FailureBody::Json(ty) | FailureBody::Xml(ty, _) => {
            let ty = mention(plan, ty, Within::Operations);
            quote!(#docs #ident(#ty),)
        }
    }
}

/// The failure that a reply of this status comes to.
fn decoded(plan: &Plan, variant: &FailureVariant) -> TokenStream {
    let ident = text::ident(&variant.ident);
    match &variant.body {
        FailureBody::Empty => quote!(Some(Self::#ident)),
        FailureBody::Text => quote!(reply.text().map(Self::#ident)),
        FailureBody::Xml(_, id) => {
            let form = text::name(plan.xml.root(*id));
            quote!(reply.xml(&xml::#form).map(Self::#ident))
        }
        FailureBody::Json(ty) => {
            let read = text::name(if plan.by_serde(ty) { "json" } else { "read" });
            quote!(reply.#read().map(Self::#ident))
        }
    }
}

/// The pattern that matches a status as a number.
pub(super) fn pattern(status: StatusPattern) -> TokenStream {
    let number = proc_macro2::Literal::u16_unsuffixed;
    match status {
        StatusPattern::Code(code) => {
            let code = number(code);
            quote!(#code)
        }
        StatusPattern::Class(class) => {
            let (first, last) = (number(class * 100), number(class * 100 + 99));
            quote!(#first..=#last)
        }
        StatusPattern::Any => quote!(_),
    }
}
