//! What came of a call, in the words of the log.

use registry_domain::merchant::{self, CallFailure, CallOutcome, Link, WhoFixes};
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

pub(super) fn gave_up() -> CallFailure {
    CallFailure {
        outcome: CallOutcome::Unknown,
        upstream_code: None,
        retryable: true,
        who_fixes: WhoFixes::Us,
        strange_answer: None,
    }
}
