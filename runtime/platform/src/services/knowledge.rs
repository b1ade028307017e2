//! What does the knowledge service do? (Its search is in `knowledge_search`.)

use http::StatusCode;
use serde_json::{Value, json};

use super::knowledge_search;
use super::tokens::by_bare_id;
use crate::answer::{Answer, Handled, Manners};
use crate::route::{Ask, Definition, Route};
use crate::store::{Store, page, pick};

pub(crate) static SERVICE: Definition = Definition {
    name: "knowledge-service",
    manners: Manners::Knowledge,
    routes: &[ROUTES, knowledge_search::ROUTES],
    seed,
    caller: by_bare_id,
};

const TOPIC: &str = "name: text, description: text, parent_id?: int";

const ROUTES: &[Route] = &[
    Route::post("create_topic", "/api/v1/resources/topics", create_topic).caller().query(TOPIC),
    Route::get("list_topics", "/api/v1/resources/topics", list_topics).caller(),
    Route::get("get_topic", "/api/v1/resources/topics/{topic_id}", get_topic).caller(),
    Route::put("update_topic", "/api/v1/resources/topics/{topic_id}", update_topic).caller().query(TOPIC),
    Route::post("create_resource", "/api/v1/resources/", create_resource).caller().json(
        "title: text(..255), description: text(..1000), content_type: word(pdf/text/url/image), storage_path: text(..500), \
         source_url: text(..500), source_platform?: text(..100), author?: text(..255), file_size?: int(0..), topic_ids?: int[]",
    ),
    Route::get("list_resources", "/api/v1/resources/", list_resources)
        .caller()
        .query("content_type?: word(pdf/text/url/image), topic_id?: int, page?: int(1..), limit?: int(1..100)"),
    Route::post("create_bookmark", "/api/v1/resources/bookmarks", create_bookmark).caller().json("resource_id: int, notes?: text"),
    Route::post("create_citation", "/api/v1/citations/", create_citation)
        .caller()
        .json("resource_id: int, project_id: int, context: text"),
    Route::get("list_project_citations", "/api/v1/citations/project/{project_id}", project_citations).caller(),
    Route::get("list_resource_citations", "/api/v1/citations/resource/{resource_id}", resource_citations).caller(),
    Route::get("service_health", "/api/v1/health", health),
    Route::get("get_resource", "/api/v1/resources/{resource_id}", get_resource).caller(),
    Route::get("get_project_resources", "/api/v1/projects/{project_id}/resources", project_resources).caller(),
];

/// A topic and a resource filed under it, which project 1 cites.
fn seed(store: &mut Store) {
    store.add("topics", json!({"name": "Timber", "description": "Building in wood", "parent_id": null}));
    let row = resource(
        store,
        &json!({
            "title": "Timber floors", "description": "A guide to vibration in timber floors", "content_type": "pdf",
            "storage_path": "library/timber-floors.pdf", "source_url": "https://library.example.org/timber-floors", "topic_ids": [1],
        }),
    );
    store.add("resources", row);
    let now = store.micros();
    store.add(
        "citations",
        json!({"resource_id": 1, "project_id": 1, "context": "Reading hall", "created_by": 2, "created_at": now}),
    );
}

fn resource(store: &mut Store, body: &Value) -> Value {
    let now = store.micros();
    json!({
        "title": body["title"], "description": body["description"], "content_type": body["content_type"],
        "source_url": body["source_url"], "source_platform": body["source_platform"], "author": body["author"],
        "publication_date": null, "doi": null, "license_type": null, "summary": null, "storage_path": body["storage_path"],
        "file_size": body["file_size"], "created_at": now, "updated_at": now,
        "topic_ids": body["topic_ids"].as_array().cloned().unwrap_or_default(),
    })
}

/// A resource with its topics, as it is shown alone.
pub(crate) fn shown(store: &Store, resource: &Value) -> Value {
    let topics = store.rows("topics").into_iter().filter(|topic| filed_under(resource, &topic["id"]));
    let topics: Vec<Value> = topics
        .map(|topic| json!({"id": topic["id"], "name": topic["name"], "description": topic["description"]}))
        .collect();
    let mut shown = resource.clone();
    if let Some(fields) = shown.as_object_mut() {
        fields.remove("topic_ids");
    }
    shown["topics"] = json!(topics);
    shown
}

fn filed_under(resource: &Value, topic: &Value) -> bool {
    resource["topic_ids"].as_array().is_some_and(|ids| ids.contains(topic))
}

/// A resource as lists show it.
fn row(resource: &Value) -> Value {
    let mut shown = resource.clone();
    if let Some(fields) = shown.as_object_mut() {
        fields.remove("topic_ids");
    }
    shown["vector_embedding"] = Value::Null;
    shown["key_takeaways"] = json!(["Stiffness matters"]);
    shown["keywords"] = json!({"timber": 3});
    shown
}

fn topic_fields(store: &Store, ask: &Ask, own: i64) -> Result<Value, Answer> {
    let name = ask.query.get("name").cloned().unwrap_or_default();
    if store.rows_where("topics", "name", &name).iter().any(|topic| topic["id"] != own) {
        return Err(Answer::detail(StatusCode::BAD_REQUEST, "Topic with this name already exists"));
    }
    let field = |name: &str| ask.query.get(name).cloned().unwrap_or_default();
    Ok(json!({"name": name, "description": field("description"), "parent_id": field("parent_id")}))
}

