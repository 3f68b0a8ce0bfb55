//! Writing: one transaction for a whole batch.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use registry_domain::merchant::Merchant;
use registry_domain::tenant::{Slug, Tenant};
use registry_domain::{EventId, LinkId, MerchantCode, MerchantId, Reference, Seq, TenantId, Version};
use uuid::Uuid;

use super::{
    Additions, AlertRow, AppendError, ApprovalDigest, ApprovalRow, AuditEntry, Cause, CountCorrection, CountedBefore,
    ExpectedHead, HistoryRow, IdentityRow, Inconsistency, LinkRow, MilestonesRow, QuarantineRow, Settlement, TermsRow,
    UnclaimedRow,
};
use crate::record::EventRow;

/// What a batch must lock and read. Every list is sorted and free of repeats: two processes lock in one order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scope {
    /// The tenants whose logs are written. Their heads and states are always loaded.
    pub tenants: Vec<TenantId>,
    /// Merchants to load by id.
    pub merchants: Vec<(TenantId, MerchantId)>,
    /// Merchants to load by natural key.
    pub references: Vec<(TenantId, Reference)>,
    /// Merchant codes of which to know whether any merchant has them.
    pub merchant_codes: Vec<(TenantId, MerchantCode)>,
    /// Business numbers of which to know whether any merchant has them.
    pub business_numbers: Vec<(TenantId, String)>,
    /// Idempotency keys to look up.
    pub idempotency_keys: Vec<(TenantId, String)>,
    /// Slugs of which to know whose they are.
    pub slugs: Vec<Slug>,
    /// Callbacks of which to know how they stand in quarantine, by the events that recorded them.
    pub quarantined: Vec<(TenantId, EventId)>,
    /// Pairs of which to know whether upstream spoke of them before anybody had registered them.
    pub unclaimed: Vec<(TenantId, Reference)>,
    /// Payment approvals of which to know which merchants have them.
    pub approvals: Vec<(TenantId, ApprovalDigest)>,
    /// Streams of which to know where they end.
    pub streams: Vec<(TenantId, Uuid)>,
    /// The moment at which idempotency keys must still be alive.
    pub now: DateTime<Utc>,
}

impl Scope {
    /// Whether it names nothing beside tenants and merchants by id.
    pub fn is_plain(&self) -> bool {
        let Self {
            tenants: _,
            merchants: _,
            references,
            merchant_codes,
            business_numbers,
            idempotency_keys,
            slugs,
            quarantined,
            unclaimed,
            approvals,
            streams,
            now: _,
        } = self;
        references.is_empty()
            && merchant_codes.is_empty()
            && business_numbers.is_empty()
            && idempotency_keys.is_empty()
            && slugs.is_empty()
            && quarantined.is_empty()
            && unclaimed.is_empty()
            && approvals.is_empty()
            && streams.is_empty()
    }
}

/// The end of a tenant's log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// The last position; [`Seq::ZERO`] for an empty log.
    pub seq: Seq,
    /// Its hash; [`crate::chain::GENESIS`] for an empty log.
    pub hash: [u8; 32],
    /// When it was written.
    pub recorded_at: DateTime<Utc>,
}

impl Head {
    /// The head of a log without events.
    pub const EMPTY: Self = Self {
        seq: Seq::ZERO,
        hash: crate::chain::GENESIS,
        recorded_at: DateTime::<Utc>::UNIX_EPOCH,
    };
}

/// A merchant with the wrapped key of its personal data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadedMerchant {
    /// The merchant. Shared by whoever writes it and whoever remembers it.
    pub merchant: Arc<Merchant>,
    /// Its wrapped data key; none once it has been erased.
    pub wrapped_key: Option<Vec<u8>>,
    /// Whether its row is as this version of the program writes it. Then what is counted of the row follows from the merchant;
    /// else the row waits to be folded anew.
    pub is_current: bool,
    /// When it first reached each milestone, as it is kept; none if nothing is.
    pub milestones: Option<MilestonesRow>,
}

/// A tenant with the wrapped key of its secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadedTenant {
    /// The tenant.
    pub tenant: Tenant,
    /// Its wrapped data key.
    pub wrapped_key: Option<Vec<u8>>,
    /// Counts how often rows of the tenant or of its merchants were put in place without a new event that tells of them,
    /// as a rebuild does.
    pub generation: i64,
}

/// What an Idempotency-Key stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyRow {
    /// Whose key.
    pub tenant_id: TenantId,
    /// The key as the client sent it.
    pub key: String,
    /// Hash over method, path and body of the request.
    pub fingerprint: [u8; 32],
    /// The merchant that the request made or changed.
    pub merchant_id: MerchantId,
    /// The link that it asked for.
    pub link_id: Option<LinkId>,
    /// The merchant's version once the command was written.
    pub version: Version,
    /// When it was first seen.
    pub created_at: DateTime<Utc>,
    /// From when on it is forgotten.
    pub expires_at: DateTime<Utc>,
}

