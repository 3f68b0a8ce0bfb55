//! Comparing the tenant's own row.

use registry_domain::Version;
use registry_domain::tenant::{self, Tenant};
use registry_journal::port::{Loaded, PageSize, StreamQuery, Writes};
use registry_journal::record::{StreamEvent, StreamId};

use super::{ATTEMPTS, Difference, Mode, RebuildError, Work};

impl Work<'_> {
    pub(super) async fn settle_tenant(&mut self) -> Result<(), RebuildError> {
        for _ in 0..ATTEMPTS {
            // The log first: the row is written with the events, so one that is sound cannot lie behind what was read.
            self.catch_up_tenant().await?;
            let reader = self.parts.archive.reader();
            let row = reader.tenant(self.tenant).await.map_err(RebuildError::ReadRows)?;
            if row.as_ref().is_some_and(|row| self.own_version() < row.version) {
                // It may have changed between the two reads.
                self.catch_up_tenant().await?;
                if row.as_ref().is_some_and(|row| self.own_version() >= row.version) {
                    continue;
                }
            }
            let Some(own) = self.own.clone().filter(|own| row.as_ref() != Some(own)) else {
                return Ok(());
            };
            if self.mode == Mode::Check || self.swap_tenant(own).await? {
                self.note(Difference::Tenant);
                return Ok(());
            }
        }
        Err(RebuildError::Restless(1))
    }

    fn own_version(&self) -> Version {
        self.own.as_ref().map_or(Version::ZERO, |own| own.version)
    }

    async fn catch_up_tenant(&mut self) -> Result<(), RebuildError> {
        loop {
            let query = StreamQuery {
                stream: StreamId::Tenant(self.tenant),
                after: self.own_version(),
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

    /// Whether it was swapped: the log may have grown meanwhile.
    async fn swap_tenant(&self, own: Tenant) -> Result<bool, RebuildError> {
        let key = (self.tenant, self.tenant.as_uuid());
        let scope = self.scope(vec![key]);
        let mut is_swapped = false;
        let mut decide = |loaded: Loaded| {
            is_swapped = loaded.streams.get(&key) == Some(&own.version);
            Writes {
                tenants: is_swapped.then(|| own.clone()).into_iter().collect(),
                ..Writes::default()
            }
        };
        let swapped = self.parts.journal.transact(&scope, &mut decide).await;
        swapped.map_err(RebuildError::Swap)?;
        Ok(is_swapped)
    }
}
