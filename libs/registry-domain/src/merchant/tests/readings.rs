//! What upstream's answers settle, and what they leave alone.

use super::*;
use crate::review::ClaimSource;

fn observed(events: &[Event]) -> Vec<(Verification, bool)> {
    events
        .iter()
        .filter_map(|event| {
            if let Event::StatusObserved {
                verification, healed, ..
            } = event
            {
                Some((*verification, *healed))
            } else {
                None
            }
        })
        .collect()
}

fn missing(source: ReadingSource) -> Command {
    reading(source, Answer::Missing)
}

fn with_mapping(observation: Observation, word: &str) -> Command {
    reading(
        ReadingSource::ReadBack,
        Answer::Found {
            observation: Box::new(observation),
            mapping_status: MappingStatus::from_untrusted(word),
        },
    )
}

/// A reading whose asker knew the log up to here. The clocks say what they like.
fn taken(asked_seq: Seq, observation: Observation) -> Command {
    Command::RecordReading(Box::new(Reading {
        source: ReadingSource::Reconciliation,
        asked_seq,
        asked_at: at(100_000),
        read_at: at(-100_000),
        answer: found(observation),
    }))
}

#[test]
fn a_lost_callback_is_healed() {
    let mut stream = Stream::linked();
    stream.when(callback(says("P", None)));
    let events = stream.when(read_back(says("O", None)));
    assert_eq!(observed(&events), [(Verification::Verified, true)]);
    assert_eq!(moves(&events), [(ReviewStatus::InReview, ReviewStatus::Opened)]);
    let review = &stream.now().review;
    assert_eq!(
        (review.source, review.verification),
        (Some(ClaimSource::ReadBack), Verification::Verified)
    );
}

#[test]
fn asking_does_not_make_the_log_grow() {
    let mut stream = Stream::linked();
    stream.when(callback(says("S", Some("통장 사본"))));
    let events = stream.when(read_back(says("S", None)));
    assert_eq!(observed(&events), [(Verification::Verified, false)]);
    assert_eq!(events.len(), 1, "the message stands although the answer has none");
    assert_eq!(stream.when(read_back(says("S", None))), []);
    assert_eq!(stream.when(read_back(says("S", Some("통장 사본")))), []);
    stream.when(listed("MERCHANT_OPENING"));
    assert_eq!(stream.when(listed("MERCHANT_OPENING")), []);
}

#[test]
fn that_a_new_shop_has_no_review_is_not_healed() {
    let mut stream = Stream::linked();
    let events = stream.when(read_back(says("N", None)));
    assert_eq!(observed(&events), [(Verification::Verified, false)]);
}

/// Given P, when upstream is asked by somebody who knew so much of the log, then that follows.
#[test]
fn a_reading_is_judged_by_what_its_asker_knew() {
    let table = [
        (
            "asked after the claim",
            0,
            "S",
            vec![(Verification::Verified, true)],
            "S",
        ),
        (
            "overtaken, and disagrees",
            1,
            "S",
            vec![(Verification::Conflicting, false)],
            "P",
        ),
        (
            "overtaken, and agrees",
            1,
            "P",
            vec![(Verification::Verified, false)],
            "P",
        ),
    ];
    for (name, unknown_to_asker, letter, expected, code) in table {
        let mut stream = Stream::linked();
        stream.when(callback(says("P", None)));
        let claimed = stream.now().last_claim().unwrap();
        let asked = Seq(claimed.0 - unknown_to_asker);
        let events = stream.exactly(taken(asked, says(letter, None))).unwrap();
        assert_eq!(observed(&events), expected, "{name}");
        let now = stream.now().review.code.as_ref().map(ReviewCode::as_str);
        assert_eq!(now, Some(code), "{name}");
        let again = stream.exactly(taken(asked, says(letter, None))).unwrap();
        assert_eq!(again, [], "{name}: the same answer twice");
    }
}

#[test]
fn a_conflict_is_settled_by_the_next_reading() {
    let mut stream = Stream::linked();
    let asked = stream.seq();
    stream.when(callback(says("P", None)));
    stream.exactly(taken(asked, says("S", None))).unwrap();
    assert_eq!(stream.now().warnings(), [Warning::AnswersConflict]);
    assert!(stream.now().needs_attention());
    stream.when(read_back(says("P", None)));
    assert_eq!(stream.now().review.verification, Verification::Verified);
}

