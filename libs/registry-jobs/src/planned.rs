//! The rows of a plan that is being made.

use std::collections::HashSet;

use futures::future::try_join_all;
use registry_domain::jobs::{ActionKind, ImportRow, ImportWish, RowCode, RowState, obstacle};
use registry_domain::merchant::Merchant;
use registry_domain::{JobId, MerchantId, Reference, TenantId};
use registry_imports::{FileRow, FileRows};
use registry_journal::ReadError;
use registry_journal::port::{
    Direction, Job, JobRowQuery, MerchantFilter, MerchantQuery, PageSize, PlannedRow, Reader, RowSource, SortKey,
};

use crate::desk::{DeskParts, JobError, Whom};
use crate::file::{FileShut, SOURCES_AT_ONCE, Sources};
use crate::redriven::has_quarantined;

/// Rows that are read and written at once.
const PAGE: PageSize = PageSize::clamped(500);

/// Shops that are looked up at once.
const LOOKED_UP: usize = 8;

/// Adds rows to a plan.
pub(crate) struct Rows<'a> {
    parts: &'a DeskParts,
    tenant: TenantId,
    job: &'a Job,
    count: u32,
}

impl<'a> Rows<'a> {
    pub(crate) const fn of(parts: &'a DeskParts, tenant: TenantId, job: &'a Job) -> Self {
        Self {
            parts,
            tenant,
            job,
            count: 0,
        }
    }

    pub(crate) async fn add(mut self, whom: Whom) -> Result<(), JobError> {
        match whom {
            Whom::Fitting { filter, .. } => self.fitting(*filter).await,
            Whom::These(ids) => self.these(ids).await,
            Whom::FailedOf(job) => self.failed_of(job).await,
            Whom::InFile(file) => self.in_file(*file).await,
        }
    }

