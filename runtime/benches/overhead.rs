//! What does the engine cost?
//!
//! `cargo bench -p sinew-runtime --features testing --bench overhead`: a permit and its settling beside other circuit
//! breakers, a rejection, and a whole call over a transport that answers at once. Whole calls over a wire are
//! `beside`'s.

// A benchmark that cannot be set up has nothing to tell.
#![allow(missing_docs, clippy::expect_used)]

use std::hint::black_box;
use std::time::Duration;

use bytes::Bytes;
use criterion::{Criterion, criterion_group, criterion_main};
use failsafe::CircuitBreaker as _;
use sinew_runtime::generated::Client;
use sinew_runtime::testing::Circuit;
use sinew_runtime::{BoxFuture, ClientBuilder, IncomingBody, OutgoingBody, Policy, Transport, TransportError};
use tokio::time::Instant;
use tower::{Service as _, ServiceExt as _};

mod common;

use common::{BODY, SERVICE, get};

fn breaker(criterion: &mut Criterion) {
    let now = Instant::now();
    let mut group = criterion.benchmark_group("breaker");
    let closed = Circuit::new(Policy::default().breaker, now);
    group.bench_function("permit and settle", |bencher| bencher.iter(|| closed.attempt(black_box(now), true)));
    let ratio = Circuit::new(Policy::standard().breaker, now);
    group.bench_function("permit and settle, with ratio", |bencher| {
        bencher.iter(|| ratio.attempt(black_box(now), true));
    });
    let consecutive = failsafe::Config::new()
        .failure_policy(failsafe::failure_policy::consecutive_failures(
            5,
            failsafe::backoff::constant(Duration::from_secs(60)),
        ))
        .build();
    group.bench_function("failsafe, five in a row", |bencher| {
        bencher.iter(|| consecutive.call(|| black_box(Ok::<(), ()>(()))));
    });
    let rate = failsafe::Config::new().build();
    group.bench_function("failsafe, its default", |bencher| {
        bencher.iter(|| rate.call(|| black_box(Ok::<(), ()>(()))));
    });
    let runtime = runtime();
    for (name, layer) in [
        (
            "tower-resilience, five in a row",
            tower_resilience_circuitbreaker::CircuitBreakerLayer::builder().consecutive_failures(5).build(),
        ),
        ("tower-resilience, its default", tower_resilience_circuitbreaker::CircuitBreakerLayer::builder().build()),
    ] {
        let mut service = layer
            .expect("a layer")
            .layer_fn(tower::service_fn(|()| std::future::ready(black_box(Ok::<(), std::io::Error>(())))));
        group.bench_function(name, |bencher| {
            bencher.iter(|| runtime.block_on(async { service.ready().await.expect("closed").call(()).await.is_ok() }));
        });
    }
    group.bench_function("nothing, awaited", |bencher| bencher.iter(|| runtime.block_on(async { black_box(true) })));
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

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime")
}

fn engine(criterion: &mut Criterion) {
    let runtime = runtime();
    let _inside = runtime.enter();
    let mut group = criterion.benchmark_group("engine alone");
    for (name, policy) in [("default", Policy::default()), ("standard", Policy::standard())] {
        let client: Client = ClientBuilder::new(&SERVICE)
            .bearer(common::TOKEN)
            .transport(Instantly)
            .policy(policy)
            .build()
            .expect("a client");
        group.bench_function(name, |bencher| bencher.iter(|| runtime.block_on(get(&client)).id));
    }
    group.finish();
}

criterion_group!(benches, breaker, engine);
criterion_main!(benches);
