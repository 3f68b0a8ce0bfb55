//! Where the next page of a list begins: opaque and signed, so that a client can neither build nor bend one.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::DateTime;
use hmac::{Hmac, KeyInit, Mac};
use registry_domain::{MerchantId, Seq, TenantId};
use registry_journal::port::{Direction, MerchantFilter, PagePosition, SortKey};
use serde::Serialize;
use sha2::Sha256;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::problem::Code;

/// What the first byte of a cursor says about the rest: a time and an id, or one number.
const FORMAT: u8 = 1;
const FORMAT_NUMBER: u8 = 2;

const TIME_LENGTH: usize = 8;
const ID_LENGTH: usize = 16;
const POSITION_LENGTH: usize = 1 + TIME_LENGTH + ID_LENGTH;
const NUMBER_LENGTH: usize = 16;
const NUMBER_POSITION_LENGTH: usize = 1 + NUMBER_LENGTH;

/// Half of a SHA-256: a forger has one try per request.
const TAG_LENGTH: usize = 16;

/// Signs cursors.
pub struct CursorKey(Hmac<Sha256>);

/// Where other pages begin.
#[derive(Serialize, ToSchema)]
pub struct Page {
    /// The `cursor` of the next page; null on the last.
    pub next: Option<String>,
    /// Always null: pages go forward only.
    pub prev: Option<String>,
}

/// The list that a cursor belongs to. Another list would read the position as something else.
pub struct Listing<'a> {
    /// Whose list.
    pub tenant_id: TenantId,
    /// Of which merchants.
    pub filter: &'a MerchantFilter,
    /// By what it is sorted.
    pub sort: SortKey,
    /// In which direction.
    pub direction: Direction,
}

impl CursorKey {
    /// A key of 256 random bits.
    pub fn new(key: [u8; 32]) -> Self {
        Self(Hmac::new_from_slice(&key).expect("HMAC takes keys of any length"))
    }

    /// The cursor for a position in a list.
    pub fn seal(&self, listing: &Listing<'_>, position: PagePosition) -> String {
        let mut bytes = Vec::with_capacity(POSITION_LENGTH + TAG_LENGTH);
        bytes.push(FORMAT);
        bytes.extend_from_slice(&position.at.timestamp_micros().to_be_bytes());
        bytes.extend_from_slice(position.id.as_uuid().as_bytes());
        let tag = self.signed(listing, &bytes).finalize().into_bytes();
        bytes.extend_from_slice(&tag[..TAG_LENGTH]);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The position that a cursor stands for; none if it was not made with this key for this list.
    pub fn open(&self, listing: &Listing<'_>, cursor: &str) -> Option<PagePosition> {
        let bytes: [u8; POSITION_LENGTH + TAG_LENGTH] = URL_SAFE_NO_PAD.decode(cursor).ok()?.try_into().ok()?;
        let (position, tag) = bytes.split_at(POSITION_LENGTH);
        self.signed(listing, position).verify_truncated_left(tag).ok()?;
        let (format, rest) = position.split_first()?;
        let (micros, id) = rest.split_first_chunk::<TIME_LENGTH>()?;
        if *format != FORMAT {
            return None;
        }
        let at = DateTime::from_timestamp_micros(i64::from_be_bytes(*micros))?;
        Some(PagePosition {
            at,
            id: MerchantId::from_uuid(Uuid::from_slice(id).ok()?),
        })
    }

    /// The cursor for a place in a list whose rows are numbered: by position in the log, or by id. `list` names the
    /// list with its filters.
    pub fn seal_number(&self, tenant_id: TenantId, list: &str, number: u128) -> String {
        let mut bytes = Vec::with_capacity(NUMBER_POSITION_LENGTH + TAG_LENGTH);
        bytes.push(FORMAT_NUMBER);
        bytes.extend_from_slice(&number.to_be_bytes());
        let tag = self.signed_number(tenant_id, list, &bytes).finalize().into_bytes();
        bytes.extend_from_slice(&tag[..TAG_LENGTH]);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The position of the log behind which a page begins: its beginning without a cursor. None if the cursor was not
    /// made with this key for this list.
    pub fn open_seq(&self, tenant_id: TenantId, list: &str, cursor: Option<&str>) -> Option<u64> {
        let Some(cursor) = cursor else { return Some(0) };
        u64::try_from(self.open_number(tenant_id, list, cursor)?).ok()
    }

    /// The position before which a page of a list begins that goes backwards: none without a cursor. Fails if the cursor
    /// was not made with this key for this list.
    pub fn open_before(&self, tenant_id: TenantId, list: &str, cursor: Option<&str>) -> Result<Option<Seq>, Code> {
        let open = |cursor| {
            let number = self.open_number(tenant_id, list, cursor)?;
            u64::try_from(number).ok().map(Seq)
        };
        cursor.map(|cursor| open(cursor).ok_or(Code::CursorInvalid)).transpose()
    }

    /// The place that a cursor stands for; none if it was not made with this key for this list.
    pub fn open_number(&self, tenant_id: TenantId, list: &str, cursor: &str) -> Option<u128> {
        let bytes: [u8; NUMBER_POSITION_LENGTH + TAG_LENGTH] = URL_SAFE_NO_PAD.decode(cursor).ok()?.try_into().ok()?;
        let (position, tag) = bytes.split_at(NUMBER_POSITION_LENGTH);
        self.signed_number(tenant_id, list, position)
            .verify_truncated_left(tag)
            .ok()?;
        let (format, number) = position.split_first()?;
        let number = u128::from_be_bytes(number.try_into().ok()?);
        (*format == FORMAT_NUMBER).then_some(number)
    }

    fn signed(&self, listing: &Listing<'_>, position: &[u8]) -> Hmac<Sha256> {
        let mut mac = self.0.clone();
        mac.update(listing.canonical().as_bytes());
        mac.update(position);
        mac
    }

    fn signed_number(&self, tenant_id: TenantId, list: &str, position: &[u8]) -> Hmac<Sha256> {
        let mut mac = self.0.clone();
        mac.update(format!("{tenant_id}\n{list}\n").as_bytes());
        mac.update(position);
        mac
    }
}

impl Listing<'_> {
    /// One spelling for one list. A search text holds no line break, so nothing can run into its neighbour.
    fn canonical(&self) -> String {
        let mut statuses: Vec<_> = self.filter.statuses.iter().map(|status| status.as_str()).collect();
        let mut stages: Vec<_> = self.filter.stages.iter().map(|stage| stage.as_str()).collect();
        statuses.sort_unstable();
        stages.sort_unstable();
        format!(
            "{}\n{}\n{}\n{}\n{}\n",
            self.tenant_id,
            sort_word(self.sort, self.direction),
            statuses.join(","),
            stages.join(","),
            self.filter.search.as_deref().unwrap_or_default(),
        )
    }
}

/// The word for a sort order, as clients write it.
pub const fn sort_word(sort: SortKey, direction: Direction) -> &'static str {
    match (sort, direction) {
        (SortKey::CreatedAt, Direction::Ascending) => "created_at",
        (SortKey::CreatedAt, Direction::Descending) => "-created_at",
        (SortKey::UpdatedAt, Direction::Ascending) => "updated_at",
        (SortKey::UpdatedAt, Direction::Descending) => "-updated_at",
        (SortKey::StageSince, Direction::Ascending) => "stage_since",
        (SortKey::StageSince, Direction::Descending) => "-stage_since",
    }
}

