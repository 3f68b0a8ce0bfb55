//! Writing a fact down and reading it back gives the same fact, for every type.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};
use registry_domain::alerts::{AlertEnd, AlertFact, AlertRule, HealthCondition, Levels, Severity, Subject};
use registry_domain::calendar::{Calendar, DayName, OwnDay};
use registry_domain::destinations::{DestinationFact, DestinationKind, DisableReason, Target, Wants};
use registry_domain::exports::ExportFormat;
use registry_domain::jobs::{ActionKind, JobAct, JobFact, Outcomes, Reason};
use registry_domain::merchant::*;
use registry_domain::people::{Extra, MappingChange, Rights, Role};
use registry_domain::review::*;
use registry_domain::tenant::{
    self, Access, CallPath, FieldName, HoldTime, ReadBack, ReturnUrl, Scope, SecretHash, Settings, SilenceDays, Slug,
    Upstream,
};
use registry_domain::views::{ViewAct, ViewFact, ViewName};
use registry_domain::*;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::{Personal, from_domain, into_domain};
use crate::record::StreamEvent;
use crate::submission::Origin;

fn at() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::microseconds(1_234_567)
}

fn label(text: &str) -> Label {
    Label::parse(text).unwrap()
}

fn free(text: &str) -> FreeText {
    FreeText::from_untrusted(text)
}

fn link_id() -> LinkId {
    LinkId::from_uuid(Uuid::from_u128(5))
}

fn event_id() -> EventId {
    EventId::from_uuid(Uuid::from_u128(6))
}

fn observation() -> Observation {
    Observation {
        member_code: Some(MemberCode::parse("m").unwrap()),
        merchant_code: Some(MerchantCode::parse("s").unwrap()),
        upstream_member_id: Some(free("10041")),
        company_name: Some(free("가나다")),
        branch_name: Some(free("본점")),
        business_number: Some(ReportedNumber::from_untrusted("117-81-78261")),
        review_code: ReviewCode::from_untrusted("S"),
        review_message: Some(free("통장 사본")),
        deletion: DeletionMark::Unrecognised(free("maybe")),
    }
}

fn reference() -> Reference {
    Reference {
        member_code: MemberCode::parse("m").unwrap(),
        merchant_code: MerchantCode::parse("s").unwrap(),
    }
}

