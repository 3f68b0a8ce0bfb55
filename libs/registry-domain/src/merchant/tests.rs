//! Given these events, when this command comes, then these events follow. And properties that hold for any history.

mod arbitrary;
mod asking;
mod billing;
mod claims;
mod notes;
mod properties;
mod quarantine;
mod readings;
mod visits;

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::*;
use crate::review::{
    ContentDigest, DeletionMark, MappingStatus, Observation, ReadingSource, ReviewCode, ReviewStatus, Verification,
};
use crate::{
    EventId, FreeText, Label, LinkId, MemberCode, MerchantCode, MerchantId, Reference, ReportedNumber, Seq, Stamp,
    Version,
};

/// A command, and what is known beside it when it is decided on.
#[derive(Debug, Clone)]
struct Told {
    command: Command,
    context: Context,
}

impl From<Command> for Told {
    fn from(command: Command) -> Self {
        Self {
            command,
            context: Context::default(),
        }
    }
}

impl Told {
    /// About a callback that stands so.
    fn standing(command: Command, standing: QuarantineStanding) -> Self {
        let context = Context {
            standing,
            ..Context::default()
        };
        Self { command, context }
    }
}

/// A merchant's stream under test: commands go in, the state follows by folding what came out. Each command comes ten
/// seconds after the one before it.
#[derive(Default)]
struct Stream {
    state: Option<Merchant>,
    events: Vec<(Event, Stamp)>,
    second: i64,
}

fn merchant_id() -> MerchantId {
    MerchantId::from_uuid(Uuid::from_u128(1))
}

fn link_id(number: u128) -> LinkId {
    LinkId::from_uuid(Uuid::from_u128(number))
}

fn at(second: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(second)
}

fn event_number(number: u64) -> EventId {
    EventId::from_uuid(Uuid::from_u128(number.into()))
}

impl Stream {
    fn registered() -> Self {
        let mut stream = Self::default();
        stream.when(register("member-1", "shop-1"));
        stream
    }

    /// One whose registration link was issued: what opens it need not be vouched for.
    fn linked() -> Self {
        let mut stream = Self::registered();
        let link_id = link_id(99);
        stream.happens(Event::LinkRequested {
            link_id,
            redirect_url: None,
        });
        stream.happens(Event::LinkIssued {
            link_id,
            url: SecretText::new("u".into()),
        });
        stream
    }

    /// Where its last event stands.
    fn seq(&self) -> Seq {
        self.state.as_ref().map_or(Seq::ZERO, |merchant| merchant.seq)
    }

    fn when(&mut self, told: impl Into<Told>) -> Vec<Event> {
        self.try_when(told).expect("the command is accepted")
    }

    fn try_when(&mut self, told: impl Into<Told>) -> Result<Vec<Event>, Refusal> {
        self.second += 10;
        self.exactly(self.in_time(told))
    }

    /// Callbacks arrive and questions are asked and answered at the moment of the stream; none is driven again before
    /// it came.
    fn in_time(&self, told: impl Into<Told>) -> Told {
        let mut told = told.into();
        let now = at(self.second);
        if let Command::ReceiveCallback(claim) = &mut told.command {
            claim.receipt.received_at = now;
        }
        if let Command::RecordReading(reading) = &mut told.command {
            (reading.asked_at, reading.read_at) = (now, now);
            reading.asked_seq = self.seq();
        }
        if let Command::RedriveCallback(claim, redrive) = &mut told.command {
            claim.receipt.received_at = claim.receipt.received_at.min(now);
            redrive.seq = redrive.seq.min(self.seq());
        }
        told
    }

    /// A command with the times that it carries.
    fn exactly(&mut self, told: impl Into<Told>) -> Result<Vec<Event>, Refusal> {
        let Told { command, context } = told.into();
        let events = decide(self.state.as_ref(), command, &context)?;
        for event in &events {
            self.happens(event.clone());
        }
        Ok(events)
    }

    /// The event that happened last.
    fn last_event(&self) -> EventId {
        event_number(self.events.len() as u64)
    }

    /// A fact that no command makes.
    fn happens(&mut self, event: Event) {
        let number = self.events.len() as u64 + 1;
        let stamp = Stamp {
            event_id: event_number(number),
            seq: Seq(number),
            version: Version(number),
            recorded_at: at(self.second),
        };
        self.state = evolve(merchant_id(), self.state.take(), &event, stamp);
        self.events.push((event, stamp));
    }

