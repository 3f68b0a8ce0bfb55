//! Handing a command of a tenant to the write path, and what comes back.

use registry_domain::merchant::Merchant;
use registry_domain::tenant::{self, Tenant};
use registry_domain::{MerchantId, Version};
use registry_journal::archive::{TooLong, Until};
use registry_journal::{Idempotency, Order, Outcome, RecordedEvent, Submission};
use registry_web::RequestContext;

use crate::caller::Caller;
use crate::problem::{Code, Problem};
use crate::state::AppState;

/// A command that has been done.
pub struct Done {
    /// The merchant after it.
    pub merchant: Merchant,
    /// What was written; nothing if it had been done before.
    pub events: Vec<RecordedEvent>,
    /// It had been done before, with the same Idempotency-Key.
    pub replayed: bool,
}

/// Does a command about a merchant; it is durable when this returns.
pub async fn run(
    state: &AppState,
    caller: &Caller,
    context: &RequestContext,
    idempotency: Option<Idempotency>,
    merchant_id: MerchantId,
    order: Order,
) -> Result<Done, Problem> {
    let submission = Submission {
        tenant_id: caller.tenant_id(),
        origin: caller.origin(context),
        idempotency,
        order,
    };
    match state.writer.submit(submission).await? {
        Outcome::Written(written) => {
            let merchant = match written.merchant {
                Some(merchant) => *merchant,
                None => current(state, caller, merchant_id).await?,
            };
            Ok(Done {
                merchant,
                events: written.events,
                replayed: false,
            })
        }
        Outcome::Replayed(replay) => {
            let merchant = at_version(state, caller, replay.merchant_id, replay.version).await?;
            Ok(Done {
                merchant,
                events: Vec::new(),
                replayed: true,
            })
        }
        Outcome::KeyReused => Err(Code::IdempotencyKeyReused.into()),
        Outcome::Refused(refusal) => Err(refusal.into()),
        Outcome::TenantRefused(refusal) => Err(Problem::internal("run a command of a merchant", &refusal)),
    }
}

/// A command to the tenant itself that has been done.
pub struct DoneOfTenant {
    /// The tenant after it.
    pub tenant: Tenant,
    /// Whether anything came of it: else the wish was fulfilled already.
    pub is_news: bool,
}

/// Does a command about the tenant itself; it is durable when this returns. All of them may be repeated.
pub async fn run_of_tenant(
    state: &AppState,
    caller: &Caller,
    context: &RequestContext,
    command: tenant::Command,
) -> Result<DoneOfTenant, Problem> {
    let submission = Submission {
        tenant_id: caller.tenant_id(),
        origin: caller.origin(context),
        idempotency: None,
        order: Order::Tenant(command),
    };
    match state.writer.submit(submission).await? {
        Outcome::Written(written) => Ok(DoneOfTenant {
            is_news: !written.event_ids.is_empty(),
            tenant: *written.tenant.ok_or(Code::Internal)?,
        }),
        // It carries none.
        Outcome::Replayed(_) => Err(Code::Internal.into()),
        Outcome::KeyReused => Err(Code::IdempotencyKeyReused.into()),
        Outcome::Refused(refusal) => Err(refusal.into()),
        Outcome::TenantRefused(refusal) => Err(refusal.into()),
    }
}

/// A merchant as it is now.
pub async fn current(state: &AppState, caller: &Caller, id: MerchantId) -> Result<Merchant, Problem> {
    let merchant = state.archive.reader().merchant(caller.tenant_id(), id).await?;
    merchant.ok_or_else(|| Code::MerchantNotFound.into())
}

/// A merchant that Paymint is asked about, with its tenant.
pub async fn asked_about(state: &AppState, caller: &Caller, id: MerchantId) -> Result<(Tenant, Merchant), Problem> {
    let found = state.archive.reader().asked_about(caller.tenant_id(), id).await?;
    found.ok_or_else(|| Code::MerchantNotFound.into())
}

/// A merchant as it was then; none before it was registered. A life is read event by event: not of too many at once for one
/// tenant, and not one that is too long.
pub async fn in_past(
    state: &AppState,
    caller: &Caller,
    id: MerchantId,
    until: Until,
) -> Result<Option<Merchant>, Problem> {
    let (tenant, past) = (caller.tenant_id(), &state.past);
    let _share = past.shares.enter(tenant, "a merchant's past").await?;
    let read = state.archive.merchant_within(tenant, id, until, past.events_max);
    read.await?.map_err(|TooLong| Code::PastTooLong.into())
}

/// A merchant as it was at a version.
pub async fn at_version(
    state: &AppState,
    caller: &Caller,
    id: MerchantId,
    version: Version,
) -> Result<Merchant, Problem> {
    let merchant = in_past(state, caller, id, Until::Version(version)).await?;
    let merchant = merchant.ok_or(Code::MerchantNotFound)?;
    if merchant.version == version {
        Ok(merchant)
    } else {
        Err(Code::VersionNotFound.into())
    }
}
