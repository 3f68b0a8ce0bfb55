//! Driving several callbacks again, and what came of it.

use std::collections::BTreeMap;

use registry_domain::EventId;
use registry_ingest::{Effect, RedriveError, RedriveRequest, Redriven};
use registry_journal::Origin;
use registry_web::RequestContext;
use serde::Serialize;
use utoipa::ToSchema;

use super::redrive::RedriveDocument;
use crate::caller::Caller;
use crate::problem::Problem;
use crate::state::AppState;

/// Most callbacks of one request that are told one by one.
const SAMPLE_MAX: usize = 20;

/// The word for a callback whose bytes were destroyed.
const ERASED: &str = "erased";

/// Callbacks that are to be driven again.
pub(crate) struct Again {
    /// The events that recorded them, in order.
    pub(crate) event_ids: Vec<EventId>,
    /// Nothing is written.
    pub(crate) dry_run: bool,
    /// Where the next request goes on.
    pub(crate) next: Option<String>,
}

impl Again {
    pub(crate) async fn drive(
        self,
        state: &AppState,
        caller: &Caller,
        context: &RequestContext,
    ) -> Result<RedriveReport, Problem> {
        let requests: Vec<_> = self
            .event_ids
            .iter()
            .map(|event_id| RedriveRequest {
                tenant_id: caller.tenant_id(),
                event_id: *event_id,
                bound_to: None,
            })
            .collect();
        let outcomes = if self.dry_run {
            state.redriver.rehearse(&requests).await
        } else {
            drive(state, &requests, &caller.origin(context)).await
        };
        let mut report = RedriveReport::empty(self.dry_run, self.next);
        for (event_id, outcome) in self.event_ids.into_iter().zip(outcomes) {
            report.count(event_id, outcome)?;
        }
        Ok(report)
    }
}

/// One after the other, because a later callback is judged by what an earlier one did.
async fn drive(state: &AppState, requests: &[RedriveRequest], origin: &Origin) -> Vec<Result<Redriven, RedriveError>> {
    let mut outcomes = Vec::with_capacity(requests.len());
    for request in requests {
        outcomes.push(state.redriver.redrive(request, origin.clone(), None).await);
    }
    outcomes
}

/// What came, or would come, of driving several callbacks again.
#[derive(Serialize, ToSchema)]
#[schema(as = RedriveReport)]
pub(crate) struct RedriveReport {
    /// Always `redrive_report`.
    #[schema(example = "redrive_report")]
    object: &'static str,
    /// Nothing was written.
    #[schema(example = true)]
    dry_run: bool,
    /// How many callbacks were looked at.
    #[schema(example = 12)]
    tried: u64,
    /// How many came to what: the outcomes of a redrive, and `erased`.
    #[schema(example = json!({"applied": 9, "nothing": 3}))]
    outcomes: BTreeMap<&'static str, u64>,
    /// Some of those of which something came, in order.
    #[schema(max_items = 20)]
    sample: Vec<RedriveDocument>,
    /// The `cursor` with which to go on; null if that was all.
    #[schema(required = true)]
    next: Option<String>,
}

impl RedriveReport {
    const fn empty(dry_run: bool, next: Option<String>) -> Self {
        Self {
            object: "redrive_report",
            dry_run,
            tried: 0,
            outcomes: BTreeMap::new(),
            sample: Vec::new(),
            next,
        }
    }

    fn count(&mut self, event_id: EventId, outcome: Result<Redriven, RedriveError>) -> Result<(), Problem> {
        self.tried += 1;
        let word = match outcome {
            Ok(redriven) => {
                if redriven.effect != Effect::Nothing && self.sample.len() < SAMPLE_MAX {
                    self.sample
                        .push(RedriveDocument::new(event_id, self.dry_run, &redriven));
                }
                redriven.effect.as_str()
            }
            Err(RedriveError::Erased) => ERASED,
            Err(error) => return Err(error.into()),
        };
        *self.outcomes.entry(word).or_default() += 1;
        Ok(())
    }
}
