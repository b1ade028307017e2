//! Do pages follow each other, end, and go on where they were?

use std::time::Duration;

use serde::Deserialize;
use sinew_runtime::generated::{Client, Method, Operation, PageRule, PageSize, Paged, Reply};
use sinew_runtime::testing::{Scripted, Step};
use sinew_runtime::{Call, Error, ErrorKind, PageItems, PageToken};
use tokio::time::Instant;

use crate::support::{CREATE, client};

static LIST: Operation = Operation::new("list", Method::Get, "/things");
const SIZE: PageSize = PageSize { parameter: "limit", default: Some(2), most: Some(10) };

#[derive(Debug, Deserialize, PartialEq)]
struct Page {
    data: Option<Vec<u32>>,
    next: Option<String>,
}

fn page(client: &Client, rule: PageRule) -> Call<'_, Page, Paged<Page, u32>> {
    client.request(&LIST).query("q", &"a&b").answering(Reply::json).paged(
        rule,
        |page: &mut Page| page.data.as_mut(),
        |page| page.next.clone(),
    )
}

fn bare(client: &Client, rule: PageRule, limit: Option<u32>) -> Call<'_, Vec<u32>, Paged<Vec<u32>, u32>> {
    client.request(&LIST).query("limit", &limit).answering(Reply::json).paged(rule, |page| Some(page), |_| None)
}

async fn all<T>(mut items: PageItems<T, u32>) -> (Vec<u32>, Option<Error>) {
    let mut all = Vec::new();
    while let Some(item) = items.next().await {
        match item {
            Ok(item) => all.push(item),
            Err(error) => {
                assert!(items.next().await.is_none(), "an error is the end");
                return (all, Some(error));
            }
        }
    }
    (all, None)
}

fn queries(script: &Scripted) -> Vec<String> {
    script.seen().iter().map(|seen| seen.uri.query().unwrap_or_default().to_owned()).collect()
}

