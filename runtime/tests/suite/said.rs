//! Does a request say which call it belongs to, its attempt's number and the time that is left, to its own service and to nobody else?

use std::time::Duration;

use sinew_runtime::generated::{Client, Method, Operation, Reply};
use sinew_runtime::testing::{Scripted, Seen, Step};
use sinew_runtime::{ClientBuilder, Policy};
use tokio::time::Instant;

use crate::support::{builder, get, ok};

const NUMBER: &str = "x-retry-attempt";
const LEFT: &str = "x-request-timeout-ms";

fn telling(script: &Scripted) -> ClientBuilder<Client> {
    builder(script).attempt_header("X-Retry-Attempt").deadline_header(LEFT)
}

/// What each request said under a name.
fn said(seen: &[Seen], name: &str) -> Vec<Option<u64>> {
    let value =
        |seen: &Seen| seen.headers.get(name).map(|value| value.to_str().expect("text").parse().expect("digits"));
    seen.iter().map(value).collect()
}

#[tokio::test(start_paused = true)]
async fn each_attempt_says_its_number_and_what_is_left_then() {
    let script = Scripted::new([Step::refuse(), Step::refuse().after(Duration::from_millis(500)), ok()]);
    let started = Instant::now();
    let client = telling(&script).build().expect("a client");
    get(&client).timeout(Duration::from_secs(20)).await.expect("the third attempt");
    let took = u64::try_from(started.elapsed().as_millis()).expect("seconds");
    assert_eq!(said(&script.seen(), NUMBER), [Some(1), Some(2), Some(3)]);
    let left: Vec<_> = said(&script.seen(), LEFT).into_iter().flatten().collect();
    assert_eq!(left[0], 20_000);
    // The waits of one and two seconds, and the half that the second attempt took.
    assert!((18_890..=19_000).contains(&left[1]) && (16_190..=16_500).contains(&left[2]), "{left:?}");
    assert!(left[2].abs_diff(20_000 - took) <= 1, "as it is when the attempt is made: {left:?}, {took}");
    // The next call begins anew, and with the client's own deadline.
    script.push(ok());
    get(&client).await.expect("an answer");
    assert_eq!((said(&script.seen(), NUMBER)[3], said(&script.seen(), LEFT)[3]), (Some(1), Some(120_000)));
}

#[tokio::test(start_paused = true)]
async fn nobody_is_told_who_did_not_ask_for_it() {
    let script = Scripted::always(ok());
    get(&crate::support::client(&script)).await.expect("an answer");
    for name in [NUMBER, LEFT] {
        assert_eq!(said(&script.seen(), name), [None]);
    }
    // One without the other.
    get(&builder(&script).attempt_header(NUMBER).build().expect("a client")).await.expect("an answer");
    get(&builder(&script).deadline_header(LEFT).build().expect("a client")).await.expect("an answer");
    assert_eq!(said(&script.seen(), NUMBER), [None, Some(1), None]);
    assert_eq!(said(&script.seen(), LEFT), [None, None, Some(120_000)]);
}

#[tokio::test(start_paused = true)]
async fn all_requests_of_a_call_have_one_number_and_the_next_call_another() {
    const ID: &str = "x-request-id";
    let script = Scripted::new([Step::refuse(), ok(), ok()]).otherwise(ok());
    let client = builder(&script).request_id_header("X-Request-Id").build().expect("a client");
    let of = |at: usize| script.seen()[at].headers[ID].to_str().expect("text").to_owned();
    get(&client).await.expect("the second attempt");
    get(&client).await.expect("an answer");
    assert_eq!((of(0), of(0).len()), (of(1), 36));
    assert_ne!(of(1), of(2));
    // Who brings one keeps it: the call, then the client.
    get(&client).header(ID, "mine").await.expect("an answer");
    let client = builder(&script).request_id_header(ID).header(ID, "ours").build().expect("a client");
    get(&client).await.expect("an answer");
    assert_eq!((of(3), of(4)), ("mine".to_owned(), "ours".to_owned()));
    // Others are told nothing.
    static ELSEWHERE: Operation = Operation::new("elsewhere", Method::Get, "/x").server("http://other.test");
    let client = builder(&script).request_id_header(ID).build().expect("a client");
    client.request(&ELSEWHERE).answering(Reply::empty).await.expect("an answer");
    assert!(!script.seen()[5].headers.contains_key(ID));
}

#[tokio::test(start_paused = true)]
async fn a_hedge_has_its_own_number() {
    let script = Scripted::new([Step::hang()]).otherwise(ok());
    let mut policy = Policy::standard();
    (policy.hedge.enabled, policy.hedge.after) = (true, Some(Duration::from_millis(100)));
    let client = telling(&script).policy(policy).build().expect("a client");
    get(&client).await.expect("the second request");
    assert_eq!(said(&script.seen(), NUMBER), [Some(1), Some(2)]);
    assert_eq!(said(&script.seen(), LEFT), [Some(30_000), Some(29_900)]);
}

#[tokio::test(start_paused = true)]
async fn other_origins_are_told_nothing() {
    static ELSEWHERE: Operation = Operation::new("elsewhere", Method::Get, "/x").server("http://other.test");
    let script = Scripted::always(ok());
    let client = telling(&script).build().expect("a client");
    client.request(&ELSEWHERE).answering(Reply::empty).await.expect("an answer");
    assert_eq!((said(&script.seen(), NUMBER), said(&script.seen(), LEFT)), (vec![None], vec![None]));
    // Nor is one that a redirect leads to; the service itself is told at each hop of the attempt.
    let script = Scripted::new([
        Step::status(307).header("location", "/api/v1/moved"),
        Step::status(307).header("location", "http://files.test/7"),
        ok(),
    ]);
    let following = telling(&script).follow_redirects(3).redirects_to("http://files.test");
    get(&following.build().expect("a client")).await.expect("an answer");
    assert_eq!(said(&script.seen(), NUMBER), [Some(1), Some(1), None]);
    assert_eq!(said(&script.seen(), LEFT), [Some(120_000), Some(120_000), None]);
}

#[tokio::test(start_paused = true)]
async fn names_are_guarded_and_credentials_stand() {
    let script = Scripted::always(ok());
    for name in ["content-length", "Host", "no name", ""] {
        let number = builder(&script).attempt_header(name).build().expect_err("no name for it");
        let left = builder(&script).deadline_header(name).build().expect_err("no name for it");
        let call = builder(&script).request_id_header(name).build().expect_err("no name for it");
        assert!(call.is_config() && call.to_string().contains("request_id_header"), "{call}");
        assert!(number.is_config() && number.to_string().contains("attempt_header"), "{number}");
        assert!(left.is_config() && left.to_string().contains("deadline_header"), "{left}");
    }
    let same = telling(&script).deadline_header(NUMBER).build().expect_err("two things under one name");
    assert!(same.is_config(), "{same}");
    for taken in [NUMBER, LEFT] {
        assert!(telling(&script).request_id_header(taken).build().is_err(), "two things under one name");
    }
    // It says what is true of the attempt, whatever the call says under its name.
    let client = telling(&script).build().expect("a client");
    get(&client).header(NUMBER, "9").await.expect("an answer");
    assert_eq!(said(&script.seen(), NUMBER), [Some(1)]);
    // And it takes no credential's place.
    static SECURED: Operation = Operation::new("secured", Method::Get, "/x").auth(&[&["bearer"]]);
    let client = builder(&script).attempt_header("authorization").bearer("t").build().expect("a client");
    client.request(&SECURED).answering(Reply::empty).await.expect("an answer");
    assert_eq!(script.seen()[1].headers["authorization"], "Bearer t");
}
