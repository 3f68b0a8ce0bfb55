//! Promises about the log: order without gaps, the chain, append-only.

use std::collections::HashMap;
use std::sync::Arc;

use registry_domain::merchant::Command;
use registry_domain::{LinkId, MerchantId, OnBehalfOf, Seq, TenantId, Version, tenant};
use registry_journal::archive::Until;
use registry_journal::port::{PageSize, ReadError, Reader, StreamQuery};
use registry_journal::record::{EventRow, StreamId};
use registry_journal::submission::{Order, Outcome};
use registry_journal::writer::Writer;
use registry_maintenance::verify::{Flaw, verify};
use uuid::Uuid;

use crate::fixtures::{
    World, callback, command, config, registration, request_link, submission, whole_log, with_key, written,
};
use crate::histories::{Dice, some_command};
use crate::{EVENT_COLUMNS, EventColumn, Harness};

const TENANTS: usize = 4;
const SUBMITTERS: usize = 64;
const COMMANDS_EACH: usize = 6;

/// Positions of a tenant's log and versions of a merchant have no gap and no repeat, whoever writes at the same time
/// from wherever; and a reader that follows the log meanwhile skips nothing.
pub async fn positions_have_no_gaps_and_readers_skip_nothing<H: Harness>() {
    let world = Arc::new(World::<H>::new().await);
    let other = world.harness.open().await;
    let (second, _task) = Writer::start(world.parts(other, 1), config(), std::future::pending());
    let writers = [world.writer.clone(), second];
    let mut tenants = Vec::new();
    for number in 0..TENANTS {
        tenants.push(world.tenant(&format!("tenant-{number}")).await);
    }
    // One merchant for every four submitters: they meet in streams as well as in logs.
    let mut merchants = Vec::new();
    for number in 0..SUBMITTERS / 4 {
        let tenant = tenants[number % TENANTS];
        merchants.push((tenant, world.merchant(tenant, "m", &format!("s{number}")).await));
    }
    let rows_of_tenant = 1 + SUBMITTERS / 4 / TENANTS + SUBMITTERS / TENANTS * COMMANDS_EACH * 2;
    let followers: Vec<_> = tenants
        .iter()
        .map(|tenant| tokio::spawn(follow(Arc::clone(&world), *tenant, rows_of_tenant)))
        .collect();
    let submitters: Vec<_> = (0..SUBMITTERS)
        .map(|number| {
            let writer = writers[number % writers.len()].clone();
            let (tenant, merchant) = merchants[number % merchants.len()];
            tokio::spawn(async move {
                for turn in 0..COMMANDS_EACH {
                    // Content of its own each time, so that each callback writes two events.
                    let message = format!("{number}-{turn}");
                    let answer = writer.report(callback(tenant, merchant, "S", &message)).await;
                    let written = written(answer.expect("storage takes the callback"));
                    assert_eq!(written.event_ids.len(), 2);
                }
            })
        })
        .collect();
    for task in submitters.into_iter().chain(followers) {
        task.await.expect("nobody panics");
    }
    for tenant in tenants {
        world.expect_sound(tenant, rows_of_tenant).await;
        expect_gap_free_versions(&world.log(tenant).await);
    }
}

async fn follow<H: Harness>(world: Arc<World<H>>, tenant: TenantId, rows: usize) {
    let mut seen = Seq::ZERO;
    while seen.0 < rows as u64 {
        let few = PageSize::clamped(7);
        let page = world.storage.events_after(tenant, seen, few).await;
        for row in page.expect("the log can be read") {
            assert_eq!(row.seq, seen.next(), "a position was skipped");
            seen = row.seq;
        }
        tokio::task::yield_now().await;
    }
}

fn expect_gap_free_versions(log: &[EventRow]) {
    let mut versions: HashMap<StreamId, Version> = HashMap::new();
    for row in log {
        let version = versions.entry(row.stream).or_insert(Version::ZERO);
        assert_eq!(row.version, version.next(), "{:?}", row.stream);
        *version = row.version;
    }
}

/// An untouched log verifies. After one byte of any column is altered, the check names the row: as the first one that
/// does not fit, or as one that cannot be read.
pub async fn a_log_verifies_and_an_altered_byte_names_its_row<H: Harness>() {
    for column in EVENT_COLUMNS {
        let world = World::<H>::new().await;
        let tenant = world.tenant("acme").await;
        let merchant = world.merchant(tenant, "m", "s").await;
        let first = with_key(callback(tenant, merchant, "P", ""), "key", 1);
        // Rows 3 and 4; the first has the key, the second the cause.
        world.report(first).await;
        world.report(callback(tenant, merchant, "O", "")).await;
        world.expect_sound(tenant, 6).await;
        let seq = Seq(if column == EventColumn("causation_id") { 4 } else { 3 });
        world.harness.alter_event_byte(tenant, seq, column).await;
        assert_eq!(named_row(&world.storage, tenant).await, seq, "{column:?}");
    }
}

