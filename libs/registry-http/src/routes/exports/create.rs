//! `POST /v1/exports`

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::header::LOCATION;
use axum::http::{HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use registry_documents::Sight;
use registry_domain::MerchantId;
use registry_domain::calendar::day_in_korea;
use registry_domain::exports::ExportFormat;
use registry_domain::jobs::Reason;
use registry_exports::{ExportWish, Listed, NAMED_MAX, Whom};
use registry_tables::Column;
use registry_web::RequestContext;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::{ExportDocument, SCOPES};
use crate::body::JsonBody;
use crate::caller::Caller;
use crate::fields::{Fields, Null};
use crate::operation::{Access, Operation, Route};
use crate::problem::{Code, Fault, FieldFault, Place, Problem};
use crate::query::{Parameters, read_past};
use crate::routes::merchants::filter;
use crate::routes::merchants::list::{past, read_order};
use crate::routes::views::query;
use crate::state::AppState;

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Keys(SCOPES),
        problems: &[
            Code::InvalidJson,
            Code::RequestTimeout,
            Code::TooManyExports,
            Code::ExportTooLong,
            Code::BodyTooLarge,
            Code::UnsupportedMediaType,
            Code::ContentEncodingUnsupported,
            Code::ValidationFailed,
            Code::Overloaded,
            Code::Stopping,
        ],
    };
    operation.document(routes!(create_export))
}

/// Have a list of merchants made into a file
///
/// All that fit a `filter`, in its order, or those with `merchant_ids`, in theirs. The file is made while you do something else, of one
/// moment, and is kept for a while to be taken (`GET /v1/exports/{id}/file`). CSV begins with a line that says whose it is, as of when, by
/// what it is filtered and how many rows follow; a workbook says so on its second sheet. What a spreadsheet would take for a formula stands
/// behind an apostrophe in CSV, moments are in Korean time, and headings and states are in Korean if you accept that. Business numbers are
/// masked unless you have the scope `personal:read`. That it is made is written down as `merchants.exported` in your log, each time that it
/// is taken as `export.taken`. Programs that want merchants read the list.
#[utoipa::path(
    post,
    path = "/v1/exports",
    tag = "Exports",
    request_body(content = ExportRequest, description = "Which merchants as what"),
    responses((
        status = 202,
        description = "The export",
        body = ExportDocument,
        headers(("Location" = String, description = "The path of the export")),
    ))
)]
async fn create_export(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    context: RequestContext,
    body: JsonBody,
) -> Result<Response, Problem> {
    for scope in SCOPES {
        caller.require(*scope)?;
    }
    let now = state.ambient.now();
    let wanted = Wanted::read(body.fields(Null::Absent)?, now)?;
    let (whom, expected) = match wanted.whom {
        WantedOf::These(ids) => {
            let count = ids.len() as u64;
            (Whom::These(ids), count)
        }
        WantedOf::Fitting(text) => fitting(&state, &caller, &text, wanted.as_of, now).await?,
    };
    let wish = ExportWish {
        format: wanted.format,
        whom,
        columns: wanted.columns,
        language: context.language,
        with_numbers: match caller.sight() {
            Sight::Whole => true,
            Sight::Masked => false,
        },
    };
    let origin = caller.origin(&context);
    let asked = state
        .exports
        .ask(caller.tenant_id(), &wish, expected, wanted.reason, &origin);
    let document = ExportDocument::new(&state.exports, &asked.await?)?;
    let location = HeaderValue::try_from(format!("/v1/exports/{}", document.id));
    let mut response = (StatusCode::ACCEPTED, Json(document)).into_response();
    response
        .headers_mut()
        .insert(LOCATION, location.expect("an id is a header value"));
    Ok(response)
}

