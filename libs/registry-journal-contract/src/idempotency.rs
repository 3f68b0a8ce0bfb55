//! Promises about requests that come more than once.

use std::collections::HashSet;

use chrono::TimeDelta;
use registry_domain::merchant::Refusal;
use registry_domain::{LinkId, MerchantId, TenantId, Version, tenant};
use registry_journal::port::{IdempotencyRow, Journal, Loaded, PageSize, Reader, Scope, Writes};
use registry_journal::submission::{IdempotencyKey, Order, Outcome, Replay, Submission};
use registry_journal::writer::Writer;

use crate::Harness;
use crate::fixtures::{
    World, config, keyring, queued, register, registration, request_link, submission, with_key, written,
};
use crate::journals::Gate;

const PARALLEL: usize = 64;

/// Hands in many commands at once through two writers and returns the outcomes.
async fn all_at_once<H: Harness>(world: &World<H>, submissions: Vec<Submission>) -> Vec<Outcome> {
    let other = world.harness.open().await;
    let (second, _task) = Writer::start(world.parts(other, 1), config(), std::future::pending());
    let writers = [world.writer.clone(), second];
    let tasks: Vec<_> = submissions
        .into_iter()
        .enumerate()
        .map(|(number, submission)| {
            let writer = writers[number % writers.len()].clone();
            tokio::spawn(async move { writer.submit(submission).await })
        })
        .collect();
    let mut outcomes = Vec::new();
    for task in tasks {
        let answer = task.await.expect("nobody panics");
        outcomes.push(answer.expect("storage takes the command"));
    }
    outcomes
}

/// Hands in many commands so that one transaction decides on all of them, and returns the outcomes.
async fn in_one_batch<H: Harness>(
    world: &World<H>,
    gate: &Gate<H::Storage>,
    submissions: Vec<Submission>,
) -> Vec<Outcome> {
    let blocker = submission(submissions[0].tenant_id, Order::Tenant(tenant::Command::Resume));
    gate.close();
    let blocker = queued(&world.writer, blocker);
    gate.somebody_waits().await;
    let pending: Vec<_> = submissions.into_iter().map(|one| queued(&world.writer, one)).collect();
    gate.open();
    written(blocker.await.expect("storage takes the command"));
    let mut outcomes = Vec::new();
    for answer in pending {
        outcomes.push(answer.await.expect("storage takes the command"));
    }
    outcomes
}

/// Hands in many commands in one batch for one tenant, and from two processes at once for another.
async fn both_ways<H: Harness>(submissions: impl AsyncFn(&World<H>, TenantId) -> Vec<Submission>) -> Both<H> {
    let (world, gate) = World::<H>::through(Gate::new).await;
    let tenants = [world.tenant("acme").await, world.tenant("umbrella").await];
    let batch = submissions(&world, tenants[0]).await;
    let batch = in_one_batch(&world, &gate, batch).await;
    let side_by_side = submissions(&world, tenants[1]).await;
    let side_by_side = all_at_once(&world, side_by_side).await;
    let told = [(tenants[0], told(batch)), (tenants[1], told(side_by_side))];
    Both { world, told }
}

struct Both<H: Harness> {
    world: World<H>,
    told: [(TenantId, Told); 2],
}

struct Told {
    written: Vec<(MerchantId, Option<LinkId>)>,
    replays: Vec<Replay>,
    refusals: Vec<Refusal>,
}

/// Sorts the outcomes. A merchant's newest link is the one that its request made.
fn told(outcomes: Vec<Outcome>) -> Told {
    let mut told = Told {
        written: Vec::new(),
        replays: Vec::new(),
        refusals: Vec::new(),
    };
    for outcome in outcomes {
        match outcome {
            Outcome::Written(written) => {
                let merchant = written.merchant.expect("a command is answered with the merchant");
                let link = merchant.latest_link().map(|link| link.id);
                told.written.push((merchant.id, link));
            }
            Outcome::Replayed(replay) => told.replays.push(replay),
            Outcome::Refused(refusal) => told.refusals.push(refusal),
            Outcome::KeyReused | Outcome::TenantRefused(_) => panic!("nobody asked for {outcome:?}"),
        }
    }
    told
}

/// Many identical registrations with one key: one is done, all others are told of that one.
pub async fn one_key_registers_once<H: Harness>() {
    let Both { world, told } = both_ways::<H>(async |world, tenant| {
        let one = || register(tenant, world.merchant_id(), registration("m", "s"));
        (0..PARALLEL).map(|_| with_key(one(), "k", 1)).collect()
    })
    .await;
    for (tenant, told) in told {
        assert_eq!((told.written.len(), told.replays.len()), (1, PARALLEL - 1));
        let ids: HashSet<_> = told.replays.iter().map(|replay| replay.merchant_id).collect();
        assert_eq!(ids, HashSet::from([told.written[0].0]));
        world.expect_sound(tenant, 2).await;
    }
}

/// Many identical requests for a link with one key: one link, and every answer names it.
pub async fn one_key_asks_for_one_link<H: Harness>() {
    let Both { world, told } = both_ways::<H>(async |world, tenant| {
        let merchant = world.merchant(tenant, "m", "s").await;
        let one = || request_link(tenant, merchant, world.link_id());
        (0..PARALLEL).map(|_| with_key(one(), "k", 1)).collect()
    })
    .await;
    for (tenant, told) in told {
        assert_eq!((told.written.len(), told.replays.len()), (1, PARALLEL - 1));
        let (merchant, link) = told.written[0];
        let links: HashSet<_> = told.replays.iter().map(|replay| replay.link_id).collect();
        assert_eq!(links, HashSet::from([link]));
        let versions: HashSet<_> = told.replays.iter().map(|replay| replay.version.0).collect();
        assert_eq!(versions, HashSet::from([2]));
        assert_eq!(world.row(tenant, merchant).await.links.len(), 1);
    }
}

