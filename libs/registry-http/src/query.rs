//! The parameters of a query, read one by one, so that a client learns everything that is wrong with them at once.
//! A parameter that is not known is a fault: a misspelt filter must not answer with everything.

use axum::extract::{FromRequestParts, Query};
use axum::http::Uri;
use axum::http::request::Parts;
use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use registry_journal::port::PageSize;

use crate::problem::{Code, Fault, FieldFault, Place, Problem};

/// Most parameters of a query.
const PARAMETERS_MAX: usize = 50;

/// Longest part of an unknown name that is repeated to the client, in characters.
const NAME_LENGTH_MAX: usize = 60;

/// Most words of one parameter.
const WORDS_MAX: usize = 50;

/// Most rows that a client may ask for at once.
pub const LIMIT_MAX: u32 = 500;

/// Most callbacks that one request drives again: each is a command of its own.
pub const REDRIVES_MAX: u32 = 200;

/// Highest position that storage can hold.
pub const POSITION_MAX: u64 = i64::MAX.unsigned_abs();

/// How far a moment may lie from now and still mean the present: clocks differ, and the time of a log may lie ahead.
pub const PRESENT: TimeDelta = TimeDelta::minutes(1);

/// How many rows a client gets that does not ask for a number.
pub const LIMIT_DEFAULT: u32 = 50;

/// The parameters that were not read yet, and the faults of those that were.
#[derive(Debug)]
pub struct Parameters {
    pairs: Vec<(String, String)>,
    faults: Vec<FieldFault>,
}

impl Parameters {
    /// A parameter, if it is there.
    pub fn optional<T, E: Into<Fault>>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let text = self.take(name)?;
        match read(&text) {
            Ok(value) => Some(value),
            Err(error) => {
                self.blame(name, error.into());
                None
            }
        }
    }

    /// A list of words, separated by commas. Empty if the parameter is not there.
    pub fn words<T>(
        &mut self,
        name: &'static str,
        known: &'static [&'static str],
        read: impl Fn(&str) -> Option<T>,
    ) -> Vec<T> {
        let words = self.optional(name, |text| {
            let words = text
                .split(',')
                .map(|word| read(word.trim()).ok_or(Fault::UnknownWord(known)));
            let words: Vec<_> = words.take(WORDS_MAX + 1).collect::<Result<_, _>>()?;
            if words.len() > WORDS_MAX {
                Err(Fault::TooMany)
            } else {
                Ok(words)
            }
        });
        words.unwrap_or_default()
    }

    /// Whether something is wanted: `true` or `false`.
    pub fn flag(&mut self, name: &'static str) -> Option<bool> {
        self.optional(name, |text| match text {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(Fault::UnknownWord(&["true", "false"])),
        })
    }

    /// A list of texts, separated by commas. Empty if the parameter is not there.
    pub fn texts<T>(&mut self, name: &'static str, read: impl Fn(&str) -> Result<T, Fault>) -> Vec<T> {
        let texts = self.optional(name, |text| {
            let texts = text.split(',').map(|text| read(text.trim()));
            let texts: Vec<_> = texts.take(WORDS_MAX + 1).collect::<Result<_, _>>()?;
            if texts.len() > WORDS_MAX {
                Err(Fault::TooMany)
            } else {
                Ok(texts)
            }
        });
        texts.unwrap_or_default()
    }

    /// The parameters of an address. None if it cannot be read, or if there are too many.
    pub fn of(uri: &Uri) -> Option<Self> {
        let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(uri).ok()?;
        (pairs.len() <= PARAMETERS_MAX).then_some(Self {
            pairs,
            faults: Vec::new(),
        })
    }

    /// What stands there as a parameter that was not read yet.
    pub fn value(&self, name: &str) -> Option<&str> {
        let mut pairs = self.pairs.iter();
        pairs.find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    /// Whether a parameter is there, and was not read yet.
    pub fn has(&self, name: &str) -> bool {
        self.pairs.iter().any(|(other, _)| other == name)
    }

    /// One spelling of these parameters, whatever the order of parameters and words. No value holds a line break that is read.
    pub fn canonical(&self, names: &[&str]) -> String {
        let mut pairs: Vec<_> = self
            .pairs
            .iter()
            .filter(|(name, _)| names.contains(&name.as_str()))
            .collect();
        pairs.sort();
        let pair = |(name, value): &(String, String)| {
            let mut words: Vec<_> = value.split(',').map(str::trim).collect();
            words.sort_unstable();
            format!("{name}={}\n", words.join(","))
        };
        pairs.into_iter().map(pair).collect()
    }

    /// A whole number within a range.
    pub fn number(&mut self, name: &'static str, range: std::ops::RangeInclusive<u64>) -> Option<u64> {
        self.optional(name, |text| {
            // `parse` would take a plus sign.
            let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            let number = text.parse().ok().filter(|number| digits && range.contains(number));
            number.ok_or(Fault::OutOfRange)
        })
    }

    /// A position in a log or in a stream, at least `first`.
    pub fn position(&mut self, name: &'static str, first: u64) -> Option<u64> {
        self.number(name, first..=POSITION_MAX)
    }

    /// How many rows are wanted.
    pub fn limit(&mut self) -> PageSize {
        let limit = self
            .number("limit", 1..=u64::from(LIMIT_MAX))
            .and_then(|limit| u32::try_from(limit).ok());
        PageSize::clamped(limit.unwrap_or(LIMIT_DEFAULT))
    }

    /// A moment, whenever it is.
    pub fn moment(&mut self, name: &'static str) -> Option<DateTime<Utc>> {
        self.optional(name, read_moment)
    }

    /// A moment that is not later than now, give or take what clocks differ.
    pub fn past_moment(&mut self, name: &'static str, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.optional(name, |text| read_past(text, now))
    }

    /// A fault that shows only when several parameters are looked at together.
    pub fn blame(&mut self, name: &'static str, fault: Fault) {
        self.faults.push(FieldFault {
            place: Place::Query(name),
            fault,
        });
    }

    /// Blames every parameter that is left, and fails if there is any fault.
    pub fn finish(self) -> Result<(), Problem> {
        let faults = self.into_faults();
        if faults.is_empty() {
            Ok(())
        } else {
            Err(Problem::validation(faults))
        }
    }

    /// Blames every parameter that is left, and tells of every fault.
    pub fn into_faults(mut self) -> Vec<FieldFault> {
        let unknown = self.pairs.into_iter().map(|(name, _)| FieldFault {
            place: Place::UnknownQuery(name.chars().take(NAME_LENGTH_MAX).collect()),
            fault: Fault::Unknown,
        });
        self.faults.extend(unknown);
        self.faults
    }

    fn take(&mut self, name: &'static str) -> Option<String> {
        let (mut values, others): (Vec<_>, Vec<_>) = self.pairs.drain(..).partition(|(other, _)| other == name);
        self.pairs = others;
        if values.len() > 1 {
            self.blame(name, Fault::Repeated);
        }
        values.pop().map(|(_, value)| value)
    }
}

