//! Promises about who did what.

use chrono::{DateTime, TimeDelta, Utc};
use registry_domain::merchant::Command;
use registry_domain::tenant::{self, Access, AuditOutcome, Scope};
use registry_domain::{Actor, Channel, KeyId, MerchantId, Note, OnBehalfOf, Seq, TenantId};
use registry_journal::port::{AuditEntry, AuditFilter, AuditQuery, AuditTrail, PageSize, Reader};
use registry_journal::submission::{Order, Origin, Submission};
use uuid::Uuid;

use crate::Harness;
use crate::fixtures::{World, by_operator, callback, command, submission};

/// All of what was done that fits, page by page.
pub(super) async fn done<H: Harness>(world: &World<H>, tenant: TenantId, filter: AuditFilter) -> Vec<AuditEntry> {
    let mut query = AuditQuery {
        filter,
        before: None,
        limit: PageSize::clamped(2),
    };
    let mut entries = Vec::new();
    loop {
        let page = world.storage.audit(tenant, &query).await.expect("a page");
        let Some(last) = page.last() else { return entries };
        query.before = Some(last.seq);
        entries.extend(page);
    }
}

fn key() -> KeyId {
    KeyId::from_uuid(Uuid::from_u128(77))
}

fn by_key(submission: Submission) -> Submission {
    Submission {
        origin: Origin {
            on_behalf_of: OnBehalfOf::parse("김 대리").ok(),
            address: Some([198, 51, 100, 7].into()),
            ..Origin::of(Actor::ApiKey(key()), submission.origin.correlation_id)
        },
        ..submission
    }
}

fn access(tenant: TenantId, access: Access) -> Submission {
    submission(tenant, Order::Tenant(tenant::Command::RecordAccess(access)))
}

fn note(tenant: TenantId, merchant: MerchantId) -> Submission {
    let note = Note::parse("메모").expect("a note");
    command(tenant, merchant, Command::AddNote(note))
}

/// What happened in a tenant, whose merchant it was done to, and when it began.
struct Story {
    tenant: TenantId,
    merchant: MerchantId,
    begun: DateTime<Utc>,
}

impl Story {
    /// Two merchants; one is archived by an operator, then a key restores it, notes something on the other and is refused.
    async fn told<H: Harness>(world: &World<H>) -> Self {
        let (tenant, other) = (world.tenant("acme").await, world.tenant("umbrella").await);
        let merchant = world.merchant(tenant, "m", "s").await;
        let second = world.merchant(tenant, "m", "t").await;
        world.report(callback(tenant, merchant, "P", "")).await;
        assert_eq!(done(world, tenant, AuditFilter::default()).await, []);
        let begun = world.now();
        world
            .write(by_operator(command(tenant, merchant, Command::Archive)))
            .await;
        world.clock.advance(1_000);
        world.write(by_key(command(tenant, merchant, Command::Restore))).await;
        world.write(by_key(note(tenant, second))).await;
        world.clock.advance(1_000);
        let refused = Access::Refused {
            operation: "GET /v1/audit".to_owned(),
            scope: Scope::AuditRead,
            count: 3,
        };
        world.write(by_key(access(tenant, refused))).await;
        let foreign = world.merchant(other, "m", "s").await;
        world
            .write(by_operator(command(other, foreign, Command::Archive)))
            .await;
        Self {
            tenant,
            merchant,
            begun,
        }
    }
}

fn only(wanted: impl FnOnce(&mut AuditFilter)) -> AuditFilter {
    let mut filter = AuditFilter::default();
    wanted(&mut filter);
    filter
}

/// What a program or an operator did stands in the list, the newest first; what Paymint and the registry do does not, nor
/// what another tenant did. All of it follows from the log.
pub async fn what_somebody_did_is_listed<H: Harness>() {
    let world = World::<H>::new().await;
    let story = Story::told(&world).await;
    let all = done(&world, story.tenant, AuditFilter::default()).await;
    let actions: Vec<_> = all.iter().map(|entry| entry.action.as_str()).collect();
    assert_eq!(
        actions,
        ["access.refused", "note.added", "merchant.restored", "merchant.archived"]
    );
    let archived = &all[3];
    assert_eq!(
        (archived.actor.as_str(), archived.channel, archived.outcome),
        ("command_line", Channel::CommandLine, AuditOutcome::Done)
    );
    assert_eq!(
        (archived.merchant_id, archived.recorded_at),
        (Some(story.merchant), story.begun)
    );
    let log = world.log(story.tenant).await;
    let told: Vec<_> = log.iter().rev().filter_map(AuditEntry::of).collect();
    assert_eq!(told, all);
    let places = [all[0].seq, all[3].seq, Seq(1)];
    let mut found = world.storage.audit_at(story.tenant, &places).await.expect("rows");
    found.sort_by_key(|entry| entry.seq);
    assert_eq!(found, [all[3].clone(), all[0].clone()]);
}

