//! Does it matter how many files a document is divided into, and is nothing read that may not be?
#![allow(clippy::unwrap_used, clippy::panic, clippy::format_collect, clippy::format_push_string)]

use std::fs;
use std::path::{Path, PathBuf};

use sinew_generator::Config;
use sinew_generator::diagnostics::{Diagnostics, Renderer};

fn case(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/crates").join(name)
}

/// The client of a document with these settings, without what names the document's files.
fn client(document: &Path, settings: Option<&Path>) -> String {
    let mut diagnostics = Diagnostics::new();
    let mut config = Config::new(document);
    if let Some(file) = settings {
        config = config.settings(file);
    }
    let Some((files, summary)) = config.files(&mut diagnostics) else {
        panic!("{} is refused:\n{}", document.display(), Renderer::plain().render(&diagnostics));
    };
    assert_eq!((summary.degraded, summary.skipped), (0, 0), "{}", document.display());
    let mut text = String::new();
    for file in files.iter().filter(|file| file.path.starts_with("src/")) {
        text.push_str(&file.path);
        for line in file.text.lines().filter(|line| !line.contains("Defined at") && !line.contains("@generated")) {
            // Of a reference, one document repeats what the other says once.
            if !line.trim_start().starts_with("///") {
                text.push_str(line);
                text.push('\n');
            }
        }
    }
    text
}

#[test]
fn one_file_and_many_give_the_same_client() {
    let folder = case("files");
    assert_eq!(client(&folder.join("openapi.yaml"), None), client(&folder.join("bundled.yaml"), None));
}

/// With `SINEW_CORPUS` naming a folder of public documents (or one that holds it as `dev/`), the same of those that their makers
/// publish both ways.
#[test]
fn published_documents_are_the_same_bundled_and_not() {
    let pairs = [
        // The index of the many files misspells one component, which is what the type is called; the bundle has the file's name.
        (
            "lago-multi-file/openapi.yaml",
            "lago-bundled.yaml",
            "[schemas]\nCustomerPaymentProvidernErrorObject = { name = 'CustomerPaymentProviderErrorObject' }\n",
        ),
        ("redocly-cafe-3.2-split/cafe.yaml", "redocly-cafe-3.2.yaml", ""),
    ];
    let Some(corpus) = std::env::var_os("SINEW_CORPUS").map(PathBuf::from) else {
        println!("skipped: SINEW_CORPUS names no folder of public documents");
        return;
    };
    let folder = if corpus.join("dev").is_dir() { corpus.join("dev") } else { corpus };
    let settings = std::env::temp_dir().join(format!("sinew-names-{}.toml", std::process::id()));
    for (many, one, names) in pairs {
        let (many, one) = (folder.join(many), folder.join(one));
        assert!(many.exists() && one.exists(), "SINEW_CORPUS has no {} or no {}", many.display(), one.display());
        fs::write(&settings, names).unwrap();
        let (split, bundled) = (client(&many, Some(&settings)), client(&one, None));
        if let Some((left, right)) = split.lines().zip(bundled.lines()).find(|(left, right)| left != right) {
            panic!("{} has `{left}` where {} has `{right}`", many.display(), one.display());
        }
        assert_eq!(split.len(), bundled.len());
    }
    fs::remove_file(settings).unwrap();
}

/// A document whose one path stands under a reference.
fn document(folder: &Path, reference: &str) -> PathBuf {
    fs::create_dir_all(folder).unwrap();
    let file = folder.join("openapi.yaml");
    let text = format!("openapi: 3.1.0\ninfo: {{title: T, version: '1'}}\npaths:\n  /a: {{$ref: '{reference}'}}\n");
    fs::write(&file, text).unwrap();
    file
}

#[test]
fn another_folder_or_a_copy_is_read_where_that_is_allowed() {
    let scratch = std::env::temp_dir().join(format!("sinew-files-{}", std::process::id()));
    let parts = scratch.join("parts");
    fs::create_dir_all(&parts).unwrap();
    fs::write(parts.join("a.yaml"), "get: {operationId: a, responses: {'204': {$ref: 'b.yaml#/done'}}}\n").unwrap();
    fs::write(parts.join("b.yaml"), "done: {description: done}\n").unwrap();
    let run = |config: Config| {
        let outcome = config.out(scratch.join("out")).generate();
        (outcome.difference.is_some() && !outcome.diagnostics.has_errors(), outcome.read)
    };

    let beside = document(&scratch.join("api"), "../parts/a.yaml");
    assert!(!run(Config::new(&beside)).0, "nothing leads out of the folder");
    let (done, read) = run(Config::new(&beside).allow_files_under(&parts));
    assert!(done);
    let names: Vec<_> = read.iter().map(|file| file.file_name().unwrap().to_string_lossy().into_owned()).collect();
    assert_eq!(names, ["openapi.yaml", "client.toml", "names.lock", "a.yaml", "b.yaml"]);

    let address = document(&scratch.join("api"), "https://example.org/parts/a.yaml");
    assert!(!run(Config::new(&address)).0, "nothing is fetched");
    assert!(
        !run(Config::new(&address).replace("https://example.org/parts/a.yaml", parts.join("a.yaml"))).0,
        "nor is b.yaml"
    );
    assert!(run(Config::new(&address).replace("https://example.org/parts/", &parts)).0);

    fs::write(scratch.join("api/client.toml"), "[load]\nreplace = { 'https://example.org/parts/' = '../parts' }\n")
        .unwrap();
    assert!(run(Config::new(&address)).0);
    let beside = document(&scratch.join("api"), "../parts/a.yaml");
    fs::write(scratch.join("api/client.toml"), "[load]\nallow-files = ['../parts']\n").unwrap();
    assert!(run(Config::new(&beside)).0);
    fs::remove_dir_all(scratch).unwrap();
}

/// References that lead to a part of one another make pointers that grow without end.
#[test]
fn pointers_that_grow_in_circles_come_to_an_end() {
    let circle = |at: &str| -> String {
        (0..300).map(|i| format!("  r{i}: {{$ref: '#{at}/r{}/z'}}\n", (i + 1) % 300)).collect()
    };
    let folder = std::env::temp_dir().join(format!("sinew-circles-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let mut text = format!(
        "openapi: 3.1.0\ninfo: {{title: T, version: '1'}}\npaths:\n  /a:\n    get:\n      responses: {{'200': {{$ref: 'b.yaml#/parts/r0'}}, \
         '404': {{$ref: '#/components/responses/r0'}}}}\ncomponents:\n schemas:\n{}",
        circle("/components/schemas")
    );
    text += &format!(" responses:\n{}", circle("/components/responses"));
    fs::write(folder.join("openapi.yaml"), text).unwrap();
    fs::write(folder.join("b.yaml"), format!("parts:\n{}", circle("/parts"))).unwrap();
    let mut diagnostics = Diagnostics::new();
    Config::new(folder.join("openapi.yaml")).files(&mut diagnostics);
    assert!(diagnostics.has_errors());
    fs::remove_dir_all(folder).unwrap();
}
