//! How does the knowledge service find things? By comparing words; the real one compares vectors.

use serde_json::{Value, json};

use super::knowledge::cited;
use crate::answer::{Answer, Handled};
use crate::route::{Ask, Route};
use crate::store::{Store, page};

pub(crate) const ROUTES: &[Route] = &[
    Route::get("search_global", "/api/v1/search/global", search_global).caller().query(
        "query: text, resource_type?: word(pdf/image/text/url/all), min_score?: num(0..1), \
         sort_by?: word(relevance/date/title/type), tags?: text[], page?: int(1..), page_size?: int(1..100)",
    ),
    Route::get("search_project", "/api/v1/search/project/{project_id}", search_project).caller().query(
        "query: text, include_global?: bool, resource_type?: word(pdf/image/text/url/all), min_score?: num(0..1), \
         sort_by?: word(relevance/date/title/type), tags?: text[], page?: int(1..), page_size?: int(1..100)",
    ),
    Route::get("get_project_recommendations", "/api/v1/search/project/{project_id}/recommendations", broken_recommendations)
        .caller()
        .query("resource_type?: word(pdf/image/text/url/all), min_score?: num(0..1), tags?: text[], page?: int(1..), page_size?: int(1..100)"),
    Route::get("search_resources", "/api/v1/search", search_resources)
        .caller()
        .query("query: text, limit?: int(1..100), resource_type?: word(pdf/image/text/url/all)"),
    Route::get("get_recommendations", "/api/v1/projects/{project_id}/recommendations", recommendations).caller(),
];

/// Resources with a word of the query in title or description, with a score.
fn search(store: &Store, ask: &Ask) -> Vec<(Value, f64)> {
    let query = ask.word("query", "").to_lowercase();
    let kind = ask.word("resource_type", "all");
    let least = ask.query.get("min_score").and_then(Value::as_f64).unwrap_or(0.0);
    let score = |row: &Value| {
        let text = format!("{} {}", row["title"], row["description"]).to_lowercase();
        if query.split(' ').any(|word| text.contains(word)) { 0.75 } else { 0.0 }
    };
    let rows = store.rows("resources").into_iter().map(|row| (score(&row), row));
    rows.filter(|(score, row)| *score > 0.0 && *score >= least && (kind == "all" || row["content_type"] == kind))
        .map(|(score, row)| (row, score))
        .collect()
}

fn result(row: &Value, score: f64) -> Value {
    json!({
        "id": row["id"], "title": row["title"], "description": row["description"], "content_type": row["content_type"],
        "source_url": row["source_url"], "author": row["author"], "publication_date": null, "relevance_score": score,
    })
}

fn suggestion(row: &Value, score: f64) -> Value {
    json!({
        "id": row["id"], "title": row["title"], "description": row["description"], "content_type": row["content_type"],
        "relevance_score": score,
    })
}

fn search_global(store: &mut Store, ask: &Ask) -> Handled {
    let found: Vec<Value> = search(store, ask).iter().map(|(row, score)| result(row, *score)).collect();
    let (total, number, size) = (found.len(), ask.number("page", 1), ask.number("page_size", 20));
    Ok(Answer::ok(
        &json!({"total": total, "page": number, "page_size": size, "results": page(found, (number - 1) * size, size)}),
    ))
}

fn search_project(store: &mut Store, ask: &Ask) -> Handled {
    let citations = store.rows_where("citations", "project_id", &json!(ask.id("project_id")));
    let found = search(store, ask);
    let cited: Vec<Value> = citations
        .iter()
        .filter_map(|citation| {
            let (row, _) = found.iter().find(|(row, _)| row["id"] == citation["resource_id"])?;
            Some(json!({
                "id": row["id"], "title": row["title"], "description": row["description"], "content_type": row["content_type"],
                "citation_context": citation["context"], "cited_at": citation["created_at"], "cited_by": citation["created_by"],
            }))
        })
        .collect();
    let global = ask.query.get("include_global").and_then(Value::as_bool).unwrap_or(true);
    let beside: Vec<Value> = found.iter().filter(|_| global).map(|(row, score)| suggestion(row, *score)).collect();
    Ok(Answer::ok(&json!({"project_resources": cited, "global_resources": beside})))
}

fn search_resources(store: &mut Store, ask: &Ask) -> Handled {
    let found: Vec<Value> = search(store, ask).iter().map(|(row, score)| result(row, *score)).collect();
    Ok(Answer::ok(&json!({"total": found.len(), "results": page(found, 0, ask.number("limit", 20))})))
}

/// The list that the service makes is not the object that it has declared, so it refuses its own reply.
fn broken_recommendations(_: &mut Store, ask: &Ask) -> Handled {
    Err(ask.fail())
}

fn recommendations(store: &mut Store, ask: &Ask) -> Handled {
    let rows = cited(store, ask.id("project_id"))?;
    Ok(Answer::ok(&rows.iter().map(|row| suggestion(row, 0.9)).collect()))
}
