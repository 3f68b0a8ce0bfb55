//! On which days a tenant works: the table of public holidays, and what the tenant says of single days.

use registry_domain::people::Role;
use registry_tests::{Answer, TestApp};
use reqwest::Method;
use serde_json::{Value, json};

use crate::console::Pages;

async fn calendar(app: &TestApp, from: &str, to: &str) -> Value {
    let path = format!("/v1/calendar?from={from}&to={to}");
    app.tenant.api.get(&path).await.expect(200)
}

async fn refused(app: &TestApp, query: &str) -> Value {
    let answer = app.tenant.api.get(&format!("/v1/calendar?{query}")).await;
    answer.problem(422, "validation_failed")["errors"][0].clone()
}

#[tokio::test]
async fn days_are_those_of_the_table_until_the_tenant_says_otherwise() {
    let app = TestApp::start().await;
    let chuseok = calendar(&app, "2026-09-21", "2026-09-30").await;
    assert_eq!(chuseok["business_days"], 6, "{chuseok}");
    assert_eq!(chuseok["known_until"], "2036-12-31");
    assert_eq!(chuseok["named_until"], "2027-12-31");
    let day = json!({
        "date": "2026-09-25", "weekday": "friday", "business_day": false, "source": "table",
        "holiday": { "name": "추석", "name_en": "Chuseok", "expected": false }, "own_name": null,
    });
    assert_eq!(chuseok["data"][4], day);
    assert_eq!(chuseok["data"].as_array().map(Vec::len), Some(10));

    let own = json!({ "own_days": {
        "2026-09-25": { "business_day": true, "name": "추석 당직" },
        "2026-09-28": { "business_day": false, "name": "창립기념일" },
        "2026-09-29": { "business_day": false, "name": "워크숍" },
    }});
    assert_eq!(app.tenant.set(&own).await["own_days"], own["own_days"]);
    // One more is said, one is taken back, and those that nobody names stay.
    let change = json!({ "own_days": { "2026-09-29": null, "2026-09-26": { "business_day": true, "name": null } } });
    app.tenant.set(&change).await;
    let after = calendar(&app, "2026-09-21", "2026-09-30").await;
    assert_eq!(after["business_days"], 7, "{after}");
    let day = json!({
        "date": "2026-09-25", "weekday": "friday", "business_day": true, "source": "tenant",
        "holiday": { "name": "추석", "name_en": "Chuseok", "expected": false }, "own_name": "추석 당직",
    });
    assert_eq!(after["data"][4], day);
    // It is a fact, and the fact says all of them.
    let feed = app.tenant.api.feed().await;
    let told = feed.iter().rfind(|event| event["type"] == "tenant.settings_changed");
    let told = &told.expect("it is told")["data"]["own_days"];
    assert_eq!(
        told["2026-09-28"],
        json!({ "business_day": false, "name": "창립기념일" })
    );
    assert_eq!(told.as_object().map(serde_json::Map::len), Some(3));
    app.finish().await;
}

#[tokio::test]
async fn a_range_ends_where_the_table_does() {
    let app = TestApp::start().await;
    for (query, parameter, code) in [
        ("from=2036-12-01&to=2037-01-01", "to", "beyond_calendar"),
        ("from=2017-12-31&to=2018-01-01", "from", "beyond_calendar"),
        ("from=2026-01-02&to=2026-01-01", "to", "ends_before_it_begins"),
        ("from=2026-01-01&to=2029-01-06", "to", "too_many_days"),
        ("from=2026-1-1", "from", "not_a_day"),
        ("to=yesterday", "to", "not_a_day"),
    ] {
        let error = refused(&app, query).await;
        assert_eq!(
            (&error["parameter"], &error["code"]),
            (&json!(parameter), &json!(code)),
            "{query}"
        );
        if code == "beyond_calendar" {
            let said = error["detail"].as_str().expect("a text");
            assert!(said.contains("2036-12-31"), "the known end is named: {said}");
        }
    }
    assert_eq!(
        calendar(&app, "2026-01-01", "2029-01-05").await["data"]
            .as_array()
            .map(Vec::len),
        Some(1_101)
    );
    let default = app.tenant.api.get("/v1/calendar").await.expect(200);
    assert_eq!(default["data"].as_array().map(Vec::len), Some(31));
    app.finish().await;
}

