//! What a tenant may not do to its people: take away more than whoever asks has, or end what is another tenant's.

use registry_domain::people::Role;
use registry_tests::TestApp;
use serde_json::json;

use crate::people::{by_operator, delete, is_in, join, patch};

/// A manager who could take away more than they have could shut out whoever looks after them.
#[tokio::test]
async fn nobody_takes_away_more_than_they_have() {
    let app = TestApp::start().await;
    let (lee, of_lee) = join(&app, "lee", "auditor").await;
    let manager = app.key(app.tenant.id, &Role::Manager.scopes()).await;
    patch(&manager, &lee, &json!({ "role": "viewer" }))
        .await
        .problem(403, "rights_beyond_own");
    let path = format!("/v1/people/{lee}");
    delete(&manager, &path).await.problem(403, "rights_beyond_own");
    assert_eq!(app.tenant.api.get(&path).await.expect(200)["role"], "auditor");
    assert!(is_in(app.people(), &of_lee).await);
    assert_eq!(delete(&app.tenant.api, &path).await.status, 204);
    app.finish().await;
}

/// Who works for two tenants has one session for both.
#[tokio::test]
async fn a_tenant_ends_what_is_its_own_and_not_what_others_began() {
    let mut app = TestApp::start().await;
    let other = app.other_tenant().await;
    let (kim, session) = join(&app, "kim", "viewer").await;
    let id = kim.parse().expect("an id");
    let people = app.people();
    let added = people
        .add_member(other.id, by_operator(), id, Role::Viewer.into())
        .await;
    added.expect("an operator may");
    let path = format!("/v1/people/{kim}");
    delete(&app.tenant.api, &format!("{path}/sessions"))
        .await
        .problem(409, "sessions_of_others");
    patch(&app.tenant.api, &kim, &json!({ "role": "operator" }))
        .await
        .expect(200);
    assert!(is_in(people, &session).await, "the other tenant's work goes on");
    assert_eq!(delete(&app.tenant.api, &path).await.status, 204);
    let signed_in = people
        .authenticate(&session.secret.expose())
        .await
        .expect("storage answers");
    let signed_in = signed_in.expect("the other tenant's work goes on");
    assert!(
        signed_in.membership(app.tenant.slug.as_str()).is_none(),
        "and nothing of ours is open"
    );
    assert!(signed_in.membership(other.slug.as_str()).is_some());
    // Now they are the other's alone.
    assert_eq!(delete(&other.api, &format!("{path}/sessions")).await.status, 204);
    assert!(!is_in(people, &session).await);
    app.finish().await;
}
