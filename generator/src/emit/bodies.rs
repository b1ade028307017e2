//! How are the bodies of requests declared and sent?

use proc_macro2::TokenStream;
use quote::quote;

use super::operations::declared_type;
use super::rust_type::{Within, adapter, mention};
use super::text;
use crate::ir::{Body, Operation, Payload};
use crate::plan::{ArgumentKind, BodyArgument, BodyVariant, CallPlan, Plan, RustType};

/// How a body is declared and sent.
pub(super) struct Sent {
    pub(super) declared: TokenStream,
    /// The lifetime that the method needs for it.
    pub(super) generics: Option<TokenStream>,
    /// The step of the chain, where it is one.
    pub(super) step: TokenStream,
    /// The statement that adds the body to `request`, where it may be left out or there are several ways.
    pub(super) before: Option<TokenStream>,
}

/// The body of an operation.
pub(super) fn body(plan: &Plan, argument: &BodyArgument, said: &Body) -> Sent {
    let ident = text::ident(&argument.ident);
    if let Some((choice, variants)) = &argument.choice {
        let choice = text::ident(choice);
        let borrows = borrows(said, variants);
        let (declared, before) = if said.required {
            // A lifetime within `impl` needs a name.
            let lifetime = borrows.then(|| quote!(<'b>));
            (quote!(#ident: impl Into<#choice #lifetime>), quote!(let request = #ident.into().add_to(request);))
        } else {
            let lifetime = borrows.then(|| quote!(<'_>));
            let before = quote! {
                let request = match #ident {
                    Some(#ident) => #ident.add_to(request),
                    None => request,
                };
            };
            (quote!(#ident: Option<#choice #lifetime>), before)
        };
        let generics = (borrows && said.required).then(|| quote!(<'b>));
        return Sent { declared, generics, step: TokenStream::new(), before: Some(before) };
    }
    let step = step(plan, argument, argument.kind.as_ref(), &said.payload, &said.media_type, &ident);
    let ty = match (&said.payload, &argument.kind) {
        (_, Some(kind)) => declared_type(plan, kind),
        (Payload::Multipart(_), None) => {
            let form = argument.form.as_ref().map(|(name, _)| text::ident(name));
            quote!(&types::#form)
        }
        (Payload::Text, None) if said.required => quote!(impl Into<String>),
        (Payload::Text, None) => quote!(String),
        (_, None) if said.required => quote!(impl Into<Body>),
        (_, None) => quote!(Body),
    };
    if said.required {
        let step = match (&said.payload, &argument.kind) {
            (Payload::Text, None) => {
                let media = text::literal(&said.media_type);
                quote!(.text(#media, #ident.into()))
            }
            _ => step,
        };
        return Sent { declared: quote!(#ident: #ty), generics: None, step, before: None };
    }
    let before = quote! {
        let request = match #ident {
            Some(#ident) => request #step,
            None => request,
        };
    };
    Sent { declared: quote!(#ident: Option<#ty>), generics: None, step: TokenStream::new(), before: Some(before) }
}

/// The step that adds a body in one way.
fn step(
    plan: &Plan,
    argument: &BodyArgument,
    kind: Option<&ArgumentKind>,
    payload: &Payload,
    media_type: &str,
    ident: &proc_macro2::Ident,
) -> TokenStream {
    let media = text::literal(media_type);
    // A value that is passed as itself is borrowed where it is written.
    let borrowed = matches!(kind, Some(ArgumentKind::Value(_))).then(|| quote!(&));
    match payload {
        Payload::Json(used) => {
            let serde = kind.is_some_and(|kind| match kind {
                ArgumentKind::Value(ty) | ArgumentKind::Slice(ty) | ArgumentKind::Reference(ty) => plan.by_serde(ty),
                ArgumentKind::Text => false,
            });
            let value = match plan.types[used.ty.index()].adapter_at_the_door() {
                Some(with) => {
                    let with = text::name(adapter(with));
                    quote!(&sinew_runtime::generated::#with::field(#borrowed #ident))
                }
                None => quote!(#borrowed #ident),
            };
            match (serde, media_type == "application/json") {
                (false, true) => quote!(.write(#value)),
                (false, false) => quote!(.write_as(#media, #value)),
                (true, true) => quote!(.json(#value)),
                (true, false) => quote!(.json_as(#media, #value)),
            }
        }
        Payload::Xml(used) => {
            let form = text::name(plan.xml.root(used.ty));
            quote!(.xml(#media, &xml::#form, #borrowed #ident))
        }
        Payload::UrlEncoded(_) => quote!(.form(#borrowed #ident)),
        Payload::Multipart(_) if argument.form.is_some() => {
            let essence = media_type.split(';').next().unwrap_or(media_type).trim().to_ascii_lowercase();
            let kind = match essence.as_str() {
                "multipart/mixed" => Some(quote!(.mixed())),
                "multipart/related" => Some(quote!(.related())),
                _ => None,
            };
            quote!(.multipart(#ident.form() #kind))
        }
        Payload::Multipart(_) | Payload::Bytes => quote!(.body(#media, #ident)),
        Payload::Text => quote!(.text(#media, #ident)),
    }
}

/// Whether a way to send a body borrows what is sent.
fn borrows(said: &Body, variants: &[BodyVariant]) -> bool {
    said.ways().zip(variants).any(|((_, payload), variant)| match &variant.kind {
        Some(ArgumentKind::Value(_)) => false,
        Some(_) => true,
        None => matches!(payload, Payload::Multipart(_)),
    })
}

/// The enum of the ways to send a body, where there are several.
pub(super) fn choice(plan: &Plan, operation: &Operation, call: &CallPlan) -> Option<TokenStream> {
    let (said, argument) = operation.body.as_ref().zip(call.body.as_ref())?;
    let (name, variants) = argument.choice.as_ref()?;
    let name = text::ident(name);
    let lifetime = borrows(said, variants).then(|| quote!(<'b>));
    let docs = text::doc(&format!(
        "The ways to send the body of {}. What converts into this is sent in the first way that fits it.",
        text::code(call.method.plain())
    ));
    let mut declared = Vec::new();
    let mut steps = Vec::new();
    let mut conversions = Vec::new();
    let mut known = Vec::new();
    for ((media_type, payload), variant) in said.ways().zip(variants) {
        let ident = text::ident(&variant.ident);
        let mention = |ty: &RustType| mention(plan, ty, Within::Operations);
        let declared_as = |mention: &dyn Fn(&RustType) -> TokenStream| match (&variant.kind, payload) {
            (Some(ArgumentKind::Value(ty)), _) => mention(ty),
            (Some(ArgumentKind::Text), _) => quote!(&'b str),
            (Some(ArgumentKind::Slice(item)), _) => {
                let item = mention(item);
                quote!(&'b [#item])
            }
            (Some(ArgumentKind::Reference(ty)), _) => {
                let ty = mention(ty);
                quote!(&'b #ty)
            }
            (None, Payload::Multipart(_)) => {
                let form = argument.form.as_ref().map(|(name, _)| text::ident(name));
                quote!(&'b types::#form)
            }
            (None, Payload::Text) => quote!(String),
            (None, _) => quote!(Body),
        };
        let ty = declared_as(&mention);
        let said = format!("As {}.", text::code(media_type));
        let docs = text::doc(&said);
        declared.push(quote!(#docs #ident(#ty),));
        let step = step(plan, argument, variant.kind.as_ref(), payload, media_type, &text::name("body"));
        steps.push(quote!(Self::#ident(body) => request #step,));
        let (own, of) = if ty.to_string().starts_with('&') {
            (lifetime.clone(), lifetime.clone())
        } else {
            (None, lifetime.as_ref().map(|_| quote!(<'_>)))
        };
        let bare = declared_as(&|ty| mention(&plan.bare(ty))).to_string();
        if !known.contains(&bare) {
            known.push(bare);
            conversions.push(quote! {
                impl #own From<#ty> for #name #of {
                    fn from(body: #ty) -> Self {
                        Self::#ident(body)
                    }
                }
            });
        }
    }
    let elided = lifetime.as_ref().map(|_| quote!(<'_>));
    Some(quote! {
        #docs
        #[derive(Debug, Clone)]
        pub enum #name #lifetime { #(#declared)* }
        #(#conversions)*
        impl #name #elided {
            fn add_to(self, request: Request<'_>) -> Request<'_> {
                match self { #(#steps)* }
            }
        }
    })
}
