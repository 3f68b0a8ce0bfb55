//! The end of the logs while a batch works: new rows, sealed, stamped and chained to the ones before them.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use registry_domain::{EventId, Seq, Stamp, TenantId, Version, causes};
use uuid::Uuid;

use crate::ambient::Ambient;
use crate::chain::hash_of;
use crate::keyring::{DataKey, Keyring, OpenError};
use crate::port::{Head, KeyRow};
use crate::projection::Place;
use crate::record::{EventRow, RecordedEvent, StreamEvent, StreamId, actor_to_text};
use crate::stored::{self, Personal, Stored};
use crate::submission::{Idempotency, Origin, Submission, WriteError};

/// What a batch appends.
pub(super) struct Appender<'a> {
    pub(super) heads: HashMap<TenantId, Head>,
    keyring: &'a Keyring,
    ambient: &'a Ambient,
    now: DateTime<Utc>,
    data_keys: HashMap<(TenantId, Uuid), DataKey>,
    /// New rows, in log order per tenant.
    pub(super) rows: Vec<EventRow>,
    /// The data keys of new owners.
    pub(super) keys: Vec<KeyRow>,
}

/// How the personal data of a stream is kept.
pub(super) enum Sealing {
    /// The stream begins: its owner gets a data key.
    NewOwner,
    /// Under the owner's wrapped data key.
    Wrapped(Vec<u8>),
    /// Not at all: the owner was erased.
    Erased,
}

/// Where the new events of one command stand.
#[derive(Default)]
pub(super) struct Appended {
    pub(super) event_ids: Vec<EventId>,
    pub(super) stamps: Vec<Stamp>,
}

impl<'a> Appender<'a> {
    pub(super) fn new(
        heads: HashMap<TenantId, Head>,
        keyring: &'a Keyring,
        ambient: &'a Ambient,
        now: DateTime<Utc>,
    ) -> Self {
        Self {
            heads,
            keyring,
            ambient,
            now,
            data_keys: HashMap::new(),
            rows: Vec::new(),
            keys: Vec::new(),
        }
    }

    /// The end of a tenant's log, with everything that this batch appended.
    pub(super) fn head(&self, tenant_id: TenantId) -> Head {
        self.heads.get(&tenant_id).copied().unwrap_or(Head::EMPTY)
    }

    /// What is kept of an Idempotency-Key.
    pub(super) fn kept(&self, tenant_id: TenantId, idempotency: &Idempotency) -> String {
        self.keyring.keyed(tenant_id, &idempotency.key)
    }

    /// When the next event of a tenant is recorded. A clock that was set back must not make the log's time run backwards.
    pub(super) fn recorded_at(&self, tenant_id: TenantId) -> DateTime<Utc> {
        self.now.max(self.head(tenant_id).recorded_at)
    }

    /// Appends the facts of one command to one stream that stood at `version`. All or none: a key that does not open
    /// shows before the first row. Returns the wrapped key of a new owner beside what was appended.
    pub(super) fn append(
        &mut self,
        submission: &Submission,
        stream: StreamId,
        version: Version,
        sealing: &mut Sealing,
        facts: Vec<Stored>,
    ) -> Result<Appended, WriteError> {
        let mut appended = Appended::default();
        if facts.is_empty() {
            return Ok(appended);
        }
        let key = self.data_key(submission.tenant_id, stream.as_uuid(), sealing)?;
        let mut version = version;
        for fact in facts {
            version = version.next();
            let (event_id, stamp) =
                self.append_one(submission, stream, version, fact, key.as_ref(), &appended.event_ids);
            appended.event_ids.push(event_id);
            appended.stamps.push(stamp);
        }
        Ok(appended)
    }

    fn append_one(
        &mut self,
        submission: &Submission,
        stream: StreamId,
        version: Version,
        fact: Stored,
        key: Option<&DataKey>,
        before: &[EventId],
    ) -> (EventId, Stamp) {
        let head = self.head(submission.tenant_id);
        let event_id = EventId::from_uuid(self.ambient.ids.uuid());
        let personal = Personal::with_origin(fact.personal, &submission.origin);
        let sealed = match (personal, key) {
            (Some(personal), Some(key)) => key.seal(event_id.as_uuid(), &personal.to_bytes()),
            (None, _) | (_, None) => Vec::new(),
        };
        let first = before.first().copied();
        let idempotency_key = submission.idempotency.as_ref().filter(|_| first.is_none());
        let mut row = EventRow {
            tenant_id: submission.tenant_id,
            seq: head.seq.next(),
            event_id,
            stream,
            version,
            event_type: fact.event_type.to_owned(),
            recorded_at: self.recorded_at(submission.tenant_id),
            actor: actor_to_text(&submission.origin.actor),
            correlation_id: submission.origin.correlation_id,
            causation_id: first,
            idempotency_key: idempotency_key.map(|idempotency| self.kept(submission.tenant_id, idempotency)),
            data: fact.data,
            sealed,
            hash: [0; 32],
        };
        row.hash = hash_of(&head.hash, &row);
        let stamp = row.stamp();
        let head = Head {
            seq: row.seq,
            hash: row.hash,
            recorded_at: row.recorded_at,
        };
        self.heads.insert(submission.tenant_id, head);
        self.rows.push(row);
        (event_id, stamp)
    }

