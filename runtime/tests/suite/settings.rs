//! Does every setting of a policy do what it says?
//!
//! Each in a scene that two values of it play differently, set by its variable as an operator would. A setting without
//! such a scene fails `every_setting_takes_effect`.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::Pin;
use std::time::Duration;

use sinew_runtime::generated::Client;
use sinew_runtime::testing::{Scripted, Step};
use sinew_runtime::{CircuitState, Download, Policy};
use tokio::time::Instant;

use crate::endpoints::Places;
use crate::support::{LIST, builder, create, get, ok};

/// What is seen of a scene: requests, milliseconds or bytes.
type Scene = Pin<Box<dyn Future<Output = u64>>>;

/// A setting, others that its scene needs, and what each value of it looks like there.
type Check =
    (&'static str, &'static [(&'static str, &'static str)], &'static [(&'static str, u64)], fn(Policy) -> Scene);

const NEVER: u64 = 100;

#[rustfmt::skip]
const CHECKS: &[Check] = &[
    ("attempts", &[], &[("1", 1), ("4", 4)], requests_of_a_refused_call),
    ("attempt_timeout", &[("attempts", "1")], &[("3s", 3000), ("7s", 7000)], time_of_a_call_that_hangs),
    ("patient", &[("attempts", "1"), ("attempt_timeout", "3s"), ("total_timeout", "20s")], &[("false", 3000), ("true", 20_000)], time_of_a_call_that_hangs),
    ("total_timeout", &[], &[("2s", 2000), ("9s", 9000)], time_of_a_call_that_hangs),
    ("idle_timeout", &[], &[("5s", 5000), ("9s", 9000)], time_of_a_silent_stream),
    ("body_rate.least", &[("body_rate.over", "4s")], &[("0", 60_000), ("1", 60_000), ("2", 4000)], time_of_a_download_that_trickles),
    ("body_rate.over", &[("body_rate.least", "2")], &[("4s", 4000), ("10s", 10_000)], time_of_a_download_that_trickles),
    ("backoff.growth", &[("attempts", "4"), ("backoff.jitter", "none")], &[("constant", 3000), ("linear", 6000), ("exponential", 7000)], time_of_a_refused_call),
    ("backoff.base", &[("attempts", "2"), ("backoff.jitter", "none")], &[("500ms", 500), ("3s", 3000)], time_of_a_refused_call),
    ("backoff.ceiling", &[("attempts", "5"), ("backoff.jitter", "none")], &[("2s", 7000), ("8s", 15_000)], time_of_a_refused_call),
    ("backoff.jitter", &[("attempts", "2"), ("breaker.failures", "255")], &[("none", 0), ("full", 1), ("equal", 1), ("+10%", 2), ("decorrelated", 2)], how_waits_vary),
    ("retry_on.timeout", &[("attempts", "2")], &[("false", 1), ("true", 2)], requests_of_a_call_that_hangs),
    ("retry_on.connection", &[("attempts", "2")], &[("false", 1), ("true", 2)], requests_of_a_refused_call),
    ("retry_on.statuses", &[], &[("", 1), ("503", 2), ("502,503", 2), ("502", 1)], requests_of_an_unavailable_service),
    ("retry_on.in_progress", &[], &[("false", 1), ("true", 2)], requests_of_a_conflict),
    ("retry_on.headers", &[], &[("false", 1), ("true", 2)], requests_where_the_service_says_again),
    ("retry_after.cap", &[("retry_on.statuses", "503")], &[("4s", 1), ("6s", 2)], requests_of_an_unavailable_service),
    ("retry_after.shared", &[], &[("false", 0), ("true", 5)], seconds_until_another_call_goes),
    ("budget.enabled", &[("attempts", "2"), ("budget.percent", "0"), ("budget.per_minute", "0"), ("budget.window", "0s")], &[("false", 6), ("true", 4)], requests_of_an_outage),
    ("budget.percent", &[("attempts", "2"), ("budget.enabled", "true"), ("budget.per_minute", "0"), ("budget.window", "0s")], &[("0", 4), ("100", 6)], requests_of_an_outage),
    ("budget.per_minute", &[("attempts", "2"), ("budget.enabled", "true"), ("budget.percent", "0"), ("budget.window", "0s")], &[("0", 4), ("60", 6)], requests_of_an_outage),
    ("budget.window", &[("attempts", "2"), ("budget.enabled", "true"), ("budget.percent", "50"), ("budget.per_minute", "0")], &[("0s", 2), ("1s", 1)], requests_of_an_outage_after_a_quiet_time),
    ("budget.most", &[("attempts", "4"), ("budget.enabled", "true"), ("budget.percent", "0"), ("budget.per_minute", "0"), ("budget.window", "0s")], &[("1", 2), ("2", 3)], requests_of_a_refused_call),
    ("breaker.failures", &[], &[("2", 2), ("7", 7)], failures_that_open),
    ("breaker.counting", &[("attempts", "2"), ("breaker.failures", "2")], &[("attempts", 1), ("calls", 2)], calls_that_open),
    ("breaker.ratio.enabled", &[("breaker.failures", "255"), ("breaker.ratio.least", "4")], &[("false", NEVER), ("true", 4)], every_other_failure_that_opens),
    ("breaker.ratio.percent", &[("breaker.failures", "255"), ("breaker.ratio.least", "4"), ("breaker.ratio.enabled", "true")], &[("50", 4), ("75", NEVER)], every_other_failure_that_opens),
    ("breaker.ratio.least", &[("breaker.failures", "255"), ("breaker.ratio.enabled", "true")], &[("4", 4), ("8", 8)], every_other_failure_that_opens),
    ("breaker.ratio.window", &[("breaker.failures", "255"), ("breaker.ratio.least", "4"), ("breaker.ratio.enabled", "true")], &[("60s", 4), ("1s", NEVER)], every_other_failure_that_opens),
    ("breaker.slow_after", &[("breaker.failures", "1")], &[("1s", 1), ("3s", NEVER), ("off", NEVER)], slow_answers_that_open),
    ("breaker.given_up", &[("breaker.failures", "1")], &[("0", NEVER), ("3", 4), ("5", 6)], dropped_calls_that_open),
    ("breaker.open_for", &[("breaker.failures", "1"), ("breaker.open_most", "60s")], &[("5s", 5000), ("9s", 9000)], time_that_it_is_open),
    ("breaker.open_most", &[("breaker.failures", "1"), ("breaker.open_for", "5s")], &[("5s", 5000), ("60s", 10_000)], time_that_it_is_open_again),
    ("breaker.open_jitter", &[("breaker.failures", "1"), ("breaker.open_for", "5s"), ("breaker.open_most", "5s")], &[("0", 0), ("50", 1)], whether_times_differ),
    ("breaker.ramp", &[("breaker.failures", "1"), ("breaker.open_for", "5s")], &[("off", 100), ("10s", 54), ("100s", 12)], calls_of_the_first_ten_seconds_after_an_outage),
    ("outlier.enabled", &[("breaker.failures", "255"), ("outlier.failures", "2")], &[("false", 0), ("true", 30)], seconds_that_it_is_left_out),
    ("outlier.failures", &[("breaker.failures", "255")], &[("2", 2), ("5", 5)], failures_that_leave_out),
    ("outlier.eject_for", &[("breaker.failures", "255"), ("outlier.failures", "2")], &[("10s", 10), ("20s", 20)], seconds_that_it_is_left_out),
    ("outlier.eject_most", &[("breaker.failures", "255"), ("outlier.failures", "2"), ("outlier.eject_for", "10s")], &[("10s", 10), ("60s", 20)], seconds_that_it_is_left_out_again),
    ("outlier.share", &[("breaker.failures", "255"), ("outlier.failures", "2")], &[("34", 1), ("67", 2)], how_many_are_left_out),
    ("hedge.enabled", &[("hedge.after", "100ms")], &[("false", 1), ("true", 2)], requests_of_a_slow_call),
    ("hedge.after", &[("hedge.enabled", "true")], &[("100ms", 100), ("300ms", 300)], time_of_a_call_that_hangs_once),
    ("hedge.percentile", &[("hedge.enabled", "true")], &[("50", 100), ("95", 190)], time_of_a_call_that_hangs_once),
    ("hedge.least", &[("hedge.enabled", "true"), ("hedge.after", "10ms")], &[("50ms", 50), ("200ms", 200)], time_of_a_call_that_hangs_once),
    ("hedge.percent", &[("hedge.enabled", "true"), ("hedge.after", "100ms")], &[("0", 10), ("5", 14), ("100", 100)], hedges_of_a_hundred_slow_calls),
    ("bulkhead.enabled", &[("bulkhead.most", "2")], &[("false", 10), ("true", 2)], calls_at_once),
    ("bulkhead.most", &[("bulkhead.enabled", "true")], &[("1", 1), ("3", 3)], calls_at_once),
    ("bulkhead.adaptive", &[("bulkhead.enabled", "true"), ("bulkhead.first", "4"), ("bulkhead.most", "6")], &[("false", 6), ("true", 4)], calls_at_once),
    ("bulkhead.first", &[("bulkhead.enabled", "true"), ("bulkhead.adaptive", "true")], &[("4", 4), ("7", 7)], calls_at_once),
    ("bulkhead.least", &[("bulkhead.enabled", "true"), ("bulkhead.adaptive", "true"), ("breaker.failures", "255")], &[("3", 3), ("6", 6)], slots_after_much_was_dropped),
    ("bulkhead.wait", &[("bulkhead.enabled", "true"), ("bulkhead.most", "1")], &[("0s", 0), ("5s", 5000)], time_until_a_call_is_told_that_it_is_too_many),
    ("max_body", &[], &[("8", 0), ("9", 9)], bytes_of_a_reply),
    ("max_error_body", &[], &[("4", 4), ("64KiB", 10)], bytes_of_a_failed_reply),
];

