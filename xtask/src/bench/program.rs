//! What program calls so many operations of a crate, whoever generated it?

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The operations of a generated crate, as its methods tell them.
pub(super) struct Methods {
    /// The path of the crate.
    package: String,
    /// The type that most of them belong to.
    client: String,
    /// What each is called, and with what.
    calls: Vec<String>,
}

impl Methods {
    /// Reads a crate's sources: an operation is a public method of the client's shared self that is `async`, or answers what is to be
    /// awaited.
    pub(super) fn of(folder: &Path) -> io::Result<Self> {
        let manifest = fs::read_to_string(folder.join("Cargo.toml"))?;
        let name = manifest.lines().find_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"'));
        let mut found: Vec<(String, String)> = Vec::new();
        for file in sources(&folder.join("src"))? {
            let text = fs::read_to_string(&file)?;
            let parsed =
                syn::parse_file(&text).map_err(|error| io::Error::other(format!("{}: {error}", file.display())))?;
            for item in parsed.items {
                let syn::Item::Impl(item) = item else { continue };
                let syn::Type::Path(of) = item.self_ty.as_ref() else { continue };
                let Some(of) = of.path.segments.last().filter(|_| item.trait_.is_none()) else { continue };
                let calls = item.items.iter().filter_map(call);
                found.extend(calls.map(|call| (of.ident.to_string(), call)));
            }
        }
        let mut owners: Vec<&String> = found.iter().map(|(of, _)| of).collect();
        owners.sort_unstable();
        let client = owners.chunk_by(|a, b| a == b).max_by_key(|alike| alike.len()).map(|alike| alike[0].clone());
        let (Some(name), Some(client)) = (name, client) else {
            return Err(io::Error::other(format!("{} has no operations", folder.display())));
        };
        let mut calls: Vec<String> = found.into_iter().filter(|(of, _)| *of == client).map(|(_, call)| call).collect();
        calls.sort_unstable();
        Ok(Self { package: name.to_owned(), client, calls })
    }

    /// How many operations can be called.
    pub(super) fn len(&self) -> usize {
        self.calls.len()
    }

    /// Writes a program that calls so many of the operations, spread over all of them. It is there to be compiled: what it would call
    /// them with it takes from nowhere.
    pub(super) fn program(&self, crate_folder: &Path, folder: &Path, calls: usize) -> io::Result<()> {
        let all = self.calls.len();
        let calls = calls.min(all);
        let chosen: Vec<&String> = (0..calls).map(|at| &self.calls[at * all / calls]).collect();
        let module = self.package.replace('-', "_");
        let mut text = format!("use {module}::{} as Client;\n{HEAD}", self.client);
        for (at, call) in chosen.iter().enumerate() {
            let _ = write!(
                text,
                "\nfn call_{at}(client: &Client) -> Pending<'_> {{\n    Box::pin(async move {{ client.{call}.await.is_ok() }})\n}}\n"
            );
        }
        let names: Vec<String> = (0..calls).map(|at| format!("call_{at}")).collect();
        let _ =
            write!(text, "\nconst CALLS: &[for<'a> fn(&'a Client) -> Pending<'a>] = &[{}];\n{MAIN}", names.join(", "));
        let dependency = format!("{} = {{ path = {:?} }}\n", self.package, crate_folder.display().to_string());
        write(folder, &dependency, &text)
    }
}

/// Writes a program that does with reqwest what one does with a client: five requests, their answers read into types.
pub(super) fn bare(folder: &Path) -> io::Result<()> {
    let mut text = String::from(HEAD);
    text.push_str("use reqwest::Client;\n");
    for at in 0..5 {
        let _ = write!(
            text,
            "\n#[derive(serde::Serialize, serde::Deserialize)]\nstruct Item{at} {{\n    id: u64,\n    name: String,\n    tags: Vec<String>,\n    note: Option<String>,\n}}\n\n\
             fn call_{at}(client: &Client) -> Pending<'_> {{\n    Box::pin(async move {{\n        let Ok(answer) = client.get(any::<&str>()).send().await else {{ return false }};\n        \
             answer.json::<Item{at}>().await.is_ok()\n    }})\n}}\n"
        );
    }
    text.push_str(
        "\nconst CALLS: &[for<'a> fn(&'a Client) -> Pending<'a>] = &[call_0, call_1, call_2, call_3, call_4];\n",
    );
    text.push_str(MAIN);
    let dependencies = "reqwest = { version = \"0.13\", features = [\"json\"] }\nserde = { version = \"1\", features = [\"derive\"] }\n";
    write(folder, dependencies, &text)
}

