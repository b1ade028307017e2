//! Does a call behave as it is told to?

use std::time::Duration;

use sinew_runtime::generated::{Client, Method, Operation, Reply, Style};
use sinew_runtime::testing::{Scripted, Step};
use sinew_runtime::{CircuitState, ClientBuilder, Download, ErrorKind, Policy};
use tokio::io::AsyncReadExt;

use crate::support::{GET, LIST, SERVICE, builder, client, fragile, get, near, ok};

static SLOW: Operation = Operation::new("slow", Method::Get, "/slow").timeout_ms(60_000).attempts(1);
static ROOT: Operation = Operation::new("root", Method::Get, "/metrics").base_path("/").accept("text/plain");
static UPLOAD: Operation = Operation::new("upload", Method::Put, "/x").server("https://uploads.test/v2");

#[tokio::test(start_paused = true)]
async fn the_parts_of_a_request_arrive() {
    let script = Scripted::always(ok());
    let client = client(&script);
    client
        .request(&LIST)
        .query_styled("ids", Style::Comma, &vec![1, 2])
        .query("none", &None::<i32>)
        .header("x-list", &vec!["a", "b"])
        .header("x-none", &None::<i32>)
        .cookie("sid", &"s")
        .cookie("theme", &Some("dark"))
        .answering(Reply::empty)
        .await
        .expect("an answer");
    let seen = script.seen().remove(0);
    assert_eq!(seen.uri, "http://users.test/api/v1/users/?ids=1,2");
    assert_eq!(seen.headers["x-list"], "a,b");
    assert_eq!(seen.headers["cookie"], "sid=s; theme=dark");
    assert!(!seen.headers.contains_key("x-none") && !seen.headers.contains_key("content-type"));
}

#[tokio::test(start_paused = true)]
async fn bodies_have_their_media_types() {
    let script = Scripted::always(ok());
    let client = client(&script);
    let request = || client.request(&crate::support::CREATE);
    let fields = [("username", "a&b"), ("password", "ü")];
    for (request, media_type, body) in [
        (request().json(&[1]), Some("application/json"), "[1]"),
        (request().json_as("application/merge-patch+json", &[1]), Some("application/merge-patch+json"), "[1]"),
        (request().optional_json(Some(&1)), Some("application/json"), "1"),
        (request().optional_json(None::<&i32>), None, ""),
        (request().form(&fields), Some("application/x-www-form-urlencoded"), "username=a%26b&password=%C3%BC"),
        (request().text("text/plain", "t".to_owned()), Some("text/plain"), "t"),
        (request().body("application/octet-stream", vec![b'b']), Some("application/octet-stream"), "b"),
    ] {
        request.answering(Reply::empty).await.expect("an answer");
        let seen = script.seen().pop().expect("a request");
        assert_eq!(seen.headers.get("content-type").map(|value| value.to_str().expect("a text")), media_type);
        assert_eq!(seen.body, body);
    }
}

#[tokio::test(start_paused = true)]
async fn operations_have_policies_and_servers_of_their_own() {
    let script = Scripted::always(Step::hang());
    let client = client(&script);
    let error = client.request(&SLOW).answering(Reply::empty).await.expect_err("no answer");
    assert_eq!((error.attempts(), error.elapsed().as_secs()), (1, 60));
    let error = client.request(&SLOW).answering(Reply::empty).attempt_timeout(Duration::from_secs(1)).await;
    assert_eq!(error.expect_err("no answer").elapsed().as_secs(), 1);
    // A client's total is a total, even below what an attempt may take; an operation that needs longer gets it.
    let short = builder(&script).policy(Policy::default().with_total_timeout(Duration::from_secs(5))).build();
    let short = short.expect("a client");
    assert_eq!(get(&short).await.expect_err("no answer").elapsed().as_secs(), 5);
    let error = short.request(&SLOW).answering(Reply::empty).await.expect_err("no answer");
    assert_eq!(error.elapsed().as_secs(), 60);
    let script = Scripted::always(ok());
    let client = crate::support::client(&script);
    client.request(&ROOT).answering(Reply::text).await.expect("an answer");
    client.request(&UPLOAD).answering(Reply::empty).await.expect("an answer");
    let seen = script.seen();
    assert_eq!(
        (seen[0].uri.to_string().as_str(), &seen[0].headers["accept"]),
        ("http://users.test/metrics", &"text/plain".parse().unwrap())
    );
    assert_eq!(seen[1].uri, "https://uploads.test/v2/x");
}

