//! Do the six clients hold together: promises, addresses, circuits, errors across services?

// A panic is a test's verdict, in its helpers too.
#![allow(clippy::expect_used, clippy::panic)]

mod common;

use std::time::Duration;

use analytics_service::AnalyticsServiceClient;
use common::quick;
use design_service::DesignServiceClient;
use knowledge_service::KnowledgeServiceClient;
use marketplace_service::MarketplaceServiceClient;
use project_service::ProjectServiceClient;
use sinew_platform::{FakeService, Fault, Platform, token};
use sinew_runtime::testing::{Scripted, Step};
use sinew_runtime::{Backoff, CircuitState, Error, ErrorKind, Jitter, Policy, Sent, ServiceRegistry};
use user_service::UserServiceClient;

/// Who calls whom, with the credential that each wants.
struct Clients {
    users: UserServiceClient,
    projects: ProjectServiceClient,
    knowledge: KnowledgeServiceClient,
}

async fn clients(platform: &Platform) -> Clients {
    let registry = ServiceRegistry::with_env(platform.env());
    let form = user_service::types::LoginForm::new("grace@example.org", "correct horse");
    let anyone = UserServiceClient::from_registry(&registry).expect("a client");
    let login = anyone.login(&form, &user_service::Login::default()).await.expect("a login");
    Clients {
        users: UserServiceClient::builder().registry(&registry).bearer(login.access_token).build().expect("a client"),
        projects: ProjectServiceClient::builder().registry(&registry).bearer(token(2)).build().expect("a client"),
        knowledge: KnowledgeServiceClient::builder().registry(&registry).bearer("2").build().expect("a client"),
    }
}

/// The nineteen methods of the platform's first client. Of them, none worked against the services.
#[tokio::test]
async fn the_nineteen_promised_methods() {
    use knowledge_service::types as k;
    use project_service::types as p;
    use user_service::types as u;

    let platform = Platform::start().await.expect("a platform");
    let Clients { users, projects, knowledge } = clients(&platform).await;
    let mut kept = Vec::new();
    macro_rules! promise {
        ($name:ident, $call:expr) => {{
            let value = $call.await.unwrap_or_else(|error: Error| panic!("{}: {error}", stringify!($name)));
            kept.push(stringify!($name));
            value
        }};
    }

    let ada = promise!(get_user, users.get_user(2));
    assert_eq!(ada.username, "ada");
    let lin = promise!(create_user, users.create_user(&u::UserCreate::new("lin@example.org", "lin", "long enough")));
    promise!(
        update_user,
        users.update_user(lin.id, &u::UserUpdate { first_name: "Lin".to_owned().into(), ..Default::default() })
    );
    let login = promise!(authenticate, users.authenticate(&u::Credentials::new("lin@example.org", "long enough")));
    assert_eq!(login.user_id, Some(lin.id), "the first client's tests expect it");
    let roles = promise!(get_user_roles, users.get_user_roles(lin.id));
    assert_eq!(roles[0].name, "user");
    promise!(delete_user, users.delete_user(lin.id));

    let project = promise!(create_project, projects.create_project(&p::ProjectCreate::new("Quay", ada.id)));
    assert_eq!(promise!(get_project, projects.get_project(project.id)), project);
    promise!(update_project, projects.update_project(project.id, &p::ProjectUpdate::new("Quay", "review")));
    let page = project_service::ListProjects { skip: Some(0), limit: Some(50) };
    assert_eq!(promise!(list_projects, projects.list_projects(&page)).len(), 2);
    promise!(create_comment, projects.create_comment(project.id, &p::CommentCreate::new("Good")));
    let options = project_service::GetProjectComments::default();
    assert_eq!(promise!(get_project_comments, projects.get_project_comments(project.id, &options)).len(), 1);
    promise!(delete_project, projects.delete_project(project.id));

    let create = k::ResourceCreate::new("t", "d", "pdf", "p", "https://example.org");
    let resource = promise!(create_resource, knowledge.create_resource(&create));
    assert_eq!(promise!(get_resource, knowledge.get_resource(resource.id)).title, "t");
    let options = knowledge_service::SearchResources { limit: Some(20), resource_type: Some(k::ResourceType::Pdf) };
    assert!(!promise!(search_resources, knowledge.search_resources("timber", &options)).results.is_empty());
    promise!(create_citation, knowledge.create_citation(&k::CitationCreate::new(resource.id, 1, "c")));
    assert_eq!(promise!(get_project_resources, knowledge.get_project_resources(1)).len(), 2);
    assert_eq!(promise!(get_recommendations, knowledge.get_recommendations(1)).len(), 2);

    assert_eq!(kept.len(), 19);
    for service in platform.services() {
        for received in service.received() {
            assert!(received.header("user-agent").is_some_and(|agent| agent.starts_with("sinew/")));
        }
    }
    for name in kept {
        assert_eq!(platform.services().iter().filter(|service| service.count(name) > 0).count(), 1, "{name}");
    }
}

