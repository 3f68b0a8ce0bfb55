//! Coming in to the console and going out of it, as browsers do: with cookies, and by forms.

use registry_tests::TestApp;
use registry_tests::process::Installation;
use registry_tests::tenant::id_of;

use crate::visitor::{PASSWORD, Visitor, invite, leads_to};

#[tokio::test]
async fn an_invitation_a_password_and_the_way_out() {
    let app = TestApp::start().await;
    let merchants = format!("/console/{}/merchants", app.tenant.slug);
    let mut kim = Visitor::new(&app);
    let invitation = invite(&app.tenant, "kim", "operator").await;
    // Mail programs look at every link.
    for _ in 0..2 {
        let page = kim.get(&invitation).await;
        assert_eq!(page.status, 200);
        assert!(page.text.contains("kim@example.test"));
    }
    let short = kim.send(&invitation, &[("password", "short")]).await;
    assert_eq!(short.status, 422, "{}", short.text);
    assert_eq!(
        leads_to(&kim.send(&invitation, &[("password", PASSWORD)]).await),
        "/console"
    );
    assert_eq!(
        leads_to(&kim.get("/console").await),
        format!("/console/{}", app.tenant.slug)
    );
    assert_eq!(kim.get(&merchants).await.status, 200);
    assert_eq!(kim.get(&invitation).await.status, 404, "it worked once");

    let kept = kim.cookie.clone();
    assert_eq!(
        leads_to(&kim.send("/console/sign-out", &[]).await),
        "/console/signed-out"
    );
    kim.cookie = kept;
    let ended = kim.get(&merchants).await;
    assert!(
        leads_to(&ended).contains("why=expired"),
        "the session is over, whoever has kept it"
    );

    let mut again = Visitor::new(&app);
    let asked = again.get(&merchants).await;
    let way = leads_to(&asked).to_owned();
    assert!(way.starts_with("/console/sign-in?next=%2Fconsole%2F"), "{way}");
    let page = again.get(&way).await;
    assert!(
        page.text.contains(&format!("value=\"{merchants}\"")),
        "it knows where one wanted to go"
    );
    let fields = |password| {
        [
            ("email", "kim@example.test"),
            ("password", password),
            ("next", merchants.as_str()),
        ]
    };
    let wrong = again
        .send("/console/sign-in", &fields("wrong horse battery staple"))
        .await;
    assert_eq!(wrong.status, 422);
    assert!(!wrong.text.contains("wrong horse"), "what was typed is not shown again");
    assert_eq!(
        leads_to(&again.send("/console/sign-in", &fields(PASSWORD)).await),
        merchants
    );
    assert_eq!(again.get(&merchants).await.status, 200);
    app.finish().await;
}

#[tokio::test]
async fn rights_hold_in_the_console_as_they_do_for_keys() {
    let mut app = TestApp::start().await;
    let stranger = app.other_tenant().await;
    let merchant = app.tenant.register("acad-1", "store-1").await;
    let path = format!("/console/{}/merchants/{}", app.tenant.slug, id_of(&merchant));
    let mut viewer = Visitor::new(&app);
    let invitation = invite(&app.tenant, "lee", "viewer").await;
    leads_to(&viewer.send(&invitation, &[("password", PASSWORD)]).await);
    let page = viewer.get(&path).await;
    assert_eq!(page.status, 200);
    assert!(!page.text.contains("1178178260"), "numbers are masked");
    let fields = [("version", "1"), ("key", "k-1")];
    let refused = viewer.send(&format!("{path}/archive"), &fields).await;
    assert_eq!(refused.status, 403, "{}", refused.text);
    assert_eq!(app.tenant.api.merchant(id_of(&merchant)).await["archived"], false);

    app.suspend(app.tenant.id).await;
    assert_eq!(
        viewer.get(&path).await.status,
        403,
        "nobody works for a tenant that is suspended"
    );

    for of_others in [
        format!("/console/{}/merchants", stranger.slug),
        format!("/console/{}/merchants/{}", stranger.slug, id_of(&merchant)),
    ] {
        assert_eq!(viewer.get(&of_others).await.status, 404, "{of_others}");
    }
    app.finish().await;
}

