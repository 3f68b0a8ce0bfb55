//! Numbers about what is carried to event destinations.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use registry_deliveries::Numbers;

use super::{counter, gauge};

/// Numbers that the courier keeps. Nobody is asked.
#[derive(Debug)]
pub(super) struct Carried(pub(super) Numbers);

impl Collector for Carried {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), fmt::Error> {
        let counts = self.0.counts();
        let help = "Attempts to carry something to an event destination, by its kind and whether it arrived";
        let mut attempts = encoder.encode_descriptor("delivery_attempts", help, None, MetricType::Counter)?;
        for (kind, arrived, failed) in &counts.attempts {
            for (outcome, count) in [("arrived", *arrived), ("failed", *failed)] {
                let labels = [("kind", kind.as_str()), ("outcome", outcome)];
                ConstCounter::new(count).encode(attempts.encode_family(&labels)?)?;
            }
        }
        counter(
            &mut encoder,
            "deliveries_given_up",
            "Times at which what was tried for three days at an event destination was given up",
            counts.given_up,
        )?;
        counter(
            &mut encoder,
            "event_destinations_disabled",
            "Event destinations that were switched off because nothing arrived or they were gone",
            counts.disabled,
        )?;
        gauge(
            &mut encoder,
            "deliveries_due",
            "Deliveries of this process's tenants that were due and not on their way when it was looked last",
            counts.due,
        )?;
        let oldest = counts.oldest_due.map_or(0, |oldest| oldest.timestamp());
        let help = "Since when the oldest of these is due, in seconds since 1970; 0 for none";
        let due =
            encoder.encode_descriptor("deliveries_oldest_due_timestamp_seconds", help, None, MetricType::Gauge)?;
        ConstGauge::new(oldest).encode(due)
    }
}