#[tokio::test(start_paused = true)]
async fn every_setting_takes_effect() {
    for (setting, with, values, scene) in CHECKS {
        for (value, expected) in *values {
            let pairs = with.iter().copied().chain([(*setting, *value)]);
            // Nothing is set to what is empty: an empty list is what the scene begins with.
            let env: BTreeMap<String, String> = pairs
                .map(|(name, value)| {
                    let name = name.replace('.', "_").to_ascii_uppercase();
                    (format!("USER_SERVICE_POLICY_{name}"), value.to_owned())
                })
                .collect();
            let policy = Policy::default().over_env("user-service", &env).expect("a policy");
            assert_eq!(scene(policy).await, *expected, "{setting} = {value}");
        }
        assert!(values.iter().any(|(_, seen)| *seen != values[0].1), "{setting} makes a difference");
    }
    // The table is written from the code, and tested against it.
    let checked: BTreeSet<_> = CHECKS.iter().map(|(setting, ..)| *setting).collect();
    let all = include_str!("../../POLICIES.md").lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    let unchecked: Vec<_> = all.filter(|setting| !checked.contains(setting)).collect();
    assert!(unchecked.is_empty(), "without a scene: {unchecked:?}");
}

fn client(script: &Scripted, policy: Policy) -> Client {
    builder(script).policy(policy).build().expect("a client")
}

