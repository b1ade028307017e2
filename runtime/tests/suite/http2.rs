//! What do the refusals of HTTP/2 become, on a real connection?

use std::sync::{Arc, Mutex};
use std::time::Duration;

use sinew_runtime::generated::{Client, Reply};
use sinew_runtime::{Backoff, CircuitState, Error, ErrorKind, Jitter, Policy, Sent};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::support::{CREATE, over};

/// What the server does with one request. Frames as RFC 9113 lays them out, so that no library comes in between.
#[derive(Clone, Copy)]
enum Act {
    Answer,
    /// `RST_STREAM` with an error code.
    Reset(u8),
    /// `GOAWAY` that names no stream as processed, with an error code; then the connection ends.
    GoAway(u8),
    /// The connection ends.
    Hangup,
}

const NO_ERROR: u8 = 0;
const REFUSED_STREAM: u8 = 7;
const ENHANCE_YOUR_CALM: u8 = 11;

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("a short frame").to_be_bytes();
    let mut frame = vec![length[1], length[2], length[3], kind, flags];
    frame.extend_from_slice(&stream.to_be_bytes());
    frame.extend_from_slice(payload);
    frame
}

/// A server that does the nth act with the nth request, over as many connections as come. Counts the requests.
async fn serve(acts: Vec<Act>) -> (Client, Arc<Mutex<usize>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let seen = Arc::new(Mutex::new(0));
    let count = seen.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acts, count) = (acts.clone(), count.clone());
            // A client that goes away is for the test to tell.
            tokio::spawn(async move { connection(stream, &acts, &count).await.is_ok() });
        }
    });
    let quick = Backoff::exponential(Duration::from_millis(20), Duration::from_millis(20), Jitter::None);
    let policy = Policy::default().with_backoff(quick).with_breaker(1, Duration::from_secs(60));
    let client = over(super::LEAN, &url).policy(policy).http2_only().build();
    (client.expect("a client"), seen)
}

async fn connection(mut stream: TcpStream, acts: &[Act], count: &Mutex<usize>) -> std::io::Result<()> {
    const PREFACE: usize = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".len();
    stream.read_exact(&mut [0; PREFACE]).await?;
    stream.write_all(&frame(4, 0, 0, &[])).await?;
    loop {
        let mut head = [0; 9];
        stream.read_exact(&mut head).await?;
        let length = usize::from(head[1]) << 8 | usize::from(head[2]);
        stream.read_exact(&mut vec![0; length]).await?;
        let id = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
        match (head[3], head[4]) {
            // Settings are acknowledged.
            (4, 0) => stream.write_all(&frame(4, 1, 0, &[])).await?,
            (1, _) => {
                let act = {
                    let mut count = count.lock().expect("no panic while it was held");
                    *count += 1;
                    acts.get(*count - 1).copied().unwrap_or(Act::Answer)
                };
                match act {
                    // `:status: 200` is the eighth entry of the static table.
                    Act::Answer => stream.write_all(&frame(1, 5, id, &[0x88])).await?,
                    Act::Reset(code) => stream.write_all(&frame(3, 0, id, &[0, 0, 0, code])).await?,
                    Act::GoAway(code) => {
                        stream.write_all(&frame(7, 0, 0, &[0, 0, 0, 0, 0, 0, 0, code])).await?;
                        tokio::time::sleep(Duration::from_millis(50)).await;
                        return Ok(());
                    }
                    Act::Hangup => return Ok(()),
                }
            }
            _ => {}
        }
    }
}

async fn create(client: &Client) -> Result<(), Error> {
    client.request(&CREATE).json(&1).answering(Reply::empty).await
}

async fn read(client: &Client) -> Result<(), Error> {
    client.request(&crate::support::GET).path("user_id", &7).answering(Reply::empty).await
}

fn count(seen: &Mutex<usize>) -> usize {
    *seen.lock().expect("no panic while it was held")
}

#[tokio::test]
async fn what_was_not_processed_is_sent_again_whatever_the_method() {
    for act in [Act::Reset(REFUSED_STREAM), Act::GoAway(NO_ERROR)] {
        let (client, seen) = serve(vec![act]).await;
        create(&client).await.expect("the second attempt");
        assert_eq!((count(&seen), client.circuit()), (2, CircuitState::Closed));
    }
}

/// Were reqwest's own retries not off, more requests would be on the wire than attempts were made.
#[tokio::test]
async fn nobody_retries_behind_our_back() {
    for act in [Act::Reset(REFUSED_STREAM), Act::GoAway(NO_ERROR)] {
        let (client, seen) = serve(vec![act; 20]).await;
        // Without a body, which reqwest could send again by itself.
        let error = read(&client).await.expect_err("refused each time");
        assert_eq!((error.kind(), error.sent()), (ErrorKind::Transport, Sent::NotSent), "{error:?}");
        assert_eq!((error.attempts(), count(&seen), client.circuit()), (3, 3, CircuitState::Closed));
    }
}

#[tokio::test]
async fn a_service_that_wants_calm_may_have_processed_it() {
    for act in [Act::Reset(ENHANCE_YOUR_CALM), Act::GoAway(ENHANCE_YOUR_CALM), Act::Hangup] {
        let (client, seen) = serve(vec![act]).await;
        let error = create(&client).await.expect_err("not safe to send again");
        assert_eq!((error.kind(), error.sent()), (ErrorKind::Transport, Sent::MaybeSent), "{error:?}");
        assert_eq!((error.attempts(), count(&seen), client.circuit()), (1, 1, CircuitState::Open));
    }
}

#[tokio::test]
async fn plain_connections_speak_http2_if_they_are_told_to() {
    let (client, seen) = serve(Vec::new()).await;
    for _ in 0..3 {
        read(&client).await.expect("an answer");
    }
    assert_eq!(count(&seen), 3);
}

/// It has `:authority` instead (RFC 9113, section 8.3.1).
#[tokio::test]
async fn http2_has_no_host() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    let client = over(super::LEAN, &format!("http://{address}")).http2_only().build().expect("a client");
    let seen = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.expect("a connection");
        request_of(stream).await
    });
    read(&client).await.expect("an answer");
    let request = seen.await.expect("a request");
    assert_eq!(request.uri().authority().map(http::uri::Authority::as_str), Some(&*address));
    assert_eq!(request.headers().get("host"), None);
}

/// The head of the first request of a connection, which is answered.
pub(crate) async fn request_of(stream: impl AsyncRead + AsyncWrite + Unpin) -> http::Request<()> {
    let mut connection = h2::server::handshake(stream).await.expect("a preface");
    let (request, mut respond) = connection.accept().await.expect("a request").expect("a whole one");
    respond.send_response(http::Response::new(()), true).expect("an open stream");
    // Until the other end goes away or has had the time for its answer.
    let _ = tokio::time::timeout(Duration::from_millis(200), connection.accept()).await;
    request.map(drop)
}
