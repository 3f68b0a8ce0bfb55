//! Promises about the questions that are asked of storage.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use registry_domain::merchant::{Command, Merchant, SecretText, Stage, WalletReading, Wallets};
use registry_domain::review::ReviewStatus;
use registry_domain::search::Search;
use registry_domain::tenant::Slug;
use registry_domain::{BusinessNumber, MerchantId, Seq, TenantId};
use registry_journal::port::{
    Balances, Direction, FacetCount, MerchantFilter, MerchantQuery, PageSize, PublishCursor, Reader, SortKey,
};
use uuid::Uuid;

use crate::Harness;
use crate::fixtures::{World, callback, command, label, register, registration, request_link};
use crate::lists::{place, rank};

fn query(filter: MerchantFilter) -> MerchantQuery {
    MerchantQuery {
        filter,
        sort: SortKey::CreatedAt,
        waits: None,
        direction: Direction::Ascending,
        after: None,
        limit: PageSize::MAX,
    }
}

async fn ids<H: Harness>(world: &World<H>, tenant: TenantId, filter: MerchantFilter) -> Vec<MerchantId> {
    let found = world.storage.merchants(tenant, &query(filter)).await.expect("a list");
    found.into_iter().map(|listed| listed.position.id).collect()
}

/// Every merchant comes exactly once, in the order that was asked for, however long the pages are; also where many
/// share one sort key.
pub async fn lists_are_sorted_and_paged<H: Harness>() {
    let world = World::<H>::new().await;
    let (tenant, other) = (world.tenant("acme").await, world.tenant("umbrella").await);
    world.merchant(other, "m", "s").await;
    let mut all = BTreeSet::new();
    for number in 0..23_usize {
        // Threes share an instant.
        world.clock.advance(i64::from(number % 3 == 0));
        // Drawn in another order than that in which they are registered.
        let drawn = MerchantId::from_uuid(Uuid::from_u128(u128::MAX - number as u128));
        let registration = registration("m", &format!("s{number}"));
        let registered = world.write(register(tenant, drawn, registration)).await;
        let merchant = registered.merchant.expect("what was registered").id;
        all.insert(merchant);
        let letters = ["P", "S", "O"];
        world.report(callback(tenant, merchant, letters[number % 3], "")).await;
    }
    world.clock.advance(1);
    let early = *all.first().expect("there are some");
    world.report(callback(tenant, early, "R", "")).await;
    for sort in SortKey::ALL {
        for direction in [Direction::Ascending, Direction::Descending] {
            let listed = page_through(&world, tenant, sort, direction).await;
            let mut expected = listed.clone();
            expected.sort_by_key(|merchant| rank(tenant, sort, merchant));
            if direction == Direction::Descending {
                expected.reverse();
            }
            assert_eq!(listed, expected, "{sort:?} {direction:?}");
            let ids: BTreeSet<_> = listed.iter().map(|merchant| merchant.id).collect();
            assert_eq!((ids, listed.len()), (all.clone(), all.len()));
        }
    }
}

async fn page_through<H: Harness>(
    world: &World<H>,
    tenant: TenantId,
    sort: SortKey,
    direction: Direction,
) -> Vec<Merchant> {
    let mut listed: Vec<Merchant> = Vec::new();
    loop {
        let after = listed.last().map(|last| place(tenant, sort, last));
        let query = MerchantQuery {
            sort,
            waits: None,
            direction,
            after,
            limit: PageSize::clamped(4),
            ..query(MerchantFilter::default())
        };
        let page = world.storage.merchants(tenant, &query).await.expect("a page");
        assert!(page.len() <= 4);
        if page.is_empty() {
            return listed;
        }
        for row in page {
            let merchant = row.merchant.expect("rows can be read");
            assert_eq!(row.position, place(tenant, sort, &merchant));
            listed.push(merchant);
        }
    }
}