#[tokio::test(start_paused = true)]
async fn each_origin_has_a_breaker_of_its_own() {
    let script = Scripted::new([Step::status(500)]).otherwise(ok());
    let client = fragile(&script, 1);
    client.request(&UPLOAD).answering(Reply::empty).await.expect_err("opens that circuit");
    assert!(client.request(&UPLOAD).answering(Reply::empty).await.expect_err("open").is_circuit_open());
    get(&client).await.expect("the other origin is well");
}

#[tokio::test(start_paused = true)]
async fn response_brings_status_and_headers() {
    let script = Scripted::new([Step::json(201, "1").header("x-a", "b")]);
    let client = client(&script);
    let response = client.request(&LIST).answering(Reply::json::<u8>).response().await.expect("an answer");
    assert_eq!((response.status.as_u16(), response.headers["x-a"].as_bytes(), response.value), (201, &b"b"[..], 1));
}

#[tokio::test(start_paused = true)]
async fn answers_are_told_apart_by_status() {
    let script = Scripted::new([Step::json(200, "5"), Step::status(204), Step::status(206)]);
    let client = client(&script);
    let call = || {
        client.request(&LIST).answering(|reply| match reply.status() {
            200 => reply.json().map(Some),
            204 => Ok(None::<u8>),
            _ => Err(reply.unexpected()),
        })
    };
    assert_eq!(call().await.expect("an answer"), Some(5));
    assert_eq!(call().await.expect("an answer"), None);
    let error = call().await.expect_err("not promised");
    assert_eq!(
        (error.kind(), error.status().map(|status| status.as_u16()), error.attempts()),
        (ErrorKind::Decode, Some(206), 1)
    );
}

#[tokio::test(start_paused = true)]
async fn replies_are_capped() {
    let mut policy = Policy::default();
    (policy.max_body, policy.max_error_body) = (8, 4);
    let script = Scripted::new([
        Step::status(200).body("12345678"),
        Step::status(200).body("1234").body("56789"),
        Step::status(200).header("content-length", "9").chunk_after(Duration::from_secs(3600), "never read"),
        Step::status(500).body("123456"),
        Step::status(500).body("12").chunk_after(Duration::from_secs(3600), "too late"),
        Step::status(200).body("1234").body("56789"),
    ]);
    let client = builder(&script).policy(policy).build().expect("a client");
    let call = || client.request(&LIST).answering(Reply::bytes);
    assert_eq!(call().await.expect("just fits").len(), 8);
    for _ in 0..2 {
        let error = call().await.expect_err("too large");
        assert_eq!((error.kind(), error.attempts(), client.circuit()), (ErrorKind::TooLarge, 1, CircuitState::Closed));
    }
    assert_eq!(call().await.expect_err("a failed status").body().map(|body| &body[..]), Some(&b"1234"[..]));
    let error = call().await.expect_err("a failed status, its body too slow");
    assert_eq!((error.kind(), error.body().map(|body| &body[..])), (ErrorKind::Status, Some(&b"12"[..])));
    let download = client.request(&LIST).streaming(Download::from_reply).await.expect("a stream");
    assert_eq!(download.bytes().await.expect_err("too large").kind(), ErrorKind::TooLarge);
}

