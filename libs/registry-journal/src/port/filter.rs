//! Which merchants a list or a count is about, and in which order.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use registry_domain::MerchantId;
use registry_domain::merchant::{AlertLevel, FacetTest, Facets, LinkStanding, Milestone, NextActor, Stage, Warning};
use registry_domain::review::{ReviewStatus, Verification};
use registry_domain::search::{Mark, Search};
use registry_domain::waits::WaitStep;

use super::PageSize;

/// By what a list of merchants is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SortKey {
    /// When it was registered: by id.
    CreatedAt,
    /// When something that can be seen last changed.
    UpdatedAt,
    /// Since when it stands in its stage.
    StageSince,
    /// Its company and branch name; those without one stand behind all others.
    Name,
    /// Its merchant code.
    Code,
}

impl SortKey {
    /// Every order.
    pub const ALL: [Self; 5] = [
        Self::CreatedAt,
        Self::UpdatedAt,
        Self::StageSince,
        Self::Name,
        Self::Code,
    ];
}

/// In which direction a list is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Oldest first, or by the alphabet.
    Ascending,
    /// Newest first, or against the alphabet.
    Descending,
}

impl Direction {
    /// The other one.
    #[must_use]
    pub const fn reversed(self) -> Self {
        match self {
            Self::Ascending => Self::Descending,
            Self::Descending => Self::Ascending,
        }
    }
}

/// A stretch of time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Span {
    /// Its beginning, this moment included; none for all of the past.
    pub from: Option<DateTime<Utc>>,
    /// Its end, this moment not included; none for all of the future.
    pub until: Option<DateTime<Utc>>,
}

impl Span {
    /// All of time.
    pub const ALWAYS: Self = Self {
        from: None,
        until: None,
    };

    /// Whether a moment lies in it.
    pub fn holds(&self, moment: DateTime<Utc>) -> bool {
        self.from.is_none_or(|from| from <= moment) && self.until.is_none_or(|until| moment < until)
    }
}

/// Which merchants a list or a count is about: those that pass every test. Of several values of one test, any will do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MerchantFilter {
    /// Only these review statuses; empty for all.
    pub statuses: Vec<ReviewStatus>,
    /// Only these stages; empty for all but archived ones.
    pub stages: Vec<Stage>,
    /// Only if one of these must act next; empty for all.
    pub next_actors: Vec<NextActor>,
    /// Only if what is shown can be trusted so far; empty for all.
    pub verifications: Vec<Verification>,
    /// Only if the latest link stands so; empty for all.
    pub links: Vec<LinkStanding>,
    /// Only with an alert that is so bad; empty for all. In the past no merchant has one.
    pub alerts: Vec<AlertLevel>,
    /// Only with one of these warnings; empty for all.
    pub warnings: Vec<Warning>,
    /// Whether somebody must look now.
    pub attention: Option<bool>,
    /// Whether a claim waits for upstream's word.
    pub held: Option<bool>,
    /// Whether it may bill, by what is known of the merchant alone.
    pub may_bill: Option<bool>,
    /// Only what this finds.
    pub search: Option<Search>,
    /// Only of these members; empty for all.
    pub members: Vec<Mark>,
    /// Only with one of these tags; empty for all.
    pub tags: Vec<Mark>,
    /// Only with one of these entries of metadata; empty for all.
    pub metadata: Vec<Mark>,
    /// When it was registered.
    pub created: Span,
    /// When something that can be seen last changed.
    pub updated: Span,
    /// Since when it stands in its stage.
    pub stage_since: Span,
    /// Only if this is the farthest that it has ever come; empty for all.
    pub milestones: Vec<Milestone>,
}

impl MerchantFilter {
    /// Really all: archived ones too.
    pub fn all() -> Self {
        Self {
            stages: Stage::ALL.to_vec(),
            ..Self::default()
        }
    }

    /// Whether merchants in a stage are asked for. What the tenant put away appears only where it is asked for.
    pub fn has_stage(&self, stage: Stage) -> bool {
        match self.stages.as_slice() {
            [] => stage != Stage::Archived,
            stages => stages.contains(&stage),
        }
    }

    /// Whether a merchant with these facets passes what is asked of facets.
    pub fn fits(&self, facets: Facets) -> bool {
        fn any<T: PartialEq>(allowed: &[T], value: &T) -> bool {
            allowed.is_empty() || allowed.contains(value)
        }
        fn is(wanted: Option<bool>, value: bool) -> bool {
            wanted.is_none_or(|wanted| wanted == value)
        }
        self.has_stage(facets.stage)
            && any(&self.statuses, &facets.status)
            && any(&self.next_actors, &facets.next_actor())
            && any(&self.verifications, &facets.verification)
            && any(&self.links, &facets.link)
            && any(&self.alerts, &facets.alert)
            && (self.warnings.is_empty() || self.warnings.iter().any(|warning| facets.warns_of(*warning)))
            && is(self.attention, facets.needs_attention())
            && is(self.held, facets.is_held)
            && is(self.may_bill, facets.may_bill)
    }

