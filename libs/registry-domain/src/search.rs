//! What a merchant is found by: its codes and names without case, blanks and dashes, cut into short pieces that an index can keep.
//!
//! A text is found by any part of it that has two letters of which one is not ASCII (강남), or three that are (gs2). Of a Hangul text
//! the first consonants are kept too, so that ㄱㄴ finds 강남.

use std::collections::{BTreeMap, BTreeSet};

use crate::ids::TenantId;
use crate::merchant::{Business, Merchant};
use crate::text::{FreeText, Label};
use crate::unicode::{composed, decomposed};

/// Most words of a search; what stands behind them is not looked at.
const WORDS_MAX: usize = 10;

/// What stands before and after each text: no text holds it.
const EDGE: char = '\n';

/// Sorts behind every name.
const NAMELESS: &str = "\u{10ffff}";

const HANGUL_SYLLABLES: std::ops::RangeInclusive<char> = '가'..='힣';
const CONSONANTS: std::ops::RangeInclusive<char> = 'ㄱ'..='ㅎ';

/// The first consonants of syllables, in their order.
const LEADS: [char; 19] = [
    'ㄱ', 'ㄲ', 'ㄴ', 'ㄷ', 'ㄸ', 'ㄹ', 'ㅁ', 'ㅂ', 'ㅃ', 'ㅅ', 'ㅆ', 'ㅇ', 'ㅈ', 'ㅉ', 'ㅊ', 'ㅋ', 'ㅌ', 'ㅍ', 'ㅎ',
];

/// Syllables that begin with the same consonant.
const SYLLABLES_PER_LEAD: u32 = 21 * 28;

/// What a piece belongs to. Pieces of one kind do not meet those of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Part of a text, or of a business number: what is found is compared with what may be seen.
    Part,
    Mark,
}

/// What a merchant is found by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// By what lists are sorted that are sorted by name. Merchants without one come last.
    pub name_key: String,
    /// The same for its codes.
    pub code_key: String,
    /// Codes, names and their first consonants, each between line breaks.
    pub text: String,
    /// The digits of its business number.
    pub number: String,
    /// Member code, tags and metadata, each between line breaks.
    pub marks: String,
    /// Pieces of all that, as sorted numbers. Two different pieces may have one number: what is found is compared.
    pub pieces: Vec<i32>,
}

impl Terms {
    /// Those of a merchant.
    pub fn of(tenant: TenantId, merchant: &Merchant) -> Self {
        let business = &merchant.business;
        let names = [&business.company_name, &business.branch_name];
        let names: Vec<_> = names.into_iter().flatten().map(FreeText::as_str).collect();
        let codes = [
            merchant.reference.merchant_code.as_str(),
            merchant.reference.member_code.as_str(),
        ];
        let folded: Vec<_> = codes.iter().chain(&names).map(|text| folded(text)).collect();
        let leads = folded.iter().skip(codes.len()).map(|name| leads(name));
        let texts: Vec<_> = folded.iter().cloned().chain(leads).collect();
        let number: String = business
            .number
            .iter()
            .flat_map(|number| digits(number.as_str()))
            .collect();
        let marks: Vec<_> = marks(merchant).map(|mark| mark.written()).collect();
        let mut pieces = BTreeSet::new();
        for text in &texts {
            pieces.extend(cut(tenant, Kind::Part, text));
        }
        pieces.extend(cut(tenant, Kind::Part, &number));
        pieces.extend(marks.iter().map(|mark| piece(tenant, Kind::Mark, mark)));
        let name_key = folded[codes.len()..].join(" ");
        Self {
            name_key: if name_key.is_empty() {
                NAMELESS.to_owned()
            } else {
                name_key
            },
            code_key: folded[..codes.len()].join(" "),
            text: edged(&texts),
            number,
            marks: edged(&marks),
            pieces: pieces.into_iter().collect(),
        }
    }
}

/// The parts of a merchant that its terms are made of, kept to tell whether they have changed: that is cheaper than making them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    business: Business,
    tags: Vec<Label>,
    metadata: BTreeMap<String, Label>,
}

