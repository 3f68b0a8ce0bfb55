//! Comparing merchants whose streams were read to their end with their rows, and putting right what differs.

use registry_domain::{MerchantId, TenantId};
use registry_journal::port::{Loaded, PageSize, ProjectedMerchant, StreamQuery, Writes};
use registry_journal::record::StreamId;

use super::{ATTEMPTS, Mode, Rebuild, RebuildError};
use crate::fold::{Fold, Folded};

/// Works beside the fold, which reads on meanwhile.
pub(super) struct Settling {
    pub(super) parts: Rebuild,
    pub(super) tenant: TenantId,
    pub(super) mode: Mode,
}

impl Settling {
    /// Returns the merchants that differed.
    pub(super) async fn settle(self, folds: Vec<Fold>) -> Result<Vec<MerchantId>, RebuildError> {
        let mut left = folds;
        let mut differed = Vec::new();
        for _ in 0..ATTEMPTS {
            let differing = self.differing(left).await?;
            for fold in &differing {
                if !differed.contains(&fold.id()) {
                    differed.push(fold.id());
                }
            }
            left = match self.mode {
                Mode::Check => return Ok(differed),
                Mode::Repair => self.swap(differing).await?,
            };
            if left.is_empty() {
                return Ok(differed);
            }
        }
        Err(RebuildError::Restless(left.len()))
    }

    /// Those that differ from their rows, after the fold has caught up with them.
    async fn differing(&self, folds: Vec<Fold>) -> Result<Vec<Fold>, RebuildError> {
        let ids: Vec<MerchantId> = folds.iter().map(Fold::id).collect();
        let reader = self.parts.archive.reader();
        let projected = reader.projected(self.tenant, &ids).await;
        let projected = projected.map_err(RebuildError::ReadRows)?;
        let mut differing = Vec::new();
        for mut fold in folds {
            let row = projected.get(&fold.id());
            self.catch_up(&mut fold, row).await?;
            if !fold.folded().is(row) {
                differing.push(fold);
            }
        }
        Ok(differing)
    }

    /// Folds the events that were written between the two reads.
    async fn catch_up(&self, fold: &mut Fold, row: Option<&ProjectedMerchant>) -> Result<(), RebuildError> {
        while let Some(wanted) = row
            .map(|row| row.columns.version)
            .filter(|wanted| *wanted > fold.version())
        {
            let before = fold.version();
            let query = StreamQuery {
                stream: StreamId::Merchant(fold.id()),
                after: before,
                until_version: Some(wanted),
                until_time: None,
                limit: PageSize::MAX,
            };
            for recorded in self.parts.archive.stream(self.tenant, &query).await? {
                fold.apply(&recorded);
            }
            if fold.version() == before {
                // The row names a version that the log does not have.
                return Ok(());
            }
        }
        Ok(())
    }

    /// Puts what was folded in place of the rows. Returns those that got new events in between.
    async fn swap(&self, folds: Vec<Fold>) -> Result<Vec<Fold>, RebuildError> {
        if folds.is_empty() {
            return Ok(folds);
        }
        let key = |fold: &Fold| (self.tenant, fold.id().as_uuid());
        let mut streams: Vec<_> = folds.iter().map(key).collect();
        streams.sort_unstable();
        let scope = self.parts.scope(self.tenant, streams);
        let mut folds = Some(folds);
        let mut left = Vec::new();
        let mut decide = |loaded: Loaded| {
            let mut writes = Writes::default();
            for mut fold in folds.take().unwrap_or_default() {
                if loaded.streams.get(&key(&fold)) == Some(&fold.version()) {
                    writes.cleared.push((self.tenant, fold.id()));
                    Folded::write(fold.folded(), &mut writes);
                } else {
                    left.push(fold);
                }
            }
            writes
        };
        let swapped = self.parts.journal.transact(&scope, &mut decide);
        swapped.await.map_err(RebuildError::Swap)?;
        Ok(left)
    }
}
