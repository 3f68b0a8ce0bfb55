//! A tenant's people: invited, signed in with a password, given other rights, kept out.

use chrono::TimeDelta;
use registry_domain::people::Role;
use registry_domain::tenant::Scope;
use registry_domain::{Actor, CorrelationId};
use registry_journal::Origin;
use registry_people::{Browser, NewSession, People, SignInError};
use registry_tests::tenant::id_of;
use registry_tests::{Answer, Api, TestApp, logs};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

const PASSWORD: &str = "correct horse battery staple";

/// Invites somebody. Returns them, and what stands in the invitation.
async fn invite(api: &Api, name: &str, role: &str) -> (Value, String) {
    let body = json!({ "email": format!("{name}@example.test"), "name": name, "role": role });
    let answer = api.post("/v1/people", &body).await.expect(201);
    let token = token_of(&answer);
    (answer, token)
}

fn token_of(answer: &Value) -> String {
    let url = answer["invitation"]["url"].as_str().expect("an invitation");
    let token = url.rsplit('/').next().expect("a token").to_owned();
    logs::secret(&token);
    token
}

/// The same, and they come.
pub async fn join(app: &TestApp, name: &str, role: &str) -> (String, NewSession) {
    let (person, token) = invite(&app.tenant.api, name, role).await;
    let session = app
        .people()
        .accept_invitation(&token, PASSWORD, &Browser::default())
        .await;
    (id_of(&person).to_owned(), session.expect("it works"))
}

pub async fn is_in(people: &People, session: &NewSession) -> bool {
    let found = people.authenticate(&session.secret.expose()).await;
    found.expect("storage answers").is_some()
}

pub async fn patch(api: &Api, id: &str, body: &Value) -> Answer {
    Answer::to(api.request(Method::PATCH, &format!("/v1/people/{id}")).json(body)).await
}

pub async fn delete(api: &Api, path: &str) -> Answer {
    Answer::to(api.request(Method::DELETE, path)).await
}

pub fn by_operator() -> Origin {
    Origin::of(Actor::Operator, CorrelationId::from_uuid(Uuid::nil()))
}

async fn password(app: &TestApp, email: &str, password: &str) -> Result<NewSession, SignInError> {
    let browser = Browser {
        address: "192.0.2.7".parse().ok(),
        ..Browser::default()
    };
    app.people().sign_in_with_password(email, password, &browser).await
}

#[tokio::test]
async fn an_invitation_works_once_and_a_better_one_takes_its_place() {
    let app = TestApp::start().await;
    let (people, browser) = (app.people(), Browser::default());
    let (person, first) = invite(&app.tenant.api, "kim", "operator").await;
    assert_eq!(
        (person["state"].as_str(), person["role"].as_str()),
        (Some("invited"), Some("operator"))
    );
    assert_eq!(person["email"], "kim@example.test");
    let (again, second) = invite(&app.tenant.api, "kim", "operator").await;
    assert_eq!(again["id"], person["id"]);
    assert!(people.link(&first).await.expect("storage answers").is_none());
    let seen = people.link(&second).await.expect("storage answers").expect("it works");
    assert_eq!(seen.email.as_str(), "kim@example.test");

    let short = people.accept_invitation(&second, "short", &browser).await;
    assert!(matches!(short, Err(SignInError::PasswordUnfit(_))), "{short:?}");
    for token in [first.as_str(), "", "x"] {
        let refused = people.accept_invitation(token, PASSWORD, &browser).await;
        assert!(matches!(refused, Err(SignInError::LinkUnusable)), "{refused:?}");
    }
    let session = people
        .accept_invitation(&second, PASSWORD, &browser)
        .await
        .expect("it works");
    let used = people.accept_invitation(&second, PASSWORD, &browser).await;
    assert!(matches!(used, Err(SignInError::LinkUnusable)), "{used:?}");
    let signed_in = people
        .authenticate(&session.secret.expose())
        .await
        .expect("storage answers")
        .expect("is in");
    let membership = signed_in.membership(app.tenant.slug.as_str()).expect("a member");
    assert_eq!(
        (membership.tenant_id, membership.rights.role()),
        (app.tenant.id, Role::Operator)
    );
    assert!(membership.scopes.contains(&Scope::MerchantsWrite) && !membership.scopes.contains(&Scope::PersonalRead));

    let listed = app.tenant.api.get("/v1/people").await.expect(200);
    assert_eq!(listed["data"][0]["state"], "active");
    let body = json!({ "email": "kim@example.test", "name": "Kim", "role": "operator" });
    app.tenant
        .api
        .post("/v1/people", &body)
        .await
        .problem(409, "member_exists");
    let event = app.tenant.api.event(|event| event["type"] == "member.added").await;
    assert_eq!(event["data"], json!({ "person_id": person["id"], "role": "operator" }));
    assert!(
        !event.to_string().contains("example.test"),
        "who somebody is stands in no event"
    );
    app.finish().await;
}

