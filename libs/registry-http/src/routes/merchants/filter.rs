//! Which merchants a list or a count is about: one definition for all of them.

use std::fmt;

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use registry_documents::Sight;
use registry_domain::calendar::{BUSINESS_DAYS_MAX, Calendar, RelativeDay, day_in_korea, start_in_korea};
use registry_domain::merchant::{AlertLevel, LinkStanding, Milestone, NextActor, Stage, Warning};
use registry_domain::review::{ReviewStatus, Verification};
use registry_domain::search::{BadSearch, Mark, Search};
use registry_domain::{Label, MemberCode};
use registry_journal::port::{MerchantFilter, Span};
use utoipa::IntoParams;

use crate::caller::Caller;
use crate::problem::{Fault, Problem};
use crate::query::{Parameters, read_moment};
use crate::routes::calendar::calendar_of;
use crate::state::AppState;

/// Longest search text, in characters.
const SEARCH_LENGTH_MAX: usize = 100;

/// What every list and count of merchants understands.
pub const NAMES: &[&str] = &[
    "status",
    "stage",
    "next_actor",
    "verification",
    "link",
    "alert",
    "warning",
    "attention",
    "held",
    "may_bill",
    "q",
    "member_code",
    "tag",
    "metadata",
    "created_from",
    "created_until",
    "updated_from",
    "updated_until",
    "age_min",
    "age_max",
    "milestone",
];

/// Those of which several words may stand in one parameter, in any order.
pub const LISTS: &[&str] = &[
    "status",
    "stage",
    "next_actor",
    "verification",
    "link",
    "alert",
    "warning",
    "member_code",
    "tag",
    "metadata",
    "milestone",
];

/// Those that are moments, or days told from today.
pub const MOMENTS: &[&str] = &["created_from", "created_until", "updated_from", "updated_until"];

/// Those that are numbers of business days up to today.
const AGES: &[&str] = &["age_min", "age_max"];

/// The filters, for the documentation. Of several values of one filter any will do; several filters must all fit.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it only describes what is read one by one")]
pub struct FilterParameters {
    /// Review statuses, separated by commas: `none`, `drafting`, `in_review`, `documents_required`, `rejected`, `opened`, `unknown`
    #[param(example = "in_review,documents_required")]
    status: Option<String>,
    /// Stages, separated by commas: `registered`, `link_issued`, `drafting`, `in_review`, `documents_required`, `rejected`, `opened`,
    /// `unknown`, `unlinked`, `archived`. If left out, all but `archived`
    stage: Option<String>,
    /// Who must act next, separated by commas: `merchant`, `upstream`, `partner`, `none`
    #[param(example = "partner")]
    next_actor: Option<String>,
    /// How far the state can be trusted, separated by commas: `verified`, `unverified`, `held`, `conflicting`
    verification: Option<String>,
    /// How the latest link stands, separated by commas: `none`, `requested`, `issued`, `failed`, `unknown`, `revoked`
    link: Option<String>,
    /// How bad the alert is that has not ended, separated by commas: `none`, `warn`, `late`, `critical`. Not with `as_of`
    #[param(example = "late,critical")]
    alert: Option<String>,
    /// Warnings of which one must be there, separated by commas
    warning: Option<String>,
    /// Whether somebody must look now
    attention: Option<bool>,
    /// Whether a claim waits for Paymint's word
    held: Option<bool>,
    /// Whether the merchant may bill, by what is known of it alone
    may_bill: Option<bool>,
    /// Words that must all be found in codes and names, from two Hangul letters or three others on, in any case, without blanks and
    /// dashes; also first consonants (`ㄱㄴ`), and with the scope `personal:read` digits of the business number
    #[param(min_length = 1, max_length = 100, example = "강남 카페")]
    q: Option<String>,
    /// Member codes, separated by commas
    member_code: Option<String>,
    /// Tags of which one must be there, separated by commas
    tag: Option<String>,
    /// Entries of metadata of which one must be there, as `key=value`, separated by commas
    #[param(example = "region=seoul")]
    metadata: Option<String>,
    /// Registered at this moment or later: a moment of RFC 3339, or the beginning of a day in Korea that is told from today: `today`,
    /// `-7d` (seven days ago) or `-7bd` (seven business days ago, by the tenant's calendar), 10,000 at most. With `as_of`, from the
    /// day of that moment. The pages of one walk are told from the day of its first page
    #[param(example = "-7bd")]
    created_from: Option<String>,
    /// Registered before this moment, or before the beginning of such a day
    #[param(example = "2026-07-01T09:00:00+09:00")]
    created_until: Option<String>,
    /// Last changed at this moment or later, or since the beginning of such a day
    #[param(example = "today")]
    updated_from: Option<String>,
    /// Last changed before this moment, or before the beginning of such a day
    #[param(example = "-30d")]
    updated_until: Option<String>,
    /// In its stage for so many business days or longer, by the tenant's calendar
    #[param(minimum = 0, maximum = 10_000)]
    age_min: Option<u16>,
    /// In its stage for so many business days at most
    #[param(minimum = 0, maximum = 10_000)]
    age_max: Option<u16>,
    /// The farthest that it has ever come on its way to opening, separated by commas: `registered`, `linked` (a link was issued),
    /// `begun`, `submitted`, `opened`
    #[param(example = "submitted")]
    milestone: Option<String>,
}