#[test]
fn an_overtaken_or_silent_answer_leaves_a_question_open() {
    let mut stream = Stream::linked();
    stream.when(callback(says("O", None)));
    let asked = stream.seq();
    stream.when(callback(deleted(says("O", None))));
    assert_eq!(stream.exactly(taken(asked, says("O", None))).unwrap(), []);
    let silent_on_deletion = Observation {
        deletion: DeletionMark::Unsaid,
        ..says("O", None)
    };
    assert_eq!(stream.when(read_back(silent_on_deletion)), []);
    let events = stream.when(listed("COMPLETED"));
    assert_eq!(observed(&events), [(Verification::Held, false)]);
    assert!(stream.now().confirmation.is_some());
    stream.when(read_back(says("O", None)));
    assert_eq!(
        (stream.now().confirmation, stream.now().review.verification),
        (None, Verification::Verified)
    );
}

#[test]
fn of_several_held_claims_the_one_that_upstream_confirms_counts() {
    let mut stream = Stream::linked();
    stream.when(callback(says("O", None)));
    stream.when(callback(says("P", None)));
    stream.when(callback(says("R", Some("사유"))));
    let held: Vec<_> = stream.now().held.iter().map(|claim| claim.version).collect();
    let events = stream.when(read_back(says("P", None)));
    let confirmed = Event::ConfirmationResolved {
        resolution: Resolution::Confirmed,
        claims: held.clone(),
        applied: Some(held[0]),
    };
    assert_eq!(events[1], confirmed);
    assert_eq!(stream.now().stage(), Stage::InReview);
}

/// Given S with one message, then with another, and the first again (held), when upstream says S with this message,
/// then that is how the question is settled, and that is the message.
#[test]
fn where_the_letter_is_no_news_the_message_is_what_is_confirmed() {
    let (first, second) = ("통장 사본", "임대차 계약서");
    let table = [
        (Some(first), Resolution::Confirmed, first),
        (None, Resolution::Confirmed, first),
        (Some(second), Resolution::Refuted, second),
    ];
    for (message, expected, stands) in table {
        let mut stream = Stream::linked();
        for claimed in [first, second, first] {
            stream.when(callback(says("S", Some(claimed))));
        }
        let events = stream.when(read_back(says("S", message)));
        assert!(
            matches!(events[1], Event::ConfirmationResolved { resolution, .. } if resolution == expected),
            "{message:?}"
        );
        assert_eq!(stream.now().review.message, Some(FreeText::from_untrusted(stands)));
    }
}

#[test]
fn a_link_that_came_back_by_a_mere_claim_is_not_verified() {
    let mut stream = Stream::linked();
    stream.when(read_back(deleted(says("O", None))));
    assert_eq!(stream.now().review.verification, Verification::Verified);
    stream.when(callback(says("O", None)));
    assert_eq!(stream.now().stage(), Stage::Opened);
    assert_eq!(stream.now().review.verification, Verification::Unverified);
}

#[test]
fn a_reading_that_bears_out_nobody_is_believed_and_healed() {
    let mut stream = Stream::linked();
    stream.when(callback(says("O", None)));
    stream.when(callback(says("P", None)));
    let events = stream.when(read_back(says("R", Some("사유"))));
    assert_eq!(observed(&events), [(Verification::Verified, true)]);
    assert_eq!(moves(&events), [(ReviewStatus::Opened, ReviewStatus::Rejected)]);
}

#[test]
fn a_list_verifies_only_that_a_shop_is_open() {
    let mut stream = Stream::linked();
    stream.when(callback(says("P", None)));
    stream.when(listed("MERCHANT_OPENING"));
    assert_eq!(stream.now().review.verification, Verification::Unverified);
    let events = stream.when(listed("COMPLETED"));
    assert_eq!(observed(&events), [(Verification::Conflicting, false)]);
    assert_eq!(stream.now().stage(), Stage::InReview, "a list knows no letter");
    stream.when(callback(says("O", None)));
    let events = stream.when(listed("COMPLETED"));
    assert_eq!(observed(&events), [(Verification::Verified, false)]);
    assert_eq!(stream.now().review.source, Some(ClaimSource::List));
}

