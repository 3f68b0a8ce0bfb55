//! The same promises where there are so many merchants that a page is found in several steps: a walk, a longer one, and what is found
//! by pieces.

use chrono::{DateTime, TimeDelta, Utc};
use registry_domain::TenantId;
use registry_domain::merchant::{Command, DetailsChange, Merchant, Stage};
use registry_domain::search::{Mark, Search};
use registry_journal::port::{Direction, MerchantFilter, MerchantQuery, PageSize, Reader, SortKey, Span};

use crate::Harness;
use crate::fixtures::{World, command, label, queued, register, registration};
use crate::lists::{by_hand, page_through};

/// So many that a first walk ends before it has seen all, and a longer one is worth while.
const MANY: u64 = 3_000;

/// Registered at one moment.
const WAVE: u64 = 500;

/// Most rows of a page: more than a first walk finds of what one in three is.
const LIMIT: u32 = 500;

/// Registers them: one in three in a region, one in a hundred with a tag, one in four of a member.
async fn registered<H: Harness>(world: &World<H>, tenant: TenantId) {
    for wave in 0..MANY / WAVE {
        world.clock.advance(60);
        let mut waiting = Vec::new();
        for number in wave * WAVE..(wave + 1) * WAVE {
            let mut named = registration(&format!("m-{}", number % 4), &format!("s{number}"));
            let region = label(&format!("r{}", number % 3));
            named.metadata.insert("region".to_owned(), region);
            if number % 100 == 7 {
                named.tags.push(label("rare"));
            }
            waiting.push(queued(&world.writer, register(tenant, world.merchant_id(), named)));
        }
        for answer in waiting {
            let _outcome = answer.await.expect("storage takes the command");
        }
    }
}

/// One in ten is put away, one in ten gets another tag.
async fn changed<H: Harness>(world: &World<H>, tenant: TenantId, merchants: &[Merchant]) {
    world.clock.advance(60);
    let mut waiting = Vec::new();
    for (number, merchant) in merchants.iter().enumerate() {
        let wish = match number % 10 {
            1 => Command::Archive,
            2 => Command::ChangeDetails(Box::new(DetailsChange {
                tags: Some(vec![label("rare")]),
                ..DetailsChange::default()
            })),
            _ => continue,
        };
        waiting.push(queued(&world.writer, command(tenant, merchant.id, wish)));
    }
    for answer in waiting {
        let _outcome = answer.await.expect("storage takes the command");
    }
}

fn query(filter: MerchantFilter, sort: SortKey, direction: Direction) -> MerchantQuery {
    MerchantQuery {
        filter,
        sort,
        waits: None,
        direction,
        after: None,
        limit: PageSize::clamped(LIMIT),
    }
}

/// All of them, as they are listed without a filter.
async fn all<H: Harness>(world: &World<H>, tenant: TenantId) -> Vec<Merchant> {
    let mut query = query(MerchantFilter::all(), SortKey::CreatedAt, Direction::Ascending);
    let mut merchants = Vec::new();
    loop {
        let page = world.storage.merchants(tenant, &query).await.expect("a page");
        let is_last = page.len() < LIMIT as usize;
        query.after = page.last().map(|row| row.position.clone());
        merchants.extend(page.into_iter().map(|row| row.merchant.expect("it can be read")));
        if is_last {
            return merchants;
        }
    }
}

/// What is common, rare, or both, by the row, by what a merchant is called, and by when.
fn filters(half: DateTime<Utc>) -> Vec<MerchantFilter> {
    let region = |number: u64| vec![Mark::Metadata("region".to_owned(), format!("r{number}"))];
    let rare = || vec![Mark::Tag("rare".to_owned())];
    let search = |text: &str| Search::read(text, true).ok();
    let of = MerchantFilter::all;
    vec![
        MerchantFilter {
            metadata: region(0),
            ..of()
        },
        MerchantFilter { tags: rare(), ..of() },
        MerchantFilter {
            metadata: region(1),
            tags: rare(),
            stages: vec![Stage::Registered],
            ..of()
        },
        MerchantFilter {
            search: search("s12"),
            ..of()
        },
        MerchantFilter {
            search: search("s2"),
            members: vec![Mark::Member("m-1".to_owned())],
            stages: vec![Stage::Registered],
            ..of()
        },
        MerchantFilter {
            created: Span {
                from: Some(half),
                until: None,
            },
            metadata: region(2),
            ..of()
        },
        MerchantFilter {
            stages: vec![Stage::Archived],
            ..of()
        },
    ]
}

/// Every page of many is what a count by hand gives, now and as of before the last changes.
pub async fn pages_of_many_are_found_in_steps<H: Harness>() {
    let world = World::<H>::new().await;
    let tenant = world.tenant("acme").await;
    registered(&world, tenant).await;
    let (then, at) = (all(&world, tenant).await, world.now());
    assert_eq!(then.len() as u64, MANY);
    changed(&world, tenant, &then).await;
    let now = all(&world, tenant).await;
    let half = at - TimeDelta::seconds(60 * 2 + 30);
    for (number, filter) in filters(half).into_iter().enumerate() {
        // Each filter in some orders, each order with some filters: all with all would take a minute.
        for sort in SortKey::ALL.into_iter().cycle().skip(number).step_by(3).take(2) {
            let direction = [Direction::Ascending, Direction::Descending][number % 2];
            let query = query(filter.clone(), sort, direction);
            let listed = page_through(&world, tenant, &query, None).await;
            assert_eq!(listed, by_hand(tenant, &query, &now, false), "{query:?}");
            let listed = page_through(&world, tenant, &query, Some(at)).await;
            assert_eq!(listed, by_hand(tenant, &query, &then, true), "as of {at}: {query:?}");
        }
    }
}
