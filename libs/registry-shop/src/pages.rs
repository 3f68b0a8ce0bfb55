//! What the pages are made with.

use std::sync::Arc;

use axum::Router;
use registry_domain::merchant::Merchant;
use registry_domain::tenant::{Tenant, TenantState};
use registry_journal::line_limit::LineLimit;
use registry_journal::{Ambient, Archive, Writer};
use registry_upstream::{Inquirer, LinkIssuer};
use registry_urls::ShopUrls;
use registry_web::failures::Failures;
use registry_web::room::Room;

use crate::counts::{Counts, ShopStats};
use crate::limits::{Paces, ShopLimits, Turns};
use crate::routes;

/// What the pages are made with.
pub struct ShopParts {
    /// Makes and reads their addresses.
    pub urls: ShopUrls,
    /// The log, for requests.
    pub archive: Archive,
    /// The way into the log.
    pub writer: Writer,
    /// Issues links.
    pub links: LinkIssuer,
    /// Asks Paymint.
    pub inquirer: Inquirer,
    /// Clock and ids.
    pub ambient: Ambient,
}

/// The pages of shops. Cheap to clone.
#[derive(Clone)]
pub struct ShopPages(pub(crate) Arc<Shared>);

pub(crate) struct Shared {
    pub(crate) parts: ShopParts,
    pub(crate) limits: ShopLimits,
    pub(crate) failures: Failures,
    pub(crate) paces: Paces,
    pub(crate) turns: Turns,
    pub(crate) room: Room,
    pub(crate) counts: Counts,
    pub(crate) lines: LineLimit<()>,
}

/// A shop and whose it is.
pub(crate) struct Known {
    pub(crate) tenant: Tenant,
    pub(crate) merchant: Merchant,
}

impl Known {
    /// Whether there is nothing for the shop to do or see any more.
    pub(crate) fn is_closed(&self) -> bool {
        let Self { tenant, merchant } = self;
        merchant.archived_since.is_some() || merchant.erased || tenant.state == TenantState::Suspended
    }
}

impl ShopPages {
    /// Pages within these limits.
    pub fn new(parts: ShopParts, limits: ShopLimits) -> Self {
        Self(Arc::new(Shared {
            parts,
            failures: Failures::new(),
            paces: Paces::new(limits.pages_per_minute_max),
            turns: Turns::new(),
            room: Room::new(limits.requests_max),
            counts: Counts::default(),
            lines: LineLimit::default(),
            limits,
        }))
    }

    /// The routes, to be served in the envelope of all.
    pub fn router(&self) -> Router {
        routes::router(self.clone())
    }

    /// What makes their addresses.
    pub fn urls(&self) -> &ShopUrls {
        &self.0.parts.urls
    }

    /// Numbers since the process started.
    pub fn stats(&self) -> ShopStats {
        self.0.counts.stats(self.0.room.taken())
    }
}
