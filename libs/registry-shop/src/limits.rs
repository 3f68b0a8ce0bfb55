//! How much of it there may be.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use chrono::TimeDelta;
use moka::sync::Cache;
use registry_domain::MerchantId;
use tokio::sync::{Mutex, OwnedMutexGuard};

/// How many shops are counted at once. One more makes the registry forget one of them.
const SHOPS_MAX: u64 = 10_000;

/// Limits that an operator sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShopLimits {
    /// For how long after it was issued a URL of Paymint's is taken again.
    pub reuse: TimeDelta,
    /// Most links that one shop has issued in an hour before it is sent to the last one.
    pub links_per_hour_max: usize,
    /// The same in a day.
    pub links_per_day_max: usize,
    /// Most requests for the pages of one shop in a minute.
    pub pages_per_minute_max: u32,
    /// Most requests for pages that are under way at once.
    pub requests_max: usize,
    /// How soon after one return of a shop another one has Paymint asked again.
    pub return_interval: TimeDelta,
}

/// The requests for each shop's pages within a minute.
pub(crate) struct Paces {
    by_shop: Cache<MerchantId, Arc<AtomicU32>>,
    max: u32,
}

impl Paces {
    pub(crate) fn new(max: u32) -> Self {
        let by_shop = Cache::builder()
            .max_capacity(SHOPS_MAX)
            .time_to_live(Duration::from_mins(1))
            .build();
        Self { by_shop, max }
    }

    /// Whether one more may come.
    pub(crate) fn take(&self, shop: MerchantId) -> bool {
        let requests = self.by_shop.get_with(shop, Arc::default);
        requests.fetch_add(1, Ordering::Relaxed) < self.max
    }
}

/// One press at a time for each shop: what follows from the second is then known from the first. Other processes are kept apart by
/// the log.
pub(crate) struct Turns {
    by_shop: Cache<MerchantId, Arc<Mutex<()>>>,
}

impl Turns {
    pub(crate) fn new() -> Self {
        let by_shop = Cache::builder()
            .max_capacity(SHOPS_MAX)
            .time_to_idle(Duration::from_mins(1))
            .build();
        Self { by_shop }
    }

    /// Waits until nobody else presses for this shop.
    pub(crate) async fn take(&self, shop: MerchantId) -> OwnedMutexGuard<()> {
        self.by_shop.get_with(shop, Arc::default).lock_owned().await
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn one_shop_s_requests_are_not_another_s() {
        let shop = |number| MerchantId::from_uuid(Uuid::from_u128(number));
        let paces = Paces::new(2);
        assert!(paces.take(shop(1)) && paces.take(shop(1)) && !paces.take(shop(1)));
        assert!(paces.take(shop(2)));
    }
}
