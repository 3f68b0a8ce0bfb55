//! How the service ends when it is told to.

use std::time::{Duration, Instant};

use registry::config::Config;
use registry_tests::settings::repository;
use registry_tests::tenant::random;
use registry_tests::{Installation, Process, TestSandbox, TestTenant};
use rustix::process::Signal;
use serde_json::json;
use tokio::task::JoinHandle;

/// Longer than any time for stopping here.
const HANGING: Duration = Duration::from_mins(1);

/// After so long a signal is one that somebody meant.
const MADE_UP_MIND: Duration = Duration::from_millis(500);

/// To start, to notice a signal, to write the last lines.
const MARGIN: Duration = Duration::from_secs(3);

/// A service in which a call to upstream hangs, for a request that waits.
async fn with_a_hanging_call(
    sandbox: &TestSandbox,
    installation: &mut Installation,
) -> (Process, JoinHandle<Option<u16>>) {
    let (process, tenant) = installation.serve_tenant(sandbox);
    let shop = tenant.register("acad-1", "store-1").await;
    sandbox.faults(&json!({ "slow_ms": HANGING.as_millis() })).await;
    let asked = sandbox.calls("auth/mapping").await;
    let asking = tokio::spawn(ask(tenant, shop));
    while sandbox.calls("auth/mapping").await == asked {}
    (process, asking)
}

/// The status of the answer, if there was one.
async fn ask(tenant: TestTenant, shop: serde_json::Value) -> Option<u16> {
    let path = format!(
        "/v1/merchants/{}/registration-links",
        shop["id"].as_str().expect("an id")
    );
    let request = tenant.api.request(reqwest::Method::POST, &path);
    let request = request.header("idempotency-key", random(32)).json(&json!({}));
    Some(request.send().await.ok()?.status().as_u16())
}

#[tokio::test]
async fn stopping_takes_no_longer_than_it_may_whatever_hangs() {
    let sandbox = TestSandbox::start().await;
    let mut installation = Installation::new().with("REGISTRY_STOP_SECONDS", "3");
    let (process, asking) = with_a_hanging_call(&sandbox, &mut installation).await;
    let told = Instant::now();
    assert_eq!(process.terminate().code(), Some(1), "not everything came to its end");
    let taken = told.elapsed();
    assert!(taken < Duration::from_secs(3) + MARGIN, "{taken:?}");
    assert_ne!(asking.await.unwrap(), Some(201));
}

#[tokio::test]
async fn a_second_signal_ends_it_at_once() {
    let sandbox = TestSandbox::start().await;
    let mut installation = Installation::new().with("REGISTRY_STOP_SECONDS", "40");
    for (signal, code) in [(Signal::TERM, 143), (Signal::INT, 130)] {
        let (process, asking) = with_a_hanging_call(&sandbox, &mut installation).await;
        let told = Instant::now();
        process.signal(Signal::TERM);
        process.line("stopping").await;
        tokio::time::sleep(MADE_UP_MIND).await;
        process.signal(signal);
        assert_eq!(process.wait().code(), Some(code));
        assert!(told.elapsed() < MARGIN, "{:?}", told.elapsed());
        assert_eq!(asking.await.unwrap(), None, "what was not answered was not done");
        sandbox.faults(&json!({})).await;
    }
}

/// Who is told twice at the same moment, as `timeout` of coreutils does with a process in its group, was told once.
#[tokio::test]
async fn the_same_signal_twice_at_once_is_one() {
    let sandbox = TestSandbox::start().await;
    let mut installation = Installation::new().with("REGISTRY_STOP_SECONDS", "2");
    for (first, second) in [(Signal::TERM, Signal::TERM), (Signal::INT, Signal::TERM)] {
        let (process, asking) = with_a_hanging_call(&sandbox, &mut installation).await;
        process.signal(first);
        process.line("stopping").await;
        process.signal(second);
        assert_eq!(
            process.wait().code(),
            Some(1),
            "it stops in order, as far as the time reaches"
        );
        assert_ne!(asking.await.unwrap(), Some(201));
        sandbox.faults(&json!({})).await;
    }
}

#[test]
fn it_has_ended_by_itself_before_the_compose_file_ends_it() {
    let compose = std::fs::read_to_string(repository().join("infra/compose.yaml")).unwrap();
    let (_, service) = compose.split_once("x-registry:").unwrap();
    let (_, grace) = service.split_once("stop_grace_period: ").unwrap();
    let grace = grace.split_once('s').unwrap().0.parse().unwrap();
    let own = Config::default().stop_time();
    assert!(own + MARGIN <= Duration::from_secs(grace), "{own:?}, {grace} s");
}
