//! Every operation, and how it is called.

use reqwest::Method;
use serde_json::{Value, json};

/// How an operation is called with the ids of somebody.
pub(crate) struct Call {
    pub(crate) operation: &'static str,
    pub(crate) method: Method,
    pub(crate) path: &'static str,
    pub(crate) body: Option<fn() -> Value>,
    /// The scopes that it needs, as the document says.
    pub(crate) scopes: &'static [&'static str],
}

const fn call(
    operation: &'static str,
    method: Method,
    path: &'static str,
    body: Option<fn() -> Value>,
    scopes: &'static [&'static str],
) -> Call {
    Call {
        operation,
        method,
        path,
        body,
        scopes,
    }
}

const READ: &[&str] = &["merchants:read"];
const WRITE: &[&str] = &["merchants:write"];
const LINKS: &[&str] = &["links:write"];
const QUARANTINE: &[&str] = &["quarantine:write"];
const ASK: &[&str] = &["upstream:ask"];
const PEOPLE: &[&str] = &["people:write"];
const ALERTS: &[&str] = &["alerts:write"];
const KEYS: &[&str] = &["keys:write"];
const SET: &[&str] = &["settings:write"];
const ROTATIONS: &str = "/v1/event-destinations/{destination}/secret-rotations";
const TRIAL: &str = "/v1/event-destinations/{destination}/test";
const AGAIN: &str = "/v1/deliveries/{delivery}/redeliver";
const THERE: &str = "/v1/event-destinations/{destination}";
const DELIVERY: &str = "/v1/deliveries/{delivery}";
const HOOKS: &str = "/v1/event-destinations";
const VIEWS: &[&str] = &["views:write"];
const NOTED: &str = "/v1/alerts/{alert}/acknowledgement";
const RULE: &str = "/v1/alert-rules/drafting";
const VIEW: &str = "/v1/views/{view}";
const JOBS: &[&str] = &["jobs:write"];
const IMPORTS: &[&str] = &["merchants:write", "jobs:write"];
const EXPORTS: &[&str] = &["merchants:read", "exports:create"];
const PLAN: &str = "/v1/plans/{plan}";
const CONFIRMED: &str = "/v1/plans/{plan}/confirmation";
const JOB: &str = "/v1/jobs/{job}";
const MERCHANT: &str = "/v1/merchants/{merchant}";
const BEYOND: &str = "/v1/events/stream?after=9007199254740991";
const MERCHANT_EVENTS: &str = "/v1/merchants/{merchant}/events";
const APPROVALS: &str = "/v1/merchants/{merchant}/approvals";
const BALANCE: &str = "/v1/merchants/{merchant}/balance";
const SESSIONS: &str = "/v1/people/{person}/sessions";
const LINK: &str = "/v1/registration-links/{link}";

