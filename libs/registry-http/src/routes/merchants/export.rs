//! `GET /v1/merchants.csv`

use std::io;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use futures::stream;
use registry_documents::{MerchantDocument, Sight, WaitingMerchant};
use registry_domain::TenantId;
use registry_domain::tenant::{Access as Accessed, Command, ExportFormat, Scope};
use registry_journal::port::{Direction, ListedMerchant, MerchantQuery, PageSize, SortKey};
use registry_tables::{Cell, Column, CsvWriter, cell, merchants};
use registry_web::{Language, RequestContext};
use utoipa_axum::routes;

use super::filter::{self, FilterParameters};
use super::list::{past, read_sort};
use crate::caller::Caller;
use crate::commands::run_of_tenant;
use crate::cursor::Order;
use crate::downloads::Download;
use crate::operation::{Access, Operation, Route};
use crate::problem::{Code, Fault, Problem};
use crate::query::{LIMIT_MAX, Parameters};
use crate::state::AppState;
use crate::usual::Waits;

const SCOPES: &[Scope] = &[Scope::MerchantsRead, Scope::ExportsCreate];

/// Most merchants of a file.
pub const EXPORT_ROWS_MAX: u64 = 100_000;

/// Rows that are read at once: with the piece of the file that is made of them, all that is in memory.
const PAGE: PageSize = PageSize::clamped(LIMIT_MAX);

/// Most columns of a file.
const COLUMNS_MAX: usize = Column::ALL.len();

/// After how many seconds whoever found all places taken should come back.
const PLACES_TAKEN_SECONDS: u32 = 30;

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Keys(SCOPES),
        problems: &[
            Code::ValidationFailed,
            Code::ExportTooLong,
            Code::TooManyExports,
            Code::Overloaded,
            Code::Stopping,
        ],
    };
    operation.document(routes!(export_merchants))
}

/// Take a list of merchants out as a file
///
/// The list with the same filters and order, whole, as CSV (UTF-8 with a byte order mark): a line that says whose it is, as of when, by
/// what it is filtered and how many rows follow; the headings; the rows. What a spreadsheet would take for a formula stands behind an
/// apostrophe, moments are in Korean time, and headings and states are in Korean if you accept that. At most 100,000 merchants, and two
/// files at once. A file that cannot be finished breaks off: what came whole is whole. Each file is written down as
/// `merchants.exported` in your audit log. Programs that want merchants read the list.
#[utoipa::path(
    get,
    path = "/v1/merchants.csv",
    tag = "Merchants",
    params(
        FilterParameters,
        ("as_of" = Option<DateTime<Utc>>, Query, description = "As it was known at this moment, not later than now"),
        ("sort" = Option<String>, Query, description = "As in the list; `-created_at` if left out", example = "-updated_at"),
        ("columns" = Option<String>, Query, description = "Which columns, in which order, separated by commas: `company_name`, `branch_name`, `member_code`, `merchant_code`, `business_number`, `stage`, `review_code`, `business_days`, `longer_than_percent`, `next_actor`, `message`, `observed_at`, `verification`, `link`, and if asked for `tags`, `created_at`, `updated_at`, `id`", example = "merchant_code,stage,business_days"),
    ),
    responses((
        status = 200,
        description = "The file",
        body = String,
        content_type = "text/csv",
        headers(("Content-Disposition" = String, description = "What to call the file")),
    ))
)]
async fn export_merchants(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    context: RequestContext,
    mut query: Parameters,
) -> Result<Response, Problem> {
    for scope in SCOPES {
        caller.require(*scope)?;
    }
    let (tenant_id, now) = (caller.tenant_id(), state.ambient.now());
    let as_of = query.past_moment("as_of", now);
    let asked = filter::asked(&state, &caller, &mut query, as_of, now).await?;
    let usual = (Order::By(SortKey::CreatedAt), Direction::Descending);
    let (order, direction) = query.optional("sort", read_sort).unwrap_or(usual);
    let columns = query
        .optional("columns", read_columns)
        .unwrap_or(Column::USUAL.to_vec());
    query.finish()?;

    let place = state.downloads.begin(tenant_id);
    let place = place.ok_or_else(|| Problem::from(Code::TooManyExports).retry_after(PLACES_TAKEN_SECONDS))?;
    let reader = state.archive.reader();
    let moment = past(&state, tenant_id, as_of, now).await?;
    let counts = match moment {
        None => reader.facet_counts(tenant_id, &asked.filter).await?,
        Some(moment) => reader.facet_counts_as_of(tenant_id, &asked.filter, moment).await?,
    };
    let rows: u64 = counts.iter().map(|count| count.count).sum();
    if rows > EXPORT_ROWS_MAX {
        return Err(Code::ExportTooLong.into());
    }
    let waits = state.usual.at(reader, tenant_id, as_of.unwrap_or(now)).await?;
    let tenant = reader.tenant(tenant_id).await?.ok_or(Code::Unauthenticated)?;
    // First the fact, then the rows.
    let access = Accessed::MerchantsExported {
        format: ExportFormat::Csv,
        rows,
        filters: names_of(&asked.canonical),
        with_numbers: match caller.sight() {
            Sight::Whole => true,
            Sight::Masked => false,
        },
    };
    run_of_tenant(&state, &caller, &context, Command::RecordAccess(access)).await?;
    let about = About {
        slug: tenant.slug.as_str(),
        as_of: as_of.unwrap_or(now),
        filter: &asked.canonical,
        rows,
    };
    let first = about.piece(&columns, context.language).map_err(|_| Code::Internal)?;
    let headers = about.headers();
    let query = MerchantQuery {
        filter: asked.filter,
        sort: order.key(),
        waits: (order == Order::Wait).then(|| waits.order()),
        direction,
        after: None,
        limit: PAGE,
    };
    let file = File {
        state,
        caller,
        tenant_id,
        query,
        moment,
        columns,
        waits,
        language: context.language,
        first: Some(first),
        left: EXPORT_ROWS_MAX,
        is_over: false,
        _place: place,
    };
    Ok((headers, Body::from_stream(pieces(file))).into_response())
}

