//! Folding what the log says of one merchant into everything that is projected of it.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use registry_domain::merchant::{self, Event, Merchant, QuestionPlan};
use registry_domain::search::Found;
use registry_domain::{LinkId, MerchantId, TenantId, Version};
use registry_journal::port::{
    AlertRow, ApprovalRow, CountedBefore, HistoryRow, IdentityRow, LinkRow, LoadedMerchant, MerchantRow, MilestonesRow,
    ProjectedAlert, ProjectedMerchant, TermsRow, Writes,
};
use registry_journal::projection::{Seen, approval_row, begun, joined, place_of, reached, renamed, seen};
use registry_journal::record::{RecordedEvent, StreamEvent};
use registry_journal::stored::MerchantColumns;

/// A merchant while its events are folded, in the order of its stream.
pub(crate) struct Fold {
    tenant_id: TenantId,
    id: MerchantId,
    /// What is counted of the row in whose place it comes.
    before: CountedBefore,
    merchant: Option<Merchant>,
    history: Vec<HistoryRow>,
    links: Vec<LinkId>,
    approvals: Vec<ApprovalRow>,
    terms: Vec<TermsRow>,
    milestones: Option<MilestonesRow>,
    command: Option<CommandUnderway>,
}

/// The command whose events are being folded: stretches begin with whole commands.
struct CommandUnderway {
    seen_before: Option<Seen>,
    found_before: Option<Found>,
    at: DateTime<Utc>,
}

/// What is projected of a merchant.
pub(crate) struct Folded {
    tenant_id: TenantId,
    id: MerchantId,
    before: CountedBefore,
    merchant: Option<Merchant>,
    history: Vec<HistoryRow>,
    links: Vec<LinkId>,
    approvals: Vec<ApprovalRow>,
    terms: Vec<TermsRow>,
    milestones: Option<MilestonesRow>,
}

impl Fold {
    /// Begins a stream with its first event. What comes out stands where nothing stood before.
    pub(crate) fn new(tenant_id: TenantId, id: MerchantId) -> Self {
        Self::on(tenant_id, id, None)
    }

    /// Goes on where a stream has come to; none for its beginning. What comes out takes the place of what was loaded.
    pub(crate) fn on(tenant_id: TenantId, id: MerchantId, loaded: Option<LoadedMerchant>) -> Self {
        Self {
            tenant_id,
            id,
            before: CountedBefore::of(loaded.as_ref()),
            milestones: loaded.as_ref().and_then(|loaded| loaded.milestones),
            merchant: loaded.map(|loaded| Arc::unwrap_or_clone(loaded.merchant)),
            history: Vec::new(),
            links: Vec::new(),
            approvals: Vec::new(),
            terms: Vec::new(),
            command: None,
        }
    }

    /// The merchant.
    pub(crate) fn id(&self) -> MerchantId {
        self.id
    }

    /// How many payment approvals it has so far.
    pub(crate) fn approvals(&self) -> usize {
        self.approvals.len()
    }

    /// The last event folded.
    pub(crate) fn version(&self) -> Version {
        self.merchant
            .as_ref()
            .map_or(Version::ZERO, |merchant| merchant.version)
    }

    /// Folds the next event of the stream.
    pub(crate) fn apply(&mut self, recorded: &RecordedEvent) {
        let StreamEvent::Merchant(event) = &recorded.event else {
            return;
        };
        // Only a command's first event has no cause.
        if recorded.causation_id.is_none() {
            self.end_command();
        }
        let at = recorded.stamp.recorded_at;
        let merchant = self.merchant.as_ref();
        let begin = || CommandUnderway {
            seen_before: merchant.map(seen),
            found_before: merchant.map(Found::of),
            at,
        };
        self.command.get_or_insert_with(begin).at = at;
        if let Event::LinkRequested { link_id, .. } = event {
            self.links.push(*link_id);
        }
        self.approvals.extend(approval_row(place_of(recorded), event));
        self.merchant = merchant::evolve(self.id, self.merchant.take(), event, recorded.stamp);
    }

    fn end_command(&mut self) {
        if let (Some(command), Some(merchant)) = (self.command.take(), &self.merchant) {
            self.history
                .extend(begun(self.tenant_id, merchant, command.seen_before, command.at));
            if let Some(row) = reached(self.tenant_id, merchant, command.seen_before, command.at) {
                self.milestones = self.milestones.map_or(Some(row), |kept| Some(kept.with(&row)));
            }
            let found_before = command.found_before.as_ref();
            self.terms
                .extend(renamed(self.tenant_id, merchant, found_before, command.at));
        }
    }

    /// What has come out, without giving the fold up.
    pub(crate) fn folded(&mut self) -> Folded {
        self.end_command();
        let mut links = self.links.clone();
        links.sort_unstable();
        let mut terms = self.terms.clone();
        joined(&mut terms);
        Folded {
            tenant_id: self.tenant_id,
            id: self.id,
            before: self.before,
            merchant: self.merchant.clone(),
            history: self.history.clone(),
            links,
            approvals: self.approvals.clone(),
            terms,
            milestones: self.milestones,
        }
    }
}

impl Folded {
    /// Whether this is what is projected.
    pub(crate) fn is(&self, projected: Option<&ProjectedMerchant>) -> bool {
        match (&self.merchant, projected) {
            (None, None) => true,
            (Some(merchant), Some(projected)) => {
                projected.columns == MerchantColumns::of(merchant)
                    && projected.history == self.history
                    && projected.links == self.links
                    && projected.approvals == self.approvals
                    && projected.terms == self.terms
                    && projected.milestones == self.milestones
                    && projected.alert == merchant.alerts.first().map(ProjectedAlert::of)
            }
            (Some(_), None) | (None, Some(_)) => false,
        }
    }

    /// Has a batch write it.
    pub(crate) fn write(self, writes: &mut Writes) {
        let Self {
            tenant_id,
            id,
            before,
            merchant,
            history,
            links,
            approvals,
            terms,
            milestones,
        } = self;
        let identity = merchant.as_ref().map(|merchant| IdentityRow::of(tenant_id, merchant));
        writes.identities.extend(identity);
        let alert = merchant.as_ref().and_then(|merchant| merchant.alerts.first().copied());
        writes.alerts.push(AlertRow {
            tenant_id,
            merchant_id: id,
            alert,
        });
        let row = merchant.map(|merchant| MerchantRow {
            tenant_id,
            ask_at: QuestionPlan::default().of_folded(&merchant),
            merchant: Arc::new(merchant),
            before,
        });
        writes.merchants.extend(row);
        writes.history.extend(history);
        // A row that waits to be folded anew gets its milestones then, all at once.
        writes
            .milestones
            .extend(milestones.filter(|_| before != CountedBefore::Unknown));
        writes.approvals.extend(approvals);
        writes.terms.extend(terms);
        let row = |link_id| LinkRow {
            tenant_id,
            link_id,
            merchant_id: id,
        };
        writes.links.extend(links.into_iter().map(row));
    }
}
