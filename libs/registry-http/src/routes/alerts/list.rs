//! `GET /v1/alerts`

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use chrono::DateTime;
use registry_domain::MerchantId;
use registry_domain::alerts::{Alert, Severity, Standing, Subject};
use registry_domain::merchant::Merchant;
use registry_domain::tenant::Scope;
use registry_journal::port::{AlertPosition, AlertQuery, PageSize};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::{AlertDocument, own};
use crate::caller::Caller;
use crate::cursor::Page;
use crate::operation::{Access, Operation, Route};
use crate::problem::{Code, Fault, Problem};
use crate::query::Parameters;
use crate::state::AppState;

const SCOPE: Scope = Scope::MerchantsRead;

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Key(SCOPE),
        problems: &[Code::CursorInvalid, Code::ValidationFailed],
    };
    operation.document(routes!(list_alerts))
}

/// List alerts
///
/// Those that have not ended: first what is wrong with your connection, then shops, the worst first and of those the longest
/// due.
#[utoipa::path(
    get,
    path = "/v1/alerts",
    tag = "Alerts",
    params(
        ("state" = Option<String>, Query, description = "`open`, `acknowledged` or `snoozed`, separated by commas; all if left out", example = "open"),
        ("severity" = Option<String>, Query, description = "`warn`, `late` or `critical`, separated by commas", example = "late,critical"),
        ("rule" = Option<String>, Query, description = "Only those of this rule", example = "in_review"),
        ("merchant_id" = Option<String>, Query, description = "Only that of this merchant"),
        ("limit" = Option<u32>, Query, description = "Most alerts about shops on the page; 50 if left out", minimum = 1, maximum = 500),
        ("cursor" = Option<String>, Query, description = "`page.next` of the page before, with the same filters"),
    ),
    responses((status = 200, description = "A page of alerts", body = AlertPage))
)]
async fn list_alerts(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    mut query: Parameters,
) -> Result<Json<AlertPage>, Problem> {
    caller.require(SCOPE)?;
    let now = state.ambient.now();
    let mut wanted = AlertQuery {
        standings: query.words("state", Standing::WORDS, Standing::from_word),
        severities: query.words("severity", Severity::WORDS, Severity::from_word),
        subject: query.optional("rule", |word| {
            Subject::from_word(word).ok_or(Fault::UnknownWord(Subject::WORDS))
        }),
        now,
        after: None,
        limit: PageSize::MAX,
    };
    let merchant: Option<MerchantId> = query.optional("merchant_id", str::parse);
    let limit = query.limit();
    let cursor = query.optional("cursor", |text| Ok::<_, Fault>(text.to_owned()));
    query.finish()?;

    wanted.limit = PageSize::clamped(limit.get() + 1);
    let list = name_of(&wanted);
    let places = Places {
        state: &state,
        caller: &caller,
        list: &list,
    };
    wanted.after = cursor
        .map(|cursor| places.open(&cursor).ok_or(Code::CursorInvalid))
        .transpose()?;
    let tenant = own(&state, &caller).await?;
    if let Some(id) = merchant {
        let found = state.archive.reader().merchant(tenant.id, id).await?;
        let fits = |merchant: &Merchant| merchant.alerts.iter().any(|alert| fits(alert, &wanted));
        let found = found.filter(fits).filter(|_| wanted.after.is_none());
        let found = found.and_then(|merchant| AlertDocument::of_merchant(&merchant, &tenant.settings.calendar, now));
        return Ok(Json(AlertPage {
            data: found.into_iter().collect(),
            page: Page { next: None, prev: None },
        }));
    }
    let mut merchants = state.archive.reader().alerted_merchants(tenant.id, &wanted).await?;
    let limit = limit.get() as usize;
    let more = merchants.len() > limit;
    merchants.truncate(limit);
    let end = merchants.last().filter(|_| more);
    let next = end.and_then(|merchant| {
        let alert = merchant.alerts.first()?;
        Some(places.seal(alert, merchant.id))
    });
    // They stand on the first page, whole: there are a handful at most.
    let is_first = wanted.after.is_none();
    let own = tenant.alerts.iter().filter(|alert| is_first && fits(alert, &wanted));
    let own = own.map(|alert| AlertDocument::of_tenant(alert, now));
    let calendar = &tenant.settings.calendar;
    let of_merchants = merchants
        .iter()
        .filter_map(|merchant| AlertDocument::of_merchant(merchant, calendar, now));
    Ok(Json(AlertPage {
        data: own.chain(of_merchants).collect(),
        page: Page { next, prev: None },
    }))
}

/// Whether an alert is asked for.
fn fits(alert: &Alert, wanted: &AlertQuery) -> bool {
    let is_standing = wanted.standings.is_empty() || wanted.standings.contains(&alert.standing(wanted.now));
    let is_so_bad = wanted.severities.is_empty() || wanted.severities.contains(&alert.severity);
    is_standing && is_so_bad && wanted.subject.is_none_or(|subject| subject == alert.subject)
}

/// One name for one list.
fn name_of(query: &AlertQuery) -> String {
    let mut standings: Vec<_> = query.standings.iter().map(|standing| standing.as_str()).collect();
    let mut severities: Vec<_> = query.severities.iter().map(|severity| severity.as_str()).collect();
    standings.sort_unstable();
    severities.sort_unstable();
    let subject = query.subject.map_or("", Subject::as_str);
    format!("alerts {} {} {subject}", standings.join(","), severities.join(","))
}

/// Cursors of a list. Alerts are ordered by how grave they are before when they are due.
struct Places<'a> {
    state: &'a AppState,
    caller: &'a Caller,
    list: &'a str,
}

impl Places<'_> {
    fn seal(&self, alert: &Alert, merchant: MerchantId) -> String {
        let order = format!("{}.{}", alert.severity.as_str(), alert.due_at.timestamp_micros());
        let key = &self.state.cursor_key;
        key.seal_place(self.caller.tenant_id(), self.list, &order, merchant.as_uuid())
    }

    fn open(&self, cursor: &str) -> Option<AlertPosition> {
        let key = &self.state.cursor_key;
        let (order, id) = key.open_place(self.caller.tenant_id(), self.list, cursor)?;
        let (severity, micros) = order.split_once('.')?;
        Some(AlertPosition {
            severity: Severity::from_word(severity)?,
            due_at: DateTime::from_timestamp_micros(micros.parse().ok()?)?,
            merchant_id: MerchantId::from_uuid(id),
        })
    }
}

/// A page of alerts.
#[derive(Serialize, ToSchema)]
struct AlertPage {
    /// The alerts.
    data: Vec<AlertDocument>,
    /// Where other pages begin.
    page: Page,
}