/// Reads a moment that has passed.
pub fn read_past(text: &str, now: DateTime<Utc>) -> Result<DateTime<Utc>, Fault> {
    let moment = read_moment(text)?;
    if moment > now + PRESENT {
        Err(Fault::InTheFuture)
    } else {
        Ok(moment)
    }
}

/// Reads a moment of RFC 3339.
pub fn read_moment(text: &str) -> Result<DateTime<Utc>, Fault> {
    // In a query an unescaped plus sign reads as a blank.
    let moment = DateTime::parse_from_rfc3339(&text.replace(' ', "+")).map_err(|_| Fault::NotATime)?;
    Ok(moment.to_utc().trunc_subsecs(6))
}

impl<S: Sync> FromRequestParts<S> for Parameters {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        Self::of(&parts.uri).ok_or_else(|| Code::MalformedRequest.into())
    }
}

#[cfg(test)]
mod tests {
    use axum::http::Request;
    use registry_domain::review::ReviewStatus;

    use super::*;
    use registry_web::language::Language;

    async fn parameters(query: &str) -> Parameters {
        let (mut parts, ()) = Request::get(format!("/?{query}")).body(()).unwrap().into_parts();
        Parameters::from_request_parts(&mut parts, &()).await.unwrap()
    }

    fn faults(problem: &Problem) -> Vec<(String, &'static str)> {
        let document = problem.document(Language::English, String::new(), None);
        document
            .errors
            .into_iter()
            .map(|error| (error.parameter.unwrap(), error.code))
            .collect()
    }

    #[tokio::test]
    async fn everything_that_is_wrong_is_told_at_once() {
        let now = DateTime::parse_from_rfc3339("2026-07-01T00:00:00Z").unwrap().to_utc();
        let mut query = parameters("limit=501&as_of=2026-07-01T00:01:01Z&status=opened,shut&limits=3").await;
        assert_eq!(query.limit().get(), LIMIT_DEFAULT);
        assert_eq!(query.past_moment("as_of", now), None);
        assert_eq!(query.words("status", ReviewStatus::WORDS, ReviewStatus::from_word), []);
        let expected = [
            ("limit", "out_of_range"),
            ("as_of", "in_the_future"),
            ("status", "unknown_word"),
            ("limits", "unknown_field"),
        ];
        let expected = expected.map(|(name, code)| (name.to_owned(), code));
        assert_eq!(faults(&query.finish().unwrap_err()), expected);
    }

    #[tokio::test]
    async fn numbers_stay_within_their_range() {
        for (text, expected) in [
            ("1", Some(1)),
            ("200", Some(200)),
            ("0", None),
            ("+5", None),
            ("5.0", None),
            ("", None),
        ] {
            let mut query = parameters(&format!("n={}", text.replace('+', "%2B"))).await;
            assert_eq!(query.number("n", 1..=200), expected, "{text}");
            assert_eq!(query.finish().is_ok(), expected.is_some(), "{text}");
        }
    }

    #[tokio::test]
    async fn a_parameter_stands_once() {
        let mut query = parameters("limit=1&limit=2").await;
        query.limit();
        assert_eq!(faults(&query.finish().unwrap_err()), [("limit".to_owned(), "repeated")]);
    }

    #[tokio::test]
    async fn an_offset_may_stand_unescaped() {
        let now = DateTime::parse_from_rfc3339("2026-07-01T00:00:00Z").unwrap().to_utc();
        let mut query = parameters("as_of=2026-07-01T09:00:00.0000009+09:00").await;
        assert_eq!(query.past_moment("as_of", now), Some(now));
        assert!(query.finish().is_ok());
    }
}
