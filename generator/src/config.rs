//! How is the generator run, from a command, a chore or a build script?

use std::path::{Path, PathBuf};

use crate::diagnostics::{Diagnostic, Diagnostics, Kept, Pointer, Renderer, Role, Severity, codes};
use crate::emit::{self, SourceFile};
use crate::ir::Api;
use crate::load::{Access, Overlay};
use crate::plan::Plan;
use crate::settings::{Pattern, Selection, Settings};
use crate::summary::Summary;
use crate::write::stamp::{self, Stamp};
use crate::write::{self, Difference};
use crate::{directions, load, lower, overrides, plan, select, settings, sharing};

/// One run of the generator: a document, the settings beside it, and the folder of the crate.
///
/// The same document and settings give the same bytes whoever runs it, wherever.
#[derive(Debug, Clone)]
pub struct Config {
    document: PathBuf,
    settings: Option<PathBuf>,
    out: PathBuf,
    runtime_path: Option<String>,
    flags: Selection,
    strict: bool,
    build_script: bool,
    pin_names: bool,
    access: Access,
}

/// What a run came to.
#[derive(Debug)]
pub struct Outcome {
    /// Everything there was to say.
    pub diagnostics: Diagnostics,
    /// What was written, or differs; `None` where the run was refused, and nothing was written.
    pub difference: Option<Difference>,
    /// What the client can do.
    pub summary: Summary,
    /// The files that the outcome depends on: the document, its settings (even where there are none yet), and every file that
    /// the document refers to and that was read.
    pub read: Vec<PathBuf>,
}

impl Config {
    /// A run over a document. The crate goes to a folder beside it that bears the document's name, unless [`Config::out`] says
    /// otherwise; settings are those of the `client.toml` beside the document, if there is one.
    pub fn new(document: impl Into<PathBuf>) -> Self {
        let document = document.into();
        let out = document.with_extension("");
        Self {
            document,
            settings: None,
            out,
            runtime_path: None,
            flags: Selection::default(),
            strict: false,
            build_script: false,
            pin_names: false,
            access: Access::default(),
        }
    }

    /// A run from a build script: the crate goes to `$OUT_DIR/<folder of the document>`, and cargo is told which files to watch.
    ///
    /// The client is then included where it is wanted:
    ///
    /// ```ignore
    /// mod billing {
    ///     include!(concat!(env!("OUT_DIR"), "/billing/src/client/mod.rs"));
    /// }
    /// ```
    pub fn build_script(document: impl Into<PathBuf>) -> Self {
        let document = document.into();
        let folder = document.parent().and_then(Path::file_name).map_or_else(|| PathBuf::from("client"), PathBuf::from);
        let out = std::env::var_os("OUT_DIR").map_or_else(|| folder.clone(), |out| PathBuf::from(out).join(&folder));
        Self { build_script: true, ..Self::new(document) }.out(out)
    }

    /// The folder of the crate.
    pub fn out(mut self, folder: impl Into<PathBuf>) -> Self {
        self.out = folder.into();
        self
    }

    /// The settings, where they do not stand in `client.toml` beside the document.
    pub fn settings(mut self, file: impl Into<PathBuf>) -> Self {
        self.settings = Some(file.into());
        self
    }

    /// Where `sinew-runtime` lies, relative to the crate: what `[runtime] path` in `client.toml` says, for those who have none.
    pub fn runtime_path(mut self, path: impl Into<String>) -> Self {
        self.runtime_path = Some(path.into());
        self
    }

    /// Narrows what `[select]` in `client.toml` leaves of the document: only operations that fit one of these patterns.
    ///
    /// A pattern is an `operationId`, the name of a method or a route such as `GET /users/*`; `*` stands for anything.
    pub fn operations<P: Into<String>>(mut self, patterns: impl IntoIterator<Item = P>) -> Self {
        self.flags.operations.extend(patterns.into_iter().map(pattern));
        self
    }

    /// As [`Config::operations`], by any of their tags.
    pub fn tags<P: Into<String>>(mut self, patterns: impl IntoIterator<Item = P>) -> Self {
        self.flags.tags.extend(patterns.into_iter().map(pattern));
        self
    }

    /// As [`Config::operations`], by their path: `*` stands for one segment, `**` for any number.
    pub fn paths<P: Into<String>>(mut self, patterns: impl IntoIterator<Item = P>) -> Self {
        self.flags.paths.extend(patterns.into_iter().map(pattern));
        self
    }

    /// As [`Config::operations`], by their HTTP method.
    pub fn methods<P: Into<String>>(mut self, patterns: impl IntoIterator<Item = P>) -> Self {
        self.flags.methods.extend(patterns.into_iter().map(pattern));
        self
    }

