//! Reading: one method for each question that somebody asks.

use std::collections::HashMap;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use registry_domain::merchant::Merchant;
use registry_domain::tenant::{ApiKey, Slug, Tenant, TenantState};
use registry_domain::{EventId, KeyId, LinkId, MerchantId, Reference, Seq, TenantId, Version};
use tokio::sync::mpsc::Sender;
use uuid::Uuid;

use super::{
    Alerts, ApprovalRow, AuditTrail, Balances, Cause, Deliveries, Exports, FacetCount, Head, HistoryRow,
    IdempotencyRow, Imports, Inconsistency, Insight, Jobs, KeyUses, ListedMerchant, ListedTenant, ListedThen,
    MerchantFilter, MerchantQuery, MilestonesRow, ProjectedAlert, ShareCounts, TermsRow, Views, Worklist,
};
use crate::record::{EventRow, StreamId};
use crate::stored::MerchantColumns;

/// How long a whole list may take to be handed over.
pub const WHOLE_LIST_LIMIT: Duration = Duration::from_mins(20);

/// Most rows that one read may ask for.
pub const PAGE_SIZE_MAX: u32 = 1_000;

/// How many rows a read may return: 1 to [`PAGE_SIZE_MAX`], so that an unbounded read cannot be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageSize(u32);

impl PageSize {
    /// The largest page.
    pub const MAX: Self = Self(PAGE_SIZE_MAX);

    /// Clamps a wish into the allowed range.
    pub const fn clamped(wish: u32) -> Self {
        match wish {
            0 => Self(1),
            1..=PAGE_SIZE_MAX => Self(wish),
            _ => Self::MAX,
        }
    }

    /// The number of rows.
    pub const fn get(self) -> u32 {
        self.0
    }
}

/// Why a read failed.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Storage could not be asked.
    #[error("{question} could not be read")]
    Unavailable {
        /// What was asked for.
        question: &'static str,
        /// Why.
        #[source]
        source: Cause,
    },
    /// Too many questions of the same tenant are under way.
    #[error("{question} could not be read: too many questions of the tenant are under way")]
    Crowded {
        /// What was asked for.
        question: &'static str,
    },
    /// A row that was read does not fit the types it was written from.
    #[error(transparent)]
    Inconsistent(#[from] Inconsistency),
}

/// Where a relay stands in a tenant's log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublishCursor {
    /// Everything up to here was seen.
    pub seq: Seq,
    /// The last event up to `seq` that was published; [`Seq::ZERO`] for none.
    pub published_seq: Seq,
    /// That event's sequence in the stream of the message broker.
    pub stream_seq: u64,
}

impl PublishCursor {
    /// Nothing seen yet.
    pub const START: Self = Self {
        seq: Seq::ZERO,
        published_seq: Seq::ZERO,
        stream_seq: 0,
    };
}

/// A stretch of one stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamQuery {
    /// Which stream.
    pub stream: StreamId,
    /// Only events after this version.
    pub after: Version,
    /// Only events up to this version, this one included.
    pub until_version: Option<Version>,
    /// Only events written up to this moment, this one included.
    pub until_time: Option<DateTime<Utc>>,
    /// At most so many.
    pub limit: PageSize,
}

/// What is needed to check a presented API key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PresentedKey {
    /// Whose key.
    pub tenant_id: TenantId,
    /// The tenant's short name.
    pub tenant_slug: Slug,
    /// Whether the tenant may work.
    pub tenant_state: TenantState,
    /// The key.
    pub key: ApiKey,
}

impl PresentedKey {
    /// What is needed to check a key of a tenant; none if it has no such key.
    pub fn of(tenant: Tenant, key: KeyId) -> Option<Self> {
        let key = tenant.keys.into_iter().find(|candidate| candidate.id == key)?;
        Some(Self {
            tenant_id: tenant.id,
            tenant_slug: tenant.slug,
            tenant_state: tenant.state,
            key,
        })
    }
}