/// Those that fit a query, frozen: how many there are now, and what its words mean today.
async fn fitting(
    state: &AppState,
    caller: &Caller,
    text: &str,
    as_of: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<(Whom, u64), Problem> {
    let tenant_id = caller.tenant_id();
    let text = query::read_as("/filter", text, caller.sight(), now)?;
    let uri = format!("/?{text}").parse::<Uri>().map_err(|_| Code::Internal)?;
    let mut query = Parameters::of(&uri).ok_or(Code::Internal)?;
    if as_of.is_some() && query.has("alert") {
        return Err(Problem::validation(vec![FieldFault {
            place: Place::BodyQuery("/filter", "alert".to_owned()),
            fault: Fault::Inapplicable,
        }]));
    }
    let asked = filter::asked(state, caller, &mut query, as_of, now).await?;
    read_order(&mut query);
    query.limit();
    query.finish()?;
    let reader = state.archive.reader();
    let as_of = past(state, tenant_id, as_of, now).await?;
    let counts = match as_of {
        None => reader.facet_counts(tenant_id, &asked.filter).await?,
        Some(moment) => reader.facet_counts_as_of(tenant_id, &asked.filter, moment).await?,
    };
    let list = Listed {
        query: text,
        today: day_in_korea(as_of.unwrap_or(now)),
        as_of,
    };
    Ok((Whom::Listed(list), counts.iter().map(|count| count.count).sum()))
}

/// An export to be.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "stands for the body in the document; the body itself is read field by field"
)]
struct ExportRequest {
    /// `csv` (UTF-8 with a byte order mark), `csv_cp949` (fails on letters that CP949 has not) or `xlsx`. `csv` if left out.
    #[schema(example = "xlsx")]
    format: Option<String>,
    /// A query of `GET /v1/merchants`, with its order: all that fit it. All but archived ones if it is left out, like `merchant_ids`.
    #[schema(max_length = 2_000, example = "stage=opened&sort=merchant_code")]
    filter: Option<String>,
    /// These, in this order.
    #[schema(max_items = 1_000, example = json!(null))]
    merchant_ids: Option<Vec<String>>,
    /// As it was known at this moment, not later than now. Not with `merchant_ids`.
    #[schema(example = json!(null))]
    as_of: Option<DateTime<Utc>>,
    /// Which columns, in which order: `company_name`, `branch_name`, `member_code`, `merchant_code`, `business_number`, `stage`,
    /// `review_code`, `business_days`, `longer_than_percent`, `next_actor`, `message`, `observed_at`, `verification`, `link`, and if asked
    /// for `tags`, `created_at`, `updated_at`, `id`.
    #[schema(max_items = 18, example = json!(["merchant_code", "company_name", "stage"]))]
    columns: Option<Vec<String>>,
    /// Why. It stands in your log.
    #[schema(min_length = 1, max_length = 200, example = "월말 정산 확인")]
    reason: String,
}

/// The same, read.
struct Wanted {
    format: ExportFormat,
    whom: WantedOf,
    as_of: Option<DateTime<Utc>>,
    columns: Vec<Column>,
    reason: Reason,
}

enum WantedOf {
    Fitting(String),
    These(Vec<MerchantId>),
}

impl Wanted {
    fn read(mut fields: Fields, now: DateTime<Utc>) -> Result<Self, Problem> {
        let format = fields.optional("format", |word| {
            ExportFormat::from_word(word).ok_or(Fault::UnknownWord(ExportFormat::WORDS))
        });
        let ids = fields.texts("merchant_ids", NAMED_MAX, str::parse::<MerchantId>);
        if ids.is_some() {
            fields.refuse("filter", Fault::Inapplicable);
            fields.refuse("as_of", Fault::Inapplicable);
        }
        let filter = fields.optional("filter", |text| Ok::<_, Fault>(text.to_owned()));
        let as_of = fields.optional("as_of", |text| read_past(text, now));
        let columns = fields.texts("columns", Column::ALL.len(), |word| {
            Column::from_word(word).ok_or(Fault::UnknownWord(Column::WORDS))
        });
        let reason = fields.required("reason", Reason::parse);
        if let Some(columns) = &columns {
            if columns.is_empty() {
                fields.blame_there("columns", Fault::Required);
            }
            let is_twice = |(at, column): (usize, &Column)| columns[..at].contains(column);
            if columns.iter().enumerate().any(is_twice) {
                fields.blame_there("columns", Fault::Repeated);
            }
        }
        fields.finish()?;
        Ok(Self {
            format: format.unwrap_or(ExportFormat::Csv),
            whom: ids.map_or(WantedOf::Fitting(filter.unwrap_or_default()), WantedOf::These),
            as_of,
            columns: columns.unwrap_or_else(|| Column::USUAL.to_vec()),
            reason: reason.ok_or(Code::Internal)?,
        })
    }
}
