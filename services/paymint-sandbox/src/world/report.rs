//! How callbacks get into the outbox, with the faults that are to befall them.

use std::time::Duration;

use chrono::{DateTime, Utc};
use url::Url;

use super::outbox::{CallbackKind, FaultWord, Outgoing};
use super::payload::{self, Approval};
use super::{DICE_APPROVAL, DICE_CALLBACK, DICE_CONTENT, Denied, MappingId, Wake, World};
use crate::dice;
use crate::faults::{CallbackMishap, Content};

impl World {
    /// A bill of the business was paid, cancelled or destroyed, of which the sandbox knows nothing else: an approval is sent,
    /// once more for each repeat. Upstream repeats it hourly for a day until it is answered as expected; here that happens at
    /// once.
    pub(crate) fn approve(
        &mut self,
        id: MappingId,
        approval: &Approval,
        to: Option<&Url>,
        repeats: u8,
        now: DateTime<Utc>,
    ) -> Result<(), Denied> {
        let seed = self.seed;
        let mapping = self.mappings.get_mut(id.index()).ok_or(Denied::NoSuchMapping)?;
        let key = self.keys.get(mapping.partner).map_or("", String::as_str);
        let nth = mapping.callbacks.next_approval();
        let mut dice = dice::for_decision(seed, &[DICE_APPROVAL, id.number(), nth]);
        let body = payload::approval_body(key, approval, now, &mut dice);
        for _ in 0..=repeats {
            mapping.callbacks.push(Outgoing {
                to: to.cloned(),
                ..Outgoing::new(now, CallbackKind::Approval, body.clone(), None)
            });
        }
        self.wake_sender(id)
    }

    /// Puts the callback for the present state into the outbox, with the faults that are to befall it: the given ones, or
    /// what chance brings.
    pub(super) fn report(
        &mut self,
        id: MappingId,
        mishap: Option<CallbackMishap>,
        now: DateTime<Utc>,
    ) -> Result<(), Denied> {
        let seed = self.fault_seed();
        let mapping = self.mappings.get_mut(id.index()).ok_or(Denied::NoSuchMapping)?;
        let report = mapping.callbacks.next_report();
        let drawn = self
            .faults
            .callback_mishap(&mut dice::for_decision(seed, &[DICE_CALLBACK, id.number(), report]));
        let mishap = mishap.unwrap_or(drawn);
        let mut dice = dice::for_decision(seed, &[DICE_CONTENT, id.number(), report]);
        let (kind, body) = match mishap.content {
            Content::Official => (CallbackKind::Mapping, payload::mapping_body(mapping, false)),
            Content::Nulls => (CallbackKind::Mapping, payload::mapping_body(mapping, true)),
            Content::Garbage => (CallbackKind::Garbage, payload::garbage(mapping, &mut dice)),
            Content::WrongKind => {
                let key = self.keys.get(mapping.partner).map_or("", String::as_str);
                (
                    CallbackKind::Approval,
                    payload::approval_body(key, &Approval::default(), now, &mut dice),
                )
            }
        };
        let outgoing = Outgoing::new(now, kind, body, FaultWord::of_content(mishap.content));
        self.dispatch(id, outgoing, mishap)
    }

    /// Puts a callback into the outbox, or keeps it back, as its mishap says.
    pub(super) fn dispatch(
        &mut self,
        id: MappingId,
        mut outgoing: Outgoing,
        mishap: CallbackMishap,
    ) -> Result<(), Denied> {
        let after = Duration::from_millis(self.faults.delay_ms);
        let callbacks = &mut self.get_mut(id)?.callbacks;
        if mishap.lost {
            callbacks.lose(outgoing);
            return Ok(());
        }
        let copy = mishap.duplicated.then(|| outgoing.copy(FaultWord::Duplicated));
        if mishap.overtaken_by > 0 {
            outgoing.add(if mishap.overtaken_by == 1 {
                FaultWord::Delayed
            } else {
                FaultWord::Reordered
            });
            let number = callbacks.hold(outgoing, copy, mishap.overtaken_by);
            self.wakes.push(Wake::ReleaseLater {
                mapping: id,
                number,
                after,
            });
            return Ok(());
        }
        callbacks.push(outgoing);
        if let Some(copy) = copy {
            callbacks.push(copy);
        }
        callbacks.overtake();
        self.wake_sender(id)
    }

    pub(super) fn wake_sender(&mut self, id: MappingId) -> Result<(), Denied> {
        if self.get_mut(id)?.callbacks.begin_turn() {
            self.wakes.push(Wake::Send(id));
        }
        Ok(())
    }
}
