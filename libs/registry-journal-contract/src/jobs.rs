//! Plans and jobs: a row is taken on by one, and comes to one end.

use chrono::TimeDelta;
use registry_domain::jobs::{Action, HeldUp, JobState, Outcomes, Reason, RowCode, RowState};
use registry_domain::{Actor, CorrelationId, JobId, KeyId, Label, LinkId, MerchantId, TenantId};
use registry_journal::port::{
    Job, JobExpiry, JobMove, JobPosition, JobRow, JobRowQuery, Jobs, PageSize, PlannedRow, RowClaim, RowOutcome,
    RowTally,
};
use uuid::Uuid;

use crate::Harness;
use crate::fixtures::World;

const ROWS: u32 = 6;

fn id(number: u128) -> JobId {
    JobId::from_uuid(Uuid::from_u128(number))
}

pub(crate) fn plan<H: Harness>(world: &World<H>, number: u128) -> Job {
    Job {
        id: id(number),
        action: Action::AddTags(vec![Label::parse("서울").expect("a tag")]),
        state: JobState::Making,
        filter: Some("stage=opened".to_owned()),
        retry_of: None,
        actor: Actor::ApiKey(KeyId::from_uuid(Uuid::from_u128(7))),
        correlation_id: CorrelationId::from_uuid(Uuid::from_u128(8)),
        reason: None,
        created_at: world.now(),
        confirmed_at: None,
        ended_at: None,
        held_up: None,
        tally: RowTally::default(),
    }
}

/// Rows of which the second does not fit, and the third is of no merchant.
fn rows() -> Vec<PlannedRow> {
    let row = |number: u32| PlannedRow {
        number,
        merchant_id: Some(MerchantId::from_uuid(Uuid::from_u128(u128::from(number)))),
        member_code: (number != 3).then(|| "acad-1".to_owned()),
        merchant_code: (number != 3).then(|| format!("store-{number}")),
        obstacle: match number {
            2 => Some(RowCode::TooManyTags),
            3 => Some(RowCode::MerchantNotFound),
            _ => None,
        },
    };
    (1..=ROWS).map(row).collect()
}

pub(crate) async fn change<H: Harness>(
    world: &World<H>,
    tenant: TenantId,
    number: u128,
    from: JobState,
    to: JobState,
) -> bool {
    let change = JobMove {
        from,
        to,
        at: world.now(),
        authority: None,
        reason: None,
    };
    let changed = world.storage.move_job(tenant, id(number), &change).await;
    changed.expect("an answer")
}

async fn planned<H: Harness>(world: &World<H>, tenant: TenantId, number: u128) -> Job {
    let job = plan(world, number);
    let storage = &world.storage;
    assert!(storage.add_job(tenant, &job, 10).await.expect("an answer"));
    storage
        .add_job_rows(tenant, job.id, &rows())
        .await
        .expect("rows are added");
    assert!(change(world, tenant, number, JobState::Making, JobState::Planned).await);
    found(world, tenant, number).await
}

/// One that is worked at.
async fn running<H: Harness>(world: &World<H>, tenant: TenantId, number: u128) {
    planned(world, tenant, number).await;
    assert!(change(world, tenant, number, JobState::Planned, JobState::Queued).await);
    assert!(change(world, tenant, number, JobState::Queued, JobState::Running).await);
}

async fn found<H: Harness>(world: &World<H>, tenant: TenantId, number: u128) -> Job {
    let found = world.storage.job(tenant, id(number)).await.expect("an answer");
    found.expect("the job is there")
}

async fn claim<H: Harness>(world: &World<H>, tenant: TenantId, number: u128, limit: u32) -> Vec<JobRow> {
    let claim = RowClaim {
        now: world.now(),
        until: world.now() + TimeDelta::seconds(90),
        limit: PageSize::clamped(limit),
    };
    let claimed = world.storage.claim_job_rows(tenant, id(number), claim).await;
    let mut claimed = claimed.expect("an answer");
    claimed.sort_by_key(|row| row.number);
    claimed
}

