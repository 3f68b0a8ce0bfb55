//! `GET /v1/merchants/{id}/billing-eligibility`

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use chrono::{DateTime, Utc};
use registry_domain::merchant::{BillingFacts, Eligibility, Merchant, WalletReading, Wallets, eligibility};
use registry_domain::review::{ClaimSource, MappingStatus};
use registry_domain::tenant::{Scope, TenantState};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::parse_id;
use crate::caller::Caller;
use crate::commands::current;
use crate::operation::{Access, Operation, Route};
use crate::problem::{Code, Problem};
use crate::state::AppState;

const SCOPE: Scope = Scope::MerchantsRead;

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Key(SCOPE),
        problems: &[Code::MerchantNotFound],
    };
    operation.document(routes!(get_billing_eligibility))
}

/// Ask whether a merchant may bill
///
/// Yes or no, why, and on what that rests. Paymint is not called. What only casts doubt on a shop that is known to be
/// open stands beside a yes: `evidence.verification` says how far the review can be trusted. To be sure, ask Paymint
/// first (`POST /v1/merchants/{id}/reconciliations`). A wallet counts as empty only if both wallets were read lately and
/// are: which of the two pays is a matter of your contract with Paymint.
#[utoipa::path(
    get,
    path = "/v1/merchants/{id}/billing-eligibility",
    tag = "Billing",
    params(("id" = String, Path, description = "The merchant's id", example = "mer_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")),
    responses((status = 200, description = "The answer", body = EligibilityDocument))
)]
async fn get_billing_eligibility(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<EligibilityDocument>, Problem> {
    caller.require(SCOPE)?;
    let merchant = current(&state, &caller, parse_id(&id)?).await?;
    let tenant_id = caller.tenant_id();
    let payers = state.archive.reader().payers(tenant_id, merchant.id).await?;
    let (tenant, wallets) = payers.ok_or(Code::Unauthenticated)?;
    let wallets = wallets.known_at(state.ambient.now());
    let facts = BillingFacts {
        tenant_suspended: tenant.state == TenantState::Suspended,
        balance: wallets.fact(),
    };
    let can_verify = tenant.can_verify();
    let answer = eligibility(&merchant, &facts);
    Ok(Json(EligibilityDocument::new(&merchant, &answer, &wallets, can_verify)))
}

/// Whether a merchant may bill.
#[derive(Serialize, ToSchema)]
#[schema(as = BillingEligibility)]
struct EligibilityDocument {
    /// Always `billing_eligibility`.
    #[schema(example = "billing_eligibility")]
    object: &'static str,
    /// The merchant.
    #[schema(example = "mer_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")]
    merchant_id: String,
    /// The merchant's version that the answer is about.
    #[schema(example = 7)]
    version: u64,
    /// Whether it may.
    #[schema(example = true)]
    may_bill: bool,
    /// Why: `opened`, `linked_without_review`; or why not: `tenant_suspended`, `archived`, `unlinked`,
    /// `missing_upstream`, `paused`, `not_opened`, `review_unknown`, `balance_empty`. Others may appear.
    #[schema(example = "opened")]
    reason: &'static str,
    /// What that rests on.
    evidence: EvidenceDocument,
}

/// What an answer about billing rests on.
#[derive(Serialize, ToSchema)]
#[schema(as = BillingEvidence)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each says one thing to a reader of JSON, and all combinations may come"
)]
struct EvidenceDocument {
    /// The review status.
    #[schema(example = "opened")]
    status: &'static str,
    /// How far it can be trusted: `verified`, `unverified`, `held`, `conflicting`.
    #[schema(example = "verified")]
    verification: &'static str,
    /// Who said so: `callback`, `read_back`, `reconciliation`, `list`.
    #[schema(example = "read_back")]
    source: Option<&'static str>,
    /// When Paymint last said anything about the shop.
    observed_at: Option<DateTime<Utc>>,
    /// When Paymint was last asked about it with an answer that was believed.
    last_asked_at: Option<DateTime<Utc>>,
    /// Whether Paymint can be asked about it at all. If not, nothing can be verified.
    can_verify: bool,
    /// Paymint has not said that the shop is deleted.
    linked: bool,
    /// 하위 사업장 상태: the word of Paymint's list for the link.
    #[schema(example = "COMPLETED")]
    mapping_status: Option<String>,
    /// The link is paused by that word.
    paused: bool,
    /// You have put the shop away.
    archived: bool,
    /// Your partner wallet, if it was read in the last minutes.
    partner_wallet: Option<WalletDocument>,
    /// The shop's own wallet, if it was read in the last minutes.
    merchant_wallet: Option<WalletDocument>,
}

/// A wallet, as it was last read.
#[derive(Serialize, ToSchema)]
#[schema(as = Wallet)]
struct WalletDocument {
    /// Points; one is worth one won.
    #[schema(example = 120_000)]
    points: i64,
    /// When they were read.
    read_at: DateTime<Utc>,
}

impl WalletDocument {
    fn new(read: WalletReading) -> Self {
        Self {
            points: read.points,
            read_at: read.read_at,
        }
    }
}

impl EligibilityDocument {
    fn new(merchant: &Merchant, answer: &Eligibility, wallets: &Wallets, can_verify: bool) -> Self {
        let evidence = &answer.evidence;
        Self {
            object: "billing_eligibility",
            merchant_id: merchant.id.to_string(),
            version: merchant.version.0,
            may_bill: answer.may_bill,
            reason: answer.reason.as_str(),
            evidence: EvidenceDocument {
                status: evidence.status.as_str(),
                verification: evidence.verification.as_str(),
                source: evidence.source.map(ClaimSource::as_str),
                observed_at: merchant.review.observed_at,
                last_asked_at: merchant.memory.asked_at,
                can_verify,
                linked: evidence.linked,
                mapping_status: merchant
                    .review
                    .mapping_status
                    .as_ref()
                    .map(MappingStatus::as_str)
                    .map(str::to_owned),
                paused: evidence.mapping_phase == Some(registry_domain::review::MappingPhase::Paused),
                archived: evidence.archived,
                partner_wallet: wallets.partner.map(WalletDocument::new),
                merchant_wallet: wallets.merchant.map(WalletDocument::new),
            },
        }
    }
}