impl Found {
    /// Those of a merchant.
    pub fn of(merchant: &Merchant) -> Self {
        Self {
            business: merchant.business.clone(),
            tags: merchant.tags.clone(),
            metadata: merchant.metadata.clone(),
        }
    }

    /// Whether the merchant is still made of them. Its natural key never changes.
    pub fn is_still(&self, merchant: &Merchant) -> bool {
        self.business == merchant.business && self.tags == merchant.tags && self.metadata == merchant.metadata
    }
}

/// Something of a merchant that is equal or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mark {
    /// Its member code.
    Member(String),
    /// One of its tags.
    Tag(String),
    /// An entry of its metadata.
    Metadata(String, String),
}

impl Mark {
    /// One spelling for one mark. Neither codes nor labels hold line breaks.
    fn written(&self) -> String {
        match self {
            Self::Member(code) => format!("member:{code}"),
            Self::Tag(tag) => format!("tag:{tag}"),
            Self::Metadata(key, value) => format!("data:{}:{key}={value}", key.len()),
        }
    }

    /// As it stands among [`Terms::marks`].
    pub fn needle(&self) -> String {
        format!("{EDGE}{}{EDGE}", self.written())
    }

    /// Its piece.
    pub fn piece(&self, tenant: TenantId) -> i32 {
        piece(tenant, Kind::Mark, &self.written())
    }
}

fn marks(merchant: &Merchant) -> impl Iterator<Item = Mark> + '_ {
    let member = Mark::Member(merchant.reference.member_code.as_str().to_owned());
    let tags = merchant.tags.iter().map(|tag| Mark::Tag(tag.as_str().to_owned()));
    let metadata = merchant.metadata.iter();
    let metadata = metadata.map(|(key, value)| Mark::Metadata(key.clone(), value.as_str().to_owned()));
    std::iter::once(member).chain(tags).chain(metadata)
}

/// A word that is searched for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// What must be part of the text.
    pub text: String,
    /// What must be part of the business number instead; none if the word cannot be.
    pub number: Option<String>,
}

impl Word {
    /// The pieces that a text with this word has; none for a word that is too short to be looked for.
    pub fn pieces(&self, tenant: TenantId) -> Vec<i32> {
        cut(tenant, Kind::Part, &self.text)
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect()
    }
}

/// A search: words that all must be found, in any order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search {
    words: Vec<Word>,
}

/// Why a text cannot be searched for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadSearch {
    /// None of its words is long enough: two letters, or three of ASCII.
    TooShort,
}

impl Search {
    /// Reads what somebody typed. `with_numbers` says whether merchants may be found by their business number.
    pub fn read(typed: &str, with_numbers: bool) -> Result<Self, BadSearch> {
        let mut words = Vec::new();
        // Digits with blanks between them are one number.
        let folded_whole = folded(typed);
        let is_number = !folded_whole.is_empty() && folded_whole.chars().all(|c| c.is_ascii_digit());
        let typed = if is_number { folded_whole.as_str() } else { typed };
        for word in typed.split_whitespace().take(WORDS_MAX) {
            let text = without_unfinished(folded(word));
            if text.is_empty() {
                continue;
            }
            let is_digits = text.chars().all(|c| c.is_ascii_digit());
            let number = (with_numbers && is_digits).then(|| text.clone());
            words.push(Word { text, number });
        }
        if words.iter().any(|word| is_long_enough(&word.text)) {
            Ok(Self { words })
        } else {
            Err(BadSearch::TooShort)
        }
    }

    /// The words.
    pub fn words(&self) -> &[Word] {
        &self.words
    }

    /// Whether a merchant is found.
    pub fn finds(&self, terms: &Terms) -> bool {
        self.words.iter().all(|word| {
            let in_number = word.number.as_ref().is_some_and(|number| terms.number.contains(number));
            in_number || terms.text.contains(&word.text)
        })
    }
}

/// Whether anything can be searched for by what somebody typed: that takes a word of two letters, or of three of ASCII.
pub fn is_searchable(typed: &str) -> bool {
    Search::read(typed, true).is_ok()
}

