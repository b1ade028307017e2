//! Can a call be made without a runtime, and never where that would block one?

use std::time::{Duration, Instant};

use sinew_runtime::testing::{Scripted, Step};
use sinew_runtime::{Backoff, ErrorKind, Jitter, Policy};

use crate::support::{builder, client, get, ok};

#[test]
fn a_call_is_waited_for() {
    let script = Scripted::new([Step::refuse(), ok()]);
    let quick = Backoff::exponential(Duration::from_millis(1), Duration::from_millis(1), Jitter::None);
    let client = builder(&script).policy(Policy::default().with_backoff(quick)).build().expect("a client");
    assert_eq!(get(&client).blocking().expect("the second attempt")["id"], 7);
    assert_eq!((script.count(), client.in_flight()), (2, 0));
}

#[test]
fn time_limits_hold() {
    let client = client(&Scripted::always(Step::hang()));
    let began = Instant::now();
    let error = get(&client).timeout(Duration::from_millis(50)).blocking().expect_err("silence");
    assert!(error.is_timeout() && began.elapsed() >= Duration::from_millis(50), "{error}");
}

#[test]
fn threads_share_the_background() {
    let script = Scripted::always(ok().after(Duration::from_millis(5)));
    let client = client(&script);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| get(&client).blocking().expect("an answer"));
        }
    });
    assert_eq!((script.count(), client.in_flight()), (8, 0));
}

#[test]
fn a_real_connection_is_kept_between_calls() {
    use std::io::{Read, Write};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/api/v1", listener.local_addr().expect("an address"));
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("one connection");
        for _ in 0..2 {
            assert!(stream.read(&mut [0; 4096]).expect("a request") > 0);
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{\"id\": 7}").expect("a client");
        }
    });
    for client in [crate::support::over(true, &url).build().expect("a client")] {
        for _ in 0..2 {
            assert_eq!(get(&client).blocking().expect("an answer")["id"], 7);
        }
    }
    server.join().expect("two requests over one connection");
}

#[tokio::test]
async fn a_thread_of_a_runtime_is_not_blocked() {
    let script = Scripted::always(ok());
    let client = client(&script);
    let error = get(&client).blocking().expect_err("to be awaited");
    assert_eq!((error.kind(), script.count()), (ErrorKind::Config, 0));
    let elsewhere = client.clone();
    let error = tokio::task::spawn_blocking(move || get(&elsewhere).blocking().expect_err("to be awaited"));
    assert!(error.await.expect("no panic").to_string().contains("await"));
    get(&client).await.expect("it still can be awaited");
}
