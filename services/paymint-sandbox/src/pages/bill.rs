//! `/b/{token}`: where a payer looks at a bill and pays it, or has the card refused. After the payment the page leads back to
//! the partner.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use chrono::{DateTime, NaiveDate, Utc};
use http::StatusCode;
use serde::Deserialize;

use super::{not_found, page, seoul};
use crate::clock;
use crate::upstream::Upstream;
use crate::world::{Bill, BillDenied, BillNumber, BillState, Mapping, World};

/// What the address tells about what was done last.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct After {
    after: Option<Deed>,
}

/// What a payer did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Deed {
    Paid,
    Declined,
}

#[derive(Template)]
#[template(path = "bill.html")]
struct BillPage {
    headline: &'static str,
    text: &'static str,
    label: &'static str,
    style: &'static str,
    token: String,
    issuer: String,
    product_name: String,
    price: String,
    member_name: String,
    message: Option<String>,
    last_day: Option<NaiveDate>,
    /// The number of the approval and when it was given.
    payment: Option<(String, String)>,
    is_payable: bool,
    was_declined: bool,
    redirect_url: Option<String>,
    /// Whether the page goes on to the partner by itself.
    leaves: bool,
}

impl BillPage {
    fn new(bill: &Bill, mapping: &Mapping, deed: Option<Deed>, now: DateTime<Utc>) -> Self {
        let (headline, text, label, style) = words(bill, now);
        let order = bill.order.clone();
        let company = mapping.business.company_name.clone();
        let payment = bill.state.payment();
        let redirect_url = order.page_redirect_url.filter(|_| payment.is_some());
        Self {
            headline,
            text,
            label,
            style,
            token: bill.token.clone(),
            issuer: order.issuer.or(company).unwrap_or_else(|| "가맹점".to_owned()),
            product_name: order.product_name,
            price: won(order.price),
            member_name: order.member_name,
            message: order.message,
            last_day: order.expires_on,
            payment: payment.map(|payment| (payment.number.clone(), seoul(payment.paid_at))),
            is_payable: bill.is_payable(now),
            was_declined: deed == Some(Deed::Declined) && bill.is_payable(now),
            leaves: deed == Some(Deed::Paid) && redirect_url.is_some(),
            redirect_url: redirect_url.map(String::from),
        }
    }
}

/// The headline, what there is to say, the state in a word, and the end of its style class.
pub(super) fn words(bill: &Bill, now: DateTime<Utc>) -> (&'static str, &'static str, &'static str, &'static str) {
    match &bill.state {
        BillState::Waiting if bill.is_expired(now) => (
            "결제 기한이 지났습니다",
            "청구서를 보낸 곳에 문의해 주세요.",
            "기한 지남",
            "documents",
        ),
        BillState::Waiting => (
            "청구서가 도착했습니다",
            "내용을 확인하고 결제해 주세요.",
            "결제 대기",
            "review",
        ),
        BillState::Paid(_) => ("결제가 완료되었습니다", "이 창은 닫아도 됩니다.", "결제 완료", "opened"),
        BillState::Cancelled(..) => (
            "결제가 취소되었습니다",
            "결제한 금액은 모두 환불됩니다.",
            "결제 취소",
            "rejected",
        ),
        BillState::Destroyed => (
            "청구서가 취소되었습니다",
            "결제하지 않아도 됩니다.",
            "청구 취소",
            "deleted",
        ),
    }
}

/// An amount as people read it: `12,000원`.
pub(super) fn won(amount: u64) -> String {
    let digits = amount.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text + "원"
}

pub(super) async fn show(
    State(upstream): State<Arc<Upstream>>,
    Path(token): Path<String>,
    Query(After { after }): Query<After>,
) -> Response {
    let shown = upstream.with_world(|world| {
        let number = world.bill_by_token(&token).ok_or(BillDenied::NotFound)?;
        let bill = world.bill(number)?;
        Ok(BillPage::new(bill, world.get(bill.mapping)?, after, clock::now()))
    });
    shown.map_or_else(|_: BillDenied| not_found(), |shown| page(StatusCode::OK, &shown))
}

pub(super) async fn pay(State(upstream): State<Arc<Upstream>>, Path(token): Path<String>) -> Response {
    act(&upstream, &token, Deed::Paid, |world, number| {
        world.pay_bill(number, None, None, clock::now())
    })
}

pub(super) async fn decline(State(upstream): State<Arc<Upstream>>, Path(token): Path<String>) -> Response {
    act(&upstream, &token, Deed::Declined, |world, number| {
        world.decline_bill(number, clock::now())
    })
}

fn act(
    upstream: &Arc<Upstream>,
    token: &str,
    deed: Deed,
    change: impl FnOnce(&mut World, BillNumber) -> Result<(), BillDenied>,
) -> Response {
    let done = upstream.with_world(|world| {
        let number = world.bill_by_token(token).ok_or(BillDenied::NotFound)?;
        change(world, number)
    });
    let after = match done {
        Ok(()) => match deed {
            Deed::Paid => "?after=paid",
            Deed::Declined => "?after=declined",
        },
        Err(BillDenied::AboveCeiling | BillDenied::CardDeclined) => "?after=declined",
        Err(BillDenied::NotFound) => return not_found(),
        // Whoever presses twice, or too late, finds the page that says how it stands.
        Err(
            BillDenied::WrongState
            | BillDenied::IdUsed
            | BillDenied::WrongPrice
            | BillDenied::NotOpen
            | BillDenied::PointsShort
            | BillDenied::NoWallet
            | BillDenied::NoPayMethod
            | BillDenied::Full,
        ) => "",
    };
    Redirect::to(&format!("/b/{token}{after}")).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_grouped_by_three() {
        for (amount, text) in [
            (1, "1원"),
            (999, "999원"),
            (1000, "1,000원"),
            (9_999_999_999, "9,999,999,999원"),
        ] {
            assert_eq!(won(amount), text);
        }
    }
}
