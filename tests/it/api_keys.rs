//! API keys over REST: issued, bound, rotated, revoked, and what happens to those that do not work.

use chrono::{DateTime, TimeDelta, Utc};
use registry_domain::tenant::Scope;
use registry_tests::{Api, TestApp, TestTenant, until};
use serde_json::{Value, json};

/// Issues a key; the answer, and an API that uses it.
async fn issue(tenant: &TestTenant, wish: &Value) -> (Value, Api) {
    let key = tenant.api.post("/v1/api-keys", wish).await.expect(201);
    let api = with(tenant, &key);
    (key, api)
}

fn with(tenant: &TestTenant, new: &Value) -> Api {
    tenant
        .api
        .with_key(new["secret"].as_str().expect("a new key has a secret"))
}

fn moment(value: &Value) -> DateTime<Utc> {
    value.as_str().expect("a text").parse().expect("a moment")
}

fn path_of(key: &Value) -> String {
    format!("/v1/api-keys/{}", key["id"].as_str().expect("an id"))
}

#[tokio::test]
async fn a_key_does_what_it_was_issued_for_until_it_is_revoked() {
    let app = TestApp::start().await;
    let tenant = &app.tenant;
    let wish = json!({ "name": "portal", "scopes": ["merchants:read", "events:read"] });
    let (key, api) = issue(tenant, &wish).await;
    assert_eq!(
        (&key["object"], &key["state"], &key["scopes"]),
        (
            &json!("api_key"),
            &json!("usable"),
            &json!(["merchants:read", "events:read"])
        )
    );
    assert_eq!(
        tenant.api.get(&path_of(&key)).await.expect(200)["last_used_at"],
        json!(null)
    );
    api.get("/v1/merchants").await.expect(200);
    let refused = api.get("/v1/api-keys").await.problem(403, "insufficient_scope");
    assert_eq!(refused["required_scope"], "keys:write");

    // Nobody waits for the note of a use: it is there when it is there.
    let last_use = async || tenant.api.get(&path_of(&key)).await.expect(200)["last_used_at"].clone();
    until(|| async { last_use().await.is_string() }).await;
    assert!(moment(&last_use().await) >= moment(&key["issued_at"]));

    let listed = tenant.api.get("/v1/api-keys").await.expect(200);
    let shown = listed["data"]
        .as_array()
        .expect("keys")
        .iter()
        .find(|it| it["id"] == key["id"]);
    assert_eq!(shown.expect("it is listed").get("secret"), None);

    let revoked = tenant.api.delete(&path_of(&key)).await.expect(200);
    assert_eq!(revoked["state"], "revoked");
    api.get("/v1/merchants").await.problem(401, "unauthenticated");
    assert_eq!(tenant.api.delete(&path_of(&key)).await.expect(200), revoked);
    app.finish().await;
}

#[tokio::test]
async fn a_key_that_is_asked_for_again_is_made_once() {
    let app = TestApp::start().await;
    let tenant = &app.tenant;
    let wish =
        json!({ "name": "portal", "scopes": ["merchants:read"], "expires_at": "2999-01-01T00:00:00.123456789Z" });
    let first = tenant.api.post_once("/v1/api-keys", "k-1", &wish).await.expect(201);
    let again = tenant.api.post_once("/v1/api-keys", "k-1", &wish).await;
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    let again = again.expect(201);
    assert_eq!((&again["id"], &again["secret"]), (&first["id"], &json!(null)));
    let other = json!({ "name": "portal", "scopes": ["merchants:write"] });
    let reused = tenant.api.post_once("/v1/api-keys", "k-1", &other).await;
    reused.problem(422, "idempotency_key_reused");

    let rotations = format!("{}/rotations", path_of(&first));
    let new = tenant.api.post_once(&rotations, "k-1", &json!({})).await.expect(201);
    let same = tenant.api.post_once(&rotations, "k-1", &json!({})).await.expect(201);
    assert_eq!((&same["id"], &same["secret"]), (&new["id"], &json!(null)));
    assert_ne!(new["id"], first["id"]);
    app.finish().await;
}

