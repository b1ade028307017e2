//! Are the bugs that other libraries had absent here?
//!
//! Where each is shown (`file::test`; those of `src/resilience` are unit tests), or why it cannot be:
//!
//! | # | bug | here |
//! |---|---|---|
//! | 1 | half-open stuck after an unhandled end (Polly#1979) | `gate::a_probe_that_is_dropped_leaves_its_turn_at_every_await` |
//! | 2 | a cancelled probe closes the circuit (Polly#1991) | `breaker::tests::a_dropped_probe_gives_its_turn_back_and_says_nothing` |
//! | 3 | a probe that never settles (OmniRoute#13836, r4j#903) | `breaker::tests::a_silent_probe_loses_its_turn` |
//! | 4 | permits leak on cancellation (r4j#544) | `gate::a_call_can_be_dropped_at_every_await`, `dropped`, `hedging::a_hedged_call_can_be_dropped_at_every_await` |
//! | 5 | half-open waits for calls that never come (r4j#2289) | one probe decides: `breaker::tests::one_probe_closes_or_reopens_it` |
//! | 6, 7 | half-open admits too many (r4j#1432, failsafe-rs, recloser) | `breaker::tests::many_threads_get_one_probe`, loom: `half_open_admits_one_and_tells_it_once` |
//! | 8 | late results change the state, changes told twice (Polly#216, #218) | `breaker::tests::results_of_the_past_are_ignored`, loom: `a_trip_is_told_exactly_once` |
//! | 9 | a fleet probes in lockstep (failsafe-go#142) | `breaker::tests::open_time_grows_with_each_failed_probe_and_is_spread` (under `Policy::standard`) |
//! | 10, 39 | back-off overflows (Polly#2163, Azure) | `backoff::tests::nothing_overflows` |
//! | 11 | the row of failures survives a success (Polly#131) | `breaker::tests::it_opens_after_failures_in_a_row_only` |
//! | 12 | no budget where one was meant (aws-sdk-rust#1234) | `retry::an_outage_is_not_made_worse_by_retries` |
//! | 13, 27 | a budget that never recovers, or is shared by services (aws-sdk-js-v3#4754, venice#1498) | `budget::tests::calls_and_time_bring_tokens`, `budget::tests::what_is_not_used_fades`; each client has its own |
//! | 14 | an adaptive limiter below zero (smithy#4632) | `gradient::tests::what_is_dropped_takes_a_tenth_and_never_all`, `adaptive::the_limit_shrinks_when_the_service_says_so_down_to_the_least` |
//! | 15 | an identity cache that leaks (smithy#4607) | there is none: a `TokenSource` is asked within the attempt's time |
//! | 16 | a slow reader taken for a slow service (aws-sdk-rust#1141) | `calls::downloads_come_as_they_come`; the timer runs only while a chunk is waited for |
//! | 17 | a stream kills the first attempt (reqwest-middleware#44) | `calls::one_shot_bodies_are_sent_again_only_while_untouched` |
//! | 18 | the retry has no body (octocrab#842) | `bugs::bug_06_…`, `calls::files_are_opened_for_each_attempt` |
//! | 19 | the decision does not see the reply (reqwest-middleware#146) | `retry::retry_after_is_kept_to_and_never_undercut` |
//! | 20 | POST retried (dotnet/extensions#5248) | `bugs::bug_06_a_post_that_may_have_been_processed_is_not_sent_again` |
//! | 21 | an inner timeout overrides the total (dotnet/extensions#4770) | `calls::operations_have_policies_and_servers_of_their_own` |
//! | 22 | retries beyond the total (linkerd#2369) | `bugs::bug_18_a_call_has_a_total_deadline` |
//! | 23 | the remaining time is read before the sleep (gax) | [`bug_23_the_time_left_is_read_after_the_sleep`] |
//! | 24 | throttled attempts are not counted (gax) | [`bug_24_throttled_attempts_count_and_back_off`] |
//! | 25 | counters never decay (gax) | `breaker::window::tests::it_moves_on` |
//! | 26 | a budget that does not see those who sleep (envoy#30205) | `retry::a_call_that_is_dropped_or_closed_in_its_sleep_gives_its_token_back` |
//! | 28 | hedges that fail calls (failsafe-go#141) | `hedging::the_budget_is_kept_to_and_an_empty_one_fails_nobody`; a slot lives with the body: `gate::a_download_keeps_its_slot_until_it_was_read` |
//! | 29 | a request on a connection that was just closed (hyper#2136) | [`bug_29_a_connection_that_was_closed_meanwhile_fails_no_read`] |
//! | 30 | HTTP/2 refusals retried without end (hyper#2500) | `http2::nobody_retries_behind_our_back` |
//! | 31 | a pool poisoned by an outage (aws-sdk-rust#827) | `connections::connections_are_made_anew_when_the_circuit_opens`, `connections::connections_do_not_grow_old` |
//! | 32 | timeouts taken for other things (reqwest#2076) | phases are our own: `wire` |
//! | 33 | `poll_ready` contracts (tower-resilience#288) | no tower |
//! | 34 | senseless settings accepted (tower-resilience#372) | `policy::data::tests::mistakes_are_named` |
//! | 35 | a budget that checks, then takes (tower) | `budget::tests::threads_lose_no_token` |
//! | 36 | reqwest's own retries | off: `http2::nobody_retries_behind_our_back` |
//! | 37 | fast failures attract calls (tower's peak EWMA) | `load::tests::a_fast_failure_attracts_nobody` |
//! | 38 | errors told apart by their texts (failsafe-go) | types and codes only |
//! | 40 | a call cancelled before it was sent closes the circuit (Polly) | `gate::a_probe_that_is_dropped_…`, its first round |
//! | 41 | an abandoned probe keeps its turn (seatbelt) | the same, every round |
//! | 42 | documented defaults drift (oxidizer) | `policy::data::tests::policies_md_tells_every_default` |

