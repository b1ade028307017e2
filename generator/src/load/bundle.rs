//! Where does a reference lead, whatever file it stands in and leads to?
//!
//! References are settled, not inlined: each becomes the pointer of its target, and the target keeps its own place. So cycles
//! between files are ordinary, and what is reached by two ways is one thing. Only where the specification allows no
//! reference is something read to another place, and even there its schemas and components stay where they are.

use std::rc::Rc;

use serde_json::{Map, Value};

use super::library::{Refusal, is_address, relative};
use super::model::{self, Kind, Shape};
use super::read;
use super::references;
use super::skeleton::Skeleton;
use super::split::Splitter;
use crate::diagnostics::{Diagnostic, Pointer, codes};

/// How many references may lead to one another: more than people write, and each makes the pointer longer.
const HOPS: usize = 16;

/// Why a reference leads nowhere.
enum Trouble {
    Malformed,
    /// The file that it names is not read.
    Refused(String, Refusal),
}

impl Splitter<'_> {
    /// The pointer that a reference names, which stands where the walk is; what cannot be followed is told.
    pub(super) fn check_reference(&mut self, text: &str) -> Option<Pointer> {
        let here = self.here();
        let site = self.diagnostics.sources.site(&here);
        match self.resolve(&site, text) {
            Ok(pointer) => Some(pointer),
            Err(trouble) => {
                let told = self.tell(text, &trouble);
                let label = if told.code == codes::DANGLING_REFERENCE { "leads nowhere" } else { "not followed" };
                self.diagnostics.push(told.at(&here, label).help("what uses it is skipped"));
                None
            }
        }
    }

    /// The pointer that a reference names, if it can be understood and its file be read.
    pub(super) fn quiet_reference(&mut self, text: &str) -> Option<Pointer> {
        let site = self.diagnostics.sources.site(&self.here());
        self.resolve(&site, text).ok()
    }

    /// What a reference leads to as it is written, and where it stands after all; the reference stands at a place of the walk.
    pub(super) fn quietly_at(&mut self, place: &Pointer, text: &str) -> Option<(Pointer, Value)> {
        let site = self.diagnostics.sources.origin(place);
        let mut target = self.resolve(&site, text).ok()?;
        for _ in 0..HOPS {
            let before = self.diagnostics.sources.converted.origin(&target);
            let value = self.written(&before)?;
            match lone_reference(&value) {
                Some(text) => target = self.resolve(&before.join("$ref"), &text).ok()?,
                None => return Some((target, value)),
            }
        }
        None
    }

    fn resolve(&mut self, site: &Pointer, text: &str) -> Result<Pointer, Trouble> {
        if text.starts_with("sinew:") {
            return Pointer::from_reference(text).ok_or(Trouble::Malformed);
        }
        let (name, fragment) = text.split_once('#').unwrap_or((text, ""));
        if name.is_empty() && !text.starts_with('#') {
            return Err(Trouble::Malformed);
        }
        let own = self.base_name(site);
        let around = self.anchors.base(site).map(|(place, base)| (place, base.to_owned()));
        let resource = if name.is_empty() {
            around.map_or_else(|| site.beside(""), |(place, _)| place)
        } else {
            let name = Pointer::decoded(name).ok_or(Trouble::Malformed)?;
            let base = around.map_or_else(|| own.clone(), |(_, base)| base);
            self.resource(&base, &own, &name)?
        };
        let Some(pointer) = Pointer::parse(&format!("#{fragment}")) else {
            let base =
                self.anchors.base(&resource).map_or_else(|| self.base_name(&resource), |(_, base)| base.to_owned());
            return self.anchors.anchor(&base, fragment).cloned().ok_or(Trouble::Malformed);
        };
        let inside = format!("{}{}", resource.as_str(), pointer.as_str());
        let inside = Pointer::from_canonical(&inside);
        // Within a schema that has an `$id`, pointers start at that schema; many documents do not know.
        let pointer = if resource.is_whole_file() || self.written(&inside).is_some() {
            inside
        } else {
            resource.beside(pointer.as_str())
        };
        Ok(self.homes.origin(&pointer))
    }

    /// What a name means: something with that identifier, or a file.
    fn resource(&mut self, base: &str, own: &str, name: &str) -> Result<Pointer, Trouble> {
        let full = relative(base, name);
        if let Some(place) = self.anchors.place(&full).or_else(|| self.anchors.place(name)) {
            return Ok(place.clone());
        }
        match self.open(&full) {
            // An identifier says what a schema is called, and nothing about where its neighbours lie.
            Err(Refusal::Remote) if !is_address(name) => {
                let beside = relative(own, name);
                self.open(&beside).map_err(|refusal| Trouble::Refused(beside, refusal))
            }
            opened => opened.map_err(|refusal| Trouble::Refused(full, refusal)),
        }
    }

    fn open(&mut self, name: &str) -> Result<Pointer, Refusal> {
        let Some(file) = self.files.open(name, self.diagnostics)? else { return Ok(Pointer::root()) };
        let whole = Pointer::of_file(&file);
        if self.noted.insert(file.clone())
            && let Some(tree) = self.files.tree(&file)
        {
            let text = self.diagnostics.sources.files.get(&file).map_or("", |source| source.text());
            self.anchors.note(&whole, &file, Some(text), &tree);
        }
        Ok(whole)
    }

    /// The name of the file that a place stands in, against which relative names count.
    fn base_name(&self, site: &Pointer) -> String {
        site.file().map_or_else(|| self.name.clone(), std::borrow::Cow::into_owned)
    }

    fn tell(&self, text: &str, trouble: &Trouble) -> Diagnostic {
        let outside =
            |what: &str| Diagnostic::error(codes::EXTERNAL_REFERENCE, format!("the reference `{text}` {what}"));
        let (name, refusal) = match trouble {
            Trouble::Malformed => {
                let error = Diagnostic::error(
                    codes::MALFORMED_REFERENCE,
                    format!("the reference `{text}` cannot be understood"),
                );
                return error.help("a reference looks like `#/components/schemas/Name` or `other.yaml#/Name`");
            }
            Trouble::Refused(name, refusal) => (name, refusal),
        };
        let shown = self.files.shown(name);
        let folder = || shown.rsplit_once('/').map_or(".", |(folder, _)| folder);
        match refusal {
            Refusal::NoFolder => outside("leads to another file")
                .help("the document was given as a text: files are read beside a document that is a file"),
            Refusal::Remote => outside("leads to an address, and nothing is ever fetched").help(format!(
                "to read a copy in its place: `--replace {name}=copy.yaml`, or `[load] replace = {{ \"{name}\" = \"copy.yaml\" }}` in client.toml"
            )),
            Refusal::Absolute => outside("leads to a fixed place of this machine")
                .help("write it relative to the file that it stands in"),
            Refusal::Outside { by_link: false } => outside("leads out of the folder of the document")
                .help(format!("to read it all the same: `--allow-files {}`", folder())),
            Refusal::Outside { by_link: true } => outside("leads out of the folder of the document by a link")
                .help("to read it all the same: `--allow-files` with the folder that the link leads to"),
            Refusal::Missing => Diagnostic::error(codes::DANGLING_REFERENCE, format!("there is no file `{shown}`")),
            Refusal::TooMany => {
                Diagnostic::error(codes::TOO_LARGE, format!("there are too many files to read `{shown}` too"))
            }
            Refusal::Told => Diagnostic::error(codes::UNREADABLE_FILE, format!("`{shown}` cannot be read")),
        }
    }

    /// The tree of a file as it is written, whatever the walk made of it.
    fn tree(&mut self, file: Option<&str>) -> Option<Rc<Value>> {
        if let Some(file) = file {
            return self.files.tree(file);
        }
        // The document itself is taken apart by the walk, and seldom needed again.
        if self.document.is_none() {
            let source = self.diagnostics.sources.document.as_ref()?;
            self.document = read::tree(source).0.map(Rc::new);
        }
        self.document.clone()
    }

    /// Whether anything is written at a place.
    pub(super) fn is_written(&mut self, pointer: &Pointer) -> bool {
        self.written(pointer).is_some()
    }

    /// What is written at a place.
    fn written(&mut self, pointer: &Pointer) -> Option<Value> {
        let tree = self.tree(pointer.file().as_deref())?;
        pointer.resolve(&tree).cloned()
    }

    /// What is written at a place of another file, or where references on the way to it lead; with the place where it stands.
    pub(super) fn written_elsewhere(&mut self, pointer: &Pointer) -> Option<(Pointer, Value)> {
        let mut pointer = pointer.clone();
        for _ in 0..HOPS {
            pointer.file()?;
            if let Some(value) = self.written(&pointer) {
                return Some((pointer, value));
            }
            pointer = self.written_hop(&pointer)?;
        }
        None
    }

    /// Replaces the shortest part of a pointer at which a reference is written by where that leads.
    pub(super) fn written_hop(&mut self, pointer: &Pointer) -> Option<Pointer> {
        self.hops_left = self.hops_left.checked_sub(1)?;
        let tree = self.tree(pointer.file().as_deref())?;
        let text = pointer.inside_file();
        for (at, _) in text.match_indices('/') {
            let (prefix, rest) = text.split_at_checked(at)?;
            if let Some(reference) = tree.pointer(prefix)?.get("$ref").and_then(Value::as_str) {
                let site = pointer.beside(prefix).join("$ref");
                let jump = self.resolve(&site, reference).ok()?;
                return references::jumped(&jump, rest);
            }
        }
        None
    }

    /// Settles a reference to a thing of a kind, and sees to it that the thing is read.
    pub(super) fn settle_reference(&mut self, value: &mut Value, shape: &'static Shape) {
        let Some(text) = value.get("$ref").and_then(Value::as_str).map(str::to_owned) else { return };
        let Some(pointer) = self.check_reference(&text) else { return };
        if let Some(reference) = value.get_mut("$ref") {
            *reference = Value::String(pointer.to_reference());
        }
        self.note_reference(shape, &pointer);
        self.ask_for(pointer, shape);
    }

    fn ask_for(&mut self, pointer: Pointer, shape: &'static Shape) {
        if self.asked.insert(pointer.clone()) {
            self.queue.push_back((pointer, shape));
        }
    }

    /// Reads what references lead to and the walk through the document does not pass.
    pub(super) fn read_parts(&mut self, skeleton: &mut Skeleton) {
        while let Some((pointer, shape)) = self.queue.pop_front() {
            if pointer.file().is_none() {
                self.read_oddly_placed(skeleton, &pointer, shape);
                continue;
            }
            // Nothing is told where nothing stands: who follows the reference does.
            let part = match self.written(&pointer) {
                Some(mut value) => {
                    self.outside_operations();
                    pointer.as_str().clone_into(&mut self.path);
                    self.referable(&mut value, shape);
                    value
                }
                None => match self.written_hop(&pointer) {
                    Some(further) => reference_to(&further, |further| self.ask_for(further, shape)),
                    None => continue,
                },
            };
            skeleton.parts.insert(pointer, part);
        }
    }

    /// A thing of the document that stands where the specification has no such thing.
    fn read_oddly_placed(&mut self, skeleton: &mut Skeleton, pointer: &Pointer, shape: &'static Shape) {
        if model::knows(pointer) {
            return;
        }
        if let Some(value) = skeleton.document.pointer_mut(pointer.as_str()) {
            let mut taken = value.take();
            pointer.as_str().clone_into(&mut self.path);
            self.referable(&mut taken, shape);
            if let Some(value) = skeleton.document.pointer_mut(pointer.as_str()) {
                *value = taken;
            }
        } else if let Some(further) = references::one_hop(skeleton, &self.table, pointer) {
            self.ask_for(further, shape);
        }
    }

    /// Where a reference stands in place of something that the specification wants written out: reads it to here.
    pub(super) fn borrow(&mut self, value: &mut Value, kind: &'static Kind) {
        let Some(text) = lone_reference(value) else { return };
        let found = self.inside("$ref", |this| {
            let target = this.check_reference(&text)?;
            let found = this.follow_written(target.clone(), kind);
            if found.is_none() {
                let error = Diagnostic::error(codes::DANGLING_REFERENCE, format!("there is nothing at `{target}`"));
                this.diagnostics.push(error.at(&this.here(), "leads nowhere"));
            }
            found
        });
        let Some((target, written)) = found else {
            // What there is to say was said.
            *value = match kind {
                Kind::Map(_) => Value::Object(Map::new()),
                Kind::List(_) => Value::Array(Vec::new()),
                // An operation that is not there must not pass for one that says nothing.
                Kind::Object(_) => Value::String(text),
                _ => Value::Null,
            };
            return;
        };
        let here = self.here();
        let place = here.join("$ref");
        let said_at = self.diagnostics.sources.site(&place);
        if !matches!(kind, Kind::Reference(_)) {
            self.diagnostics.push(
                Diagnostic::warning(codes::REFERENCE_PLACE, "the specification has no reference here")
                    .at(&place, format!("read as what stands at `{target}`")),
            );
        }
        let mut copied = borrowed(&written, kind, &target);
        if let (Value::Object(copied), Value::Object(own)) = (&mut copied, value.take()) {
            copied.extend(own.into_iter().filter(|(key, _)| key != "$ref"));
        }
        *value = copied;
        let sources = &mut self.diagnostics.sources;
        let before = sources.converted.origin(&target);
        sources.borrowed.record(here, before);
        sources.borrowed.record(place, said_at);
    }

    /// What is written where a reference, and those that it leads to, end.
    fn follow_written(&mut self, mut target: Pointer, kind: &Kind) -> Option<(Pointer, Value)> {
        for _ in 0..HOPS {
            let before = self.diagnostics.sources.converted.origin(&target);
            match self.written(&before) {
                Some(value) => match lone_reference(&value) {
                    Some(text) if !matches!(kind, Kind::Any) => {
                        target = self.resolve(&target.join("$ref"), &text).ok()?;
                    }
                    _ => return Some((target, value)),
                },
                None => target = self.written_hop(&before)?,
            }
        }
        None
    }
}

