//! Registration links.

pub mod get;
pub mod issue;
pub mod list;
pub mod revoke;

use chrono::{DateTime, Utc};
use registry_domain::merchant::{Link, LinkState, Merchant};
use registry_domain::tenant::Scope;
use registry_domain::{LinkId, MerchantId};
use registry_urls::{Shop, ShopPage};
use serde::Serialize;
use utoipa::ToSchema;

use crate::caller::Caller;
use crate::commands::current;
use crate::problem::{Code, Problem};
use crate::state::AppState;

/// A registration link. Its URL was shown once, when it was issued.
#[derive(Serialize, ToSchema)]
#[schema(as = RegistrationLink)]
struct LinkDocument {
    /// Always `registration_link`.
    #[schema(example = "registration_link")]
    object: &'static str,
    /// The link's id.
    #[schema(example = "lnk_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")]
    id: String,
    /// The merchant that it is for.
    #[schema(example = "mer_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")]
    merchant_id: String,
    /// `requested`, `issued`, `failed`, `unknown` (Paymint did not answer) or `revoked`. Others may appear.
    #[schema(example = "issued")]
    state: &'static str,
    /// What came of the call to Paymint if the link was not issued: `not_sent`, `refused` or `unknown`.
    #[schema(required = true)]
    failure: Option<&'static str>,
    /// When it was asked for.
    requested_at: DateTime<Utc>,
    /// When Paymint issued the URL.
    #[schema(required = true)]
    issued_at: Option<DateTime<Utc>>,
}

impl LinkDocument {
    fn new(merchant_id: MerchantId, link: &Link) -> Self {
        let failure = match link.state {
            LinkState::Failed(outcome) => Some(outcome.as_str()),
            LinkState::Requested | LinkState::Issued | LinkState::Revoked => None,
        };
        Self {
            object: "registration_link",
            id: link.id.to_string(),
            merchant_id: merchant_id.to_string(),
            state: link.state.as_str(),
            failure,
            requested_at: link.requested_at,
            issued_at: link.issued_at,
        }
    }

    fn of(merchant: &Merchant, link_id: LinkId) -> Result<Self, Problem> {
        let link = merchant.link(link_id).ok_or(Code::LinkNotFound)?;
        Ok(Self::new(merchant.id, link))
    }
}

/// The address of a shop's own page, for those who may issue links; none for a shop that was put away. It is the shop's eyes: it
/// shows what the shop may see, and leads on to Paymint.
fn stable_link(state: &AppState, caller: &Caller, merchant: &Merchant) -> Option<String> {
    let is_there = merchant.archived_since.is_none() && !merchant.erased;
    (is_there && caller.may(Scope::LinksWrite)).then(|| link_of_shop(state, caller, merchant.id))
}

fn link_of_shop(state: &AppState, caller: &Caller, merchant_id: MerchantId) -> String {
    let shop = Shop {
        tenant_id: caller.tenant_id(),
        merchant_id,
    };
    let url = state.shops.urls().url(ShopPage::Link, shop);
    url.expose().to_owned()
}

/// The merchant that has the link which a path names. What does not read as an id is nobody's.
async fn find(state: &AppState, caller: &Caller, text: &str) -> Result<(Merchant, LinkId), Problem> {
    let link_id: LinkId = text.parse().map_err(|_| Problem::from(Code::LinkNotFound))?;
    let merchant_id = state
        .archive
        .reader()
        .merchant_of_link(caller.tenant_id(), link_id)
        .await?;
    let merchant = current(state, caller, merchant_id.ok_or(Code::LinkNotFound)?).await?;
    Ok((merchant, link_id))
}