/// A text in parts, each with whether it is what was searched for: for whoever shows what was found.
pub fn highlighted<'a>(typed: &str, text: &'a str) -> Vec<(&'a str, bool)> {
    let Ok(search) = Search::read(typed, true) else {
        return vec![(text, false)];
    };
    // What is left of each letter, with where the letter stands.
    let mut letters = Vec::new();
    for (at, letter) in text.char_indices() {
        let range = at..at + letter.len_utf8();
        letters.extend(
            folded(letter.encode_utf8(&mut [0; 4]))
                .chars()
                .map(|left| (left, range.clone())),
        );
    }
    let mut is_found = vec![false; text.len()];
    for word in search.words() {
        let word: Vec<_> = word.text.chars().collect();
        for window in letters.windows(word.len()) {
            let as_typed = window.iter().map(|(letter, _)| *letter).eq(word.iter().copied());
            let by_leads = window.iter().map(|(letter, _)| lead(*letter)).eq(word.iter().copied());
            if let ([(_, first), ..], [.., (_, last)]) = (window, window)
                && (as_typed || by_leads)
            {
                is_found[first.start..last.end].fill(true);
            }
        }
    }
    let mut parts = Vec::new();
    let mut start = 0;
    for run in is_found.chunk_by(|one, next| one == next) {
        let end = start + run.len();
        parts.push((&text[start..end], run[0]));
        start = end;
    }
    parts
}

/// A syllable that is being typed ends in a consonant of its own until it is whole: 강ㄴ on the way to 강남.
fn without_unfinished(mut word: String) -> String {
    let has_syllable = word.chars().any(|c| HANGUL_SYLLABLES.contains(&c));
    if has_syllable && word.ends_with(|c| CONSONANTS.contains(&c)) {
        word.pop();
    }
    word
}

fn is_long_enough(text: &str) -> bool {
    windows(text).next().is_some()
}

/// Without case, blanks, dashes and other punctuation, in composed form and with narrow letters.
pub fn folded(text: &str) -> String {
    // The decomposed form of a full-width letter is itself: it is made narrow by hand.
    let narrow = text.chars().map(narrow);
    let narrow: String = narrow.flat_map(char::to_lowercase).collect();
    let whole = composed(&decomposed(&narrow)).into_owned();
    whole.chars().filter(|c| c.is_alphanumeric()).collect()
}

/// The plain letter that a full-width one is.
fn narrow(character: char) -> char {
    match character {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(character) - 0xfee0).unwrap_or(character),
        other => other,
    }
}

/// The first consonants of a text; what is no syllable stays.
fn leads(text: &str) -> String {
    text.chars().map(lead).collect()
}

fn lead(character: char) -> char {
    if !HANGUL_SYLLABLES.contains(&character) {
        return character;
    }
    let place = (u32::from(character) - u32::from('가')) / SYLLABLES_PER_LEAD;
    LEADS.get(place as usize).copied().unwrap_or(character)
}

fn digits(text: &str) -> impl Iterator<Item = char> + '_ {
    text.chars().filter(char::is_ascii_digit)
}

fn edged(texts: &[String]) -> String {
    let mut all = String::from(EDGE);
    for text in texts {
        all.push_str(text);
        all.push(EDGE);
    }
    all
}

/// Pairs of which one letter is not ASCII, and threes of ASCII letters.
fn windows(text: &str) -> impl Iterator<Item = &str> {
    let starts: Vec<_> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
    (0..starts.len().saturating_sub(1)).filter_map(move |first| {
        let part = |letters: usize| starts.get(first + letters).map(|end| &text[starts[first]..*end]);
        match part(2) {
            Some(pair) if !pair.is_ascii() => Some(pair),
            _ => part(3).filter(|three| three.is_ascii()),
        }
    })
}

fn cut(tenant: TenantId, kind: Kind, text: &str) -> impl Iterator<Item = i32> {
    windows(text).map(move |window| piece(tenant, kind, window))
}

