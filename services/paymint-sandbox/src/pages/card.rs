//! `/rp/{token}`: where a payer puts a card on file. No number is asked for: the card is a made-up one.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;

use super::{not_found, page};
use crate::clock;
use crate::upstream::Upstream;
use crate::world::BillDenied;

#[derive(Template)]
#[template(path = "card.html")]
struct CardPage {
    company_name: String,
    member_name: Option<String>,
    /// The issuer and the number, if there is a card.
    card: Option<(String, String)>,
    redirect_url: Option<String>,
}

pub(super) async fn show(State(upstream): State<Arc<Upstream>>, Path(token): Path<String>) -> Response {
    let shown = upstream.with_world(|world| {
        let method = world.pay_method_by_token(&token)?;
        let business = &world.get(method.mapping).ok()?.business;
        let card = method.registered.as_ref().map(|registered| &registered.card);
        Some(CardPage {
            company_name: business.company_name.clone().unwrap_or_else(|| "가맹점".to_owned()),
            member_name: method.member_name.clone(),
            card: card.map(|card| (card.issuer.clone(), card.number.clone())),
            redirect_url: method.page_redirect_url.as_ref().map(ToString::to_string),
        })
    });
    shown.map_or_else(not_found, |shown| page(StatusCode::OK, &shown))
}

pub(super) async fn register(State(upstream): State<Arc<Upstream>>, Path(token): Path<String>) -> Response {
    let done = upstream.with_world(|world| {
        let method = world.pay_method_by_token(&token).ok_or(BillDenied::NoPayMethod)?;
        let (id, phone) = (method.mapping, method.phone.clone());
        world.register_card(id, &phone, false, clock::now()).map(|_method| ())
    });
    match done {
        Ok(()) => Redirect::to(&format!("/rp/{token}")).into_response(),
        Err(_) => not_found(),
    }
}
