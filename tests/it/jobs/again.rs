//! What of many shops' callbacks is in quarantine is driven again.

use registry_domain::tenant::Scope;
use registry_tests::TestApp;
use registry_tests::callback::{mapping, send_taken};
use serde_json::json;

use super::{confirm, count, ended, plan, rows, shops};

/// Shops that were spoken of before anybody had registered them.
const EARLY: usize = 3;

#[tokio::test]
async fn what_came_before_shops_were_registered_is_driven_again_for_all_of_them() {
    let app = TestApp::start().await;
    let tenant = &app.tenant;
    // A doubtful callback would have it ask, and be settled by the answer.
    tenant.set(&json!({ "read_back": { "enabled": false } })).await;
    let url = app.tenant_callback_url(tenant.id);
    for number in 0..EARLY {
        for (code, message) in [("W", None), ("P", None), ("S", Some("통장 사본"))] {
            let body = mapping("acad-12", &format!("store-{number}"), code, message);
            send_taken(&url, body.to_string()).await;
        }
    }
    let ids = shops(tenant, EARLY + 1).await;
    // What names a shop that there is not stays where it is.
    let shop = tenant.api.merchant(&ids[0]).await;
    tenant.issue_link(&shop).await;
    let own_url = app.sandbox.mapping("acad-12", "store-0").await.callback_url;
    send_taken(&own_url, mapping("acad-12", "store-99", "P", None).to_string()).await;

    let wish = json!({ "action": "redrive", "filter": "member_code=acad-12&sort=created_at" });
    let scopes = Scope::ALL
        .iter()
        .copied()
        .filter(|scope| *scope != Scope::QuarantineWrite);
    let unfit = app.key(tenant.id, &scopes.collect::<Vec<_>>()).await;
    let problem = unfit.post("/v1/plans", &wish).await.problem(403, "insufficient_scope");
    assert_eq!(problem["required_scope"], "quarantine:write");

    let planned = plan(tenant, wish.clone()).await;
    assert_eq!((&planned["count"], &planned["eligible"]), (&json!(4), &json!(3)));
    assert_eq!(
        planned["refused"],
        json!([{ "code": "nothing_quarantined", "count": 1 }])
    );
    let done = confirm(tenant, &planned).await;
    let done = ended(tenant, &done).await;
    assert_eq!((count(&done, "done"), count(&done, "failed")), (2, 1), "{done}");
    assert_eq!(done["failures"], json!([{ "code": "still_quarantined", "count": 1 }]));
    for id in &ids[..EARLY] {
        let shop = tenant.api.merchant(id).await;
        assert_eq!(
            shop["review"]["message"], "통장 사본",
            "in the order in which they came"
        );
    }
    let states: Vec<_> = rows(tenant, &done).await;
    let states: Vec<_> = states
        .iter()
        .map(|row| row["state"].as_str().unwrap_or_default())
        .collect();
    assert_eq!(states, ["failed", "done", "done", "refused"]);
    let left = tenant.api.get("/v1/quarantine").await.expect(200);
    assert_eq!(left["data"].as_array().map(Vec::len), Some(1), "{left}");

    let again = plan(tenant, wish).await;
    assert_eq!((&again["count"], &again["eligible"]), (&json!(4), &json!(1)));
    app.finish().await;
}
