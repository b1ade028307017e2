//! Does each operation get the credentials it asks for, and no other?

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use sinew_runtime::generated::{Client, Method, Operation, Reply};
use sinew_runtime::testing::{Scripted, Step};
use sinew_runtime::{CircuitState, ClientBuilder, Credential, ErrorKind, Phase, Secret, Sent, TokenSource};

use crate::support::{builder, client, get, ok};

static ONE: Operation = Operation::new("one", Method::Get, "/one").auth(&[&["bearer"]]);
static EITHER: Operation =
    Operation::new("either", Method::Get, "/either").auth(&[&["header-key", "basic"], &["bearer"]]);
static OPEN: Operation = Operation::new("open", Method::Get, "/open").auth(&[&[], &["bearer"]]);
static AWAY: Operation =
    Operation::new("away", Method::Get, "/away").auth(&[&["bearer"]]).server("https://uploads.test");

#[tokio::test(start_paused = true)]
async fn alternatives_are_chosen_by_what_is_configured() {
    let script = Scripted::always(ok());
    let bearer = builder(&script).bearer("t").build().expect("a client");
    for operation in [&ONE, &EITHER, &OPEN] {
        bearer.request(operation).answering(Reply::empty).await.expect("an answer");
        assert_eq!(
            script.seen().pop().map(|seen| seen.headers["authorization"].clone()),
            Some("Bearer t".parse().unwrap()),
            "{operation:?}"
        );
    }
    get(&bearer).await.expect("an answer");
    assert!(script.seen().pop().is_some_and(|seen| !seen.headers.contains_key("authorization")), "it did not ask");

    let both = builder(&script).basic("ada", "p:w").api_key("k").build().expect("a client");
    both.request(&EITHER).answering(Reply::empty).await.expect("an answer");
    let seen = script.seen().pop().expect("a request");
    assert_eq!(
        (&seen.headers["x-api-key"], &seen.headers["authorization"]),
        (&"k".parse().unwrap(), &"Basic YWRhOnA6dw==".parse().unwrap())
    );
    both.request(&OPEN).answering(Reply::empty).await.expect("anonymous is fine");
    assert!(script.seen().pop().is_some_and(|seen| !seen.headers.contains_key("authorization")));
}

#[tokio::test(start_paused = true)]
async fn keys_go_to_their_places() {
    static PLACES: Operation = Operation::new("places", Method::Get, "/places").auth(&[&["query-key", "cookie-key"]]);
    let script = Scripted::always(ok());
    let client = builder(&script)
        .credential("query-key", Credential::ApiKey(Secret::from("a&b")))
        .credential("cookie-key", Credential::ApiKey(Secret::from("c")))
        .build()
        .expect("a client");
    client.request(&PLACES).query("x", &1).cookie("y", &2).answering(Reply::empty).await.expect("an answer");
    let seen = script.seen().remove(0);
    assert_eq!(seen.uri, "http://users.test/api/v1/places?x=1&api_key=a%26b");
    assert_eq!(seen.headers["cookie"], "y=2; sid=c");
    assert!(seen.headers["cookie"].is_sensitive());
}

#[tokio::test(start_paused = true)]
async fn a_scheme_of_the_services_own_takes_a_token() {
    static OWN: Operation = Operation::new("own", Method::Get, "/own").auth(&[&["own"]]);
    let script = Scripted::always(ok());
    let client = builder(&script).credential("own", Credential::Bearer("canary".into())).build().expect("a client");
    client.request(&OWN).answering(Reply::empty).await.expect("an answer");
    let sent = script.seen().remove(0).headers["authorization"].clone();
    assert_eq!(sent, "SharedAccessKey canary");
    assert!(sent.is_sensitive());
}

#[tokio::test(start_paused = true)]
async fn a_missing_credential_is_told_before_anything_is_sent() {
    let script = Scripted::always(ok());
    let client = client(&script);
    let error = client.request(&EITHER).answering(Reply::empty).await.expect_err("none is configured");
    assert_eq!((error.kind(), error.sent()), (ErrorKind::Credentials, Sent::NotSent));
    assert_eq!(
        error.to_string(),
        "GET /either was not sent: credentials: this operation needs a credential, and none is configured for `header-key` \
         (ClientBuilder::api_key) and `basic` (ClientBuilder::basic) or `bearer` (ClientBuilder::bearer) (user-service, http://users.test)"
    );
    assert_eq!(script.count(), 0);
    // Who brings the header along needs no configuration.
    client.request(&ONE).answering(Reply::empty).header("authorization", "Basic 5").await.expect("an answer");
    assert_eq!(script.seen()[0].headers["authorization"], "Basic 5");
}

