//! `/_sandbox/bills`: every bill, what was told of it, and what payers and others do to it.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use bytes::Bytes;
use chrono::{DateTime, NaiveDate, Utc};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::mappings::CallbackView;
use super::{ControlError, Patience};
use crate::clock;
use crate::faults::CallbackMishap;
use crate::upstream::Upstream;
use crate::world::{Bill, BillDenied, BillNumber, BillState, SendType, Spelling, Telling, World};

/// Which bills are wanted.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Filter {
    member_code: Option<String>,
    merchant_code: Option<String>,
    bill_id: Option<String>,
    /// `W`, `F`, `C` or `D`.
    state: Option<char>,
}

/// A bill as scripts see it.
#[derive(Debug, Serialize)]
pub(super) struct BillView {
    id: String,
    mapping: String,
    member_code: String,
    merchant_code: String,
    bill_id: String,
    send_type: SendType,
    /// `W`, `F`, `C` or `D`.
    state: char,
    is_expired: bool,
    price: u64,
    supply_price: Option<u64>,
    tax: Option<u64>,
    product_name: String,
    member_name: String,
    phone: String,
    issuer: Option<String>,
    message: Option<String>,
    last_day: Option<NaiveDate>,
    callback_url: String,
    page_redirect_url: Option<String>,
    page_url: String,
    created_at: DateTime<Utc>,
    /// How often a message was sent.
    messages: u32,
    /// How often a payer tried and failed.
    declines: u32,
    /// The points that it has cost.
    points: i32,
    payment: Option<PaymentView>,
    refund: Option<RefundView>,
    /// How far the partner was told of the payment.
    telling: Option<Telling>,
    /// Whether no callback of its business is under way.
    idle: bool,
    /// Its callbacks among the last 50 of its business, oldest first.
    callbacks: Vec<CallbackView>,
}

#[derive(Debug, Serialize)]
struct PaymentView {
    number: String,
    paid_at: DateTime<Utc>,
    pay_type: String,
    issuer: String,
}

#[derive(Debug, Serialize)]
struct RefundView {
    number: String,
    refunded_at: DateTime<Utc>,
    reason: Option<String>,
}

impl BillView {
    fn new(upstream: &Upstream, world: &World, number: BillNumber) -> Result<Self, ControlError> {
        let bill = world.bill(number)?;
        let mapping = world.get(bill.mapping)?;
        let order = bill.order.clone();
        let records = mapping.callbacks.records();
        let payment = bill.state.payment().map(|payment| PaymentView {
            number: payment.number.clone(),
            paid_at: payment.paid_at,
            pay_type: payment.pay_type.clone(),
            issuer: payment.card.issuer.clone(),
        });
        let refund = match &bill.state {
            BillState::Cancelled(_, refund) => Some(RefundView {
                number: refund.number.clone(),
                refunded_at: refund.refunded_at,
                reason: refund.reason.clone(),
            }),
            BillState::Waiting | BillState::Paid(_) | BillState::Destroyed => None,
        };
        Ok(Self {
            id: number.to_string(),
            mapping: bill.mapping.to_string(),
            member_code: mapping.member_code.clone(),
            merchant_code: mapping.merchant_code.clone(),
            bill_id: order.bill_id,
            send_type: order.send_type,
            state: bill.state.code(),
            is_expired: bill.is_expired(clock::now()),
            price: order.price,
            supply_price: order.supply_price,
            tax: order.tax,
            product_name: order.product_name,
            member_name: order.member_name,
            phone: order.phone,
            issuer: order.issuer,
            message: order.message,
            last_day: order.expires_on,
            callback_url: order.callback_url.into(),
            page_redirect_url: order.page_redirect_url.map(String::from),
            page_url: upstream.page(&format!("/b/{}", bill.token)),
            created_at: bill.created_at,
            messages: bill.messages,
            declines: bill.declines,
            points: bill.points,
            payment,
            refund,
            telling: bill.telling,
            idle: mapping.callbacks.is_idle(),
            callbacks: records
                .filter(|record| record.bill == Some(number))
                .map(|record| CallbackView::new(upstream, record))
                .collect(),
        })
    }
}