/// Changes a program as a user does between two builds, `at` telling the edits apart.
pub(super) fn edit(folder: &Path, at: usize) -> io::Result<()> {
    let file = folder.join("src").join("main.rs");
    let text = fs::read_to_string(&file)?;
    let kept = text.split("\n// Edited.").next().unwrap_or_default();
    fs::write(&file, format!("{kept}\n// Edited.\npub fn edited() -> bool {{\n    any::<usize>() == {at}\n}}\n"))
}

const HEAD: &str = "
type Pending<'a> = std::pin::Pin<Box<dyn std::future::Future<Output = bool> + 'a>>;

fn any<T>() -> T {
    std::hint::black_box(None).expect(\"nothing is called\")
}
";

const MAIN: &str = "
fn main() {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    for call in CALLS.iter().skip(std::env::args().len()) {
        let _ = call(any()).as_mut().poll(&mut context);
    }
}
";

fn write(folder: &Path, dependencies: &str, text: &str) -> io::Result<()> {
    fs::create_dir_all(folder.join("src"))?;
    let package = "[package]\nname = \"calls\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[dependencies]\n";
    fs::write(folder.join("Cargo.toml"), format!("{package}{dependencies}"))?;
    fs::write(folder.join("src").join("main.rs"), text)
}

fn sources(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(sources(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    Ok(found)
}

/// How a method is called that is an operation; none where its arguments cannot be inferred.
fn call(item: &syn::ImplItem) -> Option<String> {
    let syn::ImplItem::Fn(method) = item else { return None };
    let signature = &method.sig;
    let syn::ReturnType::Type(_, answer) = &signature.output else { return None };
    let awaited = match answer.as_ref() {
        syn::Type::Path(path) => path.path.segments.last().is_some_and(|last| last.ident == "Call"),
        _ => false,
    };
    if !matches!(method.vis, syn::Visibility::Public(_)) || signature.asyncness.is_none() && !awaited {
        return None;
    }
    if signature.generics.type_params().next().is_some() {
        return None;
    }
    let mut inputs = signature.inputs.iter();
    let Some(syn::FnArg::Receiver(receiver)) = inputs.next() else { return None };
    if !matches!(receiver.kind, syn::ReceiverKind::Reference(..)) {
        return None;
    }
    let arguments = inputs.map(|input| match input {
        syn::FnArg::Typed(typed) => match typed.ty.as_ref() {
            syn::Type::ImplTrait(bounds) => text(bounds).then_some("\"\""),
            syn::Type::Path(path) => match inner(path) {
                Some(syn::Type::ImplTrait(bounds)) => text(bounds).then_some("any::<Option<&str>>()"),
                _ => Some("any()"),
            },
            _ => Some("any()"),
        },
        syn::FnArg::Receiver(_) => None,
    });
    Some(format!("{}({})", signature.ident, arguments.collect::<Option<Vec<_>>>()?.join(", ")))
}

/// The type within the angle brackets of another.
fn inner(path: &syn::TypePath) -> Option<&syn::Type> {
    let syn::PathArguments::AngleBracketed(of) = &path.path.segments.last()?.arguments else { return None };
    of.args.iter().find_map(|of| match of {
        syn::GenericArgument::Type(of) => Some(of),
        _ => None,
    })
}

/// Whether it is `impl Into<String>` or `impl AsRef<str>`.
fn text(bounds: &syn::TypeImplTrait) -> bool {
    bounds.bounds.iter().any(|bound| {
        let syn::TypeParamBound::Trait(bound) = bound else { return false };
        let Some(last) = bound.path.segments.last() else { return false };
        let syn::PathArguments::AngleBracketed(of) = &last.arguments else { return false };
        let Some(syn::GenericArgument::Type(syn::Type::Path(of))) = of.args.first() else { return false };
        last.ident == "Into" && of.path.is_ident("String") || last.ident == "AsRef" && of.path.is_ident("str")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_operations_of_a_crate_are_found() {
        let golden = super::super::root().join("generated").join("project-service");
        let methods = Methods::of(&golden).expect("it is generated");
        assert_eq!(methods.client, "ProjectServiceClient");
        assert!(methods.calls.iter().any(|call| call == "create_comment(any(), any())"), "{:?}", methods.calls);
    }
}
