//! Made-up shops, for the samples of every page.

use askama::Template;
use axum::http::StatusCode;
use chrono::{DateTime, TimeDelta, Utc};
use registry_documents::{MerchantDocument, PublicEvent, WaitDocument, WaitingMerchant};
use registry_people::{Role, Scope};
use serde_json::{Value, json};

use crate::documents::{
    Balance, Counts, Eligibility, FieldProblem, Health, Next, Page, Problem, Quarantined, Readiness, RedriveReport,
    RegistrationLink, Settings, Timeline, Unclaimed, View,
};
use crate::door::{SignedIn, TenantChoice};
use crate::preferences::Preferences;

/// A page with its name.
pub struct Sample {
    /// The name.
    pub name: &'static str,
    /// The page.
    pub html: String,
}

impl Sample {
    /// A page, rendered.
    pub fn new(name: &'static str, template: &impl Template) -> Self {
        Self {
            name,
            html: template.render().expect("a sample reads"),
        }
    }
}

/// Friday, 2026-11-27 14:20:08 in Korea.
pub fn now() -> DateTime<Utc> {
    DateTime::parse_from_rfc3339("2026-11-27T05:20:08Z")
        .expect("a sample reads")
        .to_utc()
}

fn before(minutes: i64) -> String {
    (now() - TimeDelta::minutes(minutes)).to_rfc3339()
}

/// A person of two tenants, who may do everything.
pub fn person(look: Preferences) -> SignedIn {
    person_who_may(look, Scope::ALL)
}

/// A person who looks and does nothing.
pub fn viewer(look: Preferences) -> SignedIn {
    person_who_may(look, &Role::Viewer.scopes())
}

fn person_who_may(look: Preferences, scopes: &[Scope]) -> SignedIn {
    let choice = |slug: &str, name: &str| TenantChoice {
        slug: slug.to_owned(),
        name: name.to_owned(),
    };
    SignedIn::sample(
        "김운영",
        choice("acme", "Acme 파트너스"),
        choice("acme-test", "Acme 시험"),
        look.language,
        scopes,
    )
}

const SHOPS: [(&str, &str, &str, &str); 10] = [
    ("온담한의원", "수원점", "clinic-02", "store-1"),
    ("모아약국", "부천점", "pharm-05", "store-2"),
    ("푸른솔태권도", "상계관", "acad-31", "gym-2"),
    ("별내과수원", "직판장", "farm-01", "store-1"),
    ("하루김밥", "구로디지털점", "food-14", "store-7"),
    ("다온미술교습소", "본원", "acad-18", "art-1"),
    ("솔바람피아노", "정자원", "acad-22", "piano-3"),
    ("참좋은반찬", "망원점", "food-09", "store-4"),
    ("새벽목장정육", "일산점", "food-21", "store-2"),
    (
        "A very long name of a company that does not fit & <b>is not bold</b>",
        "",
        "a-member-code-as-long-as-30-chr",
        "x",
    ),
];

/// Stage, letter, who is to act, what to do, how far it can be trusted, what Paymint wrote.
type State = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    Option<&'static str>,
);

const STATES: [State; 6] = [
    ("in_review", "P", "upstream", "review_application", "verified", None),
    (
        "documents_required",
        "S",
        "merchant",
        "supply_documents",
        "verified",
        Some("사업자등록증 사본이 흐립니다. 다시 올려 주세요"),
    ),
    ("drafting", "W", "merchant", "submit_application", "unverified", None),
    (
        "rejected",
        "R",
        "partner",
        "resolve_rejection",
        "verified",
        Some("영업신고증의 유효기간이 지났습니다"),
    ),
    ("opened", "O", "none", "none", "held", None),
    ("unknown", "Z", "upstream", "ask_upstream", "conflicting", None),
];

