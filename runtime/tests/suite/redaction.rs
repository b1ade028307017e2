//! Does a secret come out anywhere but in the request it is for?

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use sinew_runtime::generated::{Client, Method, Operation, Reply};
use sinew_runtime::testing::{Scripted, Step};
use sinew_runtime::{Body, ClientBuilder, Credential, Part, Secret, ServiceRegistry, TokenSource};
use tracing::field::{Field, Visit};
use tracing::span;

use crate::support::{SERVICE, ok};

/// In every slot that can hold a secret.
const CANARY: &str = "canary-4711";

static ALL: Operation = Operation::new("all", Method::Post, "/all/{secret}")
    .auth(&[&["bearer", "header-key", "query-key", "cookie-key"]])
    .idempotent(true);
static BASIC: Operation = Operation::new("basic", Method::Get, "/basic").auth(&[&["basic"]]);

/// Writes down every event with every field.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<String>>);

impl Visit for Log {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        let mut log = self.0.lock().expect("no panic while it was held");
        write!(log, "{field}={value:?} ").expect("a String takes all");
    }
}

impl tracing::Subscriber for Log {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.target().starts_with("sinew_runtime")
    }
    fn new_span(&self, attributes: &span::Attributes<'_>) -> span::Id {
        attributes.record(&mut self.clone());
        self.0.lock().expect("no panic while it was held").push('\n');
        span::Id::from_u64(1)
    }
    fn record(&self, _: &span::Id, values: &span::Record<'_>) {
        values.record(&mut self.clone());
        self.0.lock().expect("no panic while it was held").push('\n');
    }
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn event(&self, event: &tracing::Event<'_>) {
        event.record(&mut self.clone());
        self.0.lock().expect("no panic while it was held").push('\n');
    }
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

/// Has all that happens on this thread written into a log, for as long as what is given back lives.
///
/// While there is one subscriber only, tracing asks the thread that comes to a place first whether its events are of
/// interest, and that may be a test beside this one that listens to nothing. So there are two; and what was asked by
/// then is asked anew.
fn watch(log: &Log) -> (tracing::Dispatch, tracing::subscriber::DefaultGuard) {
    let second = tracing::Dispatch::new(log.clone());
    let guard = tracing::subscriber::set_default(log.clone());
    tracing::callsite::rebuild_interest_cache();
    (second, guard)
}

fn everything(error: &sinew_runtime::Error) -> String {
    let mut all = format!("{error} {error:?} {error:#?}");
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        write!(all, " {error} {error:?}").expect("a String takes all");
        cause = error.source();
    }
    all
}

/// Writes down all that an observer is told.
impl sinew_runtime::Observer for Log {
    fn observe(&self, about: &sinew_runtime::Observed<'_>, event: &sinew_runtime::Event) {
        let mut log = self.0.lock().expect("no panic while it was held");
        writeln!(log, "{about:?} {event:?}").expect("a String takes all");
    }
}

fn canary_client(script: &Scripted, watch: &Log) -> Client {
    let key = || Credential::ApiKey(Secret::from(CANARY));
    let builder: ClientBuilder<Client> = ClientBuilder::new(&SERVICE)
        .base_url("http://users.test/api/v1")
        .transport(script.clone())
        .bearer(CANARY)
        .basic("ada", CANARY)
        .credential("header-key", key())
        .credential("query-key", key())
        .credential("cookie-key", key())
        .header("x-default", CANARY)
        .trace_context()
        .observer(watch.clone());
    assert!(!format!("{builder:?} {builder:#?}").contains(CANARY));
    builder.build().expect("a client")
}

