//! What does the project service do?

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::tokens::by_either_token;
use crate::answer::{Answer, Handled, Manners};
use crate::route::{Ask, Definition, Route};
use crate::store::{Store, page, pick};

pub(crate) static SERVICE: Definition = Definition {
    name: "project-service",
    manners: Manners::Framework,
    routes: &[ROUTES],
    seed,
    caller: by_either_token,
};

const PAGE: &str = "skip?: int(0..), limit?: int(1..1000)";

const ROUTES: &[Route] = &[
    Route::post("create_project", "/api/v1/projects/", create_project)
        .vendor()
        .json("name: text(1..255), owner_id: int, description?: text(..5000)|null, is_public?: bool"),
    Route::get("list_projects", "/api/v1/projects/", list_projects).vendor().query(PAGE),
    Route::get("get_project", "/api/v1/projects/{project_id}", get_project).vendor(),
    Route::put("update_project", "/api/v1/projects/{project_id}", update_project).vendor().json(
        "name: text(1..255), status: word(draft/in_progress/review/completed/archived), description?: text(..5000)|null, is_public?: bool",
    ),
    Route::delete("delete_project", "/api/v1/projects/{project_id}", delete_project).vendor(),
    Route::patch("set_project_status", "/api/v1/projects/{project_id}/status", set_status)
        .vendor()
        .json("status: word(draft/in_progress/review/completed/archived)"),
    Route::post("create_comment", "/api/v1/projects/{project_id}/comments/", create_comment)
        .vendor()
        .caller()
        .json("content: text, parent_id?: int|null"),
    Route::get("get_project_comments", "/api/v1/projects/{project_id}/comments/", list_comments).vendor().query(PAGE),
    Route::get("get_comment", "/api/v1/projects/{project_id}/comments/{comment_id}", get_comment).vendor(),
    Route::put("update_comment", "/api/v1/projects/{project_id}/comments/{comment_id}", update_comment)
        .vendor()
        .caller()
        .json("content: text"),
    Route::delete("delete_comment", "/api/v1/projects/{project_id}/comments/{comment_id}", delete_comment).vendor().caller(),
    Route::get("service_info", "/", banner),
    Route::get("get_project_member", "/projects/{project_id}/members/{user_id}", get_member),
];

/// One project, 1, which belongs to user 2.
fn seed(store: &mut Store) {
    let row = project(store, &json!("Harbour library"), &json!(2), &json!("Two storeys on piles"), &json!(true));
    store.add("projects", row);
}

fn project(store: &mut Store, name: &Value, owner: &Value, description: &Value, public: &Value) -> Value {
    let now = store.seconds();
    json!({
        "name": name, "description": description, "is_public": public, "owner_id": owner, "status": "draft", "version": 1,
        "project_metadata": {}, "created_at": now, "updated_at": now, "is_archived": false,
    })
}

fn found(store: &Store, ask: &Ask) -> Result<Value, Answer> {
    store.find("projects", ask.id("project_id"), "Project")
}

fn create_project(store: &mut Store, ask: &Ask) -> Handled {
    let public = if ask.field("is_public").is_null() { json!(false) } else { ask.field("is_public") };
    let row = project(store, &ask.field("name"), &ask.field("owner_id"), &ask.field("description"), &public);
    Ok(Answer::created(&store.add("projects", row)))
}

fn list_projects(store: &mut Store, ask: &Ask) -> Handled {
    Ok(Answer::ok(&Value::Array(page(store.rows("projects"), ask.number("skip", 0), ask.number("limit", 100)))))
}

fn get_project(store: &mut Store, ask: &Ask) -> Handled {
    found(store, ask).map(|project| Answer::ok(&project))
}

fn update_project(store: &mut Store, ask: &Ask) -> Handled {
    found(store, ask)?;
    let mut fields = ask.body.clone();
    fields.insert("updated_at".to_owned(), json!(store.seconds()));
    Ok(Answer::ok(&store.change("projects", ask.id("project_id"), &fields)))
}

fn set_status(store: &mut Store, ask: &Ask) -> Handled {
    update_project(store, ask)
}