/// The row that a check complains about.
async fn named_row(reader: &dyn Reader, tenant: TenantId) -> Seq {
    let report = match verify(reader, tenant).await {
        Ok(report) => report,
        Err(ReadError::Inconsistent(row)) => {
            let seq = row.key.rsplit(' ').next().and_then(|seq| seq.parse().ok());
            return Seq(seq.expect("the key of an event ends with its position"));
        }
        Err(error @ (ReadError::Unavailable { .. } | ReadError::Crowded { .. })) => {
            panic!("the check names no row: {error:?}")
        }
    };
    match report.flaw.expect("the check finds something") {
        Flaw::Altered { seq }
        | Flaw::TimeRunsBack { seq }
        | Flaw::MissingVersion { seq, .. }
        | Flaw::CutOff { seq }
        | Flaw::Rewritten { seq }
        | Flaw::Shut { seq, .. }
        | Flaw::KeyLost { seq } => seq,
        Flaw::Unreadable { error } => panic!("nothing was opened: {error}"),
        Flaw::MissingSeq { expected, .. } => expected,
    }
}

/// The database itself refuses to change or to delete an event.
pub async fn events_can_be_neither_changed_nor_deleted<H: Harness>() {
    let world = World::<H>::new().await;
    let tenant = world.tenant("acme").await;
    let before = world.log(tenant).await;
    assert!(world.harness.try_update_event(tenant, Seq(1)).await.is_err());
    assert!(world.harness.try_delete_event(tenant, Seq(1)).await.is_err());
    assert_eq!(world.log(tenant).await, before);
}

/// A clock that is set back does not make the log's time run backwards.
pub async fn time_never_runs_back<H: Harness>() {
    let world = World::<H>::new().await;
    let tenant = world.tenant("acme").await;
    for (number, step) in [10, -60_000, 5, 120_000, -1].into_iter().enumerate() {
        world.clock.advance(step);
        world.merchant(tenant, "m", &format!("s{number}")).await;
    }
    let log = world.log(tenant).await;
    let times: Vec<_> = log.iter().map(|row| row.recorded_at).collect();
    assert!(times.is_sorted(), "{times:?}");
    assert!(times.last() > times.first(), "and it does not stand still either");
    world.expect_sound(tenant, 6).await;
}

/// The same events come by page, by stream and by position, first ones by id too; another tenant gets none of them.
pub async fn events_are_found_by_page_by_stream_and_by_id<H: Harness>() {
    let world = World::<H>::new().await;
    let (tenant, other) = (world.tenant("acme").await, world.tenant("umbrella").await);
    let merchant = world.merchant(tenant, "m", "s").await;
    for letter in ["W", "P", "O"] {
        world.clock.advance(1_000);
        world.report(callback(tenant, merchant, letter, "")).await;
    }
    let log = whole_log(&world.storage, tenant).await;
    assert_eq!(log.len(), 8);
    let page = world.storage.events_after(tenant, Seq(2), PageSize::clamped(3)).await;
    assert_eq!(page.expect("a page"), log[2..5]);
    let query = StreamQuery {
        stream: StreamId::Merchant(merchant),
        after: Version(1),
        until_version: Some(Version(6)),
        until_time: Some(log[5].recorded_at),
        limit: PageSize::MAX,
    };
    let of_stream = world.storage.stream(tenant, &query).await.expect("a stream");
    // Rows 3 to 6 are versions 2 to 5; version 6 is later than the moment.
    assert_eq!(of_stream, log[2..6]);
    for row in &log {
        let found = world.storage.event_at(tenant, row.seq).await.expect("an event");
        assert_eq!(found.as_ref(), Some(row));
        let found = world
            .storage
            .first_event(tenant, row.event_id)
            .await
            .expect("an answer");
        assert_eq!(
            found.as_ref(),
            row.causation_id.is_none().then_some(row),
            "{}",
            row.event_type
        );
        let elsewhere = world.storage.first_event(other, row.event_id).await.expect("an answer");
        assert_eq!(elsewhere, None);
    }
    for seq in [Seq::ZERO, Seq(9)] {
        assert_eq!(world.storage.event_at(tenant, seq).await.expect("an answer"), None);
    }
    assert_eq!(world.storage.stream(other, &query).await.expect("an answer"), vec![]);
    let head = world.storage.head(tenant).await.expect("a head");
    let last = &log[7];
    assert_eq!(
        (head.seq, head.hash, head.recorded_at),
        (last.seq, last.hash, last.recorded_at)
    );
}

