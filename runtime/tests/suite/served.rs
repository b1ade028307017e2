//! Do forms, streams of events and tokens work over real connections, as others read them?

use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sinew_runtime::generated::{Client, FormData, Method, Operation, Reply, ServerEvent};
use sinew_runtime::{ErrorKind, Events, OAuth, Part};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::support::{CREATE, over};

static NEWS: Operation = Operation::new("news", Method::Get, "/news").accept("text/event-stream");
static GUARDED: Operation = Operation::new("guarded", Method::Get, "/guarded").auth(&[&["bearer"]]);

/// A request as it came: its first line and headers, and its body.
#[derive(Clone, Debug)]
struct Asked {
    head: String,
    body: Vec<u8>,
}

impl Asked {
    fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.clone().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

async fn read(stream: &mut TcpStream) -> Option<Asked> {
    let (mut bytes, mut buffer) = (Vec::new(), vec![0; 16 * 1024]);
    loop {
        let read = stream.read(&mut buffer).await.ok()?;
        bytes.extend_from_slice(&buffer[..read]);
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
        if let Some(end) = end {
            let asked =
                Asked { head: String::from_utf8_lossy(&bytes[..end]).into_owned(), body: bytes[end + 4..].to_vec() };
            let chunked = asked.header("transfer-encoding").is_some();
            let length = asked.header("content-length").map_or(0, |length| length.parse().expect("a length"));
            if chunked && asked.body.ends_with(b"0\r\n\r\n") {
                return Some(Asked { body: unchunked(&asked.body), ..asked });
            }
            if !chunked && asked.body.len() >= length {
                return Some(asked);
            }
        }
        if read == 0 {
            return None;
        }
    }
}

/// A body without the lines that tell the lengths of its chunks (RFC 9112, section 7.1).
fn unchunked(mut rest: &[u8]) -> Vec<u8> {
    let mut whole = Vec::new();
    loop {
        let line = rest.windows(2).position(|two| two == b"\r\n").expect("a line");
        let length = usize::from_str_radix(std::str::from_utf8(&rest[..line]).expect("a text"), 16).expect("a length");
        if length == 0 {
            return whole;
        }
        whole.extend_from_slice(&rest[line + 2..line + 2 + length]);
        rest = &rest[line + 4 + length..];
    }
}

/// What was asked, in order.
type Log = Arc<Mutex<Vec<Asked>>>;

/// A server that answers each request with these pieces, each in a packet of its own, and closes.
async fn serve<A>(answer: A) -> (String, Log)
where
    A: Fn(&Asked, usize) -> Vec<Vec<u8>> + Send + Sync + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let log = Log::default();
    let seen = log.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            stream.set_nodelay(true).expect("no delay");
            let Some(asked) = read(&mut stream).await else { continue };
            let count = {
                let mut seen = seen.lock().expect("a log");
                seen.push(asked.clone());
                seen.len() - 1
            };
            for piece in answer(&asked, count) {
                if stream.write_all(&piece).await.and(stream.flush().await).is_err() {
                    break;
                }
                // So that pieces arrive apart; nothing is wrong if they do not.
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
    });
    (url, log)
}

fn client(url: &str) -> Client {
    over(super::LEAN, url).build().expect("a client")
}

fn json(body: &str) -> Vec<Vec<u8>> {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n"
    );
    vec![format!("{head}{body}").into_bytes()]
}

