//! `/v1/event-destinations`: to whom and to what the tenant's alerts are carried.

pub mod change;
pub mod create;
pub mod get;
pub mod list;
pub mod remove;
pub mod rotate;
pub mod test;

use std::collections::HashMap;

use axum::Json;
use axum::http::header::ETAG;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use registry_domain::alerts::Subject;
use registry_domain::destinations::{Destination, DestinationKind, Target};
use registry_domain::merchant::SecretText;
use registry_domain::people::EmailAddress;
use registry_domain::{DestinationId, TenantId};
use registry_journal::IdempotencyKey;
use serde::Serialize;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;
use uuid::Builder;

use crate::caller::Caller;
use crate::commands::DoneOfTenant;
use crate::problem::{Code, Fault, FieldFault, Place, Problem};
use crate::state::AppState;

/// More rules than there are, are a mistake.
const RULES_MAX: usize = 50;

/// Where alerts are carried.
#[derive(Serialize, ToSchema)]
#[schema(as = EventDestination)]
struct DestinationDocument {
    /// Always `event_destination`.
    #[schema(example = "event_destination")]
    object: &'static str,
    /// Its id.
    #[schema(example = "dst_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")]
    id: String,
    /// What you call it.
    #[schema(example = "당직")]
    name: String,
    /// `mail`, `slack`, `chat` or `webhook`.
    #[schema(example = "webhook")]
    kind: &'static str,
    /// The mail address or the URL. Of a channel only the beginning is shown: whoever knows all of it can write there.
    #[schema(required = true, example = "https://hooks.partner.example/registry")]
    address: Option<String>,
    /// The rules whose alerts are carried; those of all if there is none.
    #[schema(example = json!(["in_review"]))]
    rules: Vec<&'static str>,
    /// How bad alerts must be: `warn`, `late` or `critical`.
    #[schema(example = "late")]
    least_severity: &'static str,
    /// `enabled` or `disabled`.
    #[schema(example = "enabled")]
    state: &'static str,
    /// Why it is disabled: `asked`, `failing` (nothing arrived for three days) or `gone` (it answered 410). Null if it is not.
    #[schema(required = true, example = json!(null))]
    disabled_reason: Option<&'static str>,
    /// Since when it is disabled.
    #[schema(required = true, example = json!(null))]
    disabled_at: Option<DateTime<Utc>>,
    /// Until when messages are signed with the secret before the current one too; null if they are not.
    #[schema(required = true, example = json!(null))]
    old_secret_works_until: Option<DateTime<Utc>>,
    /// When it was made.
    created_at: DateTime<Utc>,
    /// Counts up with each change of it; the `ETag` says the same.
    #[schema(example = 12)]
    version: u64,
}

impl DestinationDocument {
    fn new(made: &Destination, address: Option<&SecretText>, now: DateTime<Utc>) -> Self {
        Self {
            object: "event_destination",
            id: made.id.to_string(),
            name: made.name.as_str().to_owned(),
            kind: made.kind.as_str(),
            address: address.map(|address| shown(made.kind, address)),
            rules: made.wants.subjects.iter().map(|it| it.as_str()).collect(),
            least_severity: made.wants.least.as_str(),
            state: match made.disabled {
                Some(_) => "disabled",
                None => "enabled",
            },
            disabled_reason: made.disabled.map(|disabled| disabled.reason.as_str()),
            disabled_at: made.disabled.map(|disabled| disabled.since),
            old_secret_works_until: made.old_secret.map(|old| old.works_until).filter(|until| now < *until),
            created_at: made.created_at,
            version: made.version.0,
        }
    }

    fn answer(self, status: StatusCode) -> Response {
        (status, [(ETAG, self.etag())], Json(self)).into_response()
    }

    fn etag(&self) -> HeaderValue {
        HeaderValue::try_from(format!("\"{}\"", self.version)).expect("digits in quotation marks are a header value")
    }
}

/// A destination, and its signing secret.
#[derive(Serialize, ToSchema)]
#[schema(as = NewEventDestination)]
struct NewDestinationDocument {
    #[serde(flatten)]
    destination: DestinationDocument,
    /// With what messages are signed (Standard Webhooks). It is shown this once; null if they are not signed, or if this request had
    /// been done before.
    #[schema(required = true, example = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")]
    secret: Option<String>,
}

