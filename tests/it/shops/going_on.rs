//! Going on to Paymint: one link for two presses, another for one that is old, and no more than may be.

use chrono::TimeDelta;
use registry_tests::{Answer, TestApp, TestNats};
use reqwest::Method;
use serde_json::json;

use super::{OPENED, Visited, leads_to, told};

#[tokio::test]
async fn pressed_twice_or_ten_times_it_is_one_link() {
    let nats = TestNats::shared();
    let app = TestApp::start_with_nats(&nats).await;
    let shop = Visited::registered(&app).await;
    // The call takes a while, so that all of them come before it is answered.
    app.sandbox.fail_mapping(&json!({ "slow_ms": 700 })).await;
    let pressed = futures::future::join_all((0..10).map(|_| shop.go_on())).await;
    let mut urls: Vec<_> = pressed.iter().map(leads_to).collect();
    urls.dedup();
    assert_eq!(urls.len(), 1, "all lead to one page");
    assert_eq!(app.sandbox.open(&urls[0]).await.status, 200, "of Paymint's");
    assert_eq!(app.sandbox.calls("auth/mapping").await, 1);
    assert_eq!(told(&app, &shop.id, "link.issued").await.len(), 1);
    let continued = told(&app, &shop.id, "link.continued").await;
    let fresh = continued.iter().filter(|event| event["data"]["reused"] == false);
    assert_eq!(fresh.count(), 1);
    assert!(continued.len() <= 2, "{continued:?}");
    assert_eq!(continued[0]["actor"]["type"], "shop");
    app.finish_published(&nats).await;
}

#[tokio::test]
async fn a_young_url_is_taken_again_whoever_had_it_issued_and_a_dead_one_is_replaced() {
    let app = TestApp::start().await;
    let merchant = app.tenant.register("acad-12", "store-3").await;
    let shop = Visited::new(&app, &merchant).await;
    let issued = app.tenant.issue_link(&merchant).await;
    let calls = async || app.sandbox.calls("auth/mapping").await;
    assert_eq!(Some(shop.led_to().await.as_str()), issued["url"].as_str());
    assert_eq!(calls().await, 1);
    let continued = told(&app, &shop.id, "link.continued").await;
    assert_eq!(continued[0]["data"], json!({ "link_id": issued["id"], "reused": true }));
    // So many events stand behind the link that one look does not find it.
    for number in 0..150 {
        let note = json!({ "text": format!("{number}") });
        let path = format!("/v1/merchants/{}/notes", shop.id);
        app.tenant.api.post(&path, &note).await.expect(201);
    }
    shop.led_to().await;
    assert_eq!(
        (calls().await, told(&app, &shop.id, "link.continued").await.len()),
        (1, 1)
    );

    app.advance(TimeDelta::minutes(61));
    shop.led_to().await;
    assert_eq!(calls().await, 2, "nobody knows how long such a URL lives");
    app.advance(TimeDelta::seconds(10));
    leads_to(&shop.go_on_anew().await);
    assert_eq!(calls().await, 2, "that was the same press");
    app.advance(TimeDelta::seconds(30));
    leads_to(&shop.go_on_anew().await);
    assert_eq!(calls().await, 3, "the shop says that it does not open");

    let links = app
        .tenant
        .api
        .get(&format!("/v1/merchants/{}/registration-links", shop.id))
        .await;
    let links = links.expect(200);
    let newest = links["data"][0]["id"].as_str().unwrap();
    app.tenant
        .api
        .delete(&format!("/v1/registration-links/{newest}"))
        .await
        .expect(200);
    app.tenant
        .api
        .delete(&format!(
            "/v1/registration-links/{}",
            links["data"][1]["id"].as_str().unwrap()
        ))
        .await
        .expect(200);
    shop.led_to().await;
    assert_eq!(calls().await, 4, "one that was taken back is not used");
    app.finish().await;
}

