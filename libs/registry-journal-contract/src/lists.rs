//! Promises about lists and counts: whatever the filter and the order, they are what a count by hand over the log gives, now and as
//! of any moment.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use registry_domain::alerts::{AlertRule, Levels, Subject};
use registry_domain::merchant::{AlertLevel, Command, Facets, LinkStanding, Merchant, NextActor, Stage, Warning};
use registry_domain::review::{ReviewStatus, Verification};
use registry_domain::search::{Mark, Search, Terms};
use registry_domain::tenant::{self, ExpectedRule};
use registry_domain::{AlertId, MerchantId, TenantId};
use registry_journal::archive::Until;
use registry_journal::port::{
    Direction, FacetCount, MerchantFilter, MerchantQuery, PagePosition, PageSize, PlaceKey, Reader, SortKey, Span,
};
use registry_journal::submission::{Order, Submission};

use crate::Harness;
use crate::fixtures::{World, command, label, queued, register, registration, submission};
use crate::histories::{Dice, some_command};
use crate::whole;

const MERCHANTS: u64 = 40;
const TURNS: u64 = 24;
const FILTERS: usize = 150;

/// What was true at a moment.
struct Then {
    at: DateTime<Utc>,
    merchants: Vec<Merchant>,
}

/// Where a merchant stands in the order of a list.
pub fn place(tenant: TenantId, sort: SortKey, merchant: &Merchant) -> PagePosition {
    let key = match sort {
        SortKey::CreatedAt => PlaceKey::Moment(merchant.created_at),
        SortKey::UpdatedAt => PlaceKey::Moment(merchant.updated_at),
        SortKey::StageSince => PlaceKey::Moment(merchant.stage_since()),
        SortKey::Name => PlaceKey::Text(Terms::of(tenant, merchant).name_key),
        SortKey::Code => PlaceKey::Text(Terms::of(tenant, merchant).code_key),
    };
    PagePosition { key, id: merchant.id }
}

/// The order of a list, as something that can be compared.
pub fn rank(
    tenant: TenantId,
    sort: SortKey,
    merchant: &Merchant,
) -> (Option<DateTime<Utc>>, Option<String>, MerchantId) {
    let PagePosition { key, id } = place(tenant, sort, merchant);
    match key {
        // The order of registration is that of ids.
        PlaceKey::Moment(_) if sort == SortKey::CreatedAt => (None, None, id),
        PlaceKey::Moment(at) => (Some(at), None, id),
        PlaceKey::Text(text) => (None, Some(text), id),
    }
}

/// What a list filters and counts by: of the past it is not known of what the tenant was told.
pub(super) fn facets(merchant: &Merchant, is_past: bool) -> Facets {
    let facets = Facets::of(merchant);
    if is_past { facets.without_alert() } else { facets }
}

pub(super) fn passes(tenant: TenantId, filter: &MerchantFilter, merchant: &Merchant, is_past: bool) -> bool {
    if !filter.fits(facets(merchant, is_past)) {
        return false;
    }
    let terms = Terms::of(tenant, merchant);
    filter.search.as_ref().is_none_or(|search| search.finds(&terms))
        && filter
            .marks()
            .all(|group| group.iter().any(|mark| terms.marks.contains(&mark.needle())))
        && filter.created.holds(merchant.created_at)
        && filter.updated.holds(merchant.updated_at)
        && filter.stage_since.holds(merchant.stage_since())
}

pub(super) fn by_hand(tenant: TenantId, query: &MerchantQuery, then: &[Merchant], is_past: bool) -> Vec<MerchantId> {
    let mut fitting: Vec<_> = then
        .iter()
        .filter(|merchant| passes(tenant, &query.filter, merchant, is_past))
        .collect();
    fitting.sort_by_cached_key(|merchant| rank(tenant, query.sort, merchant));
    if query.direction == Direction::Descending {
        fitting.reverse();
    }
    fitting.into_iter().map(|merchant| merchant.id).collect()
}

pub(super) fn counted(counts: impl IntoIterator<Item = FacetCount>) -> BTreeMap<i64, u64> {
    let counts = counts.into_iter().map(|count| (count.facets.to_bits(), count.count));
    counts.filter(|(_, count)| *count > 0).collect()
}

fn counts_by_hand(tenant: TenantId, filter: &MerchantFilter, then: &[Merchant], is_past: bool) -> BTreeMap<i64, u64> {
    let mut counts = BTreeMap::new();
    let fitting = then.iter().filter(|merchant| passes(tenant, filter, merchant, is_past));
    for merchant in fitting {
        *counts.entry(facets(merchant, is_past).to_bits()).or_default() += 1;
    }
    counts
}

fn some<T: Copy>(dice: &mut Dice, all: &[T]) -> Vec<T> {
    match dice.roll(4) {
        0 => all.iter().copied().filter(|_| dice.roll(3) == 0).collect(),
        _ => Vec::new(),
    }
}

