//! The list of merchants, as people who go through hundreds of rows a day use it.

use std::time::{Duration, Instant};

use futures::future::join_all;
use registry_domain::people::Role;
use registry_tests::tenant::id_of;
use registry_tests::{BUSINESS_NUMBER, TestApp};
use serde_json::{Value, json};

use crate::chromium::Browser;
use crate::console::Pages;

/// A page of 500 rows is written within this time; without optimisation, within several times that.
const WRITTEN_WITHIN: Duration = Duration::from_millis(if cfg!(debug_assertions) { 1_500 } else { 300 });

/// How often it is tried: what else the machine does must not count.
const TRIES: usize = 5;

/// Shops, the first registered the last in the list.
async fn shops(app: &TestApp, count: usize) -> Vec<Value> {
    let register = async |number: usize| app.tenant.register("acad-12", &format!("store-{number:03}")).await;
    join_all((0..count).map(register)).await
}

/// What the list shows: its address, the rows, how far it is scrolled, and the row with the focus.
const STATE: &str = "const rows = [...document.querySelectorAll('row-select tbody tr')];
    return [location.href, rows.map((row) => row.id).join(), document.querySelector('.scroll').scrollTop,
      rows.indexOf(document.activeElement.closest('tr'))]";

#[tokio::test]
async fn one_comes_back_to_the_row_from_which_one_left() {
    let app = TestApp::start().await;
    let (home, link) = app.open_console().await;
    shops(&app, 150).await;
    let browser = Browser::open().await;
    browser.sign_in(&link).await;
    let list = format!("{home}/merchants?sort=created_at&limit=50");
    browser.client.goto(&list).await.expect("the list opens");
    for _ in 0..2 {
        let rows = browser.run(STATE).await[1].clone();
        browser.press("a[rel=next]").await;
        // The next page has other rows.
        let is_another = "return document.readyState === 'complete' && !!document.querySelector('row-select')
            && [...document.querySelectorAll('row-select tbody tr')].map((row) => row.id).join() !== arguments[0]";
        browser.until(is_another, vec![rows]).await;
    }
    let scroll = "const link = [...document.querySelectorAll('tbody a.name')][36];
        link.scrollIntoView({ block: 'center' }); return document.querySelector('.scroll').scrollTop";
    let top = browser.run(scroll).await;
    assert!(top.as_f64().is_some_and(|top| top > 300.0), "it is scrolled: {top}");
    let before = browser.run(STATE).await;
    assert!(
        before[0].as_str().is_some_and(|here| here.contains("cursor=")),
        "{before}"
    );
    let row = "tbody tr:nth-child(37) a.name";
    browser.click(row, "지금 할 일").await;
    browser.client.back().await.expect("one can go back");
    browser
        .until(
            "return !!document.querySelector('row-select tbody tr:focus-within')",
            Vec::new(),
        )
        .await;
    let after = browser.run(STATE).await;
    assert_eq!(after, json!([before[0], before[1], top, 36]));
    // And so it is by the page's own way back.
    browser.click(row, "지금 할 일").await;
    browser.press("a[data-back]").await;
    browser
        .until(
            "return !!document.querySelector('row-select tbody tr:focus-within')",
            Vec::new(),
        )
        .await;
    assert_eq!(browser.run(STATE).await, after);
    assert_eq!(browser.complaints().await, Vec::<String>::new());
    browser.close().await;
    app.finish().await;
}

#[tokio::test]
async fn five_hundred_rows_are_one_page_that_is_searched_as_one() {
    let app = TestApp::start().await;
    let shops = shops(&app, 501).await;
    let pages = Pages::new(&app).await;
    let (path, mut fastest) = ("/merchants?sort=created_at&limit=500", Duration::MAX);
    let mut page = pages.get(path).await;
    for _ in 0..TRIES {
        let begun = Instant::now();
        page = pages.get(path).await;
        fastest = fastest.min(begun.elapsed());
    }
    assert_eq!(page.text.matches("<tr id=\"mer_").count(), 500);
    assert!(page.text.contains("aria-current=\"true\">500</a>"), "it says how many");
    assert!(fastest < WRITTEN_WITHIN, "it took {fastest:?}");

    let (home, link) = app.open_console().await;
    let browser = Browser::open().await;
    browser.sign_in(&link).await;
    browser
        .client
        .goto(&format!("{home}{path}"))
        .await
        .expect("the list opens");
    // As Ctrl-F does: it finds what is not on the screen.
    let found = browser
        .run(
            "const found = find('store-479'); return [found, getSelection().anchorNode.parentElement.closest('tr').id]",
        )
        .await;
    assert_eq!(found, json!([true, id_of(&shops[479])]));
    assert_eq!(browser.complaints().await, Vec::<String>::new());
    browser.close().await;
    app.finish().await;
}

