//! Do calls follow what a discovery says, and survive what it does not?

use std::collections::VecDeque;
use std::error::Error as StdError;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use sinew_runtime::generated::Client;
use sinew_runtime::testing::{Scripted, Step};
use sinew_runtime::{
    BoxFuture, ClientBuilder, Discovered, Discovery, ErrorKind, IncomingBody, Instance, OutgoingBody, PinnedAddress,
    Policy, Sent, Transport, TransportError,
};
use tokio::time::Instant;

use crate::support::{SERVICE, builder, get, ok};

type Answer = Result<Vec<Instance>, &'static str>;

/// Says what it is told to say, the last for ever, each after a second.
#[derive(Clone, Default)]
struct Sayer(Arc<Mutex<(VecDeque<Answer>, usize)>>, Arc<AtomicUsize>);

impl Sayer {
    fn new(answers: impl IntoIterator<Item = Answer>) -> Self {
        Self(Arc::new(Mutex::new((answers.into_iter().collect(), 0))), Arc::default())
    }
    fn answered(&self) -> usize {
        self.1.load(Ordering::Acquire)
    }
    fn asked(&self) -> usize {
        self.0.lock().expect("not poisoned").1
    }
}

impl Discovery for Sayer {
    fn discover<'d>(
        &'d self,
        host: &'d str,
        port: u16,
    ) -> BoxFuture<'d, Result<Discovered, Box<dyn StdError + Send + Sync>>> {
        assert_eq!((host, port), ("users.test", 80));
        Box::pin(async move {
            let answer = {
                let mut script = self.0.lock().expect("not poisoned");
                script.1 += 1;
                if script.0.len() > 1 { script.0.pop_front() } else { script.0.front().cloned() }
            };
            tokio::time::sleep(Duration::from_secs(1)).await;
            self.1.fetch_add(1, Ordering::AcqRel);
            Ok(Discovered { instances: answer.expect("an answer")?, hold: Duration::from_secs(30) })
        })
    }
}

fn at(last: u8) -> Instance {
    Instance::new(SocketAddr::from(([10, 0, 0, last], 80)))
}

/// Writes down where requests were pinned to, and refuses those to some addresses.
#[derive(Clone)]
struct Pins(Arc<Mutex<Vec<u8>>>, Scripted, Option<u8>);

impl Pins {
    fn new() -> Self {
        Self(Arc::default(), Scripted::always(ok()), None)
    }
    fn take(&self) -> Vec<u8> {
        let mut pins = std::mem::take(&mut *self.0.lock().expect("not poisoned"));
        pins.sort_unstable();
        pins.dedup();
        pins
    }
}

impl Transport for Pins {
    fn send(
        &self,
        request: http::Request<OutgoingBody>,
    ) -> BoxFuture<'_, Result<http::Response<IncomingBody>, TransportError>> {
        assert_eq!(request.uri().to_string(), "http://users.test/api/v1/users/7", "the name stays");
        let PinnedAddress(address) = *request.extensions().get().expect("a pinned address");
        let SocketAddr::V4(v4) = address else { panic!("an IPv4 address") };
        let last = v4.ip().octets()[3];
        self.0.lock().expect("not poisoned").push(last);
        if self.2 == Some(last) {
            let refused = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
            let error = TransportError::new(sinew_runtime::TransportFailure::Connect, Sent::NotSent, refused);
            return Box::pin(std::future::ready(Err(error)));
        }
        self.1.send(request)
    }
}

fn found(sayer: &Sayer, pins: &Pins) -> Client {
    builder(&Scripted::default()).discovery(sayer.clone()).transport(pins.clone()).build().expect("a client")
}

