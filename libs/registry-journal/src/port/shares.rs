//! Shares of the connections that read: however long a tenant's questions take, they cannot take all of them.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use registry_domain::TenantId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::ReadError;

/// How long a question may wait for the tenant's own questions before it.
const WAIT_LIMIT: Duration = Duration::from_secs(2);

/// Tenants of which something is kept although nothing of theirs is under way. More are swept out.
const TENANTS_IDLE_MAX: usize = 10_000;

/// Who asks. Each has connections of its own, so that none of them waits for what the others ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Asker {
    /// Requests of tenants, of which one tenant gets a share.
    Requests,
    /// The service's own tasks, and commands of an operator.
    Tasks,
    /// What must be known before a request or a callback is dealt with: whose API key it is, whose apiKey.
    Door,
}

/// How the connections for requests are shared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ShareCounts {
    /// Questions turned away because too many of the same tenant were under way.
    pub turned_away: u64,
}

/// Shares out the connections that read.
pub struct Shares {
    each: usize,
    tenants: Mutex<HashMap<TenantId, Arc<Semaphore>>>,
    turned_away: AtomicU64,
}

impl Shares {
    /// At most so many questions of one tenant are under way at once.
    pub fn new(each: usize) -> Self {
        Self {
            each,
            tenants: Mutex::default(),
            turned_away: AtomicU64::new(0),
        }
    }

    /// Shares of so many connections: three quarters are for one tenant at most, and some are always left to the others.
    pub fn of_readers(readers: u32) -> Self {
        Self::new((readers - readers.div_ceil(4)).max(1) as usize)
    }

    /// Waits until the tenant may ask, but not for long. Its share is taken until what is returned is dropped.
    pub async fn enter(&self, tenant: TenantId, question: &'static str) -> Result<OwnedSemaphorePermit, ReadError> {
        let share = self.share(tenant);
        // Most of the time nobody has to wait.
        if let Ok(entered) = Arc::clone(&share).try_acquire_owned() {
            return Ok(entered);
        }
        // Nobody closes a share: what fails is the waiting.
        let waited = tokio::time::timeout(WAIT_LIMIT, share.acquire_owned()).await;
        waited.ok().and_then(Result::ok).ok_or_else(|| {
            self.turned_away.fetch_add(1, Ordering::Relaxed);
            ReadError::Crowded { question }
        })
    }

    /// Numbers since the start.
    pub fn counts(&self) -> ShareCounts {
        ShareCounts {
            turned_away: self.turned_away.load(Ordering::Relaxed),
        }
    }

    fn share(&self, tenant: TenantId) -> Arc<Semaphore> {
        let mut tenants = self.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        if tenants.len() > TENANTS_IDLE_MAX {
            tenants.retain(|_, share| Arc::strong_count(share) > 1);
        }
        let share = tenants
            .entry(tenant)
            .or_insert_with(|| Arc::new(Semaphore::new(self.each)));
        Arc::clone(share)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const SLOW: TenantId = TenantId::from_uuid(Uuid::from_u128(1));
    const OTHER: TenantId = TenantId::from_uuid(Uuid::from_u128(2));

    #[tokio::test(start_paused = true)]
    async fn a_tenant_waits_for_itself_and_not_for_others() {
        let shares = Shares::new(2);
        let enter = async |tenant| shares.enter(tenant, "merchants").await;
        let first = enter(SLOW).await.unwrap();
        let _second = enter(SLOW).await.unwrap();
        let refused = enter(SLOW).await.unwrap_err();
        assert!(matches!(refused, ReadError::Crowded { question: "merchants" }));
        assert_eq!(shares.counts(), ShareCounts { turned_away: 1 });
        let _of_another = enter(OTHER).await.unwrap();
        let (entered, ()) = tokio::join!(enter(SLOW), async { drop(first) });
        assert!(entered.is_ok());
    }
}
