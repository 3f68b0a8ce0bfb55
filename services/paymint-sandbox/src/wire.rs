//! The partner API under `/partner`: the calls of API V2 that concern sub-merchants, bills, cash receipts and cards on file, as
//! far as they are documented.
//!
//! Every call is a POST with a JSON body that holds the key. Every answer is an envelope `{code, message, data}`;
//! refusals come with HTTP 200, malformed calls with HTTP 400.

mod auth_mapping;
mod bill;
mod call;
mod cash_receipt;
mod envelope;
mod fields;
mod mapping_status;
mod parameters;
mod partner_info;
mod race;
mod read_mapping;
mod remain_count;
mod rp;

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::{MethodRouter, post};

use crate::faults::CallName;
use crate::upstream::Upstream;
use call::{Call, Handler};

pub(crate) fn router() -> Router<Arc<Upstream>> {
    Router::new()
        .route("/auth/mapping", on(CallName::AuthMapping, auth_mapping::answer))
        .route(
            "/auth/mapping-status",
            on(CallName::MappingStatus, mapping_status::answer),
        )
        .route("/read/mapping", on(CallName::ReadMapping, read_mapping::answer))
        .route(
            "/read/remain_count",
            on(CallName::RemainCount, remain_count::of_partner),
        )
        .route(
            "/read/merchant/remain_count",
            on(CallName::MerchantRemainCount, remain_count::of_merchant),
        )
        .route("/read/partner", on(CallName::ReadPartner, partner_info::read))
        .route("/update/partner", on(CallName::UpdatePartner, partner_info::update))
        .merge(of_bills())
}

fn of_bills() -> Router<Arc<Upstream>> {
    Router::new()
        .route("/bill", on(CallName::Bill, bill::create::answer))
        .route("/bill/resend", on(CallName::BillResend, bill::resend::answer))
        .route("/bill/read", on(CallName::BillRead, bill::read::answer))
        .route("/bill/destroy", on(CallName::BillDestroy, bill::destroy::answer))
        .route("/bill/cancel", on(CallName::BillCancel, bill::cancel::answer))
        .route("/bill/rp", on(CallName::BillRp, bill::rp::answer))
        .route(
            "/cash-receipt/issue",
            on(CallName::CashReceiptIssue, cash_receipt::issue::answer),
        )
        .route(
            "/cash-receipt/cancel",
            on(CallName::CashReceiptCancel, cash_receipt::cancel::answer),
        )
        .route(
            "/cash-receipt/read",
            on(CallName::CashReceiptRead, cash_receipt::read::answer),
        )
        .route("/rp/manage", on(CallName::RpManage, rp::manage::answer))
        .route("/rp/delete", on(CallName::RpDelete, rp::delete::answer))
        .route("/customer/pay-method", on(CallName::PayMethod, rp::read::answer))
}

fn on(name: CallName, handler: Handler) -> MethodRouter<Arc<Upstream>> {
    post(move |State(upstream): State<Arc<Upstream>>, body: Bytes| {
        Call {
            name,
            handler,
            upstream,
            body,
        }
        .answer()
    })
}
