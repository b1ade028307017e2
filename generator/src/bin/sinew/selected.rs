//! Which document, under which settings, and how much of it?

use std::path::PathBuf;

use sinew_generator::Config;

/// A document, and what is chosen of it.
#[derive(Debug, clap::Args)]
pub(crate) struct Selected {
    /// The OpenAPI document, JSON or YAML.
    pub(crate) document: PathBuf,
    /// The settings; default: `client.toml` beside the document, if there is one.
    #[arg(long)]
    settings: Option<PathBuf>,
    /// Only these operations, by `operationId`, method name or route (`GET /users/*`); `*` stands for anything.
    #[arg(long, value_delimiter = ',', value_name = "PATTERN,…")]
    operations: Vec<String>,
    /// Only operations with one of these tags.
    #[arg(long, value_delimiter = ',', value_name = "PATTERN,…")]
    tags: Vec<String>,
    /// Only operations at these paths; `*` is one segment, `**` any number.
    #[arg(long, value_delimiter = ',', value_name = "PATTERN,…")]
    paths: Vec<String>,
    /// Only operations with these methods.
    #[arg(long, value_delimiter = ',', value_name = "METHOD,…")]
    methods: Vec<String>,
    /// Make an object that lies behind more than this many named types any JSON value.
    #[arg(long, value_name = "TYPES")]
    depth: Option<usize>,
    /// Let references lead to files under this folder too; may be repeated.
    #[arg(long, value_name = "FOLDER")]
    allow_files: Vec<PathBuf>,
    /// Apply this OpenAPI overlay to the document, behind those that the settings name; may be repeated.
    #[arg(long, value_name = "FILE")]
    overlay: Vec<PathBuf>,
    /// Read a local file in place of an address, as `https://example.org/common.yaml=common.yaml`; may be repeated.
    #[arg(long, value_name = "ADDRESS=FILE", value_parser = replacement)]
    replace: Vec<(String, PathBuf)>,
}

impl Selected {
    /// A run over it.
    pub(crate) fn config(&self) -> Config {
        let mut config = Config::new(&self.document)
            .operations(&self.operations)
            .tags(&self.tags)
            .paths(&self.paths)
            .methods(&self.methods);
        if let Some(depth) = self.depth {
            config = config.depth(depth);
        }
        for overlay in &self.overlay {
            config = config.overlay(overlay);
        }
        for folder in &self.allow_files {
            config = config.allow_files_under(folder);
        }
        for (address, file) in &self.replace {
            config = config.replace(address, file);
        }
        match &self.settings {
            Some(settings) => config.settings(settings),
            None => config,
        }
    }
}

fn replacement(text: &str) -> Result<(String, PathBuf), String> {
    // An address may hold `=`, so the last one counts.
    match text.rsplit_once('=') {
        Some((address, file)) if !address.is_empty() && !file.is_empty() => {
            Ok((address.to_owned(), PathBuf::from(file)))
        }
        _ => Err("write it as `address=file`".to_owned()),
    }
}
