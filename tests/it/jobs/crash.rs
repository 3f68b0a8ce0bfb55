//! A process that dies in the middle of a job, again and again.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use registry_tests::api::{text_of, within};
use registry_tests::callback::tenant_url;
use registry_tests::sandbox::TestSandbox;
use registry_tests::settings::settings;
use registry_tests::tenant::id_of;
use registry_tests::{Installation, PATIENCE, TestTenant};
use serde_json::{Value, json};
use tokio::task::block_in_place;
use tokio::time::sleep;

use crate::imports;

use super::amid::{BESIDE, Budget, Callbacks, Sent};
use super::{confirm, count, job, plan, rows, shops};

const SHOPS: usize = 200;

/// After so many tenths of the rows the process is killed.
const KILLED_AT: [u64; 3] = [2, 5, 8];

/// The longest that a call whose process died takes to be settled, and the rest of the job.
const SETTLED_WITHIN: Duration = Duration::from_secs(150);

/// Proxies wait so long for an answer, and a plan of as many rows as a file may have is an answer.
const PLANNED_WITHIN: Duration = Duration::from_secs(45);

/// Calls to upstream in a second: so few that they bind, and enough for a large file in minutes.
fn calls_per_second(rows: usize) -> usize {
    (rows / 200).max(40)
}

/// How long so many rows may take.
fn patience(rows: usize) -> Duration {
    let least = Duration::from_secs((rows / calls_per_second(rows)) as u64);
    PATIENCE + 3 * least
}

async fn until_tried(tenant: &TestTenant, begun: &Value, tried: u64, patience: Duration) {
    let looks = async {
        loop {
            let job = job(tenant, begun).await;
            if count(&job, "done") + count(&job, "failed") >= tried {
                return;
            }
            sleep(Duration::from_millis(50)).await;
        }
    };
    within(patience, looks).await;
}

