//! `GET /v1/merchants`

use std::sync::Arc;

use axum::extract::{OriginalUri, State};
use axum::http::header::LINK;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Uri};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, NaiveDate, Utc};
use registry_documents::{MerchantDocument, WaitingMerchant};
use registry_domain::TenantId;
use registry_domain::calendar::day_in_korea;
use registry_domain::tenant::Scope;
use registry_journal::port::{Direction, ListedMerchant, MerchantFilter, MerchantQuery, PageSize, SortKey};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::filter::{self, FilterParameters};
use crate::caller::Caller;
use crate::conditional::unless_known;
use crate::cursor::{Listing, Order, Page, PlaceInList, Turn, sort_word};
use crate::operation::{Access, Operation, Route};
use crate::problem::{Code, Fault, Problem};
use crate::query::{PRESENT, Parameters};
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
/// Archived merchants appear only if `stage` asks for them. `page.next` and `page.prev` are the `cursor` of the next page and of the
/// one before; null where there is none. With `as_of`, filters, order and documents are those of that moment. There are no totals
/// here: counts come from `/v1/stats/review-status`, with the same filters.
#[utoipa::path(
    get,
    path = "/v1/merchants",
    tag = "Merchants",
    params(
        FilterParameters,
        ("as_of" = Option<DateTime<Utc>>, Query, description = "As it was known at this moment, not later than now"),
        ("sort" = Option<String>, Query, description = "`created_at`, `updated_at`, `stage_since`, `wait` (how unusual the wait is among yours), `name` or `merchant_code`; with a minus sign the other way round. `-created_at` if left out", example = "-updated_at"),
        ("limit" = Option<u32>, Query, description = "Most merchants on the page; 50 if left out", minimum = 1, maximum = 500),
        ("cursor" = Option<String>, Query, description = "`page.next` or `page.prev` of a page with the same filters and sort order"),
        ("If-None-Match" = Option<String>, Header, description = "ETags that you have"),
    ),
    responses(
        (
            status = 200,
            description = "A page of merchants",
            body = MerchantPage,
            headers(
                ("Link" = String, description = "The pages beside it, as `rel=\"next\"` and `rel=\"prev\"`"),
                ("ETag" = String, description = "What stands on the page"),
            ),
        ),
        (status = 304, description = "You have this page"),
    )
)]
async fn list_merchants(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    query: Parameters,
) -> Result<Response, Problem> {
    caller.require(SCOPE)?;
    let now = state.ambient.now();
    let wanted = Wanted::read(&state, &caller, query, now).await?;
    let tenant_id = caller.tenant_id();
    let (as_of, limit) = (wanted.as_of, wanted.limit);
    let (after, turn) = match &wanted.place {
        Some(place) => (Some(place.position.clone()), place.turn),
        None => (None, Turn::Forward),
    };
    let is_first = after.is_none();
    let reader = state.archive.reader();
    let waits = state.usual.at(reader, tenant_id, as_of.unwrap_or(now)).await?;
    let query = MerchantQuery {
        filter: wanted.filter.clone(),
        sort: wanted.order.key(),
        waits: (wanted.order == Order::Wait).then(|| waits.order()),
        direction: match turn {
            Turn::Forward => wanted.direction,
            Turn::Backward => wanted.direction.reversed(),
        },
        after,
        // One more than asked for, to know whether there is another page behind.
        limit: PageSize::clamped(limit.get() + 1),
    };
    let merchants = match past(&state, tenant_id, as_of, now).await? {
        None => state.archive.reader().merchants(tenant_id, &query).await?,
        Some(moment) => state.archive.merchants_as_of(tenant_id, &query, moment).await?,
    };
    let (merchants, beside) = turned(merchants, limit.get() as usize, turn, is_first);
    let seal = |listed: &ListedMerchant, turn| wanted.cursor(&state, tenant_id, listed, turn);
    let page = Page {
        next: merchants
            .last()
            .filter(|_| beside.next)
            .map(|last| seal(last, Turn::Forward)),
        prev: merchants
            .first()
            .filter(|_| beside.prev)
            .map(|first| seal(first, Turn::Backward)),
    };
    let links = page_links(&uri, &page);
    let readable = merchants.iter().filter_map(|listed| listed.merchant.as_ref().ok());
    let unreadable = merchants.iter().filter(|listed| listed.merchant.is_err());
    let shown = |merchant| WaitingMerchant {
        wait: waits.of(merchant),
        merchant: MerchantDocument::shown(merchant, caller.sight()),
    };
    let page = MerchantPage {
        data: readable.map(shown).collect(),
        unreadable: unreadable.map(|listed| listed.position.id.to_string()).collect(),
        page,
    };
    Ok((HeaderMap::from_iter(links), unless_known(&headers, &page)).into_response())
}