async fn calls(client: &Client, count: usize) {
    for _ in 0..count {
        get(client).await.expect("an answer");
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_call_waits_for_an_answer_and_later_ones_do_not() {
    let sayer = Sayer::new([Ok(vec![at(1), at(2), at(2)]), Ok(vec![at(2), at(3)])]);
    let pins = Pins::new();
    let client = found(&sayer, &pins);
    assert!(client.endpoints().is_empty() && sayer.asked() == 0, "nothing happens before a call");
    let started = Instant::now();
    let both: Vec<_> = (0..10)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { get(&client).await.map(drop) })
        })
        .collect();
    for call in both {
        call.await.expect("no panic").expect("an answer");
    }
    assert_eq!((sayer.asked(), started.elapsed()), (1, Duration::from_secs(1)), "asked once for all");
    calls(&client, 30).await;
    assert_eq!(pins.take(), [1, 2]);
    let latency = client.endpoints()[1].latency;

    tokio::time::sleep(Duration::from_secs(31)).await;
    assert_eq!(sayer.asked(), 1, "nobody called");
    let started = Instant::now();
    calls(&client, 30).await;
    assert_eq!(
        (started.elapsed(), pins.take()),
        (Duration::ZERO, vec![1, 2]),
        "what is known is good enough meanwhile"
    );
    tokio::time::sleep(Duration::from_secs(2)).await;
    calls(&client, 30).await;
    assert_eq!((sayer.asked(), pins.take()), (2, vec![2, 3]));
    let endpoints = client.endpoints();
    assert_eq!(
        endpoints.iter().map(|endpoint| endpoint.address).collect::<Vec<_>>(),
        [Some(at(2).address), Some(at(3).address)]
    );
    assert!(latency.is_some() && endpoints[0].latency.is_some(), "who stays is remembered");
}

#[tokio::test(start_paused = true)]
async fn what_was_known_last_is_kept() {
    for bad in [Err("the name server is on fire"), Ok(Vec::new())] {
        let sayer = Sayer::new([Ok(vec![at(1)]), bad, Ok(vec![at(2)])]);
        let pins = Pins::new();
        let client = found(&sayer, &pins);
        calls(&client, 1).await;
        tokio::time::sleep(Duration::from_secs(30)).await;
        calls(&client, 1).await;
        tokio::time::sleep(Duration::from_secs(2)).await;
        calls(&client, 5).await;
        assert_eq!((sayer.asked(), pins.take()), (2, vec![1]), "not asked again at once");
        tokio::time::sleep(Duration::from_secs(5)).await;
        calls(&client, 1).await;
        tokio::time::sleep(Duration::from_secs(2)).await;
        calls(&client, 1).await;
        assert_eq!((sayer.asked(), client.endpoints()[0].address), (3, Some(at(2).address)));
    }
}

#[tokio::test(start_paused = true)]
async fn who_is_found_nowhere_is_looked_for_by_the_retries() {
    let sayer = Sayer::new([Err("refused"), Ok(Vec::new()), Ok(vec![at(1)])]);
    let pins = Pins::new();
    let client = found(&sayer, &pins);
    calls(&client, 1).await;
    assert_eq!((sayer.asked(), pins.take()), (3, vec![1]), "the third attempt found it");

    let sayer = Sayer::new([Err("canary is on fire")]);
    let client = found(&sayer, &pins);
    let started = Instant::now();
    let error = get(&client).await.expect_err("nobody is known");
    assert_eq!((error.kind(), error.sent(), error.attempts()), (ErrorKind::Connect, Sent::NotSent, 3));
    assert!(error.to_string().contains("no instance of users.test is known: canary is on fire"), "{error}");
    assert!(started.elapsed() < Duration::from_secs(10));
    assert_eq!(client.circuit(), sinew_runtime::CircuitState::Closed, "nobody's circuit");
}

#[tokio::test(start_paused = true)]
async fn a_retry_goes_to_another_instance() {
    let sayer = Sayer::new([Ok(vec![at(1), at(2)])]);
    let pins = Pins(Arc::default(), Scripted::always(ok()), Some(1));
    let client = found(&sayer, &pins);
    for _ in 0..20 {
        get(&client).await.expect("the other one");
    }
    assert_eq!(pins.1.count(), 20);
}

