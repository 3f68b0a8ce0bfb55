//! Pages that listen: what they hear, when they do not, and what it costs.

use std::time::{Duration, Instant};

use futures::future::join_all;
use registry_domain::people::Role;
use registry_tests::api::{Answer, within};
use registry_tests::tenant::id_of;
use registry_tests::{PATIENCE, TestApp};
use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::chromium::Browser;
use crate::visitor::{Visitor, leads_to};

/// How many consoles are open.
const OPEN: usize = 50;

/// How long it is measured what they cost: longer than the time after which each is told that somebody is there.
const MEASURED: Duration = Duration::from_secs(17);

/// What they may cost, in hundredths of a processor.
const SHARE_MAX: u128 = 5;

/// How long pages may listen on whose session has ended: two seconds, and what a build with all checks takes.
const END_TIME: Duration = Duration::from_secs(4);

/// Whether a page listens.
const LISTENS: &str = "return !!document.querySelector('.live[data-live]')";

/// Has a page remember when it was seen and when it heard.
const WATCH: &str = "window.seen = []; window.heard = [];
    document.addEventListener('visibilitychange', () => seen.push([document.visibilityState, performance.now()]));
    for (const name of ['live:changed', 'live:again']) {
      document.addEventListener(name, () => heard.push(performance.now()));
    }
    performance.setResourceTimingBufferSize(10000);
    return document.visibilityState";

/// What it remembers, and when it asked for anything.
const WATCHED: &str = "return [seen, heard, performance.getEntriesByType('resource')
    .filter((it) => it.name.includes('/console/')).map((it) => it.startTime)]";

/// Opens the list, and waits until it listens.
async fn open_list(browser: &Browser, home: &str) {
    let list = format!("{home}/merchants");
    browser.client.goto(&list).await.expect("the list opens");
    browser.until(LISTENS, Vec::new()).await;
}

async fn rename(app: &TestApp, shop: &Value, name: &str) {
    let path = format!("/v1/merchants/{}", id_of(shop));
    let request = app.tenant.api.request(Method::PATCH, &path).header("if-match", "*");
    Answer::to(request.json(&json!({ "company_name": name })))
        .await
        .expect(200);
}

/// Somebody who is signed in.
async fn visitor(app: &TestApp) -> Visitor {
    let (_, link) = app.open_console_for("이열람", Role::Viewer).await;
    let path = link.strip_prefix(app.tenant.api.base()).expect("it is here");
    let mut visitor = Visitor::new(app);
    visitor.send(path, &[]).await;
    visitor
}

/// Where a page listens.
fn source(page: &Answer) -> String {
    let (_, rest) = page.text.split_once("data-src=\"").expect("it listens");
    let source = rest.split('"').next().expect("it ends");
    source.replace("&#38;", "&").replace("&amp;", "&")
}

/// What a stream says until it has said something.
async fn heard(stream: &mut Response, text: &str) -> String {
    let mut heard = String::new();
    let listening = async {
        while !heard.contains(text) {
            let part = stream.chunk().await.expect("it goes on").expect("it has not ended");
            heard.push_str(&String::from_utf8_lossy(&part));
        }
    };
    within(PATIENCE, listening).await;
    heard
}

#[tokio::test]
async fn what_changes_between_drawing_and_listening_is_heard() {
    let app = TestApp::start().await;
    let shops = [
        app.tenant.register("acad-1", "store-1").await,
        app.tenant.register("acad-1", "store-2").await,
    ];
    let visitor = visitor(&app).await;
    let at = |path: &str| format!("/console/{}{path}", app.tenant.slug);
    let list = visitor.get(&at("/merchants")).await;
    let page = visitor.get(&at(&format!("/merchants/{}", id_of(&shops[0])))).await;
    let callbacks = visitor.get(&at("/callbacks")).await;
    for shop in &shops {
        rename(&app, shop, "새 이름").await;
    }
    let told = |shop: &Value| format!("data: {}\n\n", id_of(shop));
    for drawn in [&list, &callbacks] {
        let mut stream = visitor.listen(&source(drawn)).await;
        let heard = heard(&mut stream, &told(&shops[1])).await;
        assert!(heard.contains(&told(&shops[0])), "{heard}");
        assert!(!heard.contains("event: again"), "{heard}");
    }
    let mut stream = visitor.listen(&source(&page)).await;
    let first = heard(&mut stream, &told(&shops[0])).await;
    assert!(!first.contains(id_of(&shops[1])), "nothing of others: {first}");
    // Whoever comes again says what they heard last, and hears what came since, and no more.
    let position = first
        .split("\nid: ")
        .nth(1)
        .and_then(|rest| rest.split('\n').next())
        .expect("a position");
    drop(stream);
    let mut stream = visitor.listen(&format!("{}&after={position}", at("/live?x=1"))).await;
    rename(&app, &shops[1], "또 새 이름").await;
    let second = heard(&mut stream, &told(&shops[1])).await;
    assert!(!second.contains(id_of(&shops[0])), "{second}");
    // A position of another log: the page is to be drawn anew.
    let mut stream = visitor.listen(&at("/live?after=999999")).await;
    heard(&mut stream, "event: again\n").await;
    app.finish().await;
}

