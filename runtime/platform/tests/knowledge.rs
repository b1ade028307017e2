//! Does the client of the knowledge service do all that the service can do?

// A panic is a test's verdict, in its helpers too.
#![allow(clippy::expect_used, clippy::panic)]

mod common;

use common::document::Failures;
use common::{all_called, failed, fails, quick, same};
use knowledge_service::{types, *};
use serde_json::{Value, json};
use sinew_platform::{FakeService, Fault};
use sinew_runtime::Nullable;

/// A resource keeps the ids of its topics, and shows the topics.
const HIDDEN: &[&str] = &["topic_ids", "topics"];

/// A client for a user: the bare id is all that the service wants.
fn client(fake: &FakeService, user: i64) -> KnowledgeServiceClient {
    let builder = KnowledgeServiceClient::builder().base_url(fake.base_url()).policy(quick());
    builder.bearer(user.to_string()).build().expect("a client")
}

fn beams() -> types::ResourceCreate {
    let url = "https://library.example.org/beams?x=1&y=2#z";
    types::ResourceCreate::new("Beams", "All about glulam beams", types::ContentType::Url, "library/beams", url)
}

#[tokio::test]
async fn every_operation() {
    let fake = FakeService::knowledge().await.expect("a fake");
    topics(&fake).await;
    resources(&fake).await;
    bookmarks_and_citations(&fake).await;
    search(&fake).await;

    let health = client(&fake, 2).service_health().await.expect("health");
    assert_eq!((health.status, &health.database["status"]), (types::ServiceHealthStatus::Healthy, &json!("connected")));
    // `health()` asks where this service answers: under the prefix.
    assert!(client(&fake, 2).health().await.expect("health").ok);
    assert_eq!(fake.received().pop().expect("a request").path, "/api/v1/health");
    all_called(&fake);
    for received in fake.received() {
        let bare = received.operation != Some("service_health");
        assert_eq!(received.header("authorization").is_some(), bare, "{}", received.path);
    }
}

async fn topics(fake: &FakeService) {
    let client = client(fake, 2);
    let options = CreateTopic { parent_id: Some(1) };
    let odd = "a&limit=1 + 50% #2 é?/";
    let topic = client.create_topic(odd, "what & why", &options).await.expect("a topic");
    same(&topic, &fake.held("topics", topic.id), &[]);
    assert_eq!((topic.name.as_str(), topic.parent_id), (odd, Some(1)));
    let sent = fake.received().pop().expect("a request");
    assert!(sent.body.is_empty() && sent.header("content-type").is_none(), "the fields travel in the query");
    assert_eq!(sent.query.matches('&').count(), 2, "{}", sent.query);
    let again = client.create_topic(odd, "x", &CreateTopic::default()).await;
    let CreateTopicFailure::BadRequest(detail) = failed(again, 400) else { panic!("400") };
    assert_eq!(detail.detail, "Topic with this name already exists");

    let all = client.list_topics().await.expect("topics");
    assert_eq!((all.len(), &all[1]), (2, &topic));
    assert_eq!(client.get_topic(topic.id).await.expect("a topic"), topic);
    assert!(matches!(failed(client.get_topic(99).await, 404), GetTopicFailure::NotFound(_)));

    let changed = client.update_topic(topic.id, "Wood", "how", &UpdateTopic::default()).await.expect("a topic");
    same(&changed, &fake.held("topics", topic.id), &[]);
    assert_eq!(changed.parent_id, None, "what is left out is removed");
    let taken = client.update_topic(topic.id, "Timber", "how", &UpdateTopic::default()).await;
    assert!(matches!(failed(taken, 400), UpdateTopicFailure::BadRequest(_)));
    assert!(matches!(
        failed(client.update_topic(99, "x", "how", &UpdateTopic::default()).await, 404),
        UpdateTopicFailure::NotFound(_)
    ));
}

