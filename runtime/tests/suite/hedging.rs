//! Is a second request sent when the first makes one wait, and does it do no harm?

use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

use sinew_runtime::generated::{Client, Method, Operation, Reply};
use sinew_runtime::testing::{Scripted, Step};
use sinew_runtime::{CircuitState, Event, Observed, Observer, Policy};
use tokio::time::Instant;

use crate::endpoints::Places;
use crate::support::{builder, create, get, ok};

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn hedged(after: Option<Duration>) -> Policy {
    let mut policy = Policy::standard();
    policy.hedge.enabled = true;
    policy.hedge.after = after;
    (policy.budget.percent, policy.budget.window) = (0, Duration::ZERO);
    policy
}

fn client(script: &Scripted, policy: Policy) -> Client {
    builder(script).policy(policy).build().expect("a client")
}

#[tokio::test(start_paused = true)]
async fn the_second_request_wins_over_one_that_hangs() {
    let script = Scripted::new([Step::hang()]).otherwise(ok().after(ms(20)));
    let client = client(&script, hedged(Some(ms(100))));
    let started = Instant::now();
    let response = get(&client).response().await.expect("the second one");
    assert_eq!((started.elapsed(), script.count(), response.status.as_u16()), (ms(120), 2, 200));
    assert_eq!((client.in_flight(), client.circuit()), (0, CircuitState::Closed));
    assert_eq!(client.hedges_left(), Some(9));
    assert_eq!(client.retries_left(), Some(2), "a hedge is no retry");
    // An answer in time brings no second one.
    let script = Scripted::always(ok().after(ms(99)));
    let quick = self::client(&script, hedged(Some(ms(100))));
    get(&quick).await.expect("an answer");
    assert_eq!(script.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_first_may_win_all_the_same() {
    let script = Scripted::new([ok().after(ms(110))]).otherwise(Step::hang());
    let client = client(&script, hedged(Some(ms(100))));
    let started = Instant::now();
    get(&client).await.expect("the first one");
    assert_eq!((started.elapsed(), script.count()), (ms(110), 2));
}

#[tokio::test(start_paused = true)]
async fn a_fast_failure_does_not_beat_a_success_to_come() {
    for failure in [Step::status(500), Step::refuse(), Step::reset()] {
        let script = Scripted::new([ok().after(ms(300)), failure]);
        let client = client(&script, hedged(Some(ms(100))));
        let started = Instant::now();
        get(&client).await.expect("the slow one");
        assert_eq!((started.elapsed(), script.count()), (ms(300), 2));
    }
    // The other way round as well.
    let script = Scripted::new([Step::status(500).after(ms(150)), ok().after(ms(300))]);
    let client = client(&script, hedged(Some(ms(100))));
    let started = Instant::now();
    get(&client).await.expect("the second one");
    assert_eq!(started.elapsed(), ms(400));
}

#[tokio::test(start_paused = true)]
async fn two_failures_are_two_attempts() {
    let script = Scripted::always(Step::status(502).after(ms(150)));
    let client = client(&script, hedged(Some(ms(100))));
    let error = get(&client).await.expect_err("all fail");
    assert_eq!((error.attempts(), script.count()), (3, 3), "two beside each other, one after them, and no more");
    let script = Scripted::always(Step::hang());
    let one = self::client(&script, hedged(Some(ms(100))).with_attempts(1));
    get(&one).timeout(ms(1000)).await.expect_err("nothing comes");
    assert_eq!(script.count(), 1, "one attempt is one attempt");
}

#[tokio::test(start_paused = true)]
async fn only_what_is_safe_is_sent_twice() {
    static SEARCH: Operation = Operation::new("search", Method::Post, "/search").idempotent(true);
    static PUT: Operation = Operation::new("put", Method::Put, "/x");
    let slow = || Scripted::always(ok().after(ms(500)));
    let script = slow();
    create(&client(&script, hedged(Some(ms(100))))).await.expect("an answer");
    assert_eq!(script.count(), 1, "POST");
    for operation in [&SEARCH, &PUT] {
        let script = slow();
        let client = client(&script, hedged(Some(ms(100))));
        let call = client.request(operation).json(&7).answering(Reply::json::<serde_json::Value>);
        call.await.expect("an answer");
        assert_eq!(script.count(), 1, "{operation:?}");
    }
    let script = slow();
    let client = client(&script, hedged(Some(ms(100))));
    let keyed = get(&client).idempotency_key("k-1");
    keyed.await.expect("an answer");
    let keys: Vec<_> = script.seen().iter().map(|seen| seen.headers["idempotency-key"].clone()).collect();
    assert_eq!(keys, ["k-1", "k-1"], "the same for both");
}

#[tokio::test(start_paused = true)]
async fn the_time_is_learned_and_bounded() {
    let script = Scripted::default();
    for time in (1..=20).rev().chain((1..=20).rev()) {
        script.push(ok().after(ms(time)));
    }
    let script = script.otherwise(ok().after(ms(400)));
    let client = client(&script, hedged(None));
    for _ in 0..40 {
        get(&client).await.expect("an answer");
    }
    let before = script.count();
    assert!((40..=42).contains(&before), "few were slower than most: {before}");
    let started = Instant::now();
    get(&client).await.expect("an answer");
    assert_eq!((script.count() - before, started.elapsed()), (2, ms(400)), "the second one was no faster");
    // What is learned of instant answers is no reason to send everything twice.
    let script = Scripted::always(ok());
    let client = self::client(&script, hedged(None));
    for _ in 0..30 {
        get(&client).await.expect("an answer");
    }
    script.push(ok().after(ms(9)));
    get(&client).await.expect("an answer");
    assert_eq!(script.count(), 31, "not within the least time");
}

#[tokio::test(start_paused = true)]
async fn the_budget_is_kept_to_and_an_empty_one_fails_nobody() {
    let script = Scripted::always(ok().after(ms(200)));
    let client = client(&script, hedged(Some(ms(100))));
    for _ in 0..200 {
        get(&client).await.expect("an answer, hedged or not");
    }
    let hedges = script.count() - 200;
    assert_eq!(hedges, 19, "ten to begin with, and one for each twenty calls but the first, which found it full");
    assert_eq!(client.hedges_left(), Some(0));
}

#[tokio::test(start_paused = true)]
async fn another_endpoint_is_asked_and_a_loser_counts_for_nothing() {
    let places = Places::new([Step::hang(), ok().after(ms(20))]);
    let mut policy = hedged(Some(ms(100)));
    policy.breaker.failures = 1;
    policy.outlier.failures = 1;
    let client = places.client(policy);
    let mut hedges = 0;
    for _ in 0..20 {
        let before = places.at(0).count();
        let started = Instant::now();
        get(&client).await.expect("the other one");
        hedges += places.at(0).count() - before;
        assert!(started.elapsed() <= ms(120));
        tokio::time::sleep(ms(10_000)).await;
    }
    assert!(hedges >= 1 && places.at(0).count() == hedges);
    for endpoint in client.endpoints() {
        assert_eq!((endpoint.in_flight, endpoint.circuit, endpoint.ejected_for), (0, CircuitState::Closed, None));
    }
    // A circuit that is open is no other endpoint.
    let places = Places::new([ok().after(ms(300)), ok().after(ms(300))]);
    let client = places.client(hedged(Some(ms(100))));
    get(&client).await.expect("an answer");
    assert_eq!(places.counts(), [1, 1]);
}

#[tokio::test(start_paused = true)]
async fn a_failure_sends_the_hedge_at_once_where_there_is_another_endpoint() {
    let mut policy = hedged(Some(ms(100)));
    policy.outlier.enabled = false;
    policy.breaker.failures = 255;
    policy.hedge.percent = 0;
    // The budget of a new client is ten, and the endpoint that fails is taken now and then.
    let places = Places::new([Step::status(503), ok()]);
    let client = places.client(policy.clone());
    while client.hedges_left() != Some(0) {
        let started = Instant::now();
        get(&client).await.expect("the other endpoint");
        assert_eq!(started.elapsed(), Duration::ZERO, "nothing was waited for");
        // What it did is forgotten, so it is drawn again.
        tokio::time::sleep(ms(60_000)).await;
    }
    assert_eq!((places.at(0).count(), client.retries_left()), (10, Some(100)), "and no retry was paid for");
    // Without a budget it is a matter of retries.
    loop {
        let started = Instant::now();
        get(&client).await.expect("an answer in the end");
        if places.at(0).count() > 10 {
            assert!(started.elapsed() > Duration::ZERO && client.retries_left() < Some(100));
            break;
        }
        tokio::time::sleep(ms(60_000)).await;
    }

    // A single endpoint is spared by the back-off.
    let script = Scripted::new([Step::status(503)]).otherwise(ok());
    let alone = self::client(&script, policy.clone());
    let started = Instant::now();
    get(&alone).await.expect("the second attempt");
    assert!(started.elapsed() > Duration::ZERO && alone.hedges_left() == Some(10));
    // What is final, and what the whole service says, sends nothing elsewhere.
    for (status, asked) in [(404, None), (429, Some("3"))] {
        let step = asked.into_iter().fold(Step::status(status), |step, asked| step.header("retry-after", asked));
        let places = Places::new([step.clone(), step]);
        let client = places.client(policy.clone().with_attempts(2));
        let started = Instant::now();
        get(&client).await.expect_err("failed");
        assert_eq!(client.hedges_left(), Some(10), "{status}");
        assert_eq!(started.elapsed() >= ms(3000), status == 429);
    }
    // Both may fail: then it is two attempts, and the error tells of both.
    let places = Places::new([Step::status(503), Step::status(502)]);
    let client = places.client(policy.with_attempts(2));
    let error = get(&client).await.expect_err("both fail");
    let statuses = |error: &sinew_runtime::Error| error.status().map(|status| status.as_u16());
    let mut both = [statuses(&error), error.first().and_then(statuses)];
    both.sort_unstable();
    assert_eq!((both, error.attempts()), ([Some(502), Some(503)], 2));
    assert_eq!((places.counts(), client.in_flight()), (vec![1, 1], 0));
}

#[tokio::test(start_paused = true)]
async fn a_loser_that_took_longer_than_answers_do_failed() {
    let places = Places::new([ok().after(ms(20)), ok().after(ms(20))]);
    let mut policy = hedged(Some(ms(100)));
    policy.breaker.failures = 2;
    policy.hedge.percent = 100;
    let client = places.client(policy);
    for _ in 0..30 {
        get(&client).await.expect("an answer");
    }
    // From here on the first endpoint hangs, and the other one wins each time.
    places.at(0).push(Step::hang());
    places.at(0).push(Step::hang());
    let circuits = || client.endpoints().iter().map(|endpoint| endpoint.circuit).collect::<Vec<_>>();
    for _ in 0..200 {
        get(&client).await.expect("the other one");
        tokio::time::sleep(ms(5_000)).await;
        if circuits()[0] == CircuitState::Open {
            break;
        }
    }
    assert_eq!(circuits(), [CircuitState::Open, CircuitState::Closed]);
}

#[tokio::test(start_paused = true)]
async fn who_hangs_for_ever_is_noticed_though_every_loser_is_dropped() {
    let script = Scripted::always(Step::hang());
    let mut policy = hedged(Some(ms(10)));
    policy.breaker.given_up = 3;
    policy.breaker.failures = 2;
    policy.hedge.percent = 100;
    let client = client(&script, policy);
    for _ in 0..4 {
        let _ = tokio::time::timeout(ms(100), get(&client)).await;
    }
    assert_eq!(client.circuit(), CircuitState::Open);
}

#[tokio::test(start_paused = true)]
async fn a_hedged_call_can_be_dropped_at_every_await() {
    let scenarios: [fn() -> Vec<Step>; 5] = [
        || vec![ok().after(ms(300)), ok().after(ms(300))],
        || vec![Step::hang(), Step::hang()],
        || vec![Step::status(502).after(ms(250)), Step::status(502).after(ms(250))],
        || vec![Step::black_hole(), ok().after(ms(300))],
        || vec![Step::status(200).body("1").chunk_after(ms(500), "2"), Step::refuse()],
    ];
    for steps in scenarios {
        for polls in 0..40 {
            let script = Scripted::new(steps()).otherwise(ok());
            let mut policy = hedged(Some(ms(150)));
            policy.bulkhead.enabled = true;
            policy.bulkhead.most = 1;
            let client = client(&script, policy);
            let mut call = Box::pin(get(&client).into_future());
            for _ in 0..polls {
                if poll_fn(|context| Poll::Ready(call.as_mut().poll(context).is_ready())).await {
                    break;
                }
                tokio::time::advance(ms(100)).await;
            }
            drop(call);
            assert_eq!((client.in_flight(), client.free_slots()), (0, Some(1)), "{polls} polls");
            assert_eq!(client.circuit(), CircuitState::Closed, "{polls} polls");
            let sent = u32::try_from(script.count()).expect("a few");
            let paid = 10 - client.hedges_left().expect("a budget");
            assert!(paid <= sent.saturating_sub(1), "{paid} paid for {sent} requests");
            get(&client).await.expect("there is a slot");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_probe_is_not_hedged_on_its_own_circuit_and_is_told() {
    #[derive(Clone, Default)]
    struct Book(std::sync::Arc<std::sync::Mutex<Vec<Event>>>);
    impl Observer for Book {
        fn observe(&self, _: &Observed<'_>, event: &Event) {
            self.0.lock().expect("not poisoned").push(event.clone());
        }
    }
    let script = Scripted::new([Step::status(500), ok().after(ms(300))]).otherwise(ok().after(ms(300)));
    let book = Book::default();
    let policy = hedged(Some(ms(100))).with_breaker(1, Duration::from_secs(60));
    let client: Client = builder(&script).policy(policy).observer(book.clone()).build().expect("a client");
    get(&client).await.expect_err("opens the circuit");
    tokio::time::sleep(Duration::from_secs(90)).await;
    get(&client).await.expect("the probe");
    assert_eq!((script.count(), client.circuit()), (2, CircuitState::Closed), "one probe is one");
    get(&client).await.expect("an answer");
    let events = book.0.lock().expect("not poisoned").clone();
    let hedges: Vec<_> = events.iter().filter(|event| matches!(event, Event::Hedged { .. })).collect();
    assert_eq!(hedges, [&Event::Hedged { attempt: 2, after: ms(100) }]);
}

#[tokio::test(start_paused = true)]
async fn closing_ends_both_and_sends_no_more() {
    for at in [50, 200] {
        let script = Scripted::always(Step::hang());
        let client = client(&script, hedged(Some(ms(100))));
        let calling = client.clone();
        let call = tokio::spawn(async move { get(&calling).await.map(drop) });
        tokio::time::sleep(ms(at)).await;
        assert!(!client.close_within(ms(300)).await, "nothing comes");
        assert!(call.await.expect("no panic").expect_err("closed").is_closed());
        assert_eq!((script.count(), client.in_flight()), (if at == 50 { 1 } else { 2 }, 0));
        assert_eq!(client.circuit(), CircuitState::Closed);
    }
}
