//! What would the analytics service do? (It is inferred: nobody serves it yet.)

use http::StatusCode;
use serde_json::{Value, json};

use super::design::alive;
use super::tokens::by_token;
use crate::answer::{Answer, Handled, Manners};
use crate::route::{Ask, Definition, Route};
use crate::store::{Store, page};

pub(crate) static SERVICE: Definition =
    Definition { name: "analytics-service", manners: Manners::Framework, routes: &[ROUTES], seed, caller: by_token };

const DAYS: &str = "days?: int(1..365)";

const ROUTES: &[Route] = &[
    Route::get("project_performance", "/api/v1/analytics/project-performance", project_performance).caller().query(DAYS),
    Route::get("top_products", "/api/v1/analytics/top-products", top_products).caller().query("limit?: int(1..100)"),
    Route::get("user_activity", "/api/v1/analytics/user-activity", user_activity).caller().query(DAYS),
    Route::get("project_trends", "/api/v1/analytics/project/{project_id}/trends", trends).caller().query(DAYS),
    Route::post("record_events", "/api/v1/events", record_events).caller().headers(&["idempotency-key"]).json(
        "events: {event_id: uuid, event_type: text(..100), occurred_at: time, user_id?: int|null, project_id?: int|null, \
         product_id?: int|null, properties?: object}[](1..500)",
    ),
    Route::get("liveness", "/health", liveness),
    Route::get("readiness", "/ready", readiness),
];

fn seed(_: &mut Store) {}

/// A figure as this service writes it: a JSON number with two places, such as no float need be able to hold.
fn exact(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_default()
}

fn project_performance(_: &mut Store, ask: &Ask) -> Handled {
    let days: Vec<Value> = ["2026-11-20", "2026-11-21", "2026-11-22"]
        .iter()
        .map(|date| {
            json!({
                "project_name": "Harbour library", "date": date, "total_value": exact("125000.50"), "total_products": 42,
                "avg_completion": exact("37.25"),
            })
        })
        .collect();
    Ok(Answer::ok(&Value::Array(page(days, 0, ask.number("days", 30)))))
}

fn top_products(_: &mut Store, ask: &Ask) -> Handled {
    let rows = vec![
        json!({"product_name": "Glulam beam", "total_usage": 5_000_000_000_i64, "total_cost": exact("924500.00"), "avg_efficiency": exact("0.93")}),
        json!({"product_name": "Pile shoe", "total_usage": 48, "total_cost": exact("0.10"), "avg_efficiency": exact("1")}),
    ];
    Ok(Answer::ok(&Value::Array(page(rows, 0, ask.number("limit", 10)))))
}

fn user_activity(_: &mut Store, _: &Ask) -> Handled {
    Ok(Answer::ok(&json!([{"username": "ada", "total_updates": 12, "total_value_managed": exact("125000.50")}])))
}

fn trends(_: &mut Store, ask: &Ask) -> Handled {
    if ask.id("project_id") != 1 {
        return Err(Answer::not_found("Project"));
    }
    Ok(Answer::ok(&json!({
        "daily_metrics": [{
            "date": "2026-11-20", "products_count": 42, "total_value": exact("125000.50"), "tasks_completed": 3, "tasks_pending": 5,
            "budget_utilized": exact("99.99"),
        }],
        "summary": {
            "avg_daily_progress": 0.375, "total_budget_utilized": exact("99.99"), "product_count_trend": [42],
            "completion_trend": [0.375],
        },
    })))
}

fn record_events(store: &mut Store, ask: &Ask) -> Handled {
    let (mut accepted, mut duplicates) = (0, 0);
    for event in ask.field("events").as_array().into_iter().flatten() {
        if store.rows_where("events", "event_id", &event["event_id"]).is_empty() {
            store.add("events", event.clone());
            accepted += 1;
        } else {
            duplicates += 1;
        }
    }
    Ok(Answer::json(StatusCode::ACCEPTED, &json!({"accepted": accepted, "duplicates": duplicates})))
}

fn liveness(store: &mut Store, _: &Ask) -> Handled {
    Ok(Answer::ok(&alive(store, "analytics-service")))
}

fn readiness(store: &mut Store, _: &Ask) -> Handled {
    Ok(Answer::ok(&ready(store, "analytics-service")))
}

/// `/ready` of analytics and marketplace.
pub(crate) fn ready(store: &mut Store, service: &str) -> Value {
    json!({
        "status": "ready", "service": service, "version": "0.1.0", "timestamp": store.exact(),
        "checks": {"database": {"healthy": true, "message": "Connected", "response_time_ms": 0.75, "error": null}},
    })
}