#[tokio::test(start_paused = true)]
async fn credentials_stay_at_their_origin() {
    let script = Scripted::always(ok());
    let client = builder(&script).bearer("t").build().expect("a client");
    let error = client.request(&AWAY).answering(Reply::empty).await.expect_err("another origin");
    assert!(error.is_config() && error.to_string().contains("send_credentials_to"), "{error}");
    assert_eq!(script.count(), 0);
    let client = builder(&script).bearer("t").send_credentials_to("https://uploads.test").build().expect("a client");
    client.request(&AWAY).answering(Reply::empty).await.expect("an answer");
    assert_eq!(script.seen()[0].headers["authorization"], "Bearer t");
    // Headers of the client's own stay at home as well.
    static AWAY_OPEN: Operation = Operation::new("away", Method::Get, "/away").server("https://uploads.test");
    let client = builder(&script).header("x-api-key", "k").build().expect("a client");
    client.request(&AWAY_OPEN).answering(Reply::empty).await.expect("an answer");
    assert!(!script.seen()[1].headers.contains_key("x-api-key"));
}

#[tokio::test(start_paused = true)]
async fn token_sources_are_asked_for_each_attempt() {
    let asked = Arc::new(AtomicU32::new(0));
    let source = {
        let asked = asked.clone();
        TokenSource::from_fn(move || {
            let number = asked.fetch_add(1, Ordering::Relaxed);
            async move { Ok::<_, std::io::Error>(format!("t{number}")) }
        })
    };
    let script = Scripted::new([Step::refuse(), ok()]);
    let client = builder(&script).bearer(source).build().expect("a client");
    client.request(&ONE).answering(Reply::empty).await.expect("the second attempt");
    assert_eq!(script.seen()[1].headers["authorization"], "Bearer t1");
}

#[tokio::test(start_paused = true)]
async fn a_failing_token_source_is_no_failure_of_the_service() {
    let script = Scripted::always(ok());
    let fails = TokenSource::from_fn(|| async { Err::<String, _>(std::io::Error::other("no token today")) });
    let hangs = TokenSource::from_fn(std::future::pending::<Result<String, std::io::Error>>);
    for (source, kind) in
        [(fails, ErrorKind::Credentials), (hangs, ErrorKind::Timeout), ("ü".into(), ErrorKind::Credentials)]
    {
        let policy = sinew_runtime::Policy::default().with_breaker(1, std::time::Duration::from_secs(60));
        let client = builder(&script).bearer(source).policy(policy).build().expect("a client");
        let error = client.request(&ONE).answering(Reply::empty).await.expect_err("no token");
        assert_eq!((error.kind(), error.phase(), client.circuit()), (kind, Phase::Credentials, CircuitState::Closed));
    }
    assert_eq!(script.count(), 0);
}

#[test]
fn credentials_that_could_never_be_sent_are_told_by_build() {
    let script = Scripted::default();
    let error = builder(&script).credential("nope", Credential::ApiKey("canary".into())).build().expect_err("unknown");
    assert_eq!(
        error.to_string(),
        "configuration: user-service has no security scheme `nope`; its schemes: `bearer`, `basic`, `own`, `header-key`, `query-key`, `cookie-key`"
    );
    let error =
        builder(&script).credential("bearer", Credential::ApiKey("canary".into())).build().expect_err("another kind");
    assert!(error.to_string().contains("`bearer` of user-service takes another kind"), "{error}");
}

#[cfg(any(feature = "reqwest", feature = "hyper"))]
#[tokio::test]
async fn without_a_certificate_nothing_is_sent_where_one_is_wanted() {
    use sinew_runtime::ClientBuilder;
    use sinew_runtime::generated::{Client, Scheme, Service};
    static BANK: Service =
        Service::new("bank", "https://bank.invalid").schemes(&[Scheme::mutual_tls("seal"), Scheme::bearer("token")]);
    static SEALED: Operation = Operation::new("sealed", Method::Get, "/sealed").auth(&[&["seal", "token"]]);
    let bank = || ClientBuilder::<Client>::new(&BANK).bearer("t");
    let client = bank().build().expect("a client");
    let error = client.request(&SEALED).answering(Reply::empty).await.expect_err("no certificate");
    assert_eq!((error.kind(), error.sent()), (ErrorKind::Credentials, Sent::NotSent), "{error}");
    assert!(error.to_string().contains("`seal` (ClientBuilder::identity_pem) and `token`"), "{error}");
    // What a transport of one's own shows is its own affair.
    let script = Scripted::always(ok());
    let client = bank().transport(script.clone()).build().expect("a client");
    client.request(&SEALED).answering(Reply::empty).await.expect("an answer");
    assert_eq!(script.seen()[0].headers["authorization"], "Bearer t");
    let error = ClientBuilder::<Client>::new(&BANK).credential("seal", Credential::ApiKey("k".into())).build();
    assert!(error.is_err_and(|error| error.to_string().contains("`identity_pem`")));
}