fn create_topic(store: &mut Store, ask: &Ask) -> Handled {
    let row = topic_fields(store, ask, 0)?;
    Ok(Answer::created(&store.add("topics", row)))
}

fn list_topics(store: &mut Store, _: &Ask) -> Handled {
    Ok(Answer::ok(&Value::Array(store.rows("topics"))))
}

fn get_topic(store: &mut Store, ask: &Ask) -> Handled {
    store.find("topics", ask.id("topic_id"), "Topic").map(|topic| Answer::ok(&topic))
}

fn update_topic(store: &mut Store, ask: &Ask) -> Handled {
    let id = ask.id("topic_id");
    store.find("topics", id, "Topic")?;
    let fields = topic_fields(store, ask, id)?;
    Ok(Answer::ok(&store.change(
        "topics",
        id,
        &pick(fields.as_object().unwrap_or(&serde_json::Map::new()), &["name", "description", "parent_id"]),
    )))
}

fn create_resource(store: &mut Store, ask: &Ask) -> Handled {
    let url = ask.field("source_url");
    if !url.as_str().is_some_and(|url| url.starts_with("http://") || url.starts_with("https://")) {
        return Err(ask.fail());
    }
    for topic in ask.field("topic_ids").as_array().into_iter().flatten() {
        if store.get("topics", topic.as_i64().unwrap_or_default()).is_none() {
            return Err(Answer::detail(StatusCode::BAD_REQUEST, "One or more topics do not exist"));
        }
    }
    let row = resource(store, &Value::Object(ask.body.clone()));
    let row = store.add("resources", row);
    Ok(Answer::created(&shown(store, &row)))
}

fn list_resources(store: &mut Store, ask: &Ask) -> Handled {
    let mut rows = store.rows("resources");
    if let Some(kind) = ask.query.get("content_type") {
        rows.retain(|row| row["content_type"] == *kind);
    }
    if let Some(topic) = ask.query.get("topic_id") {
        rows.retain(|row| filed_under(row, topic));
    }
    let (total, number, limit) = (rows.len(), ask.number("page", 1), ask.number("limit", 20));
    let items: Vec<Value> = page(rows, (number - 1) * limit, limit).iter().map(row).collect();
    Ok(Answer::ok(&json!({"total": total, "page": number, "limit": limit, "items": items})))
}

fn create_bookmark(store: &mut Store, ask: &Ask) -> Handled {
    let id = ask.field("resource_id");
    store.find("resources", id.as_i64().unwrap_or_default(), "Resource")?;
    if store.rows_where("bookmarks", "resource_id", &id).iter().any(|bookmark| bookmark["user_id"] == ask.caller_id()) {
        return Err(Answer::detail(StatusCode::BAD_REQUEST, "Resource already bookmarked"));
    }
    let now = store.micros();
    let row = json!({"user_id": ask.caller_id(), "resource_id": id, "notes": ask.field("notes"), "created_at": now});
    Ok(Answer::created(&store.add("bookmarks", row)))
}

fn create_citation(store: &mut Store, ask: &Ask) -> Handled {
    store.find("resources", ask.field("resource_id").as_i64().unwrap_or_default(), "Resource")?;
    let now = store.micros();
    let row = json!({
        "resource_id": ask.field("resource_id"), "project_id": ask.field("project_id"), "context": ask.field("context"),
        "created_by": ask.caller_id(), "created_at": now,
    });
    Ok(Answer::created(&store.add("citations", row)))
}

fn citations(store: &Store, field: &str, id: i64) -> Answer {
    let newest_first: Vec<Value> = store.rows_where("citations", field, &json!(id)).into_iter().rev().collect();
    Answer::ok(&Value::Array(newest_first))
}

fn project_citations(store: &mut Store, ask: &Ask) -> Handled {
    Ok(citations(store, "project_id", ask.id("project_id")))
}

fn resource_citations(store: &mut Store, ask: &Ask) -> Handled {
    Ok(citations(store, "resource_id", ask.id("resource_id")))
}

fn get_resource(store: &mut Store, ask: &Ask) -> Handled {
    let resource = store.find("resources", ask.id("resource_id"), "Resource")?;
    Ok(Answer::ok(&shown(store, &resource)))
}

/// The resources that a project cites. A project that cites nothing is taken for one that there is not.
pub(crate) fn cited(store: &Store, project: i64) -> Result<Vec<Value>, Answer> {
    let citations = store.rows_where("citations", "project_id", &json!(project));
    if citations.is_empty() {
        return Err(Answer::not_found("Project"));
    }
    Ok(citations
        .iter()
        .filter_map(|citation| store.get("resources", citation["resource_id"].as_i64()?).cloned())
        .collect())
}

fn project_resources(store: &mut Store, ask: &Ask) -> Handled {
    let rows = cited(store, ask.id("project_id"))?;
    Ok(Answer::ok(&rows.iter().map(|resource| shown(store, resource)).collect()))
}

fn health(_: &mut Store, _: &Ask) -> Handled {
    Ok(Answer::ok(
        &json!({"status": "healthy", "version": "1.0.0", "database": {"status": "connected", "response_time_ms": 0.5}}),
    ))
}
