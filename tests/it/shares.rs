//! What tenants share, and that one who does their worst takes nothing of it from the others.

mod files;
mod links;
mod publishing;
mod requests;
mod streams;
mod writing;

use std::time::Duration;

use registry_tests::TestApp;

/// Within this time another tenant's callback is answered. Several times what a release build takes: tests share a small machine.
const CALLBACK_WITHIN: Duration = if cfg!(debug_assertions) {
    Duration::from_secs(2)
} else {
    Duration::from_millis(500)
};

/// Within this time another tenant has a link, from an upstream that answers at once.
const LINK_WITHIN: Duration = Duration::from_secs(2);

/// A counter or a gauge, as it is now.
pub(crate) async fn metric(app: &TestApp, name: &str) -> u64 {
    let metrics = app.tenant.api.anonymous().get("/metrics").await.text;
    let value = metrics
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    let value = value.unwrap_or_else(|| panic!("there is no {name}"));
    value.parse().expect("a number")
}