#[tokio::test]
async fn own_days_are_bounded_and_what_is_wrong_is_named() {
    let app = TestApp::start().await;
    let patch = async |own: Value| {
        let request = app.tenant.api.request(Method::PATCH, "/v1/settings");
        Answer::to(request.json(&json!({ "own_days": own }))).await
    };
    let days = |from: u32, count: u32| -> Value {
        let day = |number: u32| {
            let date = format!(
                "20{}-{:02}-{:02}",
                20 + number / 336,
                number % 336 / 28 + 1,
                number % 28 + 1
            );
            (date, json!({ "business_day": true, "name": null }))
        };
        (from..from + count).map(day).collect::<serde_json::Map<_, _>>().into()
    };
    patch(days(0, 400)).await.expect(200);
    let problem = patch(days(400, 1)).await.problem(422, "validation_failed");
    assert_eq!(problem["errors"][0]["pointer"], "/own_days");
    assert_eq!(problem["errors"][0]["code"], "too_many");
    let bad = json!({ "2026-12-24": { "business_day": false, "name": "가".repeat(41) }, "2040-01-01": null });
    let problem = patch(bad).await.problem(422, "validation_failed");
    let errors = problem["errors"].as_array().expect("errors");
    let mut pointers: Vec<_> = errors
        .iter()
        .map(|error| error["pointer"].as_str().expect("one"))
        .collect();
    pointers.sort_unstable();
    assert_eq!(pointers, ["/own_days/2026-12-24/name", "/own_days/2040-01-01"]);
    app.finish().await;
}

#[tokio::test]
async fn days_are_added_and_taken_away_in_the_console_without_javascript() {
    let app = TestApp::start().await;
    let pages = Pages::of(&app, "박관리", Role::Manager).await;
    let page = pages.get("/settings/calendar?year=2026").await;
    assert_eq!(page.status, 200, "{}", page.text);
    for said in [
        "2026년 영업일",
        "추석 다음날",
        "/v1/calendar?from=2026-01-01&amp;to=2026-12-31",
    ] {
        assert!(
            page.text.contains(said) || page.text.contains(&said.replace("&amp;", "&#38;")),
            "{said} is missing"
        );
    }
    let nameless = [("date", "2026-12-24"), ("kind", "off"), ("name", "")];
    let again = Answer::to(pages.form("/settings/calendar", &nameless)).await;
    assert_eq!(again.status, 422, "{}", again.text);
    assert!(
        again.text.contains("value=\"2026-12-24\"") && again.text.contains("필수 항목입니다"),
        "{}",
        again.text
    );
    let named = [("date", "2026-12-24"), ("kind", "off"), ("name", "창립<기념일>")];
    let leads = pages.send("/settings/calendar", &named).await;
    assert!(leads.ends_with("/settings/calendar?year=2026&done=calendar"), "{leads}");
    let page = pages.get(&leads).await;
    assert!(
        page.text.contains("창립&#60;기념일&#62;") && page.text.contains("우리 쉬는 날"),
        "{}",
        page.text
    );
    let day = calendar(&app, "2026-12-24", "2026-12-24").await;
    assert_eq!(
        (&day["business_days"], &day["data"][0]["own_name"]),
        (&json!(0), &json!("창립<기념일>"))
    );
    pages
        .send("/settings/calendar/removal", &[("date", "2026-12-24")])
        .await;
    assert_eq!(calendar(&app, "2026-12-24", "2026-12-24").await["business_days"], 1);
    let viewer = Pages::of(&app, "최조회", Role::Viewer).await;
    let page = viewer.get("/settings/calendar?year=2027").await;
    assert!(
        page.text.contains("2027-02-09") && !page.text.contains("name=\"kind\""),
        "{}",
        page.text
    );
    assert_eq!(viewer.get("/settings/calendar?year=2037").await.status, 422);
    app.finish().await;
}
