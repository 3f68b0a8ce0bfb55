//! Merchants as of an event. Folded from the last state at hand where possible, from the log otherwise.

use std::num::NonZeroUsize;

use lru::LruCache;
use registry_domain::merchant::{Event, Merchant, evolve};
use registry_domain::{MerchantId, TenantId, Version};
use registry_journal::archive::Until;
use registry_journal::record::StreamEvent;
use registry_journal::{Archive, ArchiveError, RecordedEvent};

/// Most merchants whose state is kept at hand, over all tenants. One takes about a kilobyte.
const STATES_MAX: NonZeroUsize = NonZeroUsize::new(10_000).expect("it is not zero");

/// The states at hand.
pub(super) struct States {
    cache: LruCache<(TenantId, MerchantId), Merchant>,
}

impl States {
    pub(super) fn new() -> Self {
        Self {
            // Does not reserve room for all of them: an idle registry stays small.
            cache: LruCache::sparse(STATES_MAX),
        }
    }

    /// Forgets the merchants that a page tells to be erased: what is published from here on must not hold what is no
    /// longer in the log, even if the event is older than the erasure.
    pub(super) fn forget_erased(&mut self, page: &[RecordedEvent]) {
        for recorded in page {
            let erases = matches!(&recorded.event, StreamEvent::Merchant(Event::MerchantErased));
            if let Some(id) = recorded.stream.merchant_id()
                && (erases || recorded.erased)
            {
                self.cache.pop(&(recorded.tenant_id, id));
            }
        }
    }

    /// Has merchants at hand as they were at a version each. Those that are not yet are folded from the log together: one
    /// by one they would cost a round trip each.
    pub(super) async fn fetch(
        &mut self,
        archive: &Archive,
        tenant: TenantId,
        wanted: impl Iterator<Item = (MerchantId, Version)>,
    ) -> Result<(), ArchiveError> {
        let mut missing = Vec::new();
        for (id, version) in wanted {
            // Whoever is at hand is looked at, so that it stays when the others come.
            let state = self.cache.get(&(tenant, id));
            if state.is_none_or(|state| state.version != version) {
                missing.push((id, version));
            }
        }
        for merchant in archive.merchants_at(tenant, &missing).await? {
            self.cache.put((tenant, merchant.id), merchant);
        }
        Ok(())
    }

    /// The merchant right after one of its events. None if the event stands before its registration.
    pub(super) async fn after(
        &mut self,
        archive: &Archive,
        id: MerchantId,
        event: &Event,
        recorded: &RecordedEvent,
    ) -> Result<Option<&Merchant>, ArchiveError> {
        let key = (recorded.tenant_id, id);
        let stamp = recorded.stamp;
        let before = self
            .cache
            .pop(&key)
            .filter(|state| state.version.next() == stamp.version);
        let merchant = if before.is_some() || stamp.version == Version::ZERO.next() {
            evolve(id, before, event, stamp)
        } else {
            archive
                .merchant_at(recorded.tenant_id, id, Until::Version(stamp.version))
                .await?
        };
        Ok(merchant.map(|merchant| self.cache.get_or_insert(key, || merchant)))
    }

    /// The merchant at a version. None if it was not registered then.
    pub(super) async fn at(
        &mut self,
        archive: &Archive,
        tenant: TenantId,
        id: MerchantId,
        version: Version,
    ) -> Result<Option<&Merchant>, ArchiveError> {
        let key = (tenant, id);
        let is_at_hand = self.cache.peek(&key).is_some_and(|state| state.version == version);
        if !is_at_hand {
            match archive.merchant_at(tenant, id, Until::Version(version)).await? {
                Some(merchant) => self.cache.put(key, merchant),
                None => self.cache.pop(&key),
            };
        }
        Ok(self.cache.peek(&key))
    }
}