fn ended<H: Harness>(world: &World<H>, row: &JobRow, state: RowState, code: Option<RowCode>) -> RowOutcome {
    RowOutcome {
        number: row.number,
        attempt: row.attempts,
        state,
        code,
        upstream_code: code.map(|_| "9999".to_owned()),
        link_id: Some(LinkId::from_uuid(Uuid::from_u128(9))),
        merchant_id: None,
        at: world.now(),
        begun_at: row.begun_at,
        due_at: None,
    }
}

async fn end<H: Harness>(world: &World<H>, tenant: TenantId, number: u128, outcomes: &[RowOutcome]) {
    let ended = world.storage.end_job_rows(tenant, id(number), outcomes).await;
    ended.expect("outcomes are written");
}

fn numbers(rows: &[JobRow]) -> Vec<u32> {
    rows.iter().map(|row| row.number).collect()
}

/// It reads back as it was written, with what fits and what does not; another tenant has no such plan.
pub async fn a_plan_is_frozen_row_by_row<H: Harness>() {
    let world = World::<H>::new().await;
    let (one, other) = (world.tenant("one").await, world.tenant("other").await);
    let job = planned(&world, one, 1).await;
    let tally = RowTally {
        refused: 2,
        waiting: 4,
        ..RowTally::default()
    };
    let expected = Job {
        state: JobState::Planned,
        tally,
        ..plan(&world, 1)
    };
    assert_eq!(
        job,
        Job {
            created_at: job.created_at,
            ..expected
        }
    );
    let storage = &world.storage;
    assert_eq!(storage.job(other, id(1)).await.expect("an answer"), None);
    let query = |state, after, limit| JobRowQuery {
        id: id(1),
        state,
        after,
        limit: PageSize::clamped(limit),
    };
    let page = storage.job_rows(one, &query(None, 1, 3)).await.expect("rows");
    assert_eq!(numbers(&page), [2, 3, 4]);
    assert_eq!(page[0].code, Some(RowCode::TooManyTags));
    assert_eq!(page[1].codes, None);
    assert_eq!(page[2].codes, Some(("acad-1".to_owned(), "store-4".to_owned())));
    let waiting = query(Some(RowState::Waiting), 1, 10);
    assert_eq!(
        numbers(&storage.job_rows(one, &waiting).await.expect("rows")),
        [4, 5, 6]
    );
    assert!(storage.job_rows(other, &waiting).await.expect("rows").is_empty());
    let mut codes = storage.job_row_codes(one, id(1)).await.expect("codes");
    codes.sort_by_key(|(_, code, _)| *code);
    assert_eq!(
        codes,
        [
            (RowState::Refused, RowCode::MerchantNotFound, 1),
            (RowState::Refused, RowCode::TooManyTags, 1)
        ]
    );
    // A plan is no job, and takes no more rows.
    assert!(storage.jobs(one, None, PageSize::MAX).await.expect("jobs").is_empty());
    let more = [PlannedRow {
        number: 7,
        ..rows().remove(0)
    }];
    storage.add_job_rows(one, id(1), &more).await.expect("an answer");
    assert_eq!(found(&world, one, 1).await.tally.rows(), u64::from(ROWS));
}

/// In their order, each by one, counted; what an earlier attempt says of it changes nothing; and the job ends with its rows.
pub async fn a_row_is_taken_on_by_one_and_ends_once<H: Harness>() {
    let world = World::<H>::new().await;
    let tenant = world.tenant("one").await;
    running(&world, tenant, 1).await;
    let first = claim(&world, tenant, 1, 2).await;
    assert_eq!(numbers(&first), [1, 4]);
    let (running, attempts) = (RowState::Running, 1);
    assert!(
        first
            .iter()
            .all(|row| (row.state, row.attempts) == (running, attempts) && row.begun_at.is_some())
    );
    assert_eq!(numbers(&claim(&world, tenant, 1, 10).await), [5, 6]);
    assert!(claim(&world, tenant, 1, 10).await.is_empty());
    let storage = &world.storage;
    assert!(!storage.end_job(tenant, id(1), world.now()).await.expect("an answer"));
    go_on_after_a_death(&world, tenant, &first).await;
    assert!(storage.end_job(tenant, id(1), world.now()).await.expect("an answer"));
    assert!(!storage.end_job(tenant, id(1), world.now()).await.expect("an answer"));
    let job = found(&world, tenant, 1).await;
    let ends = Outcomes {
        done: 3,
        failed: 1,
        cancelled: 0,
    };
    assert_eq!(
        (job.state, job.tally.ended, job.tally.refused),
        (JobState::Finished, ends, 2)
    );
    assert!(job.ended_at.is_some());
}

