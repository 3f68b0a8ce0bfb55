//! Counts that are kept beside rows: what a row counts for, and how a count that has gone wrong is found and put right.
//!
//! What is wrong with a count stays the same while others write: each of them changes the count by as much as the rows that it counts.
//! So it is found without a lock, and put right by adding what is missing. Only whoever puts rows or counts in place without an event
//! could come in between, and that counts in the tenant's generation.

use chrono::{DateTime, Utc};
use registry_domain::TenantId;
use registry_domain::merchant::{Facets, Merchant};

use super::{LoadedMerchant, MilestonesRow};

/// Most counts that one look finds to be wrong, and one batch puts right.
pub const WRONG_COUNTS_MAX: u32 = 50_000;

/// What is counted of the row in whose place another comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CountedBefore {
    /// Nothing: there is none.
    Nothing,
    /// This.
    Known(Counted),
    /// It is not known, because another version of the program wrote it: storage looks for itself.
    Unknown,
}

impl CountedBefore {
    /// What is counted of a merchant as it was loaded, if it was there.
    pub fn of(loaded: Option<&LoadedMerchant>) -> Self {
        match loaded {
            None => Self::Nothing,
            Some(loaded) if loaded.is_current => Self::Known(Counted::of(&loaded.merchant, loaded.milestones)),
            Some(_) => Self::Unknown,
        }
    }
}

/// What is counted of a merchant's row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    /// What the merchant is filtered by, its stage among it.
    pub facets: Facets,
    /// Since when it stands in its stage.
    pub stage_since: DateTime<Utc>,
    /// When it first reached each milestone; none if nothing is kept of that.
    pub milestones: Option<MilestonesRow>,
}

impl Counted {
    /// What is counted of a merchant with these milestones.
    pub fn of(merchant: &Merchant, milestones: Option<MilestonesRow>) -> Self {
        Self {
            facets: Facets::of(merchant),
            stage_since: merchant.stage_since(),
            milestones,
        }
    }
}

/// A table of counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CountTable {
    /// Merchants by what they are filtered by.
    Merchants,
    /// Merchants by the stage in which they stand, and since when.
    Standing,
    /// Stays in a stage that have ended, and first openings.
    Stays,
    /// Merchants by how far those of a week have come.
    Cohorts,
}

impl CountTable {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Merchants, Self::Standing, Self::Stays, Self::Cohorts];

    /// What it is called.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Merchants => "merchant_counts",
            Self::Standing => "standing_counts",
            Self::Stays => "stay_counts",
            Self::Cohorts => "cohort_counts",
        }
    }

    /// The inverse of [`Self::as_str`].
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|table| table.as_str() == word)
    }
}

/// Under what a count stands, just as storage has it: what was put there by hand may be no word of ours.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the columns of those tables")]
pub enum CountKey {
    Merchants {
        facets: i64,
    },
    Standing {
        stage: String,
        since_on: i64,
    },
    Stays {
        stage: String,
        ended_on: i64,
        since_on: i64,
    },
    Cohorts {
        cohort_on: i64,
        step: String,
        from_on: i64,
        to_on: i64,
    },
}

impl CountKey {
    /// Where it stands.
    pub const fn table(&self) -> CountTable {
        match self {
            Self::Merchants { .. } => CountTable::Merchants,
            Self::Standing { .. } => CountTable::Standing,
            Self::Stays { .. } => CountTable::Stays,
            Self::Cohorts { .. } => CountTable::Cohorts,
        }
    }
}

/// A count that is not what the rows come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrongCount {
    /// The tenant's generation when it was looked at (see [`super::LoadedTenant::generation`]).
    pub generation: i64,
    /// Which count.
    pub key: CountKey,
    /// What is to be added to it.
    pub by: i64,
}

/// A count that is put right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountCorrection {
    /// Whose count.
    pub tenant_id: TenantId,
    /// Which count.
    pub key: CountKey,
    /// What is added to it.
    pub by: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_is_read_as_what_it_was() {
        for table in CountTable::ALL {
            assert_eq!(CountTable::from_word(table.as_str()), Some(table));
        }
    }
}