#[tokio::test]
async fn an_open_page_hears_what_changes_until_its_session_is_over() {
    let app = TestApp::start().await;
    let live = format!("/console/{}/live", app.tenant.slug);
    let (mut kim, mut lee) = (Visitor::new(&app), Visitor::new(&app));
    for (visitor, name) in [(&mut kim, "kim"), (&mut lee, "lee")] {
        let invitation = invite(&app.tenant, name, "viewer").await;
        leads_to(&visitor.send(&invitation, &[("password", PASSWORD)]).await);
    }
    let (of_kim, mut of_lee) = (kim.listen(&live).await, lee.listen(&live).await);
    let first = app.tenant.register("acad-1", "store-1").await;
    leads_to(&kim.send("/console/sign-out", &[]).await);
    let heard = of_kim.text().await.expect("it ends");
    assert!(heard.contains(&format!("\ndata: {}\n", id_of(&first))), "{heard}");
    let second = app.tenant.register("acad-1", "store-2").await;
    let mut heard = String::new();
    while !heard.contains(id_of(&second)) {
        let part = of_lee.chunk().await.expect("it goes on").expect("it has not ended");
        heard.push_str(&String::from_utf8_lossy(&part));
    }
    assert!(heard.contains(id_of(&first)), "one feed is for both: {heard}");
    app.finish().await;
}

#[tokio::test]
async fn what_opens_nothing_lets_nobody_in() {
    let app = TestApp::start().await;
    let mut visitor = Visitor::new(&app);
    let merchants = format!("/console/{}/merchants", app.tenant.slug);
    for cookie in [
        "",
        "x",
        "__Host-session=",
        "__Host-session=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    ] {
        visitor.cookie = Some(cookie.to_owned());
        assert!(
            leads_to(&visitor.get(&merchants).await).starts_with("/console/sign-in"),
            "{cookie}"
        );
    }
    visitor.cookie = None;
    for path in ["/console/join/nothing", "/console/enter/nothing"] {
        assert_eq!(visitor.get(path).await.status, 404);
        assert_eq!(visitor.send(path, &[("password", PASSWORD)]).await.status, 404);
    }
    let back = visitor.get("/console/sign-in/callback?code=c&state=s").await;
    assert_eq!(back.status, 422, "{}", back.text);
    let told = visitor
        .send("/console/sign-out/backchannel", &[("logout_token", "x.y.z")])
        .await;
    assert_eq!(told.status, 400);
    let elsewhere = visitor.get("/console/sign-in?next=https://elsewhere.example/").await;
    assert!(!elsewhere.text.contains("elsewhere.example"));
    app.finish().await;
}

#[test]
fn no_tenant_is_called_as_a_page_is() {
    let installation = Installation::new();
    let create = |slug| installation.run(&["tenant", "create", "--slug", slug, "--name", "Look"]);
    let refused = create("look");
    let error = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(1), "{error}");
    assert!(
        error.contains("a word that stands in addresses of the console"),
        "{error}"
    );
    assert!(create("looks").status.success());
}

/// One that was called so before there was a console.
#[tokio::test]
async fn a_tenant_with_the_name_of_a_page_has_its_pages_all_the_same() {
    let app = TestApp::start_with(|config| config.database_url = None).await;
    let mut kim = Visitor::new(&app);
    let invitation = invite(&app.tenant, "kim", "viewer").await;
    leads_to(&kim.send(&invitation, &[("password", PASSWORD)]).await);
    let mut database = crate::crash::open_unguarded(&app.data_dir().join("registry.db")).await;
    let mut rename = async |from: &str, to: &str| {
        let renamed = sqlx::query("UPDATE tenants SET state = replace(state, ?1, ?2)")
            .bind(format!("\"{from}\""))
            .bind(format!("\"{to}\""))
            .execute(&mut database)
            .await;
        renamed.expect("a row can be changed");
    };
    rename(app.tenant.slug.as_str(), "look").await;
    assert_eq!(leads_to(&kim.get("/console").await), "/console/~look");
    let page = kim.get("/console/~look/merchants").await;
    assert_eq!(page.status, 200);
    assert!(page.text.contains("\"/console/~look/health\"") && !page.text.contains("\"/console/look/"));
    assert_eq!(
        leads_to(&kim.send("/console/look", &[("language", "en")]).await),
        "/console"
    );
    rename("look", app.tenant.slug.as_str()).await;
    assert_eq!(kim.get(&format!("/console/~{}", app.tenant.slug)).await.status, 404);
    app.finish().await;
}
