//! A tenant's people, and what they keep.

mod views;

use registry_people::Browser;
use registry_tests::api::text_of;
use registry_tests::logs;
use registry_tests::tenant::id_of;
use reqwest::Method;
use serde_json::json;

use super::{Visitor, filled};

pub(super) async fn visit(visitor: &mut Visitor<'_>) {
    let path = "/v1/people";
    let kim =
        json!({ "email": "kim@example.test", "name": "김운영", "role": "operator", "granted": ["exports:create"] });
    let invited = visitor.post(path, &[], Some(kim.clone())).await.expect(201);
    let token = text_of(&invited["invitation"], "url")
        .rsplit('/')
        .next()
        .expect("a token");
    logs::secret(token);
    let people = visitor.app.people();
    let browser = Browser::default();
    let joined = people.accept_invitation(token, "correct horse battery", &browser).await;
    joined.expect("it works");
    visitor.post(path, &[], Some(kim)).await.problem(409, "member_exists");
    visitor.post(path, &[], Some(json!({}))).await.expect(422);
    visitor.get(path, &[]).await.expect(200);
    let (id, one) = (id_of(&invited), "/v1/people/{id}");
    visitor.get(one, &[id]).await.expect(200);
    visitor.get(one, &["psn_x"]).await.expect(404);
    let sessions = "/v1/people/{id}/sessions";
    visitor.get(sessions, &[id]).await.expect(200);
    let mappings = "/v1/role-mappings";
    for (method, template, body, status) in [
        (Method::PATCH, one, Some(json!({ "role": "manager" })), 200),
        (Method::PATCH, one, Some(json!({ "role": "viewer" })), 409),
        (Method::DELETE, sessions, None, 204),
        (
            Method::PUT,
            mappings,
            Some(json!({ "groups": { "ops": "operator" } })),
            200,
        ),
        (Method::PUT, mappings, Some(json!({})), 422),
        (Method::DELETE, one, None, 409),
    ] {
        let path = if template == mappings {
            mappings.to_owned()
        } else {
            filled(template, &[id])
        };
        let mut request = visitor.api().request(method.clone(), &path);
        if let Some(body) = &body {
            request = request.json(body);
        }
        let answer = visitor.send(&method, template, request).await;
        assert_eq!(answer.status, status, "{method} {template}: {}", answer.text);
    }
    visitor.get(mappings, &[]).await.expect(200);
    views::visit(visitor).await;
}