#[expect(clippy::too_many_lines, reason = "one of each event")]
fn merchant_events() -> Vec<Event> {
    let number = BusinessNumber::parse("1178178260").unwrap();
    let metadata = BTreeMap::from([("crm".to_owned(), label("42"))]);
    let failure = CallFailure {
        outcome: CallOutcome::Refused,
        upstream_code: Some("PARTNER_001".into()),
        retryable: false,
        who_fixes: WhoFixes::Partner,
        strange_answer: None,
    };
    let strange = CallFailure {
        strange_answer: Some(StrangeAnswer {
            http_status: 404,
            content_type: Some("text/html".into()),
        }),
        ..failure.clone()
    };
    let received = |verdict| Event::CallbackReceived {
        link_id: Some(link_id()),
        received_at: at(),
        kind: CallbackKind::Mapping,
        verdict,
        observation: Some(observation()),
        digest: Some(ContentDigest([3; 32])),
        payload: RawPayload(vec![0, 255, 10]),
        sender_listed: Some(false),
        decoded_with_loss: false,
        by_bills_url: true,
        redrive_of: Some(event_id()),
        redrive_seq: Some(Seq(3)),
    };
    let observed = |source, answer| Event::StatusObserved {
        source,
        asked_seq: Some(Seq(4)),
        asked_at: at() - TimeDelta::seconds(1),
        read_at: at(),
        answer,
        verification: Verification::Conflicting,
        healed: true,
    };
    let approval = Approval {
        bill_id: Some(free("B1")),
        state: Some(free("F")),
        price: Some(free("1000")),
        approval_number: Some(free("1")),
        original_number: None,
        approved_at: Some(free("20261121093000")),
        pay_type: Some(free("CARD_VAN")),
        issuer: Some(free("현대")),
        issuer_number_masked: Some(free("123456******1234")),
        api_key: ApprovalKey::Matches,
    };
    vec![
        Event::MerchantRegistered {
            reference: reference(),
            company_name: Some(label("가나다")),
            branch_name: None,
            business_number: Some(number.clone()),
            tags: vec![label("academy")],
            metadata: metadata.clone(),
            surroundings: Surroundings {
                merchant_code_elsewhere: true,
                business_number_elsewhere: false,
            },
        },
        Event::MerchantDetailsChanged {
            company_name: Adjustment::Keep,
            branch_name: Adjustment::Set(label("강남점")),
            business_number: Adjustment::Set(number),
            tags: Some(vec![]),
            metadata: Some(metadata),
        },
        Event::MerchantArchived,
        Event::MerchantRestored,
        Event::MerchantErased,
        Event::LinkRequested {
            link_id: link_id(),
            redirect_url: Some(SecretText::new("https://a".into())),
        },
        Event::LinkIssued {
            link_id: link_id(),
            url: SecretText::new("https://b".into()),
        },
        Event::LinkIssueFailed {
            link_id: link_id(),
            failure,
        },
        Event::LinkIssueFailed {
            link_id: link_id(),
            failure: strange,
        },
        Event::LinkRevoked { link_id: link_id() },
        Event::LinkOpened,
        Event::LinkContinued {
            link_id: link_id(),
            reused: true,
        },
        Event::MerchantReturned,
        received(Verdict::Applied),
        received(Verdict::Duplicate),
        received(Verdict::Held),
        received(Verdict::Outdated),
        received(Verdict::Quarantined(QuarantineReason::CodesMismatch)),
        Event::CallbackDiscarded {
            event_id: event_id(),
            reason: free("시험 호출"),
        },
        observed(
            ReadingSource::ReadBack,
            Answer::Found {
                observation: Box::new(observation()),
                mapping_status: MappingStatus::from_untrusted("MERCHANT_OPENING"),
            },
        ),
        observed(ReadingSource::List, Answer::Missing),
        Event::ReviewChanged {
            from: ReviewStatus::InReview,
            to: ReviewStatus::DocumentsRequired,
            code: ReviewCode::from_untrusted("S").unwrap(),
            message: Some(free("통장 사본")),
            source: ClaimSource::Callback,
            verification: Verification::Unverified,
        },
        Event::BusinessDetailsChanged {
            company_name: Some(free("가나다")),
            branch_name: None,
            business_number: Some(ReportedNumber::from_untrusted("1178178260")),
            source: ClaimSource::Callback,
        },
        Event::UpstreamUnlinked {
            source: ClaimSource::Callback,
        },
        Event::UpstreamRelinked {
            source: ClaimSource::ReadBack,
        },
        Event::ConfirmationRequested {
            doubt: Doubt::LeavesOpened,
        },
        Event::ConfirmationResolved {
            resolution: Resolution::Confirmed,
            claims: vec![Version(4), Version(6)],
            applied: Some(Version(6)),
        },
        Event::ConfirmationResolved {
            resolution: Resolution::Refuted,
            claims: vec![Version(4)],
            applied: None,
        },
        Event::PaymentApprovalReceived {
            link_id: None,
            received_at: at(),
            approval,
            decoded_with_loss: false,
            redrive_of: Some(event_id()),
        },
        Event::NoteAdded {
            text: free("전화함")
        },
    ]
}

