//! Are tokens fetched once, renewed in time, and never shown?

use std::time::Duration;

use sinew_runtime::generated::Client;
use sinew_runtime::testing::{Scripted, Seen, Step};
use sinew_runtime::{Call, ErrorKind, OAuth, TokenEndpoint, TokenSource};

use crate::support::{LIST, SERVICE, builder, ok};
use sinew_runtime::generated::{Method, Operation, Reply};

static GUARDED: Operation = Operation::new("guarded", Method::Get, "/guarded").auth(&[&["bearer"]]);
static MADE: Operation = Operation::new("made", Method::Post, "/made").auth(&[&["bearer"]]);

const TOKEN_URL: &str = "https://login.test/token";

fn client(script: &Scripted, source: impl Into<TokenSource>) -> Client {
    builder(script).bearer(source).build().expect("a client")
}

fn ours() -> OAuth {
    OAuth::client_credentials(TOKEN_URL, "id:1", "s&cret").scope("read write").parameter("audience", "a b")
}

fn guarded(client: &Client) -> Call<'_, ()> {
    client.request(&GUARDED).answering(Reply::empty)
}

fn token(text: &str, seconds: u32) -> Step {
    Step::json(200, format!(r#"{{"access_token": "{text}", "token_type": "bearer", "expires_in": {seconds}}}"#))
}

/// Who was asked, with which credential.
fn told(script: &Scripted) -> Vec<String> {
    let tell = |seen: &Seen| {
        let authorization = seen.headers.get("authorization").map_or("", |value| value.to_str().expect("a text"));
        format!("{} {authorization}", seen.uri.path())
    };
    script.seen().iter().map(tell).collect()
}

#[tokio::test(start_paused = true)]
async fn a_token_is_fetched_once_and_kept() {
    let script = Scripted::new([token("t1", 3600)]).otherwise(ok());
    let client = client(&script, ours());
    for _ in 0..3 {
        guarded(&client).await.expect("an answer");
    }
    let basic = "/token Basic aWQlM0ExOnMlMjZjcmV0";
    let call = "/api/v1/guarded Bearer t1";
    assert_eq!(told(&script), [basic, call, call, call]);
    let asked = &script.seen()[0];
    assert_eq!((asked.method.as_str(), asked.uri.to_string().as_str()), ("POST", TOKEN_URL));
    assert_eq!(asked.headers["content-type"], "application/x-www-form-urlencoded");
    assert_eq!(asked.body, "grant_type=client_credentials&scope=read+write&audience=a+b");
    // An operation that wants no credential asks for no token.
    let script = Scripted::always(ok());
    let client = self::client(&script, ours().credentials_in_body());
    client.request(&LIST).answering(Reply::empty).await.expect("an answer");
    assert_eq!(told(&script), ["/api/v1/users/ "]);
    script.push(token("t", 60));
    guarded(&client).await.expect("an answer");
    assert_eq!(told(&script)[1], "/token ");
    assert!(script.seen()[1].body.ends_with(b"&client_id=id%3A1&client_secret=s%26cret"));
}

#[tokio::test(start_paused = true)]
async fn calls_at_once_fetch_one_token() {
    let script = Scripted::new([token("t1", 100).after(Duration::from_secs(1))]).otherwise(ok());
    let client = client(&script, ours());
    let calls: Vec<_> = (0..10)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { guarded(&client).await })
        })
        .collect();
    for call in calls {
        call.await.expect("no panic").expect("an answer");
    }
    assert_eq!(told(&script).iter().filter(|line| line.starts_with("/token")).count(), 1);
    assert_eq!(script.count(), 11);
}

#[tokio::test(start_paused = true)]
async fn a_token_is_renewed_before_its_end_by_one_call() {
    let script = Scripted::new([token("t1", 100), ok()]);
    let client = client(&script, ours());
    guarded(&client).await.expect("an answer");
    tokio::time::sleep(Duration::from_secs(79)).await;
    script.push(ok());
    guarded(&client).await.expect("an answer");
    assert_eq!(told(&script)[2], "/api/v1/guarded Bearer t1", "a fifth of its life is not reached");
    tokio::time::sleep(Duration::from_secs(12)).await;
    // In the last tenth: one renews, which fails, and the token still holds.
    script.push(Step::status(500));
    script.push(ok());
    script.push(ok());
    guarded(&client).await.expect("an answer");
    guarded(&client).await.expect("an answer");
    assert_eq!(
        told(&script)[3..],
        ["/token Basic aWQlM0ExOnMlMjZjcmV0", "/api/v1/guarded Bearer t1", "/api/v1/guarded Bearer t1"]
    );
    tokio::time::sleep(Duration::from_secs(10)).await;
    script.push(token("t2", 100));
    script.push(ok());
    guarded(&client).await.expect("an answer");
    assert_eq!(told(&script).last().expect("one"), "/api/v1/guarded Bearer t2");
}