/// Whoever asks for a new password may have lost the old one to somebody, who may be in.
#[tokio::test]
async fn a_new_password_ends_what_went_on_under_the_old_one() {
    let app = TestApp::start().await;
    let people = app.people();
    let (kim, before) = join(&app, "kim", "viewer").await;
    let (_, of_lee) = join(&app, "lee", "viewer").await;
    let kim = kim.parse().expect("an id");
    let token = |url: &str| url.rsplit('/').next().expect("a token").to_owned();
    let lying_about = token(&people.sign_in_link(kim).await.expect("a link").url);
    let invitation = token(&people.invitation(kim).await.expect("a link").url);
    logs::secret(&lying_about);
    logs::secret(&invitation);
    assert!(is_in(people, &before).await, "a link that nobody uses changes nothing");

    let other = "another horse, another battery";
    let accepted = people.accept_invitation(&invitation, other, &Browser::default()).await;
    let after = accepted.expect("it works");
    assert!(is_in(people, &after).await && is_in(people, &of_lee).await);
    assert!(!is_in(people, &before).await, "the session from before goes on");
    let used = people.sign_in_with_link(&lying_about, &Browser::default()).await;
    assert!(matches!(used, Err(SignInError::LinkUnusable)), "{used:?}");
    app.finish().await;
}

#[tokio::test]
async fn rights_are_changed_at_once_and_nobody_gives_more_than_they_have() {
    let app = TestApp::start().await;
    let (kim, of_kim) = join(&app, "kim", "viewer").await;
    let answer = patch(
        &app.tenant.api,
        &kim,
        &json!({ "role": "operator", "granted": ["exports:create"] }),
    )
    .await;
    let changed = answer.expect(200);
    assert_eq!(
        (&changed["role"], &changed["granted"]),
        (&json!("operator"), &json!(["exports:create"]))
    );
    assert!(
        !is_in(app.people(), &of_kim).await,
        "what was begun with other rights ends"
    );
    // What is left out stays.
    let kept = patch(&app.tenant.api, &kim, &json!({ "withheld": ["personal:read"] }))
        .await
        .expect(200);
    assert_eq!(
        (&kept["role"], &kept["granted"]),
        (&json!("operator"), &json!(["exports:create"]))
    );
    let both = json!({ "withheld": ["exports:create"] });
    patch(&app.tenant.api, &kim, &both)
        .await
        .problem(422, "validation_failed");
    let unknown = json!({ "role": "king" });
    patch(&app.tenant.api, &kim, &unknown)
        .await
        .problem(422, "validation_failed");

    let manager = app.key(app.tenant.id, &Role::Manager.scopes()).await;
    patch(&manager, &kim, &json!({ "role": "auditor" }))
        .await
        .problem(403, "rights_beyond_own");
    let body = json!({ "email": "lee@example.test", "name": "Lee", "role": "auditor" });
    manager
        .post("/v1/people", &body)
        .await
        .problem(403, "rights_beyond_own");
    let few = app
        .key(
            app.tenant.id,
            &[Scope::PeopleWrite, Scope::MerchantsRead, Scope::EventsRead],
        )
        .await;
    patch(&few, &kim, &json!({ "role": "manager" }))
        .await
        .problem(403, "rights_beyond_own");
    let mappings = |role: &str| json!({ "groups": { "all": role } });
    let put = |api: &Api, body: Value| Answer::to(api.request(Method::PUT, "/v1/role-mappings").json(&body));
    put(&few, mappings("manager")).await.problem(403, "rights_beyond_own");
    put(&app.tenant.api, mappings("manager")).await.expect(200);
    // What somebody else gave may stay.
    put(&few, mappings("manager")).await.expect(200);
    put(&few, json!({ "groups": { "": "viewer" } }))
        .await
        .problem(422, "validation_failed");
    put(&few, json!({})).await.problem(422, "validation_failed");
    app.finish().await;
}

