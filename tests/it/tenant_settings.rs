//! What a tenant sets for itself, over REST and at the command line.

use registry_tests::{Answer, Installation, TestApp, TestSandbox};
use reqwest::Method;
use serde_json::{Value, json};

fn defaults() -> Value {
    json!({
        "object": "settings",
        "hold_seconds": 900,
        "read_back": { "enabled": true, "path": null, "member_field": null, "merchant_field": null },
        "low_balance_threshold": null,
        "callbacks_missing_days": 7,
    })
}

#[tokio::test]
async fn settings_are_changed_one_by_one_and_every_change_is_an_event() {
    let app = TestApp::start().await;
    let api = &app.tenant.api;
    assert_eq!(api.get("/v1/settings").await.expect(200), defaults());
    let changed = app
        .tenant
        .set(&json!({ "hold_seconds": 60, "read_back": { "enabled": false, "path": "auth/other" } }))
        .await;
    assert_eq!(changed["hold_seconds"], 60);
    assert_eq!(changed["read_back"]["enabled"], false);
    let changed = app.tenant.set(&json!({ "low_balance_threshold": 5_500 })).await;
    assert_eq!(changed["hold_seconds"], 60, "what is left out stays");
    let unset =
        json!({ "hold_seconds": 900, "low_balance_threshold": null, "read_back": { "enabled": true, "path": null } });
    assert_eq!(app.tenant.set(&unset).await, defaults());
    app.tenant.set(&unset).await;
    let feed = api.feed().await;
    let told = feed.iter().filter(|event| event["type"] == "tenant.settings_changed");
    assert_eq!(told.count(), 3, "a change that changes nothing is no event");
    app.finish().await;
}

#[tokio::test]
async fn a_setting_out_of_its_limits_is_named() {
    let app = TestApp::start().await;
    let bad = json!({ "hold_seconds": 59, "read_back": { "path": "https://elsewhere.example/" }, "other": 1 });
    let request = app.tenant.api.request(Method::PATCH, "/v1/settings").json(&bad);
    let problem = Answer::to(request).await.problem(422, "validation_failed");
    let errors: Vec<_> = problem["errors"]
        .as_array()
        .expect("errors")
        .iter()
        .map(|error| (error["pointer"].clone(), error["code"].clone()))
        .collect();
    let expected = [
        ("/hold_seconds", "out_of_range"),
        ("/read_back/path", "not_a_path"),
        ("/other", "unknown_field"),
    ];
    assert_eq!(errors, expected.map(|(pointer, code)| (json!(pointer), json!(code))));
    assert_eq!(app.tenant.api.get("/v1/settings").await.expect(200), defaults());
    app.finish().await;
}

#[tokio::test]
async fn me_says_whether_anything_can_be_verified() {
    let app = TestApp::start().await;
    let health = async || app.tenant.api.get("/v1/me").await.expect(200)["health"].clone();
    let expected = json!({
        "can_verify": true,
        "last_callback_at": null,
        "callbacks_missing": false,
        "callbacks_missing_since": null,
        "changes_by_callback": 0,
        "changes_by_asking": 0,
        "share_found_by_asking": null,
        "upstream_paused": null,
        "balance_low": null,
        "open_quarantine": 0,
        "unclaimed_merchants": 0,
        "held": 0,
    });
    assert_eq!(health().await, expected);
    app.tenant.set(&json!({ "read_back": { "enabled": false } })).await;
    assert_eq!(health().await["can_verify"], false);
    let merchant = app.tenant.register("acad-1", "store-1").await;
    app.tenant.issue_link(&merchant).await;
    app.tenant.reconcile(&merchant).await.problem(409, "read_back_off");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_sees_and_changes_settings() {
    let sandbox = TestSandbox::start().await;
    let mut installation = Installation::new();
    let (process, tenant, _key) = installation.serve_tenant_with_key(&sandbox);
    let slug = tenant.slug.as_str();
    let settings = |options: &[&str]| {
        let arguments = [&["tenant", "settings", "--tenant", slug], options].concat();
        installation.print(&arguments)
    };
    assert!(settings(&[]).contains("hold_seconds\t900"));
    let options = [
        "--hold-seconds",
        "120",
        "--read-back",
        "false",
        "--member-field",
        "memberId",
    ];
    let shown = settings(&options);
    for line in ["hold_seconds\t120", "read_back\tfalse", "member_field\tmemberId"] {
        assert!(shown.contains(line), "{shown}");
    }
    let seen = tenant.api.get("/v1/settings").await.expect(200);
    assert_eq!(seen["hold_seconds"], 120);
    assert_eq!(seen["read_back"]["member_field"], "memberId");
    assert!(settings(&["--member-field", ""]).contains("member_field\t(the usual one)"));
    let refused = installation.run(&["tenant", "settings", "--tenant", slug, "--hold-seconds", "1"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(process.terminate().success());
}
