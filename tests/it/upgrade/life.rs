//! A life in which everything happens that a version stores: shops in every state, callbacks that could not be used, keys,
//! people, two tenants.

use registry_tests::api::{number_of, text_of};
use registry_tests::callback::{mapping, send_taken};
use registry_tests::tenant::id_of;
use registry_tests::{Answer, BUSINESS_NUMBER, TestSandbox, TestTenant, logs};
use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::task::block_in_place;

use super::site::Site;
use crate::visitor::{PASSWORD, Visitor, invite, leads_to};

const MEMBER: &str = "acad-1";
const LINK_KEY: &str = "link-1";

/// What is needed to go on with it.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Lived {
    /// One that may be called back.
    pub(super) shop: Shop,
    /// What was asked for with an Idempotency-Key.
    pub(super) link: Asked,
    /// Somebody with the usual password.
    pub(super) email: String,
}

/// A shop and where its callbacks go.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Shop {
    pub(super) id: String,
    merchant_code: String,
    pub(super) callback_path: String,
}

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Asked {
    pub(super) path: String,
    pub(super) key: String,
    pub(super) answer: Value,
}

impl Shop {
    pub(super) async fn call_back(&self, url: &str, code: &str, message: &str) {
        send_taken(
            url,
            mapping(MEMBER, &self.merchant_code, code, Some(message)).to_string(),
        )
        .await;
    }
}

pub(super) async fn live(tenant: &TestTenant, other: &TestTenant, sandbox: &TestSandbox, site: &Site) -> Lived {
    shop_that_is_asked_about(tenant, sandbox).await;
    // Who is opened is asked about at once, and an answer would come between what is seen.
    let settings = json!({
        "hold_seconds": 86_400, "low_balance_threshold": 5_500, "callbacks_missing_days": 90,
        "read_back": { "enabled": false, "path": "auth/mapping-status", "member_field": "memberId" },
    });
    tenant.set(&settings).await;
    tenant.api.get("/v1/balance").await.expect(200);
    shops_in_review(tenant, sandbox).await;
    shops_without_review(tenant, sandbox).await;
    let (shop, link) = shop_with_strays(tenant, sandbox).await;
    approvals(tenant, &shop).await;
    let slug = tenant.slug.as_str();
    let url = block_in_place(|| {
        let command = ["tenant", "callback-url", "--tenant", slug];
        let mut command = site.installation.command(&command);
        command.env("REGISTRY_PUBLIC_URL", tenant.api.base());
        let output = command.output().expect("the program starts");
        String::from_utf8(output.stdout).expect("a URL").trim().to_owned()
    });
    logs::secret(url.rsplit('/').next().expect("a token"));
    unclaimed(tenant, &url).await;
    keys(tenant).await;
    let email = people(tenant).await;
    other.register(MEMBER, "store-1").await;
    block_in_place(|| {
        site.installation
            .print(&["tenant", "suspend", "--tenant", other.slug.as_str()])
    });
    Lived { shop, link, email }
}

/// Opened, and Paymint has said so.
async fn shop_that_is_asked_about(tenant: &TestTenant, sandbox: &TestSandbox) {
    let body = json!({
        "member_code": MEMBER, "merchant_code": "opened", "company_name": "가나다 학원", "branch_name": "본점",
        "business_number": BUSINESS_NUMBER, "tags": ["seoul"], "metadata": { "crm": "42" },
    });
    let merchant = tenant.api.post("/v1/merchants", &body).await.expect(201);
    tenant.issue_link(&merchant).await;
    let shop = sandbox.mapping(MEMBER, "opened").await;
    shop.submit("가나다 학원").await;
    shop.review("O", None).await;
    let is_asked = |event: &Value| event["type"] == "status.observed";
    tenant.api.event(is_asked).await;
    tenant.reconcile(&merchant).await.expect(200);
    // Missed, and found by asking.
    shop.review_unheard("S", Some("통장 사본을 보내 주세요")).await;
    tenant.reconcile(&merchant).await.expect(200);
}