#[tokio::test(start_paused = true)]
async fn downloads_come_as_they_come() {
    let head = || {
        Step::status(200)
            .header("content-disposition", "attachment; filename=\"plan.pdf\"")
            .header("content-length", "6")
            .header("content-type", "application/pdf")
    };
    let script = Scripted::new([
        head().body("ab").chunk_after(Duration::from_secs(25), "cd").chunk_after(Duration::from_secs(25), "ef"),
        head().body("abc").chunk_after(Duration::from_secs(31), "def"),
        head().body("abc").truncated(),
        Step::status(404).body("gone"),
    ]);
    let client = client(&script);
    let call = || client.request(&LIST).streaming(Download::from_reply);
    let download = call().await.expect("a stream");
    assert_eq!(
        (download.name().as_deref(), download.len(), download.content_type()),
        (Some("plan.pdf"), Some(6), Some("application/pdf"))
    );
    let mut text = String::new();
    download.into_async_read().read_to_string(&mut text).await.expect("slow, but never silent for 30 s");
    assert_eq!(text, "abcdef");
    let error = call().await.expect("a stream").bytes().await.expect_err("silent for 30 s");
    assert_eq!((error.kind(), error.operation()), (ErrorKind::Timeout, Some("list_users")));
    assert_eq!(call().await.expect("a stream").bytes().await.expect_err("cut off").kind(), ErrorKind::Transport);
    assert_eq!(call().await.expect_err("a failed status").body().map(|body| &body[..]), Some(&b"gone"[..]));
}

