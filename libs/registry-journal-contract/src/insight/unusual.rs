//! The order of lists by how unusual waits are.

use std::cmp::Reverse;
use std::sync::Arc;

use registry_domain::TenantId;
use registry_domain::calendar::{Calendar, day_in_korea};
use registry_domain::merchant::{Merchant, Stage};
use registry_domain::search::Mark;
use registry_domain::waits::EXAMPLES_MIN;
use registry_journal::port::{
    Direction, Insight, MerchantFilter, MerchantQuery, PageSize, SortKey, WaitOrder, usual_of, usual_query,
};

use super::Life;
use crate::Harness;
use crate::fixtures::World;
use crate::lists::page_through;

/// The list in the order of how unusual waits are is what is said of each wait.
pub(super) async fn expect_unusual_first<H: Harness>(world: &World<H>, tenant: TenantId, lives: &[Life]) {
    let (calendar, now) = (Calendar::default(), world.now());
    let today = day_in_korea(now);
    let mut counts = world.storage.stays(tenant, &usual_query(today)).await.expect("counts");
    // So many that something is said of every stage that somebody left.
    for count in &mut counts {
        count.count *= EXAMPLES_MIN;
    }
    let usual = usual_of(&counts, &calendar);
    let order: WaitOrder = Stage::waiting()
        .map(|stage| (stage, usual.steps(stage, &calendar, today)))
        .collect();
    assert!(order.iter().any(|(_, steps)| steps.len() > 2), "{order:?}");
    let place = |merchant: &Merchant| {
        let days = calendar.business_days(day_in_korea(merchant.stage_since()), today);
        let days = u32::try_from(days).expect("nobody comes from the future");
        let stage = Some(merchant.stage()).filter(|stage| stage.is_waiting());
        let percent = stage.and_then(|stage| usual.longer_than_percent(stage, days));
        (Reverse(percent), merchant.stage_since(), merchant.id)
    };
    let mut expected: Vec<_> = lives.iter().filter_map(|life| life.last(now)).map(place).collect();
    expected.sort();
    let mut expected: Vec<_> = expected.into_iter().map(|(_, _, id)| id).collect();
    let waits = Some(Arc::new(order));
    for direction in [Direction::Ascending, Direction::Descending] {
        for past in [None, Some(now)] {
            let query = MerchantQuery {
                filter: MerchantFilter::all(),
                sort: SortKey::StageSince,
                waits: waits.clone(),
                direction,
                after: None,
                limit: PageSize::clamped(5),
            };
            let listed = page_through(world, tenant, &query, past).await;
            assert_eq!(listed, expected, "{direction:?}, as of {past:?}");
            let one = MerchantFilter {
                tags: vec![Mark::Tag("tag 1".to_owned())],
                ..MerchantFilter::all()
            };
            let listed = page_through(world, tenant, &MerchantQuery { filter: one, ..query }, past).await;
            let tagged: Vec<_> = expected.iter().filter(|id| listed.contains(id)).copied().collect();
            assert_eq!(listed, tagged, "tagged, {direction:?}, as of {past:?}");
        }
        expected.reverse();
    }
}
