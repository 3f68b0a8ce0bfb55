//! `GET /v1/merchants`

use std::sync::Arc;

use axum::Json;
use axum::extract::{OriginalUri, State};
use axum::http::header::LINK;
use axum::http::{HeaderMap, HeaderValue, Uri};
use axum::response::{IntoResponse, Response};
use registry_documents::MerchantDocument;
use registry_domain::tenant::Scope;
use registry_journal::port::{Direction, MerchantQuery, PageSize, SortKey};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::filter;
use crate::caller::Caller;
use crate::cursor::{Listing, Page, sort_word};
use crate::operation::{Access, Operation, Route};
use crate::problem::{Code, Fault, Problem};
use crate::query::Parameters;
use crate::state::AppState;

const SCOPE: Scope = Scope::MerchantsRead;

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Key(SCOPE),
        problems: &[Code::CursorInvalid, Code::ValidationFailed],
    };
    operation.document(routes!(list_merchants))
}

/// List merchants
///
/// Archived merchants appear only if `stage` asks for them. Pages go forward: `page.next` is the `cursor` of the next
/// one, and null on the last. There are no totals here: counts come from `/v1/stats/review-status`.
#[utoipa::path(
    get,
    path = "/v1/merchants",
    tag = "Merchants",
    params(
        ("status" = Option<String>, Query, description = "Review statuses, separated by commas: `none`, `drafting`, `in_review`, `documents_required`, `rejected`, `opened`, `unknown`", example = "in_review,documents_required"),
        ("stage" = Option<String>, Query, description = "Stages, separated by commas: `registered`, `link_issued`, `drafting`, `in_review`, `documents_required`, `rejected`, `opened`, `unknown`, `unlinked`, `archived`"),
        ("q" = Option<String>, Query, description = "Part of a code or a name in any case, or the beginning of a business number; that with the scope `personal:read` only", min_length = 1, max_length = 100),
        ("sort" = Option<String>, Query, description = "`created_at`, `updated_at` or `stage_since`; with a minus sign newest first. `-created_at` if left out", example = "-updated_at"),
        ("limit" = Option<u32>, Query, description = "Most merchants on the page; 50 if left out", minimum = 1, maximum = 500),
        ("cursor" = Option<String>, Query, description = "`page.next` of the page before, with the same filters and sort order"),
    ),
    responses((
        status = 200,
        description = "A page of merchants",
        body = MerchantPage,
        headers(("Link" = String, description = "The next page, as `rel=\"next\"`")),
    ))
)]
async fn list_merchants(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    OriginalUri(uri): OriginalUri,
    mut query: Parameters,
) -> Result<Response, Problem> {
    caller.require(SCOPE)?;
    let filter = filter::read(&mut query, caller.sight());
    let (sort, direction) = query
        .optional("sort", read_sort)
        .unwrap_or((SortKey::CreatedAt, Direction::Descending));
    let limit = query.limit();
    let cursor = query.optional("cursor", |text| Ok::<_, Fault>(text.to_owned()));
    query.finish()?;

    let listing = Listing {
        tenant_id: caller.tenant_id(),
        filter: &filter,
        sort,
        direction,
    };
    let open = |cursor: String| state.cursor_key.open(&listing, &cursor).ok_or(Code::CursorInvalid);
    let after = cursor.map(open).transpose()?;
    // One more than asked for, to know whether there is a next page.
    let one_more = PageSize::clamped(limit.get() + 1);
    let query = MerchantQuery {
        filter: filter.clone(),
        sort,
        direction,
        after,
        limit: one_more,
    };
    let mut merchants = state.archive.reader().merchants(caller.tenant_id(), &query).await?;
    let limit = limit.get() as usize;
    let more = merchants.len() > limit;
    merchants.truncate(limit);
    let last = merchants.last().filter(|_| more);
    let next = last.map(|last| state.cursor_key.seal(&listing, last.position));

    let links = next
        .as_deref()
        .and_then(|next| next_link(&uri, next))
        .map(|link| (LINK, link));
    let readable = merchants.iter().filter_map(|listed| listed.merchant.as_ref().ok());
    let unreadable = merchants.iter().filter(|listed| listed.merchant.is_err());
    let shown = |merchant| MerchantDocument::shown(merchant, caller.sight());
    let page = MerchantPage {
        data: readable.map(shown).collect(),
        unreadable: unreadable.map(|listed| listed.position.id.to_string()).collect(),
        page: Page { next, prev: None },
    };
    Ok((HeaderMap::from_iter(links), Json(page)).into_response())
}

fn read_sort(text: &str) -> Result<(SortKey, Direction), Fault> {
    let keys = [SortKey::CreatedAt, SortKey::UpdatedAt, SortKey::StageSince];
    let orders = keys
        .into_iter()
        .flat_map(|key| [(key, Direction::Ascending), (key, Direction::Descending)]);
    orders
        .into_iter()
        .find(|(key, direction)| sort_word(*key, *direction) == text)
        .ok_or(Fault::UnknownWord)
}

/// The same request with another cursor (RFC 8288).
fn next_link(uri: &Uri, cursor: &str) -> Option<HeaderValue> {
    let query = uri.query().unwrap_or_default();
    let kept = query
        .split('&')
        .filter(|pair| !pair.is_empty() && !pair.starts_with("cursor="));
    let pairs: Vec<_> = kept.map(str::to_owned).chain([format!("cursor={cursor}")]).collect();
    HeaderValue::try_from(format!("<{}?{}>; rel=\"next\"", uri.path(), pairs.join("&"))).ok()
}

/// A page of merchants.
#[derive(Serialize, ToSchema)]
struct MerchantPage {
    /// The merchants, in the order asked for.
    data: Vec<MerchantDocument>,
    /// Ids of merchants of this page whose rows cannot be read; left out if there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    unreadable: Vec<String>,
    /// Where other pages begin.
    page: Page,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_keeps_the_filters() {
        let link = |uri: &'static str| next_link(&Uri::from_static(uri), "NEXT").unwrap();
        assert_eq!(link("/v1/merchants"), "</v1/merchants?cursor=NEXT>; rel=\"next\"");
        assert_eq!(
            link("/v1/merchants?q=%EA%B0%80&cursor=OLD&limit=2"),
            "</v1/merchants?q=%EA%B0%80&limit=2&cursor=NEXT>; rel=\"next\""
        );
    }

    #[test]
    fn sort_orders_are_words() {
        assert_eq!(
            read_sort("-stage_since"),
            Ok((SortKey::StageSince, Direction::Descending))
        );
        assert_eq!(read_sort("created_at"), Ok((SortKey::CreatedAt, Direction::Ascending)));
        for bad in ["", "-", "name", "--created_at", "CREATED_AT"] {
            assert_eq!(read_sort(bad), Err(Fault::UnknownWord));
        }
    }
}