/// Operations that are about one thing: with another tenant's ids they find nothing.
pub(crate) const OF_ONE_THING: &[Call] = &[
    call("get_merchant", Method::GET, "/v1/merchants/{merchant}", None, READ),
    call("get_api_key", Method::GET, "/v1/api-keys/{key}", None, KEYS),
    call("get_alert_rule", Method::GET, RULE, None, READ),
    call("set_alert_rule", Method::PUT, RULE, Some(|| json!({"warn": 200})), SET),
    call("remove_alert_rule", Method::DELETE, RULE, None, SET),
    call("get_alert", Method::GET, "/v1/alerts/{alert}", None, READ),
    call("acknowledge_alert", Method::POST, NOTED, None, ALERTS),
    call(
        "snooze_alert",
        Method::POST,
        "/v1/alerts/{alert}/snooze",
        Some(|| json!({"until": null})),
        ALERTS,
    ),
    call("get_view", Method::GET, VIEW, None, READ),
    call("change_view", Method::PATCH, VIEW, Some(renamed), VIEWS),
    call("remove_view", Method::DELETE, VIEW, None, VIEWS),
    call("get_event_destination", Method::GET, THERE, None, SET),
    call("change_event_destination", Method::PATCH, THERE, Some(renamed), SET),
    call("rotate_event_destination_secret", Method::POST, ROTATIONS, None, SET),
    call("test_event_destination", Method::POST, TRIAL, None, SET),
    call("get_delivery", Method::GET, DELIVERY, None, SET),
    call("redeliver", Method::POST, AGAIN, None, SET),
    call("remove_event_destination", Method::DELETE, THERE, None, SET),
    call(
        "rotate_api_key",
        Method::POST,
        "/v1/api-keys/{key}/rotations",
        Some(|| json!({})),
        KEYS,
    ),
    call("revoke_api_key", Method::DELETE, "/v1/api-keys/{key}", None, KEYS),
    call("get_plan", Method::GET, PLAN, None, READ),
    call("confirm_plan", Method::POST, CONFIRMED, None, JOBS),
    call("list_plan_rows", Method::GET, "/v1/plans/{plan}/rows", None, READ),
    call(
        "export_plan_rows",
        Method::GET,
        "/v1/plans/{plan}/rows.csv",
        None,
        EXPORTS,
    ),
    call("export_job_rows", Method::GET, "/v1/jobs/{job}/rows.csv", None, EXPORTS),
    call("get_export", Method::GET, "/v1/exports/{export}", None, EXPORTS),
    call("take_export", Method::GET, "/v1/exports/{export}/file", None, EXPORTS),
    call(
        "cancel_export",
        Method::POST,
        "/v1/exports/{export}/cancellation",
        None,
        EXPORTS,
    ),
    call("get_import", Method::GET, "/v1/imports/{import}", None, IMPORTS),
    call("get_job", Method::GET, JOB, None, READ),
    call("list_job_rows", Method::GET, "/v1/jobs/{job}/rows", None, READ),
    call("follow_job", Method::GET, "/v1/jobs/{job}/progress", None, READ),
    call("pause_job", Method::POST, "/v1/jobs/{job}/pause", None, JOBS),
    call("resume_job", Method::POST, "/v1/jobs/{job}/resume", None, JOBS),
    call("cancel_job", Method::POST, "/v1/jobs/{job}/cancellation", None, JOBS),
    call(
        "change_merchant",
        Method::PATCH,
        MERCHANT,
        Some(|| json!({"tags": ["x"]})),
        WRITE,
    ),
    call("archive_merchant", Method::DELETE, MERCHANT, None, WRITE),
    call(
        "restore_merchant",
        Method::POST,
        "/v1/merchants/{merchant}/restoration",
        None,
        WRITE,
    ),
    call(
        "get_merchant_by_reference",
        Method::GET,
        "/v1/merchants/by-reference/acad-1/store-1",
        None,
        READ,
    ),
    call("list_merchant_events", Method::GET, MERCHANT_EVENTS, None, READ),
    call(
        "list_registration_links",
        Method::GET,
        "/v1/merchants/{merchant}/registration-links",
        None,
        READ,
    ),
    call(
        "issue_registration_link",
        Method::POST,
        "/v1/merchants/{merchant}/registration-links",
        None,
        LINKS,
    ),
    call("get_registration_link", Method::GET, LINK, None, READ),
    call("revoke_registration_link", Method::DELETE, LINK, None, LINKS),
    call("get_callback", Method::GET, "/v1/callbacks/{callback}", None, READ),
    call(
        "get_callback_payload",
        Method::GET,
        "/v1/callbacks/{callback}/payload",
        None,
        &["payloads:read", "personal:read"],
    ),
    call(
        "reveal_merchant",
        Method::POST,
        "/v1/merchants/{merchant}/reveals",
        None,
        &["personal:read"],
    ),
    call("list_notes", Method::GET, "/v1/merchants/{merchant}/notes", None, READ),
    call(
        "add_note",
        Method::POST,
        "/v1/merchants/{merchant}/notes",
        Some(|| json!({"text": "x"})),
        &["notes:write"],
    ),
    call(
        "list_merchant_callbacks",
        Method::GET,
        "/v1/merchants/{merchant}/callbacks",
        None,
        READ,
    ),
    call(
        "reconcile_merchant",
        Method::POST,
        "/v1/merchants/{merchant}/reconciliations",
        None,
        ASK,
    ),
    call(
        "get_billing_eligibility",
        Method::GET,
        "/v1/merchants/{merchant}/billing-eligibility",
        None,
        READ,
    ),
    call(
        "create_approval_callback_url",
        Method::POST,
        "/v1/merchants/{merchant}/approval-callback-urls",
        None,
        LINKS,
    ),
    call("list_approvals", Method::GET, APPROVALS, None, READ),
    call("get_merchant_balance", Method::GET, BALANCE, None, ASK),
    call(
        "get_quarantined_callback",
        Method::GET,
        "/v1/quarantine/{quarantined}",
        None,
        READ,
    ),
    call(
        "redrive_callback",
        Method::POST,
        "/v1/quarantine/{quarantined}/redrives",
        None,
        QUARANTINE,
    ),
    call(
        "resolve_quarantined_callback",
        Method::PUT,
        "/v1/quarantine/{quarantined}/resolution",
        Some(|| json!({"action": "discard", "reason": "x"})),
        QUARANTINE,
    ),
    call(
        "get_unclaimed_merchant",
        Method::GET,
        "/v1/unclaimed-merchants/{unclaimed}",
        None,
        READ,
    ),
    call(
        "adopt_unclaimed_merchant",
        Method::POST,
        "/v1/unclaimed-merchants/{unclaimed}/adoption",
        None,
        WRITE,
    ),
    call(
        "dismiss_unclaimed_merchant",
        Method::POST,
        "/v1/unclaimed-merchants/{unclaimed}/dismissal",
        Some(|| json!({"reason": "x"})),
        WRITE,
    ),
    call("get_person", Method::GET, "/v1/people/{person}", None, READ),
    call(
        "change_person",
        Method::PATCH,
        "/v1/people/{person}",
        Some(|| json!({"granted": ["x"]})),
        PEOPLE,
    ),
    call("remove_person", Method::DELETE, "/v1/people/{person}", None, PEOPLE),
    call("list_sessions", Method::GET, SESSIONS, None, PEOPLE),
    call("end_sessions", Method::DELETE, SESSIONS, None, PEOPLE),
];

