//! A month in which somebody is killed nearly every day: each digest comes once, in time, and on no day on which nobody works.
//!
//! What is expected is counted by hand. The month is September and October of 2035: Chuseok from the 15th to the 17th with the 18th for
//! it, the 3rd and 9th of October, and two days that the tenant has said otherwise, Wednesday the 26th off and Saturday the 29th at work.

mod days;
mod told;

use std::collections::BTreeSet;

use chrono::{DateTime, FixedOffset, Utc};
use futures::future::join_all;
use registry_tests::api::{text_of, until};
use registry_tests::callback::{send_taken, tenant_url};
use registry_tests::sinks::{Manner, QUIET, Received, TestMailServer, TestReceiver};
use registry_tests::{Installation, Process, TestSandbox, TestTenant};
use serde_json::{Value, json};

use days::{october, september};
use told::{expect_events, expect_late_ones, expect_mails};

use super::make;
use crate::alerts::set_rule;

/// A rule, and what a digest says of it: warn, late, critical, recovered.
type Digest = (&'static str, [u64; 4]);

const AHEAD: &str = env!("CARGO_BIN_EXE_ahead");

/// The tenant's own days.
const OFF: &str = "2035-09-26";
const AT_WORK: &str = "2035-09-29";

/// All days of the month on which nobody is told of a shop that waits.
const CLOSED: [&str; 12] = [
    "2035-09-15",
    "2035-09-16",
    "2035-09-17",
    "2035-09-18",
    "2035-09-22",
    "2035-09-23",
    OFF,
    "2035-09-30",
    "2035-10-03",
    "2035-10-06",
    "2035-10-07",
    "2035-10-09",
];

/// When it is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kill {
    Never,
    /// Some were told of, others not yet.
    WhileRaising,
    /// The digest is open.
    BeforeItIsDue,
    /// It was sent, and nobody has answered yet.
    OnTheWay,
}

struct Month {
    installation: Installation,
    process: Option<Process>,
    tenant: TestTenant,
    chat: TestReceiver,
    late: TestReceiver,
    hook: TestReceiver,
    mail: TestMailServer,
    by_chat: Value,
    expected: Vec<Digest>,
    /// Up to where the log was looked through.
    seq: u64,
}

fn at(day: &str, time: &str) -> DateTime<Utc> {
    let text = format!("{day}T{time}+09:00");
    DateTime::<FixedOffset>::parse_from_rfc3339(&text)
        .expect("a moment")
        .to_utc()
}

/// What came, each once: whoever was killed before it was answered sends again, under the same id.
fn digests(received: &[Received]) -> Vec<(String, [u64; 4])> {
    let mut ids = BTreeSet::new();
    let bodies = received.iter().map(Received::json);
    let bodies = bodies.filter(|body| ids.insert(text_of(body, "id").to_owned()));
    let tally =
        |body: &Value| ["warn", "late", "critical", "recovered"].map(|level| body[level].as_u64().expect("a number"));
    bodies
        .map(|body| (text_of(&body, "rule").to_owned(), tally(&body)))
        .collect()
}

impl Month {
    async fn begin(sandbox: &TestSandbox) -> Self {
        let mail = TestMailServer::start().await;
        let (chat, late, hook) = (
            TestReceiver::start().await,
            TestReceiver::start().await,
            TestReceiver::start().await,
        );
        let mut installation = Installation::new()
            .with("REGISTRY_DESTINATION_NETWORKS", "127.0.0.0/8")
            .with("REGISTRY_SMTP_URL", &mail.url())
            .with("REGISTRY_SMTP_FROM", "Registry <registry@partner.example>");
        let (process, tenant) = installation.serve_tenant(sandbox);
        assert!(process.terminate().success());
        let process = installation.serve_at(AHEAD, at("2035-09-10", "09:00:00"));
        let tenant = tenant.reconnected();
        let days = json!({
            OFF: { "business_day": false, "name": "창립기념일" }, AT_WORK: { "business_day": true, "name": null },
        });
        tenant.set(&json!({ "own_days": days })).await;
        set_rule(&tenant, "registered", &json!({ "warn": 1, "late": 3, "critical": 5 })).await;
        set_rule(&tenant, "link_issued", &json!({ "warn": 2, "late": 4 })).await;
        let quarantine = json!({ "severity": "critical", "more_than": 0 });
        set_rule(&tenant, "quarantine_growing", &quarantine).await;
        let there = |kind: &str, address: &str| json!({ "name": "당직", "kind": kind, "address": address });
        let by_chat = make(&tenant, &there("chat", &chat.url())).await;
        make(&tenant, &there("webhook", &hook.url())).await;
        make(&tenant, &there("mail", "ops@partner.example")).await;
        let mut only = there("chat", &late.url());
        only["rules"] = json!(["registered"]);
        only["least_severity"] = json!("late");
        make(&tenant, &only).await;
        Self {
            installation,
            process: Some(process),
            seq: 0,
            tenant,
            chat,
            late,
            hook,
            mail,
            by_chat,
            expected: Vec::new(),
        }
    }

    async fn go(&mut self, day: &str, time: &str) {
        let process = self.process.as_mut().expect("it runs");
        process.put_clock(at(day, time)).await;
    }

    fn kill_until(&mut self, day: &str, time: &str) {
        self.process.take().expect("it runs").kill();
        self.process = Some(self.installation.serve_at(AHEAD, at(day, time)));
        self.tenant.api = self.tenant.api.reconnected();
    }

    /// Shops are registered on an afternoon.
    async fn register(&mut self, day: &str, name: &str, count: usize) -> Vec<Value> {
        self.go(day, "15:00:00").await;
        let (tenant, member) = (&self.tenant, format!("acad-{name}"));
        let shops = (0..count).map(|number| {
            let (member, code) = (member.clone(), format!("store-{number}"));
            async move { tenant.register(&member, &code).await }
        });
        join_all(shops).await
    }

