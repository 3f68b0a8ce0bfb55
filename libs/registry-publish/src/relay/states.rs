//! Merchants as of an event. Folded from the last state at hand where possible, from the log otherwise.

use std::num::NonZeroUsize;
use std::sync::{Mutex, MutexGuard, PoisonError};

use lru::LruCache;
use registry_domain::merchant::{Event, Merchant, evolve};
use registry_domain::{MerchantId, TenantId, Version};
use registry_journal::archive::Until;
use registry_journal::record::StreamEvent;
use registry_journal::{Archive, ArchiveError, RecordedEvent};

/// Most merchants whose state is kept at hand, over all tenants. One takes about a kilobyte.
const STATES_MAX: NonZeroUsize = NonZeroUsize::new(10_000).expect("it is not zero");

/// The states at hand. Steps of several tenants use them side by side: nothing is waited for while they are locked.
pub(super) struct States {
    cache: Mutex<LruCache<(TenantId, MerchantId), Merchant>>,
}

impl States {
    pub(super) fn new() -> Self {
        Self {
            // Does not reserve room for all of them: an idle registry stays small.
            cache: Mutex::new(LruCache::sparse(STATES_MAX)),
        }
    }

    fn lock(&self) -> MutexGuard<'_, LruCache<(TenantId, MerchantId), Merchant>> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets the merchants that a page tells to be erased: what is published from here on must not hold what is no
    /// longer in the log, even if the event is older than the erasure.
    pub(super) fn forget_erased(&self, page: &[RecordedEvent]) {
        let mut cache = self.lock();
        for recorded in page {
            let erases = matches!(&recorded.event, StreamEvent::Merchant(Event::MerchantErased));
            if let Some(id) = recorded.stream.merchant_id()
                && (erases || recorded.erased)
            {
                cache.pop(&(recorded.tenant_id, id));
            }
        }
    }

    /// Has merchants at hand as they were at a version each. Those that are not yet are folded from the log together: one
    /// by one they would cost a round trip each.
    pub(super) async fn fetch(
        &self,
        archive: &Archive,
        tenant: TenantId,
        wanted: impl Iterator<Item = (MerchantId, Version)>,
    ) -> Result<(), ArchiveError> {
        let missing = self.missing(tenant, wanted);
        let found = archive.merchants_at(tenant, &missing).await?;
        let mut cache = self.lock();
        for merchant in found {
            cache.put((tenant, merchant.id), merchant);
        }
        Ok(())
    }

    fn missing(
        &self,
        tenant: TenantId,
        wanted: impl Iterator<Item = (MerchantId, Version)>,
    ) -> Vec<(MerchantId, Version)> {
        let mut cache = self.lock();
        // Whoever is at hand is looked at, so that it stays when the others come.
        let is_missing = |(id, version): &(MerchantId, Version)| {
            let state = cache.get(&(tenant, *id));
            state.is_none_or(|state| state.version != *version)
        };
        wanted.filter(is_missing).collect()
    }

    /// What is made of the merchant right after one of its events. None if the event stands before its registration.
    pub(super) async fn after<T>(
        &self,
        archive: &Archive,
        id: MerchantId,
        event: &Event,
        recorded: &RecordedEvent,
        make: impl FnOnce(&Merchant) -> T,
    ) -> Result<Option<T>, ArchiveError> {
        let key = (recorded.tenant_id, id);
        let stamp = recorded.stamp;
        let before = self
            .lock()
            .pop(&key)
            .filter(|state| state.version.next() == stamp.version);
        let merchant = if before.is_some() || stamp.version == Version::ZERO.next() {
            evolve(id, before, event, stamp)
        } else {
            archive
                .merchant_at(recorded.tenant_id, id, Until::Version(stamp.version))
                .await?
        };
        Ok(merchant.map(|merchant| self.make(key, merchant, make)))
    }

    /// What is made of the merchant at a version. None if it was not registered then.
    pub(super) async fn at<T>(
        &self,
        archive: &Archive,
        tenant: TenantId,
        id: MerchantId,
        version: Version,
        make: impl FnOnce(&Merchant) -> T,
    ) -> Result<Option<T>, ArchiveError> {
        let key = (tenant, id);
        let at_hand = self.lock().pop(&key).filter(|state| state.version == version);
        let merchant = match at_hand {
            Some(merchant) => Some(merchant),
            None => archive.merchant_at(tenant, id, Until::Version(version)).await?,
        };
        Ok(merchant.map(|merchant| self.make(key, merchant, make)))
    }

    /// Makes something of a merchant while nobody waits for that, and has it at hand.
    fn make<T>(&self, key: (TenantId, MerchantId), merchant: Merchant, make: impl FnOnce(&Merchant) -> T) -> T {
        let result = make(&merchant);
        self.lock().put(key, merchant);
        result
    }
}
