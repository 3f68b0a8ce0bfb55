//! Driving a callback again: the bytes that were kept are read by today's reader and judged by today's rules. Whatever
//! comes of it is appended; what was written down before stays as it is.

mod error;
mod kept;
mod search;

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use registry_domain::merchant::{
    self, Claim, Command, Context, Merchant, QuarantineStanding, Receipt, Redrive, Verdict,
};
use registry_domain::{EventId, MerchantId, Reference, Seq, Stamp, TenantId};
use registry_journal::port::{PageSize, QuarantineRow, QuarantineState};
use registry_journal::submission::Written;
use registry_journal::{
    Archive, ArchiveError, Idempotency, Order, Origin, Outcome, StreamEvent, StreamId, Submission, Writer,
};
use registry_upstream::AtHand;
use uuid::Uuid;

pub use self::error::RedriveError;
use self::kept::kept;
use self::search::search;
pub use self::search::{Found, Selection};
use crate::sender::SenderCheck;
use crate::translate::{ReadBody, claim_body, read_body, reference};

/// A wish to drive a callback again.
#[derive(Debug, Clone)]
pub struct RedriveRequest {
    /// Whose callback.
    pub tenant_id: TenantId,
    /// The event that recorded it.
    pub event_id: EventId,
    /// The merchant that somebody says it is for; none to find it out as when it came.
    pub bound_to: Option<MerchantId>,
}

/// What comes, or would come, of driving a callback again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It is judged anew.
    Judged(Verdict),
    /// It is a payment approval that was not known.
    Approval,
    /// Nothing: it stays where it is for the same reason, it was settled before, or it says nothing new.
    Nothing,
}

impl Effect {
    /// The word used in every contract.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Judged(verdict) => verdict.as_str(),
            Self::Approval => "payment_approved",
            Self::Nothing => "nothing",
        }
    }

    fn of(events: &[merchant::Event]) -> Self {
        match events.first() {
            Some(merchant::Event::CallbackReceived { verdict, .. }) => Self::Judged(*verdict),
            Some(merchant::Event::PaymentApprovalReceived { .. }) => Self::Approval,
            Some(_) | None => Self::Nothing,
        }
    }
}

/// What came, or would come, of driving a callback again.
#[derive(Debug, Clone)]
pub struct Redriven {
    /// What came of it.
    pub effect: Effect,
    /// The facts that follow, in order.
    pub facts: Vec<merchant::Event>,
    /// The ids of the events that they became; none if nothing was written.
    pub event_ids: Vec<EventId>,
    /// The merchant that it is for, as it is after it; none if it is for no merchant that exists.
    pub merchant: Option<Box<Merchant>>,
}

/// Drives callbacks again. Cheap to clone.
#[derive(Clone)]
pub struct Redriver {
    parts: Arc<Parts>,
}

struct Parts {
    writer: Writer,
    archive: Archive,
    at_hand: AtHand,
    senders: SenderCheck,
}

/// Where a callback belongs.
enum Target {
    Merchant(MerchantId),
    Codes(Reference),
    Nobody,
}

/// A callback as it was written down, read again.
struct Stored {
    target: Target,
    claim: Claim,
    /// Where in the log it was written down.
    seq: Seq,
}

impl Redriver {
    /// A redriver over a log.
    pub fn new(writer: Writer, archive: Archive, at_hand: AtHand, senders: SenderCheck) -> Self {
        Self {
            parts: Arc::new(Parts {
                writer,
                archive,
                at_hand,
                senders,
            }),
        }
    }

