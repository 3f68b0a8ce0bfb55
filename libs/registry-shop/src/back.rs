//! Coming back from Paymint: it is asked what has come of it, and the shop is sent on to its partner's page, if that is one to
//! which the partner lets shops be sent.

use std::sync::Arc;
use std::time::Duration;

use registry_domain::CorrelationId;
use registry_domain::merchant::{RedirectUrl, SecretText, Visit};
use registry_domain::review::ReadingSource;
use registry_domain::tenant::{ReturnUrl, Tenant};
use registry_journal::Origin;
use registry_upstream::{Question, Urgency};
use registry_urls::{Shop, ShopPage, ShopUrls};
use registry_web::room::Place;
use tokio::time::timeout;

use crate::counts::Went;
use crate::pages::{Known, Shared};

/// How long a shop waits for Paymint's answer. The question goes on without it.
const PATIENCE: Duration = Duration::from_millis(2_500);

impl Shared {
    /// Has Paymint asked, if the shop has not come back a moment ago, and gives its answer a moment. Returns whether the shop may
    /// have changed.
    pub(crate) async fn come_back(
        self: &Arc<Self>,
        shop: Shop,
        known: &Known,
        place: Place,
        correlation_id: CorrelationId,
    ) -> bool {
        let quiet = self.limits.return_interval;
        let returned = known.merchant.visits.returned_at;
        if returned.is_some_and(|at| self.parts.ambient.now() - at < quiet) {
            self.counts.went(Went::Back);
            return false;
        }
        let is_news = self.visited(shop, Visit::Returned, quiet, correlation_id).await;
        if !is_news || !known.merchant.can_be_asked_about() {
            self.counts.went(Went::Back);
            return is_news;
        }
        self.counts.went(Went::BackAsked);
        let question = Question {
            tenant: known.tenant.clone(),
            merchant: known.merchant.clone(),
            source: ReadingSource::ReadBack,
            // Nobody of the tenant asks: what is kept for them is left.
            urgency: Urgency::Round,
            origin: Origin::of(registry_domain::Actor::Shop, correlation_id),
        };
        let shared = Arc::clone(self);
        let asking = tokio::spawn(async move {
            // Why there is no answer shows in the numbers of asking.
            let _ = shared.parts.inquirer.ask(question).await;
            drop(place);
        });
        let _ = timeout(PATIENCE, asking).await;
        true
    }
}

/// The page of the tenant's to which a shop is sent: the one that is asked for, if it is allowed; the first one, if none is
/// asked for.
pub(crate) fn destination(tenant: &Tenant, wanted: Option<&str>) -> Option<ReturnUrl> {
    match wanted {
        None => tenant.settings.return_urls.first().cloned(),
        Some(wanted) => allowed(tenant, wanted),
    }
}

/// What is asked for, if it is allowed.
pub(crate) fn allowed(tenant: &Tenant, wanted: &str) -> Option<ReturnUrl> {
    let wanted = ReturnUrl::parse(wanted).ok()?;
    let mut pages = tenant.settings.return_urls.iter();
    pages.any(|page| page.covers(&wanted)).then_some(wanted)
}

/// The address to which Paymint sends a shop back, and from there to a page of the tenant's.
pub(crate) fn return_address(urls: &ShopUrls, shop: Shop, to: Option<&ReturnUrl>) -> RedirectUrl {
    let back = urls.url(ShopPage::Return, shop);
    match to {
        None => back,
        Some(to) => SecretText::new(format!("{}?{}", back.expose(), to_query(to))),
    }
}

/// The parameter of an address that names such a page.
pub(crate) fn to_query(to: &ReturnUrl) -> String {
    url::form_urlencoded::Serializer::new(String::new())
        .append_pair("to", to.as_str())
        .finish()
}