#[tokio::test]
async fn both_keys_work_for_the_overlap() {
    let app = TestApp::start().await;
    let tenant = &app.tenant;
    let wish = json!({ "name": "portal", "scopes": ["merchants:read"], "networks": ["127.0.0.1", "10.1.2.3/8"] });
    let (old, with_old) = issue(tenant, &wish).await;
    assert_eq!(old["networks"], json!(["127.0.0.1/32", "10.0.0.0/8"]));
    let rotations = format!("{}/rotations", path_of(&old));
    let new = tenant
        .api
        .post(&rotations, &json!({ "overlap_seconds": 3600 }))
        .await
        .expect(201);
    let with_new = with(tenant, &new);
    for property in ["name", "scopes", "networks"] {
        assert_eq!(new[property], old[property]);
    }
    with_old.get("/v1/merchants").await.expect(200);
    with_new.get("/v1/merchants").await.expect(200);
    let replaced = tenant.api.get(&path_of(&old)).await.expect(200);
    assert_eq!(replaced["successor_id"], new["id"]);
    let overlap = moment(&replaced["expires_at"]) - moment(&new["issued_at"]);
    assert!(
        (overlap - TimeDelta::hours(1)).abs() < TimeDelta::minutes(1),
        "{overlap}"
    );

    // Without an overlap the new one works at once, and the old one no more.
    let at_once = format!("{}/rotations", path_of(&new));
    let newest = tenant
        .api
        .post(&at_once, &json!({ "overlap_seconds": 0 }))
        .await
        .expect(201);
    with(tenant, &newest).get("/v1/merchants").await.expect(200);
    with_new.get("/v1/merchants").await.problem(401, "unauthenticated");
    let ended = tenant.api.post(&at_once, &json!({})).await;
    ended.problem(409, "api_key_ended");
    let too_long = tenant
        .api
        .post(&rotations, &json!({ "overlap_seconds": 604_801 }))
        .await;
    too_long.problem(422, "validation_failed");
    app.finish().await;
}

#[tokio::test]
async fn nobody_hands_out_what_they_do_not_have() {
    let app = TestApp::start().await;
    let tenant = &app.tenant;
    let wish = json!({ "name": "keys only", "scopes": ["keys:write", "merchants:read"] });
    let (_, api) = issue(tenant, &wish).await;
    let mighty = json!({ "name": "n", "scopes": ["merchants:read", "merchants:write"] });
    let refused = api
        .post("/v1/api-keys", &mighty)
        .await
        .problem(403, "insufficient_scope");
    assert_eq!(refused["required_scope"], "merchants:write");
    let (other, _) = issue(tenant, &mighty).await;
    let rotated = api.post(&format!("{}/rotations", path_of(&other)), &json!({})).await;
    rotated.problem(403, "insufficient_scope");
    issue(tenant, &json!({ "name": "n", "scopes": ["merchants:read"] })).await;
    app.finish().await;
}

#[tokio::test]
async fn what_would_make_no_key_or_any_key_is_refused() {
    let app = TestApp::start().await;
    let tenant = &app.tenant;
    let good = json!({ "name": "n", "scopes": ["merchants:read"] });
    for (change, pointer, code) in [
        (json!({ "scopes": null }), "/scopes", "required"),
        (json!({ "scopes": [] }), "/scopes", "required"),
        (json!({ "scopes": ["everything"] }), "/scopes/0", "unknown_scope"),
        (json!({ "scopes": "merchants:read" }), "/scopes", "wrong_type"),
        (json!({ "name": " " }), "/name", "blank"),
        (
            json!({ "expires_at": "2020-01-01T00:00:00Z" }),
            "/expires_at",
            "not_in_the_future",
        ),
        (json!({ "expires_at": "tomorrow" }), "/expires_at", "not_a_time"),
        (json!({ "networks": ["10.0.0.0/33"] }), "/networks/0", "not_a_network"),
        (json!({ "networks": vec!["10.0.0.1"; 21] }), "/networks", "too_many"),
        (json!({ "lifetime": 0 }), "/lifetime", "unknown_field"),
    ] {
        let mut wish = good.clone();
        wish.as_object_mut()
            .expect("an object")
            .extend(change.as_object().expect("an object").clone());
        let problem = tenant
            .api
            .post("/v1/api-keys", &wish)
            .await
            .problem(422, "validation_failed");
        let error = &problem["errors"][0];
        assert_eq!(
            (&error["pointer"], &error["code"]),
            (&json!(pointer), &json!(code)),
            "{wish}"
        );
    }
    let unknown = tenant
        .api
        .post("/v1/api-keys", &json!({ "name": "n", "scopes": ["x"] }))
        .await;
    let unknown = unknown.problem(422, "validation_failed");
    assert_eq!(unknown["errors"][0]["allowed"], json!(Scope::WORDS));
    app.finish().await;
}

