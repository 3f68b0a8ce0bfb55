//! Guessing at tokens finds nothing, is slowed, and keeps nobody away.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures::stream::{self, StreamExt};
use registry_tests::TestApp;
use registry_tests::api::http_client;
use registry_tests::tenant::random;

use super::Visited;

const GUESSES: usize = 10_000;

/// As many at once.
const AT_ONCE: usize = 32;

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_guesses_find_nothing_and_are_slowed() {
    let app = TestApp::start().await;
    let shop = Visited::registered(&app).await;
    let token = shop.path.strip_prefix("/l/").unwrap();
    let bytes = URL_SAFE_NO_PAD.decode(token).expect("it is base64");
    let (client, base) = (http_client(), app.tenant.api.base().to_owned());
    // The ids of a shop are no secret; what is guessed is the hash behind them.
    let guess = |number: usize| {
        let mut bytes = bytes.clone();
        let hash = hex::decode(random(32)).expect("random digits");
        let end = bytes.len() - hash.len();
        bytes[end..].copy_from_slice(&hash);
        let path = if number.is_multiple_of(2) { "l" } else { "r" };
        format!("{base}/{path}/{}", URL_SAFE_NO_PAD.encode(bytes))
    };
    let answers: Vec<u16> = stream::iter(0..GUESSES)
        .map(|number| {
            // Nothing is sent to where shops come back to.
            let request = if number.is_multiple_of(6) {
                client.post(guess(number))
            } else {
                client.get(guess(number))
            };
            async move { request.send().await.expect("it is answered").status().as_u16() }
        })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    let count = |status: u16| answers.iter().filter(|it| **it == status).count();
    assert_eq!(count(404) + count(429), GUESSES, "none of them is right");
    assert!(
        count(404) <= 30 * 5,
        "after 30 in a minute an address is told to wait: {}",
        count(404)
    );
    assert_eq!(
        shop.open().await.status,
        200,
        "a good link is never refused for its neighbours"
    );
    let metrics = app.tenant.api.get("/metrics").await.text;
    let refused = |reason: &str| {
        let name = format!("registry_shop_pages_refused_total{{reason=\"{reason}\"}} ");
        let value = metrics.split(&name).nth(1).expect("it is counted").lines().next();
        value.expect("a number").parse::<usize>().expect("a number")
    };
    assert_eq!(refused("unknown") + refused("too_many_failures"), GUESSES);
    app.finish().await;
}
