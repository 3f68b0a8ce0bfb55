//! How many files are written for a tenant at once: each holds memory and reads for as long as its client takes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use registry_domain::TenantId;

/// For one tenant.
pub const DOWNLOADS_PER_TENANT: usize = 2;

/// For all of them.
pub const DOWNLOADS_MAX: usize = 8;

/// Files that are being written.
#[derive(Debug, Default)]
pub struct Downloads {
    open: Mutex<HashMap<TenantId, usize>>,
}

/// The place of one file, until it is written or given up.
#[derive(Debug)]
pub struct Download {
    downloads: Arc<Downloads>,
    tenant: TenantId,
}

impl Downloads {
    /// A place for another file of a tenant's; none while all are taken.
    pub fn begin(self: &Arc<Self>, tenant: TenantId) -> Option<Download> {
        let mut open = self.open();
        let (all, own) = (open.values().sum::<usize>(), open.get(&tenant).copied().unwrap_or(0));
        if all >= DOWNLOADS_MAX || own >= DOWNLOADS_PER_TENANT {
            return None;
        }
        open.insert(tenant, own + 1);
        drop(open);
        Some(Download {
            downloads: Arc::clone(self),
            tenant,
        })
    }

    fn open(&self) -> MutexGuard<'_, HashMap<TenantId, usize>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Download {
    fn drop(&mut self) {
        let mut open = self.downloads.open();
        if let Some(own) = open.get_mut(&self.tenant) {
            *own = own.saturating_sub(1);
            if *own == 0 {
                open.remove(&self.tenant);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_tenant_has_some_places_and_all_together_have_more() {
        let downloads = Arc::new(Downloads::default());
        let tenant = |number| TenantId::from_uuid(Uuid::from_u128(number));
        let first: Vec<_> = (0..DOWNLOADS_PER_TENANT)
            .filter_map(|_| downloads.begin(tenant(1)))
            .collect();
        assert_eq!(first.len(), DOWNLOADS_PER_TENANT);
        assert!(downloads.begin(tenant(1)).is_none());
        let others: Vec<_> = (2..100).filter_map(|number| downloads.begin(tenant(number))).collect();
        assert_eq!(others.len(), DOWNLOADS_MAX - DOWNLOADS_PER_TENANT);
        drop(first);
        assert!(downloads.begin(tenant(1)).is_some());
        drop(others);
        assert!(downloads.open().is_empty(), "nothing is remembered of what has ended");
    }
}
