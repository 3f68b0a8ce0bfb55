//! `/v1/exports`: lists of merchants as files.

pub mod cancel;
pub mod create;
pub mod file;
pub mod get;
pub mod list;
mod read_list;

use chrono::{DateTime, Utc};
use registry_documents::ActorDocument;
use registry_domain::ExportId;
use registry_domain::tenant::Scope;
use registry_exports::{ExportDesk, ExportWish, Whom};
use registry_journal::port::Export;
use serde::Serialize;
use utoipa::ToSchema;

use crate::problem::{Code, Problem};

pub use read_list::read_list;

const SCOPES: &[Scope] = &[Scope::MerchantsRead, Scope::ExportsCreate];

/// A list of merchants as a file.
#[derive(Serialize, ToSchema)]
#[schema(as = Export)]
struct ExportDocument {
    /// Always `export`.
    #[schema(example = "export")]
    object: &'static str,
    /// Its id.
    #[schema(example = "exp_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")]
    id: String,
    /// `queued`, `running`, `ready`, `failed` or `cancelled`.
    #[schema(example = "ready")]
    state: &'static str,
    /// `csv` (UTF-8 with a byte order mark), `csv_cp949` or `xlsx`.
    #[schema(example = "csv")]
    format: &'static str,
    /// Of which merchants it is, as a query of `GET /v1/merchants`; null if they were named one by one.
    #[schema(required = true, example = "stage=opened&sort=merchant_code")]
    filter: Option<String>,
    /// As it was known at this moment; null for as it was known when the file was made.
    #[schema(required = true, example = json!(null))]
    as_of: Option<DateTime<Utc>>,
    /// What stands in its columns.
    #[schema(example = json!(["merchant_code", "company_name", "stage"]))]
    columns: Vec<&'static str>,
    /// Whether business numbers stand in it whole. Then nobody takes it without the scope `personal:read`.
    #[schema(example = true)]
    with_numbers: bool,
    /// Why.
    #[schema(example = "월말 정산 확인")]
    reason: String,
    /// Who wanted it.
    actor: ActorDocument,
    /// How many merchants the list had when it was wanted.
    #[schema(example = 1234)]
    rows_expected: u64,
    /// How many are written.
    #[schema(example = 1234)]
    rows: u64,
    /// How many bytes there are.
    #[schema(example = 187_234)]
    bytes: u64,
    /// Why it failed; null if it has not.
    #[schema(required = true)]
    error: Option<ExportErrorDocument>,
    /// When it was wanted.
    created_at: DateTime<Utc>,
    /// When it was ready, had failed or was cancelled.
    #[schema(required = true)]
    ended_at: Option<DateTime<Utc>>,
    /// When it is forgotten; null before its end.
    #[schema(required = true)]
    expires_at: Option<DateTime<Utc>>,
}

/// Why a file could not be made.
#[derive(Serialize, ToSchema)]
#[schema(as = ExportError)]
struct ExportErrorDocument {
    /// `not_in_cp949` (a row has a letter that CP949 has not: take another format), `too_many_rows`, `too_large`, `too_slow` (it was begun
    /// several times in vain) or `internal`. Others may appear.
    #[schema(example = "not_in_cp949")]
    code: &'static str,
    /// At which of its rows, from 1; null if it is about the whole.
    #[schema(required = true, example = 17)]
    row: Option<u64>,
}

impl ExportDocument {
    fn new(desk: &ExportDesk, export: &Export) -> Result<Self, Problem> {
        let wish = ExportWish::from_text(&export.wish);
        let wish = wish.map_err(|error| Problem::internal("read what was wanted of an export", &error))?;
        let (filter, as_of) = match wish.whom {
            Whom::Listed(list) => (Some(list.query), list.as_of),
            Whom::These(_) => (None, None),
        };
        Ok(Self {
            object: "export",
            id: export.id.to_string(),
            state: export.state.as_str(),
            format: wish.format.as_str(),
            filter,
            as_of,
            columns: wish.columns.iter().map(|column| column.as_str()).collect(),
            with_numbers: wish.with_numbers,
            reason: export.reason.as_str().to_owned(),
            actor: ActorDocument::from_actor(&export.actor),
            rows_expected: export.expected,
            rows: export.written.rows,
            bytes: export.written.bytes,
            error: export.fault.map(|(fault, row)| ExportErrorDocument {
                code: fault.as_str(),
                row,
            }),
            created_at: export.created_at,
            ended_at: export.ended_at,
            expires_at: desk.expires_at(export),
        })
    }
}

fn parse_id(text: &str) -> Result<ExportId, Problem> {
    text.parse().map_err(|_| Code::ExportNotFound.into())
}
