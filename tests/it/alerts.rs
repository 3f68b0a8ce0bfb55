//! What somebody is told of: shops that wait too long by the tenant's own days, and what is wrong with its connection.

use chrono::{DateTime, Days, NaiveDate, TimeDelta, TimeZone, Utc};
use registry_domain::calendar::{Calendar, KST, day_in_korea};
use registry_domain::people::Role;
use registry_tests::api::{number_of, text_of};
use registry_tests::callback::{mapping, send_taken};
use registry_tests::tenant::id_of;
use registry_tests::{Answer, TestApp, TestTenant};
use reqwest::Method;
use serde_json::{Map, Value, json};

use crate::console::{Pages, hidden};

/// The tenant works on these days, whatever they are.
pub(crate) async fn work_today(app: &TestApp) {
    let days = day_in_korea(app.now()).iter_days().take(3);
    let days = days.map(|day| (day.to_string(), json!({ "business_day": true, "name": null })));
    app.tenant
        .set(&json!({ "own_days": days.collect::<Map<_, _>>() }))
        .await;
}

pub(crate) async fn set_rule(tenant: &TestTenant, rule: &str, body: &Value) -> Value {
    let request = tenant.api.request(Method::PUT, &format!("/v1/alert-rules/{rule}"));
    Answer::to(request.header("if-match", "*").json(body)).await.expect(200)
}

/// Nine in the morning in Korea.
pub(crate) fn opening(day: NaiveDate) -> DateTime<Utc> {
    let morning = day.and_hms_opt(9, 0, 0).expect("a time");
    KST.from_local_datetime(&morning).single().expect("a moment").to_utc()
}

/// Puts the clock to a moment that lies ahead.
pub(crate) fn go_to(app: &TestApp, moment: DateTime<Utc>) {
    let ahead = moment - app.now();
    assert!(ahead >= TimeDelta::zero(), "{moment} has been");
    app.advance(ahead);
}

/// The day on which a shop that is registered now has waited for so many business days.
pub(crate) fn day_after(app: &TestApp, calendar: &Calendar, days: u16) -> NaiveDate {
    calendar.after(day_in_korea(app.now()), days)
}

pub(crate) async fn say(tenant: &TestTenant, alert: &Value, what: &str, body: &Value) -> Answer {
    let path = format!("/v1/alerts/{}/{what}", id_of(alert));
    let request = tenant.api.request(Method::POST, &path).json(body);
    Answer::to(request.header("if-match", format!("\"{}\"", alert["version"]))).await
}

async fn counts(tenant: &TestTenant) -> [u64; 3] {
    let counts = tenant.api.get("/v1/stats/alerts").await.expect(200)["by_state"].clone();
    ["open", "acknowledged", "snoozed"].map(|state| number_of(&counts, state))
}

