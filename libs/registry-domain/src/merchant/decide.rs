//! What follows from a command, given the state. The heart of the product.

mod changes;
mod claims;
mod readings;

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::call::{CallFailure, CallOutcome};
use super::command::{Command, DetailsChange, LinkRefusal, MetadataChange, Refusal, Registration};
use super::context::{Context, Surroundings};
use super::event::Event;
use super::evolve::evolve;
use super::state::{LINKS_MAX, LinkState, METADATA_MAX, Merchant};
use super::verdict::QuarantineStanding;
use super::visit::Visit;
use crate::Adjustment;
use crate::alerts::{self, AlertFact, Ground};
use crate::ids::{EventId, LinkId, Stamp};
use crate::text::{FreeText, Label};

/// Decides which facts follow.
///
/// A command of the tenant may be refused. A report from upstream may not: whatever a callback says, at least its
/// receipt becomes a fact. (One for a merchant that does not exist has no stream to stand in; the write path hands
/// it to the tenant's.) An `Ok` without events means that the wish is fulfilled already.
pub fn decide(state: Option<&Merchant>, command: Command, context: &Context) -> Result<Vec<Event>, Refusal> {
    let mut events = decide_alone(state, command, context)?;
    if let Some(merchant) = state.filter(|merchant| !merchant.alerts.is_empty()) {
        let ended = alerts_ended_by(merchant, &events);
        events.extend(ended.into_iter().map(Event::Alert));
    }
    Ok(events)
}

/// The alerts that end because the shop moves: in the commit of the movement, so that nobody is told of what is over.
fn alerts_ended_by(merchant: &Merchant, events: &[Event]) -> Vec<AlertFact> {
    // Where the facts will stand is not known yet, and makes no difference but that they stand behind what is there.
    let stamp = Stamp {
        event_id: EventId::from_uuid(Uuid::nil()),
        seq: merchant.seq.next(),
        version: merchant.version.next(),
        recorded_at: merchant.stage_since() + TimeDelta::microseconds(1),
    };
    let fold = |state, event| evolve(merchant.id, state, event, stamp);
    let after = events.iter().fold(Some(merchant.clone()), fold);
    after.map_or_else(Vec::new, |after| alerts::ended_by_movement(merchant, &after))
}

fn decide_alone(state: Option<&Merchant>, command: Command, context: &Context) -> Result<Vec<Event>, Refusal> {
    let Some(merchant) = state else {
        return decide_unregistered(command, context);
    };
    match command {
        Command::Register(..) => Err(Refusal::ReferenceTaken { existing: merchant.id }),
        Command::ChangeDetails(change) => change_details(merchant, *change),
        Command::Archive => Ok(if merchant.archived_since.is_none() {
            vec![Event::MerchantArchived]
        } else {
            vec![]
        }),
        Command::Restore => Ok(if merchant.archived_since.is_some() {
            vec![Event::MerchantRestored]
        } else {
            vec![]
        }),
        Command::RequestLink { link_id, redirect_url } => {
            check_linkable(merchant)?;
            Ok(vec![Event::LinkRequested { link_id, redirect_url }])
        }
        Command::RecordLinkIssued { link_id, url } => {
            check_unsettled(merchant, link_id)?;
            Ok(vec![Event::LinkIssued { link_id, url }])
        }
        Command::RecordLinkFailed { link_id, failure } => record_link_failure(merchant, link_id, failure),
        Command::RevokeLink { link_id } => revoke(merchant, link_id),
        Command::ReceiveCallback(claim) => Ok(claims::receive(merchant, *claim, None, context)),
        Command::RecordReading(reading) => Ok(readings::record(merchant, *reading)),
        Command::ReleaseHold { requested_until } => Ok(readings::release(merchant, requested_until)),
        Command::RedriveCallback(claim, redrive) => Ok(claims::redrive(merchant, *claim, redrive, context)),
        Command::DiscardCallback { event_id, reason } => discard(event_id, reason, context.standing),
        // A note is personal, and there is no key left to seal it with.
        Command::AddNote(_) if merchant.erased => Err(Refusal::Erased),
        Command::AddNote(note) => Ok(vec![Event::NoteAdded { text: note.into() }]),
        Command::RecordVisit { visit, quiet_since } => Ok(record_visit(merchant, visit, quiet_since)),
        Command::JudgeAlerts { alert_id, unusual, now } => {
            let ground = Ground {
                rules: &context.alert_rules,
                calendar: &context.calendar,
                unusual: &unusual,
            };
            let fact = alerts::judge_stage(merchant, ground, alert_id, now);
            Ok(fact.map(Event::Alert).into_iter().collect())
        }
        Command::AcknowledgeAlert { alert_id, expected } => {
            let fact = alerts::acknowledge(&merchant.alerts, alert_id, expected)?;
            Ok(fact.map(Event::Alert).into_iter().collect())
        }
        Command::SnoozeAlert {
            alert_id,
            until,
            expected,
        } => {
            let fact = alerts::snooze(&merchant.alerts, alert_id, until, expected)?;
            Ok(fact.map(Event::Alert).into_iter().collect())
        }
    }
}

