//! A callback in quarantine, and what driving it again comes to.

use crate::documents::{Quarantined, Redrive};
use crate::frame::Frame;
use crate::parts::{At, Badge};
use crate::stage::Stage;

/// A callback in quarantine.
pub struct Row {
    /// The event that recorded it.
    pub event: String,
    /// Its page.
    pub href: String,
    /// When it came.
    pub received: At,
    /// Why it could not be used.
    pub reason: String,
    /// What can be done about it.
    pub what: &'static str,
    /// The codes of which it speaks.
    pub codes: String,
    /// What became of it.
    pub state: String,
    /// Whether that is still open.
    pub is_open: bool,
    /// The merchant through whose URL it came.
    pub merchant: Option<(String, String)>,
}

impl Row {
    /// The row of a callback.
    pub fn new(frame: &Frame, quarantined: &Quarantined) -> Self {
        let words = frame.words();
        let pair = quarantined.unclaimed.as_ref();
        Self {
            event: quarantined.event_id.clone(),
            href: frame.path(&format!("/quarantine/{}", quarantined.event_id)),
            received: At {
                moment: quarantined.received_at,
                now: frame.now,
            },
            reason: words.quarantine_reason(&quarantined.reason).to_owned(),
            what: words.what_to_do(&quarantined.reason).unwrap_or_default(),
            codes: pair
                .map(|pair| format!("{}/{}", pair.member_code, pair.merchant_code))
                .unwrap_or_default(),
            state: words.quarantine_state(&quarantined.state).to_owned(),
            is_open: quarantined.state == "open",
            merchant: merchant(frame, quarantined.merchant_id.as_deref()),
        }
    }
}

/// What driving one again comes to.
pub struct Outcome {
    /// The event that recorded it.
    pub event: String,
    /// Its page.
    pub href: String,
    /// What comes of it.
    pub text: String,
    /// Where the merchant stands after it.
    pub badge: Option<Badge>,
    /// The merchant.
    pub merchant: Option<(String, String)>,
}

impl Outcome {
    /// What an answer says.
    pub fn new(frame: &Frame, redrive: &Redrive) -> Self {
        let words = frame.words();
        let reason = redrive
            .reason
            .as_deref()
            .map(|word| format!(": {}", words.quarantine_reason(word)));
        Self {
            event: redrive.event_id.clone(),
            href: frame.path(&format!("/quarantine/{}", redrive.event_id)),
            text: format!("{}{}", words.outcome(&redrive.outcome), reason.unwrap_or_default()),
            badge: redrive.stage.as_deref().map(|word| Badge::new(Stage::of(word), words)),
            merchant: merchant(frame, redrive.merchant_id.as_deref()),
        }
    }
}

/// The page of a merchant, and its id as far as people tell it by.
fn merchant(frame: &Frame, id: Option<&str>) -> Option<(String, String)> {
    let id = id?;
    let tail: String = id.chars().skip(id.chars().count().saturating_sub(8)).collect();
    Some((frame.path(&format!("/merchants/{id}")), format!("mer_…{tail}")))
}
