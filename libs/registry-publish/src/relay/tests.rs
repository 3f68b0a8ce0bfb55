//! The relay against a log in memory and a broker in memory that can lose, refuse and forget on demand: orders of
//! failure that a real server will not show when asked. What a real server does is tested with its adapter.

mod broker;
mod log;

use registry_domain::merchant::Event;
use registry_domain::review::{ClaimSource, ReviewCode, ReviewStatus, Verification};
use registry_domain::tenant::Event as TenantEvent;
use registry_journal::port::{PublishCursor, SoleProcess};
use serde_json::Value;
use tokio::time::advance;

use super::track::SAVE_INTERVAL;
use super::waiting::WAITING_TIME_MAX;
use super::*;
use crate::testing::{slug, tenant_id, text};
use broker::Broker;
use log::Log;

fn changed_to(code: &str) -> Event {
    let code = ReviewCode::from_untrusted(code).unwrap();
    Event::ReviewChanged {
        from: ReviewStatus::None,
        to: code.status(),
        code,
        message: Some(text("심사 메시지")),
        source: ClaimSource::Callback,
        verification: Verification::Unverified,
    }
}

/// Two merchants, seven events, the first of them the tenant's.
fn small_log() -> Arc<Log> {
    let log = Log::new();
    log.append_to_tenant(TenantEvent::TenantResumed);
    log.register(1);
    log.register(2);
    for code in ["W", "P"] {
        log.append(1, changed_to(code));
        log.append(2, changed_to(code));
    }
    log
}

fn relay(log: &Arc<Log>, broker: &Arc<Broker>) -> Relay {
    Relay::new(log.archive(), broker.clone(), Arc::new(SoleProcess))
}

impl Relay {
    /// One step for one tenant, whoever has to be looked at.
    async fn run_once(&mut self, tenant: TenantId, slug: &Slug) -> Result<Progress, RelayError> {
        self.notice_session();
        if !self.seen.contains_key(&tenant) {
            let track = Track::new(self.carrier.cursor(tenant).await?);
            self.seen.insert(tenant, Seen::new(slug.clone(), Seq::ZERO, track));
        }
        let seen = self.seen.get_mut(&tenant).unwrap();
        let mut track = seen.begin().unwrap();
        let outcome = self.carrier.carry(tenant, slug, &mut track).await;
        seen.track = Some(track);
        outcome
    }
}

/// Steps until nothing is left; returns how many messages were published.
async fn drain(relay: &mut Relay) -> u64 {
    let mut published = 0;
    loop {
        let progress = relay.run_once(tenant_id(), &slug()).await.expect("the step succeeds");
        published += progress.published;
        if !progress.more {
            return published;
        }
    }
}

/// Lets the next step save the cursor.
async fn let_time_pass() {
    advance(SAVE_INTERVAL).await;
}

