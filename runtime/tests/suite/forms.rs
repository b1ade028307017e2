//! Can a multipart form be read back as it was meant?

use sinew_runtime::Part;
use sinew_runtime::generated::{FormData, Reply};
use sinew_runtime::testing::{Scripted, Step};

use crate::support::{CREATE, client, ok};

/// One part, read back: its headers and its content.
type Read = (String, String);

fn read_back(media_type: &str, body: &[u8]) -> Vec<Read> {
    let boundary = media_type.strip_prefix("multipart/form-data; boundary=").expect("a boundary");
    let body = String::from_utf8(body.to_vec()).expect("a text");
    let body = body.strip_suffix(&format!("--{boundary}--\r\n")).expect("an end");
    body.split(&format!("--{boundary}\r\n"))
        .skip(1)
        .map(|part| {
            let (head, content) = part.split_once("\r\n\r\n").expect("a head");
            (head.to_owned(), content.strip_suffix("\r\n").expect("a line's end").to_owned())
        })
        .collect()
}

async fn send(script: &Scripted, form: FormData) -> Result<(), sinew_runtime::Error> {
    client(script).request(&CREATE).multipart(form).answering(Reply::empty).await
}

#[tokio::test(start_paused = true)]
async fn a_form_reads_back_as_it_was_meant() {
    let path = std::env::temp_dir().join(format!("sinew-runtime-form-{}.txt", std::process::id()));
    std::fs::write(&path, "from a file").expect("a file");
    let script = Scripted::new([Step::refuse(), ok()]);
    let named = Part::bytes("named").file_name("a\"b\r\nc.txt").content_type("text/plain");
    let form = FormData::new()
        .file("file", &Part::bytes("--not a boundary\r\n"))
        .file("na\"me", &named)
        .files("many", &[Part::bytes("1").file_name("1"), Part::bytes("").file_name("2")])
        .optional_file("none", None)
        .optional_file("path", Some(&Part::file(&path)))
        .text("text", &"ü")
        .text("absent", &None::<i32>)
        .text("list", &vec![1, 2])
        .json("meta", &serde_json::json!({"a": 1}))
        .json("nothing", &None::<i32>);
    let sent = send(&script, form).await;
    std::fs::remove_file(&path).expect("it was there");
    sent.expect("the second attempt");
    let seen = script.seen().pop().expect("a request");
    let media_type = seen.headers["content-type"].to_str().expect("a text");
    let head = |name: &str, rest: &str| format!("Content-Disposition: form-data; name=\"{name}\"{rest}");
    let octets = "\r\nContent-Type: application/octet-stream";
    let file_name = path.file_name().and_then(|name| name.to_str()).expect("a name");
    let expected: Vec<Read> = [
        (head("file", &format!("; filename=\"file\"{octets}")), "--not a boundary\r\n"),
        (head("na%22me", "; filename=\"a%22b%0D%0Ac.txt\"\r\nContent-Type: text/plain"), "named"),
        (head("many", &format!("; filename=\"1\"{octets}")), "1"),
        (head("many", &format!("; filename=\"2\"{octets}")), ""),
        (head("path", &format!("; filename=\"{file_name}\"{octets}")), "from a file"),
        (head("text", ""), "ü"),
        (head("list", ""), "1"),
        (head("list", ""), "2"),
        (head("meta", "\r\nContent-Type: application/json"), r#"{"a":1}"#),
    ]
    .map(|(head, content)| (head, content.to_owned()))
    .into();
    assert_eq!(read_back(media_type, &seen.body), expected);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_written_is_told() {
    let script = Scripted::always(ok());
    for form in [
        FormData::new().text("object", &serde_json::json!({"a": 1})),
        FormData::new().file("f", &Part::bytes("").content_type("a\r\nb: c")),
    ] {
        assert!(send(&script, form).await.expect_err("it cannot be written").is_build());
    }
    send(&script, FormData::new()).await.expect("an empty form is one");
    assert_eq!(script.count(), 1);
}