/// All six are found through the variables; nothing of the process is read.
#[tokio::test]
async fn addresses_come_from_variables() {
    let platform = Platform::start().await.expect("a platform");
    let registry = ServiceRegistry::with_env(platform.env());
    assert!(UserServiceClient::from_registry(&registry).expect("a client").health().await.expect("alive").ok);
    assert!(ProjectServiceClient::from_registry(&registry).expect("a client").health().await.expect("alive").ok);
    assert!(KnowledgeServiceClient::from_registry(&registry).expect("a client").health().await.expect("alive").ok);
    assert!(DesignServiceClient::from_registry(&registry).expect("a client").health().await.expect("alive").ok);
    assert!(AnalyticsServiceClient::from_registry(&registry).expect("a client").health().await.expect("alive").ok);
    assert!(MarketplaceServiceClient::from_registry(&registry).expect("a client").health().await.expect("alive").ok);

    let port = platform.user.port();
    let forms: [Vec<(&str, String)>; 4] = [
        vec![("USER_SERVICE_BASE_URL", format!("http://127.0.0.1:{port}/api/v1/"))],
        vec![("USER_SERVICE_PORT", format!("tcp://127.0.0.1:{port}"))],
        vec![("USER_SERVICE_SERVICE_HOST", "127.0.0.1".into()), ("USER_SERVICE_SERVICE_PORT", port.to_string())],
        vec![
            ("USER_SERVICE_HOST", "127.0.0.1".into()),
            ("USER_SERVICE_PORT", port.to_string()),
            ("USER_SERVICE_PROTOCOL", "http".into()),
        ],
    ];
    for form in forms {
        let env: std::collections::BTreeMap<String, String> =
            form.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        let users = UserServiceClient::from_registry(&ServiceRegistry::with_env(env)).expect("a client");
        users.service_info().await.unwrap_or_else(|error| panic!("{form:?}: {error}"));
    }
    let mut registry = ServiceRegistry::with_env([("USER_SERVICE_PORT", "eighty")]);
    let error = UserServiceClient::from_registry(&registry).expect_err("a wrong port");
    assert!(error.is_config() && error.to_string().contains("USER_SERVICE_PORT"), "{error}");
    // A wrong variable spoils its own service only, and who registers an address means it.
    ProjectServiceClient::from_registry(&registry).expect("another service");
    registry.register("user-service", &platform.user.base_url()).expect("an address");
    UserServiceClient::from_registry(&registry).expect("a client").service_info().await.expect("a banner");
}

/// `from_env` reads the process. So that no test changes what others read, a child of this process calls it.
#[tokio::test]
async fn from_env_reads_the_process() {
    let platform = Platform::start().await.expect("a platform");
    let child = |env: Vec<(String, String)>| async {
        let mut command = tokio::process::Command::new(std::env::current_exe().expect("this test"));
        command.args(["--exact", "the_child_that_reads_the_process", "--ignored"]).envs(env);
        command.output().await.expect("a child")
    };
    let output = child(platform.env().into_iter().collect()).await;
    assert!(output.status.success(), "{output:?}");
    for service in platform.services() {
        assert_eq!(service.received().len(), 1, "{}", service.name());
    }
    let mut env = platform.env();
    env.insert("DESIGN_SERVICE_PORT".to_owned(), "70000".to_owned());
    let output = child(env.into_iter().collect()).await;
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stdout).contains("DESIGN_SERVICE_PORT"), "{output:?}");
}

