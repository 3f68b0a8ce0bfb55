//! `POST /_sandbox/mappings/{id}/approvals`: a bill of the business was paid; and its wallet.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;
use url::Url;

use super::ControlError;
use super::mappings::{MappingView, change};
use crate::clock;
use crate::upstream::Upstream;
use crate::world::{self, Spelling};

/// Upstream repeats an approval hourly for a day.
const REPEATS_MAX: u8 = 24;

/// What `POST …/approvals` takes. What is left out is made up.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Approval {
    bill_id: Option<String>,
    number: Option<String>,
    /// `F`, `W`, `C` or `D`; any letter is taken. `F` if it is left out.
    state: Option<char>,
    price: Option<u32>,
    /// In the snake case of API V1.
    old_spelling: bool,
    /// Without the partner's key.
    without_key: bool,
    /// How often the same is sent again.
    repeats: u8,
    /// Where it is sent: what the partner named when it sent the bill. The callback URL of the mapping if it is left
    /// out.
    callback_url: Option<Url>,
}

pub(super) async fn send(
    State(upstream): State<Arc<Upstream>>,
    Path(id): Path<String>,
    Json(wish): Json<Approval>,
) -> Result<Json<MappingView>, ControlError> {
    if wish.repeats > REPEATS_MAX {
        return Err(ControlError::invalid(format!("repeats is at most {REPEATS_MAX}")));
    }
    let is_web = |url: &Url| matches!(url.scheme(), "http" | "https");
    if !wish.callback_url.as_ref().is_none_or(is_web) {
        return Err(ControlError::invalid("callback_url is an http or https address"));
    }
    let approval = world::Approval {
        bill_id: wish.bill_id,
        number: wish.number,
        state: wish.state,
        price: wish.price,
        spelling: Spelling {
            is_old: wish.old_spelling,
            is_without_key: wish.without_key,
        },
    };
    change(&upstream, &id, |world, id| {
        world.approve(id, &approval, wish.callback_url.as_ref(), wish.repeats, clock::now())
    })
}

/// What `PUT …/balance` takes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wallet {
    points: i32,
}

pub(super) async fn set_points(
    State(upstream): State<Arc<Upstream>>,
    Path(id): Path<String>,
    Json(wallet): Json<Wallet>,
) -> Result<Json<MappingView>, ControlError> {
    change(&upstream, &id, |world, id| world.set_points(id, wallet.points))
}
