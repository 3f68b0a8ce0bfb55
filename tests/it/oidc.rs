//! Signing in through a real `OpenID` provider.

mod journey;
mod logout;
mod provider;

use registry_domain::people::Role;
use registry_people::{Browser, NewSession, People, SignInError};
use registry_tests::{TestApp, logs};
use serde_json::json;

use provider::{Provider, SECRET, Visitor};

struct World {
    app: TestApp,
    provider: Provider,
}

impl World {
    /// The service with a provider, whose group `ops` are operators of the tenant.
    async fn start() -> Self {
        let mut app = TestApp::start().await;
        let provider = Provider::start(app.tenant.api.base()).await;
        let (issuer, file) = (provider.issuer.clone(), app.data_dir().join("oidc.secret"));
        registry_tests::write_key(&file, SECRET);
        logs::secret(SECRET);
        app.restart_with(|config| {
            config.oidc_issuer = Some(issuer);
            config.oidc_client_id = Some("registry".to_owned());
            config.oidc_client_secret_file = Some(file);
        })
        .await;
        let mappings = json!({ "groups": { "ops": "operator", "bosses": "manager" } });
        let request = app.tenant.api.request(reqwest::Method::PUT, "/v1/role-mappings");
        registry_tests::Answer::to(request.json(&mappings)).await.expect(200);
        Self { app, provider }
    }

    fn people(&self) -> &People {
        self.app.people()
    }

    /// All of signing in.
    async fn try_to_sign_in(&self, name: &str) -> Result<NewSession, SignInError> {
        let redirect = self.people().begin_oidc("/console/acme").await?;
        let answer = Visitor::new().sign_in(&redirect, name).await;
        self.people()
            .finish_oidc(answer, Some(&redirect.round_trip), &Browser::default())
            .await
    }

    async fn sign_in(&self, name: &str) -> NewSession {
        self.try_to_sign_in(name).await.expect("signs in")
    }

    /// The roles of somebody who is signed in; none if they are not.
    async fn roles(&self, session: &NewSession) -> Option<Vec<Role>> {
        let signed_in = self
            .people()
            .authenticate(&session.secret.expose())
            .await
            .expect("storage answers")?;
        Some(signed_in.memberships.iter().map(|it| it.rights.role()).collect())
    }