fn perhaps(dice: &mut Dice) -> Option<bool> {
    match dice.roll(8) {
        0 => Some(true),
        1 => Some(false),
        _ => None,
    }
}

fn some_span(dice: &mut Dice, now: DateTime<Utc>) -> Span {
    let mut moment = || {
        let back = i64::try_from(dice.roll(TURNS * 3)).unwrap_or_default();
        (back < i64::try_from(TURNS).unwrap_or_default()).then(|| now - TimeDelta::seconds(back))
    };
    Span {
        from: moment(),
        until: moment(),
    }
}

pub(super) fn some_filter(dice: &mut Dice, now: DateTime<Utc>) -> MerchantFilter {
    let texts = [
        "가게",
        "ㄱㄱ",
        "s1",
        "s12",
        "117-81",
        "가게 117",
        "상호",
        "없는것",
        "m-0",
        "shop",
    ];
    let search = usize::try_from(dice.roll(texts.len() as u64 * 2)).unwrap_or_default();
    let marks = |dice: &mut Dice, mark: &dyn Fn(u64) -> Mark| match dice.roll(6) {
        0 => vec![mark(dice.roll(4))],
        1 => vec![mark(dice.roll(4)), mark(dice.roll(4))],
        _ => Vec::new(),
    };
    MerchantFilter {
        statuses: some(dice, ReviewStatus::ALL),
        stages: some(dice, Stage::ALL),
        next_actors: some(dice, NextActor::ALL),
        verifications: some(dice, Verification::ALL),
        links: some(dice, LinkStanding::ALL),
        alerts: some(dice, AlertLevel::ALL),
        warnings: some(dice, Warning::ALL),
        attention: perhaps(dice),
        held: perhaps(dice),
        may_bill: perhaps(dice),
        search: texts
            .get(search)
            .and_then(|text| Search::read(text, dice.roll(2) == 0).ok()),
        members: marks(dice, &|number| Mark::Member(format!("m-{number}"))),
        tags: marks(dice, &|number| Mark::Tag(format!("tag {number}"))),
        metadata: marks(dice, &|number| {
            Mark::Metadata("region".to_owned(), format!("r{number}"))
        }),
        created: if dice.roll(6) == 0 {
            some_span(dice, now)
        } else {
            Span::ALWAYS
        },
        updated: if dice.roll(6) == 0 {
            some_span(dice, now)
        } else {
            Span::ALWAYS
        },
        stage_since: if dice.roll(6) == 0 {
            some_span(dice, now)
        } else {
            Span::ALWAYS
        },
        // Told by the whole life of a merchant: see `insight`.
        milestones: Vec::new(),
    }
}

async fn everything<H: Harness>(world: &World<H>, tenant: TenantId, ids: &[MerchantId]) -> Then {
    let mut merchants = Vec::new();
    for id in ids {
        let row = world.row(tenant, *id).await;
        let until = Until::Version(row.version);
        let folded = world.archive().merchant_at(tenant, *id, until).await;
        merchants.extend(folded.expect("the stream can be folded"));
    }
    Then {
        at: world.now(),
        merchants,
    }
}

pub(super) async fn page_through<H: Harness>(
    world: &World<H>,
    tenant: TenantId,
    query: &MerchantQuery,
    at: Option<DateTime<Utc>>,
) -> Vec<MerchantId> {
    let mut query = query.clone();
    let mut listed = Vec::new();
    loop {
        let page: Vec<_> = match at {
            None => {
                let page = world.storage.merchants(tenant, &query).await.expect("a page");
                page.into_iter().map(|row| row.position).collect()
            }
            Some(at) => {
                let page = world.storage.merchants_as_of(tenant, &query, at).await.expect("a page");
                page.into_iter().map(|row| row.position).collect()
            }
        };
        let is_last = page.len() < query.limit.get() as usize;
        listed.extend(page.iter().map(|position| position.id));
        query.after = page.into_iter().next_back();
        if is_last {
            return listed;
        }
    }
}

/// Somebody whose clock says that some days have gone by looks whether the tenant is to be told of a merchant.
fn judged<H: Harness>(dice: &mut Dice, world: &World<H>, tenant: TenantId, merchant: MerchantId) -> Submission {
    // From a Friday on: two, five and thirteen business days.
    let days = [4, 4, 10, 20][usize::try_from(dice.roll(4)).unwrap_or_default()];
    let alert_id = AlertId::from_uuid(world.merchant_id().as_uuid());
    let now = world.now() + TimeDelta::days(days);
    command(
        tenant,
        merchant,
        Command::JudgeAlerts {
            alert_id,
            now,
            unusual: Vec::new(),
        },
    )
}

