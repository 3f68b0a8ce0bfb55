//! The doors: `GET` looks, `POST` goes on.

use std::sync::Arc;

use axum::Router;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State};
use axum::http::header::ACCEPT_LANGUAGE;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::Response;
use axum::routing::get;
use chrono::TimeDelta;
use registry_domain::merchant::{Stage, Visit};
use registry_urls::ShopPage;
use registry_web::{Language, RequestContext};

use crate::admit::{Admitted, busy, later};
use crate::answer::{self, in_language};
use crate::back::{allowed, destination, to_query};
use crate::go::Stuck;
use crate::pages::{Known, Shared, ShopPages};
use crate::sheet::{Plain, Sheet};
use crate::visitor::{self, is_fetched};
use crate::words::{EN, KO, Words};

/// So soon after a shop looked at its page, looking again is no news.
const LOOK_INTERVAL: TimeDelta = TimeDelta::days(1);

/// After how many seconds a shop should try again that could not go on.
const STUCK_SECONDS: u32 = 60;

type Token = Result<Path<String>, PathRejection>;

pub(crate) fn router(pages: ShopPages) -> Router {
    Router::new()
        .route("/l/{token}", get(look).post(go_on))
        .route("/r/{token}", get(come_back))
        .route("/shop/{file}", get(style))
        .with_state(pages.0)
}

async fn style(file: Result<Path<String>, PathRejection>) -> Response {
    answer::style(&file.map(|Path(file)| file).unwrap_or_default())
}

/// Shops read Korean, unless their browsers say otherwise.
fn words_for(headers: &HeaderMap, context: &RequestContext) -> &'static Words {
    match context.language {
        Language::English if headers.contains_key(ACCEPT_LANGUAGE) => &EN,
        Language::English | Language::Korean => &KO,
    }
}

/// What a query asks for.
#[derive(Default)]
struct Asked {
    wants_new: bool,
    to: Option<String>,
}

impl Asked {
    fn read(raw: Option<&str>) -> Self {
        let mut asked = Self::default();
        for (name, value) in url::form_urlencoded::parse(raw.unwrap_or_default().as_bytes()) {
            match name.as_ref() {
                "new" => asked.wants_new = true,
                "to" => asked.to = Some(value.into_owned()),
                _ => {}
            }
        }
        asked
    }
}

/// `GET /l/{token}`: where the shop stands. It changes nothing; that a browser showed it is written down once a day.
async fn look(
    State(shared): State<Arc<Shared>>,
    context: RequestContext,
    token: Token,
    RawQuery(raw): RawQuery,
    method: Method,
    headers: HeaderMap,
) -> Response {
    let words = words_for(&headers, &context);
    let token = token.ok().map(|Path(token)| token);
    let admitted = match shared.admit(ShopPage::Link, token.as_deref(), &context, words).await {
        Ok(admitted) => admitted,
        Err(refused) => return in_language(refused, words.tag),
    };
    let response = shared.show(&admitted.known, words, &Asked::read(raw.as_deref()), None);
    shared.note_look(admitted, &method, &headers, &context);
    in_language(response, words.tag)
}

/// `POST /l/{token}`: on to Paymint.
async fn go_on(
    State(shared): State<Arc<Shared>>,
    context: RequestContext,
    token: Token,
    RawQuery(raw): RawQuery,
    headers: HeaderMap,
) -> Response {
    let words = words_for(&headers, &context);
    let token = token.ok().map(|Path(token)| token);
    let admitted = match shared.admit(ShopPage::Link, token.as_deref(), &context, words).await {
        Ok(admitted) => admitted,
        Err(refused) => return in_language(refused, words.tag),
    };
    let Admitted { shop, known, place } = admitted;
    let asked = Asked::read(raw.as_deref());
    // Nothing is to be done at Paymint any more, or nowhere.
    if known.is_closed() || known.merchant.stage() == Stage::Opened {
        return in_language(shared.show(&known, words, &asked, None), words.tag);
    }
    let to = asked.to.as_deref().and_then(|to| allowed(&known.tenant, to));
    let tenant = known.tenant.name.as_str().to_owned();
    let went = shared
        .go_on(shop, known, asked.wants_new, to.as_ref(), context.correlation_id)
        .await;
    drop(place);
    let response = match went {
        Ok(url) => answer::see(url.expose()).unwrap_or_else(|| stuck(Stuck::Upstream, &tenant, words)),
        Err(why) => stuck(why, &tenant, words),
    };
    in_language(response, words.tag)
}

