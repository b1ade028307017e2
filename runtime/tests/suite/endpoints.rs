//! Do calls find the endpoint that serves them, where there are several?

use std::future::poll_fn;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use http::Uri;
use sinew_runtime::generated::Client;
use sinew_runtime::testing::{Scripted, Step};
use sinew_runtime::{
    BoxFuture, CircuitState, ClientBuilder, ErrorKind, Event, IncomingBody, Jitter, Observed, Observer, OutgoingBody,
    Policy, Transport, TransportError,
};
use tokio::time::Instant;

use crate::support::{SERVICE, get, ok};

/// Several services at their own authorities, each with its script.
#[derive(Clone)]
pub(crate) struct Places(Arc<Vec<(String, Scripted)>>);

impl Places {
    pub(crate) fn new(steps: impl IntoIterator<Item = Step>) -> Self {
        let place = |(index, step)| (format!("{}.test", char::from(b'a' + index)), Scripted::always(step));
        Self(Arc::new((0_u8..).zip(steps).map(place).collect()))
    }

    pub(crate) fn at(&self, index: usize) -> &Scripted {
        &self.0[index].1
    }

    pub(crate) fn counts(&self) -> Vec<usize> {
        self.0.iter().map(|(_, script)| script.count()).collect()
    }

    pub(crate) fn builder(&self) -> ClientBuilder<Client> {
        let urls = self.0.iter().map(|(authority, _)| format!("http://{authority}/api/v1"));
        ClientBuilder::new(&SERVICE).base_urls(urls).transport(self.clone())
    }

    pub(crate) fn client(&self, policy: Policy) -> Client {
        self.builder().policy(policy).build().expect("a client")
    }
}

impl Transport for Places {
    fn send(
        &self,
        request: http::Request<OutgoingBody>,
    ) -> BoxFuture<'_, Result<http::Response<IncomingBody>, TransportError>> {
        let authority = request.uri().authority().expect("an authority").as_str();
        let (_, script) = self.0.iter().find(|(name, _)| name == authority).expect("a known endpoint");
        script.send(request)
    }
}

/// Writes down what happened where.
#[derive(Clone, Default)]
struct Book(Arc<Mutex<Vec<(String, Event)>>>);

impl Observer for Book {
    fn observe(&self, about: &Observed<'_>, event: &Event) {
        self.0.lock().expect("no panic while it was held").push((about.origin.to_owned(), event.clone()));
    }
}

fn plain() -> Policy {
    let mut policy = Policy::standard();
    policy.backoff.jitter = Jitter::None;
    policy.breaker.ratio.enabled = false;
    policy.budget.enabled = false;
    policy.retry_on.statuses = vec![500, 503];
    policy
}

#[tokio::test(start_paused = true)]
async fn calls_are_spread() {
    let places = Places::new((0..4).map(|_| ok().after(Duration::from_millis(5))));
    let client = places.client(plain());
    for _ in 0..20 {
        let calls = (0..20).map(|_| {
            let client = client.clone();
            tokio::spawn(async move { get(&client).await.map(drop) })
        });
        for call in calls.collect::<Vec<_>>() {
            call.await.expect("no panic").expect("an answer");
        }
    }
    let counts = places.counts();
    assert!(counts.iter().all(|count| (60..=140).contains(count)), "{counts:?}");
    assert!(client.endpoints().iter().all(|endpoint| endpoint.in_flight == 0));
}

#[tokio::test(start_paused = true)]
async fn the_slow_one_gets_less() {
    let times = [5, 5, 200];
    let places = Places::new(times.map(|millis| ok().after(Duration::from_millis(millis))));
    let client = places.client(plain());
    for _ in 0..300 {
        get(&client).await.expect("an answer");
    }
    let counts = places.counts();
    assert!(counts[2] >= 1 && counts[2] < 15, "asked first, and now and then: {counts:?}");
    let latency = client.endpoints()[2].latency.expect("known");
    assert!(latency > Duration::from_millis(20), "{latency:?}");
}

