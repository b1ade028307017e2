//! Do the generated types lose anything? Judged by the document itself, not by what the generator understood of it.
//!
//! For each type of a document, values are made from the raw schemas (`values.rs`), as far as an independent validator accepts
//! them; a compiled driver reads each and writes it again; what comes back must be equal and valid. Then the values are changed
//! as a server may change them without asking: a new field, a new word, a new alternative, `null` in the place of what may be
//! absent. Such values must still be read.

mod build;
mod bundle;
mod compare;
mod driver;
pub(crate) mod lift;
mod one_way;
mod pointer;
mod report;
pub(crate) mod suite;
mod texts;
pub(crate) mod values;

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use jsonschema::{Draft, Registry, Validator};
use report::{Document, Loss};
use serde_json::{Map, Value, json};
use values::{Made, Maker, Wish};

/// Which documents, and how thoroughly.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// A document, or a folder of such. Several may be given.
    #[arg(required = true)]
    documents: Vec<PathBuf>,
    /// How many values are thrown for each type, beside the least, the fullest, and one for each field.
    #[arg(long, default_value_t = 24)]
    values: u64,
    /// Where to write the results for programs.
    #[arg(long)]
    json: Option<PathBuf>,
    /// Show every loss, not only the first of each kind.
    #[arg(long)]
    all: bool,
}

/// Judges the types of documents, and tells what they lose.
pub(crate) fn run(arguments: &Arguments) -> ExitCode {
    let mut results = Vec::new();
    for path in documents(&arguments.documents) {
        let document = judge(&path, arguments.values);
        println!("{}", report::line(&document));
        for line in report::losses(&document, arguments.all) {
            println!("{line}");
        }
        results.push(document);
    }
    println!("{}", report::total(&results));
    if let Some(path) = &arguments.json {
        let text = serde_json::to_string_pretty(&results).unwrap_or_default();
        if let Err(error) = fs::write(path, text + "\n") {
            eprintln!("error: `{}` cannot be written: {error}", path.display());
            return ExitCode::from(2);
        }
    }
    let clean = results.iter().all(|document| document.error.is_none() && document.losses.is_empty());
    if clean { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn documents(given: &[PathBuf]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for path in given {
        if path.is_dir() {
            let inside = fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path());
            let ending =
                |path: &Path| path.extension().is_some_and(|end| end == "json" || end == "yaml" || end == "yml");
            let mut inside: Vec<PathBuf> = inside.filter(|path| path.is_file() && ending(path)).collect();
            inside.sort();
            found.extend(inside);
        } else {
            found.push(path.clone());
        }
    }
    found
}

/// The folder in which crates and drivers are made, and the one in which they are built.
fn folders(name: &str) -> (PathBuf, PathBuf) {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."));
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| workspace.join("target"), PathBuf::from);
    let scratch = std::path::absolute(target.join("judge")).unwrap_or(target);
    (scratch.join("crates").join(name), scratch.join("target"))
}

fn judge(path: &Path, thrown: u64) -> Document {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let mut result = Document { name: name.clone(), ..Document::default() };
    if let Err(error) = try_judge(path, &name, thrown, &mut result) {
        result.error = Some(error);
    }
    result
}

fn try_judge(path: &Path, name: &str, thrown: u64, result: &mut Document) -> Result<(), String> {
    let mut root = bundle::read(path)?;
    lift::document(&mut root);
    let (scratch, target) = folders(name);
    let driver = driver::build(path, &scratch, &target)?;
    examine(&root, &driver, thrown, result)
}

