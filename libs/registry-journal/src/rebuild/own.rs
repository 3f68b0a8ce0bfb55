//! Comparing the tenant's own row.

use registry_domain::Version;
use registry_domain::tenant::{self, Tenant};

use super::{ATTEMPTS, Difference, Mode, RebuildError, Work};
use crate::port::{Loaded, PageSize, StreamQuery, Writes};
use crate::record::{StreamEvent, StreamId};

impl Work<'_> {
    pub(super) async fn settle_tenant(&mut self) -> Result<(), RebuildError> {
        for _ in 0..ATTEMPTS {
            let reader = self.parts.archive.reader();
            let row = reader.tenant(self.tenant).await.map_err(RebuildError::ReadRows)?;
            self.catch_up_tenant().await?;
            let Some(own) = self.own.clone().filter(|own| row.as_ref() != Some(own)) else {
                return Ok(());
            };
            if row.is_some_and(|row| row.version < own.version) {
                // It changed between the two reads.
                continue;
            }
            self.note(Difference::Tenant);
            if self.mode == Mode::Repair {
                self.swap_tenant(own).await?;
            }
            return Ok(());
        }
        Err(RebuildError::Restless(1))
    }

    async fn catch_up_tenant(&mut self) -> Result<(), RebuildError> {
        loop {
            let query = StreamQuery {
                stream: StreamId::Tenant(self.tenant),
                after: self.own.as_ref().map_or(Version::ZERO, |own| own.version),
                until_version: None,
                until_time: None,
                limit: PageSize::MAX,
            };
            let page = self.parts.archive.stream(self.tenant, &query).await?;
            for recorded in &page {
                if let StreamEvent::Tenant(event) = &recorded.event {
                    self.own = tenant::evolve(self.tenant, self.own.take(), event, recorded.stamp);
                }
            }
            if page.len() < PageSize::MAX.get() as usize {
                return Ok(());
            }
        }
    }

    async fn swap_tenant(&self, own: Tenant) -> Result<(), RebuildError> {
        let key = (self.tenant, self.tenant.as_uuid());
        let scope = self.scope(vec![key]);
        let mut own = Some(own);
        let mut decide = |loaded: Loaded| {
            let is_newest = |own: &Tenant| loaded.streams.get(&key) == Some(&own.version);
            Writes {
                tenants: own.take().filter(is_newest).into_iter().collect(),
                ..Writes::default()
            }
        };
        let swapped = self.parts.journal.transact(&scope, &mut decide);
        swapped.await.map_err(RebuildError::Swap)
    }
}
