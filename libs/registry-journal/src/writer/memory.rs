//! What the last batches of a lane left behind. As long as nobody else has written to a tenant's log, the tenant and its
//! merchants are as they were left, and the next batch need not read them.
//!
//! Nothing here is believed: whatever is decided on it is written only if the logs still end where they did. That also
//! makes good what is read beside it without a lock: a log that ends under the lock where it ended before the reading
//! ended there in between.

use std::num::NonZeroUsize;

use lru::LruCache;
use registry_domain::{MerchantId, TenantId};

use super::batch::Left;
use crate::port::{ExpectedHead, Head, Loaded, LoadedMerchant, LoadedTenant, Scope};

/// Most tenants that a lane remembers.
const TENANTS_MAX: NonZeroUsize = NonZeroUsize::new(1_024).unwrap();

/// The memory of one lane.
pub(super) struct Memory {
    is_on: bool,
    tenants: LruCache<TenantId, Remembered>,
    /// Of tenants only that are ours.
    merchants: LruCache<(TenantId, MerchantId), LoadedMerchant>,
}

struct Remembered {
    loaded: LoadedTenant,
    head: Head,
    /// Whether the log was once found where this lane had left it. One that other processes write to as well moves on
    /// between two batches of ours: to remember what is in it would be in vain.
    is_ours: bool,
}

/// What a batch asks for, out of the memory.
pub(super) struct Recalled {
    pub(super) loaded: Loaded,
    /// The merchants that are not remembered.
    pub(super) missing: Vec<(TenantId, MerchantId)>,
    /// Sorted by tenant.
    pub(super) expected: Vec<ExpectedHead>,
}

impl Memory {
    /// An empty one that holds so many merchants at most.
    pub(super) fn new(merchants_max: usize) -> Self {
        Self {
            is_on: merchants_max > 0,
            // They do not reserve room: an idle registry stays small.
            tenants: LruCache::sparse(TENANTS_MAX),
            merchants: LruCache::sparse(NonZeroUsize::new(merchants_max).unwrap_or(NonZeroUsize::MIN)),
        }
    }

    /// What a scope names, if all of its tenants are ours. The merchants leave the memory: they come back with what the
    /// batch leaves behind, or not at all.
    pub(super) fn recall(&mut self, scope: &Scope) -> Option<Recalled> {
        let is_ours = |id: &TenantId| self.tenants.peek(id).is_some_and(|tenant| tenant.is_ours);
        if !(scope.is_plain() && scope.tenants.iter().all(is_ours)) {
            return None;
        }
        let mut loaded = Loaded::default();
        let mut expected = Vec::with_capacity(scope.tenants.len());
        for id in &scope.tenants {
            let remembered = self.tenants.get(id)?;
            expected.push(ExpectedHead::of(&remembered.loaded, remembered.head));
            loaded.heads.insert(*id, remembered.head);
            loaded.tenants.insert(*id, remembered.loaded.clone());
        }
        let mut missing = Vec::new();
        for key in &scope.merchants {
            match self.merchants.pop(key) {
                Some(merchant) => {
                    loaded.merchants.insert(*key, merchant);
                }
                None => missing.push(*key),
            }
        }
        Some(Recalled {
            loaded,
            missing,
            expected,
        })
    }

    /// Compares what was read under the locks with what is remembered of the same tenants, and forgets those that others
    /// have changed.
    pub(super) fn meet(&mut self, loaded: &Loaded) {
        for (id, tenant) in &loaded.tenants {
            let Some(head) = loaded.heads.get(id) else { continue };
            let was_left_so = self.tenants.peek(id).is_some_and(|remembered| {
                remembered.head == *head && remembered.loaded.generation == tenant.generation
            });
            if !was_left_so {
                self.forget(*id);
            }
            let remembered = Remembered {
                loaded: tenant.clone(),
                head: *head,
                is_ours: was_left_so && self.is_on,
            };
            if let Some((evicted, _)) = self.tenants.push(*id, remembered)
                && evicted != *id
            {
                self.forget_merchants(evicted);
            }
        }
    }

    /// Remembers what a batch left behind once it is committed.
    pub(super) fn keep(&mut self, left: Left) {
        for (id, head) in left.heads {
            if let Some(remembered) = self.tenants.peek_mut(&id) {
                remembered.head = head;
            }
        }
        for (key, merchant) in left.merchants {
            if self.tenants.peek(&key.0).is_some_and(|tenant| tenant.is_ours) {
                self.merchants.put(key, merchant);
            }
        }
        for id in left.changed_tenants {
            self.forget(id);
        }
    }

    fn forget(&mut self, id: TenantId) {
        if self.tenants.pop(&id).is_some_and(|tenant| tenant.is_ours) {
            self.forget_merchants(id);
        }
    }

    fn forget_merchants(&mut self, id: TenantId) {
        let keys: Vec<_> = self
            .merchants
            .iter()
            .map(|(key, _)| *key)
            .filter(|key| key.0 == id)
            .collect();
        for key in keys {
            self.merchants.pop(&key);
        }
    }
}
