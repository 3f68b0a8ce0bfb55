//! 사업자등록번호, the Korean business registration number.

use std::fmt;

use crate::text::FreeText;
use crate::unicode::{is_blank, is_dash, narrow_digit};

/// Why a text is not a business registration number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BusinessNumberError {
    /// Not ten digits once dashes and blanks are taken out.
    #[error("must have ten digits, with or without hyphens")]
    NotTenDigits,
    /// Nothing but zeros. The check digit fits, and no business has it.
    #[error("must not be all zeros")]
    AllZeros,
    /// The tenth digit does not fit the first nine.
    #[error("the check digit does not match")]
    ChecksumMismatch,
}

/// A business registration number: ten digits whose check digit fits.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct BusinessNumber(String);

impl BusinessNumber {
    /// Reads ten digits of either width, with or without dashes and blanks, and verifies the check digit.
    pub fn parse(text: &str) -> Result<Self, BusinessNumberError> {
        let is_between = |c: &char| is_dash(*c) || is_blank(*c) || c.is_whitespace();
        let digits: String = text.chars().filter(|c| !is_between(c)).map(narrow_digit).collect();
        let number = Self::recorded(&digits)?;
        if number.0.bytes().all(|digit| digit == b'0') {
            return Err(BusinessNumberError::AllZeros);
        }
        Ok(number)
    }

    /// Reads what was written down once, as it was. This never becomes stricter.
    pub fn recorded(text: &str) -> Result<Self, BusinessNumberError> {
        let digits: String = text.chars().filter(|c| *c != '-').collect();
        if digits.len() != 10 || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(BusinessNumberError::NotTenDigits);
        }
        if checksum_fits(digits.as_bytes()) {
            Ok(Self(digits))
        } else {
            Err(BusinessNumberError::ChecksumMismatch)
        }
    }

    /// The ten digits without hyphens, as upstream wants them.
    pub fn digits(&self) -> &str {
        &self.0
    }
}

/// Sole traders' numbers are personal data: a log line must not hold one by accident.
impl fmt::Debug for BusinessNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BusinessNumber(masked)")
    }
}

/// Weights 1 3 7 1 3 7 1 3 5, plus the tens of the ninth digit times five. The outer `% 10` matters: a sum that
/// ends in 0 gives check digit 0, not 10.
fn checksum_fits(digits: &[u8]) -> bool {
    const WEIGHTS: [u32; 9] = [1, 3, 7, 1, 3, 7, 1, 3, 5];
    let digit = |index: usize| u32::from(digits[index] - b'0');
    let weighted: u32 = WEIGHTS
        .iter()
        .enumerate()
        .map(|(index, weight)| digit(index) * weight)
        .sum();
    let sum = weighted + digit(8) * 5 / 10;
    (10 - sum % 10) % 10 == digit(9)
}

/// A business number as upstream reported it. A bad one is kept and flagged, never refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReportedNumber {
    /// It reads as a number and its check digit fits.
    Valid(BusinessNumber),
    /// What came, and why it is doubtful.
    Doubtful(FreeText, BusinessNumberError),
}

/// One that a tenant gave before zeros were refused is doubtful like one that upstream reports.
impl From<BusinessNumber> for ReportedNumber {
    fn from(number: BusinessNumber) -> Self {
        Self::from_untrusted(number.digits())
    }
}

impl ReportedNumber {
    /// Judges what upstream sent.
    pub fn from_untrusted(text: &str) -> Self {
        match BusinessNumber::parse(text) {
            Ok(number) => Self::Valid(number),
            Err(error) => Self::Doubtful(FreeText::from_untrusted(text), error),
        }
    }

    /// The text to show and store: bare digits when valid, otherwise what came.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Valid(number) => number.digits(),
            Self::Doubtful(text, _) => text.as_str(),
        }
    }

    /// A stable word for the doubt, if there is one.
    pub fn flag(&self) -> Option<&'static str> {
        match self {
            Self::Valid(_) => None,
            Self::Doubtful(_, BusinessNumberError::NotTenDigits) => Some("not_ten_digits"),
            Self::Doubtful(_, BusinessNumberError::AllZeros) => Some("all_zeros"),
            Self::Doubtful(_, BusinessNumberError::ChecksumMismatch) => Some("checksum_mismatch"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_that_ends_in_zero_has_check_digit_zero() {
        assert_eq!(BusinessNumber::parse("117-81-78260").unwrap().digits(), "1178178260");
    }

    #[test]
    fn wrong_numbers_are_told_apart() {
        assert_eq!(
            BusinessNumber::parse("1178178261"),
            Err(BusinessNumberError::ChecksumMismatch)
        );
        for text in [
            "",
            "117817826",
            "11781782600",
            "117\u{200b}8178260",
            "117.81.78260",
            "abcdefghij",
        ] {
            assert_eq!(
                BusinessNumber::parse(text),
                Err(BusinessNumberError::NotTenDigits),
                "{text}"
            );
        }
    }

    #[test]
    fn the_same_number_may_be_written_in_many_ways() {
        for text in [
            "1178178260",
            " 117 81 78260 ",
            "１１７－８１－７８２６０",
            "117–81—78260",
            "117−81‑78260",
            "117ー81ㅡ78260",
            "117\u{a0}81\u{3000}78260\t",
        ] {
            assert_eq!(BusinessNumber::parse(text).unwrap().digits(), "1178178260", "{text}");
        }
    }

    #[test]
    fn zeros_are_no_number_but_were_one() {
        assert_eq!(
            BusinessNumber::parse("000-00-00000"),
            Err(BusinessNumberError::AllZeros)
        );
        assert_eq!(ReportedNumber::from_untrusted("000-00-00000").flag(), Some("all_zeros"));
        let before = BusinessNumber::recorded("0000000000").unwrap();
        assert_eq!(ReportedNumber::from(before).flag(), Some("all_zeros"));
    }

    #[test]
    fn every_prefix_has_exactly_one_check_digit() {
        for prefix in ["123456789", "000000001", "999999999", "117817826"] {
            let fits = (0..10)
                .filter(|digit| BusinessNumber::parse(&format!("{prefix}{digit}")).is_ok())
                .count();
            assert_eq!(fits, 1, "{prefix}");
        }
    }

    #[test]
    fn a_reported_number_is_kept_and_flagged() {
        assert_eq!(ReportedNumber::from_untrusted("117-81-78260").flag(), None);
        let doubtful = ReportedNumber::from_untrusted("117-81-78261");
        assert_eq!(
            (doubtful.as_str(), doubtful.flag()),
            ("117-81-78261", Some("checksum_mismatch"))
        );
    }
}
