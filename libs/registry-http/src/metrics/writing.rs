//! Numbers about the write path.

use std::fmt;

use prometheus_client::encoding::DescriptorEncoder;
use registry_journal::Writer;

use super::{counter, gauge};

/// Writes them down as they are now.
pub(super) fn encode(encoder: &mut DescriptorEncoder<'_>, writer: &Writer) -> Result<(), fmt::Error> {
    let stats = writer.stats();
    gauge(
        encoder,
        "writer_queue_length",
        "Commands that wait to be written",
        stats.queued,
    )?;
    gauge(
        encoder,
        "writer_queue_bytes",
        "Memory that these commands take",
        stats.queued_bytes,
    )?;
    counter(
        encoder,
        "writer_commands",
        "Commands answered after a commit",
        stats.commands,
    )?;
    counter(encoder, "writer_batches", "Transactions committed", stats.batches)?;
    counter(encoder, "writer_events", "Events written", stats.events)?;
    counter(
        encoder,
        "writer_refused",
        "Commands turned away because the queue, or the tenant's share of it, was full",
        stats.refused_busy,
    )?;
    counter(
        encoder,
        "writer_failed",
        "Commands that could not be written",
        stats.failed,
    )?;
    counter(
        encoder,
        "writer_retried",
        "Transactions tried again or split",
        stats.retried,
    )?;
    counter(
        encoder,
        "writer_appended",
        "Transactions committed that had no need to read under their locks",
        stats.appended,
    )?;
    counter(
        encoder,
        "writer_overtaken",
        "Batches decided again because another process had written to the same logs",
        stats.overtaken,
    )?;
    counter(
        encoder,
        "writer_untimely",
        "Commands refused because the clocks of the process and of the database differ by too much",
        stats.untimely,
    )?;
    gauge(
        encoder,
        "log_ahead_seconds",
        "How far the time of some log lies ahead of the clock of the process",
        stats.log_ahead_seconds,
    )?;
    gauge(
        encoder,
        "writer_works",
        "Whether something can be written, as far as the last batches and probes tell",
        writer.last_health().works.into(),
    )
}