#[tokio::test(start_paused = true)]
async fn a_refused_token_is_renewed_once() {
    let script = Scripted::new([token("t1", 3600), Step::status(401), token("t2", 3600), ok()]);
    let client = client(&script, ours());
    client.request(&MADE).json(&1).answering(Reply::empty).await.expect("an answer");
    assert_eq!(
        told(&script)[1..],
        ["/api/v1/made Bearer t1", "/token Basic aWQlM0ExOnMlMjZjcmV0", "/api/v1/made Bearer t2"]
    );
    assert_eq!(script.seen()[3].body, "1");
    // Refused again, it is the caller's.
    for step in [Step::status(401), token("t3", 3600), Step::status(401)] {
        script.push(step);
    }
    let error = guarded(&client).await.expect_err("401");
    assert_eq!(error.status().map(|status| status.as_u16()), Some(401));
    assert_eq!(script.count(), 7);
    // A token that is not ours to renew is not asked for again.
    let script = Scripted::always(Step::status(401));
    let fixed = self::client(&script, "fixed");
    assert!(guarded(&fixed).await.is_err());
    assert_eq!(script.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn refresh_tokens_are_used_and_the_grant_when_they_are_not_taken() {
    let with_refresh = |access: &str, refresh: &str| {
        Step::json(200, format!(r#"{{"access_token": "{access}", "expires_in": "60", "refresh_token": "{refresh}"}}"#))
    };
    let script = Scripted::new([
        with_refresh("t1", "r1"),
        ok(),
        with_refresh("t2", "r2"),
        ok(),
        Step::json(400, r#"{"error": "invalid_grant"}"#),
        token("t3", 60),
        ok(),
    ]);
    let client = client(&script, OAuth::password(TOKEN_URL, "ada", "pass word").client("id", "s"));
    for _ in 0..3 {
        guarded(&client).await.expect("an answer");
        tokio::time::sleep(Duration::from_secs(61)).await;
    }
    let bodies: Vec<String> = script
        .seen()
        .iter()
        .filter(|seen| seen.uri.path() == "/token")
        .map(|seen| String::from_utf8_lossy(&seen.body).into_owned())
        .collect();
    let grant = "grant_type=password&username=ada&password=pass+word";
    assert_eq!(
        bodies,
        [grant, "grant_type=refresh_token&refresh_token=r1", "grant_type=refresh_token&refresh_token=r2", grant]
    );
    assert_eq!(told(&script).last().expect("one"), "/api/v1/guarded Bearer t3");
}

#[tokio::test(start_paused = true)]
async fn the_endpoint_is_discovered() {
    let configuration = r#"{"issuer": "https://login.test/", "token_endpoint": "https://login.test/o/token"}"#;
    let script = Scripted::new([Step::json(200, configuration), token("t1", 60), ok()]);
    let source = OAuth::client_credentials(TokenEndpoint::openid("https://login.test"), "id", "s");
    guarded(&client(&script, source)).await.expect("an answer");
    let uris: Vec<String> = script.seen().iter().map(|seen| seen.uri.to_string()).collect();
    assert_eq!(uris[..2], ["https://login.test/.well-known/openid-configuration", "https://login.test/o/token"]);
    assert!(script.seen()[0].headers.get("authorization").is_none());
    for (configuration, complaint) in [
        (r#"{"issuer": "https://evil.test", "token_endpoint": "https://login.test/t"}"#, "another issuer"),
        (r#"{"issuer": "https://login.test", "token_endpoint": "http://login.test/t"}"#, "without TLS"),
        (r#"{"issuer": "https://login.test"}"#, "is none"),
    ] {
        let script = Scripted::always(Step::json(200, configuration));
        let source = OAuth::client_credentials(TokenEndpoint::openid("https://login.test"), "id", "s");
        let error = guarded(&client(&script, source)).await.expect_err("no endpoint");
        assert_eq!(error.kind(), ErrorKind::Credentials);
        assert!(error.to_string().contains(complaint), "{error}");
        assert_eq!(script.count(), 1);
    }
    // One in the house, in plain, does not send a secret out of it in plain.
    for (endpoint, asked) in [("http://login.example/t", 1), ("http://login.test/t", 2), ("https://login.example/t", 2)]
    {
        let configuration = format!(r#"{{"issuer": "http://login.internal", "token_endpoint": "{endpoint}"}}"#);
        let script = Scripted::new([Step::json(200, configuration)]).otherwise(Step::status(400));
        let source = OAuth::client_credentials(TokenEndpoint::openid("http://login.internal"), "id", "s");
        let error = guarded(&client(&script, source)).await.expect_err("no token");
        assert_eq!(
            (script.count(), error.to_string().contains("elsewhere without TLS")),
            (asked, asked == 1),
            "{error}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn what_goes_wrong_is_said_and_nothing_secret_with_it() {
    let refused = Step::json(401, r#"{"error": "invalid_client", "error_description": "canary-2"}"#);
    for (step, complaint) in [
        (refused, "the token endpoint answered 401: invalid_client"),
        (Step::json(400, r#"{"error": "Canary-3 {}"}"#), "the token endpoint answered 400 "),
        (Step::json(200, r#"{"access_token": 7, "x": "canary-4"}"#), "holds no access token"),
        (Step::json(200, r#"{"access_token": "canary-5", "token_type": "mac"}"#), "another type than `Bearer`"),
        (Step::json(200, r#"{"access_token": "canary-6\n"}"#), "not printable"),
        (Step::refuse(), "the token endpoint cannot be reached"),
    ] {
        let script = Scripted::always(step);
        let client = client(&script, OAuth::client_credentials(TOKEN_URL, "id", "canary-1"));
        let error = guarded(&client).await.expect_err("no token");
        assert_eq!((error.kind(), script.count()), (ErrorKind::Credentials, 1), "{error}");
        let shown = format!("{error} {error:?}");
        assert!(shown.contains(complaint), "{shown}");
        assert!(!shown.to_lowercase().contains("canary"), "{shown}");
    }
    for source in ["nonsense", "ftp://login.test/token", "https://user:canary@login.test/token"] {
        let script = Scripted::always(ok());
        let client = client(&script, TokenSource::client_credentials(source, "id", "s"));
        let error = guarded(&client).await.expect_err("no endpoint");
        assert!(error.to_string().contains("the address of the token endpoint") && script.count() == 0, "{error}");
        assert!(!format!("{error:?}").contains("canary"));
    }
    let source = OAuth::password(TOKEN_URL, "ada", "canary").client("id", "canary");
    assert!(!format!("{source:?}").contains("canary"));
    assert_eq!(SERVICE.name(), "user-service");
}
