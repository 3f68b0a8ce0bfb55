//! What the pages about work say, in English.

use crate::words::{AlertWords, CalendarWords};

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

pub const ALERTS: AlertWords = AlertWords {
    title: "Alerts",
    summary: |open, acknowledged, snoozed| format!("{open} open · {acknowledged} noted · {snoozed} asleep"),
    none: (
        "Nothing to tell",
        "No shop is late by your rules, and the connection is well.",
    ),
    severities: &[("warn", "Soon late"), ("late", "Late"), ("critical", "Very late")],
    states: &[("open", "Open"), ("acknowledged", "Noted"), ("snoozed", "Asleep")],
    all: "All",
    conditions: &[
        ("callbacks_missing", "No callbacks come"),
        ("upstream_paused", "Paymint refuses us"),
        ("balance_low", "The balance is low"),
        ("quarantine_growing", "The quarantine grows"),
        ("publishing_behind", "Publishing is behind"),
    ],
    severity: "How bad",
    what: "What",
    rule: "Rule",
    waits: "Waits for",
    days: |n| {
        if n == 1 {
            "1 business day".to_owned()
        } else {
            format!("{n} business days")
        }
    },
    due: "Due",
    state: "State",
    asleep: |until| format!("Asleep until {until}"),
    acknowledge: "Take note",
    snooze: "Snooze",
    wake: "Wake",
    naps: &[("1", "Tomorrow"), ("3", "In 3 days"), ("7", "In a week")],
    more: "Next",
    menu: |n| format!("{n} open alerts"),
    rules: "Alert rules",
    rules_hint: "A shop is told of after so many business days in a stage: from nine in the morning on, and never on a day off. An empty field tells nothing.",
    rules_none: (
        "No rules yet",
        "Without rules nothing is told. You can begin with the usual ones.",
    ),
    rules_stages: "Business days in a stage",
    rules_health: "Connection",
    add_usual: "Add the usual rules",
    level: |name| format!("{name} (business days)"),
    unusual: "Unusual %",
    unusual_label: "Unusual: longer than so many percent of our shops",
    how_bad: "How bad",
    off: "Do not tell",
    more_than: "If more than",
    save: "Save",
    of_rule: |name, field| format!("{name}: {field}"),
    raised: "Alert",
    acknowledged: "Alert noted",
    snoozed: "Alert snoozed",
    woken: "Alert woken",
    resolved: "Alert ended",
    ends: &[
        ("moved", "it moved on"),
        ("recovered", "it is well again"),
        ("rule_changed", "the rule changed"),
    ],
};