#[tokio::test]
async fn a_form_is_read_back_by_another_parser() {
    let (url, log) = serve(|_, _| json("null")).await;
    let path = std::env::temp_dir().join(format!("sinew-runtime-served-{}-{}", std::process::id(), super::LEAN));
    std::fs::write(&path, vec![7; 200_000]).expect("a file");
    let streamed = |size: usize| {
        let chunks = [vec![b'x'; size], b"\r\n--".to_vec()];
        Part::stream(Chunks(chunks.into())).file_name("ü \"q\".bin")
    };
    let form = FormData::new()
        .file("file", &Part::file(&path).content_type("image/png"))
        .file("na\"me", &streamed(70_000))
        .files("many", &[Part::bytes("1").file_name("1"), Part::bytes("").file_name("2")])
        .text("text", &"ü\r\n--")
        .text("list", &vec![1, 2])
        .json("meta", &serde_json::json!({"a": 1}));
    let sent = client(&url).request(&CREATE).multipart(form).answering(Reply::empty).await;
    std::fs::remove_file(&path).expect("it was there");
    sent.expect("an answer");
    let asked = log.lock().expect("a log").remove(0);
    let boundary = multer::parse_boundary(asked.header("content-type").expect("a media type")).expect("a boundary");
    let chunks = asked.body.chunks(999).map(bytes::Bytes::copy_from_slice);
    let mut read = multer::Multipart::new(Chunks(chunks.collect()), boundary);
    let mut parts = Vec::new();
    while let Some(field) = read.next_field().await.expect("a part") {
        let head = (field.name().map(str::to_owned), field.file_name().map(str::to_owned));
        let media = field.content_type().map(ToString::to_string);
        parts.push((head, media, field.bytes().await.expect("its content")));
    }
    let octets = Some("application/octet-stream".to_owned());
    let name = |name: &str| Some(name.to_owned());
    let file_name = path.file_name().and_then(|name| name.to_str()).map(str::to_owned);
    let expected = [
        ((name("file"), file_name), name("image/png"), vec![7; 200_000]),
        // As browsers write them (HTML, 4.10.22.8), which is read literally.
        ((name("na%22me"), name("ü %22q%22.bin")), octets.clone(), [vec![b'x'; 70_000], b"\r\n--".to_vec()].concat()),
        ((name("many"), name("1")), octets.clone(), b"1".to_vec()),
        ((name("many"), name("2")), octets, Vec::new()),
        ((name("text"), None), None, "ü\r\n--".as_bytes().to_vec()),
        ((name("list"), None), None, b"1".to_vec()),
        ((name("list"), None), None, b"2".to_vec()),
        ((name("meta"), None), name("application/json"), br#"{"a":1}"#.to_vec()),
    ];
    assert_eq!(parts.len(), expected.len());
    for (read, expected) in parts.into_iter().zip(expected) {
        assert_eq!((&read.0, &read.1), (&expected.0, &expected.1));
        assert!(read.2 == expected.2, "{:?}", read.0);
    }
}

#[tokio::test]
async fn the_headers_of_parts_are_read_back_by_another_parser() {
    let (url, log) = serve(|_, _| json("null")).await;
    let own = Part::bytes("p").header("X-Side", "right");
    let form = FormData::new()
        .part_header("X-Scale", &50)
        .part_header("X-Side", &"left")
        .file("plan", &own)
        .part_header("X-Tags", &vec!["a", "b"])
        .text("note", &"n")
        .part_header("X-Gone", &"with its part")
        .optional_file("gone", None)
        .part_header("X-Gone", &"with its part")
        .text("none", &None::<String>)
        .part_header("X-Kind", &"layer")
        .files("layers", &[Part::bytes("1"), Part::bytes("2")])
        .part_header("X-Absent", &None::<String>)
        .json("meta", &1);
    client(&url).request(&CREATE).multipart(form).answering(Reply::empty).await.expect("an answer");
    let asked = log.lock().expect("a log").remove(0);
    let boundary = multer::parse_boundary(asked.header("content-type").expect("a media type")).expect("a boundary");
    let mut read = multer::Multipart::new(Chunks([asked.body.clone()].into()), boundary);
    let mut parts = Vec::new();
    while let Some(field) = read.next_field().await.expect("a part") {
        let own = field.headers().iter().filter(|(name, _)| name.as_str().starts_with("x-"));
        let own = own.map(|(name, value)| format!("{name}: {}", value.to_str().expect("a text")));
        parts.push((field.name().map(str::to_owned).expect("a name"), own.collect::<Vec<_>>()));
    }
    let expected: [(&str, &[&str]); 5] = [
        ("plan", &["x-side: right", "x-scale: 50"]),
        ("note", &["x-tags: a,b"]),
        ("layers", &["x-kind: layer"]),
        ("layers", &["x-kind: layer"]),
        ("meta", &[]),
    ];
    let parts: Vec<(&str, Vec<&str>)> =
        parts.iter().map(|(name, own)| (name.as_str(), own.iter().map(String::as_str).collect())).collect();
    assert_eq!(parts, expected.map(|(name, own)| (name, own.to_vec())));

    for broken in ["a\r\nb", "\u{fc}"] {
        let form = FormData::new().part_header("X-Kind", &broken).text("note", &"n");
        let refused = client(&url).request(&CREATE).multipart(form).answering(Reply::empty).await;
        assert!(refused.expect_err("a refusal").to_string().contains("X-Kind"));
    }
}

#[tokio::test]
async fn parts_that_are_no_form_are_read_back_as_well() {
    let (url, log) = serve(|_, _| json("null")).await;
    let form = || {
        let part = Part::bytes("a\r\nb").content_type("image/png").file_name("p.png").header("X-Layer", "walls");
        FormData::new().json("meta", &serde_json::json!({"a": 1})).text("note", &"\u{fc}").file("picture", &part)
    };
    let client = client(&url);
    for form in [form().mixed(), form().related()] {
        client.request(&CREATE).multipart(form).answering(Reply::empty).await.expect("an answer");
    }
    let asked = log.lock().expect("a log").clone();
    let boundary = |asked: &Asked, rest: &str| {
        let said = asked.header("content-type").expect("a media type").to_owned();
        let boundary = said.strip_suffix(rest).unwrap_or_else(|| panic!("{said}")).rsplit_once("boundary=");
        boundary.expect("a boundary").1.to_owned()
    };
    let boundaries = [boundary(&asked[0], ""), boundary(&asked[1], "; type=\"application/json\"")];
    assert!(asked[0].header("content-type").is_some_and(|said| said.starts_with("multipart/mixed; ")));
    assert!(asked[1].header("content-type").is_some_and(|said| said.starts_with("multipart/related; ")));
    for (asked, boundary) in asked.iter().zip(boundaries) {
        let related = asked.header("content-type").is_some_and(|said| said.contains("related"));
        let id = |name: &str| if related { format!("Content-ID: <{name}>\r\n") } else { String::new() };
        let expected = format!(
            "--{boundary}\r\nContent-Type: application/json\r\n{}\r\n{{\"a\":1}}\r\n\
             --{boundary}\r\nContent-Type: text/plain; charset=utf-8\r\n{}\r\n\u{fc}\r\n\
             --{boundary}\r\nContent-Type: image/png\r\n{}Content-Disposition: attachment; filename=\"p.png\"\r\n\
             x-layer: walls\r\n\r\na\r\nb\r\n--{boundary}--\r\n",
            id("meta"),
            id("note"),
            id("picture")
        );
        assert_eq!(String::from_utf8_lossy(&asked.body), expected);
    }
    let refused = FormData::new().file("f", &Part::bytes("").header("a b", "c"));
    let error = client.request(&CREATE).multipart(refused).answering(Reply::empty).await.expect_err("no header");
    assert!(error.is_build(), "{error}");
}

/// A stream of chunks that are there already.
struct Chunks<B>(std::collections::VecDeque<B>);

impl<B: Unpin> futures_core::Stream for Chunks<B> {
    type Item = Result<B, Infallible>;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        std::task::Poll::Ready(self.0.pop_front().map(Ok))
    }
}

