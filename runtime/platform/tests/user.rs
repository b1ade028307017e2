//! Does the client of the user service do all that the service can do?

// A panic is a test's verdict, in its helpers too.
#![allow(clippy::expect_used, clippy::panic)]

mod common;

use common::document::Failures;
use common::{all_called, failed, fails, quick, same};
use sinew_platform::{FakeService, Fault};
use sinew_runtime::{ErrorKind, Nullable, Secret};
use user_service::{types, *};

/// What an account keeps to itself.
const HIDDEN: &[&str] = &["password", "roles"];

fn client(fake: &FakeService) -> UserServiceClient {
    UserServiceClient::builder().base_url(fake.base_url()).policy(quick()).build().expect("a client")
}

/// A client for somebody who has signed in as the service wants it.
async fn signed_in(fake: &FakeService, email: &str) -> UserServiceClient {
    let form = types::LoginForm::new(email, "correct horse");
    let token = client(fake).login(&form, &Login::default()).await.expect("a login").access_token;
    UserServiceClient::builder().base_url(fake.base_url()).policy(quick()).bearer(token).build().expect("a client")
}

async fn admin(fake: &FakeService) -> UserServiceClient {
    signed_in(fake, "grace@example.org").await
}

#[tokio::test]
async fn every_operation() {
    let fake = FakeService::user().await.expect("a fake");
    signing_in(&fake).await;
    roles(&fake).await;
    users(&fake).await;

    let info = client(&fake).service_info().await.expect("a banner");
    assert_eq!(info.status, types::ServiceInfoStatus::Healthy);
    assert_eq!(info.database.status, types::DatabaseStateStatus::Connected);
    assert_eq!((info.database.response_time_ms, info.database.ssl_enabled), (Nullable::Present(1.25), Nullable::Null));
    all_called(&fake);
}

async fn signing_in(fake: &FakeService) {
    let anyone = client(fake);
    // A password with everything that a form must encode.
    let odd = "a&b=c+d %25 é\"#;";
    let made = anyone.create_user(&types::UserCreate::new("odd@example.org", "odd", odd)).await.expect("an account");
    let form = types::LoginForm {
        grant_type: "password".to_owned().into(),
        scope: Some(String::new()),
        client_id: "c d".to_owned().into(),
        client_secret: Secret::from("s&t").into(),
        ..types::LoginForm::new("odd@example.org", odd)
    };
    let options = Login { accept_version: Some(types::ApiVersion::V2) };
    let response = anyone.login(&form, &options).response().await.expect("a login");
    assert_eq!((response.status.as_u16(), response.value.roles.as_slice()), (200, &["user".to_owned()][..]));
    assert_eq!(response.value.token_type.as_deref(), Some("bearer"));
    let sent = fake.received().pop().expect("a request");
    assert_eq!(sent.header("content-type"), Some("application/x-www-form-urlencoded"));
    assert_eq!(sent.header("accept-version"), Some("v2"));
    assert_eq!(sent.header("authorization"), None);
    assert!(!format!("{form:?} {:?}", response.value).contains("a&b"), "secrets are not shown");

    let wrong = anyone.login(&types::LoginForm::new("odd@example.org", "wrong"), &Login::default()).await;
    let LoginFailure::Unauthorized(detail) = failed(wrong, 401) else { panic!("401") };
    assert_eq!(detail.detail, "Incorrect email or password");
    let unknown = Login { accept_version: Some("v9".into()) };
    let LoginFailure::NotAcceptable(detail) = failed(anyone.login(&form, &unknown).await, 406) else { panic!("406") };
    assert_eq!(detail.detail, "API version 'v9' is not supported");
    let other = types::LoginForm { grant_type: "magic".to_owned().into(), ..types::LoginForm::new("a", "b") };
    let LoginFailure::UnprocessableEntity(report) = failed(anyone.login(&other, &Login::default()).await, 422) else {
        panic!("422")
    };
    let mistakes = report.details.into_value().and_then(|details| details.errors).expect("mistakes");
    assert_eq!(
        mistakes[0].loc,
        ["body", "grant_type"].map(|step| types::ValidationErrorLocItem::from(step.to_owned()))
    );

    let refresh = types::TokenRefresh::new(response.value.refresh_token);
    let renewed = anyone.refresh_token(&refresh, &RefreshToken::default()).await.expect("a token");
    assert_eq!(renewed.access_token, response.value.access_token);
    let wrong = anyone.refresh_token(&types::TokenRefresh::new("nonsense"), &RefreshToken::default()).await;
    assert!(matches!(failed(wrong, 401), RefreshTokenFailure::Unauthorized(_)));

    let login = anyone.authenticate(&types::Credentials::new("odd@example.org", odd)).await.expect("a login");
    assert_eq!(login.user_id, Some(made.id));
    let wrong = anyone.authenticate(&types::Credentials::new("odd@example.org", "")).await;
    assert!(matches!(failed(wrong, 401), AuthenticateFailure::Unauthorized(_)));
}