fn tenant_events() -> Vec<tenant::Event> {
    let payload = || RawPayload(b"{}".to_vec());
    vec![
        tenant::Event::TenantCreated {
            slug: Slug::parse("acme").unwrap(),
            name: label("Acme"),
        },
        tenant::Event::UpstreamConfigured {
            upstream: Upstream {
                base_url: "https://upstream.example/partner".into(),
                api_key: SecretText::new("key".into()),
            },
        },
        tenant::Event::TenantSuspended,
        tenant::Event::TenantResumed,
        tenant::Event::ApiKeyIssued {
            key_id: KeyId::from_uuid(Uuid::from_u128(8)),
            name: label("portal"),
            scopes: Scope::ALL.to_vec(),
            networks: vec!["198.51.100.0/24".parse().unwrap()],
            secret_hash: SecretHash([9; 32]),
            expires_at: Some(at()),
        },
        tenant::Event::ApiKeyRotated {
            key_id: KeyId::from_uuid(Uuid::from_u128(8)),
            works_until: at(),
            successor: KeyId::from_uuid(Uuid::from_u128(9)),
            secret_hash: SecretHash([10; 32]),
            expires_at: None,
        },
        tenant::Event::ApiKeyRevoked {
            key_id: KeyId::from_uuid(Uuid::from_u128(8)),
        },
        tenant::Event::UnclaimedMerchantSeen {
            reference: reference(),
            received_at: at(),
            payload: payload(),
            sender_listed: None,
            decoded_with_loss: false,
        },
        tenant::Event::CallbackQuarantined {
            reason: QuarantineReason::Unparseable,
            received_at: at(),
            payload: payload(),
            sender_listed: Some(true),
            decoded_with_loss: false,
        },
        tenant::Event::CallbackDiscarded {
            event_id: event_id(),
            reason: free("시험 호출"),
        },
        tenant::Event::UnclaimedMerchantListed {
            reference: reference(),
            mapping_status: MappingStatus::from_untrusted("LEGACY"),
            read_at: at(),
        },
        tenant::Event::UnclaimedMerchantAdopted {
            reference: reference(),
            merchant_id: MerchantId::from_uuid(Uuid::from_u128(7)),
        },
        tenant::Event::UnclaimedMerchantDismissed {
            reference: reference(),
            reason: free("시험 매장"),
        },
    ]
}

fn people_events() -> Vec<tenant::Event> {
    let person_id = PersonId::from_uuid(Uuid::from_u128(12));
    vec![
        tenant::Event::MemberAdded {
            person_id,
            rights: Role::Operator.into(),
            by_groups: true,
        },
        tenant::Event::MemberRoleChanged {
            person_id,
            rights: Rights::new(Role::Manager, [Extra::ExportsCreate], [Extra::PersonalRead]).unwrap(),
            by_groups: false,
        },
        tenant::Event::MemberRemoved { person_id },
        tenant::Event::RoleMappingsReplaced {
            changes: vec![
                mapping_change("gone", Some(Role::Viewer), None),
                mapping_change("ops", Some(Role::Viewer), Some(Role::Operator)),
                mapping_change("운영팀", None, Some(Role::Auditor)),
            ],
        },
    ]
}

fn mapping_change(group: &str, before: Option<Role>, after: Option<Role>) -> MappingChange {
    MappingChange {
        group: group.to_owned(),
        before,
        after,
    }
}

fn health_events() -> Vec<tenant::Event> {
    vec![
        tenant::Event::SettingsChanged { settings: settings() },
        tenant::Event::UpstreamPaused {
            code: "PARTNER_006".into(),
        },
        tenant::Event::UpstreamResumed,
        tenant::Event::BalanceLow {
            threshold: 5_500,
            seen: 5_499,
        },
        tenant::Event::BalanceRecovered {
            threshold: 5_500,
            seen: 505_499,
        },
        tenant::Event::CallbacksMissing {
            since: at(),
            links: 3,
            after: SilenceDays::from_days(7).unwrap(),
        },
        tenant::Event::CallbacksSeen,
    ]
}

fn accesses() -> Vec<Access> {
    let merchant_id = MerchantId::from_uuid(Uuid::from_u128(7));
    vec![
        Access::NumberRevealed { merchant_id },
        Access::PayloadOpened {
            event_id: event_id(),
            merchant_id: Some(merchant_id),
        },
        Access::Refused {
            operation: "GET /v1/audit".to_owned(),
            scope: Scope::AuditRead,
            count: 3,
        },
        Access::MerchantsExported {
            format: ExportFormat::Csv,
            rows: 1_234,
            filters: vec!["stage".to_owned(), "q".to_owned()],
            with_numbers: true,
            export_id: ExportId::from_uuid(Uuid::from_u128(83)),
            reason: Some(Reason::parse("시험 보고").unwrap()),
        },
        Access::ExportTaken {
            export_id: ExportId::from_uuid(Uuid::from_u128(83)),
            from: 0,
        },
        Access::SignedIn,
        Access::SignInRefused { count: 2 },
        Access::SignedOut { person_id: None },
        Access::SignedOut {
            person_id: Some(PersonId::from_uuid(Uuid::from_u128(5))),
        },
    ]
}

