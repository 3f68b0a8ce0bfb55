//! What the console says of what happened: when, by whom, through what, and how one finds it again.

use std::collections::BTreeMap;

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use regex::Regex;
use registry_domain::people::Role;
use registry_tests::api::{number_of, text_of};
use registry_tests::callback::{is_taken, mapping, send_taken, try_send_through};
use registry_tests::tenant::id_of;
use registry_tests::{Answer, TestApp, TestTenant};
use serde_json::{Value, json};

use crate::console::{Pages, hidden};

/// How far Korea is ahead.
const AHEAD: TimeDelta = TimeDelta::hours(9);

/// The day of a moment in Korea.
fn day_of(moment: DateTime<Utc>) -> NaiveDate {
    (moment + AHEAD).date_naive()
}

/// When a shop was registered.
fn registered(shop: &Value) -> DateTime<Utc> {
    text_of(shop, "created_at").parse().expect("a time")
}

/// Puts the clock to so long after the beginning of the next day in Korea, or before it.
fn to_next_day(app: &TestApp, now: DateTime<Utc>, after: TimeDelta) {
    // One that has come already is that of the day after.
    let next = day_of(now - after).checked_add_days(Days::new(1)).expect("a day");
    let begin = next.and_hms_opt(0, 0, 0).expect("midnight").and_utc() - AHEAD;
    app.advance(begin + after - now);
}

#[tokio::test]
async fn a_day_is_that_of_korea_wherever_it_is_asked_for() {
    let app = TestApp::start().await;
    let register = async |code| app.tenant.register("acad-12", code).await;
    let now = registered(&register("before").await);
    to_next_day(&app, now, -TimeDelta::minutes(2));
    let evening = register("evening").await;
    to_next_day(&app, registered(&evening), TimeDelta::minutes(2));
    let night = register("night").await;
    to_next_day(&app, registered(&night), TimeDelta::minutes(2));
    let morning = register("morning").await;
    let moments = [&evening, &night, &morning].map(registered);
    assert_eq!(
        moments[0].date_naive(),
        moments[1].date_naive(),
        "one day elsewhere, two here"
    );

    let auditor = Pages::of(&app, "감사자 박", Role::Auditor).await;
    let whole = |moment: DateTime<Utc>| (moment + AHEAD).format("%Y-%m-%d %H:%M:%S KST").to_string();
    for (index, moment) in moments.into_iter().enumerate() {
        let day = day_of(moment);
        let path = format!("/audit?action=merchant.registered&from={day}&to={day}");
        let page = auditor.get(&path).await;
        assert_eq!(page.status, 200, "{}", page.text);
        for (other, shop) in [&evening, &night, &morning].into_iter().enumerate() {
            let is_there = page.text.contains(&format!("/merchants/{}\"", id_of(shop)));
            assert_eq!(is_there, other == index, "{day}: {shop}");
        }
        // The row, the record of the shop and the fields say the same, and in which zone.
        assert!(page.text.contains(&whole(moment)), "{}", page.text);
        let record = auditor
            .get(&format!("/merchants/{}", id_of([&evening, &night, &morning][index])))
            .await;
        assert!(
            record.text.contains(&format!("title=\"{}\"", whole(moment))),
            "{}",
            record.text
        );
        for field in [
            format!("name=\"from\" type=\"date\" value=\"{day}\""),
            format!("name=\"to\" type=\"date\" value=\"{day}\""),
            "부터 (KST)".to_owned(),
            "까지 (KST)".to_owned(),
            "모든 시각 KST".to_owned(),
        ] {
            assert!(page.text.contains(&field), "{field} is missing");
        }
        // As of the end of the day, the next day's shop was not there yet.
        let then = format!("/merchants/{}?as_of={day}T23:59:59", id_of(&evening));
        let expected = if day >= day_of(moments[0]) { 200 } else { 404 };
        let is_past = day < day_of(moments[2]);
        if is_past {
            assert_eq!(auditor.get(&then).await.status, expected, "{then}");
            let later = format!("/merchants/{}?as_of={day}T23:59:59", id_of(&morning));
            assert_eq!(auditor.get(&later).await.status, 404, "{later}");
        }
    }
    // A minute is meant to its end as well.
    let minute = (moments[1] + AHEAD).format("%Y-%m-%dT%H:%M");
    let page = auditor
        .get(&format!("/audit?action=merchant.registered&from={minute}&to={minute}"))
        .await;
    assert!(
        page.text.contains(&format!("/merchants/{}\"", id_of(&night))),
        "{}",
        page.text
    );
    assert!(
        page.text
            .contains(&format!("type=\"datetime-local\" value=\"{minute}\""))
    );
    app.finish().await;
}