/// Operations that are about all a tenant has: they show nothing of another's.
pub(crate) const OF_EVERYTHING: &[Call] = &[
    call("list_api_keys", Method::GET, "/v1/api-keys", None, KEYS),
    call(
        "create_api_key",
        Method::POST,
        "/v1/api-keys",
        Some(|| json!({"name": "n", "scopes": ["keys:write"]})),
        KEYS,
    ),
    call("list_merchants", Method::GET, "/v1/merchants?q=store", None, READ),
    call("list_exports", Method::GET, "/v1/exports", None, EXPORTS),
    call(
        "create_export",
        Method::POST,
        "/v1/exports",
        Some(|| json!({"reason": "x"})),
        EXPORTS,
    ),
    call(
        "count_review_statuses",
        Method::GET,
        "/v1/stats/review-status",
        None,
        READ,
    ),
    call("tell_ageing", Method::GET, "/v1/stats/ageing", None, READ),
    call("tell_durations", Method::GET, "/v1/stats/durations", None, READ),
    call("tell_funnel", Method::GET, "/v1/stats/funnel", None, READ),
    call("read_events", Method::GET, "/v1/events", None, &["events:read"]),
    call("stream_events", Method::GET, BEYOND, None, &["events:read"]),
    call("list_quarantine", Method::GET, "/v1/quarantine?state=all", None, READ),
    call("count_quarantine", Method::GET, "/v1/stats/quarantine", None, READ),
    call(
        "redrive_callbacks",
        Method::POST,
        "/v1/quarantine/redrives",
        Some(|| json!({"dry_run": false})),
        QUARANTINE,
    ),
    call(
        "redrive_received_callbacks",
        Method::POST,
        "/v1/callbacks/redrives",
        Some(|| json!({"dry_run": false})),
        QUARANTINE,
    ),
    call(
        "list_unclaimed_merchants",
        Method::GET,
        "/v1/unclaimed-merchants?state=all",
        None,
        READ,
    ),
    call("get_balance", Method::GET, "/v1/balance", None, ASK),
    call("list_audit", Method::GET, "/v1/audit", None, &["audit:read"]),
    call("get_me", Method::GET, "/v1/me", None, &[]),
    call("get_settings", Method::GET, "/v1/settings", None, &[]),
    call("get_calendar", Method::GET, "/v1/calendar", None, &[]),
    call("list_alerts", Method::GET, "/v1/alerts", None, READ),
    call("count_alerts", Method::GET, "/v1/stats/alerts", None, READ),
    call("list_views", Method::GET, "/v1/views", None, READ),
    call("create_plan", Method::POST, "/v1/plans", Some(new_shop), JOBS),
    call("list_jobs", Method::GET, "/v1/jobs", None, READ),
    call("create_import", Method::POST, "/v1/imports", Some(new_shop), IMPORTS),
    call(
        "get_import_template",
        Method::GET,
        "/v1/imports/template",
        None,
        IMPORTS,
    ),
    call("create_view", Method::POST, "/v1/views", Some(new_shop), VIEWS),
    call(
        "set_default_view",
        Method::PUT,
        "/v1/default-view",
        Some(no_view),
        VIEWS,
    ),
    call("list_event_destinations", Method::GET, HOOKS, None, SET),
    call("create_event_destination", Method::POST, HOOKS, Some(new_shop), SET),
    call("list_deliveries", Method::GET, "/v1/deliveries", None, SET),
    call("list_alert_rules", Method::GET, "/v1/alert-rules", None, READ),
    call(
        "change_settings",
        Method::PATCH,
        "/v1/settings",
        Some(|| json!({"hold_seconds": 60})),
        &["settings:write"],
    ),
    call("create_merchant", Method::POST, "/v1/merchants", Some(new_shop), WRITE),
    call(
        "put_merchant",
        Method::PUT,
        "/v1/merchants/by-reference/acad-9/store-9",
        Some(|| json!({"tags": ["x"]})),
        WRITE,
    ),
    call("list_people", Method::GET, "/v1/people", None, READ),
    call(
        "invite_person",
        Method::POST,
        "/v1/people",
        Some(|| json!({"email": "x"})),
        PEOPLE,
    ),
    call("get_role_mappings", Method::GET, "/v1/role-mappings", None, PEOPLE),
    call(
        "put_role_mappings",
        Method::PUT,
        "/v1/role-mappings",
        Some(|| json!({"groups": {}})),
        PEOPLE,
    ),
];

fn no_view() -> Value {
    json!({ "view_id": null })
}

fn renamed() -> Value {
    json!({ "name": "x" })
}

fn new_shop() -> Value {
    json!({ "member_code": "acad-9", "merchant_code": "store-9" })
}