#[tokio::test]
#[ignore = "called by `from_env_reads_the_process`, with variables of its own"]
async fn the_child_that_reads_the_process() {
    UserServiceClient::from_env().expect("a client").health().await.expect("alive");
    ProjectServiceClient::from_env().expect("a client").health().await.expect("alive");
    KnowledgeServiceClient::from_env().expect("a client").health().await.expect("alive");
    DesignServiceClient::from_env().expect("a client").health().await.expect("alive");
    AnalyticsServiceClient::from_env().expect("a client").health().await.expect("alive");
    MarketplaceServiceClient::from_env().expect("a client").health().await.expect("alive");
}

/// One login opens one service: the platform does not share its tokens.
#[tokio::test]
async fn tokens_are_not_shared() {
    let platform = Platform::start().await.expect("a platform");
    let registry = ServiceRegistry::with_env(platform.env());
    let anyone = UserServiceClient::from_registry(&registry).expect("a client");
    let credentials = user_service::types::Credentials::new("ada@example.org", "correct horse");
    let token = anyone.authenticate(&credentials).await.expect("a login").access_token;
    let knowledge =
        KnowledgeServiceClient::builder().registry(&registry).bearer(token.clone()).build().expect("a client");
    let designs = DesignServiceClient::builder().registry(&registry).bearer(token.clone()).build().expect("a client");
    let projects = ProjectServiceClient::builder().registry(&registry).bearer(token.clone()).build().expect("a client");
    let statuses = [
        knowledge.list_topics().await.expect_err("401"),
        designs.get_design(1).await.expect_err("401"),
        projects.create_comment(1, &project_service::types::CommentCreate::new("x")).await.expect_err("500"),
    ];
    for (error, status) in statuses.iter().zip([401, 401, 500]) {
        assert_eq!(error.status().map(|status| status.as_u16()), Some(status));
        assert!(!format!("{error} {error:?}").contains(token.expose()), "no error shows a token");
    }
}

/// One error type for all services: `?` over two of them.
#[tokio::test]
async fn one_function_over_two_services() {
    async fn owner(platform: &Clients, project: i64) -> Result<String, Error> {
        let project = platform.projects.get_project(project).await?;
        Ok(platform.users.get_user(project.owner_id).await?.username)
    }
    let platform = Platform::start().await.expect("a platform");
    let clients = clients(&platform).await;
    assert_eq!(owner(&clients, 1).await.expect("an owner"), "ada");
    let error = owner(&clients, 99).await.expect_err("no project");
    assert_eq!((error.service(), error.operation()), (Some("project-service"), Some("get_project")));
    platform.user.down().await.expect("down");
    let policy = quick();
    let error = clients.users.get_user(2).policy(policy).await.expect_err("nobody is there");
    assert_eq!((error.kind(), error.attempts(), error.sent()), (ErrorKind::Connect, 3, Sent::NotSent));
    let line = error.to_string();
    assert!(line.starts_with("GET /users/{user_id} failed after 3 attempts in "), "{line}");
    assert!(line.ends_with(&format!("(user-service, {})", platform.user.origin())), "{line}");
}

