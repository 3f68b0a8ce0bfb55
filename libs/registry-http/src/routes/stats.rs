//! `GET /v1/stats/review-status`

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use registry_domain::merchant::Stage;
use registry_domain::review::ReviewStatus;
use registry_domain::tenant::Scope;
use registry_journal::port::{MerchantFilter, StatusCount};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::merchants::filter;
use crate::caller::Caller;
use crate::operation::{Access, Operation, Route};
use crate::problem::{Code, Fault, Problem};
use crate::query::{PRESENT, Parameters};
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

/// Count merchants by review status
///
/// How many merchants stand where, now (with the filters of the list) or at a moment (without). As in the list, archived
/// merchants are counted only if `stage` asks for them.
#[utoipa::path(
    get,
    path = "/v1/stats/review-status",
    tag = "Merchants",
    params(
        ("status" = Option<String>, Query, description = "Review statuses, separated by commas, as for the list"),
        ("stage" = Option<String>, Query, description = "Stages, separated by commas, as for the list"),
        ("q" = Option<String>, Query, description = "Part of a code or a name, or the beginning of a business number; that with the scope `personal:read` only", min_length = 1, max_length = 100),
        ("as_of" = Option<DateTime<Utc>>, Query, description = "At this moment, not later than now; not together with filters"),
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
    let filter = filter::read(&mut query, caller.sight());
    let as_of = query.past_moment("as_of", now);
    if as_of.is_some() && filter != MerchantFilter::default() {
        query.blame("as_of", Fault::NotCombinable);
    }
    query.finish()?;
    let reader = state.archive.reader();
    let past = match as_of {
        Some(moment) if moment >= now - PRESENT => {
            // What the log stamps with the future has happened all the same.
            let head = reader.head(caller.tenant_id()).await?;
            (moment < now && head.recorded_at <= now).then_some(moment)
        }
        past => past,
    };
    let counts = match past {
        None => reader.status_counts(caller.tenant_id(), &filter).await?,
        Some(moment) => {
            let mut counts = reader.status_counts_as_of(caller.tenant_id(), moment).await?;
            counts.retain(|count| count.stage != Stage::Archived);
            counts
        }
    };
    Ok(Json(ReviewStatusStats {
        data: Counts::from_rows(&counts),
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
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
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
}

impl Counts {
    fn from_rows(rows: &[StatusCount]) -> Self {
        let mut counts = Self {
            total: rows.iter().map(|row| row.count).sum(),
            by_status: ReviewStatus::ALL.iter().map(|status| (status.as_str(), 0)).collect(),
            by_stage: Stage::ALL.iter().map(|stage| (stage.as_str(), 0)).collect(),
        };
        for row in rows {
            *counts.by_status.entry(row.status.as_str()).or_default() += row.count;
            *counts.by_stage.entry(row.stage.as_str()).or_default() += row.count;
        }
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_counted() {
        let row = |status, stage, count| StatusCount { status, stage, count };
        let counts = Counts::from_rows(&[
            row(ReviewStatus::InReview, Stage::InReview, 2),
            row(ReviewStatus::InReview, Stage::Unlinked, 1),
        ]);
        assert_eq!(
            (counts.total, counts.by_status["in_review"], counts.by_stage["unlinked"]),
            (3, 3, 1)
        );
        assert_eq!(
            (counts.by_status.len(), counts.by_stage.len()),
            (ReviewStatus::ALL.len(), Stage::ALL.len())
        );
    }
}
