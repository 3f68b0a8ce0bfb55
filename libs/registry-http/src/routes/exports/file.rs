//! `GET /v1/exports/{id}/file`

use std::ops::RangeInclusive;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG,
};
use axum::http::header::{IF_RANGE, RANGE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use futures::stream;
use http_range_header::parse_range_header;
use registry_domain::TenantId;
use registry_domain::tenant::Scope;
use registry_exports::{ExportDesk, ExportError, Taking};
use registry_tables::cell::in_korea;
use registry_web::RequestContext;
use registry_web::room::{Holder, Place};
use utoipa_axum::routes;

use super::{SCOPES, parse_id};
use crate::caller::Caller;
use crate::operation::{Access, Operation, Route};
use crate::problem::{Code, Problem};
use crate::state::AppState;

/// After how many seconds whoever found all places taken should come back.
const PLACES_TAKEN_SECONDS: u32 = 30;

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Keys(SCOPES),
        problems: &[
            Code::ExportNotFound,
            Code::ExportNotReady,
            Code::RangeNotSatisfiable,
            Code::TooManyDownloads,
            Code::Overloaded,
            Code::Stopping,
        ],
    };
    operation.document(routes!(take_export))
}

/// Take the file of an export
///
/// Whole, or a part of it: one that broke off goes on with `Range: bytes=…` and `If-Range` with its `ETag`. Two files of yours may be taken
/// at once. Each request is written down as `export.taken` in your log before the first byte leaves. A file with whole business numbers
/// needs the scope `personal:read` too.
#[utoipa::path(
    get,
    path = "/v1/exports/{id}/file",
    tag = "Exports",
    params(
        ("id" = String, Path, description = "The export's id", example = "exp_0197f0a1b2c37d4e8f90a1b2c3d4e5f6"),
        ("Range" = Option<String>, Header, description = "From which byte to which: one range (RFC 9110)", example = "bytes=1048576-"),
        ("If-Range" = Option<String>, Header, description = "The `ETag` of what you have: whole again if it is another file"),
    ),
    responses(
        (
            status = 200,
            description = "The file",
            content(
                (Vec<u8> = "text/csv"),
                (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
            ),
            headers(
                ("Content-Disposition" = String, description = "What to call the file"),
                ("ETag" = String, description = "The file, for `If-Range`"),
            ),
        ),
        (
            status = 206,
            description = "A part of it",
            content(
                (Vec<u8> = "text/csv"),
                (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
            ),
            headers(("Content-Range" = String, description = "Which part, and how many bytes the file has")),
        ),
    )
)]
async fn take_export(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    context: RequestContext,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    for scope in SCOPES {
        caller.require(*scope)?;
    }
    let (tenant_id, id) = (caller.tenant_id(), parse_id(&id)?);
    let taking = state.exports.file(tenant_id, id).await?;
    if taking.wish.with_numbers {
        caller.require(Scope::PersonalRead)?;
    }
    let tag = HeaderValue::try_from(format!("\"{id}\"")).map_err(|_| Code::Internal)?;
    let part = wanted_part(&headers, &tag, taking.bytes())?;
    let place = state.downloads.take(Holder::Tenant(tenant_id));
    let place = place.map_err(|_| Problem::from(Code::TooManyDownloads).retry_after(PLACES_TAKEN_SECONDS))?;
    let range = part.clone().unwrap_or(0..=taking.bytes().saturating_sub(1));
    let origin = caller.origin(&context);
    state.exports.tell_taken(tenant_id, id, *range.start(), &origin).await?;
    let tenant = state.archive.reader().tenant(tenant_id).await?;
    let tenant = tenant.ok_or(Code::Unauthenticated)?;
    let headers = answer_headers(&taking, tenant.slug.as_str(), &tag, part.as_ref());
    let status = if part.is_some() {
        StatusCode::PARTIAL_CONTENT
    } else {
        StatusCode::OK
    };
    let file = File {
        parts: Box::new(ExportDesk::parts(range)),
        state,
        caller,
        tenant_id,
        taking,
        _place: place,
    };
    Ok((status, headers, Body::from_stream(pieces(file))).into_response())
}