/// The shop with this number.
pub fn merchant(number: usize) -> MerchantDocument {
    let (company, branch, member, code) = SHOPS[number % SHOPS.len()];
    let (stage, letter, actor, action, verification, message) = STATES[number % STATES.len()];
    let minutes = 60 * 24 * i64::try_from(number % 15).expect("a sample reads") + 34;
    let confirmation = (verification == "held")
        .then(|| json!({ "doubt": "leaves_opened", "since": before(30), "code": "P", "deleted": false }));
    let branch = Some(branch).filter(|branch| !branch.is_empty());
    serde_json::from_value(json!({
        "object": "merchant",
        "id": format!("mer_0197f0a1b2c37d4e8f90a1b2c3d4{number:04x}"),
        "version": 23, "seq": 400 + number, "member_code": member, "merchant_code": code,
        "business": { "company_name": company, "branch_name": branch, "number": "1178178260", "number_flag": null },
        "stage": stage,
        "review": {
            "status": stage, "code": letter, "message": message, "since": before(minutes), "observed_at": before(12),
            "source": if number.is_multiple_of(2) { "callback" } else { "read_back" },
            "verification": verification, "mapping_status": "MERCHANT_OPENING",
        },
        "confirmation": confirmation,
        "billing": { "may_bill": stage == "opened", "reason": "not_opened", "verification": verification },
        "unlinked": false, "archived": false,
        "next_action": { "actor": actor, "code": action, "since": before(minutes), "message": message },
        "link": { "id": "lnk_1", "state": "issued", "issued_at": before(minutes + 9_000) },
        "tags": ["분식", "서울"], "metadata": { "region": "수도권" },
        "warnings": if number == 1 { json!(["business_number_shared"]) } else { json!([]) }, "attention": false,
        "created_at": before(minutes + 10_000), "updated_at": before(12),
    }))
    .expect("a sample reads")
}

/// How long it has waited.
pub fn wait(number: usize) -> WaitDocument {
    WaitDocument {
        business_days: u32::try_from(number % 11).unwrap_or_default(),
        longer_than_percent: (!number.is_multiple_of(4)).then_some(u8::try_from(number * 13 % 100).unwrap_or(0)),
    }
}

/// So many shops.
pub fn merchants(count: usize) -> Page<WaitingMerchant> {
    Page {
        data: (0..count)
            .map(|number| WaitingMerchant {
                merchant: merchant(number),
                wait: Some(wait(number)),
            })
            .collect(),
        page: Next {
            next: (count >= 50).then(|| "next".to_owned()),
            prev: None,
        },
    }
}

/// How many stand where.
pub fn counts() -> Counts {
    serde_json::from_value(json!({ "data": { "total": 1_284, "by_stage": {
        "registered": 65, "link_issued": 88, "drafting": 120, "in_review": 64, "documents_required": 31, "rejected": 12,
        "opened": 904, "unknown": 0, "unlinked": 0, "archived": 23,
    } } }))
    .expect("a sample reads")
}

fn event(version: u64, minutes: i64, kind: &str, source: Option<&str>, data: &Value) -> PublicEvent {
    let actor = match source {
        Some(_) => json!({ "type": "upstream", "id": null }),
        None if kind == "note.added" => {
            json!({ "type": "user", "id": super::staff::person_id(1), "channel": "console" })
        }
        None => json!({ "type": "api_key", "id": null }),
    };
    serde_json::from_value(json!({
        "object": "event", "id": format!("evt_0197f0a1b2c37d4e8f90a1b2c3d4{version:04x}"), "seq": 300 + version,
        "merchant_id": "mer_0197f0a1b2c37d4e8f90a1b2c3d40001", "version": version, "recorded_at": before(minutes),
        "actor": actor, "source": source,
        "correlation_id": "req_0197f0a1b2c37d4e8f90a1b2c3d4e5f6", "causation_id": null, "type": kind, "data": data,
    }))
    .expect("a sample reads")
}

/// A day in minutes.
const DAY: i64 = 24 * 60;

fn review(version: u64, days: i64, moved: [&str; 3], message: Option<&str>) -> PublicEvent {
    let [from, to, code] = moved;
    let data = json!({ "from": from, "to": to, "code": code, "message": message, "source": "callback",
        "verification": "verified" });
    event(version, days * DAY, "review.changed", Some("callback"), &data)
}

