//! `GET /v1/audit`

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use registry_documents::{AuditDocument, EventData, audit_entry};
use registry_domain::tenant::{AuditOutcome, Scope};
use registry_domain::{Channel, KeyId, MerchantId, PersonId};
use registry_journal::port::{AuditFilter, AuditQuery, PageSize};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::caller::Caller;
use crate::cursor::Page;
use crate::operation::{Access, Operation, Route};
use crate::problem::{Code, Fault, Problem};
use crate::query::Parameters;
use crate::state::AppState;

const SCOPE: Scope = Scope::AuditRead;

/// How whoever acts at the command line is named.
const COMMAND_LINE: &str = "command_line";

/// Most actions of a filter.
const ACTIONS_MAX: usize = 50;

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Key(SCOPE),
        problems: &[Code::CursorInvalid, Code::ValidationFailed],
    };
    operation.document(routes!(list_audit))
}

/// Read who did what
///
/// Everything that people and programs changed, and what they read of persons or were refused; the newest first. What
/// Paymint and the registry itself did is in the feed. Each entry is an event of your log, which nobody can change: the
/// command `registry verify` proves it. Of requests that were refused alike, the first of an hour has an entry at once and
/// the others have one together, with their `count`. All filters must fit.
#[utoipa::path(
    get,
    path = "/v1/audit",
    tag = "Audit",
    params(
        ("actor" = Option<String>, Query, description = "The id of an API key or of a person, or `command_line`", example = "key_0197f0a1b2c37d4e8f90a1b2c3d4e5f6"),
        ("action" = Option<String>, Query, description = "Actions, separated by commas", example = "personal.revealed,payload.opened"),
        ("merchant_id" = Option<String>, Query, description = "Only what was done to this merchant"),
        ("channel" = Option<String>, Query, description = "`console`, `api` or `command_line`"),
        ("outcome" = Option<String>, Query, description = "`done` or `refused`"),
        ("from" = Option<DateTime<Utc>>, Query, description = "Not before this moment"),
        ("to" = Option<DateTime<Utc>>, Query, description = "Not after this moment"),
        ("limit" = Option<u32>, Query, description = "Most entries on the page; 50 if left out", minimum = 1, maximum = 500),
        ("cursor" = Option<String>, Query, description = "`page.next` of the page before, with the same filters"),
    ),
    responses((status = 200, description = "A page of entries", body = AuditPage))
)]
async fn list_audit(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    mut query: Parameters,
) -> Result<Json<AuditPage>, Problem> {
    caller.require(SCOPE)?;
    let filter = read_filter(&mut query);
    let limit = query.limit();
    let cursor = query.optional("cursor", |text| Ok::<_, Fault>(text.to_owned()));
    query.finish()?;
    let tenant_id = caller.tenant_id();
    let list = name_of(&filter);
    let before = state.cursor_key.open_before(tenant_id, &list, cursor.as_deref())?;
    let query = AuditQuery {
        filter,
        before,
        limit: PageSize::clamped(limit.get() + 1),
    };
    let mut found = state.archive.audit(tenant_id, &query).await?;
    let more = found.len() > limit.get() as usize;
    found.truncate(limit.get() as usize);
    let end = found.last().filter(|_| more);
    let next = end.map(|(entry, _)| state.cursor_key.seal_number(tenant_id, &list, entry.seq.0.into()));
    Ok(Json(AuditPage {
        data: found.iter().map(|(entry, event)| audit_entry(entry, event)).collect(),
        page: Page { next, prev: None },
    }))
}

fn read_filter(query: &mut Parameters) -> AuditFilter {
    let from = query.moment("from");
    let to = query.moment("to");
    if from.zip(to).is_some_and(|(from, to)| from > to) {
        query.blame("to", Fault::NotCombinable);
    }
    AuditFilter {
        actor: query.optional("actor", read_actor),
        actions: query.optional("action", read_actions).unwrap_or_default(),
        merchant_id: query.optional("merchant_id", str::parse::<MerchantId>),
        channel: query.optional("channel", |word| {
            Channel::from_word(word).ok_or(Fault::UnknownWord(Channel::WORDS))
        }),
        outcome: query.optional("outcome", |word| {
            AuditOutcome::from_word(word).ok_or(Fault::UnknownWord(AuditOutcome::WORDS))
        }),
        from,
        to,
    }
}

fn read_actor(text: &str) -> Result<String, Fault> {
    if text == COMMAND_LINE {
        return Ok(text.to_owned());
    }
    let key = text.parse::<KeyId>().map(|key| key.to_string());
    Ok(key.or_else(|_| text.parse::<PersonId>().map(|person| person.to_string()))?)
}

fn read_actions(text: &str) -> Result<Vec<String>, Fault> {
    let words: Vec<_> = text.split(',').map(str::trim).take(ACTIONS_MAX + 1).collect();
    if words.len() > ACTIONS_MAX {
        return Err(Fault::TooMany);
    }
    if words.iter().any(|word| !EventData::TYPES.contains(word)) {
        return Err(Fault::UnknownEventType);
    }
    Ok(words.into_iter().map(str::to_owned).collect())
}

/// One name for one list. None of its parts holds a blank.
fn name_of(filter: &AuditFilter) -> String {
    let mut actions = filter.actions.clone();
    actions.sort_unstable();
    let moment = |at: Option<DateTime<Utc>>| at.map(|at| at.timestamp_micros().to_string()).unwrap_or_default();
    format!(
        "audit {} {} {} {} {} {} {}",
        filter.actor.as_deref().unwrap_or_default(),
        actions.join(","),
        filter.merchant_id.map(|id| id.to_string()).unwrap_or_default(),
        filter.channel.map_or("", Channel::as_str),
        filter.outcome.map_or("", AuditOutcome::as_str),
        moment(filter.from),
        moment(filter.to),
    )
}

/// A page of who did what.
#[derive(Serialize, ToSchema)]
struct AuditPage {
    /// The entries, the newest first.
    data: Vec<AuditDocument>,
    /// Where other pages begin.
    page: Page,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_actor_is_an_id() {
        let key = "key_0197f0a1b2c37d4e8f90a1b2c3d4e5f6";
        assert_eq!(read_actor(key).as_deref(), Ok(key));
        assert_eq!(read_actor("command_line").as_deref(), Ok("command_line"));
        for other in ["", "user", "mer_0197f0a1b2c37d4e8f90a1b2c3d4e5f6"] {
            assert_eq!(read_actor(other), Err(Fault::NotAnId), "{other}");
        }
    }

    #[test]
    fn actions_are_types_of_events() {
        let read = read_actions("access.refused, note.added").unwrap();
        assert_eq!(read, ["access.refused", "note.added"]);
        assert_eq!(read_actions("access"), Err(Fault::UnknownEventType));
    }
}
