//! Numbers about the pages of shops.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;
use registry_shop::ShopPages;

use super::{counters, gauge};

/// Numbers that the pages keep, read when they are asked for.
pub(super) struct Shops(pub(super) ShopPages);

impl fmt::Debug for Shops {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shops").finish_non_exhaustive()
    }
}

impl Collector for Shops {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), fmt::Error> {
        let stats = self.0.stats();
        counters(
            &mut encoder,
            ("shop_pages_refused", "reason"),
            "Requests for pages of shops that were refused, by reason",
            &stats.refused,
        )?;
        counters(
            &mut encoder,
            ("shop_moves", "outcome"),
            "Shops that wanted to go on to Paymint or came back from there, by what came of it",
            &stats.went,
        )?;
        gauge(
            &mut encoder,
            "shop_requests",
            "Requests for pages of shops that are under way",
            stats.under_way.try_into().unwrap_or(u64::MAX),
        )
    }
}
