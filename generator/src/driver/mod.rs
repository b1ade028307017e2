//! Which program calls generated clients by name?
//!
//! A crate of one file: it reads a JSON object a line, calls the operation that this names, and writes what came of it as a line of
//! JSON. `sinew call` builds it for one document, the workspace's chores for many.
//!
//! Asked is `{"package", "operation", "arguments"}`, perhaps with `base_url`, `credentials` (by scheme, each with `bearer`, `key`, or
//! `user` and `password`), `headers`, `attempts` and `timeout_ms`. Told is `{"answered": …}`, `{"failed": …}`, or `{"driver": …}` where the
//! line was not understood.

use std::fmt::Write as _;

/// A client that the program knows.
#[derive(Debug, Clone, Copy)]
pub struct Known<'c> {
    /// The name of its crate.
    pub package: &'c str,
    /// Where its crate lies, relative to the program's or absolute.
    pub path: &'c str,
    /// The name of its type.
    pub client: &'c str,
}

/// The program's `Cargo.toml`. `runtime` is what a manifest says of `sinew-runtime`, features aside: `path = '…'` or `version = "…"`.
pub fn manifest(name: &str, runtime: &str, clients: &[Known<'_>]) -> String {
    let mut text = format!(
        "[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\npublish = false\n\n[dependencies]\nserde_json = \"1\"\n\
         sinew-runtime = {{ {runtime}, features = [\"by-name\"] }}\n\
         tokio = {{ version = \"1\", default-features = false, features = [\"macros\", \"rt\"] }}\n"
    );
    for Known { package, path, .. } in clients {
        let _ = writeln!(text, "{package} = {{ path = '{path}', features = [\"by-name\"] }}");
    }
    text
}

/// The program's `src/main.rs`.
pub fn program(clients: &[Known<'_>]) -> String {
    let mut arms = String::new();
    for Known { package, client, .. } in clients {
        let module = package.replace('-', "_");
        let _ = write!(arms, "\"{package}\" => run::<{module}::{client}>(asked).await,\n        ");
    }
    include_str!("program.rs.txt").replace("//CLIENTS", &arms)
}
