//! Where things begin and end in a text: words, tags, what is in quotes or brackets. Each looks ahead no further than what it
//! finds, or a bounded stretch, so that a text is gone through in time that grows with its length.

use std::ops::Range;

use super::names::{self, NAME_REST_MAX, Treatment, continues_name};

/// How far a tag, or the head of a part, may reach from the name in it, and how far back a pair may have begun, in bytes.
const AROUND_MAX: usize = 512;

/// Where a value stands, and whether it stands in quotes.
pub(super) struct Value {
    pub(super) range: Range<usize>,
    pub(super) is_quoted: bool,
}

/// As much of a text as may belong to what stands at a place.
pub(super) fn within(text: &str, at: usize) -> &str {
    &text[at..text.floor_char_boundary((at + AROUND_MAX).min(text.len()))]
}

/// Where the word begins that a name is the end of.
pub(super) fn start_of_word(text: &str, at: usize) -> usize {
    let before = text[..at].bytes().rev();
    at - before
        .take(AROUND_MAX)
        .take_while(|byte| continues_name(*byte) || *byte == b'.')
        .count()
}

/// Where the path begins that a name is the end of.
pub(super) fn start_of_path(text: &str, at: usize) -> usize {
    let is_part = |byte: &u8| continues_name(*byte) || matches!(byte, b'.' | b'/' | b':' | b'$' | b'@' | b'#' | b' ');
    at - text[..at].bytes().rev().take(AROUND_MAX).take_while(is_part).count()
}

/// Where the tag ends that a place is in.
pub(super) fn end_of_tag(text: &str, at: usize) -> usize {
    let rest = within(text, at);
    at + rest.find('>').unwrap_or(rest.len())
}

/// The beginning of the tag whose name is a word here, or `None` if it is none.
pub(super) fn tag_before(before: &str) -> Option<&'static str> {
    let prefix = before.bytes().rev().take(NAME_REST_MAX);
    let length = prefix.take_while(|byte| continues_name(*byte) || *byte == b':').count();
    let before = &before[..before.len() - length];
    ["</", "<"].into_iter().find(|opener| before.ends_with(opener))
}

/// The value of a part of a multipart form: behind the blank line, up to the next boundary.
pub(super) fn part_of_form(text: &str, before: &str, at: usize) -> Option<Range<usize>> {
    let near = &before[before.floor_char_boundary(before.len().saturating_sub(AROUND_MAX))..];
    let line = near.rsplit('\n').next().unwrap_or(near);
    if !line.to_ascii_lowercase().contains("form-data") {
        return None;
    }
    let head = within(text, at);
    let blank_lines = ["\r\n\r\n", "\n\n"].into_iter();
    let start = blank_lines
        .filter_map(|line| Some(head.find(line)? + line.len()))
        .min()?
        + at;
    let length = text[start..].find("\n--").unwrap_or(text.len() - start);
    let value = text[start..start + length].trim_end_matches('\r');
    Some(start..start + value.len())
}

/// The last bracket before a place that is still open there.
pub(super) fn opener_before(text: &str, at: usize) -> (Option<char>, usize) {
    let mut closed = 0_usize;
    for (place, byte) in text.as_bytes()[..at].iter().enumerate().rev().take(AROUND_MAX) {
        match byte {
            b'}' | b']' | b'>' => closed += 1,
            b'{' | b'[' | b'<' if closed == 0 => return (Some(char::from(*byte)), place + 1),
            b'{' | b'[' | b'<' => closed -= 1,
            _ => {}
        }
    }
    (None, at)
}