    fn now(&self) -> &Merchant {
        let merchant = self.state.as_ref().expect("the merchant is registered");
        assert!(merchant.stage().may_have(merchant.review.status()));
        merchant
    }
}

fn register(member: &str, merchant: &str) -> Command {
    let registration = Registration {
        reference: reference(member, merchant),
        company_name: Some(Label::parse("가나다 학원").unwrap()),
        branch_name: None,
        business_number: None,
        tags: vec![],
        metadata: BTreeMap::new(),
    };
    Command::Register(Box::new(registration))
}

fn reference(member: &str, merchant: &str) -> Reference {
    Reference {
        member_code: MemberCode::parse(member).unwrap(),
        merchant_code: MerchantCode::parse(merchant).unwrap(),
    }
}

fn silent() -> Observation {
    Observation {
        member_code: None,
        merchant_code: None,
        upstream_member_id: None,
        company_name: None,
        branch_name: None,
        business_number: None,
        review_code: None,
        review_message: None,
        deletion: DeletionMark::NotDeleted,
    }
}

fn says(code: &str, message: Option<&str>) -> Observation {
    Observation {
        review_code: ReviewCode::from_untrusted(code),
        review_message: message.map(FreeText::from_untrusted),
        ..silent()
    }
}

/// Stands in for the digest that the door computes: equal content, equal digest.
fn digest_of(observation: &Observation) -> ContentDigest {
    let deletion = match &observation.deletion {
        DeletionMark::NotDeleted => 0,
        DeletionMark::Deleted => 1,
        DeletionMark::Unrecognised(_) => 2,
        DeletionMark::Unsaid => 3,
    };
    let code = observation.review_code.as_ref().map_or("", ReviewCode::as_str);
    let message = observation.review_message.as_ref().map_or("", FreeText::as_str);
    let name = observation.company_name.as_ref().map_or("", FreeText::as_str);
    let text = format!("{deletion}|{code}|{message}|{name}");
    let mut digest = [0_u8; 32];
    for (index, byte) in text.bytes().enumerate() {
        digest[index % 32] = digest[index % 32].wrapping_mul(31).wrapping_add(byte);
    }
    ContentDigest(digest)
}

fn receipt(link: Option<LinkId>) -> Receipt {
    Receipt {
        link_id: link,
        received_at: at(500),
        payload: RawPayload(b"{}".to_vec()),
        sender_listed: None,
        decoded_with_loss: false,
        by_bills_url: false,
    }
}

fn callback(observation: Observation) -> Command {
    let digest = digest_of(&observation);
    claim(receipt(None), ClaimBody::Mapping { observation, digest })
}

fn reading(source: ReadingSource, answer: Answer) -> Command {
    Command::RecordReading(Box::new(Reading {
        source,
        asked_seq: Seq::ZERO,
        asked_at: at(0),
        read_at: at(0),
        answer,
    }))
}

fn found(observation: Observation) -> Answer {
    Answer::Found {
        observation: Box::new(observation),
        mapping_status: None,
    }
}

/// Upstream is asked about the merchant and says this.
fn read_back(observation: Observation) -> Command {
    reading(ReadingSource::ReadBack, found(observation))
}

/// The merchant stands in upstream's list with this word.
fn listed(word: &str) -> Command {
    let answer = Answer::Found {
        observation: Box::new(Observation {
            deletion: DeletionMark::Unsaid,
            ..silent()
        }),
        mapping_status: MappingStatus::from_untrusted(word),
    };
    reading(ReadingSource::List, answer)
}

fn deleted(observation: Observation) -> Observation {
    Observation {
        deletion: DeletionMark::Deleted,
        ..observation
    }
}

fn named(observation: Observation, name: &str) -> Observation {
    Observation {
        company_name: Some(FreeText::from_untrusted(name)),
        ..observation
    }
}

fn claim(receipt: Receipt, body: ClaimBody) -> Command {
    Command::ReceiveCallback(Box::new(Claim { receipt, body }))
}

