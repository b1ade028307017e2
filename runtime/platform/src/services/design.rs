//! What does the design service do with designs, checks and improvements? (Files and comments are in `design_files`,
//! pictures and tasks in `design_tasks`.)

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::tokens::by_token;
use super::{design_files, design_tasks};
use crate::answer::{Answer, Handled, Manners};
use crate::route::{Ask, Definition, Route};
use crate::store::{Store, page};

pub(crate) static SERVICE: Definition = Definition {
    name: "design-service",
    manners: Manners::Design,
    routes: &[ROUTES, design_files::ROUTES, design_tasks::ROUTES],
    seed,
    caller: by_token,
};

const ROUTES: &[Route] = &[
    Route::post("create_design", "/api/v1/designs/", create_design).caller().json(
        "project_id: int, name: text(1..255), description: text, building_type: text, requirements?: object, generate_visuals?: bool",
    ),
    Route::get("list_designs", "/api/v1/designs/", list_designs)
        .caller()
        .query("project_id?: int, building_type?: text, status?: text, limit?: int(1..100), offset?: int(0..)"),
    Route::get("get_design", "/api/v1/designs/{design_id}", get_design).caller(),
    Route::put("update_design", "/api/v1/designs/{design_id}", update_design)
        .caller()
        .json("name?: text(1..255)|null, description?: text|null, specification?: object|null, status?: text|null"),
    Route::delete("delete_design", "/api/v1/designs/{design_id}", delete_design).caller(),
    Route::post("validate_design", "/api/v1/designs/{design_id}/validate", validate)
        .caller()
        .json("validation_type: text, rule_set: text"),
    Route::get("list_validations", "/api/v1/designs/{design_id}/validations", list_validations).caller(),
    Route::post("optimize_design", "/api/v1/designs/{design_id}/optimize", optimize).caller().json("optimization_types?: text[]"),
    Route::get("list_optimizations", "/api/v1/designs/{design_id}/optimizations", list_optimizations).caller(),
    Route::post("apply_optimization", "/api/v1/optimizations/{optimization_id}/apply", apply).caller(),
    Route::get("service_info", "/", banner),
    Route::get("liveness", "/health", liveness),
    Route::get("readiness", "/ready", readiness),
];

/// Nobody but administrators may see project 13, and user 9 may see nothing.
const FORBIDDEN_PROJECT: i64 = 13;
const STRANGER: i64 = 9;

/// One design, 1, of project 1, made by user 2, with a file.
fn seed(store: &mut Store) {
    let row = design(store, 1, 2, &json!("Harbour library"), &json!("A reading hall on piles"), &json!("commercial"));
    store.add("designs", row);
    design_files::seed(store);
}

fn design(
    store: &mut Store,
    project: i64,
    maker: i64,
    name: &Value,
    description: &Value,
    building_type: &Value,
) -> Value {
    let now = store.micros();
    json!({
        "project_id": project, "name": name, "description": description, "specification": {"rooms": [{"name": "hall", "area": 240.5}]},
        "building_type": building_type, "total_area": 240.5, "num_floors": 2, "materials": ["timber", "glass"],
        "generation_prompt": null, "confidence_score": 87.5, "ai_model_version": "fake-1", "version": 1, "parent_design_id": null,
        "status": "draft", "is_archived": false, "floor_plan_url": null, "rendering_url": null, "model_file_url": null,
        "visual_generation_status": "not_requested", "visual_generation_error": null, "visual_generated_at": null,
        "created_by": maker, "created_at": now, "updated_at": now,
    })
}

/// 403, unless the caller may see a project.
fn may_see(ask: &Ask, project: i64) -> Result<(), Answer> {
    let admin = ask.caller.as_ref().is_some_and(|caller| caller.admin);
    if admin || (project != FORBIDDEN_PROJECT && ask.caller_id() != STRANGER) {
        Ok(())
    } else {
        Err(Answer::detail(StatusCode::FORBIDDEN, "You do not have access to this project"))
    }
}

/// The design of a request that its caller may see.
pub(crate) fn visible(store: &Store, ask: &Ask) -> Result<Value, Answer> {
    visible_at(store, ask, ask.id("design_id"))
}

/// As [`visible`], for something that belongs to a design.
pub(crate) fn visible_at(store: &Store, ask: &Ask, id: i64) -> Result<Value, Answer> {
    let design = store.find("designs", id, "Design")?;
    may_see(ask, design["project_id"].as_i64().unwrap_or_default())?;
    Ok(design)
}

/// 422 with one sentence, as handlers of this service refuse words that they do not know.
pub(crate) fn refused(detail: &str) -> Answer {
    Answer::detail(StatusCode::UNPROCESSABLE_ENTITY, detail)
}

/// All rows of a design, the newest first.
pub(crate) fn newest_first(store: &Store, table: &str, ask: &Ask) -> Handled {
    visible(store, ask)?;
    let rows = store.rows_where(table, "design_id", &json!(ask.id("design_id")));
    Ok(Answer::ok(&Value::Array(rows.into_iter().rev().collect())))
}

fn create_design(store: &mut Store, ask: &Ask) -> Handled {
    let project = ask.field("project_id").as_i64().unwrap_or_default();
    may_see(ask, project)?;
    let mut row = design(
        store,
        project,
        ask.caller_id(),
        &ask.field("name"),
        &ask.field("description"),
        &ask.field("building_type"),
    );
    row["generation_prompt"] = json!(format!("{} {}", ask.field("description"), ask.field("requirements")));
    if ask.field("generate_visuals") == json!(true) {
        row["visual_generation_status"] = json!("pending");
    }
    Ok(Answer::created(&store.add("designs", row)))
}

