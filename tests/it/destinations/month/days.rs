//! What happens in the month, day by day.

use registry_tests::Answer;
use registry_tests::api::text_of;
use reqwest::Method;
use serde_json::json;

use super::{AT_WORK, Kill, Month, OFF, registered};
use crate::alerts::set_rule;

/// Until Chuseok is over: shops wait, some are put away, others get a link.
pub(super) async fn september(month: &mut Month) {
    let first = month.register("2035-09-10", "a", 80).await;
    month
        .morning("2035-09-11", Kill::Never, &[registered([80, 0, 0, 0])])
        .await;
    month.go("2035-09-12", "15:00:00").await;
    for shop in &first[..40] {
        month.tenant.archive(shop).await;
    }
    month
        .morning("2035-09-13", Kill::WhileRaising, &[registered([0, 40, 0, 0])])
        .await;
    let second = month.register("2035-09-13", "b", 60).await;
    month
        .morning("2035-09-14", Kill::BeforeItIsDue, &[registered([60, 0, 0, 0])])
        .await;
    month.register("2035-09-16", "c", 45).await;
    month.closed("2035-09-17").await;
    month.go("2035-09-18", "12:00:00").await;
    for shop in &second[..25] {
        month.tenant.issue_link(shop).await;
    }
    // Those of the 10th wait for the fifth day, those of the 16th for the first.
    month
        .morning("2035-09-19", Kill::OnTheWay, &[registered([45, 0, 40, 0])])
        .await;
    let links = |tally| ("link_issued", tally);
    let due = [registered([0, 35, 0, 0]), links([25, 0, 0, 0])];
    month.morning("2035-09-20", Kill::WhileRaising, &due).await;
    month
        .morning("2035-09-21", Kill::BeforeItIsDue, &[registered([0, 45, 0, 0])])
        .await;
    month.register("2035-09-21", "d", 100).await;
    month.closed("2035-09-22").await;
    let due = [registered([100, 0, 35, 0]), links([0, 25, 0, 0])];
    month.morning("2035-09-24", Kill::OnTheWay, &due).await;
    month
        .morning("2035-09-25", Kill::WhileRaising, &[registered([0, 0, 45, 0])])
        .await;
    month.closed(OFF).await;
    month
        .morning("2035-09-27", Kill::BeforeItIsDue, &[registered([0, 100, 0, 0])])
        .await;
}

/// What is told late at night is read in the morning; another rule tells of more on the same day; holidays.
pub(super) async fn october(month: &mut Month) {
    let quarantine = |tally| ("quarantine_growing", tally);
    month.go("2035-09-27", "23:48:00").await;
    month.stray_callback().await;
    // It is looked once a minute.
    month.go("2035-09-27", "23:50:00").await;
    month.wait_for_open(&[quarantine([0, 0, 1, 0])]).await;
    month.kill_until("2035-09-28", "08:59:00");
    month.expect_nothing_new();
    month.go("2035-09-28", "09:00:01").await;
    month.wait_for_digests(&[quarantine([0, 0, 1, 0])]).await;
    month.go("2035-09-28", "14:00:00").await;
    let quarantined = month.tenant.api.get("/v1/quarantine").await.expect(200);
    let path = format!(
        "/v1/quarantine/{}/resolution",
        text_of(&quarantined["data"][0], "event_id")
    );
    let discard = json!({ "action": "discard", "reason": "시험" });
    let request = month.tenant.api.request(Method::PUT, &path).json(&discard);
    Answer::to(request).await.expect(200);
    month.go("2035-09-28", "14:02:00").await;
    month.wait_for_open(&[quarantine([0, 0, 0, 1])]).await;
    month.go("2035-09-28", "14:18:00").await;
    month.wait_for_digests(&[quarantine([0, 0, 0, 1])]).await;
    month
        .morning(AT_WORK, Kill::OnTheWay, &[registered([0, 0, 100, 0])])
        .await;
    month.register("2035-10-01", "e", 50).await;
    month
        .morning("2035-10-02", Kill::WhileRaising, &[registered([50, 0, 0, 0])])
        .await;
    month.register("2035-10-02", "f", 10).await;
    month.go("2035-10-03", "09:30:00").await;
    month.stray_callback().await;
    month.closed("2035-10-03").await;
    let due = [registered([10, 0, 0, 0]), quarantine([0, 0, 1, 0])];
    month.morning("2035-10-04", Kill::BeforeItIsDue, &due).await;
    // Two days are late from now on.
    month.go("2035-10-04", "13:00:00").await;
    let sooner = json!({ "warn": 1, "late": 2, "critical": 5 });
    set_rule(&month.tenant, "registered", &sooner).await;
    month.wait_for_open(&[registered([0, 50, 0, 0])]).await;
    month.kill_until("2035-10-04", "13:05:00");
    month.go("2035-10-04", "13:17:00").await;
    month.wait_for_digests(&[registered([0, 50, 0, 0])]).await;
    month
        .morning("2035-10-05", Kill::OnTheWay, &[registered([0, 10, 0, 0])])
        .await;
    month.closed("2035-10-09").await;
    month
        .morning("2035-10-10", Kill::Never, &[registered([0, 0, 50, 0])])
        .await;
}
