//! Card and account numbers, of which only the ends are kept.

use std::ops::RangeInclusive;

/// So long is a card number, of which the first six digits name the issuer.
const CARD_CHARACTERS: RangeInclusive<usize> = 13..=19;

/// From this many characters on the last four may stay.
const TAIL_MIN_CHARACTERS: usize = 8;

/// No number is longer than this.
const MAX_CHARACTERS: usize = 40;

/// A card or account number of which only the ends remain.
///
/// Of 13 to 19 characters the first six and the last four stay, of 8 and more the last four, below nothing. What is
/// neither letter nor digit nor a mask already is dropped, and so is everything beyond 40 characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MaskedNumber(String);

impl MaskedNumber {
    /// Masks a number. The original is not kept.
    pub fn mask(number: &str) -> Self {
        let counts = |character: &char| character.is_alphanumeric() || *character == '*';
        let characters: Vec<char> = number.chars().filter(counts).take(MAX_CHARACTERS).collect();
        let length = characters.len();
        let head = if CARD_CHARACTERS.contains(&length) { 6 } else { 0 };
        let tail = if length >= TAIL_MIN_CHARACTERS { 4 } else { 0 };
        let keep = |index: usize| index < head || index >= length - tail;
        let masked = characters.iter().enumerate();
        Self(
            masked
                .map(|(index, character)| if keep(index) { *character } else { '*' })
                .collect(),
        )
    }

    /// The masked number, such as `123456******7890`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_ends_remain() {
        let table = [
            ("1234567890123456", "123456******3456"),
            ("1234-5678-9012-3456", "123456******3456"),
            ("1234 5678 9012 3456", "123456******3456"),
            ("123456******3456", "123456******3456"),
            ("1234567890123", "123456***0123"),
            ("1234567890123456789", "123456*********6789"),
            ("12345678901234567890", "****************7890"),
            ("123456789012", "********9012"),
            ("123456-78-901234.", "123456****1234"),
            ("12.34.56.78.90.12", "********9012"),
            ("********9012", "********9012"),
            ("12345678", "****5678"),
            ("1234567", "*******"),
            ("", ""),
        ];
        for (number, masked) in table {
            assert_eq!(MaskedNumber::mask(number).as_str(), masked, "{number}");
        }
        assert_eq!(MaskedNumber::mask(&"9".repeat(5000)).as_str().len(), 40);
    }
}