#[tokio::test(start_paused = true)]
async fn a_secret_comes_out_nowhere() {
    let log = Log::default();
    let _watch = watch(&log);
    let answer = || Step::status(404).header("x-answer", CANARY).body(CANARY);
    let script = Scripted::new([
        Step::refuse(),
        Step::reset(),
        answer(),
        Step::json(200, format!("{{\"{CANARY}\": \"{CANARY}\"}}")),
        Step::json(200, format!("\"{CANARY}\"")),
        Step::json(200, format!("{CANARY} no json")),
    ]);
    let client = canary_client(&script, &log);
    let mut out = format!("{client:?} {client:#?}");
    let call = || {
        let request = client
            .request(&ALL)
            .path("secret", &Secret::from(CANARY))
            .query("q", &CANARY)
            .header("x-h", &CANARY)
            .cookie("c", &CANARY)
            .json(&CANARY);
        assert!(!format!("{request:?}").contains(CANARY));
        request.answering(Reply::json::<u8>).header("x-call", CANARY).idempotency_key(CANARY)
    };
    write!(out, "{:?} {:?}", call(), call().into_future()).expect("a String takes all");
    for _ in 0..4 {
        out += &everything(&call().await.expect_err("none of these is a number"));
    }
    // The canary did go out where it belongs: this test would see nothing otherwise.
    let seen = script.seen().remove(3);
    assert_eq!(
        format!("{:?}", seen.headers).matches(CANARY).count() + seen.uri.to_string().matches(CANARY).count(),
        7,
        "{seen:?}"
    );
    assert_eq!(seen.headers["authorization"], format!("Bearer {CANARY}"));
    out += &format!("{seen:?}");
    script.push(Step::status(500).header("retry-after", CANARY).body(CANARY));
    out += &everything(&client.request(&BASIC).answering(Reply::empty).await.expect_err("a failed status"));
    let failing = TokenSource::from(CANARY);
    out += &format!(
        "{failing:?} {:?} {:?}",
        Credential::Bearer(failing.clone()),
        Credential::Basic { user: "ada".to_owned(), password: CANARY.into() }
    );
    out += &format!("{:?} {:?} {:?}", Secret::from(CANARY), Body::from(CANARY), Part::bytes(CANARY));
    // Mistakes that hold a secret.
    for url in [format!("http://u:{CANARY}@h"), format!("http://h/?k={CANARY}"), CANARY.to_owned()] {
        let builder: ClientBuilder<Client> = ClientBuilder::new(&SERVICE).base_url(url.clone());
        out += &format!("{builder:?}");
        out += &everything(&builder.build().expect_err("no address"));
        for variable in ["USER_SERVICE_BASE_URL", "USER_SERVICE_PORT", "USER_SERVICE_HOST", "USER_SERVICE_PROTOCOL"] {
            let env = std::collections::BTreeMap::from([
                (variable.to_owned(), format!("{url} ")),
                ("OTHER".to_owned(), CANARY.to_owned()),
            ]);
            let registry = ServiceRegistry::with_env(env);
            out += &format!("{registry:?}");
            if let Err(error) = registry.base_url("user-service") {
                assert!(error.to_string().contains(variable), "{error}");
                out += &everything(&error);
            } else {
                assert_eq!((variable, url.as_str()), ("USER_SERVICE_HOST", CANARY), "only that may be a host");
                out = out.replace(&registry.base_url("user-service").expect("it was"), "");
            }
        }
    }
    for text in [format!("{CANARY}\n"), format!("{CANARY}ü")] {
        out += &everything(
            &client
                .request(&ALL)
                .path("secret", &1)
                .header("x", &text)
                .answering(Reply::empty)
                .await
                .expect_err("no header"),
        );
        out += &everything(
            &client
                .request(&ALL)
                .path("secret", &1)
                .cookie("x", &text)
                .answering(Reply::empty)
                .await
                .expect_err("no cookie"),
        );
    }
    let log = log.0.lock().expect("no panic while it was held").clone();
    assert!(!out.contains(CANARY), "{}", out.split(' ').filter(|word| word.contains(CANARY)).collect::<String>());
    assert!(!log.contains(CANARY), "{log}");
    assert!(log.contains("url.full=\"http://users.test/api/v1/all/***?q=***&api_key=***\""), "{log}");
    assert!(log.contains("AttemptEnded") && log.contains("CallEnded"), "{log}");
    assert!(log.contains("Request: POST http://users.test/api/v1/all/***?q=***&api_key=*** (attempt 1/3)"), "{log}");
}

#[tokio::test]
async fn credentials_in_plain_are_warned_of() {
    let log = Log::default();
    let _watch = watch(&log);
    for (address, token) in [
        ("http://example.org/a", true),
        ("http://other.example", false),
        ("https://secure.example", true),
        ("http://users:1", true),
    ] {
        let mut builder: ClientBuilder<Client> =
            ClientBuilder::new(&SERVICE).base_url(address).transport(Scripted::default());
        if token {
            builder = builder.bearer(CANARY);
        }
        builder.build().expect("a client");
    }
    let log = log.0.lock().expect("no panic while it was held").clone();
    let warned: Vec<_> = log.lines().filter(|line| line.contains("plain HTTP")).collect();
    assert_eq!(warned.len(), 1, "{log}");
    assert!(warned[0].contains("origin=\"http://example.org\"") && !log.contains(CANARY), "{log}");
}

#[tokio::test(start_paused = true)]
async fn the_platforms_log_lines_are_kept() {
    let log = Log::default();
    let _watch = watch(&log);
    let script = Scripted::new([Step::refuse(), ok(), Step::status(500)]);
    let mut policy = sinew_runtime::Policy::default().with_breaker(1, std::time::Duration::from_secs(60));
    policy.breaker.failures = 2;
    policy.backoff.jitter = sinew_runtime::Jitter::None;
    let client: Client = ClientBuilder::new(&SERVICE)
        .base_url("http://users.test/api/v1")
        .transport(script.clone())
        .policy(policy)
        .build()
        .expect("a client");
    crate::support::get(&client).await.expect("the second attempt");
    crate::support::get(&client).await.expect_err("a failed status");
    script.push(Step::status(500));
    crate::support::get(&client).await.expect_err("a failed status");
    let log = log.0.lock().expect("no panic while it was held").clone();
    let lines: Vec<_> = log
        .lines()
        .filter_map(|line| Some(line.split_once("message=")?.1.split(" service=").next()?.trim().to_owned()))
        .collect();
    assert_eq!(
        lines,
        [
            "Request: GET http://users.test/api/v1/users/7 (attempt 1/3)",
            "Transient error on attempt 1: connect",
            "Retrying in 1s",
            "Request: GET http://users.test/api/v1/users/7 (attempt 2/3)",
            "Response: GET http://users.test/api/v1/users/7 - 200",
            "Request: GET http://users.test/api/v1/users/7 (attempt 1/3)",
            "Response: GET http://users.test/api/v1/users/7 - 500",
            "Request: GET http://users.test/api/v1/users/7 (attempt 1/3)",
            "Response: GET http://users.test/api/v1/users/7 - 500",
            "Circuit breaker: closed -> open",
        ]
    );
}
