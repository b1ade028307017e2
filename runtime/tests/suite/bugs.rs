//! Are the twenty bugs of the platform's first client gone?

use std::time::Duration;

use sinew_runtime::generated::{Client, FailedReply, Failure, Reply};
use sinew_runtime::testing::{Scripted, Step};
use sinew_runtime::{CircuitState, ClientBuilder, Download, ErrorKind, Policy, Sent};
use tokio::time::Instant;

use crate::support::{CREATE_KEYED, GET, LIST, SERVICE, builder, client, create, delete, fragile, get, near, ok};

#[tokio::test(start_paused = true)]
async fn bug_01_attempts_are_counted_as_attempts() {
    let script = Scripted::default();
    let patient = builder(&script)
        .policy(Policy::default().with_breaker(100, Duration::from_secs(60)))
        .build()
        .expect("a client");
    for (attempts, seconds) in [(1, 0), (2, 1), (3, 3), (4, 7), (5, 15), (6, 23)] {
        let (before, started) = (script.count(), Instant::now());
        let error = get(&patient).policy(Policy::default().with_attempts(attempts)).await.expect_err("nobody is there");
        assert_eq!((script.count() - before, error.attempts()), (attempts as usize, attempts));
        assert!(near(started.elapsed(), seconds), "{attempts} attempts took {:?}", started.elapsed());
    }
    let error = get(&patient).policy(Policy::default().with_attempts(0)).await.expect_err("no attempts are no policy");
    assert_eq!(error.kind(), ErrorKind::Build);
    assert!(error.to_string().contains("`attempts` must be at least 1"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn bug_02_an_exhausted_call_counts_each_attempt_once() {
    let script = Scripted::default();
    let client = fragile(&script, 4);
    get(&client).await.expect_err("three failed attempts");
    assert_eq!(client.circuit(), CircuitState::Closed, "three are not four");
    get(&client).await.expect_err("the fourth failure");
    assert_eq!((client.circuit(), script.count()), (CircuitState::Open, 4));
}

#[tokio::test(start_paused = true)]
async fn bug_03_the_breaker_is_asked_for_each_attempt() {
    let script = Scripted::default();
    let client = fragile(&script, 2);
    let waiting = client.clone();
    let call = tokio::spawn(async move { get(&waiting).await });
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!((script.count(), client.circuit()), (1, CircuitState::Closed));
    create(&client).await.expect_err("this one opens the circuit");
    assert_eq!(client.circuit(), CircuitState::Open);
    let error = call.await.expect("no panic").expect_err("turned away after its back-off");
    assert!(error.is_circuit_open());
    assert_eq!((script.count(), error.attempts()), (2, 1));
    assert!(std::error::Error::source(&error).is_some_and(|cause| cause.to_string().contains("connect")));
}

#[tokio::test(start_paused = true)]
async fn bug_04_a_4xx_is_no_failure_of_the_service() {
    let statuses = [400, 401, 403, 404, 405, 409, 410, 422, 408, 429, 418];
    let script = Scripted::new(statuses.map(Step::status));
    let client = fragile(&script, 1);
    for status in statuses {
        let error = get(&client).await.expect_err("a failed status");
        assert_eq!(error.status().map(|status| status.as_u16()), Some(status));
        assert_eq!(client.circuit(), CircuitState::Closed, "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn bug_05_a_5xx_fails_fast_and_typed_and_counts_and_tells_retry_after() {
    let script = Scripted::always(Step::status(503).header("retry-after", "7"));
    let client = fragile(&script, 2);
    let error = get(&client).await.expect_err("a failed status");
    assert_eq!((script.count(), error.attempts()), (1, 1), "statuses are not retried by default");
    assert_eq!((error.kind(), error.retry_in()), (ErrorKind::Status, Some(Duration::from_secs(7))));
    get(&client).await.expect_err("a failed status");
    assert_eq!(client.circuit(), CircuitState::Open);
}

#[tokio::test(start_paused = true)]
async fn bug_06_a_post_that_may_have_been_processed_is_not_sent_again() {
    let script = Scripted::always(Step::hang());
    let error = create(&client(&script)).await.expect_err("no answer");
    assert!(error.is_timeout());
    assert_eq!((script.count(), error.sent()), (1, Sent::MaybeSent));

    // Refused, it cannot have been processed: any method is sent again.
    let script = Scripted::new([Step::refuse(), Step::refuse(), ok()]);
    create(&client(&script)).await.expect("the third attempt");
    assert_eq!(script.count(), 3);

    // A connection that never took the request: nothing was sent either.
    let script = Scripted::new([Step::black_hole(), ok()]);
    create(&client(&script)).await.expect("the second attempt");

    // With a key it may be sent again, and the key stays the same; so does the body.
    let script = Scripted::new([Step::hang(), Step::reset(), ok()]);
    create(&client(&script)).idempotency_key("k-1").await.expect("the third attempt");
    let seen = script.seen();
    assert_eq!(seen.len(), 3);
    assert!(seen.iter().all(|seen| seen.headers["idempotency-key"] == "k-1" && seen.body == r#"{"name":"Ada"}"#));

    // An operation that declares the header gets a key of its own.
    let script = Scripted::new([Step::hang(), ok()]);
    let client = client(&script);
    client.request(&CREATE_KEYED).json(&1).answering(Reply::empty).await.expect("the second attempt");
    let keys: Vec<_> = script.seen().iter().map(|seen| seen.headers["x-idempotency-key"].clone()).collect();
    assert_eq!((keys.len(), keys[0].len()), (2, 36));
    assert_eq!(keys[0], keys[1]);
    script.push(ok());
    client.request(&CREATE_KEYED).json(&1).answering(Reply::empty).await.expect("another call");
    assert_ne!(script.seen()[2].headers["x-idempotency-key"], keys[0]);
}

#[tokio::test(start_paused = true)]
async fn bug_07_a_broken_connection_is_typed_and_retried_where_that_is_safe() {
    let script = Scripted::new([Step::reset(), ok().truncated(), ok()]);
    get(&client(&script)).await.expect("the third attempt");
    assert_eq!(script.count(), 3);
    let script = Scripted::new([Step::reset()]);
    let error = create(&client(&script)).await.expect_err("a reset");
    assert_eq!((error.kind(), error.sent(), script.count()), (ErrorKind::Transport, Sent::MaybeSent, 1));
    assert!(error.is_transport() && std::error::Error::source(&error).is_some());
}

#[tokio::test(start_paused = true)]
async fn bug_08_half_open_lets_one_probe_through() {
    let script = Scripted::new([Step::status(500), ok().after(Duration::from_secs(1))]).otherwise(ok());
    let client = fragile(&script, 1);
    get(&client).await.expect_err("opens the circuit");
    tokio::time::sleep(Duration::from_secs(60)).await;
    let calls: Vec<_> = (0..8)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { get(&client).await })
        })
        .collect();
    let mut passed = 0;
    for call in calls {
        match call.await.expect("no panic") {
            Ok(_) => passed += 1,
            Err(error) => assert!(error.is_circuit_open()),
        }
    }
    assert_eq!((passed, script.count()), (1, 2));
    get(&client).await.expect("closed again");
}

#[tokio::test(start_paused = true)]
async fn bug_09_a_failed_probe_opens_the_circuit_again() {
    let script = Scripted::always(Step::status(500));
    let client = fragile(&script, 5);
    for _ in 0..5 {
        get(&client).await.expect_err("a failed status");
    }
    tokio::time::sleep(Duration::from_secs(60)).await;
    get(&client).await.expect_err("the probe");
    assert_eq!((client.circuit(), script.count()), (CircuitState::Open, 6));
    let error = get(&client).await.expect_err("turned away");
    assert!(error.is_circuit_open());
    assert_eq!((error.retry_in(), error.sent(), error.attempts()), (Some(Duration::from_secs(60)), Sent::NotSent, 0));
}

#[tokio::test(start_paused = true)]
async fn bug_10_a_late_success_does_not_touch_an_open_circuit() {
    let script = Scripted::new([ok().after(Duration::from_secs(5)), Step::status(500)]).otherwise(ok());
    let client = fragile(&script, 1);
    let slow = client.clone();
    let slow = tokio::spawn(async move { get(&slow).await });
    tokio::time::sleep(Duration::from_secs(1)).await;
    get(&client).await.expect_err("opens the circuit");
    slow.await.expect("no panic").expect("the slow one succeeds");
    assert!(get(&client).await.expect_err("still open").is_circuit_open());
    tokio::time::sleep(Duration::from_secs(60)).await;
    get(&client).await.expect("the probe");
    assert_eq!(client.circuit(), CircuitState::Closed);
}

#[tokio::test(start_paused = true)]
async fn bug_11_time_is_monotonic() {
    // The paused clock moves tokio's monotonic time and leaves the wall clock alone: were the wall clock read, the
    // circuit would stay open.
    let wall = std::time::SystemTime::now();
    let script = Scripted::new([Step::status(500)]).otherwise(ok());
    let client = fragile(&script, 1);
    get(&client).await.expect_err("opens the circuit");
    tokio::time::advance(Duration::from_millis(59_900)).await;
    assert!(get(&client).await.expect_err("open").is_circuit_open());
    tokio::time::advance(Duration::from_millis(200)).await;
    get(&client).await.expect("the probe");
    assert!(wall.elapsed().is_ok_and(|passed| passed < Duration::from_secs(50)));
}

#[tokio::test(start_paused = true)]
async fn bug_12_a_callers_mistake_counts_for_nothing() {
    let script = Scripted::always(ok());
    let client = fragile(&script, 1);
    let error = client.request(&GET).answering(Reply::empty).await.expect_err("no path value");
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Build, 0));
    get(&client).header("bad name", "x").await.expect_err("no header");
    get(&client).header("host", "elsewhere").await.expect_err("not the caller's");
    get(&client).idempotency_key("a\nb").await.expect_err("no key");
    let file = client.request(&crate::support::CREATE).body("text/plain", sinew_runtime::Body::file("/no/such/file"));
    assert!(file.answering(Reply::empty).await.expect_err("no file").is_build());
    assert_eq!((client.circuit(), script.count()), (CircuitState::Closed, 0));
}

#[tokio::test(start_paused = true)]
async fn bug_13_empty_and_binary_bodies_are_answers() {
    let empty = || Step::status(204).header("content-type", "application/json");
    let script = Scripted::new([
        empty(),
        empty(),
        Step::status(200).body(&[0xFF, 0x00][..]),
        Step::status(200).body("x"),
        Step::json(200, "{"),
    ]);
    let client = fragile(&script, 1);
    delete(&client).await.expect("an empty answer");
    let none: Option<u8> = client.request(&LIST).answering(Reply::json).await.expect("an empty answer is no value");
    assert_eq!(none, None);
    assert_eq!(client.request(&LIST).answering(Reply::bytes).await.expect("bytes")[..], [0xFF, 0x00]);
    let download = client.request(&LIST).streaming(Download::from_reply).await.expect("a stream");
    assert_eq!(download.bytes().await.expect("bytes"), "x");
    // What cannot be understood is an error, and yet no failure of the service, nor a reason to send again.
    let error = get(&client).await.expect_err("no JSON");
    assert!(error.is_decode());
    assert_eq!(
        (client.circuit(), script.count(), error.status().map(|status| status.as_u16())),
        (CircuitState::Closed, 5, Some(200))
    );
}

#[tokio::test(start_paused = true)]
async fn bug_14_redirects_are_told_and_count_for_nothing() {
    let script = Scripted::always(Step::status(307).header("location", "http://elsewhere.test/"));
    let client = fragile(&script, 1);
    for _ in 0..3 {
        let error = get(&client).await.expect_err("a redirect is no success");
        assert_eq!(error.status().map(|status| status.as_u16()), Some(307));
        assert_eq!(error.headers().map(|headers| headers["location"].as_bytes()), Some(&b"http://elsewhere.test/"[..]));
    }
    assert_eq!((client.circuit(), script.count()), (CircuitState::Closed, 3));
}

#[tokio::test(start_paused = true)]
async fn bug_15_errors_are_typed_with_their_cause_and_their_body() {
    #[derive(Debug, PartialEq)]
    enum GetUserFailure {
        NotFound(String),
        ServerError(String),
    }
    impl Failure for GetUserFailure {
        fn decode(reply: &FailedReply) -> Option<Self> {
            match reply.status() {
                404 => reply.json::<serde_json::Value>()?["detail"].as_str().map(str::to_owned).map(Self::NotFound),
                500 => reply.text().map(Self::ServerError),
                _ => None,
            }
        }
    }
    let script = Scripted::new([
        Step::json(404, r#"{"detail": "no such user"}"#),
        Step::status(500).body("oops"),
        Step::json(404, "[]"),
    ]);
    let client = client(&script);
    let error = get(&client).await.expect_err("not found");
    assert_eq!(error.failure(), Some(GetUserFailure::NotFound("no such user".to_owned())));
    assert_eq!(get(&client).await.expect_err("broken").failure(), Some(GetUserFailure::ServerError("oops".to_owned())));
    assert_eq!(get(&client).await.expect_err("another shape").failure::<GetUserFailure>(), None);
    let error = get(&client).await.expect_err("refused");
    assert_eq!(error.failure::<GetUserFailure>(), None);
    let mut cause = std::error::Error::source(&error);
    let mut io = None;
    while let Some(error) = cause {
        io = io.or(error.downcast_ref::<std::io::Error>().map(std::io::Error::kind));
        cause = error.source();
    }
    assert_eq!(io, Some(std::io::ErrorKind::ConnectionRefused));
    let line = error.to_string();
    assert!(line.starts_with("GET /users/{user_id} failed after 3 attempts in 3"), "{line}");
    assert!(line.ends_with(" s: connect: connection refused (user-service, http://users.test)"), "{line}");
}

#[tokio::test(start_paused = true)]
async fn bug_16_query_values_stay_values() {
    let script = Scripted::always(ok());
    let client = client(&script);
    for (value, query) in
        [("a&limit=1", "query=a%26limit%3D1&limit=20"), ("50% + tax #2", "query=50%25%20%2B%20tax%20%232&limit=20")]
    {
        client
            .request(&LIST)
            .query("query", &value)
            .query("limit", &20)
            .answering(Reply::empty)
            .await
            .expect("an answer");
        assert_eq!(script.seen().pop().and_then(|seen| seen.uri.query().map(str::to_owned)).as_deref(), Some(query));
    }
}

#[tokio::test(start_paused = true)]
async fn bug_17_path_values_stay_in_their_segment() {
    let script = Scripted::always(ok());
    let client = client(&script);
    client.request(&GET).path("user_id", &"../users/1?x=1").answering(Reply::empty).await.expect("an answer");
    assert_eq!(script.seen()[0].uri.to_string(), "http://users.test/api/v1/users/..%2Fusers%2F1%3Fx%3D1");
    for refused in ["", ".", ".."] {
        let error = client.request(&GET).path("user_id", &refused).answering(Reply::empty).await.expect_err("refused");
        assert!(error.is_build(), "{refused:?}");
    }
    assert_eq!(script.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn bug_18_a_call_has_a_total_deadline() {
    let script = Scripted::always(Step::hang());
    let many = Policy::default().with_attempts(50);
    let client = builder(&script).policy(many.with_breaker(100, Duration::from_secs(60))).build().expect("a client");
    let started = Instant::now();
    let error = get(&client).await.expect_err("no answer ever");
    assert!(error.is_timeout());
    assert!(started.elapsed() <= Duration::from_millis(120_010), "{:?}", started.elapsed());
    assert_eq!(script.count(), 4, "30 s each, with back-off between");
    let error = get(&client).timeout(Duration::from_secs(5)).await.expect_err("no answer ever");
    assert_eq!((error.kind(), error.elapsed().as_secs()), (ErrorKind::Deadline, 5));
    let started = Instant::now();
    // No time for the back-off: what happened is told at once, and not slept over.
    let script = Scripted::default();
    let error = get(&crate::support::client(&script)).timeout(Duration::from_millis(500)).await.expect_err("refused");
    assert!(error.is_connect() && started.elapsed() < Duration::from_millis(10));
}

#[tokio::test(start_paused = true)]
async fn bug_19_credentials_headers_and_user_agent_are_ours_and_clones_share() {
    let script = Scripted::always(ok());
    let client = builder(&script).header("x-tenant", "7").user_agent("tests/1").build().expect("a client");
    get(&client).header("x-trace", "t").await.expect("an answer");
    let seen = &script.seen()[0];
    assert_eq!(
        (&seen.headers["x-tenant"], &seen.headers["user-agent"], &seen.headers["x-trace"]),
        (&"7".parse().unwrap(), &"tests/1".parse().unwrap(), &"t".parse().unwrap())
    );
    assert_eq!(seen.headers["accept"], "application/json");
    get(&crate::support::client(&script)).await.expect("an answer");
    assert!(script.seen()[1].headers["user-agent"].to_str().is_ok_and(|agent| agent.starts_with("sinew/")));

    // Clones share one breaker, and closing one closes all.
    let script = Scripted::new([Step::status(500)]);
    let one = fragile(&script, 1);
    let other = one.clone();
    get(&one).await.expect_err("opens the circuit");
    assert!(get(&other).await.expect_err("open").is_circuit_open());
    one.close().await;
    assert!(get(&other).await.expect_err("closed").is_closed());
}

#[test]
fn bug_20_a_client_serves_many_threads() {
    fn shared<T: Send + Sync + Clone + 'static>(_: &T) {}
    fn sendable<T: Send>(value: T) -> T {
        value
    }
    let script = Scripted::always(ok());
    let client = client(&script);
    shared(&client);
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let client = client.clone();
            std::thread::spawn(move || {
                // A runtime of each thread's own.
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
                runtime.block_on(async {
                    for _ in 0..25 {
                        sendable(get(&client).into_future()).await.expect("an answer");
                    }
                });
            })
        })
        .collect();
    for thread in threads {
        thread.join().expect("no panic");
    }
    assert_eq!(script.count(), 100);
    let _: ClientBuilder<Client> = ClientBuilder::new(&SERVICE);
}