/// The stream is exactly the log's published events, chained, and the bucket holds each merchant as of its last one.
fn assert_whole(log: &Log, broker: &Broker) {
    let expected = log.merchant_events();
    let stored: Vec<(u64, u64)> = broker.messages().iter().map(broker::chain_of).collect();
    let mut previous = 0;
    let chain: Vec<(u64, u64)> = expected
        .iter()
        .map(|seq| (*seq, std::mem::replace(&mut previous, *seq)))
        .collect();
    assert_eq!(stored, chain);
    for (id, merchant) in log.merchants() {
        let document = broker.document(id);
        assert_eq!(
            document.as_ref().map(|it| it["version"].clone()),
            Some(merchant.version.0.into()),
            "{id}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_log_becomes_a_stream_in_order_with_the_merchant_as_of_each_event() {
    let (log, broker) = (small_log(), Broker::new());
    assert_eq!(drain(&mut relay(&log, &broker)).await, 6);
    assert_whole(&log, &broker);
    let stages: Vec<Value> = broker
        .bodies()
        .iter()
        .map(|body| body["merchant"]["stage"].clone())
        .collect();
    assert_eq!(
        stages,
        [
            "registered",
            "registered",
            "drafting",
            "drafting",
            "in_review",
            "in_review"
        ]
    );
    for body in broker.bodies() {
        assert_eq!(body["event"]["version"], body["merchant"]["version"]);
    }
}

/// Merchants with 601 events each: 34 pages, and more than one step.
const BACKLOG: u128 = 28;

fn long_log() -> Arc<Log> {
    let log = Log::new();
    for number in 1..=BACKLOG {
        log.register(number);
    }
    for round in 0..600 {
        for number in 1..=BACKLOG {
            log.append(number, changed_to(if round % 2 == 0 { "P" } else { "S" }));
        }
    }
    log
}

#[tokio::test(start_paused = true)]
async fn of_a_backlog_every_event_is_published_and_only_the_newest_documents_are_written() {
    let (log, broker) = (long_log(), Broker::new());
    assert_eq!(drain(&mut relay(&log, &broker)).await, 28 * 601);
    assert_whole(&log, &broker);
    assert_eq!(broker.bucket_writes(), 28);
}

#[tokio::test(start_paused = true)]
async fn a_backlog_that_is_left_in_the_middle_is_finished_by_another_relay() {
    let (log, broker) = (long_log(), Broker::new());
    let mut first = relay(&log, &broker);
    let progress = first.run_once(tenant_id(), &slug()).await.unwrap();
    assert!(progress.more && progress.published == 16_000, "{progress:?}");
    assert_eq!(
        broker.bucket_writes(),
        0,
        "the documents wait for the end of the backlog"
    );
    advance(WAITING_TIME_MAX).await;
    first.run_once(tenant_id(), &slug()).await.unwrap();
    assert_eq!(broker.bucket_writes(), 28, "but not for long");
    log.append(1, changed_to("O"));
    drop(first);
    drain(&mut relay(&log, &broker)).await;
    assert_whole(&log, &broker);
}

/// The first page is on its way to the broker when the second one turns out to be unreadable.
#[tokio::test(start_paused = true)]
async fn a_page_before_a_damaged_one_is_published_once_and_the_rest_after_the_repair() {
    let (log, broker) = (long_log(), Broker::new());
    let data = log.damage(1_700, "no event");
    let mut relay = relay(&log, &broker);
    for _ in 0..2 {
        let error = relay
            .run_once(tenant_id(), &slug())
            .await
            .expect_err("the page is damaged");
        assert!(matches!(error, RelayError::ReadEvents(_)), "{error:?}");
        assert_eq!(broker.messages().len(), 1_500);
    }
    log.damage(1_700, &data);
    drain(&mut relay).await;
    assert_whole(&log, &broker);
}

/// A page of long texts is cut, and what was read ahead of it begins too late.
#[tokio::test(start_paused = true)]
async fn pages_that_are_cut_lose_nothing() {
    let (log, broker) = (Log::new(), Broker::new());
    log.register(1);
    let mut event = changed_to("S");
    if let Event::ReviewChanged { message, .. } = &mut event {
        *message = Some(text(&"서".repeat(4_000)));
    }
    for _ in 0..700 {
        log.append(1, event.clone());
    }
    assert_eq!(drain(&mut relay(&log, &broker)).await, 701);
    assert_whole(&log, &broker);
}

#[tokio::test(start_paused = true)]
async fn a_restart_publishes_nothing_twice() {
    let (log, broker) = (small_log(), Broker::new());
    drain(&mut relay(&log, &broker)).await;
    assert_eq!(
        log.cursor(),
        PublishCursor::START,
        "the process ended before the cursor was saved"
    );
    assert_eq!(drain(&mut relay(&log, &broker)).await, 0);
    log.append(1, changed_to("O"));
    assert_eq!(drain(&mut relay(&log, &broker)).await, 1);
    assert_whole(&log, &broker);
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_breaks_off_anywhere_is_finished_by_the_next_step() {
    for allowed in 0..12 {
        let (log, broker) = (small_log(), Broker::new());
        let mut relay = relay(&log, &broker);
        broker.fail_after(allowed);
        let outcome = relay.run_once(tenant_id(), &slug()).await;
        assert_eq!(
            outcome.is_err(),
            allowed < 8,
            "six messages and two documents are written, {allowed} allowed"
        );
        broker.fail_after(usize::MAX);
        drain(&mut relay).await;
        assert_whole(&log, &broker);
    }
}

#[tokio::test(start_paused = true)]
async fn of_two_relays_one_is_fenced_off_and_then_goes_on_behind_the_other() {
    let (log, broker) = (small_log(), Broker::new());
    let (mut first, mut second) = (relay(&log, &broker), relay(&log, &broker));
    drain(&mut first).await;
    drain(&mut second).await;
    log.append(1, changed_to("O"));
    drain(&mut second).await;
    log.append(2, changed_to("R"));
    let fenced = first
        .run_once(tenant_id(), &slug())
        .await
        .expect_err("the other has written");
    assert_eq!(fenced.failure(), RelayFailure::OutOfStep);
    drain(&mut first).await;
    assert_whole(&log, &broker);
}

#[tokio::test(start_paused = true)]
async fn a_wiped_broker_gets_everything_again_without_a_new_event() {
    let (log, broker) = (small_log(), Broker::new());
    let mut relay = relay(&log, &broker);
    drain(&mut relay).await;
    let_time_pass().await;
    drain(&mut relay).await;
    assert_eq!(log.cursor().seq, Seq(7));
    broker.wipe();
    broker.reconnect();
    assert_eq!(drain(&mut relay).await, 6);
    assert_whole(&log, &broker);
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_was_cut_is_continued_from_where_it_ends() {
    let (log, broker) = (small_log(), Broker::new());
    let mut relay = relay(&log, &broker);
    drain(&mut relay).await;
    let_time_pass().await;
    drain(&mut relay).await;
    broker.cut_stream(2);
    broker.reconnect();
    assert_eq!(drain(&mut relay).await, 4);
    assert_whole(&log, &broker);
}

#[tokio::test(start_paused = true)]
async fn messages_that_grew_too_old_are_not_published_again() {
    let (log, broker) = (small_log(), Broker::new());
    let mut relay = relay(&log, &broker);
    drain(&mut relay).await;
    let_time_pass().await;
    drain(&mut relay).await;
    broker.age_out();
    broker.reconnect();
    assert_eq!(drain(&mut relay).await, 0);
    log.append(1, changed_to("O"));
    assert_eq!(drain(&mut relay).await, 1);
    assert_eq!(broker::chain_of(&broker.messages()[0]), (8, 7));
}

#[tokio::test(start_paused = true)]
async fn a_wiped_bucket_is_filled_from_the_current_states() {
    let (log, broker) = (small_log(), Broker::new());
    let mut relay = relay(&log, &broker);
    drain(&mut relay).await;
    let_time_pass().await;
    drain(&mut relay).await;
    broker.wipe_bucket();
    broker.reconnect();
    assert_eq!(drain(&mut relay).await, 0);
    assert_whole(&log, &broker);
    let writes = broker.bucket_writes();
    broker.reconnect();
    drain(&mut relay).await;
    assert_eq!(broker.bucket_writes(), writes, "a whole bucket is left alone");
}

#[tokio::test(start_paused = true)]
async fn a_log_begun_anew_is_published_behind_the_old_one() {
    let (old, broker) = (small_log(), Broker::new());
    drain(&mut relay(&old, &broker)).await;
    let new = Log::with_ids_from(1_000);
    new.register(1);
    assert_eq!(drain(&mut relay(&new, &broker)).await, 1);
    assert_eq!(broker.messages().len(), 7);
    assert_eq!(broker::chain_of(&broker.messages()[6]), (1, 0));
    new.append(1, changed_to("W"));
    assert_eq!(drain(&mut relay(&new, &broker)).await, 1);
    assert_eq!(broker::chain_of(&broker.messages()[7]), (2, 1));
}

/// Whoever takes over looks at the stream: that the log is another one than was published is told, once for each look.
#[tokio::test(start_paused = true)]
async fn a_log_that_is_not_what_was_published_is_told() {
    let (log, broker) = (small_log(), Broker::new());
    drain(&mut relay(&log, &broker)).await;
    let again = relay_and_status(&log, &broker).await;
    assert_eq!(again.diverged_total, 0, "the same log");
    log.rewrite(7);
    assert_eq!(relay_and_status(&log, &broker).await.diverged_total, 1, "rewritten");
    assert_eq!(
        broker.messages().len(),
        6,
        "positions still count: nothing is published twice"
    );
    let other = Log::with_ids_from(1_000);
    other.register(1);
    assert_eq!(relay_and_status(&other, &broker).await.diverged_total, 1, "begun anew");
}

async fn relay_and_status(log: &Arc<Log>, broker: &Arc<Broker>) -> RelayStatus {
    let mut relay = relay(log, broker);
    drain(&mut relay).await;
    *relay.status().borrow()
}

#[tokio::test(start_paused = true)]
async fn an_erased_merchant_leaves_the_bucket_and_its_name_is_published_no_more() {
    let (log, broker) = (small_log(), Broker::new());
    let mut relay = relay(&log, &broker);
    drain(&mut relay).await;
    assert!(broker.bodies()[0].to_string().contains("가나다"));
    log.append(1, changed_to("S"));
    log.erase(1);
    drain(&mut relay).await;
    let late = &broker.bodies()[6..];
    assert_eq!(late.len(), 2);
    for body in late {
        assert!(!body.to_string().contains("가나다"), "{body}");
    }
    assert_eq!(late[0]["event"]["erased"], Value::Bool(true));
    assert_eq!(broker.document(log::merchant_id(1)), None);
    assert!(broker.document(log::merchant_id(2)).is_some());
}

#[tokio::test(start_paused = true)]
async fn merchants_that_are_not_at_hand_are_folded_together() {
    let (log, broker) = (small_log(), Broker::new());
    drain(&mut relay(&log, &broker)).await;
    for code in ["S", "P"] {
        log.append(1, changed_to(code));
        log.append(2, changed_to(code));
    }
    assert_eq!(drain(&mut relay(&log, &broker)).await, 4);
    assert_eq!(log.read_alone(), 0);
    assert_whole(&log, &broker);
}

#[tokio::test]
async fn the_relay_runs_until_it_is_told_to_stop_and_finishes_what_is_in_the_log() {
    let (log, broker) = (small_log(), Broker::new());
    let relay = relay(&log, &broker);
    let mut status = relay.status();
    let (wake, woken) = watch::channel(0);
    let cancellation = CancellationToken::new();
    let running = tokio::spawn(relay.run(woken, cancellation.clone()));
    let carried = |total: u64| move |status: &RelayStatus| status.published_total == total && status.lag == 0;
    status.wait_for(carried(6)).await.unwrap();
    log.append(1, changed_to("O"));
    wake.send_replace(1);
    let now = *status.wait_for(carried(7)).await.unwrap();
    assert!(
        now.connected && now.failure.is_none() && now.failing_tenants == 0,
        "{now:?}"
    );
    cancellation.cancel();
    log.append(2, changed_to("R"));
    running.await.unwrap();
    assert_whole(&log, &broker);
    assert_eq!(log.cursor().seq, Seq(9));
}

#[tokio::test(start_paused = true)]
async fn a_broker_that_is_away_is_told_and_missed_nothing() {
    let (log, broker) = (small_log(), Broker::new());
    broker.disconnect();
    let relay = relay(&log, &broker);
    let mut status = relay.status();
    let (_wake, woken) = watch::channel(0);
    let cancellation = CancellationToken::new();
    let running = tokio::spawn(relay.run(woken, cancellation.clone()));
    let now = *status.wait_for(|status| status.lag == 7).await.unwrap();
    assert!(!now.connected);
    let returned = Instant::now();
    broker.reconnect();
    let now = *status.wait_for(|status| status.lag == 0).await.unwrap();
    assert!(now.connected);
    assert_eq!(returned.elapsed(), Duration::ZERO, "nobody waited for the next look");
    broker.fail_after(0);
    log.append(1, changed_to("O"));
    let now = *status.wait_for(|status| status.failing_tenants == 1).await.unwrap();
    assert_eq!((now.failure, now.lag), (Some(RelayFailure::Unavailable), 1));
    broker.fail_after(usize::MAX);
    let now = *status.wait_for(|status| status.lag == 0).await.unwrap();
    assert_eq!((now.failure, now.failing_tenants), (None, 0));
    cancellation.cancel();
    running.await.unwrap();
    assert_whole(&log, &broker);
}

#[tokio::test(start_paused = true)]
async fn a_broker_that_cannot_be_used_is_left_alone_and_told_of_for_all_tenants_at_once() {
    let (log, broker) = (small_log(), Broker::new());
    broker.set_unfit(true);
    let relay = relay(&log, &broker);
    let mut status = relay.status();
    let (_wake, woken) = watch::channel(0);
    let cancellation = CancellationToken::new();
    let running = tokio::spawn(relay.run(woken, cancellation.clone()));
    let now = *status.wait_for(|status| status.lag == 7).await.unwrap();
    assert_eq!((now.connected, now.failure), (true, Some(RelayFailure::Unfit)));
    assert_eq!((now.failing_tenants, now.resumed_total, now.works()), (0, 0, false));
    assert_eq!(broker.messages().len(), 0);
    // The same connection: somebody has changed the server's limits.
    broker.set_unfit(false);
    let now = *status.wait_for(|status| status.lag == 0).await.unwrap();
    assert_eq!((now.works(), now.failure), (true, None));
    cancellation.cancel();
    running.await.unwrap();
    assert_whole(&log, &broker);
}
