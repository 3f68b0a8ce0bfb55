//! The query of a view: read by what reads that of the list, and written in one spelling.

use axum::http::Uri;
use chrono::{DateTime, Utc};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use registry_documents::Sight;
use registry_domain::views::VIEW_QUERY_LENGTH_MAX;

use crate::problem::{Fault, FieldFault, Place, Problem};
use crate::query::Parameters;
use crate::routes::merchants::filter::{self, LISTS, MOMENTS, NAMES, When};
use crate::routes::merchants::list::read_order;

/// Where the query stands in a body.
const POINTER: &str = "/query";

/// What a view says beside its filters.
const ORDER: &[&str] = &["sort", "limit"];

/// What of a value is escaped.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~')
    .remove(b',')
    .remove(b':');

/// The query of a view in one spelling. `as_of` and `cursor` have no place there: they are of one moment.
pub fn read(text: &str, sight: Sight, now: DateTime<Utc>) -> Result<String, Problem> {
    read_as(POINTER, text, sight, now)
}

/// The same where it stands elsewhere in a body.
pub fn read_as(pointer: &'static str, text: &str, sight: Sight, now: DateTime<Utc>) -> Result<String, Problem> {
    let fault = |fault| {
        Problem::validation(vec![FieldFault {
            place: Place::Body(pointer.to_owned()),
            fault,
        }])
    };
    let uri = format!("/?{text}").parse::<Uri>();
    let query = uri.ok().filter(|uri| uri.query() == Some(text));
    let mut query = query
        .and_then(|uri| Parameters::of(&uri))
        .ok_or_else(|| fault(Fault::NotAQuery))?;
    let spelt = spelt(&query);
    filter::check(&mut query, sight, now);
    read_order(&mut query);
    query.limit();
    let faults: Vec<_> = query
        .into_faults()
        .into_iter()
        .map(|fault| within(pointer, fault))
        .collect();
    if !faults.is_empty() {
        return Err(Problem::validation(faults));
    }
    if spelt.len() > VIEW_QUERY_LENGTH_MAX {
        return Err(fault(Fault::TooLong));
    }
    Ok(spelt)
}

/// What is wrong with a query, where the query is a field of a body.
fn within(pointer: &'static str, fault: FieldFault) -> FieldFault {
    let place = match fault.place {
        Place::Query(name) => Place::BodyQuery(pointer, name.to_owned()),
        Place::UnknownQuery(name) => Place::BodyQuery(pointer, name),
        other @ (Place::Body(_) | Place::BodyQuery(..) | Place::Path(_) | Place::Header(_) | Place::Line(_)) => other,
    };
    FieldFault { place, ..fault }
}

/// Parameters by name, each in one spelling.
fn spelt(query: &Parameters) -> String {
    let mut names: Vec<_> = NAMES.iter().chain(ORDER).copied().collect();
    names.sort_unstable();
    let pairs = names.into_iter().filter_map(|name| {
        let value = spelling(name, query.value(name)?);
        Some(format!("{name}={}", utf8_percent_encode(&value, ESCAPED)))
    });
    pairs.collect::<Vec<_>>().join("&")
}

fn spelling(name: &str, value: &str) -> String {
    if LISTS.contains(&name) {
        let mut words: Vec<_> = value.split(',').map(str::trim).collect();
        words.sort_unstable();
        words.dedup();
        return words.join(",");
    }
    if MOMENTS.contains(&name)
        && let Ok(when) = When::parse(value)
    {
        return when.to_string();
    }
    value.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use registry_web::Language;

    use super::*;

    /// Pointer, parameter and code.
    type Error = (Option<String>, Option<String>, &'static str);

    fn canonical(text: &str) -> Result<String, Vec<Error>> {
        read(text, Sight::Masked, DateTime::UNIX_EPOCH).map_err(|problem| {
            let document = problem.document(Language::English, String::new(), None);
            let errors = document.errors.into_iter();
            errors
                .map(|error| (error.pointer, error.parameter, error.code))
                .collect()
        })
    }

    #[test]
    fn a_query_has_one_spelling() {
        for text in [
            "stage=opened,in_review&q=%EA%B0%95%EB%82%A8,%20b&created_from=-7bd&sort=-updated_at&limit=100",
            "limit=100&created_from=-7bd&q=%EA%B0%95%EB%82%A8%2C+b&stage=in_review,%20opened,in_review&sort=-updated_at",
        ] {
            assert_eq!(
                canonical(text).unwrap(),
                "created_from=-7bd&limit=100&q=%EA%B0%95%EB%82%A8,%20b&sort=-updated_at&stage=in_review,opened"
            );
        }
        assert_eq!(canonical("").unwrap(), "");
        let moment = "created_from=2026-07-01T09:00:00+09:00";
        assert_eq!(canonical(moment).unwrap(), "created_from=2026-07-01T00:00:00Z");
    }

    #[test]
    fn what_is_spelt_is_spelt_so_already() {
        let spelt = canonical("tag=%26%3D%25,b&age_min=3&updated_until=today&attention=true").unwrap();
        assert_eq!(canonical(&spelt).unwrap(), spelt);
    }

    #[test]
    fn a_fault_names_its_parameter() {
        let at = |name: &str, code| (Some("/query".to_owned()), Some(name.to_owned()), code);
        assert_eq!(
            canonical("stage=closed&created_from=-0d&limit=0&as_of=today&sort=stage"),
            Err(vec![
                at("stage", "unknown_word"),
                at("created_from", "not_a_moment_or_day"),
                at("sort", "unknown_word"),
                at("limit", "out_of_range"),
                at("as_of", "unknown_field"),
            ])
        );
        let whole = |code| Err(vec![(Some("/query".to_owned()), None, code)]);
        assert_eq!(canonical("stage=opened#x"), whole("not_a_query"));
        assert_eq!(
            canonical(&format!("q={}", "%EA%B0%95".repeat(300))),
            Err(vec![at("q", "too_long")])
        );
        let long = ["tag"; 30]
            .iter()
            .map(|_| "%EA%B0%95".repeat(20))
            .collect::<Vec<_>>()
            .join(",");
        assert_eq!(
            canonical(&format!("tag={long}")),
            Ok(format!("tag={}", "%EA%B0%95".repeat(20)))
        );
        let long: Vec<_> = (0..30)
            .map(|number| format!("{}{number}", "%EA%B0%95".repeat(20)))
            .collect();
        assert_eq!(canonical(&format!("tag={}", long.join(","))), whole("too_long"));
    }
}
