//! The callbacks of one mapping: what is to be sent, what is held back, and what was sent.

use std::collections::VecDeque;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use url::Url;

use super::BillNumber;
use crate::faults::Content;

/// The callbacks of one mapping that are remembered.
const KEPT_MAX: usize = 50;

/// The callbacks of one mapping that are still remembered after a restart, so that the last can be sent again.
const STORED_MAX: usize = 3;

/// The callbacks of one mapping that may wait. What comes on top is lost, and recorded as such.
const WAITING_MAX: usize = 1000;

/// What a callback's body is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CallbackKind {
    Mapping,
    Approval,
    /// A payment was taken back. It looks like an approval with another state.
    Refund,
    Garbage,
}

/// What was done to a callback on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FaultWord {
    Lost,
    Duplicated,
    Delayed,
    Reordered,
    Garbage,
    WrongKind,
    Nulls,
    Overflow,
    Resent,
    /// Not a fault: it was not answered as expected before.
    Repeated,
}

impl FaultWord {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Lost => "lost",
            Self::Duplicated => "duplicated",
            Self::Delayed => "delayed",
            Self::Reordered => "reordered",
            Self::Garbage => "garbage",
            Self::WrongKind => "wrong_kind",
            Self::Nulls => "nulls",
            Self::Overflow => "overflow",
            Self::Resent => "resent",
            Self::Repeated => "repeated",
        }
    }

    pub(super) fn of_content(content: Content) -> Option<Self> {
        match content {
            Content::Official => None,
            Content::Nulls => Some(Self::Nulls),
            Content::Garbage => Some(Self::Garbage),
            Content::WrongKind => Some(Self::WrongKind),
        }
    }
}

/// A callback to be sent.
#[derive(Debug, Clone)]
pub(crate) struct Outgoing {
    /// The place among the callbacks of this mapping, from 1. It is given when the callback enters the outbox.
    pub(crate) number: u64,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) kind: CallbackKind,
    pub(crate) body: Bytes,
    pub(crate) faults: Vec<FaultWord>,
    /// Where it goes; none for the mapping's own callback URL.
    pub(crate) to: Option<Url>,
    /// The bill that it tells of, if it does.
    pub(crate) bill: Option<BillNumber>,
}

impl Outgoing {
    pub(super) fn new(created_at: DateTime<Utc>, kind: CallbackKind, body: Bytes, fault: Option<FaultWord>) -> Self {
        Self {
            number: 0,
            created_at,
            kind,
            body,
            faults: fault.into_iter().collect(),
            to: None,
            bill: None,
        }
    }

    pub(super) fn add(&mut self, fault: FaultWord) {
        self.faults.push(fault);
    }

    pub(super) fn copy(&self, fault: FaultWord) -> Self {
        let mut copy = self.clone();
        copy.add(fault);
        copy
    }

    /// What is remembered of it.
    pub(crate) fn into_record(self, sent_at: DateTime<Utc>, delivery: Delivery) -> CallbackRecord {
        CallbackRecord {
            number: self.number,
            sent_at,
            kind: self.kind,
            faults: self.faults,
            body: self.body,
            to: self.to,
            bill: self.bill,
            delivery,
        }
    }
}

/// A callback that left the outbox.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct CallbackRecord {
    pub(crate) number: u64,
    pub(crate) sent_at: DateTime<Utc>,
    pub(crate) kind: CallbackKind,
    pub(crate) faults: Vec<FaultWord>,
    #[serde(with = "body_as_text")]
    pub(crate) body: Bytes,
    to: Option<Url>,
    /// The bill that it tells of. Older states do not have the field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) bill: Option<BillNumber>,
    pub(crate) delivery: Delivery,
}

impl CallbackRecord {
    pub(super) fn again(&self, now: DateTime<Utc>) -> Outgoing {
        Outgoing {
            to: self.to.clone(),
            bill: self.bill,
            ..Outgoing::new(now, self.kind, self.body.clone(), Some(FaultWord::Resent))
        }
    }

    /// Whether it is an approval, and the answer the expected one.
    pub(super) fn is_accepted_approval(&self) -> bool {
        let is_accepted = match self.delivery {
            Delivery::Answered { accepted, .. } => accepted,
            Delivery::NotSent | Delivery::Failed { .. } => false,
        };
        is_accepted && self.kind == CallbackKind::Approval
    }

    /// The faults in one word, such as `delayed+duplicated`.
    pub(crate) fn fault(&self) -> Option<String> {
        let words: Vec<_> = self.faults.iter().map(|fault| fault.as_str()).collect();
        (!words.is_empty()).then(|| words.join("+"))
    }
}

/// What became of a callback.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Delivery {
    /// It was kept back for ever.
    NotSent,
    /// An answer came.
    Answered {
        http_status: u16,
        accepted: bool,
        milliseconds: u64,
    },
    /// No answer came.
    Failed { reason: FailureReason, milliseconds: u64 },
}

/// Why no answer came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FailureReason {
    NoConnection,
    Timeout,
    ConnectionBroken,
}

/// A callback that waits for its successors, and its copy.
#[derive(Debug)]
struct Held {
    outgoing: Outgoing,
    copy: Option<Outgoing>,
    successors: u8,
}

