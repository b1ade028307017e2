//! How does one service of the platform ask another?
//!
//! `cargo run --example verify_owner`: the project service lets anybody claim a project for any user. Here its owner is
//! verified with the user service: one function, two services, one error type.

use http::StatusCode;
use project_service::ProjectServiceClient;
use project_service::types::ProjectCreate;
use sinew_platform::Platform;
use sinew_runtime::{Backoff, Error, Jitter, Policy, ServiceRegistry};
use std::time::Duration;
use user_service::UserServiceClient;
use user_service::types::{Credentials, Role, User};

/// What became of a project's owner.
enum Owner {
    /// There is such a user, with these roles.
    Verified(User, Vec<Role>),
    /// The project names a user that there is not.
    Unknown(i64),
}

/// Verifies the owner of a project: project → `owner_id` → user and roles.
async fn verify_owner(
    projects: &ProjectServiceClient,
    users: &UserServiceClient,
    project_id: i64,
) -> Result<Owner, Error> {
    let project = projects.get_project(project_id).await?;
    match users.get_user(project.owner_id).await {
        Ok(user) => Ok(Owner::Verified(user, users.get_user_roles(project.owner_id).await?)),
        // A project without an owner is an answer. That the user service cannot be asked is none.
        Err(error) if error.status() == Some(StatusCode::NOT_FOUND) => Ok(Owner::Unknown(project.owner_id)),
        Err(error) => Err(error),
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let platform = Platform::start().await?;
    // A service would say `ServiceRegistry::from_env()`, or `ProjectServiceClient::from_env()` at once.
    let registry = ServiceRegistry::with_env(platform.env());
    let projects = ProjectServiceClient::from_registry(&registry)?;
    let anyone = UserServiceClient::from_registry(&registry)?;
    let login = anyone.authenticate(&Credentials::new("grace@example.org", "correct horse")).await?;
    let policy = Policy::default().with_backoff(Backoff::exponential(
        Duration::from_millis(50),
        Duration::from_millis(100),
        Jitter::Added(10),
    ));
    let users = UserServiceClient::builder().registry(&registry).bearer(login.access_token).policy(policy).build()?;

    let orphan = projects.create_project(&ProjectCreate::new("Claimed for nobody", 99)).await?.id;
    for project_id in [1, orphan, 4711] {
        tell(project_id, verify_owner(&projects, &users, project_id).await);
    }
    platform.user.down().await?;
    println!("The user service goes away.");
    tell(1, verify_owner(&projects, &users, 1).await);
    Ok(())
}

fn tell(project_id: i64, owner: Result<Owner, Error>) {
    match owner {
        Ok(Owner::Verified(user, roles)) => {
            let roles: Vec<_> = roles.iter().map(|role| role.name.as_str()).collect();
            println!("project {project_id}: owned by {} <{}>, who is {}", user.username, user.email, roles.join(", "));
        }
        Ok(Owner::Unknown(id)) => println!("project {project_id}: claimed for user {id}, whom there is not"),
        Err(error) => println!("project {project_id}: not verified: {error}"),
    }
}