#[tokio::test]
async fn a_search_does_not_mind_case_dashes_and_blanks() {
    let app = TestApp::start().await;
    let shop = json!({ "member_code": "Acad-12", "merchant_code": "Store-3", "company_name": "Gangnam 떡볶이",
        "business_number": BUSINESS_NUMBER });
    let shop = app.tenant.api.post("/v1/merchants", &shop).await.expect(201);
    app.tenant.register("other", "shop").await;
    let pages = Pages::new(&app).await;
    for typed in [
        "acad-12",
        "STORE-3",
        " store-3 ",
        "gangnam",
        "1178178260",
        "117-81-78260",
        "117 81 78260",
        "117-81",
    ] {
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("q", typed)
            .finish();
        let page = pages.get(&format!("/merchants?{query}")).await;
        assert_eq!(page.text.matches("<tr id=\"mer_").count(), 1, "{typed}");
        assert!(page.text.contains(&format!("<tr id=\"{}\"", id_of(&shop))), "{typed}");
    }
    app.finish().await;
}

#[tokio::test]
async fn an_address_shows_a_colleague_the_same_rows() {
    let app = TestApp::start().await;
    let shops = shops(&app, 60).await;
    for shop in shops.iter().take(3) {
        app.tenant.issue_link(shop).await;
    }
    let (home, link) = app.open_console().await;
    let browser = Browser::open().await;
    browser.sign_in(&link).await;
    browser
        .client
        .goto(&format!("{home}/merchants"))
        .await
        .expect("the list opens");
    // By hand: a tab, an order, a search.
    browser.click("nav.tabs a:nth-child(4)", "링크").await;
    browser
        .until("return location.search.includes('stage=link_issued')", Vec::new())
        .await;
    browser.press(".sorts a:nth-child(2)").await;
    browser
        .until("return location.search.includes('sort=-updated_at')", Vec::new())
        .await;
    browser.fill(".find.list input", "store-00").await;
    browser
        .until("return location.search.includes('q=store-00')", Vec::new())
        .await;
    browser
        .until(
            "return document.querySelectorAll('row-select tbody tr').length === 3",
            Vec::new(),
        )
        .await;
    let typed = browser.run("return document.activeElement.value").await;
    assert_eq!(
        typed,
        json!("store-00"),
        "what is typed stays while the list changes below it"
    );
    let mine = browser.run(STATE).await;

    let (_, link) = app.open_console_for("이심사", Role::Viewer).await;
    let colleague = Browser::open().await;
    colleague.sign_in(&link).await;
    colleague
        .client
        .goto(mine[0].as_str().expect("an address"))
        .await
        .expect("it opens");
    let theirs = colleague.run(STATE).await;
    assert_eq!(theirs[1], mine[1], "the same rows in the same order");
    // A row is a link: the middle button opens it beside, and the list stays.
    let href = colleague
        .run("return document.querySelector('row-select tbody a.name').href")
        .await;
    let first = mine[1].as_str().and_then(|rows| rows.split(',').next()).expect("a row");
    assert_eq!(href, json!(format!("{home}/merchants/{first}")));
    colleague.press_middle("row-select tbody a.name").await;
    colleague.until_windows(2).await;
    assert_eq!(
        colleague.run("return location.href").await,
        mine[0],
        "the list is where it was"
    );
    browser.close().await;
    colleague.close().await;
    app.finish().await;
}

/// The codes of the rows, in their order.
const CODES: &str = "return [...document.querySelectorAll('row-select tbody tr')].map((row) => row.dataset.code)";

/// Of each column by which the list can be sorted: where it stands, its two orders, and the list in the first one.
const ORDERS: [(usize, [&str; 2], [&str; 4]); 5] = [
    // Names: 가, 나, 다, and one that has none stands by its code.
    (2, ["name", "-name"], ["s/3", "s/1", "s/2", "s/4"]),
    (3, ["merchant_code", "-merchant_code"], ["s/1", "s/2", "s/3", "s/4"]),
    (7, ["stage_since", "-stage_since"], ["s/2", "s/1", "s/3", "s/4"]),
    (8, ["-wait", "wait"], ["s/2", "s/1", "s/3", "s/4"]),
    (11, ["-updated_at", "updated_at"], ["s/4", "s/3", "s/1", "s/2"]),
];

