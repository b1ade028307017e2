//! Do spans and durations arrive at a collector, under the names of the conventions?

#![allow(clippy::expect_used, clippy::panic)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::mpsc;

use sinew_otlp::Export;
use sinew_runtime::generated::{Client, Method, Operation, Reply, Service};
use sinew_runtime::testing::{Scripted, Step};
use sinew_runtime::{ClientBuilder, Policy};

static SERVICE: Service = Service::new("user-service", "http://users.test/api/v1");
static GET: Operation = Operation::new("get_user", Method::Get, "/users/{user_id}");

/// A collector on a thread of its own: what was sent to which path.
fn collector() -> (String, mpsc::Receiver<(String, serde_json::Value)>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let tell = tell.clone();
            std::thread::spawn(move || {
                let mut answer = stream.try_clone().expect("a second handle");
                let mut reader = BufReader::new(stream);
                loop {
                    let mut head = Vec::new();
                    let mut line = String::new();
                    while reader.read_line(&mut line).is_ok_and(|read| read > 2) {
                        head.push(std::mem::take(&mut line).trim_end().to_lowercase());
                    }
                    let Some(first) = head.first() else { return };
                    let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
                    let length = head.iter().find_map(|line| line.strip_prefix("content-length: "));
                    let mut body = vec![0; length.and_then(|length| length.parse().ok()).unwrap_or(0)];
                    reader.read_exact(&mut body).expect("as much as was announced");
                    let _ = tell.send((path, serde_json::from_slice(&body).expect("JSON")));
                    let text = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";
                    answer.write_all(text.as_bytes()).expect("somebody waits for it");
                }
            });
        }
    });
    (url, told)
}

/// The value of an attribute, as text.
fn attribute(of: &serde_json::Value, key: &str) -> Option<String> {
    let value = of["attributes"].as_array()?.iter().find(|attribute| attribute["key"] == key)?["value"].as_object()?;
    value.values().next().map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
}

#[test]
fn spans_and_durations_arrive() {
    let (url, told) = collector();
    let export = Export::to(&url, "shop").expect("an export");
    let script = Scripted::new([Step::refuse(), Step::json(200, "7")]);
    let policy = Policy::default().with_backoff(sinew_runtime::Backoff::exponential(
        std::time::Duration::from_millis(1),
        std::time::Duration::from_millis(1),
        sinew_runtime::Jitter::None,
    ));
    let client: Client = ClientBuilder::new(&SERVICE)
        .base_url("http://users.test/api/v1")
        .transport(script)
        .policy(policy)
        .observer(export.observer())
        .build()
        .expect("a client");
    tracing::subscriber::with_default(export.subscriber(), || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let call = client.request(&GET).path("user_id", &7).answering(Reply::json::<u8>);
            assert_eq!(call.await.expect("the second attempt"), 7);
        });
    });
    export.end().expect("the collector takes it");
    let sent: Vec<_> = told.try_iter().collect();
    let traces: Vec<_> = sent.iter().filter(|(path, _)| path == "/v1/traces").map(|(_, body)| body).collect();
    let mut spans: Vec<_> = traces
        .iter()
        .flat_map(|body| body["resourceSpans"].as_array().expect("a list"))
        .flat_map(|resource| resource["scopeSpans"].as_array().expect("a list"))
        .flat_map(|scope| scope["spans"].as_array().expect("a list"))
        .collect();
    spans.sort_by_key(|span| span["startTimeUnixNano"].to_string());
    assert_eq!(spans.len(), 2, "one for each attempt: {sent:?}");
    for span in &spans {
        assert_eq!(span["name"], "GET /users/{user_id}");
        assert_eq!(span["kind"], 3, "a client's: {span}");
        assert_eq!(attribute(span, "server.address").as_deref(), Some("users.test"));
    }
    assert_eq!(attribute(spans[0], "error.type").as_deref(), Some("connect"));
    assert_eq!(attribute(spans[1], "http.response.status_code").as_deref(), Some("200"));
    assert_eq!(attribute(spans[1], "http.request.resend_count").as_deref(), Some("1"));
    let metrics = sent.iter().find(|(path, _)| path == "/v1/metrics").map(|(_, body)| body.to_string());
    let metrics = metrics.expect("metrics were sent");
    assert!(metrics.contains("http.client.request.duration") && metrics.contains("/users/{user_id}"), "{metrics}");
}
