//! How often a key, a person and a tenant may ask.

use std::time::Duration;

use registry_domain::tenant::Scope;
use registry_tests::TestApp;
use registry_tests::api::Api;
use registry_tests::callback::{is_taken, mapping, send};

use super::metric;
use crate::visitor::{Visitor, leads_to};

/// What one key may ask at once here, and what all of a tenant may.
const OF_A_KEY: usize = 50;
const OF_A_TENANT: usize = 60;

async fn start() -> TestApp {
    TestApp::start_with(|config| {
        config.caller_requests_per_second = 5;
        config.tenant_requests_per_second = 6;
        config.request_burst_seconds = 10;
    })
    .await
}

/// Asks until it is refused; returns how often it was not, and the answer that refused.
async fn flood(api: &Api) -> (usize, registry_tests::Answer) {
    for answered in 0..10 * OF_A_TENANT {
        let answer = api.get("/v1/me").await;
        if answer.status == 429 {
            return (answered, answer);
        }
        answer.expect(200);
    }
    panic!("nothing was refused");
}

#[tokio::test]
async fn each_answer_says_how_many_requests_are_left() {
    let app = start().await;
    let answer = app.tenant.api.get("/v1/merchants").await;
    let policy = r#""key";q=50;w=10, "tenant";q=60;w=10"#;
    assert_eq!(answer.header("ratelimit-policy"), Some(policy));
    assert_eq!(answer.header("ratelimit"), Some(r#""key";r=49;t=1, "tenant";r=59;t=1"#));
    let refused = app.tenant.api.get("/v1/merchants/mer_none").await;
    assert!(
        refused
            .header("ratelimit")
            .is_some_and(|it| it.starts_with(r#""key";r=4"#))
    );
    assert_eq!(refused.status, 404);
    for path in ["/livez", "/openapi.json"] {
        assert_eq!(app.tenant.api.get(path).await.header("ratelimit"), None, "{path}");
    }
    let stranger = app.tenant.api.anonymous().get("/v1/me").await;
    assert_eq!((stranger.status, stranger.header("ratelimit")), (401, None));
    app.finish().await;
}

#[tokio::test]
async fn a_key_that_floods_is_refused_and_takes_nothing_of_others() {
    let mut app = start().await;
    let other = app.other_tenant().await;
    let (answered, refused) = flood(&app.tenant.api).await;
    assert!((OF_A_KEY..OF_A_TENANT).contains(&answered), "{answered}");
    let left = refused.header("ratelimit").expect("it says what is left");
    assert!(
        left.starts_with(r#""key";r=0;t="#) && !left.contains("tenant"),
        "{left}"
    );
    assert_eq!(refused.header("retry-after"), Some("1"));
    refused.problem(429, "rate_limited");

    // The tenant's other programs have what is left of the tenant's.
    let second = app.key(app.tenant.id, &[Scope::MerchantsRead]).await;
    let (answered, refused) = flood(&second).await;
    assert!((1..OF_A_KEY).contains(&answered), "{answered}");
    let left = refused.header("ratelimit").expect("it says what is left");
    assert!(left.contains(r#""tenant";r=0"#), "{left}");

    // Another tenant, the tenant's people and Paymint notice nothing.
    other.api.get("/v1/me").await.expect(200);
    let (home, link) = app.open_console().await;
    let base = app.tenant.api.base();
    let mut person = Visitor::new(&app);
    let enter = link.strip_prefix(base).expect("its own page");
    leads_to(&person.send(enter, &[]).await);
    let home = home.strip_prefix(base).expect("its own page");
    for page in ["", "/merchants", "/alerts"] {
        assert_eq!(person.get(&format!("{home}{page}")).await.status, 200, "{page}");
    }
    let url = app.tenant_callback_url(app.tenant.id);
    for number in 0..2 * OF_A_TENANT {
        let body = mapping("acad-1", &format!("store-{number}"), "P", None).to_string();
        assert!(is_taken(&send(&url, body).await), "callback {number}");
    }
    assert!(metric(&app, r#"registry_requests_limited_total{limit="key"}"#).await >= 1);
    assert!(metric(&app, r#"registry_requests_limited_total{limit="tenant"}"#).await >= 1);
    assert!(metric(&app, "registry_request_rates_kept").await >= 4);

    // Whoever waits as long as they were told is served.
    tokio::time::sleep(Duration::from_secs(1)).await;
    app.tenant.api.get("/v1/me").await.expect(200);
    app.finish().await;
}