/// One key with another request is a mistake that is told; the same key of another tenant is another key.
pub async fn a_key_stands_for_one_request<H: Harness>() {
    let world = World::<H>::new().await;
    let (tenant, other) = (world.tenant("acme").await, world.tenant("umbrella").await);
    let asked = |tenant: TenantId, shop: &str, fingerprint| {
        with_key(
            register(tenant, world.merchant_id(), registration("m", shop)),
            "k",
            fingerprint,
        )
    };
    world.write(asked(tenant, "s", 1)).await;
    assert_eq!(world.submit(asked(tenant, "t", 2)).await, Outcome::KeyReused);
    world.write(asked(other, "s", 2)).await;
    assert_eq!(kept(&world, tenant).await, [(hidden(tenant, "k"), [1; 32])]);
    world.expect_sound(tenant, 2).await;
}

fn hidden(tenant: TenantId, key: &str) -> String {
    keyring().keyed(tenant, &IdempotencyKey::parse(key).expect("a key"))
}

/// A key may say who somebody is: the log, which nobody can clear, and the rows beside it hold only what it cannot be
/// read from.
pub async fn a_key_cannot_be_read_back<H: Harness>() {
    let world = World::<H>::new().await;
    let tenant = world.tenant("acme").await;
    let asked = register(tenant, world.merchant_id(), registration("m", "s"));
    world.write(with_key(asked, "order-of-gildong", 1)).await;
    let log = world.log(tenant).await;
    let in_log: Vec<_> = log.iter().filter_map(|row| row.idempotency_key.clone()).collect();
    assert_eq!(in_log, [hidden(tenant, "order-of-gildong")]);
    let rows = kept(&world, tenant).await;
    assert_eq!(rows, [(hidden(tenant, "order-of-gildong"), [1; 32])]);
}

/// A key that an earlier version kept as it came is still known for as long as it lives.
pub async fn a_key_that_was_kept_plain_is_still_known<H: Harness>() {
    let world = World::<H>::new().await;
    let tenant = world.tenant("acme").await;
    let merchant_id = world.merchant(tenant, "m", "s").await;
    let now = world.now();
    let row = IdempotencyRow {
        tenant_id: tenant,
        key: "k".to_owned(),
        fingerprint: [1; 32],
        merchant_id,
        link_id: None,
        version: Version(1),
        created_at: now,
        expires_at: now + TimeDelta::hours(24),
    };
    let scope = Scope {
        tenants: vec![tenant],
        now,
        ..Scope::default()
    };
    let mut rows = vec![row];
    let mut decide = |_: Loaded| Writes {
        idempotency: std::mem::take(&mut rows),
        ..Writes::default()
    };
    let written = world.storage.transact(&scope, &mut decide).await;
    written.expect("the row can be written");
    let again = |fingerprint| with_key(request_link(tenant, merchant_id, world.link_id()), "k", fingerprint);
    let Outcome::Replayed(replay) = world.submit(again(1)).await else {
        panic!("the key is not known");
    };
    assert_eq!(replay.merchant_id, merchant_id);
    assert_eq!(world.submit(again(2)).await, Outcome::KeyReused);
    world.clock.advance(24 * 60 * 60 * 1_000);
    world.write(again(1)).await;
}

/// The keys of a tenant that are kept, with what they stand for, read one by one.
async fn kept<H: Harness>(world: &World<H>, tenant: TenantId) -> Vec<(String, [u8; 32])> {
    let mut kept: Vec<(String, [u8; 32])> = Vec::new();
    loop {
        let after = kept.last().map(|(key, _)| key.as_str());
        let page = world
            .storage
            .idempotency_keys(tenant, after, PageSize::clamped(1))
            .await;
        match page.expect("keys can be read").pop() {
            Some(row) => kept.push((row.key, row.fingerprint)),
            None => return kept,
        }
    }
}

/// After a day a key is free again, and the row of the old one makes room.
pub async fn expired_keys_are_forgotten<H: Harness>() {
    let world = World::<H>::new().await;
    let tenant = world.tenant("acme").await;
    let asked = |shop: &str, key: &str, fingerprint| {
        with_key(
            register(tenant, world.merchant_id(), registration("m", shop)),
            key,
            fingerprint,
        )
    };
    world.write(asked("s", "k", 1)).await;
    world.clock.advance(24 * 60 * 60 * 1_000 - 1);
    assert!(matches!(world.submit(asked("s", "k", 1)).await, Outcome::Replayed(_)));
    world.clock.advance(1);
    world.write(asked("t", "l", 2)).await;
    assert_eq!(kept(&world, tenant).await, [(hidden(tenant, "l"), [2; 32])]);
    world.write(asked("u", "k", 3)).await;
}

/// Many registrations of one pair of codes without a key: one is done, all others are refused and named the one.
pub async fn one_natural_key_registers_once<H: Harness>() {
    let Both { world, told } = both_ways::<H>(async |world, tenant| {
        let one = || register(tenant, world.merchant_id(), registration("m", "s"));
        (0..PARALLEL).map(|_| one()).collect()
    })
    .await;
    for (tenant, told) in told {
        assert_eq!((told.written.len(), told.refusals.len()), (1, PARALLEL - 1));
        let existing = told.written[0].0;
        for refusal in told.refusals {
            assert_eq!(refusal, Refusal::ReferenceTaken { existing });
        }
        world.expect_sound(tenant, 2).await;
    }
    // Nobody had to be told by a constraint of the database.
    assert_eq!(world.writer.stats().retried, 0);
}
