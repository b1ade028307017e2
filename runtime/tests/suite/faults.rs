//! What does each fault of the wire become: which error, which retry, and is anything left behind?

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use sinew_runtime::generated::Client;
use sinew_runtime::{
    AddressPolicy, Backoff, CircuitState, ClientBuilder, Download, Error, ErrorKind, Jitter, Phase, Policy, Sent,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::support::{LIST, create, get, over};

pub(super) const OK: &str = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{\"id\": 7}";

/// A server that treats the nth connection as it likes, and how many there were.
pub(super) async fn serve<A, F>(act: A) -> (String, Arc<AtomicUsize>)
where
    A: Fn(TcpStream, usize) -> F + Send + 'static,
    F: Future<Output = std::io::Result<()>> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/api/v1", listener.local_addr().expect("an address"));
    let count = Arc::new(AtomicUsize::new(0));
    let seen = count.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            // A client that goes away is for the test to tell.
            tokio::spawn(act(stream, seen.fetch_add(1, Ordering::SeqCst)));
        }
    });
    (url, count)
}

/// Reads a request that fits into one packet, as all here do.
pub(super) async fn request(stream: &mut TcpStream) -> std::io::Result<String> {
    let mut buffer = vec![0; 16 * 1024];
    let mut whole = String::new();
    loop {
        let read = stream.read(&mut buffer).await?;
        whole += &String::from_utf8_lossy(&buffer[..read]);
        let body = whole.split_once("\r\n\r\n").map(|(_, body)| body.len());
        if read == 0 || body.is_some_and(|body| whole.starts_with("GET") || body > 0) {
            return Ok(whole);
        }
    }
}

/// Answers with these bytes and closes.
async fn saying(bytes: &'static [u8]) -> (String, Arc<AtomicUsize>) {
    serve(move |mut stream, _| async move {
        request(&mut stream).await?;
        stream.write_all(bytes).await
    })
    .await
}

/// Closes with a reset instead of an orderly end.
pub(super) fn reset(stream: &TcpStream) -> std::io::Result<()> {
    stream.set_zero_linger()
}

fn policy() -> Policy {
    let millisecond = Duration::from_millis(1);
    let mut policy = Policy::standard().with_backoff(Backoff::exponential(millisecond, millisecond, Jitter::None));
    policy.bulkhead.enabled = true;
    policy.bulkhead.most = 1;
    policy.attempt_timeout = Duration::from_secs(2);
    policy.idle_timeout = Duration::from_millis(100);
    policy.max_body = 64 * 1024;
    // What is left of retries is compared, so time takes none.
    policy.budget.window = Duration::ZERO;
    policy
}

fn builder(url: &str) -> ClientBuilder<Client> {
    over(super::LEAN, url).policy(policy())
}

fn client(url: &str) -> Client {
    builder(url).build().expect("a client")
}

/// Nothing is on its way, no slot is taken, and only what was sent again was paid for.
#[track_caller]
fn nothing_is_left(client: &Client, retries: u32) {
    assert_eq!((client.in_flight(), client.free_slots()), (0, Some(1)));
    assert!(client.retries_left() >= Some(2 - retries), "{:?}", client.retries_left());
}

#[track_caller]
pub(super) fn is(error: &Error, kind: ErrorKind, phase: Phase, sent: Sent, attempts: u32) {
    assert_eq!((error.kind(), error.phase(), error.sent(), error.attempts()), (kind, phase, sent, attempts), "{error}");
}

#[tokio::test]
async fn refused() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    drop(listener);
    let client = client(&url);
    is(&create(&client).await.expect_err("refused"), ErrorKind::Connect, Phase::Connect, Sent::NotSent, 3);
    nothing_is_left(&client, 2);
}

