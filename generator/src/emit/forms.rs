//! How are the structs of multipart bodies defined?

use proc_macro2::TokenStream;
use quote::quote;

use super::docs::said;
use super::rust_type::{Within, chain, mention, serialized};
use super::text;
use crate::diagnostics::Pointer;
use crate::ir::{Api, FormPart};
use crate::plan::{FormFieldPlan, Ident, Plan, RustType, TypeFile};

/// The structs of the multipart bodies in a file, by name.
pub(super) fn forms(api: &Api, plan: &Plan, file: &TypeFile) -> Vec<TokenStream> {
    // `form` is for the operations, which stand beside `types`.
    let visible = if file.ident.is_some() { quote!(pub(in super::super)) } else { quote!(pub(super)) };
    let forms = file.forms.iter().filter_map(|position| {
        let (name, fields) = plan.calls[*position].body.as_ref()?.form.as_ref()?;
        let form = api.operations[*position].body.as_ref().and_then(crate::ir::Body::form)?;
        Some(form_struct(plan, form, name, fields, &visible))
    });
    forms.collect()
}

fn form_struct(
    plan: &Plan,
    form: &crate::ir::Form,
    name: &Ident,
    fields: &[FormFieldPlan],
    visible: &TokenStream,
) -> TokenStream {
    let ident = text::ident(name);
    let mut lines = said(&form.docs);
    if lines.is_empty() {
        lines.push("The parts of a multipart body.".to_owned());
    }
    lines.push(format!("Defined at {}.", text::code(&Pointer::from_canonical(&form.pointer).to_string())));
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
        if !field.each_has.is_empty() {
            let names: Vec<String> = field.each_has.iter().map(|name| text::code(name)).collect();
            lines.push(format!("Headers of each, by [`Part::header`]: {}.", names.join(", ")));
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
        // What is JSON or a file says so by itself.
        let usual = match field.part {
            FormPart::Json(_) => Some("application/json"),
            FormPart::File | FormPart::Files => Some("application/octet-stream"),
            FormPart::Text(_) => None,
        };
        let media_type = field.media_type.as_deref().filter(|said| Some(*said) != usual).map(text::literal);
        let media = media_type.map(|said| quote!(.media_type(#said)));
        if let Some(header) = &field.header {
            let header = text::literal(header);
            parts.push(quote!(.part_header(#header, &self.#name)));
            continue;
        }
        let fixed = field.fixed_headers.iter().map(|(name, value)| {
            let (name, value) = (text::literal(name), text::literal(value));
            quote!(.part_header(#name, &#value))
        });
        let fixed: Vec<_> = fixed.collect();
        let added = match (field.part, field.required) {
            (FormPart::File, true) => quote!(.file(#wire, &self.#name)),
            (FormPart::File, false) => quote!(.optional_file(#wire, self.#name.as_ref())),
            (FormPart::Files, _) => quote!(.files(#wire, &self.#name)),
            (FormPart::Text(used), _) if plan.types[used.ty.index()].opaque => {
                let value = serialized(&quote!(&self.#name));
                quote!(.text(#wire, #value))
            }
            (FormPart::Text(_), _) => quote!(.text(#wire, &self.#name)),
            (FormPart::Json(_), _) => quote!(.json(#wire, &self.#name)),
        };
        parts.push(quote!(#(#fixed)* #media #added));
    }
    let form = chain(&quote!(FormData::new()), &parts);
    let default = arguments.is_empty().then(|| quote!(, Default));
    let constructor = (!arguments.is_empty()).then(|| {
        quote! {
            /// With what is required; everything else is absent.
            #[inline]
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
            #visible fn form(&self) -> FormData {
                #form
            }
        }
    }
}
