//! Whether the relay can use the broker, and what it has said about that: once, and again when it changes.

use std::time::Duration;

use registry_domain::causes;
use tokio::time::Instant;

use super::{Relay, RelayFailure, Seen};
use crate::publisher::PublishError;

/// How long a relay that has just started waits for its first connection before it says that there is none.
const FIRST_CONNECTION_TIME: Duration = Duration::from_secs(3);

/// How the relay stands with the broker.
pub(super) struct Contact {
    broker: String,
    since: Instant,
    /// What is wrong with the broker that is connected to.
    unfit: Option<PublishError>,
    told: Told,
}

/// What was said last.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Told {
    Nothing,
    InContact,
    Away,
    Unfit,
}

impl Contact {
    pub(super) fn new(broker: String) -> Self {
        Self {
            broker,
            since: Instant::now(),
            unfit: None,
            told: Told::Nothing,
        }
    }

    /// What stands in the way for all tenants although there is a connection.
    pub(super) fn failure(&self) -> Option<RelayFailure> {
        self.unfit.is_some().then_some(RelayFailure::Unfit)
    }
}

impl Relay {
    /// Whether there is a broker that can be used.
    pub(super) fn is_in_contact(&self) -> bool {
        self.session.is_some() && self.contact.unfit.is_none()
    }

    /// Looks at the connection. A new one may lead to a broker that holds less than the old one did.
    pub(super) fn notice_session(&mut self) {
        let session = self.carrier.publisher.session();
        // Each time: what the server says of itself may arrive behind its connection, and change under it.
        self.contact.unfit = session.and_then(|_| self.carrier.publisher.fitness().err());
        if session != self.session {
            self.session = session;
            self.carrier
                .status
                .send_modify(|status| status.connected = session.is_some());
            self.seen.values_mut().for_each(Seen::look_anew);
        }
        if self.is_in_contact() && self.contact.told != Told::InContact {
            let (server, waiting_events) = (&self.contact.broker, self.carrier.status.borrow().lag);
            if self.contact.told == Told::Nothing {
                tracing::info!(%server, "events are published to the message broker");
            } else {
                tracing::info!(%server, waiting_events, "the message broker is back; what waits is published");
            }
            self.contact.told = Told::InContact;
        }
    }

    /// Says that the broker is away or cannot be used, unless that was said already. `waiting` is how many events wait, if
    /// that is known.
    pub(super) fn tell_of_absence(&mut self, waiting_events: Option<u64>) {
        let Contact {
            broker: server,
            since,
            unfit,
            told,
        } = &mut self.contact;
        if let Some(unfit) = unfit {
            if *told != Told::Unfit {
                let error = causes(unfit);
                tracing::error!(%server, waiting_events, %error, "nothing is published; events wait in the log");
            }
            *told = Told::Unfit;
        } else if self.session.is_none() {
            let is_early = *told == Told::Nothing && since.elapsed() < FIRST_CONNECTION_TIME;
            if *told == Told::Away || is_early {
                return;
            }
            let reason = self.carrier.publisher.last_trouble();
            tracing::warn!(%server, waiting_events, reason, "the message broker is away; events wait in the log");
            *told = Told::Away;
        }
    }
}
