//! Is the fake as strict as it says, and as odd as the services are?

// A panic is a test's verdict, in its helpers too.
#![allow(clippy::expect_used, clippy::panic)]

use sinew_platform::{FakeService, admin_token, token};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// Sends a request as it stands, which no client would, and answers what comes back.
async fn raw(fake: &FakeService, line: &str, headers: &str, body: &[u8]) -> String {
    let mut stream = tokio::net::TcpStream::connect(("127.0.0.1", fake.port())).await.expect("a connection");
    let length = if body.is_empty() { String::new() } else { format!("content-length: {}\r\n", body.len()) };
    let head = format!(
        "{line} HTTP/1.1\r\nhost: fake.local:8003\r\nuser-agent: raw\r\nconnection: close\r\n{length}{headers}\r\n"
    );
    stream.write_all(head.as_bytes()).await.expect("sent");
    stream.write_all(body).await.expect("sent");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.expect("an answer");
    String::from_utf8_lossy(&answer).into_owned()
}

const VENDOR: &str = "accept: application/vnd.design-synapse.v1+json\r\n";

/// A request, what the fake must find wrong with it, and how its answer begins.
async fn wrong(fake: &FakeService, line: &str, headers: &str, body: &[u8], finding: &str, status: u16) -> String {
    let headers = format!("{headers}{}", if headers.contains("accept:") { "" } else { "accept: */*\r\n" });
    let answer = raw(fake, line, &headers, body).await;
    assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{line}: {answer}");
    let violations = fake.violations();
    assert!(violations.iter().any(|violation| violation.contains(finding)), "{line}: {violations:?}");
    answer
}

