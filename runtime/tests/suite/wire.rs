//! Does a built-in transport do on a real wire what it is told, and no more?

use std::sync::{Arc, Mutex};
use std::time::Duration;

use sinew_runtime::generated::{Client, FormData, Reply};
use sinew_runtime::{Download, ErrorKind, Part, Policy, Sent};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::support::{CREATE, LIST, create, get, over};

/// Requests as they came in, whole.
type Seen = Arc<Mutex<Vec<String>>>;

/// A server that answers the nth connection with the nth text, then closes it; an empty text closes at once, and
/// `hold` never answers.
async fn serve(answers: Vec<&'static str>) -> (String, Seen) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/api/v1", listener.local_addr().expect("an address"));
    let seen = Seen::default();
    let log = seen.clone();
    tokio::spawn(async move {
        let mut held = Vec::new();
        for answer in answers {
            let Ok((mut stream, _)) = listener.accept().await else { return };
            let request = read(&mut stream).await;
            log.lock().expect("no panic while it was held").push(request);
            if answer == "hold" {
                held.push(stream);
            } else {
                // The client may have gone away, which is for the test to tell.
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        }
        std::future::pending::<()>().await;
    });
    (url, seen)
}

/// A request up to the end of its body.
async fn read(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        // A TLS client's hello, which is no text and all that is to be seen of it.
        if bytes.first() == Some(&0x16) {
            return text;
        }
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length =
                head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
            let chunked = head.to_ascii_lowercase().contains("transfer-encoding: chunked");
            if length.map_or(!chunked || body.ends_with("0\r\n\r\n"), |length: usize| body.len() >= length) {
                return text;
            }
        }
        match stream.read(&mut chunk).await {
            Ok(0) | Err(_) => return text,
            Ok(read) => bytes.extend_from_slice(&chunk[..read]),
        }
    }
}

fn client(url: &str) -> Client {
    let quick = sinew_runtime::Backoff::exponential(
        Duration::from_millis(1),
        Duration::from_millis(1),
        sinew_runtime::Jitter::None,
    );
    over(super::LEAN, url).policy(Policy::default().with_backoff(quick)).build().expect("a client")
}

const OK: &str =
    "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{\"id\": 7}";

#[tokio::test]
async fn a_request_looks_as_it_should() {
    let (url, seen) = serve(vec![OK]).await;
    let value = create(&client(&url)).await.expect("an answer");
    assert_eq!(value["id"], 7);
    let request = seen.lock().expect("no panic while it was held")[0].to_ascii_lowercase();
    let (head, body) = request.split_once("\r\n\r\n").expect("a head");
    let mut lines: Vec<_> =
        head.lines().filter(|line| !line.starts_with("host: ") && !line.starts_with("user-agent: sinew/")).collect();
    lines.sort_unstable();
    assert_eq!(
        lines,
        [
            "accept: application/json",
            "content-length: 14",
            "content-type: application/json",
            "post /api/v1/users/ http/1.1"
        ]
    );
    assert_eq!(body, r#"{"name":"ada"}"#);
}

#[tokio::test]
async fn a_form_of_known_length_announces_it() {
    let (url, seen) = serve(vec![OK]).await;
    let form = FormData::new().file("file", &Part::bytes("content"));
    client(&url).request(&CREATE).multipart(form).answering(Reply::empty).await.expect("an answer");
    let request = seen.lock().expect("no panic while it was held")[0].clone();
    assert!(
        request.to_ascii_lowercase().contains("content-length: ") && request.contains("filename=\"file\""),
        "{request}"
    );
}

#[tokio::test]
async fn refused_is_not_sent_and_tried_three_times() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    drop(listener);
    let error = create(&client(&url)).await.expect_err("nobody listens");
    assert_eq!((error.kind(), error.sent(), error.attempts()), (ErrorKind::Connect, Sent::NotSent, 3));
    assert!(error.to_string().to_ascii_lowercase().contains("connect: connection refused ("), "{error}");
}

#[tokio::test]
async fn a_reset_before_the_head_is_maybe_sent() {
    let (url, seen) = serve(vec!["", "", OK]).await;
    get(&client(&url)).await.expect("the third attempt");
    assert_eq!(seen.lock().expect("no panic while it was held").len(), 3);
    let (url, seen) = serve(vec!["", OK]).await;
    let error = create(&client(&url)).await.expect_err("a reset");
    assert_eq!((error.kind(), error.sent(), error.attempts()), (ErrorKind::Transport, Sent::MaybeSent, 1));
    assert_eq!(seen.lock().expect("no panic while it was held").len(), 1, "reqwest sends nothing again by itself");
}

