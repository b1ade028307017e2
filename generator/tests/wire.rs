//! What do generated clients send and read? Each call of `cases/wire/<crate>.json` goes through the by-name door, and so through
//! the typed method: what was sent is compared with `sends`, and what is made of `reply` with `answers` or `fails`. Of what is
//! `refused`, nothing is sent.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::Path;

use serde_json::{Map, Value, json};
use sinew_runtime::Download;
use sinew_runtime::by_name::{Answer, ByName};
use sinew_runtime::testing::{Scripted, Seen, Step};

/// Runs the cases of one crate.
async fn run<C: ByName>(name: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/cases/wire/{name}.json"));
    let cases: Vec<Value> = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    assert!(!cases.is_empty());
    for case in cases {
        let operation = case["call"].as_str().expect("the operation");
        let script = Scripted::always(step(&case["reply"]));
        let client =
            C::builder().base_url("http://wire.test/base").transport(script.clone()).build().expect("a client");
        let outcome = client.call(operation, case["arguments"].clone()).await;
        match script.seen().last() {
            Some(seen) if case["sends"] != Value::Null => {
                assert_eq!(sent(seen, &case["sends"]), case["sends"], "{name}: {case}");
            }
            seen => assert_eq!(seen.is_none(), case.get("refused").is_some(), "{name}: {outcome:?}: {case}"),
        }
        match outcome {
            Ok(Answer { value, .. }) => assert_eq!(value, case["answers"], "{name}: {case}"),
            Err(failed) => {
                if let Some(refusal) = case["refused"].as_str() {
                    assert_eq!(failed.to_string(), format!("request: {refusal}"), "{name}: {case}");
                    continue;
                }
                let told = failed.to_json();
                let fails = case["fails"].as_object().unwrap_or_else(|| panic!("{name}: {failed}: {case}"));
                let shown = fails.keys().map(|key| (key.clone(), told[key].clone())).collect();
                assert_eq!(Value::Object(shown), case["fails"], "{name}: {case}");
            }
        }
    }
}

/// The reply of the service: nothing is `204`, a text is a body of JSON with `200`.
fn step(reply: &Value) -> Step {
    let mut step = Step::status(reply["status"].as_u64().map_or(204, |status| u16::try_from(status).unwrap()));
    for (name, value) in reply["headers"].as_object().into_iter().flatten() {
        step = step.header(name, value.as_str().unwrap());
    }
    match &reply["body"] {
        Value::Null => step,
        Value::String(text) => step.body(text.clone()),
        value => step.body(value.to_string()),
    }
}

/// What was sent, as far as the case speaks of it.
fn sent(seen: &Seen, expected: &Value) -> Value {
    let mut sent = Map::new();
    for key in expected.as_object().into_iter().flatten().map(|(key, _)| key) {
        let text = String::from_utf8_lossy(&seen.body).into_owned();
        let value = match key.as_str() {
            "route" => json!(format!("{} {}", seen.method, seen.uri.to_string().replace("http://wire.test", ""))),
            "json" => serde_json::from_str(&text).unwrap_or(Value::Null),
            // A boundary is random, and so is what it looks like.
            "parts" => parts(&text, seen.headers["content-type"].to_str().unwrap()),
            "text" => json!(text),
            header => json!(seen.headers.get(header).map(|value| value.to_str().unwrap())),
        };
        sent.insert(key.clone(), value);
    }
    Value::Object(sent)
}

/// The parts of a multipart body, each with its headers and its content.
fn parts(body: &str, media_type: &str) -> Value {
    let boundary = media_type.split_once("boundary=").unwrap().1;
    let boundary = format!("--{}", boundary.split(';').next().unwrap());
    let parts = body.split(&*boundary).skip(1).filter(|part| !part.starts_with("--"));
    parts.map(|part| json!(part.strip_prefix("\r\n").unwrap().strip_suffix("\r\n").unwrap())).collect()
}

#[tokio::test(start_paused = true)]
async fn parameters() {
    run::<golden_parameters::ParametersClient>("parameters").await;
}

#[tokio::test(start_paused = true)]
async fn bodies() {
    run::<golden_bodies::BodiesClient>("bodies").await;
}

#[tokio::test(start_paused = true)]
async fn answers() {
    run::<golden_answers::AnswersClient>("answers").await;
}

#[tokio::test(start_paused = true)]
async fn xml() {
    run::<golden_xml::XmlClient>("xml").await;
}

#[test]
fn operations_are_known_by_name_with_their_arguments() {
    let known = golden_parameters::ParametersClient::operations();
    let replace = known.iter().find(|operation| operation.name == "replace_part").unwrap();
    assert_eq!(replace.route, "PUT /things/{thing_id}/parts/{part}");
    assert_eq!((replace.required, replace.optional), (&["thing_id", "part", "order", "ids"][..], &["trace"][..]));
}

