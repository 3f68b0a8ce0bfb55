//! Comparing what is projected of callbacks: the quarantine, and the pairs that nobody had registered.
//!
//! These rows are kept in memory until the whole log was folded: some 200 bytes for every callback that ever came into
//! quarantine. Upstream's nonsense is little beside its sense.

use std::collections::BTreeMap;

use registry_domain::{EventId, Reference, Seq, TenantId};
use registry_journal::port::{
    Loaded, PageSize, QuarantineQuery, QuarantineRow, Scope, UnclaimedQuery, UnclaimedRow, Writes,
};

use super::{ATTEMPTS, CHUNK, Difference, Mode, RebuildError, Work};

/// What is compared.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Callback(EventId),
    Pair(Reference),
}

/// How it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Row {
    Callback(QuarantineRow),
    Pair(UnclaimedRow),
}

/// A difference: what is stored, and what the log says.
#[derive(Debug, Clone)]
struct Different {
    stored: Option<Row>,
    expected: Option<Row>,
}

impl Work<'_> {
    /// Compares what the log says of callbacks with what is projected. What differs is looked at again after everything
    /// was folded that came meanwhile: a row that stays the same and still differs was not just being written.
    pub(super) async fn settle_callbacks(&mut self) -> Result<(), RebuildError> {
        self.catch_up_callbacks().await?;
        let mut suspects = self.differing_callbacks().await?;
        let mut differing = BTreeMap::new();
        for _ in 0..ATTEMPTS {
            if suspects.is_empty() {
                break;
            }
            self.catch_up_callbacks().await?;
            let mut now = self.differing_callbacks().await?;
            let mut restless = BTreeMap::new();
            for (key, was) in suspects {
                match now.remove(&key) {
                    None => {}
                    Some(is) if is.stored == was.stored => {
                        differing.insert(key, is);
                    }
                    Some(is) => {
                        restless.insert(key, is);
                    }
                }
            }
            suspects = restless;
        }
        if !suspects.is_empty() {
            return Err(RebuildError::Restless(suspects.len()));
        }
        for difference in differing.values().filter_map(Different::name) {
            self.note(difference);
        }
        match self.mode {
            Mode::Check => Ok(()),
            Mode::Repair => self.swap_callbacks(differing).await,
        }
    }

    async fn catch_up_callbacks(&mut self) -> Result<(), RebuildError> {
        let archive = &self.parts.archive;
        loop {
            let page = archive.events_after(self.tenant, self.noted, PageSize::MAX).await?;
            let Some(last) = page.last() else { return Ok(()) };
            self.noted = last.stamp.seq;
            for recorded in &page {
                self.callbacks.note(recorded);
            }
        }
    }

    async fn differing_callbacks(&self) -> Result<BTreeMap<Key, Different>, RebuildError> {
        let (callbacks, pairs) = self.callbacks.clone().into_rows();
        let callbacks = callbacks.into_iter().map(Row::Callback);
        let expected = callbacks.chain(pairs.into_iter().map(Row::Pair));
        let mut expected: BTreeMap<Key, Row> = expected.map(|row| (row.key(), row)).collect();
        let mut differing = BTreeMap::new();
        for row in self.stored_callbacks().await? {
            let key = row.key();
            let expected = expected.remove(&key);
            if expected.as_ref() != Some(&row) {
                let stored = Some(row);
                differing.insert(key, Different { stored, expected });
            }
        }
        let missing = expected.into_iter().map(|(key, row)| {
            let (stored, expected) = (None, Some(row));
            (key, Different { stored, expected })
        });
        differing.extend(missing);
        Ok(differing)
    }

    async fn stored_callbacks(&self) -> Result<Vec<Row>, RebuildError> {
        let reader = self.parts.archive.reader();
        let mut rows = Vec::new();
        let mut query = QuarantineQuery {
            reasons: Vec::new(),
            merchant: None,
            reference: None,
            state: None,
            after: Seq::ZERO,
            limit: PageSize::MAX,
        };
        loop {
            let page = reader.quarantine(self.tenant, &query).await;
            let page = page.map_err(RebuildError::ReadRows)?;
            let Some(last) = page.last() else { break };
            query.after = last.seq;
            rows.extend(page.into_iter().map(Row::Callback));
        }
        let mut query = UnclaimedQuery {
            state: None,
            after: None,
            limit: PageSize::MAX,
        };
        loop {
            let page = reader.unclaimed_merchants(self.tenant, &query).await;
            let page = page.map_err(RebuildError::ReadRows)?;
            let Some(last) = page.last() else { return Ok(rows) };
            query.after = Some(last.id);
            rows.extend(page.into_iter().map(Row::Pair));
        }
    }

    /// Puts what the log says in place of what is stored, wherever that is still what was looked at.
    async fn swap_callbacks(&self, differing: BTreeMap<Key, Different>) -> Result<(), RebuildError> {
        let differing: Vec<_> = differing.into_iter().collect();
        for chunk in differing.chunks(CHUNK) {
            let mut scope = self.scope(Vec::new());
            for (key, _) in chunk {
                add(&mut scope, self.tenant, key);
            }
            let mut decide = |loaded: Loaded| {
                let mut writes = Writes::default();
                for (key, different) in chunk {
                    if stored(&loaded, self.tenant, key) == different.stored {
                        replace(&mut writes, self.tenant, key, different.expected.clone());
                    }
                }
                writes
            };
            let swapped = self.parts.journal.transact(&scope, &mut decide);
            swapped.await.map_err(RebuildError::Swap)?;
        }
        Ok(())
    }
}

impl Row {
    fn key(&self) -> Key {
        match self {
            Self::Callback(row) => Key::Callback(row.event_id),
            Self::Pair(row) => Key::Pair(row.reference.clone()),
        }
    }
}

impl Different {
    fn name(&self) -> Option<Difference> {
        let row = self.expected.as_ref().or(self.stored.as_ref())?;
        Some(match row {
            Row::Callback(row) => Difference::Callback(row.event_id),
            Row::Pair(row) => Difference::Unclaimed(row.id),
        })
    }
}

fn add(scope: &mut Scope, tenant: TenantId, key: &Key) {
    match key {
        Key::Callback(event_id) => scope.quarantined.push((tenant, *event_id)),
        Key::Pair(reference) => scope.unclaimed.push((tenant, reference.clone())),
    }
}

fn stored(loaded: &Loaded, tenant: TenantId, key: &Key) -> Option<Row> {
    match key {
        Key::Callback(event_id) => {
            let row = loaded.quarantined.get(&(tenant, *event_id));
            row.cloned().map(Row::Callback)
        }
        Key::Pair(reference) => {
            let row = loaded.unclaimed.get(&(tenant, reference.clone()));
            row.cloned().map(Row::Pair)
        }
    }
}

fn replace(writes: &mut Writes, tenant: TenantId, key: &Key, row: Option<Row>) {
    match key {
        Key::Callback(event_id) => writes.cleared_callbacks.push((tenant, *event_id)),
        Key::Pair(reference) => writes.cleared_pairs.push((tenant, reference.clone())),
    }
    match row {
        Some(Row::Callback(row)) => writes.quarantine.push(row),
        Some(Row::Pair(row)) => writes.unclaimed.push(row),
        None => {}
    }
}
