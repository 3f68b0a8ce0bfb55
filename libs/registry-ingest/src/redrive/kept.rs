//! What the log keeps of a callback.

use chrono::{DateTime, Utc};
use registry_domain::merchant::{self, QuarantineReason, RawPayload};
use registry_domain::{LinkId, Seq, tenant};
use registry_journal::StreamEvent;

/// What an event keeps of a callback.
pub(super) struct Kept<'a> {
    pub(super) link_id: Option<LinkId>,
    pub(super) received_at: DateTime<Utc>,
    pub(super) payload: &'a RawPayload,
    pub(super) sender_listed: Option<bool>,
    pub(super) decoded_with_loss: bool,
    pub(super) by_bills_url: bool,
    /// It came earlier, and this is what was made of it when it was driven again.
    pub(super) is_redriven: bool,
    /// Why it could not be used, if it could not.
    pub(super) reason: Option<QuarantineReason>,
    /// Where in the log it first stood, if it was driven again and that is known.
    pub(super) first_seq: Option<Seq>,
}

impl Kept<'_> {
    /// Only its beginning was kept: there is nothing more to be read in it, whatever the reader.
    pub(super) fn is_cut(&self) -> bool {
        self.reason == Some(QuarantineReason::TooLarge)
    }
}

/// The callback that an event recorded; none if it recorded something else.
pub(super) fn kept(event: &StreamEvent) -> Option<Kept<'_>> {
    match event {
        StreamEvent::Merchant(merchant::Event::CallbackReceived {
            link_id,
            received_at,
            payload,
            sender_listed,
            decoded_with_loss,
            by_bills_url,
            redrive_of,
            verdict,
            redrive_seq,
            ..
        }) => Some(Kept {
            link_id: *link_id,
            received_at: *received_at,
            payload,
            sender_listed: *sender_listed,
            decoded_with_loss: *decoded_with_loss,
            by_bills_url: *by_bills_url,
            is_redriven: redrive_of.is_some(),
            reason: verdict.reason(),
            first_seq: *redrive_seq,
        }),
        StreamEvent::Tenant(tenant::Event::UnclaimedMerchantSeen {
            received_at,
            payload,
            sender_listed,
            decoded_with_loss,
            ..
        }) => Some(Kept {
            link_id: None,
            received_at: *received_at,
            payload,
            sender_listed: *sender_listed,
            decoded_with_loss: *decoded_with_loss,
            by_bills_url: false,
            is_redriven: false,
            reason: None,
            first_seq: None,
        }),
        StreamEvent::Tenant(tenant::Event::CallbackQuarantined {
            received_at,
            payload,
            sender_listed,
            decoded_with_loss,
            reason,
        }) => Some(Kept {
            link_id: None,
            received_at: *received_at,
            payload,
            sender_listed: *sender_listed,
            decoded_with_loss: *decoded_with_loss,
            by_bills_url: false,
            is_redriven: false,
            reason: Some(*reason),
            first_seq: None,
        }),
        StreamEvent::Merchant(_) | StreamEvent::Tenant(_) => None,
    }
}
