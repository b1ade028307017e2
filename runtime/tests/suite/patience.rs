//! Is an attempt given up only where another one may fare better?

use std::time::Duration;

use sinew_runtime::testing::{Scripted, Step};
use sinew_runtime::{CircuitState, ErrorKind, Policy};
use tokio::time::Instant;

use crate::support::{builder, create, get, ok};

/// The recommended policy: attempts of 10 s within 30 s.
fn standard(script: &Scripted) -> sinew_runtime::generated::Client {
    builder(script).policy(Policy::standard()).build().expect("a client")
}

fn late(seconds: u64) -> Step {
    ok().after(Duration::from_secs(seconds))
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_hangs_alone_is_made_again() {
    let script = Scripted::new([Step::hang(), ok()]);
    let started = Instant::now();
    get(&standard(&script)).await.expect("the second attempt");
    let took = started.elapsed();
    assert!(took >= Duration::from_secs(10) && took <= Duration::from_secs(11), "{took:?}");
    assert_eq!(script.count(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_was_overtaken_is_made_again() {
    let script = Scripted::new([Step::hang()]).otherwise(ok());
    let client = standard(&script);
    let started = Instant::now();
    let stuck = get(&client);
    let others = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        get(&client).await.expect("it is answered");
        // Another is under way when the time of the first is up.
        script.push(late(15));
        get(&client).await.expect("it is answered")
    };
    let (stuck, _) = tokio::join!(async { (stuck.await, started.elapsed()) }, others);
    stuck.0.expect("the second attempt");
    assert!(stuck.1 <= Duration::from_secs(11), "{:?}", stuck.1);
    assert_eq!(script.count(), 4);
}

#[tokio::test(start_paused = true)]
async fn who_waits_like_all_others_keeps_its_place() {
    // The service works on one after the other, and the first comes after 15 s.
    let script = Scripted::new((15..20).map(late)).otherwise(Step::hang());
    let client = standard(&script);
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..5 {
        let client = client.clone();
        calls.spawn(async move { get(&client).await.map(drop).map_err(|error| error.kind()) });
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(calls.join_all().await.iter().all(Result::is_ok));
    assert_eq!(script.count(), 5, "none was given up for a worse place in the queue");
}

#[tokio::test(start_paused = true)]
async fn a_service_that_answers_nobody_is_noticed_when_calls_end() {
    let client = standard(&Scripted::always(Step::hang()));
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..5 {
        let client = client.clone();
        calls.spawn(async move { get(&client).await.expect_err("no answer").attempts() });
    }
    tokio::time::sleep(Duration::from_millis(29_900)).await;
    assert_eq!(
        (client.circuit(), client.in_flight()),
        (CircuitState::Closed, 5),
        "it may be that all are made to wait"
    );
    assert_eq!(calls.join_all().await, [1; 5]);
    assert_eq!(client.circuit(), CircuitState::Open);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_made_again_has_all_the_time_there_is() {
    // A POST may have been processed.
    let script = Scripted::new([late(25)]);
    create(&standard(&script)).await.expect("late, but an answer");
    // No attempt is left.
    let client = builder(&script).policy(Policy::standard().with_attempts(1)).build().expect("a client");
    script.push(late(25));
    get(&client).await.expect("late, but an answer");
    // No retry is left.
    let mut policy = Policy::standard();
    policy.budget.most = 1;
    let client = builder(&script).policy(policy).build().expect("a client");
    for step in [Step::refuse(), ok(), late(25)] {
        script.push(step);
    }
    get(&client).await.expect("the second attempt");
    get(&client).await.expect("late, but an answer");
    assert_eq!(script.count(), 5);
    // The call's own time is kept to.
    script.push(Step::hang());
    let started = Instant::now();
    let error = create(&client).await.expect_err("no answer");
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Deadline, 1));
    assert_eq!(started.elapsed().as_secs(), 30);
}

#[tokio::test(start_paused = true)]
async fn the_platforms_promise_of_a_time_for_each_attempt_is_kept() {
    let script = Scripted::new([late(31)]);
    let client = builder(&script).build().expect("a client");
    let started = Instant::now();
    let error = create(&client).await.expect_err("30 s are over");
    assert_eq!((error.kind(), started.elapsed().as_secs()), (ErrorKind::Timeout, 30));
}
