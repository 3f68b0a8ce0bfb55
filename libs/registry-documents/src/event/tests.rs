//! Every type of event, as a table: what goes in, what others see.

mod destinations;
mod jobs;
mod tenant;
mod views;

use std::collections::BTreeMap;

use registry_domain::Actor;
use registry_domain::alerts::{AlertEnd, AlertFact, Severity, Subject};
use registry_domain::merchant::{
    Answer, Approval, ApprovalKey, CallFailure, CallOutcome, CallbackKind, Doubt, Event, QuarantineReason, RawPayload,
    Resolution, SecretText, Stage, Verdict, WhoFixes,
};
use registry_domain::review::{
    ClaimSource, ContentDigest, DeletionMark, MappingStatus, Observation, ReadingSource, ReviewCode, ReviewStatus,
    Verification,
};
use registry_domain::tenant::Event as TenantEvent;
use registry_domain::{
    Adjustment, AlertId, Channel, EventId, FreeText, KeyId, Label, LinkId, OnBehalfOf, PersonId, ReportedNumber, Seq,
    Version,
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::testing::{at, recorded, recorded_of_tenant, registered, slug, text};

/// Stands in every field that may not be published.
const SECRET: &str = "must-not-be-seen";

fn link_id() -> LinkId {
    LinkId::from_uuid(Uuid::from_u128(5))
}

fn event_id() -> EventId {
    EventId::from_uuid(Uuid::from_u128(7))
}

fn link_text() -> String {
    link_id().to_string()
}

fn observation() -> Observation {
    Observation {
        member_code: None,
        merchant_code: None,
        upstream_member_id: Some(text(SECRET)),
        company_name: Some(text(SECRET)),
        branch_name: None,
        business_number: Some(ReportedNumber::from_untrusted("1178178260")),
        review_code: ReviewCode::from_untrusted("S"),
        review_message: Some(text(SECRET)),
        deletion: DeletionMark::NotDeleted,
    }
}

fn callback(verdict: Verdict, deletion: DeletionMark) -> Event {
    Event::CallbackReceived {
        link_id: Some(link_id()),
        received_at: at(9),
        kind: CallbackKind::Mapping,
        verdict,
        observation: Some(Observation {
            deletion,
            ..observation()
        }),
        digest: Some(ContentDigest([7; 32])),
        payload: RawPayload(SECRET.as_bytes().to_vec()),
        sender_listed: Some(true),
        decoded_with_loss: false,
        by_bills_url: false,
        redrive_of: None,
        redrive_seq: None,
    }
}

fn approval() -> Approval {
    let some = |value: &str| Some(text(value));
    Approval {
        bill_id: some("bill-1"),
        state: some("F"),
        price: some("11000"),
        approval_number: some("30001"),
        original_number: None,
        approved_at: some("20260301120000"),
        pay_type: some("CARD"),
        issuer: some("가나카드"),
        issuer_number_masked: some("123456******7890"),
        api_key: ApprovalKey::Matches,
    }
}

/// An event, its type, its source, its data.
pub type Row<E> = (E, &'static str, Value, Value);

/// What happens to alerts, whoever they are about.
fn alert_facts(subject: Subject) -> [(AlertFact, &'static str, Value); 4] {
    let alert_id = AlertId::from_uuid(Uuid::from_u128(11));
    let (severity, id) = (Severity::Late, alert_id.to_string());
    let rule = subject.as_str();
    [
        (
            AlertFact::Raised {
                alert_id,
                subject,
                severity,
                due_at: at(9),
            },
            "alert.raised",
            json!({ "alert_id": id, "rule": rule, "severity": "late", "due_at": "1970-01-01T00:00:09Z" }),
        ),
        (
            AlertFact::Acknowledged { alert_id },
            "alert.acknowledged",
            json!({ "alert_id": id }),
        ),
        (
            AlertFact::Snoozed { alert_id, until: None },
            "alert.snoozed",
            json!({ "alert_id": id, "until": null }),
        ),
        (
            AlertFact::Resolved {
                alert_id,
                subject,
                severity,
                end: AlertEnd::Moved,
            },
            "alert.resolved",
            json!({ "alert_id": id, "rule": rule, "severity": "late", "reason": "moved" }),
        ),
    ]
}

fn alert_table() -> Vec<Row<Event>> {
    let facts = alert_facts(Subject::Stage(Stage::InReview)).into_iter();
    facts
        .map(|(fact, event_type, data)| (Event::Alert(fact), event_type, json!(null), data))
        .collect()
}

fn lifecycle_table() -> Vec<Row<Event>> {
    vec![
        (
            registered("1178178260"),
            "merchant.registered",
            json!(null),
            json!({
                "member_code": "member-1", "merchant_code": "shop-1", "company_name": "가나다 학원", "branch_name": "강남점",
                "business_number": "117-81-*****", "tags": ["vip"], "metadata": { "region": "south" },
            }),
        ),
        (
            Event::MerchantDetailsChanged {
                company_name: Adjustment::Unset,
                branch_name: Adjustment::Set(Label::parse("서초점").unwrap()),
                business_number: Adjustment::Keep,
                tags: Some(vec![]),
                metadata: Some(BTreeMap::new()),
            },
            "merchant.details_changed",
            json!(null),
            json!({
                "company_name": null, "branch_name": "서초점", "business_number": null, "tags": [], "metadata": {},
                "cleared": ["company_name"],
            }),
        ),
        (Event::MerchantArchived, "merchant.archived", json!(null), json!({})),
        (Event::MerchantRestored, "merchant.restored", json!(null), json!({})),
        (Event::MerchantErased, "merchant.erased", json!(null), json!({})),
        (
            Event::NoteAdded {
                text: FreeText::from_untrusted("전화함"),
            },
            "note.added",
            json!(null),
            json!({ "text": "전화함" }),
        ),
    ]
}

fn link_table() -> Vec<Row<Event>> {
    let link = json!({ "link_id": link_text() });
    vec![
        (
            Event::LinkRequested {
                link_id: link_id(),
                redirect_url: Some(SecretText::new(SECRET.to_owned())),
            },
            "link.requested",
            json!(null),
            link.clone(),
        ),
        (
            Event::LinkIssued {
                link_id: link_id(),
                url: SecretText::new(SECRET.to_owned()),
            },
            "link.issued",
            json!(null),
            link.clone(),
        ),
        (
            Event::LinkIssueFailed {
                link_id: link_id(),
                failure: CallFailure {
                    outcome: CallOutcome::Refused,
                    upstream_code: Some("PARTNER_001".to_owned()),
                    retryable: false,
                    who_fixes: WhoFixes::Partner,
                    strange_answer: None,
                },
            },
            "link.issue_failed",
            json!(null),
            json!({
                "link_id": link_text(), "outcome": "refused", "upstream_code": "PARTNER_001", "retryable": false,
                "who_fixes": "partner",
            }),
        ),
        (
            Event::LinkRevoked { link_id: link_id() },
            "link.revoked",
            json!(null),
            link,
        ),
        (Event::LinkOpened, "link.opened", json!(null), json!({})),
        (
            Event::LinkContinued {
                link_id: link_id(),
                reused: true,
            },
            "link.continued",
            json!(null),
            json!({ "link_id": link_id().to_string(), "reused": true }),
        ),
        (Event::MerchantReturned, "merchant.returned", json!(null), json!({})),
    ]
}

fn callback_table() -> Vec<Row<Event>> {
    vec![
        (
            callback(Verdict::Applied, DeletionMark::Deleted),
            "callback.received",
            json!("callback"),
            json!({
                "kind": "mapping", "verdict": "applied", "reason": null, "link_id": link_text(), "received_at": "1970-01-01T00:00:09Z",
                "code": "S", "deleted": true, "sender_listed": true,
            }),
        ),
        (
            callback(
                Verdict::Quarantined(QuarantineReason::CodesMismatch),
                DeletionMark::Unrecognised(text("maybe")),
            ),
            "callback.received",
            json!("callback"),
            json!({
                "kind": "mapping", "verdict": "quarantined", "reason": "codes_mismatch", "link_id": link_text(),
                "received_at": "1970-01-01T00:00:09Z", "code": "S", "deleted": null, "sender_listed": true,
            }),
        ),
        (
            Event::PaymentApprovalReceived {
                link_id: None,
                received_at: at(9),
                approval: approval(),
                decoded_with_loss: true,
                redrive_of: Some(event_id()),
            },
            "payment.approved",
            json!("callback"),
            json!({
                "link_id": null, "received_at": "1970-01-01T00:00:09Z", "state": "F", "bill_id": "bill-1",
                "price": "11000", "approval_number": "30001", "original_number": null, "approved_at": "20260301120000",
                "pay_type": "CARD", "issuer": "가나카드", "issuer_number_masked": "123456******7890",
                "api_key": "matches", "decoded_with_loss": true, "redrive_of": event_id().to_string(),
            }),
        ),
    ]
}

fn reading_table() -> Vec<Row<Event>> {
    let observed = |source, answer| Event::StatusObserved {
        source,
        asked_seq: Some(Seq(1)),
        asked_at: at(8),
        read_at: at(9),
        answer,
        verification: Verification::Verified,
        healed: true,
    };
    let found = Answer::Found {
        observation: Box::new(observation()),
        mapping_status: MappingStatus::from_untrusted("MERCHANT_OPENING"),
    };
    vec![
        (
            observed(ReadingSource::ReadBack, found),
            "status.observed",
            json!("read_back"),
            json!({
                "asked_at": "1970-01-01T00:00:08Z", "read_at": "1970-01-01T00:00:09Z", "missing": false, "code": "S",
                "mapping_status": "MERCHANT_OPENING", "deleted": false, "verification": "verified", "healed": true,
            }),
        ),
        (
            observed(ReadingSource::List, Answer::Missing),
            "status.observed",
            json!("list"),
            json!({
                "asked_at": "1970-01-01T00:00:08Z", "read_at": "1970-01-01T00:00:09Z", "missing": true, "code": null,
                "mapping_status": null, "deleted": null, "verification": "verified", "healed": true,
            }),
        ),
        (
            Event::CallbackDiscarded {
                event_id: event_id(),
                reason: text("시험 호출"),
            },
            "callback.discarded",
            json!(null),
            json!({ "event_id": event_id().to_string(), "reason": "시험 호출" }),
        ),
    ]
}

fn claim_table() -> Vec<Row<Event>> {
    vec![
        (
            Event::ReviewChanged {
                from: ReviewStatus::InReview,
                to: ReviewStatus::DocumentsRequired,
                code: ReviewCode::from_untrusted("S").unwrap(),
                message: Some(text("서류를 다시 올려 주세요")),
                source: ClaimSource::Callback,
                verification: Verification::Unverified,
            },
            "review.changed",
            json!("callback"),
            json!({
                "from": "in_review", "to": "documents_required", "code": "S", "message": "서류를 다시 올려 주세요",
                "source": "callback", "verification": "unverified",
            }),
        ),
        (
            Event::BusinessDetailsChanged {
                company_name: Some(text("나다라 학원")),
                branch_name: None,
                business_number: Some(ReportedNumber::from_untrusted("117-81-78261")),
                source: ClaimSource::List,
            },
            "business.changed",
            json!("list"),
            json!({
                "company_name": "나다라 학원", "branch_name": null, "business_number": "**********",
                "business_number_flag": "checksum_mismatch",
            }),
        ),
        (
            Event::UpstreamUnlinked {
                source: ClaimSource::Callback,
            },
            "upstream.unlinked",
            json!("callback"),
            json!({}),
        ),
        (
            Event::UpstreamRelinked {
                source: ClaimSource::Reconciliation,
            },
            "upstream.relinked",
            json!("reconciliation"),
            json!({}),
        ),
        (
            Event::ConfirmationRequested { doubt: Doubt::Deletes },
            "confirmation.requested",
            json!(null),
            json!({ "doubt": "deletes" }),
        ),
        (
            Event::ConfirmationResolved {
                resolution: Resolution::Confirmed,
                claims: vec![Version(6), Version(8)],
                applied: Some(Version(8)),
            },
            "confirmation.resolved",
            json!(null),
            json!({ "resolution": "confirmed", "claims": [6, 8], "applied": 8 }),
        ),
    ]
}

/// At least one row for every event of a merchant.
pub fn merchant_table() -> Vec<Row<Event>> {
    [
        lifecycle_table(),
        alert_table(),
        link_table(),
        callback_table(),
        reading_table(),
        claim_table(),
    ]
    .concat()
}

fn check(recorded: &RecordedEvent, event_type: &str, source: &Value, data: &Value) {
    let public = public_event(recorded);
    assert_eq!(public.data.event_type(), event_type);
    let json = serde_json::to_value(&public).unwrap();
    assert_eq!(json["type"], event_type);
    assert_eq!(&json["source"], source, "{event_type}");
    assert_eq!(&json["data"], data, "{event_type}");
    assert!(!json.to_string().contains(SECRET), "{event_type}: {json}");
    assert_eq!(
        serde_json::from_value::<PublicEvent>(json).unwrap(),
        public,
        "{event_type} reads back"
    );
}

#[test]
fn each_event_of_a_merchant_tells_what_it_may_and_no_more() {
    for (event, event_type, source, data) in merchant_table() {
        check(&recorded(4, event), event_type, &source, &data);
    }
}

#[test]
fn each_event_of_a_tenant_tells_what_it_may_and_no_more() {
    for (event, event_type, source, data) in tenant::table() {
        check(&recorded_of_tenant(4, event), event_type, &source, &data);
    }
}

#[test]
fn an_event_says_where_it_stands_and_who_caused_it() {
    let mut event = recorded(4, Event::MerchantArchived);
    let json = serde_json::to_value(public_event(&event)).unwrap();
    assert_eq!(
        json,
        json!({
            "object": "event", "id": event.event_id.to_string(), "seq": 4, "type": "merchant.archived",
            "merchant_id": crate::testing::merchant_id().to_string(), "version": 4,
            "recorded_at": "1970-01-01T00:00:04Z", "actor": { "type": "system", "id": null }, "source": null,
            "correlation_id": event.correlation_id.to_string(), "causation_id": null, "data": {},
        })
    );
    let key = KeyId::from_uuid(Uuid::from_u128(6));
    event.actor = Actor::ApiKey(key);
    event.causation_id = Some(event.event_id);
    event.erased = true;
    let json = serde_json::to_value(public_event(&event)).unwrap();
    assert_eq!(json["actor"], json!({ "type": "api_key", "id": key.to_string() }));
    let id = PersonId::from_uuid(Uuid::from_u128(12));
    event.actor = Actor::Person {
        id,
        channel: Channel::Console,
    };
    let of_person = serde_json::to_value(public_event(&event)).unwrap();
    assert_eq!(
        of_person["actor"],
        json!({ "type": "user", "id": id.to_string(), "channel": "console" })
    );
    assert_eq!(json["causation_id"], json["id"]);
    assert_eq!(json["erased"], json!(true));
}

/// Who called is nobody's business but of those who may see persons.
#[test]
fn an_event_says_on_whose_behalf_to_whoever_may_know() {
    let mut event = recorded(4, Event::MerchantArchived);
    event.on_behalf_of = OnBehalfOf::parse("김 대리").ok();
    let shown = |sight| event_shown(&event, sight).on_behalf_of;
    assert_eq!(shown(Sight::Whole).as_deref(), Some("김 대리"));
    assert_eq!(shown(Sight::Masked), None);
    assert_eq!(public_event(&event).on_behalf_of, None);
}

#[test]
fn an_event_of_a_tenant_is_about_no_merchant() {
    let json = serde_json::to_value(public_event(&recorded_of_tenant(1, TenantEvent::TenantSuspended))).unwrap();
    assert_eq!(json["merchant_id"], json!(null));
}
