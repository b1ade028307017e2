//! Is a failed attempt made again when it should be, then, and not more often?

use std::time::Duration;

use sinew_runtime::generated::Reply;
use sinew_runtime::testing::{Scripted, Step};
use sinew_runtime::{CircuitState, ErrorKind, Policy, Sent, TransportFailure};
use tokio::time::Instant;

use crate::support::{CREATE_KEYED, builder, client, create, get, ok};

fn asking(status: u16, seconds: &str) -> Step {
    Step::status(status).header("retry-after", seconds)
}

/// The recommended policy, with a breaker that stays out of the way.
fn standard() -> Policy {
    Policy::standard().with_breaker(255, Duration::from_secs(60))
}

#[tokio::test(start_paused = true)]
async fn statuses_are_retried_under_the_recommended_policy() {
    for status in [408, 425, 429, 502, 503, 504] {
        let script = Scripted::new([Step::status(status), ok()]);
        let client = builder(&script).policy(Policy::standard()).build().expect("a client");
        get(&client).await.expect("the second attempt");
        let script = Scripted::new([Step::status(status), ok()]);
        let client = builder(&script).policy(Policy::standard()).build().expect("a client");
        assert_eq!(create(&client).await.is_ok(), status == 425, "POST {status}");
    }
    for status in [400, 401, 403, 404, 409, 422, 500, 501, 505] {
        let script = Scripted::new([Step::status(status), ok()]);
        let client = builder(&script).policy(Policy::standard()).build().expect("a client");
        get(&client).await.expect_err("not worth another attempt");
        assert_eq!(script.count(), 1, "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_conflict_with_the_first_request_of_a_key_is_retried() {
    let answers = |status| Scripted::new([Step::status(status), ok()]);
    // Two ways to a key: the document declares one, or the caller gives one.
    for declared in [true, false] {
        let script = answers(409);
        let client = builder(&script).policy(Policy::standard()).build().expect("a client");
        let call = if declared {
            client.request(&CREATE_KEYED).json(&1).answering(Reply::json::<serde_json::Value>)
        } else {
            create(&client).idempotency_key("k-1")
        };
        call.await.expect("the first is done by now");
        let name = if declared { "x-idempotency-key" } else { "idempotency-key" };
        let keys: Vec<_> = script.seen().iter().map(|seen| seen.headers[name].clone()).collect();
        assert_eq!((keys.len(), &keys[0]), (2, &keys[1]), "the same key");
    }
    // The key belongs to another request: that will not change.
    let script = answers(422);
    let recommended = builder(&script).policy(Policy::standard()).build().expect("a client");
    create(&recommended).idempotency_key("k-1").await.expect_err("another request's key");
    assert_eq!(script.count(), 1);
    // Under the platform's policy statuses fail fast.
    let script = answers(409);
    create(&client(&script)).idempotency_key("k-1").await.expect_err("a status");
    assert_eq!(script.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_name_that_nobody_knows_is_not_asked_for_again() {
    let script = Scripted::always(Step::fail(TransportFailure::UnknownName, Sent::NotSent));
    let client = crate::support::fragile(&script, 2);
    for circuit in [CircuitState::Closed, CircuitState::Open] {
        let error = get(&client).await.expect_err("no such name");
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::Connect, 1));
        assert_eq!(client.circuit(), circuit, "it is a failure all the same");
    }
}

#[tokio::test(start_paused = true)]
async fn retry_after_is_kept_to_and_never_undercut() {
    for status in [429, 503] {
        let script = Scripted::new([asking(status, "7"), asking(status, "3"), ok()]);
        let client = builder(&script).policy(standard()).build().expect("a client");
        let started = Instant::now();
        // The service says that it did not process it, so a POST is sent again as well.
        create(&client).await.expect("the third attempt");
        let waited = started.elapsed();
        assert!(waited >= Duration::from_secs(10) && waited < Duration::from_secs(12), "{waited:?}");
    }
    // Longer than the policy bears, or than the call may take: told at once, with what was asked.
    for (asked, timeout) in [(61, 1000), (99_999_999_999_999_999, 1000), (20, 19)] {
        let script = Scripted::new([asking(503, &asked.to_string()), ok()]);
        let client = builder(&script).policy(standard()).build().expect("a client");
        let started = Instant::now();
        let error = get(&client).timeout(Duration::from_secs(timeout)).await.expect_err("too long");
        assert!(started.elapsed() < Duration::from_millis(10));
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::Status, 1));
        assert!(error.retry_in() >= Some(Duration::from_secs(asked.min(1 << 33))), "{:?}", error.retry_in());
    }
}

