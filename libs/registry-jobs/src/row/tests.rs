use registry_domain::jobs::{JobState, RowState};
use registry_domain::merchant::WhoFixes;
use registry_domain::{Actor, CorrelationId, JobId};
use registry_journal::port::RowTally;

use super::*;

fn row(number: u32, merchant: u128) -> JobRow {
    JobRow {
        number,
        merchant_id: Some(MerchantId::from_uuid(uuid::Uuid::from_u128(merchant))),
        codes: None,
        state: RowState::Running,
        code: None,
        upstream_code: None,
        link_id: None,
        attempts: 1,
        begun_at: None,
        ended_at: None,
    }
}

fn job(number: u128, action: Action) -> Job {
    Job {
        id: JobId::from_uuid(uuid::Uuid::from_u128(number)),
        action,
        state: JobState::Running,
        filter: None,
        retry_of: None,
        actor: Actor::Operator,
        correlation_id: CorrelationId::from_uuid(uuid::Uuid::from_u128(number)),
        reason: None,
        created_at: DateTime::UNIX_EPOCH,
        confirmed_at: None,
        ended_at: None,
        held_up: None,
        tally: RowTally::default(),
    }
}

#[test]
fn a_row_has_one_key_whoever_tries_it() {
    let key =
        |of, number, merchant| key_of(&job(of, Action::Archive), &row(number, merchant), Part::Whole).expect("a key");
    assert_eq!(key(1, 1, 7), key(1, 1, 7));
    assert_ne!(key(1, 1, 7).key, key(1, 2, 7).key);
    assert_ne!(key(1, 1, 7).key, key(2, 1, 7).key);
    assert_ne!(key(1, 1, 7).fingerprint, key(1, 1, 8).fingerprint);
    let of_part = |part| key_of(&job(1, Action::Archive), &row(1, 7), part).expect("a key");
    assert_ne!(of_part(Part::Whole).key, of_part(Part::Link).key);
}

#[test]
fn what_paymint_did_not_answer_is_not_called_refused() {
    let failure = |outcome| CallFailure {
        outcome,
        upstream_code: Some("9999".to_owned()),
        retryable: true,
        who_fixes: WhoFixes::Paymint,
        strange_answer: None,
    };
    let code = |outcome| match Ended::of_call(failure(outcome), None) {
        Ended::Failed { code, .. } => Some(code),
        Ended::Done { .. } | Ended::Open { .. } | Ended::NotBegun { .. } | Ended::HeldUp { .. } => None,
    };
    assert_eq!(code(CallOutcome::Unknown), Some(RowCode::UpstreamOutcomeUnknown));
    assert_eq!(code(CallOutcome::NotSent), Some(RowCode::UpstreamUnreachable));
    assert_eq!(code(CallOutcome::Refused), Some(RowCode::UpstreamRefused));
}

#[test]
fn what_may_have_been_written_is_found_out_and_not_given_up() {
    assert_eq!(Ended::from(WriteError::Failed), Ended::OPEN);
    assert_eq!(
        Ended::from(WriteError::Busy),
        Ended::HeldUp {
            why: HeldUp::Overloaded,
            until: BUSY_FOR
        }
    );
}
