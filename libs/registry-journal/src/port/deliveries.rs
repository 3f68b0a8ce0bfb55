//! Messages on their way to destinations. They are no facts: what is to be carried stands in the log, and so does where to.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use registry_domain::alerts::Subject;
use registry_domain::{DeliveryId, DestinationId, Seq, TenantId};

use super::{PageSize, ReadError};

/// Most of an answer that is kept, in bytes.
pub const ANSWER_BODY_MAX: usize = 1_024;

/// How a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeliveryState {
    /// A digest that still takes more.
    Open,
    /// It is tried, or tried again.
    Waiting,
    /// It has arrived.
    Delivered,
    /// It was tried for days and given up.
    Failed,
    /// Its destination takes nothing any more.
    Dropped,
}

impl DeliveryState {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Open, Self::Waiting, Self::Delivered, Self::Failed, Self::Dropped];

    /// The word of each, in the same order.
    pub const WORDS: &'static [&'static str] = &["open", "waiting", "delivered", "failed", "dropped"];

    /// The word used in every contract.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Waiting => "waiting",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
            Self::Dropped => "dropped",
        }
    }

    /// The state of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }
}

/// How many alerts a digest tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Raised: soon late.
    pub warn: u64,
    /// Raised: late.
    pub late: u64,
    /// Raised: very late.
    pub critical: u64,
    /// Ended, because what was wrong is right again.
    pub recovered: u64,
}

/// Of what a message tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Matter {
    /// An event of the log.
    Event(Seq),
    /// What a rule raised within a window.
    Digest(Subject, Tally),
    /// Nothing: somebody tries the destination out.
    Test,
}

impl Matter {
    /// The word used in every contract.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Event(_) => "event",
            Self::Digest(..) => "digest",
            Self::Test => "test",
        }
    }
}

/// What a receiver answered, or why it did not.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Answer {
    /// Its status.
    pub status: Option<u16>,
    /// A word for what went wrong.
    pub failure: Option<String>,
    /// The beginning of its body, [`ANSWER_BODY_MAX`] bytes at most.
    pub body: Option<String>,
}

/// A message to a destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Its id.
    pub id: DeliveryId,
    /// Where it goes.
    pub destination: DestinationId,
    /// Of what it tells.
    pub matter: Matter,
    /// How it stands.
    pub state: DeliveryState,
    /// When it was planned.
    pub created_at: DateTime<Utc>,
    /// When it is tried next; none if it is not.
    pub next_attempt_at: Option<DateTime<Utc>>,
    /// When it is given up.
    pub give_up_at: DateTime<Utc>,
    /// How often it was tried.
    pub attempts: u64,
    /// When it was tried last.
    pub attempted_at: Option<DateTime<Utc>>,
    /// What came of that.
    pub answer: Answer,
}

/// An event for a destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlannedEvent {
    /// The id of its delivery, if there is none yet.
    pub id: DeliveryId,
    /// Where it goes.
    pub destination: DestinationId,
    /// Its position.
    pub seq: Seq,
}

/// What a digest is to tell, beside what the one that is open tells already. A destination and a rule stand in a plan once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlannedDigest {
    /// The id of the digest, if none is open.
    pub id: DeliveryId,
    /// Where it goes.
    pub destination: DestinationId,
    /// The rule.
    pub subject: Subject,
    /// How many alerts.
    pub tally: Tally,
    /// When it is due, if none is open.
    pub due_at: DateTime<Utc>,
    /// When it is given up, if none is open.
    pub give_up_at: DateTime<Utc>,
}

/// What follows from a stretch of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryPlan {
    /// Behind which position it begins: nothing is written if the cursor stands elsewhere. Where there is no cursor yet, any.
    pub after: Seq,
    /// Where it ends.
    pub until: Seq,
    /// Now.
    pub now: DateTime<Utc>,
    /// When its events are given up.
    pub give_up_at: DateTime<Utc>,
    /// Events.
    pub events: Vec<PlannedEvent>,
    /// Digests.
    pub digests: Vec<PlannedDigest>,
}

/// Something is due to be carried to a destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DueThere {
    /// Whose destination.
    pub tenant_id: TenantId,
    /// Which.
    pub destination: DestinationId,
    /// How much.
    pub count: u64,
    /// Since when the oldest of it.
    pub since: DateTime<Utc>,
}

