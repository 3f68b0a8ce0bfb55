//! What a tenant sets for itself, over REST and at the command line.

use registry_domain::Adjustment;
use registry_domain::tenant::{CallPath, SettingsChange};
use registry_tests::{Answer, Installation, TestApp, TestSandbox, TestTenant};
use reqwest::Method;
use serde_json::{Value, json};

fn defaults() -> Value {
    json!({
        "object": "settings",
        "hold_seconds": 900,
        "read_back": { "enabled": true, "path": null, "member_field": null, "merchant_field": null },
        "low_balance_threshold": null,
        "callbacks_missing_days": 7,
        "own_days": {},
        "return_urls": [],
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
    let urls = ["https://portal.example/done", "https://portal.example/again"];
    let shown = settings(&["--return-url", urls[0], "--return-url", urls[1]]);
    for url in urls {
        assert!(shown.contains(&format!("return_url\t{url}")), "{shown}");
    }
    // What is not named stays.
    settings(&["--hold-seconds", "240"]);
    let seen = tenant.api.get("/v1/settings").await.expect(200);
    assert_eq!(seen["return_urls"], json!(urls));
    assert!(!settings(&["--no-return-urls"]).contains("return_url\t"));
    for bad in [["--hold-seconds", "1"], ["--return-url", "http://portal.example/done"]] {
        let refused = installation.run(&[&["tenant", "settings", "--tenant", slug], bad.as_slice()].concat());
        assert_eq!(refused.status.code(), Some(1), "{bad:?}");
    }
    assert!(process.terminate().success());
}

async fn try_to_set(tenant: &TestTenant, read_back: &Value) -> Answer {
    let change = json!({ "read_back": read_back });
    Answer::to(tenant.api.request(Method::PATCH, "/v1/settings").json(&change)).await
}

#[tokio::test]
async fn nothing_that_is_set_leads_the_key_elsewhere() {
    let app = TestApp::start().await;
    let refused = async |field: &str, value: &str, code: &str| {
        let read_back = json!({ field: value, "try": false });
        let problem = try_to_set(&app.tenant, &read_back)
            .await
            .problem(422, "validation_failed");
        assert_eq!(problem["errors"][0]["code"], code, "{field} {value}: {problem}");
    };
    for path in [
        "%2e%2e/%2E%2E/elsewhere",
        "auth/%2e%2e/%2e%2e/x",
        "auth/../../x",
        "auth/./x",
        "..;/x",
        "\\x",
        "//elsewhere.example/x",
        "auth//x",
        "auth?x=1",
        "auth#x",
        "auth\nx",
        "https://elsewhere.example/x",
        "@elsewhere.example",
    ] {
        refused("path", path, "not_a_path").await;
    }
    for field in ["member_field", "merchant_field"] {
        for name in ["apiKey", "apikey", "API_KEY"] {
            refused(field, name, "not_a_field_name").await;
        }
    }
    refused("member_field", "merchant", "one_field_name").await;
    // Not even to try it: it would be found unusable.
    let one_name = json!({ "member_field": "code", "merchant_field": "Code" });
    let problem = try_to_set(&app.tenant, &one_name)
        .await
        .problem(422, "validation_failed");
    assert_eq!(problem["errors"][0]["code"], "one_field_name", "{problem}");
    assert_eq!(app.tenant.api.get("/v1/settings").await.expect(200), defaults());
    app.finish().await;
}

#[tokio::test]
async fn a_new_way_of_asking_is_tried_before_it_is_stored() {
    let app = TestApp::start().await;
    let tenant = &app.tenant;
    let stored = async || tenant.api.get("/v1/settings").await.expect(200)["read_back"].clone();
    let usual = stored().await;

    // The example of a path that ends behind a base which has its beginning already.
    let wrong = json!({ "path": "partner/auth/mapping-status" });
    let problem = try_to_set(tenant, &wrong).await.problem(422, "read_back_rejected");
    let upstream = &problem["upstream"];
    assert_eq!(
        (&upstream["http_status"], &upstream["who_fixes"]),
        (&json!(404), &json!("us")),
        "{problem}"
    );
    let wrong_field = json!({ "member_field": "memberId" });
    let problem = try_to_set(tenant, &wrong_field)
        .await
        .problem(422, "read_back_rejected");
    assert_eq!(problem["upstream"]["code"], "VALIDATION_001");
    assert_eq!(stored().await, usual, "nothing was stored");

    let right = json!({ "path": "/auth/mapping-status", "member_field": "member" });
    try_to_set(tenant, &right).await.expect(200);
    let merchant = tenant.register("acad-1", "store-1").await;
    tenant.issue_link(&merchant).await;
    let mapping = app.sandbox.mapping("acad-1", "store-1").await;
    mapping.submit("가나다 학원").await;
    mapping.review("O", None).await;
    tenant.reconcile(&merchant).await.expect(200);
    try_to_set(tenant, &json!({ "path": "auth/mapping-status" }))
        .await
        .expect(200);

    // Another call of upstream's answers, but not about the shop that has opened.
    let other_call = json!({ "path": "read/remain_count" });
    try_to_set(tenant, &other_call).await.problem(422, "read_back_rejected");
    let untried = json!({ "path": "auth/other", "try": false });
    try_to_set(tenant, &untried).await.expect(200);
    let problem = tenant
        .reconcile(&merchant)
        .await
        .problem(502, "upstream_answer_unreadable");
    let upstream = &problem["upstream"];
    assert_eq!(
        (&upstream["http_status"], &upstream["who_fixes"]),
        (&json!(404), &json!("us"))
    );
    try_to_set(tenant, &json!({ "path": null })).await.expect(200);
    tenant.reconcile(&merchant).await.expect(200);
    app.finish().await;
}

#[tokio::test]
async fn what_cannot_be_tried_is_stored_only_on_demand() {
    let app = TestApp::start().await;
    let gone = TestSandbox::start().await;
    let (url, key) = (gone.partner_url(), gone.partner_key(0).to_owned());
    gone.stop().await;
    app.configure_upstream(app.tenant.id, &url, &key).await;
    let path = json!({ "path": "auth/other" });
    let problem = try_to_set(&app.tenant, &path).await.problem(503, "read_back_untried");
    assert_eq!(problem["upstream"]["retryable"], true);
    let anyway = json!({ "path": "auth/other", "try": false });
    let stored = try_to_set(&app.tenant, &anyway).await.expect(200);
    assert_eq!(stored["read_back"]["path"], "auth/other");
    app.finish().await;
}

#[tokio::test]
async fn what_an_older_version_stored_is_not_used_and_says_so() {
    let app = TestApp::start().await;
    let merchant = app.tenant.register("acad-1", "store-1").await;
    let stored = SettingsChange {
        read_back_path: Adjustment::Set(CallPath::from_stored("%2e%2e/elsewhere".to_owned())),
        ..SettingsChange::default()
    };
    app.store_settings(app.tenant.id, stored).await;
    app.tenant.issue_link(&merchant).await;
    app.tenant.reconcile(&merchant).await.problem(409, "read_back_unusable");
    let me = app.tenant.api.get("/v1/me").await.expect(200);
    assert_eq!(me["health"]["can_verify"], false);
    app.tenant.set(&json!({ "read_back": { "path": null } })).await;
    app.tenant.reconcile(&merchant).await.expect(200);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_is_told_what_came_instead_of_an_answer() {
    let sandbox = TestSandbox::start().await;
    let mut installation = Installation::new();
    let (process, tenant) = installation.serve_tenant(&sandbox);
    let path = ["--read-back-path", "auth/other"];
    let arguments = [
        &["tenant", "settings", "--tenant", tenant.slug.as_str()],
        path.as_slice(),
    ]
    .concat();
    let refused = installation.run(&arguments);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(1), "{said}");
    for part in ["HTTP 404", "nothing was changed", "us", "--untried"] {
        assert!(said.contains(part), "{said}");
    }
    let stored = installation.print(&[arguments.as_slice(), &["--untried"]].concat());
    assert!(stored.contains("read_back_path\tauth/other"), "{stored}");
    assert!(process.terminate().success());
}
