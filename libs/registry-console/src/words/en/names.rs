//! Words of the API, in English.

use crate::words::Names;

pub const TURNS: Names = &[
    ("merchant", "the shop"),
    ("upstream", "Paymint"),
    ("partner", "us"),
    ("none", "–"),
];

pub const NEXT_ACTIONS: Names = &[
    ("issue_link", "Issue a registration link"),
    ("open_link", "The shop is to open its link"),
    ("submit_application", "The shop is to submit its application"),
    ("review_application", "Paymint reviews the application"),
    ("supply_documents", "The shop is to supply documents"),
    ("resolve_rejection", "It was rejected: decide what to do"),
    ("ask_upstream", "Ask Paymint"),
    ("relink", "Deleted at Paymint: link it again"),
    ("none", "Nothing to do"),
];

pub const LINK_STATES: Names = &[
    ("requested", "asked for"),
    ("issued", "issued"),
    ("failed", "failed"),
    ("unknown", "unknown"),
    ("revoked", "taken back"),
];

pub const LINK_OUTCOMES: Names = &[
    ("not_sent", "not sent"),
    ("refused", "refused by Paymint"),
    ("unknown", "no answer"),
];

pub const SOURCES: Names = &[
    ("callback", "callback"),
    ("read_back", "asked"),
    ("reconciliation", "compared"),
    ("list", "list"),
];

pub const ACTORS: Names = &[
    ("upstream", "Paymint"),
    ("api_key", "API"),
    ("user", "person"),
    ("person", "person"),
    ("shop", "shop"),
    ("system", "system"),
];

pub const CHANNELS: Names = &[("console", "console"), ("api", "API"), ("command_line", "command line")];

pub const VERIFICATIONS: Names = &[
    ("verified", "confirmed"),
    ("unverified", "not confirmed yet"),
    ("held", "held"),
    ("conflicting", "contradictory"),
];

pub const DOUBTS: Names = &[
    ("leaves_opened", "Claims that it is no longer open"),
    ("deletes", "Claims that it was deleted"),
    ("redelivered", "Repeats what came before"),
    ("opens_unlisted", "Opens the shop, from an address off the list"),
    ("opens_by_bills_url", "Opens the shop through the URL for approvals"),
    ("opens_without_link", "Opens a shop that has no link"),
    ("opens_once_more", "Opens it again, after Paymint said no"),
];

pub const RESOLUTIONS: Names = &[
    ("confirmed", "Settled: Paymint confirmed it"),
    ("refuted", "Settled: Paymint refuted it"),
    ("unanswered", "Settled: no answer, applied unconfirmed"),
];

pub const VERDICTS: Names = &[
    ("applied", "Callback applied"),
    ("duplicate", "Callback, duplicate"),
    ("held", "Callback held"),
    ("outdated", "Callback driven again, outdated"),
    ("quarantined", "Callback in quarantine"),
];

pub const QUARANTINE_REASONS: Names = &[
    ("unparseable", "Unreadable"),
    ("unknown_shape", "Unknown shape"),
    ("wrong_type", "Wrong type"),
    ("codes_mismatch", "Other codes"),
    ("link_revoked", "Link taken back"),
    ("unknown_link", "Unknown link"),
    ("unknown_merchant", "Unknown merchant"),
    ("no_such_merchant", "No such merchant"),
    ("sender_not_allowed", "Sender not on the list"),
    ("too_large", "Too large"),
];

pub const BILLING_REASONS: Names = &[
    ("opened", "Opened"),
    ("linked_without_review", "Linked without review"),
    ("archived", "Archived"),
    ("unlinked", "Deleted at Paymint"),
    ("missing_upstream", "Unknown to Paymint"),
    ("paused", "Link paused"),
    ("not_opened", "Not opened"),
    ("review_unknown", "Review unknown"),
    ("tenant_suspended", "Tenant suspended"),
];

pub const WARNINGS: Names = &[
    ("merchant_code_shared", "Another shop has the same shop code"),
    ("business_number_shared", "Another shop has the same business number"),
    ("business_number_doubtful", "The business number is doubtful"),
    ("business_name_doubtful", "The name is doubtful"),
    ("review_code_unknown", "An unknown review letter came"),
    ("deletion_mark_unknown", "The mark of deletion cannot be read"),
    ("mapping_status_unknown", "The state in the list is unknown"),
    ("mapping_paused", "Paused in the list of Paymint"),
    (
        "answers_conflict",
        "The answers of Paymint contradict each other: look now",
    ),
    ("missing_upstream", "Paymint does not know the shop"),
    ("missing_from_list", "Missing from the list of Paymint"),
    ("callback_not_understood", "A callback was not understood"),
];

pub const DONE: &[(&str, &str, bool)] = &[
    ("registered", "Registered.", true),
    ("changed", "Saved.", true),
    ("archived", "Archived.", true),
    ("restored", "Restored.", true),
    ("noted", "The note is written.", true),
    ("link_revoked", "The link was taken back.", true),
    ("asked_unchanged", "Paymint was asked: nothing new.", true),
    ("asked_verified", "Paymint confirmed what was known.", true),
    ("asked_changed", "Paymint told of something new.", true),
    (
        "asked_conflicting",
        "The answers of Paymint contradict each other.",
        false,
    ),
    ("asked_noted", "Noted; it confirms nothing.", false),
    ("asked_missing", "Paymint does not know the shop.", false),
    ("redriven", "Driven again.", true),
    ("bound", "Bound to the merchant.", true),
    ("discarded", "Given up.", true),
    ("adopted", "Adopted, and its callbacks driven again.", true),
    ("dismissed", "Dismissed.", true),
    ("rights", "The rights are saved.", true),
    ("person_removed", "The person no longer belongs here.", true),
    ("session_ended", "Signed out in that browser.", true),
    ("sessions_ended", "Signed out in all browsers.", true),
    ("groups", "The sign-in groups are saved.", true),
    ("key_revoked", "The key is revoked.", true),
    ("settings", "The settings are saved.", true),
    ("acknowledged", "Noted.", true),
    ("snoozed", "It sleeps.", true),
    ("woken", "It is awake.", true),
    ("rules", "The alert rules are saved.", true),
    ("destination", "The destination is saved.", true),
    ("view", "The view is saved.", true),
    ("view_removed", "The view is removed.", true),
    ("destination_removed", "The destination is removed.", true),
    ("test_sent", "A test is on its way. What came of it stands below.", true),
    ("redelivered", "It is sent again.", true),
    ("calendar", "The calendar is saved.", true),
];
