//! `GET /_sandbox/receipts`: every cash receipt.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::upstream::Upstream;
use crate::world::{Receipt, Trader};

/// Which receipts are wanted.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Filter {
    bill_id: Option<String>,
}

/// A receipt as scripts see it.
#[derive(Debug, Serialize)]
pub(super) struct ReceiptView {
    mapping: String,
    bill_id: String,
    price: u64,
    supply_price: u64,
    tax: u64,
    trader: Trader,
    issuance_number: String,
    number: String,
    issued_at: DateTime<Utc>,
    cancel_number: Option<String>,
    cancelled_at: Option<DateTime<Utc>>,
}

impl From<&Receipt> for ReceiptView {
    fn from(receipt: &Receipt) -> Self {
        let wish = receipt.wish.clone();
        let cancelled = receipt.cancelled.clone();
        Self {
            mapping: receipt.mapping.to_string(),
            bill_id: wish.bill_id,
            price: wish.price,
            supply_price: wish.supply_price,
            tax: wish.tax,
            trader: wish.trader,
            issuance_number: wish.issuance_number,
            number: receipt.issued.number.clone(),
            issued_at: receipt.issued.at,
            cancelled_at: cancelled.as_ref().map(|cancelled| cancelled.at),
            cancel_number: cancelled.map(|cancelled| cancelled.number),
        }
    }
}

pub(super) async fn list(
    State(upstream): State<Arc<Upstream>>,
    Query(filter): Query<Filter>,
) -> Json<Vec<ReceiptView>> {
    let is_wanted = |receipt: &&Receipt| filter.bill_id.as_ref().is_none_or(|id| *id == receipt.wish.bill_id);
    Json(upstream.with_world(|world| {
        world
            .receipts()
            .iter()
            .filter(is_wanted)
            .map(ReceiptView::from)
            .collect()
    }))
}
