//! How is an answer read, and as what?

use proc_macro2::TokenStream;
use quote::quote;

use super::rust_type::{Within, adapter, mention};
use super::{failures, text};
use crate::ir::{Framing, Status, Streamed};
use crate::plan::{Adapter, CallPlan, Choice, Plan, RustType, StatusPattern, StreamPlan, Success};

/// The type of the answer, and the last step of the chain.
pub(super) fn answering(plan: &Plan, success: &Success) -> (TokenStream, TokenStream) {
    let (answer, read) = read(plan, success);
    match success {
        Success::Bytes => (answer, quote!(.streaming(#read))),
        _ => (answer, quote!(.answering(#read))),
    }
}

/// The type of the answer, and what reads it.
fn read(plan: &Plan, success: &Success) -> (TokenStream, TokenStream) {
    match success {
        Success::Empty => (quote!(()), quote!(Reply::empty)),
        Success::Text => (quote!(String), quote!(Reply::text)),
        Success::Bytes => (quote!(Download), quote!(Download::from_reply)),
        Success::Xml(ty, id) => {
            let form = text::name(plan.xml.root(*id));
            (mention(plan, ty, Within::Operations), quote!(|reply| reply.xml(&xml::#form)))
        }
        Success::Json(ty, adapter) => {
            let read = match reading(plan, ty, *adapter) {
                Reading::Plain => quote!(Reply::read),
                Reading::Serde => quote!(Reply::json),
                Reading::Adapted(with) => quote!(|reply| reply.by(sinew_runtime::generated::#with::text)),
            };
            (mention(plan, ty, Within::Operations), read)
        }
        Success::Choice(name, choices) => {
            let name = text::ident(name);
            let arms = choices.iter().map(|choice| {
                let pattern = failures::pattern(pattern_of(choice.status));
                let ident = text::ident(&choice.ident);
                if let Some(id) = choice.xml {
                    let form = text::name(plan.xml.root(id));
                    return quote!(#pattern => reply.xml(&xml::#form).map(#name::#ident),);
                }
                match (&choice.ty, choice.text) {
                    (None, _) => quote!(#pattern => Ok(#name::#ident),),
                    (Some(_), true) => quote!(#pattern => reply.text().map(#name::#ident),),
                    (Some(ty), false) => {
                        let read = match reading(plan, ty, choice.adapter) {
                            Reading::Plain => quote!(read()),
                            Reading::Serde => quote!(json()),
                            Reading::Adapted(with) => quote!(by(sinew_runtime::generated::#with::text)),
                        };
                        quote!(#pattern => reply.#read.map(#name::#ident),)
                    }
                }
            });
            let others = choices
                .iter()
                .all(|choice| choice.status != Status::Default)
                .then(|| quote!(_ => Err(reply.unexpected()),));
            (quote!(#name), quote!(|reply| match reply.status() { #(#arms)* #others }))
        }
    }
}

/// The media types that a success can also be had as, a constant for each.
pub(super) fn alternatives(plan: &Plan, call: &CallPlan) -> Option<TokenStream> {
    let (name, each) = call.alternatives.as_ref()?;
    let ident = text::ident(name);
    let (instead, _) = read(plan, &call.success);
    let constants = each.iter().map(|other| {
        let docs = text::doc(&format!("As {}.", text::code(&other.media_type)));
        let (constant, media_type) = (text::name(&other.constant), text::literal(&other.media_type));
        let (answer, read) = read(plan, &other.success);
        let how = text::name(if matches!(other.success, Success::Bytes) { "streaming" } else { "whole" });
        quote!(#docs pub const #constant: Accept<#instead, #answer> = Accept::#how(#media_type, #read);)
    });
    let docs =
        text::doc(&format!("What {} can also be asked for, with [`Call::accept`].", text::code(call.method.plain())));
    Some(quote! {
        #docs
        #[derive(Debug, Clone, Copy)]
        pub enum #ident {}
        impl #ident { #(#constants)* }
    })
}

/// The type of a stream, and the last step of the chain.
pub(super) fn streaming(plan: &Plan, streamed: &Streamed, planned: &StreamPlan) -> (TokenStream, TokenStream) {
    let item = planned.item.as_ref().map_or_else(|| quote!(String), |item| mention(plan, item, Within::Operations));
    match (streamed.framing, &planned.item) {
        (Framing::EventData | Framing::EventObjects, None) => {
            (quote!(Events<String>), quote!(.events(ServerEvent::text)))
        }
        (Framing::EventData, Some(ty)) => {
            let read = text::name(if plan.by_serde(ty) { "json" } else { "read" });
            (quote!(Events<#item>), quote!(.events(ServerEvent::#read)))
        }
        (Framing::EventObjects, Some(_)) => (quote!(Events<#item>), quote!(.events(ServerEvent::whole))),
        (framing, ty) => {
            let framing = text::name(if framing == Framing::Sequence { "Sequence" } else { "Lines" });
            let with = streamed.item.and_then(|item| plan.types[item.ty.index()].adapter_at_the_door());
            let read = reader(plan, ty.as_ref().unwrap_or(&RustType::String), with);
            (quote!(Items<#item>), quote!(.items(Framing::#framing, #read)))
        }
    }
}

/// How the text of a value is read.
enum Reading {
    /// As its type says.
    Plain,
    /// By serde, since nobody else knows its type.
    Serde,
    /// By an adapter of this name.
    Adapted(proc_macro2::Ident),
}

fn reading(plan: &Plan, ty: &RustType, with: Option<Adapter>) -> Reading {
    match with {
        Some(with) => Reading::Adapted(text::name(adapter(with))),
        None if plan.by_serde(ty) => Reading::Serde,
        None => Reading::Plain,
    }
}

/// The function that reads the text of a value.
pub(super) fn reader(plan: &Plan, ty: &RustType, with: Option<Adapter>) -> TokenStream {
    match reading(plan, ty, with) {
        Reading::Plain => quote!(json::text),
        Reading::Serde => quote!(json::serde_text),
        Reading::Adapted(with) => quote!(sinew_runtime::generated::#with::text),
    }
}

fn pattern_of(status: Status) -> StatusPattern {
    match status {
        Status::Code(code) => StatusPattern::Code(code),
        Status::Class(class) => StatusPattern::Class(class),
        Status::Default => StatusPattern::Any,
    }
}

/// The enum of answers that differ by status.
pub(super) fn answer(plan: &Plan, call: &CallPlan) -> Option<TokenStream> {
    let Success::Choice(name, choices) = &call.success else { return None };
    let docs = text::doc(&format!("What {} answers.", text::code(call.method.plain())));
    let ident = text::ident(name);
    let variants = choices.iter().map(|choice: &Choice| {
        let status = match choice.status {
            Status::Code(code) => format!("`{code}`"),
            Status::Class(class) => format!("`{class}XX`"),
            Status::Default => "Any other status".to_owned(),
        };
        let said = text::first_paragraph(&choice.description);
        let docs = text::doc(&if said.is_empty() { format!("{status}.") } else { format!("{status}: {said}") });
        let ident = text::ident(&choice.ident);
        match &choice.ty {
            Some(ty) => {
                let ty = mention(plan, ty, Within::Operations);
                quote!(#docs #ident(#ty),)
            }
            None => quote!(#docs #ident,),
        }
    });
    Some(quote! {
        #docs
        #[derive(Debug, Clone, PartialEq)]
        pub enum #ident { #(#variants)* }
    })
}
