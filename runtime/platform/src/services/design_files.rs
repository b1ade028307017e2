//! What does the design service do with files, comments and exports?

use bytes::Bytes;
use http::StatusCode;
use serde_json::{Map, Value, json};

use super::design::{newest_first, visible, visible_at};
use crate::answer::{Answer, Handled};
use crate::route::{Ask, Route};
use crate::store::Store;

pub(crate) const ROUTES: &[Route] = &[
    Route::post("upload_file", "/api/v1/designs/{design_id}/files", upload)
        .caller()
        .multipart("file: file, description?: text"),
    Route::get("list_files", "/api/v1/designs/{design_id}/files", list_files).caller(),
    Route::delete("delete_file", "/api/v1/files/{file_id}", delete_file).caller(),
    Route::get("download_file", "/api/v1/files/{file_id}/download", download).caller(),
    Route::post("create_comment", "/api/v1/designs/{design_id}/comments", create_comment).caller().json(COMMENT),
    Route::get("list_comments", "/api/v1/designs/{design_id}/comments", list_comments).caller(),
    Route::put("update_comment", "/api/v1/comments/{comment_id}", update_comment).caller().json(COMMENT),
    Route::delete("delete_comment", "/api/v1/comments/{comment_id}", delete_comment).caller(),
    Route::post("export_design", "/api/v1/designs/{design_id}/export", export).caller().json("format: text"),
];

const COMMENT: &str = "content: text(1..), position_x?: num|null, position_y?: num|null, position_z?: num|null";

/// The kinds of files, by the ending of a name, and their media types.
const KINDS: [(&str, &str); 6] = [
    ("pdf", "application/pdf"),
    ("dwg", "application/acad"),
    ("dxf", "application/dxf"),
    ("png", "image/png"),
    ("jpg", "image/jpeg"),
    ("ifc", "application/x-step"),
];

/// File 1 of design 1: long enough to come in pieces.
pub(crate) fn seed(store: &mut Store) {
    let bytes: Vec<u8> = (0..20_000_u32).map(|at| u8::try_from(at % 251).unwrap_or_default()).collect();
    add(store, 1, 2, "site plan.pdf", "pdf", &Value::Null, bytes.into());
}

fn add(
    store: &mut Store,
    design: i64,
    caller: i64,
    name: &str,
    kind: &str,
    description: &Value,
    bytes: Bytes,
) -> Value {
    let now = store.micros();
    let row = json!({
        "design_id": design, "filename": name, "file_type": kind, "file_size": bytes.len(),
        "storage_path": format!("/var/designs/{design}/{name}"), "description": description, "uploaded_by": caller, "uploaded_at": now,
    });
    let row = store.add("files", row);
    store.files.insert(row["id"].as_i64().unwrap_or_default(), bytes);
    row
}

fn upload(store: &mut Store, ask: &Ask) -> Handled {
    visible(store, ask)?;
    let Some(upload) = &ask.upload else { return Err(ask.fail()) };
    let ending = upload.name.rsplit_once('.').map(|(_, ending)| ending.to_lowercase()).unwrap_or_default();
    let Some((kind, _)) = KINDS.iter().find(|(kind, _)| *kind == ending) else {
        return Err(Answer::detail(StatusCode::BAD_REQUEST, "File type is not allowed"));
    };
    let row = add(
        store,
        ask.id("design_id"),
        ask.caller_id(),
        &upload.name,
        kind,
        &ask.field("description"),
        upload.bytes.clone(),
    );
    Ok(Answer::created(&row))
}

fn list_files(store: &mut Store, ask: &Ask) -> Handled {
    newest_first(store, "files", ask)
}

fn file(store: &Store, ask: &Ask) -> Result<Value, Answer> {
    let file = store.find("files", ask.id("file_id"), "File")?;
    visible_at(store, ask, file["design_id"].as_i64().unwrap_or_default())?;
    Ok(file)
}

fn delete_file(store: &mut Store, ask: &Ask) -> Handled {
    file(store, ask)?;
    store.remove("files", ask.id("file_id"));
    store.files.remove(&ask.id("file_id"));
    Ok(Answer::gone())
}