/// What is asked of the list, and where in it.
struct Wanted {
    filter: MerchantFilter,
    /// One spelling of the filters.
    canonical: String,
    /// The day from which they are told, if it matters.
    told_from: Option<NaiveDate>,
    as_of: Option<DateTime<Utc>>,
    order: Order,
    direction: Direction,
    limit: PageSize,
    /// None for the first page.
    place: Option<PlaceInList>,
}

impl Wanted {
    async fn read(
        state: &AppState,
        caller: &Caller,
        mut query: Parameters,
        now: DateTime<Utc>,
    ) -> Result<Self, Problem> {
        let as_of = query.past_moment("as_of", now);
        let canonical = query.canonical(filter::NAMES);
        let is_told_from_today = filter::are_told_from_today(&query);
        let (order, direction) = read_order(&mut query);
        let limit = query.limit();
        let cursor = query.optional("cursor", |text| Ok::<_, Fault>(text.to_owned()));
        let listing = Listing {
            tenant_id: caller.tenant_id(),
            filter: &canonical,
            as_of,
            order,
            direction,
        };
        let open = |cursor: String| state.cursor_key.open(&listing, &cursor).ok_or(Code::CursorInvalid);
        let place = cursor.map(open).transpose();
        // What follows a page is of the same days, also when it is asked for after midnight.
        let begun = place.as_ref().ok().and_then(|place| place.as_ref()?.told_from);
        let today = begun.unwrap_or_else(|| day_in_korea(as_of.unwrap_or(now)));
        let asked = filter::asked_on(state, caller, &mut query, as_of, today).await?;
        query.finish()?;
        Ok(Self {
            filter: asked.filter,
            told_from: is_told_from_today.then_some(today),
            as_of,
            order,
            direction,
            limit,
            place: place?,
            canonical,
        })
    }

    /// The cursor for the page on one side of a row.
    fn cursor(&self, state: &AppState, tenant_id: TenantId, listed: &ListedMerchant, turn: Turn) -> String {
        let listing = Listing {
            tenant_id,
            filter: &self.canonical,
            as_of: self.as_of,
            order: self.order,
            direction: self.direction,
        };
        let place = PlaceInList {
            position: listed.position.clone(),
            turn,
            told_from: self.told_from,
        };
        state.cursor_key.seal(&listing, &place)
    }
}

/// Whether there are pages beside one.
struct Beside {
    next: bool,
    prev: bool,
}

/// A page in the order of the list, of what was found in the direction in which it was turned to: one more than it may have, if there
/// is another page behind.
fn turned(
    mut merchants: Vec<ListedMerchant>,
    limit: usize,
    turn: Turn,
    is_first: bool,
) -> (Vec<ListedMerchant>, Beside) {
    let more = merchants.len() > limit;
    merchants.truncate(limit);
    match turn {
        Turn::Forward => (
            merchants,
            Beside {
                next: more,
                prev: !is_first,
            },
        ),
        Turn::Backward => {
            merchants.reverse();
            (merchants, Beside { next: true, prev: more })
        }
    }
}