#[tokio::test(start_paused = true)]
async fn priorities_and_weights_are_heeded() {
    let mut instances: Vec<_> = (1..=4).map(at).collect();
    (instances[0].priority, instances[1].priority) = (5, 5);
    instances[2].weight = 4;
    let sayer = Sayer::new([Ok(instances)]);
    let pins = Pins(Arc::default(), Scripted::always(ok().after(Duration::from_millis(50))), None);
    let client = found(&sayer, &pins);
    for _ in 0..50 {
        let calls: Vec<_> = (0..20)
            .map(|_| {
                let client = client.clone();
                tokio::spawn(async move { get(&client).await.map(drop) })
            })
            .collect();
        for call in calls {
            call.await.expect("no panic").expect("an answer");
        }
    }
    let all = pins.0.lock().expect("not poisoned").clone();
    let count = |last: u8| all.iter().map(|pin| usize::from(*pin == last)).sum::<usize>();
    assert_eq!((count(1), count(2)), (0, 0), "the others let calls through");
    assert!(count(3) > 3 * count(4) && count(4) > 100, "{} {}", count(3), count(4));
}

#[tokio::test(start_paused = true)]
async fn closing_asks_no_more() {
    let sayer = Sayer::new([Ok(vec![at(1)])]);
    let pins = Pins::new();
    let client = found(&sayer, &pins);
    let waiting = client.clone();
    let waiting = tokio::spawn(async move { get(&waiting).await.map(drop) });
    tokio::time::sleep(Duration::from_millis(500)).await;
    let started = Instant::now();
    assert!(client.close_within(Duration::from_secs(10)).await);
    assert!(started.elapsed().is_zero(), "{:?}", started.elapsed());
    assert!(waiting.await.expect("no panic").expect_err("closed").is_closed());
    tokio::time::sleep(Duration::from_secs(60)).await;
    // The question that was asked is given up.
    assert_eq!((sayer.asked(), sayer.answered()), (1, 0));
    assert_eq!((client.in_flight(), pins.take()), (0, vec![]));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_waits_can_be_dropped_and_a_panic_is_survived() {
    struct Panics(Sayer);
    impl Discovery for Panics {
        fn discover<'d>(
            &'d self,
            host: &'d str,
            port: u16,
        ) -> BoxFuture<'d, Result<Discovered, Box<dyn StdError + Send + Sync>>> {
            Box::pin(async move {
                let first = self.0.asked() == 0;
                let answer = self.0.discover(host, port).await;
                assert!(!first, "on purpose");
                answer
            })
        }
    }
    let sayer = Sayer::new([Ok(vec![at(1)])]);
    let pins = Pins::new();
    let client: Client = builder(&Scripted::default())
        .discovery(Panics(sayer.clone()))
        .transport(pins.clone())
        .build()
        .expect("a client");
    for polls in 1..5 {
        let mut call = Box::pin(get(&client).into_future());
        for _ in 0..polls {
            let pending = poll_fn(|context| Poll::Ready(call.as_mut().poll(context).is_pending())).await;
            assert!(pending, "{polls} polls");
            tokio::time::advance(Duration::from_millis(1)).await;
        }
        drop(call);
        assert_eq!(client.in_flight(), 0);
    }
    get(&client).await.expect("the second question is answered");
    assert_eq!(sayer.asked(), 2);
}

#[test]
fn a_discovery_begins_with_one_address() {
    let built: Result<Client, _> = ClientBuilder::new(&SERVICE)
        .base_urls(["http://a.test", "http://b.test"])
        .discovery(Sayer::default())
        .policy(Policy::default())
        .transport(Scripted::always(Step::status(200)))
        .build();
    assert!(built.expect_err("two").to_string().contains("discovery of user-service"));
}