/// One person does not keep the others of the tenant from listening, and whoever was signed out hears nothing more.
#[tokio::test]
async fn nobody_listens_with_more_pages_than_their_share_nor_without_a_session() {
    let app = TestApp::start().await;
    let mut visitor = visitor(&app).await;
    let (_, link) = app.open_console_for("김둘째", Role::Operator).await;
    let mut other = Visitor::new(&app);
    other
        .send(link.strip_prefix(app.tenant.api.base()).expect("it is here"), &[])
        .await;
    let live = format!("/console/{}/live", app.tenant.slug);
    let mut streams = join_all((0..OPEN).map(|_| visitor.listen(&live))).await;
    let refused = visitor.get(&live).await;
    assert_eq!(refused.status, 429, "{}", refused.text);
    let mut theirs = other.listen(&live).await;
    heard(&mut theirs, ": here").await;
    let began = Instant::now();
    leads_to(&visitor.send("/console/sign-out", &[]).await);
    for stream in &mut streams {
        let rest = async { while let Ok(Some(_)) = stream.chunk().await {} };
        within(PATIENCE, rest).await;
    }
    assert!(began.elapsed() < END_TIME, "they went on for {:?}", began.elapsed());
    app.finish().await;
}

#[tokio::test]
async fn a_page_that_nobody_sees_is_silent_and_catches_up() {
    let app = TestApp::start().await;
    let (home, link) = app.open_console().await;
    let shops = [
        app.tenant.register("acad-1", "store-1").await,
        app.tenant.register("acad-1", "store-2").await,
    ];
    let browser = Browser::open().await;
    browser.sign_in(&link).await;
    open_list(&browser, &home).await;
    assert_eq!(browser.run(WATCH).await, "visible");
    let page = browser.client.window().await.expect("a window");
    let other = browser.client.new_window(true).await.expect("another window");
    browser
        .client
        .switch_to_window(other.handle)
        .await
        .expect("it is in front");
    open_list(&browser, &home).await;
    for shop in &shops {
        rename(&app, shop, "새 이름").await;
    }
    browser.see("2건 변경됨").await;
    browser.client.close_window().await.expect("it closes");
    browser
        .client
        .switch_to_window(page)
        .await
        .expect("the first is in front");
    browser.see("2건 변경됨").await;
    let told = browser.run(WATCHED).await;
    let moments = |value: &Value| -> Vec<f64> {
        let all = value.as_array().expect("a list").iter();
        all.map(|it| it.as_f64().or(it[1].as_f64()).expect("a number"))
            .collect()
    };
    let (seen, heard, sent) = (moments(&told[0]), moments(&told[1]), moments(&told[2]));
    assert_eq!(
        (&told[0][0][0], &told[0][1][0]),
        (&json!("hidden"), &json!("visible")),
        "{told}"
    );
    assert!(
        heard.iter().all(|moment| *moment > seen[1]),
        "it heard while it was hidden: {told}"
    );
    assert!(
        !sent.iter().any(|moment| (seen[0]..seen[1]).contains(moment)),
        "it asked while it was hidden: {told}"
    );
    assert_eq!(browser.complaints().await, Vec::<String>::new());
    browser.close().await;
    app.finish().await;
}

#[tokio::test]
async fn a_page_hears_again_after_the_service_was_away() {
    let mut app = TestApp::start().await;
    let (home, link) = app.open_console().await;
    let shop = app.tenant.register("acad-1", "store-1").await;
    let browser = Browser::open().await;
    browser.sign_in(&link).await;
    open_list(&browser, &home).await;
    app.restart().await;
    rename(&app, &shop, "새 이름").await;
    browser.see("1건 변경됨").await;
    browser.until(LISTENS, Vec::new()).await;
    browser.close().await;
    app.finish().await;
}

/// How long the processors have worked for this process, for it and for the system: Linux counts in hundredths of a second.
fn worked() -> Duration {
    let told = std::fs::read_to_string("/proc/self/stat").expect("Linux tells");
    let (_, fields) = told.rsplit_once(") ").expect("its name ends");
    let ticks = fields
        .split(' ')
        .skip(11)
        .take(2)
        .map(|text| text.parse::<u64>().expect("a number"));
    Duration::from_millis(ticks.sum::<u64>() * 10)
}

#[tokio::test]
async fn fifty_open_consoles_cost_next_to_nothing() {
    let app = TestApp::start().await;
    let shop = app.tenant.register("acad-1", "store-1").await;
    let visitor = visitor(&app).await;
    let live = format!("/console/{}/live?after=0", app.tenant.slug);
    let mut streams = join_all((0..OPEN).map(|_| visitor.listen(&live))).await;
    let told = format!("data: {}\n", id_of(&shop));
    join_all(streams.iter_mut().map(|stream| heard(stream, &told))).await;
    let before = worked();
    let rest = join_all(streams.iter_mut().map(|stream| async {
        let mut parts = 0;
        let listening = async {
            while let Ok(Some(_)) = stream.chunk().await {
                parts += 1;
            }
        };
        tokio::time::timeout(MEASURED, listening)
            .await
            .expect_err("it does not end");
        parts
    }));
    let parts = rest.await;
    let spent = worked().saturating_sub(before);
    assert!(
        parts.iter().all(|parts| *parts > 0),
        "each was told that somebody is there: {parts:?}"
    );
    assert!(
        spent.as_millis() * 100 < MEASURED.as_millis() * SHARE_MAX,
        "{spent:?} of {MEASURED:?} for {OPEN} pages"
    );
    // And they do listen.
    rename(&app, &shop, "새 이름").await;
    join_all(streams.iter_mut().map(|stream| heard(stream, &told))).await;
    app.finish().await;
}
