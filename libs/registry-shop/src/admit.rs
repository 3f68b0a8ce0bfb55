//! Who is let in: whoever shows a token of ours, as often as a shop may, as long as there is room.

use axum::http::header::{CONNECTION, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use registry_domain::causes;
use registry_journal::line_limit::Admitted as Line;
use registry_urls::{Shop, ShopPage};
use registry_web::RequestContext;
use registry_web::room::{Holder, Place};

use crate::answer;
use crate::counts::Refused;
use crate::pages::{Known, Shared};
use crate::sheet::Plain;
use crate::words::Words;

/// After how many seconds an address should come back from which too many tokens were none.
const TOO_MANY_FAILURES_SECONDS: u32 = 60;

/// The same for one who asks for one shop's pages too often.
const TOO_MANY_REQUESTS_SECONDS: u32 = 30;

/// The same where there is no room, or storage is away.
const BUSY_SECONDS: u32 = 3;

/// Somebody who may see a shop's pages.
pub(crate) struct Admitted {
    pub(crate) shop: Shop,
    pub(crate) known: Known,
    /// Kept for as long as something is done for them.
    pub(crate) place: Place,
}

impl Shared {
    /// Lets somebody in, or says why not. The token is looked at first: a shop is not refused for what its neighbours do.
    pub(crate) async fn admit(
        &self,
        page: ShopPage,
        token: Option<&str>,
        context: &RequestContext,
        words: &'static Words,
    ) -> Result<Admitted, Response> {
        let shop = token.and_then(|token| self.parts.urls.read(page, token));
        let Some(shop) = shop else {
            return Err(self.turn_away(context, words));
        };
        if !self.paces.take(shop.merchant_id) {
            self.counts.refused(Refused::TooManyRequests);
            let page = Plain::new(words, &words.too_many);
            return Err(later(StatusCode::TOO_MANY_REQUESTS, &page, TOO_MANY_REQUESTS_SECONDS));
        }
        let mut place = self.room.enter(Holder::Tenant(shop.tenant_id));
        if place.grow(1).is_err() {
            self.counts.refused(Refused::NoRoom);
            return Err(busy(words));
        }
        match self
            .parts
            .archive
            .reader()
            .asked_about(shop.tenant_id, shop.merchant_id)
            .await
        {
            Ok(Some((tenant, merchant))) => Ok(Admitted {
                shop,
                known: Known { tenant, merchant },
                place,
            }),
            Ok(None) => Err(self.turn_away(context, words)),
            Err(error) => {
                self.tell(&error);
                Err(busy(words))
            }
        }
    }

    fn turn_away(&self, context: &RequestContext, words: &'static Words) -> Response {
        self.failures.count(context.sender);
        let mut response = if self.failures.are_too_many(context.sender) {
            self.counts.refused(Refused::TooManyFailures);
            let page = Plain::new(words, &words.too_many);
            later(StatusCode::TOO_MANY_REQUESTS, &page, TOO_MANY_FAILURES_SECONDS)
        } else {
            self.counts.refused(Refused::Unknown);
            answer::page(StatusCode::NOT_FOUND, &Plain::new(words, &words.unknown), false)
        };
        response
            .headers_mut()
            .insert(CONNECTION, HeaderValue::from_static("close"));
        response
    }

    /// One line for a failure, of many alike only some.
    pub(crate) fn tell(&self, error: &(dyn std::error::Error + 'static)) {
        if let Line::Line { left_out } = self.lines.admit(()) {
            tracing::warn!(error = %causes(error), left_out, "a page of a shop failed");
        }
    }
}

/// What is said when we cannot now.
pub(crate) fn busy(words: &'static Words) -> Response {
    let page = Plain::new(words, &words.busy);
    later(StatusCode::SERVICE_UNAVAILABLE, &page, BUSY_SECONDS)
}

/// A page that asks for patience.
pub(crate) fn later(status: StatusCode, page: &Plain, seconds: u32) -> Response {
    let mut response = answer::page(status, page, false);
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    response
}