fn count(script: &Scripted) -> u64 {
    script.count().try_into().expect("a few")
}

/// Milliseconds, to the nearest ten: timers of the paused clock are a millisecond coarse.
fn millis(took: Duration) -> u64 {
    u64::try_from((took.as_millis() + 5) / 10 * 10).expect("minutes")
}

fn requests_of_a_refused_call(policy: Policy) -> Scene {
    Box::pin(async move {
        let script = Scripted::default();
        get(&client(&script, policy)).await.expect_err("refused");
        count(&script)
    })
}

fn time_of_a_refused_call(policy: Policy) -> Scene {
    Box::pin(async move {
        let started = Instant::now();
        get(&client(&Scripted::default(), policy)).await.expect_err("refused");
        millis(started.elapsed())
    })
}

fn requests_of_a_call_that_hangs(policy: Policy) -> Scene {
    Box::pin(async move {
        let script = Scripted::always(Step::hang());
        get(&client(&script, policy)).await.expect_err("no answer");
        count(&script)
    })
}

fn time_of_a_call_that_hangs(policy: Policy) -> Scene {
    Box::pin(async move {
        let started = Instant::now();
        get(&client(&Scripted::always(Step::hang()), policy)).await.expect_err("no answer");
        millis(started.elapsed())
    })
}

