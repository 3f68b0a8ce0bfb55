//! Somebody at the console, as far as HTTP sees them: a browser that keeps one cookie and sends forms.

use std::time::Duration;

use registry_tests::api::{Answer, http_client, text_of};
use registry_tests::{TestApp, TestTenant, logs};
use serde_json::json;

/// Everybody's password here.
pub const PASSWORD: &str = "correct horse battery staple";

/// Several times as long as an open page may outlive its session.
const LISTEN_LIMIT: Duration = Duration::from_mins(1);

/// A browser that keeps one cookie.
pub struct Visitor {
    http: reqwest::Client,
    base: String,
    pub cookie: Option<String>,
}

impl Visitor {
    pub fn new(app: &TestApp) -> Self {
        Self::at(app.tenant.api.base())
    }

    /// At a service whose base URL this is.
    pub fn at(base: &str) -> Self {
        Self {
            http: http_client(),
            base: base.to_owned(),
            cookie: None,
        }
    }

    pub async fn get(&self, path: &str) -> Answer {
        let request = self.http.get(format!("{}{path}", self.base));
        Answer::to(request.header("cookie", self.cookie.as_deref().unwrap_or_default())).await
    }

    /// How a page is answered, whatever it says and however long.
    pub async fn status(&self, path: &str) -> u16 {
        self.listen(path).await.status().as_u16()
    }

    /// Opens what goes on telling. It ends, or the test waited for nothing.
    pub async fn listen(&self, path: &str) -> reqwest::Response {
        let request = self.http.get(format!("{}{path}", self.base)).timeout(LISTEN_LIMIT);
        let request = request.header("cookie", self.cookie.as_deref().unwrap_or_default());
        request.send().await.expect("an answer begins")
    }

    /// Sends a form, and keeps the session that comes back.
    pub async fn send(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let body: String = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        let request = self
            .http
            .post(format!("{}{path}", self.base))
            .header("cookie", self.cookie.as_deref().unwrap_or_default())
            .header("content-type", "application/x-www-form-urlencoded")
            .header("sec-fetch-site", "same-origin")
            .body(body);
        let answer = Answer::to(request).await;
        let cookies = answer.headers.get_all("set-cookie").into_iter();
        let session = cookies
            .filter_map(|cookie| cookie.to_str().ok())
            .find(|cookie| cookie.starts_with("__Host-session="));
        if let Some(session) = session {
            for attribute in ["Path=/", "Secure", "HttpOnly", "SameSite=Lax"] {
                assert!(session.contains(attribute), "{attribute} is missing");
            }
            let pair = session.split(';').next().expect("a pair");
            let secret = pair.strip_prefix("__Host-session=").expect("its name");
            if !secret.is_empty() {
                logs::secret(secret);
            }
            self.cookie = Some(pair.to_owned());
        }
        answer
    }
}

/// Where an answer leads.
#[track_caller]
pub fn leads_to(answer: &Answer) -> &str {
    assert_eq!(answer.status, 303, "{}", answer.text);
    answer.header("location").expect("it leads somewhere")
}

/// Invites somebody. Returns the path of the invitation.
pub async fn invite(tenant: &TestTenant, name: &str, role: &str) -> String {
    let body = json!({ "email": format!("{name}@example.test"), "name": name, "role": role });
    let invited = tenant.api.post("/v1/people", &body).await.expect(201);
    let url = text_of(&invited["invitation"], "url").to_owned();
    let token = url.rsplit('/').next().expect("a token");
    logs::secret(token);
    format!("/console/join/{token}")
}
