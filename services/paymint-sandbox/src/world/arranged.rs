//! What is brought about on purpose, for tests and to show something.

use chrono::{DateTime, Utc};

use super::outbox::{CallbackKind, Outgoing};
use super::payload::{self, Stray};
use super::{Denied, MappingId, World, made_up};
use crate::dice;

/// The name under which businesses are drawn that nobody types in; beside those of the world itself.
const DICE_MADE_UP: u64 = 7;

impl World {
    /// Sends what nobody can use to the URL of a business. Its state stays as it is.
    pub(crate) fn stray(&mut self, id: MappingId, stray: Stray, now: DateTime<Utc>) -> Result<(), Denied> {
        let mapping = self.get_mut(id)?;
        let body = payload::stray_body(mapping, stray);
        let kind = match stray {
            Stray::Garbage => CallbackKind::Garbage,
            Stray::Foreign => CallbackKind::Mapping,
        };
        mapping.callbacks.push(Outgoing::new(now, kind, body, None));
        self.wake_sender(id)
    }

    /// Has whoever asks about a business be answered with an error, or with its state again.
    pub(crate) fn set_silent(&mut self, id: MappingId, silent: bool) -> Result<(), Denied> {
        self.get_mut(id)?.silent = silent;
        Ok(())
    }

    /// A person who needs no page: a made-up business submits its application.
    pub(crate) fn submit_made_up(&mut self, id: MappingId, now: DateTime<Utc>) -> Result<(), Denied> {
        let application = made_up::application(&mut dice::for_decision(self.seed, &[DICE_MADE_UP, id.number()]));
        self.submit(id, application, now)
    }
}