#[tokio::test(start_paused = true)]
async fn a_retry_goes_elsewhere_with_that_endpoints_address() {
    for _ in 0..30 {
        let places = Places::new([Step::status(500), ok()]);
        let book = Book::default();
        let client = places.builder().policy(plain()).observer(book.clone()).build().expect("a client");
        get(&client).await.expect("there is another");
        assert!(places.at(0).count() <= 1 && places.at(1).count() == 1);
        let seen = places.at(1).seen();
        assert_eq!(seen[0].uri, Uri::from_static("http://b.test/api/v1/users/7"));
        let ends: Vec<_> = book.0.lock().expect("not poisoned").iter().map(|(origin, _)| origin.clone()).collect();
        assert!(ends.contains(&"http://b.test".to_owned()), "{ends:?}");
    }
    // With fewer endpoints than attempts they are asked again.
    let places = Places::new([Step::status(500), Step::status(503)]);
    let client = places.client(plain().with_attempts(4));
    let error = get(&client).await.expect_err("both fail");
    assert_eq!((error.attempts(), places.counts()), (4, vec![2, 2]));
    assert!(error.to_string().contains(".test"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn an_open_circuit_costs_nothing_where_another_is_closed() {
    let places = Places::new([Step::status(500), ok()]);
    let mut policy = plain().with_attempts(1).with_breaker(1, Duration::from_secs(60));
    policy.outlier.enabled = false;
    let client = places.client(policy);
    while places.at(0).count() == 0 {
        let _ = get(&client).await;
    }
    assert_eq!(client.endpoints()[0].circuit, CircuitState::Open);
    assert_eq!(client.circuit(), CircuitState::Closed, "the service is there");
    let started = Instant::now();
    for _ in 0..50 {
        get(&client).await.expect("the other one");
    }
    assert!(started.elapsed().is_zero());
    assert_eq!(places.at(0).count(), 1);
    client.force_open();
    let error = get(&client).await.expect_err("none is left");
    assert_eq!((error.kind(), error.retry_in()), (ErrorKind::CircuitOpen, None));
    client.reset_circuit();
    get(&client).await.expect("all are left to themselves again");
}

#[tokio::test(start_paused = true)]
async fn changes_are_told_of_the_endpoint_that_they_are_about() {
    let places = Places::new([Step::refuse(), Step::refuse()]);
    let book = Book::default();
    let mut policy = plain().with_attempts(2).with_breaker(1, Duration::from_secs(60));
    policy.breaker.open_jitter = 0;
    let client = places.builder().policy(policy).observer(book.clone()).build().expect("a client");
    get(&client).await.expect_err("both refuse");
    tokio::time::sleep(Duration::from_secs(61)).await;
    get(&client).await.expect_err("both probes fail");
    for origin in ["http://a.test", "http://b.test"] {
        let events = book.0.lock().expect("not poisoned").clone();
        let changes = events.into_iter().filter_map(|(of, event)| match event {
            Event::CircuitChanged { to, .. } if of == origin => Some(to),
            _ => None,
        });
        let expected = [CircuitState::Open, CircuitState::HalfOpen, CircuitState::Open];
        assert_eq!(changes.collect::<Vec<_>>(), expected, "{origin}");
    }
}

#[tokio::test(start_paused = true)]
async fn with_all_circuits_open_a_call_stops() {
    let places = Places::new([Step::refuse(), Step::refuse()]);
    let client = places.client(plain().with_attempts(5).with_breaker(1, Duration::from_secs(60)));
    let error = get(&client).await.expect_err("both refuse");
    assert_eq!((error.kind(), error.attempts(), places.counts()), (ErrorKind::Connect, 2, vec![1, 1]));
    let error = get(&client).await.expect_err("not asked");
    assert_eq!(error.kind(), ErrorKind::CircuitOpen);
    assert!(error.retry_in().is_some_and(|left| left > Duration::from_secs(50) && left <= Duration::from_secs(90)));
    tokio::time::sleep(Duration::from_secs(90)).await;
    let _ = get(&client).await;
    assert_eq!(places.counts(), [2, 2], "each has its probe");
}

#[tokio::test(start_paused = true)]
async fn who_fails_while_others_answer_is_left_out_for_a_growing_time() {
    let slow = || ok().after(Duration::from_millis(20));
    let places = Places::new([Step::status(500), slow(), slow(), slow()]);
    let book = Book::default();
    let mut policy = plain().with_breaker(255, Duration::from_secs(60));
    policy.outlier.failures = 1;
    let client = places.builder().policy(policy).observer(book.clone()).build().expect("a client");
    let mut spans = Vec::new();
    for _ in 0..4000 {
        get(&client).await.expect("there are others");
        tokio::time::sleep(Duration::from_millis(100)).await;
        spans.extend(client.endpoints()[0].ejected_for);
        assert!(client.endpoints()[1..].iter().all(|endpoint| endpoint.ejected_for.is_none()));
    }
    let told: Vec<_> = book
        .0
        .lock()
        .expect("not poisoned")
        .iter()
        .filter_map(|(origin, event)| match event {
            Event::EndpointEjected { out } => Some((origin.clone(), out.as_secs())),
            _ => None,
        })
        .collect();
    let a = "http://a.test".to_owned();
    assert_eq!(told[..3], [(a.clone(), 30), (a.clone(), 60), (a, 90)], "{told:?}");
    assert!(places.at(0).count() < 20, "{}", places.at(0).count());
}

#[tokio::test(start_paused = true)]
async fn no_more_than_half_are_left_out_and_in_panic_none() {
    let mut policy = plain().with_attempts(1).with_breaker(255, Duration::from_secs(60));
    policy.outlier.failures = 1;
    let places = Places::new((0..5).map(|_| Step::status(500)));
    let client = places.client(policy.clone());
    for _ in 0..200 {
        get(&client).await.expect_err("all fail");
        let out = client.endpoints().iter().filter(|endpoint| endpoint.ejected_for.is_some()).count();
        assert!(out <= 2, "{out} of 5");
    }
    let counts = places.counts();
    assert!(counts.iter().filter(|count| **count > 20).count() == 3, "the others are asked: {counts:?}");

    // Two are left out, and then two more have open circuits: more than half are out, so ejections are passed over.
    let places = Places::new([Step::status(500), Step::status(500), Step::refuse(), Step::refuse(), ok()]);
    let client = places.client(policy.with_breaker(2, Duration::from_secs(60)));
    for _ in 0..400 {
        let _ = get(&client).await;
    }
    let states = client.endpoints();
    let out = states.iter().filter(|endpoint| endpoint.ejected_for.is_some()).count();
    let open = states.iter().filter(|endpoint| endpoint.circuit == CircuitState::Open).count();
    assert!(out == 2 && open >= 3, "an ejected one was asked again, and its circuit opened: {states:?}");
}

#[tokio::test(start_paused = true)]
async fn asked_to_stay_away_from_one_is_not_asked_to_stay_away_from_all() {
    for _ in 0..10 {
        let busy = || Step::status(503).header("retry-after", "20");
        let places = Places::new([busy(), ok()]);
        let client = places.client(plain());
        let started = Instant::now();
        for _ in 0..10 {
            get(&client).await.expect("the other one");
        }
        assert!(places.at(0).count() <= 1 && started.elapsed() <= Duration::from_secs(1), "{:?}", places.counts());
        // The service as a whole has had enough.
        let places = Places::new([Step::status(429).header("retry-after", "3"), ok()]);
        let mut policy = plain();
        policy.retry_on.statuses = vec![429];
        let client = places.client(policy);
        let started = Instant::now();
        get(&client).await.expect("later");
        if places.at(0).count() == 1 {
            assert!(started.elapsed() >= Duration::from_secs(3));
        }
        // Where all asked, the shortest wait counts.
        let places = Places::new([busy(), Step::status(503).header("retry-after", "5")]);
        let client = places.client(plain().with_attempts(3).with_total_timeout(Duration::from_secs(100)));
        let started = Instant::now();
        get(&client).await.expect_err("both are busy");
        assert!((5..=10).contains(&started.elapsed().as_secs()), "{:?}", started.elapsed());
    }
}

/// Every await of a call, one after the other: what was counted for an endpoint is counted back.
#[tokio::test(start_paused = true)]
async fn a_dropped_call_is_on_its_way_nowhere() {
    for polls in 0..40 {
        let slow = |step: Step| step.after(Duration::from_millis(300));
        let places = Places::new([slow(Step::status(500)), slow(Step::refuse()), slow(ok())]);
        let client = places.client(plain());
        let mut call = Box::pin(get(&client).into_future());
        for _ in 0..polls {
            if poll_fn(|context| Poll::Ready(call.as_mut().poll(context).is_ready())).await {
                break;
            }
            tokio::time::advance(Duration::from_millis(100)).await;
        }
        drop(call);
        assert_eq!(client.in_flight(), 0);
        for endpoint in client.endpoints() {
            assert_eq!((endpoint.in_flight, endpoint.circuit), (0, CircuitState::Closed), "{polls} polls");
        }
    }
}

#[test]
fn lists_that_make_no_sense_are_refused() {
    let build = |urls: &[&str]| {
        let built: Result<Client, _> = ClientBuilder::new(&SERVICE).base_urls(urls.iter().copied()).build();
        built.map(|client| client.endpoints().len()).map_err(|error| error.to_string())
    };
    assert_eq!(build(&["http://a.test", "http://b.test/x"]), Ok(2));
    for (urls, complaint) in [
        (&[][..], "there is no address"),
        (&["http://a.test", "canary"], "not an absolute URL"),
        (&["http://a.test/v1", "http://a.test/v2"], "two endpoints have the same origin"),
        (&["http://a.test", "https://b.test"], "some endpoints are `http` and some `https`"),
    ] {
        let error = build(urls).expect_err(complaint);
        assert!(error.contains("base_url of user-service") && error.contains(complaint), "{error}");
        assert!(!error.contains("canary"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_service_that_came_back_is_not_run_over() {
    let seconds = Duration::from_secs;
    let mut policy = plain().with_attempts(1);
    policy.breaker.failures = 1;
    policy.breaker.ramp = Some(seconds(1000));
    let script = Scripted::new([Step::status(500)]).otherwise(ok());
    let client = crate::support::builder(&script).policy(policy).seed(3).build().expect("a client");
    get(&client).await.expect_err("a failure");
    tokio::time::sleep(seconds(60)).await;
    get(&client).await.expect("the probe");
    let mut refused = 0;
    for _ in 0..200 {
        if let Err(error) = get(&client).await {
            assert!(error.is_circuit_open() && error.retry_in() == Some(seconds(100)), "{error}");
            refused += 1;
        }
    }
    assert!((160..=195).contains(&refused), "all but a tenth: {refused}");
    assert_eq!((script.count(), client.circuit()), (202 - refused, CircuitState::Closed));
    tokio::time::sleep(seconds(1000)).await;
    for _ in 0..200 {
        get(&client).await.expect("all are let in again");
    }
}