/// The text of a reference that stands for a whole value.
pub(super) fn lone_reference(value: &Value) -> Option<String> {
    value.as_object()?.get("$ref")?.as_str().map(str::to_owned)
}

fn reference_to(pointer: &Pointer, ask: impl FnOnce(Pointer)) -> Value {
    ask(pointer.clone());
    let mut map = Map::new();
    map.insert("$ref".to_owned(), Value::String(pointer.to_reference()));
    Value::Object(map)
}

/// A copy of a value of a kind that refers to those parts of the original that can be referred to.
///
/// Recurses along the table of the model, so no deeper than the document.
fn borrowed(value: &Value, kind: &Kind, at: &Pointer) -> Value {
    match (kind, value) {
        (Kind::Schema, Value::Object(_) | Value::Bool(_)) => reference_to(at, drop),
        (Kind::Reference(shape), Value::Object(_)) if !model::is_media_type(shape) => reference_to(at, drop),
        (Kind::Object(shape) | Kind::Reference(shape), Value::Object(map)) => {
            let member = |(key, value): (&String, &Value)| {
                let kind = shape.key(key).or(shape.others).unwrap_or(&Kind::Any);
                (key.clone(), borrowed(value, kind, &at.join(key)))
            };
            Value::Object(map.iter().map(member).collect())
        }
        (Kind::Map(kind), Value::Object(map)) => {
            Value::Object(map.iter().map(|(key, value)| (key.clone(), borrowed(value, kind, &at.join(key)))).collect())
        }
        (Kind::List(kind), Value::Array(list)) => Value::Array(
            list.iter().enumerate().map(|(index, value)| borrowed(value, kind, &at.index(index))).collect(),
        ),
        _ => value.clone(),
    }
}
