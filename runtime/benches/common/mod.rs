//! What do the benchmarks share: a service, a server that answers it, and the calls that are compared?

#![allow(dead_code)]

use std::time::Duration;

use sinew_runtime::generated::{Client, Method, Operation, Reply, Scheme, Service};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

pub(crate) static SERVICE: Service =
    Service::new("bench-service", "http://localhost:1/api/v1").schemes(&[Scheme::bearer("bearer")]);
pub(crate) static GET: Operation = Operation::new("get_item", Method::Get, "/items/{item_id}").auth(&[&["bearer"]]);
pub(crate) const TOKEN: &str = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI3In0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U";
pub(crate) const BODY: &str = r#"{"id": 7, "name": "Ada"}"#;

#[derive(serde::Deserialize)]
pub(crate) struct Item {
    pub(crate) id: i64,
    pub(crate) name: String,
}

/// A server that says the same to every request, as fast as it can and without allocating for any.
pub(crate) async fn serve() -> (String, tokio::task::JoinHandle<()>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/api/v1", listener.local_addr().expect("an address"));
    let server = tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.set_nodelay(true);
            tokio::spawn(async move {
                let answer = format!(
                    "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{BODY}",
                    BODY.len()
                );
                let mut buffer = [0; 4096];
                while stream.read(&mut buffer).await.is_ok_and(|read| read > 0) {
                    if stream.write_all(answer.as_bytes()).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    (url, server)
}

/// The server on a thread of its own; its address.
pub(crate) fn server_thread(
    server: impl Future<Output = (String, tokio::task::JoinHandle<()>)> + Send + 'static,
) -> String {
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let (url, server) = server.await;
            tell.send(url).expect("somebody waits for it");
            // It ends with the process.
            let _ = server.await;
        });
    });
    told.recv().expect("a server")
}

pub(crate) async fn get(client: &Client) -> Item {
    client.request(&GET).path("item_id", &black_box_id()).answering(Reply::json).await.expect("an answer")
}

fn black_box_id() -> i64 {
    std::hint::black_box(4711)
}

pub(crate) async fn bare(client: &reqwest::Client, base: &str) -> Item {
    let reply = client
        .get(format!("{base}/items/{}", black_box_id()))
        .header("accept", "application/json")
        .bearer_auth(TOKEN)
        .timeout(Duration::from_secs(30))
        .send()
        .await
        .and_then(reqwest::Response::error_for_status)
        .expect("an answer");
    serde_json::from_slice(&reply.bytes().await.expect("a body")).expect("an item")
}

pub(crate) async fn with_middleware(client: &reqwest_middleware::ClientWithMiddleware, base: &str) -> Item {
    let reply = client
        .get(format!("{base}/items/{}", black_box_id()))
        .header("accept", "application/json")
        .bearer_auth(TOKEN)
        .timeout(Duration::from_secs(30))
        .send()
        .await
        .expect("an answer")
        .error_for_status()
        .expect("a success");
    serde_json::from_slice(&reply.bytes().await.expect("a body")).expect("an item")
}
