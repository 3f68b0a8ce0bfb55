//! People get digests.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use registry_domain::calendar::Calendar;
use registry_tests::api::{text_of, until};
use registry_tests::sinks::{TestMail, TestMailServer, TestReceiver};
use registry_tests::tenant::id_of;
use registry_tests::{TestApp, TestTenant};
use serde_json::{Value, json};

use super::{PATH, deliveries, make, post};
use crate::alerts::{day_after, go_to, opening, set_rule, work_today};

/// A mail as it reads: what stands for bytes in it is undone (quoted-printable).
pub(super) fn mail_text(text: &str) -> String {
    let text = text.replace("=\n", "");
    let mut parts = text.split('=');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        match part.get(..2).and_then(|digits| hex::decode(digits).ok()) {
            Some(byte) => {
                bytes.extend(byte);
                bytes.extend(&part.as_bytes()[2..]);
            }
            None => bytes.extend(format!("={part}").into_bytes()),
        }
    }
    String::from_utf8(bytes).expect("it is a text")
}

async fn with_mail(server: &TestMailServer) -> TestApp {
    let url = server.url();
    TestApp::start_with(|config| {
        config.smtp_url = Some(url);
        config.smtp_from = Some("Registry <registry@partner.example>".to_owned());
    })
    .await
}

fn there(kind: &str, address: &str) -> Value {
    json!({ "name": "당직", "kind": kind, "address": address })
}

fn check_mail(mail: &TestMail, tenant: &TestTenant, delivery: &Value) {
    assert_eq!(mail.to.len(), 1);
    let to = mail.to[0].to_ascii_lowercase();
    assert!(to.contains("<ops@partner.example>"), "{to}");
    let text = mail_text(&mail.text);
    for said in [
        format!("[{}] 등록: 주의 5곳", tenant.slug),
        "Registered: 5 soon late".to_owned(),
        format!("/console/{}/alerts?rule=registered", tenant.slug),
        format!("Message-ID: <{}@partner.example>", id_of(delivery)),
    ] {
        assert!(text.contains(&said), "{said} is missing: {text}");
    }
    let names_none = !text.contains("store-") && !text.contains("acad-1");
    assert!(names_none, "no shop is named: {text}");
}

#[tokio::test]
async fn an_address_is_no_header() {
    let server = TestMailServer::start().await;
    let app = with_mail(&server).await;
    let bad = there("mail", "ops@partner.example\r\nBcc: x@y.example");
    let problem = app.tenant.api.post(PATH, &bad).await.problem(422, "validation_failed");
    assert_eq!(problem["errors"][0]["code"], "not_an_email_address");
    app.finish().await;
}

#[tokio::test]
async fn people_get_one_digest_for_each_rule_and_window() {
    let server = TestMailServer::start().await;
    let app = with_mail(&server).await;
    let tenant = &app.tenant;
    let (slack, chat) = (TestReceiver::start().await, TestReceiver::start().await);
    let by_mail = make(tenant, &there("mail", "Ops@partner.example")).await;
    make(tenant, &there("slack", &slack.url())).await;
    make(tenant, &there("chat", &chat.url())).await;
    set_rule(tenant, "registered", &json!({ "warn": 1, "late": 2 })).await;
    for number in 0..5 {
        tenant.register("acad-1", &format!("store-{number}")).await;
    }
    let (first, second) = (
        day_after(&app, &Calendar::default(), 1),
        day_after(&app, &Calendar::default(), 2),
    );
    go_to(&app, opening(first));
    until(async || tenant.api.get("/v1/stats/alerts").await.expect(200)["by_state"]["open"] == 5).await;
    until(async || {
        let found = deliveries(tenant, &by_mail).await;
        found.len() == 1 && found[0]["digest"]["warn"] == 5
    })
    .await;
    let open = deliveries(tenant, &by_mail).await[0].clone();
    assert_eq!(open["state"], "open", "it takes what comes");
    let due: DateTime<Utc> = text_of(&open, "next_attempt_at").parse().expect("a time");
    assert!(due >= opening(first) + TimeDelta::minutes(15), "{due}");
    let again = format!("/v1/deliveries/{}/redeliver", id_of(&open));
    post(tenant, &again, &json!({})).await.problem(409, "delivery_open");
    assert!(server.mails().is_empty() && slack.received().is_empty());
    go_to(&app, due);
    let mails = server.wait_for(1).await;
    check_mail(&mails[0], tenant, &open);
    let said = slack.wait_for(1).await[0].json();
    assert!(
        text_of(&said["blocks"][0]["text"], "text").contains("주의 5곳"),
        "{said}"
    );
    let said = chat.wait_for(1).await[0].json();
    assert_eq!((&said["rule"], &said["warn"]), (&json!("registered"), &json!(5)));
    // They become worse: another window, another digest, and of that one no more.
    go_to(&app, opening(second));
    until(async || {
        deliveries(tenant, &by_mail)
            .await
            .iter()
            .any(|it| it["digest"]["late"] == 5)
    })
    .await;
    let next = chat.wait_for(2);
    let next = app.as_time_passes(TimeDelta::minutes(6), next).await;
    assert_eq!(
        (&next[1].json()["late"], &next[1].json()["warn"]),
        (&json!(5), &json!(0))
    );
    server.wait_for(2).await;
    app.advance(TimeDelta::minutes(30));
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    assert_eq!(
        (server.mails().len(), chat.received().len(), slack.received().len()),
        (2, 2, 2)
    );
    app.finish().await;
}

#[tokio::test]
async fn what_is_wrong_with_the_connection_and_right_again_is_told_too() {
    let app = TestApp::start().await;
    let tenant = &app.tenant;
    work_today(&app).await;
    let chat = TestReceiver::start().await;
    let wanted = json!({ "name": "n", "kind": "chat", "address": chat.url(), "rules": ["quarantine_growing"] });
    let made = make(tenant, &wanted).await;
    set_rule(
        tenant,
        "quarantine_growing",
        &json!({ "severity": "critical", "more_than": 0 }),
    )
    .await;
    registry_tests::callback::send_taken(&app.tenant_callback_url(tenant.id), "{".to_owned()).await;
    let raised = tenant.api.event(|event| event["type"] == "alert.raised");
    app.as_time_passes(TimeDelta::seconds(30), raised).await;
    until(async || {
        deliveries(tenant, &made)
            .await
            .iter()
            .any(|it| it["digest"]["critical"] == 1)
    })
    .await;
    let due = deliveries(tenant, &made).await[0].clone();
    let due: DateTime<Utc> = text_of(&due, "next_attempt_at").parse().expect("a time");
    go_to(&app, due);
    let said = chat.wait_for(1).await[0].json();
    assert_eq!(
        (&said["critical"], &said["recovered"]),
        (&json!(1), &json!(0)),
        "{said}"
    );
    app.finish().await;
}
