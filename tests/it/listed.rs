//! Upstream's list of all links, compared with the merchants that are registered.

use registry_tests::TestApp;
use registry_tests::tenant::id_of;
use serde_json::{Value, json};

/// The service with a list every second.
async fn listing() -> TestApp {
    TestApp::start_with(|config| config.reconcile_list_seconds = 1).await
}

/// Waits until the list has told something about a merchant.
async fn list_news(app: &TestApp, merchant: &Value, wanted: impl Fn(&Value) -> bool) -> Value {
    let is_it = |event: &Value| event["source"] == "list" && event["merchant_id"] == merchant["id"] && wanted(event);
    app.tenant.api.event(is_it).await
}

#[tokio::test]
async fn a_pair_that_only_upstream_knows_is_unclaimed_until_it_is_adopted() {
    let app = listing().await;
    let known = app.tenant.register("acad-1", "store-1").await;
    app.tenant.issue_link(&known).await;
    let mapping = app.sandbox.linked_elsewhere("acad-9", "store-9").await;
    mapping.review_unheard("O", None).await;

    let is_listed = |event: &Value| event["type"] == "unclaimed_merchant.listed";
    app.tenant.api.event(is_listed).await;
    let open = app.tenant.api.get("/v1/unclaimed-merchants").await.expect(200);
    let open = open["data"].as_array().expect("a list");
    assert_eq!(open.len(), 1, "what is registered is claimed: {open:?}");
    let pair = &open[0];
    assert_eq!(
        (
            &pair["member_code"],
            &pair["merchant_code"],
            &pair["listed"],
            &pair["callbacks"]
        ),
        (&json!("acad-9"), &json!("store-9"), &json!(true), &json!(0))
    );

    let path = format!("/v1/unclaimed-merchants/{}/adoption", id_of(pair));
    let adopted = app.tenant.api.post(&path, &json!({})).await.expect(200);
    // No callback has told the letter, so upstream is asked.
    let merchant = &adopted["merchant"];
    assert_eq!(
        (
            &merchant["stage"],
            &merchant["review"]["mapping_status"],
            &merchant["review"]["verification"]
        ),
        (&json!("opened"), &json!("COMPLETED"), &json!("verified")),
        "{merchant}"
    );
    app.finish().await;
}

#[tokio::test]
async fn a_shop_that_the_list_lacks_is_flagged_and_stays_what_it_was() {
    let app = listing().await;
    let mut shops = Vec::new();
    for code in ["store-1", "store-2"] {
        let shop = app.tenant.register("acad-1", code).await;
        app.tenant.issue_link(&shop).await;
        let mapping = app.sandbox.mapping("acad-1", code).await;
        mapping.submit("가나다 학원").await;
        mapping.review("O", None).await;
        // About an opening Paymint is asked at once.
        let is_it = |event: &Value| event["merchant_id"] == shop["id"] && event["data"]["verification"] == "verified";
        app.tenant.api.event(is_it).await;
        shops.push((shop, mapping));
    }
    let (gone, mapping) = &shops[0];
    mapping.delete_unheard().await;

    list_news(&app, gone, |event| event["data"]["missing"] == true).await;
    let flagged = app.tenant.api.merchant(id_of(gone)).await;
    assert_eq!(
        (&flagged["stage"], &flagged["unlinked"]),
        (&json!("opened"), &json!(false))
    );
    let warnings = flagged["warnings"].as_array().expect("a list");
    assert!(warnings.contains(&json!("missing_from_list")), "{warnings:?}");

    // Asked about this shop, upstream says more than its list.
    let path = format!("/v1/merchants/{}/reconciliations", id_of(gone));
    app.tenant.api.post(&path, &json!({})).await.expect(200);
    let now = app.tenant.api.merchant(id_of(gone)).await;
    assert_eq!((&now["stage"], &now["unlinked"]), (&json!("unlinked"), &json!(true)));

    let (kept, _) = &shops[1];
    let kept = app.tenant.api.merchant(id_of(kept)).await;
    assert_eq!(
        (&kept["review"]["code"], &kept["review"]["mapping_status"]),
        (&json!("O"), &json!("COMPLETED"))
    );
    assert_eq!(kept["warnings"], json!([]));
    app.finish().await;
}
