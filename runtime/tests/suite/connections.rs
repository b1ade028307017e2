//! Which connection does a request go over, and what does it mean if that breaks?

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use sinew_runtime::generated::Client;
use sinew_runtime::{CircuitState, ErrorKind, Phase, Policy, Sent};
use tokio::io::AsyncWriteExt;

use super::faults::{OK, is, request, reset, serve};
use crate::support::{create, get, over};

/// A client by name: an address that is connected to without a lookup says nothing about connections.
fn client(url: &str, policy: Policy) -> Client {
    over(super::LEAN, &url.replace("127.0.0.1", "localhost")).policy(policy).build().expect("a client")
}

#[tokio::test]
async fn a_kept_connection_that_breaks_says_nothing_about_the_service() {
    let (url, connections) = serve(|mut stream, _| async move {
        request(&mut stream).await?;
        stream.write_all(OK.as_bytes()).await?;
        request(&mut stream).await?;
        reset(&stream)
    })
    .await;
    let client = self::client(&url, Policy::default().with_breaker(1, Duration::from_secs(60)));
    get(&client).await.expect("an answer");
    let started = Instant::now();
    get(&client).await.expect("on a new connection");
    assert!(started.elapsed() < Duration::from_millis(900), "nothing was waited for");
    let error = create(&client).await.expect_err("it may have been read");
    is(&error, ErrorKind::Transport, Phase::Exchange, Sent::MaybeSent, 1);
    assert_eq!((client.circuit(), connections.load(Ordering::SeqCst)), (CircuitState::Closed, 2));
    // A new connection that breaks says that something is wrong.
    let (url, _) = serve(|mut stream, _| async move {
        request(&mut stream).await?;
        reset(&stream)
    })
    .await;
    let client = self::client(&url, Policy::default().with_breaker(1, Duration::from_secs(60)));
    create(&client).await.expect_err("reset");
    assert_eq!(client.circuit(), CircuitState::Open);
}

#[tokio::test]
async fn nonsense_on_a_kept_connection_is_the_services() {
    let (url, _) = serve(|mut stream, _| async move {
        request(&mut stream).await?;
        stream.write_all(OK.as_bytes()).await?;
        request(&mut stream).await?;
        stream.write_all(b"HTTP/9.9 two hundred\r\n\r\n").await
    })
    .await;
    let client = self::client(&url, Policy::default().with_breaker(1, Duration::from_secs(60)).with_attempts(1));
    get(&client).await.expect("an answer");
    get(&client).await.expect_err("no HTTP");
    assert_eq!(client.circuit(), CircuitState::Open);
}

#[tokio::test]
async fn connections_are_made_anew_when_the_circuit_opens() {
    let hang = Arc::new(AtomicBool::new(false));
    let hangs = hang.clone();
    let (url, connections) = serve(move |mut stream, _| {
        let hangs = hangs.clone();
        async move {
            loop {
                request(&mut stream).await?;
                if hangs.load(Ordering::SeqCst) {
                    std::future::pending::<()>().await;
                }
                tokio::time::sleep(Duration::from_millis(30)).await;
                stream.write_all(OK.as_bytes()).await?;
            }
        }
    })
    .await;
    let mut policy = Policy::default().with_breaker(1, Duration::from_millis(50)).with_attempts(1);
    policy.attempt_timeout = Duration::from_millis(300);
    let client = self::client(&url, policy);
    let (one, other) = tokio::join!(get(&client).into_future(), get(&client).into_future());
    assert!(one.is_ok() && other.is_ok());
    assert_eq!(connections.load(Ordering::SeqCst), 2, "both are kept");
    hang.store(true, Ordering::SeqCst);
    get(&client).await.expect_err("no answer");
    assert_eq!(client.circuit(), CircuitState::Open);
    hang.store(false, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_millis(60)).await;
    get(&client).await.expect("a probe");
    assert_eq!(connections.load(Ordering::SeqCst), 3, "not over the other one that came through the outage");
}

#[tokio::test]
async fn connections_do_not_grow_old() {
    let server = || {
        serve(|mut stream, _| async move {
            loop {
                request(&mut stream).await?;
                stream.write_all(OK.as_bytes()).await?;
            }
        })
    };
    for (age, fewest) in [(Duration::ZERO, 3), (Duration::from_secs(60), 1)] {
        let (url, connections) = server().await;
        let client = over(super::LEAN, &url).pool_max_age(age).build().expect("a client");
        for _ in 0..40 {
            get(&client).await.expect("an answer");
        }
        assert_eq!(connections.load(Ordering::SeqCst), fewest);
    }
}

#[tokio::test]
async fn a_failed_reply_is_read_so_that_its_connection_can_be_used_again() {
    let (url, connections) = serve(|mut stream, _| async move {
        request(&mut stream).await?;
        let body = "x".repeat(10_000);
        let answer = format!("HTTP/1.1 503 Service Unavailable\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        stream.write_all(answer.as_bytes()).await?;
        request(&mut stream).await?;
        stream.write_all(OK.as_bytes()).await
    })
    .await;
    let mut policy = Policy::standard();
    policy.backoff.base = Duration::from_millis(1);
    let client = self::client(&url, policy);
    get(&client).await.expect("the second attempt");
    assert_eq!(connections.load(Ordering::SeqCst), 1);
}
