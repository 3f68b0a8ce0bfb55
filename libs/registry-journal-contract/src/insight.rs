//! Promises about what ageing, durations and funnels are counted from: it is what a count by hand over the log gives, now and as of
//! any moment, whatever the filter; and so it is after all of it was folded anew.

mod unusual;

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use chrono::{DateTime, Datelike, Days, NaiveDate, Utc};
use registry_domain::calendar::day_in_korea;
use registry_domain::merchant::{self, Facets, Merchant, Milestone, Stage};
use registry_domain::{MerchantId, TenantId, Version};
use registry_journal::port::{
    CohortQuery, Direction, Insight, MerchantFilter, MerchantQuery, PageSize, Reader, SortKey, Stay, StayQuery, Step,
    StreamQuery,
};
use registry_journal::record::{StreamEvent, StreamId};
use registry_maintenance::rebuild::{Mode, Rebuild};

use crate::fixtures::{World, queued, register, registration};
use crate::histories::{Dice, some_command};
use crate::lists::{passes, some_filter};
use crate::{Damage, Harness};

const MERCHANTS: u64 = 36;
const TURNS: u64 = 30;
const FILTERS: usize = 40;

/// What a merchant was like after each command.
struct Life(Vec<(DateTime<Utc>, Merchant)>);

impl Life {
    /// From its stream, which is read command by command: only the first event of one has no cause.
    async fn of<H: Harness>(world: &World<H>, tenant: TenantId, id: MerchantId) -> Self {
        let query = StreamQuery {
            stream: StreamId::Merchant(id),
            after: Version::ZERO,
            until_version: None,
            until_time: None,
            limit: PageSize::MAX,
        };
        let events = world.archive().stream(tenant, &query).await.expect("a stream");
        let (mut life, mut state): (Vec<(DateTime<Utc>, Merchant)>, Option<Merchant>) = (Vec::new(), None);
        for recorded in &events {
            let StreamEvent::Merchant(event) = &recorded.event else {
                continue;
            };
            state = merchant::evolve(id, state, event, recorded.stamp);
            if recorded.causation_id.is_some() {
                life.pop();
            }
            life.extend(state.clone().map(|merchant| (recorded.stamp.recorded_at, merchant)));
        }
        Self(life)
    }

    fn until(&self, at: DateTime<Utc>) -> impl Iterator<Item = &(DateTime<Utc>, Merchant)> {
        self.0.iter().take_while(move |(then, _)| *then <= at)
    }

    fn last(&self, at: DateTime<Utc>) -> Option<&Merchant> {
        self.until(at).last().map(|(_, merchant)| merchant)
    }

    fn first(&self, milestone: Milestone, at: DateTime<Utc>) -> Option<NaiveDate> {
        let mut reached = self.until(at).filter(|(_, merchant)| merchant.milestone() >= milestone);
        reached.next().map(|(then, _)| day_in_korea(*then))
    }

    fn farthest(&self, at: DateTime<Utc>) -> Option<Milestone> {
        self.until(at).map(|(_, merchant)| merchant.milestone()).max()
    }

    fn passes(&self, tenant: TenantId, filter: &MerchantFilter, at: DateTime<Utc>) -> bool {
        let farthest = |milestone: &Milestone| self.farthest(at) == Some(*milestone);
        // Nobody is told of any of them.
        self.last(at)
            .is_some_and(|merchant| passes(tenant, filter, merchant, false))
            && (filter.milestones.is_empty() || filter.milestones.iter().any(farthest))
    }
}

fn add<Key: Ord>(counts: &mut BTreeMap<Key, u64>, key: Key) {
    *counts.entry(key).or_default() += 1;
}

fn standing_by_hand(lives: &[&Life], at: DateTime<Utc>) -> BTreeMap<(&'static str, NaiveDate), u64> {
    let mut counts = BTreeMap::new();
    for merchant in lives.iter().filter_map(|life| life.last(at)) {
        add(
            &mut counts,
            (merchant.stage().as_str(), day_in_korea(merchant.stage_since())),
        );
    }
    counts
}

