//! How are the operations of a group spelled?

use proc_macro2::TokenStream;
use quote::quote;

use super::bodies::{self, Sent};
use super::rust_type::{Within, asked, chain, imports, mention, serialized};
use super::{answers, defaults, docs, failures, headers, links, paging, text};
use crate::ir::{Api, Docs, Method, Operation, Parameter, ParameterLocation, ParameterStyle, ServerOverride, Streamed};
use crate::plan::{Argument, ArgumentKind, CallPlan, Ident, Module, OptionField, Plan, RustType, StreamPlan};

/// The file of a group.
pub(super) fn module(api: &Api, plan: &Plan, module: &Module) -> TokenStream {
    let title = format!("The operations of {}.", text::code(&module.title));
    let head = match &module.description {
        Some(description) => text::inner_doc(&format!("{title}\n\n{}", text::markdown(description))),
        None => text::inner_doc(&title),
    };
    let client = text::ident(&plan.client);
    let mut operations: Vec<usize> = module.operations.clone();
    operations.sort_by_key(|&position| &plan.calls[position].method);
    let each = |make: &dyn Fn(usize, &Operation, &CallPlan) -> Option<TokenStream>| -> Vec<TokenStream> {
        operations
            .iter()
            .filter_map(|&position| make(position, &api.operations[position], &plan.calls[position]))
            .collect()
    };
    let statics = each(&|_, operation, call| Some(constant(operation, call)));
    let methods = each(&|position, operation, call| {
        let plain = call.stream.as_ref().is_none_or(|stream| stream.method.is_some());
        let plain = plain.then(|| method(plan, position, operation, call, None));
        let streamed = operation.streamed.as_ref().zip(call.stream.as_ref());
        let streamed = streamed.map(|streamed| method(plan, position, operation, call, Some(streamed)));
        Some(quote!(#plain #streamed))
    });
    let options = each(&|_, operation, call| options(plan, operation, call));
    let bodies = each(&|_, operation, call| bodies::choice(plan, operation, call));
    let answers = each(&|_, _, call| answers::answer(plan, call));
    let alternatives = each(&|_, _, call| answers::alternatives(plan, call));
    let headers = each(&|_, operation, call| headers::of_operation(plan, operation, call));
    let links = each(&|position, _, _| links::of_operation(api, plan, position));
    // What only links to other groups need is imported for these alone.
    let elsewhere = |&position: &usize| {
        api.operations[position].links.iter().any(|link| links::leads_elsewhere(plan, position, link))
    };
    let unused = operations.iter().any(elsewhere).then(|| quote!(#![allow(unused_imports)]));
    let failures = each(&|position, _, call| failures::of_operation(api, plan, position, call));
    let body = quote! {
        #(#statics)*
        impl super::#client { #(#methods)* }
        #(#options)*
        #(#bodies)*
        #(#answers)*
        #(#alternatives)*
        #(#headers)*
        #(#links)*
        #(#failures)*
    };
    let imports = imports(&body);
    let lints = text::lints();
    quote! {
        #head
        #lints
        #unused
        #imports
        #body
    }
}

/// The static that describes an operation.
fn constant(operation: &Operation, call: &CallPlan) -> TokenStream {
    let name = text::name(&call.constant);
    let method_name = text::literal(call.method.plain());
    let method = match &operation.method {
        Method::Get => quote!(Get),
        Method::Put => quote!(Put),
        Method::Post => quote!(Post),
        Method::Delete => quote!(Delete),
        Method::Options => quote!(Options),
        Method::Head => quote!(Head),
        Method::Patch => quote!(Patch),
        Method::Trace => quote!(Trace),
        other @ (Method::Query | Method::Other(_)) => {
            let name = text::literal(other.name());
            quote!(Other(#name))
        }
    };
    let path = text::literal(&operation.path);
    let auth = (!operation.security.is_empty()).then(|| {
        let sets = operation.security.iter().map(|set| {
            let set = set.iter().map(|name| text::literal(name));
            quote!(&[#(#set),*])
        });
        quote!(.auth(&[#(#sets),*]))
    });
    let accept = operation.accept.as_deref().filter(|accept| *accept != "application/json").map(|accept| {
        let accept = text::literal(accept);
        quote!(.accept(#accept))
    });
    let server = operation.server.as_ref().map(|server| match server {
        ServerOverride::BasePath(path) => {
            let path = text::literal(path);
            quote!(.base_path(#path))
        }
        ServerOverride::Url(url) => {
            let url = text::literal(url);
            quote!(.server(#url))
        }
    });
    let idempotent = call.idempotent.map(|idempotent| quote!(.idempotent(#idempotent)));
    let key = operation.idempotency_header.as_ref().map(|header| {
        let header = text::literal(header);
        quote!(.idempotency_header(#header))
    });
    let timeout = call.timeout_ms.map(|timeout| {
        let timeout = proc_macro2::Literal::u64_unsuffixed(timeout);
        quote!(.timeout_ms(#timeout))
    });
    let attempts = call.attempts.map(|attempts| {
        let attempts = proc_macro2::Literal::u32_unsuffixed(attempts);
        quote!(.attempts(#attempts))
    });
    let policy = policy(&call.policy);
    quote! {
        static #name: Operation = Operation::new(#method_name, Method::#method, #path)
            #auth #accept #server #idempotent #key #timeout #attempts #policy;
    }
}

/// Settings of a policy as the runtime reads them, if there are any.
pub(super) fn policy(settings: &[(&'static str, String)]) -> Option<TokenStream> {
    let settings = settings.iter().map(|(name, value)| {
        let (name, value) = (text::literal(name), text::literal(value));
        quote!((#name, #value))
    });
    (settings.len() > 0).then(|| quote!(.policy(&[#(#settings),*])))
}

/// The method of an operation; that for its stream of items, where this is asked for.
fn method(
    plan: &Plan,
    position: usize,
    operation: &Operation,
    call: &CallPlan,
    streamed: Option<(&Streamed, &StreamPlan)>,
) -> TokenStream {
    let docs = method_docs(plan, position, operation, call, streamed.map(|(streamed, _)| streamed));
    let deprecated = operation.docs.deprecated.then(|| quote!(#[deprecated]));
    let own_name = streamed.and_then(|(_, planned)| planned.method.as_ref());
    let name = text::ident(own_name.unwrap_or(&call.method));
    let constant = text::name(&call.constant);

    let mut declared: Vec<TokenStream> =
        call.arguments.iter().map(|argument| declare(plan, &argument.ident, &argument.kind)).collect();
    let body = operation.body.as_ref().zip(call.body.as_ref());
    let body = body.map(|(said, argument)| bodies::body(plan, argument, said));
    if let Some(body) = &body {
        declared.push(body.declared.clone());
    }
    if let Some((options, _)) = &call.options {
        let options = text::ident(options);
        declared.push(quote!(options: &#options));
    }

    let parameters = operation.parameters.iter().enumerate().map(|(position, parameter)| {
        let value = value_of(call, position, parameter);
        let opaque = parameter.fixed.is_none()
            && parameter.style != ParameterStyle::Json
            && plan.types[parameter.used.ty.index()].opaque;
        write(parameter, &if opaque { serialized(&value) } else { value })
    });
    let parameters: Vec<_> = parameters.collect();
    let (answer, answering) = answered(plan, call, streamed);
    let accept = streamed.filter(|(streamed, _)| !streamed.alone).map(|(streamed, _)| {
        let media_type = text::literal(&streamed.media_type);
        quote!(.header("accept", &#media_type))
    });
    let request = chain(&quote!(self.core.request(&#constant)), &parameters);
    let request = quote!(#request #accept);
    let request = match body {
        Some(Sent { before: Some(before), generics, .. }) => {
            return quote! {
                #docs #deprecated
                #[inline]
                pub fn #name #generics(&self, #(#declared),*) -> Call<'_, #answer> {
                    let request = #request;
                    #before
                    request #answering
                }
            };
        }
        Some(Sent { step, .. }) => quote!(#request #step),
        None => request,
    };
    quote! {
        #docs #deprecated
        #[inline]
        pub fn #name(&self, #(#declared),*) -> Call<'_, #answer> {
            #request #answering
        }
    }
}

/// What stands behind the lifetime of a call, and the last steps of its chain.
pub(super) fn answered(
    plan: &Plan,
    call: &CallPlan,
    streamed: Option<(&Streamed, &StreamPlan)>,
) -> (TokenStream, TokenStream) {
    let (answer, answering) = match streamed {
        Some((streamed, planned)) => answers::streaming(plan, streamed, planned),
        None => answers::answering(plan, &call.success),
    };
    match call.pages.as_ref().filter(|_| streamed.is_none()) {
        Some(pages) => paging::paged(plan, pages, &answer, &answering),
        None => (answer, answering),
    }
}

fn method_docs(
    plan: &Plan,
    position: usize,
    operation: &Operation,
    call: &CallPlan,
    streamed: Option<&Streamed>,
) -> TokenStream {
    let mut lines = Vec::new();
    let summary = operation.summary.as_deref().filter(|summary| !summary.trim().is_empty());
    let description = operation.docs.description.as_deref().filter(|text| !text.trim().is_empty());
    match (summary, description) {
        (Some(summary), Some(description)) if !description.trim().starts_with(summary.trim().trim_end_matches('.')) => {
            lines.push(format!("{}.", text::first_paragraph(summary).trim_end_matches('.')));
            lines.push(text::markdown(description));
        }
        (_, Some(description)) => lines.push(text::markdown(description)),
        (Some(summary), None) => lines.push(format!("{}.", text::first_paragraph(summary).trim_end_matches('.'))),
        (None, None) => {}
    }
    let route = text::code(&operation.route());
    lines.push(match &operation.id {
        Some(id) => format!("{route} ({})", text::code(id)),
        None => route,
    });
    let arguments: Vec<String> = call
        .arguments
        .iter()
        .filter_map(|argument: &Argument| {
            let said = docs::said(&operation.parameters[argument.parameter].docs);
            (!said.is_empty())
                .then(|| format!("* {}: {}", text::code(argument.ident.plain()), said.join(" ").replace('\n', " ")))
        })
        .collect();
    if !arguments.is_empty() {
        lines.push(arguments.join("\n"));
    }
    if let Some(pages) = call.pages.as_ref().filter(|_| streamed.is_none()) {
        lines.push(format!("Answers in pages: the next one {}.", text::markdown(&pages.said)));
    }
    if let Some(streamed) = streamed {
        lines.push(format!("As a stream: {}.", text::code(&streamed.media_type)));
    }
    if let Some((name, _)) = call.alternatives.as_ref().filter(|_| streamed.is_none()) {
        lines.push(format!("Other media types: [`{name}`]."));
    }
    if let Some(headers) = &call.headers {
        lines.push(format!("Documented headers: [`{}`](super::{}).", headers.name, headers.name));
    }
    lines.extend(
        links::said(plan, position, operation, call).filter(|_| streamed.is_none_or(|streamed| streamed.alone)),
    );
    if call.failure.is_some() {
        lines.push(format!("Documented failures: [`{}`].", call.failure_name));
    }
    text::doc(&lines.join("\n\n"))
}

fn declare(plan: &Plan, ident: &Ident, kind: &ArgumentKind) -> TokenStream {
    let ident = text::ident(ident);
    let ty = declared_type(plan, kind);
    quote!(#ident: #ty)
}

pub(super) fn declared_type(plan: &Plan, kind: &ArgumentKind) -> TokenStream {
    let mention = |ty: &RustType| mention(plan, ty, Within::Operations);
    match kind {
        ArgumentKind::Value(ty) => mention(ty),
        ArgumentKind::Text => quote!(&str),
        ArgumentKind::Slice(item) => {
            let item = mention(item);
            quote!(&[#item])
        }
        ArgumentKind::Reference(ty) => {
            let ty = mention(ty);
            quote!(&#ty)
        }
    }
}

/// The expression of a parameter's value.
fn value_of(call: &CallPlan, position: usize, parameter: &Parameter) -> TokenStream {
    if let Some(fixed) = &parameter.fixed {
        let fixed = text::literal(fixed);
        return quote!(&#fixed);
    }
    if let Some(argument) = call.arguments.iter().find(|argument| argument.parameter == position) {
        let ident = text::ident(&argument.ident);
        return quote!(&#ident);
    }
    let option = call.options.iter().flat_map(|(_, fields)| fields).find(|field| field.parameter == position);
    let ident = option.map(|field| text::ident(&field.ident));
    quote!(&options.#ident)
}

fn write(parameter: &Parameter, value: &TokenStream) -> TokenStream {
    let name = text::literal(&parameter.name);
    let style = match parameter.style {
        ParameterStyle::Default | ParameterStyle::Json => None,
        ParameterStyle::Comma => Some("Comma"),
        ParameterStyle::Space => Some("Space"),
        ParameterStyle::Pipe => Some("Pipe"),
        ParameterStyle::Deep => Some("Deep"),
        ParameterStyle::Exploded => Some("Exploded"),
        ParameterStyle::Label => Some("Label"),
        ParameterStyle::LabelExploded => Some("LabelExploded"),
        ParameterStyle::Matrix => Some("Matrix"),
        ParameterStyle::MatrixExploded => Some("MatrixExploded"),
    };
    let value = match parameter.style {
        ParameterStyle::Json => quote!(&JsonText(#value)),
        _ => value.clone(),
    };
    match (parameter.location, style.map(text::name)) {
        (ParameterLocation::Path, None) => quote!(.path(#name, #value)),
        (ParameterLocation::Path, Some(style)) => quote!(.path_styled(#name, Style::#style, #value)),
        (ParameterLocation::Query, style) if parameter.reserved => {
            let style = style.unwrap_or_else(|| text::name("Form"));
            quote!(.query_reserved(#name, Style::#style, #value))
        }
        (ParameterLocation::Query, None) => quote!(.query(#name, #value)),
        (ParameterLocation::Query, Some(style)) => quote!(.query_styled(#name, Style::#style, #value)),
        (ParameterLocation::Header, None) => quote!(.header(#name, #value)),
        (ParameterLocation::Header, Some(style)) => quote!(.header_styled(#name, Style::#style, #value)),
        (ParameterLocation::Cookie, _) => quote!(.cookie(#name, #value)),
    }
}

/// The struct of optional parameters.
fn options(plan: &Plan, operation: &Operation, call: &CallPlan) -> Option<TokenStream> {
    let (name, fields) = call.options.as_ref()?;
    let ident = text::ident(name);
    let asked = asked(call.derives);
    let docs = text::doc(&format!("The optional parameters of {}.", text::code(call.method.plain())));
    let wire = fields.iter().map(|field| operation.parameters[field.parameter].name.as_str());
    let defaults = wire.zip(fields.iter().map(|field| &field.default));
    let constants = defaults::constants(plan, &ident, Within::Operations, defaults);
    let fields = fields.iter().map(|field: &OptionField| {
        let parameter = &operation.parameters[field.parameter];
        let docs = parameter_docs(&parameter.name, &parameter.docs);
        let ident = text::ident(&field.ident);
        let ty = mention(plan, &field.ty, Within::Operations);
        quote!(#docs pub #ident: #ty,)
    });
    Some(quote! {
        #docs
        #[derive(Debug, Clone, Default, PartialEq #asked)]
        pub struct #ident { #(#fields)* }
        #constants
    })
}

fn parameter_docs(name: &str, docs: &Docs) -> TokenStream {
    let mut lines = docs::said(docs);
    if lines.is_empty() {
        lines.push(format!("{}.", text::code(name)));
    }
    text::doc(&lines.join("\n\n"))
}