/// Merchants are folded together as they are one by one, and none of them beyond the version that was asked for.
pub async fn merchants_are_folded_together<H: Harness>() {
    let world = World::<H>::new().await;
    let (tenant, other) = (world.tenant("acme").await, world.tenant("umbrella").await);
    let mut wanted = vec![(MerchantId::from_uuid(Uuid::from_u128(9)), Version(3))];
    for number in 0..5 {
        let merchant = world.merchant(tenant, "m", &format!("s{number}")).await;
        for turn in 0..number {
            world
                .report(callback(tenant, merchant, "S", &format!("turn {turn}")))
                .await;
        }
        // Each callback is two events; the first merchant has no event before its registration.
        wanted.push((merchant, Version(2 * number)));
    }
    let archive = world.archive();
    let mut together = archive.merchants_at(tenant, &wanted).await.expect("they fold");
    let mut one_by_one = Vec::new();
    for (id, version) in &wanted {
        let merchant = archive.merchant_at(tenant, *id, Until::Version(*version)).await;
        one_by_one.extend(merchant.expect("it folds"));
    }
    together.sort_by_key(|merchant| merchant.id);
    one_by_one.sort_by_key(|merchant| merchant.id);
    assert_eq!(together.len(), 4);
    assert_eq!(together, one_by_one);
    let elsewhere = archive.merchants_at(other, &wanted).await;
    assert_eq!(elsewhere.expect("an answer"), vec![]);
}

/// What is told of a command is what stands in the log: nobody has to read it again. Senders of callbacks are told less.
pub async fn what_is_told_is_what_stands_there<H: Harness>() {
    let world = World::<H>::new().await;
    let tenant = world.tenant("acme").await;
    let merchant = world.merchant(tenant, "m", "s").await;
    let (mut dice, mut links, mut told) = (Dice(7), Vec::new(), 0);
    for _ in 0..150 {
        world.clock.advance(1);
        let before = world.storage.head(tenant).await.expect("a head").seq;
        let some = some_command(&mut dice, &world, tenant, merchant, &mut links);
        let is_callback = matches!(
            &some.order,
            Order::Merchant {
                command: Command::ReceiveCallback(_),
                ..
            }
        );
        let Outcome::Written(written) = world.submit(some).await else {
            continue;
        };
        let stands = world.archive().events_after(tenant, before, PageSize::MAX).await;
        let stands = stands.expect("the log can be read");
        let ids: Vec<_> = stands.iter().map(|event| event.event_id).collect();
        assert_eq!(written.event_ids, ids);
        if is_callback {
            assert_eq!((written.events, written.merchant), (vec![], None));
        } else {
            told += stands.len();
            assert_eq!(written.events, stands);
            let row = world.row(tenant, merchant).await;
            assert_eq!(written.merchant.as_deref(), Some(&row));
        }
    }
    assert!(told > 30, "{told}");
    let before = world.storage.head(tenant).await.expect("a head").seq;
    let mut suspend = submission(tenant, Order::Tenant(tenant::Command::Suspend));
    suspend.origin.on_behalf_of = OnBehalfOf::parse("김 대리").ok();
    let written = world.write(suspend).await;
    let stands = world.archive().events_after(tenant, before, PageSize::MAX).await;
    assert_eq!(written.events, stands.expect("the log can be read"));
    let row = world.storage.tenant(tenant).await.expect("rows can be read");
    assert_eq!(written.tenant.as_deref(), row.as_ref());
}

/// What was answered is there when the storage is opened anew, and writing goes on where it stopped.
pub async fn everything_is_there_after_a_restart<H: Harness>() {
    let world = World::<H>::new().await;
    let tenant = world.tenant("acme").await;
    let merchant = world.merchant(tenant, "m", "s").await;
    let (before, row) = (world.log(tenant).await, world.row(tenant, merchant).await);
    let World {
        harness,
        storage,
        writer,
        ..
    } = world;
    drop((storage, writer));
    let again = harness.open().await;
    assert_eq!(whole_log(&again, tenant).await, before);
    assert_eq!(again.merchant(tenant, merchant).await.expect("a row"), Some(row));
    let parts = World::<H>::new().await.parts(again.clone(), 2);
    let (writer, _task) = Writer::start(parts, config(), std::future::pending());
    let next = written(
        writer
            .submit(command(tenant, merchant, Command::Archive))
            .await
            .expect("taken"),
    );
    assert_eq!(next.seq, Seq(before.len() as u64 + 1));
    let found = writer.submit(request_link(tenant, merchant, LinkId::from_uuid(Uuid::nil())));
    assert!(matches!(
        found.await,
        Ok(Outcome::Refused(registry_domain::merchant::Refusal::Link(_)))
    ));
    let taken = Order::Register {
        merchant_id: MerchantId::from_uuid(Uuid::max()),
        registration: Box::new(registration("m", "s")),
    };
    let taken = writer.submit(submission(tenant, taken)).await.expect("taken");
    assert_eq!(
        taken,
        Outcome::Refused(registry_domain::merchant::Refusal::ReferenceTaken { existing: merchant })
    );
}
