//! What is believed at once, what is held, and what becomes of held claims.

use super::*;
use crate::review::ClaimSource;

fn doubts(events: &[Event]) -> Vec<Doubt> {
    events
        .iter()
        .filter_map(|event| {
            if let Event::ConfirmationRequested { doubt } = event {
                Some(*doubt)
            } else {
                None
            }
        })
        .collect()
}

fn release() -> Command {
    Command::ReleaseHold {
        requested_until: at(i64::from(u32::MAX)),
    }
}

/// Given these callbacks, when this one comes, then that follows.
fn after(before: Vec<Observation>, claim: Observation) -> (Stream, Vec<Event>) {
    let mut stream = Stream::linked();
    for observation in before {
        stream.when(callback(observation));
    }
    let events = stream.when(callback(claim));
    (stream, events)
}

#[test]
fn what_is_not_doubtful_is_applied() {
    let table = [
        ("the first word", vec![], says("O", None)),
        ("forwards", vec![says("W", None)], says("P", None)),
        ("backwards", vec![says("P", None)], says("W", None)),
        ("back to opened", vec![says("R", None)], says("O", None)),
        ("another name", vec![says("O", None)], named(says("O", None), "라마바")),
        ("no letter", vec![says("O", None)], named(silent(), "라마바")),
    ];
    for (name, before, claim) in table {
        let (stream, events) = after(before, claim);
        assert_eq!(verdicts(&events), [Verdict::Applied], "{name}");
        assert_eq!(doubts(&events), [], "{name}");
        assert_eq!(stream.now().review.verification, Verification::Unverified, "{name}");
    }
}

#[test]
fn what_is_doubtful_is_held() {
    let s = || says("S", Some("통장 사본"));
    let opened = || vec![says("O", None)];
    let table = [
        ("leaves opened", opened(), says("P", None), Doubt::LeavesOpened),
        ("unknown letter", opened(), says("X", None), Doubt::LeavesOpened),
        ("both", opened(), deleted(says("P", None)), Doubt::LeavesOpened),
        ("deletes", opened(), deleted(says("O", None)), Doubt::Deletes),
        ("deletes a stranger", vec![], deleted(silent()), Doubt::Deletes),
        ("comes again", vec![s(), says("P", None)], s(), Doubt::Redelivered),
    ];
    for (name, before, claim, doubt) in table {
        let code = before.last().and_then(|observation| observation.review_code.clone());
        let (stream, events) = after(before, claim);
        assert_eq!(verdicts(&events), [Verdict::Held], "{name}");
        assert_eq!(doubts(&events), [doubt], "{name}");
        assert_eq!(events.len(), 2, "{name}: a receipt and a question, no change");
        assert_eq!(stream.now().review.code, code, "{name}");
        assert_eq!(stream.now().review.verification, Verification::Held, "{name}");
    }
}

#[test]
fn an_old_callback_is_forgotten_after_twenty_five_hours() {
    let mut stream = Stream::linked();
    stream.when(callback(says("W", None)));
    stream.when(callback(says("P", None)));
    stream.second += RECENT_TIME.num_seconds();
    assert_eq!(verdicts(&stream.when(callback(says("W", None)))), [Verdict::Applied]);
}

#[test]
fn a_delayed_step_back_from_opened_is_refuted_by_one_reading() {
    let mut stream = Stream::linked();
    stream.when(callback(says("O", None)));
    stream.when(callback(says("P", None)));
    let held = stream.now().version;
    let events = stream.when(read_back(says("O", None)));
    let refuted = Event::ConfirmationResolved {
        resolution: Resolution::Refuted,
        claims: vec![Version(held.0 - 1)],
        applied: None,
    };
    assert!(matches!(events[0], Event::StatusObserved { healed: false, .. }));
    assert_eq!(events[1..], [refuted]);
    let review = &stream.now().review;
    assert_eq!(
        (review.status(), review.verification),
        (ReviewStatus::Opened, Verification::Verified)
    );
    assert_eq!(verdicts(&stream.when(callback(says("O", None)))), [Verdict::Duplicate]);
}