#[tokio::test]
async fn a_truncated_body_is_received_and_tried_again_where_that_is_safe() {
    const HALF: &str = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 9\r\n\r\n{\"id\"";
    let (url, _) = serve(vec![HALF, OK]).await;
    assert_eq!(get(&client(&url)).await.expect("the second attempt")["id"], 7);
    let (url, _) = serve(vec![HALF]).await;
    let error = create(&client(&url)).await.expect_err("half a body");
    assert_eq!(
        (error.kind(), error.sent(), error.phase()),
        (ErrorKind::Transport, Sent::Received, sinew_runtime::Phase::Body)
    );
}

#[tokio::test]
async fn silence_is_a_timeout() {
    let (url, _) = serve(vec!["hold"]).await;
    let error = create(&client(&url)).attempt_timeout(Duration::from_millis(100)).await.expect_err("silence");
    assert_eq!((error.kind(), error.sent(), error.attempts()), (ErrorKind::Timeout, Sent::MaybeSent, 1));
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let (url, seen) = serve(vec![
        "HTTP/1.1 307 Temporary Redirect\r\nconnection: close\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n",
        OK,
    ])
    .await;
    let error = get(&client(&url)).await.expect_err("a redirect");
    assert_eq!(error.status().map(|status| status.as_u16()), Some(307));
    assert_eq!(seen.lock().expect("no panic while it was held").len(), 1);
}

#[tokio::test]
async fn an_empty_204_with_a_media_type_is_an_answer() {
    let (url, _) =
        serve(vec!["HTTP/1.1 204 No Content\r\nconnection: close\r\ncontent-type: application/json\r\n\r\n"]).await;
    crate::support::delete(&client(&url)).await.expect("an answer");
}

#[tokio::test]
async fn downloads_stream() {
    let (url, _) = serve(vec![
        "HTTP/1.1 200 OK\r\nconnection: close\r\ntransfer-encoding: chunked\r\ncontent-disposition: attachment; filename=a.bin\r\n\r\n3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n",
    ])
    .await;
    let client = client(&url);
    let download = client.request(&LIST).streaming(Download::from_reply).await.expect("a stream");
    assert_eq!((download.name().as_deref(), download.len()), (Some("a.bin"), None));
    assert_eq!(download.bytes().await.expect("all of it"), "abcdef");
}

#[tokio::test]
async fn errors_of_the_wire_hold_no_query() {
    let (url, _) = serve(vec!["no http at all\r\n\r\n"]).await;
    let client = client(&url);
    let call = client.request(&CREATE).query("key", &"canary-4711").answering(Reply::empty);
    let error = call.await.expect_err("no http");
    let mut text = format!("{error} {error:?}");
    let mut cause = std::error::Error::source(&error);
    while let Some(error) = cause {
        text += &format!("{error} {error:?}");
        cause = error.source();
    }
    assert!(!text.contains("canary"), "{text}");
}

#[tokio::test]
async fn a_request_body_that_cannot_be_read_is_the_callers_fault() {
    struct Broken;
    impl futures_core::Stream for Broken {
        type Item = Result<&'static str, std::io::Error>;
        fn poll_next(
            self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<Self::Item>> {
            std::task::Poll::Ready(Some(Err(std::io::Error::other("the disk is gone"))))
        }
    }
    let (url, _) = serve(vec![OK, OK]).await;
    let client = client(&url);
    let call = client.request(&CREATE).body("text/plain", sinew_runtime::Body::stream(Broken)).answering(Reply::empty);
    let error = call.await.expect_err("no body");
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Build, 1), "{error}");
    assert!(error.to_string().contains("the disk is gone"), "{error}");
}

#[tokio::test]
async fn the_length_in_a_head_reply_is_not_a_bodys() {
    static HEAD: sinew_runtime::generated::Operation =
        sinew_runtime::generated::Operation::new("head", sinew_runtime::generated::Method::Head, "/file");
    let (url, _) = serve(vec!["HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 99999999999\r\n\r\n"]).await;
    let response = client(&url).request(&HEAD).answering(Reply::empty).response().await.expect("a head");
    assert_eq!(response.headers["content-length"], "99999999999");
}

#[tokio::test]
async fn connections_are_used_again() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/api/v1", listener.local_addr().expect("an address"));
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("one connection");
        for _ in 0..3 {
            read(&mut stream).await;
            let answer = "HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n1";
            stream.write_all(answer.as_bytes()).await.expect("the client waits");
        }
    });
    let client = client(&url);
    for _ in 0..3 {
        // Clones share the pool.
        get(&client.clone()).await.expect("an answer");
    }
    server.await.expect("three requests over one connection");
}

#[tokio::test]
async fn a_service_that_speaks_no_tls_is_not_asked_again() {
    let (url, seen) = serve(vec!["HTTP/1.1 400 Bad Request\r\n\r\n", "", ""]).await;
    let client = client(&url.replace("http://", "https://"));
    let error = get(&client).await.expect_err("no TLS");
    assert_eq!((error.kind(), error.sent(), error.attempts()), (ErrorKind::Connect, Sent::NotSent, 1), "{error:?}");
    assert!(error.to_string().contains("no secure connection"), "{error}");
    assert_eq!(seen.lock().expect("no panic while it was held").len(), 1);
}

#[tokio::test]
async fn a_host_is_written_once_and_last() {
    for name in ["127.0.0.1", "localhost"] {
        let (url, seen) = serve(vec!["HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}"; 2]).await;
        let url = url.replace("127.0.0.1", name);
        let client = over(super::LEAN, &url).build().expect("a client");
        for _ in 0..2 {
            get(&client).await.expect("an answer");
        }
        let host = url.trim_start_matches("http://").trim_end_matches("/api/v1");
        for request in seen.lock().expect("no panic while it was held").iter() {
            assert_eq!(request.matches("\r\nhost:").count(), 1, "{request}");
            assert!(request.ends_with(&format!("\r\nhost: {host}\r\n\r\n")), "{request}");
        }
    }
}
