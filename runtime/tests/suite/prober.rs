//! Is a service that is back before its time found so, and is nobody asked otherwise?

use std::sync::{Arc, Mutex};
use std::time::Duration;

use sinew_runtime::generated::Client;
use sinew_runtime::testing::{Scripted, Step};
use sinew_runtime::{
    BoxFuture, CircuitState, ClientBuilder, Event, IncomingBody, Observed, Observer, OutgoingBody, Policy, Transport,
    TransportError,
};
use tokio::time::{Instant, sleep};

use crate::support::{SERVICE, get, ok};

/// A service whose health is played apart from its calls.
#[derive(Clone, Default)]
struct Ward {
    health: Scripted,
    calls: Scripted,
    /// As long as somebody holds the transport.
    held: Arc<()>,
}

impl Transport for Ward {
    fn send(
        &self,
        request: http::Request<OutgoingBody>,
    ) -> BoxFuture<'_, Result<http::Response<IncomingBody>, TransportError>> {
        let health = request.uri().path() == "/health";
        if health { self.health.send(request) } else { self.calls.send(request) }
    }
}

impl Ward {
    fn builder(&self) -> ClientBuilder<Client> {
        let mut policy = Policy::default().with_attempts(1).with_breaker(1, Duration::from_secs(60));
        policy.retry_on.statuses = Vec::new();
        let urls = ["http://a.test/api/v1"];
        ClientBuilder::new(&SERVICE)
            .base_urls(urls)
            .transport(self.clone())
            .policy(policy)
            .probe_when_open(Duration::from_secs(5))
    }
}

/// Changes of circuits.
#[derive(Clone, Default)]
struct Book(Arc<Mutex<Vec<(CircuitState, CircuitState)>>>);

impl Observer for Book {
    fn observe(&self, _: &Observed<'_>, event: &Event) {
        if let Event::CircuitChanged { from, to } = event {
            self.0.lock().expect("not poisoned").push((*from, *to));
        }
    }
}

/// A little later than so many seconds.
async fn seconds(seconds: u64) {
    sleep(Duration::from_millis(seconds * 1000 + 10)).await;
}

#[tokio::test(start_paused = true)]
async fn the_next_call_is_let_through_once_the_service_says_that_it_is_well() {
    use CircuitState::{Closed, HalfOpen, Open};
    let ward = Ward::default();
    let book = Book::default();
    let client = ward.builder().observer(book.clone()).build().expect("a client");
    for step in [Step::status(503), Step::hang(), ok()] {
        ward.health.push(step);
    }
    ward.calls.push(Step::status(500));
    get(&client).await.expect_err("the circuit opens");
    let opened = Instant::now();
    // One that is not well after 5 s, one that says nothing from 10 s to 12 s, one that is well after 17 s.
    seconds(16).await;
    assert_eq!((client.circuit(), ward.health.count()), (Open, 2));
    assert!(get(&client).await.expect_err("turned away").is_circuit_open());
    seconds(1).await;
    assert_eq!((client.circuit(), ward.health.count()), (HalfOpen, 3));
    // That says nothing yet but that it is worth a try: and it was not.
    ward.calls.push(Step::status(500));
    get(&client).await.expect_err("it is not well after all");
    assert_eq!(client.circuit(), Open);
    ward.health.push(ok());
    seconds(5).await;
    ward.calls.push(ok());
    get(&client).await.expect("now it is");
    assert!(opened.elapsed() < Duration::from_secs(60));
    let changes = book.0.lock().expect("not poisoned").clone();
    assert_eq!(changes, [(Closed, Open), (Open, HalfOpen), (HalfOpen, Open), (Open, HalfOpen), (HalfOpen, Closed)]);
    let seen = ward.health.seen();
    assert!(seen.iter().all(|seen| seen.uri == "http://a.test/health"), "outside the base path");
    // Once all is well nobody asks, until the next time.
    seconds(600).await;
    assert_eq!((ward.health.count(), client.in_flight()), (4, 0));
    ward.calls.push(Step::status(500));
    get(&client).await.expect_err("it opens again");
    seconds(5).await;
    assert_eq!(ward.health.count(), 5);
}