fn calendar() -> Calendar {
    let day = |text: &str| text.parse().unwrap();
    let name = DayName::parse("창립기념일").unwrap();
    Calendar::with(BTreeMap::from([
        (day("2026-12-24"), OwnDay::Holiday { name: name.clone() }),
        (day("2026-10-09"), OwnDay::Business { name: Some(name) }),
        (day("2027-05-01"), OwnDay::Business { name: None }),
    ]))
}

fn settings() -> Settings {
    Settings {
        hold_time: HoldTime::from_seconds(300).unwrap(),
        read_back: ReadBack {
            enabled: true,
            path: CallPath::parse("auth/mapping-status").ok(),
            member_field: FieldName::parse("member").ok(),
            merchant_field: FieldName::parse("merchant").ok(),
        },
        low_balance_threshold: Some(5_500),
        callbacks_missing_after: SilenceDays::from_days(14).unwrap(),
        calendar: calendar(),
        return_urls: vec![ReturnUrl::parse("https://partner.example/done").unwrap()],
    }
}

fn alert_facts(subject: Subject) -> [AlertFact; 4] {
    let alert_id = AlertId::from_uuid(Uuid::from_u128(70));
    let severity = Severity::Late;
    [
        AlertFact::Raised {
            alert_id,
            subject,
            severity,
            due_at: at(),
        },
        AlertFact::Acknowledged { alert_id },
        AlertFact::Snoozed {
            alert_id,
            until: Some(at()),
        },
        AlertFact::Resolved {
            alert_id,
            subject,
            severity,
            end: AlertEnd::Moved,
        },
    ]
}

fn alert_events() -> Vec<StreamEvent> {
    let stage = Subject::Stage(Stage::InReview);
    let health = Subject::Health(HealthCondition::QuarantineGrowing);
    let levels = Levels::new(Some(3), Some(6), None, Some(95)).unwrap();
    let rules = [
        tenant::Event::AlertRuleSet {
            rule: AlertRule::Health {
                condition: HealthCondition::QuarantineGrowing,
                severity: Severity::Critical,
                more_than: 10,
            },
        },
        tenant::Event::AlertRuleSet {
            rule: AlertRule::Stage {
                stage: Stage::InReview,
                levels,
            },
        },
        tenant::Event::AlertRuleRemoved { subject: stage },
    ];
    let of_merchant = alert_facts(stage).map(|fact| StreamEvent::Merchant(Event::Alert(fact)));
    let of_tenant = alert_facts(health).map(|fact| StreamEvent::Tenant(tenant::Event::Alert(fact)));
    let rules = rules.map(StreamEvent::Tenant);
    of_merchant.into_iter().chain(of_tenant).chain(rules).collect()
}

fn destination_events() -> Vec<StreamEvent> {
    let id = DestinationId::from_uuid(Uuid::from_u128(80));
    let wants = Wants {
        subjects: vec![Subject::Stage(Stage::InReview)],
        least: Severity::Late,
    };
    let target = Target {
        kind: DestinationKind::Webhook,
        address: SecretText::new("https://hook.example/시험".to_owned()),
    };
    let secret = SecretText::new("whsec_123456".to_owned());
    let name = label("on duty");
    let facts = [
        DestinationFact::Created {
            id,
            name: name.clone(),
            target: target.clone(),
            wants: wants.clone(),
            secret: Some(secret.clone()),
        },
        DestinationFact::Changed {
            id,
            name,
            target: Some(target),
            wants,
        },
        DestinationFact::SecretRotated {
            id,
            secret,
            old_works_until: at(),
        },
        DestinationFact::Enabled { id },
        DestinationFact::Disabled {
            id,
            reason: DisableReason::Failing,
        },
        DestinationFact::Removed { id },
    ];
    let facts = facts.map(|fact| StreamEvent::Tenant(tenant::Event::Destination(fact)));
    facts.into()
}

fn view_events() -> Vec<StreamEvent> {
    let id = ViewId::from_uuid(Uuid::from_u128(81));
    let acts = [
        ViewAct::Created,
        ViewAct::Changed,
        ViewAct::Shared,
        ViewAct::Unshared,
        ViewAct::Removed,
    ];
    let names = [None, ViewName::parse("서류보완 4일+").ok()];
    let facts = acts.into_iter().flat_map(|act| {
        let fact = |shared_as| ViewFact { id, act, shared_as };
        names.clone().map(fact)
    });
    let facts = facts.map(|fact| StreamEvent::Tenant(tenant::Event::View(fact)));
    facts.collect()
}

