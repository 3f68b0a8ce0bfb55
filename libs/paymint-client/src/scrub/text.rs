//! Secrets in a text that is no JSON, or not any more: a cut body, a form, markup, a message for people.
//!
//! A name carries a value if the value is assigned to it (`name: value`, `<name>value`), or if the name is itself a value and
//! stands in a pair with the other (`key="name" value="…"`, `["name", "…"]`, a part of a multipart form).

use std::cell::{Cell, LazyCell};
use std::ops::Range;

use super::names::{self, Found, NAME_REST_MAX, Treatment, continues_name};
use super::spans::{
    Value, closes_name, end_of_bare, end_of_brackets, end_of_tag, is_quote, is_separator, opener_before, part_of_form,
    skip, skip_tags, start_of_path, start_of_word, tag_before, value_at, values_in, within, word,
};
use super::told::told;
use super::{STRUCK, mask};

/// Behind a name and a blank, something at least this long is taken for a key.
const BARE_KEY_MIN_BYTES: usize = 12;

/// And if it holds a digit, something this long, where people write of a key and not of a field.
const SPOKEN_KEY_MIN_BYTES: usize = 6;

/// A text in which every named value is struck. `None` if there is none.
pub(super) fn strike(text: &str) -> Option<String> {
    let scan = Scan::new(text);
    let (mut out, mut copied, mut from) = (String::new(), 0, 0);
    while let Some(found) = names::find(text, from) {
        from = found.end;
        for range in scan.values_of(&found) {
            from = from.max(range.end);
            let value = &text[range.clone()];
            let by = match found.treatment {
                Treatment::Drop => STRUCK.to_owned(),
                Treatment::Mask => mask(value),
            };
            if range.start >= copied && by != value && is_something(value) {
                out.push_str(&text[copied..range.start]);
                out.push_str(&by);
                copied = range.end;
            }
        }
    }
    (copied > 0).then(|| out + &text[copied..])
}

fn is_something(value: &str) -> bool {
    !value.trim().is_empty() && !matches!(value, "null" | "true" | "false")
}

struct Scan<'a> {
    text: &'a str,
    is_markup: LazyCell<bool, Box<dyn FnOnce() -> bool + 'a>>,
    /// From where a closing tag was looked for last, and where the first one behind that is.
    closing_tag: Cell<(usize, Option<usize>)>,
}

