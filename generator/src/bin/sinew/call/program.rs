//! How does the crate of an operation become a program that can be asked?

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use sinew_generator::Config;
use sinew_generator::diagnostics::{Renderer, Severity};
use sinew_generator::driver::{self, Known};
use sinew_generator::plan::Plan;

/// Where and with what the client is built.
#[derive(Debug, clap::Args)]
pub(crate) struct Building {
    /// Where `sinew-runtime` lies; default: the registry.
    #[arg(long, value_name = "FOLDER")]
    runtime_path: Option<PathBuf>,
    /// Where clients are built and kept; default: the user's cache.
    #[arg(long, env = "SINEW_CACHE", value_name = "FOLDER")]
    cache: Option<PathBuf>,
    /// Build without the network, with what cargo has.
    #[arg(long)]
    offline: bool,
}

impl Building {
    /// The run with these choices.
    pub(super) fn over(&self, config: Config) -> Config {
        match &self.runtime_path {
            // The crate lies elsewhere, so a relative path would mean another folder there.
            Some(path) => {
                let whole = std::path::absolute(path).unwrap_or_else(|_| path.clone());
                config.runtime_path(whole.display().to_string())
            }
            None => config,
        }
    }

    /// Builds the program around the client, unless it is there already.
    pub(super) fn build(&self, config: &Config, plan: &Plan) -> Result<PathBuf, String> {
        let told = |error: std::io::Error| format!("the cache: {error}");
        let cache = self.cache.clone().or_else(cache).ok_or("there is no folder for a cache; --cache names one")?;
        let cache = std::path::absolute(cache.join("call")).map_err(told)?;
        let mut diagnostics = sinew_generator::diagnostics::Diagnostics::new();
        let (files, _) = config
            .files(&mut diagnostics)
            .ok_or_else(|| Renderer::plain().at_least(Severity::Error).render(&diagnostics))?;
        let runtime = plan.package.dependencies.iter().find(|known| known.name == "sinew-runtime");
        let runtime = match runtime.map(|known| (known.path.as_deref(), known.version.as_deref())) {
            Some((Some(path), _)) => format!("path = '{path}'"),
            Some((None, Some(version))) => format!("version = \"{version}\""),
            _ => return Err("the client has no runtime".to_owned()),
        };
        let known = [Known { package: &plan.package.name, path: "client", client: plan.client.as_str() }];
        // Named by all that it is made of: another document, or another version of us, is another program.
        let mut key = DefaultHasher::new();
        (&runtime, driver::program(&known), env!("CARGO_PKG_VERSION")).hash(&mut key);
        for file in &files {
            (&file.path, &file.text).hash(&mut key);
        }
        let name = format!("sinew-call-{:016x}", key.finish());
        let folder = cache.join(&name);
        let target = cache.join("target");
        let program = target.join("debug").join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
        if program.exists() {
            return Ok(program);
        }
        for file in &files {
            let path = folder.join("client").join(&file.path);
            path.parent()
                .map_or(Ok(()), fs::create_dir_all)
                .and_then(|()| fs::write(&path, &file.text))
                .map_err(told)?;
        }
        fs::create_dir_all(folder.join("src")).map_err(told)?;
        let manifest = driver::manifest(&name, &runtime, &known);
        let workspace = "\n[workspace]\n\n[profile.dev]\ndebug = false\nincremental = false\n";
        fs::write(folder.join("Cargo.toml"), format!("{manifest}{workspace}")).map_err(told)?;
        fs::write(folder.join("src/main.rs"), driver::program(&known)).map_err(told)?;
        self.cargo(&folder, &target)?;
        Ok(program)
    }

    fn cargo(&self, folder: &Path, target: &Path) -> Result<(), String> {
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.args(["build", "--quiet"]).args(self.offline.then_some("--offline")).arg("--manifest-path");
        cargo.arg(folder.join("Cargo.toml")).arg("--target-dir").arg(target);
        // Standard output belongs to the answer.
        let built = cargo.stdin(Stdio::null()).stdout(Stdio::null()).status();
        match built.map_err(|error| format!("cargo, which builds the client, cannot be run: {error}"))? {
            status if status.success() => Ok(()),
            _ => Err(format!("the client in {} does not build", folder.display())),
        }
    }
}

/// The user's folder for what can be made anew.
fn cache() -> Option<PathBuf> {
    let known = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let home = || known("HOME").map(|home| home.join(".cache"));
    Some(known("XDG_CACHE_HOME").or_else(|| known("LOCALAPPDATA")).or_else(home)?.join("sinew"))
}

/// Asks the program one thing. It is told through a pipe: what stands on a command line can be seen by others.
pub(super) fn ask(program: &Path, asked: &Value) -> Result<Value, String> {
    let told = |error: std::io::Error| format!("{}: {error}", program.display());
    let mut child = Command::new(program).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().map_err(told)?;
    if let Some(mut input) = child.stdin.take() {
        writeln!(input, "{asked}").map_err(told)?;
    }
    let output = child.wait_with_output().map_err(told)?;
    serde_json::from_slice(&output.stdout).map_err(|error| format!("{} said no JSON: {error}", program.display()))
}
