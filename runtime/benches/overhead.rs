//! What does the engine cost?
//!
//! `cargo bench -p sinew-runtime --features testing`: a permit and its settling, a rejection, a whole call over a
//! transport that answers at once, and a whole call beside bare reqwest doing the same work on loopback.

// A benchmark that cannot be set up has nothing to tell.
#![allow(missing_docs, clippy::expect_used)]

use std::hint::black_box;
use std::time::Duration;

use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use sinew_runtime::generated::{Client, Method, Operation, Reply, Service};
use sinew_runtime::testing::Circuit;
use sinew_runtime::{BoxFuture, ClientBuilder, IncomingBody, OutgoingBody, Policy, Transport, TransportError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::Instant;

static SERVICE: Service = Service::new("bench-service", "http://localhost:1/api/v1");
static GET: Operation = Operation::new("get_user", Method::Get, "/users/{user_id}");
const BODY: &str = r#"{"id": 7, "name": "Ada", "email": "ada@example.org"}"#;

#[derive(serde::Deserialize)]
struct User {
    id: i64,
    name: String,
    email: String,
}

fn breaker(criterion: &mut Criterion) {
    let now = Instant::now();
    let mut group = criterion.benchmark_group("breaker");
    let closed = Circuit::new(Policy::default().breaker, now);
    group.bench_function("permit and settle", |bencher| bencher.iter(|| closed.attempt(black_box(now), true)));
    let ratio = Circuit::new(Policy::standard().breaker, now);
    group.bench_function("permit and settle, with ratio", |bencher| {
        bencher.iter(|| ratio.attempt(black_box(now), true));
    });
    let open = Circuit::new(Policy::default().with_breaker(1, Duration::from_secs(60)).breaker, now);
    open.attempt(now, false);
    group.bench_function("rejection", |bencher| bencher.iter(|| open.attempt(black_box(now), true)));
    group.finish();
}

/// Answers at once.
struct Instantly;

struct Once(Option<Bytes>);

impl futures_core::Stream for Once {
    type Item = Result<Bytes, TransportError>;
    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        std::task::Poll::Ready(self.0.take().map(Ok))
    }
}

impl Transport for Instantly {
    fn send(
        &self,
        request: http::Request<OutgoingBody>,
    ) -> BoxFuture<'_, Result<http::Response<IncomingBody>, TransportError>> {
        black_box(request);
        Box::pin(async {
            Ok(http::Response::new(Box::pin(Once(Some(Bytes::from_static(BODY.as_bytes())))) as IncomingBody))
        })
    }
}

async fn get(client: &Client) -> User {
    client.request(&GET).path("user_id", &7).answering(Reply::json).await.expect("an answer")
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime")
}

fn engine(criterion: &mut Criterion) {
    let runtime = runtime();
    let _inside = runtime.enter();
    let mut group = criterion.benchmark_group("engine alone");
    for (name, policy) in [("default", Policy::default()), ("standard", Policy::standard())] {
        let client: Client =
            ClientBuilder::new(&SERVICE).transport(Instantly).policy(policy).build().expect("a client");
        group.bench_function(name, |bencher| bencher.iter(|| runtime.block_on(get(&client)).id));
    }
    group.finish();
}

/// A server that says the same to every request, as fast as it can.
async fn serve() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/api/v1", listener.local_addr().expect("an address"));
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let answer = format!(
                    "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{BODY}",
                    BODY.len()
                );
                let mut buffer = [0; 4096];
                while stream.read(&mut buffer).await.is_ok_and(|read| read > 0) {
                    if stream.write_all(answer.as_bytes()).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    url
}

async fn bare(client: &reqwest::Client, url: &str) -> User {
    let reply = client
        .get(url)
        .header("accept", "application/json")
        .timeout(Duration::from_secs(30))
        .send()
        .await
        .and_then(reqwest::Response::error_for_status)
        .expect("an answer");
    serde_json::from_slice(&reply.bytes().await.expect("a body")).expect("a user")
}

fn loopback(criterion: &mut Criterion) {
    let runtime = runtime();
    let _inside = runtime.enter();
    let url = runtime.block_on(serve());
    let user = format!("{url}/users/7");
    let plain = reqwest::Client::builder().no_proxy().user_agent("bench").build().expect("a client");
    let ours: Client = ClientBuilder::new(&SERVICE).base_url(url).build().expect("a client");
    for tasks in [1_usize, 64] {
        let mut group = criterion.benchmark_group(format!("loopback, {tasks} at a time"));
        group.throughput(Throughput::Elements(tasks as u64));
        group.bench_function("reqwest", |bencher| {
            bencher.iter(|| {
                runtime.block_on(async {
                    let mut set = tokio::task::JoinSet::new();
                    for _ in 0..tasks {
                        let (client, url) = (plain.clone(), user.clone());
                        set.spawn(async move { bare(&client, &url).await });
                    }
                    while let Some(user) = set.join_next().await {
                        let User { id, name, email } = user.expect("no panic");
                        black_box((id, name, email));
                    }
                });
            });
        });
        group.bench_function("sinew", |bencher| {
            bencher.iter(|| {
                runtime.block_on(async {
                    let mut set = tokio::task::JoinSet::new();
                    for _ in 0..tasks {
                        let client = ours.clone();
                        set.spawn(async move { get(&client).await });
                    }
                    while let Some(user) = set.join_next().await {
                        let User { id, name, email } = user.expect("no panic");
                        black_box((id, name, email));
                    }
                });
            });
        });
        group.finish();
    }
}

criterion_group!(benches, breaker, engine, loopback);
criterion_main!(benches);