/// Of one tenant: the pieces of a large one are not in the way of a small one's search.
fn piece(tenant: TenantId, kind: Kind, text: &str) -> i32 {
    let mut hash = crc32fast::Hasher::new();
    hash.update(tenant.as_uuid().as_bytes());
    hash.update(match kind {
        Kind::Part => b"p",
        Kind::Mark => b"m",
    });
    hash.update(text.as_bytes());
    hash.finalize().cast_signed()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn terms(texts: &[&str]) -> Terms {
        let folded: Vec<_> = texts.iter().map(|text| folded(text)).collect();
        let leads: Vec<_> = folded.iter().map(|text| leads(text)).collect();
        let number = "1234567890".to_owned();
        Terms {
            name_key: String::new(),
            code_key: String::new(),
            text: edged(&[folded, leads].concat()),
            number,
            marks: String::new(),
            pieces: Vec::new(),
        }
    }

    #[test]
    fn what_people_type_finds_what_they_mean() {
        let shop = terms(&["ACME-0117", "결제선생 카페", "강남 2호점"]);
        let finds = |typed: &str| Search::read(typed, true).map(|search| search.finds(&shop));
        for typed in [
            "강남",
            "ㄱㄴ",
            "ㄱㅈㅅㅅ",
            "acme",
            "ACME-01",
            "acme0117",
            "0117",
            "결제 강남",
            "강남  acme",
            "선생카페",
            "강남ㅂ",
            "123-45-67890",
            "123 45 67890",
            "4567",
            "\u{1100}\u{1161}\u{11bc}\u{1102}\u{1161}\u{11b7}",
            "ＡＣＭＥ",
            "강남2",
            "강남 a",
        ] {
            assert_eq!(finds(typed), Ok(true), "{typed}");
        }
        for typed in ["강북", "ㄱㅂ", "acme 강북", "0118", "남강", "1234567891", "카페강남"] {
            assert_eq!(finds(typed), Ok(false), "{typed}");
        }
        for typed in ["강", "ㄱ", "ac", "7", "-", "강 ac", ""] {
            assert_eq!(finds(typed), Err(BadSearch::TooShort), "{typed}");
        }
    }

    #[test]
    fn what_was_found_is_shown_in_the_text_as_it_is_written() {
        let shown = |typed, text| {
            let parts = highlighted(typed, text);
            let shown: String = parts
                .iter()
                .map(|(part, is_found)| {
                    if *is_found {
                        format!("[{part}]")
                    } else {
                        (*part).to_owned()
                    }
                })
                .collect();
            shown
        };
        assert_eq!(shown("강남", "스타 강남 2호점"), "스타 [강남] 2호점");
        assert_eq!(shown("ㄱㄴ", "스타 강남 2호점"), "스타 [강남] 2호점");
        assert_eq!(shown("남2호", "스타 강남 2호점"), "스타 강[남 2호]점");
        assert_eq!(shown("acme0117", "ACME-0117"), "[ACME-0117]");
        assert_eq!(shown("acme 117", "ACME-0117"), "[ACME]-0[117]");
        assert_eq!(shown("강", "강남"), "강남");
        assert_eq!(shown("강남", ""), "");
    }

    #[test]
    fn without_the_right_nothing_is_found_by_a_number() {
        let shop = terms(&["shop"]);
        let search = Search::read("123-45-67890", false).expect("long enough");
        assert!(!search.finds(&shop));
    }

    proptest! {
        /// An index that has the pieces of a text finds every part of it.
        #[test]
        fn the_pieces_of_a_part_are_pieces_of_the_whole(text in "[가-힣a-z0-9 ㄱ-ㅎ-]{0,20}", from in 0..20_usize, length in 0..10_usize) {
            let tenant = TenantId::from_uuid(uuid::Uuid::nil());
            let whole = folded(&text);
            let part: String = whole.chars().skip(from).take(length).collect();
            let pieces: BTreeSet<_> = cut(tenant, Kind::Part, &whole).collect();
            prop_assert!(cut(tenant, Kind::Part, &part).all(|piece| pieces.contains(&piece)));
        }

        #[test]
        fn the_parts_are_the_text(typed in "\\PC{0,8}", text in "\\PC{0,20}") {
            let parts = highlighted(&typed, &text);
            prop_assert_eq!(parts.iter().map(|(part, _)| *part).collect::<String>(), text);
        }

        #[test]
        fn folding_twice_changes_nothing(text in "\\PC{0,20}") {
            let once = folded(&text);
            prop_assert_eq!(folded(&once), once);
        }
    }
}
