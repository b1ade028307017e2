//! Are calls limited, closed and given up without anything being left behind?

use std::future::{Future, poll_fn};
use std::task::Poll;
use std::time::Duration;

use sinew_runtime::generated::Client;
use sinew_runtime::testing::{Scripted, Step};
use sinew_runtime::{CircuitState, Download, ErrorKind, Policy, Sent};
use tokio::time::Instant;

use crate::support::{LIST, builder, get, ok};

fn limited(most: u32, wait: Duration) -> Policy {
    let mut policy = Policy::standard();
    policy.bulkhead.enabled = true;
    (policy.bulkhead.most, policy.bulkhead.wait) = (most, wait);
    policy
}

fn client(script: &Scripted, policy: Policy) -> Client {
    builder(script).policy(policy).build().expect("a client")
}

#[tokio::test(start_paused = true)]
async fn a_bulkhead_lets_so_many_go_and_no_more() {
    let script = Scripted::always(ok().after(Duration::from_secs(1)));
    let client = client(&script, limited(2, Duration::ZERO));
    let both: Vec<_> = (0..2)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { get(&client).await })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(10)).await;
    assert_eq!((client.in_flight(), client.free_slots()), (2, Some(0)));
    let error = get(&client).await.expect_err("the third");
    assert_eq!((error.kind(), error.sent(), error.attempts()), (ErrorKind::Busy, Sent::NotSent, 0));
    assert!(client.health().await.expect("a check goes all the same").ok);
    for call in both {
        call.await.expect("no panic").expect("an answer");
    }
    assert_eq!((client.in_flight(), client.free_slots(), client.circuit()), (0, Some(2), CircuitState::Closed));
}

#[tokio::test(start_paused = true)]
async fn a_turn_is_waited_for_and_sleepers_take_none() {
    let script = Scripted::always(ok().after(Duration::from_secs(1)));
    let patient = client(&script, limited(1, Duration::from_secs(3)));
    let started = Instant::now();
    let calls: Vec<_> = (0..5)
        .map(|_| {
            let client = patient.clone();
            tokio::spawn(async move { get(&client).await.map_err(|error| error.kind()) })
        })
        .collect();
    let mut ends = Vec::new();
    for call in calls {
        ends.push(call.await.expect("no panic").is_ok());
    }
    assert_eq!(ends.iter().filter(|ok| **ok).count(), 3, "after 1 s, 2 s and 3 s at the latest: {ends:?}");
    assert!(started.elapsed() <= Duration::from_secs(4), "{:?}", started.elapsed());

    let script = Scripted::new([Step::refuse()]).otherwise(ok());
    let mut policy = limited(1, Duration::ZERO);
    policy.backoff.jitter = sinew_runtime::Jitter::None;
    let client = client(&script, policy);
    let sleeping = client.clone();
    let sleeping = tokio::spawn(async move { get(&sleeping).await });
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!((client.in_flight(), client.free_slots()), (1, Some(1)));
    get(&client).await.expect("the sleeper left its slot");
    sleeping.await.expect("no panic").expect("the second attempt");
}

#[tokio::test(start_paused = true)]
async fn a_download_keeps_its_slot_until_it_was_read() {
    let script = Scripted::always(Step::status(200).body("ab").chunk_after(Duration::from_secs(1), "cd"));
    let client = client(&script, limited(1, Duration::ZERO));
    let call = || client.request(&LIST).streaming(Download::from_reply);
    let download = call().await.expect("a stream");
    assert_eq!((client.in_flight(), client.free_slots()), (1, Some(0)));
    assert_eq!(call().await.expect_err("taken").kind(), ErrorKind::Busy);
    assert_eq!(download.bytes().await.expect("all of it"), "abcd");
    assert_eq!((client.in_flight(), client.free_slots()), (0, Some(1)));
    drop(call().await.expect("a stream"));
    assert_eq!((client.in_flight(), client.free_slots()), (0, Some(1)));
}

#[tokio::test(start_paused = true)]
async fn closing_gives_calls_a_grace() {
    for (grace, finished) in [(5, true), (1, false)] {
        let script = Scripted::always(ok().after(Duration::from_secs(3)));
        let client = client(&script, limited(1, Duration::from_secs(10)));
        let (calling, waiting) = (client.clone(), client.clone());
        let call = tokio::spawn(async move { get(&calling).await });
        tokio::time::sleep(Duration::from_millis(10)).await;
        let waits = tokio::spawn(async move { get(&waiting).await });
        tokio::time::sleep(Duration::from_millis(10)).await;
        let started = Instant::now();
        assert_eq!(client.close_within(Duration::from_secs(grace)).await, finished);
        assert!(started.elapsed() <= Duration::from_secs(grace));
        assert!(waits.await.expect("no panic").expect_err("it was not sent yet").is_closed());
        match call.await.expect("no panic") {
            Ok(_) => assert!(finished),
            Err(error) => {
                assert!(!finished && error.is_closed());
                assert_eq!((error.sent(), error.attempts()), (Sent::MaybeSent, 1));
            }
        }
        assert_eq!((client.in_flight(), script.count(), client.circuit()), (0, 1, CircuitState::Closed));
        let again = Instant::now();
        assert!(client.close_within(Duration::from_secs(9)).await && again.elapsed().is_zero());
    }
}