#[tokio::test]
async fn callbacks_are_found_by_the_day_on_which_they_came() {
    let app = TestApp::start().await;
    app.tenant.set(&json!({ "read_back": { "enabled": false } })).await;
    let shop = app.tenant.register("acad-12", "store-3").await;
    app.tenant.issue_link(&shop).await;
    let url = app.sandbox.mapping("acad-12", "store-3").await.callback_url;
    let mut came: Vec<DateTime<Utc>> = Vec::new();
    let mut now = registered(&shop);
    for (number, after) in [-TimeDelta::minutes(2), TimeDelta::minutes(2), TimeDelta::minutes(2)]
        .into_iter()
        .enumerate()
    {
        to_next_day(&app, now, after);
        let body = mapping("acad-12", "store-3", "S", Some(&format!("서류 {number}번")));
        send_taken(&url, body.to_string()).await;
        let timeline = app.tenant.api.timeline(id_of(&shop)).await;
        let last = timeline
            .iter()
            .rfind(|event| event["type"] == "callback.received")
            .expect("it is there");
        now = text_of(&last["data"], "received_at").parse().expect("a time");
        came.push(now);
    }
    let pages = Pages::new(&app).await;
    let moments = |page: &Answer| -> Vec<String> {
        let row = Regex::new("<tr id=\"evt_\\w+\"><td><a[^>]*><time[^>]* title=\"([^\"]+)\"").expect("a pattern");
        row.captures_iter(&page.text).map(|found| found[1].to_owned()).collect()
    };
    let whole = |moment: DateTime<Utc>| (moment + AHEAD).format("%Y-%m-%d %H:%M:%S KST").to_string();
    for moment in &came {
        let page = pages.get(&format!("/callbacks?day={}", day_of(*moment))).await;
        assert_eq!(moments(&page), [whole(*moment)], "{}", page.text);
        assert!(page.text.contains("날짜 (KST)"));
    }
    let all = pages.get("/callbacks").await;
    assert_eq!(moments(&all), came.iter().rev().copied().map(whole).collect::<Vec<_>>());
    let empty = pages.get("/callbacks?day=2020-01-01").await;
    assert!(empty.text.contains("이 날 받은 콜백이 없습니다"), "{}", empty.text);
    assert_eq!(pages.get("/callbacks?day=yesterday").await.status, 422);
    app.finish().await;
}

/// A shop with a review that told something new so often, and a callback that could not be used.
async fn talked_about(app: &TestApp, tenant: &TestTenant, times: usize) -> Value {
    // Whoever is asked about each would have more to tell.
    tenant.set(&json!({ "read_back": { "enabled": false } })).await;
    let shop = tenant.register("acad-12", "store-3").await;
    tenant.issue_link(&shop).await;
    let url = app.sandbox.mapping("acad-12", "store-3").await.callback_url;
    let http = registry_tests::api::http_client();
    let other = mapping("acad-99", "store-9", "P", None);
    let said = (0..times).map(|number| mapping("acad-12", "store-3", "S", Some(&format!("서류 {number}번"))));
    for body in said.chain([other]) {
        let answer = try_send_through(&http, &url, body.to_string())
            .await
            .expect("it is answered");
        assert!(is_taken(&answer), "{}", answer.text);
    }
    tenant.api.merchant(id_of(&shop)).await
}

/// The kinds of lines that a page offers, with their counts.
fn kinds(page: &Answer) -> BTreeMap<String, String> {
    let chip =
        Regex::new("<a href=\"[^\"]*\"(?: aria-current=\"true\")?>([^<]+) <b>([^<]+)</b></a>").expect("a pattern");
    let (_, rest) = page.text.split_once("class=\"seg kinds\"").expect("there are kinds");
    let nav = rest.split("</nav>").next().expect("it ends");
    let chips = chip
        .captures_iter(nav)
        .map(|found| (found[1].to_owned(), found[2].to_owned()));
    chips.collect()
}

/// The versions of the lines that a page shows.
fn versions(page: &Answer) -> Vec<u64> {
    let line = Regex::new("<li id=\"v(\\d+)\">").expect("a pattern");
    let lines = line
        .captures_iter(&page.text)
        .map(|found| found[1].parse().expect("a number"));
    lines.collect()
}

/// Where older lines are.
fn older(page: &Answer) -> Option<String> {
    let (_, rest) = page.text.split_once("<footer><a href=\"")?;
    let href = rest.split('"').next().expect("it ends");
    Some(href.replace("&#38;", "&").replace("&amp;", "&"))
}

