//! Several replicas on one PostgreSQL: every kind of trouble at once, and nothing lost, doubled or out of order.

use std::time::Duration;

use futures::future::join_all;
use registry_tests::api::{Api, within};
use registry_tests::callback::{is_taken, try_send};
use registry_tests::settings::settings;
use registry_tests::tenant::id_of;
use registry_tests::{Installation, PATIENCE, Process, TestNats, TestSandbox};
use rustix::process::Signal;
use serde_json::json;
use tokio::sync::watch;
use tokio::task::block_in_place;
use tokio::time::Instant;

use fleet::{Fleet, Partner, body, check, register, storm};

pub mod fleet;

/// The adapter's own tests start servers in the same way.
#[path = "../../libs/registry-journal-postgres/tests/it/cluster.rs"]
pub mod cluster;

/// Callbacks for each merchant, and merchants for each tenant.
const CALLBACKS_EACH: usize = 40;
const MERCHANTS_EACH: usize = 250;

/// A replica must have taken over from one that is gone within this time.
const TAKE_OVER: Duration = Duration::from_secs(10);

/// Two replicas under a storm.
struct Battle {
    fleet: Fleet,
    nats: TestNats,
    replicas: [Installation; 2],
    processes: [Option<Process>; 2],
    taken: watch::Receiver<usize>,
    callbacks: usize,
}

impl Battle {
    /// Waits until so many tenths of the storm are answered.
    async fn reach(&mut self, tenths: usize) {
        let number = self.callbacks * tenths / 10;
        let reached = self.taken.wait_for(|taken| *taken >= number).await;
        reached.expect("the storm goes on");
    }

    fn kill(&mut self, number: usize) {
        block_in_place(|| self.processes[number].take().expect("it runs").kill());
    }

    fn serve(&mut self, number: usize) {
        self.processes[number] = Some(block_in_place(|| self.replicas[number].serve()));
    }

