//! Files from which shops are to be registered: kept for one tenant, and what their rows say with their job.

use chrono::TimeDelta;
use registry_domain::{Actor, ImportId, JobId, KeyId, TenantId};
use registry_journal::port::{ImportFile, Imports, JobExpiry, Jobs, RowSource};
use uuid::Uuid;

use crate::Harness;
use crate::fixtures::World;
use crate::jobs::{change, plan};
use registry_domain::jobs::JobState;

fn file<H: Harness>(world: &World<H>, number: u128) -> ImportFile {
    ImportFile {
        id: ImportId::from_uuid(Uuid::from_u128(number)),
        created_at: world.now(),
        actor: (number == 1).then_some(Actor::ApiKey(KeyId::from_uuid(Uuid::from_u128(7)))),
        sealed: vec![0, 255, 7],
    }
}

fn source(number: u32, sealed: &[u8]) -> RowSource {
    RowSource {
        number,
        sealed: sealed.to_vec(),
    }
}

async fn sources<H: Harness>(world: &World<H>, tenant: TenantId, job: JobId, numbers: &[u32]) -> Vec<RowSource> {
    let found = world.storage.row_sources(tenant, job, numbers).await;
    found.expect("an answer")
}

/// A file is its tenant's, there are so many and no more, and old ones are forgotten.
pub async fn files_are_kept_for_their_tenant_for_a_while<H: Harness>() {
    let world = World::<H>::new().await;
    let (tenant, other) = (world.tenant("acme").await, world.tenant("globex").await);
    let storage = &world.storage;
    let first = file(&world, 1);
    assert!(storage.add_import_file(tenant, &first, 2).await.expect("an answer"));
    assert_eq!(
        storage.import_file(tenant, first.id).await.expect("an answer"),
        Some(first.clone())
    );
    assert_eq!(storage.import_file(other, first.id).await.expect("an answer"), None);
    world.clock.advance(3_600_000);
    let nobodys = file(&world, 2);
    assert!(storage.add_import_file(tenant, &nobodys, 2).await.expect("an answer"));
    assert_eq!(
        storage.import_file(tenant, nobodys.id).await.expect("an answer"),
        Some(nobodys)
    );
    assert!(
        !storage
            .add_import_file(tenant, &file(&world, 3), 2)
            .await
            .expect("an answer")
    );
    assert!(
        storage
            .add_import_file(other, &file(&world, 4), 2)
            .await
            .expect("an answer")
    );
    let before = world.now() - TimeDelta::minutes(1);
    storage.forget_import_files(tenant, before).await.expect("an answer");
    assert_eq!(storage.import_file(tenant, first.id).await.expect("an answer"), None);
    assert!(
        storage
            .add_import_file(tenant, &file(&world, 3), 2)
            .await
            .expect("an answer")
    );
}

/// What rows say is added while a plan is made, stays as it is, and goes with it.
pub async fn what_rows_say_is_kept_with_their_job<H: Harness>() {
    let world = World::<H>::new().await;
    let (tenant, other) = (world.tenant("acme").await, world.tenant("globex").await);
    let storage = &world.storage;
    let job = plan(&world, 1);
    assert!(storage.add_job(tenant, &job, 10).await.expect("an answer"));
    let kept = [source(0, b"head"), source(1, &[0, 255]), source(2, b"two")];
    storage
        .add_row_sources(tenant, job.id, &kept)
        .await
        .expect("they are kept");
    // What is kept stays as it is.
    let again = [source(1, b"other")];
    storage
        .add_row_sources(tenant, job.id, &again)
        .await
        .expect("they are kept");
    assert_eq!(sources(&world, tenant, job.id, &[2, 0, 1, 9]).await, kept);
    assert_eq!(sources(&world, tenant, job.id, &[1]).await, kept[1..2]);
    assert_eq!(sources(&world, other, job.id, &[0, 1]).await, []);
    // Once it is a plan, nothing is added.
    assert!(change(&world, tenant, 1, JobState::Making, JobState::Planned).await);
    let late = [source(3, b"three")];
    storage.add_row_sources(tenant, job.id, &late).await.expect("an answer");
    assert_eq!(sources(&world, tenant, job.id, &[3]).await, []);
    let expiry = JobExpiry {
        plans_before: world.now() + TimeDelta::seconds(1),
        jobs_before: world.now(),
    };
    storage.forget_jobs(tenant, expiry).await.expect("it is forgotten");
    assert_eq!(sources(&world, tenant, job.id, &[0, 1, 2]).await, []);
}
