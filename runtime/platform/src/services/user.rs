//! What does the user service do?

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::tokens::{by_user_token, read_user_token, refresh_token, user_token};
use crate::answer::{Answer, Handled, Manners};
use crate::route::{Ask, Definition, Route};
use crate::store::{Store, pick};

pub(crate) static SERVICE: Definition = Definition {
    name: "user-service",
    manners: Manners::User,
    routes: &[SERVED, PROMISED],
    seed,
    caller: by_user_token,
};

/// Every served route but the banner takes it.
const VERSION: &[&str] = &["accept-version"];

const SERVED: &[Route] = &[
    Route::post("login", "/api/v1/token", login).headers(VERSION).form(
        "username: text, password: text, grant_type?: word(password), scope?: text, client_id?: text, client_secret?: text",
    ),
    Route::post("refresh_token", "/api/v1/token/refresh", refresh).headers(VERSION).json("refresh_token: text"),
    Route::get("list_roles", "/api/v1/roles", list_roles).headers(VERSION).admin(),
    Route::post("create_role", "/api/v1/roles", create_role).headers(VERSION).admin().json("name: text, description?: text|null"),
    Route::get("get_my_roles", "/api/v1/users/me/roles", my_roles).headers(VERSION).caller(),
    Route::post("assign_role", "/api/v1/users/{user_id}/roles/{role_name}", assign_role).headers(VERSION).admin(),
    Route::delete("remove_role", "/api/v1/users/{user_id}/roles/{role_name}", remove_role).headers(VERSION).admin(),
    Route::get("service_info", "/", banner),
];

const PROMISED: &[Route] = &[
    Route::post("authenticate", "/api/v1/auth/login", authenticate).json("email: email, password: text"),
    Route::post("create_user", "/api/v1/users", create_user)
        .json("email: email, username: text(3..), password: text(8..), first_name?: text|null, last_name?: text|null"),
    Route::get("get_user", "/api/v1/users/{user_id}", get_user).caller(),
    Route::put("update_user", "/api/v1/users/{user_id}", update_user)
        .caller()
        .json("first_name?: text|null, last_name?: text|null, email?: email|null"),
    Route::delete("delete_user", "/api/v1/users/{user_id}", delete_user).admin(),
    Route::get("get_user_roles", "/api/v1/users/{user_id}/roles", user_roles).caller(),
];

/// Two roles and two users: 1 is Grace, an administrator, 2 is Ada. Both have the password `correct horse`.
fn seed(store: &mut Store) {
    store.add("roles", json!({"name": "user", "description": "Everybody"}));
    store.add("roles", json!({"name": "admin", "description": null}));
    for (name, roles) in [("grace", json!(["user", "admin"])), ("ada", json!(["user"]))] {
        let row = account(store, &format!("{name}@example.org"), name, "correct horse", &roles);
        store.add("users", row);
    }
}

fn account(store: &mut Store, email: &str, username: &str, password: &str, roles: &Value) -> Value {
    let now = store.seconds();
    json!({
        "email": email, "username": username, "password": password, "roles": roles, "first_name": null, "last_name": null,
        "is_active": true, "created_at": now, "updated_at": now,
    })
}

/// A user as callers see it: without password and roles.
fn shown(user: &Value) -> Value {
    let keys = ["id", "email", "username", "first_name", "last_name", "is_active", "created_at", "updated_at"];
    user.as_object().map(|user| Value::Object(pick(user, &keys))).unwrap_or_default()
}

fn by_email(store: &Store, email: &str) -> Option<Value> {
    store.rows_where("users", "email", &json!(email)).pop()
}

fn is_admin(user: &Value) -> bool {
    user["roles"].as_array().is_some_and(|roles| roles.contains(&json!("admin")))
}

/// 401 that names no scheme, as this service answers wrong passwords.
fn wrong_password() -> Answer {
    Answer::detail(StatusCode::UNAUTHORIZED, "Incorrect email or password")
}

fn signed_in(store: &Store, email: &Value, password: &Value) -> Result<Value, Answer> {
    by_email(store, email.as_str().unwrap_or_default())
        .filter(|user| user["password"] == *password)
        .ok_or_else(wrong_password)
}

fn login(store: &mut Store, ask: &Ask) -> Handled {
    let user = signed_in(store, &ask.field("username"), &ask.field("password"))?;
    let email = user["email"].as_str().unwrap_or_default();
    Ok(Answer::ok(&json!({
        "access_token": user_token(email, is_admin(&user)), "refresh_token": refresh_token(email), "token_type": "bearer", "roles": user["roles"],
    })))
}

fn refresh(store: &mut Store, ask: &Ask) -> Handled {
    let token = ask.field("refresh_token");
    let user = read_user_token(token.as_str().unwrap_or_default()).and_then(|caller| by_email(store, &caller.subject));
    let user = user.ok_or_else(|| Answer::detail(StatusCode::UNAUTHORIZED, "Invalid refresh token"))?;
    let email = user["email"].as_str().unwrap_or_default();
    Ok(Answer::ok(
        &json!({"access_token": user_token(email, is_admin(&user)), "token_type": "bearer", "roles": user["roles"]}),
    ))
}

fn authenticate(store: &mut Store, ask: &Ask) -> Handled {
    let user = signed_in(store, &ask.field("email"), &ask.field("password"))?;
    let email = user["email"].as_str().unwrap_or_default();
    Ok(Answer::ok(
        &json!({"access_token": user_token(email, is_admin(&user)), "token_type": "bearer", "user_id": user["id"]}),
    ))
}