#[tokio::test(start_paused = true)]
async fn credentials_in_plain_are_refused_where_that_is_said() {
    static HOME: Operation = Operation::new("home", Method::Get, "/home").auth(&[&["bearer"], &[]]);
    static FAR: Operation =
        Operation::new("far", Method::Get, "/far").auth(&[&["bearer"], &[]]).server("http://far.example");
    let strict = |url: &str| {
        let builder: ClientBuilder<Client> = ClientBuilder::new(&crate::support::SERVICE).base_url(url);
        builder.require_tls_for_credentials()
    };
    let refused = |builder: ClientBuilder<Client>| {
        let error = builder.transport(Scripted::default()).build().expect_err("it would be overheard");
        assert!(error.is_config() && error.to_string().contains("plain HTTP to http://"), "{error}");
        error.to_string()
    };
    let plain = "http://users.example/api";
    refused(strict(plain).bearer("t"));
    refused(strict(plain).basic("u", "p"));
    refused(strict(plain).header("Authorization", "t"));
    refused(strict(plain).header("X-API-Key", "t"));
    refused(strict("").base_urls(["http://users.test", plain]).api_key("k"));
    // Nor on ways that are not the service's own.
    assert!(
        refused(strict("https://users.example").bearer("t").send_credentials_to("http://far.example")).contains("far")
    );
    let tokens = |url: &str| sinew_runtime::TokenSource::client_credentials(url, "id", "secret");
    assert!(
        refused(strict("https://users.example").bearer(tokens("http://login.example/token?x=1"))).contains("login")
    );
    let proxied = |url: &str| strict("https://users.example").proxy_with_credentials(url, "u", "p").build();
    let error = proxied("http://proxy.example:3128").expect_err("it would be overheard");
    assert!(error.to_string().contains("plain HTTP to http://proxy.example:3128"), "{error}");
    proxied("http://10.0.0.1:3128").expect("in the house");
    let made = |builder: ClientBuilder<Client>, script: &Scripted| {
        builder.transport(script.clone()).build().expect("a client")
    };
    for url in ["https://users.example", "http://user-service:8001", "http://127.0.0.1"] {
        made(strict(url).bearer(tokens("https://login.example/token")), &Scripted::default());
    }
    // Without credentials there is nothing to overhear, but for what a call brings itself.
    let script = Scripted::always(ok());
    let client = made(strict(plain).header("x-other", "1"), &script);
    let home = || client.request(&HOME).answering(Reply::empty);
    home().await.expect("anonymous");
    for (name, value) in [("authorization", "Bearer canary"), ("cookie", "sid=canary"), ("x-api-key", "canary")] {
        let error = home().header(name, value).await.expect_err("it would be overheard");
        assert!(error.is_config() && error.sent() == Sent::NotSent && !error.to_string().contains("canary"), "{error}");
    }
    assert_eq!(script.count(), 1);
    // An operation with a server of its own is judged by that.
    let client = made(strict("https://users.example").send_credentials_to("https://far.example").bearer("t"), &script);
    client.request(&HOME).answering(Reply::empty).await.expect("an answer");
    let far = || client.request(&FAR).answering(Reply::empty);
    assert!(far().await.expect_err("another origin").is_config());
    let client = made(strict("https://users.example"), &script);
    let far = || client.request(&FAR).answering(Reply::empty);
    far().await.expect("anonymous");
    assert!(far().header("authorization", "t").await.expect_err("in plain").to_string().contains("far.example"));
    // Who did not ask for it is not refused.
    let lax: ClientBuilder<Client> = ClientBuilder::new(&crate::support::SERVICE).base_url(plain);
    let client = made(lax.bearer("t"), &script);
    client.request(&HOME).answering(Reply::empty).header("cookie", "sid=1").await.expect("an answer");
}