#[tokio::test]
async fn each_head_that_sorts_sorts_both_ways() {
    let app = TestApp::start().await;
    for (code, name) in [("2", Some("다")), ("1", Some("나")), ("3", Some("가")), ("4", None)] {
        let mut shop = json!({ "member_code": "s", "merchant_code": code });
        if let Some(name) = name {
            shop["company_name"] = json!(name);
        }
        app.tenant.api.post("/v1/merchants", &shop).await.expect(201);
    }
    let (home, link) = app.open_console().await;
    let browser = Browser::open().await;
    browser.sign_in(&link).await;
    browser
        .client
        .goto(&format!("{home}/merchants"))
        .await
        .expect("the list opens");
    let sortable = browser
        .run("return [...document.querySelectorAll('thead th')].flatMap((th, at) => th.querySelector('a') ? [at + 1] : [])")
        .await;
    assert_eq!(
        sortable,
        json!(ORDERS.map(|(column, ..)| column)),
        "each is tried below"
    );
    for (column, sorts, rows) in ORDERS {
        for (sort, turned) in sorts.into_iter().zip([false, true]) {
            let head = format!("thead th:nth-child({column}) a");
            browser.press(&head).await;
            let is_sorted =
                "return location.search.includes('sort=' + arguments[0]) && document.readyState === 'complete'
                && !!document.querySelector('thead th:nth-child(' + arguments[1] + ')[aria-sort]')";
            browser.until(is_sorted, vec![json!(sort), json!(column)]).await;
            let marked = browser
                .run("return document.querySelectorAll('thead th[aria-sort]').length")
                .await;
            assert_eq!(marked, 1, "{sort}");
            let mut expected = rows.to_vec();
            if turned {
                expected.reverse();
            }
            assert_eq!(browser.run(CODES).await, json!(expected), "{sort}");
        }
    }
    assert_eq!(browser.complaints().await, Vec::<String>::new());
    browser.close().await;
    app.finish().await;
}

#[tokio::test]
async fn each_tab_counts_the_rows_that_its_list_shows() {
    let app = TestApp::start().await;
    let shops = shops(&app, 9).await;
    for (number, code) in ["P", "P", "S", "S", "R", "O"].into_iter().enumerate() {
        app.tenant.issue_link(&shops[number]).await;
        let mapping = app.sandbox.mapping("acad-12", &format!("store-{number:03}")).await;
        mapping.submit("가나다 학원").await;
        if code != "P" {
            mapping.review(code, Some("서류를 보내 주세요")).await;
        }
        app.tenant.settled(id_of(&shops[number])).await;
    }
    app.tenant.issue_link(&shops[6]).await;
    app.tenant.archive(&shops[7]).await;
    let (home, link) = app.open_console().await;
    let browser = Browser::open().await;
    browser.sign_in(&link).await;
    browser
        .client
        .goto(&format!("{home}/merchants?limit=500"))
        .await
        .expect("the list opens");
    // They are counted once the page stands.
    let counted =
        "return document.querySelectorAll('nav.tabs a b').length === document.querySelectorAll('nav.tabs a').length";
    browser.until(counted, Vec::new()).await;
    let tabs = browser
        .run("return [...document.querySelectorAll('nav.tabs a')].map((tab) => [tab.href, tab.querySelector('b').textContent])")
        .await;
    let tabs = tabs.as_array().expect("tabs");
    assert_eq!(tabs.len(), 10);
    let mut counts = Vec::new();
    for tab in tabs {
        let (href, count) = (tab[0].as_str().expect("an address"), tab[1].as_str().expect("a number"));
        browser.client.goto(href).await.expect("the list opens");
        let rows = "return document.querySelectorAll('row-select tbody tr').length === Number(arguments[0])";
        browser.until(rows, vec![json!(count)]).await;
        counts.push(count.parse::<u64>().expect("a number"));
    }
    // All but the archived one, those that are stuck, each stage, the archived one.
    assert_eq!((counts[0], counts[9]), (8, 1));
    assert_eq!(counts[2..9].iter().sum::<u64>(), 8, "{counts:?}");
    browser.close().await;
    app.finish().await;
}
