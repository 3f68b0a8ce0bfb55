//! Moments as people in Korea read them. Everything is shown in Korean Standard Time, which has no summer time.

use chrono::{DateTime, Datelike, Days, FixedOffset, NaiveDate, NaiveDateTime, TimeDelta, TimeZone, Utc, Weekday};

/// Seconds that Korea is ahead of UTC.
const AHEAD: i32 = 9 * 3_600;

/// Longest stretch of days that is counted day by day: ten years.
const DAYS_MAX: u64 = 3_660;

/// A moment in Korea.
pub fn local(moment: DateTime<Utc>) -> NaiveDateTime {
    match FixedOffset::east_opt(AHEAD) {
        Some(korea) => moment.with_timezone(&korea).naive_local(),
        None => moment.naive_utc(),
    }
}

/// To the second, with the zone: `2026-11-17 14:02:11 KST`.
pub fn whole(moment: DateTime<Utc>) -> String {
    local(moment).format("%Y-%m-%d %H:%M:%S KST").to_string()
}

/// To the minute: `11-17 14:02`, with the year if it is not that of now.
pub fn minute(moment: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let (moment, now) = (local(moment), local(now));
    let form = if moment.year() == now.year() {
        "%m-%d %H:%M"
    } else {
        "%Y-%m-%d %H:%M"
    };
    moment.format(form).to_string()
}

/// The day: `11-17`, with the year if it is not that of now.
pub fn day(moment: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let (moment, now) = (local(moment), local(now));
    let form = if moment.year() == now.year() {
        "%m-%d"
    } else {
        "%Y-%m-%d"
    };
    moment.format(form).to_string()
}

/// The day as a field for days takes it: `2026-11-17`.
pub fn date(moment: DateTime<Utc>) -> String {
    local(moment).format("%Y-%m-%d").to_string()
}

/// The time of day: `14:02:11`.
pub fn time(moment: DateTime<Utc>) -> String {
    local(moment).format("%H:%M:%S").to_string()
}

/// As a field for a moment shows it: `2026-11-17T14:02`.
pub fn field(moment: DateTime<Utc>) -> String {
    local(moment).format("%Y-%m-%dT%H:%M").to_string()
}

/// The moment at which clocks in Korea show this.
pub fn moment(local: NaiveDateTime) -> Option<DateTime<Utc>> {
    let moment = FixedOffset::east_opt(AHEAD)?.from_local_datetime(&local);
    moment.single().map(|moment| moment.to_utc())
}

/// What somebody wrote into such a field, or a whole moment with its offset.
pub fn parse(text: &str) -> Option<DateTime<Utc>> {
    let text = text.trim();
    if let Ok(moment) = DateTime::parse_from_rfc3339(&text.replace(' ', "+")) {
        return Some(moment.to_utc());
    }
    let forms = [
        "%Y-%m-%dT%H:%M",
        "%Y-%m-%dT%H:%M:%S",
        "%Y-%m-%d %H:%M",
        "%Y-%m-%d %H:%M:%S",
    ];
    let local = forms
        .iter()
        .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok());
    let local = local.or_else(|| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?.and_hms_opt(0, 0, 0))?;
    moment(local)
}

/// The last moment of what somebody wrote into such a field: of a day, of a minute, of a second. A whole moment is itself.
pub fn end(text: &str) -> Option<DateTime<Utc>> {
    let text = text.trim();
    let begin = parse(text)?;
    if DateTime::parse_from_rfc3339(&text.replace(' ', "+")).is_ok() {
        return Some(begin);
    }
    let length = match text.bytes().filter(|byte| *byte == b':').count() {
        0 => TimeDelta::days(1),
        1 => TimeDelta::minutes(1),
        _ => TimeDelta::seconds(1),
    };
    begin.checked_add_signed(length - TimeDelta::microseconds(1))
}

/// How many weekdays lie between two moments: those after the day of the first, up to the day of the second. Public
/// holidays count, since nothing here knows them.
pub fn weekdays(from: DateTime<Utc>, to: DateTime<Utc>) -> u64 {
    let (from, to) = (local(from).date(), local(to).date());
    let days = u64::try_from((to - from).num_days()).unwrap_or(0).min(DAYS_MAX);
    let dates = (1..=days).filter_map(|ahead| from.checked_add_days(Days::new(ahead)));
    let count = dates
        .filter(|date| !matches!(date.weekday(), Weekday::Sat | Weekday::Sun))
        .count();
    u64::try_from(count).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        DateTime::parse_from_rfc3339(text).unwrap().to_utc()
    }

    #[test]
    fn a_day_begins_in_korea() {
        let moment = at("2026-11-16T15:00:00Z");
        assert_eq!(whole(moment), "2026-11-17 00:00:00 KST");
        assert_eq!(minute(moment, at("2026-12-31T14:59:59Z")), "11-17 00:00");
        assert_eq!(minute(moment, at("2026-12-31T15:00:00Z")), "2026-11-17 00:00");
        assert_eq!(field(moment), "2026-11-17T00:00");
    }

    #[test]
    fn a_field_is_read_as_korean_time() {
        let expected = Some(at("2026-11-16T15:00:00Z"));
        for text in [
            "2026-11-17T00:00",
            "2026-11-17 00:00:00",
            "2026-11-17",
            "2026-11-16T15:00:00Z",
            "2026-11-17T00:00:00 09:00",
        ] {
            assert_eq!(parse(text), expected, "{text}");
        }
        assert_eq!(parse("yesterday"), None);
        assert_eq!(parse(""), None);
    }

    #[test]
    fn what_is_named_is_meant_to_its_end() {
        let of = |text: &str| end(text).map(|moment| moment.to_rfc3339());
        for (text, expected) in [
            ("2026-11-28", "2026-11-28T14:59:59.999999+00:00"),
            ("2026-11-28T14:02", "2026-11-28T05:02:59.999999+00:00"),
            ("2026-11-28 14:02:11", "2026-11-28T05:02:11.999999+00:00"),
            ("2026-11-28T05:02:11Z", "2026-11-28T05:02:11+00:00"),
        ] {
            assert_eq!(of(text).as_deref(), Some(expected), "{text}");
        }
        assert_eq!(of("yesterday"), None);
    }

    #[test]
    fn weekends_do_not_count() {
        let friday = at("2026-11-27T05:20:00Z");
        assert_eq!(weekdays(friday, friday), 0);
        assert_eq!(weekdays(friday, at("2026-11-29T14:59:59Z")), 0);
        assert_eq!(weekdays(friday, at("2026-11-29T15:00:00Z")), 1);
        assert_eq!(weekdays(at("2026-11-16T15:00:00Z"), friday), 8);
        assert_eq!(weekdays(friday, at("2026-11-01T00:00:00Z")), 0);
    }
}