/// A filter lets through what it names, a search what it is part of; archived ones come only when asked for.
pub async fn lists_are_filtered_and_searched<H: Harness>() {
    let world = World::<H>::new().await;
    let tenant = world.tenant("acme").await;
    let mut named = registration("Alpha_1", "shop");
    named.company_name = Some(label("가나다 100% 학원"));
    named.business_number = BusinessNumber::parse("1178178260").ok();
    let one = world.merchant_id();
    world.write(register(tenant, one, named)).await;
    world.clock.advance(1);
    let two = world.merchant_id();
    let mut named = registration("beta", "SHOP-2");
    named.branch_name = Some(label("Gangnam"));
    world.write(register(tenant, two, named)).await;
    world.clock.advance(1);
    let three = world.merchant(tenant, "Alphax1", "z").await;
    world.report(callback(tenant, two, "P", "")).await;
    world.write(command(tenant, three, Command::Archive)).await;

    let stages = |stages: &[Stage]| MerchantFilter {
        stages: stages.to_vec(),
        ..MerchantFilter::default()
    };
    let statuses = |statuses: &[ReviewStatus]| MerchantFilter {
        statuses: statuses.to_vec(),
        ..MerchantFilter::default()
    };
    let both = |stage, status| MerchantFilter {
        stages: vec![stage],
        statuses: vec![status],
        ..MerchantFilter::default()
    };
    for (filter, expected) in [
        (both(Stage::InReview, ReviewStatus::InReview), vec![two]),
        (both(Stage::Archived, ReviewStatus::None), vec![three]),
        (both(Stage::InReview, ReviewStatus::Rejected), vec![]),
        (MerchantFilter::default(), vec![one, two]),
        (stages(&[Stage::Archived]), vec![three]),
        (stages(&[Stage::Archived, Stage::InReview]), vec![two, three]),
        (stages(Stage::ALL), vec![one, two, three]),
        (statuses(&[ReviewStatus::None]), vec![one]),
        (statuses(&[ReviewStatus::InReview, ReviewStatus::None]), vec![one, two]),
        (statuses(&[ReviewStatus::Opened]), vec![]),
    ] {
        assert_eq!(ids(&world, tenant, filter.clone()).await, expected, "{filter:?}");
    }
    searches(&world, tenant, [one, two]).await;
}

/// What people type, and what they find.
async fn searches<H: Harness>(world: &World<H>, tenant: TenantId, [one, two]: [MerchantId; 2]) {
    for (text, expected) in [
        ("shop", vec![one, two]),
        ("ALPHA", vec![one]),
        ("a_1", vec![]),
        ("pha_1", vec![one]),
        ("100%", vec![one]),
        ("나다", vec![one]),
        ("ㄴㄷ", vec![one]),
        ("나다 학원", vec![one]),
        ("나다100", vec![one]),
        ("gangNAM", vec![two]),
        ("shop-2", vec![two]),
        ("117-81", vec![one]),
        ("1178178260", vec![one]),
        ("78260", vec![one]),
        ("nobody", vec![]),
    ] {
        let filter = MerchantFilter {
            search: Search::read(text, true).ok(),
            ..MerchantFilter::default()
        };
        let found = match filter.search {
            Some(_) => ids(world, tenant, filter).await,
            // Too short for anything.
            None => Vec::new(),
        };
        assert_eq!(found, expected, "{text:?}");
    }
}

/// Counts are about the merchants that a list with the same filter would show.
pub async fn counts_follow_the_filter<H: Harness>() {
    let world = World::<H>::new().await;
    let tenant = world.tenant("acme").await;
    let mut merchants = Vec::new();
    for number in 0..4 {
        merchants.push(world.merchant(tenant, "m", &format!("s{number}")).await);
    }
    for merchant in &merchants[..3] {
        world.report(callback(tenant, *merchant, "P", "")).await;
    }
    world.write(command(tenant, merchants[0], Command::Archive)).await;
    let counts = async |filter: MerchantFilter| {
        let counts = world.storage.facet_counts(tenant, &filter).await.expect("counts");
        let count = |count: FacetCount| (count.count, count.facets.status, count.facets.stage);
        let mut counts: Vec<_> = counts.into_iter().map(count).collect();
        counts.sort_by_key(|(count, ..)| *count);
        counts
    };
    let registered = (1, ReviewStatus::None, Stage::Registered);
    let in_review = (2, ReviewStatus::InReview, Stage::InReview);
    assert_eq!(counts(MerchantFilter::default()).await, [registered, in_review]);
    let archived = MerchantFilter {
        stages: vec![Stage::Archived],
        ..MerchantFilter::default()
    };
    assert_eq!(counts(archived).await, [(1, ReviewStatus::InReview, Stage::Archived)]);
}

/// A link leads to its merchant, and one that upstream never answered about is found until it is settled.
pub async fn waiting_links_are_found<H: Harness>() {
    let world = World::<H>::new().await;
    let (tenant, other) = (world.tenant("acme").await, world.tenant("umbrella").await);
    let (one, two) = (
        world.merchant(tenant, "m", "s").await,
        world.merchant(tenant, "m", "t").await,
    );
    let (first, second) = (world.link_id(), world.link_id());
    world.write(request_link(tenant, one, first)).await;
    world.clock.advance(1_000);
    let between = world.now();
    world.clock.advance(1_000);
    world.write(request_link(tenant, two, second)).await;
    world.clock.advance(1_000);
    let now = world.now();
    let stale = |before| world.storage.stale_link_requests(tenant, before, PageSize::MAX);
    assert_eq!(stale(between).await.expect("links"), [(one, first)]);
    assert_eq!(stale(now).await.expect("links"), [(one, first), (two, second)]);
    let elsewhere = world.storage.stale_link_requests(other, now, PageSize::MAX).await;
    assert_eq!(elsewhere.expect("links"), []);
    let settled = Command::RecordLinkIssued {
        link_id: first,
        url: SecretText::new("https://pay.example/1".to_owned()),
    };
    world.write(command(tenant, one, settled)).await;
    assert_eq!(stale(now).await.expect("links"), [(two, second)]);
    let of_link = world.storage.merchant_of_link(tenant, first).await.expect("an answer");
    assert_eq!(of_link, Some(one));
    assert_eq!(
        world.storage.merchant_of_link(other, first).await.expect("an answer"),
        None
    );
}

