//! Tokens stand in no log line, no metric, no problem and no message, wherever somebody puts them.

use registry_tests::api::number_of;
use registry_tests::sandbox::TestSandbox;
use registry_tests::tenant::id_of;
use registry_tests::{Answer, Installation, TestNats};
use reqwest::Method;

use super::{OPENED, leads_to, path_in, stable_link};

#[tokio::test]
async fn a_token_is_told_to_nobody_who_has_not_shown_it() {
    let nats = TestNats::shared();
    let sandbox = TestSandbox::start().await;
    let installation = Installation::new().with("NATS_URL", nats.url());
    let mut installation = installation.with("REGISTRY_LOG", "trace");
    let (process, tenant, _key) = installation.serve_tenant_with_key(&sandbox);
    let merchant = tenant.register("acad-1", "store-1").await;
    let link = stable_link(&tenant, &merchant).await.expect("it has a link");
    let path = path_in(&link, &process.base_url());
    let anybody = tenant.api.anonymous();
    let send = async |method: Method, path: &str| {
        let mut request = anybody.request(method, path);
        for (name, value) in OPENED {
            request = request.header(name, value);
        }
        Answer::to(request).await
    };
    let mut told = vec![send(Method::GET, &path).await.text];
    let url = leads_to(&send(Method::POST, &path).await);
    let mapping = sandbox.mapping("acad-1", "store-1").await;
    mapping.submit("가나다").await;
    let page = sandbox.open(&url).await.text;
    let begin = page.find("/r/").expect("it leads back");
    let back = page[begin..].split('"').next().unwrap().to_owned();
    send(Method::GET, &back).await;
    let token = path.strip_prefix("/l/").unwrap().to_owned();
    let secrets = [token.clone(), back.strip_prefix("/r/").unwrap().to_owned(), url];
    for stray in [
        format!("{path}/"),
        format!("/{path}"),
        format!("{path}/x"),
        format!("/v1{path}"),
        format!("/v1/merchants/{token}"),
        format!("/L/{token}"),
        format!("/shop/{token}"),
        format!("/cb/v1/{token}"),
        format!("{path}x"),
    ] {
        for method in [Method::GET, Method::POST] {
            let answer = send(method, &stray).await;
            // A path below /v1 is shown to whoever sent it.
            if !stray.starts_with("/v1/") {
                told.push(answer.text);
            }
        }
    }
    let last = number_of(&tenant.api.merchant(id_of(&merchant)).await, "seq");
    for path in ["/metrics", "/readyz", "/v1/events", "/v1/audit"] {
        told.push(tenant.api.get(path).await.text);
    }
    let messages = nats.stream(&tenant.slug, last).await;
    told.extend(messages.iter().map(|message| format!("{message:?}")));
    let types: Vec<_> = messages.iter().map(|message| message.subject.clone()).collect();
    for event_type in ["link.opened", "link.continued", "merchant.returned"] {
        assert!(
            types.iter().any(|subject| subject.contains(event_type)),
            "{event_type} in {types:?}"
        );
    }
    let log = process.log().to_owned();
    assert!(process.terminate().success());
    let log = std::fs::read_to_string(log).unwrap();
    assert!(log.contains("\"level\":\"TRACE\""), "it was talkative");
    told.push(log);
    for (number, secret) in secrets.iter().enumerate() {
        for text in &told {
            let found = text.lines().find(|line| line.contains(secret));
            assert!(found.is_none(), "secret {number} stands in {text:.120}");
        }
    }
}