async fn go_on_after_a_death<H: Harness>(world: &World<H>, tenant: TenantId, first: &[JobRow]) {
    let storage = &world.storage;
    // The process dies, and another one begins anew what it had begun.
    storage
        .free_job_rows(tenant, world.now())
        .await
        .expect("rows are freed");
    let again = claim(world, tenant, 1, 10).await;
    assert_eq!(numbers(&again), [1, 4, 5, 6]);
    assert!(again.iter().all(|row| row.attempts == 2));
    assert_eq!(again[0].begun_at, first[0].begun_at);
    end(
        world,
        tenant,
        1,
        &[ended(world, &first[0], RowState::Failed, Some(RowCode::Internal))],
    )
    .await;
    let open = RowOutcome {
        due_at: Some(world.now() - TimeDelta::seconds(1)),
        link_id: None,
        ..ended(world, &again[3], RowState::Waiting, None)
    };
    let outcomes = [
        ended(world, &again[0], RowState::Done, None),
        ended(world, &again[1], RowState::Failed, Some(RowCode::UpstreamRefused)),
        ended(world, &again[2], RowState::Done, None),
        open,
    ];
    end(world, tenant, 1, &outcomes).await;
    assert_eq!(numbers(&claim(world, tenant, 1, 10).await), [6]);
    let last = found(world, tenant, 1).await;
    assert_eq!((last.tally.running, last.tally.waiting), (1, 0));
    let rows = JobRowQuery {
        id: id(1),
        state: Some(RowState::Failed),
        after: 0,
        limit: PageSize::MAX,
    };
    let failed = storage.job_rows(tenant, &rows).await.expect("rows").remove(0);
    assert_eq!((failed.number, failed.code), (4, Some(RowCode::UpstreamRefused)));
    assert_eq!(failed.upstream_code.as_deref(), Some("9999"));
    assert_eq!(failed.link_id, Some(LinkId::from_uuid(Uuid::from_u128(9))));
    let sixth = RowOutcome {
        number: 6,
        attempt: 3,
        ..ended(world, &again[3], RowState::Done, None)
    };
    end(world, tenant, 1, &[sixth]).await;
}

/// What was not begun is taken off the list, and what was is gone on with.
pub async fn what_was_begun_comes_to_its_end_when_a_job_is_cancelled<H: Harness>() {
    let world = World::<H>::new().await;
    let tenant = world.tenant("one").await;
    running(&world, tenant, 1).await;
    let begun = claim(&world, tenant, 1, 2).await;
    let put_back = |row: &JobRow, begun_at| RowOutcome {
        due_at: Some(world.now()),
        begun_at,
        link_id: None,
        ..ended(&world, row, RowState::Waiting, None)
    };
    // Of the first nobody can tell yet; the second was not begun after all.
    let outcomes = [put_back(&begun[0], begun[0].begun_at), put_back(&begun[1], None)];
    end(&world, tenant, 1, &outcomes).await;
    assert!(change(&world, tenant, 1, JobState::Running, JobState::Cancelled).await);
    let storage = &world.storage;
    let cancelled = storage.cancel_job_rows(tenant, id(1), world.now()).await;
    assert_eq!(cancelled.expect("an answer"), 3);
    let due = storage.due_jobs(world.now(), 2, PageSize::MAX).await.expect("due jobs");
    assert_eq!(due.iter().map(|job| job.id).collect::<Vec<_>>(), [id(1)]);
    let left = claim(&world, tenant, 1, 10).await;
    assert_eq!(numbers(&left), [1]);
    end(&world, tenant, 1, &[ended(&world, &left[0], RowState::Done, None)]).await;
    assert!(storage.end_job(tenant, id(1), world.now()).await.expect("an answer"));
    let job = found(&world, tenant, 1).await;
    let ends = Outcomes {
        done: 1,
        failed: 0,
        cancelled: 3,
    };
    assert_eq!((job.state, job.tally.ended), (JobState::Cancelled, ends));
}