#[tokio::test]
async fn a_black_hole_before_the_connection_is_made() {
    // TCP connects, and then nobody says a word of TLS.
    let (url, connections) = serve(|stream, _| async move {
        tokio::time::sleep(Duration::from_secs(60)).await;
        drop(stream);
        Ok(())
    })
    .await;
    let client =
        builder(&url.replace("http:", "https:")).connect_timeout(Duration::from_millis(100)).build().expect("a client");
    is(&create(&client).await.expect_err("no hello"), ErrorKind::Connect, Phase::Connect, Sent::NotSent, 3);
    assert_eq!(connections.load(Ordering::SeqCst), 3);
    nothing_is_left(&client, 2);
}

#[tokio::test]
async fn a_black_hole_after_the_request() {
    let (url, connections) = serve(|mut stream, _| async move {
        request(&mut stream).await?;
        tokio::time::sleep(Duration::from_secs(60)).await;
        Ok(())
    })
    .await;
    let client = client(&url);
    for (call, attempts) in [(create(&client), 1), (get(&client), 3)] {
        let error = call.attempt_timeout(Duration::from_millis(100)).await.expect_err("silence");
        is(&error, ErrorKind::Timeout, Phase::Exchange, Sent::MaybeSent, attempts);
    }
    assert_eq!(connections.load(Ordering::SeqCst), 4);
    nothing_is_left(&client, 2);
}

#[tokio::test]
async fn a_reset_before_the_head() {
    let act = |times: usize| {
        move |mut stream: TcpStream, nth: usize| async move {
            request(&mut stream).await?;
            if nth < times { reset(&stream) } else { stream.write_all(OK.as_bytes()).await }
        }
    };
    let (url, connections) = serve(act(1)).await;
    let client = client(&url);
    get(&client).await.expect("the second attempt");
    assert_eq!(connections.load(Ordering::SeqCst), 2);
    nothing_is_left(&client, 1);
    let (url, _) = serve(act(9)).await;
    let client = self::client(&url);
    is(&create(&client).await.expect_err("a reset"), ErrorKind::Transport, Phase::Exchange, Sent::MaybeSent, 1);
    nothing_is_left(&client, 0);
}

#[tokio::test]
async fn a_reset_after_the_head() {
    let (url, _) = serve(|mut stream, nth| async move {
        request(&mut stream).await?;
        if nth > 0 {
            return stream.write_all(OK.as_bytes()).await;
        }
        stream.write_all(&OK.as_bytes()[..OK.len() - 3]).await?;
        // What was written is to arrive before the reset overtakes it.
        tokio::time::sleep(Duration::from_millis(50)).await;
        reset(&stream)
    })
    .await;
    let client = client(&url);
    is(&create(&client).await.expect_err("half a body"), ErrorKind::Transport, Phase::Body, Sent::Received, 1);
    assert_eq!(get(&client).await.expect("another connection")["id"], 7);
    nothing_is_left(&client, 0);
}