/// The record of a shop, the newest first: as of now, or of some weeks ago.
pub fn timeline(is_now: bool) -> Timeline {
    let callback = json!({ "kind": "mapping", "verdict": "applied", "reason": null, "link_id": "lnk_1",
        "received_at": before(0), "code": "S", "deleted": false, "sender_listed": true });
    let observed = json!({ "asked_at": before(12), "read_at": before(12), "missing": false, "code": "S",
        "mapping_status": null, "deleted": false, "verification": "verified", "healed": false });
    let resolved = json!({ "resolution": "refuted", "claims": [9], "applied": null });
    let note = json!({ "text": "대표 통화, 월요일까지 다시 올리기로" });
    let unclear = Some("사업자등록증 사본이 흐립니다. 다시 올려 주세요");
    let mut data = vec![
        event(15, 12, "status.observed", Some("read_back"), &observed),
        event(14, DAY, "note.added", None, &note),
        event(13, 9 * DAY, "link.issued", None, &json!({ "link_id": "lnk_2" })),
        review(12, 10, ["in_review", "documents_required", "S"], unclear),
        event(11, 10 * DAY, "callback.received", Some("callback"), &callback),
        event(10, 11 * DAY, "confirmation.resolved", Some("read_back"), &resolved),
    ];
    data.extend(earlier());
    if !is_now {
        data.retain(|event| event.version <= 8);
    }
    Timeline { data }
}

fn earlier() -> Vec<PublicEvent> {
    let registered = json!({ "member_code": "acad-12", "merchant_code": "store-3", "company_name": "강남떡볶이",
        "branch_name": "역삼점", "business_number": "117-81-*****", "tags": [], "metadata": {} });
    let refused = json!({ "link_id": "lnk_0", "outcome": "refused", "upstream_code": "PARTNER_006",
        "retryable": false, "who_fixes": "partner" });
    let doubt = json!({ "doubt": "redelivered" });
    let link = json!({ "link_id": "lnk_1" });
    vec![
        event(9, 11 * DAY, "confirmation.requested", Some("callback"), &doubt),
        review(8, 16, ["documents_required", "in_review", "P"], None),
        review(
            7,
            18,
            ["in_review", "documents_required", "S"],
            Some("통장 사본이 빠졌습니다"),
        ),
        review(6, 23, ["drafting", "in_review", "P"], None),
        review(5, 25, ["none", "drafting", "W"], None),
        event(4, 26 * DAY, "link.issue_failed", None, &refused),
        event(3, 29 * DAY, "link.issued", None, &link),
        event(2, 29 * DAY, "link.requested", None, &link),
        event(1, 29 * DAY, "merchant.registered", None, &registered),
    ]
}

/// The links of a shop.
pub fn links() -> Vec<RegistrationLink> {
    let link = |id: &str, state: &str, minutes: i64| {
        json!({ "id": id, "merchant_id": "mer_1", "state": state, "failure": null, "requested_at": before(minutes),
            "issued_at": before(minutes) })
    };
    let links = json!([
        link("lnk_2", "issued", 9 * 24 * 60),
        link("lnk_1", "revoked", 29 * 24 * 60)
    ]);
    serde_json::from_value(links).expect("a sample reads")
}

/// Whether a shop may bill.
pub fn eligibility() -> Eligibility {
    serde_json::from_value(json!({ "may_bill": false, "reason": "not_opened", "evidence": {
        "verification": "verified", "source": "callback", "observed_at": before(12), "last_asked_at": null,
        "can_verify": true } }))
    .expect("a sample reads")
}

/// Views: one's own, one that whoever looks shares, one of somebody else.
pub fn views() -> Vec<View> {
    let one = |number: u32, name: &str, shared: bool, own: bool, query: &str, columns: &[&str]| {
        json!({ "object": "view", "id": format!("viw_0197f0a1b2c37d4e8f90a1b2c3d4{number:04x}"), "name": name,
            "shared": shared, "own": own, "default": number == 1, "query": query, "columns": columns,
            "created_at": before(9_000), "updated_at": before(90), "version": number })
    };
    let all = json!([
        one(
            1,
            "서류보완 4일+",
            false,
            true,
            "age_min=4&sort=stage_since&stage=documents_required&updated_from=-7bd",
            &["name", "stage", "business_days", "message", "tags", "created_at"]
        ),
        one(2, "오늘 등록한 곳", true, true, "created_from=today", &[]),
        one(
            3,
            "A name of a view that is as long as sixty characters may be.",
            true,
            false,
            "q=%EA%B0%95%EB%82%A8&limit=200",
            &[]
        ),
    ]);
    serde_json::from_value(all).expect("a sample reads")
}

