//! Trying a new way of asking about single merchants before it is kept. A wrong one would not show until somebody wonders
//! why nothing is verified any more.

use paymint_client::CallError;
use registry_domain::merchant::{CallFailure, CallOutcome, Stage, WhoFixes};
use registry_domain::tenant::{ReadBack, Tenant};
use registry_domain::{MemberCode, MerchantCode, Reference, TenantId};
use registry_journal::ArchiveError;
use registry_journal::port::{Direction, MerchantFilter, MerchantQuery, PageSize, SortKey};

use crate::answers;
use crate::budget::Urgency;
use crate::directory::UpstreamError;
use crate::failure::failure_of;
use crate::inquirer::Inquirer;
use crate::question::AskError;

/// The codes that are asked about while no shop has opened. Upstream's word that it does not know them is an answer too.
const PROBE: (&str, &str) = ("registry-probe", "registry-probe");

/// Why a new way of asking is not to be kept.
#[derive(Debug, thiserror::Error)]
pub enum TrialError {
    /// Upstream does not answer what is asked so.
    #[error("Paymint does not answer what is asked so")]
    Rejected(#[source] AskError),
    /// Upstream could not be asked now, in whatever way.
    #[error("it could not be tried whether Paymint answers what is asked so")]
    Untried(#[source] AskError),
    /// Nothing was sent, because of something that has nothing to do with it.
    #[error("nothing was tried")]
    NotAsked(#[source] AskError),
}

impl TrialError {
    /// What is known of the call. What was set here is set right here, whatever came.
    pub fn failure(&self) -> CallFailure {
        let (error, is_ours) = match self {
            Self::Rejected(error) => (error, true),
            Self::Untried(error) | Self::NotAsked(error) => (error, false),
        };
        let failure = match error {
            AskError::Failed(error) => failure_of(error),
            AskError::NotConfigured
            | AskError::Unusable
            | AskError::ReadBackOff
            | AskError::ReadBackUnusable
            | AskError::NoSuchMerchant
            | AskError::Paused { .. }
            | AskError::BreakerOpen { .. }
            | AskError::RateCapped { .. }
            | AskError::AnotherMerchant
            | AskError::Write(_)
            | AskError::Read(_) => CallFailure {
                outcome: CallOutcome::Unknown,
                upstream_code: None,
                retryable: true,
                who_fixes: WhoFixes::Paymint,
                strange_answer: None,
            },
        };
        if is_ours {
            CallFailure {
                retryable: false,
                who_fixes: WhoFixes::Us,
                ..failure
            }
        } else {
            failure
        }
    }
}

impl Inquirer {
    /// Asks once in a new way, if it is one and it shall be used. Nothing is written down, and the breaker does not hear of
    /// it: a wrong path says nothing about upstream.
    pub async fn try_read_back(&self, tenant: &Tenant, new: &ReadBack) -> Result<(), TrialError> {
        if !new.enabled || new.is_usual() || *new == tenant.settings.read_back {
            return Ok(());
        }
        let access = match self.directory().access(tenant.id).await {
            Ok(access) => access,
            // There is nobody to ask yet, and no key that could go astray.
            Err(UpstreamError::NotConfigured) => return Ok(()),
            Err(error) => return Err(TrialError::NotAsked(error.into())),
        };
        let upstream = &access.upstream;
        let client = upstream.client_asking(new).map_err(|error| {
            tracing::warn!(tenant = %tenant.slug, error = %registry_domain::causes(error.as_ref()), "what shall be set cannot be used");
            TrialError::NotAsked(AskError::ReadBackUnusable)
        })?;
        let reference = self.well_known(tenant.id).await.map_err(TrialError::NotAsked)?;
        self.spend(tenant.id, Urgency::Person).map_err(TrialError::NotAsked)?;
        let (member, merchant) = (reference.member_code.as_str(), reference.merchant_code.as_str());
        let answer = client.mapping_status(&upstream.api_key, member, merchant).await;
        judge(&reference, answer)
    }

    /// A pair that upstream should know, if there is one.
    async fn well_known(&self, tenant_id: TenantId) -> Result<Reference, AskError> {
        let query = MerchantQuery {
            filter: MerchantFilter {
                stages: vec![Stage::Opened],
                ..MerchantFilter::default()
            },
            sort: SortKey::UpdatedAt,
            waits: None,
            direction: Direction::Descending,
            after: None,
            limit: PageSize::clamped(1),
        };
        let opened = self.reader().merchants(tenant_id, &query).await;
        let opened = opened.map_err(ArchiveError::Read)?.pop();
        match opened.and_then(|listed| listed.merchant.ok()) {
            Some(merchant) => Ok(merchant.reference),
            None => Ok(Reference {
                member_code: MemberCode::parse(PROBE.0).map_err(|_| AskError::NoSuchMerchant)?,
                merchant_code: MerchantCode::parse(PROBE.1).map_err(|_| AskError::NoSuchMerchant)?,
            }),
        }
    }
}

/// An answer about the shop, or that there is no such shop, shows that the way is right.
fn judge(asked: &Reference, answer: Result<paymint_client::MappingStatus, CallError>) -> Result<(), TrialError> {
    match answer {
        Ok(status) => match answers::found(&status, asked) {
            Some(_) => Ok(()),
            None => Err(TrialError::Rejected(AskError::AnotherMerchant)),
        },
        Err(error) if error.is_link_not_found() => Ok(()),
        Err(error) if error.is_against_the_call() => Err(TrialError::Rejected(AskError::Failed(Box::new(error)))),
        Err(error) => Err(TrialError::Untried(AskError::Failed(Box::new(error)))),
    }
}
