//! Where the next page of a list begins: opaque and signed, so that a client can neither build nor bend one.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Datelike, NaiveDate, Utc};
use hmac::{Hmac, KeyInit, Mac};
use registry_domain::{MerchantId, Seq, TenantId};
use registry_journal::port::{Direction, PagePosition, PlaceKey, SortKey};
use serde::Serialize;
use sha2::Sha256;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::problem::Code;

/// What the first byte of a cursor says about the rest: a place in a list of merchants, or one number. Places were once a moment
/// and an id, under the number 1, and did not know from which day filters are told, under the number 3.
const FORMAT_PLACE: u8 = 4;
const FORMAT_NUMBER: u8 = 2;

const FORWARD: u8 = 0;
const BACKWARD: u8 = 1;
const MOMENT: u8 = 0;
const TEXT: u8 = 1;

/// Stands for no day: it is none of the calendar's.
const NO_DAY: i32 = i32::MIN;

const TIME_LENGTH: usize = 8;
const DAY_LENGTH: usize = 4;
const ID_LENGTH: usize = 16;
const NUMBER_LENGTH: usize = 16;
const NUMBER_POSITION_LENGTH: usize = 1 + NUMBER_LENGTH;

/// Longest cursor, in characters. A name by which a list is sorted has some hundred bytes at most.
const CURSOR_LENGTH_MAX: usize = 8_192;

/// Half of a SHA-256: a forger has one try per request.
const TAG_LENGTH: usize = 16;

/// Signs cursors.
pub struct CursorKey(Hmac<Sha256>);

/// Where other pages begin.
#[derive(Serialize, ToSchema)]
pub struct Page {
    /// The `cursor` of the next page; null on the last.
    #[schema(required = true)]
    pub next: Option<String>,
    /// The `cursor` of the page before; null on the first. Other lists than that of merchants go forward only, and it is always null.
    #[schema(required = true)]
    pub prev: Option<String>,
}

/// In which direction a page is turned to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// To what comes behind a place.
    Forward,
    /// To what comes before it.
    Backward,
}

/// The list that a cursor belongs to. Another list would read the position as something else.
#[derive(Debug, Clone, Copy)]
pub struct Listing<'a> {
    /// Whose list.
    pub tenant_id: TenantId,
    /// Of which merchants: one spelling of the filters.
    pub filter: &'a str,
    /// As of which moment; none for now.
    pub as_of: Option<DateTime<Utc>>,
    /// By what it is sorted.
    pub order: Order,
    /// In which direction.
    pub direction: Direction,
}

/// Where a page of a list of merchants begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaceInList {
    /// Beside which row.
    pub position: PagePosition,
    /// On which side of it.
    pub turn: Turn,
    /// The day from which its filters are told, as they were on the first page: a walk that lasts over midnight stays in one list. None
    /// if they mean the same on every day.
    pub told_from: Option<NaiveDate>,
}

impl CursorKey {
    /// A key of 256 random bits.
    pub fn new(key: [u8; 32]) -> Self {
        Self(Hmac::new_from_slice(&key).expect("HMAC takes keys of any length"))
    }

