//! Are compressed answers read, and bombs found out before they go off?

use async_compression::tokio::write::{BrotliEncoder, GzipEncoder, ZstdEncoder};
use sinew_runtime::generated::Client;
use sinew_runtime::testing::{Scripted, Step};
use sinew_runtime::{CircuitState, Download, ErrorKind, Phase, Policy, Sent};
use tokio::io::AsyncWriteExt;

use crate::support::{LIST, builder, get};

const ENCODINGS: [&str; 3] = ["gzip", "br", "zstd"];
const BODY: &str = r#"{"id": 7}"#;

async fn compressed(encoding: &str, plain: &[u8]) -> Vec<u8> {
    macro_rules! with {
        ($encoder:ident) => {{
            let mut encoder = $encoder::new(Vec::new());
            encoder.write_all(plain).await.expect("memory");
            encoder.shutdown().await.expect("memory");
            encoder.into_inner()
        }};
    }
    match encoding {
        "gzip" => with!(GzipEncoder),
        "br" => with!(BrotliEncoder),
        "zstd" => with!(ZstdEncoder),
        other => panic!("{other}"),
    }
}

fn answer(encoding: &str, body: Vec<u8>) -> Step {
    Step::status(200).header("content-encoding", encoding).header("content-length", &body.len().to_string()).body(body)
}

fn client(script: &Scripted) -> Client {
    let mut policy = Policy::standard();
    policy.max_body = 64 * 1024;
    policy.bulkhead.enabled = true;
    policy.bulkhead.most = 1;
    builder(script).policy(policy).accept_compressed().build().expect("a client")
}

#[tokio::test(start_paused = true)]
async fn answers_are_read_in_each_encoding() {
    for encoding in ENCODINGS {
        let script = Scripted::always(answer(encoding, compressed(encoding, BODY.as_bytes()).await));
        let client = client(&script);
        let response = get(&client).response().await.expect("an answer");
        assert_eq!(response.value["id"], 7, "{encoding}");
        assert!(!response.headers.contains_key("content-encoding") && !response.headers.contains_key("content-length"));
        assert_eq!(script.seen()[0].headers["accept-encoding"], "zstd, br, gzip");
        let download = client.request(&LIST).streaming(Download::from_reply).await.expect("a stream");
        assert_eq!(download.bytes().await.expect("all of it"), BODY);
    }
}

#[tokio::test(start_paused = true)]
async fn bombs_end_at_the_cap() {
    for encoding in ENCODINGS {
        let bomb = compressed(encoding, &vec![b' '; 32 * 1024 * 1024]).await;
        assert!(bomb.len() < 64 * 1024, "{encoding}: {} bytes", bomb.len());
        let script = Scripted::always(answer(encoding, bomb));
        let client = client(&script);
        let error = get(&client).await.expect_err("a bomb");
        assert_eq!((error.kind(), error.phase(), error.sent()), (ErrorKind::TooLarge, Phase::Body, Sent::Received));
        assert_eq!((error.attempts(), client.circuit()), (1, CircuitState::Closed), "{encoding}");
        assert_eq!((client.in_flight(), client.free_slots(), client.retries_left()), (0, Some(1), Some(2)));
    }
}

#[tokio::test(start_paused = true)]
async fn a_failures_bomb_is_cut_off() {
    let bomb = compressed("gzip", &vec![b'x'; 32 * 1024 * 1024]).await;
    let step = Step::status(500).header("content-encoding", "gzip").body(bomb);
    let error = get(&client(&Scripted::always(step))).await.expect_err("a failure");
    assert_eq!(error.body().map(bytes::Bytes::len), Some(64 * 1024));
}

#[tokio::test(start_paused = true)]
async fn what_is_not_what_it_says_is_not_tried_again() {
    for encoding in ENCODINGS {
        let script = Scripted::always(answer(encoding, b"this was never compressed by anybody".to_vec()));
        let error = get(&client(&script)).await.expect_err("no such thing");
        assert_eq!((error.kind(), error.sent(), script.count()), (ErrorKind::Decode, Sent::Received, 1), "{encoding}");
    }
    let mut cut = compressed("gzip", &[b'1'; 1000]).await;
    cut.truncate(20);
    let script = Scripted::always(answer("gzip", cut));
    let error = get(&client(&script)).await.expect_err("half of it");
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Transport, 3), "a connection may break: {error}");
}

#[tokio::test(start_paused = true)]
async fn who_asks_by_hand_reads_by_hand_and_who_does_not_ask_gets_it_plain() {
    let bytes = compressed("gzip", BODY.as_bytes()).await;
    let script = Scripted::always(answer("gzip", bytes.clone()));
    let client = client(&script);
    let raw = client.request(&LIST).answering(sinew_runtime::Reply::bytes).header("accept-encoding", "gzip");
    assert_eq!(raw.await.expect("as it came"), bytes);
    let plain = crate::support::client(&script);
    let raw = plain.request(&LIST).answering(sinew_runtime::Reply::bytes);
    assert_eq!(raw.await.expect("as it came"), bytes);
    assert!(!script.seen()[1].headers.contains_key("accept-encoding"));
    let empty = Scripted::always(Step::status(204).header("content-encoding", "gzip"));
    crate::support::delete(&self::client(&empty)).await.expect("nothing is nothing");
}

#[tokio::test(start_paused = true)]
async fn a_window_beyond_what_the_standard_lets_is_refused() {
    // RFC 9659: 8 MiB. A frame may ask a reader for 2 GiB before it has said anything.
    for (log, fits) in [(23, true), (24, false), (27, false)] {
        let parameters = [async_compression::zstd::CParameter::window_log(log)];
        let mut encoder =
            ZstdEncoder::with_quality_and_params(Vec::new(), async_compression::Level::Default, &parameters);
        encoder.write_all(BODY.as_bytes()).await.expect("memory");
        encoder.flush().await.expect("memory");
        encoder.shutdown().await.expect("memory");
        let script = Scripted::new([answer("zstd", encoder.into_inner())]);
        let result = get(&client(&script)).await.map_err(|error| (error.kind(), error.attempts()));
        if fits {
            assert_eq!(result.expect("an answer")["id"], 7);
        } else {
            assert_eq!(result.expect_err("too much room"), (ErrorKind::Decode, 1), "{log}");
        }
    }
}