#[test]
fn a_true_withdrawal_is_confirmed_and_keeps_what_the_claim_said() {
    let mut stream = Stream::linked();
    stream.when(callback(says("O", None)));
    stream.when(callback(named(says("S", Some("임대차 계약서")), "라마바")));
    let held = Version(stream.now().version.0 - 1);
    let events = stream.when(read_back(Observation {
        deletion: DeletionMark::Unsaid,
        ..says("S", None)
    }));
    assert!(matches!(events[0], Event::StatusObserved { healed: false, .. }));
    let confirmed = Event::ConfirmationResolved {
        resolution: Resolution::Confirmed,
        claims: vec![held],
        applied: Some(held),
    };
    assert_eq!(events[1], confirmed);
    assert_eq!(
        moves(&events),
        [(ReviewStatus::Opened, ReviewStatus::DocumentsRequired)]
    );
    let merchant = stream.now();
    assert_eq!(merchant.review.message, Some(FreeText::from_untrusted("임대차 계약서")));
    assert_eq!(merchant.business.company_name, Some(FreeText::from_untrusted("라마바")));
    assert_eq!(merchant.review.verification, Verification::Verified);
    assert_eq!(merchant.review.source, Some(ClaimSource::ReadBack));
    let again = stream.when(callback(named(says("S", Some("임대차 계약서")), "라마바")));
    assert_eq!(verdicts(&again), [Verdict::Duplicate]);
}

#[test]
fn documents_asked_for_twice_with_one_message_are_two_requests() {
    let s = || says("S", Some("통장 사본"));
    let mut stream = Stream::linked();
    let mut seen = Vec::new();
    for command in [
        callback(s()),
        callback(says("P", None)),
        callback(s()),
        read_back(s()),
        callback(s()),
    ] {
        seen.extend(moves(&stream.when(command)));
    }
    let (nothing, review, documents) = (
        ReviewStatus::None,
        ReviewStatus::InReview,
        ReviewStatus::DocumentsRequired,
    );
    assert_eq!(seen, [(nothing, documents), (documents, review), (review, documents)]);
}

/// Given opened and a held P, when these claims come and upstream does not answer, then that is believed.
#[test]
fn without_an_answer_the_newest_claim_stands() {
    let table = [
        ("nothing else", vec![], "P"),
        ("P again", vec![(says("P", None), Verdict::Duplicate)], "P"),
        ("O again", vec![(says("O", None), Verdict::Duplicate)], "O"),
        ("S", vec![(says("S", None), Verdict::Held)], "S"),
        (
            "S, then P again",
            vec![(says("S", None), Verdict::Held), (says("P", None), Verdict::Held)],
            "P",
        ),
        (
            "O again, then P again",
            vec![(says("O", None), Verdict::Duplicate), (says("P", None), Verdict::Held)],
            "P",
        ),
        (
            "O with a name",
            vec![(named(says("O", None), "라마바"), Verdict::Applied)],
            "O",
        ),
    ];
    for (name, claims, code) in table {
        let mut stream = Stream::linked();
        stream.when(callback(says("O", None)));
        stream.when(callback(says("P", None)));
        for (claim, verdict) in claims {
            let events = stream.when(callback(claim));
            assert_eq!(verdicts(&events), [verdict], "{name}");
            assert_eq!(doubts(&events), [], "{name}: one question at a time");
            assert_eq!(stream.now().review.verification, Verification::Held, "{name}");
        }
        let events = stream.when(release());
        assert!(
            matches!(
                events[0],
                Event::ConfirmationResolved {
                    resolution: Resolution::Unanswered,
                    ..
                }
            ),
            "{name}"
        );
        let review = &stream.now().review;
        assert_eq!(review.code.as_ref().map(ReviewCode::as_str), Some(code), "{name}");
        assert_eq!(review.verification, Verification::Unverified, "{name}");
        assert_eq!(stream.when(release()), [], "{name}: settled once");
    }
}