    fn reader(&self) -> &'a dyn Reader {
        self.parts.archive.reader()
    }

    async fn fitting(&mut self, filter: MerchantFilter) -> Result<(), JobError> {
        let mut query = MerchantQuery {
            filter,
            sort: SortKey::CreatedAt,
            waits: None,
            direction: Direction::Ascending,
            after: None,
            limit: PAGE,
        };
        loop {
            let page = self.reader().merchants(self.tenant, &query).await?;
            let is_last = page.len() < PAGE.get() as usize;
            query.after = page.last().map(|last| last.position.clone());
            let found = page
                .into_iter()
                .map(|listed| (listed.position.id, listed.merchant.map(Some)));
            let found: Vec<_> = found
                .map(|(id, merchant)| (id, merchant.map_err(|_unreadable| RowCode::Internal)))
                .collect();
            self.add_merchants(found).await?;
            if is_last {
                return Ok(());
            }
        }
    }

    async fn these(&mut self, ids: Vec<MerchantId>) -> Result<(), JobError> {
        for ids in ids.chunks(PAGE.get() as usize) {
            let mut found = Vec::with_capacity(ids.len());
            for id in ids {
                let merchant = self.reader().merchant(self.tenant, *id).await?;
                found.push((*id, Ok(merchant)));
            }
            self.add_merchants(found).await?;
        }
        Ok(())
    }

    async fn failed_of(&mut self, id: JobId) -> Result<(), JobError> {
        let mut query = JobRowQuery {
            id,
            state: Some(RowState::Failed),
            after: 0,
            limit: PAGE,
        };
        let mut file = None;
        loop {
            let page = self.reader().job_rows(self.tenant, &query).await?;
            let Some(last) = page.last() else { break };
            query.after = last.number;
            if self.job.action.import().is_some() {
                let numbers: Vec<_> = page.iter().map(|row| row.number).collect();
                let headings = match file.take() {
                    Some(FileRows { headings, rows }) => (Some(headings), rows),
                    None => (None, Vec::new()),
                };
                file = Some(self.said(id, headings, &numbers).await?);
            } else {
                self.these(page.iter().filter_map(|row| row.merchant_id).collect())
                    .await?;
            }
        }
        match file {
            Some(file) => self.in_file(file).await,
            None => Ok(()),
        }
    }

    /// What rows of another job say, behind those that are known.
    async fn said(
        &self,
        job: JobId,
        (headings, mut rows): (Option<FileRow>, Vec<FileRow>),
        numbers: &[u32],
    ) -> Result<FileRows, JobError> {
        let sources = Sources::of(&self.parts.archive, job);
        let headings = if let Some(headings) = headings {
            headings
        } else {
            let kept = self.reader().row_sources(self.tenant, job, &[0]).await?;
            sources.open(kept.first().ok_or(FileShut)?)?
        };
        for numbers in numbers.chunks(SOURCES_AT_ONCE) {
            for source in self.reader().row_sources(self.tenant, job, numbers).await? {
                rows.push(sources.open(&source)?);
            }
        }
        Ok(FileRows { headings, rows })
    }

    async fn add_merchants(
        &mut self,
        found: Vec<(MerchantId, Result<Option<Merchant>, RowCode>)>,
    ) -> Result<(), JobError> {
        let lacking = self.without_quarantined(&found).await?;
        let mut rows = Vec::with_capacity(found.len());
        for (merchant_id, merchant) in found {
            let (reference, obstacle) = match merchant {
                Ok(Some(merchant)) if lacking.contains(&merchant_id) => {
                    let obstacle = obstacle(&self.job.action, &merchant).unwrap_or(RowCode::NothingQuarantined);
                    (Some(merchant.reference), Some(obstacle))
                }
                Ok(Some(merchant)) => {
                    let obstacle = obstacle(&self.job.action, &merchant);
                    (Some(merchant.reference), obstacle)
                }
                Ok(None) => (None, Some(RowCode::MerchantNotFound)),
                Err(code) => (None, Some(code)),
            };
            rows.push(self.planned(Some(merchant_id), reference, obstacle)?);
        }
        Ok(self.reader().add_job_rows(self.tenant, self.job.id, &rows).await?)
    }

    /// Those of which nothing is in quarantine, if that is what the job is about.
    async fn without_quarantined(
        &self,
        found: &[(MerchantId, Result<Option<Merchant>, RowCode>)],
    ) -> Result<HashSet<MerchantId>, ReadError> {
        let mut lacking = HashSet::new();
        if self.job.action.kind() != ActionKind::Redrive {
            return Ok(lacking);
        }
        let merchants: Vec<_> = found
            .iter()
            .filter_map(|(_, found)| found.as_ref().ok()?.as_ref())
            .collect();
        for few in merchants.chunks(LOOKED_UP) {
            let looks = few
                .iter()
                .map(|merchant| has_quarantined(self.reader(), self.tenant, merchant));
            let has = try_join_all(looks).await?;
            lacking.extend(
                few.iter()
                    .zip(has)
                    .filter(|(_, has)| !has)
                    .map(|(merchant, _)| merchant.id),
            );
        }
        Ok(lacking)
    }

    /// The next row.
    fn planned(
        &mut self,
        merchant_id: Option<MerchantId>,
        reference: Option<Reference>,
        obstacle: Option<RowCode>,
    ) -> Result<PlannedRow, JobError> {
        let most = self.parts.limits.rows_max;
        // The list may have grown since it was counted.
        if self.count == most {
            return Err(JobError::TooManyRows { most });
        }
        self.count += 1;
        let codes = reference.map(|codes| (codes.member_code.to_string(), codes.merchant_code.to_string()));
        let (member_code, merchant_code) = codes.unzip();
        Ok(PlannedRow {
            number: self.count,
            merchant_id,
            member_code,
            merchant_code,
            obstacle,
        })
    }

    async fn in_file(&mut self, file: FileRows) -> Result<(), JobError> {
        let Some(wish) = self.job.action.import() else {
            return Err(JobError::NothingToDo);
        };
        let sources = Sources::of(&self.parts.archive, self.job.id);
        let mut kept = vec![sources.seal(0, &file.headings)];
        let mut seen = HashSet::new();
        for rows in file.rows.chunks(SOURCES_AT_ONCE) {
            let mut planned = Vec::with_capacity(rows.len());
            for judged in self.judged(wish, rows, &mut seen).await? {
                let row = self.planned(judged.merchant_id, judged.reference, judged.obstacle)?;
                kept.push(sources.seal(row.number, judged.row));
                planned.push(row);
            }
            self.keep(&kept).await?;
            kept.clear();
            self.reader().add_job_rows(self.tenant, self.job.id, &planned).await?;
        }
        self.keep(&kept).await
    }

    async fn keep(&self, sources: &[RowSource]) -> Result<(), JobError> {
        Ok(self.reader().add_row_sources(self.tenant, self.job.id, sources).await?)
    }

    /// What is to be done for rows, as the shops are now. Of two rows about one shop the first counts.
    async fn judged<'r>(
        &self,
        wish: &ImportWish,
        rows: &'r [FileRow],
        seen: &mut HashSet<(String, String)>,
    ) -> Result<Vec<Judged<'r>>, ReadError> {
        let read = rows.iter().map(|row| {
            let read = ImportRow::read(&wish.columns, &row.cells).ok();
            let is_first = read.as_ref().is_none_or(|read| {
                let codes = &read.reference;
                seen.insert((codes.member_code.to_string(), codes.merchant_code.to_string()))
            });
            (row, read, is_first)
        });
        let mut read = read.collect::<Vec<_>>().into_iter();
        let mut judged = Vec::with_capacity(rows.len());
        loop {
            let few = read.by_ref().take(LOOKED_UP);
            let few: Vec<_> = few
                .map(|(row, read, is_first)| self.judge(wish, row, read, is_first))
                .collect();
            if few.is_empty() {
                return Ok(judged);
            }
            judged.extend(try_join_all(few).await?);
        }
    }

    async fn judge<'r>(
        &self,
        wish: &ImportWish,
        row: &'r FileRow,
        read: Option<ImportRow>,
        is_first: bool,
    ) -> Result<Judged<'r>, ReadError> {
        let Some(read) = read else {
            return Ok(Judged {
                row,
                merchant_id: None,
                reference: None,
                obstacle: Some(RowCode::Invalid),
            });
        };
        let merchant = if is_first {
            self.reader()
                .merchant_by_reference(self.tenant, &read.reference)
                .await?
        } else {
            None
        };
        let obstacle = if is_first {
            read.errand(wish, merchant.as_ref()).err()
        } else {
            Some(RowCode::DuplicateRow)
        };
        Ok(Judged {
            row,
            merchant_id: merchant.map(|merchant| merchant.id),
            reference: Some(read.reference),
            obstacle,
        })
    }
}

/// A row of a file, and what is to be done for it.
struct Judged<'r> {
    row: &'r FileRow,
    merchant_id: Option<MerchantId>,
    reference: Option<Reference>,
    obstacle: Option<RowCode>,
}
