//! How is the plan spelled in Rust?
//!
//! Everything here branches on the IR and looks names up in the plan. What comes from the document passes through `text`, and
//! nothing else: so no byte of it can become code.

mod answers;
mod bodies;
mod by_name;
mod client;
mod defaults;
mod docs;
mod draft;
mod enumerations;
mod failures;
mod features;
mod format;
mod forms;
mod headers;
mod layout;
mod links;
mod manifest;
mod operations;
mod paging;
mod records;
mod rust_type;
mod scalars;
mod sent_back;
mod servers;
mod text;
mod types;
mod unions;
mod validate;
mod webhooks;
mod xml;

use draft::Draft;
use proc_macro2::TokenStream;

use crate::ir::Api;
use crate::plan::Plan;

/// A file of the generated crate, in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    /// Where it goes, relative to the crate, with `/` between folders.
    pub path: String,
    /// What it holds.
    pub text: String,
}

/// Spells a planned crate. `source` is the file name of the document, for the headers.
pub fn emit(api: &Api, plan: &Plan, source: &str) -> Vec<SourceFile> {
    let header = format::header(source);
    let whole = |path: &str, tokens: fn(&Api, &Plan) -> TokenStream| {
        Draft::whole(path, move || format::unparsed(tokens(api, plan)))
    };
    let mut drafts = vec![whole("src/client/mod.rs", client::module)];
    drafts.extend(types::files(api, plan));
    drafts.extend(plan.modules.iter().map(|module| {
        let path = format!("src/client/{}.rs", module.ident.plain());
        Draft::whole(path, move || format::unparsed(operations::module(api, plan, module)))
    }));
    if !plan.xml.roots.is_empty() {
        drafts.push(whole("src/client/xml.rs", xml::module));
    }
    if !api.is_types_only() {
        drafts.push(whole("src/by_name.rs", by_name::module));
    }
    if !api.servers.is_empty() && !api.is_types_only() {
        drafts.push(whole("src/client/servers.rs", servers::module));
    }
    if plan.validation.any {
        drafts.extend(validate::files(api, plan));
    }
    if !api.incoming.is_empty() {
        drafts.push(whole("src/client/webhooks.rs", webhooks::module));
    }
    let mut files = draft::spell(&header, &drafts);
    files.extend([
        SourceFile { path: "Cargo.toml".to_owned(), text: manifest::cargo_toml(plan, source) },
        SourceFile { path: "README.md".to_owned(), text: manifest::readme(api, plan, source) },
        SourceFile { path: "src/lib.rs".to_owned(), text: client::crate_root(api, plan, &header) },
    ]);
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}
