//! What the pages about work say, in English.

use crate::words::CalendarWords;

pub const CALENDAR: CalendarWords = CalendarWords {
    title: "Business calendar",
    hint: "Ages and alerts are counted in the business days of this calendar. Temporary holidays are in no table: add them here.",
    summary: |year, days| format!("{days} business days in {year}"),
    named: |day| format!("The official gazette has named the holidays up to {day}."),
    computed: "Later ones are computed by the law of today.",
    earlier: |year| year.to_owned(),
    later: |year| year.to_owned(),
    date: "Date",
    what: "Name",
    kind: "Kind",
    kinds: &[("off", "Day off"), ("works", "Working day")],
    name: "Name",
    name_hint: "Such as the company's anniversary. A day off needs a name.",
    add: "Add",
    add_hint: "A day off of your own, or a public holiday on which you work",
    remove: "Remove",
    holiday: "Public holiday",
    expected: "Public holiday (expected)",
    own_off: "Our day off",
    own_works: "Our working day",
    unnamed: "No name",
    open: "Show the calendar",
};
