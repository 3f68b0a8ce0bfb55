//! What came of a call, in the words of the log.

use paymint_client::CallError;
use registry_domain::merchant::{self, Link, LinkFailure, LinkOutcome, StrangeAnswer, WhoFixes};
use registry_domain::{LinkId, ReportedNumber};
use registry_journal::Outcome;

use super::LinkAnswer;

pub(super) fn settlement(event: &merchant::Event, link: &Link) -> Option<LinkAnswer> {
    if let merchant::Event::LinkIssued { link_id, url } = event
        && *link_id == link.id
    {
        return Some(LinkAnswer::Issued {
            link: link.clone(),
            url: url.clone(),
            replayed: true,
        });
    }
    if let merchant::Event::LinkIssueFailed { link_id, failure } = event
        && *link_id == link.id
    {
        return Some(LinkAnswer::Failed {
            link_id: *link_id,
            failure: failure.clone(),
            replayed: true,
        });
    }
    None
}

pub(super) fn written_link(outcome: Outcome, link_id: LinkId) -> Option<Link> {
    match outcome {
        Outcome::Written(written) => written.merchant.and_then(|merchant| merchant.link(link_id).cloned()),
        Outcome::Replayed(_) | Outcome::KeyReused | Outcome::Refused(_) | Outcome::TenantRefused(_) => None,
    }
}

pub(super) fn valid_digits(number: &ReportedNumber) -> Option<&str> {
    match number {
        ReportedNumber::Valid(number) => Some(number.digits()),
        ReportedNumber::Doubtful(..) => None,
    }
}

/// What is known of a call that failed.
pub fn failure(error: &CallError) -> LinkFailure {
    LinkFailure {
        outcome: match error.outcome() {
            paymint_client::Outcome::NotSent => LinkOutcome::NotSent,
            paymint_client::Outcome::Refused => LinkOutcome::Refused,
            paymint_client::Outcome::Unknown => LinkOutcome::Unknown,
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

pub(super) fn gave_up() -> LinkFailure {
    LinkFailure {
        outcome: LinkOutcome::Unknown,
        upstream_code: None,
        retryable: true,
        who_fixes: WhoFixes::Us,
        strange_answer: None,
    }
}
