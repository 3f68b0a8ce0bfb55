//! The public form of what happens to jobs.

use registry_domain::jobs::{JobAct, JobFact, Outcomes};

use super::EventData;
use super::data::{JobConfirmed, JobFinished, OfJob};

pub(super) fn data(fact: &JobFact) -> EventData {
    let job_id = fact.id.to_string();
    match &fact.act {
        JobAct::Confirmed { action, rows, reason } => EventData::JobConfirmed(JobConfirmed {
            job_id,
            action: action.as_str().to_owned(),
            rows: *rows,
            reason: reason.as_ref().map(|reason| reason.as_str().to_owned()),
        }),
        JobAct::Paused => EventData::JobPaused(OfJob { job_id }),
        JobAct::Resumed => EventData::JobResumed(OfJob { job_id }),
        JobAct::Cancelled => EventData::JobCancelled(OfJob { job_id }),
        JobAct::Finished(outcomes) => {
            let Outcomes {
                done,
                failed,
                cancelled,
            } = *outcomes;
            EventData::JobFinished(JobFinished {
                job_id,
                done,
                failed,
                cancelled,
            })
        }
    }
}