fn time_of_a_silent_stream(policy: Policy) -> Scene {
    Box::pin(async move {
        let script = Scripted::always(Step::status(200).body("1").chunk_after(Duration::from_secs(60), "2"));
        let client = client(&script, policy);
        let started = Instant::now();
        let download = client.request(&LIST).streaming(Download::from_reply).await.expect("a head");
        download.bytes().await.expect_err("silence");
        millis(started.elapsed())
    })
}

/// A byte each second, for a minute.
fn trickle() -> Step {
    (0..60).fold(Step::status(200), |step, _| step.chunk_after(Duration::from_secs(1), "1"))
}

fn time_of_a_download_that_trickles(policy: Policy) -> Scene {
    Box::pin(async move {
        let client = client(&Scripted::always(trickle()), policy);
        let started = Instant::now();
        let download = client.request(&LIST).streaming(Download::from_reply).await.expect("a head");
        drop(download.bytes().await);
        millis(started.elapsed())
    })
}

/// 0: each takes a second. 1: some take less. 2: some take more.
fn how_waits_vary(policy: Policy) -> Scene {
    Box::pin(async move {
        let mut seen = 0;
        for seed in 0..20 {
            let client = builder(&Scripted::default()).policy(policy.clone()).seed(seed).build().expect("a client");
            let started = Instant::now();
            get(&client).await.expect_err("refused");
            seen |= match started.elapsed().as_millis() {
                0..=998 => 1,
                999..=1002 => 0,
                _ => 2,
            };
        }
        seen
    })
}

/// The second one is answered.
fn requests_after(first: Step, policy: Policy) -> Scene {
    Box::pin(async move {
        let script = Scripted::new([first, ok()]);
        let _either = create(&client(&script, policy)).idempotency_key("k").await;
        count(&script)
    })
}

fn requests_of_an_unavailable_service(policy: Policy) -> Scene {
    requests_after(Step::status(503).header("retry-after", "5"), policy)
}

fn requests_of_a_conflict(policy: Policy) -> Scene {
    requests_after(Step::status(409), policy)
}

fn requests_where_the_service_says_again(policy: Policy) -> Scene {
    requests_after(Step::status(500).header("x-should-retry", "true"), policy)
}

fn seconds_until_another_call_goes(policy: Policy) -> Scene {
    Box::pin(async move {
        let client = client(&Scripted::new([Step::status(503).header("retry-after", "5"), ok()]), policy);
        get(&client).await.expect_err("unavailable");
        let started = Instant::now();
        get(&client).await.expect("an answer");
        started.elapsed().as_secs()
    })
}

/// Of three calls, one after the other.
fn requests_of_an_outage(policy: Policy) -> Scene {
    Box::pin(async move {
        let script = Scripted::default();
        let client = client(&script, policy.with_breaker(255, Duration::from_secs(60)));
        for _ in 0..3 {
            get(&client).await.expect_err("refused");
        }
        count(&script)
    })
}

fn requests_of_an_outage_after_a_quiet_time(policy: Policy) -> Scene {
    Box::pin(async move {
        let script = Scripted::new([ok()]);
        let client = client(&script, policy);
        get(&client).await.expect("an answer");
        tokio::time::sleep(Duration::from_secs(100)).await;
        let before = count(&script);
        get(&client).await.expect_err("refused");
        count(&script) - before
    })
}

/// How often something is done before the circuit is open.
async fn until_open(client: &Client, mut act: impl AsyncFnMut(u64)) -> u64 {
    for nth in 1..=NEVER {
        act(nth).await;
        if client.circuit() == CircuitState::Open {
            return nth;
        }
    }
    NEVER
}

fn failures_that_open(policy: Policy) -> Scene {
    Box::pin(async move {
        let client = client(&Scripted::always(Step::status(500)), policy);
        until_open(&client, async |_| drop(get(&client).await)).await
    })
}