#[tokio::test]
async fn a_shop_that_has_had_its_share_is_led_to_the_last_one() {
    let app = TestApp::start_with(|config| {
        config.shop_link_reuse_seconds = 0;
        config.shop_links_per_hour_max = 2;
        config.shop_links_per_day_max = 3;
    })
    .await;
    let shop = Visited::registered(&app).await;
    let calls = async || app.sandbox.calls("auth/mapping").await;
    for expected in [1, 2, 2, 2] {
        shop.led_to().await;
        assert_eq!(calls().await, expected);
    }
    app.advance(TimeDelta::minutes(61));
    for expected in [3, 3] {
        shop.led_to().await;
        assert_eq!(calls().await, expected);
    }
    app.advance(TimeDelta::minutes(61));
    shop.led_to().await;
    assert_eq!(calls().await, 3, "of the day");
    app.advance(TimeDelta::hours(24));
    shop.led_to().await;
    assert_eq!(calls().await, 4);
    app.finish().await;
}

#[track_caller]
fn expect_kind(answer: &Answer, status: u16, title: &str) {
    assert_eq!(answer.status, status, "{}", answer.text);
    assert!(answer.text.contains(&format!("<h1>{title}</h1>")), "{}", answer.text);
    assert!(answer.header("location").is_none());
}

#[tokio::test]
async fn what_does_not_work_is_said_kindly_and_not_tried_without_end() {
    let app = TestApp::start_with(|config| config.shop_links_per_hour_max = 3).await;
    let shop = Visited::registered(&app).await;
    app.sandbox.fail_mapping(&json!({ "answer": "PARTNER_001" })).await;
    let away = "결제선생에 연결할 수 없습니다";
    let pressed = shop.go_on().await;
    expect_kind(&pressed, 503, away);
    assert!(pressed.header("retry-after").is_some());
    assert!(!pressed.text.contains("PARTNER_001"), "the shop can do nothing with it");
    let paused = app.sandbox.calls("auth/mapping").await;
    expect_kind(&shop.go_on().await, 503, away);
    assert_eq!(
        app.sandbox.calls("auth/mapping").await,
        paused,
        "upstream refuses the partner: it is left alone"
    );
    app.sandbox.fail_mapping(&json!({})).await;
    // Whoever works for the partner finds out that it is over.
    let merchant = app.tenant.api.merchant(&shop.id).await;
    app.tenant.issue_link(&merchant).await;
    shop.led_to().await;

    let long = "a".repeat(31);
    let other = Visited::new(&app, &app.tenant.register(&long, "store-3").await).await;
    expect_kind(&other.go_on().await, 409, "지금은 이어서 진행할 수 없습니다");
    app.finish().await;
}

#[tokio::test]
async fn calls_for_shops_stay_within_the_tenant_s_budget() {
    let app = TestApp::start_with(|config| config.reconcile_calls_per_second = 1).await;
    let shop = Visited::registered(&app).await;
    let other = Visited::new(&app, &app.tenant.register("acad-12", "store-4").await).await;
    let (one, two) = futures::join!(shop.go_on(), other.go_on());
    let (through, turned_away, again) = if one.status == 303 {
        (one, two, &other)
    } else {
        (two, one, &shop)
    };
    leads_to(&through);
    expect_kind(&turned_away, 503, "지금은 요청이 많습니다");
    assert_eq!(app.sandbox.calls("auth/mapping").await, 1);
    app.advance(TimeDelta::seconds(2));
    again.led_to().await;
    app.finish().await;
}

#[tokio::test]
async fn nobody_else_is_let_on_by_a_link() {
    let mut app = TestApp::start().await;
    let shop = Visited::registered(&app).await;
    let token = shop.path.strip_prefix("/l/").unwrap();
    for path in [format!("/r/{token}"), format!("/cb/v1/{token}")] {
        assert_eq!(
            shop.send(Method::GET, &path, &OPENED).await.status,
            404,
            "a link is a link and nothing else"
        );
    }
    let other = app.other_tenant().await;
    let theirs = other.register("acad-12", "store-3").await;
    let link = super::stable_link(&other, &theirs).await.unwrap();
    assert!(!link.ends_with(token));
    app.finish().await;
}
