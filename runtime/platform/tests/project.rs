//! Does the client of the project service do all that the service can do?

// A panic is a test's verdict, in its helpers too.
#![allow(clippy::expect_used, clippy::panic)]

mod common;

use common::document::Failures;
use common::{all_called, failed, fails, quick, same};
use project_service::{types, *};
use serde_json::{Value, json};
use sinew_platform::{FakeService, Fault, admin_token, token};
use sinew_runtime::Nullable;

fn client(fake: &FakeService, token: String) -> ProjectServiceClient {
    ProjectServiceClient::builder().base_url(fake.base_url()).policy(quick()).bearer(token).build().expect("a client")
}

fn last_body(fake: &FakeService) -> Value {
    serde_json::from_slice(&fake.received().pop().expect("a request").body).expect("JSON")
}

#[tokio::test]
async fn every_operation() {
    let fake = FakeService::project().await.expect("a fake");
    projects(&fake).await;
    comments(&fake).await;

    let owner = client(&fake, token(2));
    let member = owner.get_project_member(1, 2).await.expect("a member");
    assert_eq!(serde_json::to_value(member).expect("JSON")["role"], "owner");
    assert_eq!(fake.received().pop().expect("a request").path, "/projects/1/members/2");
    assert!(matches!(failed(owner.get_project_member(1, 3).await, 404), GetProjectMemberFailure::NotFound(_)));

    let info = owner.service_info().await.expect("a banner");
    assert_eq!(info.message, "Welcome to the Project Service");
    all_called(&fake);
    // The vendor type where the service wants it, and no credential but where one is due.
    for received in fake.received() {
        let vendor = received.header("accept") == Some("application/vnd.design-synapse.v1+json");
        assert_eq!(vendor, received.path.starts_with("/api/v1"), "{} {}", received.method, received.path);
        let writes_comment = received.path.contains("/comments/") && received.method != "GET";
        assert_eq!(received.header("authorization").is_some(), writes_comment, "{} {}", received.method, received.path);
    }
}

