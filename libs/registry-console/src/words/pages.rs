//! What the frame, home and the way in say.

use super::{Count, Names, With};

/// Bar, menu and foot.
pub struct FrameWords {
    pub product: &'static str,
    pub skip: &'static str,
    pub menu: &'static str,
    pub home: &'static str,
    pub merchants: &'static str,
    pub callbacks: &'static str,
    pub quarantine: &'static str,
    pub unclaimed: &'static str,
    pub health: &'static str,
    pub settings: &'static str,
    pub tenants: &'static str,
    pub find: &'static str,
    pub find_label: &'static str,
    pub live: &'static str,
    pub live_off: &'static str,
    pub me: &'static str,
    pub sign_out: &'static str,
    pub colours: &'static str,
    pub colours_system: &'static str,
    pub colours_light: &'static str,
    pub colours_dark: &'static str,
    pub rows: &'static str,
    pub rows_compact: &'static str,
    pub rows_roomy: &'static str,
    pub keys_switch: &'static str,
    pub on: &'static str,
    pub off: &'static str,
    pub api_call: &'static str,
    pub copy: &'static str,
    pub copied: &'static str,
    pub keys: &'static str,
    pub keys_hint: &'static str,
    pub key_list: Names,
    pub zone: &'static str,
    pub licences: &'static str,
    pub licences_intro: &'static str,
}

/// Stages.
pub struct StageWords {
    pub registered: &'static str,
    pub link_issued: &'static str,
    pub drafting: &'static str,
    pub in_review: &'static str,
    pub documents_required: &'static str,
    pub rejected: &'static str,
    pub opened: &'static str,
    pub unknown: &'static str,
    pub unlinked: &'static str,
    pub archived: &'static str,
}

/// Numbers with their units.
pub struct UnitWords {
    pub just_now: &'static str,
    pub minutes: Count,
    pub hours: Count,
    pub days: Count,
    pub shops: &'static str,
    pub cases: &'static str,
    pub warn: &'static str,
    pub late: &'static str,
    pub bad: &'static str,
}

/// The page for signing in.
pub struct SignInWords {
    pub title: &'static str,
    pub why: &'static str,
    pub email: &'static str,
    pub password: &'static str,
    pub submit: &'static str,
    pub local: &'static str,
    pub with: With,
    pub no_account: &'static str,
    pub expired: &'static str,
    pub signed_out: &'static str,
    pub closed: &'static str,
}

/// Home.
pub struct HomeWords {
    pub title: &'static str,
    pub today: fn(&str, &str) -> String,
    pub weekdays: [&'static str; 7],
    pub summary: &'static str,
    pub stuck: &'static str,
    pub stuck_more: &'static str,
    pub in_review_more: &'static str,
    pub quarantine_more: &'static str,
    pub link_more: &'static str,
    pub found_by_asking: &'static str,
    pub found_more: fn(&str, &str) -> String,
    pub whose: &'static str,
    pub whose_merchant: &'static str,
    pub whose_upstream: &'static str,
    pub whose_partner: &'static str,
    pub oldest: &'static str,
    pub all: &'static str,
    pub next: &'static str,
    pub none: &'static str,
    pub waiting: &'static str,
    pub held: &'static str,
    pub unclaimed: &'static str,
    pub first: &'static str,
    pub first_hint: &'static str,
    pub counting: &'static str,
}

/// What does not work.
pub struct TroubleWords {
    pub title: &'static str,
    pub not_found: &'static str,
    pub not_found_hint: &'static str,
    pub internal: &'static str,
    pub internal_hint: &'static str,
    pub form: &'static str,
    pub form_hint: &'static str,
    pub home: &'static str,
    pub retry: &'static str,
}