    async fn raised(&self) -> u64 {
        let counts = self.tenant.api.get("/v1/stats/alerts").await.expect(200);
        counts["by_state"]["open"].as_u64().expect("a number")
    }

    /// A day begins: what is due is told of at nine, and a quarter of an hour later in one digest of each rule.
    async fn morning(&mut self, day: &str, kill: Kill, due: &[Digest]) {
        self.go(day, "08:59:30").await;
        self.expect_nothing_new();
        self.go(day, "09:00:05").await;
        if kill == Kill::WhileRaising {
            self.wait_for_the_first(day).await;
            self.kill_until(day, "09:00:40");
        }
        self.wait_for_open(due).await;
        if kill == Kill::BeforeItIsDue {
            self.kill_until(day, "09:10:00");
        }
        self.expect_nothing_new();
        if kill == Kill::OnTheWay {
            self.chat.behave(Manner::Hangs);
            let sent = self.chat.received().len();
            self.go(day, "09:17:00").await;
            self.chat.wait_for(sent + due.len()).await;
            self.chat.behave(Manner::Takes);
            // What was taken on is left to others for half a minute.
            self.kill_until(day, "09:18:00");
        } else {
            self.go(day, "09:17:00").await;
        }
        self.wait_for_digests(due).await;
    }

    /// Nine in Korea is midnight by the log.
    async fn wait_for_the_first(&mut self, day: &str) {
        let morning = format!("{day}T00:00:");
        let is_first =
            |event: &Value| event["type"] == "alert.raised" && text_of(event, "recorded_at").starts_with(&morning);
        let first = self.tenant.api.event_after(self.seq, is_first).await;
        self.seq = first["seq"].as_u64().expect("a number");
    }

    /// All that is due is planned, and in one digest of each rule.
    async fn wait_for_open(&self, due: &[Digest]) {
        let path = format!(
            "/v1/deliveries?limit=500&state=open&destination_id={}",
            text_of(&self.by_chat, "id")
        );
        until(async || {
            let page = self.tenant.api.get(&path).await.expect(200);
            let open = page["data"].as_array().expect("a page");
            let mut open: Vec<_> = open.iter().map(|it| tally_of(&it["digest"])).collect();
            open.sort();
            open == sorted(due)
        })
        .await;
    }

    fn expect_nothing_new(&self) {
        assert_eq!(digests(&self.chat.received()), owned(&self.expected));
    }

    /// Everybody was told: what is still on its way when the next day begins is told with what that day brings.
    async fn wait_for_digests(&mut self, due: &[Digest]) {
        let come = self.expected.len() + due.len();
        let received = self.chat.wait_until(|received| digests(received).len() >= come).await;
        let mut new = digests(&received).split_off(self.expected.len());
        // Those of one morning come in any order.
        new.sort();
        assert_eq!(new, sorted(due));
        let order = digests(&received).split_off(self.expected.len());
        let known = |digest: &(String, [u64; 4])| due.iter().find(|it| it.0 == digest.0 && it.1 == digest.1).copied();
        self.expected.extend(order.iter().filter_map(known));
        let late = self.expected.iter().filter(|digest| is_for_late(digest)).count();
        self.late.wait_until(|received| digests(received).len() >= late).await;
        until(async || told::titles(self).len() >= come).await;
    }

    /// A day on which nobody works: it is looked, and nobody is told.
    async fn closed(&mut self, day: &str) {
        assert!(CLOSED.contains(&day));
        let raised = self.raised().await;
        self.go(day, "10:00:00").await;
        tokio::time::sleep(QUIET).await;
        assert_eq!(self.raised().await, raised);
        self.expect_nothing_new();
    }

    async fn stray_callback(&self) {
        let url = tenant_url(
            self.installation.data_dir(),
            &self.process.as_ref().expect("it runs").base_url(),
            self.tenant.id,
        );
        send_taken(&url, "{".to_owned()).await;
    }
}

fn tally_of(digest: &Value) -> (String, [u64; 4]) {
    let tally = ["warn", "late", "critical", "recovered"].map(|level| digest[level].as_u64().unwrap_or_default());
    (text_of(digest, "rule").to_owned(), tally)
}

/// What the destination that wants only late shops is told of.
fn is_for_late((rule, [_, late, critical, _]): &Digest) -> bool {
    *rule == "registered" && late + critical > 0
}

fn owned(digests: &[Digest]) -> Vec<(String, [u64; 4])> {
    digests
        .iter()
        .map(|(rule, tally)| ((*rule).to_owned(), *tally))
        .collect()
}

fn sorted(digests: &[Digest]) -> Vec<(String, [u64; 4])> {
    let mut owned = owned(digests);
    owned.sort();
    owned
}

const fn registered(tally: [u64; 4]) -> Digest {
    ("registered", tally)
}

#[tokio::test]
async fn in_a_month_with_kills_each_digest_comes_once_in_time_and_on_no_day_off() {
    let sandbox = TestSandbox::start().await;
    let mut month = Month::begin(&sandbox).await;
    september(&mut month).await;
    october(&mut month).await;
    month.go("2035-10-10", "12:00:00").await;
    expect_mails(&month);
    expect_late_ones(&month).await;
    expect_events(&month).await;
    tokio::time::sleep(QUIET).await;
    month.expect_nothing_new();
    let Month {
        installation, process, ..
    } = month;
    process.expect("it runs").kill();
    let report = installation.print(&["verify"]);
    assert!(report.contains("the chain is whole"), "{report}");
}
