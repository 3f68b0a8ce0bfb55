//! English.

mod desk;
mod exports;
mod imports;
mod insight;
mod jobs;
mod merchants;
mod names;
mod pages;
mod team;
mod work;

use super::Words;

/// All texts in English.
pub const EN: Words = Words {
    frame: pages::FRAME,
    stages: pages::STAGES,
    units: pages::UNITS,
    sign_in: pages::SIGN_IN,
    home: pages::HOME,
    trouble: pages::TROUBLE,
    merchants: merchants::MERCHANTS,
    merchant: merchants::MERCHANT,
    register: merchants::REGISTER,
    events: merchants::EVENTS,
    callbacks: desk::CALLBACKS,
    settings: desk::SETTINGS,
    calendar: work::CALENDAR,
    alerts: work::ALERTS,
    insight: insight::INSIGHT,
    destinations: work::DESTINATIONS,
    views: work::VIEWS,
    jobs: jobs::JOBS,
    imports: imports::IMPORTS,
    exports: exports::EXPORTS,
    people: team::PEOPLE,
    keys: team::KEYS,
    audit: team::AUDIT,
    done: names::DONE,
    turns: names::TURNS,
    next_actions: names::NEXT_ACTIONS,
    link_states: names::LINK_STATES,
    link_outcomes: names::LINK_OUTCOMES,
    sources: names::SOURCES,
    actors: names::ACTORS,
    channels: names::CHANNELS,
    verifications: names::VERIFICATIONS,
    doubts: names::DOUBTS,
    resolutions: names::RESOLUTIONS,
    verdicts: names::VERDICTS,
    quarantine_reasons: names::QUARANTINE_REASONS,
    billing_reasons: names::BILLING_REASONS,
    warnings: names::WARNINGS,
};