fn calls_that_open(policy: Policy) -> Scene {
    Box::pin(async move {
        let client = client(&Scripted::default(), policy);
        until_open(&client, async |_| drop(get(&client).await)).await
    })
}

/// A request each second.
fn every_other_failure_that_opens(policy: Policy) -> Scene {
    Box::pin(async move {
        let script = Scripted::default();
        let client = client(&script, policy);
        until_open(&client, async |nth| {
            script.push(if nth % 2 == 0 { Step::status(500) } else { ok() });
            drop(get(&client).await);
            tokio::time::sleep(Duration::from_secs(1)).await;
        })
        .await
    })
}

fn slow_answers_that_open(policy: Policy) -> Scene {
    Box::pin(async move {
        let client = client(&Scripted::always(ok().after(Duration::from_secs(2))), policy);
        until_open(&client, async |_| drop(get(&client).await)).await
    })
}

fn dropped_calls_that_open(policy: Policy) -> Scene {
    Box::pin(async move {
        let client = client(&Scripted::always(Step::hang()), policy);
        let patience = Duration::from_millis(100);
        until_open(&client, async |_| drop(tokio::time::timeout(patience, get(&client).into_future()).await)).await
    })
}

/// What is left of an open circuit just after it opened.
async fn open_for(client: &Client) -> u64 {
    millis(get(client).await.expect_err("open").retry_in().expect("not by hand"))
}

fn time_that_it_is_open(policy: Policy) -> Scene {
    Box::pin(async move {
        let client = client(&Scripted::always(Step::status(500)), policy);
        get(&client).await.expect_err("a failure");
        open_for(&client).await
    })
}

fn time_that_it_is_open_again(policy: Policy) -> Scene {
    Box::pin(async move {
        let client = client(&Scripted::always(Step::status(500)), policy);
        get(&client).await.expect_err("a failure");
        tokio::time::sleep(Duration::from_millis(open_for(&client).await + 10)).await;
        get(&client).await.expect_err("a failed probe");
        open_for(&client).await
    })
}

fn whether_times_differ(policy: Policy) -> Scene {
    Box::pin(async move {
        let mut times = BTreeSet::new();
        for _ in 0..20 {
            let client = client(&Scripted::always(Step::status(500)), policy.clone());
            get(&client).await.expect_err("a failure");
            times.insert(open_for(&client).await);
        }
        u64::from(times.len() > 1)
    })
}

/// Two endpoints that fail, of which one may be left out: it, once it is, and for how many seconds.
async fn left_out(client: &Client) -> Option<(usize, u64)> {
    for _ in 0..NEVER {
        get(client).await.expect_err("a failed status");
        let mut left = client.endpoints().into_iter().map(|endpoint| endpoint.ejected_for).enumerate();
        if let Some((which, left)) = left.find_map(|(which, left)| Some((which, left?))) {
            return Some((which, (left + Duration::from_millis(500)).as_secs()));
        }
    }
    None
}

fn both_fail(policy: Policy) -> (Places, Client) {
    let places = Places::new([Step::status(500), Step::status(500)]);
    let client = places.client(policy);
    (places, client)
}

fn seconds_that_it_is_left_out(policy: Policy) -> Scene {
    Box::pin(async move { left_out(&both_fail(policy).1).await.map_or(0, |(_, seconds)| seconds) })
}

fn failures_that_leave_out(policy: Policy) -> Scene {
    Box::pin(async move {
        let (places, client) = both_fail(policy);
        let (which, _) = left_out(&client).await.expect("it fails");
        count(places.at(which))
    })
}

