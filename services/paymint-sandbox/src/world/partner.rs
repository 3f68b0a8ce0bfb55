//! How it stands with one partner.

use serde::{Deserialize, Serialize};
use url::Url;

/// The points in a partner's wallet at the beginning.
const POINTS: i32 = 1_000_000;

/// Out of which wallet bills are paid. That stands in the contract.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Wallet {
    /// Each business has its own.
    #[default]
    Merchant,
    /// The partner pays for all.
    Partner,
    /// The contract says nothing, and nothing can be paid.
    Missing,
}

/// How it stands with one partner, as `PUT /_sandbox/partners/{number}` takes it. What is left out is as at the
/// beginning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Partner {
    /// The points in its wallet.
    pub(crate) points: i32,
    /// The result code with which every call of it is refused, such as `PARTNER_006`.
    pub(crate) refused_with: Option<String>,
    /// Out of which wallet bills are paid.
    pub(crate) wallet: Wallet,
    /// The callback URL of the partner as a whole, as it set it last.
    pub(crate) callback_url: Option<Url>,
}

impl Default for Partner {
    fn default() -> Self {
        Self {
            points: POINTS,
            refused_with: None,
            wallet: Wallet::default(),
            callback_url: None,
        }
    }
}