/// Which part is wanted; none for the whole. Several at once are answered with the whole, as the standard allows.
fn wanted_part(headers: &HeaderMap, tag: &HeaderValue, bytes: u64) -> Result<Option<RangeInclusive<u64>>, Problem> {
    let is_other = headers.get(IF_RANGE).is_some_and(|wanted| wanted != tag);
    let range = headers.get(RANGE).and_then(|range| range.to_str().ok());
    let range = range.filter(|_| !is_other);
    // What is no range of bytes is passed over.
    let Some(Ok(range)) = range.map(parse_range_header) else {
        return Ok(None);
    };
    match range.validate(bytes).as_deref() {
        Ok([part]) => Ok(Some(part.clone())),
        Ok(_) => Ok(None),
        Err(_) => Err(Code::RangeNotSatisfiable.into()),
    }
}

fn answer_headers(taking: &Taking, slug: &str, tag: &HeaderValue, part: Option<&RangeInclusive<u64>>) -> HeaderMap {
    let (ending, kind) = taking.kind();
    let export = &taking.export;
    let moment = export.begun_at.unwrap_or(export.created_at);
    let moment = in_korea(moment).replace(' ', "-").replace(':', "");
    let name = format!("attachment; filename=\"merchants-{slug}-{moment}.{ending}\"");
    let name = HeaderValue::try_from(name).unwrap_or(HeaderValue::from_static("attachment"));
    let all = taking.bytes();
    let length = part.map_or(all, |part| part.end() - part.start() + 1);
    let mut headers = HeaderMap::from_iter([
        (CONTENT_TYPE, HeaderValue::from_static(kind)),
        (CONTENT_DISPOSITION, name),
        (CONTENT_LENGTH, HeaderValue::from(length)),
        (ACCEPT_RANGES, HeaderValue::from_static("bytes")),
        (ETAG, tag.clone()),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ]);
    if let Some(part) = part
        && let Ok(value) = HeaderValue::try_from(format!("bytes {}-{}/{all}", part.start(), part.end()))
    {
        headers.insert(CONTENT_RANGE, value);
    }
    headers
}

/// A file that is being taken. It is read only as fast as the client takes, and one piece is in memory.
struct File {
    parts: Box<dyn Iterator<Item = (u32, usize, usize)> + Send>,
    state: Arc<AppState>,
    caller: Caller,
    tenant_id: TenantId,
    taking: Taking,
    _place: Place,
}

/// Why a file breaks off. What came is right, and the rest can be taken later.
#[derive(Debug, thiserror::Error)]
enum BrokenOff {
    #[error("the service is stopping")]
    Stopping,
    #[error("whoever asked may not do so any more")]
    NotAllowed,
    #[error("a piece could not be read")]
    Unread(#[source] ExportError),
}

fn pieces(file: File) -> impl stream::Stream<Item = Result<Bytes, BrokenOff>> {
    stream::try_unfold(file, async |mut file| {
        let Some(part) = file.parts.next() else { return Ok(None) };
        if file.state.stopping.is_cancelled() {
            return Err(BrokenOff::Stopping);
        }
        if !file.caller.is_still_good(&file.state).await {
            return Err(BrokenOff::NotAllowed);
        }
        let bytes = file.state.exports.part(file.tenant_id, &file.taking.export, part);
        let bytes = bytes.await.map_err(BrokenOff::Unread)?;
        Ok(Some((Bytes::from(bytes), file)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_part_is_taken_and_another_file_comes_whole() {
        let tag = HeaderValue::from_static("\"exp_1\"");
        let wanted = |range: &'static str, of: Option<&'static str>| {
            let mut headers = HeaderMap::from_iter([(RANGE, HeaderValue::from_static(range))]);
            headers.extend(of.map(|of| (IF_RANGE, HeaderValue::from_static(of))));
            wanted_part(&headers, &tag, 100).map_err(drop)
        };
        assert_eq!(wanted("bytes=10-", None), Ok(Some(10..=99)));
        assert_eq!(wanted("bytes=0-0", Some("\"exp_1\"")), Ok(Some(0..=0)));
        assert_eq!(wanted("bytes=-5", None), Ok(Some(95..=99)));
        assert_eq!(wanted("bytes=10-", Some("\"exp_2\"")), Ok(None));
        assert_eq!(wanted("bytes=0-1,5-6", None), Ok(None));
        assert_eq!(wanted("lines=1-2", None), Ok(None));
        assert_eq!(wanted("bytes=100-", None), Err(()));
    }
}
