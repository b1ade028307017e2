//! What does one see of a call who watches it?

use std::sync::{Arc, Mutex};
use std::time::Duration;

use sinew_runtime::testing::{Scripted, Step};
use sinew_runtime::{CircuitState, ErrorKind, Event, Jitter, Observed, Observer, Policy};

use crate::support::{builder, get, ok};

#[derive(Clone, Default)]
struct Watch(Arc<Mutex<Vec<(String, Event)>>>);

impl Observer for Watch {
    fn observe(&self, about: &Observed<'_>, event: &Event) {
        let about = format!("{} {} {} {}", about.service, about.origin, about.method, about.template);
        self.0.lock().expect("no panic while it was held").push((about, event.clone()));
    }
}

fn quiet() -> Policy {
    let mut policy = Policy::default().with_breaker(2, Duration::from_secs(60));
    policy.backoff.jitter = Jitter::None;
    policy
}

#[tokio::test(start_paused = true)]
async fn everything_is_told_once_and_in_order() {
    let script =
        Scripted::new([Step::refuse(), ok().after(Duration::from_secs(2)), Step::status(500), Step::status(500)]);
    let watch = Watch::default();
    let client = builder(&script).policy(quiet()).observer(watch.clone()).build().expect("a client");
    get(&client).await.expect("the second attempt");
    for _ in 0..3 {
        get(&client).await.expect_err("a failed status, then an open circuit");
    }
    client.reset_circuit();
    let seen = std::mem::take(&mut *watch.0.lock().expect("no panic while it was held"));
    let (about, events): (Vec<_>, Vec<_>) = seen.into_iter().unzip();
    assert!(
        about[..about.len() - 1].iter().all(|about| about == "user-service http://users.test GET /users/{user_id}")
    );
    let (zero, seconds) = (Duration::ZERO, Duration::from_secs);
    let ended = |attempt, status, error, took| Event::AttemptEnded { attempt, status, error, took };
    let failed = || ended(1, Some(500), Some(ErrorKind::Status), zero);
    let over = |attempts, error, took| Event::CallEnded { attempts, error, took };
    let (closed, open) = (CircuitState::Closed, CircuitState::Open);
    assert_eq!(
        events,
        [
            Event::AttemptStarted { attempt: 1 },
            ended(1, None, Some(ErrorKind::Connect), zero),
            Event::Retrying { attempt: 1, delay: seconds(1) },
            Event::AttemptStarted { attempt: 2 },
            ended(2, Some(200), None, seconds(2)),
            over(2, None, seconds(3)),
            Event::AttemptStarted { attempt: 1 },
            failed(),
            over(1, Some(ErrorKind::Status), zero),
            Event::AttemptStarted { attempt: 1 },
            failed(),
            Event::CircuitChanged { from: closed, to: open },
            over(1, Some(ErrorKind::Status), zero),
            Event::Rejected { kind: ErrorKind::CircuitOpen },
            over(0, Some(ErrorKind::CircuitOpen), zero),
            Event::CircuitChanged { from: open, to: closed },
        ]
        .map(|event| match event {
            // Timers of the paused clock are a millisecond coarse.
            Event::CallEnded { attempts, error, took } if !took.is_zero() => {
                Event::CallEnded { attempts, error, took: events_took(&events, attempts).unwrap_or(took) }
            }
            Event::AttemptEnded { attempt, status, error, took } if !took.is_zero() => {
                Event::AttemptEnded { attempt, status, error, took: ended_took(&events, attempt).unwrap_or(took) }
            }
            other => other,
        })
    );
    assert!(ended_took(&events, 2).is_some_and(|took| took >= seconds(2) && took < Duration::from_millis(2010)));
    assert!(events_took(&events, 2).is_some_and(|took| took >= seconds(3) && took < Duration::from_millis(3010)));
}

fn events_took(events: &[Event], wanted: u32) -> Option<Duration> {
    events.iter().find_map(|event| match event {
        Event::CallEnded { attempts, took, .. } if *attempts == wanted => Some(*took),
        _ => None,
    })
}

fn ended_took(events: &[Event], wanted: u32) -> Option<Duration> {
    events.iter().find_map(|event| match event {
        Event::AttemptEnded { attempt, took, .. } if *attempt == wanted => Some(*took),
        _ => None,
    })
}

#[tokio::test(start_paused = true)]
async fn each_attempt_has_a_parent_of_its_own_in_one_trace() {
    let script = Scripted::new([Step::refuse(), ok()]).otherwise(ok());
    let client = builder(&script).trace_context().build().expect("a client");
    get(&client).await.expect("the second attempt");
    let given = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    get(&client).header("traceparent", given).await.expect("an answer");
    let parents: Vec<_> =
        script.seen().iter().map(|seen| seen.headers["traceparent"].to_str().expect("a text").to_owned()).collect();
    assert_eq!((&parents[0][..35], &parents[0][52..]), (&parents[1][..35], "-00"));
    assert_ne!(parents[0], parents[1]);
    assert!(parents[2].starts_with(&given[..36]) && parents[2].ends_with("-01") && parents[2] != given, "{parents:?}");
    get(&crate::support::client(&script)).await.expect("an answer");
    assert!(!script.seen()[3].headers.contains_key("traceparent"), "nobody asked for it");
}
