//! Numbers about connections and about bodies in memory.

use std::fmt;
use std::sync::Arc;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;
use registry_web::room::Room;
use registry_web::serve::Gate;

use super::{counters, gauge};

/// What keeps these numbers.
pub(super) struct Connections {
    pub(super) gate: Arc<Gate>,
    pub(super) bodies: Room,
}

impl fmt::Debug for Connections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connections").finish_non_exhaustive()
    }
}

impl Collector for Connections {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), fmt::Error> {
        let stats = self.gate.stats();
        gauge(&mut encoder, "connections", "Connections that are open", stats.open)?;
        gauge(
            &mut encoder,
            "connections_limit",
            "Most connections that may be open at once",
            stats.connections_max,
        )?;
        counters(
            &mut encoder,
            ("connections_refused", "reason"),
            "Connections, or requests through a proxy, that were sent away before anything was read",
            &[
                ("all_taken", stats.refused_full),
                ("address", stats.refused_address),
                ("forwarded_address", stats.refused_requests),
            ],
        )?;
        counters(
            &mut encoder,
            ("connections_ended", "reason"),
            "Connections that were ended because the client was not waited for any longer",
            &[
                ("does_not_read", stats.ended_no_progress),
                ("slow_head", stats.ended_slow_head),
                ("idle", stats.ended_idle),
            ],
        )?;
        gauge(
            &mut encoder,
            "body_bytes",
            "Bytes of requests that are in memory, from their first byte until they are answered",
            self.bodies.taken() as u64,
        )
    }
}
