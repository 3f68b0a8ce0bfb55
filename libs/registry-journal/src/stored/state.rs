//! The state of a merchant and of a tenant as their rows keep it, beside the columns that are filtered on.
//!
//! A row can be thrown away and folded from the log again, so this shape may change freely.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use registry_domain::merchant::{Business, Link, LinkOutcome, LinkState, Merchant, Surroundings};
use registry_domain::review::{ClaimSource, Review, ReviewCode, Verification};
use registry_domain::tenant::{ApiKey, Slug, Tenant, TenantState, UpstreamEndpoint};
use registry_domain::{
    KeyId, Label, LinkId, MemberCode, MerchantCode, MerchantId, Reference, ReportedNumber, Seq, TenantId, Version,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::observation::{digest_from_hex, digest_to_hex, free_text, text};
use super::{StoredError, personal, tenant, to_json, word};

#[derive(Serialize, Deserialize)]
struct MerchantState {
    version: u64,
    seq: u64,
    member_code: String,
    merchant_code: String,
    company_name: Option<String>,
    branch_name: Option<String>,
    business_number: Option<String>,
    code: Option<String>,
    message: Option<String>,
    since: Option<DateTime<Utc>>,
    observed_at: Option<DateTime<Utc>>,
    source: Option<String>,
    verification: String,
    unlinked_since: Option<DateTime<Utc>>,
    unknown_deletion_mark: Option<String>,
    archived_since: Option<DateTime<Utc>>,
    erased: bool,
    links: Vec<LinkRow>,
    latest_digest: Option<String>,
    tags: Vec<String>,
    metadata: BTreeMap<String, String>,
    merchant_code_shared: bool,
    business_number_shared: bool,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

#[derive(Serialize, Deserialize)]
struct LinkRow {
    id: Uuid,
    state: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    outcome: Option<String>,
    requested_at: DateTime<Utc>,
    issued_at: Option<DateTime<Utc>>,
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
        since: review.since,
        observed_at: review.observed_at,
        source: review.source.map(|source| source.as_str().to_owned()),
        verification: review.verification.as_str().to_owned(),
        unlinked_since: merchant.unlinked_since,
        unknown_deletion_mark: text(merchant.unknown_deletion_mark.as_ref()),
        archived_since: merchant.archived_since,
        erased: merchant.erased,
        links: merchant.links.iter().map(link_row).collect(),
        latest_digest: merchant.latest_digest.map(digest_to_hex),
        tags: personal::texts(&merchant.tags),
        metadata: personal::text_map(&merchant.metadata),
        merchant_code_shared: merchant.surroundings.merchant_code_elsewhere,
        business_number_shared: merchant.surroundings.business_number_elsewhere,
        created_at: merchant.created_at,
        updated_at: merchant.updated_at,
    })
}

