//! Files that are made of lists: each is its tenant's, is made by one attempt at a time, and is there whole or not at all.

use chrono::TimeDelta;
use registry_domain::exports::{ExportFault, ExportState};
use registry_domain::jobs::Reason;
use registry_domain::{Actor, CorrelationId, ExportId, KeyId, TenantId};
use registry_journal::port::{DueExport, Export, ExportEnd, ExportPiece, ExportPosition, Exports, PageSize, Written};
use uuid::Uuid;

use crate::Harness;
use crate::fixtures::World;

fn id(number: u128) -> ExportId {
    ExportId::from_uuid(Uuid::from_u128(number))
}

fn wanted<H: Harness>(world: &World<H>, number: u128) -> Export {
    Export {
        id: id(number),
        state: ExportState::Queued,
        wish: "{\"format\":\"csv\"}".to_owned(),
        actor: Actor::ApiKey(KeyId::from_uuid(Uuid::from_u128(7))),
        correlation_id: CorrelationId::from_uuid(Uuid::from_u128(7)),
        reason: Reason::parse("월말").expect("a reason"),
        created_at: world.now(),
        begun_at: None,
        ended_at: None,
        attempts: 0,
        expected: 3,
        written: Written::default(),
        fault: None,
    }
}

fn piece(number: u32, byte: u8) -> ExportPiece {
    ExportPiece {
        number,
        sealed: vec![byte, 0, 255],
    }
}

const fn written(rows: u64) -> Written {
    Written { rows, bytes: rows * 3 }
}

fn end<H: Harness>(world: &World<H>, state: ExportState, fault: Option<(ExportFault, Option<u64>)>) -> ExportEnd {
    ExportEnd {
        state,
        written: written(2),
        fault,
        at: world.now(),
    }
}

async fn add<H: Harness>(world: &World<H>, tenant: TenantId, number: u128, most: u32) -> bool {
    let export = wanted(world, number);
    world
        .storage
        .add_export(tenant, &export, most)
        .await
        .expect("an answer")
}

async fn attempt<H: Harness>(world: &World<H>, tenant: TenantId, number: u128) -> Option<Export> {
    let begun = world.storage.begin_export(tenant, id(number), world.now()).await;
    begun.expect("an answer")
}

async fn keep<H: Harness>(world: &World<H>, tenant: TenantId, attempt: u64, piece: &ExportPiece) -> bool {
    let kept = world
        .storage
        .add_export_piece(tenant, id(1), attempt, piece, written(1));
    kept.await.expect("an answer")
}

async fn kept<H: Harness>(world: &World<H>, tenant: TenantId, number: u32) -> Option<ExportPiece> {
    let found = world.storage.export_piece(tenant, id(1), number).await;
    found.expect("an answer")
}

async fn finish<H: Harness>(
    world: &World<H>,
    tenant: TenantId,
    number: u128,
    attempt: Option<u64>,
    end: ExportEnd,
) -> bool {
    let ended = world.storage.end_export(tenant, id(number), attempt, end).await;
    ended.expect("an answer")
}

/// What is wanted is its tenant's, there are so many and no more, the newest comes first, and of what is to be made the oldest of each tenant is due.
pub async fn exports_are_kept_for_their_tenant_for_a_while<H: Harness>() {
    let world = World::<H>::new().await;
    let (tenant, other) = (world.tenant("acme").await, world.tenant("globex").await);
    let storage = &world.storage;
    assert!(add(&world, tenant, 1, 2).await);
    world.clock.advance(1_000);
    assert!(add(&world, tenant, 2, 2).await);
    assert!(!add(&world, tenant, 3, 2).await, "there are two");
    assert!(add(&world, other, 4, 2).await);
    let due = async || -> Vec<(TenantId, ExportId)> {
        let due = storage.due_exports(PageSize::MAX).await.expect("an answer");
        let mut due: Vec<_> = due.iter().map(|due: &DueExport| (due.tenant_id, due.id)).collect();
        due.sort_unstable_by_key(|(_, id)| *id);
        due
    };
    assert_eq!(due().await, [(tenant, id(1)), (other, id(4))]);
    assert_eq!(storage.export(other, id(1)).await.expect("an answer"), None);
    let listed = async |before| -> Vec<ExportId> {
        let page = storage.exports(tenant, before, PageSize::MAX).await.expect("an answer");
        page.iter().map(|export| export.id).collect()
    };
    assert_eq!(listed(None).await, [id(2), id(1)]);
    let second = storage
        .export(tenant, id(2))
        .await
        .expect("an answer")
        .expect("it is kept");
    let before = ExportPosition {
        created_at: second.created_at,
        id: second.id,
    };
    assert_eq!(listed(Some(before)).await, [id(1)]);
    // What is yet to be made is not forgotten, however old it is.
    let later = world.now() + TimeDelta::days(1);
    storage.forget_exports(tenant, later).await.expect("an answer");
    assert_eq!(listed(None).await, [id(2), id(1)]);
    assert!(finish(&world, tenant, 1, None, end(&world, ExportState::Cancelled, None)).await);
    storage.forget_exports(tenant, later).await.expect("an answer");
    assert_eq!(listed(None).await, [id(2)]);
    assert_eq!(due().await, [(tenant, id(2)), (other, id(4))]);
}

