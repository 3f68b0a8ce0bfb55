//! Whatever can be asked, told or claimed.

use proptest::prelude::*;

use super::*;

pub(super) fn any_observation() -> impl Strategy<Value = Observation> {
    let code = prop::option::of(prop::sample::select(vec!["N", "W", "P", "S", "R", "O", "X"]));
    let message = prop::option::of(prop::sample::select(vec!["a", "b"]));
    let deletion = prop::sample::select(vec![
        DeletionMark::NotDeleted,
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

pub(super) fn any_answer() -> impl Strategy<Value = Answer> {
    let word = prop::option::of(prop::sample::select(vec![
        "MERCHANT_OPENING",
        "COMPLETED",
        "PAUSED",
        "?",
    ]));
    let said = any::<bool>();
    let found = (any_observation(), word, said).prop_map(|(observation, word, says_deletion)| {
        let deletion = if says_deletion {
            observation.deletion.clone()
        } else {
            DeletionMark::Unsaid
        };
        Answer::Found {
            observation: Box::new(Observation {
                deletion,
                ..observation
            }),
            mapping_status: word.and_then(MappingStatus::from_untrusted),
        }
    });
    prop_oneof![6 => found, 1 => Just(Answer::Missing)]
}

pub(super) fn any_reading() -> impl Strategy<Value = Command> {
    let source = prop::sample::select(ReadingSource::ALL.to_vec());
    (source, any_answer()).prop_map(|(source, answer)| reading(source, answer))
}

pub(super) fn any_redrive() -> impl Strategy<Value = Told> {
    (any_observation(), 0_i64..900, 1_u64..100, any::<bool>()).prop_map(|(observation, second, place, was_open)| {
        let digest = digest_of(&observation);
        let claim = Claim {
            receipt: Receipt {
                received_at: at(second),
                ..receipt(None)
            },
            body: ClaimBody::Mapping { observation, digest },
        };
        let redrive = Redrive {
            of: EventId::from_uuid(Uuid::from_u128(9)),
            seq: Seq(place),
            bound: false,
        };
        let standing = if was_open {
            QuarantineStanding::Open(QuarantineReason::WrongType)
        } else {
            QuarantineStanding::Absent
        };
        Told::standing(Command::RedriveCallback(Box::new(claim), redrive), standing)
    })
}

pub(super) fn any_command() -> impl Strategy<Value = Told> {
    prop_oneof![22 => any_plain_command().prop_map(Told::from), 2 => any_redrive()]
}

fn any_visit() -> impl Strategy<Value = Command> {
    let continued = (1_u128..4, any::<bool>()).prop_map(|(link, reused)| Visit::Continued {
        link_id: link_id(link),
        reused,
    });
    let visit = prop_oneof![Just(Visit::Opened), Just(Visit::Returned), continued];
    (visit, 0_i64..900).prop_map(|(visit, second)| Command::RecordVisit {
        visit,
        quiet_since: at(second),
    })
}

fn any_plain_command() -> impl Strategy<Value = Command> {
    let link = || (1_u128..4).prop_map(link_id);
    prop_oneof![
        1 => Just(Command::Archive),
        1 => Just(Command::Restore),
        1 => Just(Command::AddNote(crate::Note::parse("메모").expect("it is a note"))),
        2 => link().prop_map(|link_id| Command::RequestLink { link_id, redirect_url: None }),
        2 => link().prop_map(|link_id| Command::RecordLinkIssued { link_id, url: SecretText::new("u".into()) }),
        1 => link().prop_map(|link_id| Command::RevokeLink { link_id }),
        1 => any_visit(),
        8 => any_observation().prop_map(callback),
        1 => Just(claim(receipt(None), ClaimBody::Unusable(QuarantineReason::Unparseable))),
        4 => any_reading(),
        1 => (0_i64..900).prop_map(|second| Command::ReleaseHold { requested_until: at(second) }),
    ]
}