/// A value for the driver, and what is expected of it.
struct Case {
    position: usize,
    value: Value,
    /// `None` for a value of the schema; otherwise what was changed, and what may be lost.
    change: Option<(&'static str, Vec<String>)>,
}

fn examine(root: &Value, driver: &driver::Driver, thrown: u64, result: &mut Document) -> Result<(), String> {
    let roots = [
        (driver::Way::Either, root.clone()),
        (driver::Way::Answered, one_way::document(root, false)),
        (driver::Way::Sent, one_way::document(root, true)),
    ];
    let registries = registries(&roots)?;
    let mut validators: BTreeMap<usize, Validator> = BTreeMap::new();
    let mut cases = Vec::new();
    for (position, (name, way)) in driver.types.iter().zip(&driver.ways).enumerate() {
        let Some((root, registry)) = registries.get(way) else { continue };
        let place = &driver.places[position];
        let Some((reference, schema)) = reference(root, place) else {
            result.untried.insert(name.clone(), "the document has no schema where the generator saw it".to_owned());
            continue;
        };
        let validator = jsonschema::options()
            .with_draft(Draft::Draft202012)
            .with_registry(registry)
            .with_base_uri("urn:judge")
            .build(&reference);
        let validator = match validator {
            Ok(validator) => validator,
            Err(error) => {
                result.untried.insert(name.clone(), format!("the validator refuses the schema: {error}"));
                continue;
            }
        };
        let made = of_type(root, schema, &validator, thrown);
        if made.is_empty() {
            result.untried.insert(name.clone(), "no value was found that the validator accepts".to_owned());
            continue;
        }
        result.types += 1;
        for (at, one) in made.into_iter().enumerate() {
            if at < CHANGED {
                cases.extend(changed(position, &one));
            }
            cases.push(Case { position, value: one.value, change: None });
        }
        validators.insert(position, validator);
    }
    let lines = (0..driver.types.len()).flat_map(|position| (0..BUILT).map(move |seed| (position, format!("!{seed}"))));
    built(&roots, driver, &lines.collect::<Vec<_>>(), result)?;
    let lines: Vec<(usize, String)> = cases.iter().map(|case| (case.position, case.value.to_string())).collect();
    let replies = driver.run(&lines).map_err(|error| error.to_string())?;
    for (case, reply) in cases.iter().zip(replies) {
        let why = match (&case.change, reply) {
            (_, Err(why)) => Some(format!("not read: {why}")),
            (None, Ok(written)) => compare::difference(&case.value, &written, &[]).or_else(|| {
                let validator = validators.get(&case.position)?;
                validator.validate(&written).err().map(|error| format!("what is written is not valid: {error}"))
            }),
            (Some((_, free)), Ok(written)) => compare::difference(&case.value, &written, free),
        };
        let counted = if case.change.is_some() { &mut result.changed } else { &mut result.values };
        *counted += 1;
        if let Some(why) = why {
            let name = driver.types[case.position].clone();
            let change = case.change.as_ref().map(|(change, _)| (*change).to_owned());
            result.losses.push(Loss { name, change, why, value: compare::brief(&case.value) });
        }
    }
    Ok(())
}

/// What validators follow references in: the document, by the way that values travel.
fn registries(roots: &[(driver::Way, Value)]) -> Result<Registries<'_>, String> {
    let mut registries = BTreeMap::new();
    for (way, root) in roots {
        let registry = Registry::new()
            .draft(Draft::Draft202012)
            .add("urn:document", root)
            .and_then(jsonschema::RegistryBuilder::prepare)
            .map_err(|error| format!("the document is no resource for the validator: {error}"))?;
        registries.insert(*way, (root, registry));
    }
    Ok(registries)
}

type Registries<'d> = BTreeMap<driver::Way, (&'d Value, Registry<'d>)>;

/// How many values of each type are built without the document.
const BUILT: u64 = 24;

/// Values that programs build must be valid, bounds aside.
fn built(
    roots: &[(driver::Way, Value)],
    driver: &driver::Driver,
    lines: &[(usize, String)],
    result: &mut Document,
) -> Result<(), String> {
    let promised = |(way, root): &(driver::Way, Value)| {
        let mut root = root.clone();
        build::promised(&mut root);
        (*way, root)
    };
    let roots: Vec<_> = roots.iter().map(promised).collect();
    let registries = registries(&roots)?;
    let replies = driver.run(lines).map_err(|error| error.to_string())?;
    let mut validators: BTreeMap<usize, Option<Validator>> = BTreeMap::new();
    for ((position, _), reply) in lines.iter().zip(replies) {
        let validator = validators.entry(*position).or_insert_with(|| {
            let (root, registry) = registries.get(&driver.ways[*position])?;
            let (reference, _) = reference(root, &driver.places[*position])?;
            let options = jsonschema::options().with_draft(Draft::Draft202012);
            options.with_registry(registry).with_base_uri("urn:judge").build(&reference).ok()
        });
        let Some(validator) = validator else { continue };
        result.built += 1;
        let (why, value) = match reply {
            Err(why) => (Some(why), Value::Null),
            Ok(written) => (validator.validate(&written).err().map(|error| format!("not valid: {error}")), written),
        };
        if let Some(why) = why {
            let (name, value) = (driver.types[*position].clone(), compare::brief(&value));
            result.losses.push(Loss { name, change: Some("being built".to_owned()), why, value });
        }
    }
    Ok(())
}

