//! Comparing what is kept of who did what. A row follows from its event alone, and neither changes: whatever differs can be
//! put right at once.

use std::collections::{HashMap, HashSet};

use registry_domain::Seq;
use registry_journal::port::{AuditEntry, AuditFilter, AuditQuery, PageSize, Writes};

use super::{Difference, Mode, RebuildError, Work};

impl Work<'_> {
    /// Compares what a page of the log tells of.
    pub(super) async fn settle_audit(&mut self, expected: Vec<AuditEntry>) -> Result<(), RebuildError> {
        if expected.is_empty() {
            return Ok(());
        }
        let places: Vec<Seq> = expected.iter().map(|entry| entry.seq).collect();
        let stored = self.parts.archive.reader().audit_at(self.tenant, &places).await;
        let stored = stored.map_err(RebuildError::ReadRows)?;
        let stored: HashMap<Seq, AuditEntry> = stored.into_iter().map(|entry| (entry.seq, entry)).collect();
        let differs = |entry: &AuditEntry| stored.get(&entry.seq) != Some(entry);
        self.put_right(
            expected
                .into_iter()
                .filter(differs)
                .map(|entry| (entry.seq, Some(entry))),
        )
        .await
    }

    /// Looks for rows of which the log tells nothing.
    pub(super) async fn find_surplus_audit(&mut self) -> Result<(), RebuildError> {
        let mut query = AuditQuery {
            filter: AuditFilter::default(),
            before: None,
            limit: PageSize::MAX,
        };
        loop {
            let reader = self.parts.archive.reader();
            let page = reader.audit(self.tenant, &query).await;
            let page = page.map_err(RebuildError::ReadRows)?;
            let Some(last) = page.last() else { return Ok(()) };
            query.before = Some(last.seq);
            let places: Vec<Seq> = page.iter().map(|entry| entry.seq).collect();
            let events = reader.events_at(self.tenant, &places).await;
            let events = events.map_err(RebuildError::ReadRows)?;
            let told: HashSet<Seq> = events
                .iter()
                .filter_map(AuditEntry::of)
                .map(|entry| entry.seq)
                .collect();
            let surplus = places.into_iter().filter(|place| !told.contains(place));
            self.put_right(surplus.map(|place| (place, None))).await?;
        }
    }

    /// Notes what differs, and has it replaced if that is asked for.
    async fn put_right(
        &mut self,
        differing: impl Iterator<Item = (Seq, Option<AuditEntry>)>,
    ) -> Result<(), RebuildError> {
        let (mut cleared, mut audit) = (Vec::new(), Vec::new());
        for (place, entry) in differing {
            self.note(Difference::Audit(place));
            cleared.push((self.tenant, place));
            audit.extend(entry);
        }
        if cleared.is_empty() || self.mode == Mode::Check {
            return Ok(());
        }
        let mut writes = Some(Writes {
            cleared_audit: cleared,
            audit,
            ..Writes::default()
        });
        let scope = self.scope(Vec::new());
        let mut decide = |_| writes.take().unwrap_or_default();
        let swapped = self.parts.journal.transact(&scope, &mut decide);
        swapped.await.map_err(RebuildError::Swap)
    }
}
