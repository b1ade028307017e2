//! Does the client of the analytics service do all that the document says?

// A panic is a test's verdict, in its helpers too.
#![allow(clippy::expect_used, clippy::panic)]

mod common;

use analytics_service::{types, *};
use common::document::Failures;
use common::{all_called, failed, fails, quick, same};
use rust_decimal::Decimal;
use serde_json::json;
use sinew_platform::{FakeService, Fault, token};
use sinew_runtime::Nullable;

fn client(fake: &FakeService) -> AnalyticsServiceClient {
    AnalyticsServiceClient::builder()
        .base_url(fake.base_url())
        .policy(quick())
        .bearer(token(2))
        .build()
        .expect("a client")
}

fn decimal(text: &str) -> Decimal {
    text.parse().expect("a decimal")
}

fn event(id: u128) -> types::Event {
    let time = "2026-11-20T09:15:00.25Z".parse().expect("a time");
    types::Event::new(uuid::Uuid::from_u128(id), "project.updated", time)
}

#[tokio::test]
async fn every_operation() {
    let fake = FakeService::analytics().await.expect("a fake");
    let client = client(&fake);
    let days = client.project_performance(&ProjectPerformance { days: Some(2) }).await.expect("figures");
    assert_eq!((days.len(), days[1].date.to_string().as_str(), days[0].total_products), (2, "2026-11-21", 42));
    assert_eq!((days[0].total_value, days[0].avg_completion), (decimal("125000.50"), decimal("37.25")));
    let none = client.project_performance(&ProjectPerformance { days: Some(366) }).await;
    let ProjectPerformanceFailure::UnprocessableEntity(problem) = failed(none, 422) else { panic!("422") };
    assert_eq!(problem.detail[0].r#type, "less_than_equal");

    let products = client.top_products(&TopProducts::default()).await.expect("figures");
    assert_eq!((products[0].total_usage, products[0].avg_efficiency), (5_000_000_000, decimal("0.93")));
    assert_eq!(products[1].total_cost, decimal("0.10"), "no float comes between");
    assert_eq!(client.top_products(&TopProducts { limit: Some(1) }).await.expect("figures").len(), 1);
    let none = client.top_products(&TopProducts { limit: Some(0) }).await;
    assert!(matches!(failed(none, 422), TopProductsFailure::UnprocessableEntity(_)));

    // The largest amount that the platform's columns can hold, the smallest change, and another spelling.
    for (amount, exact) in [("9999999999.99", "9999999999.99"), ("-0.01", "-0.01"), ("1e3", "1000")] {
        let row =
            format!(r#"[{{"product_name": "p", "total_usage": 1, "total_cost": {amount}, "avg_efficiency": 1.0}}]"#);
        fake.next([Fault::json(200, row)]);
        let products = client.top_products(&TopProducts::default()).await.expect("figures");
        assert_eq!(products[0].total_cost, decimal(exact), "{amount}");
    }

    let people = client.user_activity(&UserActivity::default()).await.expect("figures");
    assert_eq!((people[0].username.as_str(), people[0].total_value_managed), ("ada", decimal("125000.50")));
    let none = client.user_activity(&UserActivity { days: Some(0) }).await;
    assert!(matches!(failed(none, 422), UserActivityFailure::UnprocessableEntity(_)));

    let trends = client.project_trends(1, &ProjectTrends { days: Some(30) }).await.expect("figures");
    assert_eq!(trends.daily_metrics[0].budget_utilized, decimal("99.99"));
    assert_eq!((trends.summary.completion_trend, trends.summary.product_count_trend), (vec![0.375], vec![42]));
    assert!(matches!(
        failed(client.project_trends(2, &ProjectTrends::default()).await, 404),
        ProjectTrendsFailure::NotFound(_)
    ));

    events(&fake, &client).await;
    assert_eq!(client.liveness().await.expect("alive").service, "analytics-service");
    let ready = client.readiness().await.expect("ready");
    assert_eq!(
        (ready.status, ready.checks["database"].response_time_ms),
        (types::ReadinessStatus::Ready, Nullable::Present(0.75))
    );
    assert!(client.health().await.expect("an answer").ok && client.ready().await.expect("an answer").ok);
    all_called(&fake);
}

async fn events(fake: &FakeService, client: &AnalyticsServiceClient) {
    let full = types::Event {
        user_id: 7.into(),
        project_id: Nullable::Null,
        properties: Some([("completion".to_owned(), json!(37.25))].into()),
        ..event(1)
    };
    let batch = types::EventBatch::new(vec![full.clone(), event(2)]);
    let receipt = client.record_events(&batch).response().await.expect("taken");
    assert_eq!((receipt.status.as_u16(), receipt.value.accepted, receipt.value.duplicates), (202, 2, 0));
    same(&full, &fake.held("events", 1), &["id"]);
    let first = fake.received().pop().expect("a request");
    assert!(first.header("idempotency-key").is_some_and(|key| !key.is_empty()), "the runtime makes a key");
    let again = client.record_events(&batch).idempotency_key("mine").await.expect("taken");
    assert_eq!((again.accepted, again.duplicates), (0, 2));
    assert_eq!(fake.received().pop().expect("a request").header("idempotency-key"), Some("mine"));
    // A lost answer: the same key, and no event counted twice.
    fake.next([Fault::LoseAnswer]);
    let receipt = client.record_events(&types::EventBatch::new(vec![event(3)])).await.expect("the second attempt");
    assert_eq!((receipt.accepted, receipt.duplicates), (0, 1));
    let sent: Vec<_> = fake.received().into_iter().rev().take(2).collect();
    assert_eq!(sent[0].header("idempotency-key"), sent[1].header("idempotency-key"));
    let empty = client.record_events(&types::EventBatch::new(Vec::new())).await;
    let RecordEventsFailure::UnprocessableEntity(problem) = failed(empty, 422) else { panic!("422") };
    assert_eq!(problem.detail[0].r#type, "too_short");
}

#[tokio::test]
async fn every_documented_failure() {
    let fake = FakeService::analytics().await.expect("a fake");
    let mut documented = Failures::of("analytics-service");
    let client = client(&fake);
    let options = ProjectPerformance::default();
    fails!(documented, fake, "project_performance", ProjectPerformanceFailure, client.project_performance(&options));
    fails!(documented, fake, "top_products", TopProductsFailure, client.top_products(&TopProducts::default()));
    fails!(documented, fake, "user_activity", UserActivityFailure, client.user_activity(&UserActivity::default()));
    let options = ProjectTrends::default();
    fails!(documented, fake, "project_trends", ProjectTrendsFailure, client.project_trends(1, &options));
    let batch = types::EventBatch::new(vec![event(1)]);
    fails!(documented, fake, "record_events", RecordEventsFailure, client.record_events(&batch));
    fails!(documented, fake, "readiness", ReadinessFailure, client.readiness());
    documented.all_taken();
}