async fn roles(fake: &FakeService) {
    let (admin, ada) = (admin(fake).await, signed_in(fake, "ada@example.org").await);
    let none = client(fake);

    let all = admin.list_roles(&ListRoles::default()).await.expect("roles");
    assert_eq!(all.total, 2);
    same(&all.roles[0], &fake.held("roles", 1), &[]);
    assert_eq!(all.roles[1].description, Nullable::Null);
    assert!(matches!(failed(ada.list_roles(&ListRoles::default()).await, 403), ListRolesFailure::Forbidden(_)));
    // The document wants a credential, so nothing is sent without one.
    let error = none.list_roles(&ListRoles::default()).await.expect_err("no token");
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Credentials, 0), "{error}");

    let architect = types::RoleCreate { description: Nullable::Null, ..types::RoleCreate::new("architect & engineer") };
    let role = admin.create_role(&architect, &CreateRole::default()).await.expect("a role");
    same(&role, &fake.held("roles", role.id), &[]);
    let again = admin.create_role(&architect, &CreateRole::default()).await;
    let CreateRoleFailure::UnprocessableEntity(refusal) = failed(again, 422) else { panic!("422") };
    // The handler's own 422 has another shape than the validation's.
    assert_eq!(refusal, types::ErrorDetail { detail: "Role already exists".to_owned() }.into());

    let given = admin.assign_role(2, "architect & engineer", &AssignRole::default()).await.expect("given");
    assert_eq!((given.user_id, given.role_name.as_str()), (2, "architect & engineer"));
    assert_eq!(fake.received().pop().expect("a request").path, "/api/v1/users/2/roles/architect%20%26%20engineer");
    let mine = ada.get_my_roles(&GetMyRoles::default()).await.expect("roles");
    assert_eq!(mine.iter().map(|role| role.name.as_str()).collect::<Vec<_>>(), ["user", "architect & engineer"]);
    assert_eq!(ada.get_user_roles(2).await.expect("roles"), mine);
    assert!(matches!(failed(ada.get_user_roles(1).await, 403), GetUserRolesFailure::Forbidden(_)));
    assert!(matches!(failed(admin.get_user_roles(99).await, 404), GetUserRolesFailure::NotFound(_)));

    admin.remove_role(2, "architect & engineer", &RemoveRole::default()).await.expect("taken");
    assert_eq!(fake.held("users", 2)["roles"], serde_json::json!(["user"]));
    let RemoveRoleFailure::UnprocessableEntity(refusal) =
        failed(admin.remove_role(2, "user", &RemoveRole::default()).await, 422)
    else {
        panic!("422")
    };
    assert!(matches!(refusal, types::RoleRefusal::ErrorDetail(_)));
    assert!(matches!(
        failed(admin.remove_role(2, "x", &RemoveRole::default()).await, 404),
        RemoveRoleFailure::NotFound(_)
    ));
    assert!(matches!(
        failed(admin.assign_role(99, "user", &AssignRole::default()).await, 404),
        AssignRoleFailure::NotFound(_)
    ));
    assert!(matches!(
        failed(ada.assign_role(2, "admin", &AssignRole::default()).await, 403),
        AssignRoleFailure::Forbidden(_)
    ));
}

