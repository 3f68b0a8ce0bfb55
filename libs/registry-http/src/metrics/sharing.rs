//! Numbers about what all share, and who is refused more of it.

use std::fmt;
use std::sync::Arc;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;
use registry_web::room::Room;
use registry_web::serve::Gate;

use super::gauge;
use crate::request_rates::RequestRates;

/// What is shared by all who ask.
pub struct Sharing {
    /// Connections.
    pub gate: Arc<Gate>,
    /// Memory for bodies.
    pub bodies: Room,
    /// Requests.
    pub request_rates: Arc<RequestRates>,
}

impl fmt::Debug for Sharing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sharing").finish_non_exhaustive()
    }
}

impl Collector for Sharing {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), fmt::Error> {
        gauge(
            &mut encoder,
            "request_rates_kept",
            "Keys, people and tenants of which it is kept how often they have asked",
            self.request_rates.kept() as u64,
        )
    }
}
