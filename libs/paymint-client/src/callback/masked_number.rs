//! Card and account numbers, of which only the ends are kept.

/// From this many characters on it may be a card number, of which the first six name the issuer.
const CARD_MIN_CHARACTERS: usize = 13;

/// From this many characters on the last four may stay.
const TAIL_MIN_CHARACTERS: usize = 8;

/// No number is longer than this.
const MAX_CHARACTERS: usize = 40;

/// A card or account number of which only the ends remain.
///
/// From 13 characters on the first six and the last four stay, from 8 on the last four, below nothing. Spaces and
/// hyphens are dropped, and so is everything beyond 40 characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MaskedNumber(String);

impl MaskedNumber {
    /// Masks a number. The original is not kept.
    pub fn mask(number: &str) -> Self {
        let separators = |character: &char| !character.is_whitespace() && *character != '-';
        let characters: Vec<char> = number.chars().filter(separators).take(MAX_CHARACTERS).collect();
        let length = characters.len();
        let head = if length >= CARD_MIN_CHARACTERS { 6 } else { 0 };
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
            ("123456789012", "********9012"),
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