#[tokio::test(start_paused = true)]
async fn one_shot_bodies_are_sent_again_only_while_untouched() {
    struct Chunks(Vec<&'static str>);
    impl futures_core::Stream for Chunks {
        type Item = Result<&'static str, std::io::Error>;
        fn poll_next(
            mut self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<Self::Item>> {
            std::task::Poll::Ready((!self.0.is_empty()).then(|| Ok(self.0.remove(0))))
        }
    }
    static PUT: Operation = Operation::new("put", Method::Put, "/x");
    let body = || sinew_runtime::Body::stream(Chunks(vec!["ab", "c"]));
    let script = Scripted::new([Step::refuse(), ok()]);
    client(&script).request(&PUT).body("text/plain", body()).answering(Reply::empty).await.expect("the second attempt");
    assert_eq!(script.seen()[1].body, "abc");
    let script = Scripted::new([Step::reset(), ok()]);
    let error = client(&script).request(&PUT).body("text/plain", body()).answering(Reply::empty).await;
    assert!(error.expect_err("it cannot be had again").is_transport());
    assert_eq!(script.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn files_are_opened_for_each_attempt() {
    static PUT: Operation = Operation::new("put", Method::Put, "/x");
    let path = std::env::temp_dir().join(format!("sinew-runtime-body-{}", std::process::id()));
    std::fs::write(&path, vec![b'x'; 100_000]).expect("a file");
    let script = Scripted::new([Step::reset(), ok()]);
    let sent = client(&script)
        .request(&PUT)
        .body("text/plain", sinew_runtime::Body::file(&path))
        .answering(Reply::empty)
        .await;
    std::fs::remove_file(&path).expect("it was there");
    sent.expect("the second attempt");
    assert!(script.seen().iter().all(|seen| seen.body.len() == 100_000 && seen.body.iter().all(|byte| *byte == b'x')));
}

#[tokio::test(start_paused = true)]
async fn closing_wakes_what_waits_and_refuses_what_comes() {
    let script = Scripted::default();
    let client = client(&script);
    let waiting = client.clone();
    let call = tokio::spawn(async move { get(&waiting).await });
    tokio::time::sleep(Duration::from_millis(100)).await;
    client.close().await;
    let started = tokio::time::Instant::now();
    let error = call.await.expect("no panic").expect_err("woken");
    assert!(error.is_connect() && started.elapsed() < Duration::from_millis(10), "its last real error, at once");
    let error = get(&client).await.expect_err("closed");
    assert!(error.is_closed());
    assert_eq!(
        error.to_string(),
        "GET /users/{user_id} was not sent: closed: this client was closed (user-service, http://users.test)"
    );
    assert_eq!(script.count(), 1);
    client.close().await;
}

/// Polls a call so many times, then drops it: whatever it held must be given back.
#[tokio::test(start_paused = true)]
async fn dropped_calls_leave_nothing_behind() {
    for polls in 1..14 {
        let script = Scripted::new([Step::status(500)]).otherwise(ok().after(Duration::from_secs(1)));
        let client = fragile(&script, 1);
        get(&client).await.expect_err("opens the circuit");
        tokio::time::sleep(Duration::from_secs(60)).await;
        let mut probe = Box::pin(get(&client).into_future());
        for _ in 0..polls {
            let poll = std::future::poll_fn(|context| std::task::Poll::Ready(probe.as_mut().poll(context))).await;
            if poll.is_ready() {
                break;
            }
            tokio::time::advance(Duration::from_millis(100)).await;
        }
        drop(probe);
        assert_ne!(client.circuit(), CircuitState::Open, "{polls} polls: a dropped call is no failure");
        get(&client).await.expect("the probe's turn was given back");
        assert_eq!(client.circuit(), CircuitState::Closed);
    }
}

#[tokio::test(start_paused = true)]
async fn back_off_is_between_attempts_and_then_all_is_well() {
    let script = Scripted::new([Step::refuse(), Step::reset(), ok()]);
    let started = tokio::time::Instant::now();
    get(&client(&script)).await.expect("the third attempt");
    assert!(near(started.elapsed(), 3), "{:?}", started.elapsed());
    let certificate = Step::fail(sinew_runtime::TransportFailure::Tls, sinew_runtime::Sent::NotSent);
    let script = Scripted::always(certificate);
    let client = fragile(&script, 1);
    assert!(get(&client).await.expect_err("a wrong certificate").is_connect());
    assert_eq!((script.count(), client.circuit()), (1, CircuitState::Closed), "waiting mends no certificate");
}

#[tokio::test(start_paused = true)]
async fn health_is_asked_at_the_root_and_any_answer_is_one() {
    let script = Scripted::new([Step::json(200, r#"{"status": "ok"}"#), Step::json(503, r#"{"status": "starting"}"#)])
        .otherwise(Step::hang());
    let client = fragile(&script, 1);
    let health = client.health().await.expect("an answer");
    assert!(health.ok && health.json().is_some_and(|json| json["status"] == "ok"));
    let ready = client.ready().await.expect("an answer");
    assert_eq!((ready.ok, ready.status.as_u16()), (false, 503));
    let error = client.health().await.expect_err("no answer");
    assert_eq!((error.attempts(), error.elapsed().as_secs(), client.circuit()), (1, 2, CircuitState::Closed));
    assert!(
        error.to_string().starts_with("GET /health failed after 1 attempt in 2 s: timeout: no answer within 2 s"),
        "{error}"
    );
    let paths: Vec<_> = script.seen().iter().map(|seen| seen.uri.to_string()).collect();
    assert_eq!(paths, ["http://users.test/health", "http://users.test/ready", "http://users.test/health"]);
}

#[test]
fn mistakes_in_a_builder_are_told_by_build() {
    let script = Scripted::default();
    let wrong = |builder: ClientBuilder<Client>| builder.build().expect_err("a mistake").to_string();
    assert!(wrong(builder(&script).base_url("localhost:1")).contains("base_url of user-service"));
    assert!(wrong(builder(&script).policy(Policy::default().with_attempts(0))).contains("`attempts`"));
    assert!(wrong(builder(&script).header("content-length", "1")).contains("belongs to the transport"));
    assert!(wrong(builder(&script).user_agent("a\nb")).contains("user_agent"));
    assert!(wrong(builder(&script).send_credentials_to("x")).contains("send_credentials_to"));
    let client: Client =
        ClientBuilder::new(&SERVICE).base_url("http://users.test/api/v1/").transport(script).build().expect("a client");
    assert_eq!(client.base_url(), "http://users.test/api/v1");
    assert_eq!(format!("{:?}", client.request(&GET)), "Request { operation: \"get_user\", .. }");
}

#[tokio::test(start_paused = true)]
async fn the_attempt_that_opens_the_circuit_tells_what_happened_and_waits_for_nothing() {
    let script = Scripted::default();
    let client = fragile(&script, 1);
    let started = tokio::time::Instant::now();
    let error = get(&client).await.expect_err("refused");
    assert!(error.is_connect() && started.elapsed() < Duration::from_millis(10), "{error}");
    assert_eq!((client.circuit(), script.count()), (CircuitState::Open, 1));
}