/// The stream of the standard's rules (HTML, 9.2.5 and 9.2.6): what opens it, ends its lines, is ignored, and resets.
const STREAM: &str = "\u{feff}: a comment\r\nretry: 7\r\nretry: 1x\nid: 1\r\ndata: YHOO\rdata: +2\r\ndata:10\r\n\r\n\
    event: add\nid: 2\0\ndata:  two blanks\n\nignored: x\ndata\n\nid\ndata: \u{fc}\n\nevent: none\n\ndata: lost";

#[tokio::test]
async fn events_arrive_however_the_wire_cuts_them() {
    for size in [1, 2, 3, 7, 4096] {
        let (url, _) = serve(move |_, _| {
            let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";
            let mut pieces = vec![head.as_bytes().to_vec()];
            pieces.extend(STREAM.as_bytes().chunks(size).map(<[u8]>::to_vec));
            pieces
        })
        .await;
        let client = client(&url);
        let mut events: Events<String> = client.request(&NEWS).events(ServerEvent::text).await.expect("a stream");
        let mut all = Vec::new();
        while let Some(event) = events.next().await {
            let event = event.expect("an event");
            all.push((event.kind, event.id, event.data));
        }
        let event =
            |kind: &str, id: Option<&str>, data: &str| (kind.to_owned(), id.map(str::to_owned), data.to_owned());
        let expected = [
            event("message", Some("1"), "YHOO\n+2\n10"),
            // An identifier with NUL is ignored, so the one before it holds.
            event("add", Some("1"), " two blanks"),
            event("message", Some("1"), ""),
            event("message", None, "\u{fc}"),
        ];
        assert_eq!(all, expected, "in pieces of {size}");
    }
}

