//! A merchant in a plan or a job. Where it stands in a file, with what its row says.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use registry_domain::jobs::{CellFault, ImportField, ImportRow, ImportWish, RowCode, RowState};
use registry_imports::FileRow;
use registry_jobs::{SOURCES_AT_ONCE, Sources};
use registry_journal::port::{Job, JobRow, JobRowQuery, PageSize};
use registry_web::Language;
use serde::Serialize;
use utoipa::ToSchema;

use crate::caller::Caller;
use crate::problem::{Fault, Problem};
use crate::query::Parameters;
use crate::routes::imports::seen;
use crate::state::AppState;

/// How merchants are registered from a file.
#[derive(Serialize, ToSchema)]
#[schema(as = ImportOptions)]
pub struct ImportWishDocument {
    /// What each column is: the name of a field, or null for nothing of a merchant.
    #[schema(example = json!(["member_code", "merchant_code", null]))]
    columns: Vec<Option<&'static str>>,
    /// What becomes of merchants that there are already: `skip` or `update`.
    #[schema(example = "skip")]
    existing: &'static str,
    /// Whether each merchant gets a registration link that has none.
    issue_links: bool,
}

impl ImportWishDocument {
    pub fn new(wish: &ImportWish) -> Self {
        let columns = wish.columns.fields().iter();
        Self {
            columns: columns.map(|field| field.map(ImportField::as_str)).collect(),
            existing: wish.existing.as_str(),
            issue_links: wish.issue_links,
        }
    }
}

/// A merchant in a plan or a job.
#[derive(Serialize, ToSchema)]
#[schema(as = JobRow)]
pub struct RowDocument {
    /// Its place in the job, from 1.
    #[schema(example = 1)]
    number: u32,
    /// The merchant; null as long as it is not registered.
    #[schema(required = true, example = "mer_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")]
    merchant_id: Option<String>,
    /// Its member code; null if there was no such merchant.
    #[schema(required = true, example = "acad-12")]
    member_code: Option<String>,
    /// Its merchant code.
    #[schema(required = true, example = "store-3")]
    merchant_code: Option<String>,
    /// `refused` (it does not fit and is not tried), `waiting`, `running`, `done`, `failed` or `cancelled`.
    #[schema(example = "done")]
    state: &'static str,
    /// Why it was refused or has failed.
    #[schema(required = true, example = json!(null))]
    code: Option<&'static str>,
    /// What Paymint calls it.
    #[schema(required = true, example = json!(null))]
    upstream_code: Option<String>,
    /// The registration link that was issued, or at least asked for.
    #[schema(required = true, example = "lnk_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")]
    link_id: Option<String>,
    /// When it came to its end.
    #[schema(required = true)]
    ended_at: Option<DateTime<Utc>>,
    /// What its row of a file says; null of every other action.
    #[schema(required = true, example = json!(null))]
    source: Option<SourceDocument>,
}

/// What a row of a file says.
#[derive(Serialize, ToSchema)]
#[schema(as = ImportRow)]
pub struct SourceDocument {
    /// In which line of the file it begins; of a workbook, which row it is.
    #[schema(example = 17)]
    line: u32,
    /// What stands in its columns, by the field that they are. Business numbers are masked for whoever may not see them.
    #[schema(example = json!({"member_code": "acad-12", "merchant_code": "store-3"}))]
    values: BTreeMap<&'static str, String>,
    /// What cannot be used.
    faults: Vec<CellDocument>,
    /// What one should look at.
    warnings: Vec<CellDocument>,
}

/// Something about a cell.
#[derive(Serialize, ToSchema)]
#[schema(as = CellRemark)]
struct CellDocument {
    /// The field that it is.
    #[schema(example = "business_number")]
    field: &'static str,
    /// What is to be said, as a stable word: those of field errors, and `maybe_leading_zeros`.
    #[schema(example = "checksum_mismatch")]
    code: &'static str,
    /// The same for a person.
    #[schema(example = "the check digit does not match")]
    detail: &'static str,
}

impl CellDocument {
    fn new(field: ImportField, fault: Fault, language: Language) -> Self {
        Self {
            field: field.as_str(),
            code: fault.as_str(),
            detail: fault.text(language),
        }
    }
}

impl RowDocument {
    fn new(row: JobRow, source: Option<SourceDocument>) -> Self {
        let (member_code, merchant_code) = row.codes.unzip();
        Self {
            number: row.number,
            merchant_id: row.merchant_id.map(|id| id.to_string()),
            member_code,
            merchant_code,
            state: row.state.as_str(),
            code: row.code.map(RowCode::as_str),
            upstream_code: row.upstream_code,
            link_id: row.link_id.map(|link| link.to_string()),
            ended_at: row.ended_at,
            source,
        }
    }
}

/// What is wrong with a row, all of it.
pub fn faults(wish: &ImportWish, row: &FileRow) -> Vec<CellFault> {
    ImportRow::read(&wish.columns, &row.cells).err().unwrap_or_default()
}

