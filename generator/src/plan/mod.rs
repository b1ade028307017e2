//! Which Rust does the API become? Every decision about names, boxes, adapters and files, before a token is made.
//!
//! The [`Plan`] is a set of side tables over the [`Api`]: `emit` looks things up in it and decides nothing.

mod answers;
mod boxes;
mod by_name;
mod calls;
mod defaults;
mod derives;
mod failures;
mod features;
mod headers;
mod in_place;
mod incoming;
mod links;
mod method_names;
mod modules;
mod names;
mod package;
mod paging;
mod pattern;
mod pins;
mod places;
mod rust;
mod sent_back;
mod servers;
mod shared_names;
mod status;
mod substitutes;
mod type_files;
mod type_names;
mod unions;
mod validation;
mod xml;

use std::collections::BTreeMap;

pub use crate::settings::{Derives, RustPath};
pub use answers::{AcceptPlan, Choice, Success};
pub use by_name::argument_names;
pub use calls::{Argument, ArgumentKind, BodyArgument, BodyVariant, CallPlan, FormFieldPlan, OptionField, StreamPlan};
pub use defaults::{DefaultPlan, DefaultValue};
pub use failures::{FailureBody, FailurePlan, FailureVariant, StatusPattern};
pub use features::GroupFeatures;
pub use headers::{HeaderField, HeadersPlan};
pub use incoming::{IncomingPlan, IncomingPlans};
pub use links::{Handing, LinkArgument, LinkPlan};
pub(crate) use method_names::possible as possible_method_names;
pub use modules::Module;
pub use names::Ident;
pub use package::{Dependency, Package};
pub use paging::{Holds, PagePlan, PageRule, PageSize};
pub use rust::{Adapter, FieldPlan, Presence, RustType, TypePlan};
pub use sent_back::{Conversion, SentBack};
pub use servers::{ServerPlan, VariablePlan};
pub use type_files::TypeFile;
pub use unions::{ArmPlan, JsonKind, UnionPlan};
pub use validation::{Rule, TypeRules, ValidationPlan};
pub use xml::{XmlPlan, XmlRootPlan};

use substitutes::Substitutes;

use crate::diagnostics::Diagnostics;
use crate::ir::{Api, TypeId};
use crate::settings::Settings;

/// Every decision about the Rust that an [`Api`] becomes.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The crate.
    pub package: Package,
    /// The name of the client type.
    pub client: Ident,
    /// What each type is in Rust, by [`TypeId::index`].
    pub types: Vec<TypePlan>,
    /// The types that get a definition, by name.
    pub definitions: Vec<TypeId>,
    /// The files that the types are divided into, by name.
    pub type_files: Vec<TypeFile>,
    /// The servers to choose from, parallel to [`Api::servers`].
    pub servers: Vec<ServerPlan>,
    /// How each operation is called, parallel to [`Api::operations`].
    pub calls: Vec<CallPlan>,
    /// The failures, each defined once.
    pub failures: Vec<FailurePlan>,
    /// The forms of what travels as XML.
    pub xml: XmlPlan,
    /// What is checked of values on request.
    pub validation: ValidationPlan,
    /// How the requests of the service are read.
    pub incoming: IncomingPlans,
    /// The files that the operations are divided into, by name.
    pub modules: Vec<Module>,
    /// The features that these groups have, where they have some.
    pub features: Option<GroupFeatures>,
    /// What `names.lock` should say: the names of types, by where each stands.
    pub pins: BTreeMap<String, String>,
}

impl Plan {
    /// Whether only serde knows how values of a type are read and written, since they are the user's own or hold such.
    pub fn by_serde(&self, ty: &RustType) -> bool {
        in_place::by_serde(&self.types, ty)
    }

    /// What a type is to the compiler, whatever it is called: two that are equal must not both be converted from.
    pub fn bare(&self, ty: &RustType) -> RustType {
        rust::bare(&self.types, ty, 0)
    }
}

/// Decides what Rust an API becomes.
pub fn plan(api: &Api, settings: &Settings, diagnostics: &mut Diagnostics) -> Plan {
    let client = package::client_name(api, settings);
    let methods = method_names::names(api, settings, diagnostics);
    let own = Substitutes::find(api, settings, diagnostics);
    let type_names = type_names::name(api, settings, &methods, &own, diagnostics);
    let mut types = rust::types(api, settings, &type_names, &own);
    derives::fill(api, settings, &mut types, diagnostics);
    let modules = modules::divide(api, settings, diagnostics);
    let features = features::name(api, settings, &modules, diagnostics);
    let apart = features.as_ref();
    let failures = failures::share(api, &types, &methods, apart);
    let mut calls = calls::plan(api, settings, &types, &methods, &failures, &type_names.forms, apart, diagnostics);
    links::fill(api, &types, &mut calls, apart, diagnostics);
    let mut definitions: Vec<TypeId> =
        api.types.iter().map(|(id, _)| id).filter(|id| types[id.index()].name.is_some()).collect();
    definitions.sort_by(|a, b| types[a.index()].name.cmp(&types[b.index()].name));
    Plan {
        pins: pins::pins(api, settings, &type_names),
        package: package::package(api, settings, &types, &own),
        client,
        type_files: type_files::divide(api, settings, &types, &definitions, &calls, &modules, apart.is_some()),
        definitions,
        incoming: incoming::plan(api, &types),
        servers: servers::plan(api),
        xml: xml::plan(api, &types),
        validation: validation::plan(api, &types, diagnostics),
        types,
        calls,
        failures: failures.plans,
        modules,
        features,
    }
}
