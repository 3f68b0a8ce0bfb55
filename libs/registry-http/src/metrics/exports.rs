//! Numbers about exports.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use registry_exports::ExportNumbers;

use super::gauge;

/// Numbers that the runner keeps. Nobody is asked.
#[derive(Debug)]
pub(super) struct Made(pub(super) ExportNumbers);

impl Collector for Made {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), fmt::Error> {
        let counts = self.0.counts();
        let help = "Files of lists that this process has made, by what came of them";
        let mut files = encoder.encode_descriptor("exports", help, None, MetricType::Counter)?;
        for (outcome, count) in [("ready", counts.ready), ("failed", counts.failed)] {
            ConstCounter::new(count).encode(files.encode_family(&[("outcome", outcome)])?)?;
        }
        let help = "Merchants that this process has written into files";
        let rows = encoder.encode_descriptor("export_rows", help, None, MetricType::Counter)?;
        ConstCounter::new(counts.rows).encode(rows)?;
        let help = "Bytes of files that were taken from this process";
        let taken = encoder.encode_descriptor("export_bytes_taken", help, None, MetricType::Counter)?;
        ConstCounter::new(counts.bytes_taken).encode(taken)?;
        gauge(
            &mut encoder,
            "exports_due",
            "Tenants that waited for a file when it was looked last",
            counts.due,
        )?;
        gauge(
            &mut encoder,
            "exports_under_way",
            "Files that this process makes at the moment",
            counts.under_way,
        )
    }
}
