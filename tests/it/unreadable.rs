//! One row that cannot be read stops nobody else.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use registry_domain::TenantId;
use registry_tests::api::{Api, text_of, within};
use registry_tests::callback::{mapping, send_taken};
use registry_tests::tenant::id_of;
use registry_tests::{PATIENCE, TestApp, TestNats, check_published};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection, SqliteConnection};

async fn file(app: &TestApp) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(app.data_dir().join("registry.db"));
    SqliteConnection::connect_with(&options).await.expect("the file opens")
}

async fn swap_tenant(file: &mut SqliteConnection, tenant: TenantId, state: &str) -> String {
    let was = sqlx::query_scalar("SELECT state FROM tenants WHERE tenant_id = ?1").bind(tenant.as_uuid());
    let was: String = was.fetch_one(&mut *file).await.expect("the tenant has a row");
    let update = sqlx::query("UPDATE tenants SET state = ?2 WHERE tenant_id = ?1");
    update
        .bind(tenant.as_uuid())
        .bind(state)
        .execute(file)
        .await
        .expect("a row can be changed");
    was
}

/// Relay and reconciler go on for the others, the API says it to the one, and the operator is told.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenant_that_cannot_be_read_stops_no_other() {
    let nats = TestNats::start();
    let mut app = TestApp::start_with(|config| {
        config.database_url = None;
        config.nats_url = Some(nats.url().to_owned());
    })
    .await;
    // On either side of the first in the list of all.
    let broken = [app.other_tenant().await, app.other_tenant().await];
    let merchant = app.tenant.register("acad-1", "store-1").await;
    app.tenant.issue_link(&merchant).await;
    let url = app.sandbox.mapping("acad-1", "store-1").await.callback_url;
    let mut file = file(&app).await;
    let mut were = Vec::new();
    for tenant in &broken {
        were.push(swap_tenant(&mut file, tenant.id, "{").await);
    }
    send_taken(&url, mapping("acad-1", "store-1", "W", None).to_string()).await;
    let asked = app.tenant.api.event(|event| event["type"] == "status.observed");
    app.as_time_passes(TimeDelta::minutes(6), asked).await;
    check_published(&app.tenant, &nats).await;
    for tenant in &broken {
        tenant.api.get("/v1/merchants").await.problem(500, "internal_error");
    }
    let metrics = app.tenant.api.get("/metrics").await.text;
    assert!(
        metrics.contains("registry_reconciler_unreadable_tenants 2"),
        "{metrics}"
    );
    let readiness = app.tenant.api.get("/readyz").await.expect(200);
    assert_eq!(readiness["status"], "degraded", "{readiness}");
    for (tenant, was) in broken.iter().zip(&were) {
        swap_tenant(&mut file, tenant.id, was).await;
        tenant.api.get("/v1/merchants").await.expect(200);
    }
    app.finish_published(&nats).await;
}

/// Lists hold the others, and say whom they lack: in every order, and page by page.
async fn expect_listed(api: &Api, broken: &str, others: [&str; 2]) {
    for order in ["created_at", "-updated_at", "stage_since"] {
        let (mut listed, mut lacking) = (BTreeSet::new(), Vec::new());
        let mut path = format!("/v1/merchants?sort={order}&limit=1");
        loop {
            let page = api.get(&path).await.expect(200);
            listed.extend(
                page["data"]
                    .as_array()
                    .expect("a list")
                    .iter()
                    .map(|shop| id_of(shop).to_owned()),
            );
            lacking.extend(page["unreadable"].as_array().into_iter().flatten().cloned());
            let Some(next) = page["page"]["next"].as_str() else {
                break;
            };
            path = format!("/v1/merchants?sort={order}&limit=1&cursor={next}");
        }
        assert_eq!(listed, others.map(str::to_owned).into());
        assert_eq!(lacking, [broken]);
    }
}

/// The others of the same tenant are asked about all the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_merchant_that_cannot_be_read_stops_no_other() {
    let app = TestApp::start_with(|config| config.database_url = None).await;
    let mut shops = Vec::new();
    for store in ["store-1", "store-2", "store-3"] {
        let shop = app.tenant.register("acad-1", store).await;
        app.tenant.issue_link(&shop).await;
        shops.push(shop);
    }
    let mut file = file(&app).await;
    let broken = id_of(&shops[0]).to_owned();
    let was: String = sqlx::query_scalar("SELECT state FROM merchants WHERE merchant_code = 'store-1'")
        .fetch_one(&mut file)
        .await
        .expect("it has a row");
    let set = async |file: &mut SqliteConnection, state: &str| {
        let update = sqlx::query("UPDATE merchants SET state = ?1 WHERE merchant_code = 'store-1'");
        update.bind(state).execute(file).await.expect("a row can be changed");
    };
    set(&mut file, "{").await;
    let asked = async {
        for shop in &shops[1..] {
            app.tenant
                .api
                .event(|event| event["type"] == "status.observed" && text_of(event, "merchant_id") == id_of(shop))
                .await;
        }
    };
    app.as_time_passes(TimeDelta::minutes(6), asked).await;
    expect_listed(&app.tenant.api, &broken, [id_of(&shops[1]), id_of(&shops[2])]).await;
    app.tenant
        .api
        .get(&format!("/v1/merchants/{broken}"))
        .await
        .problem(500, "internal_error");
    let told = async {
        loop {
            let metrics = app.tenant.api.get("/metrics").await.text;
            let line = metrics
                .lines()
                .find(|line| line.starts_with("registry_reconciler_unreadable_merchants_total"));
            if line.is_some_and(|line| !line.ends_with(" 0")) {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    };
    within(PATIENCE, told).await;
    set(&mut file, &was).await;
    app.finish().await;
}

/// A count that cannot be read keeps nobody from the list, and is named in the log.
#[tokio::test]
async fn a_count_that_cannot_be_read_is_passed_over() {
    let app = TestApp::start_with(|config| config.database_url = None).await;
    for store in ["store-1", "store-2"] {
        app.tenant.register("acad-1", store).await;
    }
    let mut file = file(&app).await;
    let insert = sqlx::query("INSERT INTO merchant_counts (tenant_id, facets, count) VALUES (?1, -1, 5)");
    let insert = insert.bind(app.tenant.id.as_uuid()).execute(&mut file);
    insert.await.expect("a row can be added");
    for path in ["/v1/merchants", "/v1/merchants?stage=registered"] {
        let list = app.tenant.api.get(path).await.expect(200);
        assert_eq!(list["data"].as_array().map(Vec::len), Some(2), "{path}");
    }
    let counts = app.tenant.api.get("/v1/stats/review-status").await.expect(200);
    assert_eq!(counts["data"]["total"], 2, "{counts}");
    let delete = sqlx::query("DELETE FROM merchant_counts WHERE facets = -1");
    delete.execute(&mut file).await.expect("a row can be removed");
    app.finish().await;
}
