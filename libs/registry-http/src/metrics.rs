//! Numbers for Prometheus, in its text format (`OpenMetrics` 1.0).

mod asking;
mod carrying;
mod coming;
mod connections;
mod exports;
mod jobs;
mod sharing;
mod shops;
mod writing;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use axum::http::{Method, StatusCode};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};
use registry_ingest::CallbackDoor;
use registry_journal::line_limit::LineLimit;
use registry_journal::{Archive, Writer};
use registry_publish::RelayStatus;
use tokio::sync::watch;

use crate::authenticator::{Authenticator, FailureLabels};
use crate::problem::Code;
use crate::services::Services;
use asking::Asking;
use coming::Coming;
use connections::Connections;

pub use sharing::Sharing;

/// The content type of the text.
pub const OPENMETRICS_TEXT: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Upper bounds of the request durations, in seconds.
const DURATION_BOUNDS: [f64; 14] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0,
];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    method: &'static str,
    route: String,
    status: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    route: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RefusalLabels {
    reason: &'static str,
}

/// Why something on a callback's path is refused. Their counters are there from the start: one that is born with its first
/// refusal shows no increase.
const REFUSALS: [Code; 11] = [
    Code::CallbackUrlUnknown,
    Code::RouteNotFound,
    Code::MethodNotAllowed,
    Code::MalformedRequest,
    Code::RequestTimeout,
    Code::ContentEncodingUnsupported,
    Code::TooManyRequests,
    Code::Overloaded,
    Code::StorageUnavailable,
    Code::Stopping,
    Code::Internal,
];

/// The numbers of one process.
pub struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    durations: Family<RouteLabels, Histogram, fn() -> Histogram>,
    refused_callbacks: Family<RefusalLabels, Counter>,
    /// API keys that did not work.
    pub key_failures: Family<FailureLabels, Counter>,
}

impl Metrics {
    /// Numbers that start at zero, and those that the parts below keep themselves.
    pub fn new(services: &Services, sharing: Sharing, failures: Arc<LineLimit<Option<Code>>>) -> Self {
        let mut registry = Registry::with_prefix("registry");
        let requests = Family::default();
        let new_histogram: fn() -> Histogram = || Histogram::new(DURATION_BOUNDS);
        let durations = Family::new_with_constructor(new_histogram);
        registry.register(
            "build",
            "Which build this is: while an installation is updated, replicas differ",
            Info::new([("version", env!("CARGO_PKG_VERSION"))]),
        );
        registry.register(
            "http_requests",
            "Requests answered, by route and class of status",
            requests.clone(),
        );
        registry.register_with_unit(
            "http_request_duration",
            "Time from the head of a request to the head of its answer",
            Unit::Seconds,
            durations.clone(),
        );
        let refused_callbacks = Family::<RefusalLabels, Counter>::default();
        for code in REFUSALS {
            let reason = code.as_str();
            refused_callbacks.get_or_create(&RefusalLabels { reason }).inc_by(0);
        }
        registry.register(
            "callbacks_refused",
            "Requests to the path of callbacks that were refused, by reason",
            refused_callbacks.clone(),
        );
        let key_failures = Authenticator::counters();
        registry.register(
            "api_key_failures",
            "API keys that did not work, by reason",
            key_failures.clone(),
        );
        registry.register(
            "requests_limited",
            "Requests refused because a key, a person or a tenant asked too often, by the limit that was met",
            sharing.request_rates.limited().clone(),
        );
        registry.register_collector(Box::new(Connections {
            gate: Arc::clone(&sharing.gate),
            bodies: sharing.bodies.clone(),
        }));
        registry.register_collector(Box::new(sharing));
        registry.register_collector(Box::new(Below {
            writer: services.writer.clone(),
            door: services.door.clone(),
            relay: services.relay.clone(),
            reader: services.archive.clone(),
            failures,
        }));
        registry.register_collector(Box::new(Asking {
            inquirer: services.inquirer.clone(),
            reconciler: services.reconciler.clone(),
            ambient: services.ambient.clone(),
        }));
        registry.register_collector(Box::new(Coming(services.people.clone())));
        registry.register_collector(Box::new(shops::Shops(services.shops.clone())));
        registry.register_collector(Box::new(carrying::Carried(services.carrying.numbers.clone())));
        registry.register_collector(Box::new(jobs::Worked(services.job_numbers.clone())));
        registry.register_collector(Box::new(exports::Made(services.export_numbers.clone())));
        Self {
            registry,
            requests,
            durations,
            refused_callbacks,
            key_failures,
        }
    }