fn job_events() -> Vec<StreamEvent> {
    let id = JobId::from_uuid(Uuid::from_u128(82));
    let confirmed = |reason| JobAct::Confirmed {
        action: ActionKind::IssueLinks,
        rows: 300,
        reason,
    };
    let finished = JobAct::Finished(Outcomes {
        done: 297,
        failed: 2,
        cancelled: 1,
    });
    let acts = [
        confirmed(Reason::parse("월요일 재발송").ok()),
        confirmed(None),
        JobAct::Paused,
        JobAct::Resumed,
        JobAct::Cancelled,
        finished,
    ];
    let facts = acts.map(|act| StreamEvent::Tenant(tenant::Event::Job(JobFact { id, act })));
    facts.into()
}

fn all() -> Vec<StreamEvent> {
    let merchants = merchant_events().into_iter().map(StreamEvent::Merchant);
    merchants
        .chain(tenant_events().into_iter().map(StreamEvent::Tenant))
        .chain(health_events().into_iter().map(StreamEvent::Tenant))
        .chain(people_events().into_iter().map(StreamEvent::Tenant))
        .chain(alert_events())
        .chain(destination_events())
        .chain(view_events())
        .chain(job_events())
        .chain(
            accesses()
                .into_iter()
                .map(|access| StreamEvent::Tenant(tenant::Event::Access(access))),
        )
        .collect()
}

#[test]
fn every_fact_reads_back_as_it_was_written() {
    for event in all() {
        let stored = from_domain(&event);
        let personal = stored
            .personal
            .map(|personal| Personal::from_bytes(&personal.to_bytes()).unwrap());
        assert_eq!(into_domain(stored.event_type, &stored.data, personal).unwrap(), event);
    }
}

#[test]
fn what_was_registered_under_looser_rules_is_read_as_it_was() {
    let data = r#"{"member_code":"\u1100\u1161","merchant_code":".","merchant_code_shared":false,"business_number_shared":false}"#;
    let personal = Personal {
        company_name: Some("\u{3164}".into()),
        business_number: Some("0000000000".into()),
        tags: Some(vec!["a\u{200b}b".into()]),
        ..Personal::default()
    };
    let event = into_domain("merchant.registered", data, Some(personal)).unwrap();
    let StreamEvent::Merchant(Event::MerchantRegistered {
        reference,
        company_name,
        business_number,
        tags,
        ..
    }) = &event
    else {
        panic!("it is a registration")
    };
    assert_eq!(reference.member_code.as_str(), "\u{1100}\u{1161}");
    assert_eq!(reference.merchant_code.as_str(), ".");
    assert_eq!(company_name.as_ref().map(Label::as_str), Some("\u{3164}"));
    assert_eq!(business_number.as_ref().map(BusinessNumber::digits), Some("0000000000"));
    assert_eq!(tags[0].as_str(), "a\u{200b}b");
    assert_eq!(
        from_domain(&event).data,
        data.replace("\\u1100\\u1161", "\u{1100}\u{1161}")
    );
}