#[tokio::test]
async fn a_key_works_from_its_networks_only() {
    let app = TestApp::start().await;
    let tenant = &app.tenant;
    let wish = json!({ "name": "n", "scopes": ["merchants:read"], "networks": ["198.51.100.0/24"] });
    let (_, api) = issue(tenant, &wish).await;
    api.get("/v1/merchants").await.problem(403, "network_not_allowed");
    app.finish().await;
}

#[tokio::test]
async fn an_address_whose_keys_do_not_work_is_slowed_and_those_that_do_go_on() {
    let app = TestApp::start().await;
    let tenant = &app.tenant;
    tenant.api.get("/v1/me").await.expect(200);
    let wrong = tenant
        .api
        .with_key(&format!("rk_{}_{}", "0".repeat(32), "A".repeat(43)));
    let mut slowed = None;
    for _ in 0..=30 {
        let answer = wrong.get("/v1/me").await;
        if answer.status == 429 {
            slowed = Some(answer);
            break;
        }
        answer.problem(401, "unauthenticated");
    }
    let slowed = slowed.expect("the address is slowed");
    assert_eq!(slowed.header("retry-after"), Some("60"));
    slowed.problem(429, "too_many_failures");
    tenant.api.get("/v1/me").await.expect(200);
    let metrics = tenant.api.get("/metrics").await.text;
    for line in [
        r#"registry_api_key_failures_total{reason="unknown"} 30"#,
        r#"registry_api_key_failures_total{reason="unseen"} 1"#,
        r#"registry_api_key_failures_total{reason="expired"} 0"#,
    ] {
        assert!(metrics.contains(line), "{line} is missing");
    }
    app.finish().await;
}

/// Whoever steals a key that is bound to a network and a time must not make one of it that is not.
#[tokio::test]
async fn a_bound_key_makes_none_that_reaches_further() {
    let app = TestApp::start().await;
    let tenant = &app.tenant;
    let free = json!({ "name": "free", "scopes": ["keys:write"] });
    let (unbound, elsewhere) = issue(tenant, &free).await;
    let end = moment(&unbound["issued_at"]) + TimeDelta::hours(2);
    let wish = json!({
        "name": "bound", "scopes": ["keys:write"], "networks": ["127.0.0.0/8", "::1"], "expires_at": end,
    });
    let (key, bound) = issue(tenant, &wish).await;
    let (later, sooner) = (end + TimeDelta::days(1), end - TimeDelta::hours(1));
    for (networks, expires_at, pointers) in [
        (json!([]), json!(null), &["/networks", "/expires_at"][..]),
        (json!(["127.0.0.1"]), json!(null), &["/expires_at"]),
        (json!(["127.0.0.1"]), json!(later), &["/expires_at"]),
        (json!(["127.0.0.1", "0.0.0.0/0"]), json!(sooner), &["/networks"]),
    ] {
        let mut wish = json!({ "name": "n", "scopes": ["keys:write"], "networks": networks });
        if !expires_at.is_null() {
            wish["expires_at"] = expires_at;
        }
        let problem = bound
            .post("/v1/api-keys", &wish)
            .await
            .problem(422, "validation_failed");
        let errors = problem["errors"].as_array().expect("errors").iter();
        let told: Vec<_> = errors
            .map(|error| (error["pointer"].as_str(), error["code"].as_str()))
            .collect();
        let expected: Vec<_> = pointers.iter().map(|it| (Some(*it), Some("beyond_own"))).collect();
        assert_eq!(told, expected, "{wish}");
    }
    let narrower = json!({ "name": "n", "scopes": ["keys:write"], "networks": ["127.0.0.1"], "expires_at": sooner });
    bound.post("/v1/api-keys", &narrower).await.expect(201);
    let rotations = format!("{}/rotations", path_of(&key));
    let for_ever = bound.post(&rotations, &json!({ "expires_at": later })).await;
    for_ever.problem(422, "validation_failed");
    bound.post(&rotations, &json!({})).await.expect(201);
    elsewhere.post("/v1/api-keys", &free).await.expect(201);
    app.finish().await;
}