fn decide_unregistered(command: Command, context: &Context) -> Result<Vec<Event>, Refusal> {
    match command {
        Command::Register(registration) => Ok(register(*registration, context.surroundings)),
        Command::ReceiveCallback(_)
        | Command::ChangeDetails(_)
        | Command::Archive
        | Command::Restore
        | Command::RequestLink { .. }
        | Command::RecordLinkIssued { .. }
        | Command::RecordLinkFailed { .. }
        | Command::RevokeLink { .. }
        | Command::RecordReading(_)
        | Command::ReleaseHold { .. }
        | Command::RedriveCallback(..)
        | Command::DiscardCallback { .. }
        | Command::AddNote(_)
        | Command::RecordVisit { .. }
        | Command::JudgeAlerts { .. }
        | Command::AcknowledgeAlert { .. }
        | Command::SnoozeAlert { .. } => Err(Refusal::NoSuchMerchant),
    }
}

fn register(registration: Registration, surroundings: Surroundings) -> Vec<Event> {
    vec![Event::MerchantRegistered {
        reference: registration.reference,
        company_name: registration.company_name,
        branch_name: registration.branch_name,
        business_number: registration.business_number,
        tags: registration.tags,
        metadata: registration.metadata,
        surroundings,
    }]
}

fn change_details(merchant: &Merchant, change: DetailsChange) -> Result<Vec<Event>, Refusal> {
    let business = &merchant.business;
    let same_text = |change: &Adjustment<Label>, known: Option<&FreeText>| {
        is_kept(change, known, |new, old| new.as_str() == old.as_str())
    };
    let metadata = changed_metadata(&merchant.metadata, change.metadata)?;
    let nothing_new = same_text(&change.company_name, business.company_name.as_ref())
        && same_text(&change.branch_name, business.branch_name.as_ref())
        && is_kept(&change.business_number, business.number.as_ref(), |new, old| {
            new.digits() == old.as_str()
        })
        && change.tags.as_ref().is_none_or(|tags| *tags == merchant.tags)
        && metadata.as_ref().is_none_or(|metadata| *metadata == merchant.metadata);
    if nothing_new {
        return Ok(vec![]);
    }
    Ok(vec![Event::MerchantDetailsChanged {
        company_name: change.company_name,
        branch_name: change.branch_name,
        business_number: change.business_number,
        tags: change.tags,
        metadata,
    }])
}

/// Whether a value is after a change what it was before.
fn is_kept<New, Old>(change: &Adjustment<New>, known: Option<&Old>, same: impl Fn(&New, &Old) -> bool) -> bool {
    match change {
        Adjustment::Keep => true,
        Adjustment::Unset => known.is_none(),
        Adjustment::Set(new) => known.is_some_and(|old| same(new, old)),
    }
}