use std::time::Duration;

use sinew_runtime::testing::{Scripted, Step};
use sinew_runtime::{ClientBuilder, ErrorKind, Jitter, Policy};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::Instant;

use crate::support::{SERVICE, builder, client, get};

#[tokio::test(start_paused = true)]
async fn bug_23_the_time_left_is_read_after_the_sleep() {
    let script = Scripted::new([Step::refuse(), Step::hang()]);
    let started = Instant::now();
    let error = get(&client(&script)).timeout(Duration::from_secs(4)).await.expect_err("no answer");
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Deadline, 2));
    assert!(started.elapsed() >= Duration::from_secs(4) && started.elapsed() < Duration::from_millis(4010));
}

#[tokio::test(start_paused = true)]
async fn bug_24_throttled_attempts_count_and_back_off() {
    let mut policy = Policy::standard().with_attempts(4);
    policy.backoff.jitter = Jitter::None;
    let script = Scripted::always(Step::status(429));
    let client = builder(&script).policy(policy).build().expect("a client");
    let started = Instant::now();
    let error = get(&client).await.expect_err("throttled each time");
    assert_eq!((error.attempts(), script.count()), (4, 4));
    // Twice 1 s, 2 s and 4 s: it was told that it asks too much, and not what would be less.
    assert!(started.elapsed() >= Duration::from_secs(14) && started.elapsed() < Duration::from_millis(14_100));
}

#[tokio::test]
async fn bug_29_a_connection_that_was_closed_meanwhile_fails_no_read() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move {
        // Says that the connection stays, and closes it.
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 4096];
            if stream.read(&mut request).await.is_ok() {
                let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n1";
                let _ = stream.write_all(answer).await;
            }
        }
    });
    let mut policy = Policy::default();
    policy.backoff.base = Duration::from_millis(1);
    let client: sinew_runtime::generated::Client =
        ClientBuilder::new(&SERVICE).base_url(url).policy(policy).build().expect("a client");
    for _ in 0..20 {
        get(&client).await.expect("an answer, at the second attempt at the latest");
    }
}