    /// Starts a `names.lock` beside `client.toml`, where there is a `client.toml`: what types are called is then kept, whatever
    /// becomes of the document. One that is there already is followed and kept anyway, but build scripts only follow it.
    pub fn pin_names(mut self, pin: bool) -> Self {
        self.pin_names = pin;
        self
    }

    /// Cuts what types lead to: an object that lies behind more than so many named types, counted from an operation, becomes any
    /// JSON value. Of an API whose objects all refer to one another, a few operations would otherwise need nearly every type.
    pub fn depth(mut self, depth: usize) -> Self {
        self.flags.depth = Some(depth);
        self
    }

    /// Refuses a document of which anything must be skipped or degraded.
    pub fn strict(mut self, strict: bool) -> Self {
        self.strict = strict;
        self
    }

    /// Lets references lead to files under another folder than that of the document. May be called repeatedly.
    pub fn allow_files_under(mut self, folder: impl Into<PathBuf>) -> Self {
        self.access.folders.push(folder.into());
        self
    }

    /// Reads a local file in place of an address, which is never fetched. An address that ends with `/` stands for all that
    /// start with it, and the file is then a folder. May be called repeatedly.
    pub fn replace(mut self, address: impl Into<String>, file: impl Into<PathBuf>) -> Self {
        self.access.replaced.insert(address.into(), file.into());
        self
    }

    /// Applies an overlay to the document, behind those that `client.toml` names. May be called repeatedly.
    pub fn overlay(mut self, file: impl Into<PathBuf>) -> Self {
        self.access.overlays.push(Overlay { path: file.into(), ..Overlay::default() });
        self
    }

    /// The files of the crate, in memory; `None` where the run is refused.
    pub fn files(&self, diagnostics: &mut Diagnostics) -> Option<(Vec<SourceFile>, Summary)> {
        let (understood, summary) = self.understand(diagnostics);
        let (api, plan) = understood?;
        Some((self.spell(&api, &plan), summary))
    }

    /// What the document means and the Rust that it becomes, where nothing is to be made of it; `None` where a crate would be
    /// refused. The summary says what there is even then.
    pub fn understand(&self, diagnostics: &mut Diagnostics) -> (Option<(Api, Plan)>, Summary) {
        let Some(mut settings) = self.read_settings(diagnostics) else { return (None, Summary::default()) };
        let Some(mut document) =
            load::load_with(&load::Input::file(&self.document), &self.access(&settings), diagnostics)
        else {
            return (None, Summary::default());
        };
        let Some(unselected) = select::select(&mut document, &mut settings, &self.flags, diagnostics) else {
            return (None, Summary::default());
        };
        // What a build script includes has the features of the crate that includes it.
        if self.build_script {
            settings.client.group_features = None;
        }
        let mut api = lower::lower_within(&document, self.flags.depth.or(settings.select.depth), diagnostics);
        // What was read is not all of it.
        if diagnostics.iter().any(|said| said.code == codes::GROWS) {
            return (None, Summary::new(&api, 0, unselected, diagnostics));
        }
        if unselected > 0 {
            select::forget_unreached(&document, &api, &mut settings);
        }
        // All that is still needed of it is known; a big one would lie beside the plan for nothing.
        let has_paths = document.skeleton.paths().is_some();
        drop(document);
        if api.operations.is_empty() && api.types.is_empty() {
            diagnostics.push(nothing_left(has_paths));
            return (None, Summary::new(&api, 0, unselected, diagnostics));
        }
        overrides::apply(&mut api, &settings, diagnostics);
        directions::divide(&mut api);
        sharing::share(&mut api);
        let plan = plan::plan(&api, &settings, diagnostics);
        // Components may all be plain texts and numbers, which need no definition.
        if api.is_types_only() && plan.definitions.is_empty() {
            diagnostics.push(nothing_left(has_paths));
            return (None, Summary::new(&api, 0, unselected, diagnostics));
        }
        let summary = Summary::new(&api, plan.definitions.len(), unselected, diagnostics);
        // A setting that has no effect is a mistake of the user, who is there to mend it; a document is somebody else's.
        let refused =
            diagnostics.iter().any(|said| said.severity == Severity::Error && said.code.as_str().starts_with("SN03"))
                || (self.strict && (diagnostics.has_errors() || diagnostics.count(Severity::Warning) > 0));
        ((!refused).then_some((api, plan)), summary)
    }

    fn spell(&self, api: &Api, plan: &Plan) -> Vec<SourceFile> {
        let source = self.document.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        emit::emit(api, plan, &source)
    }

    /// Writes the crate: only what differs, either all of it or nothing.
    ///
    /// Where neither what the crate comes from nor the crate itself has changed since the last run, that is known from a stamp in
    /// the folder: what that run said is said again, and nothing is made.
    pub fn generate(&self) -> Outcome {
        let choices = stamp::choices(self);
        self.unchanged(choices).unwrap_or_else(|| self.run(Some(choices)))
    }

