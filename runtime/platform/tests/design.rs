//! Does the client of the design service do all that the service can do?

// A panic is a test's verdict, in its helpers too.
#![allow(clippy::expect_used, clippy::panic)]

mod common;

use std::future::poll_fn;
use std::pin::Pin;

use common::document::Failures;
use common::{all_called, failed, fails, quick, same};
use design_service::{types, *};
use futures_core::Stream as _;
use serde_json::{Value, json};
use sinew_platform::{FakeService, Fault, admin_token, token};
use sinew_runtime::{Download, ErrorKind, Nullable, Part, Phase};

fn client(fake: &FakeService, token: String) -> DesignServiceClient {
    DesignServiceClient::builder().base_url(fake.base_url()).policy(quick()).bearer(token).build().expect("a client")
}

fn last_body(fake: &FakeService) -> Value {
    serde_json::from_slice(&fake.received().pop().expect("a request").body).expect("JSON")
}

async fn next(download: &mut Download) -> Option<Result<bytes::Bytes, sinew_runtime::Error>> {
    poll_fn(|context| Pin::new(&mut *download).poll_next(context)).await
}

#[tokio::test]
async fn every_operation() {
    let fake = FakeService::design().await.expect("a fake");
    designs(&fake).await;
    checks(&fake).await;
    files(&fake).await;
    comments(&fake).await;
    exports(&fake).await;
    pictures(&fake).await;
    status(&fake).await;
    all_called(&fake);
    for received in fake.received() {
        assert_eq!(
            received.header("authorization").is_some(),
            received.path.starts_with("/api/v1"),
            "{}",
            received.path
        );
    }
}