/// Each filter finds what fits it, and all together what fits all.
pub async fn what_somebody_did_is_found<H: Harness>() {
    let world = World::<H>::new().await;
    let story = Story::told(&world).await;
    let all = done(&world, story.tenant, AuditFilter::default()).await;
    let (begun, end) = (story.begun, world.now());
    let (merchant, key) = (Some(story.merchant), Some(key().to_string()));
    let actions = |actions: &[&str]| actions.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
    let whole = AuditFilter {
        actor: key.clone(),
        actions: actions(&["merchant.restored", "note.added"]),
        merchant_id: merchant,
        channel: Some(Channel::Api),
        outcome: Some(AuditOutcome::Done),
        from: Some(begun),
        to: Some(end),
    };
    for (filter, expected) in [
        (whole, vec![2]),
        (only(|it| it.actor = key), vec![0, 1, 2]),
        (only(|it| it.actor = Some("command_line".to_owned())), vec![3]),
        (only(|it| it.actor = Some("key_x".to_owned())), vec![]),
        (
            only(|it| it.actions = actions(&["note.added", "merchant.archived"])),
            vec![1, 3],
        ),
        (only(|it| it.merchant_id = merchant), vec![2, 3]),
        (only(|it| it.channel = Some(Channel::Api)), vec![0, 1, 2]),
        (only(|it| it.channel = Some(Channel::Console)), vec![]),
        (only(|it| it.outcome = Some(AuditOutcome::Refused)), vec![0]),
        (only(|it| it.outcome = Some(AuditOutcome::Done)), vec![1, 2, 3]),
        (
            only(|it| it.from = Some(begun + TimeDelta::microseconds(1))),
            vec![0, 1, 2],
        ),
        (only(|it| it.to = Some(begun)), vec![3]),
        (only(|it| it.to = Some(begun - TimeDelta::seconds(1))), vec![]),
        (only(|it| it.from = Some(end + TimeDelta::days(1))), vec![]),
    ] {
        let expected: Vec<_> = expected.into_iter().map(|place: usize| all[place].clone()).collect();
        assert_eq!(done(&world, story.tenant, filter.clone()).await, expected, "{filter:?}");
    }
}

/// Reading somebody's number is a fact of the tenant's, sealed with who asked, and about the merchant, whose own stream
/// stays as it is.
pub async fn an_access_is_about_a_merchant_and_changes_none<H: Harness>() {
    let world = World::<H>::new().await;
    let tenant = world.tenant("acme").await;
    let merchant = world.merchant(tenant, "m", "s").await;
    let before = world.row(tenant, merchant).await;
    let revealed = Access::NumberRevealed { merchant_id: merchant };
    world.write(by_key(access(tenant, revealed.clone()))).await;
    assert_eq!(world.row(tenant, merchant).await, before);
    let query = AuditQuery {
        filter: AuditFilter {
            merchant_id: Some(merchant),
            ..AuditFilter::default()
        },
        before: None,
        limit: PageSize::MAX,
    };
    let page = world.archive().audit(tenant, &query).await.expect("a page");
    let [(entry, event)] = page.as_slice() else {
        panic!("one access: {page:?}");
    };
    assert_eq!(entry.seq, event.stamp.seq);
    assert_eq!(event.on_behalf_of.as_ref().map(OnBehalfOf::as_str), Some("김 대리"));
    assert_eq!(event.address, Some([198, 51, 100, 7].into()));
    let rows = world.storage.events_at(tenant, &[entry.seq, Seq(9_000)]).await;
    let rows = rows.expect("rows");
    assert_eq!(rows.len(), 1);
    for sealed in ["김 대리", "198.51.100.7"] {
        let bytes = sealed.as_bytes();
        let in_clear = |row: &registry_journal::EventRow| {
            row.data.contains(sealed) || row.sealed.windows(bytes.len()).any(|part| part == bytes)
        };
        assert!(!rows.iter().any(in_clear), "{sealed}");
    }
    let own = world.storage.tenant(tenant).await.expect("a row").expect("a tenant");
    assert_eq!(own.version.0, 2);
}
