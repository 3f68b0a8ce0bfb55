//! Driving callbacks again, giving them up, and approvals that come again.

use super::*;

fn original() -> EventId {
    EventId::from_uuid(Uuid::from_u128(77))
}

fn open(reason: QuarantineReason) -> QuarantineStanding {
    QuarantineStanding::Open(reason)
}

/// Drives a callback again that first came at this second, and stands at this place of the log.
fn redrive(place: u32, body: ClaimBody, standing: QuarantineStanding, bound: bool) -> Told {
    let receipt = Receipt {
        received_at: at(i64::from(place)),
        ..receipt(None)
    };
    let redrive = Redrive {
        of: original(),
        seq: Seq(u64::from(place)),
        bound,
    };
    let command = Command::RedriveCallback(Box::new(Claim { receipt, body }), redrive);
    Told::standing(command, standing)
}

fn mapping(observation: Observation) -> ClaimBody {
    let digest = digest_of(&observation);
    ClaimBody::Mapping { observation, digest }
}

fn approval(state: &str) -> Approval {
    let text = |text: &str| Some(FreeText::from_untrusted(text));
    Approval {
        bill_id: text("B1"),
        state: text(state),
        price: text("1000"),
        approval_number: text("77"),
        original_number: None,
        approved_at: None,
        pay_type: None,
        issuer: None,
        issuer_number_masked: None,
        api_key: ApprovalKey::Absent,
    }
}

#[test]
fn a_redriven_callback_is_applied_as_of_when_it_came() {
    let mut stream = Stream::linked();
    let events = stream.when(redrive(
        5,
        mapping(says("P", None)),
        open(QuarantineReason::Unparseable),
        false,
    ));
    assert_eq!(verdicts(&events), [Verdict::Applied]);
    assert!(matches!(
        events[0],
        Event::CallbackReceived { redrive_of: Some(of), received_at, .. } if of == original() && received_at == at(5)
    ));
    assert_eq!(stream.now().stage(), Stage::InReview);
    assert_eq!(stream.now().review.observed_at, Some(at(5)));
}

#[test]
fn a_redriven_callback_does_not_overrule_what_came_after_it() {
    let was = open(QuarantineReason::WrongType);
    let mut claimed = Stream::linked();
    claimed.when(callback(says("S", None)));
    let mut read = Stream::linked();
    read.when(callback(says("S", None)));
    read.when(read_back(says("S", None)));
    let before_claim = u32::try_from(claimed.now().last_claim().unwrap().0 - 1).unwrap();
    // Behind the claim, and known to whoever asked.
    let before_question = before_claim + 2;
    for (stream, place) in [(&mut claimed, before_claim), (&mut read, before_question)] {
        let events = stream.when(redrive(place, mapping(says("P", None)), was, false));
        assert_eq!(verdicts(&events), [Verdict::Outdated]);
        assert_eq!(events.len(), 1);
        assert_eq!(stream.now().stage(), Stage::DocumentsRequired);
    }
}

#[test]
fn a_redrive_of_which_nothing_comes_is_no_fact() {
    let mut stream = Stream::linked();
    stream.when(callback(says("P", None)));
    let again = |standing| redrive(20, mapping(says("P", None)), standing, false);
    assert_eq!(stream.when(again(QuarantineStanding::Absent)), []);
    assert_eq!(stream.when(again(QuarantineStanding::Settled)), []);
    let closed = stream.when(again(open(QuarantineReason::UnknownShape)));
    assert_eq!(verdicts(&closed), [Verdict::Duplicate], "it leaves the quarantine");
    let still = |was| redrive(20, ClaimBody::Unusable(QuarantineReason::UnknownShape), was, false);
    assert_eq!(stream.when(still(open(QuarantineReason::UnknownShape))), []);
    let other = stream.when(still(open(QuarantineReason::Unparseable)));
    assert_eq!(verdicts(&other), [Verdict::Quarantined(QuarantineReason::UnknownShape)]);
}

#[test]
fn a_doubtful_redrive_is_held_as_any_other() {
    let mut stream = Stream::linked();
    stream.when(callback(says("O", None)));
    let events = stream.when(redrive(
        1_000,
        mapping(says("P", None)),
        open(QuarantineReason::WrongType),
        false,
    ));
    assert_eq!(verdicts(&events), [Verdict::Held]);
}

#[test]
fn a_tenant_may_bind_a_callback_to_a_merchant() {
    let foreign = || {
        mapping(Observation {
            merchant_code: Some(MerchantCode::parse("other").unwrap()),
            ..says("P", None)
        })
    };
    let was = open(QuarantineReason::CodesMismatch);
    let mut stream = Stream::linked();
    assert_eq!(stream.when(redrive(5, foreign(), was, false)), []);
    let events = stream.when(redrive(5, foreign(), was, true));
    assert_eq!(verdicts(&events), [Verdict::Applied]);
}

#[test]
fn a_callback_is_discarded_once_and_with_a_reason() {
    let discard = |standing| {
        let reason = Label::parse("시험 호출").unwrap();
        let event_id = original();
        Told::standing(Command::DiscardCallback { event_id, reason }, standing)
    };
    let mut stream = Stream::linked();
    let events = stream.when(discard(open(QuarantineReason::Unparseable)));
    assert!(matches!(&events[..], [Event::CallbackDiscarded { event_id, .. }] if *event_id == original()));
    assert_eq!(stream.when(discard(QuarantineStanding::Settled)), []);
    assert_eq!(
        stream.try_when(discard(QuarantineStanding::Absent)),
        Err(Refusal::NotQuarantined)
    );
}

#[test]
fn an_approval_that_is_known_leaves_a_small_receipt() {
    let mut stream = Stream::linked();
    stream.when(callback(says("O", None)));
    let before = stream.now().review.clone();
    let told = |knows_approval| Told {
        command: claim(receipt(None), ClaimBody::Approval(approval("F"))),
        context: Context {
            knows_approval,
            ..Context::default()
        },
    };
    let events = stream.when(told(false));
    assert!(matches!(&events[..], [Event::PaymentApprovalReceived { .. }]));
    for _ in 0..24 {
        let events = stream.when(told(true));
        assert_eq!(verdicts(&events), [Verdict::Duplicate]);
        assert!(matches!(
            &events[..],
            [Event::CallbackReceived { kind: CallbackKind::Approval, payload, .. }] if payload.0.is_empty()
        ));
    }
    assert_eq!(stream.now().review, before, "a payment says nothing of the review");
}

#[test]
fn an_approval_that_was_not_read_whole_is_never_taken_for_another() {
    assert!(approval("F").is_recognisable());
    let nameless = Approval {
        bill_id: None,
        approval_number: None,
        ..approval("F")
    };
    assert!(!nameless.is_recognisable());
    for text in [
        "N\u{fffd}".to_owned(),
        "n".repeat(crate::text::FREE_TEXT_LENGTH_MAX + 1),
    ] {
        let lossy = Approval {
            approval_number: Some(FreeText::from_untrusted(&text)),
            ..approval("F")
        };
        assert!(!lossy.is_recognisable());
    }
}