/// Each tenant has a cursor of its own; it begins at the start and is where it was put last.
pub async fn the_publish_cursor_is_remembered<H: Harness>() {
    let world = World::<H>::new().await;
    let (tenant, other) = (world.tenant("acme").await, world.tenant("umbrella").await);
    for number in [3, 5, 4] {
        let cursor = PublishCursor {
            seq: Seq(number),
            published_seq: Seq(number - 1),
            stream_seq: number * 10,
        };
        world
            .storage
            .save_publish_cursor(tenant, cursor)
            .await
            .expect("it is saved");
        assert_eq!(world.storage.publish_cursor(tenant).await.expect("a cursor"), cursor);
    }
    assert_eq!(
        world.storage.publish_cursor(other).await.expect("a cursor"),
        PublishCursor::START
    );
}

/// What was read last of each wallet is known beside the tenant, and nobody else's.
pub async fn balances_are_remembered<H: Harness>() {
    let world = World::<H>::new().await;
    let (tenant, other) = (world.tenant("acme").await, world.tenant("umbrella").await);
    let merchant = world.merchant(tenant, "m", "s").await;
    let neighbour = world.merchant(tenant, "m", "t").await;
    let read = |points, seconds| WalletReading {
        points,
        read_at: world.now() + TimeDelta::seconds(seconds),
    };
    let payers = async |tenant, merchant| {
        let payers = world.storage.payers(tenant, merchant).await.expect("an answer");
        let (found, wallets) = payers.expect("a tenant");
        assert_eq!(world.storage.tenant(tenant).await.expect("an answer"), Some(found));
        wallets
    };
    assert_eq!(payers(tenant, merchant).await, Wallets::default());
    // The last one counts, whatever the clock of whoever read it says.
    for (points, seconds) in [(1, 5), (-7, 3)] {
        let saved = world.storage.save_balance(tenant, None, read(points, seconds)).await;
        saved.expect("it is saved");
    }
    let saved = world
        .storage
        .save_balance(tenant, Some(merchant), read(120_000, 4))
        .await;
    saved.expect("it is saved");
    let mut expected = Wallets {
        partner: Some(read(-7, 3)),
        merchant: Some(read(120_000, 4)),
    };
    assert_eq!(payers(tenant, merchant).await, expected);
    expected.merchant = None;
    assert_eq!(payers(tenant, neighbour).await, expected);
    assert_eq!(payers(other, merchant).await, Wallets::default());
    let nobody = TenantId::from_uuid(merchant.as_uuid());
    assert_eq!(world.storage.payers(nobody, merchant).await.expect("an answer"), None);
}

/// All tenants come exactly once, page by page, each with the end of its log; one is found by its slug.
pub async fn tenants_are_listed<H: Harness>() {
    let world = World::<H>::new().await;
    let mut expected = Vec::new();
    for number in 0..5_u64 {
        let tenant = world.tenant(&format!("tenant-{number}")).await;
        for shop in 0..number {
            world.merchant(tenant, "m", &format!("s{shop}")).await;
        }
        expected.push((tenant, Seq(1 + number)));
    }
    let mut listed: Vec<(TenantId, Seq)> = Vec::new();
    loop {
        let after = listed.last().map(|(tenant, _)| *tenant);
        let page = world
            .storage
            .tenants(after, PageSize::clamped(2))
            .await
            .expect("a page");
        if page.is_empty() {
            break;
        }
        listed.extend(page.into_iter().map(|listed| (listed.id, listed.head)));
    }
    expected.sort_unstable();
    assert_eq!(listed, expected);
    let slug = Slug::parse("tenant-3").expect("a slug");
    let found = world
        .storage
        .tenant_by_slug(&slug)
        .await
        .expect("an answer")
        .expect("a tenant");
    assert_eq!(world.storage.tenant(found.id).await.expect("an answer"), Some(found));
    world.storage.ping().await.expect("storage answers");
}
