//! What the pages share that count shops: their filters, their moment, their links.

use chrono::{DateTime, Utc};

use crate::documents::Listed;
use crate::frame::Frame;
use crate::kst;
use crate::pages::merchants::Chip;
use crate::pages::merchants::conditions::{chips, for_api};
use crate::parts::thousands;
use crate::query::Query;
use registry_tables::Cell as TableCell;

/// What the list of merchants and these pages are both filtered by.
const KEPT: &[&str] = &["tag", "member_code", "metadata", "next_actor", "stage", "as_of"];

/// A number that leads to what it counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    /// The number.
    pub count: u64,
    /// The same, to be read.
    pub text: String,
    /// The list.
    pub href: Option<String>,
}

impl Cell {
    /// A number of the API, on a page with this query.
    pub fn new(frame: &Frame, query: &Query, listed: &Listed) -> Self {
        Self {
            count: listed.count,
            text: thousands(listed.count),
            href: listed.merchants.as_deref().map(|list| page_of(frame, query, list)),
        }
    }
}

/// The filters of such a page, and the moment that it is about.
pub struct Choice {
    /// The tag.
    pub tag: String,
    /// The member codes.
    pub member_code: String,
    /// The moment, as its field shows it.
    pub as_of: String,
    /// The latest moment that can be chosen.
    pub now: String,
    /// Filters that are on.
    pub chips: Vec<Chip>,
    /// Those that the form has no field for.
    pub kept: Vec<(String, String)>,
    /// The tables of the page as a file.
    pub csv: String,
}

impl Choice {
    /// That of a query, on a page.
    pub fn new(frame: &Frame, query: &Query, path: &str) -> Self {
        let text = |name: &str| query.get(name).unwrap_or_default().to_owned();
        let others = KEPT
            .iter()
            .filter(|name| !matches!(**name, "tag" | "member_code" | "as_of"));
        let pair = |name: &&str| Some(((*name).to_owned(), query.get(name)?.to_owned()));
        Self {
            tag: text("tag"),
            member_code: text("member_code"),
            as_of: query
                .get("as_of")
                .and_then(kst::parse)
                .map(kst::field)
                .unwrap_or_default(),
            now: kst::field(frame.now),
            chips: chips(frame.words(), query, path),
            kept: others.filter_map(pair).collect(),
            csv: query.on(&format!("{path}/csv")),
        }
    }
}

/// The first row of a file: whose it is, as of when, and by what it is filtered.
pub fn about(frame: &Frame, query: &Query, as_of: DateTime<Utc>) -> Vec<TableCell> {
    let words = &frame.words().insight;
    let filters = chips(frame.words(), &query.without("as_of"), "");
    let filters: Vec<_> = filters
        .iter()
        .map(|chip| format!("{}: {}", chip.name, chip.value))
        .collect();
    let filters = if filters.is_empty() {
        words.no_filter.to_owned()
    } else {
        filters.join(" · ")
    };
    vec![
        frame.tenant.as_str().into(),
        (words.as_of)(&kst::whole(as_of)).into(),
        filters.into(),
    ]
}

/// What a file is called.
pub fn file_name(page: &str, tenant: &str, as_of: DateTime<Utc>) -> String {
    let moment = kst::local(as_of).format("%Y-%m-%d-%H%M%S");
    format!("{page}-{tenant}-{moment}")
}

/// A number of days, if it is known.
pub fn days_cell(days: Option<u32>) -> TableCell {
    days.map_or(TableCell::Empty, |days| TableCell::count(days.into()))
}

/// What of a query such a page understands.
pub fn query_of(raw: Option<&str>) -> Query {
    Query::read(raw).only(KEPT)
}

/// The call of the API.
pub fn call(query: &Query, path: &str) -> String {
    for_api(query).on(path)
}

/// The page that shows a list of the API: moments of registration are days there, and the moment is the one that was chosen.
fn page_of(frame: &Frame, query: &Query, list: &str) -> String {
    let asked = Query::read(list.split_once('?').map(|(_, query)| query));
    let day = |name: &str, earlier: bool| {
        let moment = asked.get(name).and_then(kst::parse)?;
        let moment = if earlier {
            moment - chrono::TimeDelta::microseconds(1)
        } else {
            moment
        };
        Some(kst::date(moment))
    };
    let mut page = asked.clone();
    for (name, earlier) in [("created_from", false), ("created_until", true)] {
        page = page.with(name, &day(name, earlier).unwrap_or_default());
    }
    page.with("as_of", query.get("as_of").unwrap_or_default())
        .with("sort", "stage_since")
        .on(&frame.path("/merchants"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::Section;
    use crate::pages::shops;
    use crate::preferences::Preferences;

    #[test]
    fn a_list_of_the_api_is_a_page_with_the_days_of_korea() {
        let look = Preferences::default();
        let frame = Frame::new(&shops::person(look), look, Section::Funnel, "x", shops::now());
        let listed = Listed {
            count: 3,
            merchants: Some(
                "/v1/merchants?created_from=2026-11-22T15:00:00Z&created_until=2026-11-29T15:00:00Z&milestone=begun"
                    .to_owned(),
            ),
        };
        let query = query_of(Some("as_of=2026-11-28T10:00&x=1"));
        assert_eq!(
            Cell::new(&frame, &query, &listed).href.expect("a list"),
            "/console/acme/merchants?milestone=begun&created_from=2026-11-23&created_until=2026-11-29&as_of=2026-11-28T10:00&sort=stage_since"
        );
    }
}