    /// The cursor for the page on one side of a place in a list.
    pub fn seal(&self, listing: &Listing<'_>, place: &PlaceInList) -> String {
        let PlaceInList {
            position,
            turn,
            told_from,
        } = place;
        let mut bytes = vec![
            FORMAT_PLACE,
            match turn {
                Turn::Forward => FORWARD,
                Turn::Backward => BACKWARD,
            },
        ];
        bytes.extend_from_slice(&told_from.map_or(NO_DAY, |day| day.num_days_from_ce()).to_be_bytes());
        bytes.extend_from_slice(position.id.as_uuid().as_bytes());
        match &position.key {
            PlaceKey::Moment(at) => {
                bytes.push(MOMENT);
                bytes.extend_from_slice(&at.timestamp_micros().to_be_bytes());
            }
            PlaceKey::Text(text) => {
                bytes.push(TEXT);
                bytes.extend_from_slice(text.as_bytes());
            }
        }
        let tag = self.signed(listing, &bytes).finalize().into_bytes();
        bytes.extend_from_slice(&tag[..TAG_LENGTH]);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The place that a cursor stands for; none if it was not made with this key for this list.
    pub fn open(&self, listing: &Listing<'_>, cursor: &str) -> Option<PlaceInList> {
        if cursor.len() > CURSOR_LENGTH_MAX {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let (place, tag) = bytes.split_at_checked(bytes.len().checked_sub(TAG_LENGTH)?)?;
        self.signed(listing, place).verify_truncated_left(tag).ok()?;
        let ([FORMAT_PLACE, turn], rest) = place.split_first_chunk::<2>()? else {
            return None;
        };
        let (day, rest) = rest.split_first_chunk::<DAY_LENGTH>()?;
        let told_from = match i32::from_be_bytes(*day) {
            NO_DAY => None,
            day => Some(NaiveDate::from_num_days_from_ce_opt(day)?),
        };
        let (id, rest) = rest.split_first_chunk::<ID_LENGTH>()?;
        let (kind, key) = rest.split_first()?;
        let key = match *kind {
            MOMENT => {
                let micros: [u8; TIME_LENGTH] = key.try_into().ok()?;
                PlaceKey::Moment(DateTime::from_timestamp_micros(i64::from_be_bytes(micros))?)
            }
            TEXT => PlaceKey::Text(String::from_utf8(key.to_vec()).ok()?),
            _ => return None,
        };
        let turn = match *turn {
            FORWARD => Turn::Forward,
            BACKWARD => Turn::Backward,
            _ => return None,
        };
        let id = MerchantId::from_uuid(Uuid::from_bytes(*id));
        Some(PlaceInList {
            position: PagePosition { key, id },
            turn,
            told_from,
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

    /// The cursor for a place that has an order before its id: that stands before what is signed, and in it.
    pub fn seal_place(&self, tenant_id: TenantId, list: &str, order: &str, id: Uuid) -> String {
        let sealed = self.seal_number(tenant_id, &format!("{list} {order}"), id.as_u128());
        format!("{order}.{sealed}")
    }

    /// The order and the id that a cursor stands for; none if it was not made with this key for this list.
    pub fn open_place<'cursor>(
        &self,
        tenant_id: TenantId,
        list: &str,
        cursor: &'cursor str,
    ) -> Option<(&'cursor str, Uuid)> {
        let (order, sealed) = cursor.rsplit_once('.')?;
        let id = self.open_number(tenant_id, &format!("{list} {order}"), sealed)?;
        Some((order, Uuid::from_u128(id)))
    }

    /// The same where a moment is the order.
    pub fn seal_moment(&self, tenant_id: TenantId, list: &str, at: DateTime<Utc>, id: Uuid) -> String {
        self.seal_place(tenant_id, list, &at.timestamp_micros().to_string(), id)
    }

    /// The moment and the id that a cursor stands for; none if it was not made with this key for this list.
    pub fn open_moment(&self, tenant_id: TenantId, list: &str, cursor: &str) -> Option<(DateTime<Utc>, Uuid)> {
        let (micros, id) = self.open_place(tenant_id, list, cursor)?;
        Some((DateTime::from_timestamp_micros(micros.parse().ok()?)?, id))
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
    /// One spelling for one list. No filter holds an empty line, so nothing can run into its neighbour.
    fn canonical(&self) -> String {
        let as_of = self
            .as_of
            .map_or_else(String::new, |at| at.timestamp_micros().to_string());
        format!(
            "{}\n{}\n{as_of}\n{}\n",
            self.tenant_id,
            sort_word(self.order, self.direction),
            self.filter,
        )
    }
}

/// By what a list can be sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// By what stands in the row.
    By(SortKey),
    /// By how unusual the wait is.
    Wait,
}

impl Order {
    /// Every order.
    pub fn all() -> impl Iterator<Item = Self> {
        SortKey::ALL.into_iter().map(Self::By).chain([Self::Wait])
    }

    /// By what storage sorts.
    pub const fn key(self) -> SortKey {
        match self {
            Self::By(key) => key,
            Self::Wait => SortKey::StageSince,
        }
    }
}

/// The word for a sort order, as clients write it.
pub const fn sort_word(order: Order, direction: Direction) -> &'static str {
    let sort = match (order, direction) {
        // Storage has the most unusual first.
        (Order::Wait, Direction::Ascending) => return "-wait",
        (Order::Wait, Direction::Descending) => return "wait",
        (Order::By(sort), _) => sort,
    };
    match (sort, direction) {
        (SortKey::CreatedAt, Direction::Ascending) => "created_at",
        (SortKey::CreatedAt, Direction::Descending) => "-created_at",
        (SortKey::UpdatedAt, Direction::Ascending) => "updated_at",
        (SortKey::UpdatedAt, Direction::Descending) => "-updated_at",
        (SortKey::StageSince, Direction::Ascending) => "stage_since",
        (SortKey::StageSince, Direction::Descending) => "-stage_since",
        (SortKey::Name, Direction::Ascending) => "name",
        (SortKey::Name, Direction::Descending) => "-name",
        (SortKey::Code, Direction::Ascending) => "merchant_code",
        (SortKey::Code, Direction::Descending) => "-merchant_code",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILTER: &str = "q=강남\nstage=opened\n";

    fn listing(filter: &str) -> Listing<'_> {
        Listing {
            tenant_id: TenantId::from_uuid(Uuid::from_u128(1)),
            filter,
            as_of: None,
            order: Order::By(SortKey::CreatedAt),
            direction: Direction::Descending,
        }
    }

    fn positions() -> [PagePosition; 3] {
        let keys = [
            PlaceKey::Moment(DateTime::from_timestamp_micros(1_782_864_000_123_456).unwrap()),
            PlaceKey::Text("강남카페".to_owned()),
            PlaceKey::Text(String::new()),
        ];
        let id = MerchantId::from_uuid(Uuid::from_u128(7));
        keys.map(|key| PagePosition { key, id })
    }

    #[test]
    fn a_cursor_reads_back_for_its_list_only() {
        let key = CursorKey::new([1; 32]);
        for position in positions() {
            for turn in [Turn::Forward, Turn::Backward] {
                let told_from = Some(NaiveDate::from_ymd_opt(2026, 11, 30).unwrap()).filter(|_| turn == Turn::Forward);
                let place = PlaceInList {
                    position: position.clone(),
                    turn,
                    told_from,
                };
                let cursor = key.seal(&listing(FILTER), &place);
                assert_eq!(key.open(&listing(FILTER), &cursor), Some(place));
                let others = [
                    listing("q=강남\n"),
                    listing(""),
                    Listing {
                        tenant_id: TenantId::from_uuid(Uuid::from_u128(2)),
                        ..listing(FILTER)
                    },
                    Listing {
                        direction: Direction::Ascending,
                        ..listing(FILTER)
                    },
                    Listing {
                        order: Order::By(SortKey::UpdatedAt),
                        ..listing(FILTER)
                    },
                    Listing {
                        as_of: Some(DateTime::UNIX_EPOCH),
                        ..listing(FILTER)
                    },
                ];
                for other in &others {
                    assert_eq!(key.open(other, &cursor), None, "{other:?}");
                }
                assert_eq!(CursorKey::new([2; 32]).open(&listing(FILTER), &cursor), None);
            }
        }
    }

    #[test]
    fn a_numbered_place_reads_back_for_its_list_only() {
        let key = CursorKey::new([1; 32]);
        let [ours, theirs] = [1, 2].map(|number| TenantId::from_uuid(Uuid::from_u128(number)));
        let cursor = key.seal_number(ours, "quarantine open", 41);
        assert_eq!(key.open_number(ours, "quarantine open", &cursor), Some(41));
        assert_eq!(key.open_number(theirs, "quarantine open", &cursor), None);
        assert_eq!(key.open_number(ours, "quarantine", &cursor), None);
        assert_eq!(key.open(&listing(""), &cursor), None);
        assert_eq!(
            CursorKey::new([2; 32]).open_number(ours, "quarantine open", &cursor),
            None
        );
    }

    #[test]
    fn a_bent_cursor_is_refused() {
        let key = CursorKey::new([1; 32]);
        let [position, ..] = positions();
        let place = PlaceInList {
            position,
            turn: Turn::Forward,
            told_from: None,
        };
        let cursor = key.seal(&listing(FILTER), &place);
        for index in 0..cursor.len() {
            let mut bent = cursor.clone().into_bytes();
            bent[index] = if bent[index] == b'A' { b'B' } else { b'A' };
            let bent = String::from_utf8(bent).unwrap();
            assert_eq!(key.open(&listing(FILTER), &bent), None, "{bent}");
        }
        for bad in ["", "A", &cursor[..cursor.len() - 1], &format!("{cursor}AAAA"), "가나다"] {
            assert_eq!(key.open(&listing(FILTER), bad), None, "{bad}");
        }
    }
}
