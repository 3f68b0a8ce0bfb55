//! The partner's own id of a bill or a receipt.

use std::fmt;

use serde::Serialize;

/// The longest id, in characters (acceptance v2, cash-receipt v2: sure).
const MAX_CHARACTERS: usize = 20;

/// A `billId`: 1 to 20 ASCII letters and digits, chosen by the partner.
///
/// An id stays used for ever, after a cancellation or a destruction too, and bills and stand-alone cash receipts share
/// them (cash-receipt v2, sandbox: sure). The hyphen is seen only in API V1; it is not taken here.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct BillId(String);

impl BillId {
    /// Takes 1 to 20 ASCII letters and digits. Small and capital letters are different letters.
    pub fn parse(text: &str) -> Result<Self, BillIdError> {
        if text.is_empty() {
            return Err(BillIdError::Empty);
        }
        if !text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(BillIdError::NotLettersOrDigits);
        }
        if text.len() > MAX_CHARACTERS {
            return Err(BillIdError::TooLong);
        }
        Ok(Self(text.to_owned()))
    }

    /// The id as it is sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for BillId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Why a text is no [`BillId`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BillIdError {
    /// There are no characters.
    #[error("the bill id is empty")]
    Empty,
    /// There are more than 20 characters.
    #[error("the bill id has more than {MAX_CHARACTERS} characters")]
    TooLong,
    /// Something else than the letters A to Z and a to z and the digits.
    #[error("the bill id holds something else than ASCII letters and digits")]
    NotLettersOrDigits,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_has_up_to_20_letters_and_digits() {
        for text in ["a", "B1", "1234567890ABCdef7890"] {
            assert_eq!(BillId::parse(text).unwrap().as_str(), text);
        }
        assert_eq!(BillId::parse(""), Err(BillIdError::Empty));
        assert_eq!(BillId::parse(&"1".repeat(21)), Err(BillIdError::TooLong));
        for text in ["a-1", "a_1", "a 1", "가", "１", "a\n"] {
            assert_eq!(BillId::parse(text), Err(BillIdError::NotLettersOrDigits), "{text}");
        }
    }
}
