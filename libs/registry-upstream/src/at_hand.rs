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

/// What is at hand. Cheap to clone; all clones share it.
#[derive(Clone)]
pub struct AtHand {
    directory: UpstreamDirectory,
    known: Arc<Mutex<HashMap<TenantId, Known>>>,
}

enum Seen {
    Fresh(Option<Arc<TenantUpstream>>),
    Stale(Option<Arc<TenantUpstream>>),
    Nothing,
}

impl AtHand {
    /// Nothing is at hand yet; what is looked up is looked up there.
    pub fn new(directory: UpstreamDirectory) -> Self {
        Self {
            directory,
            known: Arc::default(),
        }
    }

    /// Looks once. Whoever finds something stale is the one to look it up; the others wait for nothing.
    fn see(&self, tenant_id: TenantId, now: Instant) -> Seen {
        let mut all = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        match all.get_mut(&tenant_id) {
            None => Seen::Nothing,
            Some(known) if known.fresh_until > now => Seen::Fresh(known.upstream.clone()),
            Some(known) => {
                known.fresh_until = now + RETRY_TIME;
                Seen::Stale(known.upstream.clone())
            }
        }
    }

    fn put(&self, tenant_id: TenantId, upstream: Option<Arc<TenantUpstream>>, fresh_time: Duration) {
        let fresh_until = Instant::now() + fresh_time;
        let mut all = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= TENANTS_MAX {
            all.clear();
        }
        all.insert(tenant_id, Known { upstream, fresh_until });
    }

    /// A tenant's way to Paymint as it is configured now.
    pub async fn now(&self, tenant_id: TenantId) -> Result<Arc<TenantUpstream>, UpstreamError> {
        self.directory.of(tenant_id).await
    }

    /// A tenant's way to Paymint as it was within the last minute; none if it has none, or if it cannot be had at once.
    pub async fn lately(&self, tenant_id: TenantId) -> Option<Arc<TenantUpstream>> {
        match self.see(tenant_id, Instant::now()) {
            Seen::Fresh(upstream) => upstream,
            Seen::Stale(upstream) => {
                let at_hand = self.clone();
                tokio::spawn(async move { at_hand.take_to_hand(tenant_id).await });
                upstream
            }
            Seen::Nothing => match timeout(LOOK_UP_LIMIT, self.take_to_hand(tenant_id)).await {
                Ok(upstream) => upstream,
                Err(_elapsed) => {
                    self.put(tenant_id, None, Duration::ZERO);
                    None
                }
            },
        }
    }

    /// What cannot be read now leaves at hand what is.
    async fn take_to_hand(&self, tenant_id: TenantId) -> Option<Arc<TenantUpstream>> {
        match self.now(tenant_id).await {
            Ok(upstream) => {
                self.put(tenant_id, Some(Arc::clone(&upstream)), FRESH_TIME);
                Some(upstream)
            }
            Err(UpstreamError::NotConfigured | UpstreamError::Unusable) => {
                self.put(tenant_id, None, FRESH_TIME);
                None
            }
            Err(UpstreamError::Read(_)) => None,
        }
    }
}