/// The moment as of which is asked, if what was then may differ from what is now.
pub async fn past(
    state: &AppState,
    tenant_id: TenantId,
    as_of: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>, Problem> {
    match as_of {
        Some(moment) if moment >= now - PRESENT => {
            // What the log stamps with the future has happened all the same.
            let head = state.archive.reader().head(tenant_id).await?;
            Ok((moment < now && head.recorded_at <= now).then_some(moment))
        }
        past => Ok(past),
    }
}

/// The order in which a list is wanted.
pub fn read_order(query: &mut Parameters) -> (Order, Direction) {
    let order = query.optional("sort", read_sort);
    order.unwrap_or((Order::By(SortKey::CreatedAt), Direction::Descending))
}

/// The words for orders.
pub const SORTS: &[&str] = &[
    "created_at",
    "-created_at",
    "updated_at",
    "-updated_at",
    "stage_since",
    "-stage_since",
    "wait",
    "-wait",
    "name",
    "-name",
    "merchant_code",
    "-merchant_code",
];

/// The order that a word names.
pub fn read_sort(text: &str) -> Result<(Order, Direction), Fault> {
    let orders = Order::all().flat_map(|key| [(key, Direction::Ascending), (key, Direction::Descending)]);
    let mut orders = orders;
    orders
        .find(|(key, direction)| sort_word(*key, *direction) == text)
        .ok_or(Fault::UnknownWord(SORTS))
}

/// The same request with other cursors (RFC 8288).
fn page_links(uri: &Uri, page: &Page) -> Vec<(HeaderName, HeaderValue)> {
    let query = uri.query().unwrap_or_default();
    let kept: Vec<_> = query
        .split('&')
        .filter(|pair| !pair.is_empty() && !pair.starts_with("cursor="))
        .collect();
    let link = |cursor: &String, rel: &str| {
        let cursor = format!("cursor={cursor}");
        let pairs: Vec<_> = kept.iter().copied().chain([cursor.as_str()]).collect();
        HeaderValue::try_from(format!("<{}?{}>; rel=\"{rel}\"", uri.path(), pairs.join("&"))).ok()
    };
    let next = page.next.as_ref().and_then(|cursor| link(cursor, "next"));
    let prev = page.prev.as_ref().and_then(|cursor| link(cursor, "prev"));
    next.into_iter().chain(prev).map(|link| (LINK, link)).collect()
}

/// A page of merchants.
#[derive(Serialize, ToSchema)]
struct MerchantPage {
    /// The merchants, in the order asked for.
    data: Vec<WaitingMerchant>,
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
    fn the_pages_beside_it_keep_the_filters() {
        let links = |uri: &'static str| {
            let page = Page {
                next: Some("NEXT".to_owned()),
                prev: Some("PREV".to_owned()),
            };
            let links = page_links(&Uri::from_static(uri), &page);
            links.into_iter().map(|(_, link)| link).collect::<Vec<_>>()
        };
        assert_eq!(
            links("/v1/merchants"),
            [
                "</v1/merchants?cursor=NEXT>; rel=\"next\"",
                "</v1/merchants?cursor=PREV>; rel=\"prev\""
            ]
        );
        assert_eq!(
            links("/v1/merchants?q=%EA%B0%80&cursor=OLD&limit=2")[0],
            "</v1/merchants?q=%EA%B0%80&limit=2&cursor=NEXT>; rel=\"next\""
        );
    }

    #[test]
    fn sort_orders_are_words() {
        assert_eq!(
            read_sort("-stage_since"),
            Ok((Order::By(SortKey::StageSince), Direction::Descending))
        );
        assert_eq!(
            read_sort("created_at"),
            Ok((Order::By(SortKey::CreatedAt), Direction::Ascending))
        );
        for word in SORTS {
            assert!(read_sort(word).is_ok(), "{word}");
        }
        assert_eq!(SORTS.len(), 2 * Order::all().count());
        // The most unusual first, which is the order of storage.
        assert_eq!(read_sort("-wait"), Ok((Order::Wait, Direction::Ascending)));
        for bad in ["", "-", "names", "--created_at", "CREATED_AT"] {
            assert_eq!(read_sort(bad), Err(Fault::UnknownWord(SORTS)));
        }
    }
}
