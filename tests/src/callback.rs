//! Callbacks as the upstream sends them, without the sandbox: for what it would never send, and for many at once.

use std::path::Path;

use registry_domain::TenantId;
use registry_urls::{CallbackToken, PublicUrl, TokenKeys};
use serde_json::{Value, json};

use crate::api::{Answer, http_client};
use crate::logs;

/// The callback URL that stands for a whole tenant, as an operator gets it who has the keys of a data directory.
pub fn tenant_url(data_dir: &Path, base_url: &str, tenant_id: TenantId) -> String {
    let keys = std::fs::read_to_string(data_dir.join("keys/callback.keys")).expect("the keys can be read");
    let keys = TokenKeys::parse(&keys).expect("they are keys");
    let public_url = PublicUrl::parse(base_url).expect("a URL");
    let url = public_url.callback_url(&keys, CallbackToken::Tenant { tenant_id });
    logs::secret(url.rsplit('/').next().expect("a token"));
    url
}

/// The official payload of a mapping callback.
pub fn mapping(member: &str, merchant: &str, code: &str, message: Option<&str>) -> Value {
    json!({
        "memberId": member,
        "merchantId": merchant,
        "member": { "id": "kim01" },
        "merchant": {
            "companyName": "가나다 학원",
            "branchName": "본점",
            "businessNumber": crate::BUSINESS_NUMBER,
            "reviewStatus": code,
            "reviewMessage": message,
            "isDeleted": "N",
        },
    })
}

/// Sends bytes to a callback URL; an error if no answer came.
pub async fn try_send(url: &str, body: impl Into<reqwest::Body>) -> reqwest::Result<Answer> {
    try_send_through(&http_client(), url, body).await
}

/// The same on connections that are kept: for whoever sends many.
pub async fn try_send_through(
    http: &reqwest::Client,
    url: &str,
    body: impl Into<reqwest::Body>,
) -> reqwest::Result<Answer> {
    let request = http.post(url).header("content-type", "application/json").body(body);
    Answer::try_to(request).await
}

/// Sends bytes to a callback URL.
pub async fn send(url: &str, body: impl Into<reqwest::Body>) -> Answer {
    try_send(url, body).await.expect("the callback is answered")
}

/// Whether the answer says that the callback is safe.
pub fn is_taken(answer: &Answer) -> bool {
    answer.status == 200 && answer.body["code"] == "0000"
}

/// Sends a callback that must be taken.
pub async fn send_taken(url: &str, body: impl Into<reqwest::Body>) {
    let answer = send(url, body).await;
    assert!(is_taken(&answer), "{} {}", answer.status, answer.text);
}