    /// What a run comes to that has nothing to do.
    fn unchanged(&self, choices: u64) -> Option<Outcome> {
        let stamp = Stamp::of_unchanged(&self.out, choices)?;
        let read = stamp.read();
        let diagnostics = stamp.said.restore(&|role, name| match role {
            Role::Document | Role::Part(_) => load::shown(Path::new(name)),
            Role::Settings => settings::shown(Path::new(name)),
        })?;
        self.watch(&read);
        Some(Outcome { diagnostics, difference: Some(Difference::default()), summary: stamp.summary, read })
    }

    /// Compares the crate with what it should be, and writes nothing.
    pub fn check(&self) -> Outcome {
        self.run(None)
    }

    /// Writes the crate; where that is refused, says why and ends the process. For build scripts.
    pub fn generate_or_exit(&self) {
        let outcome = self.generate();
        for line in Renderer::plain().at_least(Severity::Warning).render(&outcome.diagnostics).lines() {
            println!("cargo:warning={line}");
        }
        if outcome.difference.is_none() {
            eprintln!("{}", Renderer::plain().render(&outcome.diagnostics));
            std::process::exit(1);
        }
    }

    /// Writes, and leaves a stamp of these choices; without them compares only.
    fn run(&self, choices: Option<u64>) -> Outcome {
        let mut diagnostics = Diagnostics::new();
        let (understood, summary) = self.understand(&mut diagnostics);
        let mut read = vec![self.document.clone()];
        read.extend(self.settings_file());
        read.extend(self.lock_file());
        read.extend(diagnostics.sources.files.values().map(|source| PathBuf::from(source.name())));
        self.watch(&read);
        let Some((api, plan)) = understood else { return Outcome { diagnostics, difference: None, summary, read } };
        let files = self.spell(&api, &plan);
        let act = if choices.is_some() { write::write } else { write::compare };
        let difference = match act(&self.out, &files) {
            Ok(mut difference) => {
                if let Some(file) = self.lock_file().filter(|_| !self.build_script)
                    && (file.exists()
                        || self.pin_names && self.settings_file().is_some_and(|settings| settings.exists()))
                    && let Err(refusal) =
                        write::lock(&file, &settings::pinned_text(&plan.pins), choices.is_some(), &mut difference)
                {
                    diagnostics.push(*refusal);
                }
                Some(difference)
            }
            Err(refusal) => {
                diagnostics.push(*refusal);
                None
            }
        };
        if let Some(choices) = choices
            && difference.is_some()
        {
            Stamp::new(choices, &read, &files, summary.clone(), Kept::of(&diagnostics)).leave(&self.out);
        }
        Outcome { diagnostics, difference, summary, read }
    }

    /// Tells cargo which files a build script depends on.
    fn watch(&self, files: &[PathBuf]) {
        if self.build_script {
            for file in files {
                println!("cargo:rerun-if-changed={}", file.display());
            }
        }
    }

    /// The settings file that applies. One beside the document is watched even where there is none yet.
    fn settings_file(&self) -> Option<PathBuf> {
        self.settings.clone().or_else(|| Some(self.document.parent()?.join("client.toml")))
    }

    /// The names that types had, beside the settings.
    fn lock_file(&self) -> Option<PathBuf> {
        Some(self.settings_file()?.with_file_name("names.lock"))
    }

    /// What may be read, by the user's choices in `client.toml` and beside it; those beside it win.
    fn access(&self, settings: &Settings) -> Access {
        let beside = self.settings_file().and_then(|file| file.parent().map(Path::to_path_buf)).unwrap_or_default();
        let replaced = settings.load.replace.iter().map(|(address, file)| (address.clone(), beside.join(file)));
        let overlays = settings.overlays.iter().map(|overlay| Overlay {
            path: beside.join(&overlay.text),
            folder: Some(beside.clone()),
            span: overlay.span.clone(),
        });
        Access {
            folders: settings
                .load
                .allow_files
                .iter()
                .map(|folder| beside.join(folder))
                .chain(self.access.folders.clone())
                .collect(),
            replaced: replaced.chain(self.access.replaced.clone()).collect(),
            overlays: overlays.chain(self.access.overlays.clone()).collect(),
        }
    }

    fn read_settings(&self, diagnostics: &mut Diagnostics) -> Option<Settings> {
        let mut settings = match self.settings_file() {
            Some(file) if self.settings.is_some() || file.exists() => settings::load(&file, diagnostics),
            _ => Settings::default(),
        };
        if let Some(lock) = self.lock_file() {
            settings.pinned = settings::read_pinned(&lock, diagnostics);
        }
        if diagnostics.has_errors() {
            return None;
        }
        if let Some(path) = &self.runtime_path {
            settings.runtime.path = Some(path.clone());
        }
        Some(settings)
    }
}

