//! A key in a sentence: `apiKey는 …`, `API key is …`, `인증키 → …`, `apiKey,…`. Between the name and what looks like a key stands
//! little: words of Korean, some of English, marks.

use std::ops::Range;

use super::names::fold;
use super::spans::{is_quote, skip, word};

/// Words of English that lead from the name to the key.
const LINKS: [&str; 14] = [
    "is", "was", "are", "be", "as", "to", "now", "the", "this", "value", "set", "key", "equals", "new",
];

/// As many of them may stand there, and as many of Korean.
const WORDS_MAX: usize = 4;

/// How far the key may stand from the name, in bytes.
const AWAY_MAX: usize = 80;

/// A key holds letters and digits if it is not longer than words are.
const MIXED_MIN_BYTES: usize = 8;

/// A word of letters has fewer, and no capital inside.
const WORD_MAX_BYTES: usize = 12;

/// No word is longer.
const LETTERS_MIN_BYTES: usize = 20;

/// Where the key stands that is told behind its name.
pub(super) fn told(text: &str, at: usize) -> Option<Range<usize>> {
    let mut place = at;
    for _ in 0..=WORDS_MAX {
        let start = behind_words(text, place).filter(|start| *start > place && start - at <= AWAY_MAX)?;
        let said = text[start..skip(text, start, is_part)].trim_end_matches('.');
        let end = start + said.len();
        if LINKS.iter().any(|link| link.eq_ignore_ascii_case(said)) {
            place = end;
            continue;
        }
        let whole = word(text, start);
        let marks = |character: char| matches!(character, '.' | ')' | ']' | '}' | '!' | '?' | '>');
        let whole_end = start + text[whole].trim_end_matches(marks).len();
        let looks_secret = looks_like_key(said) && !is_name(&text[end..]);
        return looks_secret.then(|| start..whole_end.max(end));
    }
    None
}

/// The next character that a key may begin with, if little stands before it. Behind a comma or the end of a line, nothing but
/// marks.
fn behind_words(text: &str, at: usize) -> Option<usize> {
    let (mut words, mut in_word, mut is_over) = (0, false, false);
    for (place, character) in text[at..].char_indices() {
        if fold(character).is_ascii_alphanumeric() {
            return Some(at + place);
        }
        if place > AWAY_MAX || matches!(character, '*' | '<' | '{' | '&') {
            return None;
        }
        let is_of_word = character.is_alphanumeric();
        words += usize::from(is_of_word && !in_word);
        if is_of_word && is_over || words > WORDS_MAX {
            return None;
        }
        in_word = is_of_word;
        is_over |= matches!(character, ',' | ';' | '.' | '!' | '?' | '\n');
    }
    None
}

fn is_part(character: char) -> bool {
    let folded = fold(character);
    folded.is_ascii_graphic() && !is_quote(folded) && !",;<>()[]{}|:=&%\\".contains(folded)
}

/// What a value follows on is a name itself: `apiKey, businessNumber: …`. What fills up base64 is none.
fn is_name(rest: &str) -> bool {
    let rest = rest.trim_start_matches(|character: char| is_quote(character) || character == ' ');
    let value = rest.trim_start_matches('=');
    rest.starts_with(':')
        || value.len() < rest.len() && value.starts_with(|next: char| next.is_alphanumeric() || is_quote(next))
}

fn looks_like_key(said: &str) -> bool {
    let count = |is: fn(char) -> bool| said.chars().map(fold).filter(|character| is(*character)).count();
    let (digits, letters) = (
        count(|character| character.is_ascii_digit()),
        count(|character| character.is_ascii_alphabetic()),
    );
    let length = said.chars().count();
    if digits > 0 && letters > 0 {
        return length >= MIXED_MIN_BYTES;
    }
    if letters == 0 {
        return digits >= WORD_MAX_BYTES;
    }
    let is_plain = !said.contains(['.', '/', '@']);
    let inside = said.chars().zip(said.chars().skip(1));
    let has_hump = inside
        .into_iter()
        .any(|(before, next)| before.is_lowercase() && next.is_uppercase());
    is_plain && (length >= LETTERS_MIN_BYTES || length >= WORD_MAX_BYTES && (has_hump || said.contains('_')))
}