#[tokio::test]
async fn a_shop_that_waits_is_told_of_and_whoever_moves_is_not() {
    let app = TestApp::start().await;
    let tenant = &app.tenant;
    set_rule(tenant, "registered", &json!({ "warn": 1, "late": 2, "critical": 5 })).await;
    let waits = tenant.register("acad-1", "waits").await;
    let moves = tenant.register("acad-1", "moves").await;
    let calendar = Calendar::default();
    let (first, second) = (day_after(&app, &calendar, 1), day_after(&app, &calendar, 2));
    go_to(&app, opening(first));
    let seq = number_of(&moves, "seq");
    let is_raised = |event: &Value| event["type"] == "alert.raised";
    for shop in [&waits, &moves] {
        let of_it = |event: &Value| is_raised(event) && event["merchant_id"] == shop["id"];
        let raised = tenant.api.event_after(seq, of_it).await;
        let data = &raised["data"];
        assert_eq!(
            (&data["severity"], &data["rule"]),
            (&json!("warn"), &json!("registered")),
            "{raised}"
        );
        assert_eq!(text_of(data, "due_at").parse(), Ok(opening(first)));
    }
    let list = tenant
        .api
        .get("/v1/alerts?state=open&severity=warn&rule=registered")
        .await
        .expect(200);
    assert_eq!(list["data"].as_array().map(Vec::len), Some(2), "{list}");
    assert_eq!(list["data"][0]["merchant"]["business_days"], 1);
    assert_eq!(counts(tenant).await, [2, 0, 0]);

    // In the very commit of the movement.
    tenant.issue_link(&moves).await;
    let timeline = tenant.api.timeline(id_of(&moves)).await;
    let types: Vec<_> = timeline.iter().map(|event| text_of(event, "type")).collect();
    assert_eq!(
        &types[types.len() - 2..],
        ["link.issued", "alert.resolved"],
        "{types:?}"
    );
    let [link, ended] = &timeline[timeline.len() - 2..] else {
        panic!("there are two")
    };
    assert_eq!(ended["correlation_id"], link["correlation_id"]);
    assert_eq!(ended["data"]["reason"], "moved");
    let ended = tenant
        .api
        .get(&format!("/v1/alerts/{}", text_of(&ended["data"], "alert_id")))
        .await;
    ended.problem(404, "alert_not_found");
    assert_eq!(counts(tenant).await, [1, 0, 0]);

    // It becomes worse, keeps its id, and is open again.
    let path = format!("/v1/alerts?merchant_id={}", id_of(&waits));
    let alert = tenant.api.get(&path).await.expect(200)["data"][0].clone();
    let noted = say(tenant, &alert, "acknowledgement", &json!({})).await.expect(200);
    assert_eq!(noted["state"], "acknowledged");
    say(tenant, &alert, "acknowledgement", &json!({}))
        .await
        .problem(412, "alert_changed");
    assert_eq!(counts(tenant).await, [0, 1, 0]);
    go_to(&app, opening(second));
    let late = |event: &Value| is_raised(event) && event["data"]["severity"] == "late";
    let late = tenant.api.event_after(seq, late).await;
    assert_eq!(
        (&late["data"]["alert_id"], &late["merchant_id"]),
        (&alert["id"], &waits["id"])
    );
    assert_eq!(counts(tenant).await, [1, 0, 0]);
    let feed = tenant.api.feed().await;
    assert_eq!(feed.iter().filter(|event| is_raised(event)).count(), 3, "none twice");
    app.finish().await;
}

#[tokio::test]
async fn nobody_is_told_on_a_day_off_and_a_nap_is_a_nap() {
    let app = TestApp::start().await;
    let tenant = &app.tenant;
    // The next business day is off, and the one behind it too.
    let (one, two) = (
        day_after(&app, &Calendar::default(), 1),
        day_after(&app, &Calendar::default(), 2),
    );
    let off = json!({ "business_day": false, "name": "휴무" });
    tenant
        .set(&json!({ "own_days": { one.to_string(): off, two.to_string(): off } }))
        .await;
    set_rule(tenant, "registered", &json!({ "warn": 1, "late": 2 })).await;
    let shop = tenant.register("acad-1", "store-1").await;
    let third = day_after(&app, &Calendar::default(), 3);
    let fourth = day_after(&app, &Calendar::default(), 4);
    go_to(&app, opening(two));
    // Whoever looks does so within moments: another shop's movement is told meanwhile.
    let other = tenant.register("acad-1", "store-2").await;
    tenant.issue_link(&other).await;
    go_to(&app, opening(third) - TimeDelta::seconds(1));
    tenant.archive(&tenant.register("acad-1", "store-3").await).await;
    assert_eq!(counts(tenant).await, [0, 0, 0]);
    go_to(&app, opening(third));
    let raised = tenant.api.event(|event| event["type"] == "alert.raised").await;
    assert_eq!(
        (&raised["merchant_id"], &raised["data"]["severity"]),
        (&shop["id"], &json!("warn"))
    );
    let at: DateTime<Utc> = text_of(&raised, "recorded_at").parse().expect("a time");
    assert!(at >= opening(third), "not before, although it was looked: {at}");

    let path = format!("/v1/alerts/{}", text_of(&raised["data"], "alert_id"));
    let alert = tenant.api.get(&path).await.expect(200);
    let until = opening(fourth.checked_add_days(Days::new(1)).expect("a day"));
    let asleep = say(tenant, &alert, "snooze", &json!({ "until": until }))
        .await
        .expect(200);
    assert_eq!(asleep["state"], "snoozed");
    go_to(&app, opening(fourth) + TimeDelta::minutes(2));
    assert_eq!(
        counts(tenant).await,
        [0, 0, 1],
        "it sleeps, although it would be late by now"
    );
    let awake = say(tenant, &asleep, "snooze", &json!({ "until": null }))
        .await
        .expect(200);
    assert_eq!(awake["state"], "open");
    let late = tenant.api.event(|event| event["data"]["severity"] == "late").await;
    assert_eq!(late["data"]["alert_id"], alert["id"]);
    app.finish().await;
}

