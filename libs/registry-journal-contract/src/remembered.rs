//! Promises about batches that read nothing: what is remembered is as good as what is read, or it is not used.

use std::ops::ControlFlow;

use registry_domain::merchant::Command;
use registry_domain::{EventId, Seq, TenantId};
use registry_journal::chain::hash_of;
use registry_journal::port::{Additions, AppendError, ExpectedHead, Journal, Loaded, Scope, Writes};
use registry_journal::record::EventRow;
use registry_journal::writer::Writer;
use registry_maintenance::rebuild::{Mode, Rebuild};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::fixtures::{World, callback, command, config, written};
use crate::journals::Counted;
use crate::projection::lively;
use crate::{Damage, Harness};

/// The second batch of a tenant finds the log where the first had left it. From the third on nothing is read under locks,
/// and a merchant only once; what is written is the same.
pub async fn what_a_batch_left_is_not_read_again<H: Harness>() {
    let (world, journal) = World::<H>::through(Counted::new).await;
    let tenant = world.tenant("acme").await;
    let merchants = [
        world.merchant(tenant, "m", "s").await,
        world.merchant(tenant, "m", "t").await,
    ];
    let [read, ..] = journal.counts();
    for (number, letter) in ["W", "P", "S", "O"].into_iter().enumerate() {
        for merchant in merchants {
            world.clock.advance(1_000);
            let written = world
                .report(callback(tenant, merchant, letter, &number.to_string()))
                .await;
            assert_eq!(written.event_ids.len(), 2, "callback {number} says something new");
        }
    }
    // The first was registered before the tenant was known to be left alone, the second after.
    assert_eq!(journal.counts(), [read, 1, 8, 0]);
    // What is answered on the ground of what is remembered, and writes nothing, is decided under the locks.
    world.write(command(tenant, merchants[0], Command::Archive)).await;
    world.write(command(tenant, merchants[0], Command::Archive)).await;
    assert_eq!(journal.counts(), [read + 1, 1, 9, 0]);
    world.expect_sound(tenant, 3 + 2 * 8 + 1).await;
    expect_projected(&world, tenant).await;
}

/// Whatever a merchant has been through: as it is remembered it is what its row says.
pub async fn what_is_remembered_is_what_the_row_says<H: Harness>() {
    let (world, journal) = World::<H>::through(Counted::new).await;
    let tenant = world.tenant("acme").await;
    let merchant = lively(&world, tenant, "s").await;
    let [read, ..] = journal.counts();
    for wish in [Command::Restore, Command::Archive] {
        world.clock.advance(1_000);
        let written = world.write(command(tenant, merchant, wish)).await;
        assert_eq!(written.merchant.as_deref(), Some(&world.row(tenant, merchant).await));
    }
    let [read_since, looked, ..] = journal.counts();
    assert_eq!((read_since, looked), (read, 0), "it was remembered");
    expect_projected(&world, tenant).await;
}

/// A process decides on what another has written, however well it remembers what it had written itself: whether it learns
/// of it when it appends or when it reads something else under the locks.
pub async fn what_another_process_wrote_is_seen<H: Harness>() {
    let (world, journal) = World::<H>::through(Counted::new).await;
    let other = world.harness.open().await;
    let (other, _task) = Writer::start(world.parts(other, 1), config(), std::future::pending());
    for (slug, reads_before, overtaken) in [("acme", false, 1), ("umbrella", true, 0)] {
        let tenant = world.tenant(slug).await;
        let merchant = world.merchant(tenant, "m", "s").await;
        for letter in ["W", "P", "S"] {
            world.report(callback(tenant, merchant, letter, "")).await;
        }
        let from_other = other.report(callback(tenant, merchant, "P", "again")).await;
        assert_eq!(written(from_other.expect("storage takes it")).event_ids.len(), 2);
        let [.., before] = journal.counts();
        if reads_before {
            world.merchant(tenant, "m", "t").await;
        }
        // To whoever remembers S this would be news.
        let repeated = world.report(callback(tenant, merchant, "P", "again")).await;
        assert_eq!(repeated.event_ids.len(), 1, "the receipt of a repeat");
        let [.., moved] = journal.counts();
        assert_eq!(moved - before, overtaken);
        world.report(callback(tenant, merchant, "O", "")).await;
        world
            .expect_sound(tenant, 2 + usize::from(reads_before) + 2 * 5 + 1)
            .await;
        expect_projected(&world, tenant).await;
    }
}