async fn shops_in_review(tenant: &TestTenant, sandbox: &TestSandbox) {
    for (code, letters) in [
        ("in-review", &["P"][..]),
        ("documents", &["S"]),
        ("rejected", &["R"]),
        ("unknown", &["X"]),
        ("held", &["O"]),
        ("unlinked", &["P"]),
    ] {
        let merchant = tenant.register(MEMBER, code).await;
        tenant.issue_link(&merchant).await;
        let shop = sandbox.mapping(MEMBER, code).await;
        for letter in letters {
            let body = mapping(MEMBER, code, letter, Some("심사 메시지"));
            send_taken(&shop.callback_url, body.to_string()).await;
        }
        // Of one that is opened this is doubtful.
        if ["held", "unlinked"].contains(&code) {
            let mut body = mapping(MEMBER, code, letters[0], None);
            body["merchant"]["isDeleted"] = json!("Y");
            send_taken(&shop.callback_url, body.to_string()).await;
        }
    }
}

async fn shops_without_review(tenant: &TestTenant, sandbox: &TestSandbox) {
    let archived = tenant.register(MEMBER, "archived").await;
    tenant.archive(&archived).await;
    let restored = tenant.register(MEMBER, "restored").await;
    tenant.archive(&restored).await;
    let path = |merchant: &Value, part: &str| format!("/v1/merchants/{}{part}", id_of(merchant));
    tenant
        .api
        .post(&path(&restored, "/restoration"), &json!({}))
        .await
        .expect(200);
    let change = json!({ "branch_name": "강남점", "tags": [], "metadata": { "crm": "43" } });
    let request = tenant.api.request(Method::PATCH, &path(&restored, ""));
    Answer::to(request.header("if-match", "*").json(&change))
        .await
        .expect(200);

    let revoked = tenant.register(MEMBER, "revoked").await;
    let link = tenant.issue_link(&revoked).await;
    let link = format!("/v1/registration-links/{}", id_of(&link));
    tenant.api.delete(&link).await.expect(200);
    let refused = tenant.register(MEMBER, "refused").await;
    sandbox.fail_mapping(&json!({ "answer": "PARTNER_001" })).await;
    tenant
        .ask_for_link(&refused, "refused-1")
        .await
        .problem(502, "upstream_refused");
    sandbox.faults(&json!({})).await;
}

/// One with a note, to which also came what could not be used.
async fn shop_with_strays(tenant: &TestTenant, sandbox: &TestSandbox) -> (Shop, Asked) {
    let code = "strays";
    let body = json!({ "member_code": MEMBER, "merchant_code": code, "business_number": BUSINESS_NUMBER });
    let merchant = tenant.api.post("/v1/merchants", &body).await.expect(201);
    let path = |part: &str| format!("/v1/merchants/{}/{part}", id_of(&merchant));
    let asked = tenant.ask_for_link(&merchant, LINK_KEY).await.expect(201);
    logs::secret(text_of(&asked, "url"));
    let link = Asked {
        path: path("registration-links"),
        key: LINK_KEY.to_owned(),
        answer: asked,
    };
    let url = sandbox.mapping(MEMBER, code).await.callback_url;
    let callback_path = url.strip_prefix(tenant.api.base()).expect("it is ours").to_owned();
    send_taken(&url, mapping(MEMBER, code, "P", None).to_string()).await;
    send_taken(&url, mapping(MEMBER, code, "P", None).to_string()).await;
    send_taken(&url, "kein JSON").await;
    send_taken(&url, mapping(MEMBER, "documents", "O", None).to_string()).await;
    send_taken(&url, mapping(MEMBER, "nobody", "O", None).to_string()).await;

    let quarantined = tenant.api.get("/v1/quarantine").await.expect(200);
    let events = quarantined["data"].as_array().expect("a list").clone();
    assert_eq!(events.len(), 3, "{quarantined}");
    let event = |number: usize| text_of(&events[number], "event_id").to_owned();
    let discard = json!({ "action": "discard", "reason": "시험 호출" });
    let request = tenant
        .api
        .request(Method::PUT, &format!("/v1/quarantine/{}/resolution", event(0)));
    Answer::to(request.json(&discard)).await.expect(200);
    tenant
        .api
        .get(&format!("/v1/callbacks/{}/payload", event(1)))
        .await
        .expect(200);

    let note = json!({ "text": "대표와 통화함" });
    let request = tenant.api.request(Method::POST, &path("notes")).json(&note);
    let on_behalf = request.header("registry-on-behalf-of", "%EA%B9%80%20%EB%8C%80%EB%A6%AC");
    Answer::to(on_behalf).await.expect(201);
    tenant.api.post(&path("reveals"), &json!({})).await.expect(200);
    let shop = Shop {
        id: id_of(&merchant).to_owned(),
        merchant_code: code.to_owned(),
        callback_path,
    };
    (shop, link)
}