/// A schema that refers to a place of the document.
fn reference<'d>(root: &'d Value, place: &str) -> Option<(Value, &'d Value)> {
    // Documents of Swagger 2.0 have their schemas elsewhere.
    let older = place.replacen("/components/schemas/", "/definitions/", 1);
    let (place, schema) = [place, &older].into_iter().find_map(|place| Some((place, root.pointer(place)?)))?;
    let steps = place.split('/').skip(1).map(|step| pointer::encoded(&step.replace("~1", "/").replace("~0", "~")));
    let steps: Vec<String> = steps.collect();
    Some((json!({"$ref": format!("urn:document#/{}", steps.join("/"))}), schema))
}

/// Values of a type, each once, as far as the validator accepts them.
fn of_type(root: &Value, schema: &Value, validator: &Validator, thrown: u64) -> Vec<Made> {
    let mut maker = Maker::new(root);
    let mut seen = HashSet::new();
    let mut made = Vec::new();
    let wishes = (0..3).map(|_| Wish::Least).chain((0..12).map(|_| Wish::Most)).chain((0..thrown).map(|_| Wish::Any));
    for (wish, seed) in wishes.zip(0..) {
        let Some(one) = maker.make(schema, wish, seed) else { continue };
        if seen.insert(one.value.to_string()) && validator.is_valid(&one.value) {
            made.push(one);
        }
    }
    // Each field of the fullest value by itself not there.
    let fields = |one: &Made| one.value.as_object().map_or(0, Map::len);
    if let Some(fullest) = made.iter().max_by_key(|one| fields(one)).cloned() {
        for field in fullest.value.as_object().into_iter().flat_map(Map::keys) {
            let mut value = fullest.value.clone();
            if let Some(fields) = value.as_object_mut() {
                fields.remove(field);
            }
            if seen.insert(value.to_string()) && validator.is_valid(&value) {
                made.push(Made { value, sites: values::Sites::default() });
            }
        }
    }
    made
}

/// How many values of a type are changed.
const CHANGED: usize = 16;
const FIELD: &str = "field that is new since";
const WORD: &str = "word that is new since";

/// The value as a newer server may send it.
fn changed(position: usize, made: &Made) -> Vec<Case> {
    let mut cases = Vec::new();
    let mut add = |change: &'static str, free: Vec<String>, edit: &dyn Fn(&mut Value) -> bool| {
        let mut value = made.value.clone();
        if edit(&mut value) {
            cases.push(Case { position, value, change: Some((change, free)) });
        }
    };
    for site in made.sites.objects.iter().take(12) {
        add("a new field", vec![format!("{site}/{FIELD}")], &|value| {
            let Some(fields) = value.pointer_mut(site).and_then(Value::as_object_mut) else { return false };
            fields.insert(FIELD.to_owned(), json!({"deep": [1]}));
            true
        });
    }
    for site in made.sites.words.iter().take(12) {
        add("a new word", Vec::new(), &|value| {
            let Some(word) = value.pointer_mut(site).filter(|word| word.is_string()) else { return false };
            *word = json!(WORD);
            true
        });
    }
    for site in made.sites.tags.iter().take(12) {
        add("a new alternative", Vec::new(), &|value| {
            let Some(tag) = value.pointer_mut(site).filter(|tag| tag.is_string()) else { return false };
            *tag = json!(WORD);
            true
        });
    }
    for site in made.sites.optional.iter().take(12) {
        add("null where it may be absent", vec![site.clone()], &|value| {
            let Some(field) = value.pointer_mut(site).filter(|field| !field.is_null()) else { return false };
            *field = Value::Null;
            true
        });
    }
    cases
}
