//! Two versions side by side on one PostgreSQL, as they are while an installation is upgraded: first the schema, then one
//! replica after the other.

use registry_tests::api::{text_of, until};
use registry_tests::callback::{mapping, send_taken};
use registry_tests::settings::settings;
use registry_tests::tenant::id_of;
use registry_tests::{Answer, TestNats, TestSandbox, TestTenant, check_published};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::task::block_in_place;

use super::released;
use super::site::{Engine, Site};

const MEMBER: &str = "acad-7";

/// The version before works on while its schema is replaced and the new version comes beside it; each reads what the other
/// has written, also out of the stream that one of them publishes.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the program of the version before: `cargo xtask upgrade` builds it"]
async fn the_version_before_works_on_until_the_new_one_has_taken_over() {
    let (nats, sandbox) = (TestNats::start(), TestSandbox::start().await);
    let version = released().pop().expect("there was a release");
    let mut site = block_in_place(|| Site::laid_out(Engine::Server, &version, &nats));
    let told = site.told().clone();
    let mut before = site.replica(&settings().before());
    let old = block_in_place(|| before.serve());
    let at_old = told.tenant(old.base_url());
    block_in_place(|| before.configure_upstream(&at_old.slug, &sandbox));
    work(&at_old, &sandbox, "before").await;

    block_in_place(|| site.migrate());
    told.expect_same(&at_old.api).await;
    work(&at_old, &sandbox, "on-the-new-schema").await;
    let new = block_in_place(|| site.installation.serve());
    let at_new = told.tenant(new.base_url());
    told.expect_same(&at_new.api).await;
    side_by_side(&at_old, &at_new, &sandbox).await;
    told.expect_same(&at_old.api).await;

    assert!(block_in_place(|| old.terminate()).success());
    work(&at_new, &sandbox, "after").await;
    check_published(&at_new, &nats).await;
    // What the version before has written lacks what it did not know, and is folded anew by itself.
    let is_renewed = || site.installation.run(&["rebuild", "--check"]).status.success();
    until(async || block_in_place(is_renewed)).await;
    // A fact that the version before could not have read: it waits until nobody does.
    let groups = at_new.api.request(Method::PUT, "/v1/role-mappings");
    let groups = groups.json(&json!({ "groups": { "after": "viewer" } }));
    Answer::to(groups).await.expect(200);
    let audit = at_new
        .api
        .get("/v1/audit?action=role_mappings.replaced")
        .await
        .expect(200);
    assert_eq!(audit["data"].as_array().map(Vec::len), Some(1));
    assert!(block_in_place(|| new.terminate()).success());
    block_in_place(|| {
        site.expect_proven();
        site.installation.print(&["rebuild", "--check"]);
    });
}

/// What is done all day.
async fn work(tenant: &TestTenant, sandbox: &TestSandbox, code: &str) {
    let merchant = tenant.register(MEMBER, code).await;
    let path = format!("/v1/merchants/{}", id_of(&merchant));
    tenant.issue_link(&merchant).await;
    let url = sandbox.mapping(MEMBER, code).await.callback_url;
    // The link's callbacks go to whoever issued it, or to the one who is there now.
    let url = format!(
        "{}{}",
        tenant.api.base(),
        &url[url.find("/cb/").expect("a callback URL")..]
    );
    for letter in ["W", "P", "S", "R"] {
        send_taken(&url, mapping(MEMBER, code, letter, Some(code)).to_string()).await;
    }
    send_taken(&url, "kein JSON").await;
    assert_eq!(tenant.api.merchant(id_of(&merchant)).await["stage"], "rejected");
    let request = tenant.api.request(Method::PATCH, &path).header("if-match", "*");
    Answer::to(request.json(&json!({ "tags": [code] }))).await.expect(200);
    tenant
        .api
        .post(&format!("{path}/notes"), &json!({ "text": code }))
        .await
        .expect(201);
    tenant.callback_url_for_bills(&merchant).await;
    let wish = json!({ "name": code, "scopes": ["merchants:read"] });
    let key = tenant.api.post("/v1/api-keys", &wish).await.expect(201);
    let api = tenant.api.with_key(text_of(&key, "secret"));
    let found = api.get(&format!("/v1/merchants?q={code}")).await.expect(200);
    let found = found["data"].as_array().expect("a list");
    assert!(found.iter().any(|it| it["id"] == merchant["id"]), "{found:?}");
    for path in [
        "/v1/me",
        "/v1/quarantine",
        "/v1/audit",
        "/v1/stats/review-status",
        "/readyz",
    ] {
        tenant.api.get(path).await.expect(200);
    }
}

/// Callbacks for one shop go to both in turns, and both see it alike.
async fn side_by_side(at_old: &TestTenant, at_new: &TestTenant, sandbox: &TestSandbox) {
    work(at_new, sandbox, "beside").await;
    work(at_old, sandbox, "beside-too").await;
    for code in ["beside", "beside-too"] {
        let path = format!("/v1/merchants/by-reference/{MEMBER}/{code}");
        let url = sandbox.mapping(MEMBER, code).await.callback_url;
        let path_of_url = &url[url.find("/cb/").expect("a callback URL")..];
        for (turn, letter) in ["P", "S", "R", "P", "S"].into_iter().enumerate() {
            let taker = if turn % 2 == 0 { at_old } else { at_new };
            let body = mapping(MEMBER, code, letter, Some(&format!("차례 {turn}")));
            send_taken(&format!("{}{path_of_url}", taker.api.base()), body.to_string()).await;
        }
        let (old, new) = (at_old.api.get(&path).await, at_new.api.get(&path).await);
        let (old, new): (Value, Value) = (old.expect(200), new.expect(200));
        assert_eq!((&old["seq"], &old["stage"]), (&new["seq"], &new["stage"]));
    }
}
