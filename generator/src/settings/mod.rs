//! What has the user chosen, in `client.toml`?
//!
//! Every table and key is described in `SETTINGS.md` beside the crate's sources.

#[cfg(test)]
mod documented;
mod names;
mod pinned;
mod policy;
mod read;
mod rust_path;
mod section;
mod substitute;

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

pub(crate) use pinned::{read as read_pinned, text as pinned_text};
pub use policy::PolicySettings;
pub(crate) use read::shown;
pub use read::{load, parse};
pub use rust_path::RustPath;

/// Everything that a `client.toml` can say. The default is that of an empty file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// `[client]`: the crate and its client type.
    pub client: ClientSettings,
    /// `[service]`: the service behind it.
    pub service: ServiceSettings,
    /// `[runtime]`: the dependency on `sinew-runtime`.
    pub runtime: RuntimeSettings,
    /// `[policy]`: how hard calls are tried.
    pub policy: PolicySettings,
    /// `[load]`: what may be read beside the document.
    pub load: LoadSettings,
    /// `overlays`: files with changes to the document, in the order in which they are applied.
    pub overlays: Vec<Pattern>,
    /// `[types]`: choices about types as a whole.
    pub types: TypeSettings,
    /// `[select]`: which operations the client has.
    pub select: Selection,
    /// `[operations.<key>]`, where the key is an `operationId` or `GET /users/{id}`.
    pub operations: BTreeMap<String, OperationSettings>,
    /// `[schemas.<name>]`, where the name is that of a component.
    pub schemas: BTreeMap<String, SchemaSettings>,
    /// `[formats]`, where the key is a `format` as the document has it.
    pub formats: BTreeMap<String, FormatSettings>,
    /// `[groups.<tag>]`, where the tag is spelled as in the document.
    pub groups: BTreeMap<String, GroupSettings>,
    /// What `names.lock` beside `client.toml` says: the names of types, by where each stands.
    pub pinned: BTreeMap<String, String>,
}

/// `[client]`: the crate and its client type.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClientSettings {
    /// The name of the client type; default: from `info.title`.
    pub name: Option<String>,
    /// The name of the crate; default: the folder's name.
    pub package: Option<String>,
    /// The version of the crate.
    pub version: Option<String>,
    /// The description of the crate.
    pub description: Option<String>,
    /// Whether each group of operations is a feature of the crate: where that is asked for.
    pub group_features: Option<Range<usize>>,
}

/// `[service]`: the service behind it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServiceSettings {
    /// Its name in a registry; default: the package's name.
    pub name: Option<String>,
    /// Its address; default: the first of the document's servers.
    pub base_url: Option<String>,
    /// The path of its liveness probe, outside the base path.
    pub health: Option<String>,
    /// The path of its readiness probe, outside the base path.
    pub ready: Option<String>,
}

/// `[runtime]`: the dependency on `sinew-runtime`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RuntimeSettings {
    /// Where it lies, relative to the generated crate.
    pub path: Option<String>,
    /// Which version of it.
    pub version: Option<String>,
}

/// `[load]`: what may be read beside the document. Paths are relative to the folder of `client.toml`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LoadSettings {
    /// Local files that are read in place of addresses.
    pub replace: BTreeMap<String, String>,
    /// Folders that references may lead into.
    pub allow_files: Vec<String>,
}

/// `[types]`: choices about types as a whole.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TypeSettings {
    /// What a `date-time` without an offset is.
    pub naive_timestamps: NaiveTimestamps,
    /// Whether fields that the document does not list are kept.
    pub keep_unknown_fields: bool,
    /// How many types a crate may have in one file, if not as many as usual.
    pub one_file_up_to: Option<usize>,
    /// What every type derives that can, beyond what all derive.
    pub derive: Derives,
}

/// Traits that types derive when they are asked to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Derives {
    /// `Eq`.
    pub eq: bool,
    /// `Hash`.
    pub hash: bool,
    /// `PartialOrd` and `Ord`, for which `Eq` is needed.
    pub ord: bool,
}

/// What a `date-time` without an offset is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum NaiveTimestamps {
    /// An error of the service.
    #[default]
    Error,
    /// A time in UTC.
    Utc,
}

/// `[select]`: which operations the client has. A list that is empty says nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// Operations, by `operationId`, method name or route.
    pub operations: Vec<Pattern>,
    /// Tags, any of an operation's.
    pub tags: Vec<Pattern>,
    /// Path templates.
    pub paths: Vec<Pattern>,
    /// HTTP methods.
    pub methods: Vec<Pattern>,
    /// As `operations`, of what is not wanted.
    pub drop_operations: Vec<Pattern>,
    /// As `tags`, of what is not wanted.
    pub drop_tags: Vec<Pattern>,
    /// As `paths`, of what is not wanted.
    pub drop_paths: Vec<Pattern>,
    /// As `methods`, of what is not wanted.
    pub drop_methods: Vec<Pattern>,
    /// How many named types may lie between an operation and an object that is more than a JSON value.
    pub depth: Option<usize>,
    /// What becomes of deprecated operations.
    pub deprecated: Deprecated,
    /// What becomes of webhooks and callbacks.
    pub webhooks: Webhooks,
}