async fn users(fake: &FakeService) {
    let (admin, ada) = (admin(fake).await, signed_in(fake, "ada@example.org").await);
    let create = types::UserCreate {
        first_name: "Lin".to_owned().into(),
        last_name: Nullable::Null,
        ..types::UserCreate::new("lin@example.org", "Lin-1", "long enough")
    };
    let lin = admin.create_user(&create).await.expect("an account");
    same(&lin, &fake.held("users", lin.id), HIDDEN);
    assert_eq!(
        (lin.username.as_str(), &lin.first_name, lin.last_name.is_null()),
        ("lin-1", &Nullable::Present("Lin".to_owned()), true)
    );
    let sent = fake.received().pop().expect("a request");
    assert_eq!(sent.header("authorization"), None, "no credential where none is wanted");
    assert!(matches!(failed(admin.create_user(&create).await, 409), CreateUserFailure::Conflict(_)));
    let short = types::UserCreate::new("x@example.org", "x", "short");
    let CreateUserFailure::UnprocessableEntity(report) = failed(admin.create_user(&short).await, 422) else {
        panic!("422")
    };
    assert_eq!(report.error_code, types::ErrorCode::ValidationError);
    assert_eq!(report.details.into_value().and_then(|details| details.errors).map(|errors| errors.len()), Some(2));

    let read = ada.get_user(lin.id).await.expect("a user");
    assert_eq!(read, lin);
    // Sent without an offset, and meant in UTC.
    let held = fake.held("users", lin.id)["created_at"].as_str().expect("a time").to_owned();
    assert!(!held.ends_with('Z'));
    assert_eq!(read.created_at.to_string(), format!("{held}Z"));
    let GetUserFailure::NotFound(detail) = failed(ada.get_user(99).await, 404) else { panic!("404") };
    assert_eq!(detail.detail, "User not found");

    // Left out, null and given are three things.
    let update = types::UserUpdate {
        first_name: Nullable::Null,
        email: "lin@work.example.org".to_owned().into(),
        ..Default::default()
    };
    let changed = admin.update_user(lin.id, &update).await.expect("a user");
    same(&changed, &fake.held("users", lin.id), HIDDEN);
    assert_eq!((changed.first_name.is_null(), changed.email.as_str()), (true, "lin@work.example.org"));
    let sent = fake.received().pop().expect("a request").body;
    assert_eq!(
        serde_json::from_slice::<serde_json::Value>(&sent).expect("JSON"),
        serde_json::json!({"email": "lin@work.example.org", "first_name": null})
    );
    assert!(matches!(failed(ada.update_user(lin.id, &update).await, 403), UpdateUserFailure::Forbidden(_)));

    let gone = admin.delete_user(lin.id).response().await.expect("gone");
    assert_eq!(gone.status.as_u16(), 204);
    assert_eq!(gone.headers["content-type"], "application/json");
    assert!(!gone.headers.contains_key("content-length"));
    assert!(fake.held("users", lin.id).is_null());
    assert!(matches!(failed(admin.delete_user(lin.id).await, 404), DeleteUserFailure::NotFound(_)));
    assert!(matches!(failed(ada.delete_user(1).await, 403), DeleteUserFailure::Forbidden(_)));
    let stranger = UserServiceClient::builder().base_url(fake.base_url()).bearer("nobody").build().expect("a client");
    let error = stranger.get_user(1).await.expect_err("401");
    assert!(matches!(error.failure(), Some(GetUserFailure::Unauthorized(_))));
    assert_eq!(
        error.headers().and_then(|headers| headers.get("www-authenticate")).map(http::HeaderValue::as_bytes),
        Some(&b"Bearer"[..])
    );
}

