//! Who a cash receipt is for.

use std::fmt;

use serde::{Serialize, Serializer};

use super::phone::{PhoneNumber, is_mobile};

/// What a cash receipt is for. On the wire it is one digit (integrators, API V1: sure).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Trader {
    /// `0`: a person, who deducts it from income.
    Person,
    /// `1`: a business, which proves an expense.
    Business,
}

impl Trader {
    /// Reads the digit, or one of the words by which the callback page describes the field of a bill (call-back v2).
    pub fn parse(raw: &str) -> Option<Self> {
        match raw.trim().to_ascii_lowercase().as_str() {
            "0" | "personal" | "person" | "개인" => Some(Self::Person),
            "1" | "corporate" | "corporation" | "business" | "법인" | "사업자" => Some(Self::Business),
            _ => None,
        }
    }

    /// The digit that is sent.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Person => "0",
            Self::Business => "1",
        }
    }
}

impl Serialize for Trader {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// The receiver of a cash receipt: what it is for, and the number it is issued to (`issuanceNumber`).
///
/// That the number is a phone number, a resident number or a business number is sure; that the first two belong to a
/// person and the last to a business is what integrators check. `Debug` hides the number.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ReceiptReceiver {
    trader: Trader,
    number: String,
}

impl ReceiptReceiver {
    /// A person, by phone.
    pub fn phone(number: &PhoneNumber) -> Self {
        Self {
            trader: Trader::Person,
            number: number.expose().to_owned(),
        }
    }

    /// A person, by a phone number or the 13 digits of a resident number. Hyphens and blanks are dropped.
    pub fn person(number: &str) -> Result<Self, ReceiptReceiverError> {
        let number = digits(number)?;
        if !is_mobile(&number) && number.len() != 13 {
            return Err(ReceiptReceiverError::Person);
        }
        Ok(Self {
            trader: Trader::Person,
            number,
        })
    }

    /// A business, by the ten digits of its number. Hyphens and blanks are dropped; the check digit is not looked at.
    pub fn business(number: &str) -> Result<Self, ReceiptReceiverError> {
        let number = digits(number)?;
        if number.len() != 10 {
            return Err(ReceiptReceiverError::Business);
        }
        Ok(Self {
            trader: Trader::Business,
            number,
        })
    }

    /// What the receipt is for.
    pub fn trader(&self) -> Trader {
        self.trader
    }

    /// The number in clear, to be sent and for nothing else.
    pub fn expose(&self) -> &str {
        &self.number
    }
}

fn digits(text: &str) -> Result<String, ReceiptReceiverError> {
    let digits: String = text.chars().filter(|letter| !matches!(letter, '-' | ' ')).collect();
    if digits.bytes().all(|byte| byte.is_ascii_digit()) {
        Ok(digits)
    } else {
        Err(ReceiptReceiverError::NotDigits)
    }
}

impl fmt::Debug for ReceiptReceiver {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ReceiptReceiver")
            .field("trader", &self.trader)
            .finish_non_exhaustive()
    }
}

/// Why a text is no number of a [`ReceiptReceiver`]. It never repeats the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptReceiverError {
    /// Something else than digits, hyphens and blanks.
    #[error("the number of the receiver holds something else than digits")]
    NotDigits,
    /// Neither a mobile number nor 13 digits.
    #[error("the number of a person is neither a mobile number nor a resident number")]
    Person,
    /// Not ten digits.
    #[error("the number of a business does not have ten digits")]
    Business,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_belongs_to_a_person_or_to_a_business() {
        let phone = ReceiptReceiver::person("010-1234-5678").unwrap();
        assert_eq!(
            phone,
            ReceiptReceiver::phone(&PhoneNumber::parse("01012345678").unwrap())
        );
        assert_eq!((phone.trader().as_str(), phone.expose()), ("0", "01012345678"));
        assert_eq!(
            ReceiptReceiver::person("900101-1234567").unwrap().expose(),
            "9001011234567"
        );
        let business = ReceiptReceiver::business("117-81-78260").unwrap();
        assert_eq!((business.trader().as_str(), business.expose()), ("1", "1178178260"));
        assert_eq!(ReceiptReceiver::person("1178178260"), Err(ReceiptReceiverError::Person));
        assert_eq!(
            ReceiptReceiver::business("01012345678"),
            Err(ReceiptReceiverError::Business)
        );
        assert_eq!(
            ReceiptReceiver::business("11781a8260"),
            Err(ReceiptReceiverError::NotDigits)
        );
        assert!(!format!("{phone:?}{business:?}").contains("1178178260"));
    }

    #[test]
    fn traders_are_read_as_digits_and_as_words() {
        for (raw, trader) in [
            ("0", Some(Trader::Person)),
            ("1", Some(Trader::Business)),
            (" Personal", Some(Trader::Person)),
            ("CORPORATE", Some(Trader::Business)),
            ("2", None),
            ("", None),
        ] {
            assert_eq!(Trader::parse(raw), trader, "{raw}");
        }
    }
}
