//! Finding, filtering and counting, over HTTP: what the portal's list is made of.

use registry_tests::callback::{mapping, send_taken};
use registry_tests::tenant::id_of;
use registry_tests::{Answer, TestApp};
use reqwest::Method;
use serde_json::{Value, json};

/// The merchant codes of a list.
async fn codes(app: &TestApp, query: &str) -> Vec<String> {
    let page = app.tenant.api.get(&format!("/v1/merchants?{query}")).await.expect(200);
    codes_of(&page)
}

fn codes_of(page: &Value) -> Vec<String> {
    let rows = page["data"].as_array().expect("a list").iter();
    rows.map(|row| row["merchant_code"].as_str().expect("a code").to_owned())
        .collect()
}

async fn register(app: &TestApp, code: &str, more: Value) -> Value {
    let mut shop = json!({ "member_code": "acad-1", "merchant_code": code });
    let fields = shop.as_object_mut().expect("an object");
    fields.extend(more.as_object().expect("an object").clone());
    app.tenant.api.post("/v1/merchants", &shop).await.expect(201)
}

/// It gets a link, and Paymint looks at it.
async fn in_review(app: &TestApp, merchant: &Value, code: &str) {
    app.tenant.issue_link(merchant).await;
    let url = app.sandbox.mapping("acad-1", code).await.callback_url;
    send_taken(&url, mapping("acad-1", code, "P", None).to_string()).await;
}

#[tokio::test]
async fn every_filter_is_one_for_the_list_and_for_the_counts() {
    let app = TestApp::start().await;
    register(
        &app,
        "one",
        json!({ "company_name": "강남 카페", "tags": ["vip"], "metadata": { "region": "seoul" } }),
    )
    .await;
    register(
        &app,
        "two",
        json!({ "company_name": "가온 학원", "branch_name": "강남점", "tags": ["new"] }),
    )
    .await;
    let opened = register(&app, "three", json!({ "company_name": "ACME-Store" })).await;
    in_review(&app, &opened, "three").await;
    for (query, expected) in [
        ("next_actor=partner", &["one", "two"][..]),
        ("next_actor=upstream", &["three"]),
        ("next_actor=partner,upstream", &["one", "two", "three"]),
        ("link=none", &["one", "two"]),
        ("link=issued", &["three"]),
        ("attention=true", &[]),
        ("held=false&stage=in_review", &["three"]),
        ("may_bill=true", &[]),
        ("tag=vip", &["one"]),
        ("tag=vip,new", &["one", "two"]),
        ("metadata=region%3Dseoul", &["one"]),
        ("member_code=acad-1&tag=new", &["two"]),
        ("member_code=acad-2", &[]),
        ("q=%EA%B0%95%EB%82%A8", &["one", "two"]),
        ("q=%E3%84%B1%E3%84%B4%E3%85%8B%E3%85%8D", &["one"]),
        ("q=%EA%B0%95%EB%82%A8%20%EC%B9%B4%ED%8E%98", &["one"]),
        ("q=TH-REE", &["three"]),
        ("created_from=2000-01-01T00:00:00Z", &["one", "two", "three"]),
        ("created_until=2000-01-01T00:00:00Z", &[]),
        ("age_min=1", &[]),
        ("age_max=0", &["one", "two", "three"]),
    ] {
        let mut expected: Vec<_> = expected.iter().map(|code| (*code).to_owned()).collect();
        assert_eq!(
            codes(&app, &format!("{query}&sort=created_at")).await,
            expected,
            "{query}"
        );
        expected.reverse();
        assert_eq!(codes(&app, query).await, expected, "{query}, newest first");
        let counts = app
            .tenant
            .api
            .get(&format!("/v1/stats/review-status?{query}"))
            .await
            .expect(200);
        assert_eq!(counts["data"]["total"], expected.len(), "{query}");
    }
    let counts = app.tenant.api.get("/v1/stats/review-status").await.expect(200);
    assert_eq!(
        counts["data"]["by_next_actor"],
        json!({ "merchant": 0, "upstream": 1, "partner": 2, "none": 0 })
    );
    assert_eq!(counts["data"]["by_link"]["issued"], 1);
    app.finish().await;
}

#[tokio::test]
async fn a_filter_that_cannot_be_read_is_named() {
    let app = TestApp::start().await;
    for (query, code) in [
        ("next_actor=me", "unknown_word"),
        ("attention=yes", "unknown_word"),
        ("q=%EA%B0%95", "too_short"),
        ("q=ab", "too_short"),
        ("metadata=region", "not_an_entry"),
        ("age_min=-1", "out_of_range"),
        ("created_from=yesterday", "not_a_moment_or_day"),
    ] {
        for path in ["/v1/merchants", "/v1/stats/review-status"] {
            let answer = app.tenant.api.get(&format!("{path}?{query}")).await;
            let problem = answer.problem(422, "validation_failed");
            assert_eq!(problem["errors"][0]["code"], code, "{query}");
        }
    }
    app.finish().await;
}