/// What is taken on to be tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    /// Where it goes.
    pub destination: DestinationId,
    /// Now.
    pub now: DateTime<Utc>,
    /// When it is tried again if nothing is heard of it.
    pub until: DateTime<Utc>,
    /// At most so many.
    pub limit: PageSize,
}

/// What came of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Of which delivery.
    pub id: DeliveryId,
    /// Which attempt, counted from 1. If a later one was begun, or somebody wants it again, it changes nothing.
    pub number: u64,
    /// When it ended.
    pub at: DateTime<Utc>,
    /// How the delivery stands now.
    pub state: DeliveryState,
    /// When it is tried next; none if it is not.
    pub next_attempt_at: Option<DateTime<Utc>>,
    /// What the receiver answered.
    pub answer: Answer,
}

/// The place of a delivery in a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeliveryPosition {
    /// When it was planned.
    pub created_at: DateTime<Utc>,
    /// Which.
    pub id: DeliveryId,
}

/// Which deliveries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeliveryQuery {
    /// Only those there.
    pub destination: Option<DestinationId>,
    /// Only those that stand so.
    pub state: Option<DeliveryState>,
    /// Where the page begins; none for the first.
    pub before: Option<DeliveryPosition>,
    /// At most so many.
    pub limit: PageSize,
}

/// Reading and writing what is on its way. All of it is durable when it returns.
#[async_trait]
pub trait Deliveries: Send + Sync {
    /// Up to where the log was looked through; none if it never was.
    async fn delivery_cursor(&self, tenant: TenantId) -> Result<Option<Seq>, ReadError>;

    /// Writes a plan down and moves the cursor with it, both or neither. Returns whether the cursor stood where it was expected.
    async fn plan_deliveries(&self, tenant: TenantId, plan: &DeliveryPlan) -> Result<bool, ReadError>;

    /// Writes down that somebody tries a destination out.
    async fn add_test_delivery(
        &self,
        tenant: TenantId,
        planned: PlannedEvent,
        now: DateTime<Utc>,
        give_up_at: DateTime<Utc>,
    ) -> Result<(), ReadError>;

    /// Where something is due, of all tenants; at most so many destinations.
    async fn due_deliveries(&self, now: DateTime<Utc>, limit: PageSize) -> Result<Vec<DueThere>, ReadError>;

    /// Takes on what is due, the longest due first, and counts the attempt. No other process takes it on before the claim ends.
    async fn claim_deliveries(&self, tenant: TenantId, claim: &Claim) -> Result<Vec<Delivery>, ReadError>;

    /// Writes down what came of an attempt.
    async fn record_attempt(&self, tenant: TenantId, attempt: &Attempt) -> Result<(), ReadError>;

    /// Has a delivery tried anew, at once and for as long as a new one. Returns whether there is one that can be: a digest that is
    /// open still takes more.
    async fn redeliver(
        &self,
        tenant: TenantId,
        id: DeliveryId,
        now: DateTime<Utc>,
        give_up_at: DateTime<Utc>,
    ) -> Result<bool, ReadError>;

    /// Ends what is on its way to a destination, or only what is to be given up by a moment: from then on it stands like this. Returns
    /// when the oldest of it was planned, if there was any.
    async fn end_deliveries(
        &self,
        tenant: TenantId,
        destination: DestinationId,
        state: DeliveryState,
        given_up_by: Option<DateTime<Utc>>,
    ) -> Result<Option<DateTime<Utc>>, ReadError>;

    /// Whether anything has arrived at a destination since a moment.
    async fn has_arrived_since(
        &self,
        tenant: TenantId,
        destination: DestinationId,
        since: DateTime<Utc>,
    ) -> Result<bool, ReadError>;

    /// Forgets what was planned before a moment and is tried no more; a thousand of them at most.
    async fn forget_deliveries(&self, tenant: TenantId, before: DateTime<Utc>) -> Result<(), ReadError>;

    /// A page of deliveries, the newest first.
    async fn deliveries(&self, tenant: TenantId, query: &DeliveryQuery) -> Result<Vec<Delivery>, ReadError>;

    /// One of them.
    async fn delivery(&self, tenant: TenantId, id: DeliveryId) -> Result<Option<Delivery>, ReadError>;
}
