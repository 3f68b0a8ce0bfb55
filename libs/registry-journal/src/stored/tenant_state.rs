//! The state of a tenant as its row keeps it. The row can be thrown away and folded from the log again.

use std::ops::Not;

use chrono::{DateTime, Utc};
use ipnet::IpNet;
use registry_domain::people::Member;
use registry_domain::tenant::{ApiKey, LowBalance, Slug, Tenant, TenantState, UpstreamEndpoint, UpstreamPause};
use registry_domain::{KeyId, Label, PersonId, Seq, TenantId, Version};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::alerts::{AlertState, RuleRow};
use super::destinations::DestinationRow;
use super::scopes::{StoredRights, StoredScopes};
use super::settings::StoredSettings;
use super::{StoredError, tenant, to_json, word};

#[derive(Serialize, Deserialize)]
struct TenantRow {
    version: u64,
    seq: u64,
    slug: String,
    name: String,
    state: String,
    upstream: Option<EndpointRow>,
    /// Rows of the first schema have none: the usual ones hold.
    #[serde(default)]
    settings: Option<StoredSettings>,
    #[serde(default)]
    settings_from: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    upstream_pause: Option<PauseRow>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    low_balance: Option<LowBalanceRow>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    callbacks_missing_since: Option<DateTime<Utc>>,
    keys: Vec<KeyRow>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    members: Vec<MemberRow>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    alert_rules: Vec<RuleRow>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    alerts: Vec<AlertState>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    alerting_from: Option<u64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    destinations: Vec<DestinationRow>,
    created_at: DateTime<Utc>,
}

#[derive(Serialize, Deserialize)]
struct EndpointRow {
    base_url: String,
    configured_in: u64,
}

#[derive(Serialize, Deserialize)]
struct PauseRow {
    code: String,
    since: DateTime<Utc>,
}

#[derive(Serialize, Deserialize)]
struct LowBalanceRow {
    threshold: i64,
    seen: i64,
    since: DateTime<Utc>,
}

#[derive(Serialize, Deserialize)]
struct KeyRow {
    id: Uuid,
    name: String,
    #[serde(flatten)]
    rights: StoredScopes,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    networks: Vec<IpNet>,
    secret_hash: String,
    issued_at: DateTime<Utc>,
    expires_at: Option<DateTime<Utc>>,
    revoked_at: Option<DateTime<Utc>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    successor: Option<Uuid>,
}

#[derive(Serialize, Deserialize)]
struct MemberRow {
    id: Uuid,
    #[serde(flatten)]
    rights: StoredRights,
    #[serde(default, skip_serializing_if = "Not::not")]
    by_groups: bool,
    since: DateTime<Utc>,
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
            configured_in: endpoint.configured_in.0,
        }),
        settings: Some((&tenant.settings).into()),
        settings_from: tenant.settings_from.0,
        upstream_pause: tenant.upstream_pause.as_ref().map(|pause| PauseRow {
            code: pause.code.clone(),
            since: pause.since,
        }),
        low_balance: tenant.low_balance.map(|low| LowBalanceRow {
            threshold: low.threshold,
            seen: low.seen,
            since: low.since,
        }),
        callbacks_missing_since: tenant.callbacks_missing_since,
        keys: tenant.keys.iter().map(key_row).collect(),
        members: tenant.members.iter().map(member_row).collect(),
        alert_rules: tenant.alert_rules.iter().map(RuleRow::from).collect(),
        alerts: tenant.alerts.iter().map(AlertState::from).collect(),
        alerting_from: (tenant.alerting_from > Version::ZERO).then_some(tenant.alerting_from.0),
        destinations: tenant.destinations.iter().map(DestinationRow::from).collect(),
        created_at: tenant.created_at,
    })
}

/// The tenant of a JSON state.
pub fn tenant_from_json(id: TenantId, json: &str) -> Result<Tenant, StoredError> {
    let row: TenantRow = serde_json::from_str(json).map_err(|source| StoredError::State {
        row: "tenant",
        source: source.into(),
    })?;
    let rules = row.alert_rules.into_iter().map(RuleRow::into_domain);
    let destinations = row.destinations.into_iter().map(DestinationRow::into_domain);
    let alerts = row.alerts.into_iter().map(AlertState::into_domain);
    Ok(Tenant {
        id,
        version: Version(row.version),
        seq: Seq(row.seq),
        slug: word("slug", Slug::parse(&row.slug).ok())?,
        name: word("name", Label::recorded(&row.name).ok())?,
        state: word("state", TenantState::from_word(&row.state))?,
        upstream: row.upstream.map(|endpoint| UpstreamEndpoint {
            base_url: endpoint.base_url,
            configured_in: Version(endpoint.configured_in),
        }),
        settings: row
            .settings
            .map(StoredSettings::into_domain)
            .transpose()?
            .unwrap_or_default(),
        settings_from: Version(row.settings_from),
        upstream_pause: row.upstream_pause.map(|pause| UpstreamPause {
            code: pause.code,
            since: pause.since,
        }),
        low_balance: row.low_balance.map(|low| LowBalance {
            threshold: low.threshold,
            seen: low.seen,
            since: low.since,
        }),
        callbacks_missing_since: row.callbacks_missing_since,
        keys: row.keys.iter().map(key).collect::<Result<_, _>>()?,
        members: row.members.iter().map(member).collect::<Result<_, _>>()?,
        alert_rules: rules.collect::<Result<_, _>>()?,
        alerts: alerts.collect::<Result<_, _>>()?,
        alerting_from: row.alerting_from.map_or(Version::ZERO, Version),
        destinations: destinations.collect::<Result<_, _>>()?,
        created_at: row.created_at,
    })
}

fn key_row(key: &ApiKey) -> KeyRow {
    KeyRow {
        id: key.id.as_uuid(),
        name: key.name.as_str().to_owned(),
        rights: StoredScopes::of(&key.scopes),
        networks: key.networks.clone(),
        secret_hash: hex::encode(key.secret_hash.0),
        issued_at: key.issued_at,
        expires_at: key.expires_at,
        revoked_at: key.revoked_at,
        successor: key.successor.map(|successor| successor.as_uuid()),
    }
}

fn key(row: &KeyRow) -> Result<ApiKey, StoredError> {
    Ok(ApiKey {
        id: KeyId::from_uuid(row.id),
        name: word("name", Label::recorded(&row.name).ok())?,
        scopes: row.rights.read()?,
        networks: row.networks.clone(),
        secret_hash: tenant::secret_hash(&row.secret_hash)?,
        issued_at: row.issued_at,
        expires_at: row.expires_at,
        revoked_at: row.revoked_at,
        successor: row.successor.map(KeyId::from_uuid),
    })
}

fn member_row(member: &Member) -> MemberRow {
    MemberRow {
        id: member.person_id.as_uuid(),
        rights: StoredRights::of(&member.rights),
        by_groups: member.by_groups,
        since: member.since,
    }
}

fn member(row: &MemberRow) -> Result<Member, StoredError> {
    Ok(Member {
        person_id: PersonId::from_uuid(row.id),
        rights: row.rights.read()?,
        by_groups: row.by_groups,
        since: row.since,
    })
}
