//! Card numbers by their value: 13 to 19 digits, in groups or not, that a network may have given and whose check digit fits.

use super::STRUCK;
use super::names::{fold, leaves_no_trace};
use super::spans::skip;

const DIGITS_MIN: usize = 13;
const DIGITS_MAX: usize = 19;

/// Between two groups of one number stand no more characters.
const BETWEEN_MAX: usize = 3;

/// How the digits stand on cards: the groups that come first. Behind them comes the rest.
const LAYOUTS: [&[usize]; 2] = [&[4, 4, 4], &[4, 6]];

/// A text without card numbers. `None` if there is none in it.
pub(super) fn strike(text: &str) -> Option<String> {
    if !may_be_in(text) {
        return None;
    }
    let (mut out, mut copied, mut at) = (String::new(), 0, 0);
    while let Some(length) = text[at..].find(is_digit) {
        let start = at + length;
        at = if let Some(end) = end_of_card(text, start) {
            out.push_str(&text[copied..start]);
            out.push_str(STRUCK);
            copied = end;
            end
        } else {
            skip(text, start, is_part)
        };
    }
    (copied > 0).then(|| out + &text[copied..])
}

/// Whether there are digits enough in a text. Most texts have not.
pub(super) fn may_be_in(text: &str) -> bool {
    // The first byte of wide digits counts too.
    let is_one = |byte: &u8| byte.is_ascii_digit() || *byte == 0xef;
    text.len() >= DIGITS_MIN && text.as_bytes().iter().filter(|byte| is_one(byte)).count() >= DIGITS_MIN
}

/// Whether a number is one of a card.
pub(super) fn is_card(number: &str) -> bool {
    !number.is_empty()
        && number.bytes().all(|byte| byte.is_ascii_digit())
        && end_of_card(number, 0) == Some(number.len())
}

/// The end of the longest card number that begins with the group at a place.
fn end_of_card(text: &str, start: usize) -> Option<usize> {
    let (mut digits, mut groups) = (Vec::with_capacity(DIGITS_MAX), Vec::new());
    let (mut between, mut is_even, mut longest, mut at) = (None, true, None, start);
    loop {
        let (end, before) = (skip(text, at, is_part), digits.len());
        digits.extend(
            text[at..end]
                .chars()
                .filter_map(|character| fold(character).to_digit(10)),
        );
        groups.push(digits.len() - before);
        if digits.len() > DIGITS_MAX {
            return longest;
        }
        let is_grouped = || {
            is_even
                || LAYOUTS
                    .iter()
                    .any(|layout| groups.starts_with(layout) && groups.len() == layout.len() + 1)
        };
        if digits.len() >= DIGITS_MIN && is_of_a_network(&digits) && checks(&digits) && is_grouped() {
            longest = Some(end);
        }
        at = skip(text, end, is_between);
        let joint = &text[end..at];
        if joint.is_empty() || joint.chars().count() > BETWEEN_MAX || !text[at..].starts_with(is_digit) {
            return longest;
        }
        is_even &= *between.get_or_insert(joint) == joint;
    }
}

fn is_digit(character: char) -> bool {
    fold(character).is_ascii_digit()
}

fn is_part(character: char) -> bool {
    is_digit(character) || leaves_no_trace(character)
}

fn is_between(character: char) -> bool {
    let is_dash = matches!(fold(character), '-' | '\u{2010}'..='\u{2015}' | '\u{2212}');
    is_dash || character.is_whitespace() && !matches!(character, '\n' | '\r')
}

/// The first digits of the networks, 9 of Korea's own. Moments, which begin with the year or as a count of seconds, have others.
fn is_of_a_network(digits: &[u32]) -> bool {
    match digits {
        [3..=6 | 9, ..] => true,
        [2, second, third, fourth, ..] => (221..=720).contains(&(second * 100 + third * 10 + fourth)),
        _ => false,
    }
}

/// The check digit (ISO/IEC 7812-1, annex B).
fn checks(digits: &[u32]) -> bool {
    let doubled = |digit: u32| digit * 2 - if digit > 4 { 9 } else { 0 };
    let from_behind = digits.iter().rev().enumerate();
    let sum: u32 = from_behind
        .map(|(place, digit)| if place % 2 == 1 { doubled(*digit) } else { *digit })
        .sum();
    sum.is_multiple_of(10)
}
