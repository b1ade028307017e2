//! What does `sinew call` send, print and end with, against a service on loopback?
//!
//! It builds the client that it asks with, minutes of work: `cargo test -p sinew-generator --test call -- --ignored`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output};
use std::thread;

/// Answers one request with each of these texts, and tells what was asked.
fn serve(answers: &'static [&'static str]) -> (String, thread::JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let asked = thread::spawn(move || {
        let mut asked = Vec::new();
        for answer in answers {
            let (mut stream, _) = listener.accept().unwrap();
            let mut from = BufReader::new(stream.try_clone().unwrap());
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") {
                assert!(from.read_line(&mut head).unwrap() > 0, "{head}");
            }
            let length = head.to_ascii_lowercase();
            let length = length.split("content-length: ").nth(1).and_then(|rest| rest.lines().next()?.parse().ok());
            let mut body = vec![0; length.unwrap_or(0)];
            from.read_exact(&mut body).unwrap();
            stream.write_all(answer.as_bytes()).unwrap();
            asked.push(head + &String::from_utf8(body).unwrap());
        }
        asked
    });
    (address, asked)
}

fn call(base: &str, arguments: &[&str]) -> Output {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    Command::new(env!("CARGO_BIN_EXE_sinew"))
        .arg("call")
        .arg(folder.join("tests/cases/crates/answers/openapi.yaml"))
        .args(arguments)
        .args(["--base-url", base, "--offline", "--runtime-path"])
        .arg(folder.join("../runtime"))
        .args(["--header", "x-trace=SINEW_TEST_TRACE"])
        .env("SINEW_TEST_TRACE", "a trace")
        .env("SINEW_CACHE", env!("CARGO_TARGET_TMPDIR"))
        .output()
        .unwrap()
}

const JSON: &str =
    "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 9\r\nconnection: close\r\n\r\n{\"id\": 7}";
const CSV: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/csv\r\ncontent-length: 3\r\nconnection: close\r\n\r\na,b";
const GONE: &str = "HTTP/1.1 404 Not Found\r\ncontent-type: application/json\r\ncontent-length: 18\r\nconnection: close\r\n\r\n{\"detail\": \"gone\"}";

#[test]
#[ignore = "builds a client"]
fn an_operation_is_called_from_a_terminal() {
    let (base, asked) = serve(&[JSON, CSV, GONE]);
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let usual = call(&base, &["make_report", "--arg", "body=r"]);
    assert_eq!(
        (usual.status.code(), text(&usual.stdout)),
        (Some(0), "{\n  \"id\": 7\n}\n".into()),
        "{}",
        text(&usual.stderr)
    );
    let table = call(&base, &["POST /report", "--arg", "body=r", "--arg", "answer.media_type=text/csv"]);
    assert_eq!((table.status.code(), text(&table.stdout)), (Some(0), "a,b\n".into()), "{}", text(&table.stderr));
    let gone = call(&base, &["make_report", "--arg", "body=r", "--json"]);
    let told: serde_json::Value = serde_json::from_slice(&gone.stdout).expect("JSON");
    assert_eq!((gone.status.code(), &told["failure"]["detail"]), (Some(4), &serde_json::json!("gone")));
    let asked = asked.join().unwrap();
    assert!(asked[0].starts_with("POST /report HTTP/1.1\r\n") && asked[0].ends_with("\r\n\r\n\"r\""), "{}", asked[0]);
    assert!(asked[0].contains("x-trace: a trace\r\n"), "{}", asked[0]);
    assert!(asked[1].contains("accept: text/csv\r\n"), "{}", asked[1]);
    // Nobody listens any more.
    let nobody = call(&base, &["make_report", "--arg", "body=r"]);
    assert_eq!((nobody.status.code(), text(&nobody.stdout)), (Some(6), String::new()), "{}", text(&nobody.stderr));
}
