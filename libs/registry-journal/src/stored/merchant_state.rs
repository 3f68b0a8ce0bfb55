//! The state of a merchant as its row keeps it, beside the columns that are filtered on.
//!
//! A row can be thrown away and folded from the log again, so this shape may change freely.

use std::collections::BTreeMap;

use registry_domain::merchant::{
    Business, CallOutcome, ClaimMemory, Confirmation, DigestMark, Doubt, HeldClaim, Knock, Link, LinkState, Merchant,
    RecentClaim, Surroundings, Visits,
};
use registry_domain::review::{ClaimSource, MappingStatus, Review, ReviewCode, ReviewStatus, Verification};
use registry_domain::{EventId, LinkId, MemberCode, MerchantCode, MerchantId, Reference, ReportedNumber, Seq, Version};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::alerts::AlertState;
use super::moment::Moment;
use super::observation::{StoredObservation, digest_from_hex, digest_to_hex, free_text, text};
use super::{StoredError, personal, to_json, word};

#[derive(Serialize, Deserialize)]
struct MerchantState {
    version: u64,
    seq: u64,
    member_code: String,
    merchant_code: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    company_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    branch_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    business_number: Option<String>,
    code: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    since: Option<Moment>,
    observed_at: Option<Moment>,
    source: Option<String>,
    verification: String,
    /// Rows of the first schema have none: what their letter means was told.
    #[serde(default)]
    told: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    mapping_status: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    unlinked_since: Option<Moment>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    unknown_deletion_mark: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    missing_upstream_since: Option<Moment>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    missing_from_list_since: Option<Moment>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    knock: Option<KnockRow>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    confirmation: Option<ConfirmationRow>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    held: Vec<HeldRow>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    archived_since: Option<Moment>,
    erased: bool,
    links: Vec<LinkRow>,
    #[serde(default, skip_serializing_if = "VisitsRow::is_empty")]
    visits: VisitsRow,
    /// Rows of the first schema have none: their next callback is news, even if it repeats the last one.
    #[serde(default)]
    memory: MemoryRow,
    tags: Vec<String>,
    metadata: BTreeMap<String, String>,
    merchant_code_shared: bool,
    business_number_shared: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    alerts: Vec<AlertState>,
    created_at: Moment,
    updated_at: Moment,
}

#[derive(Serialize, Deserialize)]
struct LinkRow {
    id: Uuid,
    state: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    outcome: Option<String>,
    requested_at: Moment,
    issued_at: Option<Moment>,
}

#[derive(Default, Serialize, Deserialize)]
#[expect(clippy::struct_field_names, reason = "the names under which they are stored")]
struct VisitsRow {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    opened_at: Option<Moment>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    continued_at: Option<Moment>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    returned_at: Option<Moment>,
}

impl VisitsRow {
    fn is_empty(&self) -> bool {
        self.opened_at.is_none() && self.continued_at.is_none() && self.returned_at.is_none()
    }
}

#[derive(Serialize, Deserialize)]
struct KnockRow {
    since: Moment,
    seq: u64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    events: Vec<Uuid>,
}

#[derive(Serialize, Deserialize)]
struct ConfirmationRow {
    doubt: String,
    requested_at: Moment,
}

#[derive(Serialize, Deserialize)]
struct HeldRow {
    version: u64,
    received_at: Moment,
    /// Rows of earlier versions have none.
    #[serde(default)]
    said: Option<u64>,
    observation: StoredObservation,
    digest: String,
}

#[derive(Default, Serialize, Deserialize)]
struct MemoryRow {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    latest: Option<String>,
    /// Rows of earlier versions have this moment in the place of the position.
    #[serde(default, skip_serializing)]
    latest_at: Option<Moment>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    latest_seq: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    asked_at: Option<Moment>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    asked_seq: Option<u64>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    opening_refuted: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    recent: Vec<(String, Moment)>,
}

