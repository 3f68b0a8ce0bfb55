//! The fields that bills, cash receipts and cards on file have in common, and how they are checked.

use chrono::NaiveDate;
use sha2::{Digest, Sha256};
use url::Url;

use super::envelope::Refusal;
use super::parameters::Parameters;
use crate::world::{BillDenied, MappingId, World};

/// The longest id of a bill (official request tables).
const BILL_ID_MAX_CHARACTERS: usize = 20;

/// The digits of the highest price.
const PRICE_MAX_DIGITS: usize = 10;

/// The longest URL that is taken, in bytes. Upstream documents none.
const URL_MAX_BYTES: usize = 255;

impl Parameters {
    /// The business that the codes of the call name.
    pub(super) fn mapping(&self, world: &World, partner: usize) -> Result<MappingId, Refusal> {
        let (member, merchant) = self.pair()?;
        let mapping = world.by_codes(partner, &member, &merchant);
        mapping.map(|mapping| mapping.id).ok_or(Refusal::LinkNotFound)
    }

    /// The id of a bill: letters and digits.
    pub(super) fn bill_id(&self) -> Result<&str, Refusal> {
        let id = self.required("billId")?;
        let fits = id.len() <= BILL_ID_MAX_CHARACTERS && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
        fits.then_some(id).ok_or(Refusal::Parameter("billId"))
    }

    /// The price, above nothing.
    pub(super) fn price(&self) -> Result<u64, Refusal> {
        let price = won(self.required("price")?).filter(|price| *price > 0);
        price.ok_or(Refusal::Parameter("price"))
    }

    /// A part of a price, which can be nothing.
    pub(super) fn part_of_price(&self, name: &'static str) -> Result<Option<u64>, Refusal> {
        let part = self.text(name)?.filter(|text| !text.is_empty());
        part.map(|text| won(text).ok_or(Refusal::Parameter(name))).transpose()
    }

    /// The payer's telephone: digits of a mobile number.
    pub(super) fn phone(&self) -> Result<&str, Refusal> {
        let phone = self.required("phone")?;
        let is_mobile = matches!(phone.len(), 10 | 11) && phone.starts_with("01");
        let fits = is_mobile && phone.bytes().all(|byte| byte.is_ascii_digit());
        fits.then_some(phone).ok_or(Refusal::Parameter("phone"))
    }

    /// A text that may be left out, of at most so many characters.
    pub(super) fn free_text(&self, name: &'static str, max_characters: usize) -> Result<Option<String>, Refusal> {
        let text = self.text(name)?.filter(|text| !text.is_empty());
        let too_long = text.is_some_and(|text| text.chars().count() > max_characters);
        if too_long && self.rules().lengths_checked {
            return Err(Refusal::Parameter(name));
        }
        Ok(text.map(str::to_owned))
    }

    /// The same for a text that must be there.
    pub(super) fn required_text(&self, name: &'static str, max_characters: usize) -> Result<String, Refusal> {
        self.free_text(name, max_characters)?.ok_or_else(|| self.missing(name))
    }

    /// An address of the partner's that may be left out. An empty one is left out too.
    pub(super) fn address(&self, name: &'static str) -> Result<Option<Url>, Refusal> {
        if self.text(name)?.is_none_or(str::is_empty) {
            return Ok(None);
        }
        let max_bytes = if self.rules().lengths_checked {
            URL_MAX_BYTES
        } else {
            usize::MAX
        };
        self.web_address(name, max_bytes)
    }

    /// A day such as `2026-12-31`.
    pub(super) fn day(&self, name: &'static str) -> Result<Option<NaiveDate>, Refusal> {
        let Some(text) = self.text(name)?.filter(|text| !text.is_empty()) else {
            return Ok(None);
        };
        let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
        day.filter(|_| text.len() == 10)
            .map(Some)
            .ok_or(Refusal::Parameter(name))
    }

    /// Checks the hash over these fields, as they came, in this order: 64 small hexadecimal digits of a SHA-256.
    pub(super) fn check_hash(&self, names: &[&'static str]) -> Result<(), Refusal> {
        let hash = self.required("hash")?;
        let parts: Result<Vec<&str>, Refusal> = names.iter().map(|name| self.required(name)).collect();
        if hex::encode(Sha256::digest(parts?.join(","))) == hash {
            Ok(())
        } else {
            Err(Refusal::Hash)
        }
    }

    /// How upstream says that something was denied.
    pub(super) fn refusal(&self, denied: BillDenied) -> Refusal {
        let rules = self.rules();
        match denied {
            BillDenied::NotFound => Refusal::BillNotFound,
            BillDenied::IdUsed => Refusal::IdUsed,
            BillDenied::WrongState => Refusal::Ruled(rules.wrong_state.clone()),
            BillDenied::WrongPrice => Refusal::Ruled(rules.wrong_price.clone()),
            BillDenied::NotOpen => Refusal::Ruled(rules.not_open.clone()),
            BillDenied::PointsShort => Refusal::PointsShort,
            BillDenied::NoWallet => Refusal::NoWallet,
            BillDenied::NoPayMethod => Refusal::Ruled(rules.no_pay_method.clone()),
            BillDenied::CardDeclined => Refusal::CardDeclined,
            BillDenied::AboveCeiling => Refusal::AboveCeiling,
            BillDenied::Full => Refusal::Full,
        }
    }
}

/// An amount in digits, without separators and leading zeros.
fn won(text: &str) -> Option<u64> {
    let is_plain = text.len() <= PRICE_MAX_DIGITS && text.bytes().all(|byte| byte.is_ascii_digit());
    let has_leading_zero = text.len() > 1 && text.starts_with('0');
    (is_plain && !has_leading_zero).then(|| text.parse().ok()).flatten()
}
