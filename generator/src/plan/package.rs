//! What is the generated crate called, and what does it depend on?

use super::names::{self, Ident};
use super::rust::TypePlan;
use super::substitutes::Substitutes;
use crate::ir::{Api, Content, Listed, NumberKind, Operation, Payload, Shape, TextKind};
use crate::settings::Settings;

/// The generated crate.
#[derive(Debug, Clone)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// What it is.
    pub description: String,
    /// The service's name in a registry.
    pub service: String,
    /// Where the service is unless a user says otherwise.
    pub base_url: Option<String>,
    /// Where it says that it is alive, outside the base path.
    pub health: Option<String>,
    /// Settings of its calls' policy, by name.
    pub policy: Vec<(&'static str, String)>,
    /// Where it says that it is ready, outside the base path.
    pub ready: Option<String>,
    /// The dependencies, by name.
    pub dependencies: Vec<Dependency>,
}

/// A dependency of the generated crate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dependency {
    /// Its name.
    pub name: String,
    /// The versions that will do.
    pub version: Option<String>,
    /// Where it lies, for a dependency within the same workspace.
    pub path: Option<String>,
    /// Its features.
    pub features: Vec<String>,
    /// Whether its default features are wanted, too.
    pub default_features: bool,
}

/// The version of `sinew-runtime` that generated code is written for.
const RUNTIME: &str = "0.1";

pub(super) fn client_name(api: &Api, settings: &Settings) -> Ident {
    match &settings.client.name {
        Some(chosen) => names::chosen(chosen, names::camel),
        None => {
            let name = names::camel(&api.title);
            if name.plain().ends_with("Client") { name } else { names::camel(&format!("{} client", api.title)) }
        }
    }
}

pub(super) fn package(api: &Api, settings: &Settings, types: &[TypePlan], own: &Substitutes<'_>) -> Package {
    let name = settings.client.package.clone().unwrap_or_else(|| names::kebab(&api.title));
    Package {
        version: settings.client.version.clone().unwrap_or_else(|| "0.1.0".to_owned()),
        description: settings.client.description.clone().unwrap_or_else(|| {
            let what = if api.is_types_only() { "The types" } else { "A typed client" };
            format!("{what} of {}", first_line(api.called()))
        }),
        service: settings.service.name.clone().unwrap_or_else(|| name.clone()),
        base_url: settings.service.base_url.clone().or_else(|| api.base_url.clone()),
        health: settings.service.health.clone(),
        policy: settings.policy.clone(),
        ready: settings.service.ready.clone(),
        dependencies: dependencies(api, settings, types, own),
        name,
    }
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().trim().to_owned()
}

fn dependencies(api: &Api, settings: &Settings, types: &[TypePlan], own: &Substitutes<'_>) -> Vec<Dependency> {
    let any = |test: &dyn Fn(&Shape) -> bool| api.types.iter().any(|(id, ty)| own.generated(id) && test(&ty.shape));
    let time = any(&|shape| matches!(shape, Shape::Text(TextKind::DateTime | TextKind::Date)));
    let uuid = any(&|shape| matches!(shape, Shape::Text(TextKind::Uuid)));
    let decimal = any(&|shape| matches!(shape, Shape::Text(TextKind::Decimal) | Shape::Number(NumberKind::Decimal)));
    let values = |shape: &Shape| matches!(shape, Shape::Enumeration(listed) if listed.listed == Listed::Values);
    let json = any(&|shape| matches!(shape, Shape::Anything | Shape::Union(_)) || values(shape));
    let defined = |id: usize| types[id].name.is_some();
    let serde = api
        .types
        .iter()
        .any(|(id, ty)| defined(id.index()) && !types[id.index()].in_place && matches!(ty.shape, Shape::Record(_)));

    let sends = |operation: &Operation| {
        operation.body.iter().flat_map(crate::ir::Body::ways).any(|(_, payload)| matches!(payload, Payload::Xml(_)))
    };
    let answers = |operation: &Operation| operation.contents().any(|content| matches!(content, Content::Xml(_)));
    let xml = api.operations.iter().any(|operation| sends(operation) || answers(operation));

    let mut features = Vec::new();
    let mut dependencies = Vec::new();
    let mut add = |wanted: bool, name: &str, version: &str, features: &[&str]| {
        if wanted || own.needs(&name.replace('-', "_")) {
            dependencies.push(Dependency {
                name: name.to_owned(),
                version: Some(version.to_owned()),
                path: None,
                features: features.iter().map(|&feature| feature.to_owned()).collect(),
                default_features: true,
            });
        }
    };
    add(time, "jiff", "0.2", &["serde"]);
    add(decimal, "rust_decimal", "1", &[]);
    add(serde, "serde", "1", &["derive"]);
    add(json, "serde_json", "1", &[]);
    add(uuid, "uuid", "1", &["serde"]);
    for (wanted, feature) in
        [(decimal, "decimal"), (time, "jiff"), (uuid, "uuid"), (!api.incoming.is_empty(), "webhook"), (xml, "xml")]
    {
        if wanted {
            features.push(feature.to_owned());
        }
    }
    dependencies.push(Dependency {
        name: "sinew-runtime".to_owned(),
        version: Some(settings.runtime.version.clone().unwrap_or_else(|| RUNTIME.to_owned())),
        path: settings.runtime.path.clone(),
        features,
        // Types need no transport.
        default_features: !api.is_types_only(),
    });
    for wanted in own.dependencies(settings) {
        match dependencies.iter_mut().find(|known| known.name.replace('-', "_") == wanted.name.replace('-', "_")) {
            // The user's choice of a crate that is needed anyway, with what is needed of it.
            Some(known) => {
                let mut features = [std::mem::take(&mut known.features), wanted.features].concat();
                features.sort();
                features.dedup();
                *known = Dependency { name: std::mem::take(&mut known.name), features, ..wanted };
            }
            None => dependencies.push(wanted),
        }
    }
    dependencies.sort_by(|a, b| a.name.cmp(&b.name));
    dependencies
}
