//! What the pages about work say: days on which people work, alerts, views.

use super::{Names, With};

/// The calendar of business days.
pub struct CalendarWords {
    pub title: &'static str,
    pub hint: &'static str,
    pub summary: fn(&str, &str) -> String,
    pub named: With,
    pub computed: &'static str,
    pub earlier: With,
    pub later: With,
    pub date: &'static str,
    pub what: &'static str,
    pub kind: &'static str,
    pub kinds: Names,
    pub name: &'static str,
    pub name_hint: &'static str,
    pub add: &'static str,
    pub add_hint: &'static str,
    pub remove: &'static str,
    pub holiday: &'static str,
    pub expected: &'static str,
    pub own_off: &'static str,
    pub own_works: &'static str,
    pub unnamed: &'static str,
    pub open: &'static str,
}
