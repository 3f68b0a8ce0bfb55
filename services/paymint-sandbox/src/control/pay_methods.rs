//! `/_sandbox/mappings/{id}/pay-methods`: the cards that payers have on file at one business.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::ControlError;
use super::mappings::parse_id;
use crate::clock;
use crate::upstream::Upstream;
use crate::world::{PayMethod, PayMethodWish};

/// A card on file as scripts see it.
#[derive(Debug, Serialize)]
pub(super) struct PayMethodView {
    phone: String,
    key: String,
    page_url: String,
    registered_at: Option<DateTime<Utc>>,
    issuer: Option<String>,
    number: Option<String>,
    declines: bool,
}

impl PayMethodView {
    fn new(upstream: &Upstream, method: &PayMethod) -> Self {
        let card = method.registered.as_ref().map(|registered| &registered.card);
        Self {
            phone: method.phone.clone(),
            key: method.key.clone(),
            page_url: upstream.page(&format!("/rp/{}", method.token)),
            registered_at: method.registered.as_ref().map(|registered| registered.at),
            issuer: card.map(|card| card.issuer.clone()),
            number: card.map(|card| card.number.clone()),
            declines: method.declines,
        }
    }
}

pub(super) async fn list(
    State(upstream): State<Arc<Upstream>>,
    Path(id): Path<String>,
) -> Result<Json<Vec<PayMethodView>>, ControlError> {
    let id = parse_id(&id)?;
    upstream.with_world(|world| {
        world.get(id)?;
        let methods = world.pay_methods().filter(|method| method.mapping == id);
        Ok(Json(
            methods.map(|method| PayMethodView::new(&upstream, method)).collect(),
        ))
    })
}

/// What `PUT …/pay-methods/{phone}` takes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Card {
    /// Whether the bank refuses it.
    #[serde(default)]
    declines: bool,
}

pub(super) async fn register(
    State(upstream): State<Arc<Upstream>>,
    Path((id, phone)): Path<(String, String)>,
    Json(card): Json<Card>,
) -> Result<Json<PayMethodView>, ControlError> {
    let id = parse_id(&id)?;
    upstream.with_world(|world| {
        if world.pay_method(id, &phone).is_none() {
            let wish = PayMethodWish {
                phone: phone.clone(),
                member_name: None,
                page_redirect_url: None,
            };
            world.manage_pay_method(id, wish)?;
        }
        let method = world.register_card(id, &phone, card.declines, clock::now())?;
        Ok(Json(PayMethodView::new(&upstream, method)))
    })
}

pub(super) async fn delete(
    State(upstream): State<Arc<Upstream>>,
    Path((id, phone)): Path<(String, String)>,
) -> Result<Json<PayMethodView>, ControlError> {
    let id = parse_id(&id)?;
    upstream.with_world(|world| {
        let method = world.delete_pay_method(id, &phone)?;
        Ok(Json(PayMethodView::new(&upstream, &method)))
    })
}