#[tokio::test(start_paused = true)]
async fn all_calls_keep_away_from_a_service_that_asked() {
    let script = Scripted::new([asking(429, "10")]).otherwise(ok());
    let client = builder(&script).policy(standard().with_attempts(1)).build().expect("a client");
    get(&client).await.expect_err("no attempt is left");
    let started = Instant::now();
    let error = get(&client).timeout(Duration::from_secs(5)).await.expect_err("not as long as that");
    assert_eq!((error.kind(), error.sent(), error.attempts()), (ErrorKind::Throttled, Sent::NotSent, 0));
    assert_eq!((error.retry_in(), script.count()), (Some(Duration::from_secs(10)), 1));
    assert!(error.to_string().contains("was not sent: throttled: the service asked to be left alone"), "{error}");
    assert!(started.elapsed() < Duration::from_millis(10), "told at once");
    assert!(client.health().await.expect("a check goes all the same").ok);
    get(&client).await.expect("it waits");
    assert!(started.elapsed() >= Duration::from_secs(10) && started.elapsed() <= Duration::from_millis(11_010));
    // Under the platform's policy nobody waits for others.
    let script = Scripted::new([asking(503, "10")]).otherwise(ok());
    let client = crate::support::client(&script);
    get(&client).await.expect_err("statuses fail fast");
    get(&client).await.expect("at once");
}

#[tokio::test(start_paused = true)]
async fn the_service_may_overrule_the_policy_where_it_is_let() {
    let mut trusting = standard();
    trusting.retry_on.headers = true;
    let answers = || {
        Scripted::new([
            Step::status(500).header("x-should-retry", "true"),
            Step::status(503).header("x-should-retry", "false"),
            ok(),
        ])
    };
    let script = answers();
    let client = builder(&script).policy(trusting).build().expect("a client");
    let error = create(&client).await.expect_err("told not to");
    assert_eq!((error.attempts(), error.status().map(|status| status.as_u16())), (2, Some(503)));
    let script = answers();
    let client = builder(&script).policy(standard()).build().expect("a client");
    assert_eq!(get(&client).await.expect_err("a 500 is final").attempts(), 1, "nobody listens");
}

#[tokio::test(start_paused = true)]
async fn a_request_that_was_given_back_is_sent_again_at_once_and_once() {
    let back = || Step::fail(TransportFailure::Unprocessed, Sent::NotSent);
    let script = Scripted::new([back(), ok()]);
    let client = client(&script);
    let started = Instant::now();
    create(&client).await.expect("the second attempt, of a POST too");
    assert!(started.elapsed() < Duration::from_millis(10));
    let script = Scripted::always(back());
    let client = crate::support::fragile(&script, 1);
    let started = Instant::now();
    let error = create(&client).await.expect_err("given back each time");
    assert_eq!((error.kind(), error.attempts(), error.sent()), (ErrorKind::Transport, 3, Sent::NotSent));
    assert!(started.elapsed() >= Duration::from_secs(2), "the second time it is waited for");
    assert_eq!(client.circuit(), CircuitState::Closed, "it says nothing about the service's health");
}

