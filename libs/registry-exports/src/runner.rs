//! Whose file is made when: one of each tenant at a time, and of few tenants at once, in turns: however many files one has asked for,
//! another waits for one of them at most.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use registry_domain::{TenantId, causes};
use registry_journal::port::{DueExport, Duty, Leases, PageSize, ReadError};
use registry_journal::{Ambient, Archive};
use tokio::task::JoinSet;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::limits::{ExportLimits, MADE_AT_ONCE};
use crate::make::{Workshop, make};
use crate::numbers::ExportNumbers;
use crate::wish::ReadList;

/// How often it is looked whether something is to be made.
const ROUND: Duration = Duration::from_millis(500);

/// How long a tenant waits whose file did not come to its end.
const AFTER_FAILURE: Duration = Duration::from_secs(2);

/// After how many rounds it is looked for what is old.
const ROUNDS_PER_SWEEP: u32 = 600;

/// What the runner works with.
pub struct ExportRunnerParts {
    /// The log.
    pub archive: Archive,
    /// Which tenants are ours.
    pub leases: Arc<dyn Leases>,
    /// Clock and ids.
    pub ambient: Ambient,
    /// How much there may be of what.
    pub limits: ExportLimits,
    /// How a list is read.
    pub read_list: ReadList,
    /// Counts.
    pub numbers: ExportNumbers,
}

/// Why a round ended early. The next one begins anew.
#[derive(Debug, thiserror::Error)]
enum RoundError {
    #[error("what is to be made could not be read")]
    ReadDue(#[source] ReadError),
    #[error("the leases could not be taken")]
    TakeLeases(#[source] ReadError),
    #[error("the tenants could not be listed")]
    ListTenants(#[source] ReadError),
    #[error("old exports could not be forgotten")]
    Forget(#[source] ReadError),
}

/// Makes the files of all tenants.
pub struct ExportRunner {
    shop: Arc<Workshop>,
    leases: Arc<dyn Leases>,
    making: HashSet<TenantId>,
    /// When each tenant that still waits for something had its turn last, counted in turns.
    served: HashMap<TenantId, u64>,
    turns: u64,
    under_way: JoinSet<TenantId>,
    rounds: u32,
    is_blind: bool,
}

impl ExportRunner {
    /// A runner that has done nothing yet.
    pub fn new(parts: ExportRunnerParts) -> Self {
        Self {
            shop: Arc::new(Workshop {
                archive: parts.archive,
                ambient: parts.ambient,
                limits: parts.limits,
                read_list: parts.read_list,
                numbers: parts.numbers,
            }),
            leases: parts.leases,
            making: HashSet::new(),
            served: HashMap::new(),
            turns: 0,
            under_way: JoinSet::new(),
            rounds: 0,
            is_blind: false,
        }
    }

    /// Works until it is told to stop. What is not made by then, whoever comes next makes anew.
    pub async fn run(mut self, cancellation: CancellationToken) {
        let mut rested = Box::pin(sleep(Duration::ZERO));
        loop {
            tokio::select! {
                () = cancellation.cancelled() => break,
                Some(made) = self.under_way.join_next(), if !self.under_way.is_empty() => {
                    if let Ok(tenant) = made {
                        self.making.remove(&tenant);
                    } else {
                        // One that panicked: whose it was is not known, so all others are given up too.
                        self.under_way.shutdown().await;
                        self.making.clear();
                    }
                    rested = Box::pin(sleep(Duration::ZERO));
                }
                () = &mut rested => {
                    if cancellation.run_until_cancelled(self.round()).await.is_none() {
                        break;
                    }
                    rested = Box::pin(sleep(ROUND));
                }
            }
        }
        self.under_way.shutdown().await;
        self.leases.release().await;
    }

    async fn round(&mut self) {
        self.rounds = self.rounds.wrapping_add(1);
        let round = match self.begin().await {
            Ok(()) if self.rounds % ROUNDS_PER_SWEEP == 1 => self.sweep().await,
            looked => looked,
        };
        match round {
            Ok(()) => self.is_blind = false,
            Err(error) => {
                if !std::mem::replace(&mut self.is_blind, true) {
                    tracing::warn!(error = %causes(&error), "exports are not made; it is tried again");
                }
            }
        }
    }

    /// Looks what is to be made, and begins what there is room for.
    async fn begin(&mut self) -> Result<(), RoundError> {
        let reader = self.shop.archive.reader();
        let mut due = reader.due_exports(PageSize::MAX).await.map_err(RoundError::ReadDue)?;
        let mut tenants: Vec<_> = due.iter().map(|due| due.tenant_id).collect();
        self.served.retain(|tenant, _| tenants.contains(tenant));
        in_turn(&mut due, &self.served);
        tenants.sort_unstable();
        if !tenants.is_empty() && self.under_way.len() < MADE_AT_ONCE {
            let held = self.leases.hold(Duty::Exports, &tenants).await;
            let held = held.map_err(RoundError::TakeLeases)?.tenants;
            for due in due.iter().filter(|due| held.contains(&due.tenant_id)) {
                if self.under_way.len() < MADE_AT_ONCE && self.making.insert(due.tenant_id) {
                    self.turns += 1;
                    self.served.insert(due.tenant_id, self.turns);
                    self.under_way.spawn(made(Arc::clone(&self.shop), *due));
                }
            }
        }
        self.shop.numbers.now(tenants.len(), self.under_way.len());
        Ok(())
    }

    /// Forgets what is old, of all tenants. Whoever does it does it for all.
    async fn sweep(&self) -> Result<(), RoundError> {
        let (reader, limits) = (self.shop.archive.reader(), self.shop.limits);
        let before = self.shop.ambient.now() - limits.kept_for;
        let mut failed = Ok(());
        let mut after = None;
        loop {
            let page = reader.tenants(after, PageSize::MAX).await;
            let page = page.map_err(RoundError::ListTenants)?;
            let Some(last) = page.last() else { return failed };
            after = Some(last.id);
            for listed in &page {
                // One tenant's that cannot be forgotten keep nobody else's.
                let forgotten = reader.forget_exports(listed.id, before).await;
                failed = forgotten.map_err(RoundError::Forget).and(failed);
            }
        }
    }
}

/// Whoever had no turn yet comes first, then whoever had it longest ago; among equals the one that waits longest.
fn in_turn(due: &mut [DueExport], served: &HashMap<TenantId, u64>) {
    due.sort_unstable_by_key(|due| (served.get(&due.tenant_id).copied(), due.created_at));
}

async fn made(shop: Arc<Workshop>, due: DueExport) -> TenantId {
    if let Err(error) = make(&shop, due.tenant_id, due.id).await {
        tracing::warn!(tenant = %due.tenant_id, export = %due.id, error = %causes(&error), "an export is begun anew");
        sleep(AFTER_FAILURE).await;
    }
    due.tenant_id
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};
    use registry_domain::ExportId;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn whoever_has_asked_for_many_goes_behind_those_who_wait() {
        let tenant = |number| TenantId::from_uuid(Uuid::from_u128(number));
        let due = |number, seconds| DueExport {
            tenant_id: tenant(number),
            id: ExportId::from_uuid(Uuid::from_u128(number)),
            created_at: DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds),
        };
        // The first two asked long before the others, and have had their turns.
        let served = HashMap::from([(tenant(1), 2), (tenant(2), 1)]);
        let mut waiting = [due(1, 0), due(2, 1), due(3, 9), due(4, 8)];
        in_turn(&mut waiting, &served);
        assert_eq!(waiting.map(|due| due.tenant_id), [4, 3, 2, 1].map(tenant));
    }
}
