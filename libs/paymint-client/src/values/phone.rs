//! The customer's phone number.

use std::fmt;

use serde::Serialize;

/// A mobile number of the customer: `01` and eight or nine digits.
///
/// Upstream takes digits only and refuses hyphens (sandbox: sure); that it must be a mobile number integrators assume
/// (likely), as bills go out by Kakao. `Debug` hides it, and there is no `Display`.
#[derive(Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct PhoneNumber(String);

impl PhoneNumber {
    /// Takes a number as people write it: hyphens and blanks are dropped.
    pub fn parse(text: &str) -> Result<Self, PhoneNumberError> {
        let digits: String = text.chars().filter(|letter| !matches!(letter, '-' | ' ')).collect();
        if is_mobile(&digits) {
            Ok(Self(digits))
        } else {
            Err(PhoneNumberError)
        }
    }

    /// The digits in clear, to be sent and for nothing else.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

pub(super) fn is_mobile(digits: &str) -> bool {
    digits.starts_with("01") && matches!(digits.len(), 10 | 11) && digits.bytes().all(|byte| byte.is_ascii_digit())
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PhoneNumber(redacted)")
    }
}

/// A text is no [`PhoneNumber`]. It never repeats the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the phone number is not 01 and eight or nine digits")]
pub struct PhoneNumberError;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_01_and_eight_or_nine_digits() {
        for (text, digits) in [
            ("01012345678", "01012345678"),
            ("010-1234-5678", "01012345678"),
            ("011 123 4567", "0111234567"),
        ] {
            assert_eq!(PhoneNumber::parse(text).unwrap().expose(), digits);
        }
        for text in [
            "",
            "021234567",
            "0101234567a",
            "010123456789",
            "+821012345678",
            "０1012345678",
            "010.1234.5678",
        ] {
            assert_eq!(PhoneNumber::parse(text), Err(PhoneNumberError), "{text}");
        }
        assert_eq!(
            format!("{:?}", PhoneNumber::parse("01012345678").unwrap()),
            "PhoneNumber(redacted)"
        );
    }
}
