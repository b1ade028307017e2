//! How are the types defined?

use proc_macro2::TokenStream;
use quote::quote;

use super::rust_type::{Within, adapter, import, mention};
use super::text;
use crate::ir::{Api, Docs, Enumeration, FormPart, Payload, Shape, Type};
use crate::plan::{ArmPlan, FieldPlan, FormFieldPlan, Ident, JsonKind, Plan, Presence, RustType, TypePlan, UnionPlan};

/// The file of all types.
pub(super) fn module(api: &Api, plan: &Plan) -> TokenStream {
    let head = text::inner_doc(&format!("The types of {}.", text::first_paragraph(&api.title)));
    let definitions =
        plan.definitions.iter().map(|id| definition(api, plan, api.types.get(*id), &plan.types[id.index()]));
    let forms = forms(api, plan);
    let body = quote!(#(#definitions)* #(#forms)*);
    let imports = imports(api, plan);
    let lints = text::lints();
    quote! {
        #head
        #lints
        #imports
        #body
    }
}

/// What the definitions use. A variant may bear the name of any of these, so the plan is asked and not the tokens.
fn imports(api: &Api, plan: &Plan) -> TokenStream {
    let mut used: Vec<&RustType> = Vec::new();
    let mut maps = false;
    let mut secrets = false;
    for id in &plan.definitions {
        let planned = &plan.types[id.index()];
        used.extend(planned.fields.iter().map(|field| &field.ty));
        used.extend(planned.union.iter().flat_map(|union| &union.arms).map(|arm| &arm.ty));
        maps |= planned.rest.is_some();
        match &api.types.get(*id).shape {
            Shape::List(item) => used.push(&plan.types[item.ty.index()].mention),
            Shape::Map(value) => {
                maps = true;
                used.push(&plan.types[value.ty.index()].mention);
            }
            Shape::Alias(target) => used.push(&plan.types[target.ty.index()].mention),
            Shape::Text(crate::ir::TextKind::Secret) => secrets = true,
            _ => {}
        }
    }
    let forms: Vec<_> = plan.calls.iter().filter_map(|call| call.body.as_ref()?.form.as_ref()).collect();
    let fields: Vec<&FormFieldPlan> = forms.iter().flat_map(|(_, fields)| fields).collect();
    used.extend(fields.iter().filter_map(|field| field.ty.as_ref()));
    let any = |test: fn(&RustType) -> bool| used.iter().any(|ty| ty.holds(test));
    let mut root = Vec::new();
    for (wanted, name) in [
        (any(|ty| matches!(ty, RustType::Nullable(_))), "Nullable"),
        (fields.iter().any(|field| field.ty.is_none()), "Part"),
        (secrets || any(|ty| matches!(ty, RustType::Secret)), "Secret"),
    ] {
        if wanted {
            root.push(text::name(name));
        }
    }
    let maps = (maps || any(|ty| matches!(ty, RustType::Map(_)))).then(|| {
        quote!(
            use std::collections::BTreeMap;
        )
    });
    let facade = (!forms.is_empty()).then(|| {
        quote!(
            use sinew_runtime::generated::FormData;
        )
    });
    let root = import(&quote!(sinew_runtime), &root);
    quote!(#maps #facade #root)
}

fn definition(api: &Api, plan: &Plan, ty: &Type, planned: &TypePlan) -> TokenStream {
    let Some(name) = &planned.name else { return TokenStream::new() };
    let docs = type_docs(ty);
    match &ty.shape {
        Shape::Record(_) => record(plan, ty, planned, name, &docs),
        Shape::Enumeration(listed) if listed.open => enumeration(planned, listed, name, &docs),
        Shape::Enumeration(listed) => constant(planned, listed, name, &docs),
        Shape::Union(_) => match &planned.union {
            Some(union) => self::union(plan, planned, union, name, &docs),
            None => TokenStream::new(),
        },
        _ => {
            let name = text::ident(name);
            let target = alias_target(api, plan, ty);
            quote!(#docs pub type #name = #target;)
        }
    }
}

/// What an alias stands for: the type without the name that is being defined.
fn alias_target(api: &Api, plan: &Plan, ty: &Type) -> TokenStream {
    let used = |used: crate::ir::Use| {
        let target = &plan.types[used.ty.index()];
        let nullable = api.types.resolve(used).nullable && !matches!(target.mention, RustType::Json | RustType::Unit);
        let bare = mention(plan, &target.mention, Within::Types);
        if nullable { quote!(Option<#bare>) } else { bare }
    };
    match &ty.shape {
        Shape::List(item) => {
            let item = used(*item);
            quote!(Vec<#item>)
        }
        Shape::Map(value) => {
            let value = used(*value);
            quote!(BTreeMap<String, #value>)
        }
        Shape::Alias(target) => mention(plan, &plan.types[target.ty.index()].mention, Within::Types),
        shape => mention(plan, &RustType::of_plain(shape), Within::Types),
    }
}

fn type_docs(ty: &Type) -> TokenStream {
    let mut lines = said(&ty.docs);
    if lines.is_empty() {
        lines.push(match &ty.shape {
            Shape::Record(_) => "An object.".to_owned(),
            Shape::Enumeration(listed) if listed.values.len() == 1 => "A constant.".to_owned(),
            Shape::Enumeration(_) => "One of several words.".to_owned(),
            Shape::Union(_) => "One of several types.".to_owned(),
            _ => "A value under a name of its own.".to_owned(),
        });
    }
    lines.push(format!("Defined at {}.", text::code(&format!("#{}", ty.pointer))));
    text::doc(&lines.join("\n\n"))
}

/// What the document says of something, a paragraph each.
pub(super) fn said(docs: &Docs) -> Vec<String> {
    let mut lines = Vec::new();
    match (&docs.description, &docs.title) {
        (Some(description), _) if !description.trim().is_empty() => lines.push(text::markdown(description)),
        (_, Some(title)) if !title.trim().is_empty() => {
            lines.push(format!("{}.", text::first_paragraph(title).trim_end_matches('.')));
        }
        _ => {}
    }
    if docs.deprecated {
        lines.push("Deprecated.".to_owned());
    }
    if let Some(default) = &docs.default {
        lines.push(format!("Default: {}.", text::code(&default.to_string())));
    }
    if !docs.bounds.is_empty() {
        let bounds: Vec<String> = docs.bounds.iter().map(|bound| bound_text(bound)).collect();
        lines.push(format!("Bounds: {}.", bounds.join(", ")));
    }
    lines
}

fn bound_text(bound: &str) -> String {
    match bound.strip_prefix("matches ") {
        Some(pattern) => format!("matches {}", text::code(pattern.trim_matches('`'))),
        None => text::markdown(bound),
    }
}

fn record(plan: &Plan, ty: &Type, planned: &TypePlan, name: &Ident, docs: &TokenStream) -> TokenStream {
    let Shape::Record(shape) = &ty.shape else { return TokenStream::new() };
    let ident = text::ident(name);
    let default = planned.defaults.then(|| quote!(, Default));
    let fields = shape.fields.iter().zip(&planned.fields).map(|(field, planned)| {
        let mut lines = said(&field.docs);
        if lines.is_empty() {
            lines.push(format!("{}.", text::code(&field.name)));
        }
        let docs = text::doc(&lines.join("\n\n"));
        let ty = mention(plan, &planned.ty, Within::Types);
        let serde = serde_of(planned, &field.name);
        let ident = text::ident(&planned.ident);
        quote!(#docs #serde pub #ident: #ty,)
    });
    let rest = planned.rest.as_ref().map(|(ident, ty)| {
        let ident = text::ident(ident);
        let ty = mention(plan, ty, Within::Types);
        quote! {
            /// What no other field holds.
            #[serde(flatten)]
            pub #ident: BTreeMap<String, #ty>,
        }
    });
    let constructor = (planned.sent && !planned.defaults).then(|| constructor(plan, planned, &ident));
    let parameter = json_parameter(planned, &ident);
    quote! {
        #docs
        #[derive(Debug, Clone, PartialEq #default, serde::Serialize, serde::Deserialize)]
        pub struct #ident { #(#fields)* #rest }
        #constructor
        #parameter
    }
}

fn serde_of(field: &FieldPlan, wire: &str) -> TokenStream {
    let mut parts: Vec<TokenStream> = Vec::new();
    if field.ident.plain() != wire {
        let wire = text::literal(wire);
        parts.push(quote!(rename = #wire));
    }
    let skip = match field.presence {
        Presence::Required | Presence::RequiredNullable => None,
        Presence::Optional => Some("Option::is_none"),
        Presence::OptionalNullable => Some("Nullable::is_absent"),
    };
    if skip.is_some() || (field.presence == Presence::RequiredNullable && field.adapter.is_some()) {
        parts.push(quote!(default));
    }
    if let Some(skip) = skip {
        parts.push(quote!(skip_serializing_if = #skip));
    }
    if let Some(with) = field.adapter {
        let with = format!("sinew_runtime::generated::{}", adapter(with));
        parts.push(quote!(with = #with));
    }
    if parts.is_empty() { TokenStream::new() } else { quote!(#[serde(#(#parts),*)]) }
}

/// `new` takes what must be given, in the document's order.
fn constructor(plan: &Plan, planned: &TypePlan, ident: &proc_macro2::Ident) -> TokenStream {
    let mut arguments = Vec::new();
    let mut values = Vec::new();
    for field in &planned.fields {
        let name = text::ident(&field.ident);
        if field.constant {
            values.push(quote!(#name: Default::default()));
            continue;
        }
        match field.presence {
            Presence::Optional => values.push(quote!(#name: None)),
            Presence::OptionalNullable => values.push(quote!(#name: Nullable::Absent)),
            Presence::RequiredNullable => {
                let ty = mention(plan, &field.ty, Within::Types);
                arguments.push(quote!(#name: #ty));
                values.push(quote!(#name));
            }
            Presence::Required => {
                let bare = match &field.bare {
                    RustType::Boxed(inner) => inner,
                    other => other,
                };
                let ty = mention(plan, bare, Within::Types);
                let boxed = matches!(field.bare, RustType::Boxed(_));
                let converts = match bare {
                    RustType::String | RustType::Secret => true,
                    RustType::Named(id) => {
                        let target = &plan.types[id.index()];
                        target.unknown.is_some() || matches!(target.resolved, RustType::String | RustType::Secret)
                    }
                    _ => false,
                };
                if converts {
                    arguments.push(quote!(#name: impl Into<#ty>));
                    values.push(if boxed {
                        quote!(#name: Box::new(#name.into()))
                    } else {
                        quote!(#name: #name.into())
                    });
                } else {
                    arguments.push(quote!(#name: #ty));
                    values.push(if boxed { quote!(#name: Box::new(#name)) } else { quote!(#name) });
                }
            }
        }
    }
    if let Some((rest, _)) = &planned.rest {
        let rest = text::ident(rest);
        values.push(quote!(#rest: BTreeMap::new()));
    }
    quote! {
        impl #ident {
            /// With what is required; everything else is absent.
            pub fn new(#(#arguments),*) -> Self {
                Self { #(#values),* }
            }
        }
    }
}

fn json_parameter(planned: &TypePlan, ident: &proc_macro2::Ident) -> Option<TokenStream> {
    planned.parameter.then(|| quote!(sinew_runtime::generated::json_parameter!(#ident);))
}

fn enumeration(planned: &TypePlan, listed: &Enumeration, name: &Ident, docs: &TokenStream) -> TokenStream {
    let ident = text::ident(name);
    let Some(unknown) = planned.unknown.as_ref().map(text::ident) else { return TokenStream::new() };
    let variants: Vec<_> = planned.variants.iter().map(text::ident).collect();
    let values: Vec<_> = listed.values.iter().map(|value| text::literal(value)).collect();
    let value_docs = listed.values.iter().map(|value| text::doc(&format!("{}.", text::code(value))));
    quote! {
        #docs
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        pub enum #ident {
            #(#value_docs #variants,)*
            /// A word that the document does not list, as it came.
            #unknown(String),
        }
        impl #ident {
            /// The word as it is written.
            pub fn as_str(&self) -> &str {
                match self {
                    #(Self::#variants => #values,)*
                    Self::#unknown(word) => word,
                }
            }
        }
        impl From<&str> for #ident {
            fn from(word: &str) -> Self {
                match word {
                    #(#values => Self::#variants,)*
                    unlisted => Self::#unknown(unlisted.to_owned()),
                }
            }
        }
        impl From<String> for #ident {
            fn from(word: String) -> Self {
                Self::from(word.as_str())
            }
        }
        sinew_runtime::generated::string_enum!(#ident);
    }
}

/// A list of one word: nobody chooses it, and no other is accepted.
fn constant(planned: &TypePlan, listed: &Enumeration, name: &Ident, docs: &TokenStream) -> TokenStream {
    let ident = text::ident(name);
    let (Some(variant), Some(value)) = (planned.variants.first(), listed.values.first()) else {
        return TokenStream::new();
    };
    let rename = (variant.plain() != value).then(|| {
        let value = text::literal(value);
        quote!(#[serde(rename = #value)])
    });
    let variant = text::ident(variant);
    let value_doc = text::doc(&format!("{}.", text::code(value)));
    let parameter = json_parameter(planned, &ident);
    quote! {
        #docs
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, serde::Serialize, serde::Deserialize)]
        pub enum #ident {
            #value_doc
            #rename
            #[default]
            #variant,
        }
        #parameter
    }
}

fn union(plan: &Plan, planned: &TypePlan, union: &UnionPlan, name: &Ident, docs: &TokenStream) -> TokenStream {
    let ident = text::ident(name);
    let unknown = text::ident(&union.unknown);
    let variants: Vec<_> = union.arms.iter().map(|arm| text::ident(&arm.ident)).collect();
    let types: Vec<_> = union.arms.iter().map(|arm| mention(plan, &arm.ty, Within::Types)).collect();
    let variant_docs = union.arms.iter().map(|arm| {
        text::doc(&match arm.written_tag.as_ref().zip(union.tag.as_ref()) {
            Some((value, (field, _))) => format!("Where {} is {}.", text::code(field), text::code(value)),
            None => format!("{}.", text::code(arm.ident.plain())),
        })
    });
    let encoders = union.arms.iter().map(|arm| encoder(arm, union));
    let table = union.arms.iter().map(arm_entry);
    let tag = union.tag.as_ref().map(|(field, values)| {
        let field = text::literal(field);
        let values = values.iter().map(|(value, arm)| {
            let value = text::literal(value);
            let arm = proc_macro2::Literal::usize_unsuffixed(*arm);
            quote!((#value, #arm))
        });
        quote!(.tag(#field, &[#(#values),*]))
    });
    let decoders = union.arms.iter().enumerate().map(|(position, arm)| {
        let position = proc_macro2::Literal::usize_unsuffixed(position);
        let variant = text::ident(&arm.ident);
        match arm.adapter {
            Some(with) => {
                let with = text::name(adapter(with));
                quote!(#position => sinew_runtime::generated::#with::from_value(value).map(Self::#variant),)
            }
            None => quote!(#position => serde_json::from_value(value).map(Self::#variant),),
        }
    });
    let conversions = conversions(union, &types, &ident);
    let parameter = json_parameter(planned, &ident);
    quote! {
        #docs
        #[derive(Debug, Clone, PartialEq)]
        pub enum #ident {
            #(#variant_docs #variants(#types),)*
            /// What fits none of them, as it came.
            #unknown(serde_json::Value),
        }
        #(#conversions)*
        impl serde::Serialize for #ident {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self {
                    #(#encoders)*
                    Self::#unknown(value) => value.serialize(serializer),
                }
            }
        }
        impl<'de> serde::Deserialize<'de> for #ident {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                use sinew_runtime::generated::{JsonTypes, Union, UnionArm};
                static UNION: Union = Union::new(&[#(#table),*])#tag;
                UNION.decode(deserializer, |arm, value| match arm {
                    #(#decoders)*
                    _ => Ok(Self::#unknown(value)),
                })
            }
        }
        #parameter
    }
}

fn encoder(arm: &ArmPlan, union: &UnionPlan) -> TokenStream {
    let variant = text::ident(&arm.ident);
    match (&arm.written_tag, &union.tag, arm.adapter) {
        (Some(value), Some((field, _)), _) => {
            let (field, value) = (text::literal(field), text::literal(value));
            quote! {
                Self::#variant(value) => {
                    sinew_runtime::generated::Union::encode_tagged(serializer, #field, #value, value)
                }
            }
        }
        (_, _, Some(with)) => {
            let with = text::name(adapter(with));
            quote!(Self::#variant(value) => sinew_runtime::generated::#with::serialize(value, serializer),)
        }
        _ => quote!(Self::#variant(value) => value.serialize(serializer),),
    }
}

fn arm_entry(arm: &ArmPlan) -> TokenStream {
    let name = text::literal(arm.ident.plain());
    let mut kinds = arm.json.iter().map(|kind| match kind {
        JsonKind::Null => quote!(JsonTypes::NULL),
        JsonKind::Boolean => quote!(JsonTypes::BOOLEAN),
        JsonKind::Integer => quote!(JsonTypes::INTEGER),
        JsonKind::Number => quote!(JsonTypes::NUMBER),
        JsonKind::String => quote!(JsonTypes::STRING),
        JsonKind::Array => quote!(JsonTypes::ARRAY),
        JsonKind::Object => quote!(JsonTypes::OBJECT),
    });
    let first = kinds.next().unwrap_or_else(|| quote!(JsonTypes::NULL));
    let kinds = kinds.fold(first, |all, kind| quote!(#all.or(#kind)));
    let list = |names: &[String]| {
        let names = names.iter().map(|name| text::literal(name));
        quote!(&[#(#names),*])
    };
    let required = (!arm.required.is_empty()).then(|| {
        let names = list(&arm.required);
        quote!(.required(#names))
    });
    let properties = (!arm.properties.is_empty()).then(|| {
        let names = list(&arm.properties);
        quote!(.properties(#names))
    });
    let constants = (!arm.constants.is_empty()).then(|| {
        let constants = arm.constants.iter().map(|(field, values)| {
            let field = text::literal(field);
            let values = list(values);
            quote!((#field, #values))
        });
        quote!(.constants(&[#(#constants),*]))
    });
    let values = (!arm.values.is_empty()).then(|| {
        let values = list(&arm.values);
        quote!(.values(#values))
    });
    quote!(UnionArm::new(#name, #kinds)#required #constants #properties #values)
}

/// `From` each alternative whose type no other has.
fn conversions(union: &UnionPlan, types: &[TokenStream], ident: &proc_macro2::Ident) -> Vec<TokenStream> {
    let spelled: Vec<String> = types.iter().map(ToString::to_string).collect();
    let mut conversions = Vec::new();
    for (position, arm) in union.arms.iter().enumerate() {
        let once = spelled.iter().filter(|other| **other == spelled[position]).count() == 1;
        // A `Vec<u8>` or a JSON value could be meant in more ways than one.
        if !once || !matches!(arm.ty, RustType::Named(_) | RustType::String | RustType::I64) {
            continue;
        }
        let (variant, ty) = (text::ident(&arm.ident), &types[position]);
        conversions.push(quote! {
            impl From<#ty> for #ident {
                fn from(value: #ty) -> Self {
                    Self::#variant(value)
                }
            }
        });
    }
    conversions
}

/// The structs of multipart bodies.
fn forms(api: &Api, plan: &Plan) -> Vec<TokenStream> {
    let mut forms: Vec<(&Ident, TokenStream)> = Vec::new();
    for (operation, call) in api.operations.iter().zip(&plan.calls) {
        let Some((name, fields)) = call.body.as_ref().and_then(|body| body.form.as_ref()) else { continue };
        let Some(Payload::Multipart(form)) = operation.body.as_ref().map(|body| &body.payload) else { continue };
        if forms.iter().all(|(known, _)| *known != name) {
            forms.push((name, self::form(plan, form, name, fields)));
        }
    }
    forms.sort_by(|a, b| a.0.cmp(b.0));
    forms.into_iter().map(|(_, tokens)| tokens).collect()
}

fn form(plan: &Plan, form: &crate::ir::Form, name: &Ident, fields: &[FormFieldPlan]) -> TokenStream {
    let ident = text::ident(name);
    let mut lines = said(&form.docs);
    if lines.is_empty() {
        lines.push("The parts of a multipart body.".to_owned());
    }
    lines.push(format!("Defined at {}.", text::code(&format!("#{}", form.pointer))));
    let docs = text::doc(&lines.join("\n\n"));
    let mut declared = Vec::new();
    let mut arguments = Vec::new();
    let mut values = Vec::new();
    let mut parts = Vec::new();
    for (field, planned) in form.fields.iter().zip(fields) {
        let mut lines = said(&field.docs);
        if lines.is_empty() {
            lines.push(format!("{}.", text::code(&field.name)));
        }
        let docs = text::doc(&lines.join("\n\n"));
        let name = text::ident(&planned.ident);
        let wire = text::literal(&field.name);
        let bare = match (&planned.ty, field.part) {
            (Some(ty), _) => mention(plan, ty, Within::Types),
            (None, FormPart::Files) => quote!(Vec<Part>),
            (None, _) => quote!(Part),
        };
        let list = matches!(field.part, FormPart::Files);
        let ty = if field.required || list { bare.clone() } else { quote!(Option<#bare>) };
        declared.push(quote!(#docs pub #name: #ty,));
        if field.required {
            let converts = matches!(planned.ty, Some(RustType::String | RustType::Secret));
            if converts {
                arguments.push(quote!(#name: impl Into<#bare>));
                values.push(quote!(#name: #name.into()));
            } else {
                arguments.push(quote!(#name: #bare));
                values.push(quote!(#name));
            }
        } else if list {
            values.push(quote!(#name: Vec::new()));
        } else {
            values.push(quote!(#name: None));
        }
        parts.push(match (field.part, field.required) {
            (FormPart::File, true) => quote!(.file(#wire, &self.#name)),
            (FormPart::File, false) => quote!(.optional_file(#wire, self.#name.as_ref())),
            (FormPart::Files, _) => quote!(.files(#wire, &self.#name)),
            (FormPart::Text(_), _) => quote!(.text(#wire, &self.#name)),
            (FormPart::Json(_), _) => quote!(.json(#wire, &self.#name)),
        });
    }
    let default = arguments.is_empty().then(|| quote!(, Default));
    let constructor = (!arguments.is_empty()).then(|| {
        quote! {
            /// With what is required; everything else is absent.
            pub fn new(#(#arguments),*) -> Self {
                Self { #(#values),* }
            }
        }
    });
    quote! {
        #docs
        #[derive(Debug, Clone #default)]
        pub struct #ident { #(#declared)* }
        impl #ident {
            #constructor

            /// The parts as they are sent.
            pub(super) fn form(&self) -> FormData {
                FormData::new() #(#parts)*
            }
        }
    }
}