async fn approvals(tenant: &TestTenant, shop: &Shop) {
    let merchant = tenant.api.merchant(&shop.id).await;
    let url = tenant.callback_url_for_bills(&merchant).await;
    for state in ["F", "F", "W"] {
        let approval = json!({
            "billId": "bill-1", "apprState": state, "apprPrice": "45000", "apprNum": "30012345",
            "apprDt": "20260701093000", "apprPayType": "CARD_VAN", "apprIssuer": "현대카드",
        });
        send_taken(&url, approval.to_string()).await;
    }
}

/// Shops that nobody has registered: one is left, one adopted, one dismissed.
async fn unclaimed(tenant: &TestTenant, url: &str) {
    for code in ["left", "adopted", "dismissed"] {
        send_taken(url, mapping("acad-5", code, "P", None).to_string()).await;
    }
    send_taken(url, "kein JSON").await;
    let seen = tenant.api.get("/v1/unclaimed-merchants").await.expect(200);
    for pair in seen["data"].as_array().expect("a list") {
        let path = |step: &str| format!("/v1/unclaimed-merchants/{}/{step}", id_of(pair));
        match text_of(pair, "merchant_code") {
            "adopted" => {
                let adopted = tenant.api.post_once(&path("adoption"), "adopt-1", &json!({})).await;
                adopted.expect(200);
            }
            "dismissed" => {
                let why = json!({ "reason": "시험 매장" });
                tenant.api.post(&path("dismissal"), &why).await.expect(200);
            }
            _ => {}
        }
    }
}

/// One that is rotated, one that is revoked, and one that was refused.
async fn keys(tenant: &TestTenant) {
    for (name, scopes) in [("portal", json!(["merchants:read"])), ("old", json!(["events:read"]))] {
        let wish = json!({ "name": name, "scopes": scopes });
        let key = tenant.api.post("/v1/api-keys", &wish).await.expect(201);
        let path = format!("/v1/api-keys/{}", id_of(&key));
        let api = tenant.api.with_key(text_of(&key, "secret"));
        api.get("/v1/api-keys").await.problem(403, "insufficient_scope");
        if name == "portal" {
            let rotated = tenant.api.post(&format!("{path}/rotations"), &json!({})).await;
            logs::secret(text_of(&rotated.expect(201), "secret"));
        } else {
            tenant.api.delete(&path).await.expect(200);
        }
    }
}

/// One who stays, one who goes, and groups of others. Returns the address of the one who stays.
async fn people(tenant: &TestTenant) -> String {
    for (name, role) in [("kim", "manager"), ("lee", "viewer")] {
        let invitation = invite(tenant, name, role).await;
        let mut visitor = Visitor::at(tenant.api.base());
        leads_to(&visitor.send(&invitation, &[("password", PASSWORD)]).await);
        leads_to(&visitor.send("/console/sign-out", &[]).await);
    }
    let people = tenant.api.get("/v1/people").await.expect(200);
    let lee = people["data"]
        .as_array()
        .expect("a list")
        .iter()
        .find(|it| it["name"] == "lee");
    let lee = format!("/v1/people/{}", id_of(lee.expect("lee has come")));
    let request = tenant.api.request(Method::PATCH, &lee);
    Answer::to(request.json(&json!({ "role": "operator" })))
        .await
        .expect(200);
    tenant.api.delete(&lee).await.expect(204);
    let groups = json!({ "groups": { "ops": "operator", "운영팀": "viewer" } });
    let request = tenant.api.request(Method::PUT, "/v1/role-mappings");
    Answer::to(request.json(&groups)).await.expect(200);
    // Comings and goings are facts of the log that nobody waits for.
    let mut position = 0;
    for kind in ["session.opened", "session.closed"] {
        for _ in 0..2 {
            let event = tenant.api.event_after(position, |event| event["type"] == kind).await;
            position = number_of(&event, "seq");
        }
        position = 0;
    }
    "kim@example.test".to_owned()
}