#[test]
fn the_hold_time_counts_from_the_first_doubt() {
    let mut stream = Stream::linked();
    stream.when(callback(says("O", None)));
    stream.when(callback(says("P", None)));
    let requested = at(stream.second);
    stream.when(callback(says("W", None)));
    let early = Command::ReleaseHold {
        requested_until: requested - TimeDelta::seconds(1),
    };
    assert_eq!(stream.when(early), []);
    let due = Command::ReleaseHold {
        requested_until: requested,
    };
    assert_eq!(
        moves(&stream.when(due)),
        [(ReviewStatus::Opened, ReviewStatus::Drafting)]
    );
}

#[test]
fn a_held_deletion_gives_way_to_a_later_word_that_is_not_doubtful() {
    let mut stream = Stream::linked();
    stream.when(callback(says("P", None)));
    stream.when(callback(deleted(says("P", None))));
    let events = stream.when(callback(says("S", Some("통장 사본"))));
    assert_eq!(verdicts(&events), [Verdict::Applied]);
    assert_eq!(stream.now().review.verification, Verification::Held);
    stream.when(release());
    assert_eq!(stream.now().stage(), Stage::DocumentsRequired);
}

#[test]
fn words_that_a_reading_has_overruled_are_news_again() {
    let mut stream = Stream::linked();
    stream.when(callback(says("P", None)));
    stream.when(read_back(says("O", None)));
    let events = stream.when(callback(says("P", None)));
    assert_eq!(verdicts(&events), [Verdict::Held]);
    assert_eq!(verdicts(&stream.when(callback(says("P", None)))), [Verdict::Duplicate]);
    stream.when(release());
    assert_eq!(stream.now().stage(), Stage::InReview);
}

#[test]
fn a_letter_whose_meaning_was_learned_is_told_anew() {
    let mut stream = Stream::linked();
    stream.when(callback(says("O", None)));
    // What an older version wrote, to which O was an unknown letter.
    if let Some(merchant) = &mut stream.state {
        merchant.review.told = ReviewStatus::Unknown;
    }
    let events = stream.when(callback(says("O", None)));
    assert_eq!(verdicts(&events), [Verdict::Applied]);
    assert_eq!(moves(&events), [(ReviewStatus::Unknown, ReviewStatus::Opened)]);
    assert_eq!(verdicts(&stream.when(callback(says("O", None)))), [Verdict::Duplicate]);
}

#[test]
fn the_state_goes_by_the_letter_and_not_by_what_it_once_meant() {
    let mut stream = Stream::linked();
    stream.happens(Event::ReviewChanged {
        from: ReviewStatus::None,
        to: ReviewStatus::Unknown,
        code: ReviewCode::from_untrusted("O").unwrap(),
        message: None,
        source: ClaimSource::Callback,
        verification: Verification::Unverified,
    });
    assert_eq!(stream.now().stage(), Stage::Opened);
    assert_eq!(stream.now().warnings(), []);
    let events = stream.when(read_back(says("O", None)));
    assert_eq!(moves(&events), [(ReviewStatus::Unknown, ReviewStatus::Opened)]);
    assert!(matches!(events[0], Event::StatusObserved { healed: false, .. }));
}

#[test]
fn an_erased_merchant_holds_nothing() {
    let mut stream = Stream::linked();
    stream.when(callback(says("O", None)));
    stream.when(callback(says("P", None)));
    stream.happens(Event::MerchantErased);
    assert_eq!(stream.now().review.verification, Verification::Unverified);
    assert_eq!((stream.now().confirmation, stream.now().held.len()), (None, 0));
    let events = stream.when(callback(deleted(named(says("R", Some("사유")), "라마바"))));
    assert_eq!(verdicts(&events), [Verdict::Applied]);
    let merchant = stream.now();
    assert_eq!(merchant.stage(), Stage::Unlinked);
    assert_eq!(
        (&merchant.review.message, &merchant.business),
        (&None, &Business::default())
    );
}