    async fn expect_refused(&self, name: &str, reason: &str) {
        let refused = self.try_to_sign_in(name).await;
        match refused {
            Err(SignInError::ProviderRefused(found)) => assert_eq!(found, reason),
            other => panic!("{reason} was not noticed: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_person_signs_in_and_groups_are_roles() {
    let world = World::start().await;
    world.provider.person("kim", &["ops", "others"]).await;
    let first = world.sign_in("kim").await;
    assert_eq!(first.return_path, "/console/acme");
    assert_eq!(first.person.email.as_str(), "kim@example.test");
    assert_eq!(world.roles(&first).await, Some(vec![Role::Operator]));
    let added = world
        .app
        .tenant
        .api
        .event(|event| event["type"] == "member.added")
        .await;
    assert_eq!(added["data"]["role"], "operator");
    assert_eq!(added["data"]["by_groups"], true);
    assert_eq!(added["data"]["person_id"], first.person.id.to_string());

    // More, then less, then nothing: each from the next sign-in on. What was begun with other rights has ended.
    world.provider.person("kim", &["ops", "bosses"]).await;
    let second = world.sign_in("kim").await;
    assert_eq!(second.person.id, first.person.id);
    assert_eq!(world.roles(&second).await, Some(vec![Role::Manager]));
    assert_eq!(world.roles(&first).await, None);
    world.provider.person("kim", &["ops"]).await;
    let third = world.sign_in("kim").await;
    assert_eq!(world.roles(&third).await, Some(vec![Role::Operator]));
    world.provider.person("kim", &["others"]).await;
    let none = world.try_to_sign_in("kim").await;
    assert!(
        matches!(&none, Err(SignInError::NoRights { groups }) if groups == &["others"]),
        "{none:?}"
    );
    assert_eq!(world.roles(&third).await, None);
    let people = world.app.tenant.api.get("/v1/people").await.expect(200);
    assert_eq!(people["data"], json!([]));
    world.app.finish().await;
}

#[tokio::test]
async fn whoever_has_no_group_that_counts_is_told_so_and_not_made_known() {
    let world = World::start().await;
    world.provider.person("lee", &["others"]).await;
    let refused = world.try_to_sign_in("lee").await;
    assert!(
        matches!(&refused, Err(SignInError::NoRights { groups }) if groups == &["others"]),
        "{refused:?}"
    );
    let email = registry_domain::people::EmailAddress::parse("lee@example.test").expect("an address");
    let known = world.people().person_by_email(&email).await.expect("storage answers");
    assert_eq!(known, None);
    world.app.finish().await;
}

#[tokio::test]
async fn what_a_token_says_is_believed_only_if_all_of_it_holds() {
    let world = World::start().await;
    world.provider.person("kim", &["ops"]).await;
    for (what, reason) in [
        ("nonce", "nonce"),
        ("audience", "audience"),
        ("issuer", "issuer"),
        ("expired", "expired"),
        ("signature", "signature"),
        ("none", "signature"),
    ] {
        world.provider.spoil(Some(what)).await;
        world.expect_refused("kim", reason).await;
    }
    world.provider.spoil(None).await;
    world.sign_in("kim").await;
    let refused = world.people().counts().refused;
    let of_provider = refused.iter().find(|(reason, _)| reason.as_str() == "provider");
    assert_eq!(of_provider.map(|(_, count)| *count), Some(6));
    world.app.finish().await;
}

#[tokio::test]
async fn a_sign_in_ends_where_it_began_and_once() {
    let world = World::start().await;
    world.provider.person("kim", &["ops"]).await;
    let (people, browser) = (world.people(), Browser::default());
    let (one, other) = (
        people.begin_oidc("/console").await.expect("a redirect"),
        people.begin_oidc("//evil.example").await.expect("a redirect"),
    );
    let mut visitor = Visitor::new();
    let came = visitor.sign_in(&one, "kim").await;
    let lost = |result: Result<NewSession, SignInError>| assert!(matches!(result, Err(SignInError::RoundTripLost)));
    lost(people.finish_oidc(came.clone(), None, &browser).await);
    lost(people.finish_oidc(came.clone(), Some("x"), &browser).await);
    // Somebody else's browser, into which this answer was planted.
    lost(
        people
            .finish_oidc(came.clone(), Some(&other.round_trip), &browser)
            .await,
    );
    let mut without_state = came.clone();
    without_state.state = None;
    lost(people.finish_oidc(without_state, Some(&one.round_trip), &browser).await);
    let mut mixed_up = came.clone();
    mixed_up.iss = Some("https://another.example".to_owned());
    let refused = people.finish_oidc(mixed_up, Some(&one.round_trip), &browser).await;
    assert!(
        matches!(refused, Err(SignInError::ProviderRefused("issuer"))),
        "{refused:?}"
    );

    let session = people
        .finish_oidc(came.clone(), Some(&one.round_trip), &browser)
        .await
        .expect("signs in");
    // The same once more: the provider gives a code out once, and takes back what it gave for it.
    let replayed = people.finish_oidc(came, Some(&one.round_trip), &browser).await;
    assert!(
        matches!(replayed, Err(SignInError::ProviderRefused("code"))),
        "{replayed:?}"
    );
    assert!(world.roles(&session).await.is_some());
    // Too late. At the provider they are known by now, so they come back at once.
    let came = visitor.sign_in(&other, "kim").await;
    world.app.advance(chrono::TimeDelta::minutes(10));
    lost(people.finish_oidc(came, Some(&other.round_trip), &browser).await);
    world.app.finish().await;
}

#[tokio::test]
async fn who_signs_out_at_the_provider_is_signed_out_here() {
    let mut world = World::start().await;
    world.provider.person("kim", &["ops"]).await;
    let elsewhere = world.sign_in("kim").await;
    let redirect = world.people().begin_oidc("/console").await.expect("a redirect");
    let mut visitor = Visitor::new();
    let came = visitor.sign_in(&redirect, "kim").await;
    let browser = Browser::default();
    let here = world
        .people()
        .finish_oidc(came, Some(&redirect.round_trip), &browser)
        .await
        .expect("signs in");

    let signed_in = world
        .people()
        .authenticate(&here.secret.expose())
        .await
        .expect("storage answers");
    let signed_in = signed_in.expect("is signed in");
    // The provider's page asks whether it is meant.
    let out = world
        .people()
        .sign_out(&signed_in, &browser)
        .await
        .expect("storage answers")
        .expect("a page");
    assert_eq!(world.roles(&here).await, None);
    let again = world.sign_in("kim").await;
    let (_, page) = visitor.go(&out, None).await;
    let field = page
        .split("name=\"xsrf\" value=\"")
        .nth(1)
        .expect("a form")
        .split('"')
        .next()
        .expect("a value");
    let confirm = format!("{}/session/end/confirm", world.provider.issuer);
    let (back, _) = visitor.go(&confirm, Some(&format!("xsrf={field}&logout=yes"))).await;
    assert_eq!(
        back,
        Some(format!("{}/console/signed-out", world.app.tenant.api.base()))
    );

    // The provider told of the session of that browser, which has ended; the others stay.
    let token = world.provider.logouts.recv().await.expect("a token");
    assert_eq!(world.people().oidc_logged_out(&token).await.expect("it holds"), 0);
    assert!(world.roles(&elsewhere).await.is_some() && world.roles(&again).await.is_some());
    for bad in [
        String::new(),
        "x.y.z".to_owned(),
        format!("{token}x"),
        "x".repeat(100_000),
    ] {
        let refused = world.people().oidc_logged_out(&bad).await;
        assert!(matches!(refused, Err(SignInError::ProviderRefused(_))), "{refused:?}");
    }
    world.app.finish().await;
}

#[tokio::test]
async fn the_providers_word_ends_an_open_session() {
    let mut world = World::start().await;
    world.provider.person("kim", &["ops"]).await;
    let redirect = world.people().begin_oidc("/console").await.expect("a redirect");
    let mut visitor = Visitor::new();
    let came = visitor.sign_in(&redirect, "kim").await;
    let browser = Browser::default();
    let here = world
        .people()
        .finish_oidc(came, Some(&redirect.round_trip), &browser)
        .await
        .expect("signs in");
    let elsewhere = world.sign_in("kim").await;
    visitor.sign_out_at(&world.provider.issuer).await;
    let token = world.provider.logouts.recv().await.expect("a token");
    assert_eq!(world.people().oidc_logged_out(&token).await.expect("it holds"), 1);
    assert_eq!(world.roles(&here).await, None);
    assert!(world.roles(&elsewhere).await.is_some());
    world.app.finish().await;
}

#[tokio::test]
async fn while_the_provider_is_down_others_come_in() {
    let mut world = World::start().await;
    world.provider.person("kim", &["ops"]).await;
    let session = world.sign_in("kim").await;
    world.provider.child.kill().expect("it can be stopped");
    world.provider.child.wait().expect("it stops");
    // A fresh process knows nothing of the provider and starts all the same.
    world.app.restart().await;
    for _ in 0..2 {
        let away = world.people().begin_oidc("/console").await;
        assert!(matches!(&away, Err(error) if error.is_ours()), "{away:?}");
    }
    assert!(world.roles(&session).await.is_some(), "who is in stays in");
    let link = world.people().sign_in_link(session.person.id).await.expect("a link");
    let token = link.url.rsplit('/').next().expect("a token");
    logs::secret(token);
    let other_way = world
        .people()
        .sign_in_with_link(token, &Browser::default())
        .await
        .expect("signs in");
    assert!(world.roles(&other_way).await.is_some());
    world.app.finish().await;
}

/// Whoever invites an address may set its password. Once the provider vouches for the owner, that password is worth nothing.
#[tokio::test]
async fn the_owner_of_an_address_takes_over_an_account_that_others_made() {
    let world = World::start().await;
    let invited = json!({ "email": "kim@example.test", "name": "Kim", "role": "viewer" });
    let answer = world.app.tenant.api.post("/v1/people", &invited).await.expect(201);
    let url = answer["invitation"]["url"].as_str().expect("an invitation");
    let token = url.rsplit('/').next().expect("a token").to_owned();
    logs::secret(&token);
    let browser = Browser::default();
    let planted = world
        .people()
        .accept_invitation(&token, "a password of another", &browser)
        .await
        .expect("signs in");
    world.provider.person("kim", &["ops"]).await;
    let owner = world.sign_in("kim").await;
    assert_eq!(owner.person.id, planted.person.id);
    assert_eq!(world.roles(&planted).await, None);
    let again = world
        .people()
        .sign_in_with_password("kim@example.test", "a password of another", &browser)
        .await;
    assert!(matches!(again, Err(SignInError::Refused)), "{again:?}");
    // What somebody gave stays as it was given.
    assert_eq!(world.roles(&owner).await, Some(vec![Role::Viewer]));
    world.app.finish().await;
}