/// The merchant of a JSON state.
pub fn merchant_from_json(id: MerchantId, json: &str) -> Result<Merchant, StoredError> {
    let state: MerchantState = serde_json::from_str(json).map_err(|source| StoredError::State {
        row: "merchant",
        source,
    })?;
    Ok(Merchant {
        id,
        version: Version(state.version),
        seq: Seq(state.seq),
        reference: Reference {
            member_code: word("member_code", MemberCode::parse(&state.member_code).ok())?,
            merchant_code: word("merchant_code", MerchantCode::parse(&state.merchant_code).ok())?,
        },
        business: Business {
            company_name: free_text(state.company_name.as_ref()),
            branch_name: free_text(state.branch_name.as_ref()),
            number: state.business_number.as_deref().map(ReportedNumber::from_untrusted),
        },
        review: Review {
            code: state.code.as_deref().and_then(ReviewCode::from_untrusted),
            message: free_text(state.message.as_ref()),
            since: state.since,
            observed_at: state.observed_at,
            source: state
                .source
                .map(|source| word("source", ClaimSource::from_word(&source)))
                .transpose()?,
            verification: word("verification", Verification::from_word(&state.verification))?,
        },
        unlinked_since: state.unlinked_since,
        unknown_deletion_mark: free_text(state.unknown_deletion_mark.as_ref()),
        archived_since: state.archived_since,
        erased: state.erased,
        links: state.links.iter().map(link).collect::<Result<_, _>>()?,
        latest_digest: state.latest_digest.as_deref().map(digest_from_hex).transpose()?,
        tags: personal::labels("tags", &state.tags)?,
        metadata: personal::metadata(&state.metadata)?,
        surroundings: Surroundings {
            merchant_code_elsewhere: state.merchant_code_shared,
            business_number_elsewhere: state.business_number_shared,
        },
        created_at: state.created_at,
        updated_at: state.updated_at,
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
        requested_at: link.requested_at,
        issued_at: link.issued_at,
    }
}

fn link(row: &LinkRow) -> Result<Link, StoredError> {
    let state = match (row.state.as_str(), row.outcome.as_deref()) {
        ("requested", None) => LinkState::Requested,
        ("issued", None) => LinkState::Issued,
        ("revoked", None) => LinkState::Revoked,
        ("failed", Some(outcome)) => LinkState::Failed(word("outcome", LinkOutcome::from_word(outcome))?),
        _ => return Err(StoredError::Value { field: "links" }),
    };
    Ok(Link {
        id: LinkId::from_uuid(row.id),
        state,
        requested_at: row.requested_at,
        issued_at: row.issued_at,
    })
}

#[derive(Serialize, Deserialize)]
struct TenantRow {
    version: u64,
    seq: u64,
    slug: String,
    name: String,
    state: String,
    upstream: Option<EndpointRow>,
    keys: Vec<KeyRow>,
    created_at: DateTime<Utc>,
}

#[derive(Serialize, Deserialize)]
struct EndpointRow {
    base_url: String,
    mapping_status_path: Option<String>,
    configured_in: u64,
}

#[derive(Serialize, Deserialize)]
struct KeyRow {
    id: Uuid,
    name: String,
    scopes: Vec<String>,
    secret_hash: String,
    issued_at: DateTime<Utc>,
    expires_at: Option<DateTime<Utc>>,
    revoked_at: Option<DateTime<Utc>>,
}

/// The state of a tenant as JSON.
pub fn tenant_to_json(tenant: &Tenant) -> String {
    to_json(&TenantRow {
        version: tenant.version.0,
        seq: tenant.seq.0,
        slug: tenant.slug.as_str().to_owned(),
        name: tenant.name.as_str().to_owned(),
        state: tenant.state.as_str().to_owned(),
        upstream: tenant.upstream.as_ref().map(|endpoint| EndpointRow {
            base_url: endpoint.base_url.clone(),
            mapping_status_path: endpoint.mapping_status_path.clone(),
            configured_in: endpoint.configured_in.0,
        }),
        keys: tenant.keys.iter().map(key_row).collect(),
        created_at: tenant.created_at,
    })
}

/// The tenant of a JSON state.
pub fn tenant_from_json(id: TenantId, json: &str) -> Result<Tenant, StoredError> {
    let row: TenantRow = serde_json::from_str(json).map_err(|source| StoredError::State { row: "tenant", source })?;
    Ok(Tenant {
        id,
        version: Version(row.version),
        seq: Seq(row.seq),
        slug: word("slug", Slug::parse(&row.slug).ok())?,
        name: word("name", Label::parse(&row.name).ok())?,
        state: word("state", TenantState::from_word(&row.state))?,
        upstream: row.upstream.map(|endpoint| UpstreamEndpoint {
            base_url: endpoint.base_url,
            mapping_status_path: endpoint.mapping_status_path,
            configured_in: Version(endpoint.configured_in),
        }),
        keys: row.keys.iter().map(key).collect::<Result<_, _>>()?,
        created_at: row.created_at,
    })
}

fn key_row(key: &ApiKey) -> KeyRow {
    KeyRow {
        id: key.id.as_uuid(),
        name: key.name.as_str().to_owned(),
        scopes: key.scopes.iter().map(|scope| scope.as_str().to_owned()).collect(),
        secret_hash: hex::encode(key.secret_hash.0),
        issued_at: key.issued_at,
        expires_at: key.expires_at,
        revoked_at: key.revoked_at,
    }
}

fn key(row: &KeyRow) -> Result<ApiKey, StoredError> {
    Ok(ApiKey {
        id: KeyId::from_uuid(row.id),
        name: word("name", Label::parse(&row.name).ok())?,
        scopes: tenant::scopes(&row.scopes)?,
        secret_hash: tenant::secret_hash(&row.secret_hash)?,
        issued_at: row.issued_at,
        expires_at: row.expires_at,
        revoked_at: row.revoked_at,
    })
}
