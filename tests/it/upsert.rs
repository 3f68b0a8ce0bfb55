//! Registering or changing by the partner's own codes, and taking away what was said before.

use registry_tests::tenant::id_of;
use registry_tests::{Answer, Api, TestApp};
use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, IF_MATCH, IF_NONE_MATCH};
use serde_json::{Value, json};

async fn put(api: &Api, code: &str, body: &Value) -> Answer {
    let path = format!("/v1/merchants/by-reference/acad-1/{code}");
    Answer::to(api.request(Method::PUT, &path).json(body)).await
}

async fn patch(api: &Api, id: &str, media_type: &str, body: &Value) -> Answer {
    let request = api.request(Method::PATCH, &format!("/v1/merchants/{id}"));
    let request = request.header(IF_MATCH, "*").header(CONTENT_TYPE, media_type);
    Answer::to(request.body(body.to_string())).await
}

/// The second time there is nothing to do; what is left out stays, and null takes away.
#[tokio::test]
async fn a_shop_is_registered_once_however_often_it_is_put() {
    let app = TestApp::start().await;
    let api = &app.tenant.api;
    let body = json!({
        "company_name": "가나다 학원", "business_number": "117-81-78260", "tags": ["seoul"], "metadata": {"a": "1", "b": "2"},
    });
    let first = put(api, "store-1", &body).await;
    let location = first.header("location").expect("a new one has a place").to_owned();
    let first = first.expect(201);
    assert_eq!(location, format!("/v1/merchants/{}", id_of(&first)));
    assert_eq!(first["member_code"], "acad-1");

    let again = put(api, "store-1", &body).await.expect(200);
    assert_eq!(again, first);
    // A syllable is the same shop as its letters.
    let syllable = put(api, "%EA%B0%80", &json!({})).await.expect(201);
    assert_eq!(put(api, "%E1%84%80%E1%85%A1", &json!({})).await.expect(200), syllable);

    let changed = put(
        api,
        "store-1",
        &json!({"company_name": null, "tags": null, "metadata": {"c": "3"}}),
    )
    .await;
    let changed = changed.expect(200);
    assert_eq!(changed["business"]["company_name"], Value::Null);
    assert_eq!(changed["business"]["number"], first["business"]["number"]);
    assert_eq!(changed["tags"], json!([]));
    assert_eq!(changed["metadata"], json!({"c": "3"}));
    let event = api
        .timeline(id_of(&first))
        .await
        .into_iter()
        .next_back()
        .expect("it was told");
    assert_eq!(event["data"]["cleared"], json!(["company_name"]));
    // What was taken away is not found any more.
    let found = api.get("/v1/merchants?q=%EA%B0%80%EB%82%98%EB%8B%A4").await.expect(200);
    assert_eq!(found["data"], json!([]));
    app.finish().await;
}

/// Whoever comes second finds the shop that the first one registered.
#[tokio::test(flavor = "multi_thread")]
async fn many_who_put_the_same_shop_at_once_register_one() {
    let app = TestApp::start().await;
    let puts = (0..20).map(|number| {
        let api = app.tenant.api.clone();
        tokio::spawn(async move { put(&api, "store-1", &json!({"metadata": {"n": number.to_string()}})).await })
    });
    let mut registered = 0;
    for put in puts.collect::<Vec<_>>() {
        let answer = put.await.expect("no panic");
        assert!(matches!(answer.status, 200 | 201), "{}", answer.status);
        registered += usize::from(answer.status == 201);
    }
    assert_eq!(registered, 1);
    let list = app.tenant.api.get("/v1/merchants").await.expect(200);
    assert_eq!(list["data"].as_array().expect("a list").len(), 1);
    app.finish().await;
}

