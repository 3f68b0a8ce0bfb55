//! What is known of a call that failed, in the words of the log.

use paymint_client::{CallError, Outcome};
use registry_domain::merchant::{CallFailure, CallOutcome, StrangeAnswer, WhoFixes};

/// What is known of a call that failed.
pub fn failure_of(error: &CallError) -> CallFailure {
    CallFailure {
        outcome: match error.outcome() {
            Outcome::NotSent => CallOutcome::NotSent,
            Outcome::Refused => CallOutcome::Refused,
            Outcome::Unknown => CallOutcome::Unknown,
        },
        upstream_code: error.code().map(str::to_owned),
        retryable: error.retryable(),
        who_fixes: match error.who_fixes() {
            paymint_client::WhoFixes::Us => WhoFixes::Us,
            paymint_client::WhoFixes::Partner => WhoFixes::Partner,
            paymint_client::WhoFixes::Paymint => WhoFixes::Paymint,
        },
        strange_answer: error.strange_answer().map(|(http_status, content_type)| StrangeAnswer {
            http_status,
            content_type: content_type.map(str::to_owned),
        }),
    }
}
