//! What happened to a merchant, forwards and backwards, a page at a time.

use registry_tests::TestApp;
use registry_tests::tenant::id_of;
use serde_json::Value;

/// All pages of a list, each where the one before says; and how many there were.
async fn pages(app: &TestApp, path: &str, next: &str, parameter: &str) -> (Vec<Value>, usize) {
    let (mut data, mut pages) = (Vec::new(), 0);
    let mut place = String::new();
    loop {
        let page = app.tenant.api.get(&format!("{path}{place}")).await.expect(200);
        let events = page["data"].as_array().expect("a list");
        data.extend(events.iter().cloned());
        pages += 1;
        match page["page"][next].as_u64() {
            Some(version) if place != format!("&{parameter}={version}") => place = format!("&{parameter}={version}"),
            _ => return (data, pages),
        }
    }
}

#[tokio::test]
async fn a_timeline_is_read_from_either_end() {
    let app = TestApp::start().await;
    let merchant = app.tenant.register("acad-1", "store-1").await;
    app.tenant.issue_link(&merchant).await;
    let mapping = app.sandbox.mapping("acad-1", "store-1").await;
    mapping.submit("가나다 학원").await;
    // None of these is doubtful: nothing is asked, and nothing happens while the pages are read.
    for (letter, message) in [("P", None), ("S", Some("서류를 보내 주세요")), ("O", None)] {
        mapping.review(letter, message).await;
    }
    for list in ["events", "callbacks"] {
        let path = format!("/v1/merchants/{}/{list}?limit=2", id_of(&merchant));
        let (mut oldest_first, _) = pages(&app, &path, "next_after_version", "after_version").await;
        let (newest_first, count) = pages(
            &app,
            &format!("{path}&sort=-version"),
            "next_before_version",
            "before_version",
        )
        .await;
        assert!(count >= 2, "{list}: {count} pages");
        oldest_first.reverse();
        assert_eq!(newest_first, oldest_first, "{list}");
    }
    let path = format!("/v1/merchants/{}/callbacks?sort=-version&limit=1", id_of(&merchant));
    let newest = app.tenant.api.get(&path).await.expect(200);
    assert_eq!(newest["data"][0]["data"]["code"], "O");
    let beyond = app
        .tenant
        .api
        .get(&format!("{path}&before_version=9000000000"))
        .await
        .expect(200);
    assert_eq!(beyond["data"], newest["data"]);
    app.finish().await;
}

#[tokio::test]
async fn a_page_has_one_beginning() {
    let app = TestApp::start().await;
    let merchant = app.tenant.register("acad-1", "store-1").await;
    for list in ["events", "callbacks"] {
        for (query, parameter, code) in [
            ("before_version=3", "before_version", "not_combinable"),
            ("sort=-version&after_version=3", "after_version", "not_combinable"),
            ("sort=-version&before_version=0", "before_version", "out_of_range"),
            ("sort=newest", "sort", "unknown_word"),
            ("sort=newest&before_version=3", "sort", "unknown_word"),
        ] {
            let path = format!("/v1/merchants/{}/{list}?{query}", id_of(&merchant));
            let problem = app.tenant.api.get(&path).await.expect(422);
            let errors = problem["errors"].as_array().expect("a list");
            assert_eq!(errors.len(), 1, "{path}: {problem}");
            let error = &errors[0];
            assert_eq!(
                (&error["parameter"], &error["code"]),
                (&parameter.into(), &code.into()),
                "{path}"
            );
        }
    }
    app.finish().await;
}