/// What a filter is read against.
struct Reading<'a> {
    /// How much the reader may see. Whoever may not see business numbers does not find anything by one: else digit after digit could
    /// be guessed.
    sight: Sight,
    /// In which business days are counted.
    calendar: &'a Calendar,
    /// From which day days are told: that of now, or of the moment as of which is asked.
    today: NaiveDate,
}

/// A moment as it is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// A moment, whenever one asks.
    At(DateTime<Utc>),
    /// When a day begins that is told from the one on which one asks.
    Start(RelativeDay),
}

impl When {
    /// Reads one.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        match RelativeDay::parse(text) {
            Some(day) => Ok(Self::Start(day)),
            None => read_moment(text).map(Self::At).map_err(|_| Fault::NotAMomentOrDay),
        }
    }

    fn moment(self, reading: &Reading<'_>) -> DateTime<Utc> {
        match self {
            Self::At(moment) => moment,
            Self::Start(day) => day.start(reading.calendar, reading.today),
        }
    }
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(moment) => f.write_str(&moment.to_rfc3339_opts(SecondsFormat::AutoSi, true)),
            Self::Start(day) => day.fmt(f),
        }
    }
}

/// Filters as they were asked for.
pub struct Asked {
    /// What they mean.
    pub filter: MerchantFilter,
    /// One spelling of them. Ages are in it as they were asked for: tomorrow they mean other moments.
    pub canonical: String,
    /// Between how many business days they have stood in their stage.
    pub ages: Ages,
}

/// Between how many business days something has taken: none for any.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ages {
    /// At least so many.
    pub least: Option<u16>,
    /// At most so many.
    pub most: Option<u16>,
}

