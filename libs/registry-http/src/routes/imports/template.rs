//! `GET /v1/imports/template`

use std::io::Cursor;

use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use registry_domain::jobs::ImportField;
use registry_imports::Format;
use registry_tables::{Cell, XlsxWriter, csv, row_names};
use registry_web::{Language, RequestContext};
use utoipa_axum::routes;

use super::{SCOPES, read_format};
use crate::caller::Caller;
use crate::operation::{Access, Operation, Route};
use crate::problem::{Code, Problem};
use crate::query::Parameters;

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Keys(SCOPES),
        problems: &[Code::ValidationFailed],
    };
    operation.document(routes!(get_import_template))
}

/// Get an empty file to fill in
///
/// With a heading for each column that is read, in the language that you accept, as CSV or as a workbook in which codes and numbers are
/// texts.
#[utoipa::path(
    get,
    path = "/v1/imports/template",
    tag = "Jobs",
    params(("format" = Option<String>, Query, description = "`csv`, which it is if left out, or `xlsx`", example = "xlsx")),
    responses((
        status = 200,
        description = "The file",
        content(
            (String = "text/csv"),
            (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        ),
    ))
)]
async fn get_import_template(
    caller: Caller,
    context: RequestContext,
    mut query: Parameters,
) -> Result<Response, Problem> {
    for scope in SCOPES {
        caller.require(*scope)?;
    }
    let format = read_format(&mut query).unwrap_or(Format::Csv);
    query.finish()?;
    let bytes = template(format, context.language);
    let bytes = bytes.map_err(|error| Problem::internal("write a table", &*error))?;
    let (kind, name) = match format {
        Format::Csv => ("text/csv; charset=utf-8", "attachment; filename=\"merchants.csv\""),
        Format::Xlsx => (
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            "attachment; filename=\"merchants.xlsx\"",
        ),
    };
    let headers = HeaderMap::from_iter([
        (CONTENT_TYPE, HeaderValue::from_static(kind)),
        (CONTENT_DISPOSITION, HeaderValue::from_static(name)),
    ]);
    Ok((headers, bytes).into_response())
}

fn template(format: Format, language: Language) -> Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>> {
    let names = ImportField::ALL
        .iter()
        .map(|field| row_names::field(field.as_str(), language));
    let headings: Vec<_> = names.map(Cell::from).collect();
    Ok(match format {
        Format::Csv => csv::table(&[headings])?,
        Format::Xlsx => {
            let mut bytes = Cursor::new(Vec::new());
            let name = match language {
                Language::English => "Merchants",
                Language::Korean => "가맹점",
            };
            XlsxWriter::begin(name, &headings)?.finish(&mut bytes)?;
            bytes.into_inner()
        }
    })
}

#[cfg(test)]
mod tests {
    use registry_imports::columns::fields_of;
    use registry_imports::{Wish, read};

    use super::*;

    #[test]
    fn what_is_filled_in_is_read_as_what_it_is() {
        for language in [Language::English, Language::Korean] {
            for format in [Format::Csv, Format::Xlsx] {
                let table = read(&template(format, language).expect("a file"), Wish::default()).expect("a table");
                let fields: Vec<_> = fields_of(&table.file.headings.cells).into_iter().flatten().collect();
                assert_eq!(fields, ImportField::ALL, "{language:?} {format:?}");
            }
        }
    }
}