/// What becomes of webhooks and callbacks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Webhooks {
    /// They are kept unless operations are selected: who wants these operations wants no more.
    #[default]
    Unsaid,
    /// They are generated; a callback with the operation that it belongs to.
    Keep,
    /// They are left out.
    Drop,
}

/// A name in which `*` stands for anything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pattern {
    /// The pattern.
    pub text: String,
    /// Where it stands in `client.toml`; `None` if it was given to the command.
    pub span: Option<Range<usize>>,
}

/// What becomes of deprecated operations.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Deprecated {
    /// They are generated, and marked.
    #[default]
    Keep,
    /// They are left out.
    Drop,
}

/// `[operations.<key>]`
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OperationSettings {
    /// Where the key stands in `client.toml`.
    pub span: Range<usize>,
    /// The name of the method.
    pub name: Option<String>,
    /// The group it belongs to.
    pub group: Option<String>,
    /// The time one attempt may take.
    pub timeout: Option<Duration>,
    /// How often it is attempted in all; at least 1.
    pub attempts: Option<u32>,
    /// How hard it is tried, where that differs from the client's calls.
    pub policy: PolicySettings,
    /// Whether it may be repeated, where the method alone does not say so.
    pub idempotent: Option<bool>,
    /// Its pages, and where that stands in `client.toml`.
    pub pages: Option<(PageSettings, Range<usize>)>,
}

/// `pages` of an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PageSettings {
    /// It has none, whatever it looks like.
    None,
    /// It has these.
    Stated(StatedPages),
}

/// What is said of an operation's pages; what is not said is found by the usual names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StatedPages {
    /// `offset`, `page`, `cursor`, `address` or `link`.
    pub by: Option<String>,
    /// The parameter that asks for the next page.
    pub parameter: Option<String>,
    /// The parameter that says how many items a page has.
    pub size: Option<String>,
    /// The field of the answer with the items.
    pub items: Option<String>,
    /// The field of the answer with the cursor or the address, with dots on the way.
    pub next: Option<String>,
}

/// `[schemas.<name>]`
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SchemaSettings {
    /// Where the key stands in `client.toml`.
    pub span: Range<usize>,
    /// The name of the type.
    pub name: Option<String>,
    /// The type that stands in its place, which then has no definition.
    pub substitute: Option<Substitute>,
    /// Whether fields that the document does not list are kept; default: what `[types]` says.
    pub keep_unknown_fields: Option<bool>,
    /// Whether the document's words or alternatives are all there will ever be, so that another is an error.
    pub exhaustive: bool,
    /// What it derives beyond what all types derive, with all that it holds.
    pub derive: Derives,
    /// `[schemas.<name>.properties.<property>]`
    pub properties: BTreeMap<String, PropertySettings>,
}

/// `[schemas.<name>.properties.<property>]`
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PropertySettings {
    /// Where the key stands in `client.toml`.
    pub span: Range<usize>,
    /// The name of the field.
    pub name: Option<String>,
    /// Whether it is always there, whatever the document says.
    pub required: Option<bool>,
    /// The type that stands in the place of its own.
    pub substitute: Option<Substitute>,
}

/// `[formats.<format>]`
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FormatSettings {
    /// Where the key stands in `client.toml`.
    pub span: Range<usize>,
    /// The type that stands in the place of texts and numbers of this format.
    pub substitute: Option<Substitute>,
}

/// A type of the user's own in the place of a generated one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Substitute {
    /// The type.
    pub path: RustPath,
    /// The dependency that it needs.
    pub dependency: Option<DependencySettings>,
    /// Where the type stands in `client.toml`.
    pub span: Range<usize>,
}

/// A dependency of the generated crate.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DependencySettings {
    /// Where it stands in `client.toml`.
    pub span: Range<usize>,
    /// The name of the crate.
    pub name: String,
    /// The versions that will do.
    pub version: Option<String>,
    /// Where it lies, relative to the generated crate.
    pub path: Option<String>,
    /// Whether its default features are wanted.
    pub default_features: bool,
    /// The other features that are wanted.
    pub features: Vec<String>,
}

impl Settings {
    /// Every type of the user's own, wherever it stands.
    pub fn substitutes(&self) -> impl Iterator<Item = &Substitute> {
        let schemas = self.schemas.values().flat_map(|schema| {
            schema.properties.values().filter_map(|one| one.substitute.as_ref()).chain(&schema.substitute)
        });
        self.formats.values().filter_map(|format| format.substitute.as_ref()).chain(schemas)
    }
}

/// `[groups.<tag>]`
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GroupSettings {
    /// Where the key stands in `client.toml`.
    pub span: Range<usize>,
    /// The name of the module.
    pub name: Option<String>,
}
