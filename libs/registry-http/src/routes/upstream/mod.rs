//! Questions to Paymint that cannot wait.

pub mod balance;
pub mod merchant_balance;
pub mod reconcile;

use chrono::{DateTime, Utc};
use registry_upstream::BalanceRead;
use serde::Serialize;
use utoipa::ToSchema;

use crate::problem::Code;

/// What every question to Paymint may be told.
const PROBLEMS_OF_QUESTIONS: &[Code] = &[
    Code::MerchantNotFound,
    Code::UpstreamNotConfigured,
    Code::UpstreamUnusable,
    Code::UpstreamRateCapped,
    Code::UpstreamRefused,
    Code::UpstreamUnreachable,
    Code::UpstreamUnavailable,
    Code::UpstreamUnreadable,
    Code::UpstreamNoAnswer,
    Code::Overloaded,
    Code::Stopping,
];

/// A balance.
#[derive(Serialize, ToSchema)]
#[schema(as = Balance)]
struct BalanceDocument {
    /// Always `balance`.
    #[schema(example = "balance")]
    object: &'static str,
    /// The merchant whose wallet it is; null for your own, the partner's.
    #[schema(required = true)]
    merchant_id: Option<String>,
    /// Points; one is worth one won.
    #[schema(example = 120_000)]
    points: i64,
    /// Below how many points your settings call the partner's balance low; null for no warning.
    #[schema(required = true, example = 5_500)]
    low_threshold: Option<i64>,
    /// Whether it is low by that threshold; null without one.
    #[schema(required = true, example = false)]
    low: Option<bool>,
    /// Where it can be topped up, if Paymint said so.
    #[schema(required = true, example = "https://paymint.example/charge")]
    charge_url: Option<String>,
    /// When it was read.
    read_at: DateTime<Utc>,
}

impl BalanceDocument {
    fn new(merchant_id: Option<String>, threshold: Option<i64>, read: BalanceRead) -> Self {
        Self {
            object: "balance",
            merchant_id,
            points: read.points,
            low_threshold: threshold,
            low: threshold.map(|threshold| read.points < threshold),
            charge_url: read.charge_url,
            read_at: read.read_at,
        }
    }
}
