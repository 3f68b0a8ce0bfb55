//! Groups of people at the OpenID provider, and which roles they are here.

use registry_tests::{Answer, TestApp};
use reqwest::Method;
use serde_json::{Value, json};

/// Whoever gives roles to groups gives rights to people: who it was, and what was before, stands in the log; what changes nothing does not.
#[tokio::test]
async fn roles_of_groups_are_replaced_in_the_open() {
    let app = TestApp::start().await;
    let api = &app.tenant.api;
    let put = async |groups: Value| {
        let request = api.request(Method::PUT, "/v1/role-mappings");
        let request = request.header("registry-on-behalf-of", "%EA%B9%80%20%EB%8C%80%EB%A6%AC");
        Answer::to(request.json(&json!({ "groups": groups }))).await
    };
    put(json!({ "ops": "viewer", "boss": "manager" })).await.expect(200);
    put(json!({ "ops": "operator", "감사팀": "auditor", "boss": "manager" }))
        .await
        .expect(200);
    put(json!({ "boss": "manager", "감사팀": "auditor", "ops": "operator" }))
        .await
        .expect(200);
    put(json!({ "boss": "king" })).await.problem(422, "validation_failed");
    put(json!({})).await.expect(200);

    let change = |group, before: Value, after: Value| json!({ "group": group, "before": before, "after": after });
    let (nobody, gone) = (Value::Null, Value::Null);
    let expected = [
        vec![
            change("boss", nobody.clone(), json!("manager")),
            change("ops", nobody.clone(), json!("viewer")),
        ],
        vec![
            change("ops", json!("viewer"), json!("operator")),
            change("감사팀", nobody, json!("auditor")),
        ],
        vec![
            change("boss", json!("manager"), gone.clone()),
            change("ops", json!("operator"), gone.clone()),
            change("감사팀", json!("auditor"), gone),
        ],
    ];
    let feed = api.feed().await;
    let told = feed.iter().filter(|event| event["type"] == "role_mappings.replaced");
    let told: Vec<_> = told.map(|event| &event["data"]["changes"]).collect();
    assert_eq!(told, expected.map(Value::from).iter().collect::<Vec<_>>());

    let audit = api.get("/v1/audit?action=role_mappings.replaced").await.expect(200);
    let entries = audit["data"].as_array().expect("a list");
    assert_eq!(entries.len(), 3, "{entries:?}");
    for entry in entries {
        assert_eq!(
            (
                &entry["on_behalf_of"],
                &entry["channel"],
                &entry["outcome"],
                &entry["actor"]["type"]
            ),
            (&json!("김 대리"), &json!("api"), &json!("done"), &json!("api_key"))
        );
    }
    app.finish().await;
}