/// A job is due from its confirmation on, not while it rests or is paused, and each move is made from where it stands.
pub async fn jobs_are_worked_at_while_they_may_be<H: Harness>() {
    let world = World::<H>::new().await;
    let (one, other) = (world.tenant("one").await, world.tenant("other").await);
    let storage = &world.storage;
    let due = async || {
        let due = storage.due_jobs(world.now(), 2, PageSize::MAX).await.expect("due jobs");
        due.iter().map(|job| (job.tenant_id, job.id)).collect::<Vec<_>>()
    };
    planned(&world, one, 1).await;
    assert!(due().await.is_empty());
    let confirmed = JobMove {
        from: JobState::Planned,
        to: JobState::Queued,
        at: world.now(),
        authority: Some((Actor::Operator, CorrelationId::from_uuid(Uuid::from_u128(5)))),
        reason: Reason::parse("월요일").ok(),
    };
    assert!(storage.move_job(one, id(1), &confirmed).await.expect("an answer"));
    assert!(!storage.move_job(one, id(1), &confirmed).await.expect("an answer"));
    assert!(!storage.move_job(other, id(1), &confirmed).await.expect("an answer"));
    let job = found(&world, one, 1).await;
    assert_eq!(job.actor, Actor::Operator);
    assert_eq!(job.reason, Reason::parse("월요일").ok());
    assert_eq!(due().await, [(one, id(1))]);
    assert!(claim(&world, one, 1, 10).await.is_empty(), "nobody has begun with it");
    assert!(change(&world, one, 1, JobState::Queued, JobState::Running).await);
    let later = world.now() + TimeDelta::hours(1);
    let held_up = Some(HeldUp::UpstreamDown);
    storage.rest_job(one, id(1), held_up, later).await.expect("it rests");
    assert!(due().await.is_empty());
    assert_eq!(found(&world, one, 1).await.held_up, held_up);
    storage
        .rest_job(one, id(1), None, world.now())
        .await
        .expect("it goes on");
    assert_eq!(due().await, [(one, id(1))]);
    assert!(change(&world, one, 1, JobState::Running, JobState::Paused).await);
    assert!(due().await.is_empty());
    assert!(claim(&world, one, 1, 10).await.is_empty());
    running(&world, one, 2).await;
    let first = storage.jobs(one, None, PageSize::clamped(1)).await.expect("jobs");
    let position = |job: &Job| JobPosition {
        created_at: job.created_at,
        id: job.id,
    };
    let second = storage.jobs(one, Some(position(&first[0])), PageSize::MAX).await;
    let second = second.expect("jobs");
    assert_eq!((first[0].id, second.len(), second[0].id), (id(2), 1, id(1)));
    assert!(storage.jobs(other, None, PageSize::MAX).await.expect("jobs").is_empty());
}

/// There are so many and no more; plans that nobody confirmed go, and jobs that have ended, with their rows.
pub async fn what_is_old_is_forgotten<H: Harness>() {
    let world = World::<H>::new().await;
    let tenant = world.tenant("one").await;
    planned(&world, tenant, 1).await;
    running(&world, tenant, 2).await;
    let storage = &world.storage;
    assert!(!storage.add_job(tenant, &plan(&world, 3), 2).await.expect("an answer"));
    let later = world.now() + TimeDelta::hours(1);
    let expiry = |plans_before, jobs_before| JobExpiry {
        plans_before,
        jobs_before,
    };
    let soon = world.now() - TimeDelta::hours(1);
    storage
        .forget_jobs(tenant, expiry(soon, soon))
        .await
        .expect("an answer");
    assert!(storage.job(tenant, id(1)).await.expect("an answer").is_some());
    storage
        .forget_jobs(tenant, expiry(later, later))
        .await
        .expect("an answer");
    assert_eq!(storage.job(tenant, id(1)).await.expect("an answer"), None);
    let rows = JobRowQuery {
        id: id(1),
        state: None,
        after: 0,
        limit: PageSize::MAX,
    };
    assert!(storage.job_rows(tenant, &rows).await.expect("an answer").is_empty());
    assert_eq!(found(&world, tenant, 2).await.state, JobState::Running);
    assert!(storage.add_job(tenant, &plan(&world, 3), 2).await.expect("an answer"));
}