fn download(store: &mut Store, ask: &Ask) -> Handled {
    let file = file(store, ask)?;
    let media_type = KINDS
        .iter()
        .find(|(kind, _)| file["file_type"] == *kind)
        .map_or("application/octet-stream", |(_, media)| media);
    let bytes = store.files.get(&ask.id("file_id")).cloned().unwrap_or_default();
    Ok(Answer::file(media_type, file["filename"].as_str().unwrap_or_default(), bytes))
}

fn create_comment(store: &mut Store, ask: &Ask) -> Handled {
    visible(store, ask)?;
    let now = store.micros();
    let row = json!({
        "design_id": ask.id("design_id"), "content": ask.field("content"), "position_x": ask.field("position_x"),
        "position_y": ask.field("position_y"), "position_z": ask.field("position_z"), "created_by": ask.caller_id(),
        "created_at": now, "updated_at": now, "is_edited": false,
    });
    Ok(Answer::created(&store.add("comments", row)))
}

fn list_comments(store: &mut Store, ask: &Ask) -> Handled {
    visible(store, ask)?;
    Ok(Answer::ok(&Value::Array(store.rows_where("comments", "design_id", &json!(ask.id("design_id"))))))
}

fn own_comment(store: &Store, ask: &Ask) -> Result<(), Answer> {
    let comment = store.find("comments", ask.id("comment_id"), "Comment")?;
    visible_at(store, ask, comment["design_id"].as_i64().unwrap_or_default())?;
    if comment["created_by"] == ask.caller_id() {
        return Ok(());
    }
    Err(Answer::detail(StatusCode::FORBIDDEN, "You can only change your own comments"))
}

fn update_comment(store: &mut Store, ask: &Ask) -> Handled {
    own_comment(store, ask)?;
    // A position that is left out is removed.
    let names = ["content", "position_x", "position_y", "position_z"];
    let mut fields: Map<String, Value> = names.map(|name| (name.to_owned(), ask.field(name))).into_iter().collect();
    fields.insert("updated_at".to_owned(), json!(store.micros()));
    fields.insert("is_edited".to_owned(), json!(true));
    Ok(Answer::ok(&store.change("comments", ask.id("comment_id"), &fields)))
}

fn delete_comment(store: &mut Store, ask: &Ask) -> Handled {
    own_comment(store, ask)?;
    store.remove("comments", ask.id("comment_id"));
    Ok(Answer::gone())
}

fn export(store: &mut Store, ask: &Ask) -> Handled {
    let mut design = visible(store, ask)?;
    let name = design["name"].as_str().unwrap_or_default().replace(' ', "-");
    let format = ask.field("format").as_str().unwrap_or_default().to_lowercase();
    match format.as_str() {
        "json" => {}
        "pdf" => {
            return Ok(Answer::file(
                "application/pdf",
                &format!("{name}.pdf"),
                Bytes::from_static(b"%PDF-1.7\n%fake\n"),
            ));
        }
        "ifc" => {
            let text = Bytes::from_static(b"ISO-10303-21;\nHEADER;\nENDSEC;\nEND-ISO-10303-21;\n");
            return Ok(Answer::file("application/x-step", &format!("{name}.ifc"), text));
        }
        _ => return Err(Answer::detail(StatusCode::BAD_REQUEST, "Unsupported export format")),
    }
    if let Some(fields) = design.as_object_mut() {
        fields.retain(|name, _| !name.ends_with("_url") && !name.starts_with("visual_"));
    }
    let id = json!(ask.id("design_id"));
    Ok(Answer::ok(&json!({
        "design": design, "validations": store.rows_where("validations", "design_id", &id),
        "optimizations": store.rows_where("optimizations", "design_id", &id), "files": store.rows_where("files", "design_id", &id),
        "comments": store.rows_where("comments", "design_id", &id),
        "metadata": {"format": format, "exported_at": store.micros(), "version": "1.0"},
    })))
}
