//! Whole lists, handed over row by row: the rows of the pages, and no more of them than somebody takes.

use chrono::{DateTime, Utc};
use registry_domain::{MerchantId, TenantId};
use registry_journal::port::{
    Direction, ListedMerchant, ListedThen, MerchantFilter, MerchantQuery, PageSize, Reader, SortKey,
};
use tokio::sync::mpsc;

use crate::Harness;
use crate::fixtures::World;

/// The same list, handed over in one go.
pub(super) async fn handed_over<H: Harness>(
    world: &World<H>,
    tenant: TenantId,
    query: &MerchantQuery,
    at: Option<DateTime<Utc>>,
    most: u64,
) -> Vec<MerchantId> {
    let mut listed = Vec::new();
    // Less room than there are rows: whoever hands over waits for whoever takes.
    match at {
        None => {
            let (to, mut from) = mpsc::channel::<ListedMerchant>(1);
            let taking = async {
                while let Some(row) = from.recv().await {
                    listed.push(row.position.id);
                }
            };
            let (handed_over, ()) = tokio::join!(world.storage.whole_list(tenant, query, most, to), taking);
            handed_over.expect("a whole list");
        }
        Some(at) => {
            let (to, mut from) = mpsc::channel::<ListedThen>(1);
            let taking = async {
                while let Some(row) = from.recv().await {
                    listed.push(row.position.id);
                }
            };
            let handed_over = world.storage.whole_list_as_of(tenant, query, at, most, to);
            let (handed_over, ()) = tokio::join!(handed_over, taking);
            handed_over.expect("a whole list");
        }
    }
    listed
}

/// A list that nobody takes any more is not handed over any further, and other questions are answered after it.
pub async fn a_whole_list_ends_where_nobody_takes_it<H: Harness>() {
    let world = World::<H>::new().await;
    let tenant = world.tenant("acme").await;
    for number in 0..20 {
        world.merchant(tenant, "m-0", &format!("s{number}")).await;
    }
    let query = MerchantQuery {
        filter: MerchantFilter::default(),
        sort: SortKey::Code,
        waits: None,
        direction: Direction::Ascending,
        after: None,
        limit: PageSize::MAX,
    };
    for _ in 0..20 {
        let (to, mut from) = mpsc::channel::<ListedMerchant>(1);
        let taking = async move {
            let first = from.recv().await.expect("a row");
            drop(from);
            first.position
        };
        let (handed_over, first) = tokio::join!(world.storage.whole_list(tenant, &query, 100, to), taking);
        handed_over.expect("it ends in order");
        let page = world.storage.merchants(tenant, &query).await.expect("a page");
        assert_eq!((page.len(), &page[0].position), (20, &first));
    }
}