#[tokio::test]
async fn the_last_manager_stays() {
    let app = TestApp::start().await;
    let (kim, of_kim) = join(&app, "kim", "manager").await;
    patch(&app.tenant.api, &kim, &json!({ "role": "viewer" }))
        .await
        .problem(409, "last_manager");
    let path = format!("/v1/people/{kim}");
    delete(&app.tenant.api, &path).await.problem(409, "last_manager");
    assert!(is_in(app.people(), &of_kim).await);
    join(&app, "lee", "manager").await;
    assert_eq!(delete(&app.tenant.api, &path).await.status, 204);
    assert!(!is_in(app.people(), &of_kim).await);
    app.tenant.api.get(&path).await.problem(404, "person_not_found");
    delete(&app.tenant.api, &path).await.problem(404, "person_not_found");
    app.finish().await;
}

#[tokio::test]
async fn an_account_that_others_made_is_not_taken_for_somebody() {
    let mut app = TestApp::start().await;
    let stranger = app.other_tenant().await;
    join(&app, "kim", "viewer").await;
    let body = json!({ "email": "kim@example.test", "name": "Kim", "role": "operator" });
    stranger
        .api
        .post("/v1/people", &body)
        .await
        .problem(409, "person_known_elsewhere");
    assert_eq!(stranger.api.get("/v1/people").await.expect(200)["data"], json!([]));
    // Neither is one that was invited and has not come.
    invite(&app.tenant.api, "lee", "viewer").await;
    let body = json!({ "email": "lee@example.test", "name": "Lee", "role": "operator" });
    stranger
        .api
        .post("/v1/people", &body)
        .await
        .problem(409, "person_known_elsewhere");
    app.finish().await;
}

#[tokio::test]
async fn sessions_are_listed_and_ended() {
    let app = TestApp::start().await;
    let (kim, first) = join(&app, "kim", "viewer").await;
    app.advance(TimeDelta::seconds(1));
    let browser = Browser {
        user_agent: Some("Firefox".to_owned()),
        ..Browser::default()
    };
    let people = app.people();
    let second = people
        .sign_in_with_password("Kim@Example.test", PASSWORD, &browser)
        .await
        .expect("signs in");
    let path = format!("/v1/people/{kim}/sessions");
    let listed = app.tenant.api.get(&path).await.expect(200);
    let sessions = listed["data"].as_array().expect("a list");
    assert_eq!((sessions.len(), &sessions[0]["user_agent"]), (2, &json!("Firefox")));
    for session in [&first, &second] {
        assert!(!listed.to_string().contains(&session.secret.expose()));
    }
    let one = format!("{path}?session={}", id_of(&sessions[0]));
    assert_eq!(delete(&app.tenant.api, &one).await.status, 204);
    delete(&app.tenant.api, &one).await.problem(404, "session_not_found");
    assert!(is_in(people, &first).await && !is_in(people, &second).await);
    // Another browser takes the place of the one that it came with.
    let replacing = Browser {
        replaces: Some(first.secret.expose()),
        ..Browser::default()
    };
    let third = people
        .sign_in_with_password("kim@example.test", PASSWORD, &replacing)
        .await
        .expect("signs in");
    assert!(!is_in(people, &first).await);
    assert_eq!(delete(&app.tenant.api, &path).await.status, 204);
    assert!(!is_in(people, &third).await);
    app.finish().await;
}