/// `GET /r/{token}`: back from Paymint. What that changes, Paymint's answer does.
async fn come_back(
    State(shared): State<Arc<Shared>>,
    context: RequestContext,
    token: Token,
    RawQuery(raw): RawQuery,
    method: Method,
    headers: HeaderMap,
) -> Response {
    let words = words_for(&headers, &context);
    let token = token.ok().map(|Path(token)| token);
    let admitted = match shared.admit(ShopPage::Return, token.as_deref(), &context, words).await {
        Ok(admitted) => admitted,
        Err(refused) => return in_language(refused, words.tag),
    };
    let Admitted { shop, mut known, place } = admitted;
    let asked = Asked::read(raw.as_deref());
    if !known.is_closed() && method == Method::GET && !is_fetched(&headers) {
        let may_have_changed = shared.come_back(shop, &known, place, context.correlation_id).await;
        if let Some(to) = destination(&known.tenant, asked.to.as_deref())
            && let Some(response) = answer::see(to.as_str())
        {
            return in_language(response, words.tag);
        }
        if may_have_changed {
            let reader = shared.parts.archive.reader();
            match reader.asked_about(shop.tenant_id, shop.merchant_id).await {
                Ok(Some((tenant, merchant))) => known = Known { tenant, merchant },
                Ok(None) => {}
                Err(error) => {
                    shared.tell(&error);
                    return in_language(busy(words), words.tag);
                }
            }
        }
    }
    let link = shared.parts.urls.url(ShopPage::Link, shop);
    let response = shared.show(&known, words, &asked, Some(link.expose()));
    in_language(response, words.tag)
}

impl Shared {
    /// The page of a shop; `link` is where it goes on, if that is not this page.
    fn show(&self, known: &Known, words: &'static Words, asked: &Asked, link: Option<&str>) -> Response {
        let is_plain_http = self.parts.urls.is_plain_http();
        if known.is_closed() {
            let page = Plain::new(words, &words.closed).of(known.tenant.name.as_str());
            return answer::page(StatusCode::GONE, &page, is_plain_http);
        }
        let to = asked.to.as_deref().and_then(|to| allowed(&known.tenant, to));
        let query = to.as_ref().map(to_query).unwrap_or_default();
        let action = format!("{}?{query}", link.unwrap_or_default());
        let sheet = Sheet::new(known, words, action, &self.limits, self.parts.ambient.now());
        answer::page(StatusCode::OK, &sheet, is_plain_http)
    }

    /// Writes down that somebody looked, behind the answer: it waits for nothing that is written.
    fn note_look(self: &Arc<Self>, admitted: Admitted, method: &Method, headers: &HeaderMap, context: &RequestContext) {
        let Admitted { shop, known, place } = admitted;
        let looked_at = known.merchant.visits.opened_at;
        let is_old = looked_at.is_none_or(|at| self.parts.ambient.now() - at >= LOOK_INTERVAL);
        if known.is_closed() || !is_old || !visitor::is_somebody(method, headers) {
            return;
        }
        let (shared, correlation_id) = (Arc::clone(self), context.correlation_id);
        tokio::spawn(async move {
            shared.visited(shop, Visit::Opened, LOOK_INTERVAL, correlation_id).await;
            drop(place);
        });
    }
}

/// Why it does not go on, for the shop.
fn stuck(why: Stuck, tenant: &str, words: &'static Words) -> Response {
    let page = |notice| Plain::new(words, notice).of(tenant);
    match why {
        Stuck::Busy => later(StatusCode::SERVICE_UNAVAILABLE, &page(&words.busy), STUCK_SECONDS),
        Stuck::Upstream => later(
            StatusCode::SERVICE_UNAVAILABLE,
            &page(&words.upstream_away),
            STUCK_SECONDS,
        ),
        Stuck::Spent => later(StatusCode::TOO_MANY_REQUESTS, &page(&words.spent), STUCK_SECONDS),
        Stuck::Partner => answer::page(StatusCode::CONFLICT, &page(&words.ask_partner), false),
        Stuck::Closed => answer::page(StatusCode::GONE, &page(&words.closed), false),
    }
}
