//! What each event about jobs tells.

use registry_domain::JobId;
use registry_domain::jobs::{ActionKind, JobAct, JobFact, Outcomes, Reason};

use super::*;

pub(super) fn table() -> Vec<Row<TenantEvent>> {
    let id = JobId::from_uuid(Uuid::from_u128(15));
    let of = json!({ "job_id": id.to_string() });
    let outcomes = Outcomes {
        done: 3,
        failed: 2,
        cancelled: 1,
    };
    let confirmed = JobAct::Confirmed {
        action: ActionKind::AskNow,
        rows: 6,
        reason: Reason::parse("월요일 재발송").ok(),
    };
    let acts = [
        (
            confirmed,
            "job.confirmed",
            json!({ "job_id": id.to_string(), "action": "ask_now", "rows": 6, "reason": "월요일 재발송" }),
        ),
        (JobAct::Paused, "job.paused", of.clone()),
        (JobAct::Resumed, "job.resumed", of.clone()),
        (JobAct::Cancelled, "job.cancelled", of),
        (
            JobAct::Finished(outcomes),
            "job.finished",
            json!({ "job_id": id.to_string(), "done": 3, "failed": 2, "cancelled": 1 }),
        ),
    ];
    let row = |(act, event_type, data)| (TenantEvent::Job(JobFact { id, act }), event_type, json!(null), data);
    acts.into_iter().map(row).collect()
}
