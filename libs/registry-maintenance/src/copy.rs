//! Moving a tenant's log into another storage, byte for byte, and projecting it there.
//!
//! The rows of the log are copied as they are, with their positions and hashes; everything projected is folded from
//! them on the way, by the same code that the write path uses. A copy that was interrupted goes on behind the last row
//! that arrived. What was last read of balances stays behind: it is no fact, and is read anew within minutes.

mod deliveries;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::ControlFlow;
use std::sync::Arc;

use registry_domain::tenant::{self, Tenant};
use registry_domain::{MerchantId, Seq, TenantId, Version};
use registry_journal::ambient::Ambient;
use registry_journal::archive::{Archive, ArchiveError};
use registry_journal::port::{
    AuditEntry, CountTable, Head, Journal, KeyRow, Loaded, PageSize, QuarantineQuery, ReadError, Reader, Scope,
    TransactError, UnclaimedQuery, Writes,
};
use registry_journal::projection::Callbacks;
use registry_journal::record::{EventRow, RecordedEvent, StreamEvent, StreamId};
use uuid::Uuid;

use crate::fold::Fold;
use crate::verify::{Check, Flaw};

/// Merchants that are compared at once. All their payment approvals are read with them, and a shop may have very many.
const COMPARED_AT_ONCE: PageSize = PageSize::clamped(50);

/// How far it has come with a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// The last position that has arrived.
    pub seq: Seq,
    /// The end of the log.
    pub of: Seq,
}