#[test]
fn what_was_read_with_loss_says_so_and_nothing_else_does() {
    for mut event in all() {
        let flag = match &mut event {
            StreamEvent::Merchant(
                Event::CallbackReceived { decoded_with_loss, .. }
                | Event::PaymentApprovalReceived { decoded_with_loss, .. },
            )
            | StreamEvent::Tenant(
                tenant::Event::UnclaimedMerchantSeen { decoded_with_loss, .. }
                | tenant::Event::CallbackQuarantined { decoded_with_loss, .. },
            ) => decoded_with_loss,
            StreamEvent::Merchant(_) | StreamEvent::Tenant(_) => continue,
        };
        *flag = true;
        let stored = from_domain(&event);
        assert!(stored.data.contains(r#""decoded_with_loss":true"#), "{}", stored.data);
        assert_eq!(
            into_domain(stored.event_type, &stored.data, stored.personal).unwrap(),
            event
        );
    }
}

/// Who asked stands beside what the event says itself, and both are read back.
#[test]
fn a_request_is_sealed_with_every_event_that_it_causes() {
    let origin = Origin {
        on_behalf_of: OnBehalfOf::parse("김 대리").ok(),
        address: Some([198, 51, 100, 7].into()),
        ..Origin::of(Actor::Operator, CorrelationId::from_uuid(Uuid::from_u128(1)))
    };
    for event in all() {
        let stored = from_domain(&event);
        let sealed = Personal::with_origin(stored.personal, &origin).expect("something is sealed");
        let json = serde_json::to_value(&sealed).unwrap();
        assert_eq!(
            (json["on_behalf_of"].as_str(), json["address"].as_str()),
            (Some("김 대리"), Some("198.51.100.7"))
        );
        let opened = Personal::from_bytes(&sealed.to_bytes()).unwrap();
        assert_eq!(opened.on_behalf_of().unwrap(), origin.on_behalf_of);
        assert_eq!(opened.address(), origin.address);
        assert_eq!(
            into_domain(stored.event_type, &stored.data, Some(opened)).unwrap(),
            event
        );
    }
    assert!(Personal::with_origin(None, &Origin::of(Actor::System, origin.correlation_id)).is_none());
}

#[test]
fn every_fact_can_be_read_after_its_personal_part_was_destroyed() {
    for event in all() {
        let stored = from_domain(&event);
        assert!(
            into_domain(stored.event_type, &stored.data, None).is_ok(),
            "{}",
            stored.event_type
        );
    }
}

#[test]
fn nothing_personal_stands_in_the_open_part() {
    for event in all() {
        let stored = from_domain(&event);
        for text in [
            "가나다",
            "강남점",
            "본점",
            "1178178260",
            "117-81",
            "통장",
            "https://a",
            "https://b",
            "현대",
            "123456",
            "시험",
        ] {
            assert!(!stored.data.contains(text), "{} holds {text}", stored.event_type);
        }
    }
}

#[test]
fn an_unknown_type_is_an_error() {
    assert!(into_domain("merchant.invented", "{}", None).is_err());
}

/// Each kind of fact has a number here, so that a new one does not compile before it has a sample above, and with it a
/// golden file.
fn number_of(event: &StreamEvent) -> usize {
    match event {
        StreamEvent::Merchant(event) => match event {
            Event::MerchantRegistered { .. } => 0,
            Event::MerchantDetailsChanged { .. } => 1,
            Event::MerchantArchived => 2,
            Event::MerchantRestored => 3,
            Event::MerchantErased => 4,
            Event::LinkRequested { .. } => 5,
            Event::LinkIssued { .. } => 6,
            Event::LinkIssueFailed { .. } => 7,
            Event::LinkRevoked { .. } => 8,
            Event::CallbackReceived { .. } => 9,
            Event::StatusObserved { .. } => 10,
            Event::ReviewChanged { .. } => 11,
            Event::BusinessDetailsChanged { .. } => 12,
            Event::UpstreamUnlinked { .. } => 13,
            Event::UpstreamRelinked { .. } => 14,
            Event::ConfirmationRequested { .. } => 15,
            Event::ConfirmationResolved { .. } => 16,
            Event::PaymentApprovalReceived { .. } => 17,
            Event::NoteAdded { .. } => 18,
            Event::CallbackDiscarded { .. } => 27,
            Event::LinkOpened => 71,
            Event::LinkContinued { .. } => 72,
            Event::MerchantReturned => 73,
            Event::Alert(fact) => 49 + alert_number(fact),
        },
        StreamEvent::Tenant(event) => match event {
            tenant::Event::TenantCreated { .. } => 19,
            tenant::Event::UpstreamConfigured { .. } => 20,
            tenant::Event::TenantSuspended => 21,
            tenant::Event::TenantResumed => 22,
            tenant::Event::ApiKeyIssued { .. } => 23,
            tenant::Event::ApiKeyRevoked { .. } => 24,
            tenant::Event::UnclaimedMerchantSeen { .. } => 25,
            tenant::Event::CallbackQuarantined { .. } => 26,
            tenant::Event::CallbackDiscarded { .. } => 28,
            tenant::Event::UnclaimedMerchantListed { .. } => 29,
            tenant::Event::UnclaimedMerchantAdopted { .. } => 30,
            tenant::Event::UnclaimedMerchantDismissed { .. } => 31,
            tenant::Event::SettingsChanged { .. } => 32,
            tenant::Event::UpstreamPaused { .. } => 33,
            tenant::Event::UpstreamResumed => 34,
            tenant::Event::BalanceLow { .. } => 35,
            tenant::Event::BalanceRecovered { .. } => 36,
            tenant::Event::CallbacksMissing { .. } => 37,
            tenant::Event::CallbacksSeen => 38,
            tenant::Event::MemberAdded { .. } => 39,
            tenant::Event::MemberRoleChanged { .. } => 40,
            tenant::Event::MemberRemoved { .. } => 41,
            tenant::Event::Access(access) => match access {
                Access::NumberRevealed { .. } => 42,
                Access::PayloadOpened { .. } => 43,
                Access::Refused { .. } => 44,
                Access::SignedIn => 45,
                Access::SignInRefused { .. } => 46,
                Access::SignedOut { .. } => 47,
                Access::MerchantsExported { .. } => 65,
                Access::ExportTaken { .. } => 80,
            },
            tenant::Event::ApiKeyRotated { .. } => 48,
            tenant::Event::Alert(fact) => 53 + alert_number(fact),
            tenant::Event::AlertRuleSet { .. } => 57,
            tenant::Event::AlertRuleRemoved { .. } => 58,
            tenant::Event::Destination(fact) => 59 + destination_number(fact),
            tenant::Event::View(fact) => 66 + view_number(fact),
            tenant::Event::Job(fact) => 74 + job_number(fact),
            tenant::Event::RoleMappingsReplaced { .. } => 79,
        },
    }
}

fn destination_number(fact: &DestinationFact) -> usize {
    match fact {
        DestinationFact::Created { .. } => 0,
        DestinationFact::Changed { .. } => 1,
        DestinationFact::SecretRotated { .. } => 2,
        DestinationFact::Enabled { .. } => 3,
        DestinationFact::Disabled { .. } => 4,
        DestinationFact::Removed { .. } => 5,
    }
}

fn job_number(fact: &JobFact) -> usize {
    match fact.act {
        JobAct::Confirmed { .. } => 0,
        JobAct::Paused => 1,
        JobAct::Resumed => 2,
        JobAct::Cancelled => 3,
        JobAct::Finished(_) => 4,
    }
}

fn view_number(fact: &ViewFact) -> usize {
    match fact.act {
        ViewAct::Created => 0,
        ViewAct::Changed => 1,
        ViewAct::Shared => 2,
        ViewAct::Unshared => 3,
        ViewAct::Removed => 4,
    }
}

fn alert_number(fact: &AlertFact) -> usize {
    match fact {
        AlertFact::Raised { .. } => 0,
        AlertFact::Acknowledged { .. } => 1,
        AlertFact::Snoozed { .. } => 2,
        AlertFact::Resolved { .. } => 3,
    }
}

const KINDS: usize = 81;

/// A stored event as a golden file holds it.
#[derive(Serialize, Deserialize)]
struct Golden {
    r#type: String,
    data: Value,
    personal: Option<Value>,
}

impl Golden {
    fn of(event: &StreamEvent) -> Self {
        let stored = from_domain(event);
        Self {
            r#type: stored.event_type.to_owned(),
            data: serde_json::from_str(&stored.data).unwrap(),
            personal: stored.personal.map(|personal| serde_json::to_value(&personal).unwrap()),
        }
    }
}

fn golden_files() -> BTreeMap<String, Golden> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden");
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    files
        .map(|file| {
            let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
            (name, serde_json::from_slice(&fs::read(&file).unwrap()).unwrap())
        })
        .collect()
}

#[test]
fn every_kind_of_fact_has_a_sample_and_a_golden_file() {
    let samples: BTreeSet<_> = all().iter().map(number_of).collect();
    assert_eq!(samples, (0..KINDS).collect());
    let types: BTreeSet<_> = all()
        .iter()
        .map(|event| from_domain(event).event_type.to_owned())
        .collect();
    assert_eq!(types, golden_files().into_keys().collect());
}

#[test]
fn every_golden_file_reads_and_is_written_the_same_again() {
    for (name, golden) in golden_files() {
        assert_eq!(golden.r#type, name);
        let personal = golden
            .personal
            .clone()
            .map(|personal| serde_json::from_value(personal).unwrap());
        let event = into_domain(&golden.r#type, &golden.data.to_string(), personal).unwrap();
        let again = Golden::of(&event);
        assert_eq!(
            (again.r#type, again.data, again.personal),
            (name, golden.data, golden.personal)
        );
    }
}

/// What is refused today was stored once, and must not keep a log from being read.
#[test]
fn settings_that_would_be_refused_today_can_be_read() {
    let data = r#"{"settings":{"hold_seconds":900,"read_back":{"enabled":true,"path":"%2e%2e/x","member_field":"apiKey"},
        "callbacks_missing_days":7}}"#;
    let event = into_domain("tenant.settings_changed", data, None).unwrap();
    let StreamEvent::Tenant(tenant::Event::SettingsChanged { settings }) = event else {
        panic!("settings were changed");
    };
    assert_eq!(settings.read_back.path.as_ref().map(CallPath::as_str), Some("%2e%2e/x"));
    assert!(!settings.read_back.is_usable());
}

/// Rows as the first schema has them: after an update the service works on them before anybody rebuilds them.
#[test]
fn rows_of_the_first_schema_can_be_read() {
    let merchant = r#"{"version":3,"seq":4,"member_code":"m","merchant_code":"s","company_name":null,
        "branch_name":null,"business_number":null,"code":"P","message":null,"since":"2026-11-01T00:00:00Z",
        "observed_at":"2026-11-01T00:00:00Z","source":"callback","verification":"unverified","unlinked_since":null,
        "unknown_deletion_mark":null,"archived_since":null,"erased":false,"links":[],"latest_digest":null,"tags":[],
        "metadata":{},"merchant_code_shared":false,"business_number_shared":false,
        "created_at":"2026-11-01T00:00:00Z","updated_at":"2026-11-01T00:00:00Z"}"#;
    let merchant = super::merchant_from_json(MerchantId::from_uuid(Uuid::from_u128(1)), merchant).unwrap();
    assert_eq!(
        (merchant.review.told, merchant.memory),
        (ReviewStatus::InReview, ClaimMemory::default())
    );
    let tenant = r#"{"version":1,"seq":1,"slug":"acme","name":"Acme","state":"active","upstream":null,"keys":[],
        "created_at":"2026-11-01T00:00:00Z"}"#;
    let tenant = super::tenant_from_json(TenantId::from_uuid(Uuid::from_u128(1)), tenant).unwrap();
    assert_eq!(tenant.settings, Settings::default());
}