/// What is shown of an address.
fn shown(kind: DestinationKind, address: &SecretText) -> String {
    let text = address.expose();
    match kind {
        DestinationKind::Mail | DestinationKind::Webhook => text.to_owned(),
        DestinationKind::Slack | DestinationKind::Chat => {
            let host = text.split('/').nth(2).unwrap_or_default();
            let scheme = text.split(':').next().unwrap_or_default();
            format!("{scheme}://{host}/…")
        }
    }
}

/// All destinations of the caller's tenant, each as it is shown.
async fn all(state: &AppState, caller: &Caller) -> Result<Vec<DestinationDocument>, Problem> {
    let tenant = state.archive.reader().tenant(caller.tenant_id()).await?;
    let tenant = tenant.ok_or(Code::Unauthenticated)?;
    documents(state, tenant.id, &tenant.destinations).await
}

/// One of them, named by its id.
async fn one(state: &AppState, caller: &Caller, id: DestinationId) -> Result<DestinationDocument, Problem> {
    let made = found(state, caller, id).await?;
    let mut documents = documents(state, caller.tenant_id(), &[made]).await?;
    documents.pop().ok_or_else(|| Code::EventDestinationNotFound.into())
}

async fn found(state: &AppState, caller: &Caller, id: DestinationId) -> Result<Destination, Problem> {
    let tenant = state.archive.reader().tenant(caller.tenant_id()).await?;
    let tenant = tenant.ok_or(Code::Unauthenticated)?;
    let made = tenant.destination(id).cloned();
    made.ok_or_else(|| Code::EventDestinationNotFound.into())
}

/// One that was just made or changed.
async fn done(state: &AppState, done: &DoneOfTenant, id: DestinationId) -> Result<DestinationDocument, Problem> {
    let made = done.tenant.destination(id).ok_or(Code::Internal)?;
    let mut documents = documents(state, done.tenant.id, std::slice::from_ref(made)).await?;
    documents.pop().ok_or_else(|| Code::Internal.into())
}

async fn documents(
    state: &AppState,
    tenant: TenantId,
    made: &[Destination],
) -> Result<Vec<DestinationDocument>, Problem> {
    let addresses: HashMap<_, _> = registry_deliveries::addresses(&state.archive, tenant, made).await?;
    let now = state.ambient.now();
    let documents = made
        .iter()
        .map(|made| DestinationDocument::new(made, addresses.get(&made.id), now));
    Ok(documents.collect())
}

fn parse_id(text: &str) -> Result<DestinationId, Problem> {
    text.parse().map_err(|_| Code::EventDestinationNotFound.into())
}

/// Where a destination of a kind leads.
fn target(state: &AppState, kind: DestinationKind, address: &str) -> Result<Target, Problem> {
    let fault = match kind {
        DestinationKind::Mail if !state.carrying.has_mail => return Err(Code::MailNotConfigured.into()),
        DestinationKind::Mail => EmailAddress::parse(address).err().map(|_| Fault::NotAnEmailAddress),
        DestinationKind::Slack | DestinationKind::Chat | DestinationKind::Webhook => {
            state.carrying.guard.check(address).err().map(|_| Fault::UrlNotAllowed)
        }
    };
    match fault {
        None => Ok(Target {
            kind,
            address: SecretText::new(address.trim().to_owned()),
        }),
        Some(fault) => Err(Problem::validation(vec![FieldFault {
            place: Place::Body("/address".to_owned()),
            fault,
        }])),
    }
}

fn read_rule(word: &str) -> Result<Subject, Fault> {
    Subject::from_word(word).ok_or(Fault::UnknownWord(Subject::WORDS))
}

/// Each once, in the order in which they were named.
fn distinct(subjects: Vec<Subject>) -> Vec<Subject> {
    let mut distinct = Vec::with_capacity(subjects.len());
    for subject in subjects {
        if !distinct.contains(&subject) {
            distinct.push(subject);
        }
    }
    distinct
}

/// The id of a destination that is made by a request. The same request makes the same one.
fn id_of(tenant: TenantId, path: &str, key: &IdempotencyKey) -> DestinationId {
    let digest = Sha256::new()
        .chain_update("event destination\n")
        .chain_update(tenant.as_uuid())
        .chain_update(path)
        .chain_update("\n")
        .chain_update(key.as_str())
        .finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    DestinationId::from_uuid(Builder::from_custom_bytes(bytes).into_uuid())
}
