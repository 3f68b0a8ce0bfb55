//! Which merchants a list or a count is about.

use registry_documents::Sight;
use registry_domain::merchant::Stage;
use registry_domain::review::ReviewStatus;
use registry_domain::unicode::composed;
use registry_journal::port::MerchantFilter;

use crate::problem::Fault;
use crate::query::Parameters;

/// Longest search text, in characters.
const SEARCH_LENGTH_MAX: usize = 100;

/// Reads `status`, `stage` and `q`. Whoever may not see business numbers does not find anything by one: else digit after digit
/// could be guessed.
pub fn read(query: &mut Parameters, sight: Sight) -> MerchantFilter {
    MerchantFilter {
        statuses: query.words("status", ReviewStatus::from_word),
        stages: query.words("stage", Stage::from_word),
        search: query.optional("q", read_search),
        no_numbers: match sight {
            Sight::Whole => false,
            Sight::Masked => true,
        },
    }
}

fn read_search(text: &str) -> Result<String, Fault> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Fault::Blank);
    }
    if text.chars().count() > SEARCH_LENGTH_MAX {
        return Err(Fault::TooLong);
    }
    if text.chars().any(char::is_control) {
        return Err(Fault::BadCharacter);
    }
    // Codes and names are kept composed.
    Ok(composed(text).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_is_short_and_visible() {
        assert_eq!(read_search(" 강남 "), Ok("강남".to_owned()));
        assert_eq!(read_search("\u{1100}\u{1161}"), Ok("가".to_owned()));
        assert_eq!(read_search("  "), Err(Fault::Blank));
        assert_eq!(read_search(&"가".repeat(101)), Err(Fault::TooLong));
        assert_eq!(read_search("a\nb"), Err(Fault::BadCharacter));
    }
}
