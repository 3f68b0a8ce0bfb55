//! What a tenant was told of and has not ended.

pub mod acknowledge;
pub mod count;
pub mod get;
pub mod list;
pub mod snooze;

use axum::Json;
use axum::http::HeaderValue;
use axum::http::header::ETAG;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use registry_domain::alerts::Alert;
use registry_domain::calendar::Calendar;
use registry_domain::merchant::Merchant;
use registry_domain::tenant::{self, Tenant};
use registry_domain::{AlertId, FreeText, Version, merchant};
use registry_journal::Order;
use registry_web::RequestContext;
use serde::Serialize;
use utoipa::ToSchema;

use crate::caller::Caller;
use crate::commands;
use crate::problem::{Code, Problem};
use crate::state::AppState;

/// What you were told of.
#[derive(Serialize, ToSchema)]
#[schema(as = Alert)]
struct AlertDocument {
    /// Always `alert`.
    #[schema(example = "alert")]
    object: &'static str,
    /// Its id.
    #[schema(example = "alt_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")]
    id: String,
    /// The rule that raised it.
    #[schema(example = "in_review")]
    rule: &'static str,
    /// `warn`, `late` or `critical`.
    #[schema(example = "late")]
    severity: &'static str,
    /// `open`, `acknowledged` or `snoozed`.
    #[schema(example = "open")]
    state: &'static str,
    /// When it became due.
    due_at: DateTime<Utc>,
    /// When it was raised to this severity.
    raised_at: DateTime<Utc>,
    /// When somebody took note of it; null if nobody has.
    #[schema(required = true)]
    acknowledged_at: Option<DateTime<Utc>>,
    /// Until when it sleeps; null if it does not.
    #[schema(required = true)]
    snoozed_until: Option<DateTime<Utc>>,
    /// Counts up with each change of it; the `ETag` says the same.
    #[schema(example = 9)]
    version: u64,
    /// The shop that it is about; null if it is about your connection.
    #[schema(required = true)]
    merchant: Option<AlertedMerchant>,
}

/// A shop that waits too long.
#[derive(Serialize, ToSchema)]
struct AlertedMerchant {
    /// Its id.
    #[schema(example = "mer_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")]
    id: String,
    /// 파트너 사용자 코드.
    #[schema(example = "acad-12")]
    member_code: String,
    /// 파트너 매장 코드.
    #[schema(example = "store-3")]
    merchant_code: String,
    /// 사업장명.
    #[schema(required = true, example = "가나다 학원")]
    company_name: Option<String>,
    /// 지점명.
    #[schema(required = true, example = "강남점")]
    branch_name: Option<String>,
    /// Where it stands.
    #[schema(example = "in_review")]
    stage: &'static str,
    /// Since when.
    stage_since: DateTime<Utc>,
    /// For how many of your business days.
    #[schema(example = 6)]
    business_days: i32,
}

impl AlertDocument {
    /// One about a shop; none if there is none.
    fn of_merchant(merchant: &Merchant, calendar: &Calendar, now: DateTime<Utc>) -> Option<Self> {
        let text = |text: &Option<FreeText>| text.as_ref().map(|text| text.as_str().to_owned());
        let alert = merchant.alerts.first()?;
        Some(Self {
            merchant: Some(AlertedMerchant {
                id: merchant.id.to_string(),
                member_code: merchant.reference.member_code.as_str().to_owned(),
                merchant_code: merchant.reference.merchant_code.as_str().to_owned(),
                company_name: text(&merchant.business.company_name),
                branch_name: text(&merchant.business.branch_name),
                stage: merchant.stage().as_str(),
                stage_since: merchant.stage_since(),
                business_days: calendar.business_days_between(merchant.stage_since(), now),
            }),
            ..Self::of_tenant(alert, now)
        })
    }

    fn of_tenant(alert: &Alert, now: DateTime<Utc>) -> Self {
        Self {
            object: "alert",
            id: alert.id.to_string(),
            rule: alert.subject.as_str(),
            severity: alert.severity.as_str(),
            state: alert.standing(now).as_str(),
            due_at: alert.due_at,
            raised_at: alert.raised_at,
            acknowledged_at: alert.acknowledged_at,
            snoozed_until: alert.snoozed_until.filter(|until| now < *until),
            version: alert.version.0,
            merchant: None,
        }
    }

    fn answer(self) -> Response {
        let tag = format!("\"{}\"", self.version);
        let tag = HeaderValue::try_from(tag).expect("digits in quotation marks are a header value");
        ([(ETAG, tag)], Json(self)).into_response()
    }
}

async fn own(state: &AppState, caller: &Caller) -> Result<Tenant, Problem> {
    let tenant = state.archive.reader().tenant(caller.tenant_id()).await?;
    tenant.ok_or_else(|| Code::Unauthenticated.into())
}

/// The alert of a path. What never was one is not found either.
fn parse_id(text: &str) -> Result<AlertId, Problem> {
    text.parse().map_err(|_| Code::AlertNotFound.into())
}

/// What is said to an alert.
#[derive(Clone, Copy)]
enum Said {
    /// Somebody takes note of it.
    Noted,
    /// Nobody wants to hear of it until then; none for from now on again.
    Asleep(Option<DateTime<Utc>>),
}

impl Said {
    fn to_tenant(self, alert_id: AlertId, expected: Option<Version>) -> tenant::Command {
        match self {
            Self::Noted => tenant::Command::AcknowledgeAlert { alert_id, expected },
            Self::Asleep(until) => tenant::Command::SnoozeAlert {
                alert_id,
                until,
                expected,
            },
        }
    }

    fn to_merchant(self, alert_id: AlertId, expected: Option<Version>) -> merchant::Command {
        match self {
            Self::Noted => merchant::Command::AcknowledgeAlert { alert_id, expected },
            Self::Asleep(until) => merchant::Command::SnoozeAlert {
                alert_id,
                until,
                expected,
            },
        }
    }
}

/// Says something to an alert, whatever it is about.
async fn say(
    state: &AppState,
    caller: &Caller,
    context: &RequestContext,
    id: AlertId,
    expected: Option<Version>,
    said: Said,
) -> Result<AlertDocument, Problem> {
    let tenant = own(state, caller).await?;
    let now = state.ambient.now();
    if tenant.alerts.iter().any(|alert| alert.id == id) {
        let command = said.to_tenant(id, expected);
        let done = commands::run_of_tenant(state, caller, context, command).await?;
        let alert = done.tenant.alerts.iter().find(|alert| alert.id == id);
        let alert = alert.ok_or(Code::AlertNotFound)?;
        return Ok(AlertDocument::of_tenant(alert, now));
    }
    let found = state.archive.reader().merchant_of_alert(tenant.id, id).await?;
    let merchant_id = found.ok_or(Code::AlertNotFound)?.id;
    let order = Order::Merchant {
        merchant_id,
        command: said.to_merchant(id, expected),
        expected: None,
    };
    let done = commands::run(state, caller, context, None, merchant_id, order).await?;
    let document = AlertDocument::of_merchant(&done.merchant, &tenant.settings.calendar, now);
    document.ok_or_else(|| Code::AlertNotFound.into())
}
