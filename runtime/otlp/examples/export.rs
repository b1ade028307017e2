//! What does a program do to show its calls to an OpenTelemetry collector?
//!
//! ```console
//! $ docker run --rm -p 4318:4318 otel/opentelemetry-collector
//! $ cargo run -p sinew-otlp --example export
//! ```

use sinew_otlp::{BoxError, Export};
use tracing::Instrument;
use user_service::UserServiceClient;

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let collector = std::env::var("OTEL_EXPORTER_OTLP_ENDPOINT").unwrap_or_else(|_| "http://localhost:4318".to_owned());
    // Its thread has a runtime of its own, so it is made and ended where none is.
    let export = tokio::task::spawn_blocking(move || Export::to(&collector, "example")).await??;
    tracing::subscriber::set_global_default(export.subscriber())?;
    let users = UserServiceClient::builder().observer(export.observer()).build()?;
    // The spans of calls lie within those of the program.
    let status = users.service_info().into_future().instrument(tracing::info_span!("look whether it is there")).await;
    println!("{status:?}");
    tokio::task::spawn_blocking(|| export.end()).await?
}
