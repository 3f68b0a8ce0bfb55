//! `/v1/deliveries`: what is on its way to event destinations, and what became of what was.

pub mod get;
pub mod list;
pub mod redeliver;

use chrono::{DateTime, Utc};
use registry_domain::{DeliveryId, DestinationId, TenantId};
use registry_journal::Reader;
use registry_journal::port::{Delivery, DeliveryQuery, DeliveryState, Matter, PageSize, Tally};
use serde::Serialize;
use utoipa::ToSchema;

use crate::problem::{Code, Problem};

/// A message to an event destination.
#[derive(Serialize, ToSchema)]
#[schema(as = Delivery)]
pub struct DeliveryDocument {
    /// Always `delivery`.
    #[schema(example = "delivery")]
    object: &'static str,
    /// Its id.
    #[schema(example = "dlv_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")]
    id: String,
    /// Where it goes.
    #[schema(example = "dst_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")]
    destination_id: String,
    /// Of what it tells: `event`, `digest` or `test`.
    #[schema(example = "event")]
    matter: &'static str,
    /// Of an event: its position in your log.
    #[schema(required = true, example = 41)]
    event_seq: Option<u64>,
    /// Of a digest.
    #[schema(required = true)]
    digest: Option<DigestDocument>,
    /// `open` (a digest that still takes more), `waiting` (it is tried, or tried again), `delivered`, `failed` (it was given up after
    /// three days) or `dropped` (its destination takes nothing any more).
    #[schema(example = "delivered")]
    state: &'static str,
    /// When it came to be.
    created_at: DateTime<Utc>,
    /// When it is tried next; null if it is not.
    #[schema(required = true)]
    next_attempt_at: Option<DateTime<Utc>>,
    /// When it is given up.
    give_up_at: DateTime<Utc>,
    /// How often it was tried.
    #[schema(example = 1)]
    attempts: u64,
    /// When the last of these ended.
    #[schema(required = true)]
    attempted_at: Option<DateTime<Utc>>,
    /// What the receiver answered to it.
    #[schema(required = true, example = 204)]
    answer_status: Option<u16>,
    /// What went wrong: `refused`, `timeout`, `connection_failed`, `no_answer`, `address_not_allowed`, `url_not_allowed`,
    /// `mail_not_configured`. Others may appear.
    #[schema(required = true, example = json!(null))]
    failure: Option<String>,
    /// What the answer began with, 1 KiB at most.
    #[schema(required = true, example = json!(null))]
    answer_body: Option<String>,
}

/// How many alerts a digest tells of.
#[derive(Serialize, ToSchema)]
#[schema(as = DeliveredDigest)]
struct DigestDocument {
    /// The rule that raised them.
    #[schema(example = "in_review")]
    rule: &'static str,
    /// Raised: soon late.
    #[schema(example = 12)]
    warn: u64,
    /// Raised: late.
    #[schema(example = 3)]
    late: u64,
    /// Raised: very late.
    #[schema(example = 0)]
    critical: u64,
    /// Ended, because what was wrong with your connection is right again.
    #[schema(example = 0)]
    recovered: u64,
}

impl DeliveryDocument {
    /// A delivery as it is shown.
    pub fn new(delivery: Delivery) -> Self {
        let (event_seq, digest) = match delivery.matter {
            Matter::Event(seq) => (Some(seq.0), None),
            Matter::Digest(subject, tally) => {
                let Tally {
                    warn,
                    late,
                    critical,
                    recovered,
                } = tally;
                let digest = DigestDocument {
                    rule: subject.as_str(),
                    warn,
                    late,
                    critical,
                    recovered,
                };
                (None, Some(digest))
            }
            Matter::Test => (None, None),
        };
        Self {
            object: "delivery",
            id: delivery.id.to_string(),
            destination_id: delivery.destination.to_string(),
            matter: delivery.matter.as_str(),
            event_seq,
            digest,
            state: delivery.state.as_str(),
            created_at: delivery.created_at,
            next_attempt_at: delivery.next_attempt_at,
            give_up_at: delivery.give_up_at,
            attempts: delivery.attempts,
            attempted_at: delivery.attempted_at,
            answer_status: delivery.answer.status,
            failure: delivery.answer.failure,
            answer_body: delivery.answer.body,
        }
    }
}

/// One that there is.
pub async fn known(reader: &dyn Reader, tenant: TenantId, id: DeliveryId) -> Result<Delivery, Problem> {
    let delivery = reader.delivery(tenant, id).await?;
    delivery.ok_or_else(|| Code::DeliveryNotFound.into())
}

/// The newest of those that stand so at a destination.
pub async fn any(
    reader: &dyn Reader,
    tenant: TenantId,
    destination: DestinationId,
    state: DeliveryState,
) -> Result<Vec<Delivery>, Problem> {
    let query = DeliveryQuery {
        destination: Some(destination),
        state: Some(state),
        before: None,
        limit: PageSize::clamped(50),
    };
    Ok(reader.deliveries(tenant, &query).await?)
}

fn parse_id(text: &str) -> Result<DeliveryId, Problem> {
    text.parse().map_err(|_| Code::DeliveryNotFound.into())
}
