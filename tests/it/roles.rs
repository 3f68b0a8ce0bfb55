//! Roles meet routes: who may do what, at each operation.

use registry_domain::people::Role;
use registry_domain::tenant::Scope;
use registry_tests::api::text_of;
use registry_tests::tenant::id_of;
use registry_tests::{Answer, TestApp, logs};
use reqwest::Method;
use serde_json::json;

/// Each role may do what its scopes say at each operation about people, and sees of the others what it may.
#[tokio::test]
async fn roles_meet_routes() {
    let app = TestApp::start().await;
    let body = json!({ "email": "kim@example.test", "name": "kim", "role": "operator" });
    let invited = app.tenant.api.post("/v1/people", &body).await.expect(201);
    logs::secret(
        text_of(&invited["invitation"], "url")
            .rsplit('/')
            .next()
            .expect("a token"),
    );
    let kim = id_of(&invited);
    let calls = [
        (Method::GET, "/v1/people".to_owned(), Scope::MerchantsRead),
        (Method::GET, format!("/v1/people/{kim}"), Scope::MerchantsRead),
        (Method::GET, format!("/v1/people/{kim}/sessions"), Scope::PeopleWrite),
        (Method::GET, "/v1/role-mappings".to_owned(), Scope::PeopleWrite),
        (Method::POST, "/v1/people".to_owned(), Scope::PeopleWrite),
        (Method::PATCH, format!("/v1/people/{kim}"), Scope::PeopleWrite),
        (Method::PUT, "/v1/role-mappings".to_owned(), Scope::PeopleWrite),
        (Method::DELETE, format!("/v1/people/{kim}/sessions"), Scope::PeopleWrite),
    ];
    for role in Role::ALL {
        let scopes = role.scopes();
        let api = app.key(app.tenant.id, &scopes).await;
        for (method, path, needed) in &calls {
            let mut request = api.request(method.clone(), path);
            if [Method::POST, Method::PATCH, Method::PUT].contains(method) {
                request = request.json(&json!({ "unknown": true }));
            }
            let answer = Answer::to(request).await;
            let is_refused = answer.status == 403;
            assert_eq!(
                is_refused,
                !scopes.contains(needed),
                "{}: {method} {path}",
                role.as_str()
            );
        }
        let seen = api.get(&format!("/v1/people/{kim}")).await.expect(200);
        let sees_address = scopes.contains(&Scope::PeopleWrite) || scopes.contains(&Scope::AuditRead);
        assert_eq!(seen["email"].is_string(), sees_address, "{}", role.as_str());
        assert_eq!(seen["name"], "kim");
    }
    app.finish().await;
}
