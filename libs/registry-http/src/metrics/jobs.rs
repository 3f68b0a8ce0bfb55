//! Numbers about jobs.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use registry_jobs::Numbers;

use super::gauge;

/// Numbers that the runner keeps. Nobody is asked.
#[derive(Debug)]
pub(super) struct Worked(pub(super) Numbers);

impl Collector for Worked {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), fmt::Error> {
        let counts = self.0.counts();
        let help = "Rows of jobs that were tried by this process, by what came of them";
        let mut rows = encoder.encode_descriptor("job_rows", help, None, MetricType::Counter)?;
        for (outcome, count) in [
            ("done", counts.done),
            ("failed", counts.failed),
            ("put_back", counts.put_back),
        ] {
            ConstCounter::new(count).encode(rows.encode_family(&[("outcome", outcome)])?)?;
        }
        gauge(
            &mut encoder,
            "jobs_due",
            "Jobs of all tenants that were to be worked at when it was looked last",
            counts.due,
        )?;
        gauge(
            &mut encoder,
            "job_steps",
            "Tenants at whose jobs this process works at the moment",
            counts.steps,
        )
    }
}