#[tokio::test]
async fn a_put_may_be_meant_for_a_new_shop_or_for_one_version_only() {
    let app = TestApp::start().await;
    let api = &app.tenant.api;
    let conditional = async |name, value: &str, body: Value| {
        let request = api.request(Method::PUT, "/v1/merchants/by-reference/acad-1/store-1");
        Answer::to(request.header(name, value).json(&body)).await
    };
    conditional(IF_MATCH, "*", json!({}))
        .await
        .problem(412, "version_mismatch");
    let created = conditional(IF_NONE_MATCH, "*", json!({"branch_name": "본점"})).await;
    let etag = created.header("etag").expect("an ETag").to_owned();
    created.expect(201);
    let again = conditional(IF_NONE_MATCH, "*", json!({"branch_name": "분점"})).await;
    assert_eq!(again.problem(412, "version_mismatch")["current_version"], 1);
    let changed = conditional(IF_MATCH, &etag, json!({"branch_name": "분점"}))
        .await
        .expect(200);
    assert_eq!(changed["business"]["branch_name"], "분점");
    conditional(IF_MATCH, &etag, json!({"branch_name": "본점"}))
        .await
        .problem(412, "version_mismatch");
    conditional(IF_NONE_MATCH, "\"1.1\"", json!({}))
        .await
        .problem(400, "malformed_request");
    app.finish().await;
}

#[tokio::test]
async fn codes_that_cannot_be_registered_are_named_with_their_place() {
    let app = TestApp::start().await;
    let refused = put(&app.tenant.api, &"x".repeat(61), &json!({}))
        .await
        .problem(422, "validation_failed");
    assert_eq!(refused["errors"][0]["parameter"], "merchant_code");
    let refused = put(&app.tenant.api, "store-1", &json!({"member_code": "acad-2"})).await;
    assert_eq!(
        refused.problem(422, "validation_failed")["errors"][0]["code"],
        "unknown_field"
    );
    app.finish().await;
}

/// RFC 7396: objects are merged, null takes away, lists are replaced.
#[tokio::test]
async fn a_merge_patch_merges() {
    const MERGE: &str = "application/merge-patch+json";
    let app = TestApp::start().await;
    let api = &app.tenant.api;
    let shop = put(
        api,
        "store-1",
        &json!({"branch_name": "본점", "tags": ["a"], "metadata": {"a": "1", "b": "2"}}),
    )
    .await;
    let shop = shop.expect(201);
    let id = id_of(&shop);
    let merged = patch(
        api,
        id,
        MERGE,
        &json!({"metadata": {"a": null, "c": "3", "none": null}, "tags": ["b"]}),
    )
    .await;
    let merged = merged.expect(200);
    assert_eq!(merged["metadata"], json!({"b": "2", "c": "3"}));
    assert_eq!(
        (&merged["tags"], &merged["business"]["branch_name"]),
        (&json!(["b"]), &json!("본점"))
    );
    let same = patch(api, id, MERGE, &json!({"metadata": {"c": "3", "none": null}}))
        .await
        .expect(200);
    assert_eq!(same["version"], merged["version"], "nothing was changed");

    let whole = patch(
        api,
        id,
        "application/json",
        &json!({"metadata": {"d": "4"}, "branch_name": null}),
    )
    .await;
    let whole = whole.expect(200);
    assert_eq!(whole["metadata"], json!({"d": "4"}));
    assert_eq!(whole["business"]["branch_name"], Value::Null);
    let refused = patch(api, id, "application/json", &json!({"metadata": {"d": null}})).await;
    assert_eq!(
        refused.problem(422, "validation_failed")["errors"][0]["pointer"],
        "/metadata/d"
    );

    // Each of them may be there; all of them may not.
    for part in 0..2 {
        let many: serde_json::Map<_, _> = (0..40).map(|n| (format!("{part}-{n}"), json!("x"))).collect();
        let answer = patch(api, id, MERGE, &json!({"metadata": many})).await;
        if part == 0 {
            answer.expect(200);
        } else {
            assert_eq!(
                answer.problem(422, "validation_failed")["errors"][0]["pointer"],
                "/metadata"
            );
        }
    }
    assert_eq!(
        patch(api, id, MERGE, &json!({"metadata": null})).await.expect(200)["metadata"],
        json!({})
    );
    app.finish().await;
}