/// Shown at `paths`, where operations would stand, else at the document as a whole.
fn nothing_left(has_paths: bool) -> Diagnostic {
    let error = Diagnostic::error(codes::EMPTY_CLIENT, "no operation is left to make a client of");
    let root = Pointer::root();
    let error = if has_paths {
        error.at_key(&root.join("paths"), "holds none that can be generated")
    } else {
        error.at(&root, "has no `paths`")
    };
    error.help("nothing was written")
}

fn pattern(text: impl Into<String>) -> Pattern {
    Pattern { text: text.into(), span: None }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::diagnostics::json;

    const DOCUMENT: &str = r"
openapi: 3.0.3
info: {title: Shop, version: '1'}
paths:
  /charge:
    get:
      operationId: charge
      responses:
        '200': {description: One., content: {application/json: {schema: {$ref: '#/components/schemas/Charge'}}}}
components:
  schemas:
    Charge: {type: object, properties: {customer: {$ref: '#/components/schemas/Customer'}}}
    Customer: {type: object, properties: {card: {$ref: '#/components/schemas/Card'}, state: {$ref: '#/components/schemas/State'}}}
    Card: {type: object, properties: {owner: {$ref: '#/components/schemas/Customer'}}}
    State: {type: string, enum: [new, old]}
";

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("sinew-config-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("openapi.yaml"), DOCUMENT).unwrap();
        folder
    }

    #[test]
    fn a_run_with_nothing_to_do_knows_it_from_the_stamp_alone() {
        let folder = folder("stamp");
        let config = Config::new(folder.join("openapi.yaml")).out(folder.join("crate"));
        let first = config.generate();
        assert!(first.difference.is_some_and(|difference| !difference.is_none()));
        let stamped = |config: &Config| config.unchanged(stamp::choices(config));
        let again = stamped(&config).expect("nothing has changed");
        assert_eq!((again.summary, again.read), (first.summary, first.read));
        assert!(stamped(&config.clone().depth(1)).is_none(), "other choices are other work");

        let types = folder.join("crate/src/client/types.rs");
        let whole = fs::read_to_string(&types).unwrap();
        fs::write(&types, format!("{whole}// edited\n")).unwrap();
        assert!(stamped(&config).is_none(), "an edit of the output is seen");
        assert_eq!(config.generate().difference.unwrap().changed, ["src/client/types.rs"]);
        assert!(stamped(&config).is_some());

        fs::write(folder.join("client.toml"), "[client]\npackage = \"other\"\n").unwrap();
        assert!(stamped(&config).is_none(), "settings that were not there are seen");
        config.generate();
        fs::write(folder.join("openapi.yaml"), DOCUMENT.replace("title: Shop", "title: Store")).unwrap();
        assert!(stamped(&config).is_none(), "another document is seen");
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_run_with_nothing_to_do_says_again_what_there_was_to_say() {
        let folder = folder("said");
        let document = DOCUMENT.replace("info:", "infos: 2\ninfo:").replace("'#/components/schemas/Card'", "card.yaml");
        fs::write(folder.join("openapi.yaml"), document).unwrap();
        fs::write(folder.join("card.yaml"), "type: object\nproprties: {}\n").unwrap();
        let config = Config::new(folder.join("openapi.yaml")).out(folder.join("crate"));
        let first = config.generate();
        let again = config.unchanged(stamp::choices(&config)).expect("nothing has changed");
        let shown = |outcome: &Outcome| Renderer::plain().render(&outcome.diagnostics);
        assert!(shown(&first).contains("infos") && shown(&first).contains("card.yaml:2:1"), "{}", shown(&first));
        assert_eq!(shown(&again), shown(&first));
        assert_eq!(json(&again.diagnostics, Some(&again.summary)), json(&first.diagnostics, Some(&first.summary)));
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn objects_that_lie_deeper_than_asked_for_are_json() {
        let folder = folder("depth");
        let types = |depth: usize| {
            let config = Config::new(folder.join("openapi.yaml")).depth(depth);
            let (files, _) = config.files(&mut Diagnostics::new()).unwrap();
            files.into_iter().find(|file| file.path.ends_with("types.rs")).unwrap().text
        };
        let one = types(1);
        assert!(one.contains("pub struct Charge") && one.contains("pub type Customer = serde_json::Value"), "{one}");
        assert!(!one.contains("Card") && !one.contains("State"), "{one}");
        let two = types(2);
        assert!(two.contains("pub struct Customer") && two.contains("pub type Card = serde_json::Value"), "{two}");
        assert!(two.contains("pub enum State"), "a list of words leads to nothing further: {two}");
        assert!(types(3).contains("pub struct Card"));
        fs::remove_dir_all(folder).unwrap();
    }
}