/// What a batch sees of storage, read under the locks.
#[derive(Debug, Clone, Default)]
pub struct Loaded {
    /// The head of every tenant's log in the scope. A tenant without events may be missing.
    pub heads: HashMap<TenantId, Head>,
    /// The tenants of the scope that exist.
    pub tenants: HashMap<TenantId, LoadedTenant>,
    /// The merchants that the scope names, by id or by natural key, and that exist.
    pub merchants: HashMap<(TenantId, MerchantId), LoadedMerchant>,
    /// The merchant codes of the scope that some merchant has.
    pub merchant_codes: HashSet<(TenantId, MerchantCode)>,
    /// The business numbers of the scope that some merchant has.
    pub business_numbers: HashSet<(TenantId, String)>,
    /// The idempotency keys of the scope that are alive.
    pub idempotency: HashMap<(TenantId, String), IdempotencyRow>,
    /// The slugs of the scope that are taken.
    pub slugs: HashMap<Slug, TenantId>,
    /// The callbacks of the scope that are or were in quarantine.
    pub quarantined: HashMap<(TenantId, EventId), QuarantineRow>,
    /// The pairs of the scope of which upstream spoke before anybody had registered them.
    pub unclaimed: HashMap<(TenantId, Reference), UnclaimedRow>,
    /// The payment approvals of the scope, each with every merchant that has it.
    pub approvals: HashSet<(TenantId, MerchantId, ApprovalDigest)>,
    /// The last version of each stream of the scope, from the log. A stream without events is missing.
    pub streams: HashMap<(TenantId, Uuid), Version>,
}

/// A wrapped data key to store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRow {
    /// Whose installation part.
    pub tenant_id: TenantId,
    /// The merchant or tenant whose data it seals.
    pub owner: Uuid,
    /// The key, wrapped by the master key.
    pub wrapped: Vec<u8>,
}

/// What a batch writes, all of it or nothing.
#[derive(Debug, Clone, Default)]
pub struct Writes {
    /// Merchants whose projected rows (their row, what they are found by, their stretches, their links, their approvals)
    /// are removed before anything is written: the rest of this batch holds what is to stand there instead, if anything.
    pub cleared: Vec<(TenantId, MerchantId)>,
    /// The same for callbacks in quarantine, by the events that recorded them.
    pub cleared_callbacks: Vec<(TenantId, EventId)>,
    /// The same for pairs that nobody had registered.
    pub cleared_pairs: Vec<(TenantId, Reference)>,
    /// The same for what somebody did, by the positions of the events that tell of it.
    pub cleared_audit: Vec<(TenantId, Seq)>,
    /// Rows to append, in log order per tenant.
    pub events: Vec<EventRow>,
    /// Data keys of new owners. They are there before the rows that they seal.
    pub keys: Vec<KeyRow>,
    /// Merchants to insert or replace, sorted by key.
    pub merchants: Vec<MerchantRow>,
    /// What those are found by of which it is new or has changed, each at most once.
    pub identities: Vec<IdentityRow>,
    /// Stretches to insert; the one that was open before a merchant's first new one ends where that begins.
    pub history: Vec<HistoryRow>,
    /// Milestones that merchants have reached, each merchant at most once. What was reached before stays.
    pub milestones: Vec<MilestonesRow>,
    /// What merchants are found by from now on, in order; what they were found by before ends where the first of theirs begins.
    pub terms: Vec<TermsRow>,
    /// Links that were asked for.
    pub links: Vec<LinkRow>,
    /// Tenants to insert or replace. Their API keys go into a table of their own.
    pub tenants: Vec<Tenant>,
    /// Idempotency keys to insert or replace.
    pub idempotency: Vec<IdempotencyRow>,
    /// What has become known of pairs that nobody had registered, each at most once, joined to what is known already
    /// (see [`UnclaimedRow::joined`]). If one of them is dismissed, by this batch or an earlier one, all of its
    /// callbacks that are open in quarantine after this batch are discarded, settled by what dismissed it.
    pub unclaimed: Vec<UnclaimedRow>,
    /// Callbacks that came into quarantine.
    pub quarantine: Vec<QuarantineRow>,
    /// Callbacks that are settled, those of this batch included. Only open ones change.
    pub settlements: Vec<Settlement>,
    /// Payment approvals.
    pub approvals: Vec<ApprovalRow>,
    /// Alerts about merchants, each merchant at most once: to insert or replace, or to remove.
    pub alerts: Vec<AlertRow>,
    /// Counts that are put right; those that are not there begin with nothing.
    pub corrections: Vec<CountCorrection>,
    /// What people and programs did.
    pub audit: Vec<AuditEntry>,
    /// The clock by which it was decided; none for what is put in place as it stands in a log.
    pub clock: Option<ClockCheck>,
}

