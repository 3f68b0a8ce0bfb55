//! The rows of a plan or a job as a file.

use std::io;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use futures::stream;
use registry_domain::jobs::{ImportField, ImportWish, RowCode, RowState};
use registry_domain::tenant::Scope;
use registry_imports::FileRow;
use registry_imports::columns::fields_of;
use registry_jobs::Sources;
use registry_journal::port::{Job, JobRow, JobRowQuery, PageSize};
use registry_tables::{Cell, CsvWriter, row_names};
use registry_web::Language;
use registry_web::room::{Holder, Place};

use crate::caller::Caller;
use crate::problem::{Code, Fault, Problem};
use crate::query::Parameters;
use crate::routes::imports::seen;
use crate::routes::plans::{faults, read_state, said};
use crate::state::AppState;

/// What somebody needs who takes rows out.
pub const SCOPES: &[Scope] = &[Scope::MerchantsRead, Scope::ExportsCreate];

/// Rows that are read at once.
const PAGE: PageSize = PageSize::clamped(64);

/// After how many seconds whoever found all places taken should come back.
const PLACES_TAKEN_SECONDS: u32 = 30;

/// Which rows are wanted, of somebody who may have them.
pub fn read(caller: &Caller, mut query: Parameters) -> Result<Option<RowState>, Problem> {
    for scope in SCOPES {
        caller.require(*scope)?;
    }
    let wanted = read_state(&mut query);
    query.finish()?;
    Ok(wanted)
}

/// The file. It is read only as fast as it is taken.
pub async fn answer(
    state: Arc<AppState>,
    caller: Caller,
    language: Language,
    job: Job,
    wanted: Option<RowState>,
) -> Result<Response, Problem> {
    let place = state.downloads.take(Holder::Tenant(caller.tenant_id()));
    let place = place.map_err(|_| Problem::from(Code::TooManyDownloads).retry_after(PLACES_TAKEN_SECONDS))?;
    let above = headings(&state, &caller, &job).await?;
    let headers = of_file(&job);
    let query = JobRowQuery {
        id: job.id,
        state: wanted,
        after: 0,
        limit: PAGE,
    };
    let mut file = File {
        state,
        caller,
        language,
        width: above.len(),
        job,
        query,
        first: None,
        is_over: false,
        _place: place,
    };
    file.first = Some(file.above(above).map_err(|_| Code::Internal)?);
    let pieces = stream::try_unfold(file, async |mut file| {
        let piece = file.next().await?;
        Ok::<_, BrokenOff>(piece.map(|piece| (piece, file)))
    });
    Ok((headers, Body::from_stream(pieces)).into_response())
}

