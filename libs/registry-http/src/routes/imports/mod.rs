//! `/v1/imports`: files from which shops are to be registered. A plan is made of one.

pub mod create;
pub mod get;
pub mod template;

use chrono::{DateTime, Utc};
use registry_documents::{Sight, mask_number};
use registry_domain::ImportId;
use registry_domain::jobs::ImportField;
use registry_domain::tenant::Scope;
use registry_imports::columns::fields_of;
use registry_imports::{Encoding, FileRow, Format, Separator, Table, Wish};
use registry_jobs::{FILE_KEPT_FOR, HandedOver, KeptFile};
use serde::Serialize;
use utoipa::ToSchema;

use crate::caller::Caller;
use crate::problem::{Code, Fault, Problem};
use crate::query::Parameters;
use crate::state::AppState;

const SCOPES: &[Scope] = &[Scope::MerchantsWrite, Scope::JobsWrite];

/// Rows of which one sees what stands in a column.
const SAMPLES: usize = 3;

/// A file from which shops are to be registered.
#[derive(Serialize, ToSchema)]
#[schema(as = Import)]
struct ImportDocument {
    /// Always `import`.
    #[schema(example = "import")]
    object: &'static str,
    /// Its id.
    #[schema(example = "imp_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")]
    id: String,
    /// What it was called.
    #[schema(example = "shops.csv")]
    name: String,
    /// `csv` or `xlsx`.
    #[schema(example = "csv")]
    format: &'static str,
    /// How its bytes were read: `utf8`, `utf16le`, `utf16be` or `cp949`; null of a workbook.
    #[schema(required = true, example = "cp949")]
    encoding: Option<&'static str>,
    /// What stood between two texts: `comma`, `semicolon` or `tab`; null of a workbook.
    #[schema(required = true, example = "comma")]
    separator: Option<&'static str>,
    /// In which line the headings stand.
    #[schema(example = 1)]
    heading_line: u32,
    /// How many rows stand below them.
    #[schema(example = 5000)]
    rows: usize,
    /// Its columns, and what they were taken for.
    columns: Vec<ColumnDocument>,
    /// When it came.
    created_at: DateTime<Utc>,
    /// When it is forgotten.
    expires_at: DateTime<Utc>,
}

/// A column of a file.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ImportColumn)]
struct ColumnDocument {
    /// What stands above it.
    #[schema(example = "사업자등록번호")]
    heading: String,
    /// What it seems to be: `member_code`, `merchant_code`, `company_name`, `branch_name`, `business_number` or `tags`; null for nothing
    /// of a merchant.
    #[schema(required = true, example = "business_number")]
    field: Option<&'static str>,
    /// What stands in the first rows.
    #[schema(max_items = 3)]
    samples: Vec<String>,
}

impl ImportDocument {
    fn new(id: ImportId, file: &HandedOver, created_at: DateTime<Utc>, table: &Table, sight: Sight) -> Self {
        Self {
            object: "import",
            id: id.to_string(),
            name: file.name.clone(),
            format: table.format.as_str(),
            encoding: table.encoding.map(Encoding::as_str),
            separator: table.separator.map(Separator::as_str),
            heading_line: table.file.headings.line,
            rows: table.file.rows.len(),
            columns: columns(&table.file.headings, &table.file.rows, sight),
            created_at,
            expires_at: created_at + FILE_KEPT_FOR,
        }
    }
}

/// The columns. The widest row counts: one without a heading is a column too.
fn columns(headings: &FileRow, rows: &[FileRow], sight: Sight) -> Vec<ColumnDocument> {
    let rows_and_headings = rows.iter().chain(std::iter::once(headings));
    let width = rows_and_headings.map(|row| row.cells.len()).max().unwrap_or(0);
    let fields = fields_of(&headings.cells);
    let column = |place: usize| {
        let field = fields.get(place).copied().flatten();
        let cell = |row: &FileRow| {
            row.cells
                .get(place)
                .map_or(String::new(), |text| seen(field, text, sight))
        };
        ColumnDocument {
            heading: headings.cells.get(place).cloned().unwrap_or_default(),
            field: field.map(ImportField::as_str),
            samples: rows.iter().take(SAMPLES).map(cell).collect(),
        }
    };
    (0..width).map(column).collect()
}

/// A cell, as far as somebody may see it. What stands in a column that is not read may be anything.
pub fn seen(field: Option<ImportField>, text: &str, sight: Sight) -> String {
    match (sight, field) {
        (Sight::Masked, None | Some(ImportField::BusinessNumber)) if !text.is_empty() => mask_number(text, true),
        (Sight::Masked | Sight::Whole, _) => text.to_owned(),
    }
}

/// How a file is to be read, as a query says.
fn read_wish(query: &mut Parameters) -> Wish {
    Wish {
        encoding: query.optional("encoding", |word| {
            Encoding::from_word(word).ok_or(Fault::UnknownWord(Encoding::WORDS))
        }),
        separator: query.optional("separator", |word| {
            Separator::from_word(word).ok_or(Fault::UnknownWord(Separator::WORDS))
        }),
    }
}

/// A file, for who handed it over and for who may see personal data. To others its headings would be shown as they are, whatever stands
/// there, and they could have a column read as what it is not.
pub async fn opened(state: &AppState, caller: &Caller, id: ImportId) -> Result<KeptFile, Problem> {
    let kept = state.jobs.file(caller.tenant_id(), id).await?;
    let is_own = kept.actor.as_ref().is_some_and(|actor| actor.is_who(&caller.actor()));
    if !is_own {
        caller.require(Scope::PersonalRead)?;
    }
    Ok(kept)
}

fn read_format(query: &mut Parameters) -> Option<Format> {
    query.optional("format", |word| {
        Format::from_word(word).ok_or(Fault::UnknownWord(Format::WORDS))
    })
}

fn parse_id(text: &str) -> Result<ImportId, Problem> {
    text.parse().map_err(|_| Code::ImportNotFound.into())
}
