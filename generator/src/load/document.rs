//! What does the document say? The type at the door between `load` and `lower`.

use std::collections::BTreeMap;

use openapiv3::{Link, Operation, Parameter, ReferenceOr, SecurityRequirement, SecurityScheme, Server, Tag};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::schema::{SchemaId, SchemaTable};
use super::skeleton::Skeleton;
use crate::diagnostics::{Diagnostics, Pointer};

/// A document after bundling and normalising: its skeleton as `openapiv3` models it, its schemas in a table of their own.
///
/// In the skeleton, each schema is replaced by `{"$ref": "<its pointer>"}`.
#[derive(Debug)]
pub struct Document {
    /// `info.title`.
    pub title: String,
    /// `info.version`, which need not be a semantic version.
    pub version: String,
    /// `info.description`, else `info.summary`.
    pub description: Option<String>,
    /// The document's own servers.
    pub servers: Vec<Server>,
    /// The requirement for operations that state none.
    pub security: Option<Vec<SecurityRequirement>>,
    /// The declared tags.
    pub tags: Vec<Tag>,
    /// `components.securitySchemes`; one that cannot be read is told and left out.
    pub security_schemes: BTreeMap<String, (Pointer, SecurityScheme)>,
    /// Every operation that could be read, by path, then method.
    pub operations: Vec<PathOperation>,
    /// The requests that the service makes: webhooks by name, then callbacks by place.
    pub incoming: Vec<Incoming>,
    /// How many operations could not be read; each was told.
    pub unreadable: usize,
    /// All schemas.
    pub schemas: SchemaTable,
    /// The normalised skeleton, for references to any pointer.
    pub(crate) skeleton: Skeleton,
}

/// An operation under its path.
#[derive(Debug)]
pub struct PathOperation {
    /// The path template as written.
    pub path: String,
    /// The method as its key is written: in lower case (`get`), or one of `additionalOperations` as HTTP writes it (`COPY`).
    pub method: String,
    /// Where the operation stands.
    pub pointer: Pointer,
    /// The operation.
    pub operation: Operation,
    /// The path item's own parameters, each with its place.
    pub shared_parameters: Vec<(Pointer, ReferenceOr<Parameter>)>,
    /// The servers that apply here, where the path or the operation names its own.
    pub servers: Option<Vec<Server>>,
}

/// A request that the service makes.
#[derive(Debug)]
pub struct Incoming {
    /// Its key under `webhooks` or `callbacks`.
    pub name: String,
    /// For a callback, the operation that it belongs to, and the expression that says where it goes.
    pub callback: Option<(Pointer, String)>,
    /// Where it stands.
    pub pointer: Pointer,
    /// Its method as its key is written.
    pub method: String,
    /// What it says.
    pub operation: Operation,
}

impl Document {
    /// The schema of each item of a stream, at the place of its media type.
    pub(crate) fn item_schema(&self, media_type: &Pointer) -> Option<SchemaId> {
        let stands = self.skeleton.resolve(&media_type.join("itemSchema"))?;
        self.schemas.at(&Pointer::from_reference(stands.get("$ref")?.as_str()?)?)
    }

    /// A link, or what the reference to one leads to in the end; without a word, since a client is whole without it.
    pub(crate) fn link(&self, link: &ReferenceOr<Link>) -> Option<Link> {
        match link {
            ReferenceOr::Item(link) => Some(link.clone()),
            ReferenceOr::Reference { reference } => {
                let written = self.skeleton.resolve(&Pointer::from_reference(reference)?)?;
                Link::deserialize(super::follow::quietly(&self.skeleton, written)?).ok()
            }
        }
    }

    /// Follows a reference (and references it leads to) to what it names, with the place where that stands.
    ///
    /// A dangling, cyclic or unreadable target is told, and `None`.
    pub fn follow<T: DeserializeOwned + Clone>(
        &self,
        at: &Pointer,
        item: &ReferenceOr<T>,
        diagnostics: &mut Diagnostics,
    ) -> Option<(Pointer, T)> {
        super::follow::follow(&self.skeleton, at, item, diagnostics)
    }
}
