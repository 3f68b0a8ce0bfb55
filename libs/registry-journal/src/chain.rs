//! The hash chain of a tenant's log.

use sha2::{Digest, Sha256};

use crate::record::EventRow;

/// The hash before the first row of every log.
pub const GENESIS: [u8; 32] = [0; 32];

/// The hash of a row, given the hash of the row before it. The row's own `hash` plays no part.
pub fn hash_of(previous: &[u8; 32], row: &EventRow) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(previous);
    hasher.update(row.tenant_id.as_uuid().as_bytes());
    hasher.update(row.seq.0.to_be_bytes());
    hasher.update(row.event_id.as_uuid().as_bytes());
    hasher.update(row.stream.as_uuid().as_bytes());
    hasher.update(row.version.0.to_be_bytes());
    hasher.update(row.recorded_at.timestamp_micros().to_be_bytes());
    hasher.update(row.correlation_id.as_uuid().as_bytes());
    hasher.update(row.causation_id.map_or([0; 16], |id| *id.as_uuid().as_bytes()));
    // Texts carry their length, so that no byte can move from one field into the next.
    for field in [
        row.stream.kind(),
        &row.event_type,
        &row.actor,
        row.idempotency_key.as_deref().unwrap_or_default(),
    ] {
        update_framed(&mut hasher, field.as_bytes());
    }
    update_framed(&mut hasher, row.data.as_bytes());
    update_framed(&mut hasher, &row.sealed);
    hasher.finalize().into()
}

fn update_framed(hasher: &mut Sha256, bytes: &[u8]) {
    hasher.update((bytes.len() as u64).to_be_bytes());
    hasher.update(bytes);
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};
    use registry_domain::{CorrelationId, EventId, MerchantId, Seq, TenantId, Version};
    use uuid::Uuid;

    use super::*;
    use crate::record::StreamId;

    fn row() -> EventRow {
        EventRow {
            tenant_id: TenantId::from_uuid(Uuid::from_u128(1)),
            seq: Seq(1),
            event_id: EventId::from_uuid(Uuid::from_u128(2)),
            stream: StreamId::Merchant(MerchantId::from_uuid(Uuid::from_u128(3))),
            version: Version(1),
            event_type: "merchant.registered".into(),
            recorded_at: DateTime::UNIX_EPOCH,
            actor: "system".into(),
            correlation_id: CorrelationId::from_uuid(Uuid::from_u128(4)),
            causation_id: None,
            idempotency_key: None,
            data: "{}".into(),
            sealed: vec![1, 2],
            hash: [0; 32],
        }
    }

    #[test]
    fn every_column_changes_the_hash() {
        let original = hash_of(&GENESIS, &row());
        let changed: Vec<EventRow> = vec![
            EventRow {
                tenant_id: TenantId::from_uuid(Uuid::from_u128(9)),
                ..row()
            },
            EventRow { seq: Seq(2), ..row() },
            EventRow {
                event_id: EventId::from_uuid(Uuid::from_u128(9)),
                ..row()
            },
            EventRow {
                stream: StreamId::Merchant(MerchantId::from_uuid(Uuid::from_u128(9))),
                ..row()
            },
            EventRow {
                stream: StreamId::Tenant(TenantId::from_uuid(Uuid::from_u128(3))),
                ..row()
            },
            EventRow {
                version: Version(2),
                ..row()
            },
            EventRow {
                event_type: "merchant.archived".into(),
                ..row()
            },
            EventRow {
                recorded_at: DateTime::UNIX_EPOCH + TimeDelta::microseconds(1),
                ..row()
            },
            EventRow {
                actor: "user".into(),
                ..row()
            },
            EventRow {
                correlation_id: CorrelationId::from_uuid(Uuid::from_u128(9)),
                ..row()
            },
            EventRow {
                causation_id: Some(EventId::from_uuid(Uuid::from_u128(9))),
                ..row()
            },
            EventRow {
                idempotency_key: Some("k".into()),
                ..row()
            },
            EventRow {
                data: "{ }".into(),
                ..row()
            },
            EventRow {
                sealed: vec![1, 3],
                ..row()
            },
        ];
        for row in changed {
            assert_ne!(hash_of(&GENESIS, &row), original, "{row:?}");
        }
        assert_ne!(hash_of(&[1; 32], &row()), original);
    }

    #[test]
    fn bytes_cannot_move_between_fields() {
        let one = EventRow {
            event_type: "ab".into(),
            actor: "c".into(),
            ..row()
        };
        let other = EventRow {
            event_type: "a".into(),
            actor: "bc".into(),
            ..row()
        };
        assert_ne!(hash_of(&GENESIS, &one), hash_of(&GENESIS, &other));
    }
}
