//! The partner's two codes of a sub-merchant.

/// The longest code in every call but one, in characters (release v2, send v2, acceptance v2: sure).
pub const CODE_MAX_CHARACTERS: usize = 60;

/// The longest code in `/auth/mapping`, in characters (official page of the call: sure). A longer code cannot be linked
/// by a call.
pub const MAPPING_CODE_MAX_CHARACTERS: usize = 30;

/// The partner's codes of a user and of a place, each 1 to 60 characters.
///
/// A bill can be seen only with the pair that it was made with (integrators: sure). Upstream documents no set of
/// characters: all are taken but controls, and blanks at an end, which nobody sees.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MerchantCodes {
    member: String,
    merchant: String,
}

impl MerchantCodes {
    /// Takes both codes.
    pub fn parse(member: &str, merchant: &str) -> Result<Self, MerchantCodesError> {
        check(member, CODE_MAX_CHARACTERS)?;
        check(merchant, CODE_MAX_CHARACTERS)?;
        Ok(Self {
            member: member.to_owned(),
            merchant: merchant.to_owned(),
        })
    }

    /// The code of the user (`member`, in `/auth/mapping` `memberId`).
    pub fn member(&self) -> &str {
        &self.member
    }

    /// The code of the place (`merchant`, in `/auth/mapping` `merchantId`).
    pub fn merchant(&self) -> &str {
        &self.merchant
    }

    /// Whether `/auth/mapping` takes both: they have at most 30 characters.
    pub fn fit_mapping(&self) -> bool {
        let fits = |code| check(code, MAPPING_CODE_MAX_CHARACTERS).is_ok();
        fits(&self.member) && fits(&self.merchant)
    }
}

fn check(code: &str, max: usize) -> Result<(), MerchantCodesError> {
    if code.is_empty() {
        return Err(MerchantCodesError::Empty);
    }
    if code.chars().count() > max {
        return Err(MerchantCodesError::TooLong { max });
    }
    if code.trim() != code || code.chars().any(char::is_control) {
        return Err(MerchantCodesError::BadCharacter);
    }
    Ok(())
}

/// Why two texts are no [`MerchantCodes`], or none for one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MerchantCodesError {
    /// A code has no characters.
    #[error("a code is empty")]
    Empty,
    /// A code has more characters than the call takes.
    #[error("a code has more than {max} characters")]
    TooLong {
        /// How many the call takes.
        max: usize,
    },
    /// A code holds a control character, or begins or ends with a blank.
    #[error("a code holds a control character, or begins or ends with a blank")]
    BadCharacter,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_up_to_60_characters_and_30_for_one_call() {
        let of = |length: usize| MerchantCodes::parse(&"m".repeat(length), "s");
        assert!(of(30).unwrap().fit_mapping());
        assert!(!of(31).unwrap().fit_mapping());
        assert_eq!(of(60).unwrap().member().len(), 60);
        assert_eq!(of(61), Err(MerchantCodesError::TooLong { max: 60 }));
        assert_eq!(of(0), Err(MerchantCodesError::Empty));
        assert!(!MerchantCodes::parse("m", &"가".repeat(31)).unwrap().fit_mapping());
        assert_eq!(MerchantCodes::parse("m", "본점 2").unwrap().merchant(), "본점 2");
        for code in [" a", "a ", "a\n", "\0", "a\tb"] {
            assert_eq!(MerchantCodes::parse("m", code), Err(MerchantCodesError::BadCharacter));
        }
    }
}
