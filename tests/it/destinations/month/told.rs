//! What everybody was told by the end of the month.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, FixedOffset};
use registry_tests::api::text_of;
use registry_tests::sinks::Received;
use serde_json::Value;

use super::{CLOSED, Digest, Month, digests, owned, registered};
use crate::destinations::digests::mail_text;

/// What the webhook is told in all, by type, rule and severity.
const TOLD: [(&str, &str, &str, usize); 9] = [
    ("alert.raised", "registered", "warn", 345),
    ("alert.raised", "registered", "late", 280),
    ("alert.raised", "registered", "critical", 270),
    ("alert.raised", "link_issued", "warn", 25),
    ("alert.raised", "link_issued", "late", 25),
    ("alert.raised", "quarantine_growing", "critical", 2),
    // 40 were put away, 25 got a link.
    ("alert.resolved", "registered", "warn", 65),
    ("alert.resolved", "quarantine_growing", "critical", 1),
    ("alert.acknowledged", "", "", 0),
];

/// As many mails as digests, by their ids, each with what the digest says.
pub(super) fn expect_mails(month: &Month) {
    let words = ["주의", "지연", "위험", "해소"];
    let title = |(rule, tally): &Digest| {
        let (name, unit) = match *rule {
            "registered" => ("등록", "곳"),
            "link_issued" => ("링크", "곳"),
            _ => ("격리가 쌓임", "건"),
        };
        let order = [2, 1, 0, 3].into_iter().filter(|level| tally[*level] > 0);
        let said: Vec<_> = order
            .map(|level| format!("{} {}{unit}", words[level], tally[level]))
            .collect();
        format!("[{}] {name}: {}", month.tenant.slug, said.join(", "))
    };
    let mut expected: Vec<_> = month.expected.iter().map(title).collect();
    expected.sort();
    assert_eq!(titles(month), expected);
}

/// What the mails say, each once, as they are when they are put in order.
pub(super) fn titles(month: &Month) -> Vec<String> {
    let mut by_id = BTreeMap::new();
    for mail in month.mail.mails() {
        let text = mail_text(&mail.text);
        let id = text
            .lines()
            .find_map(|line| line.strip_prefix("Message-ID: "))
            .expect("an id")
            .to_owned();
        let title = text
            .lines()
            .find(|line| line.starts_with('['))
            .expect("a title")
            .to_owned();
        assert_eq!(by_id.entry(id).or_insert_with(|| title.clone()), &title);
    }
    let mut titles: Vec<_> = by_id.into_values().collect();
    titles.sort();
    titles
}

/// Who wants only what is late gets only that.
pub(super) async fn expect_late_ones(month: &Month) {
    let expected: Vec<_> = [
        [0, 40, 0, 0],
        [0, 0, 40, 0],
        [0, 35, 0, 0],
        [0, 45, 0, 0],
        [0, 0, 35, 0],
        [0, 0, 45, 0],
        [0, 100, 0, 0],
        [0, 0, 100, 0],
        [0, 50, 0, 0],
        [0, 10, 0, 0],
        [0, 0, 50, 0],
    ]
    .map(registered)
    .to_vec();
    let received = month
        .late
        .wait_until(|received| digests(received).len() >= expected.len())
        .await;
    assert_eq!(digests(&received), owned(&expected));
}

/// Every event about an alert has come, none else, and each under one id; nobody was told of a shop while nobody worked.
pub(super) async fn expect_events(month: &Month) {
    let feed = month.tenant.api.feed().await;
    let told: BTreeMap<_, _> = feed
        .iter()
        .filter(|event| text_of(event, "type").starts_with("alert."))
        .map(|event| (text_of(event, "id").to_owned(), event))
        .collect();
    for (event_type, rule, severity, expected) in TOLD {
        let is_one = |event: &&&Value| {
            let data = &event["data"];
            event["type"] == event_type && (rule.is_empty() || data["rule"] == rule && data["severity"] == severity)
        };
        let found = told.values().filter(is_one).count();
        assert_eq!(found, expected, "{event_type} {rule} {severity}");
    }
    assert_eq!(told.len(), TOLD.iter().map(|(.., count)| count).sum::<usize>());
    // There are a thousand, one after the other: as long as more come, there is patience.
    for come in (0..told.len()).step_by(50) {
        month.hook.wait_until(|received| ids(received).len() >= come).await;
    }
    let has_all = |received: &[Received]| ids(received).len() >= told.len();
    let received = month.hook.wait_until(has_all).await;
    assert!(ids(&received).iter().all(|id| told.contains_key(id)));
    for message in &received {
        let id = message.header("webhook-id");
        assert_eq!(message.json(), *told[id], "{id}");
    }
    for event in told.values().filter(|event| event["type"] == "alert.raised") {
        let recorded: DateTime<FixedOffset> = text_of(event, "recorded_at").parse().expect("a time");
        let local = recorded.with_timezone(&FixedOffset::east_opt(9 * 3_600).expect("an offset"));
        let (day, time) = (local.format("%F").to_string(), local.format("%T").to_string());
        assert!(
            !CLOSED.contains(&day.as_str()) && time.as_str() >= "09:00:00",
            "{event}"
        );
    }
}

fn ids(received: &[Received]) -> BTreeSet<String> {
    received.iter().map(|it| it.header("webhook-id").to_owned()).collect()
}
