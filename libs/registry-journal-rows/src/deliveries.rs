//! Rows about what is carried to destinations.

use chrono::{DateTime, Utc};
use registry_domain::alerts::Subject;
use registry_domain::{DeliveryId, DestinationId, Seq, TenantId};
use registry_journal::port::{Answer, Delivery, DeliveryState, DueThere, Inconsistency, Matter, Tally};
use uuid::Uuid;

use crate::{BadColumn, RawRow, RawValue};

/// A message to a destination.
#[expect(missing_docs, reason = "columns")]
pub struct RawDelivery<Time> {
    pub delivery_id: Uuid,
    pub destination_id: Uuid,
    pub matter: String,
    pub seq: Option<i64>,
    pub rule: Option<String>,
    pub warn: i64,
    pub late: i64,
    pub critical: i64,
    pub recovered: i64,
    pub state: String,
    pub created_at: Time,
    pub next_attempt_at: Option<Time>,
    pub give_up_at: Time,
    pub attempts: i64,
    pub attempted_at: Option<Time>,
    pub answer_status: Option<i64>,
    pub failure: Option<String>,
    pub answer_body: Option<String>,
}

impl<Time: RawValue<DateTime<Utc>>> RawRow for RawDelivery<Time> {
    type Row = Delivery;

    fn into_row(self) -> Result<Delivery, Inconsistency> {
        let id = DeliveryId::from_uuid(self.delivery_id);
        self.read(id)
            .map_err(|error| Inconsistency::of("deliveries", id, error))
    }
}

impl<Time: RawValue<DateTime<Utc>>> RawDelivery<Time> {
    fn read(self, id: DeliveryId) -> Result<Delivery, BadColumn> {
        let status = self.answer_status.map(u16::try_from).transpose();
        Ok(Delivery {
            id,
            destination: DestinationId::from_uuid(self.destination_id),
            matter: match self.matter.as_str() {
                "event" => Matter::Event(Seq(self.seq.ok_or(BadColumn("seq"))?.read("seq")?)),
                "digest" => {
                    let subject = self.rule.as_deref().and_then(Subject::from_word);
                    let tally = Tally {
                        warn: self.warn.read("warn")?,
                        late: self.late.read("late")?,
                        critical: self.critical.read("critical")?,
                        recovered: self.recovered.read("recovered")?,
                    };
                    Matter::Digest(subject.ok_or(BadColumn("rule"))?, tally)
                }
                "test" => Matter::Test,
                _ => return Err(BadColumn("matter")),
            },
            state: DeliveryState::from_word(&self.state).ok_or(BadColumn("state"))?,
            created_at: self.created_at.read("created_at")?,
            next_attempt_at: self.next_attempt_at.read("next_attempt_at")?,
            give_up_at: self.give_up_at.read("give_up_at")?,
            attempts: self.attempts.read("attempts")?,
            attempted_at: self.attempted_at.read("attempted_at")?,
            answer: Answer {
                status: status.map_err(|_| BadColumn("answer_status"))?,
                failure: self.failure,
                body: self.answer_body,
            },
        })
    }
}

/// Something is due at a destination.
#[expect(missing_docs, reason = "columns")]
pub struct RawDueThere<Time> {
    pub tenant_id: Uuid,
    pub destination_id: Uuid,
    pub count: i64,
    pub since: Time,
}

impl<Time: RawValue<DateTime<Utc>>> RawRow for RawDueThere<Time> {
    type Row = DueThere;

    fn into_row(self) -> Result<DueThere, Inconsistency> {
        let destination = DestinationId::from_uuid(self.destination_id);
        let due = || -> Result<DueThere, BadColumn> {
            Ok(DueThere {
                tenant_id: TenantId::from_uuid(self.tenant_id),
                destination,
                count: self.count.read("count")?,
                since: self.since.read("since")?,
            })
        };
        due().map_err(|error| Inconsistency::of("deliveries", destination, error))
    }
}

/// A moment.
#[expect(missing_docs, reason = "columns")]
pub struct RawMoment<Time> {
    pub at: Time,
}

impl<Time: RawValue<DateTime<Utc>>> RawRow for RawMoment<Time> {
    type Row = DateTime<Utc>;

    fn into_row(self) -> Result<DateTime<Utc>, Inconsistency> {
        let at = self.at.read("at");
        at.map_err(|error| Inconsistency::of("deliveries", "of one destination", error))
    }
}
