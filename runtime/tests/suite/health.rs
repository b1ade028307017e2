//! Are all services asked how they are, each at each of its endpoints?

use std::time::Duration;

use sinew_runtime::testing::{Scripted, Step};
use sinew_runtime::{BoxFuture, IncomingBody, OutgoingBody, ServiceRegistry, Transport, TransportError};
use tokio::time::Instant;

use crate::endpoints::Places;
use crate::support::{get, ok};

/// Answers for some ports, is silent at others, and refuses the rest.
#[derive(Clone)]
struct Ports(Scripted, Scripted, Scripted);

impl Transport for Ports {
    fn send(
        &self,
        request: http::Request<OutgoingBody>,
    ) -> BoxFuture<'_, Result<http::Response<IncomingBody>, TransportError>> {
        match request.uri().port_u16() {
            Some(8001 | 8002 | 9001) => self.0.send(request),
            Some(8003) => self.1.send(request),
            _ => self.2.send(request),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn all_services_are_asked_at_once() {
    let fine = Scripted::always(Step::json(200, r#"{"status": "healthy"}"#).after(Duration::from_secs(1)));
    let ports = Ports(fine.clone(), Scripted::always(Step::hang()), Scripted::default());
    let mut registry =
        ServiceRegistry::with_env([("KNOWLEDGE_SERVICE_PORT", "canary"), ("DESIGN_SERVICE_BASE_URL", "http://d.test")]);
    registry.register_endpoints("billing", ["http://a.test:9001/x", "http://b.test:9002/x"]).expect("two");
    let started = Instant::now();
    let checked = registry.health_all_over(ports.clone()).await;
    assert_eq!(started.elapsed(), Duration::from_secs(2), "as long as the one that is silent");
    let told: Vec<_> = checked.iter().map(|one| (one.service.as_str(), one.base_url.as_str(), one.is_ok())).collect();
    assert_eq!(
        told,
        [
            ("analytics-service", "http://localhost:8004/api/v1", false),
            ("billing", "http://a.test:9001/x", true),
            ("billing", "http://b.test:9002/x", false),
            ("design-service", "http://d.test", false),
            ("marketplace-service", "http://localhost:8005/api/v1", false),
            ("project-service", "http://localhost:8003/api/v1", false),
            ("user-service", "http://localhost:8001/api/v1", true),
        ],
        "all whose address is known"
    );
    let silent = checked[5].result.as_ref().expect_err("silent");
    assert!(silent.is_timeout() && silent.to_string().contains("http://localhost:8003"), "{silent}");
    assert!(checked[2].result.as_ref().expect_err("refused").is_connect());
    let paths: Vec<_> = fine.seen().iter().map(|seen| seen.uri.to_string()).collect();
    assert_eq!(paths, ["http://a.test:9001/health", "http://localhost:8001/health"], "outside the base path");
    registry.ready_all_over(ports).await;
    assert_eq!(fine.seen()[2].uri.path(), "/ready");
}

#[tokio::test(start_paused = true)]
async fn each_endpoint_of_a_client_is_asked_whatever_its_circuit() {
    let places = Places::new([Step::status(503), ok(), Step::refuse()]);
    let client = places.client(sinew_runtime::Policy::default());
    client.force_open();
    let checked = client.ready_each().await;
    let told: Vec<_> = checked.iter().map(|one| (one.base_url.as_str(), one.is_ok(), one.result.is_ok())).collect();
    assert_eq!(
        told,
        [
            ("http://a.test/api/v1", false, true),
            ("http://b.test/api/v1", true, true),
            ("http://c.test/api/v1", false, false)
        ]
    );
    assert_eq!(places.counts(), [1, 1, 1], "and once");
    assert_eq!(places.at(1).seen()[0].uri, "http://b.test/ready");
    assert!(checked.iter().all(|one| one.service == "user-service"));
    assert!(get(&client).await.expect_err("held open").is_circuit_open());
    assert_eq!(client.in_flight(), 0);
}
