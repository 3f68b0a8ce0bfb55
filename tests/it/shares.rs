//! What tenants share, and that one who does their worst takes nothing of it from the others.

mod requests;

use registry_tests::TestApp;

/// A counter or a gauge, as it is now.
async fn metric(app: &TestApp, name: &str) -> u64 {
    let metrics = app.tenant.api.anonymous().get("/metrics").await.text;
    let value = metrics
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    let value = value.unwrap_or_else(|| panic!("there is no {name}"));
    value.parse().expect("a number")
}