/// Whoever begins a file anew begins it from its first byte, and what an earlier attempt still writes is not taken.
pub async fn a_file_is_made_by_one_attempt<H: Harness>() {
    let world = World::<H>::new().await;
    let (tenant, other) = (world.tenant("acme").await, world.tenant("globex").await);
    let storage = &world.storage;
    assert!(add(&world, tenant, 1, 9).await);
    assert_eq!(attempt(&world, other, 1).await, None);
    let first = attempt(&world, tenant, 1).await.expect("it is to be made");
    assert_eq!(
        (first.state, first.attempts, first.wish.as_str()),
        (ExportState::Running, 1, "{\"format\":\"csv\"}")
    );
    assert!(keep(&world, tenant, 1, &piece(0, 1)).await);
    let found = storage
        .export(tenant, id(1))
        .await
        .expect("an answer")
        .expect("it is kept");
    assert_eq!(found.written, written(1));
    assert_eq!(kept(&world, tenant, 0).await, None, "it is not ready");
    // More pieces than are forgotten at once.
    for number in 1..20 {
        assert!(keep(&world, tenant, 1, &piece(number, 1)).await);
    }
    let second = attempt(&world, tenant, 1).await.expect("it is to be made still");
    assert_eq!((second.attempts, second.written), (2, Written::default()));
    assert!(!keep(&world, tenant, 1, &piece(20, 1)).await, "somebody else makes it");
    assert!(!finish(&world, tenant, 1, Some(1), end(&world, ExportState::Ready, None)).await);
    assert!(keep(&world, tenant, 2, &piece(0, 2)).await);
    assert!(keep(&world, tenant, 2, &piece(1, 2)).await);
    assert!(finish(&world, tenant, 1, Some(2), end(&world, ExportState::Ready, None)).await);
    assert_eq!(kept(&world, tenant, 0).await, Some(piece(0, 2)));
    assert_eq!(kept(&world, tenant, 1).await, Some(piece(1, 2)));
    assert_eq!(kept(&world, tenant, 2).await, None, "of the first attempt");
    assert_eq!(kept(&world, other, 0).await, None);
    let ready = storage
        .export(tenant, id(1))
        .await
        .expect("an answer")
        .expect("it is kept");
    assert_eq!(
        (ready.state, ready.written, ready.ended_at),
        (ExportState::Ready, written(2), Some(world.now()))
    );
    // It has ended: nobody begins it or gives it up any more.
    assert_eq!(attempt(&world, tenant, 1).await, None);
    assert!(!finish(&world, tenant, 1, None, end(&world, ExportState::Cancelled, None)).await);
    let later = world.now() + TimeDelta::seconds(1);
    storage.forget_exports(tenant, later).await.expect("an answer");
    assert_eq!(kept(&world, tenant, 0).await, None);
}

/// What somebody gave up is not gone on with, and why a file could not be made stays known.
pub async fn what_is_given_up_or_fails_keeps_no_piece<H: Harness>() {
    let world = World::<H>::new().await;
    let tenant = world.tenant("acme").await;
    let storage = &world.storage;
    assert!(add(&world, tenant, 1, 9).await);
    attempt(&world, tenant, 1).await.expect("it is to be made");
    assert!(keep(&world, tenant, 1, &piece(0, 1)).await);
    assert!(finish(&world, tenant, 1, None, end(&world, ExportState::Cancelled, None)).await);
    assert!(!keep(&world, tenant, 1, &piece(1, 1)).await);
    assert!(!finish(&world, tenant, 1, Some(1), end(&world, ExportState::Ready, None)).await);
    assert_eq!(kept(&world, tenant, 0).await, None);
    assert!(add(&world, tenant, 2, 9).await);
    attempt(&world, tenant, 2).await.expect("it is to be made");
    let fault = Some((ExportFault::NotInCp949, Some(17)));
    assert!(finish(&world, tenant, 2, Some(1), end(&world, ExportState::Failed, fault)).await);
    let failed = storage
        .export(tenant, id(2))
        .await
        .expect("an answer")
        .expect("it is kept");
    assert_eq!((failed.state, failed.fault), (ExportState::Failed, fault));
    assert_eq!(storage.due_exports(PageSize::MAX).await.expect("an answer"), []);
}
