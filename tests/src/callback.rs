//! Callbacks as the upstream sends them, without the sandbox: for what it would never send, and for many at once.

use serde_json::{Value, json};

use crate::api::{Answer, http_client};

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
