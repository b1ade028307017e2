//! How is the plan spelled in Rust?
//!
//! Everything here branches on the IR and looks names up in the plan. What comes from the document passes through `text`, and
//! nothing else: so no byte of it can become code.

mod bodies;
mod by_name;
mod client;
mod defaults;
mod docs;
mod enumerations;
mod failures;
mod format;
mod forms;
mod headers;
mod manifest;
mod operations;
mod paging;
mod records;
mod rust_type;
mod scalars;
mod servers;
mod text;
mod types;
mod unions;
mod validate;
mod webhooks;
mod xml;

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
    let mut files = vec![
        SourceFile { path: "Cargo.toml".to_owned(), text: manifest::cargo_toml(plan, source) },
        SourceFile { path: "README.md".to_owned(), text: manifest::readme(api, plan, source) },
        SourceFile { path: "src/lib.rs".to_owned(), text: client::crate_root(api, plan, &header) },
        SourceFile { path: "src/client/mod.rs".to_owned(), text: format::file(&header, client::module(api, plan)) },
    ];
    files.extend(types::files(api, plan, &header));
    files.extend(plan.modules.iter().map(|module| SourceFile {
        path: format!("src/client/{}.rs", module.ident.plain()),
        text: format::file(&header, operations::module(api, plan, module)),
    }));
    if !plan.xml.roots.is_empty() {
        let text = format::file(&header, xml::module(api, plan));
        files.push(SourceFile { path: "src/client/xml.rs".to_owned(), text });
    }
    if !api.is_types_only() {
        let text = format::file(&header, by_name::module(api, plan));
        files.push(SourceFile { path: "src/by_name.rs".to_owned(), text });
    }
    if !api.servers.is_empty() && !api.is_types_only() {
        let text = format::file(&header, servers::module(api, plan));
        files.push(SourceFile { path: "src/client/servers.rs".to_owned(), text });
    }
    if plan.validation.any {
        let text = format::file(&header, validate::module(api, plan));
        files.push(SourceFile { path: "src/validate.rs".to_owned(), text });
    }
    if !api.incoming.is_empty() {
        let text = format::file(&header, webhooks::module(api, plan));
        files.push(SourceFile { path: "src/client/webhooks.rs".to_owned(), text });
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}
