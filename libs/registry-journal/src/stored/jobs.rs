//! What happened to a job, as it is written. Why it is run is sealed: people write names into it.

use registry_domain::JobId;
use registry_domain::jobs::{ActionKind, JobAct, JobFact, Outcomes, Reason};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::personal::Personal;
use super::{StoredError, read, to_json, word};

#[derive(Serialize, Deserialize)]
struct OfJob {
    job_id: Uuid,
}

#[derive(Serialize, Deserialize)]
struct Confirmed {
    job_id: Uuid,
    action: String,
    rows: u64,
}

#[derive(Serialize, Deserialize)]
struct Finished {
    job_id: Uuid,
    done: u64,
    failed: u64,
    cancelled: u64,
}

/// A fact as it is written.
pub(super) fn from_fact(fact: &JobFact) -> (&'static str, String, Option<Personal>) {
    let job_id = fact.id.as_uuid();
    let of = |event_type| (event_type, to_json(&OfJob { job_id }), None);
    match &fact.act {
        JobAct::Confirmed { action, rows, reason } => {
            let data = Confirmed {
                job_id,
                action: action.as_str().to_owned(),
                rows: *rows,
            };
            let personal = reason.as_ref().map(|reason| Personal {
                text: Some(reason.as_str().to_owned()),
                ..Personal::default()
            });
            ("job.confirmed", to_json(&data), personal)
        }
        JobAct::Paused => of("job.paused"),
        JobAct::Resumed => of("job.resumed"),
        JobAct::Cancelled => of("job.cancelled"),
        JobAct::Finished(outcomes) => {
            let Outcomes {
                done,
                failed,
                cancelled,
            } = *outcomes;
            let data = Finished {
                job_id,
                done,
                failed,
                cancelled,
            };
            ("job.finished", to_json(&data), None)
        }
    }
}

/// The fact of a type; none if it is none of these.
pub(super) fn into_fact(event_type: &str, data: &str, personal: &Personal) -> Result<Option<JobFact>, StoredError> {
    let (job_id, act) = match event_type {
        "job.confirmed" => {
            let data: Confirmed = read(event_type, data)?;
            let reason = personal.text.as_deref().map(|text| Reason::recorded(text).ok());
            let act = JobAct::Confirmed {
                action: word("action", ActionKind::from_word(&data.action))?,
                rows: data.rows,
                reason: reason.map(|reason| word("reason", reason)).transpose()?,
            };
            (data.job_id, act)
        }
        "job.paused" => (read::<OfJob>(event_type, data)?.job_id, JobAct::Paused),
        "job.resumed" => (read::<OfJob>(event_type, data)?.job_id, JobAct::Resumed),
        "job.cancelled" => (read::<OfJob>(event_type, data)?.job_id, JobAct::Cancelled),
        "job.finished" => {
            let data: Finished = read(event_type, data)?;
            let outcomes = Outcomes {
                done: data.done,
                failed: data.failed,
                cancelled: data.cancelled,
            };
            (data.job_id, JobAct::Finished(outcomes))
        }
        _ => return Ok(None),
    };
    Ok(Some(JobFact {
        id: JobId::from_uuid(job_id),
        act,
    }))
}
