//! `POST /_sandbox/repeats`: hours go by for the approvals that were not answered as expected.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};

use super::ControlError;
use crate::clock;
use crate::upstream::Upstream;

/// A day and the hour after it, in which upstream gives up.
const HOURS_MAX: u8 = 25;

/// How long the answers of one hour are waited for.
const HOUR_PATIENCE: Duration = Duration::from_secs(15);

/// What `POST …/repeats` takes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Hours {
    hours: u8,
}

/// What came of it.
#[derive(Debug, Serialize)]
pub(super) struct Passed {
    /// The approvals that were sent again.
    repeated: usize,
    /// The approvals that are still not answered as expected, and will be sent again.
    owed: usize,
}

pub(super) async fn pass(
    State(upstream): State<Arc<Upstream>>,
    Json(wish): Json<Hours>,
) -> Result<Json<Passed>, ControlError> {
    if !(1..=HOURS_MAX).contains(&wish.hours) {
        return Err(ControlError::invalid(format!(
            "hours is a number from 1 to {HOURS_MAX}"
        )));
    }
    let mut repeated = 0;
    for _ in 0..wish.hours {
        let concerned = upstream.with_world(|world| world.pass_hour(clock::now()));
        repeated += concerned.len();
        // Whether there is a next time depends on the answer to this one.
        let deadline = tokio::time::Instant::now() + HOUR_PATIENCE;
        for mapping in concerned.into_iter().collect::<BTreeSet<_>>() {
            let left = deadline.saturating_duration_since(tokio::time::Instant::now());
            upstream.wait_until_sent(mapping, left).await;
        }
    }
    let owed = upstream.with_world(|world| world.owed_approvals());
    Ok(Json(Passed { repeated, owed }))
}
