//! Do a gibibyte down and a gibibyte up pass through in constant memory?
//!
//! `cargo test -p sinew-runtime --features reqwest,hyper --test gigabyte -- --ignored --nocapture` tells the peak of the process,
//! server included. It is ignored by default for the time it takes.
#![cfg(target_os = "linux")]
#![allow(clippy::expect_used, clippy::unwrap_used)]

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_core::Stream;
use sinew_runtime::generated::{Client, FormData, Method, Operation, Reply, Service};
use sinew_runtime::{Body, ClientBuilder, Download, Part};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

const GIB: u64 = 1 << 30;
/// What the process may grow by. Held in memory, a body would take 64 times as much.
const ALLOWED: u64 = 16 << 20;

static SERVICE: Service = Service::new("bulk", "");
static DOWN: Operation = Operation::new("down", Method::Get, "/down");
static UP: Operation = Operation::new("up", Method::Put, "/up");

/// The most memory that the process ever had, in bytes.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("a status");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
    line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") * 1024
}

/// Sends a gibibyte to who asks for `/down`, and tells how much came to `/up`.
async fn serve(stream: TcpStream) -> std::io::Result<()> {
    let mut stream = BufReader::with_capacity(64 * 1024, stream);
    let (mut line, mut length, mut first) = (String::new(), None, String::new());
    loop {
        line.clear();
        stream.read_line(&mut line).await?;
        let lower = line.trim_end().to_ascii_lowercase();
        if lower.is_empty() {
            break;
        }
        if first.is_empty() {
            first.clone_from(&lower);
        }
        length = lower.strip_prefix("content-length: ").map(|length| length.parse().unwrap()).or(length);
    }
    if first.starts_with("get /down ") {
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {GIB}\r\nconnection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).await?;
        let chunk = vec![7; 64 * 1024];
        for _ in 0..GIB / (64 * 1024) {
            stream.write_all(&chunk).await?;
        }
        return stream.flush().await;
    }
    let mut received = 0;
    let mut buffer = vec![0; 64 * 1024];
    let mut left = length;
    loop {
        // Without a length, chunks tell theirs (RFC 9112, section 7.1).
        if length.is_none() {
            line.clear();
            stream.read_line(&mut line).await?;
            left = Some(u64::from_str_radix(line.trim(), 16).unwrap());
            if left == Some(0) {
                stream.read_line(&mut line).await?;
                break;
            }
        }
        while let Some(wanted) = left.filter(|&left| left > 0) {
            let size = buffer.len().min(usize::try_from(wanted).unwrap());
            let read = stream.read(&mut buffer[..size]).await? as u64;
            assert!(read > 0, "the body ends early");
            received += read;
            left = Some(wanted - read);
        }
        if length.is_some() {
            break;
        }
        stream.read_line(&mut line).await?;
    }
    let body = received.to_string();
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(format!("{head}{body}").as_bytes()).await?;
    stream.flush().await
}

/// So many bytes, made when they are asked for.
struct Made(u64, Bytes);

impl Stream for Made {
    type Item = Result<Bytes, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let size = self.0.min(self.1.len() as u64);
        self.0 -= size;
        let chunk = self.1.slice(..usize::try_from(size).unwrap());
        Poll::Ready((size > 0).then_some(Ok(chunk)))
    }
}

fn made() -> Made {
    Made(GIB, vec![7; 64 * 1024].into())
}

#[tokio::test]
#[ignore = "takes its time"]
async fn a_gibibyte_passes_through() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(async move { serve(stream).await.expect("it is read whole") });
        }
    });
    for lean in [false, true] {
        let builder = ClientBuilder::<Client>::new(&SERVICE).base_url(&url);
        let client = if lean { builder.hyper_transport() } else { builder }.build().expect("a client");
        let transport = if lean { "hyper" } else { "reqwest" };
        // A small one first, so that what a first call costs does not count.
        let small = client.request(&UP).body("application/octet-stream", "words").answering(Reply::json::<u64>);
        assert_eq!(small.await.expect("an answer"), 5);
        let tell = |what: &str, before: u64| {
            let grown = peak() - before;
            println!("{transport}, {what}: the process grew by {} KiB to at most {} KiB", grown / 1024, peak() / 1024);
            assert!(grown < ALLOWED, "{transport}, {what}: grew by {grown} bytes");
        };

        let before = peak();
        let mut download = client.request(&DOWN).streaming(Download::from_reply).await.expect("a stream");
        let mut received = 0;
        while let Some(chunk) = std::future::poll_fn(|context| Pin::new(&mut download).poll_next(context)).await {
            received += chunk.expect("a chunk").len() as u64;
        }
        assert_eq!(received, GIB);
        tell("1 GiB down", before);

        for (what, body) in [("with its length", Body::sized_stream(made(), GIB)), ("in chunks", Body::stream(made()))]
        {
            let before = peak();
            let up = client.request(&UP).body("application/octet-stream", body).answering(Reply::json::<u64>);
            assert_eq!(up.await.expect("an answer"), GIB);
            tell(&format!("1 GiB up {what}"), before);
        }
        let before = peak();
        let form = FormData::new().file("file", &Part::stream(made()).file_name("f"));
        let up = client.request(&UP).multipart(form).answering(Reply::json::<u64>).await.expect("an answer");
        assert!(up > GIB, "the lines around the part count, too");
        tell("1 GiB up in a form", before);
    }
}