#[test]
fn list_and_answer_do_not_take_turns() {
    let mut stream = Stream::linked();
    stream.when(callback(says("P", None)));
    stream.when(listed("COMPLETED"));
    stream.when(read_back(says("P", None)));
    assert_eq!(stream.now().review.verification, Verification::Verified);
    assert_eq!(stream.when(listed("COMPLETED")), []);
    assert_eq!(stream.when(read_back(says("P", None))), []);
}

#[test]
fn letter_and_word_that_exclude_each_other_conflict_and_the_letter_counts() {
    let mut stream = Stream::linked();
    stream.when(callback(says("P", None)));
    let events = stream.when(with_mapping(says("O", None), "MERCHANT_OPENING"));
    assert_eq!(observed(&events), [(Verification::Conflicting, true)]);
    assert_eq!(stream.now().stage(), Stage::Opened);
    assert_eq!(stream.when(with_mapping(says("O", None), "MERCHANT_OPENING")), []);
    stream.when(with_mapping(says("O", None), "COMPLETED"));
    assert_eq!(stream.now().review.verification, Verification::Verified);
}

#[test]
fn a_list_adds_business_details_and_overrules_none() {
    let mut stream = Stream::linked();
    let mut command = listed("INITIALIZED");
    if let Command::RecordReading(reading) = &mut command
        && let Answer::Found { observation, .. } = &mut reading.answer
    {
        observation.company_name = Some(FreeText::from_untrusted("다른 이름"));
        observation.branch_name = Some(FreeText::from_untrusted("본점"));
    }
    stream.when(command);
    let business = &stream.now().business;
    assert_eq!(business.company_name, Some(FreeText::from_untrusted("가나다 학원")));
    assert_eq!(business.branch_name, Some(FreeText::from_untrusted("본점")));
}

#[test]
fn an_answer_about_another_pair_says_nothing() {
    let mut stream = Stream::linked();
    let other = Observation {
        merchant_code: Some(MerchantCode::parse("other").unwrap()),
        ..says("O", None)
    };
    assert_eq!(stream.when(read_back(other)), []);
}

#[test]
fn a_shop_that_upstream_does_not_know_is_flagged_and_not_deleted() {
    let mut stream = Stream::linked();
    let ask = || missing(ReadingSource::Reconciliation);
    assert_eq!(stream.when(ask()), [], "upstream has never told of it");
    stream.when(callback(says("O", None)));
    let events = stream.when(ask());
    assert_eq!(observed(&events), [(Verification::Conflicting, false)]);
    assert_eq!(stream.now().stage(), Stage::Opened);
    assert_eq!(
        stream.now().warnings(),
        [Warning::AnswersConflict, Warning::MissingUpstream]
    );
    assert_eq!(stream.when(ask()), []);
    stream.when(read_back(says("O", None)));
    assert_eq!(stream.now().warnings(), []);
}

#[test]
fn missing_in_a_list_and_known_when_asked_do_not_take_turns() {
    let mut stream = Stream::linked();
    stream.when(callback(says("O", None)));
    stream.when(read_back(says("O", None)));
    let events = stream.when(missing(ReadingSource::List));
    assert_eq!(observed(&events), [(Verification::Verified, false)]);
    assert_eq!(stream.now().warnings(), [Warning::MissingFromList]);
    assert_eq!(stream.when(read_back(says("O", None))), []);
    assert_eq!(stream.when(missing(ReadingSource::List)), []);
    stream.when(listed("COMPLETED"));
    assert_eq!(stream.now().warnings(), []);
}

#[test]
fn a_deletion_is_borne_out_by_an_upstream_that_does_not_know_the_shop() {
    let mut stream = Stream::linked();
    stream.when(callback(says("O", None)));
    stream.when(callback(deleted(says("O", None))));
    stream.when(missing(ReadingSource::ReadBack));
    let merchant = stream.now();
    assert_eq!(
        (merchant.stage(), merchant.review.verification),
        (Stage::Unlinked, Verification::Verified)
    );
    assert_eq!(merchant.warnings(), []);
    assert_eq!(stream.when(missing(ReadingSource::Reconciliation)), []);
    assert_eq!(stream.when(missing(ReadingSource::List)), []);
}