/// The state of a merchant as JSON.
pub fn merchant_to_json(merchant: &Merchant) -> String {
    let Merchant { review, business, .. } = merchant;
    to_json(&MerchantState {
        version: merchant.version.0,
        seq: merchant.seq.0,
        member_code: merchant.reference.member_code.as_str().to_owned(),
        merchant_code: merchant.reference.merchant_code.as_str().to_owned(),
        company_name: text(business.company_name.as_ref()),
        branch_name: text(business.branch_name.as_ref()),
        business_number: business.number.as_ref().map(|number| number.as_str().to_owned()),
        code: review.code.as_ref().map(|code| code.as_str().to_owned()),
        message: text(review.message.as_ref()),
        since: review.since.map(Moment),
        observed_at: review.observed_at.map(Moment),
        source: review.source.map(|source| source.as_str().to_owned()),
        verification: review.verification.as_str().to_owned(),
        told: Some(review.told.as_str().to_owned()),
        mapping_status: review.mapping_status.as_ref().map(|word| word.as_str().to_owned()),
        unlinked_since: merchant.unlinked_since.map(Moment),
        unknown_deletion_mark: text(merchant.unknown_deletion_mark.as_ref()),
        missing_upstream_since: merchant.missing_upstream_since.map(Moment),
        missing_from_list_since: merchant.missing_from_list_since.map(Moment),
        knock: merchant.knock.as_ref().map(|knock| KnockRow {
            since: Moment(knock.since),
            seq: knock.seq.0,
            events: knock.events.iter().map(EventId::as_uuid).collect(),
        }),
        confirmation: merchant.confirmation.as_ref().map(confirmation_row),
        held: merchant.held.iter().map(held_row).collect(),
        archived_since: merchant.archived_since.map(Moment),
        erased: merchant.erased,
        links: merchant.links.iter().map(link_row).collect(),
        visits: VisitsRow {
            opened_at: merchant.visits.opened_at.map(Moment),
            continued_at: merchant.visits.continued_at.map(Moment),
            returned_at: merchant.visits.returned_at.map(Moment),
        },
        memory: memory_row(&merchant.memory),
        tags: personal::texts(&merchant.tags),
        metadata: personal::text_map(&merchant.metadata),
        merchant_code_shared: merchant.surroundings.merchant_code_elsewhere,
        business_number_shared: merchant.surroundings.business_number_elsewhere,
        alerts: merchant.alerts.iter().map(AlertState::from).collect(),
        created_at: Moment(merchant.created_at),
        updated_at: Moment(merchant.updated_at),
    })
}

/// The merchant of a JSON state.
pub fn merchant_from_json(id: MerchantId, json: &str) -> Result<Merchant, StoredError> {
    let state: MerchantState = serde_json::from_str(json).map_err(|source| StoredError::State {
        row: "merchant",
        source: source.into(),
    })?;
    let code = state.code.as_deref().and_then(ReviewCode::from_untrusted);
    let told = match &state.told {
        Some(told) => word("told", ReviewStatus::from_word(told))?,
        None => code.as_ref().map_or(ReviewStatus::None, ReviewCode::status),
    };
    let latest_at = state.memory.latest_at;
    let held = state.held.into_iter().map(|row| held(row, latest_at, state.seq));
    let alerts = state.alerts.into_iter().map(AlertState::into_domain);
    Ok(Merchant {
        id,
        version: Version(state.version),
        seq: Seq(state.seq),
        reference: Reference {
            member_code: word("member_code", MemberCode::recorded(&state.member_code).ok())?,
            merchant_code: word("merchant_code", MerchantCode::recorded(&state.merchant_code).ok())?,
        },
        business: Business {
            company_name: free_text(state.company_name.as_ref()),
            branch_name: free_text(state.branch_name.as_ref()),
            number: state.business_number.as_deref().map(ReportedNumber::from_untrusted),
        },
        review: Review {
            code,
            message: free_text(state.message.as_ref()),
            since: state.since.map(Moment::at),
            observed_at: state.observed_at.map(Moment::at),
            source: state
                .source
                .map(|source| word("source", ClaimSource::from_word(&source)))
                .transpose()?,
            verification: word("verification", Verification::from_word(&state.verification))?,
            told,
            mapping_status: state.mapping_status.as_deref().and_then(MappingStatus::from_untrusted),
        },
        unlinked_since: state.unlinked_since.map(Moment::at),
        unknown_deletion_mark: free_text(state.unknown_deletion_mark.as_ref()),
        missing_upstream_since: state.missing_upstream_since.map(Moment::at),
        missing_from_list_since: state.missing_from_list_since.map(Moment::at),
        knock: state.knock.as_ref().map(|knock| Knock {
            since: knock.since.0,
            seq: Seq(knock.seq),
            events: knock.events.iter().copied().map(EventId::from_uuid).collect(),
        }),
        confirmation: state.confirmation.as_ref().map(confirmation).transpose()?,
        held: held.collect::<Result<_, _>>()?,
        archived_since: state.archived_since.map(Moment::at),
        erased: state.erased,
        links: state.links.iter().map(link).collect::<Result<_, _>>()?,
        visits: Visits {
            opened_at: state.visits.opened_at.map(Moment::at),
            continued_at: state.visits.continued_at.map(Moment::at),
            returned_at: state.visits.returned_at.map(Moment::at),
        },
        memory: memory(&state.memory, state.seq)?,
        tags: personal::labels("tags", &state.tags)?,
        metadata: personal::metadata(&state.metadata)?,
        surroundings: Surroundings {
            merchant_code_elsewhere: state.merchant_code_shared,
            business_number_elsewhere: state.business_number_shared,
        },
        alerts: alerts.collect::<Result<_, _>>()?,
        created_at: state.created_at.0,
        updated_at: state.updated_at.0,
    })
}

