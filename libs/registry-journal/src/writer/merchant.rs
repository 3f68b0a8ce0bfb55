//! Decides on what is asked of one merchant, appends what comes of it and folds it into the merchant's state.

use std::sync::Arc;

use registry_domain::merchant::{self, Ask, AskGround, Command, QuestionPlan, Refusal};
use registry_domain::search::Found;
use registry_domain::{LinkId, MerchantId, TenantId, Version};

use super::append::{Appended, Sealing};
use super::batch::{Batch, Touched};
use super::idempotency::idempotency_row;
use crate::port::{CountedBefore, LinkRow, LoadedMerchant};
use crate::projection::{begun, reached, renamed, seen};
use crate::record::{StreamEvent, StreamId};
use crate::stored;
use crate::submission::{Outcome, Submission, WriteError, Written};

impl Batch<'_> {
    pub(super) fn merchant(
        &mut self,
        submission: &Submission,
        id: MerchantId,
        command: Command,
        expected: Option<Version>,
    ) -> Result<Outcome, WriteError> {
        let key = (submission.tenant_id, id);
        let before = self.merchants.get(&key).map(|loaded| loaded.merchant.as_ref());
        if let (Some(expected), Some(current)) = (expected, before.map(|merchant| merchant.version))
            && expected != current
        {
            return Ok(Outcome::Refused(Refusal::VersionMismatch { current }));
        }
        let is_report = matches!(command, Command::ReceiveCallback(_));
        let link_id = requested_link(&command);
        let context = self.context_of_merchant(submission.tenant_id, id, &command);
        let events = match merchant::decide(before, command, &context) {
            Ok(events) => events,
            Err(refusal) => return Ok(Outcome::Refused(refusal)),
        };
        let appended = self.append_to_merchant(submission, id, &events)?;
        if let Some(link_id) = link_id {
            self.writes.links.push(LinkRow {
                tenant_id: submission.tenant_id,
                link_id,
                merchant_id: id,
            });
        }
        let after = self.merchants.get(&key).map(|loaded| loaded.merchant.as_ref());
        let row = after
            .zip(submission.idempotency.as_ref())
            .map(|(merchant, idempotency)| {
                idempotency_row(
                    submission.tenant_id,
                    &self.log,
                    idempotency,
                    merchant,
                    link_id,
                    self.now,
                )
            });
        let merchant = after.filter(|_| !is_report).map(|merchant| Box::new(merchant.clone()));
        if let Some(row) = row {
            self.remember(row);
        }
        let events = if is_report {
            Vec::new()
        } else {
            let facts = events.into_iter().map(StreamEvent::Merchant);
            self.log.recorded(&submission.origin, &appended, facts)
        };
        Ok(Outcome::Written(Written {
            events,
            merchant,
            ..self.written(submission.tenant_id, appended)
        }))
    }

    /// Appends to the merchant's stream and folds what was appended into its state.
    fn append_to_merchant(
        &mut self,
        submission: &Submission,
        id: MerchantId,
        events: &[merchant::Event],
    ) -> Result<Appended, WriteError> {
        let key = (submission.tenant_id, id);
        let before = self.merchants.get(&key);
        let (version, mut sealing) = match before {
            None => (Version::ZERO, Sealing::NewOwner),
            Some(LoadedMerchant {
                merchant, wrapped_key, ..
            }) => (
                merchant.version,
                Sealing::of_existing(id.as_uuid(), wrapped_key.as_ref(), merchant.erased)?,
            ),
        };
        let is_current = before.is_none_or(|loaded| loaded.is_current);
        let mut milestones = before.and_then(|loaded| loaded.milestones);
        let counted_before = CountedBefore::of(before);
        let seen_before = before.map(|loaded| seen(&loaded.merchant));
        let alert_before = before.and_then(|loaded| loaded.merchant.alerts.first().copied());
        let ground = before.and_then(|loaded| AskGround::of(&loaded.merchant));
        let number_before = before.map(|loaded| loaded.merchant.business.number.clone());
        let found_before = before.map(|loaded| Found::of(&loaded.merchant));
        let facts = events.iter().map(stored::from_merchant).collect();
        let stream = StreamId::Merchant(id);
        let appended = self.log.append(submission, stream, version, &mut sealing, facts)?;
        if appended.stamps.is_empty() {
            return Ok(appended);
        }
        let before = self.merchants.remove(&key);
        let mut state = before.map(|loaded| Arc::unwrap_or_clone(loaded.merchant));
        for (event, place) in events.iter().zip(appended.places(submission.tenant_id, stream)) {
            self.standings.note_merchant(place, event);
            state = merchant::evolve(id, state, event, place.stamp);
        }
        let Some(merchant) = state else { return Ok(appended) };
        let at = self.log.head(submission.tenant_id).recorded_at;
        let stretch = begun(submission.tenant_id, &merchant, seen_before, at);
        self.writes.history.extend(stretch);
        // A row that waits to be folded anew gets its milestones then, all at once.
        let reached = reached(submission.tenant_id, &merchant, seen_before, at).filter(|_| is_current);
        if let Some(row) = reached {
            milestones = milestones.map_or(Some(row), |kept| Some(kept.with(&row)));
            self.milestones.extend(milestones.map(|row| (key, row)));
        }
        let terms = renamed(submission.tenant_id, &merchant, found_before.as_ref(), at);
        self.writes.terms.extend(terms);
        if seen_before.is_none() {
            self.note_registration(submission.tenant_id, &merchant);
        }
        // A natural key never changes.
        if number_before.as_ref() != Some(&merchant.business.number) {
            self.found_anew.insert(key);
        }
        let alert = merchant.alerts.first().copied();
        if alert_before != alert {
            self.alerts.insert(key, alert);
        }
        self.touch(key, counted_before, Ask::after(ground, events, &merchant));
        let wrapped_key = sealing.into_wrapped();
        let merchant = Arc::new(merchant);
        let loaded = LoadedMerchant {
            merchant,
            wrapped_key,
            is_current,
            milestones,
        };
        self.merchants.insert(key, loaded);
        Ok(appended)
    }

    /// Of several commands of a batch the first one knows what was counted before; of what they ask for, the earliest counts.
    fn touch(&mut self, key: (TenantId, MerchantId), before: CountedBefore, ask: Ask) {
        let wanted = self.questions.moment(ask, self.now);
        let touched = self.touched_merchants.entry(key);
        let touched = touched.or_insert(Touched { before, ask_at: None });
        touched.ask_at = QuestionPlan::earliest(touched.ask_at, wanted);
    }
}

fn requested_link(command: &Command) -> Option<LinkId> {
    match command {
        Command::RequestLink { link_id, .. } => Some(*link_id),
        Command::Register(..)
        | Command::ChangeDetails(_)
        | Command::Archive
        | Command::Restore
        | Command::RecordLinkIssued { .. }
        | Command::RecordLinkFailed { .. }
        | Command::RevokeLink { .. }
        | Command::RecordVisit { .. }
        | Command::ReceiveCallback(_)
        | Command::RecordReading(_)
        | Command::ReleaseHold { .. }
        | Command::RedriveCallback(..)
        | Command::DiscardCallback { .. }
        | Command::AddNote(_)
        | Command::JudgeAlerts { .. }
        | Command::AcknowledgeAlert { .. }
        | Command::SnoozeAlert { .. } => None,
    }
}
