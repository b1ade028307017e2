//! How is it spelled what values have to keep beyond their types?

use proc_macro2::{Literal, TokenStream};
use quote::quote;
use serde_json::Number;

use super::draft::Draft;
use super::rust_type::import;
use super::{features, format, text};
use crate::ir::{Api, Shape, TypeId};
use crate::plan::{Ident, Plan, Rule, TypeFile, TypeRules};

/// `src/validate.rs`, which is compiled with the feature `validate` alone; where groups have features, with a file beside it for
/// each of types.
pub(super) fn files<'a>(api: &'a Api, plan: &'a Plan) -> Vec<Draft<'a>> {
    let root = "src/validate.rs";
    if plan.features.is_none() {
        return vec![Draft::whole(root, || {
            format::unparsed(module(api, plan, &plan.definitions, &quote!(super::types)))
        })];
    }
    let divided = plan.type_files.iter().filter(|file| file.definitions.iter().any(|id| is_asked(api, plan, *id)));
    let divided: Vec<(&Ident, &TypeFile)> =
        divided.filter_map(|file| file.ident.as_ref().map(|ident| (ident, file))).collect();
    let mut files: Vec<_> = divided
        .iter()
        .map(|&(ident, file)| {
            let path = format!("src/validate/{}.rs", ident.plain());
            Draft::whole(path, move || {
                format::unparsed(module(api, plan, &file.definitions, &quote!(super::super::types)))
            })
        })
        .collect();
    let table = move || {
        let modules = divided.iter().map(|(ident, file)| {
            let (when, ident) = (features::needed_by(plan, &file.needed), text::ident(ident));
            quote!(#when mod #ident;)
        });
        format::unparsed(quote!(#![doc = #DOCS] #(#modules)*))
    };
    files.push(Draft::whole(root, table));
    files
}

const DOCS: &str =
    " What the document demands of values beyond their types: see [`Validate`](sinew_runtime::Validate).";

/// Whether a type is one that can be asked.
fn is_asked(api: &Api, plan: &Plan, id: TypeId) -> bool {
    let divided = matches!(api.types.get(id).shape, Shape::Record(_) | Shape::Union(_) | Shape::Enumeration(_));
    plan.validation.checked.contains_key(&id) || (divided && plan.types[id.index()].own.is_none())
}

/// What is checked of some types, which are reached by a path.
fn module(api: &Api, plan: &Plan, definitions: &[TypeId], types: &TokenStream) -> TokenStream {
    let rules = || definitions.iter().filter_map(|id| Some((*id, plan.validation.checked.get(id)?)));
    let checked: Vec<_> = rules().map(|(id, rules)| implementation(api, plan, id, rules)).collect();
    let others = definitions.iter().filter(|id| !plan.validation.checked.contains_key(id) && is_asked(api, plan, **id));
    let others: Vec<_> = others.map(|id| name(plan, *id)).collect();
    let others = (!others.is_empty()).then(|| quote!(sinew_runtime::generated::nothing_to_check!(#(#others),*);));
    let lints = text::lints();
    let imports = (!checked.is_empty()).then(|| {
        let limits = rules().any(|(_, rules)| rules.has_limits()).then_some("Limit");
        let kinds = rules().any(|(_, rules)| rules.has_rules()).then_some("Rule");
        let names: Vec<_> = ["Found"].into_iter().chain(limits).chain(kinds).map(text::name).collect();
        let facade = import(&quote!(sinew_runtime::generated), &names);
        quote!(
            use sinew_runtime::Validate;
            #facade
        )
    });
    quote! {
        #![doc = #DOCS]
        #lints
        #![allow(deprecated)]
        #imports
        use #types;
        #(#checked)*
        #others
    }
}

fn name(plan: &Plan, id: TypeId) -> TokenStream {
    let name = plan.types[id.index()].name.as_ref().map(text::ident);
    quote!(types::#name)
}

fn implementation(api: &Api, plan: &Plan, id: TypeId, rules: &TypeRules) -> TokenStream {
    let planned = &plan.types[id.index()];
    let own = (!rules.own.is_empty()).then(|| {
        let own = list(&rules.own);
        quote!(found.written(self, #own);)
    });
    let parts = match (&api.types.get(id).shape, &planned.union) {
        (Shape::Record(record), _) => {
            let fields =
                record.fields.iter().zip(&planned.fields).zip(&rules.parts).filter_map(|((field, planned), part)| {
                    let (key, ident, rules) =
                        (text::literal(&field.name), text::ident(&planned.ident), list(part.as_ref()?));
                    Some(quote!(found.field(#key, &self.#ident, #rules);))
                });
            let rest = planned.rest.as_ref().zip(rules.rest.as_ref()).map(|((ident, _), rules)| {
                let (ident, rules) = (text::ident(ident), list(rules));
                quote!(found.whole(&self.#ident, #rules);)
            });
            quote!(#(#fields)* #rest)
        }
        (_, Some(union)) if rules.parts.iter().any(Option::is_some) => {
            let arms = union.arms.iter().zip(&rules.parts).filter_map(|(arm, part)| {
                let (variant, rules) = (text::ident(&arm.ident), list(part.as_ref()?));
                Some((quote!(Self::#variant(value)), quote!(found.whole(value, #rules))))
            });
            let arms: Vec<_> = arms.collect();
            let all = union.unknown.is_none() && rules.parts.iter().all(Option::is_some);
            match arms.as_slice() {
                [(pattern, look)] if !all => quote!(if let #pattern = self { #look; }),
                arms => {
                    let arms = arms.iter().map(|(pattern, look)| quote!(#pattern => #look,));
                    let others = (!all).then(|| quote!(_ => {}));
                    quote!(match self { #(#arms)* #others })
                }
            }
        }
        _ => TokenStream::new(),
    };
    let name = name(plan, id);
    quote! {
        impl Validate for #name {
            fn parts(&self, found: &mut Found) {
                #own
                #parts
            }
        }
    }
}

fn list(rules: &[Rule]) -> TokenStream {
    let rules = rules.iter().map(rule);
    quote!(&[#(#rules),*])
}

fn rule(rule: &Rule) -> TokenStream {
    let count = |count: &u64| Literal::u64_unsuffixed(*count);
    match rule {
        Rule::MinLength(least) => {
            let least = count(least);
            quote!(Rule::MinLength(#least))
        }
        Rule::MaxLength(most) => {
            let most = count(most);
            quote!(Rule::MaxLength(#most))
        }
        Rule::Pattern(read, written) => {
            let (read, written) = (text::literal(read), text::literal(written));
            quote!(Rule::Pattern(#read, #written))
        }
        Rule::Minimum(limit) => {
            let limit = self::limit(limit);
            quote!(Rule::Minimum(#limit))
        }
        Rule::Maximum(limit) => {
            let limit = self::limit(limit);
            quote!(Rule::Maximum(#limit))
        }
        Rule::ExclusiveMinimum(limit) => {
            let limit = self::limit(limit);
            quote!(Rule::ExclusiveMinimum(#limit))
        }
        Rule::ExclusiveMaximum(limit) => {
            let limit = self::limit(limit);
            quote!(Rule::ExclusiveMaximum(#limit))
        }
        Rule::MultipleOf(limit) => {
            let limit = self::limit(limit);
            quote!(Rule::MultipleOf(#limit))
        }
        Rule::MinItems(least) => {
            let least = count(least);
            quote!(Rule::MinItems(#least))
        }
        Rule::MaxItems(most) => {
            let most = count(most);
            quote!(Rule::MaxItems(#most))
        }
        Rule::UniqueItems => quote!(Rule::UniqueItems),
        Rule::MinProperties(least) => {
            let least = count(least);
            quote!(Rule::MinProperties(#least))
        }
        Rule::MaxProperties(most) => {
            let most = count(most);
            quote!(Rule::MaxProperties(#most))
        }
        Rule::Needs(key, needed) => {
            let (key, needed) = (text::literal(key), needed.iter().map(|needed| text::literal(needed)));
            quote!(Rule::Needs(#key, &[#(#needed),*]))
        }
        Rule::Each(rules) => {
            let rules = list(rules);
            quote!(Rule::Each(#rules))
        }
        Rule::At(position, rules) => {
            let (position, rules) = (Literal::usize_unsuffixed(*position), list(rules));
            quote!(Rule::At(#position, #rules))
        }
        Rule::Keys(rules) => {
            let rules = list(rules);
            quote!(Rule::Keys(#rules))
        }
    }
}

fn limit(number: &Number) -> TokenStream {
    let whole = number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from));
    let real = number.as_f64().unwrap_or_default();
    // A fraction of nothing is none; beyond 2^53 a double is not what was written, and stays one.
    #[allow(clippy::cast_possible_truncation)]
    let whole = whole.or_else(|| (real.fract() == 0.0 && real.abs() < 9_007_199_254_740_992.0).then_some(real as i128));
    match whole {
        Some(whole) => {
            let (sign, size) = (whole < 0, Literal::u128_unsuffixed(whole.unsigned_abs()));
            if sign { quote!(Limit::Whole(-#size)) } else { quote!(Limit::Whole(#size)) }
        }
        None => {
            let size = Literal::f64_unsuffixed(real.abs());
            if real < 0.0 { quote!(Limit::Real(-#size)) } else { quote!(Limit::Real(#size)) }
        }
    }
}