/// Why it could not go on. What has arrived stays, and the next copy goes on behind it.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// The source could not be read.
    #[error("the source could not be read")]
    ReadSource(#[from] ArchiveError),
    /// The target could not be read.
    #[error("the target could not be read")]
    ReadTarget(#[source] ReadError),
    /// The target did not take a page.
    #[error("the target did not take what follows event {after}")]
    Write {
        /// The last position that has arrived.
        after: Seq,
        /// Why.
        #[source]
        source: TransactError,
    },
    /// The source's log is damaged.
    #[error("the source's log is damaged: {0:?}")]
    Flawed(Flaw),
    /// The target has a log of this tenant, and it is not the beginning of the source's.
    #[error("the target's log is not the beginning of the source's: event {seq} differs")]
    AnotherLog {
        /// The position at which they differ.
        seq: Seq,
    },
    /// After the copy, something projected differs.
    #[error("merchant {0} is projected differently in the target")]
    ProjectedDifferently(MerchantId),
    /// After the copy, what is counted is not what the rows come to.
    #[error("{} of the target do not count what stands in its rows", .0.as_str())]
    CountedDifferently(CountTable),
    /// After the copy, the quarantine differs.
    #[error("the quarantine after event {0} is projected differently in the target")]
    QuarantinedDifferently(Seq),
    /// After the copy, what is known of pairs that nobody had registered differs.
    #[error("unclaimed merchants are projected differently in the target")]
    UnclaimedDifferently,
}

/// Copies from one storage to another. Nobody may write to either meanwhile.
pub struct Copy {
    /// Where it comes from.
    pub from: Archive,
    /// Where it goes.
    pub to: Arc<dyn Reader>,
    /// Where it goes, to write.
    pub journal: Arc<dyn Journal>,
    /// The clock.
    pub ambient: Ambient,
}

/// A page of the log, cut where a command ends.
struct Page {
    rows: Vec<EventRow>,
    events: Vec<RecordedEvent>,
    keys: Vec<KeyRow>,
}

impl Copy {
    /// Copies what the target does not have yet of a tenant. `observe` hears after every page how far it has come, and
    /// may cancel. Returns whether it came to the end.
    pub async fn run(
        &self,
        tenant: TenantId,
        observe: &mut (dyn FnMut(Progress) -> ControlFlow<()> + Send),
    ) -> Result<bool, CopyError> {
        let head = self.to.head(tenant).await.map_err(CopyError::ReadTarget)?;
        self.expect_same_beginning(tenant, head).await?;
        let mut check = Check::behind(head);
        let mut seq = head.seq;
        loop {
            let of = self.from.reader().head(tenant).await.map_err(ArchiveError::from)?.seq;
            if observe(Progress { seq, of }).is_break() {
                return Ok(false);
            }
            let page = self.page(tenant, seq, &mut check).await?;
            let Some(last) = page.rows.last() else { break };
            let last = last.seq;
            self.write(tenant, seq, page).await?;
            seq = last;
        }
        self.copy_idempotency_keys(tenant).await?;
        self.expect_same_projection(tenant).await?;
        self.expect_counted(tenant).await?;
        self.expect_same_quarantine(tenant).await?;
        self.expect_same_pairs(tenant).await?;
        self.copy_deliveries(tenant).await?;
        // Last: with it, the relay goes on where it stood.
        let cursor = self.from.reader().publish_cursor(tenant).await;
        let cursor = cursor.map_err(ArchiveError::from)?;
        let saved = self.to.save_publish_cursor(tenant, cursor).await;
        saved.map_err(CopyError::ReadTarget)?;
        Ok(true)
    }

    async fn expect_same_beginning(&self, tenant: TenantId, head: Head) -> Result<(), CopyError> {
        if head.seq == Seq::ZERO {
            return Ok(());
        }
        let before = Seq(head.seq.0 - 1);
        let row = self
            .from
            .reader()
            .events_after(tenant, before, PageSize::clamped(1))
            .await;
        let row = row.map_err(ArchiveError::from)?;
        if row
            .first()
            .is_some_and(|row| row.seq == head.seq && row.hash == head.hash)
        {
            Ok(())
        } else {
            Err(CopyError::AnotherLog { seq: head.seq })
        }
    }

    async fn page(&self, tenant: TenantId, after: Seq, check: &mut Check) -> Result<Page, CopyError> {
        let reader = self.from.reader();
        let rows = reader.events_after(tenant, after, PageSize::MAX).await;
        let mut rows = rows.map_err(ArchiveError::from)?;
        if rows.len() == PageSize::MAX.get() as usize {
            // The last command may go on behind the page. Only a command's first event has no cause.
            let begins = rows.iter().rposition(|row| row.causation_id.is_none());
            rows.truncate(begins.filter(|begins| *begins > 0).unwrap_or(rows.len()));
        }
        if let Some(flaw) = rows.iter().find_map(|row| check.next(row)) {
            return Err(CopyError::Flawed(flaw));
        }
        let first = rows.iter().filter(|row| row.version == Version::ZERO.next());
        let owners: Vec<Uuid> = first.map(|row| row.stream.as_uuid()).collect();
        let wrapped = reader.wrapped_keys(tenant, &owners).await.map_err(ArchiveError::from)?;
        let key = |(owner, wrapped)| KeyRow {
            tenant_id: tenant,
            owner,
            wrapped,
        };
        Ok(Page {
            events: self.from.open(tenant, rows.clone()).await?,
            keys: wrapped.into_iter().map(key).collect(),
            rows,
        })
    }

    async fn write(&self, tenant: TenantId, after: Seq, page: Page) -> Result<(), CopyError> {
        let merchants: BTreeSet<MerchantId> = page.events.iter().filter_map(|it| it.stream.merchant_id()).collect();
        let scope = Scope {
            tenants: vec![tenant],
            merchants: merchants.into_iter().map(|id| (tenant, id)).collect(),
            now: self.ambient.now(),
            ..Scope::default()
        };
        let mut page = Some(page);
        let mut decide = |loaded: Loaded| match page.take() {
            // Somebody else has written meanwhile: the database refuses rows that stand there already.
            Some(page) => fold(tenant, loaded, page),
            None => Writes::default(),
        };
        let written = self.journal.transact(&scope, &mut decide);
        written.await.map_err(|source| CopyError::Write { after, source })
    }

    async fn copy_idempotency_keys(&self, tenant: TenantId) -> Result<(), CopyError> {
        let mut after: Option<String> = None;
        loop {
            let reader = self.from.reader();
            let page = reader.idempotency_keys(tenant, after.as_deref(), PageSize::MAX).await;
            let page = page.map_err(ArchiveError::from)?;
            let Some(last) = page.last() else { return Ok(()) };
            after = Some(last.key.clone());
            let scope = Scope {
                tenants: vec![tenant],
                now: self.ambient.now(),
                ..Scope::default()
            };
            let mut rows = Some(page);
            let mut decide = |_: Loaded| Writes {
                idempotency: rows.take().unwrap_or_default(),
                ..Writes::default()
            };
            let written = self.journal.transact(&scope, &mut decide);
            let seq = Seq::ZERO;
            written
                .await
                .map_err(|source| CopyError::Write { after: seq, source })?;
        }
    }

    /// Compares every merchant's rows, column by column.
    async fn expect_same_projection(&self, tenant: TenantId) -> Result<(), CopyError> {
        let mut after = None;
        loop {
            let reader = self.from.reader();
            let page = reader.merchant_ids(tenant, after, COMPARED_AT_ONCE).await;
            let page = page.map_err(ArchiveError::from)?;
            let Some(last) = page.last() else { return Ok(()) };
            after = Some(*last);
            let here = reader.projected(tenant, &page).await.map_err(ArchiveError::from)?;
            let there = self.to.projected(tenant, &page).await;
            let there = there.map_err(CopyError::ReadTarget)?;
            if let Some(id) = page.iter().find(|id| here.get(id) != there.get(id)) {
                return Err(CopyError::ProjectedDifferently(*id));
            }
        }
    }

    /// The rows are the same: so are the counts, if they count them.
    async fn expect_counted(&self, tenant: TenantId) -> Result<(), CopyError> {
        let wrong = self.to.wrong_counts(tenant).await.map_err(CopyError::ReadTarget)?;
        match wrong.first() {
            None => Ok(()),
            Some(wrong) => Err(CopyError::CountedDifferently(wrong.key.table())),
        }
    }

    async fn expect_same_quarantine(&self, tenant: TenantId) -> Result<(), CopyError> {
        let mut query = QuarantineQuery {
            reasons: Vec::new(),
            merchant: None,
            reference: None,
            state: None,
            after: Seq::ZERO,
            limit: PageSize::MAX,
        };
        loop {
            let here = self.from.reader().quarantine(tenant, &query).await;
            let here = here.map_err(ArchiveError::from)?;
            let there = self.to.quarantine(tenant, &query).await;
            if here != there.map_err(CopyError::ReadTarget)? {
                return Err(CopyError::QuarantinedDifferently(query.after));
            }
            let Some(last) = here.last() else { return Ok(()) };
            query.after = last.seq;
        }
    }

    async fn expect_same_pairs(&self, tenant: TenantId) -> Result<(), CopyError> {
        let mut query = UnclaimedQuery {
            state: None,
            after: None,
            limit: PageSize::MAX,
        };
        loop {
            let here = self.from.reader().unclaimed_merchants(tenant, &query).await;
            let here = here.map_err(ArchiveError::from)?;
            let there = self.to.unclaimed_merchants(tenant, &query).await;
            if here != there.map_err(CopyError::ReadTarget)? {
                return Err(CopyError::UnclaimedDifferently);
            }
            let Some(last) = here.last() else { return Ok(()) };
            query.after = Some(last.id);
        }
    }
}

/// The rows of a page with everything that follows from them.
fn fold(tenant: TenantId, loaded: Loaded, page: Page) -> Writes {
    let merchants = loaded.merchants.into_iter();
    let mut merchants: HashMap<MerchantId, _> = merchants.map(|((_, id), loaded)| (id, loaded)).collect();
    let mut own: Option<Tenant> = loaded.tenants.into_values().next().map(|loaded| loaded.tenant);
    let mut folds: BTreeMap<MerchantId, Fold> = BTreeMap::new();
    let mut has_own = false;
    let mut callbacks = Callbacks::default();
    for recorded in &page.events {
        callbacks.note(recorded);
        match (&recorded.event, recorded.stream) {
            (StreamEvent::Merchant(_), StreamId::Merchant(id)) => folds
                .entry(id)
                .or_insert_with(|| Fold::on(tenant, id, merchants.remove(&id)))
                .apply(recorded),
            (StreamEvent::Tenant(event), _) => {
                own = tenant::evolve(tenant, own, event, recorded.stamp);
                has_own = true;
            }
            (StreamEvent::Merchant(_), StreamId::Tenant(_)) => {}
        }
    }
    let mut writes = Writes {
        audit: page.rows.iter().filter_map(AuditEntry::of).collect(),
        events: page.rows,
        keys: page.keys,
        tenants: own.filter(|_| has_own).into_iter().collect(),
        ..Writes::default()
    };
    for fold in folds.values_mut() {
        fold.folded().write(&mut writes);
    }
    callbacks.write(&mut writes);
    writes
}
