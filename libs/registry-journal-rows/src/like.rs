//! A search as patterns of SQL's LIKE, which both engines read alike.

use registry_journal::port::MerchantFilter;

/// A search as patterns of SQL's LIKE, with `\` before what is to be taken as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchPatterns {
    /// For codes and names.
    pub part: String,
    /// For business numbers, if what is searched for may begin one.
    pub number: Option<String>,
}

impl SearchPatterns {
    /// What is searched for; none if everything is looked at.
    pub fn of(filter: &MerchantFilter) -> Option<Self> {
        let search = filter.search.as_ref()?;
        // What stands for anything in a pattern is a letter in a search.
        let escaped = search.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
        let digits: String = search.chars().filter(char::is_ascii_digit).collect();
        let is_number = !digits.is_empty() && search.chars().all(|c| c.is_ascii_digit() || matches!(c, '-' | ' '));
        Some(Self {
            part: format!("%{escaped}%"),
            number: (is_number && !filter.no_numbers).then(|| format!("{digits}%")),
        })
    }
}