#[tokio::test]
async fn a_long_record_is_read_kind_by_kind_and_stretch_by_stretch() {
    let app = TestApp::start().await;
    let shop = talked_about(&app, &app.tenant, 270).await;
    let version = number_of(&shop, "version");
    assert!(version > 540, "{version}");
    let pages = Pages::new(&app).await;
    let path = format!("/merchants/{}", id_of(&shop));
    let mut page = pages.get(&path).await;
    let counted = kinds(&page);
    // More than is read at once: the counts say that there are others.
    assert_eq!(counted["전체"], "500+", "{counted:?}");
    assert_eq!(counted["문제만"], "1+", "{counted:?}");
    assert_eq!(counted["콜백"], "250+", "{counted:?}");
    let trouble = pages.get(&format!("{path}?kind=trouble")).await;
    assert_eq!(versions(&trouble), [version], "the one that could not be used");

    let mut seen = versions(&page);
    assert_eq!(seen.len(), 50, "the first fifty are drawn");
    while let Some(next) = older(&page) {
        page = pages.get(&next).await;
        assert_eq!(page.status, 200, "{next}");
        assert!(versions(&page).len() <= 50);
        seen.extend(versions(&page));
    }
    assert_eq!(
        seen,
        (1..=version).rev().collect::<Vec<_>>(),
        "each line once, to the first"
    );
    app.finish().await;
}

#[tokio::test]
async fn minutes_stand_in_lists_and_seconds_are_at_hand() {
    let app = TestApp::start().await;
    let shop = talked_about(&app, &app.tenant, 1).await;
    app.advance(TimeDelta::minutes(12));
    let pages = Pages::new(&app).await;
    let time = |text: &str| {
        let moment = "title=\"\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d KST\"";
        Regex::new(&format!("<time datetime=\"[^\"]+Z\" {moment}>{text}</time>")).expect("a pattern")
    };
    let list = pages.get("/merchants").await;
    assert!(time("1[23]분").is_match(&list.text), "{}", list.text);
    let page = pages.get(&format!("/merchants/{}", id_of(&shop))).await;
    let line = Regex::new("<time datetime=\"[^\"]+Z\" title=\"[^\"]+ KST\"><b>[^<]+</b> \\d\\d:\\d\\d:\\d\\d</time>");
    assert_eq!(
        line.expect("a pattern").find_iter(&page.text).count(),
        versions(&page).len(),
        "each line says the second"
    );
    app.finish().await;
}

/// The line of an event, as a page shows it.
fn line<'a>(page: &'a Answer, sentence: &str) -> &'a str {
    let mut lines = page.text.split("<li id=\"v").skip(1);
    let found = lines.find(|line| line.contains(sentence));
    found.unwrap_or_else(|| panic!("{sentence} is not told in {}", page.text))
}

#[tokio::test]
async fn a_line_says_who_did_it_through_what_and_what_changed() {
    let app = TestApp::start().await;
    let shop = talked_about(&app, &app.tenant, 2).await;
    let path = format!("/merchants/{}", id_of(&shop));
    let manager = Pages::new(&app).await;
    let page = manager.get(&path).await;
    let key = hidden(&page, "key").to_owned();
    let version = shop["version"].to_string();
    manager.send(&format!("{path}/archive"), &[("version", &version)]).await;
    manager.send(&format!("{path}/restore"), &[("key", &key)]).await;
    let page = manager.get(&path).await;
    for (sentence, who) in [
        (">보관<", "콘솔 · 김운영"),
        ("가맹점 등록", "API"),
        ("서류 1번", "콜백"),
    ] {
        let line = line(&page, sentence);
        let told = line.split("</summary>").next().expect("it ends");
        assert!(
            told.contains(&format!("<span class=\"meta\">{who}")),
            "{sentence}: {told}"
        );
    }
    let changed = line(&page, "서류 1번");
    let (_, diff) = changed
        .split_once("<table class=\"diff\">")
        .expect("what changed is at hand");
    assert!(diff.contains("서류 0번") && diff.contains("서류 1번"), "{diff}");

    // All that somebody did, and nothing that others did.
    let people = app.tenant.api.get("/v1/people").await.expect(200);
    let kim = id_of(&people["data"][0]);
    let auditor = Pages::of(&app, "감사자 박", Role::Auditor).await;
    let of_kim = auditor
        .get(&format!("/audit?actor={kim}&merchant_id={}", id_of(&shop)))
        .await;
    let rows = of_kim.text.matches("<tr id=\"evt_").count();
    assert_eq!(
        (rows, of_kim.text.matches(">김운영</a>").count()),
        (2, 2),
        "{}",
        of_kim.text
    );
    app.finish().await;
}

#[tokio::test]
async fn what_is_refused_to_a_person_is_on_record() {
    let app = TestApp::start().await;
    let viewer = Pages::of(&app, "이열람", Role::Viewer).await;
    let refused = Answer::to(viewer.form("/keys", &[("name", "x"), ("key", "k")])).await;
    assert_eq!(refused.status, 403);
    assert!(refused.text.contains("필요한 권한: API 키 관리"), "{}", refused.text);
    let event = app.tenant.api.event(|event| event["type"] == "access.refused").await;
    assert_eq!(event["actor"]["type"], "user", "{event}");
    let auditor = Pages::of(&app, "감사자 박", Role::Auditor).await;
    let page = auditor.get("/audit?outcome=refused").await;
    assert!(
        page.text.contains(">이열람</a>") && page.text.contains("API 키"),
        "{}",
        page.text
    );
    app.finish().await;
}
