//! What waits for somebody: questions to upstream, callbacks in quarantine, shops that nobody has claimed; and what
//! tells how well a tenant's callbacks arrive.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use registry_domain::merchant::{Merchant, QuarantineReason};
use registry_domain::tenant::{SilentLinks, Tenant};
use registry_domain::{EventId, MerchantId, Reference, Seq, TenantId, UnclaimedId, Version};

use super::{PageSize, QuarantineRow, QuarantineState, ReadError, UnclaimedRow, UnclaimedState};
use crate::record::EventRow;

/// How many of a tenant's last events are looked at to tell how its changes are found out.
pub const HEALTH_WINDOW: u32 = 10_000;

/// How many of a tenant's last events are looked at to find its last callback before callbacks count as silent.
pub const SILENCE_WINDOW: u32 = 100_000;

/// A question to upstream that is due. A plan, no fact: losing it costs a question too many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DueQuestion {
    /// About this merchant.
    pub merchant_id: MerchantId,
    /// Its version when that was read.
    pub version: Version,
    /// Since when it is due.
    pub ask_at: DateTime<Utc>,
    /// Since when a doubtful claim of the merchant waits for the answer.
    pub confirming_since: Option<DateTime<Utc>>,
    /// When something that a reader can see last changed. The longer ago, the more seldom it is worth asking.
    pub updated_at: DateTime<Utc>,
}

impl DueQuestion {
    /// Puts it off, if nothing has happened to the merchant since.
    pub fn postponed(&self, next: DateTime<Utc>) -> Postponement {
        Postponement {
            merchant_id: self.merchant_id,
            version: self.version,
            was: self.ask_at,
            next,
        }
    }
}

/// Puts a question off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Postponement {
    /// About this merchant.
    pub merchant_id: MerchantId,
    /// The merchant's version when it was decided to ask later: after the answer, if one came. If something has happened
    /// to it since, the plan stands as it is.
    pub version: Version,
    /// When it was due, as it was read. If it is planned otherwise by now, that plan stands.
    pub was: DateTime<Utc>,
    /// When it shall be due.
    pub next: DateTime<Utc>,
}

/// How many questions wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct QuestionCounts {
    /// So many are due.
    pub due: u64,
    /// Since when the oldest of them is.
    pub oldest_due_at: Option<DateTime<Utc>>,
    /// So many merchants have a claim that waits for upstream's word.
    pub open_confirmations: u64,
}

/// Which callbacks of a quarantine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuarantineQuery {
    /// Only these reasons; empty for all.
    pub reasons: Vec<QuarantineReason>,
    /// Only those that stand in this merchant's stream.
    pub merchant: Option<MerchantId>,
    /// Only those that named this pair, which nobody had registered.
    pub reference: Option<Reference>,
    /// Only those that stand so.
    pub state: Option<QuarantineState>,
    /// Only those after this position of the log.
    pub after: Seq,
    /// At most so many.
    pub limit: PageSize,
}

/// How many callbacks are in quarantine for one reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuarantineCount {
    /// The reason.
    pub reason: QuarantineReason,
    /// So many that are neither redriven nor discarded.
    pub count: u64,
    /// When the oldest of them came.
    pub oldest_received_at: DateTime<Utc>,
}

/// Which of the shops that nobody has claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnclaimedQuery {
    /// Only those that stand so.
    pub state: Option<UnclaimedState>,
    /// Only those after this one.
    pub after: Option<UnclaimedId>,
    /// At most so many.
    pub limit: PageSize,
}

/// How a tenant's truth comes in, and what waits for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TenantHealth {
    /// When a callback last came, whatever was in it, as far as it is among the last [`HEALTH_WINDOW`] events. One that
    /// was driven again does not count.
    pub last_callback_at: Option<DateTime<Utc>>,
    /// How many changes of a review or a link callbacks have brought, among the same events.
    pub changes_by_callback: u64,
    /// How many were found by asking, because no callback had brought them, among the same events.
    pub changes_by_reading: u64,
    /// Callbacks in quarantine that are neither redriven nor discarded.
    pub open_quarantine: u64,
    /// Pairs that are neither adopted nor dismissed.
    pub unclaimed: u64,
    /// Merchants with a claim that waits for upstream's word.
    pub held: u64,
}

/// Reading what waits. Every question names the tenant first.
#[async_trait]
pub trait Worklist: Send + Sync {
    /// Questions that are due at a moment: first those about doubtful claims, the longest open first; then the others,
    /// the longest due first.
    async fn due_questions(
        &self,
        tenant: TenantId,
        until: DateTime<Utc>,
        limit: PageSize,
    ) -> Result<Vec<DueQuestion>, ReadError>;

    /// A merchant that upstream is asked about, with its tenant: one look for both.
    async fn asked_about(&self, tenant: TenantId, id: MerchantId) -> Result<Option<(Tenant, Merchant)>, ReadError>;

    /// Puts questions off, each only if it is still due when it was and the merchant has not moved on.
    async fn postpone_questions(&self, tenant: TenantId, questions: &[Postponement]) -> Result<(), ReadError>;

    /// Merchants with a claim that waits for upstream's word since this moment or longer, the longest wait first.
    async fn open_confirmations(
        &self,
        tenant: TenantId,
        requested_until: DateTime<Utc>,
        limit: PageSize,
    ) -> Result<Vec<MerchantId>, ReadError>;

    /// How many questions wait.
    async fn question_counts(&self, tenant: TenantId, now: DateTime<Utc>) -> Result<QuestionCounts, ReadError>;

    /// A page of the callbacks that are or were in quarantine, in the order of the log.
    async fn quarantine(&self, tenant: TenantId, query: &QuarantineQuery) -> Result<Vec<QuarantineRow>, ReadError>;

    /// How many callbacks are in quarantine, by reason.
    async fn quarantine_counts(&self, tenant: TenantId) -> Result<Vec<QuarantineCount>, ReadError>;

    /// One callback that is or was in quarantine.
    async fn quarantined(&self, tenant: TenantId, event_id: EventId) -> Result<Option<QuarantineRow>, ReadError>;

    /// A page of the pairs that nobody had registered when upstream spoke of them, by their ids.
    async fn unclaimed_merchants(
        &self,
        tenant: TenantId,
        query: &UnclaimedQuery,
    ) -> Result<Vec<UnclaimedRow>, ReadError>;

    /// One of these pairs.
    async fn unclaimed_merchant(&self, tenant: TenantId, id: UnclaimedId) -> Result<Option<UnclaimedRow>, ReadError>;

    /// A page of the events of a merchant's payment approvals, the newest first.
    async fn approvals(
        &self,
        tenant: TenantId,
        merchant: MerchantId,
        before: Option<Version>,
        limit: PageSize,
    ) -> Result<Vec<EventRow>, ReadError>;

    /// The links that were issued since the tenant's last callback, as far as they are among the last
    /// [`SILENCE_WINDOW`] events. None if there is none.
    async fn silent_links(&self, tenant: TenantId) -> Result<Option<SilentLinks>, ReadError>;

    /// How a tenant's truth comes in.
    async fn tenant_health(&self, tenant: TenantId) -> Result<TenantHealth, ReadError>;
}