/// How often each merchant has an event of a type.
fn by_merchant(feed: &[Value], event_type: &str) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for event in feed.iter().filter(|event| event["type"] == event_type) {
        *counts.entry(text_of(event, "merchant_id").to_owned()).or_default() += 1;
    }
    counts
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_row_has_one_outcome_and_no_shop_two_links_whoever_dies() {
    go_through(SHOPS, async |tenant| {
        shops(tenant, SHOPS).await;
        plan(tenant, json!({ "action": "issue_links", "filter": "stage=registered" })).await
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_is_read_in_once_whoever_dies() {
    let count = settings().import_rows;
    go_through(count, async |tenant| {
        let rows = (0..count).map(|number| format!("acad-12,store-{number},가나다 {number}\n"));
        let text = format!("member_code,merchant_code,상호\n{}", rows.collect::<String>());
        let file = imports::hand_over(&tenant.api, "text/csv", text.into_bytes())
            .await
            .expect(201);
        let wish = json!({ "action": "import", "import_id": id_of(&file), "issue_links": true });
        let begun = Instant::now();
        let planned = plan(tenant, wish).await;
        let took = begun.elapsed();
        println!("{count} rows are planned in {took:?}");
        assert!(took < PLANNED_WITHIN, "{took:?}");
        planned
    })
    .await;
}

/// Carries out a plan with links for many shops while callbacks come in, and kills the process on the way.
async fn go_through(count: usize, planned: impl AsyncFnOnce(&TestTenant) -> Value) {
    let sandbox = TestSandbox::start().await;
    let calls = calls_per_second(count);
    let mut installation = Installation::new()
        .with("REGISTRY_RECONCILE_CALLS_PER_SECOND", &calls.to_string())
        // Calls are counted here, and the reconciler's own are another test's business.
        .with("REGISTRY_RECONCILE_FIRST_SECONDS", "86400");
    let (mut process, mut tenant) = block_in_place(|| installation.serve_tenant(&sandbox));
    let planned = planned(&tenant).await;
    assert_eq!(planned["eligible"], count);
    for number in 0..BESIDE {
        tenant.register("beside", &format!("store-{number}")).await;
    }
    let url = tenant_url(installation.data_dir(), &process.base_url(), tenant.id);
    let before = Callbacks::start(&url, "before", count)
        .finish_after((count / 4).min(1_000))
        .await;
    sandbox
        .faults(
            &json!({ "seed": 7, "calls": { "auth/mapping": { "answer": "500", "probability": 0.05, "slow_ms": 60 } } }),
        )
        .await;
    let budget = Budget::watch(&sandbox, calls);
    let callbacks = Callbacks::start(&url, "amid", count);
    let started = Instant::now();
    let begun = confirm(&tenant, &planned).await;
    for tenth in KILLED_AT {
        until_tried(&tenant, &begun, count as u64 * tenth / 10, patience(count)).await;
        block_in_place(|| process.kill());
        budget.new_life();
        process = block_in_place(|| installation.serve());
        tenant = tenant.reconnected();
    }
    let ends = async {
        while job(&tenant, &begun).await["ended_at"].is_null() {
            sleep(Duration::from_millis(200)).await;
        }
    };
    within(SETTLED_WITHIN + patience(count), ends).await;
    println!("{count} rows are done in {:?}", started.elapsed());
    let amid = callbacks.finish().await;
    println!("callbacks: before {before}, amid the job {amid}");
    budget.expect_kept().await;
    let feed = tenant.api.feed().await;
    expect_one_outcome(&tenant, &begun, count, &feed).await;
    assert!(sandbox.calls("auth/mapping").await <= count as u64);
    expect_told(&feed, &[before, amid]);
    expect_each_once(&tenant, count).await;
    block_in_place(|| {
        assert!(installation.print(&["verify"]).contains("the chain is whole"));
        assert!(process.terminate().success());
    });
}

async fn expect_one_outcome(tenant: &TestTenant, begun: &Value, shops: usize, feed: &[Value]) {
    let over = job(tenant, begun).await;
    let (done, failed) = (count(&over, "done"), count(&over, "failed"));
    assert_eq!(
        (over["state"].as_str(), done + failed),
        (Some("finished"), shops as u64)
    );
    assert!(done > shops as u64 / 2, "{over}");
    let rows = rows(tenant, begun).await;
    let numbers: Vec<_> = rows.iter().filter_map(|row| row["number"].as_u64()).collect();
    assert_eq!(numbers, (1..=shops as u64).collect::<Vec<_>>());
    let (asked, issued) = (by_merchant(feed, "link.requested"), by_merchant(feed, "link.issued"));
    assert!(asked.values().all(|times| *times == 1), "nobody is asked for twice");
    for row in &rows {
        let merchant = text_of(row, "merchant_id");
        match text_of(row, "state") {
            "done" => assert_eq!(issued.get(merchant), Some(&1), "{row}"),
            "failed" => assert_eq!(issued.get(merchant), None, "{row}"),
            other => panic!("{other} is no end: {row}"),
        }
    }
}

/// The log tells of the job once, and of every callback that was acknowledged.
fn expect_told(feed: &[Value], sent: &[Sent]) {
    let told = |name: &str| feed.iter().filter(|event| event["type"] == name).count();
    assert_eq!((told("job.confirmed"), told("job.finished")), (1, 1));
    let changes = feed.iter().filter(|event| event["type"] == "review.changed");
    let messages: BTreeSet<_> = changes.filter_map(|event| event["data"]["message"].as_str()).collect();
    for message in sent.iter().flat_map(Sent::taken) {
        assert!(messages.contains(message), "{message} was acknowledged and is lost");
    }
}

async fn expect_each_once(tenant: &TestTenant, count: usize) {
    let (mut codes, mut path) = (Vec::new(), "/v1/merchants?member_code=acad-12&limit=500".to_owned());
    loop {
        let page = tenant.api.get(&path).await.expect(200);
        let shops = page["data"].as_array().expect("shops").iter();
        codes.extend(shops.map(|shop| text_of(shop, "merchant_code").to_owned()));
        match page["page"]["next"].as_str() {
            Some(next) => path = format!("/v1/merchants?member_code=acad-12&limit=500&cursor={next}"),
            None => break,
        }
    }
    let different: BTreeSet<_> = codes.iter().collect();
    assert_eq!((codes.len(), different.len()), (count, count), "each shop once");
}

#[tokio::test]
async fn an_operator_sees_jobs_and_has_them_rest_and_go_on() {
    let sandbox = TestSandbox::start().await;
    let mut installation = Installation::new().with("REGISTRY_RECONCILE_CALLS_PER_SECOND", "5");
    let (process, tenant) = installation.serve_tenant(&sandbox);
    shops(&tenant, 30).await;
    let planned = plan(&tenant, json!({ "action": "issue_links", "filter": "" })).await;
    let begun = confirm(&tenant, &planned).await;
    let slug = tenant.slug.as_str();
    let listed = installation.print(&["job", "list", "--tenant", slug]);
    assert!(
        listed.contains(id_of(&begun)) && listed.contains("issue_links"),
        "{listed}"
    );
    let act = |what: &str| installation.print(&["job", what, "--tenant", slug, "--job", id_of(&begun)]);
    assert!(act("pause").contains("paused"));
    assert_eq!(job(&tenant, &begun).await["state"], "paused");
    assert!(act("show").contains("paused"));
    act("resume");
    let resumed = job(&tenant, &begun).await;
    assert_ne!(resumed["state"], "paused");
    assert_eq!(resumed["actor"]["id"], "command_line");
    assert!(act("cancel").contains("cancelled"));
    let json = installation.print(&["job", "list", "--tenant", slug, "--json"]);
    let json: Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json[0]["state"], "cancelled");
    let unknown = [
        "job",
        "show",
        "--tenant",
        slug,
        "--job",
        "job_0197f0a1b2c37d4e8f90a1b2c3d4e5f6",
    ];
    assert!(!installation.run(&unknown).status.success());
    assert!(process.terminate().success());
}
