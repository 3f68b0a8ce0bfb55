//! Given these events, when this command comes, then these events follow. And properties that hold for any history.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::review::{ContentDigest, DeletionMark, Observation, ReviewCode, ReviewStatus, Verification};
use crate::{
    FreeText, Label, LinkId, MemberCode, MerchantCode, MerchantId, Reference, ReportedNumber, Seq, Stamp, Version,
};

/// A merchant's stream under test: commands go in, the state follows by folding what came out.
#[derive(Default)]
struct Stream {
    state: Option<Merchant>,
    events: Vec<(Event, Stamp)>,
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

impl Stream {
    fn registered() -> Self {
        let mut stream = Self::default();
        stream.when(register("member-1", "shop-1"));
        stream
    }

    fn when(&mut self, command: Command) -> Vec<Event> {
        self.try_when(command).expect("the command is accepted")
    }

    fn try_when(&mut self, command: Command) -> Result<Vec<Event>, Refusal> {
        let events = decide(self.state.as_ref(), command)?;
        for event in &events {
            let number = self.events.len() as u64 + 1;
            let stamp = Stamp {
                seq: Seq(number),
                version: Version(number),
                recorded_at: at(i64::try_from(number).unwrap()),
            };
            self.state = evolve(merchant_id(), self.state.take(), event, stamp);
            self.events.push((event.clone(), stamp));
        }
        Ok(events)
    }

    fn now(&self) -> &Merchant {
        self.state.as_ref().expect("the merchant is registered")
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
    Command::Register(Box::new(registration), Surroundings::default())
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
    }
}

fn callback(observation: Observation) -> Command {
    let digest = digest_of(&observation);
    claim(receipt(None), ClaimBody::Mapping { observation, digest })
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
    assert_eq!(stream.now().review.observed_at, Some(at(500)));
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
fn documents_asked_for_twice_with_one_message_are_two_requests() {
    let mut stream = Stream::registered();
    let mut seen = Vec::new();
    for observation in [
        says("S", Some("통장 사본")),
        says("P", None),
        says("S", Some("통장 사본")),
    ] {
        seen.extend(moves(&stream.when(callback(observation))));
    }
    let (nothing, review, documents) = (
        ReviewStatus::None,
        ReviewStatus::InReview,
        ReviewStatus::DocumentsRequired,
    );
    assert_eq!(seen, [(nothing, documents), (documents, review), (review, documents)]);
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
    let unknown = LinkFailure {
        outcome: LinkOutcome::Unknown,
        upstream_code: None,
        retryable: true,
        who_fixes: WhoFixes::Paymint,
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
    stream.when(Command::RecordLinkFailed {
        link_id: link_id(1),
        failure: unknown,
    });
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
    let mut stream = Stream::registered();
    stream.when(callback(says("O", None)));
    stream.when(callback(Observation {
        deletion: DeletionMark::Deleted,
        ..says("O", None)
    }));
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
    stream.when(callback(says("O", None)));
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

fn any_observation() -> impl Strategy<Value = Observation> {
    let code = prop::option::of(prop::sample::select(vec!["N", "W", "P", "S", "R", "O", "X"]));
    let message = prop::option::of(prop::sample::select(vec!["a", "b"]));
    let deletion = prop::sample::select(vec![
        DeletionMark::NotDeleted,
        DeletionMark::Deleted,
        DeletionMark::Unrecognised(FreeText::from_untrusted("?")),
    ]);
    let name = prop::option::of(prop::sample::select(vec!["가", "나"]));
    (code, message, deletion, name).prop_map(|(code, message, deletion, name)| Observation {
        review_code: code.and_then(ReviewCode::from_untrusted),
        review_message: message.map(FreeText::from_untrusted),
        deletion,
        company_name: name.map(FreeText::from_untrusted),
        ..silent()
    })
}

fn any_command() -> impl Strategy<Value = Command> {
    let link = || (1_u128..4).prop_map(link_id);
    prop_oneof![
        1 => Just(Command::Archive),
        1 => Just(Command::Restore),
        2 => link().prop_map(|link_id| Command::RequestLink { link_id, redirect_url: None }),
        2 => link().prop_map(|link_id| Command::RecordLinkIssued { link_id, url: SecretText::new("u".into()) }),
        1 => link().prop_map(|link_id| Command::RevokeLink { link_id }),
        8 => any_observation().prop_map(callback),
    ]
}

proptest! {
    /// What `decide` saw while the history grew is what a reader gets who folds the log from its beginning.
    #[test]
    fn folding_the_log_gives_the_state_that_decide_saw(commands in prop::collection::vec(any_command(), 0..60)) {
        let mut stream = Stream::registered();
        for command in commands {
            let _refusals_leave_no_trace = stream.try_when(command);
        }
        let folded = fold(merchant_id(), stream.events.iter().map(|(event, stamp)| (event, *stamp)));
        prop_assert_eq!(folded, stream.state);
    }

    /// After any history: the same callback again changes nothing.
    #[test]
    fn a_repeat_emits_no_change(
        history in prop::collection::vec(any_command(), 0..30),
        observation in any_observation(),
    ) {
        let mut stream = Stream::registered();
        for command in history {
            let _refusals_leave_no_trace = stream.try_when(command);
        }
        stream.when(callback(observation.clone()));
        let visible = stream.now().review.clone();
        let events = stream.when(callback(observation));
        prop_assert_eq!(verdicts(&events), [Verdict::Duplicate]);
        prop_assert_eq!(events.len(), 1);
        prop_assert_eq!(&stream.now().review, &visible);
    }

    /// No report is refused, and each leaves exactly one receipt.
    #[test]
    fn every_callback_leaves_one_receipt(observations in prop::collection::vec(any_observation(), 1..40)) {
        let mut stream = Stream::registered();
        for observation in observations {
            let events = stream.when(callback(observation));
            prop_assert_eq!(verdicts(&events).len(), 1);
        }
    }
}
