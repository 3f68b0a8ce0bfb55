//! Comparing what is counted with the rows that it is counted of. Those rows have been compared with the log before: what they come to
//! is what the log says.

use std::collections::BTreeSet;

use registry_journal::port::{CountCorrection, Loaded, Writes, WrongCount};

use super::{ATTEMPTS, Difference, Mode, RebuildError, Work};

impl Work<'_> {
    /// Names each table of which a count is wrong, and has them put right if that is asked for.
    pub(super) async fn settle_counts(&mut self) -> Result<(), RebuildError> {
        let mut told = BTreeSet::new();
        for _ in 0..ATTEMPTS {
            let wrong = self.parts.archive.reader().wrong_counts(self.tenant).await;
            let wrong = wrong.map_err(RebuildError::ReadRows)?;
            let tables: BTreeSet<_> = wrong.iter().map(|count| count.key.table()).collect();
            for table in tables {
                if told.insert(table) {
                    self.note(Difference::Counts(table));
                }
            }
            if wrong.is_empty() || self.mode == Mode::Check {
                return Ok(());
            }
            self.correct(wrong).await?;
        }
        Err(RebuildError::RestlessCounts)
    }

    /// Adds what is missing, unless somebody has put rows or counts in place since it was looked at.
    async fn correct(&self, wrong: Vec<WrongCount>) -> Result<(), RebuildError> {
        let tenant = self.tenant;
        let mut wrong = Some(wrong);
        let mut decide = |loaded: Loaded| {
            let generation = loaded.tenants.get(&tenant).map(|loaded| loaded.generation);
            let wrong = wrong.take().unwrap_or_default().into_iter();
            let standing = wrong.filter(|count| Some(count.generation) == generation);
            let correction = |WrongCount { key, by, .. }| CountCorrection {
                tenant_id: tenant,
                key,
                by,
            };
            Writes {
                corrections: standing.map(correction).collect(),
                ..Writes::default()
            }
        };
        let scope = self.scope(Vec::new());
        let corrected = self.parts.journal.transact(&scope, &mut decide).await;
        corrected.map_err(RebuildError::Swap)
    }
}
