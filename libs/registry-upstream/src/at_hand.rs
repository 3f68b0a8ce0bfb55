//! The ways to Paymint as they were lately, for whoever may not wait: each callback is scrubbed of its tenant's key, and
//! none may cost a look-up for that.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use registry_domain::TenantId;
use tokio::time::{Instant, timeout};

use crate::directory::{TenantUpstream, UpstreamDirectory, UpstreamError};

/// How old what is at hand may be. A key that was changed is known after this time.
const FRESH_TIME: Duration = Duration::from_mins(1);

/// After how long a look-up that failed is tried again.
const RETRY_TIME: Duration = Duration::from_secs(5);

/// How long the first callback of a tenant waits for its key. Without it, keys are still found by their names.
const LOOK_UP_LIMIT: Duration = Duration::from_millis(500);

/// Most tenants of which something is at hand; beyond that all are looked up anew.
const TENANTS_MAX: usize = 10_000;

struct Known {
    upstream: Option<Arc<TenantUpstream>>,
    fresh_until: Instant,
}

/// What is at hand. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct AtHand(Arc<Mutex<HashMap<TenantId, Known>>>);

enum Seen {
    Fresh(Option<Arc<TenantUpstream>>),
    Stale(Option<Arc<TenantUpstream>>),
    Nothing,
}

impl AtHand {
    /// Looks once. Whoever finds something stale is the one to look it up; the others wait for nothing.
    fn see(&self, tenant_id: TenantId, now: Instant) -> Seen {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match all.get_mut(&tenant_id) {
            None => Seen::Nothing,
            Some(known) if known.fresh_until > now => Seen::Fresh(known.upstream.clone()),
            Some(known) => {
                known.fresh_until = now + RETRY_TIME;
                Seen::Stale(known.upstream.clone())
            }
        }
    }

    pub(crate) fn put(&self, tenant_id: TenantId, upstream: Option<Arc<TenantUpstream>>, fresh_time: Duration) {
        let fresh_until = Instant::now() + fresh_time;
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= TENANTS_MAX {
            all.clear();
        }
        all.insert(tenant_id, Known { upstream, fresh_until });
    }
}

impl UpstreamDirectory {
    /// A tenant's way to Paymint as it was within the last minute; none if it has none, or if it cannot be had at once.
    pub async fn at_hand(&self, tenant_id: TenantId) -> Option<Arc<TenantUpstream>> {
        match self.at_hand.see(tenant_id, Instant::now()) {
            Seen::Fresh(upstream) => upstream,
            Seen::Stale(upstream) => {
                let directory = self.clone();
                tokio::spawn(async move { directory.take_to_hand(tenant_id).await });
                upstream
            }
            Seen::Nothing => match timeout(LOOK_UP_LIMIT, self.take_to_hand(tenant_id)).await {
                Ok(upstream) => upstream,
                Err(_elapsed) => {
                    self.at_hand.put(tenant_id, None, Duration::ZERO);
                    None
                }
            },
        }
    }

    /// What cannot be read now leaves at hand what is.
    async fn take_to_hand(&self, tenant_id: TenantId) -> Option<Arc<TenantUpstream>> {
        match self.of(tenant_id).await {
            Ok(upstream) => {
                self.at_hand.put(tenant_id, Some(Arc::clone(&upstream)), FRESH_TIME);
                Some(upstream)
            }
            Err(UpstreamError::NotConfigured | UpstreamError::Unusable) => {
                self.at_hand.put(tenant_id, None, FRESH_TIME);
                None
            }
            Err(UpstreamError::Read(_)) => None,
        }
    }
}