type Days3 = (&'static str, NaiveDate, NaiveDate);

fn stays_by_hand(lives: &[&Life], query: &StayQuery, at: DateTime<Utc>) -> BTreeMap<Days3, u64> {
    let mut counts = BTreeMap::new();
    let is_asked = |day: NaiveDate| (query.from..=query.until).contains(&day);
    for life in lives {
        let states: Vec<_> = life.until(at).collect();
        for pair in states.windows(2) {
            let ((_, before), (then, after)) = (pair[0], pair[1]);
            let (stay, next) = [before, after].map(|it| (it.stage(), it.stage_since())).into();
            if stay != next && is_asked(day_in_korea(*then)) {
                let since = day_in_korea(stay.1);
                add(&mut counts, (stay.0.as_str(), since, day_in_korea(*then)));
            }
        }
        let ways = [Milestone::Registered, Milestone::Opened].map(|milestone| life.first(milestone, at));
        if let [Some(from), Some(to)] = ways
            && is_asked(to)
        {
            add(&mut counts, (Stay::Opening.as_str(), from, to));
        }
    }
    counts
}

type Days4 = (NaiveDate, &'static str, NaiveDate, NaiveDate);

fn cohorts_by_hand(lives: &[&Life], query: &CohortQuery, at: DateTime<Utc>) -> BTreeMap<Days4, u64> {
    let mut counts = BTreeMap::new();
    for life in lives {
        let created = life.first(Milestone::Registered, at).expect("it was registered");
        let monday = created - Days::new(created.weekday().num_days_from_monday().into());
        if !(query.from..=query.until).contains(&monday) {
            continue;
        }
        let mut from = created;
        for milestone in Milestone::ALL {
            let Some(to) = life.first(*milestone, at) else { break };
            add(&mut counts, (monday, milestone.as_str(), from, to));
            from = to;
        }
        if let Some(opened) = life.first(Milestone::Opened, at) {
            add(&mut counts, (monday, Step::Whole.as_str(), created, opened));
        }
        if life.last(at).is_some_and(|merchant| merchant.stage().is_under_way()) {
            add(&mut counts, (monday, Step::UnderWay.as_str(), monday, monday));
        }
    }
    counts
}

async fn expect_as_by_hand<H: Harness>(
    world: &World<H>,
    tenant: TenantId,
    lives: &[Life],
    filter: &MerchantFilter,
    past: Option<DateTime<Utc>>,
) -> usize {
    let at = past.unwrap_or_else(|| world.now());
    let asked = format!("as of {past:?}: {filter:?}");
    let fitting: Vec<_> = lives.iter().filter(|life| life.passes(tenant, filter, at)).collect();
    let standing = world.storage.standing(tenant, filter, past).await.expect("counts");
    let standing = standing
        .into_iter()
        .map(|it| ((it.stage.as_str(), it.since_on), it.count));
    assert_eq!(
        standing.collect::<BTreeMap<_, _>>(),
        standing_by_hand(&fitting, at),
        "{asked}"
    );

    let today = day_in_korea(at);
    let query = StayQuery {
        filter: filter.clone(),
        from: today - Days::new(20),
        until: today - Days::new(1),
        at: past,
    };
    let stays = world.storage.stays(tenant, &query).await.expect("counts");
    let stays = stays
        .into_iter()
        .map(|it| ((it.stay.as_str(), it.since_on, it.ended_on), it.count));
    assert_eq!(
        stays.collect::<BTreeMap<_, _>>(),
        stays_by_hand(&fitting, &query, at),
        "{asked}"
    );

    let monday = today - Days::new(today.weekday().num_days_from_monday().into());
    let query = CohortQuery {
        filter: filter.clone(),
        from: monday - Days::new(28),
        until: monday - Days::new(7),
        at: past,
    };
    let steps = world.storage.cohorts(tenant, &query).await.expect("counts");
    let steps = steps
        .into_iter()
        .map(|it| ((it.cohort_on, it.step.as_str(), it.from_on, it.to_on), it.count));
    assert_eq!(
        steps.collect::<BTreeMap<_, _>>(),
        cohorts_by_hand(&fitting, &query, at),
        "{asked}"
    );

    expect_listed(world, tenant, &fitting, filter, past).await;
    fitting.len()
}

/// The list and its counts know how far a merchant has come, too.
async fn expect_listed<H: Harness>(
    world: &World<H>,
    tenant: TenantId,
    fitting: &[&Life],
    filter: &MerchantFilter,
    past: Option<DateTime<Utc>>,
) {
    let at = past.unwrap_or_else(|| world.now());
    let query = MerchantQuery {
        filter: filter.clone(),
        sort: SortKey::CreatedAt,
        waits: None,
        direction: Direction::Ascending,
        after: None,
        limit: PageSize::MAX,
    };
    let listed: Vec<_> = match past {
        None => {
            let page = world.storage.merchants(tenant, &query).await.expect("a page");
            page.into_iter().map(|row| row.position.id).collect()
        }
        Some(at) => {
            let page = world.storage.merchants_as_of(tenant, &query, at).await.expect("a page");
            page.into_iter().map(|row| row.position.id).collect()
        }
    };
    let mut expected: Vec<_> = fitting.iter().filter_map(|life| life.last(at)).collect();
    expected.sort_by_key(|merchant| merchant.id);
    assert_eq!(
        listed,
        expected.iter().map(|it| it.id).collect::<Vec<_>>(),
        "{past:?}: {filter:?}"
    );
    let counts = match past {
        None => world.storage.facet_counts(tenant, filter).await,
        Some(at) => world.storage.facet_counts_as_of(tenant, filter, at).await,
    };
    let mut by_hand = BTreeMap::new();
    for merchant in expected {
        add(&mut by_hand, Facets::of(merchant).to_bits());
    }
    assert_eq!(
        super::lists::counted(counts.expect("counts")),
        by_hand,
        "{past:?}: {filter:?}"
    );
}

/// Random lives over some weeks, up to forty hours between two turns. Returns the merchants, and moments at which the weeks were looked at.
async fn lives<H: Harness>(
    world: &World<H>,
    tenant: TenantId,
    dice: &mut Dice,
) -> (Vec<MerchantId>, Vec<DateTime<Utc>>) {
    let (mut merchants, mut moments) = (Vec::new(), Vec::new());
    for turn in 0..TURNS {
        world
            .clock
            .advance(i64::try_from(dice.roll(40 * 3_600_000)).unwrap_or_default());
        let mut wave = Vec::new();
        for number in 0..if turn < 12 { MERCHANTS / 12 } else { 0 } {
            let id = world.merchant_id();
            let number = turn * MERCHANTS / 12 + number;
            let named = registration(&format!("m-{}", number % 4), &format!("s{number}"));
            wave.push(queued(&world.writer, register(tenant, id, named)));
            merchants.push((id, Vec::new()));
        }
        for (merchant, links) in &mut merchants {
            for _ in 0..dice.roll(3) {
                let some = some_command(dice, world, tenant, *merchant, links);
                wave.push(queued(&world.writer, some));
            }
        }
        for answer in wave {
            let _outcome = answer.await.expect("storage takes the command");
        }
        if turn % 5 == 4 {
            moments.push(world.now());
        }
    }
    (merchants.into_iter().map(|(id, _)| id).collect(), moments)
}

async fn expect_all<H: Harness>(
    world: &World<H>,
    tenant: TenantId,
    lives: &[Life],
    moments: &[DateTime<Utc>],
    dice: &mut Dice,
) {
    let everyone = MerchantFilter::all();
    let usual = MerchantFilter::default();
    let in_review = MerchantFilter {
        stages: vec![Stage::InReview],
        ..MerchantFilter::default()
    };
    for filter in [everyone, usual, in_review] {
        expect_as_by_hand(world, tenant, lives, &filter, None).await;
        for moment in moments {
            expect_as_by_hand(world, tenant, lives, &filter, Some(*moment)).await;
        }
    }
    let mut found = 0;
    for round in 0..FILTERS {
        let mut filter = match dice.roll(2) {
            0 => some_filter(dice, world.now()),
            _ => MerchantFilter::all(),
        };
        let milestones = Milestone::ALL.iter().copied();
        filter.milestones = milestones.filter(|_| dice.roll(4) == 0).collect();
        found += expect_as_by_hand(world, tenant, lives, &filter, None).await;
        found += expect_as_by_hand(world, tenant, lives, &filter, Some(moments[round % moments.len()])).await;
    }
    assert!(found > FILTERS, "something was found: {found}");
}

/// Random lives, random filters: whoever waits, every wait that has ended and every step of a cohort equals what the log says by
/// hand, now and as of moments that have passed; before everything is folded anew, and after.
pub async fn insight_is_what_the_log_says<H: Harness>() {
    let world = World::<H>::new().await;
    let tenant = world.tenant("acme").await;
    let other = world.tenant("umbrella").await;
    world.merchant(other, "m-0", "s1").await;
    let mut dice = Dice(0x1f83_d9ab_fb41_bd6b);
    let (merchants, moments) = lives(&world, tenant, &mut dice).await;
    let mut all = Vec::new();
    for id in &merchants {
        all.push(Life::of(&world, tenant, *id).await);
    }
    let opened = all
        .iter()
        .filter(|life| life.first(Milestone::Opened, world.now()).is_some());
    assert!(opened.count() > 5, "some have opened");
    expect_all(&world, tenant, &all, &moments, &mut dice).await;
    unusual::expect_unusual_first(&world, tenant, &all).await;

    for (id, damage) in merchants.iter().zip([
        Damage::HistoryLost,
        Damage::Outdated,
        Damage::MilestonesLost,
        Damage::Lost,
    ]) {
        world.harness.damage(tenant, *id, damage).await;
    }
    let rebuild = Rebuild {
        archive: world.archive(),
        journal: world.parts(world.storage.clone(), 2).journal,
        ambient: world.parts(world.storage.clone(), 2).ambient,
    };
    let report = rebuild
        .run(tenant, Mode::Repair, &mut |_| ControlFlow::Continue(()))
        .await;
    assert_eq!(report.expect("the log can be folded").progress.differing, 4);
    expect_all(&world, tenant, &all, &moments, &mut dice).await;
}