fn pages(bodies: &[&'static str]) -> Scripted {
    Scripted::new(bodies.iter().map(|body| Step::json(200, *body)))
}

#[tokio::test(start_paused = true)]
async fn offsets_go_on_by_what_came() {
    let script = pages(&["[1,2]", "[3,4]", "[5]"]);
    let client = client(&script);
    let (items, error) = all(bare(&client, PageRule::Offset("skip", SIZE), None).items()).await;
    assert_eq!((items.as_slice(), error.is_none()), ([1, 2, 3, 4, 5].as_slice(), true));
    assert_eq!(queries(&script), ["", "skip=2", "skip=4"]);
    // A page that is shorter than was asked for ends only where the document says that so many may be asked for.
    let script = pages(&["[1,2]", "[3]", "[]"]);
    let client = self::client(&script);
    let (items, _) = all(bare(&client, PageRule::Offset("skip", SIZE), Some(100)).items()).await;
    assert_eq!(items, [1, 2, 3]);
    assert_eq!(queries(&script), ["limit=100", "limit=100&skip=2", "limit=100&skip=3"]);
}

#[tokio::test(start_paused = true)]
async fn page_numbers_go_on_by_one() {
    let script = pages(&["[1,2]", "[3,4]", "[]"]);
    let client = client(&script);
    let (items, _) = all(bare(&client, PageRule::Number("page", 1, SIZE), Some(2)).items()).await;
    assert_eq!(items, [1, 2, 3, 4]);
    assert_eq!(queries(&script), ["limit=2", "limit=2&page=2", "limit=2&page=3"]);
}

#[tokio::test(start_paused = true)]
async fn cursors_go_where_the_page_says() {
    let script = pages(&[
        r#"{"data": [1], "next": "50% + ü"}"#,
        r#"{"data": [], "next": "b"}"#,
        r#"{"next": "c"}"#,
        r#"{"data": [2], "next": ""}"#,
    ]);
    let client = client(&script);
    let (items, error) = all(page(&client, PageRule::Cursor("after")).items()).await;
    assert_eq!((items.as_slice(), error.is_none()), ([1, 2].as_slice(), true), "an empty page is not the last");
    assert_eq!(
        queries(&script),
        ["q=a%26b", "q=a%26b&after=50%25%20%2B%20%C3%BC", "q=a%26b&after=b", "q=a%26b&after=c"]
    );
    // One that leads to itself would never end.
    let script = Scripted::always(Step::json(200, r#"{"data": [1], "next": "a"}"#));
    let client = self::client(&script);
    let (items, error) = all(page(&client, PageRule::Cursor("after")).items()).await;
    assert_eq!((items.as_slice(), error.map(|error| error.kind())), ([1, 1].as_slice(), Some(ErrorKind::Decode)));
}

#[tokio::test(start_paused = true)]
async fn addresses_stay_at_home() {
    let script = pages(&[
        r#"{"data": [1], "next": "?q=x&page=2"}"#,
        r#"{"data": [2], "next": "/api/v1/others?page=3"}"#,
        r#"{"data": [3], "next": "http://users.test/api/v1/things?page=4"}"#,
        r#"{"data": [4]}"#,
    ]);
    let client = client(&script);
    let (items, _) = all(page(&client, PageRule::Address).items()).await;
    assert_eq!(items, [1, 2, 3, 4]);
    let uris: Vec<String> = script.seen().iter().skip(1).map(|seen| seen.uri.to_string()).collect();
    let home = "http://users.test/api/v1";
    assert_eq!(
        uris,
        [format!("{home}/things?q=x&page=2"), format!("{home}/others?page=3"), format!("{home}/things?page=4")]
    );
    for away in [
        "http://evil.test/api/v1/things",
        "https://users.test/api/v1/x",
        "//evil.test/",
        "/other",
        "/api/v1x",
        "http://[",
    ] {
        let body = format!(r#"{{"data": [1], "next": "{away}"}}"#);
        let script = Scripted::always(Step::json(200, body));
        let client = self::client(&script);
        let (items, error) = all(page(&client, PageRule::Address).items()).await;
        assert_eq!(
            (items.as_slice(), error.map(|error| error.kind())),
            ([1].as_slice(), Some(ErrorKind::Decode)),
            "{away}"
        );
        assert_eq!(script.count(), 1, "{away}");
    }
}

#[tokio::test(start_paused = true)]
async fn links_of_the_header_are_followed() {
    let first = Step::json(200, "[1]")
        .header("link", r#"<http://users.test/api/v1/things?page=2>; rel="next", <x>; rel="last""#);
    let script = Scripted::new([first, Step::json(200, "[2]").header("link", "<x>; rel=prev")]);
    let client = client(&script);
    let (items, _) = all(bare(&client, PageRule::Link, None).items()).await;
    assert_eq!(items, [1, 2]);
    assert_eq!(queries(&script), ["", "page=2"]);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_asked_for_before_it_is_wanted() {
    let script = pages(&["[1,2]", "[3,4]", "[5]"]);
    let client = client(&script);
    let mut items = bare(&client, PageRule::Offset("skip", SIZE), None).header("x-own", "kept").items();
    assert_eq!(script.count(), 0);
    for expected in [1, 2] {
        assert_eq!(items.next().await.expect("one").expect("an item"), expected);
    }
    assert_eq!(script.count(), 1);
    assert_eq!(items.next().await.expect("one").expect("an item"), 3);
    assert_eq!(script.count(), 2);
    assert!(script.seen().iter().all(|seen| seen.headers["x-own"] == "kept"));
}

#[tokio::test(start_paused = true)]
async fn a_token_goes_on_behind_the_last_item() {
    let script = pages(&["[1,2]", "[3,4]"]);
    let client = client(&script);
    let rule = PageRule::Offset("skip", SIZE);
    let mut items = bare(&client, rule, Some(2)).items();
    let first = items.token().expect("a token");
    for _ in 0..3 {
        items.next().await.expect("one").expect("an item");
    }
    let token: PageToken = items.token().expect("a token").to_string().parse().expect("a token");
    assert_eq!(token.to_string(), "1@/api/v1/things?limit=2&skip=2");
    for (token, expected) in [(&token, &[4, 5][..]), (&first, &[1, 2, 3, 4, 5])] {
        let rest: &[&str] = if expected.len() == 2 { &["[3,4]", "[5]"] } else { &["[1,2]", "[3,4]", "[5]"] };
        let script = Scripted::new(rest.iter().map(|body| Step::json(200, body.to_string())));
        let client = self::client(&script);
        let (items, _) = all(bare(&client, rule, Some(2)).items_from(token)).await;
        assert_eq!(items, expected);
    }
    // At the end of a page, the next one is what comes.
    items.next().await.expect("one").expect("an item");
    assert_eq!(items.token().expect("a token").to_string(), "0@/api/v1/things?limit=2&skip=4");
    let elsewhere: PageToken = "0@/other".parse().expect("a token");
    let (_, error) = all(bare(&client, rule, None).items_from(&elsewhere)).await;
    assert_eq!(error.map(|error| error.kind()), Some(ErrorKind::Build));
    for nonsense in ["", "1", "x@/a", "1@http://evil.test/", "-1@/a"] {
        assert!(nonsense.parse::<PageToken>().is_err(), "{nonsense}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_error_is_the_end() {
    let script = Scripted::new([Step::json(200, "[1,2]"), Step::status(404)]);
    let client = client(&script);
    let mut pages = bare(&client, PageRule::Offset("skip", SIZE), None).pages();
    assert_eq!(pages.next().await.expect("one").expect("a page"), [1, 2]);
    assert_eq!(pages.next().await.expect("one").expect_err("404").status().map(|status| status.as_u16()), Some(404));
    assert!(pages.next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_task_is_looked_at_until_it_is_done() {
    let script = Scripted::new([
        Step::json(202, "1"),
        Step::refuse(),
        Step::json(200, "2"),
        Step::json(202, "3").header("retry-after", "30"),
        Step::json(200, "4"),
    ]);
    let client = client(&script);
    let look = || client.request(&LIST).answering(Reply::json::<u32>);
    let began = Instant::now();
    assert_eq!(look().until(|state| *state == 4).await.expect("done"), 4);
    let waited = began.elapsed();
    // Half a second, a retry's second, a second, and what was asked for.
    assert!(waited >= Duration::from_millis(32_500) && waited < Duration::from_secs(34), "{waited:?}");
    let script = Scripted::always(Step::json(200, "1"));
    let client = self::client(&script);
    let look = || client.request(&LIST).answering(Reply::json::<u32>);
    let every = Duration::from_secs(1);
    let error = look().until(|_| false).every(every, every).within(Duration::from_secs(10)).await.expect_err("never");
    assert_eq!(error.kind(), ErrorKind::Deadline);
    assert!((9..=11).contains(&script.count()), "{}", script.count());
    let post = client.request(&CREATE).answering(Reply::json::<u32>).until(|_| true);
    assert_eq!(post.await.expect_err("a POST").kind(), ErrorKind::Build);
    let script = Scripted::new([Step::json(200, "1"), Step::status(404)]);
    let client = self::client(&script);
    let error = client.request(&LIST).answering(Reply::json::<u32>).until(|_| false).await.expect_err("gone");
    assert_eq!(error.kind(), ErrorKind::Status);
}

#[tokio::test(start_paused = true)]
async fn work_that_was_taken_on_is_followed_to_its_end() {
    let script = Scripted::new([
        Step::json(202, "0")
            .header("operation-location", "http://users.test/api/v1/operations/7?v=1")
            .header("retry-after", "3"),
        Step::json(202, "1"),
        Step::refuse(),
        Step::json(202, "2").header("location", "8"),
        Step::json(200, "3"),
    ]);
    let client = client(&script);
    let start = || client.request(&CREATE).json("a").answering(Reply::empty);
    let began = Instant::now();
    assert_eq!(start().monitor::<u32>().await.expect("done"), 3);
    let waited = began.elapsed();
    // What was asked for, a second (the first look has waited), a retry's second, two seconds.
    assert!(waited >= Duration::from_secs(6) && waited < Duration::from_secs(9), "{waited:?}");
    let seen = script.seen();
    let routes: Vec<_> =
        seen.iter().map(|seen| format!("{} {}", seen.method, seen.uri.path_and_query().expect("a path"))).collect();
    let look = "GET /api/v1/operations/7?v=1";
    assert_eq!(routes, ["POST /api/v1/users/", look, look, look, "GET /api/v1/operations/8"]);
    assert!(seen[0].headers.contains_key("content-type") && !seen[1].headers.contains_key("content-type"));
    assert!(seen[1].body.is_empty() && seen[1].headers["accept"] == "application/json");
}

#[tokio::test(start_paused = true)]
async fn a_monitor_that_always_answers_200_says_in_its_body_when_it_is_over() {
    let script = Scripted::new([
        Step::json(201, "0").header("x-job", "/api/v1/jobs/7").header("location", "/api/v1/users/1"),
        Step::json(200, "1").header("x-job", "/api/v1/jobs/8"),
        Step::json(200, "2"),
        // Answered at once: nothing is looked at.
        Step::json(200, "5").header("location", "/api/v1/users/1"),
    ]);
    let client = client(&script);
    let start = || client.request(&CREATE).json("a").answering(Reply::empty).monitor::<u32>().address_in("x-job");
    assert_eq!(start().until(|state| *state == 2).await.expect("done"), 2);
    assert_eq!(script.seen()[2].uri.path(), "/api/v1/jobs/7");
    assert_eq!(start().await.expect("at once"), 5);
    assert_eq!(script.count(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_monitor_is_at_home_and_is_not_waited_for_for_ever() {
    for (address, reason) in [
        ("https://evil.test/api/v1/jobs/7", "what tells of the state is at another origin"),
        ("//evil.test/api/v1/jobs/7", "what tells of the state is at another origin"),
        ("/elsewhere/7", "what tells of the state is not below the base path of the service"),
    ] {
        let script = Scripted::always(Step::status(202).header("location", address));
        let client = client(&script);
        let error = client.request(&CREATE).answering(Reply::empty).monitor::<u32>().await.expect_err("elsewhere");
        assert!(error.is_decode() && error.to_string().contains(reason), "{error}");
        assert_eq!(script.count(), 1);
    }
    let script = Scripted::always(Step::status(202));
    let client = self::client(&script);
    let error = client.request(&CREATE).answering(Reply::empty).monitor::<u32>().await.expect_err("nowhere");
    assert!(error.to_string().contains("does not say where to ask for it"), "{error}");
    let script = Scripted::always(Step::status(202).header("location", "/api/v1/jobs/7"));
    let client = self::client(&script);
    let start = || client.request(&CREATE).answering(Reply::empty).monitor::<u32>();
    let every = Duration::from_secs(1);
    let error = start().every(every, every).within(Duration::from_secs(10)).await.expect_err("never");
    assert_eq!(error.kind(), ErrorKind::Deadline);
    assert!((9..=11).contains(&script.count()), "{}", script.count());
    // What went wrong is told as what was asked.
    script.push(Step::json(202, "").header("location", "/api/v1/jobs/7"));
    script.push(Step::status(404));
    let error = start().await.expect_err("gone");
    assert!(error.to_string().starts_with("GET {state} failed"), "{error}");
}