impl Writes {
    /// Whether nothing is written.
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
            && self.merchants.is_empty()
            && self.history.is_empty()
            && self.milestones.is_empty()
            && !self.has_others()
    }

    /// Whether anything is written beside events, rows of merchants, their history and their milestones.
    pub(super) fn has_others(&self) -> bool {
        let Self {
            cleared,
            cleared_callbacks,
            cleared_pairs,
            cleared_audit,
            events: _,
            keys,
            merchants: _,
            identities,
            history: _,
            milestones: _,
            terms,
            links,
            tenants,
            idempotency,
            unclaimed,
            quarantine,
            settlements,
            approvals,
            alerts,
            corrections,
            audit,
            clock: _,
        } = self;
        !(cleared.is_empty()
            && cleared_callbacks.is_empty()
            && cleared_pairs.is_empty()
            && cleared_audit.is_empty()
            && keys.is_empty()
            && identities.is_empty()
            && terms.is_empty()
            && links.is_empty()
            && tenants.is_empty()
            && idempotency.is_empty()
            && unclaimed.is_empty()
            && quarantine.is_empty()
            && settlements.is_empty()
            && approvals.is_empty()
            && alerts.is_empty()
            && corrections.is_empty()
            && audit.is_empty())
    }
}

/// What storage with a clock of its own compares with it. One that shares the machine's has nothing to compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockCheck {
    /// What the clock of the process said when the batch was decided.
    pub now: DateTime<Utc>,
    /// How far the two clocks may differ, in either direction. Beyond that nothing is written
    /// ([`TransactError::Untimely`]): a single event with a time that lies ahead would stamp everything behind it with the
    /// future.
    pub skew_max: TimeDelta,
}

/// A merchant to insert or replace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MerchantRow {
    /// Whose merchant.
    pub tenant_id: TenantId,
    /// The merchant as it is then.
    pub merchant: Arc<Merchant>,
    /// When upstream is to be asked about it at the latest: a row that is replaced keeps an earlier plan. None if upstream
    /// is not to be asked at all.
    pub ask_at: Option<DateTime<Utc>>,
    /// What is counted of the row in whose place it comes.
    pub before: CountedBefore,
}

/// Why a transaction did not go through.
#[derive(Debug, thiserror::Error)]
pub enum TransactError {
    /// Nothing was written and another try may succeed (lost connection, lock time-out, disk full).
    #[error("the transaction could not be run")]
    Transient(#[source] Cause),
    /// The connection was lost while committing: it may have been written or not.
    #[error("the outcome of the commit is unknown")]
    CommitUnknown(#[source] Cause),
    /// Storage refuses what was to be written; the same batch will be refused again.
    #[error("storage refused the batch")]
    Rejected(#[source] Cause),
    /// The clock of this process and that of storage differ by more than they may. Nothing was written.
    #[error("the clocks of this process and of the database differ by too much")]
    Untimely(#[source] Cause),
    /// A row that was read does not fit the types it was written from.
    #[error(transparent)]
    Inconsistent(#[from] Inconsistency),
}

/// Writing.
#[async_trait]
pub trait Journal: Send + Sync {
    /// Runs one transaction: locks the scope's tenants in order, reads what the scope names, lets `decide` work on it
    /// in memory, writes what it returns, commits durably. Nothing is written when `decide` returns nothing.
    ///
    /// `decide` may be called once per call of this method.
    async fn transact(
        &self,
        scope: &Scope,
        decide: &mut (dyn FnMut(Loaded) -> Writes + Send),
    ) -> Result<(), TransactError>;

    /// Reads merchants as they are, without a lock: the ground of a decision that [`Journal::append`] writes if it still
    /// holds. One that does not exist is missing.
    async fn merchants(
        &self,
        wanted: &[(TenantId, MerchantId)],
    ) -> Result<HashMap<(TenantId, MerchantId), LoadedMerchant>, TransactError>;

    /// Runs one transaction that reads nothing but where the logs end: locks the tenants, writes if every log ends where
    /// it is expected to, commits durably. What was decided without the locks counts as decided under them, for nothing
    /// that it stands on has changed. `expected` is sorted by tenant and names each that is written to.
    async fn append(&self, expected: &[ExpectedHead], additions: Additions<'_>) -> Result<(), AppendError>;

    /// Shows that writing works, by writing: a count that is no fact, committed durably, as whoever writes, on a connection
    /// that neither a batch nor a question has. It gives up by itself after some seconds.
    async fn probe(&self) -> Result<(), TransactError>;
}
