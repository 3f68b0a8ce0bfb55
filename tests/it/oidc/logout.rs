//! What the provider says when somebody signs out there.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use registry_people::{Browser, SignInError};
use serde_json::json;

use super::World;
use super::provider::Visitor;

/// The claims of a token, believed without a look at its signature.
fn claims(token: &str) -> serde_json::Value {
    let claims = token.split('.').nth(1).expect("it has claims");
    let claims = URL_SAFE_NO_PAD.decode(claims).expect("base64");
    serde_json::from_slice(&claims).expect("JSON")
}

/// A token may name the person, the provider's session, or both. Each ends what it names, and tenants are told of it.
#[tokio::test]
async fn a_logout_token_ends_what_it_names() {
    let mut world = World::start().await;
    for name in ["kim", "lee"] {
        world.provider.person(name, &["ops"]).await;
    }
    let redirect = world.people().begin_oidc("/console").await.expect("a redirect");
    let mut visitor = Visitor::new();
    let came = visitor.sign_in(&redirect, "kim").await;
    let browser = Browser::default();
    let (people, issuer) = (world.people().clone(), world.provider.issuer.clone());
    let begun = people.finish_oidc(came, Some(&redirect.round_trip), &browser).await;
    let first = begun.expect("signs in");
    let (second, of_lee) = (world.sign_in("kim").await, world.sign_in("lee").await);
    // What the provider calls the first browser's session stands in what it says when that one signs out there.
    visitor.sign_out_at(&issuer).await;
    let sid = claims(&world.provider.logouts.recv().await.expect("a token"))["sid"].clone();
    assert!(sid.is_string(), "{sid}");

    for nothing in [
        json!({ "sid": "another" }),
        json!({ "sub": "park" }),
        json!({ "sub": "lee", "sid": sid }),
    ] {
        let token = world.provider.logout_token(&nothing).await;
        assert_eq!(people.oidc_logged_out(&token).await.expect("it holds"), 0, "{nothing}");
    }
    for wrong in [
        json!({}),
        json!({ "sid": sid, "events": {} }),
        json!({ "sid": sid, "nonce": "n" }),
        json!({ "sid": sid, "aud": "another" }),
        json!({ "sid": sid, "iss": "https://another.example" }),
    ] {
        let token = world.provider.logout_token(&wrong).await;
        let refused = people.oidc_logged_out(&token).await;
        assert!(
            matches!(refused, Err(SignInError::ProviderRefused(_))),
            "{wrong}: {refused:?}"
        );
    }
    let in_now = async || {
        [
            world.roles(&first).await,
            world.roles(&second).await,
            world.roles(&of_lee).await,
        ]
        .map(|it| it.is_some())
    };
    assert_eq!(in_now().await, [true, true, true]);
    let token = world.provider.logout_token(&json!({ "sid": sid })).await;
    assert_eq!(people.oidc_logged_out(&token).await.expect("it holds"), 1);
    assert_eq!(in_now().await, [false, true, true], "the session that was named");
    let token = world.provider.logout_token(&json!({ "sub": "kim" })).await;
    assert_eq!(people.oidc_logged_out(&token).await.expect("it holds"), 1);
    assert_eq!(in_now().await, [false, false, true], "all of the person that was named");

    let path = format!("/v1/audit?actor={}&action=session.closed", first.person.id);
    let closed = world.app.tenant.api.get(&path).await.expect(200);
    assert_eq!(closed["data"].as_array().map(Vec::len), Some(2));
    world.app.finish().await;
}