/// The tenant's own data after a change, whole; `None` if the change says nothing of it.
fn changed_metadata(
    known: &BTreeMap<String, Label>,
    change: MetadataChange,
) -> Result<Option<BTreeMap<String, Label>>, Refusal> {
    let entries = match change {
        MetadataChange::Keep => return Ok(None),
        MetadataChange::Replace(metadata) => return Ok(Some(metadata)),
        MetadataChange::Merge(entries) => entries,
    };
    let mut merged = known.clone();
    for (key, value) in entries {
        match value {
            Some(value) => merged.insert(key, value),
            None => merged.remove(&key),
        };
    }
    if merged.len() > METADATA_MAX {
        return Err(Refusal::TooMuchMetadata);
    }
    Ok(Some(merged))
}

fn check_linkable(merchant: &Merchant) -> Result<(), LinkRefusal> {
    if merchant.archived_since.is_some() {
        return Err(LinkRefusal::Archived);
    }
    if !merchant.reference.is_linkable() {
        return Err(LinkRefusal::CodesTooLong);
    }
    if merchant.links.len() >= LINKS_MAX {
        return Err(LinkRefusal::TooManyLinks);
    }
    Ok(())
}

/// That nothing is known is written down once, however many come to that conclusion.
fn record_link_failure(merchant: &Merchant, link_id: LinkId, failure: CallFailure) -> Result<Vec<Event>, Refusal> {
    check_unsettled(merchant, link_id)?;
    let known = merchant.link(link_id).map(|link| link.state);
    if known == Some(LinkState::Failed(CallOutcome::Unknown)) && failure.outcome == CallOutcome::Unknown {
        return Ok(vec![]);
    }
    Ok(vec![Event::LinkIssueFailed { link_id, failure }])
}

/// An answer may still come for a call whose outcome was written down as unknown.
fn check_unsettled(merchant: &Merchant, link_id: LinkId) -> Result<(), Refusal> {
    match merchant.link(link_id).map(|link| link.state) {
        Some(LinkState::Requested | LinkState::Failed(CallOutcome::Unknown)) => Ok(()),
        Some(
            LinkState::Issued | LinkState::Revoked | LinkState::Failed(CallOutcome::NotSent | CallOutcome::Refused),
        )
        | None => Err(Refusal::NoSuchLink),
    }
}

fn revoke(merchant: &Merchant, link_id: LinkId) -> Result<Vec<Event>, Refusal> {
    match merchant.link(link_id).map(|link| link.state) {
        None => Err(Refusal::NoSuchLink),
        Some(LinkState::Revoked) => Ok(vec![]),
        Some(LinkState::Requested | LinkState::Issued | LinkState::Failed(_)) => {
            Ok(vec![Event::LinkRevoked { link_id }])
        }
    }
}

/// A shop that was put away has no pages any more.
fn record_visit(merchant: &Merchant, visit: Visit, quiet_since: DateTime<Utc>) -> Vec<Event> {
    let is_gone = merchant.archived_since.is_some() || merchant.erased;
    if is_gone || !merchant.visits.is_news(visit, quiet_since) {
        return vec![];
    }
    vec![match visit {
        Visit::Opened => Event::LinkOpened,
        Visit::Continued { link_id, reused } => Event::LinkContinued { link_id, reused },
        Visit::Returned => Event::MerchantReturned,
    }]
}

fn discard(event_id: EventId, reason: Label, standing: QuarantineStanding) -> Result<Vec<Event>, Refusal> {
    match standing {
        QuarantineStanding::Open(_) => Ok(vec![Event::CallbackDiscarded {
            event_id,
            reason: reason.into(),
        }]),
        QuarantineStanding::Settled => Ok(vec![]),
        QuarantineStanding::Absent => Err(Refusal::NotQuarantined),
    }
}
