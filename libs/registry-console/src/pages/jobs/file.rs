//! Rows of a file in a plan or a job, and such rows taken out as a file.

use std::sync::Arc;

use axum::extract::{Path, RawQuery, State};
use axum::response::Response;

use super::one::Place;
use crate::answer;
use crate::console::Console;
use crate::documents::{JobRow, Remark, RowSource};
use crate::door::SignedIn;
use crate::frame::Frame;
use crate::preferences::Preferences;
use crate::query::{Query, segment};

/// What a row of a file says, and what is made of it.
pub(super) struct FileRow {
    pub(super) line: u32,
    pub(super) company: String,
    pub(super) code: String,
    pub(super) number: String,
    pub(super) verdict: String,
    /// What cannot be used, and what one should look at.
    pub(super) faults: Vec<String>,
    pub(super) warnings: Vec<String>,
}

impl FileRow {
    /// None of a row that comes from no file.
    pub(super) fn new(frame: &Frame, row: &JobRow) -> Option<Self> {
        let source = row.source.as_ref()?;
        let words = frame.words();
        let value = |name: &str| source.values.get(name).cloned().unwrap_or_default();
        let company = [value("company_name"), value("branch_name")];
        let RowSource { faults, warnings, .. } = source;
        let said = |remark: &Remark| format!("{}: {}", words.import_field(&remark.field), remark.detail);
        Some(Self {
            line: source.line,
            company: company
                .iter()
                .filter(|text| !text.is_empty())
                .cloned()
                .collect::<Vec<_>>()
                .join(" "),
            code: format!("{}/{}", value("member_code"), value("merchant_code")),
            number: value("business_number"),
            verdict: match &row.code {
                Some(code) => words.row_code(code).to_owned(),
                None => words.row_state(&row.state).to_owned(),
            },
            faults: faults.iter().map(said).collect(),
            warnings: warnings.iter().map(said).collect(),
        })
    }
}

/// `GET …/plans/{id}/rows.csv`
pub async fn plan_table(
    console: State<Arc<Console>>,
    who: SignedIn,
    look: Preferences,
    place: Place,
    raw: RawQuery,
) -> Response {
    taken_out("/v1/plans", console, who, look, place, raw).await
}

/// `GET …/jobs/{id}/rows.csv`
pub async fn table(
    console: State<Arc<Console>>,
    who: SignedIn,
    look: Preferences,
    place: Place,
    raw: RawQuery,
) -> Response {
    taken_out(super::LIST, console, who, look, place, raw).await
}

async fn taken_out(
    of: &str,
    State(console): State<Arc<Console>>,
    who: SignedIn,
    look: Preferences,
    Path((_, id)): Place,
    RawQuery(raw): RawQuery,
) -> Response {
    let query = Query::read(raw.as_deref()).only(&["state"]);
    let call = query.on(&format!("{of}/{}/rows.csv", segment(&id)));
    match console.api().file(&who, &call).await {
        Ok(file) => answer::file(file),
        Err(trouble) => answer::trouble(super::frame(&who, look, &console), &trouble),
    }
}
