//! Which tenants are looked at, and when.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use registry_domain::alerts::next_opening;
use registry_domain::tenant::Tenant;
use registry_domain::{TenantId, Version, causes};
use registry_journal::port::{Duty, Leases, PageSize};
use registry_journal::{Ambient, Archive, Writer};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::LookError;
use crate::look::Looker;

/// How often it is looked whether a tenant is to be looked at.
const ROUND: Duration = Duration::from_secs(1);

/// After how long a tenant is looked at again although nothing calls for it: a shop may come into a stage in which it has
/// stood before.
const LOOK_INTERVAL: TimeDelta = TimeDelta::minutes(1);

/// How many tenants are read at once.
const TENANTS_PAGE: PageSize = PageSize::clamped(500);

/// Stands for no session of the leases: they are counted from 1.
const NO_SESSION: u64 = 0;

/// What the watcher works with.
pub struct WatcherParts {
    /// The log.
    pub archive: Archive,
    /// The way into it.
    pub writer: Writer,
    /// Which tenants are ours.
    pub leases: Arc<dyn Leases>,
    /// Clock and ids.
    pub ambient: Ambient,
    /// Whether events are published.
    pub is_publishing: bool,
}

/// Watches all tenants that want to be told of something.
pub struct Watcher {
    looker: Looker,
    leases: Arc<dyn Leases>,
    lease_session: u64,
    seen: HashMap<TenantId, Seen>,
    is_blind: bool,
}

/// What is remembered of a tenant. Losing it costs a look.
struct Seen {
    /// The event that changed rules or calendar last, as of the last look that came to its end.
    looked_by: Option<Version>,
    look_at: DateTime<Utc>,
    is_failing: bool,
}

impl Watcher {
    /// A watcher that has looked at nothing yet.
    pub fn new(parts: WatcherParts) -> Self {
        let WatcherParts {
            archive,
            writer,
            leases,
            ambient,
            is_publishing,
        } = parts;
        Self {
            looker: Looker {
                archive,
                writer,
                ambient,
                is_publishing,
                unusual: Arc::default(),
            },
            leases,
            lease_session: NO_SESSION,
            seen: HashMap::new(),
            is_blind: false,
        }
    }

    /// Works until it is told to stop. A look that is under way then is given up: the next start begins it anew.
    pub async fn run(mut self, cancellation: CancellationToken) {
        loop {
            tokio::select! {
                () = cancellation.cancelled() => break,
                () = self.round() => {}
            }
            tokio::select! {
                () = cancellation.cancelled() => break,
                () = sleep(ROUND) => {}
            }
        }
        self.leases.release().await;
    }

    async fn round(&mut self) {
        match self.visit_all().await {
            Ok(()) => self.is_blind = false,
            Err(error) => {
                if !std::mem::replace(&mut self.is_blind, true) {
                    tracing::warn!(error = %causes(&error), "the watcher for alerts cannot see the tenants");
                }
            }
        }
    }

    async fn visit_all(&mut self) -> Result<(), LookError> {
        let mut after = None;
        loop {
            let page = self.looker.archive.reader().tenants(after, TENANTS_PAGE).await;
            let page = page.map_err(LookError::ListTenants)?;
            let is_last = page.len() < TENANTS_PAGE.get() as usize;
            after = page.last().map(|listed| listed.id);
            // One that cannot be read is told of by others.
            let tenants: Vec<_> = page.into_iter().filter_map(|listed| listed.tenant.ok()).collect();
            let tenants: Vec<_> = tenants.into_iter().filter(is_watched).collect();
            let ids: Vec<_> = tenants.iter().map(|tenant| tenant.id).collect();
            if !ids.is_empty() {
                let held = self.leases.hold(Duty::Alerting, &ids).await;
                let held = held.map_err(LookError::TakeLeases)?;
                if std::mem::replace(&mut self.lease_session, held.session) != held.session {
                    // Another process may have worked in between.
                    self.seen.clear();
                }
                for tenant in &tenants {
                    if held.tenants.contains(&tenant.id) {
                        self.visit(tenant).await;
                    }
                }
            }
            if is_last {
                return Ok(());
            }
        }
    }

    /// Looks at a tenant, if it is time to.
    async fn visit(&mut self, tenant: &Tenant) {
        let now = self.looker.ambient.now();
        let seen = self.seen.entry(tenant.id).or_insert(Seen {
            looked_by: None,
            look_at: now,
            is_failing: false,
        });
        let is_anew = seen.looked_by != Some(tenant.alerting_from);
        // A clock that was set back must not silence it for long.
        let is_due = is_anew || now >= seen.look_at || seen.look_at > now + LOOK_INTERVAL;
        if !is_due {
            return;
        }
        match self.looker.look(tenant, is_anew, now).await {
            Ok(()) => {
                if std::mem::replace(&mut seen.is_failing, false) {
                    tracing::info!(tenant = %tenant.slug, "watching for alerts works again");
                }
                seen.looked_by = Some(tenant.alerting_from);
            }
            Err(error) => {
                if !std::mem::replace(&mut seen.is_failing, true) {
                    let error = causes(&error);
                    tracing::warn!(tenant = %tenant.slug, %error, "watching for alerts fails; it is tried again");
                }
            }
        }
        let opening = next_opening(&tenant.settings.calendar, now);
        let later = now + LOOK_INTERVAL;
        seen.look_at = opening.map_or(later, |opening| opening.min(later));
    }
}

/// Whether anything may come of a look.
fn is_watched(tenant: &Tenant) -> bool {
    !tenant.alert_rules.is_empty() || !tenant.alerts.is_empty() || tenant.alerting_from > Version::ZERO
}