    /// The same as [`Self::fits`], for storage: each must hold.
    pub fn facet_tests(&self) -> Vec<FacetTest> {
        let all = Stage::ALL.iter().copied();
        let stages: Vec<_> = all
            .filter(|stage| self.has_stage(*stage))
            .filter(|stage| self.next_actors.is_empty() || self.next_actors.contains(&stage.next_actor()))
            .collect();
        let mut tests = Vec::new();
        if stages.len() < Stage::ALL.len() {
            tests.push(FacetTest::stages(&stages));
        }
        if !self.statuses.is_empty() {
            tests.push(FacetTest::statuses(&self.statuses));
        }
        if !self.verifications.is_empty() {
            tests.push(FacetTest::verifications(&self.verifications));
        }
        if !self.links.is_empty() {
            tests.push(FacetTest::links(&self.links));
        }
        if !self.alerts.is_empty() {
            tests.push(FacetTest::alerts(&self.alerts));
        }
        if !self.warnings.is_empty() {
            tests.push(FacetTest::warnings(&self.warnings));
        }
        tests.extend(self.attention.map(FacetTest::attention));
        tests.extend(self.held.map(FacetTest::held));
        tests.extend(self.may_bill.map(FacetTest::may_bill));
        tests
    }

    /// Whether every merchant passes what is asked of facets.
    pub fn fits_all_facets(&self) -> bool {
        self.facet_tests().is_empty()
    }

    /// Groups of marks; of each group one must be there.
    pub fn marks(&self) -> impl Iterator<Item = &[Mark]> {
        let groups = [&self.members, &self.tags, &self.metadata];
        groups.into_iter().map(Vec::as_slice).filter(|group| !group.is_empty())
    }

    /// Whether something else than facets matters.
    pub fn needs_more_than_facets(&self) -> bool {
        self.needs_terms()
            || self.updated != Span::ALWAYS
            || self.stage_since != Span::ALWAYS
            || !self.milestones.is_empty()
    }

    /// Whether every merchant passes.
    pub fn is_everyone(&self) -> bool {
        self.fits_all_facets() && !self.needs_more_than_facets()
    }

    /// Whether it asks of nothing but stages.
    pub fn is_of_stages(&self) -> bool {
        let Self { stages, .. } = self;
        let rest = Self {
            stages: stages.clone(),
            ..Self::default()
        };
        *self == rest
    }

    /// Whether what merchants are found by matters.
    pub fn needs_terms(&self) -> bool {
        self.search.is_some() || self.marks().next().is_some() || self.created != Span::ALWAYS
    }
}

/// By what a place in a sorted list is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlaceKey {
    /// The moment by which the list is sorted.
    Moment(DateTime<Utc>),
    /// The text by which it is.
    Text(String),
}

/// The place in a sorted list after which a page begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PagePosition {
    /// The sort key of the last row seen.
    pub key: PlaceKey,
    /// Its id, to tell rows with one sort key apart.
    pub id: MerchantId,
}

/// How unusual waits are, by stage.
pub type WaitOrder = Vec<(Stage, Vec<WaitStep>)>;

/// How far apart two steps stand in the order by how unusual waits are: no wait is that long.
pub const WAIT_STEP: TimeDelta = TimeDelta::days(36_525);

/// How many steps a wait stands behind the most unusual ones of which nothing is said.
pub const SILENT: i32 = 101;

/// How many steps a wait stands behind the most unusual ones that is longer than so many percent of the others.
pub fn wait_level(percent: u8) -> i32 {
    100 - i32::from(percent)
}

/// One page of a list of merchants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MerchantQuery {
    /// Which merchants.
    pub filter: MerchantFilter,
    /// By what they are sorted.
    pub sort: SortKey,
    /// How unusual waits are, by stage: whoever sorts by [`SortKey::StageSince`] then has the most unusual first, and of those that
    /// are equally unusual the longest. Stages that are not named, or have no steps, come behind all others.
    pub waits: Option<Arc<WaitOrder>>,
    /// In which direction.
    pub direction: Direction,
    /// Where the page begins; none for the first.
    pub after: Option<PagePosition>,
    /// How long it may be.
    pub limit: PageSize,
}

/// How many merchants have the same facets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FacetCount {
    /// The facets.
    pub facets: Facets,
    /// How many.
    pub count: u64,
}
