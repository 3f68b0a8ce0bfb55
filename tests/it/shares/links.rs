//! Calls to Paymint for links: whoever's Paymint hangs does not take them all.

use std::time::{Duration, Instant};

use futures::future::join_all;
use registry_tests::TestApp;
use registry_tests::api::until;
use registry_tests::callback::{is_taken, mapping, send};
use registry_tests::sandbox::TestSandbox;
use serde_json::json;

use super::{LINK_WITHIN, metric};

/// How many calls there may be at once here; one tenant may make half of them.
const CALLS: usize = 8;

/// How long the calls hang, in milliseconds: long enough for the other tenant to be served meanwhile.
const HANG: u64 = 8_000;

#[tokio::test]
async fn a_tenant_whose_paymint_hangs_does_not_take_all_calls() {
    let mut app = TestApp::start_with(|config| config.link_calls_max = CALLS).await;
    let other = app.other_tenant().await;
    let slow = TestSandbox::start().await;
    app.configure_upstream(app.tenant.id, &slow.partner_url(), slow.partner_key(0))
        .await;
    slow.fail_mapping(&json!({ "slow_ms": HANG })).await;
    let mut shops = Vec::new();
    for number in 0..CALLS + 2 {
        shops.push(app.tenant.register("acad-1", &format!("store-{number}")).await);
    }
    let shop = other.register("acad-2", "store-1").await;

    let asked = Instant::now();
    let flood = join_all(shops.iter().enumerate().map(|(number, shop)| {
        let (tenant, key) = (app.tenant.clone(), format!("link-{number}"));
        async move { tenant.ask_for_link(shop, &key).await }
    }));
    let meanwhile = async {
        until(|| async { metric(&app, "registry_link_calls").await == CALLS as u64 / 2 }).await;
        let begun = Instant::now();
        other.issue_link(&shop).await;
        let link = begun.elapsed();
        let begun = Instant::now();
        let body = mapping("acad-2", "store-1", "P", None).to_string();
        let url = app.sandbox.mapping("acad-2", "store-1").await.callback_url;
        assert!(is_taken(&send(&url, body).await));
        assert!(asked.elapsed() < Duration::from_millis(HANG), "the others still hang");
        (link, begun.elapsed())
    };
    let (answers, (link, callback)) = tokio::join!(flood, meanwhile);
    assert!(
        link < LINK_WITHIN && callback < super::CALLBACK_WITHIN,
        "{link:?} {callback:?}"
    );
    let turned_away = answers
        .iter()
        .position(|answer| answer.status == 429)
        .expect("some were");
    let (issued, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 201);
    assert_eq!((issued.len(), refused.len()), (CALLS / 2, CALLS / 2 + 2));
    for answer in issued {
        registry_tests::logs::secret(answer.body["url"].as_str().expect("a URL"));
    }
    for answer in refused {
        assert_eq!(answer.header("retry-after"), Some("5"));
        answer.problem(429, "too_many_calls");
    }
    let refused = metric(&app, "registry_link_calls_refused_total").await;
    assert_eq!(
        (refused, metric(&app, "registry_link_calls").await),
        (CALLS as u64 / 2 + 2, 0)
    );

    // What was refused was not written down: asked again with the same key it is done.
    slow.fail_mapping(&json!({})).await;
    let key = format!("link-{turned_away}");
    let again = app.tenant.ask_for_link(&shops[turned_away], &key).await;
    assert_eq!(again.header("idempotency-replayed"), None);
    registry_tests::logs::secret(again.expect(201)["url"].as_str().expect("a URL"));
    app.finish().await;
}