/// Reads the filters of a query as its caller may use them. `as_of` is the moment as of which is asked; none for `now`.
pub async fn asked(
    state: &AppState,
    caller: &Caller,
    query: &mut Parameters,
    as_of: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<Asked, Problem> {
    let today = day_in_korea(as_of.unwrap_or(now));
    asked_on(state, caller, query, as_of, today).await
}

/// The same for whoever asks on a day: on that of the first page, for the pages that follow.
pub async fn asked_on(
    state: &AppState,
    caller: &Caller,
    query: &mut Parameters,
    as_of: Option<DateTime<Utc>>,
    today: NaiveDate,
) -> Result<Asked, Problem> {
    if as_of.is_some() && query.has("alert") {
        query.blame("alert", Fault::Inapplicable);
    }
    let calendar = if counts_business_days(query) {
        calendar_of(state, caller.tenant_id()).await?
    } else {
        Calendar::default()
    };
    let reading = Reading {
        sight: caller.sight(),
        calendar: &calendar,
        today,
    };
    Ok(read(query, &reading))
}

/// Reads the filters of a query that somebody keeps for other days: what is wrong with them is wrong on each.
pub fn check(query: &mut Parameters, sight: Sight, now: DateTime<Utc>) {
    let reading = Reading {
        sight,
        calendar: &Calendar::default(),
        today: day_in_korea(now),
    };
    read(query, &reading);
}

/// Reads the filters of a query that was kept, as they were meant on a day.
pub fn read_on(query: &mut Parameters, sight: Sight, calendar: &Calendar, today: NaiveDate) -> Asked {
    let reading = Reading { sight, calendar, today };
    read(query, &reading)
}

/// Whether what the filters of a query mean depends on the day on which one asks.
pub fn are_told_from_today(query: &Parameters) -> bool {
    AGES.iter().any(|name| query.has(name)) || relative_days(query).next().is_some()
}

fn counts_business_days(query: &Parameters) -> bool {
    AGES.iter().any(|name| query.has(name)) || relative_days(query).any(RelativeDay::counts_business_days)
}

fn relative_days(query: &Parameters) -> impl Iterator<Item = RelativeDay> {
    MOMENTS.iter().filter_map(|name| RelativeDay::parse(query.value(name)?))
}

/// Reads the filters of a query.
fn read(query: &mut Parameters, reading: &Reading<'_>) -> Asked {
    let canonical = query.canonical(NAMES);
    let with_numbers = match reading.sight {
        Sight::Whole => true,
        Sight::Masked => false,
    };
    let ages = read_ages(query);
    let filter = MerchantFilter {
        statuses: query.words("status", ReviewStatus::WORDS, ReviewStatus::from_word),
        stages: query.words("stage", Stage::WORDS, Stage::from_word),
        next_actors: query.words("next_actor", NextActor::WORDS, NextActor::from_word),
        verifications: query.words("verification", Verification::WORDS, Verification::from_word),
        links: query.words("link", LinkStanding::WORDS, LinkStanding::from_word),
        alerts: query.words("alert", AlertLevel::WORDS, AlertLevel::from_word),
        warnings: query.words("warning", Warning::WORDS, Warning::from_word),
        attention: query.flag("attention"),
        held: query.flag("held"),
        may_bill: query.flag("may_bill"),
        search: query.optional("q", |text| read_search(text, with_numbers)),
        members: query.texts("member_code", |text| {
            let code = MemberCode::parse(text)?;
            Ok(Mark::Member(code.as_str().to_owned()))
        }),
        tags: query.texts("tag", |text| Ok(Mark::Tag(Label::parse(text)?.as_str().to_owned()))),
        metadata: query.texts("metadata", read_entry),
        created: read_span(query, reading, "created_from", "created_until"),
        updated: read_span(query, reading, "updated_from", "updated_until"),
        stage_since: span_of(ages, reading),
        milestones: query.words("milestone", Milestone::WORDS, Milestone::from_word),
    };
    Asked {
        filter,
        canonical,
        ages,
    }
}

fn read_search(text: &str, with_numbers: bool) -> Result<Search, Fault> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Fault::Blank);
    }
    if text.chars().count() > SEARCH_LENGTH_MAX {
        return Err(Fault::TooLong);
    }
    if text.chars().any(char::is_control) {
        return Err(Fault::BadCharacter);
    }
    Search::read(text, with_numbers).map_err(|BadSearch::TooShort| Fault::TooShort)
}

fn read_entry(text: &str) -> Result<Mark, Fault> {
    let (key, value) = text.split_once('=').ok_or(Fault::NotAnEntry)?;
    let (key, value) = (Label::parse(key)?, Label::parse(value)?);
    Ok(Mark::Metadata(key.as_str().to_owned(), value.as_str().to_owned()))
}

