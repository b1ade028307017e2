//! How do spans and durations of calls get to an OpenTelemetry collector?
//!
//! An example to copy from, not a library to depend on: the runtime tells of its calls through [`tracing`] spans in the names of
//! OpenTelemetry's conventions for HTTP clients and through an [`Observer`], and needs nothing of OpenTelemetry for it. What
//! is here is the bridge: `tracing-opentelemetry` for spans, an observer that fills a histogram for durations, and
//! `opentelemetry-otlp` that sends both, as JSON over HTTP, from a thread of its own.

use opentelemetry::metrics::{Counter, Histogram, MeterProvider as _};
use opentelemetry::trace::TracerProvider as _;
use opentelemetry::{KeyValue, global};
use opentelemetry_otlp::{MetricExporter, Protocol, SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::trace::SdkTracerProvider;
use sinew_runtime::{Event, Observed, Observer};
use tracing_subscriber::layer::SubscriberExt;

/// What goes wrong while exporting is set up or ended.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The boundaries that the conventions ask for, in seconds.
const BOUNDARIES: [f64; 14] = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];

/// What sends spans and metrics to a collector.
pub struct Export {
    spans: SdkTracerProvider,
    metrics: SdkMeterProvider,
}

impl Export {
    /// Exports to a collector, such as `http://localhost:4318`, as a service of that name.
    ///
    /// # Errors
    /// If the address is none.
    pub fn to(collector: &str, service: &str) -> Result<Self, BoxError> {
        let resource = Resource::builder().with_service_name(service.to_owned()).build();
        let spans = SpanExporter::builder()
            .with_http()
            .with_protocol(Protocol::HttpJson)
            .with_endpoint(format!("{collector}/v1/traces"))
            .build()?;
        let metrics = MetricExporter::builder()
            .with_http()
            .with_protocol(Protocol::HttpJson)
            .with_endpoint(format!("{collector}/v1/metrics"))
            .build()?;
        let spans = SdkTracerProvider::builder().with_resource(resource.clone()).with_batch_exporter(spans).build();
        let metrics = SdkMeterProvider::builder().with_resource(resource).with_periodic_exporter(metrics).build();
        global::set_meter_provider(metrics.clone());
        Ok(Self { spans, metrics })
    }

    /// A subscriber that makes spans of tracing's; a program adds its other layers.
    pub fn subscriber(&self) -> impl tracing::Subscriber + Send + Sync + 'static {
        let layer = tracing_opentelemetry::layer().with_tracer(self.spans.tracer("sinew"));
        tracing_subscriber::registry().with(layer)
    }

    /// An observer for `ClientBuilder::observer`.
    pub fn observer(&self) -> Durations {
        let meter = self.metrics.meter("sinew");
        Durations {
            requests: meter
                .f64_histogram("http.client.request.duration")
                .with_unit("s")
                .with_boundaries(BOUNDARIES.to_vec())
                .build(),
            circuits: meter.u64_counter("sinew.circuit.changes").build(),
        }
    }

    /// Sends what is left. A program calls it before it ends.
    ///
    /// # Errors
    /// If the collector cannot be reached.
    pub fn end(self) -> Result<(), BoxError> {
        self.spans.shutdown()?;
        self.metrics.shutdown()?;
        Ok(())
    }
}

/// Writes down how long attempts take, and when circuits open and close.
pub struct Durations {
    requests: Histogram<f64>,
    circuits: Counter<u64>,
}

impl Observer for Durations {
    fn observe(&self, about: &Observed<'_>, event: &Event) {
        match event {
            Event::AttemptEnded { status, error, took, .. } => {
                let mut attributes = vec![
                    KeyValue::new("http.request.method", about.method.to_owned()),
                    KeyValue::new("url.template", about.template.to_owned()),
                    KeyValue::new("server.address", about.origin.to_owned()),
                ];
                attributes.extend(status.map(|status| KeyValue::new("http.response.status_code", i64::from(status))));
                attributes.extend(error.map(|error| KeyValue::new("error.type", error.to_string())));
                self.requests.record(took.as_secs_f64(), &attributes);
            }
            Event::CircuitChanged { to, .. } => {
                let attributes =
                    [KeyValue::new("service", about.service.to_owned()), KeyValue::new("to", to.to_string())];
                self.circuits.add(1, &attributes);
            }
            _ => {}
        }
    }
}