#[tokio::test(start_paused = true)]
async fn what_fits_a_way_to_send_a_body_is_taken_as_it_is() {
    use golden_bodies::{BodiesClient, SendSeveralBody, SendWays, SendWaysBody, types::Note};
    let script = Scripted::always(Step::status(204));
    let client = BodiesClient::builder().base_url("http://wire.test").transport(script.clone()).build().unwrap();
    let note = Note::new("t");
    client.send_several(&note).await.unwrap();
    client.send_several(SendSeveralBody::Xml(&note)).await.unwrap();
    client.send_ways(Some(SendWaysBody::Form(&note)), &SendWays::default()).await.unwrap();
    client.send_ways(Some("words".to_owned().into()), &SendWays::default()).await.unwrap();
    let media_types: Vec<_> = script.seen().iter().map(|seen| seen.headers["content-type"].clone()).collect();
    let expected = ["application/json", "application/xml", "application/x-www-form-urlencoded", "text/plain"];
    assert_eq!(media_types, expected);
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_had_as_what_is_asked_for() {
    use golden_answers::{AnswersClient, MakeReportAs, types};
    let script = Scripted::new([
        Step::json(200, r#"{"id": 7}"#),
        Step::status(200).header("content-type", "text/csv").body("id\n7\n"),
        Step::status(200).header("content-type", "application/pdf").body("%PDF"),
        Step::json(200, r#"{"title": "t"}"#),
        Step::status(200).header("content-type", "application/yaml").body("id: 7"),
        Step::status(200).header("content-type", "text/html").body("<h1>Sign in</h1>"),
    ]);
    let client = AnswersClient::builder().base_url("http://wire.test").transport(script.clone()).build().unwrap();
    let report = || client.make_report("r");
    let usual: types::Thing = report().await.unwrap();
    assert_eq!(usual.id, 7);
    let table: String = report().accept(MakeReportAs::CSV).await.unwrap();
    assert_eq!(table, "id\n7\n");
    let file: Download = report().accept(MakeReportAs::PDF).await.unwrap();
    assert_eq!(file.content_type(), Some("application/pdf"));
    assert_eq!(&file.bytes().await.unwrap()[..], b"%PDF");
    let brief: types::Brief = report().accept(MakeReportAs::BRIEF_JSON).await.unwrap();
    assert_eq!(brief.title, "t");
    let yaml = report().download("application/yaml").await.unwrap();
    assert_eq!(yaml.content_type(), Some("application/yaml"));
    assert_eq!(&yaml.bytes().await.unwrap()[..], b"id: 7");
    // What was not asked for is told as what it is, and is not lost.
    let error = report().accept(MakeReportAs::CSV).await.unwrap_err();
    assert!(error.to_string().contains("the body is text/html, and text/csv was asked for"), "{error}");
    assert_eq!(error.body().map(|body| &body[..]), Some(&b"<h1>Sign in</h1>"[..]));
    let asked: Vec<_> = script.seen().iter().map(|seen| seen.headers["accept"].to_str().unwrap().to_owned()).collect();
    let usual = "application/json, application/hal+json";
    let vendored = "application/vnd.brief+json";
    assert_eq!(asked, [usual, "text/csv", "application/pdf", vendored, "application/yaml", "text/csv"]);
}

#[tokio::test(start_paused = true)]
async fn a_client_goes_to_the_server_that_was_chosen_and_operations_to_their_own() {
    use golden_servers::{ServersClient, servers};
    let chosen = |url: String| async move {
        let script = Scripted::always(Step::status(204));
        let client = ServersClient::builder().base_url(url).transport(script.clone()).build().unwrap();
        client.home().await.unwrap();
        client.older().await.unwrap();
        client.put_older().await.unwrap();
        client.rooted().await.unwrap();
        script.seen().iter().map(|seen| seen.uri.to_string()).collect::<Vec<_>>()
    };
    let own = "https://uploads.example.com/in/older";
    let eu = servers::Production {
        region: servers::ProductionRegion::Eu,
        port: servers::ProductionPort::Port8443,
        version: "v2".to_owned(),
    };
    let home = "https://eu.example.com:8443";
    assert_eq!(
        chosen(eu.into()).await,
        [&*format!("{home}/v2/home"), &*format!("{home}/v0/older"), own, &*format!("{home}/root/rooted")]
    );
    let usual = chosen(servers::Production::default().into()).await;
    assert_eq!(usual[0], "https://us.example.com/v1/home");
    assert_eq!(chosen(servers::TheSandbox.into()).await[0], "https://sandbox.example.com/v1/home");
    assert_eq!(String::from(servers::Server3::default()), "https://a\"b.example.com/a\"b/{open");
    // What the document says first is where a client goes that is told nothing.
    let script = Scripted::always(Step::status(204));
    let client = ServersClient::builder().transport(script.clone()).build().unwrap();
    client.home().await.unwrap();
    assert_eq!(script.seen()[0].uri.to_string(), "https://us.example.com/v1/home");
}

#[tokio::test(start_paused = true)]
async fn a_page_begins_behind_the_last_item_of_the_one_before() {
    let page = |ids: [u32; 2], more: bool| {
        let data = ids.map(|id| json!({"id": id}));
        Step::json(200, json!({"object": "list", "data": data, "has_more": more}).to_string())
    };
    let script = Scripted::new([page([1, 2], true), page([3, 4], false)]);
    let client = golden_pages::PagesClient::builder();
    let client = client.base_url("http://wire.test").transport(script.clone()).build().unwrap();
    let mut items = client.by_last_item(&golden_pages::ByLastItem { limit: Some(2), ..Default::default() }).items();
    let mut ids = Vec::new();
    while let Some(item) = items.next().await {
        ids.push(item.unwrap().id);
    }
    assert_eq!(ids, [1, 2, 3, 4]);
    let queries: Vec<_> = script.seen().iter().map(|seen| seen.uri.query().unwrap_or_default().to_owned()).collect();
    assert_eq!(queries, ["limit=2", "limit=2&starting_after=2"]);
}