fn verdicts(events: &[Event]) -> Vec<Verdict> {
    events
        .iter()
        .filter_map(|event| {
            if let Event::CallbackReceived { verdict, .. } = event {
                Some(*verdict)
            } else {
                None
            }
        })
        .collect()
}

fn moves(events: &[Event]) -> Vec<(ReviewStatus, ReviewStatus)> {
    events
        .iter()
        .filter_map(|event| {
            if let Event::ReviewChanged { from, to, .. } = event {
                Some((*from, *to))
            } else {
                None
            }
        })
        .collect()
}

#[test]
fn a_change_is_applied_as_unverified() {
    let mut stream = Stream::registered();
    let events = stream.when(callback(says("P", None)));
    assert_eq!(verdicts(&events), [Verdict::Applied]);
    assert_eq!(moves(&events), [(ReviewStatus::None, ReviewStatus::InReview)]);
    assert_eq!(stream.now().review.verification, Verification::Unverified);
    assert_eq!(stream.now().review.observed_at, Some(at(stream.second)));
    assert_eq!(stream.now().stage(), Stage::InReview);
}

#[test]
fn a_repeat_of_the_latest_is_a_receipt_and_nothing_else() {
    let mut stream = Stream::registered();
    stream.when(callback(says("S", Some("통장 사본"))));
    let events = stream.when(callback(says("S", Some("통장 사본"))));
    assert_eq!(verdicts(&events), [Verdict::Duplicate]);
    assert_eq!(events.len(), 1);
}

#[test]
fn a_new_message_to_the_same_letter_is_a_change_that_keeps_its_beginning() {
    let mut stream = Stream::registered();
    stream.when(callback(says("S", Some("통장 사본"))));
    let since = stream.now().review.since;
    let events = stream.when(callback(says("S", Some("임대차 계약서"))));
    assert_eq!(
        moves(&events),
        [(ReviewStatus::DocumentsRequired, ReviewStatus::DocumentsRequired)]
    );
    assert_eq!(stream.now().review.since, since);
    assert_eq!(
        stream.now().next_action().message,
        Some(FreeText::from_untrusted("임대차 계약서"))
    );
}

#[test]
fn an_unknown_letter_is_shown_as_unknown_and_warned_of() {
    let mut stream = Stream::registered();
    let events = stream.when(callback(says("X", None)));
    assert_eq!(moves(&events), [(ReviewStatus::None, ReviewStatus::Unknown)]);
    assert_eq!(stream.now().review.code.as_ref().map(ReviewCode::as_str), Some("X"));
    assert_eq!(stream.now().warnings(), [Warning::ReviewCodeUnknown]);
    assert_eq!(stream.now().stage(), Stage::Unknown);
}

#[test]
fn what_cannot_be_used_is_quarantined_with_its_bytes() {
    let other_codes = Observation {
        member_code: Some(MemberCode::parse("other").unwrap()),
        ..says("O", None)
    };
    let digest = digest_of(&other_codes);
    let table = [
        (
            ClaimBody::Unusable(QuarantineReason::Unparseable),
            QuarantineReason::Unparseable,
        ),
        (
            ClaimBody::Unusable(QuarantineReason::UnknownShape),
            QuarantineReason::UnknownShape,
        ),
        (
            ClaimBody::Mapping {
                observation: other_codes,
                digest,
            },
            QuarantineReason::CodesMismatch,
        ),
    ];
    for (body, reason) in table {
        let mut stream = Stream::registered();
        let events = stream.when(claim(receipt(None), body));
        assert_eq!(verdicts(&events), [Verdict::Quarantined(reason)]);
        assert_eq!(events.len(), 1);
        assert_eq!(stream.now().review, crate::review::Review::unheard());
        assert!(matches!(&events[0], Event::CallbackReceived { payload, .. } if payload.0 == b"{}"));
    }
}

#[test]
fn links_decide_what_is_believed() {
    let mut stream = Stream::registered();
    let (good, revoked) = (link_id(7), link_id(8));
    for id in [good, revoked] {
        stream.when(Command::RequestLink {
            link_id: id,
            redirect_url: None,
        });
        stream.when(Command::RecordLinkIssued {
            link_id: id,
            url: SecretText::new("https://x".into()),
        });
    }
    stream.when(Command::RevokeLink { link_id: revoked });
    let through = |link: LinkId| {
        let observation = says("W", None);
        let digest = digest_of(&observation);
        claim(receipt(Some(link)), ClaimBody::Mapping { observation, digest })
    };
    assert_eq!(
        verdicts(&stream.when(through(revoked))),
        [Verdict::Quarantined(QuarantineReason::LinkRevoked)]
    );
    assert_eq!(
        verdicts(&stream.when(through(link_id(9)))),
        [Verdict::Quarantined(QuarantineReason::UnknownLink)]
    );
    assert_eq!(verdicts(&stream.when(through(good))), [Verdict::Applied]);
}

