//! Which merchants a list or a count is about: one definition for all of them.

use chrono::{DateTime, Utc};
use registry_documents::Sight;
use registry_domain::calendar::{BUSINESS_DAYS_MAX, Calendar, day_in_korea, start_in_korea};
use registry_domain::merchant::{AlertLevel, LinkStanding, Milestone, NextActor, Stage, Warning};
use registry_domain::review::{ReviewStatus, Verification};
use registry_domain::search::{BadSearch, Mark, Search};
use registry_domain::{Label, MemberCode};
use registry_journal::port::{MerchantFilter, Span};
use utoipa::IntoParams;

use crate::caller::Caller;
use crate::problem::{Fault, Problem};
use crate::query::Parameters;
use crate::routes::calendar::calendar_of;
use crate::state::AppState;

/// Longest search text, in characters.
const SEARCH_LENGTH_MAX: usize = 100;

/// What every list and count of merchants understands.
const NAMES: &[&str] = &[
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
    /// Registered at this moment or later
    created_from: Option<DateTime<Utc>>,
    /// Registered before this moment
    created_until: Option<DateTime<Utc>>,
    /// Last changed at this moment or later
    updated_from: Option<DateTime<Utc>>,
    /// Last changed before this moment
    updated_until: Option<DateTime<Utc>>,
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
    /// Up to when: now, or the moment as of which is asked.
    until: DateTime<Utc>,
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
    if as_of.is_some() && query.has("alert") {
        query.blame("alert", Fault::Inapplicable);
    }
    let counts_days = query.has("age_min") || query.has("age_max");
    let calendar = if counts_days {
        calendar_of(state, caller.tenant_id()).await?
    } else {
        Calendar::default()
    };
    let reading = Reading {
        sight: caller.sight(),
        calendar: &calendar,
        until: as_of.unwrap_or(now),
    };
    Ok(read(query, &reading))
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
        statuses: query.words("status", ReviewStatus::from_word),
        stages: query.words("stage", Stage::from_word),
        next_actors: query.words("next_actor", NextActor::from_word),
        verifications: query.words("verification", Verification::from_word),
        links: query.words("link", LinkStanding::from_word),
        alerts: query.words("alert", AlertLevel::from_word),
        warnings: query.words("warning", Warning::from_word),
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
        created: read_span(query, "created_from", "created_until"),
        updated: read_span(query, "updated_from", "updated_until"),
        stage_since: span_of(ages, reading),
        milestones: query.words("milestone", Milestone::from_word),
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

fn read_span(query: &mut Parameters, from: &'static str, until: &'static str) -> Span {
    Span {
        from: query.moment(from),
        until: query.moment(until),
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
    let today = day_in_korea(reading.until);
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
    use super::*;

    #[test]
    fn a_search_is_short_and_visible() {
        assert!(read_search(" 강남 ", false).is_ok());
        assert_eq!(read_search("  ", false), Err(Fault::Blank));
        assert_eq!(read_search("강", false), Err(Fault::TooShort));
        assert_eq!(read_search(&"가".repeat(101), false), Err(Fault::TooLong));
        assert_eq!(read_search("a\nb", false), Err(Fault::BadCharacter));
    }
}
