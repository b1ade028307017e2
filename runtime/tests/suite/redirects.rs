//! Are redirects followed only as far as the client was told, and without telling others who it is?

use sinew_runtime::generated::{Client, Method, Operation, Reply};
use sinew_runtime::testing::{Scripted, Step};
use sinew_runtime::{Body, ErrorKind, Policy};

use crate::support::{CREATE, builder, create, get, ok};

static SECURED: Operation =
    Operation::new("secured", Method::Get, "/users/").auth(&[&["bearer", "header-key", "query-key", "cookie-key"]]);

fn to(status: u16, location: &str) -> Step {
    Step::status(status).header("location", location)
}

fn client(script: &Scripted) -> Client {
    builder(script).follow_redirects(2).redirects_to("http://files.test").build().expect("a client")
}

#[tokio::test(start_paused = true)]
async fn nothing_is_followed_unless_it_was_said() {
    let script = Scripted::new([to(307, "/api/v1/elsewhere")]);
    let error = get(&crate::support::client(&script)).await.expect_err("a redirect");
    assert_eq!((error.status().map(|status| status.as_u16()), script.count()), (Some(307), 1));
}

#[tokio::test(start_paused = true)]
async fn a_redirect_at_home_is_followed_within_the_attempt() {
    let script = Scripted::new([to(308, "/api/v2/users/7"), ok()]);
    let value = get(&client(&script)).response().await.expect("an answer");
    assert_eq!(value.value["id"], 7);
    let seen = script.seen();
    assert_eq!(seen[1].uri.to_string(), "http://users.test/api/v2/users/7");
    assert_eq!(seen[1].headers["accept"], "application/json");
}

#[tokio::test(start_paused = true)]
async fn bodies_go_along_or_stay_behind_as_the_status_says() {
    let script = Scripted::new([to(307, "/again"), ok(), to(303, "/created/7"), ok(), to(302, "/x")]);
    let client = client(&script);
    create(&client).await.expect("the body sent again");
    create(&client).await.expect("what was made");
    let error = create(&client).await.expect_err("a POST does not become a GET by itself");
    assert_eq!(error.status().map(|status| status.as_u16()), Some(302));
    let seen = script.seen();
    assert_eq!((seen[1].method.as_str(), &seen[1].body[..]), ("POST", &seen[0].body[..]));
    assert_eq!((seen[3].method.as_str(), seen[3].body.len()), ("GET", 0));
    assert!(seen[1].headers.contains_key("content-type") && !seen[3].headers.contains_key("content-type"));
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_was_sent_is_not_sent_on() {
    struct Once(bool);
    impl futures_core::Stream for Once {
        type Item = Result<&'static str, std::io::Error>;
        fn poll_next(
            mut self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<Self::Item>> {
            std::task::Poll::Ready(std::mem::take(&mut self.0).then_some(Ok("x")))
        }
    }
    let script = Scripted::new([to(307, "/again")]);
    let client = client(&script);
    let call = client.request(&CREATE).body("text/plain", Body::stream(Once(true))).answering(Reply::empty);
    assert_eq!(call.await.expect_err("it cannot be had again").kind(), ErrorKind::Status);
    assert_eq!(script.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn others_do_not_learn_who_is_asking() {
    let script = Scripted::new([to(307, "http://users.test/two"), to(307, "http://files.test/three?own=1"), ok()]);
    let client: Client = builder(&script)
        .follow_redirects(3)
        .redirects_to("http://files.test")
        .bearer("canary")
        .api_key("canary")
        .header("x-client", "canary")
        .trace_context()
        .build()
        .expect("a client");
    let call = client.request(&SECURED).header("x-parameter", &"canary").answering(Reply::empty);
    call.header("x-call", "canary").await.expect("an answer");
    let seen = script.seen();
    for name in ["authorization", "x-api-key", "cookie", "x-client", "x-parameter", "x-call", "traceparent"] {
        assert!(seen[1].headers.contains_key(name), "{name} stays with the service");
        assert!(!seen[2].headers.contains_key(name), "{name} does not leave it");
    }
    assert_eq!(seen[1].uri.to_string(), "http://users.test/two?api_key=canary");
    assert_eq!(seen[2].uri.to_string(), "http://files.test/three?own=1");
    assert!(!format!("{:?}{:?}", seen[2].uri, seen[2].headers).contains("canary"));
}

#[tokio::test(start_paused = true)]
async fn circles_end() {
    let script = Scripted::always(to(307, "/api/v1/users/7"));
    let error = get(&client(&script)).await.expect_err("a circle");
    assert_eq!((error.status().map(|status| status.as_u16()), script.count(), error.attempts()), (Some(307), 3, 1));
}

#[tokio::test(start_paused = true)]
async fn a_broken_hop_begins_anew() {
    let script = Scripted::new([to(307, "/two"), Step::reset(), ok()]);
    get(&client(&script)).policy(Policy::standard()).await.expect("the second attempt");
    let paths: Vec<_> = script.seen().iter().map(|seen| seen.uri.path().to_owned()).collect();
    assert_eq!(paths, ["/api/v1/users/7", "/two", "/api/v1/users/7"]);
}