async fn designs(fake: &FakeService) {
    let (ada, stranger) = (client(fake, token(2)), client(fake, token(9)));
    let create = types::DesignCreate {
        generate_visuals: Some(false),
        requirements: Some(
            [("max_height_m".to_owned(), json!(12.5)), ("nested".to_owned(), json!({"a": [null, true]}))].into(),
        ),
        ..types::DesignCreate::new(1, "Boat house", "A shed for six boats", "industrial")
    };
    let made = ada.create_design(&create).await.expect("a design");
    same(&made, &fake.held("designs", made.id), &[]);
    assert_eq!(last_body(fake)["requirements"], json!({"max_height_m": 12.5, "nested": {"a": [null, true]}}));
    assert_eq!(
        (made.created_by, made.materials.value().map(Vec::len), made.parent_design_id),
        (2, Some(2), Nullable::Null)
    );
    assert!(matches!(failed(stranger.create_design(&create).await, 403), CreateDesignFailure::Forbidden(_)));
    let nameless = types::DesignCreate::new(1, "", "x", "y");
    let error = ada.create_design(&nameless).header("x-request-id", "trace-7").await.expect_err("422");
    let Some(CreateDesignFailure::UnprocessableEntity(report)) = error.failure() else { panic!("422") };
    assert_eq!((report.request_id.as_str(), report.error_code), ("trace-7", types::ErrorCode::ValidationError));
    let mistakes = report.details.into_value().and_then(|details| details.errors).expect("mistakes");
    assert_eq!((mistakes[0].field.as_str(), mistakes[0].r#type.as_str()), ("body.name", "string_too_short"));

    let options = ListDesigns {
        project_id: Some(1),
        building_type: Some("industrial".to_owned()),
        status: Some("draft".to_owned()),
        limit: Some(10),
        offset: Some(0),
    };
    assert_eq!(ada.list_designs(&options).await.expect("designs"), std::slice::from_ref(&made));
    assert_eq!(ada.list_designs(&ListDesigns::default()).await.expect("designs").len(), 2);
    // The service means 403 and fails over it.
    let hidden = ada.list_designs(&ListDesigns { project_id: Some(13), ..Default::default() }).await;
    let ListDesignsFailure::InternalServerError(refusal) = failed(hidden, 500) else { panic!("500") };
    assert!(matches!(refusal, types::Refusal::ErrorReport(_)));

    assert_eq!(ada.get_design(made.id).await.expect("a design"), made);
    assert!(matches!(failed(ada.get_design(99).await, 404), GetDesignFailure::NotFound(_)));
    assert!(matches!(failed(stranger.get_design(made.id).await, 403), GetDesignFailure::Forbidden(_)));
    assert!(matches!(failed(client(fake, "x".to_owned()).get_design(1).await, 401), GetDesignFailure::Unauthorized(_)));

    let update =
        types::DesignUpdate { status: "sketched".to_owned().into(), description: Nullable::Null, ..Default::default() };
    let changed = ada.update_design(made.id, &update).await.expect("a design");
    assert_eq!(last_body(fake), json!({"description": null, "status": "sketched"}));
    same(&changed, &fake.held("designs", made.id), &[]);
    assert_eq!(changed.status, "sketched");

    assert_eq!(ada.delete_design(made.id).response().await.expect("archived").status.as_u16(), 204);
    assert_eq!(fake.held("designs", made.id)["is_archived"], true);
    assert!(matches!(failed(ada.delete_design(99).await, 404), DeleteDesignFailure::NotFound(_)));
}

async fn checks(fake: &FakeService) {
    let ada = client(fake, token(2));
    let request = types::ValidationRequest::new("building_code", "Standard_Building_Code_2020");
    let validation = ada.validate_design(1, &request).await.expect("an outcome");
    same(&validation, &fake.held("validations", validation.id), &[]);
    assert_eq!(validation.violations[0].severity, Some(types::Severity::Critical));
    assert_eq!(validation.violations[0].required_value, Some(json!({"exits": 2})));
    assert_eq!(validation.warnings[0].severity, Some(types::Severity::Unknown("advisory".to_owned())));
    let unknown = ada.validate_design(1, &types::ValidationRequest::new("safety", "Moon_Code")).await;
    assert!(matches!(failed(unknown, 404), ValidateDesignFailure::NotFound(_)));
    let empty = ada.validate_design(1, &types::ValidationRequest::new("safety", "")).await;
    let ValidateDesignFailure::UnprocessableEntity(refusal) = failed(empty, 422) else { panic!("422") };
    assert!(matches!(refusal, types::Refusal::ErrorDetail(_)));
    assert_eq!(ada.list_validations(1).await.expect("checks"), [validation]);

    let two = types::OptimizationRequest { optimization_types: Some(vec!["cost".to_owned(), "safety".to_owned()]) };
    let made = ada.optimize_design(1, &two).await.expect("suggestions");
    assert_eq!(made.len(), 2);
    same(&made[0], &fake.held("optimizations", made[0].id), &[]);
    // An empty body is a body: `{}`.
    let all = ada.optimize_design(1, &types::OptimizationRequest::default()).await.expect("suggestions");
    assert_eq!((all.len(), last_body(fake)), (3, json!({})));
    let listed = ada.list_optimizations(1).await.expect("suggestions");
    assert_eq!((listed.len(), &listed[4]), (5, &made[0]), "the newest first");

    let next = ada.apply_optimization(made[0].id).await.expect("a design");
    assert_eq!((next.version, next.parent_design_id), (2, Nullable::Present(1)));
    let sent = fake.received().pop().expect("a request");
    assert!(sent.body.is_empty() && sent.header("content-type").is_none());
    let again = ada.apply_optimization(made[0].id).await;
    assert!(matches!(failed(again, 400), ApplyOptimizationFailure::BadRequest(_)));
    assert!(matches!(failed(ada.apply_optimization(99).await, 404), ApplyOptimizationFailure::NotFound(_)));
}

async fn files(fake: &FakeService) {
    let ada = client(fake, token(2));
    // Bytes that look like the boundary of a form, and a name that must be escaped.
    let bytes: Vec<u8> = b"--boundary\r\n\r\n\0\xff\xfe--".iter().copied().cycle().take(70_000).collect();
    let upload = types::FileUpload {
        description: Some("plan \"A\"\r\n--x & é".to_owned()),
        ..types::FileUpload::new(Part::bytes(bytes.clone()).file_name("plan é.PNG").content_type("image/png"))
    };
    let file = ada.upload_file(1, &upload).await.expect("a file");
    same(&file, &fake.held("files", file.id), &[]);
    assert_eq!(file.filename, "plan é.PNG");
    assert_eq!((file.file_type.clone(), file.file_size), (types::FileType::Png, 70_000));
    assert_eq!(file.description, Nullable::Present("plan \"A\"\r\n--x & é".to_owned()));
    let wrong = types::FileUpload::new(Part::bytes("x").file_name("photo.jpeg"));
    let UploadFileFailure::BadRequest(detail) = failed(ada.upload_file(1, &wrong).await, 400) else { panic!("400") };
    assert_eq!(detail.detail, "File type is not allowed");

    let listed = ada.list_files(1).await.expect("files");
    assert_eq!((listed.len(), &listed[0]), (2, &file));

    let mut download = ada.download_file(1).await.expect("a file");
    assert_eq!((download.name().as_deref(), download.content_type()), (Some("site plan.pdf"), Some("application/pdf")));
    assert_eq!(download.len(), Some(20_000));
    let (mut pieces, mut read) = (0, Vec::new());
    while let Some(piece) = next(&mut download).await {
        pieces += 1;
        read.extend_from_slice(&piece.expect("a piece"));
    }
    assert!(pieces > 1, "it comes in pieces");
    assert!(read.iter().enumerate().all(|(at, byte)| usize::from(*byte) == at % 251) && read.len() == 20_000);
    // The same through the reader, and at once.
    let mut copied = Vec::new();
    let mut reader = ada.download_file(file.id).await.expect("a file").into_async_read();
    tokio::io::copy(&mut reader, &mut copied).await.expect("a copy");
    assert_eq!(copied, bytes);
    let whole = ada.download_file(file.id).response().await.expect("a file");
    assert_eq!((whole.status.as_u16(), whole.value.bytes().await.expect("bytes").len()), (200, 70_000));
    assert!(matches!(failed(ada.download_file(99).await, 404), DownloadFileFailure::NotFound(_)));

    // Each kind of file comes back as its own media type, whatever it was sent as.
    for (name, media_type) in [
        ("a.PDF", "application/pdf"),
        ("a.b.dwg", "application/acad"),
        ("a.dxf", "application/dxf"),
        ("a.png", "image/png"),
        ("a.jpg", "image/jpeg"),
        ("a & b;.ifc", "application/x-step"),
    ] {
        let upload = types::FileUpload::new(Part::bytes(name.to_owned()).file_name(name));
        let sent = ada.upload_file(1, &upload).await.expect("a file");
        assert_eq!(sent.filename, name);
        let download = ada.download_file(sent.id).await.expect("a file");
        assert_eq!(download.content_type(), Some(media_type));
        assert_eq!(download.bytes().await.expect("bytes"), name.as_bytes());
    }

    assert_eq!(ada.delete_file(file.id).response().await.expect("gone").status.as_u16(), 204);
    assert!(matches!(failed(ada.delete_file(file.id).await, 404), DeleteFileFailure::NotFound(_)));
}

async fn comments(fake: &FakeService) {
    let (ada, other) = (client(fake, token(2)), client(fake, token(5)));
    let create = types::CommentCreate {
        position_x: 1.5.into(),
        position_y: Nullable::Null,
        ..types::CommentCreate::new("Here")
    };
    let comment = ada.create_comment(1, &create).await.expect("a comment");
    assert_eq!(last_body(fake), json!({"content": "Here", "position_x": 1.5, "position_y": null}));
    same(&comment, &fake.held("comments", comment.id), &[]);
    let blank = ada.create_comment(1, &types::CommentCreate::new("")).await;
    assert!(matches!(failed(blank, 422), CreateCommentFailure::UnprocessableEntity(_)));
    assert_eq!(ada.list_comments(1).await.expect("comments"), std::slice::from_ref(&comment));

    let edited = ada.update_comment(comment.id, &types::CommentUpdate::new("There")).await.expect("a comment");
    same(&edited, &fake.held("comments", comment.id), &[]);
    assert_eq!((edited.is_edited, edited.position_x), (true, Nullable::Null), "a position left out is removed");
    let theirs = other.update_comment(comment.id, &types::CommentUpdate::new("x")).await;
    assert!(matches!(failed(theirs, 403), UpdateCommentFailure::Forbidden(_)));
    assert!(matches!(failed(other.delete_comment(comment.id).await, 403), DeleteCommentFailure::Forbidden(_)));
    assert_eq!(ada.delete_comment(comment.id).response().await.expect("gone").status.as_u16(), 204);
    assert!(matches!(failed(ada.delete_comment(comment.id).await, 404), DeleteCommentFailure::NotFound(_)));
}

async fn exports(fake: &FakeService) {
    let ada = client(fake, token(2));
    for (format, asked, media_type, name) in [
        (types::ExportRequestFormat::Pdf, ExportDesignAs::PDF, "application/pdf", "Harbour-library.pdf"),
        (types::ExportRequestFormat::Ifc, ExportDesignAs::STEP, "application/x-step", "Harbour-library.ifc"),
    ] {
        let export = ada.export_design(1, &types::ExportRequest::new(format)).accept(asked).await.expect("an export");
        assert_eq!((export.content_type(), export.name().as_deref()), (Some(media_type), Some(name)));
        assert!(!export.bytes().await.expect("bytes").is_empty());
    }
    let export = ada.export_design(1, &types::ExportRequest::new("JSON")).await.expect("an export");
    assert_eq!((export.design.id, &*export.metadata.version), (1, "1.0"));
    let strange = ada.export_design(1, &types::ExportRequest::new("papyrus")).await;
    assert!(matches!(failed(strange, 400), ExportDesignFailure::BadRequest(_)));
}

async fn pictures(fake: &FakeService) {
    let ada = client(fake, token(2));
    let before = ada.get_visual_status(1).await.expect("a status");
    assert_eq!((before.status, before.progress.can_request), (types::VisualGenerationStatus::NotRequested, Some(true)));
    assert!(before.error.is_absent() && !before.visuals.floor_plan.available);
    let other = client(fake, admin_token(1));
    assert!(matches!(failed(other.get_visual_status(1).await, 403), GetVisualStatusFailure::Forbidden(_)));

    for (options, word) in [
        (types::VisualOptions { size: Some("9x9".into()), ..Default::default() }, "size"),
        (types::VisualOptions { quality: Some("best".into()), ..Default::default() }, "quality"),
        (types::VisualOptions { visual_types: Some(vec!["hologram".into()]), ..Default::default() }, "visual type"),
    ] {
        let GenerateVisualsFailure::UnprocessableEntity(refusal) = failed(ada.generate_visuals(1, &options).await, 422)
        else {
            panic!("422")
        };
        let types::Refusal::ErrorDetail(detail) = refusal else { panic!("one sentence: {refusal:?}") };
        assert!(detail.detail.contains(word), "{}", detail.detail);
    }
    let options = types::VisualOptions {
        visual_types: Some(vec![types::VisualType::FloorPlan, "3d_model".into()]),
        size: Some("1792x1024".into()),
        quality: Some(types::VisualOptionsQuality::Hd),
        priority: Some("whenever".to_owned()),
    };
    let task = ada.generate_visuals(1, &options).response().await.expect("a task");
    assert_eq!(task.status.as_u16(), 202);
    let task = task.value;
    assert_eq!(task.visual_types, options.visual_types);
    assert_eq!(task.tracking_url, Some(format!("/api/v1/tasks/{}", task.task_id)));
    let again = ada.generate_visuals(1, &types::VisualOptions::default()).await;
    assert!(matches!(failed(again, 409), GenerateVisualsFailure::Conflict(types::Refusal::ErrorDetail(_))));

    let mut states = Vec::new();
    let done = loop {
        let status = ada.get_task_status(&task.task_id).await.expect("a state");
        states.push(status.state.clone());
        if matches!(status.state, types::TaskState::Success | types::TaskState::Failure | types::TaskState::Revoked) {
            break status;
        }
        assert!(status.result.is_null() && status.completed_at.is_null());
    };
    assert_eq!(states, [types::TaskState::Pending, types::TaskState::Progress, types::TaskState::Success]);
    let result = done.result.into_value().expect("a result");
    assert_eq!(
        (result.design_id, result.total_cost, result.failed_types),
        (Some(1), Some(0.08), Some(vec!["3d_model".to_owned()]))
    );
    assert!(done.completed_at.value().is_some_and(|text| text.contains(' ')), "kept as the text that it is");
    let after = ada.get_visual_status(1).await.expect("a status");
    assert_eq!((after.status, after.progress.percentage), (types::VisualGenerationStatus::Completed, Some(66.7)));
    assert!(after.timestamps.visual_generated_at.is_some() && after.visuals.rendering.available);

    assert!(matches!(failed(ada.get_task_status("no-uuid").await, 400), GetTaskStatusFailure::BadRequest(_)));
    let unknown = ada.get_task_status("ffffffff-ffff-4fff-8fff-ffffffffffff").await.expect("a state");
    assert_eq!(unknown.state, types::TaskState::Pending, "a task that never was looks like one that waits");
}

async fn status(fake: &FakeService) {
    let ada = client(fake, token(2));
    assert_eq!(ada.service_info().await.expect("a banner").status, "running");
    let alive = ada.liveness().await.expect("alive");
    assert_eq!((alive.status.as_str(), alive.service.as_str()), ("healthy", "design-service"));
    let ready = ada.readiness().await.expect("ready");
    assert_eq!(
        (ready.status, ready.checks.database.ssl_enabled),
        (types::ReadinessStatus::Ready, Nullable::Present(false))
    );
    assert!(ada.health().await.expect("an answer").ok && ada.ready().await.expect("an answer").ok);
    assert_eq!((fake.count("liveness"), fake.count("readiness")), (2, 2));
}

#[tokio::test]
async fn every_documented_failure() {
    let fake = FakeService::design().await.expect("a fake");
    let mut documented = Failures::of("design-service");
    let client = client(&fake, token(2));
    let create = types::DesignCreate::new(1, "n", "d", "b");
    fails!(documented, fake, "create_design", CreateDesignFailure, client.create_design(&create));
    fails!(documented, fake, "list_designs", ListDesignsFailure, client.list_designs(&ListDesigns::default()));
    fails!(documented, fake, "get_design", GetDesignFailure, client.get_design(1));
    let update = types::DesignUpdate::default();
    fails!(documented, fake, "update_design", UpdateDesignFailure, client.update_design(1, &update));
    fails!(documented, fake, "delete_design", DeleteDesignFailure, client.delete_design(1));
    fails!(documented, fake, "get_visual_status", GetVisualStatusFailure, client.get_visual_status(1));
    let options = types::VisualOptions::default();
    fails!(documented, fake, "generate_visuals", GenerateVisualsFailure, client.generate_visuals(1, &options));
    let request = types::ValidationRequest::new("v", "r");
    fails!(documented, fake, "validate_design", ValidateDesignFailure, client.validate_design(1, &request));
    fails!(documented, fake, "list_validations", ListValidationsFailure, client.list_validations(1));
    let request = types::OptimizationRequest::default();
    fails!(documented, fake, "optimize_design", OptimizeDesignFailure, client.optimize_design(1, &request));
    fails!(documented, fake, "list_optimizations", ListOptimizationsFailure, client.list_optimizations(1));
    fails!(documented, fake, "apply_optimization", ApplyOptimizationFailure, client.apply_optimization(1));
    let upload = types::FileUpload::new(Part::bytes("x").file_name("x.pdf"));
    fails!(documented, fake, "upload_file", UploadFileFailure, client.upload_file(1, &upload));
    fails!(documented, fake, "list_files", ListFilesFailure, client.list_files(1));
    fails!(documented, fake, "delete_file", DeleteFileFailure, client.delete_file(1));
    fails!(documented, fake, "download_file", DownloadFileFailure, client.download_file(1));
    let comment = types::CommentCreate::new("c");
    fails!(documented, fake, "create_comment", CreateCommentFailure, client.create_comment(1, &comment));
    fails!(documented, fake, "list_comments", ListCommentsFailure, client.list_comments(1));
    let comment = types::CommentUpdate::new("c");
    fails!(documented, fake, "update_comment", UpdateCommentFailure, client.update_comment(1, &comment));
    fails!(documented, fake, "delete_comment", DeleteCommentFailure, client.delete_comment(1));
    let export = types::ExportRequest::new("pdf");
    fails!(documented, fake, "export_design", ExportDesignFailure, client.export_design(1, &export));
    let task = "00000000-0000-4000-8000-000000000001";
    fails!(documented, fake, "get_task_status", GetTaskStatusFailure, client.get_task_status(task));
    fails!(documented, fake, "readiness", ReadinessFailure, client.readiness());
    documented.all_taken();
}

/// A model's answer is paid for: operations with one attempt are not sent again, even where nothing was answered.
#[tokio::test]
async fn slow_operations_are_tried_once() {
    let fake = FakeService::design().await.expect("a fake");
    let client = client(&fake, token(2));
    fake.next([Fault::LoseAnswer]);
    let create = types::DesignCreate::new(1, "n", "d", "b");
    let error = client.create_design(&create).await.expect_err("the answer is lost");
    assert_eq!((error.kind(), error.attempts(), fake.count("create_design")), (ErrorKind::Transport, 1, 1), "{error}");
    // An export changes nothing, so it is asked for again although it is a POST.
    fake.next([Fault::LoseAnswer, Fault::Close]);
    client.export_design(1, &types::ExportRequest::new("json")).await.expect("the third attempt");
    assert_eq!(fake.count("export_design"), 3);
    // An upload is sent whole, or not at all; a second one could make a second file.
    fake.next([Fault::Close]);
    let upload = types::FileUpload::new(Part::bytes("x").file_name("x.pdf"));
    assert_eq!(client.upload_file(1, &upload).await.expect_err("closed").attempts(), 1);
}

/// A download that breaks off says so, and is not taken for a whole one.
#[tokio::test]
async fn a_download_that_breaks_off() {
    let fake = FakeService::design().await.expect("a fake");
    let client = client(&fake, token(2));
    fake.next([Fault::CutBody(9_000)]);
    let mut download = client.download_file(1).await.expect("a head");
    let mut read = 0;
    let error = loop {
        match next(&mut download).await {
            Some(Ok(piece)) => read += piece.len(),
            Some(Err(error)) => break error,
            None => panic!("a whole file of {read} bytes"),
        }
    };
    assert_eq!((error.kind(), error.phase()), (ErrorKind::Transport, Phase::Body), "{error}");
    assert!(read <= 9_000);
    assert!(next(&mut download).await.is_none(), "and then it is over");
    // A buffered reply that breaks off is an attempt that failed, and is asked for again.
    fake.next([Fault::CutBody(10)]);
    client.get_design(1).await.expect("the second attempt");
    assert_eq!(fake.count("get_design"), 2);
}