async fn resources(fake: &FakeService) {
    let client = client(fake, 2);
    let full = types::ResourceCreate {
        author: Some("Ada".to_owned()),
        file_size: Some(5_000_000_000),
        source_platform: Some("library".to_owned()),
        topic_ids: Some(vec![1]),
        ..beams()
    };
    let made = client.create_resource(&full).await.expect("a resource");
    same(&made, &fake.held("resources", made.id), HIDDEN);
    assert_eq!(made.file_size, Nullable::Present(5_000_000_000));
    assert_eq!(made.topics.as_ref().expect("topics")[0].name, "Timber");
    let lost = client.create_resource(&types::ResourceCreate { topic_ids: Some(vec![99]), ..beams() }).await;
    assert!(matches!(failed(lost, 400), CreateResourceFailure::BadRequest(_)));
    // A word that the document does not know: the handler refuses it in one sentence.
    let strange = client.create_resource(&types::ResourceCreate { content_type: "papyrus".into(), ..beams() }).await;
    let CreateResourceFailure::UnprocessableEntity(refusal) = failed(strange, 422) else { panic!("422") };
    assert!(matches!(refusal, types::BodyRefusal::ErrorDetail(_)), "{refusal:?}");
    // A bad address makes the service fail, in plain text.
    let broken = client.create_resource(&types::ResourceCreate { source_url: "nowhere".to_owned(), ..beams() }).await;
    let failure: CreateResourceFailure = failed(broken, 500);
    assert_eq!(failure, CreateResourceFailure::InternalServerError("Internal Server Error".to_owned()));

    let page = client.list_resources(&ListResources::default()).await.expect("a page");
    assert_eq!((page.total, page.page, page.limit, page.items.len()), (2, 1, 20, 2));
    assert_eq!(page.items[0].keywords, Some(json!({"timber": 3})));
    let filtered = ListResources {
        content_type: Some(types::ListResourcesContentType::Pdf),
        topic_id: Some(1),
        page: Some(1),
        limit: Some(1),
    };
    let page = client.list_resources(&filtered).await.expect("a page");
    assert_eq!((page.total, page.items[0].id), (1, 1));
    let none = client.list_resources(&ListResources { page: Some(0), ..Default::default() }).await;
    let ListResourcesFailure::UnprocessableEntity(problem) = failed(none, 422) else { panic!("422") };
    assert_eq!(problem.detail[0].r#type, "greater_than_equal");

    let read = client.get_resource(made.id).await.expect("a resource");
    assert_eq!(read, made);
    assert!(matches!(failed(client.get_resource(99).await, 404), GetResourceFailure::NotFound(_)));
    let of_project = client.get_project_resources(1).await.expect("resources");
    same(&of_project[0].title, &fake.held("resources", 1)["title"], &[]);
    assert!(matches!(failed(client.get_project_resources(99).await, 404), GetProjectResourcesFailure::NotFound(_)));
}

async fn bookmarks_and_citations(fake: &FakeService) {
    let client = client(fake, 2);
    let bookmark = types::BookmarkCreate { notes: Some("Read again".to_owned()), ..types::BookmarkCreate::new(1) };
    let made = client.create_bookmark(&bookmark).await.expect("a bookmark");
    same(&made, &fake.held("bookmarks", made.id), &[]);
    assert_eq!(made.user_id, 2);
    let again = failed(client.create_bookmark(&types::BookmarkCreate::new(1)).await, 400);
    assert!(matches!(again, CreateBookmarkFailure::BadRequest(_)));
    let missing = failed(client.create_bookmark(&types::BookmarkCreate::new(99)).await, 404);
    assert!(matches!(missing, CreateBookmarkFailure::NotFound(_)));

    let citation = client.create_citation(&types::CitationCreate::new(2, 1, "Roof")).await.expect("a citation");
    same(&citation, &fake.held("citations", citation.id), &[]);
    assert_eq!(citation.created_by, 2);
    let missing = failed(client.create_citation(&types::CitationCreate::new(99, 1, "x")).await, 404);
    assert!(matches!(missing, CreateCitationFailure::NotFound(_)));
    let of_project = client.list_project_citations(1).await.expect("citations");
    assert_eq!((of_project.len(), &of_project[0]), (2, &citation), "the newest first");
    assert_eq!(client.list_resource_citations(2).await.expect("citations"), [citation]);
    assert_eq!(client.list_project_citations(99).await.expect("none is no failure"), []);
}

async fn search(fake: &FakeService) {
    let client = client(fake, 2);
    let options = SearchGlobal {
        resource_type: Some(types::ResourceType::Pdf),
        min_score: Some(0.25),
        sort_by: Some(types::SortBy::Date),
        tags: vec!["a b".to_owned(), "c&d=e".to_owned()],
        page: Some(1),
        page_size: Some(5),
    };
    let found = client.search_global("timber floor & vibration", &options).await.expect("a page");
    assert_eq!((found.total, found.page_size, found.results[0].id), (1, 5, 1));
    assert_eq!((found.results[0].relevance_score, found.results[0].publication_date.is_null()), (0.75, true));
    let sent = fake.received().pop().expect("a request").query;
    assert!(sent.contains("tags=a%20b&tags=c%26d%3De") || sent.contains("tags=a+b&tags=c%26d%3De"), "{sent}");
    let wrong = SearchGlobal { sort_by: Some("luck".into()), min_score: Some(1.5), ..Default::default() };
    let SearchGlobalFailure::UnprocessableEntity(problem) = failed(client.search_global("x", &wrong).await, 422) else {
        panic!("422")
    };
    assert_eq!(problem.detail.len(), 2);

    let within = client.search_project(1, "timber", &SearchProject::default()).await.expect("what was found");
    assert_eq!(
        (within.project_resources[0].citation_context.as_str(), within.project_resources[0].cited_by),
        ("Reading hall", 2)
    );
    assert!(!within.global_resources.is_empty());
    let options = SearchProject { include_global: Some(false), ..Default::default() };
    assert!(client.search_project(1, "timber", &options).await.expect("what was found").global_resources.is_empty());

    let results = client
        .search_resources("beams", &SearchResources { limit: Some(1), ..Default::default() })
        .await
        .expect("results");
    assert_eq!((results.total, results.results[0].title.as_str()), (Some(1), "Beams"));

    let suggested = client.get_recommendations(1).await.expect("suggestions");
    assert_eq!((suggested[0].id, suggested[0].relevance_score), (1, 0.9));
    assert!(matches!(failed(client.get_recommendations(99).await, 404), GetRecommendationsFailure::NotFound(_)));
    // The route that is served fails each time: plain text, and one attempt.
    let error = client.get_project_recommendations(1, &GetProjectRecommendations::default()).await.expect_err("500");
    assert_eq!(error.attempts(), 1);
    let GetProjectRecommendationsFailure::InternalServerError(text) = error.failure().expect("documented") else {
        panic!("500")
    };
    assert_eq!(text, "Internal Server Error");
    // Should it be mended, it is a list.
    let row = json!([{"id": 1, "title": "t", "description": "d", "content_type": "pdf", "relevance_score": 1}]);
    fake.next([Fault::json(200, row.to_string())]);
    let mended = client.get_project_recommendations(1, &GetProjectRecommendations::default()).await.expect("a list");
    assert_eq!(
        serde_json::to_value(mended).expect("JSON"),
        json!([{"id": 1, "title": "t", "description": "d", "content_type": "pdf", "relevance_score": 1.0}])
    );
}

#[tokio::test]
async fn every_documented_failure() {
    let fake = FakeService::knowledge().await.expect("a fake");
    let mut documented = Failures::of("knowledge-service");
    let client = client(&fake, 2);
    let options = CreateTopic::default();
    fails!(documented, fake, "create_topic", CreateTopicFailure, client.create_topic("n", "d", &options));
    fails!(documented, fake, "list_topics", ListTopicsFailure, client.list_topics());
    fails!(documented, fake, "get_topic", GetTopicFailure, client.get_topic(1));
    let options = UpdateTopic::default();
    fails!(documented, fake, "update_topic", UpdateTopicFailure, client.update_topic(1, "n", "d", &options));
    fails!(documented, fake, "create_resource", CreateResourceFailure, client.create_resource(&beams()));
    let options = ListResources::default();
    fails!(documented, fake, "list_resources", ListResourcesFailure, client.list_resources(&options));
    let bookmark = types::BookmarkCreate::new(1);
    fails!(documented, fake, "create_bookmark", CreateBookmarkFailure, client.create_bookmark(&bookmark));
    let citation = types::CitationCreate::new(1, 1, "c");
    fails!(documented, fake, "create_citation", CreateCitationFailure, client.create_citation(&citation));
    fails!(documented, fake, "list_project_citations", ListProjectCitationsFailure, client.list_project_citations(1));
    fails!(
        documented,
        fake,
        "list_resource_citations",
        ListResourceCitationsFailure,
        client.list_resource_citations(1)
    );
    let options = SearchGlobal::default();
    fails!(documented, fake, "search_global", SearchGlobalFailure, client.search_global("q", &options));
    let options = SearchProject::default();
    fails!(documented, fake, "search_project", SearchProjectFailure, client.search_project(1, "q", &options));
    let options = GetProjectRecommendations::default();
    fails!(
        documented,
        fake,
        "get_project_recommendations",
        GetProjectRecommendationsFailure,
        client.get_project_recommendations(1, &options)
    );
    fails!(documented, fake, "get_resource", GetResourceFailure, client.get_resource(1));
    let options = SearchResources::default();
    fails!(documented, fake, "search_resources", SearchResourcesFailure, client.search_resources("q", &options));
    fails!(documented, fake, "get_project_resources", GetProjectResourcesFailure, client.get_project_resources(1));
    fails!(documented, fake, "get_recommendations", GetRecommendationsFailure, client.get_recommendations(1));
    documented.all_taken();
}

/// The two values that broke the first client: one became a second parameter, the other lost its end.
#[tokio::test]
async fn values_stay_in_their_place() {
    let fake = FakeService::knowledge().await.expect("a fake");
    let client = client(&fake, 2);
    for odd in ["a&limit=1", "50% + tax #2", "", "=", "?", "é", "a+b", "%41", "a\r\nb", "\u{0}", "../users/1?x=1"] {
        let options = SearchResources { limit: Some(7), ..Default::default() };
        client.search_resources(odd, &options).await.expect("results");
        let query = fake.received().pop().expect("a request").query;
        // Read by a parser that is not ours.
        let pairs: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let wanted: Vec<(String, String)> =
            [("query", odd), ("limit", "7")].map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let mut sorted = pairs.clone();
        sorted.sort_by_key(|(name, _)| name != "query");
        assert_eq!(sorted, wanted, "{query}");
    }
}

/// Anybody who is no number is turned away, without a scheme being named.
#[tokio::test]
async fn a_token_is_no_user_id() {
    let fake = FakeService::knowledge().await.expect("a fake");
    let client = KnowledgeServiceClient::builder()
        .base_url(fake.base_url())
        .bearer(sinew_platform::token(2))
        .build()
        .expect("a client");
    let error = client.list_topics().await.expect_err("401");
    assert!(matches!(error.failure(), Some(ListTopicsFailure::Unauthorized(_))));
    assert!(!error.headers().expect("an answer").contains_key("www-authenticate"));
    let _: Value = serde_json::from_slice(error.body().expect("a body")).expect("JSON");
}