fn read_columns(text: &str) -> Result<Vec<Column>, Fault> {
    let columns = text
        .split(',')
        .map(|word| Column::from_word(word.trim()).ok_or(Fault::UnknownWord));
    let columns: Vec<_> = columns.take(COLUMNS_MAX + 1).collect::<Result<_, _>>()?;
    let is_twice = |(at, column): (usize, &Column)| columns[..at].contains(column);
    if columns.iter().enumerate().any(is_twice) {
        return Err(Fault::Repeated);
    }
    Ok(columns)
}

/// The names of filters, without what is looked for.
fn names_of(canonical: &str) -> Vec<String> {
    let names = canonical.lines().filter_map(|line| line.split_once('='));
    names.map(|(name, _)| name.to_owned()).collect()
}

/// What a file says of itself.
struct About<'a> {
    slug: &'a str,
    as_of: DateTime<Utc>,
    filter: &'a str,
    rows: u64,
}

impl About<'_> {
    fn piece(&self, columns: &[Column], language: Language) -> io::Result<Bytes> {
        let moment = cell::in_korea(self.as_of);
        let filter = self.filter.lines().collect::<Vec<_>>().join("&");
        let (as_of, filter, rows) = match language {
            Language::English => (
                format!("As of {moment} KST"),
                if filter.is_empty() {
                    "All but archived".to_owned()
                } else {
                    format!("Filter: {filter}")
                },
                format!("{} merchants", self.rows),
            ),
            Language::Korean => (
                format!("기준시점 {moment} KST"),
                if filter.is_empty() {
                    "보관한 것 외 전체".to_owned()
                } else {
                    format!("조건: {filter}")
                },
                format!("가맹점 {}곳", self.rows),
            ),
        };
        let mut writer = CsvWriter::begin(Vec::new())?;
        writer.row(&[self.slug.into(), as_of.into(), filter.into(), rows.into()])?;
        writer.row(&merchants::headings(columns, language))?;
        writer.finish().map(Bytes::from)
    }

    fn headers(&self) -> HeaderMap {
        let moment = cell::in_korea(self.as_of).replace(' ', "-").replace(':', "");
        let name = format!("attachment; filename=\"merchants-{}-{moment}.csv\"", self.slug);
        let name = HeaderValue::try_from(name).unwrap_or(HeaderValue::from_static("attachment"));
        HeaderMap::from_iter([
            (CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8")),
            (CONTENT_DISPOSITION, name),
            (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        ])
    }
}

/// A file that is being written. It reads only as fast as the client takes, and keeps one page in memory.
struct File {
    state: Arc<AppState>,
    caller: Caller,
    tenant_id: TenantId,
    query: MerchantQuery,
    moment: Option<DateTime<Utc>>,
    columns: Vec<Column>,
    waits: Arc<Waits>,
    language: Language,
    first: Option<Bytes>,
    /// How many rows it may still have: the list may grow while it is written.
    left: u64,
    is_over: bool,
    _place: Download,
}

/// Why a file breaks off.
#[derive(Debug, thiserror::Error)]
enum BrokenOff {
    #[error("the service is stopping")]
    Stopping,
    #[error("whoever asked may not do so any more")]
    NotAllowed,
    #[error("the list has grown beyond what a file may have")]
    TooLong,
    #[error("merchants could not be read")]
    Unread,
    #[error("a row could not be written")]
    Write(#[source] io::Error),
}

fn pieces(file: File) -> impl stream::Stream<Item = Result<Bytes, BrokenOff>> {
    stream::try_unfold(file, async |mut file| {
        let piece = file.next().await?;
        Ok(piece.map(|piece| (piece, file)))
    })
}

impl File {
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
        let page = self.read().await?;
        self.is_over = page.len() < PAGE.get() as usize;
        self.query.after = page.last().map(|last| last.position.clone());
        let rows = u64::try_from(page.len()).unwrap_or(u64::MAX);
        self.left = self.left.checked_sub(rows).ok_or(BrokenOff::TooLong)?;
        if page.is_empty() {
            return Ok(None);
        }
        self.written(&page).map(Some).map_err(BrokenOff::Write)
    }

    async fn read(&self) -> Result<Vec<ListedMerchant>, BrokenOff> {
        let (archive, tenant_id) = (&self.state.archive, self.tenant_id);
        let page = match self.moment {
            None => archive
                .reader()
                .merchants(tenant_id, &self.query)
                .await
                .map_err(Problem::from),
            Some(moment) => archive
                .merchants_as_of(tenant_id, &self.query, moment)
                .await
                .map_err(Problem::from),
        };
        // The conversion into a problem has logged the cause.
        page.map_err(|_| BrokenOff::Unread)
    }

    fn written(&self, page: &[ListedMerchant]) -> io::Result<Bytes> {
        let mut writer = CsvWriter::go_on(Vec::new());
        for listed in page {
            match &listed.merchant {
                Ok(merchant) => {
                    let waiting = WaitingMerchant {
                        wait: self.waits.of(merchant),
                        merchant: MerchantDocument::shown(merchant, self.caller.sight()),
                    };
                    writer.row(&merchants::row(&self.columns, &waiting, self.language))?;
                }
                // It stands in its place, as the list names it too.
                Err(_) => writer.row(&[unreadable(listed, self.language)])?,
            }
        }
        writer.finish().map(Bytes::from)
    }
}

fn unreadable(listed: &ListedMerchant, language: Language) -> Cell {
    let id = listed.position.id;
    match language {
        Language::English => format!("unreadable: {id}").into(),
        Language::Korean => format!("읽을 수 없음: {id}").into(),
    }
}

const _: () = assert!(
    EXPORT_ROWS_MAX == 100_000 && crate::downloads::DOWNLOADS_PER_TENANT == 2,
    "the limits stand in the description and in the problems"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_words_each_once() {
        assert_eq!(read_columns("stage, id"), Ok(vec![Column::Stage, Column::Id]));
        assert_eq!(read_columns("stage,stage"), Err(Fault::Repeated));
        assert_eq!(read_columns(""), Err(Fault::UnknownWord));
    }

    #[test]
    fn a_file_says_what_it_is() {
        let about = About {
            slug: "acme",
            as_of: DateTime::UNIX_EPOCH,
            filter: "q==x\nstage=in_review\n",
            rows: 2,
        };
        let bytes = about.piece(&[Column::Stage], Language::Korean).unwrap();
        assert_eq!(
            str::from_utf8(&bytes).unwrap(),
            "\u{feff}acme,기준시점 1970-01-01 09:00:00 KST,조건: q==x&stage=in_review,가맹점 2곳\r\n단계\r\n"
        );
        let name = about.headers()[CONTENT_DISPOSITION].clone();
        assert_eq!(name, "attachment; filename=\"merchants-acme-1970-01-01-090000.csv\"");
        assert_eq!(names_of(about.filter), ["q", "stage"]);
    }
}
