//! Rounds over all tenants.

use std::sync::Arc;
use std::time::Duration;

use registry_domain::causes;
use registry_domain::tenant::Tenant;
use registry_journal::port::{Duty, PageSize};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::{Courier, UNDER_WAY_MAX};
use crate::CourierError;

/// How often it is looked whether something is to be done.
const ROUND: Duration = Duration::from_secs(1);

/// How long what is on its way is waited for at the end: most receivers answer within a fraction of it.
const FINISH_LIMIT: Duration = Duration::from_secs(3);

/// How many tenants are read at once.
const TENANTS_PAGE: PageSize = PageSize::clamped(500);

/// Destinations at which something is due that are looked at in a round.
const DUE_PAGE: PageSize = PageSize::MAX;

impl Courier {
    /// Works until it is told to stop. What is on its way then has a moment to arrive; what does not is taken on anew by whoever comes
    /// next.
    pub async fn run(mut self, cancellation: CancellationToken) {
        let mut rested = Box::pin(sleep(Duration::ZERO));
        loop {
            tokio::select! {
                () = cancellation.cancelled() => break,
                Some(carried) = self.under_way.join_next(), if !self.under_way.is_empty() => {
                    let note = self.note(carried);
                    if cancellation.run_until_cancelled(note).await.is_none() {
                        break;
                    }
                }
                () = &mut rested => {
                    if cancellation.run_until_cancelled(self.round()).await.is_none() {
                        break;
                    }
                    rested = Box::pin(sleep(ROUND));
                }
            }
        }
        let finished = async { while self.under_way.join_next().await.is_some() {} };
        if timeout(FINISH_LIMIT, finished).await.is_err() {
            self.under_way.shutdown().await;
        }
        self.leases.release().await;
    }

    async fn round(&mut self) {
        match self.visit_all().await {
            Ok(()) => self.is_blind = false,
            Err(error) => {
                if !std::mem::replace(&mut self.is_blind, true) {
                    tracing::warn!(error = %causes(&error), "alerts are not carried to their destinations; it is tried again");
                }
            }
        }
    }

    async fn visit_all(&mut self) -> Result<(), CourierError> {
        let mut after = None;
        let mut seen = Vec::new();
        loop {
            let page = self.archive.reader().tenants(after, TENANTS_PAGE).await;
            let page = page.map_err(CourierError::ListTenants)?;
            let is_last = page.len() < TENANTS_PAGE.get() as usize;
            after = page.last().map(|listed| listed.id);
            // One that cannot be read is told of by others.
            let tenants = page
                .into_iter()
                .filter_map(|listed| Some((listed.tenant.ok()?, listed.head)));
            let tenants: Vec<_> = tenants.filter(|(tenant, _)| self.has_any(tenant)).collect();
            let ids: Vec<_> = tenants.iter().map(|(tenant, _)| tenant.id).collect();
            if !ids.is_empty() {
                let held = self.leases.hold(Duty::Delivering, &ids).await;
                let held = held.map_err(CourierError::TakeLeases)?;
                if std::mem::replace(&mut self.lease_session, held.session) != held.session {
                    self.forget_all();
                }
                let ours = tenants
                    .into_iter()
                    .filter(|(tenant, _)| held.tenants.contains(&tenant.id));
                for (tenant, head) in ours {
                    let tenant = Arc::new(tenant);
                    self.follow(&tenant, head).await;
                    seen.push(tenant);
                }
            }
            if is_last {
                break;
            }
        }
        self.tenants = seen.into_iter().map(|tenant| (tenant.id, tenant)).collect();
        self.forget_some();
        self.carry_due().await
    }

    /// Sends what is due, as far as there is room.
    async fn carry_due(&mut self) -> Result<(), CourierError> {
        let now = self.ambient.now();
        let due = self.archive.reader().due_deliveries(now, DUE_PAGE).await;
        let due = due.map_err(CourierError::ReadDue)?;
        self.due_of = due.iter().map(|due| due.tenant_id).collect();
        let due: Vec<_> = due
            .into_iter()
            .filter(|due| self.tenants.contains_key(&due.tenant_id))
            .collect();
        let count = due.iter().map(|due| due.count).sum();
        self.numbers.due(count, due.iter().map(|due| due.since).min());
        for due in due {
            if self.under_way.len() >= UNDER_WAY_MAX {
                break;
            }
            self.visit_destination(due.tenant_id, due.destination).await?;
        }
        Ok(())
    }

    /// Whether anything is to be carried, or put away since its destination is no more.
    fn has_any(&self, tenant: &Tenant) -> bool {
        !tenant.destinations.is_empty() || self.due_of.contains(&tenant.id)
    }
}