fn read_span(query: &mut Parameters, reading: &Reading<'_>, from: &'static str, until: &'static str) -> Span {
    let mut moment = |name| query.optional(name, When::parse).map(|when| when.moment(reading));
    Span {
        from: moment(from),
        until: moment(until),
    }
}

fn read_ages(query: &mut Parameters) -> Ages {
    let range = 0..=u64::from(BUSINESS_DAYS_MAX);
    let mut days = |name| {
        query
            .number(name, range.clone())
            .and_then(|days| u16::try_from(days).ok())
    };
    Ages {
        least: days("age_min"),
        most: days("age_max"),
    }
}

/// Whoever has waited for so many business days stands in its stage since the day from which so many lead up to today, or longer.
fn span_of(ages: Ages, reading: &Reading<'_>) -> Span {
    let today = reading.today;
    // The day behind the last one from which so many business days lead up to today.
    let behind = |days| {
        let day = reading.calendar.before(today, days);
        start_in_korea(day.succ_opt().unwrap_or(day))
    };
    Span {
        from: ages.most.map(|most| behind(most.saturating_add(1))),
        until: ages.least.filter(|least| *least > 0).map(behind),
    }
}

#[cfg(test)]
mod tests {
    use axum::http::Uri;

    use super::*;

    #[test]
    fn days_are_told_from_the_day_on_which_one_asks() {
        let span = |query: &str, today: &str| {
            let uri = format!("/?{query}").parse::<Uri>().unwrap();
            let mut query = Parameters::of(&uri).unwrap();
            let reading = Reading {
                sight: Sight::Whole,
                calendar: &Calendar::default(),
                today: today.parse().unwrap(),
            };
            let filter = read(&mut query, &reading).filter;
            query.finish().unwrap();
            let text = |moment: Option<DateTime<Utc>>| moment.map(|moment| moment.to_string());
            (text(filter.created.from), text(filter.updated.until))
        };
        let some = |text: &str| Some(text.to_owned());
        let query = "created_from=-1bd&updated_until=-7d";
        assert_eq!(
            span(query, "2026-11-30"),
            (some("2026-11-26 15:00:00 UTC"), some("2026-11-22 15:00:00 UTC"))
        );
        assert_eq!(
            span(query, "2026-12-01"),
            (some("2026-11-29 15:00:00 UTC"), some("2026-11-23 15:00:00 UTC"))
        );
        let moment = "created_from=2026-11-27T00:00:00%2B09:00";
        assert_eq!(span(moment, "2026-12-01"), (some("2026-11-26 15:00:00 UTC"), None));
        assert_eq!(
            span("updated_until=today", "2026-12-01").1,
            some("2026-11-30 15:00:00 UTC")
        );
    }

    #[test]
    fn only_some_filters_are_told_from_today() {
        let are = |query: &str| {
            let uri = format!("/?{query}").parse::<Uri>().unwrap();
            are_told_from_today(&Parameters::of(&uri).unwrap())
        };
        for query in ["age_min=3", "age_max=3", "created_from=today", "updated_until=-7bd"] {
            assert!(are(query), "{query}");
        }
        for query in ["", "q=-7bd", "tag=today", "created_from=2026-11-27T00:00:00Z"] {
            assert!(!are(query), "{query}");
        }
    }

    #[test]
    fn a_search_is_short_and_visible() {
        assert!(read_search(" 강남 ", false).is_ok());
        assert_eq!(read_search("  ", false), Err(Fault::Blank));
        assert_eq!(read_search("강", false), Err(Fault::TooShort));
        assert_eq!(read_search(&"가".repeat(101), false), Err(Fault::TooLong));
        assert_eq!(read_search("a\nb", false), Err(Fault::BadCharacter));
    }
}
