//! In which way a page of merchants is found.

use registry_journal::port::{FacetCount, MerchantFilter, MerchantQuery};

/// Most rows that a walk looks at whose facets stand in the index.
const WALK_MAX: u64 = 20_000;

/// How many times as many rows a walk looks at as would fill a page if what fits lay evenly.
const WALK_MARGIN: u64 = 8;

/// Most rows that a walk looks at if names or moments must be looked at too.
const LONG_WALK_MAX: u64 = 1_000;

/// In which way a page is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The numbers that fit the filter, as far as merchants have them; none if all do.
    pub(super) fitting: Option<Vec<i64>>,
    matching: u64,
    total: u64,
}

impl Plan {
    /// With the counts of a tenant.
    pub fn of(filter: &MerchantFilter, counts: &[FacetCount]) -> Self {
        let fits = |count: &&FacetCount| filter.fits(count.facets);
        let sum = |counts: &mut dyn Iterator<Item = &FacetCount>| counts.map(|count| count.count).sum();
        let bits = counts.iter().filter(fits).map(|count| count.facets.to_bits());
        Self {
            fitting: (!filter.fits_all_facets()).then(|| bits.collect()),
            matching: sum(&mut counts.iter().filter(fits)),
            total: sum(&mut counts.iter()),
        }
    }

    /// Whether there is nothing to be found.
    pub fn finds_nothing(&self) -> bool {
        self.fitting.as_ref().is_some_and(Vec::is_empty)
    }

    /// Whether a walk is worth while: it looks at so many rows as are left if one in `total / matching` fits, and the other way
    /// fetches all that match.
    pub fn walks(&self, query: &MerchantQuery) -> bool {
        let wanted = u64::from(query.limit.get());
        self.finds_everything(query) || self.matching.saturating_mul(self.matching) > wanted.saturating_mul(self.total)
    }

    /// Whether a walk may end before it has seen every merchant that fits.
    pub fn may_end_early(&self, query: &MerchantQuery) -> bool {
        !self.finds_everything(query) && self.total > self.walk_max(query)
    }

    /// Whether every row fits that a walk looks at: also one that has no facets yet, and is not counted.
    fn finds_everything(&self, query: &MerchantQuery) -> bool {
        self.fitting.is_none() && !query.filter.needs_more_than_facets()
    }

    /// At how many rows a walk looks: some times as many as fill a page if what fits lies evenly.
    pub(super) fn walk_max(&self, query: &MerchantQuery) -> u64 {
        if query.filter.needs_more_than_facets() {
            return LONG_WALK_MAX;
        }
        let even = u64::from(query.limit.get()).saturating_mul(self.total) / self.matching.max(1);
        even.saturating_mul(WALK_MARGIN).clamp(LONG_WALK_MAX, WALK_MAX)
    }
}

#[cfg(test)]
mod tests {
    use registry_domain::merchant::{Facets, Stage};
    use registry_journal::port::{Direction, PageSize, SortKey};

    use super::*;

    fn query(filter: MerchantFilter) -> MerchantQuery {
        MerchantQuery {
            filter,
            sort: SortKey::CreatedAt,
            waits: None,
            direction: Direction::Ascending,
            after: None,
            limit: PageSize::clamped(50),
        }
    }

    fn in_stages(counts: &[(i64, u64)]) -> Vec<FacetCount> {
        let count = |(place, count): &(i64, u64)| FacetCount {
            facets: Facets::from_bits(128 + place).expect("a stage"),
            count: *count,
        };
        counts.iter().map(count).collect()
    }

    #[test]
    fn what_is_common_is_walked_and_what_is_rare_is_fetched() {
        let only = |stage| {
            query(MerchantFilter {
                stages: vec![stage],
                ..MerchantFilter::default()
            })
        };
        // Registered, and opened.
        let counts = in_stages(&[(0, 1_000), (6, 999_000)]);
        let way = |query: &MerchantQuery| {
            let plan = Plan::of(&query.filter, &counts);
            (plan.finds_nothing(), plan.walks(query))
        };
        assert_eq!(way(&only(Stage::Opened)), (false, true));
        assert_eq!(way(&only(Stage::Registered)), (false, false));
        assert_eq!(way(&only(Stage::Rejected)), (true, false));
    }

    /// Rows of an earlier version have no facets: they are counted nowhere, and found by whoever wants all.
    #[test]
    fn whoever_wants_all_walks_whatever_is_counted() {
        let all = query(MerchantFilter::all());
        let plan = Plan::of(&all.filter, &[]);
        assert!(!plan.finds_nothing() && plan.walks(&all) && !plan.may_end_early(&all));
    }
}
