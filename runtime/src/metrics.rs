//! Which metrics do calls make?
//!
//! Names and attributes of the OpenTelemetry semantic conventions for HTTP clients (`http.client.request.duration` is
//! stable, one value for each attempt), and `resilience.*` for what they have no names for.

use crate::error::ErrorKind;
use crate::observer::{Event, Observed, Observer};

/// An [`Observer`] that writes to the recorder of the `metrics` crate.
///
/// | metric | kind | attributes beside service, method, address, port, template |
/// |---|---|---|
/// | `http.client.request.duration` | histogram, s | `http.response.status_code`, `error.type` |
/// | `http.client.request.total_duration` | histogram, s | `error.type` |
/// | `resilience.retry.attempts` | counter | |
/// | `resilience.hedge.attempts` | counter | |
/// | `resilience.rejected` | counter | `error.type` |
/// | `resilience.endpoint.ejected` | counter | |
/// | `resilience.breaker.transitions` | counter | `resilience.circuit_breaker.state` |
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct Metrics;

impl Metrics {
    /// The observer.
    pub const fn new() -> Self {
        Self
    }
}

impl Observer for Metrics {
    fn observe(&self, about: &Observed<'_>, event: &Event) {
        let mut labels = labels(about);
        match *event {
            Event::AttemptEnded { status, error, took, .. } => {
                if let Some(status) = status {
                    labels.push(metrics::Label::new("http.response.status_code", status.to_string()));
                }
                push_error(&mut labels, error, status);
                metrics::histogram!("http.client.request.duration", labels).record(took.as_secs_f64());
            }
            Event::CallEnded { error, took, .. } => {
                push_error(&mut labels, error, None);
                metrics::histogram!("http.client.request.total_duration", labels).record(took.as_secs_f64());
            }
            Event::Retrying { .. } => metrics::counter!("resilience.retry.attempts", labels).increment(1),
            Event::Hedged { .. } => metrics::counter!("resilience.hedge.attempts", labels).increment(1),
            Event::Rejected { kind } => {
                push_error(&mut labels, Some(kind), None);
                metrics::counter!("resilience.rejected", labels).increment(1);
            }
            Event::CircuitChanged { to, .. } => {
                labels.push(metrics::Label::new("resilience.circuit_breaker.state", to.to_string()));
                metrics::counter!("resilience.breaker.transitions", labels).increment(1);
            }
            Event::EndpointEjected { .. } => metrics::counter!("resilience.endpoint.ejected", labels).increment(1),
            Event::AttemptStarted { .. } => {}
        }
    }
}

fn labels(about: &Observed<'_>) -> Vec<metrics::Label> {
    let (address, port) = crate::telemetry::server(about.origin);
    let mut labels = vec![
        metrics::Label::from_static_parts("service", about.service),
        metrics::Label::new("server.address", address.to_owned()),
        metrics::Label::new("server.port", port.to_string()),
    ];
    if !about.method.is_empty() {
        labels.push(metrics::Label::from_static_parts("http.request.method", about.method));
        labels.push(metrics::Label::from_static_parts("url.template", about.template));
    }
    labels
}

fn push_error(labels: &mut Vec<metrics::Label>, error: Option<ErrorKind>, status: Option<u16>) {
    let Some(kind) = error else { return };
    // By convention the status itself where there is one.
    let text = match status.filter(|_| kind == ErrorKind::Status) {
        Some(status) => status.to_string().into(),
        None => metrics::SharedString::const_str(kind.as_str()),
    };
    labels.push(metrics::Label::new("error.type", text));
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    use metrics::{Counter, CounterFn, Gauge, Histogram, HistogramFn, Key, KeyName, Metadata, SharedString, Unit};

    use super::*;

    /// Writes down what is recorded, in one line each.
    #[derive(Clone, Default)]
    struct Book(Arc<Mutex<Vec<String>>>);

    struct Line(Book, String);

    impl Line {
        fn of(book: &Book, key: &Key) -> Arc<Self> {
            let labels: Vec<_> = key.labels().map(|label| format!("{}={}", label.key(), label.value())).collect();
            Arc::new(Self(book.clone(), format!("{} {}", key.name(), labels.join(" "))))
        }
        fn write(&self, value: f64) {
            let mut lines = (self.0).0.lock().expect("no panic while it was held");
            lines.push(format!("{} {value}", self.1));
        }
    }

    impl CounterFn for Line {
        fn increment(&self, value: u64) {
            self.write(if value == 1 { 1.0 } else { f64::NAN });
        }
        fn absolute(&self, _: u64) {}
    }

    impl HistogramFn for Line {
        fn record(&self, value: f64) {
            self.write(value);
        }
    }

    impl metrics::Recorder for Book {
        fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
        fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
        fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
        fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
            Counter::from_arc(Line::of(self, key))
        }
        fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
            Gauge::noop()
        }
        fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
            Histogram::from_arc(Line::of(self, key))
        }
    }

    #[test]
    fn names_and_labels_are_the_conventions() {
        let book = Book::default();
        let about = Observed {
            service: "user-service",
            origin: "http://localhost:8001",
            address: None,
            operation: "get_user",
            method: "GET",
            template: "/users/{user_id}",
        };
        metrics::with_local_recorder(&book, || {
            let took = Duration::from_millis(1500);
            for event in [
                Event::AttemptEnded { attempt: 1, status: Some(503), error: Some(ErrorKind::Status), took },
                Event::AttemptEnded { attempt: 2, status: None, error: Some(ErrorKind::Timeout), took },
                Event::Retrying { attempt: 2, delay: took },
                Event::Rejected { kind: ErrorKind::CircuitOpen },
                Event::CallEnded { attempts: 2, error: None, took },
            ] {
                Metrics::new().observe(&about, &event);
            }
        });
        let common = "service=user-service server.address=localhost server.port=8001 http.request.method=GET url.template=/users/{user_id}";
        assert_eq!(
            *book.0.lock().expect("no panic while it was held"),
            [
                format!("http.client.request.duration {common} http.response.status_code=503 error.type=503 1.5"),
                format!("http.client.request.duration {common} error.type=timeout 1.5"),
                format!("resilience.retry.attempts {common} 1"),
                format!("resilience.rejected {common} error.type=circuit open 1"),
                format!("http.client.request.total_duration {common} 1.5"),
            ]
        );
    }
}
