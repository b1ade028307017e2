//! Do links make the calls that the document means, and is it told of each other one why it does not?
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::Path;

use golden_links::types::User;
use golden_links::{GetFeed, LinksClient};
use sinew_generator::Config;
use sinew_generator::diagnostics::{Diagnostics, Severity};
use sinew_runtime::testing::{Scripted, Step};

const USER: &str = r#"{"id": 7, "username": "ann/b", "latest": {"slug": "x", "labels": ["a", "b"]}, "team": {"id": 3, "kind": "odd"}}"#;

#[tokio::test]
async fn what_an_answer_says_goes_into_the_calls_that_it_links_to() {
    let script = Scripted::new([
        Step::status(200).header("content-type", "application/json").body(USER),
        Step::status(200).header("content-type", "application/json").body("[]"),
        Step::status(200).header("content-type", "application/json").body(r#"{"slug": "x", "labels": ["a", "b"]}"#),
        Step::status(204),
        Step::status(200).header("content-type", "application/json").body(r#"{"kind": "open"}"#),
    ]);
    let client = LinksClient::builder().base_url("http://links.test").transport(script.clone()).build().unwrap();
    let user = client.get_user_by_name("ann/b").await.unwrap();
    user.user_repositories(&client).await.unwrap();
    let latest = user.latest(&client).expect("it says which").await.unwrap();
    #[allow(deprecated)]
    latest.merge(&client).await.unwrap();
    user.team(&client).expect("it says which").await.unwrap();
    let asked: Vec<String> = script.seen().iter().map(|seen| seen.uri.to_string()).collect();
    assert_eq!(
        asked,
        [
            "http://links.test/users/ann%2Fb",
            "http://links.test/users/ann%2Fb/repositories",
            "http://links.test/users/ann%2Fb/repositories/x",
            "http://links.test/merges/x?force=true&way=squash&depth=3&labels=a&labels=b",
            "http://links.test/teams/odd/3",
        ]
    );
}

#[tokio::test]
async fn optional_parameters_are_set_as_well() {
    let feed = |said: &str| Step::json(200, said.to_owned());
    let script = Scripted::new([
        feed(r#"{"items": ["a", "b"], "size": 2, "next": "n&m"}"#),
        feed(r#"{"items": [], "size": 2}"#),
        feed(r#"{"items": [], "size": 100}"#),
        feed(r#"{"items": [], "size": 3}"#),
    ]);
    let client = LinksClient::builder().base_url("http://links.test").transport(script.clone()).build().unwrap();
    let first = client.get_feed(&GetFeed::default()).await.unwrap();
    let last = first.next(&client).expect("there is more").await.unwrap();
    assert!(last.next(&client).is_none());
    first.larger(&client).await.unwrap();
    first.written(&client).await.unwrap();
    let asked: Vec<String> = script.seen().iter().map(|seen| seen.uri.to_string()).collect();
    assert_eq!(
        asked,
        [
            "http://links.test/feed",
            "http://links.test/feed?cursor=n%26m&size=2",
            "http://links.test/feed?cursor=start&size=100&tags=a&tags=b",
            "http://links.test/feed?cursor=2",
        ]
    );
}

#[test]
fn where_the_answer_says_nothing_there_is_no_call() {
    let client = LinksClient::new("http://links.test").unwrap();
    let user: User =
        serde_json::from_str(r#"{"id": 7, "username": "ann", "team": {"id": null, "kind": "open"}}"#).unwrap();
    assert!(user.latest(&client).is_none());
    assert!(user.team(&client).is_none());
    assert!(user.new2(&client).is_some());
}

#[test]
fn a_link_without_a_method_is_told_with_its_reason() {
    let case = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/crates/links/openapi.yaml");
    let mut diagnostics = Diagnostics::new();
    Config::new(case).files(&mut diagnostics).expect("a crate");
    let told: Vec<String> = diagnostics
        .sorted()
        .into_iter()
        .filter(|told| told.message.starts_with("the link"))
        .map(|told| format!("{}: {}: {}", told.severity.word(), told.message, told.labels[0].text))
        .collect();
    assert_eq!(
        told,
        [
            "note: the link `again` becomes no method: `$request.path.username` is no field of the answer",
            "note: the link `header` becomes no method: `$response.header.X-Name` is no field of the answer",
            "note: the link `gone` leads to no operation: `getGone` is none of this client: left out",
            "note: the link `elsewhere` leads to no operation: `https://other.example.org/openapi.yaml#/paths/~1a/get` is none of this client: left out",
            "note: the link `unfit` becomes no method: `id` is of another type than `username`",
            "note: the link `absent` becomes no method: the answer has no field `nickname`",
            "note: the link `less` becomes no method: it does not give `slug`",
            "note: the link `body` becomes no method: the other operation has a body",
            "note: the link `unknown` becomes no method: the other operation has no parameter `name`",
            "warning: the link `nothing` names no operation: has neither `operationId` nor `operationRef`: left out",
            "note: the link `first` becomes no method: the answer is not always one object",
            "note: the link `mismatched` becomes no method: `size` is of another type",
        ]
    );
    assert_eq!(diagnostics.count(Severity::Error), 0);
}