/// The rule that one library once lost without noticing (aws-sdk-rust#1234), so it is counted on the wire.
#[tokio::test(start_paused = true)]
async fn an_outage_is_not_made_worse_by_retries() {
    let script = Scripted::default();
    let policy = standard().with_breaker(255, Duration::from_millis(1));
    let client = builder(&script).policy(policy).build().expect("a client");
    let started = Instant::now();
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..2000 {
        let client = client.clone();
        calls.spawn(async move { get(&client).await.expect_err("nobody is there").attempts() });
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // The breaker turns some calls away, how many is left to chance; so what is counted is what came after a first request.
    let (mut firsts, mut retries) = (0, 0);
    while let Some(attempts) = calls.join_next().await {
        let attempts = usize::try_from(attempts.expect("a call")).expect("a few");
        firsts += attempts.min(1);
        retries += attempts.saturating_sub(1);
    }
    assert_eq!(script.count(), firsts + retries);
    // A tenth of the calls, the floor, and what it began with.
    let floor = 7 * usize::try_from(started.elapsed().as_secs() / 60 + 1).expect("minutes");
    assert!(retries <= 200 + floor + 2, "{retries} retries");
    assert!(retries > 0, "retries were made");
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_or_closed_in_its_sleep_gives_its_token_back() {
    let script = Scripted::default();
    let mut policy = standard();
    policy.backoff.jitter = sinew_runtime::Jitter::None;
    // So many to begin with, and no more.
    policy.attempts = 101;
    (policy.budget.percent, policy.budget.per_minute, policy.budget.window) = (0, 0, Duration::ZERO);
    let client = builder(&script).policy(policy).build().expect("a client");
    assert_eq!(client.retries_left(), Some(100));
    let sleeping: Vec<_> = (0..5)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { get(&client).await })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!((script.count(), client.retries_left()), (5, Some(95)), "taken before the sleep");
    for call in &sleeping[..3] {
        call.abort();
    }
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(client.retries_left(), Some(98));
    client.close().await;
    for call in sleeping {
        drop(call.await);
    }
    assert_eq!((script.count(), client.retries_left()), (5, Some(100)));
    assert_eq!(crate::support::client(&script).retries_left(), None);
}

#[tokio::test(start_paused = true)]
async fn a_circuit_can_be_told_to_count_calls() {
    let script = Scripted::default();
    let mut policy = Policy::default().with_breaker(2, Duration::from_secs(60));
    policy.breaker.counting = sinew_runtime::Counting::Calls;
    let client = builder(&script).policy(policy).build().expect("a client");
    for (attempts, circuit) in [(3, CircuitState::Closed), (6, CircuitState::Open)] {
        get(&client).await.expect_err("refused three times");
        assert_eq!((script.count(), client.circuit()), (attempts, circuit));
    }
}

#[tokio::test(start_paused = true)]
async fn a_circuit_can_be_held_by_hand() {
    let script = Scripted::always(Step::status(500));
    let client = crate::support::fragile(&script, 1);
    client.force_open();
    tokio::time::sleep(Duration::from_secs(86_400)).await;
    let error = get(&client).await.expect_err("held open");
    assert_eq!((error.is_circuit_open(), error.retry_in(), script.count()), (true, None, 0));
    assert!(error.to_string().contains("circuit open: it is held open by hand"), "{error}");
    client.force_closed();
    for _ in 0..5 {
        assert!(get(&client).await.expect_err("a failed status").is_status());
    }
    client.reset_circuit();
    get(&client).await.expect_err("a failed status");
    assert_eq!(client.circuit(), CircuitState::Open, "left to itself again");
}

#[tokio::test(start_paused = true)]
async fn a_service_that_never_answers_is_noticed_by_callers_with_little_patience() {
    let script = Scripted::always(Step::hang());
    let client = builder(&script).policy(Policy::standard()).build().expect("a client");
    for dropped in 0..25 {
        assert_eq!(client.circuit(), CircuitState::Closed, "after {dropped}");
        tokio::time::timeout(Duration::from_millis(100), get(&client).into_future()).await.expect_err("no patience");
    }
    assert_eq!(client.circuit(), CircuitState::Open);
}

#[tokio::test(start_paused = true)]
async fn operations_and_variables_have_a_say() {
    let script = Scripted::default();
    let client = builder(&script).policy_for("get_user", Policy::default().with_attempts(1)).build().expect("a client");
    assert_eq!(get(&client).await.expect_err("refused").attempts(), 1);
    assert_eq!(create(&client).await.expect_err("refused").attempts(), 3, "another operation");
    client.reset_circuit();
    let both = get(&client).policy(Policy::default().with_attempts(2));
    assert_eq!(both.await.expect_err("refused").attempts(), 2, "the call has the last word");
    let wrong = builder(&script).policy_for("get_user", Policy::default().with_attempts(0)).build();
    assert!(wrong.expect_err("no attempts").to_string().contains("policy_for get_user: policy: `attempts`"));

    let env = |value: &str| {
        let variable = "USER_SERVICE_POLICY_ATTEMPTS".to_owned();
        sinew_runtime::ServiceRegistry::with_env(std::collections::BTreeMap::from([(variable, value.to_owned())]))
    };
    let told = builder(&script).registry(&env("2")).build().expect("a client");
    assert_eq!(get(&told).await.expect_err("refused").attempts(), 2);
    let meant = builder(&script).registry(&env("2")).policy(Policy::default()).build().expect("a client");
    assert_eq!(get(&meant).await.expect_err("refused").attempts(), 3, "who says a policy means it");
    let error = builder(&script).registry(&env("two")).build().expect_err("no number");
    assert!(
        error.to_string().contains("USER_SERVICE_POLICY_ATTEMPTS") && !error.to_string().contains("two"),
        "{error}"
    );
}

/// What `client.toml` says stands in the statics of the generated crate.
#[tokio::test(start_paused = true)]
async fn policies_of_a_document_lie_between_the_default_and_what_a_user_says() {
    use sinew_runtime::generated::{Client, Method, Operation, Reply, Service};
    use sinew_runtime::{ClientBuilder, ServiceRegistry};
    static SERVICE: Service = Service::new("billing-service", "http://b.test").policy(&[
        ("base", "standard"),
        ("attempts", "2"),
        ("budget.enabled", "false"),
    ]);
    static PLAIN: Operation = Operation::new("plain", Method::Get, "/x");
    static STUBBORN: Operation =
        Operation::new("stubborn", Method::Get, "/x").policy(&[("attempts", "4"), ("retry_on.statuses", "500")]);
    static WRONG: Operation = Operation::new("wrong", Method::Get, "/x").policy(&[("backoff.ceiling", "0s")]);
    async fn attempts(client: &Client, operation: &'static Operation) -> u32 {
        client.request(operation).answering(Reply::json::<u8>).await.expect_err("it fails").attempts()
    }
    let script = Scripted::always(Step::status(503));
    let builder = |env: &[(&str, &str)]| {
        let env: std::collections::BTreeMap<_, _> =
            env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let registry = ServiceRegistry::with_env(env);
        ClientBuilder::<Client>::new(&SERVICE).registry(&registry).transport(script.clone())
    };
    let client = builder(&[]).build().expect("a client");
    assert_eq!((attempts(&client, &PLAIN).await, attempts(&client, &STUBBORN).await), (2, 1), "503 is not its status");
    let client = builder(&[("BILLING_SERVICE_POLICY_ATTEMPTS", "3")]).build().expect("a client");
    assert_eq!(attempts(&client, &PLAIN).await, 3, "a variable lies over it");
    let client = builder(&[]).policy(Policy::default()).build().expect("a client");
    assert_eq!(attempts(&client, &PLAIN).await, 1, "a policy takes its place: statuses fail fast");
    let script = Scripted::always(Step::status(500));
    let client: Client = ClientBuilder::new(&SERVICE).transport(script.clone()).build().expect("a client");
    assert_eq!(attempts(&client, &STUBBORN).await, 4);
    let error = client.request(&WRONG).answering(Reply::json::<u8>).await.expect_err("it makes no sense");
    assert!(error.is_build() && error.to_string().contains("backoff.ceiling"), "{error}");
    static NONSENSE: Service = Service::new("billing-service", "http://b.test").policy(&[("atempts", "2")]);
    let error = ClientBuilder::<Client>::new(&NONSENSE).transport(script).build().expect_err("no such setting");
    assert!(error.is_config() && error.to_string().contains("atempts"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn the_first_failure_is_told_where_the_last_is_another_one() {
    let kinds = |error: &sinew_runtime::Error| {
        (
            error.kind(),
            error.first().map(|first| (first.kind(), first.status().map(|it| it.as_u16()), first.attempts())),
        )
    };
    let mut policy = Policy::default().with_breaker(255, Duration::from_secs(60));
    policy.retry_on.statuses = vec![502, 503];
    let script = Scripted::default();
    let client = builder(&script).policy(policy).build().expect("a client");
    // The first of three, not the one between.
    for step in [Step::refuse(), Step::status(502), Step::status(503)] {
        script.push(step);
    }
    let error = get(&client).await.expect_err("three failures");
    assert_eq!(kinds(&error), (ErrorKind::Status, Some((ErrorKind::Connect, None, 1))));
    assert!(format!("{error:?}").contains("first: Some(Error"), "{error:?}");
    // Another status is another failure, and the same failure three times is one.
    for step in [Step::status(502), Step::status(503), Step::status(503)] {
        script.push(step);
    }
    let error = get(&client).await.expect_err("three failures");
    assert_eq!(kinds(&error), (ErrorKind::Status, Some((ErrorKind::Status, Some(502), 1))));
    let error = get(&client).await.expect_err("refused three times");
    assert_eq!((kinds(&error), error.attempts()), ((ErrorKind::Connect, None), 3));
    // What is no attempt has the last one for its source, and the first one all the same.
    for step in [Step::refuse(), Step::status(502), Step::hang()] {
        script.push(step);
    }
    let error = get(&client).timeout(Duration::from_secs(5)).await.expect_err("out of time");
    assert_eq!(kinds(&error), (ErrorKind::Deadline, Some((ErrorKind::Connect, None, 1))));
    let source = std::error::Error::source(&error).and_then(|source| source.downcast_ref::<sinew_runtime::Error>());
    assert_eq!(source.map(sinew_runtime::Error::kind), Some(ErrorKind::Status));
    // Where there was but one before, it is both.
    for step in [Step::refuse(), Step::hang()] {
        script.push(step);
    }
    let error = get(&client).timeout(Duration::from_secs(3)).await.expect_err("out of time");
    assert_eq!(kinds(&error), (ErrorKind::Deadline, Some((ErrorKind::Connect, None, 1))));
    // A first and only failure has none before it.
    script.push(Step::status(500));
    assert_eq!(kinds(&get(&client).await.expect_err("a failure")), (ErrorKind::Status, None));
}