impl<'a> Scan<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            text,
            is_markup: LazyCell::new(Box::new(|| text.trim_start().starts_with('<'))),
            closing_tag: Cell::new((0, text.find("</"))),
        }
    }

    /// The first closing tag from a place on. Many names may have the same one, which lies far away.
    fn next_closing_tag(&self, from: usize) -> Option<usize> {
        let (asked, found) = self.closing_tag.get();
        if asked <= from && found.is_none_or(|found| found >= from) {
            return found;
        }
        let found = self.text[from..].find("</").map(|length| from + length);
        self.closing_tag.set((from, found));
        found
    }

    /// Where the values of a name stand, in their order.
    fn values_of(&self, found: &Found) -> Vec<Range<usize>> {
        let text = self.text;
        let before = &text[..start_of_word(text, found.start)];
        let rest = text[found.end..].bytes().take_while(|byte| continues_name(*byte));
        let at = found.end + rest.take(NAME_REST_MAX).count();
        match tag_before(before) {
            Some("</") => return Vec::new(),
            Some(_) => return self.of_element(at, found),
            None => {}
        }
        let quote = start_of_path(text, found.start);
        let is_quoted = text[..quote].ends_with(is_quote) && text[at..].trim_start_matches('\\').starts_with(is_quote);
        let opener = is_quoted.then(|| opener_before(text, quote));
        if let Some((Some('<'), start)) = opener {
            return self.in_tag(start, quote..at, found);
        }
        if let Some(value) = self.assigned(at, found) {
            return vec![value];
        }
        if let Some(part) = part_of_form(text, before, at) {
            vec![part]
        } else if let Some(opener) = opener {
            self.in_pair(opener, quote..at, found)
        } else if before.ends_with('>') && text[at..].starts_with("</") {
            // `<name>apiKey</name><value>…`
            let next = skip_tags(text, at);
            let end = self.end_of_content(next, found);
            std::iter::once(next..end).collect()
        } else {
            self.bare(before, at, found).into_iter().collect()
        }
    }

    /// `<apiKey type="…">value</apiKey>`, `<apiKey value="…"/>`
    fn of_element(&self, at: usize, found: &Found) -> Vec<Range<usize>> {
        let text = self.text;
        let close = end_of_tag(text, at);
        let mut values = values_in(text, at..close, &(at..at));
        if text[close..].starts_with('>') && !text[..close].ends_with('/') {
            values.extend(self.content(close + 1, found));
        }
        values
    }

    fn content(&self, at: usize, found: &Found) -> Option<Range<usize>> {
        let at = skip(self.text, at, char::is_whitespace);
        let end = self.end_of_content(at, found);
        let text = &self.text[at..end];
        // `***` in a section was put there by us.
        (text != STRUCK && may_be_value(text, found)).then_some(at..end)
    }

    /// The closing tag. In a text without any, which may be no markup, a value ends like others do.
    fn end_of_content(&self, at: usize, found: &Found) -> usize {
        const SECTION: (&str, &str) = ("<![CDATA[", "]]>");
        let text = self.text;
        let mut end = at;
        while text[end..].starts_with(SECTION.0) {
            end = text[end..]
                .find(SECTION.1)
                .map_or(text.len(), |length| end + length + SECTION.1.len());
            end = skip(text, end, char::is_whitespace);
        }
        if let Some(closing) = self.next_closing_tag(end) {
            closing
        } else if end > at || *self.is_markup {
            text.len()
        } else {
            end_of_bare(text, end, found.treatment)
        }
    }

    /// `name: value`, `"name" = "value"`, `name>value`. What cannot be the value leaves it empty.
    fn assigned(&self, at: usize, found: &Found) -> Option<Range<usize>> {
        let text = self.text;
        let closed = skip(text, at, closes_name);
        let begins = skip(text, closed, |character| {
            is_separator(character) || character.is_whitespace()
        });
        let between = &text[closed..begins];
        if !between.contains(is_separator) {
            return None;
        }
        if between.trim() == ">" && text[at..closed].contains(is_quote) || text[begins..].starts_with("<![CDATA[") {
            return self.content(begins, found);
        }
        let Value { range, is_quoted } = value_at(text, begins, found.treatment);
        let is_value = is_quoted || may_be_value(&text[range.clone()], found);
        Some(if is_value { range } else { begins..begins })
    }

    /// `<param name="apiKey" value="…">…`: every other value in the tag, and what the tag holds.
    fn in_tag(&self, start: usize, name: Range<usize>, found: &Found) -> Vec<Range<usize>> {
        let text = self.text;
        let end = end_of_tag(text, name.end);
        let is_of_tag = |character: char| !character.is_whitespace() && character != '>';
        let mut values = values_in(text, skip(text, start, is_of_tag).min(name.start)..end, &name);
        if text[end..].starts_with('>') && !text[..end].ends_with('/') {
            values.extend(self.content(end + 1, found));
        }
        values
    }

    /// `["apiKey", "value"]`: what comes next. `{"key": "apiKey", "value": "…"}`: what else is said in there.
    fn in_pair(&self, opener: (Option<char>, usize), name: Range<usize>, found: &Found) -> Vec<Range<usize>> {
        let text = self.text;
        let end = name.end + within(text, name.end).len();
        if let (Some('{'), start) = opener {
            let beside = values_in(text, start..end_of_brackets(&text[..end], start, 1), &name);
            if !beside.is_empty() {
                return beside;
            }
        }
        // What holds nothing but the name stands for it: `[{"name": "apiKey"}, {"value": "…"}]`.
        let comma = skip(text, name.end, |character| closes_name(character) || character == '}');
        if !text[comma..].starts_with(',') {
            return Vec::new();
        }
        let is_said = |range: &Range<usize>| {
            let is_part = |character: char| character.is_alphanumeric() && (character.is_ascii() || !found.is_ascii);
            text[range.clone()].contains(|character| is_part(character) || character == '*')
        };
        values_in(text, comma..end, &name)
            .into_iter()
            .find(is_said)
            .into_iter()
            .collect()
    }

    /// `key=apiKey&value=…`, lines of `key: apiKey` and `value: …`, and a message for people that gives one.
    fn bare(&self, before: &str, at: usize, found: &Found) -> Option<Range<usize>> {
        let text = self.text;
        if before.trim_end_matches([' ', '\t']).ends_with([':', '=']) {
            let next = skip(text, at, |character| {
                matches!(character, '&' | '\r' | '\n' | ' ' | '\t')
            });
            let between = &text[at..next];
            if between.contains(['&', '\n']) {
                let end_of_next = skip(text, next, |character| character.is_ascii_alphanumeric());
                let is_field = between.contains('&') && text[end_of_next..].starts_with('=');
                let is_line = between.contains('\n') && names::is_value(&text[next..end_of_next]);
                if is_field || is_line {
                    return self.assigned(end_of_next, found);
                }
            }
        }
        let blank = skip(text, at, char::is_whitespace);
        if blank > at {
            let range = word(text, blank);
            if range.len() >= BARE_KEY_MIN_BYTES || text[range.clone()] == *STRUCK {
                return Some(range);
            }
        }
        found.is_spoken_of.then(|| told(text, at)).flatten()
    }
}

/// Whether something without quotes may be the value: keys and pictures are ASCII, and where people write of a key there is
/// one only if it looks like one.
fn may_be_value(value: &str, found: &Found) -> bool {
    if found.in_words {
        // A key is not longer.
        let begin = within(value, 0);
        let has_digit = || begin.contains(|character: char| character.is_ascii_digit());
        return begin.is_ascii()
            && (value.len() >= BARE_KEY_MIN_BYTES || value.len() >= SPOKEN_KEY_MIN_BYTES && has_digit());
    }
    !found.is_ascii || value.contains(|character| names::fold(character).is_ascii_alphanumeric())
}