    /// Callbacks from many sides for many merchants of many tenants, and trouble meanwhile.
    async fn fight(nats: TestNats, trouble: impl AsyncFnOnce(&mut Self)) {
        let callbacks = settings().storm_callbacks;
        let tenants = (callbacks / CALLBACKS_EACH / MERCHANTS_EACH).clamp(2, 20);
        let merchants = (callbacks / CALLBACKS_EACH / tenants).max(1);
        let fleet = Fleet::new(&nats).await;
        let mut replicas = [fleet.replica(), fleet.replica()];
        let partners: Vec<_> = (0..tenants).map(|_| Fleet::partner(&replicas[0])).collect();
        let processes = replicas.each_mut().map(|replica| Some(replica.serve()));
        let base = |process: &Option<Process>| process.as_ref().expect("it runs").base_url();
        let bases = processes.each_ref().map(base);
        join_all(partners.iter().map(|partner| register(&bases[0], partner, merchants))).await;

        let (sender, taken) = watch::channel(0);
        let storm = tokio::spawn(storm(bases, partners.clone(), callbacks, merchants, sender));
        let mut battle = Self {
            fleet,
            nats,
            replicas,
            processes,
            taken,
            callbacks,
        };
        trouble(&mut battle).await;
        storm.await.expect("the storm does not fail");

        let storage = battle.fleet.storage().await;
        for (number, partner) in partners.iter().enumerate() {
            let expected: Vec<_> = (number..callbacks).step_by(tenants).collect();
            check(&storage, &battle.nats, partner, &expected).await;
            if battle.nats.is_cluster() {
                battle.nats.copies(&partner.slug).await;
            }
        }
        storage.close().await;
        for process in battle.processes.into_iter().flatten() {
            assert!(block_in_place(|| process.terminate()).success());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_dies_nothing_is_lost_or_doubled() {
    let trouble = async |battle: &mut Battle| {
        battle.reach(1).await;
        battle.kill(0);
        battle.reach(2).await;
        battle.serve(0);
        battle.reach(3).await;
        block_in_place(|| battle.fleet.cluster.restart_immediately());
        battle.reach(4).await;
        block_in_place(|| {
            battle.nats.stop();
            battle.nats.start_again();
        });
        battle.reach(5).await;
        assert!(battle.fleet.cut("registry-leases").await > 0, "somebody held leases");
        battle.reach(6).await;
        assert!(battle.fleet.cut("registry-writer").await > 0, "somebody was writing");
        battle.reach(7).await;
        battle.kill(1);
        battle.reach(8).await;
        battle.serve(1);
    };
    Box::pin(Battle::fight(TestNats::start(), trouble)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_nats_cluster_may_lose_a_server() {
    let trouble = async |battle: &mut Battle| {
        for number in 0..3 {
            battle.reach(2 * number + 1).await;
            block_in_place(|| battle.nats.stop_server(number));
            battle.reach(2 * number + 2).await;
            block_in_place(|| battle.nats.start_server_again(number));
        }
    };
    Box::pin(Battle::fight(TestNats::cluster(3), trouble)).await;
}

/// Two replicas, one merchant, and who publishes.
struct Pair {
    fleet: Fleet,
    nats: TestNats,
    partner: Partner,
    replicas: Vec<Installation>,
    holder: Option<Process>,
    other: Process,
    sent: usize,
}

impl Pair {
    async fn start() -> Self {
        let nats = TestNats::start();
        let fleet = Fleet::new(&nats).await;
        let mut replicas = vec![fleet.replica(), fleet.replica()];
        let partner = Fleet::partner(&replicas[0]);
        let holder = replicas[0].serve();
        register(&holder.base_url(), &partner, 1).await;
        let mut pair = Self {
            // Started later, it finds all leases taken.
            other: replicas[1].serve(),
            holder: Some(holder),
            fleet,
            nats,
            partner,
            replicas,
            sent: 0,
        };
        pair.expect_published().await;
        pair
    }

    /// Sends a callback to the one that does not publish, and waits until it is published.
    async fn expect_published(&mut self) {
        let body = body(&self.partner, 0, self.sent);
        self.sent += 1;
        let url = format!("{}{}", self.other.base_url(), self.partner.path);
        let answer = within(PATIENCE, Box::pin(try_send(&url, body))).await;
        assert!(is_taken(&answer.expect("the replica answers")));
        let storage = self.fleet.storage().await;
        let head = storage.reader.head(self.partner.id).await.expect("the log can be read");
        storage.close().await;
        self.nats.stream(&self.partner.slug, head.seq.0).await;
    }

    async fn finish(mut self) {
        let storage = self.fleet.storage().await;
        let expected: Vec<_> = (0..self.sent).collect();
        check(&storage, &self.nats, &self.partner, &expected).await;
        storage.close().await;
        if let Some(holder) = self.holder.take() {
            assert!(block_in_place(|| holder.terminate()).success());
        }
        assert!(block_in_place(|| self.other.terminate()).success());
        drop(self.replicas);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_replica_takes_over_from_a_dead_one() {
    let mut pair = Pair::start().await;
    block_in_place(|| pair.holder.take().expect("it runs").kill());
    let died = Instant::now();
    pair.expect_published().await;
    assert!(died.elapsed() < TAKE_OVER, "it took {:?}", died.elapsed());
    pair.finish().await;
}

/// A process that is stopped keeps its connections open. When it goes on, it believes that it still holds the leases.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_replica_takes_over_from_a_frozen_one_which_then_does_no_harm() {
    let mut pair = Pair::start().await;
    pair.holder.as_ref().expect("it runs").signal(Signal::STOP);
    let froze = Instant::now();
    pair.expect_published().await;
    assert!(froze.elapsed() < TAKE_OVER, "it took {:?}", froze.elapsed());
    pair.holder.as_ref().expect("it runs").signal(Signal::CONT);
    for _ in 0..20 {
        pair.expect_published().await;
    }
    pair.finish().await;
}

/// Which replica asked Paymint for the points is nobody's business.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_replicas_know_what_one_has_read_of_a_wallet() {
    let nats = TestNats::start();
    let sandbox = TestSandbox::start().await;
    let fleet = Fleet::new(&nats).await;
    let mut replicas = [fleet.replica(), fleet.replica()];
    let partner = Fleet::partner(&replicas[0]);
    block_in_place(|| replicas[0].configure_upstream(&partner.slug, &sandbox));
    let mut processes = replicas
        .each_mut()
        .map(|replica| block_in_place(|| Some(replica.serve())));
    let apis = processes
        .each_ref()
        .map(|process| partner.api(&process.as_ref().expect("it runs").base_url()));
    register(apis[0].base(), &partner, 1).await;
    let merchant = apis[0].get("/v1/merchants/by-reference/acad/store-0").await.expect(200);
    let path = format!("/v1/merchants/{}/billing-eligibility", id_of(&merchant));
    let wallet = async |api: &Api| api.reconnected().get(&path).await.expect(200)["evidence"]["partner_wallet"].clone();
    for (asks, points) in [(0, 0), (1, 7)] {
        sandbox.partner(0, points, None).await;
        let read = apis[asks].get("/v1/balance").await.expect(200);
        let expected = json!({ "points": points, "read_at": read["read_at"] });
        for api in &apis {
            assert_eq!(wallet(api).await, expected);
        }
    }
    let known = wallet(&apis[1]).await;
    block_in_place(|| processes[1].take().expect("it runs").kill());
    processes[1] = Some(block_in_place(|| replicas[1].serve()));
    assert_eq!(wallet(&apis[1]).await, known, "one that begins anew knows it too");
    for process in processes.into_iter().flatten() {
        assert!(block_in_place(|| process.terminate()).success());
    }
}
