//! How are operations called by their names, with JSON in and out?
//!
//! A sibling of the typed methods over the same plan: for each method a shim that takes its arguments out of a JSON object. It
//! calls what is public, so that the typed method is what goes over the wire.

use proc_macro2::TokenStream;
use quote::quote;

use super::rust_type::{Within, adapter, imports, mention};
use super::{features, text};
use crate::ir::{Api, Body, FormPart, Framing, Operation, Payload};
use crate::plan::{
    AcceptPlan, Adapter, ArgumentKind, BodyArgument, CallPlan, FailureBody, FailurePlan, Ident, Plan, RustType,
    StreamPlan, Success, argument_names,
};

/// `src/by_name.rs`, which is compiled with the feature `by-name` alone.
pub(super) fn module(api: &Api, plan: &Plan) -> TokenStream {
    let client = text::ident(&plan.client);
    let mut order: Vec<usize> = (0..plan.calls.len()).collect();
    order.sort_by_key(|&position| &plan.calls[position].method);
    let operations = || {
        order
            .iter()
            .map(|&position| (features::of_operation(plan, position), &api.operations[position], &plan.calls[position]))
    };
    let methods = || {
        operations().flat_map(|(when, operation, call)| {
            methods(call).map(move |method| (when.clone(), operation, call, method))
        })
    };
    let entries = methods().map(|(when, operation, call, method)| {
        let entry = entry(operation, call, &method);
        quote!(#when #entry)
    });
    let functions = methods().map(|(when, operation, call, method)| {
        let shim = shim(plan, operation, call, &method);
        quote!(#when #shim)
    });
    let forms = operations().filter_map(|(when, operation, call)| {
        let form = form(plan, operation, call)?;
        Some(quote!(#when #form))
    });
    let failures = plan.failures.iter().map(|failure| {
        let (when, failure) = (features::of_operation(plan, failure.operation), self::failure(plan, failure));
        quote!(#when #failure)
    });
    // What only some groups need is imported for all.
    let unused = plan.features.as_ref().map(|_| quote!(#![allow(unused_imports)]));
    let body = quote! {
        const ENTRIES: &[door::Entry<super::#client>] = &[#(#entries),*];

        impl door::ByName for super::#client {
            fn builder() -> sinew_runtime::ClientBuilder<Self> {
                super::#client::builder()
            }
            fn operations() -> Vec<door::NamedOperation> {
                door::operations(ENTRIES)
            }
            fn call<'c>(&'c self, operation: &str, arguments: door::Value) -> door::Calling<'c> {
                door::dispatch(self, ENTRIES, operation, arguments)
            }
        }
        #(#functions)*
        #(#forms)*
        #(#failures)*
    };
    let imports = imports(&body);
    let lints = text::lints();
    quote! {
        #![doc = " The operations by their names, with JSON in and out: see [`ByName`](sinew_runtime::by_name::ByName)."]
        #lints
        #![allow(deprecated)]
        #unused
        #imports
        use sinew_runtime::by_name as door;
        #body
    }
}

/// A method of the client, perhaps that for a stream of items.
struct Method<'p> {
    name: &'p Ident,
    stream: Option<&'p StreamPlan>,
}

/// The methods of an operation: one, or one more for its stream of items.
fn methods(call: &CallPlan) -> impl Iterator<Item = Method<'_>> {
    let alone = call.stream.as_ref().is_some_and(|stream| stream.method.is_none());
    let plain = (!alone).then_some(Method { name: &call.method, stream: None });
    let stream = call.stream.as_ref();
    let stream =
        stream.map(|stream| Method { name: stream.method.as_ref().unwrap_or(&call.method), stream: Some(stream) });
    plain.into_iter().chain(stream)
}

fn shim_name(method: &Method<'_>) -> proc_macro2::Ident {
    text::name(&format!("call_{}", method.name.plain()))
}

fn entry(operation: &Operation, call: &CallPlan, method: &Method<'_>) -> TokenStream {
    let (name, shim) = (text::literal(method.name.plain()), shim_name(method));
    let route = text::literal(&operation.route());
    let names = argument_names(operation);
    let body = |required: bool| operation.body.iter().filter(move |body| body.required == required).map(|_| "body");
    let positional = call.arguments.iter().filter_map(|argument| names[argument.parameter].as_deref());
    let required = positional.chain(body(true)).map(text::literal);
    let options = call.options.iter().flat_map(|(_, fields)| fields);
    let several = operation.body.iter().filter(|body| !body.others.is_empty()).map(|_| "body.media_type");
    let asked = call.alternatives.iter().filter(|_| method.stream.is_none()).map(|_| "answer.media_type");
    let optional = options.filter_map(|field| names[field.parameter].as_deref());
    let optional = optional.chain(body(false)).chain(several).chain(asked);
    let optional = optional.map(text::literal);
    quote!(door::Entry::new(#name, #route, #shim, &[#(#required),*], &[#(#optional),*]))
}

fn shim(plan: &Plan, operation: &Operation, call: &CallPlan, called: &Method<'_>) -> TokenStream {
    let (shim, method, client) = (shim_name(called), text::ident(called.name), text::ident(&plan.client));
    let names = argument_names(operation);
    let key = |parameter: usize| text::literal(names[parameter].as_deref().unwrap_or_default());
    let positional: Vec<TokenStream> =
        call.arguments.iter().map(|argument| taken(plan, &argument.kind, &key(argument.parameter))).collect();
    let options = call.options.as_ref().map(|(options, fields)| {
        let options = text::ident(options);
        let fields = fields.iter().map(|field| {
            let (ident, key) = (text::ident(&field.ident), key(field.parameter));
            quote!(#ident: arguments.optional(#key)?,)
        });
        quote!(&super::#options { #(#fields)* })
    });
    // The ways to send the body, one call each: what is taken lives as long as its call is made.
    let ways: Vec<Option<TokenStream>> = match (&operation.body, &call.body) {
        (Some(said), Some(argument)) => said
            .ways()
            .enumerate()
            .map(|(way, (_, payload))| Some(body(plan, call, argument, payload, said, way)))
            .collect(),
        _ => vec![None],
    };
    let alternatives = call.alternatives.as_ref().filter(|_| called.stream.is_none());
    let takes_none = positional.is_empty() && options.is_none() && operation.body.is_none() && alternatives.is_none();
    let arguments_name = if takes_none { text::name("_") } else { text::name("arguments") };
    let failure = match call.failure.and_then(|failure| plan.failures.get(failure)) {
        Some(failure) => {
            let name = failure_name(plan, failure);
            quote!(#name)
        }
        None => quote!(door::no_failure),
    };
    let framing = called.stream.and(operation.streamed.as_ref()).map(|streamed| streamed.framing);
    let answered = |body: &Option<TokenStream>, other: Option<(&Ident, &AcceptPlan)>| {
        let arguments = positional.iter().chain(body).chain(&options);
        let other_media = other.map(|(name, other)| {
            let (name, constant) = (text::ident(name), text::name(&other.constant));
            quote!(.accept(super::#name::#constant))
        });
        let called = quote!(client.#method(#(#arguments),*) #other_media);
        match other.map_or(&call.success, |(_, other)| &other.success) {
            _ if matches!(framing, Some(Framing::Lines | Framing::Sequence)) => quote!(door::items(#called, #failure)),
            _ if framing.is_some() => quote!(door::events(#called, #failure)),
            Success::Json(_, Some(with)) => {
                let shown = adapted(*with);
                quote!(door::chosen(#called, |value| #shown, #failure))
            }
            Success::Empty | Success::Json(..) | Success::Xml(..) | Success::Text => {
                quote!(door::value(#called, #failure))
            }
            Success::Bytes => quote!(door::download(#called, #failure)),
            Success::Choice(name, choices) => {
                let name = text::ident(name);
                let arms = choices.iter().map(|choice| {
                    let ident = text::ident(&choice.ident);
                    match choice.ty {
                        Some(_) if choice.adapter.is_some() => {
                            let shown = choice.adapter.map(adapted);
                            quote!(super::#name::#ident(value) => #shown,)
                        }
                        Some(_) => quote!(super::#name::#ident(value) => door::to_json(&value),),
                        None => quote!(super::#name::#ident => door::Value::Null,),
                    }
                });
                quote!(door::chosen(#called, |answer| match answer { #(#arms)* }, #failure))
            }
        }
    };
    let made = |other: Option<(&Ident, &AcceptPlan)>| match ways.as_slice() {
        [only] => {
            let answered = answered(only, other);
            quote!(Ok(#answered))
        }
        several => {
            let media_types =
                operation.body.iter().flat_map(crate::ir::Body::ways).map(|(media_type, _)| text::literal(media_type));
            let arms = several.iter().enumerate().skip(1).map(|(way, body)| {
                let (way, answered) = (proc_macro2::Literal::usize_unsuffixed(way), answered(body, other));
                quote!(#way => Ok(#answered),)
            });
            let first = answered(&several[0], other);
            quote! {
                match arguments.media_type(&[#(#media_types),*])? {
                    #(#arms)*
                    _ => Ok(#first),
                }
            }
        }
    };
    let default = made(None);
    let made = match alternatives {
        None => default,
        Some((name, each)) => {
            let media_types = each.iter().map(|other| text::literal(&other.media_type));
            let arms = each.iter().enumerate().map(|(at, other)| {
                let (at, made) = (proc_macro2::Literal::usize_unsuffixed(at), made(Some((name, other))));
                quote!(Some(#at) => #made,)
            });
            quote! {
                match arguments.accept(&[#(#media_types),*])? {
                    #(#arms)*
                    _ => #default,
                }
            }
        }
    };
    quote! {
        fn #shim<'c>(
            client: &'c super::#client,
            #arguments_name: &mut door::Arguments,
        ) -> Result<door::Calling<'c>, sinew_runtime::Error> {
            #made
        }
    }
}

/// A value as JSON, as its adapter writes it: a decimal is a number where the document says so, and not the text that serde makes.
fn adapted(with: Adapter) -> TokenStream {
    let with = text::name(adapter(with));
    quote!(door::written(&sinew_runtime::generated::#with::field(&value)))
}

/// An argument that must be given, as the method takes it.
fn taken(plan: &Plan, kind: &ArgumentKind, key: &proc_macro2::Literal) -> TokenStream {
    let mention = |ty: &RustType| mention(plan, ty, Within::Operations);
    match kind {
        ArgumentKind::Value(ty) => {
            let ty = mention(ty);
            quote!(arguments.take::<#ty>(#key)?)
        }
        ArgumentKind::Text => quote!(&arguments.take::<String>(#key)?),
        ArgumentKind::Slice(item) => {
            let item = mention(item);
            quote!(&arguments.take::<Vec<#item>>(#key)?)
        }
        ArgumentKind::Reference(ty) => {
            let ty = mention(ty);
            quote!(&arguments.take::<#ty>(#key)?)
        }
    }
}

/// The body in one of the ways to send it.
fn body(
    plan: &Plan,
    call: &CallPlan,
    argument: &BodyArgument,
    payload: &Payload,
    said: &Body,
    way: usize,
) -> TokenStream {
    let variant = argument.choice.as_ref().and_then(|(choice, variants)| Some((choice, variants.get(way)?)));
    let kind = variant.map_or(argument.kind.as_ref(), |(_, variant)| variant.kind.as_ref());
    let value = value(plan, call, argument, kind, payload, said.required);
    let Some((choice, variant)) = variant else { return value };
    let (choice, variant) = (text::ident(choice), text::ident(&variant.ident));
    if said.required { quote!(super::#choice::#variant(#value)) } else { quote!(#value.map(super::#choice::#variant)) }
}

fn value(
    plan: &Plan,
    call: &CallPlan,
    argument: &BodyArgument,
    kind: Option<&ArgumentKind>,
    payload: &Payload,
    required: bool,
) -> TokenStream {
    let mention = |ty: &RustType| mention(plan, ty, Within::Operations);
    if argument.form.is_some() && matches!(payload, Payload::Multipart(_)) {
        let read = form_name(call);
        return if required {
            quote!(&#read(arguments.form("body")?)?)
        } else {
            quote!(arguments.optional_form("body")?.map(#read).transpose()?.as_ref())
        };
    }
    match (payload, kind) {
        (_, Some(kind)) if required => taken(plan, kind, &text::literal("body")),
        (_, Some(ArgumentKind::Value(ty))) => {
            let ty = mention(ty);
            quote!(arguments.optional::<Option<#ty>>("body")?)
        }
        (_, Some(ArgumentKind::Text)) => quote!(arguments.optional::<Option<String>>("body")?.as_deref()),
        (_, Some(ArgumentKind::Slice(item))) => {
            let item = mention(item);
            quote!(arguments.optional::<Option<Vec<#item>>>("body")?.as_deref())
        }
        (_, Some(ArgumentKind::Reference(ty))) => {
            let ty = mention(ty);
            quote!(arguments.optional::<Option<#ty>>("body")?.as_ref())
        }
        (Payload::Text, None) if required => quote!(arguments.take::<String>("body")?),
        (Payload::Text, None) => quote!(arguments.optional::<Option<String>>("body")?),
        (_, None) if required => quote!(arguments.body("body")?),
        (_, None) => quote!(arguments.optional_body("body")?),
    }
}

fn form_name(call: &CallPlan) -> proc_macro2::Ident {
    text::name(&format!("form_{}", call.method.plain()))
}

/// The function that reads the parts of a form.
fn form(plan: &Plan, operation: &Operation, call: &CallPlan) -> Option<TokenStream> {
    let (name, planned) = call.body.as_ref()?.form.as_ref()?;
    let form = operation.body.as_ref()?.form()?;
    let (read, name) = (form_name(call), text::ident(name));
    let fields = form.fields.iter().zip(planned).map(|(field, planned)| {
        let (ident, key) = (text::ident(&planned.ident), text::literal(&field.name));
        match (field.part, field.required, &planned.ty) {
            (FormPart::Files, ..) => quote!(#ident: parts.parts(#key)?,),
            (FormPart::File, true, _) => quote!(#ident: parts.part(#key)?,),
            (FormPart::File, false, _) => quote!(#ident: parts.optional_part(#key)?,),
            (_, true, Some(ty)) => {
                let ty = mention(plan, ty, Within::Operations);
                quote!(#ident: parts.take::<#ty>(#key)?,)
            }
            _ => quote!(#ident: parts.optional(#key)?,),
        }
    });
    Some(quote! {
        fn #read(mut parts: door::Arguments) -> Result<types::#name, sinew_runtime::Error> {
            let form = types::#name { #(#fields)* };
            parts.finish()?;
            Ok(form)
        }
    })
}

fn failure_name(plan: &Plan, failure: &FailurePlan) -> proc_macro2::Ident {
    text::name(&format!("failure_{}", plan.calls[failure.operation].method.plain()))
}

/// The function that finds a documented failure in an error.
fn failure(plan: &Plan, failure: &FailurePlan) -> TokenStream {
    let (read, name) = (failure_name(plan, failure), text::ident(&failure.name));
    let arms = failure.variants.iter().map(|variant| {
        let ident = text::ident(&variant.ident);
        match variant.body {
            FailureBody::Empty => quote!(super::#name::#ident => door::Value::Null,),
            FailureBody::Text | FailureBody::Json(_) | FailureBody::Xml(..) => {
                quote!(super::#name::#ident(value) => door::to_json(&value),)
            }
        }
    });
    quote! {
        fn #read(error: &sinew_runtime::Error) -> Option<door::Value> {
            error.failure::<super::#name>().map(|failure| match failure { #(#arms)* })
        }
    }
}