/// What is sent again, and what is not.
#[tokio::test]
async fn only_what_is_safe_is_sent_again() {
    let fake = FakeService::user().await.expect("a fake");
    let client = UserServiceClient::builder()
        .base_url(fake.base_url())
        .policy(quick())
        .bearer(login(&fake).await)
        .build()
        .expect("a client");
    // Reads: a closed connection and a silence are worth another attempt.
    fake.next([Fault::Close, Fault::Close]);
    client.get_user(2).await.expect("the third attempt");
    assert_eq!(fake.count("get_user"), 3);
    fake.next([Fault::Hang]);
    client.get_user(2).attempt_timeout(Duration::from_millis(500)).await.expect("the second attempt");
    assert_eq!(fake.count("get_user"), 5);
    fake.next([Fault::Slow(Duration::from_millis(20))]);
    let slow = client.get_user(2).response().await.expect("slow is not broken");
    assert_eq!((slow.status.as_u16(), fake.count("get_user")), (200, 6));
    fake.next([Fault::Hang, Fault::Hang, Fault::Hang]);
    let error = client.get_user(2).attempt_timeout(Duration::from_millis(50)).await.expect_err("silence");
    assert_eq!((error.kind(), error.attempts(), error.sent()), (ErrorKind::Timeout, 3, Sent::MaybeSent));
    fake.next([Fault::Hang]);
    let error = client.get_user(2).timeout(Duration::from_millis(50)).await.expect_err("silence");
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Deadline, 1));
    // A POST that may have been processed is not sent again, whether it was or not.
    let create = user_service::types::UserCreate::new("x@example.org", "xyz", "long enough");
    fake.next([Fault::LoseAnswer]);
    let error = client.create_user(&create).await.expect_err("no answer");
    assert_eq!((error.kind(), error.attempts(), error.sent()), (ErrorKind::Transport, 1, Sent::MaybeSent));
    assert_eq!(fake.held("users", 3)["username"], "xyz", "it was processed");
    fake.next([Fault::Hang]);
    let error = client.create_user(&create).attempt_timeout(Duration::from_millis(50)).await.expect_err("silence");
    assert_eq!((error.attempts(), fake.count("create_user")), (1, 2));
    // A POST whose document says that it may.
    fake.next([Fault::LoseAnswer]);
    client.assign_role(2, "admin", &user_service::AssignRole::default()).await.expect("the second attempt");
    // What was refused was never sent.
    fake.down().await.expect("down");
    let error = client.create_user(&create).await.expect_err("nobody is there");
    assert_eq!((error.kind(), error.attempts(), error.sent()), (ErrorKind::Connect, 3, Sent::NotSent));
    fake.up().expect("up");
    // Statuses and redirects are answers.
    for status in [307, 408, 429, 500, 502, 503, 504] {
        let before = fake.received().len();
        fake.next([Fault::status(status)
            .header("location", format!("{}/api/v1/users/1", fake.origin()))
            .header("retry-after", "1")]);
        let error = client.get_user(2).await.expect_err("a status");
        assert_eq!((error.status().map(|status| status.as_u16()), error.attempts()), (Some(status), 1));
        assert_eq!(fake.received().len(), before + 1, "{status}");
    }
}

async fn login(fake: &FakeService) -> sinew_runtime::Secret {
    let credentials = user_service::types::Credentials::new("grace@example.org", "correct horse");
    let client = UserServiceClient::new(&fake.base_url()).expect("a client");
    client.authenticate(&credentials).await.expect("a login").access_token
}

/// A clone shares the circuit, and calls that are turned away send nothing.
#[tokio::test]
async fn clones_share_a_circuit() {
    let fake = FakeService::user().await.expect("a fake");
    let policy = quick().with_attempts(1).with_breaker(5, Duration::from_secs(60));
    let client = UserServiceClient::builder().base_url(fake.base_url()).policy(policy).build().expect("a client");
    let clone = client.clone();
    // The caller's own mistakes say nothing about the service.
    let wrong = user_service::types::Credentials::new("ada@example.org", "wrong");
    for _ in 0..10 {
        let error = client.authenticate(&wrong).await.expect_err("401");
        assert_eq!(error.status().map(|status| status.as_u16()), Some(401));
    }
    fake.down().await.expect("down");
    for at in 0..5 {
        let error = if at % 2 == 0 { &client } else { &clone }.service_info().await.expect_err("nobody is there");
        assert!(error.is_connect(), "{at}: {error}");
    }
    fake.up().expect("up");
    let before = fake.received().len();
    let error = clone.service_info().await.expect_err("turned away");
    assert!(error.is_circuit_open() && error.attempts() == 0 && fake.received().len() == before, "{error}");
    // The circuit counts in milliseconds and rounds up, so that it is never let through early.
    assert!(error.retry_in().is_some_and(|wait| wait <= Duration::from_millis(60_001)), "{error}");
    // Another client is another circuit, and a health check asks none.
    assert!(client.health().await.expect("an answer").ok);
    UserServiceClient::new(&fake.base_url()).expect("a client").service_info().await.expect("a banner");
}

