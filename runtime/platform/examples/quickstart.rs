//! What does a generated client do when its service has a bad minute?
//!
//! `cargo run --example quickstart`: a user service is played on this machine, called, taken down and brought back. The
//! timed lines are the runtime's own log; the policy is scaled to milliseconds, so that a bad minute takes five seconds.

use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

use sinew_platform::FakeService;
use sinew_runtime::{Backoff, Error, Jitter, Policy};
use tracing_subscriber::filter::{FilterExt, LevelFilter, Targets, filter_fn};
use tracing_subscriber::fmt::format::{Writer, debug_fn};
use tracing_subscriber::fmt::time::FormatTime;
use tracing_subscriber::prelude::*;
use user_service::UserServiceClient;
use user_service::types::{Credentials, User};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    log();
    let service = FakeService::user().await?;
    let policy = Policy::default() // 3 attempts, 1 s and 2 s apart; a circuit that opens after 5 failures for 60 s. Here:
        .with_backoff(Backoff::exponential(Duration::from_millis(400), Duration::from_secs(1), Jitter::Added(10)))
        .with_breaker(5, Duration::from_millis(2500));

    println!("1. All is well: sign in, and read a user.");
    let anyone = UserServiceClient::new(&service.base_url())?;
    let login = anyone.authenticate(&Credentials::new("ada@example.org", "correct horse")).await?;
    let users =
        UserServiceClient::builder().base_url(service.base_url()).bearer(login.access_token).policy(policy).build()?;
    tell(&users.get_user(2).await);

    println!("\n2. The service goes away. The client tries again, and then says so.");
    service.down().await?;
    tell(&users.get_user(2).await);

    println!("\n3. With the fifth failure in a row the circuit opens.");
    tell(&users.get_user(2).await);

    println!("\n4. The service is back, but nobody knows yet: while the circuit is open, nothing is sent.");
    service.up()?;
    let turned_away = users.get_user(2).await;
    tell(&turned_away);

    println!("\n5. When its time is over, one request is let through to see. It succeeds, and the circuit closes.");
    let wait = turned_away.err().and_then(|error| error.retry_in());
    tokio::time::sleep(wait.unwrap_or_default()).await;
    tell(&users.get_user(2).await);
    Ok(())
}

/// What the caller gets.
fn tell(result: &Result<User, Error>) {
    match result {
        Ok(user) => println!("   => {} <{}>, created at {}", user.username, user.email, user.created_at),
        Err(error) => println!("   => {error}"),
    }
}

/// Shows what the runtime logs, and nothing else: the time since the start, the level, the words.
fn log() {
    let lines = tracing_subscriber::fmt::layer()
        .compact()
        .with_ansi(std::io::stdout().is_terminal())
        .with_target(false)
        .with_timer(SinceStart(Instant::now()))
        .fmt_fields(debug_fn(|line, field, value| match field.name() {
            "message" => write!(line, "{value:?}"),
            // Service, operation, status and so on are there for machines.
            _ => Ok(()),
        }));
    let runtime_only = Targets::new().with_target("sinew_runtime", LevelFilter::DEBUG);
    // Spans are for tracing systems; their names would only stand before each line.
    let events_only = filter_fn(|metadata| !metadata.is_span());
    tracing_subscriber::registry().with(lines.with_filter(runtime_only.and(events_only))).init();
}

struct SinceStart(Instant);

impl FormatTime for SinceStart {
    fn format_time(&self, line: &mut Writer<'_>) -> std::fmt::Result {
        write!(line, "   {:.3}s", self.0.elapsed().as_secs_f64())
    }
}
