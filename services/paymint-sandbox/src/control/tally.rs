//! `GET /_sandbox/tally`: what became of all callbacks that are remembered, counted.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;

use crate::upstream::Upstream;
use crate::world::{CallbackRecord, Delivery};

/// Callbacks, counted.
#[derive(Debug, Default, Serialize)]
pub(super) struct Tally {
    /// They went out, answered or not.
    sent: u64,
    /// The answer was the expected one.
    accepted: u64,
    /// The answer was an error of the receiver's.
    answered_5xx: u64,
    /// No answer came.
    unanswered: u64,
    /// What was done to them on purpose; one can have met several faults.
    faults: BTreeMap<&'static str, u64>,
}

impl Tally {
    fn add(&mut self, record: &CallbackRecord) {
        for fault in &record.faults {
            *self.faults.entry(fault.as_str()).or_default() += 1;
        }
        match record.delivery {
            Delivery::NotSent => return,
            Delivery::Answered {
                http_status, accepted, ..
            } => {
                self.accepted += u64::from(accepted);
                self.answered_5xx += u64::from(http_status >= 500);
            }
            Delivery::Failed { .. } => self.unanswered += 1,
        }
        self.sent += 1;
    }
}

pub(super) async fn show(State(upstream): State<Arc<Upstream>>) -> Json<Tally> {
    Json(upstream.with_world(|world| {
        let mut tally = Tally::default();
        let mappings = world.mappings().iter();
        mappings
            .flat_map(|mapping| mapping.callbacks.records())
            .for_each(|record| tally.add(record));
        tally
    }))
}