/// Nothing is appended unless the log ends where it is expected to and no row beside it was put in place since.
pub async fn an_append_holds_only_where_nothing_has_moved<H: Harness>() {
    let world = World::<H>::new().await;
    let tenant = world.tenant("acme").await;
    let merchant = world.merchant(tenant, "m", "s").await;
    world.report(callback(tenant, merchant, "W", "")).await;
    let before = expected(&world, tenant).await;
    let behind = ExpectedHead {
        seq: Seq(before.seq.0 - 1),
        ..before
    };
    let ahead = ExpectedHead {
        seq: before.seq.next(),
        ..before
    };
    let elsewhere = ExpectedHead {
        hash: [1; 32],
        ..before
    };
    let nobody = ExpectedHead {
        tenant_id: TenantId::from_uuid(Uuid::from_u128(7)),
        ..before
    };
    for wrong in [behind, ahead, elsewhere, nobody] {
        let result = append(&world.storage, wrong, next_row(&world, tenant).await).await;
        assert!(matches!(result, Err(AppendError::Moved)), "{wrong:?}: {result:?}");
    }
    world.harness.damage(tenant, merchant, Damage::Lost).await;
    run(&world, tenant, Mode::Repair).await;
    let result = append(&world.storage, before, next_row(&world, tenant).await).await;
    assert!(
        matches!(result, Err(AppendError::Moved)),
        "a rebuild was there: {result:?}"
    );
    world.expect_sound(tenant, 4).await;

    // Of several that expect the same, one is right.
    let now = expected(&world, tenant).await;
    let row = next_row(&world, tenant).await;
    let mut racing = JoinSet::new();
    for _ in 0..8 {
        let (storage, row) = (world.harness.open().await, row.clone());
        racing.spawn(async move { append(&storage, now, row).await });
    }
    let results = racing.join_all().await;
    let right = results.iter().filter(|result| result.is_ok()).count();
    let moved = results
        .iter()
        .filter(|result| matches!(result, Err(AppendError::Moved)));
    assert_eq!((right, moved.count()), (1, 7), "{results:?}");
    world.expect_sound(tenant, 5).await;
}

/// A row that fits behind the last one.
async fn next_row<H: Harness>(world: &World<H>, tenant: TenantId) -> EventRow {
    let log = world.log(tenant).await;
    let last = log.last().expect("there are events");
    let mut row = EventRow {
        seq: last.seq.next(),
        event_id: EventId::from_uuid(Uuid::from_u128(1)),
        version: last.version.next(),
        ..last.clone()
    };
    row.hash = hash_of(&last.hash, &row);
    row
}

async fn append(journal: &impl Journal, expected: ExpectedHead, row: EventRow) -> Result<(), AppendError> {
    let writes = Writes {
        events: vec![row],
        ..Writes::default()
    };
    let additions = Additions::of(&writes).expect("an event is an addition");
    journal.append(&[expected], additions).await
}

/// How a tenant stands now.
async fn expected<H: Harness>(world: &World<H>, tenant: TenantId) -> ExpectedHead {
    let scope = Scope {
        tenants: vec![tenant],
        now: world.now(),
        ..Scope::default()
    };
    let mut found = None;
    let mut look = |loaded: Loaded| {
        found = loaded
            .tenants
            .get(&tenant)
            .zip(loaded.heads.get(&tenant))
            .map(|(row, head)| ExpectedHead::of(row, *head));
        Writes::default()
    };
    let looked = world.storage.transact(&scope, &mut look).await;
    looked.expect("storage answers");
    found.expect("the tenant exists")
}

async fn expect_projected<H: Harness>(world: &World<H>, tenant: TenantId) {
    let differences = run(world, tenant, Mode::Check).await;
    assert_eq!(differences, 0, "rows are the fold of the log");
}

/// How many rows differed.
async fn run<H: Harness>(world: &World<H>, tenant: TenantId, mode: Mode) -> usize {
    let parts = world.parts(world.storage.clone(), 2);
    let rebuild = Rebuild {
        archive: world.archive(),
        journal: parts.journal,
        ambient: parts.ambient,
    };
    let report = rebuild.run(tenant, mode, &mut |_| ControlFlow::Continue(())).await;
    report.expect("the log can be folded").differences.len()
}
