//! Destinations in the console.

use registry_domain::people::Role;
use registry_tests::sinks::TestReceiver;
use registry_tests::tenant::id_of;
use registry_tests::{Answer, TestApp, logs};

use super::{PATH, deliveries, wait_for_state};
use crate::console::{Pages, hidden};

fn form(address: &str) -> Vec<(String, String)> {
    let fields = [
        ("key", "k-1"),
        ("kind", "webhook"),
        ("name", "포털"),
        ("rule", "in_review"),
        ("least", "late"),
        ("address", address),
    ];
    fields.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}

#[tokio::test]
async fn a_destination_is_made_tried_and_changed_in_the_console_without_javascript() {
    let app = TestApp::start().await;
    let receiver = TestReceiver::start().await;
    let pages = Pages::of(&app, "박관리", Role::Manager).await;
    let settings = pages.get("/settings").await;
    assert!(
        settings.text.contains("/settings/destinations"),
        "the settings lead there"
    );
    let page = pages.get("/settings/destinations").await;
    assert!(page.text.contains("아직 수신처가 없습니다"), "{}", page.text);
    let url = receiver.url();
    let post = async |path: &str, fields: &[(String, String)]| {
        let fields: Vec<_> = fields
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        Answer::to(pages.form(path, &fields)).await
    };
    let refused = post("/settings/destinations", &form("ftp://x")).await;
    assert_eq!(refused.status, 422);
    assert!(
        refused.text.contains("value=\"ftp://x\""),
        "what was typed is still there"
    );
    let made = post("/settings/destinations", &form(&url)).await;
    assert_eq!(made.status, 200, "{}", made.text);
    let secret = made.text.split("whsec_").nth(1).expect("the secret is shown");
    logs::secret(&format!("whsec_{}", secret.split('"').next().expect("its end")));
    let made = app.tenant.api.get(PATH).await.expect(200)["data"][0].clone();
    let path = format!("/settings/destinations/{}", id_of(&made));
    assert!(!pages.get(&path).await.text.contains("whsec_"), "once");
    let leads = pages.send(&format!("{path}/test"), &[]).await;
    assert!(leads.ends_with("?done=test_sent"), "{leads}");
    receiver.wait_for(1).await;
    let delivery = deliveries(&app.tenant, &made).await[0].clone();
    wait_for_state(&app.tenant, &delivery, "delivered").await;
    let page = pages.get(&path).await;
    for said in ["도착", "204", "심사중"] {
        assert!(page.text.contains(said), "{said} is missing: {}", page.text);
    }
    pages
        .send(&format!("{path}/deliveries/{}", id_of(&delivery)), &[])
        .await;
    receiver.wait_for(2).await;
    let version = hidden(&page, "version").to_owned();
    let off = [("version", version.as_str()), ("enabled", "false")];
    let leads = pages.send(&path, &off).await;
    assert!(leads.ends_with("?done=destination"), "{leads}");
    let stale = Answer::to(pages.form(&path, &off)).await;
    assert_eq!(stale.status, 412, "{}", stale.text);
    let leads = pages.send(&format!("{path}/removal"), &[]).await;
    assert!(
        leads.ends_with("/settings/destinations?done=destination_removed"),
        "{leads}"
    );
    let viewer = Pages::of(&app, "이열람", Role::Viewer).await;
    assert_eq!(viewer.get("/settings/destinations").await.status, 403);
    app.finish().await;
}
