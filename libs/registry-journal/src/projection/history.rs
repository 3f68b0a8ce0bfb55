//! The stretches of time that a batch begins: the answer to "as of".

use chrono::{DateTime, Utc};
use registry_domain::TenantId;
use registry_domain::merchant::{Facets, Merchant, Milestone};
use registry_domain::search::{Found, Terms};

use crate::port::{EndedStay, HistoryRow, MilestonesRow, TermsRow};

/// What a list shows of a merchant, or sorts it by, in a stretch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    facets: Facets,
    stage_since: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    milestone: Milestone,
}

impl Seen {
    fn stay(&self) -> EndedStay {
        EndedStay {
            stage: self.facets.stage,
            since: self.stage_since,
        }
    }
}

/// What a list of the past shows of a merchant.
pub fn seen(merchant: &Merchant) -> Seen {
    Seen {
        facets: Facets::of(merchant).without_alert(),
        stage_since: merchant.stage_since(),
        updated_at: merchant.updated_at,
        milestone: merchant.milestone(),
    }
}

/// The stretch that begins now, if what a list shows of the merchant differs from `before`.
pub fn begun(tenant_id: TenantId, merchant: &Merchant, before: Option<Seen>, at: DateTime<Utc>) -> Option<HistoryRow> {
    let now = seen(merchant);
    (before != Some(now)).then_some(HistoryRow {
        tenant_id,
        merchant_id: merchant.id,
        version: merchant.version,
        status: now.facets.status,
        stage: now.facets.stage,
        facets: Some(now.facets),
        stage_since: Some(now.stage_since),
        valid_from: at,
        ended: before.map(|before| before.stay()).filter(|stay| *stay != now.stay()),
    })
}

/// The milestones that the merchant has reached now, if it stands farther than `before`, or is under way no more, or again.
pub fn reached(
    tenant_id: TenantId,
    merchant: &Merchant,
    before: Option<Seen>,
    at: DateTime<Utc>,
) -> Option<MilestonesRow> {
    let now = seen(merchant);
    let is_new = |milestone| {
        let stood = before.map(|before| before.milestone);
        (stood < Some(milestone) && milestone <= now.milestone).then_some(at)
    };
    let is_under_way = now.facets.stage.is_under_way();
    let was_under_way = before.map(|before| before.facets.stage.is_under_way());
    let is_told = is_new(now.milestone).is_some() || was_under_way != Some(is_under_way);
    is_told.then_some(MilestonesRow {
        tenant_id,
        merchant_id: merchant.id,
        created_at: merchant.created_at,
        linked_at: is_new(Milestone::Linked),
        begun_at: is_new(Milestone::Begun),
        submitted_at: is_new(Milestone::Submitted),
        opened_at: is_new(Milestone::Opened),
        is_under_way,
    })
}

/// What the merchant is found by from now on, if that differs from `before`.
pub fn renamed(
    tenant_id: TenantId,
    merchant: &Merchant,
    before: Option<&Found>,
    at: DateTime<Utc>,
) -> Option<TermsRow> {
    if before.is_some_and(|before| before.is_still(merchant)) {
        return None;
    }
    Some(TermsRow {
        tenant_id,
        merchant_id: merchant.id,
        version: merchant.version,
        created_at: merchant.created_at,
        valid_from: at,
        valid_to: None,
        terms: Terms::of(tenant_id, merchant),
    })
}

/// Ends each of a merchant's stretches where its next one begins.
pub fn joined(rows: &mut [TermsRow]) {
    let starts: Vec<_> = rows
        .iter()
        .map(|row| (row.tenant_id, row.merchant_id, row.valid_from))
        .collect();
    for (place, row) in rows.iter_mut().enumerate() {
        let mut later = starts.iter().skip(place + 1);
        let next = later.find(|(tenant, merchant, _)| (*tenant, *merchant) == (row.tenant_id, row.merchant_id));
        row.valid_to = next.map(|(_, _, at)| *at);
    }
}
