//! Are lists of the platform read page by page, and its long tasks waited for?

// A panic is a test's verdict, in its helpers too.
#![allow(clippy::expect_used, clippy::panic)]

mod common;

use std::time::Duration;

use common::quick;
use sinew_platform::{FakeService, token};
use sinew_runtime::{Error, PageToken};

fn queries(fake: &FakeService, path: &str) -> Vec<String> {
    let received = fake.received().into_iter().filter(|received| received.path == path && received.method == "GET");
    received.map(|received| received.query).collect()
}

#[tokio::test]
async fn projects_are_read_as_one_stream() -> Result<(), Error> {
    use project_service::*;

    let fake = FakeService::project().await.expect("a fake");
    let client = ProjectServiceClient::builder().base_url(fake.base_url()).policy(quick()).bearer(token(2)).build()?;
    for number in 0..6 {
        client.create_project(&types::ProjectCreate::new(format!("Pier {number}"), 2)).await?;
    }
    let known: Vec<i64> =
        client.list_projects(&ListProjects::default()).await?.iter().map(|project| project.id).collect();
    assert_eq!(known.len(), 7);
    let options = ListProjects { limit: Some(3), ..Default::default() };
    let mut ids = Vec::new();
    let mut items = client.list_projects(&options).items();
    while let Some(project) = items.next().await {
        ids.push(project?.id);
    }
    assert_eq!(ids, known);
    // The third page is not full, so it is the last.
    assert_eq!(queries(&fake, "/api/v1/projects/")[1..], ["limit=3", "limit=3&skip=3", "limit=3&skip=6"]);

    // What was read is not read again, from a token that went through a text.
    let mut items = client.list_projects(&options).items();
    for _ in 0..4 {
        items.next().await.expect("a project")?;
    }
    let token: PageToken = items.token().expect("a token").to_string().parse().expect("a token");
    let mut rest = client.list_projects(&options).items_from(&token);
    let mut ids = Vec::new();
    while let Some(project) = rest.next().await {
        ids.push(project?.id);
    }
    assert_eq!(ids, known[4..]);

    let mut pages = client.list_projects(&options).pages();
    let mut sizes = Vec::new();
    while let Some(page) = pages.next().await {
        sizes.push(page?.len());
    }
    assert_eq!(sizes, [3, 3, 1]);
    Ok(())
}

#[tokio::test]
async fn resources_are_read_by_page_number() -> Result<(), Error> {
    use knowledge_service::*;

    let fake = FakeService::knowledge().await.expect("a fake");
    let client = KnowledgeServiceClient::builder().base_url(fake.base_url()).policy(quick()).bearer("1").build()?;
    let url = "https://library.example.org/beams";
    let beams = types::ResourceCreate::new("Beams", "Glulam", types::ContentType::Url, "library/beams", url);
    client.create_resource(&beams).await?;
    let known = client.list_resources(&ListResources::default()).await?;
    let options = ListResources { limit: Some(1), ..Default::default() };
    let mut items = client.list_resources(&options).items();
    let mut ids = Vec::new();
    while let Some(resource) = items.next().await {
        ids.push(resource?.id);
    }
    let expected: Vec<i64> = known.items.iter().map(|resource| resource.id).collect();
    assert_eq!(ids, expected);
    assert_eq!(queries(&fake, "/api/v1/resources/")[1..], ["limit=1", "limit=1&page=2", "limit=1&page=3"]);
    Ok(())
}

#[tokio::test]
async fn visuals_are_waited_for() -> Result<(), Error> {
    use design_service::*;

    let fake = FakeService::design().await.expect("a fake");
    let client = DesignServiceClient::builder().base_url(fake.base_url()).policy(quick()).bearer(token(1)).build()?;
    let task = client.generate_visuals(1, &types::VisualOptions::default()).await?;
    let is_final = |task: &types::TaskStatus| task.completed_at.value().is_some();
    let every = Duration::from_millis(1);
    let done = client.get_task_status(&task.task_id).until(is_final).every(every, every).await?;
    assert_eq!(done.state, types::TaskState::Success);
    assert_eq!(queries(&fake, &format!("/api/v1/tasks/{}", task.task_id)).len(), 3);
    Ok(())
}