fn list_roles(store: &mut Store, _: &Ask) -> Handled {
    let roles = store.rows("roles");
    Ok(Answer::ok(&json!({"total": roles.len(), "roles": roles})))
}

fn create_role(store: &mut Store, ask: &Ask) -> Handled {
    if !store.rows_where("roles", "name", &ask.field("name")).is_empty() {
        return Err(Answer::detail(StatusCode::UNPROCESSABLE_ENTITY, "Role already exists"));
    }
    Ok(Answer::created(
        &store.add("roles", json!({"name": ask.field("name"), "description": ask.field("description")})),
    ))
}

/// The rows of the roles whose names a user has.
fn roles_of(store: &Store, user: &Value) -> Value {
    let names = user["roles"].as_array().cloned().unwrap_or_default();
    store.rows("roles").into_iter().filter(|role| names.contains(&role["name"])).collect()
}

fn my_roles(store: &mut Store, ask: &Ask) -> Handled {
    let user =
        by_email(store, ask.subject()).ok_or_else(|| super::tokens::unauthorized("Could not validate credentials"))?;
    Ok(Answer::ok(&roles_of(store, &user)))
}

fn user_roles(store: &mut Store, ask: &Ask) -> Handled {
    let user = store.find("users", ask.id("user_id"), "User")?;
    own_or_admin(ask, &user)?;
    Ok(Answer::ok(&roles_of(store, &user)))
}

/// The user and the names of its roles, once both the user and the role are known to exist.
fn user_and_roles(store: &Store, ask: &Ask) -> Result<Vec<Value>, Answer> {
    let user = store.find("users", ask.id("user_id"), "User")?;
    if store.rows_where("roles", "name", &json!(ask.text("role_name"))).is_empty() {
        return Err(Answer::not_found("Role"));
    }
    Ok(user["roles"].as_array().cloned().unwrap_or_default())
}

fn set_roles(store: &mut Store, ask: &Ask, roles: Vec<Value>, message: &str) -> Handled {
    let mut fields = Map::new();
    fields.insert("roles".to_owned(), Value::Array(roles));
    store.change("users", ask.id("user_id"), &fields);
    Ok(Answer::ok(&json!({"message": message, "user_id": ask.id("user_id"), "role_name": ask.text("role_name")})))
}

fn assign_role(store: &mut Store, ask: &Ask) -> Handled {
    let mut roles = user_and_roles(store, ask)?;
    if !roles.contains(&json!(ask.text("role_name"))) {
        roles.push(json!(ask.text("role_name")));
    }
    set_roles(store, ask, roles, "Role assigned")
}

fn remove_role(store: &mut Store, ask: &Ask) -> Handled {
    let mut roles = user_and_roles(store, ask)?;
    if ask.text("role_name") == "user" {
        return Err(Answer::detail(StatusCode::UNPROCESSABLE_ENTITY, "The default role cannot be removed"));
    }
    roles.retain(|role| *role != json!(ask.text("role_name")));
    set_roles(store, ask, roles, "Role removed")
}

fn create_user(store: &mut Store, ask: &Ask) -> Handled {
    let username = ask.field("username").as_str().unwrap_or_default().to_lowercase();
    let taken = by_email(store, ask.field("email").as_str().unwrap_or_default()).is_some()
        || !store.rows_where("users", "username", &json!(username)).is_empty();
    if taken {
        return Err(Answer::detail(StatusCode::CONFLICT, "The e-mail address or the user name is taken"));
    }
    let (email, password) = (ask.field("email"), ask.field("password"));
    let mut row = account(
        store,
        email.as_str().unwrap_or_default(),
        &username,
        password.as_str().unwrap_or_default(),
        &json!(["user"]),
    );
    row["first_name"] = ask.field("first_name");
    row["last_name"] = ask.field("last_name");
    Ok(Answer::created(&shown(&store.add("users", row))))
}

fn get_user(store: &mut Store, ask: &Ask) -> Handled {
    store.find("users", ask.id("user_id"), "User").map(|user| Answer::ok(&shown(&user)))
}

/// One's own account, or anybody's for an administrator.
fn own_or_admin(ask: &Ask, user: &Value) -> Result<(), Answer> {
    let admin = ask.caller.as_ref().is_some_and(|caller| caller.admin);
    if admin || user["email"] == ask.subject() {
        Ok(())
    } else {
        Err(Answer::detail(StatusCode::FORBIDDEN, "Not your account"))
    }
}

fn update_user(store: &mut Store, ask: &Ask) -> Handled {
    let user = store.find("users", ask.id("user_id"), "User")?;
    own_or_admin(ask, &user)?;
    let mut fields = ask.body.clone();
    fields.insert("updated_at".to_owned(), json!(store.seconds()));
    Ok(Answer::ok(&shown(&store.change("users", ask.id("user_id"), &fields))))
}

fn delete_user(store: &mut Store, ask: &Ask) -> Handled {
    if store.remove("users", ask.id("user_id")) { Ok(Answer::gone()) } else { Err(Answer::not_found("User")) }
}

fn banner(_: &mut Store, _: &Ask) -> Handled {
    Ok(Answer::ok(&super::user::state_of("User Service")))
}

/// The banner of user and project.
pub(crate) fn state_of(name: &str) -> Value {
    json!({
        "message": format!("Welcome to the {name}"), "version": "1.0.0", "status": "healthy",
        "database": {"status": "connected", "response_time_ms": 1.25, "version": "3.45.1", "ssl_enabled": null, "error": null},
    })
}