/// The tenant wants to be told of every stage of which it can be.
pub(crate) async fn set_alert_rules<H: Harness>(world: &World<H>, tenant: TenantId) {
    for subject in Subject::all() {
        let Subject::Stage(stage) = subject else { continue };
        let levels = Levels::new(Some(1), Some(4), Some(9), None).expect("they rise");
        let command = tenant::Command::SetAlertRule {
            rule: AlertRule::Stage { stage, levels },
            expected: ExpectedRule::Any,
        };
        world.write(submission(tenant, Order::Tenant(command))).await;
    }
}

/// Random lives, and what was true at some moments of them; the last one is now.
async fn lives<H: Harness>(world: &World<H>, tenant: TenantId, dice: &mut Dice) -> Vec<Then> {
    let mut merchants = Vec::new();
    let mut told = Vec::new();
    for turn in 0..TURNS {
        world.clock.advance(1);
        let mut wave = Vec::new();
        for number in 0..if turn < 8 { MERCHANTS / 8 } else { 0 } {
            let id = world.merchant_id();
            let number = turn * MERCHANTS / 8 + number;
            let mut named = registration(&format!("m-{}", number % 4), &format!("s{number}"));
            named
                .metadata
                .insert("region".to_owned(), label(&format!("r{}", number % 3)));
            wave.push(queued(&world.writer, register(tenant, id, named)));
            merchants.push((id, Vec::new()));
        }
        for (merchant, links) in &mut merchants {
            for _ in 0..dice.roll(3) {
                let some = some_command(dice, world, tenant, *merchant, links);
                wave.push(queued(&world.writer, some));
            }
            if dice.roll(4) == 0 {
                wave.push(queued(&world.writer, judged(dice, world, tenant, *merchant)));
            }
        }
        for answer in wave {
            let _outcome = answer.await.expect("storage takes the command");
        }
        if turn % 6 == 5 {
            let ids: Vec<_> = merchants.iter().map(|(id, _)| *id).collect();
            told.push(everything(world, tenant, &ids).await);
        }
    }
    told
}

/// Random lives, random filters: every list, every page of it and every count equals what the log says by hand, now and as of
/// moments that have passed.
pub async fn lists_and_counts_are_what_the_log_says<H: Harness>() {
    let world = World::<H>::new().await;
    let tenant = world.tenant("acme").await;
    let other = world.tenant("umbrella").await;
    world.merchant(other, "m-0", "s1").await;
    set_alert_rules(&world, tenant).await;
    let mut dice = Dice(0x517c_c1b7_2722_0a95);
    let told = lives(&world, tenant, &mut dice).await;
    let now = told.last().expect("the last turn was looked at");
    let mut found = 0;
    for round in 0..FILTERS {
        let query = MerchantQuery {
            filter: some_filter(&mut dice, now.at),
            sort: SortKey::ALL[round % SortKey::ALL.len()],
            waits: None,
            direction: [Direction::Ascending, Direction::Descending][round / SortKey::ALL.len() % 2],
            after: None,
            limit: PageSize::clamped(4),
        };
        found += by_hand(tenant, &query, &now.merchants, false).len();
        expect_as_by_hand(&world, tenant, &query, now, None).await;
        let then = &told[round % told.len()];
        expect_as_by_hand(&world, tenant, &query, then, Some(then.at)).await;
    }
    assert!(found > FILTERS, "something was found: {found}");
    for level in AlertLevel::ALL {
        let has_it = |merchant: &Merchant| Facets::of(merchant).alert == *level;
        let mut merchants = told.iter().flat_map(|then| &then.merchants);
        assert!(merchants.any(has_it), "one with {level:?}");
    }
    let without = world.storage.without_facets(tenant, None, PageSize::MAX).await;
    assert_eq!(without.expect("a page"), []);
}

async fn expect_as_by_hand<H: Harness>(
    world: &World<H>,
    tenant: TenantId,
    query: &MerchantQuery,
    then: &Then,
    at: Option<DateTime<Utc>>,
) {
    let listed = page_through(world, tenant, query, at).await;
    assert_eq!(
        listed,
        by_hand(tenant, query, &then.merchants, at.is_some()),
        "as of {at:?}: {query:?}"
    );
    let most = listed.len() as u64;
    assert_eq!(
        whole::handed_over(world, tenant, query, at, most + 1).await,
        listed,
        "whole, as of {at:?}: {query:?}"
    );
    let short = most.div_ceil(2);
    let begun = &listed[..usize::try_from(short).expect("it fits")];
    assert_eq!(
        whole::handed_over(world, tenant, query, at, short).await,
        begun,
        "its beginning, as of {at:?}: {query:?}"
    );
    let counts = match at {
        None => world.storage.facet_counts(tenant, &query.filter).await,
        Some(at) => world.storage.facet_counts_as_of(tenant, &query.filter, at).await,
    };
    let expected = counts_by_hand(tenant, &query.filter, &then.merchants, at.is_some());
    assert_eq!(counted(counts.expect("counts")), expected, "as of {at:?}: {query:?}");
}