fn seconds_that_it_is_left_out_again(policy: Policy) -> Scene {
    Box::pin(async move {
        let (_, client) = both_fail(policy);
        let (first, _) = left_out(&client).await.expect("it fails");
        while client.endpoints()[first].ejected_for.is_some() {
            get(&client).await.expect_err("the other one fails, too");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let (again, seconds) = left_out(&client).await.expect("it fails");
        // The other one has failed more lately, so this one is asked.
        assert_eq!(first, again);
        seconds
    })
}

/// Of a hundred, evenly spread.
fn calls_of_the_first_ten_seconds_after_an_outage(policy: Policy) -> Scene {
    Box::pin(async move {
        let script = Scripted::new([Step::status(500)]).otherwise(ok());
        let client = builder(&script).policy(policy).seed(7).build().expect("a client");
        get(&client).await.expect_err("a failure");
        tokio::time::sleep(Duration::from_secs(5)).await;
        get(&client).await.expect("the probe");
        let before = count(&script);
        for _ in 0..100 {
            drop(get(&client).await);
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        count(&script) - before
    })
}

fn how_many_are_left_out(policy: Policy) -> Scene {
    Box::pin(async move {
        let client = Places::new([Step::status(500), Step::status(500), Step::status(500)]).client(policy);
        for _ in 0..NEVER {
            drop(get(&client).await);
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        client.endpoints().iter().filter(|endpoint| endpoint.ejected_for.is_some()).count().try_into().expect("three")
    })
}

fn requests_of_a_slow_call(policy: Policy) -> Scene {
    Box::pin(async move {
        let script = Scripted::always(ok().after(Duration::from_secs(1)));
        get(&client(&script, policy)).await.expect("an answer");
        count(&script)
    })
}

/// After twenty calls of 10 ms, 20 ms, … 200 ms.
fn time_of_a_call_that_hangs_once(policy: Policy) -> Scene {
    Box::pin(async move {
        let script = Scripted::new((1..=20).map(|nth| ok().after(Duration::from_millis(nth * 10))));
        let mut learning = policy.clone();
        learning.hedge.after = learning.hedge.after.map(|_| Duration::from_secs(60));
        let client = client(&script, policy);
        for _ in 0..20 {
            get(&client).policy(learning.clone()).await.expect("an answer");
        }
        script.push(Step::hang());
        script.push(ok());
        let started = Instant::now();
        get(&client).await.expect("the second request");
        millis(started.elapsed())
    })
}

fn hedges_of_a_hundred_slow_calls(policy: Policy) -> Scene {
    Box::pin(async move {
        let script = Scripted::always(ok().after(Duration::from_secs(1)));
        let client = client(&script, policy);
        for _ in 0..100 {
            get(&client).await.expect("an answer");
        }
        count(&script) - 100
    })
}

fn calls_at_once(policy: Policy) -> Scene {
    Box::pin(async move {
        let script = Scripted::always(Step::hang());
        let client = client(&script, policy);
        let mut calls = tokio::task::JoinSet::new();
        for _ in 0..10 {
            let client = client.clone();
            calls.spawn(async move { get(&client).await.map(drop) });
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
        count(&script)
    })
}

fn slots_after_much_was_dropped(policy: Policy) -> Scene {
    Box::pin(async move {
        let client = client(&Scripted::always(Step::status(429)), policy);
        for _ in 0..NEVER {
            get(&client).await.expect_err("too many requests");
        }
        client.free_slots().expect("a bulkhead").try_into().expect("a few")
    })
}

fn time_until_a_call_is_told_that_it_is_too_many(policy: Policy) -> Scene {
    Box::pin(async move {
        let client = client(&Scripted::always(Step::hang()), policy);
        let first = tokio::spawn({
            let client = client.clone();
            async move { get(&client).await.map(drop) }
        });
        tokio::time::sleep(Duration::from_millis(10)).await;
        let started = Instant::now();
        get(&client).await.expect_err("busy");
        first.abort();
        millis(started.elapsed())
    })
}

fn bytes_of_a_reply(policy: Policy) -> Scene {
    Box::pin(async move {
        let client = client(&Scripted::always(ok()), policy);
        let reply = client.request(&LIST).answering(sinew_runtime::generated::Reply::bytes).await;
        reply.map_or(0, |bytes| bytes.len().try_into().expect("a few"))
    })
}

fn bytes_of_a_failed_reply(policy: Policy) -> Scene {
    Box::pin(async move {
        let client = client(&Scripted::always(Step::status(404).body("not there.")), policy);
        let error = get(&client).await.expect_err("a failed status");
        error.body().expect("a body").len().try_into().expect("a few")
    })
}
