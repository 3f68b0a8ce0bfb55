//! How long shops wait, how long things took, how far they have come: over HTTP, each number with the list that it counts.

use chrono::{NaiveDate, TimeDelta};
use registry_domain::calendar::{Calendar, day_in_korea, start_in_korea};
use registry_tests::api::{number_of, text_of};
use registry_tests::tenant::id_of;
use registry_tests::{Answer, TestApp};
use reqwest::Method;
use serde_json::{Value, json};

use crate::alerts::work_today;
use crate::console::Pages;

/// Every number in a document that comes with a list.
fn listed(document: &Value, found: &mut Vec<(u64, String)>) {
    match document {
        Value::Object(fields) => {
            if let (Some(count), Some(merchants)) = (fields.get("count"), fields.get("merchants")) {
                let path = merchants.as_str().expect("a list").to_owned();
                found.push((count.as_u64().expect("a count"), path));
            }
            fields.values().for_each(|value| listed(value, found));
        }
        Value::Array(values) => values.iter().for_each(|value| listed(value, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Asks, and follows each number to its list. Returns the answer.
async fn followed(app: &TestApp, path: &str) -> Value {
    let answer = app.tenant.api.get(path).await.expect(200);
    let mut numbers = Vec::new();
    listed(&answer, &mut numbers);
    assert!(!numbers.is_empty(), "{answer}");
    for (count, path) in numbers {
        let page = app.tenant.api.get(&format!("{path}&limit=500")).await.expect(200);
        assert_eq!(
            page["data"].as_array().map(|rows| rows.len() as u64),
            Some(count),
            "{path}"
        );
    }
    answer
}

fn stage<'a>(stages: &'a Value, name: &str) -> &'a Value {
    let mut stages = stages.as_array().expect("stages").iter();
    stages.find(|stage| stage["stage"] == name).expect("the stage")
}

/// Four shops: one opens, one is in review, one has a link, one nothing. Returns a moment on the first day.
async fn four_shops(app: &TestApp) -> String {
    let tenant = &app.tenant;
    let mut shops = Vec::new();
    for code in ["opens", "reviewed", "linked", "waits"] {
        shops.push(tenant.register("acad-1", code).await);
    }
    for shop in &shops[..3] {
        tenant.issue_link(shop).await;
    }
    let counts = tenant.api.get("/v1/stats/review-status").await.expect(200);
    let then = text_of(&counts, "as_of").to_owned();
    app.advance(TimeDelta::days(3));
    for code in ["opens", "reviewed"] {
        app.sandbox.mapping("acad-1", code).await.submit("가나다 학원").await;
    }
    app.advance(TimeDelta::days(4));
    app.sandbox.mapping("acad-1", "opens").await.review("O", None).await;
    let opened = tenant.settled(id_of(&shops[0])).await;
    assert_eq!(opened["stage"], "opened");
    // From here on nothing moves: Paymint would be asked as soon as days have gone by, and answer between a number and its list.
    let off = json!({ "read_back": { "enabled": false } });
    let request = tenant.api.request(Method::PATCH, "/v1/settings").json(&off);
    Answer::to(request).await.expect(200);
    app.advance(TimeDelta::days(6));
    then
}

#[tokio::test]
async fn each_number_comes_with_its_list() {
    let app = TestApp::start().await;
    let first = day_in_korea(app.now());
    let then = four_shops(&app).await;
    assert_eq!(day_in_korea(app.now()), first + TimeDelta::days(13));
    let calendar = Calendar::default();
    let days = |from, until| calendar.business_days(first + TimeDelta::days(from), first + TimeDelta::days(until));
    expect_ageing(&app, &then, first, [days(0, 13), days(3, 13)]).await;
    expect_durations(&app, &then, [days(0, 3), days(0, 7)]).await;
    expect_funnel(&app, &then).await;
    for query in [
        "?tag=vip",
        "?member_code=acad-1",
        "?next_actor=partner",
        "?age_min=1",
        "?stage=in_review,opened",
    ] {
        followed(&app, &format!("/v1/stats/ageing{query}")).await;
        followed(&app, &format!("/v1/stats/funnel{query}")).await;
    }
    app.finish().await;
}

async fn expect_ageing(app: &TestApp, then: &str, first: NaiveDate, [with_link, in_review]: [i32; 2]) {
    let rule = app.tenant.api.request(Method::PUT, "/v1/alert-rules/link_issued");
    Answer::to(rule.header("if-match", "*").json(&json!({ "late": 2 })))
        .await
        .expect(200);
    let ageing = followed(app, "/v1/stats/ageing").await["data"].clone();
    assert_eq!(
        (&ageing["total"]["count"], &ageing["over_target"]),
        (&json!(3), &json!(1))
    );
    let link = stage(&ageing["stages"], "link_issued");
    assert_eq!(
        (&link["p50"], &link["target"]["business_days"]),
        (&json!(with_link), &json!(2))
    );
    assert_eq!(stage(&ageing["stages"], "in_review")["p90"], in_review);
    let past = followed(app, &format!("/v1/stats/ageing?as_of={then}")).await["data"].clone();
    assert_eq!(
        (&past["total"]["count"], &past["today"]),
        (&json!(4), &json!(first.to_string()))
    );
    assert_eq!(stage(&past["stages"], "link_issued")["columns"][0]["count"], 3);
}

async fn expect_durations(app: &TestApp, then: &str, [with_link, opening]: [i32; 2]) {
    let durations = app.tenant.api.get("/v1/stats/durations").await.expect(200)["data"].clone();
    let link = stage(&durations["stages"], "link_issued");
    assert_eq!((&link["count"], &link["p50"]), (&json!(2), &json!(with_link)));
    let whole = &durations["opening"];
    assert_eq!((&whole["count"], &whole["p90"]), (&json!(1), &json!(opening)));
    let path = format!("/v1/stats/durations?member_code=acad-1&as_of={then}");
    let past = app.tenant.api.get(&path).await.expect(200)["data"]["opening"].clone();
    assert_eq!((&past["count"], &past["p50"]), (&json!(0), &Value::Null));
}

async fn expect_funnel(app: &TestApp, then: &str) {
    let funnel = followed(app, "/v1/stats/funnel").await["data"].clone();
    let counts = |funnel: &Value| {
        let steps = funnel["steps"].as_array().expect("steps").iter();
        steps.map(|step| number_of(step, "count")).collect::<Vec<_>>()
    };
    assert_eq!(counts(&funnel), [4, 3, 2, 2, 1]);
    let steps = &funnel["steps"];
    assert_eq!(
        (&steps[1]["lost"]["count"], &steps[4]["percent"]),
        (&json!(1), &json!(25))
    );
    let weeks = funnel["weeks"].as_array().expect("weeks");
    let registered = weeks.iter().map(|week| number_of(&week["registered"], "count"));
    assert_eq!((weeks.len(), registered.sum::<u64>()), (12, 4));
    let unsettled = weeks.iter().filter(|week| week["is_settled"] == false);
    assert_eq!(unsettled.count(), 1, "that of the four");
    let past = followed(app, &format!("/v1/stats/funnel?as_of={then}")).await["data"].clone();
    assert_eq!(counts(&past), [4, 3, 0, 0, 0]);
}

/// The numbers of a page that lead to lists of shops.
fn numbers(page: &str) -> Vec<(usize, String)> {
    let links = page.split("<a href=\"").skip(1);
    let link = |link: &str| {
        let (href, rest) = link.split_once("\">")?;
        let count = rest.split_once("</a>")?.0.parse().ok()?;
        let href = href.replace("&#38;", "&");
        href.contains("/merchants?").then_some((count, href))
    };
    links.filter_map(link).collect()
}

#[tokio::test]
async fn each_number_of_a_page_opens_its_list() {
    let app = TestApp::start().await;
    let then = four_shops(&app).await;
    let pages = Pages::new(&app).await;
    for path in ["/ageing", "/funnel", "/ageing?tag=vip", "/funnel?stage=opened"] {
        for path in [
            path.to_owned(),
            format!("{path}{}as_of={then}", if path.contains('?') { '&' } else { '?' }),
        ] {
            let page = pages.get(&path).await;
            assert_eq!(page.status, 200, "{path}");
            let numbers = numbers(&page.text);
            assert!(
                !numbers.is_empty() || path.contains("vip") || path.contains("opened"),
                "{path}"
            );
            for (count, href) in numbers {
                let list = pages.get(&href).await;
                assert_eq!(list.text.matches("<tr id=\"mer_").count(), count, "{path}: {href}");
            }
        }
    }
    app.finish().await;
}

/// One shop says of its wait what the list says, where it is asked for: in its document, which then has a tag of its own, and on its
/// page.
async fn expect_alone(app: &TestApp, id: &str, wait: &Value) {
    let (api, path) = (&app.tenant.api, format!("/v1/merchants/{id}"));
    let plain = api.get(&path).await;
    assert!(plain.body.get("wait").is_none(), "nobody asked: {}", plain.text);
    let told = api.get(&format!("{path}?include=wait")).await;
    assert_eq!(told.body["wait"], *wait);
    let tags = [&plain, &told].map(|answer| answer.header("etag").expect("a tag").to_owned());
    assert_ne!(tags[0], tags[1]);
    let known = api.request(Method::GET, &format!("{path}?include=wait"));
    assert_eq!(Answer::to(known.header("if-none-match", &tags[1])).await.status, 304);
    let known = api.request(Method::GET, &format!("{path}?include=wait"));
    assert_eq!(Answer::to(known.header("if-none-match", &tags[0])).await.status, 200);
    // It is good for a change all the same.
    let change = api.request(Method::PATCH, &path).header("if-match", &tags[1]);
    Answer::to(change.json(&json!({ "tags": ["seen"] }))).await.expect(200);
    let then = api
        .get(&format!(
            "{path}?include=wait&as_of={}",
            text_of(&plain.body, "created_at")
        ))
        .await
        .expect(200);
    assert_eq!(then["wait"]["business_days"], 0, "as of its first day");
    for query in ["include=waits", "include=wait&as_of_version=1"] {
        api.get(&format!("{path}?{query}"))
            .await
            .problem(422, "validation_failed");
    }
    let page = Pages::new(app).await.get(&format!("/merchants/{id}")).await;
    assert!(page.text.contains("우리 대기의 100%보다 김"), "{}", page.text);
}

/// Thirty-one got their links after three days; the last one waits for ten.
#[tokio::test]
async fn a_wait_that_is_unusual_is_said_sorted_by_and_told_of() {
    let app = TestApp::start().await;
    let tenant = &app.tenant;
    let mut shops = Vec::new();
    for number in 0..32 {
        shops.push(tenant.register("acad-1", &format!("shop-{number}")).await);
    }
    app.advance(TimeDelta::days(3));
    for shop in &shops[1..] {
        tenant.issue_link(shop).await;
    }
    let waits = async |query: &str| {
        let page = tenant.api.get(&format!("/v1/merchants?{query}")).await.expect(200);
        let rows = page["data"].as_array().expect("a list").clone();
        rows.iter()
            .map(|row| (row["id"].clone(), row["wait"].clone()))
            .collect::<Vec<_>>()
    };
    // Today has not passed: nothing is usual yet.
    let said = waits("stage=registered").await;
    assert_eq!(said[0].1["longer_than_percent"], Value::Null, "{said:?}");
    app.advance(TimeDelta::days(7));
    let said = waits("sort=-wait").await;
    assert_eq!(said[0].0, shops[0]["id"]);
    assert_eq!(said[0].1["longer_than_percent"], 100, "{said:?}");
    assert_eq!(said[1].1["longer_than_percent"], Value::Null, "{said:?}");
    assert_eq!(waits("sort=wait").await[31].0, shops[0]["id"]);
    expect_alone(&app, id_of(&shops[0]), &said[0].1).await;

    work_today(&app).await;
    let seq = number_of(&shops[31], "seq");
    let rule = tenant.api.request(Method::PUT, "/v1/alert-rules/registered");
    let set = Answer::to(rule.header("if-match", "*").json(&json!({ "unusual": 90 })))
        .await
        .expect(200);
    assert_eq!((&set["unusual"], &set["late"]), (&json!(90), &Value::Null));
    let tomorrow = day_in_korea(app.now()).succ_opt().expect("a day");
    let opening = start_in_korea(tomorrow) + TimeDelta::hours(9);
    app.advance(opening - app.now());
    let raised = tenant
        .api
        .event_after(seq, |event| event["type"] == "alert.raised")
        .await;
    assert_eq!(
        (&raised["merchant_id"], &raised["data"]["severity"]),
        (&shops[0]["id"], &json!("warn"))
    );
    let rule = tenant.api.request(Method::PUT, "/v1/alert-rules/registered");
    let refused = Answer::to(rule.header("if-match", "*").json(&json!({ "unusual": 101 }))).await;
    assert_eq!(
        refused.problem(422, "validation_failed")["errors"][0]["code"],
        "out_of_range"
    );
    app.finish().await;
}

#[tokio::test]
async fn what_cannot_be_asked_is_named() {
    let app = TestApp::start().await;
    for (path, parameter, code) in [
        ("ageing?from=2026-01-01", "from", "unknown_field"),
        ("ageing?as_of=2999-01-01T00:00:00Z", "as_of", "in_the_future"),
        ("ageing?milestone=far", "milestone", "unknown_word"),
        ("durations?from=2026-1-1", "from", "not_a_day"),
        ("durations?from=2026-02-01&to=2026-01-01", "to", "ends_before_it_begins"),
        ("durations?from=2020-01-01&to=2026-01-01", "to", "too_many_days"),
        ("funnel?from=2020-01-01&to=2026-01-01", "to", "too_many_days"),
    ] {
        let problem = app
            .tenant
            .api
            .get(&format!("/v1/stats/{path}"))
            .await
            .problem(422, "validation_failed");
        let error = &problem["errors"][0];
        assert_eq!(
            (text_of(error, "parameter"), text_of(error, "code")),
            (parameter, code),
            "{path}"
        );
    }
    app.finish().await;
}