fn confirmation_row(confirmation: &Confirmation) -> ConfirmationRow {
    ConfirmationRow {
        doubt: confirmation.doubt.as_str().to_owned(),
        requested_at: Moment(confirmation.requested_at),
    }
}

fn confirmation(row: &ConfirmationRow) -> Result<Confirmation, StoredError> {
    Ok(Confirmation {
        doubt: word("confirmation", Doubt::from_word(&row.doubt))?,
        requested_at: row.requested_at.0,
    })
}

fn held_row(claim: &HeldClaim) -> HeldRow {
    HeldRow {
        version: claim.version.0,
        received_at: Moment(claim.received_at),
        said: Some(claim.said.0),
        observation: (&claim.observation).into(),
        digest: digest_to_hex(claim.digest),
    }
}

/// In a row of an earlier version a claim stood if it had come last. Where in the log it was said is not known; no later
/// than where that row was written.
fn held(row: HeldRow, latest_at: Option<Moment>, row_seq: u64) -> Result<HeldClaim, StoredError> {
    let stands = latest_at.is_none_or(|latest| row.received_at.0 >= latest.0);
    Ok(HeldClaim {
        version: Version(row.version),
        received_at: row.received_at.0,
        said: Seq(row.said.unwrap_or(if stands { row_seq } else { 0 })),
        observation: row.observation.into_domain()?,
        digest: digest_from_hex(&row.digest)?,
    })
}

fn memory_row(memory: &ClaimMemory) -> MemoryRow {
    let recent = memory.recent.iter();
    MemoryRow {
        latest: memory.latest.map(digest_to_hex),
        latest_at: None,
        latest_seq: memory.latest_seq.map(|seq| seq.0),
        asked_at: memory.asked_at.map(Moment),
        asked_seq: memory.asked_seq.map(|seq| seq.0),
        opening_refuted: memory.opening_refuted,
        recent: recent
            .map(|claim| (format!("{:016x}", claim.mark.0), Moment(claim.received_at)))
            .collect(),
    }
}

/// A row of an earlier version says when, and not where: no later than where it was written.
fn memory(row: &MemoryRow, row_seq: u64) -> Result<ClaimMemory, StoredError> {
    let place = |seq: Option<u64>, at: Option<Moment>| seq.or(at.map(|_| row_seq)).map(Seq);
    let claim = |(mark, received_at): &(String, Moment)| {
        let mark = u64::from_str_radix(mark, 16).ok();
        Ok(RecentClaim {
            mark: DigestMark(word("recent", mark)?),
            received_at: received_at.0,
        })
    };
    Ok(ClaimMemory {
        latest: row.latest.as_deref().map(digest_from_hex).transpose()?,
        latest_seq: place(row.latest_seq, row.latest_at),
        asked_at: row.asked_at.map(Moment::at),
        asked_seq: place(row.asked_seq, row.asked_at),
        opening_refuted: row.opening_refuted,
        recent: row.recent.iter().map(claim).collect::<Result<_, StoredError>>()?,
    })
}

fn link_row(link: &Link) -> LinkRow {
    let (state, outcome) = match link.state {
        LinkState::Failed(outcome) => ("failed", Some(outcome.as_str().to_owned())),
        LinkState::Requested | LinkState::Issued | LinkState::Revoked => (link.state.as_str(), None),
    };
    LinkRow {
        id: link.id.as_uuid(),
        state: state.to_owned(),
        outcome,
        requested_at: Moment(link.requested_at),
        issued_at: link.issued_at.map(Moment),
    }
}

fn link(row: &LinkRow) -> Result<Link, StoredError> {
    let state = match (row.state.as_str(), row.outcome.as_deref()) {
        ("requested", None) => LinkState::Requested,
        ("issued", None) => LinkState::Issued,
        ("revoked", None) => LinkState::Revoked,
        ("failed", Some(outcome)) => LinkState::Failed(word("outcome", CallOutcome::from_word(outcome))?),
        _ => return Err(StoredError::Value { field: "links" }),
    };
    Ok(Link {
        id: LinkId::from_uuid(row.id),
        state,
        requested_at: row.requested_at.0,
        issued_at: row.issued_at.map(Moment::at),
    })
}