/// What is projected of one merchant, exactly as it stands in storage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectedMerchant {
    /// Its row.
    pub columns: MerchantColumns,
    /// Its stretches, by version.
    pub history: Vec<HistoryRow>,
    /// Its links, sorted.
    pub links: Vec<LinkId>,
    /// Its payment approvals, by version.
    pub approvals: Vec<ApprovalRow>,
    /// What it is and was found by, by version.
    pub terms: Vec<TermsRow>,
    /// What it has reached.
    pub milestones: Option<MilestonesRow>,
    /// Its alert, as lists of alerts have it.
    pub alert: Option<ProjectedAlert>,
}

/// Reading. Every question about a tenant's things names the tenant first; the last ones are asked before a tenant is
/// known, or about all of them. Whoever reads can ask for the [`Worklist`], the [`Balances`], the [`AuditTrail`], the
/// [`KeyUses`], the [`Alerts`], the [`Deliveries`], the [`Insight`], the [`Views`], the [`Jobs`], the [`Imports`] and the [`Exports`] too.
#[async_trait]
pub trait Reader:
    Worklist + Balances + AuditTrail + KeyUses + Alerts + Deliveries + Insight + Views + Jobs + Imports + Exports
{
    /// A merchant by its id.
    async fn merchant(&self, tenant: TenantId, id: MerchantId) -> Result<Option<Merchant>, ReadError>;

    /// A merchant by its natural key.
    async fn merchant_by_reference(
        &self,
        tenant: TenantId,
        reference: &Reference,
    ) -> Result<Option<Merchant>, ReadError>;

    /// The same under whatever spelling it was registered: codes were once kept as they were typed.
    async fn merchant_by_any_spelling(
        &self,
        tenant: TenantId,
        reference: &Reference,
    ) -> Result<Option<Merchant>, ReadError> {
        for spelling in reference.spellings() {
            let found = self.merchant_by_reference(tenant, &spelling).await?;
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// A whole list as it is at one moment, at most so many merchants of it, handed over one by one in its order: however long it is, and
    /// however slowly it is taken, memory holds a few. Ends early once nobody takes them any more, and fails if it takes longer than
    /// [`WHOLE_LIST_LIMIT`].
    async fn whole_list(
        &self,
        tenant: TenantId,
        query: &MerchantQuery,
        most: u64,
        to: Sender<ListedMerchant>,
    ) -> Result<(), ReadError>;

    /// The same of a list as it was.
    async fn whole_list_as_of(
        &self,
        tenant: TenantId,
        query: &MerchantQuery,
        at: DateTime<Utc>,
        most: u64,
        to: Sender<ListedThen>,
    ) -> Result<(), ReadError>;

    /// A page of merchants.
    async fn merchants(&self, tenant: TenantId, query: &MerchantQuery) -> Result<Vec<ListedMerchant>, ReadError>;

    /// The same as it was at a moment: filter and order are those of then.
    async fn merchants_as_of(
        &self,
        tenant: TenantId,
        query: &MerchantQuery,
        at: DateTime<Utc>,
    ) -> Result<Vec<ListedThen>, ReadError>;

    /// How many merchants there are, by their facets.
    async fn facet_counts(&self, tenant: TenantId, filter: &MerchantFilter) -> Result<Vec<FacetCount>, ReadError>;

    /// How many there were at a moment, by the facets and the names of then.
    async fn facet_counts_as_of(
        &self,
        tenant: TenantId,
        filter: &MerchantFilter,
        at: DateTime<Utc>,
    ) -> Result<Vec<FacetCount>, ReadError>;

    /// A page of those whose facets were not made from the row as it is, sorted: a version of the program that knows no facets
    /// has written it. They are in no list that is filtered by them.
    async fn without_facets(
        &self,
        tenant: TenantId,
        after: Option<MerchantId>,
        limit: PageSize,
    ) -> Result<Vec<MerchantId>, ReadError>;

    /// The merchant that has a link.
    async fn merchant_of_link(&self, tenant: TenantId, link: LinkId) -> Result<Option<MerchantId>, ReadError>;

    /// Links whose request has been waiting for upstream's answer since before a moment.
    async fn stale_link_requests(
        &self,
        tenant: TenantId,
        before: DateTime<Utc>,
        limit: PageSize,
    ) -> Result<Vec<(MerchantId, LinkId)>, ReadError>;

    /// A page of the ids of all merchants of which anything is projected, sorted.
    async fn merchant_ids(
        &self,
        tenant: TenantId,
        after: Option<MerchantId>,
        limit: PageSize,
    ) -> Result<Vec<MerchantId>, ReadError>;

    /// What is projected of these merchants, as far as they have a row.
    async fn projected(
        &self,
        tenant: TenantId,
        ids: &[MerchantId],
    ) -> Result<HashMap<MerchantId, ProjectedMerchant>, ReadError>;

    /// A page of the Idempotency-Keys that are kept, sorted.
    async fn idempotency_keys(
        &self,
        tenant: TenantId,
        after: Option<&str>,
        limit: PageSize,
    ) -> Result<Vec<IdempotencyRow>, ReadError>;

    /// The end of the log.
    async fn head(&self, tenant: TenantId) -> Result<Head, ReadError>;

    /// A page of the log, in order.
    async fn events_after(&self, tenant: TenantId, after: Seq, limit: PageSize) -> Result<Vec<EventRow>, ReadError>;

    /// A page of one stream, in order.
    async fn stream(&self, tenant: TenantId, query: &StreamQuery) -> Result<Vec<EventRow>, ReadError>;

    /// The first events of several streams, of each up to a version, in no order. The caller sees to it that they are not
    /// too many: a stream has as many events as its version says.
    async fn beginnings(&self, tenant: TenantId, streams: &[(Uuid, Version)]) -> Result<Vec<EventRow>, ReadError>;

    /// A page of the log in the order of streams: by stream id, then by version.
    async fn events_by_stream(
        &self,
        tenant: TenantId,
        after: Option<(Uuid, Version)>,
        limit: PageSize,
    ) -> Result<Vec<EventRow>, ReadError>;

    /// The first event that a command wrote, by its id: a callback is one, and so is what was decided on it later. What
    /// the first one caused is found by position and by stream only.
    async fn first_event(&self, tenant: TenantId, id: EventId) -> Result<Option<EventRow>, ReadError>;

    /// The event at a position of the log.
    async fn event_at(&self, tenant: TenantId, seq: Seq) -> Result<Option<EventRow>, ReadError> {
        let before = Seq(seq.0.saturating_sub(1));
        let next = self.events_after(tenant, before, PageSize::clamped(1)).await?;
        Ok(next.into_iter().find(|row| row.seq == seq))
    }

    /// The wrapped data keys of these owners, as far as they exist.
    async fn wrapped_keys(&self, tenant: TenantId, owners: &[Uuid]) -> Result<HashMap<Uuid, Vec<u8>>, ReadError>;

    /// A tenant by its id.
    async fn tenant(&self, tenant: TenantId) -> Result<Option<Tenant>, ReadError>;

    /// Where the relay stands.
    async fn publish_cursor(&self, tenant: TenantId) -> Result<PublishCursor, ReadError>;

    /// Writes down where the relay stands. Not a fact: losing it costs a look at the stream.
    async fn save_publish_cursor(&self, tenant: TenantId, cursor: PublishCursor) -> Result<(), ReadError>;

    /// A tenant by its short name.
    async fn tenant_by_slug(&self, slug: &Slug) -> Result<Option<Tenant>, ReadError>;

    /// A page of all tenants by id, with the end of each one's log.
    async fn tenants(&self, after: Option<TenantId>, limit: PageSize) -> Result<Vec<ListedTenant>, ReadError>;

    /// What is needed to check a presented API key.
    async fn presented_key(&self, key: KeyId) -> Result<Option<PresentedKey>, ReadError>;

    /// Whether storage answers.
    async fn ping(&self) -> Result<(), ReadError>;

    /// How the connections are shared among tenants, if they are.
    fn share_counts(&self) -> ShareCounts {
        ShareCounts::default()
    }
}
