//! `GET /v1/stats/review-status`

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use registry_domain::merchant::{AlertLevel, LinkStanding, NextActor, Stage, Warning};
use registry_domain::review::{ReviewStatus, Verification};
use registry_domain::tenant::Scope;
use registry_journal::port::FacetCount;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::caller::Caller;
use crate::operation::{Access, Operation, Route};
use crate::problem::{Code, Problem};
use crate::query::Parameters;
use crate::routes::merchants::filter::{self, FilterParameters};
use crate::routes::merchants::list::past;
use crate::state::AppState;

const SCOPE: Scope = Scope::MerchantsRead;

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Key(SCOPE),
        problems: &[Code::ValidationFailed],
    };
    operation.document(routes!(count_review_statuses))
}

/// Count merchants
///
/// How many merchants stand where, now or at a moment, with the filters of the list. As in the list, archived merchants are
/// counted only if `stage` asks for them.
#[utoipa::path(
    get,
    path = "/v1/stats/review-status",
    tag = "Merchants",
    params(
        FilterParameters,
        ("as_of" = Option<DateTime<Utc>>, Query, description = "At this moment, not later than now: filters too mean what was known then"),
    ),
    responses((status = 200, description = "The counts", body = ReviewStatusStats))
)]
async fn count_review_statuses(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    mut query: Parameters,
) -> Result<Json<ReviewStatusStats>, Problem> {
    caller.require(SCOPE)?;
    let now = state.ambient.now();
    let as_of = query.past_moment("as_of", now);
    let filter = filter::asked(&state, &caller, &mut query, as_of, now).await?.filter;
    query.finish()?;
    let (tenant_id, reader) = (caller.tenant_id(), state.archive.reader());
    let data = match past(&state, tenant_id, as_of, now).await? {
        None => Counts::of(&reader.facet_counts(tenant_id, &filter).await?),
        Some(moment) => Counts {
            by_alert: None,
            ..Counts::of(&reader.facet_counts_as_of(tenant_id, &filter, moment).await?)
        },
    };
    Ok(Json(ReviewStatusStats {
        data,
        as_of: as_of.unwrap_or(now),
    }))
}

/// How many merchants stand where.
#[derive(Serialize, ToSchema)]
struct ReviewStatusStats {
    /// The counts.
    data: Counts,
    /// The moment that they are about.
    as_of: DateTime<Utc>,
}

/// How many merchants stand where.
#[derive(Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ReviewStatusCounts)]
struct Counts {
    /// All of them.
    #[schema(example = 3)]
    total: u64,
    /// By review status. Every word is there, also with 0.
    #[schema(example = json!({"none": 1, "drafting": 0, "in_review": 2, "documents_required": 0, "rejected": 0, "opened": 0, "unknown": 0}))]
    by_status: BTreeMap<&'static str, u64>,
    /// By stage. Every word is there, also with 0.
    #[schema(example = json!({"registered": 1, "link_issued": 0, "drafting": 0, "in_review": 2, "documents_required": 0, "rejected": 0, "opened": 0, "unknown": 0, "unlinked": 0, "archived": 0}))]
    by_stage: BTreeMap<&'static str, u64>,
    /// By who must act next. Every word is there, also with 0.
    #[schema(example = json!({"merchant": 0, "upstream": 2, "partner": 1, "none": 0}))]
    by_next_actor: BTreeMap<&'static str, u64>,
    /// By how far their state can be trusted. Every word is there, also with 0.
    #[schema(example = json!({"verified": 2, "unverified": 1, "held": 0, "conflicting": 0}))]
    by_verification: BTreeMap<&'static str, u64>,
    /// By how their latest link stands. Every word is there, also with 0.
    #[schema(example = json!({"none": 1, "requested": 0, "issued": 2, "failed": 0, "unknown": 0, "revoked": 0}))]
    by_link: BTreeMap<&'static str, u64>,
    /// By how bad the alert is that has not ended. Every word is there, also with 0; left out of counts as of a moment.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = json!({"none": 2, "warn": 0, "late": 1, "critical": 0}))]
    by_alert: Option<BTreeMap<&'static str, u64>>,
    /// By warning; one merchant may have several. Every word is there, also with 0.
    #[schema(example = json!({"answers_conflict": 0, "merchant_code_shared": 1}))]
    by_warning: BTreeMap<&'static str, u64>,
    /// Those at which somebody must look now.
    #[schema(example = 0)]
    attention: u64,
    /// Those of which a claim waits for Paymint's word.
    #[schema(example = 0)]
    held: u64,
    /// Those that may bill, by what is known of them alone.
    #[schema(example = 0)]
    may_bill: u64,
}

impl Counts {
    fn of(counts: &[FacetCount]) -> Self {
        let none = |words: &'static [&'static str]| words.iter().map(|word| (*word, 0)).collect();
        let mut by_alert: BTreeMap<_, u64> = none(AlertLevel::WORDS);
        let mut all = Self {
            by_status: none(ReviewStatus::WORDS),
            by_stage: none(Stage::WORDS),
            by_next_actor: none(NextActor::WORDS),
            by_verification: none(Verification::WORDS),
            by_link: none(LinkStanding::WORDS),
            by_warning: none(Warning::WORDS),
            ..Self::default()
        };
        for FacetCount { facets, count } in counts {
            let only_if = |holds: bool| if holds { *count } else { 0 };
            all.total += count;
            *all.by_status.entry(facets.status.as_str()).or_default() += count;
            *all.by_stage.entry(facets.stage.as_str()).or_default() += count;
            *all.by_next_actor.entry(facets.next_actor().as_str()).or_default() += count;
            *all.by_verification.entry(facets.verification.as_str()).or_default() += count;
            *all.by_link.entry(facets.link.as_str()).or_default() += count;
            *by_alert.entry(facets.alert.as_str()).or_default() += count;
            for warning in Warning::ALL {
                *all.by_warning.entry(warning.as_str()).or_default() += only_if(facets.warns_of(*warning));
            }
            all.attention += only_if(facets.needs_attention());
            all.held += only_if(facets.is_held);
            all.may_bill += only_if(facets.may_bill);
        }
        Self {
            by_alert: Some(by_alert),
            ..all
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_counted() {
        let counts = Counts::of(&[]);
        assert_eq!(
            (
                counts.by_status.len(),
                counts.by_stage.len(),
                counts.by_next_actor.len()
            ),
            (ReviewStatus::ALL.len(), Stage::ALL.len(), NextActor::ALL.len())
        );
    }
}
