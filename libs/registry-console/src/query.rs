//! The query of a page is its state: filters, order, page length. Whoever has the address sees the same.

use std::fmt::Write;

/// Most parameters that are looked at.
const PARAMETERS_MAX: usize = 80;

/// The pairs of a query in their order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Query {
    pairs: Vec<(String, String)>,
}

impl Query {
    /// Reads the raw query of an address. Pairs without a value say nothing and are left out.
    pub fn read(raw: Option<&str>) -> Self {
        Self::read_up_to(raw, PARAMETERS_MAX)
    }

    /// The same where more may stand there, as in a form with a box for each row of a page.
    pub fn read_up_to(raw: Option<&str>, most: usize) -> Self {
        let pairs = raw.unwrap_or_default().split('&').take(most);
        let pairs = pairs.filter_map(|pair| {
            let (name, value) = pair.split_once('=')?;
            let (name, value) = (unescape(name), unescape(value));
            (!name.is_empty() && !value.trim().is_empty()).then_some((name, value))
        });
        Self { pairs: pairs.collect() }
    }

    /// The value of a parameter.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.pairs
            .iter()
            .find(|(found, _)| found == name)
            .map(|(_, value)| value.as_str())
    }

    /// The values of a parameter that may stand several times or hold several words.
    pub fn words<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let values = self.pairs.iter().filter(move |(found, _)| found == name);
        values
            .flat_map(|(_, value)| value.split(','))
            .map(str::trim)
            .filter(|word| !word.is_empty())
    }

    /// With a parameter that has this value only; without it, if the value is empty.
    #[must_use]
    pub fn with(&self, name: &str, value: &str) -> Self {
        let mut changed = self.without(name);
        if !value.is_empty() {
            changed.pairs.push((name.to_owned(), value.to_owned()));
        }
        changed
    }

    /// Without a parameter.
    #[must_use]
    pub fn without(&self, name: &str) -> Self {
        let mut changed = self.clone();
        changed.pairs.retain(|(found, _)| found != name);
        changed
    }

    /// Only these parameters.
    #[must_use]
    pub fn only(&self, names: &[&str]) -> Self {
        let mut changed = self.clone();
        changed.pairs.retain(|(found, _)| names.contains(&found.as_str()));
        changed
    }

    /// A path with this query.
    pub fn on(&self, path: &str) -> String {
        let mut text = path.to_owned();
        for (index, (name, value)) in self.pairs.iter().enumerate() {
            let mark = if index == 0 { '?' } else { '&' };
            text.push(mark);
            escape_into(&mut text, name);
            text.push('=');
            escape_into(&mut text, value);
        }
        text
    }
}

/// A text as one part of a path.
pub fn segment(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    escape_into(&mut escaped, text);
    escaped
}

fn escape_into(out: &mut String, text: &str) {
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b',' | b':' => out.push(byte.into()),
            // A string takes whatever is written to it.
            other => write!(out, "%{other:02X}").unwrap_or_default(),
        }
    }
}

/// What an escaped text says. Bytes that are no UTF-8 become U+FFFD, for `/v1` to refuse.
pub fn unescape(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, others)) = rest.split_first() {
        rest = others;
        let escaped = (*first == b'%').then(|| others.first_chunk::<2>()).flatten();
        let escaped = escaped.and_then(|digits| std::str::from_utf8(digits).ok());
        match escaped.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = others.get(2..).unwrap_or_default();
            }
            None => bytes.push(if *first == b'+' { b' ' } else { *first }),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_written_as_it_was_read() {
        let query = Query::read(Some("stage=drafting,in_review&q=%EA%B0%95%EB%82%A8+1&sort=&x"));
        assert_eq!(query.get("q"), Some("강남 1"));
        assert_eq!(query.words("stage").collect::<Vec<_>>(), ["drafting", "in_review"]);
        assert_eq!(query.on("/a"), "/a?stage=drafting,in_review&q=%EA%B0%95%EB%82%A8%201");
        assert_eq!(Query::read(None).on("/a"), "/a");
    }

    #[test]
    fn one_parameter_changes_and_the_others_stay() {
        let query = Query::read(Some("q=a&limit=50&stage=opened"));
        assert_eq!(query.with("limit", "100").on(""), "?q=a&stage=opened&limit=100");
        assert_eq!(query.with("q", "").on(""), "?limit=50&stage=opened");
        assert_eq!(query.only(&["stage"]).on(""), "?stage=opened");
    }

    #[test]
    fn nothing_leaves_a_value_unescaped() {
        assert_eq!(segment("a/b?c=\"<&>"), "a%2Fb%3Fc%3D%22%3C%26%3E");
        assert_eq!(unescape("%zz%4"), "%zz%4");
        assert_eq!(unescape("%"), "%");
    }
}
