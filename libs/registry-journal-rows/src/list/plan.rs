//! In which way a page of merchants is found.

use registry_journal::port::{FacetCount, MerchantFilter, MerchantQuery};

use super::is_by_terms;

/// Most rows that a walk looks at whose facets stand in the index.
pub(super) const WALK_MAX: u64 = 20_000;

/// How many times as many rows a walk looks at as would fill a page if what fits lay evenly.
const WALK_MARGIN: u64 = 8;

/// Rows of a first walk of which more is looked up than their facets: enough to know how many there are of what is looked for.
const LOOKED_UP: u64 = 1_000;

/// Most rows of a first walk that have to be read themselves.
const READ: u64 = 4_000;

/// How many rows a walk looks at in the time in which the other way fetches one.
const WALKED_PER_FETCHED: u64 = 3;

/// How many times as many as fill a page are looked up first of what is found by pieces.
const FOUND_MARGIN: u64 = 4;

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

    /// Whether every row fits that a walk looks at: also one that has no facets yet, and is not counted.
    fn finds_everything(&self, query: &MerchantQuery) -> bool {
        self.fitting.is_none() && !query.filter.needs_more_than_facets()
    }

    /// Whether a walk along so many rows that found so many shows all that there is of a page.
    pub fn is_whole(&self, query: &MerchantQuery, walked: u64, found: usize) -> bool {
        found == query.limit.get() as usize || self.finds_everything(query) || self.total <= walked
    }

    /// At how many rows a first walk looks. By facets alone: some times as many as fill a page if what fits lies evenly. Where more
    /// must be looked up: as many as have some facets that fit.
    pub fn first_walk(&self, query: &MerchantQuery) -> u64 {
        let wanted = u64::from(query.limit.get());
        if !query.filter.needs_more_than_facets() {
            let most = self.with_fitting(wanted).saturating_mul(WALK_MARGIN);
            return most.clamp(LOOKED_UP, WALK_MAX);
        }
        // An index by names has no facets: each row is read, and those that are called right are looked up.
        let max = if is_by_terms(query.sort) { READ } else { WALK_MAX };
        self.with_fitting(LOOKED_UP).clamp(LOOKED_UP, max)
    }

    /// At how many rows a second walk looks, if as many are found along them as along those of the first one, which did not fill the
    /// page. None if less is to be fetched in the other way.
    pub fn second_walk(&self, query: &MerchantQuery, found: usize) -> Option<u64> {
        let (walked, found, wanted) = (self.first_walk(query), found as u64, u64::from(query.limit.get()));
        let most = wanted.saturating_mul(walked).saturating_mul(3).checked_div(2 * found)?;
        // The other way fetches those too whose facets do not fit.
        let fetched = self.with_fitting(self.total.saturating_mul(found) / walked);
        (most <= WALK_MAX && most <= fetched.saturating_mul(WALKED_PER_FETCHED)).then_some(most)
    }

    /// How many of what is found by pieces are looked up first.
    pub(super) fn first_found(&self, query: &MerchantQuery) -> u64 {
        let wanted = u64::from(query.limit.get());
        self.with_fitting(wanted.saturating_mul(FOUND_MARGIN)).min(WALK_MAX)
    }

    /// Among how many rows there are so many with facets that fit, if they lie evenly.
    fn with_fitting(&self, wanted: u64) -> u64 {
        wanted.saturating_mul(self.total) / self.matching.max(1)
    }
}

#[cfg(test)]
mod tests {
    use registry_domain::merchant::{Facets, Stage};
    use registry_journal::port::{Direction, PageSize, SortKey, Span};

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
        assert!(!plan.finds_nothing() && plan.walks(&all) && plan.is_whole(&all, 0, 0));
    }

    /// With what a first walk has found it is known which way is shorter.
    #[test]
    fn a_walk_goes_on_where_enough_is_found() {
        let tagged = query(MerchantFilter {
            created: Span {
                from: Some(chrono::DateTime::UNIX_EPOCH),
                until: None,
            },
            ..MerchantFilter::all()
        });
        let plan = Plan::of(&tagged.filter, &in_stages(&[(0, 1_000_000)]));
        assert_eq!(plan.first_walk(&tagged), 1_000);
        assert!(!plan.is_whole(&tagged, 1_000, 33) && plan.is_whole(&tagged, 1_000, 50));
        // One in thirty: 50 stand among 1,500. One in a thousand: there are 1,000 in all.
        assert_eq!(plan.second_walk(&tagged, 33), Some(2_272));
        assert_eq!(plan.second_walk(&tagged, 1), None);
        assert_eq!(plan.second_walk(&tagged, 0), None);
        // Where there are few, all of them are fetched soon.
        let plan = Plan::of(&tagged.filter, &in_stages(&[(0, 5_000)]));
        assert_eq!(plan.second_walk(&tagged, 33), None);
    }

    /// Only one in eight has facets that fit: the first walk looks up as much of them.
    #[test]
    fn a_walk_looks_at_more_rows_where_few_have_facets_that_fit() {
        let some = query(MerchantFilter {
            stages: vec![Stage::Opened],
            created: Span {
                from: Some(chrono::DateTime::UNIX_EPOCH),
                until: None,
            },
            ..MerchantFilter::all()
        });
        let plan = Plan::of(&some.filter, &in_stages(&[(0, 7_000), (6, 1_000)]));
        assert_eq!(plan.first_walk(&some), 8_000);
        let by_name = MerchantQuery {
            sort: SortKey::Name,
            ..some.clone()
        };
        assert_eq!(plan.first_walk(&by_name), READ);
        assert_eq!(plan.first_found(&some), 1_600);
    }
}