async fn projects(fake: &FakeService) {
    let client = client(fake, token(2));
    let plain = client.create_project(&types::ProjectCreate::new("Quay wall", 2)).await.expect("a project");
    same(&plain, &fake.held("projects", plain.id), &[]);
    assert_eq!(last_body(fake), json!({"name": "Quay wall", "owner_id": 2}), "what is left out is left out");
    assert_eq!((plain.is_public, plain.description.is_null(), plain.status.as_str()), (Some(false), true, "draft"));
    let full = types::ProjectCreate {
        description: Nullable::Null,
        is_public: Some(true),
        ..types::ProjectCreate::new("é\"\\\u{1}", 2)
    };
    let full = client.create_project(&full).await.expect("a project");
    assert_eq!(last_body(fake), json!({"name": "é\"\\\u{1}", "owner_id": 2, "description": null, "is_public": true}));
    same(&full, &fake.held("projects", full.id), &[]);
    let nameless = client.create_project(&types::ProjectCreate::new("", 2)).await;
    let CreateProjectFailure::UnprocessableEntity(problem) = failed(nameless, 422) else { panic!("422") };
    assert_eq!(problem.detail[0].r#type, "string_too_short");
    assert_eq!(serde_json::to_value(&problem.detail[0].loc).expect("JSON"), json!(["body", "name"]));

    let all = client.list_projects(&ListProjects::default()).await.expect("projects");
    assert_eq!((all.len(), fake.received().pop().expect("a request").query.as_str()), (3, ""));
    let page = client.list_projects(&ListProjects { skip: Some(1), limit: Some(1) }).await.expect("projects");
    assert_eq!(page, std::slice::from_ref(&plain));
    let none = client.list_projects(&ListProjects { skip: None, limit: Some(0) }).await;
    let ListProjectsFailure::UnprocessableEntity(problem) = failed(none, 422) else { panic!("422") };
    assert_eq!(serde_json::to_value(&problem.detail[0].loc).expect("JSON"), json!(["query", "limit"]));

    let read = client.get_project(plain.id).await.expect("a project");
    assert_eq!(read, plain);
    let GetProjectFailure::NotFound(detail) = failed(client.get_project(99).await, 404) else { panic!("404") };
    assert_eq!(detail.detail, "Project not found");

    let update = types::ProjectUpdate {
        description: "Sheet piles".to_owned().into(),
        ..types::ProjectUpdate::new("Quay wall", types::ProjectUpdateStatus::InProgress)
    };
    let changed = client.update_project(plain.id, &update).await.expect("a project");
    same(&changed, &fake.held("projects", plain.id), &[]);
    assert_eq!((changed.status.as_str(), changed.is_public), ("in_progress", Some(false)));
    assert!(changed.updated_at > changed.created_at);
    assert!(matches!(failed(client.update_project(99, &update).await, 404), UpdateProjectFailure::NotFound(_)));
    // An enum written as a pattern; a word that it does not name goes out as it is, and the service refuses it.
    let unknown = client.update_project(plain.id, &types::ProjectUpdate::new("x", "paused")).await;
    assert!(matches!(failed(unknown, 422), UpdateProjectFailure::UnprocessableEntity(_)));

    let set = types::ProjectStatusUpdate::new(types::ProjectStatusUpdateStatus::Archived);
    let archived = client.set_project_status(plain.id, &set).await.expect("a project");
    assert_eq!((archived.status.as_str(), archived.is_archived), ("archived", false));
    assert!(matches!(failed(client.set_project_status(99, &set).await, 404), SetProjectStatusFailure::NotFound(_)));
    let wrong = client.set_project_status(plain.id, &types::ProjectStatusUpdate::new("lost")).await;
    assert!(matches!(failed(wrong, 422), SetProjectStatusFailure::UnprocessableEntity(_)));

    let gone = client.delete_project(full.id).response().await.expect("gone");
    assert_eq!(
        (gone.status.as_u16(), &gone.headers["content-type"]),
        (204, &"application/json".parse().expect("a value"))
    );
    assert!(fake.held("projects", full.id).is_null());
    assert!(matches!(failed(client.delete_project(full.id).await, 404), DeleteProjectFailure::NotFound(_)));
}

async fn comments(fake: &FakeService) {
    let (owner, guest, admin) = (client(fake, token(2)), client(fake, token(5)), client(fake, admin_token(1)));
    let top = guest.create_comment(1, &types::CommentCreate::new("Too tall?")).await.expect("a comment");
    let reply = types::CommentCreate { parent_id: top.id.into(), ..types::CommentCreate::new("No") };
    let reply = owner.create_comment(1, &reply).await.expect("a comment");
    let deep = types::CommentCreate { parent_id: reply.id.into(), ..types::CommentCreate::new("Sure?") };
    let deep = guest.create_comment(1, &deep).await.expect("a comment");
    let held = fake.held("comments", reply.id);
    assert_eq!(
        (held["author_id"].as_i64(), held["content"].as_str()),
        (Some(reply.author_id), Some(reply.content.as_str()))
    );
    assert_eq!((top.author_id, top.parent_id, reply.parent_id), (5, Nullable::Null, Nullable::Present(top.id)));

    let list = owner.get_project_comments(1, &GetProjectComments::default()).await.expect("comments");
    assert_eq!(list.len(), 1, "replies are inside");
    let inner = &list[0].replies.as_ref().expect("replies")[0];
    assert_eq!((inner.id, inner.replies.as_ref().expect("replies")[0].id), (reply.id, deep.id));
    let none = owner.get_project_comments(1, &GetProjectComments { skip: Some(1), limit: Some(10) }).await;
    assert_eq!(none.expect("comments"), []);
    let failure = failed(owner.get_project_comments(99, &GetProjectComments::default()).await, 404);
    assert!(matches!(failure, GetProjectCommentsFailure::NotFound(_)));

    assert_eq!(owner.get_comment(1, deep.id).await.expect("a comment"), deep);
    assert!(matches!(failed(owner.get_comment(2, deep.id).await, 404), GetCommentFailure::NotFound(_)));

    let edit = types::CommentUpdate::new("Too tall.");
    let edited = guest.update_comment(1, top.id, &edit).await.expect("a comment");
    assert_eq!((edited.content.as_str(), edited.updated_at > edited.created_at), ("Too tall.", true));
    assert!(matches!(failed(guest.update_comment(1, reply.id, &edit).await, 403), UpdateCommentFailure::Forbidden(_)));
    assert!(matches!(failed(guest.update_comment(1, 99, &edit).await, 404), UpdateCommentFailure::NotFound(_)));
    admin.update_comment(1, reply.id, &edit).await.expect("an administrator may");

    assert!(matches!(failed(guest.delete_comment(1, reply.id).await, 403), DeleteCommentFailure::Forbidden(_)));
    assert_eq!(owner.delete_comment(1, deep.id).response().await.expect("gone").status.as_u16(), 204);
    assert!(matches!(failed(owner.delete_comment(1, deep.id).await, 404), DeleteCommentFailure::NotFound(_)));

    let orphan = types::CommentCreate { parent_id: 99.into(), ..types::CommentCreate::new("Hm") };
    let CreateCommentFailure::NotFound(detail) = failed(guest.create_comment(1, &orphan).await, 404) else {
        panic!("404")
    };
    assert_eq!(detail.detail, "Parent comment not found");
    // A blank text makes the service fail, and a POST is not sent again for that.
    let before = fake.count("create_comment");
    let blank = guest.create_comment(1, &types::CommentCreate::new(" \n")).await;
    assert!(matches!(failed(blank, 500), CreateCommentFailure::InternalServerError(_)));
    assert_eq!(fake.count("create_comment"), before + 1);
    let stranger = client(fake, "nonsense".to_owned());
    let refused = stranger.create_comment(1, &types::CommentCreate::new("Hm")).await;
    assert!(matches!(failed(refused, 401), CreateCommentFailure::Unauthorized(_)));
}

#[tokio::test]
async fn every_documented_failure() {
    let fake = FakeService::project().await.expect("a fake");
    let mut documented = Failures::of("project-service");
    let client = client(&fake, token(2));
    let create = types::ProjectCreate::new("P", 2);
    fails!(documented, fake, "create_project", CreateProjectFailure, client.create_project(&create));
    fails!(documented, fake, "list_projects", ListProjectsFailure, client.list_projects(&ListProjects::default()));
    fails!(documented, fake, "get_project", GetProjectFailure, client.get_project(1));
    let update = types::ProjectUpdate::new("P", "draft");
    fails!(documented, fake, "update_project", UpdateProjectFailure, client.update_project(1, &update));
    fails!(documented, fake, "delete_project", DeleteProjectFailure, client.delete_project(1));
    let status = types::ProjectStatusUpdate::new("draft");
    fails!(documented, fake, "set_project_status", SetProjectStatusFailure, client.set_project_status(1, &status));
    let comment = types::CommentCreate::new("C");
    fails!(documented, fake, "create_comment", CreateCommentFailure, client.create_comment(1, &comment));
    let page = GetProjectComments::default();
    fails!(documented, fake, "get_project_comments", GetProjectCommentsFailure, client.get_project_comments(1, &page));
    fails!(documented, fake, "get_comment", GetCommentFailure, client.get_comment(1, 1));
    let edit = types::CommentUpdate::new("C");
    fails!(documented, fake, "update_comment", UpdateCommentFailure, client.update_comment(1, 1, &edit));
    fails!(documented, fake, "delete_comment", DeleteCommentFailure, client.delete_comment(1, 1));
    fails!(documented, fake, "get_project_member", GetProjectMemberFailure, client.get_project_member(1, 2));
    documented.all_taken();
}

/// Words, fields and statuses that the document does not know are kept, not refused.
#[tokio::test]
async fn what_is_new_is_no_error() {
    let fake = FakeService::project().await.expect("a fake");
    let client = client(&fake, token(2));
    let mut project = fake.held("projects", 1);
    project["status"] = json!("on_hold");
    project["colour"] = json!({"rgb": [1, 2, 3]});
    project["created_at"] = json!("2026-11-23T08:33:02.250115");
    project["updated_at"] = json!("2026-11-23T09:33:02+01:00");
    fake.next([Fault::json(200, project.to_string())]);
    let read = client.get_project(1).await.expect("a project");
    assert_eq!(
        (read.status.as_str(), read.created_at.to_string().as_str()),
        ("on_hold", "2026-11-23T08:33:02.250115Z")
    );
    assert_eq!(read.updated_at.to_string(), "2026-11-23T08:33:02Z");
    let info = json!({"message": "m", "version": "1", "status": "tired", "database": {"status": "asleep"}});
    fake.next([Fault::json(200, info.to_string())]);
    let info = client.service_info().await.expect("a banner");
    assert_eq!(info.status, types::ServiceInfoStatus::Unknown("tired".to_owned()));
    assert!(info.database.error.is_absent());
}
