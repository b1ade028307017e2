//! How does the design service draw pictures? As a task that gets on each time one asks after it.

use http::StatusCode;
use serde_json::{Value, json};

use super::design::{refused, visible};
use crate::answer::{Answer, Handled};
use crate::route::{Ask, Route};
use crate::shape::is_uuid;
use crate::store::Store;

pub(crate) const ROUTES: &[Route] = &[
    Route::get("get_visual_status", "/api/v1/designs/{design_id}/visual-status", visual_status).caller(),
    Route::post("generate_visuals", "/api/v1/designs/{design_id}/generate-visuals", generate_visuals)
        .caller()
        .json("visual_types?: text[], size?: text, quality?: text, priority?: text"),
    Route::get("get_task_status", "/api/v1/tasks/{task_id}", task_status).caller(),
];

fn one_of(value: &Value, known: &[&str], what: &str) -> Result<(), Answer> {
    match value.as_str() {
        Some(word) if !known.contains(&word) => Err(refused(&format!("Invalid {what}: {word}"))),
        _ => Ok(()),
    }
}

fn or(value: Value, default: Value) -> Value {
    if value.is_null() { default } else { value }
}

fn generate_visuals(store: &mut Store, ask: &Ask) -> Handled {
    let design = visible(store, ask)?;
    for kind in ask.field("visual_types").as_array().into_iter().flatten() {
        one_of(kind, &["floor_plan", "rendering", "3d_model"], "visual type")?;
    }
    one_of(&ask.field("size"), &["1024x1024", "1792x1024", "1024x1792"], "size")?;
    one_of(&ask.field("quality"), &["standard", "hd"], "quality")?;
    if design["visual_generation_status"] == "processing" {
        return Err(Answer::detail(StatusCode::CONFLICT, "Visual generation is already in progress"));
    }
    let kinds = or(ask.field("visual_types"), json!(["floor_plan", "rendering", "3d_model"]));
    let task = store.add("tasks", json!({"design_id": design["id"], "polls": 0, "kinds": kinds}));
    let task_id = format!("00000000-0000-4000-8000-{:012}", task["id"].as_i64().unwrap_or_default());
    set_visuals(store, &design["id"], &[("visual_generation_status", json!("processing"))]);
    let answer = json!({
        "message": "Visual generation started", "design_id": design["id"], "task_id": task_id, "visual_types": kinds,
        "size": or(ask.field("size"), json!("1024x1024")), "quality": or(ask.field("quality"), json!("standard")),
        "priority": or(ask.field("priority"), json!("normal")), "status": "pending", "estimated_completion_time": "2-5 minutes",
        "tracking_url": format!("/api/v1/tasks/{task_id}"),
    });
    Ok(Answer::json(StatusCode::ACCEPTED, &answer))
}

fn set_visuals(store: &mut Store, design: &Value, fields: &[(&str, Value)]) {
    let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    store.change("designs", design.as_i64().unwrap_or_default(), &fields);
}

fn task_status(store: &mut Store, ask: &Ask) -> Handled {
    let task_id = ask.text("task_id");
    if !is_uuid(task_id) {
        return Err(Answer::detail(StatusCode::BAD_REQUEST, "Invalid task ID format"));
    }
    let id = task_id.rsplit('-').next().and_then(|digits| digits.parse::<i64>().ok()).unwrap_or_default();
    let task = store.get("tasks", id).cloned().unwrap_or_default();
    let polls = task["polls"].as_i64().map_or(0, |polls| polls + 1);
    store.change("tasks", id, &std::iter::once(("polls".to_owned(), json!(polls))).collect());
    let (state, progress) = match polls {
        0 | 1 => ("PENDING", 0.0),
        2 => ("PROGRESS", 50.0),
        _ => ("SUCCESS", 100.0),
    };
    let now = store.micros();
    let done = state == "SUCCESS";
    if done {
        let url = |name: &str| json!(format!("https://pictures.example.org/{}/{name}", task["design_id"]));
        set_visuals(
            store,
            &task["design_id"],
            &[
                ("visual_generation_status", json!("completed")),
                ("visual_generated_at", json!(now)),
                ("floor_plan_url", url("floor_plan.png")),
                ("rendering_url", url("rendering.png")),
            ],
        );
    }
    let result = json!({
        "design_id": task["design_id"], "results": {"floor_plan": {"ok": true}}, "total_cost": 0.08, "total_time": 12.5,
        "generated_types": ["floor_plan", "rendering"], "failed_types": ["3d_model"], "task_id": task_id, "completed_at": now,
        "status": "partial",
    });
    Ok(Answer::ok(&json!({
        "task_id": task_id, "state": state, "result": if done { result } else { Value::Null }, "progress": progress,
        "current_step": if state == "PROGRESS" { json!("rendering") } else { Value::Null }, "message": format!("Task is {state}"),
        "error": null, "retry_count": 0, "max_retries": 3, "next_retry": null, "created_at": store.exact(),
        // Made with `str(datetime)`: a blank and no offset.
        "completed_at": if done { json!(now.replace('T', " ")) } else { Value::Null }, "execution_time_seconds": 0.0,
        "worker_info": {}, "metadata": {"queue": "visuals"},
    })))
}

fn visual_status(store: &mut Store, ask: &Ask) -> Handled {
    let design = visible(store, ask)?;
    if design["created_by"] != ask.caller_id() {
        return Err(Answer::detail(StatusCode::FORBIDDEN, "Only the creator may see this"));
    }
    let status = design["visual_generation_status"].as_str().unwrap_or_default();
    let visual = |url: &Value| json!({"url": url, "available": !url.is_null()});
    let progress = match status {
        "not_requested" => json!({"message": "Visuals have not been requested", "can_request": true}),
        "completed" => {
            json!({"message": "Visuals are ready", "completed_count": 2, "total_count": 3, "percentage": 66.7})
        }
        _ => json!({"message": "Visuals are being drawn", "estimated_completion": "2-5 minutes"}),
    };
    Ok(Answer::ok(&json!({
        "design_id": design["id"], "status": status,
        "visuals": {
            "floor_plan": visual(&design["floor_plan_url"]), "rendering": visual(&design["rendering_url"]),
            "model_3d": visual(&design["model_file_url"]),
        },
        "timestamps": {"created_at": design["created_at"], "visual_generated_at": design["visual_generated_at"]},
        "progress": progress,
    })))
}
