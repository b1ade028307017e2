//! Do streams of events and of values arrive, and do they go on where they broke off?

use std::time::Duration;

use serde::Deserialize;
use sinew_runtime::generated::{Client, Framing, Method, Operation, ServerEvent};
use sinew_runtime::testing::{Scripted, Step};
use sinew_runtime::{Call, ErrorKind, Events, Items, Policy, Reconnect};
use tokio::time::Instant;

use crate::support::{CREATE, builder, client};

static NEWS: Operation = Operation::new("news", Method::Get, "/news").accept("text/event-stream");

fn news(client: &Client) -> Call<'_, Events<u32>> {
    client.request(&NEWS).events(ServerEvent::json)
}

fn with(change: impl FnOnce(&mut Policy)) -> Policy {
    let mut policy = Policy::default();
    change(&mut policy);
    policy
}

fn stream() -> Step {
    Step::status(200).header("content-type", "text/event-stream; charset=utf-8")
}

async fn all<T>(events: &mut Events<T>) -> Vec<Result<T, ErrorKind>> {
    let mut all = Vec::new();
    while let Some(event) = events.next().await {
        all.push(event.map(|event| event.data).map_err(|error| error.kind()));
    }
    all
}

#[tokio::test(start_paused = true)]
async fn events_are_typed_and_an_end_is_an_end() {
    let script = Scripted::new([stream().body("event: tick\nid: a\ndata: 1\n\nda").body("ta: 2\n\ndata: 3\n")]);
    let client = client(&script);
    let mut events = news(&client).await.expect("a stream");
    let first = events.next().await.expect("one").expect("a number");
    assert_eq!((first.kind.as_str(), first.id.as_deref(), first.data), ("tick", Some("a"), 1));
    let second = events.next().await.expect("one").expect("a number");
    assert_eq!((second.kind.as_str(), second.data), ("message", 2));
    assert!(events.next().await.is_none(), "the third has no end");
    assert_eq!(events.last_event_id(), Some("a"));
    assert_eq!(script.seen()[0].headers["accept"], "text/event-stream");
    assert_eq!(script.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn data_that_is_not_what_was_promised_is_an_error_in_its_place() {
    let script =
        Scripted::new([stream().body("data: 1\n\ndata: \"canary\"\n\ndata: 3\n\ndata: [DONE]\n\ndata: 4\n\n")]);
    let client = client(&script);
    let mut events = news(&client).await.expect("a stream");
    assert_eq!(all(&mut events).await, [Ok(1), Err(ErrorKind::Decode), Ok(3)]);
    let script = Scripted::new([stream().body("data: \"canary\"\n\n")]);
    let client = self::client(&script);
    let error = news(&client).await.expect("a stream").next().await.expect("one").expect_err("a text is no number");
    assert!(!format!("{error} {error:?}").contains("canary"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_broken_stream_goes_on_behind_its_last_identifier() {
    let script = Scripted::new([
        stream().body("retry: 7000\nid: 1\ndata: 1\n\nid: 2\ndata: 2").truncated(),
        Step::status(503),
        stream().body("data: 2\n\n").truncated(),
        stream().body("id: 3\ndata: 3\n\n"),
    ]);
    let client = client(&script);
    let mut events = news(&client).header("x-own", "kept").await.expect("a stream");
    let began = Instant::now();
    assert_eq!(events.next().await.map(|event| event.expect("a number").data), Some(1));
    // The 503 is an attempt of that call, which the default policy does not repeat: an error, and the end.
    let error = events.next().await.expect("one").expect_err("503");
    assert_eq!(error.kind(), ErrorKind::Status);
    assert!(began.elapsed() >= Duration::from_secs(7), "as the stream asked for");
    assert!(events.next().await.is_none());

    let script = Scripted::new([
        stream().body("id: 1\ndata: 1\n\nid: 2\ndata: 2").truncated(),
        Step::refuse(),
        stream().body("data: 2\n\n").truncated(),
        stream().body("id: 3\ndata: 3\n\n"),
    ]);
    let client = self::client(&script);
    let mut events = news(&client).header("x-own", "kept").await.expect("a stream");
    assert_eq!(all(&mut events).await, [Ok(1), Ok(2), Ok(3)]);
    let seen = script.seen();
    let ids: Vec<_> =
        seen.iter().map(|seen| seen.headers.get("last-event-id").map(|id| id.to_str().unwrap())).collect();
    assert_eq!(ids, [None, Some("1"), Some("1"), Some("1")]);
    assert!(seen.iter().all(|seen| seen.headers["x-own"] == "kept"));
    assert_eq!(events.last_event_id(), Some("3"));
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_does_not_say_where_it_is_ends_where_it_breaks() {
    let broken = || stream().body("data: 1\n\n").truncated();
    let script = Scripted::always(broken());
    let client = client(&script);
    let mut events = news(&client).await.expect("a stream");
    assert_eq!(all(&mut events).await, [Ok(1), Err(ErrorKind::Transport)]);
    assert_eq!(script.count(), 1);
    // Before the first event, nothing can be lost.
    let script = Scripted::new([stream().truncated(), stream().body("data: 1\n\n")]);
    let client = self::client(&script);
    assert_eq!(all(&mut news(&client).await.expect("a stream")).await, [Ok(1)]);
    // What may not be repeated is not.
    let script = Scripted::always(stream().body("id: 1\ndata: 1\n\n").truncated());
    let client = self::client(&script);
    let mut events = client.request(&CREATE).events::<u32>(ServerEvent::json).await.expect("a stream");
    assert_eq!(all(&mut events).await, [Ok(1), Err(ErrorKind::Transport)]);
    assert_eq!(script.count(), 1);
    // Nor where the caller does not want it.
    let mut events = news(&client).await.expect("a stream").reconnect(Reconnect::Never);
    assert_eq!(all(&mut events).await, [Ok(1), Err(ErrorKind::Transport)]);
    assert_eq!(script.count(), 2);
}

#[tokio::test(start_paused = true)]
async fn connections_without_an_event_come_to_an_end() {
    let script = Scripted::new([stream().body("id: 1\ndata: 1\n\n").truncated()]).otherwise(stream().truncated());
    let client: Client = builder(&script).policy(with(|policy| policy.attempts = 3)).build().expect("a client");
    let mut events = news(&client).await.expect("a stream");
    assert_eq!(all(&mut events).await, [Ok(1), Err(ErrorKind::Transport)]);
    assert_eq!(script.count(), 4);
}

#[tokio::test(start_paused = true)]
async fn as_a_browser_does() {
    let script = Scripted::new([
        stream().body("data: 1\n\n"),
        stream().body("data: 2\n\n"),
        Step::status(204),
        stream().body("data: 3\n\n"),
    ]);
    let client = client(&script);
    let mut events = news(&client).await.expect("a stream").reconnect(Reconnect::Always);
    assert_eq!(all(&mut events).await, [Ok(1), Ok(2)]);
    assert_eq!(script.count(), 3);
}

#[tokio::test(start_paused = true)]
async fn silence_is_a_broken_stream_and_a_comment_is_no_silence() {
    let policy = with(|policy| policy.idle_timeout = Duration::from_secs(10));
    let seconds = Duration::from_secs;
    let script = Scripted::new([
        stream()
            .body("id: 1\ndata: 1\n\n")
            .chunk_after(seconds(9), ": still here\n")
            .chunk_after(seconds(9), "data: 2\n\n")
            .chunk_after(seconds(11), "data: never\n\n"),
        stream().body("data: 3\n\n"),
    ]);
    let client: Client = builder(&script).policy(policy).build().expect("a client");
    let mut events = news(&client).await.expect("a stream");
    assert_eq!(all(&mut events).await, [Ok(1), Ok(2), Ok(3)]);
}

#[tokio::test(start_paused = true)]
async fn another_media_type_is_no_stream() {
    let script = Scripted::always(Step::json(200, r#"{"data": 1}"#));
    let client = client(&script);
    let error = news(&client).await.expect_err("JSON");
    assert_eq!(error.kind(), ErrorKind::Decode);
    let policy = with(|policy| policy.max_body = 16);
    let script = Scripted::always(stream().body("data: 1\n\n").body("data: 1234567890123456"));
    let client: Client = builder(&script).policy(policy).build().expect("a client");
    let mut events = news(&client).await.expect("a stream");
    assert_eq!(all(&mut events).await, [Ok(1), Err(ErrorKind::TooLarge)]);
}

#[tokio::test(start_paused = true)]
async fn a_closed_client_connects_no_more() {
    let script = Scripted::always(stream().body("id: 1\ndata: 1\n\n").truncated());
    let client = client(&script);
    let mut events = news(&client).await.expect("a stream");
    assert!(events.next().await.is_some());
    client.close().await;
    let error = events.next().await.expect("one").expect_err("closed");
    assert_eq!(error.kind(), ErrorKind::Closed);
    assert_eq!(script.count(), 1);
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(tag = "event", rename_all = "lowercase")]
enum Whole {
    Add { data: String, id: Option<String> },
    Count { data: u32 },
}

#[tokio::test(start_paused = true)]
async fn an_event_can_be_read_as_an_object() {
    let script = Scripted::always(stream().body("event: add\ndata: 7\nid: x\n\nevent: count\ndata: 7\n\n"));
    let client = client(&script);
    let mut events = client.request(&NEWS).events::<Whole>(ServerEvent::whole).await.expect("a stream");
    let expected = [Whole::Add { data: "7".to_owned(), id: Some("x".to_owned()) }, Whole::Count { data: 7 }];
    assert_eq!(all(&mut events).await, expected.map(Ok));
    let mut texts = client.request(&NEWS).events(ServerEvent::text).await.expect("a stream");
    assert_eq!(all(&mut texts).await, [Ok("7".to_owned()), Ok("7".to_owned())]);
}

async fn values(framing: Framing, steps: Step, policy: Policy) -> Vec<Result<serde_json::Value, ErrorKind>> {
    let script = Scripted::always(steps);
    let client: Client = builder(&script).policy(policy).build().expect("a client");
    let mut items: Items<serde_json::Value> =
        client.request(&NEWS).items(framing, sinew_runtime::generated::json::text).await.expect("a stream");
    let mut all = Vec::new();
    while let Some(item) = items.next().await {
        all.push(item.map_err(|error| error.kind()));
    }
    all
}

#[tokio::test(start_paused = true)]
async fn values_come_line_by_line() {
    use serde_json::json;
    let lines = Step::status(200).body("{\"a\":1}\r\n\n  2 \n{\"b\"").body(":[\"x\\ny\"]}\nnonsense\n3");
    let expected =
        [Ok(json!({"a": 1})), Ok(json!(2)), Ok(json!({"b": ["x\ny"]})), Err(ErrorKind::Decode), Ok(json!(3))];
    assert_eq!(values(Framing::Lines, lines, Policy::default()).await, expected);
    let broken = Step::status(200).body("1\n2\n{\"a\"").truncated();
    assert_eq!(
        values(Framing::Lines, broken, Policy::default()).await,
        [Ok(json!(1)), Ok(json!(2)), Err(ErrorKind::Transport)]
    );
    let long = Step::status(200).body("1\n").body("\"0123456789\"\n");
    let policy = with(|policy| policy.max_body = 8);
    assert_eq!(values(Framing::Lines, long, policy).await, [Ok(json!(1)), Err(ErrorKind::TooLarge)]);
}

#[tokio::test(start_paused = true)]
async fn values_come_between_record_separators() {
    use serde_json::json;
    let sequence = Step::status(200).body("\x1e{\"a\":\n1}\n\x1e\x1e\"x\"").body("\n\x1e12\n\x1e34\x1e[]");
    // A number that lost its end of line may have lost digits too (RFC 7464, 2.4).
    let expected = [Ok(json!({"a": 1})), Ok(json!("x")), Ok(json!(12)), Err(ErrorKind::Decode), Ok(json!([]))];
    assert_eq!(values(Framing::Sequence, sequence, Policy::default()).await, expected);
}