#[tokio::test]
async fn pages_go_both_ways_in_every_order() {
    let app = TestApp::start().await;
    for (number, name) in ["라온", "가람", "다솜", "나래", "가람", "마루", "바다"]
        .into_iter()
        .enumerate()
    {
        register(&app, &format!("shop-{}", 9 - number), json!({ "company_name": name })).await;
    }
    for sort in ["created_at", "updated_at", "stage_since", "name", "merchant_code"] {
        for sort in [sort.to_owned(), format!("-{sort}")] {
            let whole = codes(&app, &format!("sort={sort}")).await;
            assert_eq!(whole.len(), 7);
            let (mut cursor, mut forward, mut pages) = (String::new(), Vec::new(), Vec::new());
            loop {
                let path = format!("/v1/merchants?sort={sort}&limit=3{cursor}");
                let page = app.tenant.api.get(&path).await.expect(200);
                assert_eq!(page["page"]["prev"].is_null(), forward.is_empty(), "{sort}");
                forward.extend(codes_of(&page));
                pages.push(page.clone());
                let Some(next) = page["page"]["next"].as_str() else {
                    break;
                };
                cursor = format!("&cursor={next}");
            }
            assert_eq!(forward, whole, "{sort}");
            // And back again.
            let mut page = pages.pop().expect("pages");
            while let Some(before) = pages.pop() {
                let cursor = page["page"]["prev"].as_str().expect("a page before").to_owned();
                let path = format!("/v1/merchants?sort={sort}&limit=3&cursor={cursor}");
                page = app.tenant.api.get(&path).await.expect(200);
                assert_eq!(codes_of(&page), codes_of(&before), "{sort}");
                assert!(page["page"]["next"].is_string(), "{sort}");
            }
            assert!(page["page"]["prev"].is_null(), "{sort}: the first has none before it");
        }
    }
    let names = codes(&app, "sort=name&limit=2").await;
    assert_eq!(names.len(), 2);
    assert!(
        names.contains(&"shop-8".to_owned()) && names.contains(&"shop-5".to_owned()),
        "both 가람: {names:?}"
    );
    app.finish().await;
}

#[tokio::test]
async fn a_list_is_sent_again_only_if_it_has_changed() {
    let app = TestApp::start().await;
    register(&app, "one", json!({})).await;
    let ask = |tag: Option<String>| {
        let request = app.tenant.api.request(Method::GET, "/v1/merchants");
        match tag {
            Some(tag) => request.header("if-none-match", tag),
            None => request,
        }
    };
    let first = ask(None).send().await.expect("an answer");
    let tag = first.headers()["etag"].to_str().expect("a tag").to_owned();
    let again = ask(Some(tag.clone())).send().await.expect("an answer");
    assert_eq!(
        (
            again.status().as_u16(),
            again.headers()["etag"].to_str().expect("a tag")
        ),
        (304, tag.as_str())
    );
    assert_eq!(again.bytes().await.expect("a body").len(), 0);
    register(&app, "two", json!({})).await;
    let changed = Answer::to(ask(Some(tag))).await.expect(200);
    assert_eq!(codes_of(&changed).len(), 2);
    app.finish().await;
}

/// Filter, order, names and documents are those of then.
#[tokio::test]
async fn a_list_of_a_moment_is_what_was_shown_then() {
    let app = TestApp::start().await;
    let shop = register(&app, "one", json!({ "company_name": "강남 카페", "tags": ["vip"] })).await;
    register(&app, "two", json!({ "company_name": "나래 학원" })).await;
    let then = app.tenant.api.get("/v1/stats/review-status").await.expect(200)["as_of"].clone();
    let then = then.as_str().expect("a moment").to_owned();
    let path = format!("/v1/merchants/{}", id_of(&shop));
    let change = json!({ "company_name": "하늘 약국", "tags": [] });
    let request = app.tenant.api.request(Method::PATCH, &path).header("if-match", "*");
    Answer::to(request.json(&change)).await.expect(200);
    in_review(&app, &shop, "one").await;
    register(&app, "three", json!({ "company_name": "강남 서점" })).await;

    for (query, now, before) in [
        // Paymint calls the first one 가나다 meanwhile.
        ("sort=name", &["one", "three", "two"][..], &["one", "two"][..]),
        ("q=%EA%B0%95%EB%82%A8&sort=created_at", &["three"], &["one"]),
        ("tag=vip", &[], &["one"]),
        ("stage=in_review", &["one"], &[]),
        (
            "stage=registered&sort=merchant_code",
            &["three", "two"],
            &["one", "two"],
        ),
    ] {
        assert_eq!(codes(&app, query).await, now, "{query} now");
        let past = format!("{query}&as_of={then}");
        assert_eq!(codes(&app, &past).await, before, "{query} then");
        let filters: Vec<_> = past.split('&').filter(|pair| !pair.starts_with("sort=")).collect();
        let path = format!("/v1/stats/review-status?{}", filters.join("&"));
        let counts = app.tenant.api.get(&path).await.expect(200);
        assert_eq!(counts["data"]["total"], before.len(), "{query} then");
    }
    let page = app
        .tenant
        .api
        .get(&format!("/v1/merchants?tag=vip&as_of={then}"))
        .await
        .expect(200);
    assert_eq!(
        page["data"][0]["business"]["company_name"], "강남 카페",
        "the document is of then"
    );
    let pages = app
        .tenant
        .api
        .get(&format!("/v1/merchants?sort=name&limit=1&as_of={then}"))
        .await
        .expect(200);
    let next = pages["page"]["next"].as_str().expect("a next page");
    let path = format!("/v1/merchants?sort=name&limit=1&as_of={then}&cursor={next}");
    assert_eq!(codes_of(&app.tenant.api.get(&path).await.expect(200)), ["two"]);
    // The cursor is of that moment.
    let path = format!("/v1/merchants?sort=name&limit=1&cursor={next}");
    app.tenant.api.get(&path).await.problem(400, "cursor_invalid");
    app.finish().await;
}
