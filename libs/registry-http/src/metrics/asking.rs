//! Numbers about asking upstream.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;
use registry_journal::Ambient;
use registry_upstream::{BreakerState, Inquirer, ReconcilerStatus};
use tokio::sync::watch;

use super::{counter, counters, gauge};

/// Numbers about asking upstream, read when they are asked for.
pub(super) struct Asking {
    pub(super) inquirer: Inquirer,
    pub(super) reconciler: watch::Receiver<ReconcilerStatus>,
    pub(super) ambient: Ambient,
}

impl fmt::Debug for Asking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Asking").finish_non_exhaustive()
    }
}

impl Collector for Asking {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), fmt::Error> {
        let stats = self.inquirer.stats();
        let by_source = |counts: &[(registry_domain::review::ReadingSource, u64)]| -> Vec<_> {
            counts.iter().map(|(source, count)| (source.as_str(), *count)).collect()
        };
        counters(
            &mut encoder,
            ("upstream_answers", "source"),
            "Answers of upstream about merchants",
            &by_source(&stats.answered),
        )?;
        counters(
            &mut encoder,
            ("upstream_healed", "source"),
            "Changes found by asking that no callback had brought",
            &by_source(&stats.healed),
        )?;
        let failed: Vec<_> = stats
            .failed
            .iter()
            .map(|(kind, count)| (kind.as_str(), *count))
            .collect();
        counters(
            &mut encoder,
            ("upstream_failures", "kind"),
            "Questions to upstream that failed",
            &failed,
        )?;
        let breakers = self.inquirer.breakers();
        let count = |state| breakers.iter().filter(|breaker| breaker.state == state).count() as u64;
        gauge(
            &mut encoder,
            "upstream_breakers_open",
            "Upstreams that are down and are not called",
            count(BreakerState::Open),
        )?;
        gauge(
            &mut encoder,
            "upstream_breakers_half_open",
            "Upstreams that a single call is trying out",
            count(BreakerState::HalfOpen),
        )?;
        self.encode_reconciler(&mut encoder)
    }
}

impl Asking {
    fn encode_reconciler(&self, encoder: &mut DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let status = *self.reconciler.borrow();
        let waiting = status
            .oldest_due_at
            .map_or(0, |due_at| (self.ambient.now() - due_at).num_seconds());
        let gauges = [
            (
                "reconciler_held_tenants",
                "Tenants that this process reconciles",
                status.held_tenants,
            ),
            (
                "reconciler_due",
                "Merchants whose question to upstream is due",
                status.due,
            ),
            (
                "reconciler_oldest_due_seconds",
                "For how long the oldest of these questions is due",
                u64::try_from(waiting).unwrap_or(0),
            ),
            (
                "reconciler_open_confirmations",
                "Merchants with a claim that waits for the word of upstream",
                status.open_confirmations,
            ),
            (
                "reconciler_paused_tenants",
                "Tenants that upstream refuses as a whole",
                status.paused_tenants,
            ),
            (
                "reconciler_unverifiable_tenants",
                "Tenants that have switched reading back off",
                status.unverifiable_tenants,
            ),
            (
                "reconciler_unreadable_tenants",
                "Tenants whose row cannot be read: nothing is done for them",
                status.unreadable_tenants,
            ),
            (
                "reconciler_failing_tenants",
                "Tenants whose last pass failed",
                status.failing_tenants,
            ),
        ];
        for (name, help, value) in gauges {
            gauge(encoder, name, help, value)?;
        }
        counter(
            encoder,
            "reconciler_unreadable_merchants",
            "Merchants passed over because what is stored of them cannot be read",
            status.unreadable_merchants_total,
        )?;
        counter(
            encoder,
            "reconciler_released",
            "Held claims that nobody vouched for in time",
            status.released_total,
        )
    }
}
