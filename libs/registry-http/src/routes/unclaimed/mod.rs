//! Pairs of codes of which Paymint spoke although nobody had registered them.

pub mod adopt;
pub mod dismiss;
pub mod get;
pub mod list;

use chrono::{DateTime, Utc};
use registry_domain::UnclaimedId;
use registry_domain::review::MappingStatus;
use registry_journal::port::UnclaimedRow;
use serde::Serialize;
use utoipa::ToSchema;

use crate::caller::Caller;
use crate::problem::{Code, Problem};
use crate::state::AppState;

/// A pair of codes of which Paymint spoke although you had not registered it: linked by hand at Paymint, for example.
#[derive(Serialize, ToSchema)]
#[schema(as = UnclaimedMerchant)]
struct UnclaimedDocument {
    /// Always `unclaimed_merchant`.
    #[schema(example = "unclaimed_merchant")]
    object: &'static str,
    /// Its id.
    #[schema(example = "unc_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")]
    id: String,
    /// 파트너 사용자 코드.
    #[schema(example = "acad-12")]
    member_code: String,
    /// 파트너 매장 코드.
    #[schema(example = "store-3")]
    merchant_code: String,
    /// When Paymint first spoke of it.
    first_seen_at: DateTime<Utc>,
    /// When it last did.
    last_seen_at: DateTime<Utc>,
    /// How many callbacks named it.
    #[schema(example = 2)]
    callbacks: u64,
    /// Whether it stands in Paymint's list.
    #[schema(example = true)]
    listed: bool,
    /// 하위 사업장 상태 in that list.
    #[schema(required = true, example = "COMPLETED")]
    mapping_status: Option<String>,
    /// `open`, `adopted` or `dismissed`. Others may appear.
    #[schema(example = "open")]
    state: &'static str,
    /// The merchant that it is now, if it was adopted.
    #[schema(required = true)]
    merchant_id: Option<String>,
}

impl UnclaimedDocument {
    fn new(row: &UnclaimedRow) -> Self {
        Self {
            object: "unclaimed_merchant",
            id: row.id.to_string(),
            member_code: row.reference.member_code.as_str().to_owned(),
            merchant_code: row.reference.merchant_code.as_str().to_owned(),
            first_seen_at: row.first_seen_at,
            last_seen_at: row.last_seen_at,
            callbacks: row.callbacks,
            listed: row.listed,
            mapping_status: row
                .mapping_status
                .as_ref()
                .map(MappingStatus::as_str)
                .map(str::to_owned),
            state: row.state.as_str(),
            merchant_id: row.merchant_id.map(|id| id.to_string()),
        }
    }
}

/// The pair that a path names. What does not read as an id is nobody's.
async fn find(state: &AppState, caller: &Caller, text: &str) -> Result<UnclaimedRow, Problem> {
    let id: UnclaimedId = text
        .parse()
        .map_err(|_| Problem::from(Code::UnclaimedMerchantNotFound))?;
    let row = state
        .archive
        .reader()
        .unclaimed_merchant(caller.tenant_id(), id)
        .await?;
    row.ok_or_else(|| Code::UnclaimedMerchantNotFound.into())
}