    /// What was appended last, as it will be read back: of an owner that was erased nothing personal is kept.
    pub(super) fn recorded(
        &self,
        origin: &Origin,
        appended: &Appended,
        facts: impl Iterator<Item = StreamEvent>,
    ) -> Vec<RecordedEvent> {
        let begin = self.rows.len().saturating_sub(appended.event_ids.len());
        let recorded = |(row, fact): (&EventRow, StreamEvent)| {
            let is_sealed = !row.sealed.is_empty();
            let fact = if is_sealed {
                fact
            } else {
                stored::into_domain(&row.event_type, &row.data, None).unwrap_or(fact)
            };
            RecordedEvent {
                tenant_id: row.tenant_id,
                event_id: row.event_id,
                stream: row.stream,
                stamp: row.stamp(),
                hash: row.hash,
                event_type: row.event_type.clone(),
                actor: origin.actor.clone(),
                on_behalf_of: origin.on_behalf_of.clone().filter(|_| is_sealed),
                address: origin.address.filter(|_| is_sealed),
                correlation_id: row.correlation_id,
                causation_id: row.causation_id,
                event: fact,
                erased: false,
            }
        };
        self.rows.iter().skip(begin).zip(facts).map(recorded).collect()
    }

    /// The key of an owner's personal data: made for a new owner, none for one that was erased.
    fn data_key(
        &mut self,
        tenant_id: TenantId,
        owner: Uuid,
        sealing: &mut Sealing,
    ) -> Result<Option<DataKey>, WriteError> {
        let key = match sealing {
            Sealing::Erased => return Ok(None),
            Sealing::Wrapped(wrapped) => {
                if let Some(key) = self.data_keys.get(&(tenant_id, owner)) {
                    return Ok(Some(key.clone()));
                }
                let unwrapped = self.keyring.unwrap(owner, wrapped);
                unwrapped.map_err(|error| cannot_unwrap(owner, error))?
            }
            Sealing::NewOwner => {
                let (key, wrapped) = self.keyring.create(owner, self.ambient.ids.secret());
                self.keys.push(KeyRow {
                    tenant_id,
                    owner,
                    wrapped: wrapped.clone(),
                });
                *sealing = Sealing::Wrapped(wrapped);
                key
            }
        };
        self.data_keys.insert((tenant_id, owner), key.clone());
        Ok(Some(key))
    }
}

impl Sealing {
    /// How the stream of an owner that exists is sealed. A missing key of one that was never erased is damage: to
    /// write on without it would drop what the sender was told is safe.
    pub(super) fn of_existing(owner: Uuid, wrapped: Option<&Vec<u8>>, erased: bool) -> Result<Self, WriteError> {
        match wrapped {
            Some(wrapped) => Ok(Self::Wrapped(wrapped.clone())),
            None if erased => Ok(Self::Erased),
            None => {
                tracing::error!(%owner, "data key is missing");
                Err(WriteError::Failed)
            }
        }
    }

    /// The wrapped key, for whoever appends to the stream next.
    pub(super) fn into_wrapped(self) -> Option<Vec<u8>> {
        match self {
            Self::Wrapped(wrapped) => Some(wrapped),
            Self::NewOwner | Self::Erased => None,
        }
    }
}

impl Appended {
    /// Where each of the events stands.
    pub(super) fn places(&self, tenant_id: TenantId, stream: StreamId) -> impl Iterator<Item = Place> + '_ {
        let events = self.event_ids.iter().zip(&self.stamps);
        events.map(move |(event_id, stamp)| Place {
            tenant_id,
            event_id: *event_id,
            stream,
            stamp: *stamp,
        })
    }

    /// The position of the last event, or where the log stood already.
    pub(super) fn last_seq(&self, head: Head) -> Seq {
        self.stamps.last().map_or(head.seq, |stamp| stamp.seq)
    }
}

fn cannot_unwrap(owner: Uuid, error: OpenError) -> WriteError {
    tracing::error!(%owner, error = %causes(&error), "data key cannot be unwrapped");
    WriteError::Failed
}