/// A page of rows.
#[derive(Serialize, ToSchema)]
#[schema(as = JobRowPage)]
pub struct RowPage {
    /// The rows.
    data: Vec<RowDocument>,
    /// Where the next page begins.
    page: RowPageEnd,
}

/// Where a page of rows ends.
#[derive(Serialize, ToSchema)]
#[schema(as = JobRowPageEnd)]
struct RowPageEnd {
    /// `after` of the next page; null behind the last one.
    #[schema(required = true, example = 50)]
    next_after: Option<u32>,
}

/// Which rows somebody asks for.
pub struct RowsAsked {
    state: Option<RowState>,
    after: u32,
    limit: PageSize,
}

impl RowsAsked {
    /// Reads it from a query.
    pub fn read(mut query: Parameters) -> Result<Self, Problem> {
        let state = read_state(&mut query);
        let after = query.number("after", 0..=u64::from(u32::MAX));
        let limit = query.limit();
        query.finish()?;
        Ok(Self {
            state,
            after: after.and_then(|after| u32::try_from(after).ok()).unwrap_or(0),
            limit,
        })
    }
}

/// How rows are to stand that somebody asks for.
pub fn read_state(query: &mut Parameters) -> Option<RowState> {
    query.optional("state", |word| {
        RowState::from_word(word).ok_or(Fault::UnknownWord(RowState::WORDS))
    })
}

/// The rows of a plan or a job as somebody sees them.
pub struct Rows<'a> {
    state: &'a AppState,
    caller: &'a Caller,
    language: Language,
    job: &'a Job,
}

impl<'a> Rows<'a> {
    pub const fn of(state: &'a AppState, caller: &'a Caller, language: Language, job: &'a Job) -> Self {
        Self {
            state,
            caller,
            language,
            job,
        }
    }

    /// A page of them.
    pub async fn page(&self, asked: &RowsAsked) -> Result<RowPage, Problem> {
        let query = JobRowQuery {
            id: self.job.id,
            state: asked.state,
            after: asked.after,
            limit: PageSize::clamped(asked.limit.get() + 1),
        };
        let mut data = self.read(&query).await?;
        let limit = asked.limit.get() as usize;
        let has_more = data.len() > limit;
        data.truncate(limit);
        let next_after = data.last().filter(|_| has_more).map(|last| last.number);
        Ok(RowPage {
            data,
            page: RowPageEnd { next_after },
        })
    }

    /// Those that fit a query.
    pub async fn read(&self, query: &JobRowQuery) -> Result<Vec<RowDocument>, Problem> {
        let reader = self.state.archive.reader();
        let rows = reader.job_rows(self.caller.tenant_id(), query).await?;
        let said = said(self.state, self.caller, self.job, &rows).await?;
        let rows = rows.into_iter().zip(said);
        Ok(rows
            .map(|(row, said)| {
                let said = said.and_then(|said| Some(self.source(self.job.action.import()?, &said)));
                RowDocument::new(row, said)
            })
            .collect())
    }

    fn source(&self, wish: &ImportWish, row: &FileRow) -> SourceDocument {
        let fields = wish.columns.fields().iter().enumerate();
        let named = fields.filter_map(|(place, field)| Some(((*field)?, row.cells.get(place)?)));
        let values = named.map(|(field, text)| (field.as_str(), seen(Some(field), text, self.caller.sight())));
        let faults = faults(wish, row).into_iter();
        let numbers = row
            .numbers
            .iter()
            .filter_map(|place| *wish.columns.fields().get(usize::from(*place))?);
        let zeros = numbers.filter(|field| field.is_code());
        SourceDocument {
            line: row.line,
            values: values.collect(),
            faults: faults
                .map(|fault| CellDocument::new(fault.field, fault.error.into(), self.language))
                .collect(),
            warnings: zeros
                .map(|field| CellDocument::new(field, Fault::MaybeZeros, self.language))
                .collect(),
        }
    }
}

/// What rows of a file say, one for each; none of every other action.
pub async fn said(
    state: &AppState,
    caller: &Caller,
    job: &Job,
    rows: &[JobRow],
) -> Result<Vec<Option<FileRow>>, Problem> {
    let mut said: BTreeMap<u32, FileRow> = BTreeMap::new();
    if job.action.import().is_some() {
        let sources = Sources::of(&state.archive, job.id);
        for rows in rows.chunks(SOURCES_AT_ONCE) {
            let numbers: Vec<_> = rows.iter().map(|row| row.number).collect();
            let reader = state.archive.reader();
            for kept in reader.row_sources(caller.tenant_id(), job.id, &numbers).await? {
                // One that cannot be opened is shown without what it says.
                if let Ok(row) = sources.open(&kept) {
                    said.insert(kept.number, row);
                }
            }
        }
    }
    Ok(rows.iter().map(|row| said.remove(&row.number)).collect())
}
