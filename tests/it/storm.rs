//! A thousand shops live in bad weather, and in the end every one of them is as upstream has it.

use std::time::Duration;

use chrono::TimeDelta;
use registry::config::Config;
use registry_tests::settings::settings;
use registry_tests::storm::{Report, Storm};
use registry_tests::tenant::random;
use registry_tests::{PATIENCE, TestApp};
use serde_json::json;

const SEED: u64 = 4_711;

/// A month in seven seconds.
const SPEED: f64 = 400_000.0;

/// The longest time between two questions about one shop, in seconds.
const LONGEST: u32 = 10;

const CALLS_PER_SECOND: u32 = 1_000;

fn fast(config: &mut Config) {
    config.reconcile_first_seconds = 2;
    config.reconcile_longest_seconds = LONGEST;
    config.reconcile_calls_per_second = CALLS_PER_SECOND;
    // What is to be proven is that questions are enough.
    config.reconcile_list_seconds = 0;
}

fn storm(app: &TestApp, merchants: usize) -> Storm {
    Storm {
        registry: app.tenant.api.clone(),
        sandbox: app.sandbox.control().clone(),
        merchants,
        seed: SEED,
        speed: SPEED,
        // What must hold after a round holds however long the round takes here; this ends a test that hangs.
        period: PATIENCE,
        prefix: format!("storm-{}", random(6)),
    }
}

fn check_weather(report: &Report) {
    assert!(report.lost * 10 > report.callbacks_sent, "a fifth is lost: {report:?}");
    assert!(
        report.doubled * 20 > report.callbacks_sent,
        "a fifth is doubled: {report:?}"
    );
    assert_eq!(report.callbacks_refused, 0, "every callback that arrived was taken");
}

#[tokio::test]
async fn after_a_storm_every_shop_is_as_upstream_has_it() {
    let app = TestApp::start_with(fast).await;
    let storm = storm(&app, settings().storm_merchants);
    let report = storm.rage().await.expect("everything is answered");
    check_weather(&report);
    assert_eq!(report.merchants, settings().storm_merchants);
    assert!(report.healed > 0, "{report:?}");
    for difference in &report.differences {
        eprintln!("{}: {}", difference.merchant_id, difference.why);
    }
    assert_eq!(report.differing, 0, "{report:?}");
    assert!(storm.is_gap_free().await.expect("everything is answered"));
    app.finish().await;
}

#[tokio::test]
async fn without_reading_back_what_is_wrong_is_not_called_verified() {
    let app = TestApp::start_with(fast).await;
    app.tenant
        .set(&json!({ "hold_seconds": 60, "read_back": { "enabled": false } }))
        .await;
    let mut storm = storm(&app, settings().storm_merchants / 4);
    storm.period = Duration::ZERO;
    let report = storm.rage().await.expect("everything is answered");
    check_weather(&report);
    assert!(report.differing > 0, "what was lost is lost: {report:?}");

    // Nobody can be asked about what is held either: in the end it is applied.
    app.advance(TimeDelta::seconds(61));
    let is_last = |report: &Report| report.differences.iter().all(|one| one.verification != "held");
    let mut after = storm.look().await.expect("everything is answered");
    while !is_last(&after) {
        after = storm.look().await.expect("everything is answered");
    }
    for difference in &after.differences {
        assert_eq!(
            difference.verification, "unverified",
            "{}: {}",
            difference.merchant_id, difference.why
        );
    }
    println!(
        "{} of {} shops are wrong, and are called unverified",
        after.differing, after.merchants
    );
    app.finish().await;
}