/// Every await of a call, one after the other: polled so far and dropped there, it leaves nothing behind.
#[tokio::test(start_paused = true)]
async fn a_call_can_be_dropped_at_every_await() {
    let slow = || ok().after(Duration::from_millis(300));
    type Scenario = (&'static str, fn() -> Vec<Step>, bool);
    let scenarios: [Scenario; 9] = [
        ("an answer", || vec![ok().after(Duration::from_millis(300))], false),
        ("sleeps between attempts", || vec![Step::refuse(), Step::status(502), ok()], false),
        ("told to come back later", || vec![Step::status(503).header("retry-after", "1"), ok()], false),
        ("kept away by another's answer", || vec![Step::status(429).header("retry-after", "2"), ok()], true),
        ("no answer at all", || vec![Step::hang()], false),
        ("never connected", || vec![Step::black_hole()], false),
        ("a body that drips", || vec![Step::status(200).body("1").chunk_after(Duration::from_millis(500), "2")], false),
        ("cut off in its body", || vec![Step::status(200).body("1").truncated(), ok()], false),
        ("a failure's body", || vec![Step::status(500).body("1").chunk_after(Duration::from_millis(500), "2")], false),
    ];
    for (name, steps, throttled) in scenarios {
        for contended in [false, true] {
            let mut polls = 0;
            loop {
                let script = Scripted::new(steps()).otherwise(slow());
                let mut policy = limited(1, Duration::from_secs(5));
                (policy.budget.percent, policy.budget.window) = (0, Duration::ZERO);
                policy.breaker.ratio.enabled = false;
                let client = client(&script, policy);
                if throttled {
                    get(&client).policy(Policy::standard().with_attempts(1)).await.expect_err("told to go away");
                }
                let other = contended.then(|| {
                    let client = client.clone();
                    tokio::spawn(async move { get(&client).await.is_ok() })
                });
                tokio::task::yield_now().await;
                let tokens = client.retries_left();
                let mut call = Box::pin(get(&client).into_future());
                let mut done = false;
                for _ in 0..polls {
                    done = poll_fn(|context| Poll::Ready(call.as_mut().poll(context).is_ready())).await;
                    if done {
                        break;
                    }
                    tokio::time::advance(Duration::from_millis(100)).await;
                }
                let retried = script.count();
                drop(call);
                if let Some(other) = other {
                    // The one in the way is given up as well, wherever it is.
                    other.abort();
                    drop(other.await);
                }
                let place = format!("{name}, contended: {contended}, after {polls} polls");
                assert_eq!((client.in_flight(), client.free_slots()), (0, Some(1)), "{place}");
                assert_eq!(client.circuit(), CircuitState::Closed, "{place}");
                // Only a retry that was sent is paid for.
                let paid = tokens.unwrap_or(0).saturating_sub(client.retries_left().unwrap_or(0));
                assert!(paid as usize <= retried.saturating_sub(1), "{place}: {paid} paid for {retried} requests");
                if done || polls > 130 {
                    assert!(polls > 0);
                    break;
                }
                polls += if polls < 40 { 1 } else { 10 };
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_is_dropped_leaves_its_turn_at_every_await() {
    for polls in 0..30 {
        let script = Scripted::new([Step::status(500), ok().after(Duration::from_secs(2))]).otherwise(ok());
        let mut policy = limited(1, Duration::ZERO);
        policy.breaker.failures = 1;
        policy.breaker.open_jitter = 0;
        let client = client(&script, policy);
        get(&client).await.expect_err("opens the circuit");
        tokio::time::sleep(Duration::from_secs(60)).await;
        let mut probe = Box::pin(get(&client).into_future());
        for _ in 0..polls {
            if poll_fn(|context| Poll::Ready(probe.as_mut().poll(context).is_ready())).await {
                break;
            }
            tokio::time::advance(Duration::from_millis(100)).await;
        }
        drop(probe);
        assert_eq!((client.in_flight(), client.free_slots()), (0, Some(1)), "{polls} polls");
        get(&client).await.expect("there is a turn for the next");
        assert_eq!(client.circuit(), CircuitState::Closed);
    }
}