/// The values in a part of a text: what is in quotes, and bare words, but for names (which a separator follows), for what is
/// documented, and for what is to be left out.
pub(super) fn values_in(text: &str, part: Range<usize>, left_out: &Range<usize>) -> Vec<Range<usize>> {
    let (mut values, mut at, mut is_documented) = (Vec::new(), part.start, false);
    while at < part.end {
        let Some(character) = text[at..].chars().next() else {
            break;
        };
        let range = if is_quote(character) {
            let escapes = text[..at]
                .bytes()
                .rev()
                .take(AROUND_MAX)
                .take_while(|byte| *byte == b'\\')
                .count();
            at + 1..end_of_quoted(text, at + 1, character, escapes)
        } else if character.is_alphanumeric() || character == '*' {
            at..skip(text, at, |character| {
                character.is_alphanumeric() || matches!(character, '_' | '-' | '.' | '*')
            })
        } else {
            at += character.len_utf8();
            continue;
        };
        at = skip(text, range.end, |character| is_quote(character) || character == '\\');
        let next = skip(text, at, char::is_whitespace);
        let is_left_out = range.start < left_out.end && left_out.start < range.end;
        if text[next..].starts_with([':', '=']) {
            is_documented = names::is_documented(&text[range]);
        } else if !is_left_out && !std::mem::take(&mut is_documented) {
            values.push(range);
        }
    }
    values
}

/// The end of the run of such characters.
pub(super) fn skip(text: &str, at: usize, is_skipped: impl Fn(char) -> bool) -> usize {
    let rest = text[at..].find(|character| !is_skipped(character));
    rest.map_or(text.len(), |length| at + length)
}

/// Behind tags and what is blank between them.
pub(super) fn skip_tags(text: &str, at: usize) -> usize {
    let mut at = at;
    while text[at..].starts_with('<') && !text[at..].starts_with("<!") {
        let Some(length) = within(text, at).find('>') else {
            break;
        };
        at = skip(text, at + length + 1, char::is_whitespace);
    }
    at
}

pub(super) fn is_quote(character: char) -> bool {
    matches!(character, '"' | '\'' | '`')
}

/// What may stand behind a name that still belongs to it.
pub(super) fn closes_name(character: char) -> bool {
    character.is_whitespace() || is_quote(character) || matches!(character, '\\' | ']' | ')')
}

pub(super) fn is_separator(character: char) -> bool {
    matches!(character, ':' | '=' | '>' | '：' | '＝')
}

pub(super) fn word(text: &str, at: usize) -> Range<usize> {
    let is_part = |character: char| character.is_ascii_graphic() && !matches!(character, ',' | ';' | '"' | '\'' | '<');
    at..skip(text, at, is_part)
}

pub(super) fn value_at(text: &str, at: usize, treatment: Treatment) -> Value {
    let quote = skip(text, at, |character| character == '\\');
    match text[quote..].chars().next() {
        Some(mark) if is_quote(mark) => {
            let start = quote + 1;
            Value {
                range: start..end_of_quoted(text, start, mark, quote - at),
                is_quoted: true,
            }
        }
        Some('{' | '[') if treatment == Treatment::Drop => Value {
            range: quote..end_of_brackets(text, quote, 0),
            is_quoted: true,
        },
        Some(_) | None => Value {
            range: at..end_of_bare(text, at, treatment),
            is_quoted: false,
        },
    }
}

/// A quote inside a text has more backslashes before it than the one that opened it. Without a closing one, nobody can
/// tell where the value ends: it reaches to the end.
pub(super) fn end_of_quoted(text: &str, start: usize, mark: char, depth: usize) -> usize {
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

/// Behind the bracket that closes the first one, of which so many are open already; brackets in texts do not count.
pub(super) fn end_of_brackets(text: &str, start: usize, open: usize) -> usize {
    let (mut open, mut in_text, mut is_escaped) = (open, false, false);
    for (at, character) in text[start..].char_indices() {
        match character {
            _ if is_escaped => is_escaped = false,
            '\\' if in_text => is_escaped = true,
            '"' => in_text = !in_text,
            '{' | '[' if !in_text => open += 1,
            '}' | ']' if !in_text => {
                open = open.saturating_sub(1);
                if open == 0 {
                    return start + at + 1;
                }
            }
            _ => {}
        }
    }
    text.len()
}

/// Blanks are part of a number that is written in groups. What escapes the quote behind it is not.
pub(super) fn end_of_bare(text: &str, at: usize, treatment: Treatment) -> usize {
    let end = skip(text, at, |character| {
        let ends = matches!(character, '&' | ',' | ';' | '}' | ']' | ')' | '<' | '\n' | '\r') || is_quote(character);
        !ends && (treatment == Treatment::Mask || !character.is_whitespace())
    });
    at + text[at..end].trim_end_matches('\\').len()
}
