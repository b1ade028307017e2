//! What does it cost to read a document up to its meaning, and how does that grow?
//!
//! `cargo bench -p sinew-generator --bench reading` measures made documents of 500 to 4,000 operations side by side;
//! with `SINEW_BENCH_DOCUMENT=<file>` also that one. Medians of nine runs.
#![allow(clippy::cast_precision_loss)]

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sinew_generator::diagnostics::Diagnostics;
use sinew_generator::{load, lower};

const RUNS: usize = 9;

/// A document of so many operations, each with a schema of its own that refers to its neighbours.
fn made(operations: usize) -> Vec<u8> {
    let mut paths = serde_json::Map::new();
    let mut schemas = serde_json::Map::new();
    for number in 0..operations {
        let this = format!("#/components/schemas/Thing{number}");
        let next = format!("#/components/schemas/Thing{}", (number + 1) % operations);
        paths.insert(
            format!("/group{}/things{number}/{{id}}", number % 20),
            json!({"put": {
                "operationId": format!("put_thing_{number}"), "summary": "Puts a thing.", "tags": [format!("group{}", number % 20)],
                "parameters": [
                    {"name": "id", "in": "path", "required": true, "schema": {"type": "integer"}},
                    {"name": "limit", "in": "query", "description": "How many.", "schema": {"type": "integer", "maximum": 100}}
                ],
                "requestBody": {"required": true, "content": {"application/json": {"schema": {"$ref": this}}}},
                "responses": {"200": {"description": "It.", "content": {"application/json": {"schema": {"$ref": this}}}}}
            }}),
        );
        schemas.insert(
            format!("Thing{number}"),
            json!({"type": "object", "description": "A thing among things.", "required": ["id", "kind"], "properties": {
                "id": {"type": "integer"}, "kind": {"type": "string", "enum": ["a", "b", "c"]},
                "name": {"type": "string", "nullable": true, "description": "What it is called."},
                "next": {"$ref": next}, "parts": {"type": "array", "items": {"type": "object", "properties": {"x": {"type": "number"}}}}
            }}),
        );
    }
    let document: Value = json!({
        "openapi": "3.0.3", "info": {"title": "Made", "version": "1"},
        "paths": paths, "components": {"schemas": schemas}
    });
    document.to_string().into_bytes()
}

fn measured(bytes: &[u8]) -> (usize, Duration) {
    let mut times = Vec::with_capacity(RUNS);
    let mut operations = 0;
    for _ in 0..RUNS {
        let input = load::Input::text("openapi.json", bytes.to_vec());
        let mut diagnostics = Diagnostics::new();
        let begun = Instant::now();
        let api = load::load(&input, &mut diagnostics).map(|document| lower::lower(&document, &mut diagnostics));
        times.push(begun.elapsed());
        operations = api.map_or(0, |api| api.operations.len());
    }
    times.sort();
    (operations, times[RUNS / 2])
}

fn row(name: &str, bytes: &[u8]) {
    let (operations, time) = measured(bytes);
    let per_operation = time.as_secs_f64() * 1e6 / operations.max(1) as f64;
    println!(
        "{name:<40} {:>7.1} KiB {operations:>6} operations {:>8.1} ms {per_operation:>7.1} us per operation",
        bytes.len() as f64 / 1024.0,
        time.as_secs_f64() * 1e3
    );
}

fn main() {
    for operations in [500, 1_000, 2_000, 4_000] {
        row(&format!("made, {operations}"), &made(operations));
    }
    if let Some(path) = std::env::var_os("SINEW_BENCH_DOCUMENT") {
        match std::fs::read(&path) {
            Ok(bytes) => row(&path.to_string_lossy(), &bytes),
            Err(error) => eprintln!("{}: {error}", path.to_string_lossy()),
        }
    }
}