#[tokio::test]
async fn another_rule_or_calendar_ends_what_it_would_not_raise() {
    let app = TestApp::start().await;
    let tenant = &app.tenant;
    set_rule(tenant, "registered", &json!({ "warn": 1 })).await;
    let shop = tenant.register("acad-1", "store-1").await;
    let first = day_after(&app, &Calendar::default(), 1);
    go_to(&app, opening(first));
    let raised = tenant.api.event(|event| event["type"] == "alert.raised").await;
    // That day was off after all.
    tenant
        .set(&json!({ "own_days": { first.to_string(): { "business_day": false, "name": "임시공휴일" } } }))
        .await;
    let ended = tenant.api.event(|event| event["type"] == "alert.resolved").await;
    assert_eq!(
        (&ended["data"]["reason"], &ended["merchant_id"]),
        (&json!("rule_changed"), &shop["id"])
    );
    assert_eq!(ended["data"]["alert_id"], raised["data"]["alert_id"]);
    app.finish().await;
}

#[tokio::test]
async fn rules_are_made_changed_and_removed_by_whoever_has_seen_them() {
    let app = TestApp::start().await;
    let api = &app.tenant.api;
    let put = async |rule: &str, tag: Option<&str>, body: Value| {
        let mut request = api.request(Method::PUT, &format!("/v1/alert-rules/{rule}"));
        if let Some(tag) = tag {
            request = request.header("if-match", tag);
        }
        Answer::to(request.json(&body)).await
    };
    let levels = json!({ "warn": 3, "late": 6 });
    let made = put("in_review", None, levels.clone()).await;
    let tag = made.header("etag").expect("a tag").to_owned();
    let made = made.expect(201);
    assert_eq!((&made["rule"], &made["critical"]), (&json!("in_review"), &Value::Null));
    put("in_review", None, levels).await.expect(200);
    put("in_review", None, json!({ "warn": 4 }))
        .await
        .problem(428, "if_match_required");
    put("in_review", Some("\"1\""), json!({ "warn": 4 }))
        .await
        .problem(412, "alert_changed");
    assert_eq!(
        put("in_review", Some(&tag), json!({ "warn": 4 })).await.expect(200)["late"],
        Value::Null
    );
    put("opened", None, json!({ "warn": 4 }))
        .await
        .problem(404, "alert_rule_not_found");
    let problem = put("drafting", None, json!({ "warn": 6, "late": 6 }))
        .await
        .problem(422, "validation_failed");
    assert_eq!(problem["errors"][0]["code"], "not_rising");
    let rules = api.get("/v1/alert-rules").await.expect(200);
    assert_eq!(rules["data"].as_array().map(Vec::len), Some(1));
    let remove = async |tag: &str| {
        Answer::to(
            api.request(Method::DELETE, "/v1/alert-rules/in_review")
                .header("if-match", tag),
        )
        .await
    };
    remove(&tag).await.problem(412, "alert_changed");
    assert_eq!(remove("*").await.status, 204);
    remove("*").await.problem(404, "alert_rule_not_found");
    app.finish().await;
}

#[tokio::test]
async fn what_is_wrong_with_the_connection_is_told_and_ends_when_it_is_right() {
    let app = TestApp::start().await;
    let tenant = &app.tenant;
    work_today(&app).await;
    set_rule(
        tenant,
        "quarantine_growing",
        &json!({ "severity": "critical", "more_than": 0 }),
    )
    .await;
    let shop = tenant.register("acad-1", "store-1").await;
    tenant.issue_link(&shop).await;
    let url = app.sandbox.mapping("acad-1", "store-1").await.callback_url;
    send_taken(&url, mapping("acad-7", "store-7", "O", None).to_string()).await;
    // It is looked once a minute.
    let raised = tenant.api.event(|event| event["type"] == "alert.raised");
    let raised = app.as_time_passes(TimeDelta::seconds(30), raised).await;
    assert_eq!(
        (&raised["merchant_id"], &raised["data"]["severity"]),
        (&Value::Null, &json!("critical"))
    );
    let list = tenant.api.get("/v1/alerts").await.expect(200);
    assert_eq!(
        (&list["data"][0]["rule"], &list["data"][0]["merchant"]),
        (&json!("quarantine_growing"), &Value::Null)
    );
    let quarantined = tenant.api.get("/v1/quarantine").await.expect(200);
    let path = format!(
        "/v1/quarantine/{}/resolution",
        text_of(&quarantined["data"][0], "event_id")
    );
    let discard = json!({ "action": "discard", "reason": "시험" });
    let request = tenant.api.request(Method::PUT, &path).json(&discard);
    Answer::to(request).await.expect(200);
    let ended = tenant.api.event(|event| event["type"] == "alert.resolved");
    let ended = app.as_time_passes(TimeDelta::seconds(30), ended).await;
    assert_eq!(ended["data"]["reason"], "recovered");
    assert_eq!(counts(tenant).await, [0, 0, 0]);
    app.finish().await;
}

