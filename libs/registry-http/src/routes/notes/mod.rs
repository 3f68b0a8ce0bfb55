//! Notes that people write on merchants.

pub mod add;
pub mod list;

use chrono::{DateTime, Utc};
use registry_documents::event::ActorDocument;
use registry_documents::{EventData, Sight, event_shown};
use registry_journal::RecordedEvent;
use serde::Serialize;
use utoipa::ToSchema;

/// A note on a merchant.
#[derive(Serialize, ToSchema)]
#[schema(as = Note)]
pub struct NoteDocument {
    /// Always `note`.
    #[schema(example = "note")]
    object: &'static str,
    /// The id of the event that recorded it.
    #[schema(example = "evt_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")]
    id: String,
    /// The merchant that it is about.
    #[schema(required = true, example = "mer_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")]
    merchant_id: Option<String>,
    /// The merchant's version that it made.
    #[schema(example = 7)]
    version: u64,
    /// What was written. Null once the merchant's personal data was destroyed.
    #[schema(required = true, example = "대표와 통화함. 서류는 금요일에 보낸다고 함")]
    text: Option<String>,
    /// Who wrote it.
    actor: ActorDocument,
    /// On whose behalf, as the client said. Absent if it said nothing, and without the scope `personal:read`.
    #[serde(skip_serializing_if = "Option::is_none")]
    on_behalf_of: Option<String>,
    /// When.
    recorded_at: DateTime<Utc>,
}

impl NoteDocument {
    /// What a `note.added` event says; none for any other.
    fn of(recorded: &RecordedEvent, sight: Sight) -> Option<Self> {
        let event = event_shown(recorded, sight);
        let EventData::NoteAdded(note) = event.data else {
            return None;
        };
        Some(Self {
            object: "note",
            id: event.id,
            merchant_id: event.merchant_id,
            version: event.version,
            text: (!event.erased).then_some(note.text),
            actor: event.actor,
            on_behalf_of: event.on_behalf_of,
            recorded_at: event.recorded_at,
        })
    }
}