/// Before there was `personal:read`, every key could read everything of the merchants. It goes on doing so, and only keys
/// that were issued without the word do not.
#[test]
fn keys_from_before_personal_data_was_apart_may_read_it() {
    let issued = |data: &str| {
        let event = into_domain("api_key.issued", data, None).unwrap();
        let StreamEvent::Tenant(tenant::Event::ApiKeyIssued { scopes, .. }) = event else {
            panic!("a key was issued");
        };
        scopes
    };
    let key = |more: &str| {
        format!(
            r#""name":"portal","scopes":["events:read","merchants:read"],"secret_hash":"{}","expires_at":null{more}"#,
            "09".repeat(32)
        )
    };
    let id = Uuid::from_u128(8);
    let (plain, personal) = (
        vec![Scope::MerchantsRead, Scope::EventsRead],
        vec![Scope::MerchantsRead, Scope::EventsRead, Scope::PersonalRead],
    );
    assert_eq!(issued(&format!(r#"{{"key_id":"{id}",{}}}"#, key(""))), personal);
    assert_eq!(
        issued(&format!(r#"{{"key_id":"{id}",{}}}"#, key(r#","masked":true"#))),
        plain
    );

    let of_row = |more: &str| {
        let row = format!(
            r#"{{"version":1,"seq":1,"slug":"acme","name":"Acme","state":"active","upstream":null,"keys":[{{"id":"{id}",{},
                "issued_at":"2026-11-01T00:00:00Z","revoked_at":null}}],"created_at":"2026-11-01T00:00:00Z"}}"#,
            key(more)
        );
        let tenant = super::tenant_from_json(TenantId::from_uuid(Uuid::from_u128(1)), &row).unwrap();
        let again = super::tenant_from_json(tenant.id, &super::tenant_to_json(&tenant)).unwrap();
        assert_eq!(again, tenant);
        again.keys[0].scopes.clone()
    };
    assert_eq!(of_row(""), personal);
    assert_eq!(of_row(r#","masked":true"#), plain);
}
