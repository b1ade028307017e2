//! How are the links of an answer spelled: as methods, and in the documentation?

use proc_macro2::{Literal, TokenStream};
use quote::quote;
use serde_json::Value;

use super::operations::answered;
use super::rust_type::{Within, mention};
use super::{features, text};
use crate::ir::{Api, Link, LinkSource, Operation};
use crate::plan::{CallPlan, Handing, LinkArgument, LinkPlan, Plan, Presence, RustType};

/// The methods that an operation's links are, where no other operation has the same.
pub(super) fn of_operation(api: &Api, plan: &Plan, position: usize) -> Option<TokenStream> {
    let (operation, call) = (&api.operations[position], &plan.calls[position]);
    let mut ty = None;
    let methods = operation.links.iter().zip(&call.links).filter_map(|(link, planned)| {
        let planned = planned.as_ref()?;
        ty = Some(RustType::Named(planned.ty));
        let elsewhere = leads_elsewhere(plan, position, link);
        let when = elsewhere.then(|| features::of_operation(plan, link.target));
        let unless = features::without(plan, &planned.unless);
        (!planned.shared).then(|| {
            let method = method(api, plan, link, planned);
            quote!(#when #unless #method)
        })
    });
    let methods: Vec<_> = methods.collect();
    // They are of one type, that of the answer.
    let ty = mention(plan, &ty?, Within::Operations);
    (!methods.is_empty()).then(|| quote!(impl #ty { #(#methods)* }))
}

/// Whether a link leads to an operation of another group, which may not be there.
pub(super) fn leads_elsewhere(plan: &Plan, position: usize, link: &Link) -> bool {
    features::group(plan, position) != features::group(plan, link.target)
}

fn method(api: &Api, plan: &Plan, link: &Link, planned: &LinkPlan) -> TokenStream {
    let (operation, call) = (&api.operations[link.target], &plan.calls[link.target]);
    let (client, target, name) = (text::ident(&plan.client), text::ident(&call.method), text::ident(&planned.method));
    let mut missing = Vec::new();
    let mut arguments: Vec<TokenStream> =
        planned.arguments.iter().map(|argument| value(argument, false, &mut missing)).collect();
    if let Some((options, fields)) = &call.options {
        let set = planned.options.iter().map(|(field, argument)| {
            let (name, value) = (text::ident(&field.ident), value(argument, true, &mut missing));
            if matches!(field.ty, RustType::Option(_)) { quote!(#name: Some(#value)) } else { quote!(#name: #value) }
        });
        let set: Vec<_> = set.collect();
        let options = text::ident(options);
        arguments.push(match (set.len(), fields.len()) {
            (0, _) => quote!(&Default::default()),
            (set_all, all) if set_all == all => quote!(&super::#options { #(#set),* }),
            _ => quote!(&super::#options { #(#set,)* ..Default::default() }),
        });
    }
    let streamed = operation.streamed.as_ref().zip(call.stream.as_ref()).filter(|(streamed, _)| streamed.alone);
    let (answer, _) = answered(plan, call, streamed);
    let made = quote!(client.#target(#(#arguments),*));
    let (answer, made) = if missing.is_empty() {
        (quote!(Call<'c, #answer>), made)
    } else {
        (quote!(Option<Call<'c, #answer>>), quote!(Some(#made)))
    };
    let mut lines = Vec::new();
    lines.extend(link.description.as_deref().filter(|said| !said.trim().is_empty()).map(text::markdown));
    let what = format!(
        "The link {}: [`{target}`](super::{client}::{target})",
        text::code(&link.name),
        target = call.method.plain(),
        client = plan.client.plain()
    );
    lines.push(match missing.as_slice() {
        [] => format!("{what} with what is said here."),
        [only] => format!("{what} with what is said here; `None` where {only} is not."),
        several => format!("{what} with what is said here; `None` where one of {} is not.", several.join(", ")),
    });
    let docs = text::doc(&lines.join("\n\n"));
    let deprecated = operation.docs.deprecated.then(|| quote!(#[deprecated] #[allow(deprecated)]));
    quote! {
        #docs #deprecated
        pub fn #name<'c>(&self, client: &'c super::#client) -> #answer {
            #made
        }
    }
}

/// The expression of an argument, or of a field that is set. Fields that may be missing are gathered.
fn value(argument: &LinkArgument, owned: bool, missing: &mut Vec<String>) -> TokenStream {
    let (way, handing) = match argument {
        LinkArgument::Text(said) => {
            let said = text::literal(said);
            return if owned { quote!(#said.to_owned()) } else { quote!(#said) };
        }
        LinkArgument::Plain(Value::Bool(said)) => return quote!(#said),
        LinkArgument::Plain(said) => {
            let said = said
                .as_i64()
                .map_or_else(|| Literal::u64_unsuffixed(said.as_u64().unwrap_or_default()), Literal::i64_unsuffixed);
            return quote!(#said);
        }
        LinkArgument::Field(way, handing) => (way, *handing),
    };
    let mut place = quote!(self);
    let mut borrowed = false;
    for (at, (ident, presence)) in way.iter().enumerate() {
        let last = at + 1 == way.len();
        let name = text::ident(ident);
        place = quote!(#place.#name);
        borrowed = true;
        match presence {
            Presence::Required => borrowed = false,
            Presence::Optional | Presence::RequiredNullable if last && handing == Handing::Copied => {
                place = quote!(#place?);
                borrowed = false;
            }
            Presence::Optional | Presence::RequiredNullable => place = quote!(#place.as_ref()?),
            Presence::OptionalNullable => place = quote!(#place.value()?),
        }
        let said = text::code(ident.plain());
        if *presence != Presence::Required && !missing.contains(&said) {
            missing.push(said);
        }
    }
    match (handing, borrowed) {
        (Handing::Borrowed, true) | (Handing::Copied, false) => place,
        (Handing::Borrowed, false) => quote!(&#place),
        (Handing::Copied, true) => quote!(*#place),
        (Handing::Cloned, _) => quote!(#place.clone()),
        (Handing::Written, _) if owned => quote!(#place.to_string()),
        (Handing::Written, _) => quote!(&#place.to_string()),
    }
}

/// What the documentation of an operation says of its links.
pub(super) fn said(plan: &Plan, position: usize, operation: &Operation, call: &CallPlan) -> Option<String> {
    let lines = operation.links.iter().zip(&call.links).map(|(link, planned)| {
        let target = plan.calls[link.target].method.plain();
        // What may not be there cannot be linked to.
        let elsewhere = leads_elsewhere(plan, position, link);
        let reached = |name: &str, path: &str| if elsewhere { text::code(name) } else { format!("[`{name}`]({path})") };
        let values = link.values.iter().map(|value| {
            let name = text::code(&value.name);
            match &value.source {
                LinkSource::Field(steps) => format!("{name} from {}", text::code(&steps.join("."))),
                LinkSource::Exchange(said) => format!("{name} from {}", text::code(said)),
                LinkSource::Constant(Value::String(said)) => format!("{name} as {}", text::code(said)),
                LinkSource::Constant(said) => format!("{name} as {}", text::code(&said.to_string())),
            }
        });
        let values: Vec<String> = values.collect();
        let with = if values.is_empty() { String::new() } else { format!(" with {}", values.join(", ")) };
        let by = planned.as_ref().and_then(|planned| {
            let ty = plan.types[planned.ty.index()].name.as_ref()?.plain();
            let method = planned.method.plain();
            let path = format!("super::types::{ty}::{method}");
            Some(format!(", by {}", reached(&format!("{ty}::{method}"), &path)))
        });
        let by = by.unwrap_or_default();
        let target = reached(target, &format!("Self::{target}"));
        format!("* {}: {target}{with}{by}", text::code(&link.name))
    });
    let lines: Vec<String> = lines.collect();
    (!lines.is_empty()).then(|| format!("Links of what it answers:\n{}", lines.join("\n")))
}