    /// Drives one callback again.
    pub async fn redrive(
        &self,
        request: &RedriveRequest,
        origin: Origin,
        idempotency: Option<Idempotency>,
    ) -> Result<Redriven, RedriveError> {
        let Stored { target, claim, seq } = self.stored(request).await?;
        let redrive = Redrive {
            of: request.event_id,
            seq,
            bound: request.bound_to.is_some(),
        };
        let order = match target {
            Target::Merchant(merchant_id) => Order::Merchant {
                merchant_id,
                command: Command::RedriveCallback(Box::new(claim), redrive),
                expected: None,
            },
            Target::Codes(reference) => Order::RedriveByCodes {
                reference,
                claim: Box::new(claim),
                redrive,
            },
            Target::Nobody => return Ok(Redriven::nothing()),
        };
        let submission = Submission {
            tenant_id: request.tenant_id,
            origin,
            idempotency,
            order,
        };
        match self.parts.writer.submit(submission).await? {
            Outcome::Written(written) => Ok(Redriven::written(written)),
            // What came of it stands behind the event that is named there; for the one who asks again it is the same.
            Outcome::Replayed(replay) => {
                let merchant = self.merchant(request.tenant_id, replay.merchant_id).await?;
                self.earlier(request, merchant).await
            }
            Outcome::KeyReused => Err(RedriveError::KeyReused),
            // Nobody has registered the pair yet. Nothing else about a redrive can be refused.
            Outcome::Refused(_) | Outcome::TenantRefused(_) => Ok(Redriven::nothing()),
        }
    }

    /// Finds callbacks that were received behind a position of the log, or of a merchant's stream, at most so many and
    /// in order. A search may end early and empty before the end; it says where to go on.
    pub async fn search(
        &self,
        tenant_id: TenantId,
        selection: &Selection,
        after: u64,
        limit: PageSize,
    ) -> Result<Found, ArchiveError> {
        search(&self.parts.archive, tenant_id, selection, after, limit).await
    }

    /// What would come of driving these callbacks again now, one after the other. Nothing is written.
    pub async fn rehearse(&self, requests: &[RedriveRequest]) -> Vec<Result<Redriven, RedriveError>> {
        let mut imagined = HashMap::new();
        let mut outcomes = Vec::with_capacity(requests.len());
        for request in requests {
            outcomes.push(self.rehearse_one(request, &mut imagined).await);
        }
        outcomes
    }

    async fn rehearse_one(
        &self,
        request: &RedriveRequest,
        imagined: &mut HashMap<MerchantId, Merchant>,
    ) -> Result<Redriven, RedriveError> {
        let Stored { target, claim, seq } = self.stored(request).await?;
        let reader = self.parts.archive.reader();
        let merchant = match target {
            Target::Merchant(id) => reader.merchant(request.tenant_id, id).await?,
            Target::Codes(reference) => reader.merchant_by_any_spelling(request.tenant_id, &reference).await?,
            Target::Nobody => None,
        };
        let Some(merchant) = merchant else {
            return Ok(Redriven::nothing());
        };
        let merchant = imagined.remove(&merchant.id).unwrap_or(merchant);
        let entry = reader.quarantined(request.tenant_id, request.event_id).await?;
        let redrive = Redrive {
            of: request.event_id,
            seq,
            bound: request.bound_to.is_some(),
        };
        let command = Command::RedriveCallback(Box::new(claim), redrive);
        let context = Context {
            standing: entry.map_or(QuarantineStanding::Absent, |entry| standing(&entry)),
            ..Context::default()
        };
        // A redrive is a report, and reports are not refused.
        let facts = merchant::decide(Some(&merchant), command, &context).unwrap_or_default();
        let after = fold_on(merchant, &facts);
        imagined.insert(after.id, after.clone());
        Ok(Redriven {
            effect: Effect::of(&facts),
            facts,
            event_ids: Vec::new(),
            merchant: Some(Box::new(after)),
        })
    }