    /// Counts an answered request.
    pub fn count_request(&self, method: &Method, route: &str, status: StatusCode, took: Duration) {
        let labels = RequestLabels {
            method: method_label(method),
            route: route.to_owned(),
            status: class_of(status),
        };
        self.requests.get_or_create(&labels).inc();
        let labels = RouteLabels { route: labels.route };
        self.durations.get_or_create(&labels).observe(took.as_secs_f64());
    }

    /// Counts what was refused on the path of callbacks.
    pub fn count_refused_callback(&self, why: Code) {
        let reason = why.as_str();
        self.refused_callbacks.get_or_create(&RefusalLabels { reason }).inc();
    }

    /// All numbers as text.
    pub fn encode(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

/// A client may make up methods, so only known ones become labels.
fn method_label(method: &Method) -> &'static str {
    const KNOWN: [&str; 7] = ["GET", "HEAD", "POST", "PATCH", "DELETE", "PUT", "OPTIONS"];
    KNOWN
        .into_iter()
        .find(|known| *known == method.as_str())
        .unwrap_or("OTHER")
}

fn class_of(status: StatusCode) -> &'static str {
    match status.as_u16() / 100 {
        1 => "1xx",
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        _ => "5xx",
    }
}

/// Numbers that the parts below keep themselves, read when they are asked for.
struct Below {
    writer: Writer,
    door: CallbackDoor,
    relay: Option<watch::Receiver<RelayStatus>>,
    reader: Archive,
    failures: Arc<LineLimit<Option<Code>>>,
}

impl fmt::Debug for Below {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Below").finish_non_exhaustive()
    }
}

impl Collector for Below {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), fmt::Error> {
        writing::encode(&mut encoder, &self.writer)?;
        counter(
            &mut encoder,
            "reads_turned_away",
            "Reads turned away because too many of the same tenant were under way",
            self.reader.reader().share_counts().turned_away,
        )?;
        counter(
            &mut encoder,
            "log_lines_left_out",
            "Lines about failed requests that were left out of the log because there were too many alike",
            self.failures.left_out(),
        )?;
        let door = self.door.stats();
        counter(
            &mut encoder,
            "callbacks_received",
            "Callbacks that are in the log",
            door.received,
        )?;
        counter(
            &mut encoder,
            "callbacks_unlisted_sender",
            "Callbacks from addresses that are not on the list",
            door.unlisted_senders,
        )?;
        match &self.relay {
            Some(relay) => encode_relay(&mut encoder, *relay.borrow()),
            None => Ok(()),
        }
    }
}

fn encode_relay(encoder: &mut DescriptorEncoder<'_>, relay: RelayStatus) -> Result<(), fmt::Error> {
    gauge(
        encoder,
        "relay_connected",
        "Whether there is a connection to the message broker",
        relay.connected.into(),
    )?;
    gauge(
        encoder,
        "relay_works",
        "Whether events reach the message broker: there is a connection and no attempt fails",
        relay.works().into(),
    )?;
    gauge(
        encoder,
        "relay_lag_events",
        "Events that the relay has not read yet",
        relay.lag,
    )?;
    gauge(
        encoder,
        "relay_held_tenants",
        "Tenants whose events this process publishes",
        relay.held_tenants,
    )?;
    gauge(
        encoder,
        "relay_steps",
        "Tenants whose events are being published at this moment",
        relay.steps,
    )?;
    gauge(
        encoder,
        "relay_failing_tenants",
        "Tenants whose last attempt failed",
        relay.failing_tenants,
    )?;
    counter(encoder, "relay_published", "Events published", relay.published_total)?;
    counter(
        encoder,
        "relay_resumed",
        "Looks at what the message broker really holds",
        relay.resumed_total,
    )?;
    counter(
        encoder,
        "relay_diverged",
        "Streams that ended with an event that does not stand so in the log",
        relay.diverged_total,
    )
}

fn gauge(encoder: &mut DescriptorEncoder<'_>, name: &str, help: &str, value: u64) -> Result<(), fmt::Error> {
    let metric = ConstGauge::new(value);
    metric.encode(encoder.encode_descriptor(name, help, None, metric.metric_type())?)
}

fn counter(encoder: &mut DescriptorEncoder<'_>, name: &str, help: &str, value: u64) -> Result<(), fmt::Error> {
    let metric = ConstCounter::new(value);
    metric.encode(encoder.encode_descriptor(name, help, None, metric.metric_type())?)
}

/// Counters that differ in one label.
fn counters(
    encoder: &mut DescriptorEncoder<'_>,
    (name, label): (&str, &str),
    help: &str,
    values: &[(&str, u64)],
) -> Result<(), fmt::Error> {
    let mut family = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
    for (word, value) in values {
        let metric = ConstCounter::new(*value);
        metric.encode(family.encode_family(&[(label, *word)])?)?;
    }
    Ok(())
}