fn of_file(job: &Job) -> HeaderMap {
    let name = format!("attachment; filename=\"rows-{}.csv\"", job.id);
    HeaderMap::from_iter([
        (CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8")),
        (
            CONTENT_DISPOSITION,
            HeaderValue::try_from(name).unwrap_or(HeaderValue::from_static("attachment")),
        ),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ])
}

/// What stood above the columns of a file; the codes of every other action.
async fn headings(state: &AppState, caller: &Caller, job: &Job) -> Result<Vec<String>, Problem> {
    let Some(wish) = job.action.import() else {
        let codes = [ImportField::MemberCode, ImportField::MerchantCode];
        return Ok(codes.map(|field| field.as_str().to_owned()).to_vec());
    };
    let kept = state
        .archive
        .reader()
        .row_sources(caller.tenant_id(), job.id, &[0])
        .await?;
    let kept = kept.first().ok_or(Code::Internal)?;
    let row = Sources::of(&state.archive, job.id).open(kept);
    let row = row.map_err(|error| Problem::internal("open what was kept of a file", &error))?;
    // Where no headings stood, the first row was taken for them: what is none that we know is shown as what stands below it.
    let known = fields_of(&row.cells);
    let shown = |(place, text): (usize, &String)| match known[place] {
        Some(_) => text.clone(),
        None => seen(column(wish, place), text, caller.sight()),
    };
    let mut cells: Vec<_> = row.cells.iter().enumerate().map(shown).collect();
    // One without a heading is a column too.
    cells.resize(wish.columns.fields().len().max(cells.len()), String::new());
    Ok(cells)
}

/// What was to be read from a column.
fn column(wish: &ImportWish, place: usize) -> Option<ImportField> {
    wish.columns.fields().get(place).copied().flatten()
}

/// Why a file breaks off.
#[derive(Debug, thiserror::Error)]
enum BrokenOff {
    #[error("the service is stopping")]
    Stopping,
    #[error("whoever asked may not do so any more")]
    NotAllowed,
    #[error("rows could not be read")]
    Unread,
    #[error("a row could not be written")]
    Write(#[from] io::Error),
}

struct File {
    state: Arc<AppState>,
    caller: Caller,
    language: Language,
    /// Columns before ours.
    width: usize,
    job: Job,
    query: JobRowQuery,
    first: Option<Bytes>,
    is_over: bool,
    _place: Place,
}

impl File {
    fn above(&self, headings: Vec<String>) -> io::Result<Bytes> {
        let ours = row_names::headings(self.language);
        let cells: Vec<_> = headings
            .into_iter()
            .map(Cell::Text)
            .chain(ours.map(Cell::from))
            .collect();
        let mut writer = CsvWriter::begin(Vec::new())?;
        writer.row(&cells)?;
        writer.finish().map(Bytes::from)
    }

    async fn next(&mut self) -> Result<Option<Bytes>, BrokenOff> {
        if let Some(first) = self.first.take() {
            return Ok(Some(first));
        }
        if self.is_over {
            return Ok(None);
        }
        if self.state.stopping.is_cancelled() {
            return Err(BrokenOff::Stopping);
        }
        if !self.caller.is_still_good(&self.state).await {
            return Err(BrokenOff::NotAllowed);
        }
        let reader = self.state.archive.reader();
        let rows = reader.job_rows(self.caller.tenant_id(), &self.query).await;
        let rows = rows.map_err(|_| BrokenOff::Unread)?;
        self.is_over = rows.len() < PAGE.get() as usize;
        let Some(last) = rows.last() else { return Ok(None) };
        self.query.after = last.number;
        // The conversion into a problem has logged the cause.
        let said = said(&self.state, &self.caller, &self.job, &rows).await;
        let said = said.map_err(|_| BrokenOff::Unread)?;
        let mut writer = CsvWriter::go_on(Vec::new());
        for (row, said) in rows.iter().zip(said) {
            writer.row(&self.cells(row, said))?;
        }
        Ok(Some(Bytes::from(writer.finish()?)))
    }

    fn cells(&self, row: &JobRow, said: Option<FileRow>) -> Vec<Cell> {
        let remarks = said.as_ref().map_or(String::new(), |said| self.remarks(said));
        let mut cells: Vec<_> = if let (Some(said), Some(wish)) = (said, self.job.action.import()) {
            let cells = said.cells.iter().enumerate();
            cells
                .map(|(place, text)| Cell::Text(seen(column(wish, place), text, self.caller.sight())))
                .collect()
        } else {
            let (member, merchant) = row.codes.clone().unzip();
            vec![Cell::text(member.as_deref()), Cell::text(merchant.as_deref())]
        };
        cells.resize(self.width.max(cells.len()), Cell::Empty);
        cells.truncate(self.width);
        let reason = row
            .code
            .map_or("", |code: RowCode| row_names::code(code.as_str(), self.language));
        let reason = match &row.upstream_code {
            Some(theirs) => format!("{reason} ({theirs})"),
            None => reason.to_owned(),
        };
        cells.push(row_names::state(row.state.as_str(), self.language).into());
        cells.push(Cell::Text(reason));
        cells.push(Cell::Text(remarks));
        cells
    }

    fn remarks(&self, said: &FileRow) -> String {
        let Some(wish) = self.job.action.import() else {
            return String::new();
        };
        let remarks = faults(wish, said).into_iter().map(|fault| {
            let field = row_names::field(fault.field.as_str(), self.language);
            format!("{field}: {}", Fault::from(fault.error).text(self.language))
        });
        remarks.collect::<Vec<_>>().join("; ")
    }
}