#[tokio::test(start_paused = true)]
async fn nobody_is_asked_without_need() {
    let ward = Ward { health: Scripted::always(ok()), ..Ward::default() };
    let client = ward.builder().build().expect("a client");
    // While circuits are closed, or a hand holds them.
    ward.calls.push(ok());
    get(&client).await.expect("an answer");
    client.force_open();
    seconds(60).await;
    assert_eq!(ward.health.count(), 0);
    client.reset_circuit();
    ward.calls.push(Step::status(500));
    get(&client).await.expect_err("it opens");
    client.force_open();
    seconds(60).await;
    assert_eq!((ward.health.count(), client.circuit()), (0, CircuitState::Open), "a hand is a hand");
    client.reset_circuit();
    // While the service wants to be left alone, whatever the policy makes of that for other calls.
    ward.calls.push(Step::status(503).header("retry-after", "31"));
    get(&client).await.expect_err("it opens");
    seconds(30).await;
    assert_eq!((ward.health.count(), client.circuit()), (0, CircuitState::Open));
    seconds(5).await;
    assert_eq!((ward.health.count(), client.circuit()), (1, CircuitState::HalfOpen));
    // Once a probe is due, or on its way: then it is a call's turn.
    seconds(100).await;
    assert_eq!(ward.health.count(), 1);
    // And not at all unless it was said so.
    let quiet = Ward { health: Scripted::always(ok()), ..Ward::default() };
    let policy = Policy::default().with_breaker(1, Duration::from_secs(60));
    let builder = ClientBuilder::<Client>::new(&SERVICE).base_url("http://a.test").transport(quiet.clone());
    let client = builder.policy(policy).build().expect("a client");
    get(&client).await.expect_err("refused");
    seconds(30).await;
    assert_eq!((quiet.health.count(), client.circuit()), (0, CircuitState::Open));
}

#[tokio::test(start_paused = true)]
async fn closing_and_dropping_end_the_asking() {
    // Between two questions, and in one.
    for (health, at) in [(Step::status(503), 12), (Step::hang(), 6)] {
        for close in [true, false] {
            let ward = Ward { health: Scripted::always(health.clone()), ..Ward::default() };
            let client = ward.builder().build().expect("a client");
            get(&client).await.expect_err("refused");
            seconds(at).await;
            let asked = ward.health.count();
            assert!(asked >= 1);
            if close {
                assert!(client.close_within(Duration::from_secs(1)).await, "nothing is left on its way");
                assert_eq!(client.in_flight(), 0);
                assert!(get(&client).await.expect_err("closed").is_closed());
            } else {
                drop(client);
            }
            // The check that is on its way has 2 s at most.
            seconds(3).await;
            assert_eq!(Arc::strong_count(&ward.held), 1, "nobody holds the transport");
            seconds(60).await;
            assert_eq!(ward.health.count(), asked);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn each_endpoint_is_asked_for_itself() {
    let ward = Ward { health: Scripted::always(ok()), calls: Scripted::always(Step::status(500)), ..Ward::default() };
    let client = ward.builder().base_urls(["http://a.test", "http://b.test/v1"]).build().expect("a client");
    get(&client).await.expect_err("one fails");
    get(&client).await.expect_err("and the other");
    let circuits = || client.endpoints().iter().map(|endpoint| endpoint.circuit).collect::<Vec<_>>();
    assert_eq!(circuits(), [CircuitState::Open; 2]);
    seconds(5).await;
    let mut asked: Vec<_> = ward.health.seen().iter().map(|seen| seen.uri.to_string()).collect();
    asked.sort();
    assert_eq!(asked, ["http://a.test/health", "http://b.test/health"]);
    assert_eq!(circuits(), [CircuitState::HalfOpen; 2]);
}

#[test]
fn a_call_that_is_dropped_where_nothing_runs_asks_nobody() {
    let ward = Ward { calls: Scripted::always(Step::hang()), ..Ward::default() };
    let mut policy = Policy::default().with_breaker(1, Duration::from_secs(60));
    policy.breaker.given_up = 1;
    let client = ward.builder().policy(policy).build().expect("a client");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let mut calls = [get(&client).into_future(), get(&client).into_future()];
    runtime.block_on(async {
        for call in &mut calls {
            std::future::poll_fn(|context| {
                assert!(std::pin::Pin::new(&mut *call).poll(context).is_pending());
                std::task::Poll::Ready(())
            })
            .await;
        }
    });
    drop(runtime);
    drop(calls);
    assert_eq!((client.circuit(), ward.health.count()), (CircuitState::Open, 0));
}

#[test]
fn an_interval_of_no_time_is_refused() {
    let error = Ward::default().builder().probe_when_open(Duration::ZERO).build().expect_err("no interval");
    assert!(error.is_config() && error.to_string().contains("probe_when_open"), "{error}");
}