fn list_designs(store: &mut Store, ask: &Ask) -> Handled {
    if let Some(project) = ask.query.get("project_id").and_then(Value::as_i64) {
        // The service means 403 and fails over it.
        may_see(ask, project).map_err(|_| ask.fail())?;
    }
    let mut rows: Vec<Value> = store.rows_where("designs", "is_archived", &json!(false)).into_iter().rev().collect();
    for name in ["project_id", "building_type", "status"] {
        if let Some(wanted) = ask.query.get(name) {
            rows.retain(|row| row[name] == *wanted);
        }
    }
    Ok(Answer::ok(&Value::Array(page(rows, ask.number("offset", 0), ask.number("limit", 50)))))
}

fn get_design(store: &mut Store, ask: &Ask) -> Handled {
    visible(store, ask).map(|design| Answer::ok(&design))
}

fn update_design(store: &mut Store, ask: &Ask) -> Handled {
    visible(store, ask)?;
    // What is null counts as left out.
    let given = ask.body.iter().filter(|(_, value)| !value.is_null());
    let mut fields: Map<String, Value> = given.map(|(name, value)| (name.clone(), value.clone())).collect();
    fields.insert("updated_at".to_owned(), json!(store.micros()));
    Ok(Answer::ok(&store.change("designs", ask.id("design_id"), &fields)))
}

fn delete_design(store: &mut Store, ask: &Ask) -> Handled {
    visible(store, ask)?;
    let fields = Map::from_iter([("is_archived".to_owned(), json!(true))]);
    store.change("designs", ask.id("design_id"), &fields);
    Ok(Answer::gone())
}

fn validate(store: &mut Store, ask: &Ask) -> Handled {
    let design = visible(store, ask)?;
    let rule_set = ask.field("rule_set");
    match rule_set.as_str().unwrap_or_default() {
        "Standard_Building_Code_2020" => {}
        "" => return Err(refused("Rule set is not valid")),
        _ => return Err(Answer::not_found("Rule set")),
    }
    let now = store.micros();
    let row = json!({
        "design_id": design["id"], "validation_type": ask.field("validation_type"), "rule_set": rule_set, "is_compliant": false,
        "violations": [{
            "code": "SBC-4.2", "severity": "critical", "rule": "Escape routes", "message": "The hall needs a second exit",
            "current_value": 1, "required_value": {"exits": 2}, "location": "hall", "suggestion": "Add a door to the quay",
        }],
        "warnings": [{
            "code": "SBC-7.1", "severity": "advisory", "rule": "Daylight", "message": "The store room is dark",
            "current_value": 0.5, "required_value": "1 %", "location": null, "suggestion": null,
        }],
        "validated_at": now, "validated_by": ask.caller_id(),
    });
    Ok(Answer::created(&store.add("validations", row)))
}

fn list_validations(store: &mut Store, ask: &Ask) -> Handled {
    newest_first(store, "validations", ask)
}

fn optimize(store: &mut Store, ask: &Ask) -> Handled {
    let design = visible(store, ask)?;
    let kinds = ask.field("optimization_types");
    let kinds =
        kinds.as_array().cloned().unwrap_or_else(|| vec![json!("cost"), json!("structural"), json!("sustainability")]);
    let mut made = Vec::new();
    for kind in kinds {
        let now = store.micros();
        let row = json!({
            "design_id": design["id"], "optimization_type": kind, "title": "Shorter spans", "description": "One more row of columns",
            "estimated_cost_impact": -4.5, "implementation_difficulty": "medium", "priority": "high", "status": "suggested",
            "applied_at": null, "applied_by": null, "created_at": now,
        });
        made.push(store.add("optimizations", row));
    }
    Ok(Answer::ok(&Value::Array(made)))
}

fn list_optimizations(store: &mut Store, ask: &Ask) -> Handled {
    newest_first(store, "optimizations", ask)
}

fn apply(store: &mut Store, ask: &Ask) -> Handled {
    let id = ask.id("optimization_id");
    let optimization = store.find("optimizations", id, "Optimization")?;
    let design = visible_at(store, ask, optimization["design_id"].as_i64().unwrap_or_default())?;
    if optimization["status"] == "applied" {
        return Err(Answer::detail(StatusCode::BAD_REQUEST, "Optimization has already been applied"));
    }
    let now = store.micros();
    let fields = [("status", json!("applied")), ("applied_at", json!(now)), ("applied_by", json!(ask.caller_id()))];
    store.change("optimizations", id, &fields.map(|(name, value)| (name.to_owned(), value)).into_iter().collect());
    let mut next = design.clone();
    next["parent_design_id"] = design["id"].clone();
    next["version"] = json!(design["version"].as_i64().unwrap_or_default() + 1);
    Ok(Answer::ok(&store.add("designs", next)))
}

fn banner(_: &mut Store, _: &Ask) -> Handled {
    Ok(Answer::ok(&json!({"message": "Welcome to the Design Service", "version": "1.0.0", "status": "running"})))
}

/// `/health` of design, analytics and marketplace.
pub(crate) fn alive(store: &mut Store, service: &str) -> Value {
    json!({"status": "healthy", "service": service, "version": "1.0.0", "timestamp": store.exact()})
}

fn liveness(store: &mut Store, _: &Ask) -> Handled {
    Ok(Answer::ok(&alive(store, "design-service")))
}

fn readiness(store: &mut Store, _: &Ask) -> Handled {
    Ok(Answer::ok(&json!({
        "status": "ready", "service": "design-service", "version": "1.0.0", "timestamp": store.exact(),
        "checks": {
            "database": {
                "healthy": true, "message": "Database connected", "response_time_ms": 0.75, "database_version": "3.45.1",
                "ssl_enabled": false, "error": null,
            },
            "ai_service": {"healthy": true, "message": "Model reachable", "error": null},
        },
    })))
}