#[cfg(test)]
mod tests {
    use registry_domain::merchant::Stage;
    use registry_domain::review::ReviewStatus;

    use super::*;

    fn listing(filter: &MerchantFilter) -> Listing<'_> {
        Listing {
            tenant_id: TenantId::from_uuid(Uuid::from_u128(1)),
            filter,
            sort: SortKey::CreatedAt,
            direction: Direction::Descending,
        }
    }

    fn position() -> PagePosition {
        PagePosition {
            at: DateTime::from_timestamp_micros(1_782_864_000_123_456).unwrap(),
            id: MerchantId::from_uuid(Uuid::from_u128(7)),
        }
    }

    #[test]
    fn a_cursor_reads_back_for_its_list_only() {
        let key = CursorKey::new([1; 32]);
        let filter = MerchantFilter {
            statuses: vec![ReviewStatus::InReview, ReviewStatus::Opened],
            stages: vec![],
            search: Some("강남".to_owned()),
            ..MerchantFilter::default()
        };
        let cursor = key.seal(&listing(&filter), position());
        assert_eq!(key.open(&listing(&filter), &cursor), Some(position()));

        let swapped = MerchantFilter {
            statuses: filter.statuses.iter().rev().copied().collect(),
            ..filter.clone()
        };
        assert_eq!(
            key.open(&listing(&swapped), &cursor),
            Some(position()),
            "the order of words means nothing"
        );

        let others = [
            MerchantFilter {
                search: None,
                ..filter.clone()
            },
            MerchantFilter {
                statuses: vec![],
                ..filter.clone()
            },
            MerchantFilter {
                stages: vec![Stage::Opened],
                ..filter.clone()
            },
        ];
        for other in &others {
            assert_eq!(key.open(&listing(other), &cursor), None);
        }
        let tenant_id = TenantId::from_uuid(Uuid::from_u128(2));
        assert_eq!(
            key.open(
                &Listing {
                    tenant_id,
                    ..listing(&filter)
                },
                &cursor
            ),
            None
        );
        let direction = Direction::Ascending;
        assert_eq!(
            key.open(
                &Listing {
                    direction,
                    ..listing(&filter)
                },
                &cursor
            ),
            None
        );
        assert_eq!(
            key.open(
                &Listing {
                    sort: SortKey::UpdatedAt,
                    ..listing(&filter)
                },
                &cursor
            ),
            None
        );
        assert_eq!(CursorKey::new([2; 32]).open(&listing(&filter), &cursor), None);
    }

    #[test]
    fn a_numbered_place_reads_back_for_its_list_only() {
        let key = CursorKey::new([1; 32]);
        let [ours, theirs] = [1, 2].map(|number| TenantId::from_uuid(Uuid::from_u128(number)));
        let cursor = key.seal_number(ours, "quarantine open", 41);
        assert_eq!(key.open_number(ours, "quarantine open", &cursor), Some(41));
        assert_eq!(key.open_number(theirs, "quarantine open", &cursor), None);
        assert_eq!(key.open_number(ours, "quarantine", &cursor), None);
        assert_eq!(key.open(&listing(&MerchantFilter::default()), &cursor), None);
        assert_eq!(
            CursorKey::new([2; 32]).open_number(ours, "quarantine open", &cursor),
            None
        );
    }

    #[test]
    fn a_bent_cursor_is_refused() {
        let key = CursorKey::new([1; 32]);
        let filter = MerchantFilter::default();
        let cursor = key.seal(&listing(&filter), position());
        for index in 0..cursor.len() {
            let mut bent = cursor.clone().into_bytes();
            bent[index] = if bent[index] == b'A' { b'B' } else { b'A' };
            let bent = String::from_utf8(bent).unwrap();
            assert_eq!(key.open(&listing(&filter), &bent), None, "{bent}");
        }
        for bad in ["", "A", &cursor[..cursor.len() - 1], &format!("{cursor}AAAA"), "가나다"] {
            assert_eq!(key.open(&listing(&filter), bad), None, "{bad}");
        }
    }
}
