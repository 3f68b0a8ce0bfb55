//! Secrets in a text that is no JSON, or not any more: a cut body, a form, a message for people.

use std::ops::Range;

use super::names::{self, Found, NAME_REST_MAX, Treatment, continues_name};
use super::{STRUCK, mask};

/// Behind a name and a blank, something at least this long is taken for a key.
const BARE_KEY_MIN_BYTES: usize = 12;

/// A text in which every named value, and the key wherever it stands, is struck. `None` if there is none.
pub(super) fn strike(text: &str, known: Option<&str>) -> Option<String> {
    let named = strike_named(text);
    let now = named.as_deref().unwrap_or(text);
    match known.filter(|key| now.contains(key)) {
        Some(key) => Some(now.replace(key, STRUCK)),
        None => named,
    }
}

fn strike_named(text: &str) -> Option<String> {
    let (mut out, mut copied, mut from) = (String::new(), 0, 0);
    while let Some(found) = names::find(text, from) {
        from = found.end;
        let Some(range) = value_of(text, &found) else { continue };
        from = range.end;
        let value = &text[range.clone()];
        let by = match found.treatment {
            Treatment::Drop => STRUCK.to_owned(),
            Treatment::Mask => mask(value),
        };
        if by != value {
            out.push_str(&text[copied..range.start]);
            out.push_str(&by);
            copied = range.end;
        }
    }
    (copied > 0).then(|| out + &text[copied..])
}

/// Where the value of a name stands; none if there is no value or nothing in it.
fn value_of(text: &str, found: &Found) -> Option<Range<usize>> {
    let range = value_behind(text, found.end, found.treatment)?;
    // `{"name":"apiKey","value":…`: the name of the value is no secret.
    let range = if names::is_value(&text[range.clone()]) {
        value_behind(text, range.end, found.treatment)?
    } else {
        range
    };
    let is_something = !range.is_empty() && !matches!(&text[range.clone()], "null" | "true" | "false");
    is_something.then_some(range)
}

fn value_behind(text: &str, at: usize, treatment: Treatment) -> Option<Range<usize>> {
    let rest_of_name = text[at..].bytes().take_while(|byte| continues_name(*byte)).count();
    let at = at + rest_of_name.min(NAME_REST_MAX);
    let closed = skip(text, at, |character| {
        character.is_whitespace() || is_quote(character) || matches!(character, '\\' | ']' | ')')
    });
    let was_quoted = text[at..closed].contains(is_quote);
    let is_separator = |character| matches!(character, ':' | '=' | '>' | '：' | '＝');
    let is_list = was_quoted && text[closed..].starts_with(',');
    let begins = skip(text, closed + usize::from(is_list), |character| {
        is_separator(character) || character.is_whitespace()
    });
    let separated = is_list || text[closed..begins].contains(is_separator);
    if separated {
        return Some(value_at(text, begins, treatment));
    }
    // Only a blank between them: a message for people.
    let is_blank_between = closed > at && text[at..closed].chars().all(char::is_whitespace);
    let range = word(text, closed);
    let looks_secret = range.len() >= BARE_KEY_MIN_BYTES || text[range.clone()] == *STRUCK;
    (is_blank_between && looks_secret).then_some(range)
}

/// The end of the run of such characters.
fn skip(text: &str, at: usize, is_skipped: impl Fn(char) -> bool) -> usize {
    let rest = text[at..].find(|character| !is_skipped(character));
    rest.map_or(text.len(), |length| at + length)
}

fn is_quote(character: char) -> bool {
    matches!(character, '"' | '\'' | '`')
}

fn word(text: &str, at: usize) -> Range<usize> {
    let is_part = |character: char| character.is_ascii_graphic() && !matches!(character, ',' | ';' | '"' | '\'' | '<');
    at..skip(text, at, is_part)
}

fn value_at(text: &str, at: usize, treatment: Treatment) -> Range<usize> {
    let quote = skip(text, at, |character| character == '\\');
    match text[quote..].chars().next() {
        Some(mark) if is_quote(mark) => {
            let start = quote + 1;
            start..end_of_quoted(text, start, mark, quote - at)
        }
        Some('{' | '[') if treatment == Treatment::Drop => quote..end_of_brackets(text, quote),
        Some(_) | None => at..end_of_bare(text, at, treatment),
    }
}

/// A quote inside a text has more backslashes before it than the one that opened it. Without a closing one, nobody can
/// tell where the value ends: it reaches to the end.
fn end_of_quoted(text: &str, start: usize, mark: char, depth: usize) -> usize {
    let mut backslashes = 0;
    for (at, character) in text[start..].char_indices() {
        if character == '\\' {
            backslashes += 1;
            continue;
        }
        let closes = backslashes <= depth || (depth == 0 && backslashes % 2 == 0);
        if character == mark && closes {
            let belongs_to_quote = backslashes.min(depth);
            return start + at - belongs_to_quote;
        }
        backslashes = 0;
    }
    text.len()
}

/// The bracket that closes the first one; brackets in texts do not count.
fn end_of_brackets(text: &str, start: usize) -> usize {
    let (mut open, mut in_text, mut is_escaped) = (0_usize, false, false);
    for (at, character) in text[start..].char_indices() {
        match character {
            _ if is_escaped => is_escaped = false,
            '\\' if in_text => is_escaped = true,
            '"' => in_text = !in_text,
            '{' | '[' if !in_text => open += 1,
            '}' | ']' if !in_text => {
                open -= 1;
                if open == 0 {
                    return start + at + 1;
                }
            }
            _ => {}
        }
    }
    text.len()
}

/// Blanks are part of a number that is written in groups.
fn end_of_bare(text: &str, at: usize, treatment: Treatment) -> usize {
    skip(text, at, |character| {
        let ends = matches!(character, '&' | ',' | ';' | '}' | ']' | ')' | '<' | '\n' | '\r') || is_quote(character);
        !ends && (treatment == Treatment::Mask || !character.is_whitespace())
    })
}