fn delete_project(store: &mut Store, ask: &Ask) -> Handled {
    found(store, ask)?;
    store.remove("projects", ask.id("project_id"));
    for comment in store.rows_where("comments", "project_id", &json!(ask.id("project_id"))) {
        store.remove("comments", comment["id"].as_i64().unwrap_or_default());
    }
    Ok(Answer::gone())
}

fn create_comment(store: &mut Store, ask: &Ask) -> Handled {
    found(store, ask)?;
    let parent = ask.field("parent_id");
    if let Some(id) = parent.as_i64() {
        store.find("comments", id, "Parent comment")?;
    }
    // The text is looked at after it was kept, and the subject when it is too late.
    let blank = ask.field("content").as_str().is_none_or(|text| text.trim().is_empty());
    if blank || ask.caller_id() == 0 {
        return Err(ask.fail());
    }
    let now = store.seconds();
    let row = json!({
        "content": ask.field("content"), "parent_id": parent, "author_id": ask.caller_id(), "project_id": ask.id("project_id"),
        "created_at": now, "updated_at": now,
    });
    let row = store.add("comments", row);
    Ok(Answer::created(&with_replies(store, row)))
}

fn with_replies(store: &Store, mut comment: Value) -> Value {
    let replies = store.rows_where("comments", "parent_id", &comment["id"]);
    comment["replies"] = replies.into_iter().map(|reply| with_replies(store, reply)).collect();
    comment
}

fn list_comments(store: &mut Store, ask: &Ask) -> Handled {
    found(store, ask)?;
    let rows = store.rows_where("comments", "project_id", &json!(ask.id("project_id")));
    let top = rows.into_iter().filter(|comment| comment["parent_id"].is_null()).collect();
    let top = page(top, ask.number("skip", 0), ask.number("limit", 100));
    Ok(Answer::ok(&top.into_iter().map(|comment| with_replies(store, comment)).collect()))
}

fn comment_of(store: &Store, ask: &Ask) -> Result<Value, Answer> {
    let comment = store.find("comments", ask.id("comment_id"), "Comment")?;
    if comment["project_id"] == ask.id("project_id") { Ok(comment) } else { Err(Answer::not_found("Comment")) }
}

fn get_comment(store: &mut Store, ask: &Ask) -> Handled {
    let comment = comment_of(store, ask)?;
    Ok(Answer::ok(&with_replies(store, comment)))
}

/// A comment that the caller may change: an author's own, the project owner's to clear up, an administrator's.
fn own_comment(store: &Store, ask: &Ask) -> Result<Value, Answer> {
    let comment = comment_of(store, ask)?;
    let owner = found(store, ask)?["owner_id"].clone();
    let caller = json!(ask.caller_id());
    let admin = ask.caller.as_ref().is_some_and(|caller| caller.admin);
    if admin || comment["author_id"] == caller || owner == caller {
        Ok(comment)
    } else {
        Err(Answer::detail(StatusCode::FORBIDDEN, "Not authorized to change this comment"))
    }
}

fn update_comment(store: &mut Store, ask: &Ask) -> Handled {
    own_comment(store, ask)?;
    let mut fields: Map<String, Value> = pick(&ask.body, &["content"]);
    fields.insert("updated_at".to_owned(), json!(store.seconds()));
    let comment = store.change("comments", ask.id("comment_id"), &fields);
    Ok(Answer::ok(&with_replies(store, comment)))
}

fn delete_comment(store: &mut Store, ask: &Ask) -> Handled {
    own_comment(store, ask)?;
    store.remove("comments", ask.id("comment_id"));
    Ok(Answer::gone())
}

/// The owner is the one member that is known.
fn get_member(store: &mut Store, ask: &Ask) -> Handled {
    let project = found(store, ask)?;
    if project["owner_id"] == ask.id("user_id") {
        return Ok(Answer::ok(&json!({"project_id": project["id"], "user_id": ask.id("user_id"), "role": "owner"})));
    }
    Err(Answer::not_found("Member"))
}

fn banner(_: &mut Store, _: &Ask) -> Handled {
    Ok(Answer::ok(&super::user::state_of("Project Service")))
}