#[tokio::test]
async fn a_truncated_body() {
    let (url, connections) = saying(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{\"id\"").await;
    let client = client(&url);
    is(&get(&client).await.expect_err("cut off"), ErrorKind::Transport, Phase::Body, Sent::Received, 3);
    assert_eq!(connections.load(Ordering::SeqCst), 3);
    nothing_is_left(&client, 2);
}

#[tokio::test]
async fn a_slow_body() {
    let (url, _) = serve(|mut stream, _| async move {
        request(&mut stream).await?;
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{").await?;
        tokio::time::sleep(Duration::from_secs(60)).await;
        Ok(())
    })
    .await;
    let client = client(&url);
    let download = client.request(&LIST).streaming(Download::from_reply).await.expect("a head");
    is(&download.bytes().await.expect_err("silence"), ErrorKind::Timeout, Phase::Body, Sent::Received, 1);
    let call = create(&client).attempt_timeout(Duration::from_millis(100));
    is(&call.await.expect_err("silence"), ErrorKind::Timeout, Phase::Body, Sent::Received, 1);
    nothing_is_left(&client, 0);
}

#[tokio::test]
async fn an_oversized_body() {
    let (url, _) = serve(|mut stream, nth| async move {
        request(&mut stream).await?;
        if nth == 0 {
            return stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 70000\r\n\r\n").await;
        }
        stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").await?;
        loop {
            stream.write_all(format!("1000\r\n{}\r\n", "x".repeat(0x1000)).as_bytes()).await?;
        }
    })
    .await;
    let client = client(&url);
    for _ in 0..2 {
        is(&get(&client).await.expect_err("too much"), ErrorKind::TooLarge, Phase::Body, Sent::Received, 1);
    }
    assert_eq!(client.circuit(), CircuitState::Closed);
    nothing_is_left(&client, 0);
}

#[tokio::test]
async fn headers_without_end() {
    // One header that does not end, and ever more of them.
    for many in [false, true] {
        let (url, _) = serve(move |mut stream, _| async move {
            request(&mut stream).await?;
            stream.write_all(b"HTTP/1.1 200 OK\r\nx: ").await?;
            loop {
                stream.write_all(if many { b"y\r\nx: " } else { &[b'y'; 4096] }).await?;
            }
        })
        .await;
        let client = client(&url);
        is(&create(&client).await.expect_err("too much"), ErrorKind::Transport, Phase::Exchange, Sent::MaybeSent, 1);
        nothing_is_left(&client, 0);
    }
}

#[tokio::test]
async fn bad_chunking() {
    let (url, _) = saying(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nnot-a-size\r\n{}\r\n0\r\n\r\n").await;
    let client = client(&url);
    is(&create(&client).await.expect_err("no chunk"), ErrorKind::Transport, Phase::Body, Sent::Received, 1);
    nothing_is_left(&client, 0);
}

#[tokio::test]
async fn two_lengths() {
    let (url, _) = saying(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 9\r\n\r\n{\"id\": 7}").await;
    let client = client(&url);
    is(&create(&client).await.expect_err("a smuggler"), ErrorKind::Transport, Phase::Exchange, Sent::MaybeSent, 1);
    nothing_is_left(&client, 0);
}

#[tokio::test]
async fn informational_answers_are_passed_over() {
    let (url, _) = saying(
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{\"id\": 7}",
    )
    .await;
    let client = client(&url);
    assert_eq!(create(&client).await.expect("the last answer")["id"], 7);
    nothing_is_left(&client, 0);
}

#[tokio::test]
async fn a_stale_connection() {
    // It was closed while it was idle: the pool sees that, and nothing fails.
    let (url, connections) = serve(|mut stream, _| async move {
        request(&mut stream).await?;
        stream.write_all(OK.as_bytes()).await
    })
    .await;
    let client = client(&url);
    create(&client).await.expect("an answer");
    tokio::time::sleep(Duration::from_millis(50)).await;
    create(&client).await.expect("another connection");
    assert_eq!(connections.load(Ordering::SeqCst), 2);
    nothing_is_left(&client, 0);

    // It is closed when the next request arrives: nobody can know whether that was read.
    let (url, connections) = serve(|mut stream, nth| async move {
        request(&mut stream).await?;
        stream.write_all(OK.as_bytes()).await?;
        request(&mut stream).await?;
        if nth < 2 { reset(&stream) } else { stream.write_all(OK.as_bytes()).await }
    })
    .await;
    let client = self::client(&url);
    get(&client).await.expect("an answer");
    get(&client).await.expect("the second attempt, on another connection");
    assert_eq!(connections.load(Ordering::SeqCst), 2);
    let error = create(&client).await.expect_err("not safe to send again");
    is(&error, ErrorKind::Transport, Phase::Exchange, Sent::MaybeSent, 1);
    nothing_is_left(&client, 1);
}

#[tokio::test]
async fn addresses_that_the_policy_refuses_are_not_connected_to() {
    let (url, connections) = saying(OK.as_bytes()).await;
    let port = url.trim_start_matches("http://127.0.0.1:").to_owned();
    let only = |networks: &[&str]| AddressPolicy::only(networks).expect("networks");
    for policy in [AddressPolicy::Public, only(&["10.0.0.0/8", "127.0.0.2", "::2/127"])] {
        for host in ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]"] {
            let client = builder(&format!("http://{host}:{port}")).addresses(policy.clone()).build();
            let client = client.expect("a client");
            let error = get(&client).await.expect_err("a way into one's own network");
            assert_eq!((error.sent(), error.attempts(), client.circuit()), (Sent::NotSent, 1, CircuitState::Closed));
            assert!(error.to_string().contains("address policy"), "{error}");
            nothing_is_left(&client, 0);
        }
    }
    assert_eq!(connections.load(Ordering::SeqCst), 0);
    // What is listed is connected to, as an address and by its name.
    for host in ["127.0.0.1", "localhost"] {
        let client = builder(&format!("http://{host}:{port}")).addresses(only(&["127.0.0.0/8"])).build();
        get(&client.expect("a client")).await.expect("an answer");
    }
    let both = builder(&url).addresses(AddressPolicy::Public).proxy("http://127.0.0.1:1").build();
    assert_eq!(both.expect_err("behind a proxy it could not hold").kind(), ErrorKind::Config);
}

#[tokio::test]
async fn a_plain_request_goes_through_a_proxy_whole() {
    let (url, _) = serve(|mut stream, _| async move {
        let request = request(&mut stream).await?.to_ascii_lowercase();
        let whole = request.starts_with("get http://users.test/api/v1/users/7 http/1.1\r\n")
            && request.contains("\r\nproxy-authorization: basic dtpw\r\n")
            && request.contains("\r\nhost: users.test\r\n");
        stream.write_all(if whole { OK.as_bytes() } else { b"HTTP/1.1 400 Bad Request\r\n\r\n" }).await
    })
    .await;
    let proxy = url.trim_end_matches("/api/v1");
    let client = builder("http://users.test/api/v1").proxy_with_credentials(proxy, "u", "p").build();
    assert_eq!(get(&client.expect("a client")).await.expect("an answer")["id"], 7);
}

#[tokio::test]
async fn a_secure_request_goes_through_a_tunnel() {
    let (told, mut heard) = tokio::sync::mpsc::unbounded_channel();
    let (url, _) = serve(move |mut stream, _| {
        let told = told.clone();
        async move {
            let mut head = vec![0; 4096];
            let read = stream.read(&mut head).await?;
            let _ = told.send(String::from_utf8_lossy(&head[..read]).to_ascii_lowercase());
            stream.write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n").await
        }
    })
    .await;
    let proxy = url.trim_end_matches("/api/v1");
    let client = builder("https://users.test/api/v1").proxy(proxy).build().expect("a client");
    let error = create(&client).policy(policy().with_attempts(1)).await.expect_err("the proxy knows nobody");
    is(&error, ErrorKind::Connect, Phase::Connect, Sent::NotSent, 1);
    assert!(heard.recv().await.is_some_and(|head| head.starts_with("connect users.test:443 http/1.1\r\n")));
    nothing_is_left(&client, 0);
}

#[tokio::test]
async fn connections_cannot_be_set_up_for_a_transport_of_ones_own() {
    let own = sinew_runtime::testing::Scripted::default();
    let builder = ClientBuilder::<Client>::new(&crate::support::SERVICE).transport(own).http1_only();
    assert_eq!(builder.build().expect_err("one or the other").kind(), ErrorKind::Config);
    for wrong in ["https://proxy:1", "http://proxy:1/path", "proxy"] {
        assert_eq!(over(super::LEAN, "http://x").proxy(wrong).build().expect_err(wrong).kind(), ErrorKind::Config);
    }
    for pem in ["", "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n"] {
        let builder = over(super::LEAN, "http://x").root_certificate_pem(pem);
        assert_eq!(builder.build().expect_err("no certificate").kind(), ErrorKind::Config);
        assert_eq!(
            over(super::LEAN, "http://x").identity_pem(pem).build().expect_err("no key").kind(),
            ErrorKind::Config
        );
    }
}