#[tokio::test]
async fn alerts_are_seen_and_answered_in_the_console_without_javascript() {
    let app = TestApp::start().await;
    let manager = Pages::of(&app, "박관리", Role::Manager).await;
    let page = manager.get("/alerts/rules").await;
    assert!(page.text.contains("아직 규칙이 없습니다"), "{}", page.text);
    let leads = manager.send("/alerts/rules/usual", &[]).await;
    assert!(leads.ends_with("/alerts/rules?done=rules"), "{leads}");
    let rule = |warn: &'static str| {
        [
            ("rule", "registered"),
            ("version", "0"),
            ("warn", warn),
            ("late", ""),
            ("critical", ""),
        ]
    };
    let refused = Answer::to(manager.form("/alerts/rules", &rule("0"))).await;
    assert_eq!(refused.status, 422);
    assert!(
        refused.text.contains("name=\"warn\" value=\"0\""),
        "what was typed is still there"
    );
    manager.send("/alerts/rules", &rule("1")).await;
    let shop = app.tenant.register("acad-1", "store-1").await;
    go_to(&app, opening(day_after(&app, &Calendar::default(), 1)));
    app.tenant.api.event(|event| event["type"] == "alert.raised").await;

    // Sessions end while nobody is there.
    let pages = Pages::of(&app, "이업무", Role::Operator).await;
    let home = pages.get("").await;
    assert!(home.text.contains("title=\"열린 알림 1\""), "{}", home.text);
    let page = pages.get("/alerts").await;
    for said in ["acad-1/store-1", "1영업일", "주의", "/v1/alerts?state=open"] {
        assert!(page.text.contains(said), "{said} is missing: {}", page.text);
    }
    let version = hidden(&page, "version").to_owned();
    let alert = app.tenant.api.get("/v1/alerts").await.expect(200)["data"][0].clone();
    let path = format!("/alerts/{}", id_of(&alert));
    let next = format!("/console/{}/merchants/{}", app.tenant.slug, id_of(&shop));
    let fields = [("version", version.as_str()), ("next", next.as_str())];
    let leads = pages.send(&format!("{path}/acknowledgement"), &fields).await;
    assert_eq!(leads, format!("{next}?done=acknowledged"));
    let merchant = pages.get(&leads).await;
    assert!(
        merchant.text.contains("확인했습니다.") && merchant.text.contains("알림 확인"),
        "{}",
        merchant.text
    );
    let stale = Answer::to(pages.form(&format!("{path}/snooze"), &[("version", &version), ("days", "3")])).await;
    assert_eq!(stale.status, 412);
    let alert = app.tenant.api.get("/v1/alerts").await.expect(200)["data"][0].clone();
    let version = alert["version"].to_string();
    let elsewhere = [
        ("version", version.as_str()),
        ("days", "3"),
        ("next", "https://evil.example/"),
    ];
    let leads = pages.send(&format!("{path}/snooze"), &elsewhere).await;
    assert_eq!(leads, format!("/console/{}/alerts?done=snoozed", app.tenant.slug));
    assert_eq!(counts(&app.tenant).await, [0, 0, 1]);
    let viewer = Pages::of(&app, "최조회", Role::Viewer).await;
    let page = viewer.get("/alerts?state=all").await;
    assert!(
        page.text.contains("acad-1/store-1") && !page.text.contains("/acknowledgement"),
        "{}",
        page.text
    );
    app.finish().await;
}