#[tokio::test]
async fn a_stream_that_breaks_off_goes_on_over_a_new_connection() {
    let (url, log) = serve(|_, count| {
        let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
        let body = match count {
            0 => "13\r\nretry: 1\nid: 1\ndata\r\n8\r\n: one\n\nd\r\n",
            _ => "14\r\nid: 2\ndata: two\n\nda:\r\n0\r\n\r\n",
        };
        vec![format!("{head}{body}").into_bytes()]
    })
    .await;
    let client = client(&url);
    let mut events: Events<String> = client.request(&NEWS).events(ServerEvent::text).await.expect("a stream");
    for (id, data) in [("1", "one"), ("2", "two")] {
        let event = events.next().await.expect("one").expect("an event");
        assert_eq!((event.id.as_deref(), event.data.as_str()), (Some(id), data));
    }
    assert!(events.next().await.is_none());
    let asked = log.lock().expect("a log");
    let ids: Vec<_> = asked.iter().map(|asked| asked.header("last-event-id")).collect();
    assert_eq!(ids, [None, Some("1")]);
}

#[tokio::test]
async fn tokens_are_fetched_and_renewed_from_a_server() {
    let (url, log) = serve(|asked, count| match asked.head.lines().next().unwrap_or_default() {
        line if line.contains("/token ") => {
            json(&format!(r#"{{"access_token": "t{count}", "token_type": "Bearer", "expires_in": 3600}}"#))
        }
        // The first token has been taken back meanwhile.
        _ if asked.header("authorization") == Some("Bearer t0") => {
            vec![b"HTTP/1.1 401 Unauthorized\r\nconnection: close\r\ncontent-length: 0\r\n\r\n".to_vec()]
        }
        _ => json("null"),
    })
    .await;
    let source = || OAuth::client_credentials(format!("{url}/token"), "ada", "canary").scope("read");
    let client: Client = over(super::LEAN, &url).bearer(source()).build().expect("a client");
    for _ in 0..2 {
        client.request(&GUARDED).answering(Reply::empty).await.expect("an answer");
    }
    let told: Vec<(String, Option<String>)> = (log.lock().expect("a log").iter())
        .map(|asked| {
            let path = asked.head.split(' ').nth(1).unwrap_or_default().to_owned();
            (path, asked.header("authorization").map(str::to_owned))
        })
        .collect();
    let told: Vec<(&str, Option<&str>)> =
        told.iter().map(|(path, credential)| (path.as_str(), credential.as_deref())).collect();
    let own = ("/token", Some("Basic YWRhOmNhbmFyeQ=="));
    let call = |token| ("/guarded", Some(token));
    assert_eq!(told, [own, call("Bearer t0"), own, call("Bearer t2"), call("Bearer t2")]);
    let form = String::from_utf8_lossy(&log.lock().expect("a log")[0].body).into_owned();
    assert_eq!(form, "grant_type=client_credentials&scope=read");

    // Where the endpoint refuses, the call is not sent, and the secret is not told.
    let (refusing, _) = serve(|_, _| {
        let body = r#"{"error": "invalid_client"}"#;
        let head = format!("HTTP/1.1 401 Unauthorized\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len());
        vec![format!("{head}{body}").into_bytes()]
    })
    .await;
    let source = OAuth::client_credentials(format!("{refusing}/token"), "ada", "canary");
    let client: Client = over(super::LEAN, &url).bearer(source).build().expect("a client");
    let error = client.request(&GUARDED).answering(Reply::empty).await.expect_err("no token");
    assert_eq!(error.kind(), ErrorKind::Credentials);
    assert!(!format!("{error} {error:?}").contains("canary"), "{error}");
}