/// Things that go well.
pub fn health() -> Health {
    serde_json::from_value(
        json!({ "can_verify": true, "last_callback_at": before(0), "callbacks_missing_since": null,
        "changes_by_callback": 1_240, "changes_by_asking": 5, "share_found_by_asking": 0.004, "upstream_paused": null,
        "balance_low": null, "open_quarantine": 3, "unclaimed_merchants": 2, "held": 1 }),
    )
    .expect("a sample reads")
}

/// A process that is well.
pub fn readiness() -> Readiness {
    serde_json::from_value(json!({ "status": "ready", "storage": { "available": true },
        "writer": { "works": true, "queued": 0 }, "publishing": { "works": true, "lag_events": 0 },
        "asking": { "works": true, "due_merchants": 4 } }))
    .expect("a sample reads")
}

/// Settings.
pub fn settings() -> Settings {
    serde_json::from_value(
        json!({ "hold_seconds": 900, "read_back": { "enabled": true, "path": null,
        "member_field": null, "merchant_field": null }, "low_balance_threshold": 5_500, "callbacks_missing_days": 7 }),
    )
    .expect("a sample reads")
}

/// A balance that is low.
pub fn balance() -> Balance {
    serde_json::from_value(json!({ "points": 5_445, "low_threshold": 5_500, "low": true, "read_at": before(1) }))
        .expect("a sample reads")
}

/// Callbacks in quarantine.
pub fn quarantined() -> Vec<Quarantined> {
    let one = |number: u64, reason: &str, state: &str, pair: Option<Value>| {
        json!({ "event_id": format!("evt_0197f0a1b2c37d4e8f90a1b2c3d5{number:04x}"), "merchant_id": null,
            "unclaimed": pair, "reason": reason, "received_at": before(90), "state": state })
    };
    let pair = || Some(json!({ "member_code": "acad-99", "merchant_code": "store-1" }));
    let all = json!([
        one(1, "unknown_merchant", "open", pair()),
        one(2, "unknown_merchant", "open", pair()),
        one(3, "unparseable", "open", None),
    ]);
    serde_json::from_value(all).expect("a sample reads")
}

/// What driving some again would come to.
pub fn redrive_report() -> RedriveReport {
    let one = |number: u64, outcome: &str, stage: Option<&str>| {
        json!({ "event_id": format!("evt_0197f0a1b2c37d4e8f90a1b2c3d5{number:04x}"), "dry_run": true,
            "outcome": outcome, "reason": null, "merchant_id": "mer_0197f0a1b2c37d4e8f90a1b2c3d40001", "stage": stage })
    };
    serde_json::from_value(
        json!({ "dry_run": true, "tried": 2, "outcomes": { "applied": 1, "duplicate": 1 },
        "sample": [one(1, "applied", Some("documents_required")), one(2, "duplicate", None)], "next": null }),
    )
    .expect("a sample reads")
}

/// Pairs of codes that nobody registered.
pub fn unclaimed() -> Vec<Unclaimed> {
    let one = |number: u64, listed: bool| {
        json!({ "id": format!("unc_{number}"), "member_code": "acad-99", "merchant_code": format!("store-{number}"),
            "first_seen_at": before(2_000), "last_seen_at": before(90), "callbacks": number, "listed": listed,
            "mapping_status": if listed { json!("COMPLETED") } else { Value::Null }, "state": "open", "merchant_id": null })
    };
    serde_json::from_value(json!([one(1, true), one(2, false)])).expect("a sample reads")
}

/// A form that was refused.
pub fn problem() -> Problem {
    let field = |name: &str, detail: &str| FieldProblem {
        line: None,
        pointer: Some(format!("/{name}")),
        parameter: None,
        detail: detail.to_owned(),
    };
    let mut problem = Problem::of_status(StatusCode::UNPROCESSABLE_ENTITY);
    "validation_failed".clone_into(&mut problem.code);
    "req_0197f0a1b2c37d4e8f90a1b2c3d4e5f6".clone_into(&mut problem.request_id);
    problem.errors = vec![
        field("business_number", "검증숫자가 맞지 않습니다"),
        field("merchant_code", "빈칸은 쓸 수 없습니다"),
    ];
    problem
}