/// A service that fails opens the circuit, and its return closes it, however long either takes.
#[tokio::test]
async fn a_service_comes_back() {
    let fake = FakeService::user().await.expect("a fake");
    let policy = quick().with_breaker(5, Duration::from_millis(1));
    let client = UserServiceClient::builder().base_url(fake.base_url()).policy(policy).build().expect("a client");
    fake.next((0..5).map(|_| Fault::status(503)));
    for _ in 0..5 {
        let error = client.service_info().await.expect_err("a status");
        assert_eq!(error.status().map(|status| status.as_u16()), Some(503));
    }
    // Half-open; the probe fails, and it is open again for as long.
    let ask = || async {
        loop {
            match client.service_info().await {
                Err(error) if error.is_circuit_open() => tokio::time::sleep(error.retry_in().expect("a time")).await,
                other => return other,
            }
        }
    };
    fake.next([Fault::status(503)]);
    assert!(ask().await.expect_err("the probe fails").is_status());
    assert!(ask().await.is_ok(), "the next one does not");
    assert_eq!(fake.count("service_info"), 7);
}

/// Half-open is one probe, whoever else asks; on the paused clock, with a played service.
#[tokio::test(start_paused = true)]
async fn half_open_is_one_probe() {
    let script = Scripted::new((0..5).map(|_| Step::refuse()));
    let policy = Policy::default().with_attempts(1).with_backoff(Backoff::exponential(
        Duration::from_secs(1),
        Duration::from_secs(8),
        Jitter::None,
    ));
    let client =
        UserServiceClient::builder().base_url("http://users.internal/api/v1").transport(script.clone()).policy(policy);
    let client = client.build().expect("a client");
    for _ in 0..5 {
        client.service_info().await.expect_err("refused");
    }
    assert_eq!(client.service_info().await.expect_err("open").retry_in(), Some(Duration::from_secs(60)));
    tokio::time::advance(Duration::from_secs(60)).await;
    let banner = r#"{"message": "m", "version": "1", "status": "healthy", "database": {"status": "connected"}}"#;
    script.push(Step::json(200, banner).after(Duration::from_secs(1)));
    let calls = (0..8).map(|_| {
        let client = client.clone();
        tokio::spawn(async move { client.service_info().await.is_ok() })
    });
    let mut passed = 0;
    for call in calls.collect::<Vec<_>>() {
        passed += u32::from(call.await.expect("no panic"));
    }
    assert_eq!((passed, script.count()), (1, 6));
    script.push(Step::json(200, banner));
    client.service_info().await.expect("closed");
}

/// The state of a circuit is a word that one can print.
#[test]
fn circuit_states_have_names() {
    assert_eq!(
        [CircuitState::Closed, CircuitState::Open, CircuitState::HalfOpen].map(|state| state.to_string()),
        ["closed", "open", "half-open"]
    );
}

/// After `close` nothing is sent, by the client or a clone of it.
#[tokio::test]
async fn closing_ends_a_client_and_its_clones() {
    let fake = FakeService::user().await.expect("a fake");
    let client = UserServiceClient::new(&fake.base_url()).expect("a client");
    let clone = client.clone();
    client.service_info().await.expect("a banner");
    client.close().await;
    for client in [&client, &clone] {
        assert!(client.service_info().await.expect_err("closed").is_closed());
    }
    assert_eq!(fake.count("service_info"), 1);
}

/// A reply that is not what the document says is told, without its words.
#[tokio::test]
async fn a_reply_of_another_shape() {
    let fake = FakeService::user().await.expect("a fake");
    let client = UserServiceClient::builder()
        .base_url(fake.base_url())
        .policy(quick())
        .bearer(login(&fake).await)
        .build()
        .expect("a client");
    for body in ["", "<html>", "{\"id\": \"canary\"}", "[]", "{\"id\": 1}"] {
        fake.next([Fault::json(200, body)]);
        let error = client.get_user(2).await.expect_err("not a user");
        assert!(error.is_decode() && error.attempts() == 1, "{body}: {error}");
        assert!(!format!("{error} {error:?}").contains("canary"), "{error}");
        assert_eq!(error.body().map(AsRef::as_ref), Some(body.as_bytes()));
    }
    assert_eq!(fake.count("get_user"), 5, "the service has answered: nothing is asked again");
}