    async fn stored(&self, request: &RedriveRequest) -> Result<Stored, RedriveError> {
        let recorded = self
            .parts
            .archive
            .first_event(request.tenant_id, request.event_id)
            .await?;
        let recorded = recorded.ok_or(RedriveError::NoSuchCallback)?;
        let found = kept(&recorded.event).ok_or(RedriveError::NoSuchCallback)?;
        if recorded.erased {
            return Err(RedriveError::Erased);
        }
        let refused = request.bound_to.is_none() && self.parts.senders.refuses(found.sender_listed);
        let upstream = self.parts.at_hand.lately(request.tenant_id).await;
        let key = upstream.as_ref().map(|upstream| &upstream.api_key);
        let read = read_body(found.payload.0.clone(), found.is_cut(), refused, key);
        let target = match (request.bound_to, recorded.stream) {
            (Some(id), _) => Target::Merchant(self.merchant(request.tenant_id, id).await?.id),
            (None, StreamId::Merchant(id)) => Target::Merchant(id),
            (None, StreamId::Tenant(_)) => match &read.body {
                ReadBody::Mapping(mapping) => reference(mapping).map_or(Target::Nobody, Target::Codes),
                ReadBody::Approval(_) | ReadBody::Unusable(_) => Target::Nobody,
            },
        };
        let first_seq = found.first_seq;
        let receipt = Receipt {
            link_id: found.link_id,
            received_at: found.received_at,
            payload: read.payload,
            sender_listed: found.sender_listed,
            // What was lost when it came is not there any more.
            decoded_with_loss: read.decoded_with_loss || found.decoded_with_loss,
            by_bills_url: found.by_bills_url,
        };
        let claim = Claim {
            receipt,
            // The key was taken out before the bytes were stored: there is nothing left to compare.
            body: claim_body(read.body, None),
        };
        Ok(Stored {
            target,
            claim,
            seq: first_seq.unwrap_or(recorded.stamp.seq),
        })
    }

    async fn merchant(&self, tenant_id: TenantId, id: MerchantId) -> Result<Merchant, RedriveError> {
        let merchant = self.parts.archive.reader().merchant(tenant_id, id).await?;
        merchant.ok_or(RedriveError::NoSuchMerchant)
    }

    /// What came of an earlier request with the same key: the event that settled the callback, if one did.
    async fn earlier(&self, request: &RedriveRequest, merchant: Merchant) -> Result<Redriven, RedriveError> {
        let archive = &self.parts.archive;
        let entry = archive
            .reader()
            .quarantined(request.tenant_id, request.event_id)
            .await?;
        let settled_by = entry.and_then(|entry| entry.settled_by);
        let recorded = match settled_by {
            Some(id) => archive.first_event(request.tenant_id, id).await?,
            None => None,
        };
        let facts: Vec<_> = recorded.and_then(|recorded| fact(recorded.event)).into_iter().collect();
        Ok(Redriven {
            effect: Effect::of(&facts),
            facts,
            event_ids: settled_by.into_iter().collect(),
            merchant: Some(Box::new(merchant)),
        })
    }
}

fn fact(event: StreamEvent) -> Option<merchant::Event> {
    match event {
        StreamEvent::Merchant(event) => Some(event),
        StreamEvent::Tenant(_) => None,
    }
}

const fn standing(row: &QuarantineRow) -> QuarantineStanding {
    match row.state {
        QuarantineState::Open => QuarantineStanding::Open(row.reason),
        QuarantineState::Redriven | QuarantineState::Discarded => QuarantineStanding::Settled,
    }
}

/// What the merchant would be after these facts.
fn fold_on(merchant: Merchant, facts: &[merchant::Event]) -> Merchant {
    let mut after = merchant;
    for fact in facts {
        let stamp = Stamp {
            // None of them is settled in its turn.
            event_id: EventId::from_uuid(Uuid::nil()),
            seq: after.seq.next(),
            version: after.version.next(),
            recorded_at: after.updated_at,
        };
        if let Some(next) = merchant::evolve(after.id, Some(after.clone()), fact, stamp) {
            after = next;
        }
    }
    after
}

impl fmt::Debug for Redriver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redriver").finish_non_exhaustive()
    }
}

impl Redriven {
    fn written(written: Written) -> Self {
        let Some(merchant) = written.merchant else {
            return Self::nothing();
        };
        let facts: Vec<_> = written.events.into_iter().filter_map(|it| fact(it.event)).collect();
        Self {
            effect: Effect::of(&facts),
            facts,
            event_ids: written.event_ids,
            merchant: Some(merchant),
        }
    }

    const fn nothing() -> Self {
        Self {
            effect: Effect::Nothing,
            facts: Vec::new(),
            event_ids: Vec::new(),
            merchant: None,
        }
    }
}