pub(super) async fn list(
    State(upstream): State<Arc<Upstream>>,
    Query(filter): Query<Filter>,
) -> Result<Json<Vec<BillView>>, ControlError> {
    let fits = |wish: &Option<String>, code: &str| wish.as_ref().is_none_or(|wish| wish == code);
    upstream.with_world(|world| {
        let is_wanted = |bill: &&Bill| {
            let mapping = world.get(bill.mapping);
            let codes_fit = mapping.is_ok_and(|mapping| {
                fits(&filter.member_code, &mapping.member_code) && fits(&filter.merchant_code, &mapping.merchant_code)
            });
            let state_fits = filter.state.is_none_or(|state| state == bill.state.code());
            codes_fit && state_fits && fits(&filter.bill_id, &bill.order.bill_id)
        };
        let wanted = world.bills().iter().filter(is_wanted);
        let views: Result<Vec<_>, _> = wanted
            .map(|bill| BillView::new(&upstream, world, bill.number))
            .collect();
        views.map(Json)
    })
}

pub(super) async fn show(
    State(upstream): State<Arc<Upstream>>,
    Path(id): Path<String>,
    Query(patience): Query<Patience>,
) -> Result<Json<BillView>, ControlError> {
    let number = parse_id(&id)?;
    let mapping = upstream.with_world(|world| world.bill(number).map(|bill| bill.mapping))?;
    upstream.wait_until_sent(mapping, patience.longest()).await;
    change(&upstream, &id, |_, _| Ok(()))
}

/// What `POST …/pay` takes; it can be empty.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Pay {
    /// What befalls the approval; without it, what chance brings.
    mishap: Option<CallbackMishap>,
    /// Whether the payer's card on file pays.
    on_file: bool,
}

pub(super) async fn pay(
    State(upstream): State<Arc<Upstream>>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Json<BillView>, ControlError> {
    let wish: Pay = parse(&body)?;
    change(&upstream, &id, |world, number| {
        if wish.on_file {
            world.pay_by_card_on_file(number, wish.mishap, clock::now())
        } else {
            world.pay_bill(number, None, wish.mishap, clock::now())
        }
    })
}

pub(super) async fn decline(
    State(upstream): State<Arc<Upstream>>,
    Path(id): Path<String>,
) -> Result<Json<BillView>, ControlError> {
    change(&upstream, &id, |world, number| world.decline_bill(number, clock::now()))
}

/// What `POST …/cancel` takes; it can be empty.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Cancel {
    reason: Option<String>,
    /// Whether the partner is told by callback; without it, as the rules say.
    told: Option<bool>,
}

/// Somebody cancels the payment in Paymint's own console, and not the partner.
pub(super) async fn cancel(
    State(upstream): State<Arc<Upstream>>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Json<BillView>, ControlError> {
    let wish: Cancel = parse(&body)?;
    change(&upstream, &id, |world, number| {
        let price = world.bill(number)?.order.price;
        let is_told = wish.told.unwrap_or(world.rules().cancels_told);
        let cancelled = world.cancel_bill(number, price, wish.reason, is_told, clock::now());
        cancelled.map(|_bill| ())
    })
}

/// What `POST …/approval` takes; it can be empty.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Again {
    /// In the snake case of API V1.
    old_spelling: bool,
    /// Without the partner's key.
    without_key: bool,
    /// What befalls it; without it, nothing. Its content is always the approval's.
    mishap: CallbackMishap,
}

pub(super) async fn tell_again(
    State(upstream): State<Arc<Upstream>>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Json<BillView>, ControlError> {
    let wish: Again = parse(&body)?;
    let spelling = Spelling {
        is_old: wish.old_spelling,
        is_without_key: wish.without_key,
    };
    change(&upstream, &id, |world, number| {
        world.tell_again(number, spelling, wish.mishap, clock::now())
    })
}

/// What `PUT …/last-day` takes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LastDay {
    last_day: Option<NaiveDate>,
}

pub(super) async fn set_last_day(
    State(upstream): State<Arc<Upstream>>,
    Path(id): Path<String>,
    Json(wish): Json<LastDay>,
) -> Result<Json<BillView>, ControlError> {
    change(&upstream, &id, |world, number| {
        world.set_last_day(number, wish.last_day)
    })
}

fn parse<Wish: DeserializeOwned + Default>(body: &[u8]) -> Result<Wish, ControlError> {
    if body.is_empty() {
        return Ok(Wish::default());
    }
    serde_json::from_slice(body).map_err(|error| ControlError::invalid(error.to_string()))
}

fn parse_id(id: &str) -> Result<BillNumber, ControlError> {
    id.parse().map_err(|()| ControlError::not_found("bill"))
}

fn change(
    upstream: &Arc<Upstream>,
    id: &str,
    act: impl FnOnce(&mut World, BillNumber) -> Result<(), BillDenied>,
) -> Result<Json<BillView>, ControlError> {
    let number = parse_id(id)?;
    upstream.with_world(|world| {
        act(world, number)?;
        BillView::new(upstream, world, number).map(Json)
    })
}