#[tokio::test]
async fn what_no_client_may_send_is_noted() {
    let fake = FakeService::project().await.expect("a fake");
    let json = format!("{VENDOR}content-type: application/json\r\n");
    let redirect = wrong(&fake, "GET /api/v1/projects", VENDOR, b"", "slash", 307).await;
    assert!(
        redirect.contains("location: http://fake.local:8003/api/v1/projects/\r\n")
            && !redirect.contains("content-type")
    );
    wrong(&fake, "GET /api/v1/projects/1/", VENDOR, b"", "slash", 307).await;
    wrong(&fake, "PATCH /api/v1/projects/1", VENDOR, b"", "method", 405).await;
    wrong(&fake, "GET /api/v1/nothing", VENDOR, b"", "no such path", 404).await;
    wrong(&fake, "GET /api/v1/projects%2F1", VENDOR, b"", "no such path", 404).await;
    wrong(&fake, "GET /api/v1/projects/?page=1", VENDOR, b"", "unknown parameter `page`", 200).await;
    wrong(&fake, "GET /api/v1/projects/?skip=1&skip=2", VENDOR, b"", "`skip` twice", 200).await;
    wrong(&fake, "GET /api/v1/projects/?skip=%zz", VENDOR, b"", "hexadecimal", 200).await;
    wrong(&fake, "GET /api/v1/projects/?skip=one", VENDOR, b"", "is no Int", 200).await;
    wrong(&fake, "GET /api/v1/projects/?", VENDOR, b"", "ends in `?`", 200).await;
    wrong(&fake, "GET /api/v1/projects/1?x=1", VENDOR, b"", "has no query", 200).await;
    wrong(&fake, "GET /api/v1/projects/1", &json, b"{}", "no body", 200).await;
    let with_token = format!("{VENDOR}authorization: Bearer {}\r\n", token(2));
    wrong(&fake, "GET /api/v1/projects/1", &with_token, b"", "credential was sent where none", 200).await;
    wrong(&fake, "GET /api/v1/projects/1", &format!("{VENDOR}{VENDOR}"), b"", "must be sent once", 200).await;
    let create = "POST /api/v1/projects/";
    wrong(&fake, create, &json, br#"{"name": "n", "owner_id": 1, "colour": "red"}"#, "unknown field `colour`", 201)
        .await;
    wrong(&fake, create, &json, br#"{"name": "n", "name": "m", "owner_id": 1}"#, "stands twice", 201).await;
    wrong(&fake, create, &json, br#"{"name": "n", "owner_id": "1"}"#, "owner_id is no Int", 201).await;
    wrong(&fake, create, &json, br#"{"name": "n"}"#, "owner_id is missing", 201).await;
    wrong(&fake, create, &json, br#"{"name": "n", "owner_id": 1, "is_public": null}"#, "is_public is no Bool", 201)
        .await;
    wrong(&fake, create, &json, b"name=n", "no JSON", 201).await;
    wrong(&fake, create, VENDOR, br#"{"name": "n", "owner_id": 1}"#, "where JSON is due", 201).await;
    wrong(
        &fake,
        create,
        &format!("{json}idempotency-key: k\r\n"),
        br#"{"name": "n", "owner_id": 1}"#,
        "idempotency-key",
        201,
    )
    .await;

    let xml = "accept: application/xml, text/*;q=0.5\r\n";
    let analytics = FakeService::analytics().await.expect("a fake");
    wrong(&analytics, "GET /health", xml, b"", "`accept` does not allow application/json", 200).await;

    let design = FakeService::design().await.expect("a fake");
    let bearer = format!("authorization: Bearer {}\r\n", token(2));
    let upload = "POST /api/v1/designs/1/files";
    let form = |boundary: &str| format!("{bearer}content-type: multipart/form-data; boundary={boundary}\r\n");
    wrong(&design, upload, &form("b"), b"--c\r\n\r\n--c--\r\n", "multipart", 500).await;
    let nameless = b"--b\r\ncontent-disposition: form-data; name=\"file\"\r\n\r\nx\r\n--b--\r\n";
    wrong(&design, upload, &form("b"), nameless, "no file name", 500).await;
    let users = FakeService::user().await.expect("a fake");
    let form = "content-type: application/x-www-form-urlencoded\r\n";
    wrong(&users, "POST /api/v1/token", form, b"username=a@b&password=c", "must be encoded", 401).await;
    wrong(&users, "POST /api/v1/token", form, b"username=a&password=b&otp=1", "unknown parameter `otp`", 401).await;
    wrong(&users, "POST /api/v1/token", "content-type: application/json\r\n", b"{}", "where a form is due", 401).await;
}

/// What a client may send, and a service refuses.
#[tokio::test]
async fn what_is_refused_is_no_violation() {
    let fake = FakeService::project().await.expect("a fake");
    for accept in ["*/*", "application/json"] {
        let answer = raw(&fake, "GET /api/v1/projects/1", &format!("accept: {accept}\r\n"), b"").await;
        assert!(answer.starts_with("HTTP/1.1 406 "), "{answer}");
    }
    let list = "accept: text/html, application/vnd.design-synapse.v1+json;q=0.5\r\n";
    assert!(raw(&fake, "GET /api/v1/projects/1", list, b"").await.starts_with("HTTP/1.1 200 "));
    let gone = raw(&fake, "DELETE /api/v1/projects/1", VENDOR, b"").await.to_lowercase();
    assert!(gone.starts_with("http/1.1 204 ") && gone.contains("content-type: application/json\r\n"), "{gone}");
    assert!(!gone.contains("content-length") && gone.ends_with("\r\n\r\n"), "{gone}");
    let knowledge = FakeService::knowledge().await.expect("a fake");
    let topics = "GET /api/v1/resources/topics";
    // Any scheme word will do: it is the second word that counts.
    assert!(
        raw(&knowledge, topics, "accept: */*\r\nauthorization: Basic 5\r\n", b"").await.starts_with("HTTP/1.1 200 ")
    );
    assert!(raw(&knowledge, topics, "accept: */*\r\n", b"").await.starts_with("HTTP/1.1 401 "));
    let users = FakeService::user().await.expect("a fake");
    let foreign = format!("accept: */*\r\nauthorization: Bearer {}\r\n", admin_token(1));
    assert!(raw(&users, "GET /api/v1/roles", &foreign, b"").await.contains("www-authenticate: Bearer\r\n"));
}

#[tokio::test]
#[should_panic(expected = "there is no such path")]
async fn what_nobody_took_fails_the_test() {
    let fake = FakeService::user().await.expect("a fake");
    raw(&fake, "GET /users/7", "accept: */*\r\n", b"").await;
}
