//! Processes whose clocks differ: what differs too much from the server's writes nothing, and the others do not notice.

use std::future::pending;

use registry_domain::TenantId;
use registry_journal::Ambient;
use registry_journal::submission::WriteError;
use registry_journal::writer::{Writer, WriterConfig};
use registry_journal_contract::Harness;
use registry_journal_contract::fixtures::{World, callback, config};

use crate::harness::PostgresDatabase;

const HOUR: i64 = 3_600_000;

/// Sets the clock of a world to the machine's, which here is the server's too, and so many milliseconds on.
fn set(world: &World<PostgresDatabase>, ahead: i64) {
    let machine = Ambient::system().now();
    world.clock.advance((machine - world.now()).num_milliseconds() + ahead);
}

/// A writer with the limit of a service.
async fn writer(world: &World<PostgresDatabase>, number: u16, remembered_max: usize) -> Writer {
    let storage = world.harness.open().await;
    let limits = WriterConfig {
        remembered_max,
        ..WriterConfig::default()
    };
    Writer::start(world.parts(storage, number), limits, pending()).0
}

async fn events(world: &World<PostgresDatabase>, tenant: TenantId) -> usize {
    world.log(tenant).await.len()
}

#[tokio::test]
async fn a_clock_that_differs_by_more_than_a_minute_writes_nothing() {
    let world = World::<PostgresDatabase>::new().await;
    set(&world, 0);
    let tenant = world.tenant("acme").await;
    let merchant = world.linked(tenant, "m", "s").await;
    // Both ways into the log: under locks, and in one statement on what is remembered.
    for (number, remembered_max) in [(7, 0), (8, 1_000)] {
        let skewed = writer(&world, number, remembered_max).await;
        set(&world, 0);
        for letter in ["P", "S", "R"] {
            let said = format!("{letter}{number}");
            assert!(skewed.report(callback(tenant, merchant, letter, &said)).await.is_ok());
        }
        assert_eq!(skewed.stats().appended > 0, remembered_max > 0);
        for ahead in [HOUR, -HOUR, 61_000, -61_000] {
            set(&world, ahead);
            let before = events(&world, tenant).await;
            let refused = skewed.report(callback(tenant, merchant, "W", "")).await;
            assert_eq!(refused.err(), Some(WriteError::Failed), "{ahead}");
            assert_eq!(events(&world, tenant).await, before);
        }
        assert_eq!(skewed.stats().untimely, 4);
        set(&world, 0);
        let again = skewed
            .report(callback(tenant, merchant, "W", &number.to_string()))
            .await;
        assert!(again.is_ok(), "a clock that was set right writes again");
    }
}

#[tokio::test]
async fn replicas_whose_clocks_differ_a_little_write_one_log_that_never_runs_backwards() {
    let world = World::<PostgresDatabase>::new().await;
    set(&world, 0);
    let tenant = world.tenant("acme").await;
    let merchant = world.linked(tenant, "m", "s").await;
    let (early, late) = (writer(&world, 7, 1_000).await, writer(&world, 8, 1_000).await);
    for round in 0..5 {
        for (writer, ahead) in [(&late, 40_000), (&early, -40_000)] {
            set(&world, ahead);
            let said = format!("{round} {ahead}");
            assert!(writer.report(callback(tenant, merchant, "S", &said)).await.is_ok());
        }
    }
    let log = world.log(tenant).await;
    assert!(log.is_sorted_by_key(|row| row.recorded_at));
    assert!((70..=90).contains(&early.stats().log_ahead_seconds), "that is told");
    set(&world, 0);
    world.expect_sound(tenant, log.len()).await;
    // The world's own writer has no limit.
    assert!(config().clock_skew_max > WriterConfig::default().clock_skew_max);
}