#[tokio::test]
async fn a_session_ends_when_nobody_uses_it_and_after_its_time() {
    let app = TestApp::start().await;
    let (_, session) = join(&app, "kim", "viewer").await;
    for _ in 0..3 {
        app.advance(TimeDelta::minutes(29));
        assert!(is_in(app.people(), &session).await);
    }
    app.advance(TimeDelta::minutes(30));
    assert!(!is_in(app.people(), &session).await, "nobody used it");
    let session = password(&app, "kim@example.test", PASSWORD).await.expect("signs in");
    for _ in 0..25 {
        app.advance(TimeDelta::minutes(28));
        assert!(is_in(app.people(), &session).await);
    }
    app.advance(TimeDelta::minutes(20));
    assert!(!is_in(app.people(), &session).await, "twelve hours are over");
    app.finish().await;
}

#[tokio::test]
async fn guessing_becomes_slow_and_tells_nothing() {
    let app = TestApp::start().await;
    join(&app, "kim", "viewer").await;
    for email in ["kim@example.test", "nobody@example.test"] {
        for _ in 0..5 {
            let refused = password(&app, email, "a wrong password of one").await;
            assert!(matches!(refused, Err(SignInError::Refused)), "{refused:?}");
        }
        // From now on it waits, with the right password too, and whoever there is.
        let slowed = password(&app, email, PASSWORD).await;
        assert!(
            matches!(&slowed, Err(SignInError::Slowed { retry_after }) if *retry_after > TimeDelta::zero()),
            "{slowed:?}"
        );
    }
    app.advance(TimeDelta::seconds(2));
    password(&app, "kim@example.test", PASSWORD).await.expect("signs in");
    // Whoever is in begins anew; somebody who is not there goes on waiting longer.
    let refused = password(&app, "kim@example.test", "a wrong password of one").await;
    assert!(matches!(refused, Err(SignInError::Refused)), "{refused:?}");
    app.advance(TimeDelta::hours(2));
    for number in 0..21 {
        let refused = password(&app, &format!("someone-{number}@example.test"), "a wrong password").await;
        let is_slowed = matches!(refused, Err(SignInError::Slowed { .. }));
        assert_eq!(
            is_slowed,
            number == 20,
            "an address is slowed for all accounts: {number}"
        );
    }
    app.finish().await;
}

#[tokio::test]
async fn whoever_is_kept_out_stays_out() {
    let app = TestApp::start().await;
    let (_, session) = join(&app, "kim", "viewer").await;
    let people = app.people();
    let link = people.sign_in_link(session.person.id).await.expect("a link");
    let token = link.url.rsplit('/').next().expect("a token");
    logs::secret(token);
    assert!(
        people
            .disable(by_operator(), session.person.id)
            .await
            .expect("storage answers")
    );
    assert!(!is_in(people, &session).await);
    assert!(people.link(token).await.expect("storage answers").is_none());
    let refused = people.sign_in_with_link(token, &Browser::default()).await;
    assert!(matches!(refused, Err(SignInError::LinkUnusable)), "{refused:?}");
    let refused = password(&app, "kim@example.test", PASSWORD).await;
    assert!(matches!(refused, Err(SignInError::Refused)), "{refused:?}");
    let listed = app.tenant.api.get("/v1/people").await.expect(200);
    assert_eq!(listed["data"][0]["state"], "disabled");
    people.enable(session.person.id).await.expect("storage answers");
    password(&app, "kim@example.test", PASSWORD).await.expect("signs in");
    app.finish().await;
}

#[tokio::test]
async fn without_local_accounts_a_password_opens_nothing() {
    let mut app = TestApp::start().await;
    join(&app, "kim", "viewer").await;
    let file = app.data_dir().join("oidc.secret");
    registry_tests::write_key(&file, "x");
    app.restart_with(|config| {
        config.local_accounts = false;
        config.oidc_issuer = Some("http://127.0.0.1:9".to_owned());
        config.oidc_client_id = Some("registry".to_owned());
        config.oidc_client_secret_file = Some(file);
    })
    .await;
    let refused = password(&app, "kim@example.test", PASSWORD).await;
    assert!(matches!(refused, Err(SignInError::PasswordsOff)), "{refused:?}");
    let body = json!({ "email": "lee@example.test", "name": "Lee", "role": "viewer" });
    let invited = app.tenant.api.post("/v1/people", &body).await.expect(201);
    assert_eq!(invited["invitation"], Value::Null);
    app.finish().await;
}
