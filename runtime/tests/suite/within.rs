//! Do calls end when those that they are made for wait no longer?

use std::time::Duration;

use sinew_runtime::testing::{Scripted, Step};
use sinew_runtime::{CircuitState, ErrorKind, Policy, Sent, within};
use tokio::time::Instant;

use crate::support::{builder, client, fragile, get, ok};

fn after(millis: u64) -> Instant {
    Instant::now() + Duration::from_millis(millis)
}

/// How long it takes, in milliseconds.
async fn timed<T>(future: impl Future<Output = T>) -> (T, u128) {
    let started = Instant::now();
    let value = future.await;
    (value, started.elapsed().as_millis())
}

#[tokio::test(start_paused = true)]
async fn the_earlier_deadline_holds() {
    let client = client(&Scripted::always(Step::hang()));
    let (error, took) = timed(get(&client).deadline(after(700)).into_future()).await;
    let error = error.expect_err("no answer");
    assert_eq!((error.kind(), error.sent(), took), (ErrorKind::Deadline, Sent::MaybeSent, 700), "{error}");
    let (error, took) =
        timed(get(&client).deadline(after(700)).timeout(Duration::from_millis(300)).into_future()).await;
    assert!(error.expect_err("no answer").to_string().contains("within the call's 300 ms"));
    assert_eq!(took, 300);
    let (error, took) =
        timed(get(&client).deadline(after(300)).timeout(Duration::from_millis(700)).into_future()).await;
    assert!(error.expect_err("no answer").to_string().contains("by the deadline that was set for it"));
    assert_eq!(took, 300);
    // Nor do retries go beyond it.
    let script = Scripted::default();
    let (error, took) = timed(get(&self::client(&script)).deadline(after(1500)).into_future()).await;
    assert_eq!((error.expect_err("refused").attempts(), script.count()), (2, 2));
    assert!((1000..1500).contains(&took), "{took}");
}

#[tokio::test(start_paused = true)]
async fn what_is_made_within_inherits_it() {
    let client = client(&Scripted::always(Step::hang()));
    let ask = async || get(&client).await.expect_err("no answer").kind();
    assert_eq!(timed(within(after(700), ask())).await, (ErrorKind::Deadline, 700));
    // A call that was made before, too: it is awaited within.
    let call = get(&client).into_future();
    assert_eq!(timed(within(after(200), call)).await.1, 200);
    // The earlier of several.
    assert_eq!(timed(within(after(700), within(after(400), ask()))).await.1, 400);
    assert_eq!(timed(within(after(400), within(after(700), ask()))).await.1, 400);
    assert_eq!(timed(within(after(400), get(&client).deadline(after(100)).into_future())).await.1, 100);
    assert_eq!(timed(within(after(100), get(&client).deadline(after(400)).into_future())).await.1, 100);
    // Calls one after the other share it.
    let both = async {
        let _ = get(&client).timeout(Duration::from_millis(300)).await;
        ask().await
    };
    assert_eq!(timed(within(after(500), both)).await, (ErrorKind::Deadline, 500));
    // What is looked at until it is done is waited for no longer either, not even between two looks.
    let script = Scripted::always(ok());
    let pending = self::client(&script);
    let looks = get(&pending).until(|_| false).every(Duration::from_secs(4), Duration::from_secs(60)).into_future();
    let (result, took) = timed(within(after(5000), looks)).await;
    assert_eq!((result.expect_err("never done").kind(), took, script.count()), (ErrorKind::Deadline, 5000, 2));
    // It ends with its scope, and holds for no other task.
    let spawned = within(after(100), async {
        let client = client.clone();
        tokio::spawn(async move { get(&client).timeout(Duration::from_secs(3)).await.map(drop) }).await
    });
    let (result, took) = timed(spawned).await;
    assert!(result.expect("no panic").is_err() && took == 3000, "{took}");
    let (_, took) = timed(get(&client).timeout(Duration::from_secs(2)).into_future()).await;
    assert_eq!(took, 2000);
}

#[tokio::test(start_paused = true)]
async fn what_is_too_late_is_not_sent() {
    let script = Scripted::always(ok());
    let client = client(&script);
    for left in [0, 5] {
        let error = get(&client).deadline(after(left)).await.expect_err("too late");
        assert_eq!((error.kind(), error.sent(), error.attempts()), (ErrorKind::Deadline, Sent::NotSent, 0), "{error}");
        within(after(left), get(&client).into_future()).await.expect_err("too late");
    }
    assert_eq!(script.count(), 0);
    get(&client).deadline(after(6)).await.expect("an answer");
}

#[tokio::test(start_paused = true)]
async fn who_has_little_time_says_nothing_about_the_service() {
    let client = fragile(&Scripted::always(ok().after(Duration::from_millis(100))), 1);
    for _ in 0..10 {
        get(&client).deadline(after(20)).await.expect_err("too slow for this one");
    }
    assert_eq!(client.circuit(), CircuitState::Closed);
    get(&client).await.expect("an answer");
    // Unless nobody ever has an answer: as with callers that drop their calls.
    let mut policy = Policy::default().with_breaker(1, Duration::from_secs(60));
    policy.breaker.given_up = 3;
    let silent = builder(&Scripted::always(Step::hang())).policy(policy).build().expect("a client");
    for _ in 0..4 {
        assert_eq!(silent.circuit(), CircuitState::Closed);
        get(&silent).deadline(after(20)).await.expect_err("no answer");
    }
    assert_eq!(silent.circuit(), CircuitState::Open);
}