/// All callbacks of one mapping. They are sent one after the other, so that their order is kept. What had not left when the
/// sandbox stopped never will.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Outbox {
    numbered: u64,
    reports: u64,
    approvals: u64,
    sent: u64,
    #[serde(skip)]
    waiting: VecDeque<Outgoing>,
    #[serde(skip)]
    held: Vec<Held>,
    #[serde(serialize_with = "newest")]
    records: VecDeque<CallbackRecord>,
    #[serde(skip)]
    sending: bool,
}

impl Outbox {
    /// What was sent or lost, oldest first.
    pub(crate) fn records(&self) -> impl DoubleEndedIterator<Item = &CallbackRecord> + ExactSizeIterator {
        self.records.iter()
    }

    /// How many went out, answered or not.
    pub(crate) fn sent(&self) -> u64 {
        self.sent
    }

    /// Whether nothing is under way any more.
    pub(crate) fn is_idle(&self) -> bool {
        !self.sending && self.waiting.is_empty() && self.held.is_empty()
    }

    /// Counts the changes that were to be reported.
    pub(super) fn next_report(&mut self) -> u64 {
        self.reports += 1;
        self.reports
    }

    /// Counts the payment approvals.
    pub(super) fn next_approval(&mut self) -> u64 {
        self.approvals += 1;
        self.approvals
    }

    /// Puts a callback behind the others.
    pub(super) fn push(&mut self, mut outgoing: Outgoing) {
        outgoing.number = self.next_number();
        self.enqueue(outgoing);
    }

    /// Remembers a callback that is not to be sent.
    pub(super) fn lose(&mut self, mut outgoing: Outgoing) {
        outgoing.number = self.next_number();
        self.drop_as(FaultWord::Lost, outgoing);
    }

    /// Keeps a callback back until so many successors have been put in. Returns its number.
    pub(super) fn hold(&mut self, mut outgoing: Outgoing, copy: Option<Outgoing>, successors: u8) -> u64 {
        let number = self.next_number();
        outgoing.number = number;
        let copy = copy.map(|copy| Outgoing {
            number: self.next_number(),
            ..copy
        });
        self.held.push(Held {
            outgoing,
            copy,
            successors,
        });
        number
    }

    /// A successor was put in: those that have waited for enough of them follow it.
    pub(super) fn overtake(&mut self) {
        for held in &mut self.held {
            held.successors = held.successors.saturating_sub(1);
        }
        let released: Vec<_> = self.held.extract_if(.., |held| held.successors == 0).collect();
        for held in released {
            self.let_go(held);
        }
    }

    /// Lets a held callback go, if it is still there.
    pub(super) fn release(&mut self, number: u64) {
        if let Some(place) = self.held.iter().position(|held| held.outgoing.number == number) {
            let held = self.held.remove(place);
            self.let_go(held);
        }
    }

    /// Returns whether somebody has to start sending.
    pub(super) fn begin_turn(&mut self) -> bool {
        let begins = !self.sending && !self.waiting.is_empty();
        self.sending |= begins;
        begins
    }

    /// The next to be sent. None ends the turn.
    pub(super) fn take_next(&mut self) -> Option<Outgoing> {
        let next = self.waiting.pop_front();
        self.sending = next.is_some();
        next
    }

    pub(super) fn record(&mut self, record: CallbackRecord) {
        if record.delivery != Delivery::NotSent {
            self.sent += 1;
        }
        if self.records.len() == KEPT_MAX {
            self.records.pop_front();
        }
        self.records.push_back(record);
    }

    fn let_go(&mut self, held: Held) {
        self.enqueue(held.outgoing);
        if let Some(copy) = held.copy {
            self.enqueue(copy);
        }
    }

    fn enqueue(&mut self, outgoing: Outgoing) {
        if self.waiting.len() < WAITING_MAX {
            self.waiting.push_back(outgoing);
        } else {
            self.drop_as(FaultWord::Overflow, outgoing);
        }
    }

    fn drop_as(&mut self, fault: FaultWord, mut outgoing: Outgoing) {
        outgoing.add(fault);
        let created_at = outgoing.created_at;
        self.record(outgoing.into_record(created_at, Delivery::NotSent));
    }

    fn next_number(&mut self) -> u64 {
        self.numbered += 1;
        self.numbered
    }
}

/// The newest records, as far as they are remembered after a restart. One that is no text, as garbage may be, is not.
fn newest<S: Serializer>(records: &VecDeque<CallbackRecord>, serializer: S) -> Result<S::Ok, S::Error> {
    let is_text = |record: &&CallbackRecord| std::str::from_utf8(&record.body).is_ok();
    let hidden = records.len().saturating_sub(STORED_MAX);
    serializer.collect_seq(records.iter().skip(hidden).filter(is_text))
}

/// A body in the state file: a text, so that people can read it there.
mod body_as_text {
    use super::{Bytes, Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(body: &Bytes, serializer: S) -> Result<S::Ok, S::Error> {
        let text = std::str::from_utf8(body).map_err(serde::ser::Error::custom)?;
        serializer.serialize_str(text)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Bytes, D::Error> {
        String::deserialize(deserializer).map(Bytes::from)
    }
}