#[tokio::test]
async fn every_documented_failure() {
    let fake = FakeService::user().await.expect("a fake");
    let mut documented = Failures::of("user-service");
    let client = admin(&fake).await;
    let form = types::LoginForm::new("a", "b");
    fails!(documented, fake, "login", LoginFailure, client.login(&form, &Login::default()));
    let refresh = types::TokenRefresh::new("t");
    fails!(
        documented,
        fake,
        "refresh_token",
        RefreshTokenFailure,
        client.refresh_token(&refresh, &RefreshToken::default())
    );
    let credentials = types::Credentials::new("a@example.org", "b");
    fails!(documented, fake, "authenticate", AuthenticateFailure, client.authenticate(&credentials));
    fails!(documented, fake, "list_roles", ListRolesFailure, client.list_roles(&ListRoles::default()));
    let role = types::RoleCreate::new("r");
    fails!(documented, fake, "create_role", CreateRoleFailure, client.create_role(&role, &CreateRole::default()));
    fails!(documented, fake, "get_my_roles", GetMyRolesFailure, client.get_my_roles(&GetMyRoles::default()));
    fails!(documented, fake, "assign_role", AssignRoleFailure, client.assign_role(2, "admin", &AssignRole::default()));
    fails!(documented, fake, "remove_role", RemoveRoleFailure, client.remove_role(2, "admin", &RemoveRole::default()));
    fails!(documented, fake, "get_user_roles", GetUserRolesFailure, client.get_user_roles(2));
    let user = types::UserCreate::new("x@example.org", "xyz", "long enough");
    fails!(documented, fake, "create_user", CreateUserFailure, client.create_user(&user));
    fails!(documented, fake, "get_user", GetUserFailure, client.get_user(2));
    fails!(documented, fake, "update_user", UpdateUserFailure, client.update_user(2, &types::UserUpdate::default()));
    fails!(documented, fake, "delete_user", DeleteUserFailure, client.delete_user(2));
    documented.all_taken();
}

/// A value never becomes part of the address around it.
#[tokio::test]
async fn values_stay_in_their_place() {
    let fake = FakeService::user().await.expect("a fake");
    let admin = admin(&fake).await;
    let before = fake.received().len();
    for refused in ["", ".", ".."] {
        let error = admin.assign_role(2, refused, &AssignRole::default()).await.expect_err("it would change the route");
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::Build, 0), "{refused:?}: {error}");
    }
    assert_eq!(fake.received().len(), before, "nothing was sent");
    for (odd, sent) in [
        ("../users/1?x=1", "..%2Fusers%2F1%3Fx%3D1"),
        ("a&limit=1", "a%26limit%3D1"),
        ("50% + tax #2", "50%25%20%2B%20tax%20%232"),
        ("%2e%2e", "%252e%252e"),
        ("a/b\\c", "a%2Fb%5Cc"),
        ("é\r\n", "%C3%A9%0D%0A"),
        ("...", "..."),
    ] {
        let role = types::RoleCreate::new(odd);
        admin.create_role(&role, &CreateRole::default()).await.expect("a role");
        let given = admin.assign_role(2, odd, &AssignRole::default()).await.expect("given");
        assert_eq!(given.role_name, odd);
        assert_eq!(fake.received().pop().expect("a request").path, format!("/api/v1/users/2/roles/{sent}"));
    }
    // Nor does a header value end its line.
    let broken = ListRoles { accept_version: Some("v1\r\nx-evil: 1".into()) };
    let error = admin.list_roles(&broken).await.expect_err("it would be two headers");
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Build, 0), "{error}");
    // A base path of several segments is kept, whether or not it ends in a slash.
    for base in [fake.base_url(), format!("{}/", fake.base_url())] {
        UserServiceClient::new(&base).expect("a client").service_info().await.expect("outside the base path");
    }
}

/// The service has no `/health`; its banner stands for it.
#[tokio::test]
async fn health_is_the_banner() {
    let fake = FakeService::user().await.expect("a fake");
    let client = client(&fake);
    assert!(client.health().await.expect("an answer").ok);
    fake.next([Fault::status(503)]);
    let ready = client.ready().await.expect("an unhealthy service that says so is no error");
    assert!(!ready.ok && ready.status.as_u16() == 503);
    assert_eq!(fake.count("service_info"), 2);
    fake.down().await.expect("down");
    assert!(client.health().await.expect_err("nobody is there").is_connect());
}