#[test]
fn a_link_is_settled_once_but_an_unknown_outcome_may_still_become_known() {
    let mut stream = Stream::registered();
    let unknown = CallFailure {
        outcome: CallOutcome::Unknown,
        upstream_code: None,
        retryable: true,
        who_fixes: WhoFixes::Paymint,
        strange_answer: None,
    };
    let issued = || Command::RecordLinkIssued {
        link_id: link_id(1),
        url: SecretText::new("https://x".into()),
    };
    assert_eq!(stream.try_when(issued()), Err(Refusal::NoSuchLink));
    stream.when(Command::RequestLink {
        link_id: link_id(1),
        redirect_url: None,
    });
    let failed = || Command::RecordLinkFailed {
        link_id: link_id(1),
        failure: unknown.clone(),
    };
    assert_eq!(stream.when(failed()).len(), 1);
    assert_eq!(stream.when(failed()), [], "nobody learns anything from it again");
    assert_eq!(
        stream.now().latest_link().map(|link| link.state.as_str()),
        Some("unknown")
    );
    stream.when(issued());
    assert_eq!(stream.now().stage(), Stage::LinkIssued);
    assert_eq!(stream.try_when(issued()), Err(Refusal::NoSuchLink));
}

#[test]
fn links_are_refused_where_upstream_or_the_tenant_would_not_want_them() {
    let request = || Command::RequestLink {
        link_id: link_id(1),
        redirect_url: None,
    };
    let mut long = Stream::default();
    long.when(register("member-1", &"s".repeat(31)));
    assert_eq!(long.try_when(request()), Err(Refusal::Link(LinkRefusal::CodesTooLong)));
    let mut archived = Stream::registered();
    archived.when(Command::Archive);
    assert_eq!(archived.try_when(request()), Err(Refusal::Link(LinkRefusal::Archived)));
    assert_eq!(archived.when(Command::Archive), []);
}

#[test]
fn deletion_and_return_are_facts() {
    let mut stream = Stream::linked();
    stream.when(callback(says("O", None)));
    stream.when(callback(deleted(says("O", None))));
    assert_eq!(stream.now().stage(), Stage::Opened, "a deletion is held first");
    stream.when(read_back(deleted(says("O", None))));
    assert_eq!(stream.now().stage(), Stage::Unlinked);
    let unclear = DeletionMark::Unrecognised(FreeText::from_untrusted("maybe"));
    stream.when(callback(Observation {
        deletion: unclear,
        ..says("O", None)
    }));
    assert_eq!(
        (stream.now().stage(), stream.now().warnings()),
        (Stage::Unlinked, vec![Warning::DeletionMarkUnknown])
    );
    stream.when(callback(named(says("O", None), "라마바 학원")));
    assert_eq!((stream.now().stage(), stream.now().warnings()), (Stage::Opened, vec![]));
}

#[test]
fn business_details_follow_upstream_and_absent_fields_say_nothing() {
    let mut stream = Stream::registered();
    let named = Observation {
        company_name: Some(FreeText::from_untrusted("라마바 학원")),
        business_number: Some(ReportedNumber::from_untrusted("117-81-78261")),
        ..says("W", None)
    };
    stream.when(callback(named));
    stream.when(callback(says("P", None)));
    assert_eq!(
        stream.now().business.company_name,
        Some(FreeText::from_untrusted("라마바 학원"))
    );
    assert_eq!(stream.now().warnings(), [Warning::BusinessNumberDoubtful]);
}

#[test]
fn registering_twice_names_the_first() {
    let mut stream = Stream::registered();
    let again = stream.try_when(register("member-1", "shop-1"));
    assert_eq!(
        again,
        Err(Refusal::ReferenceTaken {
            existing: merchant_id()
        })
    );
}
